/* import.c - options, then file after file: who it is, how far it came, and its rows.
 *
 * Every file is opened and surveyed before the first row is applied, so that a missing or damaged
 * one stops the import while nothing has changed. Small imports go through the writer as other
 * senders' events do; larger ones in bulk. */
#include "intake/import.h"

#include <stdio.h>

#include "base/limits.h"
#include "brand/data.h"
#include "intake/colleagues.h"
#include "intake/inferring.h"
#include "intake/irc_line.h"
#include "intake/job.h"

#define RECORD_LINES 2000
#define RECORD_BYTES ((uint64_t)1 << 20) /* JSON may have no lines */
#define RECORD_ROWS 500

static const char *const names[IMPORT_FORMAT_COUNT] = {"csv",     "jsonl",    "segment",  "irc",
                                                       "columns", "xlsx",     "telegram", "discord",
                                                       "slack",   "messages", "mbox"};

const char *import_format_name(enum import_format format)
{
    return names[format];
}

const char *import_format_names(void)
{
    return "csv, xlsx, columns, jsonl, segment, irc, telegram, discord, slack, messages, mbox";
}

bool import_format_parse(struct str name, enum import_format *out)
{
    for (int f = 0; f < IMPORT_FORMAT_COUNT; f++) {
        if (!str_is(name, names[f])) continue;
        *out = (enum import_format)f;
        return true;
    }
    return false;
}

enum err import_fits(enum import_format format, const struct input_info *info, struct why *why)
{
    bool sheet = info->sheets != NULL;
    if (info->bundle && format != IMPORT_SLACK)
        return why_fail(why, ERR_INVALID, MSG_ARCHIVE_SLACK, "", NULL);
    if (!info->bundle && format == IMPORT_SLACK)
        return why_fail(why, ERR_INVALID, MSG_ARCHIVE_WANTED, "", NULL);
    if (!sheet && format == IMPORT_XLSX)
        return why_fail(why, ERR_INVALID, MSG_XLSX_WANTED, "", NULL);
    if (sheet && !import_is_csv(format))
        return why_fail(why, ERR_INVALID, MSG_XLSX_TABLE, "", NULL);
    return ERR_OK;
}

/* ---- options ---- */

static enum err check_length(const char *text, const char *field, struct why *why)
{
    if (!text || (strlen(text) > 0 && strlen(text) <= LIMIT_CODE_BYTES)) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_TOO_LONG, field, "%d", LIMIT_CODE_BYTES);
}

static enum err check_kind(const char *as, struct why *why)
{
    const struct sender sender = {.level = SENDER_IMPORT};
    struct fact f = {.kind = str_of(as), .amount = HISTORY_NO_AMOUNT};
    uint32_t junk;
    if (!as) return ERR_OK;
    struct arena *a = arena_create(0);
    enum err err = fact_check(&f, 0, a, &junk, why);
    if (err == ERR_OK) err = fact_kind_allowed(&sender, f.kind, why);
    arena_destroy(a);
    if (err != ERR_OK && why) memcpy(why->field, "--as", sizeof("--as"));
    return err;
}

static enum err check_options(const struct import_options *o, struct why *why)
{
    bool table = import_is_csv(o->format) || o->format == IMPORT_COLUMNS;
    int32_t day;
    if (o->map && !table)
        return why_fail(why, ERR_INVALID, MSG_QUERY_ONLY_WITH, "--map", "csv, xlsx, columns");
    if (o->format == IMPORT_COLUMNS && !o->map)
        return why_fail(why, ERR_INVALID, MSG_MISSING, "--map", NULL);
    if (o->as && (import_is_chat(o->format) || o->format == IMPORT_SEGMENT))
        return why_fail(why, ERR_INVALID, MSG_QUERY_ONLY_WITH, "--as", "csv, xlsx, columns, jsonl");
    if (o->date && o->format != IMPORT_IRC)
        return why_fail(why, ERR_INVALID, MSG_QUERY_ONLY_WITH, "--date", "irc");
    if (o->date && (strlen(o->date) != 10 || !irc_date_in(str_of(o->date), &day)))
        return why_fail(why, ERR_INVALID, MSG_BAD_TIME, "--date", "%.40s", o->date);
    if (o->sheet && !import_is_csv(o->format))
        return why_fail(why, ERR_INVALID, MSG_QUERY_ONLY_WITH, "--sheet", "csv, xlsx");
    TRY(check_length(o->sheet, "--sheet", why));
    TRY(check_length(o->group, "--group", why));
    TRY(check_length(o->source, "--source", why));
    return check_kind(o->as, why);
}

