/* sim_world.c - the calendar with its feasts, the names of things, and the staff's own day.
 *
 * Content items come out one every two days and campaigns run in the second week of a month; both
 * are numbered by time, so that a number alone gives the name. */
#include <math.h>

#include "intake/sim.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GROUP_CAPACITY 300
#define CONTENT_BEFORE 3 /* items that are there when the brand opens */

/* ---- chance ---- */

uint32_t sim_pick(struct sim *s, uint32_t count)
{
    return (uint32_t)rng_below(&s->rng, count);
}

double sim_exponential(struct sim *s, double mean)
{
    return -mean * log(1 - rng_unit(&s->rng));
}

double sim_normal(struct sim *s)
{
    double radius = sqrt(-2 * log(1 - rng_unit(&s->rng)));
    return radius * cos(6.283185307179586 * rng_unit(&s->rng));
}

int32_t sim_days_after(struct sim *s, double mean)
{
    double days = 1 + floor(sim_exponential(s, mean));
    return days < s->days ? s->today.index + (int32_t)days : SIM_NEVER;
}

uint32_t sim_times(struct sim *s, double mean)
{
    double p = mean / (1 + mean);
    uint32_t n = 0;
    while (n < 40 && sim_chance(s, p))
        n++;
    return n;
}

/* An hour is drawn by its weight out of 100: asleep, at work, lunch, home. */
int64_t sim_moment(struct sim *s)
{
    static const uint8_t weight[24] = {1, 1, 0, 0, 0, 0, 1, 3, 5,  5,  6, 5,
                                       7, 5, 4, 4, 4, 4, 5, 7, 10, 11, 8, 4};
    uint32_t left = sim_pick(s, 100), hour = 0;
    while (left >= weight[hour])
        left -= weight[hour++];
    int64_t at = s->today.start + (int64_t)hour * TIME_HOUR + sim_pick(s, (uint32_t)TIME_HOUR);
    return at < s->today.end ? at : s->today.end - 1;
}

/* ---- the calendar ---- */

/* First days of the lunar year, from 2015 on. */
static const struct {
    uint8_t month, day;
} new_years[] = {
    {2, 19}, {2, 8}, {1, 28}, {2, 16}, {2, 5}, {1, 25}, {2, 12}, {2, 1},  {1, 22}, {2, 10}, {1, 29},
    {2, 17}, {2, 6}, {1, 26}, {2, 13}, {2, 3}, {1, 23}, {2, 11}, {1, 31}, {2, 19}, {2, 8},
};

static bool near_new_year(int32_t number, int32_t year)
{
    if (year < 2015 || year >= 2015 + (int32_t)COUNT(new_years)) return false;
    int32_t first = civil_day(year, new_years[year - 2015].month, new_years[year - 2015].day);
    return number >= first - 3 && number <= first + 6;
}

static void feasts(struct day *d)
{
    bool weekend = d->weekday >= 6;
    d->visits = weekend ? 1.15 : 1;
    d->buys = weekend ? 1.25 : 1;
    d->arrivals = weekend ? 1.3 : 1;
    if (d->month == 11 && d->mday <= 11) {
        d->buys *= d->mday == 11 ? 5 : 1.8;
        d->visits *= 1.2;
        d->arrivals *= d->mday == 11 ? 2 : 1.4;
    }
    if (d->month == 6 && d->mday <= 18) {
        d->buys *= d->mday == 18 ? 4 : 1.4;
        d->visits *= 1.1;
        d->arrivals *= d->mday == 18 ? 1.8 : 1.2;
    }
    if (d->holiday) {
        d->visits *= 0.55;
        d->buys *= 0.35;
        d->arrivals *= 0.4;
    }
    if (d->mday >= 8 && d->mday <= 14) d->arrivals *= 1.6;
}

void sim_day(struct sim *s, int32_t index)
{
    struct day *d = &s->today;
    *d = (struct day){.index = index, .number = s->first_day + index};
    d->start = zone_day_start(s->zone, d->number);
    d->end = zone_day_start(s->zone, d->number + 1);
    d->weekday = day_of_week(d->number);
    civil_from_day(d->number, &d->year, &d->month, &d->mday);
    d->holiday = near_new_year(d->number, d->year);
    feasts(d);
    /* a brand opens with those it knows already, then grows */
    d->arrivals *= index == 0 ? 12 : 1 + 0.8 * index / s->days;
}

/* ---- names ---- */

static const char *const staff_names[] = {
    "lina",    "zhangwei", "wangfang", "liuyang", "chenjing", "zhaolei",  "huangmin", "zhoujie",
    "wuxia",   "xuqiang",  "sunli",    "mahui",   "zhuting",  "hurong",   "guoyan",   "helin",
    "gaofeng", "linxue",   "luoying",  "liangbo", "songjia",  "tangning", "xiaochen", "dengyu",
};

struct str sim_staff(uint32_t number)
{
    if (number > COUNT(staff_names)) return STR("bot-xiaojing");
    return str_of(staff_names[number - 1]);
}

static const struct {
    const char *name;
    bool store;
} touchpoints[] = {
    {"公众号-菜单", false},      {"公众号-文章", false},    {"视频号-直播间", false},
    {"企业微信-名片", false},    {"小程序-首页", false},    {"官网-悬浮窗", false},
    {"抖音-直播间", false},      {"小红书-笔记", false},    {"电商-包裹卡", false},
    {"广告-朋友圈", false},      {"口碑-朋友推荐", false},  {"线下-静安店台卡", true},
    {"线下-徐汇店收银台", true}, {"线下-西湖店海报", true}, {"线下-天河店台卡", true},
};

