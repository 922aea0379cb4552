/* role.c - the table of roles. Export, merging and handing over are the owner's and the operator's
 * alone; what is handed out of one member, and their erasing, the owner's. */
#include "account/role.h"

#define LOOK (SCOPE_OVERVIEW_READ | SCOPE_MEMBERS_READ)
#define THINK (SCOPE_INSIGHT_READ | SCOPE_BOARDS_WRITE)

static const struct {
    const char *name;
    uint64_t scopes;
} roles[STAFF_ROLES] = {
    [ROLE_OWNER] = {"owner", SCOPES_ALL},
    [ROLE_OPERATOR] = {"operator", LOOK | THINK | SCOPE_MEMBERS_WRITE | SCOPE_MEMBERS_REVEAL |
                                       SCOPE_MEMBERS_EXPORT | SCOPE_MEMBERS_MERGE |
                                       SCOPE_MEMBERS_ASSIGN | SCOPE_SETTINGS_READ |
                                       SCOPE_IMPORTS_WRITE | SCOPE_GROUPS_WRITE},
    [ROLE_GROWTH] = {"growth", LOOK | THINK | SCOPE_MEMBERS_WRITE | SCOPE_SETTINGS_READ},
    [ROLE_ADVISOR] = {"advisor", LOOK | SCOPE_MEMBERS_WRITE | SCOPE_MEMBERS_REVEAL},
    [ROLE_CLERK] = {"clerk", 0},
    [ROLE_ANALYST] = {"analyst", LOOK | THINK},
    [ROLE_PARTNER] = {"partner", SCOPE_OVERVIEW_READ},
};

const char *role_name(enum role role)
{
    return roles[role].name;
}

bool role_parse(struct str name, enum role *out)
{
    for (int i = 0; i < STAFF_ROLES; i++) {
        if (!str_is(name, roles[i].name)) continue;
        *out = (enum role)i;
        return true;
    }
    return false;
}

uint64_t role_scopes(enum role role)
{
    return roles[role].scopes;
}
