/* graph.c - edges by sorting, shells by peeling, PageRank by turns.
 *
 * Ties and weights are summed over one sorted list of all that was addressed; messages come in
 * order of time, so that what two say to each other stays in that order. Shells: nodes are
 * taken away in order of what degree is left to them (Batagelj and Zaversnik), each edge looked at
 * twice. */
#include "groups/graph.h"

#include <math.h>
#include <stdlib.h>

#include "groups/bucket.h"

enum { TURNS_MAX = 200, CORE_PERCENT = 15, CORE_SHELL = 2, CORE_DAYS = 8 };
enum { INFLUENCE_DAYS = 3, INFLUENCE_CHECKINS = 7, STRONG_REPLIES = 3, STRONG_DAYS = 2 };

/* ---- nodes and edges ---- */

/* One thing said to somebody. */
struct touch {
    uint32_t from, to; /* nodes */
    int32_t day;
    uint8_t weight;
    bool reply;
};

struct making {
    const struct talk *talk;
    struct arena *arena;
    struct graph *graph;
    uint32_t *node;       /* [accounts] TALK_NONE = none */
    int32_t *day;         /* [messages] */
    uint32_t *first_edge; /* [nodes + 1] edges that lead away from node i: first_edge[i] .. */
    uint32_t *start;      /* [nodes + 1] neighbours of node i: start[i] .. start[i + 1] */
    uint32_t *neighbour;
};

static void make_nodes(struct making *m)
{
    const struct talk *t = m->talk;
    struct graph *g = m->graph;
    g->nodes = arena_alloc_array(m->arena, t->account_count + 1, sizeof(*g->nodes));
    m->node = arena_alloc_array(m->arena, t->account_count + 1, sizeof(*m->node));
    for (uint32_t i = 0; i < t->account_count; i++) {
        bool is_node = t->accounts[i].in && talk_is_member(t, i);
        m->node[i] = is_node ? g->node_count : TALK_NONE;
        if (is_node) g->nodes[g->node_count++].account = i;
    }
}

/* Messages come in order of time: one look at the zone a day. */
static void find_days(struct making *m)
{
    const struct talk *t = m->talk;
    int64_t from = 0, to = 0;
    int32_t day = 0;
    m->day = arena_alloc_array(m->arena, t->message_count + 1, sizeof(*m->day));
    for (uint32_t i = 0; i < t->message_count; i++) {
        int64_t at = t->messages[i].at;
        if (at < from || at >= to) {
            day = zone_day(t->zone, at);
            from = zone_day_start(t->zone, day);
            to = zone_day_start(t->zone, day + 1);
        }
        m->day[i] = day;
    }
}

static void count_messages(struct making *m)
{
    const struct talk *t = m->talk;
    int32_t *last = arena_alloc_array(m->arena, m->graph->node_count + 1, sizeof(*last));
    for (uint32_t i = 0; i < m->graph->node_count; i++)
        last[i] = INT32_MIN;
    for (uint32_t i = 0; i < t->message_count; i++) {
        uint32_t n = m->node[t->messages[i].account];
        if (n == TALK_NONE || t->messages[i].link == TALK_REACTION) continue;
        m->graph->nodes[n].messages++;
        m->graph->nodes[n].message_days += last[n] != m->day[i];
        last[n] = m->day[i];
    }
}

static uint8_t weight_of(const struct talk_message *m)
{
    static const uint8_t weights[] = {[TALK_REPLY] = 3,
                                      [TALK_QUOTE] = 3,
                                      [TALK_MENTION] = 2,
                                      [TALK_INFERRED] = 1,
                                      [TALK_REACTION] = 1};
    return weights[m->link];
}

