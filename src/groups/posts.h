/* posts.h - messages put together: posts, and threads of posts.
 *
 * definitions.md 5. A post is one account's consecutive messages at most 2 minutes apart; a thread
 * starts after 30 minutes without a post. Bots and reactions are left out. Pure; any thread. */
#pragma once

#include "groups/talk.h"

#define POST_GAP (2 * TIME_MINUTE)
#define THREAD_GAP (30 * TIME_MINUTE)

struct post {
    uint32_t first, last; /* messages; others' reactions and bots may lie between */
    uint32_t account;
    uint32_t thread;
    bool promotion; /* one of its messages is one */
};
struct thread {
    uint32_t first, count; /* posts */
    uint32_t account;      /* who started it */
    uint32_t people;       /* who spoke, of any role but bots */
    uint32_t members;      /* of them, members who are no suspects */
};
struct posts {
    struct post *posts;
    uint32_t post_count;
    struct thread *threads;
    uint32_t thread_count;
    uint32_t *post_of; /* [messages] TALK_NONE where it is in none */
};

/* 'suspect' is by account, NULL = nobody is. Arrays in 'arena'. */
void posts_make(const struct talk *t, const bool *suspect, struct arena *arena, struct posts *out);
