/* automaton.c - a trie of the words, whose edges lie sorted in one array, and for each node the
 * node of its longest proper suffix that is in the trie.
 *
 * Nodes are numbered breadth first, so that a suffix has a lower number than its node and all are
 * settled in one pass. Edges of a node: edges[first[n] .. first[n + 1]), by byte. The root has a
 * table of all bytes. Words that are alike are a list. */
#include "moderation/automaton.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"

#define NONE UINT32_MAX

struct edge {
    uint32_t to;
    uint8_t byte;
};

struct node {
    uint32_t edges;  /* the first of them */
    uint32_t suffix; /* node */
    uint32_t word;   /* that ends here; NONE */
    uint32_t output; /* the longest suffix, itself among them, where a word ends; NONE */
};

struct automaton {
    struct node *nodes; /* and one behind the last */
    struct edge *edges;
    uint32_t *same;     /* by word: the next one that is spelt alike; NONE */
    uint32_t root[256]; /* where the root leads; 0 = to itself */
    uint32_t node_count;
};

struct automaton_word {
    struct str text;
    uint32_t number;
};

static int by_text(const void *a, const void *b)
{
    const struct automaton_word *x = a, *y = b;
    int order = str_cmp(x->text, y->text);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* The words that share what leads to a node: sorted[from .. to), 'depth' bytes. */
struct reach {
    uint32_t from, to, depth;
};

static uint32_t step(const struct automaton *a, uint32_t node, uint8_t byte)
{
    if (node == 0) return a->root[byte];
    uint32_t low = a->nodes[node].edges, high = a->nodes[node + 1].edges;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (a->edges[middle].byte == byte) return a->edges[middle].to;
        if (a->edges[middle].byte < byte) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NONE;
}

static uint32_t advance(const struct automaton *a, uint32_t node, uint8_t byte)
{
    uint32_t to;
    while ((to = step(a, node, byte)) == NONE)
        node = a->nodes[node].suffix;
    return to;
}

/* Where words end at the node of a reach: the first of it, with those alike behind it. */
static uint32_t ending(struct automaton *a, const struct automaton_word *sorted,
                       const struct reach *r, uint32_t *past)
{
    uint32_t i = r->from;
    uint32_t word = NONE;
    while (i < r->to && sorted[i].text.len == r->depth)
        i++;
    *past = i;
    while (i-- > r->from) {
        a->same[sorted[i].number] = word;
        word = sorted[i].number;
    }
    return word;
}

/* Nodes and edges, breadth first. */
static void grow(struct automaton *a, const struct automaton_word *sorted, uint32_t count)
{
    VEC(struct reach) queue = {0};
    VEC(struct node) nodes = {0};
    VEC(struct edge) edges = {0};
    VEC_PUSH(&queue, ((struct reach){0, count, 0}));
    for (size_t n = 0; n < queue.count; n++) {
        struct reach r = queue.items[n];
        uint32_t i;
        uint32_t word = ending(a, sorted, &r, &i);
        VEC_PUSH(&nodes, ((struct node){(uint32_t)edges.count, 0, word, NONE}));
        while (i < r.to) {
            uint32_t from = i;
            uint8_t byte = (uint8_t)sorted[i].text.p[r.depth];
            while (i < r.to && (uint8_t)sorted[i].text.p[r.depth] == byte)
                i++;
            VEC_PUSH(&edges, ((struct edge){(uint32_t)queue.count, byte}));
            VEC_PUSH(&queue, ((struct reach){from, i, r.depth + 1}));
        }
    }
    a->node_count = (uint32_t)nodes.count;
    VEC_PUSH(&nodes, ((struct node){(uint32_t)edges.count, 0, NONE, NONE}));
    a->nodes = nodes.items;
    a->edges = edges.items;
    VEC_FINISH(&queue);
}

static void settle(struct automaton *a)
{
    struct node *nodes = a->nodes;
    for (uint32_t i = nodes[0].edges; i < nodes[1].edges; i++)
        a->root[a->edges[i].byte] = a->edges[i].to;
    for (uint32_t n = 0; n < a->node_count; n++) {
        nodes[n].output = nodes[n].word != NONE ? n : n ? nodes[nodes[n].suffix].output : NONE;
        for (uint32_t i = nodes[n].edges; i < nodes[n + 1].edges; i++) {
            uint32_t to = a->edges[i].to;
            nodes[to].suffix = n ? advance(a, nodes[n].suffix, a->edges[i].byte) : 0;
        }
    }
}

struct automaton *automaton_create(const struct str *words, size_t count)
{
    struct automaton *a = mem_alloc(sizeof(*a));
    struct automaton_word *sorted = mem_alloc_array(count + 1, sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct automaton_word){words[i], (uint32_t)i};
    qsort(sorted, count, sizeof(*sorted), by_text);
    a->same = mem_alloc_array(count + 1, sizeof(*a->same));
    grow(a, sorted, (uint32_t)count);
    settle(a);
    mem_free(sorted);
    return a;
}

void automaton_destroy(struct automaton *a)
{
    if (!a) return;
    mem_free(a->nodes);
    mem_free(a->edges);
    mem_free(a->same);
    mem_free(a);
}

void automaton_scan(const struct automaton *a, struct str text,
                    bool (*fn)(void *ctx, uint32_t word, size_t to), void *ctx)
{
    uint32_t node = 0;
    for (size_t i = 0; i < text.len; i++) {
        node = advance(a, node, (uint8_t)text.p[i]);
        uint32_t out = a->nodes[node].output;
        while (out != NONE) {
            for (uint32_t word = a->nodes[out].word; word != NONE; word = a->same[word]) {
                if (!fn(ctx, word, i + 1)) return;
            }
            out = out ? a->nodes[a->nodes[out].suffix].output : NONE;
        }
    }
}
