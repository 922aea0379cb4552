/* internal.h - the state of the room, shared by its own files.
 *
 * Threads: the writer (commands and the module's functions), the keeper, a builder that it starts,
 * and readers. 'lock' guards what stands below it; memberships are changed by the keeper alone,
 * under the lock, so that it may read them without. */
#pragma once

#include <pthread.h>
#include <roaring/roaring.h>

#include "base/map.h"
#include "base/vec.h"
#include "segments/memory.h"
#include "segments/segments.h"

/* Rows of stored membership hold the members of one such range each. */
#define CHUNK_BITS 16
/* And rows of timers of so many. */
#define DUE_CHUNK 4096

/* An event that was committed: whom to look at. */
struct touch {
    uint32_t persona;
    uint16_t kind; /* 0 = of any */
    uint64_t seq;  /* 0 with kind 0 */
};

/* One segment as it is followed. */
struct live {
    uint32_t id;
    bool list;        /* a static one */
    bool broken;      /* its expression cannot be read */
    bool made;        /* 'members' are those of a definition, or of the list: it serves */
    const char *code; /* lives as long as the brand is open */
    const char *expr; /* the same */
    const char *read; /* the expression that 'wanted' is of; NULL = none yet */
    uint64_t wanted;  /* hash of the expression and of those it names */
    uint64_t basis;   /* the same of what 'members' follow; 0 = nothing */
    uint64_t stored;  /* the same of the rows */
    int64_t moved_at; /* TIME_NONE */
    roaring_bitmap_t *members;
    roaring_bitmap_t *named; /* of a static one: as given, before merges */
    roaring_bitmap_t *dirty; /* chunks that differ from their rows */
};

/* Being made anew: nobody enters or leaves until then. */
static inline bool live_is_building(const struct live *l)
{
    return l->basis != l->wanted;
}

struct due {
    int64_t at;
    uint32_t member;
};

/* A saved expression as the batch under way leaves it. */
struct staged {
    char *code; /* owned, as is the expression; NULL = it is gone */
    char *expr;
};

/* A build under way, on a thread of its own. */
struct build {
    struct room *room;
    struct panel *panel; /* of the expressions being built */
    size_t count;        /* of them */
    uint32_t *ids;       /* [count] of their segments */
    bool all;            /* every segment there is */
    struct snapshot *snapshot;
    struct budget budget; /* cancelled at the end */
    uint64_t began_ns;
    struct membership *found; /* out */
    enum err err;
    bool done; /* under the room's lock */
    pthread_t thread;
};

/* Members being learnt, on a thread of its own. */
struct fill {
    struct room *room;
    struct panel *panel;
    struct memory *memory;
    struct snapshot *snapshot;
    struct budget budget; /* cancelled at the end */
    enum err err;
    bool done; /* under the room's lock */
    pthread_t thread;
};

/* A segment and the definition that its rows follow. */
struct head {
    uint32_t segment;
    uint64_t basis;
};

/* Timers of one range of members, encoded. */
struct due_row {
    uint32_t chunk;
    struct strbuf bytes;
};

struct room {
    struct brand *brand;
    /* the writer's */
    VEC(struct touch) pending; /* of the batch under way */
    bool staged;               /* the batch changes definitions or lists */
    bool erased;               /* the batch erases members */
    VEC(struct staged) stage;  /* the definitions */
    bool purged;               /* the batch took values out of the log */
    bool keeping;              /* there are segments, and so a keeper */
    uint64_t emitted;          /* events of the batch under way */
    uint64_t stamp_seen;       /* people_stamp() as the writer saw it last */
    uint64_t seq_seen;         /* of the newest event that on_event was told of and committed */
    struct flush {
        bool active;
        VEC(uint64_t) rows;      /* segment << 32 | chunk */
        VEC(struct due_row) due; /* behind them: timers as of the round's beginning */
        VEC(struct head) heads;  /* behind these: which definitions they all follow */
        size_t next;             /* of all three */
        uint64_t seq;            /* to be the mark */
        uint64_t marked;         /* as stored */
        uint32_t segment;        /* whose rows are being noted */
    } flush;
    /* shared */
    pthread_mutex_t lock;
    pthread_cond_t wake, settled;
    VEC(struct touch) queue;
    uint64_t told;    /* seq up to which the queue, or 'rescan', has told of everything */
    bool reload;      /* definitions or lists have changed */
    int64_t retry_at; /* not before then: the last time it failed */
    bool rescan;      /* something came that was not queued */
    bool forget;      /* and what is remembered of members may be of before it */
    bool stop;
    bool started;                /* the keeper runs */
    uint64_t asked, answered;    /* tickets of segments_settle */
    uint64_t seq;                /* everything up to here is followed */
    int64_t at;                  /* and the clock up to here */
    struct segments_stats stats; /* of the round before */
    bool torn; /* some has moved that others have yet to follow: not to be stored so */
    VEC(struct live *) lives;
    VEC(int64_t) due; /* by member; TIME_NONE, or when to look again */
    roaring_bitmap_t *due_dirty;
    VEC(char *) texts; /* codes and expressions ever in use */
    struct map *text_places;
    struct map *saved;              /* code -> place in texts of the expression, as committed */
    VEC(struct segment_move) moves; /* a ring */
    uint64_t moved;                 /* moves ever */
    pthread_mutex_t listener_lock;  /* held while it is called; taken before 'lock' */
    void (*listener)(void *ctx, struct brand *b);
    void *listener_ctx;
    /* the keeper's */
    pthread_t keeper;
    bool opened;             /* the first panel is there */
    uint64_t told_moves;     /* the listener was called after so many */
    int64_t now;             /* of the round */
    bool failed;             /* somebody could not be looked at */
    struct panel *panel;     /* of all dynamic segments, in order of 'lives' */
    struct memory *memory;   /* of members looked at; NULL = none is kept */
    bool abreast;            /* the snapshot of the round has nothing that the queue had not */
    uint64_t histories;      /* read, ever, since somebody was not remembered */
    VEC(struct due) heap;    /* the earliest first; what r->due does not say any more is left out */
    roaring_bitmap_t *since; /* members looked at since the build or fill under way began */
    struct build *build;     /* NULL = none */
    struct fill *fill;       /* NULL = none; never beside a build */
    bool unfilled;           /* many are not remembered who could be */
    uint64_t scanned_ns, scan_ns; /* when the last whole scan ended, how long it took */
};

