/* owner.c - owners set by hand: the rows of a handover, and an event for each member.
 *
 * The event is what the fold follows; the rows say who did it and why, and what to go back to. Who
 * is to be handed over is asked of the fold inside the batch, so that two handovers at once are one
 * after the other. */
#include "people/owner.h"

#include "people/internal.h"

#define PIECE 1000 /* members of one transaction */

struct work {
    struct people *p;
    struct tx *tx;
    struct handover *h;
    uint32_t to;
};

static enum err emit(const struct work *w, uint32_t member, uint32_t staff)
{
    struct why why;
    struct event ev = {.at = tx_now(w->tx),
                       .received_at = tx_now(w->tx),
                       .persona = member,
                       .kind = (uint16_t)w->p->kind_assigned,
                       .amount = HISTORY_NO_AMOUNT};
    ev.dim[DIM_STAFF] = staff;
    if (w->h->who.len) TRY(registry_code(w->tx, DIM_ORIGIN, w->h->who, &ev.dim[DIM_ORIGIN], &why));
    return tx_emit(w->tx, &ev, &why);
}

/* The owner as of the events of this batch; '*hand': the one set by hand. */
static enum err owner_now(const struct work *w, uint32_t member, uint32_t *owner, uint32_t *hand)
{
    struct member *m;
    struct fold_state state;
    TRY(member_get(w->p, tx_sql(w->tx), member, &m));
    TRY(member_catch_up(w->p, w->tx, m));
    fold_get_state(m->fold, &w->p->names, &state);
    *owner = state.owner;
    *hand = state.owner_by == FOLD_OWNER_BY_HAND ? state.owner : 0;
    return ERR_OK;
}

static enum err begin(struct work *w)
{
    int64_t last;
    if (w->h->id) return ERR_OK;
    TRY(sql_number(sql_use(tx_sql(w->tx), "SELECT COALESCE(MAX(id), 0) FROM handover"), 0, &last));
    w->h->id = (uint32_t)last + 1;
    struct sql_stmt *s =
        sql_use(tx_sql(w->tx),
                "INSERT INTO handover (id, at, who, reason, staff) VALUES ($1, $2, $3, $4, $5)");
    sql_bind_int(s, 1, w->h->id);
    sql_bind_int(s, 2, tx_now(w->tx));
    sql_bind_str(s, 3, w->h->who);
    sql_bind_str(s, 4, w->h->reason);
    sql_bind_int(s, 5, w->to);
    return sql_run(s);
}

static enum err write_member(const struct work *w, uint32_t member, uint32_t was, uint32_t was_hand)
{
    struct sql_stmt *s =
        sql_use(tx_sql(w->tx), "INSERT INTO handover_member (handover, persona, was, was_hand)"
                               " VALUES ($1, $2, $3, $4) ON CONFLICT (handover, persona) DO"
                               " NOTHING");
    sql_bind_int(s, 1, w->h->id);
    sql_bind_int(s, 2, member);
    sql_bind_int(s, 3, was);
    sql_bind_int(s, 4, was_hand);
    return sql_run(s);
}

