/* traces.c - links by the dots in them, the rest by digits and by what is said before it. */
#include "moderation/traces.h"

#include "base/utf8.h"

#define PHONE_DIGITS_MAX 15
#define ID_MIN 6
#define ID_MAX 20

const char *const trace_names[TRACE_COUNT] = {"link",   "code", "phone", "mail",
                                              "wechat", "qq",   "qr"};

/* Behind a name without a scheme; with one, or with a path, any end does. */
static const char *const ends[] = {
    "com",  "cn",   "net",  "org",  "io",   "top",  "xyz",  "cc",  "me",   "co",     "app",
    "site", "shop", "vip",  "club", "info", "link", "live", "tv",  "biz",  "ru",     "uk",
    "hk",   "tw",   "jp",   "de",   "fr",   "us",   "eu",   "gov", "edu",  "online", "store",
    "tech", "ltd",  "wang", "ink",  "fun",  "win",  "icu",  "pro", "mobi", "asia",   "work"};

/* What QR codes of cards, groups and payments hold. */
static const char *const codes[] = {"u.wechat.com",  "weixin.qq.com", "work.weixin.qq.com",
                                    "qr.alipay.com", "qm.qq.com",     "jq.qq.com",
                                    "qr.1688.com",   "t.me",          "wa.me"};

struct finder {
    struct str text;
    bool (*fn)(void *ctx, const struct trace_found *found);
    void *ctx;
    bool stop;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_label(char c)
{
    return is_digit(c) || is_letter(c) || c == '-';
}

static void tell(struct finder *f, enum trace what, size_t from, size_t to, struct str host)
{
    const struct trace_found found = {what, {(uint32_t)from, (uint32_t)to}, host};
    if (!f->stop) f->stop = !f->fn(f->ctx, &found);
}

static char at(const struct finder *f, size_t i)
{
    return i < f->text.len ? f->text.p[i] : '\0';
}

static bool ends_here(const struct finder *f, size_t i, const char *text)
{
    size_t len = strlen(text);
    return i >= len && memcmp(f->text.p + i - len, text, len) == 0;
}

/* ---- links and mail ---- */

bool traces_host_in(struct str host, struct str list)
{
    while (list.len) {
        struct str one = str_trim(str_cut(&list, '\n'));
        if (!one.len || !str_ends(host, one)) continue;
        if (host.len == one.len || host.p[host.len - one.len - 1] == '.') return true;
    }
    return false;
}

static bool is_code(struct str host)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (str_is(host, codes[i])) return true;
    }
    return false;
}

static bool known_end(struct str host, bool any)
{
    size_t dot = host.len;
    while (dot > 0 && host.p[dot - 1] != '.')
        dot--;
    struct str end = {host.p + dot, host.len - dot};
    if (any && end.len >= 2) return is_letter(end.p[0]);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (str_is(end, ends[i])) return true;
    }
    return false;
}

static bool is_address(struct str host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (!is_digit(host.p[i]) && host.p[i] != '.') return false;
    }
    return true;
}

/* As far as a link goes behind its host; what ends a sentence is not its. */
static size_t path_end(const struct finder *f, size_t i)
{
    if (at(f, i) == ':' && is_digit(at(f, i + 1))) i++;
    while (is_digit(at(f, i)))
        i++;
    if (at(f, i) != '/' && at(f, i) != '?') return i;
    while (i < f->text.len && (unsigned char)f->text.p[i] > ' ' &&
           (unsigned char)f->text.p[i] < 0x7F && !strchr("\"<>", f->text.p[i]))
        i++;
    while (strchr(",.;:!?)'", f->text.p[i - 1]))
        i--;
    return i;
}

static bool is_local(char c)
{
    return is_label(c) || c == '.' || c == '_' || c == '+';
}

