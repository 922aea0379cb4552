/* utf8_test.c - validity, decoding, normal forms and folding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>
#include <utf8proc.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Surrogates, which have no encoding, as U+FFFD. */
static void put(struct strbuf *b, uint32_t c)
{
    utf8proc_uint8_t bytes[4];
    if (c >= 0xD800 && c <= 0xDFFF) c = 0xFFFD;
    strbuf_add(b, bytes, (size_t)utf8proc_encode_char((utf8proc_int32_t)c, bytes));
}

static void well_formed_text_is_valid(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "plain ascii, long enough for words",
                                       "中文",
                                       "é",
                                       "🙂",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(utf8_valid(str_of(good[i])));
    }
    assert_true(utf8_valid(STR("a\0b")));
    assert_true(utf8_valid((struct str){NULL, 0}));
}

static void overlong_surrogate_and_broken_text_is_not(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x80\x80",
                                      "\xe0\x9f\xbf",
                                      "\xf0\x80\x80\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xed\xa0\xbd\xed\xb8\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xfe",
                                      "\xff",
                                      "\xc2",
                                      "\xe4\xb8",
                                      "\xf0\x9f\x99",
                                      "\xc2\x41",
                                      "\xe4\xb8\x41",
                                      "abcdefgh\xff",
                                      "abcdefghi\xe4\xb8",
                                      "\xe4\xb8\xad\xad"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(utf8_valid(str_of(bad[i])));
    }
}

static void validity_agrees_with_the_library_on_random_bytes(void **state)
{
    (void)state;
    static const unsigned char likely[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                           0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe4,
                                           0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff};
    uint64_t seed = 11;
    struct rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    for (int round = 0; round < 300000; round++) {
        unsigned char bytes[6];
        size_t len = rng_below(&rng, sizeof(bytes) + 1);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = likely[rng_below(&rng, sizeof(likely))];
        }
        bool expected = true;
        for (size_t i = 0; i < len && expected;) {
            utf8proc_int32_t c;
            utf8proc_ssize_t n = utf8proc_iterate(bytes + i, (utf8proc_ssize_t)(len - i), &c);
            expected = n > 0 && c >= 0;
            if (expected) i += (size_t)n;
        }
        assert_int_equal(utf8_valid((struct str){(const char *)bytes, len}), expected);
    }
}

static void every_code_point_is_valid_and_decoded(void **state)
{
    (void)state;
    struct strbuf b = {0};
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        size_t i = 0;
        strbuf_reset(&b);
        put(&b, c);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        assert_true(utf8_valid(strbuf_str(&b)));
        assert_int_equal(utf8_next(strbuf_str(&b), &i), surrogate ? 0xFFFD : c);
        assert_int_equal(i, b.len);
    }
    strbuf_finish(&b);
}

static void invalid_bytes_decode_one_by_one(void **state)
{
    (void)state;
    struct str s = STR("a\xe4\xb8"
                       "b\xff中");
    static const uint32_t expected[] = {'a', 0xFFFD, 0xFFFD, 'b', 0xFFFD, 0x4E2D};
    size_t i = 0;
    for (size_t k = 0; k < 6; k++) {
        assert_int_equal(utf8_next(s, &i), expected[k]);
    }
    assert_int_equal(i, s.len);
    assert_int_equal(utf8_count(s), 6);
    assert_int_equal(utf8_count(STR("中文 and 🙂")), 8);
}

static void cutting_keeps_code_points_whole(void **state)
{
    (void)state;
    struct str s = STR("a中é🙂");
    static const size_t expected[] = {0, 1, 1, 1, 4, 4, 6, 6, 6, 6, 10, 10};
    for (size_t size = 0; size < sizeof(expected) / sizeof(expected[0]); size++) {
        assert_int_equal(utf8_cut(s, size).len, expected[size]);
    }
    assert_int_equal(utf8_cut(STR("\x80\x80\x80\x80\x80\x80\x80"), 5).len, 5);
}

static void nfc_returns_chinese_and_ascii_as_they_are(void **state)
{
    (void)state;
    static const char *const same[] = {"",
                                       "hello",
                                       "会员：张三，积分＋１００（完）",
                                       "ひらがな カタカナ",
                                       "é ü ñ",
                                       "한국어",
                                       "🙂👍",
                                       "\u2014\u201c\u201d…"};
    struct arena *a = arena_create(0);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        struct str s = str_of(same[i]);
        assert_ptr_equal(utf8_nfc(a, s).p, s.p);
    }
    assert_int_equal(arena_used(a), 0);
    arena_destroy(a);
}

static void nfc_composes_latin_hangul_kana_and_compatibility_han(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"e\u0301", "é"},
        {"Cafe\u0301 中文", "Café 中文"},
        {"a\u0323\u0302", "\u1ead"},
        {"a\u0302\u0323", "\u1ead"},
        {"\u1112\u1161\u11ab", "한"},
        {"か\u3099", "が"},
        {"\uf900", "\u8c48"},
        {"\u212b", "Å"},
        {"\u2126", "Ω"},
        {"\u0958", "\u0915\u093c"},
    };
    struct arena *a = arena_create(0);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct str out = utf8_nfc(a, str_of(pairs[i][0]));
        assert_string_equal(out.p, pairs[i][1]);
        assert_int_equal(out.len, strlen(pairs[i][1]));
    }
    arena_destroy(a);
}

