/* preview.c - one pass over the log, each member added to two folds: by the numbers as they are and
 * as they would be. Stages are a function of what was added and the moment, so that the clock need
 * not be walked. */
#include "people/preview.h"

#include <stdlib.h>

#include "people/internal.h"

struct worker {
    const struct preview_ask *ask;
    const struct fold_names *names[2]; /* as it is, as it would be */
    const struct refold_read *read;
    struct fold *fold[2];
    _Atomic uint64_t *done;
    struct preview found;
};

/* In an order of chance, yet always the same. */
static uint32_t lot_of(uint32_t member)
{
    return (uint32_t)hash_xxh3(&member, sizeof(member));
}

/* Keep those whose lots are least. */
static void sample(struct preview *p, const struct preview_mover *mover)
{
    size_t at = p->sample_count;
    if (at == PREVIEW_SAMPLE) {
        at = 0;
        for (size_t i = 1; i < PREVIEW_SAMPLE; i++) {
            if (lot_of(p->sample[i].member) > lot_of(p->sample[at].member)) at = i;
        }
        if (lot_of(mover->member) >= lot_of(p->sample[at].member)) return;
    } else {
        p->sample_count++;
    }
    p->sample[at] = *mover;
}

static void count(struct worker *w, uint32_t member)
{
    struct preview *p = &w->found;
    enum stage stage[2];
    enum trust trust[2];
    for (int i = 0; i < 2; i++)
        fold_stages_at(w->fold[i], w->names[i], w->ask->at, &stage[i], &trust[i]);
    p->before[stage[0]]++;
    p->after[stage[1]]++;
    p->trust_before[trust[0]]++;
    p->trust_after[trust[1]]++;
    if (stage[0] < STAGE_COUNT && stage[1] < STAGE_COUNT) p->moved[stage[0]][stage[1]]++;
    if (stage[0] == stage[1]) return;
    p->movers++;
    sample(p, &(struct preview_mover){member, stage[0], stage[1]});
}

static bool run(void *arg, const struct history *h)
{
    struct worker *w = arg;
    struct fold_row row;
    for (uint32_t i = 0; i < h->member_count; i++) {
        if (h->member[i] == 0) continue;
        uint32_t r = h->off[i];
        fold_reset(w->fold[0]);
        fold_reset(w->fold[1]);
        for (; r < h->off[i + 1] && h->at[r] <= w->ask->at; r++) {
            fold_row_of_history(w->names[0], &w->read->columns, h, r, &row);
            fold_add(w->fold[0], w->names[0], &row);
            fold_add(w->fold[1], w->names[1], &row);
        }
        if (r > h->off[i]) count(w, h->member[i]);
    }
    atomic_fetch_add(w->done, h->member_count);
    return true;
}

static void add(uint64_t *to, const uint64_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void merge(struct preview *to, const struct preview *from)
{
    add(to->before, from->before, STAGE_COUNT + 1);
    add(to->after, from->after, STAGE_COUNT + 1);
    add(to->trust_before, from->trust_before, TRUST_COUNT);
    add(to->trust_after, from->trust_after, TRUST_COUNT);
    for (int i = 0; i < STAGE_COUNT; i++)
        add(to->moved[i], from->moved[i], STAGE_COUNT);
    to->movers += from->movers;
    for (size_t i = 0; i < from->sample_count; i++)
        sample(to, &from->sample[i]);
}

static int by_member(const void *a, const void *b)
{
    const struct preview_mover *x = a, *y = b;
    return (x->member > y->member) - (x->member < y->member);
}

static enum err preview(struct people *p, const struct preview_ask *ask, struct preview *out,
                        struct why *why)
{
    struct worker workers[LIMIT_QUERY_WORKERS];
    void *pointers[LIMIT_QUERY_WORKERS];
    struct arena *arena = arena_create(0);
    struct fold_names names[2];
    people_fold_names(ask->brand, arena, &names[0]);
    names[1] = names[0];
    numbers_apply(ask->to, &names[1].rules);
    struct refold_read read = refold_reading(ask->brand, &names[0]);
    struct scan scan = refold_scan_of(&read);
    for (int i = 0; i < ask->workers; i++) {
        workers[i] = (struct worker){.ask = ask,
                                     .names = {&names[0], &names[1]},
                                     .read = &read,
                                     .done = &p->numbering.previewed};
        workers[i].fold[0] = fold_create();
        workers[i].fold[1] = fold_create();
        pointers[i] = &workers[i];
    }
    enum err err =
        eventlog_scan(ask->snapshot, &scan, pointers, ask->workers, run, ask->budget, why);
    *out = (struct preview){.at = ask->at};
    for (int i = 0; i < ask->workers; i++) {
        merge(out, &workers[i].found);
        fold_destroy(workers[i].fold[0]);
        fold_destroy(workers[i].fold[1]);
    }
    if (out->sample_count) qsort(out->sample, out->sample_count, sizeof(out->sample[0]), by_member);
    arena_destroy(arena);
    return err;
}

enum err people_preview(const struct preview_ask *ask, struct preview *out, struct why *why)
{
    struct people *p = brand_module_state(ask->brand, &people_module);
    struct numbering_state *n = &p->numbering;
    if (atomic_exchange(&n->previewing, true))
        return why_fail(why, ERR_CONFLICT, MSG_PREVIEW_RUNNING, "", NULL);
    atomic_store(&n->previewed, 0);
    atomic_store(&n->preview_total, people_count(ask->brand));
    enum err err = preview(p, ask, out, why);
    atomic_store(&n->previewing, false);
    return err;
}
