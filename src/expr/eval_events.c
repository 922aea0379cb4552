/* eval_events.c - many rows against an event expression, column by column.
 *
 * 1. Rows go in chunks of CHUNK, one mask of bytes on the stack per level of the tree; a part of an
 *    and is skipped once its chunk's mask is empty.
 * 2. A test on numbers or times is a set of closed ranges, so that a chunk is one loop without
 *    branches per range; null is NaN, and is in no range.
 * 3. A test on a property's text is asked once per string of the run's dictionary, a test on the
 * text of codes once per code, as long as the code stays in a small memo. */
#include <assert.h>
#include <math.h>

#include "expr/eval.h"

#define CHUNK 1024
#define MEMO 256 /* slots of a memo, a power of two */

/* Answers for codes seen lately. */
struct memo {
    uint32_t code[MEMO]; /* 0 = free slot; kinds are kept as kind + 1 */
    uint8_t answer[MEMO];
};

/* One call of expr_events(). */
struct scan {
    struct eval eval;
    const uint8_t *
        *tables;         /* by text number: answers by string; NULL where rows are asked singly */
    struct memo **memos; /* by text number, made when first needed */
};

struct range {
    double first;
    double last;
};

static void mask_all(uint8_t *mask, uint32_t n, bool value)
{
    memset(mask, value, n);
}

static void invert(uint8_t *mask, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        mask[i] = !mask[i];
    }
}

static bool is_negated(enum op op)
{
    return op == OP_NE || op == OP_NOT_IN || op == OP_NOT_BETWEEN;
}

static bool is_between(enum op op)
{
    return op == OP_BETWEEN || op == OP_NOT_BETWEEN;
}

/* The range of numbers that value 'i' of a test lets pass, before any negation. */
static struct range number_range(const struct test *t, uint32_t i)
{
    const struct literal *l = &t->values[i];
    double x = l->type == LITERAL_BOOL ? (double)l->boolean : l->number;
    switch (t->op) {
    case OP_LT:
        return (struct range){-INFINITY, nextafter(x, -INFINITY)};
    case OP_LE:
        return (struct range){-INFINITY, x};
    case OP_GT:
        return (struct range){nextafter(x, INFINITY), INFINITY};
    case OP_GE:
        return (struct range){x, INFINITY};
    case OP_BETWEEN:
    case OP_NOT_BETWEEN:
        return (struct range){x, t->values[1].number};
    default:
        return (struct range){x, x};
    }
}

static void number_mask(const struct test *t, const double *x, uint32_t n, uint8_t *mask)
{
    uint32_t ranges = is_between(t->op) ? 1 : t->value_count;
    mask_all(mask, n, false);
    for (uint32_t r = 0; r < ranges; r++) {
        struct range range = number_range(t, r);
        for (uint32_t i = 0; i < n; i++) {
            mask[i] |= (uint8_t)((x[i] >= range.first) & (x[i] <= range.last));
        }
    }
    if (t->op == OP_NULL || t->op == OP_NOT_NULL || is_negated(t->op)) {
        for (uint32_t i = 0; i < n; i++) {
            mask[i] = (uint8_t)(!mask[i] & !isnan(x[i]));
        }
    }
    if (t->op == OP_NULL) invert(mask, n);
}

/* The same for times, or for days. */
static struct span time_span(const struct expr_context *c, const struct test *t, uint32_t i,
                             bool days)
{
    struct span x[2] = {{0, 0}, {0, 0}};
    for (uint32_t k = 0; k < (is_between(t->op) ? 2u : 1u); k++) {
        x[k] = eval_span(c, &t->values[i + k]);
        if (days) x[k].first = x[k].last = eval_day(c, &t->values[i + k]);
    }
    switch (t->op) {
    case OP_LT:
        return (struct span){INT64_MIN, x[0].first - 1};
    case OP_LE:
        return (struct span){INT64_MIN, x[0].last};
    case OP_GT:
        return (struct span){x[0].last + 1, INT64_MAX};
    case OP_GE:
        return (struct span){x[0].first, INT64_MAX};
    case OP_BETWEEN:
    case OP_NOT_BETWEEN:
        return (struct span){x[0].first, x[1].last};
    default:
        return x[0];
    }
}

