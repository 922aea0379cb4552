/* server.c - the daemon: its socket, its threads, its start and its stop.
 *
 * The library is run with epoll and its own pool of threads, each with its own connections; a
 * connection never changes thread. The head of a request is checked at the handler's first call;
 * the handler proper runs at the last one, since a reply queued at the first closes the connection.
 *
 * Stopping goes through five steps, because MHD_stop_daemon() aborts while a connection is
 * suspended: accept no more; answer what still comes with 503; end the streams; wait until every
 * handled request was sent; and if that takes over STOP_MS, take those still suspended from their
 * owners (hold.c). */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/internal.h"

#define THREADS_MAX 64
#define BACKLOG 1024
#define STOP_MS 10000
#define STOP_ANSWER_MS 1000 /* after the owners were given up */
#define IDLE_REQUESTS_MAX 256
#define BODY_KEPT ((size_t)64 * 1024) /* a larger buffer is not kept for the next request */
#define FILES_RESERVED ((rlim_t)256)  /* descriptors left to the rest of the process */

struct request *request_take(struct http_server *s, struct str target)
{
    pthread_mutex_lock(&s->lock);
    struct request *req = s->idle;
    if (req) {
        s->idle = req->next;
        s->idle_count--;
    }
    pthread_mutex_unlock(&s->lock);
    if (!req) {
        req = mem_alloc(sizeof(*req));
        req->arena = arena_create(LIMIT_REQUEST_MEMORY);
    }
    req->server = s;
    req->ctx = s->options.ctx;
    req->next = NULL;
    req->target = arena_str(req->arena, target);
    return req;
}

static void body_finish(struct strbuf *b)
{
    if (b->capacity > BODY_KEPT) strbuf_finish(b);
    strbuf_reset(b);
}

void request_slim(struct request *req)
{
    arena_destroy(req->arena);
    strbuf_finish(&req->sent);
    strbuf_finish(&req->unpacked);
    req->arena = NULL;
}

void request_give(struct request *req)
{
    struct http_server *s = req->server;
    if (!req->arena) {
        request_destroy(req);
        return;
    }
    if (req->response) MHD_destroy_response(req->response);
    arena_reset(req->arena);
    body_finish(&req->sent);
    body_finish(&req->unpacked);
    *req = (struct request){.arena = req->arena, .sent = req->sent, .unpacked = req->unpacked};
    pthread_mutex_lock(&s->lock);
    bool keep = s->idle_count < IDLE_REQUESTS_MAX;
    if (keep) {
        req->next = s->idle;
        s->idle = req;
        s->idle_count++;
    }
    pthread_mutex_unlock(&s->lock);
    if (!keep) request_destroy(req);
}

void request_destroy(struct request *req)
{
    if (req->response) MHD_destroy_response(req->response);
    arena_destroy(req->arena);
    strbuf_finish(&req->sent);
    strbuf_finish(&req->unpacked);
    mem_free(req);
}

void server_release(struct http_server *s)
{
    if (atomic_fetch_sub(&s->references, 1) > 1) return;
    while (s->idle) {
        struct request *req = s->idle;
        s->idle = req->next;
        request_destroy(req);
    }
    pthread_mutex_destroy(&s->lock);
    mem_free(s->by_route);
    mem_free(s);
}

/* Any of the two families, and how long the one in use is. */
struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } as;
    socklen_t len; /* of the member in use */
};

