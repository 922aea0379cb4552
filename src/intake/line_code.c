/* line_code.c - strict UTF-8 first, then GB18030 by iconv, in pieces. */
#include "intake/line_code.h"

#include <errno.h>

#include "base/utf8.h"

#define PIECE 4096

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.p[i] >= 0x80) return false;
    }
    return true;
}

/* Kana, Han, Hangul, and the wide forms and signs that stand among them. */
static bool has_wide(struct str s)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t c = utf8_next(s, &i);
        if ((c >= 0x3000 && c < 0xD7B0) || (c >= 0xFF00 && c < 0xFFF0) || c >= 0x20000) return true;
    }
    return false;
}

/* One of the 6,763 characters of GB 2312: leads B0 to F7, behind them A1 to FE. */
static bool has_common(struct str s)
{
    for (size_t i = 0; i + 1 < s.len; i++) {
        unsigned char a = (unsigned char)s.p[i], b = (unsigned char)s.p[i + 1];
        if (a < 0x80) continue;
        if (a >= 0xB0 && a <= 0xF7 && b >= 0xA1 && b <= 0xFE) return true;
        i++;
    }
    return false;
}

static bool is_inner(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Is most of what is not ASCII Chinese of UTF-8? */
static bool was_utf8(struct str s)
{
    size_t of_utf8 = 0, all = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        all += c >= 0x80;
        if (c < 0xE3 || c > 0xE9 || i + 2 >= s.len) continue;
        if (!is_inner(s.p[i + 1]) || !is_inner(s.p[i + 2])) continue;
        of_utf8 += 3;
        all += 2;
        i += 2;
    }
    return 2 * of_utf8 > all;
}

static bool decodes(iconv_t cd, struct str s)
{
    char out[PIECE];
    char *from = (char *)(uintptr_t)s.p; /* which iconv does not write to */
    size_t left = s.len;
    iconv(cd, NULL, NULL, NULL, NULL);
    while (left) {
        char *to = out;
        size_t room = sizeof(out);
        if (iconv(cd, &from, &left, &to, &room) == (size_t)-1 && errno != E2BIG) break;
    }
    iconv(cd, NULL, NULL, NULL, NULL);
    return left == 0;
}

enum line_code line_code_of(iconv_t from_gb18030, struct str line)
{
    if (is_ascii(line)) return LINE_ASCII;
    if (utf8_valid(line)) return has_wide(line) ? LINE_UTF8 : LINE_EITHER;
    if (!decodes(from_gb18030, line)) return LINE_NEITHER;
    return has_common(line) && !was_utf8(line) ? LINE_GB18030 : LINE_DECODES;
}

size_t line_length(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\n' || p[i] == '\r') return i + 1;
    }
    return 0;
}
