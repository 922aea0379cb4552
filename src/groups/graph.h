/* graph.h - who speaks to whom in a group: the interaction graph, shells, PageRank, circles, ties.
 *
 * definitions.md 4. A pure function of a struct talk: nothing is stored, nothing outlives the
 * arena. Nodes are the members who are in the group at the end of the time; staff and bots are
 * none. An edge leads from who spoke to whom they spoke to. Any thread. */
#pragma once

#include "groups/talk.h"
#include "people/circle.h"

struct graph_node {
    uint32_t account;
    uint32_t shell;        /* of the graph without directions and weights; 0 = no edge */
    uint32_t messages;     /* said in the time */
    uint32_t message_days; /* days on which something was said */
    uint32_t answered_by;  /* people who replied to them; bots are none */
    uint32_t strong_ties;
    uint32_t weak_ties;
    double influence; /* PageRank, arrows toward the answered; all of a graph add up to 1 */
    uint8_t circle;   /* enum circle */
    bool answers_staff;
};

struct graph_edge {
    uint32_t from, to;   /* places among the nodes */
    uint32_t weight;     /* explicit reply or quote 3, mention 2, reaction or inferred reply 1 */
    uint32_t replies;    /* explicit, quoted or inferred */
    uint32_t reply_days; /* days with a reply between the two, either way */
};

struct graph {
    struct graph_node *nodes; /* in order of account */
    uint32_t node_count;
    struct graph_edge *edges; /* by (from, to) */
    uint32_t edge_count;
    uint32_t strong_ties, weak_ties; /* pairs */
    uint32_t circle_size[CIRCLE_COUNT];
    uint32_t circle_reached[CIRCLE_COUNT]; /* of them, who answered staff */
};

#define GRAPH_DAMPING 0.85

/* Arrays in 'arena'. */
void graph_make(const struct talk *t, struct arena *arena, struct graph *out);
