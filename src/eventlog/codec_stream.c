/* codec_stream.c - numbers to streams: the form that is small, and quick to read, by exact size.
 *
 * A constant costs nothing. Otherwise every number is taken relative to the least and divided by
 * the largest unit that divides them all; then each block of 128 gets the width that makes it
 * smallest, with numbers that are wider than that patched (their places and their high bits follow
 * the block). Codes are also tried through a dictionary ordered by frequency, so that the common
 * ones are small numbers; the rare ones become patches. Patches and dictionaries cost time at every
 * read, so each must save an eighth; numbers that need many patches are rather kept as whole
 * bytes. */
#include "eventlog/codec_stream.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "eventlog/codec_stream_form.h"

#define BLOCKS_MAX (STREAM_MAX / BITS_BLOCK)
#define SLOTS (2 * STREAM_DICT_MAX) /* of the hash table of distinct values */
#define DAY ((uint64_t)86400000)
#define WORTH(bytes)                                                                               \
    ((bytes) - (bytes) / 8) /* what takes time to read must be smaller than this                   \
                             */
#define PATCHES_MANY(count) ((count) / 32)

/* How to pack one sequence. */
struct plan {
    size_t bytes;                 /* of the payload and the block heads */
    size_t patched;               /* numbers of all blocks that are patched */
    uint8_t width[BLOCKS_MAX];    /* bits of the plain numbers of each block */
    uint8_t patches[BLOCKS_MAX];  /* numbers wider than that */
    uint8_t high_max[BLOCKS_MAX]; /* bits of the widest patch above 'width' */
};

struct entry {
    uint64_t value;
    uint32_t count; /* occurrences */
    uint32_t slot;  /* in the hash table */
};

struct stream_encoder {
    struct plan direct;
    struct plan coded;
    uint64_t offset[STREAM_MAX]; /* numbers less the least, in units */
    uint64_t index[STREAM_MAX];  /* slots, then places in the dictionary */
    uint64_t key[SLOTS];         /* values seen; a slot is taken when its count > 0 */
    uint32_t count[SLOTS];       /* occurrences; 0 = free */
    uint32_t rank[SLOTS];        /* place of the slot's value in the dictionary */
    struct entry entry[STREAM_DICT_MAX];
    uint32_t entries;
    struct strbuf body; /* of a dictionary, before its length is known */
};

struct stream_encoder *stream_encoder_create(void)
{
    return mem_alloc(sizeof(struct stream_encoder));
}

void stream_encoder_destroy(struct stream_encoder *e)
{
    if (!e) return;
    strbuf_finish(&e->body);
    mem_free(e);
}

static size_t block_length(size_t count, size_t block)
{
    size_t left = count - block * BITS_BLOCK;
    return left < BITS_BLOCK ? left : BITS_BLOCK;
}

static size_t patch_bytes(size_t patches, unsigned high_width)
{
    if (patches == 0) return 0;
    size_t places = patches > PATCH_LIST_MAX ? BITS_BLOCK / 8 : patches;
    return 1 + places + bits_run_size(patches, high_width);
}

static void plan_block(struct plan *plan, size_t block, const uint64_t *v, size_t n)
{
    uint8_t two[2][65] = {{0}}; /* numbers by bits; two, so that equal ones in a row do not wait */
    for (size_t i = 0; i < n; i++)
        two[i & 1][bits_of(v[i])]++;
    unsigned most = 64;
    while (most && two[0][most] + two[1][most] == 0)
        most--;
    unsigned best = most;
    size_t plain = bits_run_size(n, most), patches = 0, best_patches = 0;
    size_t best_bytes = WORTH(plain);
    for (unsigned width = most; width-- > 0;) {
        patches += (size_t)two[0][width + 1] + two[1][width + 1];
        size_t bytes = bits_run_size(n, width) + patch_bytes(patches, most - width);
        if (bytes >= best_bytes) continue;
        best = width, best_bytes = bytes, best_patches = patches;
    }
    if (best == most) best_bytes = plain;
    plan->patched += best_patches;
    plan->width[block] = (uint8_t)best;
    plan->patches[block] = (uint8_t)best_patches;
    plan->high_max[block] = (uint8_t)(most - best);
    plan->bytes += 2 + best_bytes;
}

static void make_plan(struct plan *plan, const uint64_t *v, size_t count)
{
    plan->bytes = plan->patched = 0;
    for (size_t block = 0; block * BITS_BLOCK < count; block++) {
        plan_block(plan, block, v + block * BITS_BLOCK, block_length(count, block));
    }
}

