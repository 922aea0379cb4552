/* log_load.h - events that come as parts, and what the files of a log lack. */
#pragma once

#include "base/fs.h"
#include "room.h"

/* A case that begins with an empty brand. */
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)

/* A part made directly, of the events first .. first+count-1. */
static inline enum err bulk_batch(struct tx *tx, void *arg, struct why *why)
{
    struct batch *b = arg;
    size_t count = 0;
    struct event *events = mem_alloc_array((size_t)b->count, sizeof(*events));
    const struct event **sorted = mem_alloc_array((size_t)b->count, sizeof(*sorted));
    struct hash128 *ids = mem_alloc_array((size_t)b->count, sizeof(*ids));
    enum err err = tx_bulk_begin(tx, why);
    for (int p = 1; p <= PERSONAS; p++) {
        for (int64_t i = b->first; i < b->first + b->count; i++) {
            char id[32];
            if (1 + i % PERSONAS != p) continue;
            int len = snprintf(id, sizeof(id), "event %" PRId64, i);
            ids[count] = brand_event_id(tx_brand(tx), (struct str){id, (size_t)len});
            events[count] = room_event(i);
            sorted[count] = &events[count];
            count++;
        }
    }
    if (err == ERR_OK) err = tx_bulk_part(tx, sorted, count, ids, count, why);
    mem_free(events);
    mem_free(sorted);
    mem_free(ids);
    return err == ERR_OK ? b->fail : err;
}

static inline void bulk(struct room *r, int64_t first, int64_t count)
{
    struct batch b = {first, count, 0, ERR_OK};
    struct why why = {0};
    must(brand_call(r->brand, bulk_batch, &b, true, &why), &why);
}

static inline void note_finding(void *ctx, const char *what)
{
    (void)what;
    ++*(int *)ctx;
}

static inline int findings(struct room *r)
{
    int count = 0;
    struct why why = {0};
    must(brand_verify_files(r->brand, note_finding, &count, &why), &why);
    return count;
}

static inline uint32_t first_file(struct room *r)
{
    return r->brand->log.parts.items[0].file;
}
