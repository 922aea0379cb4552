/* block.c - events one after the other, each as the difference to the one before.
 *
 * Times are differences, everything that is absent is a clear bit in the flags, numbers are
 * varints. The checksum at the end covers all before it, so rot is found before a byte is believed;
 * the decoder still checks every value, as it would a stranger's. */
#include "eventlog/block.h"

#include <assert.h>
#include <math.h>

#include "base/limits.h"
#include "eventlog/bytes.h"

#define MAGIC 0x4b424657u /* "WFBK" */
#define VERSION 1
#define HEAD_BYTES 24
#define SUM_BYTES 8
#define EVENT_BYTES_MIN 4 /* flags, kind, at, received */
#define PROP_BYTES_MIN 3  /* id, type, bool or length */

enum {
    /* bits 0 .. DIM_COUNT - 1: the dimensions */
    HAS_PERSONA = 1u << 8,
    HAS_OTHER = 1u << 9,
    HAS_AMOUNT = 1u << 10,
    HAS_ID = 1u << 11,
    HAS_PROPS = 1u << 12,
    HAS_KNOWN = ((1u << DIM_COUNT) - 1) | HAS_PERSONA | HAS_OTHER | HAS_AMOUNT | HAS_ID | HAS_PROPS,
};

static uint32_t flags_of(const struct event *ev)
{
    uint32_t flags = 0;
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        if (ev->dim[d]) flags |= 1u << d;
    }
    if (ev->persona) flags |= HAS_PERSONA;
    if (ev->other) flags |= HAS_OTHER;
    if (ev->amount != HISTORY_NO_AMOUNT) flags |= HAS_AMOUNT;
    if (ev->id.lo || ev->id.hi) flags |= HAS_ID;
    if (ev->prop_count) flags |= HAS_PROPS;
    return flags;
}

static void put_props(const struct event *ev, struct strbuf *out)
{
    uint32_t last = 0;
    assert(ev->prop_count <= LIMIT_PROPS_PER_EVENT);
    put_varint(out, ev->prop_count);
    for (uint32_t i = 0; i < ev->prop_count; i++) {
        const struct event_prop *p = &ev->props[i];
        assert(p->id > last);
        put_varint(out, p->id - last);
        put_u8(out, (uint8_t)p->type);
        last = p->id;
        if (p->type == PROP_TEXT) {
            put_varint(out, p->text.len);
            strbuf_add_str(out, p->text);
        } else if (p->type == PROP_NUMBER) {
            assert(!isnan(p->number));
            strbuf_add(out, &p->number, sizeof(p->number));
        } else {
            put_u8(out, p->number != 0);
        }
    }
}

/* 'last' is the event before, or a zeroed one. */
static void put_event(const struct event *ev, const struct event *last, struct strbuf *out)
{
    uint32_t flags = flags_of(ev);
    assert(ev->kind > 0 && ev->at >= 0 && ev->at <= EVENT_AT_MAX);
    put_varint(out, flags);
    put_varint(out, ev->kind);
    put_varint(out, zigzag(ev->at - last->at));
    put_varint(out, zigzag((int64_t)((uint64_t)ev->received_at - (uint64_t)last->received_at)));
    if (flags & HAS_PERSONA) put_varint(out, ev->persona);
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        if (ev->dim[d]) put_varint(out, ev->dim[d]);
    }
    if (flags & HAS_OTHER) put_varint(out, ev->other);
    if (flags & HAS_AMOUNT) put_varint(out, zigzag(ev->amount));
    if (flags & HAS_ID) {
        put_u64(out, ev->id.lo);
        put_u64(out, ev->id.hi);
    }
    if (flags & HAS_PROPS) put_props(ev, out);
}

void block_encode(const struct event *events, size_t count, uint64_t first_seq, struct strbuf *out)
{
    static const struct event zero;
    size_t start = out->len;
    assert(count <= UINT32_MAX);
    put_u32(out, MAGIC);
    put_u32(out, VERSION);
    put_u64(out, first_seq);
    put_u32(out, (uint32_t)count);
    put_u32(out, 0); /* length of the events, set below */
    for (size_t i = 0; i < count; i++)
        put_event(&events[i], i ? &events[i - 1] : &zero, out);
    size_t length = out->len - start - HEAD_BYTES;
    assert(length <= UINT32_MAX);
    memcpy(out->p + start + HEAD_BYTES - sizeof(uint32_t), &(uint32_t){(uint32_t)length},
           sizeof(uint32_t));
    put_u64(out, hash_xxh3(out->p + start, out->len - start));
}

/* A block being decoded. */
struct decoding {
    struct byte_reader in;
    const char *name; /* of the block, for messages */
    struct arena *arena;
    struct why *why;
};

static enum err damage(struct decoding *d, size_t offset, const char *reason)
{
    return why_fail(d->why, ERR_CORRUPT, MSG_CORRUPT, "", "%s|%zu|%s", d->name, offset, reason);
}

static enum err bad_event(struct decoding *d)
{
    return damage(d, byte_reader_offset(&d->in), "an event cannot be decoded");
}

