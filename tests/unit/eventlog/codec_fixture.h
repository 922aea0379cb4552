/* codec_fixture.h - bytes that end with their memory, and random numbers of a width. */
#pragma once

#include "base/env.h"
#include "eventlog/codec_bits.h"
#include "eventlog_test.h"

/* Bytes at the very end of their memory but for the pad that readers may touch. */
static inline uint8_t *padded(const void *p, size_t len)
{
    uint8_t *copy = mem_alloc(len + BITS_PAD);
    memcpy(copy, p, len);
    return copy;
}

static inline uint64_t bits(struct rng *rng, unsigned width)
{
    return width == 0 ? 0 : rng_next(rng) >> (64 - width);
}
