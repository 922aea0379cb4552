/* routes_consent.c - what there is to consent to, and a member's ledger. */
#include <inttypes.h>

#include "account/audit.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "people/consent.h"

/* ---- purposes, texts, lists ---- */

static void put_channels(struct json_writer *w, struct str list)
{
    put_array(w, "channels");
    while (list.p && list.len)
        json_str(w, str_cut(&list, ','));
    json_end_array(w);
}

static void put_list(struct json_writer *w, const struct consent_sub *l)
{
    json_begin_object(w);
    put_str(w, "list", l->list);
    put_str(w, "purpose", l->purpose);
    put_str(w, "name_zh", l->name_zh);
    put_str(w, "name_en", l->name_en);
    put_bool(w, "shown", l->shown);
    json_end_object(w);
}

static void put_purpose(struct json_writer *w, const struct consent_purpose *p)
{
    put_str(w, "purpose", p->purpose);
    put_str(w, "name_zh", p->name_zh);
    put_str(w, "name_en", p->name_en);
    put_str(w, "basis", p->basis);
    put_channels(w, p->channels);
    put_int(w, "version", p->version);
    put_str(w, "text_zh", p->text_zh);
    put_str(w, "text_en", p->text_en);
}

static enum err get_consent(struct call *c, struct json_writer *w, struct why *why)
{
    struct consent_purpose *purposes;
    struct consent_sub *lists;
    struct sql *db;
    size_t count, list_count;
    TRY(call_reader(c, &db, why));
    TRY(consent_purposes(db, c->arena, &purposes, &count, why));
    TRY(consent_lists(db, c->arena, &lists, &list_count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        put_purpose(w, &purposes[i]);
        put_array(w, "lists");
        for (size_t k = 0; k < list_count; k++) {
            if (str_eq(lists[k].purpose, purposes[i].purpose)) put_list(w, &lists[k]);
        }
        json_end_array(w);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* What was defined, as the body said it. */
static enum err tell(const struct call *c, const char *what, struct str key, struct why *why)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_tree(&w, c->body);
    const struct audit_entry e = {.who = c->who,
                                  .brand = brand_slug(c->brand),
                                  .action = c->spec->audit,
                                  .subject =
                                      arena_printf(c->arena, "%s:" STR_FMT, what, STR_ARG(key)),
                                  .after = strbuf_str(&text)};
    enum err err = audit_add(c->data, &e, why);
    strbuf_finish(&text);
    return err;
}

/* Known channels, each once, with commas. */
static enum err read_channels(const struct call *c, struct str *out, struct why *why)
{
    const struct json *list = call_json(c, "channels");
    struct strbuf text = {0};
    enum err err = ERR_OK;
    for (size_t i = 0; i < list->count && err == ERR_OK; i++) {
        const struct json *item = &list->items[i];
        bool known = item->type == JSON_STRING && consent_channel_known(item->string);
        for (size_t k = 0; known && k < i; k++)
            known = !str_eq(list->items[k].string, item->string);
        if (!known)
            err = why_fail(why, ERR_INVALID, MSG_WRONG_TYPE,
                           arena_printf(c->arena, "channels[%zu]", i), "%s",
                           "one of wecom, wechat, sms, email, call, push, telegram, once");
        if (known && text.len) strbuf_add_char(&text, ',');
        if (known) strbuf_add_str(&text, item->string);
    }
    *out = text.len ? arena_str(c->arena, strbuf_str(&text)) : STR("");
    strbuf_finish(&text);
    return err;
}

static enum err save_purpose(struct call *c, struct json_writer *w, struct why *why)
{
    struct consent_purpose p = {.purpose = call_param(c, "purpose"),
                                .name_zh = call_str(c, "name_zh"),
                                .name_en = call_str(c, "name_en"),
                                .basis = call_str(c, "basis")};
    (void)w;
    TRY(read_channels(c, &p.channels, why));
    TRY(consent_save_purpose(c->brand, &p, why));
    return tell(c, "consent", p.purpose, why);
}

static enum err add_text(struct call *c, struct json_writer *w, struct why *why)
{
    struct consent_purpose p = {.purpose = call_param(c, "purpose"),
                                .text_zh = call_str(c, "text_zh"),
                                .text_en = call_str(c, "text_en")};
    if (!consent_key_valid(p.purpose)) return call_not_found(why);
    TRY(consent_add_text(c->brand, &p, members_source(c), why));
    TRY(tell(c, "consent", p.purpose, why));
    c->status = 201;
    json_begin_object(w);
    put_int(w, "version", p.version);
    json_end_object(w);
    return ERR_OK;
}

static enum err save_list(struct call *c, struct json_writer *w, struct why *why)
{
    const struct consent_sub l = {.list = call_param(c, "list"),
                                  .purpose = call_str(c, "purpose"),
                                  .name_zh = call_str(c, "name_zh"),
                                  .name_en = call_str(c, "name_en"),
                                  .shown = call_bool(c, "shown")};
    (void)w;
    TRY(consent_save_list(c->brand, &l, why));
    return tell(c, "consent_list", l.list, why);
}

/* ---- a member's ledger ---- */

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
    json_key(w, "version");
    if (e->version) json_int(w, e->version);
    if (!e->version) json_null(w);
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

static enum err recall_all(struct call *c, struct json_writer *w, struct why *why)
{
    const struct audit_entry e = {.who = c->who,
                                  .brand = brand_slug(c->brand),
                                  .action = c->spec->audit,
                                  .subject = "consent"};
    (void)w;
    TRY(consent_recall(c->brand, 0, why));
    return audit_add(c->data, &e, why);
}

/* ---- the table ---- */

#define NAMES                                                                                      \
    {.name = "name_zh",                                                                            \
     .type = SPEC_TEXT,                                                                            \
     .required = true,                                                                             \
     .min = 1,                                                                                     \
     .max = LIMIT_NAME_BYTES,                                                                      \
     .doc = "what members read, in Chinese"},                                                      \
    {                                                                                              \
        .name = "name_en", .type = SPEC_TEXT, .required = true, .min = 1, .max = LIMIT_NAME_BYTES, \
        .doc = "and in English"                                                                    \
    }

static const struct spec_field purpose_body[] = {
    NAMES,
    {.name = "basis",
     .type = SPEC_ENUM,
     .choices = CONSENT_BASES,
     .fallback = "consent",
     .doc = "what silence means: consent = no, contract = yes"},
    {.name = "channels",
     .type = SPEC_LIST,
     .required = true,
     .max = 7,
     .doc = "offered to members on their page, such as \"sms\""},
    {0},
};

static const struct spec_field text_body[] = {
    {.name = "text_zh",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_CONSENT_TEXT_BYTES,
     .doc = "what members consent to, in Chinese"},
    {.name = "text_en",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_CONSENT_TEXT_BYTES,
     .doc = "and in English"},
    {0},
};

static const struct spec_field list_body[] = {
    NAMES,
    {.name = "purpose",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = 32,
     .doc = "that it is part of"},
    {.name = "shown", .type = SPEC_BOOL, .fallback = "true", .doc = "on the members' page"},
    {0},
};

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

const struct spec consent_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/consent",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_consent,
     .summary = "What members can consent to: purposes, their newest texts, their lists",
     .reply = "{\"items\":[{\"purpose\":\"marketing\",\"name_zh\":\"营销信息\","
              "\"name_en\":\"Marketing\",\"basis\":\"consent\",\"channels\":[\"sms\"],"
              "\"version\":1,\"text_zh\":\"…\",\"text_en\":\"...\",\"lists\":[{\"list\":\"news\","
              "\"purpose\":\"marketing\",\"name_zh\":\"资讯\",\"name_en\":\"News\","
              "\"shown\":true}]}],\"next\":null}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/consent/purposes/{purpose}",
     .scope = SCOPE_SETTINGS_WRITE,
     .body = purpose_body,
     .body_max = 4096,
     .handle = save_purpose,
     .audit = "consent.purpose",
     .summary = "Make or change a purpose"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/consent/purposes/{purpose}/texts",
     .scope = SCOPE_SETTINGS_WRITE,
     .body = text_body,
     .body_max = 65536,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_text,
     .audit = "consent.text",
     .summary = "Write the next version of a purpose's text",
     .reply = "{\"version\":3}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/consent/lists/{list}",
     .scope = SCOPE_SETTINGS_WRITE,
     .body = list_body,
     .body_max = 4096,
     .handle = save_list,
     .audit = "consent.list",
     .summary = "Make or change a list that members may leave"},
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
     .handle = recall_links,
     .audit = "preference.recalled",
     .summary = "Recall every link to that page that was made of this member"},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/consent/links",
     .scope = SCOPE_SETTINGS_WRITE,
     .handle = recall_all,
     .audit = "preference.recalled_all",
     .summary = "Recall every link to that page that was made of anybody"},
    {0},
};
