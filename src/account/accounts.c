/* accounts.c - the parts of the room, made together, and the thread that writes what was noted. */
#include "account/accounts.h"

#include <pthread.h>

#include "account/internal.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wait.h"

#define FLUSH_MS 60000

/* ---- the thread ---- */

static void *flusher(void *arg)
{
    struct accounts *a = arg;
    struct why why;
    pthread_mutex_lock(&a->lock);
    while (!a->stopping) {
        if (wait_ms(&a->wake, &a->lock, FLUSH_MS)) continue;
        pthread_mutex_unlock(&a->lock);
        if (accounts_flush(a, &why) != ERR_OK) log_warn("account", "not_flushed", NULL);
        pthread_mutex_lock(&a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

enum err accounts_start(struct accounts *a, struct why *why)
{
    if (a->flushing) return ERR_OK;
    a->flushing = pthread_create(&a->flusher, NULL, flusher, a) == 0;
    return a->flushing ? ERR_OK : why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
}

static void stop(struct accounts *a)
{
    struct why why;
    pthread_mutex_lock(&a->lock);
    a->stopping = true;
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->lock);
    if (a->flushing) pthread_join(a->flusher, NULL);
    if (accounts_flush(a, &why) != ERR_OK) log_warn("account", "not_flushed", NULL);
}

enum err accounts_flush(struct accounts *a, struct why *why)
{
    struct sql *db;
    TRY(store_begin(a->data, &db, why));
    enum err err = keyring_flush(a->keys, db);
    if (err == ERR_OK) err = staff_flush(a->staff, db);
    if (err == ERR_OK) err = sessions_flush(a->sessions, db);
    err = store_commit(db, err, why);
    if (err == ERR_OK) err = sql_checkpoint(db, 1000);
    data_server_unlock(a->data);
    return err;
}

/* ---- life ---- */

static void accounts_destroy(struct accounts *a)
{
    keyring_destroy(a->keys);
    sessions_destroy(a->sessions);
    staff_destroy(a->staff);
    password_gate_destroy(a->gate);
    throttle_destroy(a->throttle);
    refusals_destroy(a->refusals);
    pthread_cond_destroy(&a->wake);
    pthread_mutex_destroy(&a->lock);
    mem_free(a);
}

static void accounts_close(void *state)
{
    struct accounts *a = state;
    stop(a);
    accounts_destroy(a);
}

static struct accounts *accounts_create(struct data *d)
{
    struct accounts *a = mem_alloc(sizeof(*a));
    a->data = d;
    a->keys = keyring_create(d);
    a->sessions = sessions_create(d);
    a->staff = staff_create(d);
    a->gate = password_gate_create();
    a->throttle = throttle_create(data_env(d));
    a->refusals = refusals_create(d);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->wake, NULL);
    return a;
}

static enum err load(struct data *d, struct sql *db, struct accounts **out)
{
    struct accounts *a = accounts_create(d);
    enum err err = keyring_fill(a->keys, db);
    if (err == ERR_OK) err = staff_load(a->staff, db);
    if (err == ERR_OK) err = sessions_load(a->sessions, db);
    if (err != ERR_OK) {
        accounts_destroy(a);
        return err;
    }
    data_attach(d, a, accounts_close);
    *out = a;
    return ERR_OK;
}

enum err accounts_open(struct data *d, struct accounts **out, struct why *why)
{
    struct sql *db = data_server_lock(d);
    enum err err = ERR_OK;
    *out = data_attached(d);
    if (!*out) err = load(d, db, out);
    data_server_unlock(d);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

struct keyring *accounts_keys(struct accounts *a)
{
    return a->keys;
}

struct sessions *accounts_sessions(struct accounts *a)
{
    return a->sessions;
}

struct staff *accounts_staff(struct accounts *a)
{
    return a->staff;
}