static uint8_t *extend(struct strbuf *out, size_t len)
{
    strbuf_reserve(out, len);
    uint8_t *p = (uint8_t *)out->p + out->len;
    out->len += len;
    out->p[out->len] = '\0';
    return p;
}

static void write_plain(const uint64_t *v, size_t n, unsigned width, struct strbuf *out)
{
    uint8_t *p = extend(out, bits_run_size(n, width));
    uint64_t mask = width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
    if (n == BITS_BLOCK && width <= 32) {
        uint32_t narrow[BITS_BLOCK];
        for (size_t i = 0; i < BITS_BLOCK; i++)
            narrow[i] = (uint32_t)(v[i] & mask);
        bits_pack(narrow, width, p);
        return;
    }
    uint64_t low[BITS_BLOCK];
    for (size_t i = 0; i < n; i++)
        low[i] = v[i] & mask;
    bits_put_run(low, n, width, p);
}

static void write_patches(const uint64_t *v, size_t n, unsigned width, unsigned high_width,
                          struct strbuf *out)
{
    uint64_t high[BITS_BLOCK], bitmap[2] = {0, 0};
    uint8_t place[BITS_BLOCK];
    size_t count = 0;
    assert(width < 64);
    for (size_t i = 0; i < n; i++) {
        bool wide = v[i] >> width != 0; /* no branch: it could not be predicted */
        place[count] = (uint8_t)i;
        high[count] = v[i] >> width;
        bitmap[i / 64] |= (uint64_t)wide << (i % 64);
        count += wide;
    }
    put_u8(out, (uint8_t)high_width);
    if (count > PATCH_LIST_MAX) {
        strbuf_add(out, bitmap, sizeof(bitmap));
    } else {
        strbuf_add(out, place, count);
    }
    bits_put_run(high, count, high_width, extend(out, bits_run_size(count, high_width)));
}

static size_t varint_size(uint64_t v)
{
    return v ? (bits_of(v) + 6) / 7 : 1;
}

static size_t packed_size(const struct plan *plan, uint64_t base, uint64_t scale)
{
    return 1 + varint_size(base) + varint_size(scale) + plan->bytes;
}

static void write_packed(const struct plan *plan, uint64_t base, uint64_t scale, const uint64_t *v,
                         size_t count, struct strbuf *out)
{
    size_t blocks = (count + BITS_BLOCK - 1) / BITS_BLOCK;
    put_varint(out, packed_size(plan, base, scale));
    put_u8(out, STREAM_PACKED);
    put_varint(out, base);
    put_varint(out, scale);
    strbuf_add(out, plan->width, blocks);
    strbuf_add(out, plan->patches, blocks);
    for (size_t block = 0; block < blocks; block++) {
        const uint64_t *in = v + block * BITS_BLOCK;
        size_t n = block_length(count, block);
        write_plain(in, n, plan->width[block], out);
        if (plan->patches[block] == 0) continue;
        write_patches(in, n, plan->width[block], plan->high_max[block], out);
    }
}

static size_t bytes_form_size(const uint64_t *v, size_t count, uint64_t base, uint64_t scale)
{
    return 1 + varint_size(base) + varint_size(scale) + bytes_size(v, count);
}

static void write_bytes(uint64_t base, uint64_t scale, const uint64_t *v, size_t count,
                        struct strbuf *out)
{
    put_varint(out, bytes_form_size(v, count, base, scale));
    put_u8(out, STREAM_BYTES);
    put_varint(out, base);
    put_varint(out, scale);
    bytes_put(v, count, out);
}

static void write_constant(uint64_t value, struct strbuf *out)
{
    put_varint(out, 1 + varint_size(value));
    put_u8(out, STREAM_CONSTANT);
    put_varint(out, value);
}

static bool divides(uint64_t unit, const uint64_t *v, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (v[i] % unit) return false;
    }
    return true;
}

/* The largest known unit that divides all of v, 1 at the worst. */
static uint64_t find_scale(const uint64_t *v, size_t count, unsigned hints)
{
    static const uint64_t times[] = {DAY, DAY / 24, 60000, 1000, 0};
    static const uint64_t sums[] = {1000, 100, 10, 0};
    static const uint64_t none[] = {0};
    const uint64_t *unit = hints & STREAM_TIME ? times : hints & STREAM_MONEY ? sums : none;
    for (; *unit; unit++) {
        if (divides(*unit, v, count)) return *unit;
    }
    return 1;
}

static uint32_t slot_of(const struct stream_encoder *e, uint64_t value)
{
    uint32_t slot = (uint32_t)((value * 0x9E3779B97F4A7C15u) >> 32) % SLOTS;
    while (e->count[slot] && e->key[slot] != value)
        slot = (slot + 1) % SLOTS;
    return slot;
}

