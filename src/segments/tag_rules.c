/* tag_rules.c - rules are rows of table tag_rule; what a rule gave are the rows of member_tag whose
 * source says so. Who is to get a tag or lose it is found by sets, and decided once more, member by
 * member, in the transaction that writes (people/tagging.c). */
#include "segments/tag_rules.h"

#include <inttypes.h>

#include "people/tag.h"
#include "segments/internal.h"

#define PASSES 3 /* who loses a tag of an exclusive group may get another one */

static enum err broken(enum err err, struct why *why)
{
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err tag_rules_list(struct sql *db, struct arena *arena, struct tag_rule **out, size_t *count,
                        struct why *why)
{
    struct tag_rule *list = arena_alloc_array(arena, LIMIT_SEGMENTS, sizeof(*list));
    struct sql_stmt *s =
        sql_use(db, "SELECT r.tag, r.segment, s.expr, r.keep, r.at, r.source FROM tag_rule r"
                    " JOIN segment s ON s.code = r.segment AND s.gone = 0 ORDER BY r.tag LIMIT $1");
    sql_bind_int(s, 1, LIMIT_SEGMENTS);
    for (*count = 0;;) {
        bool row;
        TRY(broken(sql_step(s, &row), why));
        if (!row) break;
        list[(*count)++] = (struct tag_rule){.tag = (uint32_t)sql_int(s, 0),
                                             .segment = arena_str(arena, sql_str(s, 1)),
                                             .expr = arena_str(arena, sql_str(s, 2)),
                                             .keep = sql_int(s, 3) != 0,
                                             .at = sql_int(s, 4),
                                             .source = arena_str(arena, sql_str(s, 5))};
    }
    *out = list;
    return ERR_OK;
}

enum err tag_rule_of_segment(struct sql *db, struct str code, bool *out)
{
    struct sql_stmt *s = sql_use(db, "SELECT 1 FROM tag_rule WHERE segment = $1");
    sql_bind_str(s, 1, code);
    TRY(sql_step(s, out));
    if (*out) sql_reset(s);
    return ERR_OK;
}

/* ---- setting ---- */

static bool holds_text(struct str text, struct str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (memcmp(text.p + i, part.p, part.len) == 0) return true;
    }
    return false;
}

static enum err check(struct brand *b, struct str text, struct arena *arena, struct why *why)
{
    struct expr_catalog catalog;
    const struct expr *e;
    struct str name, saved;
    segments_catalog(b, &catalog);
    TRY(expr_parse(arena, &catalog, EXPR_MEMBER, text, "expression", &e, why));
    bool feeds = (expr_fields(e) >> FIELD_TAG & 1) || expr_get_segment(e, 0, &name, &saved) ||
                 holds_text(text, STR("member.tagged")) || holds_text(text, STR("member.untagged"));
    return feeds ? why_fail(why, ERR_INVALID, MSG_RULE_OF_TAGS, "expression", NULL) : ERR_OK;
}

static enum err run_set(struct tx *tx, void *arg, struct why *why)
{
    const struct tag_rule *r = arg;
    struct tag tag;
    TRY(tag_get(tx_sql(tx), r->tag, tx_arena(tx), &tag, why));
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "INSERT INTO tag_rule (tag, segment, keep, at, source) VALUES ($1, $2, $3, $4,"
                    " $5) ON CONFLICT (tag) DO UPDATE SET keep = excluded.keep, at = excluded.at,"
                    " source = excluded.source");
    sql_bind_int(s, 1, r->tag);
    sql_bind_str(s, 2, r->segment);
    sql_bind_int(s, 3, r->keep);
    sql_bind_int(s, 4, tx_now(tx));
    sql_bind_str(s, 5, r->source);
    return sql_run(s);
}

/* A tag, and its segment, whose id is 0 when there is none. */
static enum err read_tag(struct brand *b, uint32_t tag, struct arena *arena, struct tag *out,
                         struct segment *segment, struct why *why)
{
    struct sql *db;
    struct why none;
    struct str code = str_of(arena_printf(arena, "tag-%" PRIu32, tag));
    TRY(brand_reader(b, &db, why));
    enum err err = tag_get(db, tag, arena, out, why);
    if (err == ERR_OK && segments_get(db, code, arena, segment, &none) != ERR_OK)
        *segment = (struct segment){.id = 0};
    segment->code = code;
    sql_close(db);
    return err;
}

enum err tag_rule_set(struct brand *b, struct tag_rule *r, struct arena *arena, struct why *why)
{
    struct segment s = {.id = 0};
    struct tag tag;
    TRY(read_tag(b, r->tag, arena, &tag, &s, why));
    TRY(check(b, r->expr, arena, why));
    s.kind = SEGMENT_DYNAMIC;
    s.name = tag.name;
    s.description = STR("");
    s.expr = r->expr;
    s.author = r->source;
    TRY(s.id ? segments_change(b, &s, arena, why) : segments_add(b, &s, arena, why));
    r->segment = s.code;
    r->expr = s.expr;
    return brand_call(b, run_set, r, false, why);
}

