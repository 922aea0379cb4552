/* member.c - members in memory: folded by each event, written back in slices.
 *
 * A member's row holds the fold as of its latest event, the stage at the moment of writing, and the
 * seq it includes. Invariants: a dirty member is in memory; a clean one may be evicted; a stale one
 * is folded again from the log before it is written, so its fold in memory is only a guess until
 * then. A round of write-back covers the members that were dirty when it began, in order of id.
 * After every commit the timer of a member is the one that due_at of the row names, so that a kill
 * loses none: who is due is written at once. */
#include <stdlib.h>

#include "base/limits.h"
#include "people/internal.h"

#define LOOK_LATER_MS 1000
/* So few stale members are read one by one in any case; more, when one pass over the log would take
 * longer. A history takes about as long as so many rows of a pass (docs/bench.md "history"). */
#define STALE_FEW 100
#define HISTORY_IN_ROWS 16384
/* Events that may give a member another owner. */
#define MOVES_OWNER                                                                                \
    (ROLE_ASSIGNED | ROLE_JOIN_CONTACT | ROLE_LEAVE_CONTACT | ROLE_DM_RECEIVED | ROLE_DM_SENT |    \
     ROLE_ANSWERED)

static struct member *make(struct people *p, uint32_t id)
{
    struct member *m = mem_alloc(sizeof(*m));
    m->id = id;
    m->armed_due = TIME_NONE;
    m->fold = fold_create();
    intmap_put(p->member_slots, id, p->members.count);
    VEC_PUSH(&p->members, m);
    return m;
}

static void drop(struct people *p, size_t slot)
{
    struct member *m = p->members.items[slot];
    struct member *last = p->members.items[--p->members.count];
    p->members.items[slot] = last;
    intmap_put(p->member_slots, last->id, slot);
    intmap_remove(p->member_slots, m->id);
    fold_destroy(m->fold);
    mem_free(m);
}

/* Second chance: members untouched since the last sweep go, half of the room at most. */
static void evict(struct people *p)
{
    for (size_t i = p->members.count; i > 0 && p->members.count > LIMIT_MEMBER_CACHE / 2; i--) {
        struct member *m = p->members.items[i - 1];
        if (!m->dirty && !m->recent) drop(p, i - 1);
        m = i - 1 < p->members.count ? p->members.items[i - 1] : NULL;
        if (m) m->recent = false;
    }
}

void members_shed(struct people *p)
{
    for (size_t i = p->members.count; i > 0; i--) {
        if (!p->members.items[i - 1]->dirty) drop(p, i - 1);
    }
}

void members_outdate(struct people *p)
{
    members_shed(p);
    for (size_t i = 0; i < p->members.count; i++)
        p->members.items[i]->stale = p->members.items[i]->behind = true;
}

static enum err load(struct people *p, struct sql *db, uint32_t id, struct member **out)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT seq, due_at, state, numbers FROM member WHERE id = $1");
    sql_bind_int(s, 1, id);
    bool row;
    TRY(sql_step(s, &row));
    struct member *m = make(p, id);
    *out = m;
    if (!row) return ERR_OK;
    m->seq = (uint64_t)sql_int(s, 0);
    m->armed_due = sql_is_null(s, 1) ? TIME_NONE : sql_int(s, 1);
    bool sound = fold_decode(m->fold, &p->names.rules, sql_blob(s, 2));
    uint64_t numbers = (uint64_t)sql_int(s, 3);
    sql_reset(s);
    if (!sound) m->stale = m->behind = true; /* rebuilt from the log; verify reports it */
    if (numbers != p->numbering.now.version) m->stale = m->behind = true;
    return ERR_OK;
}

enum err member_get(struct people *p, struct sql *db, uint32_t id, struct member **out)
{
    uint64_t slot;
    if (intmap_get(p->member_slots, id, &slot)) {
        *out = p->members.items[slot];
        (*out)->recent = true;
        return ERR_OK;
    }
    if (p->members.count >= LIMIT_MEMBER_CACHE) evict(p);
    return load(p, db, id, out);
}

static void mark_dirty(struct people *p, struct member *m)
{
    if (!m->dirty) VEC_PUSH(&p->dirty, m->id);
    m->dirty = true;
}

void members_forget(struct people *p)
{
    while (p->members.count)
        drop(p, p->members.count - 1);
    VEC_RESET(&p->dirty);
    VEC_RESET(&p->round);
    p->round_at = 0;
}

enum err member_mark_stale(struct people *p, struct sql *db, uint32_t id, uint64_t seq)
{
    struct member *m;
    TRY(member_get(p, db, id, &m));
    m->stale = m->behind = true;
    m->persona = 0;
    if (seq > m->seq) m->seq = seq;
    mark_dirty(p, m);
    return ERR_OK;
}

