/* retention_test.c - what has passed its days goes, all of it and nothing else, by the timer or
 * when asked, and what was cut off is gone on with. */
#include "people/records_place.h"

#include "people/consent.h"
#include "people/note.h"
#include "people/retention.h"

#define NIGHT (PLACE_NOW + 13 * TIME_HOUR + 400000 + TIME_HOUR * 7 / 2) /* 3:30 in Shanghai */

static enum err try_set(struct place *p, const char *name, int days, struct why *why)
{
    const struct retention_class c = {
        .name = str_of(name), .days = days, .purpose = STR(""), .changed_by = STR("staff:3")};
    *why = (struct why){0};
    return retention_set(p->brand, &c, why);
}

static void set(struct place *p, const char *name, int days)
{
    struct why why;
    place_must(try_set(p, name, days, &why), &why, name);
}

static struct purged purge(struct place *p, bool forced)
{
    const struct purge_order order = {.who = STR("timer"), .forced = forced};
    struct purged done;
    struct why why = {0};
    place_must(people_purge(p->brand, &order, &done, &why), &why, "purge");
    return done;
}

static uint64_t preview(struct place *p, const char *name, int days)
{
    struct retention_class c;
    struct retention_preview seen;
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct sql *db = place_reader(p);
    place_must(retention_get(p->brand, db, str_of(name), a, &c, &why), &why, name);
    place_must(retention_look(p->brand, db, &c, days, &seen, &why), &why, name);
    sql_close(db);
    arena_destroy(a);
    return seen.values;
}

/* A page was viewed by anna so many days ago, on a device of that name. */
static void viewed(struct place *p, const char *device, int days)
{
    struct fact_value v = {.name = STR("device"), .type = PROP_TEXT, .text = str_of(device)};
    struct fact f = fact("anna", "page.viewed", p->env.now_ms - days * DAY);
    f.props = &v;
    f.prop_count = 1;
    send(p, &f, 1);
}

static void fold_all(struct place *p)
{
    struct why why = {0};
    place_must(brand_flush(p->brand, &why), &why, "flush");
    place_must(brand_compact(p->brand, &why), &why, "compact");
}

static void values_go_by_their_days_and_events_stay(void **state)
{
    struct place p;
    struct why why;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    for (int days = 0; days < 60; days++)
        viewed(&p, days % 2 ? "pad" : "phone", days);
    size_t events = events_of(&p, anna, "page.viewed");
    assert_int_equal(preview(&p, "props.device", 20), 39); /* 21 to 59 days ago */
    set(&p, "props.device", 20);
    struct purged done = purge(&p, false);
    assert_true(done.id == 1 && done.removed == 39 && done.parts == 1);
    assert_int_equal(preview(&p, "props.device", 20), 0);
    assert_int_equal(preview(&p, "props.device", 1), 19);
    assert_int_equal(events_of(&p, anna, "page.viewed"), events);
    assert_int_equal(place_number(&p, "SELECT removed FROM purge_count"), 39);
    assert_int_equal(purge(&p, false).id, 0);
    p.env.now_ms += DAY; /* one has passed its days, which is not worth a part: two are */
    assert_int_equal(purge(&p, false).id, 0);
    p.env.now_ms += DAY;
    assert_int_equal(purge(&p, false).removed, 2);
    p.env.now_ms += DAY;
    assert_int_equal(purge(&p, true).removed, 1); /* a person may want it now */
    assert_int_equal(try_set(&p, "props.order", 20, &why), ERR_INVALID);
    assert_string_equal(why.field, "days");
    assert_int_equal(try_set(&p, "props.nope", 20, &why), ERR_NOT_FOUND);
    assert_int_equal(try_set(&p, "nothing", 20, &why), ERR_NOT_FOUND);
    assert_int_equal(try_set(&p, "consents", 364, &why), ERR_INVALID);
    assert_int_equal(try_set(&p, "props.device", 36501, &why), ERR_INVALID);
    place_reopen(&p);
    assert_int_equal(preview(&p, "props.device", 20), 0);
    verify(&p);
    place_close(&p);
}

static void what_was_cut_off_is_gone_on_with_under_the_same_record(void **state)
{
    struct place p;
    struct purged done;
    struct why why = {0};
    atomic_bool stop = true;
    const struct purge_order order = {.who = STR("timer"), .stop = &stop};
    (void)state;
    place_open(&p, "Asia/Shanghai");
    (void)member(&p, "anna");
    for (int days = 0; days < 40; days++)
        viewed(&p, "phone", days);
    fold_all(&p);
    set(&p, "props.device", 10);
    assert_int_equal(people_purge(p.brand, &order, &done, &why), ERR_UNAVAILABLE);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM purge WHERE ended_at IS NULL"), 1);
    place_reopen(&p);
    done = purge(&p, false);
    assert_true(done.id == 1 && done.removed == 29);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM purge WHERE ended_at IS NOT NULL"), 1);
    verify(&p);
    place_close(&p);
}

