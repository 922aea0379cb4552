/* look.h - members as people look at them: lists, search, one member's profile and history.
 *
 * Reading only, on any thread that has a reader connection. Lists and search read the members'
 * rows, which may lag the log by a second; a profile and a history are made from the log, as of the
 * snapshot. What is found lives in the arena of the look. Identities and traits come unsealed: who
 * shows them masks them first (look_mask). */
#pragma once

#include "people/idset.h"
#include "people/people.h"

struct look {
    struct brand *brand;
    struct sql *db;                /* a reader connection */
    struct arena *arena;           /* of everything found */
    struct snapshot *snapshot;     /* of the log */
    const struct look_story *kept; /* see look_keep(); NULL = none */
};
/* Take the snapshot; to be given back by look_end. */
void look_begin(struct look *l, struct brand *b, struct sql *db, struct arena *arena);
void look_end(struct look *l);

/* Read a member's history once for all that is asked of them by this look from here on, or by
 * copies of it; it lies in the look's arena. ERR_NOT_FOUND. */
MUST_CHECK enum err look_keep(struct look *l, uint32_t member, struct why *why);

struct look_identity {
    enum identity_kind kind;
    struct str value; /* in clear */
    bool personal;    /* sealed at rest: to be masked */
    bool verified;
    uint32_t persona; /* that it belongs to */
    int64_t first_seen;
    int64_t last_seen; /* of the persona: its newest event; TIME_NONE = not asked for, or none */
    struct str source; /* {NULL, 0} = unknown */
};

struct look_row {
    uint32_t id;
    struct str name; /* {NULL, 0} = none is known */
    enum stage stage;
    enum trust trust;
    int64_t created, last_seen;
    uint64_t events;
    uint32_t orders;
    int64_t spent;                    /* minor units */
    struct look_identity *identities; /* highest rank first */
    size_t identity_count;
};

/* ---- lists ---- */

enum look_sort { LOOK_BY_ID, LOOK_BY_LAST_SEEN, LOOK_BY_STAGE };
#define LOOK_ANY_STAGE (-1)

/* Where a page ended. */
struct look_place {
    int64_t key; /* what was sorted by; of LOOK_BY_ID 0 */
    uint32_t id;
};
struct look_page {
    enum look_sort sort;
    bool descending;
    int stage;                      /* only these; LOOK_ANY_STAGE */
    const struct idset *only;       /* and only these; NULL = all */
    const struct look_place *after; /* NULL = from the beginning */
    size_t limit;                   /* 1 to LIMIT_PAGE_MEMBERS */
};
struct look_rows {
    struct look_row *items;
    size_t count;
    bool more;              /* there are members behind the last */
    struct look_place last; /* where they go on; only if more */
};
MUST_CHECK enum err look_list(const struct look *l, const struct look_page *page,
                              struct look_rows *out, struct why *why);
/* The row of one member; ERR_NOT_FOUND when there is none yet. */
MUST_CHECK enum err look_row(const struct look *l, uint32_t member, struct look_row *out,
                             struct why *why);
/* Members by stage; STAGE_NONE are visitors. */
MUST_CHECK enum err look_count(struct sql *db, uint64_t counts[STAGE_COUNT + 1]);

/* The stage of every member by id, LOOK_NO_STAGE where there is none; grows 'out'. */
#define LOOK_NO_STAGE UINT8_MAX
struct look_stages {
    VEC(uint8_t) of;
};
MUST_CHECK enum err look_stages(struct sql *db, struct look_stages *out);

/* Members that a text finds, best first: by id ("m12"), by identity ("phone:13800138000", or the
 * value alone), by the last four digits of a phone, by name (whole, its beginning, a piece of it).
 * No more than 'limit'. */
struct look_found {
    uint32_t *members;
    size_t count;
    bool more; /* there may be others */
};
MUST_CHECK enum err look_search(const struct look *l, struct str text, size_t limit,
                                struct look_found *out, struct why *why);

