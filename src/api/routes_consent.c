/* routes_consent.c - what there is to consent to: purposes, their texts, their lists. */
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "people/consent.h"

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
    enum err err = call_audit(c, arena_printf(c->arena, "%s:" STR_FMT, what, STR_ARG(key)),
                              (struct str){NULL, 0}, strbuf_str(&text), why);
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

static enum err recall_all(struct call *c, struct json_writer *w, struct why *why)
{
    const struct str nothing = {NULL, 0};
    (void)w;
    TRY(consent_recall(c->brand, 0, why));
    return call_audit(c, "consent", nothing, nothing, why);
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
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/consent/links",
     .scope = SCOPE_SETTINGS_WRITE,
     .handle = recall_all,
     .audit = "preference.recalled_all",
     .summary = "Recall every link to that page that was made of anybody"},
    {0},
};
