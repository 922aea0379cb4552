/* apply.c - batches on the writer: one by one as small commands, in bulk, or on trial.
 *
 * A command may be run a second time when its transaction failed, so that what it finds is gathered
 * in the file_run and taken over into the job's figures only after the commit. */
#include "intake/job.h"

#include <inttypes.h>
#include <stdio.h>

#include "people/undo.h"

#define DAY_MS INT64_C(86400000)
#define UNDO_DAYS 90 /* that traits which were overwritten are kept */

/* Errors that are the row's own; any other ends the import. */
static bool is_own(enum err err)
{
    return err == ERR_INVALID || err == ERR_TOO_LARGE || err == ERR_KIND_NOT_ALLOWED ||
           err == ERR_CONFLICT;
}

static void add_counts(struct import_counts *to, const struct import_counts *from)
{
    to->read += from->read;
    to->stored += from->stored;
    to->duplicate += from->duplicate;
    to->rejected += from->rejected;
    to->members_created += from->members_created;
    to->merged += from->merged;
    to->dropped += from->dropped;
    to->conflicts += from->conflicts;
    to->presence += from->presence;
    to->skipped += from->skipped;
    to->updated += from->updated;
    to->unknown_staff += from->unknown_staff;
}

static void refuse(struct file_run *run, size_t i, const struct why *why)
{
    struct reject r = {.line = run->batch->rows.items[i].line, .why = *why};
    VEC_PUSH(&run->refused, r);
    run->applied.rejected++;
}

static void count(struct file_run *run, const struct people_result *r)
{
    struct import_counts *c = &run->applied;
    c->duplicate += r->duplicate;
    c->stored += !r->duplicate && !r->nothing;
    c->skipped += r->nothing;
    c->members_created += r->members_created;
    c->merged += r->merged;
    c->dropped += r->dropped;
    c->conflicts += r->conflicts;
}

/* ---- one by one ---- */

static enum err record_each(struct tx *tx, struct file_run *run, struct why *why)
{
    struct batch *b = run->batch;
    for (size_t i = 0; i < b->facts.count; i++) {
        struct people_result result;
        struct why own = {0};
        enum err err = people_record(tx, &run->sender, &b->facts.items[i], &result, &own);
        if (err != ERR_OK && !is_own(err)) {
            *why = own;
            return err;
        }
        if (err == ERR_OK) count(run, &result);
        if (err != ERR_OK) refuse(run, i, &own);
    }
    return ERR_OK;
}

/* ---- in bulk ---- */

static void make_room(struct job *job, size_t rows)
{
    if (rows <= job->room) return;
    mem_free(job->results);
    mem_free(job->errors);
    job->room = rows;
    job->results = mem_alloc_array(rows, sizeof(job->results[0]));
    job->errors = mem_alloc_array(rows, sizeof(job->errors[0]));
}

static enum err record_bulk(struct tx *tx, struct file_run *run, struct why *why)
{
    struct job *job = run->job;
    struct batch *b = run->batch;
    if (b->facts.count == 0) return ERR_OK;
    make_room(job, b->facts.count);
    job->bulk_began = true;
    struct people_load load = {b->facts.items, b->facts.count, job->results, job->errors,
                               job->options->stop};
    enum err err = people_bulk(tx, &run->sender, &load, why);
    if (err == ERR_CANCELLED) return why_fail(why, err, MSG_IMPORT_STOPPED, "", NULL);
    TRY(err);
    for (size_t i = 0; i < b->facts.count; i++) {
        if (!job->results[i].refused) {
            count(run, &job->results[i]);
            continue;
        }
        refuse(run, i, &job->errors[i]);
        job->errors[i] = (struct why){0};
    }
    return ERR_OK;
}

/* ---- on trial ---- */

/* How a member was met first. */
enum { MET_THERE = 1, MET_MADE };

/* Is it one that was there before and now gets something new, as the first of its rows? */
static bool touch(struct file_run *run, uint32_t member, bool created)
{
    uint64_t met;
    if (!member || intmap_get(run->job->touched, member, &met)) return false;
    intmap_put(run->job->touched, member, created ? MET_MADE : MET_THERE);
    run->applied.updated += !created;
    return !created;
}

static void add_sample(struct file_run *run, enum sample_class class, const struct file_row *row,
                       uint32_t member)
{
    struct job *job = run->job;
    uint64_t met = 0;
    job->samples.of[class].rows++;
    if (job->samples.of[class].count == SAMPLES_MAX) return;
    bool there = member && intmap_get(job->touched, member, &met) && met == MET_THERE;
    const struct sample one = {import_file_name(run->path), row->line, row->text,
                               there ? member : 0};
    samples_add(&job->samples, class, &one, job->arena);
}

