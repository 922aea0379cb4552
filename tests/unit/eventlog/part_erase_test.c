/* part_erase_test.c - a part without some personas, or without an origin, has what is left of every
 * row, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eventlog/part_erase.h"
#include "eventlog_test.h"
#include "part_fixture.h"

static bool is_in(const struct persona_set *set, uint32_t id)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->ids[i] == id) return true;
    }
    return false;
}

/* What is left of the events, in their place; how many, and whether anything changed. */
static size_t take_out(struct event *events, size_t count, const struct part_gone *gone, bool *any)
{
    size_t kept = 0;
    *any = false;
    for (size_t i = 0; i < count; i++) {
        bool own = is_in(&gone->personas, events[i].persona);
        own |= gone->origin && events[i].dim[DIM_ORIGIN] == gone->origin;
        *any |= own;
        if (!own) events[kept++] = events[i];
    }
    return kept;
}

/* Erase a set from a part of these events, which are changed to what is left. */
static void check(struct test_dir *dir, struct event *events, size_t count,
                  const struct part_gone *gone)
{
    struct part *p = write_and_open(test_path(dir, "1.part"), events, count);
    struct part_info info;
    struct why why;
    bool held = true, any;
    size_t kept = take_out(events, count, gone, &any);
    assert_int_equal(part_holds(p, gone, &held, &why), ERR_OK);
    assert_int_equal(held, any);
    assert_int_equal(part_erase(p, gone, test_path(dir, "2.part"), &info, &why), ERR_OK);
    struct part *left = open_written(test_path(dir, "2.part"), &info, events, kept);
    assert_int_equal(part_holds(left, gone, &held, &why), ERR_OK);
    assert_false(held);
    part_unref(left);
    part_unref(p);
}

/* Up to 'count_max' ids of events' own and other personas, and of nobody's. */
static struct persona_set random_set(struct rng *rng, const struct event *events, size_t count,
                                     uint32_t *ids, size_t count_max)
{
    struct persona_set set = {ids, 0};
    for (size_t tries = 1 + rng_below(rng, count_max); tries > 0; tries--) {
        const struct event *ev = &events[rng_below(rng, count)];
        uint32_t id[] = {ev->persona, ev->other, (uint32_t)rng_below(rng, 200000)};
        uint32_t chosen = id[rng_below(rng, 3)];
        if (!chosen || is_in(&set, chosen)) continue;
        size_t at = set.count++;
        for (; at > 0 && ids[at - 1] > chosen; at--)
            ids[at] = ids[at - 1];
        ids[at] = chosen;
    }
    return set;
}

static void what_is_left_is_every_other_row_as_it_was(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 7, 128, 3000, 65536, 150000};
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(1));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (int round = counts[i] > 10000 ? 9 : 0; round < 12; round++) {
            struct event *events = maker_events(&m, counts[i], round % 2 ? 3 : 500, 100000);
            uint32_t ids[40];
            for (size_t e = 0; e < counts[i]; e++)
                events[e].dim[DIM_ORIGIN] = (uint32_t)rng_below(&m.rng, 9);
            struct part_gone gone = {random_set(&m.rng, events, counts[i], ids, round % 3 ? 3 : 40),
                                     0};
            if (round % 4 == 3) gone.personas.count = 0;
            if (round % 4 >= 2) gone.origin = events[rng_below(&m.rng, counts[i])].dim[DIM_ORIGIN];
            check(&dir, events, counts[i], &gone);
            maker_reset(&m);
        }
    }
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void a_part_of_nobody_else_is_left_without_rows(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(2));
    struct event *events = maker_events(&m, 70000, 1000000, 1000);
    for (size_t i = 0; i < 70000; i++)
        events[i].persona = 5;
    check(&dir, events, 70000, &(struct part_gone){{(uint32_t[]){5}, 1}, 0});
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void texts_of_the_erased_alone_are_not_in_the_file(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_prop shared = {.id = 1, .type = PROP_TEXT, .text = STR("words of two")};
    struct event_prop own = {.id = 1, .type = PROP_TEXT, .text = STR("words of one")};
    struct event events[3] = {{.persona = 1, .prop_count = 1, .props = &shared},
                              {.persona = 2, .at = 1, .prop_count = 1, .props = &own},
                              {.persona = 2, .at = 2, .prop_count = 1, .props = &shared}};
    for (int i = 0; i < 3; i++)
        events[i].kind = 1;
    check(&dir, events, 3, &(struct part_gone){{(uint32_t[]){2}, 1}, 0});
    assert_true(file_has(test_path(&dir, "1.part"), "words of one"));
    assert_true(file_has(test_path(&dir, "2.part"), "words of two"));
    assert_false(file_has(test_path(&dir, "2.part"), "words of one"));
    test_dir_remove(&dir);
}

static void damage_stops_it_and_leaves_no_file(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(3));
    struct event *events = maker_events(&m, 3000, 100, 1000);
    const char *path = test_path(&dir, "1.part"), *to = test_path(&dir, "2.part");
    write_part(path, events, 3000);
    struct strbuf bytes = {0};
    struct part *p;
    struct part_info info;
    struct why why;
    int fd;
    bool held = false;
    assert_int_equal(fs_read_file(path, SIZE_MAX, &bytes, &why), ERR_OK);
    bytes.p[20] ^= 1; /* in the first chunk: the personas */
    assert_int_equal(fs_create(path, &fd, &why), ERR_OK);
    assert_int_equal(fs_write(fd, bytes.p, bytes.len, &why), ERR_OK);
    fs_close(fd);
    assert_int_equal(part_open(path, &p, &why), ERR_OK);
    struct part_gone gone = {{&events[1000].persona, 1}, 0};
    assert_int_equal(part_holds(p, &gone, &held, &why), ERR_CORRUPT);
    assert_int_equal(part_erase(p, &gone, to, &info, &why), ERR_CORRUPT);
    assert_false(fs_exists(to));
    assert_false(fs_exists(test_path(&dir, "2.part.tmp")));
    part_unref(p);
    strbuf_finish(&bytes);
    maker_finish(&m);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_is_every_other_row_as_it_was),
        cmocka_unit_test(a_part_of_nobody_else_is_left_without_rows),
        cmocka_unit_test(texts_of_the_erased_alone_are_not_in_the_file),
        cmocka_unit_test(damage_stops_it_and_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
