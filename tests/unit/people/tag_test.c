/* tag_test.c - tags are given, taken, ousted, run out, are undone and erased, and expressions know
 * it at once. */
#include "people/records_place.h"

#include "people/tag.h"

static uint32_t group(struct place *p, const char *name, bool exclusive)
{
    struct why why = {0};
    struct tag_group g = {.name = str_of(name), .colour = STR("blue"), .exclusive = exclusive};
    place_must(tag_group_save(p->brand, &g, &why), &why, name);
    return g.id;
}

static uint32_t tag(struct place *p, const char *name, uint32_t in)
{
    struct why why = {0};
    struct tag t = {.name = str_of(name), .group = in};
    place_must(tag_save(p->brand, &t, &why), &why, name);
    return t.id;
}

static struct tagging give(struct place *p, uint32_t tag, const uint32_t *members, size_t count)
{
    struct why why = {0};
    struct tagging t = {.tag = tag,
                        .expires_at = TIME_NONE,
                        .members = members,
                        .count = count,
                        .source = STR("staff:lily"),
                        .counted = true};
    place_must(tag_members(p->brand, &t, &why), &why, "tag");
    return t;
}

static size_t held(struct place *p, uint32_t who, struct arena *a, struct tag_held **out)
{
    struct why why = {0};
    size_t count;
    struct sql *db = place_reader(p);
    place_must(tag_held_by(db, who, a, out, &count, &why), &why, "held");
    sql_close(db);
    return count;
}

static void a_tag_given_and_taken_is_known_at_once(void **state)
{
    struct place p;
    struct why why = {0};
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna"), ben = member(&p, "ben");
    uint32_t vip = tag(&p, "老客", 0);
    assert_false(holds(&p, anna, FIELD_TAG, "老客"));
    const uint32_t both[] = {anna, ben, 9999};
    struct tagging t = give(&p, vip, both, 3);
    assert_int_equal(t.changed, 2);
    assert_int_equal(t.missing, 1);
    assert_true(holds(&p, anna, FIELD_TAG, "老客"));
    assert_int_equal(events_of(&p, anna, "member.tagged"), 1);
    assert_int_equal(give(&p, vip, both, 2).same, 2); /* no second event */
    assert_int_equal(events_of(&p, anna, "member.tagged"), 1);
    struct tagging off = {.tag = vip, .remove = true, .members = &ben, .count = 1};
    off.source = STR("staff:lily");
    place_must(tag_members(p.brand, &off, &why), &why, "untag");
    assert_int_equal(off.changed, 1);
    assert_false(holds(&p, ben, FIELD_TAG, "老客"));
    assert_int_equal(events_of(&p, ben, "member.untagged"), 1);
    uint64_t count;
    place_must(tag_count(p.brand, vip, NULL, &count, &why), &why, "count");
    assert_int_equal(count, 1);
    place_reopen(&p);
    assert_true(holds(&p, anna, FIELD_TAG, "老客"));
    verify(&p);
    place_close(&p);
}

static void an_exclusive_group_keeps_the_last_also_of_the_merged(void **state)
{
    struct place p;
    struct arena *a = arena_create(0);
    struct tag_held *list;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t level = group(&p, "等级", true), plain = group(&p, "喜好", false);
    uint32_t gold = tag(&p, "金", level), silver = tag(&p, "银", level);
    uint32_t tea = tag(&p, "茶", plain), milk = tag(&p, "奶", plain);
    uint32_t anna = member(&p, "anna"), phone = by_phone(&p, "13812345678");
    give(&p, gold, &anna, 1);
    p.env.now_ms += 1000;
    give(&p, silver, &anna, 1);
    assert_false(holds(&p, anna, FIELD_TAG, "金"));
    assert_true(holds(&p, anna, FIELD_TAG, "银"));
    assert_int_equal(events_of(&p, anna, "member.untagged"), 1);
    give(&p, tea, &anna, 1);
    p.env.now_ms += 1000;
    give(&p, gold, &phone, 1);
    give(&p, milk, &phone, 1);
    merge(&p, "anna", "13812345678");
    assert_int_equal(held(&p, anna, a, &list), 3);
    assert_true(holds(&p, anna, FIELD_TAG, "金")); /* the later one */
    assert_false(holds(&p, anna, FIELD_TAG, "银"));
    assert_true(holds(&p, anna, FIELD_TAG, "茶"));
    assert_true(holds(&p, anna, FIELD_TAG, "奶"));
    give(&p, silver, &anna, 1);
    assert_false(holds(&p, anna, FIELD_TAG, "金"));
    assert_int_equal(held(&p, phone, a, &list), 3); /* any persona of theirs */
    verify(&p);
    arena_destroy(a);
    place_close(&p);
}

