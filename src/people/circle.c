/* circle.c - rows of circles and changes, and the circles of everybody in memory.
 *
 * Expressions ask of members by the thousand: the circles of a member are a chain of cells. They
 * are read on first use; a look that is committed goes into them, a merge, an erasure and a
 * rollback drop them all. A cell stays in its chain, empty, once the member has left. */
#include "people/circle.h"

#include <stdlib.h>

#include "base/log.h"
#include "people/internal.h"

struct cell {
    uint32_t group;
    uint32_t next; /* place among the cells + 1; 0 = the last */
    int circle;    /* CIRCLE_NONE = empty */
};

struct circle_cache {
    pthread_mutex_t lock; /* what follows but 'pending' and 'outdated' */
    bool loaded;
    struct intmap *chain; /* member -> place of the first cell + 1 */
    VEC(struct cell) cells;
    VEC(struct circle_change) pending; /* of the batch under way; the writer's */
    bool outdated;                     /* the batch has merged or erased */
};

const char *circle_name(enum circle c)
{
    static const char *const names[CIRCLE_COUNT] = {"core", "influence", "periphery"};
    return names[c];
}

/* ---- cells ---- */

static void put_cell(struct circle_cache *c, const struct circle_change *change, bool highest)
{
    uint64_t first = 0;
    (void)intmap_get(c->chain, change->member, &first);
    for (uint64_t at = first; at; at = c->cells.items[at - 1].next) {
        struct cell *cell = &c->cells.items[at - 1];
        if (cell->group != change->group) continue;
        bool lower = highest && cell->circle != CIRCLE_NONE && cell->circle <= change->to;
        if (!lower) cell->circle = change->to;
        return;
    }
    if (change->to == CIRCLE_NONE) return;
    VEC_PUSH(&c->cells, ((struct cell){change->group, (uint32_t)first, change->to}));
    intmap_put(c->chain, change->member, c->cells.count);
}

static void drop_cells(struct circle_cache *c)
{
    intmap_reset(c->chain);
    VEC_RESET(&c->cells);
    c->loaded = false;
}

/* Under the lock. What cannot be read is not there. */
static void load(struct people *p, struct circle_cache *c)
{
    struct sql *db;
    struct why why;
    bool row = true;
    c->loaded = true;
    enum err err = brand_reader(p->brand, &db, &why);
    if (err == ERR_OK) {
        struct sql_stmt *s =
            sql_use(db, "SELECT COALESCE(pm.member, c.persona), c.of_group, c.circle"
                        " FROM member_circle c LEFT JOIN persona_member pm"
                        " ON pm.persona = c.persona");
        while ((err = sql_step(s, &row)) == ERR_OK && row) {
            const struct circle_change change = {.member = (uint32_t)sql_int(s, 0),
                                                 .group = (uint32_t)sql_int(s, 1),
                                                 .to = (int)sql_int(s, 2)};
            put_cell(c, &change, true);
        }
        sql_close(db);
    }
    if (err != ERR_OK)
        log_warn("people", "circles_not_read", "slug=%s error=%s", brand_slug(p->brand),
                 err_code(err));
}

void circles_open(struct people *p)
{
    struct circle_cache *c = p->circles = mem_alloc(sizeof(*c));
    pthread_mutex_init(&c->lock, NULL);
    c->chain = intmap_create();
}

void circles_close(struct people *p)
{
    struct circle_cache *c = p->circles;
    if (!c) return;
    pthread_mutex_destroy(&c->lock);
    intmap_destroy(c->chain);
    VEC_FINISH(&c->cells);
    VEC_FINISH(&c->pending);
    mem_free(c);
}

void circles_outdate(struct people *p)
{
    p->circles->outdated = true;
}

void circles_commit(struct people *p)
{
    struct circle_cache *c = p->circles;
    if (!c->pending.count && !c->outdated) return;
    pthread_mutex_lock(&c->lock);
    if (c->outdated) drop_cells(c);
    for (size_t i = 0; c->loaded && i < c->pending.count; i++)
        put_cell(c, &c->pending.items[i], false);
    pthread_mutex_unlock(&c->lock);
    VEC_RESET(&c->pending);
    c->outdated = false;
}

void circles_rollback(struct people *p)
{
    struct circle_cache *c = p->circles;
    VEC_RESET(&c->pending);
    c->outdated = false;
}

/* ---- keeping a look ---- */

