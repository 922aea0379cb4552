/* routes_conflicts.c - refused merges wait here for a person to judge. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "people/look_merge.h"

#define STATES "open|later|merged|apart"

static enum conflict_state state_of(struct str name)
{
    enum conflict_state state = CONFLICT_OPEN;
    while (state + 1 < CONFLICT_STATES && !str_is(name, conflict_state_name(state)))
        state++;
    return state;
}

/* One whose row is not written yet (it may lag by some seconds) has only an id. */
static void put_side(const struct call *c, const struct look *l, struct json_writer *w, uint32_t id)
{
    struct look_row row;
    struct why missing;
    if (look_row(l, id, &row, &missing) != ERR_OK)
        row = (struct look_row){
            .id = id, .stage = STAGE_NONE, .created = TIME_NONE, .last_seen = TIME_NONE};
    members_put_row(c, w, &row);
}

static void put_conflict(const struct call *c, const struct look *l, struct json_writer *w,
                         const struct look_conflict *x)
{
    const struct look_identity *id = &x->identity;
    json_begin_object(w);
    put_int(w, "conflict", (int64_t)x->id);
    put_text(w, "state", conflict_state_name(x->state));
    put_text(w, "cause", conflict_cause_name(x->cause));
    put_object(w, "identity");
    put_text(w, "kind", identity_kind_name(id->kind));
    put_str(w, "value", id->personal ? look_mask(c->arena, id->value) : id->value);
    put_bool(w, "verified", id->verified);
    json_end_object(w);
    put_str(w, "source", x->source);
    put_time(c, w, "first_seen", x->first_seen);
    put_time(c, w, "last_seen", x->last_seen);
    put_int(w, "times", (int64_t)x->times);
    put_array(w, "members");
    put_side(c, l, w, x->member[0]);
    put_side(c, l, w, x->member[1]);
    json_end_array(w);
    put_time(c, w, "judged_at", x->judged_at);
    put_str(w, "judged_by", x->judged_by);
    put_known(w, "merge", (int64_t)x->merge);
    json_end_object(w);
}

static enum err read_page(struct call *c, struct look_conflict_page *page, struct why *why)
{
    *page = (struct look_conflict_page){.state = state_of(call_str(c, "state")),
                                        .limit = (size_t)call_int(c, "limit"),
                                        .only = sight_of(c)};
    if (!call_has(c, "cursor") || str_to_u64(call_str(c, "cursor"), &page->after)) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
}

static void put_list(struct call *c, const struct look *l, struct json_writer *w,
                     const struct look_conflicts *found)
{
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < found->count; i++)
        put_conflict(c, l, w, &found->items[i]);
    json_end_array(w);
    put_str(w, "next",
            found->more
                ? str_of(arena_printf(c->arena, "%" PRIu64, found->items[found->count - 1].id))
                : (struct str){NULL, 0});
    put_int(w, "open", (int64_t)found->open);
    json_end_object(w);
}

static enum err get_conflicts(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct look_conflict_page page;
    struct look_conflicts found;
    struct sql *db;
    TRY(read_page(c, &page, why));
    if (page.after > INT64_MAX) return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    TRY(call_reader(c, &db, why));
    look_begin(&look, c->brand, db, c->arena);
    enum err err = look_conflicts(&look, &page, &found, why);
    if (err == ERR_OK) put_list(c, &look, w, &found);
    look_end(&look);
    return err;
}

/* ---- judging ---- */