/* "127.0.0.1:8080" or "[::1]:8080", numeric only. */
static bool address_parse(const char *text, struct address *out)
{
    struct str host = str_of(text), port = {NULL, 0};
    uint64_t number;
    char name[INET6_ADDRSTRLEN];
    bool v6 = host.len > 0 && host.p[0] == '[';
    if (v6) {
        port = (struct str){host.p + 1, host.len - 1};
        host = str_cut(&port, ']');
        if (port.len == 0 || port.p[0] != ':') return false;
        port = (struct str){port.p + 1, port.len - 1};
    } else {
        port = host;
        host = str_cut(&port, ':');
    }
    if (host.len >= sizeof(name) || !str_to_u64(port, &number) || number > 65535) return false;
    memcpy(name, host.p, host.len);
    name[host.len] = '\0';
    *out = (struct address){.len = v6 ? sizeof(out->as.v6) : sizeof(out->as.v4)};
    if (v6) {
        out->as.v6.sin6_family = AF_INET6;
        out->as.v6.sin6_port = htons((uint16_t)number);
        return inet_pton(AF_INET6, name, &out->as.v6.sin6_addr) == 1;
    }
    out->as.v4.sin_family = AF_INET;
    out->as.v4.sin_port = htons((uint16_t)number);
    return inet_pton(AF_INET, name, &out->as.v4.sin_addr) == 1;
}

static bool address_is_loopback(const struct address *a)
{
    if (a->as.any.sa_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&a->as.v6.sin6_addr);
    return ntohl(a->as.v4.sin_addr.s_addr) >> 24 == 127;
}

bool http_is_loopback(const char *address)
{
    struct address a;
    return address_parse(address, &a) && address_is_loopback(&a);
}

static void address_format(const struct address *a, char *out, size_t size)
{
    char name[INET6_ADDRSTRLEN] = "?";
    if (a->as.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->as.v6.sin6_addr, name, sizeof(name));
        snprintf(out, size, "[%s]:%u", name, ntohs(a->as.v6.sin6_port));
        return;
    }
    inet_ntop(AF_INET, &a->as.v4.sin_addr, name, sizeof(name));
    snprintf(out, size, "%s:%u", name, ntohs(a->as.v4.sin_port));
}

/* Bind and listen; *a becomes the address really bound. -1 with errno on failure. */
static int listen_on(struct address *a)
{
    int one = 1;
    int fd = socket(a->as.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (a->as.any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    }
    if (bind(fd, &a->as.any, a->len) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &a->as.any, &a->len) != 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

/* As many connections as the limit and the process's descriptors allow. */
static unsigned connection_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return LIMIT_CONNECTIONS;
    if (files.rlim_cur > LIMIT_CONNECTIONS + FILES_RESERVED) return LIMIT_CONNECTIONS;
    if (files.rlim_cur < 2 * FILES_RESERVED) return (unsigned)FILES_RESERVED;
    return (unsigned)(files.rlim_cur - FILES_RESERVED);
}

static void connection_changed(void *server, struct MHD_Connection *connection, void **slot,
                               enum MHD_ConnectionNotificationCode code)
{
    struct http_server *s = server;
    (void)connection;
    (void)slot;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) atomic_fetch_add(&s->connections, 1);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) atomic_fetch_sub(&s->connections, 1);
}

/* Who is turned away is told to the log once: the next may be a flood. */
static enum MHD_Result accept_peer(void *server, const struct sockaddr *address, socklen_t len)
{
    struct http_server *s = server;
    struct ip peer;
    char text[IP_TEXT_MAX];
    (void)len;
    if (!s->options.only_proxies || !ip_of_socket(address, &peer)) return MHD_YES;
    if (ip_is_loopback(&peer) || ip_in(&s->trusted, &peer)) return MHD_YES;
    ip_format(&peer, text);
    if (!atomic_exchange(&s->told_of_strangers, true))
        log_warn("http", "not_a_trusted_proxy", "address=%s", text);
    return MHD_NO;
}

static struct MHD_Daemon *start_daemon(struct http_server *s, bool unlimited)
{
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, s->listen_fd, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, s->options.threads > 1 ? s->options.threads : 0, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, connection_limit(), NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, unlimited ? 0 : LIMIT_CONNECTIONS_PER_ADDRESS, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, LIMIT_IDLE_SECONDS, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LIMIT_CONNECTION_MEMORY, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    return MHD_start_daemon(flags, 0, accept_peer, s, exchange_step, s, MHD_OPTION_ARRAY, options,
                            MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, s,
                            MHD_OPTION_NOTIFY_COMPLETED, exchange_end, s,
                            MHD_OPTION_NOTIFY_CONNECTION, connection_changed, s, MHD_OPTION_END);
}

