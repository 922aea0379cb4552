/* look.h - asking members which segments they are in; the keeper's. */
#pragma once

#include "segments/internal.h"

/* Members to be looked at, and by what. */
struct looking {
    struct room *room;
    const struct snapshot *snapshot;
    enum segment_reason reason;
    struct panel_view *view;
    struct arena *arena;
    uint8_t *which;         /* expressions to be asked: in step with what they follow */
    uint8_t *rest;          /* of them, those that take a history; scratch */
    uint8_t *answers;       /* of one member */
    roaring_bitmap_t *seen; /* by a scan */
};

void looking_begin(struct looking *w, struct room *r, const struct snapshot *s,
                   enum segment_reason reason);
void looking_end(struct looking *w);

/* Events of one member. Of who is remembered: false when they are not; then by their history. */
bool look_recall(struct looking *w, const struct touch *touches, size_t count);
void look_touched(struct looking *w, const struct touch *touches, size_t count);
/* Ask all about members, by one pass where that is shorter than a history each. */
void look_all(struct looking *w, const uint32_t *members, size_t count);
/* Ask those whose answers may hang on lists about one member. */
void look_listed(struct looking *w, uint32_t member);
/* Would one pass take less than so many histories? */
bool look_pass_is_shorter(const struct looking *w, size_t members);
/* One pass over the log for all of them. Who is not seen has no events any more. */
void look_by_pass(struct looking *w, const uint32_t *members, size_t count);
