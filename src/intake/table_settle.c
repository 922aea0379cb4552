/* table_settle.c - what more than one cell decides: a closed order, an amount in its currency, and
 * a name that stands in for a missing phone. */
#include "intake/table_builder.h"

static enum err settle_kind(struct builder *b)
{
    struct fact *f = &b->fact;
    if (b->status.p) {
        b->entry = b->status_entry;
        switch (value_status(b->status)) {
        case STATUS_UNKNOWN:
            return builder_bad(b, MSG_UNKNOWN_STATUS, b->status);
        case STATUS_CREATED:
            f->kind = STR("order.created");
            return ERR_OK;
        case STATUS_PAID:
            f->kind = STR("order.paid");
            return ERR_OK;
        case STATUS_REFUNDED:
            f->kind = STR("order.refunded");
            return ERR_OK;
        case STATUS_CLOSED:
            if (!b->can_decide && !b->t->map.has_at)
                return builder_bad(b, MSG_STATUS_OPEN, b->status);
            f->kind = b->paid || b->refund ? STR("order.refunded") : STR("order.created");
            return ERR_OK;
        }
    }
    if (f->kind.p) return ERR_OK;
    if (b->t->map.has_kind) return why_fail(&b->why, ERR_INVALID, MSG_MISSING, "kind", NULL);
    f->kind = STR("member.identified");
    return ERR_OK;
}

static enum err settle_time(struct builder *b)
{
    struct fact *f = &b->fact;
    if (f->at != TIME_NONE) return ERR_OK;
    f->at = b->created;
    if (f->at == TIME_NONE && (!b->t->map.has_at || b->t->people)) f->at = b->p->now;
    if (f->at != TIME_NONE) return ERR_OK;
    return why_fail(&b->why, ERR_INVALID, MSG_MISSING, "at", NULL);
}

static enum err settle_amount(struct builder *b)
{
    struct fact *f = &b->fact;
    bool any = b->has_major || f->amount != HISTORY_NO_AMOUNT;
    if (any && b->foreign) {
        parse_foreign_amount(b->p, f, amount_double(&b->major));
    } else if (b->has_major && !amount_minor(&b->major, b->p->currency_digits, &f->amount)) {
        b->entry = b->amount;
        return builder_too_precise(b, b->amount_text);
    }
    if (!b->refund) return ERR_OK;
    if (str_is(f->kind, "order.refunded")) {
        f->amount = b->refund;
        return ERR_OK;
    }
    builder_add(f->props, &f->prop_count,
                (struct fact_value){STR("refund"), PROP_NUMBER, (double)b->refund, {NULL, 0}});
    return ERR_OK;
}

/* A name is an identity only when nothing better is there; and in a list of people two rows of one
 * name may be two people. */
static void settle_person(struct builder *b)
{
    struct fact *f = &b->fact;
    if (b->person.len == 0) return;
    for (uint32_t i = 0; i < f->who_count; i++) {
        if (fact_identity_usable(&f->who[i], parse_arena(b->p))) return;
    }
    f->who[f->who_count++] = (struct identity){IDENTITY_NAME, b->person};
    if (!b->t->people) return;
    uint64_t seen;
    bool twice = map_get(b->t->names, b->person, &seen);
    if (!twice) map_put(b->t->names, b->person, 1);
    if (!twice) return;
    builder_add(f->traits, &f->trait_count,
                (struct fact_value){STR("ambiguous"), PROP_BOOL, 1, {NULL, 0}});
}

enum err table_settle(struct builder *b)
{
    TRY(settle_kind(b));
    b->entry = NULL;
    TRY(settle_time(b));
    TRY(settle_amount(b));
    settle_person(b);
    if (b->t->messages) table_chat(b);
    return ERR_OK;
}
