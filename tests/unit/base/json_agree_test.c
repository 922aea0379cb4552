/* json_agree_test.c - one grammar: the reader, the tree and json-c agree on every text.
 *
 * json-c is laxer than JSON, so that where it accepts what is refused here, the reason must be one
 * of those it does not know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
/* Two names are json-c's and ours. */
#define json_type peer_type
#define json_bool peer_bool
#include <json-c/json.h>
#undef json_type
#undef json_bool

#include "base/json_corpus.h"
#include "base/json_reader.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena *arena;
static uint64_t state;

static int open_arena(void **unused)
{
    (void)unused;
    const char *given = getenv("SEED");
    state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u;
    if (state == 0) state = 1;
    print_message("SEED=%llu\n", (unsigned long long)state);
    arena = arena_create(0);
    return 0;
}

static int close_arena(void **unused)
{
    (void)unused;
    arena_destroy(arena);
    return 0;
}

static size_t random_below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % n);
}

/* Three ways to write the same value: from the tree, from the reader, from json-c. */
static void write_tree(struct json_writer *w, const struct json *j)
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
        json_text(w, "double");
        json_double(w, j->number);
        break;
    case JSON_STRING:
        json_str(w, j->string);
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        for (size_t i = 0; i < j->count; i++) {
            write_tree(w, &j->items[i]);
        }
        json_end_array(w);
        break;
    case JSON_OBJECT:
        json_begin_object(w);
        for (size_t i = 0; i < j->count; i++) {
            json_key_str(w, j->keys[i]);
            write_tree(w, &j->items[i]);
        }
        json_end_object(w);
        break;
    }
}

static bool write_read(struct json_writer *w, struct json_reader *r);

static bool write_read_number(struct json_writer *w, struct json_reader *r, enum json_type peeked)
{
    enum json_type type;
    int64_t i = 0;
    double d = 0;
    struct str raw;
    if (!json_read_number(r, &type, &i, &d, &raw)) return false;
    assert_int_equal(type, peeked);
    assert_true(raw.p + raw.len == r->text.p + r->pos);
    if (type == JSON_INT) {
        assert_true((double)i == d);
        json_int(w, i);
    } else {
        json_text(w, "double");
        json_double(w, d);
    }
    return true;
}

static bool write_read_container(struct json_writer *w, struct json_reader *r, bool object)
{
    struct str key;
    if (object ? !json_enter_object(r) : !json_enter_array(r)) return false;
    object ? json_begin_object(w) : json_begin_array(w);
    while (object ? json_next_key(r, &key) : json_next_item(r)) {
        if (object) json_key_str(w, key);
        if (!write_read(w, r)) return false;
    }
    if (r->error) return false;
    object ? json_end_object(w) : json_end_array(w);
    return true;
}

static bool write_read(struct json_writer *w, struct json_reader *r)
{
    enum json_type type;
    struct str s;
    bool b;
    if (!json_peek(r, &type)) return false;
    switch (type) {
    case JSON_NULL:
        if (!json_read_null(r)) return false;
        json_null(w);
        return true;
    case JSON_BOOL:
        if (!json_read_bool(r, &b)) return false;
        json_bool(w, b);
        return true;
    case JSON_STRING:
        if (!json_read_string(r, &s)) return false;
        json_str(w, s);
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return write_read_container(w, r, type == JSON_OBJECT);
    case JSON_INT:
    case JSON_DOUBLE:
        break;
    }
    return write_read_number(w, r, type);
}

/* json-c saturates integers, and turns the escapes of U+1D800 to U+1DFFF into U+FFFD: what may come
 * from that cannot be compared. */
static bool write_peer_string(struct json_writer *w, struct str s)
{
    json_str(w, s);
    return str_find(s, STR("\xef\xbf\xbd")) == SIZE_MAX;
}

