/* routes_docs.c - the API describing itself; both texts are made once, when the table is. */
#include "api/call.h"
#include "api/internal.h"
#include "base/hash.h"

static void give(struct call *c, struct json_writer *w, const struct strbuf *text)
{
    reply_header(c->req, "Cache-Control", "no-cache");
    call_etag(c, hash_xxh3(text->p, text->len));
    strbuf_add_str(w->out, strbuf_str(text));
}

static enum err show_openapi(struct call *c, struct json_writer *w, struct why *why)
{
    (void)why;
    give(c, w, &c->api->openapi);
    return ERR_OK;
}

static enum err show_docs(struct call *c, struct json_writer *w, struct why *why)
{
    (void)why;
    c->type = "text/html; charset=utf-8";
    reply_header(c->req, "Content-Security-Policy",
                 "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                 "form-action 'none'; frame-ancestors 'none'");
    give(c, w, &c->api->docs);
    return ERR_OK;
}

const struct spec docs_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/openapi.json",
     .flags = SPEC_SERVER | SPEC_INLINE,
     .handle = show_openapi,
     .summary = "This API as an OpenAPI 3.1 document",
     .reply = "{\"openapi\":\"3.1.0\",\"info\":{},\"paths\":{},\"components\":{}}"},
    {.method = HTTP_GET,
     .path = "/api/docs",
     .flags = SPEC_SERVER | SPEC_INLINE,
     .handle = show_docs,
     .summary = "This API as a page",
     .reply_types = "text/html"},
    {0},
};
