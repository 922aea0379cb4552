/* upload.c - files piece by piece, who holds which import, and what is told of each.
 *
 *   nobody ──upload_hold()──► held: written to, removed, expired ──upload_let_go()──► nobody
 *                └──upload_start()──► queued ──a runner──► trying, running ──────────┘
 *
 * 1. Whoever changes a file or its row holds the import; a file's size is how much of it is here.
 * 2. A row is changed before its file goes: a file without a row that wants it is removed at the
 *    next start. */
#include "intake/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "account/audit.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "intake/upload_internal.h"

#define SPARE_BYTES ((uint64_t)256 << 20) /* of the disk, that uploads leave free */

const char *upload_state_name(enum upload_state state)
{
    static const char *const names[] = {"uploading", "ready",  "queued",  "trying",  "running",
                                        "done",      "failed", "stopped", "undoing", "undone"};
    return names[state];
}

/* ---- places ---- */

void upload_dir(struct brand *b, char out[UPLOAD_PATH_SIZE])
{
    snprintf(out, UPLOAD_PATH_SIZE, "%.400s/brands/%s/uploads", data_dir(brand_data(b)),
             brand_slug(b));
}

void upload_path(struct brand *b, uint32_t id, const char *suffix, char out[UPLOAD_PATH_SIZE])
{
    upload_dir(b, out);
    size_t len = strlen(out);
    snprintf(out + len, UPLOAD_PATH_SIZE - len, "/%" PRIu32 "%s", id, suffix);
}

uint64_t upload_size(struct brand *b, uint32_t id)
{
    struct stat st;
    char path[UPLOAD_PATH_SIZE];
    upload_path(b, id, "", path);
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

void upload_remove_file(const char *path)
{
    struct why why;
    if (fs_remove(path, &why) != ERR_OK) log_warn("intake", "upload_not_removed", "path=%s", path);
}

void upload_remove_files(struct brand *b, uint32_t id)
{
    char path[UPLOAD_PATH_SIZE];
    upload_path(b, id, "", path);
    upload_remove_file(path);
    upload_path(b, id, UPLOAD_REJECTS, path);
    upload_remove_file(path);
}

/* ---- holding ---- */

struct upload_live *upload_hold(struct uploads *u, struct brand *b, uint32_t id)
{
    pthread_mutex_lock(&u->lock);
    struct upload_live **end = &u->first, *mine = NULL;
    while (*end && ((*end)->brand != b || (*end)->id != id))
        end = &(*end)->next;
    if (!*end) {
        mine = *end = mem_alloc(sizeof(*mine));
        mine->brand = b;
        mine->id = id;
        mine->holds = true;
    }
    pthread_mutex_unlock(&u->lock);
    return mine;
}

void upload_let_go(struct uploads *u, struct upload_live *live)
{
    pthread_mutex_lock(&u->lock);
    struct upload_live **at = &u->first;
    while (*at != live)
        at = &(*at)->next;
    *at = live->next;
    pthread_mutex_unlock(&u->lock);
    arena_destroy(live->arena);
    strbuf_finish(&live->rejects);
    mem_free(live);
}

static enum err busy(struct why *why)
{
    return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_BUSY, "", NULL);
}

/* ---- a file ---- */

/* Signs that make a name look like another, or like none. */
static bool is_sly(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF;
}

static bool is_file_name(struct str name)
{
    if (name.len == 0 || !utf8_valid(name) || str_is(name, ".") || str_is(name, "..")) return false;
    for (size_t i = 0; i < name.len;) {
        uint32_t c = utf8_next(name, &i);
        if (c == '/' || c == '\\' || is_sly(c)) return false;
    }
    return true;
}

static enum err check_disk(struct uploads *u, uint64_t bytes, struct why *why)
{
    struct statvfs fs;
    if (statvfs(data_dir(u->data), &fs) != 0) return ERR_OK;
    if ((uint64_t)fs.f_bavail * fs.f_frsize >= bytes + SPARE_BYTES) return ERR_OK;
    return why_fail(why, ERR_NO_SPACE, MSG_UPLOAD_DISK, "", NULL);
}

enum err upload_add(struct uploads *u, struct brand *b, struct upload *n,
                    const struct principal *who, struct why *why)
{
    n->name = str_trim(n->name);
    n->author = str_of(who->name);
    if (n->name.len > LIMIT_NAME_BYTES)
        return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "name", "%d", LIMIT_NAME_BYTES);
    if (!is_file_name(n->name)) return why_fail(why, ERR_INVALID, MSG_UPLOAD_NAME, "name", NULL);
    TRY(check_disk(u, n->bytes, why));
    return upload_insert(b, n, why);
}

