/* chat_world.h - exports of chats, written with ' for ", and what was made of them. */
#pragma once

#include "intake/parse_world.h"

#include "brand/said.h"

static inline void parse_chat(struct world *w, enum import_format format, const char *text)
{
    struct strbuf json = {0};
    world_init(w, format);
    for (; *text; text++)
        strbuf_add_char(&json, *text == '\'' ? '"' : *text);
    world_parse_str(w, json.len ? strbuf_str(&json) : STR(""));
    strbuf_finish(&json);
}

static inline void expect_kind(const struct world *w, size_t i, const char *kind)
{
    if (!str_is(fact_at(w, i)->kind, kind))
        fail_msg("fact %zu is " STR_FMT ", not %s", i, STR_ARG(fact_at(w, i)->kind), kind);
}

/* NULL = nobody. */
static inline void expect_other(const struct fact *f, const char *value)
{
    assert_int_equal(f->other_count, value != NULL);
    if (value) expect_str(f->other[0].value, value);
}

/* In a message: how the other is tied, and which it says it answers. */
static inline void expect_link(const struct fact *f, const char *link, const char *reply_to)
{
    const struct fact_value *v = value_of(f->props, f->prop_count, "link");
    assert_int_equal(v != NULL, link != NULL);
    if (v && link) expect_str(v->text, link);
    assert_true(str_eq(f->said->reply_to, str_of(reply_to)));
}

static inline void expect_reject(const struct world *w, size_t i, uint64_t line, const char *field)
{
    assert_int_equal(reject_at(w, i)->line, line);
    assert_string_equal(reject_at(w, i)->why.field, field);
}

/* Ids of facts are all there, and none comes twice. */
static inline void expect_ids(const struct world *w)
{
    for (size_t i = 0; i < w->batch->facts.count; i++) {
        assert_true(fact_at(w, i)->id.len > 0);
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(fact_at(w, i)->id, fact_at(w, k)->id));
    }
}
