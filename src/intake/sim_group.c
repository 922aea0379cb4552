/* sim_group.c - staff post, members answer, members start threads of their own; a kind is how much
 * of each.
 *
 * What is said is put together from pieces by chance, so that two honest members hardly ever say
 * the same at length; shills take each other's words and change a little. */
#include "intake/sim_group.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

enum { SLOTS_MAX = 6, SIZE_LEAST = 25, SIZE_MOST = 480 };

/* How a group is, drawn from what its kind may be. */
struct manner {
    double posts;         /* of staff a day */
    double regular;       /* share of them at fixed times */
    double promotions;    /* share of them */
    double echo;          /* mean members who answer one */
    double to_staff;      /* chance that such an answer is addressed to staff */
    double to_member;     /* or to another who answered */
    double asks;          /* chance that it is a question */
    double staff_answers; /* chance that staff answer a question in time */
    double peers_answer;  /* or a member */
    double threads;       /* of members, a day */
    double length;        /* mean further posts in one */
    double replies;       /* chance that one of these answers somebody */
    double active;        /* share of members who ever speak */
    double shills;        /* of staged groups */
};

/* From .. to of each, by kind. */
static const struct manner least[SIM_KINDS] = {
    [SIM_MONOLOGUE] = {.posts = 2,
                       .promotions = 0.2,
                       .to_staff = 0.5,
                       .staff_answers = 0.3,
                       .length = 0.5,
                       .replies = 0.3,
                       .active = 0.05},
    [SIM_STAGED] = {.posts = 2,
                    .promotions = 0.5,
                    .echo = 0.1,
                    .to_staff = 0.3,
                    .asks = 0.05,
                    .staff_answers = 0.4,
                    .length = 1,
                    .replies = 0.3,
                    .active = 0.1,
                    .shills = 3},
    [SIM_SELF_CENTRED] = {.posts = 2,
                          .regular = 0.1,
                          .promotions = 0.3,
                          .echo = 0.6,
                          .to_staff = 0.1,
                          .asks = 0.6,
                          .length = 0.3,
                          .replies = 0.2,
                          .active = 0.1},
    [SIM_SELF_DRIVEN] = {.posts = 0.3,
                         .echo = 0.2,
                         .to_staff = 0.2,
                         .to_member = 0.2,
                         .asks = 0.05,
                         .staff_answers = 0.2,
                         .peers_answer = 0.4,
                         .threads = 2,
                         .length = 4,
                         .replies = 0.5,
                         .active = 0.3},
    [SIM_COURSE] = {.posts = 1,
                    .regular = 0.3,
                    .echo = 4,
                    .to_staff = 0.4,
                    .asks = 0.05,
                    .staff_answers = 0.7,
                    .length = 1,
                    .replies = 0.2,
                    .active = 0.15},
    [SIM_FLASH_SALE] = {.posts = 1,
                        .promotions = 0.5,
                        .echo = 4,
                        .to_staff = 0.4,
                        .asks = 0.05,
                        .staff_answers = 0.7,
                        .length = 1,
                        .replies = 0.2,
                        .active = 0.1},
};
static const struct manner most[SIM_KINDS] = {
    [SIM_MONOLOGUE] = {.posts = 8,
                       .regular = 1,
                       .promotions = 0.9,
                       .echo = 0.7,
                       .to_staff = 0.9,
                       .asks = 0.25,
                       .staff_answers = 0.9,
                       .threads = 0.3,
                       .length = 1.5,
                       .replies = 0.6,
                       .active = 0.2},
    [SIM_STAGED] = {.posts = 6,
                    .regular = 0.8,
                    .promotions = 1,
                    .echo = 1.5,
                    .to_staff = 0.8,
                    .to_member = 0.1,
                    .asks = 0.2,
                    .staff_answers = 0.9,
                    .threads = 1,
                    .length = 3,
                    .replies = 0.6,
                    .active = 0.3,
                    .shills = 8},
    [SIM_SELF_CENTRED] = {.posts = 8,
                          .regular = 0.9,
                          .promotions = 0.7,
                          .echo = 1.5,
                          .to_staff = 0.4,
                          .asks = 0.95,
                          .staff_answers = 0.25,
                          .threads = 0.3,
                          .length = 1,
                          .replies = 0.4,
                          .active = 0.3},
    [SIM_SELF_DRIVEN] = {.posts = 4,
                         .regular = 0.6,
                         .promotions = 0.4,
                         .echo = 3,
                         .to_staff = 0.5,
                         .to_member = 0.5,
                         .asks = 0.2,
                         .staff_answers = 0.7,
                         .peers_answer = 0.9,
                         .threads = 10,
                         .length = 12,
                         .replies = 0.85,
                         .active = 0.8},
    [SIM_COURSE] = {.posts = 3,
                    .regular = 1,
                    .promotions = 0.1,
                    .echo = 20,
                    .to_staff = 0.8,
                    .to_member = 0.15,
                    .asks = 0.3,
                    .staff_answers = 1,
                    .peers_answer = 0.3,
                    .threads = 1,
                    .length = 3,
                    .replies = 0.4,
                    .active = 0.8},
    [SIM_FLASH_SALE] = {.posts = 4,
                        .regular = 0.8,
                        .promotions = 1,
                        .echo = 25,
                        .to_staff = 0.8,
                        .to_member = 0.15,
                        .asks = 0.3,
                        .staff_answers = 1,
                        .peers_answer = 0.2,
                        .threads = 1,
                        .length = 3,
                        .replies = 0.4,
                        .active = 0.7},
};

