/* codec_time.c - when events happened and when they arrived.
 *
 * Gaps within a member are small, jumps between members are not: so the first time of each run of
 * equal personas goes to one stream and the gaps that follow to another. Reading sums the gaps;
 * those that may be wider than 32 bits in place, unpacked to the end of 'out'. */
#include "eventlog/codec_scratch.h"

#include <assert.h>

#include "eventlog/codec_sum.h"
#include "eventlog/event.h"

#define CONSTANT_BYTES 16 /* nothing this short is worth a second try */

_Static_assert(EVENT_AT_MAX <= CODEC_STEP_MAX / 2, "stream_limit passes every time");

void codec_write_at(struct codec_writer *w, const uint32_t *persona, const int64_t *at, size_t rows,
                    struct strbuf *out)
{
    assert(rows > 0 && rows <= CODEC_ROWS_MAX);
    size_t runs = 0, gaps = 0;
    w->a[runs++] = (uint64_t)at[0];
    for (size_t i = 1; i < rows; i++) {
        if (persona[i] == persona[i - 1]) {
            w->b[gaps++] = (uint64_t)at[i] - (uint64_t)at[i - 1];
        } else {
            w->a[runs++] = (uint64_t)at[i];
        }
    }
    stream_encode(w->streams, w->a, runs, STREAM_TIME, out);
    stream_encode(w->streams, w->b, gaps, STREAM_TIME, out);
}

bool codec_read_at(struct codec_reader *r, struct str bytes, const uint32_t *off, uint32_t runs,
                   int64_t at_max, int64_t *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    uint64_t *time = (uint64_t *)out; /* the signed type of the same size may be written so */
    struct gaps g = {.first = r->wide, .off = off, .runs = runs};
    if (!stream_open(&r->a, &in, runs, 64) || !stream_limit(&r->a, CODEC_STEP_MAX)) return false;
    if (!stream_read(&r->a, r->wide)) return false;
    if (!stream_open(&r->a, &in, off[runs] - runs, 64) || !stream_limit(&r->a, CODEC_STEP_MAX))
        return false;
    stream_take_unit(&r->a, &g.base, &g.unit);
    bool narrow = stream_is_narrow(&r->a) && g.unit <= UINT32_MAX;
    bool good = narrow ? stream_read32(&r->a, r->narrow) : stream_read(&r->a, time + runs);
    if (!good || byte_reader_left(&in)) return false;
    uint64_t latest = narrow ? sum_narrow(&g, r->narrow, time) : sum_wide(&g, time + runs, time);
    return latest <= (uint64_t)at_max;
}

static bool choose_of_all(struct codec_reader *r, struct str bytes, const struct chosen *c,
                          int64_t at_max, int64_t *out)
{
    if (!codec_read_at(r, bytes, c->off, c->runs, at_max, out)) return false;
    for (uint32_t i = 0; i < c->count; i++)
        out[i] = out[c->row[i]];
    return true;
}

/* A row's time is the first of its run and the gaps since then: the difference of two sums over all
 * gaps, as if there were no runs. */
bool codec_read_chosen_at(struct codec_reader *r, struct str bytes, const struct chosen *c,
                          int64_t at_max, int64_t *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    uint64_t base, unit, latest = 0;
    uint64_t before[CODEC_ROWS_MAX / SUM_BLOCK + 1];
    if (!stream_open(&r->a, &in, c->runs, 64) || !stream_limit(&r->a, CODEC_STEP_MAX)) return false;
    if (!stream_read(&r->a, r->wide)) return false;
    if (!stream_open(&r->a, &in, c->rows - c->runs, 64) || !stream_limit(&r->a, CODEC_STEP_MAX))
        return false;
    if (!stream_is_narrow(&r->a)) return choose_of_all(r, bytes, c, at_max, out);
    stream_take_unit(&r->a, &base, &unit);
    if (!stream_read32(&r->a, r->narrow) || byte_reader_left(&in)) return false;
    if (!sum_blocks(r->narrow, c->rows - c->runs, before))
        return choose_of_all(r, bytes, c, at_max, out);
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t run = c->run[i], first = c->off[run], steps = c->row[i] - first;
        uint32_t from = first - run, to = from + steps; /* gaps before the two */
        uint64_t sum = before[to / SUM_BLOCK] + r->narrow[to];
        sum -= before[from / SUM_BLOCK] + r->narrow[from];
        uint64_t at = r->wide[run] + base * steps + unit * sum;
        latest = at > latest ? at : latest;
        out[i] = (int64_t)at;
    }
    return latest <= (uint64_t)at_max;
}

/* Differences wrap around, so that any two times may be differed. */
static bool lags_of(struct codec_writer *w, const int64_t *at, const int64_t *received, size_t rows)
{
    bool negative = false;
    for (size_t i = 0; i < rows; i++) {
        int64_t lag = (int64_t)((uint64_t)received[i] - (uint64_t)at[i]);
        negative |= lag < 0;
        w->a[i] = (uint64_t)lag;
    }
    for (size_t i = 0; i < rows && negative; i++)
        w->a[i] = zigzag((int64_t)w->a[i]);
    return negative;
}

static bool is_constant(const int64_t *v, size_t count)
{
    int64_t differ = 0;
    for (size_t i = 1; i < count; i++)
        differ |= v[i] ^ v[0];
    return differ == 0;
}

enum codec codec_write_received(struct codec_writer *w, const int64_t *at, const int64_t *received,
                                size_t rows, struct strbuf *out)
{
    assert(rows > 0 && rows <= CODEC_ROWS_MAX);
    const struct sparse all = {.count = rows, .rows = rows};
    if (is_constant(received, rows) && !is_constant(at, rows)) { /* nothing is shorter */
        codec_write_amounts(w, &all, received, out);
        return CODEC_NUMBER;
    }
    struct strbuf *lag = &w->trial[0], *whole = &w->trial[1];
    strbuf_reset(lag);
    strbuf_reset(whole);
    put_u8(lag, lags_of(w, at, received, rows));
    stream_encode(w->streams, w->a, rows, STREAM_TIME, lag);
    if (lag->len <= CONSTANT_BYTES) {
        strbuf_add_str(out, strbuf_str(lag));
        return CODEC_LAG;
    }
    codec_write_amounts(w, &all, received, whole);
    bool closer = lag->len <= whole->len;
    strbuf_add_str(out, strbuf_str(closer ? lag : whole));
    return closer ? CODEC_LAG : CODEC_NUMBER;
}

static bool read_lags(struct codec_reader *r, struct str bytes, const int64_t *at, size_t rows,
                      int64_t *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    uint8_t negative = get_u8(&in);
    uint64_t *time = (uint64_t *)out;
    if (negative > 1 || !stream_open(&r->a, &in, rows, 64)) return false;
    if (!stream_read(&r->a, time) || byte_reader_left(&in)) return false;
    for (size_t i = 0; i < rows && negative; i++)
        time[i] = (uint64_t)unzigzag(time[i]);
    for (size_t i = 0; i < rows; i++)
        time[i] += (uint64_t)at[i];
    return true;
}

bool codec_read_received(struct codec_reader *r, enum codec codec, struct str bytes,
                         const int64_t *at, size_t rows, int64_t *out)
{
    if (codec == CODEC_LAG) return read_lags(r, bytes, at, rows, out);
    return codec == CODEC_NUMBER && codec_read_amounts(r, bytes, rows, out);
}
