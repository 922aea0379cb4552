/* import_test.c - files into a brand: once, again, after a stop, on trial. */
#include "intake/import.h"

#define PLACE_MODULES &people_module, &import_module

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <time.h>

#include "base/fs.h"
#include "base/log.h"
#include "brand_place.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ORDERS_MAP                                                                                 \
    "id=text:id,member=user:user,at=date:at:epoch_ms,amount=integer:amount,"                       \
    "kind=text:kind,group=text:group,props.n=number:n,other=user:other"

static const char *write_rows(const struct place *p, const char *name, struct str text)
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

static struct import_options options_of(enum import_format format, const char *map)
{
    return (struct import_options){
        .format = format, .map = map, .zone = zone_open("Asia/Shanghai"), .stdin_fd = -1};
}

static struct import_counts import_one(struct place *p, const struct import_options *o,
                                       const char *path)
{
    struct import_counts counts;
    struct why why = {0};
    place_must(import_files(p->brand, o, &path, 1, &counts, &why), &why, path);
    return counts;
}

static void expect_counts(const struct import_counts *c, uint64_t read, uint64_t stored,
                          uint64_t duplicate, uint64_t rejected)
{
    if (c->read != read || c->stored != stored || c->duplicate != duplicate ||
        c->rejected != rejected) {
        fail_msg("read %" PRIu64 ", stored %" PRIu64 ", duplicate %" PRIu64 ", rejected %" PRIu64,
                 c->read, c->stored, c->duplicate, c->rejected);
    }
}

static void finding(void *ctx, const char *what)
{
    (void)ctx;
    print_message("finding: %s\n", what);
}

static void expect_verified(struct place *p, uint64_t members)
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

static bool dump_run(void *worker, const struct history *h)
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

static struct strbuf dump_log(struct place *p)
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

static struct strbuf dump_members(struct place *p)
{
    struct sql *db;
    struct why why = {0};
    struct strbuf b = {0};
    place_must(brand_flush(p->brand, &why), &why, "flush");
    place_must(brand_reader(p->brand, &db, &why), &why, "reader");
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

static int64_t count_rows(struct place *p, const char *query)
{
    struct sql *db;
    struct why why = {0};
    bool row;
    place_must(brand_reader(p->brand, &db, &why), &why, "reader");
    struct sql_stmt *s = sql_use(db, query);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    int64_t n = sql_int(s, 0);
    sql_close(db);
    return n;
}

/* ---- rows ---- */

/* In order of time; 'bad' in a thousand are no rows. */
static struct strbuf random_rows(uint64_t seed, size_t count, size_t people, uint64_t bad)
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

static void begin(struct place *p)
{
    log_init((enum log_level)(LOG_ERROR + 1), LOG_AUTO);
    place_open(p, "Asia/Shanghai");
}

/* ---- tests ---- */

static void a_second_run_adds_nothing(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    static const size_t sizes[] = {300, 5000}; /* one by one, and in bulk */
    uint64_t before = 0;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct strbuf rows = random_rows(i + 1, sizes[i], 100, 10);
        struct import_options o = options_of(IMPORT_CSV, ORDERS_MAP);
        char source[8];
        snprintf(source, sizeof(source), "s%zu", i);
        o.source = source;
        const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
        struct import_counts first = import_one(&p, &o, path);
        assert_int_equal(first.read, sizes[i]);
        assert_int_equal(first.stored + first.rejected + first.duplicate, sizes[i]);
        uint64_t seq = brand_stats(p.brand).seq;
        assert_true(seq >= before + first.stored);
        struct import_counts again = import_one(&p, &o, path);
        expect_counts(&again, sizes[i], 0, first.stored + first.duplicate, first.rejected);
        assert_int_equal(brand_stats(p.brand).seq, seq);
        before = seq;
        strbuf_finish(&rows);
    }
    place_reopen(&p);
    assert_int_equal(brand_stats(p.brand).seq, before);
    place_close(&p);
}

