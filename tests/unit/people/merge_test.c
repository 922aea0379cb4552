/* merge_test.c - members become one by hand and are taken apart, and every row is what the log says
 * at each step; whoever was never merged looks the same. */
#include "people/crowd.h"
#include "people/place_loads.h"

#include "people/internal.h"

#define PEOPLE 24
#define ROUNDS 40
#define FACTS_A_ROUND 25

static const struct str lily = {"lily", 4};

static void verify(struct place *p)
{
    struct why why = {0};
    struct verify_report report = {.finding = note_finding};
    place_must(people_verify(p->brand, &report, &why), &why, "people");
}

static void add_rows(struct sql *db, const char *query, int columns, struct strbuf *out)
{
    struct sql_stmt *s = sql_use(db, query);
    for (bool row = true;;) {
        assert_int_equal(sql_step(s, &row), ERR_OK);
        if (!row) return;
        for (int i = 0; i < columns; i++)
            strbuf_addf(out, "%lld ", (long long)sql_int(s, i));
        strbuf_add_text(out, "\n");
    }
}

/* Every member's row, but for when it was written; and who is of several personas. */
static char *all_rows(struct place *p)
{
    struct sql *db = flushed(p);
    struct strbuf out = {0};
    add_rows(db,
             "SELECT id, stage, stage_since, trust, flags, created_at, last_seen, events, orders,"
             " spent, owner FROM member ORDER BY id",
             11, &out);
    add_rows(db, "SELECT persona, member FROM persona_member ORDER BY persona", 2, &out);
    sql_close(db);
    char *text = mem_strdup(out.p ? out.p : "");
    strbuf_finish(&out);
    return text;
}

static enum err merge(struct place *p, uint32_t a, uint32_t b, uint64_t *id)
{
    struct why why = {0};
    struct people_merge m = {.a = a, .b = b, .who = lily, .how = MERGE_HAND, .over_caps = true};
    enum err err = people_merge(p->brand, &m, &why);
    if (id) *id = m.id;
    return err;
}

static enum err undo(struct place *p, uint64_t id)
{
    struct why why = {0};
    struct people_unmerge u = {.id = id, .who = lily};
    return people_unmerge(p->brand, &u, &why);
}

/* ---- random events, merges and their undoing ---- */

static struct identity user(struct arena *a, uint64_t number)
{
    return (struct identity){IDENTITY_USER,
                             str_of(arena_printf(a, "user-%llu", (unsigned long long)number))};
}

/* What one does alone: nothing of it depends on who else one is at that moment. */
static struct fact random_fact(struct rng *rng, struct arena *a, int64_t at)
{
    static const struct str kinds[] = {{"page.viewed", 11},
                                       {"checkin.done", 12},
                                       {"order.paid", 10},
                                       {"contact.added", 13},
                                       {"dm.received", 11}};
    struct identity *who = arena_alloc_array(a, 1, sizeof(*who));
    *who = user(a, rng_below(rng, PEOPLE));
    struct fact f = {.at = at - (int64_t)(rng_below(rng, 5) ? 0 : rng_below(rng, 9000000)),
                     .kind = kinds[rng_below(rng, 5)],
                     .who = who,
                     .who_count = 1,
                     .amount = HISTORY_NO_AMOUNT};
    if (str_is(f.kind, "order.paid")) f.amount = (int64_t)rng_below(rng, 9000);
    static const struct str staff[] = {{"rose", 4}, {"anna", 4}, {"ben", 3}};
    if (!str_is(f.kind, "order.paid")) f.code[DIM_STAFF] = staff[rng_below(rng, 3)];
    return f;
}

struct history_of {
    struct place *p; /* with merges, and without */
    struct place never;
    struct rng rng;
    struct arena *arena;
    VEC(uint64_t) living; /* merges */
    int64_t at;
};

static void some_facts(struct history_of *h)
{
    struct fact facts[FACTS_A_ROUND];
    for (size_t i = 0; i < FACTS_A_ROUND; i++) {
        h->at += 1 + (int64_t)rng_below(&h->rng, 7200000);
        facts[i] = random_fact(&h->rng, h->arena, h->at);
    }
    bool bulk = rng_below(&h->rng, 4) == 0;
    (bulk ? send_bulk : send_live)(h->p, facts, FACTS_A_ROUND);
    (bulk ? send_bulk : send_live)(&h->never, facts, FACTS_A_ROUND);
}

