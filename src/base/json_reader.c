/* json_reader.c - a pull parser over bytes in memory; its own state is a position and a depth.
 *
 * Invariants:
 * 1. After a value, a key's colon or an opening bracket is consumed, pos is right behind it. No
 * value ends in '{' or '[', so that the byte before pos tells whether an element is its container's
 *    first: nothing else needs to be remembered.
 * 2. Every byte is checked once, when passed.
 * 3. 'error' is set once, with the place, and then nothing moves any more. */
#include "base/json_reader.h"

#include <assert.h>
#include <math.h>

#include "base/json_scan.h"
#include "base/limits.h"

static const char error_depth[] = "nested too deep";

static bool fail(struct json_reader *r, size_t at, const char *what)
{
    if (r->error) return false;
    r->error = what;
    r->error_at = at;
    return false;
}

static inline bool is_space(char c)
{
    if ((unsigned char)c > ' ') return false;
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline void skip_space(struct json_reader *r)
{
    while (r->pos < r->text.len && is_space(r->text.p[r->pos])) {
        r->pos++;
    }
}

/* Goes to the next token; false at the end of the text, or after an error. */
static inline bool to_token(struct json_reader *r, const char *wanted)
{
    if (r->error) return false;
    skip_space(r);
    return r->pos < r->text.len || fail(r, r->pos, wanted);
}

static inline char token(const struct json_reader *r)
{
    return r->text.p[r->pos];
}

void json_reader_init(struct json_reader *r, struct arena *arena, struct str text)
{
    *r = (struct json_reader){.text = text, .arena = arena};
}

enum err json_reader_error(const struct json_reader *r, struct why *why)
{
    if (!r->error) return ERR_OK;
    if (r->error == error_depth) {
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_DEEP, "", "%d", LIMIT_JSON_DEPTH);
    }
    if (r->error == json_not_utf8) return why_fail(why, ERR_INVALID, MSG_BAD_UTF8, "", NULL);
    return why_fail(why, ERR_INVALID, MSG_BAD_JSON, "", "%zu|%s", r->error_at, r->error);
}

/* Takes a string that is not one plain run; when 'out' is NULL it is only checked. */
static bool take_odd_string(struct json_reader *r, struct str *out)
{
    size_t end;
    bool escaped;
    const char *wrong = json_scan_string(r->text, r->pos, &end, &escaped);
    if (wrong) return fail(r, end, wrong);
    struct str s = {r->text.p + r->pos + 1, end - r->pos - 1};
    r->pos = end + 1;
    if (out) *out = escaped ? json_decode(r->arena, s) : s;
    return true;
}

static inline bool take_string(struct json_reader *r, struct str *out)
{
    size_t start = r->pos + 1;
    size_t end = json_plain_end(r->text, start);
    if (end == r->text.len || r->text.p[end] != '"') return take_odd_string(r, out);
    r->pos = end + 1;
    if (out) *out = (struct str){r->text.p + start, end - start};
    return true;
}

bool json_read_string(struct json_reader *r, struct str *out)
{
    if (!to_token(r, "a string is missing")) return false;
    if (token(r) != '"') return fail(r, r->pos, "not a string");
    return take_string(r, out);
}

bool json_take_long_string(struct json_reader *r, struct str *out)
{
    if (r->error) return false;
    skip_space(r);
    if (r->pos == r->text.len || token(r) != '"') return false;
    size_t start = r->pos + 1;
    size_t end = json_plain_end(r->text, start);
    if (end == r->text.len || r->text.p[end] != '"') return false;
    r->pos = end + 1;
    *out = (struct str){r->text.p + start, end - start};
    return true;
}

static bool scan_number(struct json_reader *r, struct json_number *n)
{
    const char *wrong = json_scan_number(r->text, r->pos, n);
    return !wrong || fail(r, n->end, wrong);
}

/* The end of the plain integer of at most 18 digits at pos, the usual number; 0 when it is another.
 */
