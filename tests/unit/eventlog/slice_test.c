/* slice_test.c - some rows of a group are the same rows as those of all of it, in every form that a
 * column may have; and whatever bytes come in, nothing but an answer comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>

#include "base/cpu.h"
#include "eventlog/codec.h"
#include "eventlog_test.h"
#include "part_fixture.h"

#define ALL_COLUMNS                                                                                \
    (((COLUMN_DIM0 << DIM_COUNT) - 1) | COLUMN_OTHER | COLUMN_AMOUNT | COLUMN_RECEIVED)

static uint64_t bits(struct rng *rng, unsigned width)
{
    return width == 0 ? 0 : rng_next(rng) >> (64 - width);
}

/* ---- chunks ---- */

/* A made-up group, both sides of the codecs, and a chunk. */
struct group {
    struct rng rng;
    struct codec_writer *w;
    struct codec_reader *r;
    struct strbuf bytes;
    uint8_t *p; /* the chunk, ending where its pad ends */
    uint32_t rows, runs;
    uint32_t *persona, *code, *off, *out; /* [CODEC_ROWS_MAX] and slack */
    uint16_t *kind;
    int64_t *at, *received, *time; /* 'time' is what was read */
    double *number, *number_out;
    enum codec codec;
    size_t codes_read, times_read, received_read, numbers_read; /* chunks found whole */
};

static struct group *group_create(uint64_t seed)
{
    struct group *g = mem_alloc(sizeof(*g));
    size_t n = CODEC_ROWS_MAX + CODEC_SLACK;
    rng_init(&g->rng, test_seed(seed));
    g->w = codec_writer_create();
    g->r = codec_reader_create();
    g->persona = mem_alloc_array(n, sizeof(*g->persona));
    g->code = mem_alloc_array(n, sizeof(*g->code));
    g->off = mem_alloc_array(n, sizeof(*g->off));
    g->out = mem_alloc_array(n, sizeof(*g->out));
    g->kind = mem_alloc_array(n, sizeof(*g->kind));
    g->at = mem_alloc_array(n, sizeof(*g->at));
    g->received = mem_alloc_array(n, sizeof(*g->received));
    g->time = mem_alloc_array(n, sizeof(*g->time));
    g->number = mem_alloc_array(n, sizeof(*g->number));
    g->number_out = mem_alloc_array(n, sizeof(*g->number_out));
    return g;
}

static void group_destroy(struct group *g)
{
    codec_writer_destroy(g->w);
    codec_reader_destroy(g->r);
    strbuf_finish(&g->bytes);
    mem_free(g->p);
    mem_free(g->persona);
    mem_free(g->code);
    mem_free(g->off);
    mem_free(g->out);
    mem_free(g->kind);
    mem_free(g->at);
    mem_free(g->received);
    mem_free(g->time);
    mem_free(g->number);
    mem_free(g->number_out);
    mem_free(g);
}

static struct str chunk_of(struct group *g)
{
    mem_free(g->p);
    g->p = mem_alloc(g->bytes.len + BITS_PAD);
    if (g->bytes.len) memcpy(g->p, g->bytes.p, g->bytes.len);
    return (struct str){(const char *)g->p, g->bytes.len};
}

static void damage(struct group *g)
{
    for (unsigned hit = 0; hit < 3 && g->bytes.len; hit++)
        g->bytes.p[rng_below(&g->rng, g->bytes.len)] ^= (char)(1 << rng_below(&g->rng, 8));
    if (rng_below(&g->rng, 4) == 0) g->bytes.len = rng_below(&g->rng, g->bytes.len + 1);
}

