/* irc_line.c - [HH:MM] <nick> text, and its kin.
 *
 * In front of the time a line number may stand, or a channel and a date. A time in brackets is
 * believed when it is one: "[1]" begins a line that continues the message above. One without
 * brackets, as irssi, WeeChat and HexChat write it, is believed when what follows has the shape
 * that client gives it: "12:30 suits me" continues, too.
 *
 *   irssi    09:14 <@nick> text    09:14  * nick waves    09:14 -!- nick [host] has joined #c
 *   WeeChat  2004-12-25 09:14:30 TAB nick TAB text        --> <-- -- and " *" for the nick
 *   HexChat  Dec 25 09:14:30 <nick> TAB text              Dec 25 09:14:30 * TAB nick has joined
 *   ZNC      [09:14:30] *** Joins: nick (host)
 *   mIRC     [09:14] * nick waves, [09:14] * nick (host) has joined #c
 *   eggdrop  [09:14] Action: nick waves    [09:14] nick (host) joined #c.
 *   Supybot  2004-12-25T09:14:30  <nick> text    * nick waves    *** nick <host> has joined #c
 *   MeetBot  09:14:30 <nick> text    09:14:30 * nick waves
 *   Textual  [2004-12-25T09:14:30+0800] <nick> text
 */
#include "intake/irc_line.h"

#include "base/time.h"
#include "intake/irc_notice.h"

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

/* Z, +08:00 or +0800 behind a dated time, if anything. */
static bool read_zone(struct cursor *c, struct irc_line *out)
{
    int hours, minutes;
    out->zoned = peek(c) == 'Z' || peek(c) == '+' || peek(c) == '-';
    out->zone_ms = 0;
    if (!out->zoned || take(c, 'Z')) return true;
    int64_t sign = take(c, '-') ? -1 : 1;
    if (sign > 0) c->at++;
    if (!number(c, 2, &hours)) return false;
    (void)take(c, ':');
    if (!number(c, 2, &minutes)) return false;
    out->zone_ms = sign * (hours * TIME_HOUR + minutes * TIME_MINUTE);
    return hours < 24 && minutes < 60;
}

/* [HH:MM], [HH:MM:SS], [YYYY-MM-DD HH:MM:SS], T for the space, a zone behind it. */
static bool read_stamp(struct cursor *c, struct irc_line *out)
{
    struct cursor t = *c;
    if (!take(&t, '[')) return false;
    bool dated = read_date(&t, '-', &out->day);
    if (dated && !take(&t, ' ') && !take(&t, 'T')) return false;
    if (!read_clock(&t, &out->time_ms)) return false;
    if ((dated && !read_zone(&t, out)) || !take(&t, ']')) return false;
    out->has_time = true;
    out->has_date |= dated;
    *c = t;
    return true;
}

/* Up to two digits, as of a day of a month. */
static bool short_number(struct cursor *c, int *out)
{
    spaces(c);
    struct cursor two = *c;
    if (number(&two, 2, out)) {
        *c = two;
        return true;
    }
    return number(c, 1, out);
}

static bool read_month(struct cursor *c, int *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct str name = word(c);
    for (int i = 0; name.len == 3 && i < 12; i++) {
        if (memcmp(names + (size_t)i * 3, name.p, 3) != 0) continue;
        *month = i + 1;
        return true;
    }
    return false;
}

/* Sat Dec 25 2004, Sat Dec 25 09:14:00 2004 */
static bool read_long_date(struct cursor c, int32_t *day)
{
    struct civil d = {.hour = 0};
    int64_t clock;
    (void)word(&c); /* of the week */
    spaces(&c);
    if (!read_month(&c, &d.month) || !short_number(&c, &d.day)) return false;
    spaces(&c);
    struct cursor timed = c;
    if (read_clock(&timed, &clock)) c = timed;
    spaces(&c);
    if (!number(&c, 4, &d.year) || !civil_valid(&d) || d.year < 1970) return false;
    *day = civil_day(d.year, d.month, d.day);
    return true;
}

/* Where a client says which day it is. */
static bool read_day_line(struct str line, struct irc_line *out)
{
    static const char *const begins[] = {
        "--- Log opened ",        "--- Log closed ",         "--- Day changed ",
        "**** BEGIN LOGGING AT ", "**** ENDING LOGGING AT ", "Session Start: ",
        "Session Time: ",         "Session Close: ",         "Session Ident: "};
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        if (!str_starts(line, str_of(begins[i]))) continue;
        out->what = IRC_NOTE;
        out->has_date = read_long_date((struct cursor){line, strlen(begins[i])}, &out->day);
        return true;
    }
    return false;
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

