/* sqlite_mover.c - moving the WAL into the database file on a thread beside the writer.
 *
 *             ask                     thread                     take
 *   IDLE ───────────► ASKED ───────────────────────► DONE ───────────────► IDLE
 *                     pages copied, file synced           writer: copies the few pages that came
 *                                                         meanwhile, so that the WAL begins anew
 *
 * The SQLite of Debian 12 loses commits when a checkpoint begins at the moment another connection
 * begins the WAL anew. That cannot be here:
 * 1. One checkpoint runs at a time: the writer makes none of its own unless the mover is IDLE.
 * 2. The mover is asked only while the WAL has pages that were not moved. The writer begins it anew
 *    only when all were, and nobody but the mover moves any: so not before this checkpoint ends.
 *
 * SQLite syncs the database file only when nothing was committed meanwhile, which the writer's last
 * few pages are left to do: the mover syncs what it has copied, or the writer would wait for all of
 * it. The count of pages that a checkpoint gives is of its beginning: it cannot tell. */
#include <pthread.h>

#include "base/mem.h"
#include "sql/sqlite.h"

enum mover_state { MOVER_IDLE, MOVER_ASKED, MOVER_DONE };

struct mover {
    sqlite3 *handle;        /* the thread's own connection */
    pthread_t thread;       /* runs until 'stopping' */
    pthread_mutex_t lock;   /* guards what follows */
    pthread_cond_t wake;    /* the thread: asked, or stopping */
    enum mover_state state; /* see above */
    bool stopping;          /* by mover_destroy */
    int moved;              /* DONE: pages of the WAL that are in the database file */
    enum err err;           /* DONE: how it went */
};

static int sync_database(sqlite3 *handle)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || !file->pMethods) return code == SQLITE_OK ? SQLITE_ERROR : code;
    return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

static enum err move(struct mover *m, int *moved)
{
    int held = 0;
    int before = *moved;
    int code = sqlite3_wal_checkpoint_v2(m->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &held, moved);
    if (code != SQLITE_OK) return sqlite_failed(m->handle, code, "checkpoint");
    if (*moved == before) return ERR_OK;
    code = sync_database(m->handle);
    if (code == SQLITE_OK) return ERR_OK;
    (void)sqlite_failed(m->handle, code, "sync");
    return ERR_IO;
}

static void *run(void *arg)
{
    struct mover *m = arg;
    pthread_mutex_lock(&m->lock);
    while (!m->stopping) {
        if (m->state != MOVER_ASKED) {
            pthread_cond_wait(&m->wake, &m->lock);
            continue;
        }
        int moved = m->moved;
        pthread_mutex_unlock(&m->lock);
        enum err err = move(m, &moved);
        pthread_mutex_lock(&m->lock);
        m->moved = moved;
        m->err = err;
        m->state = MOVER_DONE;
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

struct mover *mover_create(const char *path)
{
    struct mover *m = mem_alloc(sizeof(*m));
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->wake, NULL);
    if (sqlite_connect_mover(path, &m->handle) == ERR_OK &&
        pthread_create(&m->thread, NULL, run, m) == 0)
        return m;
    sqlite3_close(m->handle);
    mem_free(m);
    return NULL;
}

void mover_destroy(struct mover *m)
{
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    m->stopping = true;
    pthread_cond_signal(&m->wake);
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
    pthread_cond_destroy(&m->wake);
    pthread_mutex_destroy(&m->lock);
    sqlite3_close(m->handle);
    mem_free(m);
}

void mover_ask(struct mover *m, int moved)
{
    pthread_mutex_lock(&m->lock);
    m->moved = moved;
    m->state = MOVER_ASKED;
    pthread_cond_signal(&m->wake);
    pthread_mutex_unlock(&m->lock);
}

bool mover_take(struct mover *m, bool *done, int *moved, enum err *err)
{
    pthread_mutex_lock(&m->lock);
    bool free = m->state != MOVER_ASKED;
    *done = m->state == MOVER_DONE;
    if (*done) {
        *moved = m->moved;
        *err = m->err;
        m->state = MOVER_IDLE;
    }
    pthread_mutex_unlock(&m->lock);
    return free;
}
