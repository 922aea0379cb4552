/* value.c - guards, money and words of exports. */
#include "intake/value.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "people/fact.h"

/* ---- guards ---- */

/* Length of the white space at the start or the end, wide and no-break space and BOM too. */
static size_t space_at(struct str s, bool end)
{
    static const char *const wide[] = {"\xC2\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF", "\xE2\x80\x8B"};
    if (s.len == 0) return 0;
    unsigned char c = (unsigned char)(end ? s.p[s.len - 1] : s.p[0]);
    if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
    if (c < 0x80) return 0;
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        struct str w = str_of(wide[i]);
        if (end ? str_ends(s, w) : str_starts(s, w)) return w.len;
    }
    return 0;
}

static struct str trim(struct str s)
{
    bool bare = s.len == 0 || (s.p[0] > ' ' && s.p[s.len - 1] > ' '); /* ASCII, no space */
    if (bare) return s;
    for (size_t n; (n = space_at(s, false)) > 0;)
        s = (struct str){s.p + n, s.len - n};
    for (size_t n; (n = space_at(s, true)) > 0;)
        s.len -= n;
    return s;
}

struct str value_unguard(struct str cell)
{
    struct str s = trim(cell);
    if (s.len >= 3 && s.p[0] == '=' && s.p[1] == '"' && s.p[s.len - 1] == '"')
        s = trim((struct str){s.p + 2, s.len - 3});
    bool word = s.len >= 2 && s.p[1] >= 'a' && s.p[1] <= 'z'; /* 'tis */
    if (s.len >= 2 && s.p[0] == '\'' && !word && s.p[s.len - 1] != '\'')
        s = trim((struct str){s.p + 1, s.len - 1});
    return s;
}

/* ---- ids ---- */

static size_t leading_digits(struct str s)
{
    size_t i = 0;
    while (i < s.len && ((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] == '.' && i > 0)))
        i++;
    return i;
}

bool value_scientific(struct str s)
{
    size_t i = leading_digits(s);
    if (i == 0 || i + 2 >= s.len || (s.p[i] != 'E' && s.p[i] != 'e') || s.p[i + 1] != '+')
        return false;
    for (i += 2; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    }
    return true;
}

bool value_damaged(struct str s)
{
    if (leading_digits(s) < s.len) return value_scientific(s);
    return s.len >= 15 && !memchr(s.p, '.', s.len) && str_ends(s, STR("000"));
}

bool value_none(struct str s)
{
    if (str_is(s, "/") || str_starts(s, STR("无"))) return true;
    for (size_t i = 0; i < s.len;) {
        uint32_t c = utf8_next(s, &i);
        if (c != '-' && c != 0x2013 && c != 0x2014) return false;
    }
    return true;
}

/* ---- money ---- */

static int digit_of(uint32_t c)
{
    if (c >= '0' && c <= '9') return (int)(c - '0');
    if (c >= 0xFF10 && c <= 0xFF19) return (int)(c - 0xFF10);
    return -1;
}

static uint32_t narrow(uint32_t c)
{
    if (c == 0xFF0E) return '.';
    if (c == 0xFF0C) return ',';
    if (c == 0xFF0D || c == 0x2212) return '-';
    if (c == 0xFF0B) return '+';
    return c;
}

static bool is_sign_of_money(uint32_t c)
{
    return c == 0xA5 || c == 0xFFE5 || c == '$' || c == 0x20AC || c == 0xA3 || c == ' ' ||
           c == 0x3000 || c == 0xA0;
}

struct money {
    uint64_t digits;
    int scale; /* digits after the point */
    int since; /* digits since the last comma; -1 = no comma yet */
    int count; /* digits in all */
    bool negative, point, signed_already;
};

static bool add_digit(struct money *m, int digit)
{
    if (m->digits > (UINT64_MAX / 100)) return false;
    m->digits = m->digits * 10 + (unsigned)digit;
    m->count++;
    if (m->point) m->scale++;
    if (!m->point && m->since >= 0) m->since++;
    return true;
}

static bool add_mark(struct money *m, uint32_t c)
{
    if (c == ',') {
        bool fits = !m->point && m->count > 0 && (m->since == 3 || (m->since < 0 && m->count <= 3));
        m->since = 0;
        return fits;
    }
    if (c == '.') {
        bool fits = !m->point && (m->since < 0 || m->since == 3);
        m->point = true;
        return fits;
    }
    bool fits = (c == '-' || c == '+') && m->count == 0 && !m->point && !m->signed_already;
    m->signed_already = true;
    m->negative = c == '-';
    return fits;
}

/* 元 块 and the units of ten thousands, which end the number. */
static bool read_units(struct str rest, int *tens)
{
    static const struct {
        const char *word;
        int tens;
    } units[] = {{"千", 3}, {"万", 4}, {"亿", 8}, {"元", 0}, {"块", 0}, {"圆", 0}};
    *tens = 0;
    for (int round = 0; round < 2 && rest.len; round++) {
        size_t before = rest.len;
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
            if (!str_starts(rest, str_of(units[i].word))) continue;
            *tens += units[i].tens;
            rest = (struct str){rest.p + 3, rest.len - 3};
            break;
        }
        if (rest.len == before) return false;
    }
    return rest.len == 0;
}

