/* xlsx_cell.c - numbers, dates and texts of cells. A date is a number of days, and only its format
 * tells it from a number; 1900 counts as a leap year, as it did in the first spreadsheets. */
#include "intake/xlsx_cell.h"

#include <math.h>
#include <stdio.h>

#include "base/time.h"
#include "base/utf8.h"

#define DIGITS 15           /* that a double holds for sure, and spreadsheets show */
#define LAST_SERIAL 2958466 /* the day behind 9999-12-31 */

/* ---- formats ---- */

enum cell_form cell_form_known(uint64_t id)
{
    static const struct {
        uint64_t from, to;
        enum cell_form form;
    } list[] = {
        {14, 17, CELL_DATE}, {18, 21, CELL_TIME}, {22, 22, CELL_DATE}, {27, 31, CELL_DATE},
        {32, 35, CELL_TIME}, {36, 36, CELL_DATE}, {45, 45, CELL_TIME}, {47, 47, CELL_TIME},
        {50, 54, CELL_DATE}, {55, 56, CELL_TIME}, {57, 58, CELL_DATE},
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (id >= list[i].from && id <= list[i].to) return list[i].form;
    }
    return CELL_NUMBER;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Bytes of what stands for itself at the beginning of a code: "text", \c, _c, *c, [Red]. */
static size_t literal(struct str s, bool *elapsed)
{
    size_t end;
    struct str rest = {s.p + 1, s.len - 1};
    switch (s.p[0]) {
    case '\\':
    case '_':
    case '*':
        return s.len < 2 ? 1 : 2;
    case '"':
        end = str_find_char(rest, '"');
        return end == SIZE_MAX ? s.len : end + 2;
    case '[':
        end = str_find_char(rest, ']');
        *elapsed |= rest.len && strchr("hms", lower(rest.p[0])) && end != SIZE_MAX &&
                    lower(rest.p[end - 1]) == lower(rest.p[0]);
        return end == SIZE_MAX ? s.len : end + 2;
    default:
        return 0;
    }
}

enum cell_form cell_form_of(struct str code)
{
    bool day = false, month = false, clock = false, elapsed = false;
    if (str_eq_fold(code, STR("General"))) return CELL_NUMBER;
    while (code.len && code.p[0] != ';') {
        size_t skip = literal(code, &elapsed);
        if (!skip && code.len >= 5 && str_eq_fold((struct str){code.p, 5}, STR("AM/PM"))) skip = 5;
        char c = skip ? '\0' : lower(code.p[0]);
        day |= c == 'y' || c == 'd';
        month |= c == 'm';
        clock |= c == 'h' || c == 's';
        skip += !skip;
        code = (struct str){code.p + skip, code.len - skip};
    }
    if (elapsed) return CELL_NUMBER;
    if (day) return CELL_DATE;
    if (clock) return CELL_TIME;
    return month ? CELL_DATE : CELL_NUMBER;
}

/* ---- numbers ---- */

static bool all_digits(struct str s)
{
    size_t i = s.len && s.p[0] == '-';
    for (; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    }
    return s.len > 0;
}

/* 'digits' of 'count' with the point behind the first, times 10^exponent. */
static void add_digits(const char *digits, int count, int exponent, struct strbuf *out)
{
    if (exponent > 20 || exponent < -7) {
        strbuf_addf(out, "%c%s%.*sE%+d", digits[0], count > 1 ? "." : "", count - 1, digits + 1,
                    exponent);
        return;
    }
    if (exponent < 0) strbuf_addf(out, "0.%.*s", -exponent - 1, "0000000");
    for (int i = 0; i < count || i <= exponent; i++) {
        if (exponent >= 0 && i == exponent + 1) strbuf_add_char(out, '.');
        strbuf_add_char(out, i < count ? digits[i] : '0');
    }
}

void cell_add_number(struct str raw, struct strbuf *out)
{
    char text[40], digits[DIGITS + 1] = "0";
    int count = 0, exponent = 0;
    double v;
    raw = str_trim(raw);
    if (all_digits(raw) || !str_to_double(raw, &v) || !isfinite(v)) {
        strbuf_add_str(out, raw);
        return;
    }
    snprintf(text, sizeof(text), "%.*e", DIGITS - 1, v);
    const char *p = text;
    for (; *p && *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9' && count < DIGITS) digits[count++] = *p;
    }
    if (*p == 'e') sscanf(p + 1, "%d", &exponent);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (v < 0) strbuf_add_char(out, '-');
    add_digits(digits, count, exponent, out);
}

/* ---- dates ---- */

static void add_clock(int64_t ms, struct strbuf *out)
{
    strbuf_addf(out, "%02d:%02d:%02d", (int)(ms / TIME_HOUR), (int)(ms / TIME_MINUTE % 60),
                (int)(ms / TIME_SECOND % 60));
    if (ms % 1000) strbuf_addf(out, ".%03d", (int)(ms % 1000));
}

void cell_add_date(struct str raw, enum cell_form form, bool from1904, struct strbuf *out)
{
    double v;
    int32_t year;
    int month, mday;
    bool number = !str_to_double(str_trim(raw), &v) || !(v >= 0) || !(v < LAST_SERIAL);
    if (number || form == CELL_NUMBER || (v < 1 && form == CELL_DATE && !from1904)) {
        cell_add_number(raw, out);
        return;
    }
    int64_t ms = llround(v * (double)TIME_DAY);
    int32_t day = (int32_t)(ms / TIME_DAY);
    ms %= TIME_DAY;
    if (day == 0 && form == CELL_TIME) {
        add_clock(ms, out);
        return;
    }
    if (from1904) {
        day += civil_day(1904, 1, 1);
    } else {
        day += civil_day(1899, 12, 30) + (day < 60);
    }
    civil_from_day(day, &year, &month, &mday);
    strbuf_addf(out, "%04d-%02d-%02d", (int)year, month, mday);
    if (ms == 0 && form == CELL_DATE) return;
    strbuf_add_char(out, ' ');
    add_clock(ms, out);
}

/* ---- texts ---- */

/* _xHHHH_ at the beginning of 's': its character. */
static bool escaped(struct str s, uint32_t *out)
{
    uint32_t c = 0;
    if (s.len < 7 || s.p[0] != '_' || s.p[1] != 'x' || s.p[6] != '_') return false;
    for (int i = 2; i < 6; i++) {
        char d = lower(s.p[i]);
        if (!(d >= '0' && d <= '9') && !(d >= 'a' && d <= 'f')) return false;
        c = c * 16 + (uint32_t)(d <= '9' ? d - '0' : d - 'a' + 10);
    }
    *out = c;
    return c < 0x80;
}

void cell_add_text(struct str raw, struct strbuf *out)
{
    for (size_t i = 0; i < raw.len;) {
        uint32_t c;
        const char *p = memchr(raw.p + i, '_', raw.len - i);
        size_t plain = p ? (size_t)(p - raw.p) - i : raw.len - i;
        strbuf_add(out, raw.p + i, plain);
        i += plain;
        if (i == raw.len) return;
        bool code = escaped((struct str){raw.p + i, raw.len - i}, &c);
        if (!code) strbuf_add_char(out, '_');
        if (code && ((c >= ' ' && c < 0x7f) || c == '\t' || c == '\n'))
            strbuf_add_char(out, (char)c);
        i += code ? 7 : 1;
    }
}
