/* key_change.c - making, rotating and revoking: a row of credential and one of the audit log in one
 * transaction, then the keyring. */
#include <inttypes.h>
#include <stdio.h>

#include "account/accounts.h"
#include "account/audit.h"
#include "account/key_internal.h"
#include "account/place.h"
#include "account/scope_set.h"
#include "account/token.h"
#include "base/utf8.h"

#define ORIGIN_BYTES 100

/* A key about to be written. */
struct making {
    const struct principal *by;
    const char *action;
    struct key_entry *entry;
    struct str name;
    char prefix[KEY_PREFIX_CHARS + 1];
};

/* ---- the audit log ---- */

static void describe(struct strbuf *out, const struct making *m)
{
    char scopes[SCOPE_SET_TEXT];
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_key(&w, "kind");
    json_text(&w, key_kind_name(m->entry->key.kind));
    json_key(&w, "name");
    json_str(&w, m->name);
    json_key(&w, "prefix");
    json_text(&w, m->prefix);
    if (m->entry->key.scopes) {
        scope_set_print(m->entry->key.scopes, scopes);
        json_key(&w, "scopes");
        json_text(&w, scopes);
    }
    if (m->entry->key.reach != REACH_BRAND) {
        json_key(&w, "reach");
        json_text(&w, reach_name(m->entry->key.reach));
        json_key(&w, "place");
        json_text(&w, m->entry->key.place);
    }
    json_end_object(&w);
}

static enum err tell(struct keyring *k, struct sql *db, const struct principal *by,
                     const char *action, const struct key *key, struct str after)
{
    char subject[32];
    snprintf(subject, sizeof(subject), "key:%" PRIu32, key->number);
    return audit_append(
        k->data, db,
        &(struct audit_entry){
            .who = by, .brand = key->brand, .action = action, .subject = subject, .after = after});
}

/* ---- making ---- */

static enum err next_number(struct sql *db, uint32_t *number)
{
    int64_t next;
    TRY(store_number(sql_use(db, "SELECT COALESCE(MAX(number), 0) + 1 FROM credential"), &next));
    *number = (uint32_t)next;
    return ERR_OK;
}

static enum err insert(struct keyring *k, struct sql *db, const struct making *m)
{
    const struct key_entry *e = m->entry;
    char scopes[SCOPE_SET_TEXT];
    scope_set_print(e->key.scopes, scopes);
    struct sql_stmt *s = sql_use(
        db,
        "INSERT INTO credential (number, hash, kind, brand, created_at, name, scopes, "
        "expires_at, origins, prefix, family, reach, place) VALUES ($1, $2, $3, $4, $5, $6, $7, "
        "$8, $9, $10, $11, $12, $13)");
    sql_bind_int(s, 1, e->key.number);
    sql_bind_blob(s, 2, e->hash.bytes, sizeof(e->hash.bytes));
    sql_bind_int(s, 3, e->key.kind);
    sql_bind_text(s, 4, e->key.brand);
    sql_bind_int(s, 5, env_now(data_env(k->data)));
    sql_bind_str(s, 6, m->name.p ? m->name : STR(""));
    sql_bind_text(s, 7, scopes);
    sql_bind_int(s, 8, e->expires_at == INT64_MAX ? 0 : e->expires_at);
    sql_bind_text(s, 9, e->origins);
    sql_bind_text(s, 10, m->prefix);
    sql_bind_int(s, 11, e->family);
    sql_bind_text(s, 12, reach_name(e->key.reach));
    sql_bind_text(s, 13, e->key.place);
    return sql_run(s);
}

static enum err write(struct keyring *k, struct sql *db, struct making *m)
{
    struct strbuf after = {0};
    TRY(next_number(db, &m->entry->key.number));
    if (!m->entry->family) m->entry->family = m->entry->key.number;
    TRY(insert(k, db, m));
    describe(&after, m);
    enum err err = tell(k, db, m->by, m->action, &m->entry->key, strbuf_str(&after));
    strbuf_finish(&after);
    return err;
}

static size_t living(const struct keyring *k, const char *brand, uint32_t family)
{
    size_t count = 0;
    for (size_t i = 0; i < k->list.count; i++) {
        const struct key_entry *e = k->list.items[i];
        if (key_lives(k, e) && strcmp(e->key.brand, brand) == 0 && (!family || e->family == family))
            count++;
    }
    return count;
}

