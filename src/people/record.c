/* record.c - one fact becomes events: dedupe, resolve, emit.
 *
 * Order in the log: member.created, then member.identified when an anonymous member became known,
 * then member.merged, then what the rooms conclude (group.joined, and message.answered of whom it
 * answers), then the event itself. All at the fact's own time. The same plan serves the live path,
 * which emits into the batch, and the bulk path, which collects (struct plan). */
#include "people/plan.h"

#include "people/kinds.h"

/* Mirrors such as message.answered are the member's own, whoever answered. */
static bool is_spoken(struct str kind)
{
    return kind_family(kind) == FAMILY_TALK;
}

/* Written by staff: no member speaks; whoever is named is the one addressed. '*own' holds the fact
 * when it is not as sent. */
static const struct fact *as_seen(const struct fact *fact, struct fact *own)
{
    if (fact->code[DIM_STAFF].len == 0) return fact;
    if (!is_spoken(fact->kind) || str_is(fact->kind, "dm.received")) return fact;
    *own = *fact;
    if (own->other_count == 0) {
        own->other = own->who;
        own->other_count = own->who_count;
    }
    own->who_count = 0;
    own->who_key = (struct hash128){0, 0};
    return own;
}

/* The events that come of resolving one side of a fact. */
static void plan_member(struct people *p, struct plan *plan, const struct event *like,
                        const struct resolved *r, struct arena *arena)
{
    if (r->created) {
        struct event created = convert_own(like, p->kind_created, r->persona);
        if (r->known) convert_add_flag(&created, p->names.prop_known, arena);
        plan_push(plan, &created);
    }
    if (r->became_known && like->kind != p->kind_identified) {
        struct event known = convert_own(like, p->kind_identified, r->persona);
        convert_add_flag(&known, p->names.prop_known, arena);
        plan_push(plan, &known);
    }
    if (r->merged) {
        struct event merged = convert_own(like, p->kind_merged, r->merged_into);
        merged.other = r->merged_away;
        plan_push(plan, &merged);
    }
}

static inline bool is_news(const struct resolved *r)
{
    return r->created || r->became_known || r->merged;
}

static void add_up(const struct resolved *r, struct people_result *result)
{
    result->members_created += r->created;
    result->merged += r->merged;
    result->dropped += r->dropped;
    result->conflicts += r->conflicts;
    result->apart += r->apart;
}

static enum err tell_staff(struct plan *plan, const struct event *own, int kind, struct str code,
                           struct why *why)
{
    struct event ev = convert_own(own, kind, own->persona);
    TRY(registry_code(plan->tx, DIM_STAFF, code, &ev.dim[DIM_STAFF], why));
    plan_push(plan, &ev);
    return ERR_OK;
}

/* Whose contact the member is, and who answers for them, as of the fact's own time. */
static enum err plan_staff(struct plan *plan, const struct fact *f, const struct event *own,
                           struct why *why)
{
    uint16_t added;
    if (f->contacts.len)
        TRY(registry_kind(plan->tx, STR("contact.added"), (struct str){NULL, 0}, &added, why));
    for (struct str rest = f->contacts; rest.len;)
        TRY(tell_staff(plan, own, added, str_cut(&rest, '\n'), why));
    if (!f->owner.len) return ERR_OK;
    return tell_staff(plan, own, plan->p->kind_assigned, f->owner, why);
}

enum err plan_fact(struct plan *plan, const struct sender *sender, const struct fact *fact,
                   struct people_result *result, struct why *why)
{
    struct people *p = plan->p;
    struct tx *tx = plan->tx;
    struct resolved who, other;
    struct fact own;
    const struct fact *f = as_seen(fact, &own);
    plan->count = 0;
    *result = (struct people_result){0};
    struct event ev;
    /* what can be refused comes first: a refused fact must not leave its id behind */
    TRY(convert(plan, sender, f, &ev, why));
    bool consent = consent_is_fact(f);
    if (consent) TRY(consent_check_fact(tx, f, why));
    TRY(tag_check_fact(f, why));
    if (f->id.len) {
        TRY(tx_dedupe(tx, ev.id, &result->duplicate, why));
        if (result->duplicate) return ERR_OK;
    }
    TRY(resolve(plan, sender, f, false, &who));
    TRY(resolve(plan, sender, f, true, &other));
    if (f->rename && !who.persona) {
        result->nothing = true;
        return ERR_OK;
    }
    ev.persona = who.persona;
    ev.other = other.persona;
    if (is_news(&who)) plan_member(p, plan, &ev, &who, plan->arena);
    if (is_news(&other)) plan_member(p, plan, &ev, &other, plan->arena);
    if (who.became_known && ev.kind == p->kind_identified)
        convert_add_flag(&ev, p->names.prop_known, plan->arena);
    plan->own = plan->count;
    plan_push(plan, &ev);
    result->created = who.created;
    result->other_created = other.created;
    add_up(&who, result);
    add_up(&other, result);
    result->member = who.persona ? identity_member(p, who.persona) : 0;
    result->other = other.persona ? identity_member(p, other.persona) : 0;
    if (who.persona && f->trait_count) {
        const struct trait_source from = {sender->origin,
                                          sender->level == SENDER_IMPORT && !who.created};
        TRY(trait_save(p, tx, f, who.persona, &from));
    }
    const struct tag_giving tags = {&ev, sender->origin, who.created, result};
    if (who.persona && (f->tags.len || tag_is_fact(f))) TRY(tag_save_fact(plan, f, &tags, why));
    if (who.persona && (f->owner.len || f->contacts.len)) TRY(plan_staff(plan, f, &ev, why));
    if (who.persona && consent) TRY(consent_save_fact(p, tx, f, who.persona, sender->origin));
    return ERR_OK;
}

