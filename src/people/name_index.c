/* name_index.c - the names by which people look for members, all of them in memory.
 *
 * A trait "name" is sealed at rest, so that no database index could find a piece of it; identities
 * of kind name are searched beside them. Names are folded (utf8_fold) and lie behind each other in
 * one text, each behind a NUL; entry i begins at entries[i].at. A server reads them all at its
 * start (people_read_names), or else the first search does; from then on the writer notes the
 * personas whose names changed, and the next search reads those anew. Nothing is kept, and nothing
 * noted, before. A search that comes while all are read waits for that, and reads nothing twice.
 *
 * Invariants: entries ascend by 'at'; an entry of a persona whose names were read again has persona
 * 0, and is found by nothing. 'lock' guards what is kept and is held while it is read; 'note_lock'
 * guards what was noted, and the writer takes no other. */
#include "base/utf8.h"
#include "people/internal.h"

#define NOTES_MAX 20000 /* more changes than these: all is read anew */

struct entry {
    uint32_t persona; /* 0 = void */
    uint32_t at;      /* where its name begins in 'text' */
};

struct name_index {
    pthread_mutex_t lock;
    struct sql
        *db; /* its own, so that it reads what was committed, whoever asks; NULL = none yet */
    bool built;
    const atomic_bool *stop; /* set: whoever reads gives up; NULL = nobody says so */
    VEC(struct entry) entries;
    struct strbuf text;
    size_t gone; /* void entries */
    /* the writer's */
    VEC(uint32_t) pending; /* personas of the batch under way */
    pthread_mutex_t note_lock;
    bool asked;          /* the same, said by the searcher */
    bool all;            /* too many to note */
    VEC(uint32_t) noted; /* committed since the last reading */
};

struct name_index *name_index_create(void)
{
    struct name_index *x = mem_alloc(sizeof(*x));
    pthread_mutex_init(&x->lock, NULL);
    pthread_mutex_init(&x->note_lock, NULL);
    return x;
}

void name_index_destroy(struct name_index *x)
{
    if (!x) return;
    VEC_FINISH(&x->entries);
    VEC_FINISH(&x->pending);
    VEC_FINISH(&x->noted);
    strbuf_finish(&x->text);
    sql_close(x->db);
    pthread_mutex_destroy(&x->lock);
    pthread_mutex_destroy(&x->note_lock);
    mem_free(x);
}

/* ---- the writer ---- */

void name_index_note(struct people *p, uint32_t persona)
{
    struct name_index *x = p->name_index;
    if (x->pending.count <= NOTES_MAX) VEC_PUSH(&x->pending, persona);
}

void name_index_commit(struct people *p)
{
    struct name_index *x = p->name_index;
    if (x->pending.count == 0) return;
    pthread_mutex_lock(&x->note_lock);
    if (x->noted.count + x->pending.count > NOTES_MAX) {
        x->all = true;
        VEC_RESET(&x->noted);
    }
    for (size_t i = 0; x->asked && !x->all && i < x->pending.count; i++)
        VEC_PUSH(&x->noted, x->pending.items[i]);
    pthread_mutex_unlock(&x->note_lock);
    VEC_RESET(&x->pending);
}

void name_index_rollback(struct people *p)
{
    VEC_RESET(&p->name_index->pending);
}

/* ---- reading, under 'lock' ---- */

static void add_name(struct name_index *x, struct arena *scratch, uint32_t persona, struct str name)
{
    struct str folded = utf8_fold(scratch, name);
    if (folded.len == 0 || x->text.len + folded.len + 1 > LIMIT_NAME_INDEX_BYTES) return;
    VEC_PUSH(&x->entries, ((struct entry){persona, (uint32_t)x->text.len}));
    strbuf_add_str(&x->text, folded);
    strbuf_add_char(&x->text, '\0');
    arena_reset(scratch);
}

static void add_sealed(struct people *p, struct arena *scratch, uint32_t persona, struct str sealed)
{
    uint8_t name[LIMIT_PROP_VALUE_BYTES];
    if (sealed.len < SEAL_OVERHEAD || sealed.len > sizeof(name) + SEAL_OVERHEAD) return;
    if (!unseal(p->seal_key, sealed, name)) return; /* verify reports it */
    add_name(p->name_index, scratch, persona,
             (struct str){(char *)name, sealed.len - SEAL_OVERHEAD});
}

/* Rows of (persona, sealed, plain), either of the two. */
static enum err add_rows(struct people *p, struct sql_stmt *s, struct arena *scratch)
{
    for (bool row;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        if (p->name_index->stop && atomic_load(p->name_index->stop)) {
            sql_reset(s);
            return ERR_UNAVAILABLE;
        }
        uint32_t persona = (uint32_t)sql_int(s, 0);
        if (!sql_is_null(s, 1)) {
            add_sealed(p, scratch, persona, sql_blob(s, 1));
        } else if (!sql_is_null(s, 2)) {
            add_name(p->name_index, scratch, persona, sql_str(s, 2));
        }
    }
}

static enum err read_all(struct people *p, struct arena *scratch)
{
    struct name_index *x = p->name_index;
    VEC_RESET(&x->entries);
    strbuf_reset(&x->text);
    x->gone = 0;
    struct sql_stmt *s = sql_use(
        x->db, "SELECT persona, sealed, value FROM trait WHERE name IN ('name', 'nickname')");
    sql_stream(s);
    TRY(add_rows(p, s, scratch));
    s = sql_use(x->db, "SELECT persona, NULL, value FROM identity WHERE kind = 8");
    sql_stream(s);
    return add_rows(p, s, scratch);
}

