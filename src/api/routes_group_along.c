/* routes_group_along.c - who goes with whom in a group (同现): whose visible acts came before
 * others paid or joined, how much more often than else, and the acts and purchases behind that.
 *
 * Figures are of all members. Of a member whom the caller does not see neither name nor words are
 * given. */
#include <inttypes.h>
#include <math.h>

#include "api/groups.h"
#include "api/internal.h"
#include "api/put.h"
#include "api/sight.h"
#include "api/ward.h"
#include "groups/along.h"
#include "groups/messages.h"
#include "people/look.h"

enum { EVIDENCE_SHOWN = 10 };

struct goes {
    struct call *call;
    struct arena *arena; /* of what is read, which may be larger than a request's may grow */
    struct along_ask ask;
    struct along along;
    struct look look;
};

static enum err put_member(struct goes *x, struct json_writer *w, const char *key, uint32_t member,
                           struct why *why)
{
    struct str name = {NULL, 0}, id = {NULL, 0};
    if (sight_has(x->call, member)) {
        id = str_of(arena_printf(x->call->arena, "m%" PRIu32, member));
        if (look_name(&x->look, member, &name) != ERR_OK)
            return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    }
    put_object(w, key);
    put_str(w, "id", id);
    put_str(w, "name", name);
    json_end_object(w);
    return ERR_OK;
}

/* The words of an act, if they are kept and the caller sees whose they are. */
static enum err put_words(struct goes *x, struct json_writer *w, const struct along_act *a,
                          struct why *why)
{
    enum { AT_ONCE = 50 };
    struct str text = {NULL, 0};
    struct messages said = {0};
    const struct messages_ask ask = {.brand = x->call->brand,
                                     .group = a->group,
                                     .find = STR(""),
                                     .from = a->at,
                                     .to = a->at + 1,
                                     .limit = AT_ONCE,
                                     .arena = x->arena};
    if (sight_has(x->call, a->member) && a->what <= ALONG_SIGNUP)
        TRY(messages_list(&ask, &said, why));
    for (size_t i = 0; i < said.count && !text.len; i++) {
        uint32_t persona = said.items[i].persona;
        if (persona && persona_map_member(x->look.snapshot->personas, persona) == a->member)
            text = said.items[i].text;
    }
    put_str(w, "text", text.len ? text : (struct str){NULL, 0});
    return ERR_OK;
}

static enum err put_credit(struct goes *x, struct json_writer *w, const struct along_credit *e,
                           struct why *why)
{
    struct call *c = x->call;
    const struct along_act *a = &x->ask.acts[e->act];
    const struct along_deal *d = &x->ask.deals[e->deal];
    struct str campaign = {NULL, 0};
    if (d->about.campaign) campaign = registry_code_text(c->brand, DIM_CAMPAIGN, d->about.campaign);
    json_begin_object(w);
    put_text(w, "act", along_what_name((enum along_what)a->what));
    put_time(c, w, "at", a->at);
    TRY(put_words(x, w, a, why));
    TRY(put_member(x, w, "member", d->member, why));
    put_text(w, "then", d->joined ? "joined" : "paid");
    put_time(c, w, "then_at", d->at);
    put_str(w, "campaign", campaign);
    put_str(w, "product", d->about.product.len ? d->about.product : (struct str){NULL, 0});
    put_int(w, "shared_by", e->shared_by);
    json_end_object(w);
    return ERR_OK;
}

static void put_rate(struct json_writer *w, const char *key, const struct along_rate *r)
{
    put_object(w, key);
    put_int(w, "hits", r->hits);
    put_int(w, "people", r->people);
    put_int(w, "rounds", r->rounds);
    json_end_object(w);
}

static enum err put_one(struct goes *x, struct json_writer *w, const struct along_one *one,
                        struct why *why)
{
    json_begin_object(w);
    TRY(put_member(x, w, "member", one->member, why));
    put_real(w, "credits", one->credits);
    put_int(w, "purchases", one->count);
    put_real_or_null(w, "lift", one->lift, !isnan(one->lift));
    put_real_or_null(w, "low", one->low, !isnan(one->low));
    put_real_or_null(w, "high", one->high, !isnan(one->high));
    put_rate(w, "after", &one->after);
    put_rate(w, "without", &one->without);
    put_array(w, "evidence");
    for (uint32_t i = 0; i < one->count && i < EVIDENCE_SHOWN; i++)
        TRY(put_credit(x, w, &x->along.credits[one->first + i], why));
    json_end_array(w);
    json_end_object(w);
    return ERR_OK;
}

static enum err put_all(struct goes *x, struct json_writer *w, int64_t now, struct why *why)
{
    json_begin_object(w);
    put_time(x->call, w, "at", now);
    put_int(w, "purchases", x->along.deals);
    put_int(w, "credited", x->along.credited);
    put_array(w, "items");
    for (uint32_t i = 0; i < x->along.count; i++)
        TRY(put_one(x, w, &x->along.items[i], why));
    json_end_array(w);
    json_end_object(w);
    return ERR_OK;
}

static enum err get_along(struct call *c, struct json_writer *w, struct why *why)
{
    struct goes x = {.call = c};
    struct group_record record;
    struct sql *db;
    int64_t now = env_now(brand_env(c->brand)), at = call_int(c, "at");
    TRY(groups_find(c, &db, &record, why));
    if (at != TIME_NONE && at < now) now = at;
    x.arena = arena_create(0);
    const struct along_of of = {c->brand, db, record.code, now + 1};
    enum err err = along_read(&of, x.arena, &x.ask, why);
    if (err == ERR_OK) {
        along_make(&x.ask, x.arena, &x.along);
        look_begin(&x.look, c->brand, db, c->arena);
        err = put_all(&x, w, now, why);
        look_end(&x.look);
    }
    arena_destroy(x.arena);
    return err;
}

/* ---- the table ---- */

static const struct spec_field along_query[] = {WARD_AT, {0}};

#define RATE "{\"hits\":4,\"people\":20,\"rounds\":2}"

const struct spec group_along_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/along",
     .scope = SCOPE_MEMBERS_READ,
     .query = along_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_along,
     .summary = "Whose visible acts came in the 24 h before others paid or joined, in 28 days",
     .reply = "{\"at\":\"2025-03-01T09:30:00+08:00\",\"purchases\":12,\"credited\":9,\"items\":[{"
              "\"member\":{\"id\":\"m12\",\"name\":\"王婷\"},\"credits\":3.5,\"purchases\":5,"
              "\"lift\":2.3,\"low\":1.2,\"high\":4.4,\"after\":" RATE ",\"without\":" RATE
              ",\"evidence\":[{\"act\":\"message\",\"at\":\"2025-03-01T09:30:00+08:00\","
              "\"text\":\"回购了\",\"member\":{\"id\":\"m7\",\"name\":\"李雷\"},\"then\":\"paid\","
              "\"then_at\":\"2025-03-01T12:30:00+08:00\",\"campaign\":\"春茶节\","
              "\"product\":\"明前龙井\",\"shared_by\":2}]}]}\n"
              "~{\"items\":[{\"member\":{\"id\":null,\"name\":null},\"lift\":null,\"low\":null,"
              "\"high\":null,\"evidence\":[{\"text\":null,\"campaign\":null,\"product\":null,"
              "\"member\":{\"id\":null,\"name\":null}}]}]}"},
    {0},
};