static enum err hand_one(struct work *w, uint32_t persona)
{
    int64_t known;
    uint32_t owner, hand;
    struct sql_stmt *s = sql_use(tx_sql(w->tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    TRY(sql_number(s, 0, &known));
    w->h->missing += !known;
    if (!known) return ERR_OK;
    uint32_t member = identity_member(w->p, persona);
    TRY(owner_now(w, member, &owner, &hand));
    if (hand == w->to || (w->h->from && owner != w->h->from)) {
        w->h->same++;
        return ERR_OK;
    }
    TRY(begin(w));
    TRY(write_member(w, member, owner, hand));
    w->h->changed++;
    return emit(w, member, w->to);
}

/* A batch may run again: 'arg' is a copy of the caller's, counted from nothing. */
static enum err run_piece(struct tx *tx, void *arg, struct why *why)
{
    struct handover *given = arg, h = *given;
    struct work w = {brand_module_state(tx_brand(tx), &people_module), tx, &h, 0};
    if (h.to.len) TRY(registry_code(tx, DIM_STAFF, h.to, &w.to, why));
    for (size_t i = 0; i < h.count; i++)
        TRY(hand_one(&w, h.members[i]));
    given[1] = h;
    return ERR_OK;
}

enum err owner_hand_over(struct brand *b, struct handover *h, struct why *why)
{
    size_t at = 0;
    h->id = 0;
    h->changed = h->same = h->missing = 0;
    if (h->count > LIMIT_HANDED)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "members", "%d", LIMIT_HANDED);
    do {
        struct handover piece[2] = {*h};
        piece[0].members = h->members + at;
        piece[0].count = h->count - at < PIECE ? h->count - at : PIECE;
        piece[0].changed = piece[0].same = piece[0].missing = 0;
        TRY(brand_call(b, run_piece, piece, false, why));
        h->id = piece[1].id;
        h->changed += piece[1].changed;
        h->same += piece[1].same;
        h->missing += piece[1].missing;
        at += piece[0].count;
    } while (at < h->count);
    return ERR_OK;
}

/* ---- undoing ---- */

static enum err run_check(struct tx *tx, void *arg, struct why *why)
{
    const struct handover *h = arg;
    bool row;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT undone_at FROM handover WHERE id = $1");
    sql_bind_int(s, 1, h->id);
    TRY(sql_step(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "handover");
    bool undone = !sql_is_null(s, 0);
    sql_reset(s);
    return undone ? why_fail(why, ERR_CONFLICT, MSG_UNDONE_ALREADY, "", NULL) : ERR_OK;
}

static enum err run_mark(struct tx *tx, void *arg, struct why *why)
{
    const struct handover *h = arg;
    (void)why;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE handover SET undone_at = $1, undone_by = $2 WHERE id = $3");
    sql_bind_int(s, 1, tx_now(tx));
    sql_bind_str(s, 2, h->who);
    sql_bind_int(s, 3, h->id);
    return sql_run(s);
}

struct undoing {
    struct handover h;
    uint32_t after; /* personas up to here are done */
    size_t rows;    /* of the piece */
};
struct undo_row {
    uint32_t persona, was_hand;
    uint32_t set; /* whom the handover set */
};

/* Was nobody set since, by any persona of the member, that stands? */
static enum err is_last(const struct work *w, uint32_t member, bool *out)
{
    int64_t last;
    struct sql_stmt *s =
        sql_use(tx_sql(w->tx), "SELECT COALESCE(MAX(h.handover), 0) FROM handover_member h"
                               " JOIN handover o ON o.id = h.handover"
                               " WHERE o.undone_at IS NULL AND " OF_MEMBER("h.persona"));
    sql_bind_int(s, 1, member);
    TRY(sql_number(s, 0, &last));
    *out = last == w->h->id;
    return ERR_OK;
}

static enum err undo_one(const struct work *w, const struct undo_row *row)
{
    bool last;
    uint32_t owner, hand, member = identity_member(w->p, row->persona);
    TRY(is_last(w, member, &last));
    TRY(owner_now(w, member, &owner, &hand));
    /* an import sets owners without a handover */
    if (!last || hand != row->set || hand == row->was_hand) {
        w->h->same++;
        return ERR_OK;
    }
    w->h->changed++;
    return emit(w, member, row->was_hand);
}

static enum err run_undo(struct tx *tx, void *arg, struct why *why)
{
    struct undoing *given = arg, u = *given;
    struct work w = {brand_module_state(tx_brand(tx), &people_module), tx, &u.h, 0};
    struct undo_row *rows = arena_alloc_array(tx_arena(tx), PIECE, sizeof(*rows));
    (void)why;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT m.persona, m.was_hand, h.staff FROM handover_member m"
                            " JOIN handover h ON h.id = m.handover WHERE m.handover = $1"
                            " AND m.persona > $2 ORDER BY m.persona LIMIT $3");
    sql_bind_int(s, 1, u.h.id);
    sql_bind_int(s, 2, u.after);
    sql_bind_int(s, 3, PIECE);
    for (bool row = true;; u.rows++) {
        TRY(sql_step(s, &row));
        if (!row) break;
        rows[u.rows] = (struct undo_row){(uint32_t)sql_int(s, 0), (uint32_t)sql_int(s, 1),
                                         (uint32_t)sql_int(s, 2)};
    }
    for (size_t i = 0; i < u.rows; i++)
        TRY(undo_one(&w, &rows[i]));
    if (u.rows) u.after = rows[u.rows - 1].persona;
    given[1] = u;
    return ERR_OK;
}

enum err owner_undo(struct brand *b, uint32_t id, struct str who, struct handover *out,
                    struct why *why)
{
    struct undoing u[2] = {{.h = {.id = id, .who = who}}};
    TRY(brand_call(b, run_check, &u[0].h, false, why));
    do {
        u[0].rows = 0;
        TRY(brand_call(b, run_undo, u, false, why));
        u[0] = u[1];
    } while (u[0].rows == PIECE);
    *out = u[0].h;
    return brand_call(b, run_mark, &u[0].h, false, why);
}

/* ---- reading ---- */

static enum err broken(enum err err, struct why *why)
{
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* Columns: id, at, who, reason, staff, undone_at, undone_by, was or members. */
static struct owner_step read_step(const struct people_view *v, struct sql_stmt *s)
{
    struct owner_step step = {
        .id = (uint32_t)sql_int(s, 0),
        .at = sql_int(s, 1),
        .who = arena_str(v->arena, sql_str(s, 2)),
        .reason = arena_str(v->arena, sql_str(s, 3)),
        .to = (uint32_t)sql_int(s, 4),
        .undone_at = sql_is_null(s, 5) ? TIME_NONE : sql_int(s, 5),
    };
    if (!sql_is_null(s, 6)) step.undone_by = arena_str(v->arena, sql_str(s, 6));
    return step;
}

static enum err read_steps(const struct people_view *v, struct sql_stmt *s, bool whole,
                           struct owner_step **out, size_t *count)
{
    VEC(struct owner_step) list = {0};
    enum err err;
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        struct owner_step step = read_step(v, s);
        if (whole) step.members = (uint64_t)sql_int(s, 7);
        if (!whole) step.from = (uint32_t)sql_int(s, 7);
        VEC_PUSH(&list, step);
    }
    *out = arena_copy(v->arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err;
}

enum err owner_history(const struct people_view *v, uint32_t member, struct owner_step **out,
                       size_t *count, struct why *why)
{
    struct sql_stmt *s =
        sql_use(v->db, "SELECT o.id, o.at, o.who, o.reason, o.staff, o.undone_at, o.undone_by,"
                       " h.was FROM handover_member h JOIN handover o ON o.id = h.handover"
                       " WHERE " OF_MEMBER("h.persona") " ORDER BY o.id DESC");
    sql_bind_int(s, 1, member);
    enum err err = read_steps(v, s, false, out, count);
    return err == ERR_OK ? ERR_OK : broken(err, why);
}

enum err owner_handovers(const struct people_view *v, uint32_t before, size_t limit,
                         struct owner_step **out, size_t *count, struct why *why)
{
    struct sql_stmt *s =
        sql_use(v->db, "SELECT o.id, o.at, o.who, o.reason, o.staff, o.undone_at, o.undone_by,"
                       " (SELECT COUNT(*) FROM handover_member h WHERE h.handover = o.id)"
                       " FROM handover o WHERE o.id < $1 ORDER BY o.id DESC LIMIT $2");
    sql_bind_int(s, 1, before ? before : INT64_MAX);
    sql_bind_int(s, 2, (int64_t)limit);
    enum err err = read_steps(v, s, true, out, count);
    return err == ERR_OK ? ERR_OK : broken(err, why);
}

/* Of a handover that was of this member alone nothing stays: its reason may speak of them. */
enum err owner_erase(struct tx *tx, uint32_t persona)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "DELETE FROM handover WHERE id IN (SELECT handover FROM handover_member"
                            " WHERE persona = $1) AND NOT EXISTS (SELECT 1 FROM handover_member h"
                            " WHERE h.handover = handover.id AND h.persona <> $1)");
    sql_bind_int(s, 1, persona);
    TRY(sql_run(s));
    s = sql_use(tx_sql(tx), "DELETE FROM handover_member WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    return sql_run(s);
}
