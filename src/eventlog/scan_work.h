/* scan_work.h - the parts of a scan in progress, shared by the scan_*.c files alone.
 *
 * One struct scanner a scan; it is made before its threads start and changes after only in its
 * atomic fields and under its lock. Each struct worker belongs to one thread at a time. */
#pragma once

#include <pthread.h>

#include "base/codeset.h"
#include "base/vec.h"
#include "eventlog/scan_fill.h"
#include "eventlog/scan_merge.h"

#define SCAN_PERSONA_END ((uint64_t)UINT32_MAX + 1)
#define SCAN_TAIL_ROWS 8192 /* rows of a group of the tail */
#define SCAN_NONE UINT32_MAX

/* Rows that are read at once: a group of a part, or a stretch of the tail's events. */
struct scan_group {
    uint32_t place; /* group of the part, or index of the first key */
    uint32_t rows;
    uint32_t persona_min, persona_max;
};

/* A level of a part, or the tail. Sources are numbered in order of commit, then of time. */
struct scan_source {
    struct part *part;             /* borrowed; NULL = the tail */
    uint32_t level;                /* of the part */
    const struct tail_view *tail;  /* borrowed */
    const struct tail_key *keys;   /* of the tail's events, sorted; borrowed */
    size_t event_count;            /* of keys */
    VEC(struct scan_group) groups; /* that may hold rows asked for; personas ascend */
};

/* Work for one worker: the personas from .. to-1, or one group: all of it or the rows without
 * member. */
struct scan_task {
    uint64_t from, to;
    uint32_t source; /* SCAN_NONE: personas */
    uint32_t group;  /* in source.groups */
};

/* A worker's place in one source. Its lane is worker.lanes[source]. */
struct scan_cursor {
    const struct scan_source *source;
    struct rows rows;           /* decoded group of a part */
    struct sheet own;           /* columns of a stretch of the tail */
    struct sheet sheet;         /* the loaded group's columns, borrowed from one of the above */
    struct texts texts;         /* strings of the tail's stretch */
    struct strings *strings;    /* [prop_count] of the loaded group */
    struct tail_key *kept;      /* [SCAN_TAIL_ROWS] of the tail's stretch that are asked for */
    const struct event **found; /* [SCAN_TAIL_ROWS] their events, where more than keys is */
    uint32_t loaded;            /* place of the group in 'sheet'; SCAN_NONE */
    uint32_t next;              /* group that follows */
    uint32_t paid_rows;         /* rows whose decoded columns are paid for */
};

/* Rows of one persona of a member that has several, gathered. */
struct scan_piece {
    uint32_t member, persona;
    const struct sheet *sheet;
    uint32_t from, count;
    uint32_t worker; /* whose 'side' its text codes are of */
};

struct scan_side {
    VEC(struct sheet *) sheets; /* owned */
    VEC(struct scan_piece) pieces;
    struct texts texts; /* of all its sheets */
};

struct scan_worker {
    struct scanner *scanner;
    uint32_t number;               /* index in scanner.workers */
    void *ctx;                     /* the caller's */
    struct scan_cursor *cursors;   /* [source_count] */
    struct lane *lanes;            /* [source_count] */
    struct sheet out;              /* a run of several sources */
    struct sheet gathered;         /* rows of one persona, source by source */
    VEC(struct stretch) stretches; /* of gathered, or of the pieces of a member */
    struct stretch *scratch;       /* [source_count] of merges */
    struct texts texts;            /* of out and gathered; sources are those of the scan */
    struct texts joined;           /* of out when it holds pieces; sources are the workers */
    struct scan_side side;         /* members of several personas */
    struct strings *strings;       /* [prop_count] scratch of a delivery */
    struct prop_column *props;     /* [prop_count] scratch of a delivery */
    uint64_t *asked;               /* [PART_GROUP_ROWS / 64] scratch: rows of a group of kinds that
                                      are asked for; NULL until it is needed */
    uint32_t *stay;                /* scratch: their numbers, where few are; NULL like 'asked' */
    uint32_t *stay_runs;           /* scratch: the run of each; NULL like 'asked' */
    uint32_t *off;                 /* scratch of a delivery: room for off_max */
    uint32_t off_max;
    size_t mapped;           /* place in the persona map, near the rows in hand */
    struct member_span span; /* of the runs that are delivered */
    struct why why;          /* of a failure */
};

/* Tasks of one worker; others help when theirs are done. */
struct scan_share {
    _Atomic size_t next; /* task to take */
    size_t end;          /* one past the last */
};

