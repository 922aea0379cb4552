/* principal.h - who asks, and what they may do in the brand asked. A value; copied freely. */
#pragma once

#include <stdint.h>

#include "account/scope.h"
#include "base/err.h"

enum principal_kind { PRINCIPAL_NOBODY, PRINCIPAL_PERSON, PRINCIPAL_KEY, PRINCIPAL_TIMER };

/* How far what they may do reaches: to the whole brand, or to members by their owners (place.h). */
enum reach { REACH_BRAND, REACH_DEPARTMENT, REACH_STORE, REACH_OWN };
/* A code, a store, a department, and a NUL. */
#define PLACE_BYTES 193

struct principal {
    enum principal_kind kind;
    uint32_t number;  /* of the person or of the key */
    char name[96];    /* sign-in name of a person, "key:3" of a key; "" of nobody */
    uint64_t scopes;  /* in the brand asked; on server-wide routes, in any brand */
    uint32_t session; /* a person's; 0 = none */
    enum reach reach;
    char place[PLACE_BYTES]; /* what it is limited to: a code, store or department */
    char code[PLACE_BYTES];  /* a person's own in the brand's events; "" = none */
    enum lang lang;          /* a person's choice; a key's is the request's */
};
