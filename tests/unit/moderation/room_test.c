/* room_test.c - rules meet what is said: live, in bulk, and when members go. On both stores. */
#define PLACE_MODULES &people_module, &groups_module, &moderation_module
#include "groups/groups.h"
#include "moderation/moderation.h"

#include "brand_place.h"
#include "people/place_loads.h"

static struct fact fact_of(struct identity *who, struct said *said, int64_t at)
{
    struct fact f = {.at = at,
                     .kind = STR("message.sent"),
                     .who = who,
                     .who_count = 1,
                     .amount = HISTORY_NO_AMOUNT,
                     .said = said};
    f.code[DIM_GROUP] = STR("g");
    return f;
}

static void say(struct place *p, const char *name, const char *text, int64_t at)
{
    struct identity who[] = {{IDENTITY_NAME, str_of(name)}};
    struct said said = {.text = str_of(text), .message = STR("m")};
    struct fact f = fact_of(who, &said, at);
    send_live(p, &f, 1);
}

static uint32_t rule(struct place *p, enum rule_kind kind, const char *terms)
{
    struct why why = {0};
    struct moderation_rule r = {.kind = kind,
                                .action = ACTION_WARN,
                                .on = true,
                                .whole = true,
                                .traces = 1u << TRACE_LINK,
                                .name = STR("r"),
                                .terms = str_of(terms)};
    place_must(moderation_rule_save(p->brand, &r, &why), &why, "save");
    return r.id;
}

static size_t cases(struct place *p, struct arena *a, struct moderation_case **out)
{
    struct why why = {0};
    size_t count;
    const struct case_filter f = {.state = -1, .limit = 100};
    struct sql *db = place_reader(p);
    place_must(moderation_cases(db, &f, a, out, &count, &why), &why, "cases");
    sql_close(db);
    return count;
}

static void a_case_is_made_within_the_hour_and_counted_after_it(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct moderation_case *c;
    place_open(&p, "Asia/Shanghai");
    say(&p, "early", "刷单", p.env.now_ms); /* there is no rule yet */
    uint32_t id = rule(&p, RULE_TERMS, "刷单");
    say(&p, "anna", "x 刷\xE2\x80\x8B单 y", p.env.now_ms - MODERATION_FRESH_MS);
    say(&p, "ben", "刷单", p.env.now_ms - MODERATION_FRESH_MS - 1);
    assert_int_equal(cases(&p, a, &c), 1);
    assert_true(str_is(c[0].quote, "x 刷\xE2\x80\x8B单 y") && c[0].span.from == 2);
    assert_int_equal(c[0].span.to, 2 + 9); /* with what is not seen */
    assert_int_equal(c[0].task, TASK_TODO);
    struct rule_result result;
    struct sql *db = place_reader(&p);
    assert_int_equal(moderation_result(db, id, &result), ERR_OK);
    sql_close(db);
    assert_int_equal(result.open, 1);
    assert_int_equal(result.counted, 1);
    arena_destroy(a);
    place_close(&p);
}

/* What comes in bulk is judged, too; being old, it is counted alone. */
static void a_load_of_the_past_mutes_nobody(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct moderation_case *c;
    struct identity who[] = {{IDENTITY_NAME, STR("anna")}};
    struct said said = {.text = STR("刷单")};
    struct fact facts[40];
    place_open(&p, "Asia/Shanghai");
    (void)rule(&p, RULE_TERMS, "刷单");
    for (int i = 0; i < 40; i++)
        facts[i] = fact_of(who, &said, p.env.now_ms - TIME_DAY + i);
    send_bulk(&p, facts, 40);
    assert_int_equal(cases(&p, a, &c), 0);
    assert_int_equal(one(&p, "SELECT SUM(counted) FROM moderation_tally"), 40);
    assert_int_equal(one(&p, "SELECT SUM(acted) FROM moderation_tally"), 0);
    arena_destroy(a);
    place_close(&p);
}

static void expect_quoted(const char *term)
{
    struct place p;
    struct arena *a = arena_create(0);
    struct moderation_case *c;
    struct strbuf text = {0};
    place_open(&p, "Asia/Shanghai");
    (void)rule(&p, RULE_TERMS, term);
    for (int i = 0; i < 1000; i++)
        strbuf_add_text(&text, "微 ");
    strbuf_add_text(&text, term);
    for (int i = 0; i < 1000; i++)
        strbuf_add_text(&text, " 信");
    say(&p, "anna", text.p, p.env.now_ms);
    assert_int_equal(cases(&p, a, &c), 1);
    assert_true(c[0].quote.len <= MODERATION_QUOTE_BYTES && c[0].quote.len > 500);
    struct str found = {c[0].quote.p + c[0].span.from, c[0].span.to - c[0].span.from};
    assert_true(str_is(found, term));
    strbuf_finish(&text);
    arena_destroy(a);
    place_close(&p);
}

static void a_long_message_is_quoted_around_the_place(void **state)
{
    (void)state;
    expect_quoted("刷单");
    expect_quoted("qr"); /* a word like any other, though codes are told by it */
}

