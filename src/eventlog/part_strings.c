/* part_strings.c - the text of a part, one dictionary for each property that has any.
 *
 * A dictionary is read whole when first asked for and stays until the part is closed. Its length is
 * known from the footer, so ids can be checked before any string is read. */
#include <assert.h>

#include "base/fs.h"
#include "base/mem.h"
#include "eventlog/part_file.h"

static void begin_dictionary(struct dictionaries *d, uint32_t id, uint32_t chunk)
{
    struct dictionary fresh = {.id = id, .chunk_first = chunk};
    VEC_PUSH(&d->list, fresh);
}

void dictionaries_init(struct part *p)
{
    struct dictionaries *d = mem_alloc(sizeof(*d));
    const struct chunk *chunks = p->footer.strings.items;
    pthread_mutex_init(&d->lock, NULL);
    for (uint32_t i = 0; i < p->footer.strings.count; i++) {
        if (i == 0 || chunks[i].id != chunks[i - 1].id) begin_dictionary(d, chunks[i].id, i);
        struct dictionary *last = &d->list.items[d->list.count - 1];
        last->chunk_count++;
        last->count = (uint32_t)chunks[i].max + 1;
    }
    p->dictionaries = d;
}

void dictionaries_destroy(struct dictionaries *d)
{
    if (!d) return;
    for (size_t i = 0; i < d->list.count; i++) {
        mem_free(d->list.items[i].strings);
        mem_free(d->list.items[i].bytes);
    }
    VEC_FINISH(&d->list);
    pthread_mutex_destroy(&d->lock);
    mem_free(d);
}

static struct dictionary *find(struct dictionaries *d, uint32_t id)
{
    size_t low = 0, high = d->list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->list.items[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < d->list.count && d->list.items[low].id == id ? &d->list.items[low] : NULL;
}

uint32_t part_string_count(const struct part *p, uint32_t id)
{
    const struct dictionary *d = find(p->dictionaries, id);
    return d ? d->count : 1;
}

/* Chunk 'c' to 'bytes', its strings to their places in 'strings'. */
static enum err load_chunk(const struct part *p, const struct chunk *c, struct codec_reader *codec,
                           uint8_t *bytes, struct str *strings, struct why *why)
{
    TRY(fs_read_at(p->fd, bytes, c->length, c->offset, why));
    if (hash_xxh3(bytes, c->length) != c->checksum) {
        return part_damage(p->path, c->offset, "the checksum of strings differs", why);
    }
    struct str all = {(const char *)bytes, c->length};
    size_t count = (size_t)(c->max - c->min + 1);
    if (codec_read_strings(codec, all, count, strings + c->min)) return ERR_OK;
    return part_damage(p->path, c->offset, "strings cannot be decoded", why);
}

static enum err load(const struct part *p, struct dictionary *d, struct codec_reader *codec,
                     struct why *why)
{
    const struct chunk *chunks = p->footer.strings.items + d->chunk_first;
    size_t total = 0, place = 0;
    for (uint32_t i = 0; i < d->chunk_count; i++)
        total += chunks[i].length;
    uint8_t *bytes = mem_alloc(total + BITS_PAD);
    struct str *strings = mem_alloc_array(d->count, sizeof(*strings));
    for (uint32_t i = 0; i < d->chunk_count; i++) {
        enum err err = load_chunk(p, &chunks[i], codec, bytes + place, strings, why);
        if (err != ERR_OK) {
            mem_free(bytes);
            mem_free(strings);
            return err;
        }
        place += chunks[i].length;
    }
    d->bytes = bytes;
    d->strings = strings;
    return ERR_OK;
}

enum err part_strings(const struct part *p, uint32_t id, struct part_scratch *s,
                      const struct str **strings, uint32_t *count, struct why *why)
{
    static const struct str null_only[1] = {{NULL, 0}};
    struct dictionary *d = find(p->dictionaries, id);
    if (!d) {
        *strings = null_only;
        *count = 1;
        return ERR_OK;
    }
    pthread_mutex_lock(&p->dictionaries->lock);
    enum err err = d->strings ? ERR_OK : load(p, d, s->codec, why);
    if (err == ERR_OK) {
        *strings = d->strings;
        *count = d->count;
    }
    pthread_mutex_unlock(&p->dictionaries->lock);
    return err;
}
