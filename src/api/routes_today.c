/* routes_today.c - the list of the day, with the facts beside each member, and what staff say of
 * it.
 *
 * Whose list: that of the staff code that the caller works under. Whoever has no owner is in the
 * pool, for all whose reach is the whole brand. Nobody gets a member whom they do not see
 * otherwise. A suggestion that was withheld is not there for anybody. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "people/note.h"
#include "people/owner.h"
#include "people/tag.h"
#include "segments/segments.h"
#include "today/today.h"

/* What the caller's list is called: the code that they answer for members by, or their number.
 * Empty of a key, which has none. */
static struct str code_of(const struct call *c)
{
    if (c->who->kind != PRINCIPAL_PERSON) return STR("");
    if (c->who->code[0]) return str_of(c->who->code);
    return str_of(arena_printf(c->arena, "staff:%" PRIu32, c->who->number));
}

static bool sees_all(const struct call *c)
{
    return c->who->scopes & SCOPE_STAFF_MANAGE;
}

static int32_t today_of(const struct call *c)
{
    return zone_day(brand_zone(c->brand), env_now(brand_env(c->brand)));
}

/* "2025-01-31" */
static struct str date_text(const struct call *c, int32_t day)
{
    int32_t year;
    int month, mday;
    civil_from_day(day, &year, &month, &mday);
    return str_of(arena_printf(c->arena, "%04" PRId32 "-%02d-%02d", year, month, mday));
}

/* ---- one card ---- */

struct cards {
    struct call *call;
    struct look look;
    const struct today_rule *rules;
    size_t rule_count;
};

/* The latest event of some kinds; false = there is none. */
static enum err latest(const struct cards *x, uint32_t member, const struct str *kinds,
                       size_t count, struct look_timeline *out, struct why *why)
{
    const struct look_span span = {.kinds = kinds, .kind_count = count, .limit = 1};
    return look_timeline(&x->look, member, &span, out, why);
}

static void put_event(const struct cards *x, struct json_writer *w, const char *key,
                      const struct look_timeline *t)
{
    const struct call *c = x->call;
    json_key(w, key);
    if (t->count == 0) {
        json_null(w);
        return;
    }
    const struct look_entry *e = &t->items[0];
    json_begin_object(w);
    put_time(c, w, "at", e->at);
    put_str(w, "kind", registry_kind_name(c->brand, e->kind));
    put_str(w, "group",
            e->dim[DIM_GROUP] ? registry_code_text(c->brand, DIM_GROUP, e->dim[DIM_GROUP])
                              : (struct str){NULL, 0});
    json_end_object(w);
}

/* What they did last, and when they were last written to. */
static enum err put_last(const struct cards *x, struct json_writer *w, uint32_t member,
                         struct why *why)
{
    static const struct str acts[] = {
        {"message.sent", 12},    {"dm.received", 11},       {"order.paid", 10},
        {"checkin.done", 12},    {"survey.answered", 15},   {"live.attended", 13},
        {"class.attended", 14},  {"content.viewed", 14},    {"order.refunded", 14},
        {"invite.accepted", 15}, {"conversation.rated", 18}};
    static const struct str touches[] = {{"dm.sent", 7}, {"touch.sent", 10}};
    struct look_timeline act, touch;
    TRY(latest(x, member, acts, sizeof(acts) / sizeof(acts[0]), &act, why));
    TRY(latest(x, member, touches, 2, &touch, why));
    put_event(x, w, "last", &act);
    put_event(x, w, "contacted", &touch);
    return ERR_OK;
}

