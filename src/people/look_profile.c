/* look_profile.c - all that is known of one member, as of now. */
#include "people/look_internal.h"

/* When the trust stage of now began. */
static int64_t trust_since(const struct look_story *story)
{
    for (size_t i = story->event_count; i > 0; i--) {
        if (story->events[i - 1].row == UINT32_MAX && story->events[i - 1].of == LOOK_TRUST)
            return story->events[i - 1].at;
    }
    return TIME_NONE;
}

/* The newest thing that a member did; what was done with their record is none of it. */
static int64_t newest_act(const struct look_story *story, const struct history *h)
{
    const struct fold_names *n = &story->names;
    uint32_t rows = h->member_count ? history_row_at(h->at, 0, h->off[1], story->now + 1) : 0;
    for (uint32_t r = rows; r > 0; r--) {
        uint16_t kind = h->kind[r - 1];
        if (kind >= n->kind_count || !(n->roles[kind] & ROLE_BOOKKEEPING)) return h->at[r - 1];
    }
    return TIME_NONE;
}

/* Identities were seen last when their persona was. One read of a persona's own rows where there
 * are several: the story does not say whose a row was. */
static enum err find_last_seen(const struct look *l, const struct look_story *story,
                               struct look_who *who, struct why *why)
{
    const struct columns none = {0};
    const struct scan scan = {.columns = &none, .from = INT64_MIN, .to = story->now + 1};
    for (size_t i = 0; i < story->persona_count; i++) {
        struct history own = story->h;
        if (story->persona_count > 1)
            TRY(eventlog_member(l->snapshot, story->personas[i], &story->personas[i], 1, &scan,
                                l->arena, &own, why));
        int64_t at = newest_act(story, &own);
        for (size_t k = 0; k < who->identity_count; k++) {
            if (who->identities[k].persona == story->personas[i]) who->identities[k].last_seen = at;
        }
    }
    return ERR_OK;
}

enum err look_profile(const struct look *l, uint32_t member, struct look_profile *out,
                      struct why *why)
{
    struct look_story story;
    TRY(look_story(l, member, &story, why));
    struct look_who who = {.personas = story.personas, .persona_count = story.persona_count};
    enum err err = look_who(l, &who);
    if (err == ERR_OK) TRY(find_last_seen(l, &story, &who, why));
    *out = (struct look_profile){.id = story.id,
                                 .name = who.name,
                                 .trust_since = trust_since(&story),
                                 .identities = who.identities,
                                 .identity_count = who.identity_count,
                                 .personas = story.personas,
                                 .persona_count = story.persona_count};
    if (err == ERR_OK)
        err = look_traits(l, story.personas, story.persona_count, &out->traits, &out->trait_count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    fold_get_state(story.fold, &story.names, &out->state); /* its groups live in the arena's fold */
    look_explain(&story, out->why);
    return ERR_OK;
}
