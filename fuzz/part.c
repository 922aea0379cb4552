/* part.c - fuzz target: a part file, as found and with its checksums made right.
 *
 * The input is a whole file. It is read once as it is, and once with the checksums of the footer
 * and of every chunk it names put in order, so that the decoders are reached. Whatever opens is
 * read by group, by member, by kind, by row and by part_verify; rows must be what every reader of
 * events may rely on, and the same whichever way they are read.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/codeset.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/selection.h"
#include "eventlog/part_file.h"

#define ROWS_MAX 200000 /* of a part that is read whole */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* A run allocates a few blocks of a megabyte: that many freed ones are watched for late uses, and
 * their shadow is cleared in place, where giving it back and faulting it in takes longer. */
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16:malloc_context_size=4:clear_shadow_mmap_threshold=16777216";
}

/* Give back what was sized for this input, so that a read past it is found. What has one size
 * whatever the input, 1.5 MiB, is kept for the next. */
static void release(struct rows *rows)
{
    struct part_scratch *s = rows->scratch;
    rows->scratch = NULL;
    rows_finish(rows);
    rows->scratch = s;
    if (!s) return;
    strbuf_finish(&s->bytes);
    VEC_FINISH(&s->slices);
}

static void check_event(const struct event *ev)
{
    assert(ev->at >= 0 && ev->at <= EVENT_AT_MAX && ev->kind > 0);
    assert(ev->prop_count <= LIMIT_PROPS_PER_EVENT);
    for (uint32_t i = 0; i < ev->prop_count; i++) {
        const struct event_prop *p = &ev->props[i];
        assert(p->id > (i ? ev->props[i - 1].id : 0) || i == 0);
        assert(p->type == PROP_TEXT || !isnan(p->number));
    }
}

static void read_rows(struct part *p)
{
    struct part_cursor *c;
    const struct event *ev;
    struct why why;
    uint32_t persona = 0;
    int64_t at = 0;
    if (part_cursor_open(p, &c, &why) != ERR_OK) return;
    while (part_cursor_next(c, &ev, &why) == ERR_OK) {
        check_event(ev);
        assert(ev->persona > persona || (ev->persona == persona && ev->at >= at));
        persona = ev->persona;
        at = ev->at;
    }
    part_cursor_close(c);
}

static const enum prop_type types[] = {PROP_TEXT, PROP_NUMBER, PROP_TEXT, PROP_NUMBER, PROP_BOOL};
static const struct columns columns = {.mask = ~(uint32_t)(COLUMN_NO_KIND | COLUMN_ROUGH),
                                       .prop_count = 5,
                                       .props = {2, 3, 7, 40, 41}};

/* A few members' rows alone: those of a group that can be read are the same; those of another may
 * be read or not. */
static void read_members(const struct part *p, uint32_t g, const struct rows *all)
{
    static struct rows own;
    struct why why;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t run = all ? (uint32_t)((uint64_t)(all->runs - 1) * i / 3) : 0;
        uint32_t min = part_get_group(p, g)->persona_min, max = part_get_group(p, g)->persona_max;
        uint32_t who = all ? all->run_persona[run] : min + (max - min) / 3 * i;
        struct part_wanted wanted = {&columns, types, &who, 1};
        enum err err = part_read_personas(p, g, &wanted, &own, &why);
        if (!all) continue;
        uint32_t from = all->run_off[run];
        assert(err == ERR_OK && own.runs == 1 && own.run_persona[0] == who);
        assert(own.count == all->run_off[run + 1] - from);
        assert(memcmp(own.at, all->at + from, own.count * sizeof(own.at[0])) == 0);
        assert(memcmp(own.kind, all->kind + from, own.count * sizeof(own.kind[0])) == 0);
        assert(memcmp(own.amount, all->amount + from, own.count * sizeof(own.amount[0])) == 0);
        assert(memcmp(own.other, all->other + from, own.count * sizeof(own.other[0])) == 0);
        for (int d = 0; d < DIM_COUNT; d++)
            assert(memcmp(own.dim[d], all->dim[d] + from, own.count * sizeof(uint32_t)) == 0);
    }
    release(&own);
}

static void check_chosen(const struct rows *all, const struct codeset *kinds,
                         const struct rows *some)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        if (!codeset_has(kinds, all->kind[i])) continue;
        assert(n < some->count && some->at[n] == all->at[i] && some->kind[n] == all->kind[i]);
        assert(some->amount[n] == all->amount[i] && some->other[n] == all->other[i]);
        n++;
    }
    assert(n == some->count && some->run_off[some->runs] == n);
}

