/* convert.c - from a checked fact to an event: names become numbers of the brand's registries.
 *
 * Invariant: a known name's text is the one its number stands for, since nobody writes to the texts
 * of a load's facts while it lasts. */
#include "people/plan.h"

/* What a name names: a code of a dimension, from 0; a kind; a property of a type, from LIST_PROP.
 */
enum { LIST_KIND = DIM_COUNT, LIST_PROP };

/* The place for a name; NULL when none are remembered. */
static struct known_name *known_at(const struct plan *plan, struct str name, uint32_t list)
{
    if (!plan->known) return NULL;
    uint64_t hash = ((uint64_t)(uintptr_t)name.p / 4 + list) * UINT64_C(0x9E3779B97F4A7C15);
    return &plan->known[hash >> (64 - PLAN_KNOWN_BITS)];
}

static enum err ask(struct plan *plan, uint32_t list, const struct fact *fact, struct str name,
                    uint32_t *number, struct why *why)
{
    uint16_t kind;
    if (list < DIM_COUNT) return registry_code(plan->tx, (enum dim)list, name, number, why);
    if (list >= LIST_PROP)
        return registry_prop(plan->tx, name, (enum prop_type)(list - LIST_PROP), number, why);
    TRY(registry_kind(plan->tx, name, fact->label, &kind, why));
    *number = kind;
    return ERR_OK;
}

static inline enum err number_of(struct plan *plan, uint32_t list, const struct fact *fact,
                                 struct str name, uint32_t *number, struct why *why)
{
    struct known_name *k = known_at(plan, name, list);
    if (k && k->p == name.p && k->len == name.len && k->list == list) {
        *number = k->number;
        return ERR_OK;
    }
    TRY(ask(plan, list, fact, name, number, why));
    if (k && name.p) *k = (struct known_name){name.p, (uint32_t)name.len, list, *number};
    return ERR_OK;
}

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

static enum err convert_props(struct plan *plan, const struct fact *fact, struct event *ev,
                              struct why *why)
{
    if (fact->prop_count == 0) return ERR_OK;
    struct event_prop *props = arena_alloc_raw(plan->arena, fact->prop_count * sizeof(*props));
    uint16_t count = 0;
    for (uint32_t i = 0; i < fact->prop_count; i++) {
        const struct fact_value *v = &fact->props[i];
        struct event_prop prop = {.type = v->type, .number = v->number, .text = v->text};
        TRY(number_of(plan, LIST_PROP + (uint32_t)v->type, fact, v->name, &prop.id, why));
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
    uint32_t kind;
    *ev = (struct event){.at = fact->at, .received_at = tx_now(tx), .amount = fact->amount};
    TRY(number_of(plan, LIST_KIND, fact, fact->kind, &kind, why));
    ev->kind = (uint16_t)kind;
    if (kind >= p->role_count) names_refresh(p);
    for (int d = 0; d < DIM_COUNT; d++) {
        if (d == DIM_ORIGIN || fact->code[d].len == 0) continue;
        TRY(number_of(plan, (uint32_t)d, fact, fact->code[d], &ev->dim[d], why));
    }
    if (sender->origin.len && !plan->origin)
        TRY(registry_code(tx, DIM_ORIGIN, sender->origin, &plan->origin, why));
    ev->dim[DIM_ORIGIN] = plan->origin;
    if (fact->id.len) ev->id = brand_event_id(p->brand, fact->id);
    return convert_props(plan, fact, ev, why);
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
