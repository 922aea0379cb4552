/* who.c - a member expression asked about a person. */
#include "insight/who.h"

#include "base/mem.h"
#include "insight/person.h"

struct who {
    const struct expr *expr;
    struct person *person; /* the member at hand */
};

bool who_needs_fold(const struct expr *e)
{
    const struct fold_state none = {0};
    struct expr_value value;
    uint64_t fields = expr_fields(e);
    for (int field = 0; field < FIELD_COUNT; field++) {
        if ((fields >> field & 1) == 0) continue;
        if (fold_field(&none, (enum expr_field)field, &value)) return true;
    }
    return false;
}

uint32_t who_columns(const struct expr *e)
{
    uint64_t fields = expr_fields(e);
    uint32_t mask = 0;
    if (fields >> FIELD_TOUCHPOINT & 1) mask |= COLUMN_DIM0 << DIM_TOUCHPOINT;
    if (fields >> FIELD_STAFF & 1) mask |= COLUMN_DIM0 << DIM_STAFF;
    return mask;
}

struct who *who_create(const struct plan *p, const struct expr *e)
{
    struct who *w = mem_alloc(sizeof(*w));
    w->expr = e;
    w->person = person_create(p);
    return w;
}

void who_destroy(struct who *w)
{
    if (!w) return;
    person_destroy(w->person);
    mem_free(w);
}

static bool matches(struct who *w, const struct history *h, uint32_t index)
{
    if (h->member[index] == 0) return false;
    return expr_member(w->expr, person_see(w->person, h, index), h, index);
}

bool who_select(struct who *w, const struct history *h, uint8_t *keep)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < h->member_count; i++) {
        keep[i] = h->member[i] != 0;
    }
    bool decided = expr_members(w->expr, person_context(w->person), h, keep);
    for (uint32_t i = 0; i < h->member_count; i++) {
        if (keep[i] && !decided) keep[i] = matches(w, h, i);
        any |= keep[i];
    }
    return any;
}
