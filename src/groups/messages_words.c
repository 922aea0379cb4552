/* messages_words.c - a text as words, and what is looked for as a question of SQLite's FTS5.
 *
 * Chinese and Japanese have no spaces, so that each of their characters is a word, and a run of
 * them a phrase: any piece of a sentence is found, and nothing that is not in it. */
#include "groups/messages.h"

#include "base/utf8.h"

static bool is_alone(uint32_t c)
{
    return (c >= 0x2E80 && c <= 0x9FFF && !(c >= 0x3000 && c <= 0x303F)) || /* CJK, kana */
           (c >= 0xAC00 && c <= 0xD7A3) ||                                  /* Hangul */
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

static bool is_space(uint32_t c)
{
    return c <= ' ' || c == 0x3000 || c == 0x85 || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029;
}

/* May it be of a word? What the index has to leave out itself does no harm. */
static bool is_sound(uint32_t c)
{
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return c >= 0xC0 && !(c >= 0x2000 && c <= 0x2BFF) && !(c >= 0x3000 && c <= 0x303F) &&
           !(c >= 0xFE00 && c <= 0xFE6F) && !(c >= 0xFF00 && c <= 0xFF0F) &&
           !(c >= 0x1F000 && c <= 0x1FAFF) && c != 0xD7 && c != 0xF7;
}

/* Marks that part words and are no more than that when folded. */
static bool is_mark(uint32_t c)
{
    return c == 0x3001 || c == 0x3002 || c == 0xFF0C || c == 0xFF01 || c == 0xFF1F || c == 0xFF1A ||
           c == 0x201C || c == 0x201D || c == 0x2026;
}

/* What most messages are made of stays as it is but for capitals: {NULL, 0} where there is more. */
static struct str plain_words(struct arena *arena, struct str s)
{
    char *out = arena_alloc_array(arena, s.len + 1, 2), *p = out;
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t c = utf8_next(s, &i);
        if (c < 0x80) {
            *p++ = !is_sound(c) ? ' ' : (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        } else if (c >= 0x4E00 && c <= 0x9FFF) {
            *p++ = ' ';
            memcpy(p, s.p + from, 3);
            p += 3;
            *p++ = ' ';
        } else if (is_mark(c)) {
            *p++ = ' ';
        } else {
            return (struct str){NULL, 0};
        }
    }
    return (struct str){out, (size_t)(p - out)};
}

struct str messages_words(struct arena *arena, struct str text)
{
    struct str plain = plain_words(arena, text);
    if (plain.p) return plain;
    struct str s = utf8_fold(arena, text);
    char *out = arena_alloc_raw(arena, 2 * s.len + 1); /* what stands alone has two bytes or more */
    size_t len = 0;
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t c = utf8_next(s, &i);
        bool alone = is_alone(c), sound = alone || is_sound(c);
        if (alone || !sound) out[len++] = ' ';
        if (!sound) continue;
        memcpy(out + len, s.p + from, i - from);
        len += i - from;
        if (alone) out[len++] = ' ';
    }
    out[len] = '\0';
    return (struct str){out, len};
}

uint64_t messages_count_words(struct str words)
{
    uint64_t count = 0;
    while (words.len)
        count += str_cut(&words, ' ').len > 0;
    return count;
}

/* One piece without spaces: a phrase, which may go on if it ends in a word of letters. */
static void add_phrase(struct strbuf *out, struct arena *arena, struct str piece)
{
    struct str words = str_trim(messages_words(arena, piece));
    if (words.len == 0) return;
    if (out->len) strbuf_add_text(out, " AND ");
    strbuf_add_char(out, '"');
    strbuf_add_str(out, words);
    strbuf_add_char(out, '"');
    uint8_t last = (uint8_t)words.p[words.len - 1];
    if (last < 0x80 && is_sound(last)) strbuf_add_char(out, '*');
}

struct str messages_question(struct arena *arena, struct str find)
{
    struct strbuf out = {0};
    for (size_t i = 0, from = 0; i <= find.len;) {
        size_t at = i;
        uint32_t c = i < find.len ? utf8_next(find, &i) : ' ';
        if (!is_space(c)) continue;
        add_phrase(&out, arena, (struct str){find.p + from, at - from});
        from = i;
        if (at == find.len) break;
    }
    struct str question = out.len ? arena_str(arena, strbuf_str(&out)) : STR("");
    strbuf_finish(&out);
    return question;
}
