/* store.c - rows: score_run, one for the run that serves, and member_score, of that run and of one
 * being written. */
#include <math.h>

#include "scores/internal.h"

const struct migration scores_migrations[] = {
    {1,
     "CREATE TABLE score_run (id {int} PRIMARY KEY, as_of {int} NOT NULL, made_at {int} NOT NULL,"
     " buyers {int} NOT NULL, r {real}, alpha {real}, a {real}, b {real},"
     " log_likelihood {real}, p {real}, q {real}, v {real});"
     "CREATE TABLE member_score (run {int} NOT NULL, member {int} NOT NULL, r {int} NOT NULL,"
     " f {int} NOT NULL, m {int} NOT NULL, alive {real}, orders {real}, value {real},"
     " PRIMARY KEY (run, member));"
     "CREATE INDEX member_score_member ON member_score (member)"},
    {2, "ALTER TABLE member_score ADD COLUMN fall {real}"},
    {0, NULL},
};

void table_finish(struct table *t)
{
    mem_free(t->items);
    *t = (struct table){0};
}

static double real_or(struct sql_stmt *s, int column)
{
    return sql_is_null(s, column) ? NAN : sql_double(s, column);
}

enum err store_read_run(struct sql *db, struct scores_run *out)
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT id, as_of, made_at, buyers, r, alpha, a, b,"
                                     " log_likelihood, p, q, v FROM score_run"
                                     " ORDER BY id DESC LIMIT 1");
    *out = (struct scores_run){.as_of = TIME_NONE, .made_at = TIME_NONE};
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    *out = (struct scores_run){
        .id = (uint64_t)sql_int(s, 0),
        .as_of = sql_int(s, 1),
        .made_at = sql_int(s, 2),
        .buyers = (uint64_t)sql_int(s, 3),
        .fitted = !sql_is_null(s, 4),
        .valued = !sql_is_null(s, 9),
        .model = {.r = real_or(s, 4),
                  .alpha = real_or(s, 5),
                  .a = real_or(s, 6),
                  .b = real_or(s, 7),
                  .log_likelihood = real_or(s, 8),
                  .unit = 7},
        .value = {.p = real_or(s, 9), .q = real_or(s, 10), .v = real_or(s, 11)},
    };
    sql_reset(s);
    return ERR_OK;
}

enum err store_write_run(struct sql *db, const struct scores_run *run)
{
    TRY(sql_run(sql_use(db, "DELETE FROM score_run")));
    struct sql_stmt *s =
        sql_use(db, "INSERT INTO score_run (id, as_of, made_at, buyers, r, alpha, a, b,"
                    " log_likelihood, p, q, v)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
    const double numbers[] = {
        run->model.r, run->model.alpha, run->model.a, run->model.b, run->model.log_likelihood,
        run->value.p, run->value.q,     run->value.v};
    sql_bind_int(s, 1, (int64_t)run->id);
    sql_bind_int(s, 2, run->as_of);
    sql_bind_int(s, 3, run->made_at);
    sql_bind_int(s, 4, (int64_t)run->buyers);
    for (int i = 0; i < 8; i++)
        sql_bind_double(s, 5 + i, (i < 5 ? run->fitted : run->valued) ? numbers[i] : NAN);
    return sql_run(s);
}

enum err store_write(struct sql *db, uint64_t run, const struct score *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct score *score = &list[i];
        struct sql_stmt *s = sql_use(
            db, "INSERT INTO member_score (run, member, r, f, m, alive, orders, value, fall)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        sql_bind_int(s, 1, (int64_t)run);
        sql_bind_int(s, 2, score->member);
        for (int k = 0; k < 3; k++)
            sql_bind_int(s, 3 + k, score->rfm[k]);
        sql_bind_double(s, 6, (double)score->alive);
        sql_bind_double(s, 7, (double)score->orders);
        sql_bind_double(s, 8, score->revenue);
        sql_bind_double(s, 9, (double)score->drop);
        TRY(sql_run(s));
    }
    return ERR_OK;
}

enum err store_read_table(struct sql *db, uint64_t run, struct table *out)
{
    VEC(struct score) list = {0};
    struct sql_stmt *s = sql_use(db, "SELECT member, r, f, m, alive, orders, value, fall"
                                     " FROM member_score WHERE run = $1 ORDER BY member");
    sql_bind_int(s, 1, (int64_t)run);
    sql_stream(s);
    for (bool row = true;;) {
        enum err err = sql_step(s, &row);
        if (err != ERR_OK) {
            VEC_FINISH(&list);
            return err;
        }
        if (!row) break;
        struct score score = {.member = (uint32_t)sql_int(s, 0),
                              .alive = (float)real_or(s, 4),
                              .orders = (float)real_or(s, 5),
                              .revenue = real_or(s, 6),
                              .drop = (float)real_or(s, 7)};
        for (int k = 0; k < 3; k++)
            score.rfm[k] = (uint8_t)sql_int(s, 1 + k);
        VEC_PUSH(&list, score);
    }
    *out = (struct table){list.items, list.count};
    return ERR_OK;
}

enum err store_drop(struct sql *db, uint64_t but, uint32_t from, uint32_t to)
{
    struct sql_stmt *s =
        sql_use(db, "DELETE FROM member_score WHERE member >= $1 AND member < $2 AND run <> $3");
    sql_bind_int(s, 1, from);
    sql_bind_int(s, 2, to);
    sql_bind_int(s, 3, (int64_t)but);
    return sql_run(s);
}

enum err store_last_member(struct sql *db, uint32_t *out)
{
    int64_t number;
    struct sql_stmt *s = sql_use(db, "SELECT MAX(member) FROM member_score");
    TRY(sql_number(s, 0, &number));
    *out = (uint32_t)number;
    return ERR_OK;
}

enum err store_erase(struct sql *db, uint32_t member)
{
    struct sql_stmt *s = sql_use(db, "DELETE FROM member_score WHERE member = $1");
    sql_bind_int(s, 1, member);
    return sql_run(s);
}
