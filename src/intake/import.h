/* import.h - bring a file's rows into a brand: formats, mapping, rejects, resuming.
 *
 * An import is idempotent: it is known by the SHA-256 of the file's uncompressed content, the map,
 * the format and the group. One thread; rows are parsed on another and applied on the writer. */
#pragma once

#include <stdatomic.h>
#include <stdio.h>

#include "brand/brand.h"
#include "people/people.h"

enum import_format {
    IMPORT_CSV,
    IMPORT_JSONL,
    IMPORT_SEGMENT,
    IMPORT_IRC,
    IMPORT_COLUMNS,
    IMPORT_XLSX, /* csv that must be a workbook; csv may be one */
    IMPORT_TELEGRAM,
    IMPORT_DISCORD,
    IMPORT_SLACK,    /* a ZIP or a folder */
    IMPORT_MESSAGES, /* flat messages as JSON, in a list or a line each */
    IMPORT_MBOX,
    IMPORT_FORMAT_COUNT
};
bool import_format_parse(struct str name, enum import_format *out);
const char *import_format_name(enum import_format format);
/* All of them, parted by ", ". */
const char *import_format_names(void);
/* Is it of chats, whose messages say all themselves? */
static inline bool import_is_chat(enum import_format format)
{
    return format == IMPORT_IRC || format >= IMPORT_TELEGRAM;
}
/* Is it JSON, or mail: of an encoding that is told within, never guessed? */
static inline bool import_keeps_bytes(enum import_format format)
{
    return format == IMPORT_JSONL || format == IMPORT_SEGMENT || format >= IMPORT_TELEGRAM;
}
/* Has it a header row? */
static inline bool import_is_csv(enum import_format format)
{
    return format == IMPORT_CSV || format == IMPORT_XLSX;
}
/* Is this a file of that format? ERR_INVALID. */
struct input_info;
MUST_CHECK enum err import_fits(enum import_format format, const struct input_info *info,
                                struct why *why);

/* What an import tells while it goes on, on the thread that called import_files(); any may be NULL.
 */
struct import_counts;
struct samples;
struct import_watch {
    /* The rows of a file are about to be stored, and will say that they come from "import:ID". */
    enum err (*began)(void *ctx, int64_t id, struct why *why);
    /* The files are read once and known: so many lines and bytes in all, unpacked. */
    void (*opened)(void *ctx, uint64_t lines, uint64_t bytes);
    /* So much is done of all files' rows, 0 to 1, with these figures so far. */
    void (*went)(void *ctx, double part, const struct import_counts *counts);
    /* A row was rejected; column 0 = the row as a whole. */
    void (*rejected)(void *ctx, uint64_t line, uint32_t column, const char *reason);
    /* A dry run has ended well: some of the rows, by what they would do. */
    void (*tried)(void *ctx, const struct samples *samples);
    void *ctx;
};

struct staff; /* account/staff.h */
struct import_options {
    enum import_format format;
    const char *as;          /* --as KIND; NULL = none */
    const char *map;         /* the text of the map, already read from its file; NULL = none */
    const char *group;       /* NULL = none */
    const char *source;      /* NULL = the brand */
    const char *sheet;       /* of a workbook, by name; NULL = the first visible */
    const char *date;        /* irc: YYYY-MM-DD; NULL = from the file's name */
    const struct zone *zone; /* of times without one */
    struct staff *staff;     /* whom columns of staff name; NULL = only codes are known */
    bool dry_run, strict;
    const char *rejects_path; /* NULL = none */
    uint64_t rejects_max;     /* bytes of that file, about; 0 = no bound */
    const char *name;        /* of the only file, where its path does not say it; NULL = the path */
    uint64_t unpacked_max;   /* bytes of a file, unpacked; 0 = no bound */
    const atomic_bool *stop; /* set from outside: end without the batch under way; may be NULL */
    const struct import_watch *watch; /* NULL = nobody */
    int stdin_fd;                     /* what "-" reads */
    FILE *progress;                   /* bar or lines; NULL = silent */
    enum lang lang;                   /* of what is told, and of the reasons in the rejects file */
};

/* Are these options sound for their format? ERR_INVALID. */
MUST_CHECK enum err import_check(const struct import_options *options, struct why *why);

struct import_counts {
    uint64_t read, stored, duplicate, rejected, members_created, merged;
    uint64_t dropped, conflicts, presence,
        skipped;            /* identities left out; refused merges; irc; notes */
    uint64_t updated;       /* dry_run only: members that are there already and get something new */
    uint64_t unknown_staff; /* names in columns of owners and contacts that nobody of them has */
};

/* Import files one after the other (counts add up). Paths are absolute, or "-". A bad row is
 * counted, told on 'progress' (the first 20) and in the rejects file. ERR_INVALID: the options or
 * the map are wrong, and nothing was read. With 'strict' the first bad row stops the import,
 * keeping what was committed. ERR_CANCELLED: stopped from outside; what was committed stays. */
MUST_CHECK enum err import_files(struct brand *b, const struct import_options *options,
                                 const char *const *paths, size_t path_count,
                                 struct import_counts *counts, struct why *why);

/* The journal's table; a module without folds. */
extern const struct module import_module;
