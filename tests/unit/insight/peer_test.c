/* peer_test.c - random questions beside SQLite: filters, members, zones, ties, windows, parts and
 * tails, any number of workers. WF_SEED replays; WF_QUERIES says how many (1,000). */
#include "insight/peer_ask.h"

#include "base/cpu.h"

#define PER_WORLD 100

static struct peer world;
static struct strbuf *query = &world.query, *sql = &world.sql;

/* --- questions --- */

static void trend(struct peer *w)
{
    static const char *const measures[] = {"events", "members", "amount", "average"};
    static const char *const units[] = {"hour", "day", "week", "month"};
    static const char *const keys[] = {NULL, "kind", "group", "props.city"};
    static const char *const columns[] = {"0", "kind", "CASE WHEN g THEN 'g' || g END", "city"};
    static const char *const values[] = {"count(*)", "count(DISTINCT CASE WHEN m THEN m END)",
                                         "sum(amount)", "sum(amount) * 1.0 / count(amount)"};
    static const char *const sizes[] = {"count(*)", "count(DISTINCT CASE WHEN m THEN m END)",
                                        "coalesce(sum(amount), 0)", "count(*)"};
    struct lines ours = {0}, theirs = {0};
    size_t measure = below(w, 4), unit = below(w, 4), key = below(w, 4);
    struct range r = begin(w, "trend", false, false);
    if (unit == 0 && r.to - r.from > 60 * TIME_DAY) unit = 1; /* no more points than are allowed */
    kinds(w);
    strbuf_addf(query, ",\"measure\":\"%s\",\"by\":\"%s\"", measures[measure], units[unit]);
    if (keys[key]) strbuf_addf(query, ",\"breakdown\":\"%s\"", keys[key]);
    const char *some = measure == 1 ? "WHERE m > 0" : "";
    strbuf_addf(sql,
                ", k AS (SELECT *, %s AS key FROM s %s), r AS (SELECT key, row_number() OVER "
                "(ORDER BY %s DESC, key) AS place FROM k WHERE key IS NOT NULL GROUP BY key), "
                "l AS (SELECT k.*, CASE WHEN k.key IS NULL THEN NULL WHEN place <= 20 THEN k.key "
                "ELSE '$rest' END AS label FROM k LEFT JOIN r ON k.key = r.key) "
                "SELECT su%zu, %s %s AS v FROM l GROUP BY su%zu, label HAVING v <> 0",
                columns[key], some, sizes[measure], unit, key ? "label," : "", values[measure],
                unit);
    const struct json *points = ask(w, "points");
    struct strbuf line = {0};
    for (size_t i = 0; i < points->count; i++) {
        const struct json *value = json_get(&points->items[i], "value");
        if (value->type == JSON_NULL || value->number == 0) continue;
        strbuf_reset(&line);
        json_cell(&line, json_get(&points->items[i], "at"));
        if (key) json_cell(&line, json_get(&points->items[i], "key"));
        json_cell(&line, value);
        lines_add(&ours, &line);
    }
    strbuf_finish(&line);
    sql_lines(w, &theirs);
    expect_equal(w, &ours, &theirs);
}

/* x<i> is the latest start of a chain that has reached step i with this very row. */
static void ordered_steps(size_t steps, int64_t window, struct strbuf *conditions)
{
    strbuf_addf(sql, ", b0 AS (SELECT m, n, at, c0");
    for (size_t i = 1; i < steps; i++) {
        strbuf_addf(sql, ", c%zu", i);
    }
    strbuf_addf(sql, ", CASE WHEN c0 THEN at END AS x0 FROM (SELECT *%s FROM f))", conditions->p);
    for (size_t i = 1; i < steps; i++) {
        strbuf_addf(sql,
                    ", p%zu AS (SELECT *, max(x%zu) OVER (PARTITION BY m ORDER BY n ROWS BETWEEN "
                    "UNBOUNDED PRECEDING AND 1 PRECEDING) AS y%zu FROM b%zu), b%zu AS (SELECT *, "
                    "CASE WHEN c%zu AND at - y%zu <= %lld THEN y%zu END AS x%zu FROM p%zu)",
                    i, i - 1, i, i - 1, i, i, i, (long long)window, i, i, i);
    }
    for (size_t i = 0; i < steps; i++) {
        strbuf_addf(sql, "%s SELECT %zu, count(DISTINCT m) FROM b%zu WHERE x%zu IS NOT NULL",
                    i > 0 ? " UNION ALL" : "", i, i, i);
    }
}

