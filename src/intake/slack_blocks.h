/* slack_blocks.h - the words of a Slack message that are only in its blocks. */
#pragma once

#include "base/str.h"
#include "intake/chat.h"

/* Add what an array of blocks says, in the form of "text": with <@U…>, <https://…> and entities.
 * Blocks lie as deep as JSON may. NULL is allowed. */
void slack_blocks_add(struct chat *c, const struct json *blocks, struct strbuf *out);
