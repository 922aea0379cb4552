/* rejects.h - bad rows told: the first on the progress stream, all in a csv file. One thread. */
#pragma once

#include <stdio.h>

#include "intake/batch.h"

struct rejects {
    FILE *out; /* NULL = silent */
    enum lang lang;
    int fd;                           /* of the file; -1 = none */
    const struct import_watch *watch; /* NULL = nobody */
    uint64_t told;
    uint64_t left; /* bytes that the file may still take */
    struct strbuf buffer;
};

/* Where and how is said by the options: progress, watch, lang, rejects_path and
 * rejects_max. */
MUST_CHECK enum err rejects_open(struct rejects *r, const struct import_options *o,
                                 struct why *why);
MUST_CHECK enum err rejects_add(struct rejects *r, const char *file, const struct reject *reject,
                                struct why *why);
/* Write what is held and close. */
MUST_CHECK enum err rejects_close(struct rejects *r, struct why *why);