static enum err read_one(struct people *p, uint32_t persona, struct arena *scratch)
{
    const struct name_index *x = p->name_index;
    struct sql_stmt *s =
        sql_use(x->db, "SELECT persona, sealed, value FROM trait WHERE persona = $1"
                       " AND name IN ('name', 'nickname')");
    sql_bind_int(s, 1, persona);
    TRY(add_rows(p, s, scratch));
    s = sql_use(x->db, "SELECT persona, NULL, value FROM identity WHERE persona = $1 AND kind = 8");
    sql_bind_int(s, 1, persona);
    return add_rows(p, s, scratch);
}

static enum err read_noted(struct people *p, const uint32_t *noted, size_t count,
                           struct arena *scratch)
{
    struct name_index *x = p->name_index;
    struct idset changed = {0};
    for (size_t i = 0; i < count; i++)
        idset_add(&changed, noted[i]);
    for (size_t i = 0; i < x->entries.count; i++) {
        struct entry *e = &x->entries.items[i];
        if (!e->persona || !idset_has(&changed, e->persona)) continue;
        e->persona = 0;
        x->gone++;
    }
    enum err err = ERR_OK;
    for (size_t w = 0; w < changed.words.count && err == ERR_OK; w++) {
        for (uint64_t left = changed.words.items[w]; left && err == ERR_OK; left &= left - 1)
            err = read_one(p, (uint32_t)(w * 64 + (unsigned)__builtin_ctzll(left)), scratch);
    }
    idset_finish(&changed);
    return err;
}

/* Take what was noted before any row is read: what is noted later is read at the next search. */
static enum err freshen(struct people *p, struct arena *scratch)
{
    struct name_index *x = p->name_index;
    pthread_mutex_lock(&x->note_lock);
    bool whole = !x->built || x->all || x->gone > x->entries.count / 2;
    size_t count = x->noted.count;
    uint32_t *noted = arena_copy(scratch, x->noted.items, count * sizeof(*noted));
    VEC_RESET(&x->noted);
    x->all = false;
    x->asked = true;
    pthread_mutex_unlock(&x->note_lock);
    if (!whole && count == 0) return ERR_OK;
    struct why why;
    x->built = false;
    if (!x->db) TRY(brand_reader(p->brand, &x->db, &why));
    struct arena *names = arena_create(0);
    enum err err = whole ? read_all(p, names) : read_noted(p, noted, count, names);
    arena_destroy(names);
    x->built = err == ERR_OK;
    return err;
}

/* ---- finding ---- */

enum { HIT_WHOLE, HIT_START, HIT_INSIDE, HIT_COUNT };

struct hits {
    uint32_t *persona; /* [limit] */
    size_t count;
};

/* The entry that the byte at 'at' of the text is in. */
static size_t entry_at(const struct name_index *x, size_t at)
{
    size_t low = 0, high = x->entries.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (x->entries.items[middle].at <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void note_hit(const struct name_index *x, size_t entry, size_t at, size_t len, size_t limit,
                     struct hits hits[HIT_COUNT])
{
    const struct entry *e = &x->entries.items[entry];
    bool ends = x->text.p[at + len] == '\0';
    struct hits *list = &hits[at != e->at ? HIT_INSIDE : ends ? HIT_WHOLE : HIT_START];
    if (e->persona && list->count < limit) list->persona[list->count++] = e->persona;
}

static void find_all(const struct name_index *x, struct str text, size_t limit,
                     struct hits hits[HIT_COUNT])
{
    const char *from = x->text.p, *end = x->text.p + x->text.len;
    while (from < end && hits[HIT_WHOLE].count < limit) {
        const char *hit = memmem(from, (size_t)(end - from), text.p, text.len);
        if (!hit) return;
        size_t entry = entry_at(x, (size_t)(hit - x->text.p));
        note_hit(x, entry, (size_t)(hit - x->text.p), text.len, limit, hits);
        if (entry + 1 == x->entries.count) return;
        from = x->text.p + x->entries.items[entry + 1].at;
    }
}

enum err name_index_find(struct people *p, struct str text, size_t limit, struct arena *arena,
                         struct name_hits *out)
{
    struct name_index *x = p->name_index;
    struct hits hits[HIT_COUNT] = {{NULL, 0}};
    *out = (struct name_hits){arena_alloc_array(arena, HIT_COUNT * limit + 1, sizeof(uint32_t)), 0};
    if (text.len == 0 || memchr(text.p, '\0', text.len)) return ERR_OK;
    for (int k = 0; k < HIT_COUNT; k++)
        hits[k].persona = arena_alloc_array(arena, limit + 1, sizeof(uint32_t));
    pthread_mutex_lock(&x->lock);
    enum err err = freshen(p, arena);
    if (err == ERR_OK) find_all(x, text, limit, hits);
    pthread_mutex_unlock(&x->lock);
    for (int k = 0; k < HIT_COUNT; k++) {
        for (size_t i = 0; i < hits[k].count; i++)
            out->persona[out->count++] = hits[k].persona[i];
    }
    return err;
}

/* ---- ahead of any search ---- */

enum err people_read_names(struct brand *b, const atomic_bool *stop)
{
    struct people *p = brand_module_state(b, &people_module);
    struct name_index *x = p->name_index;
    struct arena *arena = arena_create(0);
    pthread_mutex_lock(&x->lock);
    x->stop = stop;
    enum err err = freshen(p, arena);
    x->stop = NULL;
    pthread_mutex_unlock(&x->lock);
    arena_destroy(arena);
    return err;
}
