/* token.c - base 62, most significant digit first, of a fixed width: 62^43 > 2^256. */
#include "account/token.h"

#define BASE 62

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Divide the number of 'size' bytes by BASE in place; the remainder. */
static unsigned divide(uint8_t *bytes, size_t size)
{
    unsigned rest = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned value = rest << 8 | bytes[i];
        bytes[i] = (uint8_t)(value / BASE);
        rest = value % BASE;
    }
    return rest;
}

static void print(uint8_t *bytes, size_t size, char *out, size_t chars)
{
    for (size_t i = chars; i > 0; i--)
        out[i - 1] = digits[divide(bytes, size)];
    out[chars] = '\0';
}

void token_make(const struct env *env, char out[TOKEN_CHARS + 1])
{
    uint8_t bytes[32];
    env_random(env, bytes, sizeof(bytes));
    print(bytes, sizeof(bytes), out, TOKEN_CHARS);
}

struct sha256 token_hash(struct str token)
{
    return sha256_of(token.p, token.len);
}

void token_check(struct str text, char out[TOKEN_CHECK_CHARS + 1])
{
    uint64_t sum = hash_xxh3(text.p, text.len) >> 32;
    uint8_t bytes[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8),
                        (uint8_t)sum};
    print(bytes, sizeof(bytes), out, TOKEN_CHECK_CHARS);
}