struct scanner {
    const struct snapshot *snapshot;
    const struct scan *scan;
    struct persona_map map; /* personas whose rows are gathered by member */
    struct layout layout;
    struct budget *budget;
    struct purse purse;
    scan_fn *fn;                 /* NULL: gather only */
    struct codeset *kinds;       /* those asked for; NULL = all */
    struct scan_source *sources; /* [source_count], the tail last */
    uint32_t source_count;
    struct scan_worker *workers; /* [worker_count] */
    uint32_t worker_count;
    VEC(struct scan_task) tasks;                          /* of this pass */
    struct scan_share *shares;                            /* [worker_count] of tasks */
    enum err (*work)(struct scan_worker *w, size_t task); /* of this phase */
    VEC(struct scan_piece) pieces;                        /* of all workers, by (member, persona) */
    VEC(size_t) deliveries;          /* first piece of each run of gathered members, and the end */
    bool stream;                     /* this pass delivers members of one persona */
    uint64_t member_from, member_to; /* this pass gathers these members */
    uint64_t side_max;               /* bytes that may be gathered */
    _Atomic uint64_t side_bytes;     /* bytes gathered */
    atomic_bool side_full;           /* more than that was needed: what was gathered is void */
    atomic_bool failed;              /* some worker did; the others stop */
    pthread_mutex_t lock;            /* guards what follows */
    enum err err;                    /* of the first failure */
    struct why why;
};

/* --- scan_plan.c --- */
void scanner_init(struct scanner *sc, const struct snapshot *s, const struct scan *scan,
                  struct budget *budget);
void scanner_finish(struct scanner *sc); /* workers too */
/* Choose the groups and cut the tasks of a pass. */
void scan_plan(struct scanner *sc);
bool scan_asks_kind(const struct scanner *sc, uint16_t kind);

/* --- scan_cursor.c --- */
void scan_worker_init(struct scan_worker *w, struct scanner *sc, uint32_t number, void *ctx);
void scan_worker_finish(struct scan_worker *w);
/* Make group 'group' of a source the loaded one; its lane is empty, before the first row. */
MUST_CHECK enum err scan_load(struct scan_worker *w, uint32_t source, uint32_t group);
/* ERR_CANCELLED, ERR_DEADLINE; also ERR_CANCELLED when another worker has failed. */
MUST_CHECK enum err scan_check(struct scan_worker *w);

/* --- scan_sift.c --- */
/* Make room for 'asked', 'stay' and 'stay_runs'. */
MUST_CHECK enum err scan_sift_room(struct scan_worker *w);
/* Take rows that are not asked for out of a decoded group. 'mixed': some must go for their kind. */
MUST_CHECK enum err scan_sift(struct scan_worker *w, struct sheet *s, const struct part_group *g,
                              bool mixed);

/* --- scan_span.c --- */
/* All rows of the personas from .. to-1. */
MUST_CHECK enum err scan_span(struct scan_worker *w, uint64_t from, uint64_t to);
/* All rows of one group, as they lie. */
MUST_CHECK enum err scan_piece(struct scan_worker *w, uint32_t source, uint32_t group);
/* The rows without member of one group. */
MUST_CHECK enum err scan_memberless(struct scan_worker *w, uint32_t source, uint32_t group);
/* Hand over runs from .. to-1 of a sheet, each a member, as a run of the scan. */
MUST_CHECK enum err scan_deliver(struct scan_worker *w, const struct sheet *s, uint32_t from,
                                 uint32_t to, const struct strings *strings);

/* --- scan_gather.c --- */
/* Whether rows of this member are to be gathered in this pass, and there is still room. */
bool scan_gather_wants(struct scan_worker *w, uint32_t member);
/* A sheet with room for 'rows' rows of one persona of 'member', whose text codes are to be of
 * w->side.texts; NULL when they are not wanted. After the rows were
 * appended, from row 'from' on, scan_gather_done(). */
struct sheet *scan_gather_room(struct scan_worker *w, uint32_t member, size_t rows);
void scan_gather_done(struct scan_worker *w, uint32_t persona, uint32_t member, struct sheet *sheet,
                      uint32_t from);
/* Bring the pieces of all workers in order and cut them into deliveries. */
MUST_CHECK enum err scan_gather_sort(struct scanner *sc, struct why *why);
MUST_CHECK enum err scan_gather_deliver(struct scan_worker *w, size_t delivery);
void scan_side_reset(struct scan_worker *w);
