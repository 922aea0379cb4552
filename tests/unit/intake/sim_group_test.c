/* sim_group_test.c - 600 simulated groups: is each kind told from the others, and is hardly anybody
 * honest suspected? */
#include "intake/sim_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "groups/health.h"
#include "groups/suspect.h"

#define FROM INT64_C(1735660800000) /* 2025-01-01 00:00 in Shanghai */
enum { EACH = 100 };

/* What a kind should be found to be. */
static const enum archetype expected[SIM_KINDS] = {
    [SIM_MONOLOGUE] = ARCHETYPE_MONOLOGUE,
    [SIM_STAGED] = ARCHETYPE_STAGED,
    [SIM_SELF_CENTRED] = ARCHETYPE_SELF_CENTRED,
    [SIM_SELF_DRIVEN] = ARCHETYPE_SELF_DRIVEN,
    [SIM_COURSE] = ARCHETYPE_LED,
    [SIM_FLASH_SALE] = ARCHETYPE_LED,
};
/* And of those that are led, how. */
static const enum leading led_as[SIM_KINDS] = {
    [SIM_COURSE] = LEADING_COURSE,
    [SIM_FLASH_SALE] = LEADING_SALE,
};

struct tally {
    int found[SIM_KINDS][ARCHETYPE_COUNT][LEADING_SALE + 1];
    uint32_t honest[SIM_KINDS], flagged[SIM_KINDS];
    uint32_t shills, caught;
    uint32_t signs[SIGN_HARD_COUNT]; /* that honest accounts were suspected for */
};

static struct str text_of(void *ctx, uint32_t message)
{
    const struct sim_talk *s = ctx;
    return s->lines.items[message].text;
}

static struct talk talk_of(const struct sim_talk *s, struct arena *a)
{
    uint32_t accounts = sim_talk_accounts(s), count = (uint32_t)s->lines.count;
    struct talk_account *account = arena_alloc_array(a, accounts, sizeof(*account));
    struct talk_message *message = arena_alloc_array(a, count + 1, sizeof(*message));
    uint32_t *last = arena_alloc_array(a, accounts, sizeof(*last));
    for (uint32_t i = 0; i < accounts; i++) {
        account[i] = (struct talk_account){.persona = i + 1,
                                           .role = i < s->staff ? ACCOUNT_STAFF : ACCOUNT_MEMBER,
                                           .in = true,
                                           .joined = TIME_NONE,
                                           .left = TIME_NONE,
                                           .inviter = TALK_NONE};
        last[i] = TALK_NONE;
    }
    for (uint32_t i = 0; i < count; i++) {
        message[i] = s->lines.items[i].said;
        if (message[i].to != TALK_NONE) message[i].target = last[message[i].to];
        last[message[i].account] = i;
    }
    return (struct talk){.from = s->from,
                         .to = s->from + TALK_DAYS * TIME_DAY,
                         .zone = zone_open("Asia/Shanghai"),
                         .hours = {9 * 60, 22 * 60},
                         .messages = message,
                         .message_count = count,
                         .accounts = account,
                         .account_count = accounts};
}

static void judge(enum sim_kind kind, uint64_t seed, struct tally *t)
{
    struct arena *a = arena_create(0);
    struct sim_talk s;
    sim_talk_make(&s, kind, seed, FROM);
    struct talk talk = talk_of(&s, a);
    struct suspect_ask ask = {.talk = &talk, .text = text_of, .ctx = &s};
    struct suspects suspects;
    suspects_find(&ask, a, &suspects);
    for (uint32_t i = 0; i < suspects.count; i++) {
        const struct suspect *x = &suspects.items[i];
        for (int k = 0; k < SIGN_HARD_COUNT && !sim_talk_is_shill(&s, x->account); k++)
            t->signs[k] += x->signs >> k & 1;
    }
    struct health_ask health_ask = {.talk = &talk, .suspect = suspects.flagged};
    struct health h;
    health_make(&health_ask, a, &h);
    t->found[kind][h.archetype][h.leading]++;
    for (uint32_t i = s.staff; i < talk.account_count; i++) {
        bool shill = sim_talk_is_shill(&s, i);
        t->shills += shill;
        t->caught += shill && suspects.flagged[i];
        t->honest[kind] += !shill;
        t->flagged[kind] += !shill && suspects.flagged[i];
    }
    sim_talk_finish(&s);
    arena_destroy(a);
}

