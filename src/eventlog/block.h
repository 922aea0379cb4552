/* block.h - the row-coded events of one commit, as stored in the event_block table.
 *
 * Bytes: docs/formats/eventlog.md "Block". Pure functions. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "eventlog/event.h"

/* Append the encoded block to 'out'. Events have seq first_seq, first_seq+1, ... */
void block_encode(const struct event *events, size_t count, uint64_t first_seq, struct strbuf *out);

struct block {
    uint64_t first_seq;
    size_t count;
    struct event *events; /* in the arena, texts too */
};
/* ERR_CORRUPT with the byte offset when anything does not check. 'name' stands for the file in
 * 'why'. */
MUST_CHECK enum err block_decode(struct str bytes, const char *name, struct arena *a,
                                 struct block *out, struct why *why);