enum err member_catch_up(struct people *p, struct tx *tx, struct member *m)
{
    size_t count;
    if (!m->behind) return ERR_OK;
    const struct event *events = tx_events(tx, &count);
    TRY(refold_with(p, m->id, events, count, m->fold));
    m->behind = false; /* still stale: what is written is folded from the log alone */
    return ERR_OK;
}

enum err member_touch(struct people *p, struct sql *db, uint32_t id)
{
    struct member *m;
    TRY(member_get(p, db, id, &m));
    if (m->stale) mark_dirty(p, m);
    return ERR_OK;
}

/* Would the log have this event before the newest one folded? Of several personas the lower comes
 * first within a millisecond. */
static bool is_late(const struct people *p, const struct member *m, const struct event *ev)
{
    int64_t last_at = fold_last_at(m->fold);
    uint64_t shared;
    if (last_at == TIME_NONE || ev->at > last_at) return false;
    if (ev->at < last_at) return true;
    if (ev->persona == m->persona || !intmap_get(p->member_of, ev->persona, &shared)) return false;
    return m->persona == 0 || ev->persona < m->persona;
}

enum err member_fold(struct people *p, struct tx *tx, const struct event *ev, uint64_t seq)
{
    struct member *m;
    struct fold_row row;
    TRY(member_get(p, tx_sql(tx), identity_member(p, ev->persona), &m));
    if (seq <= m->seq) return ERR_OK; /* the row includes it */
    m->seq = seq;
    mark_dirty(p, m);
    if (m->behind) return ERR_OK;
    if (is_late(p, m, ev)) {
        m->stale = m->behind = true;
        return ERR_OK;
    }
    m->persona = ev->persona;
    fold_row_of_event(&p->names, ev, &row);
    fold_event(m->fold, &p->names, &row, NULL, NULL);
    if (row.roles & MOVES_OWNER) owners_note(p, m->id, fold_owner(m->fold, &p->names));
    return ERR_OK;
}

/* ---- writing back ---- */

enum { FLAG_RETURNED = 1, FLAG_OUTSIDE = 2, FLAG_READS = 4, FLAG_SILENT_BUYER = 8 };

int64_t member_flags(const struct fold_state *s)
{
    return (s->returned ? FLAG_RETURNED : 0) | (s->outside ? FLAG_OUTSIDE : 0) |
           (s->reads ? FLAG_READS : 0) | (s->silent_buyer ? FLAG_SILENT_BUYER : 0);
}

/* The timer moves only when it would fire too late. */
static enum err arm(struct tx *tx, struct member *m, int64_t due)
{
    if (due == TIME_NONE || (m->armed_due != TIME_NONE && m->armed_due <= due)) return ERR_OK;
    m->armed_due = due;
    return timer_set(tx, &people_module, TIMER_LIFECYCLE, m->id, due);
}

static enum err upsert(struct people *p, struct tx *tx, const struct member *m,
                       const struct fold_state *state)
{
    struct sql_stmt *s = sql_use(
        tx_sql(tx),
        "INSERT INTO member (id, seq, as_of, stage, stage_since, trust, flags, created_at, "
        "last_seen, events, orders,"
        " spent, due_at, state, owner, numbers) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
        " $11, $12,"
        " $13, $14, $15, $16)"
        " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, as_of = excluded.as_of, stage = "
        "excluded.stage,"
        " stage_since = excluded.stage_since, trust = excluded.trust, flags = excluded.flags,"
        " created_at = excluded.created_at, last_seen = excluded.last_seen, events = "
        "excluded.events,"
        " orders = excluded.orders, spent = excluded.spent, due_at = excluded.due_at, state = "
        "excluded.state, owner = excluded.owner, numbers = excluded.numbers");
    sql_bind_int(s, 1, m->id);
    sql_bind_int(s, 2, (int64_t)m->seq);
    sql_bind_int(s, 3, tx_now(tx));
    sql_bind_int(s, 4, state->stage);
    sql_bind_int(s, 5, state->stage_since);
    sql_bind_int(s, 6, state->trust);
    sql_bind_int(s, 7, member_flags(state));
    sql_bind_int(s, 8, state->created);
    sql_bind_int(s, 9, state->last_seen);
    sql_bind_int(s, 10, (int64_t)state->events);
    sql_bind_int(s, 11, state->orders);
    sql_bind_int(s, 12, state->spent);
    if (m->armed_due == TIME_NONE) {
        sql_bind_null(s, 13);
    } else {
        sql_bind_int(s, 13, m->armed_due);
    }
    sql_bind_blob(s, 14, p->bytes.p, p->bytes.len);
    sql_bind_int(s, 15, state->owner);
    sql_bind_int(s, 16, (int64_t)p->numbering.now.version);
    return sql_run(s);
}

