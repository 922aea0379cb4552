/* err_test.c - codes, sentences in both languages, and cutting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"

static void every_error_has_a_status_and_a_code_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_COUNT; i++) {
        assert_true(err_status((enum err)i) >= 200 && err_status((enum err)i) < 600);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(err_code((enum err)i), err_code((enum err)k));
        }
    }
    assert_int_equal(err_status(ERR_TOO_LARGE), 413);
    assert_string_equal(err_code(ERR_TOO_LARGE), "too_large");
}

static void a_failure_is_one_line_in_the_readers_language(void **state)
{
    (void)state;
    struct why why;
    char text[200];
    enum err err = why_fail(&why, ERR_TOO_LARGE, MSG_TOO_MANY, "steps", "%d", 20);
    assert_int_equal(err, ERR_TOO_LARGE);
    assert_int_equal(why.err, ERR_TOO_LARGE);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_string_equal(text, "steps: more than 20 entries");
    why_text(&why, LANG_ZH, text, sizeof(text));
    assert_string_equal(text, "steps：超过 20 项");
}

static void a_null_why_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(why_fail(NULL, ERR_BUSY, MSG_BUSY, "", "%d", 3), ERR_BUSY);
}

static void arguments_go_to_their_places(void **state)
{
    (void)state;
    struct why why;
    char text[200];
    (void)why_fail(&why, ERR_INVALID, MSG_OUT_OF_RANGE, "", "%d|%d|%d", 7, 1, 5);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_string_equal(text, "7 is outside 1 to 5");
    (void)why_fail(&why, ERR_INVALID, MSG_OUT_OF_RANGE, NULL, "%d", 7);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_string_equal(text, "7 is outside  to ");
    (void)why_fail(&why, ERR_INVALID, MSG_MISSING, "name", NULL);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_string_equal(text, "name: is missing");
}

static void an_argument_may_hold_bars_and_braces(void **state)
{
    (void)state;
    struct why why;
    char text[200];
    (void)why_fail(&why, ERR_IO, MSG_IO, "", "%s|%s|%s", "open", "a|{2}b", "denied");
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_string_equal(text, "could not open \"a|{2}b\": denied");
}

static void control_bytes_do_not_break_the_line(void **state)
{
    (void)state;
    struct why why;
    char text[200];
    (void)why_fail(&why, ERR_NOT_FOUND, MSG_NOT_FOUND, "a\nb", "%s", "x\r\n\x1b[31my");
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_string_equal(text, "a b: x   [31my not found");
}

static void without_a_sentence_the_code_is_given(void **state)
{
    (void)state;
    struct why why;
    char text[64];
    (void)why_fail(&why, ERR_DEADLINE, MSG_NONE, "", NULL);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_string_equal(text, "deadline");
}

static void every_cut_falls_between_code_points(void **state)
{
    (void)state;
    struct why why;
    char whole[200];
    (void)why_fail(&why, ERR_INVALID, MSG_UNKNOWN_VALUE, "字段", "%s|%s", "值🙂值", "甲、乙");
    why_text(&why, LANG_ZH, whole, sizeof(whole));
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        char text[200];
        memset(text, 'x', sizeof(text));
        why_text(&why, LANG_ZH, text, size);
        assert_true(strlen(text) < size);
        assert_true(size - strlen(text) <= 4);
        assert_true(utf8_valid(str_of(text)));
        assert_memory_equal(text, whole, strlen(text));
        assert_int_equal(text[size], 'x');
    }
}

static void long_arguments_and_fields_are_cut_whole(void **state)
{
    (void)state;
    struct why why;
    char text[2000];
    char chinese[1201];
    for (size_t i = 0; i < 400; i++) {
        memcpy(chinese + 3 * i, "字", 3);
    }
    chinese[1200] = '\0';
    (void)why_fail(&why, ERR_NOT_FOUND, MSG_NOT_FOUND, chinese, "x%s", chinese);
    assert_int_equal(strlen(why.field), 93);
    assert_int_equal(strlen(why.args), 319);
    assert_true(utf8_valid(str_of(why.args)));
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_true(utf8_valid(str_of(text)));
}

static void every_sentence_has_both_languages_and_only_known_places(void **state)
{
    (void)state;
    for (int msg = MSG_NONE + 1; msg < MSG_COUNT; msg++) {
        for (int lang = LANG_EN; lang <= LANG_ZH; lang++) {
            struct why why;
            char text[1000];
            (void)why_fail(&why, ERR_INVALID, (enum msg)msg, "", "%s|%s|%s|%s", "@", "@", "@", "@");
            why_text(&why, (enum lang)lang, text, sizeof(text));
            assert_true(strlen(text) > 0);
            assert_true(utf8_valid(str_of(text)));
            assert_null(strchr(text, '{'));
            assert_true(text[strlen(text) - 1] != '.');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_status_and_a_code_of_its_own),
        cmocka_unit_test(a_failure_is_one_line_in_the_readers_language),
        cmocka_unit_test(a_null_why_is_allowed),
        cmocka_unit_test(arguments_go_to_their_places),
        cmocka_unit_test(an_argument_may_hold_bars_and_braces),
        cmocka_unit_test(control_bytes_do_not_break_the_line),
        cmocka_unit_test(without_a_sentence_the_code_is_given),
        cmocka_unit_test(every_cut_falls_between_code_points),
        cmocka_unit_test(long_arguments_and_fields_are_cut_whole),
        cmocka_unit_test(every_sentence_has_both_languages_and_only_known_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
