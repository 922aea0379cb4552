/* routes_group_members.c - who is and was in a group, and which of its accounts are of staff, bots
 * or partners.
 *
 * A cursor is the sort, the last member's key and id, in hex: the next page goes on from there even
 * if the list has moved meanwhile. */
#include <inttypes.h>
#include <stdlib.h>

#include "account/audit.h"
#include "api/asking.h"
#include "api/groups.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "base/hash.h"
#include "base/vec.h"
#include "groups/role.h"
#include "groups/roster.h"

/* ---- the group as these routes read it ---- */

struct room_look {
    struct call *call;
    struct group_record record;
    struct roster roster;
    struct group_role *roles;
    size_t role_count;
    struct look look;
};

/* To be ended by look_end(&x->look), whatever is returned. */
static enum err begin(struct call *c, struct room_look *x, struct why *why)
{
    struct sql *db;
    *x = (struct room_look){.call = c};
    TRY(groups_find(c, &db, &x->record, why));
    const struct roster_ask ask = {.brand = c->brand,
                                   .group = x->record.code,
                                   .now = env_now(brand_env(c->brand)),
                                   .from_day = 1,
                                   .budget = c->budget,
                                   .arena = c->arena};
    asking_fill(c->brand, c->budget);
    TRY(roster_read(&ask, &x->roster, why));
    enum err err = groups_roles(db, x->record.code, c->arena, &x->roles, &x->role_count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    look_begin(&x->look, c->brand, db, c->arena);
    return ERR_OK;
}

static void end(struct room_look *x)
{
    if (x->look.snapshot) look_end(&x->look);
}

static uint32_t member_of(const struct room_look *x, uint32_t persona)
{
    return persona_map_member(x->look.snapshot->personas, persona);
}

static const struct group_role *role_of(const struct room_look *x, uint32_t member)
{
    for (size_t i = 0; i < x->role_count; i++) {
        if (member_of(x, x->roles[i].persona) == member) return &x->roles[i];
    }
    return NULL;
}

/* {"id", "name"} under a key; null of nobody, and of whom the caller does not see. */
static enum err put_who(struct room_look *x, struct json_writer *w, const char *key,
                        uint32_t member, struct why *why)
{
    struct call *c = x->call;
    struct str name = {NULL, 0};
    json_key(w, key);
    if (!member || !sight_has(c, member)) {
        json_null(w);
        return ERR_OK;
    }
    if (look_name(&x->look, member, &name) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    json_begin_object(w);
    put_text(w, "id", arena_printf(c->arena, "m%" PRIu32, member));
    put_str(w, "name", name);
    json_end_object(w);
    return ERR_OK;
}

/* ---- members ---- */

static enum err put_stay(struct room_look *x, struct json_writer *w, const struct group_stay *s,
                         struct why *why)
{
    struct call *c = x->call;
    const struct group_role *role = role_of(x, s->member);
    json_begin_object(w);
    TRY(put_who(x, w, "member", s->member, why));
    put_text(w, "role", account_role_names[role ? role->role : ACCOUNT_MEMBER]);
    put_bool(w, "in", s->in);
    put_time(c, w, "joined_at", s->joined_at);
    put_text(w, "way", join_way_names[s->way]);
    TRY(put_who(x, w, "inviter", s->inviter, why));
    put_str(w, "touchpoint",
            s->touchpoint ? registry_code_text(c->brand, DIM_TOUCHPOINT, s->touchpoint)
                          : (struct str){NULL, 0});
    put_time(c, w, "left_at", s->left_at);
    put_time(c, w, "last_message_at", s->last_message_at);
    put_int(w, "messages", s->messages);
    put_int(w, "recent_messages", s->recent_messages);
    put_int(w, "groups", s->groups);
    json_end_object(w);
    return ERR_OK;
}

static bool is_shown(const struct group_stay *s, struct str show)
{
    if (str_is(show, "in")) return s->in;
    if (str_is(show, "silent")) return s->in && s->recent_messages == 0;
    if (str_is(show, "several")) return s->in && s->groups > 1;
    if (str_is(show, "left")) return !s->in;
    return true;
}

/* What a list is in order of; the highest first. */
struct keyed {
    int64_t key;
    const struct group_stay *stay;
};

static int64_t key_of(const struct group_stay *s, struct str sort)
{
    if (str_is(sort, "messages")) return s->recent_messages;
    if (str_is(sort, "last_message")) return s->last_message_at;
    if (str_is(sort, "left")) return s->left_at;
    return s->joined_at;
}

static int higher_first(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->key != y->key) return x->key > y->key ? -1 : 1;
    return (x->stay->member > y->stay->member) - (x->stay->member < y->stay->member);
}

struct place {
    int64_t key;
    uint32_t member;
};

static enum err read_cursor(const struct call *c, struct str sort, struct place *out,
                            struct why *why)
{
    struct str hex = call_str(c, "cursor");
    char text[128];
    uint64_t member;
    size_t len = hex.len / 2;
    struct str rest = {text, len};
    bool sound = hex.len % 2 == 0 && len < sizeof(text) && hex_decode(hex, (uint8_t *)text, len) &&
                 str_eq(str_cut(&rest, ' '), sort) && str_to_i64(str_cut(&rest, ' '), &out->key) &&
                 str_to_u64(rest, &member) && member <= UINT32_MAX;
    if (!sound) return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    out->member = (uint32_t)member;
    return ERR_OK;
}

static void put_next(const struct call *c, struct json_writer *w, struct str sort,
                     const struct keyed *last)
{
    const char *text = arena_printf(c->arena, STR_FMT " %" PRId64 " %" PRIu32, STR_ARG(sort),
                                    last->key, last->stay->member);
    char *hex = arena_alloc(c->arena, 2 * strlen(text) + 1);
    hex_encode(text, strlen(text), hex);
    put_text(w, "next", hex);
}

static bool is_behind(const struct keyed *k, const struct place *p)
{
    return k->key < p->key || (k->key == p->key && k->stay->member > p->member);
}

static enum err put_page(struct room_look *x, struct json_writer *w, const struct keyed *list,
                         size_t count, struct why *why)
{
    struct call *c = x->call;
    struct str sort = call_str(c, "sort");
    size_t limit = (size_t)call_int(c, "limit"), from = 0, i;
    struct place after;
    if (call_has(c, "cursor")) {
        TRY(read_cursor(c, sort, &after, why));
        while (from < count && !is_behind(&list[from], &after))
            from++;
    }
    json_begin_object(w);
    put_array(w, "items");
    for (i = from; i < count && i < from + limit; i++)
        TRY(put_stay(x, w, list[i].stay, why));
    json_end_array(w);
    if (i < count) {
        put_next(c, w, sort, &list[i - 1]);
    } else {
        put_str(w, "next", (struct str){NULL, 0});
    }
    put_int(w, "total", (int64_t)count);
    json_end_object(w);
    return ERR_OK;
}

static enum err put_members(struct room_look *x, struct json_writer *w, struct why *why)
{
    struct call *c = x->call;
    struct str show = call_str(c, "show"), sort = call_str(c, "sort");
    struct keyed *list = arena_alloc_array(c->arena, x->roster.count + 1, sizeof(*list));
    const struct idset *seen = sight_of(c);
    size_t count = 0;
    for (size_t i = 0; i < x->roster.count; i++) {
        const struct group_stay *s = &x->roster.stays[i];
        if (!is_shown(s, show) || (seen && !idset_has(seen, s->member))) continue;
        list[count++] = (struct keyed){key_of(s, sort), s};
    }
    if (count) qsort(list, count, sizeof(list[0]), higher_first);
    return put_page(x, w, list, count, why);
}

static enum err get_members(struct call *c, struct json_writer *w, struct why *why)
{
    struct room_look x;
    enum err err = begin(c, &x, why);
    if (err == ERR_OK) err = put_members(&x, w, why);
    end(&x);
    return err;
}

/* ---- accounts ---- */

static const char *const reasons[] = {"top", "links"};

static enum err put_account(struct room_look *x, struct json_writer *w, const struct group_role *r,
                            struct why *why)
{
    json_begin_object(w);
    TRY(put_who(x, w, "member", member_of(x, r->persona), why));
    put_text(w, "role", account_role_names[r->role]);
    put_str(w, "person", r->person.len ? r->person : (struct str){NULL, 0});
    put_bool(w, "everywhere", r->group == 0);
    put_str(w, "by", r->said_by);
    put_time(x->call, w, "at", r->at);
    json_end_object(w);
    return ERR_OK;
}

/* What nobody has said anything of yet. */
static enum err put_proposals(struct room_look *x, struct json_writer *w, struct why *why)
{
    struct role_proposal list[PROPOSALS_MAX];
    size_t count = roster_propose(&x->roster, list);
    put_array(w, "proposed");
    for (size_t i = 0; i < count; i++) {
        if (role_of(x, list[i].member) || !sight_has(x->call, list[i].member)) continue;
        json_begin_object(w);
        TRY(put_who(x, w, "member", list[i].member, why));
        put_text(w, "role", account_role_names[ACCOUNT_STAFF]);
        put_text(w, "reason", reasons[list[i].reason]);
        put_int(w, "number", list[i].number);
        put_int(w, "of", list[i].of);
        json_end_object(w);
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err put_accounts(struct room_look *x, struct json_writer *w, struct why *why)
{
    bool known = x->roster.staff_messages > 0;
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < x->role_count; i++) {
        known |= x->roles[i].role == ACCOUNT_STAFF;
        if (sight_has(x->call, x->roles[i].persona)) TRY(put_account(x, w, &x->roles[i], why));
    }
    json_end_array(w);
    put_bool(w, "staff_known", known);
    TRY(put_proposals(x, w, why));
    put_str(w, "next", (struct str){NULL, 0});
    json_end_object(w);
    return ERR_OK;
}

static enum err get_accounts(struct call *c, struct json_writer *w, struct why *why)
{
    struct room_look x;
    enum err err = begin(c, &x, why);
    if (err == ERR_OK) err = put_accounts(&x, w, why);
    end(&x);
    return err;
}

static enum account_role role_named(struct str name)
{
    int i = 0;
    while (i < ACCOUNT_ROLES - 1 && !str_is(name, account_role_names[i]))
        i++;
    return (enum account_role)i;
}

/* The account of the path. */
static enum err read_account(struct call *c, struct group_role *out, struct why *why)
{
    struct sql *db;
    struct group_record r;
    TRY(groups_find(c, &db, &r, why));
    if (!members_parse(call_param(c, "member"), &out->persona)) return call_not_found(why);
    out->group = call_bool(c, "everywhere") ? 0 : r.code;
    return ERR_OK;
}

static enum err tell(const struct call *c, const struct group_role *r, const char *role,
                     struct why *why)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_text(&w, "member", arena_printf(c->arena, "m%" PRIu32, r->persona));
    put_text(&w, "role", role);
    put_str(&w, "person", r->person);
    json_end_object(&w);
    struct str after = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return groups_tell(c, r->group, (struct str){NULL, 0}, after, why);
}

static enum err set_account(struct call *c, struct json_writer *w, struct why *why)
{
    struct group_role r = {.role = role_named(call_str(c, "role")),
                           .confirmed = true,
                           .person = str_trim(call_str(c, "person")),
                           .said_by = str_of(c->who->name)};
    (void)w;
    TRY(read_account(c, &r, why));
    if (!r.person.p) r.person = STR("");
    enum err err = groups_set_role(c->brand, &r, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    TRY(err);
    return tell(c, &r, account_role_names[r.role], why);
}

static enum err clear_account(struct call *c, struct json_writer *w, struct why *why)
{
    struct group_role r = {.person = STR("")};
    (void)w;
    TRY(read_account(c, &r, why));
    enum err err = groups_clear_role(c->brand, r.group, r.persona, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    TRY(err);
    return tell(c, &r, NULL, why);
}

/* ---- the table ---- */

static const struct spec_field members_query[] = {
    {.name = "show",
     .type = SPEC_ENUM,
     .choices = "in|silent|several|left|all",
     .fallback = "in",
     .doc = "who is in it; of them those without a message in 28 days, or who are in other groups "
            "too; who left; all there ever were"},
    {.name = "sort",
     .type = SPEC_ENUM,
     .choices = "joined|left|messages|last_message",
     .fallback = "joined",
     .doc = "what the list is in order of, the newest or the most first"},
    {.name = "cursor", .type = SPEC_TEXT, .max = 256, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PAGE_GROUP_MEMBERS,
     .fallback = "50",
     .doc = "members of a page"},
    {0},
};

static const struct spec_field account_body[] = {
    {.name = "role",
     .type = SPEC_ENUM,
     .required = true,
     .choices = "member|staff|bot|partner",
     .doc = "what the account is; member puts a proposal off for good"},
    {.name = "person",
     .type = SPEC_TEXT,
     .max = LIMIT_CODE_BYTES,
     .doc = "staff code of whose account it is, second phones too"},
    {.name = "everywhere",
     .type = SPEC_BOOL,
     .fallback = "false",
     .doc = "in all groups that do not say otherwise"},
    {0},
};

static const struct spec_field clear_query[] = {
    {.name = "everywhere",
     .type = SPEC_BOOL,
     .fallback = "false",
     .doc = "what was said of all groups, instead of this one"},
    {0},
};

#define WHO "{\"id\":\"m12\",\"name\":\"王婷\"}"

const struct spec group_member_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/members",
     .scope = SCOPE_MEMBERS_READ,
     .query = members_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_members,
     .summary = "Who is in a group: since when, how they came, how much they say",
     .reply =
         "{\"items\":[{\"member\":" WHO ",\"role\":\"member\",\"in\":true,"
         "\"joined_at\":\"2025-01-31T08:00:00+08:00\",\"way\":\"invited\",\"inviter\":" WHO
         ",\"touchpoint\":\"shop-1\",\"left_at\":\"2025-02-28T20:11:04+08:00\","
         "\"last_message_at\":\"2025-02-28T20:11:04+08:00\",\"messages\":41,\"recent_messages\":3,"
         "\"groups\":2}],\"next\":\"6a6f696e6564\",\"total\":212}\n"
         "~{\"items\":[{\"member\":{\"name\":null},\"joined_at\":null,\"inviter\":null,"
         "\"touchpoint\":null,\"left_at\":null,\"last_message_at\":null}],\"next\":null}\n"
         "~{\"items\":[{\"inviter\":{\"name\":null}}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/accounts",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_accounts,
     .summary = "Accounts of staff, bots and partners in a group, and who may be one",
     .reply = "{\"items\":[{\"member\":" WHO ",\"role\":\"staff\",\"person\":\"rose\","
              "\"everywhere\":false,\"by\":\"lily\",\"at\":\"2025-03-01T08:00:00+08:00\"}],"
              "\"staff_known\":true,\"proposed\":[{\"member\":" WHO ",\"role\":\"staff\","
              "\"reason\":\"top\",\"number\":412,\"of\":903}],\"next\":null}\n"
              "~{\"items\":[{\"member\":null,\"person\":null}],\"proposed\":[{\"member\":{"
              "\"name\":null}}]}\n~{\"items\":[{\"member\":{\"name\":null}}]}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/groups/{id}/accounts/{member}",
     .scope = SCOPE_GROUPS_WRITE,
     .body = account_body,
     .body_max = 4096,
     .handle = set_account,
     .audit = "group.account_set",
     .summary = "Say what an account of a group is",
     .reply = NULL},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/groups/{id}/accounts/{member}",
     .scope = SCOPE_GROUPS_WRITE,
     .query = clear_query,
     .handle = clear_account,
     .audit = "group.account_cleared",
     .summary = "Take back what was said of an account",
     .reply = NULL},
    {0},
};
