/* token.h - secrets of 256 random bits as 43 letters and digits; only their hashes are stored.
 *
 * Looking up by the hash of what was presented leaks nothing about stored secrets by timing. */
#pragma once

#include "base/env.h"
#include "base/hash.h"

#define TOKEN_CHARS 43
#define TOKEN_CHECK_CHARS 6

/* A new one, ended by NUL. */
void token_make(const struct env *env, char out[TOKEN_CHARS + 1]);
struct sha256 token_hash(struct str token);
/* A checksum for what people copy: tells a damaged or cut secret, and garbage, without a look-up.
 */
void token_check(struct str text, char out[TOKEN_CHECK_CHARS + 1]);
