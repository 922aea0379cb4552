/* routes_owners.c - all who answer for members, who of them is leaving, and the rule by which a
 * contact becomes an owner. */
#include "account/place.h"
#include "api/call.h"
#include "api/internal.h"
#include "api/put.h"
#include "api/sight.h"
#include "people/owner.h"
#include "segments/segments.h"

static struct staff *staff_of(const struct call *c)
{
    return accounts_staff(c->api->accounts);
}

/* One code: an owner of members, or of an account. */
struct owning {
    struct str code;
    uint32_t number; /* of the account; 0 = none */
    uint64_t members;
};

static bool is_seen(struct call *c, struct str code)
{
    uint32_t *owners, number = registry_find_code(c->brand, DIM_STAFF, code);
    if (sight_is_whole(c)) return true;
    size_t count = sight_owners(c, &owners);
    for (size_t i = 0; i < count; i++) {
        if (owners[i] == number) return true;
    }
    return str_is(code, c->who->code);
}

/* "leaving": their members are to be handed over. */
static const char *state_of(const struct call *c, uint32_t number, const struct staff_place *place)
{
    struct person p;
    enum role role;
    if (!number || !staff_get(staff_of(c), number, &p)) return "unknown";
    if (p.state == STAFF_DISABLED) return "disabled";
    if (!staff_role(staff_of(c), number, brand_slug(c->brand), &role, NULL)) return "gone";
    return place->leaving ? "leaving" : "active";
}

static void put_owning(const struct call *c, struct json_writer *w, const struct owning *o)
{
    struct person p;
    struct staff_place place = {.reach = REACH_BRAND};
    const struct str none = {NULL, 0};
    bool known = o->number && staff_get(staff_of(c), o->number, &p);
    if (known) staff_get_place(staff_of(c), o->number, brand_slug(c->brand), &place);
    const char *state = state_of(c, o->number, &place);
    json_begin_object(w);
    put_str(w, "staff", o->code);
    put_str(w, "name", known ? arena_str(c->arena, str_of(p.display)) : none);
    put_str(w, "store", place.store[0] ? arena_str(c->arena, str_of(place.store)) : none);
    put_str(w, "department",
            place.department[0] ? arena_str(c->arena, str_of(place.department)) : none);
    put_text(w, "state", state);
    put_bool(w, "leaver", known && strcmp(state, "active") != 0);
    put_int(w, "members", (int64_t)o->members);
    json_end_object(w);
}

/* Of accounts without members the code may be unknown to the brand's events. */
static size_t gather(struct call *c, struct owning **out)
{
    struct owner_load *loads;
    const char *brand = brand_slug(c->brand);
    size_t n = 0, count = owner_loads(c->brand, c->arena, &loads);
    size_t people = staff_count(staff_of(c));
    struct owning *list = arena_alloc_array(c->arena, count + people + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        struct str code = registry_code_text(c->brand, DIM_STAFF, loads[i].staff);
        list[n++] =
            (struct owning){code, staff_of_code(staff_of(c), brand, code), loads[i].members};
    }
    for (uint32_t number = 1; number <= people; number++) {
        struct staff_place place;
        staff_get_place(staff_of(c), number, brand, &place);
        uint32_t code = registry_find_code(c->brand, DIM_STAFF, str_of(place.code));
        if (!place.code[0] || (code && owner_count(c->brand, code))) continue;
        list[n++] = (struct owning){arena_str(c->arena, str_of(place.code)), number, 0};
    }
    *out = list;
    return n;
}

static enum err list_owners(struct call *c, struct json_writer *w, struct why *why)
{
    struct owning *list;
    size_t count = gather(c, &list);
    (void)why;
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        if (is_seen(c, list[i].code)) put_owning(c, w, &list[i]);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- the rule ---- */

static enum err put_rule(const struct call *c, struct json_writer *w)
{
    struct owner_rule rule = owner_get_rule(c->brand);
    json_begin_object(w);
    put_text(w, "rule", fold_owner_rule_name(rule.rule));
    put_int(w, "days", rule.days);
    json_end_object(w);
    return ERR_OK;
}

static enum err get_rule(struct call *c, struct json_writer *w, struct why *why)
{
    (void)why;
    return put_rule(c, w);
}

static enum err set_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct owner_rule before = owner_get_rule(c->brand);
    struct owner_rule after = {FOLD_OWNER_FIRST, (int)call_int(c, "days")};
    for (int i = 0; i < FOLD_OWNER_RULES; i++) {
        if (str_is(call_str(c, "rule"), fold_owner_rule_name((enum fold_owner_rule)i)))
            after.rule = (enum fold_owner_rule)i;
    }
    if (after.rule != before.rule || after.days != before.days)
        TRY(owner_set_rule(c->brand, &after, why));
    segments_refresh(c->brand);
    size_t from = w->out->len;
    TRY(put_rule(c, w));
    const struct str said = {w->out->p + from, w->out->len - from};
    const char *was = arena_printf(c->arena, "{\"rule\":\"%s\",\"days\":%d}",
                                   fold_owner_rule_name(before.rule), before.days);
    return call_audit(c, "owners", str_of(was), said, why);
}

/* ---- the table ---- */

static const struct spec_field rule_body[] = {
    {.name = "rule",
     .type = SPEC_ENUM,
     .required = true,
     .choices = "first|last|active",
     .doc = "which of the contacts answers for a member, unless it was said by hand"},
    {.name = "days",
     .type = SPEC_INT,
     .min = 1,
     .max = FOLD_OWNER_DAYS_MAX,
     .fallback = "28",
     .doc = "of active: on the most of how many days, up to the latest talk"},
    {0},
};

const struct spec owners_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/owners",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_SIGHT,
     .handle = list_owners,
     .summary = "Staff who answer for members, how many each, and who of them is leaving",
     .reply = "{\"items\":[{\"staff\":\"rose\",\"name\":\"Rose\",\"store\":\"west\","
              "\"department\":\"sales\",\"state\":\"leaving\",\"leaver\":true,\"members\":214}],"
              "\"next\":null}\n~{\"items\":[{\"name\":null,\"store\":null,\"department\":null}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/owners/rule",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_rule,
     .summary = "Which of the contacts answers for a member, unless it was said by hand",
     .reply = "{\"rule\":\"first\",\"days\":28}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/owners/rule",
     .scope = SCOPE_SETTINGS_WRITE,
     .body = rule_body,
     .body_max = 8192,
     .handle = set_rule,
     .audit = "owners.rule_set",
     .summary = "Another rule, for all members from now on",
     .reply = "{\"rule\":\"active\",\"days\":28}"},
    {0},
};
