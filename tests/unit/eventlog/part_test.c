/* part_test.c - parts give back every event, whole or by column, and a part that fails leaves
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "eventlog/part_footer.h"
#include "eventlog_test.h"
#include "part_fixture.h"

#define ALL_COLUMNS                                                                                \
    (((COLUMN_DIM0 << DIM_COUNT) - 1) | COLUMN_OTHER | COLUMN_AMOUNT | COLUMN_RECEIVED)

static void parts_of_every_size_give_back_every_event(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 127, 128, 129, 3000, 65535, 65536, 65537, 150000};
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "1.part");
    struct event_maker m;
    maker_init(&m, test_seed(1));
    for (size_t i = 0; i < 2 * sizeof(counts) / sizeof(counts[0]); i++) {
        size_t count = counts[i / 2];
        struct event *events = maker_events(&m, count, i % 2 ? 3 : 500, i % 2 ? 2 : 100000);
        struct part_info info = write_part(path, events, count);
        struct part *p = open_part(path);
        struct why why;
        assert_memory_equal(part_get_info(p), &info, sizeof(info));
        assert_int_equal(info.rows, count);
        size_t full = (count + PART_GROUP_ROWS - 1) / PART_GROUP_ROWS;
        assert_in_range(part_group_count(p), full, full * part_level_count(p));
        if (count < PART_GROUP_ROWS) assert_int_equal(part_level_count(p), count > 0);
        assert_holds(p, events, count);
        assert_int_equal(part_verify(p, &why), ERR_OK);
        part_unref(p);
        maker_reset(&m);
    }
    maker_finish(&m);
    test_dir_remove(&dir);
}

/* The events as the groups have them: a full group's worth at a time, by level, which are the
 * events of its times. Free it with mem_free. */
static struct event *by_group(const struct part *p, const struct event *events, size_t count)
{
    struct event *out = mem_alloc_array(count, sizeof(*out));
    size_t n = 0;
    for (uint32_t g = 0; g < part_group_count(p); g++) {
        const struct part_group *group = part_get_group(p, g);
        size_t from = n / PART_GROUP_ROWS * PART_GROUP_ROWS, start = n;
        size_t to = from + PART_GROUP_ROWS < count ? from + PART_GROUP_ROWS : count;
        for (size_t i = from; i < to; i++) {
            bool in = events[i].at >= group->at_min && events[i].at <= group->at_max;
            if (in) out[n++] = events[i];
        }
        assert_int_equal(n - start, group->rows);
    }
    assert_int_equal(n, count);
    return out;
}

static size_t group_start(const struct part *p, uint32_t group)
{
    size_t start = 0;
    for (uint32_t g = 0; g < group; g++)
        start += part_get_group(p, g)->rows;
    return start;
}

static void the_footer_tells_ranges_and_kinds_exactly(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(2));
    size_t count = 70000;
    struct event *events = maker_events(&m, count, 300, 1000);
    for (size_t i = 0; i < 65536; i++)
        events[i].kind = (uint16_t)(events[i].kind * 2);
    struct part_info info = write_part(test_path(&dir, "1.part"), events, count);
    struct part *p = open_part(test_path(&dir, "1.part"));
    int64_t at_min = INT64_MAX, at_max = 0;
    struct event *all = events;
    events = by_group(p, all, count);
    assert_int_equal(part_level_count(p), 2);
    for (uint32_t g = 0; g < part_group_count(p); g++) {
        size_t from = group_start(p, g), to = from + part_get_group(p, g)->rows;
        int64_t least = INT64_MAX, most = 0;
        static bool kinds[UINT16_MAX + 1];
        memset(kinds, 0, sizeof(kinds));
        for (size_t i = from; i < to; i++) {
            least = events[i].at < least ? events[i].at : least;
            most = events[i].at > most ? events[i].at : most;
            kinds[events[i].kind] = true;
        }
        const struct part_group *group = part_get_group(p, g);
        assert_int_equal(group->rows, to - from);
        assert_int_equal(group->persona_min, events[from].persona);
        assert_int_equal(group->persona_max, events[to - 1].persona);
        assert_true(group->at_min == least && group->at_max == most);
        for (uint32_t kind = 0; kind <= UINT16_MAX; kind++) {
            assert_int_equal(part_group_has_kind(p, g, (uint16_t)kind), kinds[kind]);
        }
        at_min = least < at_min ? least : at_min;
        at_max = most > at_max ? most : at_max;
    }
    assert_true(info.at_min == at_min && info.at_max == at_max);
    assert_int_equal(info.persona_min, all[0].persona);
    assert_int_equal(info.persona_max, all[count - 1].persona);
    mem_free(events);
    part_unref(p);
    maker_finish(&m);
    test_dir_remove(&dir);
}

