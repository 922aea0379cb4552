/* routes_group_messages.c - what was said in a group, newest first, whole or by words.
 *
 * A caller of narrow reach sees what the members within it said; what it answers, by whoever else,
 * is left out. */
#include <inttypes.h>

#include "api/groups.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "groups/messages.h"
#include "groups/role.h"

#define QUOTED_BYTES 240 /* of a message that another answers */

struct reading {
    struct call *call;
    struct look look;
    uint32_t member;          /* only by them; 0 = by anybody */
    const struct idset *seen; /* NULL = all */
    struct messages found;
    struct messages answered; /* that those answer */
    struct group_role *roles;
    size_t role_count;
};

static uint32_t member_of(const struct reading *r, uint32_t persona)
{
    return persona ? persona_map_member(r->look.snapshot->personas, persona) : 0;
}

static bool keep(void *ctx, uint32_t persona)
{
    const struct reading *r = ctx;
    uint32_t member = member_of(r, persona);
    if (r->member && member != r->member) return false;
    return !r->seen || (member && idset_has(r->seen, member));
}

/* ---- one message ---- */

static const char *role_of(const struct reading *r, const struct message *m)
{
    uint32_t member = member_of(r, m->persona);
    if (m->staff) return account_role_names[ACCOUNT_STAFF];
    for (size_t i = 0; member && i < r->role_count; i++) {
        if (member_of(r, r->roles[i].persona) == member)
            return account_role_names[r->roles[i].role];
    }
    return account_role_names[ACCOUNT_MEMBER];
}

static enum err put_speaker(struct reading *r, struct json_writer *w, const struct message *m,
                            struct why *why)
{
    struct call *c = r->call;
    uint32_t member = member_of(r, m->persona);
    struct str name = {NULL, 0};
    json_key(w, "member");
    if (member) {
        if (look_name(&r->look, member, &name) != ERR_OK)
            return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
        json_begin_object(w);
        put_text(w, "id", arena_printf(c->arena, "m%" PRIu32, member));
        put_str(w, "name", name);
        json_end_object(w);
    } else {
        json_null(w);
    }
    put_str(w, "staff",
            m->staff ? registry_code_text(c->brand, DIM_STAFF, m->staff) : (struct str){NULL, 0});
    return ERR_OK;
}

static struct str shown(const struct message *m, size_t most)
{
    if (m->recalled_at != TIME_NONE) return (struct str){NULL, 0};
    return most ? utf8_cut_grapheme(m->text, most) : m->text;
}

static const struct message *answered(struct reading *r, const struct message *m)
{
    if (m->reply_to.len == 0) return NULL;
    for (size_t i = 0; i < r->answered.count; i++) {
        const struct message *a = &r->answered.items[i];
        if (str_eq(a->message, m->reply_to) && (!r->seen || keep(r, a->persona))) return a;
    }
    return NULL;
}

static enum err put_answered(struct reading *r, struct json_writer *w, const struct message *m,
                             struct why *why)
{
    const struct message *a = answered(r, m);
    json_key(w, "reply_to");
    if (!a) {
        json_null(w);
        return ERR_OK;
    }
    json_begin_object(w);
    put_text(w, "id", arena_printf(r->call->arena, "%" PRIu64, a->id));
    TRY(put_speaker(r, w, a, why));
    put_str(w, "text", shown(a, QUOTED_BYTES));
    json_end_object(w);
    return ERR_OK;
}

static enum err put_message(struct reading *r, struct json_writer *w, const struct message *m,
                            struct why *why)
{
    const struct call *c = r->call;
    json_begin_object(w);
    put_text(w, "id", arena_printf(c->arena, "%" PRIu64, m->id));
    put_time(c, w, "at", m->at);
    TRY(put_speaker(r, w, m, why));
    put_text(w, "role", role_of(r, m));
    put_str(w, "type", m->type);
    put_str(w, "text", shown(m, 0));
    TRY(put_answered(r, w, m, why));
    put_time(c, w, "edited_at", m->edited_at);
    put_time(c, w, "recalled_at", m->recalled_at);
    json_end_object(w);
    return ERR_OK;
}

/* ---- a page ---- */

static enum err read_cursor(const struct call *c, struct message_place *out, struct why *why)
{
    struct str hex = call_str(c, "cursor");
    char text[64];
    size_t len = hex.len / 2;
    struct str rest = {text, len};
    bool sound = hex.len % 2 == 0 && len < sizeof(text) && hex_decode(hex, (uint8_t *)text, len) &&
                 str_to_i64(str_cut(&rest, ' '), &out->at) && str_to_u64(rest, &out->id) &&
                 out->id <= INT64_MAX;
    if (!sound) return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    return ERR_OK;
}

