/* crowd.h - random facts of a small crowd: several identities a person, merges, groups, orders,
 * repeats by id, traits, staff. The same seed gives the same facts. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/time.h"
#include "people/fact.h"

#define CROWD_START INT64_C(1672531200000) /* 2023-01-01T00:00:00Z */

struct crowd {
    struct rng rng;
    struct arena *arena; /* everything of the facts */
    uint32_t people;
    uint64_t step; /* ms between two facts at most */
    int64_t at;
    struct fact *facts;
    size_t count;
    struct identity said, wrote; /* who spoke last in a group, and who wrote to staff; or empty */
    struct str said_in;          /* that group */
};

/* A name, a number of eight digits, and for mail- the rest of an address. */
static inline struct str crowd_text(struct crowd *c, const char *name, uint64_t number)
{
    char text[96];
    bool mail = strcmp(name, "mail-") == 0;
    snprintf(text, sizeof(text), "%s%08llu%s", name, (unsigned long long)number,
             mail ? "@example.org" : "");
    return arena_str(c->arena, str_of(text));
}

static inline bool crowd_one_in(struct crowd *c, uint64_t n)
{
    return rng_below(&c->rng, n) == 0;
}

/* One of a person's identities. */
static inline struct identity crowd_identity(struct crowd *c, uint64_t person)
{
    static const char *const forms[IDENTITY_KIND_COUNT] = {
        [IDENTITY_USER] = "user-",   [IDENTITY_UNIONID] = "union-", [IDENTITY_WECOM] = "wecom-",
        [IDENTITY_OPENID] = "open-", [IDENTITY_PHONE] = "+86138",   [IDENTITY_EMAIL] = "mail-",
        [IDENTITY_TELEGRAM] = "9",   [IDENTITY_DEVICE] = "device-", [IDENTITY_NAME] = "nick ",
        [IDENTITY_ANON] = "anon-",
    };
    static const enum identity_kind often[] = {IDENTITY_USER,  IDENTITY_USER,   IDENTITY_PHONE,
                                               IDENTITY_EMAIL, IDENTITY_DEVICE, IDENTITY_NAME,
                                               IDENTITY_ANON,  IDENTITY_ANON};
    enum identity_kind kind = often[rng_below(&c->rng, sizeof(often) / sizeof(often[0]))];
    /* a few devices and browsers each; some are passed on to a neighbour */
    uint64_t number = person;
    if (kind == IDENTITY_ANON || kind == IDENTITY_DEVICE)
        number = person * 4 + rng_below(&c->rng, crowd_one_in(c, 50) ? 7 : 4);
    return (struct identity){kind, crowd_text(c, forms[kind], number)};
}

static inline struct identity *crowd_identities(struct crowd *c, uint32_t *count)
{
    uint64_t person = rng_below(&c->rng, c->people);
    if (crowd_one_in(c, 2)) person = person * person / c->people; /* some come more often */
    *count = crowd_one_in(c, 4) ? 1 + (uint32_t)rng_below(&c->rng, 3) : 1;
    struct identity *list = arena_alloc_array(c->arena, *count, sizeof(*list));
    for (uint32_t i = 0; i < *count; i++)
        list[i] = crowd_identity(c, person);
    /* now and then a stranger's, which merges or breaks a cap */
    if (*count > 1 && crowd_one_in(c, 40))
        list[*count - 1] = crowd_identity(c, rng_below(&c->rng, c->people));
    return list;
}

static inline void crowd_traits(struct crowd *c, struct fact *f)
{
    struct fact_value *t = arena_alloc_array(c->arena, 3, sizeof(*t));
    t[0] = (struct fact_value){.name = STR("city"),
                               .type = PROP_TEXT,
                               .text = crowd_text(c, "city ", rng_below(&c->rng, 9))};
    t[1] = (struct fact_value){
        .name = STR("score"), .type = PROP_NUMBER, .number = (double)rng_below(&c->rng, 100) / 4};
    t[2] = (struct fact_value){
        .name = STR("email"), .type = PROP_TEXT, .text = crowd_text(c, "mail-", c->count)};
    f->traits = t;
    f->trait_count = 1 + (uint32_t)rng_below(&c->rng, 3);
}

static inline void crowd_order(struct crowd *c, struct fact *f)
{
    bool refund = crowd_one_in(c, 6);
    f->kind = refund ? STR("order.refunded") : STR("order.paid");
    f->amount = crowd_one_in(c, 9) ? HISTORY_NO_AMOUNT : (int64_t)rng_below(&c->rng, 50000);
    if (crowd_one_in(c, 8)) return;
    f->props = arena_alloc_array(c->arena, 1, sizeof(*f->props));
    uint64_t back = rng_below(&c->rng, refund ? 200 : 3);
    f->props[0] =
        (struct fact_value){.name = STR("order"),
                            .type = PROP_TEXT,
                            .text = crowd_text(c, "order ", c->count > back ? c->count - back : 0)};
    f->prop_count = 1;
}

