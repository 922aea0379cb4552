/* chat_text.h - what somebody said, without what they quoted. Any thread.
 *
 * Chat programs put the quoted message into the text. Rules about texts (length, questions) are
 * about the writer's own words. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct chat_text {
    struct str said;      /* the writer's own words */
    struct str quoted;    /* whom they quote; {NULL, 0} = nobody */
    struct str mentioned; /* the first they mention: @name and U+2005; {NULL, 0} = nobody */
    bool signup;          /* a list that grows by a line (接龙): 'said' is the last line */
};

void chat_text_read(struct str text, struct chat_text *out);
