/* internal.h - the state of the people room, shared by its own files. Everything here belongs to
 * the writer's thread but for what 'trait_lock' guards. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "people/idset.h"
#include "people/merge.h"
#include "people/numbering.h"
#include "people/people.h"

/* Kinds of timer of the room. */
enum { TIMER_LIFECYCLE = 1, TIMER_TAG, TIMER_PURGE, TIMER_NUMBERS };

/* Of a column of personas: those of the member that persona $1 belongs to. */
#define OF_MEMBER(column)                                                                          \
    "(" column " = $1 OR " column " IN (SELECT o.persona FROM persona_member m"                    \
    " JOIN persona_member o ON o.member = m.member WHERE m.persona = $1))"

/* The brand's numbers, and the thread that brings rows up to them. */
struct rebuild;
struct numbering_state {
    pthread_mutex_t lock; /* of 'now', as other threads see it, of p->shared_names, and the rest */
    pthread_cond_t settled;
    struct numbering now;
    struct numbers staged; /* the writer's: of the batch under way */
    bool has_staged, wants_rebuild;
    uint64_t voided;        /* the writer's: members changed without an event, so often */
    bool started, finished; /* the thread: is to be joined; is at its end */
    bool failed;            /* the last one; it will be tried again */
    bool closing;
    pthread_t thread;
    struct rebuild *rebuild;                   /* what it works on */
    _Atomic uint64_t stamp;                    /* people_stamp() */
    atomic_bool previewing;                    /* somebody asks what other numbers would make */
    _Atomic uint64_t previewed, preview_total; /* members of that */
};

/* A member's folded state in memory. */
struct member {
    uint32_t id;
    bool dirty;        /* differs from the row */
    bool stale;        /* a late fact or a merge: fold again from history before writing */
    bool behind;       /* events are missing from the fold (then it is stale, too) */
    bool recent;       /* touched since the last eviction sweep */
    uint64_t seq;      /* of the newest event folded in */
    uint32_t persona;  /* of that event; 0 = not known */
    int64_t armed_due; /* due time of the timer that is set; TIME_NONE */
    struct fold *fold;
};

#define NONCE_BYTES 24 /* of a seal */
#define NONCES_AHEAD 64

struct people {
    struct brand *brand;
    uint8_t index_key[32]; /* of blind indexes */
    uint8_t seal_key[32];
    uint8_t nonces[NONCES_AHEAD][NONCE_BYTES]; /* fetched, those up to nonces_left not used yet */
    size_t nonces_left;
    /* identities: 64 bits of the blind index -> persona; complete = holds every row of the table */
    struct intmap *identities;
    bool identities_complete;
    struct identity_rows *put_off; /* identity_rows.c; NULL but inside a load */
    uint32_t next_persona;
    uint64_t next_merge;       /* id of the next row of merge_log */
    uint64_t next_conflict;    /* of identity_conflict */
    uint64_t conflict_count;   /* its rows */
    struct identity_caps caps; /* of one member */
    /* personas that share a member */
    struct intmap *member_of; /* shared personas only: persona -> member, next of its personas */
    bool any_shared;          /* member_of has any */
    VEC(uint32_t) shared;     /* those of it that snapshots know, ascending */
    VEC(uint32_t) shared_of;  /* beside it: their members */
    VEC(uint32_t) joined;     /* whose members changed since: snapshots learn of it at the commit */
    /* members in memory */
    struct intmap *member_slots; /* id -> index into members */
    VEC(struct member *) members;
    VEC(uint32_t) dirty; /* ids of those that became dirty since a round began; some may be gone */
    VEC(uint32_t) round; /* ids of the flush round under way, ascending */
    size_t round_at;     /* next of them */
    bool round_left;     /* one of them had to wait for the next, in whichever slice */
    uint64_t committed_seq; /* as of the flush under way */
    struct fold *present;   /* scratch: a copy moved to now */
    struct strbuf bytes;    /* scratch: an encoded fold */
    /* what the fold knows of kinds */
    uint32_t *roles; /* by kind code; grows */
    uint32_t role_count;
    struct fold_names names;
    struct fold_names shared_names; /* without kinds; under numbering.lock */
    struct numbering_state numbering;
    int kind_created, kind_identified, kind_merged, kind_unmerged, kind_group_joined, kind_answered;
    int kind_assigned;
    uint32_t prop_inferred; /* bool: a join concluded from a message */
    /* bulk: members whose rows wait for people_bulk_end */
    struct bulk *bulk;
    pthread_mutex_t trait_lock;
    struct trait_cache *traits;
    bool traits_changed;                     /* the cache must go at the commit */
    struct tag_cache *tags;                  /* who has a tag; locks itself */
    struct consent_cache *consents;          /* who has consented; locks itself */
    struct owner_map *owners;                /* who answers for whom; locks itself */
    struct circle_cache *circles;            /* who is in which circle; locks itself */
    _Atomic int purge_asked;                 /* enum purge_wish */
    const struct retention_store *stores[4]; /* [store_count] of other rooms (retention.h) */
    size_t store_count;
    struct name_index *name_index; /* for searching; it has locks of its own */
};

