/* routes_group_accounts.c - which accounts of a group are of staff, bots or partners: as persons
 * have said, and as may be proposed to them. */
#include <inttypes.h>

#include "api/group_look.h"
#include "api/groups.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"

static const char *const reasons[] = {"top", "links"};

static enum err put_account(struct group_look *x, struct json_writer *w, const struct group_role *r,
                            struct why *why)
{
    json_begin_object(w);
    TRY(group_look_put(x, w, "member", group_look_member(x, r->persona), why));
    put_text(w, "role", account_role_names[r->role]);
    put_str(w, "person", r->person.len ? r->person : (struct str){NULL, 0});
    put_bool(w, "everywhere", r->group == 0);
    put_str(w, "by", r->said_by);
    put_time(x->call, w, "at", r->at);
    json_end_object(w);
    return ERR_OK;
}

/* What nobody has said anything of yet. */
static enum err put_proposals(struct group_look *x, struct json_writer *w, struct why *why)
{
    struct role_proposal list[PROPOSALS_MAX];
    size_t count = roster_propose(&x->roster, list);
    put_array(w, "proposed");
    for (size_t i = 0; i < count; i++) {
        if (group_look_role(x, list[i].member) || !sight_has(x->call, list[i].member)) continue;
        json_begin_object(w);
        TRY(group_look_put(x, w, "member", list[i].member, why));
        put_text(w, "role", account_role_names[ACCOUNT_STAFF]);
        put_text(w, "reason", reasons[list[i].reason]);
        put_int(w, "number", list[i].number);
        put_int(w, "of", list[i].of);
        json_end_object(w);
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err put_accounts(struct group_look *x, struct json_writer *w, struct why *why)
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
    struct group_look x;
    enum err err = group_look_begin(c, &x, why);
    if (err == ERR_OK) err = put_accounts(&x, w, why);
    group_look_end(&x);
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
    put_bool(&w, "named", r->person.len > 0); /* never by whom: the log outlives an erasing */
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

const struct spec group_account_specs[] = {
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
