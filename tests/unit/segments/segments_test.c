/* segments_test.c - whatever happens, and in whatever order, the members kept are those that the
 * expression selects now. */
#include "segments/segments.h"

#define PLACE_MODULES &people_module, &segments_module
#include "people/crowd.h"
#include "people/place_loads.h"

#include "insight/select.h"
#include "people/merge.h"
#include "people/numbering.h"

#define FACTS 2400
#define PEOPLE 60

static void verify(struct place *p)
{
    struct why why = {0};
    struct verify_report report = {.finding = note_finding};
    place_must(segments_verify(p->brand, &report, &why), &why, "segments");
}

static struct segment segment_of(const char *code, const char *expr)
{
    return (struct segment){.kind = expr ? SEGMENT_DYNAMIC : SEGMENT_STATIC,
                            .code = str_of(code),
                            .name = str_of(code),
                            .description = STR(""),
                            .expr = str_of(expr),
                            .author = STR("anna")};
}

static struct segment add(struct place *p, struct arena *a, const char *code, const char *expr)
{
    struct why why = {0};
    struct segment s = segment_of(code, expr);
    place_must(segments_add(p->brand, &s, a, &why), &why, code);
    return s;
}

static enum err try_add(struct place *p, struct arena *a, const char *code, const char *expr,
                        struct why *why)
{
    struct segment s = segment_of(code, expr);
    *why = (struct why){0};
    return segments_add(p->brand, &s, a, why);
}

static void change(struct place *p, struct arena *a, struct segment *s, const char *expr)
{
    struct why why = {0};
    s->expr = str_of(expr);
    place_must(segments_change(p->brand, s, a, &why), &why, expr);
}

static void enlist(struct place *p, const char *code, uint32_t member, bool remove)
{
    struct why why = {0};
    struct segment_listing l = {str_of(code), &member, 1, remove, 0};
    place_must(segments_enlist(p->brand, &l, &why), &why, code);
}

/* Members that the expression selects, by the scan that queries use. */
static struct idset selected(struct place *p, struct str expr)
{
    struct idset set = {0};
    struct why why = {0};
    struct expr_catalog catalog;
    struct fold_names names;
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    struct arena *a = arena_create(0);
    segments_catalog(p->brand, &catalog);
    people_fold_names(p->brand, a, &names);
    struct snapshot *s = brand_snapshot(p->brand);
    struct insight in = {.snapshot = s,
                         .catalog = &catalog,
                         .fold = &names,
                         .zone = brand_zone(p->brand),
                         .env = &p->env.env,
                         .now = p->env.now_ms,
                         .workers = 2,
                         .budget = &budget,
                         .get = segments_get_field,
                         .get_ctx = p->brand};
    place_must(insight_select(&in, expr, "expr", &set, &why), &why, "select");
    brand_snapshot_release(s);
    arena_destroy(a);
    return set;
}

static void check(struct place *p, const char *code, const char *expr)
{
    struct idset kept = {0}, now = selected(p, str_of(expr));
    assert_true(segments_members(p->brand, str_of(code), &kept));
    for (uint32_t m = 0; m < 64 * kept.words.count || m < 64 * now.words.count; m++) {
        if (idset_has(&kept, m) != idset_has(&now, m))
            fail_msg("%s: m%u %s", code, m, idset_has(&now, m) ? "is missing" : "is too much");
    }
    idset_finish(&kept);
    idset_finish(&now);
}

static size_t size_of(struct place *p, const char *code)
{
    struct idset kept = {0};
    assert_true(segments_members(p->brand, str_of(code), &kept));
    size_t count = kept.count;
    idset_finish(&kept);
    return count;
}

/* ---- one member, by hand ---- */

static struct fact fact_of(struct identity *who, const char *kind, int64_t at)
{
    return (struct fact){
        .at = at, .kind = str_of(kind), .who = who, .who_count = 1, .amount = HISTORY_NO_AMOUNT};
}

static void say(struct place *p, const char *user, const char *kind, int64_t at)
{
    struct identity who = {IDENTITY_USER, str_of(user)};
    struct fact f = fact_of(&who, kind, at);
    send_live(p, &f, 1);
}

