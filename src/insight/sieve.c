/* sieve.c - kinds first, 64 rows at a time and without a branch; times are read only of rows whose
 * kind matters, or by halving; filters are asked last.
 *
 * 1. When every kind matters and no filter is there, nothing is copied: the sight is the history,
 *    each member cut to the query's time. That is decided anew for each run, since a run may hold
 *    derived events, which "*" does not name.
 * 2. Otherwise bits say which rows matter by kind, and those rows are put together, member by
 *    member.
 * 3. Filters clear masks of what was put together; what is then empty is taken out. */
#include "insight/sieve.h"

#include "base/mem.h"

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
    size_t rows = h->off[h->member_count];
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

/* Bit i of the bits is the first row + i; true when any is set. */
static bool match_kinds(const struct sieve *s, const struct history *h, uint64_t *bits)
{
    uint32_t base = h->off[0], rows = h->off[h->member_count] - base;
    uint32_t found = codeset_match_all(&s->kinds, h->kind + base, rows, bits);
    if (!s->whole) return found > 0;
    for (uint32_t i = 0; i < rows; i += 64) {
        uint64_t all = rows - i < 64 ? ~(~UINT64_C(0) << (rows - i)) : ~UINT64_C(0);
        bits[i / 64] ^= all;
    }
    return found < rows;
}

/* Is a kind there that does not matter? */
static bool has_exception(const struct sieve *s, const struct history *h)
{
    uint32_t base = h->off[0];
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
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t i = out->first[m]; i < out->end[m]; i++) {
            b->mask[i] = s->marks[h->kind[i]];
        }
    }
    out->mask = b->mask;
}

/* --- some rows --- */

/* Append the rows from .. to-1 whose bit is set. */
static uint32_t gather(struct sieved *b, const struct history *h, uint32_t from, uint32_t to,
                       uint32_t count)
{
    uint32_t base = h->off[0];
    for (uint32_t i = from - base, end = to - base; i < end;) {
        uint32_t skip = i % 64, step = 64 - skip;
        uint64_t bits = b->bits[i / 64] >> skip;
        if (step > end - i) {
            step = end - i;
            bits &= ~(~UINT64_C(0) << step);
        }
        for (; bits != 0; bits &= bits - 1) {
            uint32_t row = base + i + (uint32_t)__builtin_ctzll(bits);
            b->row[count] = row;
            b->at[count++] = h->at[row];
        }
        i += step;
    }
    return count;
}

/* Returns how many rows there are. */
static uint32_t gather_members(const struct sieve *s, struct sieved *b, const struct history *h,
                               const uint8_t *keep)
{
    uint32_t count = 0;
    for (uint32_t m = 0; m < h->member_count; m++) {
        uint32_t from = h->off[m], to = h->off[m + 1];
        if (keep && !keep[m]) to = from;
        cut(s, h->at, &from, &to);
        b->first[m] = count;
        b->end[m] = count = gather(b, h, from, to, count);
    }
    return count;
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

static void take_some(const struct sieve *s, struct sieved *b, const uint8_t *keep,
                      struct sight *out)
{
    const struct history *h = out->h;
    uint32_t count = 0;
    make_rows(b, h);
    out->at = b->at;
    out->row = b->row;
    out->first = b->first;
    out->end = b->end;
    if (match_kinds(s, h, b->bits)) {
        count = gather_members(s, b, h, keep);
    } else {
        memset(b->first, 0, h->member_count * sizeof(*b->first));
        memset(b->end, 0, h->member_count * sizeof(*b->end));
    }
    if (s->every == 0) out->mask = b->mask;
    for (uint32_t i = 0; i < count && (s->filtered || s->every == 0); i++) {
        b->mask[i] = s->marks[h->kind[b->row[i]]];
    }
    if (s->filtered && count > 0) filter(s, b, h, count);
}

void sieve_run(const struct sieve *s, struct sieved *buffers, const struct history *h,
               const uint8_t *keep, struct sight *out)
{
    *out = (struct sight){.h = h, .keep = keep, .every = s->every};
    make_members(buffers, h);
    if (s->whole && !s->filtered && !has_exception(s, h)) {
        take_whole(s, buffers, keep, out);
    } else {
        take_some(s, buffers, keep, out);
    }
}
