/* fact.h - an event as a sender states it: names and identities, not numbers.
 *
 * Importers, the HTTP intake and the simulator fill a struct fact; people_record() or people_bulk()
 * turns it into an event. Strings are borrowed; they are checked for UTF-8 and brought to NFC by
 * fact_check(), which is the one place where a fact's limits are enforced. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/history.h"
#include "base/str.h"

struct said; /* brand/said.h */

/* In order of rank, highest first. */
enum identity_kind {
    IDENTITY_USER,
    IDENTITY_UNIONID,
    IDENTITY_WECOM,
    IDENTITY_OPENID,
    IDENTITY_PHONE,
    IDENTITY_EMAIL,
    IDENTITY_TELEGRAM,
    IDENTITY_DEVICE,
    IDENTITY_NAME,
    IDENTITY_ANON,
    IDENTITY_KIND_COUNT
};
const char *identity_kind_name(enum identity_kind kind); /* "user" ... */
bool identity_kind_parse(struct str name, enum identity_kind *out);

/* How many values of each kind a member may have; one too many is left out of its event. */
struct identity_caps {
    uint32_t of[IDENTITY_KIND_COUNT];
};
/* "user=2,phone=3,others=10": 'others' are the kinds not named. What the text leaves out is 1 for
 * user, 5 for others. False: an unknown kind, one twice, or a number outside 1 to
 * LIMIT_IDENTITY_CAP. */
bool identity_caps_parse(struct str text, struct identity_caps *out);

struct identity {
    enum identity_kind kind;
    struct str value; /* as sent; normalised by fact_check (phone, e-mail) */
};

/* A property or a trait. */
struct fact_value {
    struct str name;
    enum prop_type type;
    double number;   /* PROP_NUMBER; PROP_BOOL as 0 or 1 */
    struct str text; /* PROP_TEXT */
};

struct fact {
    struct str id;    /* the sender's own id, for dedupe; {NULL,0} = none */
    int64_t at;       /* UTC ms, corrected already */
    struct str kind;  /* "order.paid" */
    struct str label; /* the kind's original name, when it was rewritten; else {NULL,0} */
    struct identity
        *who; /* the member's identities, any order; may be 0 for events without member */
    uint32_t who_count;
    struct hash128 who_key; /* by people_key, of one identity, which then is checked already; 0,0 =
                               to be worked out by the writer */
    struct identity *other; /* the other member's */
    uint32_t other_count;
    struct str code[DIM_COUNT]; /* codes by dimension; DIM_ORIGIN is filled by the room */
    int64_t amount;             /* minor units, HISTORY_NO_AMOUNT = none */
    struct fact_value *props;
    uint32_t prop_count;
    uint64_t sound_props;      /* a bit each: fact_name_sound() said so of its name */
    struct fact_value *traits; /* go to the member's traits, never to the event */
    uint32_t trait_count;
    struct str tags;         /* given to the member: names parted by line ends; {NULL,0} = none */
    struct str owner;        /* code of the staff who answers for the member; {NULL,0} = not said */
    struct str contacts;     /* codes of staff whose contact the member is, parted by line ends */
    const struct said *said; /* of a message; goes to the rooms, never into the log; NULL = none */
    bool alias;              /* who[0] and who[1] are one person: merge them under the rules */
    bool plain;  /* texts but for the kind's and names are known to be printable ASCII */
    bool valid;  /* the kind is known to keep to the grammar */
    bool rename; /* who[1] is a further name of who[0]'s member if unseen, else a conflict (irc) */
};

static inline bool fact_keyed(const struct fact *f)
{
    return f->who_key.lo | f->who_key.hi;
}

/* Who is sending: what it may do, and what becomes of its identities. */
enum trust_level {
    SENDER_PUBLIC, /* a public write key: unverified identities, never merges two known members */
    SENDER_SECRET, /* a secret write key: may merge; trade, voucher, talk, relation kinds too */
    SENDER_IMPORT, /* an import: every family but those the rooms write alone */
    SENDER_ROOM    /* the product itself */
};
struct sender {
    enum trust_level level;
    struct str origin; /* code of the origin column: "key:…", "import:12" */
    struct str scope;  /* namespace of 'name' identities: --source, else the brand's "" */
};

/* Amounts are within plus or minus this many minor units. */
#define FACT_AMOUNT_MAX INT64_C(1000000000000000)

/* Is it the name of something personal, such as "userAgent"? Then such a value is a trait under
 * *spelling, never a property. */
bool fact_personal(struct str name, struct str *spelling);

/* A property's name that fact_check has nothing to say of. Whoever sends the same name again and
 * again asks once. */
bool fact_name_sound(struct str name);

/* Would fact_check keep this identity? */
bool fact_identity_usable(const struct identity *id, struct arena *arena);

/* Read "KIND:VALUE" into the normal form of an identity, in 'arena'. ERR_INVALID when it is none,
 * or one that fact_check would leave out. */
MUST_CHECK enum err fact_identity_parse(struct str text, struct identity *out, struct arena *arena,
                                        struct why *why);

/* May this sender send that kind? ERR_KIND_NOT_ALLOWED otherwise. */
MUST_CHECK enum err fact_kind_allowed(const struct sender *sender, struct str kind,
                                      struct why *why);

/* The order of (at, place) of facts; free with mem_free. */
struct fact_place {
    int64_t at;
    uint32_t place;
};
struct fact_place *fact_time_order(const struct fact *facts, size_t count);

/* Check syntax and limits, normalise in 'arena': kind grammar and length, at within
 * [0, received_at + 24 h], identities (count, length, phone, e-mail; junk values such as null, -1,
 * all zeros are left out and counted in *junk), codes, properties (names, 64 an event, values <= 1
 * KiB), amount, UTF-8, NFC. Properties with personal names become traits on member.identified and
 * are left out into *junk on other kinds; so is 'known' on that one, which is ours to say. Of a
 * message's text what is over LIMIT_MESSAGE_TEXT is cut off. Of a voucher somebody's, and
 * props.voucher a text, if given. The field named in 'why' is the JSON name. */
MUST_CHECK enum err fact_check(struct fact *f, int64_t received_at, struct arena *arena,
                               uint32_t *junk, struct why *why);
/* What fact_check does with f->said alone, for words that are known later than the rest; a copy in
 * 'arena' takes its place. */
MUST_CHECK enum err fact_check_said(struct fact *f, struct arena *arena, struct why *why);
