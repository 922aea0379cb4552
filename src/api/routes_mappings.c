/* routes_mappings.c - how files of one make are imported, kept under a name.
 *
 * A mapping's body is the options of an import that do not change from file to file, as they were
 * given, and the headers that its map reads: it fits a file that has them all. */
#include "api/internal.h"
#include "api/put.h"
#include "api/saved_call.h"
#include "base/limits.h"
#include "intake/import.h"
#include "intake/mapping.h"

#define MAP_BYTES 65536
#define FORMATS "csv|columns"
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const kept[] = {"as", "map", "group", "source", "tz", "sheet"};

/* ---- reading ---- */

static void put_mapping(const struct call *c, struct json_writer *w, const struct saved *s)
{
    const struct json *body = NULL;
    struct why why;
    if (json_parse(c->arena, s->body, &body, &why) != ERR_OK) body = NULL;
    json_begin_object(w);
    put_int(w, "id", s->id);
    put_str(w, "name", s->name);
    put_int(w, "version", (int64_t)s->version);
    put_str(w, "author", s->author);
    put_time(c, w, "changed_at", s->changed_at);
    put_tree(w, "format", json_get(body, "format"));
    for (size_t i = 0; i < COUNT(kept); i++)
        put_tree(w, kept[i], json_get(body, kept[i]));
    put_tree(w, "headers", json_get(body, "headers"));
    json_end_object(w);
}

static enum err list_all(struct call *c, struct saved **items, size_t *count, struct why *why)
{
    struct sql *db;
    TRY(call_reader(c, &db, why));
    return saved_list(db, SAVED_MAPPING, c->arena, items, count, why);
}

