/* role.c - one table, a row for each account of which something was said. */
#include "groups/internal.h"

#include "base/limits.h"
#include "base/vec.h"
#include "people/people.h"

/* Rows of a statement whose columns are as selected below. */
static enum err read_all(struct sql_stmt *s, struct arena *arena, struct group_role **out,
                         size_t *count)
{
    VEC(struct group_role) list = {0};
    enum err err;
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        struct group_role r = {.group = (uint32_t)sql_int(s, 0),
                               .persona = (uint32_t)sql_int(s, 1),
                               .role = (enum account_role)sql_int(s, 2),
                               .confirmed = sql_int(s, 3) != 0,
                               .person = arena_str(arena, sql_str(s, 4)),
                               .said_by = arena_str(arena, sql_str(s, 5)),
                               .at = sql_int(s, 6)};
        VEC_PUSH(&list, r);
    }
    *out = arena_copy(arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err;
}

enum err groups_roles(struct sql *db, uint32_t group, struct arena *arena, struct group_role **out,
                      size_t *count)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT of_group, persona, role, confirmed, person, said_by, at FROM"
                    " group_account a WHERE of_group = $1 OR (of_group = 0 AND NOT EXISTS (SELECT 1"
                    " FROM group_account o WHERE o.of_group = $1 AND o.persona = a.persona))"
                    " ORDER BY persona");
    sql_bind_int(s, 1, group);
    return read_all(s, arena, out, count);
}

enum err groups_roles_of(struct sql *db, uint32_t member, struct arena *arena,
                         struct group_role **out, size_t *count)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT of_group, persona, role, confirmed, person, said_by, at FROM"
                    " group_account WHERE persona = $1 OR persona IN (SELECT p.persona FROM"
                    " persona_member p WHERE p.member = $1) ORDER BY at, of_group");
    sql_bind_int(s, 1, member);
    return read_all(s, arena, out, count);
}

static enum err check(struct tx *tx, const struct group_role *r, struct why *why)
{
    uint32_t member;
    int64_t accounts;
    TRY(people_root(tx_sql(tx), r->persona, &member));
    if (!member) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "member");
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT COUNT(*) FROM group_account WHERE of_group = $1");
    sql_bind_int(s, 1, r->group);
    TRY(sql_number(s, 0, &accounts));
    if (accounts < LIMIT_GROUP_ACCOUNTS) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_GROUP_ACCOUNTS);
}

static enum err run_set(struct tx *tx, void *arg, struct why *why)
{
    struct group_role *r = arg;
    TRY(check(tx, r, why));
    r->at = tx_now(tx);
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO group_account (of_group, persona, role, confirmed, person,"
                            " said_by, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT"
                            " (of_group, persona) DO UPDATE SET role = excluded.role,"
                            " confirmed = excluded.confirmed, person = excluded.person,"
                            " said_by = excluded.said_by, at = excluded.at");
    sql_bind_int(s, 1, r->group);
    sql_bind_int(s, 2, r->persona);
    sql_bind_int(s, 3, r->role);
    sql_bind_int(s, 4, r->confirmed);
    sql_bind_str(s, 5, r->person);
    sql_bind_str(s, 6, r->said_by);
    sql_bind_int(s, 7, r->at);
    return sql_run(s);
}

enum err groups_set_role(struct brand *b, struct group_role *role, struct why *why)
{
    return brand_call(b, run_set, role, false, why);
}

static enum err run_clear(struct tx *tx, void *arg, struct why *why)
{
    const uint32_t *whom = arg;
    bool row;
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM group_account WHERE of_group = $1 AND"
                                             " persona = $2 RETURNING persona");
    sql_bind_int(s, 1, whom[0]);
    sql_bind_int(s, 2, whom[1]);
    TRY(sql_any(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "account");
    return ERR_OK;
}

enum err groups_clear_role(struct brand *b, uint32_t group, uint32_t persona, struct why *why)
{
    uint32_t whom[2] = {group, persona};
    return brand_call(b, run_clear, whom, false, why);
}

enum err role_erase(struct tx *tx, struct erasure *e)
{
    return erasure_take(tx, e, "group_account",
                        "DELETE FROM group_account WHERE persona = $1 RETURNING 1");
}
