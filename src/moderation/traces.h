/* traces.h - ways out of a group that a clean text shows: links, phones, mail, ids of other
 * messengers. Pure. */
#pragma once

#include "moderation/clean.h"

enum trace {
    TRACE_LINK,
    TRACE_CODE, /* a link of the kind that QR codes hold: a card, a group, a payment */
    TRACE_PHONE,
    TRACE_MAIL,
    TRACE_WECHAT,
    TRACE_QQ,
    TRACE_QR, /* what a QR code says that the message carries; traces_find finds none */
    TRACE_COUNT
};
extern const char *const trace_names[TRACE_COUNT]; /* "link" ... */

struct trace_found {
    enum trace what;
    struct span at;  /* of the clean text */
    struct str host; /* of a link; else empty */
};
/* Tell fn of each, kind by kind; stop when it says false. */
void traces_find(struct str clean, bool (*fn)(void *ctx, const struct trace_found *found),
                 void *ctx);
/* Is it one of the hosts listed, a line each, or below one? */
bool traces_host_in(struct str host, struct str list);
