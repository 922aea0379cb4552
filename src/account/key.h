/* key.h - credentials of programs: API tokens and write keys.
 *
 * A secret is shown once, when it is made; the server database keeps its SHA-256. All live ones are
 * in memory: a new one is found, and a revoked one is not, as soon as the call that made it so has
 * returned. Any thread. */
#pragma once

#include "account/principal.h"
#include "account/store.h"

enum key_kind {
    KEY_TOKEN,  /* the API of one brand */
    KEY_PUBLIC, /* intake from browsers and apps: write-only, unverified identities */
    KEY_SECRET  /* intake from servers */
};
#define KEY_KINDS 3

#define KEY_TEXT_MAX 64
#define KEY_NAME_BYTES 129
#define KEY_PREFIX_CHARS 12

/* One that lives, or has. Immutable but for when it was used. */
struct key {
    enum key_kind kind;
    char brand[LIMIT_SLUG_BYTES + 1];
    uint32_t number; /* names it in logs and as an event's origin: "key:3" */
    uint64_t scopes; /* in its brand; 0 of write keys */
    enum reach reach;
    char place[PLACE_BYTES]; /* a code, store or department; "" of REACH_BRAND */
};
struct keyring;
struct keyring *keyring_create(struct data *d);
/* Once, with the server database locked. */
MUST_CHECK enum err keyring_fill(struct keyring *k, struct sql *db);
void keyring_destroy(struct keyring *k);
/* NULL when unknown, revoked or expired; else good as long as the keyring is. Constant time in the
 * secret's bytes. */
const struct key *keyring_find(struct keyring *k, struct str text);
/* May a page of this origin use it? All may when it has no list, and what names no origin. */
bool key_allows_origin(const struct key *key, struct str origin);

/* ---- making and ending them ---- */

struct key_new {
    const char *brand;
    enum key_kind kind;
    struct str name;           /* shown; may be empty */
    uint64_t scopes;           /* of a token; 0 = SCOPES_OF_OLD_TOKENS */
    enum reach reach;          /* of a token */
    struct str place;          /* what it is limited to; empty of REACH_BRAND */
    int64_t expires_at;        /* TIME_NONE = never */
    const struct str *origins; /* of a public key: "https://shop.example" */
    size_t origin_count;
};
/* Make one; 'by' NULL = command line. 'text' receives "wf_live_...", "wf_pub_..." or "wf_sec_...".
 * ERR_TOO_LARGE at LIMIT_KEYS, ERR_INVALID names a field of 'new'. */
MUST_CHECK enum err key_make(struct keyring *k, const struct principal *by,
                             const struct key_new *new, char text[KEY_TEXT_MAX], uint32_t *number,
                             struct why *why);
/* The same with no more than a kind, of an open directory. */
MUST_CHECK enum err key_create(struct data *d, const char *brand, enum key_kind kind,
                               char text[KEY_TEXT_MAX], struct why *why);
/* A second one beside it, with the same rights, so that users can change over; the first stays
 * until it is revoked. ERR_CONFLICT when there are two already, ERR_NOT_FOUND. */
struct key_made {
    char text[KEY_TEXT_MAX];
    uint32_t number;
};
MUST_CHECK enum err key_rotate(struct keyring *k, const struct principal *by, const char *brand,
                               uint32_t of, struct key_made *out, struct why *why);
/* ERR_NOT_FOUND: not of this brand, or revoked before. */
MUST_CHECK enum err key_revoke(struct keyring *k, const struct principal *by, const char *brand,
                               uint32_t number, struct why *why);

/* One as it is shown. Strings are the arena's. */
struct key_row {
    uint32_t number;
    enum key_kind kind;
    struct str name;
    struct str prefix;  /* "wf_live_1a2b"; empty of the oldest */
    struct str origins; /* parted by spaces */
    uint64_t scopes;
    enum reach reach;
    struct str place;
    uint32_t family; /* number of the one it is a rotation of; its own */
    int64_t created_at, expires_at, used_at, revoked_at; /* TIME_NONE = not */
};
/* Those of a brand, newest first. */
MUST_CHECK enum err key_list(struct keyring *k, const char *brand, struct arena *arena,
                             struct key_row **out, size_t *count, struct why *why);
/* What stands before the secret of a kind: "wf_live_". */
const char *key_start(enum key_kind kind);
/* "token", "public" or "secret". */
const char *key_kind_name(enum key_kind kind);
bool key_kind_parse(struct str name, enum key_kind *out);
/* Write when they were used; with the server database locked. */
MUST_CHECK enum err keyring_flush(struct keyring *k, struct sql *db);
