/* fact_trial.h - a fact to be checked, and what checking it says. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/time.h"
#include "people/fact.h"

#define NOW INT64_C(1738324800000) /* 2025-01-31T12:00:00Z */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A fact with room for lists, and what checking it says. */
struct trial {
    struct arena *arena;
    struct fact fact;
    struct identity who[LIMIT_IDENTITIES_PER_EVENT + 1];
    struct fact_value props[LIMIT_PROPS_PER_EVENT + 1];
    struct fact_value traits[LIMIT_PROPS_PER_EVENT + 1];
    uint32_t junk;
    struct why why;
};

static inline struct trial *begin(void)
{
    struct trial *t = test_calloc(1, sizeof(*t));
    t->arena = arena_create(0);
    t->fact = (struct fact){.kind = STR("order.paid"), .at = NOW, .amount = HISTORY_NO_AMOUNT};
    t->fact.who = t->who;
    t->fact.props = t->props;
    t->fact.traits = t->traits;
    return t;
}

static inline enum err check(struct trial *t)
{
    t->why = (struct why){0};
    return fact_check(&t->fact, NOW, t->arena, &t->junk, &t->why);
}

static inline void end(struct trial *t)
{
    arena_destroy(t->arena);
    test_free(t);
}

static inline void add_who(struct trial *t, enum identity_kind kind, const char *value)
{
    t->who[t->fact.who_count++] = (struct identity){kind, str_of(value)};
}

static inline void add_text(struct trial *t, const char *name, const char *text)
{
    t->props[t->fact.prop_count++] = (struct fact_value){str_of(name), PROP_TEXT, 0, str_of(text)};
}

static inline void expect_str(struct str got, const char *want)
{
    if (!str_is(got, want)) fail_msg("got \"" STR_FMT "\", want \"%s\"", STR_ARG(got), want);
}
