/* codec_stream.h - any sequence of u64 numbers in few bytes: the building block of every column.
 *
 * Bytes: docs/formats/eventlog.md "Stream". The count is not in the stream: the column knows it.
 * Encoder and reader are scratch memory of one thread, large, made once and used again and again.
 * A reader trusts nothing: any bytes either give 'count' numbers or fail. BITS_PAD bytes after the
 * stream's buffer must be readable. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "eventlog/bytes.h"
#include "eventlog/codec_bits.h"
#include "eventlog/codec_bytes.h"

#define STREAM_MAX 65536     /* numbers in one stream */
#define STREAM_DICT_MAX 4096 /* entries of a dictionary */

enum {
    STREAM_TIME = 1u << 0,  /* milliseconds: try whole days, hours, minutes, seconds */
    STREAM_MONEY = 1u << 1, /* try multiples of 1000, 100, 10 */
    STREAM_CODES = 1u << 2, /* try a dictionary, commonest first */
};

struct stream_encoder;
struct stream_encoder *stream_encoder_create(void);
void stream_encoder_destroy(struct stream_encoder *e);
/* Append the stream of 'count' <= STREAM_MAX numbers to 'out'. */
void stream_encode(struct stream_encoder *e, const uint64_t *values, size_t count, unsigned hints,
                   struct strbuf *out);

/* Numbers under one reference, in blocks of 128. */
struct packed_reader {
    uint8_t form;           /* enum stream_form, but no dictionary */
    uint64_t base;          /* value = base + scale * packed number */
    uint64_t scale;         /* >= 1 */
    size_t left;            /* numbers not read yet */
    unsigned bits_max;      /* more bits than this in a packed number are an error */
    const uint8_t *width;   /* of the next block; STREAM_BYTES: its controls */
    const uint8_t *patches; /* of the next block */
    const uint8_t *p;       /* its payload */
    const uint8_t *end;     /* of the stream */
};

struct stream_reader {
    struct packed_reader body;      /* of the numbers, or of indexes into dict */
    uint32_t dict_count;            /* 0 = no dictionary */
    uint64_t dict[STREAM_DICT_MAX]; /* its values */
};

/* Start on the stream at 'r' and move 'r' past it. Packed numbers may have 'bits_max' bits at most:
 * 32 when stream_next32 is going to be used, else up to 64. */
MUST_CHECK bool stream_open(struct stream_reader *s, struct byte_reader *r, size_t count,
                            unsigned bits_max);
/* Fail unless every number the stream can hold is <= 'limit' (cheap: by widths, so that numbers up
 * to half of 'limit' always pass). No dictionary is allowed. */
MUST_CHECK bool stream_limit(struct stream_reader *s, uint64_t limit);
/* Whether every number fits 32 bits before base and scale, for stream_read32 after
 * stream_take_unit. */
bool stream_is_narrow(const struct stream_reader *s);
/* From here on numbers come plain: each stands for *base + *scale * number. */
void stream_take_unit(struct stream_reader *s, uint64_t *base, uint64_t *scale);
/* The next min(128, left) numbers; 'out' has room for 128. stream_next32 keeps the low 32 bits. */
MUST_CHECK bool stream_next(struct stream_reader *s, uint64_t *out);
MUST_CHECK bool stream_next32(struct stream_reader *s, uint32_t *out);
/* All numbers left, at once. */
MUST_CHECK bool stream_read(struct stream_reader *s, uint64_t *out);
MUST_CHECK bool stream_read32(struct stream_reader *s, uint32_t *out);

/* --- codec_stream_slice.c --- */
/* Numbers from .. to - 1, from <= to, of a stream just opened, which has as many. What lies before
 * them is passed by its length alone, what lies behind is not looked at. */
MUST_CHECK bool stream_slice(struct stream_reader *s, size_t from, size_t to, uint64_t *out);
MUST_CHECK bool stream_slice32(struct stream_reader *s, size_t from, size_t to, uint32_t *out);
