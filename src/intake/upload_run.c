/* upload_run.c - imports that wait, and the threads that run them through import_files().
 *
 * A runner takes the oldest import that waits and whose brand has none at work. What it is told
 * while it works it keeps under the lock, for those who look. Both ends of a run go into the audit
 * log, and into the import's row.
 *
 * A dry run leaves the import as it was before, with the figures of the trial beside it. */
#include <inttypes.h>
#include <stdio.h>

#include "account/accounts.h"
#include "account/audit.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wait.h"
#include "intake/samples.h"
#include "intake/upload_internal.h"

#define SWEEP_SECONDS 600
#define MIB ((uint64_t)1 << 20)
#define PACKED_FREE ((uint64_t)1024 * MIB) /* unpacked, whatever the size of the file */

/* ---- as JSON ---- */

static void put_option(struct json_writer *w, const char *key, const char *value)
{
    if (!value) return;
    json_key(w, key);
    json_text(w, value);
}

static const char *options_json(const struct upload_run *r, struct arena *arena)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_option(&w, "format", import_format_name(r->format));
    put_option(&w, "as", r->as);
    put_option(&w, "map", r->map);
    put_option(&w, "group", r->group);
    put_option(&w, "source", r->source);
    put_option(&w, "date", r->date);
    put_option(&w, "tz", r->tz);
    put_option(&w, "sheet", r->sheet);
    json_key(&w, "dry_run");
    json_bool(&w, r->dry_run);
    json_key(&w, "strict");
    json_bool(&w, r->strict);
    json_end_object(&w);
    const char *out = arena_str(arena, strbuf_str(&text)).p;
    strbuf_finish(&text);
    return out;
}

void upload_counts_json(const struct import_counts *c, struct strbuf *out)
{
    const struct {
        const char *name;
        uint64_t value;
    } list[] = {
        {"read", c->read},
        {"stored", c->stored},
        {"duplicate", c->duplicate},
        {"rejected", c->rejected},
        {"members_created", c->members_created},
        {"merged", c->merged},
        {"updated", c->updated},
        {"conflicts", c->conflicts},
        {"presence", c->presence},
        {"skipped", c->skipped},
        {"dropped", c->dropped},
        {"unknown_staff", c->unknown_staff},
    };
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        json_key(&w, list[i].name);
        json_uint(&w, list[i].value);
    }
    json_end_object(&w);
}

/* ---- what import_files() tells ---- */

struct telling {
    struct uploads *u;
    struct upload_live *live;
};

/* Where to look for what it has stored, whatever becomes of it. */
static enum err began(void *ctx, int64_t id, struct why *why)
{
    struct telling *t = ctx;
    struct upload_live *l = t->live;
    struct upload_change change = {.kind = CHANGE_FILES, .id = l->id};
    for (struct str rest = l->files; rest.len;) {
        int64_t known;
        if (str_to_i64(str_cut(&rest, ' '), &known) && known == id) return ERR_OK;
    }
    const char *files = l->files.len
                            ? arena_printf(l->arena, STR_FMT " %" PRId64, STR_ARG(l->files), id)
                            : arena_printf(l->arena, "%" PRId64, id);
    change.files = l->files = str_of(files);
    return upload_change(l->brand, &change, why);
}

static void opened(void *ctx, uint64_t lines, uint64_t bytes)
{
    struct telling *t = ctx;
    pthread_mutex_lock(&t->u->lock);
    t->live->progress.lines = lines;
    t->live->progress.bytes = bytes;
    t->live->began_ns = env_mono_ns(t->u->env);
    pthread_mutex_unlock(&t->u->lock);
}

static void went(void *ctx, double part, const struct import_counts *counts)
{
    struct telling *t = ctx;
    pthread_mutex_lock(&t->u->lock);
    t->live->counts = *counts;
    t->live->progress.rows = counts->read;
    t->live->progress.share = part;
    upload_tell(t->u, t->live, t->live->state, part);
    pthread_mutex_unlock(&t->u->lock);
}

static void rejected(void *ctx, uint64_t line, uint32_t column, const char *reason)
{
    struct telling *t = ctx;
    struct upload_live *l = t->live;
    struct strbuf one = {0};
    struct json_writer w = {.out = &one};
    if (l->rejects_told == UPLOAD_REJECTS_TOLD) return; /* only this thread counts them */
    json_begin_object(&w);
    json_key(&w, "line");
    json_uint(&w, line);
    json_key(&w, "column");
    json_uint(&w, column);
    json_key(&w, "reason");
    json_text(&w, reason);
    json_end_object(&w);
    pthread_mutex_lock(&t->u->lock);
    strbuf_add_char(&l->rejects, l->rejects_told++ ? ',' : '[');
    strbuf_add_str(&l->rejects, strbuf_str(&one));
    pthread_mutex_unlock(&t->u->lock);
    strbuf_finish(&one);
}

