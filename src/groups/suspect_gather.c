/* suspect_gather.c - what the rule of suspects asks for from outside of the group: what those who
 * may be suspected said in other groups, and devices that two members have claimed.
 *
 * A device identity is one member's for ever; an event that brings it for another is a conflict of
 * identities, and that is what is read here. */
#include "base/vec.h"
#include "groups/health_internal.h"
#include "groups/messages.h"
#include "people/people.h"

#define ELSEWHERE_MAX 20000 /* texts */

struct gathering {
    const struct checkup_ask *ask;
    const struct persona_map *map;
    const struct talk *talk;
    struct arena *arena;
    uint32_t account; /* whose messages are being read */
    VEC(struct suspect_elsewhere) elsewhere;
    VEC(struct talk_device) devices;
};

/* ---- other groups ---- */

static enum err add_said(void *ctx, const struct message *m, struct why *why)
{
    struct gathering *g = ctx;
    (void)why;
    bool here = m->group == g->ask->group || m->at < g->talk->from || m->at >= g->talk->to;
    if (here || m->text.len == 0 || g->elsewhere.count >= ELSEWHERE_MAX) return ERR_OK;
    const struct suspect_elsewhere said = {g->account, m->group, m->at,
                                           arena_str(g->arena, m->text)};
    VEC_PUSH(&g->elsewhere, said);
    return ERR_OK;
}

static enum err gather_elsewhere(struct gathering *g, struct why *why)
{
    bool *candidate = suspect_candidates(g->talk, g->arena);
    if (registry_code_count(g->ask->brand, DIM_GROUP) < 2) return ERR_OK;
    for (uint32_t i = 0; i < g->talk->account_count; i++) {
        uint32_t *personas, member = g->talk->accounts[i].persona;
        if (!candidate[i] || !member) continue;
        size_t count = persona_map_of(g->map, member, g->arena, &personas);
        g->account = i;
        TRY(messages_of(g->ask->brand, personas, count, add_said, g, why));
    }
    return ERR_OK;
}

/* ---- devices ---- */

/* Accounts with a member are in order of it. */
static uint32_t find_account(const struct talk *t, uint32_t member)
{
    uint32_t low = 0, high = t->account_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t persona = t->accounts[middle].persona;
        if (persona && persona < member) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < t->account_count && t->accounts[low].persona == member ? low : TALK_NONE;
}

static enum err gather_devices(struct gathering *g)
{
    enum err err;
    bool row = true;
    struct sql_stmt *s =
        sql_use(g->ask->db, "SELECT a, b, key FROM identity_conflict WHERE kind = $1 OR kind = $2");
    sql_bind_int(s, 1, IDENTITY_DEVICE);
    sql_bind_int(s, 2, IDENTITY_ANON);
    while ((err = sql_step(s, &row)) == ERR_OK && row) {
        uint64_t hash = 0;
        struct str key = sql_blob(s, 2);
        memcpy(&hash, key.p, key.len < sizeof(hash) ? key.len : sizeof(hash));
        for (int i = 0; i < 2; i++) {
            uint32_t member = persona_map_member(g->map, (uint32_t)sql_int(s, i));
            uint32_t account = find_account(g->talk, member);
            if (account == TALK_NONE) continue;
            VEC_PUSH(&g->devices, ((struct talk_device){account, hash}));
        }
    }
    return err;
}

/* ---- all of it ---- */

static enum err gather(struct gathering *g, struct why *why)
{
    for (uint32_t i = 0; i < g->talk->device_count; i++)
        VEC_PUSH(&g->devices, g->talk->devices[i]);
    enum err err = gather_devices(g);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    return gather_elsewhere(g, why);
}

enum err suspect_gather(const struct checkup_ask *ask, const struct persona_map *map,
                        struct arena *arena, struct checkup *c, struct why *why)
{
    struct gathering g = {.ask = ask, .map = map, .talk = &c->talk, .arena = arena};
    enum err err = c->texts ? gather(&g, why) : ERR_OK; /* nothing is sold, nobody suspected */
    c->elsewhere =
        arena_copy(arena, g.elsewhere.items, g.elsewhere.count * sizeof(*g.elsewhere.items));
    c->elsewhere_count = (uint32_t)g.elsewhere.count;
    c->devices = arena_copy(arena, g.devices.items, g.devices.count * sizeof(*g.devices.items));
    c->device_count = (uint32_t)g.devices.count;
    VEC_FINISH(&g.elsewhere);
    VEC_FINISH(&g.devices);
    return err;
}
