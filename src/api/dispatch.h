/* dispatch.h - from a spec to a row of the routing table, and from a request to its handler.
 *
 *   authorize ──► validate ──SPEC_INLINE──► handler ──► reply
 *                     └──► pool's queue ──► worker: handler ──► reply, resume */
#pragma once

#include "api/spec.h"

/* A row for the HTTP server. */
struct route dispatch_route(const struct spec *spec);
/* For http_options.authorize: leaves the call, with who asks, for the handler. Rows without a spec
 * are refused. */
enum err dispatch_authorize(struct request *req, struct why *why);
