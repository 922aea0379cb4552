/* store.c - rows of what the keeper holds in memory.
 *
 * 1. A row of segment_member holds the members of one segment with numbers of one range of 65,536,
 *    as a portable roaring bitmap; that of chunk -1 says which definition (basis) the others
 * follow, and is written behind them. Rows of segment_due hold the timers of 4,096 members: numbers
 *    and times, little-endian, in order.
 * 2. Each row is as of segment_mark.seq at least: the mark is what the keeper had followed when the
 *    round of write-back began. Who is followed again from there on comes to the same.
 * 3. Timers are written as they were when the round began, and behind the memberships (that row of
 *    chunk -1 behind both): stored ones
 *    are never newer than these, so that whoever was moved by the clock meanwhile is looked at
 * again.
 * 4. Static lists are records: who is in them is worked out at each opening, and segments that read
 *    them are made anew then.
 * 5. A slice that was rolled back is written again: everything is then.
 * 6. The log does not tell of who was erased: whoever was while the rows still named them is looked
 *    at after an opening. */
#include "segments/store.h"

#include "eventlog/bytes.h"

#define HEAD (-1)
#define DUE_BYTES 12

/* ---- loading ---- */

static struct live *live_of(struct room *r, uint32_t id)
{
    struct live *l = room_find_id(r, id);
    if (l) return l;
    l = live_create(id);
    l->code = l->expr = room_text(r, STR(""));
    VEC_PUSH(&r->lives, l);
    return l;
}

/* A damaged row brings nobody; verify reports it. */
static void load_chunk(struct live *l, struct str bytes)
{
    roaring_bitmap_t *part = roaring_bitmap_portable_deserialize_safe(bytes.p, bytes.len);
    if (!part) return;
    roaring_bitmap_or_inplace(l->members, part);
    roaring_bitmap_free(part);
}

static enum err load_members(struct room *r, struct sql *db)
{
    struct sql_stmt *s = sql_use(db, "SELECT segment, chunk, basis, members FROM segment_member"
                                     " ORDER BY segment, chunk");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) break;
        struct live *l = live_of(r, (uint32_t)sql_int(s, 0));
        uint64_t basis = (uint64_t)sql_int(s, 2);
        if (sql_int(s, 1) == HEAD) {
            l->stored = l->basis = basis; /* the first of its segment */
        } else {
            if (basis != l->stored) l->stored = l->basis = 0; /* cut off between two definitions */
            load_chunk(l, sql_blob(s, 3));
        }
    }
    for (size_t i = 0; i < r->lives.count; i++)
        r->lives.items[i]->made = r->lives.items[i]->stored != 0;
    return ERR_OK;
}

static uint32_t number_at(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static int64_t time_at(const char *p)
{
    int64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static enum err load_dues(struct room *r, struct sql *db)
{
    struct sql_stmt *s = sql_use(db, "SELECT due FROM segment_due");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct str bytes = sql_blob(s, 0);
        for (size_t at = 0; at + DUE_BYTES <= bytes.len; at += DUE_BYTES) {
            uint32_t member = number_at(bytes.p + at);
            int64_t due = time_at(bytes.p + at + 4);
            room_set_due(r, member, due);
            due_push(r, member, due);
        }
    }
}

static void look_at_erased(void *ctx, uint32_t persona)
{
    struct room *r = ctx;
    bool named = persona < r->due.count && r->due.items[persona] != TIME_NONE;
    for (size_t i = 0; i < r->lives.count && !named; i++)
        named = roaring_bitmap_contains(r->lives.items[i]->members, persona);
    if (named) VEC_PUSH(&r->queue, ((struct touch){persona, 0, 0}));
}

enum err store_load(struct room *r, struct sql *db)
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT seq FROM segment_mark WHERE id = 1");
    TRY(sql_step(s, &row));
    if (row) r->seq = (uint64_t)sql_int(s, 0);
    r->rescan = !row;
    sql_reset(s);
    TRY(load_members(r, db));
    TRY(load_dues(r, db));
    roaring_bitmap_clear(r->due_dirty);
    return people_each_erased(db, look_at_erased, r);
}

