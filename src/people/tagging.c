/* tagging.c - tags given and taken: rows, timers and events. Who has which is known by tag_sets.c.
 *
 * A row (persona, tag) is the root's when it is given by hand. Its timer is the module's, of kind
 * TIMER_TAG, its subject the persona in the high half and the tag in the low. */
#include "people/internal.h"
#include "people/tag.h"

#define PIECE 1000 /* members of one transaction */

/* ---- one member ---- */

/* What all members of a call have in common. */
struct work {
    struct people *p;
    struct tx *tx;
    struct tagging *t;
    struct tag tag;
    bool exclusive; /* its group */
    struct str source;
};

static uint64_t subject_of(uint32_t persona, uint32_t tag)
{
    return (uint64_t)persona << 32 | tag;
}

static enum err emit(struct people *p, struct tx *tx, uint32_t member, const struct tag *tag,
                     bool has, struct str source)
{
    struct why why;
    uint16_t kind;
    struct event_prop *prop = arena_alloc(tx_arena(tx), sizeof(*prop));
    struct event ev = {.at = tx_now(tx),
                       .received_at = tx_now(tx),
                       .persona = member,
                       .amount = HISTORY_NO_AMOUNT};
    const struct str none = {NULL, 0};
    struct str name = has ? STR("member.tagged") : STR("member.untagged");
    TRY(registry_kind(tx, name, none, &kind, &why));
    TRY(registry_prop(tx, STR("tag"), PROP_TEXT, &prop->id, &why));
    if (source.len) TRY(registry_code(tx, DIM_ORIGIN, source, &ev.dim[DIM_ORIGIN], &why));
    prop->type = PROP_TEXT;
    prop->text = tag->name;
    ev.kind = kind;
    ev.props = prop;
    ev.prop_count = 1;
    tag_sets_change(p, member, tag->id, has);
    return tx_emit(tx, &ev, &why);
}

static enum err delete_row(struct tx *tx, uint32_t persona, uint32_t tag, bool *there)
{
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "DELETE FROM member_tag WHERE persona = $1 AND tag = $2 RETURNING persona");
    bool row;
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, tag);
    TRY(sql_any(s, &row));
    if (!row) return ERR_OK;
    *there = true;
    return timer_clear(tx, &people_module, TIMER_TAG, subject_of(persona, tag));
}

enum err tagging_take(struct people *p, struct tx *tx, uint32_t member, uint32_t tag, bool *there)
{
    uint32_t *personas;
    size_t count = identity_personas(p, member, tx_arena(tx), &personas);
    *there = false;
    for (size_t i = 0; i < count; i++)
        TRY(delete_row(tx, personas[i], tag, there));
    return ERR_OK;
}

static enum err held_now(const struct work *w, uint32_t member, struct tag_held **held,
                         size_t *count)
{
    struct why why;
    return tag_held_by(tx_sql(w->tx), member, tx_arena(w->tx), held, count, &why);
}

/* So that undoing the run brings it back. */
static enum err note_ousted(const struct work *w, uint32_t member, const struct tag_held *h)
{
    struct sql_stmt *s = sql_use(
        tx_sql(w->tx), "INSERT INTO tag_ousted (run, persona, tag, at, expires_at, source, was_run)"
                       " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run, persona, tag)"
                       " DO NOTHING");
    if (!w->t->run) return ERR_OK;
    sql_bind_int(s, 1, w->t->run);
    sql_bind_int(s, 2, member);
    sql_bind_int(s, 3, h->tag.id);
    sql_bind_int(s, 4, h->at);
    if (h->expires_at == TIME_NONE) sql_bind_null(s, 5);
    if (h->expires_at != TIME_NONE) sql_bind_int(s, 5, h->expires_at);
    sql_bind_str(s, 6, h->source);
    sql_bind_int(s, 7, h->run);
    return sql_run(s);
}

