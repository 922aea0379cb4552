/* tag_fact.c - tags that come with facts: a list of names beside any fact (a row of an import), or
 * the fact that is itself member.tagged or member.untagged, whose props.tag names one.
 *
 * A tag that is not there is made, in no group. It is given to the fact's persona, unless the
 * member has it already; of an exclusive group the one given last counts, as for members who were
 * merged, so that no row has to go. */
#include "people/plan.h"
#include "people/tag.h"

static bool gives(const struct fact *fact)
{
    return str_is(fact->kind, "member.tagged");
}

bool tag_is_fact(const struct fact *fact)
{
    return gives(fact) || str_is(fact->kind, "member.untagged");
}

static struct str named(const struct fact *fact)
{
    for (uint32_t i = 0; i < fact->prop_count; i++) {
        const struct fact_value *v = &fact->props[i];
        if (v->type == PROP_TEXT && str_is(v->name, "tag")) return v->text;
    }
    return (struct str){NULL, 0};
}

enum err tag_check_fact(const struct fact *fact, struct why *why)
{
    if (!tag_is_fact(fact)) return ERR_OK;
    struct str name = named(fact);
    if (name.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "props.tag", NULL);
    if (name.len <= LIMIT_TAG_BYTES) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "props.tag", "%d", LIMIT_TAG_BYTES);
}

/* ---- which tag ---- */

static enum err find(struct sql *db, struct str name, uint32_t *tag)
{
    int64_t number;
    struct sql_stmt *s = sql_use(db, "SELECT id FROM tag WHERE name = $1");
    sql_bind_str(s, 1, name);
    TRY(sql_number(s, 0, &number));
    *tag = (uint32_t)number;
    return ERR_OK;
}

/* 0: there are as many as there may be. */
static enum err make(struct plan *plan, struct str name, uint32_t *tag)
{
    struct sql *db = tx_sql(plan->tx);
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT COUNT(*), COALESCE(MAX(id), 0) FROM tag");
    TRY(sql_step(s, &row));
    int64_t count = sql_int(s, 0), last = sql_int(s, 1);
    sql_reset(s);
    if (count >= LIMIT_TAGS) return ERR_OK;
    s = sql_use(db, "INSERT INTO tag (id, name, tag_group) VALUES ($1, $2, 0)");
    sql_bind_int(s, 1, last + 1);
    sql_bind_str(s, 2, name);
    TRY(sql_run(s));
    *tag = (uint32_t)last + 1;
    tag_sets_redefined(plan->p);
    return ERR_OK;
}

/* The tag of a name, made when there is none; 0 as above. */
static enum err find_or_make(struct plan *plan, struct str name, uint32_t *tag)
{
    uint64_t known;
    *tag = 0;
    if (plan->tags && map_get(plan->tags, name, &known)) {
        *tag = (uint32_t)known;
        return ERR_OK;
    }
    TRY(find(tx_sql(plan->tx), name, tag));
    if (!*tag) TRY(make(plan, name, tag));
    if (*tag && plan->tags) map_put(plan->tags, name, *tag);
    return ERR_OK;
}

/* ---- giving ---- */

/* Tags that the fact gives, each once. */
struct gift {
    uint32_t tag;
    struct str name;
};
struct gifts {
    struct gift list[LIMIT_TAGS_PER_FACT + 1]; /* one more when the fact itself gives one */
    size_t count;
};

/* By the key, persona by persona: one question for all of them reads everybody who has the tag. */
static enum err has(struct plan *plan, uint32_t persona, uint32_t tag, bool *out)
{
    uint32_t *all, member = identity_member(plan->p, persona);
    size_t count = identity_personas(plan->p, member, tx_arena(plan->tx), &all);
    *out = false;
    for (size_t i = 0; i < count && !*out; i++) {
        struct sql_stmt *s =
            sql_use(tx_sql(plan->tx), "SELECT 1 FROM member_tag WHERE persona = $1 AND tag = $2");
        sql_bind_int(s, 1, all[i]);
        sql_bind_int(s, 2, tag);
        TRY(sql_step(s, out));
        sql_reset(s);
    }
    return ERR_OK;
}

static enum err add(struct plan *plan, struct str name, const struct tag_giving *by,
                    struct gifts *gifts)
{
    uint32_t tag;
    bool there = false;
    TRY(find_or_make(plan, name, &tag));
    if (!tag) {
        by->result->dropped++;
        return ERR_OK;
    }
    for (size_t i = 0; i < gifts->count; i++) {
        if (gifts->list[i].tag == tag) return ERR_OK;
    }
    if (!by->created) TRY(has(plan, by->ev->persona, tag, &there));
    if (!there) gifts->list[gifts->count++] = (struct gift){tag, name};
    return ERR_OK;
}

/* One row to a statement: of several, SQLite copies every page before it changes it. */
static enum err write_row(struct plan *plan, uint32_t tag, const struct tag_giving *by)
{
    struct sql_stmt *s =
        sql_use_later(tx_sql(plan->tx), "INSERT INTO member_tag (persona, tag, at, source, run)"
                                        " VALUES ($1, $2, $3, $4, 0)");
    sql_bind_int(s, 1, by->ev->persona);
    sql_bind_int(s, 2, tag);
    sql_bind_int(s, 3, by->ev->at);
    sql_bind_str(s, 4, by->source);
    TRY(sql_run(s));
    tag_sets_change(plan->p, identity_member(plan->p, by->ev->persona), tag, true);
    return ERR_OK;
}

static enum err tell(struct plan *plan, struct str name, const struct tag_giving *by,
                     struct why *why)
{
    const struct str none = {NULL, 0};
    if (!plan->tags_told) {
        TRY(registry_kind(plan->tx, STR("member.tagged"), none, &plan->kind_tagged, why));
        TRY(registry_prop(plan->tx, STR("tag"), PROP_TEXT, &plan->prop_tag, why));
        plan->tags_told = true;
    }
    struct event_prop *prop = arena_alloc(plan->arena, sizeof(*prop));
    prop->id = plan->prop_tag;
    prop->type = PROP_TEXT;
    prop->text = arena_str(plan->arena, name);
    struct event ev = convert_own(by->ev, plan->kind_tagged, by->ev->persona);
    ev.props = prop;
    ev.prop_count = 1;
    plan_push(plan, &ev);
    return ERR_OK;
}

static enum err take(struct plan *plan, struct str name, const struct tag_giving *by)
{
    uint32_t tag, member = identity_member(plan->p, by->ev->persona);
    bool there;
    TRY(find(tx_sql(plan->tx), name, &tag));
    if (!tag) return ERR_OK;
    TRY(tagging_take(plan->p, plan->tx, member, tag, &there));
    if (there) tag_sets_change(plan->p, member, tag, false);
    return ERR_OK;
}

enum err tag_save_fact(struct plan *plan, const struct fact *fact, const struct tag_giving *by,
                       struct why *why)
{
    struct gifts gifts;
    gifts.count = 0;
    for (struct str rest = fact->tags; rest.len;)
        TRY(add(plan, str_cut(&rest, '\n'), by, &gifts));
    for (size_t i = 0; i < gifts.count; i++)
        TRY(tell(plan, gifts.list[i].name, by, why));
    if (gives(fact)) TRY(add(plan, named(fact), by, &gifts));
    for (size_t i = 0; i < gifts.count; i++)
        TRY(write_row(plan, gifts.list[i].tag, by));
    return tag_is_fact(fact) && !gives(fact) ? take(plan, named(fact), by) : ERR_OK;
}
