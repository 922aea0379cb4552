/* undo.c - an origin taken back: who is looked at outside of the writer, what goes in the
 * transaction that swaps the files of the log (brand_erase), and who stays is folded again after
 * it.
 *
 * Invariants:
 * 1. Who goes has events of the origin alone, so that the log is written anew by the origin, not by
 *    who goes. What others told since the look is in the tail: the transaction asks there, and the
 *    tables, once more.
 * 2. Who goes is marked by the rows of 'erased' that have the moment 'stamp', which no other row
 *    has: tables are cleared by that set, whatever its size.
 * 3. From the swap on until who stays is folded again, bulk_pending says so: an opening in between
 *    folds everything. */
#include "people/undo.h"

#include <stdlib.h>

#include "people/plan.h"

#define TRIES 5

/* A persona that the origin has told something of. */
struct touched {
    uint32_t persona;
    bool others;      /* others have told something, too */
    bool created;     /* its member.created is the origin's */
    int64_t first_at; /* of the others' events; TIME_NONE = there are none */
};

struct undo {
    const struct undo_order *order;
    struct people *p;
    uint32_t origin;             /* its code */
    uint64_t seq;                /* up to which the log was looked at */
    VEC(struct touched) touched; /* ascending */
    VEC(uint32_t) gone;          /* ascending, as the transaction found */
    struct idset parted;         /* personas that stay of members that were taken apart */
    int64_t stamp;               /* of their rows in 'erased' */
    struct undo_sums sums;
    struct erasure erasure;
    bool again; /* the transaction found a log that was not looked at */
};

/* ---- looking ---- */

static void see_rows(struct undo *u, const struct history *h, uint32_t i)
{
    struct touched t = {.persona = h->member[i], .first_at = TIME_NONE};
    uint64_t own = 0;
    for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++) {
        bool is_own = h->dim[DIM_ORIGIN][r] == u->origin;
        own += is_own;
        t.created |= is_own && h->kind[r] == u->p->kind_created;
        if (is_own) continue;
        t.others = true;
        if (t.first_at == TIME_NONE || h->at[r] < t.first_at) t.first_at = h->at[r];
    }
    u->sums.events += own;
    if (own && t.persona) VEC_PUSH(&u->touched, t);
}

static bool see_run(void *worker, const struct history *h)
{
    for (uint32_t i = 0; i < h->member_count; i++)
        see_rows(worker, h, i);
    return true;
}

static int by_persona(const void *a, const void *b)
{
    const struct touched *x = a, *y = b;
    return x->persona < y->persona ? -1 : x->persona > y->persona;
}

static struct touched *find_touched(const struct undo *u, uint32_t persona)
{
    const struct touched key = {.persona = persona};
    if (u->touched.count == 0) return NULL;
    return bsearch(&key, u->touched.items, u->touched.count, sizeof(key), by_persona);
}

/* Each persona by itself, whoever it is one member with. */
static enum err see_log(struct brand *b, struct undo *u, struct why *why)
{
    static const struct persona_map apart = {0, NULL, NULL};
    const struct columns columns = {.mask = COLUMN_DIM0 << DIM_ORIGIN};
    const struct scan scan = {.columns = &columns, .to = INT64_MAX};
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    struct snapshot *s = brand_snapshot(b), own = *s;
    void *worker = u;
    own.personas = &apart;
    u->seq = s->seq;
    enum err err = eventlog_scan(&own, &scan, &worker, 1, see_run, &budget, why);
    brand_snapshot_release(s);
    if (u->touched.count)
        qsort(u->touched.items, u->touched.count, sizeof(u->touched.items[0]), by_persona);
    return err;
}

