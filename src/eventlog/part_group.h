/* part_group.h - the rows of one group on their way to chunks: column buffers of the part writer.
 *
 * One thread. Text ids run through the whole part, so the dictionaries live here from the first
 * group to the last; all else is emptied by group_reset. */
#pragma once

#include "base/limits.h"
#include "base/map.h"
#include "eventlog/codec.h"
#include "eventlog/part_footer.h"

/* A property seen in this part: rows that have it, and its values, of the group being filled. */
struct prop_buffer {
    uint32_t id;
    enum prop_type type;
    uint32_t count, capacity;
    uint32_t *row;
    double *number;         /* PROP_NUMBER, PROP_BOOL */
    uint32_t *text;         /* PROP_TEXT: ids in the dictionary */
    struct map *dictionary; /* PROP_TEXT: string -> id from 1, in order of first use */
};

struct group_buffer {
    uint32_t rows;
    uint32_t persona[PART_GROUP_ROWS];
    int64_t at[PART_GROUP_ROWS];
    int64_t received[PART_GROUP_ROWS];
    uint32_t kind[PART_GROUP_ROWS];
    uint32_t other[PART_GROUP_ROWS];
    uint32_t dim[DIM_COUNT][PART_GROUP_ROWS];
    uint32_t amounts;                     /* rows that have an amount */
    uint32_t amount_row[PART_GROUP_ROWS]; /* which */
    int64_t amount[PART_GROUP_ROWS];
    VEC(struct prop_buffer *) props; /* ascending by id */
    struct intmap *prop_index;       /* id -> struct prop_buffer */
    struct prop_buffer
        *guess[LIMIT_PROPS_PER_EVENT]; /* of the property at each place of the row before */
    uint32_t full[PART_GROUP_ROWS];    /* one text property laid out row by row */
};

struct group_buffer *group_create(void);
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
/* Make 'out' the rows of 'g' on one level. Its texts are ids of the dictionaries of 'g'. */
void group_pick(const struct group_buffer *g, const struct levels *levels, uint32_t level,
                struct group_buffer *out);

/* The buffer of a property, made if it is new. */
struct prop_buffer *group_prop(struct group_buffer *g, uint32_t id, enum prop_type type);
/* Add the group's next row to a property; the value is the caller's to fill in at [count - 1]. */
void group_add_prop(struct prop_buffer *p, uint32_t row);

/* The chunk that began at out[start] and ends here; min and max are 0. */
struct chunk chunk_of(const struct strbuf *out, size_t start, uint64_t offset, uint8_t space,
                      uint32_t id, enum codec codec);
