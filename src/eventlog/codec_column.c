/* codec_column.c - codes and personas: plain, as runs, or only the rows that are not null.
 *
 * Which of the three is guessed from one pass over the values: bits for each plain value, for each
 * run (value and length), for each value that is not null (value and place). The stream inside
 * then finds its own best form. */
#include "eventlog/codec_scratch.h"

#include <assert.h>

#include "base/cpu.h"
#include "base/mem.h"

#define KIND_BLOCKS 4   /* that are unpacked before the first of them is read */
#define RETURNS_SHARE 4 /* one in so many runs returns, else it is not told */

struct codec_writer *codec_writer_create(void)
{
    struct codec_writer *w = mem_alloc(sizeof(*w));
    w->streams = stream_encoder_create();
    return w;
}

void codec_writer_destroy(struct codec_writer *w)
{
    if (!w) return;
    stream_encoder_destroy(w->streams);
    strbuf_finish(&w->trial[0]);
    strbuf_finish(&w->trial[1]);
    mem_free(w);
}

/* Not zeroed, which would take longer than reading a group: all of it is written before it is read,
 * but for what is within the slack. */
struct codec_reader *codec_reader_create(void)
{
    return mem_resize_array(NULL, 1, sizeof(struct codec_reader));
}

void codec_reader_destroy(struct codec_reader *r)
{
    mem_free(r);
}

typedef uint32_t four __attribute__((vector_size(16)));
typedef int32_t four_signed __attribute__((vector_size(16)));