/* The other tags of the group go; those that were hidden by the one that counted go unsaid. */
static enum err oust(const struct work *w, uint32_t member)
{
    struct tag_held *held;
    size_t held_count;
    VEC(struct tag) rivals = {0};
    TRY(held_now(w, member, &held, &held_count));
    struct sql_stmt *s =
        sql_use(tx_sql(w->tx), "SELECT id, tag_group, name FROM tag WHERE tag_group = $1");
    sql_bind_int(s, 1, w->tag.group);
    enum err err = ERR_OK;
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        struct tag rival = {(uint32_t)sql_int(s, 0), w->tag.group,
                            arena_str(tx_arena(w->tx), sql_str(s, 2))};
        if (rival.id != w->tag.id) VEC_PUSH(&rivals, rival);
    }
    for (size_t i = 0; i < rivals.count && err == ERR_OK; i++) {
        bool there, counted = false;
        err = tagging_take(w->p, w->tx, member, rivals.items[i].id, &there);
        for (size_t k = 0; k < held_count && err == ERR_OK; k++) {
            if (held[k].tag.id != rivals.items[i].id) continue;
            counted = true;
            err = note_ousted(w, member, &held[k]);
        }
        if (err == ERR_OK && there && counted)
            err = emit(w->p, w->tx, member, &rivals.items[i], false, w->source);
    }
    VEC_FINISH(&rivals);
    return err;
}

static enum err write_row(const struct work *w, uint32_t persona, int64_t at)
{
    int64_t expires_at = w->t->expires_at;
    struct sql_stmt *s = sql_use(
        tx_sql(w->tx), "INSERT INTO member_tag (persona, tag, at, expires_at, source, run)"
                       " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (persona, tag) DO UPDATE SET"
                       " at = excluded.at, expires_at = excluded.expires_at,"
                       " source = excluded.source, run = excluded.run");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, w->tag.id);
    sql_bind_int(s, 3, at);
    if (expires_at == TIME_NONE) sql_bind_null(s, 4);
    if (expires_at != TIME_NONE) sql_bind_int(s, 4, expires_at);
    sql_bind_str(s, 5, w->source);
    sql_bind_int(s, 6, w->t->run);
    TRY(sql_run(s));
    uint64_t subject = subject_of(persona, w->tag.id);
    if (expires_at == TIME_NONE) return timer_clear(w->tx, &people_module, TIMER_TAG, subject);
    return timer_set(w->tx, &people_module, TIMER_TAG, subject, expires_at);
}

/* It is there until another moment: the row says so, no event does. It was given by whom it was. */
static enum err set_expiry(const struct work *w, uint32_t member, const struct tag_held *old)
{
    bool there;
    struct work same = *w;
    struct tagging as_given = *w->t;
    bool taken_over = str_is(old->source, TAG_BY_RULE); /* by hand wins */
    if (old->expires_at == w->t->expires_at && !taken_over) return ERR_OK;
    TRY(tagging_take(w->p, w->tx, member, w->tag.id, &there));
    as_given.run = taken_over ? w->t->run : old->run;
    same.t = &as_given;
    if (!taken_over) same.source = old->source;
    return write_row(&same, member, old->at);
}

static enum err give(const struct work *w, uint32_t member, bool *changed)
{
    struct tag_held *held;
    size_t count;
    bool there;
    TRY(held_now(w, member, &held, &count));
    for (size_t i = 0; i < count; i++) {
        if (held[i].tag.id == w->tag.id) return set_expiry(w, member, &held[i]);
    }
    *changed = true;
    if (w->exclusive) TRY(oust(w, member));
    TRY(tagging_take(w->p, w->tx, member, w->tag.id, &there)); /* one that was hidden */
    TRY(write_row(w, member, tx_now(w->tx)));
    return emit(w->p, w->tx, member, &w->tag, true, w->source);
}

static enum err is_member(struct tx *tx, uint32_t member, bool *known)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, member);
    TRY(sql_step(s, known));
    if (*known) sql_reset(s);
    return ERR_OK;
}

/* ---- rules ---- */

