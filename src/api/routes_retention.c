/* routes_retention.c - how long what is kept: the classes, what would go, and what went. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "people/holdings.h"
#include "people/retention.h"
#include "saved/saved.h"
#include "segments/segments.h"

/* ---- classes ---- */

static const char *purpose_of(const char *table)
{
    const struct holding *h = holdings;
    while (h->table && strcmp(h->table, table) != 0)
        h++;
    return h->table ? h->purpose : "";
}

static void put_class(const struct call *c, struct json_writer *w, const struct retention_class *r)
{
    json_begin_object(w);
    put_str(w, "class", r->name);
    put_text(w, "kind", r->prop ? "values" : "rows");
    put_str(w, "table", str_of(r->table));
    put_bool(w, "built_in", r->built_in);
    put_known(w, "days", r->days);
    put_int(w, "days_min", r->days_min);
    put_known(w, "gone_by", r->days ? r->days + retention_slack(r, r->days) : 0);
    put_str(w, "purpose", r->prop ? r->purpose : str_of(purpose_of(r->table)));
    put_bool(w, "personal", r->personal);
    put_time(c, w, "cleared_to", r->cleared_to);
    put_time(c, w, "changed_at", r->changed_at);
    put_str(w, "changed_by", r->changed_by);
    json_end_object(w);
}

static enum err get_retention(struct call *c, struct json_writer *w, struct why *why)
{
    struct retention_class *list;
    struct sql *db;
    size_t count;
    int64_t at;
    TRY(call_reader(c, &db, why));
    enum err err = retention_list(c->brand, db, c->arena, &list, &count);
    if (err == ERR_OK) err = retention_next(db, &at);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    put_items(w);
    for (size_t i = 0; i < count; i++)
        put_class(c, w, &list[i]);
    json_end_array(w);
    json_key(w, "next");
    json_null(w);
    put_time(c, w, "purge_at", at);
    json_end_object(w);
    return ERR_OK;
}

/* On a connection of its own: the call's may look at a moment of before. */
static enum err read_class(struct call *c, struct str name, struct retention_class *out,
                           struct why *why)
{
    struct sql *db;
    TRY(brand_reader(c->brand, &db, why));
    enum err err = retention_get(c->brand, db, name, c->arena, out, why);
    sql_close(db);
    return err;
}

/* ---- who uses it ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* "props.device" in an expression, or props."设备"; "trait." for all traits. */
static bool mentions(struct str text, struct str name)
{
    for (size_t at = 0; at + name.len <= text.len; at++) {
        if (memcmp(text.p + at, name.p, name.len) != 0) continue;
        bool whole = name.p[name.len - 1] == '.' || name.p[name.len - 1] == '"' ||
                     at + name.len == text.len || !is_word(text.p[at + name.len]);
        if (whole && (at == 0 || !is_word(text.p[at - 1]))) return true;
    }
    return false;
}

struct names {
    struct str plain, quoted;
};

static bool uses(const struct names *n, struct str text)
{
    return mentions(text, n->plain) || (n->quoted.p && mentions(text, n->quoted));
}

static bool uses_json(const struct names *n, const struct json *j)
{
    if (j->type == JSON_STRING) return uses(n, j->string);
    if (j->type != JSON_ARRAY && j->type != JSON_OBJECT) return false;
    for (size_t i = 0; i < j->count; i++) {
        if (uses_json(n, &j->items[i])) return true;
    }
    return false;
}

static void put_use(struct json_writer *w, const char *kind, struct str id, struct str name)
{
    json_begin_object(w);
    put_text(w, "kind", kind);
    put_str(w, "id", id);
    put_str(w, "name", name);
    json_end_object(w);
}

static enum err put_segments(struct call *c, struct sql *db, const struct names *n,
                             struct json_writer *w, struct why *why)
{
    struct segment *list;
    size_t count;
    TRY(segments_list(db, c->arena, &list, &count, why));
    for (size_t i = 0; i < count; i++) {
        if (uses(n, list[i].expr)) put_use(w, "segment", list[i].code, list[i].name);
    }
    return ERR_OK;
}

static enum err put_questions(struct call *c, struct sql *db, const struct names *n,
                              struct json_writer *w, struct why *why)
{
    struct saved *list;
    size_t count;
    TRY(saved_list(db, SAVED_QUESTION, c->arena, &list, &count, why));
    for (size_t i = 0; i < count; i++) {
        const struct json *body;
        struct why bad;
        if (json_parse(c->arena, list[i].body, &body, &bad) != ERR_OK || !uses_json(n, body))
            continue;
        put_use(w, "question", str_of(arena_printf(c->arena, "%" PRIu32, list[i].id)),
                list[i].name);
    }
    return ERR_OK;
}

