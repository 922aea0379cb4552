/* part_crew_test.c - parts that several threads encode: the same bytes, the same failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "eventlog/part_crew.h"
#include "eventlog_test.h"
#include "part_fixture.h"

#define GROUPS 6

static const unsigned threads[] = {1, 2, 3, 7, CREW_HELPERS_MAX + 1, 1000};
#define CREWS (sizeof(threads) / sizeof(threads[0]))

static struct part_writer *start(const char *path, unsigned count)
{
    struct part_writer *w;
    assert_int_equal(part_create(path, &w, NULL), ERR_OK);
    part_spread(w, count);
    return w;
}

static void every_number_of_threads_writes_the_same_bytes(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "1.part");
    struct event_maker m;
    maker_init(&m, test_seed(1));
    size_t full = (size_t)GROUPS * PART_GROUP_ROWS, counts[] = {0, 1, 1000, full, full + 1};
    struct event *events = maker_events(&m, full + 1, 300, 1000);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct strbuf want = {0}, got = {0};
        struct part_info info = write_part(path, events, counts[i]), other;
        assert_int_equal(fs_read_file(path, 1 << 30, &want, NULL), ERR_OK);
        for (size_t k = 0; k < CREWS; k++) {
            struct part_writer *w = start(path, threads[k]);
            for (size_t n = 0; n < counts[i]; n++)
                assert_int_equal(part_add(w, &events[n], NULL), ERR_OK);
            assert_int_equal(part_finish(w, &other, NULL), ERR_OK);
            assert_memory_equal(&info, &other, sizeof(info));
            strbuf_reset(&got);
            assert_int_equal(fs_read_file(path, 1 << 30, &got, NULL), ERR_OK);
            assert_true(str_eq(strbuf_str(&want), strbuf_str(&got)));
        }
        strbuf_finish(&want);
        strbuf_finish(&got);
    }
    struct part *p = open_part(path);
    assert_int_equal(part_level_count(p), 2);
    assert_holds(p, events, full + 1);
    assert_int_equal(part_verify(p, NULL), ERR_OK);
    part_unref(p);
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void a_property_of_another_type_is_refused_in_any_group(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    const struct event_prop number = {.id = 3, .type = PROP_NUMBER, .number = 1};
    const struct event_prop text = {.id = 3, .type = PROP_TEXT, .text = str_of("a")};
    for (size_t k = 0; k < CREWS; k++) {
        struct part_writer *w = start(test_path(&dir, "1.part"), threads[k]);
        struct event ev = {.persona = 1, .kind = 1, .prop_count = 1, .props = &number};
        assert_int_equal(part_add(w, &ev, NULL), ERR_OK);
        ev.prop_count = 0;
        for (int i = 1; i < GROUPS * PART_GROUP_ROWS; i++)
            assert_int_equal(part_add(w, &ev, NULL), ERR_OK);
        ev.prop_count = 1;
        ev.props = &text;
        assert_int_equal(part_add(w, &ev, NULL), ERR_INVALID);
        part_abandon(w);
        assert_false(fs_exists(test_path(&dir, "1.part.tmp")));
    }
    test_dir_remove(&dir);
}

/* Wherever the disk is full. */
static void a_failed_write_ends_a_crew(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(2));
    size_t count = (size_t)GROUPS * PART_GROUP_ROWS;
    struct event *events = maker_events(&m, count, 300, 1000);
    uint64_t size = write_part(test_path(&dir, "0.part"), events, count).size_bytes;
    struct rlimit was, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (unsigned trial = 0; trial < 8; trial++) {
        struct part_writer *w = start(test_path(&dir, "1.part"), threads[trial % CREWS]);
        struct part_info info;
        struct why why = {0};
        enum err err = ERR_OK;
        small = was;
        small.rlim_cur = size / 8 * trial;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        for (size_t i = 0; i < count && err == ERR_OK; i++)
            err = part_add(w, &events[i], &why);
        assert_true(err == ERR_OK || err == ERR_IO);
        assert_int_equal(part_finish(w, &info, &why), ERR_IO);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
        assert_false(fs_exists(test_path(&dir, "1.part.tmp")));
        assert_false(fs_exists(test_path(&dir, "1.part")));
    }
    signal(SIGXFSZ, SIG_DFL);
    maker_finish(&m);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_of_threads_writes_the_same_bytes),
        cmocka_unit_test(a_property_of_another_type_is_refused_in_any_group),
        cmocka_unit_test(a_failed_write_ends_a_crew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