static void the_timer_asks_at_night_while_something_is_limited(void **state)
{
    struct place p;
    int64_t at;
    struct why why = {0};
    (void)state;
    place_open(&p, "Asia/Shanghai");
    struct sql *db = place_reader(&p);
    assert_int_equal(retention_next(db, &at), ERR_OK);
    assert_true(at == TIME_NONE);
    set(&p, "notes", 30);
    assert_int_equal(retention_next(db, &at), ERR_OK);
    assert_int_equal(at, NIGHT);
    assert_int_equal(people_purge_asked(p.brand), PURGE_NONE);
    p.env.now_ms = NIGHT;
    place_must(brand_flush(p.brand, &why), &why, "a batch");
    assert_int_equal(people_purge_asked(p.brand), PURGE_DUE);
    assert_int_equal(people_purge_asked(p.brand), PURGE_NONE);
    assert_int_equal(retention_next(db, &at), ERR_OK);
    assert_int_equal(at, NIGHT + DAY);
    people_ask_purge(p.brand);
    assert_int_equal(people_purge_asked(p.brand), PURGE_FORCED);
    set(&p, "notes", 0);
    assert_int_equal(retention_next(db, &at), ERR_OK);
    assert_true(at == TIME_NONE);
    sql_close(db);
    place_close(&p);
}

static void say_yes(struct place *p, uint32_t who, bool yes)
{
    struct why why = {0};
    struct consent_entry e = {.member = who,
                              .purpose = STR("marketing"),
                              .channel = STR("sms"),
                              .list = STR(""),
                              .granted = yes,
                              .at = TIME_NONE,
                              .way = STR("paper"),
                              .source = STR("staff:lily"),
                              .evidence = STR("")};
    place_must(consent_record(p->brand, &e, 1, &why), &why, "consent");
}

static void rows_go_and_what_decides_stays(void **state)
{
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    struct fact_value city = {.name = STR("city"), .type = PROP_TEXT, .text = STR("Suzhou")};
    struct fact_value born = {
        .name = STR("birthday"), .type = PROP_TEXT, .text = STR("1990-01-01")};
    place_must(people_set_trait(p.brand, anna, &city, STR("staff:3"), a, &why), &why, "city");
    place_must(people_set_trait(p.brand, anna, &born, STR("staff:3"), a, &why), &why, "birthday");
    struct note old = {
        .member = anna, .author = STR("staff:3"), .author_name = STR("lily"), .text = STR("old")};
    place_must(note_save(p.brand, &old, &why), &why, "note");
    say_yes(&p, anna, true);
    p.env.now_ms += 1000;
    say_yes(&p, anna, false); /* which counts for a child, too */
    p.env.now_ms += 1000;
    say_yes(&p, anna, true);
    p.env.now_ms += 500 * DAY;
    struct note new = old;
    new.id = 0;
    place_must(note_save(p.brand, &new, &why), &why, "note");
    assert_true(preview(&p, "notes", 30) == 1 && preview(&p, "traits", 30) == 1);
    assert_true(preview(&p, "consents", 365) == 1 && preview(&p, "merges", 30) == 0);
    set(&p, "notes", 30);
    set(&p, "traits", 400);
    set(&p, "consents", 365);
    struct purged done = purge(&p, false);
    assert_int_equal(done.removed, 3);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM note"), 1);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM trait"), 1); /* the birthday */
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM consent_entry"), 2);
    assert_true(holds(&p, anna, FIELD_CONSENTED, "sms/marketing"));
    assert_int_equal(events_of(&p, anna, "member.identified"), 3); /* it is told of the city */
    p.env.now_ms += DAY;
    assert_int_equal(purge(&p, false).id, 0); /* nothing went: no record */
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM purge"), 1);
    assert_true(purge(&p, true).id == 2);
    verify(&p);
    arena_destroy(a);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_by_their_days_and_events_stay),
        cmocka_unit_test(what_was_cut_off_is_gone_on_with_under_the_same_record),
        cmocka_unit_test(the_timer_asks_at_night_while_something_is_limited),
        cmocka_unit_test(rows_go_and_what_decides_stays),
    };
    return engine_run(tests);
}
