/* sieve.h - is a text an ad? Multinomial naive Bayes over the characters in twos and threes, taught
 * by marks of people.
 *
 * Of a marked text only the numbers of its grams are kept, never its words. Pure, but for the
 * memory it allocates; a sieve that is made does not change. */
#pragma once

#include "base/str.h"

#define SIEVE_BUCKETS 65536
#define SIEVE_GRAMS 1024 /* of one text; what is behind them is not looked at */
#define SIEVE_ENOUGH 20  /* marks of either kind before it is used */
#define SIEVE_SURE 0.9   /* what it says with so much or more counts as found */
#define SIEVE_FOLDS 5

struct mark {
    const uint16_t *grams;
    uint32_t count;
    bool ad;
};

/* The numbers of the grams of a clean text; how many. */
uint32_t sieve_grams(struct str clean, uint16_t out[SIEVE_GRAMS]);

struct sieve;
struct sieve *sieve_create(const struct mark *marks, size_t count);
void sieve_destroy(struct sieve *s); /* NULL is allowed */
/* Has it learnt from enough of both? */
bool sieve_ready(const struct sieve *s);
/* 0 to 1. */
double sieve_ask(const struct sieve *s, const uint16_t *grams, uint32_t count);

/* How often it is right of marks it has not seen: each fifth of them by what the others teach. */
struct sieve_trial {
    uint32_t found, missed;  /* ads */
    uint32_t wrong, cleared; /* others: taken for ads, and not */
};
struct sieve_trial sieve_try(const struct mark *marks, size_t count);
