/* err.c - statuses and codes from ERR_LIST, sentences from text.def.
 *
 * '|' is turned into the separator in the format, before printf, so an argument may hold '|'. What
 * an argument must not do is break the line: why_text shows control bytes as spaces. */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define SEPARATOR '\x1f'
#define FORMAT_MAX 160

int err_status(enum err err)
{
    static const int statuses[] = {
#define X(name, status, code) status,
        ERR_LIST(X)
#undef X
    };
    assert((size_t)err < ERR_COUNT);
    return statuses[err];
}

const char *err_code(enum err err)
{
    static const char *const codes[] = {
#define X(name, status, code) code,
        ERR_LIST(X)
#undef X
    };
    assert((size_t)err < ERR_COUNT);
    return codes[err];
}

/* Copy what fits into a field of fixed size, whole code points only. */
static void copy_text(char *out, size_t size, const char *text)
{
    struct str s = utf8_cut(str_of(text), size - 1);
    if (s.len) memcpy(out, s.p, s.len);
    out[s.len] = '\0';
}

static void format_args(struct why *why, const char *format, va_list args)
{
    char separated[FORMAT_MAX];
    char text[sizeof(why->args) * 2];
    size_t len = strlen(format);
    assert(len < sizeof(separated));
    memcpy(separated, format, len + 1);
    for (char *bar = separated; (bar = strchr(bar, '|')) != NULL;) {
        *bar = SEPARATOR;
    }
/* The compiler has checked 'format' at the call; '|' is no part of a conversion. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int wrote = vsnprintf(text, sizeof(text), separated, args);
#pragma GCC diagnostic pop
    copy_text(why->args, sizeof(why->args), wrote < 0 ? "" : text);
}

enum err why_fail(struct why *why, enum err err, enum msg msg, const char *field,
                  const char *format, ...)
{
    if (!why) return err;
    *why = (struct why){.err = err, .msg = msg};
    copy_text(why->field, sizeof(why->field), field ? field : "");
    if (format) {
        va_list args;
        va_start(args, format);
        format_args(why, format, args);
        va_end(args);
    }
    return err;
}

static struct str sentence(enum msg msg, enum lang lang)
{
    static const struct str sentences[][2] = {
        {{"", 0}, {"", 0}},
#define MSG(name, en, zh) {{en, sizeof(en) - 1}, {zh, sizeof(zh) - 1}},
#include "base/text.def"
#undef MSG
    };
    assert((size_t)msg < MSG_COUNT);
    return sentences[msg][lang == LANG_ZH];
}

/* Argument number 'index' of 'args', "" when there are fewer. */
static struct str argument(const char *args, unsigned index)
{
    struct str rest = str_of(args);
    struct str arg = str_cut(&rest, SEPARATOR);
    while (index-- > 0) {
        arg = str_cut(&rest, SEPARATOR);
    }
    return arg;
}

/* What is still free of the caller's buffer. */
struct out {
    char *p;     /* where the next byte goes */
    size_t room; /* bytes left, without the NUL */
};

/* Append whole code points; once one does not fit, nothing more is added. Bytes that are no UTF-8
 * become '?'. */
static void put(struct out *out, struct str s)
{
    struct str part = utf8_cut(s, out->room);
    for (size_t i = 0, next = 0; i < part.len; i = next) {
        unsigned char c = (unsigned char)part.p[i];
        bool strange = utf8_next(part, &next) == 0xFFFD && next == i + 1;
        memcpy(out->p + i, part.p + i, next - i);
        if (c < 0x20 || c == 0x7f) out->p[i] = ' ';
        if (strange) out->p[i] = '?';
    }
    out->p += part.len;
    out->room = part.len < s.len ? 0 : out->room - part.len;
    *out->p = '\0';
}

void why_text(const struct why *why, enum lang lang, char *out, size_t size)
{
    assert(size > 0);
    struct out o = {out, size - 1};
    struct str s = sentence(why->msg, lang);
    out[0] = '\0';
    if (s.len == 0) s = str_of(err_code(why->err));
    if (why->field[0]) {
        put(&o, str_of(why->field));
        put(&o, lang == LANG_ZH ? STR("：") : STR(": "));
    }
    while (s.len) {
        if (s.len >= 3 && s.p[0] == '{' && s.p[1] >= '0' && s.p[1] <= '9' && s.p[2] == '}') {
            put(&o, argument(why->args, (unsigned)(s.p[1] - '0')));
            s = (struct str){s.p + 3, s.len - 3};
            continue;
        }
        size_t run = 1;
        while (run < s.len && s.p[run] != '{') {
            run++;
        }
        put(&o, (struct str){s.p, run});
        s = (struct str){s.p + run, s.len - run};
    }
}
