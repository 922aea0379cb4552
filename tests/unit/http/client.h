/* client.h - a plain HTTP client over raw bytes, for tests against a server on a loopback port. */
#pragma once

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/str.h"
#include "http/http.h"

#define CLIENT_TIMEOUT_S 5

static inline int client_connect(const struct http_server *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct timeval timeout = {.tv_sec = CLIENT_TIMEOUT_S};
    const char *port = strrchr(http_address(s), ':') + 1;
    to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* A server may close before it has read everything; that is no failure of the client. */
static inline void client_send(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.p, bytes.len, MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes = (struct str){bytes.p + n, bytes.len - (size_t)n};
    }
}

/* Read until the server closes. False when it does not within the timeout. */
static inline bool client_drain(int fd, struct strbuf *out)
{
    char block[65536];
    for (;;) {
        ssize_t n = recv(fd, block, sizeof(block), 0);
        if (n == 0) return true;
        if (n < 0) return errno == ECONNRESET;
        strbuf_add(out, block, (size_t)n);
    }
}

static inline size_t client_count(struct str text, const char *needle)
{
    size_t count = 0, at;
    while ((at = str_find(text, str_of(needle))) != SIZE_MAX) {
        text = (struct str){text.p + at + 1, text.len - at - 1};
        count++;
    }
    return count;
}

/* A reply taken apart. 'all' owns the bytes. */
struct client_reply {
    struct strbuf all; /* head and body */
    struct str head;   /* with the empty line */
    struct str body;   /* as long as Content-Length says */
    int status;        /* of the first line */
};

/* Value of a header, {NULL, 0} when absent. */
static inline struct str client_header(const struct client_reply *r, const char *name)
{
    struct str rest = r->head;
    while (rest.len > 0) {
        struct str value = str_cut(&rest, '\n');
        struct str key = str_cut(&value, ':');
        if (value.p && str_eq_fold(key, str_of(name))) return str_trim(value);
    }
    return (struct str){NULL, 0};
}

/* Read one reply; 'body' says whether one follows the head (not so after HEAD). */
static inline void client_read(int fd, bool body, struct client_reply *r)
{
    char byte;
    strbuf_reset(&r->all);
    while (!str_ends(strbuf_str(&r->all), STR("\r\n\r\n"))) {
        assert_int_equal(recv(fd, &byte, 1, 0), 1);
        strbuf_add_char(&r->all, byte);
    }
    size_t head_len = r->all.len;
    r->head = strbuf_str(&r->all);
    r->status = (int)strtol(r->all.p + strlen("HTTP/1.1 "), NULL, 10);
    uint64_t len = 0;
    struct str length = client_header(r, "Content-Length");
    if (length.p) assert_true(str_to_u64(length, &len));
    if (!body) len = 0;
    strbuf_reserve(&r->all, (size_t)len);
    for (uint64_t got = 0; got < len;) {
        char block[65536];
        size_t want = len - got < sizeof(block) ? (size_t)(len - got) : sizeof(block);
        ssize_t n = recv(fd, block, want, 0);
        assert_true(n > 0);
        strbuf_add(&r->all, block, (size_t)n);
        got += (uint64_t)n;
    }
    r->head = (struct str){r->all.p, head_len};
    r->body = (struct str){r->all.p + head_len, r->all.len - head_len};
}

/* Send a request given as text and read its reply on an open connection. */
static inline void client_ask(int fd, const char *request, struct client_reply *r)
{
    client_send(fd, str_of(request));
    client_read(fd, strncmp(request, "HEAD ", 5) != 0, r);
}
