/* colleagues.c - names to codes, in the order in which they count: the codes of people, the names
 * they sign in with, the names that are shown, and last the codes that only events know, each as it
 * stands before the same in other letters.
 *
 * What a text was found to mean is kept, since a column says the same few over and over. */
#include "intake/colleagues.h"

#include "account/place.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/vec.h"

#define KEPT_MAX 4096

struct word {
    enum colleague_found found;
    struct str code;
};

struct colleagues {
    struct arena *arena;
    VEC(struct word) words;           /* the values of the maps are places in it */
    struct map *people, *codes, *odd; /* folded; as they stand; folded */
    struct map *kept;                 /* texts of cells */
};

static void add(struct colleagues *c, struct map *to, struct str key, struct word word)
{
    uint64_t at;
    if (key.len == 0) return;
    if (!map_get(to, key, &at)) {
        map_put(to, key, c->words.count);
        VEC_PUSH(&c->words, word);
    } else if (!str_eq(c->words.items[at].code, word.code)) {
        c->words.items[at].found = COLLEAGUE_SEVERAL;
    }
}

/* As 'add', unless it means something already that counts before it. */
static void add_name(struct colleagues *c, struct map *before, const char *name, struct word word)
{
    uint64_t at;
    struct str key = utf8_fold(c->arena, str_of(name));
    if (!map_get(before, key, &at)) add(c, c->people, key, word);
}

/* Those who work, or worked, in the brand. */
static bool is_of(struct staff *s, uint32_t number, const char *slug, struct staff_place *place)
{
    enum role role;
    staff_get_place(s, number, slug, place);
    return place->code[0] || staff_role(s, number, slug, &role, NULL);
}

/* 'step' 0: codes, 1: names to sign in with, 2: names that are shown. */
static void add_people(struct colleagues *c, struct staff *s, const char *slug, int step)
{
    uint32_t *all;
    struct map *before = map_create(), *keys = c->people;
    size_t cursor = 0, count = staff_of_brand(s, NULL, c->arena, &all);
    struct str key;
    uint64_t at;
    while (map_next(keys, &cursor, &key, &at))
        map_put(before, key, at);
    for (size_t i = 0; i < count; i++) {
        struct person p;
        struct staff_place place;
        if (!staff_get(s, all[i], &p) || !is_of(s, all[i], slug, &place)) continue;
        struct word word = {place.code[0] ? COLLEAGUE_ONE : COLLEAGUE_NO_CODE,
                            arena_str(c->arena, str_of(place.code))};
        /* two without a code are two all the same */
        if (!place.code[0]) word.code = str_of(arena_printf(c->arena, "\n%u", all[i]));
        const char *const names[] = {place.code, p.name, p.display};
        add_name(c, before, names[step], word);
    }
    map_destroy(before);
}

static void add_codes(struct colleagues *c, struct brand *b)
{
    uint32_t count = registry_code_count(b, DIM_STAFF);
    for (uint32_t code = 1; code <= count; code++) {
        struct str text = arena_str(c->arena, registry_code_text(b, DIM_STAFF, code));
        const struct word word = {COLLEAGUE_ONE, text};
        add(c, c->codes, text, word);
        add(c, c->odd, utf8_fold(c->arena, text), word);
    }
}

struct colleagues *colleagues_create(struct brand *b, struct staff *staff)
{
    struct colleagues *c = mem_alloc(sizeof(*c));
    c->arena = arena_create(0);
    c->people = map_create();
    c->codes = map_create();
    c->odd = map_create();
    c->kept = map_create();
    VEC_PUSH(&c->words, (struct word){.found = COLLEAGUE_NOBODY});
    for (int step = 0; staff && step < 3; step++)
        add_people(c, staff, brand_slug(b), step);
    add_codes(c, b);
    return c;
}

void colleagues_destroy(struct colleagues *c)
{
    if (!c) return;
    map_destroy(c->people);
    map_destroy(c->codes);
    map_destroy(c->odd);
    map_destroy(c->kept);
    VEC_FINISH(&c->words);
    arena_destroy(c->arena);
    mem_free(c);
}

static uint64_t look(struct colleagues *c, struct str text)
{
    uint64_t at = 0;
    struct arena *scratch = arena_create(0);
    struct str key = utf8_valid(text) ? utf8_fold(scratch, text) : STR("");
    if (!map_get(c->people, key, &at) && !map_get(c->codes, text, &at)) {
        if (!map_get(c->odd, key, &at)) at = 0;
    }
    arena_destroy(scratch);
    return at;
}

enum colleague_found colleagues_find(struct colleagues *c, struct str text, struct str *code)
{
    uint64_t at;
    if (!map_get(c->kept, text, &at)) {
        at = look(c, text);
        if (map_count(c->kept) == KEPT_MAX) map_reset(c->kept);
        map_put(c->kept, text, at);
    }
    const struct word *word = &c->words.items[at];
    if (word->found == COLLEAGUE_ONE) *code = word->code;
    return word->found;
}
