/* scan_limit_test.c - scans that run short of memory, are told to stop or meet damage say so, and
 * are right otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan_collect.h"

/* With less and less memory the answer stays right, by further passes, until it is refused. Passes
 * show in the bytes read. */
static void little_memory_costs_time_then_an_error(void **state)
{
    (void)state;
    struct world_size size = {.parts = 2, .part_rows = 120000, .tail_rows = 9000, .personas = 3000};
    struct world w;
    uint64_t seed = test_seed(34);
    world_create(&w, seed, &size);
    mem_free(w.map_persona);
    mem_free(w.map_member);
    world_map(&w, 2);
    w.snapshot.personas = &w.map;
    struct question q = everything();
    ask(&q);
    q.columns = (struct columns){.mask = COLUMN_RECEIVED, .prop_count = 1, .props = {1}};
    q.types[0] = PROP_TEXT;
    size_t answered = 0, by_passes = 0, refused = 0;
    uint64_t read_once = 0;
    for (uint64_t bytes = UINT64_C(32) << 20; bytes > 2000000; bytes = bytes * 7 / 8) {
        struct collector c[WORKERS_MAX] = {{0}};
        struct budget budget;
        budget_init(&budget, bytes);
        enum err err = run_scan(&w, &q, c, 1 + (int)(bytes / 3 % 2), &budget);
        assert_true(err == ERR_OK || err == ERR_TOO_LARGE);
        if (err == ERR_OK) assert_answer(&w, &q, c);
        if (!read_once) read_once = atomic_load(&budget.bytes_read);
        answered += err == ERR_OK;
        by_passes += err == ERR_OK && atomic_load(&budget.bytes_read) > read_once / 2 * 3;
        refused += err != ERR_OK;
        collectors_finish(c);
    }
    print_message("%zu answered, %zu by passes, %zu refused\n", answered, by_passes, refused);
    assert_true(answered > by_passes && by_passes && refused);
    world_destroy(&w);
}

static void a_scan_stops_when_told(void **state)
{
    (void)state;
    struct world_size size = {.parts = 2, .part_rows = 30000, .tail_rows = 30000, .personas = 50};
    struct world w;
    world_create(&w, test_seed(35), &size);
    struct question q = everything();
    ask(&q);
    for (int workers = 1; workers <= WORKERS_MAX; workers += 3) {
        struct collector c[WORKERS_MAX] = {{.stop_after = 2}};
        struct budget budget;
        for (int i = 0; i < workers; i++) {
            c[i].stop_after = 1;
        }
        budget_init(&budget, UINT64_MAX / 2);
        assert_int_equal(run_scan(&w, &q, c, workers, &budget), ERR_CANCELLED);
        collectors_finish(c);

        struct collector none[WORKERS_MAX] = {{0}};
        budget_init(&budget, UINT64_MAX / 2);
        atomic_store(&budget.cancel, true);
        assert_int_equal(run_scan(&w, &q, none, workers, &budget), ERR_CANCELLED);
        atomic_store(&budget.cancel, false);
        budget.deadline_ns = 1000;
        assert_int_equal(run_scan(&w, &q, none, workers, &budget), ERR_DEADLINE);
        assert_int_equal(none[0].runs, 0);
        budget.deadline_ns = 1001;
        assert_int_equal(run_scan(&w, &q, none, workers, &budget), ERR_OK);
        collectors_finish(none);
    }
    world_destroy(&w);
}

static void damage_in_any_part_is_reported(void **state)
{
    (void)state;
    struct world_size size = {.parts = 4, .part_rows = 400, .tail_rows = 100, .personas = 50};
    struct world w;
    world_create(&w, test_seed(36), &size);
    struct question q = everything();
    ask(&q);
    for (size_t i = 0; i < size.parts; i++) {
        const char *path = part_path(w.parts[i]);
        FILE *f = fopen(path, "r+b");
        assert_non_null(f);
        fseek(f, 100, SEEK_SET); /* in a column of the first group */
        int byte = fgetc(f);
        fseek(f, 100, SEEK_SET);
        fputc(byte ^ 0x10, f);
        fclose(f);
        struct collector c[WORKERS_MAX] = {{0}};
        struct budget budget;
        budget_init(&budget, UINT64_MAX / 2);
        assert_int_equal(run_scan(&w, &q, c, 2, &budget), ERR_CORRUPT);
        collectors_finish(c);
        f = fopen(path, "r+b");
        assert_non_null(f);
        fseek(f, 100, SEEK_SET);
        fputc(byte, f);
        fclose(f);
    }
    assert_scan(&w, &q, 2, UINT64_MAX / 2);
    world_destroy(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_memory_costs_time_then_an_error),
        cmocka_unit_test(a_scan_stops_when_told),
        cmocka_unit_test(damage_in_any_part_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
