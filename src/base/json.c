/* json.c - trees from the streaming reader, and the writer.
 *
 * One grammar for the whole product: the tree is built by json_reader, which checks everything but
 * duplicate keys; these are looked for when an object ends. (json-c is held against both in the
 * tests. It is not used here: it saturates large integers and lets pass NaN, "1.", raw control
 * characters, lone surrogates, "\u0000", overlong UTF-8 and duplicate keys.)
 *
 * While a container is open its finished children wait on the stacks 'values' and 'keys'; at its
 * end they are copied to the arena as one array. */
#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/json_reader.h"
#include "base/utf8.h"
#include "base/vec.h"

struct key {
    struct str text;
    size_t at; /* just behind the colon, in the source */
};

struct builder {
    struct json_reader reader;
    struct arena *arena;
    VEC(struct json) values; /* finished children of the open containers, outermost first */
    VEC(struct key) keys;    /* keys of the open objects */
    VEC(struct key) sorted;  /* scratch of check_keys() */
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a;
    const struct key *y = b;
    int order = str_cmp(x->text, y->text);
    if (order != 0) return order;
    return (x->at > y->at) - (x->at < y->at);
}

/* Fails the reader at the first pair of equal keys among the last 'count'. */
static bool check_keys(struct builder *b, size_t count)
{
    if (count < 2) return true;
    VEC_RESET(&b->sorted);
    VEC_RESERVE(&b->sorted, count);
    struct key *sorted = b->sorted.items;
    memcpy(sorted, b->keys.items + (b->keys.count - count), count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (!str_eq(sorted[i - 1].text, sorted[i].text)) continue;
        b->reader.error = "a duplicate key";
        b->reader.error_at = sorted[i].at;
        return false;
    }
    return true;
}

/* Moves the last 'count' values into the arena. */
static const struct json *take_values(struct builder *b, size_t count)
{
    if (count == 0) return NULL;
    b->values.count -= count;
    return arena_copy(b->arena, b->values.items + b->values.count,
                      count * sizeof(b->values.items[0]));
}

static bool build(struct builder *b, struct json *out);

static bool build_array(struct builder *b, struct json *out)
{
    struct json item;
    if (!json_enter_array(&b->reader)) return false;
    for (; json_next_item(&b->reader); out->count++) {
        if (!build(b, &item)) return false;
        VEC_PUSH(&b->values, item);
    }
    if (b->reader.error) return false;
    out->items = take_values(b, out->count);
    return true;
}

static bool build_object(struct builder *b, struct json *out)
{
    struct json value;
    struct key key;
    if (!json_enter_object(&b->reader)) return false;
    for (; json_next_key(&b->reader, &key.text); out->count++) {
        key.at = b->reader.pos;
        VEC_PUSH(&b->keys, key);
        if (!build(b, &value)) return false;
        VEC_PUSH(&b->values, value);
    }
    if (b->reader.error || !check_keys(b, out->count)) return false;
    out->items = take_values(b, out->count);
    struct str *keys = arena_alloc_array(b->arena, out->count, sizeof(*keys));
    b->keys.count -= out->count;
    for (size_t i = 0; i < out->count; i++) {
        keys[i] = arena_str(b->arena, b->keys.items[b->keys.count + i].text);
    }
    out->keys = keys;
    return true;
}

static bool build_string(struct builder *b, struct json *out)
{
    struct str s;
    if (!json_read_string(&b->reader, &s)) return false;
    out->string = arena_str(b->arena, s);
    return true;
}

/* Recursion is bounded by LIMIT_JSON_DEPTH, in the reader. */
static bool build(struct builder *b, struct json *out)
{
    *out = (struct json){0};
    if (!json_peek(&b->reader, &out->type)) return false;
    switch (out->type) {
    case JSON_NULL:
        return json_read_null(&b->reader);
    case JSON_BOOL:
        return json_read_bool(&b->reader, &out->boolean);
    case JSON_INT:
    case JSON_DOUBLE:
        return json_read_number(&b->reader, &out->type, &out->integer, &out->number, NULL);
    case JSON_STRING:
        return build_string(b, out);
    case JSON_ARRAY:
        return build_array(b, out);
    case JSON_OBJECT:
        return build_object(b, out);
    }
    return false;
}

enum err json_parse(struct arena *a, struct str text, const struct json **out, struct why *why)
{
    struct builder b = {.arena = a};
    struct json root;
    json_reader_init(&b.reader, a, text);
    bool good = build(&b, &root) && json_read_end(&b.reader);
    VEC_FINISH(&b.values);
    VEC_FINISH(&b.keys);
    VEC_FINISH(&b.sorted);
    if (!good) return json_reader_error(&b.reader, why);
    *out = arena_copy(a, &root, sizeof(root));
    return ERR_OK;
}

