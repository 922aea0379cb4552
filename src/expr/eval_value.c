/* eval_value.c - a value against the literals of a test.
 *
 * A date stands for all instants of that calendar day: a time is before it, in it or after it. A
 * date field is compared by days, so an instant stands for its day there. A value of another type
 * than the test expects is as good as null. */
#include <assert.h>
#include <math.h>

#include "base/utf8.h"
#include "expr/eval.h"

#define ANNIVERSARY_BACK 182 /* days before today that still count as the nearest */

static bool is_date(const struct literal *l)
{
    return l->type == LITERAL_DATE || (l->type == LITERAL_TODAY && l->time % TIME_DAY == 0);
}

/* Day of a literal that is a date. */
static int64_t date_of(const struct expr_context *c, const struct literal *l)
{
    if (l->type == LITERAL_DATE) return l->time;
    return zone_day(c->zone, c->now) + l->time / TIME_DAY;
}

/* Instant of a literal that is none. */
static int64_t instant_of(const struct expr_context *c, const struct literal *l)
{
    if (l->type == LITERAL_TIME) return l->time;
    if (l->type == LITERAL_NOW) return c->now + l->time;
    return zone_day_start(c->zone, zone_day(c->zone, c->now)) + l->time;
}

struct span eval_span(const struct expr_context *c, const struct literal *l)
{
    if (!is_date(l)) {
        int64_t at = instant_of(c, l);
        return (struct span){at, at};
    }
    int32_t day = (int32_t)date_of(c, l);
    return (struct span){zone_day_start(c->zone, day), zone_day_start(c->zone, day + 1) - 1};
}

int64_t eval_start(const struct expr_context *c, const struct literal *l)
{
    return is_date(l) ? zone_day_start(c->zone, (int32_t)date_of(c, l)) : instant_of(c, l);
}

int64_t eval_day(const struct expr_context *c, const struct literal *l)
{
    return is_date(l) ? date_of(c, l) : zone_day(c->zone, instant_of(c, l));
}

bool eval_is_null(const struct expr_value *v)
{
    switch (v->type) {
    case TYPE_NULL:
        return true;
    case TYPE_NUMBER:
        return isnan(v->number);
    case TYPE_TEXT:
        return !v->text.p;
    case TYPE_TIME:
    case TYPE_DATE:
        return v->time == TIME_NONE;
    case TYPE_CODES:
        return v->code_count == 0;
    case TYPE_BOOL:
        return false;
    }
    return true;
}

