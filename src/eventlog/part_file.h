/* part_file.h - an open part from the inside, for part_*.c alone. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "eventlog/codec.h"
#include "eventlog/part_footer.h"

/* The strings of one text property. */
struct dictionary {
    uint32_t id;          /* of the property */
    uint32_t chunk_first; /* in footer.strings */
    uint32_t chunk_count;
    uint32_t count;      /* strings, and entry 0 which stands for null */
    struct str *strings; /* [count], read when first asked for; NULL until then. Under the lock */
    uint8_t *bytes;      /* of the chunks, which the strings point into */
};

struct dictionaries {
    pthread_mutex_t lock;        /* over what is loaded, for as long as it takes to load it */
    VEC(struct dictionary) list; /* ascending by id */
};

struct part {
    atomic_uint refs;
    int fd;
    char *path;
    struct footer footer;
    struct dictionaries *dictionaries;
};

/* Working memory of a reader: struct rows has one. */
struct part_scratch {
    struct codec_reader *codec;
    struct strbuf bytes; /* of one chunk, BITS_PAD bytes behind it */
    uint32_t *persona;   /* [PART_GROUP_ROWS] runs of a group of which little is read; or NULL */
    uint32_t *off;       /* [PART_GROUP_ROWS + 1] */
    VEC(struct slice) slices; /* that are read of it */
};

struct part_scratch *scratch_create(void);

/* NULL when the group has no such chunk. */
const struct chunk *part_find_chunk(const struct part *p, uint32_t group, uint8_t space,
                                    uint32_t id);
/* ERR_CORRUPT: the chunk's bytes are as they were written, and mean nothing. */
enum err part_undecodable(const struct part *p, const struct chunk *c, struct why *why);
/* Make ready for 'n' rows of the columns asked for. */
void rows_prepare(struct rows *rows, uint32_t n, const struct columns *columns,
                  const enum prop_type *types);
/* --- part_choose.c --- */
/* The run that each of the rows is of, of 'n' in the group. */
void rows_find_runs(const struct rows *out, uint32_t n, const struct chosen *c, uint32_t *run);
/* Leave of a decoded group these rows, whose times and amounts alone are there already. */
void rows_choose(struct rows *out, const struct chosen *c);

/* --- */

/* Read into s->bytes and check the checksum. */
MUST_CHECK enum err part_read_chunk(const struct part *p, const struct chunk *c,
                                    struct part_scratch *s, struct why *why);
/* Decode a property's chunk: numbers (NaN = null), or ids (0 = null) of strings that the part has.
 * 'text' has CODEC_SLACK values of room after the rows. */
MUST_CHECK enum err part_read_numbers(const struct part *p, const struct chunk *c, uint32_t rows,
                                      struct part_scratch *s, double *number, struct why *why);
MUST_CHECK enum err part_read_text(const struct part *p, const struct chunk *c, uint32_t rows,
                                   struct part_scratch *s, uint32_t *text, struct why *why);

/* The strings of a text property, loaded now if they were not; {NULL, 0} alone if it has none. */
MUST_CHECK enum err part_strings(const struct part *p, uint32_t id, struct part_scratch *s,
                                 const struct str **strings, uint32_t *count, struct why *why);
/* How many ids of strings a property has, null among them; 1 if it has no strings. */
uint32_t part_string_count(const struct part *p, uint32_t id);
void dictionaries_init(struct part *p);
void dictionaries_destroy(struct dictionaries *d);
