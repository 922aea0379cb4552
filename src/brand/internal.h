/* internal.h - the parts of a brand as its own files see them; nothing outside src/brand includes
 * it.
 *
 * Locks, taken in this order and never two of one level, lanes apart: round_lock of LANE_SHORT, of
 * LANE_LONG, queue.lock, log.set_lock, registry.lock. The writer thread owns everything that has no
 * lock named beside it. */
#pragma once

#include <pthread.h>

#include "base/map.h"
#include "base/vec.h"
#include "brand/brand.h"
#include "brand/data.h"
#include "brand/registry.h"
#include "brand/tiers.h"
#include "eventlog/part_erase.h"

#define MODULES_MAX 16
#define BRAND_DIR_SIZE 400

/* One part or side file as the manifest has it. */
struct log_part {
    struct part *part; /* open; one reference */
    uint64_t first_seq, last_seq;
    uint32_t file; /* NNNNNN of its name */
    bool merging;  /* a merge or a seal reads it: it is no other's */
};
struct log_ids {
    uint32_t file;
    uint64_t count;
    int64_t newest_at; /* arrival of its newest id */
};

/* A file that no row names any more. */
struct log_removal {
    uint32_t file;
    const char *suffix;
};

struct log {
    char dir[512];              /* DIR/brands/SLUG/events */
    pthread_mutex_t set_lock;   /* parts, tail as a set, seq, personas, next_file */
    VEC(struct log_part) parts; /* in order of seq */
    VEC(struct log_ids) ids;
    struct tail *tail;
    size_t tail_max; /* events of the tail from which on intake waits; under queue.lock */
    struct dedupe *dedupe;
    struct shared_personas *personas;
    _Atomic uint64_t seq;        /* of the newest committed event; the writer sets it */
    _Atomic uint64_t folded_seq; /* all projections' rows include everything up to it */
    uint32_t next_file;
    int holds; /* backups under way: files stay until they are done */
    VEC(struct log_removal) held;
};

/* A change of the set of parts that becomes visible when its transaction commits. */
struct log_change {
    VEC(struct log_part) added;
    VEC(uint32_t) removed; /* files of parts */
    VEC(struct log_ids) ids_added;
    VEC(uint32_t) ids_removed;
    VEC(struct log_removal) written; /* files made inside the batch: a rollback removes them */
    uint64_t dropped_seq;            /* the tail up to here is in a part; 0 = nothing */
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* the writer: work or stop */
    struct command *head, *last;
    size_t count, bytes;
    bool stopping;
    bool sealing; /* somebody seals the tail, so that waiting for it has an end */
};

struct tx {
    struct brand *brand;
    struct arena *arena;
    int64_t now;
    bool replaying;
    bool began;               /* SQL transaction open */
    bool discard;             /* the command wants everything undone */
    enum err fatal;           /* the transaction must be rolled back */
    const struct said *said;  /* of the event that passes through the rooms; NULL = none */
    VEC(struct event) events; /* emitted, in order; seq = brand seq + 1 + index + bulk_rows */
    VEC(struct hash128) ids;  /* remembered in this batch */
    uint64_t bulk_rows;       /* rows of parts made by this batch; no events beside them */
    struct log_change change;
};

/* Compaction is done in two lanes, each by a thread of its own: a long merge keeps nothing waiting
 * that is short. */
enum lane {
    LANE_SHORT, /* seals, merges few rows, merges ids */
    LANE_LONG,  /* merges many rows */
    LANES
};
struct compact_lane {
    struct brand *brand;        /* whose it is */
    enum lane lane;             /* which it is */
    pthread_t thread;           /* if started */
    bool started;               /* and not joined yet */
    bool asked;                 /* to look for work; under compact_lock */
    pthread_mutex_t round_lock; /* held for one round, whoever runs it */
};

