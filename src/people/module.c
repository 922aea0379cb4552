/* module.c - the people room's seat at the writer's table. */
#include "people/plan.h"
#include "people/retention_internal.h"

static enum err people_open(struct tx *tx, void **state, struct why *why)
{
    (void)why;
    struct people *p = mem_alloc(sizeof(*p));
    *state = p;
    p->brand = tx_brand(tx);
    p->member_slots = intmap_create();
    p->present = fold_create();
    brand_key(p->brand, "identity", p->index_key);
    brand_key(p->brand, "sealing1", p->seal_key);
    TRY(names_open(p, tx));
    TRY(trait_open(p));
    p->name_index = name_index_create();
    tag_sets_open(p);
    consent_open(p);
    circles_open(p);
    TRY(owners_open(p, tx_sql(tx)));
    TRY(retention_arm(p, tx, false)); /* a purge that was cut off comes again, too */
    return identity_open(p, tx_sql(tx));
}

static void people_close(void *state)
{
    struct people *p = state;
    rebuild_free(p);
    members_forget(p);
    bulk_close(p);
    trait_close(p);
    tag_sets_close(p);
    consent_close(p);
    owners_close(p);
    circles_close(p);
    name_index_destroy(p->name_index);
    pthread_mutex_destroy(&p->numbering.lock);
    pthread_cond_destroy(&p->numbering.settled);
    VEC_FINISH(&p->members);
    VEC_FINISH(&p->dirty);
    VEC_FINISH(&p->round);
    intmap_destroy(p->identities);
    intmap_destroy(p->member_of);
    VEC_FINISH(&p->shared);
    VEC_FINISH(&p->shared_of);
    VEC_FINISH(&p->joined);
    intmap_destroy(p->member_slots);
    fold_destroy(p->present);
    strbuf_finish(&p->bytes);
    mem_free(p->roles);
    mem_free(p);
}

/* The join a message implies is emitted first, so that it is folded and stored before the message.
 */
static enum err imply_join(struct people *p, struct tx *tx, const struct event *ev)
{
    struct member *m;
    struct why why;
    if (tx_replaying(tx) || !plan_implies_join(p, ev)) return ERR_OK;
    TRY(member_get(p, tx_sql(tx), identity_member(p, ev->persona), &m));
    TRY(member_catch_up(p, tx, m));
    if (fold_in_group(m->fold, ev->dim[DIM_GROUP])) return ERR_OK;
    struct event join = plan_join(p, ev, tx_arena(tx));
    return tx_emit(tx, &join, &why);
}

/* The mirror of an answer goes into the asker's own history. */
static enum err imply_answer(struct people *p, struct tx *tx, const struct event *ev)
{
    struct member *m;
    struct why why;
    uint32_t group;
    if (tx_replaying(tx) || !plan_may_answer(p, ev, &group)) return ERR_OK;
    TRY(member_get(p, tx_sql(tx), identity_member(p, ev->other), &m));
    TRY(member_catch_up(p, tx, m));
    if (!fold_awaits(m->fold, group, ev->at)) return ERR_OK;
    struct event answer = plan_answer(p, ev, group);
    return tx_emit(tx, &answer, &why);
}

static enum err people_on_event(struct tx *tx, void *state, const struct event *ev, uint64_t seq)
{
    struct people *p = state;
    if (ev->persona == 0 && ev->other == 0) return ERR_OK;
    if (ev->kind >= p->role_count) names_refresh(p);
    TRY(imply_join(p, tx, ev));
    TRY(imply_answer(p, tx, ev));
    if (ev->persona == 0) return ERR_OK;
    if (!tx_replaying(tx)) seq = tx_seq(tx) + 1; /* after what was just emitted */
    if (ev->kind == p->kind_unmerged)
        TRY(member_mark_stale(p, tx_sql(tx), identity_member(p, ev->other), seq));
    if (ev->kind == p->kind_merged || ev->kind == p->kind_unmerged)
        return member_mark_stale(p, tx_sql(tx), identity_member(p, ev->persona), seq);
    return member_fold(p, tx, ev, seq);
}

/* Somebody else does it, beside the writer; one that a person asked for is that as well. */
static enum err purge_due(struct people *p, struct tx *tx)
{
    int none = PURGE_NONE;
    (void)atomic_compare_exchange_strong(&p->purge_asked, &none, PURGE_DUE);
    return retention_arm(p, tx, true);
}

static enum err people_on_timer(struct tx *tx, void *state, const struct timer *t)
{
    if (t->kind == TIMER_PURGE) return purge_due(state, tx);
    if (t->kind == TIMER_NUMBERS) return rebuild_due(state, tx);
    if (t->kind == TIMER_TAG) return tagging_due(state, tx, t->subject);
    return member_due(state, tx, (uint32_t)t->subject);
}

static enum err people_on_flush(struct tx *tx, void *state, size_t rows_max, bool *clean)
{
    return members_flush(state, tx, rows_max, clean);
}

static void people_on_commit(void *state)
{
    struct people *p = state;
    if (p->joined.count || p->traits_changed) trait_cache_drop(p); /* it is by member */
    if (p->joined.count) {
        identity_publish(p);
        tag_sets_redefined(p);
        consent_forget(p);
        circles_outdate(p);
    }
    tag_sets_commit(p);
    consent_commit(p);
    owners_commit(p);
    circles_commit(p);
    p->traits_changed = false;
    name_index_commit(p);
    numbering_commit(p);
}

static void people_on_visible(void *state)
{
    rebuild_begin(state);
}

static void people_on_rollback(void *state)
{
    struct people *p = state;
    members_forget(p);
    bulk_forget(p);
    identity_forget(p);
    trait_forget(p);
    tag_sets_forget(p);
    consent_forget(p);
    owners_forget(p);
    circles_rollback(p);
    name_index_rollback(p);
    numbering_rollback(p);
    p->role_count = 0; /* numbers of kinds that a trial gave may be given again */
}

static bool people_wants_rebuild(struct tx *tx, void *state)
{
    (void)state;
    bool row = false;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT id FROM bulk_pending");
    if (sql_step(s, &row) != ERR_OK) return true;
    sql_reset(s);
    bool unsettled = false;
    if (owners_unsettled(tx_sql(tx), &unsettled) != ERR_OK) return true;
    return row || unsettled;
}

static enum err people_rebuild(struct tx *tx, void *state, struct why *why)
{
    TRY(sql_run(sql_use(tx_sql(tx), "DELETE FROM bulk_pending")));
    TRY(sql_run(sql_use(tx_sql(tx), "DELETE FROM timer WHERE module = 'people' AND kind = 1")));
    TRY(sql_run(sql_use(tx_sql(tx), "DELETE FROM member")));
    TRY(sql_run(sql_use(tx_sql(tx), "UPDATE owner_rule SET settled = 1")));
    owners_clear(state);
    return refold_scan(state, tx, NULL, why);
}

const struct module people_module = {
    .name = "people",
    .migrations = people_migrations,
    .fold_version = 4,
    .open = people_open,
    .close = people_close,
    .on_event = people_on_event,
    .on_timer = people_on_timer,
    .on_flush = people_on_flush,
    .on_commit = people_on_commit,
    .on_visible = people_on_visible,
    .on_rollback = people_on_rollback,
    .wants_rebuild = people_wants_rebuild,
    .rebuild = people_rebuild,
};
