/* history.h - a run of whole members as plain arrays: what the event log fills and what expressions
 * and kernels read. No ownership: whoever fills a struct history owns its arrays. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Dimensions: columns whose values are brand-wide codes; 0 = null. */
enum dim { DIM_GROUP, DIM_TOUCHPOINT, DIM_CAMPAIGN, DIM_CONTENT, DIM_STAFF, DIM_ORIGIN, DIM_COUNT };

#define HISTORY_NO_AMOUNT INT64_MIN

/* Which optional columns a reader asks for. at and member are always there. */
enum {
    COLUMN_DIM0 = 1u << 0, /* COLUMN_DIM0 << DIM_x */
    COLUMN_OTHER = 1u << 8,
    COLUMN_AMOUNT = 1u << 9,
    COLUMN_RECEIVED = 1u << 10,
    COLUMN_NO_KIND = 1u << 11, /* leave out the kinds */
    COLUMN_ROUGH = 1u << 12,   /* of a group of a part: any time that the group has will do */
};

enum prop_type { PROP_TEXT, PROP_NUMBER, PROP_BOOL };

/* One property of the events of a run. A name with two types is two columns with two ids. */
struct prop_column {
    uint32_t id; /* of the brand's registry */
    enum prop_type type;
    const double *number;      /* [rows] NaN = null; booleans are 0 and 1 */
    const uint32_t *text;      /* [rows] index into strings; 0 = null */
    const struct str *strings; /* [string_count] entry 0 is {NULL, 0} */
    uint32_t string_count;
};

/* Members from .. from + count - 1, each with some of their rows in each of several runs. */
struct member_span {
    uint32_t from, count; /* count 0: the run has whole members */
    bool more;            /* another run of the same span follows */
};

struct history {
    struct member_span span;
    uint32_t member_count;
    const uint32_t *member;         /* [member_count] ids; 0 = events that have no member */
    const uint32_t *off;            /* [member_count + 1] member i has rows off[i] .. off[i+1]-1 */
    const int64_t *at;              /* UTC ms, ascending within a member; ties in order of commit */
    const uint16_t *kind;           /* NULL with COLUMN_NO_KIND */
    const uint32_t *dim[DIM_COUNT]; /* NULL when not asked for */
    const uint32_t *other;          /* the other member's id; 0 = null */
    const int64_t *amount;          /* minor units; HISTORY_NO_AMOUNT = null */
    const int64_t *received;        /* UTC ms */
    const uint32_t *older; /* by kind: rows before those of its one member that are left out;
                            * NULL = none are */
    uint32_t prop_count;
    const struct prop_column *props; /* those asked for, in the order asked */
};

/* Of ascending times in rows from .. to-1, the first row that is not before 'at'; 'to' when all
 * are. As many steps whatever the times are. */
static inline uint32_t history_row_at(const int64_t *times, uint32_t from, uint32_t to, int64_t at)
{
    uint32_t count = to - from;
    while (count > 1) {
        uint32_t half = count / 2;
        from += half & (0 - (uint32_t)(times[from + half - 1] < at));
        count -= half;
    }
    return count == 1 && times[from] < at ? from + 1 : from;
}

/* What a reader needs. props: ids of the registry, ascending. */
struct columns {
    uint32_t mask;
    uint32_t prop_count;
    uint32_t props[64];
};