static void make_text(struct keyring *k, struct making *m, char text[KEY_TEXT_MAX])
{
    char secret[TOKEN_CHARS + 1], sum[TOKEN_CHECK_CHARS + 1];
    token_make(data_env(k->data), secret);
    int len = snprintf(text, KEY_TEXT_MAX, "%s%s", key_start(m->entry->key.kind), secret);
    token_check((struct str){text, (size_t)len}, sum);
    snprintf(text + len, KEY_TEXT_MAX - (size_t)len, "%s", sum);
    snprintf(m->prefix, sizeof(m->prefix), "%.*s", KEY_PREFIX_CHARS, text);
    m->entry->hash = token_hash(str_of(text));
}

/* Takes the entry. */
static enum err finish(struct keyring *k, struct sql *db, struct making *m, struct why *why)
{
    enum err err = living(k, m->entry->key.brand, 0) >= LIMIT_KEYS
                       ? why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_KEYS)
                       : write(k, db, m);
    err = store_commit(db, err, why);
    if (err == ERR_OK) {
        key_enter(k, m->entry);
    } else {
        mem_free(m->entry->origins);
        mem_free(m->entry);
    }
    data_server_unlock(k->data);
    return err;
}

static bool is_origin(struct str s)
{
    bool scheme = str_starts(s, STR("https://")) || str_starts(s, STR("http://"));
    struct str host = s;
    if (!scheme || s.len > ORIGIN_BYTES) return false;
    (void)str_cut(&host, ':');
    host = (struct str){host.p + 2, host.len - 2};
    for (size_t i = 0; i < host.len; i++) {
        char c = host.p[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!fine && !strchr(".-:[]", c)) return false;
    }
    return host.len > 0;
}

static enum err join_origins(const struct key_new *new, struct strbuf *out, struct why *why)
{
    if (new->origin_count > LIMIT_KEY_ORIGINS)
        return why_fail(why, ERR_INVALID, MSG_TOO_MANY, "origins", "%d", LIMIT_KEY_ORIGINS);
    if (new->origin_count > 0 && new->kind != KEY_PUBLIC)
        return why_fail(why, ERR_INVALID, MSG_KEY_ORIGINS, "origins", NULL);
    for (size_t i = 0; i < new->origin_count; i++) {
        if (!is_origin(new->origins[i]))
            return why_fail(why, ERR_INVALID, MSG_KEY_ORIGIN, "origins", NULL);
        if (i > 0) strbuf_add_char(out, ' ');
        strbuf_add_str(out, new->origins[i]);
    }
    return ERR_OK;
}

static enum err check(struct keyring *k, const struct key_new *new, struct why *why)
{
    if (new->name.len >= KEY_NAME_BYTES)
        return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "name", "%d", KEY_NAME_BYTES - 1);
    if (new->name.len && !utf8_valid(new->name))
        return why_fail(why, ERR_INVALID, MSG_BAD_UTF8, "name", NULL);
    if (new->scopes &&new->kind != KEY_TOKEN)
        return why_fail(why, ERR_INVALID, MSG_KEY_SCOPES, "scopes", NULL);
    if (new->reach != REACH_BRAND &&new->kind != KEY_TOKEN)
        return why_fail(why, ERR_INVALID, MSG_KEY_SCOPES, "reach", NULL);
    if ((new->reach != REACH_BRAND) != (new->place.len > 0))
        return why_fail(why, ERR_INVALID, MSG_REACH_EMPTY, "place", NULL);
    if (new->place.len >= PLACE_BYTES)
        return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "place", "%d", PLACE_BYTES - 1);
    if (new->expires_at != TIME_NONE &&new->expires_at <= env_now(data_env(k->data)))
        return why_fail(why, ERR_INVALID, MSG_KEY_PAST, "expires_days", NULL);
    return ERR_OK;
}

enum err key_make(struct keyring *k, const struct principal *by, const struct key_new *new,
                  char text[KEY_TEXT_MAX], uint32_t *number, struct why *why)
{
    struct sql *db;
    struct strbuf origins = {0};
    TRY(check(k, new, why));
    enum err err = join_origins(new, &origins, why);
    if (err == ERR_OK) err = store_begin(k->data, &db, why);
    if (err != ERR_OK) {
        strbuf_finish(&origins);
        return err;
    }
    struct making m = {.by = by, .action = "key.created", .name = new->name};
    m.entry = mem_alloc(sizeof(*m.entry));
    m.entry->key.kind = new->kind;
    if (new->kind == KEY_TOKEN)
        m.entry->key.scopes = new->scopes ? new->scopes : SCOPES_OF_OLD_TOKENS;
    snprintf(m.entry->key.brand, sizeof(m.entry->key.brand), "%s", new->brand);
    m.entry->key.reach = new->reach;
    if (new->place.len) memcpy(m.entry->key.place, new->place.p, new->place.len);
    m.entry->expires_at = new->expires_at == TIME_NONE ? INT64_MAX : new->expires_at;
    m.entry->origins = mem_strdup(origins.p ? origins.p : "");
    strbuf_finish(&origins);
    make_text(k, &m, text);
    err = finish(k, db, &m, why);
    if (err == ERR_OK && number) *number = m.entry->key.number;
    return err;
}

