/* segment.c - fuzz target: bodies of the HTTP intake, Segment's and PostHog's.
 *
 * The input is a body. Whatever envelope it makes, each message of it is read as both formats and
 * checked: what passes must be a sound fact, and what does not must be the sender's fault. */
#include <assert.h>
#include <math.h>

#include "base/time.h"
#include "base/utf8.h"
#include "intake/envelope.h"
#include "intake/posthog.h"
#include "intake/segment.h"
#include "people/kinds.h"

#define RECEIVED INT64_C(1738324800000) /* 2025-01-31T12:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_fault(enum err err, const struct why *why)
{
    char text[640];
    assert(err_status(err) >= 400 && err_status(err) < 500 && why->err == err);
    why_text(why, LANG_ZH, text, sizeof(text));
    assert(utf8_valid(str_of(text)));
}

static void expect_values(const struct fact_value *list, uint32_t count)
{
    assert(count <= LIMIT_PROPS_PER_EVENT);
    for (uint32_t i = 0; i < count; i++) {
        const struct fact_value *v = &list[i];
        assert(v->name.len >= 1 && v->name.len <= LIMIT_PROP_NAME_BYTES && utf8_valid(v->name));
        assert(v->type != PROP_TEXT || v->text.len <= LIMIT_PROP_VALUE_BYTES);
        assert(v->type != PROP_TEXT || utf8_valid(v->text));
        assert(v->type == PROP_TEXT || isfinite(v->number));
    }
}

static void expect_fact(struct fact *f, struct arena *arena)
{
    struct why why = {0};
    uint32_t junk = 0, sent = f->who_count;
    if (f->kind.len == 0) return; /* ignored */
    assert(kind_valid(f->kind) && sent <= LIMIT_IDENTITIES_PER_EVENT);
    expect_values(f->props, f->prop_count);
    expect_values(f->traits, f->trait_count);
    enum err err = fact_check(f, RECEIVED, arena, &junk, &why);
    if (err != ERR_OK) {
        expect_fault(err, &why);
        return;
    }
    assert(f->at >= 0 && f->at <= RECEIVED + TIME_DAY && junk + f->who_count == sent);
    assert(f->id.len <= LIMIT_MESSAGE_ID_BYTES);
}

static void try_message(struct arena *arena, struct str json, const struct envelope *e)
{
    static const struct str calls[] = {{NULL, 0}, {"identify", 8}, {"group", 5}, {"alias", 5}};
    struct message_source source = {
        .received_at = RECEIVED,
        .sent_at = e->sent_at,
        .live = true,
        .currency = STR("CNY"),
        .digits = 2,
    };
    struct fact f;
    struct why why = {0};
    enum err err;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        source.type = calls[i];
        err = segment_message(arena, json, &source, &f, &why);
        if (err == ERR_OK) {
            expect_fact(&f, arena);
        } else {
            expect_fault(err, &why);
        }
    }
    err = posthog_message(arena, json, &source, &f, &why);
    if (err == ERR_OK) {
        expect_fact(&f, arena);
    } else {
        expect_fault(err, &why);
    }
    struct str token = posthog_token(arena, json);
    assert(utf8_valid(token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum envelope_form forms[] = {ENVELOPE_ONE, ENVELOPE_BATCH, ENVELOPE_ANY};
    if (size > LIMIT_BATCH_BYTES) return 0;
    struct arena *arena = arena_create(0);
    struct str body = {arena_copy(arena, data, size), size}, json;
    struct why why = {0};
    enum err err = envelope_unwrap(arena, body, &json, &why);
    if (err != ERR_OK) expect_fault(err, &why);
    for (size_t i = 0; err == ERR_OK && i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct envelope e;
        enum err opened = envelope_open(arena, json, forms[i], &e, &why);
        if (opened != ERR_OK) {
            expect_fault(opened, &why);
            continue;
        }
        assert(e.count <= LIMIT_BATCH_EVENTS);
        for (uint32_t k = 0; k < e.count && k < 20; k++)
            try_message(arena, e.items[k], &e);
    }
    arena_destroy(arena);
    return 0;
}
