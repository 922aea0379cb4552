/* purge_test.c - values of properties taken out of parts and blocks by time, and nothing else. */
#include "room.h"

#define START 1700000000000

/* Events numbered first .. first+count-1; each has the property "note", and every third "size". */
struct span {
    int64_t first, count;
};

struct names {
    uint32_t note, size;
};

static enum err register_names(struct tx *tx, void *arg, struct why *why)
{
    struct names *n = arg;
    TRY(registry_prop(tx, STR("note"), PROP_TEXT, &n->note, why));
    return registry_prop(tx, STR("size"), PROP_NUMBER, &n->size, why);
}

static struct names names_of(struct room *r)
{
    struct names n;
    struct why why = {0};
    must(brand_call(r->brand, register_names, &n, false, &why), &why);
    return n;
}

static struct event event_of(const struct names *n, int64_t number, struct event_prop props[2])
{
    struct event ev = room_event(number);
    props[0] = (struct event_prop){.id = n->note, .type = PROP_TEXT, .text = STR("seen by many")};
    props[1] = (struct event_prop){.id = n->size, .type = PROP_NUMBER, .number = 7};
    ev.props = props;
    ev.prop_count = number % 3 ? 1 : 2;
    return ev;
}

static enum err emit_span(struct tx *tx, void *arg, struct why *why)
{
    const struct span *s = arg;
    struct names n;
    TRY(register_names(tx, &n, why));
    for (int64_t i = s->first; i < s->first + s->count; i++) {
        struct event_prop *props = arena_alloc_array(tx_arena(tx), 2, sizeof(*props));
        struct event ev = event_of(&n, i, props);
        TRY(tx_emit(tx, &ev, why));
    }
    return ERR_OK;
}

static enum err bulk_span(struct tx *tx, void *arg, struct why *why)
{
    const struct span *s = arg;
    struct names n;
    size_t count = 0;
    struct event *events = mem_alloc_array((size_t)s->count, sizeof(*events));
    struct event_prop *props = mem_alloc_array((size_t)s->count * 2, sizeof(*props));
    const struct event **sorted = mem_alloc_array((size_t)s->count, sizeof(*sorted));
    enum err err = register_names(tx, &n, why);
    for (uint32_t p = 1; p <= PERSONAS; p++) {
        for (int64_t i = s->first; i < s->first + s->count; i++) {
            if (room_event(i).persona != p) continue;
            events[count] = event_of(&n, i, props + 2 * count);
            sorted[count] = &events[count];
            count++;
        }
    }
    if (err == ERR_OK) err = tx_bulk_begin(tx, why);
    if (err == ERR_OK) err = tx_bulk_part(tx, sorted, count, NULL, 0, why);
    mem_free(events);
    mem_free(props);
    mem_free(sorted);
    return err;
}

static void emit(struct room *r, struct span s)
{
    struct why why = {0};
    must(brand_call(r->brand, emit_span, &s, false, &why), &why);
}

static void bulk(struct room *r, struct span s)
{
    struct why why = {0};
    must(brand_call(r->brand, bulk_span, &s, true, &why), &why);
}

/* ---- what is there ---- */

struct found {
    uint64_t rows, notes, sizes;
    int64_t oldest_note, oldest_size; /* numbers of events; -1 = none */
};

static void note_oldest(int64_t *oldest, int64_t number)
{
    if (*oldest < 0 || number < *oldest) *oldest = number;
}

static bool find_run(void *worker, const struct history *h)
{
    struct found *f = worker;
    for (uint32_t i = h->off[0]; i < h->off[h->member_count]; i++) {
        int64_t number = (h->at[i] - START) / 1000;
        assert_int_equal(h->amount[i], number);
        f->rows++;
        if (h->props[0].text[i]) {
            f->notes++;
            note_oldest(&f->oldest_note, number);
        }
        if (h->props[1].number[i] == 7) {
            f->sizes++;
            note_oldest(&f->oldest_size, number);
        }
    }
    return true;
}

static struct found find_in(const struct snapshot *s, const struct names *n)
{
    struct columns columns = {.mask = COLUMN_AMOUNT, .props = {n->note, n->size}, .prop_count = 2};
    static const enum prop_type types[] = {PROP_TEXT, PROP_NUMBER};
    struct scan scan = {.columns = &columns, .prop_types = types, .from = 0, .to = INT64_MAX};
    struct budget budget = {.bytes_left = UINT64_MAX};
    struct why why = {0};
    struct found f = {.oldest_note = -1, .oldest_size = -1};
    void *worker = &f;
    must(eventlog_scan(s, &scan, &worker, 1, find_run, &budget, &why), &why);
    return f;
}

static void expect(struct room *r, const struct names *n, const struct found *wanted)
{
    struct snapshot *s = brand_snapshot(r->brand);
    struct found f = find_in(s, n);
    brand_snapshot_release(s);
    assert_int_equal(f.rows, wanted->rows);
    assert_int_equal(f.notes, wanted->notes);
    assert_int_equal(f.sizes, wanted->sizes);
    assert_int_equal(f.oldest_note, wanted->oldest_note);
    assert_int_equal(f.oldest_size, wanted->oldest_size);
}

/* A file that the compactor is writing is in no manifest yet. */
static void expect_files_at_rest(struct room *r)
{
    compactor_stop(r->brand);
    expect_files(r);
}

/* ---- the tests ---- */

/* What each part's transaction was told. */
struct told {
    uint64_t notes, sizes;
    int calls;
    enum err answer;
};