extern const struct migration people_migrations[];

/* names.c */
MUST_CHECK enum err names_open(struct people *p, struct tx *tx);
/* Roles of every kind registered so far; called when a kind may be new. */
void names_refresh(struct people *p);

/* numbering.c: the writer's */
MUST_CHECK enum err numbering_open(struct people *p, struct tx *tx);
void numbering_commit(struct people *p);
void numbering_rollback(struct people *p);
/* rebuild.c: begin to bring the rows up to the numbers, if they have just changed; and look, by the
 * timer, whether it is to be begun again. */
void rebuild_begin(struct people *p);
MUST_CHECK enum err rebuild_due(struct people *p, struct tx *tx);
void rebuild_free(struct people *p);    /* stops it */
uint64_t people_count(struct brand *b); /* rows of members; any thread but the writer */

/* identity.c */
MUST_CHECK enum err identity_open(struct people *p, struct sql *db);
void identity_forget(struct people *p); /* after a rollback: drop what is cached */
struct hash128 identity_key(const struct people *p, const struct identity *id, struct str scope);
/* Persona of an identity, 0 when unknown. */
MUST_CHECK enum err identity_find(struct people *p, struct sql *db, struct hash128 key,
                                  uint32_t *persona);
/* Has the persona one that is more than an anonymous or device id? */
MUST_CHECK enum err identity_is_known(struct people *p, struct sql *db, uint32_t persona,
                                      bool *known);
/* It will be looked for soon. */
void identity_prefetch(const struct people *p, struct hash128 key);
MUST_CHECK enum err identity_load_all(struct people *p, struct sql *db);
/* Add an unknown identity to a persona. */
struct identity_row {
    const struct identity *identity;
    struct hash128 key;
    uint32_t persona;
    bool verified;
    int64_t first_seen;
    struct str source;
};
MUST_CHECK enum err identity_insert(struct people *p, struct tx *tx,
                                    const struct identity_row *row);
/* identity_rows.c: between begin and end, rows that are added wait for many others; what they
 * borrow must stay until then. Who asks the table about a persona calls reach before. End drops
 * what was not written. */
void identity_rows_begin(struct people *p);
MUST_CHECK enum err identity_rows_add(struct people *p, struct sql *db,
                                      const struct identity_row *row);
MUST_CHECK enum err identity_rows_reach(struct people *p, struct sql *db, uint32_t persona);
MUST_CHECK enum err identity_rows_write(struct people *p, struct sql *db);
void identity_rows_end(struct people *p);
/* Random bytes for one seal, on the writer's thread. */
void people_nonce(struct people *p, uint8_t out[NONCE_BYTES]);
uint32_t identity_member_of(const struct people *p, uint32_t persona);
static inline uint32_t identity_member(const struct people *p, uint32_t persona)
{
    return p->any_shared ? identity_member_of(p, persona) : persona;
}
/* Values per kind that the personas of a member have. */
MUST_CHECK enum err identity_counts(struct people *p, struct sql *db, uint32_t member,
                                    uint32_t counts[IDENTITY_KIND_COUNT]);
/* All personas of a member, its root first; in 'arena'. */
size_t identity_personas(const struct people *p, uint32_t member, struct arena *arena,
                         uint32_t **out);
