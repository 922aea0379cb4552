/* consent_text.c - purposes, the versions of their texts, and lists to leave. */
#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"
#include "people/consent.h"
#include "people/internal.h"

bool consent_key_valid(struct str key)
{
    if (key.len == 0 || key.len > 32 || key.p[0] < 'a' || key.p[0] > 'z') return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.p[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (!fine) return false;
    }
    return true;
}

static enum err broken(enum err err, struct why *why)
{
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static struct str text_or_none(struct sql_stmt *s, int column, struct arena *arena)
{
    return sql_is_null(s, column) ? STR("") : arena_str(arena, sql_str(s, column));
}

enum err consent_purposes(struct sql *db, struct arena *arena, struct consent_purpose **out,
                          size_t *count, struct why *why)
{
    struct consent_purpose *list = arena_alloc_array(arena, LIMIT_CONSENT_PURPOSES, sizeof(*list));
    struct sql_stmt *s = sql_use(
        db, "SELECT p.purpose, p.name_zh, p.name_en, p.basis, p.channels, t.version, t.zh,"
            " t.en FROM consent_purpose p LEFT JOIN consent_text t"
            " ON t.purpose = p.purpose AND t.version = (SELECT MAX(n.version)"
            " FROM consent_text n WHERE n.purpose = p.purpose) ORDER BY p.purpose LIMIT $1");
    sql_bind_int(s, 1, LIMIT_CONSENT_PURPOSES);
    *count = 0;
    for (bool row = true;;) {
        enum err err = sql_step(s, &row);
        if (err != ERR_OK) return broken(err, why);
        if (!row) break;
        list[(*count)++] =
            (struct consent_purpose){.purpose = arena_str(arena, sql_str(s, 0)),
                                     .name_zh = arena_str(arena, sql_str(s, 1)),
                                     .name_en = arena_str(arena, sql_str(s, 2)),
                                     .basis = arena_str(arena, sql_str(s, 3)),
                                     .channels = arena_str(arena, sql_str(s, 4)),
                                     .version = sql_is_null(s, 5) ? 0 : (uint32_t)sql_int(s, 5),
                                     .text_zh = text_or_none(s, 6, arena),
                                     .text_en = text_or_none(s, 7, arena)};
    }
    *out = list;
    return ERR_OK;
}

enum err consent_lists(struct sql *db, struct arena *arena, struct consent_sub **out, size_t *count,
                       struct why *why)
{
    struct consent_sub *list = arena_alloc_array(arena, LIMIT_CONSENT_LISTS, sizeof(*list));
    struct sql_stmt *s = sql_use(db, "SELECT list, purpose, name_zh, name_en, shown"
                                     " FROM consent_list ORDER BY list LIMIT $1");
    sql_bind_int(s, 1, LIMIT_CONSENT_LISTS);
    *count = 0;
    for (bool row = true;;) {
        enum err err = sql_step(s, &row);
        if (err != ERR_OK) return broken(err, why);
        if (!row) break;
        list[(*count)++] = (struct consent_sub){.list = arena_str(arena, sql_str(s, 0)),
                                                .purpose = arena_str(arena, sql_str(s, 1)),
                                                .name_zh = arena_str(arena, sql_str(s, 2)),
                                                .name_en = arena_str(arena, sql_str(s, 3)),
                                                .shown = sql_int(s, 4) != 0};
    }
    *out = list;
    return ERR_OK;
}

/* ---- changing ---- */

static enum err bad_key(struct str key, const char *field, struct why *why)
{
    return why_fail(why, ERR_INVALID, MSG_BAD_KEY_NAME, field, STR_FMT, STR_ARG(utf8_cut(key, 64)));
}

/* May there be one more, or is it there already? */
static enum err check_room(struct sql_stmt *count, struct sql_stmt *one, int most, struct why *why)
{
    int64_t now;
    bool there;
    TRY(sql_number(count, 0, &now));
    TRY(sql_any(one, &there));
    if (there || now < most) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", most);
}

static enum err run_purpose(struct tx *tx, void *arg, struct why *why)
{
    const struct consent_purpose *n = arg;
    struct sql *db = tx_sql(tx);
    struct sql_stmt *one = sql_use(db, "SELECT 1 FROM consent_purpose WHERE purpose = $1");
    sql_bind_str(one, 1, n->purpose);
    TRY(check_room(sql_use(db, "SELECT COUNT(*) FROM consent_purpose"), one, LIMIT_CONSENT_PURPOSES,
                   why));
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO consent_purpose (purpose, name_zh, name_en, basis, channels)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (purpose) DO UPDATE SET"
            " name_zh = excluded.name_zh, name_en = excluded.name_en, basis = excluded.basis,"
            " channels = excluded.channels");
    sql_bind_str(s, 1, n->purpose);
    sql_bind_str(s, 2, n->name_zh);
    sql_bind_str(s, 3, n->name_en);
    sql_bind_str(s, 4, n->basis);
    sql_bind_str(s, 5, n->channels);
    consent_redefined(brand_module_state(tx_brand(tx), &people_module));
    return sql_run(s);
}

