/* chosen_test.c - rows of some kinds are the same rows as those of all of a group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/selection.h"
#include "eventlog/codec.h"
#include "eventlog_test.h"
#include "part_fixture.h"

#define ROOM (CODEC_ROWS_MAX + CODEC_SLACK)

/* A made-up group, both sides of the codecs, a chunk, and some rows. */
struct group {
    struct rng rng;
    struct codec_writer *w;
    struct codec_reader *r;
    struct strbuf bytes;
    uint8_t *p; /* the chunk, ending where its pad ends */
    struct chosen chosen;
    uint32_t persona[ROOM], off[ROOM], row[ROOM], run[ROOM], present[ROOM];
    uint64_t bits[CODEC_ROWS_MAX / 64];
    int64_t at[ROOM], value[ROOM], all[ROOM], some[ROOM];
};

static struct group *group_create(uint64_t seed)
{
    struct group *g = mem_alloc(sizeof(*g));
    rng_init(&g->rng, test_seed(seed));
    g->w = codec_writer_create();
    g->r = codec_reader_create();
    return g;
}

static void group_destroy(struct group *g)
{
    codec_writer_destroy(g->w);
    codec_reader_destroy(g->r);
    strbuf_finish(&g->bytes);
    mem_free(g->p);
    mem_free(g);
}

static struct str chunk_of(struct group *g)
{
    mem_free(g->p);
    g->p = mem_alloc(g->bytes.len + BITS_PAD);
    if (g->bytes.len) memcpy(g->p, g->bytes.p, g->bytes.len);
    return (struct str){(const char *)g->p, g->bytes.len};
}

/* Gaps are small, or so large now and then that sums of a block do not fit 32 bits. */
static void fill_times(struct group *g)
{
    static const uint64_t units[] = {1, 1000, 60000, 86400000};
    static const uint32_t sizes[] = {1, 63, 64, 127, 128, 129, 3000, 65535, 65536};
    uint64_t unit = units[rng_below(&g->rng, 4)], per = UINT64_C(1) << rng_below(&g->rng, 13);
    unsigned wide = rng_below(&g->rng, 3) ? 20 : 32;
    struct chosen *c = &g->chosen;
    c->rows = sizes[rng_below(&g->rng, 9)];
    c->runs = 0;
    for (uint32_t i = 0; i < c->rows; i++) {
        bool fresh = i == 0 || rng_below(&g->rng, per) == 0;
        g->persona[i] = (i ? g->persona[i - 1] : 0) + fresh;
        g->at[i] = i ? g->at[i - 1] : 0;
        if (fresh) {
            g->off[c->runs++] = i;
            g->at[i] = (int64_t)(unit * rng_below(&g->rng, 1000000));
        } else {
            uint64_t most = UINT64_C(1) << (rng_below(&g->rng, 9) ? 9 : wide);
            int64_t gap = (int64_t)(unit * rng_below(&g->rng, most));
            if (gap <= EVENT_AT_MAX - g->at[i]) g->at[i] += gap;
        }
    }
    g->off[c->runs] = c->rows;
    c->off = g->off;
}

/* One of 'share' rows, at least one. */
static void choose(struct group *g, uint64_t share)
{
    struct chosen *c = &g->chosen;
    uint32_t run = 0, sure = (uint32_t)rng_below(&g->rng, c->rows);
    memset(g->bits, 0, sizeof(g->bits));
    c->count = 0;
    for (uint32_t i = 0; i < c->rows; i++) {
        while (g->off[run + 1] <= i)
            run++;
        if (i != sure && rng_below(&g->rng, share) > 0) continue;
        g->bits[i / 64] |= UINT64_C(1) << i % 64;
        g->run[c->count] = run;
        g->row[c->count++] = i;
    }
    c->bits = g->bits;
    c->row = g->row;
    c->run = g->run;
}

