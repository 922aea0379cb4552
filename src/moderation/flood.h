/* flood.h - how fast an account speaks in a group: when its latest messages were. One thread. */
#pragma once

#include <stdint.h>

#define FLOOD_MESSAGES 30   /* remembered of each account */
#define FLOOD_ACCOUNTS 8192 /* remembered in all; whoever was silent longest goes */

struct flood_account;
struct floods {
    struct flood_account *accounts; /* NULL until the first message */
};
void floods_finish(struct floods *f);
void floods_reset(struct floods *f);
/* Note a message. The account's row is lent until the next call. */
const struct flood_account *floods_add(struct floods *f, uint32_t group, uint32_t persona,
                                       int64_t at);
/* Were there 'count' messages within 'span_ms' up to the latest? 2 <= count <= FLOOD_MESSAGES. */
int floods_over(const struct flood_account *a, uint32_t count, int64_t span_ms);
