/* time.c - the calendar, and times and durations as text.
 *
 * Day numbers follow the proleptic Gregorian calendar, counted in eras of 400 years whose years
 * begin in March, so that the leap day is a year's last. */
#include "base/time.h"

#include <assert.h>
#include <stdio.h>

#define ERA_DAYS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */
#define DURATION_MAX (36500 * TIME_DAY)
/* A day inside of years 0000 to 9999, so that local time stays within them too. */
#define TEXT_MIN (-719527 * TIME_DAY)
#define TEXT_MAX (2932896 * TIME_DAY - 1)

int32_t civil_day(int32_t year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t n = era * ERA_DAYS + day_of_era - EPOCH_DAYS;
    if (n > INT32_MAX) return INT32_MAX;
    return n < INT32_MIN ? INT32_MIN : (int32_t)n;
}

void civil_from_day(int32_t day, int32_t *year, int *month, int *mday)
{
    int64_t n = (int64_t)day + EPOCH_DAYS;
    int64_t era = (n >= 0 ? n : n - (ERA_DAYS - 1)) / ERA_DAYS;
    int64_t day_of_era = n - era * ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (ERA_DAYS - 1)) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    *mday = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (int32_t)(year_of_era + era * 400 + (*month <= 2));
}

static int month_days(int32_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

bool civil_valid(const struct civil *c)
{
    if (c->year < 0 || c->year > 9999) return false;
    if (c->month < 1 || c->month > 12) return false;
    if (c->day < 1 || c->day > month_days(c->year, c->month)) return false;
    if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59) return false;
    return c->second >= 0 && c->second <= 59 && c->ms >= 0 && c->ms <= 999;
}

int day_of_week(int32_t day)
{
    int r = (int)(((int64_t)day + 3) % 7); /* day 0 is a Thursday */
    return (r < 0 ? r + 7 : r) + 1;
}

/* Reads exactly 'count' digits. */
static bool take_digits(struct str *s, int count, int *out)
{
    if (s->len < (size_t)count) return false;
    int n = 0;
    for (int i = 0; i < count; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') return false;
        n = n * 10 + (s->p[i] - '0');
    }
    *out = n;
    s->p += count;
    s->len -= (size_t)count;
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (s->len == 0 || s->p[0] != c) return false;
    s->p++;
    s->len--;
    return true;
}

static bool take_date(struct str *s, struct civil *c)
{
    int year;
    if (!take_digits(s, 4, &year) || !take_char(s, '-') || !take_digits(s, 2, &c->month) ||
        !take_char(s, '-') || !take_digits(s, 2, &c->day)) {
        return false;
    }
    c->year = year;
    return true;
}

static bool take_separator(struct str *s)
{
    return take_char(s, 'T') || take_char(s, 't') || take_char(s, ' ');
}

static bool take_clock(struct str *s, struct civil *c)
{
    return take_digits(s, 2, &c->hour) && take_char(s, ':') && take_digits(s, 2, &c->minute) &&
           take_char(s, ':') && take_digits(s, 2, &c->second);
}

static bool take_fraction(struct str *s, int *ms)
{
    if (!take_char(s, '.')) return true;
    int digits = 0;
    for (int digit; take_digits(s, 1, &digit); digits++) {
        if (digits == 0) *ms += digit * 100;
        if (digits == 1) *ms += digit * 10;
        if (digits == 2) *ms += digit;
    }
    return digits >= 1 && digits <= 9;
}

static bool take_offset(struct str *s, int64_t *offset)
{
    *offset = 0;
    if (take_char(s, 'Z') || take_char(s, 'z')) return true;
    bool west = take_char(s, '-');
    int hours, minutes;
    if ((!west && !take_char(s, '+')) || !take_digits(s, 2, &hours) || !take_char(s, ':') ||
        !take_digits(s, 2, &minutes)) {
        return false;
    }
    if (hours > 23 || minutes > 59) return false;
    *offset = hours * TIME_HOUR + minutes * TIME_MINUTE;
    if (west) *offset = -*offset;
    return true;
}

