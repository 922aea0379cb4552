/* internal.h - the server and the request from inside; for the files of this room only.
 *
 * A request belongs to the server's thread of its connection, but for the time between
 * request_suspend() and request_resume(), when it belongs to whoever was handed it. Fields marked
 * (lock) are read and written under server.lock by any thread. */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http/framing.h"
#include "http/http.h"
#include "http/route.h"

/* Headers a handler may add to one reply. */
#define REPLY_HEADERS_MAX 24

enum request_stage {
    STAGE_LINE,    /* the request line is known, nothing checked */
    STAGE_BODY,    /* the head is checked; its body, if any, is being read */
    STAGE_HANDLED, /* handed to its handler, or refused */
};

/* Who may end the suspension.
 *
 *   NONE ──suspend──► SUSPENDED ──resume──► RESUMED
 *     │                   └─stop gave up──► ABANDONED ◄── suspend while stopping
 *
 * An abandoned request is answered by the server, and freed by the later of two parties: the
 * server, done with the connection, and the owner, calling request_resume(). */
enum request_hold { HOLD_NONE, HOLD_SUSPENDED, HOLD_RESUMED, HOLD_ABANDONED };

struct request {
    struct http_server *server;        /* outlives the request, by its reference when abandoned */
    void *ctx;                         /* http_options.ctx */
    struct MHD_Connection *connection; /* not to be touched by the owner of a suspended request */
    int fd;                            /* the connection's socket */
    struct ip peer;                    /* at its other end */
    struct str head;                   /* where the library has the head: the connection's memory
                                          begins there */
    struct arena *arena;               /* everything below that is not said to be elsewhere */
    enum request_stage stage;          /* how far the exchange is */
    bool close;                        /* end the connection after the reply */
    bool counted;                      /* is among server.active */
    bool suspended;                    /* request_suspend() was called */

    enum request_hold hold;   /* (lock) */
    int parties;              /* (lock) of an abandoned request: those not done with it */
    struct request *next;     /* (lock) in the list of idle or of suspended requests */
    struct request *previous; /* (lock) in the list of suspended requests */

    struct str target;        /* as sent */
    struct framing framing;   /* method, and what body to expect */
    struct fields headers;    /* names and values, trimmed */
    struct fields query;      /* decoded */
    struct str path;          /* decoded */
    void *note;               /* request_leave() */
    struct route_match match; /* the row of the table; match.route may be NULL */
    struct why refusal;       /* err other than ERR_OK: answer with this instead of handling */
    struct strbuf sent;       /* body as it came (heap) */
    size_t swallowed;         /* body bytes read and thrown away */
    struct strbuf unpacked;   /* body after gzip (heap) */
    struct str body;          /* of 'sent' or 'unpacked' */

    struct field reply_headers[REPLY_HEADERS_MAX]; /* request for the reply; texts end in NUL */
    size_t reply_header_count;                     /* how many */
    struct MHD_Response *response;                 /* the reply, until it is queued */
    void (*late)(struct request *req, void *arg);  /* makes the reply when resumed; NULL = made */
    void *late_arg;                                /* its argument */
    int status;                                    /* of the reply */
    bool streams;                                  /* the reply is a stream */
};

/* Replies of one row, by status / 100. */
struct route_counts {
    atomic_uint_fast64_t by_class[6];
};

struct http_server {
    struct http_options options;   /* as given; address is not kept */
    struct ip_ranges trusted;      /* proxies */
    struct MHD_Daemon *daemon;     /* the library's side */
    int listen_fd;                 /* the bound socket */
    char address[64];              /* host:port really bound */
    atomic_bool told_of_strangers; /* the log was told that one was turned away */
    atomic_bool stopping;          /* answer 503 and close */
    atomic_int references;         /* http_stop()'s own, and one an abandoned request */

    pthread_mutex_t lock;      /* guards the lists and what is marked (lock) */
    struct request *idle;      /* to be used again */
    size_t idle_count;         /* of them */
    struct request *suspended; /* those with HOLD_SUSPENDED */
    bool abandoning;           /* nobody may suspend any more */
    struct stream *streams;    /* (lock) all of them */
    int64_t stream_count;      /* (lock) how many */

    atomic_int active;                /* requests handed to a handler and not yet sent off */
    atomic_uint_fast64_t requests;    /* request lines read */
    atomic_uint_fast64_t refused;     /* heads that failed the framing check */
    atomic_uint_fast64_t by_class[6]; /* replies by status / 100 */
    struct route_counts *by_route;    /* beside options.routes */
    atomic_int_fast64_t connections;  /* open now */
};

/* server.c: a fresh request; 'target' is copied. request_give() takes it back. */
struct request *request_take(struct http_server *s, struct str target);
void request_give(struct request *req);
/* Free all that only the making of the reply needed. */
void request_slim(struct request *req);
/* Free a request that no list holds. */
void request_destroy(struct request *req);
/* http_stop(), with as much patience for suspended requests as said. */
void server_stop(struct http_server *s, int patience_ms);
/* Drop a reference; the last one frees the server. */
void server_release(struct http_server *s);

/* exchange.c: the library's three callbacks for one request and its reply. */
void *exchange_begin(void *server, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_step(void *server, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **slot);
void exchange_end(void *server, struct MHD_Connection *connection, void **slot,
                  enum MHD_RequestTerminationCode code);

/* hold.c: was the reply taken out of its owner's hands? */
bool hold_is_abandoned(struct request *req);
/* The server is done with 'req': give it back, or leave it to its owner. */
void hold_end(struct request *req);
/* Resume everything suspended, to be answered without its owner. */
void hold_abandon_all(struct http_server *s);

/* stream.c: have all streams end; those that come later end at once. */
void stream_end_all(struct http_server *s);

/* reply.c: the headers of a reply made elsewhere. */
void reply_finish(struct request *req, int status, const char *content_type);
/* Was this header added with reply_header()? */
bool reply_has_header(const struct request *req, const char *name);
/* A 503 without body. */
struct MHD_Response *reply_empty(void);
/* Answer an OPTIONS request that has no row of its own. */
void reply_options(struct request *req);
