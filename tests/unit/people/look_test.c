/* look_test.c - lists and search find the members that the log tells of. */
#include "look_place.h"

/* ---- lists ---- */

static int64_t key_of(const struct look_row *row, enum look_sort sort)
{
    return sort == LOOK_BY_ID ? 0 : sort == LOOK_BY_STAGE ? (int64_t)row->stage : row->last_seen;
}

/* Walk all pages of a list; they must be in order and hold nobody twice. */
static size_t walk(struct view *v, struct look_page page, struct idset *seen)
{
    struct look_place after;
    struct look_row last = {0};
    size_t count = 0;
    for (;;) {
        struct look_rows rows = list(v, &page);
        assert_true(rows.count <= page.limit);
        for (size_t i = 0; i < rows.count; i++) {
            const struct look_row *row = &rows.items[i];
            int64_t a = key_of(&last, page.sort), b = key_of(row, page.sort);
            bool up = a < b || (a == b && last.id < row->id);
            if (count) assert_true(page.descending ? !up : up);
            assert_false(idset_has(seen, row->id));
            if (page.stage != LOOK_ANY_STAGE) assert_int_equal(row->stage, page.stage);
            if (page.only) assert_true(idset_has(page.only, row->id));
            idset_add(seen, row->id);
            last = *row;
            count++;
        }
        if (!rows.more) return count;
        after = rows.last;
        page.after = &after;
    }
}

static void check_pages(struct view *v, const struct look_page *page, size_t expected)
{
    struct idset seen = {0};
    assert_int_equal(walk(v, *page, &seen), expected);
    idset_finish(&seen);
}

static void pages_hold_every_member_once_in_each_order(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    uint64_t counts[STAGE_COUNT + 1], all = 0;
    place_open(&p, "Asia/Shanghai");
    crowd_in(&p, false);
    view_open(&v, &p);
    assert_int_equal(look_count(v.db, counts), ERR_OK);
    for (int s = 0; s <= STAGE_NONE; s++)
        all += counts[s];
    assert_true(all > 50);
    for (int i = 0; i < 12; i++) {
        struct look_page page = {.sort = (enum look_sort)(i % 3),
                                 .descending = i / 3 % 2,
                                 .stage = LOOK_ANY_STAGE,
                                 .limit = i < 6 ? 7 : 200};
        check_pages(&v, &page, all);
        for (int s = 0; s <= STAGE_NONE; s++) {
            page.stage = s;
            check_pages(&v, &page, counts[s]);
        }
    }
    view_close(&v);
    place_close(&p);
}

/* More than are sorted in memory: the walk passes over the others. */
static void a_stage_that_many_are_in_pages_by_time_too(void **state)
{
    (void)state;
    enum { MANY = 2400 };
    struct place p;
    struct view v;
    struct arena *a = arena_create(0);
    struct fact *facts = arena_alloc_array(a, MANY, sizeof(*facts));
    struct identity *who = arena_alloc_array(a, MANY, sizeof(*who));
    for (uint32_t i = 0; i < MANY; i++) {
        who[i] = (struct identity){IDENTITY_USER, str_of(arena_printf(a, "user-%u", i))};
        facts[i] = (struct fact){.at = PLACE_NOW - (int64_t)((i * 7919u) % 999983u) * 1000,
                                 .kind = i % 20 ? STR("page.viewed") : STR("checkin.done"),
                                 .who = &who[i],
                                 .who_count = 1,
                                 .amount = HISTORY_NO_AMOUNT};
    }
    place_open(&p, "Asia/Shanghai");
    send_bulk(&p, facts, MANY);
    view_open(&v, &p);
    for (int i = 0; i < 4; i++) {
        struct look_page page = {.sort = LOOK_BY_LAST_SEEN,
                                 .descending = i % 2,
                                 .stage = i / 2 ? STAGE_EFFECTIVE : STAGE_POTENTIAL,
                                 .limit = 130};
        check_pages(&v, &page, i / 2 ? MANY / 20 : MANY - MANY / 20);
    }
    view_close(&v);
    place_close(&p);
    arena_destroy(a);
}

