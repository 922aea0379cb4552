/* gzip.h - Content-Encoding: gzip, done and undone, the latter never beyond a given size. Pure; any
 * thread. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Replace the content of 'out' by what 'packed' unpacks to. ERR_TOO_LARGE: more than 'size_max'
 * bytes; ERR_INVALID: damaged, cut short, or followed by anything else. 'out' may hold a part after
 * a failure. */
MUST_CHECK enum err gunzip(struct str packed, size_t size_max, struct strbuf *out, struct why *why);
/* As much smaller as little time makes it; heap bytes that the caller frees. {NULL, 0}: it would
 * not get smaller, or there is no memory to pack it with. */
struct str gzip(struct str plain);