static void fill_history(struct group *g)
{
    static const uint64_t units[] = {1, 1000, 60000, 86400000};
    static const uint32_t sizes[] = {1, 127, 128, 129, 3000, 65536};
    uint64_t unit = units[rng_below(&g->rng, 4)], per = UINT64_C(1) << rng_below(&g->rng, 13);
    g->rows = sizes[rng_below(&g->rng, 6)];
    g->runs = 0;
    for (uint32_t i = 0; i < g->rows; i++) {
        bool fresh = i == 0 || rng_below(&g->rng, per) == 0;
        g->persona[i] = i ? g->persona[i - 1] : 1;
        g->at[i] = i ? g->at[i - 1] : 0;
        if (fresh) {
            g->off[g->runs++] = i;
            g->persona[i] += 1 + (uint32_t)bits(&g->rng, 4);
            g->at[i] = (int64_t)(unit * rng_below(&g->rng, 1000000));
        } else {
            int64_t gap = (int64_t)(unit * bits(&g->rng, rng_below(&g->rng, 9) ? 9 : 20));
            if (gap <= EVENT_AT_MAX - g->at[i]) g->at[i] += gap;
        }
    }
    g->off[g->runs] = g->rows;
}

/* Values in runs, back and forth between two, few and many, with and without nulls. */
static void fill_codes(struct group *g, unsigned width)
{
    uint64_t run = rng_below(&g->rng, 2) ? 1 : 1 + rng_below(&g->rng, 300);
    bool returns = rng_below(&g->rng, 2), sparse = rng_below(&g->rng, 3) == 0;
    uint32_t one = 0, two = 0;
    for (uint32_t i = 0; i < g->rows; i++) {
        bool ends = i == 0 || rng_below(&g->rng, run) == 0;
        if (ends) {
            uint32_t next = returns && rng_below(&g->rng, 8) ? two : (uint32_t)bits(&g->rng, width);
            two = one;
            one = next;
        }
        g->code[i] = sparse && rng_below(&g->rng, 60) ? 0 : one;
        g->kind[i] = (uint16_t)g->code[i];
    }
}

/* One run, or a stretch of it. */
static struct slice some_slice(struct group *g)
{
    uint32_t run = (uint32_t)rng_below(&g->rng, g->runs);
    uint32_t from = g->off[run], to = g->off[run + 1];
    return (struct slice){g->rows, from, to, run, g->runs};
}

/* Rows that need not be of one run. */
static struct slice any_slice(struct group *g)
{
    uint32_t from = (uint32_t)rng_below(&g->rng, g->rows);
    uint64_t most = rng_below(&g->rng, 2) ? g->rows - from : 1;
    return (struct slice){g->rows, from, from + 1 + (uint32_t)rng_below(&g->rng, most), 0, g->runs};
}

/* Whether 'got' are the rows of the slice in 'all'; a slice may tell what all of a damaged chunk
 * does not. */
static void assert_slice(bool all_good, bool good, const void *all, const void *got, size_t bytes)
{
    if (!all_good) return;
    assert_true(good);
    assert_memory_equal(got, all, bytes);
}

static void compare_codes(struct group *g, struct str bytes)
{
    bool good = codec_read_codes(g->r, g->codec, bytes, g->rows, g->out);
    g->codes_read += good;
    for (unsigned i = 0; i < 6; i++) {
        struct slice s = any_slice(g);
        uint32_t *out = mem_alloc_array(s.to - s.from, sizeof(*out));
        assert_slice(good, codec_slice_codes(g->r, g->codec, bytes, s, out), g->out + s.from, out,
                     (s.to - s.from) * sizeof(*out));
        mem_free(out);
    }
    good = codec_read_kinds(g->r, g->codec, bytes, g->rows, g->kind);
    struct slice s = any_slice(g);
    uint16_t *kinds = mem_alloc_array(s.to - s.from, sizeof(*kinds));
    assert_slice(good, codec_slice_kinds(g->r, g->codec, bytes, s, kinds), g->kind + s.from, kinds,
                 (s.to - s.from) * sizeof(*kinds));
    mem_free(kinds);
}

