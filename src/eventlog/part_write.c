/* part_write.c - rows in order to a file that appears whole or not at all.
 *
 * The file is written from front to back under PATH.tmp: head, the chunks of each group as it
 * fills, the strings of each text property, footer, tail; then synced, renamed, and the directory
 * synced. Groups may be encoded by several threads (part_crew.h), and are written in order by the
 * one that adds: the bytes are the same. Invariant: 'offset' is where out[0] will lie in the file.
 * After a failed write the writer remembers it: every later call fails the same way, and
 * part_finish removes the draft. */
#include <assert.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "eventlog/part.h"
#include "eventlog/part_crew.h"

struct part_writer {
    char *path;
    char *draft; /* PATH.tmp */
    int fd;      /* of the draft */
    uint64_t offset;
    struct strbuf out;    /* encoded, not written yet */
    struct footer footer; /* of what is encoded so far */
    struct prop_forms forms;
    struct crew *crew;
    struct bundle *bundle; /* of it, that is being filled */
    struct levels levels;  /* chosen when the first group is full */
    bool leveled;          /* they are */
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
    prop_forms_init(&w->forms);
    w->crew = crew_create(&w->forms, 0);
    w->bundle = crew_bundle(w->crew);
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

void part_spread(struct part_writer *w, unsigned threads)
{
    assert(w->last_persona == 0 && w->last_at == 0 && threads > 0);
    crew_destroy(w->crew);
    w->crew = crew_create(&w->forms, threads <= CREW_HELPERS_MAX ? threads - 1 : CREW_HELPERS_MAX);
    w->bundle = crew_bundle(w->crew);
}

/* Write what is encoded, in order. */
static enum err write_bundles(struct part_writer *w, bool all, struct why *why)
{
    struct bundle *b;
    while ((b = crew_take(w->crew, all))) {
        footer_append(&w->footer, &b->footer, w->offset + w->out.len);
        strbuf_add_str(&w->out, strbuf_str(&b->out));
        TRY(flush(w, why));
    }
    return ERR_OK;
}

/* The rows of the first full group lie on one level: choose the levels and move them there. */
static void part_first(struct part_writer *w)
{
    struct group_buffer *all = w->bundle->level[0];
    levels_choose(all, &w->levels);
    if (w->levels.cuts == 0) return;
    w->bundle->level[0] = NULL;
    for (uint32_t level = 0; level <= w->levels.cuts; level++)
        group_pick(all, &w->levels, level, crew_level(w->crew, level));
    group_destroy(all);
}

static enum err end_group(struct part_writer *w, struct why *why)
{
    if (!w->leveled) part_first(w);
    w->leveled = true;
    crew_submit(w->crew);
    TRY(write_bundles(w, false, why));
    w->bundle = crew_bundle(w->crew);
    return ERR_OK;
}

static enum err add_row(struct part_writer *w, const struct event *ev, struct why *why)
{
    uint32_t level = levels_find(&w->levels, ev->at);
    struct group_buffer *g = w->bundle->level[level];
    TRY(group_add(g ? g : crew_level(w->crew, level), ev, why));
    return ++w->bundle->rows < PART_GROUP_ROWS ? ERR_OK : end_group(w, why);
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
    enum err err = add_row(w, ev, &w->failed);
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
    codec_write_strings(crew_codec(w->crew), run->strings.items, run->strings.count, &w->out);
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

static enum err write_dictionary(struct part_writer *w, const struct prop_form *p, struct why *why)
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
    if (w->bundle->rows) crew_submit(w->crew);
    TRY(write_bundles(w, true, why));
    for (size_t i = 0; i < w->forms.list.count; i++) {
        const struct prop_form *p = w->forms.list.items[i];
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
    crew_destroy(w->crew);
    prop_forms_finish(&w->forms);
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
