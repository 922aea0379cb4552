/* sieve.c - kinds first, 64 rows at a time and without a branch; times are read only of rows whose
 * kind matters, or by halving; filters are asked last.
 *
 * 1. When the kinds of all rows matter and no filter is there, nothing is copied: the sight is the
 *    history, each member cut to the query's time. That is decided anew for each run.
 * 2. Otherwise bits say which rows matter by kind, and those rows are put together at once; each
 *    member is cut to the query's time after.
 * 3. Filters clear masks of what was put together; what is then empty is taken out. */
#include "insight/sieve.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"
#include "base/mem.h"
#include "base/selection.h"

/* --- what matters --- */

/* All kinds but the derived ones, which count only when they are named. */
static void mark_all(const struct plan *p, uint32_t *marks, uint32_t bit)
{
    const struct fold_names *fold = p->in->fold;
    for (uint32_t kind = 0; kind < KINDS_MAX; kind++) {
        bool derived = kind < fold->kind_count && fold->roles[kind] & ROLE_DERIVED;
        if (!derived) marks[kind] |= bit;
    }
}

static bool any_all(const struct plan *p)
{
    for (uint32_t i = 0; i < p->selector_count; i++) {
        if (p->selectors[i].all) return true;
    }
    return false;
}

static void mark_kinds(struct sieve *s, bool every_kind)
{
    const struct plan *p = s->plan;
    uint32_t seen = every_kind ? SIGHT_SEEN : 0;
    s->marks = mem_alloc_array(KINDS_MAX, sizeof(*s->marks));
    mark_all(p, s->marks, seen);
    for (uint32_t i = 0; i < p->selector_count; i++) {
        const struct selector *selector = &p->selectors[i];
        if (selector->all) mark_all(p, s->marks, UINT32_C(1) << i);
        for (size_t k = 0; k < selector->kind_count; k++) {
            s->marks[selector->kinds[k]] |= UINT32_C(1) << i | seen;
        }
    }
}

/* The kinds to compare with, and whether there is one mask only. */
static void list_kinds(struct sieve *s)
{
    bool one = true;
    for (int kind = 0; kind < KINDS_MAX; kind++) {
        uint32_t mask = s->marks[kind];
        if (mask != 0 && s->every == 0) s->every = mask;
        if (mask != 0 && mask != s->every) one = false;
        if ((mask == 0) == s->whole) codeset_add(&s->kinds, (uint16_t)kind);
    }
    s->filtered = s->plan->where != NULL;
    for (uint32_t i = 0; i < s->plan->selector_count; i++) {
        if (!s->plan->selectors[i].where) continue;
        s->filtered = true;
        one = false;
    }
    if (!one) s->every = 0;
}

void sieve_init(struct sieve *s, const struct plan *p, int64_t from, int64_t to, bool every_kind)
{
    *s = (struct sieve){.plan = p, .from = from, .to = to};
    s->whole = every_kind || any_all(p);
    mark_kinds(s, every_kind);
    list_kinds(s);
}

void sieve_finish(struct sieve *s)
{
    mem_free(s->marks);
}

void sieved_finish(struct sieved *b)
{
    mem_free(b->bits);
    mem_free(b->match);
    mem_free(b->row);
    mem_free(b->mask);
    mem_free(b->at);
    mem_free(b->first);
    mem_free(b->end);
}

size_t sieved_bytes(const struct sieved *b)
{
    size_t row = sizeof(*b->match) + sizeof(*b->row) + sizeof(*b->mask) + sizeof(*b->at);
    return b->rows * row + b->rows / 8 + b->members * 2 * sizeof(uint32_t);
}

static void make_rows(struct sieved *b, const struct history *h)
{
    size_t rows = h->off[h->member_count] + (size_t)SELECTION_SLACK;
    if (rows <= b->rows) return;
    b->rows = rows + rows / 4 + 64;
    b->bits = mem_resize_array(b->bits, b->rows / 64 + 1, sizeof(*b->bits));
    b->match = mem_resize_array(b->match, b->rows, sizeof(*b->match));
    b->row = mem_resize_array(b->row, b->rows, sizeof(*b->row));
    b->mask = mem_resize_array(b->mask, b->rows, sizeof(*b->mask));
    b->at = mem_resize_array(b->at, b->rows, sizeof(*b->at));
}

