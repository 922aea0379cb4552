/* scan.h - read the log as runs of whole members.
 *
 * A snapshot is a set of parts and a view of the tail: everything committed up to a seq, each event
 * exactly once. eventlog_scan() shares out ranges of personas to worker threads, merges the sources
 * of each range by (persona, at), maps personas to members, and hands each worker runs of whole
 * members of about SCAN_RUN_ROWS rows. A member of several personas is gathered apart and comes
 * whole. Events without member come in runs of one "member" with id 0, in several pieces, sorted by
 * at within each. Who counts events and not members can take all members in pieces, and who adds up
 * a member's rows in whatever order can take them source by source; both save the merging. The
 * order in which runs come to workers is not fixed: results must be merged so
 * that it does not matter.
 *
 * Within a member rows ascend by at. Ties of one persona are in order of commit; between personas
 * of one member the lower persona goes first, so that compaction never changes an answer. Within a
 * run equal texts have equal codes; another run may have another table of strings. */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "eventlog/part.h"
#include "eventlog/tail.h"

#define SCAN_RUN_ROWS 65536
#define SCAN_SPAN_MAX 65536 /* members of a span */

/* Personas that belong to a member with other personas; all others are their own member. */
struct persona_map {
    size_t count;
    const uint32_t *persona; /* ascending; every persona of a multi-persona member, its root too */
    const uint32_t *member;  /* beside it: the member's id (= its lowest persona) */
};

/* The member of a persona; the map may be NULL. */
uint32_t persona_map_member(const struct persona_map *map, uint32_t persona);
/* All personas of a member, that of its id first, in 'arena'; how many. The map may be NULL. It is
 * in order of persona: of who has several it is read whole. */
size_t persona_map_of(const struct persona_map *map, uint32_t member, struct arena *arena,
                      uint32_t **out);

struct snapshot {
    size_t part_count;
    struct part **parts;    /* in order of commit; referenced */
    struct tail_view *tail; /* referenced; may be NULL */
    uint64_t seq;           /* of the newest event in it, 0 when empty */
    const struct persona_map *personas;
};

/* What a query may use up. */
struct budget {
    atomic_bool cancel;   /* set by anyone */
    uint64_t deadline_ns; /* of 'mono_ns'; 0 = none */
    uint64_t (*mono_ns)(void *ctx);
    void *ctx;
    _Atomic uint64_t bytes_left; /* buffers are charged here; ERR_TOO_LARGE when it is used up */
    _Atomic uint64_t rows;       /* out: rows handed to fn */
    _Atomic uint64_t bytes_read; /* out: bytes of chunks decoded */
};

struct scan {
    const struct columns *columns;
    const enum prop_type *prop_types; /* beside columns->props */
    int64_t from, to; /* only events in [from, to) are needed: others may be left out, or come */
    const uint16_t *kinds; /* only these are needed (others may come); NULL = all, COLUMN_NO_KIND */
    size_t kind_count;
    const struct codeset *without; /* rows of these kinds are left out; NULL: none are */
    /* Of a member's rows before this time one is enough, whichever it is of those asked for, under
     * any time before this one; 0: all are needed. Then no optional column may be asked for. */
    int64_t brief_before;
    /* Of a time no more is needed than whether it is before 'from', each of these and 'to': it may
     * come as any other of which the same is true. NULL: times come as they are. */
    const int64_t *bounds;
    size_t bound_count;
    bool members_only; /* leave out events without member */
    bool pieces;       /* a member may come in several pieces, also of one run: nothing is merged */
    bool spans; /* members may come in several runs, each in order by itself (history.span) */
};

/* One call per run; false stops the scan (which then returns ERR_CANCELLED). Arrays are valid
 * during the call only. */
typedef bool scan_fn(void *worker, const struct history *run);

/* Run 'fn' with workers[i] on thread i; the calling thread is worker 0. worker_count >= 1. */
MUST_CHECK enum err eventlog_scan(const struct snapshot *s, const struct scan *scan,
                                  void *const *workers, int worker_count, scan_fn *fn,
                                  struct budget *budget, struct why *why);

/* One member's own history: a run with one member, in 'arena'. 'personas' are all of the member's.
 */
MUST_CHECK enum err eventlog_member(const struct snapshot *s, uint32_t member,
                                    const uint32_t *personas, size_t persona_count,
                                    const struct scan *scan, struct arena *arena,
                                    struct history *out, struct why *why);
