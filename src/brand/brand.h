/* brand.h - one brand: its writer, its log, its registries, and the seam to the rooms above.
 *
 * All changes of a brand pass through one thread, the writer, in batches: one transaction and one
 * sync a batch. A change is a command; its run() is called on the writer with a transaction, its
 * done() after the commit. Readers take a view of the log and never wait for the writer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/err.h"
#include "base/time.h"
#include "brand/hours.h"
#include "brand/said.h"
#include "eventlog/dedupe.h"
#include "eventlog/part_erase.h"
#include "eventlog/part_purge.h"
#include "eventlog/scan.h"
#include "expr/expr.h"
#include "sql/sql.h"

struct brand;
struct data;
struct erasure;
struct tx;

/* Something due: a row of the timer table. One per (module, kind, subject). */
struct timer {
    int64_t due_at;   /* UTC ms */
    int kind;         /* the module's own numbering */
    uint64_t subject; /* e.g. a member */
};

/* A room of floor 3 as the writer sees it. Functions run on the writer, but for open and close. Any
 * may be NULL. */
struct module {
    const char *name;
    const struct migration *migrations;
    int fold_version; /* differs from the stored one: rebuild() runs when the brand opens */
    enum err (*open)(struct tx *tx, void **state, struct why *why);
    void (*close)(void *state);
    /* Whether rows lag behind the log for another reason than the version (a bulk load cut off). */
    bool (*wants_rebuild)(struct tx *tx, void *state);
    /* Fold one event; may emit further ones, which come before it in the log. */
    enum err (*on_event)(struct tx *tx, void *state, const struct event *ev, uint64_t seq);
    /* What the message of an event says, once the event has its place in the log: live behind
     * on_event of all rooms, and in bulk, where there is no on_event; never when stored events are
     * folded again. 'said' is lent for the call. */
    enum err (*on_said)(struct tx *tx, void *state, const struct event *ev, uint64_t seq,
                        const struct said *said);
    enum err (*on_timer)(struct tx *tx, void *state, const struct timer *t);
    /* Write back up to 'rows_max' changed projection rows; *clean when none is left of this round.
     * A round covers what had changed when it began. */
    enum err (*on_flush)(struct tx *tx, void *state, size_t rows_max, bool *clean);
    /* All of the batch is said; rows are written back next. What this room keeps of it outside of
     * the database may begin to be made durable beside that. */
    void (*on_gathered)(void *state);
    /* The batch is about to be committed: what this room keeps of it outside of the database is
     * durable when this returns. The commit may fail yet; then on_rollback follows. */
    enum err (*on_prepare)(struct tx *tx, void *state);
    /* The batch is committed; nothing of it is visible to readers yet. */
    void (*on_commit)(void *state);
    /* And now it is visible: a snapshot taken from here on has it. */
    void (*on_visible)(void *state);
    /* Personas are being erased, in this transaction: rows that speak of e->gone go. With
     * e->origin, events of others go as well. What goes is counted: erasure_take(), e->files. */
    enum err (*on_erase)(struct tx *tx, void *state, struct erasure *e);
    /* Values of properties went from the log, in this transaction: what was worked out of them is
     * to be made anew. */
    enum err (*on_purge)(struct tx *tx, void *state);
    /* The batch was rolled back: forget whatever of it is in memory. */
    void (*on_rollback)(void *state);
    /* Fold everything again from the log, replacing the stored rows; the version is then stored. */
    enum err (*rebuild)(struct tx *tx, void *state, struct why *why);
};

/* Brand facts; borrowed, constant while open. */
const char *brand_slug(const struct brand *b);
const char *brand_name(const struct brand *b);
const char *brand_dir(const struct brand *b); /* the folder of its files */
/* In which staff answer; may change. */
struct hours brand_hours(const struct brand *b);
const char *brand_currency(const struct brand *b);
int brand_currency_digits(const struct brand *b);
const struct zone *brand_zone(const struct brand *b);
const struct env *brand_env(const struct brand *b);
struct data *brand_data(struct brand *b);
const uint8_t *brand_key(const struct brand *b, const char context[8],
                         uint8_t out[32]); /* a subkey */
