/* plan.c - the catalog that expressions are read through remembers which property columns they ask
 * for, since an expression tells only ids and a scan wants types too. */
#include "insight/plan.h"

#include <assert.h>

#include "insight/who.h"

#define ECHO_DURATION_SIZE 32

static int watched_kind(void *ctx, struct str name)
{
    const struct expr_catalog *c = ((struct plan *)ctx)->in->catalog;
    return c->kind(c->ctx, name);
}

static bool watched_derived(void *ctx, int kind)
{
    return plan_kind_derived(ctx, kind);
}

static uint32_t watched_code(void *ctx, enum dim dim, struct str code)
{
    const struct expr_catalog *c = ((struct plan *)ctx)->in->catalog;
    return c->code(c->ctx, dim, code);
}

static struct str watched_code_text(void *ctx, enum dim dim, uint32_t code)
{
    const struct expr_catalog *c = ((struct plan *)ctx)->in->catalog;
    return c->code_text(c->ctx, dim, code);
}

static struct str watched_kind_text(void *ctx, int kind)
{
    const struct expr_catalog *c = ((struct plan *)ctx)->in->catalog;
    return c->kind_text(c->ctx, kind);
}

static void remember(struct plan *p, uint32_t id, enum prop_type type)
{
    if (id == 0) return;
    for (const struct typed_prop *t = p->typed; t; t = t->next) {
        if (t->id == id) return;
    }
    struct typed_prop *t = arena_alloc(p->arena, sizeof(*t));
    *t = (struct typed_prop){p->typed, id, type};
    p->typed = t;
}

static uint32_t watched_prop(void *ctx, struct str name, enum prop_type type)
{
    struct plan *p = ctx;
    const struct expr_catalog *c = p->in->catalog;
    uint32_t id = c->prop(c->ctx, name, type);
    remember(p, id, type);
    return id;
}

static enum expr_type watched_trait(void *ctx, struct str name)
{
    const struct expr_catalog *c = ((struct plan *)ctx)->in->catalog;
    return c->trait(c->ctx, name);
}

static struct str watched_segment(void *ctx, struct str name)
{
    const struct expr_catalog *c = ((struct plan *)ctx)->in->catalog;
    return c->segment(c->ctx, name);
}

void plan_init(struct plan *p, const struct insight *in, struct arena *a)
{
    const struct expr_catalog *c = in->catalog;
    *p = (struct plan){.in = in, .arena = a};
    p->catalog = (struct expr_catalog){
        .ctx = p,
        .zone = c->zone,
        .currency_digits = c->currency_digits,
        .kind = c->kind ? watched_kind : NULL,
        .kind_is_derived = watched_derived,
        .code = c->code ? watched_code : NULL,
        .code_text = c->code_text ? watched_code_text : NULL,
        .kind_text = c->kind_text ? watched_kind_text : NULL,
        .prop = c->prop ? watched_prop : NULL,
        .trait = c->trait ? watched_trait : NULL,
        .segment = c->segment ? watched_segment : NULL,
    };
    p->echo.out = &p->echo_text;
    p->warnings_end = &p->warnings;
}

void plan_finish(struct plan *p)
{
    strbuf_finish(&p->echo_text);
    if (!p->in) return;
    uint64_t charged = atomic_exchange(&p->charged, 0);
    atomic_fetch_add(&p->in->budget->bytes_left, charged);
}

bool plan_kind_derived(struct plan *p, int kind)
{
    if (kind < 0) return false;
    if (kind == p->in->fold->kind_lifecycle || kind == p->in->fold->kind_trust) return true;
    if (kind == p->in->fold->kind_circle) return p->circles = true;
    const struct expr_catalog *c = p->in->catalog;
    return c->kind_is_derived && c->kind_is_derived(c->ctx, kind);
}

int plan_workers(const struct plan *p)
{
    if (p->in->workers < 1) return 1;
    return p->in->workers > LIMIT_QUERY_WORKERS ? LIMIT_QUERY_WORKERS : p->in->workers;
}

static void add_warning(struct plan *p, const struct why *why)
{
    char text[512];
    why_text(why, p->in->lang, text, sizeof(text));
    struct plan_warning *w = arena_alloc(p->arena, sizeof(*w));
    w->text = arena_printf(p->arena, "%s", text);
    *p->warnings_end = w;
    p->warnings_end = &w->next;
}

void plan_warn(struct plan *p, enum msg msg, struct str arg)
{
    struct why why;
    (void)why_fail(&why, ERR_INVALID, msg, "", STR_FMT, STR_ARG(arg));
    add_warning(p, &why);
}

enum err plan_expr(struct plan *p, struct form *f, const char *key, enum expr_about about,
                   const struct expr **out)
{
    struct str text = {0};
    TRY(form_text(f, key, &text));
    if (!text.p) return ERR_OK;
    const struct expr *e;
    TRY(expr_parse(p->arena, &p->catalog, about, text, form_path(f, key), &e, f->why));
    for (size_t i = 0; i < expr_warning_count(e); i++)
        add_warning(p, expr_warning_why(e, i));
    if (expr_names_derived(e)) p->derived = true;
    *out = e;
    return ERR_OK;
}

void plan_end(struct plan *p, int64_t to)
{
    p->to = to;
    p->from = p->start < to ? p->start : to;
}

