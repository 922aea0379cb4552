/* sight.h - which members a caller may know of: all, or those whose owner is within the caller's
 * reach.
 *
 * It is held here and in dispatch.c alone. A caller of narrow reach is refused at every route that
 * does not say otherwise: SPEC_ANY_REACH holds nothing of any member; of SPEC_SIGHT the member of
 * the path is looked up before the handler runs, and the handler gives no other member than these
 * functions let through. As of the call: owners may change meanwhile. */
#pragma once

#include "api/call.h"
#include "people/idset.h"

/* May this caller make this call, of this member? ERR_FORBIDDEN; ERR_NOT_FOUND as if the member
 * were not there. */
MUST_CHECK enum err sight_check(struct call *c, struct why *why);

bool sight_is_whole(const struct call *c);
/* The members seen, in the call's arena; NULL = all. */
const struct idset *sight_of(struct call *c);
/* Is it one of them? By any of their personas. */
bool sight_has(struct call *c, uint32_t persona);
/* Those of 'set' (NULL = all) that are seen; NULL = all. A set that is given is not changed. */
const struct idset *sight_narrow(struct call *c, const struct idset *set);
/* The same as an expression about members; {NULL, 0} = all. */
struct str sight_expression(struct call *c);
/* Codes of the owners whose members are seen, in the call's arena; of a narrow reach. */
size_t sight_owners(struct call *c, uint32_t **out);

/* The members that the body's list "members" names and the caller sees, in the call's arena;
 * '*hidden' is how many of the others it names. */
MUST_CHECK enum err sight_list(struct call *c, const uint32_t **members, size_t *count,
                               size_t *hidden, struct why *why);
