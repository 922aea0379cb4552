/* print.c - the canonical form: one space between words, English stage names, no needless
 * parentheses, the arguments of did() as conditions, within, from, to, where, then
 * or not then.
 *
 * Durations print in days, hours, minutes or seconds, the largest that divides them; times in the
 * brand's zone. */
#include <math.h>
#include <stdio.h>

#include "expr/field.h"

static const char *const op_symbols[] = {"=", "!=", "<", "<=", ">", ">=", "~", "^="};
static const char *const measure_names[] = {"count", "days", "sum(amount)", "distinct"};
static const char *const call_names[] = {"tag",       "staff",    "touchpoint",
                                         "consented", "in_group", "in_list"};

static void print_text(struct strbuf *out, struct str text)
{
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\') strbuf_add_char(out, '\\');
        strbuf_add_char(out, text.p[i]);
    }
    strbuf_add_char(out, '"');
}

/* The fewest decimals that read as the same number; six always do, since the lexer takes no more.
 */
static void print_number(struct strbuf *out, double number)
{
    static const long scales[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    double size = fabs(number), back = -1;
    char text[40];
    for (int digits = 0; digits <= 6 && back != size; digits++) {
        int64_t whole = (int64_t)size;
        long fraction = lround((size - (double)whole) * (double)scales[digits]);
        if (fraction == scales[digits]) {
            fraction = 0;
            whole++;
        }
        int len = snprintf(text, sizeof(text), "%lld", (long long)whole);
        if (digits) snprintf(text + len, sizeof(text) - (size_t)len, ".%0*ld", digits, fraction);
        (void)str_to_double(str_of(text), &back);
    }
    if (number < 0) strbuf_add_char(out, '-');
    strbuf_add_text(out, text);
}

static void print_duration(struct strbuf *out, int64_t ms)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'d', TIME_DAY}, {'h', TIME_HOUR}, {'m', TIME_MINUTE}, {'s', TIME_SECOND}};
    size_t i = 0;
    while (i < 3 && (ms == 0 || ms % units[i].ms != 0)) {
        i++;
    }
    strbuf_addf(out, "%lld%c", (long long)(ms / units[i].ms), units[i].letter);
}

static void print_date(struct strbuf *out, int64_t day)
{
    int32_t year;
    int month, mday;
    civil_from_day((int32_t)day, &year, &month, &mday);
    strbuf_addf(out, "%04d-%02d-%02d", year, month, mday);
}

static void print_moment(struct strbuf *out, const char *word, int64_t offset_ms)
{
    strbuf_add_text(out, word);
    if (offset_ms == 0) return;
    strbuf_add_text(out, offset_ms < 0 ? " - " : " + ");
    print_duration(out, offset_ms < 0 ? -offset_ms : offset_ms);
}

static void print_literal(struct strbuf *out, const struct expr *e, const struct literal *l)
{
    char time[40];
    switch (l->type) {
    case LITERAL_TEXT:
        print_text(out, l->text);
        return;
    case LITERAL_NUMBER:
        print_number(out, l->number);
        return;
    case LITERAL_BOOL:
        strbuf_add_text(out, l->boolean ? "true" : "false");
        return;
    case LITERAL_DATE:
        print_date(out, l->time);
        return;
    case LITERAL_TIME:
        time_format(e->catalog.zone ? e->catalog.zone : zone_open("UTC"), l->time, time,
                    sizeof(time));
        strbuf_add_text(out, time);
        return;
    case LITERAL_NOW:
        print_moment(out, "now", l->time);
        return;
    case LITERAL_TODAY:
        print_moment(out, "today", l->time);
        return;
    }
}

static bool is_plain(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
}

static void print_subject(struct strbuf *out, const struct subject *s)
{
    bool part = s->about == EXPR_EVENT ? s->event == EVENT_PROP : s->member == FIELD_TRAIT;
    if (s->anniversary) strbuf_add_text(out, "anniv(");
    strbuf_add_text(out, field_of(s)->name);
    if (part) {
        strbuf_add_char(out, '.');
        if (is_plain(s->name)) {
            strbuf_add_str(out, s->name);
        } else {
            print_text(out, s->name);
        }
    } else if (s->name.len) {
        strbuf_add_char(out, '(');
        print_text(out, s->name);
        strbuf_add_char(out, ')');
    }
    if (s->anniversary) strbuf_add_char(out, ')');
}

static void print_list(struct strbuf *out, const struct expr *e, const struct test *t)
{
    for (uint32_t i = 0; i < t->value_count; i++) {
        strbuf_add_text(out, i == 0 ? "(" : ", ");
        print_literal(out, e, &t->values[i]);
    }
    strbuf_add_char(out, ')');
}

