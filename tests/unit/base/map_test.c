/* map_test.c - against a plain array as the model, and the order of insertion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "base/map.h"
#include "base/mem.h"

#define MODEL_KEYS 700

static void an_empty_map_holds_nothing(void **state)
{
    (void)state;
    struct map *m = map_create();
    uint64_t value = 42;
    size_t cursor = 0;
    struct str key;
    assert_false(map_get(m, STR("a"), &value));
    assert_false(map_remove(m, STR("a")));
    assert_false(map_next(m, &cursor, &key, &value));
    assert_int_equal(value, 42);
    map_reset(m);
    assert_int_equal(map_count(m), 0);
    map_destroy(m);
    map_destroy(NULL);
}

static void keys_are_bytes_and_are_copied(void **state)
{
    (void)state;
    struct map *m = map_create();
    char key[] = "abc";
    uint64_t value = 0;
    map_put(m, (struct str){key, 3}, 1);
    map_put(m, STR("a\0b"), 2);
    map_put(m, STR("a\0c"), 3);
    map_put(m, (struct str){NULL, 0}, 4);
    key[0] = 'x';
    assert_true(map_get(m, STR("abc"), &value));
    assert_int_equal(value, 1);
    assert_true(map_get(m, STR("a\0c"), &value));
    assert_int_equal(value, 3);
    assert_true(map_get(m, STR(""), &value));
    assert_int_equal(value, 4);
    assert_false(map_get(m, STR("xbc"), &value));
    map_put(m, STR("abc"), 9);
    assert_true(map_get(m, STR("abc"), &value));
    assert_int_equal(value, 9);
    assert_int_equal(map_count(m), 4);
    map_destroy(m);
}

/* Key number i: of any length from 0 to far over what is pooled. */
static struct str model_key(size_t i, char *buffer, size_t size)
{
    int len = snprintf(buffer, size, "%zu", i);
    size_t total = i == 0 ? 0 : (size_t)len + i * 37 % 900;
    for (size_t k = (size_t)len; k < total; k++) {
        buffer[k] = (char)('a' + k % 26);
    }
    return (struct str){buffer, total};
}

struct model {
    uint64_t value[MODEL_KEYS]; /* 0 = absent */
    uint64_t born[MODEL_KEYS];  /* step of insertion, for the order */
};

static void compare(const struct map *m, const struct model *model)
{
    char buffer[1024];
    size_t count = 0;
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        uint64_t value = 0;
        bool there = map_get(m, model_key(i, buffer, sizeof(buffer)), &value);
        assert_int_equal(there, model->value[i] != 0);
        assert_int_equal(value, model->value[i]);
        count += there;
    }
    assert_int_equal(map_count(m), count);
    uint64_t last_born = 0;
    struct str key;
    uint64_t value;
    size_t seen = 0;
    for (size_t cursor = 0; map_next(m, &cursor, &key, &value); seen++) {
        size_t i = value % MODEL_KEYS;
        assert_true(str_eq(key, model_key(i, buffer, sizeof(buffer))));
        assert_true(model->value[i] == value);
        assert_true(model->born[i] > last_born);
        last_born = model->born[i];
    }
    assert_int_equal(seen, count);
}

static void a_map_behaves_as_a_plain_array_does(void **state)
{
    (void)state;
    uint64_t seed = 31;
    struct rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    struct map *m = map_create();
    struct model *model = mem_alloc(sizeof(*model));
    char buffer[1024];
    for (uint64_t step = 1; step <= 60000; step++) {
        size_t i = rng_below(&rng, MODEL_KEYS);
        struct str key = model_key(i, buffer, sizeof(buffer));
        if (rng_below(&rng, 100) < (step / 5000 % 2 ? 30 : 60)) {
            if (!model->value[i]) model->born[i] = step;
            model->value[i] = step * MODEL_KEYS + i;
            map_put(m, key, model->value[i]);
        } else {
            assert_int_equal(map_remove(m, key), model->value[i] != 0);
            model->value[i] = 0;
        }
        if (step % 5000 == 0) compare(m, model);
        if (step == 30000) {
            map_reset(m);
            memset(model, 0, sizeof(*model));
        }
    }
    mem_free(model);
    map_destroy(m);
}

static void stored_keys_stay_where_they_are_while_the_map_grows(void **state)
{
    (void)state;
    struct map *m = map_create();
    map_put(m, STR("first"), 1);
    size_t cursor = 0;
    struct str first;
    uint64_t value;
    assert_true(map_next(m, &cursor, &first, &value));
    for (int i = 0; i < 5000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "key %d", i);
        map_put(m, str_of(text), (uint64_t)i);
        if (i % 3 == 0) map_remove(m, str_of(text));
    }
    struct str again;
    cursor = 0;
    assert_true(map_next(m, &cursor, &again, &value));
    assert_ptr_equal(first.p, again.p);
    assert_true(str_is(first, "first"));
    map_destroy(m);
}

static void a_key_may_be_the_maps_own_copy(void **state)
{
    (void)state;
    struct map *m = map_create();
    map_put(m, STR("one"), 1);
    map_put(m, STR("two"), 2);
    struct str key;
    uint64_t value;
    size_t cursor = 0;
    assert_true(map_next(m, &cursor, &key, &value));
    map_put(m, key, 5);
    assert_true(map_get(m, STR("one"), &value));
    assert_int_equal(value, 5);
    assert_true(map_remove(m, key));
    assert_false(map_get(m, STR("one"), &value));
    assert_int_equal(map_count(m), 1);
    map_destroy(m);
}

static void bytes_of_removed_keys_are_used_again(void **state)
{
    (void)state;
    struct map *m = map_create();
    const char *places[3];
    map_put(m, STR("a key of two steps 1"), 1);
    map_put(m, STR("a key of two steps 2"), 2);
    for (size_t round = 0; round < 2; round++) {
        struct str key;
        uint64_t value;
        size_t cursor = 0;
        while (map_next(m, &cursor, &key, &value)) {
            if (round == 0) {
                places[value] = key.p;
            } else {
                assert_true(key.p == places[1] || key.p == places[2]);
            }
        }
        assert_int_equal(map_remove(m, STR("a key of two steps 1")), round == 0);
        assert_int_equal(map_remove(m, STR("a key of two steps 2")), round == 0);
        if (round == 0) map_put(m, STR("a key of two steps 3"), 3);
        if (round == 0) map_put(m, STR("a key of two steps 4"), 4);
    }
    assert_int_equal(map_count(m), 2);
    map_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_holds_nothing),
        cmocka_unit_test(keys_are_bytes_and_are_copied),
        cmocka_unit_test(a_map_behaves_as_a_plain_array_does),
        cmocka_unit_test(stored_keys_stay_where_they_are_while_the_map_grows),
        cmocka_unit_test(a_key_may_be_the_maps_own_copy),
        cmocka_unit_test(bytes_of_removed_keys_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
