/* codec_slice.c - the rows of one member out of a chunk.
 *
 * Rows of plain columns are found by their number. Of runs the lengths before the rows are summed;
 * of sparse columns the bits of the bitmap before them are counted, or the gaps summed, which tells
 * where among the values theirs begin. Times are found by the member's run: its gaps lie behind
 * those of the rows before it, one less for each run. */
#include "eventlog/codec_scratch.h"

#include <assert.h>
#include <math.h>

#include "base/history.h"

static size_t next_count(const struct stream_reader *s)
{
    return s->body.left < BITS_BLOCK ? s->body.left : BITS_BLOCK;
}

/* Of a whole block of lengths or gaps, each of which stands for one more. */
static uint64_t sum_block(const uint32_t length[BITS_BLOCK])
{
    uint64_t sum = BITS_BLOCK;
    for (size_t i = 0; i < BITS_BLOCK; i++)
        sum += length[i];
    return sum;
}

/* --- runs --- */

/* Runs first .. last - 1 are those with rows of the slice. */
struct runs {
    size_t first, last;
    uint64_t row; /* the first of run 'first' */
};

/* Note the runs of a block that have rows of the slice, their lengths in codec_reader.length;
 * 'row' is the first of the block, and moves behind it. */
static void note_runs(struct codec_reader *r, const struct slice *s, const uint32_t *length,
                      size_t n, uint64_t *row, struct runs *out)
{
    for (size_t i = 0; i < n && *row < s->to; i++) {
        uint64_t begin = *row;
        *row += length[i] + (uint64_t)1;
        if (*row <= s->from) {
            out->first++;
            continue;
        }
        if (out->last == 0) out->row = begin;
        r->length[out->last++] = length[i];
    }
}

/* By the lengths of all runs before, in r->b. */
static bool find_runs(struct codec_reader *r, const struct slice *s, struct runs *out)
{
    uint32_t length[BITS_BLOCK];
    uint64_t row = 0;
    *out = (struct runs){0};
    while (r->b.body.left && row < s->to) {
        size_t n = next_count(&r->b);
        if (!stream_next32(&r->b, length)) return false;
        uint64_t sum = n == BITS_BLOCK ? sum_block(length) : UINT64_MAX;
        if (sum <= s->from && row + sum <= s->from) {
            row += sum;
            out->first += n;
        } else {
            note_runs(r, s, length, n, &row, out);
        }
    }
    out->last += out->first;
    return row >= s->to && row <= s->rows;
}

/* What the two runs behind a whole block return to: each second value of all before. */
static void pass_returns(const uint32_t value[BITS_BLOCK], uint32_t last[2])
{
    uint64_t two = 0;
    for (size_t i = 0; i < BITS_BLOCK; i += 2) {
        uint64_t pair;
        memcpy(&pair, value + i, sizeof(pair));
        two ^= pair;
    }
    last[0] ^= (uint32_t)two;
    last[1] ^= (uint32_t)(two >> 32);
}

/* The values of runs first .. last - 1 to 'out', each by those before it. */
static bool slice_returns(struct stream_reader *s, size_t first, size_t last, uint32_t *out)
{
    uint32_t value[BITS_BLOCK], before[2] = {0, 0};
    for (size_t pos = 0; pos < last; pos += BITS_BLOCK) {
        size_t n = next_count(s), end = last - pos < n ? last - pos : n;
        if (!stream_next32(s, value)) return false;
        if (pos + BITS_BLOCK <= first) {
            pass_returns(value, before);
            continue;
        }
        turn_returns(value, n, before);
        for (size_t i = pos < first ? first - pos : 0; i < end; i++)
            *out++ = value[i];
    }
    return true;
}

static bool slice_runs(struct codec_reader *r, struct byte_reader *in, const struct slice *s,
                       uint32_t *out)
{
    struct runs found;
    size_t runs = get_varint32(in);
    uint8_t returns = get_u8(in);
    if (in->bad || runs == 0 || runs > s->rows || returns > 1) return false;
    if (!stream_open(&r->a, in, runs, 32) || !stream_open(&r->b, in, runs, 32)) return false;
    if (!find_runs(r, s, &found)) return false;
    bool good = returns ? slice_returns(&r->a, found.first, found.last, r->narrow)
                        : stream_slice32(&r->a, found.first, found.last, r->narrow);
    if (!good) return false;
    uint64_t row = found.row;
    for (size_t i = 0; i < found.last - found.first; i++) {
        uint64_t end = row + r->length[i] + 1;
        for (uint64_t at = row < s->from ? s->from : row; at < end && at < s->to; at++)
            out[at - s->from] = r->narrow[i];
        row = end;
    }
    return true;
}