/* ---- one member ---- */

struct look_trait {
    struct str name;
    enum expr_type type; /* TYPE_TEXT, TYPE_NUMBER, TYPE_BOOL */
    double number;
    struct str text;
    int64_t at;
    struct str source;
    bool personal; /* sealed at rest: to be masked, but for names */
};

/* One event, or one change of stage, trust or circle, of a member's history. */
enum look_change { LOOK_STAGE, LOOK_TRUST, LOOK_CIRCLE };
struct look_event {
    int64_t at;
    int kind;     /* code of the brand's registry */
    uint32_t row; /* of the history; UINT32_MAX = a change */
    enum look_change of;
    int from, to;   /* of a change: enum stage, trust or circle; -1 = none */
    uint32_t group; /* of a circle */
};

#define LOOK_EVIDENCE 4
struct look_why {
    struct fold_reason reason;
    struct {
        int64_t at;
        int kind;
    } events[LOOK_EVIDENCE]; /* latest first */
    size_t event_count;
};

struct look_profile {
    uint32_t id; /* the root, whichever persona was asked for */
    struct str name;
    struct fold_state state; /* as of now */
    int64_t trust_since;     /* TIME_NONE = from the beginning */
    struct look_why why[2];  /* of the lifecycle, of trust */
    struct look_identity *identities;
    size_t identity_count;
    struct look_trait *traits; /* by name */
    size_t trait_count;
    uint32_t *personas; /* the root first */
    size_t persona_count;
};
/* 'member' may be any of their personas. ERR_NOT_FOUND. */
MUST_CHECK enum err look_profile(const struct look *l, uint32_t member, struct look_profile *out,
                                 struct why *why);
/* Traits that an import overwrote, which come back if it is undone. */
MUST_CHECK enum err look_overwritten(const struct look *l, const struct look_profile *of,
                                     struct look_trait **out, size_t *count);

/* A page of a member's history, newest first, changes of stage, trust and circle among it. */
struct look_prop {
    struct str name;
    enum prop_type type;
    double number;
    struct str text;
};
struct look_entry {
    int64_t at;
    int kind;
    uint32_t dim[DIM_COUNT];
    uint32_t other; /* a member; 0 = none */
    int64_t amount; /* HISTORY_NO_AMOUNT = none */
    struct look_prop *props;
    size_t prop_count;
};
/* Where a page ended: what comes next is older, or the 'index'-th of its millisecond or before. */
struct look_moment {
    int64_t at;
    uint32_t index;
};
struct look_span {
    const struct str *kinds; /* only these; none = all */
    size_t kind_count;
    const struct look_moment *before; /* NULL = from the newest */
    size_t limit;                     /* 1 to LIMIT_PAGE_EVENTS */
};
struct look_timeline {
    struct look_entry *items;
    size_t count;
    bool more;
    struct look_moment last; /* only if more */
};
MUST_CHECK enum err look_timeline(const struct look *l, uint32_t member,
                                  const struct look_span *span, struct look_timeline *out,
                                  struct why *why);

/* All of a member's history, oldest first, piece by piece: 'fn' is called with entries that are
 * good until it returns. What the story of a member takes stays in the arena of the look, once for
 * each call unless it is kept (look_keep). */
typedef enum err look_piece_fn(void *ctx, const struct look_entry *items, size_t count,
                               struct why *why);
MUST_CHECK enum err look_history(const struct look *l, uint32_t member, look_piece_fn *fn,
                                 void *ctx, struct why *why);

/* The name to show of a member, by any of their personas; {NULL, 0} = none is known. */
MUST_CHECK enum err look_name(const struct look *l, uint32_t persona, struct str *out);

/* "138****1234", "a***@example.com", else "****" and the last four; of a text of four characters or
 * fewer nothing is left. */
struct str look_mask(struct arena *arena, struct str value);
