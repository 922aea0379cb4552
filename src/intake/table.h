/* table.h - rows of cells become facts, by a map bound to the table's columns. One thread. */
#pragma once

#include "base/map.h"
#include "intake/mapping.h"
#include "intake/parse.h"
#include "intake/recent.h"

/* What the facts of a table's rows may hold at most. */
struct table_room {
    uint32_t who, other, props, traits;
};

struct table {
    struct mapping map;     /* bound: every entry but constants has its column */
    bool known;             /* the headers mapped themselves */
    bool people;            /* it is a list of people */
    bool messages;          /* it is a chat */
    bool carries;           /* with a column that tells what a message answers */
    struct map *names;      /* seen in such a list; in a chat, see table_chat.c */
    struct recent *sayings; /* of a chat, whose messages have no ids */
    struct recent *signups; /* lines of lists that grow */
    struct recent *authors; /* of a chat's messages that have: struct chat_name by id */
    struct table_room room;
};

/* Bind the entries that name headers; table->map is filled. ERR_INVALID: a header is not there. */
MUST_CHECK enum err table_bind(struct table *t, const struct str *headers, size_t count,
                               struct why *why);
void table_begin(struct table *t);
void table_end(struct table *t);
/* Make a fact of a row, in the batch, or reject the row. */
void table_row(struct parse *p, struct table *t, const struct str *cells, size_t count);

/* headers.c: what the known headers say. False when they do not make a table that can be imported.
 * 'group' says whether --group is given. */
bool headers_map(const struct str *headers, size_t count, bool group, struct table *out);
/* How many of these cells are known headers. */
size_t headers_known(const struct str *cells, size_t count);
/* The headers that the bound table does not read, as a sentence; MSG_NONE when there is none. */
void headers_unused(const struct table *t, const struct str *headers, size_t count,
                    struct why *out);
