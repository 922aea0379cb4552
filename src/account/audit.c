/* audit.c - rows of table audit, numbered 1, 2, 3 ...
 *
 *   hash(n) = SHA-256(hash(n - 1), number, at, who, ..., before, after), each part with its length
 *   audit_head = number and hash of the last row, and proof = keyed hash of both
 *
 * Without audit_head the last rows could go unnoticed; without the key somebody who can write the
 * database could make a chain anew. What is sealed is hashed as stored, so that the chain can be
 * followed by who may not read it. */
#include "account/audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "account/store.h"
#include "base/hash.h"
#include "base/json.h"

#define FIELDS 9 /* of a row that the chain covers, number apart */

static const uint8_t nothing_before[32];

/* ---- the chain ---- */

static void add_part(struct sha256_state *s, struct str part)
{
    uint64_t len = part.len;
    sha256_add(s, &len, sizeof(len));
    if (part.len) sha256_add(s, part.p, part.len);
}

static struct sha256 link_of(const uint8_t previous[32], int64_t number,
                             const struct str fields[FIELDS])
{
    struct sha256_state s;
    sha256_init(&s);
    sha256_add(&s, previous, 32);
    sha256_add(&s, &number, sizeof(number));
    for (int i = 0; i < FIELDS; i++)
        add_part(&s, fields[i]);
    return sha256_finish(&s);
}

static struct hash128 proof_of(struct data *d, int64_t number, const uint8_t hash[32])
{
    uint8_t key[32], text[40];
    key_derive(key, data_key(d), 1, "wfaudit_");
    memcpy(text, &number, 8);
    memcpy(text + 8, hash, 32);
    return hash_keyed(key, text, sizeof(text));
}

/* The last row; number 0 when there is none. */
struct head {
    int64_t number;
    uint8_t hash[32];
    struct hash128 proof;
};

static enum err read_head(struct sql *db, struct head *out)
{
    struct sql_stmt *s = sql_use(db, "SELECT number, hash, proof FROM audit_head WHERE place = 0");
    bool row;
    *out = (struct head){0};
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    struct str hash = sql_blob(s, 1), proof = sql_blob(s, 2);
    out->number = sql_int(s, 0);
    if (hash.len == sizeof(out->hash)) memcpy(out->hash, hash.p, hash.len);
    if (proof.len == sizeof(out->proof)) memcpy(&out->proof, proof.p, proof.len);
    sql_reset(s);
    return ERR_OK;
}

static enum err write_head(struct data *d, struct sql *db, int64_t number, const uint8_t hash[32])
{
    struct hash128 proof = proof_of(d, number, hash);
    struct sql_stmt *s = sql_use(
        db,
        "INSERT INTO audit_head (place, number, hash, proof) VALUES (0, $1, $2, $3) ON CONFLICT "
        "(place) DO UPDATE SET number = excluded.number, hash = excluded.hash, "
        "proof = excluded.proof");
    sql_bind_int(s, 1, number);
    sql_bind_blob(s, 2, hash, 32);
    sql_bind_blob(s, 3, &proof, sizeof(proof));
    return sql_run(s);
}

/* ---- writing ---- */

static void seal_text(struct data *d, struct str text, struct strbuf *out)
{
    uint8_t key[32], nonce[24];
    if (!text.p) return;
    key_derive(key, data_key(d), 2, "wfaudit_");
    env_random(data_env(d), nonce, sizeof(nonce));
    strbuf_reserve(out, text.len + SEAL_OVERHEAD + 1);
    seal(key, nonce, text, (uint8_t *)out->p);
    out->len = text.len + SEAL_OVERHEAD;
}

static struct str who_text(const struct principal *who, char out[32])
{
    if (!who) return STR("command");
    if (who->kind == PRINCIPAL_NOBODY) return STR("nobody");
    if (who->kind == PRINCIPAL_TIMER) return STR("timer"); /* of the brand */
    int n =
        snprintf(out, 32, "%s:%" PRIu32, who->kind == PRINCIPAL_KEY ? "key" : "staff", who->number);
    return (struct str){out, (size_t)n};
}

