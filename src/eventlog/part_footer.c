/* part_footer.c - the footer of a part, written once and read with suspicion.
 *
 * The checksum in the tail covers the head, the footer and the tail's own numbers, so a flipped
 * byte in any of them is found before one of them is believed; only then is the version looked at,
 * which tells damage from a newer writer. Then: chunks follow each other without a hole from the
 * head to the footer, so no byte of the file is outside a checksum, groups of a level ascend by
 * persona, and levels by time.
 */
#include "eventlog/part_footer.h"

#include <string.h>

#include "base/fs.h"
#include "eventlog/bytes.h"
#include "eventlog/codec.h"

#define HEAD_MAGIC "WFPART\x1a\n"
#define TAIL_MAGIC "\n\x1aTRAPFW"
#define MAGIC_BYTES 8
#define SIGNED_TAIL_BYTES 16 /* of the tail are under its checksum */

enum err part_damage(const char *path, uint64_t offset, const char *reason, struct why *why)
{
    return why_fail(why, ERR_CORRUPT, MSG_CORRUPT, "", "%s|%llu|%s", path,
                    (unsigned long long)offset, reason);
}

void footer_finish(struct footer *f)
{
    VEC_FINISH(&f->groups);
    VEC_FINISH(&f->chunks);
    VEC_FINISH(&f->kinds);
    VEC_FINISH(&f->strings);
    for (int i = 0; i < PART_LEVELS_MAX; i++)
        VEC_FINISH(&f->by_level[i]);
}

void footer_reset(struct footer *f)
{
    VEC_RESET(&f->groups);
    VEC_RESET(&f->chunks);
    VEC_RESET(&f->kinds);
    VEC_RESET(&f->strings);
    f->info = (struct part_info){0};
}

void footer_add_group(struct footer *f, struct footer_group group)
{
    struct part_info *info = &f->info;
    const struct part_group *g = &group.head;
    bool first = info->rows == 0;
    if (first || g->at_min < info->at_min) info->at_min = g->at_min;
    if (first || g->at_max > info->at_max) info->at_max = g->at_max;
    if (first || g->persona_min < info->persona_min) info->persona_min = g->persona_min;
    if (first || g->persona_max > info->persona_max) info->persona_max = g->persona_max;
    info->rows += g->rows;
    VEC_PUSH(&f->groups, group);
}

void footer_append(struct footer *f, const struct footer *more, uint64_t offset)
{
    for (size_t i = 0; i < more->groups.count; i++) {
        struct footer_group group = more->groups.items[i];
        group.chunk_first += (uint32_t)f->chunks.count;
        group.kind_first += (uint32_t)f->kinds.count;
        footer_add_group(f, group);
    }
    for (size_t i = 0; i < more->chunks.count; i++) {
        struct chunk c = more->chunks.items[i];
        c.offset += offset;
        VEC_PUSH(&f->chunks, c);
    }
    for (size_t i = 0; i < more->kinds.count; i++)
        VEC_PUSH(&f->kinds, more->kinds.items[i]);
}

void footer_put_head(struct strbuf *out)
{
    strbuf_add(out, HEAD_MAGIC, MAGIC_BYTES);
    put_u32(out, PART_VERSION);
    put_u32(out, 0);
}

static void put_chunk(const struct chunk *c, struct strbuf *out)
{
    put_u32(out, c->id);
    put_u8(out, c->space);
    put_u8(out, c->codec);
    put_u16(out, 0);
    put_u64(out, c->offset);
    put_u32(out, c->length);
    put_u32(out, 0);
    put_u64(out, c->checksum);
    put_u64(out, (uint64_t)c->min);
    put_u64(out, (uint64_t)c->max);
}