/* Times are never null. */
static void time_mask(const struct expr_context *c, const struct test *t, const int64_t *x,
                      bool days, uint32_t n, uint8_t *mask)
{
    uint32_t spans = is_between(t->op) ? 1 : t->value_count;
    bool negated = is_negated(t->op) || t->op == OP_NOT_NULL;
    mask_all(mask, n, false);
    for (uint32_t s = 0; s < spans; s++) {
        struct span span = time_span(c, t, s, days);
        for (uint32_t i = 0; i < n; i++) {
            mask[i] |= (uint8_t)((x[i] >= span.first) & (x[i] <= span.last));
        }
    }
    if (negated) invert(mask, n);
}

static void kind_mask(const struct test *t, const uint16_t *x, uint32_t n, uint8_t *mask)
{
    mask_all(mask, n, false);
    for (uint32_t k = 0; k < t->value_count; k++) {
        double code = t->values[k].number;
        if (code < 0 || code > UINT16_MAX) continue; /* no such kind */
        uint16_t kind = (uint16_t)code;
        for (uint32_t i = 0; i < n; i++) {
            mask[i] |= (uint8_t)(x[i] == kind);
        }
    }
    if (is_negated(t->op) || t->op == OP_NOT_NULL) invert(mask, n);
}

/* Codes; 0 is null. Only equality and null come here. */
static void code_mask(const struct test *t, const uint32_t *x, uint32_t n, uint8_t *mask)
{
    mask_all(mask, n, false);
    for (uint32_t k = 0; k < t->value_count; k++) {
        uint32_t code = (uint32_t)t->values[k].number;
        for (uint32_t i = 0; i < n; i++) {
            mask[i] |= (uint8_t)((x[i] == code) & (code != 0));
        }
    }
    if (is_negated(t->op) || t->op == OP_NOT_NULL) {
        for (uint32_t i = 0; i < n; i++) {
            mask[i] = (uint8_t)(!mask[i] & (x[i] != 0));
        }
    }
    for (uint32_t i = 0; t->op == OP_NULL && i < n; i++) {
        mask[i] = x[i] == 0;
    }
}

static bool row_holds(const struct scan *s, const struct test *t, uint32_t row)
{
    struct expr_value value;
    eval_event_value(&s->eval, &t->subject, t->by_text, row, &value);
    return eval_test(s->eval.context, t, &value);
}

static void row_mask(const struct scan *s, const struct test *t, uint32_t row, uint32_t n,
                     uint8_t *mask)
{
    for (uint32_t i = 0; i < n; i++) {
        mask[i] = row_holds(s, t, row + i);
    }
}

/* The text of kinds and codes, asked once per code. */
static void named_mask(const struct scan *s, const struct test *t, uint32_t row, uint32_t n,
                       uint8_t *mask)
{
    const struct history *h = s->eval.history;
    bool kinds = t->subject.event == EVENT_KIND;
    const uint32_t *column = kinds ? NULL : h->dim[t->subject.event - EVENT_GROUP];
    struct memo *memo = s->memos[t->text];
    if (!memo) {
        memo = s->memos[t->text] = arena_alloc(s->eval.context->scratch, sizeof(*memo));
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t code = kinds ? h->kind[row + i] + 1u : column ? column[row + i] : 0;
        mask[i] = 0;
        if (code == 0) continue;
        uint32_t place = code & (MEMO - 1);
        if (memo->code[place] != code) {
            memo->code[place] = code;
            memo->answer[place] = row_holds(s, t, row + i);
        }
        mask[i] = memo->answer[place];
    }
}

