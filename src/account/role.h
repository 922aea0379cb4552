/* role.h - what a person is in a brand, and the scopes that come with it. */
#pragma once

#include "account/scope_set.h"

enum role {
    ROLE_OWNER,
    ROLE_OPERATOR,
    ROLE_GROWTH,
    ROLE_ADVISOR,
    ROLE_CLERK,
    ROLE_ANALYST,
    ROLE_PARTNER,
    STAFF_ROLES
};

const char *role_name(enum role role);
/* False when there is no such role. */
bool role_parse(struct str name, enum role *out);
uint64_t role_scopes(enum role role);
