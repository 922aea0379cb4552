/* rejects.h - bad rows told: the first on the progress stream, all in a csv file. One thread. */
#pragma once

#include <stdio.h>

#include "intake/batch.h"

struct rejects {
    FILE *out; /* NULL = silent */
    int fd;    /* of the file; -1 = none */
    uint64_t told;
    struct strbuf buffer;
};

/* 'path' may be NULL. */
MUST_CHECK enum err rejects_open(struct rejects *r, const char *path, FILE *out, struct why *why);
MUST_CHECK enum err rejects_add(struct rejects *r, const char *file, const struct reject *reject,
                                struct why *why);
/* Write what is held and close. */
MUST_CHECK enum err rejects_close(struct rejects *r, struct why *why);
