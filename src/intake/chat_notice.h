/* chat_notice.h - what a chat program itself says in a group: who came, went, took a message back
 * or nudged somebody. Pure; any thread. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum notice_kind { NOTICE_JOINED, NOTICE_LEFT, NOTICE_RECALLED, NOTICE_NUDGED };

struct chat_notice {
    enum notice_kind kind;
    struct str who;   /* display names, separated by 、 */
    struct str other; /* who invited, or was nudged; {NULL, 0}: nobody, or the exporter (你, 我) */
};

/* False when it says none of these, or only of the exporter, who has no name there. */
bool chat_notice_read(struct str text, struct chat_notice *out);
/* The next of the names; {NULL, 0} at the end. */
struct str chat_notice_next(struct str *names);
