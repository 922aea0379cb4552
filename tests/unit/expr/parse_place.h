/* parse_place.h - texts parsed over the small brand, and what they are expected to become. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

static struct arena *arena;

static inline int set_up(void **state)
{
    (void)state;
    arena = arena_create(0);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static inline enum err parse_with(const struct expr_catalog *catalog, enum expr_about about,
                                  const char *text, const struct expr **out, struct why *why)
{
    return expr_parse(arena, catalog, about, str_of(text), "who", out, why);
}

/* The canonical form is 'expected'. */
static inline void reads_as(enum expr_about about, const char *text, const char *expected)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *e = NULL;
    struct why why = {0};
    char message[512] = "";
    if (parse_with(&catalog, about, text, &e, &why) != ERR_OK) {
        why_text(&why, LANG_EN, message, sizeof(message));
        fail_msg("%s: %s", text, message);
        return;
    }
    struct strbuf out = {0};
    expr_print(e, &out);
    assert_string_equal(out.p, expected);
    strbuf_finish(&out);
}

/* Refused with exactly this sentence. */
static inline void refuses(enum expr_about about, const char *text, enum lang lang,
                           const char *expected)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *untouched = (const struct expr *)(uintptr_t)8;
    const struct expr *e = untouched;
    struct why why = {0};
    char message[512];
    assert_int_equal(parse_with(&catalog, about, text, &e, &why), ERR_INVALID);
    assert_ptr_equal(e, untouched);
    assert_int_equal(why.err, ERR_INVALID);
    assert_string_equal(why.field, "who");
    why_text(&why, lang, message, sizeof(message));
    assert_string_equal(message, expected);
}

static inline void member_refuses(const char *text, const char *expected)
{
    refuses(EXPR_MEMBER, text, LANG_EN, expected);
}

static inline void accepted(const char *text)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, text, &e, &why), ERR_OK);
}
