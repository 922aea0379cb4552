/* job.h - one import under way; inside src/intake only.
 *
 * The caller's thread takes batches from the belt and applies them on the writer; a thread per file
 * fills them. */
#pragma once

#include "base/map.h"
#include "intake/journal.h"
#include "intake/mapping.h"
#include "intake/parse.h"
#include "intake/progress.h"
#include "intake/rejects.h"
#include "intake/samples.h"

struct job {
    struct brand *brand;
    const struct import_options *options;
    struct import_counts *counts;
    struct arena *arena;
    struct mapping map;
    bool has_map;
    struct input **inputs; /* beside the paths */
    const char *const *paths;
    size_t count;
    uint64_t lines;  /* of all files */
    bool bulk;       /* more than RECORD_LINES of them */
    bool bulk_began; /* people_bulk_end is due */
    int64_t now;
    struct tx *trial;            /* a dry run: the transaction that will be undone; else NULL */
    struct inferring *inferring; /* over all files */
    struct colleagues *colleagues;
    struct belt belt;
    struct rejects rejects;
    struct progress progress;
    struct intmap *touched;        /* dry run: the members seen; see apply.c */
    struct samples samples;        /* dry run; rows lie in 'arena' */
    size_t room;                   /* rows of the two below */
    struct people_result *results; /* of a batch */
    struct why *errors;            /* beside them; zeroed where nothing was refused */
};

/* The file being imported. */
struct file_run {
    struct job *job;
    const char *path;
    struct input *input;
    struct journal_entry entry;
    struct sender sender;
    char origin[JOURNAL_ORIGIN_SIZE];
    struct batch *batch; /* being applied */
    /* of that batch, on the writer; final once it is committed */
    struct import_counts applied;
    VEC(struct reject) refused;
};

/* import.c: the last part of a path. */
const char *import_file_name(const char *path);
/* apply.c: bring one batch into the brand, and the journal with it. */
MUST_CHECK enum err apply_batch(struct file_run *run, struct why *why);
/* Find or make the file's journal entry, and its sender. */
MUST_CHECK enum err apply_begin(struct file_run *run, const struct sha256 *key, struct why *why);
/* Fold what people_bulk left. */
MUST_CHECK enum err apply_end(struct job *job, struct why *why);
/* Run fn inside a transaction that is undone. */
MUST_CHECK enum err apply_trial(struct job *job, enum err (*fn)(struct job *job, struct why *why),
                                struct why *why);
