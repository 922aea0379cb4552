/* eval_did.c - did(): the rows of one kind within a window, and what they count.
 *
 * 1. A member's rows ascend by time, so a window is two binary searches.
 * 2. The set is visited once, in order; a sequence looks for its second kind with a place that only
 *    moves forward.
 * 3. Distinct values are kept on the heap, since only the member's history bounds their number;
 * they are freed before eval_did() returns. */
#include <math.h>

#include "base/map.h"
#include "expr/eval.h"

struct span eval_did_span(const struct expr_context *c, const struct did *did)
{
    struct span span = {INT64_MIN, c->now};
    if (did->has_within) span.first = c->now - did->within_ms + 1;
    if (did->has_from) {
        int64_t from = eval_start(c, &did->from);
        if (from > span.first) span.first = from;
    }
    if (did->has_to) {
        int64_t to = eval_start(c, &did->to);
        if (to <= span.last) span.last = to - 1;
    }
    return span;
}

void eval_window(const struct eval *v, const struct did *did, struct window *w)
{
    const struct history *h = v->history;
    struct span span = eval_did_span(v->context, did);
    uint32_t first = h->off[v->index], end = h->off[v->index + 1];
    bool all_known = first == end || h->at[end - 1] <= v->context->now; /* as a rule */
    w->known = all_known ? end : history_row_at(h->at, first, end, v->context->now + 1);
    w->end = span.last == v->context->now ? w->known
                                          : history_row_at(h->at, first, w->known, span.last + 1);
    w->first = history_row_at(h->at, first, w->end, span.first);
}

/* Does an event of the second kind follow the row in time? */
static bool followed(const struct eval *v, const struct did *did, const struct window *w,
                     uint32_t row, uint32_t *then)
{
    const struct history *h = v->history;
    if (*then <= row) *then = row + 1;
    while (*then < w->known && h->kind[*then] != did->then.code) {
        ++*then;
    }
    return *then < w->known && h->at[*then] - h->at[row] <= did->then_ms;
}

uint32_t eval_did_next(const struct eval *v, const struct did *did, const struct window *w,
                       uint32_t from, uint32_t *then)
{
    const uint16_t *kind = v->history->kind;
    for (uint32_t row = from; row < w->end; row++) {
        if (kind[row] != did->kind.code) continue;
        if (did->has_then && followed(v, did, w, row, then) == did->then_not) continue;
        if (!did->where || eval_event(v, did->where, row)) return row;
    }
    return w->end;
}

/* What one condition has seen. */
struct gauge {
    double sum;             /* MEASURE_SUM */
    uint32_t days;          /* MEASURE_DAYS: days seen */
    int32_t latest;         /* the latest of them */
    bool before_latest;     /* and whether the day before it is one */
    struct intmap *numbers; /* MEASURE_DISTINCT: numbers and times, by their bits */
    struct map *texts;
    uint32_t truths; /* 1 false seen, 2 true seen */
};

/* Where clocks go back over midnight a day comes twice, so one day back is possible; two are not.
 */
static void add_day(struct gauge *g, int32_t day)
{
    if (g->days && day == g->latest) return;
    if (g->days && day < g->latest) {
        if (!g->before_latest) g->days++;
        g->before_latest = true;
        return;
    }
    g->before_latest = g->days && day == g->latest + 1;
    g->latest = day;
    g->days++;
}

static void add_number(struct gauge *g, double number)
{
    uint64_t bits;
    number += 0.0; /* -0 is 0 */
    memcpy(&bits, &number, sizeof(bits));
    if (!g->numbers) g->numbers = intmap_create();
    intmap_put(g->numbers, bits, 1);
}

static void add_text(const struct expr_context *c, struct gauge *g, struct str text)
{
    struct arena_mark mark = arena_mark(c->scratch);
    struct arena *scratch = c->scratch;
    if (!g->texts) g->texts = map_create();
    map_put(g->texts, eval_nfc(&scratch, text), 1);
    arena_rewind(c->scratch, mark);
}

