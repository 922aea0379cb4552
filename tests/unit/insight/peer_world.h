/* peer_world.h - the same random events in a town (parts, a tail, merged and erased members, late
 * arrivals) and in a table of SQLite, and how an answer of each becomes a list of lines that can be
 * compared.
 *
 * Table e: m member (0 none), n the order of rows within a member, at, kind, g group, amount, ord,
 * city, and by unit u (0 hour, 1 day, 2 week, 3 month) the start su of the bucket and its number
 * iu. Times are ms. Columns are made with the zone's own functions, which have tests of their own.
 */
#pragma once

#include "insight/run.h"
#include "insight/town.h"

#include <sqlite3.h>

#include "eventlog/eventlog_test.h"
#include "eventlog/part_erase.h"

#define PARTS_MAX 4
#define PEER_KINDS 6

static const char *const peer_kinds[PEER_KINDS] = {"page.viewed",    "message.sent", "order.paid",
                                                   "order.refunded", "group.joined", "own.kind"};

struct peer {
    struct rng rng;
    struct town town;
    struct test_dir dir;
    VEC(struct event) events; /* in order of commit */
    struct part *parts[PARTS_MAX];
    uint32_t personas;
    uint32_t member[64]; /* of a persona */
    uint32_t map_persona[64], map_member[64];
    struct persona_map map;
    uint32_t gone_ids[64]; /* of members who were erased */
    struct persona_set gone;
    int64_t begin, end; /* of the events, about */
    sqlite3 *db;
    struct strbuf query, sql; /* the question at hand */
    long filled;              /* answers with anything in them */
};

/* A growing list of lines; sorted before it is compared. */
struct lines {
    VEC(char *) items;
};

static inline void lines_add(struct lines *l, const struct strbuf *line)
{
    VEC_PUSH(&l->items, mem_strdup(line->p ? line->p : ""));
}

static inline int line_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void lines_sort(struct lines *l)
{
    if (l->items.count) qsort(l->items.items, l->items.count, sizeof(char *), line_order);
}

static inline void lines_finish(struct lines *l)
{
    for (size_t i = 0; i < l->items.count; i++) {
        mem_free(l->items.items[i]);
    }
    VEC_FINISH(&l->items);
}

static inline uint64_t below(struct peer *w, uint64_t bound)
{
    return rng_below(&w->rng, bound);
}

static inline bool one_in(struct peer *w, uint64_t n)
{
    return below(w, n) == 0;
}

/* --- events --- */

static inline int64_t random_at(struct peer *w)
{
    const struct zone *z = w->town.insight.zone;
    int64_t at = w->begin + (int64_t)below(w, (uint64_t)(w->end - w->begin));
    size_t count = w->events.count;
    if (one_in(w, 8)) at = zone_bucket_start(z, UNIT_DAY, at) - (int64_t)below(w, 2);
    if (one_in(w, 8)) at = zone_bucket_start(z, UNIT_HOUR, at);
    if (count > 0 && one_in(w, 6)) {
        static const int64_t steps[] = {0, 0, TIME_HOUR, TIME_DAY, 7 * TIME_DAY};
        at = w->events.items[below(w, count)].at + steps[below(w, 5)]; /* ties and windows' edges */
    }
    return at;
}

static inline void random_event(struct peer *w)
{
    static const char *const orders[] = {"A", "B", "C"};
    struct town *t = &w->town;
    char city[8];
    uint32_t persona = one_in(w, 12) ? 0 : 1 + (uint32_t)below(w, w->personas);
    int64_t at = random_at(w);
    struct event *ev = town_add_at(t, persona, at, peer_kinds[below(w, PEER_KINDS)]);
    ev->dim[DIM_GROUP] = (uint32_t)below(w, 4);
    if (!one_in(w, 4)) ev->amount = (int64_t)below(w, 1000) - 50;
    if (one_in(w, 3)) town_set_text(t, ev, "order", orders[below(w, 3)]);
    snprintf(city, sizeof(city), "c%d", (int)below(w, 1 + below(w, 40)));
    char *text = mem_strdup(city);
    VEC_PUSH(&t->allocated, (struct event_prop *)(void *)text);
    if (!one_in(w, 4)) town_set_text(t, ev, "city", text);
    VEC_PUSH(&w->events, *ev);
}

