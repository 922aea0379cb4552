/* bench_spill.c - blocks of one bucket each, in one file.
 *
 * The file is an array of blocks of BLOCK_ROWS rows. A bucket knows the numbers of its blocks, in
 * order, and holds in memory the rows that do not fill one yet. */
#include "main/bench_spill.h"

#include "base/fs.h"
#include "base/vec.h"

#define BLOCK_ROWS 256 /* 4 KiB: the last blocks of some hundred buckets stay in a cache */
#define BLOCK_BYTES (BLOCK_ROWS * sizeof(struct bench_row))

struct bucket {
    VEC(uint32_t) blocks;   /* numbers of its full blocks */
    struct bench_row *last; /* [BLOCK_ROWS] the rows behind them; NULL before the first */
    size_t last_count;
};

struct bench_spill {
    int write_fd, read_fd; /* of one file */
    uint32_t block_count;  /* written */
    size_t bucket_count;
    struct bucket buckets[];
};

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

static enum err write_block(struct bench_spill *s, struct bucket *b, struct why *why)
{
    TRY(fs_write(s->write_fd, b->last, BLOCK_BYTES, why));
    VEC_PUSH(&b->blocks, s->block_count++);
    b->last_count = 0;
    return ERR_OK;
}

enum err bench_spill_add(struct bench_spill *s, size_t bucket, const struct bench_row *row,
                         struct why *why)
{
    struct bucket *b = &s->buckets[bucket];
    if (!b->last) b->last = mem_alloc(BLOCK_BYTES);
    if (b->last_count == BLOCK_ROWS) TRY(write_block(s, b, why));
    b->last[b->last_count++] = *row;
    return ERR_OK;
}

uint64_t bench_spill_rows(const struct bench_spill *s, size_t bucket)
{
    const struct bucket *b = &s->buckets[bucket];
    return (uint64_t)b->blocks.count * BLOCK_ROWS + b->last_count;
}

enum err bench_spill_read(const struct bench_spill *s, size_t bucket, struct bench_row *rows,
                          struct why *why)
{
    const struct bucket *b = &s->buckets[bucket];
    for (size_t i = 0; i < b->blocks.count; i++) {
        uint64_t offset = (uint64_t)b->blocks.items[i] * BLOCK_BYTES;
        TRY(fs_read_at(s->read_fd, rows + i * BLOCK_ROWS, BLOCK_BYTES, offset, why));
    }
    if (b->last_count)
        memcpy(rows + b->blocks.count * BLOCK_ROWS, b->last, b->last_count * sizeof(*rows));
    return ERR_OK;
}
