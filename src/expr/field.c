/* field.c - tables, and the nearest name by edit distance over code points.
 *
 * A name is near when it is at most a third of its letters away, and one letter at least. */
#include "expr/field.h"

#include <assert.h>

#include "base/utf8.h"

#define NEAR_NAME_MAX 32 /* code points; longer ones are near to nothing */

static const struct field fields[] = {
    {"id", EXPR_MEMBER, 0, FIELD_ID, CLASS_ID},
    {"created", EXPR_MEMBER, 0, FIELD_CREATED, CLASS_TIME},
    {"joined", EXPR_MEMBER, 0, FIELD_JOINED, CLASS_TIME},
    {"last_seen", EXPR_MEMBER, 0, FIELD_LAST_SEEN, CLASS_TIME},
    {"last_interaction", EXPR_MEMBER, 0, FIELD_LAST_INTERACTION, CLASS_TIME},
    {"last_order", EXPR_MEMBER, 0, FIELD_LAST_ORDER, CLASS_TIME},
    {"last_act", EXPR_MEMBER, 0, FIELD_LAST_ACT, CLASS_TIME},
    {"order_due", EXPR_MEMBER, 0, FIELD_ORDER_DUE, CLASS_TIME},
    {"order_gap", EXPR_MEMBER, 0, FIELD_ORDER_GAP, CLASS_NUMBER},
    {"act_days", EXPR_MEMBER, 0, FIELD_ACT_DAYS, CLASS_NUMBER},
    {"usual_days", EXPR_MEMBER, 0, FIELD_USUAL_DAYS, CLASS_NUMBER},
    {"pace", EXPR_MEMBER, 0, FIELD_PACE, CLASS_NUMBER},
    {"birthday", EXPR_MEMBER, 0, FIELD_BIRTHDAY, CLASS_DATE},
    {"lifecycle", EXPR_MEMBER, 0, FIELD_LIFECYCLE, CLASS_LIFECYCLE},
    {"trust", EXPR_MEMBER, 0, FIELD_TRUST, CLASS_TRUST},
    {"circle", EXPR_MEMBER, 0, FIELD_CIRCLE, CLASS_CIRCLE},
    {"source", EXPR_MEMBER, 0, FIELD_SOURCE, CLASS_TEXT},
    {"touchpoint", EXPR_MEMBER, 0, FIELD_TOUCHPOINT, CLASS_TEXT},
    {"groups", EXPR_MEMBER, 0, FIELD_GROUPS, CLASS_GROUPS},
    {"contacts", EXPR_MEMBER, 0, FIELD_CONTACTS, CLASS_NUMBER},
    {"returned", EXPR_MEMBER, 0, FIELD_RETURNED, CLASS_BOOL},
    {"outside", EXPR_MEMBER, 0, FIELD_OUTSIDE, CLASS_BOOL},
    {"reads", EXPR_MEMBER, 0, FIELD_READS, CLASS_BOOL},
    {"silent_buyer", EXPR_MEMBER, 0, FIELD_SILENT_BUYER, CLASS_BOOL},
    {"owner", EXPR_MEMBER, 0, FIELD_OWNER, CLASS_TEXT},
    {"orders", EXPR_MEMBER, 0, FIELD_ORDERS, CLASS_NUMBER},
    {"spent", EXPR_MEMBER, 0, FIELD_SPENT, CLASS_NUMBER},
    {"invited", EXPR_MEMBER, 0, FIELD_INVITED, CLASS_NUMBER},
    {"qualified", EXPR_MEMBER, 0, FIELD_QUALIFIED, CLASS_NUMBER},
    {"rfm_r", EXPR_MEMBER, 0, FIELD_RFM_R, CLASS_NUMBER},
    {"rfm_f", EXPR_MEMBER, 0, FIELD_RFM_F, CLASS_NUMBER},
    {"rfm_m", EXPR_MEMBER, 0, FIELD_RFM_M, CLASS_NUMBER},
    {"p_alive", EXPR_MEMBER, 0, FIELD_P_ALIVE, CLASS_NUMBER},
    {"p_alive_drop", EXPR_MEMBER, 0, FIELD_P_ALIVE_DROP, CLASS_NUMBER},
    {"expected_orders", EXPR_MEMBER, 0, FIELD_EXPECTED_ORDERS, CLASS_NUMBER},
    {"expected_value", EXPR_MEMBER, 0, FIELD_EXPECTED_VALUE, CLASS_NUMBER},
    {"language", EXPR_MEMBER, 0, FIELD_LANGUAGE, CLASS_TEXT},
    {"timezone", EXPR_MEMBER, 0, FIELD_TIMEZONE, CLASS_TEXT},
    {"trait", EXPR_MEMBER, 0, FIELD_TRAIT, CLASS_TRAIT},
    {"experiment", EXPR_MEMBER, 0, FIELD_EXPERIMENT, CLASS_TEXT},
    {"kind", EXPR_EVENT, EVENT_KIND, 0, CLASS_KIND},
    {"at", EXPR_EVENT, EVENT_AT, 0, CLASS_TIME},
    {"hour", EXPR_EVENT, EVENT_HOUR, 0, CLASS_NUMBER},
    {"weekday", EXPR_EVENT, EVENT_WEEKDAY, 0, CLASS_NUMBER},
    {"day", EXPR_EVENT, EVENT_DAY, 0, CLASS_DATE},
    {"group", EXPR_EVENT, EVENT_GROUP, 0, CLASS_CODE},
    {"touchpoint", EXPR_EVENT, EVENT_TOUCHPOINT, 0, CLASS_CODE},
    {"campaign", EXPR_EVENT, EVENT_CAMPAIGN, 0, CLASS_CODE},
    {"content", EXPR_EVENT, EVENT_CONTENT, 0, CLASS_CODE},
    {"staff", EXPR_EVENT, EVENT_STAFF, 0, CLASS_CODE},
    {"member", EXPR_EVENT, EVENT_MEMBER, 0, CLASS_ID},
    {"other", EXPR_EVENT, EVENT_OTHER, 0, CLASS_ID},
    {"amount", EXPR_EVENT, EVENT_AMOUNT, 0, CLASS_NUMBER},
    {"props", EXPR_EVENT, EVENT_PROP, 0, CLASS_PROP},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char *const call_names[] = {"did",   "tag",        "in_group",  "in_segment",
                                         "staff", "touchpoint", "consented", "experiment",
                                         "anniv", "in_list"};
#define CALL_NAMES (sizeof(call_names) / sizeof(call_names[0]))

static const struct field_stage lifecycle_names[] = {
    {"potential", "潜在"}, {"new", "新生"},     {"effective", "有效"}, {"active", "活跃"},
    {"core", "核心"},      {"dormant", "休眠"}, {"churned", "流失"},   {NULL, NULL},
};
static const struct field_stage trust_names[] = {
    {"unaware", "不知道你"},  {"curious", "想知道你"},
    {"acquainted", "认识你"}, {"informed", "了解你"},
    {"familiar", "熟悉你"},   {"bought", "买了你"},
    {"shares", "分享你"},     {NULL, NULL},
};
static const struct field_stage circle_names[] = {
    {"core", "核心层"},
    {"influence", "影响层"},
    {"periphery", "外围层"},
    {NULL, NULL},
};

static_assert((int)EVENT_STAFF - (int)EVENT_GROUP == (int)DIM_STAFF - (int)DIM_GROUP,
              "dimensions stand in the order of enum dim");

const struct field *field_find(enum expr_about about, struct str name)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].about == about && str_is(name, fields[i].name)) return &fields[i];
    }
    return NULL;
}

