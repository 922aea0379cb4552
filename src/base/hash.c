/* hash.c - xxHash for checksums, libsodium for everything that must hold against an adversary, but
 * for SHA-256: libcrypto uses the processor's instructions for it, and whole imported files go
 * through it. Its plain functions are called deprecated in favour of ones that need the heap. */
#include "base/hash.h"

#include <assert.h>
#include <pthread.h>
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <sodium.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mem.h"

#ifdef __x86_64__
/* libxxhash's own, by the widest vectors of the processor, and the same number. Its header does not
 * go with the inline functions. */
uint64_t XXH3_64bits_dispatch(const void *p, size_t len);
#else
#define XXH3_64bits_dispatch XXH3_64bits
#endif
#define LONG_BYTES 1024 /* from here on they are worth the call */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "hashes on disk are little-endian");
_Static_assert(sizeof(struct sha256_state) >= sizeof(SHA256_CTX), "state fits");
_Static_assert(SEAL_OVERHEAD == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES +
                                    crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "sealed form");

static void start_sodium(void)
{
    if (sodium_init() < 0) mem_abort("no random source");
}

/* libsodium picks its fastest code once; before every use of it. */
static void need_sodium(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_sodium);
}

uint64_t hash_xxh3(const void *p, size_t len)
{
    return len < LONG_BYTES ? XXH3_64bits(p, len) : XXH3_64bits_dispatch(p, len);
}

struct hash128 hash_keyed(const uint8_t key[32], const void *p, size_t len)
{
    /* SipHash wants 16 key bytes; the sum of two independent halves is as unknown as either. */
    uint8_t short_key[crypto_shorthash_siphashx24_KEYBYTES];
    uint8_t bytes[crypto_shorthash_siphashx24_BYTES];
    for (size_t i = 0; i < sizeof(short_key); i++) {
        short_key[i] = key[i] ^ key[i + sizeof(short_key)];
    }
    crypto_shorthash_siphashx24(bytes, p, len, short_key);
    struct hash128 h;
    memcpy(&h.lo, bytes, sizeof(h.lo));
    memcpy(&h.hi, bytes + sizeof(h.lo), sizeof(h.hi));
    return h;
}

void sha256_init(struct sha256_state *s)
{
    SHA256_Init((SHA256_CTX *)(void *)s);
}

void sha256_add(struct sha256_state *s, const void *p, size_t len)
{
    SHA256_Update((SHA256_CTX *)(void *)s, p, len);
}

struct sha256 sha256_finish(struct sha256_state *s)
{
    struct sha256 out;
    SHA256_Final(out.bytes, (SHA256_CTX *)(void *)s);
    return out;
}

struct sha256 sha256_of(const void *p, size_t len)
{
    struct sha256_state s;
    sha256_init(&s);
    sha256_add(&s, p, len);
    return sha256_finish(&s);
}

void hex_encode(const void *p, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = p;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

#define NO_DIGIT 16u

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return (unsigned)(c - 'A') + 10;
    return NO_DIGIT;
}

void base64_encode(const void *p, size_t len, char *out)
{
    sodium_bin2base64(out, sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL), p, len,
                      sodium_base64_VARIANT_ORIGINAL);
}

bool hex_decode(struct str hex, uint8_t *out, size_t len)
{
    if (hex.len / 2 != len || hex.len % 2) return false;
    for (size_t i = 0; i < hex.len; i++) {
        if (hex_value(hex.p[i]) == NO_DIGIT) return false;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(hex_value(hex.p[2 * i]) << 4 | hex_value(hex.p[2 * i + 1]));
    }
    return true;
}

void key_derive(uint8_t out[32], const uint8_t master[32], uint64_t id, const char context[8])
{
    need_sodium();
    crypto_kdf_derive_from_key(out, 32, id, context, master);
}

void seal(const uint8_t key[32], const uint8_t nonce[24], struct str text, uint8_t *out)
{
    need_sodium();
    memcpy(out, nonce, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
                                               NULL, (const unsigned char *)text.p, text.len, NULL,
                                               0, NULL, nonce, key);
}

bool unseal(const uint8_t key[32], struct str sealed, uint8_t *out)
{
    need_sodium();
    if (sealed.len < SEAL_OVERHEAD) return false;
    const unsigned char *nonce = (const unsigned char *)sealed.p;
    const unsigned char *box = nonce + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    size_t box_len = sealed.len - crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, box, box_len, NULL, 0, nonce,
                                                      key) == 0;
}
