/* waiting.c - the reason that no expression can tell alone: whether somebody else has answered. */
#include "groups/unanswered.h"
#include "today/internal.h"

enum err waiting_members(struct brand *b, struct sql *db, int64_t now, struct budget *budget,
                         roaring_bitmap_t **out, struct why *why)
{
    struct unanswered *items;
    size_t count;
    struct arena *arena = arena_create(0);
    /* also what was asked at night: the list of the day is made before the opening */
    const struct unanswered_ask ask = {.brand = b, .db = db, .now = now, .budget = budget};
    enum err err = unanswered_read(&ask, arena, &items, &count, why);
    if (err == ERR_OK) {
        *out = roaring_bitmap_create();
        for (size_t i = 0; i < count; i++)
            roaring_bitmap_add(*out, items[i].member);
    }
    arena_destroy(arena);
    return err;
}
