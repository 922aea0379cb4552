/* key.c - "wf_live_" and so on, 43 characters of secret, 6 of checksum; older ones are 48 hex
 * digits after the prefix. What is neither is refused before anything is hashed. */
#include "account/key.h"

#include <stdio.h>

#include "account/key_internal.h"
#include "account/place.h"
#include "account/scope_set.h"
#include "account/token.h"

#define OLD_DIGITS 48

static const char *const prefixes[KEY_KINDS] = {"wf_live_", "wf_pub_", "wf_sec_"};
static const char *const kind_names[KEY_KINDS] = {"token", "public", "secret"};

const char *key_start(enum key_kind kind)
{
    return prefixes[kind];
}

const char *key_kind_name(enum key_kind kind)
{
    return kind_names[kind];
}

bool key_kind_parse(struct str name, enum key_kind *out)
{
    for (int i = 0; i < KEY_KINDS; i++) {
        if (!str_is(name, kind_names[i])) continue;
        *out = (enum key_kind)i;
        return true;
    }
    return false;
}

struct str key_hash_str(const struct key_entry *e)
{
    return (struct str){(const char *)e->hash.bytes, sizeof(e->hash.bytes)};
}

void key_enter(struct keyring *k, struct key_entry *e)
{
    pthread_rwlock_wrlock(&k->lock);
    VEC_PUSH(&k->list, e);
    if (!e->revoked) map_put(k->by_hash, key_hash_str(e), (uint64_t)(uintptr_t)e);
    pthread_rwlock_unlock(&k->lock);
}

bool key_lives(const struct keyring *k, const struct key_entry *e)
{
    return !e->revoked && env_now(data_env(k->data)) < e->expires_at;
}

/* ---- life ---- */

struct keyring *keyring_create(struct data *d)
{
    struct keyring *k = mem_alloc(sizeof(*k));
    k->data = d;
    k->by_hash = map_create();
    pthread_rwlock_init(&k->lock, NULL);
    return k;
}

void keyring_destroy(struct keyring *k)
{
    if (!k) return;
    for (size_t i = 0; i < k->list.count; i++) {
        mem_free(k->list.items[i]->origins);
        mem_free(k->list.items[i]);
    }
    VEC_FINISH(&k->list);
    map_destroy(k->by_hash);
    pthread_rwlock_destroy(&k->lock);
    mem_free(k);
}

static void fill_one(struct keyring *k, struct sql_stmt *s)
{
    struct key_entry *e = mem_alloc(sizeof(*e));
    struct str hash = sql_blob(s, 1), scopes = sql_str(s, 4), origins = sql_str(s, 8);
    e->key.number = (uint32_t)sql_int(s, 0);
    e->key.kind = (enum key_kind)sql_int(s, 2);
    store_text(s, 3, e->key.brand, sizeof(e->key.brand));
    if (e->key.kind == KEY_TOKEN)
        e->key.scopes = scopes.len ? scope_set_parse(scopes) : SCOPES_OF_OLD_TOKENS;
    e->expires_at = sql_int(s, 5) ? sql_int(s, 5) : INT64_MAX;
    e->revoked = sql_int(s, 6) != 0 || hash.len != sizeof(e->hash.bytes);
    e->stored_at = sql_int(s, 7);
    atomic_init(&e->used_at, e->stored_at);
    e->origins = mem_alloc(origins.len + 1);
    memcpy(e->origins, origins.p, origins.len);
    e->family = (uint32_t)sql_int(s, 9);
    if (!reach_parse(sql_str(s, 10), &e->key.reach)) e->key.reach = REACH_OWN;
    store_text(s, 11, e->key.place, sizeof(e->key.place));
    if (!e->revoked) memcpy(e->hash.bytes, hash.p, hash.len);
    key_enter(k, e);
}

/* A kind of a newer program is none here. */
enum err keyring_fill(struct keyring *k, struct sql *db)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT number, hash, kind, brand, scopes, expires_at, "
                    "revoked_at, used_at, origins, family, reach, place FROM credential "
                    "WHERE kind >= 0 AND kind < 3 ORDER BY number");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        fill_one(k, s);
    }
}

/* ---- finding ---- */

static bool plausible(struct str text)
{
    if (text.len == 0 || text.len >= KEY_TEXT_MAX) return false;
    for (int i = 0; i < KEY_KINDS; i++) {
        size_t before = strlen(prefixes[i]);
        if (!str_starts(text, str_of(prefixes[i]))) continue;
        if (text.len == before + OLD_DIGITS) return true;
        if (text.len != before + TOKEN_CHARS + TOKEN_CHECK_CHARS) return false;
        char sum[TOKEN_CHECK_CHARS + 1];
        token_check((struct str){text.p, before + TOKEN_CHARS}, sum);
        return memcmp(sum, text.p + before + TOKEN_CHARS, TOKEN_CHECK_CHARS) == 0;
    }
    return false;
}

