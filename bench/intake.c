/* intake.c - a load generator for durable intake: Segment events over keep-alive connections.
 *
 *     intake PORT WRITE_KEY CONNECTIONS EVENTS batch|single|mixed|talk|said [RATE]
 *
 * One thread and epoll. Each connection sends a batch of 100 to /v1/batch, or one event to
 * /v1/track, on loopback, reads the whole reply, which comes after the commit, and sends the next.
 * With RATE, events a second, each request has its moment: it is not sent before it, and its time
 * is counted from it even when no connection was free. Users are numbers from 1 to ROWS_MEMBERS.
 * 'mixed' is 'batch' with a dozen kinds instead of four; 'talk' and 'said' are 'batch' and 'single'
 * of messages with text, in groups (talk.h).
 * Prints one line of JSON: events, seconds, rate, and the time from the first byte sent to the last
 * received of a request. Any answer but 200 ends it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rows.h"
#include "talk.h"

#define BATCH_BYTES (ROWS_BATCH * 700)
#define HEAD_BYTES 512 /* room before the body */
#define CONNECTIONS_MAX 256

struct connection {
    int fd;
    char *buffer;   /* [HEAD_BYTES + BATCH_BYTES] head and body, body at HEAD_BYTES */
    size_t at, end; /* what of it is still to be sent */
    char reply[4096];
    size_t reply_len;
    uint64_t began_ns; /* of the request under way */
    bool busy;
};

struct load {
    int epoll;
    const char *key;
    bool single;      /* a request is one event, not a batch */
    bool mixed;       /* of many kinds */
    bool talk;        /* messages with text */
    uint64_t batches; /* requests to be sent in all */
    uint64_t given;   /* handed to connections */
    uint64_t answered;
    uint32_t *took_us;  /* [batches] */
    uint64_t began_ns;  /* of the run */
    uint64_t gap_ns;    /* between requests; 0 = each as soon as it can */
    uint64_t started_s; /* epoch, keeps the ids of runs apart */
};

static void die(const char *what)
{
    fprintf(stderr, "intake: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int append_event(char *p, size_t size, const struct load *l, uint64_t number,
                        const char *stamp)
{
    struct row r = row_of(number);
    return snprintf(p, size,
                    "{\"type\":\"track\",\"messageId\":\"bench-%llx-%012llx\",\"userId\":\"%u\","
                    "\"event\":\"%s\",\"timestamp\":\"%s\",\"properties\":{\"channel\":\"%s\","
                    "\"length\":%u,\"device\":\"ios\"},\"context\":{\"library\":{\"name\":"
                    "\"analytics-node\",\"version\":\"2.1.0\"}}}",
                    (unsigned long long)l->started_s, (unsigned long long)r.id, r.user + 1,
                    l->mixed ? row_mixed_kind(number) : r.kind, stamp, r.channel, r.length);
}

static int append_message(char *p, size_t size, const struct load *l, uint64_t number,
                          const char *stamp)
{
    struct talk t = talk_of(number);
    char answers[64] = "";
    if (t.answers) {
        snprintf(answers, sizeof(answers), ",\"reply_to\":\"%llx-%llx\"",
                 (unsigned long long)l->started_s, (unsigned long long)t.answers - 1);
    }
    return snprintf(p, size,
                    "{\"type\":\"track\",\"messageId\":\"talk-%llx-%012llx\",\"userId\":\"%u\","
                    "\"event\":\"message.sent\",\"timestamp\":\"%s\",\"properties\":{\"group\":"
                    "\"g%03u\",\"message\":\"%llx-%llx\",\"text\":\"%s\"%s}}",
                    (unsigned long long)l->started_s, (unsigned long long)t.id, t.user + 1, stamp,
                    t.group, (unsigned long long)l->started_s, (unsigned long long)t.id, t.text,
                    answers);
}

static int append(char *p, size_t size, const struct load *l, uint64_t number, const char *stamp)
{
    return l->talk ? append_message(p, size, l, number, stamp)
                   : append_event(p, size, l, number, stamp);
}

static size_t batch_body(char *body, const struct load *l, uint64_t batch, const char *stamp)
{
    size_t len = (size_t)snprintf(body, BATCH_BYTES, "{\"batch\":[");
    for (uint64_t i = 0; i < ROWS_BATCH; i++) {
        if (i) body[len++] = ',';
        len += (size_t)append(body + len, BATCH_BYTES - len, l, batch * ROWS_BATCH + i, stamp);
    }
    return len + (size_t)snprintf(body + len, BATCH_BYTES - len, "],\"sentAt\":\"%s\"}", stamp);
}

/* The body goes behind the room for the head, and the head right before it. */
static void render(struct connection *c, const struct load *l, uint64_t batch)
{
    char stamp[40], head[HEAD_BYTES];
    time_t second = time(NULL);
    struct tm tm;
    gmtime_r(&second, &tm);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
    char *body = c->buffer + HEAD_BYTES;
    size_t len = l->single ? (size_t)append(body, BATCH_BYTES, l, batch, stamp)
                           : batch_body(body, l, batch, stamp);
    int head_len = snprintf(head, sizeof(head),
                            "POST /v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                            "%s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                            l->single ? "track" : "batch", l->key, len);
    c->at = HEAD_BYTES - (size_t)head_len;
    memcpy(c->buffer + c->at, head, (size_t)head_len);
    c->end = HEAD_BYTES + len;
}

static void send_more(struct connection *c)
{
    while (c->at < c->end) {
        ssize_t n = send(c->fd, c->buffer + c->at, c->end - c->at, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) die("send");
        c->at += (size_t)n;
    }
}

static uint64_t due_ns(const struct load *l)
{
    return l->began_ns + l->given * l->gap_ns;
}

static void next_batch(struct load *l, struct connection *c)
{
    uint64_t now = now_ns();
    c->busy = l->given < l->batches && now >= due_ns(l);
    if (!c->busy) return;
    c->began_ns = l->gap_ns ? due_ns(l) : now;
    render(c, l, l->given++);
    c->reply_len = 0;
    send_more(c);
}

/* Milliseconds until a request is due that a free connection can take, rounded up. */
static int wait_ms(const struct load *l, const struct connection *connections, int count)
{
    uint64_t now = now_ns(), due = due_ns(l);
    bool is_free = false;
    for (int i = 0; i < count; i++)
        is_free |= !connections[i].busy;
    if (!is_free || l->given == l->batches) return 60000;
    return due > now ? (int)((due - now + 999999) / 1000000) : 0;
}

/* Whole reply: its head and as many bytes as it promises. */
static bool reply_whole(const struct connection *c)
{
    const char *end = memmem(c->reply, c->reply_len, "\r\n\r\n", 4);
    if (!end) return false;
    const char *length = strcasestr(c->reply, "\r\ncontent-length:");
    if (!length || length > end) die("a reply without a length");
    size_t body = strtoul(length + 17, NULL, 10);
    return c->reply_len >= (size_t)(end + 4 - c->reply) + body;
}

/* False when there is nothing more for now. */
static bool receive(struct load *l, struct connection *c)
{
    ssize_t n = recv(c->fd, c->reply + c->reply_len, sizeof(c->reply) - 1 - c->reply_len, 0);
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) die("recv");
    c->reply_len += (size_t)n;
    c->reply[c->reply_len] = '\0';
    if (!reply_whole(c)) return true;
    if (strncmp(c->reply, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%s\n", c->reply);
        errno = 0;
        die("refused");
    }
    l->took_us[l->answered++] = (uint32_t)((now_ns() - c->began_ns) / 1000);
    next_batch(l, c);
    return true;
}

static void dial(struct load *l, struct connection *c, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    c->buffer = malloc(HEAD_BYTES + BATCH_BYTES);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (!c->buffer || c->fd < 0) die("socket");
    if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0) die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0) die("fcntl");
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e) != 0) die("epoll");
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void run(struct load *l, struct connection *connections, int count)
{
    struct epoll_event ready[CONNECTIONS_MAX];
    while (l->answered < l->batches) {
        for (int i = 0; i < count; i++) {
            if (!connections[i].busy) next_batch(l, &connections[i]);
        }
        int ms = wait_ms(l, connections, count);
        int n = epoll_wait(l->epoll, ready, CONNECTIONS_MAX, ms);
        if (n < 0 || (n == 0 && ms == 60000)) die("nothing came for a minute");
        for (int i = 0; i < n; i++) {
            struct connection *c = ready[i].data.ptr;
            if (c->busy && c->at < c->end) send_more(c);
            while (c->busy && c->at == c->end && receive(l, c))
                continue;
        }
    }
}

