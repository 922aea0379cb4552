/* password.h - passwords: what may be one, hashing (Argon2id by libsodium), comparing.
 *
 * A hash takes 48 MiB and some 70 ms, so no more than LIMIT_PASSWORD_HASHES are made at a time;
 * LIMIT_PASSWORD_QUEUE callers wait for their turn and the next get ERR_BUSY. Any thread. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Text form "$argon2id$v=19$m=...", ended by NUL. */
#define PASSWORD_STORED 128
#define PASSWORD_CHARS_MIN 8

/* The hash of no password, with which those of nobody are compared. */
extern const char password_of_nobody[];

struct password_gate;
struct password_gate *password_gate_create(void);
void password_gate_destroy(struct password_gate *g);

/* May this be a password? 8 to LIMIT_PASSWORD_CHARS characters of any sort, none of those that
 * others try first; 'name' and 'brand' are words close to the person, which may be empty.
 * ERR_INVALID names 'field'. */
MUST_CHECK enum err password_allowed(struct str password, struct str name, struct str brand,
                                     const char *field, struct why *why);
/* All of it counts: nothing is cut. */
MUST_CHECK enum err password_hash(struct password_gate *g, struct str password,
                                  char out[PASSWORD_STORED], struct why *why);
/* Is it the one? 'stored' empty, for a person who is not there or has none: takes as long and says
 * no. ERR_BUSY. */
MUST_CHECK enum err password_is(struct password_gate *g, struct str password, const char *stored,
                                bool *right, struct why *why);