static inline size_t scan_small(const struct json_reader *r, int64_t *out)
{
    struct str s = r->text;
    bool negative = s.p[r->pos] == '-';
    size_t first = r->pos + negative;
    size_t i = first;
    int64_t n = 0;
    if (s.len - first >= 8) i += json_eight_digits(s.p + first, &n);
    for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
        if (i - first == 18) return 0;
        n = n * 10 + (s.p[i] - '0');
    }
    if (i == first || (s.p[first] == '0' && i > first + 1)) return 0;
    if (i < s.len && (s.p[i] == '.' || (s.p[i] | 0x20) == 'e')) return 0;
    *out = negative ? -n : n;
    return i;
}

bool json_take_odd_int(struct json_reader *r, int64_t *out)
{
    if (r->error) return false;
    skip_space(r);
    size_t end = r->pos < r->text.len ? scan_small(r, out) : 0;
    if (end) r->pos = end;
    return end != 0;
}

/* The value as a double; false, with an error, when no double can hold it. */
static bool number_value(struct json_reader *r, const struct json_number *n, double *out)
{
    double v = decimal_to_double(&n->decimal, (struct str){r->text.p + r->pos, n->end - r->pos});
    if (!isfinite(v)) return fail(r, r->pos, "a number out of range");
    *out = v;
    return true;
}

static bool read_any_number(struct json_reader *r, enum json_type *type, int64_t *i, double *d)
{
    struct json_number n;
    if (!scan_number(r, &n)) return false;
    if (json_number_fits(&n)) {
        uint64_t digits = n.decimal.digits;
        *i = (int64_t)(n.decimal.negative ? 0 - digits : digits);
        *d = (double)*i;
        *type = JSON_INT;
    } else {
        if (!number_value(r, &n, d)) return false;
        *type = JSON_DOUBLE;
    }
    r->pos = n.end;
    return true;
}

bool json_read_number(struct json_reader *r, enum json_type *type, int64_t *i, double *d,
                      struct str *raw)
{
    if (!to_token(r, "a number is missing")) return false;
    size_t start = r->pos;
    int64_t small;
    size_t end = scan_small(r, &small);
    if (end) {
        *type = JSON_INT;
        *i = small;
        *d = (double)small;
        r->pos = end;
    } else if (!read_any_number(r, type, i, d)) {
        return false;
    }
    if (raw) *raw = (struct str){r->text.p + start, r->pos - start};
    return true;
}

/* No number below 10^308 needs to be converted to know that it is in range. */
static bool skip_number(struct json_reader *r)
{
    struct json_number n;
    double value;
    int64_t small;
    size_t end = scan_small(r, &small);
    if (end) {
        r->pos = end;
        return true;
    }
    if (!scan_number(r, &n)) return false;
    if (n.magnitude > 308 && !number_value(r, &n, &value)) return false;
    r->pos = n.end;
    return true;
}

static bool take_word(struct json_reader *r, struct str word)
{
    if (r->text.len - r->pos < word.len || memcmp(r->text.p + r->pos, word.p, word.len) != 0) {
        return fail(r, r->pos, "not a value");
    }
    r->pos += word.len;
    return true;
}

bool json_read_bool(struct json_reader *r, bool *out)
{
    if (!to_token(r, "a value is missing")) return false;
    bool value = token(r) == 't';
    if (!take_word(r, value ? STR("true") : STR("false"))) return false;
    *out = value;
    return true;
}

bool json_read_null(struct json_reader *r)
{
    return to_token(r, "a value is missing") && take_word(r, STR("null"));
}

bool json_peek(struct json_reader *r, enum json_type *type)
{
    if (!to_token(r, "a value is missing")) return false;
    switch (token(r)) {
    case '{':
        *type = JSON_OBJECT;
        return true;
    case '[':
        *type = JSON_ARRAY;
        return true;
    case '"':
        *type = JSON_STRING;
        return true;
    case 't':
    case 'f':
        *type = JSON_BOOL;
        return true;
    case 'n':
        *type = JSON_NULL;
        return true;
    default:
        break;
    }
    struct json_number n;
    int64_t small;
    if (scan_small(r, &small)) {
        *type = JSON_INT;
        return true;
    }
    if (!scan_number(r, &n)) return false;
    *type = json_number_fits(&n) ? JSON_INT : JSON_DOUBLE;
    return true;
}