static void put_group(const struct footer *f, const struct footer_group *g, struct strbuf *out)
{
    put_u32(out, g->head.rows);
    put_u32(out, g->chunk_count);
    put_u32(out, g->kind_count);
    put_u32(out, g->head.level);
    put_u32(out, g->head.persona_min);
    put_u32(out, g->head.persona_max);
    put_u64(out, (uint64_t)g->head.at_min);
    put_u64(out, (uint64_t)g->head.at_max);
    for (uint32_t i = 0; i < g->chunk_count; i++)
        put_chunk(&f->chunks.items[g->chunk_first + i], out);
    strbuf_add(out, f->kinds.items + g->kind_first, g->kind_count * sizeof(uint16_t));
}

/* The checksum of what the tail signs: head, footer, and the first part of the tail. */
static uint64_t sign(const char *head, const char *footer, size_t length)
{
    struct strbuf all = {0};
    strbuf_add(&all, head, PART_HEAD_BYTES);
    strbuf_add(&all, footer, length + SIGNED_TAIL_BYTES);
    uint64_t checksum = hash_xxh3(all.p, all.len);
    strbuf_finish(&all);
    return checksum;
}

void footer_encode(struct footer *f, uint64_t offset, struct strbuf *out)
{
    size_t start = out->len;
    put_u64(out, f->info.rows);
    put_u64(out, (uint64_t)f->info.at_min);
    put_u64(out, (uint64_t)f->info.at_max);
    put_u32(out, f->info.persona_min);
    put_u32(out, f->info.persona_max);
    put_u32(out, (uint32_t)f->groups.count);
    put_u32(out, (uint32_t)f->strings.count);
    put_u64(out, 0);
    for (size_t i = 0; i < f->strings.count; i++)
        put_chunk(&f->strings.items[i], out);
    for (size_t i = 0; i < f->groups.count; i++)
        put_group(f, &f->groups.items[i], out);
    size_t length = out->len - start;
    struct strbuf head = {0};
    footer_put_head(&head);
    put_u64(out, offset + start);
    put_u32(out, (uint32_t)length);
    put_u32(out, PART_VERSION);
    f->info.checksum = sign(head.p, out->p + start, length);
    put_u64(out, f->info.checksum);
    strbuf_add(out, TAIL_MAGIC, MAGIC_BYTES);
    f->info.size_bytes = offset + out->len;
    strbuf_finish(&head);
}

/* What the groups of a level have come to. */
struct level {
    bool used;             /* it has a group */
    uint32_t last_persona; /* of its last group */
    int64_t at_min, at_max;
};

/* A footer on its way from bytes to struct. */
struct loader {
    const char *path;
    uint64_t offset;       /* of the footer in the file; chunks end there */
    uint64_t next;         /* where the next chunk must start */
    struct byte_reader in; /* the footer */
    struct footer *f;
    struct why *why;
    struct level levels[PART_LEVELS_MAX];
};

static enum err damage(struct loader *l, const char *reason)
{
    return part_damage(l->path, l->offset + byte_reader_offset(&l->in), reason, l->why);
}

static enum err newer(struct loader *l, const char *what)
{
    unsigned long long at = l->offset + byte_reader_offset(&l->in);
    return why_fail(l->why, ERR_CORRUPT, MSG_NEWER, "", "%s|%llu|%s", l->path, at, what);
}

static bool is_column(uint32_t id)
{
    return (id >= COLUMN_ID_PERSONA && id <= COLUMN_ID_RECEIVED) ||
           (id >= COLUMN_ID_DIM0 && id < COLUMN_ID_DIM0 + DIM_COUNT);
}

static enum err load_chunk(struct loader *l, struct chunk *c)
{
    c->id = get_u32(&l->in);
    c->space = get_u8(&l->in);
    c->codec = get_u8(&l->in);
    uint32_t reserved = get_u16(&l->in);
    c->offset = get_u64(&l->in);
    c->length = get_u32(&l->in);
    reserved |= get_u32(&l->in);
    c->checksum = get_u64(&l->in);
    c->min = (int64_t)get_u64(&l->in);
    c->max = (int64_t)get_u64(&l->in);
    if (l->in.bad) return damage(l, "the footer ends too early");
    if (c->space >= SPACE_END) return newer(l, "kind of chunk");
    if (c->space == SPACE_COLUMN && !is_column(c->id)) return newer(l, "column");
    if (c->codec == 0 || c->codec >= CODEC_END) return newer(l, "codec");
    if (reserved) return newer(l, "field");
    return ERR_OK;
}

