/* peer_ask.h - random filters, ranges and selectors, written for us and for SQLite at once, and
 * asking.
 *
 * Our question grows in w->query, SQLite's in w->sql. */
#pragma once

#include "insight/peer_world.h"

static inline const char *random_kind(struct peer *w)
{
    return peer_kinds[below(w, PEER_KINDS)];
}

/* A condition on events, to both; a SQL condition is never null. */
static inline void event_test(struct peer *w, struct strbuf *ours, struct strbuf *theirs)
{
    int x = (int)below(w, 900);
    switch (below(w, 5)) {
    case 0:
        strbuf_addf(ours, "amount >= %d", x);
        strbuf_addf(theirs, "coalesce(amount >= %d, 0)", x);
        return;
    case 1:
        strbuf_addf(ours, "group = \\\"g%d\\\"", 1 + x % 3);
        strbuf_addf(theirs, "(g = %d)", 1 + x % 3);
        return;
    case 2:
        strbuf_addf(ours, "props.city = \\\"c%d\\\"", x % 5);
        strbuf_addf(theirs, "coalesce(city = 'c%d', 0)", x % 5);
        return;
    case 3:
        strbuf_addf(ours, "kind = \\\"%s\\\"", peer_kinds[x % PEER_KINDS]);
        strbuf_addf(theirs, "(kind = '%s')", peer_kinds[x % PEER_KINDS]);
        return;
    default:
        strbuf_add_text(ours, "amount is null");
        strbuf_add_text(theirs, "(amount IS NULL)");
        return;
    }
}

static inline void event_filter(struct peer *w, struct strbuf *ours, struct strbuf *theirs)
{
    bool negated = one_in(w, 4);
    strbuf_add_text(ours, negated ? "not (" : "(");
    strbuf_add_text(theirs, negated ? "(NOT " : "(");
    event_test(w, ours, theirs);
    strbuf_add_text(ours, ")");
    strbuf_add_text(theirs, ")");
    if (!one_in(w, 3)) return;
    bool either = one_in(w, 2);
    strbuf_add_text(ours, either ? " or " : " and ");
    strbuf_add_text(theirs, either ? " OR " : " AND ");
    event_test(w, ours, theirs);
}

static inline int64_t random_instant(struct peer *w)
{
    int64_t at = w->begin + (int64_t)below(w, (uint64_t)(w->end - w->begin));
    if (one_in(w, 2)) at = zone_bucket_start(w->town.insight.zone, UNIT_DAY, at);
    if (one_in(w, 4) && w->events.count) at = w->events.items[below(w, w->events.count)].at;
    return at < 0 ? 0 : at;
}

static inline void add_instant(struct strbuf *out, const char *key, int64_t at)
{
    char text[64];
    size_t len = time_format(zone_open("UTC"), at, text, sizeof(text));
    strbuf_addf(out, "%s%.*s", key, (int)len, text);
}

/* did() of a member, and the same of the rows of a group of e. */
static inline void member_test(struct peer *w, struct strbuf *ours, struct strbuf *theirs)
{
    const char *kind = random_kind(w);
    int count = (int)below(w, 4);
    int64_t now = w->town.insight.now;
    strbuf_addf(ours, "did(\\\"%s\\\"", kind);
    struct strbuf rows = {0};
    strbuf_addf(&rows, "kind = '%s' AND at <= %lld", kind, (long long)now);
    int measure = (int)below(w, 4);
    static const char *const ops[] = {">=", "<", "=", "!="};
    const char *op = ops[below(w, 4)];
    if (measure == 1) strbuf_addf(ours, ", count %s %d", op, count);
    if (measure == 2) strbuf_addf(ours, ", days %s %d", op, count);
    if (measure == 3) strbuf_addf(ours, ", sum(amount) %s %d", op, count * 500);
    if (one_in(w, 3)) {
        int days = 1 + (int)below(w, 40);
        strbuf_addf(ours, ", within %dd", days);
        strbuf_addf(&rows, " AND at > %lld", (long long)(now - days * TIME_DAY));
    } else if (one_in(w, 2)) {
        int64_t from = random_instant(w), to = random_instant(w);
        add_instant(ours, ", from ", from);
        strbuf_addf(&rows, " AND at >= %lld", (long long)from);
        if (one_in(w, 2) && to > from) {
            add_instant(ours, ", to ", to);
            strbuf_addf(&rows, " AND at < %lld", (long long)to);
        }
    }
    if (one_in(w, 4)) {
        strbuf_add_text(ours, ", where ");
        strbuf_add_text(&rows, " AND (");
        event_filter(w, ours, &rows);
        strbuf_add_text(&rows, ")");
    }
    strbuf_add_text(ours, ")");
    if (measure == 0) strbuf_addf(theirs, "(sum(%s) > 0)", rows.p);
    if (measure == 1) strbuf_addf(theirs, "(sum(%s) %s %d)", rows.p, op, count);
    if (measure == 2) {
        strbuf_addf(theirs, "(count(DISTINCT CASE WHEN %s THEN iu1 END) %s %d)", rows.p, op, count);
    }
    if (measure == 3) {
        strbuf_addf(theirs, "(coalesce(sum(CASE WHEN %s THEN amount END), 0) %s %d)", rows.p, op,
                    count * 500);
    }
    strbuf_finish(&rows);
}

