/* receipt.c - receipts of erasures: JSON without a name in it, and its sum.
 *
 * The sum is SHA-256 over a key of the brand, the text, and the key again. */
#include <inttypes.h>

#include "base/json.h"
#include "people/erase_internal.h"
#include "people/holdings.h"

static void put_text(struct json_writer *w, const char *key, struct str text)
{
    json_key(w, key);
    json_str(w, text);
}

static void put_uint(struct json_writer *w, const char *key, uint64_t n)
{
    json_key(w, key);
    json_uint(w, n);
}

static void put_erased(struct json_writer *w, const struct leaving *l)
{
    put_uint(w, "events", l->erasure.events);
    put_uint(w, "parts_written_anew", l->erasure.parts);
    put_uint(w, "uploaded_files", l->erasure.files);
    json_key(w, "identities");
    json_begin_object(w);
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        if (l->identities[k])
            put_uint(w, identity_kind_name((enum identity_kind)k), l->identities[k]);
    }
    json_end_object(w);
    json_key(w, "rows");
    json_begin_object(w);
    for (size_t i = 0; i < holdings_number(); i++) {
        if (holdings[i].count) put_uint(w, holdings[i].table, l->rows[i]);
    }
    for (size_t i = 0; i < l->erasure.taken_count; i++)
        put_uint(w, l->erasure.taken[i].table, l->erasure.taken[i].rows);
    json_end_object(w);
}

static void make_body(struct tx *tx, const struct leaving *l, struct strbuf *out)
{
    struct json_writer w = {.out = out};
    char text[64];
    size_t len = time_format(brand_zone(tx_brand(tx)), tx_now(tx), text, sizeof(text));
    json_begin_object(&w);
    put_uint(&w, "receipt", l->receipt);
    put_text(&w, "brand", str_of(brand_slug(tx_brand(tx))));
    put_text(&w, "at", (struct str){text, len});
    put_text(&w, "by", l->order->who);
    put_text(&w, "reason", l->order->reason);
    json_key(&w, "personas");
    json_begin_array(&w);
    for (size_t i = 0; i < l->personas.count; i++)
        json_text(&w, arena_printf(tx_arena(tx), "m%" PRIu32, l->personas.items[i]));
    json_end_array(&w);
    json_key(&w, "erased");
    json_begin_object(&w);
    put_erased(&w, l);
    json_end_object(&w);
    json_key(&w, "kept");
    json_begin_array(&w);
    json_text(&w, "these numbers, which are never given again");
    json_text(&w, "keyed hashes of the ids that senders gave to the events");
    json_text(&w, "keyed hashes of the identities, in the list that backups are brought up to");
    json_text(&w, "backups made before, until they are thrown away");
    json_end_array(&w);
    json_end_object(&w);
}

static void make_sum(const struct brand *b, struct str body, char hex[65])
{
    uint8_t key[32];
    struct sha256_state s;
    brand_key(b, "receipts", key);
    sha256_init(&s);
    sha256_add(&s, key, sizeof(key));
    sha256_add(&s, body.p, body.len);
    sha256_add(&s, key, sizeof(key));
    struct sha256 sum = sha256_finish(&s);
    hex_encode(sum.bytes, sizeof(sum.bytes), hex);
}

static enum err next_number(struct sql *db, uint64_t *out)
{
    int64_t last;
    struct sql_stmt *s = sql_use(db, "SELECT MAX(id) FROM erasure");
    TRY(sql_number(s, 0, &last));
    *out = (uint64_t)last + 1;
    return ERR_OK;
}

enum err receipt_write(struct tx *tx, struct leaving *l)
{
    struct strbuf body = {0};
    char sum[65];
    TRY(next_number(tx_sql(tx), &l->receipt));
    make_body(tx, l, &body);
    make_sum(tx_brand(tx), strbuf_str(&body), sum);
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO erasure (id, at, who, reason, member, body, sum) VALUES"
                            " ($1, $2, $3, $4, $5, $6, $7)");
    sql_bind_int(s, 1, (int64_t)l->receipt);
    sql_bind_int(s, 2, tx_now(tx));
    sql_bind_str(s, 3, l->order->who);
    sql_bind_str(s, 4, l->order->reason);
    sql_bind_int(s, 5, l->personas.items[0]);
    sql_bind_str(s, 6, strbuf_str(&body));
    sql_bind_str(s, 7, str_of(sum));
    enum err err = sql_run(s);
    strbuf_finish(&body);
    return err;
}

/* ---- reading ---- */

static struct erase_receipt read_row(struct brand *b, struct sql_stmt *s, struct arena *arena)
{
    char sum[65];
    struct erase_receipt r = {
        .id = (uint64_t)sql_int(s, 0),
        .at = sql_int(s, 1),
        .who = arena_str(arena, sql_str(s, 2)),
        .reason = arena_str(arena, sql_str(s, 3)),
        .member = (uint32_t)sql_int(s, 4),
        .body = arena_str(arena, sql_str(s, 5)),
        .sum = arena_str(arena, sql_str(s, 6)),
    };
    make_sum(b, r.body, sum);
    r.genuine = str_is(r.sum, sum);
    return r;
}

enum err people_receipt(struct brand *b, struct sql *db, uint64_t id, struct arena *arena,
                        struct erase_receipt *out, struct why *why)
{
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT id, at, who, reason, member, body, sum FROM erasure WHERE id = $1");
    sql_bind_int(s, 1, (int64_t)id);
    TRY(sql_step(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "receipt", "%" PRIu64, id);
    *out = read_row(b, s, arena);
    sql_reset(s);
    return ERR_OK;
}

enum err people_receipts(struct brand *b, struct sql *db, uint64_t below, size_t limit,
                         struct arena *arena, struct erase_receipts *out)
{
    *out = (struct erase_receipts){.items = arena_alloc_array(arena, limit, sizeof(*out->items))};
    struct sql_stmt *s = sql_use(db, "SELECT id, at, who, reason, member, body, sum FROM erasure"
                                     " WHERE id < $1 ORDER BY id DESC LIMIT $2");
    sql_bind_int(s, 1, below && below <= INT64_MAX ? (int64_t)below : INT64_MAX);
    sql_bind_int(s, 2, (int64_t)limit + 1);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        out->more = out->count == limit;
        if (!out->more) out->items[out->count++] = read_row(b, s, arena);
    }
}
