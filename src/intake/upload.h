/* upload.h - files that people upload to be imported, and their imports.
 *
 * A file comes in pieces, lies in DIR/brands/SLUG/uploads/ (mode 0600) and is imported, or tried,
 * by threads of its own, one import a brand and LIMIT_UPLOADS_RUNNING in all; others wait. What an
 * import has become is a row of the brand; what it is doing now is in memory, so that an import cut
 * off by a crash is a stopped one after the next start. Files go LIMIT_UPLOAD_DAYS after their
 * import ended, with what was rejected of them; the row stays, up to LIMIT_UPLOADS of them.
 *
 * Any thread, but not the writer. Numbers are never given again. */
#pragma once

#include "account/principal.h"
#include "base/limits.h"
#include "brand/data.h"
#include "intake/import.h"

struct uploads;

enum upload_state {
    UPLOAD_UPLOADING, /* its file is not whole yet */
    UPLOAD_READY,
    UPLOAD_QUEUED,
    UPLOAD_TRYING, /* a dry run */
    UPLOAD_RUNNING,
    UPLOAD_DONE,
    UPLOAD_FAILED,
    UPLOAD_STOPPED,
    UPLOAD_UNDOING,
    UPLOAD_UNDONE /* what it had brought is gone; it may be run again */
};
const char *upload_state_name(enum upload_state state);

/* How far the one at work is. */
struct upload_progress {
    uint64_t rows, lines; /* read; of the file, 0 = not known yet */
    uint64_t bytes;       /* of the file, unpacked; 0 = not known yet */
    double share;         /* done, 0 to 1 */
    double seconds;       /* since its first row */
};

struct upload {
    uint32_t id;
    enum upload_state state;
    struct str name;     /* of the file, as it was called */
    uint64_t bytes;      /* it has */
    uint64_t received;   /* of them, here; 0 once the file is gone */
    bool kept;           /* its time is not over */
    bool dry_run;        /* the last run was one */
    struct str author;   /* who uploaded it */
    int64_t created_at;  /* UTC ms */
    int64_t finished_at; /* of the last run; TIME_NONE = none has ended */
    struct str options;  /* JSON of the last run; {NULL, 0} = none. What follows likewise. */
    struct str counts;   /* of the last import, or the one at work */
    struct str tried;    /* of the last dry run */
    struct str rejects;  /* of the last run: the first UPLOAD_REJECTS_TOLD */
    struct str reason;   /* why it failed or stopped, a sentence */
    struct str undone;   /* JSON: what was taken back, when it is UPLOAD_UNDONE */
    struct upload_progress progress; /* of the one at work */
};
#define UPLOAD_REJECTS_TOLD 20

/* ---- life ---- */

/* Imports that were at work when the process ended are marked as stopped, files that nobody knows
 * are removed. */
MUST_CHECK enum err uploads_create(struct data *d, struct uploads **out, struct why *why);
/* Stops what is at work and waits for it. NULL is allowed. */
void uploads_destroy(struct uploads *u);
/* Remove the files whose time is over; done now and then by itself. */
void uploads_sweep(struct uploads *u);

/* ---- a file ---- */

/* A new one, with nothing received: n->name and n->bytes are given, n->id is filled in.
 * ERR_INVALID, ERR_TOO_LARGE, ERR_NO_SPACE. */
MUST_CHECK enum err upload_add(struct uploads *u, struct brand *b, struct upload *n,
                               const struct principal *who, struct why *why);
struct upload_piece {
    uint64_t offset; /* of its first byte in the file */
    struct str bytes;
    uint64_t received; /* filled, also on failure: how much of the file is here then, durably */
};
/* The next piece of a file. ERR_CONFLICT when its offset is not what is here, or another piece is
 * being written. */
MUST_CHECK enum err upload_write(struct uploads *u, struct brand *b, const struct upload *to,
                                 struct upload_piece *piece, struct why *why);
