/* stream.c - replies without an end: a content reader that suspends its connection while there is
 * nothing to send.
 *
 *   READY ──fill gives nothing──► SLEEPING ──stream_wake──► READY ──fill: -1, or stopping──► end
 *
 * 1. A wake that comes while fill() runs is remembered in 'woken', so none is lost.
 * 2. The library's suspend and resume are called under server.lock, as in hold.c; fill() and
 *    close() are called without it.
 * 3. After stream_end_all() no stream sleeps.
 * 4. The library has written all over the connection's memory while it read the head, and wants
 *    nothing of its middle any more: between the head, which it keeps at the front, and what it has
 *    put at the back lie buffers that are empty whenever fill() is called. Those pages are given
 *    back to the system before the first sleep; read again they are zeroes. */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"

#include "base/mem.h"
#include "http/internal.h"

#define PIECE 1024           /* bytes asked for at once, when the connection has no buffer yet */
#define BACK_KEPT (8 * 1024) /* of the connection's memory, for the library's lists of headers */

struct stream {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct stream_source source;
    struct stream *next, *previous; /* (lock) in server.streams */
    bool sleeping;                  /* (lock) suspended */
    bool woken;                     /* (lock) since fill() was called last */
    char *spare;                    /* pages to give back before the first sleep; NULL = none */
    size_t spare_size;              /* bytes of them */
};

/* The whole pages between the head and the back of the connection's memory. */
static void find_spare(struct stream *s, struct str head)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)head.p;
    uintptr_t from = (begin + head.len + page - 1) / page * page;
    uintptr_t to = (begin + LIMIT_CONNECTION_MEMORY - BACK_KEPT) / page * page;
    if (from >= to) return;
    s->spare = (char *)from;
    s->spare_size = to - from;
}

static void give_spare_back(struct stream *s)
{
    if (s->spare) (void)madvise(s->spare, s->spare_size, MADV_DONTNEED);
    s->spare = NULL;
}

/* Nothing was filled in: sleep, unless it was woken meanwhile. False = it must go on. */
static bool sleep_or_go_on(struct stream *s)
{
    pthread_mutex_lock(&s->server->lock);
    bool sleeps = !s->woken && !atomic_load(&s->server->stopping);
    if (sleeps) {
        MHD_suspend_connection(s->connection);
        s->sleeping = true;
    }
    pthread_mutex_unlock(&s->server->lock);
    return sleeps;
}

static ssize_t read_content(void *stream, uint64_t pos, char *out, size_t max)
{
    struct stream *s = stream;
    (void)pos;
    for (;;) {
        pthread_mutex_lock(&s->server->lock);
        s->woken = false;
        pthread_mutex_unlock(&s->server->lock);
        if (atomic_load(&s->server->stopping)) return MHD_CONTENT_READER_END_OF_STREAM;
        ptrdiff_t n = s->source.fill(s->source.ctx, out, max);
        if (n < 0) return MHD_CONTENT_READER_END_OF_STREAM;
        if (n > 0) return n;
        give_spare_back(s);
        if (sleep_or_go_on(s)) return 0;
    }
}

static void close_stream(void *stream)
{
    struct stream *s = stream;
    struct http_server *server = s->server;
    s->source.close(s->source.ctx);
    pthread_mutex_lock(&server->lock);
    if (s->next) s->next->previous = s->previous;
    if (s->previous) s->previous->next = s->next;
    if (server->streams == s) server->streams = s->next;
    server->stream_count--;
    pthread_mutex_unlock(&server->lock);
    mem_free(s);
}

struct stream *reply_stream(struct request *req, const char *content_type,
                            const struct stream_source *source)
{
    struct http_server *server = req->server;
    struct stream *s = mem_alloc(sizeof(*s));
    assert(!req->response);
    s->server = server;
    s->connection = req->connection;
    s->source = *source;
    find_spare(s, req->head);
    pthread_mutex_lock(&server->lock);
    s->next = server->streams;
    if (s->next) s->next->previous = s;
    server->streams = s;
    server->stream_count++;
    pthread_mutex_unlock(&server->lock);
    /* Without a length the library ends even a reply to HEAD with an empty chunk, which the next
     * reply on the connection would begin with. */
    uint64_t size = req->framing.method == HTTP_HEAD ? 0 : MHD_SIZE_UNKNOWN;
    req->response = MHD_create_response_from_callback(size, PIECE, read_content, s, close_stream);
    req->streams = true;
    reply_finish(req, 200, content_type);
    return s;
}

/* Called under the lock. */
static void wake(struct stream *s)
{
    s->woken = true;
    if (!s->sleeping) return;
    s->sleeping = false;
    MHD_resume_connection(s->connection);
}

void stream_wake(struct stream *s)
{
    pthread_mutex_lock(&s->server->lock);
    wake(s);
    pthread_mutex_unlock(&s->server->lock);
}

void stream_end_all(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (struct stream *s = server->streams; s; s = s->next)
        wake(s);
    pthread_mutex_unlock(&server->lock);
}
