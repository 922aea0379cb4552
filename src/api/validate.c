/* validate.c - every field is looked at, so that a form can show all that is wrong at once.
 *
 * A null in a body is as if the field were not there. A path such as "origins[2]" or
 * "rules.dormant_days" names what is wrong. */
#include "api/validate.h"

#include <assert.h>
#include <inttypes.h>

#define TEXT_MAX 1024
#define ENTRIES_MAX 200

/* What is being read, and where complaints go. */
struct reading {
    struct call *call;
    struct problems *found;
};

static void complain(struct reading *r, enum msg msg, const char *path, const char *arg)
{
    if (r->found->count == PROBLEMS_MAX) return;
    struct why *why = &r->found->items[r->found->count++];
    (void)why_fail(why, ERR_INVALID, msg, path, "%s", arg);
}

static void complain_number(struct reading *r, enum msg msg, const char *path, int64_t number)
{
    complain(r, msg, path, arena_printf(r->call->arena, "%" PRId64, number));
}

static bool text_fits(struct reading *r, const struct spec_field *f, const char *path,
                      struct str text)
{
    int64_t max = f->max ? f->max : TEXT_MAX, len = (int64_t)text.len;
    if (len > max) complain_number(r, MSG_TOO_LONG, path, max);
    if (len < f->min) complain_number(r, MSG_TOO_SHORT, path, f->min);
    return len <= max && len >= f->min;
}

static bool is_choice(const char *choices, struct str text)
{
    struct str rest = str_of(choices);
    while (rest.p) {
        if (str_eq(str_cut(&rest, '|'), text)) return true;
    }
    return false;
}

static void take_enum(struct reading *r, const char *path, struct call_value *v)
{
    if (is_choice(v->field->choices, v->text)) return;
    struct str shown = v->text.len > 64 ? (struct str){v->text.p, 64} : v->text;
    if (r->found->count == PROBLEMS_MAX) return;
    struct why *why = &r->found->items[r->found->count++];
    (void)why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, path, STR_FMT "|%s", STR_ARG(shown),
                   arena_printf(r->call->arena, "%s", v->field->choices));
}

static void take_int(struct reading *r, const char *path, struct call_value *v)
{
    const struct spec_field *f = v->field;
    if ((f->min == 0 && f->max == 0) || (v->integer >= f->min && v->integer <= f->max)) return;
    if (r->found->count == PROBLEMS_MAX) return;
    struct why *why = &r->found->items[r->found->count++];
    (void)why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, path, "%" PRId64 "|%" PRId64 "|%" PRId64,
                   v->integer, f->min, f->max);
}

static const struct zone *zone_of(const struct call *c)
{
    return c->brand ? brand_zone(c->brand) : zone_open("UTC");
}

static void take_time(struct reading *r, const char *path, struct call_value *v)
{
    if (!time_parse(zone_of(r->call), v->text, &v->integer)) complain(r, MSG_WANT_TIME, path, "");
}

static void entries_fit(struct reading *r, const struct spec_field *f, const char *path,
                        size_t count)
{
    int64_t max = f->max ? f->max : ENTRIES_MAX;
    if ((int64_t)count > max) complain_number(r, MSG_TOO_MANY, path, max);
    if ((int64_t)count < f->min) complain_number(r, MSG_TOO_FEW, path, f->min);
}

/* ---- texts: query parameters and defaults ---- */

static void take_listed(struct reading *r, const char *path, struct call_value *v)
{
    size_t count = 0;
    struct str rest = v->text;
    while (rest.p && rest.len > 0) {
        (void)str_cut(&rest, ',');
        count++;
    }
    if (v->text.len > TEXT_MAX) complain_number(r, MSG_TOO_LONG, path, TEXT_MAX);
    entries_fit(r, v->field, path, count);
}

static void take_text(struct reading *r, const char *path, struct call_value *v)
{
    switch (v->field->type) {
    case SPEC_TEXT:
        (void)text_fits(r, v->field, path, v->text);
        return;
    case SPEC_INT:
        if (str_to_i64(v->text, &v->integer)) {
            take_int(r, path, v);
        } else {
            complain(r, MSG_WANT_INT, path, "");
        }
        return;
    case SPEC_BOOL:
        v->boolean = str_is(v->text, "true");
        if (!v->boolean && !str_is(v->text, "false")) complain(r, MSG_WANT_BOOL, path, "");
        return;
    case SPEC_TIME:
        take_time(r, path, v);
        return;
    case SPEC_ENUM:
        take_enum(r, path, v);
        return;
    case SPEC_LIST:
        take_listed(r, path, v);
        return;
    case SPEC_OBJECT:
    case SPEC_ANY:
        break;
    }
    assert(!"a query parameter is no object");
}

/* What holds when nothing was given. */
static void take_absent(struct reading *r, const char *path, struct call_value *v)
{
    if (v->field->type == SPEC_TIME) v->integer = TIME_NONE;
    if (v->field->required) {
        complain(r, MSG_MISSING, path, "");
    } else if (v->field->fallback) {
        v->text = str_of(v->field->fallback);
        take_text(r, path, v);
    }
}

/* ---- JSON ---- */

static void take_json(struct reading *r, const char *path, struct call_value *v);

