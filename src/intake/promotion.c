/* promotion.c - words of prices, vouchers and orders, and links to products.
 *
 * Characters that also stand in everyday words (元 in 元旦, 拼 in 拼音) count by what stands beside
 * them. */
#include "base/utf8.h"
#include "intake/describe.h"
#include "intake/threes.h"

static struct str before(struct str s, size_t at)
{
    return str_trim((struct str){s.p, at});
}

static struct str behind(struct str s, size_t at)
{
    return (struct str){s.p + at, s.len - at};
}

/* Does it end in a number, in digits of either width or Chinese numerals? */
static bool ends_in_number(struct str s)
{
    static const char *const numerals[] = {"一", "二", "三", "四", "五", "六", "七", "八", "九",
                                           "十", "百", "千", "万", "两", "几", "０", "１", "２",
                                           "３", "４", "５", "６", "７", "８", "９", "半"};
    if (s.len == 0) return false;
    char last = s.p[s.len - 1];
    if (last >= '0' && last <= '9') return true;
    for (size_t i = 0; i < sizeof(numerals) / sizeof(numerals[0]); i++) {
        if (str_ends(s, str_of(numerals[i]))) return true;
    }
    return false;
}

static bool begins_with_digit(struct str s)
{
    while (s.len && s.p[0] == ' ')
        s = behind(s, 1);
    return s.len && s.p[0] >= '0' && s.p[0] <= '9';
}

/* A character wherever it stands, but for the words it is part of. */
struct sign {
    const char *text;
    bool number;                        /* only behind a number */
    const char *not_before, *not_after; /* what may not follow, or stand in front; parted by | */
};

static bool is_one_of(struct str s, const char *list, bool at_end)
{
    struct str rest = str_of(list);
    while (rest.len) {
        struct str word = str_cut(&rest, '|');
        if (word.len && (at_end ? str_ends(s, word) : str_starts(s, word))) return true;
    }
    return false;
}

static bool shows(struct str s, const struct sign *sign)
{
    struct str text = str_of(sign->text);
    for (size_t from = 0, at; from < s.len; from += at + text.len) {
        at = str_find(behind(s, from), text);
        if (at == SIZE_MAX) return false;
        struct str left = before(s, from + at), right = behind(s, from + at + text.len);
        if (sign->number && !ends_in_number(left)) continue;
        if (is_one_of(right, sign->not_before, false) || is_one_of(left, sign->not_after, true))
            continue;
        return true;
    }
    return false;
}

static bool holds_chinese(struct str s, const struct threes *threes)
{
    static const char *const words[] = {"¥",    "￥",   "秒杀", "限时",   "下单",  "打折",
                                        "折扣", "特价", "包邮", "优惠价", "折上折"};
    static const struct sign signs[] = {
        {"元", true, "旦|素|宵|首|老|月", ""},
        {"折", true, "腾|磨|叠|射|断", ""},
        {"券", false, "商", "证|债|入场"},
        {"抢", false, "救|劫|答|修|险|走|话|镜", "别"},
        {"拼", false, "音|命|写|图|搏|接|凑|死|尽|装", "打|比"},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (threes_may(threes, words[i]) && str_find(s, str_of(words[i])) != SIZE_MAX) return true;
    }
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (threes_may(threes, signs[i].text) && shows(s, &signs[i])) return true;
    }
    return false;
}

/* $9.90, €5, £20 */
static bool holds_price(struct str s, const struct threes *threes)
{
    static const char *const marks[] = {"€", "£"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (!threes_may(threes, marks[i])) continue;
        size_t at = str_find(s, str_of(marks[i]));
        if (at != SIZE_MAX && begins_with_digit(behind(s, at + strlen(marks[i])))) return true;
    }
    for (size_t at = 0; at < s.len; at++) {
        size_t digits = 0, next = str_find_char(behind(s, at), '$');
        if (next == SIZE_MAX) return false;
        at += next;
        while (at + 1 + digits < s.len && s.p[at + 1 + digits] >= '0' &&
               s.p[at + 1 + digits] <= '9')
            digits++;
        char end = at + 1 + digits < s.len ? s.p[at + 1 + digits] : ' ';
        if (digits >= 2 || (digits && end == '.')) return true;
    }
    return false;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Case apart; 'word' is in small letters. */
static bool holds_fold(struct str s, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= s.len; i++) {
        size_t k = 0;
        while (k < len && lower(s.p[i + k]) == word[k])
            k++;
        if (k == len) return true;
    }
    return false;
}

/* Where shops of many brands stand, and what addresses of products hold elsewhere. */
static bool is_product(struct str link)
{
    static const char *const marks[] = {
        "taobao.com",    "tmall.com",     "tb.cn/",           "jd.com",
        "yangkeduo.com", "pinduoduo.com", "youzan.com",       "weidian.com",
        "/product",      "/goods",        "/item/",           "item.htm",
        "/dp/",          "/shop/",        "xhsurl.com/goods", "vip.com",
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (holds_fold(link, marks[i])) return true;
    }
    return false;
}

static bool holds_product(struct str s)
{
    for (size_t at; (at = str_find(s, STR("://"))) != SIZE_MAX;) {
        size_t end = at + 3;
        while (end < s.len && (unsigned char)s.p[end] > ' ' && (unsigned char)s.p[end] < 0x80)
            end++;
        if (is_product((struct str){s.p + at, end - at})) return true;
        s = behind(s, end);
    }
    return false;
}

static bool holds_english(struct str s, const struct threes *threes)
{
    static const char *const words[] = {"% off",         "coupon",      "promo code", "discount",
                                        "flash sale",    "order now",   "buy now",    "voucher",
                                        "free shipping", "limited time"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (threes_may(threes, words[i]) && holds_fold(s, words[i])) return true;
    }
    return false;
}

static bool is_ascii(struct str s)
{
    unsigned char all = 0;
    for (size_t i = 0; i < s.len; i++)
        all |= (unsigned char)s.p[i];
    return all < 0x80;
}

bool is_promotion(struct str text)
{
    struct threes threes;
    if (text.len == 0) return false;
    threes_of(text, &threes);
    if (holds_price(text, &threes) || holds_english(text, &threes)) return true;
    if (threes_may(&threes, "://") && holds_product(text)) return true;
    return !is_ascii(text) && holds_chinese(text, &threes);
}