static enum err append(struct brand *b, uint32_t id, struct str piece, bool first, struct why *why)
{
    char path[UPLOAD_PATH_SIZE], dir[UPLOAD_PATH_SIZE];
    int fd = -1;
    upload_dir(b, dir);
    upload_path(b, id, "", path);
    if (first) TRY(fs_make_dir(dir, why));
    TRY(fs_open_append(path, &fd, why));
    enum err err = fs_write(fd, piece.p, piece.len, why);
    if (err == ERR_OK) err = fs_sync(fd, why);
    fs_close(fd);
    if (err == ERR_OK && first) err = fs_sync_dir(dir, why);
    if (err == ERR_NO_SPACE) return why_fail(why, err, MSG_UPLOAD_DISK, "", NULL);
    return err;
}

static enum err write_held(struct brand *b, const struct upload *to,
                           const struct upload_piece *piece, struct why *why)
{
    uint64_t here = upload_size(b, to->id);
    if (!to->kept) return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_GONE, "", NULL);
    if (piece->offset != here)
        return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_OFFSET, "offset", "%" PRIu64, here);
    if (piece->bytes.len > to->bytes - here)
        return why_fail(why, ERR_TOO_LARGE, MSG_UPLOAD_OVER, "", "%" PRIu64, to->bytes);
    return append(b, to->id, piece->bytes, here == 0, why);
}

enum err upload_write(struct uploads *u, struct brand *b, const struct upload *to,
                      struct upload_piece *piece, struct why *why)
{
    struct upload_live *live = upload_hold(u, b, to->id);
    enum err err = live ? write_held(b, to, piece, why) : busy(why);
    if (live) upload_leave(b, to->id);
    piece->received = upload_size(b, to->id);
    if (live) upload_let_go(u, live);
    return err;
}

enum err upload_remove(struct uploads *u, struct brand *b, const struct upload *of,
                       const struct principal *who, struct why *why)
{
    const struct upload_change change = {.kind = CHANGE_REMOVE, .id = of->id};
    char subject[32];
    struct strbuf before = {0};
    struct json_writer w = {.out = &before};
    struct upload_live *live = upload_hold(u, b, of->id);
    if (!live) return busy(why);
    enum err err = upload_change(b, &change, why);
    if (err == ERR_OK) upload_remove_files(b, of->id);
    upload_let_go(u, live);
    if (err != ERR_OK) return err;
    snprintf(subject, sizeof(subject), "import:%" PRIu32, of->id);
    json_begin_object(&w);
    json_key(&w, "name");
    json_str(&w, of->name);
    json_end_object(&w);
    err = audit_add(u->data,
                    &(struct audit_entry){.who = who,
                                          .brand = brand_slug(b),
                                          .action = "import.removed",
                                          .subject = subject,
                                          .before = strbuf_str(&before)},
                    why);
    strbuf_finish(&before);
    return err;
}

/* ---- reading ---- */

static struct upload live_of(const struct uploads *u, const struct upload_live *l, struct arena *a)
{
    struct strbuf counts = {0};
    struct upload out = {.id = l->id,
                         .state = l->state,
                         .dry_run = l->run.dry_run,
                         .finished_at = TIME_NONE,
                         .progress = l->progress};
    if (!l->undo) out.options = arena_str(a, str_of(l->options));
    if (l->began_ns) out.progress.seconds = (double)(env_mono_ns(u->env) - l->began_ns) / 1e9;
    upload_counts_json(&l->counts, &counts);
    if (l->progress.rows) out.counts = arena_str(a, strbuf_str(&counts));
    if (l->rejects_told)
        out.rejects = str_of(arena_printf(a, STR_FMT "]", STR_ARG(strbuf_str(&l->rejects))));
    strbuf_finish(&counts);
    return out;
}

void upload_view_take(struct uploads *u, struct brand *b, struct arena *arena,
                      struct upload_view *out)
{
    size_t count = 0;
    *out = (struct upload_view){.brand = b, .arena = arena};
    pthread_mutex_lock(&u->lock);
    for (const struct upload_live *l = u->first; l; l = l->next)
        count += l->brand == b && !l->holds;
    out->live = arena_alloc_array(arena, count + 1, sizeof(*out->live));
    for (const struct upload_live *l = u->first; l; l = l->next) {
        if (l->brand == b && !l->holds) out->live[out->live_count++] = live_of(u, l, arena);
    }
    pthread_mutex_unlock(&u->lock);
}

static enum upload_state state_of(const struct upload_row *row)
{
    switch (row->mark) {
    case MARK_NONE:
        if (!row->kept) return UPLOAD_STOPPED; /* before it ever ran */
        return row->seen.received < row->seen.bytes ? UPLOAD_UPLOADING : UPLOAD_READY;
    case MARK_WORKING:
        return UPLOAD_QUEUED; /* somebody is about to put it into the queue */
    case MARK_DONE:
        return UPLOAD_DONE;
    case MARK_FAILED:
        return UPLOAD_FAILED;
    case MARK_UNDONE:
        return UPLOAD_UNDONE;
    default:
        return UPLOAD_STOPPED;
    }
}

