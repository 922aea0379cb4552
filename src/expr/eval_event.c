/* eval_event.c - one row of a run against an event expression, in the plainest way.
 *
 * eval_events.c gives the same answers for many rows at once; a test holds the two together. */
#include <assert.h>
#include <math.h>

#include "expr/eval.h"

const struct prop_column *eval_column(const struct eval *v, const struct subject *s,
                                      enum prop_type type)
{
    const struct history *h = v->history;
    const struct columns *columns = v->context->columns;
    uint32_t id = s->prop[type];
    if (id == 0) return NULL;
    if (!columns) {
        for (uint32_t i = 0; i < h->prop_count; i++) {
            if (h->props[i].id == id) return &h->props[i];
        }
        return NULL;
    }
    uint32_t low = 0, high = columns->prop_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (columns->props[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low >= columns->prop_count || columns->props[low] != id || low >= h->prop_count)
        return NULL;
    return &h->props[low];
}

/* 0 when it has none. */
static uint32_t member_of(const struct eval *v, uint32_t row)
{
    const struct history *h = v->history;
    if (v->cells) return h->member[v->index];
    uint32_t low = 0, high = h->member_count; /* the last member that begins at or before the row */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (h->off[middle] <= row) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return h->member[low];
}

static int hour_of(const struct zone *z, int64_t at)
{
    int64_t local = (at + zone_offset(z, at) * TIME_SECOND) % TIME_DAY;
    return (int)((local < 0 ? local + TIME_DAY : local) / TIME_HOUR);
}

static void set_number(struct expr_value *out, double number)
{
    out->type = TYPE_NUMBER;
    out->number = number;
}

/* Codes and ids: 0 is null. */
static void set_id(struct expr_value *out, uint32_t id)
{
    if (id) set_number(out, id);
}

static void set_text(struct expr_value *out, struct str text)
{
    if (!text.p) return;
    out->type = TYPE_TEXT;
    out->text = text;
}

static void set_kind(const struct eval *v, bool by_text, uint32_t row, struct expr_value *out)
{
    const struct expr_catalog *catalog = &v->expr->catalog;
    uint16_t kind = v->history->kind[row];
    if (!by_text) {
        set_number(out, kind);
    } else if (catalog->kind_text) {
        set_text(out, catalog->kind_text(catalog->ctx, kind));
    }
}

static void set_code(const struct eval *v, enum dim dim, bool by_text, uint32_t row,
                     struct expr_value *out)
{
    const struct expr_catalog *catalog = &v->expr->catalog;
    const uint32_t *column = v->history->dim[dim];
    uint32_t code = column ? column[row] : 0;
    if (!by_text) {
        set_id(out, code);
    } else if (code && catalog->code_text) {
        set_text(out, catalog->code_text(catalog->ctx, dim, code));
    }
}

void eval_prop(const struct eval *v, const struct subject *s, enum prop_type type, uint32_t row,
               struct expr_value *out)
{
    *out = (struct expr_value){.type = TYPE_NULL};
    const struct prop_column *column = eval_column(v, s, type);
    if (!column) return;
    if (type == PROP_TEXT) {
        if (column->text && column->text[row]) set_text(out, column->strings[column->text[row]]);
        return;
    }
    if (!column->number || isnan(column->number[row])) return;
    set_number(out, column->number[row]);
    if (type != PROP_BOOL) return;
    out->type = TYPE_BOOL;
    out->boolean = out->number != 0;
}

static void set_prop(const struct eval *v, const struct subject *s, uint32_t row,
                     struct expr_value *out)
{
    if (s->class == CLASS_PROP) {
        for (int type = PROP_TEXT; type <= PROP_BOOL && out->type == TYPE_NULL; type++) {
            eval_prop(v, s, (enum prop_type)type, row, out);
        }
        return;
    }
    enum prop_type type = s->class == CLASS_TEXT     ? PROP_TEXT
                          : s->class == CLASS_NUMBER ? PROP_NUMBER
                                                     : PROP_BOOL;
    eval_prop(v, s, type, row, out);
}

void eval_event_value(const struct eval *v, const struct subject *s, bool by_text, uint32_t row,
                      struct expr_value *out)
{
    const struct history *h = v->history;
    const struct zone *zone = v->context->zone;
    *out = (struct expr_value){.type = TYPE_NULL};
    switch (s->event) {
    case EVENT_KIND:
        set_kind(v, by_text, row, out);
        return;
    case EVENT_AT:
        *out = (struct expr_value){.type = TYPE_TIME, .time = h->at[row]};
        return;
    case EVENT_DAY:
        *out = (struct expr_value){.type = TYPE_DATE, .time = zone_day(zone, h->at[row])};
        return;
    case EVENT_HOUR:
        set_number(out, hour_of(zone, h->at[row]));
        return;
    case EVENT_WEEKDAY:
        set_number(out, day_of_week(zone_day(zone, h->at[row])));
        return;
    case EVENT_MEMBER:
        set_id(out, member_of(v, row));
        return;
    case EVENT_OTHER:
        set_id(out, h->other ? h->other[row] : 0);
        return;
    case EVENT_AMOUNT:
        if (h->amount && h->amount[row] != HISTORY_NO_AMOUNT)
            set_number(out, (double)h->amount[row]);
        return;
    case EVENT_PROP:
        set_prop(v, s, row, out);
        return;
    default:
        set_code(v, (enum dim)(s->event - EVENT_GROUP), by_text, row, out);
        return;
    }
}

bool eval_event(const struct eval *v, const struct node *n, uint32_t row)
{
    struct expr_value value;
    switch (n->type) {
    case NODE_CONST:
        return n->u.value;
    case NODE_AND:
        for (const struct node *part = n->u.child; part; part = part->next) {
            if (!eval_event(v, part, row)) return false;
        }
        return true;
    case NODE_OR:
        for (const struct node *part = n->u.child; part; part = part->next) {
            if (eval_event(v, part, row)) return true;
        }
        return false;
    case NODE_NOT:
        return !eval_event(v, n->u.child, row);
    default:
        assert(n->type == NODE_TEST); /* calls are about members */
        eval_event_value(v, &n->u.test->subject, n->u.test->by_text, row, &value);
        return eval_test(v->context, n->u.test, &value);
    }
}

bool expr_event(const struct expr *e, const struct expr_context *c, const struct history *h,
                uint32_t row)
{
    assert(e->about == EXPR_EVENT);
    struct eval v = {.expr = e, .context = c, .history = h};
    return eval_event(&v, e->root, row);
}
