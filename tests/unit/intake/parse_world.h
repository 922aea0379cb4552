/* parse_world.h - a format's parser over a text in memory, and looks at the facts it made. */
#pragma once

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>

#include "base/limits.h"
#include "base/map.h"
#include "intake/inferring.h"
#include "intake/mapping.h"
#include "intake/parse.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORLD_NOW INT64_C(1738324800000) /* 2025-01-31T12:00:00Z */

struct world {
    struct import_options options; /* to be set before world_parse */
    const char *path;
    const char *currency;
    int digits;
    /* filled by world_parse */
    struct parse parse;
    struct mapping map;
    struct belt belt;
    struct batch *batch;
    enum err err;
    struct why why;
};

static inline void world_init(struct world *w, enum import_format format)
{
    *w = (struct world){.path = "/tmp/rows.txt", .currency = "CNY", .digits = 2};
    w->options.format = format;
    w->options.zone = zone_open("Asia/Shanghai");
}

/* Everything lands in one batch: no row is handed over. */
static inline void world_parse_str(struct world *w, struct str text)
{
    belt_init(&w->belt);
    w->batch = belt_take_empty(&w->belt);
    w->parse = (struct parse){.options = &w->options,
                              .path = w->path,
                              .currency = w->currency,
                              .currency_digits = w->digits,
                              .now = WORLD_NOW,
                              .arena = arena_create(0),
                              .inferring = inferring_create(),
                              .belt = &w->belt,
                              .batch = w->batch,
                              .batch_rows = SIZE_MAX};
    dates_init(&w->parse.dates, w->options.zone);
    if (w->options.map) {
        w->err =
            mapping_parse(w->parse.arena, str_of(w->options.map), w->options.as, &w->map, &w->why);
        if (w->err != ERR_OK) return;
        w->parse.map = &w->map;
    }
    window_init_text(&w->parse.rows, text, w->batch->arena);
    w->err = parse_format(&w->parse, &w->why);
}

static inline void world_parse(struct world *w, const char *text)
{
    world_parse_str(w, str_of(text));
}

/* A csv file whose headers map themselves. */
static inline void world_csv(struct world *w, const char *text)
{
    world_init(w, IMPORT_CSV);
    world_parse(w, text);
}

static inline void world_finish(struct world *w)
{
    inferring_destroy(w->parse.inferring);
    arena_destroy(w->parse.arena);
    belt_finish(&w->belt);
}

static inline void expect_str(struct str got, const char *want)
{
    if (!str_is(got, want)) fail_msg("got \"" STR_FMT "\", want \"%s\"", STR_ARG(got), want);
}

static inline void expect_sound(const struct world *w, size_t facts, size_t rejects)
{
    char text[600];
    if (w->err != ERR_OK) {
        why_text(&w->why, LANG_EN, text, sizeof(text));
        fail_msg("%s", text);
    }
    if (w->batch->rejects.count > rejects) {
        const struct reject *r = &w->batch->rejects.items[rejects];
        why_text(&r->why, LANG_EN, text, sizeof(text));
        fail_msg("line %llu: %s", (unsigned long long)r->line, text);
    }
    assert_int_equal(w->batch->rejects.count, rejects);
    assert_int_equal(w->batch->facts.count, facts);
}

static inline const struct fact *fact_at(const struct world *w, size_t i)
{
    assert_true(i < w->batch->facts.count);
    return &w->batch->facts.items[i];
}

static inline const struct reject *reject_at(const struct world *w, size_t i)
{
    assert_true(i < w->batch->rejects.count);
    return &w->batch->rejects.items[i];
}

static inline const struct fact_value *value_of(const struct fact_value *list, uint32_t count,
                                                const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_is(list[i].name, name)) return &list[i];
    }
    return NULL;
}

static inline void expect_prop(const struct fact *f, const char *name, const char *want)
{
    const struct fact_value *v = value_of(f->props, f->prop_count, name);
    if (!v) fail_msg("no property %s", name);
    assert_int_equal(v->type, PROP_TEXT);
    expect_str(v->text, want);
}

static inline void expect_number(const struct fact *f, const char *name, double want)
{
    const struct fact_value *v = value_of(f->props, f->prop_count, name);
    if (!v) fail_msg("no property %s", name);
    assert_int_not_equal(v->type, PROP_TEXT);
    if (v->number != want) fail_msg("%s is %.17g, not %.17g", name, v->number, want);
}

static inline void expect_trait(const struct fact *f, const char *name, const char *want)
{
    const struct fact_value *v = value_of(f->traits, f->trait_count, name);
    if (!v) fail_msg("no trait %s", name);
    assert_int_equal(v->type, PROP_TEXT);
    expect_str(v->text, want);
}

static inline void expect_who(const struct fact *f, enum identity_kind kind, const char *want)
{
    for (uint32_t i = 0; i < f->who_count; i++) {
        if (f->who[i].kind == kind && str_is(f->who[i].value, want)) return;
    }
    fail_msg("nobody is %s:%s", identity_kind_name(kind), want);
}

/* As "2025-01-31T20:00:00+08:00". */
static inline void expect_at(const struct fact *f, const char *want)
{
    char text[48];
    time_format(zone_open("Asia/Shanghai"), f->at, text, sizeof(text));
    assert_string_equal(text, want);
}
