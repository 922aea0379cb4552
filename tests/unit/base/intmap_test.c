/* intmap_test.c - against a plain array as the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/env.h"
#include "base/map.h"
#include "base/mem.h"
#include "child.h"

#define MODEL_KEYS 3000

/* Keys near each other, far apart, and at both ends. */
static uint64_t model_key(size_t i)
{
    if (i % 3 == 0) return i;
    if (i % 3 == 1) return UINT64_MAX - 1 - i;
    return (uint64_t)i << 40;
}

static void compare(const struct intmap *m, const uint64_t *model)
{
    size_t count = 0;
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        uint64_t value = 0;
        bool there = intmap_get(m, model_key(i), &value);
        assert_int_equal(there, model[i] != 0);
        assert_int_equal(value, model[i]);
        count += there;
    }
    assert_int_equal(intmap_count(m), count);
    size_t seen = 0;
    uint64_t key;
    uint64_t value;
    for (size_t cursor = 0; intmap_next(m, &cursor, &key, &value); seen++) {
        size_t i = value % MODEL_KEYS;
        assert_true(key == model_key(i));
        assert_true(value == model[i]);
    }
    assert_int_equal(seen, count);
}

static void an_intmap_behaves_as_a_plain_array_does(void **state)
{
    (void)state;
    uint64_t seed = 97;
    struct rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    struct intmap *m = intmap_create();
    uint64_t *model = mem_alloc_array(MODEL_KEYS, sizeof(*model));
    for (uint64_t step = 1; step <= 200000; step++) {
        size_t i = rng_below(&rng, MODEL_KEYS);
        if (rng_below(&rng, 100) < (step / 20000 % 2 ? 30 : 65)) {
            model[i] = step * MODEL_KEYS + i;
            intmap_put(m, model_key(i), model[i]);
        } else {
            assert_int_equal(intmap_remove(m, model_key(i)), model[i] != 0);
            model[i] = 0;
        }
        if (step % 20000 == 0) compare(m, model);
        if (step == 100000) {
            intmap_reset(m);
            memset(model, 0, MODEL_KEYS * sizeof(*model));
            compare(m, model);
        }
    }
    mem_free(model);
    intmap_destroy(m);
    intmap_destroy(NULL);
}

static void put_the_reserved_key(void)
{
    intmap_put(intmap_create(), UINT64_MAX, 1);
}

static void the_reserved_key_is_never_there(void **state)
{
    (void)state;
    struct intmap *m = intmap_create();
    uint64_t value = 42;
    assert_false(intmap_get(m, UINT64_MAX, &value));
    assert_false(intmap_remove(m, UINT64_MAX));
    assert_int_equal(value, 42);
    intmap_destroy(m);
    assert_true(child_aborts(put_the_reserved_key, "UINT64_MAX"));
}

static void a_million_dense_keys_are_all_found(void **state)
{
    (void)state;
    struct intmap *m = intmap_create();
    for (uint64_t i = 0; i < 1000000; i++) {
        intmap_put(m, i, i * 3);
    }
    assert_int_equal(intmap_count(m), 1000000);
    for (uint64_t i = 0; i < 1000000; i++) {
        uint64_t value = 0;
        assert_true(intmap_get(m, i, &value));
        assert_true(value == i * 3);
    }
    uint64_t value = 0;
    assert_false(intmap_get(m, 1000000, &value));
    intmap_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intmap_behaves_as_a_plain_array_does),
        cmocka_unit_test(the_reserved_key_is_never_there),
        cmocka_unit_test(a_million_dense_keys_are_all_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