static void strict_steps(size_t steps, int64_t window, struct strbuf *conditions)
{
    strbuf_addf(sql, ", c AS (SELECT *%s FROM f), b AS (SELECT m, at", conditions->p);
    for (size_t i = 0; i < steps; i++) {
        strbuf_addf(sql, ", lead(c%zu, %zu) OVER w AND lead(at, %zu) OVER w - at <= %lld AS d%zu",
                    i, i, i, (long long)window, i);
    }
    strbuf_add_text(sql, " FROM c WINDOW w AS (PARTITION BY m ORDER BY n))");
    for (size_t i = 0; i < steps; i++) {
        strbuf_addf(sql, "%s SELECT %zu, count(DISTINCT m) FROM b WHERE d0",
                    i > 0 ? " UNION ALL" : "", i);
        for (size_t k = 1; k <= i; k++) {
            strbuf_addf(sql, " AND d%zu", k);
        }
    }
}

static void funnel(struct peer *w)
{
    static const int64_t windows[] = {TIME_HOUR, TIME_DAY, 7 * TIME_DAY, 40 * TIME_DAY};
    struct lines ours = {0}, theirs = {0};
    struct strbuf conditions = {0}, line = {0};
    size_t steps = 2 + below(w, 4);
    int64_t window = windows[below(w, 4)];
    bool strict = one_in(w, 3);
    (void)begin(w, "funnel", false, true);
    strbuf_addf(query, ",\"mode\":\"%s\",\"window\":\"%lldh\",\"steps\":[",
                strict ? "strict" : "ordered", (long long)(window / TIME_HOUR));
    for (size_t i = 0; i < steps; i++) {
        strbuf_add_text(query, i > 0 ? ",{" : "{");
        strbuf_add_text(&conditions, ", ");
        selector(w, &conditions);
        strbuf_addf(&conditions, " AS c%zu", i);
        strbuf_add_text(query, "}");
    }
    strbuf_add_text(query, "]");
    if (strict) {
        strict_steps(steps, window, &conditions);
    } else {
        ordered_steps(steps, window, &conditions);
    }
    const struct json *list = ask(w, "steps");
    for (size_t i = 0; i < list->count; i++) {
        strbuf_reset(&line);
        strbuf_addf(&line, "%zu", i);
        json_cell(&line, json_get(&list->items[i], "members"));
        lines_add(&ours, &line);
    }
    sql_lines(w, &theirs);
    expect_equal(w, &ours, &theirs);
    strbuf_finish(&conditions);
    strbuf_finish(&line);
}

