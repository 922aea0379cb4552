/* room.c - the room's seat at the writer's table, and what readers ask of it.
 *
 *   on_event ──► pending ──on_visible──► queue ──► keeper ──► memberships, moves ──► listener
 *   commands ──► staged ───on_visible──► saved expressions, reload ─┘
 *
 * 1. What the keeper is told of is committed, and in every snapshot that it takes afterwards.
 * 2. Events that come by another way than on_event (a bulk load) are noticed by their seq: then
 *    everything is scanned.
 * 3. Texts that were ever the code or the expression of a segment stay until the brand is closed,
 *    each once: expressions and streams refer to them. */
#include "base/log.h"
#include "people/numbering.h"
#include "scores/scores.h"
#include "segments/store.h"

/* ---- texts ---- */

const char *room_text(struct room *r, struct str text)
{
    uint64_t place;
    if (map_get(r->text_places, text, &place)) return r->texts.items[place];
    char *copy = mem_alloc(text.len + 1);
    if (text.len) memcpy(copy, text.p, text.len);
    map_put(r->text_places, text, r->texts.count);
    VEC_PUSH(&r->texts, copy);
    return copy;
}

/* The expression that a code stands for from now on; {NULL, 0}: it is gone. Under the lock. */
static void save_text(struct room *r, struct str code, struct str expr)
{
    if (!expr.p) {
        map_remove(r->saved, code);
        return;
    }
    (void)room_text(r, expr);
    uint64_t place = 0;
    (void)map_get(r->text_places, expr, &place);
    map_put(r->saved, code, place);
}

static struct str saved_text(struct room *r, struct str code)
{
    uint64_t place;
    pthread_mutex_lock(&r->lock);
    bool found = map_get(r->saved, code, &place);
    struct str text = found ? str_of(r->texts.items[place]) : (struct str){NULL, 0};
    pthread_mutex_unlock(&r->lock);
    return text;
}

/* ---- lives ---- */

struct live *live_create(uint32_t id)
{
    struct live *l = mem_alloc(sizeof(*l));
    *l = (struct live){.id = id, .moved_at = TIME_NONE};
    l->members = roaring_bitmap_create();
    l->named = roaring_bitmap_create();
    l->dirty = roaring_bitmap_create();
    return l;
}

void live_destroy(struct live *l)
{
    if (!l) return;
    roaring_bitmap_free(l->members);
    roaring_bitmap_free(l->named);
    roaring_bitmap_free(l->dirty);
    mem_free(l);
}

struct live *room_find(const struct room *r, struct str code)
{
    for (size_t i = 0; i < r->lives.count; i++) {
        if (str_is(code, r->lives.items[i]->code)) return r->lives.items[i];
    }
    return NULL;
}

struct live *room_find_id(const struct room *r, uint32_t id)
{
    for (size_t i = 0; i < r->lives.count; i++) {
        if (r->lives.items[i]->id == id) return r->lives.items[i];
    }
    return NULL;
}

void room_set_due(struct room *r, uint32_t member, int64_t due)
{
    while (r->due.count <= member)
        VEC_PUSH(&r->due, TIME_NONE);
    if (r->due.items[member] == due) return;
    r->due.items[member] = due;
    roaring_bitmap_add(r->due_dirty, member / DUE_CHUNK);
}

void room_tear(struct room *r, bool torn)
{
    pthread_mutex_lock(&r->lock);
    r->torn = torn;
    pthread_mutex_unlock(&r->lock);
}

/* ---- the module ---- */

static struct room *room_create(struct brand *b)
{
    struct room *r = mem_alloc(sizeof(*r));
    r->brand = b;
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_init(&r->listener_lock, NULL);
    pthread_cond_init(&r->wake, NULL);
    pthread_cond_init(&r->settled, NULL);
    r->due_dirty = roaring_bitmap_create();
    r->since = roaring_bitmap_create();
    r->text_places = map_create();
    r->saved = map_create();
    return r;
}