/* What was met once is not checked again: it must mean the same all the same. */
static void one_who_returns_is_who_they_were(void **state)
{
    static const char *const forms[] = {
        "\"user\":\"u1\"",
        "\"user\":\" u1 \"",
        "\"device\":\"u1\"",
        "\"phone\":\"138 0013 8000\"",
        "\"phone\":\"+8613800138000\"",
        "\"user\":\"null\"", /* nobody */
        "\"email\":\"a@EXAMPLE.com\"",
        "\"email\":\"a@example.com\"",
        "\"user\":\"a-long-identity-with-one-end-0001\"",
        "\"user\":\"a-long-identity-wath-one-end-0001\"",
        "\"user\":\"\xe4\xbd\xa0\xe5\xa5\xbd\"",
        "\"user\":\"\\u4f60\\u597d\"",
        "\"user\":\"both\",\"device\":\"u1\"",
        "\"user\":\"null\",\"phone\":\"13800138000\"",
    };
    (void)state;
    struct place p;
    begin(&p);
    struct strbuf rows = {0};
    for (size_t i = 0; i < 250 * COUNT(forms); i++)
        strbuf_addf(&rows, "{\"at\":%zu,\"kind\":\"page.viewed\",\"identities\":{%s}}\n", i,
                    forms[i % COUNT(forms)]);
    struct import_options o = options_of(IMPORT_JSONL, NULL);
    struct import_counts c = import_one(&p, &o, write_rows(&p, "who.jsonl", strbuf_str(&rows)));
    expect_counts(&c, 250 * COUNT(forms), 250 * COUNT(forms), 0, 0);
    assert_int_equal(c.dropped, 500);
    assert_int_equal(c.members_created, 7);
    expect_verified(&p, 7);
    strbuf_finish(&rows);
    place_close(&p);
}

static void content_map_and_group_make_another_import(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    static const char rows[] = "user,at\nu1,2024-01-05\nu2,2024-01-06\n";
    static const struct {
        const char *map, *as, *group, *text;
        uint64_t stored;
    } list[] = {
        {"member=user:user,at=date:at", NULL, NULL, rows, 2},
        {"member=user:user,at=date:at", NULL, NULL, rows, 0},
        {"member=user:user,at=date:at", NULL, "g", rows, 2},
        {"member=user:user,at=date:at", "a.b", "g", rows, 2},
        {"member=user:$1,at=date:at", NULL, NULL, rows, 2},
        {"member=user:user,at=date:at", NULL, NULL, "user,at\nu1,2024-01-05\nu2,2024-01-07\n", 2},
        {"member=user:user,at=date:at", NULL, "g", rows, 0},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct import_options o = options_of(IMPORT_CSV, list[i].map);
        o.as = list[i].as;
        o.group = list[i].group;
        const char *path = write_rows(&p, "rows.csv", str_of(list[i].text));
        struct import_counts c = import_one(&p, &o, path);
        expect_counts(&c, 2, list[i].stored, 2 - list[i].stored, 0);
    }
    place_close(&p);
}

static void a_stopped_import_goes_on_where_it_stopped(void **state)
{
    (void)state;
    struct place p, whole;
    begin(&p);
    begin(&whole);
    struct strbuf rows = random_rows(5, 1900, 60, 5);
    struct import_options o = options_of(IMPORT_CSV, ORDERS_MAP);
    const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
    struct import_counts all = import_one(&whole, &o, path);

    /* a bad row with --strict ends the first run; the rows before it stay */
    o.strict = true;
    struct import_counts cut = import_one(&p, &o, path);
    assert_int_equal(cut.rejected, 1);
    assert_true(cut.stored > 0 && cut.stored < all.stored);
    place_reopen(&p);
    o.strict = false;
    struct import_counts rest = import_one(&p, &o, path);
    assert_int_equal(rest.read, all.read);
    assert_int_equal(rest.stored + cut.stored, all.stored);
    assert_int_equal(rest.duplicate, cut.stored + cut.duplicate);
    assert_int_equal(rest.rejected, all.rejected);

    struct strbuf a = dump_log(&p), b = dump_log(&whole);
    assert_true(str_eq(strbuf_str(&a), strbuf_str(&b)));
    strbuf_finish(&a);
    strbuf_finish(&b);
    strbuf_finish(&rows);
    place_close(&p);
    place_close(&whole);
}

