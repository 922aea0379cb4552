/* audit_test.c - the log says who did what, and damage done behind its back is found. */
#include "account/audit.h"

#include "account_place.h"

#include "base/time.h"

static const struct principal lily = {.kind = PRINCIPAL_PERSON, .number = 3, .name = "lily"};

static void add(struct world *w, const char *brand, const char *action, bool personal)
{
    struct why why = {0};
    struct audit_entry e = {.who = &lily,
                            .brand = brand,
                            .action = action,
                            .subject = "staff:4",
                            .before = STR("{\"role\":\"analyst\"}"),
                            .after = STR("{\"name\":\"canary-name\"}"),
                            .personal = personal};
    place_must(audit_add(w->place.data, &e, &why), &why, "audit_add");
    w->place.env.now_ms += TIME_SECOND;
}

struct found {
    int count;
    char last[200];
};

static void note(void *ctx, const char *what)
{
    struct found *f = ctx;
    f->count++;
    snprintf(f->last, sizeof(f->last), "%s", what);
}

static struct found verify(struct world *w, uint64_t rows)
{
    struct found f = {0};
    uint64_t count;
    struct why why = {0};
    place_must(audit_verify(w->place.data, note, &f, &count, &why), &why, "audit_verify");
    assert_int_equal(count, rows);
    return f;
}

static size_t read_log(struct world *w, struct audit_filter filter, struct audit_row **rows)
{
    size_t count;
    struct why why = {0};
    if (!filter.limit) filter.limit = 100;
    place_must(audit_read(w->place.data, &filter, w->arena, rows, &count, &why), &why,
               "audit_read");
    return count;
}

static void rows_are_read_newest_first_by_brand_and_action(void **state)
{
    struct world *w = *state;
    struct audit_row *rows;
    assert_int_equal(read_log(w, (struct audit_filter){0}, &rows), 0);
    add(w, "shop", "staff.invited", false);
    add(w, "other", "staff.invited", true);
    add(w, NULL, "session.began", false);
    add(w, "shop", "key.created", false);
    assert_int_equal(read_log(w, (struct audit_filter){0}, &rows), 4);
    assert_int_equal(rows[0].number, 4);
    assert_int_equal(read_log(w, (struct audit_filter){.brand = "shop"}, &rows), 2);
    assert_true(str_is(rows[0].action, "key.created"));
    assert_true(str_is(rows[1].who, "staff:3") && str_is(rows[1].who_name, "lily"));
    assert_true(str_is(rows[1].before, "{\"role\":\"analyst\"}"));
    assert_int_equal(rows[1].at, PLACE_NOW);
    assert_int_equal(read_log(w, (struct audit_filter){.brand = "shop", .server_too = true}, &rows),
                     3);
    assert_int_equal(read_log(w, (struct audit_filter){.brand = "shop", .below = 4}, &rows), 1);
    assert_int_equal(read_log(w, (struct audit_filter){.action = STR("staff.")}, &rows), 2);
    assert_int_equal(read_log(w, (struct audit_filter){.action = STR("staff.invited")}, &rows), 2);
    assert_int_equal(read_log(w, (struct audit_filter){.action = STR("staff")}, &rows), 0);
    assert_int_equal(read_log(w, (struct audit_filter){.limit = 3}, &rows), 3);
}

static void what_is_personal_is_sealed_in_the_table(void **state)
{
    struct world *w = *state;
    struct audit_row *rows;
    add(w, "shop", "staff.added", true);
    struct sql *db = data_server_lock(w->place.data);
    struct sql_stmt *s = sql_use(db, "SELECT after FROM audit WHERE number = 1");
    bool row;
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_int_equal(str_find(sql_blob(s, 0), STR("canary")), SIZE_MAX);
    sql_reset(s);
    data_server_unlock(w->place.data);
    assert_int_equal(read_log(w, (struct audit_filter){0}, &rows), 1);
    assert_true(str_is(rows[0].after, "{\"name\":\"canary-name\"}"));
}

static void a_sound_chain_has_no_findings_also_after_reopening(void **state)
{
    struct world *w = *state;
    assert_int_equal(verify(w, 0).count, 0);
    for (int i = 0; i < 20; i++)
        add(w, i % 2 ? "shop" : NULL, "thing.done", i % 3 == 0);
    assert_int_equal(verify(w, 20).count, 0);
    world_reopen(w);
    add(w, "shop", "thing.done", false);
    assert_int_equal(verify(w, 21).count, 0);
}

static void damage(struct world *w, const char *text)
{
    struct sql *db = data_server_lock(w->place.data);
    assert_int_equal(sql_exec(db, text), ERR_OK);
    data_server_unlock(w->place.data);
}

static void ten_rows(struct world *w)
{
    for (int i = 0; i < 10; i++)
        add(w, "shop", i % 2 ? "thing.done" : "thing.undone", i % 3 == 0);
    assert_int_equal(verify(w, 10).count, 0);
}

static void a_changed_row_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE audit SET action = 'thing.redone' WHERE number = 5",
        "UPDATE audit SET who = 'staff:4' WHERE number = 1",
        "UPDATE audit SET who_name = '' WHERE number = 10",
        "UPDATE audit SET at = at + 1 WHERE number = 3",
        "UPDATE audit SET brand = 'other' WHERE number = 3",
        "UPDATE audit SET subject = 'staff:5' WHERE number = 3",
        "UPDATE audit SET sealed = 1 - sealed WHERE number = 3",
        "UPDATE audit SET before = after, after = before WHERE number = 2",
        "UPDATE audit SET hash = before WHERE number = 4",
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct world *w = *state;
        if (i > 0) {
            world_close(state);
            world_open(state);
            w = *state;
        }
        ten_rows(w);
        damage(w, changes[i]);
        struct found f = verify(w, 10);
        if (f.count == 0) fail_msg("not found: %s", changes[i]);
    }
}

static void a_removed_row_is_found(void **state)
{
    struct world *w = *state;
    ten_rows(w);
    damage(w, "DELETE FROM audit WHERE number = 5");
    assert_true(verify(w, 9).count > 0);
    world_close(state);
    world_open(state);
    w = *state;
    ten_rows(w);
    damage(w, "DELETE FROM audit WHERE number = 10");
    assert_true(verify(w, 9).count > 0);
    damage(w, "DELETE FROM audit");
    assert_true(verify(w, 0).count > 0);
}

static void rows_in_another_order_are_found(void **state)
{
    struct world *w = *state;
    ten_rows(w);
    damage(w, "UPDATE audit SET number = 100 WHERE number = 4;"
              "UPDATE audit SET number = 4 WHERE number = 5;"
              "UPDATE audit SET number = 5 WHERE number = 100");
    assert_true(verify(w, 10).count > 0);
}

/* Take the last row away and put the mark on the one before, with its true hash. */
static void a_chain_cut_short_by_who_lacks_the_key_is_found(void **state)
{
    struct world *w = *state;
    ten_rows(w);
    damage(w, "DELETE FROM audit WHERE number = 10;"
              "UPDATE audit_head SET number = 9, hash = (SELECT hash FROM audit WHERE number = 9)");
    struct found f = verify(w, 9);
    assert_int_equal(f.count, 1);
    assert_non_null(strstr(f.last, "was not made by this server"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_read_newest_first_by_brand_and_action),
        TEST(what_is_personal_is_sealed_in_the_table),
        TEST(a_sound_chain_has_no_findings_also_after_reopening),
        TEST(a_changed_row_is_found),
        TEST(a_removed_row_is_found),
        TEST(rows_in_another_order_are_found),
        TEST(a_chain_cut_short_by_who_lacks_the_key_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
