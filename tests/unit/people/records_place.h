/* records_place.h - a brand with a few members, and what tests of their records share. */
#pragma once

#include "people/look_place.h"

static inline uint32_t member(struct place *p, const char *user)
{
    struct why why = {0};
    struct fact f = fact(user, "page.viewed", PLACE_NOW - DAY);
    const struct identity id = {IDENTITY_USER, str_of(user)};
    uint32_t found = 0;
    send(p, &f, 1);
    place_must(people_find(p->brand, &id, (struct str){NULL, 0}, &found, &why), &why, user);
    return found;
}

/* One who speaks for both: the members become one. */
static inline void merge(struct place *p, const char *user, const char *phone)
{
    static struct identity both[2];
    both[0] = (struct identity){IDENTITY_USER, str_of(user)};
    both[1] = (struct identity){IDENTITY_PHONE, str_of(phone)};
    struct fact f = {.at = PLACE_NOW,
                     .kind = STR("page.viewed"),
                     .who = both,
                     .who_count = 2,
                     .amount = HISTORY_NO_AMOUNT};
    send(p, &f, 1);
}

static inline uint32_t by_phone(struct place *p, const char *phone)
{
    static struct identity id;
    struct why why = {0};
    uint32_t found = 0;
    id = (struct identity){IDENTITY_PHONE, str_of(phone)};
    struct fact f = {.at = PLACE_NOW - DAY,
                     .kind = STR("page.viewed"),
                     .who = &id,
                     .who_count = 1,
                     .amount = HISTORY_NO_AMOUNT};
    send(p, &f, 1);
    place_must(people_find(p->brand, &id, (struct str){NULL, 0}, &found, &why), &why, phone);
    return found;
}

static inline void verify(struct place *p)
{
    struct why why = {0};
    struct verify_report report = {.finding = note_finding};
    place_must(people_verify(p->brand, &report, &why), &why, "people");
}

static inline bool holds(struct place *p, uint32_t who, enum expr_field field, const char *name)
{
    struct expr_value value;
    people_get_field(p->brand, who, field, str_of(name), &value);
    assert_int_equal(value.type, TYPE_BOOL);
    return value.boolean;
}

/* Events of a kind in the log. */
static inline size_t events_of(struct place *p, uint32_t who, const char *kind)
{
    struct view v;
    struct str kinds[] = {str_of(kind)};
    const struct look_span span = {.kinds = kinds, .kind_count = 1, .limit = 100};
    view_open(&v, p);
    size_t count = timeline(&v, who, &span).count;
    view_close(&v);
    return count;
}

/* The unused of another test. */
static inline void records_place_unused(void)
{
    (void)list;
    (void)search;
    (void)profile;
    (void)crowd_in;
}
