/* bench_spill.c - blocks of one bucket each, in one file.
 *
 * The file is an array of blocks of BENCH_BLOCK_ROWS rows. A bucket knows the numbers of its
 * blocks, in order, and holds in memory the rows that do not fill one yet. */
#include "main/bench_spill.h"

#include "base/fs.h"

#define BLOCK_BYTES (BENCH_BLOCK_ROWS * sizeof(struct bench_row))

enum err bench_spill_create(const char *path, size_t buckets, struct bench_spill **out,
                            struct why *why)
{
    struct bench_spill *s = mem_alloc(sizeof(*s) + buckets * sizeof(s->buckets[0]));
    s->bucket_count = buckets;
    enum err err = fs_scratch(path, &s->write_fd, &s->read_fd, why);
    if (err != ERR_OK) {
        bench_spill_destroy(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

void bench_spill_destroy(struct bench_spill *s)
{
    if (!s) return;
    fs_close(s->write_fd);
    fs_close(s->read_fd);
    for (size_t i = 0; i < s->bucket_count; i++) {
        VEC_FINISH(&s->buckets[i].blocks);
        mem_free(s->buckets[i].last);
    }
    mem_free(s);
}

enum err bench_spill_grow(struct bench_spill *s, struct bench_bucket *b, struct why *why)
{
    if (b->last) {
        TRY(fs_write(s->write_fd, b->last, BLOCK_BYTES, why));
        VEC_PUSH(&b->blocks, s->block_count++);
    } else {
        b->last = mem_alloc(BLOCK_BYTES);
    }
    b->room = BENCH_BLOCK_ROWS;
    return ERR_OK;
}

static size_t last_count(const struct bench_bucket *b)
{
    return b->last ? BENCH_BLOCK_ROWS - b->room : 0;
}

uint64_t bench_spill_rows(const struct bench_spill *s, size_t bucket)
{
    const struct bench_bucket *b = &s->buckets[bucket];
    return (uint64_t)b->blocks.count * BENCH_BLOCK_ROWS + last_count(b);
}

enum err bench_spill_read(const struct bench_spill *s, size_t bucket, struct bench_row *rows,
                          struct why *why)
{
    const struct bench_bucket *b = &s->buckets[bucket];
    for (size_t i = 0; i < b->blocks.count; i++) {
        uint64_t offset = (uint64_t)b->blocks.items[i] * BLOCK_BYTES;
        TRY(fs_read_at(s->read_fd, rows + i * BENCH_BLOCK_ROWS, BLOCK_BYTES, offset, why));
    }
    size_t rest = last_count(b);
    if (rest) memcpy(rows + b->blocks.count * BENCH_BLOCK_ROWS, b->last, rest * sizeof(*rows));
    return ERR_OK;
}