/* Those of one pair behind each other: with its direction, or without. */
static struct touch *by_pair(const struct making *m, const struct touch *touches, uint32_t count,
                             bool directed)
{
    uint32_t *first = arena_alloc_raw(m->arena, ((size_t)count + 1) * sizeof(*first));
    uint32_t *second = arena_alloc_raw(m->arena, ((size_t)count + 1) * sizeof(*second));
    struct touch *sorted = arena_alloc_raw(m->arena, ((size_t)count + 1) * sizeof(*sorted));
    for (uint32_t i = 0; i < count; i++) {
        bool turned = !directed && touches[i].from > touches[i].to;
        first[i] = turned ? touches[i].to : touches[i].from;
        second[i] = turned ? touches[i].from : touches[i].to;
    }
    const uint32_t *const keys[] = {first, second};
    const uint32_t *order = bucket_order(keys, 2, count, m->talk->account_count + 1, m->arena);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = touches[order[i]];
    return sorted;
}

static uint32_t gather(const struct making *m, struct touch *out)
{
    const struct talk *t = m->talk;
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->message_count; i++) {
        const struct talk_message *x = &t->messages[i];
        if (x->to == TALK_NONE || x->to == x->account || x->link == TALK_ALONE) continue;
        uint32_t from = m->node[x->account], to = m->node[x->to];
        if (from != TALK_NONE && talk_is_staff(t, x->to) && talk_is_reply(x))
            m->graph->nodes[from].answers_staff = true;
        if (from == TALK_NONE || to == TALK_NONE) continue;
        out[count++] = (struct touch){from, to, m->day[i], weight_of(x), talk_is_reply(x)};
    }
    return count;
}

static void make_edges(struct making *m)
{
    struct graph *g = m->graph;
    struct touch *touches =
        arena_alloc_raw(m->arena, (m->talk->message_count + 1) * sizeof(*touches));
    uint32_t count = gather(m, touches);
    touches = by_pair(m, touches, count, true);
    g->edges = arena_alloc_array(m->arena, count + 1, sizeof(*g->edges));
    for (uint32_t i = 0; i < count; i++) {
        const struct touch *x = &touches[i];
        if (i == 0 || x->from != x[-1].from || x->to != x[-1].to)
            g->edges[g->edge_count++] = (struct graph_edge){.from = x->from, .to = x->to};
        struct graph_edge *e = &g->edges[g->edge_count - 1];
        e->weight += x->weight;
        e->replies += x->reply;
    }
    m->first_edge = arena_alloc_array(m->arena, g->node_count + 2, sizeof(*m->first_edge));
    for (uint32_t i = 0; i < g->edge_count; i++)
        m->first_edge[g->edges[i].from + 1]++;
    for (uint32_t i = 0; i < g->node_count; i++)
        m->first_edge[i + 1] += m->first_edge[i];
}

/* ---- ties ---- */

static bool same_people(const struct touch *x, const struct touch *y)
{
    return (x->from == y->from && x->to == y->to) || (x->from == y->to && x->to == y->from);
}

static struct graph_edge *edge_of(const struct making *m, uint32_t from, uint32_t to)
{
    struct graph *g = m->graph;
    uint32_t low = m->first_edge[from], end = m->first_edge[from + 1], high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g->edges[middle].to < to) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < end && g->edges[low].to == to ? &g->edges[low] : NULL;
}

/* The replies between two people. */
static void add_tie(const struct making *m, const struct touch *touches, uint32_t count)
{
    struct graph *g = m->graph;
    uint32_t there = 0, days = 0;
    for (uint32_t i = 0; i < count; i++) {
        there += touches[i].from == touches[0].from;
        days += i == 0 || touches[i].day != touches[i - 1].day;
    }
    uint32_t back = count - there;
    bool strong = there >= STRONG_REPLIES && back >= STRONG_REPLIES && days >= STRONG_DAYS;
    uint32_t ends[] = {touches[0].from, touches[0].to};
    for (int i = 0; i < 2; i++) {
        struct graph_edge *e = edge_of(m, ends[i], ends[!i]);
        if (e) e->reply_days = days;
        g->nodes[ends[i]].strong_ties += strong;
        g->nodes[ends[i]].weak_ties += !strong;
    }
    g->strong_ties += strong;
    g->weak_ties += !strong;
}

