/* scribe_test.c - lines handed over to the thread that writes them. */
#include "groups/scribe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define LINES 20000 /* more than all sheets hold, so that the writer has to wait */

/* What the thread saw; read behind scribe_wait(). */
struct seen {
    uint64_t count, next; /* lines, and the seq that is due */
    uint64_t fails_at;    /* seq of a line that cannot be written; 0 = none */
    uint64_t ended_at;    /* lines that were written when the end came; 0 = it did not */
    bool end_fails, wrong;
};

static enum err write_line(void *ctx, struct arena *arena, const struct said_line *line)
{
    struct seen *s = ctx;
    char text[32];
    if (line->seq == s->fails_at) return ERR_STORE;
    snprintf(text, sizeof(text), "text %llu", (unsigned long long)line->seq);
    s->wrong |= line->seq != s->next || !str_is(line->text, text) || line->message.len;
    s->wrong |= !str_eq(arena_str(arena, line->text), line->text);
    s->next = line->seq + 1;
    s->count++;
    return ERR_OK;
}

static enum err end(void *ctx)
{
    struct seen *s = ctx;
    s->ended_at = s->count;
    return s->end_fails ? ERR_IO : ERR_OK;
}

/* The text is the writer's no longer than the call. */
static void add(struct scribe *s, uint64_t from, uint64_t to)
{
    char text[32];
    for (uint64_t seq = from; seq <= to; seq++) {
        int len = snprintf(text, sizeof(text), "text %llu", (unsigned long long)seq);
        struct said_line line = {.seq = seq, .text = {text, (size_t)len}, .message = STR("")};
        scribe_add(s, &line);
    }
}

static void lines_are_written_in_order_each_once(void **state)
{
    (void)state;
    struct seen seen = {.next = 1};
    struct scribe *s = scribe_create(write_line, &seen);
    add(s, 1, LINES);
    assert_int_equal(scribe_wait(s), ERR_OK);
    assert_int_equal(seen.count, LINES);
    add(s, LINES + 1, LINES + 1);
    scribe_end(s, end);
    assert_int_equal(scribe_wait(s), ERR_OK);
    assert_int_equal(seen.ended_at, LINES + 1);
    assert_int_equal(scribe_wait(s), ERR_OK); /* of nothing */
    assert_false(seen.wrong);
    scribe_destroy(s);
}

static void a_failure_is_told_once_and_nothing_is_written_behind_it(void **state)
{
    (void)state;
    struct seen seen = {.next = 1, .fails_at = 500};
    struct scribe *s = scribe_create(write_line, &seen);
    add(s, 1, LINES);
    scribe_end(s, end);
    assert_int_equal(scribe_wait(s), ERR_STORE);
    assert_int_equal(seen.count, 499);
    assert_int_equal(seen.ended_at, 0);
    seen.fails_at = 0;
    add(s, 500, 510);
    seen.end_fails = true;
    scribe_end(s, end);
    assert_int_equal(scribe_wait(s), ERR_IO);
    assert_int_equal(seen.ended_at, 510);
    assert_int_equal(scribe_wait(s), ERR_OK);
    assert_false(seen.wrong);
    scribe_destroy(s);
    scribe_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_written_in_order_each_once),
        cmocka_unit_test(a_failure_is_told_once_and_nothing_is_written_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
