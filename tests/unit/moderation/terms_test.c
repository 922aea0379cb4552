/* terms_test.c - both engines find the same, on text as it is seen and not as it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "moderation/pattern.h"
#include "moderation/terms.h"

static uint64_t seed = 20261123;

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % n;
}

/* ---- clean ---- */

/* Pieces that meet in every order: plain ones, marks, what is not seen, what is several characters.
 */
static const char *const shards[] = {"a",
                                     "B",
                                     "z9",
                                     "加",
                                     "微",
                                     "信",
                                     "Ｖ",
                                     "Ｘ",
                                     "１",
                                     "　",
                                     "，",
                                     "。",
                                     "、",
                                     "\xCC\x81",
                                     "e\xCC\x81",
                                     "\xE3\x82\x99",
                                     "か",
                                     "カ",
                                     "\u200B",
                                     "\u200D",
                                     "\u202E",
                                     "\uFE0F",
                                     "\u3164",
                                     "①",
                                     "㎏",
                                     "ﬁ",
                                     "İ",
                                     "ß",
                                     "Ж",
                                     "é",
                                     "가",
                                     "\u1100",
                                     "\u11A8",
                                     "😀",
                                     "👨‍👩‍👧",
                                     "豈",
                                     "\u0301\u0327",
                                     "…",
                                     "“",
                                     "\u2011",
                                     "ｶﾞ",
                                     "שלום",
                                     "ال",
                                     "12345678901"};

static struct str random_text(struct strbuf *out, uint32_t pieces)
{
    strbuf_reset(out);
    for (uint32_t i = 0; i < pieces; i++)
        strbuf_add_text(out, shards[below(sizeof(shards) / sizeof(shards[0]))]);
    return strbuf_str(out);
}

static void a_clean_text_is_what_folding_gives(void **state)
{
    (void)state;
    struct cleaner c = {0};
    struct strbuf text = {0};
    struct arena *arena = arena_create(0);
    printf("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 40000; i++) {
        struct str s = random_text(&text, below(14));
        struct str got = clean_text(&c, s), want = utf8_fold(arena, s);
        if (!str_eq(got, want))
            fail_msg("'" STR_FMT "': '" STR_FMT "' instead of '" STR_FMT "'", STR_ARG(s),
                     STR_ARG(got), STR_ARG(want));
        arena_reset(arena);
    }
    strbuf_finish(&text);
    arena_destroy(arena);
    cleaner_finish(&c);
}

static void a_span_covers_what_the_writer_wrote(void **state)
{
    (void)state;
    struct cleaner c = {0};
    struct str text = STR("请加\xE2\x80\x8BＶ Ｘ：abc");
    struct str clean = clean_text(&c, text);
    size_t at = str_find(clean, STR("v x"));
    assert_true(at != SIZE_MAX);
    struct span s = clean_span(&c, text, (struct span){(uint32_t)at, (uint32_t)at + 3});
    struct str seen = {text.p + s.from, s.to - s.from};
    assert_true(str_eq(seen, STR("Ｖ Ｘ")));
    at = str_find(clean_text(&c, text), STR("加"));
    s = clean_span(&c, text, (struct span){(uint32_t)at, (uint32_t)at + 3});
    seen = (struct str){text.p + s.from, s.to - s.from};
    assert_true(str_eq(seen, STR("加\xE2\x80\x8B"))); /* with the character nobody sees */
    struct strbuf any = {0};
    for (int i = 0; i < 4000; i++) {
        text = random_text(&any, 1 + below(10));
        uint32_t len = (uint32_t)clean_text(&c, text).len;
        if (!len) continue;
        uint32_t from = below(len), to = from + 1 + below(len - from);
        s = clean_span(&c, text, (struct span){from, to});
        assert_true(s.from < s.to && s.to <= text.len && utf8_valid((struct str){text.p, s.to}));
    }
    strbuf_finish(&any);
    cleaner_finish(&c);
}

/* ---- finding ---- */