static void some_merges(struct history_of *h)
{
    for (int i = 0; i < 3; i++) {
        uint32_t a = 1 + (uint32_t)rng_below(&h->rng, PEOPLE);
        uint32_t b = 1 + (uint32_t)rng_below(&h->rng, PEOPLE);
        uint64_t id;
        enum err err = merge(h->p, a, b, &id);
        if (err == ERR_OK) VEC_PUSH(&h->living, id);
        assert_true(err == ERR_OK || err == ERR_NOT_FOUND || err == ERR_CONFLICT ||
                    err == ERR_INVALID);
    }
}

static void undo_one(struct history_of *h)
{
    if (!h->living.count) return;
    size_t i = rng_below(&h->rng, h->living.count);
    uint64_t id = h->living.items[i];
    h->living.items[i] = h->living.items[--h->living.count];
    assert_int_equal(undo(h->p, id), ERR_OK);
    assert_int_equal(undo(h->p, id), ERR_CONFLICT);
}

static void whatever_is_merged_and_undone_rows_are_what_the_log_says(void **state)
{
    (void)state;
    struct place p;
    struct history_of h = {.p = &p, .at = PLACE_NOW - INT64_C(9000000000)};
    uint64_t seed = getenv("WF_SEED") ? strtoull(getenv("WF_SEED"), NULL, 10) : 11;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&h.rng, seed);
    h.arena = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    place_open(&h.never, "Asia/Shanghai");
    for (int round = 0; round < ROUNDS; round++) {
        some_facts(&h);
        some_merges(&h);
        if (round % 2) undo_one(&h);
        if (round % 5 == 4) some_facts(&h); /* of merged members, in bulk too */
        if (round % 4 == 3) verify(&p);
        if (round % 10 == 9) place_reopen(&p);
    }
    assert_true(h.living.count > 5);
    while (h.living.count)
        undo_one(&h);
    verify(&p);
    char *merged = all_rows(&p), *never = all_rows(&h.never);
    assert_string_equal(merged, never);
    mem_free(merged);
    mem_free(never);
    place_reopen(&p);
    verify(&p);
    VEC_FINISH(&h.living);
    arena_destroy(h.arena);
    place_close(&p);
    place_close(&h.never);
}

/* ---- one at a time ---- */

static struct fact fact_of(struct identity *who, uint32_t count, int64_t at)
{
    return (struct fact){.at = at,
                         .kind = STR("page.viewed"),
                         .who = who,
                         .who_count = count,
                         .amount = HISTORY_NO_AMOUNT};
}

static uint32_t find(struct place *p, const struct identity *who)
{
    uint32_t member;
    struct why why = {0};
    place_must(people_find(p->brand, who, STR(""), &member, &why), &why, "find");
    return member;
}

static void a_merge_of_merges_comes_apart_at_any_edge(void **state)
{
    (void)state;
    struct place p;
    struct identity id[4];
    struct arena *a = arena_create(0);
    uint64_t ab, cd, all;
    place_open(&p, "UTC");
    for (uint32_t i = 0; i < 4; i++) {
        id[i] = user(a, i);
        struct fact f = fact_of(&id[i], 1, PLACE_NOW + i);
        send_live(&p, &f, 1);
    }
    assert_int_equal(merge(&p, 2, 1, &ab), ERR_OK);
    assert_int_equal(merge(&p, 3, 4, &cd), ERR_OK);
    assert_int_equal(merge(&p, 4, 1, NULL), ERR_CONFLICT); /* is m3 by now */
    assert_int_equal(merge(&p, 3, 1, &all), ERR_OK);
    assert_int_equal(find(&p, &id[3]), 1);
    struct fact late = fact_of(&id[3], 1, PLACE_NOW + 50);
    send_live(&p, &late, 1); /* goes by its identity */
    assert_int_equal(one(&p, "SELECT events FROM member WHERE id = 1"), 9);
    assert_int_equal(undo(&p, ab), ERR_OK); /* the oldest first */
    assert_int_equal(find(&p, &id[1]), 2);
    assert_int_equal(find(&p, &id[3]), 1);
    verify(&p);
    assert_int_equal(undo(&p, all), ERR_OK);
    assert_int_equal(find(&p, &id[3]), 3);
    assert_int_equal(one(&p, "SELECT events FROM member WHERE id = 3"), 5);
    assert_int_equal(one(&p, "SELECT events FROM member WHERE id = 1"), 2);
    verify(&p);
    place_reopen(&p);
    verify(&p);
    assert_int_equal(undo(&p, cd), ERR_OK);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM persona_member"), 0);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM merge_log WHERE undone_at IS NULL"), 0);
    verify(&p);
    arena_destroy(a);
    place_close(&p);
}

