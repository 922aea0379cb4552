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

struct str request_body(const struct request *req)
{
    return req->body;
}

enum lang request_lang(const struct request *req)
{
    return language_of(request_header(req, "Accept-Language"));
}
