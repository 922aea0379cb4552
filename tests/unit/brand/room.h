/* room.h - what the tests of this room share: a data directory, a module that keeps sums, commands.
 *
 * The module "sums" keeps one row a persona: how many events, the sum of their amounts, and the seq
 * up to which the row goes. An event's amount is its number in the test, so that a dump of the log
 * tells which events there are. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "brand/internal.h"

#define PERSONAS 7

/* ---- the module ---- */

struct sums {
    int64_t count[PERSONAS + 1], amount[PERSONAS + 1];
    uint64_t seq[PERSONAS + 1]; /* newest event in memory */
    bool dirty[PERSONAS + 1];
};

static _Atomic int sums_fired;         /* timers seen */
static _Atomic int64_t sums_fired_due; /* of the last one */
static int sums_rebuilt;
static _Atomic enum err sums_fail_timer;

static const struct migration sums_migrations[] = {
    {1,
     "CREATE TABLE sums (persona {int} PRIMARY KEY, events {int} NOT NULL, amount {int} NOT NULL,"
     " seq {int} NOT NULL)"},
    {0, NULL},
};

static inline enum err sums_load(struct sql *db, struct sums *m)
{
    *m = (struct sums){0};
    struct sql_stmt *s = sql_use(db, "SELECT persona, events, amount, seq FROM sums");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        int64_t p = sql_int(s, 0);
        m->count[p] = sql_int(s, 1);
        m->amount[p] = sql_int(s, 2);
        m->seq[p] = (uint64_t)sql_int(s, 3);
    }
}

static struct brand *sums_brand; /* for on_rollback, which has no transaction */

static inline enum err sums_open(struct tx *tx, void **state, struct why *why)
{
    (void)why;
    sums_brand = tx_brand(tx);
    *state = mem_alloc(sizeof(struct sums));
    return sums_load(tx_sql(tx), *state);
}

static inline enum err sums_on_event(struct tx *tx, void *state, const struct event *ev,
                                     uint64_t seq)
{
    (void)tx;
    struct sums *m = state;
    if (seq <= m->seq[ev->persona]) return ERR_OK;
    m->seq[ev->persona] = seq;
    m->count[ev->persona]++;
    m->amount[ev->persona] += ev->amount;
    m->dirty[ev->persona] = true;
    return ERR_OK;
}

static inline enum err sums_on_timer(struct tx *tx, void *state, const struct timer *t)
{
    (void)tx;
    (void)state;
    if (sums_fail_timer != ERR_OK) return sums_fail_timer;
    sums_fired++;
    sums_fired_due = t->due_at;
    return ERR_OK;
}

/* One row a call, however many are asked for: rounds go over several batches. */
static inline enum err sums_on_flush(struct tx *tx, void *state, size_t rows_max, bool *clean)
{
    (void)rows_max;
    struct sums *m = state;
    int left = 0;
    for (int p = 0; p <= PERSONAS; p++) {
        if (!m->dirty[p] || left++) continue;
        struct sql_stmt *s = sql_use(
            tx_sql(tx), "INSERT INTO sums (persona, events, amount, seq) VALUES ($1, $2, $3, $4)"
                        " ON CONFLICT (persona) DO UPDATE SET events = excluded.events,"
                        " amount = excluded.amount, seq = excluded.seq");
        sql_bind_int(s, 1, p);
        sql_bind_int(s, 2, m->count[p]);
        sql_bind_int(s, 3, m->amount[p]);
        sql_bind_int(s, 4, (int64_t)m->seq[p]);
        TRY(sql_run(s));
        m->dirty[p] = false;
    }
    *clean = left <= 1;
    return ERR_OK;
}

static inline void sums_on_rollback(void *state)
{
    assert_int_equal(sums_load(sums_brand->db, state), ERR_OK);
}

static inline enum err sums_rebuild(struct tx *tx, void *state, struct why *why)
{
    (void)tx;
    (void)state;
    (void)why;
    sums_rebuilt++;
    return ERR_OK;
}

static struct module sums_module = {
    .name = "sums",
    .migrations = sums_migrations,
    .fold_version = 1,
    .open = sums_open,
    .close = mem_free,
    .on_event = sums_on_event,
    .on_timer = sums_on_timer,
    .on_flush = sums_on_flush,
    .on_rollback = sums_on_rollback,
    .rebuild = sums_rebuild,
};
static const struct module *const room_modules[] = {&sums_module, NULL};

