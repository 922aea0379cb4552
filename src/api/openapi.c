/* openapi.c - one object a path, in it one a method. */
#include "api/openapi.h"

#include <assert.h>
#include <stdio.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/version.h"

const struct http_method_name http_method_names[HTTP_METHOD_NAMES] = {
    {HTTP_GET, "get", "GET"},
    {HTTP_POST, "post", "POST"},
    {HTTP_PUT, "put", "PUT"},
    {HTTP_DELETE, "delete", "DELETE"},
};

static void pair(struct json_writer *w, const char *key, const char *text)
{
    json_key(w, key);
    json_text(w, text);
}

static void pair_int(struct json_writer *w, const char *key, int64_t value)
{
    json_key(w, key);
    json_int(w, value);
}

/* "{"key":"text"}" under a key. */
static void reference(struct json_writer *w, const char *key, const char *to)
{
    json_key(w, key);
    json_begin_object(w);
    pair(w, "$ref", to);
    json_end_object(w);
}

/* ---- schemas of what is asked for ---- */

static void write_fields(struct json_writer *w, const struct spec_field *fields);

static void write_choices(struct json_writer *w, const char *choices)
{
    struct str rest = str_of(choices);
    json_key(w, "enum");
    json_begin_array(w);
    while (rest.p)
        json_str(w, str_cut(&rest, '|'));
    json_end_array(w);
}

static void write_default(struct json_writer *w, const struct spec_field *f)
{
    int64_t number;
    if (!f->fallback) return;
    json_key(w, "default");
    if (f->type == SPEC_INT && str_to_i64(str_of(f->fallback), &number)) {
        json_int(w, number);
    } else if (f->type == SPEC_BOOL) {
        json_bool(w, strcmp(f->fallback, "true") == 0);
    } else {
        json_text(w, f->fallback);
    }
}

static void write_bounds(struct json_writer *w, const struct spec_field *f, const char *min,
                         const char *max)
{
    if (f->min > 0 || f->type == SPEC_INT) pair_int(w, min, f->min);
    if (f->max > 0 || f->type == SPEC_INT) pair_int(w, max, f->max);
}

static void write_items(struct json_writer *w, const struct spec_field *f)
{
    json_key(w, "items");
    json_begin_object(w);
    if (f->fields) write_fields(w, f->fields);
    json_end_object(w);
}

static void write_type(struct json_writer *w, const struct spec_field *f)
{
    switch (f->type) {
    case SPEC_TEXT:
        pair(w, "type", "string");
        write_bounds(w, f, "minLength", "maxLength");
        break;
    case SPEC_INT:
        pair(w, "type", "integer");
        if (f->min != 0 || f->max != 0) write_bounds(w, f, "minimum", "maximum");
        break;
    case SPEC_BOOL:
        pair(w, "type", "boolean");
        break;
    case SPEC_TIME:
        pair(w, "type", "string");
        json_key(w, "examples");
        json_begin_array(w);
        json_text(w, "2025-01-31T08:00:00+08:00");
        json_text(w, "2025-01-31");
        json_end_array(w);
        break;
    case SPEC_ENUM:
        pair(w, "type", "string");
        write_choices(w, f->choices);
        break;
    case SPEC_OBJECT:
        if (f->fields) {
            write_fields(w, f->fields);
        } else {
            pair(w, "type", "object");
        }
        break;
    case SPEC_LIST:
        pair(w, "type", "array");
        write_bounds(w, f, "minItems", "maxItems");
        write_items(w, f);
        break;
    case SPEC_ANY:
        break;
    }
}

static void write_field(struct json_writer *w, const struct spec_field *f)
{
    json_begin_object(w);
    write_type(w, f);
    write_default(w, f);
    if (f->doc) pair(w, "description", f->doc);
    json_end_object(w);
}

/* Members of an object's schema. */
static void write_fields(struct json_writer *w, const struct spec_field *fields)
{
    size_t required = 0;
    pair(w, "type", "object");
    json_key(w, "properties");
    json_begin_object(w);
    for (const struct spec_field *f = fields; f->name; f++) {
        json_key(w, f->name);
        write_field(w, f);
        required += f->required;
    }
    json_end_object(w);
    json_key(w, "additionalProperties");
    json_bool(w, false);
    if (required == 0) return;
    json_key(w, "required");
    json_begin_array(w);
    for (const struct spec_field *f = fields; f->name; f++) {
        if (f->required) json_text(w, f->name);
    }
    json_end_array(w);
}

/* ---- an operation ---- */