struct brand {
    struct data *data;
    struct brand_facts facts;   /* but for the name and the hours, which may change */
    _Atomic uint32_t hours;     /* opens << 16 | closes */
    _Atomic(const char *) name; /* as of now; the first of 'names' that was not replaced */
    VEC(char *) names;          /* all there were: readers may hold any until the brand closes */
    const struct zone *zone;
    int currency_digits;
    const struct env *env;
    struct sql *db;           /* the writer's */
    char dir[BRAND_DIR_SIZE]; /* DIR/brands/SLUG, or a twin's */
    char db_path[512];
    char schema[64];
    uint8_t dedupe_key[32];
    struct registry registry;
    struct log log;
    struct queue queue;
    struct tx tx;
    const struct module *modules[MODULES_MAX];
    void *states[MODULES_MAX];
    int module_count;
    pthread_t writer;
    bool writer_started;
    struct compact_lane lanes[LANES];
    pthread_mutex_t compact_lock;
    pthread_cond_t compact_wake;
    atomic_bool compact_stop; /* set under compact_lock; a merge of a lane's thread gives up */
    int64_t next_due;         /* earliest timer; TIME_NONE = none; INT64_MIN+1.. */
    bool due_known;
    int64_t round_began_at; /* of the flush round under way; 0 = none */
    int64_t dirty_since;    /* first commit not yet covered by a round; 0 = none */
    int64_t quiet_until;    /* a batch without commands failed: none before this; 0 = any time */
    uint64_t round_seq;
    bool wal_due; /* deleted rows may be left in it: empty it once no reader needs it */
    struct {
        _Atomic int64_t before; /* the moment that is watched */
        atomic_bool changed;    /* something of before it has come or gone */
    } past;
    uint64_t activity; /* commands and snapshots as of the writer's last look */
    bool trim_due;     /* there was some since memory was last given back */
    struct {
        _Atomic uint64_t snapshots; /* taken by anyone */
        _Atomic uint64_t commits, commands, rolled_back, duplicates, wal_pages;
    } counters; /* for brand_stats */
    _Atomic bool poisoned;
};

/* writer.c */
MUST_CHECK enum err writer_start(struct brand *b, struct why *why);
void writer_stop(struct brand *b); /* drains the queue, writes back everything */
MUST_CHECK enum err flush_all(struct tx *tx);
/* Begin a round of write-back with this batch, if none is under way. */
void flush_begin(struct tx *tx);

/* queue.c, all under queue.lock. */
/* The tail is full: commands that bring something are held back until it was sealed. */
bool queue_is_held(const struct brand *b);
/* The first command that may run; NULL when there is none. */
struct command *queue_first(const struct queue *q, bool held);
/* Detach what may go into one batch; NULL when there is nothing. */
struct command *queue_take(struct queue *q, bool held);

/* log.c: the manifest. log_open loads parts, side files and blocks. */
MUST_CHECK enum err log_open(struct brand *b, struct why *why);
void log_close(struct brand *b);
MUST_CHECK enum err log_append(struct tx *tx); /* the batch's events as a block row */
void log_publish(struct tx *tx);               /* after commit */
void log_forget(struct tx *tx);                /* after rollback */
uint32_t log_new_file(struct brand *b);
void log_path(const struct brand *b, uint32_t file, const char *suffix, char out[600]);
/* A file that this batch writes, and writes again if it is rolled back and run again. Those written
 * outside are their writer's to remove, when its command has failed. */
void log_wrote(struct tx *tx, uint32_t file, const char *suffix);
/* Rows of the manifest. */
MUST_CHECK enum err log_add_part(struct tx *tx, uint32_t file, uint64_t first_seq,
                                 uint64_t last_seq, const struct part_info *info, struct why *why);
MUST_CHECK enum err log_remove_part(struct tx *tx, uint32_t file);
MUST_CHECK enum err log_add_ids(struct tx *tx, uint32_t file, uint64_t count, int64_t newest_at);
MUST_CHECK enum err log_remove_ids(struct tx *tx, uint32_t file);
/* Rows of log_mark, which are always there: "folded", "ids", "names". ERR_CORRUPT without. */
MUST_CHECK enum err log_set_mark(struct sql *db, const char *name, uint64_t value);
MUST_CHECK enum err log_get_mark(struct sql *db, const char *name, uint64_t *value);
extern const struct migration log_migrations[];

/* While held, files that leave the manifest stay on disk; released by as many calls. Any thread. */
void log_hold(struct brand *b);
void log_release(struct brand *b);

