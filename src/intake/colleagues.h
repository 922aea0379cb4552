/* colleagues.h - whom a cell means that names one of the staff: by the code they work under in the
 * brand, the name they sign in with, the name that is shown, or a code that the brand's events
 * know.
 *
 * Who is there is read once, before the first row, so that no cell means another because of the
 * rows above it. One thread. */
#pragma once

#include "brand/brand.h"

struct colleagues;
struct staff; /* account/staff.h */

/* 'staff' NULL: nobody's names are known, only codes. Never NULL. */
struct colleagues *colleagues_create(struct brand *b, struct staff *staff);
void colleagues_destroy(struct colleagues *c); /* NULL is allowed */

enum colleague_found {
    COLLEAGUE_NOBODY,
    COLLEAGUE_ONE,
    COLLEAGUE_SEVERAL, /* the name is shown of more than one */
    COLLEAGUE_NO_CODE  /* they work under no code in the brand */
};
/* Letters large or small are the same. '*code' is set when it is one; it lives as long as 'c'. */
enum colleague_found colleagues_find(struct colleagues *c, struct str text, struct str *code);
