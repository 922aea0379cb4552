/* erase_test.c - a member and all that is known of them go, and nobody else changes. */
#include "people/crowd.h"
#include "people/place_loads.h"

#include "people/internal.h"

#define FACTS 4000
#define PEOPLE 60

static void verify(struct place *p)
{
    struct why why = {0};
    struct verify_report report = {.finding = note_finding};
    place_must(brand_verify_files(p->brand, note_finding, NULL, &why), &why, "files");
    place_must(people_verify(p->brand, &report, &why), &why, "people");
}

/* ---- what the tables say ---- */

/* The rows of a query with a member's number in it, as text; those of 'but' are left out. */
static void add_rows(struct sql *db, const char *query, uint32_t but, int columns,
                     struct strbuf *out)
{
    struct sql_stmt *s = sql_use(db, query);
    for (bool row = true;;) {
        assert_int_equal(sql_step(s, &row), ERR_OK);
        if (!row) return;
        if (sql_int(s, 0) == but) continue;
        for (int i = 0; i < columns; i++)
            strbuf_addf(out, "%lld ", (long long)sql_int(s, i));
        strbuf_add_text(out, "\n");
    }
}

#define MEMBER_OF(t)                                                                               \
    "COALESCE((SELECT member FROM persona_member m WHERE m.persona = " t "), " t ")"

/* All that is stored of members but one. */
static char *everyone_but(struct place *p, uint32_t member)
{
    struct sql *db = flushed(p);
    struct strbuf out = {0};
    add_rows(db,
             "SELECT id, events, orders, spent, trust, created_at, last_seen FROM member"
             " ORDER BY id",
             member, 7, &out);
    add_rows(db, "SELECT member, persona FROM persona_member ORDER BY persona", member, 2, &out);
    add_rows(db, "SELECT " MEMBER_OF("i.persona") ", kind, first_seen FROM identity i ORDER BY key",
             member, 3, &out);
    add_rows(db, "SELECT " MEMBER_OF("t.persona") ", type, at FROM trait t ORDER BY persona, name",
             member, 3, &out);
    add_rows(db, "SELECT " MEMBER_OF("g.a") ", g.id, g.b, g.away FROM merge_log g ORDER BY id",
             member, 4, &out);
    add_rows(db, "SELECT subject, kind FROM timer ORDER BY subject", member, 2, &out);
    sql_close(db);
    char *text = mem_strdup(out.p ? out.p : "");
    strbuf_finish(&out);
    return text;
}

/* ---- the tests ---- */

static struct people_erased erase(struct place *p, uint32_t member)
{
    struct why why = {0};
    struct people_erased erased;
    place_must(people_erase(p->brand, member, &erased, &why), &why, "erase");
    return erased;
}

/* Nobody but the member changes, and of the member nothing is left. */
static void check_erasing(struct place *p, uint32_t member, uint32_t asked)
{
    char query[160];
    snprintf(query, sizeof(query), "SELECT events FROM member WHERE id = %u", member);
    int64_t events = one(p, query);
    char *before = everyone_but(p, member);
    struct people_erased erased = erase(p, asked);
    char *after = everyone_but(p, 0);
    assert_string_equal(before, after);
    /* each merge left an event that is none of the fold's */
    assert_int_equal(erased.events, events + erased.personas - 1);
    assert_true(erased.personas > 0);
    verify(p);
    mem_free(before);
    mem_free(after);
}

static void a_member_goes_and_nobody_else_changes(void **state)
{
    (void)state;
    struct place p;
    struct crowd c;
    struct people_erased erased;
    struct why why = {0};
    place_open(&p, "Asia/Shanghai");
    crowd_fill(&c, 7, FACTS, PEOPLE);
    send_bulk(&p, c.facts, c.count / 3);
    send_bulk(&p, c.facts + c.count / 3, c.count / 3);
    send_live(&p, c.facts + c.count / 3 * 2, c.count - c.count / 3 * 2);
    verify(&p);
    for (int i = 0; i < 6; i++) {
        uint32_t member = (uint32_t)one(
            &p, i % 2 ? "SELECT MIN(id) FROM member WHERE id NOT IN (SELECT member FROM"
                        " persona_member)"
                      : "SELECT MAX(member) FROM persona_member"); /* of several personas */
        assert_true(member > 0);
        check_erasing(&p, member, member);
        assert_int_equal(people_erase(p.brand, member, &erased, &why), ERR_NOT_FOUND);
        if (i == 3) place_reopen(&p);
    }
    place_reopen(&p);
    verify(&p);
    crowd_drop(&c);
    place_close(&p);
}

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

