/* mail.c - what RFC 5322 and MIME need of a stranger's mail, and no more.
 *
 * Parts within parts are followed to PART_DEPTH. Charsets are taken from a list, since the name is
 * the sender's and goes to iconv. */
#include "intake/mail.h"

#include <errno.h>
#include <iconv.h>

#include "base/time.h"
#include "base/utf8.h"

#define PART_DEPTH 4

static struct str from(struct str s, size_t at)
{
    return (struct str){s.p + at, s.len - at};
}

/* ---- charsets ---- */

static const char *charset_of(struct str name)
{
    static const struct {
        const char *name, *iconv;
    } list[] = {{"gb2312", "GB18030"},          {"gbk", "GB18030"},
                {"gb18030", "GB18030"},         {"big5", "BIG5"},
                {"iso-8859-1", "CP1252"},       {"windows-1252", "CP1252"},
                {"iso-8859-15", "ISO-8859-15"}, {"iso-8859-2", "ISO-8859-2"},
                {"windows-1251", "CP1251"},     {"koi8-r", "KOI8-R"},
                {"shift_jis", "SHIFT_JIS"},     {"iso-2022-jp", "ISO-2022-JP"},
                {"euc-jp", "EUC-JP"},           {"euc-kr", "EUC-KR"}};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (str_eq_fold(name, str_of(list[i].name))) return list[i].iconv;
    }
    return "UTF-8";
}

/* Bytes at fault become U+FFFD, one by one. */
static struct str to_utf8(struct arena *a, struct str s, struct str charset)
{
    static const char replacement[] = {'\xEF', '\xBF', '\xBD'}; /* U+FFFD */
    if (utf8_valid(s) && str_is(str_of(charset_of(charset)), "UTF-8")) return s;
    iconv_t cd = iconv_open("UTF-8", charset_of(charset));
    if (cd == (iconv_t)-1) return STR(""); /* NOLINT: the function's own sentinel */
    size_t size = s.len * 4 + 8, left = s.len;
    char *out = arena_alloc_raw(a, size), *to = out, *in = arena_copy(a, s.p, s.len);
    while (left) {
        size_t room = size - (size_t)(to - out);
        if (iconv(cd, &in, &left, &to, &room) != (size_t)-1 || errno == E2BIG) break;
        if (size - (size_t)(to - out) < 3 || left == 0) break;
        memcpy(to, replacement, sizeof(replacement));
        to += 3;
        in++;
        left--;
    }
    iconv_close(cd);
    return (struct str){out, (size_t)(to - out)};
}

/* ---- encodings ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
    return -1;
}

/* 'underscore' stands for a blank in headers. */
static struct str quoted_printable(struct arena *a, struct str s, bool underscore)
{
    char *out = arena_alloc_raw(a, s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool coded = c == '=' && i + 2 < s.len && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
        if (coded) {
            out[len++] = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
            i += 2;
        } else if (c == '=' && i + 1 < s.len && s.p[i + 1] == '\n') {
            i++;
        } else {
            out[len++] = underscore && c == '_' ? ' ' : c;
        }
    }
    return (struct str){out, len};
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

/* What is no letter of it is passed over. */
static struct str base64(struct arena *a, struct str s)
{
    unsigned char *out = arena_alloc_raw(a, s.len + 1);
    size_t len = 0;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < s.len && s.p[i] != '='; i++) {
        int v = sextet(s.p[i]);
        if (v < 0) continue;
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        out[len++] = (unsigned char)(bits >> have);
    }
    return (struct str){(char *)out, len};
}

/* ---- headers ---- */

/* One =?charset?B?text?= at the beginning of 's'; how long it is, 0 = none is there. */
static size_t encoded_word(struct arena *a, struct str s, struct strbuf *out)
{
    struct str rest = from(s, 2);
    struct str charset = str_cut(&rest, '?');
    if (!rest.p || rest.len < 3 || rest.p[1] != '?') return 0;
    char how = (char)(rest.p[0] | 0x20);
    size_t end = str_find(from(rest, 2), STR("?="));
    if (end == SIZE_MAX || (how != 'b' && how != 'q')) return 0;
    struct str text = {rest.p + 2, end};
    text = how == 'b' ? base64(a, text) : quoted_printable(a, text, true);
    strbuf_add_str(out, to_utf8(a, text, charset));
    return (size_t)(rest.p + 2 + end + 2 - s.p);
}