#define LARGE (LIMIT_IMPORT_ROWS + 20000) /* rows: more than are sorted in memory */

/* Row 'number' in order of time; every time is its own. */
static void add_large_row(struct strbuf *b, uint64_t number)
{
    static const char *const kinds[] = {"order.paid", "message.sent", "group.left"};
    uint64_t x = number * UINT64_C(0x9E3779B97F4A7C15) >> 24;
    strbuf_addf(b, "u%" PRIu64 ",%" PRId64 ",%s,g%" PRIu64 "\n", x % 3000,
                PLACE_NOW - 400 * TIME_DAY + (int64_t)number * 1000, kinds[(x >> 20) % 3],
                (x >> 24) % 5);
}

/* Backwards, the newest first, as shops write it. */
static struct strbuf large_rows(bool backwards)
{
    struct strbuf b = {0};
    strbuf_add_text(&b, "user,at,kind,group\n");
    for (uint64_t i = 0; i < LARGE; i++)
        add_large_row(&b, backwards ? LARGE - 1 - i : i);
    return b;
}

static const char large_map[] = "member=user:user,at=date:at:epoch_ms,kind=text:kind,"
                                "group=text:group";

static void a_large_file_out_of_order_gives_what_it_gives_in_order(void **state)
{
    (void)state;
    struct place p, q;
    begin(&p);
    begin(&q);
    struct import_options o = options_of(IMPORT_CSV, large_map);
    struct strbuf rows = large_rows(false), backwards = large_rows(true);
    const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
    const char *backwards_path = write_rows(&q, "rows.csv", strbuf_str(&backwards));
    struct import_counts a = import_one(&p, &o, path);
    struct import_counts b = import_one(&q, &o, backwards_path);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_int_equal(a.stored, LARGE);
    struct strbuf log = dump_log(&p), other_log = dump_log(&q);
    struct strbuf members = dump_members(&p), other_members = dump_members(&q);
    assert_true(str_eq(strbuf_str(&log), strbuf_str(&other_log)));
    assert_true(str_eq(strbuf_str(&members), strbuf_str(&other_members)));
    expect_verified(&q, a.members_created);
    b = import_one(&q, &o, backwards_path);
    expect_counts(&b, LARGE, 0, LARGE, 0);
    struct strbuf *all[] = {&rows, &backwards, &log, &other_log, &members, &other_members};
    for (size_t i = 0; i < COUNT(all); i++)
        strbuf_finish(all[i]);
    place_close(&p);
    place_close(&q);
}

/* As if the first rows in order of time had been applied before. */
static enum err pretend_applied(struct tx *tx, void *arg, struct why *why)
{
    (void)why;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE import_file SET row_offset = $1, by_time = 1, done = 0");
    sql_bind_int(s, 1, *(const int64_t *)arg);
    return sql_run(s);
}

static void a_stopped_import_in_order_of_time_goes_on_in_that_order(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    begin(&p);
    struct import_options o = options_of(IMPORT_CSV, large_map);
    struct strbuf rows = large_rows(true);
    o.strict = true;
    strbuf_add_text(&rows, "u1,never,a.b,\n"); /* the last row: nothing is applied before it */
    const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
    struct import_counts c = import_one(&p, &o, path);
    expect_counts(&c, LARGE + 1, 0, 0, 1);
    assert_int_equal(brand_stats(p.brand).seq, 0);
    int64_t applied = LARGE - 100;
    place_must(brand_call(p.brand, pretend_applied, &applied, false, &why), &why, "update");
    o.strict = false;
    c = import_one(&p, &o, path);
    expect_counts(&c, LARGE + 1, 100, (uint64_t)applied, 1);
    struct strbuf log = dump_log(&p);
    char first[40];
    snprintf(first, sizeof(first), " %" PRId64 " ", PLACE_NOW - 400 * TIME_DAY + applied * 1000);
    assert_true(str_find(strbuf_str(&log), str_of(first)) != SIZE_MAX);
    strbuf_finish(&log);
    strbuf_finish(&rows);
    place_close(&p);
}

