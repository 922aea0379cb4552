/* part_footer.h - what a part says about itself: its head, footer and tail as structs and as bytes.
 *
 * Bytes: docs/formats/eventlog.md "Part". Pure functions; a struct footer owns its lists. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "eventlog/part.h"

#define PART_VERSION 1
#define PART_HEAD_BYTES 16
#define PART_TAIL_BYTES 32
#define PART_CHUNK_BYTES 48
#define PART_STRINGS_MAX 65536           /* strings in one chunk */
#define PART_STRINGS_BYTES (1024 * 1024) /* a chunk of strings is closed at this size */

/* What a chunk holds. A property is in one of the spaces of properties, by its type. */
enum part_space {
    SPACE_COLUMN,  /* a column every event has: enum part_column */
    SPACE_TEXT,    /* ids of strings of a property */
    SPACE_NUMBER,  /* numbers of a property */
    SPACE_BOOL,    /* booleans of a property, as numbers */
    SPACE_STRINGS, /* the strings of a property, for the whole part */
    SPACE_END
};

enum part_column {
    COLUMN_ID_PERSONA = 1,
    COLUMN_ID_AT = 2,
    COLUMN_ID_KIND = 3,
    COLUMN_ID_OTHER = 4,
    COLUMN_ID_AMOUNT = 5,
    COLUMN_ID_RECEIVED = 6,
    COLUMN_ID_DIM0 = 16, /* + enum dim */
};

struct chunk {
    uint32_t id;       /* enum part_column, or a property's id */
    uint8_t space;     /* enum part_space */
    uint8_t codec;     /* enum codec */
    uint64_t offset;   /* in the file */
    uint32_t length;   /* bytes */
    uint64_t checksum; /* XXH3-64 of those bytes */
    int64_t min, max; /* of the values that are not null; numbers: bits of a double; strings: ids */
};

struct footer_group {
    struct part_group head;
    uint32_t chunk_first, chunk_count; /* in footer.chunks */
    uint32_t kind_first, kind_count;   /* in footer.kinds */
};

struct footer {
    struct part_info info; /* size_bytes and checksum are the reader's and writer's to fill */
    uint32_t levels;       /* one more than the highest of a group */
    VEC(struct footer_group) groups;
    VEC(struct chunk) chunks;                /* of all groups */
    VEC(uint16_t) kinds;                     /* that occur, of all groups, ascending in each */
    VEC(uint32_t) by_level[PART_LEVELS_MAX]; /* a reader's: the groups of each level, in order */
    VEC(struct chunk) strings;               /* by property, then by first id */
};

void footer_finish(struct footer *f);
/* Forget what a writer added to it. */
void footer_reset(struct footer *f);
/* Add the groups of 'more', whose offsets count from byte 'offset' of the file. */
void footer_append(struct footer *f, const struct footer *more, uint64_t offset);
/* Add a group, whose chunks and kinds were added to f before. */
void footer_add_group(struct footer *f, struct footer_group group);

/* Chunks of a group ascend by this: the columns, then the properties. */
static inline uint64_t chunk_order(const struct chunk *c)
{
    return (uint64_t)(c->space != SPACE_COLUMN) << 32 | c->id;
}

void footer_put_head(struct strbuf *out);
/* Append the footer, then the tail, to 'out', which starts at byte 'offset' of the file. Fills
 * info.checksum and info.size_bytes. */
void footer_encode(struct footer *f, uint64_t offset, struct strbuf *out);

/* Read the footer of the file of 'size' bytes. On success f->info is whole. */
MUST_CHECK enum err footer_load(int fd, const char *path, uint64_t size, struct footer *f,
                                struct why *why);

/* ERR_CORRUPT, with the sentence that names the file and the byte. */
enum err part_damage(const char *path, uint64_t offset, const char *reason, struct why *why);
