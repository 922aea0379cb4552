/* note_test.c - notes are kept sealed, changed and erased; a trait by hand is the newest. */
#include "people/records_place.h"

#include "people/note.h"

static struct note add(struct place *p, uint32_t who, const char *text)
{
    struct why why = {0};
    struct note n = {
        .member = who, .author = STR("staff:3"), .author_name = STR("lily"), .text = str_of(text)};
    place_must(note_save(p->brand, &n, &why), &why, "note");
    return n;
}

static size_t notes(struct place *p, uint32_t who, struct arena *a, struct note **out)
{
    struct why why = {0};
    size_t count;
    struct sql *db = place_reader(p);
    const struct people_view view = {p->brand, db, a};
    place_must(note_list(&view, who, out, &count, &why), &why, "notes");
    sql_close(db);
    return count;
}

static void notes_are_sealed_changed_and_go(void **state)
{
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct note *all;
    struct people_erased erased;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna"), phone = by_phone(&p, "13812345678");
    struct note first = add(&p, anna, "likes Xanthippe tea");
    p.env.now_ms += 1000;
    struct note second = add(&p, phone, "calls in the morning");
    assert_true(second.id > first.id);
    assert_int_equal(notes(&p, anna, a, &all), 1);
    merge(&p, "anna", "13812345678");
    assert_int_equal(notes(&p, anna, a, &all), 2);
    assert_int_equal(all[0].id, second.id); /* newest first */
    first.text = STR("prefers coffee");
    place_must(note_save(p.brand, &first, &why), &why, "change");
    assert_int_equal(notes(&p, anna, a, &all), 2);
    assert_true(str_is(all[1].text, "prefers coffee"));
    assert_true(all[1].changed_at > all[1].at);
    assert_int_equal(
        place_number(
            &p, "SELECT COUNT(*) FROM note WHERE author_name <> 'lily' OR LENGTH(sealed) < 50"),
        0);
    place_must(note_remove(p.brand, second.id, &why), &why, "remove");
    assert_int_equal(note_remove(p.brand, second.id, &why), ERR_NOT_FOUND);
    struct note lost = {
        .member = 999, .author = STR("x"), .author_name = STR("x"), .text = STR("")};
    assert_int_equal(note_save(p.brand, &lost, &why), ERR_NOT_FOUND);
    verify(&p);
    place_must(people_erase(p.brand, anna, &erased, &why), &why, "erase");
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM note"), 0);
    verify(&p);
    arena_destroy(a);
    place_close(&p);
}

static enum err set(struct place *p, uint32_t who, struct fact_value v)
{
    struct why why = {0};
    struct arena *a = arena_create(0);
    enum err err = people_set_trait(p->brand, who, &v, STR("staff:lily"), a, &why);
    arena_destroy(a);
    return err;
}

static void a_trait_by_hand_is_the_newest_and_keeps_its_type(void **state)
{
    struct place p;
    struct view v;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    struct fact_value city = {.name = STR("city"), .type = PROP_TEXT, .text = STR("杭州")};
    struct fact_value age = {.name = STR("city"), .type = PROP_NUMBER, .number = 3};
    struct fact_value phone = {.name = STR("Phone"), .type = PROP_TEXT, .text = STR("13812345678")};
    assert_int_equal(set(&p, anna, city), ERR_OK);
    p.env.now_ms += 1000;
    city.text = STR("上海");
    assert_int_equal(set(&p, anna, city), ERR_OK);
    assert_int_equal(set(&p, anna, age), ERR_INVALID);
    assert_int_equal(set(&p, 999, city), ERR_NOT_FOUND);
    assert_int_equal(set(&p, anna, phone), ERR_OK);
    assert_int_equal(events_of(&p, anna, "member.identified"), 3);
    view_open(&v, &p);
    struct look_profile who = profile(&v, anna);
    assert_int_equal(who.trait_count, 2);
    assert_true(str_is(who.traits[0].name, "city") && str_is(who.traits[0].text, "上海"));
    assert_true(str_is(who.traits[0].source, "staff:lily"));
    assert_true(str_is(who.traits[1].name, "phone") && who.traits[1].personal);
    view_close(&v);
    verify(&p);
    place_close(&p);
}

static enum err unset(struct place *p, uint32_t who, const char *name)
{
    struct why why = {0};
    return people_remove_trait(p->brand, who, str_of(name), STR("staff:lily"), &why);
}

static enum expr_type type_now(struct place *p, uint32_t who, const char *name)
{
    struct expr_value value;
    people_get_field(p->brand, who, FIELD_TRAIT, str_of(name), &value);
    return value.type;
}

static void say_city(struct place *p, const char *city, int64_t at)
{
    struct fact_value v = {.name = STR("city"), .type = PROP_TEXT, .text = str_of(city)};
    struct fact f = fact("anna", "member.identified", at);
    f.traits = &v;
    f.trait_count = 1;
    send(p, &f, 1);
}

static size_t traits_shown(struct place *p, uint32_t who)
{
    struct view v;
    view_open(&v, p);
    size_t count = profile(&v, who).trait_count;
    view_close(&v);
    return count;
}

static void a_trait_that_was_removed_stays_so_until_it_is_said_anew(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    assert_int_equal(unset(&p, anna, "city"), ERR_NOT_FOUND);
    assert_int_equal(unset(&p, 999, "city"), ERR_NOT_FOUND);
    say_city(&p, "Suzhou", PLACE_NOW - DAY);
    merge(&p, "anna", "13812345678"); /* who has none */
    assert_int_equal(type_now(&p, anna, "city"), TYPE_TEXT);
    assert_int_equal(unset(&p, anna, "city"), ERR_OK);
    assert_int_equal(unset(&p, anna, "city"), ERR_NOT_FOUND);
    assert_int_equal(type_now(&p, anna, "city"), TYPE_NULL);
    assert_int_equal(traits_shown(&p, anna), 0);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM trait WHERE value IS NOT NULL"), 0);
    say_city(&p, "Wuxi", p.env.now_ms - 1000); /* said before, and late */
    assert_int_equal(type_now(&p, anna, "city"), TYPE_NULL);
    place_reopen(&p);
    assert_int_equal(type_now(&p, anna, "city"), TYPE_NULL);
    say_city(&p, "Nanjing", p.env.now_ms + 1000);
    assert_int_equal(type_now(&p, anna, "city"), TYPE_TEXT);
    assert_int_equal(traits_shown(&p, anna), 1);
    assert_int_equal(unset(&p, anna, "city"), ERR_OK); /* also one that is of later */
    assert_int_equal(type_now(&p, anna, "city"), TYPE_NULL);
    verify(&p);
    place_close(&p);
}

/* Another thread's change must not reach what a reader holds. */
static void a_text_that_was_read_stays_when_it_is_changed(void **state)
{
    struct place p;
    struct expr_value held;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    say_city(&p, "Suzhou", PLACE_NOW - DAY);
    people_get_field(p.brand, anna, FIELD_TRAIT, STR("city"), &held);
    say_city(&p, "Wuxi", PLACE_NOW);
    assert_true(str_is(held.text, "Suzhou"));
    people_get_field(p.brand, anna, FIELD_TRAIT, STR("city"), &held);
    assert_true(str_is(held.text, "Wuxi"));
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_sealed_changed_and_go),
        cmocka_unit_test(a_trait_by_hand_is_the_newest_and_keeps_its_type),
        cmocka_unit_test(a_trait_that_was_removed_stays_so_until_it_is_said_anew),
        cmocka_unit_test(a_text_that_was_read_stays_when_it_is_changed),
    };
    return engine_run(tests);
}