static void a_segment_made_just_now_is_waited_for(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    say(&p, "u1", "message.sent", PLACE_NOW);
    assert_int_equal(segments_await(p.brand, STR("spoke"), 0), SEGMENT_MISSING);
    (void)add(&p, a, "spoke", "did(\"message.sent\")");
    assert_int_equal(segments_await(p.brand, STR("spoke"), 60000), SEGMENT_READY);
    assert_int_equal(size_of(&p, "spoke"), 1);
    assert_int_equal(segments_await(p.brand, STR("spoken"), 0), SEGMENT_MISSING);
    place_close(&p);
    arena_destroy(a);
}

static void who_spoke_leaves_at_the_very_millisecond(void **state)
{
    (void)state;
    struct place p;
    struct segment_move moves[8];
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    struct segment s = add(&p, a, "spoke", "did(\"message.sent\",within 1d)");
    assert_string_equal(s.expr.p, "did(\"message.sent\", within 1d)");
    segments_settle(p.brand);
    uint64_t before = segments_newest(p.brand);
    say(&p, "u1", "message.sent", PLACE_NOW);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 1);
    assert_int_equal(segments_moves(p.brand, before, moves, 8), 1);
    assert_true(moves[0].entered && moves[0].reason == REASON_EVENT);
    p.env.now_ms = PLACE_NOW + TIME_DAY - 1;
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 1);
    p.env.now_ms += 5;
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 0);
    assert_int_equal(segments_moves(p.brand, before, moves, 8), 2);
    assert_true(!moves[1].entered && moves[1].reason == REASON_CLOCK);
    assert_int_equal(moves[1].at, PLACE_NOW + TIME_DAY);
    assert_true(str_is(moves[1].code, "spoke"));
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void who_is_new_enters_what_holds_of_anybody(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    say(&p, "u1", "message.sent", PLACE_NOW);
    add(&p, a, "quiet", "not did(\"message.sent\", within 7d)");
    add(&p, a, "few", "did(\"message.sent\", count < 3)");
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "quiet"), 0);
    say(&p, "u2", "checkin.done", PLACE_NOW);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "quiet"), 1);
    assert_int_equal(size_of(&p, "few"), 2);
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void both_of_an_undone_merge_are_looked_at(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct people_merge m = {.a = 1, .b = 2, .who = STR("lily"), .over_caps = true};
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "one", "did(\"message.sent\", count = 1)");
    say(&p, "u1", "message.sent", PLACE_NOW);
    say(&p, "u2", "page.viewed", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW);
    place_must(people_merge(p.brand, &m, &why), &why, "merge");
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "one"), 0);
    struct people_unmerge u = {.id = m.id, .who = STR("lily")};
    place_must(people_unmerge(p.brand, &u, &why), &why, "unmerge");
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "one"), 1);
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void a_window_between_now_and_a_date_is_followed_while_it_is_open(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "spoke", "did(\"message.sent\", from now - 1h, to 2025-06-13)");
    say(&p, "u1", "page.viewed", PLACE_NOW);
    segments_settle(p.brand);
    say(&p, "u1", "message.sent", PLACE_NOW);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 1);
    place_close(&p);
    arena_destroy(a);
}

/* A segment is made of the rows that can make a member, now or later; nothing but the clock moves
 * those who have them. 'any' has who verifies read all rows. True: somebody came in later. */
static bool window_is_followed_from_its_making(const char *window)
{
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "any", "tag(\"vip\")");
    say(&p, "u1", "message.sent", PLACE_NOW - TIME_DAY);
    say(&p, "u1", "page.viewed", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW - 39 * TIME_DAY);
    say(&p, "u2", "message.sent", PLACE_NOW);
    say(&p, "u3", "message.sent", PLACE_NOW - 60 * TIME_DAY);
    say(&p, "u4", "message.sent", PLACE_NOW + 20 * TIME_HOUR);
    segments_settle(p.brand);
    add(&p, a, "window", window);
    bool entered = false;
    for (int step = 0; step < 100; step++) {
        segments_settle(p.brand);
        size_t before = size_of(&p, "window");
        check(&p, "window", window);
        verify(&p);
        p.env.now_ms += 12 * TIME_HOUR;
        segments_settle(p.brand);
        entered |= size_of(&p, "window") > before;
    }
    place_close(&p);
    arena_destroy(a);
    return entered;
}

