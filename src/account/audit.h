/* audit.h - who did what, when, and how it was before and after.
 *
 * Each row holds the SHA-256 of the row before it and itself, and the last one is known apart,
 * under a key of the directory's: a row changed, removed or moved is found by audit_verify(). */
#pragma once

#include "account/principal.h"
#include "base/json.h"
#include "brand/data.h"

struct audit_entry {
    const struct principal *who; /* NULL = the command line */
    const char *brand;           /* slug; NULL or "" = the whole server */
    const char *action;          /* "staff.invited" */
    const char *subject;         /* "staff:4" */
    struct str before, after;    /* JSON; {NULL, 0} = nothing */
    bool personal;               /* they hold personal data: sealed */
};

/* Write a row. audit_append is for inside of a transaction of the server database. */
MUST_CHECK enum err audit_add(struct data *d, const struct audit_entry *e, struct why *why);
MUST_CHECK enum err audit_append(struct data *d, struct sql *db, const struct audit_entry *e);

/* A row read. Strings are the arena's. */
struct audit_row {
    int64_t number;
    int64_t at;
    struct str who;      /* "staff:3", "key:2", "command", "nobody", "timer" */
    struct str who_name; /* at that time */
    struct str brand;
    struct str action;
    struct str subject;
    struct str before, after; /* JSON, unsealed; {NULL, 0} = nothing */
};
struct audit_filter {
    const char *brand;          /* NULL = all rows */
    bool server_too;            /* and those of the whole server */
    struct str action;          /* one action, or a family such as "staff."; empty = all */
    const struct principal *by; /* what they did alone; NULL = whoever */
    int64_t below;              /* newest first from here; 0 = from the newest */
    int limit;                  /* rows at most */
};
MUST_CHECK enum err audit_read(struct data *d, const struct audit_filter *filter,
                               struct arena *arena, struct audit_row **out, size_t *count,
                               struct why *why);
/* A row as a JSON object, as the API and exports show it. */
void audit_write(const struct audit_row *row, const struct zone *zone, struct json_writer *w);

/* Go through the whole chain; 'finding' is told of every row that does not fit. */
MUST_CHECK enum err audit_verify(struct data *d, void (*finding)(void *ctx, const char *what),
                                 void *ctx, uint64_t *rows, struct why *why);
