/* checkup.c - the kernels one after another over one group's talk. */
#include "groups/health_internal.h"
#include "groups/messages.h"
#include "groups/role.h"
#include "groups/vouchers.h"

/* What persons have said of accounts, by the member of each. */
static enum err read_roles(const struct checkup_ask *ask, const struct persona_map *map,
                           struct arena *arena, struct talk_ask *talk)
{
    struct group_role *roles;
    size_t count;
    TRY(groups_roles(ask->db, ask->group, arena, &roles, &count));
    struct talk_role *out = arena_alloc_array(arena, count + 1, sizeof(*out));
    for (size_t i = 0; i < count; i++)
        out[i] = (struct talk_role){persona_map_member(map, roles[i].persona), roles[i].role,
                                    roles[i].person};
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

/* ---- words ---- */

/* The first message that is not before 'at'. */
static uint32_t first_at(const struct talk *t, int64_t at)
{
    uint32_t low = 0, high = t->message_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->messages[middle].at < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_of(const struct talk_account *a, const struct message *m,
                  const struct persona_map *map)
{
    if (a->persona) return m->persona && persona_map_member(map, m->persona) == a->persona;
    return !m->persona && m->staff == a->staff;
}

/* Put each text beside its message; what was said in one millisecond by one account, in order. */
static void place_texts(struct checkup *c, const struct messages *said,
                        const struct persona_map *map)
{
    for (size_t i = said->count; i-- > 0;) {
        const struct message *m = &said->items[i];
        for (uint32_t k = first_at(&c->talk, m->at);
             k < c->talk.message_count && c->talk.messages[k].at == m->at; k++) {
            const struct talk_message *x = &c->talk.messages[k];
            if (c->texts[k].p || x->link == TALK_REACTION) continue;
            if (!is_of(&c->talk.accounts[x->account], m, map)) continue;
            c->texts[k] = m->text;
            break;
        }
    }
}

static bool sells(const struct talk *t)
{
    for (uint32_t i = 0; i < t->message_count; i++) {
        if (t->messages[i].promotion) return true;
    }
    return false;
}

static enum err read_texts(const struct checkup_ask *ask, const struct persona_map *map,
                           struct arena *arena, struct checkup *c, struct why *why)
{
    struct messages said;
    const struct messages_ask texts = {.brand = ask->brand,
                                       .group = ask->group,
                                       .find = STR(""),
                                       .from = c->talk.from,
                                       .to = c->talk.to,
                                       .limit = c->talk.message_count,
                                       .arena = arena};
    TRY(messages_list(&texts, &said, why));
    c->texts = arena_alloc_array(arena, c->talk.message_count + 1, sizeof(*c->texts));
    place_texts(c, &said, map);
    return ERR_OK;
}

enum err checkup_texts(const struct checkup_ask *ask, struct checkup *c, struct arena *arena,
                       struct why *why)
{
    if (c->texts) return ERR_OK;
    struct snapshot *snapshot = brand_snapshot(ask->brand);
    enum err err = read_texts(ask, snapshot->personas, arena, c, why);
    brand_snapshot_release(snapshot);
    return err;
}

enum err checkup_text(const struct checkup_ask *ask, const struct checkup *c, uint32_t message,
                      struct arena *arena, struct str *out, struct why *why)
{
    enum { AT_ONCE = 50 };
    const struct talk_message *m = &c->talk.messages[message];
    struct messages said;
    *out = (struct str){NULL, 0};
    if (c->texts) {
        *out = c->texts[message];
        return ERR_OK;
    }
    const struct messages_ask texts = {.brand = ask->brand,
                                       .group = ask->group,
                                       .find = STR(""),
                                       .from = m->at,
                                       .to = m->at + 1,
                                       .limit = AT_ONCE,
                                       .arena = arena};
    TRY(messages_list(&texts, &said, why));
    struct snapshot *snapshot = brand_snapshot(ask->brand);
    for (size_t i = 0; i < said.count && !out->p; i++) {
        if (is_of(&c->talk.accounts[m->account], &said.items[i], snapshot->personas))
            *out = said.items[i].text;
    }
    brand_snapshot_release(snapshot);
    return ERR_OK;
}

static struct str text_of(void *ctx, uint32_t message)
{
    const struct checkup *c = ctx;
    return c->texts[message];
}

/* ---- all of it ---- */

static enum err judge(const struct checkup_ask *ask, const struct persona_map *map,
                      struct arena *arena, struct checkup *out)
{
    const struct talk *t = &out->talk;
    struct suspect_ask suspects = {.talk = t,
                                   .text = out->texts ? text_of : NULL,
                                   .ctx = out,
                                   .elsewhere = out->elsewhere,
                                   .elsewhere_count = out->elsewhere_count,
                                   .devices = out->devices,
                                   .device_count = out->device_count};
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
    const struct haves_ask haves = {t, &out->health, out->suspects.flagged, out->benefits};
    haves_make(&haves, arena, &out->haves);
    graph_make(t, arena, &out->graph);
    return ERR_OK;
}

enum err checkup_make(const struct checkup_ask *ask, struct arena *arena, struct checkup *out,
                      struct why *why)
{
    struct talk_ask talk = {.group = ask->group,
                            .from = ask->to - TALK_DAYS * TIME_DAY + 1,
                            .to = ask->to + 1,
                            .db = ask->db,
                            .places = ask->places};
    struct snapshot *snapshot = brand_snapshot(ask->brand);
    *out = (struct checkup){0};
    enum err err = read_roles(ask, snapshot->personas, arena, &talk);
    if (err != ERR_OK) err = why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (err == ERR_OK) err = talk_read(ask->brand, &talk, arena, &out->talk, why);
    if (err == ERR_OK && sells(&out->talk))
        err = read_texts(ask, snapshot->personas, arena, out, why);
    if (err == ERR_OK) err = vouchers_read(ask->brand, ask->group, ask->to, &out->benefits, why);
    if (err == ERR_OK) err = suspect_gather(ask, snapshot->personas, arena, out, why);
    if (err == ERR_OK && judge(ask, snapshot->personas, arena, out) != ERR_OK)
        err = why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    brand_snapshot_release(snapshot);
    return err;
}
