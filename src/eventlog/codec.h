/* codec.h - one column of one row group to the bytes of a chunk, and back.
 *
 * Bytes: docs/formats/eventlog.md "Column codecs". codec_write_* append a chunk to 'out' and never
 * fail; those that have a choice return the codec taken. codec_read_* trust nothing: they fill
 * 'rows' values or return false, and never read or write outside their buffers whatever the bytes.
 * Writer and reader are scratch memory of one thread, made once; nothing is allocated after that
 * but growth of 'out'. Input is read up to BITS_PAD bytes past its end; output arrays of codes,
 * kinds, times and amounts need CODEC_SLACK values of room past 'rows'. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "eventlog/bytes.h"
#include "eventlog/codec_stream.h"

#define CODEC_ROWS_MAX STREAM_MAX
#define CODEC_SLACK 128

enum codec {
    CODEC_PLAIN = 1,   /* a stream */
    CODEC_RUNS = 2,    /* values and lengths of runs of equal values */
    CODEC_SPARSE = 3,  /* rows that are not 0, and their values */
    CODEC_PERSONA = 4, /* runs of ascending values */
    CODEC_AT = 5,      /* first time and gaps of each run of the persona column */
    CODEC_LAG = 6,     /* differences to the at column */
    CODEC_NUMBER = 7,  /* rows that are not null, and their signed, decimal or IEEE numbers */
    CODEC_STRINGS = 8, /* lengths and bytes of strings */
    CODEC_END          /* one past the last */
};

/* Values of some rows of a group, ascending by row. */
struct sparse {
    const uint32_t *row;
    size_t count; /* entries in row and in the values beside it */
    size_t rows;  /* of the group */
};

struct codec_writer;
struct codec_writer *codec_writer_create(void);
void codec_writer_destroy(struct codec_writer *w);

/* What one pass over a column of codes tells. */
struct shape {
    uint32_t min, max; /* of the codes that are not null; 0, 0 when all are */
    size_t runs;       /* of equal values */
    size_t present;    /* values that are not null */
};
struct shape codec_shape(const uint32_t *values, size_t rows);

/* Kinds, dimensions, personas, text ids; 0 is null. */
MUST_CHECK enum codec codec_write_codes(struct codec_writer *w, const uint32_t *values, size_t rows,
                                        const struct shape *shape, struct strbuf *out);
/* As codes where nearly all are null. CODEC_SPARSE. */
void codec_write_sparse(struct codec_writer *w, const struct sparse *at, const uint32_t *values,
                        struct strbuf *out);
/* Ascending. CODEC_PERSONA. */
void codec_write_persona(struct codec_writer *w, const uint32_t *persona, size_t rows,
                         struct strbuf *out);
/* Ascending within each run of equal personas, 0 <= at <= EVENT_AT_MAX. CODEC_AT. */
void codec_write_at(struct codec_writer *w, const uint32_t *persona, const int64_t *at, size_t rows,
                    struct strbuf *out);
MUST_CHECK enum codec codec_write_received(struct codec_writer *w, const int64_t *at,
                                           const int64_t *received, size_t rows,
                                           struct strbuf *out);
/* CODEC_NUMBER, both. */
void codec_write_amounts(struct codec_writer *w, const struct sparse *at, const int64_t *values,
                         struct strbuf *out);
void codec_write_numbers(struct codec_writer *w, const struct sparse *at, const double *values,
                         struct strbuf *out);
/* CODEC_STRINGS: 'count' <= CODEC_ROWS_MAX strings. */
void codec_write_strings(struct codec_writer *w, const struct str *strings, size_t count,
                         struct strbuf *out);

struct codec_reader;
struct codec_reader *codec_reader_create(void);
void codec_reader_destroy(struct codec_reader *r);

MUST_CHECK bool codec_read_codes(struct codec_reader *r, enum codec codec, struct str bytes,
                                 size_t rows, uint32_t *out);
