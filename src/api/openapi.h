/* openapi.h - the routing table as an OpenAPI 3.1 document and as a page to read. */
#pragma once

#include "api/internal.h"

/* Append the document: every row, those without a spec by what is known of them. */
void openapi_write(const struct api *a, struct strbuf *out);
/* Append what a route answers with success, under its status (openapi_reply.c). */
void openapi_write_reply(struct json_writer *w, const struct spec *s);
/* Append the page. */
void docs_write(const struct api *a, struct strbuf *out);

/* What the two share. */
struct http_method_name {
    enum http_method method;
    const char *lower, *upper;
};
#define HTTP_METHOD_NAMES 4
extern const struct http_method_name http_method_names[HTTP_METHOD_NAMES];