enum err key_create(struct data *d, const char *brand, enum key_kind kind, char text[KEY_TEXT_MAX],
                    struct why *why)
{
    struct accounts *a;
    const struct key_new new = {.brand = brand, .kind = kind, .expires_at = TIME_NONE};
    TRY(accounts_open(d, &a, why));
    return key_make(accounts_keys(a), NULL, &new, text, NULL, why);
}

/* ---- rotating and revoking ---- */

/* With the server database locked; NULL when it does not live in this brand. */
static struct key_entry *find(const struct keyring *k, const char *brand, uint32_t number)
{
    for (size_t i = 0; i < k->list.count; i++) {
        struct key_entry *e = k->list.items[i];
        if (e->key.number == number && strcmp(e->key.brand, brand) == 0)
            return e->revoked ? NULL : e;
    }
    return NULL;
}

static enum err name_of(struct sql *db, uint32_t number, char out[KEY_NAME_BYTES])
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT name FROM credential WHERE number = $1");
    sql_bind_int(s, 1, number);
    TRY(sql_step(s, &row));
    if (!row) return ERR_NOT_FOUND;
    store_text(s, 0, out, KEY_NAME_BYTES);
    sql_reset(s);
    return ERR_OK;
}

/* The name of the key 'of', if a second one may stand beside it. */
static enum err may_rotate(const struct keyring *k, struct sql *db, const struct key_entry *old,
                           char name[KEY_NAME_BYTES], struct why *why)
{
    if (!old) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "key");
    if (living(k, old->key.brand, old->family) >= 2)
        return why_fail(why, ERR_CONFLICT, MSG_KEY_TWO, "", NULL);
    return name_of(db, old->key.number, name);
}

static struct key_entry *copy_rights(const struct key_entry *old)
{
    struct key_entry *e = mem_alloc(sizeof(*e));
    e->key = old->key;
    e->family = old->family;
    e->expires_at = old->expires_at;
    e->origins = mem_strdup(old->origins);
    return e;
}

enum err key_rotate(struct keyring *k, const struct principal *by, const char *brand, uint32_t of,
                    struct key_made *out, struct why *why)
{
    struct sql *db;
    char name[KEY_NAME_BYTES] = "";
    TRY(store_begin(k->data, &db, why));
    const struct key_entry *old = find(k, brand, of);
    enum err err = may_rotate(k, db, old, name, why);
    if (!old || err != ERR_OK) {
        err = store_commit(db, err, why);
        data_server_unlock(k->data);
        return err;
    }
    struct making m = {.by = by, .action = "key.rotated", .name = str_of(name)};
    m.entry = copy_rights(old);
    make_text(k, &m, out->text);
    err = finish(k, db, &m, why);
    if (err == ERR_OK) out->number = m.entry->key.number;
    return err;
}

static enum err write_revoked(struct keyring *k, struct sql *db, const struct principal *by,
                              const struct key_entry *e)
{
    struct sql_stmt *u = sql_use(db, "UPDATE credential SET revoked_at = $1 WHERE number = $2");
    sql_bind_int(u, 1, env_now(data_env(k->data)));
    sql_bind_int(u, 2, e->key.number);
    TRY(sql_run(u));
    return tell(k, db, by, "key.revoked", &e->key, (struct str){NULL, 0});
}

enum err key_revoke(struct keyring *k, const struct principal *by, const char *brand,
                    uint32_t number, struct why *why)
{
    struct sql *db;
    TRY(store_begin(k->data, &db, why));
    struct key_entry *e = find(k, brand, number);
    enum err err =
        e ? write_revoked(k, db, by, e) : why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "key");
    err = store_commit(db, err, why);
    if (e && err == ERR_OK) {
        pthread_rwlock_wrlock(&k->lock);
        e->revoked = true;
        map_remove(k->by_hash, key_hash_str(e));
        pthread_rwlock_unlock(&k->lock);
    }
    data_server_unlock(k->data);
    return err;
}
