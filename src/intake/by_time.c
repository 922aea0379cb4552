/* by_time.c - sorted runs one after the other in a file, merged by a heap.
 *
 * A record is its length (4 bytes), the time, the row, and the fact; a text is its length plus 1,
 * or 0 for none, and its bytes. Runs are numbered as they came, so the number settles ties.
 *
 * Invariant: the record at hand of every run in the heap lies whole in the run's buffer. */
#include "intake/by_time.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/vec.h"
#include "brand/said.h"
#include "eventlog/bytes.h"

#define BUFFER_BYTES ((size_t)1 << 17)
#define FLUSH_BYTES ((size_t)1 << 20)

struct run {
    uint64_t next, end; /* of the file: what is not read yet */
    uint8_t *buffer;
    size_t at, len, size; /* buffer[at .. len) is not used yet */
    int64_t time;         /* of the record at hand */
};

struct by_time {
    int write_fd, read_fd;
    uint64_t written; /* bytes of the file */
    struct strbuf out;
    VEC(struct run) runs;
    size_t *heap; /* places in 'runs', the least first; NULL before the first by_time_next */
    size_t heap_count;
};

enum err by_time_create(const char *spool_dir, uint64_t tag, struct by_time **out, struct why *why)
{
    char path[600];
    struct by_time *b = mem_alloc(sizeof(*b));
    snprintf(path, sizeof(path), "%.500s/import-%016" PRIx64 ".sorted", spool_dir, tag);
    enum err err = fs_scratch(path, &b->write_fd, &b->read_fd, why);
    if (err != ERR_OK) {
        by_time_destroy(b);
        return err;
    }
    *out = b;
    return ERR_OK;
}

void by_time_destroy(struct by_time *b)
{
    if (!b) return;
    fs_close(b->write_fd);
    fs_close(b->read_fd);
    for (size_t i = 0; i < b->runs.count; i++)
        mem_free(b->runs.items[i].buffer);
    VEC_FINISH(&b->runs);
    strbuf_finish(&b->out);
    mem_free(b->heap);
    mem_free(b);
}

/* ---- writing ---- */

static void put_text(struct strbuf *out, struct str s)
{
    put_varint(out, s.p ? s.len + 1 : 0);
    if (s.p) strbuf_add_str(out, s);
}

static void put_identities(struct strbuf *out, const struct identity *ids, uint32_t count)
{
    put_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        put_u8(out, (uint8_t)ids[i].kind);
        put_text(out, ids[i].value);
    }
}

static void put_values(struct strbuf *out, const struct fact_value *values, uint32_t count)
{
    put_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i].number, sizeof(bits));
        put_text(out, values[i].name);
        put_u8(out, (uint8_t)values[i].type);
        put_u64(out, bits);
        put_text(out, values[i].text);
    }
}

static void put_said(struct strbuf *out, const struct said *s)
{
    put_text(out, s->text);
    put_text(out, s->message);
    put_text(out, s->reply_to);
    put_text(out, s->links);
    put_text(out, s->qr);
    put_u8(out, (uint8_t)(s->edited | s->recalled << 1));
}

static void put_fact(struct strbuf *out, const struct fact *f, const struct file_row *row)
{
    size_t start = out->len;
    put_u32(out, 0); /* its length, set below */
    put_u64(out, (uint64_t)f->at);
    put_varint(out, row->line);
    put_text(out, row->text);
    put_varint(out, row->unknown_staff);
    put_text(out, f->id);
    put_text(out, f->kind);
    put_text(out, f->label);
    put_identities(out, f->who, f->who_count);
    put_identities(out, f->other, f->other_count);
    for (int d = 0; d < DIM_COUNT; d++)
        put_text(out, f->code[d]);
    put_u64(out, (uint64_t)f->amount);
    put_values(out, f->props, f->prop_count);
    put_values(out, f->traits, f->trait_count);
    put_text(out, f->tags);
    put_text(out, f->owner);
    put_text(out, f->contacts);
    put_u8(out, (uint8_t)(f->alias | f->rename << 1 | (f->said != NULL) << 2));
    if (f->said) put_said(out, f->said);
    uint32_t len = (uint32_t)(out->len - start - sizeof(len));
    memcpy(out->p + start, &len, sizeof(len));
}