static bool enter(struct json_reader *r, char open, const char *wanted)
{
    if (!to_token(r, wanted)) return false;
    if (token(r) != open) return fail(r, r->pos, wanted);
    if (r->depth == LIMIT_JSON_DEPTH) return fail(r, r->pos, error_depth);
    r->depth++;
    r->pos++;
    return true;
}

bool json_enter_object(struct json_reader *r)
{
    return enter(r, '{', "an object is missing");
}

bool json_enter_array(struct json_reader *r)
{
    return enter(r, '[', "an array is missing");
}

/* Passes the comma before an element; leaves the container at its end. */
static inline bool next_element(struct json_reader *r, char open, char close, const char *wanted)
{
    if (r->error) return false;
    assert(r->depth > 0 && r->pos > 0);
    bool first = r->text.p[r->pos - 1] == open;
    if (!to_token(r, wanted)) return false;
    if (token(r) == close) {
        r->pos++;
        r->depth--;
        return false;
    }
    if (first) return true;
    if (token(r) != ',') return fail(r, r->pos, wanted);
    r->pos++;
    return true;
}

/* As most are written: no white space, and only plain characters in the key. */
static inline bool next_tight_key(struct json_reader *r, struct str *key)
{
    size_t start = r->pos, len = r->text.len;
    const char *p = r->text.p;
    if (r->error || start == 0 || start + 2 > len) return false;
    start += p[start - 1] != '{' && p[start] == ',';
    if (p[start - 1] != '{' && p[start - 1] != ',') return false;
    if (start == len || p[start] != '"') return false;
    size_t end = json_plain_end(r->text, start + 1);
    if (end + 1 >= len || p[end] != '"' || p[end + 1] != ':') return false;
    if (key) *key = (struct str){p + start + 1, end - start - 1};
    r->pos = end + 2;
    return true;
}

/* When 'key' is NULL it is only checked. */
static inline bool next_key(struct json_reader *r, struct str *key)
{
    if (next_tight_key(r, key)) return true;
    if (!next_element(r, '{', '}', "neither a comma nor the object's end")) return false;
    if (!to_token(r, "a key is missing")) return false;
    if (token(r) != '"') return fail(r, r->pos, "not a key");
    if (!take_string(r, key) || !to_token(r, "a colon is missing")) return false;
    if (token(r) != ':') return fail(r, r->pos, "not a colon");
    r->pos++;
    return true;
}

bool json_next_key(struct json_reader *r, struct str *key)
{
    return next_key(r, key);
}

bool json_next_item(struct json_reader *r)
{
    return next_element(r, '[', ']', "neither a comma nor the array's end");
}

/* Recursion is bounded by the depth that enter() allows. */
bool json_skip(struct json_reader *r)
{
    if (!to_token(r, "a value is missing")) return false;
    switch (token(r)) {
    case '"':
        return take_string(r, NULL);
    case '{':
        if (!json_enter_object(r)) return false;
        while (next_key(r, NULL)) {
            if (!json_skip(r)) return false;
        }
        return !r->error;
    case '[':
        if (!json_enter_array(r)) return false;
        while (json_next_item(r)) {
            if (!json_skip(r)) return false;
        }
        return !r->error;
    case 't':
        return take_word(r, STR("true"));
    case 'f':
        return take_word(r, STR("false"));
    case 'n':
        return take_word(r, STR("null"));
    default:
        return skip_number(r);
    }
}

bool json_read_raw(struct json_reader *r, struct str *out)
{
    if (!to_token(r, "a value is missing")) return false;
    size_t start = r->pos;
    if (!json_skip(r)) return false;
    *out = (struct str){r->text.p + start, r->pos - start};
    return true;
}

bool json_read_end(struct json_reader *r)
{
    if (r->error) return false;
    skip_space(r);
    return r->pos == r->text.len || fail(r, r->pos, "something after the value");
}
