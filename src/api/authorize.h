/* authorize.h - who asks, and may they? Deny by default. */
#pragma once

#include "account/key.h"
#include "api/call.h"

/* Fill call.who and call.brand, by the request's credential and the spec.
 *
 * ERR_UNAUTHORIZED: no credential, or not one that lives. ERR_NOT_FOUND: a brand that is not the
 * caller's, or not at all. ERR_FORBIDDEN: the caller's brand, but not within the caller's scopes;
 * or a change that a page of another site has sent. ERR_CONFIRM: a person within their scopes, who
 * has to give their password first. */
MUST_CHECK enum err authorize_call(struct call *c, struct why *why);

/* What the caller may do in another brand; 0 for one that is not the caller's. */
uint64_t authorize_scopes(const struct call *c, const char *brand);

/* The API token of a request; NULL when it has none that lives. */
const struct key *authorize_key(struct api *a, const struct request *req);

/* The cookie that holds a session's token: by TLS one that only this host can set. */
const char *authorize_cookie(const struct request *req);
