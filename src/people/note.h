/* note.h - what staff write down about a member: free text, sealed at rest.
 *
 * A note belongs to a persona, as traits do, and goes with its erasure. Its author is who wrote it,
 * "staff:3"; who may change it is the API's to decide. Changes wait for the brand's writer. */
#pragma once

#include "people/people.h"

struct note {
    uint32_t id; /* 0 = to be made */
    uint32_t member;
    struct str author;      /* "staff:3" */
    struct str author_name; /* as it was then */
    struct str text;        /* in clear, at most LIMIT_NOTE_CHARS characters */
    int64_t at, changed_at;
};

/* Those of a member, by any of their personas, newest first. */
MUST_CHECK enum err note_list(const struct people_view *v, uint32_t member, struct note **out,
                              size_t *count, struct why *why);
/* One of a member's. ERR_NOT_FOUND. */
MUST_CHECK enum err note_get(const struct people_view *v, uint32_t member, uint32_t id,
                             struct note *out, struct why *why);
/* Make one (id 0) or write its text anew; number and times are filled in. ERR_NOT_FOUND: no such
 * member, or note. ERR_TOO_LARGE: over LIMIT_MEMBER_NOTES. */
MUST_CHECK enum err note_save(struct brand *b, struct note *n, struct why *why);
MUST_CHECK enum err note_remove(struct brand *b, uint32_t id, struct why *why);