static bool write_peer(struct json_writer *w, struct json_object *o)
{
    bool good = true;
    switch (json_object_get_type(o)) {
    case json_type_null:
        json_null(w);
        break;
    case json_type_boolean:
        json_bool(w, json_object_get_boolean(o));
        break;
    case json_type_int:
        good = json_object_get_int64(o) != INT64_MAX && json_object_get_int64(o) != INT64_MIN;
        json_int(w, json_object_get_int64(o));
        break;
    case json_type_double:
        json_text(w, "double");
        json_double(w, json_object_get_double(o));
        break;
    case json_type_string:
        good = write_peer_string(
            w, (struct str){json_object_get_string(o), (size_t)json_object_get_string_len(o)});
        break;
    case json_type_array:
        json_begin_array(w);
        for (size_t i = 0; i < json_object_array_length(o); i++) {
            good &= write_peer(w, json_object_array_get_idx(o, i));
        }
        json_end_array(w);
        break;
    case json_type_object:
        json_begin_object(w);
        json_object_object_foreach(o, key, value)
        {
            json_key(w, key);
            good &= !strstr(key, "\xef\xbf\xbd");
            good &= write_peer(w, value);
        }
        json_end_object(w);
        break;
    }
    return good;
}

/* The text as json-c reads it; NULL when it refuses. 'text' has a NUL behind it. */
static struct json_object *peer_parse(struct str text, bool *accepted)
{
    struct json_tokener *t = json_tokener_new_ex(200);
    json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *o = json_tokener_parse_ex(t, text.p, (int)text.len + 1);
    *accepted = json_tokener_get_error(t) == json_tokener_success;
    /* What follows the value is left to the caller. */
    struct str rest = {text.p + json_tokener_get_parse_end(t), 0};
    rest.len = text.len - (size_t)(rest.p - text.p) * (rest.p <= text.p + text.len);
    if (*accepted && rest.p < text.p + text.len && str_trim(rest).len > 0) *accepted = false;
    json_tokener_free(t);
    return o;
}

/* What json-c lets pass, at least in some places. */
static bool peer_is_laxer(const char *error)
{
    static const char *const lax[] = {
        "a NUL character", "half of a surrogate pair", "a control character in a string",
        "not UTF-8",       "a number out of range",    "a fraction without digits",
        "a leading zero",  "nested too deep",
    };
    for (size_t i = 0; i < COUNT(lax); i++) {
        if (strcmp(error, lax[i]) == 0) return true;
    }
    return false;
}

static bool has_lax_piece(struct str text)
{
    static const char *const pieces[] = {"NaN", "Infinity", "-.", "'"};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        if (str_find(text, str_of(pieces[i])) != SIZE_MAX) return true;
    }
    return false;
}

struct outcome {
    bool accepted;      /* by the reader */
    const char *error;  /* the reader's */
    struct strbuf text; /* as it wrote the value */
};

static struct outcome read_text(struct str text)
{
    struct json_reader r;
    struct outcome o = {0};
    struct json_writer w = {.out = &o.text};
    json_reader_init(&r, arena, text);
    o.accepted = write_read(&w, &r) && json_read_end(&r);
    o.error = r.error;
    assert_int_equal(o.accepted, r.error == NULL);
    assert_true(r.error_at <= text.len && r.pos <= text.len);
    assert_true(!o.accepted || (r.depth == 0 && r.pos == text.len));

    struct json_reader skipper;
    json_reader_init(&skipper, NULL, text);
    bool skipped = json_skip(&skipper) && json_read_end(&skipper);
    if (skipped != o.accepted) fail_msg("skip disagrees: " STR_FMT, STR_ARG(text));
    if (!skipped && skipper.error_at != r.error_at) fail_msg("at: " STR_FMT, STR_ARG(text));
    return o;
}

static void compare_peer(struct str text, const struct outcome *o)
{
    bool peer_accepts;
    struct json_object *peer = peer_parse(text, &peer_accepts);
    if (o->accepted && !peer_accepts) fail_msg("json-c refuses " STR_FMT, STR_ARG(text));
    if (!o->accepted && peer_accepts && !peer_is_laxer(o->error) && !has_lax_piece(text)) {
        fail_msg("json-c accepts, %s: " STR_FMT, o->error, STR_ARG(text));
    }
    struct strbuf out = {0};
    struct json_writer w = {.out = &out};
    if (o->accepted && write_peer(&w, peer) && !str_eq(strbuf_str(&out), strbuf_str(&o->text))) {
        fail_msg("json-c reads %s, not %s", out.p, o->text.p);
    }
    strbuf_finish(&out);
    json_object_put(peer);
}

