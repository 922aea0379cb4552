/* codec_patch.h - the high bits of those numbers of a block that have more than the block's width.
 * Pure functions.
 *
 * Bytes: docs/formats/eventlog.md "Stream". Where patches are many, their places are a bitmap, and
 * with AVX-512 those of a block are put there sixteen numbers at once; elsewhere, and where high
 * bits are more than a byte, it is done one by one (codec_stream_read.c). Both give the same. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "eventlog/codec_bits.h"

struct patch_map {
    const uint8_t *bitmap; /* of BITS_BLOCK bits */
    const uint8_t *high;   /* a run of 'count' numbers of 'high_width' bits */
    unsigned count;        /* as the block says; <= BITS_BLOCK */
    unsigned width;        /* the block's own */
    unsigned high_width;
};

/* Whether patch_block can do it here. */
bool patch_can(const struct patch_map *m);
/* Put the high bits of a whole block into place; false when the bitmap has not 'count' bits. */
bool patch_block(const struct patch_map *m, uint32_t out[BITS_BLOCK]);