static const char *const kind_names[SIM_KINDS] = {"monologue",   "staged", "self_centred",
                                                  "self_driven", "course", "flash_sale"};

const char *sim_kind_name(enum sim_kind kind)
{
    return kind_names[kind];
}

/* ---- chance ---- */

static double between(struct rng *r, double a, double b)
{
    return a + (b - a) * rng_unit(r);
}

static bool chance(struct rng *r, double p)
{
    return rng_unit(r) < p;
}

static double exponential(struct rng *r, double mean)
{
    return -mean * log(1 - rng_unit(r));
}

static uint32_t poisson(struct rng *r, double mean)
{
    uint32_t n = 0;
    double left = exp(-mean), product = rng_unit(r);
    while (product > left) {
        product *= rng_unit(r);
        n++;
    }
    return n;
}

static struct manner draw(struct rng *r, enum sim_kind kind)
{
    struct manner m;
    const double *a = (const double *)&least[kind], *b = (const double *)&most[kind];
    double *out = (double *)&m;
    for (size_t i = 0; i < sizeof(m) / sizeof(double); i++)
        out[i] = between(r, a[i], b[i]);
    return m;
}

/* ---- words ---- */

static const char *const pieces[] = {
    "我家", "孩子", "婆婆", "同事", "邻居", "老公", "我妈", "闺蜜", "表姐", "大爷", "昨天", "上周",
    "刚才", "前天", "今早", "周末", "路上", "上月", "晚上", "中午", "尝了", "收到", "拆开", "试了",
    "送人", "泡茶", "煮汤", "用过", "摆着", "带去", "晒干", "冷藏", "味道", "颜色", "包装", "个头",
    "分量", "口味", "价格", "质量", "偏淡", "偏深", "结实", "偏小", "新鲜", "太甜", "够辣", "划算",
    "还行", "不错", "一般", "满意", "客厅", "厨房", "公司", "学校", "阳台", "冰箱", "快递", "门店",
    "红的", "绿的", "大号", "小号", "两盒", "一箱", "半斤", "三袋", "说明", "发票", "地址", "电话"};
static const char *const shorts[] = {"好的", "收到", "已拍", "来一份", "谢谢",   "哈哈哈",
                                     "可以", "打卡", "不错", "+1",     "早上好", "辛苦了"};
static const char *const questions[] = {"有货吗？", "什么时候发货？", "多少钱？", "能退吗？"};
#define PICK(r, list) ((list)[rng_below(r, sizeof(list) / sizeof((list)[0]))])

