/* bench_load_test.c - the bench's file of events: made, spilled, loaded whole or refused whole. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#define PLACE_MODULES NULL
#include "base/fs.h"
#include "base/log.h"
#include "brand_place.h"
#include "main/bench_data.h"
#include "main/bench_load.h"

#define ROWS 3000

struct world {
    struct place place;
    char csv[96];
};

static int setup(void **state)
{
    struct world *w = mem_alloc(sizeof(*w));
    log_init(LOG_ERROR, LOG_AUTO);
    place_open(&w->place, "UTC");
    snprintf(w->csv, sizeof(w->csv), "%s/e.csv", w->place.dir);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    place_close(&w->place);
    mem_free(w);
    return 0;
}

static enum err load(struct world *w, uint64_t members, int threads, int parts,
                     struct bench_load_result *result)
{
    struct why why = {0};
    const struct bench_load_options o = {
        .csv = w->csv, .members = members, .threads = threads, .parts = parts};
    return bench_load(w->place.brand, &o, result, &why);
}

static enum err load_text(struct world *w, const char *text)
{
    struct bench_load_result result;
    assert_int_equal(fs_publish(w->csv, text, strlen(text), NULL), ERR_OK);
    return load(w, 100, 2, BENCH_PARTS, &result);
}

struct tally {
    uint64_t rows;
    int64_t at_sum, amount_sum;
};

static bool count_run(void *worker, const struct history *h)
{
    struct tally *t = worker;
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t i = h->off[m]; i < h->off[m + 1]; i++) {
            assert_true(i == h->off[m] || h->at[i - 1] < h->at[i]);
            assert_true(h->kind[i] > 0 && h->dim[DIM_GROUP][i] > 0 &&
                        h->dim[DIM_TOUCHPOINT][i] > 0);
            t->rows++;
            t->at_sum += h->at[i] / 1000;
            if (h->amount[i] != HISTORY_NO_AMOUNT) t->amount_sum += h->amount[i];
        }
    }
    return true;
}

static struct tally tally_log(struct brand *b)
{
    struct tally t = {0};
    void *const workers[] = {&t};
    struct budget budget = {.bytes_left = UINT64_C(1) << 30};
    const struct columns columns = {.mask = COLUMN_AMOUNT | COLUMN_DIM0 << DIM_GROUP |
                                            COLUMN_DIM0 << DIM_TOUCHPOINT};
    const struct scan scan = {.columns = &columns, .from = INT64_MIN, .to = INT64_MAX};
    struct snapshot *s = brand_snapshot(b);
    struct why why = {0};
    assert_int_equal(eventlog_scan(s, &scan, workers, 1, count_run, &budget, &why), ERR_OK);
    brand_snapshot_release(s);
    return t;
}

/* The same of the file, by scanf. */
static struct tally tally_file(const char *path)
{
    struct tally t = {0};
    unsigned member, at, kind, channel, campaign, group, amount;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fscanf(f, "%u,%u,%u,%u,%u,%u,%u\n", &member, &at, &kind, &channel, &campaign, &group,
                  &amount) == 7) {
        t.rows++;
        t.at_sum += at;
        t.amount_sum += amount;
    }
    assert_true(feof(f));
    fclose(f);
    return t;
}

static void assert_same(struct tally a, struct tally b)
{
    assert_int_equal(a.rows, b.rows);
    assert_int_equal(a.at_sum, b.at_sum);
    assert_int_equal(a.amount_sum, b.amount_sum);
}

static void what_is_in_the_file_is_in_the_log(void **state)
{
    struct world *w = *state;
    const struct bench_size size = {.events = ROWS, .members = 70, .days = 365, .seed = 3};
    struct bench_load_result result;
    assert_int_equal(bench_data_write(&size, w->csv, NULL), ERR_OK);
    struct tally file = tally_file(w->csv);
    assert_int_equal(file.rows, ROWS);
    assert_int_equal(load(w, 70, 7, BENCH_PARTS, &result), ERR_OK); /* more threads than parts */
    assert_int_equal(result.rows, ROWS);
    assert_int_equal(brand_stats(w->place.brand).parts, BENCH_PARTS);
    assert_same(tally_log(w->place.brand), file);
    place_reopen(&w->place);
    assert_same(tally_log(w->place.brand), file);
}

