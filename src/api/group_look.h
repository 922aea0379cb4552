/* group_look.h - one group as its routes read it: who is in it, and what their accounts are. */
#pragma once

#include "api/call.h"
#include "groups/record.h"
#include "groups/role.h"
#include "groups/roster.h"
#include "people/look.h"

struct group_look {
    struct call *call;
    struct group_record record;
    struct roster roster;
    struct group_role *roles;
    size_t role_count;
    struct look look;
};
/* The group of the path, 404 when there is none; of a SPEC_QUESTION. To be ended, whatever is
 * returned. */
MUST_CHECK enum err group_look_begin(struct call *c, struct group_look *x, struct why *why);
void group_look_end(struct group_look *x);
/* The member of a persona, as of the look. */
uint32_t group_look_member(const struct group_look *x, uint32_t persona);
/* What was said of a member's account; NULL = nothing. */
const struct group_role *group_look_role(const struct group_look *x, uint32_t member);
/* {"id", "name"} under a key; null of nobody, and of whom the caller does not see. */
MUST_CHECK enum err group_look_put(struct group_look *x, struct json_writer *w, const char *key,
                                   uint32_t member, struct why *why);
