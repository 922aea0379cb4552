/* chat_type.h - the types of messages as exports of WeChat and WeCom tell them: by number, or by a
 * word in either language. Any thread. */
#pragma once

#include "intake/describe.h"

/* 'sub' narrows app messages (49): a link, a file, a card, a quote. MESSAGE_UNKNOWN: nothing is
 * said; MESSAGE_OTHER: a type that is none of ours. */
enum message_type chat_type(struct str type, struct str sub);
/* What the program itself says: joins, recalls ... */
bool chat_type_is_notice(struct str type);
