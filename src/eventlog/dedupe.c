/* dedupe.c - a hash table of recent ids before a list of side files.
 *
 * 1. The table is open addressing with linear probing; an id's home is the low bits of lo, which
 * are even since ids are keyed hashes. Slots are a power of two and at most 3/4 of them are taken.
 * An id of 0,0 marks a free slot: it means "no id" and is never seen.
 * 2. A removal closes the gap by moving later entries of the same run back, so there are no
 *    tombstones and a probe ends at the first free slot.
 * 3. Sealing makes a new table of what stays: the ids that go are most of them.
 * 4. Files are asked newest first; a repeated id is most often of a moment ago. */
#include "eventlog/dedupe.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "eventlog/dedupe_file.h"

#define SLOTS_MIN ((size_t)64)

struct recent {
    struct hash128 id; /* 0,0 = free */
    uint64_t seq;      /* of its event */
};

struct dedupe {
    struct recent *slots;            /* [mask + 1] */
    size_t mask;                     /* slots - 1 */
    size_t count;                    /* slots taken */
    VEC(struct dedupe_file *) files; /* in order of attachment */
};

static bool is_free(const struct recent *r)
{
    return (r->id.lo | r->id.hi) == 0;
}

static void table_init(struct dedupe *d, size_t count)
{
    size_t slots = SLOTS_MIN;
    while (slots / 4 * 3 < count + 1) {
        slots *= 2;
    }
    d->slots = mem_alloc_array(slots, sizeof(d->slots[0]));
    d->mask = slots - 1;
    d->count = 0;
}

struct dedupe *dedupe_create(void)
{
    struct dedupe *d = mem_alloc(sizeof(*d));
    table_init(d, 0);
    return d;
}

void dedupe_destroy(struct dedupe *d)
{
    if (!d) return;
    for (size_t i = 0; i < d->files.count; i++) {
        dedupe_file_close(d->files.items[i]);
    }
    VEC_FINISH(&d->files);
    mem_free(d->slots);
    mem_free(d);
}

/* The slot that holds 'id', or the free one where it would go. */
static struct recent *find(const struct dedupe *d, struct hash128 id)
{
    size_t i = id.lo & d->mask;
    while (!is_free(&d->slots[i]) && !hash128_eq(d->slots[i].id, id)) {
        i = (i + 1) & d->mask;
    }
    return &d->slots[i];
}

/* A new table with the entries whose seq is over 'seq', or all of them, and room for more. */
static void rebuild(struct dedupe *d, size_t count, bool all, uint64_t seq)
{
    struct recent *old = d->slots;
    size_t slots = d->mask + 1;
    table_init(d, count);
    for (size_t i = 0; i < slots; i++) {
        if (is_free(&old[i]) || (!all && old[i].seq <= seq)) continue;
        *find(d, old[i].id) = old[i];
        d->count++;
    }
    mem_free(old);
}

enum err dedupe_seen(struct dedupe *d, struct hash128 id, bool *seen, struct why *why)
{
    struct recent key = {.id = id};
    bool has = !is_free(&key) && !is_free(find(d, id));
    for (size_t i = d->files.count; i-- > 0 && !has && !is_free(&key);) {
        if (!dedupe_file_may_have(d->files.items[i], id)) continue;
        TRY(dedupe_file_has(d->files.items[i], id, &has, why));
    }
    *seen = has;
    return ERR_OK;
}

void dedupe_add(struct dedupe *d, struct hash128 id, uint64_t seq)
{
    struct recent entry = {id, seq};
    if (is_free(&entry)) return;
    if (d->count + 1 > (d->mask + 1) / 4 * 3) rebuild(d, 2 * d->count, true, 0);
    struct recent *slot = find(d, id);
    if (is_free(slot)) d->count++;
    *slot = entry;
}

void dedupe_sealed(struct dedupe *d, uint64_t seq)
{
    size_t stay = 0;
    for (size_t i = 0; i <= d->mask; i++) {
        stay += !is_free(&d->slots[i]) && d->slots[i].seq > seq;
    }
    if (stay < d->count) rebuild(d, stay, false, seq);
}

void dedupe_remove(struct dedupe *d, struct hash128 id)
{
    struct recent *slot = find(d, id);
    if (is_free(slot)) return;
    size_t gap = (size_t)(slot - d->slots);
    for (size_t i = (gap + 1) & d->mask; !is_free(&d->slots[i]); i = (i + 1) & d->mask) {
        size_t home = d->slots[i].id.lo & d->mask;
        /* It may move back only if its home is not between the gap and itself. */
        if (((i - home) & d->mask) < ((i - gap) & d->mask)) continue;
        d->slots[gap] = d->slots[i];
        gap = i;
    }
    d->slots[gap] = (struct recent){{0, 0}, 0};
    d->count--;
}

size_t dedupe_recent(const struct dedupe *d)
{
    return d->count;
}

enum err dedupe_attach(struct dedupe *d, const char *path, struct why *why)
{
    struct dedupe_file *f;
    TRY(dedupe_file_open(path, &f, why));
    VEC_PUSH(&d->files, f);
    return ERR_OK;
}

