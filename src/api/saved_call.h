/* saved_call.h - what is kept under a name, as a call finds and changes it. */
#pragma once

#include "api/call.h"
#include "saved/saved.h"

/* The one of {id}; ERR_NOT_FOUND. */
MUST_CHECK enum err saved_of_path(struct call *c, enum saved_kind kind, struct saved *out,
                                  struct why *why);

/* Make it, replace the one that was called 'before', or remove that of {id}, each told to the audit
 * log. */
MUST_CHECK enum err saved_call_add(struct call *c, struct saved *s, struct why *why);
MUST_CHECK enum err saved_call_change(struct call *c, struct saved *s, struct str before,
                                      struct why *why);
MUST_CHECK enum err saved_call_remove(struct call *c, enum saved_kind kind, struct why *why);
