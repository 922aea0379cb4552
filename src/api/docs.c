/* docs.c - the page at /api/docs: every route with a spec, grouped by what it is about, then the
 * others in one table. One document without scripts. */
#include "api/openapi.h"
#include "base/version.h"

/* clang-format off */
#define STYLE \
    ":root{color-scheme:light dark;--bg:#f6f5f1;--card:#fff;--ink:#22252a;--soft:#5d626a;" \
    "--line:#e4e1d8;--accent:#1f6f5c;--code:#efede6}" \
    "@media(prefers-color-scheme:dark){:root{--bg:#16181b;--card:#1f2226;--ink:#e8e6e1;" \
    "--soft:#a2a6ae;--line:#31353b;--accent:#5cc2a6;--code:#15171a}}" \
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);" \
    "font:15px/1.55 system-ui,'PingFang SC','Noto Sans CJK SC',sans-serif}" \
    "main{max-width:960px;margin:0 auto;padding:24px 16px 64px}" \
    "h1{font-size:24px}h2{font-size:18px;margin:40px 0 8px}" \
    "nav{display:flex;flex-wrap:wrap;gap:4px 16px}a{color:var(--accent)}" \
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;" \
    "padding:14px 18px;margin:12px 0;overflow-x:auto}" \
    "h3{font-size:15px;margin:0 0 6px;overflow-wrap:anywhere}" \
    "h3 b{display:inline-block;min-width:62px;color:var(--accent)}" \
    "code,pre{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}" \
    "pre{background:var(--code);border-radius:6px;padding:10px 12px;overflow-x:auto;" \
    "white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0 0}" \
    "p{margin:6px 0}.soft{color:var(--soft)}" \
    "table{border-collapse:collapse;width:100%;margin-top:8px;font-size:14px}" \
    "th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-top:1px solid var(--line)}" \
    "th{color:var(--soft);font-weight:500;border-top:0}" \
    ":focus-visible{outline:2px solid var(--accent);outline-offset:2px}"
/* clang-format on */

static void put(struct strbuf *out, const char *text)
{
    page_text(out, str_of(text));
}

/* "members" of "/api/v1/{brand}/members/{id}"; the first word of what is server-wide. */
static struct str topic_of(const char *path)
{
    struct str rest = str_of(path);
    if (!str_starts(rest, STR("/api/v1/"))) return STR("api");
    rest = (struct str){rest.p + 8, rest.len - 8};
    struct str word = str_cut(&rest, '/');
    if (str_is(word, "{brand}")) word = str_cut(&rest, '/');
    return word;
}

static const char *type_name(enum spec_type type)
{
    static const char *const names[] = {
        [SPEC_TEXT] = "text", [SPEC_INT] = "whole number", [SPEC_BOOL] = "true or false",
        [SPEC_TIME] = "time", [SPEC_ENUM] = "one of",      [SPEC_OBJECT] = "object",
        [SPEC_LIST] = "list", [SPEC_ANY] = "any",
    };
    return names[type];
}

static void write_bounds(struct strbuf *out, const struct spec_field *f)
{
    const char *unit = f->type == SPEC_TEXT ? " bytes" : f->type == SPEC_LIST ? " entries" : "";
    if (f->min == 0 && f->max == 0) return;
    strbuf_addf(out, ", %lld to %lld%s", (long long)f->min, (long long)f->max, unit);
}

/* One row a field, and those inside of it by their paths. */
static void write_rows(struct strbuf *out, const struct spec_field *fields, const char *path)
{
    for (const struct spec_field *f = fields; f && f->name; f++) {
        struct strbuf name = {0};
        strbuf_addf(&name, "%s%s", path, f->name);
        strbuf_add_text(out, "<tr><td><code>");
        put(out, name.p);
        strbuf_add_text(out, "</code><td>");
        put(out, type_name(f->type));
        if (f->choices) {
            strbuf_add_text(out, " <code>");
            put(out, f->choices);
            strbuf_add_text(out, "</code>");
        }
        write_bounds(out, f);
        strbuf_add_text(out, "<td>");
        if (f->required) strbuf_add_text(out, "required. ");
        put(out, f->doc ? f->doc : "");
        if (f->fallback) {
            strbuf_add_text(out, " Default <code>");
            put(out, f->fallback);
            strbuf_add_text(out, "</code>.");
        }
        strbuf_add_text(&name, f->type == SPEC_LIST ? "[]." : ".");
        write_rows(out, f->fields, name.p);
        strbuf_finish(&name);
    }
}

static void write_table(struct strbuf *out, const char *title, const struct spec_field *fields)
{
    if (!fields || !fields->name) return;
    strbuf_addf(out, "<table><tr><th>%s<th>is<th>says", title);
    write_rows(out, fields, "");
    strbuf_add_text(out, "</table>");
}

static const char *method_name(enum http_method method)
{
    for (size_t i = 0; i < HTTP_METHOD_NAMES; i++) {
        if (http_method_names[i].method & method) return http_method_names[i].upper;
    }
    return "";
}