/* A reason for two personas to be one member: an edge of the forest that merge_log is. */
struct merge_edge {
    uint32_t a, b; /* personas of two members */
    enum merge_how how;
    struct str who;      /* who did it by hand; {NULL, 0} = a rule */
    struct str source;   /* where the event of a rule's came from; {NULL, 0} = by hand */
    uint64_t id;         /* out: of the row */
    uint32_t kept, away; /* out: their members' ids, of which the lower stays */
};
MUST_CHECK enum err identity_merge(struct people *p, struct tx *tx, struct merge_edge *edge);
/* Make members anew of personas, ascending, that were of one: those of the same group[i], which is
 * the place of the first of them, stay together. */
struct persona_groups {
    const uint32_t *personas, *group;
    size_t count;
};
MUST_CHECK enum err identity_regroup(struct people *p, struct tx *tx,
                                     const struct persona_groups *g);
/* All rows of a persona go, and of its member's others when they are erased, too. */
MUST_CHECK enum err identity_erase(struct people *p, struct tx *tx, uint32_t persona);
void identity_shed(struct people *p);    /* after a load: a cache over its bound goes */
void identity_publish(struct people *p); /* give snapshots the current map of shared personas */

/* merge.c */
MUST_CHECK enum err merge_open(struct people *p, struct sql *db);
/* Write down a merge whose 'kept' and 'away' are filled in; gives it its id. */
MUST_CHECK enum err merge_note(struct people *p, struct tx *tx, struct merge_edge *edge,
                               const uint32_t *moved, size_t count);
/* Merge by hand inside of a command; 'm' as people_merge has it. */
MUST_CHECK enum err merge_by_hand(struct people *p, struct tx *tx, struct people_merge *m,
                                  struct why *why);
/* The merges that a source was the reason of come undone, and personas ascending that go are out of
 * their members; those who stay of these are put into 'parted', to be folded again. */
MUST_CHECK enum err merge_undo(struct people *p, struct tx *tx, struct str source,
                               const struct persona_set *gone, struct idset *parted);
/* What merge_log says of a persona goes; of the member's others, members are made anew. */
MUST_CHECK enum err merge_erase(struct people *p, struct tx *tx, const uint32_t *personas,
                                size_t count);

/* conflict.c */
MUST_CHECK enum err conflict_open(struct people *p, struct sql *db);
struct conflict_seen {
    uint32_t a, b;      /* personas: of the event, and of the identity */
    struct hash128 key; /* of the identity */
    enum identity_kind kind;
    enum conflict_cause cause;
    int64_t at;
    struct str source;
};
MUST_CHECK enum err conflict_note(struct people *p, struct tx *tx,
                                  const struct conflict_seen *seen);
/* The merge that judged one was undone: it is open again. */
MUST_CHECK enum err conflict_reopen(struct tx *tx, uint64_t merge);
MUST_CHECK enum err conflict_erase(struct people *p, struct tx *tx, uint32_t persona);

/* tail.c: the last four digits of a phone, as a blind index that many share. */
int64_t tail_of(const struct people *p, struct str phone);
/* Phones of stores that did not have it yet. */
MUST_CHECK enum err tail_fill(struct people *p, struct sql *db);

/* name_index.c: names of all members, folded, in memory; see there. */
struct name_index *name_index_create(void);
void name_index_destroy(struct name_index *x);
/* The writer's: names of this persona change in the batch under way; it is committed, or was
 * undone. */
void name_index_note(struct people *p, uint32_t persona);
void name_index_commit(struct people *p);
void name_index_rollback(struct people *p);
/* Personas with a name that is 'text' (folded already), begins with it, or holds it, in this order
 * and each at most 'limit'; in 'arena', a persona may come twice. Any thread. */
struct name_hits {
    uint32_t *persona;
    size_t count;
};
MUST_CHECK enum err name_index_find(struct people *p, struct str text, size_t limit,
                                    struct arena *arena, struct name_hits *out);

/* resolve.c */
struct resolved {
    uint32_t persona; /* 0 = the fact has no member */
    bool created;
    bool became_known;    /* an anonymous persona got its first known identity */
    bool known;           /* of a created member */
    uint32_t merged_into; /* root and away of a merge; 0 = none */
    uint32_t merged_away;
    uint32_t merged, dropped, conflicts, apart;
};