void *brand_module_state(struct brand *b, const struct module *m);
/* Name of its preset of lifecycle numbers; "" = the default. */
const char *brand_preset(const struct brand *b);
/* Caps of identities as identity_caps_parse reads them; "" = the default. */
const char *brand_caps(const struct brand *b);

/* Commands. 'bytes' is what it costs to hold. */
struct command {
    enum err (*run)(struct tx *tx, void *arg, struct why *why);
    void (*done)(void *arg, enum err err,
                 const struct why *why); /* on the writer, after the commit */
    void *arg;
    size_t bytes;
    bool alone;           /* a batch of its own (bulk) */
    struct command *next; /* the queue's */
    enum err err;         /* the writer's */
    struct why why;
};
/* Hand over; 'c' and its arg stay the caller's memory and must live until done(). ERR_BUSY over the
 * queue's limits, ERR_UNAVAILABLE when stopping or poisoned: then done() is not called. */
MUST_CHECK enum err brand_submit(struct brand *b, struct command *c, struct why *why);
/* Submit and wait for the commit. */
MUST_CHECK enum err brand_call(struct brand *b,
                               enum err (*run)(struct tx *tx, void *arg, struct why *why),
                               void *arg, bool alone, struct why *why);
/* Everything acknowledged so far is written to the projections' rows. */
MUST_CHECK enum err brand_flush(struct brand *b, struct why *why);
/* Wait until all projections' rows include everything up to 'seq'. Unlike brand_flush, the batches
 * meanwhile carry other commands too. */
MUST_CHECK enum err brand_fold_to(struct brand *b, uint64_t seq, struct why *why);

/* Inside a command. */
struct brand *tx_brand(struct tx *tx);
struct sql *tx_sql(struct tx *tx);
int64_t tx_now(const struct tx *tx);    /* read once per batch */
struct arena *tx_arena(struct tx *tx);  /* lives until the batch ends */
bool tx_replaying(const struct tx *tx); /* folding stored events again: emit nothing */
/* Send an event through the rooms and into the log. Its props must live until the batch ends. */
MUST_CHECK enum err tx_emit(struct tx *tx, const struct event *ev, struct why *why);
/* The same of a message, with what it says; NULL = nothing. */
MUST_CHECK enum err tx_emit_said(struct tx *tx, const struct event *ev, const struct said *said,
                                 struct why *why);
/* Inside on_event: what the event at hand says; NULL = nothing, or it is folded again. */
const struct said *tx_said(const struct tx *tx);
/* Has this sender's id been seen (in the horizon or earlier in this batch)? If not, it is
 * remembered. */
MUST_CHECK enum err tx_dedupe(struct tx *tx, struct hash128 id, bool *seen, struct why *why);
struct hash128 brand_event_id(const struct brand *b, struct str sender_id);
/* Undo the whole batch when this command, which must be alone, returns: a trial. Not an error. */
void tx_discard(struct tx *tx);
MUST_CHECK enum err timer_set(struct tx *tx, const struct module *m, int kind, uint64_t subject,
                              int64_t due_at);
MUST_CHECK enum err timer_clear(struct tx *tx, const struct module *m, int kind, uint64_t subject);

/* Write back every projection inside this command, which must be alone. */
MUST_CHECK enum err tx_flush(struct tx *tx, struct why *why);

/* Bulk: a part made directly. Only inside a command that is alone. tx_bulk_begin, once and before
 * any part, writes back all projections and seals the tail, so that the part comes after everything
 * before it. */
MUST_CHECK enum err tx_bulk_begin(struct tx *tx, struct why *why);
/* Rows ascend by (persona, at). Visible after the commit. 'ids' are those of the events' senders.
 */
MUST_CHECK enum err tx_bulk_part(struct tx *tx, const struct event *const *events, size_t count,
                                 const struct hash128 *ids, size_t id_count, struct why *why);
/* Behind it, by growing seq: what the message of its row 'seq' says, for on_said of the rooms. */
MUST_CHECK enum err tx_bulk_said(struct tx *tx, const struct event *ev, uint64_t seq,
                                 const struct said *said, struct why *why);
