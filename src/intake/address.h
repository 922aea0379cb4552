/* address.h - whom messages that come over HTTP are said to, where their sender does not say it.
 *
 * Kept in memory for each group: who wrote which of the last messages, and what inference knows
 * (groups/replies.h). A message that names the channel's id of the one it answers is tied to its
 * writer; where a group's messages never do, it is inferred. What is remembered is bounded, and
 * gone with the process: the messages behind are then tied to nobody of before. Any thread. */
#pragma once

#include "brand/brand.h"
#include "people/fact.h"

#define ADDRESS_CHATS 256      /* groups remembered; one more, and all are forgotten */
#define ADDRESS_SPEAKERS 4096  /* of a group; the same */
#define ADDRESS_MESSAGES 16384 /* of a group; the same */

/* Set 'other' and the property 'link' of each of the checked facts that is a message in a group;
 * lists are made anew in 'arena'. */
void address_facts(struct brand *b, struct fact *facts, size_t count, struct arena *arena);
