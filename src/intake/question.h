/* question.h - does a line of chat ask something? docs/definitions.md states the rules. Any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* 'text' is UTF-8; invalid bytes count as unknown characters. */
bool is_question(struct str text);
/* 同问, +1, 蹲: it asks what the last question asked, and answers nothing. */
bool joins_question(struct str text);
