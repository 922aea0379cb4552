/* trait_hand.c - a trait set or removed by a person: as a fact of this moment that says nothing
 * else. */
#include "people/fact_internal.h"
#include "people/internal.h"

struct setting {
    uint32_t member;
    struct fact fact;
    struct str source;
};

/* With one property, or none (NULL). */
static enum err emit(struct people *p, struct tx *tx, uint32_t member, struct str source,
                     const struct event_prop *prop)
{
    struct why why;
    struct event ev = {.at = tx_now(tx),
                       .received_at = tx_now(tx),
                       .persona = member,
                       .kind = (uint16_t)p->kind_identified,
                       .props = prop,
                       .prop_count = prop != NULL,
                       .amount = HISTORY_NO_AMOUNT};
    TRY(registry_code(tx, DIM_ORIGIN, source, &ev.dim[DIM_ORIGIN], &why));
    return tx_emit(tx, &ev, &why);
}

static enum err check_member(struct tx *tx, uint32_t persona, struct why *why)
{
    bool known;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    TRY(sql_any(s, &known));
    if (!known) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "member");
    return ERR_OK;
}

static enum err run_set(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    const struct setting *wanted = arg;
    struct fact fact = wanted->fact;
    TRY(check_member(tx, wanted->member, why));
    uint32_t member = identity_member(p, wanted->member);
    fact.at = tx_now(tx);
    TRY(trait_save(p, tx, &fact, member, &(struct trait_source){wanted->source, false}));
    return emit(p, tx, member, wanted->source, NULL);
}

static const char *type_name(enum expr_type type)
{
    return type == TYPE_TEXT ? "text" : type == TYPE_BOOL ? "bool" : "number";
}

static enum expr_type type_of(const struct fact_value *v)
{
    return v->type == PROP_TEXT ? TYPE_TEXT : v->type == PROP_BOOL ? TYPE_BOOL : TYPE_NUMBER;
}

enum err people_set_trait(struct brand *b, uint32_t member, struct fact_value *value,
                          struct str source, struct arena *arena, struct why *why)
{
    uint32_t junk = 0;
    struct setting s = {.member = member,
                        .fact = {.kind = STR("member.identified"),
                                 .traits = value,
                                 .trait_count = 1,
                                 .amount = HISTORY_NO_AMOUNT},
                        .source = source};
    TRY(fact_check_values(&s.fact, arena, &junk, why));
    enum expr_type type = people_trait_type(b, value->name);
    if (type != TYPE_NULL && type != type_of(value))
        return why_fail(why, ERR_INVALID, MSG_TRAIT_TYPE, "value", "%s|" STR_FMT, type_name(type),
                        STR_ARG(value->name));
    return brand_call(b, run_set, &s, false, why);
}

/* ---- removing ---- */

enum err trait_take(struct people *p, struct tx *tx, const struct trait_removal *r, bool *there)
{
    struct event_prop *prop = arena_alloc(tx_arena(tx), sizeof(*prop));
    struct why why;
    TRY(trait_remove(p, tx, r, there));
    if (!*there) return ERR_OK;
    *prop = (struct event_prop){.type = PROP_TEXT, .text = r->name};
    TRY(registry_prop(tx, STR("removed"), PROP_TEXT, &prop->id, &why));
    return emit(p, tx, r->member, r->source, prop);
}

static enum err run_remove(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    const struct trait_removal *wanted = arg;
    struct trait_removal r = *wanted;
    bool there;
    TRY(check_member(tx, r.member, why));
    r.member = identity_member(p, r.member);
    TRY(trait_take(p, tx, &r, &there));
    return there ? ERR_OK : why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "name", "%s", "trait");
}

enum err people_remove_trait(struct brand *b, uint32_t member, struct str name, struct str source,
                             struct why *why)
{
    struct trait_removal r = {member, name, source};
    return brand_call(b, run_remove, &r, false, why);
}
