/* upkeep.h - when the directory was last backed up and last verified as a whole, and what came of
 * it: table upkeep in server.db. Any thread. */
#pragma once

#include "brand/data.h"

enum upkeep { UPKEEP_BACKUP, UPKEEP_VERIFY, UPKEEP_COUNT };

struct upkeep_run {
    int64_t began_at; /* TIME_NONE = never yet */
    int64_t ended_at;
    bool good;       /* the backup is whole; nothing was found wrong */
    uint64_t amount; /* bytes of the backup; findings */
};

/* Remember this one in place of the one before. */
MUST_CHECK enum err upkeep_note(struct data *d, enum upkeep what, const struct upkeep_run *run,
                                struct why *why);
MUST_CHECK enum err upkeep_last(struct data *d, enum upkeep what, struct upkeep_run *out,
                                struct why *why);
