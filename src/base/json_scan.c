/* json_scan.c - strings are checked when their end is looked for, so that decoding cannot fail. */
#include "base/json_scan.h"

const char json_not_utf8[] = "not UTF-8";

static inline unsigned char byte_at(struct str s, size_t i)
{
    return (unsigned char)s.p[i];
}

static inline bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Bytes of the well-formed sequence at p, whose first byte is not ASCII; 0 when there is none. */
static inline size_t sequence_length(const unsigned char *p, size_t left)
{
    unsigned char c = p[0];
    if (c < 0xc2) return 0;
    if (c < 0xe0) return left >= 2 && is_tail(p[1]) ? 2 : 0;
    if (c < 0xf0) {
        if (left < 3 || !is_tail(p[1]) || !is_tail(p[2])) return 0;
        bool overlong = c == 0xe0 && p[1] < 0xa0;
        bool surrogate = c == 0xed && p[1] >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    if (c > 0xf4 || left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) return 0;
    bool overlong = c == 0xf0 && p[1] < 0x90;
    bool beyond = c == 0xf4 && p[1] >= 0x90;
    return overlong || beyond ? 0 : 4;
}

/* The value of a hex digit; 16 for any other byte. */
static inline uint32_t hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9') return c - (uint32_t)'0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10 : 16;
}

/* The code unit of "\uXXXX" at 'i'; false when that is not there. */
static bool unicode_escape(struct str s, size_t i, uint32_t *unit)
{
    if (s.len - i < 6 || s.p[i] != '\\' || s.p[i + 1] != 'u') return false;
    uint32_t n = 0;
    for (size_t k = i + 2; k < i + 6; k++) {
        uint32_t digit = hex_value(byte_at(s, k));
        if (digit > 15) return false;
        n = n * 16 + digit;
    }
    *unit = n;
    return true;
}

/* Sets *length of the escape at 'i'; returns what is wrong with it, or NULL. */
static const char *scan_escape(struct str s, size_t i, size_t *length)
{
    uint32_t unit, low;
    *length = 2;
    if (s.len - i >= 2 && s.p[i + 1] != '\0' && strchr("\"\\/bfnrt", s.p[i + 1])) return NULL;
    *length = 6;
    if (!unicode_escape(s, i, &unit)) return "not an escape";
    if (unit == 0) return "a NUL character";
    if (unit < 0xd800 || unit > 0xdfff) return NULL;
    *length = 12;
    bool paired = unit < 0xdc00 && unicode_escape(s, i + 6, &low) && low >= 0xdc00 && low <= 0xdfff;
    return paired ? NULL : "half of a surrogate pair";
}

/* The end of a run of well-formed sequences. Most text that is not ASCII is Chinese: three bytes
 * each, taken by one comparison. */
static size_t foreign_end(struct str s, size_t i)
{
    while (i < s.len && byte_at(s, i) >= 0x80) {
        unsigned char c = byte_at(s, i);
        uint32_t w = 0;
        if (s.len - i >= 4) memcpy(&w, s.p + i, sizeof(w));
        if ((le32toh(w) & 0xc0c0f0) == 0x8080e0 && c != 0xe0 && c != 0xed) {
            i += 3;
            continue;
        }
        size_t n = sequence_length((const unsigned char *)s.p + i, s.len - i);
        if (n == 0) break;
        i += n;
    }
    return i;
}

