/* shape.h - how the lines of a file are built: what stands between their values.
 *
 * Lines that one program wrote differ in little but their values. The texts between the values of
 * lines that were parsed form a tree, and a line that runs along one of its paths has the structure
 * of the line that laid the path: its values only are still to be read. What a value means is the
 * caller's. A tree belongs to one thread and lives in the arena of shapes_init. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define SHAPE_VALUES 64 /* of a line that is learned, at most */

/* The meaning of a value. */
struct shape_slot {
    uint8_t member;  /* of the row it belongs to */
    uint8_t kind;    /* within the member */
    bool listed;     /* it stands in a list */
    bool sound;      /* what the caller knows of the name */
    struct str name; /* within the member; {NULL, 0} = none */
};

/* A value as it was met in a line. */
struct shape_mark {
    size_t start, end; /* places in the line */
    struct shape_slot slot;
};

struct shape {
    struct str text;        /* before a value, or up to the end of the line */
    bool last;              /* it is the end */
    uint32_t total;         /* last: what the caller wants to know of the whole line */
    struct shape_slot slot; /* else: of the value behind it */
    struct shape *behind;   /* what may come behind the value */
    struct shape *beside;   /* what may stand here instead */
};

struct shapes {
    struct arena *arena;
    struct shape *first; /* what a line may begin with */
    uint32_t count;      /* shapes in the tree */
    uint32_t met,
        followed; /* lines so far, and those that ran along a path; the caller's to count */
};

void shapes_init(struct shapes *s, struct arena *arena);

/* Do lines run along paths often enough to look for one? */
bool shapes_pay(const struct shapes *s);

/* Lay the path of a sound line; 'marks' in order. A line that is too odd is not learned. */
void shapes_learn(struct shapes *s, struct str line, const struct shape_mark *marks, size_t count,
                  uint32_t total);

/* Does 'text' stand at 'pos', which is not behind the end? Some bytes may be compared twice. */
static inline bool shape_stands(struct str line, size_t pos, struct str text)
{
    uint64_t have, want;
    const char *p = line.p + pos;
    if (line.len - pos < text.len) return false;
    if (text.len < sizeof(have)) return memcmp(p, text.p, text.len) == 0;
    for (size_t i = 0; i + sizeof(have) < text.len; i += sizeof(have)) {
        memcpy(&have, p + i, sizeof(have));
        memcpy(&want, text.p + i, sizeof(want));
        if (have != want) return false;
    }
    memcpy(&have, p + text.len - sizeof(have), sizeof(have));
    memcpy(&want, text.p + text.len - sizeof(want), sizeof(want));
    return have == want;
}

/* The one of 'first' and those beside it that stands at 'pos'; NULL when none does. */
static inline const struct shape *shape_at(const struct shape *first, struct str line, size_t pos)
{
    for (const struct shape *s = first; s; s = s->beside) {
        if (shape_stands(line, pos, s->text) && (!s->last || pos + s->text.len == line.len))
            return s;
    }
    return NULL;
}
