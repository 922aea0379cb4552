/* chat_text.h - what somebody said, without what they quoted. Any thread.
 *
 * Chat programs put the quoted message into the text. Rules about texts (length, questions) are
 * about the writer's own words. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

struct chat_text {
    struct str said;      /* the writer's own words */
    struct str quoted;    /* whom they quote; {NULL, 0} = nobody */
    struct str mentioned; /* the first they mention: @name and U+2005; {NULL, 0} = nobody */
    struct str answers;   /* the id of the message they quote; {NULL, 0} = not told */
    bool signup;          /* a list that grows by a line (接龙): 'said' is the last line */
    bool coded;           /* 'said' is of XML: chat_text_plain() has its characters */
};

void chat_text_read(struct str text, struct chat_text *out);
/* With the entities of XML undone. */
struct str chat_text_plain(struct str coded, struct arena *arena);
