/* random_expr.h - random expressions that the checker accepts, as text, from a vocabulary.
 *
 * random_expr() appends one expression; the same generator state gives the same text. Spacing,
 * parentheses and spelling vary, so that the text is seldom canonical. */
#pragma once

#include "base/env.h"
#include "base/str.h"
#include "base/time.h"
#include "expr/expr.h"

/* Lists end with NULL and hold one entry at least. Names stand as they are put between quotes. */
struct random_words {
    const char *const *kinds;
    const char *const *codes; /* of any dimension */
    const char *const *texts; /* for text fields */
    const char *const *props; /* any type may be asked of any of them */
    const char *const *text_traits;
    const char *const *number_traits;
    const char *const *time_traits;
    const char *const *segments; /* NULL: no in_segment() */
    int64_t around;              /* dates and times lie near it, UTC ms */
    const struct zone *zone;
};

struct random_maker {
    struct rng *rng;
    const struct random_words *words;
    struct strbuf *out;
    int calls; /* still allowed */
};

static inline uint64_t random_below(struct random_maker *m, uint64_t bound)
{
    return rng_below(m->rng, bound);
}

static inline void random_put(struct random_maker *m, const char *text)
{
    strbuf_add_text(m->out, text);
}

static inline const char *random_pick(struct random_maker *m, const char *const *list)
{
    size_t n = 0;
    while (list[n]) {
        n++;
    }
    return list[random_below(m, n)];
}

static inline void random_quoted(struct random_maker *m, const char *const *list)
{
    strbuf_addf(m->out, "\"%s\"", random_pick(m, list));
}

static inline void random_duration(struct random_maker *m)
{
    static const int most[] = {400, 60, 300, 100, 9};
    int unit = (int)random_below(m, 5);
    strbuf_addf(m->out, "%d%c", (int)random_below(m, (uint64_t)most[unit]), "dhmsw"[unit]);
}

static inline void random_moment(struct random_maker *m)
{
    char time[40];
    int64_t at = m->words->around + ((int64_t)random_below(m, 800) - 400) * TIME_DAY / 2;
    size_t len;
    switch (random_below(m, 4)) {
    case 0:
        at -= (int64_t)random_below(m, 1000) * TIME_SECOND / 4;
        time_format(m->words->zone, at, time, sizeof(time));
        random_put(m, time);
        return;
    case 1:
        len = time_format(m->words->zone, at, time, sizeof(time));
        strbuf_add(m->out, time, len < 10 ? len : 10);
        return;
    default:
        random_put(m, random_below(m, 2) ? "now" : "today");
        if (random_below(m, 4) == 0) return;
        random_put(m, random_below(m, 4) ? " - " : "+");
        random_duration(m);
        return;
    }
}

static inline void random_number(struct random_maker *m)
{
    static const char *const numbers[] = {
        "0",  "1",    "2",     "3",   "5",   "12",       "23", "100", "7",
        "-1", "-2.5", "12.50", "0.5", "500", "0.000125", "99", "999", "999999999999999.25",
        NULL};
    random_put(m, random_pick(m, numbers));
}

enum random_class {
    RANDOM_NUMBER,
    RANDOM_TEXT,
    RANDOM_CODE,
    RANDOM_BOOL,
    RANDOM_MOMENT,
    RANDOM_LIFECYCLE,
    RANDOM_TRUST,
    RANDOM_CIRCLE,
    RANDOM_ID,
    RANDOM_KIND,
    RANDOM_GROUPS
};

static inline void random_value(struct random_maker *m, enum random_class class)
{
    static const char *const lifecycle[] = {"potential", "新生", "effective", "活跃",
                                            "core",      "休眠", "churned",   NULL};
    static const char *const trust[] = {"unaware", "想知道你", "acquainted", "informed",
                                        "熟悉你",  "bought",   "分享你",     NULL};
    static const char *const circle[] = {"core", "影响层", "periphery", NULL};
    switch (class) {
    case RANDOM_NUMBER:
        random_number(m);
        return;
    case RANDOM_TEXT:
        random_quoted(m, m->words->texts);
        return;
    case RANDOM_CODE:
    case RANDOM_GROUPS:
        random_quoted(m, m->words->codes);
        return;
    case RANDOM_KIND:
        random_quoted(m, m->words->kinds);
        return;
    case RANDOM_BOOL:
        random_put(m, random_below(m, 2) ? "true" : "false");
        return;
    case RANDOM_MOMENT:
        random_moment(m);
        return;
    case RANDOM_LIFECYCLE:
        random_quoted(m, lifecycle);
        return;
    case RANDOM_TRUST:
        random_quoted(m, trust);
        return;
    case RANDOM_CIRCLE:
        random_quoted(m, circle);
        return;
    case RANDOM_ID:
        strbuf_addf(m->out, "\"m%d\"", 1 + (int)random_below(m, 12));
        return;
    }
}

