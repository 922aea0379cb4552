/* question.c - by how a line ends, by words that ask, and in English by how a clause begins.
 *
 * What only echoes a question (同问, +1, 蹲) asks nothing, nor does a title. The words are looked
 * for in the text as it stands; English ones case apart and as whole words. Most are not there,
 * which the bytes of the line in threes tell without a look at the line. */
#include "intake/question.h"

#include "base/utf8.h"
#include "intake/threes.h"

/* A line and what it cannot hold. */
struct line {
    struct str s;
    struct threes threes;
};

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

/* Where a word is; SIZE_MAX = nowhere. */
static size_t find(const struct line *l, const char *word)
{
    return threes_may(&l->threes, word) ? str_find(l->s, str_of(word)) : SIZE_MAX;
}

static bool holds_one_of(const struct line *l, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (find(l, words[i]) != SIZE_MAX) return true;
    }
    return false;
}
#define HOLDS(l, list) holds_one_of(l, list, sizeof(list) / sizeof((list)[0]))

/* Without spaces and soft marks at the end. */
static struct str without_tail(struct str s)
{
    static const char *const soft[] = {" ", "\t", "\r", "\n", "。", "~", "～", ".", "…", "！", "!"};
    for (size_t len; ENDS(s, soft, &len);)
        s.len -= len;
    return s;
}

/* 吗 嘛 么 不 没 呢, also before 啊 呀 哦; but not where they state. */
static bool ends_asking(struct str s)
{
    static const char *const softeners[] = {"啊", "呀", "哦"};
    static const char *const particles[] = {"吗", "嘛", "么", "不", "没"};
    static const char *const statements[] = {
        "真的吗", "好不", "还没", "那么", "这么", "什么不", "要不", "差不", "从不", "也不",
        "都不",   "可不", "才不", "就不", "也没", "都没",   "就没", "秒没", "从没", "再不",
    };
    size_t len;
    if (ENDS(s, softeners, &len)) s.len -= len;
    if (str_starts(s, STR("那")) && str_ends(s, STR("呢"))) return true;
    if (!ENDS(s, particles, &len)) return false;
    return !ENDS(s, statements, &len);
}

/* Does 都 or 也 follow within two characters of 'at'? Then it is said of all: 几点都行. */
static bool of_all(struct str s, size_t at)
{
    for (int i = 0; i < 3 && at < s.len; i++) {
        uint32_t c = utf8_next(s, &at);
        if (c == 0x90FD || c == 0x4E5F) return true;
    }
    return false;
}

/* The character that ends before 'at'. */
static struct str before(struct str s, size_t at)
{
    size_t from = at;
    while (from > 0 && at - from < 4) {
        from--;
        if (((unsigned char)s.p[from] & 0xC0) != 0x80) break;
    }
    return (struct str){s.p + from, at - from};
}

/* One of 'words' where it asks: neither of all, nor behind one of the characters in 'not_behind'.
 */
static bool asks_with(const struct line *l, const char *const *words, size_t count,
                      const char *not_behind)
{
    struct str s = l->s;
    for (size_t i = 0; i < count; i++) {
        if (!threes_may(&l->threes, words[i])) continue;
        struct str word = str_of(words[i]), rest = s;
        for (size_t at; (at = str_find(rest, word)) != SIZE_MAX;) {
            size_t here = (size_t)(rest.p - s.p) + at, behind = here + word.len;
            struct str c = before(s, here);
            bool held = c.len > 1 && str_find(str_of(not_behind), c) != SIZE_MAX;
            if (!held && !of_all(s, behind)) return true;
            rest = (struct str){s.p + behind, s.len - behind};
        }
    }
    return false;
}
#define ASKS_WITH(l, list, not_behind)                                                             \
    asks_with(l, list, sizeof(list) / sizeof((list)[0]), not_behind)