/* The rows of one kind alone, of one that is there when the group can be read. */
static void read_kind(const struct part *p, uint32_t g, const struct rows *all)
{
    static struct rows some;
    static uint64_t bits[PART_GROUP_ROWS / 64];
    static uint32_t rows[PART_GROUP_ROWS + SELECTION_SLACK],
        runs[PART_GROUP_ROWS + SELECTION_SLACK];
    struct columns asked = columns;
    struct codeset kinds = {0};
    struct why why;
    bool chosen;
    asked.mask &= ~(uint32_t)COLUMN_RECEIVED;
    codeset_add(&kinds, all ? all->kind[all->count / 2] : 1);
    struct part_choice choice = {&asked, types, &kinds, bits, rows, runs};
    enum err err = part_read_kinds(p, g, &choice, &some, &chosen, &why);
    if (all) {
        assert(err == ERR_OK);
        if (chosen) check_chosen(all, &kinds, &some);
        if (!chosen) assert(some.count == all->count);
    }
    release(&some);
}

static void read_groups(const struct part *p)
{
    static struct rows rows;
    struct why why;
    for (uint32_t g = 0; g < part_group_count(p); g++) {
        if (part_read_group(p, g, &columns, types, &rows, &why) != ERR_OK) {
            read_members(p, g, NULL);
            read_kind(p, g, NULL);
            continue;
        }
        read_members(p, g, &rows);
        read_kind(p, g, &rows);
        const struct part_group *group = part_get_group(p, g);
        assert(rows.run_persona[0] >= group->persona_min && rows.run_off[rows.runs] == rows.count);
        assert(rows.run_persona[rows.runs - 1] <= group->persona_max);
        for (uint32_t i = 0; i < rows.count; i++) {
            assert(rows.at[i] >= 0 && rows.at[i] <= group->at_max);
            for (uint32_t k = 0; k < rows.prop_count; k++) {
                const struct rows_prop *prop = &rows.props[k];
                assert(prop->type != PROP_TEXT || prop->text[i] < prop->string_count);
            }
        }
    }
    release(&rows);
}

static void read_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[64];
    struct part *p;
    struct why why;
    if (fd < 0) fd = memfd_create("part", MFD_CLOEXEC);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    enum err err = part_open(path, &p, &why);
    assert(err == ERR_OK || err == ERR_CORRUPT);
    if (err != ERR_OK) return;
    if (part_get_info(p)->rows <= ROWS_MAX) {
        read_groups(p);
        read_rows(p);
        err = part_verify(p, &why);
        assert(err == ERR_OK || err == ERR_CORRUPT);
    }
    part_unref(p);
}

static uint32_t u32_at(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t u64_at(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Put the checksum of the chunk described at 'meta' in order; false at the end of the footer. */
static bool sign_chunk(uint8_t *file, uint8_t *meta, const uint8_t *end)
{
    if (end - meta < PART_CHUNK_BYTES) return false;
    uint64_t offset = u64_at(meta + 8), length = u32_at(meta + 16), size = (uint64_t)(end - file);
    if (offset > size || length > size - offset) return true;
    uint64_t sum = hash_xxh3(file + offset, length);
    memcpy(meta + 24, &sum, sizeof(sum));
    return true;
}

static bool sign_chunks(uint8_t *file, uint8_t **meta, const uint8_t *end, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, *meta += PART_CHUNK_BYTES) {
        if (!sign_chunk(file, *meta, end)) return false;
    }
    return true;
}

static void sign_file(uint8_t *file, size_t size)
{
    uint8_t *tail = file + size - PART_TAIL_BYTES;
    uint64_t offset = u64_at(tail);
    if (offset < PART_HEAD_BYTES || offset > size || size - offset < 48 + PART_TAIL_BYTES) return;
    memcpy(tail + 8, &(uint32_t){(uint32_t)(size - PART_TAIL_BYTES - offset)}, sizeof(uint32_t));
    uint8_t *meta = file + offset + 48;
    bool more = sign_chunks(file, &meta, tail, u32_at(meta - 12));
    for (uint32_t g = u32_at(file + offset + 32); more && g > 0 && tail - meta >= 40; g--) {
        uint32_t chunks = u32_at(meta + 4), kinds = u32_at(meta + 8);
        meta += 40;
        more = sign_chunks(file, &meta, tail, chunks) && kinds <= (size_t)(tail - meta) / 2;
        if (more) meta += 2 * (size_t)kinds;
    }
    struct strbuf all = {0};
    strbuf_add(&all, file, PART_HEAD_BYTES);
    strbuf_add(&all, file + offset, size - 16 - offset);
    uint64_t sum = hash_xxh3(all.p, all.len);
    memcpy(tail + 16, &sum, sizeof(sum));
    strbuf_finish(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_file(data, size);
    if (size < PART_HEAD_BYTES + PART_TAIL_BYTES) return 0;
    uint8_t *copy = mem_copy(data, size);
    sign_file(copy, size);
    read_file(copy, size);
    mem_free(copy);
    return 0;
}
