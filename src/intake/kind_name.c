/* kind_name.c - the letters of a name, one pass.
 *
 * The text being built is always empty or a valid kind: a separator is held back until a letter or
 * digit follows, and a point wins over '_'. */
#include "intake/kind_name.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "people/kinds.h"

#define DIGEST 8

static const struct {
    struct str name;
    struct str kind;
} known[] = {
    {{"Order Completed", 15}, {"order.paid", 10}},
    {{"Order Refunded", 14}, {"order.refunded", 14}},
};

static const struct str nameless = {"event_", 6};

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.p[i] >= 0x80) return false;
    }
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Large letters fold to small ones; folding has already done so for what is not ASCII. */
static char fold_char(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* 'out' has room for the whole name, a prefix and a digest. */
static size_t squeeze(struct str s, char *out)
{
    size_t len = 0;
    char held = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = fold_char(s.p[i]);
        if (!is_digit(c) && !(c >= 'a' && c <= 'z')) {
            if (held != '.') held = c == '.' ? '.' : '_';
            continue;
        }
        if (len == 0 && is_digit(c)) {
            out[len++] = 'e';
            out[len++] = '_';
        } else if (len > 0 && held) {
            out[len++] = held;
        }
        held = 0;
        out[len++] = c;
    }
    return len;
}

static void add_digest(struct str name, char *out)
{
    struct sha256 hash = sha256_of(name.p, name.len);
    char hex[DIGEST + 1];
    hex_encode(hash.bytes, DIGEST / 2, hex);
    memcpy(out, hex, DIGEST);
}

void kind_name(struct arena *a, struct str name, struct str *kind, struct str *label)
{
    *kind = name;
    *label = (struct str){NULL, 0};
    if (kind_valid(name)) return;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!str_eq_fold(name, known[i].name)) continue;
        *kind = known[i].kind;
        return;
    }
    *label = name;
    struct str folded = is_ascii(name) ? name : utf8_fold(a, name);
    char *out = arena_alloc(a, folded.len + nameless.len + DIGEST);
    size_t len = squeeze(folded, out);
    if (len == 0) {
        memcpy(out, nameless.p, nameless.len);
        add_digest(name, out + nameless.len);
        len = nameless.len + DIGEST;
    } else if (len > KIND_LENGTH_MAX) {
        len = KIND_LENGTH_MAX - DIGEST - 1;
        while (out[len - 1] == '.' || out[len - 1] == '_')
            len--;
        out[len++] = '_';
        add_digest(name, out + len);
        len += DIGEST;
    }
    *kind = (struct str){out, len};
}
