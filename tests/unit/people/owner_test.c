/* owner_test.c - who answers for a member, by the rule and by hand, whatever the order of arrival,
 * through merges, erasure and openings. */
#include "people/records_place.h"

#include "people/owner.h"

static void contact(struct place *p, const char *user, const char *kind, const char *staff,
                    int64_t at)
{
    struct fact f = fact(user, kind, at);
    f.code[DIM_STAFF] = str_of(staff);
    send(p, &f, 1);
}

static void owner_is(struct place *p, uint32_t who, const char *staff)
{
    uint32_t code = owner_of(p->brand, who);
    struct str text = code ? registry_code_text(p->brand, DIM_STAFF, code) : STR("nobody");
    assert_int_equal(str_cmp(text, str_of(staff)), 0);
}

static struct handover hand(struct place *p, uint32_t who, const char *to, const char *reason)
{
    struct why why = {0};
    struct handover h = {.members = &who,
                         .count = 1,
                         .to = str_of(to),
                         .who = STR("staff:1"),
                         .reason = str_of(reason)};
    place_must(owner_hand_over(p->brand, &h, &why), &why, "hand over");
    return h;
}

static struct handover undo(struct place *p, uint32_t id)
{
    struct why why = {0};
    struct handover h = {0};
    place_must(owner_undo(p->brand, id, STR("staff:2"), &h, &why), &why, "undo");
    return h;
}

static void set_rule(struct place *p, enum fold_owner_rule rule, int days)
{
    struct why why = {0};
    const struct owner_rule r = {rule, days};
    place_must(owner_set_rule(p->brand, &r, &why), &why, "rule");
}

static void the_rule_chooses_among_the_contacts(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "UTC");
    uint32_t anna = member(&p, "anna");
    owner_is(&p, anna, "nobody");
    contact(&p, "anna", "contact.added", "rose", PLACE_NOW - 50 * DAY);
    owner_is(&p, anna, "rose");
    contact(&p, "anna", "contact.added", "lily", PLACE_NOW - 40 * DAY);
    contact(&p, "anna", "contact.added", "fern", PLACE_NOW - 45 * DAY); /* late */
    owner_is(&p, anna, "rose");
    set_rule(&p, FOLD_OWNER_LAST, 28);
    owner_is(&p, anna, "lily");
    contact(&p, "anna", "dm.received", "fern", PLACE_NOW - 9 * DAY);
    contact(&p, "anna", "dm.received", "rose", PLACE_NOW - 30 * DAY); /* late */
    contact(&p, "anna", "dm.received", "rose", PLACE_NOW - 31 * DAY);
    set_rule(&p, FOLD_OWNER_ACTIVE, 28);
    owner_is(&p, anna, "rose"); /* two days up to the latest, 9 days ago */
    set_rule(&p, FOLD_OWNER_ACTIVE, 20);
    owner_is(&p, anna, "fern");
    verify(&p);
    place_reopen(&p);
    owner_is(&p, anna, "fern");
    contact(&p, "anna", "contact.deleted", "fern", PLACE_NOW - DAY);
    owner_is(&p, anna, "rose");
    assert_int_equal(place_number(&p, "SELECT settled FROM owner_rule"), 1);
    verify(&p);
    place_close(&p);
}

static void of_equal_times_the_code_decides(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct place p;
        place_open(&p, "UTC");
        uint32_t anna = member(&p, "anna");
        contact(&p, "anna", "contact.added", order ? "rose" : "lily", PLACE_NOW - DAY);
        contact(&p, "anna", "contact.added", order ? "lily" : "rose", PLACE_NOW - DAY);
        owner_is(&p, anna, "lily");
        set_rule(&p, FOLD_OWNER_LAST, 28);
        owner_is(&p, anna, "lily");
        place_close(&p);
    }
}

