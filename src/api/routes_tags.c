/* routes_tags.c - tags and their groups, and tags on one member and on many. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "base/utf8.h"
#include "people/tag.h"

/* ---- what there is ---- */

static enum err put_tag(struct call *c, struct json_writer *w, const struct tag *t, struct why *why)
{
    uint64_t members;
    TRY(tag_count(c->brand, t->id, sight_of(c), &members, why));
    json_begin_object(w);
    put_int(w, "id", t->id);
    put_str(w, "name", t->name);
    put_int(w, "group", t->group);
    put_int(w, "members", (int64_t)members);
    json_end_object(w);
    return ERR_OK;
}

struct tags {
    struct tag *items;
    size_t count;
};

static enum err put_group(struct call *c, struct json_writer *w, const struct tag_group *g,
                          const struct tags *tags, struct why *why)
{
    json_begin_object(w);
    put_int(w, "id", g->id);
    put_str(w, "name", g->name);
    put_str(w, "colour", g->colour);
    put_bool(w, "exclusive", g->exclusive);
    put_array(w, "tags");
    for (size_t i = 0; i < tags->count; i++) {
        if (tags->items[i].group == g->id) TRY(put_tag(c, w, &tags->items[i], why));
    }
    json_end_array(w);
    json_end_object(w);
    return ERR_OK;
}