static void drop_stage(struct room *r)
{
    for (size_t i = 0; i < r->stage.count; i++) {
        mem_free(r->stage.items[i].code);
        mem_free(r->stage.items[i].expr);
    }
    VEC_RESET(&r->stage);
    r->staged = false;
}

static void room_destroy(struct room *r)
{
    drop_stage(r);
    for (size_t i = 0; i < r->lives.count; i++)
        live_destroy(r->lives.items[i]);
    for (size_t i = 0; i < r->texts.count; i++)
        mem_free(r->texts.items[i]);
    memory_destroy(r->memory);
    panel_destroy(r->panel);
    VEC_FINISH(&r->stage);
    VEC_FINISH(&r->pending);
    store_close(r);
    VEC_FINISH(&r->queue);
    VEC_FINISH(&r->lives);
    VEC_FINISH(&r->due);
    VEC_FINISH(&r->texts);
    VEC_FINISH(&r->moves);
    VEC_FINISH(&r->heap);
    map_destroy(r->text_places);
    map_destroy(r->saved);
    roaring_bitmap_free(r->due_dirty);
    roaring_bitmap_free(r->since);
    pthread_cond_destroy(&r->wake);
    pthread_cond_destroy(&r->settled);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->listener_lock);
    mem_free(r);
}

static enum err room_open(struct tx *tx, void **state, struct why *why)
{
    struct room *r = room_create(tx_brand(tx));
    struct segment *all;
    size_t count;
    (void)why;
    *state = r;
    TRY(records_read(tx_sql(tx), tx_arena(tx), &all, &count));
    for (size_t i = 0; i < count; i++)
        save_text(r, all[i].code, all[i].expr);
    r->seq_seen = r->told = brand_stats(r->brand).seq;
    TRY(store_load(r, tx_sql(tx)));
    r->reload = true;
    r->keeping = count > 0;
    return r->keeping ? keeper_start(r) : ERR_OK;
}

static void room_close(void *state)
{
    struct room *r = state;
    keeper_stop(r);
    room_destroy(r);
}

size_t room_touches(const struct room *r, const struct event *ev, uint64_t seq, struct touch out[2])
{
    bool both = ev->other && str_starts(registry_kind_name(r->brand, ev->kind), STR("member."));
    out[0] = (struct touch){ev->persona, both ? 0 : ev->kind, seq};
    out[1] = (struct touch){ev->other, 0, 0};
    return both ? 2 : 1;
}

static enum err room_on_event(struct tx *tx, void *state, const struct event *ev, uint64_t seq)
{
    struct room *r = state;
    (void)seq;
    if (tx_replaying(tx)) return ERR_OK;
    r->emitted++;
    if (!r->keeping) return ERR_OK; /* the first segment is built from the log */
    /* rooms before this one may have emitted others, which come before it */
    struct touch both[2];
    size_t count = room_touches(r, ev, tx_seq(tx) + 1, both);
    for (size_t i = 0; i < count; i++)
        VEC_PUSH(&r->pending, both[i]);
    return ERR_OK;
}

/* Hand over what the batch has brought. Under the lock. */
static void hand_over(struct room *r)
{
    if (r->queue.count + r->pending.count > LIMIT_SEGMENT_QUEUE) {
        VEC_RESET(&r->queue);
        r->rescan = r->forget = true;
    } else if (r->pending.count) {
        VEC_RESERVE(&r->queue, r->pending.count);
        memcpy(r->queue.items + r->queue.count, r->pending.items,
               r->pending.count * sizeof(r->pending.items[0]));
        r->queue.count += r->pending.count;
    }
    for (size_t i = 0; i < r->stage.count; i++) {
        const struct staged *s = &r->stage.items[i];
        save_text(r, str_of(s->code), str_of(s->expr));
    }
    r->reload |= r->staged;
}

