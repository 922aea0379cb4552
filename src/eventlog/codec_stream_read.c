/* codec_stream_read.c - streams back to numbers, a block of 128 at a time.
 *
 * The 32-bit path exists for speed: codes, lengths and gaps never leave 32-bit registers.
 * Everything read from the bytes is checked before it is used: payload lengths against the end,
 * patch places against the block, dictionary indexes against its count. */
#include "eventlog/codec_stream.h"

#include <string.h>

#include "eventlog/codec_patch.h"
#include "eventlog/codec_stream_form.h"

static size_t block_count(size_t count)
{
    return (count + BITS_BLOCK - 1) / BITS_BLOCK;
}

static bool open_packed(struct packed_reader *s, struct byte_reader *r, uint8_t form, size_t count)
{
    if (form != STREAM_CONSTANT && form != STREAM_PACKED && form != STREAM_BYTES) return false;
    s->form = form;
    s->base = get_varint(r);
    s->scale = form == STREAM_CONSTANT ? 1 : get_varint(r);
    if (form == STREAM_BYTES) s->width = get_bytes(r, bytes_controls(count));
    if (form == STREAM_PACKED) {
        s->width = get_bytes(r, block_count(count));
        s->patches = get_bytes(r, block_count(count));
    }
    if (form != STREAM_CONSTANT && (s->scale == 0 || count == 0)) return false;
    s->left = count;
    s->p = r->p;
    s->end = r->end;
    return !r->bad && (form != STREAM_CONSTANT || s->p == s->end);
}

/* The bytes of the stream at 'r' as a reader of their own, and its form. */
static bool cut_stream(struct byte_reader *r, struct byte_reader *body, uint8_t *form)
{
    size_t len = get_varint32(r);
    const uint8_t *p = get_bytes(r, len);
    if (!p) return false;
    *body = byte_reader_of(p, len);
    *form = get_u8(body);
    return !body->bad;
}

/* A stream inside a dictionary: no dictionary itself. */
static bool open_inner(struct packed_reader *s, struct byte_reader *r, size_t count,
                       unsigned bits_max)
{
    struct byte_reader body;
    uint8_t form;
    if (!cut_stream(r, &body, &form)) return false;
    s->bits_max = bits_max;
    return open_packed(s, &body, form, count);
}

static bool unpack_wide(struct packed_reader *s, size_t n, uint64_t *out);

static bool open_dictionary(struct stream_reader *s, struct byte_reader *body, size_t count,
                            unsigned bits_max)
{
    uint32_t entries = get_varint32(body);
    if (entries == 0 || entries > STREAM_DICT_MAX) return false;
    if (!open_inner(&s->body, body, entries, bits_max)) return false;
    for (uint32_t i = 0; i < entries; i += BITS_BLOCK) {
        size_t n = s->body.left < BITS_BLOCK ? s->body.left : BITS_BLOCK;
        if (!unpack_wide(&s->body, n, s->dict + i)) return false;
    }
    s->dict_count = entries;
    return open_inner(&s->body, body, count, 32) && byte_reader_left(body) == 0;
}

bool stream_open(struct stream_reader *s, struct byte_reader *r, size_t count, unsigned bits_max)
{
    struct byte_reader body;
    uint8_t form;
    s->dict_count = 0;
    if (count > STREAM_MAX || !cut_stream(r, &body, &form)) return false;
    if (form == STREAM_DICTIONARY) return open_dictionary(s, &body, count, bits_max);
    s->body.bits_max = bits_max;
    return open_packed(&s->body, &body, form, count);
}

bool stream_limit(struct stream_reader *s, uint64_t limit)
{
    if (s->dict_count || s->body.base > limit) return false;
    /* base + scale * (2^bits - 1) <= limit */
    uint64_t most = (limit - s->body.base) / s->body.scale;
    unsigned bits = most == UINT64_MAX ? 64 : bits_of(most + 1) - 1;
    if (bits < s->body.bits_max) s->body.bits_max = bits;
    return true;
}

/* Patches of one block: bits to go above the block's own. */
struct patches {
    unsigned count;
    unsigned width;        /* the block's own */
    unsigned high_width;   /* of a patch */
    const uint8_t *places; /* a list, or a bitmap */
    const uint8_t *high;
};

