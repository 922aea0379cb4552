/* routes_segments.c - segments: their definitions, and lists made by hand. */
#include <inttypes.h>

#include "api/asking.h"
#include "api/chosen.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/segment_call.h"
#include "api/sight.h"
#include "segments/tag_rules.h"

/* ---- writing them ---- */

const char *segment_kind_name(enum segment_kind kind)
{
    return kind == SEGMENT_STATIC ? "static" : "dynamic";
}

/* Of its members those whom the caller sees. */
static uint64_t count_seen(struct call *c, const struct segment *s, uint64_t all)
{
    struct idset set = {0};
    if (sight_is_whole(c)) return all;
    (void)segments_members(c->brand, s->code, &set);
    uint64_t count = sight_narrow(c, &set)->count;
    idset_finish(&set);
    return count;
}

static void put_segment(struct call *c, struct json_writer *w, const struct segment *s)
{
    struct segment_state state = {.building = true, .moved_at = TIME_NONE};
    (void)segments_state(c->brand, s->id, &state);
    json_begin_object(w);
    put_int(w, "id", s->id);
    put_str(w, "code", s->code);
    put_str(w, "name", s->name);
    put_str(w, "description", s->description);
    put_text(w, "kind", segment_kind_name(s->kind));
    put_str(w, "expression", s->kind == SEGMENT_STATIC ? (struct str){NULL, 0} : s->expr);
    put_int(w, "version", (int64_t)s->version);
    put_str(w, "author", s->author);
    put_time(c, w, "created_at", s->created_at);
    put_time(c, w, "changed_at", s->changed_at);
    put_int(w, "members", (int64_t)count_seen(c, s, state.members));
    put_text(w, "state", state.broken ? "broken" : state.building ? "building" : "ready");
    put_time(c, w, "moved_at", state.moved_at);
    json_end_object(w);
}