static enum err read_map(const struct import_options *o, struct arena *arena, struct mapping *map,
                         struct why *why)
{
    TRY(mapping_parse(arena, str_of(o->map), o->as, map, why));
    if (map->count) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_MAP_SYNTAX, "--map", "%s", "");
}

enum err import_check(const struct import_options *options, struct why *why)
{
    TRY(check_options(options, why));
    if (!options->map) return ERR_OK;
    struct mapping *map = mem_alloc(sizeof(*map));
    struct arena *arena = arena_create(0);
    enum err err = read_map(options, arena, map, why);
    arena_destroy(arena);
    mem_free(map);
    return err;
}

/* ---- who a file is ---- */

/* Where its name is known by: for messages, and for the day of a chat log. */
static const char *title_of(const struct job *job, size_t i)
{
    return job->options->name ? job->options->name : job->paths[i];
}

static void add_part(struct sha256_state *s, const char *text)
{
    uint64_t len = text ? strlen(text) + 1 : 0;
    sha256_add(s, &len, sizeof(len));
    if (text) sha256_add(s, text, strlen(text));
}

static struct sha256 key_of(const struct job *job, size_t i)
{
    const struct import_options *o = job->options;
    struct sha256_state s;
    int32_t day = 0;
    unsigned char format = (unsigned char)(import_is_csv(o->format) ? IMPORT_CSV : o->format);
    if (o->format == IMPORT_IRC && o->date) irc_date_in(str_of(o->date), &day);
    if (o->format == IMPORT_IRC && !o->date) irc_date_in(str_of(title_of(job, i)), &day);
    sha256_init(&s);
    sha256_add(&s, input_get_info(job->inputs[i])->content.bytes, 32);
    sha256_add(&s, &format, 1);
    sha256_add(&s, &day, sizeof(day));
    add_part(&s, o->map);
    add_part(&s, o->as);
    add_part(&s, o->group);
    add_part(&s, o->source);
    return sha256_finish(&s);
}

/* ---- the parser's thread ---- */

struct parser {
    struct parse parse;
    struct job *job;
};

static void *parser_main(void *arg)
{
    struct parse *p = arg;
    struct why why = {0};
    if (!parse_begin(p)) return NULL;
    enum err err = parse_format(p, &why);
    if (err == ERR_OK) err = parse_merge(p, &why);
    if (p->failed.err != ERR_OK) {
        err = p->failed.err;
        why = p->failed;
    }
    if (!p->batch) return NULL;
    p->batch->err = err;
    p->batch->why = why;
    parse_finish(p);
    return NULL;
}

static void parse_init(struct parse *p, struct file_run *run, size_t i)
{
    struct job *job = run->job;
    *p = (struct parse){
        .options = job->options,
        .brand = job->brand,
        .path = title_of(job, i),
        .currency = brand_currency(job->brand),
        .currency_digits = brand_currency_digits(job->brand),
        .now = job->now,
        .in = run->input,
        .arena = arena_create(0),
        .inferring = job->inferring,
        .colleagues = job->colleagues,
        .map = job->has_map ? &job->map : NULL,
        .belt = &job->belt,
        .skip = run->entry.done ? UINT64_MAX : run->entry.row_offset,
        .batch_rows = job->bulk || job->trial ? LIMIT_IMPORT_ROWS : RECORD_ROWS,
    };
    dates_init(&p->dates, job->options->zone);
    if (p->batch_rows < LIMIT_IMPORT_ROWS) return;
    p->spool_dir = data_dir(brand_data(job->brand));
    env_random(brand_env(job->brand), &p->spool_tag, sizeof(p->spool_tag));
}

