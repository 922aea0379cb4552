/* bench_ask.c - ask, time, and reduce to rows.
 *
 * The clock of the queries stands at the end of the bench's time, so that an answer does not depend
 * on the day it is asked. What is timed is from the text of the query to the text of the reply. */
#include "main/bench_ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/vec.h"
#include "insight/insight.h"
#include "main/bench_data.h"
#include "main/bench_load.h"
#include "main/bench_probe.h"

#define NOW ((int64_t)BENCH_END * 1000)
#define MONDAY (BENCH_END / 86400 - 87) /* the day of the first week asked about: 2025-10-06 */
#define WEEKS 12
#define PATHS_KEPT 20
#define CELLS_MAX 5

/* Rows of an answer, cell after cell. */
struct cells {
    size_t columns;
    VEC(int64_t) values;
    bool odd; /* the reply is not of the form it should have */
};

/* ---- reading replies ---- */

static void add_row(struct cells *c, const int64_t *row, size_t columns)
{
    c->columns = columns;
    for (size_t i = 0; i < columns; i++)
        VEC_PUSH(&c->values, row[i]);
}

static const struct json *list(const struct json *reply, const char *key, struct cells *out)
{
    static const struct json none = {.type = JSON_ARRAY};
    const struct json *found = json_get(reply, key);
    if (found && found->type == JSON_ARRAY) return found;
    out->odd = true;
    return &none;
}

static int64_t number(const struct json *row, const char *key)
{
    const struct json *value = json_get(row, key);
    return value && value->type == JSON_INT ? value->integer : -1;
}

static int64_t day_of(const struct json *row)
{
    int64_t at;
    const struct json *value = json_get(row, "at");
    return value && time_parse_rfc3339(value->string, &at) ? at / TIME_DAY : -1;
}

static int64_t kind_of(struct str name)
{
    for (uint32_t kind = 0; kind < BENCH_KINDS; kind++) {
        if (str_is(name, bench_kind_name(kind))) return kind;
    }
    return -1;
}

/* (day, kind, events) that are not 0, by day and kind. */
static int by_cells(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    int order = (x[0] > y[0]) - (x[0] < y[0]);
    return order ? order : (x[1] > y[1]) - (x[1] < y[1]);
}

static void trend_rows(const struct json *reply, struct cells *out)
{
    const struct json *points = list(reply, "points", out);
    for (size_t i = 0; i < points->count; i++) {
        const struct json *point = &points->items[i], *key = json_get(point, "key");
        int64_t events = number(point, "value");
        if (events == 0) continue;
        add_row(out, (int64_t[]){day_of(point), key ? kind_of(key->string) : -1, events}, 3);
    }
    if (out->values.count)
        qsort(out->values.items, out->values.count / 3, 3 * sizeof(int64_t), by_cells);
}

/* (day, members) that are not 0. */
static void dau_rows(const struct json *reply, struct cells *out)
{
    const struct json *points = list(reply, "points", out);
    for (size_t i = 0; i < points->count; i++) {
        int64_t members = number(&points->items[i], "value");
        if (members) add_row(out, (int64_t[]){day_of(&points->items[i]), members}, 2);
    }
}

/* (step from 1, members that reached it). */
static void funnel_rows(const struct json *reply, struct cells *out)
{
    const struct json *steps = list(reply, "steps", out);
    for (size_t i = 0; i < steps->count; i++)
        add_row(out, (int64_t[]){(int64_t)i + 1, number(&steps->items[i], "members")}, 2);
}

/* (week of the first event in range, weeks later, members), the weeks asked about only; 0 weeks
 * later are all of the cohort. */