struct str mail_words(struct arena *a, struct str raw)
{
    struct strbuf out = {0};
    struct str s = str_trim(raw);
    for (size_t at = 0; at < s.len;) {
        struct str rest = from(s, at);
        size_t used = str_starts(rest, STR("=?")) ? encoded_word(a, rest, &out) : 0;
        if (used) {
            at += used;
            size_t blank = at;
            while (blank < s.len && (s.p[blank] == ' ' || s.p[blank] == '\t'))
                blank++;
            if (str_starts(from(s, blank), STR("=?"))) at = blank; /* blanks between two are none */
            continue;
        }
        strbuf_add_char(&out, s.p[at++]);
    }
    struct str whole = to_utf8(a, arena_str(a, out.len ? strbuf_str(&out) : STR("")), STR("utf-8"));
    strbuf_finish(&out);
    return whole;
}

struct str mail_id(struct str raw, bool last)
{
    struct str found = {NULL, 0};
    for (size_t open; (open = str_find_char(raw, '<')) != SIZE_MAX;) {
        raw = from(raw, open + 1);
        size_t end = str_find_char(raw, '>');
        if (end == SIZE_MAX) break;
        found = str_trim((struct str){raw.p, end});
        raw = from(raw, end + 1);
        if (!last) break;
    }
    return found;
}

bool mail_person(struct arena *a, struct str raw, struct str *address, struct str *name)
{
    struct str s = mail_words(a, raw);
    size_t open = str_find_char(s, '<');
    *address = mail_id(s, false);
    *name = STR("");
    if (address->p) {
        *name = str_trim((struct str){s.p, open});
    } else {
        struct str rest = s;
        *address = str_trim(str_cut(&rest, '('));
        if (rest.p) *name = str_trim(str_cut(&rest, ')'));
    }
    if (name->len >= 2 && name->p[0] == '"' && name->p[name->len - 1] == '"')
        *name = (struct str){name->p + 1, name->len - 2};
    return str_find_char(*address, '@') != SIZE_MAX && str_find_char(*address, ' ') == SIZE_MAX;
}

/* ---- dates ---- */

static bool take_number(struct str *s, char end, int64_t *out)
{
    struct str word = str_trim(str_cut(s, end));
    return str_to_i64(word, out);
}

static bool month_of(struct str word, int *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int m = 0; m < 12; m++) {
        struct str name = {names + m * 3, 3};
        if (!str_eq_fold(utf8_cut(word, 3), name)) continue;
        *out = m + 1;
        return true;
    }
    return false;
}

/* +0800; names of zones are those of Greenwich. */
static bool zone_minutes(struct str s, int64_t *out)
{
    int64_t n;
    *out = 0;
    if (s.len != 5 || (s.p[0] != '+' && s.p[0] != '-')) return true;
    if (!str_to_i64(from(s, 1), &n) || n < 0 || n % 100 > 59 || n > 1500) return false;
    *out = (n / 100 * 60 + n % 100) * (s.p[0] == '-' ? -1 : 1);
    return true;
}

bool mail_date(struct str raw, int64_t *out)
{
    struct str s = str_trim(raw);
    int64_t day, year, hour, minute, second = 0, offset;
    int month;
    if (str_find_char(s, ',') < 10) (void)str_cut(&s, ',');
    s = str_trim(s);
    if (!take_number(&s, ' ', &day)) return false;
    s = str_trim(s);
    if (!month_of(str_cut(&s, ' '), &month)) return false;
    s = str_trim(s);
    if (!take_number(&s, ' ', &year)) return false;
    s = str_trim(s);
    struct str clock = str_cut(&s, ' ');
    if (!take_number(&clock, ':', &hour) || !take_number(&clock, ':', &minute)) return false;
    if (clock.p && !str_to_i64(clock, &second)) return false;
    s = str_trim(s);
    if (!zone_minutes(str_cut(&s, ' '), &offset)) return false;
    if (year >= 0 && year < 100) year += year < 50 ? 2000 : 1900;
    bool sound = day >= 1 && day <= 31 && year >= 1900 && year <= 9999 && hour >= 0 && hour < 24 &&
                 minute >= 0 && minute < 60 && second >= 0 && second <= 60;
    if (!sound) return false;
    *out = (int64_t)civil_day((int32_t)year, month, (int)day) * TIME_DAY + hour * TIME_HOUR +
           (minute - offset) * TIME_MINUTE + second * TIME_SECOND;
    return true;
}

/* ---- parts ---- */