static void put_next(const struct call *c, struct json_writer *w, const struct messages *found)
{
    json_key(w, "next");
    if (!found->more) {
        json_null(w);
        return;
    }
    const struct message *last = &found->items[found->count - 1];
    const char *text = arena_printf(c->arena, "%" PRId64 " %" PRIu64, last->at, last->id);
    char *hex = arena_alloc(c->arena, 2 * strlen(text) + 1);
    hex_encode(text, strlen(text), hex);
    json_text(w, hex);
}

static enum err put_page(struct reading *r, struct json_writer *w, struct why *why)
{
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < r->found.count; i++)
        TRY(put_message(r, w, &r->found.items[i], why));
    json_end_array(w);
    put_next(r->call, w, &r->found);
    put_int(w, "kept", (int64_t)r->found.kept);
    json_end_object(w);
    return ERR_OK;
}

static enum err read_page(struct reading *r, struct messages_ask *ask, struct why *why)
{
    struct call *c = r->call;
    struct message_place before;
    if (call_has(c, "member") && !members_parse(call_str(c, "member"), &r->member))
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "member", "%s", "member");
    r->member = member_of(r, r->member);
    r->seen = sight_of(c);
    if (r->member || r->seen) {
        ask->keep = keep;
        ask->ctx = r;
    }
    if (call_has(c, "cursor")) {
        TRY(read_cursor(c, &before, why));
        ask->before = &before;
    }
    TRY(messages_list(ask, &r->found, why));
    struct str *names = arena_alloc_array(c->arena, r->found.count + 1, sizeof(*names));
    for (size_t i = 0; i < r->found.count; i++)
        names[i] = r->found.items[i].reply_to;
    return messages_named(ask, names, r->found.count, &r->answered, why);
}

static enum err get_messages(struct call *c, struct json_writer *w, struct why *why)
{
    struct reading r = {.call = c};
    struct group_record record;
    struct sql *db;
    TRY(groups_find(c, &db, &record, why));
    struct messages_ask ask = {.brand = c->brand,
                               .group = record.code,
                               .find = str_trim(call_str(c, "q")),
                               .from = call_has(c, "from") ? call_int(c, "from") : INT64_MIN,
                               .to = call_has(c, "to") ? call_int(c, "to") : INT64_MAX,
                               .limit = (size_t)call_int(c, "limit"),
                               .arena = c->arena};
    if (groups_roles(db, record.code, c->arena, &r.roles, &r.role_count) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    look_begin(&r.look, c->brand, db, c->arena);
    enum err err = read_page(&r, &ask, why);
    if (err == ERR_OK) err = put_page(&r, w, why);
    look_end(&r.look);
    return err;
}

/* ---- the table ---- */

static const struct spec_field query[] = {
    {.name = "q",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_IDENTITY_BYTES,
     .doc = "words or pieces of Chinese text, parted by spaces: all of them"},
    {.name = "member", .type = SPEC_TEXT, .max = 32, .doc = "only what this member said"},
    {.name = "from", .type = SPEC_TIME, .doc = "not before"},
    {.name = "to", .type = SPEC_TIME, .doc = "before this moment"},
    {.name = "cursor", .type = SPEC_TEXT, .max = 128, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PAGE_MESSAGES,
     .fallback = "50",
     .doc = "messages of a page"},
    {0},
};

#define WHO "\"member\":{\"id\":\"m12\",\"name\":\"王婷\"},\"staff\":null"

const struct spec group_message_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/messages",
     .scope = SCOPE_MEMBERS_READ,
     .query = query,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_messages,
     .summary = "What was said in a group, newest first; a message taken back has no text",
     .reply =
         "{\"items\":[{\"id\":\"91022\",\"at\":\"2025-03-01T09:30:00+08:00\"," WHO
         ",\"role\":\"member\",\"type\":\"text\",\"text\":\"周六还有课吗？\",\"reply_to\":{\"id\":"
         "\"91001\"," WHO ",\"text\":\"本周课表\"},\"edited_at\":\"2025-03-01T09:31:00+08:00\","
         "\"recalled_at\":\"2025-03-01T09:32:00+08:00\"}],\"next\":\"3137\",\"kept\":903}\n"
         "~{\"items\":[{\"member\":null,\"staff\":\"rose\",\"text\":null,\"reply_to\":null,"
         "\"edited_at\":null,\"recalled_at\":null}],\"next\":null}\n"
         "~{\"items\":[{\"member\":{\"name\":null},\"reply_to\":{\"member\":null,"
         "\"staff\":\"rose\",\"text\":null}}]}\n"
         "~{\"items\":[{\"reply_to\":{\"member\":{\"name\":null}}}]}"},
    {0},
};
