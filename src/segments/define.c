/* define.c - the keeper reads definitions and lists again, and makes the panel of their
 * expressions. */
#include "segments/internal.h"

static void make_panel(struct room *r)
{
    struct str *texts = mem_alloc_array(r->lives.count + 1, sizeof(*texts));
    for (size_t i = 0; i < r->lives.count; i++)
        texts[i] = str_of(r->lives.items[i]->expr);
    struct panel *panel = panel_create(r->brand, texts, r->lives.count);
    panel_set_now(panel, room_followed(r)); /* what is due since is yet to be looked at */
    struct memory *memory = memory_create(panel, keeper_memory());
    panel_set_now(panel, r->now);
    if (!memory_adopt(memory, r->memory)) r->unfilled = true;
    memory_destroy(r->memory);
    panel_destroy(r->panel);
    r->panel = panel;
    r->memory = memory;
    mem_free(texts);
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->lives.count; i++) {
        struct live *l = r->lives.items[i];
        l->read = l->expr;
        l->wanted = panel_basis(r->panel, i);
        l->broken = l->wanted == 0;
        if (l->list) l->basis = l->wanted;
        if (!r->opened && !l->list && panel_reads_lists(r->panel, i)) l->basis = 0;
        if (live_is_building(l)) l->basis = 0; /* it stands still: the old one will not do again */
        if (!l->broken || roaring_bitmap_is_empty(l->members)) continue;
        roaring_bitmap_or_inplace(l->dirty, l->members);
        roaring_bitmap_clear(l->members);
        roaring_bitmap_add_range(l->dirty, 0, (r->due.count >> CHUNK_BITS) + 1);
    }
    r->opened = true;
    pthread_mutex_unlock(&r->lock);
}

void define_names(struct room *r)
{
    if (!r->panel || panel_is_old(r->panel)) make_panel(r);
}

static const struct segment *find_row(const struct segment *rows, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].id == id) return &rows[i];
    }
    return NULL;
}

/* Lives as the rows say. Under the lock. */
static void match_rows(struct room *r, const struct segment *rows, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->lives.count; i++) {
        struct live *l = r->lives.items[i];
        if (find_row(rows, count, l->id)) {
            r->lives.items[kept++] = l;
        } else {
            live_destroy(l);
        }
    }
    r->lives.count = kept;
    for (size_t i = 0; i < count; i++) {
        struct live *l = room_find_id(r, rows[i].id);
        if (!l) {
            l = live_create(rows[i].id);
            VEC_PUSH(&r->lives, l);
        }
        l->list = rows[i].kind == SEGMENT_STATIC;
        l->code = room_text(r, rows[i].code);
        l->expr = room_text(r, rows[i].expr);
    }
}

static enum err read_named(struct room *r, struct sql *db)
{
    for (size_t i = 0; i < r->lives.count; i++) {
        struct live *l = r->lives.items[i];
        if (!l->list) continue;
        roaring_bitmap_clear(l->named);
        TRY(records_named(db, l->id, l->named));
    }
    return ERR_OK;
}

static enum err reload_by(struct room *r, struct sql *db, struct arena *a)
{
    struct segment *rows;
    size_t count;
    TRY(sql_begin(db));
    TRY(records_read(db, a, &rows, &count));
    pthread_mutex_lock(&r->lock);
    match_rows(r, rows, count);
    pthread_mutex_unlock(&r->lock);
    TRY(read_named(r, db));
    sql_rollback(db);
    return ERR_OK;
}

enum err define_reload(struct room *r, const struct snapshot *s)
{
    struct sql *db = NULL;
    struct why why;
    struct arena *a = arena_create(0);
    enum err err = brand_reader(r->brand, &db, &why);
    if (err == ERR_OK) err = reload_by(r, db, a);
    sql_close(db);
    arena_destroy(a);
    if (err != ERR_OK) return err;
    make_panel(r);
    follow_lists(r, s);
    return ERR_OK;
}
