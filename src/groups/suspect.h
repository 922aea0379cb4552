/* suspect.h - accounts that may have been planted 疑似气氛组, and why each is thought so.
 *
 * definitions.md 5. At least five messages, 60 % of them within 30 minutes after a promotion, one
 * hard sign and one soft one; and every sign with the messages it is read from: nobody is accused
 * without showing why. What a person has confirmed or cleared stands. Pure; any thread. */
#pragma once

#include "groups/talk.h"

enum suspect_sign {
    /* hard */
    SIGN_SAME_TEXT,  /* as another account, or their own in another group */
    SIGN_SAME_ORDER, /* the same three accounts one after another, after three promotions */
    SIGN_FALSE_BUY,  /* says to have bought, and nothing is on record */
    SIGN_DEVICE,     /* shared with another account of the group, but with four at most */
    SIGN_ARRIVAL,    /* joined with two others who hold a hard sign */
    SIGN_HARD_COUNT,
    /* soft */
    SIGN_STAFF_ONLY = SIGN_HARD_COUNT, /* answers nobody but staff */
    SIGN_NEVER_ASKED,
    SIGN_ONLY_PROMOTIONS, /* never spoke outside them */
    SIGN_COUNT
};
const char *suspect_sign_name(enum suspect_sign s); /* "same_text" ... */

enum suspect_verdict { VERDICT_NONE, VERDICT_CONFIRMED, VERDICT_CLEARED };

/* What an account of the group said in another one. */
struct suspect_elsewhere {
    uint32_t account;
    uint32_t group;
    int64_t at;
    struct str text;
};

struct suspect_ask {
    const struct talk *talk;
    /* The text of a message; {NULL, 0} = not kept. NULL: none is. */
    struct str (*text)(void *ctx, uint32_t message);
    void *ctx;
    const bool *buyer;      /* by account: has an order on record; NULL = unknown */
    const uint8_t *verdict; /* by account: enum suspect_verdict; NULL = none */
    const struct suspect_elsewhere *elsewhere;
    uint32_t elsewhere_count;
    const struct talk_device *devices; /* in any order, as often as seen */
    uint32_t device_count;
};

/* One thing that speaks against an account. */
struct suspect_proof {
    uint8_t sign;     /* enum suspect_sign */
    uint32_t message; /* of the account; TALK_NONE = it is about no message */
    uint32_t other;   /* another account that it is about; TALK_NONE */
    uint32_t beside;  /* and its message, or behind all messages one from elsewhere; TALK_NONE */
};
#define SUSPECT_PROOFS 20 /* kept of an account */

struct suspect {
    uint32_t account;
    uint32_t messages, near; /* said; of them within 30 minutes after a promotion */
    uint32_t signs;          /* bit per sign */
    bool flagged;            /* by the rule, or confirmed; and not cleared */
    uint8_t verdict;
    struct suspect_proof proofs[SUSPECT_PROOFS];
    uint32_t proof_count;
};
struct suspects {
    struct suspect *items; /* whom the rule names, and on whom a person has said something */
    uint32_t count;
    bool *flagged; /* [accounts] */
};

/* Who speaks enough, and mostly near promotions, to be looked at at all: [accounts], in 'arena'. */
bool *suspect_candidates(const struct talk *t, struct arena *arena);
void suspects_find(const struct suspect_ask *ask, struct arena *arena, struct suspects *out);

/* ---- suspect_text.c ---- */

/* Two messages of which one holds at least 80 % of the other's pairs of characters. */
struct same_text {
    uint32_t a, b; /* messages, a < b; from the number of messages on those from elsewhere */
};
/* Among messages of members, those near in text of which at least one is by a candidate: of two
 * accounts, or one's own here and elsewhere. Lists, quotes, mentions and phrases of five accounts
 * or more are left out; what is then shorter than twelve characters says nothing. Of very many
 * texts the newest 20,000 are looked at. */
void same_texts(const struct suspect_ask *ask, const bool *candidate, struct arena *arena,
                struct same_text **out, uint32_t *count);
