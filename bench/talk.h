/* talk.h - the messages of the groups bench, each a function of its number, so that every program
 * that sends them sends the same.
 *
 * TALK_GROUPS groups of TALK_MEMBERS members each; message n is said in group n % TALK_GROUPS. Of
 * those of even groups one in four names the one it answers; in odd groups nobody does, so that it
 * is inferred. Texts are of common characters, the k-th as often as 1 / k, 18 on average; one of
 * six asks, one of five has a word of letters, one of five hundred is what a rule looks for. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TALK_GROUPS 200
#define TALK_MEMBERS 500
#define TALK_TEXT_SIZE 400

struct talk {
    uint64_t id;
    uint64_t answers; /* id + 1 of the message that it names; 0 = none */
    uint32_t group;
    uint32_t user; /* 0 .. TALK_GROUPS * TALK_MEMBERS - 1 */
    char text[TALK_TEXT_SIZE];
};

static inline uint64_t talk_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* One of 'count', the k-th as often as 1 / k or so: count to the power of a number from 0 to 1. */
static inline unsigned talk_choice(uint64_t x, unsigned count)
{
    unsigned limit = count;
    for (unsigned bits = (unsigned)(x >> 56) & 7; bits && limit > 8; bits--)
        limit = limit * 5 / 8;
    return (unsigned)(x % limit);
}

static inline size_t talk_text(uint64_t x, char *out)
{
    static const char common[] =
        "的一是了我不在有你这们来他上个到大说就时要出会也可以下对能得天那么里后看没多都好小然家"
        "日起学样着想去心年还点事前自面发己如两现同但所经只什国很又她本把最样方走动间已气第行手"
        "给者话头新地用回种作成老因女开美从真最外意外让正像机明但比高女白孩书打花月电身气什风海"
        "几门爱实爱车无路水世死界今门直活太世车重课件快乐价格优惠活动今晚报名老师作业打卡训练早餐"
        "晚饭孩子衣服尺码颜色快递单号收到退换质量面膜精华口红奶粉纸尿裤水果牛奶鸡蛋青菜大米面粉";
    static const char *const words[] = {" ok ",  " 99 ",   " app ", " vip ",
                                        " PDF ", " iPad ", " 3 ",   " hello "};
    const unsigned characters = (sizeof(common) - 1) / 3;
    size_t len = 0;
    unsigned count = 4 + (unsigned)(x & 7) + (unsigned)(x >> 3 & 15) + (unsigned)(x >> 7 & 7);
    for (unsigned i = 0; i < count; i++) {
        memcpy(out + len, common + (size_t)3 * talk_choice(talk_mix(x + i), characters), 3);
        len += 3;
        if (i == 5 && x >> 20 & 1) len += (size_t)sprintf(out + len, "，");
        if (i == 3 && x % 5 == 0) len += (size_t)sprintf(out + len, "%s", words[x >> 24 & 7]);
    }
    if (x % 500 == 7) len += (size_t)sprintf(out + len, "加微信领红包返现");
    if (x % 6 == 1) len += (size_t)sprintf(out + len, "吗？");
    out[len] = '\0';
    return len;
}

static inline struct talk talk_of(uint64_t id)
{
    struct talk t = {.id = id, .group = (uint32_t)(id % TALK_GROUPS)};
    uint64_t x = talk_mix(id * UINT64_C(0x9e3779b97f4a7c15) + 1);
    uint64_t back = TALK_GROUPS * (1 + (x >> 40 & 3));
    t.user = t.group + TALK_GROUPS * (uint32_t)(x >> 32 & 0xffff) % (TALK_GROUPS * TALK_MEMBERS);
    if (t.group % 2 == 0 && (x >> 50 & 3) == 0 && id >= back) t.answers = id - back + 1;
    talk_text(talk_mix(x), t.text);
    return t;
}
