/* codec_stream_test.c - packed bits and streams of numbers: what goes in comes out, in the least
 * bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "codec_fixture.h"
#include "eventlog/codec.h"
#include "eventlog/codec_stream_form.h"
#include "eventlog/event.h"
#include "eventlog_test.h"

static void blocks_of_every_width_come_back_and_lie_as_documented(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, test_seed(1));
    for (unsigned width = 0; width <= 32; width++) {
        uint32_t in[BITS_BLOCK], out[BITS_BLOCK];
        uint8_t packed[16 * 32 + BITS_PAD] = {0};
        for (size_t i = 0; i < BITS_BLOCK; i++)
            in[i] = (uint32_t)bits(&rng, width);
        bits_pack(in, width, packed);
        bits_unpack(packed, width, out);
        assert_memory_equal(in, out, sizeof(in));
        for (size_t i = 0; i < BITS_BLOCK; i++) {
            uint32_t value = 0;
            for (unsigned b = 0; b < width; b++) {
                size_t bit = (i / 4) * width + b;
                size_t byte = 16 * (bit / 32) + 4 * (i % 4) + bit % 32 / 8;
                value |= (uint32_t)(packed[byte] >> bit % 8 & 1) << b;
            }
            assert_int_equal(value, in[i]);
        }
    }
}

static void numbers_of_whole_bytes_come_back_and_lie_as_documented(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, test_seed(15));
    for (unsigned trial = 0; trial < 2000; trial++) {
        uint64_t in[BITS_BLOCK];
        uint32_t out[2][BITS_BLOCK];
        struct strbuf packed = {0};
        size_t count = trial % 4 ? BITS_BLOCK : 1 + rng_below(&rng, BITS_BLOCK);
        for (size_t i = 0; i < count; i++)
            in[i] = bits(&rng, (unsigned)rng_below(&rng, 33));
        bytes_put(in, count, &packed);
        assert_true(packed.len <= bytes_controls(count) + 4 * count);
        uint8_t *p = padded(packed.p, packed.len);
        for (int level = CPU_AVX512; level >= CPU_PLAIN; level--) {
            const uint8_t *data = p + bytes_controls(count), *end = p + packed.len;
            cpu_limit((enum cpu_level)level);
            assert_true(bytes_get(p, &data, end, count, out[level > CPU_PLAIN]));
            assert_ptr_equal(data, end);
            data = p + bytes_controls(count);
            assert_false(bytes_get(p, &data, end - 1, count, out[1]));
        }
        assert_memory_equal(out[0], out[1], count * sizeof(out[0][0]));
        size_t place = bytes_controls(count);
        for (size_t i = 0; i < count; i++) {
            uint64_t value = 0;
            unsigned length = (p[i / 4] >> i % 4 * 2 & 3) + 1u;
            for (unsigned b = 0; b < length; b++)
                value |= (uint64_t)p[place++] << 8 * b;
            assert_true(value == in[i] && out[0][i] == in[i]);
        }
        mem_free(p);
        strbuf_finish(&packed);
    }
    cpu_limit(CPU_AVX512);
}

static void runs_of_every_width_come_back(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, test_seed(2));
    for (unsigned width = 0; width <= 64; width++) {
        for (size_t count = 0; count <= 130; count += 13) {
            uint64_t in[130];
            size_t len = bits_run_size(count, width);
            uint8_t *packed = mem_alloc(len + BITS_PAD);
            for (size_t i = 0; i < count; i++)
                in[i] = bits(&rng, width);
            bits_put_run(in, count, width, packed);
            for (size_t i = 0; i < count; i++)
                assert_true(bits_get(packed, i, width) == in[i]);
            for (size_t i = 0; i < BITS_PAD; i++)
                assert_int_equal(packed[len + i], 0);
            mem_free(packed);
        }
    }
}

/* Shapes that numbers have in real columns. */
enum shape_kind {
    SHAPE_EQUAL,
    SHAPE_WIDE,
    SHAPE_NARROW,
    SHAPE_OUTLIERS,
    SHAPE_FEW,
    SHAPE_DAYS,
    SHAPES
};