/* As many of the set as there are, whether the set is sorted in memory or walked past. */
static void pages_of_a_set_hold_its_members_only(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    struct idset everyone = {0}, odd = {0}, seen = {0};
    place_open(&p, "Asia/Shanghai");
    crowd_in(&p, false);
    view_open(&v, &p);
    struct look_page page = {.stage = LOOK_ANY_STAGE, .limit = 200};
    size_t all = walk(&v, page, &everyone), expected = 0;
    for (uint32_t id = 1; id < 100000; id += 2) {
        idset_add(&odd, id);
        expected += idset_has(&everyone, id);
    }
    assert_true(odd.count > 2000 && expected > 10 && expected < all);
    struct idset few = {0};
    for (uint32_t id = 1; id < 3000; id += 2)
        idset_add(&few, id);
    for (int i = 0; i < 12; i++) {
        page = (struct look_page){.sort = (enum look_sort)(i % 3),
                                  .descending = i / 3 % 2,
                                  .stage = LOOK_ANY_STAGE,
                                  .only = i < 6 ? &odd : &few,
                                  .limit = 9};
        idset_finish(&seen);
        assert_int_equal(walk(&v, page, &seen), expected);
    }
    idset_finish(&seen);
    idset_finish(&few);
    idset_finish(&odd);
    idset_finish(&everyone);
    view_close(&v);
    place_close(&p);
}

/* ---- search ---- */

static void send_person(struct place *p, const char *user, const char *phone, const char *name)
{
    struct identity who[2] = {{IDENTITY_USER, str_of(user)}, {IDENTITY_PHONE, str_of(phone)}};
    struct fact_value traits[2] = {
        {.name = STR("name"), .type = PROP_TEXT, .text = str_of(name)},
        {.name = STR("city"), .type = PROP_TEXT, .text = STR("杭州")},
    };
    struct fact f = {.at = PLACE_NOW - DAY,
                     .kind = STR("member.identified"),
                     .who = who,
                     .who_count = 2,
                     .traits = traits,
                     .trait_count = 2,
                     .amount = HISTORY_NO_AMOUNT};
    send(p, &f, 1);
}

static void open_with_three(struct place *p)
{
    place_open(p, "Asia/Shanghai");
    send_person(p, "u1", "+8613800138000", "王小明");
    send_person(p, "u2", "+8613900138000", "Wang Ming");
    send_person(p, "u3", "+8613900139999", "明月");
}

static void assert_found(struct view *v, const char *text, size_t count, uint32_t first)
{
    struct look_found found = search(v, text);
    if (found.count != count) fail_msg("\"%s\" found %zu, not %zu", text, found.count, count);
    if (count) assert_int_equal(found.members[0], first);
}

static void members_are_found_by_whatever_names_them(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    open_with_three(&p);
    view_open(&v, &p);
    assert_found(&v, "m2", 1, 2);
    assert_found(&v, "m99", 0, 0);
    assert_found(&v, "u3", 1, 3);
    assert_found(&v, "user:u3", 1, 3);
    assert_found(&v, "13800138000", 1, 1);
    assert_found(&v, "phone:+86 138-0013-8000", 1, 1);
    assert_found(&v, "8000", 2, 1);
    assert_found(&v, "9999", 1, 3);
    assert_found(&v, "0000", 0, 0);
    assert_found(&v, "明", 2, 3); /* the beginning before the middle */
    assert_found(&v, "小明", 1, 1);
    assert_found(&v, "wang", 1, 2);
    assert_found(&v, "  WANG ming ", 1, 2);
    assert_found(&v, "ngwang", 0, 0); /* not across two names */
    assert_found(&v, "", 0, 0);
    assert_found(&v, "%", 0, 0);
    view_close(&v);
    place_close(&p);
}