static bool holds_asking(const struct line *l)
{
    static const char *const plain[] = {
        "请问",     "想问",   "问一下", "问下",   "求链接", "求推荐", "求个链接",
        "求个推荐", "谁知道", "谁能",   "谁有",   "找谁",   "是谁",   "行不行",
        "可不可以", "能不能", "会不会", "要不要", "是不是", "为啥",   "为什么",
        "有没有",   "吗，",   "吗 ",    "吗老师", "吗亲",   "吗店长",
    };
    static const char *const what[] = {"什么", "啥"};
    static const char *const which[] = {"哪个", "哪里", "在哪", "哪款", "哪种", "哪天", "哪家",
                                        "哪套", "哪位", "哪边", "哪儿", "哪本", "哪些", "到哪"};
    static const char *const much[] = {"多少钱", "多少度", "多久",    "几点",
                                       "几号",   "周几",   "什么时候"};
    static const char *const count[] = {"几天", "几次", "几张", "几楼", "几个", "几杯", "几斤",
                                        "几年", "几岁", "几件", "几盒", "几瓶", "几包", "几袋",
                                        "几支", "几片", "几颗", "几泵", "几节"};
    return ASKS_WITH(l, plain, "") || ASKS_WITH(l, what, "没算说为不") ||
           ASKS_WITH(l, which, "里道") || ASKS_WITH(l, much, "没") ||
           ASKS_WITH(l, count, "好这那前过十没了等上再每有晚后");
}

/* 多少, 多大 at the end. */
static bool ends_in_much(struct str s)
{
    static const char *const words[] = {"多少", "多大", "多高", "多重", "多长", "多宽", "多远"};
    static const char *const statements[] = {"没多少", "没多大", "不多少"};
    size_t len;
    return ENDS(s, words, &len) && !ENDS(s, statements, &len);
}

/* 甜不甜, 发没发: one character on both sides; and 是 … 还是 …. */
static bool holds_either(const struct line *l)
{
    static const char *const nots[] = {"不", "没"};
    struct str s = l->s;
    for (size_t i = 0; i < sizeof(nots) / sizeof(nots[0]); i++) {
        if (!threes_may(&l->threes, nots[i])) continue;
        struct str rest = s, word = str_of(nots[i]);
        for (size_t at; (at = str_find(rest, word)) != SIZE_MAX;) {
            size_t here = (size_t)(rest.p - s.p) + at, behind = here + word.len;
            struct str c = before(s, here);
            rest = (struct str){s.p + behind, s.len - behind};
            if (c.len > 1 && str_starts(rest, c) && !of_all(rest, c.len)) return true;
        }
    }
    size_t or = find(l, "还是");
    return or != SIZE_MAX && str_find((struct str){s.p, or }, STR("是")) != SIZE_MAX;
}

/* 怎么, 咋, 如何 ask when something is done: a character that can begin a verb follows. */
static bool holds_how(const struct line *l)
{
    static const char *const hows[] = {"怎么", "咋", "如何"};
    static const char *const states[] = {"怎么样都", "不怎么",   "没怎么",   "怎么可能", "怎么说",
                                         "无论如何", "不管怎么", "怎么这么", "怎么那么", "咋这么"};
    struct str s = l->s;
    if (HOLDS(l, states)) return false;
    for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
        size_t at = find(l, hows[i]);
        if (at == SIZE_MAX) continue;
        at += strlen(hows[i]);
        if (of_all(s, at)) continue;
        if (at < s.len && (unsigned char)s.p[at] >= 0xE4) return true; /* an ideograph */
    }
    return false;
}

/* Who knows, teaches or does not care asks nothing, whatever words follow. */
static bool tells(const struct line *l)
{
    static const char *const words[] = {
        "我知道", "知道为什么了", "教大家",   "教你",   "给大家讲", "学会", "手把手", "【干货】",
        "无所谓", "由你",         "哪里哪里", "还用问", "谁不",     "谁还", "什么的"};
    return HOLDS(l, words);
}

/* ---- English ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'';
}

/* The next word; {p, 0} at the end or where no word stands. */
static struct str next_word(struct str *s)
{
    size_t from = 0, end;
    while (from < s->len && s->p[from] == ' ')
        from++;
    for (end = from; end < s->len && is_letter(s->p[end]);)
        end++;
    struct str word = {s->p + from, end - from};
    *s = (struct str){s->p + end, s->len - end};
    return word;
}

static bool is_one_of(struct str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq_fold(word, str_of(words[i]))) return true;
    }
    return false;
}
#define ONE_OF(word, list) is_one_of(word, list, sizeof(list) / sizeof((list)[0]))

static const char *const helpers[] = {"can",  "could",  "does", "do",   "is",
                                      "are",  "should", "did",  "was",  "were",
                                      "will", "would",  "has",  "have", "am"};