/* Does the literal speak of values of this type? */
static bool meets(const struct expr_value *v, const struct literal *l)
{
    bool moment = l->type != LITERAL_TEXT && l->type != LITERAL_NUMBER && l->type != LITERAL_BOOL;
    switch (v->type) {
    case TYPE_NUMBER:
        return l->type == LITERAL_NUMBER || l->coded;
    case TYPE_TEXT:
        return l->type == LITERAL_TEXT && !l->coded;
    case TYPE_BOOL:
        return l->type == LITERAL_BOOL;
    case TYPE_TIME:
    case TYPE_DATE:
        return moment;
    case TYPE_CODES:
        return l->coded;
    case TYPE_NULL:
        return false;
    }
    return false;
}

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_number(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_time(const struct expr_context *c, int64_t at, const struct literal *l)
{
    struct span span = eval_span(c, l);
    return at < span.first ? -1 : at > span.last;
}

/* The order of a value, text in NFC, and a literal that it meets. */
static int compare(const struct expr_context *c, const struct expr_value *v,
                   const struct literal *l)
{
    switch (v->type) {
    case TYPE_NUMBER:
        return compare_number(v->number, l->number);
    case TYPE_TEXT:
        return str_cmp(v->text, l->text);
    case TYPE_BOOL:
        return (int)v->boolean - (int)l->boolean;
    case TYPE_TIME:
        return compare_time(c, v->time, l);
    case TYPE_DATE:
        return sign(v->time, eval_day(c, l));
    default:
        return -1;
    }
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq_fold((struct str){s.p, prefix.len}, prefix);
}

static bool contains(struct str s, struct str part)
{
    if (part.len == 0) return true;
    for (; s.len >= part.len; s.p++, s.len--) {
        if (fold(s.p[0]) == fold(part.p[0]) && starts(s, part)) return true;
    }
    return false;
}

static bool holds_code(const struct expr_value *v, double code)
{
    uint32_t low = 0, high = v->code_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (v->codes[middle] < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < v->code_count && v->codes[low] == code;
}

static bool equals(const struct expr_context *c, const struct expr_value *v,
                   const struct literal *l)
{
    if (!meets(v, l)) return false;
    return v->type == TYPE_CODES ? holds_code(v, l->number) : compare(c, v, l) == 0;
}

static bool in_list(const struct expr_context *c, const struct test *t, const struct expr_value *v)
{
    for (uint32_t i = 0; i < t->value_count; i++) {
        if (equals(c, v, &t->values[i])) return true;
    }
    return false;
}

/* 'v' meets the literals and its text is in NFC. */
static bool passes(const struct expr_context *c, const struct test *t, const struct expr_value *v)
{
    const struct literal *l = t->values;
    switch (t->op) {
    case OP_EQ:
        return equals(c, v, l);
    case OP_NE:
        return !equals(c, v, l);
    case OP_LT:
        return compare(c, v, l) < 0;
    case OP_LE:
        return compare(c, v, l) <= 0;
    case OP_GT:
        return compare(c, v, l) > 0;
    case OP_GE:
        return compare(c, v, l) >= 0;
    case OP_CONTAINS:
        return contains(v->text, l->text);
    case OP_STARTS:
        return starts(v->text, l->text);
    case OP_IN:
        return in_list(c, t, v);
    case OP_NOT_IN:
        return !in_list(c, t, v);
    case OP_BETWEEN:
        return compare(c, v, &l[0]) >= 0 && compare(c, v, &l[1]) <= 0;
    case OP_NOT_BETWEEN:
        return compare(c, v, &l[0]) < 0 || compare(c, v, &l[1]) > 0;
    default:
        return false;
    }
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.p[i] >= 0x80) return false;
    }
    return true;
}

struct str eval_nfc(struct arena **a, struct str text)
{
    if (is_ascii(text)) return text;
    if (!*a) *a = arena_create(0);
    return utf8_nfc(*a, text);
}

bool eval_test(const struct expr_context *c, const struct test *t, const struct expr_value *v)
{
    bool null = eval_is_null(v);
    if (t->op == OP_NULL || t->op == OP_NOT_NULL) return null == (t->op == OP_NULL);
    if (null || !meets(v, t->values)) return false;
    if (v->type != TYPE_TEXT) return passes(c, t, v);
    struct arena *own = NULL, *a = c->scratch;
    struct arena_mark mark = {0};
    if (a) mark = arena_mark(a);
    struct expr_value text = *v;
    text.text = eval_nfc(a ? &a : &own, v->text);
    bool answer = passes(c, t, &text);
    if (a) arena_rewind(a, mark);
    arena_destroy(own);
    return answer;
}

/* The day in 'year'; 29 February is 28 February in common years. */
static int64_t day_in_year(int32_t year, int month, int mday)
{
    struct civil c = {.year = year, .month = month, .day = mday};
    if (month == 2 && mday == 29 && !civil_valid(&c)) mday = 28;
    return civil_day(year, month, mday);
}

void eval_anniversary(const struct expr_context *c, struct expr_value *v)
{
    struct expr_value out = {.type = TYPE_NULL};
    bool dated = (v->type == TYPE_TIME || v->type == TYPE_DATE) && !eval_is_null(v);
    if (dated && v->type == TYPE_TIME) v->time = zone_day(c->zone, v->time);
    if (dated && v->time >= INT32_MIN && v->time <= INT32_MAX) {
        int64_t least = (int64_t)zone_day(c->zone, c->now) - ANNIVERSARY_BACK;
        int32_t year, ignored_year;
        int month, mday, ignored_month, ignored_day;
        civil_from_day((int32_t)least, &year, &ignored_month, &ignored_day);
        civil_from_day((int32_t)v->time, &ignored_year, &month, &mday);
        out.type = TYPE_DATE;
        out.time = day_in_year(year, month, mday);
        if (out.time < least) out.time = day_in_year(year + 1, month, mday);
    }
    *v = out;
}