/* Levels are for parts of more time than a quarter, and not for a few rows. */
static void levels_hold_the_times_they_are_for(void **state)
{
    (void)state;
    static const struct {
        int64_t days;
        uint32_t levels;
    } spans[] = {{1, 1}, {95, 1}, {120, 2}, {365, 2}, {800, 3}, {3000, 4}, {30000, 2}};
    struct test_dir dir = test_dir_create();
    struct rng rng;
    rng_init(&rng, test_seed(12));
    size_t count = 140000;
    struct event *events = mem_alloc_array(count, sizeof(*events));
    for (size_t s = 0; s < sizeof(spans) / sizeof(spans[0]); s++) {
        int64_t step = spans[s].days * 86400000 / 100;
        for (size_t i = 0; i < count; i++) {
            int64_t at = (int64_t)(i % 100) * step + (int64_t)rng_below(&rng, (uint64_t)step);
            events[i] = (struct event){.persona = (uint32_t)(i / 100), .at = at, .kind = 1};
        }
        write_part(test_path(&dir, "1.part"), events, count);
        struct part *p = open_part(test_path(&dir, "1.part"));
        struct why why;
        assert_int_equal(part_level_count(p), spans[s].levels);
        assert_holds(p, events, count);
        assert_int_equal(part_verify(p, &why), ERR_OK);
        mem_free(by_group(p, events, count));
        part_unref(p);
    }
    mem_free(events);
    test_dir_remove(&dir);
}

static const struct event_prop *find_prop(const struct event *ev, uint32_t id)
{
    for (uint32_t i = 0; i < ev->prop_count; i++) {
        if (ev->props[i].id == id) return &ev->props[i];
    }
    return NULL;
}

static void assert_prop(const struct rows_prop *column, uint32_t row, const struct event *ev)
{
    const struct event_prop *want = find_prop(ev, column->id);
    if (want && want->type != column->type) want = NULL;
    if (column->type != PROP_TEXT) {
        if (want) assert_memory_equal(&column->number[row], &want->number, sizeof(double));
        if (!want) assert_true(isnan(column->number[row]));
        return;
    }
    uint32_t id = column->text[row];
    assert_true(id < column->string_count);
    assert_true((id != 0) == (want != NULL));
    if (want) assert_true(str_eq(column->strings[id], want->text));
}

static void assert_rows(const struct rows *rows, uint32_t mask, const struct event *events)
{
    assert_int_equal(rows->run_off[0], 0);
    assert_int_equal(rows->run_off[rows->runs], rows->count);
    for (uint32_t i = 0, run = 0; i < rows->count; i++) {
        if (i == rows->run_off[run + 1]) run++;
        const struct event *ev = &events[i];
        assert_int_equal(rows->run_persona[run], ev->persona);
        assert_true(rows->at[i] == ev->at);
        assert_int_equal(rows->kind[i], ev->kind);
        for (uint32_t d = 0; d < DIM_COUNT; d++) {
            if (mask >> d & 1) assert_int_equal(rows->dim[d][i], ev->dim[d]);
        }
        if (mask & COLUMN_OTHER) assert_int_equal(rows->other[i], ev->other);
        if (mask & COLUMN_AMOUNT) assert_true(rows->amount[i] == ev->amount);
        if (mask & COLUMN_RECEIVED) assert_true(rows->received[i] == ev->received_at);
        for (uint32_t k = 0; k < rows->prop_count; k++)
            assert_prop(&rows->props[k], i, ev);
    }
}