static void the_same_seed_gives_the_same_file(void **state)
{
    struct world *w = *state;
    struct bench_size size = {.events = ROWS, .members = 50, .days = 365, .seed = 9};
    struct strbuf texts[3] = {0};
    for (int i = 0; i < 3; i++) {
        size.seed = i < 2 ? 9 : 10;
        assert_int_equal(bench_data_write(&size, w->csv, NULL), ERR_OK);
        assert_int_equal(fs_read_file(w->csv, 1 << 20, &texts[i], NULL), ERR_OK);
    }
    assert_true(str_eq(strbuf_str(&texts[0]), strbuf_str(&texts[1])));
    assert_false(str_eq(strbuf_str(&texts[0]), strbuf_str(&texts[2])));
    for (int i = 0; i < 3; i++)
        strbuf_finish(&texts[i]);
}

static void every_size_is_given_in_full(void **state)
{
    struct world *w = *state;
    const struct bench_size sizes[] = {
        {1, 1, 365, 0},
        {1, 1000, 30, 1},
        {2, 1, 1095, 2},
        {7500, 1, 30, 3},
        {999, 1000, 90, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(bench_data_write(&sizes[i], w->csv, NULL), ERR_OK);
        assert_int_equal(tally_file(w->csv).rows, sizes[i].events);
    }
}

static void a_file_that_is_not_of_the_bench_leaves_the_log_empty(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {
        "hello\n",
        "\n",
        "1,1735689600,1,1,1,1\n",                           /* a cell too few */
        "1,1735689600,1,1,1,1,0,9\n",                       /* too many */
        "0,1735689600,1,1,1,1,0\n",                         /* no member */
        "9999,1735689600,1,1,1,1,0\n",                      /* over the members asked for */
        "1,1672617599,1,1,1,1,0\n",                         /* before all */
        "1,1767225600,1,1,1,1,0\n",                         /* behind all */
        "1,1735689600,20,1,1,1,0\n",                        /* unknown kind */
        "1,1735689600,1,8,1,1,0\n",                         /* channel */
        "1,1735689600,1,1,51,1,0\n",                        /* campaign */
        "1,1735689600,1,1,1,2000,0\n",                      /* group */
        "1,1735689600,1,1,1,1,4294967296\n",                /* amount */
        "1,1735689600,1,1,1,1,-1\n",                        /* negative */
        "1,1735689600,1,1,1,1,0\n1,\"17\n",                 /* a quote without an end */
        "1,1735689605,1,1,1,1,0\n1,1735689600,1,1,1,1,0\n", /* not in order of time */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(load_text(w, bad[i]), ERR_CORRUPT);
        assert_int_equal(brand_stats(w->place.brand).seq, 0);
    }
    assert_int_equal(load_text(w, "1,1735689600,1,1,1,1,0\r\n\"2\",1735689601,1,1,0,1,0"), ERR_OK);
    assert_int_equal(brand_stats(w->place.brand).seq, 2);
}

static void a_file_that_is_missing_is_said_so(void **state)
{
    struct world *w = *state;
    struct bench_load_result result;
    assert_int_equal(load(w, 10, 2, 1, &result), ERR_NOT_FOUND);
}

static void a_spill_gives_back_each_bucket_in_order(void **state)
{
    struct world *w = *state;
    char path[96];
    struct bench_spill *s;
    struct bench_row *rows = mem_alloc_array(10000, sizeof(*rows));
    snprintf(path, sizeof(path), "%s/spill", w->place.dir);
    assert_int_equal(bench_spill_create(path, 5, &s, NULL), ERR_OK);
    assert_false(fs_exists(path));
    for (uint32_t i = 0; i < 10000; i++) {
        struct bench_row *row = NULL;
        assert_int_equal(bench_spill_add(s, i % 97 ? i % 3 : 3, &row, NULL), ERR_OK);
        *row = (struct bench_row){.member = i};
    }
    uint64_t total = 0;
    for (size_t bucket = 0; bucket < 5; bucket++) {
        uint64_t count = bench_spill_rows(s, bucket);
        assert_int_equal(bench_spill_read(s, bucket, rows, NULL), ERR_OK);
        for (uint64_t i = 0; i < count; i++) {
            assert_int_equal(rows[i].member % 97 ? rows[i].member % 3 : 3, bucket);
            assert_true(i == 0 || rows[i - 1].member < rows[i].member);
        }
        total += count;
    }
    assert_int_equal(total, 10000);
    assert_int_equal(bench_spill_rows(s, 4), 0);
    bench_spill_destroy(s);
    mem_free(rows);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_in_the_file_is_in_the_log),
        TEST(the_same_seed_gives_the_same_file),
        TEST(every_size_is_given_in_full),
        TEST(a_file_that_is_not_of_the_bench_leaves_the_log_empty),
        TEST(a_file_that_is_missing_is_said_so),
        TEST(a_spill_gives_back_each_bucket_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