static bool times_ten(struct amount *a)
{
    if (a->digits > INT64_MAX / 10 || a->digits < INT64_MIN / 10) return false;
    a->digits *= 10;
    return true;
}

bool value_amount(struct str s, struct amount *out)
{
    struct money m = {.since = -1};
    size_t i = 0;
    int tens = 0;
    while (i < s.len) {
        size_t before = i;
        uint32_t c = narrow(utf8_next(s, &i));
        int digit = digit_of(c);
        if (digit >= 0) {
            if (!add_digit(&m, digit)) return false;
        } else if (c == ',' || c == '.' || c == '-' || c == '+') {
            if (!add_mark(&m, c)) return false;
        } else if (!is_sign_of_money(c) || (m.count > 0 && i < s.len && c != ' ')) {
            if (!read_units((struct str){s.p + before, s.len - before}, &tens)) return false;
            break;
        }
    }
    if (m.count == 0 || (m.since >= 0 && m.since != 3)) return false;
    struct amount a = {m.negative ? -(int64_t)m.digits : (int64_t)m.digits, m.scale - tens};
    for (; a.scale < 0; a.scale++) {
        if (!times_ten(&a)) return false;
    }
    *out = a;
    return true;
}

bool amount_minor(const struct amount *a, int places, int64_t *out)
{
    struct amount v = *a;
    for (; v.scale > places; v.scale--) {
        if (v.digits % 10 != 0) return false;
        v.digits /= 10;
    }
    for (; v.scale < places; v.scale++) {
        if (!times_ten(&v)) return false;
    }
    if (v.digits > FACT_AMOUNT_MAX || v.digits < -FACT_AMOUNT_MAX) return false;
    *out = v.digits;
    return true;
}

double amount_double(const struct amount *a)
{
    char text[48];
    int len = snprintf(text, sizeof(text), "%llde-%d", (long long)a->digits, a->scale);
    struct decimal d = {.digits = (uint64_t)(a->digits < 0 ? -a->digits : a->digits),
                        .exponent = -a->scale,
                        .negative = a->digits < 0};
    return decimal_to_double(&d, (struct str){text, (size_t)len});
}

/* ---- status ---- */

enum order_status value_status(struct str s)
{
    static const struct {
        const char *word;
        enum order_status status;
    } words[] = {
        {"交易成功", STATUS_PAID},
        {"已完成", STATUS_PAID},
        {"已付款", STATUS_PAID},
        {"待发货", STATUS_PAID},
        {"已发货", STATUS_PAID},
        {"已支付", STATUS_PAID},
        {"待收货", STATUS_PAID},
        {"已收货", STATUS_PAID},
        {"已签收", STATUS_PAID},
        {"买家已付款,等待卖家发货", STATUS_PAID},
        {"买家已付款，等待卖家发货", STATUS_PAID},
        {"卖家已发货,等待买家确认", STATUS_PAID},
        {"卖家已发货，等待买家确认", STATUS_PAID},
        {"卖家部分发货", STATUS_PAID},
        {"退款成功", STATUS_REFUNDED},
        {"已退款", STATUS_REFUNDED},
        {"待付款", STATUS_CREATED},
        {"已取消", STATUS_CREATED},
        {"待支付", STATUS_CREATED},
        {"等待买家付款", STATUS_CREATED},
        {"交易关闭", STATUS_CLOSED},
        {"已关闭", STATUS_CLOSED},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_is(s, words[i].word)) return words[i].status;
    }
    return STATUS_UNKNOWN;
}

/* ---- tags ---- */

static bool parts_tags(uint32_t c)
{
    static const uint32_t list[] = {',', ';', '|', '\n', '\r', 0x3001, 0xFF0C, 0xFF1B, 0xFF5C};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (c == list[i]) return true;
    }
    return false;
}

static bool has_tag(struct str list, struct str tag)
{
    while (list.len) {
        if (str_eq(str_cut(&list, '\n'), tag)) return true;
    }
    return false;
}

struct str value_tags(struct arena *arena, struct str cell)
{
    struct strbuf out = {0};
    for (size_t at = 0; at < cell.len;) {
        size_t begin = at, end = at;
        while (at < cell.len && !parts_tags(utf8_next(cell, &at)))
            end = at;
        struct str tag = value_unwrap((struct str){cell.p + begin, end - begin});
        if (tag.len == 0 || value_none(tag) || has_tag(strbuf_str(&out), tag)) continue;
        if (out.len) strbuf_add_char(&out, '\n');
        strbuf_add_str(&out, tag);
    }
    struct str list = out.len ? arena_str(arena, strbuf_str(&out)) : (struct str){NULL, 0};
    strbuf_finish(&out);
    return list;
}
