/* records.c - definitions and static lists: rows, and the commands that change them.
 *
 * Expressions are checked on the writer, with the saved ones as the transaction has them, so that
 * two changes at once cannot make a circle. A removed row stays, gone, so that its number is not
 * given again. */
#include <inttypes.h>

#include "segments/internal.h"

const struct migration segments_migrations[] = {
    {1, "CREATE TABLE segment (id {int} PRIMARY KEY, code {text} NOT NULL, kind {int} NOT NULL,"
        " name {text} NOT NULL, description {text} NOT NULL, expr {text} NOT NULL,"
        " author {text} NOT NULL, version {int} NOT NULL, created_at {int} NOT NULL,"
        " changed_at {int} NOT NULL, gone {int} NOT NULL);"
        "CREATE UNIQUE INDEX segment_code ON segment (code) WHERE gone = 0;"
        "CREATE TABLE segment_version (segment {int} NOT NULL, version {int} NOT NULL,"
        " name {text} NOT NULL, expr {text} NOT NULL, author {text} NOT NULL, at {int} NOT NULL,"
        " PRIMARY KEY (segment, version));"
        "CREATE TABLE segment_list (segment {int} NOT NULL, member {int} NOT NULL,"
        " PRIMARY KEY (segment, member));"
        "CREATE TABLE segment_member (segment {int} NOT NULL, chunk {int} NOT NULL,"
        " basis {int} NOT NULL, members {blob} NOT NULL, PRIMARY KEY (segment, chunk));"
        "CREATE TABLE segment_due (chunk {int} PRIMARY KEY, due {blob} NOT NULL);"
        "CREATE TABLE segment_mark (id {int} PRIMARY KEY, seq {int} NOT NULL)"},
    {0, NULL},
};

bool segment_code_valid(struct str code)
{
    for (size_t i = 0; i < code.len; i++) {
        char c = code.p[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!fine) return false;
    }
    return code.len >= 1 && code.len <= LIMIT_SEGMENT_CODE_BYTES;
}

/* ---- reading ---- */

static struct segment read_row(struct sql_stmt *s, struct arena *arena)
{
    return (struct segment){
        .id = (uint32_t)sql_int(s, 0),
        .code = arena_str(arena, sql_str(s, 1)),
        .kind = (enum segment_kind)sql_int(s, 2),
        .name = arena_str(arena, sql_str(s, 3)),
        .description = arena_str(arena, sql_str(s, 4)),
        .expr = arena_str(arena, sql_str(s, 5)),
        .author = arena_str(arena, sql_str(s, 6)),
        .version = (uint64_t)sql_int(s, 7),
        .created_at = sql_int(s, 8),
        .changed_at = sql_int(s, 9),
    };
}

enum err records_read(struct sql *db, struct arena *arena, struct segment **out, size_t *count)
{
    struct segment *rows = arena_alloc_array(arena, LIMIT_SEGMENTS, sizeof(*rows));
    struct sql_stmt *s =
        sql_use(db, "SELECT id, code, kind, name, description, expr, author, version, created_at,"
                    " changed_at FROM segment WHERE gone = 0 ORDER BY id LIMIT $1");
    sql_bind_int(s, 1, LIMIT_SEGMENTS);
    *out = rows;
    for (*count = 0;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        rows[(*count)++] = read_row(s, arena);
    }
}

enum err segments_list(struct sql *db, struct arena *arena, struct segment **out, size_t *count,
                       struct why *why)
{
    enum err err = records_read(db, arena, out, count);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static enum err read_one(struct sql *db, struct str code, struct arena *arena, struct segment *out,
                         bool *found)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT id, code, kind, name, description, expr, author, version, created_at,"
                    " changed_at FROM segment WHERE code = $1 AND gone = 0");
    sql_bind_str(s, 1, code);
    TRY(sql_step(s, found));
    if (!*found) return ERR_OK;
    *out = read_row(s, arena);
    sql_reset(s);
    return ERR_OK;
}

enum err segments_get(struct sql *db, struct str code, struct arena *arena, struct segment *out,
                      struct why *why)
{
    bool found = false;
    enum err err = segment_code_valid(code) ? read_one(db, code, arena, out, &found) : ERR_OK;
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (!found) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "segment");
    return ERR_OK;
}

