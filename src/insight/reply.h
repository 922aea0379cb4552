/* reply.h - one flat JSON object, or its main list as CSV.
 *
 * A query writes its reply once, for both forms: as CSV everything outside of the main list is left
 * out, and in it keys are. CSV is RFC 4180 in UTF-8 with a byte order mark; a text that a
 * spreadsheet could take for a formula gets an apostrophe in front. One thread. */
#pragma once

#include "base/json.h"
#include "base/time.h"
#include "insight/insight.h"
#include "insight/wide.h"

struct reply {
    enum insight_form form;
    const struct zone *zone; /* of instants */
    struct json_writer json;
    struct strbuf *out; /* where both forms go */
    bool listing;       /* inside the main list */
    size_t cells;       /* CSV: in the row so far */
};

/* The main list. 'header' names the columns of the CSV, separated by commas. */
void reply_list(struct reply *r, const char *key, const char *header);
void reply_list_end(struct reply *r);
void reply_row(struct reply *r); /* an object in the list */
void reply_row_end(struct reply *r);

/* A list inside the reply or a row; CSV: its values are cells. */
void reply_array(struct reply *r, const char *key);
void reply_array_end(struct reply *r);
/* An object; JSON only. */
void reply_object(struct reply *r, const char *key);
void reply_object_end(struct reply *r);

/* Values; in arrays 'key' is NULL. */
void reply_int(struct reply *r, const char *key, int64_t v);
void reply_count(struct reply *r, const char *key, uint64_t v);
void reply_wide(struct reply *r, const char *key, wide v);     /* a double when it fits no int64 */
void reply_double(struct reply *r, const char *key, double v); /* NaN is null */
void reply_bool(struct reply *r, const char *key, bool v);
void reply_null(struct reply *r, const char *key);
void reply_text(struct reply *r, const char *key, struct str v);
void reply_time(struct reply *r, const char *key, int64_t at);
void reply_member(struct reply *r, const char *key, uint32_t member); /* "m12" */
/* Could a spreadsheet take the text of a cell for a formula? */
bool reply_formula(struct str s);
/* part / whole, null when there is no whole. */
void reply_rate(struct reply *r, const char *key, uint64_t part, uint64_t whole);
