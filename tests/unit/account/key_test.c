/* key_test.c - keys are found with what they are for, and no secret is stored. */
#include "account/key.h"

#define PLACE_SERVER_TABLES account_migrations
#include "brand_place.h"

#include "base/hash.h"

static const char *const prefixes[] = {"wf_live_", "wf_pub_", "wf_sec_"};

struct world {
    struct place place;
    char text[3][KEY_TEXT_MAX]; /* a key of each kind */
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct why why = {0};
    place_open(&w->place, "UTC");
    for (int i = 0; i < 3; i++)
        place_must(key_create(w->place.data, "shop", (enum key_kind)i, w->text[i], &why), &why,
                   "key_create");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    place_close(&w->place);
    free(w);
    return 0;
}

static struct keyring *ring_of(struct world *w)
{
    struct keyring *ring = NULL;
    struct why why = {0};
    place_must(keyring_load(w->place.data, &ring, &why), &why, "keyring_load");
    return ring;
}

static void a_key_is_found_with_its_kind_and_brand(void **state)
{
    struct world *w = *state;
    for (int round = 0; round < 2; round++) {
        struct keyring *ring = ring_of(w);
        for (uint32_t i = 0; i < 3; i++) {
            assert_true(str_starts(str_of(w->text[i]), str_of(prefixes[i])));
            const struct key *key = keyring_find(ring, str_of(w->text[i]));
            assert_non_null(key);
            assert_int_equal(key->kind, i);
            assert_int_equal(key->number, i + 1);
            assert_string_equal(key->brand, "shop");
        }
        keyring_destroy(ring);
        place_reopen(&w->place);
    }
}

static void what_is_no_key_is_not_found(void **state)
{
    struct world *w = *state;
    struct keyring *ring = ring_of(w);
    char text[2 * KEY_TEXT_MAX];
    size_t len = strlen(w->text[0]);
    for (size_t i = 0; i < len; i++) {
        memcpy(text, w->text[0], len + 1);
        text[i] = text[i] == '0' ? '1' : '0';
        assert_null(keyring_find(ring, str_of(text)));
        assert_null(keyring_find(ring, (struct str){w->text[0], i}));
    }
    memset(text, 'a', sizeof(text));
    assert_null(keyring_find(ring, (struct str){text, sizeof(text)}));
    keyring_destroy(ring);
}

static void only_hashes_are_stored(void **state)
{
    struct world *w = *state;
    struct sql *db = data_server_lock(w->place.data);
    struct sql_stmt *s = sql_use(db, "SELECT hash FROM credential ORDER BY number");
    bool row;
    for (int i = 0; i < 3; i++) {
        struct sha256 hash = sha256_of(w->text[i], strlen(w->text[i]));
        assert_int_equal(sql_step(s, &row), ERR_OK);
        assert_true(row);
        struct str stored = sql_blob(s, 0);
        assert_int_equal(stored.len, sizeof(hash.bytes));
        assert_memory_equal(stored.p, hash.bytes, stored.len);
    }
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_false(row);
    data_server_unlock(w->place.data);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_found_with_its_kind_and_brand),
        TEST(what_is_no_key_is_not_found),
        TEST(only_hashes_are_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
