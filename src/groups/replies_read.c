/* replies_read.c - whom a text addresses, whom it names, how long it is. */
#include "groups/replies_internal.h"

#include "base/utf8.h"

#define TOKENS_MAX 64  /* words of a text that are looked up as names */
#define BARE_BYTES 3   /* shorter names need a mark behind them */
#define PREFIX_BYTES 4 /* so much of a name stands for it */

/* ---- names ---- */

struct str replies_fold(struct str name, char out[REPLIES_NAME_BYTES])
{
    if (name.len == 0 || name.len > REPLIES_NAME_BYTES) return (struct str){NULL, 0};
    for (size_t i = 0; i < name.len; i++)
        out[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
    return (struct str){out, name.len};
}

uint32_t replies_find(const struct replies *r, struct str name)
{
    char folded[REPLIES_NAME_BYTES];
    uint64_t account;
    struct str key = replies_fold(name, folded);
    if (key.len == 0 || !map_get(r->names, key, &account)) return NOBODY;
    return (uint32_t)account;
}

/* ---- reading a text ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What ends a name at the start of a text; its bytes, 0 = nothing does. Asked of each byte. */
static size_t mark_at(struct str s, size_t at)
{
    static const char firsts[] = ":,;>.-!?\xEF\xE3";
    if (!memchr(firsts, s.p[at], sizeof(firsts) - 1)) return 0;
    static const char *const marks[] = {":", ",", ";", ">", "：", "，", "、", "..", "-", "!", "?"};
    struct str rest = {s.p + at, s.len - at};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (str_starts(rest, str_of(marks[i]))) return strlen(marks[i]);
    }
    return 0;
}

/* The end of the word at 'at'. */
static size_t word_end(struct str s, size_t at)
{
    static const char *const blank = "\xE2\x80\x85"; /* U+2005 behind @name */
    for (; at < s.len && !is_space(s.p[at]); at++) {
        if (s.p[at] == blank[0] && str_starts((struct str){s.p + at, s.len - at}, str_of(blank)))
            break;
    }
    return at;
}

/* Without marks at the end. */
static struct str bare_word(struct str s)
{
    while (s.len && strchr(":,;.!?)>'\"", s.p[s.len - 1]))
        s.len--;
    return s;
}

/* Who is meant by a name that is not whole, of those who spoke lately. */
static uint32_t find_by_prefix(const struct replies *r, struct str part)
{
    if (part.len < PREFIX_BYTES) return NOBODY;
    uint64_t from = r->lines > r->kept + REPLIES_WINDOW ? r->lines - REPLIES_WINDOW : r->kept;
    for (uint64_t seq = r->lines; seq-- > from;) {
        uint32_t who = r->window[seq % REPLIES_WINDOW].who;
        const struct account *a = &r->accounts.items[who];
        struct str name = {a->name, a->len};
        size_t len = name.len < part.len ? name.len : part.len;
        if (len < PREFIX_BYTES) continue;
        if (str_eq_fold((struct str){name.p, len}, (struct str){part.p, len})) return who;
    }
    return NOBODY;
}

/* "@name text", "@nametext": the longest name that is known. */
static uint32_t find_at_sign(const struct replies *r, struct str s)
{
    size_t end = word_end(s, 0);
    if (end > REPLIES_NAME_BYTES) end = REPLIES_NAME_BYTES;
    for (; end > 0; end--) {
        uint32_t who = replies_find(r, (struct str){s.p, end});
        if (who != NOBODY) return who;
    }
    return NOBODY;
}

static void read_start(const struct replies *r, struct str s, uint32_t me, struct reading *out)
{
    size_t end = 0, mark = 0;
    if (s.len > 1 && s.p[0] == '@') {
        out->addressed = find_at_sign(r, (struct str){s.p + 1, s.len - 1});
        if (out->addressed == me) out->addressed = NOBODY;
        return;
    }
    uint32_t who = NOBODY;
    while (end < s.len && end <= REPLIES_NAME_BYTES && !is_space(s.p[end])) {
        mark = mark_at(s, end);
        if (mark && (who = replies_find(r, (struct str){s.p, end})) != NOBODY) break;
        end++;
    }
    struct str word = bare_word((struct str){s.p, end});
    bool marked = who != NOBODY || word.len < end;
    if (who == NOBODY) who = replies_find(r, word);
    if (who == NOBODY && marked) who = find_by_prefix(r, word);
    if (who == me) who = NOBODY;
    if (marked) {
        out->addressed = who;
    } else if (word.len >= BARE_BYTES) {
        out->bare = who;
    }
}

static void add_name(struct reading *out, uint32_t who)
{
    for (size_t i = 0; i < out->named_count; i++) {
        if (out->named[i] == who) return;
    }
    if (out->named_count < NAMED_MAX) out->named[out->named_count++] = who;
}

static void read_words(const struct replies *r, struct str s, uint32_t me, struct reading *out)
{
    int halves = 0;
    size_t at = 0;
    for (int n = 0; at < s.len && n < TOKENS_MAX; n++) {
        while (at < s.len && is_space(s.p[at]))
            at++;
        size_t end = word_end(s, at);
        struct str word = bare_word((struct str){s.p + at, end - at});
        if (word.len && word.p[0] == '@') word = (struct str){word.p + 1, word.len - 1};
        if (word.len) halves += 2;
        for (size_t i = 0; i < word.len; i++)
            halves += (unsigned char)word.p[i] >= 0xE4;
        uint32_t who = word.len >= BARE_BYTES ? replies_find(r, word) : NOBODY;
        if (who != NOBODY && who != me) add_name(out, who);
        at = end > at ? end : at + 1;
    }
    out->words = halves / 2;
}

void replies_read(const struct replies *r, struct str text, uint32_t me, struct reading *out)
{
    struct str s = str_trim(text);
    *out = (struct reading){.addressed = NOBODY, .bare = NOBODY};
    if (s.len == 0) return;
    read_start(r, s, me, out);
    read_words(r, s, me, out);
    out->command = s.len > 1 && s.p[0] == '!' && !is_space(s.p[1]) && s.p[1] != '!';
}