/* The file and its rejects go, and the row with them. ERR_CONFLICT while it is at work. */
MUST_CHECK enum err upload_remove(struct uploads *u, struct brand *b, const struct upload *of,
                                  const struct principal *who, struct why *why);
/* Where it lies; where what was rejected of it lies. */
#define UPLOAD_PATH_SIZE 640
void upload_path(struct brand *b, uint32_t id, const char *suffix, char out[UPLOAD_PATH_SIZE]);
#define UPLOAD_REJECTS ".rejects"

/* ---- reading ---- */

/* What is at work, as of now; to be taken before the reader's view, so that nothing falls between
 * the two. */
struct upload_view {
    struct brand *brand;
    struct arena *arena; /* all that is handed out lives there */
    struct upload *live; /* what is at work or waits; each filled as far as memory knows */
    size_t live_count;
};
void upload_view_take(struct uploads *u, struct brand *b, struct arena *arena,
                      struct upload_view *out);
/* ERR_NOT_FOUND. */
MUST_CHECK enum err upload_get(const struct upload_view *v, struct sql *db, uint32_t id,
                               struct upload *out, struct why *why);
/* Rows that the last dry run found something to do with, by what that is, as JSON: an object of
 * the classes (samples.h), all empty when there was none, or its rows are gone. ERR_NOT_FOUND. */
struct json_writer;
MUST_CHECK enum err upload_samples_write(const struct upload_view *v, struct sql *db, uint32_t id,
                                         struct json_writer *w, struct why *why);
struct upload_list {
    struct upload *items;
    size_t count;
};
struct upload_page {
    uint32_t below;    /* newest first from here; 0 = from the newest */
    struct str author; /* what they uploaded; {NULL, 0} = all */
    size_t limit;
};
MUST_CHECK enum err upload_list(const struct upload_view *v, struct sql *db,
                                const struct upload_page *page, struct upload_list *out,
                                struct why *why);

/* ---- running ---- */

struct upload_run {
    enum import_format format;
    const char *as, *map, *group, *source, *date, *tz,
        *sheet; /* as of import_options; NULL = none */
    bool dry_run, strict;
    enum lang lang; /* of reasons */
    const struct principal *who;
};
/* Begin, or wait for its turn. ERR_INVALID: the options; ERR_CONFLICT: the file is not whole, gone,
 * or at work already. All is copied. */
MUST_CHECK enum err upload_start(struct uploads *u, struct brand *b, const struct upload *of,
                                 const struct upload_run *run, struct why *why);
/* Is its file here, all of it? ERR_CONFLICT. */
MUST_CHECK enum err upload_whole(const struct upload *u, struct why *why);
/* Have it end without the batch under way; returns at once. ERR_CONFLICT when it is not at work. */
MUST_CHECK enum err upload_stop(struct uploads *u, struct brand *b, uint32_t id, struct why *why);

/* ---- undoing ---- */

/* Take back what the runs of an import have stored, in its turn (people/undo.h). After a kill it is
 * as before, or undone. ERR_CONFLICT: it is at work, or nothing of it is stored. */
MUST_CHECK enum err upload_undo(struct uploads *u, struct brand *b, const struct upload *of,
                                const struct upload_run *run, struct why *why);
/* What that would do now. ERR_CONFLICT as there. */
struct undo_sums;
MUST_CHECK enum err upload_undo_preview(struct uploads *u, struct brand *b, const struct upload *of,
                                        struct undo_sums *out, struct why *why);
void upload_undo_json(const struct undo_sums *sums, struct strbuf *out);

/* ---- news ---- */

/* The last change of one import; those who listen are told each once. */
struct upload_news {
    uint64_t number; /* grows */
    uint32_t id;
    enum upload_state state;
    double share;
};
/* The number of the newest change of any brand. */
uint64_t uploads_newest(struct uploads *u);
/* The oldest change of the brand's with 'after' < number <= 'until'; false when there is none.
 * An import of which there is newer news is not told of its older. */
bool uploads_news(struct uploads *u, struct brand *b, uint64_t after, uint64_t until,
                  struct upload_news *out);