const struct field *field_of(const struct subject *s)
{
    for (size_t i = 0; i < FIELDS; i++) {
        const struct field *f = &fields[i];
        if (f->about != s->about) continue;
        if (s->about == EXPR_EVENT ? f->event == s->event : f->member == s->member) return f;
    }
    return NULL;
}

enum dim field_dim(const struct subject *s)
{
    if (s->about == EXPR_EVENT) {
        bool dimension = s->event >= EVENT_GROUP && s->event <= EVENT_STAFF;
        return dimension ? (enum dim)(s->event - EVENT_GROUP) : DIM_COUNT;
    }
    if (s->member == FIELD_GROUPS) return DIM_GROUP;
    if (s->member == FIELD_TOUCHPOINT) return DIM_TOUCHPOINT;
    if (s->member == FIELD_OWNER || s->member == FIELD_STAFF) return DIM_STAFF;
    return DIM_COUNT;
}

static size_t code_points(struct str s, uint32_t out[NEAR_NAME_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        if (n == NEAR_NAME_MAX) return SIZE_MAX;
        out[n++] = utf8_next(s, &i);
    }
    return n;
}

/* Letters to add, drop or change to make 'b' of 'a'; SIZE_MAX when one is too long to ask. */
static size_t distance(struct str a, struct str b)
{
    uint32_t x[NEAR_NAME_MAX], y[NEAR_NAME_MAX];
    size_t n = code_points(a, x), m = code_points(b, y);
    if (n == SIZE_MAX || m == SIZE_MAX) return SIZE_MAX;
    size_t row[NEAR_NAME_MAX + 1];
    for (size_t j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = diagonal + (x[i - 1] != y[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

/* Keep in *best the nearer of two names. */
static void consider(struct str name, const char *candidate, const char **best, size_t *least)
{
    size_t away = distance(name, str_of(candidate));
    size_t far = utf8_count(str_of(candidate)) / 3;
    if (away > (far ? far : 1) || away >= *least) return;
    *best = candidate;
    *least = away;
}

const char *field_nearest(enum expr_about about, struct str name)
{
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].about == about) consider(name, fields[i].name, &best, &least);
    }
    for (size_t i = 0; i < CALL_NAMES && about == EXPR_MEMBER; i++) {
        consider(name, call_names[i], &best, &least);
    }
    return best;
}

const struct field_stage *field_stages(enum field_class class)
{
    if (class == CLASS_LIFECYCLE) return lifecycle_names;
    if (class == CLASS_TRUST) return trust_names;
    return class == CLASS_CIRCLE ? circle_names : NULL;
}

int field_stage_number(enum field_class class, struct str name)
{
    const struct field_stage *names = field_stages(class);
    for (int i = 0; names[i].en; i++) {
        if (str_is(name, names[i].en) || str_is(name, names[i].zh)) return i;
    }
    return -1;
}

const char *field_stage_nearest(enum field_class class, struct str name)
{
    const struct field_stage *names = field_stages(class);
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; names[i].en; i++) {
        consider(name, names[i].en, &best, &least);
        consider(name, names[i].zh, &best, &least);
    }
    return best;
}