enum err store_clear(struct tx *tx)
{
    TRY(sql_run(sql_use(tx_sql(tx), "DELETE FROM segment_member")));
    TRY(sql_run(sql_use(tx_sql(tx), "DELETE FROM segment_due")));
    return sql_run(sql_use(tx_sql(tx), "DELETE FROM segment_mark"));
}

/* ---- writing back ---- */

static uint64_t row_of(uint32_t segment, uint32_t chunk)
{
    return (uint64_t)segment << 32 | chunk;
}

static bool note_row(uint32_t chunk, void *arg)
{
    struct flush *f = arg;
    VEC_PUSH(&f->rows, row_of(f->segment, chunk));
    return true;
}

static bool note_dues(uint32_t chunk, void *arg)
{
    struct room *r = arg;
    struct due_row row = {.chunk = chunk};
    size_t first = (size_t)chunk * DUE_CHUNK;
    for (size_t m = first; m < first + DUE_CHUNK && m < r->due.count; m++) {
        if (r->due.items[m] == TIME_NONE) continue;
        put_u32(&row.bytes, (uint32_t)m);
        put_u64(&row.bytes, (uint64_t)r->due.items[m]);
    }
    VEC_PUSH(&r->flush.due, row);
    return true;
}

static void drop_rows(struct flush *f)
{
    for (size_t i = 0; i < f->due.count; i++)
        strbuf_finish(&f->due.items[i].bytes);
    VEC_RESET(&f->due);
    VEC_RESET(&f->rows);
    VEC_RESET(&f->heads);
    f->next = 0;
    f->active = false;
}

/* What is to be written in this round. Under the lock. */
static void begin(struct room *r)
{
    struct flush *f = &r->flush;
    drop_rows(f);
    if (r->torn) return;
    f->seq = r->purged ? 0 : r->seq;
    roaring_iterate(r->due_dirty, note_dues, r);
    roaring_bitmap_clear(r->due_dirty);
    for (size_t i = 0; i < r->lives.count; i++) {
        struct live *l = r->lives.items[i];
        if (l->list) continue;
        f->segment = l->id;
        roaring_iterate(l->dirty, note_row, f);
        roaring_bitmap_clear(l->dirty);
        if (l->stored != l->basis) VEC_PUSH(&f->heads, ((struct head){l->id, l->basis}));
    }
    f->active = f->rows.count + f->due.count + f->heads.count > 0 || f->seq != f->marked;
}

static enum err put_members(struct tx *tx, uint32_t segment, int64_t chunk, uint64_t basis,
                            struct str bytes)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO segment_member (segment, chunk, basis, members)"
                            " VALUES ($1, $2, $3, $4) ON CONFLICT (segment, chunk)"
                            " DO UPDATE SET basis = excluded.basis, members = excluded.members");
    sql_bind_int(s, 1, segment);
    sql_bind_int(s, 2, chunk);
    sql_bind_int(s, 3, (int64_t)basis);
    sql_bind_blob(s, 4, bytes.p ? bytes.p : "", bytes.len);
    return sql_run(s);
}

static enum err delete_members(struct tx *tx, uint32_t segment, uint32_t chunk)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "DELETE FROM segment_member WHERE segment = $1 AND chunk = $2");
    sql_bind_int(s, 1, segment);
    sql_bind_int(s, 2, chunk);
    return sql_run(s);
}

/* The part of a segment in one chunk. Under the lock. */
static bool encode_members(const struct live *l, uint32_t chunk, struct strbuf *out)
{
    uint64_t first = (uint64_t)chunk << CHUNK_BITS;
    roaring_bitmap_t *part =
        roaring_bitmap_from_range(first, first + (UINT64_C(1) << CHUNK_BITS), 1);
    roaring_bitmap_and_inplace(part, l->members);
    bool any = !roaring_bitmap_is_empty(part);
    roaring_bitmap_run_optimize(part);
    strbuf_reset(out);
    strbuf_reserve(out, roaring_bitmap_portable_size_in_bytes(part));
    out->len = roaring_bitmap_portable_serialize(part, out->p);
    roaring_bitmap_free(part);
    return any;
}

