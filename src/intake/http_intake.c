/* http_intake.c - the addresses SDKs call.
 *
 *   body ──envelope──► messages + key ──► brand, sender ──each: segment or posthog──► fact
 *        ──kind allowed? fact_check──► delivery ──writer──► answer after the commit
 *
 * All reading and checking is done on the HTTP thread; the writer gets facts ready to store. */
#include "intake/http_intake.h"

#include "base/json.h"
#include "intake/counters.h"
#include "intake/delivery.h"
#include "intake/envelope.h"
#include "intake/posthog.h"
#include "intake/segment.h"

/* One protocol. */
struct protocol {
    enum err (*message)(struct arena *a, struct str json, const struct message_source *source,
                        struct fact *out, struct why *why);
    const char *opening; /* of the answer */
};

static const struct protocol segment = {segment_message, "\"success\":true"};
static const struct protocol posthog = {posthog_message, "\"status\":1"};

/* ---- who sends ---- */

static struct str basic_user(struct arena *a, struct str encoded)
{
    struct str pair;
    if (!base64_decode(a, str_trim(encoded), &pair)) return STR("");
    return str_cut(&pair, ':');
}

/* The key of the Authorization header; {NULL, 0} without one. */
static struct str key_of_header(const struct request *req, struct arena *a)
{
    struct str value = request_header(req, "Authorization");
    if (!value.p) return value;
    struct str scheme = str_cut(&value, ' ');
    if (str_eq_fold(scheme, STR("Basic"))) return basic_user(a, value);
    if (str_eq_fold(scheme, STR("Bearer"))) return str_trim(value);
    return STR("");
}

/* NULL, with 'why' filled, when it is unknown or no write key. */
static const struct key *find_key(struct request *req, struct str in_body, struct why *why)
{
    const struct intake_ctx *ctx = request_ctx(req);
    struct str text = key_of_header(req, request_arena(req));
    const struct key *key = keyring_find(ctx->keys, text.p ? text : in_body);
    if (key && key->kind != KEY_TOKEN) {
        if (key_allows_origin(key, request_header(req, "Origin"))) return key;
        (void)why_fail(why, ERR_FORBIDDEN, MSG_KEY_NOT_HERE, "Origin", NULL);
        return NULL;
    }
    counters_unknown_key();
    (void)why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_WRITE_KEY, "", NULL);
    return NULL;
}

static struct sender sender_of(struct arena *a, const struct key *key)
{
    return (struct sender){
        .level = key->kind == KEY_SECRET ? SENDER_SECRET : SENDER_PUBLIC,
        .origin = str_of(arena_printf(a, "key:%u", key->number)),
    };
}

/* ---- messages ---- */

/* A request being read. */
struct reading {
    struct arena *arena;             /* the request's */
    const struct protocol *protocol; /* it speaks */
    struct sender sender;
    struct message_source source;
    uint32_t dropped; /* values left out, of all messages */
    uint32_t junk;    /* identities left out */
};

static enum err read_message(struct reading *r, struct str json, struct fact *fact, struct why *why)
{
    uint32_t junk = 0;
    if (json.len > LIMIT_EVENT_BYTES)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "message", "%d", LIMIT_EVENT_BYTES);
    TRY(r->protocol->message(r->arena, json, &r->source, fact, why));
    if (fact->kind.len == 0) return ERR_OK;
    TRY(fact_kind_allowed(&r->sender, fact->kind, why));
    TRY(fact_check(fact, r->source.received_at, r->arena, &junk, why));
    r->junk += junk;
    return ERR_OK;
}

static void deliver(struct request *req, struct reading *r, const struct envelope *e,
                    struct brand *b)
{
    struct delivery *d = delivery_create(req, b, &r->sender, e->count, r->protocol->opening);
    for (uint32_t i = 0; i < e->count; i++) {
        struct fact fact = {0};
        struct why why;
        if (read_message(r, e->items[i], &fact, &why) != ERR_OK) {
            delivery_refuse(d, i, &why);
        } else if (fact.kind.len == 0) {
            delivery_ignore(d);
        } else {
            delivery_add(d, i, &fact);
        }
    }
    struct intake_counts *counts = delivery_counts(d);
    counts->bytes = request_body(req).len;
    counts->values_dropped = r->dropped;
    counts->identities_dropped = r->junk;
    delivery_send(d);
}