/* Count the distinct values into the table; false when there are too many for a dictionary. Values
 * of a narrow range are their own slots. */
static bool count_distinct(struct stream_encoder *e, const uint64_t *v, size_t count,
                           uint64_t least, uint64_t most)
{
    size_t room = count / 4 < STREAM_DICT_MAX ? count / 4 : STREAM_DICT_MAX;
    bool narrow = most - least < SLOTS;
    memset(e->count, 0, sizeof(e->count));
    e->entries = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = narrow ? (uint32_t)(v[i] - least) : slot_of(e, v[i]);
        if (e->count[slot]++ == 0) {
            if (e->entries == room) return false;
            e->key[slot] = v[i];
            e->entry[e->entries++] = (struct entry){v[i], 0, slot};
        }
        e->index[i] = slot;
    }
    return e->entries > 0;
}

static int by_frequency(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

/* Leave in e->index the place of each number in the dictionary e->entry, and its plan in e->coded.
 */
static bool make_dictionary(struct stream_encoder *e, const uint64_t *v, size_t count,
                            uint64_t least, uint64_t most)
{
    if (!count_distinct(e, v, count, least, most)) return false;
    for (uint32_t i = 0; i < e->entries; i++)
        e->entry[i].count = e->count[e->entry[i].slot];
    qsort(e->entry, e->entries, sizeof(e->entry[0]), by_frequency);
    for (uint32_t i = 0; i < e->entries; i++)
        e->rank[e->entry[i].slot] = i;
    for (size_t i = 0; i < count; i++)
        e->index[i] = e->rank[e->index[i]];
    make_plan(&e->coded, e->index, count);
    return true;
}

/* Least and greatest of v. */
static void range_of(const uint64_t *v, size_t count, uint64_t *least, uint64_t *most)
{
    *least = UINT64_MAX, *most = 0;
    for (size_t i = 0; i < count; i++) {
        *least = v[i] < *least ? v[i] : *least;
        *most = v[i] > *most ? v[i] : *most;
    }
}

/* The dictionary's values as a stream, with the direct plan's memory, which is free by then. */
static void write_entries(struct stream_encoder *e, struct strbuf *out)
{
    uint64_t least, most;
    for (uint32_t i = 0; i < e->entries; i++)
        e->offset[i] = e->entry[i].value;
    range_of(e->offset, e->entries, &least, &most);
    if (least == most) {
        write_constant(least, out);
        return;
    }
    for (uint32_t i = 0; i < e->entries; i++)
        e->offset[i] -= least;
    make_plan(&e->direct, e->offset, e->entries);
    write_packed(&e->direct, least, 1, e->offset, e->entries, out);
}

static void write_dictionary(struct stream_encoder *e, size_t count, struct strbuf *out)
{
    strbuf_reset(&e->body);
    put_u8(&e->body, STREAM_DICTIONARY);
    put_varint(&e->body, e->entries);
    write_entries(e, &e->body);
    write_packed(&e->coded, 0, 1, e->index, count, &e->body);
    put_varint(out, e->body.len);
    strbuf_add_str(out, strbuf_str(&e->body));
}

void stream_encode(struct stream_encoder *e, const uint64_t *values, size_t count, unsigned hints,
                   struct strbuf *out)
{
    assert(count <= STREAM_MAX);
    uint64_t least, most;
    range_of(values, count, &least, &most);
    if (count == 0 || least == most) {
        write_constant(count ? least : 0, out);
        return;
    }
    for (size_t i = 0; i < count; i++)
        e->offset[i] = values[i] - least;
    uint64_t scale = find_scale(e->offset, count, hints);
    if (scale != 1) {
        for (size_t i = 0; i < count; i++)
            e->offset[i] /= scale;
    }
    make_plan(&e->direct, e->offset, count);
    if ((hints & STREAM_CODES) && make_dictionary(e, values, count, least, most)) {
        size_t guess = e->coded.bytes + e->entries * bits_of(most - least) / 8 + 16;
        if (guess < WORTH(e->direct.bytes)) {
            write_dictionary(e, count, out);
            return;
        }
    }
    if (e->direct.patched > PATCHES_MANY(count) && (most - least) / scale <= UINT32_MAX &&
        e->direct.bytes > WORTH(bytes_size(e->offset, count))) {
        write_bytes(least, scale, e->offset, count, out);
        return;
    }
    write_packed(&e->direct, least, scale, e->offset, count, out);
}
