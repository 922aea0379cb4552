/* codeset_test.c - 64 codes at once against one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/codeset.h"
#include "base/cpu.h"
#include "base/env.h"

#define CODES 200

static void matches_are_those_of_one_by_one(void **state)
{
    (void)state;
    static const uint16_t edges[] = {0, 1, 63, 64, 65534, 65535};
    struct rng rng;
    rng_init(&rng, 5);
    for (uint32_t round = 0; round < 400; round++) {
        struct codeset s = {0};
        uint16_t code[CODES];
        uint64_t bits[CODES / 64 + 1];
        uint32_t size = round % 40, count = (uint32_t)rng_below(&rng, CODES + 1), found = 0;
        for (uint32_t i = 0; i < size; i++) {
            codeset_add(&s, i < 6 && round % 2 ? edges[i] : (uint16_t)rng_below(&rng, 60));
        }
        for (uint32_t i = 0; i < count; i++) {
            code[i] = rng_below(&rng, 4) ? (uint16_t)rng_below(&rng, 40) : edges[i % 6];
        }
        cpu_limit((enum cpu_level)rng_below(&rng, 3));
        uint32_t matched = codeset_match_all(&s, code, count, bits);
        cpu_limit(CPU_AVX512);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(bits[i / 64] >> i % 64 & 1, codeset_has(&s, code[i]));
            found += codeset_has(&s, code[i]);
        }
        assert_int_equal(matched, found);
        assert_int_equal(codeset_meets(&s, code, count), found > 0);
        if (count % 64) assert_int_equal(bits[count / 64] >> count % 64, 0);
        assert_int_equal(codeset_miss_all(&s, code, count, bits), count - found);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(bits[i / 64] >> i % 64 & 1, !codeset_has(&s, code[i]));
        if (count % 64) assert_int_equal(bits[count / 64] >> count % 64, 0);
    }
}

static void a_code_is_added_once(void **state)
{
    (void)state;
    struct codeset s = {0};
    for (uint32_t i = 0; i < 100; i++)
        codeset_add(&s, (uint16_t)(i % 10));
    assert_int_equal(s.count, 10);
    for (uint16_t code = 0; code < 20; code++)
        assert_int_equal(codeset_has(&s, code), code < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_are_those_of_one_by_one),
        cmocka_unit_test(a_code_is_added_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
