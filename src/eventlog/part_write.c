/* part_write.c - rows in order to a file that appears whole or not at all.
 *
 * The file is written from front to back under PATH.tmp: head, the chunks of each group as it
 * fills, the strings of each text property, footer, tail; then synced, renamed, and the directory
 * synced. Invariant: 'offset' is where out[0] will lie in the file. After a failed write the writer
 * remembers it: every later call fails the same way, and part_finish removes the draft. */
#include <assert.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "eventlog/part.h"
#include "eventlog/part_group.h"

struct part_writer {
    char *path;
    char *draft; /* PATH.tmp */
    int fd;      /* of the draft */
    uint64_t offset;
    struct strbuf out;    /* encoded, not written yet */
    struct footer footer; /* of what is encoded so far */
    struct group_buffer *group;
    struct group_buffer *picked; /* its rows on one level; NULL while there is but one */
    struct levels levels;        /* chosen when the first group is full */
    struct codec_writer *codec;
    uint32_t last_persona; /* of the row before */
    int64_t last_at;
    struct why failed; /* .err != ERR_OK: nothing works any more */
};

enum err part_create(const char *path, struct part_writer **out, struct why *why)
{
    struct strbuf draft = {0};
    int fd = -1;
    strbuf_addf(&draft, "%s.tmp", path);
    enum err err = fs_create(draft.p, &fd, why);
    if (err != ERR_OK) {
        strbuf_finish(&draft);
        return err;
    }
    struct part_writer *w = mem_alloc(sizeof(*w));
    w->path = mem_strdup(path);
    w->draft = mem_strdup(draft.p);
    w->fd = fd;
    w->group = group_create();
    w->codec = codec_writer_create();
    footer_put_head(&w->out);
    strbuf_finish(&draft);
    *out = w;
    return ERR_OK;
}

static enum err flush(struct part_writer *w, struct why *why)
{
    TRY(fs_write(w->fd, w->out.p, w->out.len, why));
    w->offset += w->out.len;
    strbuf_reset(&w->out);
    return ERR_OK;
}

static enum err end_group(struct part_writer *w, struct why *why)
{
    bool first = w->footer.groups.count == 0;
    if (w->group->rows == 0) return ERR_OK;
    if (first && w->group->rows == PART_GROUP_ROWS) levels_choose(w->group, &w->levels);
    if (w->levels.cuts && !w->picked) w->picked = group_create();
    for (uint32_t level = 0; level <= w->levels.cuts; level++) {
        struct group_buffer *rows = w->picked ? w->picked : w->group;
        if (w->picked) group_pick(w->group, &w->levels, level, w->picked);
        if (rows->rows == 0) continue;
        group_encode(rows, level, w->codec, w->offset, &w->out, &w->footer);
    }
    group_reset(w->group);
    return flush(w, why);
}

enum err part_add(struct part_writer *w, const struct event *ev, struct why *why)
{
    assert(ev->at >= 0 && ev->at <= EVENT_AT_MAX && ev->kind > 0);
    assert(ev->persona > w->last_persona ||
           (ev->persona == w->last_persona && ev->at >= w->last_at));
    if (w->failed.err != ERR_OK) {
        if (why) *why = w->failed;
        return w->failed.err;
    }
    w->last_persona = ev->persona;
    w->last_at = ev->at;
    enum err err = group_add(w->group, ev, &w->failed);
    if (err == ERR_OK && w->group->rows == PART_GROUP_ROWS) err = end_group(w, &w->failed);
    if (err == ERR_OK) return ERR_OK;
    w->failed.err = err;
    if (why) *why = w->failed;
    return err;
}

/* Strings of one property on their way to a chunk. */
struct string_run {
    VEC(struct str) strings; /* borrowed from the dictionary */
    size_t bytes;            /* of them */
    int64_t first;           /* id of the first */
};

static enum err end_strings(struct part_writer *w, uint32_t id, struct string_run *run,
                            struct why *why)
{
    if (run->strings.count == 0) return ERR_OK;
    size_t start = w->out.len;
    codec_write_strings(w->codec, run->strings.items, run->strings.count, &w->out);
    struct chunk c = chunk_of(&w->out, start, w->offset, SPACE_STRINGS, id, CODEC_STRINGS);
    c.min = run->first;
    c.max = run->first + (int64_t)run->strings.count - 1;
    VEC_PUSH(&w->footer.strings, c);
    run->first = c.max + 1;
    run->bytes = 0;
    VEC_RESET(&run->strings);
    return flush(w, why);
}

static void add_string(struct string_run *run, struct str text)
{
    VEC_PUSH(&run->strings, text);
    run->bytes += text.len;
}

static enum err write_dictionary(struct part_writer *w, const struct prop_buffer *p,
                                 struct why *why)
{
    struct string_run run = {.first = 1};
    size_t cursor = 0;
    struct str text;
    uint64_t id;
    enum err err = ERR_OK;
    while (err == ERR_OK && map_next(p->dictionary, &cursor, &text, &id)) {
        add_string(&run, text);
        if (run.strings.count < PART_STRINGS_MAX && run.bytes < PART_STRINGS_BYTES) continue;
        err = end_strings(w, p->id, &run, why);
    }
    if (err == ERR_OK) err = end_strings(w, p->id, &run, why);
    VEC_FINISH(&run.strings);
    return err;
}

static enum err sync_parent(const char *path, struct why *why)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return fs_sync_dir(".", why);
    struct strbuf parent = {0};
    strbuf_add(&parent, path, slash == path ? 1 : (size_t)(slash - path));
    enum err err = fs_sync_dir(parent.p, why);
    strbuf_finish(&parent);
    return err;
}

static enum err write_rest(struct part_writer *w, struct why *why)
{
    TRY(end_group(w, why));
    for (size_t i = 0; i < w->group->props.count; i++) {
        const struct prop_buffer *p = w->group->props.items[i];
        if (p->type == PROP_TEXT) TRY(write_dictionary(w, p, why));
    }
    footer_encode(&w->footer, w->offset, &w->out);
    TRY(flush(w, why));
    return fs_sync(w->fd, why);
}

static void writer_destroy(struct part_writer *w)
{
    fs_close(w->fd);
    footer_finish(&w->footer);
    group_destroy(w->group);
    group_destroy(w->picked);
    codec_writer_destroy(w->codec);
    strbuf_finish(&w->out);
    mem_free(w->path);
    mem_free(w->draft);
    mem_free(w);
}

void part_abandon(struct part_writer *w)
{
    if (!w) return;
    struct why ignored;
    if (fs_remove(w->draft, &ignored) != ERR_OK) {
        /* a draft left behind is swept away at the next start */
    }
    writer_destroy(w);
}

enum err part_finish(struct part_writer *w, struct part_info *info, struct why *why)
{
    enum err err = w->failed.err;
    if (err != ERR_OK && why) *why = w->failed;
    if (err == ERR_OK) err = write_rest(w, why);
    if (err == ERR_OK) err = fs_rename(w->draft, w->path, why);
    if (err != ERR_OK) {
        part_abandon(w);
        return err;
    }
    err = sync_parent(w->path, why);
    if (err == ERR_OK) *info = w->footer.info;
    writer_destroy(w);
    return err;
}
