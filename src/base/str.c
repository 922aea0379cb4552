/* str.c - searching, cutting and reading numbers from byte strings; no allocation. */
#include "base/str.h"

#include <math.h>
#include <stdlib.h>

/* No double needs more decimal text than this: 767 digits, a sign, a point and an exponent. */
#define DOUBLE_TEXT_MAX 1100
#define SHORT_TEXT 256

int str_cmp(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    if (order) return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq((struct str){s.p, prefix.len}, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    if (s.len < suffix.len) return false;
    if (suffix.len == 0) return true;
    return memcmp(s.p + (s.len - suffix.len), suffix.p, suffix.len) == 0;
}

/* In a short text most needles are found missing by one byte. Of a Chinese character the last one
 * says most: the others are shared by very many. */
static size_t find_by_third(struct str s, struct str needle)
{
    const char *from = s.p + 2, *end = s.p + (s.len - needle.len) + 3, *hit;
    while (from < end && (hit = memchr(from, needle.p[2], (size_t)(end - from)))) {
        if (memcmp(hit - 2, needle.p, needle.len) == 0) return (size_t)(hit - 2 - s.p);
        from = hit + 1;
    }
    return SIZE_MAX;
}

size_t str_find(struct str s, struct str needle)
{
    if (needle.len == 0) return 0;
    if (s.len < needle.len) return SIZE_MAX;
    if (needle.len > 2 && s.len <= SHORT_TEXT) return find_by_third(s, needle);
    const char *hit = memmem(s.p, s.len, needle.p, needle.len);
    return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

size_t str_find_char(struct str s, char c)
{
    const char *hit = s.len ? memchr(s.p, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len && is_space(s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len && is_space(s.p[s.len - 1])) {
        s.len--;
    }
    return s;
}

static char lower(char c)
{
    if (c < 'A' || c > 'Z') return c;
    return (char)(c + ('a' - 'A'));
}

bool str_eq_fold(struct str a, struct str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    }
    return true;
}

struct str str_cut(struct str *s, char c)
{
    struct str whole = *s;
    size_t at = str_find_char(whole, c);
    if (at == SIZE_MAX) {
        *s = (struct str){NULL, 0};
        return whole;
    }
    *s = (struct str){whole.p + at + 1, whole.len - at - 1};
    return (struct str){whole.p, at};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

#define DIGITS_SAFE 19 /* no number of so many digits is over 64 bits */

bool str_to_u64(struct str s, uint64_t *out)
{
    if (s.len == 0) return false;
    uint64_t value = 0;
    size_t i = 0;
    for (; i < s.len && i < DIGITS_SAFE; i++) {
        unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';
        if (digit > 9) return false;
        value = value * 10 + digit;
    }
    for (; i < s.len; i++) {
        if (!is_digit(s.p[i])) return false;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.len && s.p[0] == '-';
    uint64_t size;
    if (negative) s = (struct str){s.p + 1, s.len - 1};
    if (!str_to_u64(s, &size)) return false;
    if (size > (uint64_t)INT64_MAX + negative) return false;
    *out = negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

/* Digits from s[*i] on; how many. */
static size_t skip_digits(struct str s, size_t *i)
{
    size_t start = *i;
    while (*i < s.len && is_digit(s.p[*i])) {
        ++*i;
    }
    return *i - start;
}

/* [-] digits [. digits] [e [+-] digits], with a digit before or after the point. */
static bool is_decimal(struct str s)
{
    size_t i = s.len && s.p[0] == '-';
    size_t digits = skip_digits(s, &i);
    if (i < s.len && s.p[i] == '.') {
        i++;
        digits += skip_digits(s, &i);
    }
    if (digits == 0) return false;
    if (i < s.len && lower(s.p[i]) == 'e') {
        i++;
        if (i < s.len && (s.p[i] == '+' || s.p[i] == '-')) i++;
        if (skip_digits(s, &i) == 0) return false;
    }
    return i == s.len;
}

bool str_to_double(struct str s, double *out)
{
    char text[DOUBLE_TEXT_MAX + 1];
    if (s.len > DOUBLE_TEXT_MAX || !is_decimal(s)) return false;
    memcpy(text, s.p, s.len);
    text[s.len] = '\0';
    double value = strtod(text, NULL);
    if (!isfinite(value)) return false;
    *out = value;
    return true;
}