static void fill(struct rng *rng, enum shape_kind shape, uint64_t *v, size_t count)
{
    uint64_t base = bits(rng, (unsigned)rng_below(rng, 65));
    unsigned width = (unsigned)rng_below(rng, 65);
    for (size_t i = 0; i < count; i++) {
        bool outlier = rng_below(rng, 20) == 0;
        v[i] = base;
        if (shape == SHAPE_WIDE) v[i] = rng_next(rng);
        if (shape == SHAPE_NARROW) v[i] = base + bits(rng, width);
        if (shape == SHAPE_OUTLIERS) v[i] = bits(rng, outlier ? 60 : 7);
        if (shape == SHAPE_FEW)
            v[i] = (base ^ bits(rng, 3) * 0x123456789abcdefu) >> rng_below(rng, 2);
        if (shape == SHAPE_DAYS) v[i] = 57600000 + 86400000 * bits(rng, outlier ? 30 : 5);
    }
}

static void streams_of_every_shape_and_length_come_back(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 127, 128, 129, 255, 256, 257, 5000, 65535, 65536};
    struct stream_encoder *e = stream_encoder_create();
    struct stream_reader *s = mem_alloc(sizeof(*s));
    uint64_t *in = mem_alloc_array(STREAM_MAX, sizeof(*in));
    uint64_t *out = mem_alloc_array(STREAM_MAX, sizeof(*out));
    struct rng rng;
    rng_init(&rng, test_seed(3));
    for (unsigned trial = 0; trial < 8 * SHAPES * 12; trial++) {
        size_t count = counts[trial % 12];
        struct strbuf bytes = {0};
        fill(&rng, trial / 12 % SHAPES, in, count);
        stream_encode(e, in, count, (unsigned)rng_below(&rng, 8), &bytes);
        uint8_t *p = padded(bytes.p, bytes.len);
        struct byte_reader r = byte_reader_of(p, bytes.len);
        assert_true(stream_open(s, &r, count, 64));
        assert_int_equal(byte_reader_left(&r), 0);
        assert_true(stream_read(s, out));
        assert_memory_equal(in, out, count * sizeof(*in));
        mem_free(p);
        strbuf_finish(&bytes);
    }
    mem_free(in);
    mem_free(out);
    mem_free(s);
    stream_encoder_destroy(e);
}

/* Read 'count' numbers in each way there is; false when none can. The ways are alike. */
static bool read_every_way(const uint8_t *p, size_t len, size_t count, uint32_t *out, bool *mapped)
{
    static uint32_t other[4 * BITS_BLOCK];
    static struct stream_reader s;
    bool good = false;
    for (int level = CPU_PLAIN; level <= CPU_AVX512; level++) {
        struct byte_reader r = byte_reader_of(p, len);
        cpu_limit((enum cpu_level)level);
        bool here = stream_open(&s, &r, count, 32);
        for (size_t i = 0; here && s.body.form == STREAM_PACKED && i < count / BITS_BLOCK; i++)
            *mapped |= s.body.patches[i] > PATCH_LIST_MAX;
        here = here && stream_read32(&s, level ? other : out);
        if (level) assert_int_equal(here, good);
        if (level && good) assert_memory_equal(other, out, count * sizeof(*out));
        good = here;
    }
    cpu_limit(CPU_AVX512);
    return good;
}

static void patches_are_put_in_place_in_every_way_alike(void **state)
{
    (void)state;
    struct stream_encoder *e = stream_encoder_create();
    struct rng rng;
    rng_init(&rng, test_seed(31));
    size_t mapped = 0, refused = 0;
    for (unsigned trial = 0; trial < 3000; trial++) {
        uint64_t in[4 * BITS_BLOCK];
        uint32_t out[4 * BITS_BLOCK];
        size_t count = trial % 4 ? 4 * BITS_BLOCK : 1 + rng_below(&rng, 4 * BITS_BLOCK);
        unsigned low = (unsigned)rng_below(&rng, 12), high = (unsigned)rng_below(&rng, 33 - low);
        unsigned share = 2 + (unsigned)rng_below(&rng, 8);
        struct strbuf bytes = {0};
        bool maps = false;
        for (size_t i = 0; i < count; i++)
            in[i] = bits(&rng, low + (rng_below(&rng, share) ? 0 : high % 16));
        stream_encode(e, in, count, 0, &bytes);
        uint8_t *p = padded(bytes.p, bytes.len);
        assert_true(read_every_way(p, bytes.len, count, out, &maps));
        for (size_t i = 0; i < count; i++)
            assert_true(out[i] == in[i]);
        mapped += maps;
        p[rng_below(&rng, bytes.len)] ^= (uint8_t)(1u << rng_below(&rng, 8));
        refused += !read_every_way(p, bytes.len, count, out, &maps);
        mem_free(p);
        strbuf_finish(&bytes);
    }
    assert_true(mapped > 100 && refused > 100);
    stream_encoder_destroy(e);
}

