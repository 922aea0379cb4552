/* fold_story.h - one member's story told event by event, and what it gives at a moment. */
#pragma once

#include "fold_help.h"

#define T0 INT64_C(1735660800000) /* 2025-01-01 00:00 in Shanghai */
#define DAYS(n) ((n)*TIME_DAY)
#define HOURS(n) ((n)*TIME_HOUR)

/* A member's story: its fold, and what was reported. */
struct story {
    struct fold_names names;
    struct fold *fold;
    struct fold *later; /* a copy, advanced */
    struct changes changes;
};

static struct story story;

static inline int begin(void **unused)
{
    (void)unused;
    story.names = names_in("Asia/Shanghai");
    story.fold = fold_create();
    story.later = fold_create();
    story.changes.count = 0;
    return 0;
}

static inline int end(void **unused)
{
    (void)unused;
    fold_destroy(story.fold);
    fold_destroy(story.later);
    return 0;
}

static inline void add(struct fold_row row)
{
    fold_event(story.fold, &story.names, &row, note_change, &story.changes);
}

static inline void happens(int64_t at, const char *kind)
{
    add(row_of(at, kind));
}

static inline void in_group(int64_t at, const char *kind, uint32_t group)
{
    struct fold_row row = row_of(at, kind);
    row.group = group;
    add(row);
}

static inline void with_staff(int64_t at, const char *kind, uint32_t staff)
{
    struct fold_row row = row_of(at, kind);
    row.staff = staff;
    add(row);
}

static inline void trade(int64_t at, const char *kind, uint64_t order, int64_t amount)
{
    struct fold_row row = row_of(at, kind);
    row.order = order;
    row.amount = amount;
    add(row);
}

static inline struct fold_state state_at(int64_t t)
{
    struct fold_state s;
    fold_copy(story.later, story.fold);
    fold_advance(story.later, &story.names, t, NULL, NULL);
    fold_get_state(story.later, &story.names, &s);
    fold_get_rhythm(story.later, &story.names, t, &s.rhythm);
    return s;
}

/* The latest change of stage up to 't' was at 't'. */
static inline void stage_turns(int64_t t, enum stage before, enum stage after)
{
    static struct changes seen;
    const struct fold_change *last = NULL;
    seen = story.changes;
    fold_copy(story.later, story.fold);
    fold_advance(story.later, &story.names, t, note_change, &seen);
    for (size_t i = 0; i < seen.count; i++) {
        if (seen.items[i].what == FOLD_LIFECYCLE) last = &seen.items[i];
    }
    assert_non_null(last);
    assert_int_equal(last->at, t);
    assert_int_equal(last->from, before);
    assert_int_equal(last->to, after);
    struct fold_state s = state_at(t);
    assert_int_equal(s.stage, after);
    assert_int_equal(s.stage_since, t);
}

static inline void stage_is(int64_t t, enum stage stage)
{
    assert_string_equal(stage_name(state_at(t).stage), stage_name(stage));
}

static inline void trust_is(int64_t t, enum trust trust)
{
    assert_string_equal(trust_name(state_at(t).trust), trust_name(trust));
}

#define STORY_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
