/* scope.h - what a caller may do, as bits; one list for routes, roles, keys and JSON. Pure. */
#pragma once

#include <stdint.h>

#include "base/str.h"

/* bit name, name in JSON */
#define SCOPE_LIST(SCOPE)                                                                          \
    SCOPE(OVERVIEW_READ, "overview.read")                                                          \
    SCOPE(MEMBERS_READ, "members.read")                                                            \
    SCOPE(MEMBERS_WRITE, "members.write")                                                          \
    SCOPE(MEMBERS_REVEAL, "members.reveal")                                                        \
    SCOPE(MEMBERS_EXPORT, "members.export")                                                        \
    SCOPE(MEMBERS_MERGE, "members.merge")                                                          \
    SCOPE(MEMBERS_ASSIGN, "members.assign")                                                        \
    SCOPE(MEMBERS_PRIVACY, "members.privacy")                                                      \
    SCOPE(INSIGHT_READ, "insight.read")                                                            \
    SCOPE(BOARDS_WRITE, "boards.write")                                                            \
    SCOPE(SETTINGS_READ, "settings.read")                                                          \
    SCOPE(SETTINGS_WRITE, "settings.write")                                                        \
    SCOPE(STAFF_MANAGE, "staff.manage")                                                            \
    SCOPE(KEYS_MANAGE, "keys.manage")                                                              \
    SCOPE(IMPORTS_WRITE, "imports.write")                                                          \
    SCOPE(AUDIT_READ, "audit.read")                                                                \
    SCOPE(SYSTEM_READ, "system.read")                                                              \
    SCOPE(INTAKE_WRITE, "intake.write")                                                            \
    SCOPE(GROUPS_WRITE, "groups.write")

enum scope_place {
#define SCOPE(name, text) SCOPE_PLACE_##name,
    SCOPE_LIST(SCOPE)
#undef SCOPE
        SCOPE_COUNT
};

enum {
#define SCOPE(name, text) SCOPE_##name = 1 << SCOPE_PLACE_##name,
    SCOPE_LIST(SCOPE)
#undef SCOPE
    /* of a route: any person who is signed in */
    SCOPE_SIGNED_IN = 1 << 30
};

/* What a token without a list of its own may do: read everything, and import. */
#define SCOPES_OF_OLD_TOKENS                                                                       \
    (SCOPE_OVERVIEW_READ | SCOPE_MEMBERS_READ | SCOPE_INSIGHT_READ | SCOPE_SETTINGS_READ |         \
     SCOPE_AUDIT_READ | SCOPE_SYSTEM_READ | SCOPE_IMPORTS_WRITE)

/* "members.read" of one bit. */
const char *scope_name(uint64_t bit);
/* The bit of a name; 0 when there is none. */
uint64_t scope_find(struct str name);
