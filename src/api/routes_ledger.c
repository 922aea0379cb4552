/* routes_ledger.c - what a member consented to and withdrew, and the link to their own page. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "people/consent.h"

/* ---- the ledger ---- */

struct lists {
    struct consent_sub *items;
    size_t count;
};

static enum err put_answer(struct call *c, struct sql *db, const struct consent_ask *ask,
                           struct json_writer *w, struct why *why)
{
    struct consent_answer a;
    enum err err = consent_answer(c->brand, db, ask, &a);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    json_begin_object(w);
    put_str(w, "purpose", ask->purpose);
    put_str(w, "channel", ask->channel);
    put_str(w, "list", ask->list);
    put_bool(w, "allowed", a.allowed);
    put_text(w, "reason", consent_reason_name(a.reason));
    put_time(c, w, "since", a.since);
    json_end_object(w);
    return ERR_OK;
}

/* The purpose by one channel, and each of its lists. */
static enum err put_channel(struct call *c, struct sql *db, const struct consent_ask *purpose,
                            const struct lists *lists, struct json_writer *w, struct why *why)
{
    TRY(put_answer(c, db, purpose, w, why));
    for (size_t i = 0; i < lists->count; i++) {
        struct consent_ask ask = *purpose;
        ask.list = lists->items[i].list;
        if (str_eq(lists->items[i].purpose, ask.purpose)) TRY(put_answer(c, db, &ask, w, why));
    }
    return ERR_OK;
}

/* By each channel that a purpose offers. */
static enum err put_answers(struct call *c, struct sql *db, uint32_t member, struct json_writer *w,
                            struct why *why)
{
    struct consent_purpose *purposes;
    struct lists lists;
    size_t count;
    TRY(consent_purposes(db, c->arena, &purposes, &count, why));
    TRY(consent_lists(db, c->arena, &lists.items, &lists.count, why));
    put_array(w, "answers");
    for (size_t i = 0; i < count; i++) {
        struct consent_ask ask = {
            .member = member, .purpose = purposes[i].purpose, .at = env_now(brand_env(c->brand))};
        struct str rest = purposes[i].channels;
        while (rest.p && rest.len) {
            ask.channel = str_cut(&rest, ',');
            TRY(put_channel(c, db, &ask, &lists, w, why));
        }
    }
    json_end_array(w);
    return ERR_OK;
}

static void put_entry(const struct call *c, struct json_writer *w, const struct consent_entry *e)
{
    bool clear = c->who->scopes & SCOPE_MEMBERS_REVEAL;
    json_begin_object(w);
    put_int(w, "id", e->id);
    put_str(w, "purpose", e->purpose);
    put_str(w, "channel", e->channel);
    put_str(w, "list", e->list.len ? e->list : (struct str){NULL, 0});
    put_bool(w, "granted", e->granted);
    put_bool(w, "guardian", e->guardian);
    put_known(w, "version", e->version);
    put_time(c, w, "at", e->at);
    put_time(c, w, "recorded_at", e->recorded_at);
    put_str(w, "way", e->way);
    put_str(w, "source", e->source);
    put_bool(w, "has_evidence", e->evidence.len > 0);
    put_str(w, "evidence", clear && e->evidence.len ? e->evidence : (struct str){NULL, 0});
    json_end_object(w);
}

static enum err get_consents(struct call *c, struct json_writer *w, struct why *why)
{
    struct people_view view = {c->brand, NULL, c->arena};
    struct consent_entry *entries;
    uint32_t member;
    size_t count;
    TRY(members_root(c, &view.db, &member, why));
    TRY(consent_list(&view, member, &entries, &count, why));
    json_begin_object(w);
    TRY(put_answers(c, view.db, member, w, why));
    put_array(w, "items");
    for (size_t i = 0; i < count; i++)
        put_entry(c, w, &entries[i]);
    json_end_array(w);
    put_str(w, "next", (struct str){NULL, 0});
    json_end_object(w);
    return ERR_OK;
}

