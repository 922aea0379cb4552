/* tail_test.c - appends, drops and views against a plain array of everything ever appended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "eventlog/tail.h"
#include "eventlog_test.h"

/* What an event of the test is by its seq alone, so that a reader can check it. */
static struct event event_of(uint64_t seq, struct event_prop props[3], char text[32])
{
    struct rng rng;
    rng_init(&rng, seq * 31 + 7);
    struct event ev = {
        .at = (int64_t)(seq / 64) * 1000 + 5000 + (int64_t)rng_below(&rng, 4000),
        .received_at = (int64_t)seq,
        .persona = (uint32_t)rng_below(&rng, rng_below(&rng, 10) ? 40 : UINT32_MAX),
        .kind = (uint16_t)(1 + rng_below(&rng, 50)),
        .amount = rng_below(&rng, 2) ? HISTORY_NO_AMOUNT : (int64_t)seq * 3,
        .id = {seq, ~seq},
    };
    ev.dim[DIM_GROUP] = (uint32_t)seq;
    if (rng_below(&rng, 3) == 0) {
        int len = snprintf(text, 32, "text %" PRIu64, seq);
        props[0] = (struct event_prop){.id = 3, .type = PROP_NUMBER, .number = (double)seq / 7};
        props[1] = (struct event_prop){
            .id = 5, .type = PROP_TEXT, .text = {text, rng_below(&rng, 5) ? (size_t)len : 0}};
        props[2] = (struct event_prop){.id = 9, .type = PROP_BOOL, .number = 1};
        ev.props = props;
        ev.prop_count = 3;
    }
    return ev;
}

static void assert_event(const struct event *got, uint64_t seq)
{
    struct event_prop props[3];
    char text[32];
    struct event want = event_of(seq, props, text);
    assert_int_equal(got->at, want.at);
    assert_int_equal(got->received_at, want.received_at);
    assert_int_equal(got->persona, want.persona);
    assert_int_equal(got->kind, want.kind);
    assert_int_equal(got->amount, want.amount);
    assert_int_equal(got->dim[DIM_GROUP], want.dim[DIM_GROUP]);
    assert_true(hash128_eq(got->id, want.id));
    assert_int_equal(got->prop_count, want.prop_count);
    for (size_t i = 0; i < want.prop_count; i++) {
        assert_int_equal(got->props[i].id, want.props[i].id);
        assert_int_equal(got->props[i].type, want.props[i].type);
        assert_true(got->props[i].number >= want.props[i].number &&
                    got->props[i].number <= want.props[i].number);
        if (want.props[i].type == PROP_TEXT) {
            assert_true(str_eq(got->props[i].text, want.props[i].text));
        }
    }
}

static void append(struct tail *t, uint64_t first_seq, size_t count)
{
    struct event *events = mem_alloc_array(count + 1, sizeof(*events));
    struct event_prop(*props)[3] = mem_alloc_array(count + 1, sizeof(*props));
    char(*texts)[32] = mem_alloc_array(count + 1, sizeof(*texts));
    for (size_t i = 0; i < count; i++) {
        events[i] = event_of(first_seq + i, props[i], texts[i]);
    }
    tail_append(t, events, count, first_seq);
    memset(props, 0xee, count * sizeof(*props)); /* the tail must not look here again */
    memset(texts, 0xee, count * sizeof(*texts));
    mem_free(events);
    mem_free(props);
    mem_free(texts);
}

static uint64_t seq_of(const struct event *ev)
{
    return (uint64_t)ev->received_at;
}

/* The view holds exactly the events first .. end-1, in both orders. */
/* Keys tell of the same events in the same order, and of their first and last time. */
static void check_keys(struct tail_view *v, const struct event *const *events, size_t count)
{
    int64_t first, last, from = INT64_MAX, to = INT64_MIN;
    size_t keys_count;
    const struct tail_key *keys = tail_view_keys(v, &keys_count);
    assert_int_equal(keys_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(tail_view_event(v, keys[i].place), events[i]);
        assert_int_equal(keys[i].at, events[i]->at);
        assert_int_equal(keys[i].kind, events[i]->kind);
        assert_int_equal(keys[i].persona, events[i]->persona);
        from = events[i]->at < from ? events[i]->at : from;
        to = events[i]->at > to ? events[i]->at : to;
    }
    assert_int_equal(tail_view_times(v, &first, &last), count > 0);
    if (count) assert_true(first == from && last == to);
}