/* --- presence --- */

/* Values first .. last - 1 are of rows of the slice: those in codec_reader.rows, from 0 as the
 * first of the slice on, unless every row has one. */
struct present {
    bool all;
    size_t count; /* values of the group */
    size_t first, last;
};

static bool slice_bitmap(struct codec_reader *r, struct byte_reader *in, const struct slice *s,
                         struct present *out)
{
    const uint8_t *bitmap = get_bytes(in, (s->rows + (size_t)7) / 8);
    size_t found = 0;
    uint64_t word;
    if (!bitmap) return false;
    out->first = 0;
    for (uint32_t row = 0; row < s->from; row += 64) { /* the last word may reach into the pad */
        memcpy(&word, bitmap + row / 8, sizeof(word));
        if (s->from - row < 64) word &= (UINT64_C(1) << (s->from - row)) - 1;
        out->first += (size_t)__builtin_popcountll(word);
    }
    for (uint32_t row = s->from; row < s->to; row++) {
        r->rows[found] = row - s->from;
        found += bitmap[row / 8] >> row % 8 & 1;
    }
    out->last = out->first + found;
    return out->last <= out->count;
}

/* Note the rows of the slice that a block of gaps leads to; 'row' is the first that may follow. */
static void note_rows(struct codec_reader *r, const struct slice *s, const uint32_t *gap, size_t n,
                      uint64_t *row, struct present *out)
{
    for (size_t i = 0; i < n; i++, ++*row) {
        *row += gap[i];
        if (*row >= s->to) return;
        if (*row < s->from) {
            out->first++;
        } else {
            r->rows[out->last++] = (uint32_t)*row - s->from;
        }
    }
}

static bool slice_list(struct codec_reader *r, struct byte_reader *in, const struct slice *s,
                       struct present *out)
{
    uint32_t gap[BITS_BLOCK];
    uint64_t row = 0;
    out->first = out->last = 0;
    if (!stream_open(&r->b, in, out->count, 32)) return false;
    while (r->b.body.left && row < s->to) {
        size_t n = next_count(&r->b);
        if (!stream_next32(&r->b, gap)) return false;
        uint64_t sum = n == BITS_BLOCK ? sum_block(gap) : UINT64_MAX;
        if (sum <= s->from && row + sum <= s->from) {
            row += sum;
            out->first += n;
        } else {
            note_rows(r, s, gap, n, &row, out);
        }
    }
    out->last += out->first;
    return true;
}

static bool slice_presence(struct codec_reader *r, struct byte_reader *in, const struct slice *s,
                           struct present *out)
{
    uint8_t form = get_u8(in);
    out->all = form == PRESENT_ALL;
    out->count = out->all ? s->rows : get_varint32(in);
    if (in->bad || form > PRESENT_LIST || out->count == 0 || out->count > s->rows) return false;
    if (form == PRESENT_BITMAP) return slice_bitmap(r, in, s, out);
    if (form == PRESENT_LIST) return slice_list(r, in, s, out);
    out->first = s->from;
    out->last = s->to;
    return true;
}

/* --- codes --- */

static bool slice_present(struct codec_reader *r, struct byte_reader *in, const struct slice *s,
                          uint32_t *out)
{
    struct present p;
    if (!slice_presence(r, in, s, &p) || !stream_open(&r->a, in, p.count, 32)) return false;
    if (p.all) return stream_slice32(&r->a, p.first, p.last, out);
    if (!stream_slice32(&r->a, p.first, p.last, r->narrow)) return false;
    memset(out, 0, (s->to - s->from) * sizeof(*out));
    for (size_t i = 0; i < p.last - p.first; i++)
        out[r->rows[i]] = r->narrow[i];
    return true;
}

static bool is_sound(const struct slice *s)
{
    return s->from < s->to && s->to <= s->rows && s->rows <= CODEC_ROWS_MAX;
}

bool codec_slice_codes(struct codec_reader *r, enum codec codec, struct str bytes, struct slice s,
                       uint32_t *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    bool good = false;
    assert(is_sound(&s));
    if (codec == CODEC_PLAIN)
        good = stream_open(&r->a, &in, s.rows, 32) && stream_slice32(&r->a, s.from, s.to, out);
    if (codec == CODEC_RUNS) good = slice_runs(r, &in, &s, out);
    if (codec == CODEC_SPARSE) good = slice_present(r, &in, &s, out);
    return good && byte_reader_left(&in) == 0;
}

