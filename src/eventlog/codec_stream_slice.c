/* codec_stream_slice.c - a few numbers out of the middle of a stream.
 *
 * Whole blocks of 128 are passed by: a packed one is as long as its width and its patches say, one
 * of whole bytes as its controls do. The blocks that the wanted numbers lie in are read as ever. */
#include "eventlog/codec_stream.h"

#include <assert.h>
#include <string.h>

#include "eventlog/codec_stream_form.h"

/* Bytes of a full packed block at s->p; 0 with *good false when it is cut off. */
static size_t packed_length(const struct packed_reader *s, bool *good)
{
    size_t left = (size_t)(s->end - s->p), patches = *s->patches;
    size_t plain = bits_run_size(BITS_BLOCK, *s->width);
    size_t length = plain;
    if (patches && plain < left) {
        size_t places = patches > PATCH_LIST_MAX ? BITS_BLOCK / 8 : patches;
        length = plain + 1 + places + bits_run_size(patches, s->p[plain]);
    } else if (patches) {
        length = left + 1;
    }
    *good = length <= left;
    return *good ? length : 0;
}

static bool skip_packed(struct packed_reader *s, size_t blocks)
{
    bool good = true;
    for (size_t i = 0; i < blocks && good; i++) {
        s->p += packed_length(s, &good);
        s->width++;
        s->patches++;
    }
    return good;
}

static bool skip_bytes(struct packed_reader *s, size_t count)
{
    size_t length = bytes_length(s->width, count);
    if (length > (size_t)(s->end - s->p)) return false;
    s->p += length;
    s->width += bytes_controls(count);
    return true;
}

/* Move past whole blocks. */
static bool skip(struct packed_reader *s, size_t blocks)
{
    size_t count = blocks * BITS_BLOCK;
    assert(count <= s->left);
    s->left -= count;
    if (s->form == STREAM_PACKED) return skip_packed(s, blocks);
    return s->form != STREAM_BYTES || skip_bytes(s, count);
}

/* What from .. to - 1 has of the block that begins with number 'pos'. */
struct overlap {
    size_t first; /* in the block */
    size_t count;
};

static struct overlap overlap_of(size_t pos, size_t from, size_t to)
{
    size_t first = pos < from ? from - pos : 0;
    size_t end = to - pos < BITS_BLOCK ? to - pos : BITS_BLOCK;
    return (struct overlap){first, end - first};
}

/* The same for numbers of either width; 'next' reads a block of them. */
#define SLICE(s, from, to, out, next)                                                              \
    assert((from) <= (to) && (to) <= (s)->body.left);                                              \
    if ((from) == (to)) return true;                                                               \
    if (!skip(&(s)->body, (from) / BITS_BLOCK)) return false;                                      \
    for (size_t pos = (from) / BITS_BLOCK * BITS_BLOCK; pos < (to); pos += BITS_BLOCK) {           \
        struct overlap o = overlap_of(pos, from, to);                                              \
        if (!next(s, block)) return false;                                                         \
        memcpy(out, block + o.first, o.count * sizeof(*(out)));                                    \
        (out) += o.count;                                                                          \
    }                                                                                              \
    return true

bool stream_slice(struct stream_reader *s, size_t from, size_t to, uint64_t *out)
{
    uint64_t block[BITS_BLOCK];
    SLICE(s, from, to, out, stream_next);
}

bool stream_slice32(struct stream_reader *s, size_t from, size_t to, uint32_t *out)
{
    uint32_t block[BITS_BLOCK];
    SLICE(s, from, to, out, stream_next32);
}
