/* sieve.c - each gram weighs the logarithm of how much likelier it is in ads; a text is the sum.
 *
 * Both kinds count alike beforehand, for which marks people happen to make says nothing of how many
 * ads there are. */
#include "moderation/sieve.h"

#include <math.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

#define SMOOTHING 0.1

struct tally {
    uint32_t of[2][SIEVE_BUCKETS];
    uint64_t grams[2];
    uint32_t marks[2];
};

struct sieve {
    float weight[SIEVE_BUCKETS];
    uint32_t marks[2];
};

uint32_t sieve_grams(struct str clean, uint16_t out[SIEVE_GRAMS])
{
    size_t start[3] = {0}, seen = 0;
    uint32_t count = 0;
    for (size_t i = 0; i < clean.len && count + 2 <= SIEVE_GRAMS; seen++) {
        start[seen % 3] = i;
        utf8_next(clean, &i);
        for (size_t back = 1; back <= 2 && back <= seen; back++) {
            size_t from = start[(seen - back) % 3];
            out[count++] = (uint16_t)hash_xxh3(clean.p + from, i - from);
        }
    }
    return count;
}

static void add(struct tally *t, const struct mark *m)
{
    t->marks[m->ad]++;
    t->grams[m->ad] += m->count;
    for (uint32_t i = 0; i < m->count; i++)
        t->of[m->ad][m->grams[i]]++;
}

static void weigh(struct sieve *s, const struct tally *t)
{
    const double all = SMOOTHING * SIEVE_BUCKETS;
    for (int kind = 0; kind < 2; kind++)
        s->marks[kind] = t->marks[kind];
    double apart = log((double)t->grams[0] + all) - log((double)t->grams[1] + all);
    for (size_t i = 0; i < SIEVE_BUCKETS; i++) {
        double ad = log(t->of[1][i] + SMOOTHING), other = log(t->of[0][i] + SMOOTHING);
        /* what was never seen says nothing */
        bool known = t->of[0][i] || t->of[1][i];
        s->weight[i] = known ? (float)(ad - other + apart) : 0;
    }
}

struct sieve *sieve_create(const struct mark *marks, size_t count)
{
    struct sieve *s = mem_alloc(sizeof(*s));
    struct tally *t = mem_alloc(sizeof(*t));
    for (size_t i = 0; i < count; i++)
        add(t, &marks[i]);
    weigh(s, t);
    mem_free(t);
    return s;
}

void sieve_destroy(struct sieve *s)
{
    mem_free(s);
}

bool sieve_ready(const struct sieve *s)
{
    return s->marks[0] >= SIEVE_ENOUGH && s->marks[1] >= SIEVE_ENOUGH;
}

double sieve_ask(const struct sieve *s, const uint16_t *grams, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += (double)s->weight[grams[i]];
    return 1 / (1 + exp(-sum));
}

struct sieve_trial sieve_try(const struct mark *marks, size_t count)
{
    struct sieve_trial out = {0};
    struct sieve *s = mem_alloc(sizeof(*s));
    struct tally *t = mem_alloc(sizeof(*t));
    for (size_t fold = 0; fold < SIEVE_FOLDS; fold++) {
        *t = (struct tally){0};
        for (size_t i = 0; i < count; i++) {
            if (i % SIEVE_FOLDS != fold) add(t, &marks[i]);
        }
        weigh(s, t);
        for (size_t i = fold; i < count; i += SIEVE_FOLDS) {
            bool said = sieve_ask(s, marks[i].grams, marks[i].count) >= SIEVE_SURE;
            out.found += said && marks[i].ad;
            out.missed += !said && marks[i].ad;
            out.wrong += said && !marks[i].ad;
            out.cleared += !said && !marks[i].ad;
        }
    }
    mem_free(s);
    mem_free(t);
    return out;
}