static bool get_prop(struct decoding *d, uint32_t last, struct event_prop *p)
{
    struct byte_reader *in = &d->in;
    uint64_t id = last + get_varint(in);
    uint8_t type = get_u8(in);
    if (in->bad || id <= last || id > UINT32_MAX || type > PROP_BOOL) return false;
    p->id = (uint32_t)id;
    p->type = type;
    if (type == PROP_TEXT) {
        size_t len = get_varint(in);
        const uint8_t *text = get_bytes(in, len);
        if (!text) return false;
        p->text = arena_str(d->arena, (struct str){(const char *)text, len});
    } else if (type == PROP_NUMBER) {
        get_fixed(in, &p->number, sizeof(p->number));
    } else {
        uint8_t truth = get_u8(in);
        if (truth > 1) return false;
        p->number = truth;
    }
    return !in->bad && !isnan(p->number);
}

static bool get_props(struct decoding *d, struct event *ev)
{
    uint64_t count = get_varint(&d->in);
    if (count == 0 || count > LIMIT_PROPS_PER_EVENT) return false;
    if (count * PROP_BYTES_MIN > byte_reader_left(&d->in)) return false;
    struct event_prop *props = arena_alloc_array(d->arena, count, sizeof(*props));
    for (uint32_t i = 0; i < count; i++) {
        if (!get_prop(d, i ? props[i - 1].id : 0, &props[i])) return false;
    }
    ev->props = props;
    ev->prop_count = (uint16_t)count;
    return true;
}

/* A u32 that is there only when it is not 0. */
static uint32_t get_code(struct byte_reader *in, bool present)
{
    if (!present) return 0;
    uint32_t v = get_varint32(in);
    if (v == 0) in->bad = true;
    return v;
}

/* 'ev' is zeroed, 'last' the event before or a zeroed one. */
static bool get_event(struct decoding *d, const struct event *last, struct event *ev)
{
    struct byte_reader *in = &d->in;
    uint32_t flags = get_varint32(in);
    uint32_t kind = get_varint32(in);
    ev->at = (int64_t)((uint64_t)last->at + (uint64_t)unzigzag(get_varint(in)));
    ev->received_at = (int64_t)((uint64_t)last->received_at + (uint64_t)unzigzag(get_varint(in)));
    if (in->bad || flags & ~(uint32_t)HAS_KNOWN || kind == 0 || kind > UINT16_MAX) return false;
    if (ev->at < 0 || ev->at > EVENT_AT_MAX) return false;
    ev->kind = (uint16_t)kind;
    ev->persona = get_code(in, flags & HAS_PERSONA);
    for (unsigned i = 0; i < DIM_COUNT; i++)
        ev->dim[i] = get_code(in, flags & 1u << i);
    ev->other = get_code(in, flags & HAS_OTHER);
    ev->amount = flags & HAS_AMOUNT ? unzigzag(get_varint(in)) : HISTORY_NO_AMOUNT;
    if (flags & HAS_ID) {
        ev->id.lo = get_u64(in);
        ev->id.hi = get_u64(in);
    }
    if (in->bad) return false;
    return flags & HAS_PROPS ? get_props(d, ev) : true;
}

/* Magic, version, lengths and checksum; what is left in d->in are the events. */
static enum err get_head(struct decoding *d, struct str bytes, struct block *out)
{
    struct byte_reader *in = &d->in;
    *in = byte_reader_of(bytes.p, bytes.len);
    if (bytes.len < HEAD_BYTES + SUM_BYTES) return damage(d, bytes.len, "it ends too early");
    if (get_u32(in) != MAGIC) return damage(d, 0, "it does not begin as a block");
    struct byte_reader end = byte_reader_of(bytes.p + bytes.len - SUM_BYTES, SUM_BYTES);
    if (get_u64(&end) != hash_xxh3(bytes.p, bytes.len - SUM_BYTES)) {
        return damage(d, bytes.len - SUM_BYTES, "the checksum differs");
    }
    if (get_u32(in) != VERSION) {
        return why_fail(d->why, ERR_CORRUPT, MSG_NEWER, "", "%s|%d|%s", d->name, 4, "format");
    }
    out->first_seq = get_u64(in);
    out->count = get_u32(in);
    size_t length = get_u32(in);
    in->end -= SUM_BYTES;
    if (length != byte_reader_left(in)) return damage(d, HEAD_BYTES, "it has another length");
    if (out->count > length / EVENT_BYTES_MIN) return damage(d, HEAD_BYTES, "it is too short");
    return ERR_OK;
}

enum err block_decode(struct str bytes, const char *name, struct arena *a, struct block *out,
                      struct why *why)
{
    struct decoding d = {.name = name, .arena = a, .why = why};
    struct block block = {0};
    TRY(get_head(&d, bytes, &block));
    block.events = arena_alloc_array(a, block.count, sizeof(*block.events));
    struct event before = {0};
    for (size_t i = 0; i < block.count; i++) {
        const struct event *last = i ? &block.events[i - 1] : &before;
        if (!get_event(&d, last, &block.events[i])) return bad_event(&d);
    }
    if (byte_reader_left(&d.in)) return bad_event(&d);
    *out = block;
    return ERR_OK;
}
