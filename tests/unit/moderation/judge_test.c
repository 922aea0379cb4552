/* judge_test.c - what a book of rules finds, with figures worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "moderation/book.h"

/* ---- ways out ---- */

struct seen {
    struct strbuf out; /* "phone[138..] " of each */
    struct str text;
};

static bool on_trace(void *ctx, const struct trace_found *t)
{
    struct seen *s = ctx;
    assert_true(t->at.from < t->at.to && t->at.to <= s->text.len);
    strbuf_addf(&s->out, "%s[" STR_FMT "] ", trace_names[t->what], (int)(t->at.to - t->at.from),
                s->text.p + t->at.from);
    return true;
}

static void expect_traces(const char *text, const char *want)
{
    struct cleaner c = {0};
    struct seen s = {.text = clean_text(&c, str_of(text))};
    strbuf_add_text(&s.out, "");
    traces_find(s.text, on_trace, &s);
    if (!str_is(strbuf_str(&s.out), want))
        fail_msg("'%s': '%s' instead of '%s'", text, s.out.p, want);
    strbuf_finish(&s.out);
    cleaner_finish(&c);
}

static void ways_out_are_found_and_what_only_looks_like_one_is_not(void **state)
{
    (void)state;
    expect_traces("看HTTP://A.Example/x?y=1，好", "link[http://a.example/x?y=1] ");
    expect_traces("来www.abc.dev吧", "link[www.abc.dev] ");
    expect_traces("abc.com/加群", "link[abc.com/] ");
    expect_traces("ａｂｃ．ｃｏｍ", "link[abc.com] ");
    expect_traces("a\u200Bbc.co\u200Dm", "link[abc.com] ");
    expect_traces("http://192.168.1.9:8080/a", "link[http://192.168.1.9:8080/a] ");
    expect_traces("http://例子.中国/x", "link[http://例子.中国/x] ");
    expect_traces("https://u.wechat.com/abc", "code[https://u.wechat.com/abc] ");
    expect_traces("写信 li.lei@mail.example 或", "mail[li.lei@mail.example] ");
    expect_traces("3.14 v1.2.3 e.g. a.b main.c 12.30", "");
    expect_traces("电话 138-0013-8000、+86 139 0013 9000",
                  "phone[138-0013-8000] phone[+86 139 0013 9000] ");
    expect_traces("１３８００１３８０００", "phone[13800138000] ");
    expect_traces("客服400-800-1234 座机 010-62345678", "phone[400-800-1234] phone[010-62345678] ");
    expect_traces("+44 20 7946 0958", "phone[+44 20 7946 0958] ");
    expect_traces("订单 2025010112345678901，共 13800 元，138001380001", "");
    expect_traces("sku138001380x0", "");
    expect_traces("微信号：zhang_san88", "wechat[微信号:zhang_san88] ");
    expect_traces("加Ｖ：abc-1234", "wechat[加v:abc-1234] ");
    expect_traces("vx abcdef", "wechat[vx abcdef] ");
    expect_traces("vxabcdef devx abcdef 微信支付", "");
    expect_traces("QQ群：1234567", "qq[qq群:1234567] ");
    expect_traces("qq 123", "");
    expect_traces("", "");
    expect_traces("....@@@://:://..", "");
}

static void hosts_are_allowed_with_what_is_below_them(void **state)
{
    (void)state;
    struct str list = STR("shop.example\n a.com \n");
    assert_true(traces_host_in(STR("shop.example"), list));
    assert_true(traces_host_in(STR("m.shop.example"), list));
    assert_true(traces_host_in(STR("a.com"), list));
    assert_false(traces_host_in(STR("evilshop.example"), list));
    assert_false(traces_host_in(STR("shop.example.evil"), list));
    assert_false(traces_host_in(STR("x"), STR("")));
}

/* ---- floods and copies ---- */

