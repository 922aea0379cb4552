/* part.h - an immutable columnar file of events sorted by (persona, at), ties in order of commit.
 *
 * Bytes: docs/formats/eventlog.md "Part". A part is split into row groups of up to PART_GROUP_ROWS
 * rows, on up to PART_LEVELS_MAX levels of time; each column of a group is one encoded chunk with
 * its own checksum, verified on each read, also of a few rows.
 * An open part may be read by any number of threads: they share a reference count and, once a text
 * property is asked for, its strings, read one time under a lock. */
#pragma once

#include <stdatomic.h>

#include "base/codeset.h"
#include "base/err.h"
#include "eventlog/event.h"

#define PART_GROUP_ROWS 65536
#define PART_LEVELS_MAX 8

struct part;
struct part_writer;

/* What the manifest needs to know of a part without opening it. */
struct part_info {
    uint64_t rows;
    uint64_t size_bytes;
    uint64_t checksum; /* of the footer, which holds every chunk's checksum */
    int64_t at_min, at_max;
    uint32_t persona_min, persona_max;
};

/* Write PATH: rows are added in order, the file is synced and appears under its name at finish. */
MUST_CHECK enum err part_create(const char *path, struct part_writer **out, struct why *why);
/* Before the first row: have 'threads' threads encode, the caller's among them. The bytes are the
 * same; each takes some 10 MiB. */
void part_spread(struct part_writer *w, unsigned threads);
/* Rows ascend by (persona, at); asserts otherwise. Texts are copied. */
MUST_CHECK enum err part_add(struct part_writer *w, const struct event *ev, struct why *why);
/* Frees 'w' in every case; on failure the unfinished file is removed. */
MUST_CHECK enum err part_finish(struct part_writer *w, struct part_info *info, struct why *why);
void part_abandon(struct part_writer *w);

/* Open and check the footer. The caller holds one reference. */
MUST_CHECK enum err part_open(const char *path, struct part **out, struct why *why);
void part_ref(struct part *p);
void part_unref(struct part *p); /* the last one closes the file; NULL is allowed */
const struct part_info *part_get_info(const struct part *p);
const char *part_path(const struct part *p);
/* Read every byte and check every checksum, min and max. */
MUST_CHECK enum err part_verify(const struct part *p, struct why *why);

/* Row groups. */
struct part_group {
    uint32_t level; /* groups of a level ascend by (persona, at); later levels have later times */
    uint32_t rows;
    uint32_t persona_min, persona_max;
    int64_t at_min, at_max;
};
uint32_t part_group_count(const struct part *p);
uint32_t part_level_count(const struct part *p); /* one more than the highest level */
const struct part_group *part_get_group(const struct part *p, uint32_t group);
/* The groups of a level, in order of their rows. */
const uint32_t *part_level_groups(const struct part *p, uint32_t level, size_t *count);
/* Whether any row of the group may have this kind (exact for kinds, by a presence set). */
bool part_group_has_kind(const struct part *p, uint32_t group, uint16_t kind);
/* All kinds of the group, [*count] ascending. */
const uint16_t *part_group_kinds(const struct part *p, uint32_t group, uint32_t *count);

/* Decoded rows: buffers owned by the struct and reused from read to read. {0} is empty. */
struct rows {
    uint32_t count;
    uint32_t capacity;
    uint32_t runs;         /* of equal personas */
    uint32_t *run_persona; /* [runs] ascending */
    uint32_t *run_off;     /* [runs + 1] run i is rows run_off[i] .. run_off[i + 1] - 1 */
    int64_t *at;
    uint16_t *kind;
    uint32_t *dim[DIM_COUNT]; /* those asked for */
    uint32_t *other;          /* personas */
    int64_t *amount;
    int64_t *received;
    uint32_t prop_count; /* as asked, in the order asked; absent ones are all null */
    struct rows_prop {
        uint32_t id;
        enum prop_type type;
        double *number;
        uint32_t *text;
        const struct str
            *strings; /* dictionary of the part (lives as long as the part) or of the tail */
        uint32_t string_count;
    } props[64];
    uint64_t bytes_read;          /* of chunks decoded into this struct, ever growing */
    struct part_scratch *scratch; /* private to the reader */
};
/* Decode the asked columns of one group into 'out'. COLUMN_ROUGH not with the times of receipt. The
 * type of each asked property is given in 'types' beside columns->props. */
MUST_CHECK enum err part_read_group(const struct part *p, uint32_t group,
                                    const struct columns *columns, const enum prop_type *types,
                                    struct rows *out, struct why *why);
/* Decode the rows of some kinds alone, where those are few; *chosen says whether that was done,
 * else all rows are there, as part_read_group reads them. */
struct part_choice {
    const struct columns *columns; /* kinds among them, not the times of receipt */
    const enum prop_type *types;   /* beside columns->props */
    const struct codeset *kinds;
    uint64_t *bits; /* [PART_GROUP_ROWS / 64] scratch */
    uint32_t *rows; /* [PART_GROUP_ROWS + SELECTION_SLACK] scratch, as the next */
    uint32_t *runs;
};
MUST_CHECK enum err part_read_kinds(const struct part *p, uint32_t group,
                                    const struct part_choice *choice, struct rows *out,
                                    bool *chosen, struct why *why);
/* One row for each persona of the group, of a kind and at a time that the group has: decodes the
 * personas alone. No optional columns. */
MUST_CHECK enum err part_read_brief(const struct part *p, uint32_t group,
                                    const struct columns *columns, struct rows *out,
                                    struct why *why);
/* Decode what the group has of some personas, ascending: runs are those of 'who' that are there,
 * maybe none. Little is decoded beside their rows, and only what is gets checked. */
struct part_wanted {
    const struct columns *columns;
    const enum prop_type *types; /* beside columns->props */
    const uint32_t *who;         /* [who_count] personas */
    size_t who_count;
};
MUST_CHECK enum err part_read_personas(const struct part *p, uint32_t group,
                                       const struct part_wanted *wanted, struct rows *out,
                                       struct why *why);
void rows_finish(struct rows *rows);

/* All columns, row by row, for merging and rewriting. Texts are borrowed from the cursor until the
 * next call. ERR_NOT_FOUND at the end. Event ids are not kept in parts and read as 0,0. */
struct part_cursor;
MUST_CHECK enum err part_cursor_open(struct part *p, struct part_cursor **out, struct why *why);
MUST_CHECK enum err part_cursor_next(struct part_cursor *c, const struct event **out,
                                     struct why *why);
void part_cursor_close(struct part_cursor *c);

/* What becomes one part: parts, and events in memory that were committed after all of them. */
struct part_sources {
    struct part *const *parts; /* [part_count] in order of commit */
    size_t part_count;
    const struct event *const *events; /* [event_count] by (persona, at), ties in order of commit */
    size_t event_count;
};
/* Write them into one file; ties in (persona, at) stay in order of commit.
 * ERR_UNAVAILABLE, and no file, once '*stop' is set; it may be NULL. */
MUST_CHECK enum err part_merge(const struct part_sources *from, const char *path,
                               const atomic_bool *stop, struct part_info *info, struct why *why);
