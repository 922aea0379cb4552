/* date_any.c - dates whose format nobody gave.
 *
 * Year first, always with four digits: what cannot be told from another reading (1/5/2024, 24-1-5)
 * is refused. Between the numbers stand - / . or 年 月 日, 时 点 分 秒; 上午 下午 and their kin may
 * stand before the hour, AM and PM behind the time, a day of the week behind the date. An hour that
 * its half of the day cannot have (上午13点, 晚上12点) is refused. */
#include "base/utf8.h"
#include "intake/date.h"

struct reader {
    struct str s;
    size_t at;
};

static bool at_end(const struct reader *r)
{
    return r->at == r->s.len;
}

static bool take(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    if (r->s.len - r->at < len || memcmp(r->s.p + r->at, text, len) != 0) return false;
    r->at += len;
    return true;
}

static bool take_one_of(struct reader *r, const char *const *texts)
{
    for (; *texts; texts++) {
        if (take(r, *texts)) return true;
    }
    return false;
}

static bool skip_spaces(struct reader *r)
{
    static const char *const spaces[] = {" ", "\t", "\xC2\xA0", "\xE3\x80\x80", NULL};
    size_t from = r->at;
    while (take_one_of(r, spaces)) {
    }
    return r->at > from;
}

/* Between 'least' and 'most' digits. */
static bool number(struct reader *r, int least, int most, int *out)
{
    int v = 0, digits = 0;
    while (!at_end(r) && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9') {
        if (++digits > most) return false;
        v = v * 10 + (r->s.p[r->at++] - '0');
    }
    *out = v;
    return digits >= least;
}

/* ---- all digits ---- */

static int digits_to_int(const char *p, int count)
{
    int v = 0;
    for (int i = 0; i < count; i++)
        v = v * 10 + (p[i] - '0');
    return v;
}

static bool compact(struct str s, struct date_parts *out)
{
    struct civil c = {.year = digits_to_int(s.p, 4),
                      .month = digits_to_int(s.p + 4, 2),
                      .day = digits_to_int(s.p + 6, 2)};
    out->has_time = s.len == 14;
    if (out->has_time) {
        c.hour = digits_to_int(s.p + 8, 2);
        c.minute = digits_to_int(s.p + 10, 2);
        c.second = digits_to_int(s.p + 12, 2);
    }
    out->civil = c;
    return c.year >= 1900 && c.year <= 2200;
}

/* Days since 1899-12-30, as spreadsheets count; rounded to the second, which is what they show. */
static bool serial(double v, struct date_parts *out)
{
    if (!(v >= 20000 && v < 80000)) return false;
    int64_t seconds = (int64_t)(v * 86400 + 0.5);
    int32_t day = (int32_t)(seconds / 86400) - 25569;
    int rest = (int)(seconds % 86400);
    civil_from_day(day, &out->civil.year, &out->civil.month, &out->civil.day);
    out->civil.hour = rest / 3600;
    out->civil.minute = rest / 60 % 60;
    out->civil.second = rest % 60;
    out->has_time = v != (double)(int64_t)v;
    return true;
}

static bool numeric(struct str s, struct date_parts *out)
{
    double v;
    int64_t whole;
    bool digits = str_to_i64(s, &whole) && s.p[0] != '-' && s.p[0] != '+';
    if (digits && (s.len == 8 || s.len == 14)) return compact(s, out);
    if (digits && (s.len == 10 || s.len == 13)) {
        out->is_instant = true;
        out->at = s.len == 10 ? whole * 1000 : whole;
        return true;
    }
    return str_to_double(s, &v) && serial(v, out);
}

static bool is_numeric(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.') return false;
    }
    /* 2024.1.5 is a date */
    return s.len > 0 &&
           (!memchr(s.p, '.', s.len) || memchr(s.p, '.', s.len) == memrchr(s.p, '.', s.len));
}

/* ---- date, then time ---- */

static bool read_date(struct reader *r, struct civil *c)
{
    static const char *const year_end[] = {"-", "/", ".", "年", NULL};
    static const char *const month_end[] = {"-", "/", ".", "月", NULL};
    if (!number(r, 4, 4, &c->year) || !take_one_of(r, year_end)) return false;
    if (!number(r, 1, 2, &c->month) || !take_one_of(r, month_end)) return false;
    if (!number(r, 1, 2, &c->day)) return false;
    if (!take(r, "日")) take(r, "号");
    return true;
}

