/* archetype.c - scores from features, and which of them to believe.
 *
 * What a score hangs on is a table of factors, so that the features that weigh most are found by
 * asking each score again with one feature half-way. */
#include "groups/health.h"

#include <math.h>

enum { MEMBERS_LEAST = 10, POSTS_LEAST = 50, THREADS_SURE = 12 };
#define SCORE_LEAST 0.25
#define STAFF_SURE 0.8

static const char *const names[ARCHETYPE_COUNT] = {
    "monologue", "staged", "self_centred", "self_driven", "led", "mixed", "unclear"};

const char *archetype_name(enum archetype a)
{
    return names[a];
}

const char *unclear_name(enum unclear u)
{
    static const char *const reasons[] = {NULL, "staff", "members", "posts"};
    return reasons[u];
}

const char *leading_name(enum leading l)
{
    static const char *const leadings[] = {NULL, "course", "sale"};
    return leadings[l];
}

/* ---- scores ---- */

static double score_of(enum archetype a, const double x[FEATURE_COUNT])
{
    double s = x[FEATURE_STAFF], e = x[FEATURE_ECHO], u = x[FEATURE_UNPROMPTED];
    double d = x[FEATURE_DIALOGUE], i = x[FEATURE_IGNORED], h = x[FEATURE_DEPARTMENTS];
    switch (a) {
    case ARCHETYPE_MONOLOGUE:
        return s * (1 - e) * (1 - u) * (0.7 + 0.3 * x[FEATURE_TIMETABLE]);
    case ARCHETYPE_STAGED:
        return fmin(1, 2 * x[FEATURE_STAGING]);
    case ARCHETYPE_SELF_CENTRED:
        return fmin(1, 1.5 * s) * i * (0.8 + 0.2 * fmin(1, (h - 1) / 2));
    case ARCHETYPE_SELF_DRIVEN:
        return sqrt((1 - s) * d) * (0.5 + 0.5 * u) * x[FEATURE_BREADTH];
    default:
        return x[FEATURE_LED] * e * (1 - d) * (1 - i);
    }
}

/* What each score hangs on: +1 it grows with the feature, -1 it falls. */
static const int8_t pulls[ARCHETYPE_SCORES][FEATURE_COUNT] = {
    [ARCHETYPE_MONOLOGUE] = {[FEATURE_STAFF] = 1,
                             [FEATURE_ECHO] = -1,
                             [FEATURE_UNPROMPTED] = -1,
                             [FEATURE_TIMETABLE] = 1},
    [ARCHETYPE_STAGED] = {[FEATURE_STAGING] = 1},
    [ARCHETYPE_SELF_CENTRED] =
        {[FEATURE_STAFF] = 1, [FEATURE_IGNORED] = 1, [FEATURE_DEPARTMENTS] = 1},
    [ARCHETYPE_SELF_DRIVEN] = {[FEATURE_STAFF] = -1,
                               [FEATURE_DIALOGUE] = 1,
                               [FEATURE_UNPROMPTED] = 1,
                               [FEATURE_BREADTH] = 1},
    [ARCHETYPE_LED] =
        {[FEATURE_LED] = 1, [FEATURE_ECHO] = 1, [FEATURE_DIALOGUE] = -1, [FEATURE_IGNORED] = -1},
};

static void add_lead(struct health *h, struct health_lead lead)
{
    uint32_t at = h->lead_count;
    while (at > 0 && h->leads[at - 1].weight < lead.weight)
        at--;
    if (at >= HEALTH_LEADS) return;
    if (h->lead_count < HEALTH_LEADS) h->lead_count++;
    for (uint32_t i = h->lead_count - 1; i > at; i--)
        h->leads[i] = h->leads[i - 1];
    h->leads[at] = lead;
}

static void find_leads(struct health *h, enum archetype a, const double values[FEATURE_COUNT])
{
    for (int f = 0; f < FEATURE_COUNT; f++) {
        double other[FEATURE_COUNT];
        if (!pulls[a][f]) continue;
        for (int k = 0; k < FEATURE_COUNT; k++)
            other[k] = values[k];
        other[f] = f == FEATURE_DEPARTMENTS ? 2 : 0.5;
        double weight = fabs(score_of(a, other) - h->scores[a]);
        add_lead(h, (struct health_lead){(uint8_t)f, pulls[a][f] > 0, weight});
    }
}