bool time_parse_rfc3339(struct str s, int64_t *out)
{
    struct civil c = {0};
    int64_t offset;
    if (!take_date(&s, &c) || !take_separator(&s) || !take_clock(&s, &c) ||
        !take_fraction(&s, &c.ms) || !take_offset(&s, &offset) || s.len != 0) {
        return false;
    }
    bool leap_second = c.second == 60;
    if (leap_second) c.second = 59;
    if (!civil_valid(&c)) return false;
    int64_t minute = civil_day(c.year, c.month, c.day) * TIME_DAY + c.hour * TIME_HOUR +
                     c.minute * TIME_MINUTE - offset;
    /* A leap second ends a UTC day; it counts as the last second's last instant. */
    if (leap_second && (minute + TIME_MINUTE) % TIME_DAY != 0) return false;
    *out = minute + c.second * TIME_SECOND + (leap_second ? 999 : c.ms);
    return true;
}

bool time_parse(const struct zone *z, struct str s, int64_t *out)
{
    if (s.len != 10) return time_parse_rfc3339(s, out);
    struct civil c = {0};
    if (!take_date(&s, &c) || !civil_valid(&c)) return false;
    *out = zone_day_start(z, civil_day(c.year, c.month, c.day));
    return true;
}

static char *put_digits(char *out, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + count;
}

static char *put_date(char *out, int32_t day)
{
    int32_t year;
    int month, mday;
    civil_from_day(day, &year, &month, &mday);
    out = put_digits(out, year, 4);
    *out++ = '-';
    out = put_digits(out, month, 2);
    *out++ = '-';
    return put_digits(out, mday, 2);
}

static char *put_clock(char *out, int ms)
{
    out = put_digits(out, ms / (int)TIME_HOUR, 2);
    *out++ = ':';
    out = put_digits(out, ms / (int)TIME_MINUTE % 60, 2);
    *out++ = ':';
    out = put_digits(out, ms / (int)TIME_SECOND % 60, 2);
    ms %= (int)TIME_SECOND;
    if (ms == 0) return out;
    *out++ = '.';
    return put_digits(out, ms, 3);
}

/* The offset is cut to whole minutes, as RFC 3339 has no seconds there; the local time shown is cut
 * with it, so that the text still means the same instant. Years end at 0000 and 9999. */
size_t time_format(const struct zone *z, int64_t at, char *out, size_t size)
{
    assert(size >= 40);
    if (at < TEXT_MIN) at = TEXT_MIN;
    if (at > TEXT_MAX) at = TEXT_MAX;
    int minutes = zone_offset(z, at) / 60;
    int64_t local = at + minutes * TIME_MINUTE;
    int32_t day = (int32_t)(local / TIME_DAY - (local % TIME_DAY < 0));
    char *p = put_date(out, day);
    *p++ = 'T';
    p = put_clock(p, (int)(local - day * TIME_DAY));
    *p++ = minutes < 0 ? '-' : '+';
    if (minutes < 0) minutes = -minutes;
    p = put_digits(p, minutes / 60, 2);
    *p++ = ':';
    p = put_digits(p, minutes % 60, 2);
    *p = '\0';
    return (size_t)(p - out);
}

struct duration_unit {
    char letter; /* as written */
    int64_t ms;  /* its length */
};
static const struct duration_unit duration_units[] = {
    {'w', TIME_WEEK}, {'d', TIME_DAY}, {'h', TIME_HOUR}, {'m', TIME_MINUTE}, {'s', TIME_SECOND},
};
#define DURATION_UNIT_COUNT (sizeof(duration_units) / sizeof(duration_units[0]))

bool duration_parse(struct str s, int64_t *out_ms)
{
    if (s.len < 2) return false;
    int64_t n = 0;
    for (size_t i = 0; i < s.len - 1; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        n = n * 10 + (s.p[i] - '0');
        if (n > DURATION_MAX / TIME_SECOND) return false;
    }
    for (size_t i = 0; i < DURATION_UNIT_COUNT; i++) {
        if (s.p[s.len - 1] != duration_units[i].letter) continue;
        if (n > DURATION_MAX / duration_units[i].ms) return false;
        *out_ms = n * duration_units[i].ms;
        return true;
    }
    return false;
}

void duration_format(int64_t ms, char *out, size_t size)
{
    for (size_t i = 0; i < DURATION_UNIT_COUNT; i++) {
        const struct duration_unit *unit = &duration_units[i];
        if (ms == 0 || ms % unit->ms != 0) continue;
        snprintf(out, size, "%lld%c", (long long)(ms / unit->ms), unit->letter);
        return;
    }
    snprintf(out, size, ms == 0 ? "0s" : "%lldms", (long long)ms);
}
