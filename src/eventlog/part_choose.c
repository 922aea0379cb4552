/* part_choose.c - rows of a group that were chosen by their kinds, pulled together in place.
 *
 * A row never moves up, and neither does a run. */
#include <string.h>

#include "base/selection.h"
#include "eventlog/part_file.h"

/* 'width' is a constant at each call. */
static inline void pull(void *column, const struct chosen *c, size_t width)
{
    char *cells = column;
    for (uint32_t i = 0; column && i < c->count; i++)
        memcpy(cells + i * width, cells + c->row[i] * width, width);
}

/* But for times and amounts, which were read so. */
static void pull_columns(struct rows *out, const struct chosen *c)
{
    pull(out->kind, c, sizeof(*out->kind));
    for (uint32_t d = 0; d < DIM_COUNT; d++)
        pull(out->dim[d], c, sizeof(uint32_t));
    pull(out->other, c, sizeof(uint32_t));
    for (uint32_t i = 0; i < out->prop_count; i++) {
        pull(out->props[i].text, c, sizeof(uint32_t));
        pull(out->props[i].number, c, sizeof(double));
    }
}

/* The runs that have rows, each up to where the next begins. */
static void pull_runs(struct rows *out, const struct chosen *c)
{
    uint32_t runs = 0, before = UINT32_MAX;
    for (uint32_t i = 0; i < c->count; i++) { /* a run is written until it is another */
        uint32_t run = c->run[i];
        runs += run != before;
        out->run_persona[runs - 1] = out->run_persona[run];
        out->run_off[runs] = i + 1;
        before = run;
    }
    out->run_off[0] = 0;
    out->runs = runs;
    out->count = c->count;
}

void rows_find_runs(const struct rows *out, uint32_t n, const struct chosen *c, uint32_t *run)
{
    uint64_t begins[PART_GROUP_ROWS / 64];
    memset(begins, 0, ((size_t)n + 63) / 64 * sizeof(*begins));
    for (uint32_t i = 1; i < out->runs; i++) /* the first is 0 */
        begins[out->run_off[i] / 64] |= UINT64_C(1) << out->run_off[i] % 64;
    selection_counts(begins, c->row, c->count, run);
}

void rows_choose(struct rows *out, const struct chosen *c)
{
    pull_columns(out, c);
    pull_runs(out, c);
}