static void room_on_visible(void *state)
{
    struct room *r = state;
    uint64_t seq = brand_stats(r->brand).seq;
    uint64_t stamp = people_stamp(r->brand);
    bool bulk = seq != r->seq_seen + r->emitted, restamped = stamp != r->stamp_seen;
    r->stamp_seen = stamp;
    r->keeping |= r->staged;
    if (r->pending.count || r->staged || bulk || r->purged || restamped) {
        pthread_mutex_lock(&r->lock);
        if (r->keeping) hand_over(r);
        r->rescan |= (bulk || r->purged) && r->keeping;
        r->forget |= bulk || r->erased || r->purged;
        if (r->purged) r->seq = 0; /* until it is scanned no row is as of any */
        r->reload |= restamped;    /* some are to be made anew */
        r->told = seq;
        pthread_cond_signal(&r->wake);
        pthread_mutex_unlock(&r->lock);
    }
    r->seq_seen = seq;
    r->emitted = 0;
    r->purged = r->erased = false;
    VEC_RESET(&r->pending);
    drop_stage(r);
    if (r->keeping && keeper_start(r) != ERR_OK)
        log_error("segments", "no_keeper", "slug=%s", brand_slug(r->brand));
}

static void room_on_rollback(void *state)
{
    struct room *r = state;
    VEC_RESET(&r->pending);
    r->emitted = 0;
    r->purged = r->erased = false;
    drop_stage(r);
    store_forget(r);
}

static enum err room_on_flush(struct tx *tx, void *state, size_t rows_max, bool *clean)
{
    return store_flush(state, tx, rows_max, clean);
}

static enum err room_on_erase(struct tx *tx, void *state, struct erasure *e)
{
    struct room *r = state;
    const struct persona_set *gone = &e->gone;
    for (size_t i = 0; i < gone->count; i++) {
        struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM segment_list WHERE member = $1");
        sql_bind_int(s, 1, gone->ids[i]);
        TRY(sql_run(s));
        VEC_PUSH(&r->pending, ((struct touch){gone->ids[i], 0, 0}));
    }
    r->erased = true;
    r->staged = r->keeping; /* lists are read anew */
    r->purged |= e->origin != 0;
    return ERR_OK;
}

/* The rows may not be taken for what they were made of any more, nor those of a round under way. */
static enum err room_on_purge(struct tx *tx, void *state)
{
    struct room *r = state;
    r->purged = r->keeping;
    r->flush.seq = 0;
    r->flush.marked = UINT64_MAX;
    return sql_run(sql_use(tx_sql(tx), "DELETE FROM segment_mark"));
}

static enum err room_rebuild(struct tx *tx, void *state, struct why *why)
{
    struct room *r = state;
    (void)why;
    pthread_mutex_lock(&r->lock);
    r->rescan = r->forget = true;
    pthread_mutex_unlock(&r->lock);
    return store_clear(tx);
}

const struct module segments_module = {
    .name = "segments",
    .migrations = segments_migrations,
    .fold_version = 1,
    .open = room_open,
    .close = room_close,
    .on_event = room_on_event,
    .on_flush = room_on_flush,
    .on_visible = room_on_visible,
    .on_erase = room_on_erase,
    .on_purge = room_on_purge,
    .on_rollback = room_on_rollback,
    .rebuild = room_rebuild,
};

void records_stage(struct room *r, struct str code, struct str expr)
{
    struct staged s = {mem_alloc(code.len + 1), expr.p ? mem_alloc(expr.len + 1) : NULL};
    if (code.len) memcpy(s.code, code.p, code.len);
    if (s.expr && expr.len) memcpy(s.expr, expr.p, expr.len);
    VEC_PUSH(&r->stage, s);
    r->staged = true;
}

/* ---- what expressions ask ---- */

static bool kind_is_derived(void *ctx, int kind)
{
    return fold_kind_roles(registry_kind_name(ctx, kind)) & ROLE_DERIVED;
}

static enum expr_type trait_type(void *ctx, struct str name)
{
    return people_trait_type(ctx, name);
}