static void who_enters_a_window_later_was_found_when_it_was_made(void **state)
{
    (void)state;
    static const char *windows[] = {
        "did(\"message.sent\", to now - 5d)",
        "did(\"message.sent\", to today - 5d)",
        "did(\"message.sent\", count >= 2, to now - 5d)",
        "did(\"message.sent\", from now - 40d, to now - 30d)",
        "did(\"message.sent\", from today - 40d, to today - 30d)",
        "did(\"message.sent\", within 20d, to now - 18d)",
        "did(\"message.sent\", from 2024-12-01, to now - 12h)",
        "did(\"message.sent\", to now - 2d, then \"page.viewed\" within 2d)",
        "did(\"message.sent\", to now - 1d, where at < today - 8d)",
        "did(\"message.sent\", from today + 9h, to now)",
    };
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
        assert_true(window_is_followed_from_its_making(windows[i]));
    assert_false(
        window_is_followed_from_its_making("did(\"message.sent\", from now - 10d, to 2024-12-01)"));
}

static void a_late_event_counts_from_its_own_time(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "spoke", "did(\"message.sent\", within 1d)");
    say(&p, "u1", "page.viewed", PLACE_NOW);
    say(&p, "u1", "message.sent", PLACE_NOW - TIME_HOUR * 20);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 1);
    p.env.now_ms += 4 * TIME_HOUR;
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 0);
    say(&p, "u1", "message.sent", PLACE_NOW - TIME_DAY * 3);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 0);
    place_close(&p);
    arena_destroy(a);
}

static void a_stage_that_the_clock_moves_moves_its_segment(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "dormant", "lifecycle = \"dormant\"");
    say(&p, "u1", "group.joined", PLACE_NOW);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "dormant"), 0);
    for (int day = 1; day <= 100; day++) {
        p.env.now_ms = PLACE_NOW + day * TIME_DAY + 17;
        segments_settle(p.brand);
        check(&p, "dormant", "lifecycle = \"dormant\"");
    }
    place_close(&p);
    arena_destroy(a);
}

static void born(struct place *p, const char *user, const char *day)
{
    struct identity who = {IDENTITY_USER, str_of(user)};
    struct fact_value v = {.name = STR("birthday"), .type = PROP_TEXT, .text = str_of(day)};
    struct fact f = fact_of(&who, "member.identified", p->env.now_ms);
    f.traits = &v;
    f.trait_count = 1;
    send_live(p, &f, 1);
}

/* What the contract allows is denied to a child until the day of turning fourteen begins. */
static void grows_up(struct place *p, const char *user, const char *day, int64_t at)
{
    struct segment_move move;
    born(p, user, day);
    segments_settle(p->brand);
    size_t before = size_of(p, "reached");
    p->env.now_ms = at - 1;
    segments_settle(p->brand);
    assert_int_equal(size_of(p, "reached"), before);
    verify(p);
    uint64_t moved = segments_newest(p->brand);
    p->env.now_ms = at;
    segments_settle(p->brand);
    assert_int_equal(size_of(p, "reached"), before + 1);
    assert_int_equal(size_of(p, "within"), before + 1);
    assert_int_equal(segments_moves(p->brand, moved, &move, 1), 1);
    assert_true(move.entered && move.reason == REASON_CLOCK);
    assert_int_equal(move.at, at);
    verify(p);
}

static void who_turns_fourteen_may_be_reached_from_that_midnight(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai"); /* it is 2025-01-01 10:53:20 there */
    const int64_t midnight = PLACE_NOW + 13 * TIME_HOUR + 400000;
    add(&p, a, "reached", "consented(\"sms\", \"service\")");
    add(&p, a, "within", "in_segment(\"reached\")");
    grows_up(&p, "u1", "2011-01-02", midnight);
    grows_up(&p, "u2", "2012-02-29", midnight + 423 * TIME_DAY); /* 2026 has none: 1 March */
    born(&p, "u3", "2012-03-02");
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "reached"), 2);
    place_reopen(&p); /* the moment was stored */
    p.env.now_ms = midnight + 424 * TIME_DAY;
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "reached"), 3);
    place_close(&p);
    arena_destroy(a);
}

