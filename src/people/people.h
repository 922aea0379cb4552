/* people.h - members: identities, personas, merges, traits, and their folded state.
 *
 * Everything that changes runs on the brand's writer inside a transaction (struct tx). */
#pragma once

#include <stdatomic.h>

#include "brand/brand.h"
#include "people/fact.h"
#include "people/fold.h"

/* The module to list in main/modules.c. */
extern const struct module people_module;

/* What became of a fact. */
struct people_result {
    bool duplicate;           /* its id was seen before: nothing was changed */
    bool nothing;             /* a rename of one who is not known: nothing to store */
    bool refused;             /* people_bulk: its error says why */
    bool created;             /* 'member' is new */
    bool other_created;       /* and so is 'other' */
    uint32_t member;          /* 0 = event without member */
    uint32_t other;           /* the other member, 0 = none */
    uint32_t members_created; /* 0 to 2 (other) */
    uint32_t merged;          /* members merged away */
    uint32_t dropped;         /* identities left out: junk, or over the cap of their kind */
    uint32_t conflicts;       /* refused merges and renames */
    uint32_t apart;           /* identities of others that wait to be judged, those included */
};

/* Store one checked fact: dedupe, resolve or create the members, emit. */
MUST_CHECK enum err people_record(struct tx *tx, const struct sender *sender,
                                  const struct fact *fact, struct people_result *result,
                                  struct why *why);

/* What people_record would do, in a transaction that will be undone (tx_discard): members are found
 * and made, events are not. */
MUST_CHECK enum err people_try(struct tx *tx, const struct sender *sender, const struct fact *fact,
                               struct people_result *result, struct why *why);

/* Work out, on any thread, what finds the one identity of a checked fact, so that the writer need
 * not; 'scope' is the sender's. */
void people_key(struct brand *b, struct str scope, struct fact *fact);

/* Facts to be stored together. */
struct people_load {
    const struct fact *facts;
    size_t count;
    struct people_result *results; /* beside facts */
    struct why *errors; /* beside facts; zeroed by the caller, filled where a fact is refused */
    const atomic_bool *stop; /* set from outside: ERR_CANCELLED, and nothing of it stays; or NULL */
};
/* Store many at once, straight into a part, with exactly the result of people_record for each in
 * order of (at, position). A fact that is refused stops nothing. The members' rows are written by
 * people_bulk_end; until then (and after a crash, until the next opening) they lag. Only in a
 * command that is alone. */
MUST_CHECK enum err people_bulk(struct tx *tx, const struct sender *sender,
                                const struct people_load *load, struct why *why);
MUST_CHECK enum err people_bulk_end(struct tx *tx, struct why *why);

/* Find a member by identity without changing anything: 0 when unknown. */
MUST_CHECK enum err people_find(struct brand *b, const struct identity *identity, struct str scope,
                                uint32_t *member, struct why *why);

/* The same on a reader at hand, for many. */
MUST_CHECK enum err people_find_in(struct brand *b, struct sql *db, const struct identity *identity,
                                   struct str scope, uint32_t *member);

/* Where records are read from, and the arena they are read into. */
struct people_view {
    struct brand *brand;
    struct sql *db; /* any connection to the brand's database */
    struct arena *arena;
};

/* The member of a persona by rows alone, as 'db' sees them; 0 when it is nobody's. */
MUST_CHECK enum err people_root(struct sql *db, uint32_t persona, uint32_t *member);

/* Set a trait of a member by hand, as of now, and emit member.identified; 'value' is checked and
 * normalised in 'arena'. ERR_INVALID: another type than the trait's; ERR_NOT_FOUND: no such member.
 */
MUST_CHECK enum err people_set_trait(struct brand *b, uint32_t member, struct fact_value *value,
                                     struct str source, struct arena *arena, struct why *why);
/* Remove one, and emit member.identified with its name in props.removed. ERR_NOT_FOUND: no such
 * member, or they have none of that name. */
MUST_CHECK enum err people_remove_trait(struct brand *b, uint32_t member, struct str name,
                                        struct str source, struct why *why);

/* Erase a member for good: all events of all their personas, what others' events say of them
 * (brand_erase), identities, traits, row and timer. All or nothing, also when the process is
 * killed. 'member' may be any of their personas. ERR_NOT_FOUND: there is no such member.
 * ERR_CONFLICT: they were merged with others again and again meanwhile; try again. Any thread but
 * the writer. */
struct people_erased {
    uint32_t personas;
    uint64_t events; /* their own */
    uint32_t parts;  /* files of events written anew */
};
MUST_CHECK enum err people_erase(struct brand *b, uint32_t member, struct people_erased *out,
                                 struct why *why);

/* 'fn' of each persona ever erased. */
MUST_CHECK enum err people_each_erased(struct sql *db, void (*fn)(void *ctx, uint32_t persona),
                                       void *ctx);

/* Read the names by which members are searched into memory, as the first search otherwise does; a
 * search meanwhile waits for it. ERR_UNAVAILABLE: '*stop' was set before it had read all. Any
 * thread but the writer. */
MUST_CHECK enum err people_read_names(struct brand *b, const atomic_bool *stop);

/* The fold's view of this brand; valid until the brand closes, refreshed when kinds or properties
 * are added. Any thread; copy it for the length of a query. */
void people_fold_names(struct brand *b, struct arena *a, struct fold_names *out);

/* Fields of members that the fold does not answer, for queries; any thread. 'ctx' is the brand. A
 * text is lent until the same thread asks again. */
void people_get_field(void *ctx, uint32_t member, enum expr_field field, struct str name,
                      struct expr_value *out);
/* When the clock alone changes what consented() says of a member: once they are of age. TIME_NONE:
 * never after 'now'. */
int64_t people_consent_due(struct brand *b, uint32_t member, int64_t now);
enum expr_type people_trait_type(struct brand *b, struct str name);

/* Recompute every member from the log and compare with the stored rows. 'report' is called once per
 * difference. Runs on the caller's thread over a snapshot and a reader connection. */
struct verify_report {
    void (*finding)(void *ctx, const char *what);
    void *ctx;
    uint64_t members; /* compared */
    uint64_t findings;
};
MUST_CHECK enum err people_verify(struct brand *b, struct verify_report *report, struct why *why);
