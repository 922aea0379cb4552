/* log.c - one line, one write(2), so that threads and processes do not mix within a line.
 *
 * The pairs are logfmt: key=value or key="value". A bare value ends where the next key= begins, so
 * that error=%s may hold spaces. As JSON they become members, plain numbers and booleans unquoted.
 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/env.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define PAIRS_MAX 2048
#define STAMP_SIZE 32

static atomic_int least_level = LOG_INFO;
static atomic_int chosen_form = LOG_AUTO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_init(enum log_level least, enum log_form form)
{
    if (form == LOG_AUTO) form = isatty(STDERR_FILENO) ? LOG_HUMAN : LOG_JSON;
    atomic_store(&least_level, (int)least);
    atomic_store(&chosen_form, (int)form);
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Does 's' start with key= ? */
static bool at_key(struct str s)
{
    size_t i = 0;
    while (i < s.len && is_key_char(s.p[i])) {
        i++;
    }
    return i > 0 && i < s.len && s.p[i] == '=';
}

/* Take the value off the front of *rest. */
static struct str take_value(struct str *rest)
{
    struct str s = *rest;
    size_t end = 0;
    if (s.len && s.p[0] == '"') {
        struct str inner = {s.p + 1, s.len - 1};
        size_t close = str_find_char(inner, '"');
        if (close != SIZE_MAX) {
            *rest = (struct str){inner.p + close + 1, inner.len - close - 1};
            return (struct str){inner.p, close};
        }
    }
    while (end < s.len) {
        if (s.p[end] == ' ' && at_key((struct str){s.p + end + 1, s.len - end - 1})) break;
        end++;
    }
    *rest = (struct str){s.p + end, s.len - end};
    return str_trim((struct str){s.p, end});
}

/* A plain decimal that reads back as it stands: no leading zero, no exponent. */
static bool is_plain_number(struct str s)
{
    struct str digits = s.len && s.p[0] == '-' ? (struct str){s.p + 1, s.len - 1} : s;
    bool point = false;
    if (digits.len == 0 || digits.p[0] == '.' || digits.p[digits.len - 1] == '.') return false;
    if (digits.len > 1 && digits.p[0] == '0' && digits.p[1] != '.') return false;
    for (size_t i = 0; i < digits.len; i++) {
        bool dot = digits.p[i] == '.';
        if (dot ? point : digits.p[i] < '0' || digits.p[i] > '9') return false;
        point |= dot;
    }
    return digits.len <= 20;
}

static void write_value(struct json_writer *w, struct str s)
{
    int64_t i;
    uint64_t u;
    double d;
    if (is_plain_number(s)) {
        if (str_to_i64(s, &i)) {
            json_int(w, i);
            return;
        }
        if (str_to_u64(s, &u)) {
            json_uint(w, u);
            return;
        }
        if (str_to_double(s, &d)) {
            json_double(w, d);
            return;
        }
    }
    if (str_is(s, "true") || str_is(s, "false")) {
        json_bool(w, str_is(s, "true"));
        return;
    }
    json_str(w, s);
}

static void write_pairs(struct json_writer *w, struct str rest)
{
    for (rest = str_trim(rest); rest.len; rest = str_trim(rest)) {
        if (at_key(rest)) {
            json_key_str(w, str_cut(&rest, '='));
        } else {
            json_key(w, "text"); /* not logfmt: keep it rather than lose it */
        }
        write_value(w, take_value(&rest));
    }
}

static void stamp_of(int64_t now, char out[STAMP_SIZE])
{
    int32_t day = (int32_t)(now / TIME_DAY);
    int64_t ms = now % TIME_DAY;
    int32_t year;
    int month;
    int mday;
    if (ms < 0) {
        ms += TIME_DAY;
        day--;
    }
    civil_from_day(day, &year, &month, &mday);
    snprintf(out, STAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, month, mday,
             (int)(ms / TIME_HOUR), (int)(ms / TIME_MINUTE % 60), (int)(ms / TIME_SECOND % 60),
             (int)(ms % 1000));
}

/* What every line has, whatever its form. */
struct line {
    char stamp[STAMP_SIZE]; /* UTC */
    const char *level;      /* lower case */
    const char *room;       /* who says it */
    const char *event;      /* stable word */
    struct str pairs;       /* logfmt */
};

static void json_line(struct strbuf *out, const struct line *line)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_key(&w, "ts");
    json_text(&w, line->stamp);
    json_key(&w, "level");
    json_text(&w, line->level);
    json_key(&w, "room");
    json_text(&w, line->room);
    json_key(&w, "event");
    json_text(&w, line->event);
    write_pairs(&w, line->pairs);
    json_end_object(&w);
}

static void human_line(struct strbuf *out, const struct line *line)
{
    strbuf_addf(out, "%s %-5s %s %s", line->stamp, line->level, line->room, line->event);
    if (line->pairs.len) strbuf_add_char(out, ' ');
    for (size_t i = 0; i < line->pairs.len; i++) {
        unsigned char c = (unsigned char)line->pairs.p[i];
        strbuf_add_char(out, line->pairs.p[i]);
        if (c < 0x20 || c == 0x7f) out->p[out->len - 1] = ' ';
    }
}

static void write_out(struct str s)
{
    while (s.len) {
        ssize_t n = write(STDERR_FILENO, s.p, s.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return; /* nobody left to tell */
        s = (struct str){s.p + n, s.len - (size_t)n};
    }
}

void log_write(enum log_level level, const char *room, const char *event, const char *format, ...)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed)) return;
    int form = atomic_load_explicit(&chosen_form, memory_order_relaxed);
    if (form == LOG_AUTO) form = isatty(STDERR_FILENO) ? LOG_HUMAN : LOG_JSON;
    int saved_errno = errno;
    char pairs[PAIRS_MAX] = "";
    if (format) {
        va_list args;
        va_start(args, format);
        int wrote = vsnprintf(pairs, sizeof(pairs), format, args);
        va_end(args);
        assert(wrote >= 0);
    }
    struct line line = {
        .level = level_names[level], .room = room, .event = event, .pairs = str_of(pairs)};
    struct strbuf out = {0};
    stamp_of(env_now(env_system()), line.stamp);
    if (form == LOG_JSON) {
        json_line(&out, &line);
    } else {
        human_line(&out, &line);
    }
    strbuf_add_char(&out, '\n');
    write_out(strbuf_str(&out));
    strbuf_finish(&out);
    errno = saved_errno;
}
