/* routes_merges.c - two members become one by hand, with a preview, and any merge is undone. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "people/look_merge.h"

static void put_member(const struct call *c, struct json_writer *w, const char *key, uint32_t id)
{
    put_text(w, key, arena_printf(c->arena, "m%" PRIu32, id));
}

static enum err read_with(struct call *c, uint32_t *out, struct why *why)
{
    if (!members_parse(call_str(c, "with"), out))
        return why_fail(why, ERR_INVALID, MSG_NOT_MEMBER_ID, "with", NULL);
    return sight_has(c, *out) ? ERR_OK : call_not_found(why);
}

/* ---- the preview ---- */

static void put_state(const struct call *c, struct json_writer *w, const struct fold_state *s)
{
    put_text(w, "stage", stage_name(s->stage));
    put_text(w, "trust", trust_name(s->trust));
    put_time(c, w, "created", s->created);
    put_time(c, w, "last_seen", s->last_seen);
    put_int(w, "events", (int64_t)s->events);
    put_int(w, "orders", s->orders);
    put_int(w, "spent", s->spent);
    put_array(w, "groups");
    for (uint32_t i = 0; i < s->group_count; i++)
        json_str(w, registry_code_text(c->brand, DIM_GROUP, s->groups[i]));
    json_end_array(w);
}

