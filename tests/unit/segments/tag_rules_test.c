/* tag_rules_test.c - whoever a rule holds for has its tag, by each event and by the clock; what a
 * hand did stands; a rule that would feed itself is refused. */
#include "segments/tag_rules.h"

#define PLACE_MODULES &people_module, &segments_module
#include "people/place_loads.h"

#include "people/tag.h"

struct scene {
    struct place place;
    struct arena *arena;
    uint32_t tag;
};

static void open_scene(struct scene *s)
{
    struct why why = {0};
    struct tag t = {.name = STR("speaks")};
    *s = (struct scene){.arena = arena_create(0)};
    place_open(&s->place, "Asia/Shanghai");
    place_must(tag_save(s->place.brand, &t, &why), &why, "tag");
    s->tag = t.id;
}

static void close_scene(struct scene *s)
{
    place_close(&s->place);
    arena_destroy(s->arena);
}

static void say(struct scene *s, const char *user, const char *kind)
{
    struct identity who = {IDENTITY_USER, str_of(user)};
    const struct fact f = {.at = s->place.env.now_ms,
                           .kind = str_of(kind),
                           .who = &who,
                           .who_count = 1,
                           .amount = HISTORY_NO_AMOUNT};
    send_live(&s->place, &f, 1);
}

static uint32_t member(struct scene *s, const char *user)
{
    struct why why = {0};
    struct identity who = {IDENTITY_USER, str_of(user)};
    uint32_t member;
    place_must(people_find(s->place.brand, &who, STR(""), &member, &why), &why, "find");
    assert_int_not_equal(member, 0);
    return member;
}

static void rule(struct scene *s, uint32_t tag, const char *expr, bool keep)
{
    struct why why = {0};
    struct tag_rule r = {
        .tag = tag, .expr = str_of(expr), .keep = keep, .source = STR("staff:lily")};
    place_must(tag_rule_set(s->place.brand, &r, s->arena, &why), &why, expr);
}

/* Members who were changed by it. */
static size_t apply(struct scene *s)
{
    struct why why = {0};
    size_t changed;
    segments_settle(s->place.brand);
    place_must(tag_rules_apply(s->place.brand, &changed, &why), &why, "apply");
    return changed;
}

/* By whom they have it; "" = they have it not. */
static const char *held(struct scene *s, const char *user, uint32_t tag)
{
    struct why why = {0};
    struct tag_held *list;
    size_t count;
    const char *source = "";
    struct sql *db = flushed(&s->place);
    place_must(tag_held_by(db, member(s, user), s->arena, &list, &count, &why), &why, "held");
    sql_close(db);
    for (size_t i = 0; i < count; i++) {
        if (list[i].tag.id == tag) source = list[i].source.p;
    }
    return source;
}

static void by_hand(struct scene *s, const char *user, uint32_t tag, bool remove)
{
    struct why why = {0};
    const uint32_t who = member(s, user);
    struct tagging t = {.tag = tag,
                        .remove = remove,
                        .expires_at = TIME_NONE,
                        .members = &who,
                        .count = 1,
                        .source = STR("staff:lily")};
    place_must(tag_members(s->place.brand, &t, &why), &why, "by hand");
    assert_int_equal(t.changed, 1);
}

static void whoever_it_holds_for_has_the_tag_until_it_does_not(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    say(&s, "anna", "message.sent");
    say(&s, "ben", "page.viewed");
    rule(&s, s.tag, "did(\"message.sent\", within 1d)", false);
    assert_int_equal(apply(&s), 1);
    assert_string_equal(held(&s, "anna", s.tag), TAG_BY_RULE);
    assert_string_equal(held(&s, "ben", s.tag), "");
    assert_int_equal(apply(&s), 0);
    say(&s, "ben", "message.sent");
    assert_int_equal(apply(&s), 1);
    s.place.env.now_ms += TIME_DAY + 5;
    say(&s, "ben", "message.sent");
    assert_int_equal(apply(&s), 1);
    assert_string_equal(held(&s, "anna", s.tag), "");
    assert_string_equal(held(&s, "ben", s.tag), TAG_BY_RULE);
    close_scene(&s);
}

static void one_that_keeps_takes_from_nobody(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    say(&s, "anna", "message.sent");
    rule(&s, s.tag, "did(\"message.sent\", within 1d)", true);
    assert_int_equal(apply(&s), 1);
    s.place.env.now_ms += TIME_DAY + 5;
    assert_int_equal(apply(&s), 0);
    assert_string_equal(held(&s, "anna", s.tag), TAG_BY_RULE);
    rule(&s, s.tag, "did(\"message.sent\", within 1d)", false);
    assert_int_equal(apply(&s), 1);
    assert_string_equal(held(&s, "anna", s.tag), "");
    close_scene(&s);
}

