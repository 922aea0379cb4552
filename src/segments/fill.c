/* fill.c - everybody is looked through once, beside the keeper, so that their first event need not
 * read their history: after the brand is opened, and when all were forgotten.
 *
 * It learns for a panel of its own from a snapshot; whom the keeper looks at meanwhile (since) is
 * left out of it in the end, and what the keeper remembers goes before. */
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "segments/internal.h"

#define NICENESS 10

static void *filler(void *arg)
{
    struct fill *f = arg;
    struct why why;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* it is not urgent */
    f->err = panel_learn(f->panel, f->memory, f->snapshot, &f->budget, &why);
    pthread_mutex_lock(&f->room->lock);
    f->done = true;
    pthread_cond_signal(&f->room->wake);
    pthread_mutex_unlock(&f->room->lock);
    return NULL;
}

static void destroy(struct fill *f)
{
    memory_destroy(f->memory);
    panel_destroy(f->panel);
    brand_snapshot_release(f->snapshot);
    mem_free(f);
}

void fill_begin(struct room *r)
{
    struct fill *f = mem_alloc(sizeof(*f));
    struct str *texts = mem_alloc_array(r->lives.count + 1, sizeof(*texts));
    for (size_t i = 0; i < r->lives.count; i++)
        texts[i] = str_of(r->lives.items[i]->expr);
    f->room = r;
    f->snapshot = brand_snapshot(r->brand);
    /* after the snapshot: it knows every name in it */
    f->panel = panel_create(r->brand, texts, r->lives.count);
    mem_free(texts);
    panel_set_now(f->panel, r->now);
    f->memory = memory_create(f->panel, memory_room(r->memory));
    f->budget.bytes_left = SIZE_MAX / 2;
    r->unfilled = false;
    roaring_bitmap_clear(r->since);
    if (f->memory && pthread_create(&f->thread, NULL, filler, f) == 0) {
        r->fill = f;
        return;
    }
    destroy(f);
}

static bool leave_out(uint32_t member, void *memory)
{
    memory_forget(memory, member);
    return true;
}

void fill_end(struct room *r)
{
    struct fill *f = r->fill;
    pthread_join(f->thread, NULL);
    r->fill = NULL;
    if (f->err == ERR_OK) {
        roaring_iterate(r->since, leave_out, f->memory);
        struct memory *all = memory_create(r->panel, keeper_memory());
        (void)memory_adopt(all, f->memory);
        (void)memory_adopt(all, r->memory);
        memory_destroy(r->memory);
        r->memory = all;
    }
    destroy(f);
}

void fill_cancel(struct room *r)
{
    if (!r->fill) return;
    atomic_store(&r->fill->budget.cancel, true);
    pthread_join(r->fill->thread, NULL);
    destroy(r->fill);
    r->fill = NULL;
    r->unfilled = true;
}
