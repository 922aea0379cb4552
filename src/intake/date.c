/* date.c - formats, and from a civil time to an instant.
 *
 * A pattern is walked for every value: numbers are read greedily up to their width, as strptime
 * does, and white space in the pattern matches any, or none. */
#include "intake/date.h"

#include "base/arena.h"
#include "base/utf8.h"

/* ---- formats ---- */

static const char *written_out(char c)
{
    switch (c) {
    case 'T':
        return "%H:%M:%S";
    case 'F':
        return "%Y-%m-%d";
    case 'D':
        return "%m/%d/%y";
    case 'R':
        return "%H:%M";
    case 'n':
    case 't':
        return " ";
    default:
        return NULL;
    }
}

static bool pattern_parse(struct arena *a, struct str text, struct date_format *out)
{
    struct strbuf b = {0};
    bool sound = true, any = false;
    for (size_t i = 0; i < text.len && sound; i++) {
        if (text.p[i] != '%') {
            strbuf_add_char(&b, text.p[i]);
            continue;
        }
        char c = ++i < text.len ? text.p[i] : '\0';
        const char *full = written_out(c);
        if (full) strbuf_add_text(&b, full);
        if (!full) strbuf_addf(&b, "%%%c", c);
        sound = full || (c && strchr("YymdeHkIlMSpbBhaAjszZf%", c));
        any |= c != '%';
    }
    out->style = DATE_PATTERN;
    if (b.p) out->pattern = arena_str(a, strbuf_str(&b));
    strbuf_finish(&b);
    return sound && any;
}

bool date_format_parse(struct arena *a, struct str text, struct date_format *out)
{
    struct date_format f = {.style = DATE_ISO};
    if (str_is(text, "epoch")) f.style = DATE_EPOCH;
    if (str_is(text, "epoch_ms")) f.style = DATE_EPOCH_MS;
    bool named = f.style != DATE_ISO || str_is(text, "iso");
    if (!named && !pattern_parse(a, text, &f)) return false;
    *out = f;
    return true;
}

/* ---- instants ---- */

void dates_init(struct dates *d, const struct zone *zone)
{
    *d = (struct dates){.zone = zone};
}

int64_t dates_instant(struct dates *d, const struct civil *c)
{
    int32_t day = civil_day(c->year, c->month, c->day);
    struct date_slot *s = &d->slots[(uint32_t)day & 255];
    if (!s->used || s->day != day) {
        int64_t next = zone_day_start(d->zone, day + 1);
        s->used = true;
        s->day = day;
        s->start = zone_day_start(d->zone, day);
        s->even = next - s->start == TIME_DAY &&
                  zone_offset(d->zone, s->start) == zone_offset(d->zone, next - 1);
    }
    if (!s->even) return zone_instant(d->zone, c);
    return s->start + c->hour * TIME_HOUR + c->minute * TIME_MINUTE + c->second * TIME_SECOND +
           c->ms;
}

/* ---- patterns ---- */

struct cursor {
    struct str s;
    size_t at;
};

struct reading {
    struct civil civil;
    int32_t offset;  /* seconds */
    int day_of_year; /* 0 = none */
    int afternoon;   /* -1 not said, 0 or 1 */
    bool has_time, has_offset, is_epoch;
    int64_t epoch; /* seconds */
};

static bool take_number(struct cursor *c, int width, int *out)
{
    int64_t v = 0;
    int digits = 0;
    while (c->at < c->s.len && c->s.p[c->at] == ' ')
        c->at++;
    while (digits < width && c->at < c->s.len && c->s.p[c->at] >= '0' && c->s.p[c->at] <= '9') {
        v = v * 10 + (c->s.p[c->at++] - '0');
        digits++;
    }
    *out = (int)v;
    return digits > 0;
}

/* The longest of the names that comes next, full or its first three letters. */
static bool take_name(struct cursor *c, const char *const *names, int count, int *out)
{
    for (int i = 0; i < count; i++) {
        struct str full = str_of(names[i]), rest = {c->s.p + c->at, c->s.len - c->at};
        struct str brief = {full.p, 3};
        size_t len = 0;
        if (rest.len >= 3 && str_eq_fold((struct str){rest.p, 3}, brief)) len = 3;
        if (rest.len >= full.len && str_eq_fold((struct str){rest.p, full.len}, full))
            len = full.len;
        if (len == 0) continue;
        c->at += len;
        *out = i;
        return true;
    }
    return false;
}

