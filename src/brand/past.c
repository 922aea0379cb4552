/* past.c - whether anything of before a moment has come, or gone, since somebody asked to know.
 *
 * The mark is set by the writer after the batch became visible, so that who clears it and then
 * takes a snapshot either sees the batch or is told of it. Batches under way when a moment is named
 * may have been judged by an older one: they are waited for. */
#include "brand/internal.h"

static enum err run_nothing(struct tx *tx, void *arg, struct why *why)
{
    (void)tx;
    (void)arg;
    (void)why;
    return ERR_OK;
}

enum err brand_watch_past(struct brand *b, int64_t before, struct why *why)
{
    atomic_store(&b->past.before, before);
    TRY(brand_call(b, run_nothing, NULL, false, why));
    atomic_store(&b->past.changed, false);
    return ERR_OK;
}

bool brand_past_changed(const struct brand *b)
{
    return atomic_load(&b->past.changed);
}

void brand_touch_past(struct brand *b)
{
    past_mark(b);
}

void past_mark(struct brand *b)
{
    atomic_store(&b->past.changed, true);
}

bool past_is_touched(const struct tx *tx)
{
    int64_t before = atomic_load(&tx->brand->past.before);
    for (size_t i = 0; i < tx->events.count; i++) {
        if (tx->events.items[i].at < before) return true;
    }
    if (tx->bulk_rows == 0) return false;
    for (size_t i = 0; i < tx->change.added.count; i++) {
        if (part_get_info(tx->change.added.items[i].part)->at_min < before) return true;
    }
    return false;
}