struct found {
    uint64_t sum; /* of all hits, in any order */
    uint32_t count;
    struct terms_hit first;
};

static bool note(void *ctx, const struct terms_hit *hit)
{
    struct found *f = ctx;
    if (!f->count++) f->first = *hit;
    const uint32_t facts[] = {hit->term, hit->owner, hit->at.from, hit->at.to};
    uint64_t h = 1469598103934665603u;
    for (int i = 0; i < 4; i++)
        h = (h ^ facts[i]) * 1099511628211u;
    f->sum += h;
    return true;
}

static struct found find(const struct terms *t, struct str text)
{
    struct cleaner c = {0};
    struct found f = {0};
    struct searcher *s = searcher_create(t);
    terms_find(t, s, clean_text(&c, text), note, &f);
    searcher_destroy(s);
    cleaner_finish(&c);
    return f;
}

static struct terms *made(const struct term *list, size_t count, enum terms_engine engine)
{
    struct terms *t = NULL;
    struct why why;
    size_t bad;
    char text[300];
    enum err err = terms_create(list, count, engine, &t, &bad, &why);
    if (err != ERR_OK) why_text(&why, LANG_EN, text, sizeof(text));
    if (err != ERR_OK) fail_msg("term %zu: %s", bad, text);
    return t;
}

static void both_engines_find_the_same_words(void **state)
{
    (void)state;
    struct strbuf text = {0};
    struct arena *arena = arena_create(0);
    uint64_t hits = 0;
    for (int round = 0; round < 40; round++) {
        struct term list[200];
        size_t count = 1 + below(200);
        for (size_t i = 0; i < count; i++)
            list[i] = (struct term){arena_str(arena, random_text(&text, 1 + below(4))),
                                    (uint32_t)i % 7, false, below(2)};
        struct terms *best = made(list, count, TERMS_BEST), *own = made(list, count, TERMS_OWN);
        assert_false(terms_by_vectorscan(own));
        for (int i = 0; i < 60; i++) {
            struct str s = random_text(&text, below(60));
            struct found a = find(best, s), b = find(own, s);
            if (a.sum != b.sum || a.count != b.count)
                fail_msg("'" STR_FMT "': %u and %u", STR_ARG(s), a.count, b.count);
            hits += a.count;
        }
        terms_destroy(best);
        terms_destroy(own);
        arena_reset(arena);
    }
    assert_true(hits > 10000); /* or the texts say nothing */
    strbuf_finish(&text);
    arena_destroy(arena);
}

/* Patterns that can be read: atoms of few characters, repeated and put together. */
static void random_pattern(struct strbuf *out, int depth)
{
    static const char *const atoms[] = {"a", "b",    "加",   "Ｖ",      "\\d", "\\w",
                                        ".", "[ab]", "[^a]", "[0-9加]", "1"};
    static const char *const often[] = {"", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}"};
    uint32_t pieces = 1 + below(3);
    for (uint32_t i = 0; i < pieces; i++) {
        if (depth > 0 && below(3) == 0) {
            strbuf_add_char(out, '(');
            random_pattern(out, depth - 1);
            if (below(2)) strbuf_add_char(out, '|');
            if (out->p[out->len - 1] == '|') random_pattern(out, depth - 1);
            strbuf_add_char(out, ')');
        } else {
            strbuf_add_text(out, atoms[below(11)]);
        }
        strbuf_add_text(out, often[below(9)]);
    }
}

