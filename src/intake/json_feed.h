/* json_feed.h - a JSON text of any length, walked value by value within bounded memory.
 *
 * The feed goes into containers and takes values out of them whole, up to LIMIT_LINE_BYTES each;
 * one that is longer is passed over and said to be. It looks at brackets and quotes only: what it
 * hands out is still to be parsed, and its texts live until the next call. A text ends with the
 * window, or at a FEED_END, which JSON does not know: so several may stand behind each other. One
 * thread. */
#pragma once

#include "intake/window.h"

#define FEED_DEPTH 8 /* containers that may be gone into */
#define FEED_END '\x1e'

struct json_feed {
    struct window *w;
    struct arena *arena;     /* of keys; emptied by feed_next */
    uint64_t offset;         /* of the next byte */
    uint64_t line_at;        /* of the first byte of its line */
    int depth;               /* containers gone into */
    bool object[FEED_DEPTH]; /* they are, not arrays */
    bool any[FEED_DEPTH];    /* something of it was met */
    const char *broken;      /* why it cannot go on; NULL while it can */
};

/* A value, or what can be had of it. */
struct feed_value {
    struct str text; /* its source; of one that is too long the beginning */
    uint64_t line;   /* where it begins, */
    uint32_t column; /* from 1 */
    bool too_long;
};

void feed_init(struct json_feed *f, struct window *w, struct arena *arena);
/* The first byte of the next value, white space passed over; 0 at the end of the text. */
MUST_CHECK enum err feed_peek(struct json_feed *f, char *first, struct why *why);
/* Into the container that comes next; *in is false when none does, or 'broken' is set. */
MUST_CHECK enum err feed_enter(struct json_feed *f, bool *in, struct why *why);
/* Before the next value of the container; *more is false behind its last, when it is left, and when
 * the text is broken. 'key' is a member's, decoded. */
MUST_CHECK enum err feed_next(struct json_feed *f, struct str *key, bool *more, struct why *why);
/* Take the value that comes next. The text is broken where it ends within. */
MUST_CHECK enum err feed_take(struct json_feed *f, struct feed_value *out, struct why *why);
/* Where the feed stands. */
void feed_place(const struct json_feed *f, struct feed_value *out);
/* Pass over the rest of the text, and the FEED_END behind it; *more is false at the window's end.
 */
MUST_CHECK enum err feed_skip_text(struct json_feed *f, bool *more, struct why *why);