static void put_side(const struct call *c, struct json_writer *w, const struct look_profile *p)
{
    json_begin_object(w);
    put_member(c, w, "id", p->id);
    put_str(w, "name", p->name);
    put_state(c, w, &p->state);
    put_array(w, "identities");
    for (size_t i = 0; i < p->identity_count; i++) {
        const struct look_identity *id = &p->identities[i];
        json_begin_object(w);
        put_text(w, "kind", identity_kind_name(id->kind));
        put_str(w, "value", id->personal ? look_mask(c->arena, id->value) : id->value);
        put_bool(w, "verified", id->verified);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

/* Kinds of which both have some, but for browsers and devices, and all that would be over a cap. */
static void put_clashes(struct json_writer *w, const struct look_preview *p)
{
    put_array(w, "conflicts");
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        uint32_t a = p->counts[0][k], b = p->counts[1][k];
        bool over = a && b && a + b > p->caps[k];
        bool plain = k == IDENTITY_ANON || k == IDENTITY_DEVICE || k == IDENTITY_NAME;
        if (!a || !b || (plain && !over)) continue;
        json_begin_object(w);
        put_text(w, "kind", identity_kind_name((enum identity_kind)k));
        put_int(w, "here", a);
        put_int(w, "there", b);
        put_int(w, "cap", p->caps[k]);
        put_bool(w, "over", over);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_preview(const struct call *c, struct json_writer *w, const struct look_preview *p)
{
    json_begin_object(w);
    put_array(w, "sides");
    put_side(c, w, &p->side[0]);
    put_side(c, w, &p->side[1]);
    json_end_array(w);
    put_object(w, "joined");
    put_member(c, w, "id", p->side[0].id < p->side[1].id ? p->side[0].id : p->side[1].id);
    put_state(c, w, &p->joined);
    json_end_object(w);
    put_clashes(w, p);
    json_end_object(w);
}

static enum err get_preview(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct look_preview preview;
    uint32_t members[2] = {0, 0};
    TRY(read_with(c, &members[1], why));
    TRY(members_look(c, &look, &members[0], why));
    enum err err = look_preview(&look, members, &preview, why);
    if (err == ERR_NOT_FOUND) err = call_not_found(why);
    if (err == ERR_OK) put_preview(c, w, &preview);
    look_end(&look);
    return err;
}

/* ---- merging and undoing ---- */

static enum err write_down(const struct call *c, uint32_t member, uint32_t other, uint64_t merge,
                           struct why *why)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_int(&w, "merge", (int64_t)merge);
    put_member(c, &w, "other", other);
    json_end_object(&w);
    enum err err = members_tell(c, member, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

static enum err merge(struct call *c, struct json_writer *w, struct why *why)
{
    struct people_merge m = {
        .how = MERGE_HAND, .over_caps = call_bool(c, "over_caps"), .who = str_of(c->who->name)};
    TRY(members_id(c, &m.a, why));
    TRY(read_with(c, &m.b, why));
    TRY(people_merge(c->brand, &m, why));
    TRY(write_down(c, m.kept, m.away, m.id, why));
    json_begin_object(w);
    put_int(w, "merge", (int64_t)m.id);
    put_member(c, w, "member", m.kept);
    put_member(c, w, "away", m.away);
    json_end_object(w);
    return ERR_OK;
}

/* Only through a member whom the merge concerns. */
static enum err check_concerns(struct call *c, uint64_t merge, struct why *why)
{
    struct look look;
    struct look_merges merges;
    uint32_t member = 0;
    bool found = false;
    TRY(members_look(c, &look, &member, why));
    enum err err = look_merges(&look, member, &merges, why);
    for (size_t i = 0; err == ERR_OK && i < merges.count; i++)
        found = found || merges.items[i].id == merge;
    look_end(&look);
    if (err != ERR_OK || found) return err;
    return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "merge", "%" PRIu64, merge);
}

static enum err unmerge(struct call *c, struct json_writer *w, struct why *why)
{
    struct people_unmerge u = {.id = (uint64_t)call_int(c, "merge"), .who = str_of(c->who->name)};
    TRY(check_concerns(c, u.id, why));
    TRY(people_unmerge(c->brand, &u, why));
    TRY(write_down(c, u.kept, u.taken, u.id, why));
    json_begin_object(w);
    put_member(c, w, "member", u.kept);
    put_member(c, w, "taken", u.taken);
    json_end_object(w);
    return ERR_OK;
}

/* ---- the history of merges ---- */

static void put_personas(const struct call *c, struct json_writer *w, struct str moved)
{
    put_array(w, "moved");
    while (moved.len)
        json_str(w, arena_str(c->arena, str_cut(&moved, ' ')));
    json_end_array(w);
}

/* Who was taken apart again may be another's by now. */
static bool sees_merge(struct call *c, const struct look_merge *m)
{
    struct str moved = m->moved;
    bool seen = sight_has(c, m->kept) && sight_has(c, m->away);
    while (moved.len && seen) {
        uint32_t persona;
        seen = members_parse(str_cut(&moved, ' '), &persona) && sight_has(c, persona);
    }
    return seen;
}

static enum err get_merges(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct look_merges merges;
    struct sql *db;
    uint32_t member = 0;
    TRY(members_root(c, &db, &member, why)); /* of who is nobody there is no history */
    TRY(members_look(c, &look, &member, why));
    enum err err = look_merges(&look, member, &merges, why);
    if (err == ERR_OK) {
        put_items(w);
        for (size_t i = 0; i < merges.count; i++) {
            const struct look_merge *m = &merges.items[i];
            if (!sight_is_whole(c) && !sees_merge(c, m)) continue;
            json_begin_object(w);
            put_int(w, "merge", (int64_t)m->id);
            put_time(c, w, "at", m->at);
            put_member(c, w, "member", m->kept);
            put_member(c, w, "away", m->away);
            put_text(w, "how", merge_how_name(m->how));
            put_str(w, "by", m->who);
            put_personas(c, w, m->moved);
            put_time(c, w, "undone_at", m->undone_at);
            put_str(w, "undone_by", m->undone_by);
            json_end_object(w);
        }
        put_items_end(w);
    }
    look_end(&look);
    return err;
}

/* ---- the table ---- */

static const struct spec_field preview_query[] = {
    {.name = "with",
     .type = SPEC_TEXT,
     .required = true,
     .min = 2,
     .max = 16,
     .doc = "the id of the other member"},
    {0},
};

static const struct spec_field merge_body[] = {
    {.name = "with",
     .type = SPEC_TEXT,
     .required = true,
     .min = 2,
     .max = 16,
     .doc = "the id of the other member"},
    {.name = "over_caps",
     .type = SPEC_BOOL,
     .fallback = "false",
     .doc = "merge, though together they have more identities of a kind than its cap"},
    {0},
};

static const struct spec_field unmerge_body[] = {
    {.name = "merge",
     .type = SPEC_INT,
     .required = true,
     .min = 1,
     .max = INT64_C(9007199254740991),
     .doc = "the number of the merge"},
    {0},
};

#define SIDE(id, name, value)                                                                      \
    "{\"id\":\"" id "\",\"name\":" name ",\"stage\":\"active\",\"trust\":\"bought\","              \
    "\"created\":\"2025-01-31T08:00:00+08:00\",\"last_seen\":\"2025-03-01T09:30:00+08:00\","       \
    "\"events\":41,\"orders\":2,\"spent\":25800,\"groups\":[\"mothers-1\"],"                       \
    "\"identities\":[{\"kind\":\"phone\",\"value\":\"" value "\",\"verified\":true}]}"

const struct spec merge_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/merge",
     .scope = SCOPE_MEMBERS_READ,
     .query = preview_query,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_preview,
     .summary = "Two members side by side, and what they would be as one",
     .reply = "{\"sides\":[" SIDE("m12", "\"王婷\"", "138****1234") "," SIDE(
         "m40", "null", "139****5678") "],\"joined\":{\"id\":\"m12\",\"stage\":\"active\","
                                       "\"trust\":\"bought\","
                                       "\"created\":\"2025-01-31T08:00:00+08:00\","
                                       "\"last_seen\":\"2025-03-01T09:30:00+08:00\",\"events\":82,"
                                       "\"orders\":4,\"spent\":51600,\"groups\":[\"mothers-1\"]},"
                                       "\"conflicts\":[{\"kind\":\"phone\",\"here\":1,\"there\":1,"
                                       "\"cap\":5,\"over\":false}]}\n"
                                       "~{\"sides\":[{\"last_seen\":null,\"created\":null}],"
                                       "\"joined\":{\"last_seen\":null,\"created\":null}}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/members/{id}/merge",
     .scope = SCOPE_MEMBERS_MERGE,
     .body = merge_body,
     .body_max = 4096,
     .flags = SPEC_SIGHT,
     .handle = merge,
     .audit = "member.merged",
     .summary = "Make two members one; 409 when one of them is part of another already",
     .reply = "{\"merge\":7,\"member\":\"m12\",\"away\":\"m40\"}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/members/{id}/unmerge",
     .scope = SCOPE_MEMBERS_MERGE,
     .body = unmerge_body,
     .body_max = 4096,
     .flags = SPEC_SIGHT,
     .handle = unmerge,
     .audit = "member.unmerged",
     .summary = "Undo a merge: both are again what their own identities did",
     .reply = "{\"member\":\"m12\",\"taken\":\"m40\"}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/merges",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_SIGHT,
     .handle = get_merges,
     .summary = "Merges that concern a member, newest first, undone ones too",
     .reply = "{\"items\":[{\"merge\":7,\"at\":\"2025-03-01T09:30:00+08:00\",\"member\":\"m12\","
              "\"away\":\"m40\",\"how\":\"hand\",\"by\":\"lily\",\"moved\":[\"m40\",\"m41\"],"
              "\"undone_at\":null,\"undone_by\":null}],\"next\":null}\n"
              "~{\"items\":[{\"by\":null,\"undone_at\":\"2025-03-01T09:31:00+08:00\","
              "\"undone_by\":\"lily\"}]}"},
    {0},
};