/* Chunks lie one after the other: together with the footer they are the file. */
static bool follows(struct loader *l, const struct chunk *c)
{
    if (c->offset != l->next || c->length > l->offset - l->next) return false;
    l->next += c->length;
    return true;
}

static bool has_column(const struct footer *f, const struct footer_group *g, uint32_t id)
{
    for (uint32_t i = 0; i < g->chunk_count; i++) {
        const struct chunk *c = &f->chunks.items[g->chunk_first + i];
        if (c->space == SPACE_COLUMN && c->id == id) return true;
    }
    return false;
}

static void push_chunk(struct footer *f, const struct chunk *c)
{
    VEC_PUSH(&f->chunks, *c);
}

static void push_kind(struct footer *f, uint16_t kind)
{
    VEC_PUSH(&f->kinds, kind);
}

static void push_strings(struct footer *f, const struct chunk *c)
{
    VEC_PUSH(&f->strings, *c);
}

static enum err load_group_chunks(struct loader *l, struct footer_group *g)
{
    uint64_t order = 0;
    g->chunk_first = (uint32_t)l->f->chunks.count;
    for (uint32_t i = 0; i < g->chunk_count; i++) {
        struct chunk c;
        TRY(load_chunk(l, &c));
        if (chunk_order(&c) <= order) return damage(l, "columns are out of order");
        if (c.space == SPACE_STRINGS) return damage(l, "strings are out of place");
        if (!follows(l, &c)) return damage(l, "a chunk is out of place");
        order = chunk_order(&c);
        push_chunk(l->f, &c);
    }
    static const uint32_t always[] = {COLUMN_ID_PERSONA, COLUMN_ID_AT, COLUMN_ID_KIND,
                                      COLUMN_ID_RECEIVED};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        if (!has_column(l->f, g, always[i])) return damage(l, "a column is missing");
    }
    return ERR_OK;
}

static enum err load_group_kinds(struct loader *l, struct footer_group *g)
{
    uint16_t last = 0;
    g->kind_first = (uint32_t)l->f->kinds.count;
    for (uint32_t i = 0; i < g->kind_count; i++) {
        uint16_t kind = get_u16(&l->in);
        if (l->in.bad || kind <= last) return damage(l, "kinds are out of order");
        last = kind;
        push_kind(l->f, kind);
    }
    return ERR_OK;
}

/* Groups of a level ascend by persona. */
static bool is_range(const struct part_group *g, struct level *level)
{
    if (g->persona_min > g->persona_max || g->persona_min < level->last_persona) return false;
    if (g->at_min < 0 || g->at_min > g->at_max || g->at_max > EVENT_AT_MAX) return false;
    level->last_persona = g->persona_max;
    if (!level->used || g->at_min < level->at_min) level->at_min = g->at_min;
    if (!level->used || g->at_max > level->at_max) level->at_max = g->at_max;
    level->used = true;
    return true;
}

/* Later levels have later times, so that no two rows of one time are on two levels. */
static bool levels_ascend(struct loader *l)
{
    int64_t last = -1;
    for (uint32_t i = 0; i < PART_LEVELS_MAX; i++) {
        const struct level *level = &l->levels[i];
        if (!level->used) continue;
        if (level->at_min <= last) return false;
        last = level->at_max;
        l->f->levels = i + 1;
    }
    return true;
}

static void push_group(struct footer *f, const struct footer_group *g)
{
    VEC_PUSH(&f->by_level[g->head.level], (uint32_t)f->groups.count);
    VEC_PUSH(&f->groups, *g);
}

