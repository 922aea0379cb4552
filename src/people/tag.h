/* tag.h - tags on members: their groups, who has which, for how long.
 *
 * A tag has a name that no other has, and lies in a group or in none (group 0). A group has a
 * colour and may be exclusive: then a member has one of its tags at most, the one given last. A tag
 * may be given until a moment; a timer takes it away then. Giving and taking emit member.tagged and
 * member.untagged, with the tag in props.tag, in the transaction that changes the row.
 *
 * Rows belong to personas, as traits do: a merged member has the tags of all, one apart again their
 * own; of an exclusive group the later one counts. Definitions are read on any connection; what
 * changes runs on the brand's writer, and the functions here wait for it. */
#pragma once

#include "brand/brand.h"
#include "people/idset.h"

struct tag_group {
    uint32_t id; /* 0 = the tags in no group */
    struct str name;
    struct str colour; /* of tag_colours() */
    bool exclusive;
};
struct tag {
    uint32_t id;
    uint32_t group; /* 0 = none */
    struct str name;
};

/* "grey|red|..." as the API lists choices. */
#define TAG_COLOURS "grey|red|orange|gold|green|teal|blue|purple|pink"

/* All of them, groups in order of id, tags of name; in 'arena'. */
MUST_CHECK enum err tag_groups(struct sql *db, struct arena *arena, struct tag_group **out,
                               size_t *count, struct why *why);
MUST_CHECK enum err tag_list(struct sql *db, struct arena *arena, struct tag **out, size_t *count,
                             struct why *why);
/* One by number. ERR_NOT_FOUND. */
MUST_CHECK enum err tag_group_get(struct sql *db, uint32_t id, struct arena *arena,
                                  struct tag_group *out, struct why *why);
MUST_CHECK enum err tag_get(struct sql *db, uint32_t id, struct arena *arena, struct tag *out,
                            struct why *why);

/* Make one (id 0; the number is filled in) or replace it. ERR_CONFLICT: another has the name.
 * ERR_NOT_FOUND: no such group. ERR_TOO_LARGE: LIMIT_TAGS, LIMIT_TAG_GROUPS. */
MUST_CHECK enum err tag_group_save(struct brand *b, struct tag_group *g, struct why *why);
MUST_CHECK enum err tag_save(struct brand *b, struct tag *t, struct why *why);
/* ERR_CONFLICT: it has tags; members have it. */
MUST_CHECK enum err tag_group_remove(struct brand *b, uint32_t id, struct why *why);
MUST_CHECK enum err tag_remove(struct brand *b, uint32_t id, struct why *why);

/* Members who have a tag now, those of 'only' (NULL = all); any thread. */
MUST_CHECK enum err tag_count(struct brand *b, uint32_t tag, const struct idset *only,
                              uint64_t *out, struct why *why);

/* One tag of one member. */
struct tag_held {
    struct tag tag;
    struct str colour;  /* the group's; "grey" of none */
    int64_t at;         /* since when */
    int64_t expires_at; /* TIME_NONE = it stays */
    struct str source;  /* "staff:lily" */
    uint32_t run;       /* that gave it; 0 = none */
};
/* Those of a member, by any of their personas, in order of name. */
MUST_CHECK enum err tag_held_by(struct sql *db, uint32_t member, struct arena *arena,
                                struct tag_held **out, size_t *count, struct why *why);

/* What gives by a rule says so; it takes only what it gave. By hand wins: what was taken by hand is
 * not given again, what was given by hand is not taken, and a tag of an exclusive group is not put
 * out of its place. */
#define TAG_BY_RULE "rule"

/* Give a tag to members, or take it away. */
struct tagging {
    uint32_t tag;
    bool remove;
    int64_t expires_at; /* of those given; TIME_NONE = they stay */
    const uint32_t *members;
    size_t count; /* at most LIMIT_TAGGED */
    struct str source;
    bool counted; /* give the run a number, by which it can be undone */
    /* out */
    uint32_t run;   /* 0 = none */
    size_t changed; /* members */
    size_t same;    /* had it already, or had it not */
    size_t missing; /* numbers that are nobody's */
};
/* In pieces of a thousand members, each a transaction of its own: when one fails those before it
 * stay, and are counted. ERR_NOT_FOUND: there is no such tag. */
MUST_CHECK enum err tag_members(struct brand *b, struct tagging *t, struct why *why);
/* Take a tag from those to whom this run gave it and who have it from it still. ERR_NOT_FOUND: no
 * such run of the tag. Fills what tag_members does. */
MUST_CHECK enum err tag_undo(struct brand *b, uint32_t run, struct tagging *t, struct why *why);