/* ---- a directory with one brand ---- */

struct room {
    char top[64], dir[80];
    struct database database; /* of its store */
    const struct env *env;
    struct data *data;
    struct brand *brand;
};

static inline struct data_options room_options(const struct room *r)
{
    return (struct data_options){.dir = r->dir,
                                 .store = r->database.url,
                                 .env = r->env ? r->env : env_system(),
                                 .modules = room_modules};
}

static inline void must(enum err err, const struct why *why)
{
    char text[400] = "";
    if (err != ERR_OK && why) why_text(why, LANG_EN, text, sizeof(text));
    if (err != ERR_OK) fail_msg("%s: %s", err_code(err), text);
}

static inline void room_open(struct room *r)
{
    struct why why = {0};
    struct data_options o = room_options(r);
    must(data_open(&o, &r->data, &why), &why);
    must(data_brand(r->data, "shop", &r->brand, &why), &why);
}

static inline void room_close(struct room *r)
{
    data_close(r->data);
    r->data = NULL;
    r->brand = NULL;
}

static inline void room_init(struct room *r)
{
    static const struct brand_facts facts = {
        .slug = "shop", .name = "Shop", .zone = "Asia/Shanghai", .currency = "CNY"};
    struct why why = {0};
    log_init(getenv("WF_TEST_LOG") ? LOG_DEBUG : (enum log_level)(LOG_ERROR + 1), LOG_AUTO);
    snprintf(r->top, sizeof(r->top), "/tmp/wf-brand-XXXXXX");
    assert_non_null(mkdtemp(r->top));
    snprintf(r->dir, sizeof(r->dir), "%s/data", r->top);
    database_make(&r->database);
    struct data_options o = room_options(r);
    must(data_init(&o, &why), &why);
    must(data_open(&o, &r->data, &why), &why);
    must(data_add_brand(r->data, &facts, &why), &why);
    must(data_brand(r->data, "shop", &r->brand, &why), &why);
}

static inline void room_finish(struct room *r)
{
    char command[128];
    room_close(r);
    snprintf(command, sizeof(command), "rm -rf '%s'", r->top);
    assert_int_equal(system(command), 0);
    database_drop(&r->database);
}

/* ---- commands ---- */

static inline struct event room_event(int64_t number)
{
    return (struct event){.at = 1700000000000 + number * 1000,
                          .received_at = 1700000000000 + number * 1000,
                          .persona = 1 + (uint32_t)(number % PERSONAS),
                          .amount = number,
                          .kind = 1};
}

/* Events numbered first .. first+count-1, each with a sender's id of its own. */
struct batch {
    int64_t first, count;
    uint64_t seen; /* out: duplicates left out */
    enum err fail; /* ERR_OK, or what to answer at the end */
};

static inline enum err emit_batch(struct tx *tx, void *arg, struct why *why)
{
    struct batch *b = arg;
    b->seen = 0;
    for (int64_t i = b->first; i < b->first + b->count; i++) {
        bool seen;
        char id[32];
        struct event ev = room_event(i);
        int len = snprintf(id, sizeof(id), "event %" PRId64, i);
        ev.id = brand_event_id(tx_brand(tx), (struct str){id, (size_t)len});
        TRY(tx_dedupe(tx, ev.id, &seen, why));
        b->seen += seen;
        if (!seen) TRY(tx_emit(tx, &ev, why));
    }
    return b->fail;
}

static inline uint64_t room_emit(struct room *r, int64_t first, int64_t count)
{
    struct batch b = {first, count, 0, ERR_OK};
    struct why why = {0};
    must(brand_call(r->brand, emit_batch, &b, false, &why), &why);
    return b.seen;
}

/* ---- holding the writer ---- */

/* A command, alone, that says when it runs and keeps the writer until it is let go. */
struct hold {
    sem_t reached, go_on;
    struct command command;
};

static inline enum err hold_writer(struct tx *tx, void *arg, struct why *why)
{
    struct hold *h = arg;
    (void)tx;
    (void)why;
    sem_post(&h->reached);
    while (sem_wait(&h->go_on) != 0) {
    }
    return ERR_OK;
}

