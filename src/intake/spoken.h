/* spoken.h - messages whose words come as properties, and ids for messages that have none. Any
 * thread. */
#pragma once

#include "intake/recent.h"
#include "people/fact.h"

/* Of an event of talk, take the properties text, message, reply_to, links and qr out of its list:
 * they go with f->said. What the text shows is added where the sender does not say it; lists and
 * texts lie in 'arena'. Other facts stay as they are. */
void spoken_take(struct fact *f, struct arena *arena);

/* An id for a message that has none: the same words of the same person at the same time in the same
 * group get the same whenever they are imported, the first of them, the second ... 'sayings' counts
 * them. */
struct saying {
    struct str source, group, who, text;
    int64_t at;
};
struct str saying_id(struct recent *sayings, const struct saying *of, struct arena *arena);