/* A name with a dot at 'dot'; where to go on. */
static size_t name_at(struct finder *f, size_t dot)
{
    size_t from = dot, to = dot + 1;
    while (from > 0 && (is_label(f->text.p[from - 1]) || f->text.p[from - 1] == '.'))
        from--;
    while (is_label(at(f, to)) || (at(f, to) == '.' && is_label(at(f, to + 1))))
        to++;
    while (from < dot && !(is_digit(f->text.p[from]) || is_letter(f->text.p[from])))
        from++;
    struct str host = {f->text.p + from, to - from};
    bool scheme = ends_here(f, from, "://");
    if (from == dot) return to;
    if (!scheme && from > 1 && f->text.p[from - 1] == '@' && is_local(f->text.p[from - 2])) {
        size_t local = from - 1;
        while (local > 0 && is_local(f->text.p[local - 1]))
            local--;
        if (known_end(host, true)) tell(f, TRACE_MAIL, local, to, STR(""));
        return to;
    }
    bool surely = scheme || str_starts(host, STR("www.")) || at(f, to) == '/';
    if (!known_end(host, surely) && !(scheme && is_address(host))) return to;
    size_t begin = from;
    if (scheme) {
        begin -= 3;
        while (begin > 0 && is_letter(f->text.p[begin - 1]))
            begin--;
    }
    size_t end = path_end(f, to);
    tell(f, is_code(host) ? TRACE_CODE : TRACE_LINK, begin, end, host);
    return end > to ? end : to;
}

static void find_names(struct finder *f)
{
    for (size_t i = 0; i < f->text.len && !f->stop;) {
        const char *dot = memchr(f->text.p + i, '.', f->text.len - i);
        if (!dot) return;
        size_t place = (size_t)(dot - f->text.p);
        bool inside = place > i && is_label(at(f, place - 1)) && is_label(at(f, place + 1));
        i = inside ? name_at(f, place) : place + 1;
    }
}

static bool is_other(char c)
{
    return (unsigned char)c >= 0x80;
}

/* A scheme before a name in other letters; name_at has seen those of a-z. */
static void find_schemes(struct finder *f)
{
    struct str rest = f->text;
    size_t place;
    while (!f->stop && (place = str_find(rest, STR("://"))) != SIZE_MAX) {
        size_t from = (size_t)(rest.p - f->text.p) + place, to = from + 3, begin = from;
        rest = (struct str){f->text.p + to, f->text.len - to};
        while (begin > 0 && is_letter(f->text.p[begin - 1]))
            begin--;
        if (begin == from || !is_other(at(f, to))) continue;
        while (is_label(at(f, to)) || at(f, to) == '.' || is_other(at(f, to)))
            to++;
        struct str host = {f->text.p + from + 3, to - from - 3};
        tell(f, TRACE_LINK, begin, path_end(f, to), host);
    }
}

/* ---- phones ---- */

/* Digits from 'from' on, single blanks and hyphens between them left out; where they end. */
static size_t digits_at(const struct finder *f, size_t from, char digits[PHONE_DIGITS_MAX + 1],
                        size_t *count)
{
    size_t i = from;
    *count = 0;
    for (; i < f->text.len; i++) {
        char c = f->text.p[i];
        bool between = (c == ' ' || c == '-') && *count && is_digit(at(f, i + 1));
        if (!is_digit(c) && !between) break;
        if (between) continue;
        if (*count <= PHONE_DIGITS_MAX) digits[*count] = c;
        if (*count > PHONE_DIGITS_MAX) continue;
        (*count)++;
    }
    return i;
}

static bool is_mobile(const char *digits, size_t count)
{
    if (count == 15 && memcmp(digits, "0086", 4) == 0) digits += 4, count -= 4;
    if (count == 13 && memcmp(digits, "86", 2) == 0) digits += 2, count -= 2;
    return count == 11 && digits[0] == '1' && digits[1] >= '3';
}