static inline void hold_submit(struct room *r, struct hold *h)
{
    struct why why = {0};
    assert_int_equal(sem_init(&h->reached, 0, 0), 0);
    assert_int_equal(sem_init(&h->go_on, 0, 0), 0);
    h->command = (struct command){.run = hold_writer, .arg = h, .alone = true};
    must(brand_submit(r->brand, &h->command, &why), &why);
}

static inline void hold_wait(struct hold *h)
{
    while (sem_wait(&h->reached) != 0) {
    }
}

/* Until so many commands wait behind the one that runs. */
static inline void room_wait_for_queue(struct room *r, uint64_t count)
{
    while (brand_stats(r->brand).queue != count)
        sched_yield();
}

/* ---- what is in the log ---- */

#define DUMP_MAX 600000
struct dump {
    uint64_t rows, max;
    uint8_t times[DUMP_MAX]; /* how often each number is there */
};

static inline bool dump_run(void *worker, const struct history *h)
{
    struct dump *d = worker;
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t i = h->off[m]; i < h->off[m + 1]; i++) {
            int64_t n = h->amount[i];
            assert_true(n >= 0 && n < DUMP_MAX);
            assert_int_equal(h->at[i], 1700000000000 + n * 1000);
            assert_int_equal(h->member[m], 1 + n % PERSONAS);
            d->times[n]++;
            d->rows++;
        }
    }
    return true;
}

static inline void dump_snapshot(struct dump *d, const struct snapshot *s)
{
    struct columns columns = {.mask = COLUMN_AMOUNT};
    struct scan scan = {.columns = &columns, .from = 0, .to = INT64_MAX};
    struct budget budget = {.bytes_left = UINT64_MAX};
    struct why why = {0};
    void *worker = d;
    memset(d, 0, sizeof(*d));
    must(eventlog_scan(s, &scan, &worker, 1, dump_run, &budget, &why), &why);
}

/* Exactly the events 0 .. count-1, each once. */
static inline void expect_numbers(const struct dump *d, uint64_t count)
{
    assert_int_equal(d->rows, count);
    for (uint64_t i = 0; i < count; i++) {
        if (d->times[i] != 1) fail_msg("event %" PRIu64 " is there %d times", i, d->times[i]);
    }
}

static inline void expect_log(struct room *r, uint64_t count)
{
    struct dump *d = mem_alloc(sizeof(*d));
    struct snapshot *s = brand_snapshot(r->brand);
    dump_snapshot(d, s);
    brand_snapshot_release(s);
    expect_numbers(d, count);
    mem_free(d);
}

static inline bool count_file(void *ctx, const char *name)
{
    (void)name;
    ++*(int *)ctx;
    return true;
}

static inline int files(struct room *r)
{
    int count = 0;
    struct why why = {0};
    must(fs_list(r->brand->log.dir, count_file, &count, &why), &why);
    return count;
}

static inline void fail_finding(void *ctx, const char *what)
{
    (void)ctx;
    fail_msg("%s", what);
}

/* No file too many, none too few, all of them sound. */
static inline void expect_files(struct room *r)
{
    struct why why = {0};
    assert_int_equal(files(r), (int)(r->brand->log.parts.count + r->brand->log.ids.count));
    must(brand_verify_files(r->brand, fail_finding, NULL, &why), &why);
}

/* The stored rows are those of the events 0 .. count-1. Writes back first. */
static inline void expect_rows(struct room *r, int64_t count)
{
    struct why why = {0};
    struct sql *db;
    struct sums stored, wanted = {0};
    for (int64_t i = 0; i < count; i++) {
        wanted.count[1 + i % PERSONAS]++;
        wanted.amount[1 + i % PERSONAS] += i;
    }
    must(brand_flush(r->brand, &why), &why);
    must(brand_reader(r->brand, &db, &why), &why);
    must(sums_load(db, &stored), NULL);
    sql_close(db);
    assert_memory_equal(stored.count, wanted.count, sizeof(wanted.count));
    assert_memory_equal(stored.amount, wanted.amount, sizeof(wanted.amount));
}

/* A room for each case, as its state. */
static inline int room_setup(void **state)
{
    struct room *r = calloc(1, sizeof(*r));
    room_init(r);
    *state = r;
    return 0;
}

static inline int room_teardown(void **state)
{
    room_finish(*state);
    free(*state);
    return 0;
}
