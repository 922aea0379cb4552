/* utf8.h - Unicode by utf8proc: validation, NFC, NFKC with folding, code points. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Strict UTF-8: no overlong forms, no surrogates, nothing over U+10FFFF. NUL is valid here. */
bool utf8_valid(struct str s);
/* The code point at s[*i], moving *i past it; U+FFFD and one byte forward where invalid. */
uint32_t utf8_next(struct str s, size_t *i);
size_t utf8_count(struct str s);
/* NFC of valid UTF-8; returns 's' itself when it is NFC already (ASCII always is). */
struct str utf8_nfc(struct arena *a, struct str s);
/* For search and kinds: NFKC, case folded, zero-width characters, bidi controls, variation
 * selectors and U+3164 removed. */
struct str utf8_fold(struct arena *a, struct str s);
/* The longest prefix of whole code points within 'size_max' bytes. */
struct str utf8_cut(struct str s, size_t size_max);
/* The longest prefix of what a reader takes for whole characters (an emoji of several code points,
 * a letter with its marks) within 'size_max' bytes; of a character larger than 1 KiB, of whole code
 * points. */
struct str utf8_cut_grapheme(struct str s, size_t size_max);