static enum err get_tags(struct call *c, struct json_writer *w, struct why *why)
{
    const struct tag_group loose = {.colour = STR("grey")};
    struct tag_group *groups;
    struct tags tags;
    struct sql *db;
    size_t count;
    TRY(call_reader(c, &db, why));
    TRY(tag_groups(db, c->arena, &groups, &count, why));
    TRY(tag_list(db, c->arena, &tags.items, &tags.count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        TRY(put_group(c, w, &groups[i], &tags, why));
    TRY(put_group(c, w, &loose, &tags, why));
    put_items_end(w);
    return ERR_OK;
}

/* ---- defining ---- */

/* A name as people may see it: something, without ends of space. */
static enum err read_name(const struct call *c, struct str *out, struct why *why)
{
    *out = str_trim(call_str(c, "name"));
    return out->len ? ERR_OK : why_fail(why, ERR_INVALID, MSG_MISSING, "name", NULL);
}

static enum err tell(const struct call *c, const char *what, uint32_t id, struct str name,
                     struct why *why)
{
    const struct str nothing = {NULL, 0};
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_str(&w, "name", name);
    json_end_object(&w);
    enum err err = call_audit(c, arena_printf(c->arena, "%s:%" PRIu32, what, id), nothing,
                              name.p ? strbuf_str(&text) : nothing, why);
    strbuf_finish(&text);
    return err;
}

static enum err save_group(struct call *c, struct json_writer *w, struct why *why)
{
    const struct tags none = {NULL, 0};
    struct tag_group g = {.colour = call_str(c, "colour"), .exclusive = call_bool(c, "exclusive")};
    if (c->spec->method == HTTP_PUT) TRY(call_number(c, "group", &g.id, why));
    if (c->spec->method == HTTP_POST) c->status = 201;
    TRY(read_name(c, &g.name, why));
    TRY(tag_group_save(c->brand, &g, why));
    TRY(tell(c, "tag_group", g.id, g.name, why));
    return put_group(c, w, &g, &none, why);
}

static enum err remove_group(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t id;
    (void)w;
    TRY(call_number(c, "group", &id, why));
    TRY(tag_group_remove(c->brand, id, why));
    return tell(c, "tag_group", id, (struct str){NULL, 0}, why);
}

static enum err save_tag(struct call *c, struct json_writer *w, struct why *why)
{
    struct tag t = {.group = (uint32_t)call_int(c, "group")};
    if (c->spec->method == HTTP_PUT) TRY(call_number(c, "tag", &t.id, why));
    if (c->spec->method == HTTP_POST) c->status = 201;
    TRY(read_name(c, &t.name, why));
    TRY(tag_save(c->brand, &t, why));
    TRY(tell(c, "tag", t.id, t.name, why));
    return put_tag(c, w, &t, why);
}

static enum err remove_tag(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t id;
    (void)w;
    TRY(call_number(c, "tag", &id, why));
    TRY(tag_remove(c->brand, id, why));
    return tell(c, "tag", id, (struct str){NULL, 0}, why);
}

/* ---- one member ---- */

static void put_held(const struct call *c, struct json_writer *w, const struct tag_held *h)
{
    json_begin_object(w);
    put_int(w, "id", h->tag.id);
    put_str(w, "name", h->tag.name);
    put_int(w, "group", h->tag.group);
    put_str(w, "colour", h->colour);
    put_time(c, w, "at", h->at);
    put_time(c, w, "expires_at", h->expires_at);
    put_str(w, "source", h->source);
    json_end_object(w);
}

static enum err put_member_tags(struct call *c, struct sql *db, uint32_t member,
                                struct json_writer *w, struct why *why)
{
    struct tag_held *held;
    size_t count;
    TRY(tag_held_by(db, member, c->arena, &held, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        put_held(c, w, &held[i]);
    put_items_end(w);
    return ERR_OK;
}

static enum err get_member_tags(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t member;
    struct sql *db;
    TRY(members_root(c, &db, &member, why));
    return put_member_tags(c, db, member, w, why);
}

static enum err read_expiry(const struct call *c, int64_t *out, struct why *why)
{
    *out = call_int(c, "expires_at");
    if (*out == TIME_NONE || *out > env_now(brand_env(c->brand))) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_NOT_FUTURE, "expires_at", NULL);
}

static struct str say_tag(const struct call *c, uint32_t tag)
{
    return str_of(arena_printf(c->arena, "{\"tag\":%" PRIu32 "}", tag));
}

static enum err change_member_tag(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t member;
    struct tagging t = {.remove = c->spec->method == HTTP_DELETE,
                        .expires_at = TIME_NONE,
                        .members = &member,
                        .count = 1,
                        .source = members_source(c)};
    (void)w;
    TRY(members_id(c, &member, why));
    TRY(call_number(c, "tag", &t.tag, why));
    if (!t.remove) TRY(read_expiry(c, &t.expires_at, why));
    TRY(tag_members(c->brand, &t, why));
    if (t.missing) return call_not_found(why);
    return members_tell(c, member, say_tag(c, t.tag), why);
}

/* ---- many members ---- */

static enum err too_many(struct why *why)
{
    return why_fail(why, ERR_TOO_LARGE, MSG_TAG_TOO_MANY, "filter", "%d", LIMIT_TAGGED);
}

static enum err by_filter(struct call *c, struct tagging *t, struct why *why)
{
    const struct idset *set;
    uint64_t seq;
    TRY(chosen_get(c, call_str(c, "filter"), 0, &set, &seq, why));
    set = sight_narrow(c, set);
    if (set->count > LIMIT_TAGGED) return too_many(why);
    uint32_t *members = arena_alloc_array(c->arena, set->count + 1, sizeof(*members));
    for (size_t i = 0; i < set->words.count; i++) {
        for (uint64_t word = set->words.items[i]; word; word &= word - 1)
            members[t->count++] = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
    }
    t->members = members;
    return ERR_OK;
}

static void put_counts(struct json_writer *w, const struct tagging *t)
{
    put_int_or_null(w, "run", t->run, t->run && !t->remove);
    put_int(w, "changed", (int64_t)t->changed);
    put_int(w, "same", (int64_t)t->same);
    put_int(w, "missing", (int64_t)t->missing);
}

/* The counts are the reply, and what is written down. */
static enum err finish(const struct call *c, struct json_writer *w, const struct tagging *t,
                       struct why *why)
{
    size_t from = w->out->len;
    json_begin_object(w);
    put_counts(w, t);
    json_end_object(w);
    const struct str counts = {w->out->p + from, w->out->len - from};
    return call_audit(c, arena_printf(c->arena, "tag:%" PRIu32, t->tag), (struct str){NULL, 0},
                      counts, why);
}

static enum err apply_tag(struct call *c, struct json_writer *w, struct why *why)
{
    struct tagging t = {
        .remove = call_bool(c, "remove"), .source = members_source(c), .counted = true};
    size_t hidden = 0;
    bool filter = call_has(c, "filter"), list = call_has(c, "members");
    TRY(call_number(c, "tag", &t.tag, why));
    TRY(read_expiry(c, &t.expires_at, why));
    if (filter == list) return why_fail(why, ERR_INVALID, MSG_TAG_WHOM, "filter", NULL);
    TRY(filter ? by_filter(c, &t, why) : sight_list(c, &t.members, &t.count, &hidden, why));
    TRY(tag_members(c->brand, &t, why));
    t.missing += hidden;
    return finish(c, w, &t, why);
}

static enum err undo_tag(struct call *c, struct json_writer *w, struct why *why)
{
    struct tagging t = {.source = members_source(c)};
    TRY(call_number(c, "tag", &t.tag, why));
    TRY(tag_undo(c->brand, (uint32_t)call_int(c, "run"), &t, why));
    return finish(c, w, &t, why);
}

/* ---- the table ---- */

#define NAME_FIELD                                                                                 \
    {                                                                                              \
        .name = "name", .type = SPEC_TEXT, .required = true, .min = 1, .max = LIMIT_TAG_BYTES,     \
        .doc = "what people call it; no other has the name"                                        \
    }

static const struct spec_field group_body[] = {
    NAME_FIELD,
    {.name = "colour",
     .type = SPEC_ENUM,
     .choices = TAG_COLOURS,
     .fallback = "grey",
     .doc = "of its tags, on light and dark"},
    {.name = "exclusive",
     .type = SPEC_BOOL,
     .fallback = "false",
     .doc = "a member has one tag of it at most, the one given last"},
    {0},
};

static const struct spec_field tag_body[] = {
    NAME_FIELD,
    {.name = "group",
     .type = SPEC_INT,
     .min = 0,
     .max = UINT32_MAX,
     .fallback = "0",
     .doc = "the group it lies in; 0 = none"},
    {0},
};

#define EXPIRY_FIELD                                                                               \
    {                                                                                              \
        .name = "expires_at", .type = SPEC_TIME,                                                   \
        .doc = "until when they have it; default: it stays"                                        \
    }

static const struct spec_field one_body[] = {EXPIRY_FIELD, {0}};

static const struct spec_field apply_body[] = {
    {.name = "filter",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "those for whom the expression holds now; or"},
    {.name = "members",
     .type = SPEC_LIST,
     .max = LIMIT_PAGE_MEMBERS,
     .doc = "these, such as \"m12\""},
    {.name = "remove",
     .type = SPEC_BOOL,
     .fallback = "false",
     .doc = "take the tag from them instead"},
    EXPIRY_FIELD,
    {0},
};

static const struct spec_field undo_body[] = {
    {.name = "run",
     .type = SPEC_INT,
     .required = true,
     .min = 1,
     .max = UINT32_MAX,
     .doc = "\"run\" of the reply that gave the tag"},
    {0},
};

#define GROUP                                                                                      \
    "{\"id\":3,\"name\":\"等级\",\"colour\":\"gold\",\"exclusive\":true,\"tags\":[" TAG "]}"
#define TAG "{\"id\":7,\"name\":\"老客\",\"group\":3,\"members\":214}"
#define COUNTS "{\"run\":12,\"changed\":180,\"same\":34,\"missing\":0}\n~{\"run\":null}"

const struct spec tag_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/tags",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_SIGHT,
     .handle = get_tags,
     .summary = "Tags by group; those in no group come last, in group 0",
     .reply = "{\"items\":[" GROUP "],\"next\":null}\n~{\"items\":[{\"name\":null}]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/tags/groups",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = group_body,
     .body_max = 4096,
     .flags = SPEC_IDEMPOTENT,
     .handle = save_group,
     .audit = "tag_group.added",
     .summary = "Make a group of tags",
     .reply = GROUP},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/tags/groups/{group}",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = group_body,
     .body_max = 4096,
     .handle = save_group,
     .audit = "tag_group.changed",
     .summary = "Replace a group's name, colour and whether it is exclusive",
     .reply = GROUP},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/tags/groups/{group}",
     .scope = SCOPE_MEMBERS_WRITE,
     .handle = remove_group,
     .audit = "tag_group.removed",
     .summary = "Remove a group that holds no tags"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/tags",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = tag_body,
     .body_max = 4096,
     .flags = SPEC_IDEMPOTENT,
     .handle = save_tag,
     .audit = "tag.added",
     .summary = "Make a tag",
     .reply = TAG},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/tags/{tag}",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = tag_body,
     .body_max = 4096,
     .handle = save_tag,
     .audit = "tag.changed",
     .summary = "Replace a tag's name and group; expressions know it by its name",
     .reply = TAG},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/tags/{tag}",
     .scope = SCOPE_MEMBERS_WRITE,
     .handle = remove_tag,
     .audit = "tag.removed",
     .summary = "Remove a tag that no member has"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/tags/{tag}/apply",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = apply_body,
     .body_max = 16384,
     .flags = SPEC_QUESTION | SPEC_IDEMPOTENT | SPEC_SIGHT,
     .handle = apply_tag,
     .audit = "tag.applied",
     .summary = "Give a tag to many members, or take it from them",
     .reply = COUNTS},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/tags/{tag}/undo",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = undo_body,
     .body_max = 4096,
     .flags = SPEC_IDEMPOTENT,
     .handle = undo_tag,
     .audit = "tag.undone",
     .summary = "Take a tag from those to whom one call gave it and who have it from it still",
     .reply = COUNTS},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/tags",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_SIGHT,
     .handle = get_member_tags,
     .summary = "A member's tags",
     .reply = "{\"items\":[{\"id\":7,\"name\":\"老客\",\"group\":3,\"colour\":\"gold\","
              "\"at\":\"2025-03-01T08:00:00+08:00\",\"expires_at\":null,"
              "\"source\":\"staff:lily\"}],\"next\":null}\n"
              "~{\"items\":[{\"expires_at\":\"2025-04-01T00:00:00+08:00\"}]}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/members/{id}/tags/{tag}",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = one_body,
     .body_max = 4096,
     .flags = SPEC_SIGHT,
     .handle = change_member_tag,
     .audit = "member.tagged",
     .summary = "Give a member a tag, for good or until a moment"},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/members/{id}/tags/{tag}",
     .scope = SCOPE_MEMBERS_WRITE,
     .flags = SPEC_SIGHT,
     .handle = change_member_tag,
     .audit = "member.untagged",
     .summary = "Take a tag from a member"},
    {0},
};
