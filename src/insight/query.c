/* query.c - reading a query, running it, and what every reply says of itself.
 *
 * The canonical query repeats everything with its defaults filled in: the query's own fields first,
 * the common ones behind. It reads back to the same query. */
#include "insight/query.h"

#include "base/vec.h"
#include "insight/who.h"

static const struct query_type *const types[] = {
    &query_trend,     &query_funnel,   &query_retention, &query_paths,  &query_stickiness,
    &query_lifecycle, &query_activity, &query_rfm,       &query_repeat, &query_segment,
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static enum err find_type(struct arena *a, struct str name, const struct query_type **out,
                          struct why *why)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (!str_is(name, types[i]->name)) continue;
        *out = types[i];
        return ERR_OK;
    }
    const char *known = types[0]->name;
    for (size_t i = 1; i < TYPE_COUNT; i++) {
        known = arena_printf(a, "%s, %s", known, types[i]->name);
    }
    return why_fail(why, ERR_INVALID, MSG_QUERY_UNKNOWN, "", "%s|%s", known, form_quote(a, name));
}

static enum err read_range(struct plan *p, const struct query_type *type, struct form *f)
{
    int64_t from = TIME_NONE;
    int64_t to = TIME_NONE;
    if (type->takes & TAKES_FROM) TRY(form_time(f, "from", p->in->zone, &from));
    if (type->takes & TAKES_TO) TRY(form_time(f, "to", p->in->zone, &to));
    int64_t end = to != TIME_NONE ? to : p->in->now;
    if (from >= end && type->takes & TAKES_TO) {
        return form_fail(f, "from", MSG_QUERY_ORDER, to != TIME_NONE ? "to" : "now");
    }
    if (from == TIME_NONE && !plan_first_event(p, &from)) from = INT64_MAX;
    p->start = from;
    plan_end(p, end);
    return ERR_OK;
}

enum err plan_within(struct plan *p, struct why *why)
{
    struct strbuf text = {0};
    if (!p->in->within.p) return ERR_OK;
    if (p->who) {
        strbuf_add_text(&text, "(");
        expr_print(p->who, &text);
        strbuf_add_text(&text, ") and ");
    }
    strbuf_add_str(&text, p->in->within);
    struct str both = arena_str(p->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return expr_parse(p->arena, &p->catalog, EXPR_MEMBER, both, "who", &p->who, why);
}

static enum err read_query(struct plan *p, const struct query_type *type, struct form *f)
{
    TRY(read_range(p, type, f));
    if (type->takes & TAKES_WHERE) TRY(plan_expr(p, f, "where", EXPR_EVENT, &p->where));
    if (type->takes & TAKES_WHO) TRY(plan_expr(p, f, "who", EXPR_MEMBER, &p->who));
    if (type->takes & TAKES_WHO) TRY(plan_within(p, f->why));
    if (p->in->within.p && !(type->takes & (TAKES_WHO | TAKES_EXPR)))
        return why_fail(f->why, ERR_FORBIDDEN, MSG_BEYOND_REACH, "", NULL);
    TRY(type->parse(p, f));
    TRY(form_close(f));
    return plan_columns(p, type->folds || (p->who && who_needs_fold(p->who)), f->why);
}

static void echo_common(struct plan *p, const struct query_type *type)
{
    if (type->takes & TAKES_FROM && p->from < p->to) plan_echo_time(p, "from", p->from);
    if (type->takes & TAKES_TO) plan_echo_time(p, "to", p->to);
    if (p->where) plan_echo_expr(p, "where", p->where);
    if (type->takes & TAKES_WHO && p->who) plan_echo_expr(p, "who", p->who);
}

static void begin_reply(const struct plan *p, struct reply *r)
{
    if (r->form != INSIGHT_JSON) return;
    json_begin_object(&r->json);
    json_key(&r->json, "query");
    strbuf_add_str(r->out, strbuf_str(&p->echo_text));
    r->json.comma = true;
    reply_count(r, "as_of_seq", p->in->snapshot->seq);
}

static void end_reply(const struct plan *p, struct reply *r, uint64_t rows, uint64_t ns)
{
    if (r->form != INSIGHT_JSON) return;
    reply_count(r, "rows_scanned", rows);
    reply_count(r, "elapsed_us", ns / 1000);
    if (p->warnings) {
        reply_array(r, "warnings");
        for (const struct plan_warning *w = p->warnings; w; w = w->next) {
            reply_text(r, NULL, str_of(w->text));
        }
        reply_array_end(r);
    }
    json_end_object(&r->json);
}

static enum err answer(struct plan *p, struct str query, struct reply *r, struct why *why)
{
    const struct json *json;
    const struct query_type *type = NULL;
    struct form top, form;
    uint64_t began = env_mono_ns(p->in->env);
    uint64_t rows = atomic_load(&p->in->budget->rows);
    if (query.len > LIMIT_QUERY_BYTES) {
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "", "%d", LIMIT_QUERY_BYTES);
    }
    TRY(json_parse(p->arena, query, &json, why));
    TRY(form_open(&top, p->arena, json, "", why));
    if (json->count != 1) return why_fail(why, ERR_INVALID, MSG_QUERY_ONE_KEY, "", NULL);
    TRY(find_type(p->arena, json->keys[0], &type, why));
    p->name = type->name;
    TRY(form_open(&form, p->arena, &json->items[0], type->name, why));
    json_begin_object(&p->echo);
    json_key(&p->echo, type->name);
    json_begin_object(&p->echo);
    TRY(read_query(p, type, &form));
    echo_common(p, type);
    json_end_object(&p->echo);
    json_end_object(&p->echo);
    begin_reply(p, r);
    TRY(type->run(p, r, why));
    rows = atomic_load(&p->in->budget->rows) - rows;
    end_reply(p, r, rows, env_mono_ns(p->in->env) - began);
    return ERR_OK;
}

enum err insight_query(const struct insight *in, struct str query, enum insight_form form,
                       struct strbuf *out, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct plan *plan = arena_alloc(arena, sizeof(*plan));
    struct strbuf text = {0};
    struct reply reply = {.form = form, .zone = in->zone, .out = &text};
    reply.json.out = &text;
    plan_init(plan, in, arena);
    enum err err = answer(plan, query, &reply, why);
    if (err == ERR_OK) strbuf_add_str(out, strbuf_str(&text));
    strbuf_finish(&text);
    plan_finish(plan);
    arena_destroy(arena);
    return err;
}
