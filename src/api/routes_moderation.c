/* routes_moderation.c - the queue of what rules found in messages, and what staff say of it. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "moderation/moderation.h"

#define VERDICTS_SAID "confirm|dismiss|appeal|done|lifted"

/* Members as they are now, and rules by name. */
struct showing {
    struct call *call;
    struct look look;
    const struct moderation_rule *rules;
    size_t rule_count;
};

static enum err begin(struct call *c, struct showing *x, struct why *why)
{
    struct sql *db;
    struct moderation_rule *rules;
    *x = (struct showing){.call = c};
    TRY(call_reader(c, &db, why));
    TRY(moderation_rules(db, false, c->arena, &rules, &x->rule_count, why));
    x->rules = rules;
    look_begin(&x->look, c->brand, db, c->arena);
    return ERR_OK;
}

/* Nobody for what staff wrote, or whose row is not written yet: it may lag by some seconds. */
static void put_member(const struct showing *x, struct json_writer *w, uint32_t persona)
{
    struct look_row row;
    struct why missing;
    const struct call *c = x->call;
    if (!persona) {
        put_str(w, "member", (struct str){NULL, 0});
        put_str(w, "name", (struct str){NULL, 0});
        return;
    }
    bool known = look_row(&x->look, persona, &row, &missing) == ERR_OK;
    put_str(w, "member", str_of(arena_printf(c->arena, "m%" PRIu32, known ? row.id : persona)));
    put_str(w, "name", known ? row.name : (struct str){NULL, 0});
}

static struct str rule_name(const struct showing *x, uint32_t id)
{
    for (size_t i = 0; i < x->rule_count; i++) {
        if (x->rules[i].id == id) return x->rules[i].name;
    }
    return (struct str){NULL, 0};
}

static void put_quote(struct json_writer *w, const struct moderation_case *m)
{
    struct str q = m->quote;
    struct span at =
        m->span.to <= q.len && m->span.from <= m->span.to ? m->span : (struct span){0, 0};
    put_object(w, "text");
    put_str(w, "before", (struct str){q.p, at.from});
    put_str(w, "found", (struct str){q.p + at.from, at.to - at.from});
    put_str(w, "after", (struct str){q.p + at.to, q.len - at.to});
    json_end_object(w);
}

static struct str or_null(struct str s)
{
    return s.len ? s : (struct str){NULL, 0};
}

static void put_case(const struct showing *x, struct json_writer *w,
                     const struct moderation_case *m)
{
    const struct call *c = x->call;
    json_begin_object(w);
    put_int(w, "id", m->id);
    put_int(w, "seq", (int64_t)m->seq);
    put_time(c, w, "at", m->at);
    put_time(c, w, "last_at", m->last_at);
    put_int(w, "times", m->times);
    put_member(x, w, m->persona);
    put_str(w, "group", registry_code_text(c->brand, DIM_GROUP, m->group));
    put_int(w, "rule", m->rule);
    put_str(w, "rule_name", rule_name(x, m->rule));
    put_int(w, "rule_version", (int64_t)m->rule_version);
    put_text(w, "kind", rule_kind_names[m->kind]);
    put_text(w, "action", rule_action_names[m->action]);
    put_int(w, "mute_hours", m->mute_hours);
    put_str(w, "what", m->what);
    put_quote(w, m);
    put_str(w, "message", or_null(m->message));
    put_int(w, "others", m->others);
    put_text(w, "state", case_state_names[m->state]);
    put_str(w, "by", or_null(m->by));
    put_time(c, w, "by_at", m->by_at);
    put_str(w, "note", or_null(m->note));
    put_text(w, "task", case_task_names[m->task]);
    put_str(w, "task_by", or_null(m->task_by));
    put_time(c, w, "task_at", m->task_at);
    json_end_object(w);
}

static int place_in(const char *const *names, int count, struct str name)
{
    int i = 0;
    while (i < count && !str_is(name, names[i]))
        i++;
    return i;
}

static enum err read_filter(struct call *c, struct case_filter *f, struct why *why)
{
    uint64_t below = 0;
    struct str state = call_str(c, "state");
    *f = (struct case_filter){.state = -1,
                              .tasks = str_is(state, "tasks"),
                              .rule = (uint32_t)call_int(c, "rule"),
                              .only = sight_of(c),
                              .limit = (size_t)call_int(c, "limit")};
    if (!f->tasks && !str_is(state, "all"))
        f->state = place_in(case_state_names, CASE_STATES, state);
    if (call_has(c, "cursor") && (!str_to_u64(call_str(c, "cursor"), &below) || below > INT32_MAX))
        return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    f->below = (uint32_t)below;
    if (call_has(c, "member") && !members_parse(call_str(c, "member"), &f->persona))
        return why_fail(why, ERR_INVALID, MSG_MEMBER_ID, "member", STR_FMT,
                        STR_ARG(call_str(c, "member")));
    if (!call_has(c, "group")) return ERR_OK;
    f->group = registry_find_code(c->brand, DIM_GROUP, call_str(c, "group"));
    if (!f->group) f->group = INT32_MAX; /* a group that never was has none */
    return ERR_OK;
}

static enum err put_page(const struct showing *x, struct json_writer *w, struct case_filter *f,
                         struct why *why)
{
    struct moderation_case *items;
    struct case_counts counts;
    size_t count, limit = f->limit;
    f->limit++;
    TRY(moderation_cases(x->look.db, f, x->call->arena, &items, &count, why));
    enum err err = moderation_count(x->look.db, f->only, &counts);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < count && i < limit; i++)
        put_case(x, w, &items[i]);
    json_end_array(w);
    put_str(w, "next",
            count > limit ? str_of(arena_printf(x->call->arena, "%" PRIu32, items[limit - 1].id))
                          : (struct str){NULL, 0});
    put_int(w, "open", (int64_t)counts.open);
    put_int(w, "appealed", (int64_t)counts.appealed);
    put_int(w, "tasks", (int64_t)counts.tasks);
    json_end_object(w);
    return ERR_OK;
}

