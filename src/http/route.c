/* route.c - the table is walked row by row; a row that differs early costs a few bytes compared. */
#include "http/route.h"

#include <assert.h>

#define ANY_READ (HTTP_GET | HTTP_HEAD)

/* Match one path, leaving its {name} segments, still encoded, in params. */
static bool path_matches(const char *pattern, struct str path, struct field *params, size_t *count)
{
    size_t at = 0, n = 0;
    while (*pattern) {
        if (*pattern != '{') {
            if (at == path.len || path.p[at] != *pattern) return false;
            at++;
            pattern++;
            continue;
        }
        const char *close = strchr(pattern, '}');
        assert(close && n < ROUTE_PARAMS_MAX);
        size_t start = at;
        bool rest = close[-1] == '*';
        while (at < path.len && (rest || path.p[at] != '/')) {
            at++;
        }
        if (at == start && !rest) return false;
        params[n].name = (struct str){pattern + 1, (size_t)(close - pattern - 1 - rest)};
        params[n++].value = (struct str){path.p + start, at - start};
        pattern = close + 1;
    }
    *count = n;
    return at == path.len;
}

static enum err decode_params(struct route_match *m, struct arena *arena, struct why *why)
{
    for (size_t i = 0; i < m->param_count; i++) {
        struct field *f = &m->params[i];
        TRY(uri_decode(arena, f->value, false, "path", &f->value, why));
    }
    return ERR_OK;
}

enum err route_find(const struct route *routes, enum http_method method, struct str path,
                    struct arena *arena, struct route_match *out, struct why *why)
{
    unsigned wanted = method == HTTP_HEAD ? ANY_READ : (unsigned)method;
    *out = (struct route_match){0};
    for (const struct route *r = routes; r->path; r++) {
        struct field params[ROUTE_PARAMS_MAX];
        size_t count;
        if (!path_matches(r->path, path, params, &count)) continue;
        out->methods |= r->method;
        if (r->access == ACCESS_INTAKE) out->intake |= r->method;
        if (out->route || !(r->method & wanted)) continue;
        out->route = r;
        out->param_count = count;
        memcpy(out->params, params, count * sizeof(params[0]));
    }
    if (out->route) return decode_params(out, arena, why);
    if (!out->methods) return why_fail(why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, "", NULL);
    if (method == HTTP_OPTIONS) return ERR_OK;
    return why_fail(why, ERR_METHOD, MSG_HTTP_NO_METHOD, "", "%s",
                    route_allow(arena, out->methods));
}

const char *route_allow(struct arena *arena, unsigned methods)
{
    return arena_printf(arena, "%s%s%s%sOPTIONS", methods & HTTP_GET ? "GET, HEAD, " : "",
                        methods & HTTP_POST ? "POST, " : "", methods & HTTP_PUT ? "PUT, " : "",
                        methods & HTTP_DELETE ? "DELETE, " : "");
}