static bool is_rule(const struct work *w)
{
    return str_is(w->source, TAG_BY_RULE);
}

static enum err was_taken_by_hand(const struct work *w, uint32_t member, bool *out)
{
    struct sql_stmt *s =
        sql_use(tx_sql(w->tx),
                "SELECT 1 FROM tag_hand h WHERE h.tag = $2 AND " OF_MEMBER("h.persona") " LIMIT 1");
    sql_bind_int(s, 1, member);
    sql_bind_int(s, 2, w->tag.id);
    TRY(sql_step(s, out));
    if (*out) sql_reset(s);
    return ERR_OK;
}

/* A rule gives where nothing by hand is against it, and takes what rules gave. */
static enum err may_rule(const struct work *w, uint32_t member, bool *out)
{
    struct tag_held *held;
    size_t count;
    bool has = false, rival = false, other = false;
    TRY(held_now(w, member, &held, &count));
    for (size_t i = 0; i < count; i++) {
        bool same = held[i].tag.id == w->tag.id;
        has |= same;
        other |= same && !str_is(held[i].source, TAG_BY_RULE);
        rival |= !same && w->exclusive && held[i].tag.group == w->tag.group;
    }
    *out = w->t->remove ? has && !other : !has && !rival;
    if (w->t->remove || !*out) return ERR_OK;
    TRY(was_taken_by_hand(w, member, &other));
    *out = !other;
    return ERR_OK;
}

/* What is done by hand binds the rule of the tag, if it has one. */
static enum err bind_rule(const struct work *w, uint32_t member)
{
    struct sql_stmt *s = sql_use(tx_sql(w->tx), "INSERT INTO tag_hand (tag, persona) SELECT tag,"
                                                " CAST($1 AS bigint) FROM tag_rule WHERE tag = $2"
                                                " ON CONFLICT (tag, persona) DO NOTHING");
    if (!w->t->remove)
        s = sql_use(tx_sql(w->tx), "DELETE FROM tag_hand WHERE tag = $2 AND " OF_MEMBER("persona"));
    sql_bind_int(s, 1, member);
    sql_bind_int(s, 2, w->tag.id);
    return sql_run(s);
}

static enum err change_one(const struct work *w, uint32_t persona)
{
    bool known, changed = false;
    TRY(is_member(w->tx, persona, &known));
    if (!known) {
        w->t->missing++;
        return ERR_OK;
    }
    uint32_t member = identity_member(w->p, persona);
    bool may = true;
    if (is_rule(w)) TRY(may_rule(w, member, &may));
    if (!may) {
        w->t->same++;
        return ERR_OK;
    }
    if (!is_rule(w)) TRY(bind_rule(w, member));
    if (w->t->remove) {
        TRY(tagging_take(w->p, w->tx, member, w->tag.id, &changed));
        if (changed) TRY(emit(w->p, w->tx, member, &w->tag, false, w->source));
    } else {
        TRY(give(w, member, &changed));
    }
    w->t->changed += changed;
    w->t->same += !changed;
    return ERR_OK;
}

/* ---- many ---- */

static enum err begin_run(struct work *w)
{
    struct sql *db = tx_sql(w->tx);
    int64_t last;
    struct sql_stmt *s = sql_use(db, "SELECT COALESCE(MAX(id), 0) FROM tag_run");
    TRY(sql_number(s, 0, &last));
    w->t->run = (uint32_t)last + 1;
    s = sql_use(db, "INSERT INTO tag_run (id, tag, source, at) VALUES ($1, $2, $3, $4)");
    sql_bind_int(s, 1, w->t->run);
    sql_bind_int(s, 2, w->tag.id);
    sql_bind_str(s, 3, w->source);
    sql_bind_int(s, 4, tx_now(w->tx));
    return sql_run(s);
}

