/* segments.h - saved member expressions that are kept current, by each event and by the clock, and
 * static lists of members.
 *
 * Definitions are records of the brand, changed by commands on its writer. Who is in a segment is a
 * projection in memory: a thread of each brand that has segments (the keeper) follows the log and
 * the clock, evaluates whom something concerns, and tells who watches of each entering and leaving.
 * A segment whose definition has changed serves as it was until one scan has made it anew. */
#pragma once

#include "base/limits.h"
#include "brand/brand.h"
#include "people/idset.h"
#include "people/people.h"

extern const struct module segments_module;

/* ---- definitions ---- */

enum segment_kind { SEGMENT_DYNAMIC, SEGMENT_STATIC };

struct segment {
    uint32_t id;
    enum segment_kind kind;
    struct str code; /* what in_segment() names it by; never changes */
    struct str name, description;
    struct str expr;   /* in canonical form; of a static one in_list("code") */
    struct str author; /* who made or changed it last */
    uint64_t version;  /* from 1 */
    int64_t created_at, changed_at;
};

/* May it be the code of a segment: a-z, 0-9, '-' and '_', LIMIT_SEGMENT_CODE_BYTES at most? */
bool segment_code_valid(struct str code);

/* All, in order of id; in 'arena'. */
MUST_CHECK enum err segments_list(struct sql *db, struct arena *arena, struct segment **out,
                                  size_t *count, struct why *why);
/* ERR_NOT_FOUND. */
MUST_CHECK enum err segments_get(struct sql *db, struct str code, struct arena *arena,
                                 struct segment *out, struct why *why);

/* Make one: id, version, times and the canonical expression (in 'arena') are filled in. ERR_INVALID
 * names the field of the expression; ERR_CONFLICT: the code is taken; ERR_TOO_LARGE over
 * LIMIT_SEGMENTS. */
MUST_CHECK enum err segments_add(struct brand *b, struct segment *s, struct arena *arena,
                                 struct why *why);
/* Replace name, description and expression of s->id, if it still has s->version. ERR_NOT_FOUND,
 * ERR_PRECONDITION. */
MUST_CHECK enum err segments_change(struct brand *b, struct segment *s, struct arena *arena,
                                    struct why *why);
/* ERR_CONFLICT: another segment names it. */
MUST_CHECK enum err segments_remove(struct brand *b, const struct segment *s, struct why *why);

/* What a definition was, newest first, LIMIT_SEGMENT_VERSIONS at most. */
struct segment_version {
    uint64_t version;
    struct str name, expr, author;
    int64_t at;
};
MUST_CHECK enum err segments_versions(struct sql *db, uint32_t id, struct arena *arena,
                                      struct segment_version **out, size_t *count, struct why *why);

/* Put members on a static list, or take them off; '*size' is how many were named then.
 * ERR_TOO_LARGE over LIMIT_SEGMENT_LIST. */
struct segment_listing {
    struct str code;
    const uint32_t *members;
    size_t count;
    bool remove;
    uint64_t size; /* out */
};
MUST_CHECK enum err segments_enlist(struct brand *b, struct segment_listing *l, struct why *why);

/* ---- who is in ---- */

struct segment_state {
    uint64_t members;
    bool building;    /* its definition is new: the members are still those of the last one */
    bool broken;      /* its expression cannot be read any more: nobody is in */
    int64_t moved_at; /* when somebody last entered or left; TIME_NONE = not since the start */
};
/* False: there is none of that id (yet). Any thread, as all that follow. */
bool segments_state(struct brand *b, uint32_t id, struct segment_state *out);
/* May it be asked who is in? A segment that was made just now is followed a little later, and built
 * by a scan of the log: it is waited for, so long at most. */
enum segment_ready { SEGMENT_MISSING, SEGMENT_BUILDING, SEGMENT_READY };
enum segment_ready segments_await(struct brand *b, struct str code, int64_t ms);
/* Add the members of a segment to 'out', which is empty. False: there is no such segment. */
bool segments_members(struct brand *b, struct str code, struct idset *out);
bool segments_has(struct brand *b, struct str code, uint32_t member);

struct segment_overlap {
    uint64_t a, b, both, either;
};
bool segments_overlap(struct brand *b, struct str one, struct str other,
                      struct segment_overlap *out);

/* Is the member in it, and why: each clause of its expression as of now. 'building' segments answer
 * by the new definition. ERR_NOT_FOUND: no such member. */
struct segment_why {
    bool holds;
    struct expr_clauses clauses;
};
MUST_CHECK enum err segments_why(struct brand *b, const struct segment *s, uint32_t member,
                                 struct arena *arena, struct segment_why *out, struct why *why);

/* Fill the catalog of a brand: brand_catalog(), traits, derived kinds and saved segments. */
void segments_catalog(struct brand *b, struct expr_catalog *out);
/* Fields of members that the fold does not answer: people_get_field() and static lists. */
void segments_get_field(void *ctx, uint32_t member, enum expr_field field, struct str name,
                        struct expr_value *out);

/* ---- entering and leaving ---- */

enum segment_reason {
    REASON_EVENT,     /* something happened to the member */
    REASON_CLOCK,     /* time went by */
    REASON_DEFINITION /* the segment was made anew: of many members at once, 'member' is 0 */
};

struct segment_move {
    uint64_t number; /* ascending, of the brand */
    uint32_t segment;
    uint32_t member;
    bool entered;
    enum segment_reason reason;
    int64_t at;      /* the moment it is so from: of the clock the very millisecond */
    struct str code; /* of the segment; lives as long as the brand is open */
};
/* Number of the newest move. */
uint64_t segments_newest(struct brand *b);
/* Moves after number 'after', oldest first, at most 'room'; those that are no longer remembered are
 * left out: LIMIT_SEGMENT_MOVES are. */
size_t segments_moves(struct brand *b, uint64_t after, struct segment_move *out, size_t room);
/* Have 'fn' called after moves, on the keeper's thread. One listener a brand; NULL = none: then it
 * is not running when this returns. Hold no lock that 'fn' takes. A brand without this room never
 * calls. */
void segments_listen(struct brand *b, void (*fn)(void *ctx, struct brand *b), void *ctx);

/* The rule of owners is another: segments that ask for owners are made anew. */
void segments_refresh(struct brand *b);

/* Fields of members, as segments_get_field() gives them, are others now, of which no event tells:
 * they are looked at. Any thread. */
void segments_touch(struct brand *b, const uint32_t *members, size_t count);

/* How far the keeper is. */
struct segments_stats {
    uint64_t seq;        /* everything up to here is followed */
    uint64_t remembered; /* members whose next event needs no reading */
    uint64_t bytes;      /* that they take */
    uint64_t histories;  /* read of members who were not, since the start */
    bool complete;       /* as many are remembered as there is room for */
};
struct segments_stats segments_stats(struct brand *b);

/* Wait until everything committed, every definition and the clock up to now is followed. */
void segments_settle(struct brand *b);

/* Recompute every segment from the log and compare, timers too. */
MUST_CHECK enum err segments_verify(struct brand *b, struct verify_report *report, struct why *why);

/* ---- the built-in ones ---- */

struct segment_template {
    const char *code;
    const char *name[2];  /* enum lang */
    const char *about[2]; /* who is in it */
    const char *expr;
};
/* Ends with {0}. */
extern const struct segment_template segment_templates[];
