/* data.h - the data directory: its lock, master key, store, list of brands, and the open brands.
 *
 *   DIR/lock             held by flock while a process has the directory
 *   DIR/server.db        settings, brands, credentials
 *   DIR/brands/SLUG/     brand.db, events/
 *   DIR.key              32 bytes in hex, mode 0600, beside the directory, never inside it
 *
 * Functions are safe on any thread unless they say otherwise. */
#pragma once

#include "base/limits.h"
#include "brand/brand.h"

struct data_options {
    const char *dir;
    const char *key_path; /* NULL = DIR.key */
    const char *store;    /* NULL = as saved by init ("sqlite:" for a new directory) */
    const struct env *env;
    const struct module *const *modules;   /* ends with NULL */
    const struct migration *server_tables; /* of the account room; may be NULL */
};

/* Make the directory, key and server database when missing; harmless when all is there.
 * ERR_CONFLICT when 'store' differs from the saved one, ERR_INVALID when DIR holds something else.
 */
MUST_CHECK enum err data_init(const struct data_options *o, struct why *why);
/* Take the lock and open the server database. Brands open on first use. ERR_LOCKED, ERR_NOT_FOUND.
 */
MUST_CHECK enum err data_open(const struct data_options *o, struct data **out, struct why *why);
/* Close every brand (writing back everything) and release the lock. NULL is allowed. */
void data_close(struct data *d);

struct brand_facts {
    char slug[LIMIT_SLUG_BYTES + 1]; /* [a-z0-9][a-z0-9_-]* */
    char name[256];
    char zone[64];
    char currency[4]; /* ISO 4217, in capitals */
    char preset[16];  /* of fold_rules_preset; "" = default */
    char caps[160];   /* of identity_caps_parse; "" = default */
    struct hours hours;
};
/* ERR_CONFLICT when the slug exists. */
MUST_CHECK enum err data_add_brand(struct data *d, const struct brand_facts *facts,
                                   struct why *why);
/* What may change of a brand while it is open. */
struct brand_change {
    const char *name;
    struct hours hours;
};
/* ERR_NOT_FOUND, ERR_TOO_LARGE: the name. */
MUST_CHECK enum err data_change_brand(struct data *d, const char *slug,
                                      const struct brand_change *change, struct why *why);
/* Open (once) and return; stays open until data_close. ERR_NOT_FOUND. */
MUST_CHECK enum err data_brand(struct data *d, const char *slug, struct brand **out,
                               struct why *why);
/* Slugs in order of creation. */
size_t data_brand_count(struct data *d);
struct brand_facts data_brand_facts(struct data *d, size_t i);
/* The open ones only; NULL where not open. */
struct brand *data_brand_if_open(struct data *d, size_t i);

const char *data_dir(const struct data *d);
/* Where the list of the erased is copied to (erasures.h); NULL = nowhere. */
const char *data_erasures_copy(const struct data *d);
void data_set_erasures_copy(struct data *d, const char *path);
const char *data_store(const struct data *d);
const uint8_t *data_key(const struct data *d);
const struct env *data_env(const struct data *d);
/* The server database, to be used between these two. */
struct sql *data_server_lock(struct data *d);
void data_server_unlock(struct data *d);
/* What the account room keeps in memory while the directory is open: given once, between the two
 * calls above; data_close hands it to 'destroy' before it closes the server database. NULL until
 * then. */
void data_attach(struct data *d, void *state, void (*destroy)(void *state));
void *data_attached(const struct data *d);
/* True when some brand's writer has failed for good: the process must end. */
bool data_poisoned(struct data *d);