/* A property where only null is asked: null when null in every type. */
static void null_mask(const struct scan *s, const struct test *t, uint32_t row, uint32_t n,
                      uint8_t *mask)
{
    mask_all(mask, n, false);
    for (int type = PROP_TEXT; type <= PROP_BOOL; type++) {
        const struct prop_column *column = eval_column(&s->eval, &t->subject, (enum prop_type)type);
        if (!column) continue;
        if (type == PROP_TEXT) {
            for (uint32_t i = 0; column->text && i < n; i++) {
                mask[i] |= (uint8_t)(column->text[row + i] != 0);
            }
            continue;
        }
        for (uint32_t i = 0; column->number && i < n; i++) {
            mask[i] = mask[i] || !isnan(column->number[row + i]);
        }
    }
    if (t->op == OP_NULL) invert(mask, n);
}

static void prop_mask(const struct scan *s, const struct test *t, uint32_t row, uint32_t n,
                      uint8_t *mask)
{
    if (t->subject.class == CLASS_PROP) {
        null_mask(s, t, row, n, mask);
        return;
    }
    if (t->subject.class == CLASS_TEXT) {
        const struct prop_column *texts = eval_column(&s->eval, &t->subject, PROP_TEXT);
        const uint8_t *table = s->tables[t->text];
        if (!texts || !texts->text) {
            mask_all(mask, n, false);
        } else if (!table) {
            row_mask(s, t, row, n, mask);
        } else {
            for (uint32_t i = 0; i < n; i++) {
                mask[i] = table[texts->text[row + i]];
            }
        }
        return;
    }
    enum prop_type type = t->subject.class == CLASS_NUMBER ? PROP_NUMBER : PROP_BOOL;
    const struct prop_column *column = eval_column(&s->eval, &t->subject, type);
    if (!column || !column->number) {
        mask_all(mask, n, false);
    } else {
        number_mask(t, column->number + row, n, mask);
    }
}

static void fill_amounts(const int64_t *amount, uint32_t n, double *out)
{
    for (uint32_t i = 0; i < n; i++) {
        out[i] = amount[i] == HISTORY_NO_AMOUNT ? (double)NAN : (double)amount[i];
    }
}

/* Fields that become numbers on the way: hours, weekdays, amounts, ids. */
static void fill_numbers(const struct scan *s, const struct subject *subject, uint32_t row,
                         uint32_t n, double *out)
{
    const struct history *h = s->eval.history;
    if (subject->event == EVENT_AMOUNT && h->amount) {
        fill_amounts(h->amount + row, n, out);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct expr_value value;
        eval_event_value(&s->eval, subject, false, row + i, &value);
        out[i] = value.type == TYPE_NULL ? (double)NAN : value.number;
    }
}

static void day_mask(const struct scan *s, const struct test *t, uint32_t row, uint32_t n,
                     uint8_t *mask)
{
    const struct expr_context *c = s->eval.context;
    int64_t days[CHUNK];
    for (uint32_t i = 0; i < n; i++) {
        days[i] = zone_day(c->zone, s->eval.history->at[row + i]);
    }
    time_mask(c, t, days, true, n, mask);
}

static void test_mask(const struct scan *s, const struct test *t, uint32_t row, uint32_t n,
                      uint8_t *mask)
{
    const struct history *h = s->eval.history;
    double numbers[CHUNK];
    switch (t->subject.event) {
    case EVENT_AT:
        time_mask(s->eval.context, t, h->at + row, false, n, mask);
        return;
    case EVENT_DAY:
        day_mask(s, t, row, n, mask);
        return;
    case EVENT_HOUR:
    case EVENT_WEEKDAY:
    case EVENT_MEMBER:
    case EVENT_OTHER:
    case EVENT_AMOUNT:
        fill_numbers(s, &t->subject, row, n, numbers);
        number_mask(t, numbers, n, mask);
        return;
    case EVENT_PROP:
        prop_mask(s, t, row, n, mask);
        return;
    default:
        break;
    }
    if (t->by_text) {
        named_mask(s, t, row, n, mask);
    } else if (t->subject.event == EVENT_KIND) {
        kind_mask(t, h->kind + row, n, mask);
    } else if (h->dim[t->subject.event - EVENT_GROUP]) {
        code_mask(t, h->dim[t->subject.event - EVENT_GROUP] + row, n, mask);
    } else {
        mask_all(mask, n, t->op == OP_NULL);
    }
}

