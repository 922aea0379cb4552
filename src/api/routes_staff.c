/* routes_staff.c - who works for a brand, in which role.
 *
 * Nobody gives what they do not have: a role holds no scope that the caller lacks. A link that sets
 * a password opens all of a person's brands, so it is made only by who manages all of them. */
#include <stdio.h>

#include "account/place.h"
#include "api/account_put.h"
#include "api/authorize.h"

#define BODY_MAX 8192

static struct staff *staff_of(const struct call *c)
{
    return accounts_staff(c->api->accounts);
}

/* ---- showing ---- */

static const char *state_name(enum staff_state state)
{
    static const char *const names[] = {"invited", "active", "disabled"};
    return names[state];
}

static void write_text(const struct call *c, struct json_writer *w, const char *key,
                       const char *text)
{
    put_str(w, key, text[0] ? arena_str(c->arena, str_of(text)) : (struct str){NULL, 0});
}

static void write_place(const struct call *c, struct json_writer *w, uint32_t number)
{
    struct staff_place p;
    staff_get_place(staff_of(c), number, brand_slug(c->brand), &p);
    put_text(w, "reach", reach_name(p.reach));
    write_text(c, w, "code", p.code);
    write_text(c, w, "store", p.store);
    write_text(c, w, "department", p.department);
    put_bool(w, "leaving", p.leaving);
}

/* The fields of a person, into an object that is open. */
static void write_person(struct call *c, struct json_writer *w, uint32_t number)
{
    struct person p;
    enum role role;
    bool everywhere = false;
    if (!staff_get(staff_of(c), number, &p)) return;
    put_int(w, "id", p.number);
    put_text(w, "name", p.name);
    put_text(w, "display", p.display);
    if (staff_role(staff_of(c), number, brand_slug(c->brand), &role, &everywhere))
        put_text(w, "role", role_name(role));
    put_bool(w, "everywhere", everywhere);
    write_place(c, w, number);
    put_text(w, "state", state_name(p.state));
    put_time(c, w, "seen_at", p.seen_at);
}

