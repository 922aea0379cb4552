/* family.h - groups behind one entrance: which of them takes who comes now, and when the next has
 * to be open.
 *
 * The members of a family stand in order; the entrance leads to the first that is in use and has
 * room. A group has room while its members are fewer than it hands over at: its capacity, its
 * channel's limit, and 195 where the entrance is a QR code, since WeChat and WeCom joins by QR stop
 * at 200. The next group is wanted as soon as the last with room is filled to the family's share,
 * or will be full within its hours at the rate of joins. Somebody opens it: a record like that of
 * the last, under a name of its own. */
#pragma once

#include "groups/groups.h"
#include "groups/record.h"

#define FAMILY_QR_LIMIT 195
#define FAMILY_HOURS 48 /* unless said otherwise */
#define FAMILY_SHARE 90 /* percent, likewise */

struct group_family {
    uint32_t id;
    struct str name;
    bool qr;               /* people come by a QR code */
    int hours, share;      /* when the next is wanted */
    bool opens;            /* and then it is opened without asking */
    size_t put_off_groups; /* somebody said "not now" when it had so many; 0 = never */
    bool put_off_full;     /* and knew that none had room */
    uint32_t *groups;      /* codes, in order */
    size_t group_count;
    uint64_t version;
    int64_t created_at, changed_at;
    struct str changed_by;
};

/* ---- what is to be done: pure ---- */

struct family_state {
    size_t entrance;      /* place of the group that takes who comes; SIZE_MAX = none has room */
    double full_in_hours; /* until the last with room is full; NAN = nobody comes */
    bool wanted;          /* the next is to be opened now */
    enum family_reason { FAMILY_FINE, FAMILY_SOON, FAMILY_SHARED, FAMILY_FULL } reason;
};
/* Of one group. */
struct family_group {
    bool archived;
    uint64_t members;
    uint64_t hand_over;               /* at so many */
    uint64_t joined_day, joined_week; /* in the last 24 h, and 7 d */
};
uint64_t family_hand_over(const struct group_record *r, bool qr);
/* Joins an hour of the entrance: those of all its groups, of the last 24 h or as the mean of 7 d,
 * whichever is more. */
struct family_state family_look(const struct group_family *f, const struct family_group *groups);
/* Somebody has said "not now" of what is wanted: of the same groups, and not before all were full.
 */
bool family_is_put_off(const struct group_family *f, const struct family_state *s);

/* ---- records ---- */

MUST_CHECK enum err family_list(struct sql *db, struct arena *arena, struct group_family **out,
                                size_t *count, struct why *why);
/* ERR_NOT_FOUND. */
MUST_CHECK enum err family_get(struct sql *db, uint32_t id, struct arena *arena,
                               struct group_family *out, struct why *why);
/* Make one (id 0), or put it in the place of the one of its id and version; what is missing is
 * filled in. ERR_CONFLICT: a group is in another family. ERR_PRECONDITION, ERR_NOT_FOUND,
 * ERR_TOO_LARGE over LIMIT_FAMILIES. */
MUST_CHECK enum err family_save(struct brand *b, struct group_family *f, struct why *why);
/* The groups stay. ERR_NOT_FOUND. */
MUST_CHECK enum err family_remove(struct brand *b, uint32_t id, struct why *why);
/* Open the next: a record like that of the last group, put at the end; r->changed_by is who does,
 * r->code is filled in. ERR_TOO_LARGE: the family has none yet, or LIMIT_FAMILY_GROUPS. */
MUST_CHECK enum err family_open_next(struct brand *b, uint32_t id, struct group_record *r,
                                     struct why *why);
/* Say "not now" of the group that is wanted, for as many groups as it has; 'full': none has room.
 * ERR_NOT_FOUND. */
MUST_CHECK enum err family_put_off(struct brand *b, uint32_t id, bool full, struct why *why);
/* What families are looked at by: records by code - 1, and figures, of all groups. */
struct family_figures {
    struct group_record *records;
    size_t record_count;
    struct group_row *rows;
    size_t row_count;
};
MUST_CHECK enum err family_figures(struct brand *b, struct sql *db, struct arena *arena,
                                   struct family_figures *out, struct why *why);
struct family_group family_group_of(const struct family_figures *x, uint32_t code, bool qr);
/* Open the next of each family that wants one and opens by itself, one each; in 'arena'. */
#define FAMILY_ITSELF "family" /* changed_by of what was opened so */
struct family_opened {
    uint32_t family, group;
};
MUST_CHECK enum err families_open_due(struct brand *b, struct sql *db, struct arena *arena,
                                      struct family_opened **out, size_t *count, struct why *why);
/* "辣妈一群" and "tea-1" give "辣妈二群" and "tea-2"; what has no number gets one. In 'arena'. */
struct str family_next_name(struct arena *arena, struct str name);
