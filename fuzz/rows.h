/* rows.h - for the targets that read rows: run a format over the input and look at what it made.
 *
 * Every fact must be sound as fact_check promises, and every rejected row the file's fault. */
#pragma once

#include <assert.h>
#include <math.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "brand/said.h"
#include "intake/inferring.h"
#include "intake/mapping.h"
#include "intake/parse.h"
#include "people/kinds.h"

#define ROWS_NOW INT64_C(1738324800000) /* 2025-01-31T12:00:00Z */

static inline void rows_expect_fault(const struct why *why)
{
    char text[640];
    assert(err_status(why->err) >= 400 && err_status(why->err) < 500);
    why_text(why, LANG_EN, text, sizeof(text));
    why_text(why, LANG_ZH, text, sizeof(text));
    assert(utf8_valid(str_of(text)));
}

static inline void rows_expect_text(struct str s, size_t limit)
{
    assert(s.len <= limit && utf8_valid(s) && (s.len == 0 || !memchr(s.p, '\0', s.len)));
}

static inline void rows_expect_values(const struct fact_value *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rows_expect_text(list[i].name, LIMIT_PROP_NAME_BYTES);
        assert(list[i].name.len > 0);
        if (list[i].type == PROP_TEXT) rows_expect_text(list[i].text, LIMIT_PROP_VALUE_BYTES);
        if (list[i].type != PROP_TEXT) assert(isfinite(list[i].number));
    }
}

static inline void rows_expect_fact(const struct fact *f)
{
    struct str spelling;
    assert(kind_valid(f->kind) && f->at >= 0 && f->at <= ROWS_NOW + TIME_DAY);
    rows_expect_text(f->id, LIMIT_MESSAGE_ID_BYTES);
    for (int d = 0; d < DIM_COUNT; d++)
        rows_expect_text(f->code[d], LIMIT_CODE_BYTES);
    assert(f->who_count <= LIMIT_IDENTITIES_PER_EVENT);
    assert(f->other_count <= LIMIT_IDENTITIES_PER_EVENT);
    for (uint32_t i = 0; i < f->who_count; i++)
        rows_expect_text(f->who[i].value, LIMIT_IDENTITY_BYTES);
    for (uint32_t i = 0; i < f->other_count; i++)
        rows_expect_text(f->other[i].value, LIMIT_IDENTITY_BYTES);
    if (f->said) rows_expect_text(f->said->text, LIMIT_MESSAGE_TEXT);
    if (f->said) rows_expect_text(f->said->message, LIMIT_MESSAGE_ID_BYTES);
    if (f->said) rows_expect_text(f->said->reply_to, LIMIT_MESSAGE_ID_BYTES);
    rows_expect_values(f->props, f->prop_count);
    rows_expect_values(f->traits, f->trait_count);
    for (uint32_t i = 0; i < f->prop_count; i++)
        assert(!fact_personal(f->props[i].name, &spelling));
}

static inline enum err rows_run(struct parse *p, struct why *why)
{
    switch (p->options->format) {
    case IMPORT_CSV:
        return csv_parse(p, why);
    case IMPORT_COLUMNS:
        return columns_parse(p, why);
    case IMPORT_IRC:
        return irc_parse(p, why);
    default:
        return parse_format(p, why);
    }
}

/* 'map' is NULL or text of the map language. */
static inline void rows_fuzz(enum import_format format, const char *map, struct str text)
{
    struct import_options options = {
        .format = format, .map = map, .group = "g", .zone = zone_open("Asia/Shanghai")};
    struct belt belt;
    struct mapping mapping;
    struct why why = {0};
    belt_init(&belt);
    struct parse p = {.options = &options,
                      .path = "/logs/2024-01-05.log",
                      .currency = "CNY",
                      .currency_digits = 2,
                      .now = ROWS_NOW,
                      .arena = arena_create(0),
                      .inferring = inferring_create(),
                      .belt = &belt,
                      .batch_rows = SIZE_MAX};
    struct batch *batch = p.batch = belt_take_empty(&belt);
    dates_init(&p.dates, options.zone);
    enum err err = map ? mapping_parse(p.arena, str_of(map), NULL, &mapping, &why) : ERR_OK;
    p.map = map ? &mapping : NULL;
    window_init_text(&p.rows, text, batch->arena);
    if (err == ERR_OK) err = rows_run(&p, &why);
    if (err != ERR_OK) rows_expect_fault(&why);
    for (size_t i = 0; i < batch->facts.count; i++)
        rows_expect_fact(&batch->facts.items[i]);
    for (size_t i = 0; i < batch->rejects.count; i++)
        rows_expect_fault(&batch->rejects.items[i].why);
    inferring_destroy(p.inferring);
    arena_destroy(p.arena);
    belt_finish(&belt);
}