static void write_parameter(struct json_writer *w, struct str name, const char *in, bool required,
                            const struct spec_field *f)
{
    json_begin_object(w);
    json_key(w, "name");
    json_str(w, name);
    pair(w, "in", in);
    json_key(w, "required");
    json_bool(w, required);
    if (f && f->doc) pair(w, "description", f->doc);
    if (f && f->type == SPEC_LIST) {
        json_key(w, "explode");
        json_bool(w, false);
    }
    json_key(w, "schema");
    if (f) {
        write_field(w, f);
    } else {
        json_begin_object(w);
        pair(w, "type", "string");
        json_end_object(w);
    }
    json_end_object(w);
}

static void write_header_parameters(struct json_writer *w, const struct spec *s)
{
    static const struct spec_field key = {
        .name = "Idempotency-Key",
        .type = SPEC_TEXT,
        .min = 1,
        .max = LIMIT_IDEMPOTENCY_KEY,
        .doc = "The same key with the same body has one effect and one reply, for 7 days"};
    static const struct spec_field match = {
        .name = "If-Match",
        .type = SPEC_TEXT,
        .max = 1024,
        .doc = "The ETag of the version to change; 412 when there is another by now"};
    if (s->flags & SPEC_IDEMPOTENT) write_parameter(w, str_of(key.name), "header", false, &key);
    if (s->method == HTTP_PUT || s->method == HTTP_DELETE)
        write_parameter(w, str_of(match.name), "header", false, &match);
}

static void write_parameters(struct json_writer *w, const char *path, const struct spec *s)
{
    struct str rest = str_of(path);
    json_key(w, "parameters");
    json_begin_array(w);
    for (;;) {
        (void)str_cut(&rest, '{');
        if (!rest.p) break;
        struct str name = str_cut(&rest, '}');
        if (str_ends(name, STR("*"))) name.len--;
        write_parameter(w, name, "path", true, NULL);
    }
    for (const struct spec_field *f = s ? s->query : NULL; f && f->name; f++)
        write_parameter(w, str_of(f->name), "query", f->required, f);
    if (s) write_header_parameters(w, s);
    json_end_array(w);
}

static void write_body(struct json_writer *w, const struct route *r, const struct spec *s)
{
    bool checked = s && !(s->flags & SPEC_RAW_BODY);
    if (r->body_max == 0) return;
    json_key(w, "requestBody");
    json_begin_object(w);
    json_key(w, "content");
    json_begin_object(w);
    json_key(w, s && (s->flags & SPEC_BYTES) ? "application/octet-stream" : "application/json");
    json_begin_object(w);
    json_key(w, "schema");
    json_begin_object(w);
    if (s && s->body) write_fields(w, s->body);
    if (checked && !s->body) pair(w, "type", "object");
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
}

/* One way to show who one is; several are alternatives. */
static void write_scheme(struct json_writer *w, const char *name)
{
    json_begin_object(w);
    json_key(w, name);
    json_begin_array(w);
    json_end_array(w);
    json_end_object(w);
}

static void write_security(struct json_writer *w, const struct route *r, const struct spec *s)
{
    json_key(w, "security");
    json_begin_array(w);
    if (r->access == ACCESS_INTAKE) {
        write_scheme(w, "write_key");
        write_scheme(w, "write_key_bearer");
    }
    if (r->access == ACCESS_API) {
        write_scheme(w, "session");
        if (!s || s->scope != SCOPE_SIGNED_IN) write_scheme(w, "token");
    }
    json_end_array(w);
}

static void write_flags(struct json_writer *w, const struct spec *s)
{
    static const struct {
        unsigned flag;
        const char *name;
    } shown[] = {{SPEC_PERSONAL, "x-personal"}, {SPEC_CONFIRM, "x-confirm"},
                 {SPEC_OWNER, "x-owner"},       {SPEC_IDEMPOTENT, "x-idempotent"},
                 {SPEC_SIGHT, "x-sight"},       {SPEC_ANY_REACH, "x-any-reach"}};
    if (s->scope) pair(w, "x-scope", scope_name(s->scope));
    if (s->audit) pair(w, "x-audit", s->audit);
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        if (!(s->flags & shown[i].flag)) continue;
        json_key(w, shown[i].name);
        json_bool(w, true);
    }
}

static void write_operation(struct json_writer *w, const struct route *r, const struct spec *s)
{
    json_begin_object(w);
    pair(w, "summary", r->summary);
    if (s) write_flags(w, s);
    write_parameters(w, r->path, s);
    write_body(w, r, s);
    write_security(w, r, s);
    json_key(w, "responses");
    json_begin_object(w);
    if (s) {
        openapi_write_reply(w, s);
    } else {
        json_key(w, "2XX");
        json_begin_object(w);
        pair(w, "description", "Done");
        json_end_object(w);
    }
    reference(w, "default", "#/components/responses/problem");
    json_end_object(w);
    json_end_object(w);
}

