/* codec_test.c - the codecs of columns: what goes in comes out, and whatever bytes come in, nothing
 * but an answer comes out. Memory errors are the sanitizers' to find. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/cpu.h"
#include "codec_fixture.h"
#include "eventlog/codec.h"
#include "eventlog/codec_stream_form.h"
#include "eventlog/codec_sum.h"
#include "eventlog/event.h"
#include "eventlog_test.h"

/* Both sides of the column codecs, and room for a group. */
struct bench {
    struct codec_writer *w;
    struct codec_reader *r;
    struct strbuf bytes;
    uint8_t *p; /* padded copy of bytes */
    struct rng rng;
    uint32_t *code, *code_out; /* [CODEC_ROWS_MAX] and slack */
    uint32_t *off, runs;       /* of the personas read last, which are in code_out */
    int64_t *time, *time_out;
    double *number, *number_out;
};

static struct bench *bench_create(uint64_t seed)
{
    struct bench *b = mem_alloc(sizeof(*b));
    size_t n = CODEC_ROWS_MAX + CODEC_SLACK;
    b->w = codec_writer_create();
    b->r = codec_reader_create();
    rng_init(&b->rng, test_seed(seed));
    b->code = mem_alloc_array(n, sizeof(*b->code));
    b->code_out = mem_alloc_array(n, sizeof(*b->code_out));
    b->off = mem_alloc_array(n, sizeof(*b->off));
    b->time = mem_alloc_array(n, sizeof(*b->time));
    b->time_out = mem_alloc_array(n, sizeof(*b->time_out));
    b->number = mem_alloc_array(n, sizeof(*b->number));
    b->number_out = mem_alloc_array(n, sizeof(*b->number_out));
    return b;
}

static void bench_destroy(struct bench *b)
{
    codec_writer_destroy(b->w);
    codec_reader_destroy(b->r);
    strbuf_finish(&b->bytes);
    mem_free(b->p);
    mem_free(b->code);
    mem_free(b->code_out);
    mem_free(b->off);
    mem_free(b->time);
    mem_free(b->time_out);
    mem_free(b->number);
    mem_free(b->number_out);
    mem_free(b);
}

static struct str bench_bytes(struct bench *b)
{
    mem_free(b->p);
    b->p = padded(b->bytes.p, b->bytes.len);
    return (struct str){(const char *)b->p, b->bytes.len};
}

static size_t some_rows(struct rng *rng)
{
    static const size_t edges[] = {1, 2, 127, 128, 129, 1000, 65535, 65536};
    return rng_below(rng, 2) ? edges[rng_below(rng, 8)] : 1 + rng_below(rng, 5000);
}

static void codes_come_back_whatever_codec_they_get(void **state)
{
    (void)state;
    struct bench *b = bench_create(5);
    size_t used[CODEC_END] = {0};
    for (unsigned trial = 0; trial < 600; trial++) {
        size_t rows = some_rows(&b->rng), left = 0;
        unsigned width = (unsigned)rng_below(&b->rng, 33), nulls = (unsigned)rng_below(&b->rng, 3);
        uint64_t run = rng_below(&b->rng, 3) ? 1 : 1 + rng_below(&b->rng, 40);
        for (size_t i = 0; i < rows; i++) {
            if (left == 0)
                left = 1 + rng_below(&b->rng, run);
            else
                b->code[i] = b->code[i - 1];
            if (left-- == 1 || i == 0) b->code[i] = (uint32_t)bits(&b->rng, width);
            if (nulls && rng_below(&b->rng, nulls == 1 ? 3 : 50)) b->code[i] = 0;
        }
        struct shape shape = codec_shape(b->code, rows);
        strbuf_reset(&b->bytes);
        enum codec codec = codec_write_codes(b->w, b->code, rows, &shape, &b->bytes);
        used[codec]++;
        assert_true(codec_read_codes(b->r, codec, bench_bytes(b), rows, b->code_out));
        assert_memory_equal(b->code, b->code_out, rows * sizeof(*b->code));
    }
    assert_true(used[CODEC_PLAIN] && used[CODEC_RUNS] && used[CODEC_SPARSE]);
    bench_destroy(b);
}