static bool read_patches(struct packed_reader *s, struct patches *patch, size_t n)
{
    size_t places = patch->count > PATCH_LIST_MAX ? BITS_BLOCK / 8 : patch->count;
    if ((size_t)(s->end - s->p) < 1 + places) return false;
    patch->high_width = *s->p;
    patch->places = s->p + 1;
    patch->high = patch->places + places;
    if (patch->count > n || patch->width + patch->high_width > s->bits_max) return false;
    size_t len = bits_run_size(patch->count, patch->high_width);
    if ((size_t)(s->end - patch->high) < len) return false;
    s->p = patch->high + len;
    return true;
}

static bool list_places(const struct patches *patch, size_t n, uint8_t *place)
{
    bool good = true;
    for (unsigned i = 0; i < patch->count; i++) {
        place[i] = patch->places[i];
        good &= place[i] < n;
    }
    return good;
}

/* Where the patches go, all below n. */
static bool find_places(const struct patches *patch, size_t n, uint8_t *place)
{
    unsigned found = 0;
    if (patch->count <= PATCH_LIST_MAX) return list_places(patch, n, place);
    for (unsigned half = 0; half < BITS_BLOCK; half += 64) {
        uint64_t bits;
        memcpy(&bits, patch->places + half / 8, sizeof(bits));
        for (; bits; bits &= bits - 1) {
            place[found++] = (uint8_t)(half + (unsigned)__builtin_ctzll(bits));
        }
    }
    return found == patch->count && place[found - 1] < n;
}

/* Take one block's widths and the plain part of its payload; NULL when that is not there. */
static const uint8_t *take_block(struct packed_reader *s, size_t n, struct patches *patch)
{
    patch->width = *s->width++;
    patch->count = *s->patches++;
    const uint8_t *payload = s->p;
    if (patch->width > s->bits_max) return NULL;
    size_t len = bits_run_size(n, patch->width);
    if ((size_t)(s->end - payload) < len) return NULL;
    s->p += len;
    s->left -= n;
    return payload;
}

static bool at_end_if_last(const struct packed_reader *s)
{
    return s->left > 0 || s->p == s->end;
}

static bool patch_narrow(struct packed_reader *s, struct patches *patch, size_t n, uint32_t *out)
{
    uint8_t place[BITS_BLOCK];
    if (!read_patches(s, patch, n)) return false;
    if (n == BITS_BLOCK && patch->count > PATCH_LIST_MAX) {
        struct patch_map map = {patch->places, patch->high, patch->count, patch->width,
                                patch->high_width};
        if (patch_can(&map)) return patch_block(&map, out);
    }
    if (!find_places(patch, n, place)) return false;
    for (unsigned i = 0; i < patch->count; i++) {
        uint64_t high = bits_get(patch->high, i, patch->high_width);
        out[place[i]] |= (uint32_t)(high << patch->width);
    }
    return true;
}

static bool patch_wide(struct packed_reader *s, struct patches *patch, size_t n, uint64_t *out)
{
    uint8_t place[BITS_BLOCK];
    if (!read_patches(s, patch, n) || !find_places(patch, n, place)) return false;
    if (patch->width >= 64) return false;
    uint64_t unit = s->scale << patch->width;
    for (unsigned i = 0; i < patch->count; i++) {
        out[place[i]] += bits_get(patch->high, i, patch->high_width) * unit;
    }
    return true;
}

/* Numbers of whole bytes, before base and scale. */
static bool take_bytes(struct packed_reader *s, size_t n, uint32_t *out)
{
    if (!bytes_get(s->width, &s->p, s->end, n, out)) return false;
    s->width += bytes_controls(n);
    s->left -= n;
    if (s->bits_max >= 32) return at_end_if_last(s);
    uint32_t all = 0;
    for (size_t i = 0; i < n; i++)
        all |= out[i];
    return bits_of(all) <= s->bits_max && at_end_if_last(s);
}

static void apply_unit(const struct packed_reader *s, size_t n, uint32_t *out)
{
    uint32_t base = (uint32_t)s->base, scale = (uint32_t)s->scale;
    for (size_t i = 0; i < n && scale != 1; i++)
        out[i] *= scale;
    if (base == 0) return;
    for (size_t i = 0; i < n && n < BITS_BLOCK; i++)
        out[i] += base;
    for (size_t i = 0; i < BITS_BLOCK && n == BITS_BLOCK; i++) /* a fixed count, for vectors */
        out[i] += base;
}