static inline int commit_order(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a;
    const struct event *y = *(const struct event *const *)b;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Events from .. to-1, in order of (persona, at). */
static inline struct part *write_part(struct peer *w, size_t from, size_t to, int number)
{
    struct why why;
    struct part_writer *writer;
    struct part_info info;
    struct part *part;
    char name[32];
    snprintf(name, sizeof(name), "%d.part", number);
    const char *path = test_path(&w->dir, name);
    const struct event **sorted = mem_alloc_array(to - from, sizeof(*sorted));
    for (size_t i = from; i < to; i++) {
        sorted[i - from] = &w->events.items[i];
    }
    qsort(sorted, to - from, sizeof(*sorted), commit_order);
    assert_int_equal(part_create(path, &writer, &why), ERR_OK);
    for (size_t i = 0; i < to - from; i++) {
        assert_int_equal(part_add(writer, sorted[i], &why), ERR_OK);
    }
    assert_int_equal(part_finish(writer, &info, &why), ERR_OK);
    assert_int_equal(part_open(path, &part, &why), ERR_OK);
    mem_free(sorted);
    return part;
}

/* Write a part anew without the erased, if it holds any. */
static inline void erase_from(struct peer *w, struct part **part, int number)
{
    struct why why;
    struct part_info info;
    bool held = false;
    char name[32];
    const struct part_gone out = {w->gone, 0};
    assert_int_equal(part_holds(*part, &out, &held, &why), ERR_OK);
    if (!held) return;
    snprintf(name, sizeof(name), "%d.left", number);
    const char *path = test_path(&w->dir, name);
    assert_int_equal(part_erase(*part, &out, path, &info, &why), ERR_OK);
    part_unref(*part);
    assert_int_equal(part_open(path, part, &why), ERR_OK);
}

static inline bool is_erased(const struct peer *w, const struct event *ev)
{
    return persona_set_has(&w->gone, ev->persona);
}

/* Some of what was committed goes to parts, the rest stays in the tail. */
static inline void commit_all(struct peer *w)
{
    struct snapshot *s = &w->town.snapshot;
    size_t from = 0;
    VEC_RESET(&w->town.events);
    s->parts = w->parts;
    for (uint64_t parts = below(w, PARTS_MAX + 1); parts > 0; parts--) {
        size_t to = from + below(w, w->events.count - from + 1);
        if (to == from) continue;
        w->parts[s->part_count] = write_part(w, from, to, (int)s->part_count);
        erase_from(w, &w->parts[s->part_count], (int)s->part_count);
        s->part_count++;
        from = to;
    }
    for (; from < w->events.count; from++) {
        if (!is_erased(w, &w->events.items[from])) VEC_PUSH(&w->town.events, w->events.items[from]);
    }
    s->personas = &w->map;
}

static inline void random_members(struct peer *w)
{
    w->map = (struct persona_map){0, w->map_persona, w->map_member};
    for (uint32_t p = 0; p <= w->personas; p++) {
        w->member[p] = p;
    }
    for (uint32_t p = 2; p <= w->personas; p++) {
        if (one_in(w, 5)) w->member[p] = w->member[1 + below(w, p - 1)];
    }
    for (uint32_t p = 1; p <= w->personas; p++) {
        uint32_t of_member = 0;
        for (uint32_t q = 1; q <= w->personas; q++) {
            of_member += w->member[q] == w->member[p];
        }
        if (of_member < 2) continue;
        w->map_persona[w->map.count] = p;
        w->map_member[w->map.count++] = w->member[p];
    }
}

/* In some worlds a few members are gone, with all of their personas. */
static inline void random_erasures(struct peer *w)
{
    uint32_t chosen = one_in(w, 3) ? 1 + (uint32_t)below(w, 5) : 0;
    bool gone[64] = {false};
    for (; chosen > 0; chosen--)
        gone[w->member[1 + below(w, w->personas)]] = true;
    w->gone = (struct persona_set){w->gone_ids, 0};
    for (uint32_t p = 1; p <= w->personas; p++) {
        if (gone[w->member[p]]) w->gone_ids[w->gone.count++] = p;
    }
}

/* --- SQLite --- */

static inline void peer_exec(struct peer *w, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(w->db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
}

/* The number of the bucket among those from 'begin' on; earlier ones are below 0. */
static inline int64_t bucket_number(const struct peer *w, enum time_unit unit, int64_t at)
{
    const struct zone *z = w->town.insight.zone;
    int64_t start = zone_bucket_start(z, unit, at);
    if (unit == UNIT_HOUR) return start / TIME_HOUR;
    if (unit == UNIT_DAY) return zone_day(z, start);
    if (unit == UNIT_WEEK) return (zone_day(z, start) + 3) / 7;
    int year, month, day;
    civil_from_day(zone_day(z, start), &year, &month, &day);
    return year * 12 + month;
}

static const struct peer *sort_world; /* of the sort below */

static inline int member_order(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a;
    const struct event *y = *(const struct event *const *)b;
    uint32_t left = sort_world->member[x->persona], right = sort_world->member[y->persona];
    if (left != right) return left < right ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    return x < y ? -1 : x > y;
}

static inline struct str prop_of(const struct event *ev, uint32_t id)
{
    for (uint32_t i = 0; i < ev->prop_count; i++) {
        if (ev->props[i].id == id) return ev->props[i].text;
    }
    return (struct str){NULL, 0};
}

static inline void insert_event(struct peer *w, sqlite3_stmt *s, int64_t n, const struct event *ev)
{
    const struct town *t = &w->town;
    struct str ord = prop_of(ev, t->fold.prop_order);
    struct str city = prop_of(ev, town_prop(&w->town, STR("city"), PROP_TEXT));
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    sqlite3_bind_int64(s, 1, n);
    sqlite3_bind_int64(s, 2, w->member[ev->persona]);
    sqlite3_bind_int64(s, 3, ev->at);
    sqlite3_bind_text(s, 4, t->kinds.names[ev->kind - 1], -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, ev->dim[DIM_GROUP]);
    if (ev->amount != HISTORY_NO_AMOUNT) sqlite3_bind_int64(s, 6, ev->amount);
    if (ord.p) sqlite3_bind_text(s, 7, ord.p, (int)ord.len, SQLITE_STATIC);
    if (city.p) sqlite3_bind_text(s, 8, city.p, (int)city.len, SQLITE_STATIC);
    for (int unit = 0; unit < 4; unit++) {
        enum time_unit u = (enum time_unit)unit;
        sqlite3_bind_int64(s, 9 + unit, zone_bucket_start(t->insight.zone, u, ev->at));
        sqlite3_bind_int64(s, 13 + unit, bucket_number(w, u, ev->at));
    }
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
}

static inline void fill_table(struct peer *w)
{
    size_t count = w->events.count;
    const struct event **sorted = mem_alloc_array(count + 1, sizeof(*sorted));
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &w->events.items[i];
    }
    sort_world = w;
    if (count) qsort(sorted, count, sizeof(*sorted), member_order);
    sqlite3_stmt *s;
    peer_exec(w, "BEGIN; DELETE FROM e");
    int prepared = sqlite3_prepare_v2(
        w->db, "INSERT INTO e VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1, &s, NULL);
    assert_int_equal(prepared, SQLITE_OK);
    for (size_t i = 0; i < count; i++) {
        if (!is_erased(w, sorted[i])) insert_event(w, s, (int64_t)i, sorted[i]);
    }
    sqlite3_finalize(s);
    peer_exec(w, "COMMIT");
    mem_free(sorted);
}

/* --- a world --- */

static inline void peer_open(struct peer *w)
{
    static const char *const zones[] = {"UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns",
                                        "Australia/Lord_Howe"};
    static const int64_t days[] = {2, 20, 60, 400};
    uint64_t size = one_in(w, 40) ? 5000 : one_in(w, 6) ? 800 : 120;
    town_open(&w->town, zones[below(w, 5)], "2025-04-01T00:00:00Z");
    w->end = w->town.insight.now + (one_in(w, 3) ? TIME_DAY : 0); /* some are in the future */
    w->begin = w->end - days[below(w, 4)] * TIME_DAY;
    w->personas = 1 + (uint32_t)below(w, 63);
    random_members(w);
    random_erasures(w);
    VEC_RESET(&w->events);
    for (uint64_t rows = below(w, size); rows > 0; rows--) {
        random_event(w);
    }
    commit_all(w);
    fill_table(w);
}

static inline void peer_close(struct peer *w)
{
    struct snapshot *s = &w->town.snapshot;
    town_close(&w->town);
    for (size_t i = 0; i < s->part_count; i++) {
        part_unref(s->parts[i]);
    }
}

/* --- answers --- */

static inline void add_cell(struct strbuf *line, const char *text)
{
    if (line->len) strbuf_add_text(line, "|");
    strbuf_add_text(line, text);
}

static inline void add_number(struct strbuf *line, double v)
{
    char text[40];
    snprintf(text, sizeof(text), "%.17g", v);
    add_cell(line, text);
}

static inline void sql_lines(struct peer *w, struct lines *out)
{
    sqlite3_stmt *s;
    struct strbuf line = {0};
    if (sqlite3_prepare_v2(w->db, w->sql.p, -1, &s, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sqlite3_errmsg(w->db), w->sql.p);
    }
    while (sqlite3_step(s) == SQLITE_ROW) {
        strbuf_reset(&line);
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            const char *text = (const char *)sqlite3_column_text(s, i);
            if (sqlite3_column_type(s, i) == SQLITE_FLOAT) {
                add_number(&line, sqlite3_column_double(s, i));
            } else {
                add_cell(&line, text ? text : "~");
            }
        }
        lines_add(out, &line);
    }
    sqlite3_finalize(s);
    strbuf_finish(&line);
}

static inline void json_cell(struct strbuf *line, const struct json *j)
{
    int64_t at;
    char text[32];
    if (!j || j->type == JSON_NULL) {
        add_cell(line, "~");
    } else if (j->type == JSON_STRING && time_parse_rfc3339(j->string, &at)) {
        snprintf(text, sizeof(text), "%lld", (long long)at);
        add_cell(line, text);
    } else if (j->type == JSON_STRING) {
        snprintf(text, sizeof(text), STR_FMT, STR_ARG(j->string));
        add_cell(line, text);
    } else if (j->type == JSON_INT) {
        snprintf(text, sizeof(text), "%lld", (long long)j->integer);
        add_cell(line, text);
    } else {
        add_number(line, j->number);
    }
}

/* Both lists, which are freed, must be equal. */
static inline void expect_equal(struct peer *w, struct lines *ours, struct lines *theirs)
{
    lines_sort(ours);
    lines_sort(theirs);
    w->filled += ours->items.count > 0;
    for (size_t i = 0; i < ours->items.count || i < theirs->items.count; i++) {
        const char *x = i < ours->items.count ? ours->items.items[i] : "nothing";
        const char *y = i < theirs->items.count ? theirs->items.items[i] : "nothing";
        if (strcmp(x, y) == 0) continue;
        fail_msg("%s\n%s\nours %s, SQLite's %s", w->query.p, w->sql.p, x, y);
    }
    lines_finish(ours);
    lines_finish(theirs);
}
