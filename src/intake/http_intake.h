/* http_intake.h - the Segment and PostHog HTTP protocols, for SDKs with only their host changed. */
#pragma once

#include "account/key.h"
#include "http/http.h"

/* What the handlers work on; request_ctx() of the server must be a struct whose first field is
 * this. */
struct intake_ctx {
    struct data *data;
    const struct keyring *keys;
};

/* Rows to append to the server's routing table; ends with a zeroed one. All are ACCESS_PUBLIC: the
 * write key (Basic, Bearer, body, or PostHog's api_key) is checked by the handlers, since it may be
 * in the body. */
extern const struct route intake_routes[];

/* Counters since the start, appended as Prometheus text. */
void intake_metrics(struct strbuf *out);
