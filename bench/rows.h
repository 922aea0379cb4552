/* rows.h - the rows of the intake bench, each a function of its number, so that every program that
 * sends them sends the same. */
#pragma once

#include <stdint.h>

#define ROWS_BATCH 100      /* events a request, rows a COPY */
#define ROWS_MEMBERS 100000 /* distinct users */

struct row {
    uint64_t id;     /* unlike any other */
    uint32_t user;   /* 0 .. ROWS_MEMBERS - 1 */
    uint32_t length; /* 0 .. 119 */
    const char *kind;
    const char *channel;
};

static inline struct row row_of(uint64_t id)
{
    static const char *const kinds[] = {"content.viewed", "message.sent", "page.viewed",
                                        "checkin.done"};
    static const char *const channels[] = {"wecom", "store", "video", "mini"};
    uint64_t x = id * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    return (struct row){.id = id,
                        .user = (uint32_t)(x % ROWS_MEMBERS),
                        .length = (uint32_t)(x >> 32) % 120,
                        .kind = kinds[x >> 62],
                        .channel = channels[x >> 60 & 3]};
}