static void compare_times(struct group *g, struct str bytes)
{
    bool good = codec_read_at(g->r, bytes, g->off, g->runs, EVENT_AT_MAX, g->time);
    g->times_read += good;
    for (unsigned i = 0; i < 6; i++) {
        struct slice s = some_slice(g);
        int64_t *out = mem_alloc_array(s.to - s.from, sizeof(*out));
        bool got = codec_slice_at(g->r, bytes, s, EVENT_AT_MAX, out);
        assert_slice(good, got, g->time + s.from, out, (s.to - s.from) * sizeof(*out));
        for (uint32_t k = 0; got && k < s.to - s.from; k++)
            assert_true(out[k] >= (k ? out[k - 1] : 0) && out[k] <= EVENT_AT_MAX);
        mem_free(out);
    }
}

static void compare_received(struct group *g, struct str bytes)
{
    bool good = codec_read_received(g->r, g->codec, bytes, g->at, g->rows, g->time);
    g->received_read += good;
    for (unsigned i = 0; i < 6; i++) {
        struct slice s = any_slice(g);
        int64_t *out = mem_alloc_array(s.to - s.from, sizeof(*out));
        assert_slice(good, codec_slice_received(g->r, g->codec, bytes, s, g->at + s.from, out),
                     g->time + s.from, out, (s.to - s.from) * sizeof(*out));
        mem_free(out);
    }
}

static void compare_numbers(struct group *g, struct str bytes)
{
    bool good = codec_read_numbers(g->r, bytes, g->rows, g->number_out);
    g->numbers_read += good;
    bool whole = codec_read_amounts(g->r, bytes, g->rows, g->time);
    for (unsigned i = 0; i < 6; i++) {
        struct slice s = any_slice(g);
        size_t size = (s.to - s.from) * sizeof(double);
        double *out = mem_alloc(size);
        int64_t *amounts = mem_alloc(size);
        assert_slice(good, codec_slice_numbers(g->r, bytes, s, out), g->number_out + s.from, out,
                     size);
        assert_slice(whole, codec_slice_amounts(g->r, bytes, s, amounts), g->time + s.from, amounts,
                     size);
        mem_free(out);
        mem_free(amounts);
    }
}

static void compare_all(struct group *g)
{
    struct str bytes = chunk_of(g);
    for (int level = CPU_PLAIN; level <= CPU_AVX512; level++) {
        cpu_limit((enum cpu_level)level);
        compare_codes(g, bytes);
        compare_times(g, bytes);
        compare_received(g, bytes);
        compare_numbers(g, bytes);
    }
    cpu_limit(CPU_AVX512);
}

static void write_numbers(struct group *g, unsigned form)
{
    struct sparse at = {.row = g->code, .rows = g->rows};
    uint64_t every = UINT64_C(1) << rng_below(&g->rng, 9);
    for (uint32_t i = 0; i < g->rows; i++) {
        if (rng_below(&g->rng, every) == 0 || (i + 1 == g->rows && at.count == 0))
            g->code[at.count++] = i;
    }
    for (size_t i = 0; i < at.count; i++) {
        g->received[i] = (int64_t)bits(&g->rng, 30) - (form % 2 ? 1 << 20 : 0);
        g->number[i] = form == 2 ? rng_unit(&g->rng) : (double)g->received[i] / 100;
    }
    if (form == 0) codec_write_amounts(g->w, &at, g->received, &g->bytes);
    if (form != 0) codec_write_numbers(g->w, &at, g->number, &g->bytes);
    g->codec = CODEC_NUMBER;
}

static void write_received(struct group *g, unsigned form)
{
    for (uint32_t i = 0; i < g->rows; i++) {
        g->received[i] = g->at[i] + (int64_t)bits(&g->rng, 8) - (form ? 100 : 0);
        if (form == 2) g->received[i] = (int64_t)bits(&g->rng, 40);
    }
    g->codec = codec_write_received(g->w, g->at, g->received, g->rows, &g->bytes);
}

