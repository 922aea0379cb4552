/* handout.h - all that is kept of one member, as a ZIP file for them: data.json holds every
 * section, and each is a CSV file too.
 *
 * Made in memory that does not grow with the history, in a nameless file of the data directory. */
#pragma once

#include "api/call.h"
#include "people/look.h"

struct handout_made {
    int fd; /* to read it by; the caller's to close */
    uint64_t size;
    uint64_t events; /* that are in it */
};
/* ERR_NOT_FOUND, ERR_IO, ERR_NO_SPACE. */
MUST_CHECK enum err handout_make(struct call *c, const struct look *l, uint32_t member,
                                 struct handout_made *out, struct why *why);
