/* routes_owner.c - who answers for a member: shown, set by hand, handed over, given back.
 *
 * Staff are named by their code in the brand's events; who has an account in which the code stands
 * is shown with their name. */
#include <inttypes.h>

#include "account/place.h"
#include "api/chosen.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "people/owner.h"
#include "segments/segments.h"

#define BODY_MAX 262144
#define PAGE 50

static struct staff *staff_of(const struct call *c)
{
    return accounts_staff(c->api->accounts);
}

/* "rose", or null. */
static void put_code(const struct call *c, struct json_writer *w, const char *key, uint32_t code)
{
    put_str(w, key, code ? registry_code_text(c->brand, DIM_STAFF, code) : (struct str){NULL, 0});
}

static void put_person(const struct call *c, struct json_writer *w, uint32_t code)
{
    struct person p;
    struct str text = registry_code_text(c->brand, DIM_STAFF, code);
    uint32_t number = staff_of_code(staff_of(c), brand_slug(c->brand), text);
    bool known = number && staff_get(staff_of(c), number, &p);
    put_str(w, "staff", text);
    put_str(w, "name", known ? arena_str(c->arena, str_of(p.display)) : (struct str){NULL, 0});
}

/* ---- one member ---- */

static void put_steps(const struct call *c, struct json_writer *w, const struct owner_step *steps,
                      size_t count, bool whole)
{
    for (size_t i = 0; i < count; i++) {
        const struct owner_step *s = &steps[i];
        json_begin_object(w);
        put_int(w, "id", s->id);
        put_time(c, w, "at", s->at);
        put_str(w, "who", s->who);
        put_str(w, "reason", s->reason);
        if (!whole) put_code(c, w, "from", s->from);
        put_code(c, w, "to", s->to);
        if (whole) put_int(w, "members", (int64_t)s->members);
        put_time(c, w, "undone_at", s->undone_at);
        put_str(w, "undone_by", s->undone_by);
        json_end_object(w);
    }
}

static void put_contacts(const struct call *c, struct json_writer *w, const struct fold_state *s)
{
    put_array(w, "contacts");
    for (uint32_t i = 0; i < s->tie_count; i++) {
        const struct fold_tie *t = &s->ties[i];
        if (t->added == TIME_NONE || t->staff == 0) continue;
        json_begin_object(w);
        put_person(c, w, t->staff);
        put_time(c, w, "since", t->added);
        put_time(c, w, "talked_at", t->talked);
        json_end_object(w);
    }
    json_end_array(w);
}

static enum err put_owner(struct call *c, struct json_writer *w, const struct look *look,
                          uint32_t member, struct why *why)
{
    static const char *const by[] = {NULL, "rule", "hand"};
    const struct people_view view = {c->brand, look->db, c->arena};
    struct look_profile p;
    struct owner_step *steps;
    size_t count;
    enum err err = look_profile(look, member, &p, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    TRY(err);
    TRY(owner_history(&view, p.id, &steps, &count, why));
    json_begin_object(w);
    json_key(w, "owner");
    if (p.state.owner) {
        json_begin_object(w);
        put_person(c, w, p.state.owner);
        put_text(w, "by", by[p.state.owner_by]);
        put_time(c, w, "since", p.state.owner_since);
        json_end_object(w);
    } else {
        json_null(w);
    }
    put_contacts(c, w, &p.state);
    put_array(w, "history");
    put_steps(c, w, steps, count, false);
    json_end_array(w);
    json_end_object(w);
    return ERR_OK;
}

static enum err get_owner(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    uint32_t member = 0;
    TRY(members_look(c, &look, &member, why));
    enum err err = put_owner(c, w, &look, member, why);
    look_end(&look);
    return err;
}

/* ---- handing over ---- */

/* A code of an event, or of somebody's account; absent = by the rule again. */
static enum err read_to(const struct call *c, struct str *out, struct why *why)
{
    *out = call_has(c, "to") ? str_trim(call_str(c, "to")) : STR("");
    if (out->len == 0) return ERR_OK;
    if (registry_find_code(c->brand, DIM_STAFF, *out) ||
        staff_of_code(staff_of(c), brand_slug(c->brand), *out))
        return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "to", "%s", "staff");
}

static struct str reason_of(const struct call *c)
{
    return call_has(c, "reason") ? str_trim(call_str(c, "reason")) : STR("");
}

static void put_counts(struct json_writer *w, const struct handover *h)
{
    json_begin_object(w);
    put_known(w, "id", (int64_t)h->id);
    put_int(w, "changed", (int64_t)h->changed);
    put_int(w, "same", (int64_t)h->same);
    put_int(w, "missing", (int64_t)h->missing);
    json_end_object(w);
}

