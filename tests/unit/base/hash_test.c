/* hash_test.c - published vectors, sealing, hex and keyed hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <xxhash.h>

#include "base/env.h"
#include "base/hash.h"

/* Long bytes go another way than short ones. */
static void xxh3_is_that_of_its_library_whatever_the_length(void **state)
{
    (void)state;
    char bytes[4096];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 31 + i / 251);
    for (size_t len = 0; len <= sizeof(bytes); len++)
        assert_true(hash_xxh3(bytes, len) == XXH3_64bits(bytes, len));
}

static void xxh3_matches_its_published_values(void **state)
{
    (void)state;
    assert_true(hash_xxh3("", 0) == UINT64_C(0x2D06800538D394C2));
    assert_true(hash_xxh3("a", 1) != hash_xxh3("b", 1));
}

static void sha256_matches_its_published_values(void **state)
{
    (void)state;
    char hex[65];
    struct sha256 h = sha256_of("abc", 3);
    hex_encode(h.bytes, 32, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    h = sha256_of(NULL, 0);
    hex_encode(h.bytes, 32, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void sha256_in_pieces_is_sha256_whole(void **state)
{
    (void)state;
    unsigned char data[1000];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (unsigned char)(i * 31);
    }
    struct sha256 whole = sha256_of(data, sizeof(data));
    for (size_t step = 1; step < 200; step += 13) {
        struct sha256_state s;
        sha256_init(&s);
        for (size_t i = 0; i < sizeof(data); i += step) {
            size_t left = sizeof(data) - i;
            sha256_add(&s, data + i, left < step ? left : step);
        }
        assert_memory_equal(sha256_finish(&s).bytes, whole.bytes, 32);
    }
}

static void keyed_hashes_depend_on_every_bit_of_key_and_text(void **state)
{
    (void)state;
    uint8_t key[32];
    uint8_t text[24];
    for (size_t i = 0; i < 32; i++) {
        key[i] = (uint8_t)(i * 7);
    }
    memset(text, 0x5A, sizeof(text));
    struct hash128 base = hash_keyed(key, text, sizeof(text));
    assert_true(hash128_eq(base, hash_keyed(key, text, sizeof(text))));
    for (size_t bit = 0; bit < 256; bit++) {
        key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(hash128_eq(base, hash_keyed(key, text, sizeof(text))));
        key[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof(text); bit++) {
        text[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(hash128_eq(base, hash_keyed(key, text, sizeof(text))));
        text[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_false(hash128_eq(base, hash_keyed(key, text, sizeof(text) - 1)));
}

static void keyed_hash_is_siphash_2_4_128_on_disk_for_ever(void **state)
{
    (void)state;
    /* Vectors of the reference code: key 00 .. 0f, messages 00 01 02 .. of these lengths. */
    static const struct {
        size_t len;
        const char *hash;
    } vectors[] = {{0, "a3817f04ba25a8e66df67214c7550293"},
                   {1, "da87c1d86b99af44347659119b22fc45"},
                   {3, "9c70b60c5267a94e5f33b6b02985ed51"}};
    static const uint8_t message[] = {0, 1, 2};
    uint8_t key[32] = {0};
    for (uint8_t i = 0; i < 16; i++) {
        key[i] = i;
    }
    for (size_t i = 0; i < 3; i++) {
        uint8_t expected[16];
        assert_true(hex_decode(str_of(vectors[i].hash), expected, 16));
        struct hash128 h = hash_keyed(key, message, vectors[i].len);
        assert_memory_equal(&h.lo, expected, 8);
        assert_memory_equal(&h.hi, expected + 8, 8);
    }
}

static void hex_survives_both_ways_and_refuses_the_rest(void **state)
{
    (void)state;
    uint8_t bytes[256];
    uint8_t back[256];
    char hex[513];
    for (size_t i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
    }
    hex_encode(bytes, 256, hex);
    assert_true(hex_decode(str_of(hex), back, 256));
    assert_memory_equal(bytes, back, 256);
    assert_true(hex_decode(STR("AbCd"), back, 2));
    assert_int_equal(back[0], 0xAB);
    static const char *const bad[] = {"", "0", "000", "0g", "g0", "00000", " 00", "0x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t out[2] = {42, 42};
        assert_false(hex_decode(str_of(bad[i]), out, strlen(bad[i]) == 2 ? 1 : 2));
        assert_int_equal(out[0], 42);
    }
}

static void sealed_text_opens_with_its_key_only_and_unchanged(void **state)
{
    (void)state;
    uint8_t key[32];
    uint8_t nonce[24];
    uint8_t sealed[SEAL_OVERHEAD + 11];
    uint8_t opened[11];
    env_random(env_system(), key, sizeof(key));
    env_random(env_system(), nonce, sizeof(nonce));
    seal(key, nonce, STR("+8613800138"), sealed);
    struct str box = {(const char *)sealed, sizeof(sealed)};
    assert_true(unseal(key, box, opened));
    assert_memory_equal(opened, "+8613800138", 11);
    for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(unseal(key, box, opened));
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    key[31] ^= 1;
    assert_false(unseal(key, box, opened));
    key[31] ^= 1;
    for (size_t len = 0; len < sizeof(sealed); len++) {
        assert_false(unseal(key, (struct str){box.p, len}, opened));
    }
    seal(key, nonce, (struct str){NULL, 0}, sealed);
    assert_true(unseal(key, (struct str){(const char *)sealed, SEAL_OVERHEAD}, opened));
}

static void subkeys_differ_by_id_context_and_master(void **state)
{
    (void)state;
    uint8_t master[32] = {1, 2, 3};
    uint8_t a[32];
    uint8_t b[32];
    key_derive(a, master, 1, "identity");
    key_derive(b, master, 1, "identity");
    assert_memory_equal(a, b, 32);
    key_derive(b, master, 2, "identity");
    assert_memory_not_equal(a, b, 32);
    key_derive(b, master, 1, "dedupe__");
    assert_memory_not_equal(a, b, 32);
    master[31] = 9;
    key_derive(b, master, 1, "identity");
    assert_memory_not_equal(a, b, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xxh3_matches_its_published_values),
        cmocka_unit_test(xxh3_is_that_of_its_library_whatever_the_length),
        cmocka_unit_test(sha256_matches_its_published_values),
        cmocka_unit_test(sha256_in_pieces_is_sha256_whole),
        cmocka_unit_test(keyed_hashes_depend_on_every_bit_of_key_and_text),
        cmocka_unit_test(keyed_hash_is_siphash_2_4_128_on_disk_for_ever),
        cmocka_unit_test(hex_survives_both_ways_and_refuses_the_rest),
        cmocka_unit_test(sealed_text_opens_with_its_key_only_and_unchanged),
        cmocka_unit_test(subkeys_differ_by_id_context_and_master),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