static void the_shape_of_codes_is_what_counting_says(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, test_seed(6));
    for (unsigned trial = 0; trial < 500; trial++) {
        uint32_t v[50], min = UINT32_MAX, max = 0;
        size_t rows = 1 + rng_below(&rng, 50), runs = 0, present = 0;
        unsigned width = (unsigned)rng_below(&rng, 33);
        for (size_t i = 0; i < rows; i++) {
            v[i] = rng_below(&rng, 3) ? (uint32_t)bits(&rng, width) : 0;
            runs += i == 0 || v[i] != v[i - 1];
            present += v[i] != 0;
            if (v[i] && v[i] < min) min = v[i];
            if (v[i] > max) max = v[i];
        }
        struct shape shape = codec_shape(v, rows);
        assert_int_equal(shape.runs, runs);
        assert_int_equal(shape.present, present);
        assert_int_equal(shape.max, max);
        assert_int_equal(shape.min, present ? min : 0);
    }
}

static void sums_of_blocks_are_those_one_by_one(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, test_seed(27));
    for (unsigned trial = 0; trial < 600; trial++) {
        uint32_t gap[8 * SUM_BLOCK], got[8 * SUM_BLOCK];
        uint64_t before[8], sum = 0, all = 0;
        size_t count = rng_below(&rng, 7 * SUM_BLOCK);
        unsigned width = 20 + (unsigned)rng_below(&rng, 13);
        bool fits = true;
        for (size_t i = 0; i < count; i++)
            gap[i] = (uint32_t)bits(&rng, rng_below(&rng, 64) ? 25 : width);
        for (int level = CPU_PLAIN; level <= CPU_AVX512; level++) {
            cpu_limit((enum cpu_level)level);
            memcpy(got, gap, count * sizeof(gap[0]));
            bool good = sum_blocks(got, count, before);
            all = 0, fits = true;
            for (size_t i = 0; i <= count; i++) {
                if (i % SUM_BLOCK == 0) sum = 0;
                if (good) assert_true(before[i / SUM_BLOCK] + got[i] == all);
                sum += i < count ? gap[i] : 0;
                all += i < count ? gap[i] : 0;
                fits &= sum <= UINT32_MAX;
            }
            assert_int_equal(good, fits);
        }
    }
    cpu_limit(CPU_AVX512);
}

static void kinds_are_16_bits_or_refused(void **state)
{
    (void)state;
    struct bench *b = bench_create(7);
    uint16_t out[1000 + CODEC_SLACK];
    for (unsigned trial = 0; trial < 50; trial++) {
        cpu_limit((enum cpu_level)(trial % 3));
        for (size_t i = 0; i < 1000; i++)
            b->code[i] = (uint32_t)bits(&b->rng, 16);
        if (trial % 2) b->code[rng_below(&b->rng, 1000)] = 65536 + (uint32_t)bits(&b->rng, 3);
        struct shape shape = codec_shape(b->code, 1000);
        strbuf_reset(&b->bytes);
        enum codec codec = codec_write_codes(b->w, b->code, 1000, &shape, &b->bytes);
        bool good = codec_read_kinds(b->r, codec, bench_bytes(b), 1000, out);
        assert_int_equal(good, trial % 2 == 0);
        for (size_t i = 0; good && i < 1000; i++)
            assert_int_equal(out[i], b->code[i]);
    }
    cpu_limit(CPU_AVX512);
    bench_destroy(b);
}

static void fill_history(struct bench *b, size_t rows, uint64_t unit, unsigned length)
{
    uint32_t persona = (uint32_t)rng_below(&b->rng, 3);
    uint64_t at = 0;
    for (size_t i = 0; i < rows; i++) {
        bool fresh = i == 0 || rng_below(&b->rng, length) == 0;
        if (fresh && i) persona += 1 + (rng_below(&b->rng, 4) ? 0 : (uint32_t)bits(&b->rng, 12));
        if (fresh)
            at = rng_below(&b->rng, 2000000000000u / unit) * unit;
        else
            at += bits(&b->rng, rng_below(&b->rng, 10) ? 6 : 20) * unit;
        b->code[i] = persona;
        b->time[i] = (int64_t)at;
    }
}

/* b->bytes are the personas in b->code. */
static void assert_personas(struct bench *b, size_t rows)
{
    assert_true(codec_read_persona(b->r, bench_bytes(b), rows, b->code_out, b->off, &b->runs));
    assert_int_equal(b->off[0], 0);
    assert_int_equal(b->off[b->runs], rows);
    for (uint32_t run = 0; run < b->runs; run++) {
        if (run) assert_true(b->code_out[run] > b->code_out[run - 1]);
        for (uint32_t i = b->off[run]; i < b->off[run + 1]; i++)
            assert_int_equal(b->code[i], b->code_out[run]);
    }
}

