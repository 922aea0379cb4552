/* common.h - passwords that others try first. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

/* In small letters, sorted by bytes; made by tools/common-passwords from Debian's john-data. */
extern const char *const common_list[];
extern const size_t common_list_count;

/* Is the password one of the list or a run of it: a listed word, the product's name or one of
 * 'own' with a little around it; the same few characters again and again; a row of the keyboard, of
 * the alphabet or of the digits; a date? 'own' are words close to the person, in small letters. */
bool common_password(struct arena *a, struct str password, const struct str *own, size_t own_count);