/* Those that the origin has given an identity to as the other one of an event, and nothing else. */
static enum err see_named(struct undo *u, struct sql *db)
{
    size_t seen = u->touched.count;
    struct sql_stmt *s = sql_use(db, "SELECT DISTINCT persona FROM identity WHERE source = $1");
    VEC(uint32_t) named = {0};
    enum err err = ERR_OK;
    sql_bind_str(s, 1, u->order->origin);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        if (!find_touched(u, (uint32_t)sql_int(s, 0))) VEC_PUSH(&named, (uint32_t)sql_int(s, 0));
    }
    for (size_t i = 0; i < named.count; i++) {
        const struct touched t = {named.items[i], true, false, TIME_NONE};
        VEC_PUSH(&u->touched, t);
    }
    VEC_FINISH(&named);
    if (u->touched.count > seen)
        qsort(u->touched.items, u->touched.count, sizeof(u->touched.items[0]), by_persona);
    return err;
}

/* What the tables have of one, by the origin and by others. */
static enum err see_tables(struct undo *u, struct sql *db, struct touched *t)
{
    bool row;
    struct sql_stmt *s = sql_use(
        db,
        "SELECT (SELECT COUNT(*) FROM identity WHERE persona = $1 AND COALESCE(source, '') = $2),"
        " (SELECT COUNT(*) FROM identity WHERE persona = $1 AND COALESCE(source, '') <> $2),"
        " (SELECT COUNT(*) FROM trait WHERE persona = $1 AND COALESCE(source, '') = $2),"
        " (SELECT COUNT(*) FROM trait WHERE persona = $1 AND COALESCE(source, '') <> $2),"
        " (SELECT COUNT(*) FROM member_tag WHERE persona = $1 AND source = $2),"
        " (SELECT COUNT(*) FROM member_tag WHERE persona = $1 AND source <> $2),"
        " (SELECT COUNT(*) FROM consent_entry WHERE persona = $1 AND source = $2),"
        " (SELECT COUNT(*) FROM consent_entry WHERE persona = $1 AND source <> $2),"
        " (SELECT COUNT(*) FROM note WHERE persona = $1)");
    sql_bind_int(s, 1, t->persona);
    sql_bind_str(s, 2, u->order->origin);
    TRY(sql_step(s, &row));
    if (!row) return ERR_CORRUPT;
    bool told = sql_int(s, 1) || sql_int(s, 3) || sql_int(s, 5) || sql_int(s, 7) || sql_int(s, 8);
    t->others |= told;
    u->sums.members += !t->others;
    u->sums.staying += t->others;
    if (!t->others || sql_int(s, 1)) u->sums.identities += (uint64_t)sql_int(s, 0);
    u->sums.traits += (uint64_t)sql_int(s, 2);
    u->sums.tags += (uint64_t)sql_int(s, 4);
    u->sums.consents += (uint64_t)sql_int(s, 6);
    sql_reset(s);
    return ERR_OK;
}

static enum err count_merges(struct undo *u, struct sql *db)
{
    int64_t count;
    struct sql_stmt *s =
        sql_use(db, "SELECT COUNT(*) FROM merge_log WHERE source = $1 AND undone_at IS NULL");
    sql_bind_str(s, 1, u->order->origin);
    TRY(sql_number(s, 0, &count));
    u->sums.merges = (uint64_t)count;
    return ERR_OK;
}

