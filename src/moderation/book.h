/* book.h - the rules of a brand that are on, ready to be asked of messages.
 *
 * Made aside by any thread and then never changed; held by counting. Whoever asks has a judge of
 * their own. Pure, but for the counting. */
#pragma once

#include "moderation/copies.h"
#include "moderation/flood.h"
#include "moderation/moderation.h"
#include "moderation/terms.h"

struct book;

/* Of rules with their terms, at most LIMIT_MODERATION_RULES; those that are off are left out. */
MUST_CHECK enum err book_create(const struct moderation_rule *rules, size_t count,
                                struct book **out, struct why *why);
struct book *book_hold(struct book *book); /* NULL is allowed */
void book_release(struct book *book);      /* likewise */
const struct moderation_rule *book_rule(const struct book *book, size_t index, size_t *count);
bool book_by_vectorscan(const struct book *book);

/* A book held, and what one thread needs to ask it. A zeroed struct is one without a book. */
struct judge {
    struct book *book;
    struct searcher *searcher;
    struct cleaner cleaner;
    uint16_t grams[SIEVE_GRAMS];
};
/* Take another book, or none; 'book' is held for it. */
void judge_use(struct judge *j, struct book *book);
void judge_finish(struct judge *j);

/* A message to be judged, and what is known beside its words. */
struct judged {
    struct str text;
    struct str qr;    /* what QR codes in it say, a line each */
    struct str group; /* its name */
    uint32_t group_code, persona;
    unsigned role;  /* one of EXEMPT_*; 0 = a member */
    bool any_group; /* of a trial: rules for some groups are asked, too */
    int64_t at;
    int64_t joined;            /* when the account came into the group; TIME_NONE = long ago */
    struct floods *floods;     /* NULL = not looked at; else the message is noted there */
    struct copies *copies;     /* likewise */
    const struct sieve *sieve; /* NULL = none */
    bool all;                  /* every place of every rule; else the first of each rule */
};
/* One thing found: the rule is book_rule(index). */
struct found {
    uint32_t index;
    struct str what; /* borrowed of the book, or static */
    struct span at;  /* of the clean text; 0 to 0 = all of it */
    double sure;
    bool in_qr; /* it is in what the QR codes say, not in the text */
};
/* Judge; at most 'max' things, in no order. */
size_t judge_ask(struct judge *j, const struct judged *m, struct found *out, size_t max);
/* The same place in the text as it came. */
struct span judge_place(struct judge *j, struct str text, struct span clean);

/* Go through a list of terms line by line; false at its end. */
struct term_line {
    struct str text; /* of a pattern without its slashes */
    bool pattern;
    uint32_t line; /* from 1 */
};
bool term_next(struct str *rest, struct term_line *out);
