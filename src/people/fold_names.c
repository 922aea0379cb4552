/* fold_names.c - words, and events as rows. */
#include "people/fold_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/hash.h"

static const struct {
    const char *en, *zh;
} stages[] = {
    {"potential", "潜在"}, {"new", "新生"},     {"effective", "有效"}, {"active", "活跃"},
    {"core", "核心"},      {"dormant", "休眠"}, {"churned", "流失"},   {"visitor", "访客"},
};
static const char *const trusts[] = {
    "unaware", "curious", "acquainted", "informed", "familiar", "bought", "shares",
};
static const char *const trusts_zh[] = {
    "不知道你", "想知道你", "认识你", "了解你", "熟悉你", "买了你", "分享你",
};
static_assert(sizeof(trusts_zh) / sizeof(trusts_zh[0]) == TRUST_COUNT, "and in Chinese");
static_assert(sizeof(stages) / sizeof(stages[0]) == STAGE_COUNT + 1, "a word for each stage");
static_assert(sizeof(trusts) / sizeof(trusts[0]) == TRUST_COUNT, "a word for each trust stage");

static const char *const rules[] = {
    "visitor",         "potential",
    "churned_left",    "churned_refunded",
    "churned_silent",  "dormant_idle",
    "dormant_less",    "core",
    "active",          "effective_days",
    "effective_order", "effective_rhythm",
    "effective_act",   "new",
    "unaware",         "curious",
    "lapsed",          "acquainted",
    "informed_took",   "informed_viewed",
    "familiar",        "bought",
    "bought_left",     "shares",
};
static_assert(sizeof(rules) / sizeof(rules[0]) == RULE_COUNT, "a word for each rule");

const char *fold_rule_name(enum fold_rule rule)
{
    return rules[rule];
}

const char *stage_name(enum stage s)
{
    return stages[s].en;
}

const char *stage_name_zh(enum stage s)
{
    return stages[s].zh;
}

const char *trust_name(enum trust t)
{
    return trusts[t];
}

const char *trust_name_zh(enum trust t)
{
    return trusts_zh[t];
}

static void column_add(struct columns *columns, uint32_t prop)
{
    uint32_t at = 0;
    while (at < columns->prop_count && columns->props[at] < prop) {
        at++;
    }
    if (prop == 0 || (at < columns->prop_count && columns->props[at] == prop)) return;
    assert(columns->prop_count < sizeof(columns->props) / sizeof(columns->props[0]));
    memmove(columns->props + at + 1, columns->props + at,
            (columns->prop_count - at) * sizeof(columns->props[0]));
    columns->props[at] = prop;
    columns->prop_count++;
}

void fold_columns(const struct fold_names *n, struct columns *columns)
{
    columns->mask |= COLUMN_DIM0 << DIM_GROUP | COLUMN_DIM0 << DIM_CONTENT |
                     COLUMN_DIM0 << DIM_STAFF | COLUMN_OTHER | COLUMN_AMOUNT;
    column_add(columns, n->prop_order);
    column_add(columns, n->prop_question);
    column_add(columns, n->prop_known);
    column_add(columns, n->prop_template);
}

static uint64_t hash_of(enum prop_type type, struct str text, double number)
{
    uint64_t hash =
        type == PROP_TEXT ? hash_xxh3(text.p, text.len) : hash_xxh3(&number, sizeof(number));
    return hash ? hash : 1;
}

static uint32_t roles_of(const struct fold_names *n, uint32_t kind)
{
    return kind < n->kind_count ? n->roles[kind] : 0;
}

/* Which properties the fold reads of an event with these roles. */
enum {
    READS_ORDER = ROLE_ORDER_PAID | ROLE_ORDER_REFUNDED,
    READS_QUESTION = ROLE_MESSAGE | ROLE_DM_RECEIVED,
    READS_TEMPLATE = ROLE_DM_SENT | ROLE_ANSWERED,
};

static const struct prop_column *column_of(const struct columns *columns, const struct history *h,
                                           uint32_t prop)
{
    for (uint32_t i = 0; prop && i < columns->prop_count && i < h->prop_count; i++) {
        if (columns->props[i] == prop) return &h->props[i];
    }
    return NULL;
}

static bool column_true(const struct columns *columns, const struct history *h, uint32_t prop,
                        uint32_t row)
{
    const struct prop_column *c = column_of(columns, h, prop);
    return c && c->number && c->number[row] == 1;
}

static uint64_t column_hash(const struct columns *columns, const struct history *h, uint32_t prop,
                            uint32_t row)
{
    const struct prop_column *c = column_of(columns, h, prop);
    if (!c) return 0;
    if (c->type == PROP_TEXT) {
        uint32_t text = c->text[row];
        return text ? hash_of(PROP_TEXT, c->strings[text], 0) : 0;
    }
    return isnan(c->number[row]) ? 0 : hash_of(c->type, (struct str){NULL, 0}, c->number[row]);
}

void fold_row_of_history(const struct fold_names *n, const struct columns *columns,
                         const struct history *h, uint32_t row, struct fold_row *out)
{
    uint32_t roles = roles_of(n, h->kind[row]);
    *out = (struct fold_row){.at = h->at[row], .roles = roles, .amount = HISTORY_NO_AMOUNT};
    out->human = true;
    if (roles == 0) return;
    out->group = h->dim[DIM_GROUP][row];
    out->content = h->dim[DIM_CONTENT][row];
    out->staff = h->dim[DIM_STAFF][row];
    out->other = h->other[row];
    out->amount = h->amount[row];
    if (roles & READS_ORDER) out->order = column_hash(columns, h, n->prop_order, row);
    if (roles & READS_QUESTION) out->question = column_true(columns, h, n->prop_question, row);
    if (roles & ROLE_KNOWN) out->known = column_true(columns, h, n->prop_known, row);
    if (roles & READS_TEMPLATE) out->human = !column_true(columns, h, n->prop_template, row);
}