enum err member_write(struct people *p, struct tx *tx, struct member *m)
{
    struct fold_state state;
    fold_copy(p->present, m->fold);
    fold_advance(p->present, &p->names, tx_now(tx), NULL, NULL);
    fold_get_state(p->present, &p->names, &state);
    TRY(arm(tx, m, state.due));
    strbuf_reset(&p->bytes);
    fold_encode(m->fold, &p->bytes);
    TRY(upsert(p, tx, m, &state));
    owners_note(p, m->id, state.owner);
    m->dirty = false;
    return ERR_OK;
}

enum err member_erase(struct people *p, struct tx *tx, uint32_t id)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM member WHERE id = $1");
    sql_bind_int(s, 1, id);
    TRY(sql_run(s));
    owners_note(p, id, 0);
    uint64_t slot;
    if (intmap_get(p->member_slots, id, &slot)) drop(p, slot);
    return timer_clear(tx, &people_module, TIMER_LIFECYCLE, id);
}

/* A stale one cannot be written yet: it is looked at again when the log holds its events. */
static enum err look_later(struct tx *tx, struct member *m)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "UPDATE member SET due_at = $1 WHERE id = $2");
    m->armed_due = tx_now(tx) + LOOK_LATER_MS;
    sql_bind_int(s, 1, m->armed_due);
    sql_bind_int(s, 2, m->id);
    TRY(sql_run(s));
    return timer_set(tx, &people_module, TIMER_LIFECYCLE, m->id, m->armed_due);
}

enum err member_due(struct people *p, struct tx *tx, uint32_t id)
{
    struct member *m;
    TRY(member_get(p, tx_sql(tx), id, &m));
    if (fold_last_at(m->fold) == TIME_NONE && !m->stale) return ERR_OK; /* nobody's */
    m->armed_due = TIME_NONE;
    if (m->stale) mark_dirty(p, m);
    return m->stale ? look_later(tx, m) : member_write(p, tx, m);
}

static int by_id(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* A stale member with events in this very batch waits: the log does not hold them yet. */
static bool must_wait(const struct people *p, const struct member *m)
{
    return m->stale && m->seq > p->committed_seq;
}

static bool is_pass_shorter(const struct people *p, size_t histories)
{
    struct brand_stats stats = brand_stats(p->brand);
    uint64_t rows = stats.part_rows + stats.tail_events;
    return histories > STALE_FEW && histories * HISTORY_IN_ROWS > rows;
}

/* Fold the stale ones again, by one pass when they are many; that pass writes their rows as well.
 */
static enum err mend_stale(struct people *p, struct tx *tx)
{
    struct why why = {0};
    struct idset stale = {0};
    for (size_t i = 0; i < p->round.count; i++) {
        uint64_t slot;
        if (!intmap_get(p->member_slots, p->round.items[i], &slot)) continue;
        struct member *m = p->members.items[slot];
        if (m->stale && !must_wait(p, m)) idset_add(&stale, m->id);
    }
    enum err err = ERR_OK;
    if (is_pass_shorter(p, stale.count)) err = refold_scan(p, tx, &stale, &why);
    idset_finish(&stale);
    return err;
}

static enum err begin_round(struct people *p, struct tx *tx)
{
    VEC_RESET(&p->round);
    p->round_at = 0;
    p->round_left = false;
    VEC_RESERVE(&p->round, p->dirty.count);
    if (p->dirty.count)
        memcpy(p->round.items, p->dirty.items, p->dirty.count * sizeof(p->dirty.items[0]));
    p->round.count = p->dirty.count;
    VEC_RESET(&p->dirty);
    if (p->round.count) qsort(p->round.items, p->round.count, sizeof(p->round.items[0]), by_id);
    return mend_stale(p, tx);
}

enum err members_flush(struct people *p, struct tx *tx, size_t rows_max, bool *clean)
{
    size_t written = 0;
    p->committed_seq = brand_stats(p->brand).seq;
    if (p->round_at >= p->round.count) TRY(begin_round(p, tx));
    for (; p->round_at < p->round.count && written < rows_max; p->round_at++) {
        uint64_t slot;
        if (!intmap_get(p->member_slots, p->round.items[p->round_at], &slot)) continue;
        struct member *m = p->members.items[slot];
        if (!m->dirty) continue;
        if (must_wait(p, m)) {
            VEC_PUSH(&p->dirty, m->id);
            p->round_left = true;
            continue;
        }
        if (m->stale) TRY(refold_one(p, m));
        TRY(member_write(p, tx, m));
        written++;
    }
    *clean = p->round_at >= p->round.count && !p->round_left;
    if (p->members.count > LIMIT_MEMBER_CACHE) evict(p);
    return ERR_OK;
}