static enum err add_consent(struct call *c, struct json_writer *w, struct why *why)
{
    struct consent_entry e = {.purpose = call_str(c, "purpose"),
                              .channel = call_str(c, "channel"),
                              .list = call_has(c, "list") ? call_str(c, "list") : STR(""),
                              .granted = call_bool(c, "granted"),
                              .guardian = call_bool(c, "guardian"),
                              .version = (uint32_t)call_int(c, "version"),
                              .at = call_int(c, "at"),
                              .way = call_str(c, "way"),
                              .source = members_source(c)};
    e.evidence = call_has(c, "evidence") ? call_str(c, "evidence") : STR("");
    TRY(members_id(c, &e.member, why));
    enum err err = consent_record(c->brand, &e, 1, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    TRY(err);
    TRY(members_tell(c, e.member,
                     str_of(arena_printf(c->arena, "{\"entry\":%" PRId64 ",\"granted\":%s}", e.id,
                                         e.granted ? "true" : "false")),
                     why));
    c->status = 201;
    put_entry(c, w, &e);
    return ERR_OK;
}

/* ---- the link ---- */

static enum err make_link(struct call *c, struct json_writer *w, struct why *why)
{
    char token[CONSENT_TOKEN_SIZE];
    int64_t until = env_now(brand_env(c->brand)) + call_int(c, "days") * TIME_DAY;
    struct sql *db;
    uint32_t member;
    TRY(members_root(c, &db, &member, why));
    TRY(consent_token(c->brand, db, member, until, token));
    TRY(members_tell(c, member, (struct str){NULL, 0}, why));
    c->status = 201;
    json_begin_object(w);
    put_text(w, "path", arena_printf(c->arena, "/p/%s/%s", brand_slug(c->brand), token));
    put_time(c, w, "expires_at", until - until % TIME_SECOND);
    json_end_object(w);
    return ERR_OK;
}

static enum err recall_links(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    uint32_t member;
    (void)w;
    TRY(members_root(c, &db, &member, why));
    TRY(consent_recall(c->brand, member, why));
    return members_tell(c, member, (struct str){NULL, 0}, why);
}

/* ---- the table ---- */

static const struct spec_field entry_body[] = {
    {.name = "purpose",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = 32,
     .doc = "what for"},
    {.name = "channel",
     .type = SPEC_TEXT,
     .min = 1,
     .max = 16,
     .fallback = "*",
     .doc = "such as \"sms\"; * = all"},
    {.name = "list", .type = SPEC_TEXT, .min = 1, .max = 32, .doc = "a list of the purpose alone"},
    {.name = "granted", .type = SPEC_BOOL, .required = true, .doc = "yes, or withdrawn"},
    {.name = "guardian",
     .type = SPEC_BOOL,
     .fallback = "false",
     .doc = "a parent or guardian said so"},
    {.name = "version",
     .type = SPEC_INT,
     .min = 0,
     .max = UINT32_MAX,
     .fallback = "0",
     .doc = "of the purpose's text they saw; 0 = not known"},
    {.name = "at", .type = SPEC_TIME, .doc = "when they said so; default, and at the latest: now"},
    {.name = "way",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = 64,
     .doc = "how: phone, paper, chat ..."},
    {.name = "evidence",
     .type = SPEC_TEXT,
     .min = 1,
     .max = 1024,
     .doc = "where it can be seen; sealed at rest"},
    {0},
};

static const struct spec_field link_body[] = {
    {.name = "days",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PREFERENCE_DAYS,
     .fallback = "30",
     .doc = "how long it can be used"},
    {0},
};

#define ENTRY                                                                                      \
    "{\"id\":9,\"purpose\":\"marketing\",\"channel\":\"sms\",\"list\":null,\"granted\":true,"      \
    "\"guardian\":false,\"version\":2,\"at\":\"2025-03-01T08:00:00+08:00\","                       \
    "\"recorded_at\":\"2025-03-01T08:00:00+08:00\",\"way\":\"phone\",\"source\":\"staff:lily\","   \
    "\"has_evidence\":true,\"evidence\":\"call 1234\"}"
#define ENTRY_FORMS "\"list\":\"news\",\"version\":null,\"evidence\":null}"

const struct spec ledger_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/consents",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_consents,
     .summary = "A member's ledger of consent, newest first, and what it says now",
     .reply = "{\"answers\":[{\"purpose\":\"marketing\",\"channel\":\"sms\",\"list\":null,"
              "\"allowed\":true,\"reason\":\"granted\",\"since\":\"2025-03-01T08:00:00+08:00\"}],"
              "\"items\":[" ENTRY "],\"next\":null}\n"
              "~{\"answers\":[{\"list\":\"news\",\"since\":null}],\"items\":[{" ENTRY_FORMS "]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/members/{id}/consents",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = entry_body,
     .body_max = 8192,
     .flags = SPEC_IDEMPOTENT | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = add_consent,
     .audit = "consent.recorded",
     .summary = "Write down that a member consented or withdrew",
     .reply = ENTRY "\n~{" ENTRY_FORMS},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/members/{id}/preference-link",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = link_body,
     .body_max = 4096,
     .flags = SPEC_SIGHT,
     .handle = make_link,
     .audit = "preference.linked",
     .summary = "A link to the page where this member consents and withdraws",
     .reply = "{\"path\":\"/p/shop/12-1767225600-0123456789abcdef0123456789abcdef\","
              "\"expires_at\":\"2026-01-01T08:00:00+08:00\"}"},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/members/{id}/preference-link",
     .scope = SCOPE_MEMBERS_WRITE,
     .flags = SPEC_SIGHT,
     .handle = recall_links,
     .audit = "preference.recalled",
     .summary = "Recall every link to that page that was made of this member"},
    {0},
};
