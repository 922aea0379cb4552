/* store.c - the tables, and how they are changed. */
#include "account/store.h"

#include <stdio.h>

#include "base/utf8.h"

const struct migration account_migrations[] = {
    {1,
     "CREATE TABLE credential (number {int} PRIMARY KEY, hash {blob} NOT NULL, kind {int} NOT NULL,"
     " brand {text} NOT NULL, created_at {int} NOT NULL)"},
    /* scopes '' = those of its kind; expires_at, revoked_at, used_at 0 = never; origins parted by
     * spaces; family = number of the first key, of which this one is a rotation */
    {2, "ALTER TABLE credential ADD COLUMN name {text} NOT NULL DEFAULT '';"
        "ALTER TABLE credential ADD COLUMN scopes {text} NOT NULL DEFAULT '';"
        "ALTER TABLE credential ADD COLUMN expires_at {int} NOT NULL DEFAULT 0;"
        "ALTER TABLE credential ADD COLUMN revoked_at {int} NOT NULL DEFAULT 0;"
        "ALTER TABLE credential ADD COLUMN used_at {int} NOT NULL DEFAULT 0;"
        "ALTER TABLE credential ADD COLUMN origins {text} NOT NULL DEFAULT '';"
        "ALTER TABLE credential ADD COLUMN prefix {text} NOT NULL DEFAULT '';"
        "ALTER TABLE credential ADD COLUMN family {int} NOT NULL DEFAULT 0;"
        "UPDATE credential SET family = number"},
    /* folded: by which the name is unique; password '' = invited, not yet set */
    {3, "CREATE TABLE staff (number {int} PRIMARY KEY, name {text} NOT NULL, "
        "folded {text} NOT NULL UNIQUE, display {text} NOT NULL, lang {text} NOT NULL, "
        "password {text} NOT NULL, disabled {int} NOT NULL, created_at {int} NOT NULL, "
        "seen_at {int} NOT NULL);"
        "CREATE TABLE staff_role (person {int} NOT NULL REFERENCES staff(number), "
        "brand {text} NOT NULL, role {text} NOT NULL, since {int} NOT NULL, "
        "PRIMARY KEY (person, brand));"
        "CREATE TABLE staff_session (number {int} PRIMARY KEY, hash {blob} NOT NULL, "
        "person {int} NOT NULL REFERENCES staff(number), began_at {int} NOT NULL, "
        "seen_at {int} NOT NULL, address {text} NOT NULL, agent {text} NOT NULL);"
        "CREATE TABLE staff_link (hash {blob} PRIMARY KEY, purpose {text} NOT NULL, "
        "person {int} NOT NULL, expires_at {int} NOT NULL)"},
    /* sealed: before and after are; audit_head: the last row, see audit.c */
    {4, "CREATE TABLE audit (number {int} PRIMARY KEY, at {int} NOT NULL, who {text} NOT NULL, "
        "who_name {text} NOT NULL, brand {text} NOT NULL, action {text} NOT NULL, "
        "subject {text} NOT NULL, sealed {int} NOT NULL, before {blob} NOT NULL, "
        "after {blob} NOT NULL, hash {blob} NOT NULL);"
        "CREATE INDEX audit_brand ON audit (brand, number);"
        "CREATE TABLE audit_head (place {int} PRIMARY KEY, number {int} NOT NULL, "
        "hash {blob} NOT NULL, proof {blob} NOT NULL)"},
    {5, "CREATE TABLE upkeep (what {text} PRIMARY KEY, began_at {int} NOT NULL, "
        "ended_at {int} NOT NULL, good {int} NOT NULL, amount {int} NOT NULL)"},
    /* places stay when roles go: see place.h */
    {6, "CREATE TABLE staff_place (person {int} NOT NULL REFERENCES staff(number), "
        "brand {text} NOT NULL, reach {text} NOT NULL, code {text} NOT NULL, "
        "store {text} NOT NULL, department {text} NOT NULL, leaving {int} NOT NULL, "
        "PRIMARY KEY (person, brand));"
        "ALTER TABLE credential ADD COLUMN reach {text} NOT NULL DEFAULT 'brand';"
        "ALTER TABLE credential ADD COLUMN place {text} NOT NULL DEFAULT ''"},
    {0, NULL},
};

enum err store_begin(struct data *d, struct sql **db, struct why *why)
{
    struct sql *server = data_server_lock(d);
    enum err err = sql_begin(server);
    if (err != ERR_OK) {
        data_server_unlock(d);
        return why_fail(why, err, MSG_INTERNAL, "", NULL);
    }
    *db = server;
    return ERR_OK;
}

enum err store_commit(struct sql *db, enum err err, struct why *why)
{
    if (err == ERR_OK) {
        err = sql_commit(db);
        return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
    }
    sql_rollback(db);
    if (why && why->err != err) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    return err;
}

enum err store_number(struct sql_stmt *s, int64_t *out)
{
    bool row;
    TRY(sql_step(s, &row));
    if (!row) return ERR_NOT_FOUND;
    *out = sql_int(s, 0);
    sql_reset(s);
    return ERR_OK;
}

void store_text(struct sql_stmt *s, int column, char *out, size_t size)
{
    struct str text = utf8_cut(sql_str(s, column), size - 1);
    snprintf(out, size, STR_FMT, STR_ARG(text));
}
