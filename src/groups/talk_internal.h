/* talk_internal.h - the two halves of a talk: rows as they come from the log, and who did what. */
#pragma once

#include "base/vec.h"
#include "groups/talk.h"

/* What an event is to a group. */
enum deed {
    DEED_MESSAGE,
    DEED_REACTED,
    DEED_CLICKED,
    DEED_CHECKIN,
    DEED_ACT,
    DEED_LOOK,
    DEED_VIEW, /* a look at a content */
    DEED_CONTENT
};

/* An event of the group, as it comes. */
struct talk_row {
    int64_t at;
    uint32_t persona, staff; /* who did it */
    uint32_t other;          /* to whom */
    uint32_t to_staff;       /* or to staff, of whom only the code is known */
    uint32_t touchpoint;
    uint32_t content;
    uint64_t device;          /* 0 = none */
    uint32_t order;           /* within what came of one member: commit order of ties */
    struct talk_message said; /* of a message; accounts are not known yet */
    uint8_t deed;
    bool joins, leaves;
};

struct talk_rows {
    VEC(struct talk_row) list;   /* in no order but of one member's */
    VEC(struct str) departments; /* by number, from 1 */
    struct arena *arena;         /* their names' */
};

/* Both passes over the log. ERR_TOO_LARGE over LIMIT_TALK_MESSAGES. To be finished after either. */
MUST_CHECK enum err talk_rows_read(struct brand *b, const struct talk_ask *ask,
                                   struct talk_rows *rows, struct why *why);
void talk_rows_finish(struct talk_rows *rows);
/* The number of a department; 0 = it has no name, or there are too many. */
uint8_t talk_rows_department(struct talk_rows *rows, struct str name);