static inline void member_filter(struct peer *w, struct strbuf *ours, struct strbuf *theirs)
{
    for (uint64_t parts = 1 + below(w, 3), i = 0; i < parts; i++) {
        bool either = one_in(w, 3), negated = one_in(w, 3);
        if (i > 0) strbuf_add_text(ours, either ? " or " : " and ");
        if (i > 0) strbuf_add_text(theirs, either ? " OR " : " AND ");
        if (negated) strbuf_add_text(ours, "not ");
        if (negated) strbuf_add_text(theirs, "NOT ");
        member_test(w, ours, theirs);
    }
}

struct range {
    int64_t from, to;
};

/* Begin both questions: the common fields, and "WITH f AS (the rows that are let through)". 'all'
 * leaves 'from' out of f, and nobody's events with it when 'members'. */
static inline struct range begin(struct peer *w, const char *name, bool all, bool members)
{
    struct range r = {random_instant(w), random_instant(w)};
    if (r.from > r.to) r = (struct range){r.to, r.from};
    r.to += r.to == r.from;
    if (r.to > w->town.insight.now) r.to = w->town.insight.now;
    if (r.from >= r.to) r.from = r.to - 1;
    w->town.insight.workers = (int[]){1, 2, 7}[below(w, 3)];
    strbuf_reset(&w->query);
    strbuf_reset(&w->sql);
    strbuf_addf(&w->query, "{\"%s\":{", name);
    bool sticky = strcmp(name, "stickiness") == 0;
    if (!sticky) add_instant(&w->query, "\"from\":\"", r.from);
    if (!sticky) strbuf_add_text(&w->query, "\",");
    add_instant(&w->query, strcmp(name, "rfm") == 0 ? "\"as_of\":\"" : "\"to\":\"", r.to);
    strbuf_add_text(&w->query, "\"");
    strbuf_add_text(&w->sql, "WITH f AS (SELECT * FROM e WHERE 1");
    if (!all) {
        strbuf_addf(&w->sql, " AND at >= %lld AND at < %lld", (long long)r.from, (long long)r.to);
    }
    if (members) strbuf_add_text(&w->sql, " AND m > 0");
    if (one_in(w, 3)) {
        strbuf_add_text(&w->query, ",\"where\":\"");
        strbuf_add_text(&w->sql, " AND (");
        event_filter(w, &w->query, &w->sql);
        strbuf_add_text(&w->query, "\"");
        strbuf_add_text(&w->sql, ")");
    }
    if (one_in(w, 4)) {
        strbuf_add_text(&w->query, ",\"who\":\"");
        strbuf_add_text(&w->sql, " AND m IN (SELECT m FROM e WHERE m > 0 GROUP BY m HAVING ");
        member_filter(w, &w->query, &w->sql);
        strbuf_add_text(&w->query, "\"");
        strbuf_add_text(&w->sql, ")");
    }
    strbuf_add_text(&w->sql, ")");
    return r;
}

/* A selector's fields, and its condition. */
static inline void selector(struct peer *w, struct strbuf *theirs)
{
    strbuf_add_text(theirs, "(");
    if (one_in(w, 5)) {
        strbuf_add_text(&w->query, "\"kind\":\"*\"");
        strbuf_add_text(theirs, "1");
    } else {
        const char *a = random_kind(w), *b = random_kind(w);
        strbuf_addf(&w->query, "\"kind\":[\"%s\",\"%s\"]", a, b);
        strbuf_addf(theirs, "kind IN ('%s','%s')", a, b);
    }
    if (one_in(w, 4)) {
        strbuf_add_text(&w->query, ",\"where\":\"");
        strbuf_add_text(theirs, " AND (");
        event_filter(w, &w->query, theirs);
        strbuf_add_text(&w->query, "\"");
        strbuf_add_text(theirs, ")");
    }
    strbuf_add_text(theirs, ")");
}

/* Kinds alone. */
static inline void kinds(struct peer *w)
{
    if (one_in(w, 2)) {
        strbuf_add_text(&w->sql, ", s AS (SELECT * FROM f)");
        return; /* "*" */
    }
    const char *a = random_kind(w), *b = random_kind(w);
    strbuf_addf(&w->query, ",\"kind\":[\"%s\",\"%s\"]", a, b);
    strbuf_addf(&w->sql, ", s AS (SELECT * FROM f WHERE kind IN ('%s','%s'))", a, b);
}

static inline const struct json *ask(struct peer *w, const char *list)
{
    strbuf_add_text(&w->query, "}}");
    enum err err = town_ask_form(&w->town, strbuf_str(&w->query), INSIGHT_JSON);
    if (err != ERR_OK) fail_msg("%s: refused at %s", w->query.p, w->town.why.field);
    const struct json *found = town_get(&w->town, list);
    assert_non_null(found);
    return found;
}

/* Our lines: the fields of each item of a list. */
static inline void item_lines(const struct json *list, const char *const *fields, struct lines *out)
{
    struct strbuf line = {0};
    for (size_t i = 0; i < list->count; i++) {
        strbuf_reset(&line);
        for (const char *const *field = fields; *field; field++) {
            json_cell(&line, json_get(&list->items[i], *field));
        }
        lines_add(out, &line);
    }
    strbuf_finish(&line);
}
