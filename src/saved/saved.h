/* saved.h - questions that people keep, the boards they pin them to, and how files are imported.
 *
 * Records of the brand: changed by commands on its writer, read on any reader connection. A thing
 * has a version, which grows by one with each change; ids are never given again, so that a board
 * never shows another question than the one that was pinned. What a body means is the API's. */
#pragma once

#include "base/limits.h"
#include "brand/brand.h"

extern const struct module saved_module;

enum saved_kind { SAVED_QUESTION, SAVED_BOARD, SAVED_MAPPING };

struct saved {
    uint32_t id;
    enum saved_kind kind;
    struct str name;
    struct str body;   /* JSON */
    struct str author; /* who made it */
    uint64_t version;  /* from 1 */
    int64_t created_at, changed_at;
};

/* All of a kind in order of id; in 'arena'. */
MUST_CHECK enum err saved_list(struct sql *db, enum saved_kind kind, struct arena *arena,
                               struct saved **out, size_t *count, struct why *why);
/* ERR_NOT_FOUND. */
MUST_CHECK enum err saved_get(struct sql *db, enum saved_kind kind, uint32_t id,
                              struct arena *arena, struct saved *out, struct why *why);

/* Make one: 'id', 'version' and the times are filled in. ERR_TOO_LARGE over
 * LIMIT_SAVED_QUESTIONS, LIMIT_SAVED_BOARDS or LIMIT_SAVED_MAPPINGS. */
MUST_CHECK enum err saved_add(struct brand *b, struct saved *s, struct why *why);
/* Replace name and body of s->id, if it still has s->version; the new version and the times are
 * filled in. ERR_NOT_FOUND, ERR_PRECONDITION. */
MUST_CHECK enum err saved_change(struct brand *b, struct saved *s, struct why *why);
/* The same, to be gone. */
MUST_CHECK enum err saved_remove(struct brand *b, const struct saved *s, struct why *why);
