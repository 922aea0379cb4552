/* place.h - where somebody stands in a brand: their code in its events, their store and department,
 * and how far their role reaches: to the members whose owner they are, to those of their store or
 * department, or to the whole brand. Part of the staff in memory; any thread.
 *
 * A place is kept apart from the role: it stays when the role goes, so that what a leaver's members
 * are is still known. */
#pragma once

#include "account/staff.h"
#include "groups/talk.h"

const char *reach_name(enum reach reach); /* "brand" ... */
bool reach_parse(struct str name, enum reach *out);
#define REACHES "own|store|department|brand"

struct staff_place {
    enum reach reach;
    char code[PLACE_BYTES]; /* in the brand's events; "" = none */
    char store[PLACE_BYTES];
    char department[PLACE_BYTES];
    bool leaving; /* their members are to be handed over */
};

/* All empty, and reach brand, of who has none. */
void staff_get_place(struct staff *s, uint32_t number, const char *brand, struct staff_place *out);
/* ERR_CONFLICT: another has the code. ERR_INVALID: it reaches no further than to what is empty; an
 * owner's reaches everywhere. ERR_NOT_FOUND: no such person. Written into the audit log. */
MUST_CHECK enum err staff_set_place(struct staff *s, const struct principal *by, uint32_t number,
                                    const char *brand, const struct staff_place *place,
                                    struct why *why);
/* Codes of a brand's people that a reach covers: of 'place', as the principal has it. In the arena.
 */
size_t staff_codes(struct staff *s, const char *brand, enum reach reach, const char *place,
                   struct arena *arena, struct str **out);
/* Whose code is it? 0 = nobody's. */
uint32_t staff_of_code(struct staff *s, const char *brand, struct str code);
/* Where the person of a code works: struct talk_places' function, 'staff' being its context. */
bool staff_department(void *staff, struct brand *b, struct str code,
                      char out[TALK_DEPARTMENT_BYTES]);
/* With the server database locked. */
MUST_CHECK enum err staff_load_places(struct staff *s, struct sql *db);
