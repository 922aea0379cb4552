/* erase.c - a member goes: the log is written anew without their personas, and what the tables say
 * of them goes in the transaction that swaps its files.
 *
 * Whose personas they are is asked before the files are written and once more in the transaction:
 * if a merge came in between, nothing is erased and all begins anew. Numbers of personas are never
 * given again: the table 'erased' keeps those that no other row names any more. */
#include "people/internal.h"

#include <stdlib.h>

#define TRIES 5

/* A member on the way out. */
struct leaving {
    uint32_t member;        /* as asked */
    VEC(uint32_t) personas; /* ascending; the first is the member's id */
    bool merged;            /* the swap found others */
};

static int ascending(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static size_t personas_now(struct people *p, struct tx *tx, uint32_t member, uint32_t **out)
{
    size_t count = identity_personas(p, identity_member(p, member), tx_arena(tx), out);
    qsort(*out, count, sizeof((*out)[0]), ascending);
    return count;
}

static enum err is_known(struct tx *tx, uint32_t persona, bool *known)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    TRY(sql_step(s, known));
    sql_reset(s);
    return ERR_OK;
}

static enum err run_list(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct leaving *l = arg;
    uint32_t *personas;
    bool known;
    TRY(is_known(tx, l->member, &known));
    if (!known) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "member", "m%u", l->member);
    size_t count = personas_now(p, tx, l->member, &personas);
    VEC_RESET(&l->personas);
    for (size_t i = 0; i < count; i++)
        VEC_PUSH(&l->personas, personas[i]);
    return ERR_OK;
}

static enum err run_rows(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct leaving *l = arg;
    uint32_t *personas;
    size_t count = personas_now(p, tx, l->member, &personas);
    l->merged = count != l->personas.count ||
                memcmp(personas, l->personas.items, count * sizeof(personas[0])) != 0;
    if (l->merged) return why_fail(why, ERR_CONFLICT, MSG_MERGED_MEANWHILE, "member", NULL);
    TRY(merge_erase(p, tx, personas, count));
    for (size_t i = 0; i < count; i++) {
        TRY(conflict_erase(p, tx, personas[i]));
        TRY(trait_erase(p, tx, personas[i]));
        TRY(identity_erase(p, tx, personas[i]));
    }
    return member_erase(p, tx, personas[0]);
}

static enum err erase_once(struct brand *b, struct leaving *l, struct people_erased *out,
                           struct why *why)
{
    TRY(brand_call(b, run_list, l, false, why));
    struct erasure e = {.gone = {l->personas.items, l->personas.count}, .rows = run_rows, .arg = l};
    TRY(brand_erase(b, &e, why));
    *out = (struct people_erased){(uint32_t)l->personas.count, e.events, e.parts};
    return ERR_OK;
}

enum err people_erase(struct brand *b, uint32_t member, struct people_erased *out, struct why *why)
{
    struct leaving l = {.member = member};
    enum err err;
    int tries = 0;
    do {
        l.merged = false;
        err = erase_once(b, &l, out, why);
    } while (l.merged && ++tries < TRIES);
    VEC_FINISH(&l.personas);
    return err;
}
