/* terms.h - sets of terms, words and patterns alike, looked for in one pass over a clean text.
 *
 * Words go through Vectorscan, or where the processor has not what that needs through an automaton
 * of our own, which gives the same answers. A set that is made does not change: any number of
 * threads ask it, each with a searcher of its own. */
#pragma once

#include "base/err.h"
#include "moderation/clean.h"

struct terms;
struct searcher;

struct term {
    struct str text;
    uint32_t owner; /* the asker's, given back with what is found */
    bool pattern;   /* as pattern.h reads it; else a word */
    bool whole;     /* a word that begins or ends with a-z or 0-9 does not touch another of these */
};

enum terms_engine { TERMS_BEST, TERMS_OWN };

/* Make one; a second or so for 20,000. A word of which nothing is left when it is clean is left
 * out. On error '*bad' is the index of the term that is wrong. */
MUST_CHECK enum err terms_create(const struct term *terms, size_t count, enum terms_engine engine,
                                 struct terms **out, size_t *bad, struct why *why);
void terms_destroy(struct terms *t); /* NULL is allowed */
bool terms_by_vectorscan(const struct terms *t);

/* What one thread needs to ask a set. */
struct searcher *searcher_create(const struct terms *t);
void searcher_destroy(struct searcher *s); /* NULL is allowed */

struct terms_hit {
    uint32_t term; /* index as given to terms_create */
    uint32_t owner;
    struct span at; /* of the clean text */
};
/* Tell fn of what is found, words in the order in which they end, then patterns; it says whether to
 * go on. A word at each place where it is; a pattern once, and within the first
 * LIMIT_MODERATION_PATTERN_TEXT bytes. */
void terms_find(const struct terms *t, struct searcher *s, struct str clean,
                bool (*fn)(void *ctx, const struct terms_hit *hit), void *ctx);
