/* look_test.c - lists, search, profiles and histories say what the log says. */
#include "brand_place.h"

#include "people/crowd.h"

#include "people/internal.h"
#include "people/loads.h"
#include "people/look.h"

#define FACTS 3000
#define PEOPLE 150
#define DAY TIME_DAY

static void send(struct place *p, const struct fact *facts, size_t count)
{
    struct why why = {0};
    struct load l = {facts, count};
    place_must(brand_call(p->brand, run_record, &l, false, &why), &why, "record");
    place_must(brand_flush(p->brand, &why), &why, "flush");
}

static void send_bulk(struct place *p, const struct fact *facts, size_t count)
{
    struct why why = {0};
    struct load l = {facts, count};
    place_must(brand_call(p->brand, run_bulk, &l, true, &why), &why, "bulk");
    place_must(brand_call(p->brand, run_bulk_end, NULL, true, &why), &why, "bulk end");
}

/* ---- looking ---- */

struct view {
    struct look look;
    struct arena *arena;
    struct sql *db;
};

static void view_open(struct view *v, struct place *p)
{
    struct why why = {0};
    v->arena = arena_create(0);
    place_must(brand_reader(p->brand, &v->db, &why), &why, "reader");
    look_begin(&v->look, p->brand, v->db, v->arena);
}

static void view_close(struct view *v)
{
    look_end(&v->look);
    sql_close(v->db);
    arena_destroy(v->arena);
}

static struct look_rows list(struct view *v, const struct look_page *page)
{
    struct look_rows rows;
    struct why why = {0};
    place_must(look_list(&v->look, page, &rows, &why), &why, "list");
    return rows;
}

static struct look_found search(struct view *v, const char *text)
{
    struct look_found found;
    struct why why = {0};
    place_must(look_search(&v->look, str_of(text), 50, &found, &why), &why, text);
    return found;
}

static struct look_profile profile(struct view *v, uint32_t member)
{
    struct look_profile out;
    struct why why = {0};
    place_must(look_profile(&v->look, member, &out, &why), &why, "profile");
    return out;
}

static struct look_timeline timeline(struct view *v, uint32_t member, const struct look_span *span)
{
    struct look_timeline out;
    struct why why = {0};
    place_must(look_timeline(&v->look, member, span, &out, &why), &why, "timeline");
    return out;
}

/* ---- facts ---- */

static struct identity ids[16];
static size_t id_count;

static struct fact fact(const char *user, const char *kind, int64_t at)
{
    struct identity *id = &ids[id_count++ % 16];
    *id = (struct identity){IDENTITY_USER, str_of(user)};
    return (struct fact){
        .at = at, .kind = str_of(kind), .who = id, .who_count = 1, .amount = HISTORY_NO_AMOUNT};
}

static void crowd_in(struct place *p, bool bulk)
{
    struct crowd c;
    crowd_fill(&c, 11, FACTS, PEOPLE);
    if (bulk) {
        send_bulk(p, c.facts, c.count);
    } else {
        send(p, c.facts, c.count);
    }
    crowd_drop(&c);
}

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

/* ---- profiles ---- */

static void assert_why(struct view *v, uint32_t member, const char *lifecycle, const char *trust)
{
    struct look_profile who = profile(v, member);
    const char *a = fold_rule_name(who.why[0].reason.rule);
    const char *b = fold_rule_name(who.why[1].reason.rule);
    if (strcmp(a, lifecycle) != 0 || strcmp(b, trust) != 0)
        fail_msg("m%u: %s, %s; not %s, %s", member, a, b, lifecycle, trust);
}

static void a_dormant_member_is_told_since_when_and_by_what(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    struct fact facts[3] = {
        fact("u1", "group.joined", PLACE_NOW - 40 * DAY),
        fact("u1", "checkin.done", PLACE_NOW - 21 * DAY - 5),
        fact("u1", "content.viewed", PLACE_NOW - 3 * DAY),
    };
    facts[0].code[DIM_GROUP] = STR("g");
    send(&p, facts, 3);
    view_open(&v, &p);
    struct look_profile who = profile(&v, 1);
    const struct look_why *w = &who.why[0];
    assert_int_equal(who.state.stage, STAGE_DORMANT);
    assert_int_equal(who.state.stage_since, PLACE_NOW - 7 * DAY - 5);
    assert_true(who.state.reads);
    assert_int_equal(w->reason.rule, RULE_DORMANT_IDLE);
    assert_int_equal(w->reason.at, PLACE_NOW - 21 * DAY - 5);
    assert_int_equal(w->reason.count, 21);
    assert_int_equal(w->reason.limit, 14);
    assert_int_equal(w->event_count, 1);
    assert_int_equal(w->events[0].at, PLACE_NOW - 21 * DAY - 5);
    assert_true(str_is(registry_kind_name(p.brand, w->events[0].kind), "checkin.done"));
    assert_string_equal(fold_rule_name(who.why[1].reason.rule), "acquainted");
    assert_int_equal(who.trust_since, PLACE_NOW - 40 * DAY);
    view_close(&v);
    place_close(&p);
}