/* Whether the second stream of a chunk of times, the gaps, is one of whole bytes. */
static bool bytes_form_is_there(struct str chunk)
{
    struct byte_reader r = byte_reader_of(chunk.p, chunk.len);
    get_bytes(&r, get_varint32(&r));
    get_varint(&r);
    return get_u8(&r) == STREAM_BYTES;
}

static void personas_and_times_come_back_in_every_unit(void **state)
{
    (void)state;
    static const uint64_t units[] = {1, 1000, 60000, 3600000, 86400000};
    struct bench *b = bench_create(8);
    size_t narrow = 0;
    for (unsigned trial = 0; trial < 200; trial++) {
        size_t rows = some_rows(&b->rng);
        fill_history(b, rows, units[trial % 5], 1u << rng_below(&b->rng, 17));
        strbuf_reset(&b->bytes);
        codec_write_persona(b->w, b->code, rows, &b->bytes);
        assert_personas(b, rows);
        int64_t last = 0;
        for (size_t i = 0; i < rows; i++)
            last = b->time[i] > last ? b->time[i] : last;
        strbuf_reset(&b->bytes);
        codec_write_at(b->w, b->code, b->time, rows, &b->bytes);
        struct str bytes = bench_bytes(b);
        narrow += bytes_form_is_there(bytes);
        for (int level = CPU_PLAIN; level <= CPU_AVX512; level++) {
            memset(b->time_out, 0, rows * sizeof(*b->time));
            cpu_limit((enum cpu_level)level);
            assert_true(codec_read_at(b->r, bytes, b->off, b->runs, last, b->time_out));
            assert_memory_equal(b->time, b->time_out, rows * sizeof(*b->time));
        }
        if (last) assert_false(codec_read_at(b->r, bytes, b->off, b->runs, last - 1, b->time_out));
    }
    cpu_limit(CPU_AVX512);
    assert_true(narrow > 0);
    bench_destroy(b);
}

static void the_first_and_the_last_possible_time_come_back(void **state)
{
    (void)state;
    struct bench *b = bench_create(9);
    b->code[0] = 0, b->time[0] = 0;
    b->code[1] = 0, b->time[1] = EVENT_AT_MAX;
    b->code[2] = UINT32_MAX, b->time[2] = EVENT_AT_MAX;
    codec_write_persona(b->w, b->code, 3, &b->bytes);
    assert_personas(b, 3);
    strbuf_reset(&b->bytes);
    codec_write_at(b->w, b->code, b->time, 3, &b->bytes);
    assert_true(codec_read_at(b->r, bench_bytes(b), b->off, b->runs, EVENT_AT_MAX, b->time_out));
    assert_memory_equal(b->time, b->time_out, 3 * sizeof(*b->time));
    bench_destroy(b);
}

static void arrival_times_come_back_and_cost_nothing_when_they_say_nothing(void **state)
{
    (void)state;
    struct bench *b = bench_create(10);
    int64_t *received = mem_alloc_array(CODEC_ROWS_MAX, sizeof(*received));
    for (unsigned trial = 0; trial < 200; trial++) {
        size_t rows = some_rows(&b->rng);
        fill_history(b, rows, 1, 100);
        for (size_t i = 0; i < rows; i++) {
            received[i] = b->time[i];
            if (trial % 4 == 1) received[i] += (int64_t)bits(&b->rng, 8) - 20;
            if (trial % 4 == 2) received[i] = 1700000000000;
            if (trial % 4 == 3) received[i] = (int64_t)rng_next(&b->rng);
        }
        strbuf_reset(&b->bytes);
        enum codec codec = codec_write_received(b->w, b->time, received, rows, &b->bytes);
        if (trial % 2 == 0) assert_true(b->bytes.len < 16);
        assert_true(codec_read_received(b->r, codec, bench_bytes(b), b->time, rows, b->time_out));
        assert_memory_equal(received, b->time_out, rows * sizeof(*received));
    }
    mem_free(received);
    bench_destroy(b);
}

/* Rows that have a value, one in 'every' on average, at least one. */
static struct sparse some_present(struct rng *rng, uint32_t *row, size_t rows, uint64_t every)
{
    struct sparse at = {.row = row, .rows = rows};
    for (size_t i = 0; i < rows; i++) {
        if (rng_below(rng, every) == 0 || (i + 1 == rows && at.count == 0))
            row[at.count++] = (uint32_t)i;
    }
    return at;
}

