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

const struct route *request_route(const struct request *req)
{
    return req->match.route;
}

void request_leave(struct request *req, void *note)
{
    req->note = note;
}

void *request_note(const struct request *req)
{
    return req->note;
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

const struct fields *request_queries(const struct request *req)
{
    return &req->query;
}

/* Which of two of one name a browser means cannot be known: a neighbour may have planted one. */
struct str request_cookie(const struct request *req, const char *name)
{
    struct str rest = request_header(req, "Cookie"), found = {NULL, 0};
    while (rest.len > 0) {
        struct str value = str_cut(&rest, ';');
        struct str key = str_trim(str_cut(&value, '='));
        if (!str_is(key, name)) continue;
        if (found.p) return (struct str){NULL, 0};
        found = str_trim(value);
    }
    return found.len > 0 ? found : (struct str){NULL, 0};
}

struct str request_header(const struct request *req, const char *name)
{
    return fields_get_fold(&req->headers, name);
}

struct str request_body(const struct request *req)
{
    return req->body;
}

struct ip request_address(const struct request *req)
{
    return ip_behind(&req->server->trusted, &req->peer, request_header(req, "X-Forwarded-For"));
}

bool request_over_tls(const struct request *req)
{
    return ip_in(&req->server->trusted, &req->peer) &&
           str_eq_fold(request_header(req, "X-Forwarded-Proto"), STR("https"));
}

/* Only names of this machine's own loopback: a page on the web must not reach in through a name of
 * its own. */
static bool host_is_local(struct str host)
{
    size_t colon = host.len;
    while (colon > 0 && host.p[colon - 1] != ':' && host.p[colon - 1] != ']')
        colon--;
    if (colon > 0 && host.p[colon - 1] == ':') host.len = colon - 1;
    return str_is(host, "127.0.0.1") || str_eq_fold(host, STR("localhost")) ||
           str_is(host, "[::1]");
}

bool request_is_local(const struct request *req)
{
    static const char *const said[] = {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
                                       "X-Real-IP",       "Forwarded",         "Via"};
    if (!ip_is_loopback(&req->peer) || ip_in(&req->server->trusted, &req->peer)) return false;
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        if (request_header(req, said[i]).p) return false;
    }
    return host_is_local(request_header(req, "Host"));
}

enum lang request_lang(const struct request *req)
{
    return language_of(request_header(req, "Accept-Language"));
}

/* Weights other than 0 do not matter here. */
bool request_takes(const struct request *req, const char *coding)
{
    struct str header = request_header(req, "Accept-Encoding");
    while (header.len > 0) {
        struct str params = str_cut(&header, ',');
        struct str name = str_trim(str_cut(&params, ';'));
        if (!str_eq_fold(name, str_of(coding))) continue;
        struct str q = str_trim(params);
        double weight = 1;
        if (q.len > 2 && (q.p[0] == 'q' || q.p[0] == 'Q') && q.p[1] == '=' &&
            !str_to_double((struct str){q.p + 2, q.len - 2}, &weight))
            weight = 0;
        return weight > 0;
    }
    return false;
}
