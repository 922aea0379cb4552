/* import_trial_test.c - an import on trial counts, and changes nothing. */
#include "import_place.h"

#include <pthread.h>

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
    int64_t entries = place_number(&p, "SELECT COUNT(*) FROM import_file");

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
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM import_file"), entries);
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
    expect_verified(&p, (uint64_t)place_number(&p, "SELECT COUNT(DISTINCT persona) FROM identity"));
    strbuf_finish(&rows);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trial_leaves_nothing_behind),
        cmocka_unit_test(a_trial_leaves_the_writer_free),
        cmocka_unit_test(a_trial_amid_unwritten_members_loses_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
