/* common.c - what is compared is the password in small letters, and its core: letters that stand
 * for others (0 for o, @ for a, ...) written out, and what is no letter cut off at both ends.
 *
 * A word with more than AROUND characters beside it is let pass: those make the password. */
#include "account/common.h"

#include <stdlib.h>

#include "base/utf8.h"

#define AROUND 6
#define PERIOD_MAX 4
#define WORD_MIN 3

/* Common where the list was not made, and the product's own. */
static const char *const more[] = {"wellfield",  "jingtian", "woaini",        "woaiwojia",
                                   "nihao",      "mima",     "administrator", "changeme",
                                   "guanliyuan", "zhongguo"};
static const char *const walks[] = {
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "5201314520131452013145201314",
};

static int compare(const void *key, const void *entry)
{
    const struct str *word = key;
    const char *const *listed = entry;
    return str_cmp(*word, str_of(*listed));
}

static bool listed(struct str word)
{
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        if (str_is(word, more[i])) return true;
    }
    return bsearch(&word, common_list, common_list_count, sizeof(common_list[0]), compare);
}

static bool is_core(char c, bool digits)
{
    if (c >= '0' && c <= '9') return digits;
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* Without what is no letter ('digits': and no digit) at both ends. */
static struct str core_of(struct str s, bool digits)
{
    while (s.len > 0 && !is_core(s.p[0], digits)) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && !is_core(s.p[s.len - 1], digits))
        s.len--;
    return s;
}

static struct str written_out(struct arena *a, struct str s)
{
    static const char from[] = "01345@$!|", to[] = "oleasasil";
    char *out = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++) {
        const char *at = s.p[i] ? strchr(from, s.p[i]) : NULL;
        out[i] = at ? to[at - from] : s.p[i];
    }
    return (struct str){out, s.len};
}

static bool is_word(struct str word, const struct str *own, size_t own_count)
{
    if (word.len < WORD_MIN) return false;
    for (size_t i = 0; i < own_count; i++) {
        if (str_eq(word, own[i])) return true;
    }
    return listed(word);
}

static bool repeats(struct str s)
{
    for (size_t period = 1; period <= PERIOD_MAX && period < s.len; period++) {
        if (memcmp(s.p, s.p + period, s.len - period) == 0) return true;
    }
    return false;
}

static bool walks_keys(struct arena *a, struct str s)
{
    char *back = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        back[i] = s.p[s.len - 1 - i];
    for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
        struct str walk = str_of(walks[i]);
        if (str_find(walk, s) != SIZE_MAX) return true;
        if (str_find(walk, (struct str){back, s.len}) != SIZE_MAX) return true;
    }
    return false;
}

/* Eight digits that are a day of the last or this century, year first or last. */
static bool is_date(struct str s)
{
    int64_t n;
    if (s.len != 8 || !str_to_i64(s, &n)) return false;
    bool year_first = n / 10000 >= 1900 && n / 10000 < 2100;
    bool year_last = n % 10000 >= 1900 && n % 10000 < 2100;
    int64_t rest = year_first ? n % 10000 : n / 10000, high = rest / 100, low = rest % 100;
    return (year_first || year_last) && high >= 1 && low >= 1 && high <= 31 && low <= 31;
}

bool common_password(struct arena *a, struct str password, const struct str *own, size_t own_count)
{
    struct str small = utf8_fold(a, password);
    if (is_word(small, own, own_count) || repeats(small)) return true;
    if (walks_keys(a, small) || is_date(small)) return true;
    const struct str cores[] = {core_of(small, false), core_of(small, true),
                                core_of(written_out(a, small), false)};
    for (size_t i = 0; i < sizeof(cores) / sizeof(cores[0]); i++) {
        if (cores[i].len + AROUND >= small.len && is_word(cores[i], own, own_count)) return true;
    }
    return false;
}
