/* backups.c - the thread that makes a backup, and what it is told about.
 *
 * A folder is worked in by one process at a time, which holds FOLDER/.lock; whatever has the name
 * of an unfinished backup then was left by one that was killed, and is removed. A backup is begun
 * only where both disks have room for all of it and some to spare, for the writer of a brand whose
 * disk is full stops for good. */
#include "api/backups.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "account/audit.h"
#include "account/upkeep.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "brand/backup.h"

#define NAME_START "wellfield-"
#define NAME_END ".tar.zst"
#define UNFINISHED NAME_END ".tmp"

struct backups {
    struct data *data;
    char folder[600];     /* as chosen */
    pthread_t thread;     /* made the last one, while 'joinable' */
    struct principal who; /* asked for it */
    uint64_t expected;    /* bytes it will put in */
    struct backup_progress progress;
    pthread_mutex_t lock;  /* what follows */
    bool joinable;         /* there is such a thread, or was */
    struct backup_view at; /* the last one; its bytes and share as of its end */
};

/* ---- where ---- */

/* The place without links, of itself or, when it is not there yet, of what will hold it. */
static bool real_place(const char *folder, char out[PATH_MAX])
{
    char parent[600];
    if (realpath(folder, out)) return true;
    snprintf(parent, sizeof(parent), "%s", folder);
    size_t len = strlen(parent);
    while (len > 1 && parent[len - 1] == '/')
        parent[--len] = '\0';
    char *slash = strrchr(parent, '/');
    if (!slash) return realpath(".", out) != NULL;
    slash[slash == parent] = '\0';
    return realpath(parent, out) != NULL;
}

static enum err check_place(struct data *d, const char *folder, struct why *why)
{
    char place[PATH_MAX], data[PATH_MAX];
    if (!real_place(folder, place) || !realpath(data_dir(d), data))
        return why_fail(why, ERR_NOT_FOUND, MSG_IO, "", "open|%s|%s", folder, strerror(errno));
    size_t len = strlen(data);
    if (strncmp(place, data, len) != 0 || (place[len] != '\0' && place[len] != '/')) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_BACKUP_INSIDE, "--backup-dir", NULL);
}

enum err backups_choose(struct backups *b, const char *folder, struct why *why)
{
    if (strlen(folder) >= sizeof(b->folder))
        return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "--backup-dir", "%zu",
                        sizeof(b->folder) - 1);
    TRY(check_place(b->data, folder, why));
    snprintf(b->folder, sizeof(b->folder), "%s", folder);
    return ERR_OK;
}

/* ---- room for it ---- */

static enum err check_disk(const char *path, uint64_t needed, struct why *why)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0 || (uint64_t)fs.f_bavail * fs.f_frsize >= needed) return ERR_OK;
    return why_fail(why, ERR_NO_SPACE, MSG_BACKUP_SPACE, "", "%" PRIu64 "|%s", needed >> 20, path);
}

/* Databases are copied beside themselves first. */
static enum err check_room(const struct backups *b, struct why *why)
{
    uint64_t needed = b->expected + LIMIT_BACKUP_SPARE;
    TRY(check_disk(b->folder, needed, why));
    return check_disk(data_dir(b->data), needed, why);
}

/* ---- making one ---- */

static void tell(struct backups *b, const char *action, const char *after)
{
    struct why why;
    char subject[40];
    snprintf(subject, sizeof(subject), "backup:%" PRId64, b->at.id);
    const struct audit_entry e = {.who = &b->who,
                                  .action = action,
                                  .subject = subject,
                                  .after = after ? str_of(after) : (struct str){NULL, 0}};
    if (audit_add(b->data, &e, &why) != ERR_OK) log_error("api", "backup_not_audited", NULL);
}

/* Removes what a process has left that was killed. */
static bool sweep(void *ctx, const char *name)
{
    const struct backups *b = ctx;
    char path[900];
    struct why why;
    size_t len = strlen(name), end = sizeof(UNFINISHED) - 1;
    if (strncmp(name, NAME_START, sizeof(NAME_START) - 1) != 0) return true;
    if (len < end || strcmp(name + len - end, UNFINISHED) != 0) return true;
    snprintf(path, sizeof(path), "%s/%s", b->folder, name);
    if (fs_remove(path, &why) != ERR_OK) log_warn("api", "backup_not_swept", NULL);
    return true;
}

static enum err write_locked(struct backups *b, const char *path, uint64_t *bytes, struct why *why)
{
    struct backup_counts counts = {.progress = &b->progress};
    TRY(fs_list(b->folder, sweep, b, why));
    TRY(backup_write(b->data, path, &counts, why));
    *bytes = counts.written;
    return ERR_OK;
}

