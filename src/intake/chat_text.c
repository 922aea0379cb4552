/* chat_text.c - three ways of quoting, mentions, and lists of sign-ups.
 *
 *   「name：text」              这是一条引用/回复消息：   (or: This is a quote/reply:)
 *   - - - - - - -              “name：
 *   own words                  text”
 *                              ------
 *                              own words
 *
 *   <msg>… <title>own words</title> … <refermsg><svrid>id</svrid> … <displayname>name</displayname>
 */
#include "intake/chat_text.h"

#include "base/utf8.h"

static struct str from(struct str s, size_t at)
{
    return (struct str){s.p + at, s.len - at};
}

/* A line of dashes, with or without spaces between. */
static bool is_rule(struct str line)
{
    size_t dashes = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (line.p[i] != '-' && line.p[i] != ' ' && line.p[i] != '\r') return false;
        dashes += line.p[i] == '-';
    }
    return dashes >= 3;
}

/* What stands behind the first line of dashes; false when there is none. */
static bool behind_rule(struct str s, struct str *out)
{
    while (s.p) {
        struct str line = str_cut(&s, '\n');
        if (!is_rule(line)) continue;
        *out = s.p ? s : STR("");
        return true;
    }
    return false;
}

static size_t colon(struct str s, size_t *width)
{
    size_t wide = str_find(s, STR("：")), narrow = str_find_char(s, ':');
    *width = wide < narrow ? strlen("：") : 1;
    return wide < narrow ? wide : narrow;
}

static bool read_quote(struct str s, struct chat_text *out)
{
    static const char *const heads[] = {"这是一条引用/回复消息：", "This is a quote/reply:"};
    size_t width;
    struct str own, body = {NULL, 0};
    if (str_starts(s, STR("「"))) body = from(s, strlen("「"));
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (str_starts(s, str_of(heads[i]))) body = str_trim(from(s, strlen(heads[i])));
    }
    if (!body.p) return false;
    if (str_starts(body, STR("“"))) body = from(body, strlen("“"));
    if (str_starts(body, STR("\""))) body = from(body, 1);
    size_t end = colon(body, &width);
    if (end == SIZE_MAX || !behind_rule(body, &own)) return false;
    out->quoted = str_trim((struct str){body.p, end});
    out->said = str_trim(own);
    return true;
}

/* @name, ended by the special space that chat programs put there. */
static void read_mention(struct chat_text *out)
{
    static const struct str space = {"\xE2\x80\x85", 3}; /* U+2005 */
    size_t at = str_find_char(out->said, '@');
    if (at == SIZE_MAX) return;
    struct str rest = from(out->said, at + 1);
    size_t end = str_find(rest, space);
    if (end == SIZE_MAX || end == 0 || memchr(rest.p, '\n', end)) return;
    out->mentioned = (struct str){rest.p, end};
}

static bool read_signup(struct str s, struct chat_text *out)
{
    if (!str_starts(s, STR("#接龙")) && !str_starts(s, STR("#Group Note"))) return false;
    struct str last = STR("");
    while (s.p) {
        struct str line = str_trim(str_cut(&s, '\n'));
        if (line.len) last = line;
    }
    out->said = last;
    out->signup = true;
    return true;
}

/* What stands between the first <name> and </name>. */
static struct str element(struct str s, const char *open, const char *close)
{
    size_t at = str_find(s, str_of(open));
    if (at == SIZE_MAX) return (struct str){NULL, 0};
    struct str rest = from(s, at + strlen(open));
    size_t end = str_find(rest, str_of(close));
    return end == SIZE_MAX ? (struct str){NULL, 0} : str_trim((struct str){rest.p, end});
}

/* An app message as the program keeps it. */
static bool read_xml(struct str s, struct chat_text *out)
{
    if (!str_starts(s, STR("<msg>")) && !str_starts(s, STR("<?xml"))) return false;
    struct str refer = element(s, "<refermsg>", "</refermsg>");
    if (!refer.p) return false;
    out->said = element(s, "<title>", "</title>");
    if (!out->said.p) out->said = STR("");
    out->quoted = element(refer, "<displayname>", "</displayname>");
    out->answers = element(refer, "<svrid>", "</svrid>");
    out->coded = true;
    return true;
}

struct str chat_text_plain(struct str coded, struct arena *arena)
{
    static const struct {
        struct str code;
        char sign;
    } list[] = {{{"&amp;", 5}, '&'},
                {{"&lt;", 4}, '<'},
                {{"&gt;", 4}, '>'},
                {{"&quot;", 6}, '"'},
                {{"&apos;", 6}, '\''}};
    char *out = arena_alloc(arena, coded.len + 1);
    size_t len = 0;
    for (size_t at = 0; at < coded.len;) {
        size_t used = 1;
        out[len] = coded.p[at];
        for (size_t i = 0; coded.p[at] == '&' && i < sizeof(list) / sizeof(list[0]); i++) {
            if (!str_starts(from(coded, at), list[i].code)) continue;
            out[len] = list[i].sign;
            used = list[i].code.len;
        }
        at += used;
        len++;
    }
    return (struct str){out, len};
}

void chat_text_read(struct str text, struct chat_text *out)
{
    struct str s = str_trim(text);
    *out = (struct chat_text){.said = s};
    if (read_xml(s, out) || read_signup(s, out)) return;
    read_quote(s, out);
    read_mention(out);
}