static enum err take(struct request *req, const struct protocol *p, const struct envelope *e,
                     struct str call, struct why *why)
{
    const struct intake_ctx *ctx = request_ctx(req);
    const struct key *key = find_key(req, e->key, why);
    struct brand *b;
    if (!key) return why->err;
    TRY(data_brand(ctx->data, key->brand, &b, why));
    struct reading r = {.arena = request_arena(req), .protocol = p};
    r.sender = sender_of(r.arena, key);
    r.source = (struct message_source){
        .received_at = env_now(brand_env(b)),
        .sent_at = e->sent_at,
        .live = true,
        .type = call,
        .currency = str_of(brand_currency(b)),
        .digits = brand_currency_digits(b),
        .dropped = &r.dropped,
    };
    deliver(req, &r, e, b);
    return ERR_OK;
}

/* ---- handlers ---- */

/* "track" of "/v1/track" and of "/v1/t". */
static struct str call_of_path(struct str path)
{
    static const struct str calls[] = {{"track", 5},  {"identify", 8}, {"page", 4},
                                       {"screen", 6}, {"group", 5},    {"alias", 5}};
    struct str name = {path.p + sizeof("/v1/") - 1, path.len - (sizeof("/v1/") - 1)};
    if (name.len > 1) return name;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i].p[0] == name.p[0]) return calls[i];
    }
    return name;
}

static enum err receive_segment(struct request *req, enum envelope_form form, struct str call,
                                struct why *why)
{
    struct arena *a = request_arena(req);
    struct envelope e;
    TRY(envelope_open(a, request_body(req), form, &e, why));
    return take(req, &segment, &e, call, why);
}

static void handle_call(struct request *req)
{
    struct why why = {0};
    struct str call = call_of_path(request_path(req));
    if (receive_segment(req, ENVELOPE_ONE, call, &why) != ERR_OK) reply_problem(req, &why);
}

static void handle_batch(struct request *req)
{
    struct why why = {0};
    const struct str each = {NULL, 0};
    if (receive_segment(req, ENVELOPE_BATCH, each, &why) != ERR_OK) reply_problem(req, &why);
}

static enum err receive_posthog(struct request *req, struct why *why)
{
    struct arena *a = request_arena(req);
    struct envelope e;
    struct str json;
    TRY(envelope_unwrap(a, request_body(req), &json, why));
    TRY(envelope_open(a, json, ENVELOPE_ANY, &e, why));
    if (!e.key.p && e.count > 0) e.key = posthog_token(a, e.items[0]);
    return take(req, &posthog, &e, (struct str){NULL, 0}, why);
}

static void handle_posthog(struct request *req)
{
    struct why why = {0};
    if (receive_posthog(req, &why) != ERR_OK) reply_problem(req, &why);
}

/* analytics.js reports on itself. */
static void handle_sdk_metrics(struct request *req)
{
    reply_json(req, 200, STR("{\"success\":true}"));
}

/* PostHog's SDKs ask for feature flags and settings; there are none. */
static void handle_flags(struct request *req)
{
    reply_json(req, 200,
               STR("{\"config\":{\"enable_collect_everything\":true},\"featureFlags\":{},"
                   "\"featureFlagPayloads\":{},\"flags\":{},\"errorsWhileComputingFlags\":false,"
                   "\"supportedCompression\":[\"gzip\",\"gzip-js\",\"base64\"],"
                   "\"sessionRecording\":false,\"isAuthenticated\":false,\"toolbarParams\":{},"
                   "\"siteApps\":[]}"));
}

/* ---- settings of analytics.js ---- */

static void write_destination(struct json_writer *w, struct str key, struct str host, bool tls)
{
    struct strbuf address = {0};
    strbuf_add_str(&address, host);
    strbuf_add_text(&address, "/v1");
    json_key(w, "Segment.io");
    json_begin_object(w);
    json_key(w, "apiKey");
    json_str(w, key);
    json_key(w, "apiHost");
    json_str(w, strbuf_str(&address));
    json_key(w, "protocol");
    json_text(w, tls ? "https" : "http");
    json_end_object(w);
    strbuf_finish(&address);
}