/* Births are of the range, returns of all time up to now; both see 'where' and 'who'. */
static void retention(struct peer *w)
{
    static const char *const units[] = {"hour", "day", "week", "month"};
    static const int64_t lengths[] = {0, TIME_DAY, 7 * TIME_DAY, 30 * TIME_DAY};
    static const char *const firsts[] = {"ever", "in_range", "each"};
    struct lines ours = {0}, theirs = {0};
    struct strbuf line = {0};
    size_t unit = 1 + below(w, 3), first = below(w, 3), nth = first < 2 ? 1 + below(w, 2) : 1;
    int periods = 1 + (int)below(w, 12);
    bool elapsed = one_in(w, 3), rolling = one_in(w, 3);
    struct range r = begin(w, "retention", true, true);
    long long now = w->town.insight.now;
    strbuf_addf(query, ",\"first\":\"%s\",\"nth\":%zu,\"by\":\"%s\",\"periods\":%d", firsts[first],
                nth, units[unit], periods);
    if (elapsed) strbuf_add_text(query, ",\"align\":\"elapsed\"");
    if (rolling) strbuf_add_text(query, ",\"type\":\"rolling\"");
    strbuf_add_text(query, ",\"birth\":{");
    strbuf_add_text(sql, ", q AS (SELECT * FROM f WHERE at <= ");
    strbuf_addf(sql, "%lld AND ", now);
    if (first > 0) strbuf_addf(sql, "at >= %lld AND ", (long long)r.from);
    selector(w, sql);
    strbuf_addf(sql,
                "), z AS (SELECT *, row_number() OVER (PARTITION BY m%s ORDER BY n) AS nth "
                "FROM q), b AS (SELECT m, n, at, su%zu AS su, iu%zu AS iu FROM z WHERE nth = %zu "
                "AND at >= %lld AND at < %lld), t AS (SELECT * FROM f WHERE at <= %lld AND ",
                first < 2   ? ""
                : unit == 1 ? ", iu1"
                : unit == 2 ? ", iu2"
                            : ", iu3",
                unit, unit, nth, (long long)r.from, (long long)r.to, now);
    strbuf_add_text(query, "},\"return\":{");
    selector(w, sql);
    strbuf_add_text(query, "}");
    struct strbuf period = {0};
    if (elapsed) {
        strbuf_addf(&period, "(t.at - b.at) / %lld", (long long)lengths[unit]);
    } else {
        strbuf_addf(&period, "t.iu%zu - b.iu", unit);
    }
    strbuf_addf(
        sql,
        "), x AS (SELECT b.su, b.m, %s AS k FROM b JOIN t ON t.m = b.m AND t.n > b.n), "
        "y AS (SELECT su, m, %s AS k FROM x GROUP BY su, m%s), ks AS (SELECT value AS k FROM "
        "json_each('[0,1,2,3,4,5,6,7,8,9,10,11]')) "
        "SELECT su, 'size', count(*) FROM b GROUP BY su UNION ALL SELECT su, ks.k, count(*) "
        "FROM y JOIN ks ON ks.k %s y.k WHERE ks.k < %d GROUP BY su, ks.k",
        period.p, rolling ? "max(k)" : "k", rolling ? "" : ", k", rolling ? "<=" : "=", periods);
    const struct json *cohorts = ask(w, "cohorts");
    for (size_t i = 0; i < cohorts->count; i++) {
        const struct json *cohort = &cohorts->items[i], *returned = json_get(cohort, "returned");
        for (int k = -1; k < periods; k++) {
            const struct json *value = k < 0 ? json_get(cohort, "size") : &returned->items[k];
            if (value->type == JSON_NULL || value->number == 0) continue;
            strbuf_reset(&line);
            json_cell(&line, json_get(cohort, "at"));
            strbuf_addf(&line, k < 0 ? "|size" : "|%d", k);
            json_cell(&line, value);
            lines_add(&ours, &line);
        }
    }
    sql_lines(w, &theirs);
    expect_equal(w, &ours, &theirs);
    strbuf_finish(&period);
    strbuf_finish(&line);
}

static void paths(struct peer *w)
{
    static const int64_t withins[] = {TIME_HOUR, TIME_DAY, 7 * TIME_DAY, INT64_MAX};
    struct lines ours = {0}, theirs = {0};
    struct strbuf line = {0};
    size_t depth = 1 + below(w, 3);
    int64_t within = withins[below(w, 4)];
    bool before = one_in(w, 3);
    (void)begin(w, "paths", false, true);
    strbuf_addf(query, ",\"depth\":%zu,\"top\":1000,\"direction\":\"%s\",\"within\":", depth,
                before ? "before" : "after");
    if (within == INT64_MAX) strbuf_add_text(query, "null");
    if (within < INT64_MAX) strbuf_addf(query, "\"%lldh\"", (long long)(within / TIME_HOUR));
    strbuf_add_text(query, ",\"anchor\":{");
    strbuf_add_text(sql, ", a AS (SELECT m, ");
    selector(w, sql);
    strbuf_add_text(query, "}");
    strbuf_add_text(sql, " AS anchor");
    for (size_t i = 1; i <= depth; i++) {
        const char *step = before ? "lag" : "lead";
        strbuf_addf(sql,
                    ", CASE WHEN abs(%s(at, %zu) OVER w - at) <= %lld THEN %s(kind, %zu) OVER w "
                    "END AS k%zu",
                    step, i, (long long)within, step, i, i);
    }
    strbuf_add_text(sql,
                    " FROM f WINDOW w AS (PARTITION BY m ORDER BY n)) SELECT coalesce(k1, '')");
    for (size_t i = 2; i <= depth; i++) {
        strbuf_addf(sql, " || coalesce(' ' || k%zu, '')", i);
    }
    strbuf_add_text(sql, " AS path, count(DISTINCT m), count(*) FROM a WHERE anchor GROUP BY path");
    const struct json *list = ask(w, "paths");
    for (size_t i = 0; i < list->count; i++) {
        const struct json *steps = json_get(&list->items[i], "kinds");
        strbuf_reset(&line);
        for (size_t k = 0; k < steps->count; k++) {
            strbuf_addf(&line, "%s" STR_FMT, k > 0 ? " " : "", STR_ARG(steps->items[k].string));
        }
        json_cell(&line, json_get(&list->items[i], "members"));
        json_cell(&line, json_get(&list->items[i], "occurrences"));
        lines_add(&ours, &line);
    }
    sql_lines(w, &theirs);
    expect_equal(w, &ours, &theirs);
    strbuf_finish(&line);
}

