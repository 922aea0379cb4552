/* segment_call.h - the segments that a call names. */
#pragma once

#include "api/call.h"
#include "segments/segments.h"

/* The one of the path; ERR_NOT_FOUND. */
MUST_CHECK enum err segment_of_path(struct call *c, struct segment *out, struct why *why);
MUST_CHECK enum err segment_by_code(struct call *c, struct str code, struct segment *out,
                                    struct why *why);
const char *segment_kind_name(enum segment_kind kind); /* "static", "dynamic" */
