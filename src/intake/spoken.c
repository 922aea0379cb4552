/* spoken.c - properties become what is said. */
#include "intake/spoken.h"

#include <inttypes.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/limits.h"
#include "brand/said.h"
#include "intake/describe.h"
#include "people/kinds.h"

/* ---- properties ---- */

static struct str as_text(const struct fact_value *v, struct arena *arena)
{
    char digits[DECIMAL_SIZE];
    if (v->type == PROP_TEXT) return v->text;
    return arena_str(arena, (struct str){digits, decimal_print(v->number, digits)});
}

/* Where a property of talk goes; NULL = it is one. */
static struct str *place_of(struct said *said, const struct fact_value *v)
{
    if (str_is(v->name, "text")) return v->type == PROP_TEXT ? &said->text : NULL;
    if (v->type == PROP_BOOL) return NULL;
    if (str_is(v->name, "message")) return &said->message;
    if (str_is(v->name, "reply_to")) return &said->reply_to;
    if (str_is(v->name, "links")) return v->type == PROP_TEXT ? &said->links : NULL;
    if (str_is(v->name, "qr")) return v->type == PROP_TEXT ? &said->qr : NULL;
    return NULL;
}

static const struct fact_value *find(const struct fact *f, struct str name)
{
    for (uint32_t i = 0; i < f->prop_count; i++) {
        if (str_eq(f->props[i].name, name)) return &f->props[i];
    }
    return NULL;
}

/* What the sender says of its message counts. */
static void add_described(struct fact *f, const struct said *said)
{
    struct fact_value more[DESCRIBE_PROPS];
    struct described d = {.text = said->text, .links = said->links, .type = MESSAGE_TEXT};
    const struct fact_value *type = find(f, STR("type"));
    if (type && type->type == PROP_TEXT) d.type = message_type_parse(type->text);
    uint32_t count = describe(&d, more);
    for (uint32_t i = 0; i < count && f->prop_count < LIMIT_PROPS_PER_EVENT; i++) {
        if (!find(f, more[i].name)) f->props[f->prop_count++] = more[i];
    }
}

void spoken_take(struct fact *f, struct arena *arena)
{
    struct said said = {.edited = str_is(f->kind, "message.edited"),
                        .recalled = str_is(f->kind, "message.recalled")};
    uint32_t kept = 0, count = f->prop_count;
    if (kind_family(f->kind) != FAMILY_TALK) return;
    for (uint32_t i = 0; i < count; i++)
        kept += !place_of(&said, &f->props[i]);
    if (kept == count) return;
    struct fact_value *props = arena_alloc_array(arena, kept + DESCRIBE_PROPS, sizeof(*props));
    kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct str *place = place_of(&said, &f->props[i]);
        if (place) *place = as_text(&f->props[i], arena);
        if (!place) props[kept++] = f->props[i];
    }
    f->props = props;
    f->prop_count = kept;
    f->sound_props = 0; /* the places have changed */
    f->said = arena_copy(arena, &said, sizeof(said));
    if (said.text.p && !str_is(f->kind, "message.reacted")) add_described(f, &said);
}

/* ---- ids ---- */

static uint64_t hash_of(const struct saying *of)
{
    const uint64_t hash[] = {recent_hash(of->source), recent_hash(of->group), recent_hash(of->who),
                             recent_hash(of->text), (uint64_t)of->at};
    return hash_xxh3(hash, sizeof(hash));
}

struct str saying_id(struct recent *sayings, const struct saying *of, struct arena *arena)
{
    uint64_t hash = hash_of(of), times = 0;
    (void)recent_get(sayings, hash, &times);
    recent_put(sayings, hash, ++times);
    return str_of(
        arena_printf(arena, "said:%" PRId64 ":%016" PRIx64 ":%" PRIu64, of->at, hash, times));
}