static void a_search_knows_what_was_committed_since_the_last(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    struct people_erased erased;
    struct why why = {0};
    open_with_three(&p);
    view_open(&v, &p);
    assert_found(&v, "明", 2, 3);
    send_person(&p, "u2", "+8613900138000", "王二");
    send_person(&p, "u4", "+8613700001111", "孙明");
    assert_found(&v, "wang", 0, 0);
    assert_found(&v, "王", 2, 1);
    assert_found(&v, "明", 3, 3);
    place_must(people_erase(p.brand, 3, &erased, &why), &why, "erase");
    assert_found(&v, "明", 2, 1);
    assert_found(&v, "9999", 0, 0);
    view_close(&v);
    place_close(&p);
}

static void names_that_were_read_ahead_are_not_read_again(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    atomic_bool stop = true;
    open_with_three(&p);
    view_open(&v, &p);
    assert_int_equal(people_read_names(p.brand, &stop), ERR_UNAVAILABLE);
    assert_found(&v, "明", 2, 3); /* who searches reads what was given up */
    view_close(&v);
    place_close(&p);

    open_with_three(&p);
    view_open(&v, &p);
    stop = false;
    assert_int_equal(people_read_names(p.brand, &stop), ERR_OK);
    stop = true;
    assert_int_equal(people_read_names(p.brand, &stop), ERR_OK); /* nothing is left to read */
    send_person(&p, "u4", "+8613700001111", "孙明");
    assert_int_equal(people_read_names(p.brand, &stop), ERR_UNAVAILABLE);
    assert_found(&v, "明", 3, 3);
    view_close(&v);
    place_close(&p);
}

static enum err run_forget_tails(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    (void)why;
    return sql_run(sql_use(tx_sql(tx), "UPDATE identity SET tail = NULL"));
}

static void phones_of_an_older_store_get_their_last_four_at_the_opening(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    struct why why = {0};
    open_with_three(&p);
    crowd_in(&p, true);
    place_must(brand_call(p.brand, run_forget_tails, NULL, false, &why), &why, "forget");
    view_open(&v, &p);
    assert_found(&v, "9999", 0, 0);
    view_close(&v);
    place_reopen(&p);
    view_open(&v, &p);
    assert_found(&v, "9999", 1, 3);
    assert_found(&v, "8000", 2, 1);
    view_close(&v);
    place_close(&p);
}

static void a_bulk_load_can_be_searched_by_the_last_four(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    crowd_in(&p, true);
    view_open(&v, &p);
    struct look_found found = search(&v, "0042"); /* crowd: +86138 and the person's number */
    assert_true(found.count > 0); /* a name may hold the digits, too: it comes later */
    struct look_profile who = profile(&v, found.members[0]);
    bool has = false;
    for (size_t i = 0; i < who.identity_count; i++)
        has |= str_is(who.identities[i].value, "+8613800000042");
    assert_true(has);
    view_close(&v);
    place_close(&p);
}

static void masks_leave_what_tells_people_apart(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    static const char *const pairs[][2] = {
        {"+8613800138000", "138****8000"},
        {"anna@example.com", "a***@example.com"},
        {"李雷@例子.cn", "李***@例子.cn"},
        {"+14155550123", "****0123"},
        {"oABCdef", "****Cdef"},
        {"abcd", "****"},
        {"", "****"},
        {"@x", "****"},
        {"上海市浦东新区世纪大道", "****世纪大道"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct str masked = look_mask(a, str_of(pairs[i][0]));
        if (!str_is(masked, pairs[i][1])) fail_msg("%s: " STR_FMT, pairs[i][0], STR_ARG(masked));
    }
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_hold_every_member_once_in_each_order),
        cmocka_unit_test(a_stage_that_many_are_in_pages_by_time_too),
        cmocka_unit_test(pages_of_a_set_hold_its_members_only),
        cmocka_unit_test(members_are_found_by_whatever_names_them),
        cmocka_unit_test(a_search_knows_what_was_committed_since_the_last),
        cmocka_unit_test(names_that_were_read_ahead_are_not_read_again),
        cmocka_unit_test(phones_of_an_older_store_get_their_last_four_at_the_opening),
        cmocka_unit_test(a_bulk_load_can_be_searched_by_the_last_four),
        cmocka_unit_test(masks_leave_what_tells_people_apart),
    };
    return engine_run(tests);
}