static void make_ties(struct making *m)
{
    struct touch *touches =
        arena_alloc_raw(m->arena, (m->talk->message_count + 1) * sizeof(*touches));
    uint32_t count = gather(m, touches), kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (touches[i].reply) touches[kept++] = touches[i];
    }
    touches = by_pair(m, touches, kept, false);
    for (uint32_t i = 0, end; i < kept; i = end) {
        for (end = i + 1; end < kept && same_people(&touches[i], &touches[end]);)
            end++;
        add_tie(m, &touches[i], end - i);
    }
}

/* People who replied: staff among them. */
static void count_answerers(struct making *m)
{
    const struct talk *t = m->talk;
    struct touch *touches = arena_alloc_raw(m->arena, (t->message_count + 1) * sizeof(*touches));
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->message_count; i++) {
        const struct talk_message *x = &t->messages[i];
        if (!talk_is_reply(x) || t->accounts[x->account].role == ACCOUNT_BOT) continue;
        if (m->node[x->to] == TALK_NONE) continue;
        touches[count++] = (struct touch){.from = m->node[x->to], .to = x->account};
    }
    touches = by_pair(m, touches, count, true);
    for (uint32_t i = 0; i < count; i++) {
        bool again =
            i && touches[i].from == touches[i - 1].from && touches[i].to == touches[i - 1].to;
        m->graph->nodes[touches[i].from].answered_by += !again;
    }
}

/* ---- shells ---- */

/* Neighbours without directions, each once: those of the edges that lead away, and of those that
 * come in and have no fellow. */
static void find_neighbours(struct making *m)
{
    struct graph *g = m->graph;
    m->start = arena_alloc_array(m->arena, g->node_count + 2, sizeof(*m->start));
    m->neighbour = arena_alloc_array(m->arena, 2 * (size_t)g->edge_count + 1, sizeof(uint32_t));
    uint32_t *fill = arena_alloc_array(m->arena, g->node_count + 1, sizeof(*fill));
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < g->edge_count; i++) {
            const struct graph_edge *e = &g->edges[i];
            if (e->from > e->to && edge_of(m, e->to, e->from)) continue;
            if (round == 0) {
                m->start[e->from + 1]++;
                m->start[e->to + 1]++;
            } else {
                m->neighbour[fill[e->from]++] = e->to;
                m->neighbour[fill[e->to]++] = e->from;
            }
        }
        for (uint32_t i = 0; round == 0 && i < g->node_count; i++) {
            m->start[i + 1] += m->start[i];
            fill[i] = m->start[i];
        }
    }
}

/* Whoever has fewer than k neighbours left is in shell k - 1, k by k. */
static void peel(struct making *m)
{
    struct graph *g = m->graph;
    uint32_t n = g->node_count, left = n;
    uint32_t *degree = arena_alloc_array(m->arena, n + 1, sizeof(*degree));
    uint32_t *stack = arena_alloc_array(m->arena, n + 1, sizeof(*stack));
    bool *gone = arena_alloc_array(m->arena, n + 1, sizeof(*gone)); /* or on the stack */
    for (uint32_t i = 0; i < n; i++)
        degree[i] = m->start[i + 1] - m->start[i];
    for (uint32_t k = 1; left; k++) {
        uint32_t height = 0;
        for (uint32_t i = 0; i < n; i++) {
            if (gone[i] || degree[i] >= k) continue;
            gone[i] = true;
            stack[height++] = i;
        }
        while (height) {
            uint32_t node = stack[--height];
            g->nodes[node].shell = k - 1;
            left--;
            for (uint32_t i = m->start[node]; i < m->start[node + 1]; i++) {
                uint32_t other = m->neighbour[i];
                if (gone[other] || --degree[other] >= k) continue;
                gone[other] = true;
                stack[height++] = other;
            }
        }
    }
}

/* ---- PageRank ---- */