static void retention_rows(const struct json *reply, struct cells *out)
{
    const struct json *cohorts = list(reply, "cohorts", out);
    for (size_t i = 0; i < cohorts->count; i++) {
        const struct json *cohort = &cohorts->items[i];
        const struct json *returned = list(cohort, "returned", out);
        int64_t week = (day_of(cohort) - MONDAY) / 7;
        add_row(out, (int64_t[]){week, 0, number(cohort, "size")}, 3);
        for (size_t k = 1; k < returned->count && week + (int64_t)k < WEEKS; k++) {
            int64_t members = returned->items[k].integer;
            if (members) add_row(out, (int64_t[]){week, (int64_t)k, members}, 3);
        }
    }
}

static void segment_rows(const struct json *reply, struct cells *out)
{
    add_row(out, (int64_t[]){number(reply, "members")}, 1);
}

/* (r, f, m, members) */
static void rfm_rows(const struct json *reply, struct cells *out)
{
    const struct json *found = list(reply, "cells", out);
    for (size_t i = 0; i < found->count; i++) {
        const struct json *cell = &found->items[i];
        add_row(out,
                (int64_t[]){number(cell, "r"), number(cell, "f"), number(cell, "m"),
                            number(cell, "members")},
                4);
    }
}

/* (path, occurrences) of the most frequent whole paths, ties by path; a path is its three kinds in
 * base 20. */
static int by_occurrences(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    int order = (x[1] < y[1]) - (x[1] > y[1]);
    return order ? order : (x[0] > y[0]) - (x[0] < y[0]);
}

static void paths_rows(const struct json *reply, struct cells *out)
{
    const struct json *paths = list(reply, "paths", out);
    for (size_t i = 0; i < paths->count; i++) {
        const struct json *kinds = json_get(&paths->items[i], "kinds");
        if (!kinds || kinds->count != 3) continue;
        int64_t path = 0;
        for (size_t k = 0; k < 3; k++)
            path = path * BENCH_KINDS + kind_of(kinds->items[k].string);
        add_row(out, (int64_t[]){path, number(&paths->items[i], "occurrences")}, 2);
    }
    if (out->values.count == 0) return;
    qsort(out->values.items, out->values.count / 2, 2 * sizeof(int64_t), by_occurrences);
    if (out->values.count > 2 * PATHS_KEPT) out->values.count = 2 * PATHS_KEPT;
}

/* (week, new, returning, resurrected, dormant), from the second week on: the first has none before
 * it to be compared with. */
static void lifecycle_rows(const struct json *reply, struct cells *out)
{
    const struct json *points = list(reply, "points", out);
    for (size_t i = 1; i < points->count; i++) {
        const struct json *p = &points->items[i];
        add_row(out,
                (int64_t[]){(int64_t)i, number(p, "new"), number(p, "returning"),
                            number(p, "resurrected"), number(p, "dormant")},
                5);
    }
}