static void amounts_come_back_with_their_nulls(void **state)
{
    (void)state;
    struct bench *b = bench_create(11);
    for (unsigned trial = 0; trial < 200; trial++) {
        size_t rows = some_rows(&b->rng), next = 0;
        struct sparse at = some_present(&b->rng, b->code, rows, 1u << rng_below(&b->rng, 9));
        for (size_t i = 0; i < at.count; i++) {
            b->time[i] = (int64_t)bits(&b->rng, 20) * 100;
            if (trial % 3 == 1) b->time[i] -= 3000000;
            if (trial % 3 == 2) b->time[i] = (int64_t)rng_next(&b->rng) | 1;
        }
        strbuf_reset(&b->bytes);
        codec_write_amounts(b->w, &at, b->time, &b->bytes);
        assert_true(codec_read_amounts(b->r, bench_bytes(b), rows, b->time_out));
        for (size_t i = 0; i < rows; i++) {
            bool present = next < at.count && b->code[next] == i;
            assert_true(b->time_out[i] == (present ? b->time[next] : HISTORY_NO_AMOUNT));
            next += present;
        }
    }
    bench_destroy(b);
}

static double some_number(struct rng *rng, unsigned kind)
{
    static const double odd[] = {
        0.0, -0.0, 1e308, -1e308, 5e-324,    INFINITY,   -INFINITY,
        0.1, 1e15, 1e16,  -0.3,   1.0 / 3.0, 123456.789, 9007199254740993.0};
    if (kind == 0) return (double)bits(rng, 10);
    if (kind == 1) return (double)bits(rng, 20) / 100;
    if (kind == 2) return -(double)bits(rng, 30) / 1000000;
    if (kind == 3) return rng_unit(rng);
    return odd[rng_below(rng, sizeof(odd) / sizeof(odd[0]))];
}

static void numbers_come_back_to_the_last_bit(void **state)
{
    (void)state;
    struct bench *b = bench_create(12);
    for (unsigned trial = 0; trial < 200; trial++) {
        size_t rows = some_rows(&b->rng), next = 0;
        struct sparse at = some_present(&b->rng, b->code, rows, 1u << rng_below(&b->rng, 9));
        for (size_t i = 0; i < at.count; i++)
            b->number[i] = some_number(&b->rng, trial % 5);
        strbuf_reset(&b->bytes);
        codec_write_numbers(b->w, &at, b->number, &b->bytes);
        assert_true(codec_read_numbers(b->r, bench_bytes(b), rows, b->number_out));
        for (size_t i = 0; i < rows; i++) {
            bool present = next < at.count && b->code[next] == i;
            if (present) assert_memory_equal(&b->number_out[i], &b->number[next], sizeof(double));
            if (!present) assert_true(isnan(b->number_out[i]));
            next += present;
        }
    }
    bench_destroy(b);
}

static void strings_come_back(void **state)
{
    (void)state;
    struct bench *b = bench_create(13);
    struct str *in = mem_alloc_array(CODEC_ROWS_MAX, sizeof(*in));
    struct str *out = mem_alloc_array(CODEC_ROWS_MAX, sizeof(*out));
    char text[256];
    memset(text, 'x', sizeof(text));
    for (unsigned trial = 0; trial < 100; trial++) {
        size_t count = some_rows(&b->rng);
        for (size_t i = 0; i < count; i++)
            in[i] = (struct str){text, rng_below(&b->rng, 200)};
        strbuf_reset(&b->bytes);
        codec_write_strings(b->w, in, count, &b->bytes);
        assert_true(codec_read_strings(b->r, bench_bytes(b), count, out));
        for (size_t i = 0; i < count; i++)
            assert_true(str_eq(in[i], out[i]));
    }
    mem_free(in);
    mem_free(out);
    bench_destroy(b);
}

/* Times of runs of any lengths, from whatever bytes. Both ways of the processor agree. */
static void assert_times(struct bench *b, struct str bytes, size_t rows, uint32_t *off,
                         int64_t *time)
{
    uint32_t runs = 0;
    for (size_t i = 0; i < rows; i += 1 + rng_below(&b->rng, 20))
        off[runs++] = (uint32_t)i;
    off[runs] = (uint32_t)rows;
    bool good = codec_read_at(b->r, bytes, off, runs, EVENT_AT_MAX, time);
    cpu_limit(CPU_PLAIN);
    assert_int_equal(codec_read_at(b->r, bytes, off, runs, EVENT_AT_MAX, b->time_out), good);
    cpu_limit(CPU_AVX512);
    if (good) assert_memory_equal(time, b->time_out, rows * sizeof(*time));
    for (uint32_t run = 0, i = 0; good && run < runs; run++) {
        for (i = off[run]; i < off[run + 1]; i++)
            assert_true(time[i] >= (i > off[run] ? time[i - 1] : 0) && time[i] <= EVENT_AT_MAX);
    }
}

