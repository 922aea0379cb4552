/* plan.h - the events that one fact gives rise to, before they are stored. Inside src/people only.
 */
#pragma once

#include <assert.h>

#include "people/internal.h"

/* created, identified, merged for the member and for the other, the event itself, its tags, its
 * contacts and its owner */
#define PLAN_EVENTS (8 + LIMIT_TAGS_PER_FACT + LIMIT_CONTACTS_PER_FACT)

/* The number of a name, found by where the name lies: facts of one load borrow the same copy of a
 * name that comes again. */
#define PLAN_KNOWN_BITS 12
struct known_name {
    const char *p;   /* NULL = free */
    uint32_t len;    /* of the name */
    uint32_t list;   /* what it names; see convert.c */
    uint32_t number; /* in the brand's registry */
};

struct plan {
    struct people *p;
    struct tx *tx;
    struct arena *arena;      /* props; must live as long as the events */
    uint32_t origin;          /* the sender's, all facts of a plan being of one; 0 = not read */
    struct map *tags;         /* name -> tag, of those asked for in this transaction; or NULL */
    bool tags_told;           /* the next two are read */
    uint16_t kind_tagged;     /* member.tagged */
    uint32_t prop_tag;        /* its property */
    struct known_name *known; /* while the texts of all facts stay where they are; or NULL */
    size_t count;
    size_t own; /* which of them is the fact's own: what is said is said by it */
    struct event events[PLAN_EVENTS];
};

static inline void plan_push(struct plan *plan, const struct event *ev)
{
    assert(plan->count < PLAN_EVENTS);
    plan->events[plan->count++] = *ev;
}

/* Dedupe, convert and resolve; writes identities and traits, emits nothing. */
MUST_CHECK enum err plan_fact(struct plan *plan, const struct sender *sender,
                              const struct fact *fact, struct people_result *result,
                              struct why *why);
/* resolve.c: find or make the member of a fact, or the other one. */
MUST_CHECK enum err resolve(const struct plan *plan, const struct sender *sender,
                            const struct fact *fact, bool other, struct resolved *out);
/* convert.c: from a fact to an event; its props live in the plan's arena. */
MUST_CHECK enum err convert(struct plan *plan, const struct sender *sender, const struct fact *fact,
                            struct event *ev, struct why *why);
/* tag_fact.c: the tags that a fact gives or takes, and events beside 'ev' that tell of those which
 * the fact only names in passing. What is over LIMIT_TAGS is left out into result->dropped. */
bool tag_is_fact(const struct fact *fact);
MUST_CHECK enum err tag_check_fact(const struct fact *fact, struct why *why);
struct tag_giving {
    const struct event *ev; /* as planned: its member, time, origin */
    struct str source;
    bool created; /* the fact made the persona, which has no tag yet */
    struct people_result *result;
};
MUST_CHECK enum err tag_save_fact(struct plan *plan, const struct fact *fact,
                                  const struct tag_giving *by, struct why *why);
/* A message in a group implies that its speaker is in it; whoever knows that they are not yet adds
 * the join before the message. */
bool plan_implies_join(const struct people *p, const struct event *ev);
struct event plan_join(const struct people *p, const struct event *ev, struct arena *arena);
/* A message that names another member answers them if a message of theirs waits, in the same group
 * or (0) direct to staff; whoever knows that it does adds the answer to their history, before the
 * message. */
bool plan_may_answer(const struct people *p, const struct event *ev, uint32_t *group);
struct event plan_answer(const struct people *p, const struct event *ev, uint32_t group);