/* The part of a test behind its field. */
static inline void random_tail(struct random_maker *m, enum random_class class)
{
    static const char *const equal[] = {" = ", "=", " != ", NULL};
    static const char *const order[] = {" = ", "!=", " < ", "<=", " > ", " >= ", NULL};
    static const char *const text[] = {" = ", " != ", " < ", " >= ", " ~ ", "~", " ^= ", NULL};
    bool equality = class == RANDOM_BOOL || class == RANDOM_LIFECYCLE || class == RANDOM_CIRCLE ||
                    class == RANDOM_GROUPS;
    bool texts = class == RANDOM_TEXT || class == RANDOM_CODE || class == RANDOM_KIND;
    uint64_t shape = random_below(m, equality ? 8 : 10);
    if (shape == 0) {
        random_put(m, random_below(m, 2) ? " is null" : " is  not null");
    } else if (shape <= 2) {
        random_put(m, random_below(m, 2) ? " in (" : " not in(");
        for (uint64_t i = random_below(m, 3);; i--) {
            random_value(m, class);
            if (i == 0) break;
            random_put(m, random_below(m, 2) ? ", " : ",");
        }
        random_put(m, ")");
    } else if (shape <= 7) {
        random_put(m, random_pick(m, equality ? equal : texts ? text : order));
        random_value(m, class);
    } else {
        random_put(m, random_below(m, 2) ? " between " : " not between ");
        random_value(m, class);
        random_put(m, " and ");
        random_value(m, class);
    }
}

static inline bool random_plain(const char *name)
{
    for (; *name; name++) {
        if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '_')) {
            return false;
        }
    }
    return true;
}

static inline void random_part(struct random_maker *m, const char *before, const char *const *names)
{
    const char *name = random_pick(m, names);
    bool plain = random_plain(name) && random_below(m, 4) != 0;
    strbuf_addf(m->out, plain ? "%s.%s" : "%s.\"%s\"", before, name);
}

static inline void random_event_test(struct random_maker *m)
{
    static const struct {
        const char *name;
        enum random_class class;
    } fields[] = {
        {"kind", RANDOM_KIND},       {"at", RANDOM_MOMENT},     {"hour", RANDOM_NUMBER},
        {"weekday", RANDOM_NUMBER},  {"day", RANDOM_MOMENT},    {"group", RANDOM_CODE},
        {"touchpoint", RANDOM_CODE}, {"campaign", RANDOM_CODE}, {"content", RANDOM_CODE},
        {"staff", RANDOM_CODE},      {"member", RANDOM_ID},     {"other", RANDOM_ID},
        {"amount", RANDOM_NUMBER},
    };
    static const enum random_class props[] = {RANDOM_TEXT, RANDOM_TEXT, RANDOM_NUMBER, RANDOM_BOOL};
    uint64_t i = random_below(m, 18);
    if (i < sizeof(fields) / sizeof(fields[0])) {
        random_put(m, fields[i].name);
        random_tail(m, fields[i].class);
        return;
    }
    random_part(m, "props", m->words->props);
    random_tail(m, props[random_below(m, 4)]);
}

static inline void random_tree(struct random_maker *m, enum expr_about about, int depth);

static inline void random_comparison(struct random_maker *m)
{
    static const char *const order[] = {" = ", "!=", " < ", "<=", " > ", " >= ", " >= ", NULL};
    random_put(m, random_pick(m, order));
    strbuf_addf(m->out, "%d", (int)random_below(m, 4));
}

static inline void random_condition(struct random_maker *m)
{
    static const char *const fields[] = {"kind",       "hour",     "weekday", "day",   "group",
                                         "touchpoint", "campaign", "content", "staff", "other",
                                         "amount",     "at",       "member",  NULL};
    switch (random_below(m, 5)) {
    case 0:
    case 1:
        random_put(m, "count");
        break;
    case 2:
        random_put(m, "days");
        break;
    case 3:
        random_put(m, "sum(amount)");
        break;
    default:
        random_put(m, "distinct(");
        if (random_below(m, 2)) {
            random_put(m, random_pick(m, fields));
        } else {
            random_part(m, "props", m->words->props);
        }
        random_put(m, ")");
        break;
    }
    random_comparison(m);
}

static inline void random_did(struct random_maker *m, int depth)
{
    random_put(m, "did(");
    random_quoted(m, m->words->kinds);
    for (uint64_t i = random_below(m, 3); i > 0; i--) {
        random_put(m, ", ");
        random_condition(m);
    }
    if (random_below(m, 3) == 0) {
        random_put(m, random_below(m, 2) ? ", then " : ", not then ");
        random_quoted(m, m->words->kinds);
        random_put(m, " within ");
        random_duration(m);
    }
    if (random_below(m, 2)) {
        random_put(m, ",within ");
        random_duration(m);
    }
    if (random_below(m, 4) == 0) {
        random_put(m, ", from ");
        random_moment(m);
    }
    if (random_below(m, 4) == 0) {
        random_put(m, ", to ");
        random_moment(m);
    }
    if (random_below(m, 3) == 0) {
        random_put(m, ", where ");
        random_tree(m, EXPR_EVENT, depth - 1);
    }
    random_put(m, ")");
}