static const struct question {
    const char *name;
    const char *json;
    void (*rows)(const struct json *reply, struct cells *out);
} questions[BENCH_QUESTIONS] = {
    {"trend",
     "{\"trend\": {\"breakdown\": \"kind\", \"from\": \"2025-01-01\", \"to\": \"2026-01-01\"}}",
     trend_rows},
    {"dau",
     "{\"trend\": {\"measure\": \"members\", \"from\": \"2025-01-01\", \"to\": \"2026-01-01\"}}",
     dau_rows},
    {"funnel",
     "{\"funnel\": {\"steps\": [{\"kind\": \"page.viewed\"}, {\"kind\": \"touchpoint.clicked\"},"
     " {\"kind\": \"coupon.viewed\"}, {\"kind\": \"order.paid\"}], \"window\": \"7d\","
     " \"from\": \"2025-10-03\", \"to\": \"2026-01-01\"}}",
     funnel_rows},
    {"retention",
     "{\"retention\": {\"birth\": {\"kind\": \"*\"}, \"return\": {\"kind\": \"*\"},"
     " \"first\": \"in_range\", \"by\": \"week\", \"periods\": 12,"
     " \"from\": \"2025-10-06\", \"to\": \"2025-12-29\"}}",
     retention_rows},
    {"segment",
     "{\"segment\": {\"expr\": \"did(\\\"checkin.done\\\", count >= 3, from 2025-12-02, to "
     "2026-01-01) and not did(\\\"live.watched\\\", from 2025-12-02, to 2026-01-01)\"}}",
     segment_rows},
    {"rfm",
     "{\"rfm\": {\"as_of\": \"2026-01-01\", \"cuts\": {\"r\": [7, 30, 90, 180],"
     " \"f\": [2, 5, 10, 20], \"m\": [1000, 5000, 10000, 20000]}}}",
     rfm_rows},
    {"paths",
     "{\"paths\": {\"anchor\": {\"kind\": \"coupon.viewed\"}, \"depth\": 3, \"within\": null,"
     " \"top\": 1000, \"from\": \"2025-10-03\", \"to\": \"2026-01-01\"}}",
     paths_rows},
    {"lifecycle",
     "{\"activity\": {\"by\": \"week\", \"from\": \"2025-10-06\", \"to\": \"2025-12-29\"}}",
     lifecycle_rows},
    {"funnel20",
     "{\"funnel\": {\"steps\": [{\"kind\": \"page.viewed\"}, {\"kind\": \"touchpoint.clicked\"},"
     " {\"kind\": \"coupon.viewed\"}, {\"kind\": \"order.paid\"}, {\"kind\": \"content.viewed\"},"
     " {\"kind\": \"message.sent\"}, {\"kind\": \"message.reacted\"}, {\"kind\": \"checkin.done\"},"
     " {\"kind\": \"content.shared\"}, {\"kind\": \"live.watched\"}, {\"kind\": "
     "\"survey.answered\"},"
     " {\"kind\": \"search.done\"}, {\"kind\": \"video.played\"}, {\"kind\": \"file.opened\"},"
     " {\"kind\": \"cart.changed\"}, {\"kind\": \"group.opened\"}, {\"kind\": \"favorite.added\"},"
     " {\"kind\": \"form.returned\"}, {\"kind\": \"call.made\"}, {\"kind\": \"game.played\"}],"
     " \"window\": \"7d\", \"from\": \"2025-10-03\", \"to\": \"2026-01-01\"}}",
     funnel_rows},
    {"month",
     "{\"trend\": {\"breakdown\": \"kind\", \"from\": \"2025-12-02\", \"to\": \"2026-01-01\"}}",
     trend_rows},
};

const char *bench_question_name(int i)
{
    return questions[i].name;
}

const char *bench_question_json(int i)
{
    return questions[i].json;
}

/* ---- asking ---- */

static uint64_t mono_ns(void *ctx)
{
    return env_mono_ns(ctx);
}

/* One run: the reply is appended to 'reply'. */
static enum err ask_once(struct brand *b, const char *json, int threads, struct budget *budget,
                         struct strbuf *reply, struct why *why)
{
    union {
        const struct env *from;
        void *to;
    } env = {.from = brand_env(b)};
    struct expr_catalog catalog;
    struct fold_names fold = {.zone = brand_zone(b), .kind_lifecycle = -1, .kind_trust = -1};
    struct snapshot *snapshot = brand_snapshot(b);
    fold_rules_default(&fold.rules);
    brand_catalog(b, &catalog);
    *budget = (struct budget){
        .mono_ns = mono_ns, .ctx = env.to, .bytes_left = (uint64_t)LIMIT_QUERY_MEMORY};
    struct insight in = {
        .snapshot = snapshot,
        .catalog = &catalog,
        .fold = &fold,
        .zone = brand_zone(b),
        .env = brand_env(b),
        .now = NOW,
        .workers = threads,
        .budget = budget,
    };
    enum err err = insight_query(&in, str_of(json), INSIGHT_JSON, reply, why);
    brand_snapshot_release(snapshot);
    return err;
}

