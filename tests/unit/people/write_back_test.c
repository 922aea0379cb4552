/* write_back_test.c - a round of write-back is over when every member of it has been written. */
#include "joined.h"

#define MEMBERS 8

static enum err record(struct tx *tx, int user, int64_t at, struct why *why)
{
    char name[8];
    snprintf(name, sizeof(name), "u%d", user);
    return record_joined(tx, name, at, why);
}

static enum err run_all(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    for (int i = 0; i < MEMBERS; i++)
        TRY(record(tx, i, PLACE_NOW, why));
    return ERR_OK;
}

/* The first has a late event, which the log does not hold before this batch is over; the others
 * are written, one to a slice. */
static enum err run_slices(struct tx *tx, void *arg, struct why *why)
{
    void *state = brand_module_state(tx_brand(tx), &people_module);
    int *over = arg;
    TRY(record(tx, 0, PLACE_NOW - TIME_DAY, why));
    for (int i = 0; i < 2 * MEMBERS; i++) {
        bool clean;
        TRY(people_module.on_flush(tx, state, 1, &clean));
        *over += clean;
    }
    return ERR_OK;
}

static void a_round_is_not_over_while_one_of_an_earlier_slice_waits(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    int over = 0;
    place_open(&p, "Asia/Shanghai");
    place_must(brand_call(p.brand, run_all, NULL, false, &why), &why, "members");
    place_must(brand_call(p.brand, run_slices, &over, false, &why), &why, "slices");
    assert_int_equal(over, 0);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_is_not_over_while_one_of_an_earlier_slice_waits),
    };
    return cmocka_run_group_tests_name("write-back", tests, NULL, NULL);
}