static enum err insert(struct sql *db, int64_t number, const struct str f[FIELDS],
                       const struct sha256 *hash)
{
    struct sql_stmt *s =
        sql_use(db, "INSERT INTO audit (number, at, who, who_name, brand, action, subject, sealed, "
                    "before, after, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
    int64_t at = 0, sealed = 0;
    memcpy(&at, f[0].p, sizeof(at));
    memcpy(&sealed, f[6].p, sizeof(sealed));
    sql_bind_int(s, 1, number);
    sql_bind_int(s, 2, at);
    for (int i = 1; i <= 5; i++)
        sql_bind_str(s, i + 2, f[i]);
    sql_bind_int(s, 8, sealed);
    sql_bind_blob(s, 9, f[7].p, f[7].len);
    sql_bind_blob(s, 10, f[8].p, f[8].len);
    sql_bind_blob(s, 11, hash->bytes, sizeof(hash->bytes));
    return sql_run(s);
}

static struct str text_or_empty(const char *text)
{
    return text ? str_of(text) : STR("");
}

static struct str or_empty(struct str s)
{
    return s.p ? s : STR("");
}

enum err audit_append(struct data *d, struct sql *db, const struct audit_entry *e)
{
    struct head head;
    struct strbuf before = {0}, after = {0};
    char who[32];
    int64_t at = env_now(data_env(d)), sealed = e->personal;
    TRY(read_head(db, &head));
    if (e->personal) {
        seal_text(d, e->before, &before);
        seal_text(d, e->after, &after);
    }
    const struct str fields[FIELDS] = {
        {(const char *)&at, sizeof(at)},
        who_text(e->who, who),
        e->who && e->who->kind != PRINCIPAL_NOBODY ? str_of(e->who->name) : STR(""),
        text_or_empty(e->brand),
        str_of(e->action),
        text_or_empty(e->subject),
        {(const char *)&sealed, sizeof(sealed)},
        or_empty(e->personal ? strbuf_str(&before) : e->before),
        or_empty(e->personal ? strbuf_str(&after) : e->after),
    };
    int64_t number = head.number + 1;
    struct sha256 hash = link_of(head.number ? head.hash : nothing_before, number, fields);
    enum err err = insert(db, number, fields, &hash);
    if (err == ERR_OK) err = write_head(d, db, number, hash.bytes);
    strbuf_finish(&before);
    strbuf_finish(&after);
    return err;
}

enum err audit_add(struct data *d, const struct audit_entry *e, struct why *why)
{
    struct sql *db;
    TRY(store_begin(d, &db, why));
    enum err err = store_commit(db, audit_append(d, db, e), why);
    data_server_unlock(d);
    return err;
}

/* ---- reading ---- */

static struct str open_text(struct data *d, bool sealed, struct str stored, struct arena *arena)
{
    uint8_t key[32];
    if (stored.len == 0) return (struct str){NULL, 0};
    if (!sealed) return arena_str(arena, stored);
    if (stored.len < SEAL_OVERHEAD) return STR("null");
    uint8_t *out = arena_alloc(arena, stored.len);
    key_derive(key, data_key(d), 2, "wfaudit_");
    if (!unseal(key, stored, out)) return STR("null");
    return (struct str){(const char *)out, stored.len - SEAL_OVERHEAD};
}

static void read_row(struct data *d, struct sql_stmt *s, struct arena *a, struct audit_row *out)
{
    bool sealed = sql_int(s, 7) != 0;
    *out = (struct audit_row){
        .number = sql_int(s, 0),
        .at = sql_int(s, 1),
        .who = arena_str(a, sql_str(s, 2)),
        .who_name = arena_str(a, sql_str(s, 3)),
        .brand = arena_str(a, sql_str(s, 4)),
        .action = arena_str(a, sql_str(s, 5)),
        .subject = arena_str(a, sql_str(s, 6)),
        .before = open_text(d, sealed, sql_blob(s, 8), a),
        .after = open_text(d, sealed, sql_blob(s, 9), a),
    };
}

/* Rows of 'action' are those from it to where its family ends: "staff." to "staff/". */
static enum err read_rows(struct data *d, struct sql *db, const struct audit_filter *f,
                          struct arena *arena, struct audit_row *rows, size_t *count)
{
    bool family = f->action.len > 0 && f->action.p[f->action.len - 1] == '.';
    struct str to = f->action.p ? arena_str(arena, f->action) : STR("");
    char who[32];
    if (family) {
        char *end = arena_copy(arena, to.p, to.len + 1);
        end[to.len - 1] = '/';
        to.p = end;
    }
    struct sql_stmt *s = sql_use(
        db, "SELECT number, at, who, who_name, brand, action, subject, sealed, before, after "
            "FROM audit WHERE (CAST($1 AS bigint) = 0 OR number < CAST($1 AS bigint)) "
            "AND (CAST($2 AS bigint) = 1 OR brand = $3 "
            "OR (CAST($4 AS bigint) = 1 AND brand = '')) "
            "AND (CAST($5 AS bigint) = 0 OR (CAST($5 AS bigint) = 1 AND action = $6) "
            "OR (CAST($5 AS bigint) = 2 AND action >= $6 AND action < $7)) "
            "AND (CAST($9 AS bigint) = 0 OR who = $10) "
            "ORDER BY number DESC LIMIT CAST($8 AS bigint)");
    sql_bind_int(s, 1, f->below);
    sql_bind_int(s, 2, f->brand == NULL);
    sql_bind_text(s, 3, f->brand ? f->brand : "");
    sql_bind_int(s, 4, f->server_too);
    sql_bind_int(s, 5, f->action.len == 0 ? 0 : family ? 2 : 1);
    sql_bind_str(s, 6, f->action.p ? f->action : STR(""));
    sql_bind_str(s, 7, to);
    sql_bind_int(s, 8, f->limit);
    sql_bind_int(s, 9, f->by != NULL);
    sql_bind_str(s, 10, f->by ? who_text(f->by, who) : STR(""));
    for (*count = 0;; (*count)++) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        read_row(d, s, arena, &rows[*count]);
    }
}