static enum err load_group(struct loader *l)
{
    struct footer_group g = {0};
    g.head.rows = get_u32(&l->in);
    g.chunk_count = get_u32(&l->in);
    g.kind_count = get_u32(&l->in);
    g.head.level = get_u32(&l->in);
    g.head.persona_min = get_u32(&l->in);
    g.head.persona_max = get_u32(&l->in);
    g.head.at_min = (int64_t)get_u64(&l->in);
    g.head.at_max = (int64_t)get_u64(&l->in);
    if (l->in.bad) return damage(l, "the footer ends too early");
    if (g.head.level >= PART_LEVELS_MAX) return newer(l, "level");
    if (g.head.rows == 0 || g.head.rows > PART_GROUP_ROWS) return damage(l, "a group has no size");
    if (!is_range(&g.head, &l->levels[g.head.level])) return damage(l, "a group has no range");
    TRY(load_group_chunks(l, &g));
    TRY(load_group_kinds(l, &g));
    push_group(l->f, &g);
    return ERR_OK;
}

/* Ids of each property's strings run from 1 without a hole. No two are equal, so all but one take a
 * byte at least: that bounds what a hostile count can make a reader allocate. */
static bool is_strings(const struct chunk *c, const struct chunk *before)
{
    bool more = before && before->id == c->id;
    if (c->space != SPACE_STRINGS || c->codec != CODEC_STRINGS) return false;
    if (before && c->id < before->id) return false;
    if (c->min != (more ? before->max + 1 : 1) || c->max < c->min) return false;
    int64_t count = c->max - c->min + 1;
    return count <= PART_STRINGS_MAX && count <= (int64_t)c->length && c->max < UINT32_MAX;
}

static enum err load_strings(struct loader *l, uint32_t count)
{
    struct footer *f = l->f;
    for (uint32_t i = 0; i < count; i++) {
        struct chunk c;
        TRY(load_chunk(l, &c));
        const struct chunk *before = i ? &f->strings.items[i - 1] : NULL;
        if (!is_strings(&c, before)) return damage(l, "strings are out of order");
        push_strings(f, &c);
    }
    return ERR_OK;
}

/* The part's own ranges are those of its groups. */
static bool adds_up(const struct footer *f)
{
    struct part_info sum = {.at_min = f->groups.count ? INT64_MAX : 0};
    for (size_t i = 0; i < f->groups.count; i++) {
        const struct part_group *g = &f->groups.items[i].head;
        sum.rows += g->rows;
        if (g->at_min < sum.at_min) sum.at_min = g->at_min;
        if (g->at_max > sum.at_max) sum.at_max = g->at_max;
        if (i == 0 || g->persona_min < sum.persona_min) sum.persona_min = g->persona_min;
        if (g->persona_max > sum.persona_max) sum.persona_max = g->persona_max;
    }
    return sum.rows == f->info.rows && sum.at_min == f->info.at_min &&
           sum.at_max == f->info.at_max && sum.persona_min == f->info.persona_min &&
           sum.persona_max == f->info.persona_max;
}

static enum err load_all(struct loader *l)
{
    struct footer *f = l->f;
    f->info.rows = get_u64(&l->in);
    f->info.at_min = (int64_t)get_u64(&l->in);
    f->info.at_max = (int64_t)get_u64(&l->in);
    f->info.persona_min = get_u32(&l->in);
    f->info.persona_max = get_u32(&l->in);
    uint32_t groups = get_u32(&l->in), strings = get_u32(&l->in);
    if (get_u64(&l->in) != 0) return newer(l, "field");
    TRY(load_strings(l, strings));
    for (uint32_t i = 0; i < groups; i++)
        TRY(load_group(l));
    if (l->in.bad || byte_reader_left(&l->in)) return damage(l, "the footer has another length");
    for (uint32_t i = 0; i < strings; i++) {
        if (!follows(l, &f->strings.items[i])) return damage(l, "a chunk is out of place");
    }
    if (l->next != l->offset) return damage(l, "chunks do not fill the file");
    if (!levels_ascend(l)) return damage(l, "levels are out of order");
    return adds_up(f) ? ERR_OK : damage(l, "the ranges of the groups do not add up");
}

