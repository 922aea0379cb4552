/* talk_made.h - groups written down by hand, a line a message. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "groups/talk.h"

#define MADE_FROM INT64_C(1735660800000) /* 2025-01-01 00:00 in Shanghai, a Wednesday */

struct made {
    struct arena *arena;
    struct talk talk;
    VEC(struct talk_account) accounts;
    VEC(struct talk_message) messages;
    VEC(struct str) texts; /* beside the messages */
};

static inline void made_begin(struct made *m)
{
    memset(m, 0, sizeof(*m));
    m->arena = arena_create(0);
}

static inline void made_end(struct made *m)
{
    VEC_FINISH(&m->accounts);
    VEC_FINISH(&m->messages);
    VEC_FINISH(&m->texts);
    arena_destroy(m->arena);
}

/* So many accounts of a role, in the group from before the time. */
static inline void made_accounts(struct made *m, enum account_role role, int count)
{
    for (int i = 0; i < count; i++) {
        struct talk_account a = {.persona = (uint32_t)m->accounts.count + 1,
                                 .role = (uint8_t)role,
                                 .in = true,
                                 .joined = MADE_FROM - TIME_DAY,
                                 .left = TIME_NONE,
                                 .inviter = TALK_NONE};
        VEC_PUSH(&m->accounts, a);
    }
}

/* 'clock' is "day hh:mm", days from 0. */
static inline int64_t made_at(const char *clock)
{
    int day = 0, hour = 0, minute = 0;
    assert_int_equal(sscanf(clock, "%d %d:%d", &day, &hour, &minute), 3);
    return MADE_FROM + day * TIME_DAY + hour * TIME_HOUR + minute * TIME_MINUTE;
}

/* Somebody says something; lines come in order of time. What it answers is the latest of 'to'. */
static inline struct talk_message *made_say(struct made *m, const char *clock, uint32_t account,
                                            uint32_t to, enum talk_link link)
{
    struct talk_message said = {.at = made_at(clock),
                                .account = account,
                                .to = to,
                                .target = TALK_NONE,
                                .link = (uint8_t)link};
    for (size_t i = 0; to != TALK_NONE && i < m->messages.count; i++) {
        const struct talk_message *x = &m->messages.items[i];
        if (x->account == to && x->link != TALK_REACTION) said.target = (uint32_t)i;
    }
    if (m->messages.count) assert_true(said.at >= m->messages.items[m->messages.count - 1].at);
    VEC_PUSH(&m->messages, said);
    VEC_PUSH(&m->texts, ((struct str){NULL, 0}));
    return &m->messages.items[m->messages.count - 1];
}

static inline const struct talk *made_talk(struct made *m)
{
    m->talk = (struct talk){.from = MADE_FROM,
                            .to = MADE_FROM + TALK_DAYS * TIME_DAY,
                            .zone = zone_open("Asia/Shanghai"),
                            .hours = {9 * 60, 22 * 60},
                            .messages = m->messages.items,
                            .message_count = (uint32_t)m->messages.count,
                            .accounts = m->accounts.items,
                            .account_count = (uint32_t)m->accounts.count};
    return &m->talk;
}
