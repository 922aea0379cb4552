/* select.c - the kernel keeps a bit a member; members of the workers' sets are apart, so that
 * merging is or-ing. */
#include "insight/select.h"

#include "insight/sweep.h"
#include "insight/who.h"

static void init(void *kernel, const void *settings)
{
    (void)settings;
    *(struct idset *)kernel = (struct idset){0};
}

static void finish(void *kernel)
{
    idset_finish(kernel);
}

static void see(void *kernel, const struct sight *sight)
{
    for (uint32_t m = 0; m < sight->h->member_count; m++) {
        uint32_t member = sight->h->member[m];
        if (member && sight_keeps(sight, m)) idset_add(kernel, member);
    }
}

static size_t bytes(const void *kernel)
{
    return ((const struct idset *)kernel)->words.capacity * sizeof(uint64_t);
}

static void merge(void *to, void *from)
{
    const struct idset *b = from;
    for (size_t w = 0; w < b->words.count; w++) {
        for (uint64_t left = b->words.items[w]; left; left &= left - 1)
            idset_add(to, (uint32_t)(w * 64 + (unsigned)__builtin_ctzll(left)));
    }
}

static const struct kernel_type select_kernel = {
    sizeof(struct idset), init, finish, see, bytes, merge,
};

static enum err run(struct plan *p, struct str text, const char *field, struct idset *out,
                    struct why *why)
{
    const struct expr *e;
    struct sweep sweep = {.plan = p, .members_only = true, .who_only = true};
    TRY(expr_parse(p->arena, &p->catalog, EXPR_MEMBER, text, field, &e, why));
    p->derived = expr_names_derived(e);
    p->who = e;
    TRY(plan_columns(p, who_needs_fold(e), why));
    return sweep_run(&sweep, &select_kernel, NULL, out, why);
}

enum err insight_select(const struct insight *in, struct str text, const char *field,
                        struct idset *out, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct plan *plan = arena_alloc(arena, sizeof(*plan));
    struct idset found = {0};
    plan_init(plan, in, arena);
    enum err err = run(plan, text, field, &found, why);
    if (err == ERR_OK) *out = found;
    plan_finish(plan);
    arena_destroy(arena);
    return err;
}