/* The same from a stream too large for memory: a part of this brand to be written row by row, on
 * any thread, and finished by part_finish; then, in a command that is alone, behind tx_bulk_begin,
 * put into the log. One that never is goes when the brand is opened next. */
MUST_CHECK enum err brand_part_create(struct brand *b, uint32_t *file, struct part_writer **w,
                                      struct why *why);
MUST_CHECK enum err tx_bulk_file(struct tx *tx, uint32_t file, const struct part_info *info,
                                 struct why *why);
/* Events emitted in this batch so far, in order; borrowed until the next tx_emit. */
const struct event *tx_events(const struct tx *tx, size_t *count);
uint64_t
tx_seq(const struct tx *tx); /* seq of the newest event, emitted ones of this batch included */

/* Registries. Numbers are given on first use and never change. Any thread may look up; only the
 * writer creates. ERR_TOO_LARGE over LIMIT_KINDS, LIMIT_PROP_NAMES. Texts live as long as the brand
 * is open. */
MUST_CHECK enum err registry_kind(struct tx *tx, struct str name, struct str label, uint16_t *code,
                                  struct why *why);
MUST_CHECK enum err registry_code(struct tx *tx, enum dim dim, struct str text, uint32_t *code,
                                  struct why *why);
MUST_CHECK enum err registry_prop(struct tx *tx, struct str name, enum prop_type type, uint32_t *id,
                                  struct why *why);
int registry_find_kind(struct brand *b, struct str name);                    /* -1 unknown */
uint32_t registry_find_code(struct brand *b, enum dim dim, struct str text); /* 0 unknown */
uint32_t registry_find_prop(struct brand *b, struct str name, enum prop_type type);
struct str registry_kind_name(struct brand *b, int code);
struct str registry_code_text(struct brand *b, enum dim dim, uint32_t code);
struct str registry_prop_name(struct brand *b, uint32_t id, enum prop_type *type);
struct str registry_kind_label(struct brand *b, int code); /* as first sent; {NULL,0} = as named */
uint32_t registry_prop_count(struct brand *b);             /* ids are 1 .. count */
uint32_t registry_kind_count(struct brand *b);             /* codes are 1 .. count */
uint32_t registry_code_count(struct brand *b, enum dim dim);
/* Fill the catalog's registry functions, zone and currency; trait and segment stay NULL. */
void brand_catalog(struct brand *b, struct expr_catalog *out);

/* Take personas out of the log for good, or what came of one origin, or both: the personas' own
 * events go, and those of the origin; events of others that name one keep its number, which is
 * nobody's. Parts without any of them keep their files; seqs stay; the ids
 * that senders gave to the events stay, too, as hashes, so that an event sent again is known. All
 * or nothing, also when the process is killed. Snapshots taken before see what they saw. */
#define ERASURE_TABLES 16
struct erasure {
    struct persona_set gone;
    uint32_t origin; /* code of the origin whose events go; 0 = none */
    /* Once nothing is sealed or merged any more, before the files are read: the log up to here can
     * be looked at, and what comes later is in the tail, but for bulk loads. NULL = nothing to do.
     */
    enum err (*look)(struct brand *b, void *arg, struct why *why);
    /* In the transaction: what the rooms' rows say of them goes. It may refuse as long as it has
     * changed nothing; then nothing is erased. It runs again if its batch was rolled back. It may
     * put personas into 'gone' that have events of the origin alone. NULL = nothing to do. */
    enum err (*rows)(struct tx *tx, void *arg, struct why *why);
    /* Likewise, behind all else, when 'events' and 'parts' are known. May not refuse. NULL =
     * nothing to do. */
    enum err (*finish)(struct tx *tx, void *arg, struct why *why);
    void *arg;
    uint64_t events; /* out: erased */
    uint32_t parts;  /* out: written anew */
    uint32_t files;  /* out: uploaded ones that went, since they may name them */
    struct {
        const char *table;
        uint64_t rows;
    } taken[ERASURE_TABLES]; /* out: rows of rooms, see erasure_take() */
    size_t taken_count;
};
/* For a room's on_erase: run 'remove', "DELETE FROM TABLE WHERE persona = $1 RETURNING 1", for each
 * who is gone, and note how many rows that took. Both texts are literals. */
