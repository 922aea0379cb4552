/* socket.c - a request is one message: a header, then cwd and arguments, each ended by NUL; the
 * three file descriptors ride with the first byte. The answer is one int32, the exit code.
 *
 * The listener accepts on a thread and starts one for each command, CALLS_MAX at a time. */
#include "main/socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#define CALLS_MAX 16
#define REQUEST_MAX 262144
#define ARGS_MAX 4096
#define STREAMS 3

struct request_header {
    uint32_t bytes; /* that follow */
    uint32_t args;  /* after cwd */
    uint32_t lang;  /* enum lang of the caller */
};

struct socket_door {
    struct data *data;
    char path[108];
    int fd;
    int stop_pipe[2];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    int calls; /* under way */
};

/* One call being served. */
struct call {
    struct socket_door *door;
    int fd;
    int streams[STREAMS];
};

/* ---- both sides ---- */

static bool address_of(const char *dir, struct sockaddr_un *a)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(a->sun_path, sizeof(a->sun_path), "%.*s/wellfield.sock", (int)len, dir);
    return n > 0 && (size_t)n < sizeof(a->sun_path);
}

static bool read_all(int fd, void *p, size_t len)
{
    char *at = p;
    while (len > 0) {
        ssize_t n = read(fd, at, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_all(int fd, const void *p, size_t len)
{
    const char *at = p;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* ---- the server's side ---- */

static bool receive_header(int fd, struct request_header *h, int streams[STREAMS])
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * STREAMS)];
    } control = {0};
    struct iovec iov = {h, sizeof(*h)};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (n != (ssize_t)sizeof(*h) || !c || c->cmsg_type != SCM_RIGHTS ||
        c->cmsg_len != CMSG_LEN(sizeof(int) * STREAMS)) {
        return false;
    }
    memcpy(streams, CMSG_DATA(c), sizeof(int) * STREAMS);
    return h->bytes > 0 && h->bytes <= REQUEST_MAX && h->args > 0 && h->args <= ARGS_MAX;
}

/* Split the NUL-ended strings; false unless there are exactly 'count'. */
static bool split(char *bytes, size_t len, char **out, size_t count)
{
    size_t n = 0;
    if (len == 0 || bytes[len - 1] != '\0') return false;
    for (size_t at = 0; at < len; at += strlen(bytes + at) + 1) {
        if (n == count) return false;
        out[n++] = bytes + at;
    }
    return n == count;
}

static int run_command(struct session *s, int argc, char *const *argv)
{
    for (const struct command_entry *c = command_list; c->name; c++) {
        if (strcmp(c->name, argv[0]) == 0 && c->needs == NEEDS_DATA)
            return c->run(s, argc - 1, argv + 1);
    }
    return EXIT_USAGE;
}

static int32_t serve_call(struct call *call)
{
    struct request_header h;
    if (!receive_header(call->fd, &h, call->streams)) return EXIT_FAILED;
    struct arena *a = arena_create(0);
    char *bytes = arena_alloc(a, h.bytes);
    char **words = arena_alloc_array(a, h.args + 2, sizeof(*words));
    int32_t code = EXIT_FAILED;
    if (read_all(call->fd, bytes, h.bytes) && split(bytes, h.bytes, words, h.args + 1)) {
        struct session s = {
            .data = call->door->data,
            .env = data_env(call->door->data),
            .out = fdopen(dup(call->streams[1]), "w"),
            .err = fdopen(dup(call->streams[2]), "w"),
            .in_fd = call->streams[0],
            .cwd = words[0],
            .arena = a,
            .lang = h.lang == LANG_ZH ? LANG_ZH : LANG_EN,
            .serving = true,
        };
        if (s.out && s.err) code = run_command(&s, (int)h.args, words + 1);
        if (s.out && fclose(s.out) != 0) code = EXIT_FAILED;
        if (s.err) fclose(s.err);
    }
    arena_destroy(a);
    return code;
}

static void *call_thread(void *arg)
{
    struct call *call = arg;
    struct socket_door *door = call->door;
    int32_t code = serve_call(call);
    if (!write_all(call->fd, &code, sizeof(code))) log_debug("main", "caller_gone", NULL);
    for (int i = 0; i < STREAMS; i++) {
        if (call->streams[i] >= 0) fs_close(call->streams[i]);
    }
    fs_close(call->fd);
    mem_free(call);
    pthread_mutex_lock(&door->lock);
    door->calls--;
    pthread_cond_signal(&door->idle);
    pthread_mutex_unlock(&door->lock);
    return NULL;
}

