/* routes_member.c - one member: who they are, why they stand where they stand, what they did. */
#include <inttypes.h>
#include <stdio.h>

#include "api/internal.h"
#include "api/member_scores.h"
#include "api/member_why.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "base/hash.h"

bool members_parse(struct str text, uint32_t *out)
{
    uint64_t id;
    bool plain = text.len >= 2 && text.p[0] == 'm' && text.p[1] >= '1' && text.p[1] <= '9';
    if (!plain || !str_to_u64((struct str){text.p + 1, text.len - 1}, &id) || id > UINT32_MAX)
        return false;
    *out = (uint32_t)id;
    return true;
}

enum err members_id(const struct call *c, uint32_t *out, struct why *why)
{
    return members_parse(call_param(c, "id"), out) ? ERR_OK : call_not_found(why);
}

enum err members_root(struct call *c, struct sql **db, uint32_t *out, struct why *why)
{
    uint32_t persona = 0;
    TRY(members_id(c, &persona, why));
    TRY(call_reader(c, db, why));
    enum err err = people_root(*db, persona, out);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    return *out ? ERR_OK : call_not_found(why);
}

struct str members_source(const struct call *c)
{
    bool person = c->who->kind == PRINCIPAL_PERSON;
    return str_of(arena_printf(c->arena, "%s%s", person ? "staff:" : "", c->who->name));
}

enum err members_tell(const struct call *c, uint32_t member, struct str after, struct why *why)
{
    return call_audit(c, arena_printf(c->arena, "member:m%" PRIu32, member), (struct str){NULL, 0},
                      after, why);
}

enum err members_look(struct call *c, struct look *look, uint32_t *member, struct why *why)
{
    struct sql *db;
    TRY(members_id(c, member, why));
    TRY(call_reader(c, &db, why));
    look_begin(look, c->brand, db, c->arena);
    return ERR_OK;
}

/* ---- the profile ---- */

/* Names are shown to whoever may see members. */
static bool is_masked(const struct look_trait *t)
{
    return t->personal && !str_ends(t->name, STR("name"));
}