static enum err list_segments(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct segment *items;
    size_t count;
    TRY(call_reader(c, &db, why));
    TRY(segments_list(db, c->arena, &items, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        put_segment(c, w, &items[i]);
    put_items_end(w);
    return ERR_OK;
}

enum err segment_by_code(struct call *c, struct str code, struct segment *out, struct why *why)
{
    struct sql *db;
    TRY(call_reader(c, &db, why));
    enum err err = segments_get(db, code, c->arena, out, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

enum err segment_of_path(struct call *c, struct segment *out, struct why *why)
{
    return segment_by_code(c, call_param(c, "code"), out, why);
}

static enum err put_one(struct call *c, struct json_writer *w, const struct segment *s)
{
    call_etag(c, s->version);
    put_segment(c, w, s);
    return ERR_OK;
}

/* Its members change without its version: no ETag of a reading would be true of them. */
static enum err get_segment(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    TRY(segment_of_path(c, &s, why));
    put_segment(c, w, &s);
    return ERR_OK;
}

static enum err get_versions(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct segment s;
    struct segment_version *items;
    size_t count;
    TRY(segment_of_path(c, &s, why));
    TRY(call_reader(c, &db, why));
    TRY(segments_versions(db, s.id, c->arena, &items, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        put_int(w, "version", (int64_t)items[i].version);
        put_str(w, "name", items[i].name);
        put_str(w, "expression", s.kind == SEGMENT_STATIC ? (struct str){NULL, 0} : items[i].expr);
        put_str(w, "author", items[i].author);
        put_time(c, w, "at", items[i].at);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- changing ---- */

/* {"name", "expression"}, into the arena. */
static struct str told(const struct call *c, const struct segment *s)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_str(&w, "name", s->name);
    put_str(&w, "expression", s->expr);
    json_end_object(&w);
    struct str out = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return out;
}

/* Who did that of the spec to it; NULL was not there. */
static enum err tell(const struct call *c, const struct segment *before,
                     const struct segment *after, struct why *why)
{
    const struct str none = {NULL, 0};
    const struct segment *any = after ? after : before;
    return call_audit(c, arena_printf(c->arena, "segment:" STR_FMT, STR_ARG(any->code)),
                      before ? told(c, before) : none, after ? told(c, after) : none, why);
}

static enum err read_wanted(struct call *c, struct segment *s, struct why *why)
{
    s->name = str_trim(call_str(c, "name"));
    s->description = call_has(c, "description") ? str_trim(call_str(c, "description")) : STR("");
    s->author = str_of(c->who->name);
    if (!s->name.len) return why_fail(why, ERR_INVALID, MSG_MISSING, "name", NULL);
    bool has = call_has(c, "expression");
    if (s->kind == SEGMENT_STATIC && has)
        return why_fail(why, ERR_INVALID, MSG_SEGMENT_IS_STATIC, "expression", NULL);
    if (s->kind == SEGMENT_DYNAMIC && !has)
        return why_fail(why, ERR_INVALID, MSG_MISSING, "expression", NULL);
    s->expr = call_str(c, "expression");
    return ERR_OK;
}

static enum err add_segment(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s = {.code = call_str(c, "code")};
    if (str_is(call_str(c, "kind"), "static")) s.kind = SEGMENT_STATIC;
    TRY(read_wanted(c, &s, why));
    TRY(segments_add(c->brand, &s, c->arena, why));
    TRY(tell(c, NULL, &s, why));
    c->status = 201;
    return put_one(c, w, &s);
}

/* What a tag follows is changed with the tag. */
static enum err check_free(struct call *c, const struct segment *s, struct why *why)
{
    struct sql *db;
    bool of_tag = false;
    TRY(call_reader(c, &db, why));
    enum err err = tag_rule_of_segment(db, s->code, &of_tag);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    return of_tag ? why_fail(why, ERR_CONFLICT, MSG_SEGMENT_OF_TAG, "", NULL) : ERR_OK;
}

static enum err change_segment(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    TRY(segment_of_path(c, &s, why));
    TRY(call_if_match(c, s.version, why));
    const struct segment before = s;
    TRY(check_free(c, &s, why));
    TRY(read_wanted(c, &s, why));
    TRY(segments_change(c->brand, &s, c->arena, why));
    TRY(tell(c, &before, &s, why));
    return put_one(c, w, &s);
}

static enum err remove_segment(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    (void)w;
    TRY(segment_of_path(c, &s, why));
    TRY(call_if_match(c, s.version, why));
    TRY(check_free(c, &s, why));
    TRY(segments_remove(c->brand, &s, why));
    return tell(c, &s, NULL, why);
}

/* ---- static lists ---- */

/* "m12", or an identity such as "phone:13800138000". */
static enum err read_member(struct call *c, const struct look *l, struct str text,
                            const char *field, uint32_t *out, struct why *why)
{
    struct identity identity;
    struct look_row row;
    *out = 0;
    if (!members_parse(text, out)) {
        if (fact_identity_parse(text, &identity, c->arena, why) != ERR_OK)
            return why_fail(why, ERR_INVALID, MSG_MEMBER_ID, field, STR_FMT, STR_ARG(text));
        TRY(people_find(c->brand, &identity, STR(""), out, why));
    }
    if (*out == 0 || look_row(l, *out, &row, why) != ERR_OK)
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, field, "%s", "member");
    return ERR_OK;
}

static enum err read_members(struct call *c, const char *key, uint32_t **out, size_t *count,
                             struct why *why)
{
    const struct json *list = call_json(c, key);
    struct sql *db;
    struct look look;
    enum err err = ERR_OK;
    *count = list ? list->count : 0;
    *out = arena_alloc_array(c->arena, *count + 1, sizeof(**out));
    TRY(call_reader(c, &db, why));
    look_begin(&look, c->brand, db, c->arena);
    for (size_t i = 0; i < *count && err == ERR_OK; i++) {
        const char *field = arena_printf(c->arena, "%s[%zu]", key, i);
        const struct json *item = &list->items[i];
        err = item->type == JSON_STRING
                  ? read_member(c, &look, item->string, field, &(*out)[i], why)
                  : why_fail(why, ERR_INVALID, MSG_WANT_TEXT, field, NULL);
    }
    look_end(&look);
    return err;
}

static enum err change_list(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    struct segment_listing add = {0}, remove = {.remove = true};
    uint32_t *added, *removed;
    TRY(segment_of_path(c, &s, why));
    if (s.kind != SEGMENT_STATIC)
        return why_fail(why, ERR_CONFLICT, MSG_SEGMENT_IS_DYNAMIC, "", NULL);
    TRY(read_members(c, "add", &added, &add.count, why));
    TRY(read_members(c, "remove", &removed, &remove.count, why));
    add.code = remove.code = s.code;
    add.members = added;
    remove.members = removed;
    TRY(segments_enlist(c->brand, &remove, why));
    TRY(segments_enlist(c->brand, &add, why));
    TRY(tell(c, &s, &s, why));
    json_begin_object(w);
    put_int(w, "named", (int64_t)add.size);
    json_end_object(w);
    return ERR_OK;
}

/* ---- the table ---- */

#define NAME_FIELDS                                                                                \
    {.name = "name",                                                                               \
     .type = SPEC_TEXT,                                                                            \
     .required = true,                                                                             \
     .min = 1,                                                                                     \
     .max = LIMIT_NAME_BYTES,                                                                      \
     .doc = "what people call it"},                                                                \
        {.name = "description",                                                                    \
         .type = SPEC_TEXT,                                                                        \
         .max = LIMIT_SEGMENT_TEXT_BYTES,                                                          \
         .doc = "who is meant to be in it"},                                                       \
    {                                                                                              \
        .name = "expression", .type = SPEC_TEXT, .min = 1, .max = LIMIT_EXPR_BYTES,                \
        .doc = "who is in it (docs/expressions.md); not of a static list"                          \
    }

static const struct spec_field add_body[] = {
    {.name = "code",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_SEGMENT_CODE_BYTES,
     .doc = "what in_segment() names it by; never changes"},
    {.name = "kind",
     .type = SPEC_ENUM,
     .choices = "dynamic|static",
     .fallback = "dynamic",
     .doc = "dynamic: by an expression; static: a list of members"},
    NAME_FIELDS,
    {0},
};

static const struct spec_field change_body[] = {NAME_FIELDS, {0}};

static const struct spec_field list_body[] = {
    {.name = "add",
     .type = SPEC_LIST,
     .max = LIMIT_SEGMENT_LIST_CHANGE,
     .doc = "members to put on it: ids, or identities such as phone:13800138000"},
    {.name = "remove",
     .type = SPEC_LIST,
     .max = LIMIT_SEGMENT_LIST_CHANGE,
     .doc = "members to take off it"},
    {0},
};

#define SEGMENT                                                                                    \
    "{\"id\":3,\"code\":\"quiet-buyers\",\"name\":\"默默下单\","                               \
    "\"description\":\"90 天内下单两次，却没有说过话\",\"kind\":\"dynamic\","         \
    "\"expression\":\"orders >= 2\",\"version\":1,\"author\":\"anna\","                            \
    "\"created_at\":\"2025-03-01T08:00:00+08:00\",\"changed_at\":\"2025-03-01T08:00:00+08:00\","   \
    "\"members\":214,\"state\":\"ready\",\"moved_at\":\"2025-03-01T09:12:30+08:00\"}"
#define BARE "{\"expression\":null,\"moved_at\":null}"

const struct spec segment_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segments",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_SIGHT,
     .handle = list_segments,
     .summary = "Segments, with how many members each has now",
     .reply = "{\"items\":[" SEGMENT "],\"next\":null}\n~{\"items\":[" BARE "]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/segments",
     .scope = SCOPE_BOARDS_WRITE,
     .body = add_body,
     .body_max = 16384,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_segment,
     .audit = "segment.added",
     .summary = "Make a segment; its members are found in the background",
     .reply = SEGMENT "\n~" BARE},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segments/{code}",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_SIGHT,
     .handle = get_segment,
     .summary = "A segment",
     .reply = SEGMENT "\n~" BARE},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/segments/{code}",
     .scope = SCOPE_BOARDS_WRITE,
     .body = change_body,
     .body_max = 16384,
     .handle = change_segment,
     .audit = "segment.changed",
     .summary = "Replace a segment's name, description and expression; If-Match names the version "
                "meant. Its members stay as they were until all are found anew",
     .reply = SEGMENT "\n~" BARE},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/segments/{code}",
     .scope = SCOPE_BOARDS_WRITE,
     .handle = remove_segment,
     .audit = "segment.removed",
     .summary = "Remove a segment that no other names",
     .reply = NULL},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segments/{code}/versions",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_versions,
     .summary = "What a segment's definition was, newest first",
     .reply = "{\"items\":[{\"version\":1,\"name\":\"默默下单\","
              "\"expression\":\"orders >= 2\",\"author\":\"anna\","
              "\"at\":\"2025-03-01T08:00:00+08:00\"}],\"next\":null}\n"
              "~{\"items\":[{\"expression\":null}]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/segments/{code}/members",
     .scope = SCOPE_BOARDS_WRITE,
     .body = list_body,
     .body_max = 524288,
     .handle = change_list,
     .audit = "segment.listed",
     .summary = "Put members on a static list, and take others off it",
     .reply = "{\"named\":120}"},
    {0},
};