static enum err write_circle(struct tx *tx, const struct circle_change *c)
{
    struct sql_stmt *s =
        c->to == CIRCLE_NONE
            ? sql_use(tx_sql(tx), "DELETE FROM member_circle WHERE persona = $1 AND of_group = $2")
            : sql_use(tx_sql(tx),
                      "INSERT INTO member_circle (persona, of_group, circle, since)"
                      " VALUES ($1, $2, $3, $4) ON CONFLICT (persona, of_group) DO UPDATE SET"
                      " circle = excluded.circle, since = excluded.since");
    sql_bind_int(s, 1, c->member);
    sql_bind_int(s, 2, c->group);
    if (c->to != CIRCLE_NONE) {
        sql_bind_int(s, 3, c->to);
        sql_bind_int(s, 4, c->at);
    }
    return sql_run(s);
}

static enum err write_change(struct tx *tx, const struct circle_change *c)
{
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "INSERT INTO circle_change (persona, at, of_group, was, circle, kept_at)"
                    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (persona, at, of_group)"
                    " DO UPDATE SET circle = excluded.circle, kept_at = excluded.kept_at");
    sql_bind_int(s, 1, c->member);
    sql_bind_int(s, 2, c->at);
    sql_bind_int(s, 3, c->group);
    sql_bind_int(s, 4, c->from);
    sql_bind_int(s, 5, c->to);
    sql_bind_int(s, 6, tx_now(tx));
    return sql_run(s);
}

/* Who was merged away left nothing: their rows are the other's now. */
static enum err change(struct tx *tx, struct circle_look *look, const struct circle_change *c)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    TRY(write_circle(tx, c));
    VEC_PUSH(&p->circles->pending, *c);
    look->changed[look->changed_count++] = c->member;
    if (identity_member(p, c->member) != c->member) {
        circles_outdate(p); /* cells are of members */
        return ERR_OK;
    }
    return write_change(tx, c);
}

struct kept {
    struct circle_place *items;
    size_t count;
};

/* By member, as the places of the look are. */
static enum err read_kept(struct tx *tx, uint32_t group, struct kept *out)
{
    VEC(struct circle_place) list = {0};
    bool row = true;
    enum err err;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT persona, circle FROM member_circle WHERE of_group = $1"
                            " ORDER BY persona");
    sql_bind_int(s, 1, group);
    while ((err = sql_step(s, &row)) == ERR_OK && row)
        VEC_PUSH(&list,
                 ((struct circle_place){group, (uint32_t)sql_int(s, 0), (uint8_t)sql_int(s, 1)}));
    out->items = arena_copy(tx_arena(tx), list.items, list.count * sizeof(*list.items));
    out->count = list.count;
    VEC_FINISH(&list);
    return err;
}

static enum err drop_old(struct tx *tx, int64_t before)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM circle_change WHERE at < $1");
    sql_bind_int(s, 1, before);
    return sql_run(s);
}

/* Two lists in order, walked together. */
static enum err compare(struct tx *tx, struct circle_look *look, const struct kept *kept)
{
    size_t i = 0, k = 0;
    while (i < look->count || k < kept->count) {
        struct circle_change c = {
            .group = look->group, .at = look->at, .from = CIRCLE_NONE, .to = CIRCLE_NONE};
        bool has_new = i < look->count &&
                       (k == kept->count || look->places[i].member <= kept->items[k].member);
        bool has_old = k < kept->count &&
                       (i == look->count || kept->items[k].member <= look->places[i].member);
        c.member = has_new ? look->places[i].member : kept->items[k].member;
        if (has_new) c.to = look->places[i++].circle;
        if (has_old) c.from = kept->items[k++].circle;
        if (c.from != c.to) TRY(change(tx, look, &c));
    }
    return ERR_OK;
}

