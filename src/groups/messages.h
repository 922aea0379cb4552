/* messages.h - what was said in groups: text.db, its index, and reading them.
 *
 * Words never enter the log. They lie in text.db, a SQLite file in the brand's folder on either
 * store: a row for each message that came with words or with the channel's id, keyed by the seq of
 * its event, and an index of single CJK characters and folded words. A batch's rows are committed
 * before the batch is; rows above the brand's seq are removed when it is opened. Edits and recalls
 * change the row, erasing and undoing an import remove theirs, and so does time: 90 days, unless
 * the brand's retention says otherwise. The file comes into being with the first message.
 *
 * Reading is for any thread, by a connection of its own. */
#pragma once

#include "groups/groups.h"

#define MESSAGES_DAYS 90 /* kept unless the brand says otherwise */

struct message {
    uint64_t id; /* the seq of its event */
    uint32_t group;
    int64_t at;
    uint32_t persona;    /* who spoke; 0 = staff, or nobody known */
    uint32_t staff;      /* code; 0 = none */
    struct str message;  /* the channel's id; "" = it has none */
    struct str reply_to; /* the same of the one it answers; "" */
    struct str type;     /* "text", "image" ... */
    struct str text;     /* as last edited; "" when recalled */
    int64_t edited_at;   /* TIME_NONE = never */
    int64_t recalled_at; /* TIME_NONE = never */
};

/* Where a page ended. */
struct message_place {
    int64_t at;
    uint64_t id;
};
struct messages_ask {
    struct brand *brand;
    uint32_t group;
    struct str find;                           /* words, all of which it holds; "" = any */
    int64_t from, to;                          /* [from, to) */
    const struct message_place *before;        /* NULL = from the newest on */
    bool (*keep)(void *ctx, uint32_t persona); /* of those who spoke; NULL = all */
    void *ctx;
    size_t limit;
    struct arena *arena;
};
struct messages {
    struct message *items; /* the newest first */
    size_t count;
    bool more;
    uint64_t kept; /* rows of the group, whatever was asked */
};
MUST_CHECK enum err messages_list(const struct messages_ask *ask, struct messages *out,
                                  struct why *why);
/* Those of the group that have one of these channel's ids; in 'ask->arena', in any order. */
MUST_CHECK enum err messages_named(const struct messages_ask *ask, const struct str *names,
                                   size_t count, struct messages *out, struct why *why);
/* All that a member's personas said in groups, oldest first: 'fn' until it fails. */
typedef enum err messages_fn(void *ctx, const struct message *m, struct why *why);
MUST_CHECK enum err messages_of(struct brand *b, const uint32_t *personas, size_t count,
                                messages_fn *fn, void *ctx, struct why *why);

/* Is the file sound, and the index of all of its rows? Any thread but the writer. */
MUST_CHECK enum err messages_verify(struct brand *b, void (*finding)(void *ctx, const char *what),
                                    void *ctx, struct why *why);

/* ---- words ---- */

/* A text as it is indexed: folded, CJK characters apart, other words as they are; in 'arena'. */
struct str messages_words(struct arena *arena, struct str text);
/* How many these are. */
uint64_t messages_count_words(struct str words);
/* What is looked for as a question to the index; empty when nothing in it can be looked for. */
struct str messages_question(struct arena *arena, struct str find);