/* What an event may be asked for, one property that no event has and one of another type. */
static const uint32_t asked_ids[] = {1,          MAKER_CITY,  MAKER_PRICE,
                                     MAKER_NOTE, MAKER_RATIO, MAKER_OPEN};

static const enum prop_type asked_types[] = {PROP_TEXT, PROP_TEXT,   PROP_NUMBER,
                                             PROP_TEXT, PROP_NUMBER, PROP_BOOL};

static void a_reader_gets_the_columns_it_asks_for_and_no_others(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(3));
    size_t count = 66000;
    struct event *events = maker_events(&m, count, 40, 100000);
    write_part(test_path(&dir, "1.part"), events, count);
    struct part *p = open_part(test_path(&dir, "1.part"));
    struct event *grouped = by_group(p, events, count);
    struct rows rows = {0};
    struct why why;
    for (unsigned trial = 0; trial < 60; trial++) {
        uint32_t group = (uint32_t)rng_below(&m.rng, part_group_count(p));
        struct columns columns = {.mask = (uint32_t)rng_next(&m.rng) & ALL_COLUMNS};
        enum prop_type types[6];
        for (uint32_t i = 0; i < 6; i++) {
            if (rng_below(&m.rng, 2)) continue;
            types[columns.prop_count] = rng_below(&m.rng, 9) ? asked_types[i] : PROP_NUMBER;
            columns.props[columns.prop_count++] = asked_ids[i];
        }
        uint64_t read_before = rows.bytes_read;
        assert_int_equal(part_read_group(p, group, &columns, types, &rows, &why), ERR_OK);
        assert_int_equal(rows.count, part_get_group(p, group)->rows);
        assert_int_equal(rows.prop_count, columns.prop_count);
        assert_true(rows.bytes_read > read_before);
        for (uint32_t d = 0; d < DIM_COUNT; d++) {
            assert_int_equal(rows.dim[d] != NULL, columns.mask >> d & 1);
        }
        assert_int_equal(rows.other != NULL, (columns.mask & COLUMN_OTHER) != 0);
        assert_int_equal(rows.amount != NULL, (columns.mask & COLUMN_AMOUNT) != 0);
        assert_int_equal(rows.received != NULL, (columns.mask & COLUMN_RECEIVED) != 0);
        assert_rows(&rows, columns.mask, grouped + group_start(p, group));
    }
    mem_free(grouped);
    rows_finish(&rows);
    part_unref(p);
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void a_dictionary_longer_than_a_chunk_comes_back(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct arena *a = arena_create(0);
    size_t count = 140000;
    struct event *events = arena_alloc_array(a, count, sizeof(*events));
    for (size_t i = 0; i < count; i++) {
        struct event_prop *prop = arena_alloc(a, sizeof(*prop));
        char *text = arena_printf(a, "order %zu%0*d", i, i % 1000 ? 1 : 4000, 0);
        *prop = (struct event_prop){.id = 9, .type = PROP_TEXT, .text = str_of(text)};
        events[i] = (struct event){.persona = 5, .at = (int64_t)i, .kind = 1, .prop_count = 1};
        events[i].amount = HISTORY_NO_AMOUNT;
        events[i].props = prop;
    }
    write_part(test_path(&dir, "1.part"), events, count);
    struct part *p = open_part(test_path(&dir, "1.part"));
    struct why why;
    assert_holds(p, events, count);
    assert_int_equal(part_verify(p, &why), ERR_OK);
    part_unref(p);
    arena_destroy(a);
    test_dir_remove(&dir);
}

