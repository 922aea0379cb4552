/* look_profile.c - all that is known of one member, as of now. */
#include "people/look_internal.h"

/* When the trust stage of now began. */
static int64_t trust_since(const struct look_story *story)
{
    for (size_t i = story->event_count; i > 0; i--) {
        if (story->events[i - 1].row == UINT32_MAX && story->events[i - 1].is_trust)
            return story->events[i - 1].at;
    }
    return TIME_NONE;
}

enum err look_profile(const struct look *l, uint32_t member, struct look_profile *out,
                      struct why *why)
{
    struct look_story story;
    TRY(look_story(l, member, &story, why));
    struct look_who who = {.personas = story.personas, .persona_count = story.persona_count};
    enum err err = look_who(l, &who);
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