static void make_members(struct sieved *b, const struct history *h)
{
    if (h->member_count <= b->members) return;
    b->members = (size_t)h->member_count + h->member_count / 4;
    b->first = mem_resize_array(b->first, b->members, sizeof(*b->first));
    b->end = mem_resize_array(b->end, b->members, sizeof(*b->end));
}

/* --- kinds --- */

/* Bit i of the bits is the first row + i; how many are set. */
static uint32_t match_kinds(const struct sieve *s, const struct history *h, uint64_t *bits)
{
    uint32_t base = h->off[0], rows = h->off[h->member_count] - base;
    return s->whole ? codeset_miss_all(&s->kinds, h->kind + base, rows, bits)
                    : codeset_match_all(&s->kinds, h->kind + base, rows, bits);
}

/* Is a kind there that does not matter? Without kinds such rows were left out. */
static bool has_exception(const struct sieve *s, const struct history *h)
{
    uint32_t base = h->off[0];
    if (!h->kind) return false;
    return codeset_meets(&s->kinds, h->kind + base, h->off[h->member_count] - base);
}

/* --- times --- */

/* Cut a member's rows to the query's time. */
static inline void cut(const struct sieve *s, const int64_t *at, uint32_t *from, uint32_t *to)
{
    if (*from == *to) return;
    if (at[*to - 1] >= s->to) *to = history_row_at(at, *from, *to, s->to);
    if (*from < *to && at[*from] < s->from) *from = history_row_at(at, *from, *to, s->from);
}

/* --- every row --- */

static bool inside(const struct sieve *s, const struct history *h)
{
    for (uint32_t m = 0; m < h->member_count; m++) {
        uint32_t from = h->off[m], to = h->off[m + 1];
        if (from < to && (h->at[from] < s->from || h->at[to - 1] >= s->to)) return false;
    }
    return true;
}

#ifdef __x86_64__
/* Eight at a time; returns how many are done. */
__attribute__((target("avx2"))) static uint32_t
mark_wide(const uint32_t *marks, const uint16_t *kind, uint32_t n, uint32_t *mask)
{
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        const void *in = kind + i;
        void *out = mask + i;
        __m256i code = _mm256_cvtepu16_epi32(_mm_loadu_si128(in));
        _mm256_storeu_si256(out, _mm256_i32gather_epi32((const void *)marks, code, 4));
    }
    return i;
}
#else
static uint32_t mark_wide(const uint32_t *marks, const uint16_t *kind, uint32_t n, uint32_t *mask)
{
    (void)marks, (void)kind, (void)n, (void)mask;
    return 0;
}
#endif

/* The masks of 'n' rows by their kinds. */
static void mark_rows(const struct sieve *s, const uint16_t *kind, uint32_t n, uint32_t *mask)
{
    uint32_t i = cpu_has_avx2() ? mark_wide(s->marks, kind, n, mask) : 0;
    for (; i < n; i++)
        mask[i] = s->marks[kind[i]];
}

static void take_whole(const struct sieve *s, struct sieved *b, const uint8_t *keep,
                       struct sight *out)
{
    const struct history *h = out->h;
    out->at = h->at;
    out->first = h->off;
    out->end = h->off + 1;
    if (keep || !inside(s, h)) {
        for (uint32_t m = 0; m < h->member_count; m++) {
            uint32_t from = h->off[m], to = h->off[m + 1];
            if (keep && !keep[m]) to = from;
            cut(s, h->at, &from, &to);
            b->first[m] = from;
            b->end[m] = to;
        }
        out->first = b->first;
        out->end = b->end;
    }
    if (s->every != 0) return;
    make_rows(b, h);
    uint32_t base = h->off[0];
    mark_rows(s, h->kind + base, h->off[h->member_count] - base, b->mask + base);
    out->mask = b->mask;
}

/* --- some rows --- */

