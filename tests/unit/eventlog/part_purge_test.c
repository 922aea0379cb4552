/* part_purge_test.c - a part without the values whose time is over has all its events, and nothing
 * else of those values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "eventlog/part_purge.h"
#include "eventlog_test.h"
#include "part_fixture.h"

#define ITEMS 5

/* Take out of the events what is to go, and count it by item. */
static void take_out(struct event *events, size_t count, const struct expiry *e, uint64_t *values,
                     struct event_prop *room)
{
    for (size_t i = 0; i < count; i++) {
        struct event *ev = &events[i];
        struct event_prop *kept = room;
        for (uint16_t k = 0; k < ev->prop_count; k++) {
            const struct event_prop *p = &ev->props[k];
            bool gone = false;
            for (size_t x = 0; x < e->count; x++) {
                if (e->items[x].prop != p->id || ev->at >= e->items[x].before) continue;
                gone = true;
                values[x]++;
            }
            if (!gone) *room++ = *p;
        }
        ev->props = kept;
        ev->prop_count = (uint16_t)(room - kept);
    }
}

static size_t props_of(const struct event *events, size_t count)
{
    size_t props = 0;
    for (size_t i = 0; i < count; i++)
        props += events[i].prop_count;
    return props;
}

static void expect_counts(const struct part *p, const struct expiry *e, const uint64_t *wanted)
{
    uint64_t values[ITEMS] = {0};
    struct why why;
    assert_int_equal(part_expired(p, e, values, NULL, &why), ERR_OK);
    for (size_t i = 0; i < e->count; i++)
        assert_int_equal(values[i], wanted[i]);
}

static void check(struct test_dir *dir, struct event *events, size_t count, const struct expiry *e)
{
    struct part *p = write_and_open(test_path(dir, "1.part"), events, count);
    struct part_info info;
    struct why why;
    uint64_t values[ITEMS] = {0}, in_memory[ITEMS] = {0}, none[ITEMS] = {0};
    const struct event **all = mem_alloc_array(count, sizeof(*all));
    struct event_prop *room = mem_alloc_array(props_of(events, count) + 1, sizeof(*room));
    for (size_t i = 0; i < count; i++)
        all[i] = &events[i];
    events_expired(all, count, e, in_memory);
    take_out(events, count, e, values, room);
    assert_memory_equal(in_memory, values, sizeof(values));
    expect_counts(p, e, values);
    assert_int_equal(part_purge(p, e, test_path(dir, "2.part"), NULL, &info, &why), ERR_OK);
    struct part *left = open_written(test_path(dir, "2.part"), &info, events, count);
    expect_counts(left, e, none);
    part_unref(left);
    part_unref(p);
    mem_free(all);
    mem_free(room);
}

/* Some of the events' properties and one that none has, each with a moment of its own. */
static struct expiry random_expiry(struct rng *rng, const struct event *events, size_t count,
                                   struct prop_expiry *items)
{
    struct expiry e = {items, 0};
    for (int tries = 0; tries < 40 && e.count < ITEMS; tries++) {
        const struct event *ev = &events[rng_below(rng, count)];
        if (tries && ev->prop_count == 0) continue;
        uint32_t prop = tries ? ev->props[rng_below(rng, ev->prop_count)].id : 4000000;
        struct prop_expiry one = {prop, events[rng_below(rng, count)].at};
        size_t at = e.count;
        bool known = false;
        for (size_t i = 0; i < e.count; i++)
            known |= items[i].prop == prop;
        if (known) continue;
        for (; at > 0 && items[at - 1].prop > prop; at--)
            items[at] = items[at - 1];
        items[at] = one;
        e.count++;
    }
    return e;
}

static void what_is_left_is_every_event_and_every_other_value(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 7, 128, 3000, 70000, 150000};
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(1));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (int round = counts[i] > 10000 ? 10 : 0; round < 12; round++) {
            struct event *events = maker_events(&m, counts[i], round % 2 ? 3 : 500, 100000);
            struct prop_expiry items[ITEMS];
            struct expiry e = random_expiry(&m.rng, events, counts[i], items);
            check(&dir, events, counts[i], &e);
            maker_reset(&m);
        }
    }
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void texts_that_only_went_are_not_in_the_file(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_prop old = {.id = 1, .type = PROP_TEXT, .text = STR("words of long ago")};
    struct event_prop new = {.id = 1, .type = PROP_TEXT, .text = STR("words of today")};
    struct event_prop other = {.id = 2, .type = PROP_TEXT, .text = STR("words for ever")};
    struct event events[3] = {{.persona = 1, .at = 10, .prop_count = 1, .props = &old},
                              {.persona = 1, .at = 10, .prop_count = 1, .props = &other},
                              {.persona = 2, .at = 20, .prop_count = 1, .props = &new}};
    for (int i = 0; i < 3; i++)
        events[i].kind = 1;
    check(&dir, events, 3, &(struct expiry){(struct prop_expiry[]){{1, 20}}, 1});
    assert_true(file_has(test_path(&dir, "1.part"), "words of long ago"));
    assert_false(file_has(test_path(&dir, "2.part"), "words of long ago"));
    assert_true(file_has(test_path(&dir, "2.part"), "words of today"));
    assert_true(file_has(test_path(&dir, "2.part"), "words for ever"));
    test_dir_remove(&dir);
}

static void who_stops_it_finds_no_file(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    struct part_info info;
    struct why why;
    uint64_t values = 0;
    atomic_bool stop = true;
    maker_init(&m, test_seed(2));
    struct event *events = maker_events(&m, 9000, 100, 1000);
    struct part *p = write_and_open(test_path(&dir, "1.part"), events, 9000);
    const struct expiry e = {(struct prop_expiry[]){{1, INT64_MAX}}, 1};
    const char *to = test_path(&dir, "2.part");
    assert_int_equal(part_expired(p, &e, &values, &stop, &why), ERR_UNAVAILABLE);
    assert_int_equal(part_purge(p, &e, to, &stop, &info, &why), ERR_UNAVAILABLE);
    assert_false(fs_exists(to));
    assert_false(fs_exists(test_path(&dir, "2.part.tmp")));
    part_unref(p);
    maker_finish(&m);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_is_every_event_and_every_other_value),
        cmocka_unit_test(texts_that_only_went_are_not_in_the_file),
        cmocka_unit_test(who_stops_it_finds_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
