/* report.h - a brand at a glance: the sections of `wellfield report`. */
#pragma once

#include "base/str.h"
#include "brand/brand.h"

enum report_form { REPORT_TEXT, REPORT_JSON, REPORT_HTML };

/* Append the report of [from, to) to 'out'; TIME_NONE = since the first event, until now. JSON has
 * one key a section: brand, from, to, stages, flow, events_per_day, top_kinds, retention, rfm,
 * repeat, groups. */
MUST_CHECK enum err report_write(struct brand *b, int64_t from, int64_t to, enum report_form form,
                                 enum lang lang, struct strbuf *out, struct why *why);