/* A parameter of a header, such as charset. */
static struct str parameter(struct str header, const char *name)
{
    struct str rest = header;
    (void)str_cut(&rest, ';');
    while (rest.p) {
        struct str value = str_trim(str_cut(&rest, ';'));
        struct str key = str_trim(str_cut(&value, '='));
        if (!value.p || !str_eq_fold(key, str_of(name))) continue;
        value = str_trim(value);
        if (value.len >= 2 && value.p[0] == '"') value = (struct str){value.p + 1, value.len - 2};
        return value;
    }
    return (struct str){NULL, 0};
}

static struct str media(struct str header)
{
    struct str rest = header;
    return str_trim(str_cut(&rest, ';'));
}

static bool begins_fold(struct str s, struct str with)
{
    return s.len >= with.len && str_eq_fold((struct str){s.p, with.len}, with);
}

/* Headers of a part, then its body; folded lines are put together. */
static struct mail_part read_part(struct arena *a, struct str raw)
{
    static const struct str type = {"Content-Type:", 13}, how = {"Content-Transfer-Encoding:", 26};
    struct mail_part part = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct str *last = NULL;
    while (raw.p && raw.len) {
        struct str line = str_cut(&raw, '\n');
        if (str_trim(line).len == 0) break;
        if (line.p[0] == ' ' || line.p[0] == '\t') {
            if (last)
                *last = str_of(arena_printf(a, STR_FMT STR_FMT, STR_ARG(*last), STR_ARG(line)));
            continue;
        }
        last = begins_fold(line, type)  ? &part.type
               : begins_fold(line, how) ? &part.encoding
                                        : NULL;
        if (last) *last = from(line, last == &part.type ? type.len : how.len);
    }
    part.body = raw.p ? raw : STR("");
    return part;
}

static struct str decode(struct arena *a, const struct mail_part *part)
{
    struct str how = str_trim(part->encoding), s = part->body;
    if (str_eq_fold(how, STR("base64"))) s = base64(a, s);
    if (str_eq_fold(how, STR("quoted-printable"))) s = quoted_printable(a, s, false);
    return to_utf8(a, s, parameter(part->type, "charset"));
}

static bool text_at(struct arena *a, const struct mail_part *part, int depth, struct str *out);

/* Parts stand between lines of --boundary. */
static bool text_within(struct arena *a, const struct mail_part *whole, int depth, struct str *out)
{
    struct str boundary = parameter(whole->type, "boundary"), rest = whole->body;
    if (boundary.len == 0 || boundary.len > 200 || depth == PART_DEPTH) return false;
    struct str mark = str_of(arena_printf(a, "--" STR_FMT, STR_ARG(boundary)));
    size_t at = str_find(rest, mark);
    while (at != SIZE_MAX) {
        rest = from(rest, at + mark.len);
        (void)str_cut(&rest, '\n');
        if (!rest.p) return false;
        at = str_find(rest, mark);
        struct str raw = at == SIZE_MAX ? rest : (struct str){rest.p, at};
        struct mail_part part = read_part(a, raw);
        if (text_at(a, &part, depth + 1, out)) return true;
    }
    return false;
}

static bool text_at(struct arena *a, const struct mail_part *part, int depth, struct str *out)
{
    struct str type = media(part->type);
    if (begins_fold(type, STR("multipart/"))) return text_within(a, part, depth, out);
    if (type.len && !str_eq_fold(type, STR("text/plain"))) return false;
    *out = decode(a, part);
    return true;
}

bool mail_text(struct arena *a, const struct mail_part *part, struct str *out)
{
    return text_at(a, part, 0, out);
}

/* ---- own words ---- */

static bool is_attribution(struct str line)
{
    static const char *const ends[] = {"wrote:", "写道:", "写道：", "schrieb:", "a écrit :"};
    struct str s = str_trim(line);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (str_ends(s, str_of(ends[i]))) return true;
    }
    return false;
}

struct str mail_own(struct arena *a, struct str text)
{
    char *out = arena_alloc_raw(a, text.len + 1);
    size_t len = 0;
    struct str rest = text;
    while (rest.p && rest.len) {
        struct str line = str_cut(&rest, '\n');
        if (line.len && line.p[line.len - 1] == '\r') line.len--;
        if (str_is(line, "-- ")) break;
        if (str_starts(line, STR(">From ")))
            line = from(line, 1);
        else if (str_starts(line, STR(">")) || is_attribution(line))
            continue;
        if (line.len) memcpy(out + len, line.p, line.len);
        len += line.len;
        out[len++] = '\n';
    }
    return str_trim((struct str){out, len});
}