static enum err look(struct brand *b, void *arg, struct why *why)
{
    struct undo *u = arg;
    struct sql *db;
    VEC_RESET(&u->touched);
    u->sums = (struct undo_sums){0};
    TRY(see_log(b, u, why));
    TRY(brand_reader(b, &db, why));
    enum err err = see_named(u, db);
    for (size_t i = 0; i < u->touched.count && err == ERR_OK; i++)
        err = see_tables(u, db, &u->touched.items[i]);
    if (err == ERR_OK) err = count_merges(u, db);
    sql_close(db);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* ---- in the transaction: who goes ---- */

/* What others have told since the look is in the tail. */
static enum err see_tail(struct undo *u, const struct snapshot *s)
{
    size_t count = 0;
    uint64_t first = 0;
    if (s->seq == u->seq) return ERR_OK;
    const struct event *const *events = s->tail ? tail_view_commits(s->tail, &count, &first) : NULL;
    if (count == 0 || first > u->seq + 1) return ERR_CONFLICT;
    for (size_t i = 0; i < count; i++) {
        if (first + i <= u->seq) continue;
        struct touched *t = find_touched(u, events[i]->persona);
        if (events[i]->dim[DIM_ORIGIN] == u->origin) return ERR_CONFLICT;
        if (!t) continue;
        t->others = true;
        if (t->first_at == TIME_NONE || events[i]->at < t->first_at) t->first_at = events[i]->at;
    }
    return ERR_OK;
}

static enum err take_stamp(struct undo *u, struct tx *tx)
{
    int64_t last;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT COALESCE(MAX(at), 0) FROM erased");
    TRY(sql_number(s, 0, &last));
    u->stamp = last >= tx_now(tx) ? last + 1 : tx_now(tx);
    return ERR_OK;
}

/* A text of two parameters at most: the stamp, and the origin. */
static enum err run_text(struct undo *u, struct tx *tx, const char *text, bool origin)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), text);
    sql_bind_int(s, 1, u->stamp);
    if (origin) sql_bind_str(s, 2, u->order->origin);
    return sql_run(s);
}

static enum err mark_gone(struct undo *u, struct tx *tx)
{
    TRY(take_stamp(u, tx));
    for (size_t i = 0; i < u->touched.count; i++) {
        const struct touched *t = &u->touched.items[i];
        if (t->others) continue;
        struct sql_stmt *s =
            sql_use(tx_sql(tx), "INSERT INTO erased (persona, at) VALUES ($1, $2)"
                                " ON CONFLICT (persona) DO UPDATE SET at = excluded.at");
        sql_bind_int(s, 1, t->persona);
        sql_bind_int(s, 2, u->stamp);
        TRY(sql_run(s));
    }
    return run_text(u, tx,
                    "DELETE FROM erased WHERE at = $1 AND (EXISTS (SELECT 1 FROM identity i"
                    " WHERE i.persona = erased.persona AND COALESCE(i.source, '') <> $2)"
                    " OR EXISTS (SELECT 1 FROM trait t"
                    " WHERE t.persona = erased.persona AND COALESCE(t.source, '') <> $2)"
                    " OR EXISTS (SELECT 1 FROM member_tag g"
                    " WHERE g.persona = erased.persona AND g.source <> $2)"
                    " OR EXISTS (SELECT 1 FROM consent_entry c"
                    " WHERE c.persona = erased.persona AND c.source <> $2)"
                    " OR EXISTS (SELECT 1 FROM note n WHERE n.persona = erased.persona))",
                    true);
}

static enum err read_gone(struct undo *u, struct tx *tx)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT persona FROM erased WHERE at = $1 ORDER BY persona");
    VEC_RESET(&u->gone);
    sql_bind_int(s, 1, u->stamp);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        VEC_PUSH(&u->gone, (uint32_t)sql_int(s, 0));
    }
}

static bool is_gone(const struct undo *u, uint32_t persona)
{
    return persona_set_has(&(struct persona_set){u->gone.items, u->gone.count}, persona);
}

/* ---- in the transaction: what goes ---- */

#define OF_GONE " IN (SELECT persona FROM erased WHERE at = $1)"

