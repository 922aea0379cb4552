/* fold_codec_test.c - damaged bytes: refused, or a fold that still works. */
#include "fold_help.h"

#include "base/env.h"

static const char *const kinds[] = {
    "message.sent",    "order.paid",    "order.refunded",  "group.joined",
    "group.left",      "contact.added", "contact.deleted", "member.assigned",
    "content.viewed",  "dm.received",   "dm.sent",         "invite.paid",
    "invite.accepted", "live.attended", "member.created",  "touch.sent",
};

static struct fold_row pick_row(struct rng *g, int64_t at)
{
    struct fold_row row = row_of(at, kinds[rng_below(g, COUNT(kinds))]);
    row.group = (uint32_t)rng_below(g, 9);
    row.staff = (uint32_t)rng_below(g, 9);
    row.content = (uint32_t)rng_below(g, 9);
    row.order = rng_below(g, 30);
    row.amount = rng_below(g, 3) ? (int64_t)rng_below(g, 1000) : HISTORY_NO_AMOUNT;
    row.known = true;
    return row;
}

static int64_t grow(struct fold *f, const struct fold_names *n, struct rng *g, int64_t at)
{
    for (uint64_t i = rng_below(g, 80); i > 0; i--) {
        at += (int64_t)rng_below(g, 4 * TIME_DAY);
        struct fold_row row = pick_row(g, at);
        fold_event(f, n, &row, NULL, NULL);
    }
    return at;
}

static void damage(struct strbuf *b, struct rng *g)
{
    size_t at = rng_below(g, b->len);
    switch (rng_below(g, 4)) {
    case 0:
        b->len = at;
        break;
    case 1:
        b->p[at] = (char)rng_below(g, 256);
        break;
    case 2:
        b->p[at] = (char)0xff;
        break;
    default:
        b->p[at] = (char)(b->p[at] ^ (1 << rng_below(g, 8)));
        break;
    }
}

/* Whatever was accepted must serve: state, bytes and back, the clock, and more events. */
static void use(struct fold *f, const struct fold_names *n, struct rng *g)
{
    struct fold *copy = fold_create();
    struct strbuf a = {0}, b = {0};
    struct fold_state s;
    fold_get_state(f, n, &s);
    fold_encode(f, &a);
    assert_true(fold_decode(copy, &n->rules, strbuf_str(&a)));
    fold_encode(copy, &b);
    assert_true(str_eq(strbuf_str(&a), strbuf_str(&b)));
    int64_t later = 2 * EVENT_AT_MAX + 1000 * TIME_DAY;
    fold_advance(copy, n, later, NULL, NULL);
    grow(copy, n, g, later);
    fold_get_state(copy, n, &s);
    strbuf_finish(&a);
    strbuf_finish(&b);
    fold_destroy(copy);
}

static void damaged_bytes_are_refused_or_harmless(void **unused)
{
    (void)unused;
    uint64_t seed = 4242;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct rng g;
    rng_init(&g, seed);
    struct fold_names n = names_in("Asia/Shanghai");
    struct fold *f = fold_create(), *victim = fold_create();
    struct strbuf bytes = {0};
    size_t refused = 0;
    for (int i = 0; i < 20000; i++) {
        fold_reset(f);
        grow(f, &n, &g, INT64_C(1700000000000));
        strbuf_reset(&bytes);
        fold_encode(f, &bytes);
        for (uint64_t k = rng_below(&g, 3); k < 3 && bytes.len; k++) {
            damage(&bytes, &g);
        }
        if (fold_decode(victim, &n.rules, strbuf_str(&bytes))) {
            use(victim, &n, &g);
        } else {
            refused++;
            assert_true(fold_last_at(victim) == TIME_NONE);
        }
    }
    assert_in_range(refused, 1000, 19999);
    strbuf_finish(&bytes);
    fold_destroy(f);
    fold_destroy(victim);
}

static void random_bytes_are_refused_or_harmless(void **unused)
{
    (void)unused;
    uint64_t seed = 99;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct rng g;
    rng_init(&g, seed);
    struct fold_names n = names_in("Asia/Shanghai");
    struct fold *f = fold_create();
    for (int i = 0; i < 100000; i++) {
        char bytes[64];
        size_t len = rng_below(&g, sizeof(bytes));
        for (size_t k = 0; k < len; k++) {
            bytes[k] = (char)(rng_below(&g, 3) ? rng_below(&g, 4) : rng_below(&g, 256));
        }
        if (len) bytes[0] = 1;
        if (fold_decode(f, &n.rules, (struct str){bytes, len})) use(f, &n, &g);
    }
    fold_destroy(f);
}

static void every_cut_is_refused(void **unused)
{
    (void)unused;
    struct rng g;
    rng_init(&g, 5);
    struct fold_names n = names_in("Asia/Shanghai");
    struct fold *f = fold_create();
    struct strbuf bytes = {0};
    grow(f, &n, &g, INT64_C(1700000000000));
    fold_encode(f, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        assert_false(fold_decode(f, &n.rules, (struct str){bytes.p, len}));
    }
    assert_true(fold_decode(f, &n.rules, strbuf_str(&bytes)));
    strbuf_add_char(&bytes, 0);
    assert_false(fold_decode(f, &n.rules, strbuf_str(&bytes)));
    strbuf_finish(&bytes);
    fold_destroy(f);
}

static void an_empty_fold_is_three_bytes(void **unused)
{
    (void)unused;
    struct fold_names n = names_in("Asia/Shanghai");
    struct fold *f = fold_create();
    struct strbuf bytes = {0};
    fold_encode(f, &bytes);
    assert_int_equal(bytes.len, 3);
    assert_true(fold_decode(f, &n.rules, strbuf_str(&bytes)));
    strbuf_finish(&bytes);
    fold_destroy(f);
}

/* A fold that was advanced keeps its place through bytes, and reports nothing twice. */
static void an_advanced_fold_keeps_its_moment(void **unused)
{
    (void)unused;
    struct fold_names n = names_in("Asia/Shanghai");
    struct fold *f = fold_create();
    struct changes changes = {.count = 0};
    struct strbuf bytes = {0};
    struct fold_row row = row_of(INT64_C(1700000000000), "group.joined");
    fold_event(f, &n, &row, note_change, &changes);
    fold_advance(f, &n, row.at + 20 * TIME_DAY, note_change, &changes);
    size_t count = changes.count;
    assert_int_equal(changes.items[count - 1].to, STAGE_DORMANT);
    fold_encode(f, &bytes);
    assert_true(fold_decode(f, &n.rules, strbuf_str(&bytes)));
    fold_advance(f, &n, row.at + 21 * TIME_DAY, note_change, &changes);
    assert_int_equal(changes.count, count);
    strbuf_finish(&bytes);
    fold_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_bytes_are_refused_or_harmless),
        cmocka_unit_test(random_bytes_are_refused_or_harmless),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(an_empty_fold_is_three_bytes),
        cmocka_unit_test(an_advanced_fold_keeps_its_moment),
    };
    return cmocka_run_group_tests_name("fold codec", tests, NULL, NULL);
}