static enum err flush(struct by_time *b, struct why *why)
{
    TRY(fs_write(b->write_fd, b->out.p, b->out.len, why));
    b->written += b->out.len;
    strbuf_reset(&b->out);
    return ERR_OK;
}

enum err by_time_add(struct by_time *b, const struct fact *facts, const struct file_row *rows,
                     size_t count, struct why *why)
{
    if (count == 0) return ERR_OK;
    struct run run = {.next = b->written};
    struct fact_place *order = fact_time_order(facts, count);
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        put_fact(&b->out, &facts[order[i].place], &rows[order[i].place]);
        if (b->out.len >= FLUSH_BYTES || i + 1 == count) err = flush(b, why);
    }
    mem_free(order);
    run.end = b->written;
    VEC_PUSH(&b->runs, run);
    return err;
}

/* ---- reading ---- */

static struct str get_text(struct byte_reader *in, struct arena *a)
{
    uint64_t len = get_varint(in);
    const uint8_t *p = len ? get_bytes(in, len - 1) : NULL;
    return p ? arena_str(a, (struct str){(const char *)p, len - 1}) : (struct str){NULL, 0};
}

static struct identity *get_identities(struct byte_reader *in, uint32_t *count, struct arena *a)
{
    *count = get_varint32(in);
    if (*count == 0 || *count > byte_reader_left(in)) return NULL;
    struct identity *ids = arena_alloc_array(a, *count, sizeof(*ids));
    for (uint32_t i = 0; i < *count; i++) {
        ids[i].kind = (enum identity_kind)get_u8(in);
        ids[i].value = get_text(in, a);
    }
    return ids;
}

static struct fact_value *get_values(struct byte_reader *in, uint32_t *count, struct arena *a)
{
    *count = get_varint32(in);
    if (*count == 0 || *count > byte_reader_left(in)) return NULL;
    struct fact_value *values = arena_alloc_array(a, *count, sizeof(*values));
    for (uint32_t i = 0; i < *count; i++) {
        values[i].name = get_text(in, a);
        values[i].type = (enum prop_type)get_u8(in);
        uint64_t bits = get_u64(in);
        memcpy(&values[i].number, &bits, sizeof(bits));
        values[i].text = get_text(in, a);
    }
    return values;
}

static struct said *get_said(struct byte_reader *in, struct arena *a)
{
    struct said *s = arena_alloc(a, sizeof(*s));
    s->text = get_text(in, a);
    s->message = get_text(in, a);
    s->reply_to = get_text(in, a);
    s->links = get_text(in, a);
    s->qr = get_text(in, a);
    uint8_t flags = get_u8(in);
    s->edited = flags & 1;
    s->recalled = flags >> 1;
    return s;
}

/* The file is this process's own and has no name: what is read is what was written. */
static void get_fact(struct byte_reader *in, struct arena *a, struct fact *f, struct file_row *row)
{
    *f = (struct fact){.at = (int64_t)get_u64(in)};
    row->line = get_varint(in);
    row->text = get_text(in, a);
    row->unknown_staff = get_varint(in) != 0;
    f->id = get_text(in, a);
    f->kind = get_text(in, a);
    f->label = get_text(in, a);
    f->who = get_identities(in, &f->who_count, a);
    f->other = get_identities(in, &f->other_count, a);
    for (int d = 0; d < DIM_COUNT; d++)
        f->code[d] = get_text(in, a);
    f->amount = (int64_t)get_u64(in);
    f->props = get_values(in, &f->prop_count, a);
    f->traits = get_values(in, &f->trait_count, a);
    f->tags = get_text(in, a);
    f->owner = get_text(in, a);
    f->contacts = get_text(in, a);
    uint8_t flags = get_u8(in);
    f->alias = flags & 1;
    f->rename = flags >> 1 & 1;
    f->said = flags >> 2 ? get_said(in, a) : NULL;
}