/* The keeper's: the clock is followed up to here, even if it has gone back since. */
static inline int64_t room_followed(const struct room *r)
{
    return r->at < r->now ? r->at : r->now;
}

/* Whoever is looked at is to be noted. */
static inline bool room_notes(const struct room *r)
{
    return r->build || r->fill;
}

static inline struct room *room_of(struct brand *b)
{
    return brand_module_state(b, &segments_module);
}

extern const struct migration segments_migrations[];

/* records.c */
/* The writer's: note what on_visible must make known. */
void records_stage(struct room *r, struct str code, struct str expr);
/* All definitions as the database has them now, by whatever connection. */
MUST_CHECK enum err records_read(struct sql *db, struct arena *arena, struct segment **out,
                                 size_t *count);
MUST_CHECK enum err records_named(struct sql *db, uint32_t id, roaring_bitmap_t *out);

/* room.c */
void room_tear(struct room *r, bool torn);
/* Under the lock. */
const char *room_text(struct room *r, struct str text);
struct live *room_find(const struct room *r, struct str code);
struct live *room_find_id(const struct room *r, uint32_t id);
void live_destroy(struct live *l);
struct live *live_create(uint32_t id);
void room_set_due(struct room *r, uint32_t member, int64_t due);
/* Whom an event concerns, one or two: of who was merged or taken apart everything is. */
size_t room_touches(const struct room *r, const struct event *ev, uint64_t seq,
                    struct touch out[2]);

/* keeper.c */
MUST_CHECK enum err keeper_start(struct room *r);
void keeper_stop(struct room *r);
/* Bytes in which a brand may remember members: LIMIT_SEGMENT_MEMORY at least, and of a larger
 * machine a share. */
size_t keeper_memory(void);
/* Have the listener hear of moves since the last time. */
void keeper_tell(struct room *r);

/* define.c */
/* Read definitions and lists again. */
MUST_CHECK enum err define_reload(struct room *r, const struct snapshot *s);
/* Make the panel anew if names have come since. */
void define_names(struct room *r);

/* due.c: the keeper's timers */
int64_t due_next(struct room *r); /* the earliest; TIME_NONE */
int64_t due_of(const struct room *r, uint32_t member);
void due_pop(struct room *r);
void due_push(struct room *r, uint32_t member, int64_t at);
/* When to look at a member again; 'whole': all expressions were asked, so that it may come later
 * too. */
void due_set(struct room *r, uint32_t member, int64_t due, bool whole);

/* follow.c: the keeper's steps */
/* Look at those of the queue, and at who is due; 's' has them all. */
void follow_touches(struct room *r, const struct snapshot *s, struct touch *touches, size_t count);
void follow_clock(struct room *r, const struct snapshot *s, int64_t now);
/* Look at members, ascending, with all expressions. */
void follow_look(struct room *r, const struct snapshot *s, const uint32_t *members, size_t count,
                 enum segment_reason reason);
void follow_lists(struct room *r, const struct snapshot *s);
/* Somebody enters or leaves, if that is new. */
void follow_move(struct room *r, struct live *l, uint32_t member, bool in,
                 enum segment_reason reason, int64_t at);
/* Who was merged away is in no segment any more. */
void follow_clear(struct room *r, uint32_t persona);
void follow_tell(struct room *r, const struct live *l, const struct segment_move *move);
/* The map from personas to members of a snapshot. */
uint32_t follow_member_of(const struct snapshot *s, uint32_t persona);

/* build.c */
/* What a scan of all members finds. */
struct membership {
    size_t count;
    roaring_bitmap_t **members; /* [count] by expression of the panel */
    VEC(struct due) dues;
};
MUST_CHECK enum err membership_scan(struct panel *p, const struct snapshot *s,
                                    struct budget *budget, struct membership **out,
                                    struct why *why);
void membership_destroy(struct membership *m); /* NULL is allowed */
/* Is there a segment that waits to be built? */
bool build_wanted(const struct room *r);
void build_begin(struct room *r, bool all);
/* Put what was built in its place. */
void build_install(struct room *r, const struct snapshot *s);
void build_cancel(struct room *r);

/* fill.c */
void fill_begin(struct room *r);
/* Take over what was learnt. */
void fill_end(struct room *r);
void fill_cancel(struct room *r);