static void assert_view(struct tail_view *v, uint64_t first, uint64_t end)
{
    size_t count;
    uint64_t first_seq;
    assert_int_equal(tail_view_count(v), end - first);
    const struct event *const *events = tail_view_commits(v, &count, &first_seq);
    assert_int_equal(count, end - first);
    if (count) assert_int_equal(first_seq, first);
    for (size_t i = 0; i < count; i++) {
        assert_event(events[i], first + i);
    }
    events = tail_view_events(v, &count);
    assert_int_equal(count, end - first);
    for (size_t i = 0; i < count; i++) {
        assert_event(events[i], seq_of(events[i]));
        if (i == 0) continue;
        const struct event *a = events[i - 1], *b = events[i];
        bool ascend = a->persona != b->persona ? a->persona < b->persona
                      : a->at != b->at         ? a->at < b->at
                                               : seq_of(a) < seq_of(b);
        assert_true(ascend);
    }
    check_keys(v, events, count);
    for (size_t i = 0; i < count; i += 1 + count / 7) {
        size_t mine, from = i, to = i;
        while (from > 0 && events[from - 1]->persona == events[i]->persona)
            from--;
        while (to < count && events[to]->persona == events[i]->persona)
            to++;
        const struct event **own = tail_view_persona(v, events[i]->persona, &mine);
        assert_int_equal(mine, to - from);
        assert_memory_equal(own, events + from, mine * sizeof(*own));
        mem_free(own);
    }
    mem_free(tail_view_persona(v, 41, &count));
    assert_int_equal(count, 0);
}

static void an_empty_tail_gives_empty_views(void **state)
{
    (void)state;
    struct tail *t = tail_create();
    assert_int_equal(tail_count(t), 0);
    tail_drop(t, 100);
    tail_append(t, NULL, 0, 5);
    struct tail_view *v = tail_view(t);
    assert_view(v, 5, 5);
    tail_view_unref(v);
    tail_view_unref(NULL);
    tail_destroy(t);
    tail_destroy(NULL);
}

static void views_of_one_state_are_the_same(void **state)
{
    (void)state;
    struct tail *t = tail_create();
    append(t, 1, 10);
    struct tail_view *a = tail_view(t), *b = tail_view(t);
    assert_ptr_equal(a, b);
    append(t, 11, 1);
    struct tail_view *c = tail_view(t);
    assert_ptr_not_equal(a, c);
    assert_view(a, 1, 11);
    assert_view(c, 1, 12);
    tail_view_unref(a);
    tail_view_unref(b);
    tail_destroy(t);
    assert_view(c, 1, 12); /* outlives the tail */
    tail_view_unref(c);
}

static void an_emptied_tail_may_go_on_at_any_seq(void **state)
{
    (void)state;
    struct tail *t = tail_create();
    append(t, 1, 2000);
    struct tail_view *a = tail_view(t);
    assert_view(a, 1, 2001);
    tail_drop(t, 5000);
    assert_int_equal(tail_count(t), 0);
    append(t, 900000, 30);
    struct tail_view *b = tail_view(t);
    assert_view(b, 900000, 900030);
    tail_drop(t, 899999);
    assert_int_equal(tail_count(t), 30);
    tail_view_unref(b);
    assert_view(a, 1, 2001);
    tail_view_unref(a);
    tail_destroy(t);
}

static void random_appends_and_drops_equal_a_model(void **state)
{
    (void)state;
    enum { STEPS = 300, KEPT = 8 };
    struct rng rng;
    rng_init(&rng, test_seed(21));
    struct tail *t = tail_create();
    uint64_t first = 1, end = 1;
    struct {
        struct tail_view *view;
        uint64_t first, end;
    } kept[KEPT] = {{0}};
    for (size_t step = 0; step < STEPS; step++) {
        uint64_t what = rng_below(&rng, 10);
        if (what < 5) {
            size_t count = (size_t)rng_below(&rng, what ? 40 : 3000);
            append(t, end, count);
            end += count;
        } else if (what < 7 && first < end) {
            uint64_t seq = first + rng_below(&rng, end - first + 20);
            if (rng_below(&rng, 3)) seq = first + (end - first) / 8;
            tail_drop(t, seq);
            first = seq + 1 < end ? seq + 1 : end;
        }
        assert_int_equal(tail_count(t), end - first);
        size_t k = (size_t)rng_below(&rng, KEPT);
        if (kept[k].view) {
            if (rng_below(&rng, 4)) assert_view(kept[k].view, kept[k].first, kept[k].end);
            tail_view_unref(kept[k].view);
        }
        kept[k].view = tail_view(t);
        kept[k].first = first;
        kept[k].end = end;
        if (rng_below(&rng, 2)) assert_view(kept[k].view, first, end);
    }
    for (size_t k = 0; k < KEPT; k++) {
        if (kept[k].view) assert_view(kept[k].view, kept[k].first, kept[k].end);
        tail_view_unref(kept[k].view);
    }
    tail_destroy(t);
}

