/* irc_line.c - [HH:MM] <nick> text, and its kin.
 *
 * In front of the time a line number may stand, or a channel and a date. A time is believed only in
 * brackets and only when it is one: "[1]" begins a line that continues the message above. */
#include "intake/irc_line.h"

#include "base/time.h"

struct cursor {
    struct str s;
    size_t at;
};

static char peek(const struct cursor *c)
{
    return c->at < c->s.len ? c->s.p[c->at] : '\0';
}

static bool take(struct cursor *c, char what)
{
    if (c->at == c->s.len || c->s.p[c->at] != what) return false;
    c->at++;
    return true;
}

static void spaces(struct cursor *c)
{
    while (peek(c) == ' ' || peek(c) == '\t')
        c->at++;
}

static struct str word(struct cursor *c)
{
    size_t from = c->at;
    while (c->at < c->s.len && c->s.p[c->at] != ' ' && c->s.p[c->at] != '\t')
        c->at++;
    return (struct str){c->s.p + from, c->at - from};
}

static struct str rest(const struct cursor *c)
{
    return (struct str){c->s.p + c->at, c->s.len - c->at};
}

/* Exactly 'digits' digits. */
static bool number(struct cursor *c, int digits, int *out)
{
    int v = 0;
    for (int i = 0; i < digits; i++) {
        char d = peek(c);
        if (d < '0' || d > '9') return false;
        v = v * 10 + (d - '0');
        c->at++;
    }
    *out = v;
    return true;
}

static bool read_date(struct cursor *c, char between, int32_t *day)
{
    struct civil d = {.hour = 0};
    size_t from = c->at;
    bool sound = number(c, 4, &d.year) && (!between || take(c, between)) &&
                 number(c, 2, &d.month) && (!between || take(c, between)) && number(c, 2, &d.day);
    if (sound && civil_valid(&d) && d.year >= 1970) {
        *day = civil_day(d.year, d.month, d.day);
        return true;
    }
    c->at = from;
    return false;
}

static bool read_clock(struct cursor *c, int64_t *time_ms)
{
    int hour, minute, second = 0, ms;
    if (!number(c, 2, &hour) || !take(c, ':') || !number(c, 2, &minute)) return false;
    if (take(c, ':') && !number(c, 2, &second)) return false;
    *time_ms = hour * TIME_HOUR + minute * TIME_MINUTE + (second < 60 ? second : 59) * TIME_SECOND;
    if (take(c, '.')) {
        if (!number(c, 3, &ms)) return false;
        *time_ms += ms;
    }
    return hour < 24 && minute < 60 && second <= 60;
}

/* [HH:MM], [HH:MM:SS], [YYYY-MM-DD HH:MM:SS], T for the space. */
static bool read_stamp(struct cursor *c, struct irc_line *out)
{
    struct cursor t = *c;
    if (!take(&t, '[')) return false;
    bool dated = read_date(&t, '-', &out->day);
    if (dated && !take(&t, ' ') && !take(&t, 'T')) return false;
    if (!read_clock(&t, &out->time_ms) || !take(&t, ']')) return false;
    out->has_time = true;
    out->has_date |= dated;
    *c = t;
    return true;
}

/* A line number, or a channel and a date; only when a time or === follows. */
static void skip_prefix(struct cursor *c, struct irc_line *out)
{
    struct cursor t = *c;
    struct irc_line found = {.what = IRC_MORE};
    struct str first = word(&t);
    bool digits = first.len > 0 && first.len <= 10;
    for (size_t i = 0; i < first.len && digits; i++)
        digits = first.p[i] >= '0' && first.p[i] <= '9';
    spaces(&t);
    if (!digits) {
        found.has_date = read_date(&t, '-', &found.day);
        if (!found.has_date) return;
        spaces(&t);
    }
    struct cursor after = t;
    struct irc_line scratch = {.what = IRC_MORE};
    bool follows = str_starts(rest(&t), STR("===")) || read_stamp(&after, &scratch);
    if (!follows) return;
    *c = t;
    out->has_date = found.has_date;
    out->day = found.day;
}

static bool all_dashes(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] != '-') return false;
    }
    return s.len >= 3;
}

/* Modes of a channel stand before a nick: <@nick>. */
static struct str bare_nick(struct str nick)
{
    nick = str_trim(nick);
    if (nick.len > 1 && strchr("@+%~&!", nick.p[0])) nick = (struct str){nick.p + 1, nick.len - 1};
    return nick;
}

/* === nick [host] has joined #channel; odd clients have nicks of several words. */
static bool is_presence(struct str notice)
{
    static const char *const phrases[] = {" has joined", " has left", " has quit",
                                          " entered the room", " left the room"};
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (str_find(notice, str_of(phrases[i])) != SIZE_MAX) return true;
    }
    return false;
}

static void read_notice(struct cursor c, struct irc_line *out)
{
    static const struct str known_as = {"is now known as ", 16};
    spaces(&c);
    out->what = IRC_NOTE;
    out->nick = bare_nick(word(&c));
    if (is_presence(rest(&c))) {
        out->what = IRC_PRESENCE;
        return;
    }
    spaces(&c);
    if (!str_starts(rest(&c), known_as)) return;
    c.at += known_as.len;
    spaces(&c);
    out->text = bare_nick(word(&c));
    spaces(&c);
    if (out->nick.len && out->text.len && c.at == c.s.len) out->what = IRC_RENAME;
}

/* What stands behind the time. */
static void read_said(struct cursor c, struct irc_line *out)
{
    spaces(&c);
    out->what = IRC_NOTE;
    if (str_starts(rest(&c), STR("==="))) {
        c.at += 3;
        read_notice(c, out);
        return;
    }
    if (take(&c, '*')) {
        if (peek(&c) != ' ') return;
        spaces(&c);
        out->nick = bare_nick(word(&c));
        if (out->nick.len && out->nick.p[0] != '*') out->what = IRC_MESSAGE;
    } else if (take(&c, '<')) {
        size_t end = str_find_char(rest(&c), '>');
        if (end == SIZE_MAX) return;
        out->nick = bare_nick((struct str){c.s.p + c.at, end});
        c.at += end + 1;
        if (out->nick.len) out->what = IRC_MESSAGE;
    }
    out->text = str_trim(rest(&c));
}

void irc_line_read(struct str line, struct irc_line *out)
{
    struct cursor c = {line, 0};
    *out = (struct irc_line){.what = IRC_MORE};
    struct str trimmed = str_trim(line);
    if (trimmed.len == 0) {
        out->what = IRC_BLANK;
        return;
    }
    if (all_dashes(trimmed)) {
        out->what = IRC_SEPARATOR;
        return;
    }
    skip_prefix(&c, out);
    if (str_starts(rest(&c), STR("=== "))) {
        c.at += 3;
        read_notice(c, out);
    } else if (read_stamp(&c, out)) {
        read_said(c, out);
    } else {
        out->text = line;
    }
}

bool irc_date_in(struct str path, int32_t *day)
{
    const char *slash = path.len ? memrchr(path.p, '/', path.len) : NULL;
    struct cursor c = {path, slash ? (size_t)(slash - path.p) + 1 : 0};
    static const char between[] = {'-', '_', '.', '\0'};
    for (; c.at < path.len; c.at++) {
        if (c.at > 0 && path.p[c.at - 1] >= '0' && path.p[c.at - 1] <= '9') continue;
        for (size_t i = 0; i < sizeof(between); i++) {
            if (read_date(&c, between[i], day)) return true;
        }
    }
    return false;
}