static void ids_of_rows_are_known_across_files(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_JSONL, NULL);
    const char *path = write_rows(
        &p, "a.jsonl",
        STR("{\"id\":\"e1\",\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"u\"}}\n"
            "{\"id\":\"e1\",\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"u\"}}\n"));
    struct import_counts c = import_one(&p, &o, path);
    expect_counts(&c, 2, 1, 1, 0);
    path = write_rows(
        &p, "b.jsonl",
        STR("{\"id\":\"e1\",\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"v\"}}\n"
            "{\"id\":\"e2\",\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"v\"}}\n"));
    c = import_one(&p, &o, path);
    expect_counts(&c, 2, 1, 1, 0);
    place_close(&p);
}

static void a_trial_leaves_nothing_behind(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct strbuf rows = random_rows(9, 5000, 200, 10);
    struct import_options o = options_of(IMPORT_CSV, ORDERS_MAP);
    /* something is there already, in memory but not in rows yet */
    const char *first = write_rows(
        &p, "first.csv",
        STR("id,user,at,amount,kind,group,n,other\nf1,u1,1704416580000,5,order.paid,g1,1,\n"));
    import_one(&p, &o, first);
    struct strbuf log = dump_log(&p), members = dump_members(&p);
    struct brand_stats stats = brand_stats(p.brand);
    uint32_t kinds = registry_kind_count(p.brand), groups = registry_code_count(p.brand, DIM_GROUP);
    int64_t entries = count_rows(&p, "SELECT COUNT(*) FROM import_file");

    o.dry_run = true;
    const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
    struct import_counts tried = import_one(&p, &o, path);
    struct import_counts twice = import_one(&p, &o, path);
    assert_memory_equal(&tried, &twice, sizeof(tried));
    assert_true(tried.stored > 4000);
    assert_int_equal(tried.updated, 1);

    assert_int_equal(brand_stats(p.brand).seq, stats.seq);
    assert_int_equal(brand_stats(p.brand).parts, stats.parts);
    assert_int_equal(registry_kind_count(p.brand), kinds);
    assert_int_equal(registry_code_count(p.brand, DIM_GROUP), groups);
    assert_int_equal(count_rows(&p, "SELECT COUNT(*) FROM import_file"), entries);
    struct strbuf log_after = dump_log(&p), members_after = dump_members(&p);
    assert_string_equal(log.p, log_after.p);
    assert_string_equal(members.p, members_after.p);

    o.dry_run = false;
    struct import_counts real = import_one(&p, &o, path);
    tried.updated = 0;
    assert_memory_equal(&tried, &real, sizeof(tried));
    struct strbuf *all[] = {&rows, &log, &members, &log_after, &members_after};
    for (size_t i = 0; i < COUNT(all); i++)
        strbuf_finish(all[i]);
    place_close(&p);
}

/* Something that the brand is asked to do while a trial is under way. */
struct meanwhile {
    struct place *p;
    struct command command;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool asked, done;
};

static enum err do_nothing(struct tx *tx, void *arg, struct why *why)
{
    (void)tx, (void)arg, (void)why;
    return ERR_OK;
}