static void add_value(const struct expr_context *c, struct gauge *g, const struct expr_value *value)
{
    if (eval_is_null(value)) return;
    if (value->type == TYPE_TEXT) add_text(c, g, value->text);
    if (value->type == TYPE_BOOL) g->truths |= value->boolean ? 2 : 1;
    if (value->type == TYPE_NUMBER) add_number(g, value->number);
    if (value->type == TYPE_TIME || value->type == TYPE_DATE) add_number(g, (double)value->time);
}

static void add_row(const struct eval *v, const struct condition *condition, struct gauge *g,
                    uint32_t row)
{
    struct expr_value value;
    const struct subject *s = &condition->subject;
    switch (condition->measure) {
    case MEASURE_COUNT:
        return;
    case MEASURE_DAYS:
        add_day(g, zone_day(v->context->zone, v->history->at[row]));
        return;
    case MEASURE_SUM:
        eval_event_value(v, s, false, row, &value);
        if (value.type == TYPE_NUMBER) g->sum += value.number;
        return;
    case MEASURE_DISTINCT:
        if (s->event != EVENT_PROP) {
            eval_event_value(v, s, false, row, &value);
            add_value(v->context, g, &value);
            return;
        }
        for (int type = PROP_TEXT; type <= PROP_BOOL; type++) {
            eval_prop(v, s, (enum prop_type)type, row, &value);
            add_value(v->context, g, &value);
        }
        return;
    }
}

static double distinct_count(const struct gauge *g)
{
    size_t count = (g->truths & 1) + (g->truths >> 1);
    if (g->numbers) count += intmap_count(g->numbers);
    if (g->texts) count += map_count(g->texts);
    return (double)count;
}

static bool condition_holds(const struct condition *c, const struct gauge *g, uint32_t count)
{
    double x = count;
    if (c->measure == MEASURE_DAYS) x = g->days;
    if (c->measure == MEASURE_SUM) x = g->sum;
    if (c->measure == MEASURE_DISTINCT) x = distinct_count(g);
    switch (c->op) {
    case OP_EQ:
        return x == c->number;
    case OP_NE:
        return x != c->number;
    case OP_LT:
        return x < c->number;
    case OP_LE:
        return x <= c->number;
    case OP_GT:
        return x > c->number;
    default:
        return x >= c->number;
    }
}

static uint32_t older_of(const struct eval *v, const struct did *did)
{
    const uint32_t *older = v->history->older;
    return older && did->kind.code >= 0 && eval_did_ever(did) ? older[did->kind.code] : 0;
}

static uint32_t measure(const struct eval *v, const struct did *did, const struct window *w,
                        struct gauge *gauges)
{
    uint32_t count = older_of(v, did), then = w->first;
    if (count && !did->conditions) return count;
    uint32_t row = eval_did_next(v, did, w, w->first, &then);
    for (; row < w->end; row = eval_did_next(v, did, w, row + 1, &then)) {
        count++;
        if (!did->conditions) return count;
        struct gauge *g = gauges;
        for (const struct condition *c = did->conditions; g && c; c = c->next) {
            add_row(v, c, g++, row);
        }
    }
    return count;
}

static size_t condition_count(const struct did *did)
{
    size_t n = 0;
    for (const struct condition *c = did->conditions; c; c = c->next) {
        n++;
    }
    return n;
}

bool eval_did_counts(const struct did *did, uint32_t count)
{
    static const struct gauge none;
    bool holds = did->conditions || count > 0;
    for (const struct condition *c = did->conditions; holds && c; c = c->next) {
        holds = condition_holds(c, &none, count);
    }
    return holds;
}

bool eval_did_none(const struct did *did)
{
    return eval_did_counts(did, 0);
}

bool eval_did(const struct eval *v, const struct did *did)
{
    struct window w;
    struct gauge *gauges = NULL, *g;
    eval_window(v, did, &w);
    if (!did->counts_only) {
        gauges = arena_alloc_array(v->context->scratch, condition_count(did), sizeof(*gauges));
    }
    uint32_t count = measure(v, did, &w, gauges);
    if (!gauges) return eval_did_counts(did, count);
    bool holds = true;
    g = gauges;
    for (const struct condition *c = did->conditions; c; c = c->next) {
        holds = holds && condition_holds(c, g, count);
        intmap_destroy(g->numbers);
        map_destroy(g->texts);
        g++;
    }
    return holds;
}