/* Values over 65535 fail. */
MUST_CHECK bool codec_read_kinds(struct codec_reader *r, enum codec codec, struct str bytes,
                                 size_t rows, uint16_t *out);
/* The runs of equal personas, ascending: run i is rows off[i] .. off[i + 1] - 1 of persona[i].
 * 'off' has room for a run a row and one more. */
MUST_CHECK bool codec_read_persona(struct codec_reader *r, struct str bytes, size_t rows,
                                   uint32_t *persona, uint32_t *off, uint32_t *runs);
/* 'off' as codec_read_persona gave it for the same group. Every time is in [0, at_max], at_max <=
 * EVENT_AT_MAX, and they ascend within each run. */
MUST_CHECK bool codec_read_at(struct codec_reader *r, struct str bytes, const uint32_t *off,
                              uint32_t runs, int64_t at_max, int64_t *out);
MUST_CHECK bool codec_read_received(struct codec_reader *r, enum codec codec, struct str bytes,
                                    const int64_t *at, size_t rows, int64_t *out);

/* Some rows of a group. */
struct chosen {
    uint32_t rows, runs;  /* of the group */
    const uint32_t *off;  /* as codec_read_persona gave it */
    const uint64_t *bits; /* [(rows + 63) / 64] which, those past the last row 0 */
    uint32_t count;       /* how many, at least one */
    const uint32_t *row;  /* [count] their numbers, ascending */
    const uint32_t *run;  /* [count] the run of each */
};
/* As codec_read_at and codec_read_amounts, of these rows alone. 'out' has room for all of them.
 * What of the others is bad may not be found out. */
MUST_CHECK bool codec_read_chosen_at(struct codec_reader *r, struct str bytes,
                                     const struct chosen *c, int64_t at_max, int64_t *out);
MUST_CHECK bool codec_read_chosen_amounts(struct codec_reader *r, struct str bytes,
                                          const struct chosen *c, int64_t *out);
/* Null rows become HISTORY_NO_AMOUNT, NaN. */
MUST_CHECK bool codec_read_amounts(struct codec_reader *r, struct str bytes, size_t rows,
                                   int64_t *out);
MUST_CHECK bool codec_read_numbers(struct codec_reader *r, struct str bytes, size_t rows,
                                   double *out);
/* The strings point into 'bytes'. */
MUST_CHECK bool codec_read_strings(struct codec_reader *r, struct str bytes, size_t count,
                                   struct str *out);

/* --- codec_slice.c: some rows of a group --- */

/* Rows from .. to - 1 of a group of 'rows', from < to <= rows <= CODEC_ROWS_MAX, all of run 'run'
 * of its persona column. */
struct slice {
    uint32_t rows, from, to, run;
    uint32_t runs; /* of the group */
};
/* As the functions above, of these rows alone: what lies before them is passed by as cheaply as
 * its form allows, what lies behind is not looked at. What of that is bad is not found out. */
MUST_CHECK bool codec_slice_codes(struct codec_reader *r, enum codec codec, struct str bytes,
                                  struct slice s, uint32_t *out);
MUST_CHECK bool codec_slice_kinds(struct codec_reader *r, enum codec codec, struct str bytes,
                                  struct slice s, uint16_t *out);
MUST_CHECK bool codec_slice_at(struct codec_reader *r, struct str bytes, struct slice s,
                               int64_t at_max, int64_t *out);
/* 'at' is of the slice, too. */
MUST_CHECK bool codec_slice_received(struct codec_reader *r, enum codec codec, struct str bytes,
                                     struct slice s, const int64_t *at, int64_t *out);
MUST_CHECK bool codec_slice_amounts(struct codec_reader *r, struct str bytes, struct slice s,
                                    int64_t *out);
MUST_CHECK bool codec_slice_numbers(struct codec_reader *r, struct str bytes, struct slice s,
                                    double *out);
