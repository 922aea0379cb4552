/* run.h - hand-made runs for kernel tests: members and rows with their masks, of which a sight is
 * made in the plainest way. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/time.h"
#include "base/vec.h"
#include "insight/buckets.h"
#include "insight/kernel.h"

#define RANGE(...) (&(struct buckets_range){__VA_ARGS__})

#define ROWS_MAX 4096

struct run {
    uint32_t members, rows;
    uint32_t member[ROWS_MAX], off[ROWS_MAX + 1];
    int64_t at[ROWS_MAX], amount[ROWS_MAX];
    uint16_t kind[ROWS_MAX];
    uint32_t group[ROWS_MAX];
    uint32_t mask[ROWS_MAX];
    struct history h;
    /* of the sight: places of rows that are not 0 */
    uint32_t first[ROWS_MAX], end[ROWS_MAX], row[ROWS_MAX], place_mask[ROWS_MAX];
    int64_t place_at[ROWS_MAX];
};

static inline void run_reset(struct run *r)
{
    r->members = r->rows = 0;
    r->off[0] = 0;
}

static inline void run_member(struct run *r, uint32_t id)
{
    r->member[r->members++] = id;
    r->off[r->members] = r->rows;
}

/* A row of the member begun last; its time must not be before the row before it. */
static inline uint32_t run_row(struct run *r, int64_t at, uint16_t kind, uint32_t mask)
{
    uint32_t row = r->rows++;
    assert_true(row < ROWS_MAX && r->members > 0);
    bool first = row == 0 || row == r->off[r->members - 1];
    assert_true(first || at >= r->at[row ? row - 1 : 0]);
    r->at[row] = at;
    r->kind[row] = kind;
    r->mask[row] = mask;
    r->amount[row] = HISTORY_NO_AMOUNT;
    r->group[row] = 0;
    r->off[r->members] = r->rows;
    return row;
}

/* Members from .. to-1 as a run of their own. Rows keep their numbers, as off says. */
static inline struct sight run_part(struct run *r, uint32_t from, uint32_t to)
{
    r->h = (struct history){
        .member_count = to - from,
        .member = r->member + from,
        .off = r->off + from,
        .at = r->at,
        .kind = r->kind,
        .amount = r->amount,
    };
    r->h.dim[DIM_GROUP] = r->group;
    uint32_t count = 0, left_out = 0;
    for (uint32_t m = from; m < to; m++) {
        r->first[m] = count;
        for (uint32_t i = r->off[m]; i < r->off[m + 1]; i++) {
            r->row[count] = i;
            r->place_at[count] = r->at[i];
            r->place_mask[count] = r->mask[i];
            count += r->mask[i] != 0;
            left_out += r->mask[i] == 0;
        }
        r->end[m] = count;
    }
    struct sight s = {.h = &r->h, .first = r->h.off, .end = r->h.off + 1, .at = r->at};
    s.mask = r->mask;
    if (left_out == 0) return s; /* as the sieve does: nothing is copied */
    return (struct sight){.h = &r->h,
                          .first = r->first + from,
                          .end = r->end + from,
                          .at = r->place_at,
                          .row = r->row,
                          .mask = r->place_mask};
}

/* The kernel's result for the run, in 'pieces' runs seen by 'workers' workers in turn. The caller
 * finishes 'out'. */
static inline void run_kernel(struct run *r, const struct kernel_type *type, const void *settings,
                              uint32_t pieces, int workers, void *out)
{
    void *kernels[8];
    for (int i = 0; i < workers; i++) {
        kernels[i] = i == 0 ? out : mem_alloc(type->size);
        type->init(kernels[i], settings);
    }
    for (uint32_t i = 0; i < pieces; i++) {
        struct sight s = run_part(r, r->members * i / pieces, r->members * (i + 1) / pieces);
        type->run(kernels[i % (uint32_t)workers], &s);
        (void)type->bytes(kernels[i % (uint32_t)workers]);
    }
    for (int i = 1; i < workers; i++) {
        type->merge(out, kernels[i]);
        type->finish(kernels[i]);
        mem_free(kernels[i]);
    }
}

/* Rows of members from .. to-1 that 'source' has, as a run of a span. */
static inline struct sight run_source(struct run *r, uint32_t from, uint32_t to,
                                      const uint8_t *sources, uint8_t source, struct run *out)
{
    run_reset(out);
    for (uint32_t m = from; m < to; m++) {
        bool begun = false;
        for (uint32_t i = r->off[m]; i < r->off[m + 1]; i++) {
            if (sources[i] != source) continue;
            if (!begun) run_member(out, r->member[m]);
            begun = true;
            uint32_t row = run_row(out, r->at[i], r->kind[i], r->mask[i]);
            out->amount[row] = r->amount[i];
            out->group[row] = r->group[i];
        }
    }
    return run_part(out, 0, out->members);
}

/* The same as run_kernel, of one worker, from spans of members whose rows are strewn over several
 * runs. 'text', if any, is a property whose codes are the rows' groups. */
static inline void run_kernel_in_spans(struct run *r, const struct kernel_type *type,
                                       const void *settings, struct rng *rng,
                                       struct prop_column *text, void *out)
{
    static struct run piece;
    static uint8_t sources[ROWS_MAX];
    type->init(out, settings);
    for (uint32_t from = 0, to; from < r->members; from = to) {
        uint8_t most = (uint8_t)(1 + rng_below(rng, 4)), last = 0;
        to = from + 1 + (uint32_t)rng_below(rng, r->members - from);
        for (uint32_t i = r->off[from]; i < r->off[to]; i++) {
            sources[i] = (uint8_t)rng_below(rng, most);
            if (sources[i] > last) last = sources[i];
        }
        uint32_t first = r->member[from], count = r->member[to - 1] + 1 - first;
        for (uint8_t source = 0; source <= last; source++) {
            struct sight s = run_source(r, from, to, sources, source, &piece);
            if (piece.members == 0 && source < last) continue;
            piece.h.span = (struct member_span){first, count, source < last};
            piece.h.prop_count = text != NULL;
            piece.h.props = text;
            if (text) text->text = piece.group;
            type->run(out, &s);
            (void)type->bytes(out);
        }
    }
}

/* The seed of a randomized test: printed, and settable by WF_SEED. */
static inline void seed_rng(struct rng *rng, const char *test)
{
    const char *given = getenv("WF_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20261122;
    printf("%s: WF_SEED=%llu\n", test, (unsigned long long)seed);
    rng_init(rng, seed);
}