static enum err find_tag(struct work *w, struct why *why)
{
    struct tag_group group = {.exclusive = false};
    TRY(tag_get(tx_sql(w->tx), w->t->tag, tx_arena(w->tx), &w->tag, why));
    if (w->tag.group) TRY(tag_group_get(tx_sql(w->tx), w->tag.group, tx_arena(w->tx), &group, why));
    w->exclusive = group.exclusive;
    return ERR_OK;
}

/* A batch may run again: 'arg' is left as it was found but for what is counted, from nothing. */
static enum err run_piece(struct tx *tx, void *arg, struct why *why)
{
    struct tagging *t = arg;
    struct work w = {
        brand_module_state(tx_brand(tx), &people_module), tx, t, {0}, false, t->source};
    t->changed = t->same = t->missing = 0;
    TRY(find_tag(&w, why));
    if (t->counted && !t->remove) TRY(begin_run(&w));
    for (size_t i = 0; i < t->count; i++)
        TRY(change_one(&w, t->members[i]));
    return ERR_OK;
}

enum err tag_members(struct brand *b, struct tagging *t, struct why *why)
{
    size_t at = 0;
    t->changed = t->same = t->missing = 0;
    t->run = 0;
    do {
        struct tagging piece = *t;
        piece.members = t->members + at;
        piece.count = t->count - at < PIECE ? t->count - at : PIECE;
        piece.counted = t->counted && at == 0;
        TRY(brand_call(b, run_piece, &piece, false, why));
        t->run = piece.run;
        t->changed += piece.changed;
        t->same += piece.same;
        t->missing += piece.missing;
        at += piece.count;
    } while (at < t->count);
    return ERR_OK;
}

/* ---- undoing ---- */

static enum err run_find(struct tx *tx, void *arg, struct why *why)
{
    struct tagging *t = arg;
    bool row;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM tag_run WHERE id = $1 AND tag = $2");
    sql_bind_int(s, 1, t->run);
    sql_bind_int(s, 2, t->tag);
    TRY(sql_any(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "run", "%s", "run");
    return ERR_OK;
}

/* What the run has put out of its place, unless another tag of the group has come since, or its
 * time is over. */
struct ousted {
    struct tag_held held;
    bool there;
};

static enum err read_ousted(const struct work *w, uint32_t persona, uint32_t run,
                            struct ousted *out)
{
    struct sql_stmt *s =
        sql_use(tx_sql(w->tx), "SELECT t.id, t.tag_group, t.name, o.at, o.expires_at, o.source,"
                               " o.was_run FROM tag_ousted o JOIN tag t ON t.id = o.tag"
                               " WHERE o.run = $1 AND o.persona = $2 AND t.tag_group = $3");
    *out = (struct ousted){.there = false};
    sql_bind_int(s, 1, run);
    sql_bind_int(s, 2, persona);
    sql_bind_int(s, 3, w->tag.group);
    TRY(sql_step(s, &out->there));
    if (!out->there) return ERR_OK;
    out->held = (struct tag_held){
        .tag = {(uint32_t)sql_int(s, 0), (uint32_t)sql_int(s, 1),
                arena_str(tx_arena(w->tx), sql_str(s, 2))},
        .at = sql_int(s, 3),
        .expires_at = sql_is_null(s, 4) ? TIME_NONE : sql_int(s, 4),
        .source = arena_str(tx_arena(w->tx), sql_str(s, 5)),
        .run = (uint32_t)sql_int(s, 6),
    };
    sql_reset(s);
    bool over = out->held.expires_at != TIME_NONE && out->held.expires_at <= tx_now(w->tx);
    out->there = !over;
    return ERR_OK;
}

static enum err bring_back(const struct work *w, uint32_t persona)
{
    struct ousted o;
    struct tag_held *held;
    size_t count;
    uint32_t member = identity_member(w->p, persona);
    TRY(read_ousted(w, persona, w->t->run, &o));
    if (!o.there) return ERR_OK;
    TRY(held_now(w, member, &held, &count));
    for (size_t i = 0; i < count; i++) {
        if (held[i].tag.group == w->tag.group) return ERR_OK;
    }
    struct work old = *w;
    struct tagging as_was = *w->t;
    as_was.expires_at = o.held.expires_at;
    as_was.run = o.held.run;
    old.t = &as_was;
    old.tag = o.held.tag;
    old.source = o.held.source;
    TRY(write_row(&old, member, o.held.at));
    return emit(w->p, w->tx, member, &o.held.tag, true, w->source);
}

/* The next thousand of the run's rows; rows that are gone are not among them any more. */
static enum err run_undo(struct tx *tx, void *arg, struct why *why)
{
    struct tagging *t = arg;
    struct work w = {
        brand_module_state(tx_brand(tx), &people_module), tx, t, {0}, false, t->source};
    uint32_t *personas = arena_alloc_array(tx_arena(tx), PIECE, sizeof(*personas));
    t->changed = t->same = t->missing = t->count = 0;
    TRY(find_tag(&w, why));
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT persona FROM member_tag"
                                             " WHERE tag = $1 AND run = $2 ORDER BY persona"
                                             " LIMIT $3");
    sql_bind_int(s, 1, t->tag);
    sql_bind_int(s, 2, t->run);
    sql_bind_int(s, 3, PIECE);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) break;
        personas[t->count++] = (uint32_t)sql_int(s, 0);
    }
    for (size_t i = 0; i < t->count; i++) {
        TRY(change_one(&w, personas[i]));
        if (w.exclusive) TRY(bring_back(&w, personas[i]));
    }
    return ERR_OK;
}