static bool is_line(const char *digits, size_t count)
{
    bool service = count == 10 && (memcmp(digits, "400", 3) == 0 || memcmp(digits, "800", 3) == 0);
    return service || ((count == 11 || count == 12) && digits[0] == '0' && digits[1] != '0');
}

static void find_phones(struct finder *f)
{
    for (size_t i = 0; i < f->text.len && !f->stop; i++) {
        char digits[PHONE_DIGITS_MAX + 1];
        size_t count;
        if (!is_digit(f->text.p[i])) continue;
        bool apart = i == 0 || !(is_letter(f->text.p[i - 1]) || f->text.p[i - 1] == '.');
        bool plus = i > 0 && f->text.p[i - 1] == '+';
        size_t end = digits_at(f, i, digits, &count);
        bool abroad = plus && count >= 8 && count <= PHONE_DIGITS_MAX;
        if (apart && (abroad || is_mobile(digits, count) || is_line(digits, count)))
            tell(f, TRACE_PHONE, plus ? i - 1 : i, end, STR(""));
        i = end;
    }
}

/* ---- ids of messengers ---- */

struct call_sign {
    const char *text;
    enum trace what;
    bool apart; /* of letters: stands alone, and something parts it from the id */
};
static const struct call_sign signs[] = {
    {"微信", TRACE_WECHAT, false},  {"薇信", TRACE_WECHAT, false}, {"威信", TRACE_WECHAT, false},
    {"加v", TRACE_WECHAT, false},   {"加微", TRACE_WECHAT, false}, {"v信", TRACE_WECHAT, false},
    {"vx", TRACE_WECHAT, true},     {"wx", TRACE_WECHAT, true},    {"weixin", TRACE_WECHAT, true},
    {"wechat", TRACE_WECHAT, true}, {"扣扣", TRACE_QQ, false},     {"qq", TRACE_QQ, false}};

static size_t skip_between(const struct finder *f, size_t i)
{
    static const char *const between[] = {"号", "群", "是", "id", ":", "=",
                                          " ",  "-",  "→",  "+",  "加"};
    for (int n = 0; n < 4; n++) {
        size_t was = i;
        for (size_t k = 0; k < sizeof(between) / sizeof(between[0]) && i == was; k++) {
            size_t len = strlen(between[k]);
            if (i + len <= f->text.len && memcmp(f->text.p + i, between[k], len) == 0) i += len;
        }
        if (i == was) break;
    }
    return i;
}

static size_t id_end(const struct finder *f, size_t from, enum trace what)
{
    size_t i = from;
    if (what == TRACE_QQ) {
        while (is_digit(at(f, i)))
            i++;
        return i - from >= 5 && i - from <= 12 ? i : from;
    }
    if (!is_letter(at(f, from))) return from;
    while (is_label(at(f, i)) || at(f, i) == '_')
        i++;
    return i - from >= ID_MIN && i - from <= ID_MAX ? i : from;
}

static void find_sign(struct finder *f, const struct call_sign *sign)
{
    size_t len = strlen(sign->text), place;
    struct str rest = f->text;
    while (!f->stop && (place = str_find(rest, (struct str){sign->text, len})) != SIZE_MAX) {
        size_t from = (size_t)(rest.p - f->text.p) + place;
        size_t id = skip_between(f, from + len);
        size_t end = id_end(f, id, sign->what);
        bool alone = from == 0 || !is_label(f->text.p[from - 1]);
        if (end > id && (!sign->apart || (alone && id > from + len)))
            tell(f, sign->what, from, end, STR(""));
        rest = (struct str){f->text.p + from + len, f->text.len - from - len};
    }
}

void traces_find(struct str clean, bool (*fn)(void *ctx, const struct trace_found *found),
                 void *ctx)
{
    struct finder f = {clean, fn, ctx, false};
    if (!clean.len) return;
    find_names(&f);
    find_schemes(&f);
    find_phones(&f);
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        find_sign(&f, &signs[i]);
}
