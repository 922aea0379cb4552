/* posthog.h - one event of the PostHog protocol becomes a fact. Pure; any thread.
 *
 * $pageview and $screen are page.viewed; $identify, $set and $create_alias are member.identified;
 * any other name see kind_name.h. Properties that begin with '$' are the SDK's own: a fixed few are
 * kept without the '$', the rest is left out. $set and $set_once are traits.
 *
 * Whom a distinct_id names: with $identify a user; with $is_identified false or true an anonymous
 * one or a user; otherwise an anonymous one when it looks like an id that SDKs make up (hex digits
 * in five groups), and a user when not. */
#pragma once

#include "intake/message.h"

/* As segment_message(). An event about sessions or PostHog's groups leaves the kind empty: it is
 * to be ignored. */
MUST_CHECK enum err posthog_message(struct arena *a, struct str json,
                                    const struct message_source *source, struct fact *out,
                                    struct why *why);
/* The key, which browsers put into each event's properties; {NULL, 0} when there is none. */
struct str posthog_token(struct arena *a, struct str json);