const struct key *keyring_find(struct keyring *k, struct str text)
{
    uint64_t at;
    struct key_entry *e = NULL;
    if (!plausible(text)) return NULL;
    struct sha256 hash = token_hash(text);
    struct str wanted = {(const char *)hash.bytes, sizeof(hash.bytes)};
    pthread_rwlock_rdlock(&k->lock);
    if (map_get(k->by_hash, wanted, &at)) e = (struct key_entry *)(uintptr_t)at;
    pthread_rwlock_unlock(&k->lock);
    int64_t now = env_now(data_env(k->data));
    if (!e || now >= e->expires_at) return NULL;
    /* a line of memory that all threads write would be dear; a second is close enough */
    if (now - atomic_load_explicit(&e->used_at, memory_order_relaxed) >= TIME_SECOND)
        atomic_store_explicit(&e->used_at, now, memory_order_relaxed);
    return &e->key;
}

bool key_allows_origin(const struct key *key, struct str origin)
{
    const struct key_entry *e = (const struct key_entry *)(const void *)key;
    struct str rest = str_of(e->origins);
    if (key->kind != KEY_PUBLIC || rest.len == 0 || origin.len == 0) return true;
    while (rest.p) {
        if (str_eq_fold(str_cut(&rest, ' '), origin)) return true;
    }
    return false;
}

/* ---- showing ---- */

static int64_t time_or_none(int64_t stored)
{
    return stored ? stored : TIME_NONE;
}

static enum err list_rows(struct sql *db, const char *brand, struct arena *arena,
                          struct key_row *rows, size_t most, size_t *count)
{
    struct sql_stmt *s = sql_use(
        db, "SELECT number, kind, name, prefix, origins, scopes, family, created_at, expires_at, "
            "used_at, revoked_at, reach, place FROM credential WHERE brand = $1 AND kind >= 0 AND "
            "kind < 3 "
            "ORDER BY number DESC");
    sql_bind_text(s, 1, brand);
    for (*count = 0; *count < most; (*count)++) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct str scopes = sql_str(s, 5);
        bool token = sql_int(s, 1) == KEY_TOKEN;
        rows[*count] = (struct key_row){
            .number = (uint32_t)sql_int(s, 0),
            .kind = (enum key_kind)sql_int(s, 1),
            .name = arena_str(arena, sql_str(s, 2)),
            .prefix = arena_str(arena, sql_str(s, 3)),
            .origins = arena_str(arena, sql_str(s, 4)),
            .scopes = !token       ? 0
                      : scopes.len ? scope_set_parse(scopes)
                                   : SCOPES_OF_OLD_TOKENS,
            .family = (uint32_t)sql_int(s, 6),
            .created_at = sql_int(s, 7),
            .expires_at = time_or_none(sql_int(s, 8)),
            .used_at = time_or_none(sql_int(s, 9)),
            .revoked_at = time_or_none(sql_int(s, 10)),
            .place = arena_str(arena, sql_str(s, 12)),
        };
        if (!reach_parse(sql_str(s, 11), &rows[*count].reach)) rows[*count].reach = REACH_OWN;
    }
    sql_reset(s);
    return ERR_OK;
}

/* Memory knows better when one was used. */
static void show_used(struct keyring *k, struct key_row *rows, size_t count)
{
    pthread_rwlock_rdlock(&k->lock);
    for (size_t i = 0; i < k->list.count; i++) {
        const struct key_entry *e = k->list.items[i];
        int64_t used_at = atomic_load(&e->used_at);
        for (size_t r = 0; r < count; r++) {
            if (rows[r].number == e->key.number) rows[r].used_at = time_or_none(used_at);
        }
    }
    pthread_rwlock_unlock(&k->lock);
}

enum err key_list(struct keyring *k, const char *brand, struct arena *arena, struct key_row **out,
                  size_t *count, struct why *why)
{
    struct sql *db = data_server_lock(k->data);
    size_t most = k->list.count;
    *out = arena_alloc_array(arena, most + 1, sizeof(**out));
    enum err err = list_rows(db, brand, arena, *out, most, count);
    if (err == ERR_OK) show_used(k, *out, *count);
    data_server_unlock(k->data);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* With the server database locked: nobody adds any meanwhile. */
enum err keyring_flush(struct keyring *k, struct sql *db)
{
    for (size_t i = 0; i < k->list.count; i++) {
        struct key_entry *e = k->list.items[i];
        int64_t used_at = atomic_load(&e->used_at);
        if (used_at == e->stored_at) continue;
        struct sql_stmt *u = sql_use(db, "UPDATE credential SET used_at = $1 WHERE number = $2");
        sql_bind_int(u, 1, used_at);
        sql_bind_int(u, 2, e->key.number);
        TRY(sql_run(u));
        e->stored_at = used_at;
    }
    return ERR_OK;
}