enum err tag_undo(struct brand *b, uint32_t run, struct tagging *t, struct why *why)
{
    struct tagging piece = *t;
    piece.run = run;
    piece.remove = true;
    TRY(brand_call(b, run_find, &piece, false, why));
    *t = piece;
    t->changed = t->same = t->missing = 0;
    do {
        TRY(brand_call(b, run_undo, &piece, false, why));
        t->changed += piece.changed;
        t->same += piece.same;
        t->missing += piece.missing;
    } while (piece.count == PIECE);
    return ERR_OK;
}

/* ---- time, and the end ---- */

enum err tagging_due(struct people *p, struct tx *tx, uint64_t subject)
{
    uint32_t persona = (uint32_t)(subject >> 32), id = (uint32_t)subject;
    struct tag_held *held;
    struct why why;
    struct tag tag;
    size_t count;
    bool row, counted = false, there = false;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT expires_at FROM member_tag WHERE persona = $1 AND tag = $2");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, id);
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    bool due = !sql_is_null(s, 0) && sql_int(s, 0) <= tx_now(tx);
    sql_reset(s);
    if (!due) return ERR_OK;
    uint32_t member = identity_member(p, persona);
    TRY(tag_get(tx_sql(tx), id, tx_arena(tx), &tag, &why));
    TRY(tag_held_by(tx_sql(tx), member, tx_arena(tx), &held, &count, &why));
    for (size_t i = 0; i < count; i++)
        counted |= held[i].tag.id == id;
    TRY(delete_row(tx, persona, id, &there));
    tag_sets_redefined(p); /* what it hid, or another persona's row, counts now */
    TRY(tag_held_by(tx_sql(tx), member, tx_arena(tx), &held, &count, &why));
    for (size_t i = 0; i < count; i++)
        counted &= held[i].tag.id != id;
    return counted ? emit(p, tx, member, &tag, false, STR("expiry")) : ERR_OK;
}

enum err tagging_erase(struct people *p, struct tx *tx, uint32_t persona)
{
    VEC(uint32_t) tags = {0};
    bool there;
    enum err err = ERR_OK;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT tag FROM member_tag WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        VEC_PUSH(&tags, (uint32_t)sql_int(s, 0));
    }
    for (size_t i = 0; i < tags.count && err == ERR_OK; i++)
        err = delete_row(tx, persona, tags.items[i], &there);
    VEC_FINISH(&tags);
    tag_sets_redefined(p);
    return err;
}
