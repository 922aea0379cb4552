/* csv.h - one row of RFC 4180 from text at hand. One thread; no allocation but for quotes within
 * quotes. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct csv {
    char delimiter; /* , ; or tab */
    struct str *cells;
    size_t count;
    size_t room;          /* cells allocated */
    const char **doubled; /* beside cells: where a "" was met, else NULL */
    bool plain;           /* the row had no quote, and one line end */
};

enum csv_result {
    CSV_ROW,  /* *used bytes, line end included, are a row; cells borrow from the text */
    CSV_MORE, /* the text ends within the row */
    CSV_BAD   /* *used is where; the row begins no sound row */
};

void csv_init(struct csv *c);
void csv_finish(struct csv *c);
/* 'text.p[text.len]' must be readable and '\n'. 'ended': nothing follows it. */
enum csv_result csv_split(struct csv *c, struct str text, bool ended, struct arena *a, size_t *used,
                          enum msg *fault);
/* The delimiter of a text by its first lines: the one they hold most of. */
char csv_guess_delimiter(struct str text);
