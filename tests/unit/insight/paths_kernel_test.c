/* paths_kernel_test.c - paths by hand, and against a model that walks from every anchor. */
#include "insight/run.h"

#include "base/cpu.h"
#include "insight/paths_kernel.h"

#define SEEN SIGHT_SEEN
#define ANCHOR (1u | SIGHT_SEEN)

static struct run run;

static const struct path *find(const struct paths *p, const uint16_t *kinds)
{
    for (size_t i = 0; i < p->list.count; i++) {
        if (memcmp(p->list.items[i].kinds, kinds, sizeof(p->list.items[i].kinds)) == 0) {
            return &p->list.items[i];
        }
    }
    return NULL;
}

static void expect(const struct paths *p, const uint16_t *kinds, uint64_t members,
                   uint64_t occurrences)
{
    const struct path *path = find(p, kinds);
    assert_non_null(path);
    assert_int_equal(path->members, members);
    assert_int_equal(path->occurrences, occurrences);
}

static void a_path_ends_with_the_window_or_the_member(void **state)
{
    (void)state;
    struct paths paths;
    struct paths_settings s = {.depth = 2, .within = 100};
    run_reset(&run);
    run_member(&run, 1);
    run_row(&run, 0, 9, ANCHOR);
    run_row(&run, 50, 1, SEEN);
    run_row(&run, 100, 2, SEEN); /* exactly at the end: in */
    run_row(&run, 101, 3, SEEN);
    run_member(&run, 2);
    run_row(&run, 0, 9, ANCHOR);
    run_row(&run, 60, 1, SEEN);
    run_row(&run, 101, 2, SEEN); /* out */
    run_member(&run, 3);
    run_row(&run, 0, 9, ANCHOR);
    run_kernel(&run, &paths_kernel, &s, 2, 2, &paths);
    assert_int_equal(paths.list.count, 3);
    expect(&paths, (uint16_t[]){1, 2, 0, 0, 0}, 1, 1);
    expect(&paths, (uint16_t[]){1, 0, 0, 0, 0}, 1, 1);
    expect(&paths, (uint16_t[]){0, 0, 0, 0, 0}, 1, 1);
    assert_int_equal(paths.occurrences, 3);
    assert_int_equal(paths.ended, 2);
    paths_kernel.finish(&paths);
}

static void folding_leaves_out_repeats(void **state)
{
    (void)state;
    struct paths paths;
    struct paths_settings s = {.depth = 3, .within = INT64_MAX, .fold = true};
    run_reset(&run);
    run_member(&run, 1);
    run_row(&run, 0, 9, ANCHOR);
    run_row(&run, 1, 9, SEEN); /* repeats the anchor */
    run_row(&run, 2, 1, SEEN);
    run_row(&run, 3, 4, 0); /* not there at all */
    run_row(&run, 4, 1, SEEN);
    run_row(&run, 5, 2, SEEN);
    run_row(&run, 6, 1, SEEN);
    run_kernel(&run, &paths_kernel, &s, 1, 1, &paths);
    expect(&paths, (uint16_t[]){1, 2, 1, 0, 0}, 1, 1);
    paths_kernel.finish(&paths);
}

static void backwards_the_nearest_comes_first(void **state)
{
    (void)state;
    struct paths paths;
    struct paths_settings s = {.before = true, .depth = 5, .within = INT64_MAX};
    run_reset(&run);
    run_member(&run, 1);
    run_row(&run, 1, 1, SEEN);
    run_row(&run, 2, 2, SEEN);
    run_row(&run, 3, 9, ANCHOR);
    run_row(&run, 4, 4, SEEN);
    run_kernel(&run, &paths_kernel, &s, 1, 1, &paths);
    expect(&paths, (uint16_t[]){2, 1, 0, 0, 0}, 1, 1);
    paths_kernel.finish(&paths);
}

/* The path of the anchor at 'row' of member 'm'. */
static uint32_t model(const struct paths_settings *s, uint32_t m, uint32_t row, uint16_t *kinds)
{
    uint32_t depth = 0;
    uint16_t last = run.kind[row];
    int64_t step = s->before ? -1 : 1;
    for (int64_t i = (int64_t)row + step;
         depth < s->depth && i >= (int64_t)run.off[m] && i < (int64_t)run.off[m + 1]; i += step) {
        if ((run.mask[i] & SEEN) == 0 || (s->fold && run.kind[i] == last)) continue;
        int64_t away = run.at[i] - run.at[row];
        if ((away < 0 ? -away : away) > s->within) break;
        kinds[depth++] = last = run.kind[i];
    }
    return depth;
}