const char *field_stage_list(enum field_class class)
{
    if (class == CLASS_LIFECYCLE)
        return "potential, new, effective, active, core, dormant, churned";
    if (class == CLASS_TRUST) {
        return "unaware, curious, acquainted, informed, familiar, bought, shares";
    }
    return "core, influence, periphery";
}

enum { TAKES_EQUAL = 1, TAKES_ORDER = 2, TAKES_SEARCH = 4 };

static int operations(enum field_class class)
{
    switch (class) {
    case CLASS_BOOL:
    case CLASS_LIFECYCLE:
    case CLASS_CIRCLE:
    case CLASS_GROUPS:
        return TAKES_EQUAL;
    case CLASS_NUMBER:
    case CLASS_TIME:
    case CLASS_DATE:
    case CLASS_TRUST:
    case CLASS_ID:
        return TAKES_EQUAL | TAKES_ORDER;
    case CLASS_TEXT:
    case CLASS_KIND:
    case CLASS_CODE:
    case CLASS_PROP:
    case CLASS_TRAIT:
        return TAKES_EQUAL | TAKES_ORDER | TAKES_SEARCH;
    }
    return 0;
}

bool field_takes(enum field_class class, enum op op)
{
    int takes = operations(class);
    switch (op) {
    case OP_EQ:
    case OP_NE:
    case OP_IN:
    case OP_NOT_IN:
        return takes & TAKES_EQUAL;
    case OP_CONTAINS:
    case OP_STARTS:
        return takes & TAKES_SEARCH;
    case OP_NULL:
    case OP_NOT_NULL:
        return true;
    default:
        return takes & TAKES_ORDER;
    }
}

const char *field_operators(enum field_class class)
{
    int takes = operations(class);
    if (takes & TAKES_SEARCH) return "=, !=, <, <=, >, >=, ~, ^=, in, between, is";
    return takes & TAKES_ORDER ? "=, !=, <, <=, >, >=, in, between, is" : "=, !=, in, is";
}