static void node_mask(const struct scan *s, const struct node *n, uint32_t row, uint32_t rows,
                      uint8_t *mask)
{
    uint8_t part[CHUNK];
    switch (n->type) {
    case NODE_CONST:
        mask_all(mask, rows, n->u.value);
        return;
    case NODE_TEST:
        test_mask(s, n->u.test, row, rows, mask);
        return;
    case NODE_NOT:
        node_mask(s, n->u.child, row, rows, mask);
        invert(mask, rows);
        return;
    default:
        break;
    }
    assert(n->type == NODE_AND || n->type == NODE_OR);
    bool all = n->type == NODE_AND;
    node_mask(s, n->u.child, row, rows, mask);
    for (const struct node *child = n->u.child->next; child; child = child->next) {
        if (!memchr(mask, all, rows)) return; /* nothing left that could change */
        node_mask(s, child, row, rows, part);
        for (uint32_t i = 0; i < rows; i++) {
            mask[i] = all ? mask[i] & part[i] : mask[i] | part[i];
        }
    }
}

/* Answers for every string of the dictionary, where that is less work than for every row. */
static void make_table(struct scan *s, const struct test *t, uint32_t rows)
{
    if (t->subject.event != EVENT_PROP || t->subject.class != CLASS_TEXT) return;
    const struct prop_column *column = eval_column(&s->eval, &t->subject, PROP_TEXT);
    if (t->value_count == 0 || !column || !column->text || column->string_count >= rows) return;
    uint8_t *table = arena_alloc(s->eval.context->scratch, column->string_count);
    for (uint32_t i = 1; i < column->string_count; i++) {
        struct expr_value value = {.type = TYPE_TEXT, .text = column->strings[i]};
        table[i] = eval_test(s->eval.context, t, &value);
    }
    s->tables[t->text] = table;
}

static void make_tables(struct scan *s, const struct node *n, uint32_t rows)
{
    if (n->type == NODE_TEST) make_table(s, n->u.test, rows);
    if (n->type != NODE_AND && n->type != NODE_OR && n->type != NODE_NOT) return;
    for (const struct node *part = n->u.child; part; part = part->next) {
        make_tables(s, part, rows);
    }
}

void expr_events(const struct expr *e, const struct expr_context *c, const struct history *h,
                 uint32_t from, uint32_t to, uint8_t *mask)
{
    assert(e->about == EXPR_EVENT && from <= to);
    struct expr_context context = *c;
    struct scan s = {.eval = {.expr = e, .context = &context, .history = h}};
    struct arena *own = NULL;
    struct arena_mark mark = {0};
    if (!c->scratch) {
        own = context.scratch = arena_create(0);
    } else {
        mark = arena_mark(c->scratch);
    }
    s.tables = arena_alloc_array(context.scratch, e->text_count, sizeof(*s.tables));
    s.memos = arena_alloc_array(context.scratch, e->text_count, sizeof(*s.memos));
    make_tables(&s, e->root, to - from);
    for (uint32_t row = from; row < to; row += CHUNK) {
        uint32_t rows = to - row < CHUNK ? to - row : CHUNK;
        node_mask(&s, e->root, row, rows, mask + (row - from));
        if (rows < CHUNK) break;
    }
    if (c->scratch) arena_rewind(c->scratch, mark);
    arena_destroy(own);
}