static void turn(const struct graph *g, const uint32_t *out_weight, const double *was, double *now)
{
    double n = g->node_count, idle = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        idle += out_weight[i] ? 0 : was[i];
    for (uint32_t i = 0; i < g->node_count; i++)
        now[i] = (1 - GRAPH_DAMPING) / n + GRAPH_DAMPING * idle / n;
    for (uint32_t i = 0; i < g->edge_count; i++) {
        const struct graph_edge *e = &g->edges[i];
        now[e->to] += GRAPH_DAMPING * was[e->from] * e->weight / out_weight[e->from];
    }
}

static void rank(struct making *m)
{
    struct graph *g = m->graph;
    uint32_t n = g->node_count;
    uint32_t *out_weight = arena_alloc_array(m->arena, n + 1, sizeof(*out_weight));
    double *was = arena_alloc_array(m->arena, n + 1, sizeof(*was));
    double *now = arena_alloc_array(m->arena, n + 1, sizeof(*now));
    for (uint32_t i = 0; i < g->edge_count; i++)
        out_weight[g->edges[i].from] += g->edges[i].weight;
    for (uint32_t i = 0; i < n; i++)
        now[i] = 1.0 / n;
    for (int k = 0; k < TURNS_MAX; k++) {
        double moved = 0, *other = was;
        was = now;
        now = other;
        turn(g, out_weight, was, now);
        for (uint32_t i = 0; i < n; i++)
            moved += fabs(now[i] - was[i]);
        if (moved < 1e-12) break;
    }
    for (uint32_t i = 0; i < n; i++)
        g->nodes[i].influence = now[i];
}

/* ---- circles ---- */

static int innermost_first(const void *a, const void *b)
{
    const struct graph_node *x = *(const struct graph_node *const *)a;
    const struct graph_node *y = *(const struct graph_node *const *)b;
    if (x->shell != y->shell) return x->shell > y->shell ? -1 : 1;
    if (x->influence != y->influence) return x->influence > y->influence ? -1 : 1;
    return x->account < y->account ? -1 : x->account > y->account;
}

static void choose_core(struct making *m)
{
    struct graph *g = m->graph;
    uint32_t count = 0, most = g->node_count * CORE_PERCENT / 100;
    struct graph_node **able =
        arena_alloc_array(m->arena, g->node_count + 1, sizeof(struct graph_node *));
    if (most == 0) most = 1;
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct graph_node *n = &g->nodes[i];
        bool known = m->talk->accounts[n->account].trusted || n->message_days >= CORE_DAYS;
        if (n->shell >= CORE_SHELL && known) able[count++] = n;
    }
    if (count) qsort(able, count, sizeof(struct graph_node *), innermost_first);
    for (uint32_t i = 0; i < count && i < most; i++)
        able[i]->circle = CIRCLE_CORE;
}

static void choose_circles(struct making *m)
{
    struct graph *g = m->graph;
    for (uint32_t i = 0; i < g->node_count; i++)
        g->nodes[i].circle = CIRCLE_PERIPHERY;
    choose_core(m);
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct graph_node *n = &g->nodes[i];
        const struct talk_account *a = &m->talk->accounts[n->account];
        bool heard = n->message_days >= INFLUENCE_DAYS && n->answered_by >= 1;
        bool influences = heard || a->clicks || a->checkin_days >= INFLUENCE_CHECKINS;
        if (n->circle != CIRCLE_CORE && influences) n->circle = CIRCLE_INFLUENCE;
        g->circle_size[n->circle]++;
        g->circle_reached[n->circle] += n->answers_staff;
    }
}

void graph_make(const struct talk *t, struct arena *arena, struct graph *out)
{
    struct making m = {.talk = t, .arena = arena, .graph = out};
    *out = (struct graph){0};
    make_nodes(&m);
    find_days(&m);
    count_messages(&m);
    make_edges(&m);
    make_ties(&m);
    count_answerers(&m);
    find_neighbours(&m);
    peel(&m);
    if (out->node_count) rank(&m);
    choose_circles(&m);
}
