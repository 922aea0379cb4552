/* chat_signup.h - lists in which people sign up by sending the list again with a line of theirs
 * (接龙). Any thread; 'seen' belongs to one. */
#pragma once

#include "base/arena.h"
#include "intake/recent.h"

/* The lines that were not in the list before, parted by line ends: each is a sign-up. Lists of a
 * group are told apart by their title, lines by their words, whatever number they have. A list
 * without numbers: its last line. */
struct str chat_signup_new(struct recent *seen, struct str group, struct str text,
                           struct arena *arena);
