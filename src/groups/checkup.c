/* checkup.c - the kernels one after another over one group's talk. */
#include "groups/checkup.h"

#include "groups/role.h"

/* What persons have said of accounts, by the member of each. */
static enum err read_roles(const struct checkup_ask *ask, const struct persona_map *map,
                           struct arena *arena, struct talk_ask *talk)
{
    struct group_role *roles;
    size_t count;
    TRY(groups_roles(ask->db, ask->group, arena, &roles, &count));
    struct talk_role *out = arena_alloc_array(arena, count + 1, sizeof(*out));
    for (size_t i = 0; i < count; i++)
        out[i] = (struct talk_role){persona_map_member(map, roles[i].persona), roles[i].role};
    talk->roles = out;
    talk->role_count = count;
    return ERR_OK;
}

static enum err read_verdicts(const struct checkup_ask *ask, const struct persona_map *map,
                              const struct talk *t, struct arena *arena, uint8_t **out)
{
    struct verdict *list;
    size_t count;
    TRY(verdict_list(ask->db, ask->group, arena, &list, &count));
    *out = arena_alloc_array(arena, t->account_count + 1, sizeof(**out));
    for (size_t i = 0; i < count; i++) {
        uint32_t member = persona_map_member(map, list[i].persona);
        for (uint32_t k = 0; k < t->account_count; k++) {
            if (t->accounts[k].persona == member) (*out)[k] = (uint8_t)list[i].verdict;
        }
    }
    return ERR_OK;
}

static enum err judge(const struct checkup_ask *ask, const struct persona_map *map,
                      struct arena *arena, struct checkup *out)
{
    const struct talk *t = &out->talk;
    struct suspect_ask suspects = {.talk = t};
    struct health_ask health = {.talk = t};
    uint8_t *verdicts;
    bool *buyers = arena_alloc_array(arena, t->account_count + 1, sizeof(*buyers));
    for (uint32_t i = 0; i < t->account_count; i++)
        buyers[i] = t->accounts[i].buyer;
    TRY(read_verdicts(ask, map, t, arena, &verdicts));
    suspects.verdict = verdicts;
    suspects.buyer = buyers;
    suspects_find(&suspects, arena, &out->suspects);
    health.suspect = out->suspects.flagged;
    health_make(&health, arena, &out->health);
    graph_make(t, arena, &out->graph);
    return ERR_OK;
}

enum err checkup_make(const struct checkup_ask *ask, struct arena *arena, struct checkup *out,
                      struct why *why)
{
    struct talk_ask talk = {.group = ask->group,
                            .from = ask->to - TALK_DAYS * TIME_DAY + 1,
                            .to = ask->to + 1,
                            .db = ask->db};
    struct snapshot *snapshot = brand_snapshot(ask->brand);
    *out = (struct checkup){0};
    enum err err = read_roles(ask, snapshot->personas, arena, &talk);
    if (err != ERR_OK) err = why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (err == ERR_OK) err = talk_read(ask->brand, &talk, arena, &out->talk, why);
    if (err == ERR_OK && judge(ask, snapshot->personas, arena, out) != ERR_OK)
        err = why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    brand_snapshot_release(snapshot);
    return err;
}