bool plan_implies_join(const struct people *p, const struct event *ev)
{
    uint32_t roles = ev->kind < p->role_count ? p->roles[ev->kind] : 0;
    return (roles & ROLE_MESSAGE) && ev->persona && ev->dim[DIM_GROUP];
}

struct event plan_join(const struct people *p, const struct event *ev, struct arena *arena)
{
    struct event join = convert_own(ev, p->kind_group_joined, ev->persona);
    join.dim[DIM_GROUP] = ev->dim[DIM_GROUP];
    convert_add_flag(&join, p->prop_inferred, arena);
    return join;
}

bool plan_may_answer(const struct people *p, const struct event *ev, uint32_t *group)
{
    uint32_t roles = ev->kind < p->role_count ? p->roles[ev->kind] : 0;
    bool direct = (roles & ROLE_DM_SENT) && !ev->persona && ev->dim[DIM_STAFF];
    bool reply = (roles & ROLE_MESSAGE) && ev->dim[DIM_GROUP];
    if (!ev->other || !(direct || reply) || fold_is_template(&p->names, ev)) return false;
    *group = direct ? 0 : ev->dim[DIM_GROUP];
    return identity_member(p, ev->other) != (ev->persona ? identity_member(p, ev->persona) : 0);
}

struct event plan_answer(const struct people *p, const struct event *ev, uint32_t group)
{
    struct event answer = convert_own(ev, p->kind_answered, ev->other);
    answer.other = ev->persona;
    answer.dim[DIM_GROUP] = group;
    answer.dim[DIM_STAFF] = ev->dim[DIM_STAFF];
    return answer;
}

void people_key(struct brand *b, struct str scope, struct fact *fact)
{
    struct people *p = brand_module_state(b, &people_module);
    if (fact->who_count == 1) fact->who_key = identity_key(p, fact->who, scope);
}

enum err people_record(struct tx *tx, const struct sender *sender, const struct fact *fact,
                       struct people_result *result, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct plan plan = {.p = p, .tx = tx, .arena = tx_arena(tx)};
    TRY(plan_fact(&plan, sender, fact, result, why));
    for (size_t i = 0; i < plan.count; i++)
        TRY(tx_emit_said(tx, &plan.events[i], i == plan.own ? fact->said : NULL, why));
    return ERR_OK;
}

enum err people_try(struct tx *tx, const struct sender *sender, const struct fact *fact,
                    struct people_result *result, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct arena *a = tx_arena(tx);
    struct arena_mark mark = arena_mark(a);
    struct plan plan = {.p = p, .tx = tx, .arena = a};
    enum err err = plan_fact(&plan, sender, fact, result, why);
    arena_rewind(a, mark);
    return err;
}

enum err people_root(struct sql *db, uint32_t persona, uint32_t *member)
{
    int64_t number;
    struct sql_stmt *s = sql_use(
        db, "SELECT COALESCE(pm.member, i.persona) FROM identity i LEFT JOIN persona_member pm"
            " ON pm.persona = i.persona WHERE i.persona = $1 LIMIT 1");
    sql_bind_int(s, 1, persona);
    TRY(sql_number(s, 0, &number));
    *member = (uint32_t)number;
    return ERR_OK;
}

enum err people_find_in(struct brand *b, struct sql *db, const struct identity *identity,
                        struct str scope, uint32_t *member)
{
    struct people *p = brand_module_state(b, &people_module);
    struct hash128 key = identity_key(p, identity, scope);
    int64_t number;
    struct sql_stmt *s = sql_use(
        db, "SELECT COALESCE(pm.member, i.persona) FROM identity i LEFT JOIN persona_member pm"
            " ON pm.persona = i.persona WHERE i.key = $1");
    sql_bind_blob(s, 1, &key, sizeof(key));
    TRY(sql_number(s, 0, &number));
    *member = (uint32_t)number;
    return ERR_OK;
}

enum err people_find(struct brand *b, const struct identity *identity, struct str scope,
                     uint32_t *member, struct why *why)
{
    struct sql *db;
    TRY(brand_reader(b, &db, why));
    enum err err = people_find_in(b, db, identity, scope, member);
    sql_close(db);
    return err;
}
