/* log_test.c - what the lines look like, in both forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "child.h"

static char lines[65536];

static const char *lines_of(void (*fn)(void))
{
    int status = child_run(fn, lines, sizeof(lines));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return lines;
}

static void write_json(void)
{
    log_init(LOG_INFO, LOG_JSON);
    log_info("eventlog", "part_written",
             "rows=%d share=%.2f file=%s ok=true id=007 hash=12e5 big=18446744073709551615", 12,
             0.5, "000001.part");
}

static void json_lines_carry_the_pairs_as_members(void **state)
{
    (void)state;
    const char *line = lines_of(write_json);
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_non_null(strstr(line, "{\"ts\":\"20"));
    assert_non_null(strstr(line,
                           "\"level\":\"info\",\"room\":\"eventlog\",\"event\":\"part_written\","
                           "\"rows\":12,\"share\":0.5,\"file\":\"000001.part\",\"ok\":true,"
                           "\"id\":\"007\",\"hash\":\"12e5\","
                           "\"big\":18446744073709551615}\n"));
    struct arena *a = arena_create(0);
    const struct json *j;
    assert_int_equal(json_parse(a, str_of(line), &j, NULL), ERR_OK);
    assert_int_equal(j->count, 11);
    assert_int_equal(json_get(j, "ts")->string.len, strlen("2025-01-31T00:00:00.000Z"));
    arena_destroy(a);
}

static void write_hostile(void)
{
    log_init(LOG_INFO, LOG_JSON);
    log_warn("http", "refused", "why=%s target=\"%s\" code=%d", "No such file or directory",
             "a=b c", 400);
    log_warn("http", "odd", "%s", "line\nbreak \"quote\" \x01\xff x");
    log_warn("http", "bare", NULL);
    log_warn("http", "open_quote", "a=\"never closed b=1");
}

static void json_values_may_hold_spaces_quotes_and_bytes(void **state)
{
    (void)state;
    char *line = strdup(lines_of(write_hostile));
    struct str rest = str_of(line);
    struct arena *a = arena_create(0);
    const struct json *j[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(json_parse(a, str_cut(&rest, '\n'), &j[i], NULL), ERR_OK);
    }
    assert_int_equal(rest.len, 0);
    assert_true(str_is(json_get(j[0], "why")->string, "No such file or directory"));
    assert_true(str_is(json_get(j[0], "target")->string, "a=b c"));
    assert_int_equal(json_get(j[0], "code")->integer, 400);
    assert_true(str_is(json_get(j[1], "text")->string, "line\nbreak \"quote\" \x01\xef\xbf\xbd x"));
    assert_int_equal(j[2]->count, 4);
    assert_int_equal(json_get(j[3], "b")->integer, 1);
    arena_destroy(a);
    free(line);
}

static void write_human(void)
{
    log_init(LOG_DEBUG, LOG_HUMAN);
    log_debug("brand", "opened", "slug=%s ms=%d", "a\nb\x1b[31m", 3);
    log_error("brand", "bare", NULL);
}

static void human_lines_are_one_line_each(void **state)
{
    (void)state;
    const char *text = lines_of(write_human);
    const char *first = strstr(text, "Z debug brand opened slug=a b [31m ms=3\n");
    assert_non_null(first);
    assert_non_null(strstr(first, "Z error brand bare\n"));
}

static void write_levels(void)
{
    log_init(LOG_WARN, LOG_HUMAN);
    log_debug("a", "one", NULL);
    log_info("a", "two", NULL);
    log_warn("a", "three", NULL);
    log_error("a", "four", NULL);
}

static void lines_under_the_least_level_are_dropped(void **state)
{
    (void)state;
    const char *text = lines_of(write_levels);
    assert_null(strstr(text, "one"));
    assert_null(strstr(text, "two"));
    assert_non_null(strstr(text, "three"));
    assert_non_null(strstr(text, "four"));
}

static void write_auto(void)
{
    log_init(LOG_INFO, LOG_AUTO);
    log_info("main", "started", NULL);
}

static void a_pipe_gets_json(void **state)
{
    (void)state;
    assert_int_equal(lines_of(write_auto)[0], '{');
}

static void write_long(void)
{
    static char text[10000];
    memset(text, 'x', sizeof(text) - 1);
    log_init(LOG_INFO, LOG_JSON);
    errno = EPERM;
    log_info("main", "long", "text=%s", text);
    if (errno != EPERM) _exit(1);
}

static void long_pairs_are_cut_and_errno_is_kept(void **state)
{
    (void)state;
    const char *line = lines_of(write_long);
    struct arena *a = arena_create(0);
    const struct json *j;
    assert_int_equal(json_parse(a, str_of(line), &j, NULL), ERR_OK);
    assert_true(json_get(j, "text")->string.len > 1000);
    assert_true(strlen(line) < 4096);
    arena_destroy(a);
}

static void *write_many(void *p)
{
    for (int i = 0; i < 100; i++) {
        log_info("main", "tick", "thread=%d i=%d", *(int *)p, i);
    }
    return NULL;
}

static void write_from_threads(void)
{
    pthread_t threads[4];
    int ids[4] = {0, 1, 2, 3};
    log_init(LOG_INFO, LOG_JSON);
    for (int i = 0; i < 4; i++) {
        if (pthread_create(&threads[i], NULL, write_many, &ids[i]) != 0) _exit(1);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    struct str rest = str_of(lines_of(write_from_threads));
    struct arena *a = arena_create(0);
    size_t count = 0;
    while (rest.len) {
        const struct json *j;
        assert_int_equal(json_parse(a, str_cut(&rest, '\n'), &j, NULL), ERR_OK);
        count++;
    }
    assert_int_equal(count, 400);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lines_carry_the_pairs_as_members),
        cmocka_unit_test(json_values_may_hold_spaces_quotes_and_bytes),
        cmocka_unit_test(human_lines_are_one_line_each),
        cmocka_unit_test(lines_under_the_least_level_are_dropped),
        cmocka_unit_test(a_pipe_gets_json),
        cmocka_unit_test(long_pairs_are_cut_and_errno_is_kept),
        cmocka_unit_test(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