static void note_done(void *arg, enum err err, const struct why *why)
{
    struct meanwhile *m = arg;
    (void)err, (void)why;
    pthread_mutex_lock(&m->lock);
    m->done = true;
    pthread_cond_signal(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

/* What the trial tells of its first bad row comes here. */
static ssize_t ask_meanwhile(void *cookie, const char *text, size_t len)
{
    struct meanwhile *m = cookie;
    struct why why = {0};
    struct timespec until;
    (void)text;
    if (m->asked) return (ssize_t)len;
    m->asked = true;
    timespec_get(&until, TIME_UTC);
    until.tv_sec += 60;
    place_must(brand_submit(m->p->brand, &m->command, &why), &why, "submit");
    pthread_mutex_lock(&m->lock);
    while (!m->done && pthread_cond_timedwait(&m->changed, &m->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&m->lock);
    return (ssize_t)len;
}

static void a_trial_leaves_the_writer_free(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    if (strcmp(data_store(brand_data(p.brand)), "sqlite:") != 0) {
        place_close(&p);
        skip();
    }
    struct meanwhile m = {.p = &p,
                          .command = {.run = do_nothing, .done = note_done, .arg = &m},
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER};
    struct import_options o = options_of(IMPORT_CSV, "member=user:u,at=date:t");
    o.dry_run = true;
    o.progress = fopencookie(&m, "w", (cookie_io_functions_t){.write = ask_meanwhile});
    setvbuf(o.progress, NULL, _IONBF, 0);
    const char *path = write_rows(&p, "rows.csv", STR("u,t\na,2024-01-05\nb,never\n"));
    struct import_counts c = import_one(&p, &o, path);
    fclose(o.progress);
    expect_counts(&c, 2, 1, 0, 1);
    assert_true(m.asked && m.done);
    place_close(&p);
}

static void a_trial_amid_unwritten_members_loses_none(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct strbuf rows = random_rows(3, 1500, 50, 0);
    struct import_options o = options_of(IMPORT_CSV, ORDERS_MAP);
    const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
    import_one(&p, &o, path); /* one by one: folded in memory, rows to be written later */
    o.dry_run = true;
    o.source = "other";
    import_one(&p, &o, path);
    o.dry_run = false;
    o.group = "g9";
    o.map = "member=user:user,at=date:at:epoch_ms,kind=text:kind";
    import_one(&p, &o, path);
    expect_verified(&p, (uint64_t)count_rows(&p, "SELECT COUNT(DISTINCT persona) FROM identity"));
    strbuf_finish(&rows);
    place_close(&p);
}

static void rejects_are_written_with_their_place(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    char rejects[160];
    struct strbuf text = {0};
    struct why why = {0};
    struct import_options o = options_of(IMPORT_CSV, "member=user:u,at=date:t");
    snprintf(rejects, sizeof(rejects), "%s/rejects.csv", p.dir);
    o.rejects_path = rejects;
    const char *path =
        write_rows(&p, "rows.csv", STR("u,t\n1,2024-01-05\n=cmd,\"to\nday\"\n2,x\n"));
    struct import_counts c = import_one(&p, &o, path);
    expect_counts(&c, 3, 1, 0, 2);
    place_must(fs_read_file(rejects, 65536, &text, &why), &why, "rejects");
    assert_string_equal(
        text.p, "file,line,column,reason,row\r\n"
                "\"rows.csv\",3,2,\"t: \"\"to day\"\" is not a time\",\"'=cmd,\"\"to\nday\"\"\"\r\n"
                "\"rows.csv\",5,2,\"t: \"\"x\"\" is not a time\",\"2,x\"\r\n");
    strbuf_finish(&text);
    place_close(&p);
}

static void wrong_options_read_nothing(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options list[12];
    for (size_t i = 0; i < COUNT(list); i++)
        list[i] = options_of(IMPORT_CSV, "member=user:u");
    list[0].map = "member=nobody:u";
    list[1].as = "Not A Kind";
    list[2].as = "touch.sent";
    list[3].group = "";
    list[4].format = IMPORT_JSONL;
    list[5].format = IMPORT_IRC;
    list[6].format = IMPORT_COLUMNS;
    list[6].map = NULL;
    list[7].date = "2024-01-05";
    list[8] = options_of(IMPORT_IRC, NULL);
    list[8].date = "2024-13-05";
    list[9] = options_of(IMPORT_IRC, NULL);
    list[9].as = "a.b";
    list[10].map = "";
    list[11].map = "kind=const:member.created";
    const char *path = write_rows(&p, "rows.csv", STR("u\n1\n"));
    for (size_t i = 0; i < COUNT(list); i++) {
        struct import_counts c;
        struct why why = {0};
        enum err err = import_files(p.brand, &list[i], &path, 1, &c, &why);
        bool refused = err == ERR_INVALID || err == ERR_KIND_NOT_ALLOWED;
        if (i == 11) refused = err == ERR_OK && c.rejected == 1; /* told row by row */
        if (!refused) fail_msg("options %zu: %s", i, err_code(err));
        if (i != 11) assert_int_equal(c.read, 0);
    }
    assert_int_equal(brand_stats(p.brand).seq, 0);
    place_close(&p);
}

static void one_missing_file_stops_all_before_anything_is_stored(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_CSV, "member=user:u");
    struct import_counts c;
    struct why why = {0};
    const char *paths[] = {write_rows(&p, "rows.csv", STR("u\n1\n")), "/no/such/file"};
    assert_int_equal(import_files(p.brand, &o, paths, 2, &c, &why), ERR_NOT_FOUND);
    assert_int_equal(c.read, 0);
    assert_int_equal(brand_stats(p.brand).seq, 0);
    place_close(&p);
}

static void renames_follow_members_and_never_merge(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_IRC, NULL);
    o.group = "g";
    const char *path = write_rows(&p, "2024-01-05.log",
                                  STR("=== lurker is now known as lurker2\n"
                                      "[09:00] <a> hi\n[09:01] <x> hi\n"
                                      "=== a is now known as b\n[09:02] <b> me again\n"
                                      "=== b is now known as x\n[09:03] <x> I am x\n"
                                      "=== b is now known as c\n=== c is now known as d\n"
                                      "=== d is now known as e\n=== e is now known as f\n"
                                      "=== f is now known as h\n[09:04] <h> seventh name\n"));
    struct import_counts c = import_one(&p, &o, path);
    /* the lurker's rename stores nothing; b to x is a conflict */
    assert_int_equal(c.read, 13);
    assert_int_equal(c.skipped, 1);
    assert_int_equal(c.stored, 12);
    assert_int_equal(c.members_created, 2);
    assert_int_equal(c.conflicts, 1);
    assert_int_equal(c.merged, 0);
    static const char *const names[][2] = {{"a", "h"}, {"a", "b"}, {"a", "d"}};
    uint32_t first, second;
    struct why why = {0};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct identity one = {IDENTITY_NAME, str_of(names[i][0])};
        struct identity two = {IDENTITY_NAME, str_of(names[i][1])};
        place_must(people_find(p.brand, &one, STR(""), &first, &why), &why, "find");
        place_must(people_find(p.brand, &two, STR(""), &second, &why), &why, "find");
        assert_true(first != 0);
        assert_int_equal(first, second);
    }
    struct identity x = {IDENTITY_NAME, STR("x")}, lurker = {IDENTITY_NAME, STR("lurker2")};
    place_must(people_find(p.brand, &x, STR(""), &second, &why), &why, "find");
    assert_true(second != 0 && second != first);
    place_must(people_find(p.brand, &lurker, STR(""), &second, &why), &why, "find");
    assert_int_equal(second, 0);
    expect_verified(&p, 2);
    place_close(&p);
}

