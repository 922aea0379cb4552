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
#define DIGIT_BITS 9                /* two such hold every count */
#define DIGITS (1u << DIGIT_BITS)
#define DAY ((uint64_t)86400000)
#define WORTH(bytes)                                                                               \
    ((bytes) - (bytes) / 8) /* what takes time to read must be smaller than this                   \
                             */
#define PATCHES_MANY(count) ((count) / 32)

/* How to pack one sequence. */
struct plan {
    size_t bytes;                 /* of the payload and the block heads */
    size_t patched;               /* numbers of all blocks that are patched */
    size_t whole;                 /* bytes of the numbers as 1 to 4 whole bytes each */
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
    struct entry moved[STREAM_DICT_MAX]; /* on their way to their order */
    uint32_t entries;
    struct strbuf body; /* of a dictionary, before its length is known */
};

_Static_assert(STREAM_MAX < DIGITS * DIGITS, "two digits hold every count");

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

/* The numbers of a block that are wider than each width; those of up to WIDTHS bits by vectors of
 * sixteen counters, one for each width: a number adds the row of its own width. */
#define WIDTHS 32
struct tally {
    unsigned most; /* bits of the widest number */
    uint8_t wider[64];
};

typedef uint8_t counters __attribute__((vector_size(16)));

/* clang-format off */
#define WIDER(bits, w) ((bits) > (w))
#define WIDER8(bits, w) \
    WIDER(bits, w), WIDER(bits, (w) + 1), WIDER(bits, (w) + 2), WIDER(bits, (w) + 3), \
    WIDER(bits, (w) + 4), WIDER(bits, (w) + 5), WIDER(bits, (w) + 6), WIDER(bits, (w) + 7)
#define ROW(bits) {{WIDER8(bits, 0), WIDER8(bits, 8)}, {WIDER8(bits, 16), WIDER8(bits, 24)}}
#define ROW8(bits) \
    ROW(bits), ROW((bits) + 1), ROW((bits) + 2), ROW((bits) + 3), \
    ROW((bits) + 4), ROW((bits) + 5), ROW((bits) + 6), ROW((bits) + 7)
/* clang-format on */
static const counters wider_of[WIDTHS + 1][2] = {ROW8(0), ROW8(8), ROW8(16), ROW8(24), ROW(32)};

/* bits_of(v), v < 2^63, without a case for 0. */
static inline unsigned row_of(uint64_t v)
{
    return 63u - (unsigned)__builtin_clzll(2 * v + 1);
}

static void tally_narrow(const uint64_t *v, size_t n, struct tally *t)
{
    counters low = {0}, high = {0};
    for (size_t i = 0; i < n; i++)
        low += wider_of[row_of(v[i])][0];
    for (size_t i = 0; i < n && t->most > 16; i++)
        high += wider_of[row_of(v[i])][1];
    memcpy(t->wider, &low, sizeof(low));
    memcpy(t->wider + sizeof(low), &high, sizeof(high));
}

static void tally_wide(const uint64_t *v, size_t n, struct tally *t)
{
    uint8_t count[65] = {0}, wider = 0; /* numbers by bits */
    for (size_t i = 0; i < n; i++)
        count[bits_of(v[i])]++;
    for (unsigned width = 64; width-- > 0;)
        t->wider[width] = wider = (uint8_t)(wider + count[width + 1]);
}

static void tally_block(const uint64_t *v, size_t n, struct tally *t)
{
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all |= v[i];
    t->most = bits_of(all);
    (t->most <= WIDTHS ? tally_narrow : tally_wide)(v, n, t);
}

static void plan_block(struct plan *plan, size_t block, const uint64_t *v, size_t n)
{
    struct tally t;
    tally_block(v, n, &t);
    unsigned best = t.most;
    size_t plain = bits_run_size(n, t.most), best_patches = 0;
    size_t best_bytes = WORTH(plain);
    for (unsigned width = t.most; width-- > 0;) {
        size_t extra = patch_bytes(t.wider[width], t.most - width);
        if (extra >= best_bytes) break; /* and grows from width to width */
        size_t bytes = bits_run_size(n, width) + extra;
        if (bytes >= best_bytes) continue;
        best = width, best_bytes = bytes, best_patches = t.wider[width];
    }
    if (best == t.most) best_bytes = plain;
    plan->patched += best_patches;
    plan->width[block] = (uint8_t)best;
    plan->patches[block] = (uint8_t)best_patches;
    plan->high_max[block] = (uint8_t)(t.most - best);
    plan->bytes += 2 + best_bytes;
    plan->whole += n + t.wider[8] + t.wider[16] + t.wider[24];
}

