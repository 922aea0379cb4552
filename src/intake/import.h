/* import.h - bring a file's rows into a brand: formats, mapping, rejects, resuming.
 *
 * An import is idempotent: it is known by the SHA-256 of the file's uncompressed content, the map,
 * the format and the group. One thread; rows are parsed on another and applied on the writer. */
#pragma once

#include <stdio.h>

#include "brand/brand.h"
#include "people/people.h"

enum import_format {
    IMPORT_CSV,
    IMPORT_JSONL,
    IMPORT_SEGMENT,
    IMPORT_IRC,
    IMPORT_COLUMNS,
    IMPORT_FORMAT_COUNT
};
bool import_format_parse(struct str name, enum import_format *out);

struct import_options {
    enum import_format format;
    const char *as;          /* --as KIND; NULL = none */
    const char *map;         /* the text of the map, already read from its file; NULL = none */
    const char *group;       /* NULL = none */
    const char *source;      /* NULL = the brand */
    const char *date;        /* irc: YYYY-MM-DD; NULL = from the file's name */
    const struct zone *zone; /* of times without one */
    bool dry_run, strict;
    const char *rejects_path; /* NULL = none */
    int stdin_fd;             /* what "-" reads */
    FILE *progress;           /* bar or lines; NULL = silent */
    enum lang lang;           /* of what is told, and of the reasons in the rejects file */
};

struct import_counts {
    uint64_t read, stored, duplicate, rejected, members_created, merged;
    uint64_t dropped, conflicts, presence,
        skipped;      /* identities left out; refused merges; irc; notes */
    uint64_t updated; /* dry_run only: members that are there already and get something new */
};

/* Import files one after the other (counts add up). Paths are absolute, or "-". A bad row is
 * counted, told on 'progress' (the first 20) and in the rejects file. ERR_INVALID: the options or
 * the map are wrong, and nothing was read. With 'strict' the first bad row stops the import,
 * keeping what was committed. */
MUST_CHECK enum err import_files(struct brand *b, const struct import_options *options,
                                 const char *const *paths, size_t path_count,
                                 struct import_counts *counts, struct why *why);

/* The journal's table; a module without folds. */
extern const struct module import_module;
