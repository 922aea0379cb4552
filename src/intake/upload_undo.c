/* upload_undo.c - what the runs of an import have stored is taken back (people/undo.h).
 *
 * Runs are known by their numbers in the journal, which events and records name as their origin. A
 * run is undone in one transaction, which also takes its file out of the journal; the last one's
 * marks the import. Cut off between two of them, the import is as it was but for what the first one
 * had stored, and undoing again goes on. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "intake/journal.h"
#include "intake/upload_internal.h"
#include "people/undo.h"

static void add_up(struct undo_sums *to, const struct undo_sums *from)
{
    to->events += from->events;
    to->members += from->members;
    to->staying += from->staying;
    to->identities += from->identities;
    to->traits += from->traits;
    to->tags += from->tags;
    to->consents += from->consents;
    to->merges += from->merges;
}

void upload_undo_json(const struct undo_sums *s, struct strbuf *out)
{
    const struct {
        const char *name;
        uint64_t value;
    } list[] = {
        {"events", s->events},         {"members", s->members}, {"staying", s->staying},
        {"identities", s->identities}, {"traits", s->traits},   {"tags", s->tags},
        {"consents", s->consents},     {"merges", s->merges},
    };
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        json_key(&w, list[i].name);
        json_uint(&w, list[i].value);
    }
    json_end_object(&w);
}

/* ---- what there is to undo ---- */

struct files {
    VEC(int64_t) ids; /* not undone yet */
};

static enum err read_files(struct sql *db, struct str list, struct files *out)
{
    while (list.len) {
        int64_t id;
        bool undone;
        if (!str_to_i64(str_cut(&list, ' '), &id)) return ERR_CORRUPT;
        TRY(journal_is_undone(db, id, &undone));
        if (!undone) VEC_PUSH(&out->ids, id);
    }
    return ERR_OK;
}

/* The row as it is now, and its files. ERR_CONFLICT: there are none. */
static enum err look(struct brand *b, uint32_t id, struct arena *arena, struct upload_row *row,
                     struct files *files, struct why *why)
{
    struct sql *db;
    TRY(brand_reader(b, &db, why));
    enum err err = upload_read(db, arena, id, row, why);
    if (err == ERR_OK) err = read_files(db, row->files, files);
    sql_close(db);
    if (err != ERR_OK || files->ids.count) return err;
    return why_fail(why, ERR_CONFLICT, MSG_UNDO_NOTHING, "", NULL);
}

enum err upload_undo_preview(struct uploads *u, struct brand *b, const struct upload *of,
                             struct undo_sums *out, struct why *why)
{
    struct upload_live *live = upload_hold(u, b, of->id);
    if (!live) return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_BUSY, "", NULL);
    struct arena *arena = arena_create(0);
    struct files files = {0};
    struct upload_row row;
    *out = (struct undo_sums){0};
    enum err err = look(b, of->id, arena, &row, &files, why);
    upload_let_go(u, live);
    for (size_t i = 0; i < files.ids.count && err == ERR_OK; i++) {
        struct undo_sums sums;
        const char *origin = arena_printf(arena, JOURNAL_ORIGIN, files.ids.items[i]);
        err = people_undo_preview(b, str_of(origin), &sums, why);
        if (err == ERR_OK) add_up(out, &sums);
    }
    VEC_FINISH(&files.ids);
    arena_destroy(arena);
    return err;
}

/* ---- undoing ---- */

struct step {
    struct upload_live *live;
    const struct upload_row *row;
    int64_t id;             /* of the file */
    bool last;              /* of the import's */
    struct undo_sums total; /* of those before */
};

static enum err run_end(struct tx *tx, void *arg, const struct undo_sums *sums, struct why *why)
{
    struct step *s = arg;
    struct undo_sums total = s->total;
    struct strbuf text = {0};
    (void)why;
    TRY(journal_undo(tx, s->id));
    if (!s->last) return ERR_OK;
    add_up(&total, sums);
    upload_undo_json(&total, &text);
    enum err err = upload_mark_undone(tx, s->row, strbuf_str(&text));
    strbuf_finish(&text);
    return err;
}

static enum err undo_files(struct upload_live *l, const struct upload_row *row,
                           const struct files *files, struct undo_sums *total, struct why *why)
{
    for (size_t i = 0; i < files->ids.count; i++) {
        struct undo_sums sums;
        struct step step = {l, row, files->ids.items[i], i + 1 == files->ids.count, *total};
        const char *origin = arena_printf(l->arena, JOURNAL_ORIGIN, step.id);
        const struct undo_order order = {str_of(origin), run_end, &step};
        TRY(people_undo(l->brand, &order, &sums, why));
        add_up(total, &sums);
    }
    return ERR_OK;
}

static void note_failure(struct upload_live *l, const struct upload_row *row, const struct why *why)
{
    char reason[512];
    struct why failed;
    struct upload_change change = {.kind = CHANGE_END, .id = l->id, .mark = row->mark};
    change.reason = str_of(upload_reason(l, why, reason));
    if (upload_change(l->brand, &change, &failed) != ERR_OK)
        log_error("intake", "undo_not_noted", "import=%" PRIu32, l->id);
}

void upload_undo_work(struct uploads *u, struct upload_live *l)
{
    struct undo_sums total = {0};
    struct files files = {0};
    struct upload_row row = {.mark = MARK_NONE};
    struct why why = {0};
    struct strbuf text = {0};
    enum err err = look(l->brand, l->id, l->arena, &row, &files, &why);
    if (err == ERR_OK) err = undo_files(l, &row, &files, &total, &why);
    if (err != ERR_OK) note_failure(l, &row, &why);
    strbuf_addf(&text, "{\"state\":\"%s\",\"undone\":", err == ERR_OK ? "undone" : "failed");
    upload_undo_json(&total, &text);
    strbuf_add_char(&text, '}');
    upload_audit(u, l, "import.undone", strbuf_str(&text));
    strbuf_finish(&text);
    VEC_FINISH(&files.ids);
    pthread_mutex_lock(&u->lock);
    upload_tell(u, l, err == ERR_OK ? UPLOAD_UNDONE : UPLOAD_STOPPED, 1);
    pthread_mutex_unlock(&u->lock);
}

static enum err start_held(struct uploads *u, struct upload_live *l, const struct upload *of,
                           const struct upload_run *run, struct why *why)
{
    struct files files = {0};
    struct upload_row row;
    upload_fill(l, of, run);
    enum err err = look(l->brand, l->id, l->arena, &row, &files, why);
    VEC_FINISH(&files.ids);
    TRY(err);
    l->undo = true;
    upload_queue(u, l);
    return ERR_OK;
}

enum err upload_undo(struct uploads *u, struct brand *b, const struct upload *of,
                     const struct upload_run *run, struct why *why)
{
    struct upload_live *live = upload_hold(u, b, of->id);
    if (!live) return why_fail(why, ERR_CONFLICT, MSG_UPLOAD_BUSY, "", NULL);
    enum err err = start_held(u, live, of, run, why);
    if (err != ERR_OK) upload_let_go(u, live);
    return err;
}