/* What stands behind the time. */
static void read_said(struct cursor c, struct irc_line *out)
{
    spaces(&c);
    out->what = IRC_NOTE;
    struct str said = rest(&c);
    if (str_starts(said, STR("===")) || str_starts(said, STR("***")) ||
        str_starts(said, STR("-!-"))) {
        c.at += 3;
        irc_notice_read(rest(&c), out);
        return;
    }
    if (str_starts(said, STR("--- "))) { /* the day of an eggdrop */
        out->has_date = read_long_date((struct cursor){said, 4}, &out->day);
        return;
    }
    if (take(&c, '*')) {
        if (peek(&c) == ' ' || peek(&c) == '\t') irc_star_read(rest(&c), out);
        return;
    }
    if (take(&c, '<')) {
        size_t end = str_find_char(rest(&c), '>');
        if (end == SIZE_MAX) return;
        out->nick = irc_nick((struct str){c.s.p + c.at, end});
        c.at += end + 1;
        if (out->nick.len) out->what = IRC_MESSAGE;
        out->text = str_trim(rest(&c));
        return;
    }
    irc_eggdrop_read(said, out);
}

/* 09:14 <nick>, 09:14  * nick, 09:14 -!- notice, 09:14 -nick:#channel- notice */
static bool read_irssi(struct cursor *c, struct irc_line *out)
{
    struct cursor t = *c;
    int64_t time_ms;
    if (!read_clock(&t, &time_ms) || !take(&t, ' ')) return false;
    struct str said = rest(&t);
    bool message = peek(&t) == '<' && str_find_char(said, '>') != SIZE_MAX;
    bool notice = peek(&t) == '-' && str_find(said, STR("- ")) != SIZE_MAX && said.p[1] != ' ';
    bool seconds = t.at - c->at > 6;
    bool acts = str_starts(said, STR(" * ")) || (seconds && str_starts(said, STR("* ")));
    if (!message && !notice && !acts) return false;
    out->time_ms = time_ms;
    out->has_time = true;
    *c = t;
    return true;
}

/* Dec 25 09:14:30 <nick>, Dec 25 09:14:30 * TAB; the year is that of the line above. */
static bool read_hexchat(struct cursor *c, struct irc_line *out)
{
    struct cursor t = *c;
    struct civil d = {.year = 2000}; /* which has every day that a year can have */
    int64_t time_ms;
    if (!read_month(&t, &d.month) || !short_number(&t, &d.day) || !civil_valid(&d)) return false;
    if (!take(&t, ' ') || !read_clock(&t, &time_ms) || !take(&t, ' ')) return false;
    bool message = peek(&t) == '<' && str_find_char(rest(&t), '>') != SIZE_MAX;
    if (!message && !str_starts(rest(&t), STR("*\t"))) return false;
    out->time_ms = time_ms;
    out->has_time = true;
    out->month = d.month;
    out->month_day = d.day;
    *c = t;
    return true;
}

/* 2004-12-25T09:14:30  <nick>, with a zone or none. */
static bool read_supybot(struct cursor *c, struct irc_line *out)
{
    struct cursor t = *c;
    struct irc_line found = {.what = IRC_MORE};
    if (!read_date(&t, '-', &found.day) || !take(&t, 'T')) return false;
    if (!read_clock(&t, &found.time_ms) || !read_zone(&t, &found) || !take(&t, ' ')) return false;
    spaces(&t);
    bool said = peek(&t) == '<' && str_find_char(rest(&t), '>') != SIZE_MAX;
    if (!said && !str_starts(rest(&t), STR("* ")) && !str_starts(rest(&t), STR("*** ")))
        return false;
    *out = found;
    out->has_date = out->has_time = true;
    *c = t;
    return true;
}

/* The whole line: date, time, who, what, the last two behind tabs. */
static bool read_weechat(struct cursor c, struct irc_line *out)
{
    int32_t day;
    int64_t time_ms;
    if (!read_date(&c, '-', &day) || !take(&c, ' ') || !read_clock(&c, &time_ms)) return false;
    if (!take(&c, '\t')) return false;
    size_t end = str_find_char(rest(&c), '\t');
    if (end == SIZE_MAX) return false;
    struct str who = str_trim((struct str){c.s.p + c.at, end});
    c.at += end + 1;
    out->has_date = out->has_time = true;
    out->day = day;
    out->time_ms = time_ms;
    out->what = IRC_NOTE;
    if (str_is(who, "-->") || str_is(who, "<--")) {
        out->what = IRC_PRESENCE;
    } else if (str_is(who, "--")) {
        irc_notice_read(rest(&c), out);
    } else if (str_is(who, "*")) {
        out->nick = irc_nick(word(&c));
        out->text = str_trim(rest(&c));
        if (out->nick.len) out->what = IRC_MESSAGE;
    } else if (who.len && !str_is(who, "=!=")) {
        out->nick = irc_nick(who);
        out->text = str_trim(rest(&c));
        out->what = IRC_MESSAGE;
    }
    return true;
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
    if (read_day_line(line, out) || read_weechat(c, out)) return;
    skip_prefix(&c, out);
    if (str_starts(rest(&c), STR("=== "))) {
        c.at += 3;
        irc_notice_read(rest(&c), out);
    } else if (read_stamp(&c, out) || read_irssi(&c, out) || read_hexchat(&c, out) ||
               read_supybot(&c, out)) {
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
