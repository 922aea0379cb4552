/* retention.h - how long a brand keeps what, and the purge that keeps to it.
 *
 * A class is a kind of row ("notes"), or the values of one event property ("props.device"). Each is
 * kept for ever until the brand says a number of days. What has passed it goes in the next purge:
 * by the brand's timer, at night, and when a server opens the brand, so that a restored backup is
 * brought up to date as well. Rows go each night. Values are taken out of parts, which are written
 * anew for it, when they are older by a tenth of the days (1 to 30) than they may be at least: so
 * much later they are gone at the latest. Events stay, with everything else they say.
 *
 * Properties that stages and counters are folded from cannot be limited. */
#pragma once

#include "people/people.h"

struct retention_class {
    struct str name;    /* "notes", "props.device" */
    bool prop;          /* values of a property of events */
    bool built_in;      /* a property that members are folded from: for ever */
    const char *table;  /* of rows; NULL = a property's */
    int days_min;       /* that can be set */
    int days;           /* 0 = for ever */
    struct str purpose; /* of a property, in the brand's words; "" = not said */
    bool personal;      /* values of it are personal data, as the brand says */
    int64_t cleared_to; /* nothing of before is left; TIME_NONE = not purged yet */
    int64_t changed_at; /* TIME_NONE = never */
    struct str changed_by;
};

/* Rows that a room keeps beside the brand's database, limited from the beginning. */
struct retention_store {
    const char *name, *table;
    int days_min, days; /* kept so long unless the brand says otherwise */
    bool (*any)(struct brand *b);
    enum err (*count)(struct brand *b, int64_t before, uint64_t *out);
    /* Take out a slice of what is of before; '*removed' = 0: none is left. */
    enum err (*remove)(struct tx *tx, int64_t before, uint64_t *removed);
};
#define RETENTION_STORES_MAX 4
/* To be called by the room as it opens. 's' is constant. */
void retention_add_store(struct brand *b, const struct retention_store *s);
/* There may be something to be purged from now on, in a store that had nothing. */
MUST_CHECK enum err retention_wake(struct tx *tx);

/* All classes: rows first, then properties by name; in 'arena'. 'db' is any connection. */
MUST_CHECK enum err retention_list(struct brand *b, struct sql *db, struct arena *arena,
                                   struct retention_class **out, size_t *count);
/* One of them. ERR_NOT_FOUND. */
MUST_CHECK enum err retention_get(struct brand *b, struct sql *db, struct str name,
                                  struct arena *arena, struct retention_class *out,
                                  struct why *why);
/* Days past its own at which values of a class are gone at the latest; 1 of rows. */
int retention_slack(const struct retention_class *c, int days);
/* Set days, purpose and personal of c->name; who is c->changed_by. ERR_NOT_FOUND, ERR_INVALID:
 * "days". */
MUST_CHECK enum err retention_set(struct brand *b, const struct retention_class *c,
                                  struct why *why);

/* What would go now, were a class kept for so many days. 'stop' may be NULL. */
struct retention_preview {
    int64_t before;  /* what is of before this moment */
    uint64_t values; /* rows, or values of events */
    uint32_t parts;  /* written anew for it, beside the tail */
};
MUST_CHECK enum err retention_look(struct brand *b, struct sql *db, struct retention_class *c,
                                   int days, struct retention_preview *out, struct why *why);
/* When the timer will next start a purge; TIME_NONE: nothing is limited. */
MUST_CHECK enum err retention_next(struct sql *db, int64_t *at);

/* ---- the purge ---- */

struct purge_order {
    struct str who; /* "timer", "staff:lily" */
    bool forced;    /* whatever has passed its days goes, be it worth it or not; a record is kept */
    const atomic_bool *stop; /* may be NULL */
};
struct purged {
    uint64_t id;      /* of the record; 0 = there was nothing to do */
    uint64_t removed; /* rows and values */
    uint32_t parts;
};
/* Runs until it is done, in slices beside what comes in. One cut off is gone on with by the next
 * call, under the same record. Any thread but the writer; one call a brand at a time.
 * ERR_UNAVAILABLE: stopped. */
MUST_CHECK enum err people_purge(struct brand *b, const struct purge_order *order,
                                 struct purged *out, struct why *why);
/* Has the timer, or a person, asked for one since the last call of this? */
enum purge_wish { PURGE_NONE, PURGE_DUE, PURGE_FORCED };
enum purge_wish people_purge_asked(struct brand *b);
void people_ask_purge(struct brand *b);

/* Records, newest first. */
struct purge_count {
    struct str name; /* of the class */
    int64_t before;
    uint64_t removed;
};
struct purge_record {
    uint64_t id;
    int64_t began_at, ended_at; /* TIME_NONE: under way, or cut off */
    struct str who;
    uint32_t parts;
    struct purge_count *counts;
    size_t count;
};
MUST_CHECK enum err purge_list(struct sql *db, uint64_t below, size_t limit, struct arena *arena,
                               struct purge_record **out, size_t *count);
