/* internal.h - what the files of this room share; nothing outside src/groups includes it. */
#pragma once

#include <pthread.h>

#include "base/vec.h"
#include "groups/messages.h"
#include "groups/record.h"
#include "groups/role.h"
#include "groups/scribe.h"

/* An edit or a recall; in the arena of its batch. */
struct later {
    uint64_t seq;
    int64_t at;
    uint32_t group; /* code */
    bool recalled;
    struct str message, text; /* the channel's id of what it changes; the new words */
};
/* text.db as the writer has it. */
struct text_store {
    struct sql *db;          /* NULL = there is no file yet; the scribe's while it writes */
    struct scribe *scribe;   /* NULL = not needed yet, or no thread to be had */
    bool writing;            /* it has lines: wait before the connection is used */
    bool open;               /* a transaction is */
    bool ending;             /* the scribe commits it once its lines are written */
    bool ahead;              /* there may be rows above the brand's seq */
    bool wal_due;            /* something was forgotten: empty the WAL */
    uint64_t purged;         /* rows of the purge under way */
    uint64_t gone_words;     /* taken from the index by the erasing under way */
    VEC(struct later) later; /* of the batch at hand */
    uint16_t sent;           /* the kind message.sent; 0 = not met yet */
    uint32_t type_id;        /* of the property 'type'; 0 = not looked up */
};

/* The last list of groups that took long: it is that of a place in the log. */
struct list_cache {
    pthread_mutex_t lock;
    struct group_row *rows; /* NULL = none is kept */
    size_t count;
    uint64_t seq, erased; /* as of which */
    int64_t at;           /* and by which clock */
    uint64_t erasures;    /* so many, which do not move the log */
};

struct room {
    struct list_cache list;
    bool erasing;      /* the batch under way does */
    uint32_t recorded; /* codes up to here have a record; UINT32_MAX = to be looked up */
    struct text_store text;
};

static inline struct room *room_of(struct brand *b)
{
    return brand_module_state(b, &groups_module);
}

extern const struct migration groups_migrations[];

/* record.c: give every group its record; '*recorded' = up to which code there are any. */
MUST_CHECK enum err record_fill(struct tx *tx, uint32_t *recorded);
/* Make the record, and the code, inside of a command. */
MUST_CHECK enum err record_make(struct tx *tx, struct group_record *r, struct why *why);
/* role.c */
MUST_CHECK enum err role_erase(struct tx *tx, struct erasure *e);

/* text_store.c: see there. */
#define STORE_PATH_SIZE 512
void text_store_path(struct brand *b, char out[STORE_PATH_SIZE]);
MUST_CHECK enum err text_store_open(struct tx *tx, struct text_store *t);
void text_store_close(struct text_store *t);
MUST_CHECK enum err text_store_said(struct tx *tx, struct text_store *t, const struct event *ev,
                                    uint64_t seq, const struct said *said);
void text_store_gathered(struct text_store *t);
MUST_CHECK enum err text_store_prepare(struct tx *tx, struct text_store *t);
void text_store_commit(struct text_store *t);
void text_store_rollback(struct text_store *t);
MUST_CHECK enum err text_store_erase(struct tx *tx, struct text_store *t, struct erasure *e);