/* Whose answers may change. */
static enum err put_used_by(struct call *c, struct sql *db, const struct retention_class *r,
                            struct json_writer *w, struct why *why)
{
    struct names n = {r->name, {NULL, 0}};
    put_array(w, "used_by");
    if (r->prop) {
        struct str prop = {r->name.p + 6, r->name.len - 6};
        n.quoted = str_of(arena_printf(c->arena, "props.\"" STR_FMT "\"", STR_ARG(prop)));
    } else {
        n.plain = STR("trait.");
    }
    if (r->prop || str_is(r->name, "traits")) {
        TRY(put_segments(c, db, &n, w, why));
        TRY(put_questions(c, db, &n, w, why));
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err preview(struct call *c, struct json_writer *w, struct why *why)
{
    struct retention_class r;
    struct retention_preview seen;
    struct sql *db;
    int days = (int)call_int(c, "days");
    TRY(call_reader(c, &db, why));
    TRY(retention_get(c->brand, db, call_str(c, "class"), c->arena, &r, why));
    TRY(retention_look(c->brand, db, &r, days, &seen, why));
    json_begin_object(w);
    put_str(w, "class", r.name);
    put_int(w, "days", days);
    put_time(c, w, "before", seen.before);
    put_int(w, "gone_by", days + retention_slack(&r, days));
    put_int(w, "removed", (int64_t)seen.values);
    put_int(w, "parts", seen.parts);
    put_bool(w, "built_in", r.built_in);
    TRY(put_used_by(c, db, &r, w, why));
    json_end_object(w);
    return ERR_OK;
}

/* ---- setting ---- */

static struct str say_class(const struct call *c, const struct retention_class *r)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_str(&w, "class", r->name);
    put_known(&w, "days", r->days);
    if (r->prop) put_str(&w, "purpose", r->purpose);
    if (r->prop) put_bool(&w, "personal", r->personal);
    json_end_object(&w);
    struct str out = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return out;
}

static enum err put_retention(struct call *c, struct json_writer *w, struct why *why)
{
    struct retention_class before, after;
    TRY(read_class(c, call_str(c, "class"), &before, why));
    after = before;
    after.days = (int)call_int(c, "days");
    after.changed_by = members_source(c);
    if (call_has(c, "purpose")) after.purpose = str_trim(call_str(c, "purpose"));
    if (call_has(c, "personal")) after.personal = call_bool(c, "personal");
    TRY(retention_set(c->brand, &after, why));
    TRY(read_class(c, before.name, &after, why));
    TRY(call_audit(c, "retention", say_class(c, &before), say_class(c, &after), why));
    put_class(c, w, &after);
    return ERR_OK;
}

static enum err ask_purge(struct call *c, struct json_writer *w, struct why *why)
{
    const struct str nothing = {NULL, 0};
    TRY(call_audit(c, "retention", nothing, nothing, why));
    people_ask_purge(c->brand);
    c->status = 202;
    json_begin_object(w);
    put_bool(w, "asked", true);
    json_end_object(w);
    return ERR_OK;
}

/* ---- records ---- */

static void put_purge(const struct call *c, struct json_writer *w, const struct purge_record *p)
{
    json_begin_object(w);
    put_int(w, "id", (int64_t)p->id);
    put_time(c, w, "began_at", p->began_at);
    put_time(c, w, "ended_at", p->ended_at);
    put_str(w, "who", p->who);
    put_int(w, "parts", p->parts);
    put_array(w, "removed");
    for (size_t i = 0; i < p->count; i++) {
        json_begin_object(w);
        put_str(w, "class", p->counts[i].name);
        put_time(c, w, "before", p->counts[i].before);
        put_int(w, "count", (int64_t)p->counts[i].removed);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static enum err get_purges(struct call *c, struct json_writer *w, struct why *why)
{
    struct purge_record *list;
    struct sql *db;
    size_t count, limit = (size_t)call_int(c, "limit");
    uint64_t below = 0;
    if (call_has(c, "cursor") && (!str_to_u64(call_str(c, "cursor"), &below) || below == 0))
        return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    TRY(call_reader(c, &db, why));
    enum err err = purge_list(db, below, limit, c->arena, &list, &count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    bool more = count == limit && list[count - 1].id > 1;
    put_items(w);
    for (size_t i = 0; i < count; i++)
        put_purge(c, w, &list[i]);
    json_end_array(w);
    put_str(w, "next",
            more ? str_of(arena_printf(c->arena, "%" PRIu64, list[count - 1].id))
                 : (struct str){NULL, 0});
    json_end_object(w);
    return ERR_OK;
}

/* ---- the table ---- */

#define CLASS_FIELD                                                                                \
    {                                                                                              \
        .name = "class", .type = SPEC_TEXT, .required = true, .min = 1, .max = 256,                \
        .doc = "one of the list, such as \"notes\" or \"props.device\""                            \
    }
#define DAYS_FIELD                                                                                 \
    {                                                                                              \
        .name = "days", .type = SPEC_INT, .required = true, .min = 0, .max = LIMIT_RETENTION_DAYS, \
        .doc = "kept at least so long; 0 = for ever"                                               \
    }

static const struct spec_field preview_query[] = {CLASS_FIELD, DAYS_FIELD, {0}};

static const struct spec_field retention_body[] = {
    CLASS_FIELD,
    DAYS_FIELD,
    {.name = "purpose",
     .type = SPEC_TEXT,
     .max = LIMIT_NAME_BYTES,
     .doc = "what the values of a property are for; default: as it is"},
    {.name = "personal",
     .type = SPEC_BOOL,
     .doc = "whether they are personal data; default: as it is"},
    {0},
};

static const struct spec_field purges_query[] = {
    {.name = "cursor", .type = SPEC_TEXT, .max = 32, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PAGE_CONFLICTS,
     .fallback = "20",
     .doc = "purges of a page"},
    {0},
};

#define CLASS                                                                                      \
    "{\"class\":\"props.device\",\"kind\":\"values\",\"table\":null,\"built_in\":false,"           \
    "\"days\":90,\"days_min\":1,\"gone_by\":99,\"purpose\":\"which devices to support\","          \
    "\"personal\":true,\"cleared_to\":\"2025-03-01T00:00:00+08:00\","                              \
    "\"changed_at\":\"2025-03-01T09:30:00+08:00\",\"changed_by\":\"staff:lily\"}"
#define CLASS_OTHER                                                                                \
    "{\"table\":\"note\",\"days\":null,\"gone_by\":null,\"cleared_to\":null,\"changed_at\":null,"  \
    "\"changed_by\":null}"

const struct spec retention_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/privacy/retention",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .handle = get_retention,
     .summary = "How long what is kept: kinds of rows, and the properties of events",
     .reply = "{\"items\":[" CLASS "],\"next\":null,\"purge_at\":\"2025-03-02T03:30:00+08:00\"}\n"
              "~{\"items\":[" CLASS_OTHER "],\"purge_at\":null}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/privacy/retention/preview",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .query = preview_query,
     .flags = SPEC_QUESTION,
     .handle = preview,
     .summary = "What would go now, were a class kept for so many days, and whose answers change",
     .reply = "{\"class\":\"props.device\",\"days\":90,\"before\":\"2025-03-01T00:00:00+08:00\","
              "\"gone_by\":99,\"removed\":1204,\"parts\":2,\"built_in\":false,"
              "\"used_by\":[{\"kind\":\"segment\",\"id\":\"phones\",\"name\":\"On phones\"}]}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/privacy/retention",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .body = retention_body,
     .body_max = 4096,
     .flags = SPEC_CONFIRM,
     .handle = put_retention,
     .audit = "retention.changed",
     .summary = "Set how long a class is kept; what has passed it goes in the next purge",
     .reply = CLASS "\n~" CLASS_OTHER},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/privacy/purge",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .flags = SPEC_CONFIRM,
     .handle = ask_purge,
     .audit = "purge.asked",
     .summary = "Have everything that has passed its days go now, not in the coming night",
     .reply = "{\"asked\":true}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/privacy/purges",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .query = purges_query,
     .handle = get_purges,
     .summary = "What was purged when, newest first",
     .reply = "{\"items\":[{\"id\":3,\"began_at\":\"2025-03-02T03:30:00+08:00\","
              "\"ended_at\":\"2025-03-02T03:30:04+08:00\",\"who\":\"timer\",\"parts\":2,"
              "\"removed\":[{\"class\":\"props.device\",\"before\":\"2024-12-02T00:00:00+08:00\","
              "\"count\":1204}]}],\"next\":null}\n~{\"items\":[{\"ended_at\":null}],"
              "\"next\":\"3\"}"},
    {0},
};
