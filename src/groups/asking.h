/* asking.h - which questions of a group's members nobody has answered.
 *
 * definitions.md 5, "ignored": a question is answered when somebody else speaks to who asked it, or
 * when staff say something that is no promotion within 10 minutes; the clock of a question outside
 * service hours starts at the next opening. Who asks the same (同问, +1) joins the latest question,
 * and an answer to them is one to it; joining answers nothing. Bots neither ask nor answer. Pure
 * but for the arena; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/time.h"
#include "brand/hours.h"

#define ASKING_STAFF_MS (10 * TIME_MINUTE) /* so soon after, staff answer whoever asked */
#define ASKING_JOIN_MS (30 * TIME_MINUTE)  /* so long a question can be joined */

enum asking_side { ASKING_MEMBER, ASKING_STAFF, ASKING_BOT };

/* A message as far as asking and answering goes. */
struct asking_message {
    int64_t at;
    uint32_t member; /* who says it; 0 = staff without an account */
    uint32_t other;  /* the member it is said to; 0 = nobody */
    uint8_t side;    /* enum asking_side */
    bool question;
    bool joins;     /* it asks what the latest question asks */
    bool promotion; /* staff sell something */
};

struct asking_open {
    uint32_t message; /* index */
    uint32_t joined;  /* others who ask the same */
    int64_t clock;    /* since when it waits */
};

struct asking_place {
    const struct zone *zone;
    struct hours hours; /* in which staff answer */
};

/* When the clock of a question starts. */
int64_t asking_clock(const struct asking_place *p, int64_t at);
/* How much of [from, to) lies in service hours, in ms. */
int64_t asking_waited(const struct asking_place *p, int64_t from, int64_t to);
/* Of messages in order of time the questions of members that are still open, in that order; how
 * many. */
size_t asking_find(const struct asking_place *p, const struct asking_message *messages,
                   size_t count, struct arena *arena, struct asking_open **out);