enum err audit_read(struct data *d, const struct audit_filter *filter, struct arena *arena,
                    struct audit_row **out, size_t *count, struct why *why)
{
    *out = arena_alloc_array(arena, (size_t)filter->limit, sizeof(**out));
    struct sql *db = data_server_lock(d);
    enum err err = read_rows(d, db, filter, arena, *out, count);
    data_server_unlock(d);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static void write_raw(struct json_writer *w, const char *key, struct str json)
{
    json_key(w, key);
    if (!json.p) {
        json_null(w);
        return;
    }
    strbuf_add_str(w->out, json);
    w->comma = true;
}

void audit_write(const struct audit_row *row, const struct zone *zone, struct json_writer *w)
{
    char at[40];
    time_format(zone, row->at, at, sizeof(at));
    json_begin_object(w);
    json_key(w, "id");
    json_int(w, row->number);
    json_key(w, "at");
    json_text(w, at);
    json_key(w, "who");
    json_str(w, row->who_name.len ? row->who_name : row->who);
    json_key(w, "who_id");
    json_str(w, row->who);
    json_key(w, "action");
    json_str(w, row->action);
    json_key(w, "subject");
    json_str(w, row->subject);
    json_key(w, "brand");
    json_str(w, row->brand);
    write_raw(w, "before", row->before);
    write_raw(w, "after", row->after);
    json_end_object(w);
}

/* ---- verifying ---- */

struct walk {
    void (*finding)(void *ctx, const char *what);
    void *ctx;
    uint8_t hash[32]; /* of the row before */
    int64_t number;   /* of the row before */
};

static void report(struct walk *w, const char *format, int64_t number)
{
    char text[160];
    size_t len = strcspn(format, "#");
    snprintf(text, sizeof(text), "audit: %.*s%" PRId64 "%s", (int)len, format, number,
             format + len + (format[len] ? 1 : 0));
    w->finding(w->ctx, text);
}

static void check_row(struct walk *w, struct sql_stmt *s)
{
    int64_t number = sql_int(s, 0), at = sql_int(s, 1), sealed = sql_int(s, 7);
    struct str fields[FIELDS] = {{(const char *)&at, sizeof(at)},
                                 {NULL, 0},
                                 {NULL, 0},
                                 {NULL, 0},
                                 {NULL, 0},
                                 {NULL, 0},
                                 {NULL, 0},
                                 {NULL, 0},
                                 {NULL, 0}};
    for (int i = 1; i <= 5; i++)
        fields[i] = sql_str(s, i + 1);
    fields[6] = (struct str){(const char *)&sealed, sizeof(sealed)};
    fields[7] = sql_blob(s, 8);
    fields[8] = sql_blob(s, 9);
    struct str stored = sql_blob(s, 10);
    if (number != w->number + 1) report(w, "the row before number # is missing", number);
    struct sha256 hash = link_of(w->number ? w->hash : nothing_before, number, fields);
    if (stored.len != sizeof(hash.bytes) || memcmp(stored.p, hash.bytes, stored.len) != 0)
        report(w, "row # does not follow from what was written before it", number);
    if (stored.len == sizeof(w->hash)) memcpy(w->hash, stored.p, stored.len);
    w->number = number;
}

static enum err check_head(struct data *d, struct sql *db, struct walk *w)
{
    struct head head;
    TRY(read_head(db, &head));
    if (head.number == 0 && w->number == 0) return ERR_OK;
    if (head.number != w->number || memcmp(head.hash, w->hash, sizeof(w->hash)) != 0)
        report(w, "row # is not the last that was written", w->number);
    if (!hash128_eq(head.proof, proof_of(d, head.number, head.hash)))
        report(w, "the mark of the last row, number #, was not made by this server", head.number);
    return ERR_OK;
}

enum err audit_verify(struct data *d, void (*finding)(void *ctx, const char *what), void *ctx,
                      uint64_t *rows, struct why *why)
{
    struct walk w = {.finding = finding, .ctx = ctx};
    struct sql *db = data_server_lock(d);
    struct sql_stmt *s =
        sql_use(db, "SELECT number, at, who, who_name, brand, action, subject, sealed, before, "
                    "after, hash FROM audit ORDER BY number");
    bool row = true;
    enum err err = ERR_OK;
    sql_stream(s);
    for (*rows = 0; err == ERR_OK; (*rows)++) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        check_row(&w, s);
    }
    if (err == ERR_OK) err = check_head(d, db, &w);
    data_server_unlock(d);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}
