/* cmd_serve.c - wellfield serve: every brand open, the HTTP server, the socket door, until a
 * signal. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "account/accounts.h"
#include "api/api.h"
#include "base/fs.h"
#include "base/log.h"
#include "brand/erasures.h"
#include "main/healer.h"
#include "main/options.h"
#include "main/purger.h"
#include "main/read_ahead.h"
#include "main/session.h"
#include "main/socket.h"
#include "main/tagger.h"
#include "people/erasure.h"

#define HTTP_THREADS 4

static enum err open_brands(struct data *d, struct why *why)
{
    for (size_t i = 0; i < data_brand_count(d); i++) {
        struct brand_facts f = data_brand_facts(d, i);
        struct brand *b;
        TRY(data_brand(d, f.slug, &b, why));
    }
    return ERR_OK;
}

/* ---- before anybody is served ---- */

/* Whom the lists of the erased name, were the data put back as they were before: the list beside
 * the data, and its copy, which may have come through what the first has not. */
static enum err erase_again(struct data *d, const char *path, struct why *why)
{
    struct erase_replay done;
    if (!fs_exists(path)) return ERR_OK;
    TRY(people_replay_erasures(d, path, &done, why));
    if (done.personas == 0) return ERR_OK;
    log_warn("main", "erased_again", "list=%s personas=%" PRIu64 " events=%" PRIu64, path,
             done.personas, done.events);
    return ERR_OK;
}

static enum err erase_all_again(struct data *d, const char *copy, struct why *why)
{
    char path[600];
    erasures_path(data_dir(d), path, sizeof(path));
    TRY(erase_again(d, path, why));
    return copy ? erase_again(d, copy, why) : ERR_OK;
}

/* What has passed its retention goes first. False: a signal came meanwhile, and is left for
 * wait_for_end(). */
static bool wait_for_purger(struct purger *p)
{
    sigset_t pending;
    while (p && !purger_has_looked(p, 100)) {
        if (sigpending(&pending) != 0) continue;
        if (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1) return false;
    }
    return true;
}

/* Where to listen, which proxies in front to believe (NULL = none), where backups go (NULL = beside
 * the data), and a copy of the list of the erased (NULL = nowhere). */
struct door {
    const char *listen, *trusted, *backups, *erasures;
};

/* Plain HTTP leaves this machine only on its way to a proxy, which has the TLS. */
static enum err check_address(const struct door *at, struct why *why)
{
    if (http_is_loopback(at->listen) || (at->trusted && at->trusted[0])) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_LOOPBACK_ONLY, "--listen", NULL);
}

/* Wait for SIGTERM or SIGINT, or for a brand that can no longer write: false. */
static bool wait_for_end(struct data *d, const sigset_t *signals)
{
    const struct timespec second = {1, 0};
    while (!data_poisoned(d)) {
        if (sigtimedwait(signals, NULL, &second) > 0) break;
    }
    return !data_poisoned(d);
}

/* Nobody has an account yet: who reads this may make the first one. */
static enum err offer_setup(struct session *s, struct data *d, const char *address, struct why *why)
{
    struct accounts *a;
    char code[TOKEN_CHARS + 1];
    TRY(accounts_open(d, &a, why));
    if (!account_setup_needed(a)) return ERR_OK;
    TRY(account_setup_code(a, code, why));
    fprintf(s->out,
            "nobody has an account yet; make the first one within 24 hours at\n"
            "  http://%s/console/setup#%s\n",
            address, code);
    return ERR_OK;
}

static enum err open_http(struct session *s, struct api *api, const struct door *at,
                          struct http_server **out, struct why *why)
{
    const struct http_options options = {
        .address = at->listen,
        .threads = HTTP_THREADS,
        .routes = api_routes(api),
        .authorize = api_authorize,
        .env = s->env,
        .ctx = api,
        .trusted = at->trusted,
        .only_proxies = !http_is_loopback(at->listen),
    };
    return http_start(&options, out, why);
}

static enum err serve(struct session *s, struct data *d, const struct door *at, struct why *why)
{
    struct api *api = NULL;
    struct http_server *server = NULL;
    struct socket_door *door = NULL;
    struct read_ahead *ahead = NULL;
    struct purger *purger = NULL;
    struct tagger *tagger = NULL;
    struct healer *healer = NULL;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread, so that all inherit it */
    enum err err = open_brands(d, why);
    if (err == ERR_OK) err = erase_all_again(d, at->erasures, why);
    if (err == ERR_OK && at->erasures) err = data_copy_erasures(d, at->erasures, why);
    if (err == ERR_OK) err = api_create(d, &api, why);
    if (err == ERR_OK && at->backups) err = api_choose_backups(api, at->backups, why);
    if (err == ERR_OK) purger = purger_start(d);
    bool due = err == ERR_OK && wait_for_purger(purger);
    if (due) err = open_http(s, api, at, &server, why);
    if (due && err == ERR_OK) err = socket_door_open(d, &door, why);
    if (due && err == ERR_OK) {
        api_set_server(api, server);
        ahead = read_ahead_start(d, api);
        tagger = tagger_start(d);
        healer = healer_start(d, api_staff(api));
        fprintf(s->out, "wellfield is serving on http://%s/\n", http_address(server));
        err = offer_setup(s, d, http_address(server), why);
        fflush(s->out);
    }
    if (err == ERR_OK) {
        if (!wait_for_end(d, &signals)) err = why_fail(why, ERR_IO, MSG_POISONED, "", NULL);
        log_info("main", "stopping", NULL);
    }
    healer_stop(healer);
    tagger_stop(tagger);
    purger_stop(purger);
    read_ahead_stop(ahead);
    socket_door_close(door);
    if (server) http_stop(server);
    api_destroy(api);
    return err;
}

int command_serve(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *store = NULL, *key = NULL, *form = NULL;
    struct door at = {.listen = "127.0.0.1:8080"};
    struct why why = {0};
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {{"data", &data, NULL},
                                     {"listen", &at.listen, NULL},
                                     {"store", &store, NULL},
                                     {"key", &key, NULL},
                                     {"log", &form, NULL},
                                     {"trust-proxy", &at.trusted, NULL},
                                     {"backup-dir", &at.backups, NULL},
                                     {"erasure-log", &at.erasures, NULL},
                                     {0}};
    struct data_options o;
    struct data *d = NULL;
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    if (err == ERR_OK && !data) err = why_fail(&why, ERR_INVALID, MSG_MISSING, "--data", NULL);
    if (err == ERR_OK && rest_count)
        err = why_fail(&why, ERR_INVALID, MSG_UNKNOWN_OPTION, rest[0], NULL);
    if (err == ERR_OK) err = check_address(&at, &why);
    log_init(LOG_INFO, form && strcmp(form, "json") == 0    ? LOG_JSON
                       : form && strcmp(form, "human") == 0 ? LOG_HUMAN
                                                            : LOG_AUTO);
    if (err == ERR_OK) {
        data_options_fill(&o, data, key, store);
        err = data_open(&o, &d, &why);
    }
    if (err == ERR_OK) err = serve(s, d, &at, &why);
    data_close(d);
    return err == ERR_OK ? EXIT_DONE : session_fail(s, &why);
}
