/* health.c - how long it takes to look at one busy group: 500 members, 100,000 messages in 28 days.
 *
 *     health [MESSAGES [RUNS]]
 *
 * The talk is drawn from a seed: three of four messages answer somebody, one in twelve asks, staff
 * write one in ten and sell with every third of theirs. Timed is what is done anew when something
 * was said: suspects (with words), features and scores, the graph. A line of JSON each:
 * milliseconds of processor time, which a busy machine does not stretch, the median and the fastest
 * of RUNS. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/env.h"
#include "base/mem.h"
#include "groups/graph.h"
#include "groups/health.h"
#include "groups/suspect.h"

enum { MEMBERS = 500, STAFF = 5, ACCOUNTS = MEMBERS + STAFF, RUNS_MAX = 1000 };
#define FROM INT64_C(1735660800000)

struct world {
    struct talk talk;
    struct talk_account accounts[ACCOUNTS];
    struct talk_message *messages;
    struct str *texts;
    struct arena *arena;
};

static struct str text_of(void *ctx, uint32_t message)
{
    const struct world *w = ctx;
    return w->texts[message];
}

static void fill(struct world *w, uint32_t count)
{
    uint32_t last[ACCOUNTS];
    struct rng r;
    rng_init(&r, 7);
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        last[i] = TALK_NONE;
        w->accounts[i] = (struct talk_account){.persona = i + 1,
                                               .in = true,
                                               .role = i < STAFF ? ACCOUNT_STAFF : ACCOUNT_MEMBER,
                                               .joined = TIME_NONE,
                                               .left = TIME_NONE,
                                               .inviter = TALK_NONE};
    }
    for (uint32_t i = 0; i < count; i++) {
        bool staff = rng_below(&r, 10) == 0;
        uint32_t who = staff ? (uint32_t)rng_below(&r, STAFF)
                             : STAFF + (uint32_t)(rng_unit(&r) * rng_unit(&r) * MEMBERS);
        struct talk_message m = {.at = FROM + (int64_t)i * TALK_DAYS * TIME_DAY / count,
                                 .account = who,
                                 .to = TALK_NONE,
                                 .target = TALK_NONE,
                                 .question = !staff && rng_below(&r, 12) == 0,
                                 .promotion = staff && rng_below(&r, 3) == 0};
        if (i && rng_below(&r, 4)) {
            m.to = w->messages[i - 1 - rng_below(&r, i < 20 ? i : 20)].account;
            m.link = TALK_REPLY;
            m.target = last[m.to];
        }
        w->messages[i] = m;
        w->texts[i] = str_of(arena_printf(
            w->arena, "今天第%u次来看%u号的价格和颜色%u", (unsigned)rng_below(&r, 9000),
            (unsigned)rng_below(&r, 9000), (unsigned)rng_below(&r, 9000)));
        last[who] = i;
    }
    w->talk = (struct talk){.from = FROM,
                            .to = FROM + TALK_DAYS * TIME_DAY,
                            .zone = zone_open("Asia/Shanghai"),
                            .hours = {9 * 60, 22 * 60},
                            .messages = w->messages,
                            .message_count = count,
                            .accounts = w->accounts,
                            .account_count = ACCOUNTS};
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double look(struct world *w, bool words)
{
    struct arena *a = arena_create(0);
    struct suspects suspects;
    struct health health;
    struct graph graph;
    double from = now_ms();
    struct suspect_ask ask = {.talk = &w->talk, .text = words ? text_of : NULL, .ctx = w};
    suspects_find(&ask, a, &suspects);
    struct health_ask health_ask = {.talk = &w->talk, .suspect = suspects.flagged};
    health_make(&health_ask, a, &health);
    graph_make(&w->talk, a, &graph);
    double took = now_ms() - from;
    arena_destroy(a);
    return took;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void report(struct world *w, const char *name, bool words, int runs)
{
    double took[RUNS_MAX];
    for (int i = 0; i < runs; i++)
        took[i] = look(w, words);
    qsort(took, (size_t)runs, sizeof(*took), by_size);
    printf(
        "{\"what\":\"%s\",\"members\":%d,\"messages\":%u,\"median_ms\":%.2f,\"fastest_ms\":%.2f}\n",
        name, MEMBERS, w->talk.message_count, took[runs / 2], took[0]);
}

int main(int argc, char **argv)
{
    static struct world w;
    uint64_t count = 100000, runs = 21;
    if (argc > 1 && !str_to_u64(str_of(argv[1]), &count)) return 2;
    if (argc > 2 && !str_to_u64(str_of(argv[2]), &runs)) return 2;
    if (count == 0 || count > 10000000 || runs == 0 || runs > RUNS_MAX) return 2;
    w.messages = mem_alloc_array(count, sizeof(*w.messages));
    w.texts = mem_alloc_array(count, sizeof(*w.texts));
    w.arena = arena_create(0);
    fill(&w, (uint32_t)count);
    report(&w, "health", false, (int)runs);
    report(&w, "health with words", true, (int)runs);
    mem_free(w.messages);
    mem_free(w.texts);
    arena_destroy(w.arena);
    return 0;
}