static void expect_model(const struct paths *p, const struct paths_settings *s)
{
    uint64_t occurrences = 0, ended = 0, listed = 0;
    for (uint32_t m = 0; m < run.members; m++) {
        for (uint32_t i = run.off[m]; i < run.off[m + 1]; i++) {
            uint16_t kinds[LIMIT_PATH_DEPTH] = {0};
            if ((run.mask[i] & 1) == 0 || run.member[m] == 0) continue;
            ended += model(s, m, i, kinds) < s->depth;
            occurrences++;
            const struct path *path = find(p, kinds);
            assert_non_null(path);
            /* Taken down one by one, so that at the end nothing may be left. */
            ((struct path *)(uintptr_t)path)->occurrences--;
        }
    }
    for (size_t i = 0; i < p->list.count; i++) {
        listed += p->list.items[i].occurrences;
    }
    assert_int_equal(listed, 0);
    assert_int_equal(p->occurrences, occurrences);
    assert_int_equal(p->ended, ended);
}

static void paths_equal_the_model(void **state)
{
    (void)state;
    struct rng rng;
    seed_rng(&rng, "paths_equal_the_model");
    for (int round = 0; round < 5000; round++) {
        struct paths paths;
        struct paths_settings s = {.before = rng_below(&rng, 2) == 0,
                                   .depth = 1 + (uint32_t)rng_below(&rng, LIMIT_PATH_DEPTH),
                                   .within = rng_below(&rng, 3) ? (int64_t)rng_below(&rng, 30)
                                                                : INT64_MAX,
                                   .fold = rng_below(&rng, 2) == 0};
        run_reset(&run);
        for (uint32_t m = 0; m < 4; m++) {
            int64_t at = 0;
            run_member(&run, m == 3 ? 0 : m + 1);
            for (uint64_t rows = rng_below(&rng, 30); rows > 0; rows--) {
                at += (int64_t)rng_below(&rng, 5);
                uint32_t mask = rng_below(&rng, 4) == 0 ? ANCHOR : SEEN;
                if (rng_below(&rng, 6) == 0) mask = 0;
                run_row(&run, at, (uint16_t)(1 + rng_below(&rng, 4)), mask);
            }
        }
        cpu_limit((enum cpu_level)rng_below(&rng, 3));
        run_kernel(&run, &paths_kernel, &s, 1 + (uint32_t)rng_below(&rng, 4), 2, &paths);
        cpu_limit(CPU_AVX512);
        expect_model(&paths, &s);
        paths_kernel.finish(&paths);
    }
}

static void members_count_once_a_path(void **state)
{
    (void)state;
    struct paths paths;
    struct paths_settings s = {.depth = 1, .within = INT64_MAX};
    run_reset(&run);
    for (uint32_t m = 1; m <= 10; m++) {
        run_member(&run, m);
        for (uint32_t i = 0; i < m; i++) {
            run_row(&run, i, 9, ANCHOR);
        }
        run_row(&run, 100, 1, SEEN);
    }
    for (uint32_t pieces = 1; pieces <= 10; pieces++) {
        run_kernel(&run, &paths_kernel, &s, pieces, 3, &paths);
        expect(&paths, (uint16_t[]){9, 0, 0, 0, 0}, 9, 45);
        expect(&paths, (uint16_t[]){1, 0, 0, 0, 0}, 10, 10);
        paths_kernel.finish(&paths);
    }
}

static void the_table_grows(void **state)
{
    (void)state;
    struct paths paths;
    struct paths_settings s = {.depth = 2, .within = INT64_MAX};
    run_reset(&run);
    for (uint32_t m = 1; m <= 1300; m++) {
        run_member(&run, m);
        run_row(&run, 0, 9, ANCHOR);
        run_row(&run, 0, (uint16_t)m, SEEN);
        run_row(&run, 0, (uint16_t)(m / 7 + 1), SEEN);
    }
    run_kernel(&run, &paths_kernel, &s, 7, 2, &paths);
    assert_int_equal(paths.list.count, 1300);
    for (uint32_t m = 1; m <= 1300; m++) {
        expect(&paths, (uint16_t[]){(uint16_t)m, (uint16_t)(m / 7 + 1), 0, 0, 0}, 1, 1);
    }
    paths_kernel.finish(&paths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_ends_with_the_window_or_the_member),
        cmocka_unit_test(folding_leaves_out_repeats),
        cmocka_unit_test(backwards_the_nearest_comes_first),
        cmocka_unit_test(paths_equal_the_model),
        cmocka_unit_test(members_count_once_a_path),
        cmocka_unit_test(the_table_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