enum err segments_versions(struct sql *db, uint32_t id, struct arena *arena,
                           struct segment_version **out, size_t *count, struct why *why)
{
    struct segment_version *rows = arena_alloc_array(arena, LIMIT_SEGMENT_VERSIONS, sizeof(*rows));
    struct sql_stmt *s = sql_use(db, "SELECT version, name, expr, author, at FROM segment_version"
                                     " WHERE segment = $1 ORDER BY version DESC LIMIT $2");
    sql_bind_int(s, 1, id);
    sql_bind_int(s, 2, LIMIT_SEGMENT_VERSIONS);
    *out = rows;
    for (*count = 0;; ++*count) {
        bool row;
        enum err err = sql_step(s, &row);
        if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
        if (!row) return ERR_OK;
        rows[*count] = (struct segment_version){
            .version = (uint64_t)sql_int(s, 0),
            .name = arena_str(arena, sql_str(s, 1)),
            .expr = arena_str(arena, sql_str(s, 2)),
            .author = arena_str(arena, sql_str(s, 3)),
            .at = sql_int(s, 4),
        };
    }
}

enum err records_named(struct sql *db, uint32_t id, roaring_bitmap_t *out)
{
    struct sql_stmt *s = sql_use(db, "SELECT member FROM segment_list WHERE segment = $1");
    sql_bind_int(s, 1, id);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        roaring_bitmap_add(out, (uint32_t)sql_int(s, 0));
    }
}

/* ---- checking, on the writer ---- */

/* The catalog of a transaction: saved expressions are its own, and one is as it is to be. */
struct checking {
    struct tx *tx;
    struct expr_catalog under; /* the brand's */
    struct str code, expr;     /* of the one being saved */
};

static int catalog_kind(void *ctx, struct str name)
{
    struct checking *c = ctx;
    return c->under.kind(c->under.ctx, name);
}

static bool catalog_derived(void *ctx, int kind)
{
    struct checking *c = ctx;
    return c->under.kind_is_derived(c->under.ctx, kind);
}

static uint32_t catalog_code(void *ctx, enum dim dim, struct str code)
{
    struct checking *c = ctx;
    return c->under.code(c->under.ctx, dim, code);
}

static struct str catalog_code_text(void *ctx, enum dim dim, uint32_t code)
{
    struct checking *c = ctx;
    return c->under.code_text(c->under.ctx, dim, code);
}

static struct str catalog_kind_text(void *ctx, int kind)
{
    struct checking *c = ctx;
    return c->under.kind_text(c->under.ctx, kind);
}

static uint32_t catalog_prop(void *ctx, struct str name, enum prop_type type)
{
    struct checking *c = ctx;
    return c->under.prop(c->under.ctx, name, type);
}

static enum expr_type catalog_trait(void *ctx, struct str name)
{
    struct checking *c = ctx;
    return c->under.trait(c->under.ctx, name);
}

static struct str catalog_segment(void *ctx, struct str name)
{
    struct checking *c = ctx;
    struct segment s;
    bool found = false;
    if (str_eq(name, c->code)) return c->expr;
    if (!segment_code_valid(name) ||
        read_one(tx_sql(c->tx), name, tx_arena(c->tx), &s, &found) != ERR_OK || !found)
        return (struct str){NULL, 0};
    return s.expr;
}

static struct expr_catalog catalog_of(struct checking *c)
{
    return (struct expr_catalog){
        .ctx = c,
        .zone = c->under.zone,
        .currency_digits = c->under.currency_digits,
        .kind = catalog_kind,
        .kind_is_derived = catalog_derived,
        .code = catalog_code,
        .code_text = catalog_code_text,
        .kind_text = catalog_kind_text,
        .prop = catalog_prop,
        .trait = catalog_trait,
        .segment = catalog_segment,
    };
}

/* Read it as it stands, for its canonical form and for sentences about it; then as a part of
 * itself, which finds circles. */
static enum err check_expr(struct tx *tx, struct segment *s, struct why *why)
{
    struct checking checking = {.tx = tx, .code = s->code, .expr = s->expr};
    struct strbuf text = {0};
    const struct expr *e;
    segments_catalog(tx_brand(tx), &checking.under);
    struct expr_catalog catalog = catalog_of(&checking);
    TRY(expr_parse(tx_arena(tx), &catalog, EXPR_MEMBER, s->expr, "expression", &e, why));
    expr_print(e, &text);
    s->expr = checking.expr = arena_str(tx_arena(tx), strbuf_str(&text));
    strbuf_finish(&text);
    const char *self = arena_printf(tx_arena(tx), "in_segment(\"" STR_FMT "\")", STR_ARG(s->code));
    return expr_parse(tx_arena(tx), &catalog, EXPR_MEMBER, str_of(self), "expression", &e, why);
}

/* ---- changing, on the writer ---- */

/* What a command is given and gives back; a batch may run again, so each run begins anew. */
struct change {
    struct segment *segment; /* the caller's */
    struct arena *arena;     /* the caller's */
    struct segment done;     /* as it is then, in 'arena' */
};

static enum err next_id(struct sql *db, uint32_t *id, int64_t *live)
{
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT COALESCE(MAX(id), 0), COALESCE(SUM(1 - gone), 0) FROM segment");
    TRY(sql_step(s, &row));
    *id = (uint32_t)sql_int(s, 0) + 1;
    *live = sql_int(s, 1);
    sql_reset(s);
    return ERR_OK;
}

