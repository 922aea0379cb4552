/* owner_rule.c - another rule is brought to the rows in pieces, between other batches.
 *
 * 1. The row of owner_rule is written first, as unsettled: cut off from there on, the next opening
 *    folds everything again.
 * 2. From the first piece on, rows that are written for other reasons follow the new rule, too; so
 *    each row needs one visit only.
 * 3. A row holds the fold it was made of: the log is not read. */
#include "people/internal.h"
#include "people/owner.h"

#define PIECE 5000 /* rows of one transaction */

struct settling {
    struct owner_rule rule;
    bool settled;   /* to be written */
    uint32_t after; /* members up to here follow it */
    bool more;
};

struct moved {
    uint32_t member, staff;
};

static enum err run_write(struct tx *tx, void *arg, struct why *why)
{
    const struct settling *w = arg;
    (void)why;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO owner_rule (id, rule, days, settled) VALUES (1, $1, $2,"
                            " $3) ON CONFLICT (id) DO UPDATE SET rule = excluded.rule,"
                            " days = excluded.days, settled = excluded.settled");
    sql_bind_int(s, 1, w->rule.rule);
    sql_bind_int(s, 2, w->rule.days);
    sql_bind_int(s, 3, w->settled);
    return sql_run(s);
}

/* The newest fold of the member: that of the row may lag behind the one in memory. */
static const struct fold *fold_of(struct people *p, uint32_t member, struct str state)
{
    uint64_t slot;
    if (intmap_get(p->member_slots, member, &slot) && !p->members.items[slot]->behind)
        return p->members.items[slot]->fold;
    (void)fold_decode(p->present, &p->names.rules,
                      state); /* a damaged one is nobody's until it is folded again */
    return p->present;
}

static enum err write_owner(struct people *p, struct tx *tx, const struct moved *m)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "UPDATE member SET owner = $1 WHERE id = $2");
    sql_bind_int(s, 1, m->staff);
    sql_bind_int(s, 2, m->member);
    owners_note(p, m->member, m->staff);
    return sql_run(s);
}

static enum err run_piece(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct settling *w = arg;
    struct moved *moved = arena_alloc_array(tx_arena(tx), PIECE, sizeof(*moved));
    size_t rows = 0, count = 0;
    uint32_t last = w->after;
    (void)why;
    owners_take_rule(p, &w->rule);
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT id, state, owner FROM member WHERE id > $1"
                                             " ORDER BY id LIMIT $2");
    sql_bind_int(s, 1, last);
    sql_bind_int(s, 2, PIECE);
    for (bool row = true;; rows++) {
        TRY(sql_step(s, &row));
        if (!row) break;
        last = (uint32_t)sql_int(s, 0);
        uint32_t staff = fold_owner(fold_of(p, last, sql_blob(s, 1)), &p->names);
        if ((int64_t)staff != sql_int(s, 2)) moved[count++] = (struct moved){last, staff};
    }
    for (size_t i = 0; i < count; i++)
        TRY(write_owner(p, tx, &moved[i]));
    w->more = rows == PIECE;
    w->after = last;
    return ERR_OK;
}

enum err owner_set_rule(struct brand *b, const struct owner_rule *rule, struct why *why)
{
    struct settling w = {.rule = *rule, .more = true};
    TRY(brand_call(b, run_write, &w, false, why));
    while (w.more) {
        struct settling piece = w; /* a batch may run again */
        TRY(brand_call(b, run_piece, &piece, false, why));
        w = piece;
    }
    w.settled = true;
    return brand_call(b, run_write, &w, false, why);
}
