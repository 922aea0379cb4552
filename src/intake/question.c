/* question.c - by how a line ends, by words that ask, and in English by how it begins.
 *
 * What only echoes a question (同问, +1, 蹲) asks nothing, nor does a title. The words are looked
 * for in the text as it stands; English ones case apart and as whole words. */
#include "intake/question.h"

#include "base/utf8.h"

static bool ends_in_one_of(struct str s, const char *const *words, size_t count, size_t *len)
{
    for (size_t i = 0; i < count; i++) {
        if (!str_ends(s, str_of(words[i]))) continue;
        *len = strlen(words[i]);
        return true;
    }
    return false;
}
#define ENDS(s, list, len) ends_in_one_of(s, list, sizeof(list) / sizeof((list)[0]), len)

static bool holds_one_of(struct str s, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_find(s, str_of(words[i])) != SIZE_MAX) return true;
    }
    return false;
}
#define HOLDS(s, list) holds_one_of(s, list, sizeof(list) / sizeof((list)[0]))

/* Without spaces and soft marks at the end. */
static struct str without_tail(struct str s)
{
    static const char *const soft[] = {" ", "\t", "\r", "\n", "。", "~", "～", ".", "…", "！", "!"};
    for (size_t len; ENDS(s, soft, &len);)
        s.len -= len;
    return s;
}

/* 吗 嘛 么 不 没, also before 啊 呀 哦; but not where they state. */
static bool ends_asking(struct str s)
{
    static const char *const softeners[] = {"啊", "呀", "哦"};
    static const char *const particles[] = {"吗", "嘛", "么", "不", "没"};
    static const char *const statements[] = {"真的吗", "好不", "还没", "那么", "这么", "什么不",
                                             "要不",   "差不", "从不", "也不", "都不", "可不"};
    size_t len;
    if (ENDS(s, softeners, &len)) s.len -= len;
    if (!ENDS(s, particles, &len)) return false;
    return !ENDS(s, statements, &len);
}

static bool holds_asking(struct str s)
{
    static const char *const words[] = {
        "请问",   "想问",   "问一下",   "求链接", "求推荐", "谁知道",   "哪个",   "哪里",
        "在哪",   "几点",   "几号",     "多久",   "多少钱", "什么时候", "啥时候", "什么区别",
        "啥区别", "能不能", "可不可以", "行不行", "会不会", "要不要",   "为啥",   "为什么",
    };
    return HOLDS(s, words);
}

/* 怎么, 咋, 如何 ask when something is done: a character that can begin a verb follows. */
static bool holds_how(struct str s)
{
    static const char *const hows[] = {"怎么", "咋", "如何"};
    static const char *const states[] = {"怎么样都", "不怎么", "没怎么", "怎么都",   "怎么也",
                                         "怎么可能", "咋都",   "咋也",   "无论如何", "不管怎么"};
    if (HOLDS(s, states)) return false;
    for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
        size_t at = str_find(s, str_of(hows[i]));
        if (at == SIZE_MAX) continue;
        at += strlen(hows[i]);
        if (at < s.len && (unsigned char)s.p[at] >= 0xE4) return true; /* an ideograph */
    }
    return false;
}

/* ---- English ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'';
}

static bool begins_asking(struct str s)
{
    static const char *const words[] = {"how", "what",  "where", "why", "when", "which", "who",
                                        "can", "could", "does",  "do",  "is",   "are",   "should"};
    size_t len = 0;
    while (len < s.len && is_letter(s.p[len]))
        len++;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_eq_fold((struct str){s.p, len}, str_of(words[i]))) return true;
    }
    return false;
}

static bool holds_anyone(struct str s)
{
    static const struct str words = {"anyone know", 11};
    for (size_t i = 0; i + words.len <= s.len; i++) {
        if (str_eq_fold((struct str){s.p + i, words.len}, words)) return true;
    }
    return false;
}

/* Addressed to somebody: what they are asked begins behind it. */
static struct str without_address(struct str s)
{
    size_t end = 0;
    while (end < s.len && end < 32 && s.p[end] != ' ' && s.p[end] != ':' && s.p[end] != ',')
        end++;
    if (end == 0 || end + 1 >= s.len || (s.p[end] != ':' && s.p[end] != ',')) return s;
    if (s.p[end + 1] != ' ') return s;
    return str_trim((struct str){s.p + end + 1, s.len - end - 1});
}

/* ---- what asks nothing ---- */

static bool is_echo(struct str s)
{
    static const char *const echoes[] = {"同问", "+1", "＋1", "蹲", "蹲蹲", "蹲一个", "同求"};
    struct str rest = without_tail(str_trim(s));
    for (size_t i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
        if (str_is(rest, echoes[i])) return true;
    }
    return false;
}

/* 《…》, ——, or more than 30 ideographs and no mark at all. */
static bool is_title(struct str s)
{
    static const char *const marks[] = {"，", "。", "？", "！", "；", "：", "、",
                                        ",",  ".",  "?",  "!",  ";",  ":",  " "};
    if (str_starts(s, STR("《")) && str_ends(without_tail(s), STR("》"))) return true;
    if (str_find(s, STR("——")) != SIZE_MAX) return true;
    return utf8_count(s) > 30 && !HOLDS(s, marks);
}

bool is_question(struct str text)
{
    static const char *const marks[] = {"?", "？"};
    struct str s = without_tail(str_trim(text));
    size_t len;
    if (s.len == 0 || is_echo(s) || is_title(s)) return false;
    if (ENDS(s, marks, &len)) return true;
    struct str said = without_address(s);
    return ends_asking(s) || holds_asking(s) || holds_how(s) || begins_asking(said) ||
           holds_anyone(s);
}
