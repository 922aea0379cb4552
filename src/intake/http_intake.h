/* http_intake.h - the Segment and PostHog HTTP protocols, for SDKs with only their host changed. */
#pragma once

#include "account/key.h"
#include "http/http.h"

/* What the handlers work on; request_ctx() of the server must be a struct whose first field is
 * this. */
struct intake_ctx {
    struct data *data;
    struct keyring *keys;
};

/* Rows to append to the server's routing table; ends with a zeroed one. All are ACCESS_INTAKE,
 * so that web pages of any origin may call them; the write key (Basic, Bearer, or in the body as
 * writeKey, api_key or token) is checked by the handlers. */
extern const struct route intake_routes[];

/* Counters since the start, appended as Prometheus text. */
void intake_metrics(struct strbuf *out);