/* Half of what is said is short; the rest is five to nine pieces, so that chance makes no two
 * alike. */
static struct str words(struct sim_talk *s, bool question)
{
    struct rng *r = &s->rng;
    const char *end = question ? PICK(r, questions) : "";
    uint32_t count = 5 + (uint32_t)rng_below(r, 5);
    char text[9 * 6 + 1];
    size_t len = 0;
    if (!question && chance(r, 0.5)) return str_of(PICK(r, shorts));
    for (uint32_t i = 0; i < count; i++, len += 6)
        memcpy(text + len, PICK(r, pieces), 6);
    text[len] = 0;
    return str_of(arena_printf(s->arena, "%s%s", text, end));
}

/* ---- lines ---- */

static struct sim_line *say(struct sim_talk *s, int64_t at, uint32_t account, struct str text)
{
    struct sim_line line = {.said = {.at = at,
                                     .account = account,
                                     .to = TALK_NONE,
                                     .target = TALK_NONE,
                                     .length = (uint32_t)text.len / 3},
                            .text = text};
    VEC_PUSH(&s->lines, line);
    return &s->lines.items[s->lines.count - 1];
}

static void address(struct sim_talk *s, struct sim_line *line, uint32_t to)
{
    static const uint8_t links[] = {TALK_REPLY, TALK_QUOTE, TALK_INFERRED};
    if (to == line->said.account) return;
    line->said.to = to;
    line->said.link = links[rng_below(&s->rng, 3)];
}

/* A member who speaks: few speak much. */
static uint32_t somebody(struct sim_talk *s, const struct manner *m)
{
    double active = fmax(3, m->active * s->members);
    uint32_t n = (uint32_t)(pow(rng_unit(&s->rng), 1.6) * active);
    return s->staff + s->shills + (n < s->members ? n : s->members - 1);
}

static uint32_t staff(struct sim_talk *s)
{
    return (uint32_t)rng_below(&s->rng, s->staff);
}

static void ask(struct sim_talk *s, const struct manner *m, struct sim_line *line)
{
    int64_t at = line->said.at;
    uint32_t asker = line->said.account;
    line->said.question = true;
    line->text = words(s, true);
    if (chance(&s->rng, m->staff_answers)) {
        at += (int64_t)(exponential(&s->rng, 4) * TIME_MINUTE);
        address(s, say(s, at, staff(s), words(s, false)), asker);
    } else if (chance(&s->rng, m->peers_answer)) {
        at += (int64_t)(exponential(&s->rng, 5) * TIME_MINUTE);
        address(s, say(s, at, somebody(s, m), words(s, false)), asker);
    }
}

/* ---- staff post ---- */

static void shills_answer(struct sim_talk *s, int64_t at, uint32_t to)
{
    struct str before = words(s, true);
    for (uint32_t i = 0; i < s->shills; i++) {
        at += (int64_t)between(&s->rng, 20, 150) * TIME_SECOND;
        if (!chance(&s->rng, 0.85)) continue;
        struct str text = before;
        if (chance(&s->rng, 0.3)) text = words(s, false);
        if (chance(&s->rng, 0.5))
            text =
                str_of(arena_printf(s->arena, STR_FMT "%s", STR_ARG(text), PICK(&s->rng, shorts)));
        address(s, say(s, at, s->staff + i, text), to);
    }
}

static void members_answer(struct sim_talk *s, const struct manner *m, int64_t at, uint32_t to)
{
    uint32_t count = poisson(&s->rng, m->echo), before = TALK_NONE;
    for (uint32_t i = 0; i < count; i++) {
        int64_t when = at + (int64_t)(fmin(27, exponential(&s->rng, 7)) * TIME_MINUTE);
        uint32_t who = somebody(s, m);
        struct sim_line *line = say(s, when, who, words(s, false));
        double luck = rng_unit(&s->rng);
        if (luck < m->to_staff) {
            address(s, line, to);
        } else if (luck < m->to_staff + m->to_member && before != TALK_NONE) {
            address(s, line, before);
        }
        before = who;
        if (chance(&s->rng, m->asks)) ask(s, m, line);
    }
}

