/* moves.c - how long an event takes to be told as somebody who entered or left a segment.
 *
 *     moves PORT WRITE_KEY API_TOKEN PROBES HITS RATE
 *
 * Listens to /api/v1/bench/stream?topics=segments. Each of PROBES users sends one event of
 * "bench.probe" after the other's has been told, which shows their numbers as members. Then it
 * prints "ready" and waits for a line; from then on RATE events a second, each of the next user,
 * until each has sent HITS. Each event must move its member in or out of the segment "probe" once:
 * from the moment at which it was to be sent, even when no connection was free, to the line on the
 * stream. Prints one line of JSON. An event that is not told within 30 seconds of the last ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 32
#define HITS_MAX 32
#define WAIT_NS UINT64_C(10000000000)
#define LEARN_NS UINT64_C(300000000000) /* what came before may take long to be followed */
#define STREAM_BYTES ((size_t)1 << 20)

/* A user that is watched. */
struct probe {
    uint32_t member;
    int sent, told;            /* events of the measured part */
    uint64_t due_ns[HITS_MAX]; /* of each */
};

struct connection {
    int fd;
    bool busy;
    char reply[4096];
    size_t reply_len;
};

struct watch {
    const char *port, *key, *token;
    int epoll, stream, probe_count, hits;
    struct probe *probes;
    int32_t *probe_of; /* [members_max] probe + 1 by member */
    size_t members_max;
    struct connection connections[CONNECTIONS];
    char *text; /* what the stream has said and is not looked at yet */
    size_t text_len;
    uint32_t learnt; /* the member last told, of the first part */
    bool learning;
    uint64_t lines; /* told of anybody */
    uint32_t *took_us;
    size_t took;
    unsigned long long run; /* keeps the ids of runs apart */
};

static void die(const char *what)
{
    fprintf(stderr, "moves: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int dial(struct watch *w, uint64_t tag)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(w->port, NULL, 10))};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = tag};
    if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e) != 0) die("epoll");
    return fd;
}

static void send_all(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0) die("send");
        p += n;
        len -= (size_t)n;
    }
}

static void send_hit(struct watch *w, struct connection *c, int probe, int number)
{
    char body[512], head[1024];
    int len = snprintf(body, sizeof(body),
                       "{\"type\":\"track\",\"messageId\":\"probe-%llx-%d-%d\",\"userId\":"
                       "\"probe-%llx-%d\",\"event\":\"bench.probe\",\"properties\":{}}",
                       w->run, probe, number, w->run, probe);
    int head_len = snprintf(head, sizeof(head),
                            "POST /v1/track HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                            "%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
                            w->key, len);
    size_t head_size = (size_t)head_len, size = (size_t)len;
    if (head_len < 0 || len < 0 || head_size + size > sizeof(head)) die("a key too long");
    c->busy = true;
    c->reply_len = 0;
    memcpy(head + head_size, body, size);
    send_all(c->fd, head, head_size + size);
}

static void take_reply(struct watch *w, struct connection *c)
{
    ssize_t n = recv(c->fd, c->reply + c->reply_len, sizeof(c->reply) - 1 - c->reply_len, 0);
    if (n == 0 && !c->busy) { /* it was idle for long */
        close(c->fd);
        c->fd = dial(w, (uint64_t)(c - w->connections));
        return;
    }
    if (n <= 0) die("recv");
    c->reply_len += (size_t)n;
    c->reply[c->reply_len] = '\0';
    const char *end = strstr(c->reply, "\r\n\r\n"),
               *length = strcasestr(c->reply, "content-length:");
    if (!end || !length) return;
    if (strncmp(c->reply, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%s\n", c->reply);
        errno = 0;
        die("refused");
    }
    c->busy = c->reply_len < (size_t)(end + 4 - c->reply) + strtoul(length + 15, NULL, 10);
}

/* Somebody entered or left the segment "probe". */
static void told(struct watch *w, uint32_t member)
{
    if (w->learning) {
        w->learnt = member;
        return;
    }
    struct probe *p =
        member < w->members_max && w->probe_of[member] ? &w->probes[w->probe_of[member] - 1] : NULL;
    if (!p || p->told == p->sent) die("moved without an event");
    w->took_us[w->took++] = (uint32_t)((now_ns() - p->due_ns[p->told++]) / 1000);
}

/* The server writes each line in one piece, so that no length of a chunk is inside one. */
static void take_stream(struct watch *w)
{
    static const char mark[] = "data: {\"segment\":\"", ours[] = "probe\",\"member\":\"m";
    ssize_t n = recv(w->stream, w->text + w->text_len, STREAM_BYTES - w->text_len, 0);
    if (n <= 0) die("the stream ended");
    w->text_len += (size_t)n;
    const char *p = w->text, *end = w->text + w->text_len, *line;
    while ((line = memmem(p, (size_t)(end - p), mark, sizeof(mark) - 1)) != NULL) {
        const char *stop = memchr(line, '}', (size_t)(end - line));
        if (!stop) break;
        line += sizeof(mark) - 1;
        w->lines++;
        if (strncmp(line, ours, sizeof(ours) - 1) == 0)
            told(w, (uint32_t)strtoul(line + sizeof(ours) - 1, NULL, 10));
        p = stop;
    }
    if (!line && (size_t)(end - p) > sizeof(mark)) p = end - sizeof(mark);
    if (line) p = line;
    w->text_len = (size_t)(end - p);
    memmove(w->text, p, w->text_len);
    if (w->text_len == STREAM_BYTES) die("a line without an end");
}

static void wait_some(struct watch *w, int ms)
{
    struct epoll_event ready[CONNECTIONS + 1];
    int n = epoll_wait(w->epoll, ready, CONNECTIONS + 1, ms);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) {
        uint64_t tag = ready[i].data.u64;
        if (tag == CONNECTIONS) {
            take_stream(w);
        } else {
            take_reply(w, &w->connections[tag]);
        }
    }
}

