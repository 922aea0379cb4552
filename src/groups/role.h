/* role.h - which accounts of a group are of staff, bots or partners, as a person has said.
 *
 * What is proposed is worked out of the log (roster.h); what a person has confirmed, or put off by
 * confirming another role, is a row here and is not proposed again. A role of group 0 holds in all
 * groups, unless the group says otherwise. Events that name a staff code are of staff anyway. */
#pragma once

#include "groups/groups.h"

struct group_role {
    uint32_t group;   /* 0 = of all groups */
    uint32_t persona; /* the account; any of its member's */
    enum account_role role;
    bool confirmed;
    struct str person; /* of staff and partners: whose account it is, second phones too; "" */
    struct str said_by;
    int64_t at;
};

/* Those that hold in a group (of all groups: 0), by persona, the group's own before those of all;
 * in 'arena'. 'db' is any connection. */
MUST_CHECK enum err groups_roles(struct sql *db, uint32_t group, struct arena *arena,
                                 struct group_role **out, size_t *count);
/* All that was said of a member's accounts, in order of time. */
MUST_CHECK enum err groups_roles_of(struct sql *db, uint32_t member, struct arena *arena,
                                    struct group_role **out, size_t *count);
/* Say what a persona is; 'at' is filled in. ERR_NOT_FOUND: there is no such member. ERR_TOO_LARGE
 * over LIMIT_GROUP_ACCOUNTS in a group. */
MUST_CHECK enum err groups_set_role(struct brand *b, struct group_role *role, struct why *why);
/* Take back what was said in a group, or of all (0). ERR_NOT_FOUND: nothing was. */
MUST_CHECK enum err groups_clear_role(struct brand *b, uint32_t group, uint32_t persona,
                                      struct why *why);
