/* note.c - one table; the text is sealed by the key that seals traits. */
#include "people/note.h"

#include "people/internal.h"

struct str people_seal(const struct people *p, struct arena *arena, struct str text)
{
    uint8_t nonce[24], *sealed = arena_alloc(arena, text.len + SEAL_OVERHEAD);
    env_random(brand_env(p->brand), nonce, sizeof(nonce));
    seal(p->seal_key, nonce, text, sealed);
    return (struct str){(const char *)sealed, text.len + SEAL_OVERHEAD};
}

struct str people_unseal(const struct people *p, struct arena *arena, struct str sealed)
{
    if (sealed.len < SEAL_OVERHEAD) return STR("");
    char *text = arena_alloc(arena, sealed.len - SEAL_OVERHEAD + 1);
    if (!unseal(p->seal_key, sealed, (uint8_t *)text)) return STR("");
    return (struct str){text, sealed.len - SEAL_OVERHEAD};
}

static enum err broken(enum err err, struct why *why)
{
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* Columns as selected below. */
static struct note read_note(const struct people_view *v, struct sql_stmt *s)
{
    struct people *p = brand_module_state(v->brand, &people_module);
    return (struct note){.id = (uint32_t)sql_int(s, 0),
                         .member = (uint32_t)sql_int(s, 1),
                         .author = arena_str(v->arena, sql_str(s, 2)),
                         .author_name = arena_str(v->arena, sql_str(s, 3)),
                         .text = people_unseal(p, v->arena, sql_blob(s, 4)),
                         .at = sql_int(s, 5),
                         .changed_at = sql_int(s, 6)};
}

enum err note_list(const struct people_view *v, uint32_t member, struct note **out, size_t *count,
                   struct why *why)
{
    VEC(struct note) list = {0};
    enum err err;
    struct sql_stmt *s = sql_use(
        v->db, "SELECT n.id, n.persona, n.author, n.author_name, n.sealed, n.at, n.changed_at"
               " FROM note n WHERE " OF_MEMBER("n.persona") " ORDER BY n.at DESC, n.id DESC");
    sql_bind_int(s, 1, member);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        VEC_PUSH(&list, read_note(v, s));
    }
    *out = arena_copy(v->arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err == ERR_OK ? ERR_OK : broken(err, why);
}

enum err note_get(const struct people_view *v, uint32_t member, uint32_t id, struct note *out,
                  struct why *why)
{
    bool row;
    struct sql_stmt *s = sql_use(
        v->db, "SELECT n.id, n.persona, n.author, n.author_name, n.sealed, n.at, n.changed_at"
               " FROM note n WHERE " OF_MEMBER("n.persona") " AND n.id = $2");
    sql_bind_int(s, 1, member);
    sql_bind_int(s, 2, id);
    enum err err = sql_step(s, &row);
    if (err != ERR_OK) return broken(err, why);
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "note");
    *out = read_note(v, s);
    sql_reset(s);
    return ERR_OK;
}

/* ---- changing ---- */

static enum err insert(struct tx *tx, const struct note *n, struct str sealed)
{
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "INSERT INTO note (id, persona, author, author_name, sealed, at, changed_at)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $6)");
    sql_bind_int(s, 1, n->id);
    sql_bind_int(s, 2, n->member);
    sql_bind_str(s, 3, n->author);
    sql_bind_str(s, 4, n->author_name);
    sql_bind_blob(s, 5, sealed.p, sealed.len);
    sql_bind_int(s, 6, n->at);
    return sql_run(s);
}

static enum err add(struct people *p, struct tx *tx, struct note *n, struct why *why)
{
    int64_t known, notes, last;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, n->member);
    TRY(sql_number(s, 0, &known));
    if (!known) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "member");
    n->member = identity_member(p, n->member);
    s = sql_use(tx_sql(tx), "SELECT COUNT(*) FROM note n WHERE " OF_MEMBER("n.persona"));
    sql_bind_int(s, 1, n->member);
    TRY(sql_number(s, 0, &notes));
    if (notes >= LIMIT_MEMBER_NOTES)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_MEMBER_NOTES);
    TRY(sql_number(sql_use(tx_sql(tx), "SELECT COALESCE(MAX(id), 0) FROM note"), 0, &last));
    n->id = (uint32_t)last + 1;
    n->at = n->changed_at = tx_now(tx);
    return insert(tx, n, people_seal(p, tx_arena(tx), n->text));
}

static enum err run_save(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct note *saved = arg, n = *saved, old = {0};
    if (!n.id) {
        TRY(add(p, tx, &n, why));
        saved[1] = n;
        return ERR_OK;
    }
    const struct people_view view = {tx_brand(tx), tx_sql(tx), tx_arena(tx)};
    TRY(note_get(&view, n.member, n.id, &old, why));
    struct str sealed = people_seal(p, tx_arena(tx), n.text);
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE note SET sealed = $2, changed_at = $3 WHERE id = $1");
    sql_bind_int(s, 1, n.id);
    sql_bind_blob(s, 2, sealed.p, sealed.len);
    sql_bind_int(s, 3, tx_now(tx));
    n.at = old.at;
    n.changed_at = tx_now(tx);
    saved[1] = n;
    return sql_run(s);
}

/* As wanted and as saved: a batch that runs again begins with the first. */
enum err note_save(struct brand *b, struct note *n, struct why *why)
{
    struct note both[2] = {*n, *n};
    TRY(brand_call(b, run_save, both, false, why));
    n->id = both[1].id;
    n->member = both[1].member;
    n->at = both[1].at;
    n->changed_at = both[1].changed_at;
    return ERR_OK;
}

static enum err run_remove(struct tx *tx, void *arg, struct why *why)
{
    const uint32_t *id = arg;
    bool row;
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM note WHERE id = $1 RETURNING id");
    sql_bind_int(s, 1, *id);
    TRY(sql_any(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "note");
    return ERR_OK;
}

enum err note_remove(struct brand *b, uint32_t id, struct why *why)
{
    return brand_call(b, run_remove, &id, false, why);
}

enum err note_erase(struct tx *tx, uint32_t persona)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM note WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    return sql_run(s);
}
