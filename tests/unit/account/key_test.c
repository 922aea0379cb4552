/* key_test.c - keys are found with what they are for, and no secret is stored. */
#include "account/key.h"

#include "account_place.h"

#include "account/token.h"
#include "base/hash.h"
#include "base/time.h"

static const char *const prefixes[] = {"wf_live_", "wf_pub_", "wf_sec_"};

static char texts[3][KEY_TEXT_MAX]; /* a key of each kind */

static int setup(void **state)
{
    struct why why = {0};
    world_open(state);
    struct world *w = *state;
    for (int i = 0; i < 3; i++)
        place_must(key_create(w->place.data, "shop", (enum key_kind)i, texts[i], &why), &why,
                   "key_create");
    return 0;
}

static struct keyring *ring_of(struct world *w)
{
    return accounts_keys(w->accounts);
}

static uint32_t make(struct world *w, const struct key_new *new, char text[KEY_TEXT_MAX])
{
    uint32_t number = 0;
    struct why why = {0};
    place_must(key_make(ring_of(w), NULL, new, text, &number, &why), &why, "key_make");
    return number;
}

static void a_key_is_found_with_its_kind_and_brand(void **state)
{
    struct world *w = *state;
    for (int round = 0; round < 2; round++) {
        struct keyring *ring = ring_of(w);
        for (uint32_t i = 0; i < 3; i++) {
            assert_true(str_starts(str_of(texts[i]), str_of(prefixes[i])));
            const struct key *key = keyring_find(ring, str_of(texts[i]));
            assert_non_null(key);
            assert_int_equal(key->kind, i);
            assert_int_equal(key->number, i + 1);
            assert_string_equal(key->brand, "shop");
        }
        world_reopen(w);
    }
}

static void what_is_no_key_is_not_found(void **state)
{
    struct world *w = *state;
    struct keyring *ring = ring_of(w);
    char text[2 * KEY_TEXT_MAX];
    size_t len = strlen(texts[0]);
    for (size_t i = 0; i < len; i++) {
        memcpy(text, texts[0], len + 1);
        text[i] = text[i] == '0' ? '1' : '0';
        assert_null(keyring_find(ring, str_of(text)));
        assert_null(keyring_find(ring, (struct str){texts[0], i}));
    }
    memset(text, 'a', sizeof(text));
    assert_null(keyring_find(ring, (struct str){text, sizeof(text)}));
}