/* ---- paths ---- */

/* "/console/{path*}" is "/console/{path}" there. */
static void write_path_key(struct json_writer *w, const char *path)
{
    char plain[256];
    size_t n = 0;
    for (const char *p = path; *p && n + 1 < sizeof(plain); p++) {
        if (*p != '*') plain[n++] = *p;
    }
    plain[n] = '\0';
    json_key(w, plain);
}

static bool seen_before(const struct api *a, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(a->routes[k].path, a->routes[i].path) == 0) return true;
    }
    return false;
}

/* All rows with the path of row 'first'. */
static void write_path(struct json_writer *w, const struct api *a, size_t first)
{
    const char *path = a->routes[first].path;
    write_path_key(w, path);
    json_begin_object(w);
    for (size_t m = 0; m < HTTP_METHOD_NAMES; m++) {
        for (size_t i = first; i < a->route_count; i++) {
            const struct route *r = &a->routes[i];
            if (!(r->method & http_method_names[m].method) || strcmp(r->path, path) != 0) continue;
            json_key(w, http_method_names[m].lower);
            write_operation(w, r, a->specs[i]);
            break;
        }
    }
    json_end_object(w);
}

/* ---- what is said once ---- */

static void write_info(struct json_writer *w)
{
    json_key(w, "info");
    json_begin_object(w);
    pair(w, "title", "Wellfield");
    pair(w, "version", WELLFIELD_VERSION);
    pair(w, "description",
         "Lists are {\"items\": [...], \"next\": cursor or null}. Errors are "
         "application/problem+json. Instants are RFC 3339.");
    json_end_object(w);
}

static void write_security_schemes(struct json_writer *w)
{
    static const char *const schemes[][5] = {
        {"token", "http", "scheme", "bearer", "An API token: wf_live_..."},
        {"write_key", "http", "scheme", "basic", "A write key as the user, without a password"},
        {"write_key_bearer", "http", "scheme", "bearer", "A write key: wf_pub_... or wf_sec_..."},
    };
    json_key(w, "securitySchemes");
    json_begin_object(w);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        json_key(w, schemes[i][0]);
        json_begin_object(w);
        pair(w, "type", schemes[i][1]);
        pair(w, schemes[i][2], schemes[i][3]);
        pair(w, "description", schemes[i][4]);
        json_end_object(w);
    }
    json_key(w, "session");
    json_begin_object(w);
    pair(w, "type", "apiKey");
    pair(w, "in", "cookie");
    pair(w, "name", "wf_session");
    pair(w, "description", "A person who is signed in; __Host-wf_session over TLS");
    json_end_object(w);
    json_end_object(w);
}

static void write_problem(struct json_writer *w)
{
    static const struct spec_field error[] = {
        {.name = "field", .type = SPEC_TEXT, .required = true},
        {.name = "code", .type = SPEC_TEXT, .required = true},
        {.name = "message", .type = SPEC_TEXT, .required = true},
        {0}};
    static const struct spec_field problem[] = {
        {.name = "type", .type = SPEC_TEXT, .required = true},
        {.name = "title", .type = SPEC_TEXT, .required = true},
        {.name = "status", .type = SPEC_INT, .required = true},
        {.name = "detail", .type = SPEC_TEXT, .required = true},
        {.name = "code", .type = SPEC_TEXT, .required = true, .doc = "Stable; sentences are not"},
        {.name = "errors", .type = SPEC_LIST, .fields = error, .doc = "Every field that is wrong"},
        {0}};
    json_key(w, "responses");
    json_begin_object(w);
    json_key(w, "problem");
    json_begin_object(w);
    pair(w, "description", "What was wrong");
    json_key(w, "content");
    json_begin_object(w);
    json_key(w, "application/problem+json");
    json_begin_object(w);
    json_key(w, "schema");
    json_begin_object(w);
    write_fields(w, problem);
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
}

void openapi_write(const struct api *a, struct strbuf *out)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    pair(&w, "openapi", "3.1.0");
    write_info(&w);
    json_key(&w, "components");
    json_begin_object(&w);
    write_security_schemes(&w);
    write_problem(&w);
    json_end_object(&w);
    json_key(&w, "paths");
    json_begin_object(&w);
    for (size_t i = 0; i < a->route_count; i++) {
        if (!seen_before(a, i)) write_path(&w, a, i);
    }
    json_end_object(&w);
    json_end_object(&w);
}