/* An import that was stopped while it applied rows in order of time goes on in that order. */
static enum err resume_by_time(struct parse *p, const struct journal_entry *entry, struct why *why)
{
    if (!entry->by_time || entry->done) return ERR_OK;
    p->sorted_skip = entry->row_offset;
    p->skip = 0;
    return by_time_create(p->spool_dir, p->spool_tag, &p->sorted, why);
}

/* ---- a file ---- */

const char *import_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void tell_note(struct file_run *run)
{
    struct job *job = run->job;
    char text[512];
    if (run->batch->note.msg == MSG_NONE || !job->options->progress) return;
    progress_clear(&job->progress);
    why_text(&run->batch->note, job->options->lang, text, sizeof(text));
    fprintf(job->options->progress, "%s: %s\n", import_file_name(run->path), text);
}

static enum err tell_rejects(struct file_run *run, struct why *why)
{
    struct job *job = run->job;
    const char *name = import_file_name(run->path);
    tell_note(run);
    if (run->batch->rejects.count || run->refused.count) progress_clear(&job->progress);
    for (size_t i = 0; i < run->batch->rejects.count; i++)
        TRY(rejects_add(&job->rejects, name, &run->batch->rejects.items[i], why));
    for (size_t i = 0; i < run->refused.count; i++)
        TRY(rejects_add(&job->rejects, name, &run->refused.items[i], why));
    return ERR_OK;
}

static void tell_progress(struct file_run *run, double part)
{
    struct job *job = run->job;
    const struct import_watch *watch = job->options->watch;
    progress_tell(&job->progress, part, job->counts->read, import_file_name(run->path));
    if (watch && watch->went) watch->went(watch->ctx, part, job->counts);
}

static enum err go_on(const struct job *job, struct why *why)
{
    const atomic_bool *stop = job->options->stop;
    if (!stop || !atomic_load(stop)) return ERR_OK;
    return why_fail(why, ERR_CANCELLED, MSG_IMPORT_STOPPED, "", NULL);
}

/* Apply batch after batch until the last, a failure, or a bad row that --strict forbids. */
static enum err consume(struct file_run *run, size_t i, bool *strict_stop, struct why *why)
{
    struct job *job = run->job;
    for (bool last = false; !last;) {
        struct batch *b = run->batch = belt_take_full(&job->belt);
        last = b->last;
        TRY(go_on(job, why));
        TRY(apply_batch(run, why));
        TRY(tell_rejects(run, why));
        tell_progress(run, ((double)i + (last ? 1 : b->part)) / (double)job->count);
        if (b->err != ERR_OK) {
            *why = b->why;
            return b->err;
        }
        *strict_stop = job->options->strict && job->counts->rejected;
        if (*strict_stop) return ERR_OK;
        belt_put_empty(&job->belt, b);
    }
    return ERR_OK;
}

static enum err run_rows(struct file_run *run, size_t i, bool *strict_stop, struct why *why)
{
    struct job *job = run->job;
    struct parse *p = mem_alloc(sizeof(*p));
    pthread_t thread;
    parse_init(p, run, i);
    belt_rearm(&job->belt);
    enum err err = resume_by_time(p, &run->entry, why);
    if (err == ERR_OK && pthread_create(&thread, NULL, parser_main, p) != 0) {
        err = why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    } else if (err == ERR_OK) {
        err = consume(run, i, strict_stop, why);
        belt_stop(&job->belt);
        pthread_join(thread, NULL);
    }
    by_time_destroy(p->sorted);
    arena_destroy(p->arena);
    mem_free(p);
    return err;
}

static enum err run_file(struct job *job, size_t i, bool *strict_stop, struct why *why)
{
    struct file_run run = {.job = job, .path = title_of(job, i), .input = job->inputs[i]};
    struct sha256 key = key_of(job, i);
    enum err err = apply_begin(&run, &key, why);
    if (err == ERR_OK) err = run_rows(&run, i, strict_stop, why);
    VEC_FINISH(&run.refused);
    return err;
}

static enum err run_files(struct job *job, struct why *why)
{
    bool strict_stop = false;
    for (size_t i = 0; i < job->count && !strict_stop; i++) {
        TRY(go_on(job, why));
        TRY(run_file(job, i, &strict_stop, why));
    }
    return ERR_OK;
}