static void moments_that_pass_at_once_are_told_one_by_one(void **state)
{
    (void)state;
    struct place p;
    struct segment_move moves[8];
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "day", "did(\"message.sent\", within 1d)");
    add(&p, a, "second", "did(\"message.sent\", from now - 3d, to now - 2d)");
    say(&p, "u1", "message.sent", PLACE_NOW);
    segments_settle(p.brand);
    uint64_t before = segments_newest(p.brand);
    p.env.now_ms = PLACE_NOW + 9 * TIME_DAY;
    segments_settle(p.brand);
    assert_int_equal(segments_moves(p.brand, before, moves, 8), 3);
    assert_true(moves[0].at == PLACE_NOW + TIME_DAY && !moves[0].entered);
    assert_true(moves[1].at == PLACE_NOW + 2 * TIME_DAY + 1 && moves[1].entered);
    assert_true(moves[2].at == PLACE_NOW + 3 * TIME_DAY + 1 && !moves[2].entered);
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void what_was_due_is_told_before_what_has_happened(void **state)
{
    (void)state;
    struct place p;
    struct segment_move moves[8];
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "day", "did(\"message.sent\", within 1d)");
    add(&p, a, "seen", "last_seen >= now - 3d");
    say(&p, "u1", "message.sent", PLACE_NOW);
    segments_settle(p.brand);
    uint64_t before = segments_newest(p.brand);
    p.env.now_ms = PLACE_NOW + 5 * TIME_DAY;
    say(&p, "u1", "page.viewed", PLACE_NOW - TIME_DAY); /* the keeper wakes for this */
    segments_settle(p.brand);
    assert_int_equal(segments_moves(p.brand, before, moves, 8), 2);
    assert_true(moves[0].at == PLACE_NOW + TIME_DAY && str_is(moves[0].code, "day"));
    assert_true(moves[1].at == PLACE_NOW + 3 * TIME_DAY + 1 && str_is(moves[1].code, "seen"));
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void circles_and_names_in_use_are_refused(void **state)
{
    (void)state;
    struct place p;
    struct why why;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    struct segment one = add(&p, a, "one", "orders >= 1");
    struct segment two = add(&p, a, "two", "in_segment(\"one\") and spent > 0");
    assert_int_equal(try_add(&p, a, "two", "true", &why), ERR_CONFLICT);
    assert_int_equal(try_add(&p, a, "Two", "true", &why), ERR_INVALID);
    assert_int_equal(try_add(&p, a, "", "true", &why), ERR_INVALID);
    assert_int_equal(try_add(&p, a, "self", "in_segment(\"self\")", &why), ERR_INVALID);
    assert_int_equal(try_add(&p, a, "bad", "orders >", &why), ERR_INVALID);
    assert_string_equal(why.field, "expression");
    struct segment circle = one;
    circle.expr = STR("in_segment(\"two\")");
    assert_int_equal(segments_change(p.brand, &circle, a, &why), ERR_INVALID);
    assert_int_equal(segments_remove(p.brand, &one, &why), ERR_CONFLICT);
    two.version = 7;
    assert_int_equal(segments_remove(p.brand, &two, &why), ERR_PRECONDITION);
    two.version = 1;
    assert_int_equal(segments_remove(p.brand, &two, &why), ERR_OK);
    assert_int_equal(segments_remove(p.brand, &one, &why), ERR_OK);
    segments_settle(p.brand);
    struct idset none = {0};
    assert_false(segments_members(p.brand, STR("one"), &none));
    assert_true(add(&p, a, "one", "true").id > two.id);
    place_close(&p);
    arena_destroy(a);
}

