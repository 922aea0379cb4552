/* groups.h - the chat groups of a brand and how alive they are.
 *
 * Who is in a group is a fold of group.joined and group.left; a message by someone not in it has
 * put its group.joined before it (people/record.c). Any thread. */
#pragma once

#include "brand/brand.h"

/* The module to list in main/modules.c: the records of groups (record.h, role.h). */
extern const struct module groups_module;

#define GROUP_RECENT_DAYS 28

/* What an account is in a group; definitions.md 4. */
enum account_role { ACCOUNT_MEMBER, ACCOUNT_STAFF, ACCOUNT_BOT, ACCOUNT_PARTNER };
#define ACCOUNT_ROLES 4
extern const char *const account_role_names[ACCOUNT_ROLES]; /* "member", "staff" ... */

struct group_row {
    uint32_t code;            /* of DIM_GROUP */
    struct str name;          /* borrowed from the brand's registry */
    uint64_t members;         /* in it now */
    uint64_t speakers;        /* of them or of former ones, with a message in the last 28 d */
    uint64_t messages;        /* ever */
    uint64_t recent_messages; /* in the last 28 d */
    int64_t last_message_at;  /* TIME_NONE = never */
    uint64_t joined_day;      /* in the last 24 h */
    uint64_t joined_week;     /* in the last 7 d */
    uint64_t joined, left;    /* times that somebody came or went in the last 28 d */
    uint32_t daily[GROUP_RECENT_DAYS]; /* messages per calendar day, the last is today */
};

/* All groups that have members or messages, most recent messages first, then by name; rows in
 * 'arena'. */
MUST_CHECK enum err groups_list(struct brand *b, int64_t now, struct arena *arena,
                                struct group_row **rows, size_t *count, struct why *why);