static inline void random_call(struct random_maker *m, int depth)
{
    uint64_t what = random_below(m, 16);
    m->calls--;
    if (what <= 9) {
        random_did(m, depth);
        return;
    }
    if (what == 10 && m->words->segments) {
        random_put(m, "in_segment(");
        random_quoted(m, m->words->segments);
        random_put(m, ")");
        return;
    }
    static const char *const calls[] = {"tag(", "in_group(", "staff(", "touchpoint(", NULL};
    if (what <= 13) {
        random_put(m, random_pick(m, calls));
        random_quoted(m, m->words->codes);
        random_put(m, ")");
        return;
    }
    random_put(m, what == 14 ? "consented(" : "experiment(");
    random_quoted(m, m->words->codes);
    if (what == 14) {
        random_put(m, " , ");
        random_quoted(m, m->words->codes);
    }
    random_put(m, ")");
    if (what == 15) random_tail(m, RANDOM_TEXT);
}

static inline void random_member_test(struct random_maker *m)
{
    static const struct {
        const char *name;
        enum random_class class;
    } fields[] = {
        {"id", RANDOM_ID},
        {"created", RANDOM_MOMENT},
        {"joined", RANDOM_MOMENT},
        {"last_seen", RANDOM_MOMENT},
        {"last_interaction", RANDOM_MOMENT},
        {"last_order", RANDOM_MOMENT},
        {"birthday", RANDOM_MOMENT},
        {"lifecycle", RANDOM_LIFECYCLE},
        {"trust", RANDOM_TRUST},
        {"circle", RANDOM_CIRCLE},
        {"circle(\"g1\")", RANDOM_CIRCLE},
        {"source", RANDOM_CODE},
        {"touchpoint", RANDOM_CODE},
        {"groups", RANDOM_GROUPS},
        {"contacts", RANDOM_NUMBER},
        {"returned", RANDOM_BOOL},
        {"outside", RANDOM_BOOL},
        {"reads", RANDOM_BOOL},
        {"silent_buyer", RANDOM_BOOL},
        {"owner", RANDOM_CODE},
        {"orders", RANDOM_NUMBER},
        {"spent", RANDOM_NUMBER},
        {"invited", RANDOM_NUMBER},
        {"qualified", RANDOM_NUMBER},
        {"language", RANDOM_TEXT},
        {"timezone", RANDOM_TEXT},
        {"anniv(birthday)", RANDOM_MOMENT},
        {"anniv(joined)", RANDOM_MOMENT},
        {"last_act", RANDOM_MOMENT},
        {"order_due", RANDOM_MOMENT},
        {"order_gap", RANDOM_NUMBER},
        {"act_days", RANDOM_NUMBER},
        {"usual_days", RANDOM_NUMBER},
        {"pace", RANDOM_NUMBER},
    };
    const uint64_t count = sizeof(fields) / sizeof(fields[0]);
    uint64_t i = random_below(m, count + 3);
    if (i < count) {
        random_put(m, fields[i].name);
        random_tail(m, fields[i].class);
    } else if (i == count) {
        random_part(m, "trait", m->words->text_traits);
        random_tail(m, RANDOM_TEXT);
    } else if (i == count + 1) {
        random_part(m, "trait", m->words->number_traits);
        random_tail(m, RANDOM_NUMBER);
    } else {
        random_part(m, "trait", m->words->time_traits);
        random_tail(m, RANDOM_MOMENT);
    }
}

static inline void random_atom(struct random_maker *m, enum expr_about about, int depth)
{
    if (depth > 0 && random_below(m, 5) == 0) {
        random_put(m, random_below(m, 2) ? "(" : "( ");
        random_tree(m, about, depth - 1);
        random_put(m, ")");
    } else if (random_below(m, 24) == 0) {
        random_put(m, random_below(m, 2) ? "true" : "false");
    } else if (about == EXPR_EVENT) {
        random_event_test(m);
    } else if (m->calls > 0 && random_below(m, 2)) {
        random_call(m, depth);
    } else {
        random_member_test(m);
    }
}

static inline void random_tree(struct random_maker *m, enum expr_about about, int depth)
{
    uint64_t parts = depth > 0 ? random_below(m, 4) : 0;
    for (uint64_t i = 0; i <= parts; i++) {
        if (i) random_put(m, random_below(m, 2) ? " and " : "\n or ");
        if (random_below(m, 5) == 0) random_put(m, "not ");
        random_atom(m, about, depth);
    }
}

/* Append a random expression; 'depth' 0 is one test, 3 is ample. */
static inline void random_expr(struct rng *rng, const struct random_words *words,
                               enum expr_about about, int depth, struct strbuf *out)
{
    struct random_maker maker = {rng, words, out, 20};
    random_tree(&maker, about, depth);
}
