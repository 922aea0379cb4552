/* sections.h - the figures that the report and the page show, asked once and kept as JSON trees. */
#pragma once

#include "base/json.h"
#include "brand/brand.h"
#include "groups/groups.h"
#include "people/fold.h"

struct sections {
    int64_t from, to;          /* [from, to) as asked, made definite */
    int64_t first_at, last_at; /* of the first and last event; TIME_NONE = there are none */
    int64_t flow_from;         /* of the lifecycle's flow: 28 days before 'to', not before 'from' */
    bool ended;                /* the last event is so old that 'to' is its end, not now */
    const struct json
        *lifecycle;           /* stock by week over the range; flow, arrived of its last 28 days */
    const struct json *days;  /* trend of all kinds by day: points */
    const struct json *kinds; /* points {key, value} over the whole range, largest first */
    const struct json *retention; /* weekly cohorts, 12 periods */
    const struct json *rfm;       /* cells; NULL unless asked for */
    const struct json *repeat;    /* NULL when there are too few orders to fit */
    const struct json *now;       /* lifecycle stock at 'to': one bucket */
    struct group_row *groups;
    size_t group_count;
    uint64_t members; /* in some stage at 'to', visitors apart */
    uint64_t active;  /* members with any event in the 28 days before 'to' */
    uint64_t events;  /* in [from, to) */
};

/* What is asked: [from, to), TIME_NONE = since the first event, until now (or
 * the end of a history that ended long ago); 'buying' adds rfm and
 * repeat, which take longest and which the page does without. */
struct sections_range {
    int64_t from, to;
    bool buying;
    /* Appends the reply of the question "lifecycle" by week over [from, to), flow_from in it; NULL:
     * the question is asked. */
    enum err (*stages)(void *ctx, const struct sections *s, struct strbuf *out, struct why *why);
    void *ctx;
    struct budget *budget; /* of each question, to be cancelled by; NULL = none */
    struct str within; /* an expression: of these members only, without groups; {NULL, 0} = all */
};
/* Only from, to, first_at, last_at and ended. */
MUST_CHECK enum err sections_bound(struct brand *b, const struct sections_range *range,
                                   struct sections *out, struct why *why);
/* Fill from the log; everything lives in 'arena'. */
MUST_CHECK enum err sections_ask(struct brand *b, const struct sections_range *range,
                                 struct arena *arena, struct sections *out, struct why *why);
/* A number inside a tree: 0 when absent. */
int64_t sections_int(const struct json *object, const char *key);

/* Kinds of 's->kinds' with their events added up over its buckets, most first and the rest
 * of the kinds ("$rest") last. Returns how many. */
struct report_kind {
    struct str kind;
    int64_t events;
};
size_t report_kinds(const struct sections *s, struct arena *arena, struct report_kind **out);
bool report_kind_is_rest(struct str kind);
/* Members by recency and frequency scores 1 .. 5; false when there are none. */
struct report_grid {
    uint64_t members[6][6];
};
bool report_rfm(const struct sections *s, struct report_grid *out);
/* One sentence of 's->repeat', also when it is NULL or no model fits. */
void report_repeat_line(const struct brand *b, const struct sections *s, enum lang lang,
                        struct strbuf *out);