static void the_nth_message_within_the_span_is_a_flood(void **state)
{
    (void)state;
    struct floods f = {0};
    const struct flood_account *a = NULL;
    const int64_t times[] = {1000, 2000, 3000, 10000, 10500, 11000};
    const int over[] = {0, 0, 1, 0, 0, 1}; /* three within 2 s: 1000..3000, 10000..11000 */
    for (int i = 0; i < 6; i++) {
        a = floods_add(&f, 7, 9, times[i]);
        assert_int_equal(floods_over(a, 3, 2000), over[i]);
        (void)floods_add(&f, 8, 9, times[i] + 1); /* another group, another account */
        (void)floods_add(&f, 7, 10, times[i] + 1);
    }
    /* however many accounts speak, a busy one is not forgotten */
    for (uint32_t i = 0; i < 200000; i++) {
        (void)floods_add(&f, 1, 100 + i, 20000 + i);
        if (i % 1000 == 0) a = floods_add(&f, 7, 9, 20000 + i);
    }
    assert_true(floods_over(a, 30, 30000));
    floods_reset(&f);
    assert_false(floods_over(floods_add(&f, 7, 9, 11500), 2, 2000));
    floods_finish(&f);
}

static uint64_t hash_of(const char *text)
{
    struct cleaner c = {0};
    uint64_t h = copies_hash(clean_text(&c, str_of(text)));
    cleaner_finish(&c);
    return h;
}

static void near_copies_are_counted_by_group(void **state)
{
    (void)state;
    uint64_t a = hash_of("新店开业全场五折，前一百名到店顾客送精美礼品一份，欢迎大家光临！1");
    uint64_t b = hash_of("新店开业全场五折，前一百名到店顾客送精美礼品一份，欢迎大家光临！2");
    uint64_t other =
        hash_of("今天天气真好，我们一家人去公园放风筝，孩子玩得特别开心，晚上回家早早就睡了");
    assert_int_equal(hash_of("好的，谢谢大家"), 0); /* too short to tell */
    assert_true(__builtin_popcountll(a ^ b) <= COPIES_DISTANCE);
    assert_true(__builtin_popcountll(a ^ other) > COPIES_DISTANCE);
    struct copies c = {0};
    assert_int_equal(copies_groups(&c, (struct copy){a, 100, 1, 1}, 0), 1);
    copies_add(&c, (struct copy){a, 100, 1, 1});
    copies_add(&c, (struct copy){other, 150, 5, 1});
    assert_int_equal(copies_groups(&c, (struct copy){b, 200, 1, 2}, 0), 1); /* the same group */
    assert_int_equal(copies_groups(&c, (struct copy){b, 200, 2, 2}, 0), 2);
    assert_int_equal(copies_groups(&c, (struct copy){b, 200, 2, 2}, 101), 1); /* too long ago */
    for (uint32_t i = 0; i < COPIES_WINDOW; i++)
        copies_add(&c, (struct copy){other, 300, 3, 1});
    assert_int_equal(copies_groups(&c, (struct copy){b, 400, 2, 2}, 0), 1); /* out of the window */
    copies_finish(&c);
}

/* Bit by bit, as the definition says. */
static uint64_t plain_hash(struct str text)
{
    int weight[64] = {0};
    uint64_t out = 0;
    for (size_t i = 0; i + 3 <= text.len; i++) {
        uint64_t h = hash_xxh3(text.p + i, 3);
        for (int bit = 0; bit < 64; bit++)
            weight[bit] += h >> bit & 1 ? 1 : -1;
    }
    for (int bit = 0; bit < 64; bit++)
        out |= (uint64_t)(weight[bit] > 0) << bit;
    return out;
}

static void hashes_are_majorities_of_bits_on_any_processor(void **state)
{
    (void)state;
    char text[700];
    uint32_t seed = 3;
    struct copies c = {0};
    for (size_t len = COPIES_CHARS; len <= sizeof(text); len += 17) {
        for (size_t i = 0; i < len; i++)
            text[i] = (char)('a' + ((seed = seed * 1664525u + 1013904223u) >> 28));
        uint64_t hash = copies_hash((struct str){text, len});
        assert_true(hash == plain_hash((struct str){text, len}));
        copies_add(&c, (struct copy){hash, 100, (uint32_t)len, 1});
        for (int bits = 9; bits <= 11; bits++) {
            struct copy near = {hash ^ ((UINT64_C(1) << bits) - 1), 100, 1, 2};
            uint32_t groups = copies_groups(&c, near, 0);
            cpu_limit(CPU_PLAIN);
            assert_int_equal(copies_groups(&c, near, 0), groups);
            cpu_limit(CPU_AVX512);
            assert_int_equal(groups, bits <= COPIES_DISTANCE ? 2 : 1);
        }
    }
    copies_finish(&c);
}

/* ---- the sieve ---- */