static bool take_offset(struct cursor *c, int32_t *out)
{
    struct str rest = {c->s.p + c->at, c->s.len - c->at};
    if (rest.len && (rest.p[0] == 'Z' || rest.p[0] == 'z')) {
        c->at++;
        *out = 0;
        return true;
    }
    if (rest.len < 3 || (rest.p[0] != '+' && rest.p[0] != '-')) return false;
    int hours, minutes = 0;
    c->at++;
    if (!take_number(c, 2, &hours)) return false;
    if (c->at < c->s.len && c->s.p[c->at] == ':') c->at++;
    if (c->at < c->s.len && !take_number(c, 2, &minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    *out = (hours * 3600 + minutes * 60) * (rest.p[0] == '-' ? -1 : 1);
    return true;
}

static bool take_fraction(struct cursor *c, int *ms)
{
    int scale = 100;
    size_t from = c->at;
    *ms = 0;
    for (; c->at < c->s.len && c->s.p[c->at] >= '0' && c->s.p[c->at] <= '9'; c->at++) {
        *ms += (c->s.p[c->at] - '0') * scale;
        scale /= 10;
    }
    return c->at > from && c->at - from <= 9;
}

static bool take_epoch(struct cursor *c, struct reading *r)
{
    size_t from = c->at;
    while (c->at < c->s.len && c->s.p[c->at] >= '0' && c->s.p[c->at] <= '9')
        c->at++;
    r->is_epoch = true;
    return str_to_i64((struct str){c->s.p + from, c->at - from}, &r->epoch) &&
           r->epoch < INT64_MAX / 1000;
}

static bool take_half(struct cursor *c, struct reading *r)
{
    struct str rest = {c->s.p + c->at, c->s.len - c->at};
    if (rest.len < 2 || (rest.p[1] != 'M' && rest.p[1] != 'm')) return false;
    bool am = rest.p[0] == 'A' || rest.p[0] == 'a', pm = rest.p[0] == 'P' || rest.p[0] == 'p';
    r->afternoon = pm;
    c->at += 2;
    return am || pm;
}

static bool take_word(struct cursor *c)
{
    size_t from = c->at;
    while (c->at < c->s.len && c->s.p[c->at] > ' ')
        c->at++;
    return c->at > from;
}

static bool take_clock(struct cursor *c, char what, struct reading *r)
{
    r->has_time = true;
    switch (what) {
    case 'H':
    case 'k':
    case 'I':
    case 'l':
        return take_number(c, 2, &r->civil.hour);
    case 'M':
        return take_number(c, 2, &r->civil.minute);
    case 'S':
        return take_number(c, 2, &r->civil.second);
    case 'f':
        return take_fraction(c, &r->civil.ms);
    case 'p':
        return take_half(c, r);
    case 's':
        return take_epoch(c, r);
    case 'z':
        r->has_offset = true;
        return take_offset(c, &r->offset);
    default:
        return take_word(c); /* %Z: a name of a zone says nothing certain */
    }
}

static bool take_month(struct cursor *c, int *out)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    if (!take_name(c, names, 12, out)) return false;
    (*out)++;
    return true;
}

static bool take_date(struct cursor *c, char what, struct reading *r)
{
    static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
    int n;
    switch (what) {
    case 'Y':
        return take_number(c, 4, &r->civil.year);
    case 'y':
        if (!take_number(c, 2, &n)) return false;
        r->civil.year = n < 69 ? 2000 + n : 1900 + n;
        return true;
    case 'm':
        return take_number(c, 2, &r->civil.month);
    case 'd':
    case 'e':
        return take_number(c, 2, &r->civil.day);
    case 'j':
        return take_number(c, 3, &r->day_of_year) && r->day_of_year > 0;
    case 'b':
    case 'B':
    case 'h':
        return take_month(c, &r->civil.month);
    default:
        return take_name(c, days, 7, &n);
    }
}

static bool take_pattern(struct cursor *c, struct str pattern, struct reading *r)
{
    for (size_t i = 0; i < pattern.len; i++) {
        char p = pattern.p[i];
        if (p == ' ') {
            while (c->at < c->s.len && c->s.p[c->at] == ' ')
                c->at++;
            continue;
        }
        bool literal = p != '%' || pattern.p[++i] == '%';
        if (literal) {
            if (c->at == c->s.len || c->s.p[c->at++] != p) return false;
            continue;
        }
        bool clock = strchr("HkIlMSfpszZ", pattern.p[i]) != NULL;
        if (!(clock ? take_clock : take_date)(c, pattern.p[i], r)) return false;
    }
    return c->at == c->s.len;
}

/* ---- from what was read to a moment ---- */

static bool settle(struct dates *d, struct civil *c, const struct reading *r, struct moment *out)
{
    if (r->is_epoch) {
        *out = (struct moment){r->epoch * 1000 + c->ms, 0, true};
        out->day = zone_day(d->zone, out->at);
        return true;
    }
    if (r->afternoon >= 0 && (c->hour < 1 || c->hour > 12)) return false;
    if (r->afternoon >= 0) c->hour = c->hour % 12 + 12 * r->afternoon;
    if (r->day_of_year) {
        int32_t day = civil_day(c->year, 1, 1) + r->day_of_year - 1;
        civil_from_day(day, &c->year, &c->month, &c->day);
    }
    if (c->second == 60) c->second = 59; /* a leap second is the last of its minute */
    if (!civil_valid(c)) return false;
    out->day = civil_day(c->year, c->month, c->day);
    out->has_time = r->has_time;
    out->at = !r->has_offset ? dates_instant(d, c)
                             : out->day * TIME_DAY + c->hour * TIME_HOUR + c->minute * TIME_MINUTE +
                                   (c->second - r->offset) * TIME_SECOND + c->ms;
    return true;
}

static bool read_pattern(struct dates *d, struct str pattern, struct str s, struct moment *out)
{
    struct reading r = {.civil = {.year = 1970, .month = 1, .day = 1}, .afternoon = -1};
    struct cursor c = {s, 0};
    return take_pattern(&c, pattern, &r) && settle(d, &r.civil, &r, out);
}

/* Full-width digits and marks as ASCII, in 'room' if there are any. */
static struct str narrow(struct str s, char room[64])
{
    size_t len = 0;
    if (s.len > 64 || !memchr(s.p, 0xEF, s.len)) return s;
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t c = utf8_next(s, &i);
        bool wide = c > 0xFF00 && c < 0xFF5F;
        if (wide) room[len++] = (char)(c - 0xFEE0);
        if (!wide) {
            memcpy(room + len, s.p + from, i - from);
            len += i - from;
        }
    }
    return (struct str){room, len};
}