/* Whether the times are read; they are then those of all rows. */
static bool check_times(struct group *g, struct str bytes, int64_t at_max)
{
    const struct chosen *c = &g->chosen;
    bool all = codec_read_at(g->r, bytes, c->off, c->runs, at_max, g->all);
    bool some = codec_read_chosen_at(g->r, bytes, c, at_max, g->some);
    assert_true(some || !all);
    for (uint32_t i = 0; i < c->count && all; i++)
        assert_int_equal(g->some[i], g->all[c->row[i]]);
    for (uint32_t i = 0; i < c->count && some; i++)
        assert_true(g->some[i] >= 0 && g->some[i] <= at_max);
    return some;
}

static bool check_amounts(struct group *g, struct str bytes)
{
    const struct chosen *c = &g->chosen;
    bool all = codec_read_amounts(g->r, bytes, c->rows, g->all);
    bool some = codec_read_chosen_amounts(g->r, bytes, c, g->some);
    assert_int_equal(all, some);
    for (uint32_t i = 0; i < c->count && all; i++)
        assert_int_equal(g->some[i], g->all[c->row[i]]);
    return some;
}

static void write_amounts(struct group *g)
{
    const struct chosen *c = &g->chosen;
    uint64_t share = UINT64_C(1) << rng_below(&g->rng, 9);
    bool same = rng_below(&g->rng, 3) == 0;
    struct sparse at = {.row = g->present, .rows = c->rows};
    for (uint32_t i = 0; i < c->rows; i++) {
        bool chosen = g->bits[i / 64] >> i % 64 & 1;
        if (same ? !chosen : i && rng_below(&g->rng, share) > 0) continue;
        g->value[at.count] = (int64_t)rng_below(&g->rng, 100000) - (share == 1 ? 50000 : 0);
        g->present[at.count++] = i;
    }
    strbuf_reset(&g->bytes);
    codec_write_amounts(g->w, &at, g->value, &g->bytes);
}

static void damage(struct group *g)
{
    for (unsigned hit = 0; hit < 3 && g->bytes.len; hit++)
        g->bytes.p[rng_below(&g->rng, g->bytes.len)] ^= (char)(1 << rng_below(&g->rng, 8));
    if (rng_below(&g->rng, 4) == 0) g->bytes.len = rng_below(&g->rng, g->bytes.len + 1);
}

static void chosen_rows_of_a_chunk_are_those_of_all(void **state)
{
    (void)state;
    struct group *g = group_create(61);
    for (int round = 0; round < 400; round++) {
        fill_times(g);
        choose(g, UINT64_C(1) << rng_below(&g->rng, 12));
        strbuf_reset(&g->bytes);
        codec_write_at(g->w, g->persona, g->at, g->chosen.rows, &g->bytes);
        cpu_limit((enum cpu_level)(round % 3));
        struct str bytes = chunk_of(g);
        int64_t last = 0;
        assert_true(check_times(g, bytes, EVENT_AT_MAX));
        for (uint32_t i = 0; i < g->chosen.count; i++) {
            assert_int_equal(g->some[i], g->at[g->row[i]]);
            last = g->some[i] > last ? g->some[i] : last;
        }
        assert_false(last && check_times(g, bytes, last - 1));
        write_amounts(g);
        assert_true(check_amounts(g, chunk_of(g)));
        cpu_limit(CPU_AVX512);
    }
    group_destroy(g);
}

static void damaged_chunks_give_rows_or_nothing(void **state)
{
    (void)state;
    struct group *g = group_create(62);
    size_t read = 0;
    for (int round = 0; round < 1500; round++) {
        if (round % 10 == 0) fill_times(g);
        choose(g, UINT64_C(1) << rng_below(&g->rng, 12));
        strbuf_reset(&g->bytes);
        codec_write_at(g->w, g->persona, g->at, g->chosen.rows, &g->bytes);
        damage(g);
        cpu_limit((enum cpu_level)(round % 3));
        read += check_times(g, chunk_of(g), EVENT_AT_MAX);
        write_amounts(g);
        damage(g);
        read += check_amounts(g, chunk_of(g));
        cpu_limit(CPU_AVX512);
    }
    assert_true(read > 100 && read < 2900);
    group_destroy(g);
}

