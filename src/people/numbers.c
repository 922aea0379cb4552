/* numbers.c - the table. Bounds are what the fold keeps: of orders that stand it has the times of
 * the latest two, of content items and exchanges no more than the rule asks by default. */
#include "people/numbers.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define RULE(field) #field, offsetof(struct numbers, rules.field)
#define NUMBER(part, unit, rule, ...) NUMBER_ROW(part, unit, rule, __VA_ARGS__)
/* name and place, bounds and default, words */
#define NUMBER_ROW(part_, unit_, name_, place_, least_, most_, usual_, zh_, en_, help_zh, help_en) \
    {                                                                                              \
        .name = (name_), .part = (part_), .unit = (unit_), .least = (least_), .most = (most_),     \
        .usual = (usual_), .place = (place_), .label = {[LANG_EN] = (en_), [LANG_ZH] = (zh_)},     \
        .help = {[LANG_EN] = (help_en), [LANG_ZH] = (help_zh)},                                    \
    }
#define LIFE(unit, rule, ...) NUMBER(NUMBER_LIFECYCLE, unit, rule, __VA_ARGS__)
#define TRUSTS(rule, ...) NUMBER(NUMBER_TRUST, UNIT_OF_TIMES, rule, __VA_ARGS__)
#define CUT(score, i, unit, most, zh, en, help_zh, help_en)                                        \
    NUMBER_ROW(NUMBER_RFM, unit, "rfm_" #score "_" #i,                                             \
               offsetof(struct numbers, rfm) +                                                     \
                   sizeof(int) * (RFM_NUMBER_CUTS * RFM_##score + (i)-1),                          \
               0, most, 0, zh, en, help_zh, help_en)
enum { RFM_r, RFM_f, RFM_m };

#define CUTS(score, unit, most, zh, en, help_zh, help_en)                                          \
    CUT(score, 1, unit, most, zh " 1", en " 1", help_zh, help_en),                                 \
        CUT(score, 2, unit, most, zh " 2", en " 2", help_zh, help_en),                             \
        CUT(score, 3, unit, most, zh " 3", en " 3", help_zh, help_en),                             \
        CUT(score, 4, unit, most, zh " 4", en " 4", help_zh, help_en)

const struct number numbers_table[] = {
    LIFE(UNIT_OF_DAYS, RULE(dormant_days), 1, 3650, 14, "多少天没有行动算休眠",
         "Days without an act until dormant",
         "从最近一次行动或加入起算，过了这些天就是休眠；仍在购买节奏内的除外",
         "counted from the latest act or join; not while still in rhythm"),
    LIFE(UNIT_OF_TIMES, RULE(rhythm_orders), 2, 20, 3, "几个下单日算有节奏",
         "Order days that make a rhythm", "至少这么多个有付款的日子，才谈得上自己的购买节奏",
         "so many days with a payment at least, before a member has a rhythm of their own"),
    LIFE(UNIT_OF_PERCENT, RULE(rhythm_percent), 100, 1000, 150, "节奏持续多久（自身间隔的百分比）",
         "How long a rhythm lasts, % of the own gap",
         "离上次付款不到自身平均间隔的这个百分比，就仍在节奏内",
         "in rhythm while the latest payment is less than this share of the own mean gap ago"),
    LIFE(UNIT_OF_PERCENT, RULE(fell_percent), 0, 100, 25, "行动变少到多少算休眠",
         "Act days left that count as fallen silent, %",
         "近一个窗口的行动天数不超过以往均值的这个百分比，也算休眠",
         "act days in the window at most this share of what they were: dormant, too"),
    LIFE(UNIT_OF_TIMES, RULE(fell_days), 1, 28, 4, "以往至少几个行动日才比较",
         "Act days before, from which a fall counts",
         "以往每个窗口的平均行动天数达到这个数，才判断“变少”",
         "a fall counts only where the mean per window was at least this"),
    LIFE(UNIT_OF_DAYS, RULE(churned_days), 1, 3650, 90, "多少天没有动静算流失",
         "Days of silence until churned", "没有行动、没有浏览、没有加入，过了这些天就是沉默流失",
         "no act, no look, no join for so long: churned in silence"),
    LIFE(UNIT_OF_PERCENT, RULE(patience_percent), 0, 1000, 200, "流失的耐心（自身间隔的百分比）",
         "Patience before churned, % of the own gap",
         "自身平均间隔的这个百分比比上面的天数更长时，以它为准",
         "where this share of the own mean gap is longer than the days above, it counts instead"),
    LIFE(UNIT_OF_HOURS, RULE(left_hours), 1, 8760, 24, "退群多少小时后算流失",
         "Hours after leaving until churned", "不在任何群、也没有任何好友关系，过了这么久就是流失",
         "in no group and on no contact list for so long"),
    LIFE(UNIT_OF_DAYS, RULE(order_days), 1, 3650, 180, "一笔订单有效多少天",
         "Days for which an order counts", "核心、活跃和信任看的是这些天内仍成立的订单",
         "core, active and trust look at orders that stand within so many days"),
    LIFE(UNIT_OF_TIMES, RULE(core_orders), 1, 2, 1, "核心：订单数", "Core: orders",
         "在订单有效期内，至少这么多笔仍成立的订单，并且带来过人",
         "so many orders that stand, and someone brought along"),
    LIFE(UNIT_OF_TIMES, RULE(active_days), 1, 92, 4, "活跃：行动天数", "Active: act days",
         "一个窗口内至少在这么多天里有行动", "acts on at least so many days within the window"),
    LIFE(UNIT_OF_TIMES, RULE(active_orders), 1, 2, 2, "活跃：订单数", "Active: orders",
         "在订单有效期内，至少这么多笔仍成立的订单", "so many orders that stand, at least"),
    LIFE(UNIT_OF_TIMES, RULE(effective_days), 1, 92, 2, "有效：行动天数", "Effective: act days",
         "一个窗口内至少在这么多天里有行动", "acts on at least so many days within the window"),
    LIFE(UNIT_OF_DAYS, RULE(window_days), 1, 92, 28, "窗口天数", "Days of the window",
         "数行动天数、互动和浏览的那段时间",
         "in which act days, interactions and looks are counted"),
    LIFE(UNIT_OF_DAYS, RULE(before_days), 1, 366, 84, "对比期天数", "Days of the time before",
         "窗口之前用来比较的那段时间", "what the window is compared with"),
    LIFE(UNIT_OF_DAYS, RULE(returned_days), 1, 365, 28, "回流标记保留天数",
         "Days counted as won back", "离开流失后的这些天里算回流，不算新生",
         "for so long after leaving churned; never as new"),
    LIFE(UNIT_OF_DAYS, RULE(silent_buyer_days), 1, 3650, 90, "默默下单：多少天没发言",
         "Silent buyer: days without a message", "有订单、但这么多天没有发过消息",
         "has orders, and sent no message for so long"),
    TRUSTS(RULE(informed_items), 1, 3, 3, "了解你：看过几个内容", "Informed: content items",
           "看过这么多个不同的内容", "so many different items viewed"),
    TRUSTS(RULE(familiar_exchanges), 1, 3, 3, "熟悉你：来回几次", "Familiar: exchanges",
           "至少这么多次 24 小时内得到回应的对话", "answered within 24 h, either way"),
    TRUSTS(RULE(familiar_days), 1, 2, 2, "熟悉你：分布在几天", "Familiar: days with one",
           "对话至少分布在这么多天", "the exchanges lie on so many days"),
    TRUSTS(RULE(familiar_staff), 0, 2, 2, "熟悉你：其中与员工几次", "Familiar: of them with staff",
           "其中至少这么多次是与员工本人", "so many of them with a staff account"),
    CUTS(r, UNIT_OF_DAYS, 36500, "R 分界", "R cut",
         "距上次付款不超过这么多天，R 加一分；从少到多填四个，全为 0 则按排名打分",
         "one more point for a last payment no more days ago than this; four, rising; all 0: by "
         "rank"),
    CUTS(f, UNIT_OF_TIMES, 1000000, "F 分界", "F cut", "订单数达到这个数，F 加一分；从少到多填四个",
         "one more point from so many orders on; four, rising"),
    CUTS(m, UNIT_OF_MONEY, 2000000000, "M 分界", "M cut",
         "消费额（分）达到这个数，M 加一分；从少到多填四个",
         "one more point from so much spent on, in minor units; four, rising"),
    {0},
};

const struct number_preset number_presets[] = {
    {"training", 5, 30, {[LANG_EN] = "training camp", [LANG_ZH] = "训练营"}},
    {"fresh", 7, 45, {[LANG_EN] = "fresh food", [LANG_ZH] = "生鲜"}},
    {"knowledge", 14, 90, {[LANG_EN] = "knowledge", [LANG_ZH] = "知识兴趣"}},
    {"retail", 30, 120, {[LANG_EN] = "retail", [LANG_ZH] = "零售"}},
    {"beauty", 30, 180, {[LANG_EN] = "beauty", [LANG_ZH] = "美妆"}},
    {0},
};

int numbers_get(const struct numbers *n, const struct number *of)
{
    int value;
    memcpy(&value, (const char *)n + of->place, sizeof(value));
    return value;
}

void numbers_set(struct numbers *n, const struct number *of, int value)
{
    memcpy((char *)n + of->place, &value, sizeof(value));
}

void numbers_apply(const struct numbers *n, struct fold_rules *to)
{
    struct numbers mine = {.rules = *to};
    for (const struct number *of = numbers_table; of->name; of++)
        numbers_set(&mine, of, numbers_get(n, of));
    *to = mine.rules;
}

const struct number *numbers_find(struct str name)
{
    for (const struct number *of = numbers_table; of->name; of++) {
        if (str_is(name, of->name)) return of;
    }
    return NULL;
}

/* The rule of owners is no number, and set elsewhere. */
void numbers_default(struct numbers *n)
{
    *n = (struct numbers){.rules = {.owner_days = 28, .owner = FOLD_OWNER_FIRST}};
    for (const struct number *of = numbers_table; of->name; of++)
        numbers_set(n, of, of->usual);
}

bool numbers_preset(struct str name, struct numbers *n)
{
    for (const struct number_preset *p = number_presets; p->name; p++) {
        if (!str_is(name, p->name)) continue;
        numbers_default(n);
        n->rules.dormant_days = p->dormant_days;
        n->rules.churned_days = p->churned_days;
        return true;
    }
    return false;
}

void fold_rules_default(struct fold_rules *r)
{
    struct numbers n;
    numbers_default(&n);
    *r = n.rules;
}

bool fold_rules_preset(struct str name, struct fold_rules *r)
{
    struct numbers n;
    if (!numbers_preset(name, &n)) return false;
    *r = n.rules;
    return true;
}

bool numbers_have_cuts(const struct numbers *n)
{
    return n->rfm[0][0] != 0;
}

/* Either none of the twelve, or all, and each score's in order. */
static enum err check_cuts(const struct numbers *n, struct why *why)
{
    static const char *const names[3] = {"rfm_r_", "rfm_f_", "rfm_m_"};
    bool any = false;
    for (int i = 0; i < 3 * RFM_NUMBER_CUTS; i++)
        any |= n->rfm[i / RFM_NUMBER_CUTS][i % RFM_NUMBER_CUTS] != 0;
    for (int i = 0; any && i < 3 * RFM_NUMBER_CUTS; i++) {
        int score = i / RFM_NUMBER_CUTS, at = i % RFM_NUMBER_CUTS, cut = n->rfm[score][at];
        int last = at ? n->rfm[score][at - 1] : 0;
        bool fits = cut > last;
        char name[16];
        snprintf(name, sizeof(name), "%s%d", names[score], at + 1);
        if (!fits) return why_fail(why, ERR_INVALID, MSG_NUMBER_CUTS, name, NULL);
    }
    return ERR_OK;
}

enum err numbers_check(const struct numbers *n, struct why *why)
{
    const struct fold_rules *r = &n->rules;
    for (const struct number *of = numbers_table; of->name; of++) {
        int value = numbers_get(n, of);
        if (value < of->least || value > of->most)
            return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, of->name, "%d|%d|%d", value,
                            of->least, of->most);
    }
    if (r->active_days > r->window_days)
        return why_fail(why, ERR_INVALID, MSG_NUMBER_OVER, "active_days", "window_days");
    if (r->effective_days > r->window_days)
        return why_fail(why, ERR_INVALID, MSG_NUMBER_OVER, "effective_days", "window_days");
    return check_cuts(n, why);
}