static enum err clear_gone(struct undo *u, struct tx *tx)
{
    static const char *const texts[] = {
        "DELETE FROM identity WHERE persona" OF_GONE,
        "DELETE FROM trait WHERE persona" OF_GONE,
        "DELETE FROM trait_before WHERE persona" OF_GONE,
        "DELETE FROM member_tag WHERE persona" OF_GONE,
        "DELETE FROM consent_entry WHERE persona" OF_GONE,
        "DELETE FROM handover_member WHERE persona" OF_GONE,
        "DELETE FROM persona_member WHERE persona" OF_GONE,
        "DELETE FROM merge_log WHERE a" OF_GONE,
        "DELETE FROM merge_log WHERE b" OF_GONE,
        "DELETE FROM identity_conflict WHERE a" OF_GONE,
        "DELETE FROM identity_conflict WHERE b" OF_GONE,
        "DELETE FROM member WHERE id" OF_GONE,
        "DELETE FROM timer WHERE module = 'people' AND kind = 1 AND subject" OF_GONE,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        TRY(run_text(u, tx, texts[i], false));
    return ERR_OK;
}

/* Unless there is no other to know the persona by. */
static const char own_identities[] =
    "DELETE FROM identity WHERE persona = $1 AND source = $2 AND EXISTS (SELECT 1 FROM identity o"
    " WHERE o.persona = $1 AND COALESCE(o.source, '') <> $2)";

static enum err clear_one(struct undo *u, struct tx *tx, uint32_t persona)
{
    static const char *const texts[] = {
        own_identities,
        "DELETE FROM trait WHERE persona = $1 AND source = $2",
        "DELETE FROM member_tag WHERE persona = $1 AND source = $2",
        "DELETE FROM consent_entry WHERE persona = $1 AND source = $2",
        "DELETE FROM identity_conflict WHERE a = $1 AND source = $2 AND state = 0",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sql_stmt *s = sql_use(tx_sql(tx), texts[i]);
        sql_bind_int(s, 1, persona);
        sql_bind_str(s, 2, u->order->origin);
        TRY(sql_run(s));
    }
    return trait_restore(tx, persona, u->order->origin);
}

static enum err clear_staying(struct undo *u, struct tx *tx)
{
    for (size_t i = 0; i < u->touched.count; i++) {
        uint32_t persona = u->touched.items[i].persona;
        name_index_note(u->p, persona);
        if (!is_gone(u, persona)) TRY(clear_one(u, tx, persona));
    }
    return ERR_OK;
}

/* What is in memory of all this is read again when it is asked for. */
static enum err forget(struct undo *u, struct tx *tx)
{
    struct people *p = u->p;
    for (size_t i = 0; i < u->gone.count; i++)
        owners_note(p, u->gone.items[i], 0);
    members_forget(p);
    bulk_forget(p);
    intmap_reset(p->identities);
    p->identities_complete = false;
    p->traits_changed = true;
    tag_sets_redefined(p);
    consent_redefined(p);
    return conflict_open(p, tx_sql(tx));
}

static enum err run_rows(struct tx *tx, void *arg, struct why *why)
{
    struct undo *u = arg;
    struct snapshot *s = brand_snapshot(tx_brand(tx));
    enum err err = see_tail(u, s);
    brand_snapshot_release(s);
    u->again = err == ERR_CONFLICT;
    if (u->again) return why_fail(why, err, MSG_UNDO_AGAIN, "", NULL);
    TRY(tx_flush(tx, why)); /* so that members can be forgotten */
    TRY(mark_gone(u, tx));
    TRY(read_gone(u, tx));
    u->erasure.gone = (struct persona_set){u->gone.items, u->gone.count};
    TRY(merge_undo(u->p, tx, u->order->origin, &u->erasure.gone, &u->parted));
    TRY(clear_gone(u, tx));
    TRY(clear_staying(u, tx));
    TRY(forget(u, tx));
    return sql_run(sql_use(tx_sql(tx), "INSERT INTO bulk_pending (id) VALUES (1)"
                                       " ON CONFLICT (id) DO NOTHING"));
}

/* ---- in the transaction: who stays ---- */

static enum err is_known(struct tx *tx, uint32_t persona, bool *known)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1"
                                             " AND kind <> $2 AND kind <> $3");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, IDENTITY_DEVICE);
    sql_bind_int(s, 3, IDENTITY_ANON);
    TRY(sql_step(s, known));
    sql_reset(s);
    return ERR_OK;
}

