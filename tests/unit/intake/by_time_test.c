/* by_time_test.c - facts of several runs come back in order of time, each as it was. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>

#include "base/mem.h"
#include "brand/said.h"
#include "intake/by_time.h"

#define RUNS 7
#define ROWS 3000 /* of a run */

/* Fact 'line': which of its fields are there depends on the number. */
static struct fact make_fact(struct arena *a, uint64_t line)
{
    uint64_t x = line * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    struct fact f = {.at = (int64_t)(x % 500), .kind = STR("order.paid"), .amount = (int64_t)line};
    if (x & 1) f.id = str_of(arena_printf(a, "e%llu", (unsigned long long)line));
    if (x & 2) f.label = STR("");
    if (x & 4) f.code[DIM_STAFF] = STR("anna");
    if (x & 8) f.amount = HISTORY_NO_AMOUNT;
    f.who_count = (uint32_t)(x >> 8 & 3);
    f.other_count = (uint32_t)(x >> 10 & 1);
    f.prop_count = (uint32_t)(x >> 12 & 3);
    f.trait_count = (uint32_t)(x >> 14 & 1);
    f.alias = x >> 16 & 1;
    f.rename = x >> 17 & 1;
    f.who = arena_alloc_array(a, f.who_count, sizeof(f.who[0]));
    f.other = arena_alloc_array(a, f.other_count, sizeof(f.other[0]));
    f.props = arena_alloc_array(a, f.prop_count, sizeof(f.props[0]));
    f.traits = arena_alloc_array(a, f.trait_count, sizeof(f.traits[0]));
    if (x >> 18 & 1) {
        struct said said = {.text = STR("你好"),
                            .reply_to = STR("17"),
                            .edited = x >> 19 & 1,
                            .recalled = x >> 20 & 1};
        f.said = arena_copy(a, &said, sizeof(said));
    }
    for (uint32_t i = 0; i < f.who_count; i++)
        f.who[i] = (struct identity){IDENTITY_PHONE + i, STR("+8613800138000")};
    for (uint32_t i = 0; i < f.other_count; i++)
        f.other[i] = (struct identity){IDENTITY_NAME, STR("b")};
    for (uint32_t i = 0; i < f.prop_count; i++)
        f.props[i] = (struct fact_value){STR("n"), PROP_NUMBER, (double)line / 7, {NULL, 0}};
    for (uint32_t i = 0; i < f.trait_count; i++)
        f.traits[i] = (struct fact_value){STR("city"), PROP_TEXT, 0, STR("杭州")};
    return f;
}

/* Every third has its text, as in a dry run. */
static struct file_row make_row(struct arena *a, uint64_t line)
{
    struct file_row row = {.line = line};
    if (line % 3 == 0) row.text = str_of(arena_printf(a, "e%llu,x", (unsigned long long)line));
    return row;
}

static void expect_text(struct str a, struct str b)
{
    assert_int_equal(a.p != NULL, b.p != NULL);
    assert_true(str_eq(a, b));
}

static void expect_identities(const struct identity *a, uint32_t a_count, const struct identity *b,
                              uint32_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (uint32_t i = 0; i < a_count; i++) {
        assert_int_equal(a[i].kind, b[i].kind);
        expect_text(a[i].value, b[i].value);
    }
}

static void expect_values(const struct fact_value *a, uint32_t a_count, const struct fact_value *b,
                          uint32_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (uint32_t i = 0; i < a_count; i++) {
        expect_text(a[i].name, b[i].name);
        assert_int_equal(a[i].type, b[i].type);
        assert_true(a[i].number == b[i].number);
        expect_text(a[i].text, b[i].text);
    }
}

static void expect_fact(const struct fact *a, const struct fact *b)
{
    assert_int_equal(a->at, b->at);
    assert_int_equal(a->amount, b->amount);
    assert_int_equal(a->alias, b->alias);
    assert_int_equal(a->rename, b->rename);
    expect_text(a->id, b->id);
    expect_text(a->kind, b->kind);
    expect_text(a->label, b->label);
    assert_int_equal(a->said != NULL, b->said != NULL);
    if (a->said) {
        expect_text(a->said->text, b->said->text);
        expect_text(a->said->message, b->said->message);
        expect_text(a->said->reply_to, b->said->reply_to);
        assert_int_equal(a->said->edited, b->said->edited);
        assert_int_equal(a->said->recalled, b->said->recalled);
    }
    for (int d = 0; d < DIM_COUNT; d++)
        expect_text(a->code[d], b->code[d]);
    expect_identities(a->who, a->who_count, b->who, b->who_count);
    expect_identities(a->other, a->other_count, b->other, b->other_count);
    expect_values(a->props, a->prop_count, b->props, b->prop_count);
    expect_values(a->traits, a->trait_count, b->traits, b->trait_count);
}

static void runs_come_back_in_order_of_time(void **state)
{
    (void)state;
    struct why why = {0};
    struct by_time *b;
    struct arena *a = arena_create(0);
    assert_int_equal(by_time_create("/tmp", 0x1234567890abcdef, &b, &why), ERR_OK);
    for (uint64_t run = 0; run < RUNS; run++) {
        static struct fact facts[ROWS];
        static struct file_row rows[ROWS];
        size_t count = run == 3 ? 1 : ROWS;
        for (size_t i = 0; i < count; i++) {
            rows[i] = make_row(a, run * ROWS + i + 1);
            facts[i] = make_fact(a, rows[i].line);
        }
        assert_int_equal(by_time_add(b, facts, rows, count, &why), ERR_OK);
        arena_reset(a);
    }
    assert_int_equal(by_time_add(b, NULL, NULL, 0, &why), ERR_OK);
    int64_t at = -1;
    uint64_t last = 0, count = 0;
    struct fact f;
    struct file_row row;
    for (bool more = true;; count++) {
        assert_int_equal(by_time_next(b, a, &f, &row, &more, &why), ERR_OK);
        if (!more) break;
        assert_true(f.at > at || (f.at == at && row.line > last));
        at = f.at;
        last = row.line;
        struct fact was = make_fact(a, row.line);
        expect_text(row.text, make_row(a, row.line).text);
        expect_fact(&f, &was);
        if (count % 1000 == 0) arena_reset(a);
    }
    assert_int_equal(count, (RUNS - 1) * ROWS + 1);
    by_time_destroy(b);
    arena_destroy(a);
}

static void a_record_larger_than_the_buffer_is_whole(void **state)
{
    (void)state;
    struct why why = {0};
    struct by_time *b;
    struct arena *a = arena_create(0);
    char *text = arena_alloc(a, 300000);
    memset(text, 'x', 300000);
    struct fact facts[3];
    const struct file_row rows[3] = {{.line = 1}, {.line = 2}, {.line = 3}};
    for (int i = 0; i < 3; i++) {
        facts[i] = make_fact(a, (uint64_t)i);
        facts[i].at = 10 - i;
    }
    facts[1].code[DIM_GROUP] = (struct str){text, 300000};
    assert_int_equal(by_time_create("/tmp", 0x1234567890abcdef, &b, &why), ERR_OK);
    assert_int_equal(by_time_add(b, facts, rows, 3, &why), ERR_OK);
    for (int i = 2; i >= 0; i--) {
        struct fact f;
        struct file_row row;
        bool more;
        assert_int_equal(by_time_next(b, a, &f, &row, &more, &why), ERR_OK);
        assert_true(more);
        assert_int_equal(row.line, i + 1);
        expect_fact(&f, &facts[i]);
    }
    by_time_destroy(b);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_come_back_in_order_of_time),
        cmocka_unit_test(a_record_larger_than_the_buffer_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