static void activity(struct peer *w)
{
    static const char *const units[] = {"hour", "day", "week", "month"};
    struct lines ours = {0}, theirs = {0};
    struct strbuf line = {0};
    size_t unit = 1 + below(w, 3);
    struct range r = begin(w, "activity", true, true);
    int64_t from = bucket_number(w, (enum time_unit)unit, r.from);
    int64_t last = bucket_number(w, (enum time_unit)unit, r.to - 1);
    kinds(w);
    strbuf_addf(query, ",\"by\":\"%s\"", units[unit]);
    strbuf_addf(sql,
                ", d AS (SELECT DISTINCT m, iu%zu AS p FROM s WHERE at < %lld), n AS (SELECT m, p, "
                "min(p) OVER (PARTITION BY m) AS first, lag(p) OVER (PARTITION BY m ORDER BY p) AS "
                "before, lead(p) OVER (PARTITION BY m ORDER BY p) AS after FROM d) ",
                unit, (long long)r.to);
    static const char *const parts[] = {"new", "returning", "resurrected", "dormant"};
    static const char *const rules[] = {"p = first", "before = p - 1", "before < p - 1",
                                        "after IS NULL OR after > p + 1"};
    for (int i = 0; i < 4; i++) {
        strbuf_addf(sql,
                    "%sSELECT '%s', p + %d AS q, count(*) FROM n WHERE (%s) AND p + %d BETWEEN "
                    "%lld AND %lld GROUP BY q",
                    i > 0 ? " UNION ALL " : "", parts[i], i == 3, rules[i], i == 3, (long long)from,
                    (long long)last);
    }
    const struct json *points = ask(w, "points");
    assert_int_equal(points->count, last - from + 1);
    for (size_t i = 0; i < points->count; i++) {
        for (int k = 0; k < 4; k++) {
            const struct json *value = json_get(&points->items[i], parts[k]);
            if (value->integer == 0) continue;
            strbuf_reset(&line);
            strbuf_addf(&line, "%s|%lld", parts[k], (long long)(from + (int64_t)i));
            json_cell(&line, value);
            lines_add(&ours, &line);
        }
    }
    sql_lines(w, &theirs);
    expect_equal(w, &ours, &theirs);
    strbuf_finish(&line);
}

static void stickiness(struct peer *w)
{
    struct lines ours = {0}, theirs = {0};
    struct strbuf line = {0};
    int days = 1 + (int)below(w, 40);
    struct range r = begin(w, "stickiness", true, true);
    long long last = bucket_number(w, UNIT_DAY, r.to - 1);
    kinds(w);
    strbuf_addf(query, ",\"days\":%d", days);
    strbuf_addf(sql,
                ", d AS (SELECT m, count(DISTINCT iu1) AS c FROM s WHERE at < %lld AND iu1 > %lld "
                "GROUP BY m) SELECT c, count(*) FROM d GROUP BY c",
                (long long)r.to, last - days);
    const struct json *list = ask(w, "histogram");
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].integer == 0) continue;
        strbuf_reset(&line);
        strbuf_addf(&line, "%zu", i + 1);
        json_cell(&line, &list->items[i]);
        lines_add(&ours, &line);
    }
    sql_lines(w, &theirs);
    expect_equal(w, &ours, &theirs);
    strbuf_finish(&line);
}