static void by_hand_stands_until_it_is_taken_back(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    struct why why = {0};
    struct owner_step *steps;
    size_t count;
    place_open(&p, "UTC");
    uint32_t anna = member(&p, "anna");
    contact(&p, "anna", "contact.added", "rose", PLACE_NOW - 50 * DAY);
    struct handover first = hand(&p, anna, "lily", "rose is on leave");
    assert_true(first.id == 1 && first.changed == 1);
    owner_is(&p, anna, "lily");
    contact(&p, "anna", "contact.added", "fern", PLACE_NOW - 60 * DAY);
    owner_is(&p, anna, "lily");
    assert_int_equal(hand(&p, anna, "lily", "again").same, 1);
    p.env.now_ms += 5;
    struct handover second = hand(&p, anna, "fern", "closer");
    owner_is(&p, anna, "fern");
    verify(&p);
    view_open(&v, &p);
    const struct people_view view = {p.brand, v.db, v.arena};
    place_must(owner_history(&view, anna, &steps, &count, &why), &why, "history");
    assert_int_equal(count, 2);
    assert_true(str_is(steps[0].reason, "closer") && str_is(steps[1].who, "staff:1"));
    view_close(&v);
    assert_int_equal(undo(&p, first.id).same, 1); /* somebody else was set since */
    owner_is(&p, anna, "fern");
    struct handover none = {0};
    assert_int_equal(owner_undo(p.brand, first.id, STR("x"), &none, &why), ERR_CONFLICT);
    assert_int_equal(owner_undo(p.brand, 77, STR("x"), &none, &why), ERR_NOT_FOUND);
    assert_int_equal(undo(&p, second.id).changed, 1);
    owner_is(&p, anna, "lily");
    hand(&p, anna, "", "by the rule again");
    owner_is(&p, anna, "fern"); /* on whose list she came first */
    place_reopen(&p);
    owner_is(&p, anna, "fern");
    verify(&p);
    place_close(&p);
}

static void a_merge_takes_the_later_hand_and_gives_it_back(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    place_open(&p, "UTC");
    uint32_t anna = member(&p, "anna"), ben = member(&p, "ben");
    hand(&p, anna, "rose", "");
    p.env.now_ms += 10;
    hand(&p, ben, "lily", "");
    struct people_merge m = {
        .a = anna, .b = ben, .who = STR("staff:1"), .how = MERGE_HAND, .over_caps = true};
    place_must(people_merge(p.brand, &m, &why), &why, "merge");
    owner_is(&p, m.kept, "lily");
    owner_is(&p, m.away, "nobody");
    assert_int_equal(owner_count(p.brand, owner_of(p.brand, m.kept)), 1);
    verify(&p);
    struct people_unmerge u = {.id = m.id, .who = STR("staff:1")};
    place_must(people_unmerge(p.brand, &u, &why), &why, "unmerge");
    owner_is(&p, anna, "rose");
    owner_is(&p, ben, "lily");
    verify(&p);
    struct people_erased erased;
    place_must(people_erase(p.brand, anna, &erased, &why), &why, "erase");
    owner_is(&p, anna, "nobody");
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM handover"), 1);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM handover_member"), 1);
    owner_is(&p, ben, "lily");
    verify(&p);
    place_close(&p);
}

static void a_leavers_members_go_together(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    uint32_t *members;
    place_open(&p, "UTC");
    for (int i = 0; i < 1200; i++) {
        char user[16];
        snprintf(user, sizeof(user), "user %d", i);
        contact(&p, user, "contact.added", i % 3 ? "rose" : "lily", PLACE_NOW - DAY);
    }
    uint32_t rose = registry_find_code(p.brand, DIM_STAFF, STR("rose"));
    size_t count = owner_members(p.brand, rose, a, &members);
    assert_int_equal(count, 800);
    assert_int_equal(owner_count(p.brand, rose), 800);
    uint32_t early[] = {members[0]};
    hand(&p, early[0], "fern", "");
    struct handover h = {.members = members,
                         .count = count,
                         .to = STR("lily"),
                         .from = rose,
                         .who = STR("staff:1"),
                         .reason = STR("rose leaves")};
    place_must(owner_hand_over(p.brand, &h, &why), &why, "hand over");
    assert_true(h.changed == 799 && h.same == 1);
    assert_int_equal(owner_count(p.brand, rose), 0);
    struct owner_load *loads;
    assert_int_equal(owner_loads(p.brand, a, &loads), 2);
    verify(&p);
    assert_int_equal(undo(&p, h.id).changed, 799);
    assert_int_equal(owner_count(p.brand, rose), 799);
    verify(&p);
    arena_destroy(a);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule_chooses_among_the_contacts),
        cmocka_unit_test(of_equal_times_the_code_decides),
        cmocka_unit_test(by_hand_stands_until_it_is_taken_back),
        cmocka_unit_test(a_merge_takes_the_later_hand_and_gives_it_back),
        cmocka_unit_test(a_leavers_members_go_together),
    };
    records_place_unused();
    (void)by_phone;
    (void)merge;
    (void)holds;
    (void)events_of;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