static void tried(void *ctx, const struct samples *samples)
{
    struct telling *t = ctx;
    t->live->sampled = upload_samples_seal(t->live->brand, samples, t->live->arena);
}

/* ---- one run ---- */

void upload_audit(struct uploads *u, const struct upload_live *l, const char *action,
                  struct str after)
{
    char subject[32];
    struct why why;
    snprintf(subject, sizeof(subject), "import:%" PRIu32, l->id);
    const struct audit_entry entry = {.who = &l->who,
                                      .brand = brand_slug(l->brand),
                                      .action = action,
                                      .subject = subject,
                                      .after = after};
    if (audit_add(u->data, &entry, &why) != ERR_OK)
        log_error("intake", "import_not_audited", "import=%" PRIu32, l->id);
}

/* How it ended, as the audit log has it: the file, what was asked for, the state, the figures. */
static void audit_run(struct uploads *u, const struct upload_live *l, const char *state,
                      struct str counts)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    json_key(&w, "name");
    json_text(&w, l->name);
    strbuf_addf(&text, ",\"options\":%s", l->options);
    if (state) {
        json_key(&w, "state");
        json_text(&w, state);
    }
    if (counts.len) strbuf_addf(&text, ",\"counts\":" STR_FMT, STR_ARG(counts));
    json_end_object(&w);
    upload_audit(u, l, state ? "import.ended" : "import.started", strbuf_str(&text));
    strbuf_finish(&text);
}

/* A file that unpacks to much more than itself is no table of events. */
static uint64_t unpacked_max(uint64_t bytes)
{
    uint64_t most = LIMIT_UPLOAD_UNPACKED_MIB * MIB, by_ratio = bytes * LIMIT_UPLOAD_RATIO;
    if (by_ratio < PACKED_FREE) by_ratio = PACKED_FREE;
    return by_ratio < most ? by_ratio : most;
}

static enum err run_import(struct uploads *u, struct upload_live *l, struct import_counts *counts,
                           struct why *why)
{
    struct telling telling = {u, l};
    const struct import_watch watch = {began, opened, went, rejected, tried, &telling};
    const struct upload_run *r = &l->run;
    char file[UPLOAD_PATH_SIZE], rejects[UPLOAD_PATH_SIZE];
    const char *path = file;
    upload_path(l->brand, l->id, "", file);
    upload_path(l->brand, l->id, UPLOAD_REJECTS, rejects);
    struct accounts *accounts;
    TRY(accounts_open(u->data, &accounts, why));
    const struct import_options o = {
        .staff = accounts_staff(accounts),
        .format = r->format,
        .as = r->as,
        .map = r->map,
        .group = r->group,
        .source = r->source,
        .sheet = r->sheet,
        .date = r->date,
        .zone = r->tz ? zone_open(r->tz) : brand_zone(l->brand),
        .dry_run = r->dry_run,
        .strict = r->strict,
        .rejects_path = rejects,
        .rejects_max = LIMIT_UPLOAD_REJECTS_BYTES,
        .name = l->name,
        .unpacked_max = unpacked_max(l->bytes),
        .stop = &l->stop,
        .watch = &watch,
        .stdin_fd = -1,
        .lang = r->lang,
    };
    uint64_t here = upload_size(l->brand, l->id);
    if (here != l->bytes)
        return why_fail(why, ERR_CORRUPT, MSG_UPLOAD_DIFFERS, "", "%" PRIu64 "|%" PRIu64, here,
                        l->bytes);
    TRY(import_files(l->brand, &o, &path, 1, counts, why));
    if (!r->strict || counts->rejected == 0) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_IMPORT_STRICT, "", NULL);
}

