/* replay.c - a row per key; those in work are in a list as well, so that the same key waits.
 *
 * A row with status 0 belongs to a call that runs, when it is in the list, or to one that a crash
 * or a failing disk has cut off. */
#include "api/replay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

#define PURGE_MS TIME_HOUR

struct replays {
    struct data *data;
    uint8_t key[32];      /* seals replies */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t ended; /* one has left the list */
    struct replay *running;
    int64_t purged_at; /* when old rows were deleted last */
};

static const struct migration migrations[] = {
    {1, "CREATE TABLE api_reply (id {blob} PRIMARY KEY, request {blob} NOT NULL, at {int} NOT NULL,"
        " status {int} NOT NULL, type {text} NOT NULL, etag {text} NOT NULL, body {blob});"
        "CREATE INDEX api_reply_at ON api_reply (at)"},
    {0, NULL},
};

/* ---- what a call is known by ---- */

static struct sha256 id_of(const struct call *c, struct str key)
{
    char caller[64];
    struct sha256_state s;
    snprintf(caller, sizeof(caller), "%d:%u\n", (int)c->who->kind, c->who->number);
    sha256_init(&s);
    sha256_add(&s, caller, strlen(caller));
    sha256_add(&s, key.p, key.len);
    return sha256_finish(&s);
}

static void add_part(struct sha256_state *s, struct str part)
{
    uint64_t len = part.len;
    sha256_add(s, &len, sizeof(len));
    sha256_add(s, part.p ? part.p : "", part.len);
}

static struct sha256 request_of(const struct call *c)
{
    struct sha256_state s;
    const struct fields *query = request_queries(c->req);
    sha256_init(&s);
    add_part(&s, str_of(c->spec->path));
    add_part(&s, request_path(c->req));
    for (size_t i = 0; i < query->count; i++) {
        add_part(&s, query->items[i].name);
        add_part(&s, query->items[i].value);
    }
    add_part(&s, request_body(c->req));
    return sha256_finish(&s);
}

static bool is_key(struct str key)
{
    if (key.len == 0 || key.len > LIMIT_IDEMPOTENCY_KEY) return false;
    for (size_t i = 0; i < key.len; i++) {
        if (key.p[i] < 0x21 || key.p[i] > 0x7e) return false;
    }
    return true;
}

/* ---- the list ---- */

static bool is_running(const struct replays *r, const struct sha256 *id)
{
    for (const struct replay *p = r->running; p; p = p->next) {
        if (memcmp(&p->id, id, sizeof(*id)) == 0) return true;
    }
    return false;
}

static void enter(struct replays *r, struct replay *replay)
{
    pthread_mutex_lock(&r->lock);
    while (is_running(r, &replay->id))
        pthread_cond_wait(&r->ended, &r->lock);
    replay->next = r->running;
    r->running = replay;
    pthread_mutex_unlock(&r->lock);
}

static void leave(struct replays *r, struct replay *replay)
{
    pthread_mutex_lock(&r->lock);
    struct replay **p = &r->running;
    while (*p != replay)
        p = &(*p)->next;
    *p = replay->next;
    pthread_cond_broadcast(&r->ended);
    pthread_mutex_unlock(&r->lock);
}

/* ---- rows; with the server's database locked ---- */

static enum err purge(struct replays *r, struct sql *db, int64_t now)
{
    if (now < r->purged_at + PURGE_MS) return ERR_OK;
    struct sql_stmt *s = sql_use(db, "DELETE FROM api_reply WHERE at < $1");
    sql_bind_int(s, 1, now - REPLAY_DAYS * TIME_DAY);
    TRY(sql_run(s));
    r->purged_at = now;
    return ERR_OK;
}

static enum err insert(struct replays *r, struct sql *db, const struct replay *replay)
{
    int64_t now = env_now(data_env(r->data));
    TRY(purge(r, db, now));
    struct sql_stmt *s = sql_use(db, "INSERT INTO api_reply (id, request, at, status, type, etag)"
                                     " VALUES ($1, $2, $3, 0, '', '')");
    sql_bind_blob(s, 1, &replay->id, sizeof(replay->id));
    sql_bind_blob(s, 2, &replay->request, sizeof(replay->request));
    sql_bind_int(s, 3, now);
    return sql_run(s);
}