enum err plan_as_of(struct plan *p, struct form *f, bool whole_days)
{
    int64_t as_of = p->in->now;
    bool ranged = json_get(f->json, "from") != NULL;
    TRY(form_time(f, "as_of", p->in->zone, &as_of));
    if (whole_days) as_of = zone_bucket_start(p->in->zone, UNIT_DAY, as_of);
    if (ranged && p->start >= as_of) return form_fail(f, "from", MSG_QUERY_ORDER, "as_of");
    plan_end(p, as_of);
    plan_echo_time(p, "as_of", as_of);
    return ERR_OK;
}

bool plan_prop(struct plan *p, uint32_t id, enum prop_type type)
{
    struct columns *c = &p->columns;
    uint32_t at = 0;
    while (at < c->prop_count && c->props[at] < id) {
        at++;
    }
    remember(p, id, type);
    if (at < c->prop_count && c->props[at] == id) return true;
    if (c->prop_count == sizeof(c->props) / sizeof(c->props[0])) return false;
    memmove(c->props + at + 1, c->props + at, (c->prop_count - at) * sizeof(c->props[0]));
    c->props[at] = id;
    c->prop_count++;
    return true;
}

int plan_place(const struct plan *p, uint32_t prop)
{
    for (uint32_t i = 0; prop != 0 && i < p->columns.prop_count; i++) {
        if (p->columns.props[i] == prop) return (int)i;
    }
    return -1;
}

static enum prop_type type_of(const struct plan *p, uint32_t id)
{
    for (const struct typed_prop *t = p->typed; t; t = t->next) {
        if (t->id == id) return t->type;
    }
    return PROP_TEXT;
}

static bool add_fold_columns(struct plan *p)
{
    const struct fold_names *n = p->in->fold;
    fold_columns(n, &p->columns);
    remember(p, n->prop_order, PROP_TEXT);
    remember(p, n->prop_question, PROP_BOOL);
    remember(p, n->prop_known, PROP_BOOL);
    remember(p, n->prop_template, PROP_BOOL);
    if (!p->derived) return true;
    return (!n->prop_from || plan_prop(p, n->prop_from, PROP_TEXT)) &&
           (!n->prop_to || plan_prop(p, n->prop_to, PROP_TEXT));
}

enum err plan_columns(struct plan *p, bool fold, struct why *why)
{
    bool fits = !(fold || p->derived) || add_fold_columns(p);
    if (p->where) fits = fits && expr_columns(p->where, &p->columns);
    if (p->who) fits = fits && expr_columns(p->who, &p->columns);
    if (p->who) p->columns.mask |= who_columns(p->who);
    for (uint32_t i = 0; i < p->selector_count; i++) {
        const struct expr *where = p->selectors[i].where;
        if (where) fits = fits && expr_columns(where, &p->columns);
    }
    if (!fits) return why_fail(why, ERR_INVALID, MSG_QUERY_PROPS, "", "%d", 64);
    for (uint32_t i = 0; i < p->columns.prop_count; i++) {
        p->types[i] = type_of(p, p->columns.props[i]);
    }
    return ERR_OK;
}

void plan_echo_time(struct plan *p, const char *key, int64_t at)
{
    char text[64];
    size_t len = time_format(p->in->zone, at, text, sizeof(text));
    json_key(&p->echo, key);
    json_str(&p->echo, (struct str){text, len});
}

void plan_echo_expr(struct plan *p, const char *key, const struct expr *e)
{
    struct strbuf text = {0};
    expr_print(e, &text);
    json_key(&p->echo, key);
    json_str(&p->echo, strbuf_str(&text));
    strbuf_finish(&text);
}

void plan_echo_duration(struct plan *p, const char *key, int64_t ms)
{
    char text[ECHO_DURATION_SIZE];
    duration_format(ms, text, sizeof(text));
    json_key(&p->echo, key);
    json_text(&p->echo, text);
}

bool plan_charge(struct plan *p, uint64_t bytes)
{
    _Atomic uint64_t *left = &p->in->budget->bytes_left;
    uint64_t had = atomic_load(left);
    do {
        if (had < bytes) return false;
    } while (!atomic_compare_exchange_weak(left, &had, had - bytes));
    atomic_fetch_add(&p->charged, bytes);
    return true;
}

enum err plan_need(struct plan *p, size_t count, size_t size, struct why *why)
{
    uint64_t bytes;
    if (!__builtin_mul_overflow(count, size, &bytes) && plan_charge(p, bytes)) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_MEMORY, "", NULL);
}

enum err plan_buckets(const struct plan *p, enum time_unit unit, size_t before, size_t after,
                      struct buckets *out, struct why *why)
{
    struct buckets_range range = {p->in->zone, unit, p->from, p->to, before, after};
    if (buckets_init(out, &range, LIMIT_BUCKETS)) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_BUCKETS, p->name, "%d", LIMIT_BUCKETS);
}

enum err plan_check(const struct plan *p, struct why *why)
{
    const struct budget *b = p->in->budget;
    if (atomic_load(&b->cancel)) return why_fail(why, ERR_CANCELLED, MSG_QUERY_CANCELLED, "", NULL);
    if (b->deadline_ns != 0 && b->mono_ns(b->ctx) >= b->deadline_ns) {
        return why_fail(why, ERR_DEADLINE, MSG_QUERY_DEADLINE, "", NULL);
    }
    return ERR_OK;
}

bool plan_first_event(const struct plan *p, int64_t *at)
{
    const struct snapshot *s = p->in->snapshot;
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < s->part_count; i++) {
        const struct part_info *info = part_get_info(s->parts[i]);
        if (info->rows > 0 && info->at_min < first) first = info->at_min;
    }
    int64_t tail, last;
    if (s->tail && tail_view_times(s->tail, &tail, &last) && tail < first) first = tail;
    if (first == INT64_MAX) return false;
    *at = first;
    return true;
}