static void both_engines_find_the_same_patterns(void **state)
{
    (void)state;
    struct strbuf text = {0};
    struct arena *arena = arena_create(0);
    uint64_t hits = 0, read = 0;
    for (int round = 0; round < 150; round++) {
        struct term list[12];
        size_t count = 0;
        while (count < 12) {
            struct pattern p;
            strbuf_reset(&text);
            random_pattern(&text, 2);
            struct str s = arena_str(arena, strbuf_str(&text));
            if (pattern_parse(s, &p, NULL, "terms", NULL) != ERR_OK) continue;
            list[count] = (struct term){s, (uint32_t)count, true, false};
            count++;
        }
        struct terms *best = made(list, count, TERMS_BEST), *own = made(list, count, TERMS_OWN);
        read += terms_by_vectorscan(best);
        for (int i = 0; i < 30; i++) {
            struct str s = random_text(&text, below(20));
            struct found a = find(best, s), b = find(own, s);
            if (a.sum != b.sum || a.count != b.count)
                fail_msg("'" STR_FMT "': %u and %u", STR_ARG(s), a.count, b.count);
            hits += a.count;
        }
        terms_destroy(best);
        terms_destroy(own);
        arena_reset(arena);
    }
    assert_true(hits > 5000);
    printf("%llu of 150 sets compiled by Vectorscan\n", (unsigned long long)read);
    strbuf_finish(&text);
    arena_destroy(arena);
}

static uint32_t hits_of(const char *term, bool pattern, bool whole, struct str text)
{
    const struct term one = {str_of(term), 0, pattern, whole};
    struct terms *t = made(&one, 1, TERMS_BEST), *own = made(&one, 1, TERMS_OWN);
    struct found f = find(t, text), g = find(own, text);
    assert_int_equal(f.sum, g.sum);
    terms_destroy(t);
    terms_destroy(own);
    return f.count;
}

static void what_is_hidden_is_found(void **state)
{
    (void)state;
    assert_int_equal(hits_of("加微信", false, true, STR("加\u200B微\u200D信 abc")), 1);
    assert_int_equal(hits_of("vx", false, true, STR("ＶＸ：abc")), 1);
    assert_int_equal(hits_of("vx", false, true, STR("\u202EvX\u202C")), 1);
    assert_int_equal(hits_of("ＶＸ", false, true, STR("vx")), 1);
    assert_int_equal(hits_of("free", false, true, STR("FR\u00ADEE")), 1);
    assert_int_equal(hits_of("שלום", false, true, STR("\u200Fשלום\u200F")), 1);
    assert_int_equal(hits_of("abc", false, true, STR("ab\u0301c")), 0);
}

static void a_whole_word_does_not_touch_letters(void **state)
{
    (void)state;
    assert_int_equal(hits_of("ass", false, true, STR("a class of its own")), 0);
    assert_int_equal(hits_of("ass", false, false, STR("a class of its own")), 1);
    assert_int_equal(hits_of("ass", false, true, STR("ass, ass加")), 2);
    assert_int_equal(hits_of("微信", false, true, STR("加微信abc")), 1); /* no letters of its own */
}

static void a_pattern_says_where_it_lies(void **state)
{
    (void)state;
    const struct term one = {STR("v(x|信)[:：]?\\w{5,}"), 3, true, false};
    struct terms *t = made(&one, 1, TERMS_BEST);
    struct found f = find(t, STR("加Ｖ信：ABC_12 吧"));
    assert_int_equal(f.count, 1);
    assert_int_equal(f.first.owner, 3);
    assert_int_equal(f.first.at.from, 3);
    assert_int_equal(f.first.at.to, 3 + 1 + 3 + 1 + 5); /* up to where it first holds */
    terms_destroy(t);
}

