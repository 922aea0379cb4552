/* fill.c - the numbers of a sentence, out of the clauses of an expression.
 *
 * A number is written as a unit and what it is of:
 *
 *     usual_days                      the value of a field
 *     days joined, hours last_seen    how long ago the time of a field is; years, too
 *     count did("invite.accepted", within 3d)
 *     days did("order.paid", within 7d)    since the first of these events
 *     hours                           of the rule's own expression, as count and days
 *
 * Each is asked as an expression ("FIELD is not null" of a field), and its clauses tell: of did()
 * how many events, and since when; of a field its value. Of several did() those that hold are
 * counted together, and the earliest tells the time. */
#include <math.h>
#include <stdlib.h>

#include "today/internal.h"

enum unit { UNIT_VALUE, UNIT_COUNT, UNIT_HOURS_AGO, UNIT_DAYS_AGO, UNIT_YEARS_AGO };

static const struct {
    const char *name;
    enum unit unit;
} units[] = {{"count", UNIT_COUNT},
             {"hours", UNIT_HOURS_AGO},
             {"days", UNIT_DAYS_AGO},
             {"years", UNIT_YEARS_AGO}};

/* One number: its place in the panel, and what to make of the clauses. */
struct blank {
    bool used;
    enum unit unit;
    size_t place;
};

struct fill {
    struct brand *brand;
    struct panel *panel;
    struct panel_view *view;
    struct arena *arena;
    struct blank *blanks; /* [rules * TODAY_NUMBERS] */
    int64_t now;
};

/* Split into the unit and what it is of; {NULL, 0}: of the rule's own expression. */
static enum unit split(struct str number, struct arena *arena, struct str *of)
{
    enum unit unit = UNIT_VALUE;
    number = str_trim(number);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(units[i].name);
        if (!str_starts(number, str_of(units[i].name))) continue;
        if (number.len > len && number.p[len] != ' ') continue;
        unit = units[i].unit;
        number = str_trim((struct str){number.p + len, number.len - len});
        break;
    }
    *of = number.len ? number : (struct str){NULL, 0};
    bool field = of->p && str_find(number, STR("(")) == SIZE_MAX;
    if (field) *of = str_of(arena_printf(arena, STR_FMT " is not null", STR_ARG(number)));
    return unit;
}

enum err fill_check(struct brand *b, struct str number, const char *field, struct arena *arena,
                    struct why *why)
{
    struct str of;
    struct expr_catalog catalog;
    const struct expr *e;
    if (number.len == 0) return ERR_OK;
    enum unit unit = split(number, arena, &of);
    if (!of.p) return ERR_OK;
    segments_catalog(b, &catalog);
    TRY(expr_parse(arena, &catalog, EXPR_MEMBER, of, field, &e, why));
    (void)unit;
    return ERR_OK;
}

struct fill *fill_create(struct brand *b, const struct today_rule *rules, size_t count, int64_t now)
{
    struct fill *f = mem_alloc(sizeof(*f));
    *f = (struct fill){.brand = b, .now = now, .arena = arena_create(0)};
    size_t blanks = count * TODAY_NUMBERS, places = 0;
    struct str *texts = arena_alloc_array(f->arena, blanks + 1, sizeof(*texts));
    f->blanks = arena_alloc_array(f->arena, blanks + 1, sizeof(*f->blanks));
    for (size_t i = 0; i < blanks; i++) {
        const struct today_rule *rule = &rules[i / TODAY_NUMBERS];
        struct str number = rule->number[i % TODAY_NUMBERS], of;
        if (number.len == 0) continue;
        f->blanks[i] = (struct blank){true, split(number, f->arena, &of), places};
        texts[places++] = of.p ? of : rule->expr;
    }
    f->panel = panel_create(b, texts, places);
    panel_set_now(f->panel, now);
    f->view = panel_view_create(f->panel);
    return f;
}

