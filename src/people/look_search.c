/* look_search.c - members by what one remembers of them. What names a member exactly comes first;
 * names come last, the better the fit the earlier. */
#include "people/look_internal.h"

#include "base/utf8.h"

#define TAIL_DIGITS 4

struct search {
    const struct look *l;
    size_t limit;
    struct look_found *out;
};

static void add(struct search *s, uint32_t persona)
{
    uint32_t member = look_member_of(s->l, persona);
    for (size_t i = 0; i < s->out->count; i++) {
        if (s->out->members[i] == member) return;
    }
    if (s->out->count == s->limit) {
        s->out->more = true;
    } else {
        s->out->members[s->out->count++] = member;
    }
}

/* "m12" */
static enum err by_id(struct search *s, struct str text)
{
    uint64_t id;
    bool row;
    if (text.len < 2 || text.p[0] != 'm') return ERR_OK;
    if (!str_to_u64((struct str){text.p + 1, text.len - 1}, &id) || id == 0 || id > UINT32_MAX)
        return ERR_OK;
    struct sql_stmt *q = sql_use(s->l->db, "SELECT id FROM member WHERE id = $1");
    sql_bind_int(q, 1, look_member_of(s->l, (uint32_t)id));
    TRY(sql_step(q, &row));
    if (!row) return ERR_OK;
    add(s, (uint32_t)id);
    sql_reset(q);
    return ERR_OK;
}

/* "phone:13800138000" */
static enum err by_identity(struct search *s, struct str text)
{
    struct identity id;
    struct why why;
    bool row;
    if (fact_identity_parse(text, &id, s->l->arena, &why) != ERR_OK) return ERR_OK;
    struct hash128 key = identity_key(look_people(s->l), &id, STR(""));
    struct sql_stmt *q = sql_use(s->l->db, "SELECT persona FROM identity WHERE key = $1");
    sql_bind_blob(q, 1, &key, sizeof(key));
    TRY(sql_step(q, &row));
    if (!row) return ERR_OK;
    add(s, (uint32_t)sql_int(q, 0));
    sql_reset(q);
    return ERR_OK;
}

static enum err by_any_identity(struct search *s, struct str text)
{
    TRY(by_identity(s, text));
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        if (k == IDENTITY_NAME) continue; /* names have scopes: by_name finds them all */
        const char *kind = identity_kind_name((enum identity_kind)k);
        const char *whole = arena_printf(s->l->arena, "%s:" STR_FMT, kind, STR_ARG(text));
        TRY(by_identity(s, str_of(whole)));
    }
    return ERR_OK;
}

static bool is_tail(struct str text)
{
    if (text.len != TAIL_DIGITS) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return false;
    }
    return true;
}

static enum err by_tail(struct search *s, struct str text)
{
    if (!is_tail(text)) return ERR_OK;
    struct sql_stmt *q =
        sql_use(s->l->db, "SELECT persona FROM identity WHERE tail = $1 ORDER BY persona LIMIT $2");
    sql_bind_int(q, 1, tail_of(look_people(s->l), text));
    sql_bind_int(q, 2, (int64_t)s->limit + 1);
    for (bool row;;) {
        TRY(sql_step(q, &row));
        if (!row) return ERR_OK;
        add(s, (uint32_t)sql_int(q, 0));
    }
}

static enum err by_name(struct search *s, struct str text)
{
    struct name_hits hits;
    struct str folded = utf8_fold(s->l->arena, text);
    TRY(name_index_find(look_people(s->l), folded, s->limit + 1, s->l->arena, &hits));
    for (size_t i = 0; i < hits.count; i++)
        add(s, hits.persona[i]);
    return ERR_OK;
}

enum err look_search(const struct look *l, struct str text, size_t limit, struct look_found *out,
                     struct why *why)
{
    struct search s = {l, limit, out};
    text = str_trim(text);
    *out = (struct look_found){.members = arena_alloc_array(l->arena, limit + 1, sizeof(uint32_t))};
    if (text.len == 0) return ERR_OK;
    if (text.len > LIMIT_IDENTITY_BYTES)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "q", "%d", LIMIT_IDENTITY_BYTES);
    if (!utf8_valid(text) || memchr(text.p, '\0', text.len))
        return why_fail(why, ERR_INVALID, MSG_BAD_UTF8, "q", NULL);
    enum err err = by_id(&s, text);
    if (err == ERR_OK) err = by_any_identity(&s, text);
    if (err == ERR_OK) err = by_tail(&s, text);
    if (err == ERR_OK) err = by_name(&s, text);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}