static void print_test(struct strbuf *out, const struct expr *e, const struct test *t)
{
    print_subject(out, &t->subject);
    switch (t->op) {
    case OP_NULL:
        strbuf_add_text(out, " is null");
        return;
    case OP_NOT_NULL:
        strbuf_add_text(out, " is not null");
        return;
    case OP_IN:
    case OP_NOT_IN:
        strbuf_add_text(out, t->op == OP_IN ? " in " : " not in ");
        print_list(out, e, t);
        return;
    case OP_BETWEEN:
    case OP_NOT_BETWEEN:
        strbuf_add_text(out, t->op == OP_BETWEEN ? " between " : " not between ");
        print_literal(out, e, &t->values[0]);
        strbuf_add_text(out, " and ");
        print_literal(out, e, &t->values[1]);
        return;
    default:
        strbuf_addf(out, " %s ", op_symbols[t->op]);
        print_literal(out, e, &t->values[0]);
        return;
    }
}

static void print_conditions(struct strbuf *out, const struct condition *c)
{
    for (; c; c = c->next) {
        strbuf_addf(out, ", %s", measure_names[c->measure]);
        if (c->measure == MEASURE_DISTINCT) {
            strbuf_add_char(out, '(');
            print_subject(out, &c->subject);
            strbuf_add_char(out, ')');
        }
        strbuf_addf(out, " %s ", op_symbols[c->op]);
        print_number(out, c->number);
    }
}

static void print_did(struct strbuf *out, const struct expr *e, const struct did *did)
{
    strbuf_add_text(out, "did(");
    print_text(out, did->kind.name);
    print_conditions(out, did->conditions);
    if (did->has_within) {
        strbuf_add_text(out, ", within ");
        print_duration(out, did->within_ms);
    }
    if (did->has_from) {
        strbuf_add_text(out, ", from ");
        print_literal(out, e, &did->from);
    }
    if (did->has_to) {
        strbuf_add_text(out, ", to ");
        print_literal(out, e, &did->to);
    }
    if (did->where) {
        strbuf_add_text(out, ", where ");
        print_node(out, e, did->where);
    }
    if (did->has_then) {
        strbuf_add_text(out, did->then_not ? ", not then " : ", then ");
        print_text(out, did->then.name);
        strbuf_add_text(out, " within ");
        print_duration(out, did->then_ms);
    }
    strbuf_add_char(out, ')');
}

static void print_flag(struct strbuf *out, const struct flag *flag)
{
    strbuf_addf(out, "%s(", call_names[flag->call]);
    print_text(out, flag->args[0]);
    if (flag->call == CALL_CONSENTED) {
        strbuf_add_text(out, ", ");
        print_text(out, flag->args[1]);
    }
    strbuf_add_char(out, ')');
}

/* A part of 'outer', in parentheses where it would bind otherwise. */
static void print_part(struct strbuf *out, const struct expr *e, const struct node *n,
                       enum node_type outer)
{
    bool chain = n->type == NODE_AND || n->type == NODE_OR;
    bool loose =
        outer == NODE_NOT ? chain || n->type == NODE_NOT : outer == NODE_AND && n->type == NODE_OR;
    if (loose) strbuf_add_char(out, '(');
    print_node(out, e, n);
    if (loose) strbuf_add_char(out, ')');
}

void print_node(struct strbuf *out, const struct expr *e, const struct node *n)
{
    switch (n->type) {
    case NODE_CONST:
        strbuf_add_text(out, n->u.value ? "true" : "false");
        return;
    case NODE_AND:
    case NODE_OR:
        for (const struct node *part = n->u.child; part; part = part->next) {
            if (part != n->u.child) strbuf_add_text(out, n->type == NODE_AND ? " and " : " or ");
            print_part(out, e, part, n->type);
        }
        return;
    case NODE_NOT:
        strbuf_add_text(out, "not ");
        print_part(out, e, n->u.child, NODE_NOT);
        return;
    case NODE_TEST:
        print_test(out, e, n->u.test);
        return;
    case NODE_DID:
        print_did(out, e, n->u.did);
        return;
    case NODE_FLAG:
        print_flag(out, n->u.flag);
        return;
    case NODE_SEGMENT:
        strbuf_add_text(out, "in_segment(");
        print_text(out, n->u.segment->name);
        strbuf_add_char(out, ')');
        return;
    }
}

void expr_print(const struct expr *e, struct strbuf *out)
{
    print_node(out, e, e->root);
}