/* Two buckets: 3 of ads' grams and 1 of the others' are bucket 5. With smoothing s = 0.1 over
 * 65,536 buckets: weight(5) = ln((3 + s) / (1 + s)) - ln((4 + S) / (2 + S)), S = 6,553.6. */
static void the_sieve_weighs_grams_by_how_often_either_kind_has_them(void **state)
{
    (void)state;
    const uint16_t ad[] = {5, 5, 5, 9}, other[] = {5, 7};
    const struct mark marks[] = {{ad, 4, true}, {other, 2, false}};
    struct sieve *s = sieve_create(marks, 2);
    double weight = log(3.1 / 1.1) - log((4 + 6553.6) / (2 + 6553.6));
    assert_true(fabs(sieve_ask(s, (const uint16_t[]){5}, 1) - 1 / (1 + exp(-weight))) < 1e-6);
    assert_true(fabs(sieve_ask(s, (const uint16_t[]){1234}, 1) - 0.5) < 1e-9); /* never seen */
    assert_true(sieve_ask(s, (const uint16_t[]){9}, 1) > 0.8);
    assert_true(sieve_ask(s, (const uint16_t[]){7}, 1) < 0.2);
    assert_false(sieve_ready(s));
    sieve_destroy(s);
}

static void a_trial_asks_only_of_marks_that_were_not_learnt(void **state)
{
    (void)state;
    uint16_t grams[60];
    struct mark marks[60];
    for (int i = 0; i < 60; i++) {
        bool ad = i % 2;
        grams[i] = (uint16_t)(i < 40 ? 10 + ad : 1000 + i); /* the last 20 are like none other */
        marks[i] = (struct mark){&grams[i], 1, ad};
    }
    struct sieve_trial t = sieve_try(marks, 60);
    assert_int_equal(t.found, 20);
    assert_int_equal(t.cleared, 20 + 10); /* what was never seen says nothing: not an ad */
    assert_int_equal(t.missed, 10);
    assert_int_equal(t.wrong, 0);
    assert_int_equal(sieve_try(marks, 0).found, 0);
}

static void grams_are_of_characters_not_of_bytes(void **state)
{
    (void)state;
    uint16_t a[SIEVE_GRAMS], b[SIEVE_GRAMS];
    assert_int_equal(sieve_grams(STR("加微信"), a), 3); /* 加微, 微信, 加微信 */
    assert_int_equal(sieve_grams(STR("abc"), b), 3);
    assert_int_equal(sieve_grams(STR(""), a), 0);
    assert_int_equal(sieve_grams(STR("加"), a), 0);
    struct strbuf text = {0};
    for (int i = 0; i < 20000; i++)
        strbuf_add_text(&text, "微");
    assert_true(sieve_grams(strbuf_str(&text), a) <= SIEVE_GRAMS);
    strbuf_finish(&text);
}

/* ---- books ---- */

static const struct moderation_rule rules[] = {
    {.id = 1,
     .kind = RULE_TERMS,
     .action = ACTION_NOTE,
     .on = true,
     .terms = {"刷单\n日结", 13},
     .exempt = EXEMPT_STAFF},
    {.id = 2, .kind = RULE_TERMS, .action = ACTION_WARN, .on = false, .terms = {"刷单", 6}},
    {.id = 3,
     .kind = RULE_TERMS,
     .action = ACTION_WARN,
     .on = true,
     .groups = {"g1\ng2\n", 6},
     .terms = {"/\\d{3}元/\n刷单", 18}},
    {.id = 4,
     .kind = RULE_LINKS,
     .on = true,
     .traces = 1u << TRACE_LINK | 1u << TRACE_QR,
     .newcomer_hours = 24,
     .allow = {"ok.com\n", 7}},
    {.id = 5, .kind = RULE_COPIES, .on = true, .number = 2, .seconds = 60},
};

static size_t ask(struct judged m, struct found *out, size_t max)
{
    struct book *book = NULL;
    struct judge *j = mem_alloc(sizeof(*j));
    assert_int_equal(book_create(rules, sizeof(rules) / sizeof(rules[0]), &book, NULL), ERR_OK);
    judge_use(j, book);
    book_release(book);
    size_t n = judge_ask(j, &m, out, max);
    for (size_t i = 0; i < n; i++)
        out[i].index = book_rule(j->book, out[i].index, NULL)->id;
    judge_finish(j);
    mem_free(j);
    return n;
}