bool codec_slice_kinds(struct codec_reader *r, enum codec codec, struct str bytes, struct slice s,
                       uint16_t *out)
{
    uint32_t all = 0;
    if (!codec_slice_codes(r, codec, bytes, s, r->kinds)) return false;
    for (uint32_t i = 0; i < s.to - s.from; i++) {
        all |= r->kinds[i];
        out[i] = (uint16_t)r->kinds[i];
    }
    return all <= UINT16_MAX;
}

/* --- times --- */

bool codec_slice_at(struct codec_reader *r, struct str bytes, struct slice s, int64_t at_max,
                    int64_t *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    size_t gaps = s.to - s.from - (size_t)1, before = s.from - (size_t)s.run;
    uint64_t at;
    assert(is_sound(&s) && s.run < s.runs && s.run <= s.from);
    assert(s.runs <= s.rows && before + gaps <= s.rows - s.runs);
    if (!stream_open(&r->a, &in, s.runs, 64) || !stream_limit(&r->a, CODEC_STEP_MAX)) return false;
    if (!stream_slice(&r->a, s.run, s.run + (size_t)1, &at)) return false;
    if (!stream_open(&r->a, &in, s.rows - s.runs, 64) || !stream_limit(&r->a, CODEC_STEP_MAX))
        return false;
    if (!stream_slice(&r->a, before, before + gaps, r->wide) || byte_reader_left(&in)) return false;
    out[0] = (int64_t)at;
    for (size_t i = 0; i < gaps; i++) {
        at += r->wide[i]; /* no overflow: CODEC_STEP_MAX for each row */
        out[i + 1] = (int64_t)at;
    }
    return at <= (uint64_t)at_max;
}

static bool slice_lags(struct codec_reader *r, struct str bytes, const struct slice *s,
                       const int64_t *at, int64_t *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    uint8_t negative = get_u8(&in);
    if (negative > 1 || !stream_open(&r->a, &in, s->rows, 64)) return false;
    if (!stream_slice(&r->a, s->from, s->to, r->wide) || byte_reader_left(&in)) return false;
    for (size_t i = 0; i < s->to - s->from; i++) {
        uint64_t lag = negative ? (uint64_t)unzigzag(r->wide[i]) : r->wide[i];
        out[i] = (int64_t)((uint64_t)at[i] + lag);
    }
    return true;
}

bool codec_slice_received(struct codec_reader *r, enum codec codec, struct str bytes,
                          struct slice s, const int64_t *at, int64_t *out)
{
    assert(is_sound(&s));
    if (codec == CODEC_LAG) return slice_lags(r, bytes, &s, at, out);
    return codec == CODEC_NUMBER && codec_slice_amounts(r, bytes, s, out);
}

/* --- numbers --- */

/* The numbers of the slice's rows that have one into r->wide. */
static bool slice_signed(struct codec_reader *r, struct str bytes, const struct slice *s,
                         uint8_t *digits, struct present *p)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    *digits = get_u8(&in);
    uint8_t negative = get_u8(&in);
    assert(is_sound(s));
    if (negative > 1 || !slice_presence(r, &in, s, p)) return false;
    if (!stream_open(&r->a, &in, p->count, 64)) return false;
    if (!stream_slice(&r->a, p->first, p->last, r->wide)) return false;
    for (size_t i = 0; i < p->last - p->first && negative; i++)
        r->wide[i] = (uint64_t)unzigzag(r->wide[i]);
    return byte_reader_left(&in) == 0;
}

bool codec_slice_amounts(struct codec_reader *r, struct str bytes, struct slice s, int64_t *out)
{
    uint8_t digits;
    struct present p;
    if (!slice_signed(r, bytes, &s, &digits, &p) || digits != 0) return false;
    for (size_t i = 0; i < s.to - s.from && !p.all; i++)
        out[i] = HISTORY_NO_AMOUNT;
    for (size_t i = 0; i < p.last - p.first; i++)
        out[p.all ? i : r->rows[i]] = (int64_t)r->wide[i];
    return true;
}

bool codec_slice_numbers(struct codec_reader *r, struct str bytes, struct slice s, double *out)
{
    uint8_t digits;
    struct present p;
    if (!slice_signed(r, bytes, &s, &digits, &p)) return false;
    if (digits > DIGITS_MAX && digits != DIGITS_IEEE) return false;
    for (size_t i = 0; i < s.to - s.from && !p.all; i++)
        out[i] = NAN;
    for (size_t i = 0; i < p.last - p.first; i++)
        out[p.all ? i : r->rows[i]] = number_of(r->wide[i], digits);
    return true;
}