/* The columns of the table: six kinds by eight verdicts. */
static const struct {
    enum archetype is;
    enum leading led;
} verdicts[] = {{ARCHETYPE_MONOLOGUE, LEADING_NOT},    {ARCHETYPE_STAGED, LEADING_NOT},
                {ARCHETYPE_SELF_CENTRED, LEADING_NOT}, {ARCHETYPE_SELF_DRIVEN, LEADING_NOT},
                {ARCHETYPE_LED, LEADING_COURSE},       {ARCHETYPE_LED, LEADING_SALE},
                {ARCHETYPE_MIXED, LEADING_NOT},        {ARCHETYPE_UNCLEAR, LEADING_NOT}};
enum { VERDICTS = sizeof(verdicts) / sizeof(verdicts[0]) };

static int print_table(const struct tally *t)
{
    int right = 0;
    printf("%-13s", "");
    for (int v = 0; v < VERDICTS; v++)
        printf(" %12s",
               verdicts[v].led ? leading_name(verdicts[v].led) : archetype_name(verdicts[v].is));
    printf("  suspected of honest\n");
    for (int k = 0; k < SIM_KINDS; k++) {
        printf("%-13s", sim_kind_name((enum sim_kind)k));
        for (int v = 0; v < VERDICTS; v++)
            printf(" %12d", t->found[k][verdicts[v].is][verdicts[v].led]);
        printf("  %u of %u\n", t->flagged[k], t->honest[k]);
        right += t->found[k][expected[k]][led_as[k]];
    }
    printf("told apart %d of %d; shills found %u of %u\n", right, SIM_KINDS * EACH, t->caught,
           t->shills);
    for (int k = 0; k < SIGN_HARD_COUNT; k++)
        printf("honest suspected for %s: %u\n", suspect_sign_name((enum suspect_sign)k),
               t->signs[k]);
    return right;
}

static void six_kinds_are_told_apart_and_the_honest_left_alone(void **state)
{
    static struct tally t;
    uint32_t honest = 0, flagged = 0;
    (void)state;
    for (int k = 0; k < SIM_KINDS; k++) {
        for (uint64_t seed = 1; seed <= EACH; seed++)
            judge((enum sim_kind)k, seed, &t);
        honest += t.honest[k];
        flagged += t.flagged[k];
    }
    int right = print_table(&t);
    assert_true(right * 100 >= 95 * SIM_KINDS * EACH);
    assert_true(flagged * 100 <= honest);
    uint32_t sale = t.flagged[SIM_FLASH_SALE] + t.flagged[SIM_COURSE];
    assert_true(sale * 100 <= t.honest[SIM_FLASH_SALE] + t.honest[SIM_COURSE]);
    assert_true(t.caught * 10 >= t.shills * 9);
}

static void a_seed_gives_one_talk(void **state)
{
    struct sim_talk a, b, c;
    (void)state;
    sim_talk_make(&a, SIM_STAGED, 5, FROM);
    sim_talk_make(&b, SIM_STAGED, 5, FROM);
    sim_talk_make(&c, SIM_STAGED, 6, FROM);
    assert_int_equal(a.lines.count, b.lines.count);
    for (size_t i = 0; i < a.lines.count; i++) {
        assert_true(str_eq(a.lines.items[i].text, b.lines.items[i].text));
        assert_true(a.lines.items[i].said.at == b.lines.items[i].said.at);
        assert_true(i == 0 || a.lines.items[i].said.at >= a.lines.items[i - 1].said.at);
    }
    assert_true(a.lines.count != c.lines.count || a.members != c.members);
    assert_true(a.members >= 25 && a.members <= 480 && a.shills >= 3 && a.staff >= 1);
    sim_talk_finish(&a);
    sim_talk_finish(&b);
    sim_talk_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_kinds_are_told_apart_and_the_honest_left_alone),
        cmocka_unit_test(a_seed_gives_one_talk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