static void rules_apply_where_and_to_whom_they_say(void **state)
{
    (void)state;
    struct found f[64];
    struct judged m = {.text = STR("刷单日结刷单，300元"), .group = STR("g3"), .joined = TIME_NONE};
    assert_int_equal(ask(m, f, 64), 1); /* one thing of each rule: the first */
    assert_true(f[0].index == 1 && f[0].at.from == 0 && f[0].at.to == 6);
    m.all = true;
    assert_int_equal(ask(m, f, 64), 3);
    assert_int_equal(ask(m, f, 2), 2);
    m.all = false;
    m.group = STR("g2");
    assert_int_equal(ask(m, f, 64), 2);
    m.role = EXEMPT_STAFF;
    assert_int_equal(ask(m, f, 64), 1);
    assert_int_equal(f[0].index, 3);
    m = (struct judged){.text = STR("http://ok.com http://no.com"), .at = 86400000, .joined = 1};
    assert_int_equal(ask(m, f, 64), 1);
    assert_true(f[0].index == 4 && f[0].at.from == 14);
    m.joined = 0; /* a day ago */
    assert_int_equal(ask(m, f, 64), 0);
    m.joined = TIME_NONE;
    assert_int_equal(ask(m, f, 64), 0);
    m = (struct judged){.text = STR(""), .joined = TIME_NONE};
    assert_int_equal(ask(m, f, 64), 0);
}

static void a_code_is_judged_by_the_links_it_holds(void **state)
{
    (void)state;
    static const struct {
        const char *qr;
        size_t count;
    } list[] = {{"https://ok.com/join", 0},
                {"https://a.ok.com/join\nhttps://OK.com/x", 0},
                {"https://no.com/join", 1},
                {"https://ok.com/join\nhttps://no.com/join", 1},
                {"https://ok.com/ http://no.com", 1},
                {"wxp://f2f0a-b3c", 1}, /* no link: a payment */
                {" \n", 0},
                {"", 0}};
    struct found f[64];
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct judged m = {.text = STR("看图"), .qr = str_of(list[i].qr), .at = 1, .joined = 1};
        if (ask(m, f, 64) != list[i].count) fail_msg("\"%s\"", list[i].qr);
        if (!list[i].count) continue;
        assert_true(f[0].index == 4 && str_is(f[0].what, "qr") && f[0].at.to == 0);
        m.text = STR("");
        assert_int_equal(ask(m, f, 64), 1);
    }
    /* where the words are judged too, their place is that of the words */
    const struct judged both = {
        .text = STR("刷单"), .qr = STR("http://no.com"), .group = STR("g3"), .joined = 1, .at = 1};
    assert_int_equal(ask(both, f, 64), 2);
    assert_true(f[0].index == 4 && f[1].index == 1 && f[1].at.to == 6);
}

static void lists_are_read_line_by_line(void **state)
{
    (void)state;
    struct term_counts n = moderation_count_terms(STR("# remark\r\n a \r\n\n/b+/\n//\n/\n刷单"));
    assert_int_equal(n.patterns, 1);
    assert_int_equal(n.words, 4); /* a, //, /, 刷单 */
    n = moderation_count_terms(str_of(moderation_starter));
    assert_true(n.words > 20 && n.patterns == 2);
    const struct moderation_rule starter = {.on = true, .terms = str_of(moderation_starter)};
    struct book *book = NULL;
    assert_int_equal(book_create(&starter, 1, &book, NULL), ERR_OK);
    book_release(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_out_are_found_and_what_only_looks_like_one_is_not),
        cmocka_unit_test(hosts_are_allowed_with_what_is_below_them),
        cmocka_unit_test(the_nth_message_within_the_span_is_a_flood),
        cmocka_unit_test(near_copies_are_counted_by_group),
        cmocka_unit_test(hashes_are_majorities_of_bits_on_any_processor),
        cmocka_unit_test(the_sieve_weighs_grams_by_how_often_either_kind_has_them),
        cmocka_unit_test(a_trial_asks_only_of_marks_that_were_not_learnt),
        cmocka_unit_test(grams_are_of_characters_not_of_bytes),
        cmocka_unit_test(rules_apply_where_and_to_whom_they_say),
        cmocka_unit_test(a_code_is_judged_by_the_links_it_holds),
        cmocka_unit_test(lists_are_read_line_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
