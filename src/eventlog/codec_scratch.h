/* codec_scratch.h - the working memory of the column codecs, shared by codec_*.c alone. */
#pragma once

#include "eventlog/codec.h"

struct codec_writer {
    struct stream_encoder *streams;
    uint64_t a[CODEC_ROWS_MAX]; /* numbers on their way to a stream */
    uint64_t b[CODEC_ROWS_MAX];
    uint32_t rows[CODEC_ROWS_MAX]; /* that are not null */
    struct strbuf trial[2];        /* encodings that compete */
};

struct codec_reader {
    struct stream_reader a, b;
    uint64_t wide[CODEC_ROWS_MAX + CODEC_SLACK];
    uint32_t narrow[CODEC_ROWS_MAX + CODEC_SLACK];
    uint32_t rows[CODEC_ROWS_MAX + CODEC_SLACK];   /* that are not null */
    uint32_t length[CODEC_ROWS_MAX + CODEC_SLACK]; /* of runs, less 1 */
    uint32_t kinds[CODEC_ROWS_MAX + CODEC_SLACK];  /* before they are narrowed */
};

/* Which rows have values, in a chunk. */
enum { PRESENT_ALL = 0, PRESENT_BITMAP = 1, PRESENT_LIST = 2 };

/* Which rows have values. */
struct presence {
    bool all;
    size_t count; /* of them; if not all, they are in codec_reader.rows, ascending, < rows */
};
void presence_write(struct codec_writer *w, const struct sparse *at, struct strbuf *out);
MUST_CHECK bool presence_read(struct codec_reader *r, struct byte_reader *in, size_t rows,
                              struct presence *out);

/* Values of runs that return, back to themselves. 'last' are those of the two runs before. */
void turn_returns(uint32_t *value, size_t n, uint32_t last[2]);

/* A stored number of a column of so many digits. */
#define DIGITS_MAX 6
#define DIGITS_IEEE 255
double number_of(uint64_t stored, uint8_t digits);

/* No sum of CODEC_ROWS_MAX times or steps up to this overflows, and it is twice what a time may be.
 */
#define CODEC_STEP_MAX (((uint64_t)1 << 48) - 1)