/* 星期五, 周五, in brackets or not; it says nothing new. */
static bool skip_weekday(struct reader *r)
{
    static const char *const open[] = {"(", "（", NULL}, *const close[] = {")", "）", NULL};
    static const char *const heads[] = {"星期", "周", NULL};
    static const char *const days[] = {"一", "二", "三", "四", "五", "六", "日", "天", NULL};
    size_t from = r->at;
    bool bracket = take_one_of(r, open);
    bool day = take_one_of(r, heads) && take_one_of(r, days);
    if (!day || (bracket && !take_one_of(r, close))) r->at = from;
    return r->at > from;
}

enum half { HALF_NONE, HALF_MORNING, HALF_NOON, HALF_AFTERNOON, HALF_NIGHT };

static enum half read_half(struct reader *r)
{
    static const char *const morning[] = {"上午", "凌晨", "早上", "清晨", NULL};
    static const char *const night[] = {"晚上", "傍晚", NULL};
    static const char *const am[] = {"AM", "am", "a.m.", NULL};
    static const char *const pm[] = {"PM", "pm", "p.m.", NULL};
    if (take_one_of(r, morning) || take_one_of(r, am)) return HALF_MORNING;
    if (take(r, "下午") || take_one_of(r, pm)) return HALF_AFTERNOON;
    if (take_one_of(r, night)) return HALF_NIGHT;
    return take(r, "中午") ? HALF_NOON : HALF_NONE;
}

static void read_fraction(struct reader *r, int *ms)
{
    int scale = 100;
    for (; !at_end(r) && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9'; r->at++) {
        *ms += (r->s.p[r->at] - '0') * scale;
        scale /= 10;
    }
}

static bool read_clock(struct reader *r, struct civil *c)
{
    static const char *const hour_end[] = {":", "：", "时", "点", NULL};
    static const char *const minute_end[] = {":", "：", NULL};
    if (!number(r, 1, 2, &c->hour) || !take_one_of(r, hour_end)) return false;
    bool open = at_end(r) && r->s.p[r->at - 1] != ':'; /* 9点 */
    if (open) return true;
    if (!number(r, 1, 2, &c->minute)) return false;
    bool more = take_one_of(r, minute_end);
    if (take(r, "分")) more = !at_end(r) && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9';
    if (!more) return true;
    if (!number(r, 1, 2, &c->second)) return false;
    take(r, "秒");
    if (take(r, ".") || take(r, ",")) read_fraction(r, &c->ms);
    return true;
}

static bool apply_half(enum half half, struct civil *c)
{
    int hour = c->hour;
    switch (half) {
    case HALF_MORNING:
        c->hour = hour % 12;
        return hour <= 12;
    case HALF_NOON:
        if (hour < 3) c->hour = hour + 12;
        return (hour > 0 && hour < 3) || (hour > 9 && hour < 15);
    case HALF_AFTERNOON:
        if (hour < 12) c->hour = hour + 12;
        return true;
    case HALF_NIGHT:
        if (hour < 12) c->hour = hour + 12;
        return hour > 0 && hour != 12;
    case HALF_NONE:
        break;
    }
    return true;
}

static bool read_offset(struct reader *r, struct date_parts *out)
{
    int hours, minutes = 0;
    if (take(r, "Z") || take(r, "z")) {
        out->has_offset = true;
        return true;
    }
    bool minus = take(r, "-");
    if (!minus && !take(r, "+")) return true;
    if (!number(r, 2, 4, &hours)) return false;
    if (take(r, ":")) {
        if (!number(r, 2, 2, &minutes)) return false;
    } else if (hours > 99) {
        minutes = hours % 100;
        hours /= 100;
    }
    out->has_offset = true;
    out->offset = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
    return hours < 24 && minutes < 60;
}

static bool read_time(struct reader *r, struct date_parts *out)
{
    enum half half = read_half(r);
    skip_spaces(r);
    if (!read_clock(r, &out->civil)) return false;
    out->has_time = true;
    size_t before = r->at;
    skip_spaces(r);
    if (half == HALF_NONE) half = read_half(r);
    if (half == HALF_NONE && !at_end(r) && r->s.p[r->at] != '+' && r->s.p[r->at] != '-')
        r->at = before;
    return apply_half(half, &out->civil) && read_offset(r, out);
}

bool date_any(struct str s, struct date_parts *out)
{
    struct reader r = {s, 0};
    *out = (struct date_parts){.at = 0};
    if (is_numeric(s)) return numeric(s, out);
    if (!read_date(&r, &out->civil)) return false;
    bool gap = skip_spaces(&r);
    gap |= skip_weekday(&r);
    gap |= skip_spaces(&r);
    if (at_end(&r)) return true;
    gap = gap || take(&r, "T");
    bool glued = !gap && (unsigned char)r.s.p[r.at - 1] >= 0x80; /* 2024年1月5日9:03 */
    if (!gap && !glued) return false;
    return read_time(&r, out) && at_end(&r);
}