static void who_is_named_on_a_list_is_in_it_and_in_what_names_it(void **state)
{
    (void)state;
    struct place p;
    struct segment_overlap both;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "list", NULL);
    add(&p, a, "quiet", "in_segment(\"list\") and not did(\"message.sent\")");
    say(&p, "u1", "page.viewed", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW);
    enlist(&p, "list", 1, false);
    enlist(&p, "list", 2, false);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "list"), 2);
    assert_int_equal(size_of(&p, "quiet"), 1);
    assert_true(segments_overlap(p.brand, STR("list"), STR("quiet"), &both));
    assert_true(both.a == 2 && both.b == 1 && both.both == 1 && both.either == 2);
    enlist(&p, "list", 1, true);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "list"), 1);
    assert_int_equal(size_of(&p, "quiet"), 0);
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void each_clause_says_what_it_saw(void **state)
{
    (void)state;
    struct place p;
    struct segment_why out;
    struct why why = {0};
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "buyers", "orders >= 1");
    struct segment s =
        add(&p, a, "s", "did(\"message.sent\", count >= 2) and not in_segment(\"buyers\")");
    say(&p, "u1", "message.sent", PLACE_NOW - 5);
    say(&p, "u1", "message.sent", PLACE_NOW);
    place_must(segments_why(p.brand, &s, 1, a, &out, &why), &why, "why");
    assert_true(out.holds);
    assert_int_equal(out.clauses.count, 3);
    assert_true(out.clauses.items[0].holds && out.clauses.items[0].count == 2);
    assert_int_equal(out.clauses.items[0].first_at, PLACE_NOW - 5);
    assert_int_equal(out.clauses.items[0].last_at, PLACE_NOW);
    assert_true(!out.clauses.items[1].holds && out.clauses.items[1].negated);
    assert_true(str_is(out.clauses.items[2].text, "orders >= 1") &&
                out.clauses.items[2].level == 1);
    assert_true(str_is(out.clauses.items[2].value, "0"));
    assert_int_equal(segments_why(p.brand, &s, 77, a, &out, &why), ERR_NOT_FOUND);
    place_close(&p);
    arena_destroy(a);
}

/* ---- a crowd ---- */

static const char *const exprs[][2] = {
    {"window", "did(\"message.sent\", count >= 2, within 30d)"},
    {"quiet", "did(\"order.paid\", within 90d) and not did(\"message.sent\", within 40d)"},
    {"days", "did(\"message.sent\", days >= 3, within 60d) or orders >= 3"},
    {"sum", "did(\"order.paid\", sum(amount) > 40000, within 120d)"},
    {"then", "did(\"page.viewed\", then \"order.paid\" within 20d)"},
    {"between", "did(\"page.viewed\", from now - 50d, to now - 10d)"},
    {"midnight", "last_order between today - 60d and today - 5d"},
    {"stage", "lifecycle in (\"dormant\", \"active\") and trust >= \"familiar\""},
    {"derived", "did(\"lifecycle.changed\", where props.to = \"dormant\", within 200d)"},
    {"trait", "trait.city ~ \"1\" or trait.score > 20"},
    {"groups", "groups is not null and not in_group(\"group 00000003\")"},
    {"nested", "in_segment(\"window\") and not in_segment(\"listed\")"},
    {"own", "did(\"own.thing\", within 9d)"},
};
#define EXPRS (sizeof(exprs) / sizeof(exprs[0]))

static void check_all(struct place *p)
{
    verify(p);
    for (size_t i = 0; i < EXPRS; i++)
        check(p, exprs[i][0], exprs[i][1]);
}

/* Give the brand what comes next, by one way or another. */
static void feed(struct place *p, struct rng *r, struct crowd *c, size_t *at)
{
    size_t count = 1 + rng_below(r, 60);
    if (count > c->count - *at) count = c->count - *at;
    struct fact *facts = c->facts + *at;
    /* some come late */
    if (*at + 2 * count < c->count && rng_below(r, 4) == 0) {
        struct fact late = facts[0];
        memmove(facts, facts + 1, (2 * count - 1) * sizeof(*facts));
        facts[2 * count - 1] = late;
    }
    int64_t last = facts[count - 1].at;
    if (last > p->env.now_ms) p->env.now_ms = last;
    if (rng_below(r, 8) == 0) {
        send_bulk(p, facts, count);
    } else {
        send_live(p, facts, count);
    }
    *at += count;
}