static void write_spec(struct strbuf *out, const struct spec *s)
{
    strbuf_addf(out, "<section><h3><b>%s</b><code>", method_name(s->method));
    put(out, s->path);
    strbuf_add_text(out, "</code></h3><p>");
    put(out, s->summary ? s->summary : "");
    strbuf_add_text(out, ".<p class=soft>");
    if (s->scope) {
        strbuf_add_text(out, "Needs <code>");
        put(out, scope_name(s->scope));
        strbuf_add_text(out, "</code>.");
    } else {
        strbuf_add_text(out, "Open to anyone.");
    }
    if (s->flags & SPEC_PERSONAL) strbuf_add_text(out, " Holds personal data.");
    if (s->flags & SPEC_OWNER) strbuf_add_text(out, " For people who own every brand.");
    if (s->flags & SPEC_CONFIRM) strbuf_add_text(out, " Asks people for their password again.");
    if (s->flags & SPEC_IDEMPOTENT) strbuf_add_text(out, " Takes an <code>Idempotency-Key</code>.");
    write_table(out, "parameter", s->query);
    write_table(out, "body", s->body);
    if (s->reply) {
        strbuf_add_text(out, "<pre>");
        size_t whole = str_find(str_of(s->reply), STR("\n~"));
        page_text(out, (struct str){s->reply, whole == SIZE_MAX ? strlen(s->reply) : whole});
        strbuf_add_text(out, "</pre>");
    }
    strbuf_add_text(out, "</section>");
}

/* Is row i the first with a spec of its topic? */
static bool first_of_topic(const struct api *a, size_t i)
{
    struct str topic = topic_of(a->routes[i].path);
    for (size_t k = 0; k < i; k++) {
        if (a->specs[k] && str_eq(topic_of(a->routes[k].path), topic)) return false;
    }
    return true;
}

static void write_topics(const struct api *a, struct strbuf *out)
{
    for (size_t i = 0; i < a->route_count; i++) {
        if (!a->specs[i] || !first_of_topic(a, i)) continue;
        struct str topic = topic_of(a->routes[i].path);
        strbuf_addf(out, "<h2 id=\"" STR_FMT "\">" STR_FMT "</h2>", STR_ARG(topic), STR_ARG(topic));
        for (size_t k = i; k < a->route_count; k++) {
            if (a->specs[k] && str_eq(topic_of(a->routes[k].path), topic))
                write_spec(out, a->specs[k]);
        }
    }
}

static void write_nav(const struct api *a, struct strbuf *out)
{
    strbuf_add_text(out, "<nav>");
    for (size_t i = 0; i < a->route_count; i++) {
        if (!a->specs[i] || !first_of_topic(a, i)) continue;
        struct str topic = topic_of(a->routes[i].path);
        strbuf_addf(out, "<a href=\"#" STR_FMT "\">" STR_FMT "</a>", STR_ARG(topic),
                    STR_ARG(topic));
    }
    strbuf_add_text(out, "<a href=\"#other\">events, files and watching</a>"
                         "<a href=\"/api/openapi.json\">openapi.json</a></nav>");
}

static void write_others(const struct api *a, struct strbuf *out)
{
    strbuf_add_text(out, "<h2 id=other>Events, files and watching</h2><section><table>"
                         "<tr><th>route<th>does");
    for (size_t i = 0; i < a->route_count; i++) {
        const struct route *r = &a->routes[i];
        if (a->specs[i]) continue;
        strbuf_add_text(out, "<tr><td><code>");
        for (size_t m = 0; m < HTTP_METHOD_NAMES; m++) {
            if (!(r->method & http_method_names[m].method)) continue;
            strbuf_addf(out, "%s ", http_method_names[m].upper);
        }
        put(out, r->path);
        strbuf_add_text(out, "</code><td>");
        put(out, r->summary);
    }
    strbuf_add_text(out, "</table></section>");
}

void docs_write(const struct api *a, struct strbuf *out)
{
    strbuf_add_text(out,
                    "<!doctype html><html lang=en><meta charset=utf-8>"
                    "<meta name=viewport content=\"width=device-width,initial-scale=1\">"
                    "<title>Wellfield API</title><style>" STYLE "</style><main>"
                    "<h1>Wellfield API <small class=soft>" WELLFIELD_VERSION "</small></h1>"
                    "<p>A program shows its token as <code>Authorization: Bearer wf_live_…</code>; "
                    "a person signs in and has a cookie. Bodies and replies are JSON, errors "
                    "<code>application/problem+json</code> with every wrong field in "
                    "<code>errors</code>. A list is <code>{\"items\": […], \"next\": …}</code>: "
                    "give <code>next</code> as <code>cursor</code> to go on.");
    write_nav(a, out);
    write_topics(a, out);
    write_others(a, out);
    strbuf_add_text(out, "</main></html>\n");
}
