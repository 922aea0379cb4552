/* routes_segments.c - segments: their definitions, who is in them, and why. */
#include <inttypes.h>

#include "api/asking.h"
#include "api/chosen.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "segments/segments.h"

/* ---- writing them ---- */

static const char *kind_name(enum segment_kind kind)
{
    return kind == SEGMENT_STATIC ? "static" : "dynamic";
}

static void put_segment(const struct call *c, struct json_writer *w, const struct segment *s)
{
    struct segment_state state = {.building = true, .moved_at = TIME_NONE};
    (void)segments_state(c->brand, s->id, &state);
    json_begin_object(w);
    put_int(w, "id", s->id);
    put_str(w, "code", s->code);
    put_str(w, "name", s->name);
    put_str(w, "description", s->description);
    put_text(w, "kind", kind_name(s->kind));
    put_str(w, "expression", s->kind == SEGMENT_STATIC ? (struct str){NULL, 0} : s->expr);
    put_int(w, "version", (int64_t)s->version);
    put_str(w, "author", s->author);
    put_time(c, w, "created_at", s->created_at);
    put_time(c, w, "changed_at", s->changed_at);
    put_int(w, "members", (int64_t)state.members);
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

static enum err find_code(struct call *c, struct str code, struct segment *out, struct why *why)
{
    struct sql *db;
    TRY(call_reader(c, &db, why));
    enum err err = segments_get(db, code, c->arena, out, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

static enum err find(struct call *c, struct segment *out, struct why *why)
{
    return find_code(c, call_param(c, "code"), out, why);
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
    TRY(find(c, &s, why));
    put_segment(c, w, &s);
    return ERR_OK;
}

static enum err get_versions(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct segment s;
    struct segment_version *items;
    size_t count;
    TRY(find(c, &s, why));
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
    const struct audit_entry e = {
        .who = c->who,
        .brand = brand_slug(c->brand),
        .action = c->spec->audit,
        .subject = arena_printf(c->arena, "segment:" STR_FMT, STR_ARG(any->code)),
        .before = before ? told(c, before) : none,
        .after = after ? told(c, after) : none};
    return audit_add(c->data, &e, why);
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

static enum err change_segment(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    TRY(find(c, &s, why));
    TRY(call_if_match(c, s.version, why));
    const struct segment before = s;
    TRY(read_wanted(c, &s, why));
    TRY(segments_change(c->brand, &s, c->arena, why));
    TRY(tell(c, &before, &s, why));
    return put_one(c, w, &s);
}

static enum err remove_segment(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    (void)w;
    TRY(find(c, &s, why));
    TRY(call_if_match(c, s.version, why));
    TRY(segments_remove(c->brand, &s, why));
    return tell(c, &s, NULL, why);
}

/* ---- static lists ---- */

static bool parse_id(struct str text, uint32_t *out)
{
    uint64_t id;
    bool plain = text.len >= 2 && text.p[0] == 'm' && text.p[1] >= '1' && text.p[1] <= '9';
    if (!plain || !str_to_u64((struct str){text.p + 1, text.len - 1}, &id) || id > UINT32_MAX)
        return false;
    *out = (uint32_t)id;
    return true;
}

/* "m12", or an identity such as "phone:13800138000". */
static enum err read_member(struct call *c, const struct look *l, struct str text,
                            const char *field, uint32_t *out, struct why *why)
{
    struct identity identity;
    struct look_row row;
    *out = 0;
    if (!parse_id(text, out)) {
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
    TRY(find(c, &s, why));
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

/* ---- who is in, and why ---- */

static enum err get_overlap(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment one, other;
    struct segment_overlap o = {0};
    TRY(find(c, &one, why));
    enum err err = find_code(c, call_str(c, "with"), &other, why);
    if (err == ERR_NOT_FOUND)
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "with", "%s", "segment");
    TRY(err);
    (void)segments_overlap(c->brand, one.code, other.code, &o);
    json_begin_object(w);
    put_int(w, "members", (int64_t)o.a);
    put_int(w, "other", (int64_t)o.b);
    put_int(w, "both", (int64_t)o.both);
    put_int(w, "either", (int64_t)o.either);
    json_end_object(w);
    return ERR_OK;
}

static void put_clause(const struct call *c, struct json_writer *w, const struct expr_clause *x)
{
    static const char *const types[] = {"const", "test", "did", "call", "segment"};
    json_begin_object(w);
    put_text(w, "type", types[x->type]);
    put_int(w, "level", x->level);
    put_str(w, "text", x->text);
    put_bool(w, "negated", x->negated);
    put_bool(w, "holds", x->holds);
    put_str(w, "value", x->type == CLAUSE_TEST ? x->value : (struct str){NULL, 0});
    json_key(w, "events");
    if (x->type == CLAUSE_DID) {
        json_uint(w, x->count);
    } else {
        json_null(w);
    }
    put_time(c, w, "first_at", x->first_at);
    put_time(c, w, "last_at", x->last_at);
    json_end_object(w);
}

static enum err put_why(struct call *c, struct json_writer *w, const struct segment *s,
                        uint32_t member, struct why *why)
{
    struct segment_why y;
    enum err err = segments_why(c->brand, s, member, c->arena, &y, why);
    if (err != ERR_OK) return err;
    put_bool(w, "in", y.holds);
    put_array(w, "clauses");
    for (size_t i = 0; i < y.clauses.count; i++)
        put_clause(c, w, &y.clauses.items[i]);
    json_end_array(w);
    return ERR_OK;
}

static enum err get_why(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    uint32_t member = 0;
    struct str text = call_str(c, "member");
    TRY(find(c, &s, why));
    if (!parse_id(text, &member))
        return why_fail(why, ERR_INVALID, MSG_MEMBER_ID, "member", STR_FMT, STR_ARG(text));
    json_begin_object(w);
    put_str(w, "segment", s.code);
    put_text(w, "member", arena_printf(c->arena, "m%" PRIu32, member));
    enum err err = put_why(c, w, &s, member, why);
    if (err == ERR_NOT_FOUND)
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "member", "%s", "member");
    TRY(err);
    json_end_object(w);
    return ERR_OK;
}

static enum err list_of_member(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct look_row row;
    struct segment *items;
    size_t count;
    uint32_t member = 0;
    TRY(members_look(c, &look, &member, why));
    enum err err = look_row(&look, member, &row, why);
    if (err == ERR_OK) err = segments_list(look.db, c->arena, &items, &count, why);
    look_end(&look);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    TRY(err);
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        if (!segments_has(c->brand, items[i].code, row.id)) continue;
        json_begin_object(w);
        put_str(w, "code", items[i].code);
        put_str(w, "name", items[i].name);
        put_text(w, "kind", kind_name(items[i].kind));
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- before there is one ---- */

#define SAMPLE 10

struct sampling {
    uint32_t id[SAMPLE];
    size_t count;
};

/* The smallest hashes of ids: fair, and the same ones again. */
static uint64_t lot_of(uint32_t id)
{
    uint64_t x = id * UINT64_C(0x9E3779B97F4A7C15);
    return (x ^ x >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
}

static void draw(struct sampling *s, uint32_t id)
{
    size_t at = s->count;
    if (s->count < SAMPLE) {
        s->count++;
    } else if (lot_of(id) >= lot_of(s->id[SAMPLE - 1])) {
        return;
    } else {
        at = SAMPLE - 1;
    }
    for (; at > 0 && lot_of(s->id[at - 1]) > lot_of(id); at--)
        s->id[at] = s->id[at - 1];
    s->id[at] = id;
}

static enum err preview(struct call *c, struct json_writer *w, struct why *why)
{
    const struct idset *set;
    struct sampling sample = {.count = 0};
    struct look look;
    struct sql *db;
    uint64_t seq, began = env_mono_ns(brand_env(c->brand));
    enum err err = chosen_get(c, call_str(c, "expression"), 0, &set, &seq, why);
    if (err != ERR_OK && why->err == err && strcmp(why->field, "filter") == 0)
        snprintf(why->field, sizeof(why->field), "expression");
    TRY(err);
    TRY(call_reader(c, &db, why));
    for (uint32_t word = 0; word < set->words.count; word++) {
        for (uint64_t left = set->words.items[word]; left; left &= left - 1)
            draw(&sample, word * 64 + (uint32_t)__builtin_ctzll(left));
    }
    look_begin(&look, c->brand, db, c->arena);
    json_begin_object(w);
    put_int(w, "members", (int64_t)set->count);
    put_array(w, "sample");
    for (size_t i = 0; i < sample.count; i++) {
        struct look_row row;
        struct why missing;
        if (look_row(&look, sample.id[i], &row, &missing) == ERR_OK) members_put_row(c, w, &row);
    }
    json_end_array(w);
    put_int(w, "as_of_seq", (int64_t)seq);
    put_int(w, "elapsed_us", (int64_t)((env_mono_ns(brand_env(c->brand)) - began) / 1000));
    json_end_object(w);
    look_end(&look);
    return ERR_OK;
}

static enum err list_templates(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct segment *items;
    size_t count;
    TRY(call_reader(c, &db, why));
    TRY(segments_list(db, c->arena, &items, &count, why));
    put_items(w);
    for (const struct segment_template *t = segment_templates; t->code; t++) {
        bool added = false;
        for (size_t i = 0; i < count; i++)
            added |= str_is(items[i].code, t->code);
        json_begin_object(w);
        put_text(w, "code", t->code);
        put_text(w, "name_en", t->name[LANG_EN]);
        put_text(w, "name_zh", t->name[LANG_ZH]);
        put_text(w, "about_en", t->about[LANG_EN]);
        put_text(w, "about_zh", t->about[LANG_ZH]);
        put_text(w, "expression", t->expr);
        put_bool(w, "added", added);
        json_end_object(w);
    }
    put_items_end(w);
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

static const struct spec_field overlap_query[] = {
    {.name = "with",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_SEGMENT_CODE_BYTES,
     .doc = "code of the other segment"},
    {0},
};

static const struct spec_field why_query[] = {
    {.name = "member", .type = SPEC_TEXT, .required = true, .max = 16, .doc = "a member's id"},
    {0},
};

static const struct spec_field preview_body[] = {
    {.name = "expression",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "an expression about members"},
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
     .path = "/api/v1/{brand}/segment-templates",
     .scope = SCOPE_MEMBERS_READ,
     .handle = list_templates,
     .summary = "Segments that most brands want, to be added as they are",
     .reply = "{\"items\":[{\"code\":\"quiet-buyers\",\"name_en\":\"Quiet buyers\","
              "\"name_zh\":\"默默下单\",\"about_en\":\"ordered twice in 90 days without a word\","
              "\"about_zh\":\"90 天内下单两次，却没有说过话\","
              "\"expression\":\"orders >= 2\",\"added\":false}],\"next\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/segment-preview",
     .scope = SCOPE_MEMBERS_READ,
     .body = preview_body,
     .body_max = 16384,
     .flags = SPEC_QUESTION | SPEC_PERSONAL,
     .handle = preview,
     .summary = "Who would be in a segment of that expression: how many, and ten of them",
     .reply = "{\"members\":2314,\"sample\":[{\"id\":\"m12\",\"name\":\"王婷\","
              "\"stage\":\"active\",\"trust\":\"bought\","
              "\"created\":\"2025-01-31T08:00:00+08:00\","
              "\"last_seen\":\"2025-03-01T09:30:00+08:00\",\"events\":41,\"orders\":2,"
              "\"spent\":25800,\"identities\":[{\"kind\":\"phone\",\"value\":\"138****1234\"}]}],"
              "\"as_of_seq\":91022,\"elapsed_us\":1834}\n"
              "~{\"sample\":[{\"name\":null,\"last_seen\":null}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segments/{code}",
     .scope = SCOPE_MEMBERS_READ,
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
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segments/{code}/overlap",
     .scope = SCOPE_MEMBERS_READ,
     .query = overlap_query,
     .handle = get_overlap,
     .summary = "How many members two segments have, together and each",
     .reply = "{\"members\":214,\"other\":90,\"both\":31,\"either\":273}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segments/{code}/why",
     .scope = SCOPE_MEMBERS_READ,
     .query = why_query,
     .handle = get_why,
     .summary = "Why a member is in a segment or not: each clause of its expression, and what it "
                "saw",
     .reply = "{\"segment\":\"quiet-buyers\",\"member\":\"m12\",\"in\":true,\"clauses\":["
              "{\"type\":\"test\",\"level\":0,\"text\":\"orders >= 2\",\"negated\":false,"
              "\"holds\":true,\"value\":\"3\",\"events\":null,\"first_at\":null,"
              "\"last_at\":null}]}\n"
              "~{\"clauses\":[{\"value\":null,\"events\":2,"
              "\"first_at\":\"2025-03-01T08:00:00+08:00\","
              "\"last_at\":\"2025-03-01T08:00:00+08:00\"}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/segments",
     .scope = SCOPE_MEMBERS_READ,
     .handle = list_of_member,
     .summary = "The segments that a member is in",
     .reply = "{\"items\":[{\"code\":\"quiet-buyers\",\"name\":\"默默下单\","
              "\"kind\":\"dynamic\"}],\"next\":null}"},
    {0},
};
