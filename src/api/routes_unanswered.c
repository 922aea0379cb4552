/* routes_unanswered.c - questions in groups that wait for an answer, as a live list.
 *
 * Who sees a member sees that they ask; the others' questions are counted and not shown. */
#include <inttypes.h>

#include "api/asking.h"
#include "api/groups.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "groups/asking.h"
#include "groups/messages.h"
#include "groups/unanswered.h"
#include "people/owner.h"

#define LISTED 200 /* at most */

static enum err read_group(const struct call *c, uint32_t *out, struct why *why)
{
    struct str text = call_str(c, "group");
    uint64_t code;
    *out = 0;
    if (!text.len) return ERR_OK;
    bool sound = text.p[0] == 'g' && str_to_u64((struct str){text.p + 1, text.len - 1}, &code);
    if (!sound || code == 0 || code > registry_code_count(c->brand, DIM_GROUP))
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "group", STR_FMT, STR_ARG(text));
    *out = (uint32_t)code;
    return ERR_OK;
}

/* A question with what text.db has of it. */
struct shown {
    const struct unanswered *of;
    struct str text; /* {NULL, 0} = nothing is kept of it */
};

struct by_member {
    const struct look *look;
    uint32_t member;
};

static bool is_by(void *ctx, uint32_t persona)
{
    const struct by_member *x = ctx;
    return persona && persona_map_member(x->look->snapshot->personas, persona) == x->member;
}

/* What was asked; false when it was taken back since. */
static enum err read_text(const struct call *c, const struct look *look, struct shown *q,
                          bool *stands, struct why *why)
{
    struct by_member by = {look, q->of->member};
    struct messages found;
    const struct messages_ask ask = {.brand = c->brand,
                                     .group = q->of->group,
                                     .from = q->of->at,
                                     .to = q->of->at + 1,
                                     .keep = is_by,
                                     .ctx = &by,
                                     .limit = 1,
                                     .arena = c->arena};
    TRY(messages_list(&ask, &found, why));
    *stands = found.count == 0 || found.items[0].recalled_at == TIME_NONE;
    if (found.count && found.items[0].text.len) q->text = found.items[0].text;
    return ERR_OK;
}

static enum err put_question(const struct call *c, const struct look *look, struct json_writer *w,
                             const struct shown *q, struct why *why)
{
    struct str name;
    struct group_record record;
    const struct unanswered *u = q->of;
    uint32_t owner = owner_of(c->brand, u->member);
    if (look_name(look, u->member, &name) != ERR_OK)
        return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    TRY(group_record_get(c->brand, look->db, u->group, c->arena, &record, why));
    json_begin_object(w);
    put_object(w, "group");
    put_text(w, "id", arena_printf(c->arena, "g%" PRIu32, u->group));
    put_str(w, "name", record.name);
    json_end_object(w);
    put_object(w, "member");
    put_text(w, "id", arena_printf(c->arena, "m%" PRIu32, u->member));
    put_str(w, "name", name);
    json_end_object(w);
    put_str(w, "owner",
            owner ? registry_code_text(c->brand, DIM_STAFF, owner) : (struct str){NULL, 0});
    put_str(w, "text", q->text);
    put_time(c, w, "asked_at", u->at);
    put_time(c, w, "waits_since", u->clock);
    put_int(w, "waited_minutes", u->waited_ms / TIME_MINUTE);
    put_int(w, "joined", u->joined);
    json_end_object(w);
    return ERR_OK;
}

/* The first of them that stand, and how many there are in all. */
static enum err put_questions(struct call *c, const struct look *look, struct json_writer *w,
                              const struct unanswered *items, size_t count, struct why *why)
{
    size_t gone = 0, listed = 0;
    put_array(w, "items");
    for (size_t i = 0; i < count && listed < LISTED; i++) {
        struct shown q = {.of = &items[i]};
        bool stands;
        TRY(read_text(c, look, &q, &stands, why));
        gone += !stands;
        listed += stands;
        if (stands) TRY(put_question(c, look, w, &q, why));
    }
    json_end_array(w);
    put_int(w, "total", (int64_t)(count - gone));
    return ERR_OK;
}

static enum err get_unanswered(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct unanswered *items;
    size_t count;
    struct unanswered_ask ask = {.brand = c->brand,
                                 .now = env_now(brand_env(c->brand)),
                                 .waited_ms = call_int(c, "minutes") * TIME_MINUTE,
                                 .only = sight_of(c),
                                 .budget = c->budget};
    const struct asking_place place = {brand_zone(c->brand), brand_hours(c->brand)};
    char hours[HOURS_TEXT_SIZE];
    TRY(read_group(c, &ask.group, why));
    TRY(call_reader(c, &db, why));
    ask.db = db;
    asking_fill(c->brand, c->budget);
    TRY(unanswered_read(&ask, c->arena, &items, &count, why));
    int64_t opens = asking_clock(&place, ask.now);
    hours_print(place.hours, hours);
    json_begin_object(w);
    put_time(c, w, "as_of", ask.now);
    put_text(w, "service_hours", hours);
    put_time(c, w, "opens_at", opens > ask.now ? opens : TIME_NONE);
    struct look look;
    look_begin(&look, c->brand, db, c->arena);
    enum err err = put_questions(c, &look, w, items, count, why);
    look_end(&look);
    json_end_object(w);
    return err;
}

static const struct spec_field unanswered_query[] = {
    {.name = "group", .type = SPEC_TEXT, .min = 2, .max = 16, .doc = "only of this one, g12"},
    {.name = "minutes",
     .type = SPEC_INT,
     .min = 0,
     .max = UNANSWERED_DAYS * 24 * 60,
     .fallback = "30",
     .doc = "only what has waited so long, in service hours"},
    {0},
};

const struct spec unanswered_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/unanswered",
     .scope = SCOPE_MEMBERS_READ,
     .query = unanswered_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_unanswered,
     .summary = "Questions of members in groups that nobody has answered, of the last 3 days, "
                "the longest wait first; 200 at most",
     .reply =
         "{\"as_of\":\"2025-03-01T10:40:00+08:00\",\"service_hours\":\"09:00-22:00\","
         "\"opens_at\":\"2025-03-02T09:00:00+08:00\",\"items\":[{"
         "\"group\":{\"id\":\"g3\",\"name\":\"tea\"},"
         "\"member\":{\"id\":\"m12\",\"name\":\"王婷\"},\"owner\":\"rose\",\"text\":\"这个能退吗\","
         "\"asked_at\":\"2025-03-01T08:10:00+08:00\","
         "\"waits_since\":\"2025-03-01T09:00:00+08:00\",\"waited_minutes\":100,"
         "\"joined\":2}],\"total\":1}\n"
         "~{\"opens_at\":null,\"items\":[{\"member\":{\"name\":null},\"owner\":null,\"text\":null}]"
         "}"},
    {0},
};