const struct json *json_get(const struct json *j, const char *key)
{
    if (!j || j->type != JSON_OBJECT) return NULL;
    for (size_t i = 0; i < j->count; i++) {
        if (str_is(j->keys[i], key)) return &j->items[i];
    }
    return NULL;
}

/* Before a value or key; what follows the next value needs a comma. */
static void separate(struct json_writer *w)
{
    if (w->comma) strbuf_add_char(w->out, ',');
    w->comma = true;
}

static void begin(struct json_writer *w, char open)
{
    separate(w);
    strbuf_add_char(w->out, open);
    w->comma = false;
}

static void end(struct json_writer *w, char close)
{
    strbuf_add_char(w->out, close);
    w->comma = true;
}

void json_begin_object(struct json_writer *w)
{
    begin(w, '{');
}

void json_end_object(struct json_writer *w)
{
    end(w, '}');
}

void json_begin_array(struct json_writer *w)
{
    begin(w, '[');
}

void json_end_array(struct json_writer *w)
{
    end(w, ']');
}

static void add_escape(struct strbuf *out, unsigned char c)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    static const char hex[] = "0123456789abcdef";
    const char *at = c ? strchr(named, c) : NULL;
    if (at) {
        char text[2] = {'\\', letters[at - named]};
        strbuf_add(out, text, sizeof(text));
        return;
    }
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    strbuf_add(out, text, sizeof(text));
}

/* 'run' is the start of the bytes that can be copied as they are. */
static void add_quoted(struct strbuf *out, struct str s)
{
    size_t run = 0;
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t at = i;
        bool invalid = false;
        if (c < 0x80) {
            i++;
            if (c >= 0x20 && c != '"' && c != '\\') continue;
        } else {
            invalid = utf8_next(s, &i) == 0xfffd && i - at == 1;
            if (!invalid) continue;
        }
        if (at > run) strbuf_add(out, s.p + run, at - run);
        run = i;
        if (invalid) {
            strbuf_add_text(out, "\xef\xbf\xbd");
        } else {
            add_escape(out, c);
        }
    }
    if (s.len > run) strbuf_add(out, s.p + run, s.len - run);
    strbuf_add_char(out, '"');
}

void json_key(struct json_writer *w, const char *key)
{
    json_key_str(w, str_of(key));
}

void json_key_str(struct json_writer *w, struct str key)
{
    separate(w);
    add_quoted(w->out, key);
    strbuf_add_char(w->out, ':');
    w->comma = false;
}

void json_str(struct json_writer *w, struct str s)
{
    separate(w);
    add_quoted(w->out, s);
}

void json_text(struct json_writer *w, const char *text)
{
    json_str(w, str_of(text));
}

/* Digits are made from the right. */
static void add_digits(struct strbuf *out, bool negative, uint64_t v)
{
    char digits[24];
    size_t i = sizeof(digits);
    do {
        digits[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    if (negative) digits[--i] = '-';
    strbuf_add(out, digits + i, sizeof(digits) - i);
}

void json_int(struct json_writer *w, int64_t v)
{
    separate(w);
    add_digits(w->out, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void json_uint(struct json_writer *w, uint64_t v)
{
    separate(w);
    add_digits(w->out, false, v);
}

void json_double(struct json_writer *w, double v)
{
    if (!isfinite(v)) {
        json_null(w);
        return;
    }
    char text[DECIMAL_SIZE];
    size_t len = decimal_print(v, text);
    separate(w);
    strbuf_add(w->out, text, len);
}

void json_bool(struct json_writer *w, bool v)
{
    separate(w);
    strbuf_add_text(w->out, v ? "true" : "false");
}

void json_null(struct json_writer *w)
{
    separate(w);
    strbuf_add_text(w->out, "null");
}

void json_tree(struct json_writer *w, const struct json *j)
{
    switch (j->type) {
    case JSON_NULL:
        json_null(w);
        break;
    case JSON_BOOL:
        json_bool(w, j->boolean);
        break;
    case JSON_INT:
        json_int(w, j->integer);
        break;
    case JSON_DOUBLE:
        json_double(w, j->number);
        break;
    case JSON_STRING:
        json_str(w, j->string);
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        for (size_t i = 0; i < j->count; i++)
            json_tree(w, &j->items[i]);
        json_end_array(w);
        break;
    case JSON_OBJECT:
        json_begin_object(w);
        for (size_t i = 0; i < j->count; i++) {
            json_key_str(w, j->keys[i]);
            json_tree(w, &j->items[i]);
        }
        json_end_object(w);
        break;
    }
}