static enum err write(struct backups *b, const char *path, uint64_t *bytes, struct why *why)
{
    char lock[700];
    int fd;
    TRY(check_place(b->data, b->folder, why));
    TRY(fs_make_dir(b->folder, why));
    TRY(check_room(b, why));
    snprintf(lock, sizeof(lock), "%s/.lock", b->folder);
    TRY(fs_lock(lock, &fd, why));
    enum err err = write_locked(b, path, bytes, why);
    fs_close(fd);
    return err;
}

static void name_file(const struct backups *b, int64_t at, char out[700])
{
    struct civil c = zone_civil(zone_open("UTC"), at);
    snprintf(out, 700, "%s/" NAME_START "%04d%02d%02dT%02d%02d%02d.%03dZ" NAME_END, b->folder,
             c.year, c.month, c.day, c.hour, c.minute, c.second, c.ms);
}

/* Say how it went, to whoever looks and to those who look after the next start. */
static void finish(struct backups *b, enum err err, const char *path, uint64_t bytes,
                   const struct why *why)
{
    char after[80];
    struct why ignored;
    const struct upkeep_run run = {b->at.began, env_now(data_env(b->data)), err == ERR_OK,
                                   err == ERR_OK ? bytes : 0};
    snprintf(after, sizeof(after), "{\"bytes\":%" PRIu64 "}", bytes);
    if (err != ERR_OK) snprintf(after, sizeof(after), "{\"code\":\"%s\"}", err_code(err));
    tell(b, err == ERR_OK ? "backup.done" : "backup.failed", after);
    if (upkeep_note(b->data, UPKEEP_BACKUP, &run, &ignored) != ERR_OK)
        log_error("api", "backup_not_noted", NULL);
    pthread_mutex_lock(&b->lock);
    b->at.state = err == ERR_OK ? BACKUP_DONE : BACKUP_FAILED;
    b->at.ended = run.ended_at;
    b->at.bytes = bytes;
    if (err == ERR_OK) {
        snprintf(b->at.path, sizeof(b->at.path), "%s", path);
    } else {
        b->at.why = *why;
    }
    pthread_mutex_unlock(&b->lock);
}

static void *run(void *arg)
{
    struct backups *b = arg;
    struct why why = {0};
    char path[700];
    uint64_t bytes = 0;
    name_file(b, b->at.began, path);
    enum err err = write(b, path, &bytes, &why);
    if (err != ERR_OK) log_warn("api", "backup_failed", "code=%s", err_code(err));
    finish(b, err, path, bytes, &why);
    return NULL;
}

/* ---- beginning and looking ---- */

/* With the lock held, and none being made. */
static enum err start(struct backups *b, const struct principal *who, struct why *why)
{
    if (strcmp(data_store(b->data), "sqlite:") != 0)
        return why_fail(why, ERR_NOT_IMPLEMENTED, MSG_BACKUP_SQLITE, "", NULL);
    int64_t now = env_now(data_env(b->data));
    if (b->joinable) pthread_join(b->thread, NULL);
    b->who = *who;
    atomic_store(&b->progress.bytes, 0);
    b->expected = backup_size(b->data);
    b->at =
        (struct backup_view){.state = BACKUP_RUNNING, .id = now, .began = now, .ended = TIME_NONE};
    tell(b, "backup.began", NULL);
    b->joinable = pthread_create(&b->thread, NULL, run, b) == 0;
    if (b->joinable) return ERR_OK;
    b->at.state = BACKUP_FAILED;
    return why_fail(&b->at.why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
}

enum err backups_begin(struct backups *b, const struct principal *who, int64_t *id, struct why *why)
{
    pthread_mutex_lock(&b->lock);
    enum err err = b->at.state == BACKUP_RUNNING
                       ? why_fail(why, ERR_CONFLICT, MSG_BACKUP_RUNNING, "", NULL)
                       : start(b, who, why);
    *id = b->at.id;
    pthread_mutex_unlock(&b->lock);
    return err;
}

void backups_look(struct backups *b, struct backup_view *out)
{
    pthread_mutex_lock(&b->lock);
    *out = b->at;
    if (out->state == BACKUP_RUNNING) {
        out->bytes = atomic_load(&b->progress.bytes);
        out->share = b->expected ? (double)out->bytes / (double)b->expected : 0;
        if (out->share > 0.99) out->share = 0.99; /* what came meanwhile is not in 'expected' */
    } else if (out->state == BACKUP_DONE) {
        out->share = 1;
    }
    pthread_mutex_unlock(&b->lock);
}

/* ---- life ---- */

struct backups *backups_create(struct data *d)
{
    struct backups *b = mem_alloc(sizeof(*b));
    b->data = d;
    b->at.began = b->at.ended = TIME_NONE;
    snprintf(b->folder, sizeof(b->folder), "%s.backups", data_dir(d));
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void backups_destroy(struct backups *b)
{
    if (!b) return;
    atomic_store(&b->progress.cancel, true);
    if (b->joinable) pthread_join(b->thread, NULL);
    pthread_mutex_destroy(&b->lock);
    mem_free(b);
}
