/* chat_json.c - rows of JSON, one at a time.
 *
 * The window is of its own memory and used again, the row's tree lies in the scratch arena; what is
 * kept of a row is copied into the batch. */
#include <math.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/chat.h"
#include "intake/json_feed.h"

#define EPOCH_SECONDS_MAX 1e11

/* Of an export of many files, the field says which one. */
static void reject(struct chat_reader *r, const struct feed_value *v, struct why *why)
{
    if (r->file) {
        char field[sizeof(why->field)];
        memcpy(field, why->field, sizeof(field));
        snprintf(why->field, sizeof(why->field), "%.60s%s%.30s", r->file, field[0] ? " " : "",
                 field);
    }
    parse_reject(r->chat.p, v->column, why);
}

static enum err read_row(struct chat_reader *r, const struct feed_value *v, struct why *why)
{
    struct chat *c = &r->chat;
    const struct json *row = NULL;
    if (v->too_long) return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "", "%d", LIMIT_LINE_BYTES);
    TRY(json_parse(c->scratch, v->text, &row, why));
    if (!row || row->type != JSON_OBJECT)
        return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "", "an object");
    if (!c->passed_over) return r->row(r, row, why);
    chat_skip(c);
    return ERR_OK;
}

static void take_value(struct chat_reader *r, const struct feed_value *v)
{
    struct why own = {0};
    parse_row(r->chat.p, v->line, v->text);
    if (read_row(r, v, &own) != ERR_OK) reject(r, v, &own);
}

void chat_row(struct chat_reader *r, const struct line *line)
{
    const struct feed_value v = {line->text, line->number, 1, line->too_long};
    take_value(r, &v);
}

/* One value of the array. */
static enum err take_row(struct chat_reader *r, struct why *why)
{
    struct feed_value v;
    TRY(feed_take(r->feed, &v, why));
    if (!r->feed->broken) take_value(r, &v);
    return ERR_OK;
}

enum err chat_rows(struct chat_reader *r, bool *room, struct why *why)
{
    bool in, more;
    struct str key;
    struct feed_value other;
    char first;
    *room = true;
    TRY(feed_peek(r->feed, &first, why));
    if (first != '[') return feed_take(r->feed, &other, why);
    TRY(feed_enter(r->feed, &in, why));
    if (!in) return ERR_OK;
    r->lists++;
    for (;;) {
        *room = parse_room(r->chat.p);
        if (!*room) return ERR_OK;
        TRY(feed_next(r->feed, &key, &more, why));
        if (!more) return ERR_OK;
        TRY(take_row(r, why));
        if (r->feed->broken) return ERR_OK;
    }
}

enum err chat_small(struct chat_reader *r, const struct json **out, struct why *why)
{
    struct feed_value v;
    *out = NULL;
    TRY(feed_take(r->feed, &v, why));
    if (r->feed->broken || v.too_long) return ERR_OK;
    const struct json *j;
    if (json_parse(r->chat.scratch, v.text, &j, NULL) == ERR_OK) *out = j;
    return ERR_OK;
}

void chat_report(struct chat_reader *r)
{
    struct feed_value v;
    struct why why = {0};
    if (!r->feed->broken || !r->chat.p->batch) return;
    feed_place(r->feed, &v);
    parse_row(r->chat.p, v.line, STR(""));
    (void)why_fail(&why, ERR_INVALID, MSG_BAD_JSON, "", "%llu|%s",
                   (unsigned long long)r->feed->offset + 1, r->feed->broken);
    reject(r, &v, &why);
}

void chat_reader_begin(struct chat_reader *r, struct parse *p, struct json_feed *feed)
{
    chat_begin(&r->chat, p, import_format_name(p->options->format));
    window_reuse(&p->rows, p->arena);
    feed_init(feed, &p->rows, r->chat.scratch);
    r->feed = feed;
    r->lists = 0;
}

enum err chat_reader_end(struct chat_reader *r, enum err err, struct why *why)
{
    bool none = err == ERR_OK && r->lists == 0 && !r->feed->broken;
    if (err == ERR_OK) chat_report(r);
    if (none) err = why_fail(why, ERR_INVALID, MSG_NO_MESSAGES, "", "%s", r->chat.channel);
    chat_end(&r->chat);
    return err;
}

enum err chat_object(struct chat_reader *r,
                     enum err (*member)(struct chat_reader *r, struct str key, bool *room,
                                        struct why *why),
                     bool *room, struct why *why)
{
    struct str key;
    struct feed_value other;
    bool in, more;
    TRY(feed_enter(r->feed, &in, why));
    if (!in) return feed_take(r->feed, &other, why);
    while (*room) {
        TRY(feed_next(r->feed, &key, &more, why));
        if (!more) return ERR_OK;
        TRY(member(r, key, room, why));
    }
    return ERR_OK;
}

struct str chat_text_of(struct chat *c, const struct json *object, const char *key)
{
    char digits[DECIMAL_SIZE];
    const struct json *v = json_get(object, key);
    if (!v) return (struct str){NULL, 0};
    if (v->type == JSON_STRING) return v->string;
    if (v->type == JSON_INT) return str_of(arena_printf(c->scratch, "%lld", (long long)v->integer));
    if (v->type != JSON_DOUBLE) return (struct str){NULL, 0};
    return arena_str(c->scratch, (struct str){digits, decimal_print(v->number, digits)});
}

static bool number_time(double number, int64_t *out)
{
    double ms = fabs(number) < EPOCH_SECONDS_MAX ? number * 1000 : number;
    if (!(fabs(ms) < 9e15)) return false;
    *out = (int64_t)floor(ms);
    return true;
}

bool chat_time(struct chat *c, const struct json *value, int64_t *out)
{
    struct moment m;
    double number;
    const struct date_format any = {.style = DATE_ANY};
    if (!value) return false;
    if (value->type == JSON_INT || value->type == JSON_DOUBLE)
        return number_time(value->number, out);
    if (value->type != JSON_STRING || value->string.len > 60) return false;
    if (time_parse_rfc3339(value->string, out)) return true;
    bool counted = str_find_char(value->string, '.') >= 9 || str_starts(value->string, STR("-"));
    if (counted && str_to_double(value->string, &number)) return number_time(number, out);
    if (!date_read(&c->p->dates, &any, value->string, &m)) return false;
    *out = m.at;
    return true;
}