static enum err get_cases(struct call *c, struct json_writer *w, struct why *why)
{
    struct showing x;
    struct case_filter f;
    TRY(read_filter(c, &f, why));
    TRY(begin(c, &x, why));
    enum err err = put_page(&x, w, &f, why);
    look_end(&x.look);
    return err;
}

static enum err put_one(struct call *c, struct json_writer *w, struct why *why)
{
    struct showing x;
    struct moderation_case m = {0};
    uint32_t id;
    TRY(call_number(c, "id", &id, why));
    TRY(begin(c, &x, why));
    enum err err = moderation_case_get(x.look.db, id, c->arena, &m, why);
    if (err == ERR_OK && !sight_has(c, m.persona)) err = ERR_NOT_FOUND;
    if (err == ERR_OK) put_case(&x, w, &m);
    look_end(&x.look);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

/* ---- what staff say ---- */

/* To a caller of narrow reach a case of another's member is none. */
static enum err check_seen(struct call *c, uint32_t id, struct why *why)
{
    struct sql *db;
    struct moderation_case m = {0};
    if (sight_is_whole(c)) return ERR_OK;
    TRY(call_reader(c, &db, why));
    enum err err = moderation_case_get(db, id, c->arena, &m, why);
    if (err == ERR_OK && !sight_has(c, m.persona)) err = ERR_NOT_FOUND;
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

static enum err decide(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t id;
    struct str verdict = call_str(c, "verdict");
    struct str note = call_has(c, "note") ? str_trim(call_str(c, "note")) : STR("");
    TRY(call_number(c, "id", &id, why));
    TRY(check_seen(c, id, why));
    int place = place_in(case_verdict_names, CASE_VERDICTS, verdict);
    enum err err =
        moderation_decide(c->brand, id, (enum case_verdict)place, members_source(c), note, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    if (err != ERR_OK) return err;
    const char *after = arena_printf(c->arena, "{\"verdict\":\"%s\"}",
                                     case_verdict_names[(enum case_verdict)place]);
    (void)w;
    return call_audit(c, arena_printf(c->arena, "case:%" PRIu32, id), (struct str){NULL, 0},
                      str_of(after), why);
}

/* ---- the table ---- */

static const struct spec_field list_query[] = {
    {.name = "state",
     .type = SPEC_ENUM,
     .choices = "open|confirmed|dismissed|appealed|tasks|all",
     .fallback = "open",
     .doc = "of which state; tasks: with something to do in the channel"},
    {.name = "rule", .type = SPEC_INT, .min = 0, .max = INT32_MAX, .doc = "found by this rule"},
    {.name = "group", .type = SPEC_TEXT, .max = LIMIT_CODE_BYTES, .doc = "in this group"},
    {.name = "member", .type = SPEC_TEXT, .max = 16, .doc = "of this member, such as m12"},
    {.name = "cursor", .type = SPEC_TEXT, .max = 32, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = 100,
     .fallback = "30",
     .doc = "cases of a page"},
    {0},
};

static const struct spec_field decide_body[] = {
    {.name = "verdict",
     .type = SPEC_ENUM,
     .required = true,
     .choices = VERDICTS_SAID,
     .doc = "the rule was right, or wrong; the member objects; the task is done in the channel, or"
            " what was done is taken back there"},
    {.name = "note", .type = SPEC_TEXT, .max = 1000, .doc = "why"},
    {0},
};

#define CASE                                                                                            \
    "{\"id\":12,\"seq\":4711,\"at\":\"2025-03-01T08:00:00+08:00\","                                     \
    "\"last_at\":\"2025-03-01T08:00:30+08:00\",\"times\":3,\"member\":\"m12\",\"name\":\"李雷\","     \
    "\"group\":\"g1\",\"rule\":2,\"rule_name\":\"广告词\",\"rule_version\":1,\"kind\":\"terms\","    \
    "\"action\":\"warn\",\"mute_hours\":0,\"what\":\"刷单\",\"text\":{\"before\":\"招人\","         \
    "\"found\":\"刷单\",\"after\":\"，日结\"},\"message\":\"a1\",\"others\":0,\"state\":\"open\"," \
    "\"by\":\"staff:3\",\"by_at\":\"2025-03-01T09:00:00+08:00\",\"note\":\"ad\",\"task\":"              \
    "\"todo\","                                                                                         \
    "\"task_by\":\"staff:3\",\"task_at\":\"2025-03-01T09:00:00+08:00\"}"
#define BARE                                                                                       \
    "{\"member\":null,\"name\":null,\"rule_name\":null,\"message\":null,\"by\":null,"              \
    "\"by_at\":null,\"note\":null,\"task_by\":null,\"task_at\":null}"

const struct spec moderation_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/moderation/cases",
     .scope = SCOPE_MEMBERS_READ,
     .query = list_query,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_cases,
     .summary = "What rules of order found in messages, newest first",
     .reply = "{\"items\":[" CASE "],\"next\":\"12\",\"open\":1,\"appealed\":0,\"tasks\":1}\n"
              "~{\"items\":[" BARE "],\"next\":null}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/moderation/cases/{id}",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = put_one,
     .summary = "One of them",
     .reply = CASE "\n~" BARE},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/moderation/cases/{id}/decide",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = decide_body,
     .body_max = 8192,
     .flags = SPEC_SIGHT,
     .handle = decide,
     .audit = "moderation.decided",
     .summary = "Say what is so of a case; 409 when it is in no state for that",
     .reply = NULL},
    {0},
};
