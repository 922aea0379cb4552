/* part_group.h - the rows of one group on their way to chunks: column buffers of the part writer.
 *
 * One thread at a time. Properties and the ids of their texts run through the whole part, so they
 * are kept apart from the buffers, which are emptied by group_reset: one thread adds rows, others
 * may encode what is full. */
#pragma once

#include "base/limits.h"
#include "base/map.h"
#include "eventlog/codec.h"
#include "eventlog/part_footer.h"

/* A property seen in a part. */
struct prop_form {
    uint32_t id;
    enum prop_type type;
    struct map *dictionary; /* PROP_TEXT: string -> id from 1, in order of first use; else NULL */
};

/* All of them. */
struct prop_forms {
    VEC(struct prop_form *) list; /* ascending by id */
    struct intmap *index;         /* id -> struct prop_form */
};

void prop_forms_init(struct prop_forms *f);
void prop_forms_finish(struct prop_forms *f);

/* The values of a property in a group, and the rows that have it. */
struct prop_buffer {
    const struct prop_form *form;
    uint32_t count, capacity;
    uint32_t *row;
    double *number; /* PROP_NUMBER, PROP_BOOL */
    uint32_t *text; /* PROP_TEXT: ids in the dictionary */
};

/* Columns of codes: 0 is null. */
enum { CODE_KIND, CODE_OTHER, CODE_DIM0, CODE_COUNT = CODE_DIM0 + DIM_COUNT };

struct group_buffer {
    uint32_t rows;
    uint32_t persona[PART_GROUP_ROWS];
    int64_t at[PART_GROUP_ROWS];
    int64_t received[PART_GROUP_ROWS];
    bool used[CODE_COUNT];                      /* has a code; else all of code[] is 0 */
    uint32_t code[CODE_COUNT][PART_GROUP_ROWS]; /* 0 from 'rows' on */
    uint32_t amounts;                           /* rows that have an amount */
    uint32_t amount_row[PART_GROUP_ROWS];       /* which */
    int64_t amount[PART_GROUP_ROWS];
    struct prop_forms *forms;        /* of the part */
    VEC(struct prop_buffer *) props; /* ascending by id */
    struct intmap *prop_index;       /* id -> struct prop_buffer */
    struct prop_buffer
        *guess[LIMIT_PROPS_PER_EVENT]; /* of the property at each place of the row before */
    uint32_t full[PART_GROUP_ROWS];    /* one text property laid out row by row */
};

/* 'forms' is borrowed. */
struct group_buffer *group_create(struct prop_forms *forms);
void group_destroy(struct group_buffer *g);
void group_reset(struct group_buffer *g);

/* rows < PART_GROUP_ROWS. ERR_TOO_LARGE: a text is too long, or there are too many. ERR_INVALID: a
 * property comes with another type than before. After an error 'g' is only good to destroy. */
MUST_CHECK enum err group_add(struct group_buffer *g, const struct event *ev, struct why *why);

/* Append the chunks of the group to 'out', whose first byte is byte 'offset' of the file, and the
 * group to 'f'. rows > 0. */
void group_encode(struct group_buffer *g, uint32_t level, struct codec_writer *codec,
                  uint64_t offset, struct strbuf *out, struct footer *f);

/* Times that part the rows of a file: level i are the times before cut[i], the last all others. */
struct levels {
    uint32_t cuts;
    int64_t cut[PART_LEVELS_MAX - 1]; /* ascending */
};
/* Choose them by a full group, which stands for all that follow. */
void levels_choose(const struct group_buffer *g, struct levels *levels);
/* The level of a time. */
static inline uint32_t levels_find(const struct levels *levels, int64_t at)
{
    uint32_t level = 0;
    while (level < levels->cuts && at >= levels->cut[level])
        level++;
    return level;
}
/* Make 'out' the rows of 'g' on one level. Both are of one part. */
void group_pick(const struct group_buffer *g, const struct levels *levels, uint32_t level,
                struct group_buffer *out);

/* The buffer of a property, made if it is new. */
struct prop_buffer *group_prop(struct group_buffer *g, uint32_t id, enum prop_type type);
/* Add the group's next row to a property; the value is the caller's to fill in at [count - 1]. */
void group_add_prop(struct prop_buffer *p, uint32_t row);
/* Put a code where there is none yet: most columns have none at all, and are not touched. */
static inline void group_put_code(struct group_buffer *g, unsigned column, uint32_t row,
                                  uint32_t code)
{
    if (code == 0 && !g->used[column]) return;
    g->used[column] = true;
    g->code[column][row] = code;
}

/* The chunk that began at out[start] and ends here; min and max are 0. */
struct chunk chunk_of(const struct strbuf *out, size_t start, uint64_t offset, uint8_t space,
                      uint32_t id, enum codec codec);