static void each_rule_is_named_with_the_events_behind_it(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    struct fact f[] = {
        fact("joined", "contact.added", PLACE_NOW - DAY),         /* m1 */
        fact("buyer", "order.paid", PLACE_NOW - 5 * DAY),         /* m2 */
        fact("left", "group.joined", PLACE_NOW - 9 * DAY),        /* m3 */
        fact("left", "group.left", PLACE_NOW - 8 * DAY),          /* m3 */
        fact("silent", "group.joined", PLACE_NOW - 200 * DAY),    /* m4 */
        fact("known", "touchpoint.scanned", PLACE_NOW - DAY),     /* m5 */
        fact("spreads", "order.paid", PLACE_NOW - 9 * DAY),       /* m6 */
        fact("spreads", "invite.qualified", PLACE_NOW - 2 * DAY), /* m6 */
        fact("taught", "class.attended", PLACE_NOW - 2 * DAY),    /* m7 */
        fact("refunded", "order.paid", PLACE_NOW - 9 * DAY),      /* m8 */
        fact("refunded", "order.refunded", PLACE_NOW - 8 * DAY),  /* m8 */
        fact("busy", "message.sent", PLACE_NOW - 2 * DAY),        /* m9 */
        fact("busy", "message.sent", PLACE_NOW - 1 * DAY),        /* m9 */
    };
    struct fact_value order = {.name = STR("order"), .type = PROP_TEXT, .text = STR("o1")};
    f[2].code[DIM_GROUP] = f[3].code[DIM_GROUP] = f[4].code[DIM_GROUP] = STR("g");
    f[9].props = f[10].props = &order;
    f[9].prop_count = f[10].prop_count = 1;
    send(&p, f, sizeof(f) / sizeof(f[0]));
    view_open(&v, &p);
    assert_why(&v, 1, "new", "acquainted");
    assert_why(&v, 2, "effective_order", "bought");
    assert_why(&v, 3, "churned_left", "lapsed");
    assert_why(&v, 4, "churned_silent", "acquainted");
    assert_why(&v, 5, "potential", "curious");
    assert_why(&v, 6, "core", "shares");
    assert_why(&v, 7, "effective_act", "informed_took");
    assert_why(&v, 8, "churned_refunded", "curious");
    assert_why(&v, 9, "effective_days", "curious");
    struct look_profile core = profile(&v, 6);
    assert_int_equal(core.why[0].event_count, 2);
    assert_int_equal(core.why[0].events[0].at, PLACE_NOW - 2 * DAY); /* latest first */
    assert_int_equal(core.why[0].events[1].at, PLACE_NOW - 9 * DAY);
    struct look_profile nobody;
    struct why why = {0};
    assert_int_equal(look_profile(&v.look, 77, &nobody, &why), ERR_NOT_FOUND);
    view_close(&v);
    place_close(&p);
}

/* The profile is the fold as of now; so are the rows when they are written. */
static void profiles_agree_with_the_rows(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    crowd_in(&p, false);
    view_open(&v, &p);
    struct look_page page = {.stage = LOOK_ANY_STAGE, .limit = 200};
    struct look_rows rows = list(&v, &page);
    assert_true(rows.count > 50);
    for (size_t i = 0; i < rows.count; i++) {
        const struct look_row *row = &rows.items[i];
        struct look_profile who = profile(&v, row->id);
        assert_int_equal(who.state.stage, row->stage);
        assert_int_equal(who.state.trust, row->trust);
        assert_int_equal(who.state.events, row->events);
        assert_int_equal(who.state.orders, row->orders);
        assert_int_equal(who.state.spent, row->spent);
        assert_int_equal(who.identity_count, row->identity_count);
        assert_true(str_eq(who.name, row->name));
        for (size_t k = 0; k < who.persona_count; k++)
            assert_int_equal(profile(&v, who.personas[k]).id, row->id);
    }
    view_close(&v);
    place_close(&p);
}

