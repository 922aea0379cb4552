/* bytes.h - little-endian fields and varints: appended to a strbuf, read back within bounds.
 *
 * A reader that runs past its end turns 'bad' and yields zeros from then on, so a caller may read a
 * whole record and look once. Varints are LEB128 of at most 64 bits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers on disk are little-endian");

struct byte_reader {
    const uint8_t *start; /* of the whole, for offsets in messages */
    const uint8_t *p;     /* next byte */
    const uint8_t *end;   /* one past the last */
    bool bad;             /* something was asked for that is not there */
};

static inline struct byte_reader byte_reader_of(const void *p, size_t len)
{
    const uint8_t *start = p;
    return (struct byte_reader){start, start, len ? start + len : start, false};
}

static inline size_t byte_reader_left(const struct byte_reader *r)
{
    return (size_t)(r->end - r->p);
}

static inline size_t byte_reader_offset(const struct byte_reader *r)
{
    return (size_t)(r->p - r->start);
}

/* The next 'len' bytes, or NULL. */
static inline const uint8_t *get_bytes(struct byte_reader *r, size_t len)
{
    if (r->bad || byte_reader_left(r) < len) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += len;
    return p;
}

static inline void get_fixed(struct byte_reader *r, void *out, size_t len)
{
    const uint8_t *p = get_bytes(r, len);
    if (p) memcpy(out, p, len);
}

static inline uint8_t get_u8(struct byte_reader *r)
{
    uint8_t v = 0;
    get_fixed(r, &v, sizeof(v));
    return v;
}

static inline uint16_t get_u16(struct byte_reader *r)
{
    uint16_t v = 0;
    get_fixed(r, &v, sizeof(v));
    return v;
}

static inline uint32_t get_u32(struct byte_reader *r)
{
    uint32_t v = 0;
    get_fixed(r, &v, sizeof(v));
    return v;
}

static inline uint64_t get_u64(struct byte_reader *r)
{
    uint64_t v = 0;
    get_fixed(r, &v, sizeof(v));
    return v;
}

static inline uint64_t get_varint(struct byte_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = get_u8(r);
        if (shift == 63 && byte > 1) break; /* would not fit 64 bits */
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return v;
    }
    r->bad = true;
    return 0;
}

/* A varint that must fit 32 bits. */
static inline uint32_t get_varint32(struct byte_reader *r)
{
    uint64_t v = get_varint(r);
    if (v > UINT32_MAX) r->bad = true;
    return (uint32_t)v;
}

static inline void put_u8(struct strbuf *b, uint8_t v)
{
    strbuf_add(b, &v, sizeof(v));
}

static inline void put_u16(struct strbuf *b, uint16_t v)
{
    strbuf_add(b, &v, sizeof(v));
}

static inline void put_u32(struct strbuf *b, uint32_t v)
{
    strbuf_add(b, &v, sizeof(v));
}

static inline void put_u64(struct strbuf *b, uint64_t v)
{
    strbuf_add(b, &v, sizeof(v));
}

static inline void put_varint(struct strbuf *b, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    while (v >= 0x80) {
        bytes[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    bytes[n++] = (uint8_t)v;
    strbuf_add(b, bytes, n);
}

/* Signed numbers near zero as small unsigned ones: 0, -1, 1, -2 ... as 0, 1, 2, 3 ... */
static inline uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}
