/* identity_rows.c - rows of identities on their way to the table.
 *
 * A blind index is random, so that rows in the order of a file each go to another page of the
 * table's key: that was a sixth of all work of a list of new members. While many come, rows are
 * put off and written in order of the key, PUT_OFF_MAX at a time: few enough that the index by
 * persona, which they then meet out of order, stays near its end.
 *
 * Invariants: rows put off are of personas from 'low' to 'high', so that who asks the table about
 * others need not wait for them; they borrow their values from the facts of the load, and none is
 * left when it ends. p->identities holds them already. */
#include <assert.h>
#include <stdlib.h>

#include "people/internal.h"

#define PUT_OFF_MAX 65536

struct identity_rows {
    VEC(struct identity_row) rows;
    uint32_t low, high; /* of the personas in them */
};

/* Kinds whose values are sealed at rest. */
static bool is_sealed(enum identity_kind kind)
{
    return kind == IDENTITY_UNIONID || kind == IDENTITY_WECOM || kind == IDENTITY_OPENID ||
           kind == IDENTITY_PHONE || kind == IDENTITY_EMAIL || kind == IDENTITY_TELEGRAM;
}

/* The columns key, kind, value, sealed, tail. */
static void bind_value(struct people *p, struct sql_stmt *s, int at, const struct identity_row *row)
{
    struct str value = row->identity->value;
    enum identity_kind kind = row->identity->kind;
    sql_bind_blob(s, at, &row->key, sizeof(row->key));
    sql_bind_int(s, at + 1, kind);
    if (is_sealed(kind)) {
        uint8_t nonce[NONCE_BYTES], sealed[LIMIT_IDENTITY_BYTES + SEAL_OVERHEAD];
        people_nonce(p, nonce);
        seal(p->seal_key, nonce, value, sealed);
        sql_bind_blob(s, at + 3, sealed, value.len + SEAL_OVERHEAD);
    } else {
        sql_bind_str(s, at + 2, value);
    }
    if (kind == IDENTITY_PHONE) sql_bind_int(s, at + 4, tail_of(p, value));
}

/* One row to a statement: of several, SQLite copies every page before it changes it. */
static enum err insert(struct people *p, struct sql *db, const struct identity_row *row)
{
    struct sql_stmt *s = sql_use_later(
        db, "INSERT INTO identity (persona, verified, first_seen, source, key, kind, value, sealed,"
            " tail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    sql_bind_int(s, 1, row->persona);
    sql_bind_int(s, 2, row->verified);
    sql_bind_int(s, 3, row->first_seen);
    sql_bind_str(s, 4, row->source);
    bind_value(p, s, 5, row);
    return sql_run(s);
}

static int by_key(const void *a, const void *b)
{
    const struct identity_row *x = a, *y = b;
    return memcmp(&x->key, &y->key, sizeof(x->key));
}

void identity_rows_begin(struct people *p)
{
    assert(!p->put_off);
    p->put_off = mem_alloc(sizeof(*p->put_off));
    p->put_off->low = UINT32_MAX;
}

enum err identity_rows_write(struct people *p, struct sql *db)
{
    struct identity_rows *r = p->put_off;
    if (!r || r->rows.count == 0) return ERR_OK;
    qsort(r->rows.items, r->rows.count, sizeof(r->rows.items[0]), by_key);
    for (size_t i = 0; i < r->rows.count; i++)
        TRY(insert(p, db, &r->rows.items[i]));
    VEC_RESET(&r->rows);
    r->low = UINT32_MAX;
    r->high = 0;
    return ERR_OK;
}

enum err identity_rows_reach(struct people *p, struct sql *db, uint32_t persona)
{
    const struct identity_rows *r = p->put_off;
    return r && persona >= r->low && persona <= r->high ? identity_rows_write(p, db) : ERR_OK;
}

enum err identity_rows_add(struct people *p, struct sql *db, const struct identity_row *row)
{
    struct identity_rows *r = p->put_off;
    if (!r) return insert(p, db, row);
    VEC_PUSH(&r->rows, *row);
    if (row->persona < r->low) r->low = row->persona;
    if (row->persona > r->high) r->high = row->persona;
    return r->rows.count < PUT_OFF_MAX ? ERR_OK : identity_rows_write(p, db);
}

void identity_rows_end(struct people *p)
{
    if (!p->put_off) return;
    VEC_FINISH(&p->put_off->rows);
    mem_free(p->put_off);
    p->put_off = NULL;
}
