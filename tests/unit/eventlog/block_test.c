/* block_test.c - blocks give back what went in, and refuse anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event_maker.h"
#include "eventlog/block.h"
#include "eventlog_test.h"

static void assert_block(struct str bytes, const struct event *events, size_t count, uint64_t seq)
{
    struct arena *a = arena_create(0);
    struct block block;
    struct why why;
    assert_int_equal(block_decode(bytes, "block 7", a, &block, &why), ERR_OK);
    assert_int_equal(block.count, count);
    assert_true(block.first_seq == seq);
    for (size_t i = 0; i < count; i++) {
        assert_same_event(&block.events[i], &events[i]);
        assert_true(hash128_eq(block.events[i].id, events[i].id));
    }
    arena_destroy(a);
}

static void blocks_give_back_what_went_in(void **state)
{
    (void)state;
    struct event_maker m;
    maker_init(&m, test_seed(1));
    for (unsigned trial = 0; trial < 300; trial++) {
        size_t count = rng_below(&m.rng, trial % 10 ? 20 : 2000);
        uint64_t seq = rng_next(&m.rng);
        struct event *events = maker_events(&m, count, 50, 1 + trial % 5);
        struct strbuf out = {0};
        strbuf_add_text(&out, "before");
        block_encode(events, count, seq, &out);
        assert_block((struct str){out.p + 6, out.len - 6}, events, count, seq);
        strbuf_finish(&out);
        maker_reset(&m);
    }
    maker_finish(&m);
}

static void the_extremes_of_every_field_come_back(void **state)
{
    (void)state;
    struct event_prop props[3] = {
        {.id = 1, .type = PROP_NUMBER, .number = -1.5e300},
        {.id = 2, .type = PROP_TEXT, .text = {"", 0}},
        {.id = UINT32_MAX, .type = PROP_BOOL, .number = 1},
    };
    struct event events[3] = {
        {.at = EVENT_AT_MAX, .received_at = INT64_MAX, .kind = UINT16_MAX, .amount = INT64_MAX},
        {.at = 0, .received_at = INT64_MIN, .kind = 1, .amount = INT64_MIN + 1},
        {.at = 1, .kind = 1, .amount = HISTORY_NO_AMOUNT, .props = props, .prop_count = 3},
    };
    events[0].persona = events[0].other = UINT32_MAX;
    events[0].id = (struct hash128){UINT64_MAX, UINT64_MAX};
    for (int d = 0; d < DIM_COUNT; d++)
        events[0].dim[d] = UINT32_MAX;
    struct strbuf out = {0};
    block_encode(events, 3, UINT64_MAX - 2, &out);
    assert_block(strbuf_str(&out), events, 3, UINT64_MAX - 2);
    strbuf_finish(&out);
}

static enum err decode(struct str bytes, struct why *why)
{
    struct arena *a = arena_create(0);
    struct block block;
    /* a copy of its own, so that reading past the end is noticed */
    char *copy = mem_copy(bytes.p, bytes.len);
    enum err err = block_decode((struct str){copy, bytes.len}, "block 7", a, &block, why);
    mem_free(copy);
    arena_destroy(a);
    return err;
}

static void every_flipped_bit_and_every_cut_is_found(void **state)
{
    (void)state;
    struct event_maker m;
    maker_init(&m, test_seed(2));
    struct event *events = maker_events(&m, 12, 5, 3);
    struct strbuf out = {0};
    struct why why = {0};
    block_encode(events, 12, 99, &out);
    assert_int_equal(decode(strbuf_str(&out), &why), ERR_OK);
    for (size_t bit = 0; bit < out.len * 8; bit++) {
        out.p[bit / 8] ^= (char)(1 << bit % 8);
        why = (struct why){0};
        assert_int_equal(decode(strbuf_str(&out), &why), ERR_CORRUPT);
        assert_int_equal(why.msg, MSG_CORRUPT);
        assert_non_null(strstr(why.args, "block 7"));
        out.p[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < out.len; len++) {
        assert_int_equal(decode((struct str){out.p, len}, &why), ERR_CORRUPT);
    }
    strbuf_finish(&out);
    maker_finish(&m);
}

static void resign(struct strbuf *out)
{
    uint64_t sum = hash_xxh3(out->p, out->len - sizeof(sum));
    memcpy(out->p + out->len - sizeof(sum), &sum, sizeof(sum));
}

static void a_newer_version_is_told_from_damage(void **state)
{
    (void)state;
    struct event ev = {.kind = 1, .amount = HISTORY_NO_AMOUNT};
    struct strbuf out = {0};
    struct why why = {0};
    block_encode(&ev, 1, 1, &out);
    out.p[4] = 2;
    resign(&out);
    assert_int_equal(decode(strbuf_str(&out), &why), ERR_CORRUPT);
    assert_int_equal(why.msg, MSG_NEWER);
    strbuf_finish(&out);
}

/* With the checksum made right again, so that the decoder itself is what refuses. */
static void forged_blocks_give_sound_events_or_fail(void **state)
{
    (void)state;
    struct event_maker m;
    maker_init(&m, test_seed(3));
    size_t refused = 0;
    for (unsigned trial = 0; trial < 20000; trial++) {
        size_t count = 1 + rng_below(&m.rng, 6);
        struct event *events = maker_events(&m, count, 5, 3);
        struct strbuf out = {0};
        struct why why;
        block_encode(events, count, 1, &out);
        for (unsigned hit = 0; hit < 2; hit++) {
            size_t place = 24 + rng_below(&m.rng, out.len - 32);
            out.p[place] = (char)(rng_below(&m.rng, 2) ? 0xff : rng_next(&m.rng));
        }
        resign(&out);
        struct arena *a = arena_create(0);
        struct block block;
        enum err err = block_decode(strbuf_str(&out), "block 7", a, &block, &why);
        refused += err != ERR_OK;
        for (size_t i = 0; err == ERR_OK && i < block.count; i++)
            assert_sound(&block.events[i]);
        arena_destroy(a);
        strbuf_finish(&out);
        maker_reset(&m);
    }
    assert_in_range(refused, 100, 19999);
    maker_finish(&m);
}

static void a_count_that_does_not_fit_is_refused_before_memory_is_taken(void **state)
{
    (void)state;
    struct event ev = {.kind = 1, .amount = HISTORY_NO_AMOUNT};
    struct strbuf out = {0};
    struct why why;
    block_encode(&ev, 1, 1, &out);
    memset(out.p + 16, 0xff, 4);
    resign(&out);
    struct arena *a = arena_create(1024 * 1024);
    struct block block;
    assert_int_equal(block_decode(strbuf_str(&out), "b", a, &block, &why), ERR_CORRUPT);
    arena_destroy(a);
    strbuf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_give_back_what_went_in),
        cmocka_unit_test(the_extremes_of_every_field_come_back),
        cmocka_unit_test(every_flipped_bit_and_every_cut_is_found),
        cmocka_unit_test(a_newer_version_is_told_from_damage),
        cmocka_unit_test(forged_blocks_give_sound_events_or_fail),
        cmocka_unit_test(a_count_that_does_not_fit_is_refused_before_memory_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