static struct str segment_text(void *ctx, struct str name)
{
    struct room *r = room_of(ctx);
    return r ? saved_text(r, name) : (struct str){NULL, 0};
}

void segments_catalog(struct brand *b, struct expr_catalog *out)
{
    brand_catalog(b, out);
    out->kind_is_derived = kind_is_derived;
    out->trait = trait_type;
    out->segment = segment_text;
}

void segments_get_field(void *ctx, uint32_t member, enum expr_field field, struct str name,
                        struct expr_value *out)
{
    if (scores_get_field(ctx, member, field, out)) return;
    if (field != FIELD_LIST) {
        people_get_field(ctx, member, field, name, out);
        return;
    }
    *out = (struct expr_value){.type = TYPE_BOOL, .boolean = segments_has(ctx, name, member)};
}

/* ---- what readers ask ---- */

/* The keeper may not have read yet what was committed. */
static bool is_building(const struct room *r, const struct live *l)
{
    uint64_t place;
    bool saved = map_get(r->saved, str_of(l->code), &place);
    return live_is_building(l) || (saved && r->texts.items[place] != l->read);
}

bool segments_state(struct brand *b, uint32_t id, struct segment_state *out)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    const struct live *l = room_find_id(r, id);
    if (l)
        *out = (struct segment_state){roaring_bitmap_get_cardinality(l->members), is_building(r, l),
                                      l->broken, l->moved_at};
    pthread_mutex_unlock(&r->lock);
    return l != NULL;
}

static bool add_member(uint32_t member, void *set)
{
    idset_add(set, member);
    return true;
}

bool segments_members(struct brand *b, struct str code, struct idset *out)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    const struct live *l = room_find(r, code);
    roaring_bitmap_t *copy = l ? roaring_bitmap_copy(l->members) : NULL;
    pthread_mutex_unlock(&r->lock);
    if (!copy) return false;
    roaring_iterate(copy, add_member, out);
    roaring_bitmap_free(copy);
    return true;
}

bool segments_has(struct brand *b, struct str code, uint32_t member)
{
    struct room *r = room_of(b);
    if (!r) return false;
    pthread_mutex_lock(&r->lock);
    const struct live *l = room_find(r, code);
    bool has = l && roaring_bitmap_contains(l->members, member);
    pthread_mutex_unlock(&r->lock);
    return has;
}

bool segments_overlap(struct brand *b, struct str one, struct str other,
                      struct segment_overlap *out)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    const struct live *x = room_find(r, one), *y = room_find(r, other);
    if (x && y) {
        out->a = roaring_bitmap_get_cardinality(x->members);
        out->b = roaring_bitmap_get_cardinality(y->members);
        out->both = roaring_bitmap_and_cardinality(x->members, y->members);
        out->either = out->a + out->b - out->both;
    }
    pthread_mutex_unlock(&r->lock);
    return x && y;
}

uint64_t segments_newest(struct brand *b)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    uint64_t moved = r->moved;
    pthread_mutex_unlock(&r->lock);
    return moved;
}

size_t segments_moves(struct brand *b, uint64_t after, struct segment_move *out, size_t room)
{
    struct room *r = room_of(b);
    size_t count = 0;
    pthread_mutex_lock(&r->lock);
    uint64_t kept = r->moves.count;
    uint64_t number = r->moved > kept && after < r->moved - kept ? r->moved - kept : after;
    for (; number < r->moved && count < room; number++)
        out[count++] = r->moves.items[number % LIMIT_SEGMENT_MOVES];
    pthread_mutex_unlock(&r->lock);
    return count;
}

void segments_listen(struct brand *b, void (*fn)(void *ctx, struct brand *b), void *ctx)
{
    struct room *r = room_of(b);
    if (!r) return;
    pthread_mutex_lock(&r->listener_lock);
    r->listener = fn;
    r->listener_ctx = ctx;
    pthread_mutex_unlock(&r->listener_lock);
}