static void what_a_hand_gave_or_took_stands(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    say(&s, "anna", "message.sent");
    say(&s, "ben", "page.viewed");
    by_hand(&s, "ben", s.tag, false);
    rule(&s, s.tag, "did(\"message.sent\")", false);
    assert_int_equal(apply(&s), 1);
    assert_string_equal(held(&s, "ben", s.tag), "staff:lily");
    by_hand(&s, "anna", s.tag, true);
    assert_int_equal(apply(&s), 0);
    assert_string_equal(held(&s, "anna", s.tag), "");
    close_scene(&s);
}

static void a_rule_that_goes_takes_what_it_gave(void **state)
{
    (void)state;
    struct scene s;
    struct why why = {0};
    struct tag_rule *list;
    size_t taken, count;
    bool is;
    open_scene(&s);
    say(&s, "anna", "message.sent");
    say(&s, "ben", "page.viewed");
    by_hand(&s, "ben", s.tag, false);
    rule(&s, s.tag, "did( \"message.sent\" )", false);
    assert_int_equal(apply(&s), 1);
    struct sql *db = flushed(&s.place);
    place_must(tag_rules_list(db, s.arena, &list, &count, &why), &why, "list");
    assert_int_equal(count, 1);
    assert_string_equal(list[0].expr.p, "did(\"message.sent\")");
    assert_string_equal(list[0].source.p, "staff:lily");
    assert_int_equal(tag_rule_of_segment(db, list[0].segment, &is), ERR_OK);
    assert_true(is);
    sql_close(db);
    place_must(tag_rule_remove(s.place.brand, s.tag, s.arena, &taken, &why), &why, "remove");
    assert_int_equal(taken, 1);
    assert_string_equal(held(&s, "anna", s.tag), "");
    assert_string_equal(held(&s, "ben", s.tag), "staff:lily");
    assert_int_equal(tag_rule_remove(s.place.brand, s.tag, s.arena, &taken, &why), ERR_NOT_FOUND);
    assert_int_equal(apply(&s), 0);
    close_scene(&s);
}

static void one_that_would_feed_itself_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"tag(\"speaks\")", "in_segment(\"all\")",
                                      "did(\"member.tagged\")", "orders >= 1 and not tag(\"x\")",
                                      "did(\"order.paid\", then \"member.untagged\" within 1d)"};
    struct scene s;
    struct why why = {0};
    open_scene(&s);
    struct segment all = {.kind = SEGMENT_DYNAMIC,
                          .code = STR("all"),
                          .name = STR("all"),
                          .description = STR(""),
                          .expr = STR("true"),
                          .author = STR("anna")};
    place_must(segments_add(s.place.brand, &all, s.arena, &why), &why, "segment");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tag_rule r = {.tag = s.tag, .expr = str_of(bad[i]), .source = STR("staff:lily")};
        assert_int_equal(tag_rule_set(s.place.brand, &r, s.arena, &why), ERR_INVALID);
        assert_string_equal(why.field, "expression");
        assert_int_equal(why.msg, MSG_RULE_OF_TAGS);
    }
    struct tag_rule r = {.tag = s.tag + 1, .expr = STR("true"), .source = STR("staff:lily")};
    assert_int_equal(tag_rule_set(s.place.brand, &r, s.arena, &why), ERR_NOT_FOUND);
    assert_int_equal(apply(&s), 0);
    close_scene(&s);
}

static void of_an_exclusive_group_one_tag_is_held(void **state)
{
    (void)state;
    struct scene s;
    struct why why = {0};
    open_scene(&s);
    struct tag_group g = {.name = STR("way"), .colour = STR("blue"), .exclusive = true};
    place_must(tag_group_save(s.place.brand, &g, &why), &why, "group");
    struct tag buys = {.name = STR("buys"), .group = g.id};
    struct tag talks = {.name = STR("talks"), .group = g.id};
    place_must(tag_save(s.place.brand, &buys, &why), &why, "buys");
    place_must(tag_save(s.place.brand, &talks, &why), &why, "talks");
    say(&s, "anna", "message.sent");
    rule(&s, buys.id, "did(\"order.paid\", within 1d)", false);
    rule(&s, talks.id, "did(\"message.sent\") and not did(\"order.paid\", within 1d)", false);
    assert_int_equal(apply(&s), 1);
    assert_string_equal(held(&s, "anna", talks.id), TAG_BY_RULE);
    say(&s, "anna", "order.paid");
    (void)apply(&s); /* loses the one, and has the other in the same call */
    assert_string_equal(held(&s, "anna", talks.id), "");
    assert_string_equal(held(&s, "anna", buys.id), TAG_BY_RULE);
    s.place.env.now_ms += TIME_DAY + 5;
    (void)apply(&s);
    assert_string_equal(held(&s, "anna", talks.id), TAG_BY_RULE);
    assert_string_equal(held(&s, "anna", buys.id), "");
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_it_holds_for_has_the_tag_until_it_does_not),
        cmocka_unit_test(one_that_keeps_takes_from_nobody),
        cmocka_unit_test(what_a_hand_gave_or_took_stands),
        cmocka_unit_test(a_rule_that_goes_takes_what_it_gave),
        cmocka_unit_test(one_that_would_feed_itself_is_refused),
        cmocka_unit_test(of_an_exclusive_group_one_tag_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
