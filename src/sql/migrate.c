/* migrate.c - numbered steps of tables, each applied once.
 *
 * schema_migration(module, number) holds a row for every step applied. A step and its row are
 * written in one transaction, so a step is either done or not begun. Rows of a module are 1 .. n
 * without gaps; anything else was not written by us. */
#include <assert.h>
#include <stdio.h>

#include "sql/driver.h"

/* Replace {int} {blob} {text} {real} {by key}; any other brace stays as it is. */
static void expand(const struct type_names *types, const char *text, struct strbuf *out)
{
    const struct {
        struct str mark;
        const char *type;
    } words[] = {
        {STR("{int}"), types->integer},   {STR("{blob}"), types->blob},
        {STR("{text}"), types->text},     {STR("{real}"), types->real},
        {STR("{by key}"), types->by_key},
    };
    const size_t count = sizeof(words) / sizeof(words[0]);
    struct str rest = str_of(text);
    while (rest.len) {
        size_t i = 0;
        while (i < count && !str_starts(rest, words[i].mark)) {
            i++;
        }
        if (i < count) strbuf_add_text(out, words[i].type);
        if (i == count) strbuf_add_char(out, rest.p[0]);
        size_t used = i < count ? words[i].mark.len : 1;
        rest = (struct str){rest.p + used, rest.len - used};
    }
}

static enum err exec_expanded(struct sql *db, const char *text)
{
    struct strbuf out = {0};
    strbuf_add_char(&out, ' ');
    expand(&db->driver->types, text, &out);
    enum err err = sql_exec(db, out.p);
    strbuf_finish(&out);
    return err;
}

static enum err applied(struct sql *db, const char *module, int64_t *newest, int64_t *count)
{
    bool row = false;
    TRY(exec_expanded(db, "CREATE TABLE IF NOT EXISTS schema_migration (module {text} NOT NULL,"
                          " number {int} NOT NULL, PRIMARY KEY (module, number))"));
    struct sql_stmt *s =
        sql_use(db, "SELECT coalesce(max(number), 0), count(*) FROM schema_migration"
                    " WHERE module = $1");
    sql_bind_text(s, 1, module);
    TRY(sql_step(s, &row));
    *newest = sql_int(s, 0);
    *count = sql_int(s, 1);
    sql_reset(s);
    return ERR_OK;
}

static enum err apply(struct sql *db, const char *module, const struct migration *step)
{
    TRY(sql_begin(db));
    enum err err = exec_expanded(db, step->text);
    if (err == ERR_OK) {
        struct sql_stmt *s =
            sql_use(db, "INSERT INTO schema_migration (module, number) VALUES ($1, $2)");
        sql_bind_text(s, 1, module);
        sql_bind_int(s, 2, step->number);
        err = sql_run(s);
    }
    if (err == ERR_OK) return sql_commit(db);
    sql_rollback(db);
    return err;
}

static int count_steps(const struct migration *migrations)
{
    int n = 0;
    while (migrations[n].number != 0) {
        assert(migrations[n].number == n + 1);
        n++;
    }
    return n;
}

enum err sql_migrate(struct sql *db, const char *module, const struct migration *migrations,
                     struct why *why)
{
    int known = count_steps(migrations);
    int64_t newest = 0;
    int64_t count = 0;
    enum err err = applied(db, module, &newest, &count);
    if (err == ERR_OK && newest > known) {
        return why_fail(why, ERR_CONFLICT, MSG_SQL_NEWER, "", "%s|%d|%d", module, (int)newest,
                        known);
    }
    if (err == ERR_OK && newest != count) err = ERR_CORRUPT;
    int step = (int)newest;
    while (err == ERR_OK && step < known) {
        err = apply(db, module, &migrations[step]);
        if (err == ERR_OK) step++;
    }
    if (err == ERR_OK) return ERR_OK;
    return why_fail(why, err, MSG_SQL_MIGRATION, "", "%s|%d", module, step + 1);
}
