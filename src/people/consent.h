/* consent.h - may this member be reached, by this channel, for this purpose? A ledger says.
 *
 * The ledger is a list of entries that only grows: somebody said yes or no to a purpose, by a
 * channel or by all ("*"), to which version of its text, when, how, and who wrote it down. What
 * counts is the latest entry by (at, number); an entry's moment is never later than the moment it
 * was written down, so that a withdrawal cannot be outrun. Without an entry the purpose's basis
 * says: "consent" (marketing) is denied, "contract" (the member's own orders and service) allowed.
 *
 * A purpose may have lists (news, offers), which a member is on until they leave; being on one
 * allows nothing that the purpose does not.
 *
 * Who is under CONSENT_AGE by the trait "birthday" is denied everything but what stands by an entry
 * of a guardian: their own yes counts for nothing, their no counts.
 *
 * Every sending asks consent_allows() at the moment it sends. Expressions ask the same by
 * consented("channel", "purpose"), as of now. Entries belong to personas, as traits do. */
#pragma once

#include "people/people.h"

#define CONSENT_AGE 14
#define CONSENT_CHANNELS "wecom|wechat|sms|email|call|push|telegram"
#define CONSENT_BASES "consent|contract"

/* One of CONSENT_CHANNELS? "*" is none. */
bool consent_channel_known(struct str channel);
/* [a-z][a-z0-9_]{0,31} */
bool consent_key_valid(struct str key);

/* ---- the answer ---- */

enum consent_reason {
    CONSENT_GRANTED,   /* by an entry */
    CONSENT_WITHDRAWN, /* by an entry */
    CONSENT_SILENT,    /* nothing is recorded, and the purpose asks for consent */
    CONSENT_CONTRACT,  /* nothing is recorded, and the purpose needs none */
    CONSENT_CHILD,     /* under age, without a guardian's consent */
    CONSENT_LEFT,      /* they have left the list */
    CONSENT_UNKNOWN    /* no such purpose or channel */
};
const char *consent_reason_name(enum consent_reason reason); /* "granted" ... */

struct consent_answer {
    bool allowed;
    enum consent_reason reason;
    int64_t entry; /* that decided; 0 = none */
    int64_t since; /* its moment; TIME_NONE */
};
struct consent_ask {
    uint32_t member; /* any of their personas */
    struct str channel, purpose;
    struct str list; /* {NULL, 0} = of no list */
    int64_t at;
};
/* The one answer; 'db' is any connection to the brand's database, the writer's inside a command. */
MUST_CHECK enum err consent_answer(struct brand *b, struct sql *db, const struct consent_ask *ask,
                                   struct consent_answer *out);
/* The same in one word; a store that cannot be read says no. */
bool consent_allows(struct brand *b, struct sql *db, const struct consent_ask *ask);

/* ---- the ledger ---- */

struct consent_entry {
    int64_t id;
    uint32_t member;
    struct str purpose;
    struct str channel; /* "*" = all */
    struct str list;    /* "" = the purpose itself */
    bool granted;
    bool guardian;    /* a guardian said so */
    uint32_t version; /* of the purpose's text; 0 = not known */
    int64_t at, recorded_at;
    struct str way;      /* "page", "form", "phone", "paper" ... */
    struct str source;   /* "staff:lily", "member", "import:3" */
    struct str evidence; /* in clear; sealed at rest; "" = none */
};
/* A member's entries, newest first, at most LIMIT_CONSENT_ENTRIES. */
MUST_CHECK enum err consent_list(const struct people_view *v, uint32_t member,
                                 struct consent_entry **out, size_t *count, struct why *why);
/* Write entries, all or none, and emit member.consented or member.revoked for each. Id, member and
 * times are filled in. 'at' TIME_NONE = now. ERR_INVALID names the field that is wrong;
 * ERR_NOT_FOUND: no such member. */
MUST_CHECK enum err consent_record(struct brand *b, struct consent_entry *entries, size_t count,
                                   struct why *why);

/* ---- what there is to consent to ---- */

struct consent_purpose {
    struct str purpose; /* its key */
    struct str name_zh, name_en;
    struct str basis;    /* of CONSENT_BASES */
    struct str channels; /* offered to members: "wecom,sms" */
    uint32_t version;    /* of the newest text; 0 = none */
    struct str text_zh, text_en;
};
struct consent_sub {
    struct str list; /* its key */
    struct str purpose;
    struct str name_zh, name_en;
    bool shown; /* to members */
};
MUST_CHECK enum err consent_purposes(struct sql *db, struct arena *arena,
                                     struct consent_purpose **out, size_t *count, struct why *why);
MUST_CHECK enum err consent_lists(struct sql *db, struct arena *arena, struct consent_sub **out,
                                  size_t *count, struct why *why);
/* Make or change one by its key. A new text never replaces one: consent_add_text() makes the next
 * version, which is filled in. ERR_TOO_LARGE: LIMIT_CONSENT_PURPOSES, LIMIT_CONSENT_LISTS. */
MUST_CHECK enum err consent_save_purpose(struct brand *b, const struct consent_purpose *p,
                                         struct why *why);
MUST_CHECK enum err consent_save_list(struct brand *b, const struct consent_sub *l,
                                      struct why *why);
MUST_CHECK enum err consent_add_text(struct brand *b, struct consent_purpose *p, struct str source,
                                     struct why *why);

/* ---- the page for members ---- */

/* "12-1767225600-<32 hex digits>": the member, when the link ends (s), and a code that only this
 * brand's key makes. */
#define CONSENT_TOKEN_SIZE 72
MUST_CHECK enum err consent_token(const struct brand *b, struct sql *db, uint32_t member,
                                  int64_t until, char *out);
/* ERR_NOT_FOUND: not made by this brand, over, or recalled. */
MUST_CHECK enum err consent_token_read(const struct brand *b, struct sql *db, struct str token,
                                       int64_t now, uint32_t *member);
/* Every link that was made of a member so far is over; 0: of everybody. */
MUST_CHECK enum err consent_recall(struct brand *b, uint32_t member, struct why *why);
