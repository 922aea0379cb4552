/* text_lang.c - by the scripts of its letters; English is sure only of some words of it. */
#include "base/utf8.h"
#include "intake/describe.h"

#define LOOKED_BYTES 400 /* what comes behind changes nothing */

struct scripts {
    size_t han, latin, marked, foreign; /* letters: ideographs, A-Z, Latin with marks, others */
    bool kana;
};

static bool is_ideograph(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x3134F);
}

/* Greek to Ethiopic, Hangul and what lies between them, but for signs and punctuation. */
static bool is_foreign(uint32_t c)
{
    return (c >= 0x370 && c <= 0x1FFF) || (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFC);
}

static void count(struct str s, struct scripts *out)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t c = utf8_next(s, &i);
        if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
            out->latin++;
        } else if (c < 0xC0) {
            continue;
        } else if (is_ideograph(c)) {
            out->han++;
        } else if ((c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FA)) {
            out->kana = true;
        } else if (c < 0x250) {
            out->marked++;
        } else if (is_foreign(c)) {
            out->foreign++;
        }
    }
}

static bool is_common(struct str word)
{
    static const char *const words[] = {
        "the",  "is",  "are", "to",   "you", "and",  "of",   "it",   "in",    "for", "that", "what",
        "how",  "can", "my",  "this", "on",  "not",  "with", "have", "there", "i",   "but",  "do",
        "does", "if",  "was", "will", "or",  "from", "just", "your", "any",   "get", "it's"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_eq_fold(word, str_of(words[i]))) return true;
    }
    return false;
}

static bool is_english(struct str s)
{
    size_t words = 0, common = 0;
    for (struct str rest = s; rest.len;) {
        struct str word = str_cut(&rest, ' ');
        while (word.len && (word.p[word.len - 1] < '0' || word.p[word.len - 1] == '?'))
            word.len--;
        words += word.len > 0;
        common += is_common(word);
    }
    return words >= 3 && common * 6 >= words;
}

struct str text_lang(struct str text)
{
    struct scripts n = {0};
    struct str s = utf8_cut(text, LOOKED_BYTES);
    count(s, &n);
    if (n.kana || (n.foreign >= 2 && n.foreign > n.latin + n.han)) return STR("other");
    if (n.han >= 2 && n.han * 4 >= n.latin) return STR("zh");
    if (n.han + n.marked + n.foreign == 0 && is_english(s)) return STR("en");
    return (struct str){NULL, 0};
}