static inline four load_four(const uint32_t *p)
{
    four v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Four rows at a time: the whole fours from row 'from' > 0 on; the first row behind them. Where a
 * comparison of vectors holds, it is all ones, -1. */
static size_t shape_of_fours(const uint32_t *values, size_t from, size_t rows, struct shape *s)
{
    const four top = {1u << 31, 1u << 31, 1u << 31, 1u << 31}; /* turned, as those are signed */
    four below = ~top, most = top, runs = {0}, present = {0};
    size_t i = from;
    for (; i + 4 <= rows; i += 4) {
        four v = load_four(values + i), before = load_four(values + i - 1);
        four less = (v - 1) ^ top, more = v ^ top; /* null wraps to the top */
        four is_less = (four)((four_signed)less < (four_signed)below);
        four is_more = (four)((four_signed)more > (four_signed)most);
        below = (less & is_less) | (below & ~is_less);
        most = (more & is_more) | (most & ~is_more);
        runs -= (four)(v != before);
        present -= (four)(v != 0);
    }
    below ^= top, most ^= top;
    for (int k = 0; k < 4; k++) {
        s->min = below[k] < s->min ? below[k] : s->min;
        s->max = most[k] > s->max ? most[k] : s->max;
        s->runs += runs[k];
        s->present += present[k];
    }
    return i;
}

/* The least is kept less 1 until the end, so that null is the greatest. */
struct shape codec_shape(const uint32_t *values, size_t rows)
{
    struct shape s = {.min = UINT32_MAX};
    size_t i = 0;
    while (i < rows) {
        uint32_t v = values[i];
        s.min = v - 1 < s.min ? v - 1 : s.min;
        s.max = v > s.max ? v : s.max;
        s.runs += i == 0 || v != values[i - 1];
        s.present += v != 0;
        i = i == 0 ? shape_of_fours(values, 1, rows, &s) : i + 1;
    }
    s.min++;
    return s;
}

static enum codec choose(const struct shape *s, size_t rows)
{
    uint32_t least = s->present < rows ? 0 : s->min;
    if (least == s->max) return CODEC_PLAIN;
    size_t width = bits_of(s->max - least);
    size_t places = s->present * (bits_of(rows / s->present) + 1);
    size_t plain = rows * width;
    size_t runs = s->runs * (width + bits_of(rows / s->runs) + 1);
    size_t sparse = s->present * width + (places < rows ? places : rows);
    if (sparse < runs) return sparse < plain ? CODEC_SPARSE : CODEC_PLAIN;
    return runs < plain ? CODEC_RUNS : CODEC_PLAIN;
}

static void write_plain(struct codec_writer *w, const uint32_t *v, size_t count, struct strbuf *out)
{
    for (size_t i = 0; i < count; i++)
        w->a[i] = v[i];
    stream_encode(w->streams, w->a, count, STREAM_CODES, out);
}

/* Members go back and forth between two groups: a run's value then is that of the run before the
 * last. Such columns keep what differs from it, which is 0 mostly. */
static bool tell_returns(uint64_t *value, size_t runs)
{
    size_t returns = 0;
    for (size_t i = 2; i < runs; i++)
        returns += value[i] == value[i - 2];
    if (returns < runs / RETURNS_SHARE || returns == 0) return false;
    for (size_t i = runs; i-- > 2;)
        value[i] ^= value[i - 2];
    return true;
}

static void write_runs(struct codec_writer *w, const uint32_t *v, size_t rows, struct strbuf *out)
{
    size_t runs = 0, start = 0;
    for (size_t i = 0; i < rows; i++) { /* no branch: it could not be predicted */
        w->a[runs] = v[i];
        w->b[runs] = i;
        runs += i + 1 == rows || v[i + 1] != v[i];
    }
    for (size_t i = 0; i < runs; i++) {
        size_t end = w->b[i] + 1;
        w->b[i] = end - start - 1;
        start = end;
    }
    put_varint(out, runs);
    put_u8(out, tell_returns(w->a, runs));
    stream_encode(w->streams, w->a, runs, STREAM_CODES, out);
    stream_encode(w->streams, w->b, runs, 0, out);
}

void codec_write_sparse(struct codec_writer *w, const struct sparse *at, const uint32_t *values,
                        struct strbuf *out)
{
    presence_write(w, at, out);
    write_plain(w, values, at->count, out);
}

static void write_present(struct codec_writer *w, const uint32_t *v, size_t rows,
                          struct strbuf *out)
{
    struct sparse at = {.row = w->rows, .rows = rows};
    for (size_t i = 0; i < rows; i++) {
        w->rows[at.count] = (uint32_t)i;
        at.count += v[i] != 0;
    }
    presence_write(w, &at, out);
    for (size_t i = 0; i < at.count; i++)
        w->a[i] = v[w->rows[i]];
    stream_encode(w->streams, w->a, at.count, STREAM_CODES, out);
}

enum codec codec_write_codes(struct codec_writer *w, const uint32_t *values, size_t rows,
                             const struct shape *shape, struct strbuf *out)
{
    assert(rows > 0 && rows <= CODEC_ROWS_MAX);
    enum codec codec = choose(shape, rows);
    if (codec == CODEC_PLAIN) write_plain(w, values, rows, out);
    if (codec == CODEC_RUNS) write_runs(w, values, rows, out);
    if (codec == CODEC_SPARSE) write_present(w, values, rows, out);
    return codec;
}

void codec_write_persona(struct codec_writer *w, const uint32_t *persona, size_t rows,
                         struct strbuf *out)
{
    assert(rows > 0 && rows <= CODEC_ROWS_MAX);
    size_t runs = 0, start = 0;
    for (size_t i = 1; i <= rows; i++) {
        if (i < rows && persona[i] == persona[start]) continue;
        if (i < rows) w->a[runs] = (uint64_t)persona[i] - persona[start] - 1;
        w->b[runs++] = i - start - 1;
        start = i;
    }
    put_varint(out, runs);
    put_varint(out, persona[0]);
    stream_encode(w->streams, w->a, runs - 1, 0, out);
    stream_encode(w->streams, w->b, runs, 0, out);
}

/* 'out' has CODEC_SLACK values of room after the run, so whole vectors are written. */
static inline void fill_run(uint32_t *out, uint32_t value, size_t length)
{
    for (size_t i = 0; i < length; i += 8) {
        for (size_t k = 0; k < 8; k++)
            out[i + k] = value;
    }
}

/* One block of at most 128 runs into 'out', of which 'room' rows are left; rows filled, 0 = bad. */
static size_t fill_runs(uint32_t *out, size_t room, const uint32_t *value, const uint32_t *length,
                        size_t runs)
{
    size_t filled = 0;
    for (size_t i = 0; i < runs; i++) {
        size_t n = (size_t)length[i] + 1;
        if (n > room - filled) return 0;
        fill_run(out + filled, value[i], n);
        filled += n;
    }
    return filled;
}

void turn_returns(uint32_t *value, size_t n, uint32_t last[2])
{
    for (size_t i = 0; i < n; i++) {
        value[i] ^= last[0];
        last[0] = last[1];
        last[1] = value[i];
    }
}

static bool read_runs(struct codec_reader *r, struct byte_reader *in, size_t rows, uint32_t *out)
{
    uint32_t value[BITS_BLOCK], length[BITS_BLOCK];
    uint32_t last[2] = {0, 0};
    size_t runs = get_varint32(in), filled = 0;
    uint8_t returns = get_u8(in);
    if (in->bad || runs == 0 || runs > rows || returns > 1) return false;
    if (!stream_open(&r->a, in, runs, 32) || !stream_open(&r->b, in, runs, 32)) return false;
    while (r->a.body.left) {
        size_t n = r->a.body.left < BITS_BLOCK ? r->a.body.left : BITS_BLOCK;
        if (!stream_next32(&r->a, value) || !stream_next32(&r->b, length)) return false;
        if (returns) turn_returns(value, n, last);
        size_t done = fill_runs(out + filled, rows - filled, value, length, n);
        if (done == 0) return false;
        filled += done;
    }
    return filled == rows;
}

static bool read_present(struct codec_reader *r, struct byte_reader *in, size_t rows, uint32_t *out)
{
    struct presence present;
    if (!presence_read(r, in, rows, &present)) return false;
    if (!stream_open(&r->a, in, present.count, 32)) return false;
    if (present.all) return stream_read32(&r->a, out);
    if (!stream_read32(&r->a, r->narrow)) return false;
    memset(out, 0, rows * sizeof(*out));
    for (size_t i = 0; i < present.count; i++)
        out[r->rows[i]] = r->narrow[i];
    return true;
}

bool codec_read_codes(struct codec_reader *r, enum codec codec, struct str bytes, size_t rows,
                      uint32_t *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    bool good = false;
    if (rows == 0 || rows > CODEC_ROWS_MAX) return false;
    if (codec == CODEC_PLAIN) good = stream_open(&r->a, &in, rows, 32) && stream_read32(&r->a, out);
    if (codec == CODEC_RUNS) good = read_runs(r, &in, rows, out);
    if (codec == CODEC_SPARSE) good = read_present(r, &in, rows, out);
    return good && byte_reader_left(&in) == 0;
}

/* A fixed count, for the compiler to use vectors. Returns all bits that occur. */
static uint32_t narrow_plain(const uint32_t *restrict in, uint32_t base, uint16_t *restrict out)
{
    uint32_t all = 0;
    for (size_t i = 0; i < BITS_BLOCK; i++) {
        all |= in[i] + base;
        out[i] = (uint16_t)(in[i] + base);
    }
    return all;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static uint32_t narrow_avx512(const uint32_t *in, uint32_t base,
                                                                 uint16_t *out)
{
    const __m512i more = _mm512_set1_epi32((int)base);
    __m512i all = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (size_t i = 0; i < BITS_BLOCK; i += 16) {
        void *to = out + i;
        __m512i v = _mm512_add_epi32(_mm512_loadu_si512(in + i), more);
        all = _mm512_or_si512(all, v);
        _mm256_storeu_si256(to, _mm512_cvtepi32_epi16(v));
    }
    return (uint32_t)_mm512_reduce_or_epi32(all);
}

/* Low halves; an order of fours that the last permutation puts right. */
__attribute__((target("avx2"))) static uint32_t narrow_avx2(const uint32_t *in, uint32_t base,
                                                            uint16_t *out)
{
    const __m256i more = _mm256_set1_epi32((int)base), low = _mm256_set1_epi32(UINT16_MAX);
    __m256i all = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (size_t i = 0; i < BITS_BLOCK; i += 16) {
        const void *eight = in + i, *next = in + i + 8;
        void *to = out + i;
        __m256i v = _mm256_add_epi32(_mm256_loadu_si256(eight), more);
        __m256i w = _mm256_add_epi32(_mm256_loadu_si256(next), more);
        all = _mm256_or_si256(all, _mm256_or_si256(v, w));
        v = _mm256_packus_epi32(_mm256_and_si256(v, low), _mm256_and_si256(w, low));
        _mm256_storeu_si256(to, _mm256_permute4x64_epi64(v, 0xd8));
    }
    __m128i half = _mm_or_si128(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    uint64_t two = (uint64_t)_mm_cvtsi128_si64(half) | (uint64_t)_mm_extract_epi64(half, 1);
    return (uint32_t)(two | two >> 32);
}
#endif

static uint32_t narrow_block(const uint32_t *in, uint32_t base, uint16_t *out)
{
#if defined(__x86_64__)
    if (cpu_has_avx512()) return narrow_avx512(in, base, out);
    if (cpu_has_avx2()) return narrow_avx2(in, base, out);
#endif
    return narrow_plain(in, base, out);
}

static bool narrow_rest(const uint32_t *in, size_t count, uint16_t *out)
{
    uint32_t all = 0;
    for (size_t i = 0; i < count; i++) {
        all |= in[i];
        out[i] = (uint16_t)in[i];
    }
    return all <= UINT16_MAX;
}

/* Up to KIND_BLOCKS blocks. */
static bool unpack_blocks(struct codec_reader *r, size_t blocks, uint32_t *out)
{
    for (size_t i = 0; i < blocks; i++) {
        if (!stream_next32(&r->a, out + i * BITS_BLOCK)) return false;
    }
    return true;
}

/* Plain ones, a few blocks at a time: that is how kinds lie. Wide loads of what narrow stores have
 * just written would wait for them, so each block is read when some more have been unpacked. */
static bool read_kinds(struct codec_reader *r, struct byte_reader *in, size_t rows, uint16_t *out)
{
    uint32_t block[KIND_BLOCKS * BITS_BLOCK], all = 0;
    uint64_t base = 0, scale;
    if (!stream_open(&r->a, in, rows, 32)) return false;
    if (r->a.body.scale == 1) stream_take_unit(&r->a, &base, &scale);
    if (base > UINT16_MAX) return false;
    while (r->a.body.left >= BITS_BLOCK) {
        size_t blocks = r->a.body.left / BITS_BLOCK;
        if (blocks > KIND_BLOCKS) blocks = KIND_BLOCKS;
        if (!unpack_blocks(r, blocks, block)) return false;
        for (size_t i = 0; i < blocks; i++, out += BITS_BLOCK)
            all |= narrow_block(block + i * BITS_BLOCK, (uint32_t)base, out);
    }
    size_t rest = r->a.body.left;
    if (rest && !stream_next32(&r->a, block)) return false;
    for (size_t i = 0; i < rest; i++)
        block[i] += (uint32_t)base;
    return narrow_rest(block, rest, out) && all <= UINT16_MAX;
}

bool codec_read_kinds(struct codec_reader *r, enum codec codec, struct str bytes, size_t rows,
                      uint16_t *out)
{
    if (codec != CODEC_PLAIN) {
        return codec_read_codes(r, codec, bytes, rows, r->kinds) &&
               narrow_rest(r->kinds, rows, out);
    }
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    if (rows == 0 || rows > CODEC_ROWS_MAX) return false;
    return read_kinds(r, &in, rows, out) && byte_reader_left(&in) == 0;
}

bool codec_read_persona(struct codec_reader *r, struct str bytes, size_t rows, uint32_t *persona,
                        uint32_t *off, uint32_t *runs)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    size_t count = get_varint32(&in), filled = 0;
    uint64_t last = get_varint32(&in);
    if (in.bad || count == 0 || count > rows || rows > CODEC_ROWS_MAX) return false;
    if (!stream_open(&r->a, &in, count - 1, 32) || !stream_read32(&r->a, r->narrow)) return false;
    if (!stream_open(&r->b, &in, count, 32) || !stream_read32(&r->b, r->length)) return false;
    for (size_t i = 0; i < count; i++) {
        if (r->length[i] >= rows - filled) return false;
        persona[i] = (uint32_t)last;
        off[i] = (uint32_t)filled;
        filled += r->length[i] + (size_t)1;
        if (i + 1 < count) last += (uint64_t)r->narrow[i] + 1;
        if (last > UINT32_MAX) return false;
    }
    off[count] = (uint32_t)filled;
    *runs = (uint32_t)count;
    return filled == rows && byte_reader_left(&in) == 0;
}
