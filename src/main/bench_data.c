/* bench_data.c - events are made member by member, spilled by day, and written day by day.
 *
 * Within a day a stable counting sort by second brings them into order: of two in one second the
 * lower member comes first. */
#include "main/bench_data.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/fs.h"
#include "base/vec.h"

#define DAY 86400u
#define VISIT_GAP 1800   /* seconds without an event end a visit */
#define SHARE_FLOOR 1000 /* a member of rank r has a share of (r + SHARE_FLOOR)^-SHARE_POWER */
#define SHARE_POWER (-0.9)
#define LINE_MAX_BYTES 64 /* of a row in the file */

struct maker {
    const struct bench_size *size;
    struct rng rng;
    double kinds[BENCH_KINDS];         /* cumulated chances */
    double campaigns[BENCH_CAMPAIGNS]; /* the same, of those that have one */
    uint32_t span;                     /* seconds of all days together */
    uint32_t begin;                    /* of the first day, since 1970 */
    uint32_t *rank;                    /* [members] shuffled */
    double share_sum;                  /* of all members */
    double carry;                      /* events promised, not given yet: below one */
    uint64_t left;                     /* events to come */
    VEC(uint32_t) seconds;             /* of the member at hand, since begin */
    struct bench_spill *spill;         /* a bucket a day */
};

/* Chances in the proportions 1, 1/2, 1/3 ... */
static void harmonic(double *out, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        out[i] = sum += 1.0 / (double)(i + 1);
    for (size_t i = 0; i < count; i++)
        out[i] /= sum;
}

static uint32_t pick(const double *cumulated, uint32_t count, double chance)
{
    uint32_t i = 0;
    while (i + 1 < count && cumulated[i] < chance)
        i++;
    return i;
}

static uint32_t below(struct maker *m, uint32_t bound)
{
    return (uint32_t)rng_below(&m->rng, bound);
}

static double share(uint32_t rank)
{
    return pow((double)rank + SHARE_FLOOR, SHARE_POWER);
}

static void shuffle_ranks(struct maker *m)
{
    uint32_t count = (uint32_t)m->size->members;
    m->rank = mem_alloc_array(count, sizeof(*m->rank));
    for (uint32_t i = 0; i < count; i++) {
        m->rank[i] = i;
        m->share_sum += share(i);
    }
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t other = below(m, i + 1), held = m->rank[i];
        m->rank[i] = m->rank[other];
        m->rank[other] = held;
    }
}