static struct connection *find_free(struct watch *w)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        if (!w->connections[i].busy) return &w->connections[i];
    }
    return NULL;
}

static void listen_to(struct watch *w)
{
    char head[512];
    int len = snprintf(head, sizeof(head),
                       "GET /api/v1/bench/stream?topics=segments HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                       "Authorization: Bearer %s\r\n\r\n",
                       w->token);
    w->stream = dial(w, CONNECTIONS);
    send_all(w->stream, head, (size_t)len);
    while (w->text_len == 0 || !memmem(w->text, w->text_len, "retry:", 6)) {
        ssize_t n = recv(w->stream, w->text + w->text_len, STREAM_BYTES - w->text_len, 0);
        if (n <= 0) die("no stream");
        w->text_len += (size_t)n;
    }
}

/* One event of each, and who they are. */
static void learn(struct watch *w)
{
    w->learning = true;
    for (int i = 0; i < w->probe_count; i++) {
        uint64_t until = now_ns() + LEARN_NS;
        w->learnt = 0;
        send_hit(w, find_free(w), i, 0);
        while (w->learnt == 0 || !find_free(w)) {
            if (now_ns() > until) die("nobody entered");
            wait_some(w, 100);
        }
        if (w->learnt >= w->members_max) die("a member beyond those there can be");
        w->probes[i].member = w->learnt;
        w->probe_of[w->learnt] = i + 1;
    }
    w->learning = false;
}

static void measure(struct watch *w, double rate)
{
    size_t all = (size_t)w->probe_count * (size_t)w->hits, given = 0;
    uint64_t began = now_ns(), gap = (uint64_t)(1e9 / rate), until = began + all * gap + WAIT_NS;
    while (w->took < all) {
        uint64_t due = began + given * gap, now = now_ns();
        struct connection *c = given < all && now >= due ? find_free(w) : NULL;
        if (c) {
            struct probe *p = &w->probes[given % (size_t)w->probe_count];
            p->due_ns[p->sent] = due;
            send_hit(w, c, (int)(given % (size_t)w->probe_count), ++p->sent);
            given++;
            continue;
        }
        if (now > until) break;
        wait_some(w, given < all && due > now ? (int)((due - now) / 1000000) : 5);
    }
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    static struct watch w;
    char line[16];
    if (argc != 7) {
        fprintf(stderr, "usage: moves PORT WRITE_KEY API_TOKEN PROBES HITS RATE\n");
        return 2;
    }
    w.port = argv[1];
    w.key = argv[2];
    w.token = argv[3];
    w.probe_count = (int)strtol(argv[4], NULL, 10);
    w.hits = (int)strtol(argv[5], NULL, 10);
    double rate = strtod(argv[6], NULL);
    if (w.probe_count < 1 || w.hits < 1 || w.hits > HITS_MAX || rate <= 0) return 2;
    w.run = (unsigned long long)time(NULL);
    w.epoll = epoll_create1(0);
    w.members_max = (size_t)1 << 26;
    w.probes = calloc((size_t)w.probe_count, sizeof(*w.probes));
    w.probe_of = calloc(w.members_max, sizeof(*w.probe_of));
    w.took_us = calloc((size_t)w.probe_count * (size_t)w.hits, sizeof(*w.took_us));
    w.text = malloc(STREAM_BYTES);
    if (!w.probes || !w.probe_of || !w.took_us || !w.text) die("memory");
    for (int i = 0; i < CONNECTIONS; i++)
        w.connections[i].fd = dial(&w, (uint64_t)i);
    listen_to(&w);
    learn(&w);
    puts("ready");
    fflush(stdout);
    if (!fgets(line, sizeof(line), stdin)) return 1;
    w.lines = 0;
    measure(&w, rate);
    size_t all = (size_t)w.probe_count * (size_t)w.hits, told = w.took;
    while (w.took < all)
        w.took_us[w.took++] = (uint32_t)(WAIT_NS / 1000);
    qsort(w.took_us, w.took, sizeof(w.took_us[0]), by_value);
    const uint32_t *us = w.took_us;
    uint32_t p50 = us[all / 2], p99 = us[all * 99 / 100], most = us[all - 1];
    printf("{\"told\":%zu,\"untold\":%zu,\"lines\":%llu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
           "\"max_ms\":%.2f}\n",
           told, all - told, (unsigned long long)w.lines, p50 / 1e3, p99 / 1e3, most / 1e3);
    return 0;
}