static void write_settings(struct strbuf *out, struct str key, struct str host, bool tls)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_key(&w, "integrations");
    json_begin_object(&w);
    write_destination(&w, key, host, tls);
    json_end_object(&w);
    strbuf_add_text(out,
                    ",\"plan\":{\"track\":{\"__default\":{\"enabled\":true,\"integrations\":{}}},"
                    "\"identify\":{\"__default\":{\"enabled\":true}},"
                    "\"group\":{\"__default\":{\"enabled\":true}}},"
                    "\"edgeFunction\":{},\"analyticsNextEnabled\":true,\"middlewareSettings\":{},"
                    "\"enabledMiddleware\":{},\"metrics\":{\"sampleRate\":0},"
                    "\"legacyVideoPluginsEnabled\":false,\"remotePlugins\":[]");
    json_end_object(&w);
}

static void handle_settings(struct request *req)
{
    const struct intake_ctx *ctx = request_ctx(req);
    struct str text = request_param(req, "key");
    const struct key *key = keyring_find(ctx->keys, text);
    struct why why;
    if (!key || key->kind == KEY_TOKEN) {
        (void)why_fail(&why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "key");
        reply_problem(req, &why);
        return;
    }
    struct strbuf out = {0};
    bool tls = str_eq_fold(request_header(req, "X-Forwarded-Proto"), STR("https"));
    write_settings(&out, text, request_header(req, "Host"), tls);
    reply_json(req, 200, strbuf_str(&out));
    strbuf_finish(&out);
}

/* ---- the table ---- */

#define CALL(path, what)                                                                           \
    {                                                                                              \
        HTTP_POST, path, ACCESS_INTAKE, LIMIT_EVENT_BYTES, handle_call, what                       \
    }
#define BATCH(path)                                                                                \
    {                                                                                              \
        HTTP_POST, path, ACCESS_INTAKE, LIMIT_BATCH_BYTES, handle_batch, "Send events"             \
    }
#define POSTHOG(path)                                                                              \
    {                                                                                              \
        HTTP_POST, path, ACCESS_INTAKE, LIMIT_BATCH_BYTES, handle_posthog, "Send PostHog events"   \
    }
#define FLAGS(path)                                                                                \
    {                                                                                              \
        HTTP_GET | HTTP_POST, path, ACCESS_INTAKE, LIMIT_EVENT_BYTES, handle_flags,                \
            "Feature flags"                                                                        \
    }

const struct route intake_routes[] = {
    CALL("/v1/track", "Send one event"),
    CALL("/v1/identify", "Say who somebody is"),
    CALL("/v1/page", "Send one view of a page"),
    CALL("/v1/screen", "Send one view of a screen"),
    CALL("/v1/group", "Say what group a member belongs to"),
    CALL("/v1/alias", "Say that two ids are one person"),
    BATCH("/v1/batch"),
    BATCH("/v1/import"),
    CALL("/v1/t", "Send one event"),
    CALL("/v1/i", "Say who somebody is"),
    CALL("/v1/p", "Send one view of a page"),
    CALL("/v1/s", "Send one view of a screen"),
    CALL("/v1/g", "Say what group a member belongs to"),
    CALL("/v1/a", "Say that two ids are one person"),
    BATCH("/v1/b"),
    {HTTP_POST, "/v1/m", ACCESS_INTAKE, LIMIT_EVENT_BYTES, handle_sdk_metrics,
     "An SDK's figures about itself"},
    {HTTP_GET, "/v1/projects/{key}/settings", ACCESS_INTAKE, 0, handle_settings,
     "Settings of analytics.js"},
    POSTHOG("/batch/"),
    POSTHOG("/batch"),
    POSTHOG("/capture/"),
    POSTHOG("/capture"),
    POSTHOG("/e/"),
    POSTHOG("/e"),
    POSTHOG("/i/v0/e/"),
    POSTHOG("/i/v0/e"),
    FLAGS("/decide/"),
    FLAGS("/decide"),
    FLAGS("/flags/"),
    FLAGS("/flags"),
    {0},
};
