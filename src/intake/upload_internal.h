/* upload_internal.h - uploads from inside: what is at work, and the rows; inside src/intake only.
 */
#pragma once

#include <pthread.h>

#include "base/env.h"
#include "base/str.h"
#include "intake/upload.h"

/* What a row says of its last run. An import at work when the process ends has no other. */
enum upload_mark {
    MARK_NONE, /* it never ran, or was only tried */
    MARK_WORKING,
    MARK_DONE,
    MARK_FAILED,
    MARK_STOPPED,
    MARK_GONE,  /* removed: the number stays */
    MARK_UNDONE /* what its runs had stored is gone; the file may be here */
};

/* One that somebody holds: it is written, removed, waits or runs. At most one an import. */
struct upload_live {
    struct upload_live *next; /* in the order of coming */
    struct brand *brand;
    uint32_t id;
    bool holds;              /* only keeps others away: not queued */
    bool working;            /* a thread has taken it */
    bool undo;               /* what it brought is taken back */
    enum upload_state state; /* queued, trying or running */
    atomic_bool stop;
    struct arena *arena; /* of 'run' and what it points to */
    struct upload_run run;
    struct principal who;
    const char *name;                /* of the file */
    uint64_t bytes;                  /* it should have */
    enum upload_mark before;         /* of the row, to come back to after a dry run */
    struct str files;                /* as of the row; see there */
    const char *options;             /* as JSON */
    struct upload_progress progress; /* this and all that follows under uploads.lock */
    uint64_t began_ns;               /* its first row; 0 = not yet */
    struct import_counts counts;
    struct strbuf rejects; /* JSON, without the closing bracket */
    uint32_t rejects_told;
    struct str sampled; /* of the dry run that has ended, sealed; in 'arena' */
};

#define UPLOAD_NEWS 64

struct uploads {
    struct data *data;
    const struct env *env;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;  /* there is work, or it is over */
    struct upload_live *first;
    struct news {
        struct brand *brand; /* NULL = free */
        struct upload_news last;
    } news[UPLOAD_NEWS];
    uint64_t number;    /* of the newest change */
    int64_t next_sweep; /* UTC ms */
    bool stopping;
    pthread_t threads[LIMIT_UPLOADS_RUNNING];
    int thread_count;
};

/* upload.c: keep others from an import; NULL when somebody has it already. Taken back, and freed,
 * by upload_let_go(). */
struct upload_live *upload_hold(struct uploads *u, struct brand *b, uint32_t id);
void upload_let_go(struct uploads *u, struct upload_live *live);
/* Under the lock: tell of a change. */
void upload_tell(struct uploads *u, const struct upload_live *live, enum upload_state state,
                 double share);
/* How many bytes of the file are here; 0 when it is not. */
uint64_t upload_size(struct brand *b, uint32_t id);

/* Where the files of a brand lie. */
void upload_dir(struct brand *b, char out[UPLOAD_PATH_SIZE]);
void upload_remove_file(const char *path);
/* Of one: it, and what was rejected of it. */
void upload_remove_files(struct brand *b, uint32_t id);

/* upload_sweep.c: behind the use of a file that is held: if its row did not want it any more
 * meanwhile, what was left of it goes. */
void upload_leave(struct brand *b, uint32_t id);
/* Whatever lies among the uploads of a brand goes: no row wants it any more. */
void upload_remove_all(struct brand *b);

/* Remove what is over; at the start also what no row wants, and what was at work then has stopped
 * go, too. */
MUST_CHECK enum err upload_sweep_brand(struct uploads *u, struct brand *b, bool start,
                                       struct why *why);

/* upload_run.c: the thread of runners; 'arg' is the uploads. */
void *upload_runner(void *arg);
/* upload_undo.c: take back what its runs have stored; a runner's. */
void upload_undo_work(struct uploads *u, struct upload_live *l);
/* upload_run.c: what went wrong, for who uploaded it; and both ends of a run in the audit log. */
const char *upload_reason(const struct upload_live *l, const struct why *why, char out[512]);
void upload_audit(struct uploads *u, const struct upload_live *l, const char *action,
                  struct str after);
/* And: what a thing at work needs to know, copied; and its way from being held into the queue. */
void upload_fill(struct upload_live *l, const struct upload *of, const struct upload_run *run);
void upload_queue(struct uploads *u, struct upload_live *l);
/* The figures as JSON. */
void upload_counts_json(const struct import_counts *counts, struct strbuf *out);

/* upload_store.c: the rows. */
struct upload_row {
    struct upload seen; /* but for received, state and progress */
    enum upload_mark mark;
    bool kept;        /* its time is not over */
    struct str files; /* numbers in the journal of what its runs stored: "3 7"; {NULL, 0} = none */
};
extern const char upload_table[], upload_files[], upload_samples[]; /* migrations */
MUST_CHECK enum err upload_read(struct sql *db, struct arena *arena, uint32_t id,
                                struct upload_row *out, struct why *why);
struct upload_rows {
    struct upload_row *items;
    size_t count;
};
MUST_CHECK enum err upload_read_list(struct sql *db, struct arena *arena,
                                     const struct upload_page *page, struct upload_rows *out,
                                     struct why *why);
MUST_CHECK enum err upload_insert(struct brand *b, struct upload *n, struct why *why);

/* In a transaction: no file is wanted any more, whatever it is used for now; how many were. Who is
 * at work with one removes what it leaves, see upload_leave(). */
MUST_CHECK enum err upload_expire_all(struct tx *tx, uint32_t *count);
/* A change of a row, made on the writer. */
enum upload_change_kind {
    CHANGE_START,   /* mark, options, dry_run */
    CHANGE_END,     /* mark, counts or tried, rejects, reason */
    CHANGE_FILES,   /* files */
    CHANGE_RECOVER, /* all rows: what was at work has stopped */
    CHANGE_EXPIRE,  /* the file's time is over */
    CHANGE_REMOVE
};
struct upload_change {
    enum upload_change_kind kind;
    uint32_t id;
    enum upload_mark mark;
    bool dry_run;
    struct str options, counts, tried, rejects, reason; /* {NULL, 0} = as it is, or none */
    struct str files;
    struct str sampled; /* sealed; with 'tried' */
};
MUST_CHECK enum err upload_change(struct brand *b, const struct upload_change *c, struct why *why);
/* In a transaction: what was stored of it is gone; 'sums' says what that was. */
MUST_CHECK enum err upload_mark_undone(struct tx *tx, const struct upload_row *of, struct str sums);

/* upload_samples.c: rows that a dry run shows, sealed for the import's row. */
struct samples;
struct str upload_samples_seal(struct brand *b, const struct samples *s, struct arena *arena);
/* In a transaction: those of all imports go. */
MUST_CHECK enum err upload_forget_samples(struct tx *tx);