static uint64_t scale_of(struct stream_encoder *e, const uint64_t *in, size_t count, unsigned hints)
{
    struct stream_reader *s = mem_alloc(sizeof(*s));
    struct strbuf bytes = {0};
    stream_encode(e, in, count, hints, &bytes);
    uint8_t *p = padded(bytes.p, bytes.len);
    struct byte_reader r = byte_reader_of(p, bytes.len);
    uint64_t *out = mem_alloc_array(count, sizeof(*out));
    assert_true(stream_open(s, &r, count, 64));
    uint64_t scale = s->body.scale;
    assert_true(stream_read(s, out));
    assert_memory_equal(in, out, count * sizeof(*in));
    mem_free(out);
    mem_free(p);
    mem_free(s);
    strbuf_finish(&bytes);
    return scale;
}

static void numbers_are_kept_in_the_largest_unit_that_divides_all(void **state)
{
    (void)state;
    static const uint64_t units[2][5] = {{86400000, 3600000, 60000, 1000, 1}, {1000, 100, 10, 1}};
    static const unsigned hints[2] = {STREAM_TIME, STREAM_MONEY};
    struct stream_encoder *e = stream_encoder_create();
    struct rng rng;
    rng_init(&rng, test_seed(16));
    for (unsigned trial = 0; trial < 2000; trial++) {
        uint64_t in[200];
        unsigned hint = trial % 2, place = (unsigned)rng_below(&rng, hint ? 4 : 5);
        uint64_t unit = units[hint][place], most = UINT64_MAX / units[hint][0];
        uint64_t base = trial % 3 ? rng_below(&rng, 1000000) : 0;
        for (size_t i = 0; i < 200; i++)
            in[i] = base + units[hint][0] * rng_below(&rng, most - 1000000);
        in[0] = base;
        in[1] = base + unit; /* no larger one divides this */
        in[2] = base + units[hint][0] * (most - 1000000);
        assert_int_equal(scale_of(e, in, 200, hints[hint]), unit);
        in[rng_below(&rng, 198) + 2]++;
        assert_int_equal(scale_of(e, in, 200, hints[hint]), 1);
        assert_int_equal(scale_of(e, in, 200, 0), 1);
    }
    stream_encoder_destroy(e);
}

static void a_limited_stream_lets_true_numbers_pass_and_no_number_over_the_limit(void **state)
{
    (void)state;
    struct stream_encoder *e = stream_encoder_create();
    struct stream_reader *s = mem_alloc(sizeof(*s));
    struct rng rng;
    rng_init(&rng, test_seed(4));
    for (unsigned trial = 0; trial < 2000; trial++) {
        uint64_t in[300], out[300], limit = bits(&rng, 50) * 2 + 1;
        struct strbuf bytes = {0};
        uint64_t over = trial % 2 ? 1 + bits(&rng, 20) : 0;
        for (size_t i = 0; i < 300; i++)
            in[i] = rng_below(&rng, limit / 2 + 1);
        if (over) in[rng_below(&rng, 300)] = limit + over;
        stream_encode(e, in, 300, STREAM_TIME, &bytes);
        uint8_t *p = padded(bytes.p, bytes.len);
        struct byte_reader r = byte_reader_of(p, bytes.len);
        assert_true(stream_open(s, &r, 300, 64));
        bool passed = stream_limit(s, limit) && stream_read(s, out);
        if (over) {
            assert_false(passed);
        } else {
            assert_true(passed);
            assert_memory_equal(in, out, sizeof(in));
        }
        mem_free(p);
        strbuf_finish(&bytes);
    }
    mem_free(s);
    stream_encoder_destroy(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_every_width_come_back_and_lie_as_documented),
        cmocka_unit_test(numbers_of_whole_bytes_come_back_and_lie_as_documented),
        cmocka_unit_test(runs_of_every_width_come_back),
        cmocka_unit_test(streams_of_every_shape_and_length_come_back),
        cmocka_unit_test(patches_are_put_in_place_in_every_way_alike),
        cmocka_unit_test(numbers_are_kept_in_the_largest_unit_that_divides_all),
        cmocka_unit_test(a_limited_stream_lets_true_numbers_pass_and_no_number_over_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
