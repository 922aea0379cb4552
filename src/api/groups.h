/* groups.h - what the routes about groups share. */
#pragma once

#include "api/call.h"
#include "groups/record.h"

/* "g12"; false when it is not. */
bool groups_parse(struct str text, uint32_t *out);
/* The group of the path, "g12"; ERR_NOT_FOUND when it names none. */
MUST_CHECK enum err groups_id(const struct call *c, uint32_t *out, struct why *why);
/* Its record, and a reader; 404 when there is none. */
MUST_CHECK enum err groups_find(struct call *c, struct sql **db, struct group_record *out,
                                struct why *why);
/* Who changes something, and what is so now; the spec's action. {NULL, 0} = nothing. */
MUST_CHECK enum err groups_tell(const struct call *c, uint32_t group, struct str before,
                                struct str after, struct why *why);
