/* said.h - what is said in a message: seen by the rooms when its event passes, never in the log.
 *
 * Blocks and parts hold what an event's registered properties say of it (length, type ...). Words
 * are personal: a room that keeps them keeps them in a place of its own, and can forget them. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct said {
    struct str text;     /* UTF-8 in NFC, <= LIMIT_MESSAGE_TEXT bytes; {NULL, 0} = none */
    struct str message;  /* the channel's own id of the message; {NULL, 0} = it has none */
    struct str reply_to; /* the same of the one it answers or quotes; {NULL, 0} = none known */
    struct str links;    /* it carries beside its words, a line each: judged, never kept */
    struct str qr;       /* what QR codes in it say, a line each: likewise */
    bool edited;         /* 'text' takes the place of what 'message' said before */
    bool recalled;       /* 'message' was taken back */
};