struct str sim_touchpoint(uint32_t number)
{
    return str_of(touchpoints[number - 1].name);
}

uint16_t sim_pick_touchpoint(struct sim *s, bool store)
{
    uint32_t at = sim_pick(s, COUNT(touchpoints));
    while (touchpoints[at].store != store)
        at = sim_pick(s, COUNT(touchpoints));
    return (uint16_t)(at + 1);
}

static const struct {
    const char *name;
    double price;
} products[] = {
    {"氨基酸洁面", 79}, {"玻尿酸精华", 169}, {"舒缓面霜", 139}, {"防晒乳", 99},   {"修护面膜", 89},
    {"护手霜", 39},     {"身体乳", 69},      {"眼霜", 199},     {"旅行套装", 59}, {"礼盒", 329},
};

struct str sim_product(uint32_t number, double *price)
{
    *price = products[number - 1].price;
    return str_of(products[number - 1].name);
}

uint32_t sim_product_count(void)
{
    return COUNT(products);
}

static const char *const topics[] = {
    "敏感肌怎么选防晒", "一周护肤日历", "成分党笔记",   "门店探店",     "换季修护",
    "用户故事",         "熬夜急救",     "新品试用报告", "面膜正确用法", "秋冬保湿",
};

struct str sim_content(const struct sim *s, uint32_t number)
{
    return s->contents.items[number - 1];
}

uint16_t sim_recent_content(struct sim *s)
{
    uint32_t newest = (uint32_t)s->today.index / 2 + CONTENT_BEFORE;
    uint32_t back = sim_times(s, 2.5);
    return (uint16_t)(back < newest ? newest - back : 1);
}

/* One a month, numbered by the months since the first. */
uint16_t sim_running_campaign(const struct sim *s)
{
    if (s->today.mday < 8 || s->today.mday > 14) return 0;
    int32_t year;
    int month, mday;
    civil_from_day(s->first_day, &year, &month, &mday);
    return (uint16_t)((s->today.year - year) * 12 + s->today.month - month + 1);
}

struct str sim_campaign(const struct sim *s, uint32_t number)
{
    return s->campaigns.items[number - 1];
}

void sim_name_all(struct sim *s)
{
    int32_t year;
    int month, mday;
    civil_from_day(s->first_day, &year, &month, &mday);
    for (int32_t i = 0; i < s->days / 2 + 1 + CONTENT_BEFORE; i++) {
        const char *topic = topics[(size_t)i % COUNT(topics)];
        struct str item = str_of(arena_printf(s->names, "%s·%03d", topic, (int)i + 1));
        VEC_PUSH(&s->contents, item);
    }
    for (int32_t i = 0; i < s->days / 28 + 2; i++) {
        int32_t at = year * 12 + month - 1 + i;
        struct str name =
            str_of(arena_printf(s->names, "老带新-%04d-%02d", (int)at / 12, (int)at % 12 + 1));
        VEC_PUSH(&s->campaigns, name);
    }
}

/* ---- groups ---- */

static const char *const group_names[USE_COUNT] = {
    "好物分享群", "福利秒杀群", "护肤课堂群", "新人体验群", "会员俱乐部",
};

static uint16_t open_group(struct sim *s, enum group_use use)
{
    uint32_t same = ++s->groups_of[use];
    struct group g = {.use = (uint8_t)use, .staff = (uint16_t)(s->next_staff + 1)};
    g.name = str_of(arena_printf(s->names, "%s%u", group_names[use], same));
    s->next_staff = (uint16_t)((s->next_staff + 1u) % s->staff_count);
    VEC_PUSH(&s->groups, g);
    return (uint16_t)s->groups.count;
}

struct str sim_group(const struct sim *s, uint32_t number)
{
    return s->groups.items[number - 1].name;
}

uint16_t sim_join_group(struct sim *s, enum group_use use)
{
    uint16_t number = s->open_group[use];
    if (number == 0 || s->groups.items[number - 1].joined == GROUP_CAPACITY)
        number = s->open_group[use] = open_group(s, use);
    s->groups.items[number - 1].joined++;
    return number;
}

/* ---- the staff's day ---- */

static void post(struct sim *s, size_t number, int64_t hour)
{
    const struct group *g = &s->groups.items[number - 1];
    int64_t at = s->today.start + hour * TIME_HOUR + sim_pick(s, 40 * (uint32_t)TIME_MINUTE);
    struct deed d = sim_deed(DEED_MESSAGE, 0, at);
    d.group = (uint16_t)number;
    d.staff = g->staff;
    d.length = (uint16_t)(20 + sim_pick(s, 180));
    if (sim_chance(s, 0.6)) d.flags |= DEED_TEMPLATE;
    if (sim_chance(s, 0.3)) {
        d.content = sim_recent_content(s);
        d.kind = DEED_CONTENT_SENT;
    }
    sim_do(s, &d);
}

void sim_open_day(struct sim *s)
{
    static const double posts[USE_COUNT] = {0.5, 0.85, 0.6, 0.55, 0.35};
    for (size_t n = 1; n <= s->groups.count; n++) {
        struct group *g = &s->groups.items[n - 1];
        for (size_t i = 0; i < COUNT(g->thread); i++)
            g->thread[i] = sim_moment(s);
        double p = posts[g->use] * (s->today.holiday ? 0.3 : 1);
        if (sim_chance(s, p)) post(s, n, 10);
        if (sim_chance(s, p * 0.6)) post(s, n, 15);
        if (sim_chance(s, p)) post(s, n, 20);
    }
}
