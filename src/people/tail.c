/* tail.c - the last four digits of a phone, by which people look for it.
 *
 * The index is keyed and cut to 62 bits; of four digits there are only ten thousand, so it hides
 * the digits from who has the file without the key, and no more. Rows of phones that have none are
 * those of a store made before there was one: an index of exactly those says at once that there are
 * none left. */
#include "people/internal.h"

#define DIGITS 4
#define FILL_ROWS 1000

int64_t tail_of(const struct people *p, struct str phone)
{
    char bytes[1 + DIGITS] = {(char)0xFF}; /* no kind of identity: apart from identity_key */
    size_t len = phone.len < DIGITS ? phone.len : DIGITS;
    if (len) memcpy(bytes + 1, phone.p + phone.len - len, len);
    return (int64_t)(hash_keyed(p->index_key, bytes, 1 + len).lo >> 2);
}

struct untold {
    struct hash128 key;
    int64_t tail;
};

/* The next rows behind 'after'. */
static enum err read_some(struct people *p, struct sql *db, struct hash128 after,
                          struct untold *rows, size_t *count)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT key, sealed FROM identity WHERE kind = 4 AND tail IS NULL"
                    " AND key > $1 ORDER BY key LIMIT $2");
    sql_bind_blob(s, 1, &after, sizeof(after));
    sql_bind_int(s, 2, FILL_ROWS);
    for (*count = 0;;) {
        bool row;
        uint8_t phone[LIMIT_IDENTITY_BYTES];
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct str key = sql_blob(s, 0), sealed = sql_blob(s, 1);
        struct untold *out = &rows[*count];
        if (key.len != sizeof(out->key) || *count == FILL_ROWS) return ERR_CORRUPT;
        memcpy(&out->key, key.p, sizeof(out->key));
        bool sound = sealed.len >= SEAL_OVERHEAD && sealed.len <= sizeof(phone) + SEAL_OVERHEAD &&
                     unseal(p->seal_key, sealed, phone);
        /* a damaged one is found by no digits */
        out->tail = sound ? tail_of(p, (struct str){(char *)phone, sealed.len - SEAL_OVERHEAD}) : 0;
        (*count)++;
    }
}

static enum err write_some(struct sql *db, const struct untold *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sql_stmt *s = sql_use(db, "UPDATE identity SET tail = $1 WHERE key = $2");
        sql_bind_int(s, 1, rows[i].tail);
        sql_bind_blob(s, 2, &rows[i].key, sizeof(rows[i].key));
        TRY(sql_run(s));
    }
    return ERR_OK;
}

enum err tail_fill(struct people *p, struct sql *db)
{
    struct untold *rows = mem_alloc_array(FILL_ROWS, sizeof(*rows));
    struct hash128 after = {0, 0};
    enum err err;
    size_t count;
    do {
        err = read_some(p, db, after, rows, &count);
        if (err == ERR_OK) err = write_some(db, rows, count);
        if (count) after = rows[count - 1].key;
    } while (err == ERR_OK && count);
    mem_free(rows);
    return err;
}