/* What went wrong inside is for the log; the file's own faults are for who uploaded it. */
const char *upload_reason(const struct upload_live *l, const struct why *why, char out[512])
{
    struct why shown = *why;
    bool own = why->msg == MSG_IMPORT_UNPACK || why->msg == MSG_UPLOAD_DIFFERS;
    if (err_status(why->err) >= 500 && !own) {
        why_text(why, LANG_EN, out, 512);
        log_error("intake", "import_failed", "import=%" PRIu32 " reason=%s", l->id, out);
        shown = (struct why){.err = why->err, .msg = MSG_INTERNAL};
        if (why->err == ERR_NO_SPACE) shown.msg = MSG_UPLOAD_DISK;
    }
    if (memcmp(shown.field, "--", 2) == 0) memmove(shown.field, shown.field + 2, 90);
    why_text(&shown, l->run.lang, out, 512);
    return out;
}

static enum upload_mark mark_of(const struct upload_live *l, enum err err)
{
    if (err == ERR_CANCELLED && !l->run.dry_run) return MARK_STOPPED;
    if (err != ERR_OK && err != ERR_CANCELLED) return MARK_FAILED;
    if (!l->run.dry_run) return MARK_DONE;
    return l->before == MARK_FAILED ? MARK_NONE : l->before;
}

static void end_run(struct uploads *u, struct upload_live *l, enum err err, const struct why *why,
                    const struct import_counts *counts)
{
    static const enum upload_state states[] = {
        [MARK_NONE] = UPLOAD_READY,      [MARK_WORKING] = UPLOAD_STOPPED,
        [MARK_DONE] = UPLOAD_DONE,       [MARK_FAILED] = UPLOAD_FAILED,
        [MARK_STOPPED] = UPLOAD_STOPPED, [MARK_UNDONE] = UPLOAD_UNDONE};
    struct strbuf figures = {0};
    struct why failed;
    char reason[512];
    upload_counts_json(counts, &figures);
    struct upload_change change = {.kind = CHANGE_END, .id = l->id, .mark = mark_of(l, err)};
    if (l->run.dry_run) {
        if (err == ERR_OK) change.tried = strbuf_str(&figures);
        if (err == ERR_OK) change.sampled = l->sampled;
    } else if (err == ERR_OK || counts->read) {
        change.counts = strbuf_str(&figures);
    }
    if (l->rejects_told) /* a copy: others look at it still */
        change.rejects =
            str_of(arena_printf(l->arena, STR_FMT "]", STR_ARG(strbuf_str(&l->rejects))));
    if (err != ERR_OK) change.reason = str_of(upload_reason(l, why, reason));
    if (upload_change(l->brand, &change, &failed) != ERR_OK)
        log_error("intake", "import_not_noted", "import=%" PRIu32, l->id);
    audit_run(u, l,
              l->run.dry_run && err == ERR_OK ? "tried" : upload_state_name(states[change.mark]),
              strbuf_str(&figures));
    strbuf_finish(&figures);
    pthread_mutex_lock(&u->lock);
    upload_tell(u, l, states[change.mark], err == ERR_OK ? 1 : l->progress.share);
    pthread_mutex_unlock(&u->lock);
}

static void work(struct uploads *u, struct upload_live *l)
{
    struct import_counts counts = {0};
    struct why why = {0};
    audit_run(u, l, NULL, (struct str){NULL, 0});
    enum err err = run_import(u, l, &counts, &why);
    end_run(u, l, err, &why, &counts);
    upload_leave(l->brand, l->id);
}

/* ---- the runners; under the lock ---- */

static bool is_busy(const struct uploads *u, const struct brand *b)
{
    for (const struct upload_live *l = u->first; l; l = l->next) {
        if (l->brand == b && l->working) return true;
    }
    return false;
}

static struct upload_live *next_waiting(const struct uploads *u)
{
    for (struct upload_live *l = u->first; l; l = l->next) {
        if (!l->holds && !l->working && !is_busy(u, l->brand)) return l;
    }
    return NULL;
}

static void wait_or_sweep(struct uploads *u)
{
    int64_t now = env_now(u->env);
    if (now >= u->next_sweep) {
        u->next_sweep = now + SWEEP_SECONDS * INT64_C(1000);
        pthread_mutex_unlock(&u->lock);
        uploads_sweep(u);
        pthread_mutex_lock(&u->lock);
        return;
    }
    wait_ms(&u->wake, &u->lock, SWEEP_SECONDS * INT64_C(1000));
}

