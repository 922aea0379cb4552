/* try.c - the rules in use asked of a text that nobody has sent. */
#include <math.h>
#include <stdlib.h>

#include "moderation/internal.h"

static int graver_first(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    if (x->action != y->action) return x->action > y->action ? -1 : 1;
    if (x->rule != y->rule) return x->rule < y->rule ? -1 : 1;
    return (x->at.from > y->at.from) - (x->at.from < y->at.from);
}

static double ask_sieve(struct judge *j, const struct learnt *l, struct str text)
{
    if (!l || !sieve_ready(l->sieve)) return NAN;
    return sieve_ask(l->sieve, j->grams, sieve_grams(clean_text(&j->cleaner, text), j->grams));
}

void moderation_try(struct brand *b, const struct trial *trial, struct arena *arena,
                    struct tried *out)
{
    struct judge *j = mem_alloc(sizeof(*j));
    struct book *book = room_book(room_of(b));
    struct learnt *learnt = room_learnt(room_of(b));
    struct found *found = arena_alloc_array(arena, MODERATION_FINDINGS, sizeof(*found));
    const struct judged m = {.text = trial->text,
                             .qr = trial->qr,
                             .group = trial->group,
                             .any_group = !trial->group.len,
                             .role = trial->role,
                             .joined = trial->newcomer ? 0 : TIME_NONE,
                             .sieve = learnt ? learnt->sieve : NULL,
                             .all = true};
    judge_use(j, book);
    book_release(book);
    size_t n = judge_ask(j, &m, found, MODERATION_FINDINGS);
    struct finding *list = arena_alloc_array(arena, n + 1, sizeof(*list));
    for (size_t i = 0; i < n; i++) {
        const struct moderation_rule *r = book_rule(j->book, found[i].index, NULL);
        list[i] = (struct finding){r->id,
                                   r->kind,
                                   r->action,
                                   arena_str(arena, found[i].what),
                                   judge_place(j, trial->text, found[i].at),
                                   found[i].sure};
    }
    qsort(list, n, sizeof(*list), graver_first);
    *out = (struct tried){list, n, ask_sieve(j, learnt, trial->text)};
    judge_finish(j);
    mem_free(j);
    learnt_release(learnt);
}
