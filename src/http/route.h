/* route.h - finding the row of the routing table for a method and path. Pure; nothing is owned.
 *
 * Rows are tried in the order of the table. Literal parts of a path must equal the request's bytes
 * as sent; a {name} takes one whole, non-empty segment, a {name*} all the rest; both are decoded.
 */
#pragma once

#include "http/http.h"
#include "http/uri.h"

/* Most {name} segments of one path. */
#define ROUTE_PARAMS_MAX 8

struct route_match {
    const struct route *route;             /* NULL: no row for this method */
    unsigned methods;                      /* enum http_method of all rows with this path */
    unsigned intake;                       /* those of them that are ACCESS_INTAKE */
    struct field params[ROUTE_PARAMS_MAX]; /* the row's {name} segments, decoded */
    size_t param_count;                    /* how many */
};

/* HTTP_HEAD matches a row for HTTP_GET. ERR_NOT_FOUND: no row has the path; ERR_METHOD: none of
 * those has the method, out->methods is filled; ERR_INVALID: a {name} cannot be decoded. For
 * HTTP_OPTIONS without a row of its own: ERR_OK and no route. */
MUST_CHECK enum err route_find(const struct route *routes, enum http_method method, struct str path,
                               struct arena *arena, struct route_match *out, struct why *why);

/* "GET, HEAD, POST, OPTIONS": what a mask of methods allows, for an Allow header. */
const char *route_allow(struct arena *arena, unsigned methods);