MUST_CHECK enum err erasure_take(struct tx *tx, struct erasure *e, const char *table,
                                 const char *remove);
/* Note what went by another way, under the name of what it was in; a literal. */
void erasure_note(struct erasure *e, const char *table, uint64_t rows);
/* Returns when it is done and durable; waits for a merge under way. Any thread but the writer. */
MUST_CHECK enum err brand_erase(struct brand *b, struct erasure *e, struct why *why);

/* Take values of properties out of the log for good, of events before a moment each; the events
 * stay, with everything else they say. Part by part, each in a transaction of its own, beside what
 * comes in; after a kill, or an error, the same call does what is left. What comes in meanwhile may
 * be left for the next time. Snapshots taken before see what they saw. */
struct purge {
    struct expiry expiry;
    /* In the transaction of each part: so many values of each item of 'expiry' went with it. Runs
     * again if its batch was rolled back. NULL = nothing to do. */
    enum err (*written)(struct tx *tx, void *arg, const uint64_t *values);
    void *arg;
    const atomic_bool *stop; /* ERR_UNAVAILABLE once it is set; may be NULL */
    uint64_t values;         /* out: that went */
    uint32_t parts;          /* out: written anew */
};
/* Any thread but the writer; one call at a time. */
MUST_CHECK enum err brand_purge(struct brand *b, struct purge *p, struct why *why);
/* What it would take out now. */
struct expired {
    uint64_t *values; /* [expiry.count], the caller's */
    uint32_t parts;   /* that would be written anew */
};
MUST_CHECK enum err brand_expired(struct brand *b, const struct expiry *e, const atomic_bool *stop,
                                  struct expired *out, struct why *why);

/* A consistent view of the log: everything committed. Any thread. */
struct snapshot *brand_snapshot(struct brand *b);
void brand_snapshot_release(struct snapshot *s);
/* Replace the map of shared personas (copied); snapshots taken later see it. Writer only. */
void brand_set_personas(struct brand *b, const uint32_t *persona, const uint32_t *member,
                        size_t count);
/* From its return on, brand_past_changed() tells whether anything of before 'before' has come or
 * gone: late events, merges (always), erasures; it may say so without need. One watcher a brand,
 * who takes a snapshot after this call. Any thread but the writer. */
MUST_CHECK enum err brand_watch_past(struct brand *b, int64_t before, struct why *why);
bool brand_past_changed(const struct brand *b);
/* What was made of the past is outdated, for another reason than facts. Any thread. */
void brand_touch_past(struct brand *b);

/* A reader's own SQL connection to the brand's database. */
MUST_CHECK enum err brand_reader(struct brand *b, struct sql **out, struct why *why);

/* A copy of the brand as it is now, to try things on: it has a writer of its own, and what is done
 * to it is gone with brand_twin_close (NULL is allowed). Any thread. ERR_NOT_IMPLEMENTED on
 * PostgreSQL. */
MUST_CHECK enum err brand_twin_open(struct brand *b, struct brand **twin, struct why *why);
void brand_twin_close(struct brand *twin);

/* For /metrics, /ready and the page. */
struct brand_stats {
    uint64_t seq, folded_seq, commits, commands, rolled_back, parts, part_rows, part_bytes,
        tail_events;
    uint64_t queue, wal_pages, duplicates;
    bool poisoned;
};
struct brand_stats brand_stats(struct brand *b);
bool brand_poisoned(struct brand *b);
/* Check every part, side file and the database file; 'finding' per damage. */
MUST_CHECK enum err brand_verify_files(struct brand *b,
                                       void (*finding)(void *ctx, const char *what), void *ctx,
                                       struct why *why);
/* Have the compactor look for work, on its own thread. */
void brand_compact_soon(struct brand *b);
/* Seal and merge until nothing wants it (tests, end of an import). */
MUST_CHECK enum err brand_compact(struct brand *b, struct why *why);
