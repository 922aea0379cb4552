/* retention.c - the query "retention". */
#include <string.h>

#include "insight/query.h"
#include "insight/retention_kernel.h"
#include "insight/sweep.h"

static const char *const firsts[] = {"ever", "in_range", "each", NULL};
static const char *const aligns[] = {"calendar", "elapsed", NULL};
static const char *const units[] = {"day", "week", "month", NULL};
static const char *const types[] = {"classic", "rolling", "bracket", NULL};

/* n x 24 h, by the place in 'units'. */
static const int64_t period_days[] = {1, 7, 30};

#define PERIODS_DEFAULT 12
#define NTH_MAX 1000000
#define BRACKET_MAX 36500

struct retention_plan {
    int first; /* enum retention_first */
    int align; /* 1 = elapsed */
    int by;    /* place in 'units' */
    int type;  /* enum retention_type */
    int64_t nth;
    int64_t periods;
    struct form_list brackets;
};

/* true and false stand for "ever" and "each". */
static enum err parse_first(struct retention_plan *t, struct form *f)
{
    const struct json *first = form_take(f, "first");
    if (!first || first->type != JSON_BOOL) return form_choice(f, "first", firsts, &t->first);
    t->first = first->boolean ? RETENTION_EVER : RETENTION_EACH;
    return ERR_OK;
}

static enum err parse_periods(struct retention_plan *t, struct form *f)
{
    bool bracket = t->type == RETENTION_BRACKET;
    bool has_periods = form_take(f, "periods") != NULL;
    t->periods = PERIODS_DEFAULT;
    TRY(form_int(f, "periods", 1, LIMIT_RETENTION_PERIODS, &t->periods));
    TRY(form_numbers(f, "brackets", 1, BRACKET_MAX, LIMIT_RETENTION_PERIODS, &t->brackets));
    if (bracket && !t->brackets.items) return form_fail(f, "brackets", MSG_MISSING, NULL);
    if (bracket && has_periods) {
        return form_fail(f, "periods", MSG_QUERY_ONLY_WITH, "type classic or rolling");
    }
    if (!bracket && t->brackets.items) {
        return form_fail(f, "brackets", MSG_QUERY_ONLY_WITH, "type bracket");
    }
    if (bracket) t->periods = (int64_t)t->brackets.count;
    return ERR_OK;
}

static void echo(struct plan *p, const struct retention_plan *t)
{
    struct json_writer *w = &p->echo;
    json_key(w, "first");
    json_text(w, firsts[t->first]);
    json_key(w, "nth");
    json_int(w, t->nth);
    json_key(w, "align");
    json_text(w, aligns[t->align]);
    json_key(w, "by");
    json_text(w, units[t->by]);
    json_key(w, "type");
    json_text(w, types[t->type]);
    if (!t->brackets.items) {
        json_key(w, "periods");
        json_int(w, t->periods);
        return;
    }
    json_key(w, "brackets");
    json_begin_array(w);
    for (size_t i = 0; i < t->brackets.count; i++) {
        json_int(w, t->brackets.items[i]);
    }
    json_end_array(w);
}

static enum err parse(struct plan *p, struct form *f)
{
    struct retention_plan *t = arena_alloc(p->arena, sizeof(*t));
    p->own = t;
    t->nth = 1;
    TRY(plan_select_key(p, f, "birth"));
    TRY(plan_select_key(p, f, "return"));
    TRY(parse_first(t, f));
    TRY(form_int(f, "nth", 1, NTH_MAX, &t->nth));
    TRY(form_choice(f, "align", aligns, &t->align));
    TRY(form_choice(f, "by", units, &t->by));
    TRY(form_choice(f, "type", types, &t->type));
    if (t->first == RETENTION_EACH && t->nth != 1) {
        return form_fail(f, "nth", MSG_QUERY_ONLY_WITH, "first ever or in_range");
    }
    TRY(parse_periods(t, f));
    echo(p, t);
    return ERR_OK;
}