/* Other numbers; what members are by them is made anew. */
static void renumber(struct place *p, struct rng *r)
{
    struct why why = {0};
    struct numbering now;
    numbering_get(p->brand, &now);
    struct numbering_change c = {now.numbers, STR("staff:lily"), now.version};
    c.numbers.rules.dormant_days = 1 + (int)rng_below(r, 30);
    c.numbers.rules.churned_days = 5 + (int)rng_below(r, 90);
    c.numbers.rules.window_days = 20 + (int)rng_below(r, 20);
    place_must(numbering_change(p->brand, &c, &why), &why, "numbers");
}

static void disturb(struct place *p, struct rng *r, struct arena *a, struct segment *moving)
{
    struct why why = {0};
    struct people_erased erased;
    enum err err;
    switch (rng_below(r, 9)) {
    case 0:
        p->env.now_ms += (int64_t)rng_below(r, 3 * (uint64_t)TIME_DAY);
        return;
    case 1:
        enlist(p, "listed", 1 + (uint32_t)rng_below(r, PEOPLE), rng_below(r, 3) == 0);
        return;
    case 2:
        change(p, a, moving,
               rng_below(r, 2) ? "did(\"own.thing\", within 20d)" : "did(\"own.other\")");
        return;
    case 3:
        place_reopen(p);
        return;
    case 4:
        place_must(brand_compact(p->brand, &why), &why, "compact");
        return;
    case 6:
        renumber(p, r);
        return;
    case 5:
        if (rng_below(r, 6)) return;
        err = people_erase(p->brand, 1 + (uint32_t)rng_below(r, PEOPLE), &erased, &why);
        assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
        return;
    default:
        return;
    }
}

static void run_crowd(uint64_t seed)
{
    struct place p;
    struct crowd c;
    struct rng r;
    struct arena *a = arena_create(0);
    size_t at = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&r, seed);
    crowd_fill(&c, seed, FACTS, PEOPLE);
    place_open(&p, "Asia/Shanghai");
    p.env.now_ms = CROWD_START;
    add(&p, a, "listed", NULL);
    for (size_t i = 0; i < EXPRS; i++)
        add(&p, a, exprs[i][0], exprs[i][1]);
    struct segment moving = add(&p, a, "moving", "did(\"own.thing\", within 20d)");
    for (int step = 0; at < c.count; step++) {
        feed(&p, &r, &c, &at);
        disturb(&p, &r, a, &moving);
        if (step % 4 == 0) check_all(&p);
    }
    check_all(&p);
    assert_true(size_of(&p, "derived") + size_of(&p, "window") > 0);
    place_close(&p);
    crowd_drop(&c);
    arena_destroy(a);
}

static void whatever_happens_membership_is_what_the_log_says(void **state)
{
    (void)state;
    const char *given = getenv("WF_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20261123;
    for (uint64_t i = 0; i < 3; i++)
        run_crowd(seed + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_made_just_now_is_waited_for),
        cmocka_unit_test(who_spoke_leaves_at_the_very_millisecond),
        cmocka_unit_test(who_is_new_enters_what_holds_of_anybody),
        cmocka_unit_test(both_of_an_undone_merge_are_looked_at),
        cmocka_unit_test(a_window_between_now_and_a_date_is_followed_while_it_is_open),
        cmocka_unit_test(who_enters_a_window_later_was_found_when_it_was_made),
        cmocka_unit_test(a_late_event_counts_from_its_own_time),
        cmocka_unit_test(a_stage_that_the_clock_moves_moves_its_segment),
        cmocka_unit_test(who_turns_fourteen_may_be_reached_from_that_midnight),
        cmocka_unit_test(moments_that_pass_at_once_are_told_one_by_one),
        cmocka_unit_test(what_was_due_is_told_before_what_has_happened),
        cmocka_unit_test(circles_and_names_in_use_are_refused),
        cmocka_unit_test(who_is_named_on_a_list_is_in_it_and_in_what_names_it),
        cmocka_unit_test(each_clause_says_what_it_saw),
        cmocka_unit_test(whatever_happens_membership_is_what_the_log_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
