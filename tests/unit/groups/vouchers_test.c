/* vouchers_test.c - what became of vouchers, worked out by hand; and read from a log. */
#include "groups/vouchers.h"

#include "brand_place.h"

#define NOW (PLACE_NOW)

static struct voucher_row row(int days, enum voucher_deed deed, uint64_t which)
{
    return (struct voucher_row){NOW - days * TIME_DAY, deed, true, which};
}

/* As of now, by when it was issued and what became of it:
 *   1 issued 60 days ago, redeemed 30 ago: too old, not counted
 *   2 issued 40 ago, redeemed 10 ago: counted, redeemed
 *   3 issued 40 ago, nothing: counted
 *   4 issued 28 ago, redeemed: counted, redeemed (28 days is old enough)
 *   5 issued 20 ago, redeemed: not settled yet
 *   6 issued 20 ago, expired 5 ago: counted
 *   7 issued 58 ago, expired 27 ago: counted, for it expired in the last 28
 *   8 issued 70 ago, expired 28 ago: not counted
 *   9 issued 40 ago, voided: not counted
 * 2 of 5 are redeemed. */
static void those_that_are_settled_count(void **state)
{
    const struct voucher_row rows[] = {
        row(70, VOUCHER_ISSUED, 8),   row(60, VOUCHER_ISSUED, 1),   row(58, VOUCHER_ISSUED, 7),
        row(40, VOUCHER_ISSUED, 2),   row(40, VOUCHER_ISSUED, 3),   row(40, VOUCHER_ISSUED, 9),
        row(39, VOUCHER_VOIDED, 9),   row(30, VOUCHER_REDEEMED, 1), row(28, VOUCHER_ISSUED, 4),
        row(28, VOUCHER_EXPIRED, 8),  row(27, VOUCHER_EXPIRED, 7),  row(20, VOUCHER_ISSUED, 5),
        row(20, VOUCHER_ISSUED, 6),   row(10, VOUCHER_REDEEMED, 2), row(10, VOUCHER_REDEEMED, 4),
        row(10, VOUCHER_REDEEMED, 5), row(5, VOUCHER_EXPIRED, 6),
    };
    struct share s = {0};
    (void)state;
    vouchers_count(rows, sizeof(rows) / sizeof(rows[0]), NOW, &s);
    assert_true(s.known);
    assert_true(s.hits == 2 && s.of == 5);
}

/* Two without a name, issued 40 and 39 days ago, and one redemption: it takes up the older. One
 * issued elsewhere takes its own fate along. Redeemed twice counts once. */
static void a_fate_is_taken_once(void **state)
{
    struct voucher_row elsewhere = row(45, VOUCHER_ISSUED, 0);
    elsewhere.here = false;
    const struct voucher_row rows[] = {elsewhere,
                                       row(41, VOUCHER_ISSUED, 3),
                                       row(40, VOUCHER_ISSUED, 0),
                                       row(39, VOUCHER_ISSUED, 0),
                                       row(30, VOUCHER_REDEEMED, 0),
                                       row(29, VOUCHER_REDEEMED, 0),
                                       row(20, VOUCHER_REDEEMED, 3),
                                       row(19, VOUCHER_REDEEMED, 3)};
    struct share s = {0};
    (void)state;
    vouchers_count(rows, sizeof(rows) / sizeof(rows[0]), NOW, &s);
    assert_true(s.hits == 2 && s.of == 3);
    s = (struct share){0};
    vouchers_count(rows, 1, NOW, &s);
    assert_false(s.known); /* not one of the group: nothing is known, and that is no 0 */
}

/* ---- from a log ---- */

static enum err run_record(struct tx *tx, void *arg, struct why *why)
{
    static const struct sender room = {.level = SENDER_ROOM, .origin = {"room", 4}};
    struct people_result result;
    return people_record(tx, &room, arg, &result, why);
}

static void tell(struct place *p, const char *kind, const char *which, int days, const char *group)
{
    struct identity who = {IDENTITY_USER, STR("ann")};
    struct fact_value props[] = {{STR("voucher"), PROP_TEXT, 0, str_of(which)}};
    struct fact f = {.at = NOW - days * TIME_DAY,
                     .kind = str_of(kind),
                     .who = &who,
                     .who_count = 1,
                     .amount = HISTORY_NO_AMOUNT,
                     .props = props,
                     .prop_count = 1};
    struct why why = {0};
    f.code[DIM_GROUP] = str_of(group);
    place_must(brand_call(p->brand, run_record, &f, false, &why), &why, kind);
}

/* Of two given out in the group one is used, at the till, which names no group; a third was given
 * out in another. */
static void vouchers_of_a_group_are_read(void **state)
{
    struct place p;
    struct share s;
    struct why why = {0};
    (void)state;
    place_open(&p, "Asia/Shanghai");
    place_must(vouchers_read(p.brand, 1, NOW, &s, &why), &why, "none");
    assert_false(s.known);
    tell(&p, "voucher.issued", "a", 40, "tea");
    tell(&p, "voucher.issued", "b", 40, "tea");
    tell(&p, "voucher.issued", "c", 40, "milk");
    tell(&p, "voucher.redeemed", "b", 20, NULL);
    tell(&p, "voucher.redeemed", "c", 20, NULL);
    uint32_t tea = registry_find_code(p.brand, DIM_GROUP, STR("tea"));
    place_must(vouchers_read(p.brand, tea, NOW, &s, &why), &why, "tea");
    assert_true(s.known && s.hits == 1 && s.of == 2);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_are_settled_count),
        cmocka_unit_test(a_fate_is_taken_once),
        cmocka_unit_test(vouchers_of_a_group_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
