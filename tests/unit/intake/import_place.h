/* import_place.h - files to import into a brand, and the whole of its log and members as text. */
#pragma once

#include "intake/import.h"

#define PLACE_MODULES &people_module, &import_module /* what brand_place.h opens */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <inttypes.h>
#include <time.h>

#include "base/fs.h"
#include "base/log.h"
#include "brand_place.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ORDERS_MAP                                                                                 \
    "id=text:id,member=user:user,at=date:at:epoch_ms,amount=integer:amount,"                       \
    "kind=text:kind,group=text:group,props.n=number:n,other=user:other"

static inline const char *write_rows(const struct place *p, const char *name, struct str text)
{
    static char paths[8][160];
    static int next;
    char *path = paths[next++ % 8];
    struct why why = {0};
    int fd;
    snprintf(path, sizeof(paths[0]), "%s/%s", p->dir, name);
    place_must(fs_create(path, &fd, &why), &why, "create");
    place_must(fs_write(fd, text.p, text.len, &why), &why, "write");
    fs_close(fd);
    return path;
}

static inline struct import_options options_of(enum import_format format, const char *map)
{
    return (struct import_options){
        .format = format, .map = map, .zone = zone_open("Asia/Shanghai"), .stdin_fd = -1};
}

static inline struct import_counts import_one(struct place *p, const struct import_options *o,
                                              const char *path)
{
    struct import_counts counts;
    struct why why = {0};
    place_must(import_files(p->brand, o, &path, 1, &counts, &why), &why, path);
    return counts;
}

static inline void expect_counts(const struct import_counts *c, uint64_t read, uint64_t stored,
                                 uint64_t duplicate, uint64_t rejected)
{
    if (c->read != read || c->stored != stored || c->duplicate != duplicate ||
        c->rejected != rejected) {
        fail_msg("read %" PRIu64 ", stored %" PRIu64 ", duplicate %" PRIu64 ", rejected %" PRIu64,
                 c->read, c->stored, c->duplicate, c->rejected);
    }
}

static inline void finding(void *ctx, const char *what)
{
    (void)ctx;
    print_message("finding: %s\n", what);
}

static inline void expect_verified(struct place *p, uint64_t members)
{
    struct verify_report report = {.finding = finding};
    struct why why = {0};
    place_must(people_verify(p->brand, &report, &why), &why, "verify");
    assert_int_equal(report.findings, 0);
    assert_int_equal(report.members, members);
}

/* ---- the whole log as text ---- */

struct dump {
    struct strbuf text;
    const struct columns *columns;
};

static inline bool dump_run(void *worker, const struct history *h)
{
    struct dump *d = worker;
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t r = h->off[m]; r < h->off[m + 1]; r++) {
            strbuf_addf(&d->text, "%u %" PRId64 " %u %u %u %" PRId64, h->member[m], h->at[r],
                        h->kind[r], h->dim[DIM_GROUP][r], h->other[r], h->amount[r]);
            for (uint32_t k = 0; k < h->prop_count; k++)
                strbuf_addf(&d->text, " %g", h->props[k].number[r]);
            strbuf_add_char(&d->text, '\n');
        }
    }
    return true;
}

static inline struct strbuf dump_log(struct place *p)
{
    struct why why = {0};
    struct columns columns = {.mask = COLUMN_DIM0 << DIM_GROUP | COLUMN_OTHER | COLUMN_AMOUNT};
    enum prop_type type = PROP_NUMBER;
    columns.props[0] = registry_find_prop(p->brand, STR("n"), PROP_NUMBER);
    columns.prop_count = columns.props[0] != 0;
    struct scan scan = {.columns = &columns, .prop_types = &type, .to = INT64_MAX};
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    struct dump d = {.columns = &columns};
    void *worker = &d;
    struct snapshot *s = brand_snapshot(p->brand);
    place_must(eventlog_scan(s, &scan, &worker, 1, dump_run, &budget, &why), &why, "scan");
    brand_snapshot_release(s);
    if (!d.text.p) strbuf_add_text(&d.text, "");
    return d.text;
}

static inline struct strbuf dump_members(struct place *p)
{
    struct why why = {0};
    struct strbuf b = {0};
    place_must(brand_flush(p->brand, &why), &why, "flush");
    struct sql *db = place_reader(p);
    struct sql_stmt *s = sql_use(db, "SELECT id, stage, stage_since, trust, created_at, last_seen,"
                                     " events, orders, spent FROM member ORDER BY id");
    for (bool row = true;;) {
        assert_int_equal(sql_step(s, &row), ERR_OK);
        if (!row) break;
        for (int i = 0; i < 9; i++)
            strbuf_addf(&b, "%" PRId64 " ", sql_int(s, i));
        strbuf_add_char(&b, '\n');
    }
    sql_close(db);
    if (!b.p) strbuf_add_text(&b, "");
    return b;
}

/* ---- rows ---- */

/* In order of time; 'bad' in a thousand are no rows. */
static inline struct strbuf random_rows(uint64_t seed, size_t count, size_t people, uint64_t bad)
{
    static const char *const kinds[] = {"order.paid",   "order.paid",    "message.sent",
                                        "message.sent", "checkin.done",  "page.viewed",
                                        "group.left",   "order.refunded"};
    struct strbuf b = {0};
    struct rng rng;
    int64_t at = PLACE_NOW - 400 * TIME_DAY;
    rng_init(&rng, seed);
    strbuf_add_text(&b, "id,user,at,amount,kind,group,n,other\n");
    for (size_t i = 0; i < count; i++) {
        at += (int64_t)rng_below(&rng, (uint64_t)(390 * TIME_DAY / (int64_t)count));
        if (rng_below(&rng, 1000) < bad) {
            strbuf_addf(&b, "x%zu,u,yesterday,1,a,,,\n", i);
            continue;
        }
        strbuf_addf(&b, "e%zu,", i);
        if (rng_below(&rng, 20)) strbuf_addf(&b, "u%" PRIu64, rng_below(&rng, people));
        strbuf_addf(&b, ",%" PRId64 ",%" PRIu64 ",%s,", at, rng_below(&rng, 100000),
                    kinds[rng_below(&rng, COUNT(kinds))]);
        if (rng_below(&rng, 3)) strbuf_addf(&b, "g%" PRIu64, rng_below(&rng, 3));
        strbuf_addf(&b, ",%" PRIu64 ",", rng_below(&rng, 9));
        if (rng_below(&rng, 10) == 0) strbuf_addf(&b, "u%" PRIu64, rng_below(&rng, people));
        strbuf_add_char(&b, '\n');
    }
    return b;
}

static inline void begin(struct place *p)
{
    log_init((enum log_level)(LOG_ERROR + 1), LOG_AUTO);
    place_open(p, "Asia/Shanghai");
}
