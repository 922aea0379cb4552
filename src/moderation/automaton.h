/* automaton.h - many words at once in one pass over a text (Aho and Corasick), by bytes.
 *
 * Where the processor lacks what Vectorscan needs it stands in for it; tests hold one against the
 * other. Read by any number of threads once made. */
#pragma once

#include "base/str.h"

struct automaton;
/* None of the words is empty; they are copied into its tables. */
struct automaton *automaton_create(const struct str *words, size_t count);
void automaton_destroy(struct automaton *a); /* NULL is allowed */

/* Tell fn of each place where a word ends, in their order, longest first; stop when it says false.
 */
void automaton_scan(const struct automaton *a, struct str text,
                    bool (*fn)(void *ctx, uint32_t word, size_t to), void *ctx);