static enum err note_written(struct tx *tx, void *arg, const uint64_t *values)
{
    struct told *t = arg;
    (void)tx;
    t->calls++;
    t->notes += values[0];
    t->sizes += values[1];
    return t->calls == 2 || t->calls == 3 ? t->answer : ERR_OK; /* a batch runs twice */
}

static void values_of_before_go_and_events_stay(void **state)
{
    struct room *r = *state;
    struct names n = names_of(r);
    struct why why = {0};
    struct told told = {.answer = ERR_OK};
    compactor_stop(r->brand); /* so that files are counted at rest */
    bulk(r, (struct span){0, 700});
    bulk(r, (struct span){700, 700});  /* of after both moments */
    bulk(r, (struct span){1400, 700}); /* likewise */
    emit(r, (struct span){100, 50});   /* of before, late: in the tail */
    uint32_t second = r->brand->log.parts.items[1].file;
    uint64_t seq = brand_stats(r->brand).seq;
    const struct prop_expiry items[] = {{n.note, START + 600000}, {n.size, START + 90000}};
    struct purge p = {.expiry = {items, 2}, .written = note_written, .arg = &told};
    uint64_t values[2];
    struct expired expired = {.values = values};
    struct snapshot *old = brand_snapshot(r->brand);
    must(brand_expired(r->brand, &p.expiry, NULL, &expired, &why), &why);
    assert_true(values[0] == 650 && values[1] == 30 && expired.parts == 1);
    must(brand_purge(r->brand, &p, &why), &why);
    assert_true(p.values == 680 && p.parts == 2 && told.calls == 2);
    assert_true(told.notes == 650 && told.sizes == 30);
    struct found then = find_in(old, &n);
    assert_true(then.notes == 2150 && then.oldest_note == 0);
    brand_snapshot_release(old);
    expect(r, &n, &(struct found){2150, 1500, then.sizes - 30, 600, 90});
    assert_int_equal(r->brand->log.parts.items[1].file, second);
    assert_int_equal(brand_stats(r->brand).seq, seq);
    expect_files_at_rest(r);
    must(brand_purge(r->brand, &p, &why), &why); /* again: there is nothing to do */
    assert_true(p.values == 0 && p.parts == 0);
    room_close(r);
    room_open(r);
    compactor_stop(r->brand);
    expect(r, &n, &(struct found){2150, 1500, then.sizes - 30, 600, 90});
    expect_files_at_rest(r);
}

static void what_fails_changes_nothing_and_is_done_by_the_next_call(void **state)
{
    struct room *r = *state;
    struct names n = names_of(r);
    struct why why = {0};
    struct told told = {.answer = ERR_STORE};
    compactor_stop(r->brand);
    for (int i = 0; i < 3; i++)
        bulk(r, (struct span){i * 700, 700});
    const struct prop_expiry items[] = {{n.note, INT64_MAX}, {n.size, INT64_MAX}};
    struct purge p = {.expiry = {items, 2}, .written = note_written, .arg = &told};
    assert_int_equal(brand_purge(r->brand, &p, &why), ERR_STORE);
    assert_int_equal(p.parts, 1);
    expect(r, &n, &(struct found){2100, 1400, 466, 700, 702});
    expect_files_at_rest(r);
    atomic_bool stop = true;
    p.stop = &stop;
    assert_int_equal(brand_purge(r->brand, &p, &why), ERR_UNAVAILABLE);
    expect_files_at_rest(r);
    p.stop = NULL;
    must(brand_purge(r->brand, &p, &why), &why);
    assert_int_equal(p.parts, 2);
    expect(r, &n, &(struct found){2100, 0, 0, -1, -1});
    expect_files_at_rest(r);
}

struct purger {
    struct room *room;
    struct purge p;
    enum err err;
};

static void *purge_now(void *arg)
{
    struct purger *x = arg;
    struct why why;
    x->err = brand_purge(x->room->brand, &x->p, &why);
    return NULL;
}

/* The swap waits behind a load and events, which come in and are sealed: both are there afterwards,
 * and every part that was there before is without the values. */
static void what_comes_in_meanwhile_is_not_lost(void **state)
{
    struct room *r = *state;
    struct names n = names_of(r);
    struct why why = {0};
    struct hold hold;
    struct span part = {700, 700}, events = {1400, 70};
    const struct prop_expiry items[] = {{n.note, START + 700000}};
    struct purger x = {.room = r, .p = {.expiry = {items, 1}}};
    struct command load = {.run = bulk_span, .arg = &part, .alone = true};
    struct command emits = {.run = emit_span, .arg = &events};
    pthread_t thread;
    bulk(r, (struct span){0, 700});
    hold_submit(r, &hold);
    hold_wait(&hold);
    must(brand_submit(r->brand, &load, &why), &why);
    must(brand_submit(r->brand, &emits, &why), &why);
    assert_int_equal(pthread_create(&thread, NULL, purge_now, &x), 0);
    room_wait_for_queue(r, 3); /* the swap is behind them */
    sem_post(&hold.go_on);
    pthread_join(thread, NULL);
    assert_int_equal(x.err, ERR_OK);
    assert_int_equal(x.p.values, 700);
    expect(r, &n, &(struct found){1470, 770, 490, 700, 0});
    must(brand_compact(r->brand, &why), &why);
    expect(r, &n, &(struct found){1470, 770, 490, 700, 0});
    expect_files_at_rest(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_of_before_go_and_events_stay, room_setup,
                                        room_teardown),
        cmocka_unit_test_setup_teardown(what_fails_changes_nothing_and_is_done_by_the_next_call,
                                        room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(what_comes_in_meanwhile_is_not_lost, room_setup,
                                        room_teardown),
    };
    return engine_run(tests);
}
