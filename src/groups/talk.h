/* talk.h - what was said in one group over a time, as plain arrays: what the kernels of groups
 * read.
 *
 * Accounts are numbered densely, in order of persona, those known by a staff code alone behind
 * them (in the log a message with a staff code has no member: it is that staff's); messages are in
 * order of time, ties in that order. Nobody's text is in it. Filled by talk_read() from the log, or
 * by hand in tests. No ownership: the arrays are the filler's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "brand/brand.h"
#include "groups/groups.h"

#define TALK_DAYS 28 /* the window of definitions.md 4 and 5 */
#define TALK_NONE UINT32_MAX

/* How a message is tied to the one it is addressed to. */
enum talk_link {
    TALK_ALONE,    /* it is not */
    TALK_REPLY,    /* explicit; also where the log names an addressee and no link */
    TALK_QUOTE,    /* explicit */
    TALK_MENTION,  /* a name in the text */
    TALK_INFERRED, /* guessed where the channel carries no replies */
    TALK_REACTION, /* no message: a reaction to one */
};
enum talk_type {
    TALK_TEXT,
    TALK_IMAGE,
    TALK_VOICE,
    TALK_VIDEO,
    TALK_STICKER,
    TALK_FILE,
    TALK_WEB_LINK,
    TALK_CARD,
    TALK_OTHER
};

struct talk_message {
    int64_t at;       /* UTC ms */
    uint32_t account; /* who speaks */
    uint32_t to;      /* account spoken to; TALK_NONE */
    uint32_t target;  /* index of the message answered: the latest of 'to' before; TALK_NONE */
    uint32_t length;  /* characters; 0 = unknown */
    uint8_t link;     /* enum talk_link */
    uint8_t type;     /* enum talk_type */
    bool question;
    bool promotion;     /* by staff, with something to sell; definitions.md 4 */
    uint8_t department; /* that asked for it, numbered from 1; 0 = unknown */
};

struct talk_account {
    uint32_t persona;      /* the member's lowest; 0 = known by a staff code alone */
    uint32_t staff;        /* code of DIM_STAFF; 0 = none */
    uint8_t role;          /* enum account_role */
    bool trusted;          /* trust stage >= 5 */
    bool buyer;            /* has an order on record */
    bool in;               /* in the group at the end of the time */
    int64_t joined;        /* latest join; TIME_NONE = not on record */
    int64_t left;          /* latest leave; TIME_NONE */
    uint32_t touchpoint;   /* joined through; 0 = unknown */
    uint32_t inviter;      /* account; TALK_NONE */
    uint32_t clicks;       /* of others on what they shared */
    uint32_t checkin_days; /* days with a check-in in the group */
};

/* Anything a member did or looked at in the group. */
struct talk_act {
    int64_t at;
    uint32_t account;
    bool look; /* else an act; definitions.md 2 */
};

/* A content that was sent into the group, or viewed there. */
struct talk_content {
    int64_t at;
    uint32_t content; /* code of DIM_CONTENT */
    uint32_t account; /* who viewed it; TALK_NONE = it was sent */
};

/* A device that an account was seen with (props.device), as a hash; as often as it was. */
struct talk_device {
    uint32_t account;
    uint64_t hash;
};
#define TALK_DEVICE_LEAST 8 /* characters of one; what is shorter is no id */

struct talk {
    int64_t from, to;        /* the time: [from, to) */
    const struct zone *zone; /* of days and hours */
    struct hours hours;      /* in which staff answer */
    const struct talk_message *messages;
    uint32_t message_count;
    const struct talk_account *accounts;
    uint32_t account_count;
    const struct talk_act *acts; /* in order of time */
    uint32_t act_count;
    const struct talk_content *contents; /* in order of time, what was sent before who viewed it */
    uint32_t content_count;
    const struct talk_device *devices;
    uint32_t device_count;
};

/* Who is not a plain member. Personas are of members (their lowest). */
struct talk_role {
    uint32_t persona;
    enum account_role role;
    struct str person; /* staff code of whose account it is; "" */
};
/* Where staff work, for whom no message says which department asked for it. */
#define TALK_DEPARTMENT_BYTES 256
struct talk_places {
    /* "" or false: unknown. */
    bool (*department)(void *ctx, struct brand *b, struct str staff,
                       char out[TALK_DEPARTMENT_BYTES]);
    void *ctx;
};
struct talk_ask {
    uint32_t group; /* code of DIM_GROUP */
    int64_t from, to;
    const struct talk_role *roles; /* events with a staff code are of staff anyway */
    size_t role_count;
    struct sql *db;                   /* for trust; NULL = nobody is trusted */
    const struct talk_places *places; /* NULL = nobody's is known */
};
/* Read a group by two passes over the log; arrays in 'arena'. ERR_TOO_LARGE over
 * LIMIT_TALK_MESSAGES. */
MUST_CHECK enum err talk_read(struct brand *b, const struct talk_ask *ask, struct arena *arena,
                              struct talk *out, struct why *why);

/* Of a member's kind: neither staff nor bot. */
static inline bool talk_is_member(const struct talk *t, uint32_t account)
{
    uint8_t role = t->accounts[account].role;
    return role == ACCOUNT_MEMBER || role == ACCOUNT_PARTNER;
}
static inline bool talk_is_staff(const struct talk *t, uint32_t account)
{
    return t->accounts[account].role == ACCOUNT_STAFF;
}
/* Members in the group at the end of the time; staff and bots are none. */
static inline uint32_t talk_members(const struct talk *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->account_count; i++)
        n += t->accounts[i].in && talk_is_member(t, i);
    return n;
}
/* An answer, a quote or a guess at one: what counts as a reply. */
static inline bool talk_is_reply(const struct talk_message *m)
{
    return m->to != TALK_NONE && m->to != m->account &&
           (m->link == TALK_REPLY || m->link == TALK_QUOTE || m->link == TALK_INFERRED);
}