const char *json_scan_string(struct str text, size_t start, size_t *end, bool *escaped)
{
    const char *wrong = NULL;
    size_t i = start + 1;
    *escaped = false;
    while (!wrong) {
        i = json_plain_end(text, i);
        if (i < text.len && byte_at(text, i) >= 0x80) {
            i = foreign_end(text, i);
            if (i < text.len && byte_at(text, i) >= 0x80) wrong = json_not_utf8;
        } else if (i >= text.len) {
            wrong = "a string without end";
        } else if (text.p[i] == '"') {
            break;
        } else if (text.p[i] != '\\') {
            wrong = "a control character in a string";
        } else {
            size_t length;
            *escaped = true;
            wrong = scan_escape(text, i, &length);
            if (!wrong) i += length;
        }
    }
    *end = i;
    return wrong;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    } else {
        *out++ = (char)(0xf0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

/* Decodes the checked escape at *i, moving *i past it. */
static char *decode_escape(struct str s, size_t *i, char *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    char c = s.p[*i + 1];
    if (c != 'u') {
        *out = meant[strchr(letters, c) - letters];
        *i += 2;
        return out + 1;
    }
    uint32_t unit = 0;
    uint32_t low = 0;
    unicode_escape(s, *i, &unit);
    *i += 6;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        unicode_escape(s, *i, &low);
        *i += 6;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    return put_utf8(out, unit);
}

/* No escape is shorter than what it stands for. */
struct str json_decode(struct arena *a, struct str inside)
{
    char *start = arena_alloc(a, inside.len + 1);
    char *out = start;
    for (size_t i = 0; i < inside.len;) {
        const char *slash = memchr(inside.p + i, '\\', inside.len - i);
        size_t run = slash ? (size_t)(slash - inside.p) - i : inside.len - i;
        memcpy(out, inside.p + i, run);
        out += run;
        i += run;
        if (slash) out = decode_escape(inside, &i, out);
    }
    return (struct str){start, (size_t)(out - start)};
}

static inline bool digit_at(struct str s, size_t i)
{
    return i < s.len && s.p[i] >= '0' && s.p[i] <= '9';
}

/* Adds the run of digits at 'i' to the number; returns its end. */
static inline size_t scan_digits(struct str s, size_t i, struct json_number *n)
{
    struct decimal *d = &n->decimal;
    for (; digit_at(s, i); i++) {
        if (d->digits < UINT64_C(1000000000000000000)) {
            d->digits = d->digits * 10 + (uint64_t)(s.p[i] - '0');
        } else {
            d->exponent++;
            d->cut = true;
        }
        if (d->digits != 0) n->magnitude++;
    }
    return i;
}

static const char *scan_exponent(struct str s, struct json_number *n)
{
    size_t i = n->end + 1;
    bool negative = i < s.len && s.p[i] == '-';
    if (i < s.len && (s.p[i] == '-' || s.p[i] == '+')) i++;
    n->end = i;
    if (!digit_at(s, i)) return "an exponent without digits";
    int64_t exponent = 0;
    for (; digit_at(s, i); i++) {
        if (exponent < 1000000000) exponent = exponent * 10 + (s.p[i] - '0');
    }
    if (negative) exponent = -exponent;
    n->decimal.exponent += exponent;
    n->magnitude += exponent;
    n->integral = false;
    n->end = i;
    return NULL;
}

const char *json_scan_number(struct str text, size_t start, struct json_number *n)
{
    *n = (struct json_number){.integral = true, .end = start};
    n->decimal.negative = text.p[start] == '-';
    size_t first = start + n->decimal.negative;
    if (!digit_at(text, first)) return "not a value";
    n->end = first;
    if (text.p[first] == '0' && digit_at(text, first + 1)) return "a leading zero";
    n->end = scan_digits(text, first, n);
    if (n->end < text.len && text.p[n->end] == '.') {
        size_t fraction = n->end + 1;
        int64_t magnitude = n->magnitude;
        n->end = fraction;
        if (!digit_at(text, fraction)) return "a fraction without digits";
        n->end = scan_digits(text, fraction, n);
        n->decimal.exponent -= (int64_t)(n->end - fraction);
        n->magnitude = magnitude;
        n->integral = false;
    }
    bool exponent = n->end < text.len && (text.p[n->end] | 0x20) == 'e';
    return exponent ? scan_exponent(text, n) : NULL;
}
