/* uri.c - decoding never grows a text, so one allocation of the source's length is enough.
 *
 * A decoded text is checked as a whole: NUL and malformed UTF-8 are refused whether they came
 * escaped or as they are. */
#include "http/uri.h"

#include "base/limits.h"
#include "base/utf8.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool unescape(struct str raw, bool plus, char *out, size_t *len)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.p[i];
        if (c == '%') {
            if (raw.len - i < 3) return false;
            int high = hex_value(raw.p[i + 1]), low = hex_value(raw.p[i + 2]);
            if (high < 0 || low < 0) return false;
            c = (char)(unsigned char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[n++] = c;
    }
    *len = n;
    return true;
}

enum err uri_decode(struct arena *a, struct str raw, bool plus, const char *what, struct str *out,
                    struct why *why)
{
    struct str text = raw;
    bool escaped = str_find_char(raw, '%') != SIZE_MAX;
    if (escaped || (plus && str_find_char(raw, '+') != SIZE_MAX)) {
        char *p = arena_alloc(a, raw.len + 1);
        text.p = p;
        if (!unescape(raw, plus, p, &text.len)) {
            return why_fail(why, ERR_INVALID, MSG_HTTP_ESCAPE, what, NULL);
        }
    }
    if (str_find_char(text, '\0') != SIZE_MAX) {
        return why_fail(why, ERR_INVALID, MSG_HTTP_CONTROL, what, NULL);
    }
    if (!utf8_valid(text)) return why_fail(why, ERR_INVALID, MSG_BAD_UTF8, what, NULL);
    *out = text;
    return ERR_OK;
}

static bool fields_has(const struct fields *f, struct str name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (str_eq(f->items[i].name, name)) return true;
    }
    return false;
}

enum err uri_query(struct arena *a, struct str query, struct fields *out, struct why *why)
{
    struct fields found = {NULL, 0};
    if (query.len > 0) {
        found.items = arena_alloc_array(a, LIMIT_QUERY_PARAMS, sizeof(found.items[0]));
    }
    while (query.len > 0) {
        struct str value = str_cut(&query, '&');
        if (value.len == 0) continue;
        if (found.count == LIMIT_QUERY_PARAMS) {
            return why_fail(why, ERR_INVALID, MSG_TOO_MANY, "query", "%d", LIMIT_QUERY_PARAMS);
        }
        struct field f = {{NULL, 0}, {NULL, 0}};
        TRY(uri_decode(a, str_cut(&value, '='), true, "query", &f.name, why));
        if (!value.p) value = STR("");
        TRY(uri_decode(a, value, true, "query", &f.value, why));
        if (fields_has(&found, f.name)) {
            return why_fail(why, ERR_INVALID, MSG_HTTP_REPEATED, arena_str(a, f.name).p, NULL);
        }
        found.items[found.count++] = f;
    }
    *out = found;
    return ERR_OK;
}

struct str fields_get(const struct fields *f, const char *name)
{
    struct str wanted = str_of(name);
    for (size_t i = 0; i < f->count; i++) {
        if (str_eq(f->items[i].name, wanted)) return f->items[i].value;
    }
    return (struct str){NULL, 0};
}

struct str fields_get_fold(const struct fields *f, const char *name)
{
    struct str wanted = str_of(name);
    for (size_t i = 0; i < f->count; i++) {
        if (str_eq_fold(f->items[i].name, wanted)) return f->items[i].value;
    }
    return (struct str){NULL, 0};
}