struct readers {
    struct tail *tail;
    atomic_bool stop;
};

static void *read_on(void *p)
{
    struct readers *r = p;
    uint64_t last_end = 0, views = 0;
    while (!atomic_load(&r->stop) || views < 3) {
        struct tail_view *v = tail_view(r->tail);
        size_t count, sorted;
        uint64_t first;
        const struct event *const *events = tail_view_commits(v, &count, &first);
        if (count) {
            assert_int_equal(seq_of(events[0]), first);
            assert_int_equal(seq_of(events[count - 1]), first + count - 1);
            assert_int_equal((first + count - 1) % 10, 0); /* commits are whole */
            assert_true(first + count >= last_end);
            last_end = first + count;
        }
        size_t own_count;
        uint32_t persona = count ? events[count - 1]->persona : 1;
        const struct event **own = tail_view_persona(v, persona, &own_count);
        events = tail_view_events(v, &sorted);
        assert_int_equal(sorted, count);
        for (size_t i = 0; i < sorted; i++) {
            assert_true(i == 0 || events[i - 1]->persona <= events[i]->persona);
            own_count -= events[i]->persona == persona;
        }
        assert_int_equal(own_count, 0);
        mem_free(own);
        tail_view_unref(v);
        views++;
    }
    return NULL;
}

static void readers_are_not_disturbed_by_the_writer(void **state)
{
    (void)state;
    struct readers r = {.tail = tail_create()};
    pthread_t threads[3];
    append(r.tail, 1, 10);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &r), 0);
    }
    for (uint64_t commit = 1; commit < 1500; commit++) {
        append(r.tail, commit * 10 + 1, 10);
        if (commit % 100 == 99) tail_drop(r.tail, (commit - 50) * 10);
    }
    atomic_store(&r.stop, true);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    tail_destroy(r.tail);
}

static void a_large_tail_is_sorted_fast(void **state)
{
    (void)state;
    enum { COUNT = 300000 };
    struct rng rng;
    rng_init(&rng, test_seed(22));
    struct event *events = mem_alloc_array(COUNT, sizeof(*events));
    for (size_t i = 0; i < COUNT; i++) {
        events[i] =
            (struct event){.at = 1700000000000 + (int64_t)i * 3 + (int64_t)rng_below(&rng, 90),
                           .received_at = (int64_t)i + 1,
                           .persona = (uint32_t)rng_below(&rng, 1000000),
                           .kind = 1};
    }
    struct tail *t = tail_create();
    double start = test_seconds();
    for (size_t i = 0; i < COUNT; i += 100) {
        tail_append(t, events + i, 100, i + 1);
    }
    double appended = test_seconds();
    size_t count;
    struct tail_view *v = tail_view(t);
    tail_view_events(v, &count);
    double sorted = test_seconds();
    print_message("append %.0f ns an event, sort of %d %.1f ms", (appended - start) / COUNT * 1e9,
                  COUNT, (sorted - appended) * 1e3);
    events[0].received_at = COUNT + 1;
    tail_append(t, events, 1, COUNT + 1);
    sorted = test_seconds();
    struct tail_view *next = tail_view(t);
    tail_view_events(next, &count);
    print_message(", one more %.1f ms\n", (test_seconds() - sorted) * 1e3);
    assert_int_equal(count, COUNT + 1);
    tail_view_unref(v);
    tail_view_unref(next);
    tail_destroy(t);
    mem_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_tail_gives_empty_views),
        cmocka_unit_test(views_of_one_state_are_the_same),
        cmocka_unit_test(an_emptied_tail_may_go_on_at_any_seq),
        cmocka_unit_test(random_appends_and_drops_equal_a_model),
        cmocka_unit_test(readers_are_not_disturbed_by_the_writer),
        cmocka_unit_test(a_large_tail_is_sorted_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
