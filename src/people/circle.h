/* circle.h - the circle that each member is in, group by group, and how that changed.
 *
 * The room of groups finds it from who speaks to whom (groups/graph.h) and puts it here whenever it
 * looks at a group, so that rooms and expressions that know of no graph can ask. Rows are of the
 * member's id as of the look: after a merge the highest of what were several is the member's, until
 * the next look. Any thread. */
#pragma once

#include "brand/brand.h"

/* The highest first. */
enum circle { CIRCLE_CORE, CIRCLE_INFLUENCE, CIRCLE_PERIPHERY, CIRCLE_COUNT };
const char *circle_name(enum circle c); /* "core" "influence" "periphery" */
#define CIRCLE_NONE (-1)                /* not in the group, or nobody has looked */

struct circle_place {
    uint32_t group; /* code of DIM_GROUP */
    uint32_t member;
    uint8_t circle; /* enum circle */
};

/* A group as it was found: all who are in it, by member. */
struct circle_look {
    uint32_t group;
    int64_t at; /* as of when */
    const struct circle_place *places;
    size_t count;
    struct arena *arena;
    uint32_t *changed; /* out: whose circle is another now */
    size_t changed_count;
};
/* Keep it in the place of what was kept of the group, and write down what changed. */
MUST_CHECK enum err circles_keep(struct brand *b, struct circle_look *look, struct why *why);

/* The circle in a group (0: the highest in any), or CIRCLE_NONE. */
int circle_of(struct brand *b, uint32_t member, uint32_t group);
/* All groups of a member that they have a circle in, by group; in 'arena'. */
size_t circles_of(struct brand *b, uint32_t member, struct arena *arena, struct circle_place **out);

struct circle_change {
    uint32_t member, group;
    int64_t at;
    int from, to; /* enum circle, or CIRCLE_NONE */
};
#define CIRCLE_KEEP_DAYS 800
#define CIRCLE_CHANGES_MAX 1000000 /* of one reading: the newest */
/* What changed, by member and time: of some personas, or (count 0) of everybody; in 'arena'.
 * Coming into the periphery, and leaving from there, is no change to tell of. */
MUST_CHECK enum err circle_changes(struct sql *db, const uint32_t *personas, size_t count,
                                   struct arena *arena, struct circle_change **out,
                                   size_t *out_count);
/* Members whose circle changed not long before the last change of all. */
MUST_CHECK enum err circles_lately(struct sql *db, int64_t within_ms, struct arena *arena,
                                   uint32_t **out, size_t *count);
