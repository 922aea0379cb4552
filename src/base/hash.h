/* hash.h - XXH3-64 checksums, keyed 128-bit hashes, SHA-256, sealing (libsodium). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

uint64_t hash_xxh3(const void *p, size_t len);

/* The first and the last bytes of a text. With its length they are all of one of ENDS_WHOLE bytes
 * or fewer. */
#define ENDS_WHOLE 16
struct text_ends {
    uint64_t head, tail;
};
static inline struct text_ends ends_of(struct str s)
{
    struct text_ends e = {0, 0};
    if (s.len >= 8) {
        memcpy(&e.head, s.p, 8);
        memcpy(&e.tail, s.p + s.len - 8, 8);
    } else if (s.len >= 4) {
        memcpy(&e.head, s.p, 4);
        memcpy(&e.tail, s.p + s.len - 4, 4);
    } else if (s.len) {
        e.head = (unsigned char)s.p[0];
        e.tail = (uint64_t)(unsigned char)s.p[s.len / 2] << 8 | (unsigned char)s.p[s.len - 1];
    }
    return e;
}
/* For small caches of short texts, whose collisions cost time and nothing else: looks at both ends
 * of the text only. The high bits are the good ones. */
static inline uint64_t hash_ends(struct str s)
{
    struct text_ends e = ends_of(s);
    uint64_t mixed = (e.head ^ s.len) * UINT64_C(0x9E3779B97F4A7C15) ^ e.tail;
    return (mixed ^ mixed >> 32) * UINT64_C(0xD6E8FEB86659FD93);
}

struct hash128 {
    uint64_t lo, hi;
};
static inline bool hash128_eq(struct hash128 a, struct hash128 b)
{
    return a.lo == b.lo && a.hi == b.hi;
}
/* Keyed, not invertible without the key (BLAKE2b-128, or SipHash-2-4-128). */
struct hash128 hash_keyed(const uint8_t key[32], const void *p, size_t len);

struct sha256 {
    uint8_t bytes[32];
};
struct sha256_state {
    uint64_t opaque[16];
};
void sha256_init(struct sha256_state *s);
void sha256_add(struct sha256_state *s, const void *p, size_t len);
struct sha256 sha256_finish(struct sha256_state *s);
struct sha256 sha256_of(const void *p, size_t len);
void hex_encode(const void *p, size_t len, char *out); /* 2*len + 1 bytes */
/* Standard alphabet with padding; 4 * ceil(len / 3) + 1 bytes. */
void base64_encode(const void *p, size_t len, char *out);
bool hex_decode(struct str hex, uint8_t *out, size_t len);

/* Subkey of the master key for one purpose; 'context' is 8 characters. */
void key_derive(uint8_t out[32], const uint8_t master[32], uint64_t id, const char context[8]);

/* XChaCha20-Poly1305; the sealed form is 24 bytes nonce + text + 16 bytes tag. */
#define SEAL_OVERHEAD 40
void seal(const uint8_t key[32], const uint8_t nonce[24], struct str text, uint8_t *out);
/* False when it was not sealed by this key. 'out' holds len - SEAL_OVERHEAD bytes. */
bool unseal(const uint8_t key[32], struct str sealed, uint8_t *out);
