/* segment.h - one message of the Segment protocol becomes a fact. Pure; any thread.
 *
 *   track           its event, see kind_name.h
 *   page, screen    page.viewed, with props.page
 *   identify        member.identified, with traits; e-mail and phone identify as well
 *   group           member.identified, with traits group_id and group_*
 *   alias           member.identified: userId and previousId are one person */
#pragma once

#include "intake/message.h"

/* Not checked yet: fact_kind_allowed() and fact_check() are the caller's. Texts of 'out' lie in
 * 'json' or in the arena. */
MUST_CHECK enum err segment_message(struct arena *a, struct str json,
                                    const struct message_source *source, struct fact *out,
                                    struct why *why);