/* Head and tail as read, and the footer between the last chunk and the tail. */
struct ends {
    char head[PART_HEAD_BYTES];
    char tail[PART_TAIL_BYTES];
    struct strbuf footer; /* with the tail behind it, still 'length' long */
    uint64_t offset;      /* of the footer */
    size_t length;        /* of the footer */
    uint64_t checksum;    /* as the tail has it */
};

static enum err read_ends(int fd, const char *path, uint64_t size, struct ends *e, struct why *why)
{
    if (size < PART_HEAD_BYTES + PART_TAIL_BYTES) {
        return part_damage(path, size, "the file ends too early", why);
    }
    uint64_t tail_at = size - PART_TAIL_BYTES;
    TRY(fs_read_at(fd, e->head, sizeof(e->head), 0, why));
    TRY(fs_read_at(fd, e->tail, sizeof(e->tail), tail_at, why));
    if (memcmp(e->head, HEAD_MAGIC, MAGIC_BYTES) != 0) {
        return part_damage(path, 0, "it does not begin as an event file", why);
    }
    if (memcmp(e->tail + PART_TAIL_BYTES - MAGIC_BYTES, TAIL_MAGIC, MAGIC_BYTES) != 0) {
        return part_damage(path, size - MAGIC_BYTES, "it does not end as an event file", why);
    }
    struct byte_reader in = byte_reader_of(e->tail, sizeof(e->tail));
    e->offset = get_u64(&in);
    e->length = get_u32(&in);
    uint32_t version = get_u32(&in);
    e->checksum = get_u64(&in);
    if (e->offset < PART_HEAD_BYTES || e->offset > tail_at || e->length != tail_at - e->offset) {
        return part_damage(path, tail_at, "the place of the footer is wrong", why);
    }
    strbuf_reserve(&e->footer, e->length + PART_TAIL_BYTES);
    TRY(fs_read_at(fd, e->footer.p, e->length + PART_TAIL_BYTES, e->offset, why));
    if (sign(e->head, e->footer.p, e->length) == e->checksum) return ERR_OK;
    if (memcmp(e->head + MAGIC_BYTES, &version, sizeof(version)) != 0) {
        return part_damage(path, MAGIC_BYTES, "its versions differ", why);
    }
    return part_damage(path, e->offset, "the checksum of the footer differs", why);
}

static bool is_version(const struct ends *e)
{
    struct byte_reader head = byte_reader_of(e->head + MAGIC_BYTES, PART_HEAD_BYTES - MAGIC_BYTES);
    struct byte_reader tail = byte_reader_of(e->tail + SIGNED_TAIL_BYTES - 4, 4);
    return get_u32(&head) == PART_VERSION && get_u32(&head) == 0 && get_u32(&tail) == PART_VERSION;
}

enum err footer_load(int fd, const char *path, uint64_t size, struct footer *f, struct why *why)
{
    struct ends e = {.length = 0};
    struct footer loaded = {0};
    enum err err = read_ends(fd, path, size, &e, why);
    if (err == ERR_OK) {
        struct loader l = {
            .path = path, .offset = e.offset, .next = PART_HEAD_BYTES, .f = &loaded, .why = why};
        l.in = byte_reader_of(e.footer.p, e.length);
        err = is_version(&e) ? load_all(&l) : newer(&l, "format");
    }
    strbuf_finish(&e.footer);
    if (err != ERR_OK) {
        footer_finish(&loaded);
        return err;
    }
    loaded.info.checksum = e.checksum;
    loaded.info.size_bytes = size;
    *f = loaded;
    return ERR_OK;
}