static void put_identities(const struct call *c, struct json_writer *w,
                           const struct look_profile *p)
{
    put_array(w, "identities");
    for (size_t i = 0; i < p->identity_count; i++) {
        const struct look_identity *id = &p->identities[i];
        bool masked = id->personal;
        json_begin_object(w);
        put_text(w, "kind", identity_kind_name(id->kind));
        put_str(w, "value", masked ? look_mask(c->arena, id->value) : id->value);
        put_bool(w, "masked", masked);
        put_bool(w, "verified", id->verified);
        put_time(c, w, "first_seen", id->first_seen);
        put_time(c, w, "last_seen", id->last_seen);
        put_str(w, "source", id->source);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_trait(const struct call *c, struct json_writer *w, const struct look_trait *t)
{
    bool masked = is_masked(t);
    json_begin_object(w);
    put_str(w, "name", t->name);
    put_text(w, "type", t->type == TYPE_TEXT ? "text" : t->type == TYPE_BOOL ? "bool" : "number");
    json_key(w, "value");
    if (t->type == TYPE_TEXT) {
        json_str(w, masked ? look_mask(c->arena, t->text) : t->text);
    } else if (t->type == TYPE_BOOL) {
        json_bool(w, t->number != 0);
    } else {
        json_double(w, t->number);
    }
    put_time(c, w, "at", t->at);
    put_str(w, "source", t->source);
    put_bool(w, "masked", masked);
    json_end_object(w);
}

static void put_why(const struct call *c, struct json_writer *w, const struct look_why *y,
                    const char *about)
{
    json_begin_object(w);
    put_text(w, "about", about);
    put_text(w, "rule", fold_rule_name(y->reason.rule));
    put_text(w, "text_en", member_why_text(c, &y->reason, LANG_EN));
    put_text(w, "text_zh", member_why_text(c, &y->reason, LANG_ZH));
    put_array(w, "events");
    for (size_t i = 0; i < y->event_count; i++) {
        json_begin_object(w);
        put_time(c, w, "at", y->events[i].at);
        put_str(w, "kind", registry_kind_name(c->brand, y->events[i].kind));
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void put_standing(const struct call *c, struct json_writer *w, const struct look_profile *p)
{
    static const char *const churns[] = {NULL, "left", "refunded", "silent"};
    const struct fold_state *s = &p->state;
    put_text(w, "stage", stage_name(s->stage));
    put_time(c, w, "stage_since", s->stage_since);
    put_str(w, "churn", s->stage == STAGE_CHURNED ? str_of(churns[s->churn]) : str_of(NULL));
    put_array(w, "why");
    put_why(c, w, &p->why[0], "stage");
    put_why(c, w, &p->why[1], "trust");
    json_end_array(w);
    put_text(w, "trust", trust_name(s->trust));
    put_time(c, w, "trust_since", p->trust_since);
    put_text(w, "trust_peak", trust_name(s->trust_peak));
    put_object(w, "flags");
    put_bool(w, "returned", s->returned);
    put_bool(w, "outside", s->outside);
    put_bool(w, "reads", s->reads);
    put_bool(w, "silent_buyer", s->silent_buyer);
    json_end_object(w);
}

static void put_figures(const struct call *c, struct json_writer *w, const struct fold_state *s)
{
    put_time(c, w, "created", s->created);
    put_time(c, w, "joined", s->joined);
    put_time(c, w, "last_seen", s->last_seen);
    put_time(c, w, "last_interaction", s->last_interaction);
    put_time(c, w, "last_order", s->last_order);
    put_int(w, "events", (int64_t)s->events);
    put_int(w, "orders", s->orders);
    put_int(w, "spent", s->spent);
    put_int(w, "invited", s->invited);
    put_int(w, "qualified", s->qualified);
    put_array(w, "groups");
    for (uint32_t i = 0; i < s->group_count; i++)
        json_str(w, registry_code_text(c->brand, DIM_GROUP, s->groups[i]));
    json_end_array(w);
    put_int(w, "contacts", s->contacts);
}

static void put_profile(const struct call *c, struct json_writer *w, const struct look_profile *p)
{
    json_begin_object(w);
    put_text(w, "id", arena_printf(c->arena, "m%" PRIu32, p->id));
    put_str(w, "name", p->name);
    put_standing(c, w, p);
    put_figures(c, w, &p->state);
    members_put_scores(c, w, p->id);
    put_identities(c, w, p);
    put_array(w, "traits");
    for (size_t i = 0; i < p->trait_count; i++)
        put_trait(c, w, &p->traits[i]);
    json_end_array(w);
    put_array(w, "personas");
    for (size_t i = 0; i < p->persona_count; i++)
        json_text(w, arena_printf(c->arena, "m%" PRIu32, p->personas[i]));
    json_end_array(w);
    json_end_object(w);
}

/* Not there and never there are the same 404. */
static enum err hide(enum err err, struct why *why)
{
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

static enum err get_member(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct look_profile profile;
    uint32_t member = 0;
    TRY(members_look(c, &look, &member, why));
    enum err err = hide(look_profile(&look, member, &profile, why), why);
    if (err == ERR_OK) put_profile(c, w, &profile);
    look_end(&look);
    return err;
}

/* ---- the history ---- */

static enum err read_moment(struct call *c, struct look_moment *out, struct why *why)
{
    struct str hex = call_str(c, "cursor");
    char text[64];
    uint64_t index;
    size_t len = hex.len / 2;
    bool sound = hex.len % 2 == 0 && len < sizeof(text) && hex_decode(hex, (uint8_t *)text, len);
    struct str rest = {text, sound ? len : 0};
    sound = sound && str_is(str_cut(&rest, ' '), "at") &&
            str_to_i64(str_cut(&rest, ' '), &out->at) && str_to_u64(rest, &index) &&
            index < UINT32_MAX;
    if (!sound) return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    out->index = (uint32_t)index;
    return ERR_OK;
}

static void put_moment(struct json_writer *w, const struct look_timeline *t)
{
    char text[64], hex[2 * sizeof(text) + 1];
    json_key(w, "next");
    if (!t->more) {
        json_null(w);
        return;
    }
    int len = snprintf(text, sizeof(text), "at %" PRId64 " %" PRIu32, t->last.at, t->last.index);
    hex_encode(text, (size_t)len, hex);
    json_text(w, hex);
}

void members_put_props(struct json_writer *w, const struct look_entry *e)
{
    json_begin_object(w);
    for (size_t i = 0; i < e->prop_count; i++) {
        const struct look_prop *p = &e->props[i];
        json_key_str(w, p->name);
        if (p->type == PROP_TEXT) {
            json_str(w, p->text);
        } else if (p->type == PROP_BOOL) {
            json_bool(w, p->number != 0);
        } else {
            json_double(w, p->number);
        }
    }
    json_end_object(w);
}

static void put_entry(struct call *c, struct json_writer *w, const struct look_entry *e)
{
    static const char *const dims[DIM_COUNT] = {"group",   "touchpoint", "campaign",
                                                "content", "staff",      "origin"};
    json_begin_object(w);
    put_time(c, w, "at", e->at);
    put_str(w, "kind", registry_kind_name(c->brand, e->kind));
    put_str(w, "label", registry_kind_label(c->brand, e->kind));
    for (int d = 0; d < DIM_COUNT; d++) {
        if (e->dim[d]) put_str(w, dims[d], registry_code_text(c->brand, (enum dim)d, e->dim[d]));
    }
    if (e->other && sight_has(c, e->other))
        put_text(w, "other", arena_printf(c->arena, "m%" PRIu32, e->other));
    if (e->amount != HISTORY_NO_AMOUNT) put_int(w, "amount", e->amount);
    json_key(w, "props");
    members_put_props(w, e);
    json_end_object(w);
}

/* Names separated by commas. */
static size_t split_kinds(struct call *c, struct str list, const struct str **out)
{
    struct str *kinds = arena_alloc_array(c->arena, list.len + 1, sizeof(*kinds));
    size_t count = 0;
    while (list.p && list.len) {
        struct str kind = str_trim(str_cut(&list, ','));
        if (kind.len) kinds[count++] = kind;
    }
    *out = kinds;
    return count;
}

static enum err get_timeline(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct look_timeline timeline;
    struct look_moment before;
    struct look_span span = {.limit = (size_t)call_int(c, "limit")};
    uint32_t member = 0;
    span.kind_count = split_kinds(c, call_str(c, "kind"), &span.kinds);
    if (call_has(c, "cursor")) {
        TRY(read_moment(c, &before, why));
        span.before = &before;
    }
    TRY(members_look(c, &look, &member, why));
    enum err err = hide(look_timeline(&look, member, &span, &timeline, why), why);
    if (err == ERR_OK) {
        json_begin_object(w);
        put_array(w, "items");
        for (size_t i = 0; i < timeline.count; i++)
            put_entry(c, w, &timeline.items[i]);
        json_end_array(w);
        put_moment(w, &timeline);
        json_end_object(w);
    }
    look_end(&look);
    return err;
}

/* ---- the table ---- */

static const struct spec_field timeline_query[] = {
    {.name = "kind",
     .type = SPEC_LIST,
     .max = 50,
     .doc = "only events of these kinds; changes of stage, trust and circle (circle.changed) are "
            "among them"},
    {.name = "cursor", .type = SPEC_TEXT, .max = 128, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PAGE_EVENTS,
     .fallback = "50",
     .doc = "events of a page"},
    {0},
};

const struct spec member_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_member,
     .summary = "All that is known of one member, and why they stand where they stand",
     .reply =
         "{\"id\":\"m12\",\"name\":\"王婷\",\"stage\":\"dormant\","
         "\"stage_since\":\"2025-03-15T08:00:00+08:00\",\"churn\":null,"
         "\"why\":[{\"about\":\"stage\",\"rule\":\"dormant_idle\","
         "\"text_en\":\"no act since 2025-03-01, 21 days; the limit is 14\","
         "\"text_zh\":\"自 2025-03-01 起 21 天没有行动；期限为 14 天\","
         "\"events\":[{\"at\":\"2025-03-01T08:00:00+08:00\",\"kind\":\"checkin.done\"}]}],"
         "\"trust\":\"acquainted\",\"trust_since\":\"2025-01-31T08:00:00+08:00\","
         "\"trust_peak\":\"acquainted\",\"flags\":{\"returned\":false,\"outside\":false,"
         "\"reads\":true,\"silent_buyer\":false},\"created\":\"2025-01-31T08:00:00+08:00\","
         "\"joined\":\"2025-01-31T08:00:00+08:00\",\"last_seen\":\"2025-03-19T08:00:00+08:00\","
         "\"last_interaction\":\"2025-03-01T08:00:00+08:00\",\"last_order\":null,\"events\":17,"
         "\"orders\":0,\"spent\":0,\"invited\":0,\"qualified\":0,\"groups\":[\"mothers-1\"],"
         "\"contacts\":1," MEMBER_SCORES_REPLY
         ",\"identities\":[{\"kind\":\"phone\",\"value\":\"138****1234\","
         "\"masked\":true,\"verified\":true,\"first_seen\":\"2025-01-31T08:00:00+08:00\","
         "\"last_seen\":\"2025-03-19T08:00:00+08:00\",\"source\":\"import:1\"}],\"traits\":[{"
         "\"name\":\"city\",\"type\":\"text\","
         "\"value\":\"杭州\",\"at\":\"2025-01-31T08:00:00+08:00\",\"source\":\"import:1\","
         "\"masked\":false}],\"personas\":[\"m12\"]}\n"
         "~{\"name\":null,\"stage\":null,\"stage_since\":null,\"churn\":\"left\",\"trust_since\":"
         "null,"
         "\"joined\":null,\"scores\":null,\"last_seen\":null,\"last_interaction\":null,"
         "\"last_order\":\"2025-03-01T08:00:00+08:00\"}\n~{\"traits\":[{\"value\":12.5}]}\n~{"
         "\"traits\":[{\"value\":true}],\"identities\":[{\"last_seen\":null,\"source\":null}]}\n~"
         "{" MEMBER_SCORES_NONE "}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/timeline",
     .scope = SCOPE_MEMBERS_READ,
     .query = timeline_query,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_timeline,
     .summary = "A member's history, newest first",
     .reply =
         "{\"items\":[{\"at\":\"2025-03-01T08:00:00+08:00\",\"kind\":\"order.paid\","
         "\"label\":null,\"touchpoint\":\"shop-1\",\"origin\":\"import:1\",\"amount\":12900,"
         "\"props\":{\"order\":\"W1\",\"qty\":2}},"
         "{\"at\":\"2025-02-01T08:00:00+08:00\",\"kind\":\"checkin.done\",\"label\":null,"
         "\"props\":{}}],\"next\":null}\n"
         "~{\"items\":[{\"group\":\"mothers-1\",\"campaign\":\"may\",\"content\":\"post-7\","
         "\"staff\":\"lily\",\"other\":\"m7\",\"label\":\"签到\"}],\"next\":\"1743465600000 7\"}"},
    {0},
};