/* ---- applying ---- */

static enum err read_given(struct sql *db, uint32_t tag, struct idset *out)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT COALESCE(pm.member, mt.persona) FROM member_tag mt LEFT JOIN"
                    " persona_member pm ON pm.persona = mt.persona WHERE mt.tag = $1"
                    " AND mt.source = 'rule'");
    sql_bind_int(s, 1, tag);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        idset_add(out, (uint32_t)sql_int(s, 0));
    }
}

/* Members of one set that are not of the other. */
static size_t apart(const struct idset *of, const struct idset *but, uint32_t **out)
{
    size_t count = 0;
    *out = mem_alloc_array(of->count + 1, sizeof(**out));
    for (uint32_t m = 0; m < 64 * of->words.count; m++) {
        if (idset_has(of, m) && !idset_has(but, m)) (*out)[count++] = m;
    }
    return count;
}

struct moving {
    struct brand *brand;
    uint32_t tag;
    bool remove;
    size_t changed; /* members, ever */
};

static enum err move(struct moving *w, const struct idset *of, const struct idset *but,
                     struct why *why)
{
    uint32_t *members;
    struct tagging t = {
        .tag = w->tag, .remove = w->remove, .expires_at = TIME_NONE, .source = STR(TAG_BY_RULE)};
    t.count = apart(of, but, &members);
    t.members = members;
    enum err err = t.count ? tag_members(w->brand, &t, why) : ERR_OK;
    w->changed += t.changed;
    mem_free(members);
    return err;
}

/* In the segment and without the tag from the rule, and the other way round. */
static enum err apply_one(struct moving *w, struct sql *db, const struct tag_rule *r,
                          struct why *why)
{
    struct idset in = {0}, given = {0};
    struct segment_state state;
    struct segment s;
    struct arena *a = arena_create(0);
    enum err err = segments_get(db, r->segment, a, &s, why);
    bool ready = err == ERR_OK && segments_state(w->brand, s.id, &state) && !state.building &&
                 !state.broken && segments_members(w->brand, r->segment, &in);
    w->tag = r->tag;
    if (ready) err = broken(read_given(db, r->tag, &given), why);
    w->remove = true;
    if (ready && err == ERR_OK && !r->keep) err = move(w, &given, &in, why);
    w->remove = false;
    if (ready && err == ERR_OK) err = move(w, &in, &given, why);
    idset_finish(&in);
    idset_finish(&given);
    arena_destroy(a);
    return err;
}

static enum err apply_all(struct moving *w, struct arena *arena, struct why *why)
{
    struct tag_rule *rules;
    struct sql *db;
    size_t count = 0;
    TRY(brand_reader(w->brand, &db, why));
    enum err err = tag_rules_list(db, arena, &rules, &count, why);
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = apply_one(w, db, &rules[i], why);
    sql_close(db);
    return err;
}

enum err tag_rules_apply(struct brand *b, size_t *changed, struct why *why)
{
    struct moving w = {.brand = b};
    struct arena *arena = arena_create(0);
    enum err err = ERR_OK;
    for (int pass = 0; pass < PASSES && err == ERR_OK; pass++) {
        size_t before = w.changed;
        err = apply_all(&w, arena, why);
        if (w.changed == before) break;
    }
    *changed = w.changed;
    arena_destroy(arena);
    return err;
}

/* ---- removing ---- */

/* First of all the rule itself, so that nobody gives by it any more. */
static enum err run_remove(struct tx *tx, void *arg, struct why *why)
{
    const uint32_t *tag = arg;
    bool there;
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM tag_rule WHERE tag = $1 RETURNING tag");
    sql_bind_int(s, 1, *tag);
    TRY(sql_any(s, &there));
    if (!there) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "rule");
    s = sql_use(tx_sql(tx), "DELETE FROM tag_hand WHERE tag = $1");
    sql_bind_int(s, 1, *tag);
    return sql_run(s);
}

enum err tag_rule_remove(struct brand *b, uint32_t tag, struct arena *arena, size_t *taken,
                         struct why *why)
{
    struct moving w = {.brand = b, .tag = tag, .remove = true};
    struct idset given = {0}, none = {0};
    struct segment s = {.id = 0};
    struct tag found;
    struct sql *db;
    TRY(read_tag(b, tag, arena, &found, &s, why));
    TRY(brand_call(b, run_remove, &tag, false, why));
    TRY(brand_reader(b, &db, why));
    enum err err = broken(read_given(db, tag, &given), why);
    sql_close(db);
    if (err == ERR_OK) err = move(&w, &given, &none, why);
    idset_finish(&given);
    *taken = w.changed;
    if (err == ERR_OK && s.id) err = segments_remove(b, &s, why);
    return err;
}