static inline void crowd_one(struct crowd *c, struct identity **list, uint32_t *count,
                             struct identity who)
{
    if (!who.value.len) return;
    *list = arena_copy(c->arena, &who, sizeof(who));
    *count = 1;
}

/* To the one who spoke last, or to nobody. */
static inline void crowd_talk(struct crowd *c, struct fact *f)
{
    f->kind = STR("message.sent");
    f->code[DIM_GROUP] = crowd_text(c, "group ", rng_below(&c->rng, 12));
    if (crowd_one_in(c, 4)) {
        crowd_one(c, &f->other, &f->other_count, c->said);
        if (f->other_count) f->code[DIM_GROUP] = c->said_in;
    } else if (f->who_count) {
        c->said = f->who[0];
        c->said_in = f->code[DIM_GROUP];
    }
    if (crowd_one_in(c, 12)) f->code[DIM_STAFF] = STR("staff 1");
    if (!crowd_one_in(c, 5)) return;
    f->props = arena_alloc_array(c->arena, 1, sizeof(*f->props));
    f->props[0] = (struct fact_value){.name = STR("question"), .type = PROP_BOOL, .number = 1};
    f->prop_count = 1;
}

static inline void crowd_direct(struct crowd *c, struct fact *f)
{
    f->code[DIM_STAFF] = crowd_text(c, "staff ", rng_below(&c->rng, 3));
    if (str_is(f->kind, "dm.received")) {
        if (f->who_count) c->wrote = f->who[0];
        return;
    }
    if (crowd_one_in(c, 2)) crowd_one(c, &f->who, &f->who_count, c->wrote);
    if (crowd_one_in(c, 8)) f->code[DIM_STAFF] = (struct str){NULL, 0};
}

static inline void crowd_kind(struct crowd *c, struct fact *f)
{
    static const char *const others[] = {"page.viewed", "content.viewed", "dm.received",
                                         "dm.sent",     "contact.added",  "contact.removed",
                                         "own.thing",   "share.clicked",  "own.other"};
    uint64_t dice = rng_below(&c->rng, 100);
    if (dice < 40) {
        crowd_talk(c, f);
    } else if (dice < 52) {
        crowd_order(c, f);
    } else if (dice < 62) {
        f->kind = crowd_one_in(c, 3) ? STR("group.left") : STR("group.joined");
        f->code[DIM_GROUP] = crowd_text(c, "group ", rng_below(&c->rng, 12));
    } else if (dice < 70) {
        f->kind = STR("member.identified");
        crowd_traits(c, f);
    } else if (dice < 73) {
        f->kind = STR("invite.accepted");
        f->other = crowd_identities(c, &f->other_count);
    } else if (dice < 75) {
        f->kind = STR("reply.sent");
        f->other = crowd_identities(c, &f->other_count);
        f->code[DIM_GROUP] = STR("group 1");
    } else {
        f->kind = str_of(others[rng_below(&c->rng, sizeof(others) / sizeof(others[0]))]);
        if (str_is(f->kind, "content.viewed"))
            f->code[DIM_CONTENT] = crowd_text(c, "content ", rng_below(&c->rng, 30));
        if (str_starts(f->kind, STR("dm."))) crowd_direct(c, f);
        if (str_starts(f->kind, STR("contact.")))
            f->code[DIM_STAFF] = crowd_text(c, "staff ", rng_below(&c->rng, 3));
    }
}

static inline void crowd_add(struct crowd *c)
{
    struct fact *f = &c->facts[c->count];
    if (!crowd_one_in(c, 8)) c->at += 1 + (int64_t)rng_below(&c->rng, c->step);
    *f = (struct fact){.at = c->at, .amount = HISTORY_NO_AMOUNT};
    if (!crowd_one_in(c, 60)) f->who = crowd_identities(c, &f->who_count);
    crowd_kind(c, f);
    if (crowd_one_in(c, 5)) f->id = crowd_text(c, "id ", c->count);
    if (f->id.len && c->count > 50 && crowd_one_in(c, 30))
        f->id = crowd_text(c, "id ", c->count - rng_below(&c->rng, 50));
    f->alias = f->who_count > 1 && crowd_one_in(c, 10);
    c->count++;
}

static inline void crowd_fill(struct crowd *c, uint64_t seed, size_t count, uint32_t people)
{
    *c = (struct crowd){.arena = arena_create(0), .people = people, .at = CROWD_START};
    c->step = 1000 * (uint64_t)TIME_DAY / count; /* some 500 days in all */
    rng_init(&c->rng, seed);
    c->facts = mem_alloc_array(count, sizeof(*c->facts));
    while (c->count < count) {
        uint32_t junk = 0;
        struct why why = {0};
        crowd_add(c);
        struct fact *f = &c->facts[c->count - 1];
        if (fact_check(f, CROWD_START * 2, c->arena, &junk, &why) != ERR_OK) c->count--;
    }
}

static inline void crowd_drop(struct crowd *c)
{
    arena_destroy(c->arena);
    mem_free(c->facts);
}
