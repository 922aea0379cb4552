/* clean.h - a text as it is matched: NFKC, case folded, without zero-width characters, bidi
 * controls and whatever else is not seen; the same as utf8_fold, and quick with plain text.
 *
 * Pure. A cleaner belongs to one thread and keeps its memory from text to text. */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

struct cleaner {
    struct strbuf text;   /* the latest one */
    VEC(uint32_t) places; /* of each of its bytes, where in the original it comes from */
    struct arena *arena;  /* for what is not plain; made when first needed */
    bool placing;         /* keep 'places' */
};
void cleaner_finish(struct cleaner *c);

/* Clean valid UTF-8; what is returned lives until the next call. */
struct str clean_text(struct cleaner *c, struct str text);

/* Which bytes of the original the bytes 'from' to 'to' of its clean form come from: at least those,
 * at most a character and its marks more at either end. Cleans the text once more. */
struct span {
    uint32_t from, to;
};
struct span clean_span(struct cleaner *c, struct str text, struct span clean);