static enum err list_staff(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t *numbers;
    size_t count = staff_of_brand(staff_of(c), brand_slug(c->brand), c->arena, &numbers);
    (void)why;
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        write_person(c, w, numbers[i]);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- what is asked for ---- */

/* The role of the body, if the caller may give it. */
static enum err role_of(const struct call *c, enum role *out, struct why *why)
{
    if (!role_parse(call_str(c, "role"), out))
        return why_fail(why, ERR_INVALID, MSG_UNKNOWN_ROLE, "role", NULL);
    uint64_t beyond = role_scopes(*out) & ~c->who->scopes;
    if (!beyond) return ERR_OK;
    return why_fail(why, ERR_FORBIDDEN, MSG_NO_SCOPE, "", "%s", scope_name(beyond & -beyond));
}

/* Somebody of this brand. */
static enum err person_of(const struct call *c, uint32_t *out, struct why *why)
{
    enum role role;
    TRY(call_number(c, "id", out, why));
    if (staff_role(staff_of(c), *out, brand_slug(c->brand), &role, NULL)) return ERR_OK;
    return call_not_found(why);
}

static bool is_everywhere(const struct call *c, uint32_t number)
{
    enum role role;
    bool everywhere = false;
    return staff_role(staff_of(c), number, STAFF_EVERYWHERE, &role, &everywhere) && everywhere;
}

/* Does the caller manage every brand that the person works for? */
static bool manages_whole(const struct call *c, uint32_t number)
{
    enum role role;
    if (is_everywhere(c, number))
        return c->who->kind == PRINCIPAL_PERSON && is_everywhere(c, c->who->number);
    for (size_t i = 0; i < data_brand_count(c->data); i++) {
        struct brand_facts f = data_brand_facts(c->data, i);
        if (!staff_role(staff_of(c), number, f.slug, &role, NULL)) continue;
        if (!(authorize_scopes(c, f.slug) & SCOPE_STAFF_MANAGE)) return false;
    }
    return true;
}

/* ---- links ---- */

/* "link" and "expires_at" of a new one, into an object that is open. */
static enum err write_link(struct call *c, struct json_writer *w, uint32_t number, struct why *why)
{
    struct person p;
    char token[TOKEN_CHARS + 1], subject[32];
    int64_t expires_at;
    if (!staff_get(staff_of(c), number, &p)) return call_not_found(why);
    enum link_purpose purpose = p.state == STAFF_INVITED ? LINK_INVITE : LINK_RESET;
    TRY(link_make(c->data, purpose, number, token, &expires_at, why));
    snprintf(subject, sizeof(subject), "staff:%u", number);
    TRY(audit_add(c->data,
                  &(struct audit_entry){.who = c->who,
                                        .brand = brand_slug(c->brand),
                                        .action = "staff.link_made",
                                        .subject = subject},
                  why));
    put_text(w, "link", arena_printf(c->arena, "/console/link#%s", token));
    put_time(c, w, "expires_at", expires_at);
    return ERR_OK;
}

static enum err make_link(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t number;
    TRY(person_of(c, &number, why));
    if (!manages_whole(c, number))
        return why_fail(why, ERR_FORBIDDEN, MSG_STAFF_ELSEWHERE, "", NULL);
    c->status = 201;
    json_begin_object(w);
    TRY(write_link(c, w, number, why));
    json_end_object(w);
    return ERR_OK;
}

/* ---- changing ---- */

/* Somebody the server knows already signs in as they always do: no link. */
static enum err welcome(struct call *c, const struct person *p, enum role role, struct why *why)
{
    enum role before;
    const char *brand = brand_slug(c->brand);
    if (staff_role(staff_of(c), p->number, brand, &before, NULL))
        return why_fail(why, ERR_CONFLICT, MSG_EXISTS, "name", "%s", p->name);
    return staff_set_role(staff_of(c), c->who, p->number, brand, role, why);
}

static enum err invite(struct call *c, struct json_writer *w, struct why *why)
{
    struct person known;
    enum role role;
    uint32_t number;
    const char *brand = brand_slug(c->brand);
    TRY(role_of(c, &role, why));
    bool is_known = staff_find(staff_of(c), call_str(c, "name"), &known);
    if (is_known) {
        number = known.number;
        TRY(welcome(c, &known, role, why));
    } else {
        const struct staff_new new = {.name = call_str(c, "name"),
                                      .display = call_str(c, "display"),
                                      .lang = call_lang(c),
                                      .brand = brand,
                                      .role = role,
                                      .password = ""};
        TRY(staff_add(staff_of(c), c->who, &new, &number, why));
    }
    c->status = 201;
    json_begin_object(w);
    write_person(c, w, number);
    if (!is_known) TRY(write_link(c, w, number, why));
    json_end_object(w);
    return ERR_OK;
}

/* Who signs in next has a token that never stood for the role before. */
static enum err set_role(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t number;
    enum role role;
    TRY(role_of(c, &role, why));
    TRY(person_of(c, &number, why));
    TRY(staff_set_role(staff_of(c), c->who, number, brand_slug(c->brand), role, why));
    TRY(session_end_all(accounts_sessions(c->api->accounts), number, 0, why));
    json_begin_object(w);
    write_person(c, w, number);
    json_end_object(w);
    return ERR_OK;
}

static enum err read_text(const struct call *c, const char *field, char out[PLACE_BYTES],
                          struct why *why)
{
    struct str text = call_has(c, field) ? str_trim(call_str(c, field)) : STR("");
    if (text.len >= PLACE_BYTES)
        return why_fail(why, ERR_INVALID, MSG_TOO_LONG, field, "%d", PLACE_BYTES - 1);
    if (text.len) memcpy(out, text.p, text.len);
    return ERR_OK;
}

/* Where somebody stands, as a whole: it holds from the next call on. */
static enum err set_place(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t number;
    struct staff_place p = {.leaving = call_bool(c, "leaving")};
    TRY(person_of(c, &number, why));
    if (!reach_parse(call_str(c, "reach"), &p.reach))
        return why_fail(why, ERR_INVALID, MSG_MISSING, "reach", NULL);
    TRY(read_text(c, "code", p.code, why));
    TRY(read_text(c, "store", p.store, why));
    TRY(read_text(c, "department", p.department, why));
    TRY(staff_set_place(staff_of(c), c->who, number, brand_slug(c->brand), &p, why));
    json_begin_object(w);
    write_person(c, w, number);
    json_end_object(w);
    return ERR_OK;
}

static enum err take_role(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t number;
    (void)w;
    TRY(person_of(c, &number, why));
    TRY(staff_take_role(staff_of(c), c->who, number, brand_slug(c->brand), why));
    if (staff_has_role(staff_of(c), number)) return ERR_OK;
    return account_sign_out(c->api->accounts, number, why);
}

/* ---- the table ---- */

#define ROLES "owner|operator|growth|advisor|clerk|analyst|partner"
#define PERSON_EXAMPLE                                                                             \
    "\"id\":4,\"name\":\"rose\",\"display\":\"Rose\",\"role\":\"analyst\",\"everywhere\":false,"   \
    "\"reach\":\"own\",\"code\":\"rose\",\"store\":\"west\",\"department\":\"sales\","             \
    "\"leaving\":false,\"state\":\"invited\",\"seen_at\":null"
#define SEEN_EXAMPLE                                                                               \
    "\"code\":null,\"store\":null,\"department\":null,\"seen_at\":\"2025-02-01T09:30:00+08:00\""
#define LINK_EXAMPLE "\"link\":\"/console/link#7rZ\",\"expires_at\":\"2025-02-03T08:00:00+08:00\""

static const struct spec_field role_fields[] = {
    {.name = "role", .type = SPEC_ENUM, .required = true, .choices = ROLES, .doc = "in this brand"},
    {0},
};
static const struct spec_field place_fields[] = {
    {.name = "reach",
     .type = SPEC_ENUM,
     .required = true,
     .choices = REACHES,
     .doc = "which members the role reaches: by their owner"},
    {.name = "code",
     .type = SPEC_TEXT,
     .max = PLACE_BYTES - 1,
     .doc = "the person's code in the brand's events; absent = none"},
    {.name = "store", .type = SPEC_TEXT, .max = PLACE_BYTES - 1, .doc = "absent = none"},
    {.name = "department", .type = SPEC_TEXT, .max = PLACE_BYTES - 1, .doc = "absent = none"},
    {.name = "leaving",
     .type = SPEC_BOOL,
     .fallback = "false",
     .doc = "on the leavers' list, so that their members are handed over"},
    {0},
};
static const struct spec_field invite_fields[] = {
    {.name = "name",
     .type = SPEC_TEXT,
     .required = true,
     .max = 256,
     .doc = "sign-in name, 2 to 64 characters"},
    {.name = "display", .type = SPEC_TEXT, .max = 256, .doc = "name to show; default: name"},
    {.name = "role", .type = SPEC_ENUM, .required = true, .choices = ROLES, .doc = "in this brand"},
    {0},
};

const struct spec staff_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/staff",
     .scope = SCOPE_STAFF_MANAGE,
     .flags = SPEC_INLINE | SPEC_PERSONAL,
     .handle = list_staff,
     .summary = "Who works for the brand",
     .reply = "{\"items\":[{" PERSON_EXAMPLE "}],\"next\":null}\n"
              "~{\"items\":[{" SEEN_EXAMPLE "}]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/staff",
     .scope = SCOPE_STAFF_MANAGE,
     .body = invite_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_PERSONAL | SPEC_CONFIRM,
     .handle = invite,
     .audit = "staff.added",
     .summary = "Give somebody a role; who is new gets a one-time link, shown once",
     .reply = "{" PERSON_EXAMPLE "," LINK_EXAMPLE "}\n{" PERSON_EXAMPLE "}\n~{" SEEN_EXAMPLE "}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/staff/{id}",
     .scope = SCOPE_STAFF_MANAGE,
     .body = role_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_PERSONAL,
     .handle = set_role,
     .audit = "staff.role_set",
     .summary = "Change a role; the person's sessions end",
     .reply = "{" PERSON_EXAMPLE "}\n~{" SEEN_EXAMPLE "}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/staff/{id}/place",
     .scope = SCOPE_STAFF_MANAGE,
     .body = place_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_PERSONAL,
     .handle = set_place,
     .audit = "staff.place_set",
     .summary = "A person's code, store and department, and how far their role reaches",
     .reply = "{" PERSON_EXAMPLE "}\n~{" SEEN_EXAMPLE "}"},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/staff/{id}",
     .scope = SCOPE_STAFF_MANAGE,
     .handle = take_role,
     .audit = "staff.removed",
     .summary = "Take the role away; who has none left anywhere is signed out"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/staff/{id}/link",
     .scope = SCOPE_STAFF_MANAGE,
     .flags = SPEC_CONFIRM,
     .handle = make_link,
     .audit = "staff.link_made",
     .summary = "A new one-time link for somebody to choose a password; earlier ones are void",
     .reply = "{" LINK_EXAMPLE "}"},
    {0},
};
