/* chat.h - what importers of chats share: who an account is, who wrote a message, and the facts.
 *
 * A chat program tells accounts apart by ids of its own, and speaks of people by the names that are
 * shown: a name that nobody is known by stands for itself until somebody speaks under it; then the
 * two are one member. Replies find whom they answer among the last RECENT_KEPT messages at least,
 * so that a reply to nothing, or to a message that only comes later, addresses nobody: links never
 * form a circle. One thread. */
#pragma once

#include "base/map.h"
#include "brand/said.h"
#include "intake/describe.h"
#include "intake/parse.h"
#include "intake/recent.h"

struct chat_account {
    struct identity identity;
    struct str name;     /* as last shown; {NULL, 0} = none yet */
    struct str stand_in; /* the name it was met under before it spoke; {NULL, 0} = none */
    bool waiting;        /* only its name is known */
    bool named;          /* the name was told as a trait */
};

struct chat {
    struct parse *p;
    const char *channel;   /* "telegram" */
    struct arena *scratch; /* of the row at hand; emptied by whoever reads rows */
    struct map *accounts;  /* struct chat_account by kind and id */
    struct map *names;     /* and by name */
    struct map *groups;    /* names of chats, with the hash of whose they are */
    struct recent *authors, *sayings;
    struct str group; /* of the chat being read */
    struct str place; /* what tells it from others: goes into the ids of its facts */
    bool passed_over; /* it is private: its rows are counted as skipped */
    bool infers;      /* the format may leave out what a message answers */
    bool carries;     /* this chat does not */
};

void chat_begin(struct chat *c, struct parse *p, const char *channel);
void chat_end(struct chat *c);
/* From here on the rows are of this chat; 'id' is the channel's. --group names it instead. The
 * second chat of one name has its id behind it. */
void chat_open(struct chat *c, struct str id, struct str name);

/* The account of an id, known or new; under 'name', if that is said. */
struct chat_account *chat_account(struct chat *c, enum identity_kind kind, struct str id,
                                  struct str name);
/* The one that is shown under a name, known or new; NULL without a name. */
struct chat_account *chat_named(struct chat *c, struct str name);
/* The same, but NULL when nobody is known by it. */
struct chat_account *chat_known(const struct chat *c, struct str name);
/* Who wrote the message of an id in this chat; NULL when that is not known. */
struct chat_account *chat_author(struct chat *c, struct str message);

struct chat_line {
    const char *kind; /* "message.sent" */
    int64_t at;
    struct chat_account *who, *other; /* NULL = nobody */
    struct str
        key; /* what it is within its chat, for the fact's id; {NULL, 0} = made of its words */
    struct described d; /* of a message */
    struct said said;   /* texts are copied */
    bool says;          /* 'said' is of use */
    bool further;       /* of a row that has given one already */
};
/* Make the fact, stored or rejected. A message that is sent is remembered with who wrote it. */
void chat_put(struct chat *c, const struct chat_line *l);
/* The row at hand is none that is kept. */
void chat_skip(struct chat *c);
/* "TEXT:TEXT", in the scratch arena. */
struct str chat_key(struct chat *c, struct str id, const char *what, struct str of);

/* The addressee is set by the first of these that finds somebody else than the writer. */
void chat_address(struct chat_line *l, struct chat_account *other, enum message_link link);

/* A link that the message carries beside its words, set before. */
void chat_link(struct chat *c, struct chat_line *l, struct str link);

/* chat_json.c: walk the rows of a JSON text: each value of an array at hand is a row, parsed, given
 * to 'row' with the chat; what is too long or no JSON is a reject at its place. */
struct json;
struct json_feed;
struct chat_reader {
    struct chat chat;
    struct json_feed *feed;
    /* Sets 'why' where the row is at fault. */
    enum err (*row)(struct chat_reader *r, const struct json *row, struct why *why);
    void *own;        /* the format's */
    const char *file; /* of an export of many, for its rejects; NULL = there is one */
    uint32_t lists;   /* arrays walked */
};
MUST_CHECK enum err chat_rows(struct chat_reader *r, bool *room, struct why *why);
/* A row that is a line. */
void chat_row(struct chat_reader *r, const struct line *line);
/* A value of a few bytes, parsed; NULL when it is none, or too long. */
MUST_CHECK enum err chat_small(struct chat_reader *r, const struct json **out, struct why *why);
/* Begin and end a file of JSON. A text that is broken is one reject, at the place it broke.
 * ERR_INVALID: it holds no list of messages. */
void chat_reader_begin(struct chat_reader *r, struct parse *p, struct json_feed *feed);
MUST_CHECK enum err chat_reader_end(struct chat_reader *r, enum err err, struct why *why);
void chat_report(struct chat_reader *r);
/* Into an object, whose members are given to 'member' one by one; anything else is passed over. */
MUST_CHECK enum err chat_object(struct chat_reader *r,
                                enum err (*member)(struct chat_reader *r, struct str key,
                                                   bool *room, struct why *why),
                                bool *room, struct why *why);
/* Of members: the text; a number as it stands in *digits; {NULL, 0} for anything else. */
struct str chat_text_of(struct chat *c, const struct json *object, const char *key);
/* RFC 3339, a local time, or a number of s or ms. False: none of these. */
bool chat_time(struct chat *c, const struct json *value, int64_t *out);
