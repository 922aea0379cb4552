/* part_merge_test.c - parts merged are one part in order, or no file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "eventlog_test.h"
#include "part_fixture.h"

/* Events of all parts, stably sorted as a merge must give them: by insertion into 'all'. */
static size_t merged(const struct event *events, const uint8_t *part, size_t count, unsigned parts,
                     struct event *all)
{
    size_t n = 0;
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && events[end].persona == events[i].persona &&
               events[end].at == events[i].at) {
            end++;
        }
        for (unsigned k = 0; k < parts; k++) {
            for (size_t j = i; j < end; j++) {
                if (part[j] == k) all[n++] = events[j];
            }
        }
        i = end;
    }
    return n;
}

static void a_merge_is_in_order_with_ties_in_order_of_the_parts(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(8));
    for (unsigned parts = 0; parts <= 5; parts++) {
        size_t count = parts == 5 ? 100000 : 3000;
        struct event *events = maker_events(&m, count, 20, 2);
        struct event *some = arena_alloc_array(m.arena, count, sizeof(*some));
        struct event *all = arena_alloc_array(m.arena, count, sizeof(*all));
        uint8_t *part = arena_alloc_array(m.arena, count, 1);
        struct part *list[5];
        struct part_info info;
        struct why why;
        char name[16];
        for (size_t i = 0; i < count; i++)
            part[i] = (uint8_t)rng_below(&m.rng, parts ? parts : 1);
        for (unsigned k = 0; k < parts; k++) {
            size_t n = 0;
            for (size_t i = 0; i < count; i++) {
                if (part[i] == k && k != 3) some[n++] = events[i]; /* the fourth is empty */
                if (part[i] == 3) part[i] = 9;
            }
            snprintf(name, sizeof(name), "%u.part", k);
            write_part(test_path(&dir, name), some, n);
            list[k] = open_part(test_path(&dir, name));
        }
        size_t n = merged(events, part, count, parts, all);
        struct part_sources from = {.parts = list, .part_count = parts};
        assert_int_equal(part_merge(&from, test_path(&dir, "all.part"), NULL, &info, &why), ERR_OK);
        struct part *whole = open_part(test_path(&dir, "all.part"));
        assert_int_equal(info.rows, n);
        assert_holds(whole, all, n);
        part_unref(whole);
        for (unsigned k = 0; k < parts; k++)
            part_unref(list[k]);
        maker_reset(&m);
    }
    maker_finish(&m);
    test_dir_remove(&dir);
}

/* The events of a tail go last among equals, as the last of the parts would. */
static void a_merge_with_events_is_that_with_a_part_of_them(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(21));
    for (unsigned parts = 0; parts <= 2; parts++) {
        struct part *list[3];
        const struct event *some[3000];
        struct part_info with, without;
        struct why why;
        char name[16];
        for (unsigned k = 0; k <= parts; k++) {
            struct event *events = maker_events(&m, 3000, 20, 2);
            snprintf(name, sizeof(name), "%u.part", k);
            write_part(test_path(&dir, name), events, 3000);
            list[k] = open_part(test_path(&dir, name));
            for (size_t i = 0; i < 3000; i++) {
                events[i].id = (struct hash128){0, 0};
                some[i] = &events[i];
            }
        }
        struct part_sources from = {.parts = list, .part_count = parts + 1};
        const char *all = test_path(&dir, "all.part");
        assert_int_equal(part_merge(&from, all, NULL, &without, &why), ERR_OK);
        from = (struct part_sources){list, parts, some, 3000};
        assert_int_equal(part_merge(&from, all, NULL, &with, &why), ERR_OK);
        assert_int_equal(with.rows, (parts + 1) * 3000);
        assert_int_equal(with.checksum, without.checksum);
        assert_int_equal(with.size_bytes, without.size_bytes);
        for (unsigned k = 0; k <= parts; k++)
            part_unref(list[k]);
        maker_reset(&m);
    }
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void a_merge_that_is_told_to_stop_leaves_no_file(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(10));
    write_part(test_path(&dir, "0.part"), maker_events(&m, 100, 100, 1000), 100);
    struct part *list[1] = {open_part(test_path(&dir, "0.part"))};
    const char *all = test_path(&dir, "all.part");
    atomic_bool stop = true;
    struct part_sources from = {.parts = list, .part_count = 1};
    struct part_info info;
    struct why why = {0};
    assert_int_equal(part_merge(&from, all, &stop, &info, &why), ERR_UNAVAILABLE);
    assert_false(fs_exists(all) || fs_exists(test_path(&dir, "all.part.tmp")));
    stop = false;
    assert_int_equal(part_merge(&from, all, &stop, &info, &why), ERR_OK);
    assert_int_equal(info.rows, 100);
    part_unref(list[0]);
    maker_finish(&m);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_merge_is_in_order_with_ties_in_order_of_the_parts),
        cmocka_unit_test(a_merge_with_events_is_that_with_a_part_of_them),
        cmocka_unit_test(a_merge_that_is_told_to_stop_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
