/* samples.h - a few rows of each thing that a dry run finds rows to do. */
#pragma once

#include <stdio.h>

#include "base/json.h"

#define SAMPLES_MAX 5        /* of a class */
#define SAMPLE_ROW_BYTES 200 /* of a row that are shown */

/* What a row would do; it may do several. Rows that are rejected are told elsewhere. */
enum sample_class {
    SAMPLE_NEW,       /* make a member */
    SAMPLE_UPDATED,   /* the first to bring something to one that is there already */
    SAMPLE_CONFLICT,  /* leave an identity with another member, to be judged */
    SAMPLE_STAFF,     /* name staff that nobody of them is */
    SAMPLE_UNCHANGED, /* nothing: it was stored before, or leaves nothing */
    SAMPLE_CLASS_COUNT
};

struct sample {
    const char *file; /* its name */
    uint64_t line;
    struct str row;  /* as it stands in the file, cut */
    uint32_t member; /* whom it is about; 0 = nobody that is there without the import */
};

struct samples {
    struct sample_list {
        uint64_t rows;                    /* of the class */
        struct sample items[SAMPLES_MAX]; /* the first of them */
        size_t count;
    } of[SAMPLE_CLASS_COUNT];
};

/* One more, if there is room: its row is copied into 'arena', its file's name is not. */
void samples_add(struct samples *s, enum sample_class class, const struct sample *one,
                 struct arena *arena);
/* An object with what there is of each class. */
void samples_put(const struct samples *s, struct json_writer *w);
/* A line each, for a terminal: signs that would move its cursor are blanks. */
void samples_print(const struct samples *s, FILE *out);
