/* links.h - one-time links: what stands in one is shown once, its hash is stored, it works once.
 *
 * Any thread. */
#pragma once

#include "account/token.h"
#include "brand/data.h"

enum link_purpose {
    LINK_SETUP,   /* makes the first person; belongs to nobody yet */
    LINK_SIGN_IN, /* signs its person in */
    LINK_INVITE,  /* the same, and they choose their first password */
    LINK_RESET,   /* the same, and they choose a new one */
    LINK_PURPOSES
};

/* Make one; the person's earlier ones of that purpose are void. */
MUST_CHECK enum err link_make(struct data *d, enum link_purpose purpose, uint32_t person,
                              char token[TOKEN_CHARS + 1], int64_t *expires_at, struct why *why);
/* What a link is for, without using it. ERR_UNAUTHORIZED when unknown, used or expired. */
MUST_CHECK enum err link_look(struct data *d, struct str token, enum link_purpose *purpose,
                              uint32_t *person, struct why *why);
/* Use it up. ERR_UNAUTHORIZED when somebody else was faster. */
MUST_CHECK enum err link_use(struct data *d, struct str token, struct why *why);
/* Those of a person are void from now. */
MUST_CHECK enum err link_drop(struct data *d, uint32_t person, struct why *why);