static void a_tag_runs_out_at_its_moment(void **state)
{
    struct place p;
    struct why why = {0};
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna"), vip = tag(&p, "vip", 0);
    struct tagging t = {.tag = vip,
                        .expires_at = PLACE_NOW + TIME_HOUR,
                        .members = &anna,
                        .count = 1,
                        .source = STR("staff:lily")};
    place_must(tag_members(p.brand, &t, &why), &why, "tag");
    verify(&p);
    p.env.now_ms = PLACE_NOW + TIME_HOUR - 1;
    place_must(brand_flush(p.brand, &why), &why, "flush");
    assert_true(holds(&p, anna, FIELD_TAG, "vip"));
    p.env.now_ms = PLACE_NOW + TIME_HOUR;
    place_must(brand_flush(p.brand, &why), &why, "flush");
    assert_false(holds(&p, anna, FIELD_TAG, "vip"));
    assert_int_equal(events_of(&p, anna, "member.untagged"), 1);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM member_tag"), 0);
    t.expires_at = p.env.now_ms + TIME_HOUR;
    place_must(tag_members(p.brand, &t, &why), &why, "tag");
    give(&p, vip, &anna, 1); /* now it stays, and says nothing new */
    p.env.now_ms += TIME_DAY;
    place_must(brand_flush(p.brand, &why), &why, "flush");
    assert_true(holds(&p, anna, FIELD_TAG, "vip"));
    assert_int_equal(events_of(&p, anna, "member.tagged"), 2);
    verify(&p);
    place_close(&p);
}

static void a_run_is_undone_and_nothing_else(void **state)
{
    struct place p;
    struct why why = {0};
    uint32_t many[2500];
    char name[16];
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t vip = tag(&p, "vip", 0);
    for (int i = 0; i < 2500; i++) {
        struct identity id = {IDENTITY_USER, {name, 0}};
        id.value.len = (size_t)snprintf(name, sizeof(name), "u%d", i);
        struct fact f = {.at = PLACE_NOW - DAY,
                         .kind = STR("page.viewed"),
                         .who = &id,
                         .who_count = 1,
                         .amount = HISTORY_NO_AMOUNT};
        struct load l = {&f, 1};
        place_must(brand_call(p.brand, run_record, &l, false, &why), &why, "record");
        many[i] = (uint32_t)i + 1;
    }
    struct tagging before = {.tag = vip,
                             .expires_at = PLACE_NOW + TIME_DAY,
                             .members = many,
                             .count = 10,
                             .source = STR("staff:lily")};
    place_must(tag_members(p.brand, &before, &why), &why, "tag");
    assert_int_equal(before.changed, 10); /* the run makes them stay, and did not give it */
    struct tagging t = give(&p, vip, many, 2500);
    assert_int_equal(t.changed, 2490);
    assert_int_equal(t.same, 10);
    struct tagging undo = {.tag = vip, .source = STR("staff:lily")};
    place_must(tag_undo(p.brand, t.run, &undo, &why), &why, "undo");
    assert_int_equal(undo.changed, 2490);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM member_tag"), 10);
    assert_true(holds(&p, many[9], FIELD_TAG, "vip"));
    assert_false(holds(&p, many[10], FIELD_TAG, "vip"));
    assert_int_equal(tag_undo(p.brand, 77, &undo, &why), ERR_NOT_FOUND);
    verify(&p);
    place_close(&p);
}

