/* scan_text.c - codes are given out in order of first sight.
 *
 * A table only grows between resets, so a code once written to a row stays right; its owner resets
 * it between runs when it has become large. */
#include "eventlog/scan_text.h"

#include <string.h>

#include "base/mem.h"

#define STRING_BYTES 64 /* about what map and table take for a string, beside its bytes */

static void start_table(struct texts *t, unsigned prop)
{
    VEC_PUSH(&t->tables[prop].strings, ((struct str){NULL, 0}));
}

void texts_init(struct texts *t, const struct layout *l, struct purse *purse, uint32_t source_count)
{
    *t = (struct texts){.layout = l, .purse = purse};
    if (l->text_count == 0) return;
    size_t props = l->columns->prop_count;
    t->source_count = source_count;
    t->tables = mem_alloc_array(props, sizeof(t->tables[0]));
    t->remaps = mem_alloc_array(source_count * props + 1, sizeof(t->remaps[0]));
    for (uint32_t i = 0; i < l->text_count; i++) {
        t->tables[l->texts[i]].codes = map_create();
        start_table(t, l->texts[i]);
    }
}

void texts_finish(struct texts *t)
{
    if (!t->tables) return;
    size_t props = t->layout->columns->prop_count;
    for (size_t i = 0; i < t->source_count * props; i++) {
        mem_free(t->remaps[i].codes);
    }
    for (size_t i = 0; i < props; i++) {
        map_destroy(t->tables[i].codes);
        VEC_FINISH(&t->tables[i].strings);
    }
    mem_free(t->remaps);
    mem_free(t->tables);
    purse_give(t->purse, t->paid);
    *t = (struct texts){0};
}

void texts_forget(struct texts *t, uint32_t source)
{
    if (!t->tables) return;
    size_t props = t->layout->columns->prop_count;
    for (size_t i = 0; i < props; i++) {
        struct remap *r = &t->remaps[source * props + i];
        t->bytes -= r->count * sizeof(r->codes[0]);
        mem_free(r->codes);
        *r = (struct remap){0};
    }
}

void texts_reset(struct texts *t)
{
    if (!t->tables) return;
    for (uint32_t s = 0; s < t->source_count; s++) {
        texts_forget(t, s);
    }
    for (uint32_t i = 0; i < t->layout->text_count; i++) {
        unsigned prop = t->layout->texts[i];
        map_reset(t->tables[prop].codes);
        VEC_RESET(&t->tables[prop].strings);
        start_table(t, prop);
    }
    t->bytes = 0;
    purse_give(t->purse, t->paid);
    t->paid = 0;
}

void texts_bind(struct texts *t, uint32_t source, const struct strings *strings)
{
    if (!t->tables) return;
    size_t props = t->layout->columns->prop_count;
    for (uint32_t i = 0; i < t->layout->text_count; i++) {
        unsigned prop = t->layout->texts[i];
        struct remap *r = &t->remaps[source * props + prop];
        const struct strings *s = &strings[prop];
        if (s->count <= 1 || (r->strings == s->items && r->count == s->count)) continue;
        mem_free(r->codes);
        t->bytes += s->count * sizeof(r->codes[0]);
        t->bytes -= r->count * sizeof(r->codes[0]);
        *r = (struct remap){s->items, s->count, mem_alloc_array(s->count, sizeof(r->codes[0]))};
    }
}

const struct remap *texts_remaps(const struct texts *t, uint32_t source)
{
    return t->tables ? &t->remaps[source * t->layout->columns->prop_count] : NULL;
}

uint32_t texts_add(struct texts *t, unsigned prop, struct str s)
{
    struct text_table *table = &t->tables[prop];
    uint64_t code;
    if (!s.p) s = STR("");
    if (map_get(table->codes, s, &code)) return (uint32_t)code;
    code = table->strings.count;
    map_put(table->codes, s, code);
    VEC_PUSH(&table->strings, s);
    t->bytes += STRING_BYTES + s.len;
    return (uint32_t)code;
}

enum err texts_pay(struct texts *t, struct why *why)
{
    if (t->bytes <= t->paid) return ERR_OK;
    TRY(purse_take(t->purse, t->bytes - t->paid, why));
    t->paid = t->bytes;
    return ERR_OK;
}

void texts_strings(const struct texts *t, struct strings *out)
{
    if (!t->tables) return;
    for (uint32_t i = 0; i < t->layout->text_count; i++) {
        unsigned prop = t->layout->texts[i];
        const struct text_table *table = &t->tables[prop];
        out[prop] = (struct strings){table->strings.items, (uint32_t)table->strings.count};
    }
}