static void write_some(struct group *g, unsigned column)
{
    strbuf_reset(&g->bytes);
    g->codec = CODEC_PLAIN;
    if (column == 0) codec_write_at(g->w, g->persona, g->at, g->rows, &g->bytes);
    if (column == 1) write_numbers(g, (unsigned)rng_below(&g->rng, 4));
    if (column == 2) write_received(g, (unsigned)rng_below(&g->rng, 3));
    if (column < 3) return;
    fill_codes(g, (unsigned)rng_below(&g->rng, 2) ? 5 : (unsigned)rng_below(&g->rng, 33));
    struct shape shape = codec_shape(g->code, g->rows);
    g->codec = codec_write_codes(g->w, g->code, g->rows, &shape, &g->bytes);
}

static void slices_of_a_chunk_are_rows_of_all_of_it(void **state)
{
    (void)state;
    struct group *g = group_create(51);
    size_t used[CODEC_END] = {0}, returns = 0;
    for (unsigned trial = 0; trial < 600; trial++) {
        fill_history(g);
        write_some(g, trial % 6);
        used[g->codec]++;
        if (g->codec == CODEC_RUNS) {
            struct byte_reader r = byte_reader_of(g->bytes.p, g->bytes.len);
            get_varint(&r);
            returns += get_u8(&r);
        }
        compare_all(g);
    }
    assert_true(used[CODEC_PLAIN] && used[CODEC_RUNS] && used[CODEC_SPARSE] && used[CODEC_NUMBER]);
    assert_true(used[CODEC_LAG] && returns > 0 && returns < used[CODEC_RUNS]);
    assert_true(g->times_read >= 200 && g->received_read >= 200 && g->numbers_read >= 200);
    assert_true(g->codes_read >= 600); /* by both ways of the processor */
    group_destroy(g);
}

static void slices_of_damaged_chunks_stay_within_their_buffers(void **state)
{
    (void)state;
    struct group *g = group_create(52);
    for (unsigned trial = 0; trial < 3000; trial++) {
        do
            fill_history(g);
        while (g->rows > 3000);
        write_some(g, trial % 6);
        damage(g);
        for (int codec = 0; codec <= CODEC_END; codec += 1 + codec % 2) {
            g->codec = (enum codec)codec;
            compare_all(g);
        }
    }
    group_destroy(g);
}

/* ---- parts ---- */

static const struct columns asked = {
    .mask = ALL_COLUMNS,
    .prop_count = 6,
    .props = {1, MAKER_CITY, MAKER_PRICE, MAKER_NOTE, MAKER_RATIO, MAKER_OPEN}};
static const enum prop_type types[] = {PROP_TEXT, PROP_TEXT,   PROP_NUMBER,
                                       PROP_TEXT, PROP_NUMBER, PROP_BOOL};

#define SAME(column)                                                                               \
    assert_memory_equal(got->column + a, all->column + b, n * sizeof(all->column[0]))

/* Rows a .. a + n - 1 of one are rows b .. of the other. */
static void assert_same_rows(const struct rows *got, uint32_t a, const struct rows *all, uint32_t b,
                             uint32_t n)
{
    SAME(at);
    SAME(kind);
    SAME(other);
    SAME(amount);
    SAME(received);
    for (int d = 0; d < DIM_COUNT; d++)
        SAME(dim[d]);
    for (uint32_t i = 0; i < asked.prop_count; i++) {
        assert_ptr_equal(got->props[i].strings, all->props[i].strings);
        if (types[i] == PROP_TEXT) SAME(props[i].text);
        if (types[i] != PROP_TEXT) SAME(props[i].number);
    }
}

/* Some personas, ascending; of three one is in the group, more or less. */
static size_t draw(struct rng *rng, const struct rows *all, uint32_t *who)
{
    size_t count = 0, most = rng_below(rng, 2) ? 1 : 20;
    uint32_t run = (uint32_t)rng_below(rng, all->runs), persona = all->run_persona[run];
    while (count < most) {
        who[count++] = persona;
        persona += 1 + (uint32_t)rng_below(rng, 5);
    }
    return count;
}