static enum err insert(struct sql *db, const struct segment *n)
{
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO segment (id, code, kind, name, description, expr, author, version,"
            " created_at, changed_at, gone) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8, 0)");
    sql_bind_int(s, 1, n->id);
    sql_bind_str(s, 2, n->code);
    sql_bind_int(s, 3, n->kind);
    sql_bind_str(s, 4, n->name);
    sql_bind_str(s, 5, n->description);
    sql_bind_str(s, 6, n->expr);
    sql_bind_str(s, 7, n->author);
    sql_bind_int(s, 8, n->created_at);
    return sql_run(s);
}

/* The newest versions are kept. */
static enum err insert_version(struct sql *db, const struct segment *n)
{
    struct sql_stmt *s = sql_use(db, "INSERT INTO segment_version (segment, version, name, expr,"
                                     " author, at) VALUES ($1, $2, $3, $4, $5, $6)");
    sql_bind_int(s, 1, n->id);
    sql_bind_int(s, 2, (int64_t)n->version);
    sql_bind_str(s, 3, n->name);
    sql_bind_str(s, 4, n->expr);
    sql_bind_str(s, 5, n->author);
    sql_bind_int(s, 6, n->changed_at);
    TRY(sql_run(s));
    s = sql_use(db, "DELETE FROM segment_version WHERE segment = $1 AND version <= $2");
    sql_bind_int(s, 1, n->id);
    sql_bind_int(s, 2, (int64_t)n->version - LIMIT_SEGMENT_VERSIONS);
    return sql_run(s);
}

static enum err run_add(struct tx *tx, void *arg, struct why *why)
{
    struct change *c = arg;
    struct segment n = *c->segment, old;
    bool taken;
    int64_t live;
    TRY(read_one(tx_sql(tx), n.code, tx_arena(tx), &old, &taken));
    if (taken)
        return why_fail(why, ERR_CONFLICT, MSG_SEGMENT_TAKEN, "code", STR_FMT, STR_ARG(n.code));
    TRY(next_id(tx_sql(tx), &n.id, &live));
    if (live >= LIMIT_SEGMENTS)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_SEGMENTS);
    TRY(check_expr(tx, &n, why));
    n.version = 1;
    n.created_at = n.changed_at = tx_now(tx);
    TRY(insert(tx_sql(tx), &n));
    TRY(insert_version(tx_sql(tx), &n));
    records_stage(room_of(tx_brand(tx)), n.code, n.expr);
    c->done = n;
    c->done.expr = arena_str(c->arena, n.expr);
    return ERR_OK;
}

static enum err check_version(struct tx *tx, const struct segment *n, struct segment *old,
                              struct why *why)
{
    TRY(segments_get(tx_sql(tx), n->code, tx_arena(tx), old, why));
    if (old->id != n->id) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "segment");
    if (old->version == n->version) return ERR_OK;
    return why_fail(why, ERR_PRECONDITION, MSG_CHANGED_MEANWHILE, "", NULL);
}

static enum err update(struct sql *db, const struct segment *n, bool gone)
{
    struct sql_stmt *s =
        sql_use(db, "UPDATE segment SET name = $2, description = $3, expr = $4, author = $5,"
                    " version = $6, changed_at = $7, gone = $8 WHERE id = $1");
    sql_bind_int(s, 1, n->id);
    sql_bind_str(s, 2, n->name);
    sql_bind_str(s, 3, n->description);
    sql_bind_str(s, 4, n->expr);
    sql_bind_str(s, 5, n->author);
    sql_bind_int(s, 6, (int64_t)n->version);
    sql_bind_int(s, 7, n->changed_at);
    sql_bind_int(s, 8, gone);
    return sql_run(s);
}

static enum err run_change(struct tx *tx, void *arg, struct why *why)
{
    struct change *c = arg;
    struct segment n = *c->segment, old = {0};
    TRY(check_version(tx, &n, &old, why));
    n.kind = old.kind;
    if (n.kind == SEGMENT_STATIC) n.expr = old.expr;
    TRY(check_expr(tx, &n, why));
    n.version = old.version + 1;
    n.created_at = old.created_at;
    n.changed_at = tx_now(tx);
    TRY(update(tx_sql(tx), &n, false));
    TRY(insert_version(tx_sql(tx), &n));
    records_stage(room_of(tx_brand(tx)), n.code, n.expr);
    c->done = n;
    c->done.expr = arena_str(c->arena, n.expr);
    return ERR_OK;
}