static void reply_cohort(const struct plan *p, struct reply *r, const struct retention *table,
                         uint32_t cohort)
{
    const struct retention_settings *s = table->settings;
    int64_t start = s->buckets->starts[cohort];
    reply_row(r);
    reply_time(r, "at", start);
    reply_count(r, "size", table->sizes[cohort]);
    reply_array(r, "returned");
    for (uint32_t k = 0; k < s->periods; k++) {
        /* A period has begun when it has for a member born at the cohort's start. */
        if (retention_start(s, start, cohort, k) > p->in->now) {
            reply_null(r, NULL);
        } else {
            reply_count(r, NULL, table->returned[(size_t)cohort * s->periods + k]);
        }
    }
    reply_array_end(r);
    reply_row_end(r);
}

static void reply_cohorts(const struct plan *p, struct reply *r, const struct retention *table)
{
    struct strbuf header = {0};
    strbuf_add_text(&header, "at,size");
    for (uint32_t k = 0; k < table->settings->periods; k++) {
        strbuf_addf(&header, ",n%u", k);
    }
    reply_list(r, "cohorts", header.p);
    for (uint32_t i = 0; i < table->settings->cohorts; i++) {
        if (table->sizes[i] > 0) reply_cohort(p, r, table, i);
    }
    reply_list_end(r);
    strbuf_finish(&header);
}

/* Whether both select the same rows. */
static bool are_alike(const struct selector *a, const struct selector *b)
{
    if (a->where || b->where || a->all != b->all || a->kind_count != b->kind_count) return false;
    return a->kind_count == 0 || memcmp(a->kinds, b->kinds, a->kind_count * sizeof(*a->kinds)) == 0;
}

static enum err run_in_buckets(struct plan *p, struct reply *r, const struct buckets *buckets,
                               struct why *why)
{
    const struct retention_plan *t = p->own;
    struct retention table;
    struct retention_settings settings = {
        .first = (enum retention_first)t->first,
        .type = (enum retention_type)t->type,
        .elapsed = t->align == 1,
        .nth = (uint32_t)t->nth,
        .periods = (uint32_t)t->periods,
        .period_ms = period_days[t->by] * TIME_DAY,
        .brackets = t->brackets.items,
        .from = p->from,
        .to = p->to,
        .zone = p->in->zone,
        .buckets = buckets,
        .cohorts = (uint32_t)(buckets->count > 0 ? buckets->count - (size_t)t->periods : 0),
    };
    /* The first birth ever may lie before 'from'; returns count up to now, and no further than the
     * last period of who is born last. */
    struct sweep sweep = {
        .plan = p,
        .from = settings.first == RETENTION_EVER ? INT64_MIN : p->from,
        .to = p->in->now + 1,
        .brief_before = settings.nth == 1 ? p->from : 0,
        .members_only = true,
        .kindless = true,
        .spans = retention_takes_spans(&settings, are_alike(&p->selectors[0], &p->selectors[1])),
    };
    if (settings.cohorts > 0 && settings.type != RETENTION_ROLLING) {
        int64_t end = retention_start(&settings, p->to - 1, settings.cohorts - 1, settings.periods);
        if (end < sweep.to) sweep.to = end;
    }
    TRY(sweep_run(&sweep, &retention_kernel, &settings, &table, why));
    reply_cohorts(p, r, &table);
    retention_kernel.finish(&table);
    return ERR_OK;
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const struct retention_plan *t = p->own;
    struct buckets buckets;
    TRY(plan_buckets(p, (enum time_unit)(UNIT_DAY + t->by), 0, (size_t)t->periods, &buckets, why));
    enum err err = run_in_buckets(p, r, &buckets, why);
    buckets_finish(&buckets);
    return err;
}

const struct query_type query_retention = {"retention", TAKES_ALL, false, parse, run};