static enum err put_tags(const struct cards *x, struct json_writer *w, uint32_t member,
                         struct why *why)
{
    struct tag_held *tags;
    size_t count;
    TRY(tag_held_by(x->look.db, member, x->call->arena, &tags, &count, why));
    put_array(w, "tags");
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        put_str(w, "name", tags[i].tag.name);
        put_str(w, "colour", tags[i].colour);
        json_end_object(w);
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err put_note(const struct cards *x, struct json_writer *w, uint32_t member,
                         struct why *why)
{
    const struct people_view view = {x->call->brand, x->look.db, x->call->arena};
    struct note *notes;
    size_t count;
    TRY(note_list(&view, member, &notes, &count, why));
    json_key(w, "note");
    if (count == 0) {
        json_null(w);
        return ERR_OK;
    }
    json_begin_object(w);
    put_str(w, "text", notes[0].text);
    put_str(w, "author", notes[0].author_name);
    put_time(x->call, w, "at", notes[0].at);
    json_end_object(w);
    return ERR_OK;
}

static enum err put_member(const struct cards *x, struct json_writer *w, uint32_t member,
                           struct why *why)
{
    const struct call *c = x->call;
    struct look_profile p;
    TRY(look_profile(&x->look, member, &p, why));
    const struct fold_state *s = &p.state;
    put_object(w, "member");
    json_key(w, "id");
    json_text(w, arena_printf(c->arena, "m%" PRIu32, p.id));
    put_str(w, "name", p.name);
    put_text(w, "stage", stage_name(s->stage));
    put_text(w, "trust", trust_name(s->trust));
    put_time(c, w, "joined", s->joined);
    put_time(c, w, "last_seen", s->last_seen);
    put_time(c, w, "last_order", s->last_order);
    put_int(w, "orders", s->orders);
    put_int(w, "spent", s->spent);
    put_array(w, "groups");
    for (uint32_t i = 0; i < s->group_count; i++)
        json_str(w, registry_code_text(c->brand, DIM_GROUP, s->groups[i]));
    json_end_array(w);
    TRY(put_last(x, w, p.id, why));
    TRY(put_tags(x, w, p.id, why));
    TRY(put_note(x, w, p.id, why));
    json_end_object(w);
    return ERR_OK;
}

/* The rule may be gone since: then its code has to do. */
static struct str sentence(const struct cards *x, const struct today_item *i)
{
    for (size_t k = 0; k < x->rule_count; k++) {
        if (str_eq(x->rules[k].code, i->rule))
            return today_sentence(x->call->arena, x->rules[k].say[call_lang(x->call)], i->number);
    }
    return i->rule;
}

/* Put off until today or before it is open again. */
static enum today_state state_of(const struct call *c, const struct today_item *i)
{
    bool back = i->state == TODAY_SNOOZED && i->until <= today_of(c);
    return back ? TODAY_OPEN : i->state;
}

static enum err put_card(const struct cards *x, struct json_writer *w, const struct today_item *i,
                         struct why *why)
{
    const struct call *c = x->call;
    enum today_state state = state_of(c, i);
    json_begin_object(w);
    put_int(w, "id", i->id);
    put_str(w, "reason", i->rule);
    put_str(w, "sentence", sentence(x, i));
    put_str(w, "owner", i->owner.len ? i->owner : (struct str){NULL, 0});
    put_time(c, w, "made_at", i->made_at);
    put_text(w, "state", today_state_names[state]);
    put_time(c, w, "state_at", i->state_at);
    put_str(w, "until", state == TODAY_SNOOZED ? date_text(c, i->until) : str_of(NULL));
    put_str(w, "because", str_of(state == TODAY_USELESS ? today_because_names[i->why] : NULL));
    TRY(put_member(x, w, i->member, why));
    json_end_object(w);
    return ERR_OK;
}

/* ---- the list ---- */

static enum err put_list(const struct cards *x, struct json_writer *w, const char *key,
                         const struct today_list *list, struct why *why)
{
    put_array(w, key);
    for (size_t i = 0; i < list->count; i++) {
        if (sight_has(x->call, list->items[i].member)) TRY(put_card(x, w, &list->items[i], why));
    }
    json_end_array(w);
    return ERR_OK;
}

/* Whose lists there are, for who may look at all of them. */
static enum err put_staff(const struct cards *x, struct json_writer *w, int32_t day,
                          struct why *why)
{
    struct today_load *loads;
    size_t count = 0;
    if (sees_all(x->call)) {
        enum err err = today_loads(x->look.db, day, x->call->arena, &loads, &count);
        if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    }
    put_array(w, "lists");
    for (size_t i = 0; i < count; i++) {
        if (loads[i].owner.len == 0) continue;
        json_begin_object(w);
        put_str(w, "staff", loads[i].owner);
        put_int(w, "members", (int64_t)loads[i].count);
        json_end_object(w);
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err put_lists(const struct cards *x, struct json_writer *w, struct str owner,
                          struct why *why)
{
    const struct call *c = x->call;
    struct today_list mine = {.made_at = TIME_NONE}, pool;
    struct today_settings settings;
    int32_t day = today_of(c);
    enum err err = today_get_settings(x->look.db, &settings);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (owner.len) TRY(today_list(x->look.db, owner, day, c->arena, &mine, why));
    TRY(today_list(x->look.db, STR(""), day, c->arena, &pool, why));
    json_begin_object(w);
    put_str(w, "day", date_text(c, day));
    put_time(c, w, "made_at", pool.made_at);
    put_bool(w, "enabled", settings.enabled);
    put_int(w, "hour", settings.hour);
    put_int(w, "per_day", settings.per_day);
    put_str(w, "staff", owner.len ? owner : str_of(NULL));
    TRY(put_staff(x, w, day, why));
    TRY(put_list(x, w, "items", &mine, why));
    TRY(put_list(x, w, "pool", &pool, why));
    json_end_object(w);
    return ERR_OK;
}

static enum err begin_cards(struct call *c, struct cards *x, struct why *why)
{
    struct sql *db;
    struct today_rule *rules;
    *x = (struct cards){.call = c};
    TRY(call_reader(c, &db, why));
    TRY(today_rules(db, c->arena, &rules, &x->rule_count, why));
    x->rules = rules;
    look_begin(&x->look, c->brand, db, c->arena);
    return ERR_OK;
}

static enum err get_today(struct call *c, struct json_writer *w, struct why *why)
{
    struct cards x;
    struct str owner = code_of(c);
    TRY(call_staff(c, &owner, why));
    today_want(c->brand);
    TRY(begin_cards(c, &x, why));
    enum err err = put_lists(&x, w, owner, why);
    look_end(&x.look);
    return err;
}

/* ---- what staff say ---- */

/* One that the caller may speak of: on their own list, in the pool, or anybody's of an owner's. */
static enum err find(struct call *c, struct sql *db, struct today_item *out, struct why *why)
{
    uint32_t id;
    TRY(call_number(c, "id", &id, why));
    if (today_get(db, id, c->arena, out, why) != ERR_OK) return call_not_found(why);
    bool theirs = out->owner.len == 0 || str_eq(out->owner, code_of(c)) || sees_all(c);
    return theirs && sight_has(c, out->member) ? ERR_OK : call_not_found(why);
}

static int place_in(const char *const *names, int count, struct str name)
{
    int i = 0;
    while (i < count && !str_is(name, names[i]))
        i++;
    return i;
}

static enum err read_mark(const struct call *c, uint32_t id, struct today_mark *out,
                          struct why *why)
{
    struct str state = call_str(c, "state"), because = call_str(c, "because");
    int32_t today = today_of(c);
    *out = (struct today_mark){
        .id = id,
        .state = (enum today_state)place_in(today_state_names, TODAY_STATES, state),
        .why = (enum today_because)place_in(today_because_names, TODAY_BECAUSES, because),
        .until = today + 1,
        .by = members_source(c)};
    if (out->state == TODAY_USELESS && !because.len)
        return why_fail(why, ERR_INVALID, MSG_MISSING, "because", NULL);
    if (out->state != TODAY_SNOOZED || !call_has(c, "until")) return ERR_OK;
    int64_t until = call_int(c, "until");
    if (until < zone_day_start(brand_zone(c->brand), today + 1) ||
        until >= zone_day_start(brand_zone(c->brand), today + TODAY_SNOOZE_DAYS + 1))
        return why_fail(why, ERR_INVALID, MSG_TODAY_UNTIL, "until", "%d", TODAY_SNOOZE_DAYS);
    out->until = zone_day(brand_zone(c->brand), until);
    return ERR_OK;
}

/* Onto the caller's own list, or back into the pool. */
static enum err move(struct call *c, const struct today_item *item, struct why *why)
{
    bool mine = str_is(call_str(c, "list"), "mine");
    struct str owner = mine ? code_of(c) : STR("");
    if (mine && !owner.len) return why_fail(why, ERR_FORBIDDEN, MSG_NEEDS_PERSON, "list", NULL);
    if (mine && item->owner.len && !str_eq(item->owner, owner))
        return why_fail(why, ERR_CONFLICT, MSG_TODAY_TAKEN, "", STR_FMT, STR_ARG(item->owner));
    return today_take(c->brand, item->id, owner, why);
}

static enum err tell(const struct call *c, const struct today_item *item, struct why *why)
{
    struct str after = str_of(arena_printf(
        c->arena, "{\"suggestion\":%" PRIu32 ",\"reason\":\"" STR_FMT "\",\"state\":\"%s\"}",
        item->id, STR_ARG(item->rule),
        call_has(c, "state") ? arena_printf(c->arena, STR_FMT, STR_ARG(call_str(c, "state")))
                             : today_state_names[item->state]));
    return members_tell(c, item->member, after, why);
}

static enum err set_item(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct today_item item;
    struct today_mark mark;
    (void)w;
    TRY(call_reader(c, &db, why));
    TRY(find(c, db, &item, why));
    if (!call_has(c, "state") && !call_has(c, "list"))
        return why_fail(why, ERR_INVALID, MSG_MISSING, "state", NULL);
    if (call_has(c, "state")) TRY(read_mark(c, item.id, &mark, why));
    if (call_has(c, "list")) TRY(move(c, &item, why));
    if (call_has(c, "state")) TRY(today_set(c->brand, &mark, why));
    return tell(c, &item, why);
}

/* ---- the table ---- */

static const struct spec_field list_query[] = {
    {.name = "staff",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_CODE_BYTES,
     .doc = "whose list; another's needs staff.manage"},
    {0},
};

static const struct spec_field set_body[] = {
    {.name = "state",
     .type = SPEC_ENUM,
     .choices = "open|done|snoozed|useless",
     .doc = "what became of it; open takes back what was said"},
    {.name = "until",
     .type = SPEC_TIME,
     .doc = "of snoozed: the day it comes back, 30 days ahead at most; the next day unless given"},
    {.name = "because",
     .type = SPEC_ENUM,
     .choices = "wrong|already|unwelcome|other",
     .doc = "of useless: the facts are wrong, somebody had talked to them already, they do not "
            "want it, something else"},
    {.name = "list",
     .type = SPEC_ENUM,
     .choices = "mine|pool",
     .doc = "take it from the pool onto one's own list, or put it back"},
    {0},
};

#define EVENT "{\"at\":\"2025-02-28T20:11:04+08:00\",\"kind\":\"order.paid\",\"group\":\"g1\"}"
#define CARD                                                                                       \
    "{\"id\":7,\"reason\":\"thank\",\"sentence\":\"买了还没人问候，第 1 天\","           \
    "\"owner\":\"rose\",\"made_at\":\"2025-03-01T07:00:00+08:00\",\"state\":\"snoozed\","          \
    "\"state_at\":\"2025-03-01T09:30:00+08:00\",\"until\":\"2025-03-03\","                         \
    "\"because\":\"already\",\"member\":{\"id\":\"m12\",\"name\":\"小雨\","                      \
    "\"stage\":\"active\",\"trust\":\"bought\",\"joined\":\"2024-11-02T08:00:00+08:00\","          \
    "\"last_seen\":\"2025-02-28T20:11:04+08:00\","                                                 \
    "\"last_order\":\"2025-02-28T20:11:04+08:00\",\"orders\":3,\"spent\":45900,"                   \
    "\"groups\":[\"g1\"],\"last\":" EVENT ",\"contacted\":" EVENT                                  \
    ",\"tags\":[{\"name\":\"VIP\",\"colour\":\"amber\"}],"                                         \
    "\"note\":{\"text\":\"下午联系\",\"author\":\"lily\","                                     \
    "\"at\":\"2025-03-01T08:00:00+08:00\"}}}"
#define BARE_EVENT "{\"group\":null}"
#define BARE                                                                                       \
    "{\"owner\":null,\"state_at\":null,\"until\":null,\"because\":null,\"member\":{\"name\":null," \
    "\"joined\":null,\"last_seen\":null,\"last_order\":null,\"last\":null,\"contacted\":null,"     \
    "\"note\":null}}"
#define BARE_2 "{\"member\":{\"last\":" BARE_EVENT ",\"contacted\":" BARE_EVENT "}}"

const struct spec today_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/today",
     .scope = SCOPE_MEMBERS_READ,
     .query = list_query,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_today,
     .summary = "The caller's list of the day, and the pool of members whom nobody answers for",
     .reply = "{\"day\":\"2025-03-01\",\"made_at\":\"2025-03-01T07:00:00+08:00\","
              "\"enabled\":true,\"hour\":7,\"per_day\":15,\"staff\":\"rose\","
              "\"lists\":[{\"staff\":\"rose\",\"members\":12}],"
              "\"items\":[" CARD "],\"pool\":[" CARD "]}\n"
              "~{\"made_at\":null,\"staff\":null,\"items\":[" BARE "],\"pool\":[" BARE "]}\n"
              "~{\"items\":[" BARE_2 "],\"pool\":[" BARE_2 "]}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/today/{id}",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = set_body,
     .body_max = 4096,
     .flags = SPEC_SIGHT,
     .handle = set_item,
     .audit = "today.marked",
     .summary = "Say what became of a suggestion, or take it from the pool",
     .reply = NULL},
    {0},
};
