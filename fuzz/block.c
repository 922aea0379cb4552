/* block.c - fuzz target: the events of one commit, as found and with the checksum made right.
 *
 * What is decoded must be sound, and must come back the same when it is encoded and decoded again.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "eventlog/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_prop(const struct event_prop *a, const struct event_prop *b)
{
    if (a->id != b->id || a->type != b->type) return false;
    uint64_t x, y;
    memcpy(&x, &a->number, sizeof(x));
    memcpy(&y, &b->number, sizeof(y));
    return a->type == PROP_TEXT ? str_eq(a->text, b->text) : x == y;
}

static bool same_event(const struct event *a, const struct event *b)
{
    bool same = a->at == b->at && a->received_at == b->received_at && a->persona == b->persona &&
                a->other == b->other && a->amount == b->amount && a->kind == b->kind &&
                hash128_eq(a->id, b->id) && a->prop_count == b->prop_count &&
                memcmp(a->dim, b->dim, sizeof(a->dim)) == 0;
    for (uint32_t i = 0; same && i < a->prop_count; i++)
        same = same_prop(&a->props[i], &b->props[i]);
    return same;
}

static void check_event(const struct event *ev)
{
    assert(ev->at >= 0 && ev->at <= EVENT_AT_MAX && ev->kind > 0);
    assert(ev->prop_count <= LIMIT_PROPS_PER_EVENT);
    for (uint32_t i = 0; i < ev->prop_count; i++) {
        const struct event_prop *p = &ev->props[i];
        assert(p->id > (i ? ev->props[i - 1].id : 0));
        assert(p->type == PROP_TEXT || !isnan(p->number));
    }
}

static void decode(const uint8_t *data, size_t size)
{
    struct arena *a = arena_create(0);
    struct block block, again;
    struct strbuf out = {0};
    struct why why;
    enum err err = block_decode((struct str){(const char *)data, size}, "block", a, &block, &why);
    assert(err == ERR_OK || err == ERR_CORRUPT);
    if (err == ERR_OK) {
        for (size_t i = 0; i < block.count; i++)
            check_event(&block.events[i]);
        block_encode(block.events, block.count, block.first_seq, &out);
        if (block_decode(strbuf_str(&out), "again", a, &again, &why) != ERR_OK) abort();
        assert(again.count == block.count && again.first_seq == block.first_seq);
        for (size_t i = 0; i < block.count; i++) {
            assert(same_event(&block.events[i], &again.events[i]));
        }
    }
    strbuf_finish(&out);
    arena_destroy(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = mem_copy(data, size);
    decode(copy, size);
    if (size >= 32) {
        uint32_t length = (uint32_t)(size - 32);
        memcpy(copy + 20, &length, sizeof(length));
        uint64_t sum = hash_xxh3(copy, size - sizeof(sum));
        memcpy(copy + size - sizeof(sum), &sum, sizeof(sum));
        decode(copy, size);
    }
    mem_free(copy);
    return 0;
}
