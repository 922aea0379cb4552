/* handout_internal.h - the halves of a member's export: what is in it, and the file. */
#pragma once

#include "api/handout.h"
#include "insight/reply.h"

struct handout {
    struct call *call;
    const struct look *look;
    const struct look_profile *profile;
    struct archive *archive;
    struct reply reply;       /* of the form at hand */
    struct strbuf piece;      /* of the file at hand, not yet in the archive */
    struct handout_made made; /* so far */
};

/* A section; each is written twice by the same function, as JSON and as CSV. */
struct handout_section {
    const char *name;
    const char *header; /* of the CSV */
    enum err (*write)(struct handout *h, struct why *why);
};
extern const struct handout_section handout_sections[]; /* ends with a NULL name */

/* Between them is a row; the second hands what is full to the archive. */
void handout_row_begin(struct handout *h);
MUST_CHECK enum err handout_row_end(struct handout *h, struct why *why);
/* A cell; {NULL, 0} and TIME_NONE are null, in CSV empty. */
void handout_text(struct handout *h, const char *key, struct str text);
void handout_time(struct handout *h, const char *key, int64_t at);

/* ---- handout_groups.c: sections ---- */

enum err handout_group_roles(struct handout *h, struct why *why);
enum err handout_circles(struct handout *h, struct why *why);
enum err handout_messages(struct handout *h, struct why *why);
enum err handout_group_suspects(struct handout *h, struct why *why);
enum err handout_moderation(struct handout *h, struct why *why);
