/* trait_hand.c - a trait set by a person: as a fact of this moment that says nothing else. */
#include "people/fact_internal.h"
#include "people/internal.h"

struct setting {
    uint32_t member;
    struct fact fact;
    struct str source;
};

static enum err emit(struct people *p, struct tx *tx, uint32_t member, struct str source)
{
    struct why why;
    struct event ev = {.at = tx_now(tx),
                       .received_at = tx_now(tx),
                       .persona = member,
                       .kind = (uint16_t)p->kind_identified,
                       .amount = HISTORY_NO_AMOUNT};
    TRY(registry_code(tx, DIM_ORIGIN, source, &ev.dim[DIM_ORIGIN], &why));
    return tx_emit(tx, &ev, &why);
}

static enum err run_set(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    const struct setting *wanted = arg;
    struct fact fact = wanted->fact;
    bool known;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, wanted->member);
    TRY(sql_step(s, &known));
    if (!known) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "member");
    sql_reset(s);
    uint32_t member = identity_member(p, wanted->member);
    fact.at = tx_now(tx);
    TRY(trait_save(p, tx, &fact, member, wanted->source));
    return emit(p, tx, member, wanted->source);
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