static void make_plan(struct plan *plan, const uint64_t *v, size_t count)
{
    plan->bytes = plan->patched = plan->whole = 0;
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

static void write_bytes(const struct plan *plan, uint64_t base, uint64_t scale, const uint64_t *v,
                        size_t count, struct strbuf *out)
{
    put_varint(out,
               1 + varint_size(base) + varint_size(scale) + bytes_controls(count) + plan->whole);
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

/* Numbers are divided by a unit exactly: multiplied by the inverse of its odd part, modulo 2^64,
 * and turned by its twos. What the unit does not divide becomes more than any quotient. */
struct unit {
    uint64_t value;
    uint64_t inverse; /* of the odd part */
    uint64_t most;    /* the greatest quotient there is */
    unsigned twos;    /* factors of 2 */
};

static struct unit unit_of(uint64_t value)
{
    struct unit u = {.value = value, .most = UINT64_MAX / value};
    u.twos = (unsigned)__builtin_ctzll(value);
    uint64_t odd = value >> u.twos;
    u.inverse = odd; /* right in the lowest three bits; each step doubles them */
    for (int i = 0; i < 5; i++)
        u.inverse *= 2 - odd * u.inverse;
    return u;
}

static inline uint64_t quotient(const struct unit *u, uint64_t v)
{
    uint64_t product = v * u->inverse;
    return product >> u->twos | product << (-u->twos & 63);
}

static bool divides(const struct unit *u, const uint64_t *v, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (quotient(u, v[i]) > u->most) return false;
    }
    return true;
}

/* The largest known unit that divides all of v, 1 at the worst; divides by it. */
static uint64_t take_scale(uint64_t *v, size_t count, unsigned hints)
{
    static const uint64_t times[] = {DAY, DAY / 24, 60000, 1000, 0};
    static const uint64_t sums[] = {1000, 100, 10, 0};
    static const uint64_t none[] = {0};
    const uint64_t *value = hints & STREAM_TIME ? times : hints & STREAM_MONEY ? sums : none;
    for (; *value; value++) {
        const struct unit u = unit_of(*value);
        if (!divides(&u, v, count)) continue;
        for (size_t i = 0; i < count; i++)
            v[i] = quotient(&u, v[i]);
        return u.value;
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
                           uint64_t least, bool narrow)
{
    size_t room = count / 4 < STREAM_DICT_MAX ? count / 4 : STREAM_DICT_MAX;
    memset(e->count, 0, sizeof(e->count));
    e->entries = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = narrow ? (uint32_t)(v[i] - least) : slot_of(e, v[i]);
        if (e->count[slot]++ == 0) {
            if (e->entries == room) return false;
            e->key[slot] = v[i];
            e->entries++;
        }
        e->index[i] = slot;
    }
    return e->entries > 0;
}

static int by_value(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->value < y->value ? -1 : x->value > y->value;
}

/* Stable, by DIGIT_BITS of the count, greatest first. */
static void sort_by_digit(const struct entry *in, uint32_t count, unsigned shift, struct entry *out)
{
    uint32_t place[DIGITS] = {0}, next = 0;
    for (uint32_t i = 0; i < count; i++)
        place[in[i].count >> shift & (DIGITS - 1)]++;
    for (unsigned digit = DIGITS; digit-- > 0;) {
        uint32_t held = place[digit];
        place[digit] = next;
        next += held;
    }
    for (uint32_t i = 0; i < count; i++)
        out[place[in[i].count >> shift & (DIGITS - 1)]++] = in[i];
}

/* The values that were counted, the commonest first, equally common ones ascending. */
static void list_entries(struct stream_encoder *e, bool narrow)
{
    uint32_t listed = 0;
    for (uint32_t slot = 0; listed < e->entries; slot++) {
        if (e->count[slot] == 0) continue;
        e->entry[listed++] = (struct entry){e->key[slot], e->count[slot], slot};
    }
    if (!narrow) qsort(e->entry, e->entries, sizeof(e->entry[0]), by_value);
    sort_by_digit(e->entry, e->entries, 0, e->moved);
    sort_by_digit(e->moved, e->entries, DIGIT_BITS, e->entry);
}

/* Leave in e->index the place of each number in the dictionary e->entry, and its plan in e->coded.
 */
static bool make_dictionary(struct stream_encoder *e, const uint64_t *v, size_t count,
                            uint64_t least, uint64_t most)
{
    bool narrow = most - least < SLOTS;
    if (!count_distinct(e, v, count, least, narrow)) return false;
    list_entries(e, narrow);
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
    uint64_t low = UINT64_MAX, high = 0;
    for (size_t i = 0; i < count; i++) {
        low = v[i] < low ? v[i] : low;
        high = v[i] > high ? v[i] : high;
    }
    *least = low;
    *most = high;
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
    uint64_t scale = take_scale(e->offset, count, hints);
    make_plan(&e->direct, e->offset, count);
    if ((hints & STREAM_CODES) && make_dictionary(e, values, count, least, most)) {
        size_t guess = e->coded.bytes + e->entries * bits_of(most - least) / 8 + 16;
        if (guess < WORTH(e->direct.bytes)) {
            write_dictionary(e, count, out);
            return;
        }
    }
    if (e->direct.patched > PATCHES_MANY(count) && (most - least) / scale <= UINT32_MAX &&
        e->direct.bytes > WORTH(bytes_controls(count) + e->direct.whole)) {
        write_bytes(&e->direct, least, scale, e->offset, count, out);
        return;
    }
    write_packed(&e->direct, least, scale, e->offset, count, out);
}