static void nfc_agrees_with_the_library_on_every_code_point_and_random_text(void **state)
{
    (void)state;
    uint64_t seed = 12;
    struct rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    struct arena *a = arena_create(0);
    struct strbuf b = {0};
    for (uint32_t c = 1; c <= 0x10FFFF + 100000; c++) {
        strbuf_reset(&b);
        if (c <= 0x10FFFF) {
            if (c >= 0xD800 && c <= 0xDFFF) continue;
            put(&b, c);
        }
        for (uint64_t n = c <= 0x10FFFF ? 0 : rng_below(&rng, 24); n > 0; n--) {
            static const uint32_t from[] = {0x300, 0x61,   0x1100, 0x1160, 0x11A8, 0xAC00,
                                            0x590, 0x3099, 0x4E00, 0x304B, 0x9BE,  0xC0};
            put(&b, from[rng_below(&rng, 12)] + (uint32_t)rng_below(&rng, 60));
        }
        utf8proc_uint8_t *expected = NULL;
        utf8proc_ssize_t len =
            utf8proc_map((const utf8proc_uint8_t *)(b.p ? b.p : ""), (utf8proc_ssize_t)b.len,
                         &expected, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
        struct str out = utf8_nfc(a, strbuf_str(&b));
        assert_true(len >= 0);
        assert_true(str_eq(out, (struct str){(const char *)expected, (size_t)len}));
        mem_free(expected);
        arena_reset(a);
    }
    strbuf_finish(&b);
    arena_destroy(a);
}

static void folding_unites_what_looks_the_same(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"Hello World", "hello world"},
        {"ＡＢＣ１２３", "abc123"},
        {"Straße", "strasse"},
        {"ÉCOLE", "école"},
        {"E\u0301", "é"},
        {"ﬁne", "fine"},
        {"①㎏", "1kg"},
        {"ｶﾞ", "ガ"},
        {"ΣΑΣ", "σασ"},
        {"张\u200b三", "张三"},
        {"a\u200d\u200c\u2060\ufeffb", "ab"},
        {"\u202eabc\u202c\u2066x\u2069\u200e\u200f", "abcx"},
        {"\u2764\ufe0f", "\u2764"},
        {"\u3164", ""},
        {"\uffa0", ""},
        {"会员，", "会员,"},
    };
    struct arena *a = arena_create(0);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct str out = utf8_fold(a, str_of(pairs[i][0]));
        assert_string_equal(out.p, pairs[i][1]);
    }
    assert_string_equal(utf8_fold(a, STR("\u200b\u202e")).p, "");
    struct str same = STR("already lower 1");
    assert_ptr_equal(utf8_fold(a, same).p, same.p);
    arena_destroy(a);
}

static void folding_twice_changes_nothing_more(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct strbuf b = {0};
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        strbuf_reset(&b);
        put(&b, c);
        struct str once = utf8_fold(a, strbuf_str(&b));
        struct str twice = utf8_fold(a, once);
        if (!str_eq(once, twice)) fail_msg("U+%04X folds differently the second time", c);
        arena_reset(a);
    }
    strbuf_finish(&b);
    arena_destroy(a);
}

/* What has an é in it goes the long way round: a mark-bearing letter is in no list of plain ones.
 */
static void plain_text_folds_as_it_does_among_letters_with_marks(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct strbuf plain = {0}, mixed = {0};
    for (uint32_t c = 1; c <= 0x20000; c++) {
        if (c >= 0x300 && c < 0x2000) continue; /* marks that compose with what is before them */
        strbuf_reset(&plain);
        put(&plain, 0x4F1A);
        put(&plain, c);
        strbuf_reset(&mixed);
        strbuf_add_text(&mixed, "é");
        strbuf_add_str(&mixed, strbuf_str(&plain));
        struct str once = utf8_fold(a, strbuf_str(&plain)),
                   other = utf8_fold(a, strbuf_str(&mixed));
        struct str rest = {other.p + 2, other.len - 2};
        if (!str_eq(once, rest)) fail_msg("U+%04X folds differently beside an é", c);
        arena_reset(a);
    }
    strbuf_finish(&plain);
    strbuf_finish(&mixed);
    arena_destroy(a);
}

static void long_runs_of_marks_take_linear_time(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_add_char(&b, 'a');
    for (int i = 0; i < 200000; i++) {
        put(&b, i % 2 ? 0x316 : 0x301); /* classes 220 and 230: always out of order */
    }
    struct arena *a = arena_create(0);
    clock_t start = clock();
    struct str out = utf8_nfc(a, strbuf_str(&b));
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    assert_true(seconds < 2.0);
    assert_true(str_starts(out, STR("á\u0316\u0316")));
    assert_true(str_ends(out, STR("\u0301\u0301")));
    assert_int_equal(utf8_count(out), 200000);
    strbuf_finish(&b);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_is_valid),
        cmocka_unit_test(overlong_surrogate_and_broken_text_is_not),
        cmocka_unit_test(validity_agrees_with_the_library_on_random_bytes),
        cmocka_unit_test(every_code_point_is_valid_and_decoded),
        cmocka_unit_test(invalid_bytes_decode_one_by_one),
        cmocka_unit_test(cutting_keeps_code_points_whole),
        cmocka_unit_test(nfc_returns_chinese_and_ascii_as_they_are),
        cmocka_unit_test(nfc_composes_latin_hangul_kana_and_compatibility_han),
        cmocka_unit_test(nfc_agrees_with_the_library_on_every_code_point_and_random_text),
        cmocka_unit_test(folding_unites_what_looks_the_same),
        cmocka_unit_test(folding_twice_changes_nothing_more),
        cmocka_unit_test(plain_text_folds_as_it_does_among_letters_with_marks),
        cmocka_unit_test(long_runs_of_marks_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