/* convert.c */
/* A product's own event beside 'like': same time, origin and arrival. */
struct event convert_own(const struct event *like, int kind, uint32_t persona);
void convert_add_flag(struct event *ev, uint32_t prop, struct arena *arena); /* prop = true */

/* member.c */
MUST_CHECK enum err member_get(struct people *p, struct sql *db, uint32_t id, struct member **out);
void members_forget(struct people *p);
void members_shed(struct people *p); /* keep those only that are to be written */
/* The numbers have changed: those that are to be written are folded again first, the rest goes. */
void members_outdate(struct people *p);
/* Have a member written whose row follows other numbers. */
MUST_CHECK enum err member_touch(struct people *p, struct sql *db, uint32_t id);
MUST_CHECK enum err member_fold(struct people *p, struct tx *tx, const struct event *ev,
                                uint64_t seq);
MUST_CHECK enum err member_mark_stale(struct people *p, struct sql *db, uint32_t id, uint64_t seq);
/* Bring the groups of a member up to date with the batch under way. */
MUST_CHECK enum err member_catch_up(struct people *p, struct tx *tx, struct member *m);
MUST_CHECK enum err member_due(struct people *p, struct tx *tx, uint32_t id);
/* No row, timer or fold any more of one that is merged away or erased. */
MUST_CHECK enum err member_erase(struct people *p, struct tx *tx, uint32_t id);
MUST_CHECK enum err members_flush(struct people *p, struct tx *tx, size_t rows_max, bool *clean);
/* Write one row: the fold as of its latest event, and the stage at 'now'. */
int64_t member_flags(const struct fold_state *s); /* as stored */
MUST_CHECK enum err member_write(struct people *p, struct tx *tx, struct member *m);

/* bulk.c */
void bulk_forget(struct people *p); /* after a rollback */
void bulk_close(struct people *p);

/* refold.c */
/* What a fold reads of the log; also the verifier's. */
struct refold_read {
    struct columns columns;
    enum prop_type types[64]; /* beside columns.props */
};
struct refold_read refold_reading(struct brand *b, const struct fold_names *names);
/* A scan of the whole log for it; borrows 'w'. */
struct scan refold_scan_of(const struct refold_read *w);
/* Fold member 'member' of the run from nothing. */
void refold_rows(const struct fold_names *n, const struct columns *columns, const struct history *h,
                 uint32_t member, struct fold *fold);
/* One stale member, from what is committed. */
MUST_CHECK enum err refold_one(struct people *p, struct member *m);
/* Fold a member as of the committed log and 'events', which are not in it yet, into 'fold'. Exact
 * but for events of one millisecond and several personas on both sides. */
MUST_CHECK enum err refold_with(struct people *p, uint32_t member, const struct event *events,
                                size_t count, struct fold *fold);
/* Fold members again by one pass over the log and write their rows: those of
 * 'only', or all when NULL. */
MUST_CHECK enum err refold_scan(struct people *p, struct tx *tx, const struct idset *only,
                                struct why *why);

/* trait.c */
struct trait_source {
    struct str name;
    bool undoable; /* what it overwrites is kept, to come back when it is undone */
};
MUST_CHECK enum err trait_save(struct people *p, struct tx *tx, const struct fact *fact,
                               uint32_t persona, const struct trait_source *from);
/* What an origin overwrote of a persona comes back, where nothing newer is; its own is gone
 * already. */
MUST_CHECK enum err trait_restore(struct tx *tx, uint32_t persona, struct str origin);
void trait_cache_drop(struct people *p);
void trait_forget(struct people *p); /* after a rollback */
MUST_CHECK enum err trait_open(struct people *p);
void trait_close(struct people *p);

/* Take a trait from all personas of a member; '*there' if there was one. */
struct trait_removal {
    uint32_t member;
    struct str name, source; /* the name lives until the batch ends */
};
MUST_CHECK enum err trait_remove(struct people *p, struct tx *tx, const struct trait_removal *r,
                                 bool *there);
