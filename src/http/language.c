/* language.c - weights are compared in thousandths; of equal ones the first wins. */
#include "http/language.h"

/* "q=0.75" as 750, 1000 when there is none, 0 when malformed. */
static int weight_of(struct str params)
{
    struct str q = str_trim(params);
    double value;
    if (q.len == 0) return 1000;
    if (q.len < 3 || (q.p[0] != 'q' && q.p[0] != 'Q') || q.p[1] != '=') return 0;
    if (!str_to_double((struct str){q.p + 2, q.len - 2}, &value)) return 0;
    return value >= 0 && value <= 1 ? (int)(value * 1000) : 0;
}

/* Is 'tag' the language 'code', or a kind of it ("zh", "zh-CN")? */
static bool is_language(struct str tag, struct str code)
{
    if (tag.len < code.len || !str_eq_fold((struct str){tag.p, code.len}, code)) return false;
    return tag.len == code.len || tag.p[code.len] == '-';
}

enum lang language_of(struct str accept)
{
    int best = 0;
    enum lang lang = LANG_EN;
    while (accept.len > 0) {
        struct str params = str_cut(&accept, ',');
        struct str tag = str_trim(str_cut(&params, ';'));
        bool chinese = is_language(tag, STR("zh"));
        if (!chinese && !is_language(tag, STR("en"))) continue;
        int weight = weight_of(params);
        if (weight <= best) continue;
        best = weight;
        lang = chinese ? LANG_ZH : LANG_EN;
    }
    return lang;
}