static void a_property_may_not_change_its_type_within_a_part(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_prop number = {.id = 4, .type = PROP_NUMBER, .number = 1};
    struct event_prop text = {.id = 4, .type = PROP_TEXT, .text = STR("x")};
    struct event ev = {.kind = 1, .props = &number, .prop_count = 1};
    struct part_writer *w;
    struct part_info info;
    struct why why = {0};
    assert_int_equal(part_create(test_path(&dir, "1.part"), &w, &why), ERR_OK);
    assert_int_equal(part_add(w, &ev, &why), ERR_OK);
    ev.props = &text;
    assert_int_equal(part_add(w, &ev, &why), ERR_INVALID);
    assert_int_equal(why.msg, MSG_WRONG_TYPE);
    ev.props = &number;
    assert_int_equal(part_add(w, &ev, &why), ERR_INVALID);
    assert_int_equal(part_finish(w, &info, &why), ERR_INVALID);
    assert_false(fs_exists(test_path(&dir, "1.part")));
    assert_false(fs_exists(test_path(&dir, "1.part.tmp")));
    test_dir_remove(&dir);
}

static void a_missing_file_is_not_found(void **state)
{
    (void)state;
    struct part *p;
    struct why why;
    assert_int_equal(part_open("/nonexistent/1.part", &p, &why), ERR_NOT_FOUND);
}

static void an_abandoned_part_leaves_nothing(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct part_writer *w;
    struct why why;
    struct event ev = {.kind = 1};
    assert_int_equal(part_create(test_path(&dir, "1.part"), &w, &why), ERR_OK);
    assert_int_equal(part_add(w, &ev, &why), ERR_OK);
    assert_true(fs_exists(test_path(&dir, "1.part.tmp")));
    part_abandon(w);
    part_abandon(NULL);
    assert_false(fs_exists(test_path(&dir, "1.part.tmp")));
    assert_false(fs_exists(test_path(&dir, "1.part")));
    assert_int_not_equal(part_create(test_path(&dir, "none/1.part"), &w, &why), ERR_OK);
    test_dir_remove(&dir);
}

static void a_failed_write_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(7));
    size_t count = 70000;
    struct event *events = maker_events(&m, count, 100, 1000);
    struct rlimit was, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, SIG_IGN);
    /* too small for the first group; for the first group only */
    for (unsigned trial = 0; trial < 2; trial++) {
        struct part_writer *w;
        struct part_info info;
        struct why why = {0};
        enum err err = ERR_OK;
        small = was;
        small.rlim_cur =
            trial ? write_part(test_path(&dir, "0.part"), events, 65536).size_bytes : 4096;
        assert_int_equal(part_create(test_path(&dir, "1.part"), &w, &why), ERR_OK);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        for (size_t i = 0; i < count && err == ERR_OK; i++)
            err = part_add(w, &events[i], &why);
        assert_int_equal(err, trial ? ERR_OK : ERR_IO);
        assert_int_equal(part_finish(w, &info, &why), ERR_IO);
        assert_int_equal(why.msg, MSG_IO);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
        assert_false(fs_exists(test_path(&dir, "1.part.tmp")));
        assert_false(fs_exists(test_path(&dir, "1.part")));
    }
    signal(SIGXFSZ, SIG_DFL);
    maker_finish(&m);
    test_dir_remove(&dir);
}

/* Reads of one thread beside others on the same part. */
struct reader {
    struct part *part;
    const struct event *events;
    bool good;
};

static void *read_all(void *p)
{
    struct reader *r = p;
    struct rows rows = {0};
    struct why why;
    struct columns columns = {
        .mask = ALL_COLUMNS, .prop_count = 2, .props = {MAKER_CITY, MAKER_NOTE}};
    enum prop_type types[2] = {PROP_TEXT, PROP_TEXT};
    r->good = true;
    for (uint32_t g = 0; g < part_group_count(r->part); g++) {
        if (part_read_group(r->part, g, &columns, types, &rows, &why) != ERR_OK) r->good = false;
        for (uint32_t i = 0; r->good && i < rows.count; i++) {
            const struct event *ev = &r->events[group_start(r->part, g) + i];
            const struct event_prop *city = find_prop(ev, MAKER_CITY);
            struct str got = rows.props[0].strings[rows.props[0].text[i]];
            r->good = rows.at[i] == ev->at && rows.amount[i] == ev->amount &&
                      (city ? str_eq(got, city->text) : !got.p);
        }
    }
    rows_finish(&rows);
    part_unref(r->part);
    return NULL;
}