/* circle.c */
void circles_open(struct people *p);
void circles_close(struct people *p);
void circles_outdate(struct people *p); /* the writer's: merges, erasures */
void circles_commit(struct people *p);
void circles_rollback(struct people *p);
void circle_field(struct people *p, uint32_t member, struct str group, struct expr_value *out);

MUST_CHECK enum err trait_erase(struct people *p, struct tx *tx, uint32_t persona);

/* trait_hand.c: the same, and say so in the history. */
MUST_CHECK enum err trait_take(struct people *p, struct tx *tx, const struct trait_removal *r,
                               bool *there);

/* tag_sets.c */
void tag_sets_open(struct people *p);
void tag_sets_close(struct people *p);
void tag_sets_commit(struct people *p);
void tag_sets_forget(struct people *p); /* after a rollback */
/* Tags, their groups or members were changed otherwise than by giving and taking. */
void tag_sets_redefined(struct people *p);
/* Has the member a tag of that name? Any thread. */
bool tag_sets_has(struct people *p, uint32_t member, struct str name);
/* Inside the batch: the member has the tag, or has it no longer. */
void tag_sets_change(struct people *p, uint32_t member, uint32_t tag, bool has);

/* tagging.c */
/* Take a tag from all personas of a member; was it there? Tells nobody. */
MUST_CHECK enum err tagging_take(struct people *p, struct tx *tx, uint32_t member, uint32_t tag,
                                 bool *there);
MUST_CHECK enum err tagging_due(struct people *p, struct tx *tx, uint64_t subject);
MUST_CHECK enum err tagging_erase(struct people *p, struct tx *tx, uint32_t persona);

/* note.c */
/* A text sealed as traits are, and back, in 'arena'; what is damaged is empty. */
struct str people_seal(const struct people *p, struct arena *arena, struct str text);
struct str people_unseal(const struct people *p, struct arena *arena, struct str sealed);
MUST_CHECK enum err note_erase(struct tx *tx, uint32_t persona);

/* owner_map.c: the owner of every member, for other threads. */
MUST_CHECK enum err owners_open(struct people *p, struct sql *db);
void owners_close(struct people *p);
/* Inside the batch: that is the owner now; readers see it from the commit on. */
void owners_note(struct people *p, uint32_t member, uint32_t staff);
void owners_commit(struct people *p);
void owners_forget(struct people *p); /* after a rollback */
void owners_clear(struct people *p);  /* all is noted again: a rebuild */
/* Was the opening before cut off while a new rule was brought to the rows? */
MUST_CHECK enum err owners_unsettled(struct sql *db, bool *out);
/* The rule, into rules of the fold. */
void owners_rule(struct people *p, struct fold_rules *rules);
struct owner_rule;
/* The writer's: what is folded from here on follows it. */
void owners_take_rule(struct people *p, const struct owner_rule *rule);

/* owner.c */
MUST_CHECK enum err owner_erase(struct tx *tx, uint32_t persona);

/* consent.c */
void consent_open(struct people *p);
void consent_close(struct people *p);
void consent_commit(struct people *p);
/* Purposes were changed, or entries erased. */
void consent_redefined(struct people *p);
/* Is there such a purpose, and does it need no consent? */
MUST_CHECK enum err consent_basis(struct sql *db, struct str purpose, bool *there, bool *contract);
/* Written in the batch under way. */
struct consent_entry;
void consent_note(struct people *p, uint32_t member, const struct consent_entry *e);
void consent_forget(struct people *p); /* after a rollback, and when members have joined */
/* Does a fact say yes or no to something? Then it is checked, before anything of it is stored. */
bool consent_is_fact(const struct fact *fact);
MUST_CHECK enum err consent_check_fact(struct tx *tx, const struct fact *fact, struct why *why);
MUST_CHECK enum err consent_save_fact(struct people *p, struct tx *tx, const struct fact *fact,
                                      uint32_t persona, struct str source);
/* "channel/purpose" as of now. Any thread. */
bool consent_holds(struct people *p, uint32_t member, struct str name);
MUST_CHECK enum err consent_erase(struct people *p, struct tx *tx, uint32_t persona);

/* verify_rows.c: rows that contradict each other, by queries alone. */
MUST_CHECK enum err verify_rows(struct sql *reader, struct verify_report *report);