/* The members of an object, none of which may be unknown. 'values', one a field, may be NULL. */
static void take_members(struct reading *r, const struct spec_field *fields, const char *path,
                         const struct json *object, struct call_value *values)
{
    struct arena *a = r->call->arena;
    const char *dot = path[0] ? "." : "";
    for (size_t i = 0; i < object->count; i++) {
        const struct spec_field *f = fields;
        while (f && f->name && !str_is(object->keys[i], f->name))
            f++;
        if (f && f->name) continue;
        struct str key =
            object->keys[i].len > 64 ? (struct str){object->keys[i].p, 64} : object->keys[i];
        complain(r, MSG_UNKNOWN_FIELD, arena_printf(a, "%s%s" STR_FMT, path, dot, STR_ARG(key)),
                 "");
    }
    for (size_t i = 0; fields && fields[i].name; i++) {
        struct call_value own = {0}, *v = values ? &values[i] : &own;
        v->field = &fields[i];
        v->json = json_get(object, fields[i].name);
        if (v->json && v->json->type == JSON_NULL) v->json = NULL;
        v->given = v->json != NULL;
        const char *at = arena_printf(a, "%s%s%s", path, dot, fields[i].name);
        if (v->given) {
            take_json(r, at, v);
        } else {
            take_absent(r, at, v);
        }
    }
}

static void take_list(struct reading *r, const char *path, const struct call_value *v)
{
    if (v->json->type != JSON_ARRAY) {
        complain(r, MSG_WANT_LIST, path, "");
        return;
    }
    entries_fit(r, v->field, path, v->json->count);
    for (size_t i = 0; v->field->fields && i < v->json->count; i++) {
        const char *at = arena_printf(r->call->arena, "%s[%zu]", path, i);
        if (v->json->items[i].type != JSON_OBJECT) {
            complain(r, MSG_WANT_OBJECT, at, "");
        } else {
            take_members(r, v->field->fields, at, &v->json->items[i], NULL);
        }
    }
}

static void take_json(struct reading *r, const char *path, struct call_value *v)
{
    const struct spec_field *f = v->field;
    const struct json *json = v->json;
    bool text = json->type == JSON_STRING;
    if (text) v->text = json->string;
    switch (f->type) {
    case SPEC_TEXT:
    case SPEC_ENUM:
        if (text) {
            take_text(r, path, v);
        } else {
            complain(r, MSG_WANT_TEXT, path, "");
        }
        break;
    case SPEC_TIME:
        if (text) {
            take_text(r, path, v);
        } else {
            complain(r, MSG_WANT_TIME, path, "");
        }
        break;
    case SPEC_INT:
        v->integer = json->integer;
        if (json->type == JSON_INT) {
            take_int(r, path, v);
        } else {
            complain(r, MSG_WANT_INT, path, "");
        }
        break;
    case SPEC_BOOL:
        v->boolean = json->boolean;
        if (json->type != JSON_BOOL) complain(r, MSG_WANT_BOOL, path, "");
        break;
    case SPEC_OBJECT:
        if (json->type != JSON_OBJECT) {
            complain(r, MSG_WANT_OBJECT, path, "");
        } else if (f->fields) {
            take_members(r, f->fields, path, json, NULL);
        }
        break;
    case SPEC_LIST:
        take_list(r, path, v);
        break;
    case SPEC_ANY:
        break;
    }
}

/* ---- the two halves ---- */

static size_t field_count(const struct spec_field *fields)
{
    size_t n = 0;
    while (fields && fields[n].name)
        n++;
    return n;
}

static void take_query(struct reading *r, struct call_value *values)
{
    const struct spec_field *fields = r->call->spec->query;
    const struct fields *given = request_queries(r->call->req);
    struct arena *a = r->call->arena;
    for (size_t i = 0; i < given->count; i++) {
        const struct spec_field *f = fields;
        while (f && f->name && !str_is(given->items[i].name, f->name))
            f++;
        if (f && f->name) continue;
        struct str name = given->items[i].name;
        if (name.len > 64) name.len = 64;
        complain(r, MSG_UNKNOWN_FIELD, arena_str(a, name).p, "");
    }
    for (size_t i = 0; fields && fields[i].name; i++) {
        struct call_value *v = &values[i];
        v->field = &fields[i];
        v->text = request_query(r->call->req, fields[i].name);
        v->given = v->text.p != NULL;
        if (v->given) {
            take_text(r, fields[i].name, v);
        } else {
            take_absent(r, fields[i].name, v);
        }
    }
}

static void take_body(struct reading *r, struct call_value *values)
{
    static const struct json nothing = {.type = JSON_OBJECT};
    struct call *c = r->call;
    const struct json *body = &nothing;
    struct why why;
    struct str text = request_body(c->req);
    if (text.len > 0 && json_parse(c->arena, text, &body, &why) != ERR_OK) {
        if (!why.field[0]) memcpy(why.field, "body", sizeof("body"));
        if (r->found->count < PROBLEMS_MAX) r->found->items[r->found->count++] = why;
        return;
    }
    if (body->type != JSON_OBJECT) {
        complain(r, MSG_WANT_OBJECT, "body", "");
        return;
    }
    take_members(r, c->spec->body, "", body, values);
    c->body = body;
}

bool validate(struct call *c, struct problems *found)
{
    const struct spec *s = c->spec;
    bool raw = s->flags & SPEC_RAW_BODY;
    size_t queries = field_count(s->query), fields = raw ? 0 : field_count(s->body);
    struct call_value *values = arena_alloc_array(c->arena, queries + fields + 1, sizeof(*values));
    struct reading r = {c, found};
    found->count = 0;
    take_query(&r, values);
    if (s->body_max > 0 && !raw) take_body(&r, values + queries);
    c->got = values;
    c->got_count = queries + fields;
    return found->count == 0;
}
