/* key.c - a secret is 24 random bytes in hex after its prefix; only its hash is stored.
 *
 * Looking up by the hash of what was presented leaks nothing about stored secrets by timing. */
#include "account/key.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

const struct migration account_migrations[] = {
    {1,
     "CREATE TABLE credential (number {int} PRIMARY KEY, hash {blob} NOT NULL, kind {int} NOT NULL,"
     " brand {text} NOT NULL, created_at {int} NOT NULL)"},
    {0, NULL},
};

struct keyring {
    struct map *by_hash; /* SHA-256 -> index */
    VEC(struct key) list;
};

static const char *const prefixes[] = {"wf_live_", "wf_pub_", "wf_sec_"};

static enum err next_number(struct sql *db, int64_t *number)
{
    struct sql_stmt *s = sql_use(db, "SELECT COALESCE(MAX(number), 0) + 1 FROM credential");
    bool row;
    TRY(sql_step(s, &row));
    *number = sql_int(s, 0);
    sql_reset(s);
    return ERR_OK;
}

static enum err insert(struct data *d, struct sql *db, const char *brand, enum key_kind kind,
                       const char *text)
{
    int64_t number;
    struct sha256 hash = sha256_of(text, strlen(text));
    TRY(next_number(db, &number));
    struct sql_stmt *s = sql_use(db, "INSERT INTO credential (number, hash, kind, brand, "
                                     "created_at) VALUES ($1, $2, $3, $4, $5)");
    sql_bind_int(s, 1, number);
    sql_bind_blob(s, 2, hash.bytes, sizeof(hash.bytes));
    sql_bind_int(s, 3, kind);
    sql_bind_text(s, 4, brand);
    sql_bind_int(s, 5, env_now(data_env(d)));
    return sql_run(s);
}

enum err key_create(struct data *d, const char *brand, enum key_kind kind, char text[KEY_TEXT_MAX],
                    struct why *why)
{
    uint8_t secret[24];
    char hex[2 * sizeof(secret) + 1];
    env_random(data_env(d), secret, sizeof(secret));
    hex_encode(secret, sizeof(secret), hex);
    snprintf(text, KEY_TEXT_MAX, "%s%s", prefixes[kind], hex);
    struct sql *db = data_server_lock(d);
    enum err err = insert(d, db, brand, kind, text);
    data_server_unlock(d);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static enum err load(struct sql *db, struct keyring *k)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT hash, kind, brand, number FROM credential ORDER BY number");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct key key = {.kind = (enum key_kind)sql_int(s, 1), .number = (uint32_t)sql_int(s, 3)};
        struct str brand = sql_str(s, 2);
        snprintf(key.brand, sizeof(key.brand), STR_FMT, STR_ARG(brand));
        map_put(k->by_hash, sql_blob(s, 0), k->list.count);
        VEC_PUSH(&k->list, key);
    }
}

enum err keyring_load(struct data *d, struct keyring **out, struct why *why)
{
    struct keyring *k = mem_alloc(sizeof(*k));
    k->by_hash = map_create();
    struct sql *db = data_server_lock(d);
    enum err err = load(db, k);
    data_server_unlock(d);
    if (err != ERR_OK) {
        keyring_destroy(k);
        return why_fail(why, err, MSG_INTERNAL, "", NULL);
    }
    *out = k;
    return ERR_OK;
}

void keyring_destroy(struct keyring *k)
{
    if (!k) return;
    map_destroy(k->by_hash);
    VEC_FINISH(&k->list);
    mem_free(k);
}

const struct key *keyring_find(const struct keyring *k, struct str text)
{
    uint64_t index;
    if (text.len == 0 || text.len >= KEY_TEXT_MAX) return NULL;
    struct sha256 hash = sha256_of(text.p, text.len);
    if (!map_get(k->by_hash, (struct str){(const char *)hash.bytes, sizeof(hash.bytes)}, &index))
        return NULL;
    return &k->list.items[index];
}
