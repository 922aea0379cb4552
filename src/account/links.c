/* links.c - rows of staff_link; using one is deleting its row. */
#include "account/links.h"

#include "account/store.h"

static const struct {
    const char *name;
    int64_t lifetime_ms;
} purposes[LINK_PURPOSES] = {
    [LINK_SETUP] = {"setup", 24 * TIME_HOUR},
    [LINK_SIGN_IN] = {"sign_in", 24 * TIME_HOUR},
    [LINK_INVITE] = {"invite", 3 * TIME_DAY},
    [LINK_RESET] = {"reset", 24 * TIME_HOUR},
};

static enum err replace(struct data *d, struct sql *db, enum link_purpose purpose, uint32_t person,
                        const struct sha256 *hash)
{
    int64_t now = env_now(data_env(d));
    struct sql_stmt *s = sql_use(db, "DELETE FROM staff_link WHERE (purpose = $1 AND person = $2) "
                                     "OR expires_at <= $3");
    sql_bind_text(s, 1, purposes[purpose].name);
    sql_bind_int(s, 2, person);
    sql_bind_int(s, 3, now);
    TRY(sql_run(s));
    s = sql_use(db, "INSERT INTO staff_link (hash, purpose, person, expires_at) "
                    "VALUES ($1, $2, $3, $4)");
    sql_bind_blob(s, 1, hash->bytes, sizeof(hash->bytes));
    sql_bind_text(s, 2, purposes[purpose].name);
    sql_bind_int(s, 3, person);
    sql_bind_int(s, 4, now + purposes[purpose].lifetime_ms);
    return sql_run(s);
}

enum err link_make(struct data *d, enum link_purpose purpose, uint32_t person,
                   char token[TOKEN_CHARS + 1], int64_t *expires_at, struct why *why)
{
    struct sql *db;
    char text[TOKEN_CHARS + 1];
    TRY(store_begin(d, &db, why));
    token_make(data_env(d), text);
    struct sha256 hash = token_hash(str_of(text));
    enum err err = store_commit(db, replace(d, db, purpose, person, &hash), why);
    data_server_unlock(d);
    if (err != ERR_OK) return err;
    memcpy(token, text, sizeof(text));
    if (expires_at) *expires_at = env_now(data_env(d)) + purposes[purpose].lifetime_ms;
    return ERR_OK;
}

static enum err look(struct data *d, struct sql *db, struct str token, enum link_purpose *purpose,
                     uint32_t *person)
{
    struct sha256 hash = token_hash(token);
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT purpose, person FROM staff_link WHERE hash = $1 AND expires_at > $2");
    sql_bind_blob(s, 1, hash.bytes, sizeof(hash.bytes));
    sql_bind_int(s, 2, env_now(data_env(d)));
    TRY(sql_step(s, &row));
    if (!row) return ERR_UNAUTHORIZED;
    enum err err = ERR_UNAUTHORIZED;
    for (int i = 0; i < LINK_PURPOSES; i++) {
        if (!str_is(sql_str(s, 0), purposes[i].name)) continue;
        *purpose = (enum link_purpose)i;
        err = ERR_OK;
    }
    *person = (uint32_t)sql_int(s, 1);
    sql_reset(s);
    return err;
}

static enum err refuse(enum err err, struct why *why)
{
    if (err == ERR_OK) return ERR_OK;
    return why_fail(why, err, err == ERR_UNAUTHORIZED ? MSG_LINK_VOID : MSG_INTERNAL, "", NULL);
}

enum err link_look(struct data *d, struct str token, enum link_purpose *purpose, uint32_t *person,
                   struct why *why)
{
    if (token.len != TOKEN_CHARS) return refuse(ERR_UNAUTHORIZED, why);
    struct sql *db = data_server_lock(d);
    enum err err = look(d, db, token, purpose, person);
    data_server_unlock(d);
    return refuse(err, why);
}

static enum err use(struct data *d, struct sql *db, struct str token)
{
    struct sha256 hash = token_hash(token);
    bool row;
    struct sql_stmt *s =
        sql_use(db, "DELETE FROM staff_link WHERE hash = $1 AND expires_at > $2 RETURNING person");
    sql_bind_blob(s, 1, hash.bytes, sizeof(hash.bytes));
    sql_bind_int(s, 2, env_now(data_env(d)));
    TRY(sql_step(s, &row));
    sql_reset(s);
    return row ? ERR_OK : ERR_UNAUTHORIZED;
}

enum err link_use(struct data *d, struct str token, struct why *why)
{
    struct sql *db;
    TRY(store_begin(d, &db, why));
    enum err err = use(d, db, token);
    if (err == ERR_UNAUTHORIZED) err = refuse(err, why);
    err = store_commit(db, err, why);
    data_server_unlock(d);
    return err;
}

enum err link_drop(struct data *d, uint32_t person, struct why *why)
{
    struct sql *db;
    TRY(store_begin(d, &db, why));
    struct sql_stmt *s = sql_use(db, "DELETE FROM staff_link WHERE person = $1");
    sql_bind_int(s, 1, person);
    enum err err = store_commit(db, sql_run(s), why);
    data_server_unlock(d);
    return err;
}