/* Take a row that was found apart. */
static enum err read_row(const struct replays *r, struct sql_stmt *s, struct arena *a,
                         struct replay *out, struct why *why)
{
    struct str request = sql_blob(s, 0), sealed = sql_blob(s, 4);
    if (!str_eq(request, (struct str){(const char *)&out->request, sizeof(out->request)}))
        return why_fail(why, ERR_CONFLICT, MSG_KEY_OTHER, "Idempotency-Key", NULL);
    out->status = (int)sql_int(s, 1);
    if (out->status == 0)
        return why_fail(why, ERR_CONFLICT, MSG_KEY_UNKNOWN, "Idempotency-Key", NULL);
    out->type = arena_str(a, sql_str(s, 2));
    out->etag = arena_str(a, sql_str(s, 3));
    if (sealed.len < SEAL_OVERHEAD) return why_fail(why, ERR_CORRUPT, MSG_INTERNAL, "", NULL);
    char *body = arena_alloc(a, sealed.len - SEAL_OVERHEAD + 1);
    if (!unseal(r->key, sealed, (uint8_t *)body))
        return why_fail(why, ERR_CORRUPT, MSG_INTERNAL, "", NULL);
    out->body = (struct str){body, sealed.len - SEAL_OVERHEAD};
    out->state = REPLAY_KNOWN;
    return ERR_OK;
}

static enum err find_or_insert(struct replays *r, struct sql *db, struct arena *a,
                               struct replay *out, struct why *why)
{
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT request, status, type, etag, body FROM api_reply WHERE id = $1");
    sql_bind_blob(s, 1, &out->id, sizeof(out->id));
    enum err err = sql_step(s, &row);
    if (err == ERR_OK && row) {
        err = read_row(r, s, a, out, why);
        sql_reset(s);
        return err;
    }
    out->state = REPLAY_RUN;
    if (err == ERR_OK) err = insert(r, db, out);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static enum err store(struct replays *r, struct sql *db, const struct replay *replay)
{
    uint8_t nonce[24];
    uint8_t *sealed = mem_alloc(replay->body.len + SEAL_OVERHEAD);
    env_random(data_env(r->data), nonce, sizeof(nonce));
    seal(r->key, nonce, replay->body, sealed);
    struct sql_stmt *s = sql_use(
        db, "UPDATE api_reply SET status = $2, type = $3, etag = $4, body = $5 WHERE id = $1");
    sql_bind_blob(s, 1, &replay->id, sizeof(replay->id));
    sql_bind_int(s, 2, replay->status);
    sql_bind_str(s, 3, replay->type.p ? replay->type : STR(""));
    sql_bind_str(s, 4, replay->etag.p ? replay->etag : STR(""));
    sql_bind_blob(s, 5, sealed, replay->body.len + SEAL_OVERHEAD);
    enum err err = sql_run(s);
    mem_free(sealed);
    return err;
}

static enum err forget(struct sql *db, const struct replay *replay)
{
    struct sql_stmt *s = sql_use(db, "DELETE FROM api_reply WHERE id = $1");
    sql_bind_blob(s, 1, &replay->id, sizeof(replay->id));
    return sql_run(s);
}

/* ---- the calls ---- */

enum err replay_begin(struct replays *r, struct call *c, struct replay *out, struct why *why)
{
    *out = (struct replay){.state = REPLAY_NONE};
    struct str key = request_header(c->req, "Idempotency-Key");
    if (!key.p || !(c->spec->flags & SPEC_IDEMPOTENT)) return ERR_OK;
    if (!is_key(key))
        return why_fail(why, ERR_INVALID, MSG_BAD_IDEMPOTENCY_KEY, "Idempotency-Key", "%d",
                        LIMIT_IDEMPOTENCY_KEY);
    out->id = id_of(c, key);
    out->request = request_of(c);
    enter(r, out);
    struct sql *db = data_server_lock(r->data);
    enum err err = find_or_insert(r, db, c->arena, out, why);
    data_server_unlock(r->data);
    if (err != ERR_OK || out->state == REPLAY_KNOWN) leave(r, out);
    return err;
}

void replay_end(struct replays *r, struct replay *replay, enum err err)
{
    bool refused = err != ERR_OK && err_status(err) != 500 && err_status(err) != 507;
    enum err kept = ERR_OK;
    struct sql *db = data_server_lock(r->data);
    if (err == ERR_OK) kept = store(r, db, replay);
    if (refused) kept = forget(db, replay);
    data_server_unlock(r->data);
    if (kept != ERR_OK) log_error("api", "reply_not_kept", "code=%s", err_code(kept));
    leave(r, replay);
}

enum err replays_create(struct data *d, struct replays **out, struct why *why)
{
    struct replays *r = mem_alloc(sizeof(*r));
    r->data = d;
    key_derive(r->key, data_key(d), 1, "apireply");
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->ended, NULL);
    struct sql *db = data_server_lock(d);
    enum err err = sql_migrate(db, "api", migrations, why);
    data_server_unlock(d);
    if (err != ERR_OK) {
        replays_destroy(r);
        return err;
    }
    *out = r;
    return ERR_OK;
}

void replays_destroy(struct replays *r)
{
    if (!r) return;
    pthread_cond_destroy(&r->ended);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}
