/* cache_test.c - statements are found by address and by text, however many addresses there are. */
#include "store.h"

#include "sql/cache.h"

static void what_was_put_is_found_and_nothing_else(void **state)
{
    (void)state;
    struct stmt_cache *c = stmt_cache_create();
    struct sql_stmt one = {.text = (char[]){"one"}};
    struct sql_stmt two = {.text = (char[]){"two"}};
    const char *text = "one";
    char copy[] = "one";
    assert_null(stmt_cache_get(c, text));
    stmt_cache_put(c, text, &one);
    assert_ptr_equal(stmt_cache_get(c, text), &one);
    assert_ptr_equal(stmt_cache_get(c, copy), &one);
    assert_null(stmt_cache_get(c, "on"));
    assert_null(stmt_cache_get(c, "two"));
    stmt_cache_put(c, "two", &two);
    assert_ptr_equal(stmt_cache_at(c, 0), &one);
    assert_ptr_equal(stmt_cache_at(c, 1), &two);
    assert_null(stmt_cache_at(c, 2));
    stmt_cache_destroy(c);
    stmt_cache_destroy(NULL);
}

static void an_address_used_again_means_its_new_text(void **state)
{
    (void)state;
    struct stmt_cache *c = stmt_cache_create();
    struct sql_stmt one = {.text = (char[]){"one"}};
    struct sql_stmt two = {.text = (char[]){"two"}};
    char text[] = "one";
    stmt_cache_put(c, text, &one);
    stmt_cache_put(c, "two", &two);
    memcpy(text, "two", 3);
    assert_ptr_equal(stmt_cache_get(c, text), &two);
    memcpy(text, "six", 3);
    assert_null(stmt_cache_get(c, text));
    memcpy(text, "one", 3);
    assert_ptr_equal(stmt_cache_get(c, text), &one);
    stmt_cache_destroy(c);
}

#define TEXTS 1200
#define COPIES 3

static void more_addresses_than_slots_are_still_found(void **state)
{
    (void)state;
    static struct sql_stmt stmts[TEXTS];
    static char texts[COPIES][TEXTS][16];
    struct stmt_cache *c = stmt_cache_create();
    for (int i = 0; i < TEXTS; i++) {
        for (int copy = 0; copy < COPIES; copy++) {
            snprintf(texts[copy][i], sizeof(texts[copy][i]), "t%d", i);
        }
        stmts[i].text = texts[0][i];
        stmt_cache_put(c, texts[0][i], &stmts[i]);
    }
    for (int round = 0; round < 2; round++) {
        for (int copy = COPIES - 1; copy >= 0; copy--) {
            for (int i = 0; i < TEXTS; i++) {
                assert_ptr_equal(stmt_cache_get(c, texts[copy][i]), &stmts[i]);
            }
        }
    }
    stmt_cache_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found_and_nothing_else),
        cmocka_unit_test(an_address_used_again_means_its_new_text),
        cmocka_unit_test(more_addresses_than_slots_are_still_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