/* Canonical text names a segment in one way. */
static enum err check_unnamed(struct tx *tx, const struct segment *n, struct why *why)
{
    struct segment *all;
    size_t count;
    TRY(records_read(tx_sql(tx), tx_arena(tx), &all, &count));
    struct str call =
        str_of(arena_printf(tx_arena(tx), "in_segment(\"" STR_FMT "\")", STR_ARG(n->code)));
    for (size_t i = 0; i < count; i++) {
        if (all[i].id == n->id || str_find(all[i].expr, call) == SIZE_MAX) continue;
        return why_fail(why, ERR_CONFLICT, MSG_SEGMENT_NAMED, "", STR_FMT, STR_ARG(all[i].code));
    }
    return ERR_OK;
}

static enum err delete_of(struct sql *db, const char *text, uint32_t id)
{
    struct sql_stmt *s = sql_use(db, text);
    sql_bind_int(s, 1, id);
    return sql_run(s);
}

static enum err run_remove(struct tx *tx, void *arg, struct why *why)
{
    struct change *c = arg;
    struct sql *db = tx_sql(tx);
    struct segment old = {0};
    TRY(check_version(tx, c->segment, &old, why));
    TRY(check_unnamed(tx, &old, why));
    records_stage(room_of(tx_brand(tx)), old.code, (struct str){NULL, 0});
    old.name = old.description = old.expr = STR("");
    old.version++;
    old.changed_at = tx_now(tx);
    TRY(update(db, &old, true));
    TRY(delete_of(db, "DELETE FROM segment_version WHERE segment = $1", old.id));
    TRY(delete_of(db, "DELETE FROM segment_list WHERE segment = $1", old.id));
    return delete_of(db, "DELETE FROM segment_member WHERE segment = $1", old.id);
}

static enum err call(struct brand *b, struct segment *s, struct arena *arena,
                     enum err (*run)(struct tx *, void *, struct why *), struct why *why)
{
    struct change c = {.segment = s, .arena = arena};
    TRY(brand_call(b, run, &c, false, why));
    if (run != run_remove) *s = c.done;
    return ERR_OK;
}

enum err segments_add(struct brand *b, struct segment *s, struct arena *arena, struct why *why)
{
    if (!segment_code_valid(s->code))
        return why_fail(why, ERR_INVALID, MSG_SEGMENT_CODE, "code", "%d", LIMIT_SEGMENT_CODE_BYTES);
    if (s->kind == SEGMENT_STATIC)
        s->expr = str_of(arena_printf(arena, "in_list(\"" STR_FMT "\")", STR_ARG(s->code)));
    return call(b, s, arena, run_add, why);
}

enum err segments_change(struct brand *b, struct segment *s, struct arena *arena, struct why *why)
{
    return call(b, s, arena, run_change, why);
}

enum err segments_remove(struct brand *b, const struct segment *s, struct why *why)
{
    struct segment copy = *s;
    return call(b, &copy, NULL, run_remove, why);
}

/* ---- static lists ---- */

static enum err list_size(struct sql *db, uint32_t id, uint64_t *size)
{
    int64_t count;
    struct sql_stmt *s = sql_use(db, "SELECT COUNT(*) FROM segment_list WHERE segment = $1");
    sql_bind_int(s, 1, id);
    TRY(sql_number(s, 0, &count));
    *size = (uint64_t)count;
    return ERR_OK;
}

static enum err list_change(struct sql *db, uint32_t id, const struct segment_listing *l)
{
    for (size_t i = 0; i < l->count; i++) {
        struct sql_stmt *s =
            sql_use(db, l->remove ? "DELETE FROM segment_list WHERE segment = $1 AND member = $2"
                                  : "INSERT INTO segment_list (segment, member) VALUES ($1, $2)"
                                    " ON CONFLICT (segment, member) DO NOTHING");
        sql_bind_int(s, 1, id);
        sql_bind_int(s, 2, l->members[i]);
        TRY(sql_run(s));
    }
    return ERR_OK;
}

static enum err run_enlist(struct tx *tx, void *arg, struct why *why)
{
    struct segment_listing *l = arg;
    struct segment s = {0};
    uint64_t size;
    TRY(segments_get(tx_sql(tx), l->code, tx_arena(tx), &s, why));
    if (s.kind != SEGMENT_STATIC)
        return why_fail(why, ERR_CONFLICT, MSG_SEGMENT_IS_DYNAMIC, "", NULL);
    TRY(list_size(tx_sql(tx), s.id, &size));
    if (!l->remove && size + l->count > LIMIT_SEGMENT_LIST)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "members", "%d", LIMIT_SEGMENT_LIST);
    TRY(list_change(tx_sql(tx), s.id, l));
    TRY(list_size(tx_sql(tx), s.id, &l->size));
    room_of(tx_brand(tx))->staged = true;
    return ERR_OK;
}

enum err segments_enlist(struct brand *b, struct segment_listing *l, struct why *why)
{
    return brand_call(b, run_enlist, l, false, why);
}