/* What the row says, and what memory knows better. */
static struct upload seen(const struct upload_view *v, struct upload_row *row)
{
    struct upload *s = &row->seen;
    s->kept = row->kept;
    s->received = row->kept ? upload_size(v->brand, s->id) : 0;
    s->state = state_of(row);
    for (size_t i = 0; i < v->live_count; i++) {
        const struct upload *l = &v->live[i];
        if (l->id != s->id) continue;
        s->state = l->state;
        s->dry_run = l->dry_run;
        s->finished_at = TIME_NONE;
        s->reason = (struct str){NULL, 0};
        s->progress = l->progress;
        if (!l->options.len) continue; /* being undone */
        s->options = l->options;
        s->counts = l->dry_run ? s->counts : l->counts;
        s->rejects = l->rejects;
    }
    return *s;
}

enum err upload_get(const struct upload_view *v, struct sql *db, uint32_t id, struct upload *out,
                    struct why *why)
{
    struct upload_row row;
    TRY(upload_read(db, v->arena, id, &row, why));
    *out = seen(v, &row);
    return ERR_OK;
}

enum err upload_list(const struct upload_view *v, struct sql *db, const struct upload_page *page,
                     struct upload_list *out, struct why *why)
{
    struct upload_rows rows;
    TRY(upload_read_list(db, v->arena, page, &rows, why));
    out->count = rows.count;
    out->items = arena_alloc_array(v->arena, rows.count + 1, sizeof(*out->items));
    for (size_t i = 0; i < rows.count; i++)
        out->items[i] = seen(v, &rows.items[i]);
    return ERR_OK;
}

/* ---- news ---- */

/* Under the lock. An import has one place among the news; a new one takes the oldest. */
void upload_tell(struct uploads *u, const struct upload_live *live, enum upload_state state,
                 double share)
{
    struct news *place = &u->news[0];
    for (size_t i = 0; i < UPLOAD_NEWS; i++) {
        struct news *n = &u->news[i];
        if (n->last.number < place->last.number) place = n;
        if (n->brand != live->brand || n->last.id != live->id) continue;
        place = n;
        break;
    }
    *place = (struct news){live->brand, {++u->number, live->id, state, share}};
}

uint64_t uploads_newest(struct uploads *u)
{
    pthread_mutex_lock(&u->lock);
    uint64_t number = u->number;
    pthread_mutex_unlock(&u->lock);
    return number;
}

bool uploads_news(struct uploads *u, struct brand *b, uint64_t after, uint64_t until,
                  struct upload_news *out)
{
    const struct news *oldest = NULL;
    pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < UPLOAD_NEWS; i++) {
        const struct news *n = &u->news[i];
        bool fits = n->brand == b && n->last.number > after && n->last.number <= until;
        if (fits && (!oldest || n->last.number < oldest->last.number)) oldest = n;
    }
    if (oldest) *out = oldest->last;
    pthread_mutex_unlock(&u->lock);
    return oldest != NULL;
}

/* ---- life ---- */

static enum err recover_all(struct uploads *u, struct why *why)
{
    for (size_t i = 0; i < data_brand_count(u->data); i++) {
        struct brand *b = data_brand_if_open(u->data, i);
        if (b) TRY(upload_sweep_brand(u, b, true, why));
    }
    return ERR_OK;
}

static enum err start_threads(struct uploads *u, struct why *why)
{
    while (u->thread_count < LIMIT_UPLOADS_RUNNING) {
        if (pthread_create(&u->threads[u->thread_count], NULL, upload_runner, u) != 0)
            return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
        u->thread_count++;
    }
    return ERR_OK;
}

enum err uploads_create(struct data *d, struct uploads **out, struct why *why)
{
    struct uploads *u = mem_alloc(sizeof(*u));
    u->data = d;
    u->env = data_env(d);
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->wake, NULL);
    enum err err = recover_all(u, why);
    if (err == ERR_OK) err = start_threads(u, why);
    if (err != ERR_OK) {
        uploads_destroy(u);
        return err;
    }
    *out = u;
    return ERR_OK;
}

void uploads_destroy(struct uploads *u)
{
    if (!u) return;
    pthread_mutex_lock(&u->lock);
    u->stopping = true;
    for (struct upload_live *l = u->first; l; l = l->next)
        atomic_store(&l->stop, true);
    pthread_cond_broadcast(&u->wake);
    pthread_mutex_unlock(&u->lock);
    for (int i = 0; i < u->thread_count; i++)
        pthread_join(u->threads[i], NULL);
    while (u->first)
        upload_let_go(u, u->first); /* waited for their turn: found as cut off at the next start */
    pthread_cond_destroy(&u->wake);
    pthread_mutex_destroy(&u->lock);
    mem_free(u);
}
