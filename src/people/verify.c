/* verify.c - every member folded again from the log beside the stored row.
 *
 * The view must be of one moment: a command writes everything back, and right after its commit,
 * while the writer still waits for it, the snapshot is taken and the reader's transaction begun. */
#include <inttypes.h>
#include <stdio.h>

#include "people/internal.h"

struct view {
    struct brand *brand;
    struct snapshot *snapshot;
    struct sql *reader;
    enum err err;
    struct why why;
    bool finished;
    pthread_mutex_t lock;
    pthread_cond_t cond;
};

static enum err run_flush(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return tx_flush(tx, why);
}

/* On the writer, after the commit: nothing can change until this returns. */
static void take_view(void *arg, enum err err, const struct why *why)
{
    struct view *v = arg;
    bool row;
    v->err = err;
    v->why = *why;
    if (v->err == ERR_OK) v->err = sql_begin(v->reader);
    if (v->err == ERR_OK) {
        struct sql_stmt *s = sql_use(v->reader, "SELECT COUNT(*) FROM member");
        v->err = sql_step(s, &row);
        sql_reset(s);
    }
    if (v->err == ERR_OK) v->snapshot = brand_snapshot(v->brand);
    pthread_mutex_lock(&v->lock);
    v->finished = true;
    pthread_cond_signal(&v->cond);
    pthread_mutex_unlock(&v->lock);
}

static enum err open_view(struct view *v, struct why *why)
{
    struct command c = {.run = run_flush, .done = take_view, .arg = v, .alone = true};
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->cond, NULL);
    TRY(brand_reader(v->brand, &v->reader, why));
    TRY(brand_submit(v->brand, &c, why));
    pthread_mutex_lock(&v->lock);
    while (!v->finished)
        pthread_cond_wait(&v->cond, &v->lock);
    pthread_mutex_unlock(&v->lock);
    if (v->err != ERR_OK && why) *why = v->why;
    return v->err;
}

static void close_view(struct view *v)
{
    brand_snapshot_release(v->snapshot);
    sql_close(v->reader);
    pthread_cond_destroy(&v->cond);
    pthread_mutex_destroy(&v->lock);
}

/* ---- comparing ---- */

struct check {
    struct view *view;
    struct verify_report *report;
    const struct fold_names *names;
    struct refold_read read;
    struct fold *fold, *present;
    struct strbuf bytes;
    uint64_t members;
    enum err err;
};

static void found(struct check *c, uint32_t member, const char *what)
{
    char text[160];
    snprintf(text, sizeof(text), "member m%" PRIu32 ": %s", member, what);
    c->report->findings++;
    c->report->finding(c->report->ctx, text);
}

/* What the clock and later openings go by. */
static void compare_marks(struct check *c, uint32_t id, struct sql_stmt *s,
                          const struct fold_state *state)
{
    if (sql_int(s, 9) != member_flags(state)) found(c, id, "stored flags differ");
    if (sql_int(s, 10) != state->created) found(c, id, "stored created_at differs");
    if (state->due != TIME_NONE && (sql_is_null(s, 11) || sql_int(s, 11) > state->due))
        found(c, id, "stored due_at is too late");
    if (sql_int(s, 13) != (int64_t)state->owner) found(c, id, "stored owner differs");
    if ((uint64_t)sql_int(s, 12) > c->view->snapshot->seq)
        found(c, id, "stored seq is beyond the log");
}

static void compare_row(struct check *c, uint32_t id, struct sql_stmt *s)
{
    struct fold_state state;
    fold_encode(c->fold, &c->bytes);
    if (!str_eq(sql_blob(s, 0), strbuf_str(&c->bytes)))
        found(c, id, "stored state differs from the log's");
    fold_copy(c->present, c->fold);
    fold_advance(c->present, c->names, sql_int(s, 1), NULL, NULL);
    fold_get_state(c->present, c->names, &state);
    if (sql_int(s, 2) != (int64_t)state.stage) found(c, id, "stored stage differs");
    if (sql_int(s, 3) != state.stage_since) found(c, id, "stored stage_since differs");
    if (sql_int(s, 4) != (int64_t)state.trust) found(c, id, "stored trust stage differs");
    if (sql_int(s, 5) != (int64_t)state.events) found(c, id, "stored event count differs");
    if (sql_int(s, 6) != (int64_t)state.orders || sql_int(s, 7) != state.spent)
        found(c, id, "stored orders differ");
    if (sql_int(s, 8) != state.last_seen) found(c, id, "stored last_seen differs");
    compare_marks(c, id, s, &state);
}

static enum err check_member(struct check *c, const struct history *h, uint32_t i)
{
    bool there;
    refold_rows(c->names, &c->read.columns, h, i, c->fold);
    struct sql_stmt *s =
        sql_use(c->view->reader, "SELECT state, as_of, stage, stage_since, trust, events, orders,"
                                 " spent, last_seen, flags, created_at, due_at, seq, owner"
                                 " FROM member WHERE id = $1");
    sql_bind_int(s, 1, h->member[i]);
    TRY(sql_step(s, &there));
    strbuf_reset(&c->bytes);
    c->members++;
    if (!there) {
        found(c, h->member[i], "has events but no stored row");
        return ERR_OK;
    }
    compare_row(c, h->member[i], s);
    sql_reset(s);
    return ERR_OK;
}

static bool check_run(void *worker, const struct history *h)
{
    struct check *c = worker;
    for (uint32_t i = 0; i < h->member_count && c->err == ERR_OK; i++)
        c->err = check_member(c, h, i);
    return c->err == ERR_OK;
}

static enum err count_rows(struct check *c)
{
    struct sql_stmt *s = sql_use(c->view->reader, "SELECT COUNT(*) FROM member");
    int64_t rows;
    TRY(sql_number(s, 0, &rows));
    if (rows > (int64_t)c->members) found(c, 0, "rows of members that have no events");
    return ERR_OK;
}

static enum err compare(struct check *c, struct why *why)
{
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    void *worker = c;
    c->read = refold_reading(c->view->brand, c->names);
    struct scan scan = refold_scan_of(&c->read);
    enum err err = eventlog_scan(c->view->snapshot, &scan, &worker, 1, check_run, &budget, why);
    if (c->err != ERR_OK) err = c->err;
    if (err == ERR_OK) err = count_rows(c);
    return err == ERR_OK ? verify_rows(c->view->reader, c->report) : err;
}

enum err people_verify(struct brand *b, struct verify_report *report, struct why *why)
{
    struct view view = {.brand = b};
    struct arena *a = arena_create(0);
    struct fold_names names;
    numbering_settle(b);
    people_fold_names(b, a, &names);
    struct check c = {.view = &view, .report = report, .names = &names};
    c.fold = fold_create();
    c.present = fold_create();
    enum err err = open_view(&view, why);
    if (err == ERR_OK) err = compare(&c, why);
    report->members += c.members;
    close_view(&view);
    fold_destroy(c.fold);
    fold_destroy(c.present);
    strbuf_finish(&c.bytes);
    arena_destroy(a);
    return err;
}
