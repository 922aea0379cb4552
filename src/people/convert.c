/* convert.c - from a checked fact to an event: names become numbers of the brand's registries. */
#include "people/plan.h"

/* Ascending by id; of two with one id the later wins. Few, so insertion. */
static uint16_t add_prop(struct event_prop *props, uint16_t count, const struct event_prop *prop)
{
    uint16_t at = count;
    while (at > 0 && props[at - 1].id > prop->id)
        at--;
    if (at > 0 && props[at - 1].id == prop->id) {
        props[at - 1] = *prop;
        return count;
    }
    for (uint16_t i = count; i > at; i--)
        props[i] = props[i - 1];
    props[at] = *prop;
    return (uint16_t)(count + 1);
}

static enum err convert_props(struct tx *tx, const struct fact *fact, struct arena *arena,
                              struct event *ev, struct why *why)
{
    if (fact->prop_count == 0) return ERR_OK;
    struct event_prop *props = arena_alloc_array(arena, fact->prop_count, sizeof(*props));
    uint16_t count = 0;
    for (uint32_t i = 0; i < fact->prop_count; i++) {
        const struct fact_value *v = &fact->props[i];
        struct event_prop prop = {.type = v->type, .number = v->number, .text = v->text};
        TRY(registry_prop(tx, v->name, v->type, &prop.id, why));
        count = add_prop(props, count, &prop);
    }
    ev->props = props;
    ev->prop_count = count;
    return ERR_OK;
}

enum err convert(struct plan *plan, const struct sender *sender, const struct fact *fact,
                 struct event *ev, struct why *why)
{
    struct people *p = plan->p;
    struct tx *tx = plan->tx;
    uint16_t kind;
    *ev = (struct event){.at = fact->at, .received_at = tx_now(tx), .amount = fact->amount};
    TRY(registry_kind(tx, fact->kind, fact->label, &kind, why));
    ev->kind = kind;
    if (kind >= p->role_count) names_refresh(p);
    for (int d = 0; d < DIM_COUNT; d++) {
        if (d == DIM_ORIGIN || fact->code[d].len == 0) continue;
        TRY(registry_code(tx, (enum dim)d, fact->code[d], &ev->dim[d], why));
    }
    if (sender->origin.len && !plan->origin)
        TRY(registry_code(tx, DIM_ORIGIN, sender->origin, &plan->origin, why));
    ev->dim[DIM_ORIGIN] = plan->origin;
    if (fact->id.len) ev->id = brand_event_id(p->brand, fact->id);
    return convert_props(tx, fact, plan->arena, ev, why);
}

struct event convert_own(const struct event *like, int kind, uint32_t persona)
{
    struct event ev = {
        .at = like->at,
        .received_at = like->received_at,
        .persona = persona,
        .amount = HISTORY_NO_AMOUNT,
        .kind = (uint16_t)kind,
    };
    ev.dim[DIM_ORIGIN] = like->dim[DIM_ORIGIN];
    return ev;
}

void convert_add_flag(struct event *ev, uint32_t prop, struct arena *arena)
{
    struct event_prop flag = {.id = prop, .type = PROP_BOOL, .number = 1};
    struct event_prop *props = arena_alloc_array(arena, (size_t)ev->prop_count + 1, sizeof(*props));
    for (uint16_t i = 0; i < ev->prop_count; i++)
        props[i] = ev->props[i];
    ev->prop_count = add_prop(props, ev->prop_count, &flag);
    ev->props = props;
}
