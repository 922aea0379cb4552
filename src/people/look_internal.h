/* look_internal.h - what the files of look.h share. */
#pragma once

#include "people/circle.h"
#include "people/internal.h"
#include "people/look.h"

static inline struct people *look_people(const struct look *l)
{
    return brand_module_state(l->brand, &people_module);
}

/* look_who.c */
/* The member of a persona, and all personas of a member, the root first, as of the snapshot. */
uint32_t look_member_of(const struct look *l, uint32_t persona);
size_t look_personas(const struct look *l, uint32_t member, uint32_t **out);
/* A sealed value in clear. */
struct str look_unsealed(const struct look *l, struct str sealed);
/* What is known of who somebody is. */
struct look_who {
    const uint32_t *personas;
    size_t persona_count;
    struct look_identity *identities; /* out */
    size_t identity_count;
    struct str name; /* out */
};
MUST_CHECK enum err look_who(const struct look *l, struct look_who *who);
MUST_CHECK enum err look_traits(const struct look *l, const uint32_t *personas, size_t count,
                                struct look_trait **out, size_t *out_count);

/* look_story.c: a member's history folded up to now, with the changes on the way. */
struct look_story {
    uint32_t id; /* the root */
    int64_t now;
    uint32_t *personas;
    size_t persona_count;
    struct fold_names names;
    struct refold_read reading;
    struct history h;          /* one member's, up to now and beyond */
    uint32_t rows;             /* of them, those up to now */
    struct fold *fold;         /* as of now; gone with the arena */
    struct look_event *events; /* rows and changes in order of time; changes behind the rows of
                                  their millisecond */
    size_t event_count;
};
MUST_CHECK enum err look_story(const struct look *l, uint32_t member, struct look_story *out,
                               struct why *why);
/* The same of 'out->personas', as if they were the one member out->id. */
MUST_CHECK enum err look_story_of(const struct look *l, struct look_story *out, struct why *why);

/* look_why.c */
void look_explain(const struct look_story *story, struct look_why out[2]);