static void a_rule_writes_its_merge_down_and_it_can_be_undone(void **state)
{
    (void)state;
    struct identity a = {IDENTITY_ANON, STR("a")}, b = {IDENTITY_ANON, STR("b")};
    struct identity both[] = {a, b};
    struct fact facts[] = {fact_of(&a, 1, PLACE_NOW), fact_of(&b, 1, PLACE_NOW + 1),
                           fact_of(both, 2, PLACE_NOW + 2)};
    for (int bulk = 0; bulk < 2; bulk++) {
        struct place p;
        place_open(&p, "UTC");
        (bulk ? send_bulk : send_live)(&p, facts, 3);
        assert_int_equal(one(&p, "SELECT COUNT(*) FROM merge_log WHERE how = 0 AND kept = 1 AND"
                                 " away = 2 AND a = 1 AND b = 2 AND moved = 'm2'"),
                         1);
        verify(&p);
        assert_int_equal(undo(&p, 1), ERR_OK);
        assert_int_equal(find(&p, &b), 2);
        verify(&p);
        assert_int_equal(undo(&p, 2), ERR_NOT_FOUND);
        place_close(&p);
    }
}

static void what_makes_a_merged_one_known_stays_with_its_own_history(void **state)
{
    (void)state;
    for (int bulk = 0; bulk < 2; bulk++) {
        struct place p;
        uint64_t id;
        struct identity anon = {IDENTITY_ANON, STR("a")}, user = {IDENTITY_USER, STR("u")};
        struct identity phone[] = {anon, {IDENTITY_PHONE, STR("+8613800138000")}};
        struct fact first[] = {fact_of(&anon, 1, PLACE_NOW), fact_of(&user, 1, PLACE_NOW + 1)};
        struct fact then = fact_of(phone, 2, PLACE_NOW + 2);
        place_open(&p, "UTC");
        (bulk ? send_bulk : send_live)(&p, first, 2);
        assert_int_equal(merge(&p, 1, 2, &id), ERR_OK);
        (bulk ? send_bulk : send_live)(&p, &then, 1); /* known by m2 already */
        assert_int_equal(undo(&p, id), ERR_OK);
        assert_int_equal(one(&p, "SELECT stage FROM member WHERE id = 1"), STAGE_POTENTIAL);
        verify(&p);
        place_close(&p);
    }
}

static void a_cap_is_passed_only_when_that_was_said(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct why why = {0};
    place_open(&p, "UTC");
    for (uint32_t i = 0; i < 2; i++) {
        struct identity id = user(a, i);
        struct fact f = fact_of(&id, 1, PLACE_NOW + i);
        send_live(&p, &f, 1);
    }
    struct people_merge m = {.a = 1, .b = 2, .who = lily, .how = MERGE_HAND};
    assert_int_equal(people_merge(p.brand, &m, &why), ERR_CONFLICT);
    assert_int_equal(why.msg, MSG_OVER_CAP);
    m.over_caps = true;
    assert_int_equal(people_merge(p.brand, &m, &why), ERR_OK);
    assert_int_equal(merge(&p, 1, 1, NULL), ERR_INVALID);
    assert_int_equal(merge(&p, 1, 77, NULL), ERR_NOT_FOUND);
    verify(&p);
    arena_destroy(a);
    place_close(&p);
}

static void who_is_over_a_cap_by_hand_is_joined_by_their_own_phone(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct identity one_of[] = {user(a, 1), {IDENTITY_ANON, STR("a")}}, other = user(a, 2);
    struct identity device = {IDENTITY_DEVICE, STR("d")}, both[] = {device, one_of[1]};
    struct fact facts[] = {fact_of(one_of, 2, PLACE_NOW), fact_of(&other, 1, PLACE_NOW),
                           fact_of(&device, 1, PLACE_NOW)};
    struct fact then = fact_of(both, 2, PLACE_NOW + 1); /* which decides is the device */
    place_open(&p, "UTC");
    send_live(&p, facts, 3);
    assert_int_equal(merge(&p, 1, 2, NULL), ERR_OK);
    send_live(&p, &then, 1);
    assert_int_equal(find(&p, &device), 1);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM identity_conflict"), 0);
    verify(&p);
    arena_destroy(a);
    place_close(&p);
}

