/* hold.c - suspended requests: who may answer, and who frees.
 *
 * 1. The list server.suspended holds exactly the requests with HOLD_SUSPENDED.
 * 2. The library's suspend and resume are called under the lock, so that no connection is suspended
 *    after hold_abandon_all(), and none is resumed twice. The library calls nothing of ours with
 * its own locks held.
 * 3. After HOLD_ABANDONED the two parties share only 'hold' and 'parties', both under the lock. */
#include <assert.h>
#include <sys/socket.h>

#include "http/internal.h"

static void list_add(struct request *req)
{
    struct http_server *s = req->server;
    req->previous = NULL;
    req->next = s->suspended;
    if (req->next) req->next->previous = req;
    s->suspended = req;
}

static void list_remove(struct request *req)
{
    if (req->next) req->next->previous = req->previous;
    if (req->previous) req->previous->next = req->next;
    if (req->server->suspended == req) req->server->suspended = req->next;
    req->next = req->previous = NULL;
}

static void abandon(struct request *req)
{
    req->hold = HOLD_ABANDONED;
    req->parties = 2;
    atomic_fetch_add(&req->server->references, 1);
}

void request_suspend(struct request *req)
{
    struct http_server *s = req->server;
    assert(req->stage == STAGE_HANDLED && !req->suspended && !req->response);
    req->suspended = true;
    pthread_mutex_lock(&s->lock);
    if (s->abandoning) {
        abandon(req);
    } else {
        MHD_suspend_connection(req->connection);
        req->hold = HOLD_SUSPENDED;
        list_add(req);
    }
    pthread_mutex_unlock(&s->lock);
}

/* One of the two parties of an abandoned request leaves; called under the lock, which it drops. */
static void leave_abandoned(struct request *req)
{
    struct http_server *s = req->server;
    bool last = --req->parties == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last) return;
    request_destroy(req);
    server_release(s);
}

void request_resume_with(struct request *req, void (*fn)(struct request *req, void *arg), void *arg)
{
    assert(!req->response);
    req->late = fn;
    req->late_arg = arg;
    request_resume(req);
}

void request_resume(struct request *req)
{
    struct http_server *s = req->server;
    assert(req->response || req->late);
    pthread_mutex_lock(&s->lock);
    if (req->hold == HOLD_ABANDONED) {
        leave_abandoned(req);
        return;
    }
    assert(req->hold == HOLD_SUSPENDED);
    list_remove(req);
    req->hold = HOLD_RESUMED;
    MHD_resume_connection(req->connection);
    pthread_mutex_unlock(&s->lock);
}

bool hold_is_abandoned(struct request *req)
{
    if (!req->suspended) return false;
    pthread_mutex_lock(&req->server->lock);
    bool abandoned = req->hold == HOLD_ABANDONED;
    pthread_mutex_unlock(&req->server->lock);
    return abandoned;
}

void hold_end(struct request *req)
{
    struct http_server *s = req->server;
    pthread_mutex_lock(&s->lock);
    if (req->hold == HOLD_ABANDONED) {
        leave_abandoned(req);
        return;
    }
    pthread_mutex_unlock(&s->lock);
    request_give(req);
}

void hold_abandon_all(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->abandoning = true;
    while (s->suspended) {
        struct request *req = s->suspended;
        list_remove(req);
        abandon(req);
        MHD_resume_connection(req->connection);
    }
    pthread_mutex_unlock(&s->lock);
}

bool request_gone(const struct request *req)
{
    struct http_server *s = req->server;
    char byte;
    pthread_mutex_lock(&s->lock);
    /* An end of stream counts as gone: nobody waits for a reply with its own side closed. */
    bool gone =
        req->hold == HOLD_ABANDONED || recv(req->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    pthread_mutex_unlock(&s->lock);
    return gone;
}