static enum err run_keep(struct tx *tx, void *arg, struct why *why)
{
    struct circle_look *look = arg;
    struct kept kept;
    enum err err = read_kept(tx, look->group, &kept);
    look->changed_count = 0;
    if (err == ERR_OK) {
        look->changed =
            arena_alloc_array(look->arena, look->count + kept.count + 1, sizeof(*look->changed));
        err = compare(tx, look, &kept);
    }
    if (err == ERR_OK && look->changed_count)
        err = drop_old(tx, tx_now(tx) - CIRCLE_KEEP_DAYS * TIME_DAY);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err circles_keep(struct brand *b, struct circle_look *look, struct why *why)
{
    return brand_call(b, run_keep, look, false, why);
}

/* ---- asking ---- */

static struct circle_cache *lock_cells(struct brand *b)
{
    struct people *p = brand_module_state(b, &people_module);
    struct circle_cache *c = p->circles;
    pthread_mutex_lock(&c->lock);
    if (!c->loaded) load(p, c);
    return c;
}

int circle_of(struct brand *b, uint32_t member, uint32_t group)
{
    struct circle_cache *c = lock_cells(b);
    uint64_t at = 0;
    int best = CIRCLE_NONE;
    (void)intmap_get(c->chain, member, &at);
    for (; at; at = c->cells.items[at - 1].next) {
        const struct cell *cell = &c->cells.items[at - 1];
        if ((group && cell->group != group) || cell->circle == CIRCLE_NONE) continue;
        if (best == CIRCLE_NONE || cell->circle < best) best = cell->circle;
    }
    pthread_mutex_unlock(&c->lock);
    return best;
}

static int by_group(const void *a, const void *b)
{
    const struct circle_place *x = a, *y = b;
    return (x->group > y->group) - (x->group < y->group);
}

size_t circles_of(struct brand *b, uint32_t member, struct arena *arena, struct circle_place **out)
{
    struct circle_cache *c = lock_cells(b);
    uint64_t first = 0;
    size_t count = 0;
    (void)intmap_get(c->chain, member, &first);
    for (uint64_t at = first; at; at = c->cells.items[at - 1].next)
        count++;
    struct circle_place *list = arena_alloc_array(arena, count + 1, sizeof(*list));
    count = 0;
    for (uint64_t at = first; at; at = c->cells.items[at - 1].next) {
        const struct cell *cell = &c->cells.items[at - 1];
        if (cell->circle != CIRCLE_NONE)
            list[count++] = (struct circle_place){cell->group, member, (uint8_t)cell->circle};
    }
    pthread_mutex_unlock(&c->lock);
    if (count) qsort(list, count, sizeof(list[0]), by_group);
    *out = list;
    return count;
}

void circle_field(struct people *p, uint32_t member, struct str group, struct expr_value *out)
{
    uint32_t code = 0;
    if (group.p) {
        code = registry_find_code(p->brand, DIM_GROUP, group);
        if (!code) return;
    }
    int circle = circle_of(p->brand, member, code);
    if (circle == CIRCLE_NONE) return;
    *out = (struct expr_value){.type = TYPE_NUMBER, .number = circle};
}

/* ---- changes ---- */

/* -1 and 2: not in the group, and its periphery. */
#define CHANGE_COLUMNS                                                                             \
    "SELECT COALESCE(pm.member, c.persona), c.at, c.of_group, c.was, c.circle FROM circle_change"  \
    " c LEFT JOIN persona_member pm ON pm.persona = c.persona"                                     \
    " WHERE (c.was IN (0, 1) OR c.circle IN (0, 1))"

struct change_list {
    VEC(struct circle_change) all;
};

static enum err read_changes(struct sql_stmt *s, struct change_list *list)
{
    enum err err;
    bool row = true;
    while ((err = sql_step(s, &row)) == ERR_OK && row) {
        VEC_PUSH(&list->all, ((struct circle_change){.member = (uint32_t)sql_int(s, 0),
                                                     .at = sql_int(s, 1),
                                                     .group = (uint32_t)sql_int(s, 2),
                                                     .from = (int)sql_int(s, 3),
                                                     .to = (int)sql_int(s, 4)}));
    }
    return err;
}

static int by_member(const void *a, const void *b)
{
    const struct circle_change *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

enum err circle_changes(struct sql *db, const uint32_t *personas, size_t count, struct arena *arena,
                        struct circle_change **out, size_t *out_count)
{
    struct change_list list = {0};
    enum err err = ERR_OK;
    if (count == 0) {
        struct sql_stmt *s = sql_use(db, CHANGE_COLUMNS " ORDER BY c.at DESC LIMIT $1");
        sql_bind_int(s, 1, CIRCLE_CHANGES_MAX);
        err = read_changes(s, &list);
    }
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct sql_stmt *s = sql_use(db, CHANGE_COLUMNS " AND c.persona = $1");
        sql_bind_int(s, 1, personas[i]);
        err = read_changes(s, &list);
    }
    if (list.all.count) qsort(list.all.items, list.all.count, sizeof(list.all.items[0]), by_member);
    *out = arena_copy(arena, list.all.items, list.all.count * sizeof(**out));
    *out_count = list.all.count;
    VEC_FINISH(&list.all);
    return err;
}

enum err circles_lately(struct sql *db, int64_t within_ms, struct arena *arena, uint32_t **out,
                        size_t *count)
{
    VEC(uint32_t) list = {0};
    enum err err;
    bool row = true;
    struct sql_stmt *s =
        sql_use(db, "SELECT DISTINCT COALESCE(pm.member, c.persona) FROM circle_change c"
                    " LEFT JOIN persona_member pm ON pm.persona = c.persona"
                    " WHERE c.kept_at >= (SELECT MAX(kept_at) FROM circle_change) - $1");
    sql_bind_int(s, 1, within_ms);
    while ((err = sql_step(s, &row)) == ERR_OK && row)
        VEC_PUSH(&list, (uint32_t)sql_int(s, 0));
    *out = arena_copy(arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err;
}