/* The rows of a reply as text. */
static enum err rows_text(const struct question *q, struct str reply, struct strbuf *out,
                          struct why *why)
{
    struct arena *arena = arena_create(0);
    struct cells cells = {0};
    const struct json *json;
    enum err err = json_parse(arena, reply, &json, why);
    if (err == ERR_OK) q->rows(json, &cells);
    bool sound = !cells.odd;
    for (size_t i = 0; i < cells.values.count; i++) {
        sound &= cells.values.items[i] >= 0;
        bool last = (i + 1) % cells.columns == 0;
        strbuf_addf(out, "%lld%c", (long long)cells.values.items[i], last ? '\n' : ',');
    }
    if (err == ERR_OK && !sound) err = why_fail(why, ERR_INTERNAL, MSG_BENCH_REPLY, q->name, NULL);
    VEC_FINISH(&cells.values);
    arena_destroy(arena);
    return err;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(double *seconds, int runs, struct bench_answer *out)
{
    qsort(seconds, (size_t)runs, sizeof(*seconds), by_size);
    out->min_s = seconds[0];
    out->median_s = (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2;
}

/* Ask o->runs + 1 times; 'text' becomes the rows, the same each time. */
static enum err ask_all(struct brand *b, const struct question *q,
                        const struct bench_ask_options *o, struct strbuf *text,
                        struct bench_answer *out, struct why *why)
{
    struct strbuf reply = {0}, again = {0};
    double seconds[BENCH_RUNS_MAX];
    struct budget budget;
    enum err err = ERR_OK;
    for (int run = -1; run < o->runs && err == ERR_OK; run++) {
        strbuf_reset(&reply);
        strbuf_reset(&again);
        if (o->before) err = o->before(b, why);
        if (err != ERR_OK) break;
        uint64_t began = env_mono_ns(brand_env(b)), used = bench_probe_cpu_ns();
        err = ask_once(b, q->json, o->threads, &budget, &reply, why);
        uint64_t ns = env_mono_ns(brand_env(b)) - began;
        double cpu_s = (double)(bench_probe_cpu_ns() - used) / 1e9;
        if (run >= 0) seconds[run] = (double)ns / 1e9;
        if (run <= 0 || cpu_s < out->cpu_s) out->cpu_s = cpu_s;
        if (run < 0) out->peak_bytes = bench_probe_peak();
        if (err == ERR_OK) err = rows_text(q, strbuf_str(&reply), run < 0 ? text : &again, why);
        if (err == ERR_OK && run >= 0 && !str_eq(strbuf_str(text), strbuf_str(&again)))
            err = why_fail(why, ERR_INTERNAL, MSG_BENCH_DIFFERS, q->name, NULL);
    }
    if (err == ERR_OK) measure(seconds, o->runs, out);
    out->bytes_touched = atomic_load(&budget.bytes_read);
    out->rows_touched = atomic_load(&budget.rows);
    strbuf_finish(&reply);
    strbuf_finish(&again);
    return err;
}

static enum err dump(const struct question *q, const char *dir, struct str text, struct why *why)
{
    char path[600];
    snprintf(path, sizeof(path), "%.500s/%s", dir, q->name);
    TRY(fs_make_dir(dir, why));
    return fs_publish(path, text.p, text.len, why);
}

enum err bench_ask(struct brand *b, int i, const struct bench_ask_options *o,
                   struct bench_answer *out, struct why *why)
{
    const struct question *q = &questions[i];
    struct strbuf text = {0};
    char hex[65];
    *out = (struct bench_answer){0};
    bench_probe_reset();
    enum err err = ask_all(b, q, o, &text, out, why);
    if (err == ERR_OK) {
        struct sha256 hash = sha256_of(text.p, text.len);
        hex_encode(hash.bytes, sizeof(hash.bytes), hex);
        memcpy(out->hash, hex, sizeof(out->hash) - 1);
        for (size_t k = 0; k < text.len; k++)
            out->rows += text.p[k] == '\n';
    }
    if (err == ERR_OK && o->dump) err = dump(q, o->dump, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}