static uint64_t count_of(struct maker *m, uint32_t member)
{
    if (member == m->size->members) return m->left;
    double due = (double)m->size->events * share(m->rank[member - 1]) / m->share_sum + m->carry;
    uint64_t count = (uint64_t)due;
    m->carry = due - (double)count;
    return count < m->left ? count : m->left;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t exponential(struct maker *m, double mean)
{
    return (uint32_t)(-log(1 - rng_unit(&m->rng)) * mean);
}

/* Each second later than the one before, none behind the last day. */
static void spread(uint32_t *seconds, uint64_t count, uint32_t span)
{
    for (uint64_t i = 1; i < count; i++) {
        if (seconds[i] <= seconds[i - 1]) seconds[i] = seconds[i - 1] + 1;
    }
    for (uint64_t i = count; i > 0; i--) {
        uint32_t latest = span - 1 - (uint32_t)(count - i);
        if (seconds[i - 1] <= latest) break;
        seconds[i - 1] = latest;
    }
}

/* When the member acts. 30 % are there from the first day, the others join in the first 300 of 365
 * days; 30 % leave after about two months. */
static void make_seconds(struct maker *m, uint64_t count)
{
    uint32_t joined = rng_unit(&m->rng) < 0.3 ? 0 : below(m, m->span / 365 * 300);
    uint32_t end = m->span;
    if (rng_unit(&m->rng) < 0.3) {
        uint32_t life = exponential(m, 60.0 * DAY) + DAY;
        if (life < end - joined) end = joined + life;
    }
    VEC_RESET(&m->seconds);
    VEC_RESERVE(&m->seconds, count);
    while (m->seconds.count < count) {
        uint32_t at = joined + below(m, end - joined - 1);
        if (rng_unit(&m->rng) < 0.6) {
            at = at / DAY * DAY + (uint32_t)((17 + rng_unit(&m->rng) * 6) * 3600);
        }
        do {
            VEC_PUSH(&m->seconds, at);
            at += 5 + exponential(m, 60);
        } while (m->seconds.count < count && rng_unit(&m->rng) < 0.8);
    }
    qsort(m->seconds.items, count, sizeof(m->seconds.items[0]), ascending);
    spread(m->seconds.items, count, m->span);
}

static uint32_t amount(struct maker *m)
{
    double length = sqrt(-2 * log(1 - rng_unit(&m->rng)));
    double angle = 6.283185307179586 * rng_unit(&m->rng);
    return (uint32_t)(100 + exp(6 + 1.2 * length * cos(angle)));
}

/* What does not change from step to step of a visit. */
struct visit {
    uint32_t channel, campaign;
    int kind; /* of the step before; -1 at the first */
};

static void begin_visit(struct maker *m, struct visit *v)
{
    if (rng_unit(&m->rng) < 0.3) v->channel = below(m, BENCH_CHANNELS);
    double chance = rng_unit(&m->rng);
    v->campaign = 0;
    if (rng_unit(&m->rng) < 0.5) v->campaign = 1 + pick(m->campaigns, BENCH_CAMPAIGNS, chance);
    v->kind = -1;
}

static uint32_t next_kind(struct maker *m, struct visit *v)
{
    uint32_t kind = pick(m->kinds, BENCH_KINDS, rng_unit(&m->rng));
    if (v->kind >= 0 && rng_unit(&m->rng) < 0.35) {
        kind = ((uint32_t)v->kind + 1 + below(m, 3)) % BENCH_KINDS;
    }
    v->kind = (int)kind;
    return kind;
}

static enum err make_member(struct maker *m, uint32_t member, uint64_t count, struct why *why)
{
    make_seconds(m, count);
    const uint32_t *seconds = m->seconds.items;
    uint32_t groups[2] = {below(m, BENCH_GROUPS), below(m, BENCH_GROUPS)};
    struct visit visit = {.channel = below(m, BENCH_CHANNELS)};
    for (uint64_t i = 0; i < count; i++) {
        if (i == 0 || seconds[i] - seconds[i - 1] > VISIT_GAP) begin_visit(m, &visit);
        uint32_t kind = next_kind(m, &visit);
        struct bench_row *row;
        TRY(bench_spill_add(m->spill, seconds[i] / DAY, &row, why));
        row->member = member;
        row->second = m->begin + seconds[i];
        row->codes = bench_codes(kind, visit.channel, visit.campaign);
        row->group = (uint16_t)groups[rng_unit(&m->rng) >= 0.8];
        row->amount = kind == BENCH_ORDER ? amount(m) : 0;
    }
    m->left -= count;
    return ERR_OK;
}

static enum err make_all(struct maker *m, struct why *why)
{
    for (uint32_t member = 1; member <= m->size->members; member++) {
        uint64_t count = count_of(m, member);
        if (count) TRY(make_member(m, member, count, why));
    }
    return ERR_OK;
}

/* ---- the file ---- */

static char *put_number(char *p, uint32_t value)
{
    char digits[10];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (count)
        *p++ = digits[--count];
    return p;
}

static void put_row(struct strbuf *out, const struct bench_row *row)
{
    const uint32_t cells[BENCH_COLUMNS] = {
        row->member,         row->second, bench_kind(row), bench_channel(row),
        bench_campaign(row), row->group,  row->amount,
    };
    strbuf_reserve(out, LINE_MAX_BYTES);
    char *p = out->p + out->len;
    for (size_t i = 0; i < BENCH_COLUMNS; i++) {
        p = put_number(p, cells[i]);
        *p++ = i + 1 < BENCH_COLUMNS ? ',' : '\n';
    }
    out->len = (size_t)(p - out->p);
}

/* Rows of the day that begins at 'first' into 'sorted', by second. */
static void sort_day(const struct bench_row *rows, size_t count, uint32_t first,
                     struct bench_row *sorted)
{
    uint32_t *start = mem_alloc_array(DAY + 1, sizeof(*start));
    for (size_t i = 0; i < count; i++)
        start[rows[i].second - first + 1]++;
    for (uint32_t s = 0; s < DAY; s++)
        start[s + 1] += start[s];
    for (size_t i = 0; i < count; i++)
        sorted[start[rows[i].second - first]++] = rows[i];
    mem_free(start);
}

static enum err write_day(const struct maker *m, uint32_t day, int fd, struct why *why)
{
    const struct bench_spill *spill = m->spill;
    size_t count = (size_t)bench_spill_rows(spill, day);
    struct bench_row *rows = mem_alloc_array(2 * count + 1, sizeof(*rows));
    struct strbuf out = {0};
    enum err err = bench_spill_read(spill, day, rows, why);
    if (err == ERR_OK) sort_day(rows, count, m->begin + day * DAY, rows + count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        put_row(&out, &rows[count + i]);
        if (out.len < 1024 * 1024 && i + 1 < count) continue;
        err = fs_write(fd, out.p, out.len, why);
        out.len = 0;
    }
    strbuf_finish(&out);
    mem_free(rows);
    return err;
}

static enum err write_file(const struct maker *m, const char *path, struct why *why)
{
    int fd = -1;
    TRY(fs_create(path, &fd, why));
    enum err err = ERR_OK;
    for (uint32_t day = 0; day < m->size->days && err == ERR_OK; day++)
        err = write_day(m, day, fd, why);
    fs_close(fd);
    return err;
}

enum err bench_data_write(const struct bench_size *size, const char *path, struct why *why)
{
    assert(size->events >= 1 && size->events <= BENCH_EVENTS_MAX);
    assert(size->members >= 1 && size->members <= BENCH_MEMBERS_MAX);
    assert(size->days >= BENCH_DAYS_MIN && size->days <= BENCH_DAYS_MAX);
    assert(size->events / size->days / BENCH_SHARE_MAX <= size->members);
    uint32_t span = (uint32_t)size->days * DAY;
    struct maker m = {.size = size, .left = size->events, .span = span, .begin = BENCH_END - span};
    struct strbuf spill = {0};
    strbuf_addf(&spill, "%s.spill", path);
    enum err err = bench_spill_create(spill.p, size->days, &m.spill, why);
    if (err == ERR_OK) {
        rng_init(&m.rng, size->seed);
        harmonic(m.kinds, BENCH_KINDS);
        harmonic(m.campaigns, BENCH_CAMPAIGNS);
        shuffle_ranks(&m);
        err = make_all(&m, why);
    }
    if (err == ERR_OK) err = write_file(&m, path, why);
    bench_spill_destroy(m.spill);
    strbuf_finish(&spill);
    VEC_FINISH(&m.seconds);
    mem_free(m.rank);
    return err;
}