static void any_number_of_threads_may_read(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(10));
    struct event *events = maker_events(&m, 140000, 100, 1000);
    write_part(test_path(&dir, "1.part"), events, 140000);
    struct part *p = open_part(test_path(&dir, "1.part"));
    struct event *grouped = by_group(p, events, 140000);
    struct reader readers[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        part_ref(p);
        readers[i] = (struct reader){p, grouped, false};
        assert_int_equal(pthread_create(&threads[i], NULL, read_all, &readers[i]), 0);
    }
    part_unref(p);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(readers[i].good);
    }
    mem_free(grouped);
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void add_props(struct strbuf *line, const struct event *ev)
{
    for (uint32_t i = 0; i < ev->prop_count; i++) {
        const struct event_prop *p = &ev->props[i];
        if (i) strbuf_add_char(line, ';');
        strbuf_addf(line, "%u=", p->id);
        if (p->type == PROP_TEXT) strbuf_add_str(line, p->text);
        if (p->type != PROP_TEXT) strbuf_addf(line, "%.17g", p->number);
    }
}

static void csv_line(struct strbuf *line, const struct event *ev)
{
    strbuf_reset(line);
    strbuf_addf(line, "%u,%" PRId64 ",%u,%u,", ev->persona, ev->at, ev->kind, ev->other);
    if (ev->amount != HISTORY_NO_AMOUNT) strbuf_addf(line, "%" PRId64, ev->amount);
    strbuf_addf(line, ",%" PRId64, ev->received_at);
    for (int d = 0; d < DIM_COUNT; d++)
        strbuf_addf(line, ",%u", ev->dim[d]);
    strbuf_add_char(line, ',');
    add_props(line, ev);
    strbuf_add_char(line, '\n');
}

static void an_independent_reader_reads_the_same_events(void **state)
{
    (void)state;
    static const char script[] = "tests/formats/read_part.py";
    if (!fs_exists(script) || system("python3 -c pass >/dev/null 2>&1") != 0) skip();
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(11));
    size_t count = 66000;
    struct event *events = maker_events(&m, count, 50, 100000);
    for (size_t i = 0; i < 1000; i++)
        events[i].received_at = (int64_t)rng_below(&m.rng, 1 << 30);
    write_part(test_path(&dir, "1.part"), events, count);
    char command[300], got[4096];
    snprintf(command, sizeof(command), "python3 %s %s", script, test_path(&dir, "1.part"));
    FILE *out = popen(command, "r");
    assert_non_null(out);
    struct strbuf want = {0};
    assert_non_null(fgets(got, sizeof(got), out)); /* the header */
    for (size_t i = 0; i < count; i++) {
        csv_line(&want, &events[i]);
        assert_non_null(fgets(got, sizeof(got), out));
        assert_string_equal(got, want.p);
    }
    assert_null(fgets(got, sizeof(got), out));
    assert_int_equal(pclose(out), 0);
    strbuf_finish(&want);
    maker_finish(&m);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_every_size_give_back_every_event),
        cmocka_unit_test(the_footer_tells_ranges_and_kinds_exactly),
        cmocka_unit_test(levels_hold_the_times_they_are_for),
        cmocka_unit_test(a_reader_gets_the_columns_it_asks_for_and_no_others),
        cmocka_unit_test(a_dictionary_longer_than_a_chunk_comes_back),
        cmocka_unit_test(a_property_may_not_change_its_type_within_a_part),
        cmocka_unit_test(a_missing_file_is_not_found),
        cmocka_unit_test(an_abandoned_part_leaves_nothing),
        cmocka_unit_test(a_failed_write_is_told_and_leaves_nothing),
        cmocka_unit_test(any_number_of_threads_may_read),
        cmocka_unit_test(an_independent_reader_reads_the_same_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