/* The counts are the reply, and what is written down. */
static enum err finish(const struct call *c, struct json_writer *w, const struct handover *h,
                       const char *subject, struct why *why)
{
    size_t from = w->out->len;
    put_counts(w, h);
    const struct str counts = {w->out->p + from, w->out->len - from};
    return call_audit(c, subject, (struct str){NULL, 0}, counts, why);
}

static enum err set_owner(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t member;
    struct handover h = {
        .members = &member, .count = 1, .who = members_source(c), .reason = reason_of(c)};
    TRY(members_id(c, &member, why));
    TRY(read_to(c, &h.to, why));
    TRY(owner_hand_over(c->brand, &h, why));
    if (h.missing) return call_not_found(why);
    return finish(c, w, &h, arena_printf(c->arena, "member:m%" PRIu32, member), why);
}

static void take_set(struct call *c, struct handover *h, const struct idset *set)
{
    uint32_t *members = arena_alloc_array(c->arena, set->count + 1, sizeof(*members));
    for (size_t i = 0; i < set->words.count; i++) {
        for (uint64_t word = set->words.items[i]; word; word &= word - 1)
            members[h->count++] = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
    }
    h->members = members;
}

static enum err by_segment(struct call *c, struct handover *h, struct why *why)
{
    struct idset set = {0};
    enum err err = members_of_segment(c, &set, why);
    if (err == ERR_OK) take_set(c, h, sight_narrow(c, &set));
    idset_finish(&set);
    return err;
}

static enum err by_filter(struct call *c, struct handover *h, struct why *why)
{
    const struct idset *set;
    uint64_t seq;
    TRY(chosen_get(c, call_str(c, "filter"), 0, &set, &seq, why));
    take_set(c, h, sight_narrow(c, set));
    return ERR_OK;
}

/* All of one owner's. */
static enum err by_owner(struct call *c, struct handover *h)
{
    struct idset set = {0};
    if (h->from) owner_gather(c->brand, &h->from, 1, &set);
    take_set(c, h, sight_narrow(c, &set));
    idset_finish(&set);
    return ERR_OK;
}

static enum err hand_over(struct call *c, struct json_writer *w, struct why *why)
{
    struct handover h = {.who = members_source(c), .reason = reason_of(c)};
    size_t hidden = 0;
    bool list = call_has(c, "members"), segment = call_has(c, "segment");
    bool filter = call_has(c, "filter");
    bool from = call_has(c, "from");
    TRY(read_to(c, &h.to, why));
    if (list + segment + filter > 1 || (!list && !segment && !filter && !from))
        return why_fail(why, ERR_INVALID, MSG_HAND_WHOM, "members", NULL);
    if (from) {
        h.from = registry_find_code(c->brand, DIM_STAFF, call_str(c, "from"));
        if (!h.from) return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "from", "%s", "staff");
    }
    TRY(list      ? sight_list(c, &h.members, &h.count, &hidden, why)
        : segment ? by_segment(c, &h, why)
        : filter  ? by_filter(c, &h, why)
                  : by_owner(c, &h));
    TRY(owner_hand_over(c->brand, &h, why));
    h.missing += hidden;
    return finish(c, w, &h, arena_printf(c->arena, "handover:%" PRIu32, h.id), why);
}