static bool read_any(struct dates *d, struct str text, bool iso, struct moment *out)
{
    struct date_parts parts;
    char room[64];
    struct str s = narrow(text, room);
    if (iso && (s.len < 10 || s.p[4] != '-')) return false;
    if (!date_any(s, &parts)) return false;
    if (parts.is_instant) {
        *out = (struct moment){parts.at, zone_day(d->zone, parts.at), true};
        return true;
    }
    struct reading r = {.afternoon = -1,
                        .has_time = parts.has_time,
                        .has_offset = parts.has_offset,
                        .offset = parts.offset};
    return settle(d, &parts.civil, &r, out);
}

static bool read_epoch(struct dates *d, struct str s, int64_t scale, struct moment *out)
{
    static const int64_t latest = 9000000000000000;
    int64_t whole;
    double v;
    if (str_to_i64(s, &whole)) {
        if (whole < 0 || whole > latest / scale) return false;
        out->at = whole * scale;
    } else {
        if (!str_to_double(s, &v) || !(v >= 0) || v * (double)scale > (double)latest) return false;
        out->at = (int64_t)(v * (double)scale + 0.5);
    }
    out->day = zone_day(d->zone, out->at);
    out->has_time = true;
    return true;
}

bool date_read(struct dates *d, const struct date_format *f, struct str s, struct moment *out)
{
    switch (f->style) {
    case DATE_EPOCH:
        return read_epoch(d, s, 1000, out);
    case DATE_EPOCH_MS:
        return read_epoch(d, s, 1, out);
    case DATE_PATTERN:
        return read_pattern(d, f->pattern, s, out);
    default:
        return read_any(d, s, f->style == DATE_ISO, out);
    }
}