static void decisions_go_the_way_they_may(void **state)
{
    (void)state;
    static const struct {
        enum case_verdict verdict;
        enum err err;
        enum case_state state;
        enum case_task task;
    } steps[] = {
        {CASE_VERDICT_APPEAL, ERR_CONFLICT, CASE_OPEN, TASK_TODO},
        {CASE_VERDICT_LIFTED, ERR_CONFLICT, CASE_OPEN, TASK_TODO},
        {CASE_VERDICT_DONE, ERR_OK, CASE_CONFIRMED, TASK_DONE},
        {CASE_VERDICT_DONE, ERR_CONFLICT, CASE_CONFIRMED, TASK_DONE},
        {CASE_VERDICT_CONFIRM, ERR_CONFLICT, CASE_CONFIRMED, TASK_DONE},
        {CASE_VERDICT_APPEAL, ERR_OK, CASE_APPEALED, TASK_DONE},
        {CASE_VERDICT_CONFIRM, ERR_OK, CASE_CONFIRMED, TASK_DONE},
        {CASE_VERDICT_DISMISS, ERR_OK, CASE_DISMISSED, TASK_LIFT},
        {CASE_VERDICT_CONFIRM, ERR_OK, CASE_CONFIRMED, TASK_DONE},
        {CASE_VERDICT_DISMISS, ERR_OK, CASE_DISMISSED, TASK_LIFT},
        {CASE_VERDICT_LIFTED, ERR_OK, CASE_DISMISSED, TASK_LIFTED},
        {CASE_VERDICT_DISMISS, ERR_CONFLICT, CASE_DISMISSED, TASK_LIFTED},
        {CASE_VERDICT_CONFIRM, ERR_OK, CASE_CONFIRMED, TASK_TODO},
        {CASE_VERDICT_DISMISS, ERR_OK, CASE_DISMISSED, TASK_NONE},
    };
    struct place p;
    struct arena *a = arena_create(0);
    struct moderation_case *c;
    place_open(&p, "Asia/Shanghai");
    (void)rule(&p, RULE_TERMS, "刷单");
    say(&p, "anna", "刷单", p.env.now_ms);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct why why = {0};
        assert_int_equal(cases(&p, a, &c), 1);
        enum err err =
            moderation_decide(p.brand, c[0].id, steps[i].verdict, STR("staff:1"), STR(""), &why);
        (void)cases(&p, a, &c);
        if (err != steps[i].err || c[0].state != steps[i].state || c[0].task != steps[i].task)
            fail_msg("step %zu: %d, %s, %s", i, (int)err, case_state_names[c[0].state],
                     case_task_names[c[0].task]);
    }
    arena_destroy(a);
    place_close(&p);
}

static void what_is_kept_goes_in_time_and_with_the_member(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct moderation_case *c;
    struct people_erased erased;
    struct why why = {0};
    struct lesson lesson;
    place_open(&p, "Asia/Shanghai");
    (void)rule(&p, RULE_TERMS, "刷单");
    say(&p, "anna", "刷单 一", p.env.now_ms);
    say(&p, "ben", "刷单 二", p.env.now_ms);
    assert_int_equal(cases(&p, a, &c), 2);
    place_must(moderation_teach(p.brand, c[1].quote, true, c[1].persona, STR("staff:1"), &why),
               &why, "teach");
    place_must(people_erase(p.brand, c[1].persona, &erased, &why), &why, "erase");
    assert_int_equal(cases(&p, a, &c), 1);
    assert_true(str_is(c[0].quote, "刷单 二"));
    struct sql *db = place_reader(&p);
    place_must(moderation_lesson(p.brand, db, &lesson, &why), &why, "lesson");
    sql_close(db);
    assert_int_equal(lesson.ads, 0);
    p.env.now_ms += (MODERATION_KEEP_DAYS + 1) * TIME_DAY;
    say(&p, "ben", "好", p.env.now_ms); /* a batch, which takes what is due */
    say(&p, "ben", "好", p.env.now_ms);
    assert_int_equal(cases(&p, a, &c), 0);
    arena_destroy(a);
    place_close(&p);
}

static void rules_are_in_use_again_after_opening(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct moderation_case *c;
    place_open(&p, "Asia/Shanghai");
    (void)rule(&p, RULE_LINKS, "");
    place_reopen(&p);
    say(&p, "anna", "看 http://x.example/1", p.env.now_ms);
    say(&p, "anna", "看 http://x.example/2", p.env.now_ms + 1000);
    assert_int_equal(cases(&p, a, &c), 1);
    assert_int_equal(c[0].times, 2);
    arena_destroy(a);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_is_made_within_the_hour_and_counted_after_it),
        cmocka_unit_test(a_load_of_the_past_mutes_nobody),
        cmocka_unit_test(a_long_message_is_quoted_around_the_place),
        cmocka_unit_test(decisions_go_the_way_they_may),
        cmocka_unit_test(what_is_kept_goes_in_time_and_with_the_member),
        cmocka_unit_test(rules_are_in_use_again_after_opening),
    };
    return engine_run(tests);
}