/* ---- conflicts ---- */

/* A phone that one has and another brings, again and again. */
static void recycle(struct place *p, bool bulk)
{
    struct identity first[] = {{IDENTITY_USER, STR("u1")}, {IDENTITY_PHONE, STR("+8613800138000")}};
    struct identity second[] = {{IDENTITY_USER, STR("u2")},
                                {IDENTITY_PHONE, STR("+8613800138000")}};
    struct fact facts[] = {fact_of(first, 2, PLACE_NOW), fact_of(second, 2, PLACE_NOW + 1),
                           fact_of(second, 2, PLACE_NOW + 2)};
    (bulk ? send_bulk : send_live)(p, facts, 3);
}

static void a_refused_merge_waits_to_be_judged(void **state)
{
    (void)state;
    for (int bulk = 0; bulk < 2; bulk++) {
        struct place p;
        struct why why = {0};
        struct people_judge j = {.id = 1, .state = CONFLICT_LATER, .who = lily};
        place_open(&p, "UTC");
        recycle(&p, bulk);
        assert_int_equal(one(&p, "SELECT COUNT(*) FROM identity_conflict WHERE times = 2 AND"
                                 " a = 2 AND b = 1 AND state = 0"),
                         1);
        assert_int_equal(people_judge(p.brand, &j, &why), ERR_OK);
        j.state = CONFLICT_MERGED;
        assert_int_equal(people_judge(p.brand, &j, &why), ERR_OK);
        assert_int_equal(one(&p, "SELECT COUNT(*) FROM member"), 1);
        j.state = CONFLICT_APART;
        assert_int_equal(people_judge(p.brand, &j, &why), ERR_CONFLICT);
        assert_int_equal(undo(&p, j.merge), ERR_OK); /* and it is open again */
        assert_int_equal(people_judge(p.brand, &j, &why), ERR_OK);
        place_reopen(&p);
        recycle(&p, bulk); /* not asked again, but counted */
        assert_int_equal(one(&p, "SELECT COUNT(*) FROM identity_conflict"), 1);
        assert_int_equal(one(&p, "SELECT times FROM identity_conflict WHERE state = 3"), 4);
        verify(&p);
        place_close(&p);
    }
}

/* As many as there may be, all kept apart. */
static enum err run_fill(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    (void)why;
    return sql_run(sql_use(
        tx_sql(tx), "INSERT INTO identity_conflict (id, a, b, key, kind, cause, first_seen,"
                    " last_seen, times, state) WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL"
                    " SELECT i + 1 FROM n WHERE i < 100009) SELECT i, i + 100, 1, x.key, 4, 1, 0,"
                    " 0, 1, 3 FROM n, (SELECT key FROM identity WHERE persona = 1 LIMIT 1) x"));
}

static void the_oldest_judged_ones_go_when_there_are_too_many(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct identity id = {IDENTITY_USER, STR("first")};
    struct fact f = fact_of(&id, 1, PLACE_NOW);
    place_open(&p, "UTC");
    send_live(&p, &f, 1);
    place_must(brand_call(p.brand, run_fill, NULL, true, &why), &why, "fill");
    place_reopen(&p);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM identity_conflict"), LIMIT_IDENTITY_CONFLICTS);
    recycle(&p, false);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM identity_conflict"), LIMIT_IDENTITY_CONFLICTS);
    assert_int_equal(one(&p, "SELECT MIN(id) FROM identity_conflict"), 11);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM identity_conflict WHERE state = 0"), 1);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_merged_and_undone_rows_are_what_the_log_says),
        cmocka_unit_test(a_merge_of_merges_comes_apart_at_any_edge),
        cmocka_unit_test(a_rule_writes_its_merge_down_and_it_can_be_undone),
        cmocka_unit_test(what_makes_a_merged_one_known_stays_with_its_own_history),
        cmocka_unit_test(a_cap_is_passed_only_when_that_was_said),
        cmocka_unit_test(who_is_over_a_cap_by_hand_is_joined_by_their_own_phone),
        cmocka_unit_test(a_refused_merge_waits_to_be_judged),
        cmocka_unit_test(the_oldest_judged_ones_go_when_there_are_too_many),
    };
    return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
