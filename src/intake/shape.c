/* shape.c - a tree of texts, each followed by a value.
 *
 * Invariants:
 * 1. Texts beside one another differ, and the longer come first: of two where one begins with the
 *    other, the longer is right whenever it stands there.
 * 2. What a value means follows from the texts before it, so that a path has one slot at each of
 *    its places.
 * 3. The tree is bounded in shapes and in the length of their texts, whatever the lines are. */
#include "intake/shape.h"

#define SHAPES_MAX 4096
#define BESIDE_MAX 16
#define TEXT_MAX 256
#define TRIAL 4096 /* lines after which paths must have paid */

void shapes_init(struct shapes *s, struct arena *arena)
{
    *s = (struct shapes){.arena = arena};
}

bool shapes_pay(const struct shapes *s)
{
    return s->met < TRIAL || s->followed >= s->met / 2;
}

/* Where a text belongs among those beside it, or the shape that has it; NULL: there are too many.
 */
static struct shape **place_of(struct shape **at, struct str text)
{
    for (int i = 0; i < BESIDE_MAX; i++, at = &(*at)->beside) {
        if (!*at || (*at)->text.len < text.len || str_eq((*at)->text, text)) return at;
    }
    return NULL;
}

static struct shape *add(struct shapes *s, struct shape **at, struct str text)
{
    struct shape *shape = arena_alloc(s->arena, sizeof(*shape));
    shape->text = arena_str(s->arena, text);
    shape->beside = *at;
    *at = shape;
    s->count++;
    return shape;
}

/* The shape with this text at the place, added if need be; NULL when the tree has no room for it.
 */
static struct shape *step(struct shapes *s, struct shape **at, struct str text, bool *added)
{
    at = place_of(at, text);
    *added = false;
    if (!at) return NULL;
    if (*at && str_eq((*at)->text, text)) return *at;
    if (s->count == SHAPES_MAX || text.len > TEXT_MAX) return NULL;
    *added = true;
    return add(s, at, text);
}

void shapes_learn(struct shapes *s, struct str line, const struct shape_mark *marks, size_t count,
                  uint32_t total)
{
    struct shape **at = &s->first;
    size_t start = 0;
    bool added;
    for (size_t i = 0; i < count; i++) {
        struct str text = {line.p + start, marks[i].start - start};
        struct shape *shape = step(s, at, text, &added);
        if (!shape) return;
        if (added) {
            shape->slot = marks[i].slot;
            shape->slot.name = arena_str(s->arena, marks[i].slot.name);
        }
        at = &shape->behind;
        start = marks[i].end;
    }
    struct shape *shape = step(s, at, (struct str){line.p + start, line.len - start}, &added);
    if (!shape || !added) return;
    shape->last = true;
    shape->total = total;
}
