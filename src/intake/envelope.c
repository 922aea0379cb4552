/* envelope.c - one pass over the body: every message is skipped, which checks it, and its text
 * noted. */
#include "intake/envelope.h"

#include "base/json_reader.h"
#include "base/limits.h"
#include "base/time.h"
#include "http/gzip.h"
#include "http/uri.h"

/* ---- messages ---- */

static void push(struct arena *a, struct envelope *e, struct str item)
{
    if ((e->count & (e->count - 1)) == 0) { /* full: room doubles at powers of two */
        struct str *more = arena_alloc_array(a, e->count ? e->count * 2 : 1, sizeof(*more));
        if (e->count) memcpy(more, e->items, e->count * sizeof(*more));
        e->items = more;
    }
    e->items[e->count++] = item;
}

static enum err read_items(struct arena *a, struct json_reader *r, struct envelope *e,
                           struct why *why)
{
    enum json_type type;
    struct str item;
    if (!json_peek(r, &type)) return json_reader_error(r, why);
    if (type != JSON_ARRAY) return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "batch", "a list");
    (void)json_enter_array(r);
    e->count = 0;
    while (json_next_item(r)) {
        if (!json_read_raw(r, &item)) break;
        if (e->count == LIMIT_BATCH_EVENTS) {
            return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "batch", "%d", LIMIT_BATCH_EVENTS);
        }
        push(a, e, item);
    }
    return json_reader_error(r, why);
}

/* A text, or nothing when it is another value. */
static struct str read_text(struct json_reader *r)
{
    struct str text = {NULL, 0};
    enum json_type type;
    if (!json_peek(r, &type)) return text;
    if (type == JSON_STRING) {
        (void)json_read_string(r, &text);
    } else {
        (void)json_skip(r);
    }
    return text;
}

static bool is_key(struct str name)
{
    return str_is(name, "writeKey") || str_is(name, "api_key") || str_is(name, "token");
}

static bool is_sent_at(struct str name)
{
    return str_is(name, "sentAt") || str_is(name, "sent_at");
}

static enum err read_object(struct arena *a, struct json_reader *r, enum envelope_form form,
                            struct envelope *e, struct why *why)
{
    struct str name, whole = r->text;
    bool batch = false;
    (void)json_enter_object(r);
    while (json_next_key(r, &name)) {
        if (form != ENVELOPE_ONE && str_is(name, "batch")) {
            TRY(read_items(a, r, e, why));
            batch = true;
        } else if (is_key(name)) {
            e->key = read_text(r);
        } else if (is_sent_at(name)) {
            struct str text = read_text(r);
            if (text.len && !time_parse_rfc3339(text, &e->sent_at)) e->sent_at = TIME_NONE;
        } else {
            (void)json_skip(r);
        }
    }
    TRY(json_reader_error(r, why));
    if (batch) return ERR_OK;
    if (form == ENVELOPE_BATCH) return why_fail(why, ERR_INVALID, MSG_MISSING, "batch", NULL);
    push(a, e, whole);
    return ERR_OK;
}

enum err envelope_open(struct arena *a, struct str json, enum envelope_form form,
                       struct envelope *out, struct why *why)
{
    struct envelope e = {.sent_at = TIME_NONE};
    struct json_reader r;
    enum json_type type;
    if (str_trim(json).len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "body", NULL);
    json_reader_init(&r, a, json);
    if (!json_peek(&r, &type)) return json_reader_error(&r, why);
    if (type == JSON_OBJECT) {
        TRY(read_object(a, &r, form, &e, why));
    } else if (type == JSON_ARRAY && form == ENVELOPE_ANY) {
        TRY(read_items(a, &r, &e, why));
    } else {
        return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "body", "an object");
    }
    (void)json_read_end(&r);
    TRY(json_reader_error(&r, why));
    *out = e;
    return ERR_OK;
}

/* ---- wrappings ---- */

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(struct arena *a, struct str text, struct str *out)
{
    while (text.len && text.p[text.len - 1] == '=')
        text.len--;
    if (text.len % 4 == 1) return false;
    unsigned char *bytes = arena_alloc(a, text.len / 4 * 3 + 3);
    size_t len = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = base64_digit(text.p[i]);
        if (digit < 0) return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 == 0) continue;
        bytes[len++] = (unsigned char)(bits >> (6 - i % 4 * 2));
    }
    *out = (struct str){(const char *)bytes, len};
    return true;
}

static bool is_gzip(struct str s)
{
    return s.len > 2 && memcmp(s.p, "\x1f\x8b", 2) == 0;
}

static void finish(void *buffer)
{
    strbuf_finish(buffer);
}

static enum err unzip(struct arena *a, struct str *text, struct why *why)
{
    if (!is_gzip(*text)) return ERR_OK;
    struct strbuf *out = arena_alloc(a, sizeof(*out));
    arena_defer(a, finish, out);
    TRY(gunzip(*text, LIMIT_BATCH_BYTES, out, why));
    *text = out->p ? strbuf_str(out) : STR("");
    return ERR_OK;
}

/* In a form a blank of JSON text is '+', which in base64 is a digit. */
static enum err read_form(struct arena *a, struct str data, struct str *json, struct why *why)
{
    struct str text;
    bool plain = data.len && (data.p[0] == '{' || data.p[0] == '[' ||
                              str_starts(data, STR("%7B")) || str_starts(data, STR("%5B")));
    TRY(uri_decode(a, data, plain, "data", &text, why));
    if (plain) {
        *json = text;
        return ERR_OK;
    }
    if (!base64_decode(a, text, json))
        return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "data", "base64");
    return unzip(a, json, why);
}

enum err envelope_unwrap(struct arena *a, struct str body, struct str *json, struct why *why)
{
    *json = body;
    if (is_gzip(body)) return unzip(a, json, why);
    struct str rest = str_trim(body);
    while (rest.len && rest.p[0] != '{' && rest.p[0] != '[') {
        struct str field = str_cut(&rest, '&');
        if (!str_starts(field, STR("data="))) continue;
        return read_form(a, (struct str){field.p + 5, field.len - 5}, json, why);
    }
    return ERR_OK;
}
