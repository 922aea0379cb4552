/* routes_stream.c - a brand's changes as server-sent events. */
#include "api/call.h"
#include "api/feed.h"
#include "api/internal.h"

static enum err watch_brand(struct call *c, struct json_writer *w, struct why *why)
{
    uint64_t last = UINT64_MAX;
    unsigned wanted = 0;
    struct str topics = call_str(c, "topics");
    (void)w;
    while (topics.p) {
        struct str topic = str_cut(&topics, ',');
        unsigned bit = str_is(topic, "events")     ? FEED_EVENTS
                       : str_is(topic, "imports")  ? FEED_IMPORTS
                       : str_is(topic, "segments") ? FEED_SEGMENTS
                                                   : 0;
        if (!bit)
            return why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "topics", STR_FMT "|%s",
                            STR_ARG(topic), "events, imports, segments");
        wanted |= bit;
    }
    if ((wanted & FEED_SEGMENTS) && !(c->who->scopes & SCOPE_MEMBERS_READ))
        return why_fail(why, ERR_FORBIDDEN, MSG_NO_SCOPE, "", "%s", scope_name(SCOPE_MEMBERS_READ));
    if ((wanted & FEED_IMPORTS) && !(c->who->scopes & SCOPE_IMPORTS_WRITE))
        return why_fail(why, ERR_FORBIDDEN, MSG_NO_SCOPE, "", "%s",
                        scope_name(SCOPE_IMPORTS_WRITE));
    struct str seen = request_header(c->req, "Last-Event-ID");
    if (seen.p && !str_to_u64(seen, &last))
        return why_fail(why, ERR_INVALID, MSG_WANT_INT, "Last-Event-ID", NULL);
    reply_header(c->req, "X-Accel-Buffering", "no");
    return feed_watch(c->api->feed, c, wanted, last, why);
}

static const struct spec_field stream_query[] = {
    {.name = "topics",
     .type = SPEC_LIST,
     .min = 1,
     .max = 8,
     .fallback = "events",
     .doc = "What to hear of: events; imports, for who may import; segments: each member who "
            "enters or leaves one, for who may see members"},
    {0},
};

const struct spec stream_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/stream",
     .scope = SCOPE_OVERVIEW_READ,
     .query = stream_query,
     .flags = SPEC_INLINE | SPEC_SIGHT,
     .handle = watch_brand,
     .summary =
         "Server-sent events of a brand: its newest event's number, when it changes, at most "
         "four times a second; members who enter and leave segments, at once",
     .reply = "{\"seq\":120001,\"events_total\":120001,"
              "\"last_at\":\"2026-11-22T18:00:00+08:00\"}",
     .reply_types = "text/event-stream"},
    {0},
};