static void start_call(struct socket_door *door, int fd)
{
    struct call *call = mem_alloc(sizeof(*call));
    *call = (struct call){door, fd, {-1, -1, -1}};
    pthread_t thread;
    pthread_mutex_lock(&door->lock);
    while (door->calls >= CALLS_MAX)
        pthread_cond_wait(&door->idle, &door->lock);
    door->calls++;
    pthread_mutex_unlock(&door->lock);
    if (pthread_create(&thread, NULL, call_thread, call) == 0) {
        pthread_detach(thread);
    } else {
        call_thread(call);
    }
}

static void *listen_thread(void *arg)
{
    struct socket_door *door = arg;
    struct pollfd fds[2] = {{door->fd, POLLIN, 0}, {door->stop_pipe[0], POLLIN, 0}};
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) break;
        if (fds[1].revents) break;
        if (!(fds[0].revents & POLLIN)) continue;
        int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) start_call(door, fd);
    }
    return NULL;
}

enum err socket_door_open(struct data *d, struct socket_door **out, struct why *why)
{
    struct sockaddr_un a;
    if (!address_of(data_dir(d), &a))
        return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "--data", "%d", 90);
    struct socket_door *door = mem_alloc(sizeof(*door));
    door->data = d;
    memcpy(door->path, a.sun_path, sizeof(door->path));
    pthread_mutex_init(&door->lock, NULL);
    pthread_cond_init(&door->idle, NULL);
    /* the lock on the directory is ours, so a socket that is there is a dead one's */
    enum err err = fs_remove(door->path, why);
    door->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok =
        err == ERR_OK && door->fd >= 0 && bind(door->fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
        chmod(door->path, 0600) == 0 && listen(door->fd, 16) == 0 && pipe(door->stop_pipe) == 0 &&
        pthread_create(&door->thread, NULL, listen_thread, door) == 0;
    if (!ok) {
        if (door->fd >= 0) fs_close(door->fd);
        mem_free(door);
        return why_fail(why, ERR_IO, MSG_IO, "", "listen on|%s|%s", a.sun_path, strerror(errno));
    }
    *out = door;
    return ERR_OK;
}

void socket_door_close(struct socket_door *door)
{
    struct why why;
    if (!door) return;
    while (write(door->stop_pipe[1], "x", 1) < 0 && errno == EINTR)
        continue;
    pthread_join(door->thread, NULL);
    pthread_mutex_lock(&door->lock);
    while (door->calls > 0)
        pthread_cond_wait(&door->idle, &door->lock);
    pthread_mutex_unlock(&door->lock);
    fs_close(door->fd);
    fs_close(door->stop_pipe[0]);
    fs_close(door->stop_pipe[1]);
    if (fs_remove(door->path, &why) != ERR_OK) log_warn("main", "socket_stays", NULL);
    mem_free(door);
}

/* ---- the caller's side ---- */

static bool send_request(int fd, const struct strbuf *body, uint32_t args)
{
    struct request_header h = {(uint32_t)body->len, args, session_lang()};
    int streams[STREAMS] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(streams))];
    } control = {0};
    struct iovec iov = {&h, sizeof(h)};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(streams));
    memcpy(CMSG_DATA(c), streams, sizeof(streams));
    return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(h) && write_all(fd, body->p, body->len);
}

enum err socket_call(const char *dir, int argc, char *const *argv, int *exit_code, struct why *why)
{
    struct sockaddr_un a;
    char cwd[4096];
    struct strbuf body = {0};
    int32_t code = EXIT_FAILED;
    if (!address_of(dir, &a) || !getcwd(cwd, sizeof(cwd))) return ERR_NOT_FOUND;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return ERR_NOT_FOUND;
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        fs_close(fd);
        return ERR_NOT_FOUND;
    }
    strbuf_add(&body, cwd, strlen(cwd) + 1);
    for (int i = 0; i < argc; i++)
        strbuf_add(&body, argv[i], strlen(argv[i]) + 1);
    bool ok = send_request(fd, &body, (uint32_t)argc) && read_all(fd, &code, sizeof(code));
    strbuf_finish(&body);
    fs_close(fd);
    if (!ok) return why_fail(why, ERR_UNAVAILABLE, MSG_STOPPING, "", NULL);
    *exit_code = code;
    return ERR_OK;
}
