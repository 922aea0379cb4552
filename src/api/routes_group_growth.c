/* routes_group_growth.c - how a group grew, day by day.
 *
 * Nothing here is of any single member, so that callers of narrow reach may ask, too. */
#include "api/asking.h"
#include "api/internal.h"
#include "api/put.h"
#include "api/ward.h"
#include "groups/roster.h"

static void put_day(const struct call *c, struct json_writer *w, const struct group_day *d)
{
    json_begin_object(w);
    put_str(w, "day", ward_date(c, d->day));
    put_int(w, "members", d->members);
    put_int(w, "joined", d->joined);
    put_int(w, "left", d->left);
    put_int(w, "messages", d->messages);
    put_int(w, "speakers", d->speakers);
    json_end_object(w);
}

static enum err get_growth(struct call *c, struct json_writer *w, struct why *why)
{
    const struct zone *z = brand_zone(c->brand);
    struct sql *db;
    struct group_record r;
    struct roster roster;
    struct roster_ask ask = {.brand = c->brand,
                             .now = env_now(brand_env(c->brand)),
                             .budget = c->budget,
                             .arena = c->arena};
    TRY(groups_find(c, &db, &r, why));
    ask.group = r.code;
    ask.to_day = zone_day(z, call_has(c, "to") ? call_int(c, "to") - 1 : ask.now);
    ask.from_day = call_has(c, "from") ? zone_day(z, call_int(c, "from")) : ask.to_day - 27;
    if (ask.from_day > ask.to_day) return why_fail(why, ERR_INVALID, MSG_GROUP_SPAN, "from", NULL);
    asking_fill(c->brand, c->budget);
    TRY(roster_read(&ask, &roster, why));
    put_items(w);
    for (size_t i = 0; i < roster.day_count; i++)
        put_day(c, w, &roster.days[i]);
    put_items_end(w);
    return ERR_OK;
}

static const struct spec_field growth_query[] = {
    {.name = "from", .type = SPEC_TIME, .doc = "first day; 28 days to the last unless given"},
    {.name = "to", .type = SPEC_TIME, .doc = "up to before this moment; now unless given"},
    {0},
};

const struct spec group_growth_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/growth",
     .scope = SCOPE_MEMBERS_READ,
     .query = growth_query,
     .flags = SPEC_QUESTION | SPEC_ANY_REACH,
     .handle = get_growth,
     .summary = "Members, joins, leaves and messages of a group by day",
     .reply = "{\"items\":[{\"day\":\"2025-03-01\",\"members\":212,\"joined\":3,\"left\":1,"
              "\"messages\":40,\"speakers\":12}],\"next\":null}"},
    {0},
};