static void post(struct sim_talk *s, const struct manner *m, int64_t at)
{
    uint32_t who = staff(s), lines = 1 + poisson(&s->rng, 0.5);
    bool promotion = chance(&s->rng, m->promotions);
    for (uint32_t i = 0; i < lines; i++) {
        struct sim_line *line = say(s, at, who, words(s, false));
        line->said.promotion = promotion;
        at += (int64_t)between(&s->rng, 10, 80) * TIME_SECOND;
    }
    if (promotion && s->shills) shills_answer(s, at, who);
    members_answer(s, m, at, who);
}

/* ---- members start threads ---- */

static void thread(struct sim_talk *s, const struct manner *m, int64_t at)
{
    uint32_t starter = somebody(s, m), before = starter, count = poisson(&s->rng, m->length);
    struct sim_line *first = say(s, at, starter, words(s, false));
    if (chance(&s->rng, m->asks * 2)) ask(s, m, first);
    for (uint32_t i = 0; i < count; i++) {
        at += (int64_t)(exponential(&s->rng, 2.5) * TIME_MINUTE);
        uint32_t who = chance(&s->rng, 0.4) ? starter : somebody(s, m);
        struct sim_line *line = say(s, at, who, words(s, false));
        if (chance(&s->rng, m->replies)) address(s, line, before == who ? starter : before);
        before = who;
    }
}

/* ---- the four weeks ---- */

static int by_time(const void *a, const void *b)
{
    const struct sim_line *x = a, *y = b;
    if (x->said.at != y->said.at) return x->said.at < y->said.at ? -1 : 1;
    return x->said.account < y->said.account ? -1 : x->said.account > y->said.account;
}

static int64_t moment(struct sim_talk *s, int64_t day, double opens, double closes)
{
    return day + (int64_t)(between(&s->rng, opens, closes) * 60) * TIME_MINUTE +
           (int64_t)rng_below(&s->rng, 60) * TIME_SECOND;
}

static void play(struct sim_talk *s, const struct manner *m)
{
    double slots[SLOTS_MAX];
    for (int i = 0; i < SLOTS_MAX; i++)
        slots[i] = between(&s->rng, 9, 21);
    for (int i = 0; i < TALK_DAYS; i++) {
        int64_t day = s->from + i * TIME_DAY;
        uint32_t posts = poisson(&s->rng, m->posts), threads = poisson(&s->rng, m->threads);
        for (uint32_t k = 0; k < posts; k++) {
            double slot = slots[k % SLOTS_MAX];
            bool regular = chance(&s->rng, m->regular);
            post(s, m, regular ? moment(s, day, slot, slot + 0.2) : moment(s, day, 9, 21.5));
        }
        for (uint32_t k = 0; k < threads; k++)
            thread(s, m, moment(s, day, 8, 23));
    }
}

void sim_talk_make(struct sim_talk *s, enum sim_kind kind, uint64_t seed, int64_t from)
{
    *s = (struct sim_talk){.kind = kind, .from = from, .arena = arena_create(0)};
    rng_init(&s->rng, seed * SIM_KINDS + kind + 1);
    struct manner m = draw(&s->rng, kind);
    s->members = (uint32_t)between(&s->rng, SIZE_LEAST, SIZE_MOST + 1);
    s->staff = 1 + (uint32_t)rng_below(&s->rng, 3);
    s->shills = (uint32_t)m.shills;
    play(s, &m);
    size_t kept = 0;
    for (size_t i = 0; i < s->lines.count; i++) {
        if (s->lines.items[i].said.at < from + TALK_DAYS * TIME_DAY)
            s->lines.items[kept++] = s->lines.items[i];
    }
    s->lines.count = kept;
    if (kept) qsort(s->lines.items, kept, sizeof(struct sim_line), by_time);
}

void sim_talk_finish(struct sim_talk *s)
{
    VEC_FINISH(&s->lines);
    arena_destroy(s->arena);
}