/* At least 'need' bytes at hand; false when the run ends before them. */
static enum err fill(struct by_time *b, struct run *run, size_t need, bool *there, struct why *why)
{
    size_t rest = run->len - run->at;
    *there = rest >= need || rest + (run->end - run->next) >= need;
    if (rest >= need || !*there) return ERR_OK;
    if (need > run->size) {
        run->size = need > BUFFER_BYTES ? need : BUFFER_BYTES;
        run->buffer = mem_resize_array(run->buffer, run->size, 1);
    }
    memmove(run->buffer, run->buffer + run->at, rest);
    uint64_t left = run->end - run->next;
    size_t more = run->size - rest < left ? run->size - rest : (size_t)left;
    TRY(fs_read_at(b->read_fd, run->buffer + rest, more, run->next, why));
    run->next += more;
    run->at = 0;
    run->len = rest + more;
    return ERR_OK;
}

/* Bring the next record whole into the buffer; *there is false behind the last. */
static enum err to_record(struct by_time *b, struct run *run, bool *there, struct why *why)
{
    uint32_t len;
    TRY(fill(b, run, sizeof(len), there, why));
    if (!*there) return ERR_OK;
    memcpy(&len, run->buffer + run->at, sizeof(len));
    TRY(fill(b, run, sizeof(len) + len, there, why));
    if (*there) memcpy(&run->time, run->buffer + run->at + sizeof(len), sizeof(run->time));
    return ERR_OK;
}

static bool is_before(const struct by_time *b, size_t x, size_t y)
{
    const struct run *a = &b->runs.items[x], *c = &b->runs.items[y];
    return a->time != c->time ? a->time < c->time : x < y;
}

static void sift_down(struct by_time *b, size_t i)
{
    size_t moved = b->heap[i];
    for (size_t child; (child = 2 * i + 1) < b->heap_count; i = child) {
        bool right = child + 1 < b->heap_count && is_before(b, b->heap[child + 1], b->heap[child]);
        child += right;
        if (!is_before(b, b->heap[child], moved)) break;
        b->heap[i] = b->heap[child];
    }
    b->heap[i] = moved;
}

static enum err begin_merge(struct by_time *b, struct why *why)
{
    b->heap = mem_alloc_array(b->runs.count + 1, sizeof(b->heap[0]));
    for (size_t i = 0; i < b->runs.count; i++) {
        bool there;
        TRY(to_record(b, &b->runs.items[i], &there, why));
        if (there) b->heap[b->heap_count++] = i;
    }
    for (size_t i = b->heap_count / 2; i-- > 0;)
        sift_down(b, i);
    return ERR_OK;
}

enum err by_time_next(struct by_time *b, struct arena *arena, struct fact *out,
                      struct file_row *row, bool *more, struct why *why)
{
    uint32_t len;
    bool there;
    if (!b->heap) TRY(begin_merge(b, why));
    *more = b->heap_count > 0;
    if (!*more) return ERR_OK;
    struct run *run = &b->runs.items[b->heap[0]];
    memcpy(&len, run->buffer + run->at, sizeof(len));
    struct byte_reader in = byte_reader_of(run->buffer + run->at + sizeof(len), len);
    get_fact(&in, arena, out, row);
    assert(!in.bad);
    run->at += sizeof(len) + len;
    TRY(to_record(b, run, &there, why));
    if (!there) b->heap[0] = b->heap[--b->heap_count];
    if (b->heap_count > 1) sift_down(b, 0);
    return ERR_OK;
}