static struct route_counts *route_counts_create(const struct route *routes)
{
    size_t count = 0;
    while (routes[count].path)
        count++;
    return mem_alloc_array(count + 1, sizeof(struct route_counts));
}

enum err http_start(const struct http_options *options, struct http_server **out, struct why *why)
{
    assert(options->threads >= 1 && options->threads <= THREADS_MAX && options->routes);
    struct address address;
    struct ip_ranges trusted;
    TRY(ip_ranges_parse(options->trusted, "--trust-proxy", &trusted, why));
    if (!address_parse(options->address, &address)) {
        return why_fail(why, ERR_INVALID, MSG_HTTP_ADDRESS, "listen", "%s", options->address);
    }
    int fd = listen_on(&address);
    if (fd < 0) {
        return why_fail(why, ERR_IO, MSG_HTTP_LISTEN, "listen", "%s|%s", options->address,
                        strerrordesc_np(errno));
    }
    struct http_server *s = mem_alloc(sizeof(*s));
    s->options = *options;
    s->options.address = NULL;
    s->trusted = trusted;
    s->by_route = route_counts_create(options->routes);
    s->listen_fd = fd;
    atomic_init(&s->references, 1);
    pthread_mutex_init(&s->lock, NULL);
    address_format(&address, s->address, sizeof(s->address));
    s->daemon = start_daemon(s, options->only_proxies || address_is_loopback(&address));
    if (!s->daemon) {
        close(fd);
        server_release(s);
        return why_fail(why, ERR_INTERNAL, MSG_HTTP_LISTEN, "listen", "%s|%s", options->address,
                        "libmicrohttpd");
    }
    log_info("http", "listening", "address=%s threads=%d", s->address, options->threads);
    *out = s;
    return ERR_OK;
}

const char *http_address(const struct http_server *s)
{
    return s->address;
}

static bool wait_until_sent(struct http_server *s, int timeout_ms)
{
    const struct timespec pause = {.tv_nsec = 2000000L};
    for (int ms = 0; ms < timeout_ms; ms += 2) {
        if (atomic_load(&s->active) == 0) return true;
        nanosleep(&pause, NULL);
    }
    return atomic_load(&s->active) == 0;
}

void http_stop(struct http_server *s)
{
    if (s) server_stop(s, STOP_MS);
}

void server_stop(struct http_server *s, int patience_ms)
{
    atomic_store(&s->stopping, true);
    MHD_quiesce_daemon(s->daemon);
    stream_end_all(s);
    if (!wait_until_sent(s, patience_ms)) {
        log_warn("http", "stop_waited", "requests=%d", atomic_load(&s->active));
        hold_abandon_all(s);
        wait_until_sent(s, STOP_ANSWER_MS);
    }
    MHD_stop_daemon(s->daemon);
    close(s->listen_fd);
    /* An owner may still be on its way out of request_resume(). */
    pthread_mutex_lock(&s->lock);
    pthread_mutex_unlock(&s->lock);
    server_release(s);
}

struct http_stats http_stats(const struct http_server *s)
{
    struct http_stats stats = {
        .requests = atomic_load(&s->requests),
        .refused = atomic_load(&s->refused),
        .connections = atomic_load(&s->connections),
    };
    union {
        const pthread_mutex_t *from;
        pthread_mutex_t *to;
    } lock = {.from = &s->lock};
    pthread_mutex_lock(lock.to);
    stats.streams = s->stream_count;
    pthread_mutex_unlock(lock.to);
    for (size_t i = 0; i < sizeof(stats.by_class) / sizeof(stats.by_class[0]); i++) {
        stats.by_class[i] = atomic_load(&s->by_class[i]);
    }
    return stats;
}

struct http_route_stats http_route_stats(const struct http_server *s, size_t index)
{
    struct http_route_stats stats;
    for (size_t i = 0; i < sizeof(stats.by_class) / sizeof(stats.by_class[0]); i++) {
        stats.by_class[i] = atomic_load(&s->by_route[index].by_class[i]);
    }
    return stats;
}
