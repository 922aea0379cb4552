/* report.h - a brand at a glance: the sections of `wellfield report`. */
#pragma once

#include "base/str.h"
#include "brand/brand.h"

enum report_form { REPORT_TEXT, REPORT_JSON, REPORT_HTML };

struct report_options {
    int64_t from, to; /* [from, to); TIME_NONE = since the first event, until now */
    enum report_form form;
    enum lang lang;
};

/* Append the report to 'out'. JSON has one key a section: brand, from, to, stages, flow,
 * events_per_day, top_kinds, retention, rfm, repeat, groups. */
MUST_CHECK enum err report_write(struct brand *b, const struct report_options *o,
                                 struct strbuf *out, struct why *why);