static bool unpack_narrow(struct packed_reader *s, size_t n, uint32_t *out)
{
    struct patches patch;
    if (s->form == STREAM_CONSTANT) {
        for (size_t i = 0; i < n; i++)
            out[i] = (uint32_t)s->base;
        s->left -= n;
        return true;
    }
    if (s->form == STREAM_BYTES) {
        if (!take_bytes(s, n, out)) return false;
        apply_unit(s, n, out);
        return true;
    }
    const uint8_t *in = take_block(s, n, &patch);
    if (!in || patch.width > 32) return false;
    if (n == BITS_BLOCK) {
        bits_unpack(in, patch.width, out);
    } else {
        for (size_t i = 0; i < n; i++)
            out[i] = (uint32_t)bits_get(in, i, patch.width);
    }
    if (patch.count && !patch_narrow(s, &patch, n, out)) return false;
    apply_unit(s, n, out);
    return at_end_if_last(s);
}

/* The plain numbers of a block as values: base + scale * number. */
static void unpack_values(const struct packed_reader *s, const uint8_t *in, unsigned width,
                          size_t n, uint64_t *out)
{
    uint64_t base = s->base, scale = s->scale;
    if (width > 32 || n < BITS_BLOCK) {
        for (size_t i = 0; i < n; i++)
            out[i] = base + scale * bits_get(in, i, width);
        return;
    }
    uint32_t narrow[BITS_BLOCK];
    bits_unpack(in, width, narrow);
    if (scale == 1) {
        for (size_t i = 0; i < BITS_BLOCK; i++)
            out[i] = base + narrow[i];
    } else {
        for (size_t i = 0; i < BITS_BLOCK; i++)
            out[i] = base + scale * narrow[i];
    }
}

static bool unpack_wide(struct packed_reader *s, size_t n, uint64_t *out)
{
    struct patches patch;
    if (s->form == STREAM_CONSTANT) {
        for (size_t i = 0; i < n; i++)
            out[i] = s->base;
        s->left -= n;
        return true;
    }
    if (s->form == STREAM_BYTES) {
        uint32_t narrow[BITS_BLOCK];
        if (!take_bytes(s, n, narrow)) return false;
        for (size_t i = 0; i < n; i++)
            out[i] = s->base + s->scale * narrow[i];
        return true;
    }
    const uint8_t *in = take_block(s, n, &patch);
    if (!in) return false;
    unpack_values(s, in, patch.width, n, out);
    if (patch.count && !patch_wide(s, &patch, n, out)) return false;
    return at_end_if_last(s);
}

bool stream_is_narrow(const struct stream_reader *s)
{
    return s->body.form == STREAM_BYTES && !s->dict_count;
}

void stream_take_unit(struct stream_reader *s, uint64_t *base, uint64_t *scale)
{
    bool packed = s->body.form != STREAM_CONSTANT && !s->dict_count;
    *base = packed ? s->body.base : 0;
    *scale = packed ? s->body.scale : 1;
    if (packed) s->body.base = 0, s->body.scale = 1;
}

/* Indexes of the next block, all within the dictionary. */
static bool next_indexes(struct stream_reader *s, size_t n, uint32_t index[BITS_BLOCK])
{
    if (!unpack_narrow(&s->body, n, index)) return false;
    uint32_t highest = 0;
    for (size_t i = 0; i < n; i++)
        highest = index[i] > highest ? index[i] : highest;
    return highest < s->dict_count;
}

static size_t next_count(const struct stream_reader *s)
{
    return s->body.left < BITS_BLOCK ? s->body.left : BITS_BLOCK;
}

bool stream_next(struct stream_reader *s, uint64_t *out)
{
    size_t n = next_count(s);
    if (n == 0) return true;
    if (!s->dict_count) return unpack_wide(&s->body, n, out);
    uint32_t index[BITS_BLOCK];
    if (!next_indexes(s, n, index)) return false;
    for (size_t i = 0; i < n; i++)
        out[i] = s->dict[index[i]];
    return true;
}

bool stream_next32(struct stream_reader *s, uint32_t *out)
{
    size_t n = next_count(s);
    if (n == 0) return true;
    if (!s->dict_count) return unpack_narrow(&s->body, n, out);
    uint32_t index[BITS_BLOCK];
    if (!next_indexes(s, n, index)) return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)s->dict[index[i]];
    return true;
}

bool stream_read(struct stream_reader *s, uint64_t *out)
{
    while (s->body.left) {
        size_t n = next_count(s);
        if (!stream_next(s, out)) return false;
        out += n;
    }
    return true;
}

bool stream_read32(struct stream_reader *s, uint32_t *out)
{
    while (s->body.left) {
        size_t n = next_count(s);
        if (!stream_next32(s, out)) return false;
        out += n;
    }
    return true;
}