void fill_destroy(struct fill *f)
{
    if (!f) return;
    panel_view_destroy(f->view);
    panel_destroy(f->panel);
    arena_destroy(f->arena);
    mem_free(f);
}

/* ---- asking ---- */

/* What the clauses say together. */
struct told {
    uint64_t count;
    int64_t first_at; /* TIME_NONE = none */
    bool has_value;
    double value;
};

/* The earlier of two that are known. */
static void earliest(int64_t *at, int64_t other)
{
    if (other != TIME_NONE && (*at == TIME_NONE || other < *at)) *at = other;
}

static void tell_value(const struct expr_clause *c, struct told *t)
{
    char text[64];
    int64_t at;
    if (!c->value.p || c->value.len >= sizeof(text)) return;
    if (c->value_type == TYPE_TIME && time_parse_rfc3339(c->value, &at)) earliest(&t->first_at, at);
    if (c->value_type != TYPE_NUMBER || t->has_value) return;
    memcpy(text, c->value.p, c->value.len);
    text[c->value.len] = 0;
    t->value = strtod(text, NULL);
    t->has_value = true;
}

static struct told tell(const struct expr_clauses *clauses)
{
    struct told t = {.first_at = TIME_NONE};
    for (size_t i = 0; i < clauses->count; i++) {
        const struct expr_clause *c = &clauses->items[i];
        if (c->level > 0 || c->negated || !c->holds) continue;
        if (c->type == CLAUSE_TEST) tell_value(c, &t);
        if (c->type != CLAUSE_DID) continue;
        t.count += c->count;
        earliest(&t.first_at, c->first_at);
    }
    return t;
}

static int64_t number_of(const struct told *t, enum unit unit, int64_t now)
{
    int64_t ago = now - t->first_at;
    if (unit == UNIT_VALUE) return t->has_value ? llround(t->value) : INT64_MIN;
    if (unit == UNIT_COUNT) return (int64_t)t->count;
    if (t->first_at == TIME_NONE) return INT64_MIN;
    if (unit == UNIT_HOURS_AGO) return ago / TIME_HOUR;
    if (unit == UNIT_DAYS_AGO) return ago / TIME_DAY;
    return llround((double)ago / ((double)TIME_DAY * 365.2425));
}

void fill_numbers(struct fill *f, size_t rule, const struct snapshot *s,
                  const struct panel_member *m, struct arena *arena, int64_t out[TODAY_NUMBERS])
{
    for (size_t i = 0; i < TODAY_NUMBERS; i++) {
        const struct blank *blank = &f->blanks[rule * TODAY_NUMBERS + i];
        struct expr_clauses clauses = {0};
        out[i] = INT64_MIN;
        if (!blank->used || !panel_expr(f->panel, blank->place)) continue;
        if (panel_explain(f->view, s, m, blank->place, arena, &clauses) != ERR_OK) continue;
        struct told t = tell(&clauses);
        out[i] = number_of(&t, blank->unit, f->now);
    }
}

/* ---- the sentence ---- */

struct str today_sentence(struct arena *arena, struct str say, const int64_t *number)
{
    static const char letters[TODAY_NUMBERS] = {'n', 'a', 'b'};
    struct strbuf out = {0};
    for (size_t i = 0; i < say.len; i++) {
        int which = -1;
        if (say.p[i] == '{' && i + 2 < say.len && say.p[i + 2] == '}') {
            for (int k = 0; k < TODAY_NUMBERS; k++)
                which = say.p[i + 1] == letters[k] ? k : which;
        }
        if (which < 0) {
            strbuf_add_char(&out, say.p[i]);
            continue;
        }
        if (number[which] == INT64_MIN) {
            strbuf_add_text(&out, "?");
        } else {
            strbuf_addf(&out, "%lld", (long long)number[which]);
        }
        i += 2;
    }
    struct str text = arena_str(arena, out.p ? strbuf_str(&out) : STR(""));
    strbuf_finish(&out);
    return text;
}