static enum err list_mappings(struct call *c, struct json_writer *w, struct why *why)
{
    struct saved *items;
    size_t count;
    TRY(list_all(c, &items, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        put_mapping(c, w, &items[i]);
    put_items_end(w);
    return ERR_OK;
}

/* ---- what is wanted ---- */

static const char *option(const struct call *c, const char *name)
{
    struct str text = call_str(c, name);
    return text.len ? arena_str(c->arena, text).p : NULL;
}

/* Options are fields here. */
static enum err as_field(enum err err, struct why *why)
{
    if (err != ERR_OK && memcmp(why->field, "--", 2) == 0)
        memmove(why->field, why->field + 2, strlen(why->field + 2) + 1);
    return err;
}

static enum err check_options(const struct call *c, struct why *why)
{
    struct import_options o = {.as = option(c, "as"),
                               .map = option(c, "map"),
                               .group = option(c, "group"),
                               .source = option(c, "source")};
    struct str tz = call_str(c, "tz");
    import_format_parse(call_str(c, "format"), &o.format);
    if (tz.len && !zone_open(arena_str(c->arena, tz).p))
        return why_fail(why, ERR_INVALID, MSG_BAD_ZONE, "tz", STR_FMT, STR_ARG(tz));
    return as_field(import_check(&o, why), why);
}

static enum err put_headers(const struct call *c, struct json_writer *w, struct why *why)
{
    struct mapping *map = arena_alloc(c->arena, sizeof(*map));
    TRY(as_field(mapping_parse(c->arena, call_str(c, "map"), NULL, map, why), why));
    put_array(w, "headers");
    for (uint32_t i = 0; i < map->count; i++) {
        const struct mapping_entry *e = &map->entries[i];
        bool again = e->type == VALUE_CONST || e->column;
        for (uint32_t k = 0; k < i && !again; k++)
            again =
                map->entries[k].type != VALUE_CONST && str_eq(map->entries[k].source, e->source);
        if (!again) json_str(w, e->source);
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err write_body(const struct call *c, struct json_writer *w, struct why *why)
{
    TRY(check_options(c, why));
    json_begin_object(w);
    put_str(w, "format", call_str(c, "format"));
    for (size_t i = 0; i < COUNT(kept); i++) {
        if (call_str(c, kept[i]).len) put_str(w, kept[i], call_str(c, kept[i]));
    }
    TRY(put_headers(c, w, why));
    json_end_object(w);
    return ERR_OK;
}

/* A name means one of them; s->id is itself. */
static enum err check_name(struct call *c, const struct saved *s, struct why *why)
{
    struct saved *items;
    size_t count;
    if (s->name.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "name", NULL);
    TRY(list_all(c, &items, &count, why));
    for (size_t i = 0; i < count; i++) {
        if (items[i].id != s->id && str_eq(items[i].name, s->name))
            return why_fail(why, ERR_CONFLICT, MSG_NAME_TAKEN, "name", NULL);
    }
    return ERR_OK;
}

static enum err read_wanted(struct call *c, struct saved *s, struct why *why)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    s->kind = SAVED_MAPPING;
    s->name = str_trim(call_str(c, "name"));
    TRY(check_name(c, s, why));
    enum err err = write_body(c, &w, why);
    if (err == ERR_OK) s->body = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return err;
}

/* ---- changing ---- */

static enum err add_mapping(struct call *c, struct json_writer *w, struct why *why)
{
    struct saved s = {0};
    TRY(read_wanted(c, &s, why));
    TRY(saved_call_add(c, &s, why));
    put_mapping(c, w, &s);
    return ERR_OK;
}

static enum err change_mapping(struct call *c, struct json_writer *w, struct why *why)
{
    struct saved s;
    TRY(saved_of_path(c, SAVED_MAPPING, &s, why));
    TRY(call_if_match(c, s.version, why));
    struct str before = s.name;
    TRY(read_wanted(c, &s, why));
    TRY(saved_call_change(c, &s, before, why));
    put_mapping(c, w, &s);
    return ERR_OK;
}

static enum err remove_mapping(struct call *c, struct json_writer *w, struct why *why)
{
    (void)w;
    return saved_call_remove(c, SAVED_MAPPING, why);
}

/* ---- the table ---- */

static const struct spec_field mapping_body[] = {
    {.name = "name",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_NAME_BYTES,
     .doc = "what people call it; no other mapping has it"},
    {.name = "format", .type = SPEC_ENUM, .required = true, .choices = FORMATS, .doc = "of files"},
    {.name = "map",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = MAP_BYTES,
     .doc = "which column becomes what (docs/import.md)"},
    {.name = "as", .type = SPEC_TEXT, .max = LIMIT_KIND_BYTES, .doc = "kind of every row"},
    {.name = "group", .type = SPEC_TEXT, .max = LIMIT_CODE_BYTES, .doc = "group of every row"},
    {.name = "source",
     .type = SPEC_TEXT,
     .max = LIMIT_CODE_BYTES,
     .doc = "within which names are unique; default: the brand"},
    {.name = "tz", .type = SPEC_TEXT, .max = 64, .doc = "zone of times without one"},
    {.name = "sheet",
     .type = SPEC_TEXT,
     .max = LIMIT_CODE_BYTES,
     .doc = "of workbooks that have one of this name; default: the first visible"},
    {0},
};

#define MAPPING                                                                                    \
    "{\"id\":4,\"name\":\"有赞订单\",\"version\":1,\"author\":\"anna\","                       \
    "\"changed_at\":\"2025-03-01T08:00:00+08:00\",\"format\":\"csv\",\"as\":\"order.paid\","       \
    "\"map\":\"member=phone:手机号,amount=decimal:实付金额\",\"group\":\"g1\","             \
    "\"source\":\"youzan\",\"tz\":\"Asia/"                                                         \
    "Shanghai\",\"sheet\":\"订单\",\"headers\":[\"手机号\",\"实付金额\"]}"
#define MAPPING_REPLY                                                                              \
    MAPPING "\n~{\"as\":null,\"group\":null,\"source\":null,\"tz\":null,\"sheet\":null,"           \
            "\"headers\":[]}"

const struct spec mapping_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/imports/mappings",
     .scope = SCOPE_IMPORTS_WRITE,
     .handle = list_mappings,
     .summary = "Saved mappings; one fits a file that has all its headers",
     .reply = "{\"items\":[" MAPPING "],\"next\":null}\n~{\"items\":[{\"as\":null,\"group\":null,"
              "\"source\":null,\"tz\":null,\"sheet\":null,\"headers\":[]}]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/imports/mappings",
     .scope = SCOPE_IMPORTS_WRITE,
     .body = mapping_body,
     .body_max = MAP_BYTES + 8192,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_mapping,
     .audit = "mapping.added",
     .summary = "Save a mapping",
     .reply = MAPPING_REPLY},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/imports/mappings/{id}",
     .scope = SCOPE_IMPORTS_WRITE,
     .body = mapping_body,
     .body_max = MAP_BYTES + 8192,
     .handle = change_mapping,
     .audit = "mapping.changed",
     .summary = "Replace a saved mapping; If-Match names the version meant",
     .reply = MAPPING_REPLY},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/imports/mappings/{id}",
     .scope = SCOPE_IMPORTS_WRITE,
     .handle = remove_mapping,
     .audit = "mapping.removed",
     .summary = "Remove a saved mapping; imports made with it stay",
     .reply = NULL},
    {0},
};