/* A helper verb asks when its subject follows. */
static bool asks_by_order(struct str helper, struct str next)
{
    static const char *const subjects[] = {
        "i",     "you",    "he",      "she",     "it",       "we",       "they", "this", "that",
        "these", "those",  "there",   "the",     "my",       "your",     "our",  "his",  "her",
        "their", "anyone", "anybody", "someone", "somebody", "everyone", "any"};
    static const char *const plural[] = {"i",     "you",  "we",    "they", "these",
                                         "those", "your", "their", "any",  "people"};
    if (str_eq_fold(helper, STR("do")) || str_eq_fold(helper, STR("have"))) {
        return ONE_OF(next, plural);
    }
    return ONE_OF(next, subjects);
}

/* Does a clause begin as a question does? */
static bool begins_asking(struct str s)
{
    static const char *const contracted[] = {"what's", "whats",  "where's", "wheres", "who's",
                                             "how's",  "when's", "anyone",  "anybody"};
    static const char *const nice[] = {"nice", "lovely", "cute", "sweet", "great",
                                       "cool", "funny",  "kind", "about"};
    struct str first = next_word(&s), next = next_word(&s);
    if (first.len == 0) return false;
    if (ONE_OF(first, contracted)) return true;
    if (ONE_OF(first, helpers)) return asks_by_order(first, next);
    if (str_eq_fold(first, STR("how"))) return !ONE_OF(next, nice);
    if (str_eq_fold(first, STR("what")))
        return !str_eq_fold(next, STR("a")) && !str_eq_fold(next, STR("an"));
    if (str_eq_fold(first, STR("why"))) return !str_eq_fold(next, STR("thank"));
    if (str_eq_fold(first, STR("which")))
        return next.len > 0 && !str_eq_fold(next, STR("is")) && !str_eq_fold(next, STR("means"));
    if (str_eq_fold(first, STR("who")))
        return !str_eq_fold(next, STR("cares")) && !str_eq_fold(next, STR("knows"));
    if (str_eq_fold(first, STR("when")) || str_eq_fold(first, STR("where")))
        return ONE_OF(next, helpers);
    return false;
}

static bool holds_anyone(const struct line *l)
{
    static const char *const words[] = {"anyone know", "anybody know", "any idea"};
    struct str s = l->s;
    for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
        if (!threes_may(&l->threes, words[w])) continue;
        struct str word = str_of(words[w]);
        for (size_t i = 0; i + word.len <= s.len; i++) {
            if (!str_eq_fold((struct str){s.p + i, word.len}, word)) continue;
            bool unless = i >= 3 && str_eq_fold((struct str){s.p + i - 3, 3}, STR("if "));
            if (!unless) return true;
        }
    }
    return false;
}

/* Words that open a sentence and say nothing. */
static struct str without_opening(struct str s)
{
    static const char *const words[] = {
        "hi",   "hello", "hey",  "all", "guys",  "ok",    "okay",     "so",     "but",   "and",
        "well", "then",  "also", "or",  "sorry", "there", "everyone", "please", "folks", "now"};
    for (struct str rest = s, word; (word = next_word(&rest)).len > 0 && ONE_OF(word, words);)
        s = str_trim(rest);
    return s;
}

/* At the start, or behind a comma or the end of a sentence. */
static bool a_clause_asks(struct str s)
{
    for (;;) {
        if (begins_asking(without_opening(str_trim(s)))) return true;
        size_t at = 0;
        while (at + 1 < s.len && !(strchr(",.;!", s.p[at]) && s.p[at + 1] == ' '))
            at++;
        if (at + 1 >= s.len) return false;
        s = (struct str){s.p + at + 1, s.len - at - 1};
    }
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
static bool is_title(const struct line *l)
{
    static const char *const marks[] = {"，", "。", "？", "！", "；", "：", "、",
                                        ",",  ".",  "?",  "!",  ";",  ":",  " "};
    struct str s = l->s;
    if (str_starts(s, STR("《")) && str_ends(without_tail(s), STR("》"))) return true;
    if (find(l, "——") != SIZE_MAX) return true;
    return utf8_count(s) > 30 && !HOLDS(l, marks);
}

bool joins_question(struct str text)
{
    return is_echo(text);
}

bool is_question(struct str text)
{
    static const char *const marks[] = {"?", "？"};
    struct line l = {.s = without_tail(str_trim(text))};
    struct str s = l.s;
    size_t len;
    if (s.len == 0 || is_echo(s)) return false;
    threes_of(s, &l.threes);
    if (is_title(&l)) return false;
    if (ENDS(s, marks, &len)) return true;
    if (holds_anyone(&l) || a_clause_asks(without_address(s))) return true;
    if (tells(&l)) return false;
    return ends_asking(s) || holds_asking(&l) || holds_either(&l) || holds_how(&l) ||
           ends_in_much(s);
}