/* ---- the import ---- */

static enum err open_inputs(struct job *job, struct why *why)
{
    const struct env *env = brand_env(job->brand);
    struct input_options o = {
        .stdin_fd = job->options->stdin_fd,
        .spool_dir = data_dir(brand_data(job->brand)),
        .recode = !import_keeps_bytes(job->options->format),
        .sheet = job->options->sheet,
        .unpacked_max = job->options->unpacked_max,
        .stop = job->options->stop,
    };
    const struct import_watch *watch = job->options->watch;
    uint64_t bytes = 0;
    for (size_t i = 0; i < job->count; i++) {
        env_random(env, &o.spool_tag, sizeof(o.spool_tag));
        o.name = title_of(job, i);
        TRY(input_open(job->paths[i], &o, &job->inputs[i], why));
        TRY(import_fits(job->options->format, input_get_info(job->inputs[i]), why));
        job->lines += input_get_info(job->inputs[i])->lines;
        bytes += input_get_info(job->inputs[i])->bytes;
        progress_tell(&job->progress, (double)(i + 1) / (double)job->count, 0, "reading");
    }
    job->bulk = job->lines > RECORD_LINES || bytes > RECORD_BYTES;
    if (watch && watch->opened) watch->opened(watch->ctx, job->lines, bytes);
    return ERR_OK;
}

static enum err run_job(struct job *job, struct why *why)
{
    TRY(check_options(job->options, why));
    job->has_map = job->options->map != NULL;
    if (job->has_map) TRY(read_map(job->options, job->arena, &job->map, why));
    TRY(open_inputs(job, why));
    TRY(rejects_open(&job->rejects, job->options, why));
    if (job->options->dry_run) return apply_trial(job, run_files, why);
    enum err err = run_files(job, why);
    enum err ended = apply_end(job, err == ERR_OK ? why : NULL);
    return err == ERR_OK ? ended : err;
}

static void tell_trial(const struct job *job)
{
    const struct import_counts *c = job->counts;
    const struct import_watch *watch = job->options->watch;
    if (!job->options->dry_run) return;
    if (watch && watch->tried) watch->tried(watch->ctx, &job->samples);
    if (!job->options->progress) return;
    samples_print(&job->samples, job->options->progress);
    fprintf(job->options->progress,
            "nothing was changed; this would create %llu members, update %llu, merge %llu,"
            " store %llu events and reject %llu rows\n",
            (unsigned long long)c->members_created, (unsigned long long)c->updated,
            (unsigned long long)c->merged, (unsigned long long)c->stored,
            (unsigned long long)c->rejected);
}

static void finish(struct job *job)
{
    for (size_t i = 0; i < job->count; i++)
        input_close(job->inputs[i]);
    belt_finish(&job->belt);
    inferring_destroy(job->inferring);
    colleagues_destroy(job->colleagues);
    mem_free(job->results);
    mem_free(job->errors);
    arena_destroy(job->arena);
}

enum err import_files(struct brand *b, const struct import_options *options,
                      const char *const *paths, size_t path_count, struct import_counts *counts,
                      struct why *why)
{
    struct job job = {.brand = b,
                      .options = options,
                      .counts = counts,
                      .arena = arena_create(0),
                      .paths = paths,
                      .count = path_count,
                      .now = env_now(brand_env(b)),
                      .inferring = inferring_create(),
                      .colleagues = colleagues_create(b, options->staff)};
    *counts = (struct import_counts){0};
    job.inputs = arena_alloc_array(job.arena, path_count + 1, sizeof(job.inputs[0]));
    job.rejects.fd = -1;
    belt_init(&job.belt);
    progress_begin(&job.progress, options->progress, brand_env(b));
    enum err err = run_job(&job, why);
    progress_clear(&job.progress);
    enum err closed = rejects_close(&job.rejects, err == ERR_OK ? why : NULL);
    if (err == ERR_OK) err = closed;
    if (err == ERR_OK) tell_trial(&job);
    finish(&job);
    return err;
}