/* Who stays began with what others told first. */
static enum err create_again(struct undo *u, struct tx *tx, const struct touched *t,
                             struct why *why)
{
    struct event ev = {.at = t->first_at == TIME_NONE ? tx_now(tx) : t->first_at,
                       .received_at = tx_now(tx),
                       .persona = t->persona,
                       .amount = HISTORY_NO_AMOUNT,
                       .kind = (uint16_t)u->p->kind_created};
    bool known;
    TRY(is_known(tx, t->persona, &known));
    if (known) convert_add_flag(&ev, u->p->names.prop_known, tx_arena(tx));
    TRY(registry_code(tx, DIM_ORIGIN, STR("console"), &ev.dim[DIM_ORIGIN], why));
    return tx_emit(tx, &ev, why);
}

static enum err run_finish(struct tx *tx, void *arg, struct why *why)
{
    struct undo *u = arg;
    for (size_t i = 0; i < u->touched.count; i++) {
        const struct touched *t = &u->touched.items[i];
        if (t->created && !is_gone(u, t->persona)) TRY(create_again(u, tx, t, why));
    }
    u->sums.events = u->erasure.events;
    u->sums.members = u->gone.count;
    u->sums.staying = u->touched.count - u->gone.count;
    return u->order->finish ? u->order->finish(tx, u->order->arg, &u->sums, why) : ERR_OK;
}

static enum err run_fold(struct tx *tx, void *arg, struct why *why)
{
    struct undo *u = arg;
    struct idset only = {0};
    TRY(tx_flush(tx, why));
    for (size_t i = 0; i < u->touched.count; i++) {
        uint32_t persona = u->touched.items[i].persona;
        if (!is_gone(u, persona)) idset_add(&only, identity_member(u->p, persona));
    }
    for (uint32_t id = 1; id < u->p->next_persona && u->parted.count; id++) {
        if (idset_has(&u->parted, id)) idset_add(&only, identity_member(u->p, id));
    }
    enum err err = only.count ? refold_scan(u->p, tx, &only, why) : ERR_OK;
    idset_finish(&only);
    members_shed(u->p);
    if (err != ERR_OK || u->p->bulk) return err; /* a load under way ends with the same */
    return sql_run(sql_use(tx_sql(tx), "DELETE FROM bulk_pending"));
}

/* ---- from outside ---- */

static enum err begin(struct brand *b, const struct undo_order *order, struct undo *u)
{
    *u = (struct undo){.order = order, .p = brand_module_state(b, &people_module)};
    u->origin = registry_find_code(b, DIM_ORIGIN, order->origin);
    return u->origin ? ERR_OK : ERR_NOT_FOUND;
}

static void finish(struct undo *u)
{
    VEC_FINISH(&u->touched);
    VEC_FINISH(&u->gone);
    idset_finish(&u->parted);
}

enum err people_undo_preview(struct brand *b, struct str origin, struct undo_sums *out,
                             struct why *why)
{
    const struct undo_order order = {.origin = origin};
    struct undo u;
    *out = (struct undo_sums){0};
    if (begin(b, &order, &u) == ERR_NOT_FOUND) return ERR_OK; /* nothing of it was stored */
    enum err err = look(b, &u, why);
    if (err == ERR_OK) *out = u.sums;
    finish(&u);
    return err;
}

static enum err undo_once(struct brand *b, struct undo *u, struct why *why)
{
    u->again = false;
    u->erasure = (struct erasure){
        .origin = u->origin, .look = look, .rows = run_rows, .finish = run_finish, .arg = u};
    return brand_erase(b, &u->erasure, why);
}

enum err people_undo(struct brand *b, const struct undo_order *order, struct undo_sums *out,
                     struct why *why)
{
    struct undo u;
    int tries = 0;
    enum err err = begin(b, order, &u);
    if (err == ERR_NOT_FOUND) { /* nothing of it was stored */
        *out = (struct undo_sums){0};
        return brand_call(b, run_finish, &u, true, why);
    }
    do {
        err = undo_once(b, &u, why);
    } while (u.again && ++tries < TRIES);
    if (err == ERR_OK) {
        *out = u.sums;
        err = brand_call(b, run_fold, &u, true, why);
    }
    finish(&u);
    return err;
}
