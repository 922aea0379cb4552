/* message.h - what the Segment and PostHog formats share: reading fields, and making a fact of
 * them.
 *
 * A struct message is filled while one JSON object is read, then finished into a struct fact whose
 * texts lie in the input or in the arena. One thread, on the stack. Whatever an SDK adds that a
 * fact cannot hold is left out and counted, so that the event itself is not lost: lists, objects
 * deeper than one level ("a": {"b": 1} is a_b), names that are personal among an event's
 * properties (who somebody is, traits tell), properties and traits past the 64th; and of a text
 * what goes over 1 KiB. */
#pragma once

#include "base/json_reader.h"
#include "base/limits.h"
#include "people/fact.h"

/* What a message does not say itself. */
struct message_source {
    int64_t received_at; /* UTC ms */
    int64_t sent_at;     /* of the request by the sender's clock; TIME_NONE = see the message */
    bool live;           /* from a running client: its clock is corrected by sentAt */
    struct str type;     /* the call, when the address names it; {NULL, 0} = the message's "type" */
    struct str currency; /* the brand's */
    int digits;          /* of its minor unit */
    uint32_t *dropped;   /* values left out are added here; may be NULL */
};

struct value_list {
    struct fact_value items[LIMIT_PROPS_PER_EVENT]; /* the first 'count' are set */
    uint32_t count;
};

struct message {
    struct arena *arena;
    const struct message_source *source;
    struct json_reader reader;
    struct why *why;     /* the caller's */
    uint32_t dropped;    /* values left out */
    struct str id;       /* for dedupe */
    struct str name;     /* the event's, before it becomes a kind */
    struct str kind;     /* when it is known without a name */
    struct str page;     /* name of the page or screen, "" for a page without */
    struct str campaign; /* of the visit */
    int64_t at, sent_at; /* by the sender's clock; TIME_NONE = not said */
    bool corrected;      /* 'at' is right as it stands */
    bool alias;          /* the first two of 'who' are one person */
    uint32_t who_count;  /* identities */
    struct identity who[LIMIT_IDENTITIES_PER_EVENT];
    struct value_list props;
    struct value_list traits;
};

/* The arrays are not cleared: that would cost more than reading an event. */
void message_init(struct message *m, struct arena *a, struct str json,
                  const struct message_source *source, struct why *why);
/* Read one value, which is a text or a number as written, or null ({NULL, 0}). 'field' names it. */
MUST_CHECK enum err message_text(struct message *m, const char *field, struct str *out);
/* RFC 3339, without an offset UTC, or a date; or a number of ms, below 10^11 of seconds; or null
 * (unchanged). */
MUST_CHECK enum err message_time(struct message *m, const char *field, int64_t *out);
MUST_CHECK enum err message_skip(struct message *m);
/* Read an object into the list; anything that is not an object is refused, but null. */
MUST_CHECK enum err message_values(struct message *m, const char *field, struct value_list *list);
/* Read one value of such an object, called 'name'. */
MUST_CHECK enum err message_one(struct message *m, struct str name, struct value_list *list);
/* Begin an object: *entered is false when it was null instead. */
MUST_CHECK enum err message_enter(struct message *m, const char *field, bool *entered);
/* After a loop over keys or items: the reader's error. */
MUST_CHECK enum err message_end(struct message *m);

/* Anonymous when it looks like what SDKs make up: hex digits in five groups; else a user. */
enum identity_kind message_id_kind(struct str id);

/* Add what is not empty; one too many is left out. */
void message_who(struct message *m, enum identity_kind kind, struct str value);
void message_value(struct message *m, struct value_list *list, struct str name, struct str text);
/* E-mail and phone among the traits become identities too. */
void message_who_of_traits(struct message *m);

MUST_CHECK enum err message_finish(struct message *m, struct fact *out);