static void patterns_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
        enum msg msg;
    } bad[] = {
        {"", ERR_INVALID, MSG_PATTERN_EMPTY},
        {"a*", ERR_INVALID, MSG_PATTERN_EMPTY},
        {"(a|)", ERR_INVALID, MSG_PATTERN_EMPTY},
        {"a|", ERR_INVALID, MSG_PATTERN_EMPTY},
        {"()", ERR_INVALID, MSG_PATTERN_EMPTY},
        {"(ab", ERR_INVALID, MSG_PATTERN_OPEN},
        {"ab)", ERR_INVALID, MSG_PATTERN_OPEN},
        {"[ab", ERR_INVALID, MSG_PATTERN_OPEN},
        {"[]", ERR_INVALID, MSG_PATTERN_OPEN},
        {"[", ERR_INVALID, MSG_PATTERN_OPEN},
        {"[b-a]", ERR_INVALID, MSG_PATTERN_RANGE},
        {"*a", ERR_INVALID, MSG_PATTERN_REPEAT},
        {"a{", ERR_INVALID, MSG_PATTERN_REPEAT},
        {"a{2,1}", ERR_INVALID, MSG_PATTERN_REPEAT},
        {"a{0}", ERR_INVALID, MSG_PATTERN_REPEAT},
        {"a{-1}", ERR_INVALID, MSG_PATTERN_REPEAT},
        {"a{99999999999999}", ERR_INVALID, MSG_PATTERN_REPEAT},
        {"a\\", ERR_INVALID, MSG_PATTERN_ESCAPE},
        {"\\q", ERR_INVALID, MSG_PATTERN_ESCAPE},
        {"a$", ERR_INVALID, MSG_PATTERN_ESCAPE},
        {"a\u200B", ERR_INVALID, MSG_PATTERN_UNSEEN},
        {"a{65}", ERR_INVALID, MSG_PATTERN_REPEAT},
        {"(ab){40}", ERR_TOO_LARGE, MSG_PATTERN_LONG},
        {"((((a{9}){9}){9}){9}){9}", ERR_TOO_LARGE, MSG_PATTERN_LONG},
        {"((((((((((((((((((((a))))))))))))))))))))", ERR_TOO_LARGE, MSG_TOO_DEEP},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pattern p;
        struct why why = {0};
        enum err err = pattern_parse(str_of(bad[i].text), &p, NULL, "terms", &why);
        if (err != bad[i].err || why.msg != bad[i].msg)
            fail_msg("'%s': %d, %d", bad[i].text, (int)err, (int)why.msg);
        assert_string_equal(why.field, "terms");
    }
}

/* What would take a backtracking engine for ever takes these no longer than any other. */
static void a_catastrophic_pattern_is_harmless(void **state)
{
    (void)state;
    struct strbuf text = {0};
    for (int i = 0; i < 5000; i++)
        strbuf_add_char(&text, 'a');
    strbuf_add_char(&text, '!');
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    assert_int_equal(hits_of("(a+)+b", true, false, strbuf_str(&text)), 0);
    assert_int_equal(hits_of("(a|a)*(a|aa)*(.*a){9}b", true, false, strbuf_str(&text)), 0);
    assert_int_equal(hits_of("(x+x+)+y|a{60}", true, false, strbuf_str(&text)), 1);
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_true(b.tv_sec - a.tv_sec < 5);
    strbuf_finish(&text);
}

static void a_message_of_a_megabyte_and_an_empty_one_are_read(void **state)
{
    (void)state;
    struct strbuf text = {0};
    while (text.len < 1 << 20)
        strbuf_add_text(&text, below(2) ? "加\u200B微" : "é\u0301ａ");
    strbuf_add_text(&text, "信号");
    assert_int_equal(hits_of("信号", false, true, strbuf_str(&text)), 1);
    assert_int_equal(hits_of("信号", true, false, strbuf_str(&text)),
                     0); /* beyond where it looks */
    assert_int_equal(hits_of("信号", false, true, STR("")), 0);
    assert_int_equal(hits_of("\u200B", false, true, strbuf_str(&text)),
                     0); /* nothing to look for */
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_text_is_what_folding_gives),
        cmocka_unit_test(a_span_covers_what_the_writer_wrote),
        cmocka_unit_test(both_engines_find_the_same_words),
        cmocka_unit_test(both_engines_find_the_same_patterns),
        cmocka_unit_test(what_is_hidden_is_found),
        cmocka_unit_test(a_whole_word_does_not_touch_letters),
        cmocka_unit_test(a_pattern_says_where_it_lies),
        cmocka_unit_test(patterns_that_mean_nothing_are_refused),
        cmocka_unit_test(a_catastrophic_pattern_is_harmless),
        cmocka_unit_test(a_message_of_a_megabyte_and_an_empty_one_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