static enum err write_down(const struct call *c, const struct people_judge *j, struct why *why)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_text(&w, "decision", conflict_state_name(j->state));
    if (j->merge) put_int(&w, "merge", (int64_t)j->merge);
    json_end_object(&w);
    enum err err = call_audit(c, arena_printf(c->arena, "conflict:%" PRIu64, j->id),
                              (struct str){NULL, 0}, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

/* Of whom a caller of narrow reach does not see both there is none. */
static enum err check_seen(struct call *c, uint32_t id, struct why *why)
{
    struct look look;
    struct look_conflict x;
    struct sql *db;
    if (sight_is_whole(c)) return ERR_OK;
    TRY(call_reader(c, &db, why));
    look_begin(&look, c->brand, db, c->arena);
    enum err err = look_conflict(&look, id, &x, why);
    look_end(&look);
    if (err == ERR_OK && !(sight_has(c, x.member[0]) && sight_has(c, x.member[1])))
        err = ERR_NOT_FOUND;
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

static enum err judge(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t id;
    struct str decision = call_str(c, "decision");
    struct people_judge j = {.who = str_of(c->who->name)};
    TRY(call_number(c, "id", &id, why));
    TRY(check_seen(c, id, why));
    j.id = id;
    j.state = str_is(decision, "merge")   ? CONFLICT_MERGED
              : str_is(decision, "apart") ? CONFLICT_APART
                                          : CONFLICT_LATER;
    enum err err = people_judge(c->brand, &j, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    if (err != ERR_OK) return err;
    TRY(write_down(c, &j, why));
    json_begin_object(w);
    put_text(w, "state", conflict_state_name(j.state));
    put_known(w, "merge", (int64_t)j.merge);
    put_str(w, "member",
            j.merge ? str_of(arena_printf(c->arena, "m%" PRIu32, j.kept)) : (struct str){NULL, 0});
    json_end_object(w);
    return ERR_OK;
}

/* ---- the table ---- */

static const struct spec_field list_query[] = {
    {.name = "state",
     .type = SPEC_ENUM,
     .choices = STATES,
     .fallback = "open",
     .doc = "of which state"},
    {.name = "cursor", .type = SPEC_TEXT, .max = 32, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PAGE_CONFLICTS,
     .fallback = "20",
     .doc = "conflicts of a page"},
    {0},
};

static const struct spec_field judge_body[] = {
    {.name = "decision",
     .type = SPEC_ENUM,
     .required = true,
     .choices = "merge|apart|later",
     .doc = "merge the two, keep them apart for good, or look again later"},
    {0},
};

#define MEMBER(id, name)                                                                           \
    "{\"id\":\"" id "\",\"name\":" name ",\"stage\":\"active\",\"trust\":\"bought\","              \
    "\"created\":\"2025-01-31T08:00:00+08:00\",\"last_seen\":\"2025-03-01T09:30:00+08:00\","       \
    "\"events\":41,\"orders\":2,\"spent\":25800,\"owner\":\"rose\","                               \
    "\"identities\":[{\"kind\":\"phone\",\"value\":\"138****1234\"}]}"

const struct spec conflict_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/conflicts",
     .scope = SCOPE_MEMBERS_READ,
     .query = list_query,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_conflicts,
     .summary = "Identities that would have joined two members, and were refused",
     .reply =
         "{\"items\":[{\"conflict\":3,\"state\":\"open\",\"cause\":\"taken\","
         "\"identity\":{\"kind\":\"phone\",\"value\":\"138****1234\",\"verified\":true},"
         "\"source\":\"import:1\",\"first_seen\":\"2025-02-01T08:00:00+08:00\","
         "\"last_seen\":\"2025-03-01T08:00:00+08:00\",\"times\":4,\"members\":[" MEMBER(
             "m40", "\"李雷\"") "," MEMBER("m12", "null") "],\"judged_at\":null,"
                                                          "\"judged_by\":null,\"merge\":null}],"
                                                          "\"next\":null,\"open\":1}\n"
                                                          "~{\"items\":[{\"source\":null,"
                                                          "\"judged_at\":"
                                                          "\"2025-03-02T08:00:00+08:00\","
                                                          "\"judged_by\":\"lily\",\"merge\":7,"
                                                          "\"members\":[{\"created\":null,"
                                                          "\"last_seen\":null,\"owner\":null}]}],"
                                                          "\"next\":\"3\"}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/conflicts/{id}/judge",
     .scope = SCOPE_MEMBERS_MERGE,
     .body = judge_body,
     .body_max = 4096,
     .flags = SPEC_SIGHT,
     .handle = judge,
     .audit = "conflict.judged",
     .summary = "Judge a conflict; 409 when it was judged already",
     .reply = "{\"state\":\"merged\",\"merge\":7,\"member\":\"m12\"}\n"
              "~{\"merge\":null,\"member\":null}"},
    {0},
};
