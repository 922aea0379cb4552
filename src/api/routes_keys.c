/* routes_keys.c - a brand's keys, and its audit log.
 *
 * A secret stands in the reply to the call that made it and nowhere else, ever. A token holds no
 * scope that its maker lacks. */
#include "account/place.h"
#include "api/account_put.h"
#include "api/authorize.h"
#include "api/sight.h"

#define BODY_MAX 16384
#define DAYS_MAX 3650

static struct keyring *keys_of(const struct call *c)
{
    return accounts_keys(c->api->accounts);
}

/* ---- showing ---- */

static void write_origins(struct json_writer *w, struct str origins)
{
    json_key(w, "origins");
    json_begin_array(w);
    while (origins.len > 0) {
        json_str(w, str_cut(&origins, ' '));
    }
    json_end_array(w);
}

static void write_key(struct call *c, struct json_writer *w, const struct key_row *k)
{
    put_int(w, "id", k->number);
    put_text(w, "kind", key_kind_name(k->kind));
    put_str(w, "name", k->name);
    put_scopes(w, k->scopes);
    put_text(w, "reach", reach_name(k->reach));
    put_str(w, "place", k->place.len ? k->place : (struct str){NULL, 0});
    write_origins(w, k->origins);
    put_int(w, "family", k->family);
    put_time(c, w, "created_at", k->created_at);
    put_time(c, w, "expires_at", k->expires_at);
    put_time(c, w, "last_used", k->used_at);
    put_time(c, w, "revoked_at", k->revoked_at);
    put_text(w, "prefix",
             arena_printf(c->arena, STR_FMT "…",
                          STR_ARG(k->prefix.len ? k->prefix : str_of(key_start(k->kind)))));
}

static enum err list_keys(struct call *c, struct json_writer *w, struct why *why)
{
    struct key_row *rows;
    size_t count;
    TRY(key_list(keys_of(c), brand_slug(c->brand), c->arena, &rows, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        write_key(c, w, &rows[i]);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* The reply to who made one. */
static enum err write_made(struct call *c, struct json_writer *w, const struct key_made *made,
                           struct why *why)
{
    struct key_row *rows;
    size_t count;
    TRY(key_list(keys_of(c), brand_slug(c->brand), c->arena, &rows, &count, why));
    c->status = 201;
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == made->number) write_key(c, w, &rows[i]);
    }
    put_text(w, "secret", made->text);
    json_end_object(w);
    return ERR_OK;
}

/* ---- making ---- */

static enum err scopes_of(const struct call *c, uint64_t *out, struct why *why)
{
    const struct json *list = call_json(c, "scopes");
    *out = 0;
    for (size_t i = 0; list && i < list->count; i++) {
        const struct json *item = &list->items[i];
        struct str name = item->type == JSON_STRING ? item->string : STR("");
        uint64_t scope = scope_find(name);
        struct str shown = name.len > 64 ? (struct str){name.p, 64} : name;
        if (!(scope & c->who->scopes)) {
            return why_fail(why, ERR_INVALID, MSG_KEY_SCOPE, "scopes", STR_FMT, STR_ARG(shown));
        }
        *out |= scope;
    }
    return ERR_OK;
}

static enum err origins_of(const struct call *c, struct key_new *new, struct why *why)
{
    const struct json *list = call_json(c, "origins");
    if (!list || list->type != JSON_ARRAY) return ERR_OK;
    struct str *origins = arena_alloc_array(c->arena, list->count + 1, sizeof(*origins));
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].type != JSON_STRING)
            return why_fail(why, ERR_INVALID, MSG_KEY_ORIGIN, "origins", NULL);
        origins[i] = list->items[i].string;
    }
    new->origins = origins;
    new->origin_count = list->count;
    return ERR_OK;
}

