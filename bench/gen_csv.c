/* gen_csv.c - a deterministic file of events in order of time, for measuring imports.
 *
 *     gen_csv csv|jsonl|rows ROWS MEMBERS [END] >FILE
 *
 * csv:   member,at,kind,channel,campaign,group,amount   (at in epoch seconds, amount in minor
 * units) jsonl: the same facts as `wellfield import --format jsonl` takes them, with a few
 * properties
 * rows:  member,at,kind,amount   (the kind by its number, from 0), for a table of PostgreSQL
 *
 * A year from 2025-01-01, or the 365 days before the day of END (epoch seconds, UTC). Visits come
 * in sessions: most rows continue one of those open, with a step of the same member seconds later;
 * the others open a session of a member drawn with a skew, more of them in the evening. Every
 * eleventh kind or so is an order, with a log-normal amount. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN 1735689600u /* 2025-01-01T00:00:00Z */
#define DAY 86400u
#define DAYS 365u
#define OPEN 256u /* sessions at a time */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t seed = 0x9e3779b97f4a7c15u;

/* SplitMix64. */
static uint64_t next(void)
{
    uint64_t x = (seed += 0x9e3779b97f4a7c15u);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static double unit(void)
{
    return (double)(next() >> 11) * 0x1p-53;
}

static uint32_t below(uint32_t bound)
{
    return (uint32_t)(((next() >> 32) * bound) >> 32);
}

struct session {
    uint32_t member;   /* from 1 */
    uint32_t channel;  /* from 1 */
    uint32_t campaign; /* 0 = none */
    uint32_t group;    /* from 1 */
};

static const char *const kinds[] = {
    "content.viewed",  "message.sent",   "page.viewed",    "touchpoint.clicked",
    "message.reacted", "checkin.done",   "content.shared", "order.created",
    "order.paid",      "live.attended",  "sample.given",   "survey.answered",
    "class.attended",  "order.refunded", "dm.received",    "group.joined",
};
static double reach[COUNT(kinds)]; /* cumulated shares: the k-th kind has a weight of 1 / k */

static void weigh_kinds(void)
{
    double sum = 0;
    for (size_t i = 0; i < COUNT(kinds); i++)
        reach[i] = sum += 1.0 / (double)(i + 1);
    for (size_t i = 0; i < COUNT(kinds); i++)
        reach[i] /= sum;
}

static size_t pick_kind(void)
{
    double x = unit();
    size_t i = 0;
    while (reach[i] < x && i + 1 < COUNT(kinds))
        i++;
    return i;
}

static struct session begin_session(uint32_t members)
{
    struct session s;
    /* a cube pulls towards the first members: the busiest hundredth does a fifth of everything */
    double x = unit();
    s.member = 1 + (uint32_t)(x * x * x * members) % members;
    s.channel = 1 + below(12);
    s.campaign = below(2) ? 1 + below(40) : 0;
    s.group = 1 + (s.member * 2654435761u >> 8) % 1000;
    return s;
}

/* Seconds into the year of row i of n, the hours of a day after each other's weight. */
static uint32_t when(uint64_t i, uint64_t n)
{
    static const uint8_t weight[24] = {2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5,
                                       6, 5, 4, 4, 5, 6, 7, 8, 8, 6, 4, 2}; /* 100 in all */
    double at = (double)i / (double)n * DAYS;
    double left = (at - floor(at)) * 100;
    uint32_t hour = 0;
    while (hour < 23 && left >= weight[hour])
        left -= weight[hour++];
    uint32_t second = (uint32_t)(left / weight[hour] * 3600);
    return (uint32_t)at * DAY + hour * 3600u + (second < 3600 ? second : 3599);
}

static int64_t amount_of(const char *kind)
{
    if (strncmp(kind, "order.", 6) != 0) return 0;
    double normal = sqrt(-2 * log(1 - unit())) * cos(6.283185307179586 * unit());
    return 100 + (int64_t)exp(8.5 + 0.9 * normal);
}

static void print_csv(const struct session *s, uint32_t at, const char *kind, int64_t amount)
{
    char campaign[16] = "";
    if (s->campaign) snprintf(campaign, sizeof(campaign), "c%u", s->campaign);
    printf("%u,%u,%s,t%u,%s,g%u,%lld\n", s->member, at, kind, s->channel, campaign, s->group,
           (long long)amount);
}

static void print_jsonl(const struct session *s, uint32_t at, const char *kind, int64_t amount)
{
    printf("{\"at\":%u000,\"kind\":\"%s\",\"identities\":{\"user\":\"%u\"},\"touchpoint\":\"t%u\","
           "\"group\":\"g%u\"",
           at, kind, s->member, s->channel, s->group);
    if (s->campaign) printf(",\"campaign\":\"c%u\"", s->campaign);
    if (amount) printf(",\"amount\":%lld", (long long)amount);
    printf(",\"props\":{\"length\":%u,\"device\":\"%s\"", below(120), below(3) ? "ios" : "android");
    if (amount) printf(",\"order\":\"W%08x\",\"qty\":%u", below(UINT32_MAX), 1 + below(3));
    puts("}}");
}

static void print_row(const struct session *s, uint32_t at, size_t kind, int64_t amount)
{
    printf("%u,%u,%zu,%lld\n", s->member, at, kind, (long long)amount);
}

int main(int argc, char **argv)
{
    bool csv = argc >= 4 && strcmp(argv[1], "csv") == 0;
    bool rows_only = argc >= 4 && strcmp(argv[1], "rows") == 0;
    bool jsonl = argc >= 4 && strcmp(argv[1], "jsonl") == 0;
    if (argc > 5 || !(csv || rows_only || jsonl)) {
        fprintf(stderr, "usage: gen_csv csv|jsonl|rows ROWS MEMBERS [END] >FILE\n");
        return 2;
    }
    uint64_t rows = strtoull(argv[2], NULL, 10);
    uint32_t members = (uint32_t)strtoul(argv[3], NULL, 10);
    uint32_t end = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : BEGIN + DAYS * DAY;
    uint32_t begin = end / DAY * DAY - DAYS * DAY;
    struct session open[OPEN];
    if (rows == 0 || members == 0) return 2;
    weigh_kinds();
    for (size_t i = 0; i < OPEN; i++)
        open[i] = begin_session(members);
    if (csv) puts("member,at,kind,channel,campaign,group,amount");
    for (uint64_t i = 0; i < rows; i++) {
        struct session *s = &open[below(OPEN)];
        if (below(5) == 0) *s = begin_session(members);
        size_t kind = pick_kind();
        uint32_t at = begin + when(i, rows);
        int64_t amount = amount_of(kinds[kind]);
        if (csv) print_csv(s, at, kinds[kind], amount);
        if (jsonl) print_jsonl(s, at, kinds[kind], amount);
        if (rows_only) print_row(s, at, kind, amount);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