/* Put the rows whose bit is set together, member by member. Those outside the query's time, or of
 * members left out, are there but no member's. */
static void gather(const struct sieve *s, struct sieved *b, const struct history *h,
                   const uint8_t *keep)
{
    uint32_t base = h->off[0], members = h->member_count;
    uint32_t count = selection_rows(b->bits, h->off[members] - base, b->row);
    for (uint32_t i = 0; i < count; i++) {
        b->row[i] += base;
        b->at[i] = h->at[b->row[i]];
    }
    for (uint32_t m = 0; m < members; m++)
        b->end[m] = h->off[m + 1] - base;
    selection_ranks(b->bits, b->end, members, b->end);
    for (uint32_t m = members; m-- > 0;) {
        b->first[m] = m > 0 ? b->end[m - 1] : 0;
        if (keep && !keep[m]) b->end[m] = b->first[m];
        cut(s, b->at, &b->first[m], &b->end[m]);
    }
}

static void clear_unmatched(const struct sieve *s, struct sieved *b, const struct history *h,
                            uint32_t count, const struct expr *e, uint32_t bits)
{
    const struct plan *p = s->plan;
    struct expr_context context = {.zone = p->in->zone, .now = p->in->now, .columns = &p->columns};
    uint32_t first = b->row[0];
    expr_events(e, &context, h, first, b->row[count - 1] + 1, b->match);
    for (uint32_t i = 0; i < count; i++) {
        b->mask[i] &= ~bits | (0 - (uint32_t)b->match[b->row[i] - first]);
    }
}

/* Take out the rows that are left without a bit. */
static void squeeze(struct sieved *b, uint32_t member_count)
{
    uint32_t count = 0;
    for (uint32_t m = 0; m < member_count; m++) {
        uint32_t from = b->first[m], to = b->end[m];
        b->first[m] = count;
        for (uint32_t i = from; i < to; i++) {
            b->row[count] = b->row[i];
            b->at[count] = b->at[i];
            b->mask[count] = b->mask[i];
            count += b->mask[i] != 0;
        }
        b->end[m] = count;
    }
}

static void filter(const struct sieve *s, struct sieved *b, const struct history *h, uint32_t count)
{
    const struct plan *p = s->plan;
    if (p->where) clear_unmatched(s, b, h, count, p->where, UINT32_MAX);
    for (uint32_t i = 0; i < p->selector_count; i++) {
        const struct expr *where = p->selectors[i].where;
        if (where) clear_unmatched(s, b, h, count, where, UINT32_C(1) << i);
    }
    squeeze(b, h->member_count);
}

/* 'found' of the bits are set. */
static void take_some(const struct sieve *s, struct sieved *b, const uint8_t *keep, uint32_t found,
                      struct sight *out)
{
    const struct history *h = out->h;
    out->at = b->at;
    out->row = b->row;
    out->first = b->first;
    out->end = b->end;
    if (found > 0) {
        gather(s, b, h, keep);
    } else {
        memset(b->first, 0, h->member_count * sizeof(*b->first));
        memset(b->end, 0, h->member_count * sizeof(*b->end));
    }
    if (s->every == 0) out->mask = b->mask;
    for (uint32_t i = 0; i < found && (s->filtered || s->every == 0); i++) {
        b->mask[i] = s->marks[h->kind[b->row[i]]];
    }
    if (s->filtered && found > 0) filter(s, b, h, found);
}

void sieve_run(const struct sieve *s, struct sieved *buffers, const struct history *h,
               const uint8_t *keep, struct sight *out)
{
    *out = (struct sight){.h = h, .keep = keep, .every = s->every};
    make_members(buffers, h);
    if (s->whole && !s->filtered && !has_exception(s, h)) {
        take_whole(s, buffers, keep, out);
        return;
    }
    make_rows(buffers, h);
    uint32_t found = match_kinds(s, h, buffers->bits);
    if (found == h->off[h->member_count] - h->off[0] && !s->filtered) {
        take_whole(s, buffers, keep, out);
    } else {
        take_some(s, buffers, keep, found, out);
    }
}