static enum unclear find_unclear(const struct health *h)
{
    bool sure = h->features[FEATURE_STAFF].value > STAFF_SURE && h->staff_threads >= THREADS_SURE;
    if (sure) return UNCLEAR_NOT;
    if (h->staff == 0) return UNCLEAR_STAFF;
    if (h->members < MEMBERS_LEAST) return UNCLEAR_MEMBERS;
    return h->posts < POSTS_LEAST ? UNCLEAR_POSTS : UNCLEAR_NOT;
}

void archetype_judge(struct health *h)
{
    double values[FEATURE_COUNT];
    enum archetype best = 0;
    double second = 0;
    for (int f = 0; f < FEATURE_COUNT; f++)
        values[f] = h->features[f].value;
    for (int a = 0; a < ARCHETYPE_SCORES; a++)
        h->scores[a] = score_of((enum archetype)a, values);
    for (int a = 1; a < ARCHETYPE_SCORES; a++) {
        if (h->scores[a] > h->scores[best]) best = (enum archetype)a;
    }
    for (int a = 0; a < ARCHETYPE_SCORES; a++) {
        if (a != (int)best) second = fmax(second, h->scores[a]);
    }
    find_leads(h, best, values);
    h->confidence = h->scores[best] - second;
    h->archetype = h->scores[best] >= SCORE_LEAST ? best : ARCHETYPE_MIXED;
    h->unclear = find_unclear(h);
    if (h->unclear) h->archetype = ARCHETYPE_UNCLEAR;
    if (h->archetype != ARCHETYPE_LED) return;
    bool sells = h->promotions >= LEADING_SALE_SHARE * h->own_posts;
    h->leading = sells ? LEADING_SALE : LEADING_COURSE;
}

/* ---- what to do about it ---- */

static const char *const remedies[ARCHETYPE_COUNT][HEALTH_LANGS] = {
    [ARCHETYPE_MONOLOGUE] =
        {"Post less, and ask more: end a post with a question that takes one word to answer, name "
         "two members who know about it, and wait for them before the next post.",
         "少发一些，多问一些：每条消息以一个一句话就能回答的问题结尾，点名两位懂行的群友，等他们说"
         "完再发下一条。"},
    [ARCHETYPE_STAGED] =
        {"Stop the planted praise. Show real orders and real photographs with their owners' "
         "consent, answer doubts in the open, and look at each suspected account's evidence.",
         "停止安排人捧场。经本人同意展示真实订单和照片，公开回应质疑，并逐一核对疑似账号的证据。"},
    [ARCHETYPE_SELF_CENTRED] =
        {"Answer before you post: name who is on duty in service hours, empty the list of "
         "unanswered questions each day, and drop posts that no member asked for.",
         "先回答再发消息：服务时间内排好值班人，每天清空未回复的提问，减少群友并不需要的通知。"},
    [ARCHETYPE_SELF_DRIVEN] =
        {"Keep out of the way: thank those who start threads, give the core a small task or a "
         "title, and keep promotions under a tenth of staff posts.",
         "少打扰：感谢主动发起话题的群友，给核心成员一点任务或称号，推销不超过员工消息的一成。"},
    [ARCHETYPE_LED] =
        {"It lives by your programme: keep the timetable, and between sessions let members answer "
         "each other, so that it does not fall silent when the programme ends.",
         "这个群靠你带着走：保持节奏，并在两次活动之间让群友互相回答，避免活动结束后沉寂。"},
    [ARCHETYPE_MIXED] =
        {"No pattern stands out. Choose what the group is for, and look at the two figures below "
         "first.",
         "没有明显的类型。先想清楚这个群的目的，再看下面两个指标。"},
    [ARCHETYPE_UNCLEAR] =
        {"Name who runs the group, and wait until at least 10 members and 50 posts are there.",
         "请先标出谁是运营，并等到至少有 10 名成员和 50 条发言。"},
};

const char *archetype_remedy(enum archetype a, int lang)
{
    return remedies[a][lang];
}