/* Reads 'source', from a copy of just its size, in every way; returns whether it is JSON. */
static bool check(struct str source)
{
    struct arena_mark mark = arena_mark(arena);
    char *bytes = test_malloc(source.len + 1);
    if (source.len) memcpy(bytes, source.p, source.len);
    bytes[source.len] = '\0';
    char *exact = test_malloc(source.len ? source.len : 1);
    if (source.len) memcpy(exact, source.p, source.len);
    struct str text = {exact, source.len};

    struct outcome o = read_text(text);
    const struct json *tree = NULL;
    struct why why = {0};
    bool parsed = json_parse(arena, text, &tree, &why) == ERR_OK;
    bool duplicate = !parsed && strstr(why.args, "duplicate key");
    if (parsed != o.accepted && !(o.accepted && duplicate)) {
        fail_msg("the tree disagrees: " STR_FMT, STR_ARG(text));
    }
    if (parsed) {
        struct strbuf out = {0};
        struct json_writer w = {.out = &out};
        write_tree(&w, tree);
        if (!str_eq(strbuf_str(&out), strbuf_str(&o.text))) fail_msg("%s, %s", out.p, o.text.p);
        strbuf_finish(&out);
    }
    if (!duplicate && !memchr(bytes, '\0', text.len)) {
        compare_peer((struct str){bytes, text.len}, &o);
    }
    strbuf_finish(&o.text);
    test_free(bytes);
    test_free(exact);
    arena_rewind(arena, mark);
    return parsed;
}

static void json_is_read_alike_by_all(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(json_valid); i++) {
        if (!check(str_of(json_valid[i]))) fail_msg("%s is refused", json_valid[i]);
    }
}

static void what_is_no_json_is_refused_by_all(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(json_invalid); i++) {
        struct str text = str_of(json_invalid[i].text);
        if (check(text)) fail_msg("%s is accepted", json_invalid[i].text);
    }
    assert_false(check((struct str){"1\0", 2}));
    assert_false(check((struct str){"\"\0\"", 3}));
    assert_false(check((struct str){NULL, 0}));
}

static void every_prefix_is_read_within_its_bounds(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(json_valid); i++) {
        for (size_t len = 0; len < strlen(json_valid[i]); len++) {
            check((struct str){json_valid[i], len});
        }
    }
}

static void mutate(struct strbuf *b)
{
    static const char pieces[] = "\"\\{}[]:,0123456789.eE+-tfnu \n\x80\xe4\xbd\xa0\xed\xff\x01";
    for (size_t n = 1 + random_below(4); n > 0; n--) {
        size_t at = random_below(b->len + 1);
        char c =
            random_below(4) ? pieces[random_below(sizeof(pieces) - 1)] : (char)random_below(256);
        switch (random_below(4)) {
        case 0:
            if (at < b->len) b->p[at] = c;
            break;
        case 1:
            strbuf_add_char(b, 'x');
            memmove(b->p + at + 1, b->p + at, b->len - at - 1);
            b->p[at] = c;
            break;
        case 2:
            if (at >= b->len) break;
            memmove(b->p + at, b->p + at + 1, b->len - at - 1);
            b->len--;
            break;
        default: { /* a part of the text once more */
            size_t len = random_below(b->len - at + 1);
            strbuf_reserve(b, len);
            strbuf_add(b, b->p + at, len);
            break;
        }
        }
    }
}

static void mutated_texts_are_read_alike_by_all(void **unused)
{
    (void)unused;
    struct strbuf b = {0};
    size_t accepted = 0;
    for (int k = 0; k < 100000; k++) {
        bool good = random_below(8) != 0;
        const char *source = good ? json_valid[random_below(COUNT(json_valid))]
                                  : json_invalid[random_below(COUNT(json_invalid))].text;
        strbuf_reset(&b);
        strbuf_add_text(&b, source);
        mutate(&b);
        accepted += check(strbuf_str(&b));
    }
    print_message("%zu of 100000 are JSON\n", accepted);
    assert_in_range(accepted, 1000, 99000);
    strbuf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read_alike_by_all),
        cmocka_unit_test(what_is_no_json_is_refused_by_all),
        cmocka_unit_test(every_prefix_is_read_within_its_bounds),
        cmocka_unit_test(mutated_texts_are_read_alike_by_all),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
