/* window.h - a window over an input's text, in memory of the batch that is being filled.
 *
 * Texts given out lie in the window's arena and live as long as it, so facts borrow them instead of
 * copying. When a new batch begins, window_move() takes what is not used yet along. A format that
 * copies what it keeps says so by window_reuse(): then a text lives until more is read, and the
 * memory stays small and near. One thread. */
#pragma once

#include "base/arena.h"
#include "intake/input.h"

struct window {
    struct input *in;
    struct arena *arena;
    char *p;       /* the text at hand is p[at .. len); p[len] is a line end of ours */
    size_t at;     /* first byte not used yet */
    size_t len;    /* end of what was read */
    size_t size;   /* of p */
    uint64_t line; /* number of the line at 'at', from 1 */
    bool reused;   /* texts are given up when more is read */
    bool ended;    /* nothing follows p[len] */
    bool judged;   /* the ends of lines are known: */
    bool bare_cr;  /* \r alone; it is turned into \n as it is read */
};

void window_init(struct window *r, struct input *in, struct arena *arena);
/* A window over a text that is at hand; it is copied. */
void window_init_text(struct window *r, struct str text, struct arena *arena);
void window_move(struct window *r, struct arena *arena);
/* From here on in memory of its own, which is used again; 'arena' lives as long as the window. */
void window_reuse(struct window *r, struct arena *arena);
/* Read more behind 'len'; r->ended when there is none. Moves the text: offsets from 'at' stay. */
MUST_CHECK enum err window_fill(struct window *r, struct why *why);

struct line {
    struct str text; /* without its end, \n or \r\n */
    uint64_t number;
    bool too_long; /* over LIMIT_LINE_BYTES: only its beginning */
};
/* The next line; *more is false at the end. */
MUST_CHECK enum err window_line(struct window *r, struct line *line, bool *more, struct why *why);
