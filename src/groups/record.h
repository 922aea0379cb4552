/* record.h - what a brand says of its groups: names, use, charter, channel, owner, capacity, tags.
 *
 * Every code of DIM_GROUP has a record: it comes into being, bare, with the first event that names
 * the group, or by group_record_add before there is any. Records are never removed, only archived.
 * Reading is for any thread with a connection; changes wait for the brand's writer. */
#pragma once

#include "groups/groups.h"

/* What a group is for 社群用途. */
enum group_use { USE_NONE, USE_SHARING, USE_SALES, USE_ENABLING, USE_CONVERTING, USE_CARING };
#define GROUP_USES 6
extern const char *const group_use_names[GROUP_USES]; /* "" first */

/* What a charter answers before a group opens, beside the wanted number of members. */
enum group_charter {
    CHARTER_PURPOSE,
    CHARTER_AUDIENCE,
    CHARTER_GAIN,  /* what members get out of it */
    CHARTER_ABOUT, /* the goods, topic, place or person it turns around */
    CHARTER_RHYTHM,
    CHARTER_RULES,
    CHARTER_ENDING, /* when it is closed or merged */
    CHARTERS
};
extern const char *const group_charter_names[CHARTERS];

#define GROUP_CAPACITY 300 /* unless said otherwise */

struct group_record {
    uint32_t code;         /* of DIM_GROUP */
    struct str key;        /* its text: what events call the group; borrowed from the registry */
    struct str name;       /* to be shown; as 'key' until it is given */
    enum group_use use;    /* USE_NONE = not said */
    struct str channel;    /* "wecom"; "" = not said */
    struct str channel_id; /* the channel's own; "" = unknown */
    struct str owner;      /* staff code; "" = nobody */
    struct str helpers;    /* staff codes, a line each */
    int capacity;          /* members it is meant to hold */
    int hard_limit;        /* of its channel; 0 = unknown */
    struct str tags;       /* a line each */
    int target;            /* members wanted; 0 = not said */
    struct str charter[CHARTERS];
    int64_t archived_at; /* TIME_NONE = it is in use */
    uint64_t version;    /* 1 = as it came into being */
    int64_t created_at;
    int64_t changed_at;
    struct str changed_by; /* "" = nobody */
};

/* All, by code; in 'arena'. Of a group of which nothing is stored yet, as it will be. */
MUST_CHECK enum err group_record_list(struct brand *b, struct sql *db, struct arena *arena,
                                      struct group_record **out, size_t *count, struct why *why);
/* One of them. ERR_NOT_FOUND. */
MUST_CHECK enum err group_record_get(struct brand *b, struct sql *db, uint32_t code,
                                     struct arena *arena, struct group_record *out,
                                     struct why *why);
/* Put the record in the place of the one of its code and version; version and times are filled in.
 * ERR_PRECONDITION: it was changed meanwhile. ERR_NOT_FOUND. */
MUST_CHECK enum err group_record_save(struct brand *b, struct group_record *r, struct why *why);
/* Make the record, and the code, of a group that no event has named yet; code and times are filled
 * in. ERR_CONFLICT: there is one of that key. ERR_TOO_LARGE over LIMIT_GROUPS. */
MUST_CHECK enum err group_record_add(struct brand *b, struct group_record *r, struct why *why);

/* Charters to begin with. */
struct group_template {
    const char *code;
    enum group_use use;
    int capacity;
    const char *name[2];              /* by enum lang */
    const char *charter[2][CHARTERS]; /* likewise */
};
extern const struct group_template group_templates[]; /* ends with {0} */
