/* choose.c - three passes: each member's best reason, each owner's members by score, and down each
 * list until it is full. Chance is a keyed hash of day, member and reason: of equals it says who
 * comes first, and of each who is withheld. */
#include "today/choose.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

/* A candidate, as it is sorted. */
struct entry {
    struct today_candidate c;
    double score;
    struct hash128 chance;
};

static struct hash128 chance_of(const struct today_choice *c, const struct today_candidate *t)
{
    const uint64_t seed[3] = {(uint64_t)(int64_t)c->day, t->member, c->marks[t->rule]};
    return hash_keyed(c->key, seed, sizeof(seed));
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* By member, the best first. */
static int by_member(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->c.member != y->c.member) return compare(x->c.member, y->c.member);
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return compare(x->c.rule, y->c.rule);
}

/* By owner, the best first. */
static int by_owner(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->c.owner != y->c.owner) return compare(x->c.owner, y->c.owner);
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->chance.lo != y->chance.lo) return compare(x->chance.lo, y->chance.lo);
    return compare(x->c.member, y->c.member);
}

static size_t keep_best(struct entry *e, size_t count)
{
    size_t kept = 0;
    qsort(e, count, sizeof(*e), by_member);
    for (size_t i = 0; i < count; i++) {
        if (kept && e[kept - 1].c.member == e[i].c.member) continue;
        e[kept++] = e[i];
    }
    return kept;
}

size_t today_choose(const struct today_choice *c, struct today_pick *out)
{
    struct entry *e = mem_alloc_array(c->candidate_count + 1, sizeof(*e));
    size_t picked = 0;
    for (size_t i = 0; i < c->candidate_count; i++) {
        const struct today_candidate *t = &c->candidates[i];
        e[i] = (struct entry){*t, c->scores[t->rule], chance_of(c, t)};
    }
    size_t count = keep_best(e, c->candidate_count);
    qsort(e, count, sizeof(*e), by_owner);
    uint32_t owner = UINT32_MAX, left = 0;
    for (size_t i = 0; i < count; i++) {
        const struct today_candidate *t = &e[i].c;
        if (t->owner != owner) left = c->room[t->owner];
        owner = t->owner;
        if (left == 0) continue;
        bool withheld = e[i].chance.hi % 100 < TODAY_WITHHELD_PERCENT;
        left -= !withheld;
        out[picked++] = (struct today_pick){t->member, t->owner, t->rule, withheld};
    }
    mem_free(e);
    return picked;
}
