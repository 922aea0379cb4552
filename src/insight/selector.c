/* selector.c - kinds by name, resolved once; unknown ones select nothing and are warned of. */
#include <stdlib.h>

#include "insight/plan.h"

static int compare_names(const void *a, const void *b)
{
    const struct str *x = a;
    const struct str *y = b;
    return str_cmp(*x, *y);
}

/* A kind by its letters: what could be no kind at all is refused, not only unknown. */
static bool may_be_kind(struct str s)
{
    if (s.len == 0 || s.len > LIMIT_KIND_BYTES) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
        if (!good) return false;
    }
    return true;
}

static enum err add_name(struct form *f, const struct json *value, const char *path,
                         struct str *names, size_t *count)
{
    if (value->type != JSON_STRING) {
        return why_fail(f->why, ERR_INVALID, MSG_WRONG_TYPE, path, "%s", "a text");
    }
    if (!may_be_kind(value->string)) {
        return why_fail(f->why, ERR_INVALID, MSG_QUERY_KIND, path, "%s",
                        form_quote(f->arena, value->string));
    }
    names[(*count)++] = value->string;
    return ERR_OK;
}

static enum err read_names(struct form *f, const struct json *kind, struct selector *s)
{
    bool list = kind->type == JSON_ARRAY;
    size_t count = list ? kind->count : 1;
    if (list && count == 0) return form_fail(f, "kind", MSG_MISSING, NULL);
    if (count > LIMIT_QUERY_KINDS) {
        return why_fail(f->why, ERR_INVALID, MSG_TOO_MANY, form_path(f, "kind"), "%d",
                        LIMIT_QUERY_KINDS);
    }
    if (!list && kind->type != JSON_STRING) {
        return form_fail(f, "kind", MSG_WRONG_TYPE, "a text or a list of texts");
    }
    struct str *names = arena_alloc_array(f->arena, count, sizeof(*names));
    size_t read = 0;
    for (size_t i = 0; i < count; i++) {
        const struct json *value = list ? &kind->items[i] : kind;
        const char *path = list ? form_item_path(f, "kind", i) : form_path(f, "kind");
        TRY(add_name(f, value, path, names, &read));
    }
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !str_eq(names[i], names[i - 1])) names[s->name_count++] = names[i];
    }
    s->names = names;
    return ERR_OK;
}

static void resolve(struct plan *p, struct selector *s)
{
    uint16_t *kinds = arena_alloc_array(p->arena, s->name_count, sizeof(*kinds));
    for (size_t i = 0; i < s->name_count; i++) {
        int code = p->catalog.kind ? p->catalog.kind(p->catalog.ctx, s->names[i]) : -1;
        if (code < 0 || code >= KINDS_MAX) {
            plan_warn(p, MSG_EXPR_NO_KIND, s->names[i]);
            continue;
        }
        if (plan_kind_derived(p, code)) p->derived = true;
        kinds[s->kind_count++] = (uint16_t)code;
    }
    s->kinds = kinds;
}

static void echo_kinds(struct plan *p, const struct selector *s)
{
    json_key(&p->echo, "kind");
    if (s->all) {
        json_text(&p->echo, "*");
        return;
    }
    if (s->name_count > 1) json_begin_array(&p->echo);
    for (size_t i = 0; i < s->name_count; i++) {
        json_str(&p->echo, s->names[i]);
    }
    if (s->name_count > 1) json_end_array(&p->echo);
}

enum err plan_select(struct plan *p, struct form *f, const char *kind_default, bool where)
{
    struct selector s = {0};
    struct json otherwise = {.type = JSON_STRING, .string = str_of(kind_default)};
    const struct json *kind = form_take(f, "kind");
    if (!kind && !kind_default) return form_fail(f, "kind", MSG_MISSING, NULL);
    if (!kind) kind = &otherwise;
    s.all = kind->type == JSON_STRING && str_is(kind->string, "*");
    if (!s.all) TRY(read_names(f, kind, &s));
    if (where) TRY(plan_expr(p, f, "where", EXPR_EVENT, &s.where));
    resolve(p, &s);
    echo_kinds(p, &s);
    if (s.where) plan_echo_expr(p, "where", s.where);
    p->selectors[p->selector_count++] = s;
    return ERR_OK;
}

enum err plan_select_key(struct plan *p, struct form *f, const char *key)
{
    const struct json *value;
    struct form inner;
    TRY(form_need(f, key, &value));
    TRY(form_open(&inner, p->arena, value, form_path(f, key), f->why));
    json_key(&p->echo, key);
    json_begin_object(&p->echo);
    TRY(plan_select(p, &inner, NULL, true));
    json_end_object(&p->echo);
    return form_close(&inner);
}

void plan_select_kind(struct plan *p, const char *kind)
{
    struct selector *s = &p->selectors[p->selector_count++];
    struct str *name = arena_alloc(p->arena, sizeof(*name));
    uint16_t *code = arena_alloc(p->arena, sizeof(*code));
    *name = str_of(kind);
    int found = p->catalog.kind ? p->catalog.kind(p->catalog.ctx, *name) : -1;
    bool known = found >= 0 && found < KINDS_MAX;
    *code = known ? (uint16_t)found : 0;
    *s = (struct selector){.name_count = 1, .names = name, .kind_count = known, .kinds = code};
}
