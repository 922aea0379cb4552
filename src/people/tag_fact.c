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
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT id FROM tag WHERE name = $1");
    sql_bind_str(s, 1, name);
    TRY(sql_step(s, &row));
    *tag = row ? (uint32_t)sql_int(s, 0) : 0;
    sql_reset(s);
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

/* ---- giving ---- */

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

static enum err write_row(struct plan *plan, uint32_t tag, const struct tag_giving *by)
{
    struct sql_stmt *s =
        sql_use(tx_sql(plan->tx), "INSERT INTO member_tag (persona, tag, at, source, run)"
                                  " VALUES ($1, $2, $3, $4, 0)");
    sql_bind_int(s, 1, by->ev->persona);
    sql_bind_int(s, 2, tag);
    sql_bind_int(s, 3, by->ev->at);
    sql_bind_str(s, 4, by->source);
    tag_sets_change(plan->p, identity_member(plan->p, by->ev->persona), tag, true);
    return sql_run(s);
}

static enum err tell(struct plan *plan, struct str name, const struct tag_giving *by,
                     struct why *why)
{
    const struct str none = {NULL, 0};
    struct event_prop *prop = arena_alloc(plan->arena, sizeof(*prop));
    uint16_t kind;
    TRY(registry_kind(plan->tx, STR("member.tagged"), none, &kind, why));
    TRY(registry_prop(plan->tx, STR("tag"), PROP_TEXT, &prop->id, why));
    prop->type = PROP_TEXT;
    prop->text = arena_str(plan->arena, name);
    struct event ev = convert_own(by->ev, kind, by->ev->persona);
    ev.props = prop;
    ev.prop_count = 1;
    plan_push(plan, &ev);
    return ERR_OK;
}

static enum err give(struct plan *plan, struct str name, const struct tag_giving *by, bool *given)
{
    uint32_t tag;
    bool there = false;
    *given = false;
    TRY(find(tx_sql(plan->tx), name, &tag));
    if (!tag) TRY(make(plan, name, &tag));
    if (!tag) {
        by->result->dropped++;
        return ERR_OK;
    }
    TRY(has(plan, by->ev->persona, tag, &there));
    *given = !there;
    return there ? ERR_OK : write_row(plan, tag, by);
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
    bool given;
    for (struct str rest = fact->tags; rest.len;) {
        struct str name = str_cut(&rest, '\n');
        TRY(give(plan, name, by, &given));
        if (given) TRY(tell(plan, name, by, why));
    }
    if (gives(fact)) return give(plan, named(fact), by, &given);
    return tag_is_fact(fact) ? take(plan, named(fact), by) : ERR_OK;
}