static void undoing_brings_back_what_was_put_out_of_its_place(void **state)
{
    struct place p;
    struct why why = {0};
    (void)state;
    place_open(&p, "Asia/Shanghai");
    struct tag_group g = {.name = STR("level"), .colour = STR("gold"), .exclusive = true};
    place_must(tag_group_save(p.brand, &g, &why), &why, "group");
    uint32_t gold = tag(&p, "gold", g.id), silver = tag(&p, "silver", g.id),
             tin = tag(&p, "tin", g.id);
    uint32_t who[] = {member(&p, "anna"), member(&p, "ben"), member(&p, "cara"), member(&p, "dan")};
    struct tagging first = {.tag = silver,
                            .expires_at = PLACE_NOW + 5 * TIME_DAY,
                            .members = who,
                            .count = 3,
                            .source = STR("staff:lily")};
    place_must(tag_members(p.brand, &first, &why), &why, "silver");
    struct tagging run = give(&p, gold, who, 4);
    assert_true(run.changed == 4 && holds(&p, who[0], FIELD_TAG, "gold"));
    give(&p, tin, who + 1, 1); /* ben's next one stays */
    struct tagging undo = {.tag = gold, .source = STR("staff:lily")};
    place_must(tag_undo(p.brand, run.run, &undo, &why), &why, "undo");
    assert_int_equal(undo.changed, 3);
    assert_true(holds(&p, who[0], FIELD_TAG, "silver") && holds(&p, who[2], FIELD_TAG, "silver"));
    assert_true(holds(&p, who[1], FIELD_TAG, "tin") && !holds(&p, who[1], FIELD_TAG, "silver"));
    assert_false(holds(&p, who[3], FIELD_TAG, "silver") || holds(&p, who[3], FIELD_TAG, "gold"));
    verify(&p); /* with the timers of before */
    p.env.now_ms = PLACE_NOW + 5 * TIME_DAY + 1;
    place_must(brand_flush(p.brand, &why), &why, "flush");
    assert_false(holds(&p, who[0], FIELD_TAG, "silver"));
    verify(&p);
    place_close(&p);
}

static void names_are_ones_own_and_what_is_used_stays(void **state)
{
    struct place p;
    struct why why = {0};
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t level = group(&p, "等级", true), gold = tag(&p, "金", level);
    uint32_t anna = member(&p, "anna");
    struct tag twice = {.name = STR("金")}, lost = {.name = STR("x"), .group = 55};
    struct tag_group same = {.name = STR("等级"), .colour = STR("red")};
    assert_int_equal(tag_save(p.brand, &twice, &why), ERR_CONFLICT);
    assert_int_equal(tag_save(p.brand, &lost, &why), ERR_NOT_FOUND);
    assert_int_equal(tag_group_save(p.brand, &same, &why), ERR_CONFLICT);
    assert_int_equal(tag_group_remove(p.brand, level, &why), ERR_CONFLICT);
    give(&p, gold, &anna, 1);
    assert_int_equal(tag_remove(p.brand, gold, &why), ERR_CONFLICT);
    struct tag renamed = {.id = gold, .name = STR("黄金"), .group = level};
    assert_true(holds(&p, anna, FIELD_TAG, "金"));
    place_must(tag_save(p.brand, &renamed, &why), &why, "rename");
    assert_false(holds(&p, anna, FIELD_TAG, "金"));
    assert_true(holds(&p, anna, FIELD_TAG, "黄金"));
    struct people_erased erased;
    place_must(people_erase(p.brand, anna, &erased, &why), &why, "erase");
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM member_tag"), 0);
    assert_false(holds(&p, anna, FIELD_TAG, "黄金"));
    place_must(tag_remove(p.brand, gold, &why), &why, "remove");
    place_must(tag_group_remove(p.brand, level, &why), &why, "remove");
    verify(&p);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_given_and_taken_is_known_at_once),
        cmocka_unit_test(an_exclusive_group_keeps_the_last_also_of_the_merged),
        cmocka_unit_test(a_tag_runs_out_at_its_moment),
        cmocka_unit_test(a_run_is_undone_and_nothing_else),
        cmocka_unit_test(undoing_brings_back_what_was_put_out_of_its_place),
        cmocka_unit_test(names_are_ones_own_and_what_is_used_stays),
    };
    return engine_run(tests);
}