void *upload_runner(void *arg)
{
    struct uploads *u = arg;
    pthread_mutex_lock(&u->lock);
    while (!u->stopping) {
        struct upload_live *l = next_waiting(u);
        if (!l) {
            wait_or_sweep(u);
            continue;
        }
        l->working = true;
        l->state = l->undo ? UPLOAD_UNDOING : l->run.dry_run ? UPLOAD_TRYING : UPLOAD_RUNNING;
        upload_tell(u, l, l->state, 0);
        pthread_mutex_unlock(&u->lock);
        if (l->undo) {
            upload_undo_work(u, l);
        } else {
            work(u, l);
        }
        upload_let_go(u, l);
        pthread_mutex_lock(&u->lock);
        pthread_cond_broadcast(&u->wake); /* the brand is free for the next */
    }
    pthread_mutex_unlock(&u->lock);
    return NULL;
}

/* ---- beginning and stopping ---- */

static const char *copied(struct arena *arena, const char *text)
{
    return text ? arena_str(arena, str_of(text)).p : NULL;
}

void upload_fill(struct upload_live *l, const struct upload *of, const struct upload_run *run)
{
    struct arena *a = l->arena = arena_create(0);
    l->run = *run;
    l->run.as = copied(a, run->as);
    l->run.map = copied(a, run->map);
    l->run.group = copied(a, run->group);
    l->run.source = copied(a, run->source);
    l->run.date = copied(a, run->date);
    l->run.tz = copied(a, run->tz);
    l->run.sheet = copied(a, run->sheet);
    l->who = *run->who;
    l->run.who = &l->who;
    l->name = arena_str(a, of->name).p;
    l->bytes = of->bytes;
    l->options = options_json(&l->run, a);
    l->state = UPLOAD_QUEUED;
}

enum err upload_whole(const struct upload *of, struct why *why)
{
    if (!of->kept) return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_GONE, "", NULL);
    if (of->received >= of->bytes) return ERR_OK;
    if (of->state != UPLOAD_UPLOADING)
        return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_GONE, "", NULL);
    return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_PART, "", "%" PRIu64 "|%" PRIu64, of->received,
                    of->bytes);
}

static enum err check_run(const struct upload_run *r, struct why *why)
{
    const struct import_options o = {.format = r->format,
                                     .as = r->as,
                                     .map = r->map,
                                     .group = r->group,
                                     .source = r->source,
                                     .sheet = r->sheet,
                                     .date = r->date};
    if (r->tz && !zone_open(r->tz))
        return why_fail(why, ERR_INVALID, MSG_BAD_ZONE, "--tz", "%.60s", r->tz);
    return import_check(&o, why);
}

void upload_queue(struct uploads *u, struct upload_live *l)
{
    pthread_mutex_lock(&u->lock);
    l->holds = false;
    upload_tell(u, l, UPLOAD_QUEUED, 0);
    pthread_cond_broadcast(&u->wake);
    pthread_mutex_unlock(&u->lock);
}

/* What the row says last, now that nobody else can change it. */
static enum err start_held(struct uploads *u, struct upload_live *l, const struct upload *of,
                           const struct upload_run *run, struct why *why)
{
    struct sql *db;
    struct upload_row row;
    upload_fill(l, of, run);
    TRY(brand_reader(l->brand, &db, why));
    enum err err = upload_read(db, l->arena, l->id, &row, why);
    sql_close(db);
    TRY(err);
    l->before = row.mark;
    l->files = row.files;
    const struct upload_change change = {.kind = CHANGE_START,
                                         .id = l->id,
                                         .mark = MARK_WORKING,
                                         .dry_run = run->dry_run,
                                         .options = str_of(l->options)};
    TRY(upload_change(l->brand, &change, why));
    upload_queue(u, l);
    return ERR_OK;
}

enum err upload_start(struct uploads *u, struct brand *b, const struct upload *of,
                      const struct upload_run *run, struct why *why)
{
    TRY(upload_whole(of, why));
    TRY(check_run(run, why));
    struct upload_live *live = upload_hold(u, b, of->id);
    if (!live) return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_BUSY, "", NULL);
    enum err err = start_held(u, live, of, run, why);
    if (err != ERR_OK) upload_let_go(u, live);
    return err;
}

enum err upload_stop(struct uploads *u, struct brand *b, uint32_t id, struct why *why)
{
    bool found = false;
    pthread_mutex_lock(&u->lock);
    for (struct upload_live *l = u->first; l; l = l->next) {
        if (l->brand != b || l->id != id || l->holds || l->undo) continue;
        atomic_store(&l->stop, true);
        found = true;
    }
    pthread_mutex_unlock(&u->lock);
    return found ? ERR_OK : why_fail(why, ERR_CONFLICT, MSG_UPLOAD_IDLE, "", NULL);
}