/* --- groups of parts --- */

static const enum prop_type types[] = {PROP_TEXT, PROP_NUMBER};
static const struct columns asked = {.mask = ((COLUMN_DIM0 << DIM_COUNT) - 1) | COLUMN_OTHER |
                                             COLUMN_AMOUNT,
                                     .prop_count = 2,
                                     .props = {2, 3}};

static void assert_row(const struct rows *all, uint32_t i, const struct rows *some, uint32_t k)
{
    assert_int_equal(some->at[k], all->at[i]);
    assert_int_equal(some->kind[k], all->kind[i]);
    for (unsigned d = 0; d < DIM_COUNT; d++)
        assert_int_equal(some->dim[d][k], all->dim[d][i]);
    assert_int_equal(some->other[k], all->other[i]);
    assert_true(some->amount[k] == all->amount[i]);
    assert_int_equal(some->props[0].text[k], all->props[0].text[i]);
    assert_memory_equal(&some->props[1].number[k], &all->props[1].number[i], sizeof(double));
}

static void assert_chosen(const struct rows *all, const struct rows *some,
                          const struct codeset *kinds)
{
    uint32_t rows = 0, runs = 0;
    for (uint32_t run = 0; run < all->runs; run++) {
        uint32_t before = rows;
        for (uint32_t i = all->run_off[run]; i < all->run_off[run + 1]; i++) {
            if (codeset_has(kinds, all->kind[i])) assert_row(all, i, some, rows++);
        }
        if (rows == before) continue;
        assert_int_equal(some->run_persona[runs], all->run_persona[run]);
        assert_int_equal(some->run_off[runs], before);
        assert_int_equal(some->run_off[++runs], rows);
    }
    assert_int_equal(some->count, rows);
    assert_int_equal(some->runs, runs);
}

static void rows_of_some_kinds_are_those_of_the_group(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(63));
    uint64_t *bits = mem_alloc_array(PART_GROUP_ROWS / 64, sizeof(*bits));
    uint32_t *list = mem_alloc_array(2 * PART_GROUP_ROWS + SELECTION_SLACK, sizeof(*list));
    size_t few = 0;
    for (int round = 0; round < 12; round++) {
        size_t count = round == 0 ? 70000 : 1 + rng_below(&m.rng, 3000);
        uint32_t personas = 1 + (uint32_t)rng_below(&m.rng, 400);
        struct event *events = maker_events(&m, count, personas, 1000000);
        struct part *p = write_and_open(test_path(&dir, "1.part"), events, count);
        struct rows all = {0}, some = {0};
        struct why why;
        for (uint32_t i = 0; i < 40; i++) {
            uint32_t group = (uint32_t)rng_below(&m.rng, part_group_count(p));
            struct codeset kinds = {0};
            assert_int_equal(part_read_group(p, group, &asked, types, &all, &why), ERR_OK);
            for (uint64_t n = rng_below(&m.rng, 4); n > 0; n--)
                codeset_add(&kinds, all.kind[rng_below(&m.rng, all.count)]);
            struct part_choice choice = {&asked, types, &kinds,
                                         bits,   list,  list + PART_GROUP_ROWS + SELECTION_SLACK};
            bool chosen;
            cpu_limit((enum cpu_level)(i % 3));
            assert_int_equal(part_read_kinds(p, group, &choice, &some, &chosen, &why), ERR_OK);
            cpu_limit(CPU_AVX512);
            few += chosen && some.count > 0;
            if (chosen) assert_chosen(&all, &some, &kinds);
            if (!chosen) assert_int_equal(some.count, all.count);
        }
        rows_finish(&all);
        rows_finish(&some);
        part_unref(p);
        maker_reset(&m);
    }
    assert_true(few > 20);
    mem_free(bits);
    mem_free(list);
    maker_finish(&m);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_rows_of_a_chunk_are_those_of_all),
        cmocka_unit_test(damaged_chunks_give_rows_or_nothing),
        cmocka_unit_test(rows_of_some_kinds_are_those_of_the_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