static void tried(struct file_run *run, const struct file_row *row, const struct people_result *r)
{
    bool member = touch(run, r->member, r->created), other = touch(run, r->other, r->other_created);
    if (r->created || r->other_created) add_sample(run, SAMPLE_NEW, row, 0);
    if (member || other) add_sample(run, SAMPLE_UPDATED, row, member ? r->member : r->other);
    if (r->apart) add_sample(run, SAMPLE_CONFLICT, row, r->member);
    if (row->unknown_staff) add_sample(run, SAMPLE_STAFF, row, r->member);
    if (r->duplicate || r->nothing) add_sample(run, SAMPLE_UNCHANGED, row, r->member);
}

static enum err try_each(struct tx *tx, struct file_run *run, struct why *why)
{
    struct batch *b = run->batch;
    for (size_t i = 0; i < b->known.count; i++)
        add_sample(run, SAMPLE_UNCHANGED, &b->known.items[i], 0);
    run->job->samples.of[SAMPLE_UNCHANGED].rows += b->counts.duplicate - b->known.count;
    for (size_t i = 0; i < b->facts.count; i++) {
        struct people_result result;
        struct why own = {0};
        enum err err = people_try(tx, &run->sender, &b->facts.items[i], &result, &own);
        if (err != ERR_OK && !is_own(err)) {
            *why = own;
            return err;
        }
        if (err != ERR_OK) {
            refuse(run, i, &own);
            continue;
        }
        count(run, &result);
        tried(run, &b->rows.items[i], &result);
    }
    return ERR_OK;
}

/* ---- a batch ---- */

static enum err apply_in(struct tx *tx, void *arg, struct why *why)
{
    struct file_run *run = arg;
    struct job *job = run->job;
    struct journal_entry entry = run->entry;
    run->applied = (struct import_counts){0};
    VEC_RESET(&run->refused);
    if (job->trial) return try_each(tx, run, why);
    TRY(job->bulk ? record_bulk(tx, run, why) : record_each(tx, run, why));
    if (run->batch->row_end > entry.row_offset) entry.row_offset = run->batch->row_end;
    entry.by_time |= run->batch->by_time;
    uint64_t rejected = run->batch->counts.rejected + run->applied.rejected;
    bool sound = run->batch->err == ERR_OK && !(job->options->strict && rejected);
    entry.done |= run->batch->last && sound;
    return journal_save(tx, &entry, &run->applied);
}

enum err apply_batch(struct file_run *run, struct why *why)
{
    struct job *job = run->job;
    TRY(job->trial ? apply_in(job->trial, run, why)
                   : brand_call(job->brand, apply_in, run, job->bulk, why));
    add_counts(job->counts, &run->batch->counts);
    add_counts(job->counts, &run->applied);
    return ERR_OK;
}

/* ---- beginning and end ---- */

static enum err open_in(struct tx *tx, void *arg, struct why *why)
{
    struct file_run *run = arg;
    struct sha256 key = run->entry.key;
    enum err err = journal_open(tx, &key, &run->entry);
    if (err == ERR_OK) err = people_forget_overwritten(tx, tx_now(tx) - UNDO_DAYS * DAY_MS);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err apply_begin(struct file_run *run, const struct sha256 *key, struct why *why)
{
    struct job *job = run->job;
    run->entry.key = *key;
    TRY(job->trial ? open_in(job->trial, run, why)
                   : brand_call(job->brand, open_in, run, false, why));
    int len = snprintf(run->origin, sizeof(run->origin), JOURNAL_ORIGIN, run->entry.id);
    run->sender = (struct sender){
        .level = SENDER_IMPORT,
        .origin = {run->origin, (size_t)len},
        .scope = str_of(job->options->source),
    };
    const struct import_watch *watch = job->options->watch;
    if (!job->trial && watch && watch->began) return watch->began(watch->ctx, run->entry.id, why);
    return ERR_OK;
}

static enum err end_in(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return people_bulk_end(tx, why);
}

enum err apply_end(struct job *job, struct why *why)
{
    if (!job->bulk_began) return ERR_OK;
    brand_compact_soon(job->brand); /* the parts are merged beside the folding */
    TRY(brand_call(job->brand, end_in, NULL, true, why));
    return brand_compact(job->brand, why);
}

struct trial {
    struct job *job;
    enum err (*fn)(struct job *job, struct why *why);
    bool ran; /* the files are read: there is no second time */
};

static enum err try_in(struct tx *tx, void *arg, struct why *why)
{
    struct trial *t = arg;
    tx_discard(tx);
    if (t->ran) return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    t->ran = true;
    t->job->trial = tx;
    return t->fn(t->job, why);
}

/* On a twin of the brand, so that its writer stays free; where there are none, on the brand. */
enum err apply_trial(struct job *job, enum err (*fn)(struct job *job, struct why *why),
                     struct why *why)
{
    struct trial t = {.job = job, .fn = fn};
    struct brand *twin = NULL, *own = job->brand;
    enum err err = brand_twin_open(own, &twin, why);
    if (err != ERR_OK && err != ERR_NOT_IMPLEMENTED) return err;
    if (twin) job->brand = twin;
    job->touched = intmap_create();
    err = brand_call(job->brand, try_in, &t, true, why);
    intmap_destroy(job->touched);
    job->touched = NULL;
    job->brand = own;
    brand_twin_close(twin);
    return err;
}
