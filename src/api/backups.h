/* backups.h - backups that the server makes while it serves: one at a time, on a thread of its own,
 * into a folder that is not the data directory. Any thread. */
#pragma once

#include "account/principal.h"
#include "brand/data.h"

struct backups;
/* The folder is DATA.backups, beside the data directory and its key, until another is chosen; made
 * when needed. */
struct backups *backups_create(struct data *d);
/* One that is being made ends, and leaves nothing behind. NULL is allowed. */
void backups_destroy(struct backups *b);
/* Choose the folder; what holds it must exist. ERR_INVALID when it lies in the data directory.
 * Before the first backup. */
MUST_CHECK enum err backups_choose(struct backups *b, const char *folder, struct why *why);

/* Begin one; begin, end and failure are audited. ERR_CONFLICT: one is being made. */
MUST_CHECK enum err backups_begin(struct backups *b, const struct principal *who, int64_t *id,
                                  struct why *why);

enum backup_state { BACKUP_NONE, BACKUP_RUNNING, BACKUP_DONE, BACKUP_FAILED };
/* The last one since the server began. */
struct backup_view {
    enum backup_state state;
    int64_t id;           /* of it, 0 = none */
    int64_t began, ended; /* TIME_NONE = not yet */
    uint64_t bytes;       /* put in so far; of the file when done */
    double share;         /* of the work that is done, 0 to 1 */
    char path[700];       /* of the file; "" unless done */
    struct why why;       /* it failed */
};
void backups_look(struct backups *b, struct backup_view *out);
