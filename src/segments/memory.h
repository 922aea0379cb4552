/* memory.h - what is remembered of members looked at lately, so that an event is added to it
 * instead of reading their history again.
 *
 * Of each: their fold, the newest rows of the kinds that expressions count, and what their fields
 * were when they were last asked. It is of one panel and one thread. Answers are those of the whole
 * history: who cannot be remembered so (rows after now, late events, other personas) is forgotten
 * and read again. Bounded: who was not looked at for long goes first. */
#pragma once

#include "insight/person.h"
#include "segments/panel.h"

struct memory;
struct event;

/* NULL: the panel's expressions cannot be asked so. */
struct memory *memory_create(struct panel *p, size_t bytes_max);
void memory_destroy(struct memory *m); /* NULL is allowed, here and below */
/* Take over whom another remembers, as far as that holds what these expressions need; 'from' may
 * then be of fewer or of none, and its panel must still be there. False: it does not hold it, and
 * nothing is taken. Either may be NULL. Where 'to' is of nobody it takes no longer for many: each
 * is carried over when they are next looked at. */
bool memory_adopt(struct memory *to, struct memory *from);
/* How many have yet to be carried over; look at so many of all, and do it. */
size_t memory_behind(const struct memory *m);
void memory_sweep(struct memory *m, size_t count);
void memory_forget(struct memory *m, uint32_t member);
void memory_forget_all(struct memory *m);
size_t memory_count(const struct memory *m);
size_t memory_bytes(const struct memory *m);
/* Room for others. */
size_t memory_room(const struct memory *m);
bool memory_is_full(const struct memory *m);

/* The moment of evaluation. When it goes back everything is forgotten. */
void memory_set_now(struct memory *m, int64_t now);

/* See member 'index' of a run, which has all of their rows of the snapshot, and remember them; to
 * be asked by the context returned. */
const struct expr_context *memory_learn(struct memory *m, struct person *person,
                                        const struct history *h, uint32_t index,
                                        const struct snapshot *s);

/* All expressions, or all that read what has changed, have been asked about a member by that
 * context; NULL: none was, since they were learnt. They must be of the newest panel. */
void memory_asked(struct memory *m, const struct expr_context *c, uint32_t member);

/* Is the member remembered as of a snapshot's personas? 'm' may be NULL. */
bool memory_knows(const struct memory *m, const struct panel_member *member);
/* Add an event of theirs, unless it is there; false: they had to be forgotten. */
bool memory_add(struct memory *m, uint32_t member, const struct event *ev, uint64_t seq);

/* May the expression be asked of what is remembered? */
bool memory_may_ask(const struct memory *m, size_t expr);
/* Set which[i] of the expressions that may be asked and that such an event concerns. */
void memory_concerns(const struct memory *m, uint16_t kind, uint8_t *which);
struct memory_question {
    bool changed;   /* ask those, too, that read fields which are not as they were last time */
    uint8_t *which; /* expressions, which all may be asked; those that 'changed' adds are set */
    uint8_t *answers;
    int64_t *due;
};
/* As panel_ask() of who is remembered. */
void memory_ask(struct memory *m, struct panel_view *v, uint32_t member,
                const struct memory_question *q);