/* Every reader at 'bytes', which may be anything. */
static void read_with_all(struct bench *b, struct str bytes, size_t rows)
{
    uint16_t *kinds = mem_alloc_array(rows + CODEC_SLACK, sizeof(*kinds));
    struct str *strings = mem_alloc_array(rows + 1, sizeof(*strings));
    uint32_t *code = mem_alloc_array(rows + CODEC_SLACK, sizeof(*code));
    int64_t *time = mem_alloc_array(rows + CODEC_SLACK, sizeof(*time));
    int64_t *at = mem_alloc_array(rows, sizeof(*at));
    uint32_t *off = mem_alloc_array(rows + CODEC_SLACK, sizeof(*off)), runs;
    double *number = mem_alloc_array(rows, sizeof(*number));
    size_t good = 0;
    for (int codec = 0; codec <= CODEC_END; codec++) {
        good += codec_read_codes(b->r, (enum codec)codec, bytes, rows, code);
        good += codec_read_kinds(b->r, (enum codec)codec, bytes, rows, kinds);
        good += codec_read_received(b->r, (enum codec)codec, bytes, at, rows, time);
    }
    if (codec_read_persona(b->r, bytes, rows, code, off, &runs)) {
        assert_true(runs > 0 && off[0] == 0 && off[runs] == rows);
        for (uint32_t i = 1; i < runs; i++)
            assert_true(code[i] > code[i - 1] && off[i] > off[i - 1]);
    }
    assert_times(b, bytes, rows, off, time);
    good += codec_read_amounts(b->r, bytes, rows, time);
    good += codec_read_numbers(b->r, bytes, rows, number);
    good += codec_read_strings(b->r, bytes, rows, strings);
    assert_in_range(good, 0, 40);
    mem_free(kinds);
    mem_free(strings);
    mem_free(code);
    mem_free(off);
    mem_free(time);
    mem_free(at);
    mem_free(number);
}

static void damaged_chunks_never_reach_past_their_buffers(void **state)
{
    (void)state;
    struct bench *b = bench_create(14);
    for (unsigned trial = 0; trial < 4000; trial++) {
        size_t rows = 1 + rng_below(&b->rng, 400);
        fill_history(b, rows, 1000, 10);
        struct shape shape = codec_shape(b->code, rows);
        strbuf_reset(&b->bytes);
        if (trial % 5 == 0) codec_write_persona(b->w, b->code, rows, &b->bytes);
        if (trial % 5 == 1) codec_write_at(b->w, b->code, b->time, rows, &b->bytes);
        if (trial % 5 == 2) assert_true(codec_write_codes(b->w, b->code, rows, &shape, &b->bytes));
        if (trial % 5 == 3) {
            struct sparse at = some_present(&b->rng, b->code, rows, 5);
            codec_write_amounts(b->w, &at, b->time, &b->bytes);
        }
        if (trial % 5 == 4) {
            for (size_t i = rng_below(&b->rng, 200); i > 0; i--) {
                strbuf_add_char(&b->bytes, (char)rng_next(&b->rng));
            }
        }
        for (unsigned hit = 0; hit < 3 && b->bytes.len; hit++) {
            b->bytes.p[rng_below(&b->rng, b->bytes.len)] ^= (char)(1 << rng_below(&b->rng, 8));
        }
        if (rng_below(&b->rng, 4) == 0) b->bytes.len = rng_below(&b->rng, b->bytes.len + 1);
        read_with_all(b, bench_bytes(b), rows + rng_below(&b->rng, 3) - 1 + (rows == 1));
    }
    bench_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_come_back_whatever_codec_they_get),
        cmocka_unit_test(the_shape_of_codes_is_what_counting_says),
        cmocka_unit_test(sums_of_blocks_are_those_one_by_one),
        cmocka_unit_test(kinds_are_16_bits_or_refused),
        cmocka_unit_test(personas_and_times_come_back_in_every_unit),
        cmocka_unit_test(the_first_and_the_last_possible_time_come_back),
        cmocka_unit_test(arrival_times_come_back_and_cost_nothing_when_they_say_nothing),
        cmocka_unit_test(amounts_come_back_with_their_nulls),
        cmocka_unit_test(numbers_come_back_to_the_last_bit),
        cmocka_unit_test(strings_come_back),
        cmocka_unit_test(damaged_chunks_never_reach_past_their_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