/* Seen by the event's other persona: how many name it. */
struct naming {
    uint32_t persona;
    uint64_t times;
};

static bool count_names(void *worker, const struct history *h)
{
    struct naming *n = worker;
    for (uint32_t i = 0; i < h->off[h->member_count]; i++)
        n->times += h->other[i] == n->persona;
    return true;
}

static uint64_t named(struct place *p, uint32_t persona)
{
    struct columns columns = {.mask = COLUMN_OTHER};
    struct scan scan = {.columns = &columns, .from = 0, .to = INT64_MAX};
    struct budget budget = {.bytes_left = UINT64_MAX};
    struct naming n = {persona, 0};
    struct why why = {0};
    void *worker = &n;
    struct snapshot *s = brand_snapshot(p->brand);
    place_must(eventlog_scan(s, &scan, &worker, 1, count_names, &budget, &why), &why, "scan");
    brand_snapshot_release(s);
    return n.times;
}

static void one_who_comes_again_is_new_and_has_a_number_of_their_own(void **state)
{
    (void)state;
    struct place p;
    struct identity host = {IDENTITY_USER, STR("host")};
    struct identity guest[] = {{IDENTITY_USER, STR("guest")}, {IDENTITY_ANON, STR("browser")}};
    place_open(&p, "UTC");
    struct fact facts[] = {fact_of(&host, 1, PLACE_NOW), fact_of(guest, 2, PLACE_NOW + 1),
                           fact_of(&host, 1, PLACE_NOW + 2)};
    facts[2].kind = STR("invite.accepted");
    facts[2].other = guest;
    facts[2].other_count = 1;
    send_live(&p, facts, 3);
    assert_int_equal(find(&p, &host), 1);
    assert_int_equal(find(&p, &guest[1]), 2);
    assert_int_equal(named(&p, 2), 1);
    erase(&p, 2);
    assert_int_equal(find(&p, &guest[0]), 0);
    assert_int_equal(find(&p, &guest[1]), 0);
    assert_int_equal(named(&p, 2), 1); /* the host's event keeps the number, which is nobody's */
    place_reopen(&p);                  /* 2 was the highest number */
    facts[1].at += 10;
    send_live(&p, &facts[1], 1);
    assert_int_equal(find(&p, &guest[0]), 3);
    erase(&p, 3);
    facts[1].at += 10;
    send_live(&p, &facts[1], 1); /* without an opening in between: no cache remembers */
    assert_int_equal(find(&p, &guest[1]), 4);
    assert_int_equal(find(&p, &host), 1);
    verify(&p);
    place_close(&p);
}

static void any_persona_stands_for_the_member(void **state)
{
    (void)state;
    struct place p;
    struct identity a = {IDENTITY_ANON, STR("a")}, b = {IDENTITY_ANON, STR("b")};
    struct identity both[] = {a, b};
    place_open(&p, "UTC");
    struct fact facts[] = {fact_of(&a, 1, PLACE_NOW), fact_of(&b, 1, PLACE_NOW + 1),
                           fact_of(both, 2, PLACE_NOW + 2)};
    facts[2].alias = true;
    send_live(&p, facts, 3);
    assert_int_equal(find(&p, &b), 1);
    assert_int_equal(erase(&p, 2).personas, 2);
    assert_int_equal(find(&p, &a), 0);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM persona_member"), 0);
    verify(&p);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_goes_and_nobody_else_changes),
        cmocka_unit_test(one_who_comes_again_is_new_and_has_a_number_of_their_own),
        cmocka_unit_test(any_persona_stands_for_the_member),
    };
    return cmocka_run_group_tests_name("erase", tests, NULL, NULL);
}
