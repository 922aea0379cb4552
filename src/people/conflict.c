/* conflict.c - refused merges as rows, for a person to judge.
 *
 * A row is one identity on the events of one persona: it comes again with each event that brings
 * the two together, and is counted then. One that was judged "apart" is counted on, and not asked
 * again. When there are too many, the oldest go: merged ones first, then those kept apart. */
#include <inttypes.h>

#include "base/limits.h"
#include "people/internal.h"

const char *conflict_cause_name(enum conflict_cause cause)
{
    static const char *const names[CONFLICT_CAUSES] = {"none", "cap", "public_key", "rename",
                                                       "taken"};
    return names[cause < CONFLICT_CAUSES ? cause : CONFLICT_NONE];
}

const char *conflict_state_name(enum conflict_state state)
{
    static const char *const names[CONFLICT_STATES] = {"open", "later", "merged", "apart"};
    return names[state < CONFLICT_STATES ? state : CONFLICT_OPEN];
}

enum err conflict_open(struct people *p, struct sql *db)
{
    struct sql_stmt *s = sql_use(db, "SELECT MAX(id), COUNT(*) FROM identity_conflict");
    bool row;
    TRY(sql_step(s, &row));
    p->next_conflict = row && !sql_is_null(s, 0) ? (uint64_t)sql_int(s, 0) + 1 : 1;
    p->conflict_count = row ? (uint64_t)sql_int(s, 1) : 0;
    sql_reset(s);
    return ERR_OK;
}

/* ---- seeing ---- */

/* The oldest of a state; 0 = there is none. */
static enum err oldest_of(struct sql *db, enum conflict_state state, int64_t *id)
{
    struct sql_stmt *s = sql_use(db, "SELECT MIN(id) FROM identity_conflict WHERE state = $1");
    sql_bind_int(s, 1, state);
    return sql_number(s, 0, id);
}

static enum err drop_oldest(struct people *p, struct sql *db)
{
    static const enum conflict_state order[] = {CONFLICT_MERGED, CONFLICT_APART, CONFLICT_LATER,
                                                CONFLICT_OPEN};
    int64_t id = 0;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && !id; i++)
        TRY(oldest_of(db, order[i], &id));
    struct sql_stmt *s = sql_use(db, "DELETE FROM identity_conflict WHERE id = $1");
    sql_bind_int(s, 1, id);
    TRY(sql_run(s));
    p->conflict_count--;
    return ERR_OK;
}

static enum err upsert(struct people *p, struct sql *db, const struct conflict_seen *seen,
                       uint64_t *id)
{
    struct sql_stmt *s =
        sql_use(db, "INSERT INTO identity_conflict (id, a, b, key, kind, cause, source, first_seen,"
                    " last_seen, times, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0)"
                    " ON CONFLICT (a, key) DO UPDATE SET times = identity_conflict.times + 1,"
                    " cause = excluded.cause, last_seen = CASE WHEN excluded.last_seen >"
                    " identity_conflict.last_seen THEN excluded.last_seen ELSE"
                    " identity_conflict.last_seen END RETURNING id");
    sql_bind_int(s, 1, (int64_t)p->next_conflict);
    sql_bind_int(s, 2, seen->a);
    sql_bind_int(s, 3, seen->b);
    sql_bind_blob(s, 4, &seen->key, sizeof(seen->key));
    sql_bind_int(s, 5, seen->kind);
    sql_bind_int(s, 6, seen->cause);
    sql_bind_str(s, 7, seen->source);
    sql_bind_int(s, 8, seen->at);
    sql_bind_int(s, 9, seen->at);
    int64_t number;
    TRY(sql_number(s, 0, &number));
    *id = (uint64_t)number;
    return ERR_OK;
}

enum err conflict_note(struct people *p, struct tx *tx, const struct conflict_seen *seen)
{
    uint64_t id;
    TRY(upsert(p, tx_sql(tx), seen, &id));
    if (id != p->next_conflict) return ERR_OK; /* seen before */
    p->next_conflict++;
    p->conflict_count++;
    return p->conflict_count > LIMIT_IDENTITY_CONFLICTS ? drop_oldest(p, tx_sql(tx)) : ERR_OK;
}

/* ---- judging ---- */

static enum err find(struct people *p, struct tx *tx, const struct people_judge *j,
                     struct people_merge *m, struct why *why)
{
    bool row;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT a, b, state FROM identity_conflict WHERE id = $1");
    sql_bind_int(s, 1, (int64_t)j->id);
    TRY(sql_step(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "conflict", "%" PRIu64, j->id);
    m->a = identity_member(p, (uint32_t)sql_int(s, 0));
    m->b = identity_member(p, (uint32_t)sql_int(s, 1));
    int64_t state = sql_int(s, 2);
    sql_reset(s);
    if (state == CONFLICT_MERGED || state == CONFLICT_APART)
        return why_fail(why, ERR_CONFLICT, MSG_JUDGED_ALREADY, "conflict", "%s",
                        conflict_state_name((enum conflict_state)state));
    if (m->a != m->b) return ERR_OK;
    return why_fail(why, ERR_CONFLICT, MSG_ONE_ALREADY, "conflict", "m%" PRIu32, m->a);
}

static enum err run_judge(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct people_judge *j = arg;
    struct people_merge m = {.who = j->who, .how = MERGE_CONFLICT, .over_caps = true};
    TRY(find(p, tx, j, &m, why));
    if (j->state == CONFLICT_MERGED) TRY(merge_by_hand(p, tx, &m, why));
    j->merge = m.id;
    j->kept = m.kept;
    j->away = m.away;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE identity_conflict SET state = $1, judged_at = $2,"
                            " judged_by = $3, merge_id = $4 WHERE id = $5");
    sql_bind_int(s, 1, j->state);
    sql_bind_int(s, 2, tx_now(tx));
    sql_bind_str(s, 3, j->who);
    sql_bind_int(s, 4, (int64_t)j->merge);
    sql_bind_int(s, 5, (int64_t)j->id);
    return sql_run(s);
}

enum err people_judge(struct brand *b, struct people_judge *j, struct why *why)
{
    TRY(brand_call(b, run_judge, j, false, why));
    return j->state == CONFLICT_MERGED ? brand_flush(b, why) : ERR_OK;
}

enum err conflict_reopen(struct tx *tx, uint64_t merge)
{
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "UPDATE identity_conflict SET state = 0, judged_at = NULL, judged_by = NULL,"
                    " merge_id = NULL WHERE merge_id = $1 AND state = $2");
    sql_bind_int(s, 1, (int64_t)merge);
    sql_bind_int(s, 2, CONFLICT_MERGED);
    return sql_run(s);
}

enum err conflict_erase(struct people *p, struct tx *tx, uint32_t persona)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "DELETE FROM identity_conflict WHERE a = $1 OR b = $2");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, persona);
    TRY(sql_run(s));
    return conflict_open(p, tx_sql(tx));
}
