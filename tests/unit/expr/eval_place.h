/* eval_place.h - a member with a run of events and fields, of whom expressions are asked. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "expr/eval.h"
#include "world.h"

static struct arena *arena;
static struct arena *scratch;
static struct world world; /* the fields */
static struct run *run;    /* the events */

static inline const struct expr *parse_about(enum expr_about about, const char *text)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *e = NULL;
    struct why why;
    char message[512];
    if (expr_parse(arena, &catalog, about, str_of(text), "", &e, &why) != ERR_OK) {
        why_text(&why, LANG_EN, message, sizeof(message));
        fail_msg("%s: %s", text, message);
    }
    return e;
}

static inline const struct expr *parse(const char *text)
{
    return parse_about(EXPR_MEMBER, text);
}

/* No fields, and a run without rows of nobody yet. */
static inline void begin_empty(void)
{
    arena = arena_create(0);
    scratch = arena_create(0);
    world = (struct world){0};
    run = run_create();
}

static inline int tear_down(void **state)
{
    (void)state;
    mem_free(run);
    arena_destroy(arena);
    arena_destroy(scratch);
    return 0;
}