static enum err make_key(struct call *c, struct json_writer *w, struct why *why)
{
    struct key_new new = {
        .brand = brand_slug(c->brand), .name = call_str(c, "name"), .expires_at = TIME_NONE};
    struct key_made made;
    if (!key_kind_parse(call_str(c, "kind"), &new.kind))
        return why_fail(why, ERR_INVALID, MSG_MISSING, "kind", NULL);
    (void)reach_parse(call_str(c, "reach"), &new.reach); /* one of the choices */
    if (call_has(c, "place")) new.place = str_trim(call_str(c, "place"));
    TRY(scopes_of(c, &new.scopes, why));
    TRY(origins_of(c, &new, why));
    if (new.kind == KEY_TOKEN && !new.scopes) new.scopes = SCOPES_OF_OLD_TOKENS & c->who->scopes;
    if (call_has(c, "expires_days"))
        new.expires_at = env_now(data_env(c->data)) + call_int(c, "expires_days") * TIME_DAY;
    TRY(key_make(keys_of(c), c->who, &new, made.text, &made.number, why));
    return write_made(c, w, &made, why);
}

/* ---- rotating and revoking ---- */

static enum err rotate_key(struct call *c, struct json_writer *w, struct why *why)
{
    struct key_made made;
    uint32_t number;
    TRY(call_number(c, "id", &number, why));
    enum err err = key_rotate(keys_of(c), c->who, brand_slug(c->brand), number, &made, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    return err == ERR_OK ? write_made(c, w, &made, why) : err;
}

static enum err revoke_key(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t number;
    (void)w;
    TRY(call_number(c, "id", &number, why));
    enum err err = key_revoke(keys_of(c), c->who, brand_slug(c->brand), number, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

/* ---- the audit log ---- */

/* Who owns every brand also sees what concerns the whole server. */
static bool sees_server(const struct call *c)
{
    enum role role;
    bool everywhere = false;
    return c->who->kind == PRINCIPAL_PERSON &&
           staff_role(accounts_staff(c->api->accounts), c->who->number, STAFF_EVERYWHERE, &role,
                      &everywhere) &&
           everywhere;
}

static enum err show_audit(struct call *c, struct json_writer *w, struct why *why)
{
    struct audit_row *rows;
    size_t count, limit = (size_t)call_int(c, "limit");
    struct audit_filter filter = {.brand = brand_slug(c->brand),
                                  .server_too = sees_server(c),
                                  .by = sight_is_whole(c) ? NULL : c->who,
                                  .action = call_str(c, "action"),
                                  .limit = (int)limit + 1};
    struct str cursor = call_str(c, "cursor");
    if (cursor.len && (!str_to_i64(cursor, &filter.below) || filter.below < 1))
        return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    TRY(audit_read(c->data, &filter, c->arena, &rows, &count, why));
    bool more = count > limit;
    json_begin_object(w);
    json_key(w, "items");
    json_begin_array(w);
    for (size_t i = 0; i < (more ? limit : count); i++)
        audit_write(&rows[i], brand_zone(c->brand), w);
    json_end_array(w);
    json_key(w, "next");
    if (more) {
        json_text(w, arena_printf(c->arena, "%lld", (long long)rows[limit - 1].number));
    } else {
        json_null(w);
    }
    json_end_object(w);
    return ERR_OK;
}

/* ---- the table ---- */

#define KEY_EXAMPLE                                                                                \
    "\"id\":7,\"kind\":\"token\",\"name\":\"till\",\"scopes\":[\"members.read\"],"                 \
    "\"reach\":\"brand\",\"place\":null,\"origins\":[],"                                           \
    "\"family\":7,\"created_at\":\"2025-01-31T08:00:00+08:00\",\"expires_at\":null,"               \
    "\"last_used\":null,\"revoked_at\":null,\"prefix\":\"wf_live_1a2b…\""
#define USED_EXAMPLE                                                                               \
    "{\"scopes\":[\"members.read\"],\"place\":\"rose\",\"origins\":[\"https://shop.example\"],"    \
    "\"expires_at\":\"2026-01-31T08:00:00+08:00\",\"last_used\":\"2025-02-01T09:30:00+08:00\","    \
    "\"revoked_at\":\"2025-06-30T18:00:00+08:00\"}"
#define SECRET_EXAMPLE "{" KEY_EXAMPLE ",\"secret\":\"wf_live_1a2b\"}\n~" USED_EXAMPLE

static const struct spec_field key_fields[] = {
    {.name = "kind",
     .type = SPEC_ENUM,
     .required = true,
     .choices = "token|public|secret",
     .doc = "API token, or write key for pages and apps, or for servers"},
    {.name = "name", .type = SPEC_TEXT, .required = true, .min = 1, .max = 128, .doc = "to show"},
    {.name = "scopes",
     .type = SPEC_LIST,
     .max = SCOPE_COUNT,
     .doc = "of a token, none that the caller lacks; default: to read everything, and to import"},
    {.name = "reach",
     .type = SPEC_ENUM,
     .choices = REACHES,
     .fallback = "brand",
     .doc = "of a token: which members it reaches, by their owner"},
    {.name = "place",
     .type = SPEC_TEXT,
     .max = PLACE_BYTES - 1,
     .doc = "the code, store or department that it reaches"},
    {.name = "expires_days", .type = SPEC_INT, .min = 1, .max = DAYS_MAX, .doc = "default: never"},
    {.name = "origins",
     .type = SPEC_LIST,
     .max = LIMIT_KEY_ORIGINS,
     .doc = "of a public key: pages it may be used on, such as https://shop.example; default: all"},
    {0},
};
static const struct spec_field audit_query[] = {
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = 200,
     .fallback = "50",
     .doc = "entries at most"},
    {.name = "cursor", .type = SPEC_TEXT, .max = 20, .doc = "next of the page before"},
    {.name = "action",
     .type = SPEC_TEXT,
     .max = 64,
     .doc = "one action, or with a point at its end a family, such as staff."},
    {0},
};

const struct spec key_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/keys",
     .scope = SCOPE_KEYS_MANAGE,
     .handle = list_keys,
     .summary = "The brand's keys, newest first, revoked ones too",
     .reply = "{\"items\":[{" KEY_EXAMPLE "}],\"next\":null}\n~{\"items\":[" USED_EXAMPLE "]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/keys",
     .scope = SCOPE_KEYS_MANAGE,
     .body = key_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_CONFIRM,
     .handle = make_key,
     .audit = "key.created",
     .summary = "Make a key; its secret is shown this once",
     .reply = SECRET_EXAMPLE},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/keys/{id}",
     .scope = SCOPE_KEYS_MANAGE,
     .handle = revoke_key,
     .audit = "key.revoked",
     .summary = "Revoke a key, from now on"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/keys/{id}/rotate",
     .scope = SCOPE_KEYS_MANAGE,
     .flags = SPEC_CONFIRM,
     .handle = rotate_key,
     .audit = "key.rotated",
     .summary = "A second key beside this one, with the same rights; its secret is shown this once",
     .reply = SECRET_EXAMPLE},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/audit",
     .scope = SCOPE_AUDIT_READ,
     .query = audit_query,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = show_audit,
     .summary = "Who did what, newest first; to whom a part of the members is shown, what they did",
     .reply = "{\"items\":[{\"id\":12,\"at\":\"2025-01-31T08:00:00+08:00\",\"who\":\"lily\","
              "\"who_id\":\"staff:1\",\"action\":\"staff.role_set\",\"subject\":\"staff:4\","
              "\"brand\":\"shop\",\"before\":{\"role\":\"analyst\"},"
              "\"after\":{\"role\":\"operator\"}}],\"next\":\"12\"}\n"
              "~{\"items\":[{\"before\":{},\"after\":{}},{\"before\":null,\"after\":null,"
              "\"brand\":null}],\"next\":null}"},
    {0},
};
