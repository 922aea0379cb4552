/* codec_bytes.h - numbers of 1 to 4 whole bytes, their lengths apart: quick to read, whatever mix.
 *
 * Bytes: docs/formats/eventlog.md "Stream", form 3. The lengths of four numbers are one control
 * byte; all control bytes come first, then the bytes of all numbers without gaps. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

static inline size_t bytes_controls(size_t count)
{
    return (count + 3) / 4;
}

/* Append 'count' numbers, every in[i] < 2^32: their controls, and 1 to 4 bytes each. */
void bytes_put(const uint64_t *in, size_t count, struct strbuf *out);

/* Numbers of 'count' <= 128 from their controls and from *data, which moves past them. False when
 * they reach past 'end'; BITS_PAD bytes behind it must be readable. 'out' has room for 128. */
MUST_CHECK bool bytes_get(const uint8_t *controls, const uint8_t **data, const uint8_t *end,
                          size_t count, uint32_t *out);

/* Bytes of the first 'count' numbers, a multiple of 32, by their controls. */
size_t bytes_length(const uint8_t *controls, size_t count);
