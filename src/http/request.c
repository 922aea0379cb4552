/* request.c - reading a request; everything was checked and copied before a handler sees it. */
#include "base/str.h"
#include "http/internal.h"
#include "http/language.h"

void *request_ctx(const struct request *req)
{
    return req->ctx;
}

struct arena *request_arena(struct request *req)
{
    return req->arena;
}

enum http_method request_method(const struct request *req)
{
    return req->framing.method == HTTP_HEAD ? HTTP_GET : req->framing.method;
}

struct str request_path(const struct request *req)
{
    return req->path;
}

struct str request_param(const struct request *req, const char *name)
{
    for (size_t i = 0; i < req->match.param_count; i++) {
        if (str_is(req->match.params[i].name, name)) return req->match.params[i].value;
    }
    return (struct str){NULL, 0};
}

struct str request_query(const struct request *req, const char *name)
{
    return fields_get(&req->query, name);
}

struct str request_header(const struct request *req, const char *name)
{
    return fields_get_fold(&req->headers, name);
}

struct str request_cookie(const struct request *req, const char *name)
{
    struct str rest = request_header(req, "Cookie");
    while (rest.len > 0) {
        struct str value = str_cut(&rest, ';');
        struct str key = str_trim(str_cut(&value, '='));
        if (!value.p || !str_is(key, name)) continue;
        value = str_trim(value);
        if (value.len >= 2 && value.p[0] == '"' && value.p[value.len - 1] == '"') {
            return (struct str){value.p + 1, value.len - 2};
        }
        return value;
    }
    return (struct str){NULL, 0};
}

struct str request_body(const struct request *req)
{
    return req->body;
}

enum lang request_lang(const struct request *req)
{
    return language_of(request_header(req, "Accept-Language"));
}

void request_set_principal(struct request *req, void *principal)
{
    req->principal = principal;
}

void *request_principal(const struct request *req)
{
    return req->principal;
}
