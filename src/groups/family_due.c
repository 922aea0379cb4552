/* family_due.c - families that open the next group by themselves. */
#include "groups/family.h"

struct family_group family_group_of(const struct family_figures *x, uint32_t code, bool qr)
{
    const struct group_row *g = NULL;
    if (code == 0 || code > x->record_count) return (struct family_group){.archived = true};
    for (size_t i = 0; i < x->row_count && !g; i++) {
        if (x->rows[i].code == code) g = &x->rows[i];
    }
    const struct group_record *r = &x->records[code - 1];
    return (struct family_group){.archived = r->archived_at != TIME_NONE,
                                 .members = g ? g->members : 0,
                                 .hand_over = family_hand_over(r, qr),
                                 .joined_day = g ? g->joined_day : 0,
                                 .joined_week = g ? g->joined_week : 0};
}

enum err family_figures(struct brand *b, struct sql *db, struct arena *arena,
                        struct family_figures *out, struct why *why)
{
    TRY(group_record_list(b, db, arena, &out->records, &out->record_count, why));
    return groups_list(b, env_now(brand_env(b)), arena, &out->rows, &out->row_count, why);
}

static bool wants_next(const struct family_figures *x, const struct group_family *f,
                       struct arena *arena)
{
    struct family_group *groups = arena_alloc_array(arena, f->group_count + 1, sizeof(*groups));
    for (size_t i = 0; i < f->group_count; i++)
        groups[i] = family_group_of(x, f->groups[i], f->qr);
    bool able = f->group_count > 0 && f->group_count < LIMIT_FAMILY_GROUPS;
    return able && family_look(f, groups).wanted;
}

enum err families_open_due(struct brand *b, struct sql *db, struct arena *arena,
                           struct family_opened **out, size_t *count, struct why *why)
{
    struct group_family *list;
    size_t families;
    bool any = false;
    struct family_figures x = {0};
    *count = 0;
    TRY(family_list(db, arena, &list, &families, why));
    for (size_t i = 0; i < families; i++)
        any |= list[i].opens;
    if (!any) return ERR_OK;
    TRY(family_figures(b, db, arena, &x, why));
    *out = arena_alloc_array(arena, families, sizeof(**out));
    for (size_t i = 0; i < families; i++) {
        struct group_record r = {.changed_by = STR(FAMILY_ITSELF)};
        if (!list[i].opens || !wants_next(&x, &list[i], arena)) continue;
        TRY(family_open_next(b, list[i].id, &r, why));
        (*out)[(*count)++] = (struct family_opened){list[i].id, r.code};
    }
    return ERR_OK;
}