int main(int argc, char **argv)
{
    static struct connection connections[CONNECTIONS_MAX];
    struct load l = {.epoll = epoll_create1(0), .started_s = (uint64_t)time(NULL)};
    const char *form = argc >= 6 ? argv[5] : "";
    bool said = strcmp(form, "said") == 0, single = strcmp(form, "single") == 0 || said;
    l.mixed = strcmp(form, "mixed") == 0;
    l.talk = strcmp(form, "talk") == 0 || said;
    bool sound = argc <= 7 && (single || l.mixed || l.talk || strcmp(form, "batch") == 0);
    int count = sound ? (int)strtol(argv[3], NULL, 10) : 0;
    if (count < 1 || count > CONNECTIONS_MAX) {
        fprintf(stderr,
                "usage: intake PORT WRITE_KEY CONNECTIONS EVENTS batch|single|mixed|talk|said "
                "[RATE]\n");
        return 2;
    }
    l.key = argv[2];
    l.single = single;
    uint64_t events_each = single ? 1 : ROWS_BATCH;
    l.batches = strtoull(argv[4], NULL, 10) / events_each;
    double rate = argc == 7 ? strtod(argv[6], NULL) : 0;
    if (rate > 0) l.gap_ns = (uint64_t)(1e9 * (double)events_each / rate);
    l.took_us = calloc(l.batches + 1, sizeof(l.took_us[0]));
    if (l.batches == 0 || !l.took_us) die("events");
    for (int i = 0; i < count; i++)
        dial(&l, &connections[i], (uint16_t)strtoul(argv[1], NULL, 10));
    l.began_ns = now_ns();
    run(&l, connections, count);
    double seconds = (double)(now_ns() - l.began_ns) / 1e9;
    qsort(l.took_us, l.batches, sizeof(l.took_us[0]), by_value);
    printf("{\"events\":%llu,\"seconds\":%.3f,\"rate\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
           (unsigned long long)(l.batches * events_each), seconds,
           (double)(l.batches * events_each) / seconds, l.took_us[l.batches / 2] / 1e3,
           l.took_us[l.batches * 99 / 100] / 1e3);
    return 0;
}