static void assert_personas(struct part *p, uint32_t group, const struct rows *all,
                            const struct part_wanted *wanted, struct rows *got)
{
    struct why why;
    uint32_t found = 0, pos = 0;
    assert_int_equal(part_read_personas(p, group, wanted, got, &why), ERR_OK);
    for (uint32_t run = 0; run < all->runs; run++) {
        uint32_t n = all->run_off[run + 1] - all->run_off[run];
        bool is_wanted = false;
        for (size_t i = 0; i < wanted->who_count; i++)
            is_wanted |= wanted->who[i] == all->run_persona[run];
        if (!is_wanted) continue;
        assert_int_equal(got->run_persona[found], all->run_persona[run]);
        assert_int_equal(got->run_off[found++], pos);
        assert_same_rows(got, pos, all, all->run_off[run], n);
        pos += n;
    }
    assert_int_equal(got->runs, found);
    assert_int_equal(got->count, pos);
}

static void every_member_read_alone_has_the_rows_that_all_of_a_group_gives(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 300, 5000, 66000}, per[] = {1, 7, 300, 30000};
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(53));
    for (unsigned trial = 0; trial < 16; trial++) {
        size_t count = counts[trial % 4];
        struct event *events = maker_events(&m, count, per[trial / 4], trial % 3 ? 100000 : 1);
        struct part *p = write_and_open(test_path(&dir, "1.part"), events, count);
        struct rows all = {0}, got = {0};
        struct why why;
        for (unsigned i = 0; i < 100; i++) {
            uint32_t group = (uint32_t)rng_below(&m.rng, part_group_count(p)), who[20];
            if (i == 0 || rng_below(&m.rng, 8) == 0 || part_group_count(p) > 1)
                assert_int_equal(part_read_group(p, group, &asked, types, &all, &why), ERR_OK);
            struct part_wanted wanted = {&asked, types, who, draw(&m.rng, &all, who)};
            cpu_limit((enum cpu_level)(i % 3));
            assert_personas(p, group, &all, &wanted, &got);
        }
        cpu_limit(CPU_AVX512);
        rows_finish(&all);
        rows_finish(&got);
        part_unref(p);
        maker_reset(&m);
    }
    maker_finish(&m);
    test_dir_remove(&dir);
}

/* Turn a bit of byte 'at' of the file over. */
static void flip(const char *path, uint64_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

static void a_damaged_byte_under_a_member_is_found(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(54));
    struct event *events = maker_events(&m, 300, 300, 1000);
    const char *path = test_path(&dir, "1.part");
    struct part *p = write_and_open(path, events, 300);
    uint32_t who[] = {events[0].persona};
    struct part_wanted wanted = {&asked, types, who, 1};
    const uint64_t size = part_get_info(p)->size_bytes;
    struct rows rows = {0};
    size_t found = 0, read = 0;
    for (uint64_t at = 16; at < size; at += 1 + rng_below(&m.rng, 10)) {
        struct why why;
        flip(path, at);
        enum err err = part_read_personas(p, 0, &wanted, &rows, &why);
        assert_true(err == ERR_OK || err == ERR_CORRUPT);
        found += err == ERR_CORRUPT;
        flip(path, at);
        read += part_read_personas(p, 0, &wanted, &rows, &why) == ERR_OK;
    }
    assert_true(found > 100 && found < read);
    rows_finish(&rows);
    part_unref(p);
    maker_finish(&m);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_of_a_chunk_are_rows_of_all_of_it),
        cmocka_unit_test(slices_of_damaged_chunks_stay_within_their_buffers),
        cmocka_unit_test(every_member_read_alone_has_the_rows_that_all_of_a_group_gives),
        cmocka_unit_test(a_damaged_byte_under_a_member_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