static void only_hashes_are_stored(void **state)
{
    struct world *w = *state;
    struct sql *db = data_server_lock(w->place.data);
    struct sql_stmt *s = sql_use(db, "SELECT hash FROM credential ORDER BY number");
    bool row;
    for (int i = 0; i < 3; i++) {
        struct sha256 hash = sha256_of(texts[i], strlen(texts[i]));
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

/* Keys made before they had a checksum: 48 hex digits after the prefix. */
static void a_key_of_the_first_form_is_still_found(void **state)
{
    struct world *w = *state;
    const char *text = "wf_live_0123456789abcdef0123456789abcdef0123456789abcdef";
    struct sha256 hash = sha256_of(text, strlen(text));
    struct sql *db = data_server_lock(w->place.data);
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO credential (number, hash, kind, brand, created_at) VALUES (9, $1, 0, "
            "'shop', 1)");
    sql_bind_blob(s, 1, hash.bytes, sizeof(hash.bytes));
    assert_int_equal(sql_run(s), ERR_OK);
    data_server_unlock(w->place.data);
    world_reopen(w);
    const struct key *key = keyring_find(ring_of(w), str_of(text));
    assert_non_null(key);
    assert_int_equal(key->number, 9);
    assert_int_equal(key->scopes, SCOPES_OF_OLD_TOKENS);
}

static void a_new_key_is_found_at_once_and_a_revoked_one_no_more(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    char text[KEY_TEXT_MAX];
    const struct key_new new = {.brand = "shop",
                                .kind = KEY_TOKEN,
                                .name = STR("till"),
                                .scopes = SCOPE_MEMBERS_READ,
                                .expires_at = TIME_NONE};
    uint32_t number = make(w, &new, text);
    assert_int_equal(strlen(text), 8 + TOKEN_CHARS + TOKEN_CHECK_CHARS);
    const struct key *key = keyring_find(ring_of(w), str_of(text));
    assert_non_null(key);
    assert_int_equal(key->scopes, SCOPE_MEMBERS_READ);
    assert_int_equal(key_revoke(ring_of(w), NULL, "other", number, &why), ERR_NOT_FOUND);
    assert_int_equal(key_revoke(ring_of(w), NULL, "shop", number, &why), ERR_OK);
    assert_null(keyring_find(ring_of(w), str_of(text)));
    assert_int_equal(key->number, number); /* who holds it may go on reading */
    assert_int_equal(key_revoke(ring_of(w), NULL, "shop", number, &why), ERR_NOT_FOUND);
    world_reopen(w);
    assert_null(keyring_find(ring_of(w), str_of(text)));
    assert_non_null(keyring_find(ring_of(w), str_of(texts[0])));
}

static void a_key_expires(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    char text[KEY_TEXT_MAX];
    struct key_new new = {
        .brand = "shop", .kind = KEY_SECRET, .expires_at = w->place.env.now_ms + TIME_DAY};
    make(w, &new, text);
    w->place.env.now_ms += TIME_DAY - 1;
    assert_non_null(keyring_find(ring_of(w), str_of(text)));
    w->place.env.now_ms += 1;
    assert_null(keyring_find(ring_of(w), str_of(text)));
    assert_int_equal(key_make(ring_of(w), NULL, &new, text, NULL, &why), ERR_INVALID);
    assert_string_equal(why.field, "expires_days");
}

static void two_of_a_family_live_at_a_time(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    char first[KEY_TEXT_MAX];
    const struct str origin = STR("https://shop.example");
    const struct key_new new = {.brand = "shop",
                                .kind = KEY_PUBLIC,
                                .name = STR("site"),
                                .expires_at = TIME_NONE,
                                .origins = &origin,
                                .origin_count = 1};
    uint32_t a = make(w, &new, first);
    struct key_made b, c;
    assert_int_equal(key_rotate(ring_of(w), NULL, "other", a, &b, &why), ERR_NOT_FOUND);
    assert_int_equal(key_rotate(ring_of(w), NULL, "shop", a, &b, &why), ERR_OK);
    assert_int_equal(key_rotate(ring_of(w), NULL, "shop", a, &c, &why), ERR_CONFLICT);
    assert_int_equal(key_rotate(ring_of(w), NULL, "shop", b.number, &c, &why), ERR_CONFLICT);
    assert_non_null(keyring_find(ring_of(w), str_of(first)));
    const struct key *key = keyring_find(ring_of(w), str_of(b.text));
    assert_non_null(key);
    assert_int_equal(key->kind, KEY_PUBLIC);
    assert_true(key_allows_origin(key, origin));
    assert_false(key_allows_origin(key, STR("https://evil.example")));
    assert_int_equal(key_revoke(ring_of(w), NULL, "shop", a, &why), ERR_OK);
    assert_int_equal(key_rotate(ring_of(w), NULL, "shop", b.number, &c, &why), ERR_OK);
    assert_non_null(keyring_find(ring_of(w), str_of(c.text)));
}

static void origins_are_of_public_keys_and_well_formed(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    char text[KEY_TEXT_MAX];
    static const struct str bad[] = {
        {"shop.example", 12},
        {"https://", 8},
        {"https://a/b", 11},
        {"https://a b", 11},
        {"ftp://a", 7},
        {"https://a\n", 10},
        {"", 0},
        {"*", 1},
    };
    struct key_new new = {
        .brand = "shop", .kind = KEY_PUBLIC, .expires_at = TIME_NONE, .origin_count = 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        new.origins = &bad[i];
        assert_int_equal(key_make(ring_of(w), NULL, &new, text, NULL, &why), ERR_INVALID);
        assert_string_equal(why.field, "origins");
    }
    const struct str fine = STR("http://[::1]:8080");
    new.origins = &fine;
    make(w, &new, text);
    assert_true(key_allows_origin(keyring_find(ring_of(w), str_of(text)), fine));
    assert_true(key_allows_origin(keyring_find(ring_of(w), str_of(text)), (struct str){NULL, 0}));
    new.kind = KEY_SECRET;
    assert_int_equal(key_make(ring_of(w), NULL, &new, text, NULL, &why), ERR_INVALID);
    assert_true(key_allows_origin(keyring_find(ring_of(w), str_of(texts[1])), STR("https://any")));
}

static void a_list_shows_what_there_is_but_no_secret(void **state)
{
    struct world *w = *state;
    struct key_row *rows;
    size_t count;
    struct why why = {0};
    w->place.env.now_ms += TIME_HOUR;
    assert_non_null(keyring_find(ring_of(w), str_of(texts[0])));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(key_list(ring_of(w), "shop", w->arena, &rows, &count, &why), ERR_OK);
        assert_int_equal(count, 3);
        assert_int_equal(rows[2].number, 1);
        assert_int_equal(rows[2].kind, KEY_TOKEN);
        assert_int_equal(rows[2].prefix.len, KEY_PREFIX_CHARS);
        assert_true(str_starts(str_of(texts[0]), rows[2].prefix));
        assert_int_equal(rows[2].used_at, PLACE_NOW + TIME_HOUR);
        assert_int_equal(rows[1].used_at, TIME_NONE);
        assert_int_equal(rows[1].scopes, 0);
        assert_int_equal(rows[2].expires_at, TIME_NONE);
        world_reopen(w);
    }
    assert_int_equal(key_list(ring_of(w), "other", w->arena, &rows, &count, &why), ERR_OK);
    assert_int_equal(count, 0);
}

static void what_happens_to_keys_is_in_the_audit_log(void **state)
{
    struct world *w = *state;
    struct audit_row *rows;
    size_t count;
    struct why why = {0};
    assert_int_equal(key_revoke(ring_of(w), NULL, "shop", 2, &why), ERR_OK);
    const struct audit_filter filter = {.brand = "shop", .limit = 10};
    assert_int_equal(audit_read(w->place.data, &filter, w->arena, &rows, &count, &why), ERR_OK);
    assert_int_equal(count, 4);
    assert_true(str_is(rows[0].action, "key.revoked") && str_is(rows[0].subject, "key:2"));
    assert_true(str_is(rows[3].action, "key.created"));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(str_find(rows[i].after, (struct str){texts[0] + 12, 20}), SIZE_MAX);
    }
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_found_with_its_kind_and_brand),
        TEST(what_is_no_key_is_not_found),
        TEST(only_hashes_are_stored),
        TEST(a_key_of_the_first_form_is_still_found),
        TEST(a_new_key_is_found_at_once_and_a_revoked_one_no_more),
        TEST(a_key_expires),
        TEST(two_of_a_family_live_at_a_time),
        TEST(origins_are_of_public_keys_and_well_formed),
        TEST(a_list_shows_what_there_is_but_no_secret),
        TEST(what_happens_to_keys_is_in_the_audit_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