static enum err write_members(struct room *r, struct tx *tx, uint64_t row, struct strbuf *bytes)
{
    uint32_t segment = (uint32_t)(row >> 32), chunk = (uint32_t)row;
    uint64_t basis = 0;
    bool any = false;
    strbuf_reset(bytes);
    pthread_mutex_lock(&r->lock);
    struct live *l = room_find_id(r, segment);
    if (l) basis = l->basis;
    if (l) any = encode_members(l, chunk, bytes);
    pthread_mutex_unlock(&r->lock);
    if (!l) return ERR_OK; /* removed meanwhile, and its rows with it */
    if (!any) return delete_members(tx, segment, chunk);
    return put_members(tx, segment, chunk, basis, strbuf_str(bytes));
}

/* Behind a definition that has changed meanwhile, another will come. */
static enum err write_head(struct room *r, struct tx *tx, const struct head *h)
{
    pthread_mutex_lock(&r->lock);
    struct live *l = room_find_id(r, h->segment);
    bool same = l && l->basis == h->basis;
    if (same) l->stored = h->basis;
    pthread_mutex_unlock(&r->lock);
    return same ? put_members(tx, h->segment, HEAD, h->basis, STR("")) : ERR_OK;
}

static enum err write_dues(struct tx *tx, const struct due_row *row)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "INSERT INTO segment_due (chunk, due) VALUES ($1, $2)"
                                             " ON CONFLICT (chunk) DO UPDATE SET due ="
                                             " excluded.due");
    if (row->bytes.len == 0) s = sql_use(tx_sql(tx), "DELETE FROM segment_due WHERE chunk = $1");
    sql_bind_int(s, 1, row->chunk);
    if (row->bytes.len) sql_bind_blob(s, 2, row->bytes.p, row->bytes.len);
    return sql_run(s);
}

static enum err write_mark(struct room *r, struct tx *tx)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "INSERT INTO segment_mark (id, seq) VALUES (1, $1)"
                                             " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq");
    sql_bind_int(s, 1, (int64_t)r->flush.seq);
    r->flush.marked = r->flush.seq;
    drop_rows(&r->flush);
    return sql_run(s);
}

enum err store_flush(struct room *r, struct tx *tx, size_t rows_max, bool *clean)
{
    struct flush *f = &r->flush;
    struct strbuf bytes = {0};
    enum err err = ERR_OK;
    if (!f->active) {
        pthread_mutex_lock(&r->lock);
        begin(r);
        pthread_mutex_unlock(&r->lock);
    }
    size_t due = f->rows.count, heads = due + f->due.count, all = heads + f->heads.count;
    for (size_t n = 0; n < rows_max && f->next < all && err == ERR_OK; n++, f->next++) {
        if (f->next < due) {
            err = write_members(r, tx, f->rows.items[f->next], &bytes);
        } else if (f->next < heads) {
            err = write_dues(tx, &f->due.items[f->next - due]);
        } else {
            err = write_head(r, tx, &f->heads.items[f->next - heads]);
        }
    }
    strbuf_finish(&bytes);
    TRY(err);
    *clean = f->next >= all;
    return *clean && f->active ? write_mark(r, tx) : ERR_OK;
}

void store_close(struct room *r)
{
    drop_rows(&r->flush);
    VEC_FINISH(&r->flush.rows);
    VEC_FINISH(&r->flush.due);
    VEC_FINISH(&r->flush.heads);
}

void store_forget(struct room *r)
{
    struct flush *f = &r->flush;
    drop_rows(f);
    f->marked = UINT64_MAX;
    pthread_mutex_lock(&r->lock);
    roaring_bitmap_add_range(r->due_dirty, 0, r->due.count / DUE_CHUNK + 1);
    for (size_t i = 0; i < r->lives.count; i++) {
        struct live *l = r->lives.items[i];
        roaring_bitmap_add_range(l->dirty, 0, (r->due.count >> CHUNK_BITS) + 1);
        l->stored = 0;
    }
    pthread_mutex_unlock(&r->lock);
}