/* ---- histories ---- */

static void a_history_comes_newest_first_in_pages_that_meet(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    crowd_in(&p, true);
    view_open(&v, &p);
    uint32_t member = search(&v, "0042").members[0];
    struct look_span span = {.limit = LIMIT_PAGE_EVENTS};
    struct look_timeline whole = timeline(&v, member, &span);
    assert_false(whole.more);
    assert_true(whole.count > 10);
    for (size_t limit = 1; limit < 8; limit++) {
        struct look_moment before;
        size_t at = 0;
        span = (struct look_span){.limit = limit};
        for (;;) {
            struct look_timeline page = timeline(&v, member, &span);
            for (size_t i = 0; i < page.count; i++, at++) {
                const struct look_entry *a = &page.items[i], *b = &whole.items[at];
                assert_int_equal(a->at, b->at);
                assert_int_equal(a->kind, b->kind);
                assert_int_equal(a->amount, b->amount);
                assert_int_equal(a->prop_count, b->prop_count);
                assert_int_equal(a->other, b->other);
                assert_memory_equal(a->dim, b->dim, sizeof(a->dim));
                for (size_t k = 0; k < a->prop_count; k++)
                    assert_true(str_eq(a->props[k].text, b->props[k].text));
                if (at) assert_true(b->at <= whole.items[at - 1].at);
            }
            if (!page.more) break;
            before = page.last;
            span.before = &before;
        }
        assert_int_equal(at, whole.count);
    }
    view_close(&v);
    place_close(&p);
}

static void a_history_shows_properties_changes_and_only_the_kinds_asked_for(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    struct fact_value props[2] = {
        {.name = STR("order"), .type = PROP_TEXT, .text = STR("W1")},
        {.name = STR("qty"), .type = PROP_NUMBER, .number = 3},
    };
    struct fact f[2] = {fact("u1", "order.paid", PLACE_NOW - 5 * DAY),
                        fact("u1", "page.viewed", PLACE_NOW - DAY)};
    f[0].amount = 1990;
    f[0].props = props;
    f[0].prop_count = 2;
    f[0].code[DIM_TOUCHPOINT] = STR("shop-1");
    send(&p, f, 2);
    view_open(&v, &p);
    static const struct str kinds[] = {{"order.paid", 10}, {"lifecycle.changed", 17}};
    struct look_span span = {.kinds = kinds, .kind_count = 2, .limit = 50};
    struct look_timeline page = timeline(&v, 1, &span);
    assert_int_equal(page.count, 2);
    const struct look_entry *change = &page.items[0], *order = &page.items[1];
    assert_true(str_is(registry_kind_name(p.brand, change->kind), "lifecycle.changed"));
    assert_int_equal(change->prop_count, 1); /* the first has no "from" */
    assert_true(str_is(change->props[0].name, "to"));
    assert_true(str_is(change->props[0].text, "effective"));
    assert_true(str_is(registry_kind_name(p.brand, order->kind), "order.paid"));
    assert_int_equal(order->amount, 1990);
    assert_true(
        str_is(registry_code_text(p.brand, DIM_TOUCHPOINT, order->dim[DIM_TOUCHPOINT]), "shop-1"));
    assert_int_equal(order->prop_count, 2);
    assert_true(str_is(order->props[0].text, "W1"));
    assert_true(order->props[1].number == 3);
    view_close(&v);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_hold_every_member_once_in_each_order),
        cmocka_unit_test(a_stage_that_many_are_in_pages_by_time_too),
        cmocka_unit_test(pages_of_a_set_hold_its_members_only),
        cmocka_unit_test(members_are_found_by_whatever_names_them),
        cmocka_unit_test(a_search_knows_what_was_committed_since_the_last),
        cmocka_unit_test(phones_of_an_older_store_get_their_last_four_at_the_opening),
        cmocka_unit_test(a_bulk_load_can_be_searched_by_the_last_four),
        cmocka_unit_test(masks_leave_what_tells_people_apart),
        cmocka_unit_test(a_dormant_member_is_told_since_when_and_by_what),
        cmocka_unit_test(each_rule_is_named_with_the_events_behind_it),
        cmocka_unit_test(profiles_agree_with_the_rows),
        cmocka_unit_test(a_history_comes_newest_first_in_pages_that_meet),
        cmocka_unit_test(a_history_shows_properties_changes_and_only_the_kinds_asked_for),
    };
    return engine_run(tests);
}
