/* haves.h - the four haves of a group, its opening habit and its activity rate.
 *
 * definitions.md 5. A pure function of a struct talk and of its health. What is unknown is said to
 * be, and is never 0. Any thread. */
#pragma once

#include "groups/health.h"

enum have {
    HAVE_FUN,      /* 互动有趣 */
    HAVE_USEFUL,   /* 内容有用 */
    HAVE_BENEFITS, /* 福利有料; vouchers.h */
    HAVE_TALK,     /* 群友有聊 */
    HAVE_COUNT
};
const char *have_name(enum have h); /* "fun" "useful" "benefits" "talk" */

/* A share, with what it is made of. */
struct share {
    double hits, of;
    bool known;
};

struct haves {
    struct share items[HAVE_COUNT];
    double values[HAVE_COUNT]; /* 0-100 where known */
    double total;              /* mean of those known; with three of them at least */
    bool total_known;
    struct share habit;    /* members with a look or act in each of the last four weeks */
    struct share activity; /* members with an act in 28 days */
};

/* Of one group; 'suspect' is by account, NULL = nobody is; 'benefits' as vouchers_read() has it. */
struct haves_ask {
    const struct talk *talk;
    const struct health *health;
    const bool *suspect;
    struct share benefits;
};
void haves_make(const struct haves_ask *ask, struct arena *arena, struct haves *out);
