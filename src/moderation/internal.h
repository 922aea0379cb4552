/* internal.h - the state of the room, shared by its own files.
 *
 * Threads: the writer (commands and the module's functions), and readers, who also make books.
 * 'lock' guards what stands below it; 'making' is held by whoever makes a book, and taken first. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "moderation/book.h"
#include "moderation/moderation.h"

/* A sieve held by counting. */
struct learnt {
    atomic_int holders;
    struct sieve *sieve;
};

struct room {
    struct brand *brand;
    /* the writer's */
    struct judge judge;
    struct floods floods;
    struct copies copies;
    struct intmap *joined; /* group << 32 | persona -> when, of the last hours */
    struct strbuf words;   /* of the message at hand, with the links that it carries */
    uint64_t cases;        /* rows, about */
    int kind_joined;       /* code; -1 = not there yet */
    bool unlearnt;         /* the batch took marks away */
    /* shared */
    pthread_mutex_t making;
    pthread_mutex_t lock;
    struct book *book;     /* NULL = no rule is on */
    struct learnt *learnt; /* NULL = no marks */
};

static inline struct room *room_of(struct brand *b)
{
    return brand_module_state(b, &moderation_module);
}

extern const struct migration moderation_migrations[];

/* ---- room.c ---- */
/* Held for the caller; NULL = none. */
struct book *room_book(struct room *r);
struct learnt *room_learnt(struct room *r);
void learnt_release(struct learnt *l); /* NULL is allowed */
/* Make what is asked from what is stored, and put it into its place. */
MUST_CHECK enum err room_make_book(struct room *r, struct sql *db, struct why *why);
MUST_CHECK enum err room_make_sieve(struct room *r, struct sql *db, struct why *why);

/* ---- rules.c ---- */
MUST_CHECK enum err moderation_rule_check(const struct moderation_rule *r, struct why *why);

/* ---- cases.c ---- */
/* What is kept of the words: around the place, whole characters. */
struct str case_quote(struct str text, struct span at, struct span *out);
/* What was found in a message. */
struct case_found {
    const struct moderation_rule *rule;
    struct str what;
    struct span at; /* of 'text' */
    uint32_t others;
};
struct case_message {
    uint64_t seq;
    int64_t at;
    uint32_t persona, group;
    struct str text, qr, id;
};
/* A new case, or the one of a moment ago found once more. */
MUST_CHECK enum err case_add(struct tx *tx, struct room *r, const struct case_message *m,
                             const struct case_found *f);
/* Count what a rule found. */
MUST_CHECK enum err case_tally(struct tx *tx, uint32_t rule, bool acted);
MUST_CHECK enum err case_purge(struct tx *tx, struct room *r);
MUST_CHECK enum err case_number(struct sql *db, uint64_t *out);

/* ---- marks.c ---- */
struct teaching {
    struct str text; /* as it came */
    bool ad;
    uint32_t persona;
    struct str by;
    double said; /* what the sieve had said; NAN = nothing yet */
};
MUST_CHECK enum err mark_add(struct tx *tx, const struct teaching *t);
/* What the sieve says of a text before it is taught it. */
double mark_said(struct room *r, struct str text);
/* In 'arena'; 'said' may be NULL, else said[i] of marks[i]. */
MUST_CHECK enum err marks_read(struct sql *db, struct arena *arena, struct mark **out,
                               double **said, size_t *count);

static inline enum err moderation_broken(enum err err, struct why *why)
{
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}