/* compact.c */
void compactor_init(struct brand *b);
MUST_CHECK enum err compactor_start(struct brand *b, struct why *why);
void compactor_stop(struct brand *b);
void compactor_wake(struct brand *b);
/* A part and side file written, not yet in the manifest. */
struct sealed {
    uint32_t file, ids_file; /* ids_file 0 = no ids */
    uint64_t first_seq, last_seq;
    uint64_t ids;
    int64_t newest_at;
    struct part_info info;
};
/* Write sorted events as a part and their ids as a side file (none: no file), into a new 'out'.
 * 'gone': what to leave out; NULL = nothing. */
MUST_CHECK enum err compact_write(struct brand *b, const struct event *const *events, size_t count,
                                  const struct part_gone *gone, struct sealed *out,
                                  struct why *why);
MUST_CHECK enum err compact_write_ids(struct brand *b, const struct hash128 *ids, size_t count,
                                      struct sealed *out, struct why *why);
/* Enter both into the manifest. */
MUST_CHECK enum err compact_enter(struct tx *tx, const struct sealed *sealed, struct why *why);
/* Turn the whole tail into a part inside this transaction; 'gone' as for compact_write. */
MUST_CHECK enum err compact_seal_tail(struct tx *tx, const struct part_gone *gone, struct why *why);
/* Turn the tail into a part, or into one with the parts before it (tiers.h), outside of the writer;
 * LANE_SHORT's round_lock is held. 'any': however few events it has. 'stop' as for part_merge.
 * ERR_NOT_FOUND: it has too few. ERR_CONFLICT: somebody else has done it meanwhile. */
MUST_CHECK enum err compact_seal(struct brand *b, bool any, const atomic_bool *stop,
                                 struct why *why);
/* No round of compaction between the two, so that no part is merged away. */
void compact_hold(struct brand *b);
void compact_release(struct brand *b);
/* Remove a file that did not come into the manifest; 0 = none. */
void compact_discard(struct brand *b, uint32_t file, const char *suffix);

/* merge.c: parts that are read to put one in their place. */
struct part_run {
    struct log_part parts[TIERS_MERGE_MAX]; /* [count] one reference each, marked as merging */
    size_t count;
};
/* Sizes of all parts, which the caller frees; under set_lock. */
struct tier *part_tiers(const struct log *log);
/* Under set_lock: mark a run and refer to it. */
void part_run_take(struct log *log, struct tier_run run, struct part_run *out);
/* They are free again, if they are still there. {0} is allowed. */
void part_run_release(struct brand *b, struct part_run *run);
/* What a lane has to do now; ERR_NOT_FOUND when nothing. 'stop' as for part_merge. */
MUST_CHECK enum err merge_parts(struct brand *b, enum lane lane, const atomic_bool *stop,
                                struct why *why);
MUST_CHECK enum err merge_ids(struct brand *b, struct why *why); /* LANE_SHORT's */

/* past.c. Has the batch anything of before the moment that is watched? Asked before it is
 * published; marked after. */
bool past_is_touched(const struct tx *tx);
void past_mark(struct brand *b);

/* view.c */
struct shared_personas;
void personas_unref(struct shared_personas *p);

/* timer.c */
extern const struct migration timer_migrations[];
MUST_CHECK enum err timers_run(struct tx *tx);
int64_t timers_next_due(struct brand *b);

/* brand.c */
/* Fold the events that the rows do not include, from memory; emits nothing. */
MUST_CHECK enum err brand_refold(struct tx *tx);
/* Take another name; under the lock of the data directory. */
void brand_set(struct brand *b, const struct brand_change *change);
MUST_CHECK enum err brand_open(struct data *d, const struct brand_facts *facts, struct brand **out,
                               struct why *why);
/* A twin, whose files are in 'dir'; its log is never compacted. */
MUST_CHECK enum err brand_open_in(struct data *d, const struct brand_facts *facts, const char *dir,
                                  struct brand **out, struct why *why);
void brand_close(struct brand *b);
/* backup.c: give 'from' its final name, durably. */
MUST_CHECK enum err backup_place(const char *from, const char *to, struct why *why);

/* twin.c: remove what killed processes left of twins. */
MUST_CHECK enum err twin_sweep(const char *brand_dir, struct why *why);

/* data.c */
const struct module *const *data_modules(const struct data *d);