static void rfm(struct peer *w)
{
    static const char *const fields[] = {"r", "f", "m", "members", "revenue", NULL};
    struct lines ours = {0}, theirs = {0};
    struct range r = begin(w, "rfm", false, true);
    int days = 1 + (int)below(w, 30), orders = 1 + (int)below(w, 3), money = (int)below(w, 3000);
    strbuf_addf(query, ",\"cuts\":{\"r\":[%d,%d],\"f\":[%d],\"m\":[%d]}", days, 2 * days, orders,
                money);
    strbuf_addf(
        sql,
        ", o AS (SELECT m, max(CASE WHEN kind = 'order.paid' THEN at END) AS at, "
        "coalesce(sum(CASE WHEN kind = 'order.paid' THEN amount END), 0) AS paid, "
        "coalesce(sum(CASE WHEN kind <> 'order.paid' THEN abs(amount) END), 0) AS back, "
        "sum(kind <> 'order.paid') AS refunds, sum(kind <> 'order.paid' AND amount IS NULL) AS "
        "whole "
        "FROM f WHERE kind IN ('order.paid', 'order.refunded') "
        "GROUP BY m, CASE WHEN ord IS NULL THEN n ELSE ord END), "
        "u AS (SELECT m, at, paid - back AS sum FROM o WHERE at IS NOT NULL AND whole = 0 AND NOT "
        "(refunds > 0 AND back >= paid)), "
        "g AS (SELECT m, sum(abs(coalesce(amount, 0))) AS back FROM f WHERE kind = "
        "'order.refunded' "
        "AND ord IS NULL GROUP BY m), "
        "b AS (SELECT u.m, max(at) AS at, count(*) AS orders, sum(sum) - coalesce(g.back, 0) AS "
        "sum "
        "FROM u LEFT JOIN g ON g.m = u.m GROUP BY u.m) "
        "SELECT 1 + (%lld - at <= %d * 86400000) + (%lld - at <= %d * 86400000), 1 + (orders >= "
        "%d), "
        "1 + (sum >= %d), count(*), sum(sum) FROM b GROUP BY 1, 2, 3",
        (long long)r.to, days, (long long)r.to, 2 * days, orders, money);
    item_lines(ask(w, "cells"), fields, &ours);
    sql_lines(w, &theirs);
    expect_equal(w, &ours, &theirs);
}

static void segment(struct peer *w)
{
    struct lines ours = {0}, theirs = {0};
    struct strbuf line = {0};
    w->town.insight.workers = (int[]){1, 2, 7}[below(w, 3)];
    strbuf_reset(query);
    strbuf_reset(sql);
    strbuf_add_text(query, "{\"segment\":{\"expr\":\"");
    strbuf_add_text(sql, "SELECT count(*) FROM (SELECT m FROM e WHERE m > 0 GROUP BY m HAVING ");
    member_filter(w, query, sql);
    strbuf_add_text(query, "\"");
    strbuf_add_text(sql, ")");
    json_cell(&line, ask(w, "members"));
    lines_add(&ours, &line);
    sql_lines(w, &theirs);
    expect_equal(w, &ours, &theirs);
    strbuf_finish(&line);
}

static void every_answer_is_that_of_sqlite(void **state)
{
    (void)state;
    static void (*const questions[])(struct peer *) = {trend, funnel,   retention,  paths,
                                                       rfm,   activity, stickiness, segment};
    const char *count = getenv("WF_QUERIES");
    long queries = count ? strtol(count, NULL, 10) : 1000;
    long asked = 0;
    seed_rng(&world.rng, "every_answer_is_that_of_sqlite");
    world.dir = test_dir_create();
    assert_int_equal(sqlite3_open(":memory:", &world.db), SQLITE_OK);
    peer_exec(&world, "CREATE TABLE e (n INTEGER PRIMARY KEY, m INT, at INT, kind TEXT, g INT, "
                      "amount INT, ord TEXT, city TEXT, su0 INT, su1 INT, su2 INT, su3 INT, "
                      "iu0 INT, iu1 INT, iu2 INT, iu3 INT)");
    while (asked < queries) {
        peer_open(&world);
        cpu_limit(one_in(&world, 2) ? CPU_PLAIN : one_in(&world, 2) ? CPU_AVX2 : CPU_AVX512);
        for (int i = 0; i < PER_WORLD && asked < queries; i++, asked++) {
            questions[below(&world, sizeof(questions) / sizeof(questions[0]))](&world);
        }
        peer_close(&world);
    }
    cpu_limit(CPU_AVX512);
    assert_true(world.filled > asked / 2); /* most have had something to agree on */
    sqlite3_close(world.db);
    test_dir_remove(&world.dir);
    VEC_FINISH(&world.events);
    strbuf_finish(query);
    strbuf_finish(sql);
    printf("%ld queries\n", asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_that_of_sqlite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
