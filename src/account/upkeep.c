/* upkeep.c - a row for each sort of upkeep, the last one. */
#include "account/upkeep.h"

#include "account/store.h"
#include "base/time.h"

static const char *const names[UPKEEP_COUNT] = {"backup", "verify"};

static enum err write(struct sql *db, enum upkeep what, const struct upkeep_run *run)
{
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO upkeep (what, began_at, ended_at, good, amount) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (what) DO UPDATE SET "
            "began_at = excluded.began_at, ended_at = excluded.ended_at, good = excluded.good, "
            "amount = excluded.amount");
    sql_bind_text(s, 1, names[what]);
    sql_bind_int(s, 2, run->began_at);
    sql_bind_int(s, 3, run->ended_at);
    sql_bind_int(s, 4, run->good);
    sql_bind_int(s, 5, (int64_t)run->amount);
    return sql_run(s);
}

enum err upkeep_note(struct data *d, enum upkeep what, const struct upkeep_run *run,
                     struct why *why)
{
    struct sql *db;
    TRY(store_begin(d, &db, why));
    enum err err = store_commit(db, write(db, what, run), why);
    data_server_unlock(d);
    return err;
}

static enum err read(struct sql *db, enum upkeep what, struct upkeep_run *out)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT began_at, ended_at, good, amount FROM upkeep WHERE what = $1");
    bool row;
    *out = (struct upkeep_run){.began_at = TIME_NONE, .ended_at = TIME_NONE};
    sql_bind_text(s, 1, names[what]);
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    out->began_at = sql_int(s, 0);
    out->ended_at = sql_int(s, 1);
    out->good = sql_int(s, 2) != 0;
    out->amount = (uint64_t)sql_int(s, 3);
    sql_reset(s);
    return ERR_OK;
}

enum err upkeep_last(struct data *d, enum upkeep what, struct upkeep_run *out, struct why *why)
{
    struct sql *db = data_server_lock(d);
    enum err err = read(db, what, out);
    data_server_unlock(d);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}
