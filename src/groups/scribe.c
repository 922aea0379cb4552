/* scribe.c - a ring of sheets: the writer fills one while the scribe writes those before it.
 *
 * Invariants: sheets written..filled-1 are the scribe's, and 'filled' is the writer's, modulo
 * SHEETS; filled - written < SHEETS. A sheet is handed over when it is full or waited for. */
#include "groups/scribe.h"

#include <pthread.h>

#include "base/mem.h"

#define SHEETS 64
#define SHEET_LINES 64

struct sheet {
    struct arena *arena; /* of the texts of its lines */
    struct said_line lines[SHEET_LINES];
    size_t count;
};

struct scribe {
    enum err (*write)(void *ctx, struct arena *arena, const struct said_line *line);
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock;       /* guards what follows, but for the contents of sheets */
    pthread_cond_t wake;        /* the scribe: a sheet is filled, or stop */
    pthread_cond_t done;        /* the writer: a sheet is written */
    uint64_t filled, written;   /* sheets so far */
    enum err (*end)(void *ctx); /* asked for behind the last line; NULL = nothing */
    bool stopping;
    enum err err; /* of the first line that failed; then none is written until it is told */
    struct sheet sheets[SHEETS];
};

static enum err write_sheet(struct scribe *s, const struct sheet *sheet)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < sheet->count && err == ERR_OK; i++)
        err = s->write(s->ctx, sheet->arena, &sheet->lines[i]);
    return err;
}

/* One sheet, or the end. Under the lock, but for the work itself. */
static void work(struct scribe *s)
{
    enum err (*end)(void *) = s->written == s->filled ? s->end : NULL;
    const struct sheet *sheet = &s->sheets[s->written % SHEETS];
    enum err err = s->err;
    pthread_mutex_unlock(&s->lock);
    if (err == ERR_OK) err = end ? end(s->ctx) : write_sheet(s, sheet);
    pthread_mutex_lock(&s->lock);
    s->err = err;
    s->written += !end;
    if (end) s->end = NULL;
    pthread_cond_signal(&s->done);
}

static void *run(void *arg)
{
    struct scribe *s = arg;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (s->written == s->filled && !s->end && !s->stopping)
            pthread_cond_wait(&s->wake, &s->lock);
        if (s->written == s->filled && !s->end) break;
        work(s);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

struct scribe *scribe_create(enum err (*write)(void *ctx, struct arena *arena,
                                               const struct said_line *line),
                             void *ctx)
{
    struct scribe *s = mem_alloc(sizeof(*s));
    s->write = write;
    s->ctx = ctx;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    pthread_cond_init(&s->done, NULL);
    if (pthread_create(&s->thread, NULL, run, s) == 0) return s;
    mem_free(s);
    return NULL;
}

void scribe_destroy(struct scribe *s)
{
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < SHEETS; i++)
        arena_destroy(s->sheets[i].arena);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->done);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

static void hand_over(struct scribe *s)
{
    pthread_mutex_lock(&s->lock);
    s->filled++;
    pthread_cond_signal(&s->wake);
    while (s->filled - s->written == SHEETS)
        pthread_cond_wait(&s->done, &s->lock);
    pthread_mutex_unlock(&s->lock);
    struct sheet *next = &s->sheets[s->filled % SHEETS];
    next->count = 0;
    if (next->arena) arena_reset(next->arena);
}

void scribe_add(struct scribe *s, const struct said_line *line)
{
    struct sheet *sheet = &s->sheets[s->filled % SHEETS];
    if (!sheet->arena) sheet->arena = arena_create(0);
    struct said_line *l = &sheet->lines[sheet->count++];
    *l = *line;
    l->message = arena_str(sheet->arena, line->message);
    l->reply_to = arena_str(sheet->arena, line->reply_to);
    l->type = arena_str(sheet->arena, line->type);
    l->text = arena_str(sheet->arena, line->text);
    if (sheet->count == SHEET_LINES) hand_over(s);
}

void scribe_end(struct scribe *s, enum err (*end)(void *ctx))
{
    if (s->sheets[s->filled % SHEETS].count) hand_over(s);
    pthread_mutex_lock(&s->lock);
    s->end = end;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

enum err scribe_wait(struct scribe *s)
{
    if (s->sheets[s->filled % SHEETS].count) hand_over(s);
    pthread_mutex_lock(&s->lock);
    while (s->written != s->filled || s->end)
        pthread_cond_wait(&s->done, &s->lock);
    enum err err = s->err;
    s->err = ERR_OK;
    pthread_mutex_unlock(&s->lock);
    return err;
}
