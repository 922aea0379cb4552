/* tag_rules.h - tags that a rule gives: whoever a member expression holds for has the tag.
 *
 * A rule is a segment of its own, "tag-7" of tag 7, which is kept current as every segment is, by
 * each event and by the clock, and says of each member why. tag_rules_apply() brings the tags to
 * it: who has entered gets the tag, who has left loses it, unless the rule keeps what it gave. By
 * hand wins (people/tag.h). A rule cannot ask for tags or name segments, so that none feeds itself.
 */
#pragma once

#include "segments/segments.h"

struct tag_rule {
    uint32_t tag;
    struct str segment; /* its code */
    struct str expr;    /* in canonical form */
    bool keep;          /* who leaves keeps the tag */
    int64_t at;         /* when it was set */
    struct str source;  /* by whom: "staff:lily" */
};
/* In order of tag; in 'arena'. */
MUST_CHECK enum err tag_rules_list(struct sql *db, struct arena *arena, struct tag_rule **out,
                                   size_t *count, struct why *why);
/* Set the rule of r->tag: its expression, keep and source. ERR_NOT_FOUND: no such tag. ERR_INVALID
 * names "expression". */
MUST_CHECK enum err tag_rule_set(struct brand *b, struct tag_rule *r, struct arena *arena,
                                 struct why *why);
/* It goes, and every tag that it gave. '*taken' members lose it. ERR_NOT_FOUND. */
MUST_CHECK enum err tag_rule_remove(struct brand *b, uint32_t tag, struct arena *arena,
                                    size_t *taken, struct why *why);
/* Is it the segment of a rule? */
MUST_CHECK enum err tag_rule_of_segment(struct sql *db, struct str code, bool *out);
/* Give and take until tags are as the segments of now say; '*changed' members. Any thread but the
 * writer. A segment that is being built waits for the next call. */
MUST_CHECK enum err tag_rules_apply(struct brand *b, size_t *changed, struct why *why);