void dedupe_detach(struct dedupe *d, const char *path)
{
    for (size_t i = 0; i < d->files.count; i++) {
        if (strcmp(dedupe_file_path(d->files.items[i]), path) != 0) continue;
        dedupe_file_close(d->files.items[i]);
        d->files.count--;
        memmove(d->files.items + i, d->files.items + i + 1,
                (d->files.count - i) * sizeof(d->files.items[0]));
        return;
    }
}

/* --- writing, merging, checking --- */

static int by_value(const void *a, const void *b)
{
    return hash128_cmp(*(const struct hash128 *)a, *(const struct hash128 *)b);
}

static void sort_bucket(struct hash128 *ids, size_t count)
{
    if (count > 32) { /* ids that are no even hashes */
        qsort(ids, count, sizeof(ids[0]), by_value);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct hash128 id = ids[i];
        size_t k = i;
        for (; k > 0 && hash128_cmp(id, ids[k - 1]) < 0; k--) {
            ids[k] = ids[k - 1];
        }
        ids[k] = id;
    }
}

/* Into buckets of about four by the high bits, then each bucket by insertion. */
static void sort_ids(const struct hash128 *ids, size_t count, struct hash128 *out)
{
    unsigned bits = 1;
    while (bits < 24 && (size_t)4 << bits < count) {
        bits++;
    }
    size_t buckets = (size_t)1 << bits;
    unsigned shift = 64 - bits;
    size_t *end = mem_alloc_array(buckets + 1, sizeof(*end)); /* of bucket i - 1, at first */
    for (size_t i = 0; i < count; i++) {
        end[(ids[i].hi >> shift) + 1]++;
    }
    for (size_t b = 1; b <= buckets; b++) {
        end[b] += end[b - 1];
    }
    for (size_t i = 0; i < count; i++) {
        out[end[ids[i].hi >> shift]++] = ids[i];
    }
    for (size_t b = 0, start = 0; b < buckets; start = end[b++]) {
        sort_bucket(out + start, end[b] - start);
    }
    mem_free(end);
}

enum err dedupe_write(const char *path, const struct hash128 *ids, size_t count,
                      uint64_t *size_bytes, struct why *why)
{
    struct dedupe_writer *w;
    uint64_t written;
    TRY(dedupe_writer_open(path, count, &w, why));
    struct hash128 *sorted = mem_alloc_array(count + 1, sizeof(*sorted));
    sort_ids(ids, count, sorted);
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = dedupe_writer_add(w, sorted[i], why);
    }
    mem_free(sorted);
    if (err == ERR_OK) return dedupe_writer_finish(w, &written, size_bytes, why);
    dedupe_writer_abandon(w);
    return err;
}

/* A file being merged. */
struct source {
    struct dedupe_file *file;    /* owned */
    struct dedupe_cursor cursor; /* page in hand; count 0 at the end */
    size_t next;                 /* next id of the page */
};

static enum err source_step(struct source *s, struct why *why)
{
    if (++s->next < s->cursor.count) return ERR_OK;
    s->next = 0;
    return dedupe_file_next(s->file, &s->cursor, why);
}

static enum err open_sources(struct source *sources, const char *const *paths, size_t count,
                             uint64_t *ids, struct why *why)
{
    *ids = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(dedupe_file_open(paths[i], &sources[i].file, why));
        TRY(dedupe_file_next(sources[i].file, &sources[i].cursor, why));
        *ids += dedupe_file_count(sources[i].file);
    }
    return ERR_OK;
}

static enum err merge_into(struct dedupe_writer *w, struct source *sources, size_t count,
                           struct why *why)
{
    for (;;) {
        struct source *least = NULL;
        for (size_t i = 0; i < count; i++) {
            struct source *s = &sources[i];
            if (s->cursor.count == 0) continue;
            if (!least || hash128_cmp(s->cursor.ids[s->next], least->cursor.ids[least->next]) < 0) {
                least = s;
            }
        }
        if (!least) return ERR_OK;
        TRY(dedupe_writer_add(w, least->cursor.ids[least->next], why));
        TRY(source_step(least, why));
    }
}

enum err dedupe_merge(const char *const *paths, size_t count, const char *path, uint64_t *ids,
                      uint64_t *size_bytes, struct why *why)
{
    struct source *sources = mem_alloc_array(count + 1, sizeof(*sources));
    struct dedupe_writer *w = NULL;
    uint64_t ids_max;
    enum err err = open_sources(sources, paths, count, &ids_max, why);
    if (err == ERR_OK) err = dedupe_writer_open(path, ids_max, &w, why);
    if (err == ERR_OK) err = merge_into(w, sources, count, why);
    if (err == ERR_OK) {
        err = dedupe_writer_finish(w, ids, size_bytes, why);
    } else if (w) {
        dedupe_writer_abandon(w);
    }
    for (size_t i = 0; i < count; i++) {
        dedupe_file_close(sources[i].file);
    }
    mem_free(sources);
    return err;
}

enum err dedupe_verify(const char *path, struct why *why)
{
    struct dedupe_file *f;
    TRY(dedupe_file_open(path, &f, why));
    enum err err = dedupe_file_check(f, why);
    dedupe_file_close(f);
    return err;
}
