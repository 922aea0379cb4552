/* delivery.c - one command a request, however many messages it has.
 *
 * A message that fails is counted and told, and the others are stored; a failure of the store fails
 * the request, which the sender repeats. The writer may run a command twice, when the batch it was
 * in has been rolled back: so run() starts from the counts that reading left. */
#include "intake/delivery.h"

#include "base/json.h"
#include "intake/address.h"
#include "people/people.h"

#define FAILURES_TOLD 10

struct failure {
    uint32_t index; /* of the message in the request */
    struct why why;
};

struct delivery {
    struct request *req;
    struct brand *brand;
    struct sender sender;
    const char *opening;       /* of the answer */
    struct fact *facts;        /* checked */
    uint32_t *indexes;         /* which message each is */
    uint32_t count;            /* of facts */
    struct failure *failures;  /* the first FAILURES_TOLD; NULL while there are none */
    uint32_t failure_count;    /* told ones of all */
    uint32_t failures_at_read; /* of them, before the writer */
    struct intake_counts read; /* before the writer */
    struct intake_counts all;  /* with what the writer found */
    struct command command;
};

struct delivery *delivery_create(struct request *req, struct brand *b, const struct sender *sender,
                                 uint32_t messages, const char *opening)
{
    struct arena *a = request_arena(req);
    struct delivery *d = arena_alloc(a, sizeof(*d));
    d->req = req;
    d->brand = b;
    d->sender = *sender;
    d->opening = opening;
    d->facts = arena_alloc_array(a, messages, sizeof(d->facts[0]));
    d->indexes = arena_alloc_array(a, messages, sizeof(d->indexes[0]));
    return d;
}

void delivery_add(struct delivery *d, uint32_t index, const struct fact *fact)
{
    d->indexes[d->count] = index;
    d->facts[d->count] = *fact;
    people_key(d->brand, d->sender.scope, &d->facts[d->count++]);
}

void delivery_ignore(struct delivery *d)
{
    d->read.ignored++;
}

static void note_failure(struct delivery *d, struct intake_counts *counts, uint32_t index,
                         const struct why *why)
{
    counts->refused++;
    counts->by_error[why->err]++;
    if (d->failure_count == FAILURES_TOLD) return;
    if (!d->failures) {
        d->failures =
            arena_alloc_array(request_arena(d->req), FAILURES_TOLD, sizeof(d->failures[0]));
    }
    d->failures[d->failure_count++] = (struct failure){index, *why};
}

void delivery_refuse(struct delivery *d, uint32_t index, const struct why *why)
{
    note_failure(d, &d->read, index, why);
    d->failures_at_read = d->failure_count;
}

struct intake_counts *delivery_counts(struct delivery *d)
{
    return &d->read;
}

/* ---- the answer ---- */

static void write_failure(struct json_writer *w, const struct failure *f, enum lang lang)
{
    char text[640];
    why_text(&f->why, lang, text, sizeof(text));
    json_begin_object(w);
    json_key(w, "index");
    json_uint(w, f->index);
    json_key(w, "code");
    json_text(w, err_code(f->why.err));
    json_key(w, "message");
    json_text(w, text);
    json_end_object(w);
}

static void write_failures(struct strbuf *out, const struct delivery *d, uint64_t taken)
{
    struct json_writer w = {.out = out};
    strbuf_addf(out, ",\"accepted\":%llu,\"rejected\":%llu,\"errors\":", (unsigned long long)taken,
                (unsigned long long)d->all.refused);
    json_begin_array(&w);
    for (uint32_t i = 0; i < d->failure_count; i++)
        write_failure(&w, &d->failures[i], request_lang(d->req));
    json_end_array(&w);
}

/* A batch stands as long as one message of it does: SDKs would repeat the whole otherwise. */
static void answer(struct delivery *d)
{
    uint64_t taken = d->all.stored + d->all.duplicate + d->all.ignored;
    if (taken == 0 && d->all.refused > 0) {
        reply_problem(d->req, &d->failures[0].why);
        return;
    }
    struct strbuf out = {0};
    strbuf_addf(&out, "{%s", d->opening);
    if (d->all.refused) write_failures(&out, d, taken);
    strbuf_add_char(&out, '}');
    reply_json(d->req, 200, strbuf_str(&out));
    strbuf_finish(&out);
}

/* ---- on the writer ---- */

static enum err run(struct tx *tx, void *arg, struct why *why)
{
    struct delivery *d = arg;
    struct intake_counts *all = &d->all;
    *all = d->read;
    d->failure_count = d->failures_at_read;
    for (uint32_t i = 0; i < d->count; i++) {
        struct people_result result = {0};
        enum err err = people_record(tx, &d->sender, &d->facts[i], &result, why);
        if (err != ERR_OK && err_status(err) >= 500) return err;
        if (err != ERR_OK) {
            note_failure(d, all, d->indexes[i], why);
            continue;
        }
        all->duplicate += result.duplicate;
        all->stored += !result.duplicate;
        all->identities_dropped += result.dropped;
    }
    return ERR_OK;
}

/* Back on the connection's thread: the writer has better to do than to make replies. */
static void tell(struct request *req, void *arg)
{
    struct delivery *d = arg;
    struct command *c = &d->command;
    if (c->err == ERR_OK) {
        answer(d);
        return;
    }
    if (c->why.err == ERR_OK) (void)why_fail(&c->why, c->err, MSG_INTERNAL, "", NULL);
    reply_problem(req, &c->why);
}

static void done(void *arg, enum err err, const struct why *why)
{
    struct delivery *d = arg;
    (void)why;
    if (err == ERR_OK) counters_add(&d->all);
    request_resume_with(d->req, tell, d);
}

void delivery_send(struct delivery *d)
{
    struct why why = {0};
    if (d->count == 0) {
        d->all = d->read;
        counters_add(&d->all);
        answer(d);
        return;
    }
    address_facts(d->brand, d->facts, d->count, request_arena(d->req));
    d->command = (struct command){
        .run = run, .done = done, .arg = d, .bytes = arena_used(request_arena(d->req))};
    d->command.bytes += request_body(d->req).len;
    request_suspend(d->req);
    if (brand_submit(d->brand, &d->command, &why) == ERR_OK) return;
    if (why.err == ERR_BUSY) counters_busy();
    reply_problem(d->req, &why);
    request_resume(d->req);
}