static const struct event_prop *prop_of(const struct event *ev, uint32_t prop)
{
    for (uint32_t i = 0; prop && i < ev->prop_count; i++) {
        if (ev->props[i].id == prop) return &ev->props[i];
    }
    return NULL;
}

static bool prop_true(const struct event *ev, uint32_t prop)
{
    const struct event_prop *p = prop_of(ev, prop);
    return p && p->type != PROP_TEXT && p->number == 1;
}

static uint64_t prop_hash(const struct event *ev, uint32_t prop)
{
    const struct event_prop *p = prop_of(ev, prop);
    return p ? hash_of(p->type, p->text, p->number) : 0;
}

void fold_row_of_event(const struct fold_names *n, const struct event *ev, struct fold_row *out)
{
    uint32_t roles = roles_of(n, ev->kind);
    *out = (struct fold_row){.at = ev->at, .roles = roles, .amount = HISTORY_NO_AMOUNT};
    out->human = true;
    if (roles == 0) return;
    out->group = ev->dim[DIM_GROUP];
    out->content = ev->dim[DIM_CONTENT];
    out->staff = ev->dim[DIM_STAFF];
    out->other = ev->other;
    out->amount = ev->amount;
    if (roles & READS_ORDER) out->order = prop_hash(ev, n->prop_order);
    if (roles & READS_QUESTION) out->question = prop_true(ev, n->prop_question);
    if (roles & ROLE_KNOWN) out->known = prop_true(ev, n->prop_known);
    if (roles & READS_TEMPLATE) out->human = !prop_true(ev, n->prop_template);
}

bool fold_is_template(const struct fold_names *n, const struct event *ev)
{
    return prop_true(ev, n->prop_template);
}

static struct expr_value value_time(int64_t at)
{
    return (struct expr_value){.type = at == TIME_NONE ? TYPE_NULL : TYPE_TIME, .time = at};
}

static struct expr_value value_number(double number)
{
    return (struct expr_value){.type = TYPE_NUMBER, .number = number};
}

static struct expr_value value_bool(bool boolean)
{
    return (struct expr_value){.type = TYPE_BOOL, .boolean = boolean};
}

/* What the rhythm answers; null where the member is too new, or has ordered too seldom. */
static struct expr_value value_rhythm(const struct fold_rhythm *r, enum expr_field field)
{
    const struct expr_value none = {.type = TYPE_NULL};
    double usual = r->windows ? (double)r->days_before / r->windows : 0;
    switch (field) {
    case FIELD_USUAL_DAYS:
        return r->windows ? value_number(usual) : none;
    case FIELD_PACE:
        return usual > 0 ? value_number(r->act_days / usual) : none;
    case FIELD_ORDER_GAP:
        return r->order_due == TIME_NONE ? none : value_number(r->order_gap);
    default:
        return value_number(r->act_days);
    }
}

static int64_t time_of(const struct fold_state *s, enum expr_field field)
{
    switch (field) {
    case FIELD_CREATED:
        return s->created;
    case FIELD_JOINED:
        return s->joined;
    case FIELD_LAST_SEEN:
        return s->last_seen;
    case FIELD_LAST_INTERACTION:
        return s->last_interaction;
    case FIELD_LAST_ORDER:
        return s->last_order;
    case FIELD_LAST_ACT:
        return s->last_act;
    default:
        return s->rhythm.order_due;
    }
}

bool fold_field(const struct fold_state *s, enum expr_field field, struct expr_value *out)
{
    switch (field) {
    case FIELD_CREATED:
    case FIELD_JOINED:
    case FIELD_LAST_SEEN:
    case FIELD_LAST_INTERACTION:
    case FIELD_LAST_ORDER:
    case FIELD_LAST_ACT:
    case FIELD_ORDER_DUE:
        *out = value_time(time_of(s, field));
        return true;
    case FIELD_ACT_DAYS:
    case FIELD_USUAL_DAYS:
    case FIELD_PACE:
    case FIELD_ORDER_GAP:
        *out = value_rhythm(&s->rhythm, field);
        return true;
    case FIELD_LIFECYCLE:
        *out = s->stage == STAGE_NONE ? (struct expr_value){.type = TYPE_NULL}
                                      : value_number(s->stage);
        return true;
    case FIELD_TRUST:
        *out = value_number(s->trust);
        return true;
    case FIELD_GROUPS:
        *out = (struct expr_value){
            .type = TYPE_CODES, .codes = s->groups, .code_count = s->group_count};
        return true;
    case FIELD_CONTACTS:
        *out = value_number(s->contacts);
        return true;
    case FIELD_RETURNED:
        *out = value_bool(s->returned);
        return true;
    case FIELD_OUTSIDE:
        *out = value_bool(s->outside);
        return true;
    case FIELD_READS:
        *out = value_bool(s->reads);
        return true;
    case FIELD_SILENT_BUYER:
        *out = value_bool(s->silent_buyer);
        return true;
    case FIELD_ORDERS:
        *out = value_number(s->orders);
        return true;
    case FIELD_SPENT:
        *out = value_number((double)s->spent);
        return true;
    case FIELD_INVITED:
        *out = value_number(s->invited);
        return true;
    case FIELD_QUALIFIED:
        *out = value_number(s->qualified);
        return true;
    case FIELD_OWNER:
        *out = s->owner ? value_number(s->owner) : (struct expr_value){.type = TYPE_NULL};
        return true;
    default:
        return false;
    }
}
