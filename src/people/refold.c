/* refold.c - members folded again from the log: one by one, or many in a single pass.
 *
 * Both read a snapshot, which holds what is committed; callers see to it that the members have no
 * events in the batch under way. */
#include "people/internal.h"

struct refold_read refold_reading(struct brand *b, const struct fold_names *names)
{
    struct refold_read w = {0};
    fold_columns(names, &w.columns);
    for (uint32_t i = 0; i < w.columns.prop_count; i++) {
        registry_prop_name(b, w.columns.props[i], &w.types[i]);
    }
    return w;
}

struct scan refold_scan_of(const struct refold_read *w)
{
    return (struct scan){
        .columns = &w->columns,
        .prop_types = w->types,
        .from = 0,
        .to = INT64_MAX,
        .members_only = true,
    };
}

void refold_rows(const struct fold_names *n, const struct columns *columns, const struct history *h,
                 uint32_t member, struct fold *fold)
{
    struct fold_row row;
    fold_reset(fold);
    for (uint32_t r = h->off[member]; r < h->off[member + 1]; r++) {
        fold_row_of_history(n, columns, h, r, &row);
        fold_event(fold, n, &row, NULL, NULL);
    }
}

/* One event after the other; those of the log that are later than an uncommitted one come after it.
 */
static void fold_both(const struct people *p, const struct columns *columns,
                      const struct history *h, const struct event *const *events, size_t count,
                      struct fold *fold)
{
    struct fold_row row;
    uint32_t r = 0, rows = h->member_count ? h->off[1] : 0;
    for (size_t i = 0; i <= count; i++) {
        for (; r < rows && (i == count || h->at[r] <= events[i]->at); r++) {
            fold_row_of_history(&p->names, columns, h, r, &row);
            fold_event(fold, &p->names, &row, NULL, NULL);
        }
        if (i == count) break;
        fold_row_of_event(&p->names, events[i], &row);
        fold_event(fold, &p->names, &row, NULL, NULL);
    }
}

static bool is_one_of(uint32_t persona, const uint32_t *personas, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (personas[i] == persona) return true;
    }
    return false;
}

/* Those of the personas among 'events', in order of the log. */
static size_t own_events(const uint32_t *personas, size_t persona_count, const struct event *events,
                         size_t count, const struct event **own)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct event *ev = &events[i];
        if (!is_one_of(ev->persona, personas, persona_count)) continue;
        size_t at = found++;
        for (; at > 0 && (own[at - 1]->at > ev->at ||
                          (own[at - 1]->at == ev->at && own[at - 1]->persona > ev->persona));
             at--)
            own[at] = own[at - 1];
        own[at] = ev;
    }
    return found;
}

enum err refold_with(struct people *p, uint32_t member, const struct event *events, size_t count,
                     struct fold *fold)
{
    struct refold_read w = refold_reading(p->brand, &p->names);
    struct scan scan = refold_scan_of(&w);
    struct arena *a = arena_create(0);
    struct history h;
    struct why why = {0};
    uint32_t *personas;
    size_t persona_count = identity_personas(p, member, a, &personas);
    struct snapshot *s = brand_snapshot(p->brand);
    enum err err = eventlog_member(s, member, personas, persona_count, &scan, a, &h, &why);
    if (err == ERR_OK) {
        const struct event **own = mem_alloc_array(count + 1, sizeof(*own));
        size_t own_count = own_events(personas, persona_count, events, count, own);
        fold_reset(fold);
        fold_both(p, &w.columns, &h, own, own_count, fold);
        mem_free(own);
    }
    brand_snapshot_release(s);
    arena_destroy(a);
    return err;
}

enum err refold_one(struct people *p, struct member *m)
{
    TRY(refold_with(p, m->id, NULL, 0, m->fold));
    m->stale = m->behind = false;
    m->persona = 0;
    return ERR_OK;
}

/* ---- many ---- */

struct pass {
    struct people *p;
    struct tx *tx;
    const struct refold_read *wanted;
    const struct idset *only; /* NULL = all */
    struct member scratch;    /* for members that are not in memory */
    uint32_t row_last;        /* no member after it had a row when the pass began */
    uint64_t seq;
    enum err err;
};

static enum err find_last_row(struct pass *pass)
{
    int64_t number;
    struct sql_stmt *s = sql_use(tx_sql(pass->tx), "SELECT MAX(id) FROM member");
    TRY(sql_number(s, 0, &number));
    pass->row_last = (uint32_t)number;
    return ERR_OK;
}

/* The timer that is set already, so that it is not set again. After a load most have no row. */
static enum err load_armed(struct pass *pass, struct member *m)
{
    m->armed_due = TIME_NONE;
    if (m->id > pass->row_last) return ERR_OK;
    struct sql_stmt *s = sql_use(tx_sql(pass->tx), "SELECT due_at FROM member WHERE id = $1");
    sql_bind_int(s, 1, m->id);
    return sql_number(s, TIME_NONE, &m->armed_due);
}

static enum err refold_in_run(struct pass *pass, const struct history *h, uint32_t i)
{
    struct people *p = pass->p;
    uint64_t slot;
    struct member *m = &pass->scratch;
    if (intmap_get(p->member_slots, h->member[i], &slot)) {
        m = p->members.items[slot];
    } else {
        m->id = h->member[i];
        m->dirty = false;
        TRY(load_armed(pass, m));
    }
    refold_rows(&p->names, &pass->wanted->columns, h, i, m->fold);
    m->seq = pass->seq;
    m->stale = m->behind = false;
    m->persona = 0;
    return member_write(p, pass->tx, m);
}

static bool refold_run(void *worker, const struct history *h)
{
    struct pass *pass = worker;
    for (uint32_t i = 0; i < h->member_count && pass->err == ERR_OK; i++) {
        if (pass->only && !idset_has(pass->only, h->member[i])) continue;
        pass->err = refold_in_run(pass, h, i);
    }
    return pass->err == ERR_OK;
}

enum err refold_scan(struct people *p, struct tx *tx, const struct idset *only, struct why *why)
{
    struct refold_read w = refold_reading(p->brand, &p->names);
    struct scan scan = refold_scan_of(&w);
    struct snapshot *s = brand_snapshot(p->brand);
    struct pass pass = {.p = p, .tx = tx, .wanted = &w, .only = only, .seq = s->seq};
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    void *worker = &pass;
    pass.scratch.fold = fold_create();
    enum err err = find_last_row(&pass);
    if (err == ERR_OK) err = eventlog_scan(s, &scan, &worker, 1, refold_run, &budget, why);
    if (pass.err != ERR_OK) err = pass.err;
    fold_destroy(pass.scratch.fold);
    brand_snapshot_release(s);
    return err;
}