static enum err undo(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t id;
    struct handover h;
    TRY(call_number(c, "id", &id, why));
    enum err err = owner_undo(c->brand, id, members_source(c), &h, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    TRY(err);
    return finish(c, w, &h, arena_printf(c->arena, "handover:%" PRIu32, id), why);
}

static enum err list_handovers(struct call *c, struct json_writer *w, struct why *why)
{
    struct people_view view = {c->brand, NULL, c->arena};
    struct owner_step *steps;
    size_t count;
    int64_t before = 0;
    if (call_has(c, "cursor") &&
        (!str_to_i64(call_str(c, "cursor"), &before) || before < 1 || before > UINT32_MAX))
        return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    TRY(call_reader(c, &view.db, why));
    TRY(owner_handovers(&view, (uint32_t)before, PAGE + 1, &steps, &count, why));
    bool more = count > PAGE;
    json_begin_object(w);
    put_array(w, "items");
    put_steps(c, w, steps, more ? PAGE : count, true);
    json_end_array(w);
    put_str(w, "next",
            more ? str_of(arena_printf(c->arena, "%" PRIu32, steps[PAGE - 1].id))
                 : (struct str){NULL, 0});
    json_end_object(w);
    return ERR_OK;
}

/* ---- the table ---- */

#define TO_FIELD                                                                                   \
    {                                                                                              \
        .name = "to", .type = SPEC_TEXT, .max = LIMIT_CODE_BYTES,                                  \
        .doc = "code of the new owner; absent or empty: by the rule again"                         \
    }
#define REASON_FIELD                                                                               \
    {                                                                                              \
        .name = "reason", .type = SPEC_TEXT, .max = 500, .doc = "why, for who looks later"         \
    }
#define STEP_START                                                                                 \
    "{\"id\":3,\"at\":\"2025-03-01T08:00:00+08:00\",\"who\":\"staff:lily\","                       \
    "\"reason\":\"rose leaves\","
#define STEP_END "\"undone_at\":null,\"undone_by\":null}"
#define STEP_UNDONE "\"undone_at\":\"2025-03-02T08:00:00+08:00\",\"undone_by\":\"staff:lily\"}"
#define COUNTS "{\"id\":3,\"changed\":214,\"same\":2,\"missing\":0}\n~{\"id\":null}"

static const struct spec_field set_body[] = {TO_FIELD, REASON_FIELD, {0}};

static const struct spec_field hand_body[] = {
    TO_FIELD,
    REASON_FIELD,
    {.name = "members", .type = SPEC_LIST, .max = 10000, .doc = "these: \"m12\""},
    {.name = "segment",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_SEGMENT_CODE_BYTES,
     .doc = "or all that are in it now"},
    {.name = "filter",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "or all for whom the expression holds"},
    {.name = "from",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_CODE_BYTES,
     .doc = "only whose owner is this one now; alone: all of theirs"},
    {0},
};

static const struct spec_field cursor_query[] = {
    {.name = "cursor", .type = SPEC_TEXT, .max = 20, .doc = "\"next\" of the page before"},
    {0},
};

const struct spec owner_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/owner",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_SIGHT,
     .handle = get_owner,
     .summary = "Who answers for a member and since when, their contacts, and whose they were",
     .reply = "{\"owner\":{\"staff\":\"rose\",\"name\":\"Rose\",\"by\":\"rule\","
              "\"since\":\"2025-01-31T08:00:00+08:00\"},\"contacts\":[{\"staff\":\"rose\","
              "\"name\":\"Rose\",\"since\":\"2025-01-31T08:00:00+08:00\",\"talked_at\":null}],"
              "\"history\":[" STEP_START "\"from\":\"rose\",\"to\":\"lily\"," STEP_END "]}\n"
              "~{\"owner\":null,\"contacts\":[{\"name\":null,"
              "\"talked_at\":\"2025-03-01T08:00:00+08:00\"}],\"history\":[" STEP_START
              "\"from\":null,\"to\":null," STEP_UNDONE "]}\n"
              "~{\"owner\":{\"name\":null}}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/members/{id}/owner",
     .scope = SCOPE_MEMBERS_ASSIGN,
     .body = set_body,
     .body_max = 8192,
     .flags = SPEC_SIGHT,
     .handle = set_owner,
     .audit = "member.assigned",
     .summary = "Set a member's owner by hand, or leave it to the rule again",
     .reply = "{\"id\":3,\"changed\":1,\"same\":0,\"missing\":0}\n~{\"id\":null}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/handovers",
     .scope = SCOPE_MEMBERS_ASSIGN,
     .query = cursor_query,
     .handle = list_handovers,
     .summary = "Who was handed over, newest first",
     .reply = "{\"items\":[" STEP_START "\"to\":\"lily\",\"members\":214," STEP_END
              "],\"next\":null}\n~{\"items\":[" STEP_START "\"to\":null,\"members\":1," STEP_UNDONE
              "],\"next\":\"3\"}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/handovers",
     .scope = SCOPE_MEMBERS_ASSIGN,
     .body = hand_body,
     .body_max = BODY_MAX,
     .flags = SPEC_IDEMPOTENT | SPEC_SIGHT | SPEC_FILTERED,
     .handle = hand_over,
     .audit = "members.handed_over",
     .summary = "Hand members over to another: chosen ones, a segment's, a filter's, or an owner's",
     .reply = COUNTS},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/handovers/{id}/undo",
     .scope = SCOPE_MEMBERS_ASSIGN,
     .handle = undo,
     .audit = "members.handed_back",
     .summary = "Give them back to whose they were, where nobody was set since",
     .reply = "{\"id\":3,\"changed\":212,\"same\":2,\"missing\":0}"},
    {0},
};