enum err consent_save_purpose(struct brand *b, const struct consent_purpose *p, struct why *why)
{
    struct consent_purpose copy = *p;
    if (!consent_key_valid(p->purpose)) return bad_key(p->purpose, "purpose", why);
    return brand_call(b, run_purpose, &copy, false, why);
}

static enum err need_purpose(struct sql *db, struct str purpose, struct why *why)
{
    bool there;
    struct sql_stmt *s = sql_use(db, "SELECT 1 FROM consent_purpose WHERE purpose = $1");
    sql_bind_str(s, 1, purpose);
    TRY(sql_any(s, &there));
    if (there) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_CONSENT_PURPOSE, "purpose", STR_FMT, STR_ARG(purpose));
}

static enum err run_list(struct tx *tx, void *arg, struct why *why)
{
    const struct consent_sub *n = arg;
    struct sql *db = tx_sql(tx);
    struct sql_stmt *one = sql_use(db, "SELECT 1 FROM consent_list WHERE list = $1");
    sql_bind_str(one, 1, n->list);
    TRY(check_room(sql_use(db, "SELECT COUNT(*) FROM consent_list"), one, LIMIT_CONSENT_LISTS,
                   why));
    TRY(need_purpose(db, n->purpose, why));
    struct sql_stmt *s =
        sql_use(db, "INSERT INTO consent_list (list, purpose, name_zh, name_en, shown)"
                    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (list) DO UPDATE SET"
                    " purpose = excluded.purpose, name_zh = excluded.name_zh,"
                    " name_en = excluded.name_en, shown = excluded.shown");
    sql_bind_str(s, 1, n->list);
    sql_bind_str(s, 2, n->purpose);
    sql_bind_str(s, 3, n->name_zh);
    sql_bind_str(s, 4, n->name_en);
    sql_bind_int(s, 5, n->shown);
    return sql_run(s);
}

enum err consent_save_list(struct brand *b, const struct consent_sub *l, struct why *why)
{
    struct consent_sub copy = *l;
    if (!consent_key_valid(l->list)) return bad_key(l->list, "list", why);
    if (!consent_key_valid(l->purpose)) return bad_key(l->purpose, "purpose", why);
    return brand_call(b, run_list, &copy, false, why);
}

struct adding {
    struct consent_purpose *purpose;
    struct str source;
    uint32_t version; /* out */
};

static enum err run_text(struct tx *tx, void *arg, struct why *why)
{
    struct adding *a = arg;
    int64_t last;
    struct sql *db = tx_sql(tx);
    enum err err = need_purpose(db, a->purpose->purpose, why);
    if (err == ERR_INVALID) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "purpose");
    TRY(err);
    struct sql_stmt *s =
        sql_use(db, "SELECT COALESCE(MAX(version), 0) FROM consent_text WHERE purpose = $1");
    sql_bind_str(s, 1, a->purpose->purpose);
    TRY(sql_number(s, 0, &last));
    a->version = (uint32_t)last + 1;
    s = sql_use(db, "INSERT INTO consent_text (purpose, version, zh, en, at, source)"
                    " VALUES ($1, $2, $3, $4, $5, $6)");
    sql_bind_str(s, 1, a->purpose->purpose);
    sql_bind_int(s, 2, a->version);
    sql_bind_str(s, 3, a->purpose->text_zh);
    sql_bind_str(s, 4, a->purpose->text_en);
    sql_bind_int(s, 5, tx_now(tx));
    sql_bind_str(s, 6, a->source);
    return sql_run(s);
}

enum err consent_add_text(struct brand *b, struct consent_purpose *p, struct str source,
                          struct why *why)
{
    struct adding a = {.purpose = p, .source = source};
    TRY(brand_call(b, run_text, &a, false, why));
    p->version = a.version;
    return ERR_OK;
}
