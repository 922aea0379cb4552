/* key.h - credentials of programs: API tokens and write keys.
 *
 * A secret is shown once, when it is made; the server database keeps its SHA-256. The table is read
 * into memory when the server starts and looked up by any thread. */
#pragma once

#include "brand/data.h"

enum key_kind {
    KEY_TOKEN,  /* the API of one brand */
    KEY_PUBLIC, /* intake from browsers and apps: write-only, unverified identities */
    KEY_SECRET  /* intake from servers */
};

/* The room's tables in server.db, for struct data_options. */
extern const struct migration account_migrations[];

#define KEY_TEXT_MAX 64
/* Make one for a brand. 'text' receives "wf_live_...", "wf_pub_..." or "wf_sec_...". */
MUST_CHECK enum err key_create(struct data *d, const char *brand, enum key_kind kind,
                               char text[KEY_TEXT_MAX], struct why *why);

struct key {
    enum key_kind kind;
    char brand[LIMIT_SLUG_BYTES + 1];
    uint32_t number; /* names it in logs and as an event's origin: "key:3" */
};
struct keyring;
/* All credentials of a data directory. */
MUST_CHECK enum err keyring_load(struct data *d, struct keyring **out, struct why *why);
void keyring_destroy(struct keyring *k);
/* NULL when unknown. Constant time in the secret's bytes. */
const struct key *keyring_find(const struct keyring *k, struct str text);
