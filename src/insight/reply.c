/* reply.c - each value is a JSON value or a CSV cell. */
#include "insight/reply.h"

#include <math.h>
#include <stdio.h>

#include "base/decimal.h"

/* Does the form at hand show what is written now? */
static bool shown(const struct reply *r)
{
    return r->form == INSIGHT_JSON || r->listing;
}

/* Begin a value: the key, or the cell's comma. True for CSV. */
static bool begin_value(struct reply *r, const char *key)
{
    if (r->form == INSIGHT_JSON) {
        if (key) json_key(&r->json, key);
        return false;
    }
    if (r->cells++ > 0) strbuf_add_char(r->out, ',');
    return true;
}

static void begin(struct reply *r, const char *key, void (*write)(struct json_writer *))
{
    if (r->form != INSIGHT_JSON) return;
    if (key) json_key(&r->json, key);
    write(&r->json);
}

void reply_list(struct reply *r, const char *key, const char *header)
{
    begin(r, key, json_begin_array);
    r->listing = true;
    if (r->form == INSIGHT_JSON) return;
    strbuf_add_text(r->out, "\xef\xbb\xbf");
    strbuf_add_text(r->out, header);
    strbuf_add_text(r->out, "\r\n");
}

void reply_list_end(struct reply *r)
{
    if (r->form == INSIGHT_JSON) json_end_array(&r->json);
    r->listing = false;
}

void reply_row(struct reply *r)
{
    begin(r, NULL, json_begin_object);
    r->cells = 0;
}

void reply_row_end(struct reply *r)
{
    if (r->form == INSIGHT_JSON) {
        json_end_object(&r->json);
    } else {
        strbuf_add_text(r->out, "\r\n");
    }
}

void reply_array(struct reply *r, const char *key)
{
    begin(r, key, json_begin_array);
}

void reply_array_end(struct reply *r)
{
    if (r->form == INSIGHT_JSON) json_end_array(&r->json);
}

void reply_object(struct reply *r, const char *key)
{
    begin(r, key, json_begin_object);
}

void reply_object_end(struct reply *r)
{
    if (r->form == INSIGHT_JSON) json_end_object(&r->json);
}

void reply_int(struct reply *r, const char *key, int64_t v)
{
    if (!shown(r)) return;
    if (begin_value(r, key)) {
        strbuf_addf(r->out, "%lld", (long long)v);
    } else {
        json_int(&r->json, v);
    }
}

void reply_count(struct reply *r, const char *key, uint64_t v)
{
    reply_wide(r, key, (wide)v);
}

void reply_wide(struct reply *r, const char *key, wide v)
{
    if (v >= INT64_MIN && v <= INT64_MAX) {
        reply_int(r, key, (int64_t)v);
    } else {
        reply_double(r, key, (double)v);
    }
}

void reply_double(struct reply *r, const char *key, double v)
{
    if (!shown(r)) return;
    if (!isfinite(v)) {
        reply_null(r, key);
    } else if (begin_value(r, key)) {
        char text[DECIMAL_SIZE];
        strbuf_add(r->out, text, decimal_print(v, text));
    } else {
        json_double(&r->json, v);
    }
}

void reply_bool(struct reply *r, const char *key, bool v)
{
    if (!shown(r)) return;
    if (begin_value(r, key)) {
        strbuf_add_text(r->out, v ? "true" : "false");
    } else {
        json_bool(&r->json, v);
    }
}

void reply_null(struct reply *r, const char *key)
{
    if (shown(r) && !begin_value(r, key)) json_null(&r->json);
}

bool reply_formula(struct str s)
{
    static const char *const wide_signs[] = {"＝", "＋", "－", "＠"};
    if (s.len == 0) return false;
    if (s.p[0] == '\0' || strchr("=+-@\t\r\n", s.p[0])) return true;
    for (size_t i = 0; i < sizeof(wide_signs) / sizeof(wide_signs[0]); i++) {
        if (str_starts(s, str_of(wide_signs[i]))) return true;
    }
    return false;
}

static void add_cell(struct strbuf *out, struct str s)
{
    bool formula = reply_formula(s);
    bool quoted = formula;
    for (size_t i = 0; i < s.len && !quoted; i++) {
        quoted = s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\r' || s.p[i] == '\n';
    }
    if (quoted) strbuf_add_char(out, '"');
    if (formula) strbuf_add_char(out, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == '"') strbuf_add_char(out, '"');
        strbuf_add_char(out, s.p[i]);
    }
    if (quoted) strbuf_add_char(out, '"');
}

void reply_text(struct reply *r, const char *key, struct str v)
{
    if (!shown(r)) return;
    if (begin_value(r, key)) {
        add_cell(r->out, v);
    } else {
        json_str(&r->json, v);
    }
}

void reply_time(struct reply *r, const char *key, int64_t at)
{
    char text[64];
    size_t len = time_format(r->zone, at, text, sizeof(text));
    reply_text(r, key, (struct str){text, len});
}

void reply_member(struct reply *r, const char *key, uint32_t member)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "m%u", member);
    reply_text(r, key, (struct str){text, (size_t)len});
}

void reply_rate(struct reply *r, const char *key, uint64_t part, uint64_t whole)
{
    reply_double(r, key, whole == 0 ? NAN : (double)part / (double)whole);
}