static void names_are_of_their_source(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_CSV, "member=name:n,at=date:t");
    const char *path = write_rows(&p, "rows.csv", STR("n,t\nwang,2024-01-05\n"));
    struct import_counts c = import_one(&p, &o, path);
    assert_int_equal(c.members_created, 1);
    o.source = "shop2";
    c = import_one(&p, &o, path);
    assert_int_equal(c.members_created, 1);
    place_close(&p);
}

static void standard_input_is_imported(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_CSV, "member=user:u,at=date:t");
    const char *path = write_rows(&p, "rows.csv", STR("u,t\n1,2024-01-05\n"));
    o.stdin_fd = open(path, O_RDONLY);
    struct import_counts c = import_one(&p, &o, "-");
    expect_counts(&c, 1, 1, 0, 0);
    close(o.stdin_fd);
    c = import_one(&p, &o, path); /* the same content */
    expect_counts(&c, 1, 0, 1, 0);
    place_close(&p);
}

/* Pieces small enough to go one by one, against the whole in bulk. */
static void bulk_gives_what_one_by_one_gives(void **state)
{
    (void)state;
    const size_t rows = 100000, piece = 1999;
    uint64_t seed = getenv("WF_SEED") ? strtoull(getenv("WF_SEED"), NULL, 10) : 11;
    print_message("seed %" PRIu64 "\n", seed);
    struct place bulk, single;
    begin(&bulk);
    begin(&single);
    struct strbuf text = random_rows(seed, rows, 3000, 2);
    struct import_options o = options_of(IMPORT_CSV, ORDERS_MAP);
    struct import_counts all =
        import_one(&bulk, &o, write_rows(&bulk, "all.csv", strbuf_str(&text)));

    struct import_counts sum = {0};
    struct str rest = strbuf_str(&text), header = str_cut(&rest, '\n');
    while (rest.len) {
        struct strbuf part = {0};
        strbuf_add_str(&part, header);
        strbuf_add_char(&part, '\n');
        for (size_t i = 0; i < piece && rest.len; i++) {
            strbuf_add_str(&part, str_cut(&rest, '\n'));
            strbuf_add_char(&part, '\n');
        }
        struct import_counts c =
            import_one(&single, &o, write_rows(&single, "part.csv", strbuf_str(&part)));
        sum.read += c.read;
        sum.stored += c.stored;
        sum.rejected += c.rejected;
        sum.members_created += c.members_created;
        strbuf_finish(&part);
    }
    assert_int_equal(all.read, rows);
    assert_int_equal(sum.read, rows);
    assert_int_equal(sum.stored, all.stored);
    assert_int_equal(sum.rejected, all.rejected);
    assert_int_equal(sum.members_created, all.members_created);
    struct strbuf a = dump_log(&bulk), b = dump_log(&single);
    struct strbuf c = dump_members(&bulk), d = dump_members(&single);
    assert_true(a.len > rows * 10);
    assert_true(str_eq(strbuf_str(&a), strbuf_str(&b)));
    assert_true(str_eq(strbuf_str(&c), strbuf_str(&d)));
    expect_verified(&bulk, (uint64_t)count_rows(&bulk, "SELECT COUNT(*) FROM member"));
    expect_verified(&single, (uint64_t)count_rows(&single, "SELECT COUNT(*) FROM member"));
    struct strbuf *made[] = {&text, &a, &b, &c, &d};
    for (size_t i = 0; i < COUNT(made); i++)
        strbuf_finish(made[i]);
    place_close(&bulk);
    place_close(&single);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_run_adds_nothing),
        cmocka_unit_test(one_who_returns_is_who_they_were),
        cmocka_unit_test(content_map_and_group_make_another_import),
        cmocka_unit_test(a_stopped_import_goes_on_where_it_stopped),
        cmocka_unit_test(a_large_file_out_of_order_gives_what_it_gives_in_order),
        cmocka_unit_test(a_stopped_import_in_order_of_time_goes_on_in_that_order),
        cmocka_unit_test(ids_of_rows_are_known_across_files),
        cmocka_unit_test(a_trial_leaves_nothing_behind),
        cmocka_unit_test(a_trial_leaves_the_writer_free),
        cmocka_unit_test(a_trial_amid_unwritten_members_loses_none),
        cmocka_unit_test(rejects_are_written_with_their_place),
        cmocka_unit_test(wrong_options_read_nothing),
        cmocka_unit_test(one_missing_file_stops_all_before_anything_is_stored),
        cmocka_unit_test(renames_follow_members_and_never_merge),
        cmocka_unit_test(names_are_of_their_source),
        cmocka_unit_test(standard_input_is_imported),
        cmocka_unit_test(bulk_gives_what_one_by_one_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
