/* message_help.h - asking for a fact and looking at it; for the tests of both formats. */
#pragma once

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/time.h"
#include "intake/message.h"

/* 2025-01-31T12:00:00Z */
#define RECEIVED INT64_C(1738324800000)

static struct arena *arena;
static uint32_t dropped;
static struct message_source source;

static inline int open_arena(void **state)
{
    (void)state;
    arena = arena_create(0);
    return 0;
}

static inline int close_arena(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static inline int begin_test(void **state)
{
    (void)state;
    dropped = 0;
    source = (struct message_source){
        .received_at = RECEIVED,
        .sent_at = TIME_NONE,
        .live = true,
        .currency = STR("CNY"),
        .digits = 2,
        .dropped = &dropped,
    };
    return 0;
}

/* JSON with ' for ". */
static inline struct str json_of(const char *text)
{
    struct str s = arena_str(arena, str_of(text));
    for (char *p = (char *)(uintptr_t)s.p; *p; p++) {
        if (*p == '\'') *p = '"';
    }
    return s;
}

static inline const struct fact_value *value_of(const struct fact_value *list, uint32_t count,
                                                const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_is(list[i].name, name)) return &list[i];
    }
    return NULL;
}

static inline void expect_text(const struct fact_value *list, uint32_t count, const char *name,
                               const char *text)
{
    const struct fact_value *v = value_of(list, count, name);
    if (!v) fail_msg("%s is missing", name);
    assert_int_equal(v->type, PROP_TEXT);
    if (!str_is(v->text, text)) fail_msg("%s is " STR_FMT, name, STR_ARG(v->text));
}

static inline void expect_number(const struct fact_value *list, uint32_t count, const char *name,
                                 double number)
{
    const struct fact_value *v = value_of(list, count, name);
    if (!v) fail_msg("%s is missing", name);
    assert_int_equal(v->type, PROP_NUMBER);
    assert_true(v->number == number);
}

static inline void expect_prop(const struct fact *f, const char *name, const char *text)
{
    expect_text(f->props, f->prop_count, name, text);
}

static inline void expect_trait(const struct fact *f, const char *name, const char *text)
{
    expect_text(f->traits, f->trait_count, name, text);
}

static inline void expect_who(const struct fact *f, uint32_t i, enum identity_kind kind,
                              const char *value)
{
    assert_true(i < f->who_count);
    assert_int_equal(f->who[i].kind, kind);
    if (!str_is(f->who[i].value, value)) fail_msg("is " STR_FMT, STR_ARG(f->who[i].value));
}
