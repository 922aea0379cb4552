/* owner_map.c - the owner of every member in memory, by the member's number: four bytes each.
 *
 * Read from the rows when the brand opens; what a batch changes is noted by the writer and goes in
 * at the commit, under the lock that readers share. */
#include "people/internal.h"
#include "people/owner.h"

struct owner_change {
    uint32_t member, staff;
};

struct owner_map {
    pthread_rwlock_t lock; /* what follows but 'changes' */
    VEC(uint32_t) of;      /* by member; 0 = nobody */
    VEC(uint64_t) counts;  /* members, by staff */
    struct owner_rule rule;
    VEC(struct owner_change) changes; /* of the batch under way; the writer's */
    bool cleared;                     /* in the batch, before them */
};

static void put(struct owner_map *o, uint32_t member, uint32_t staff)
{
    if (member >= o->of.count && staff == 0) return;
    while (o->of.count <= member)
        VEC_PUSH(&o->of, 0);
    while (o->counts.count <= staff)
        VEC_PUSH(&o->counts, 0);
    uint32_t *now = &o->of.items[member];
    if (*now) o->counts.items[*now]--;
    if (staff) o->counts.items[staff]++;
    *now = staff;
}

static enum err read_rule(struct owner_map *o, struct sql *db)
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT rule, days FROM owner_rule WHERE id = 1");
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    int64_t rule = sql_int(s, 0), days = sql_int(s, 1);
    sql_reset(s);
    if (rule < 0 || rule >= FOLD_OWNER_RULES || days < 1 || days > FOLD_OWNER_DAYS_MAX)
        return ERR_CORRUPT;
    o->rule = (struct owner_rule){(enum fold_owner_rule)rule, (int)days};
    return ERR_OK;
}

enum err owners_open(struct people *p, struct sql *db)
{
    struct owner_map *o = p->owners = mem_alloc(sizeof(*o));
    pthread_rwlock_init(&o->lock, NULL);
    o->rule = (struct owner_rule){p->names.rules.owner, p->names.rules.owner_days};
    TRY(read_rule(o, db));
    owners_rule(p, &p->names.rules);
    struct sql_stmt *s = sql_use(db, "SELECT id, owner FROM member WHERE owner > 0 ORDER BY owner");
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        put(o, (uint32_t)sql_int(s, 0), (uint32_t)sql_int(s, 1));
    }
}

void owners_close(struct people *p)
{
    struct owner_map *o = p->owners;
    if (!o) return;
    pthread_rwlock_destroy(&o->lock);
    VEC_FINISH(&o->of);
    VEC_FINISH(&o->counts);
    VEC_FINISH(&o->changes);
    mem_free(o);
}

/* ---- the writer's ---- */

void owners_note(struct people *p, uint32_t member, uint32_t staff)
{
    struct owner_map *o = p->owners;
    uint32_t now = member < o->of.count ? o->of.items[member] : 0;
    if (now == staff && o->changes.count == 0 && !o->cleared) return;
    VEC_PUSH(&o->changes, ((struct owner_change){member, staff}));
}

void owners_clear(struct people *p)
{
    p->owners->cleared = true;
    VEC_RESET(&p->owners->changes);
}

void owners_commit(struct people *p)
{
    struct owner_map *o = p->owners;
    if (!o->changes.count && !o->cleared) return;
    pthread_rwlock_wrlock(&o->lock);
    if (o->cleared) {
        VEC_RESET(&o->of);
        VEC_RESET(&o->counts);
    }
    for (size_t i = 0; i < o->changes.count; i++)
        put(o, o->changes.items[i].member, o->changes.items[i].staff);
    pthread_rwlock_unlock(&o->lock);
    owners_forget(p);
}

void owners_forget(struct people *p)
{
    p->owners->cleared = false;
    VEC_RESET(&p->owners->changes);
}

/* ---- asking ---- */

static struct owner_map *map_of(struct brand *b)
{
    struct people *p = brand_module_state(b, &people_module);
    return p->owners;
}

uint32_t owner_of(struct brand *b, uint32_t member)
{
    struct owner_map *o = map_of(b);
    pthread_rwlock_rdlock(&o->lock);
    uint32_t staff = member < o->of.count ? o->of.items[member] : 0;
    pthread_rwlock_unlock(&o->lock);
    return staff;
}

uint64_t owner_count(struct brand *b, uint32_t staff)
{
    struct owner_map *o = map_of(b);
    pthread_rwlock_rdlock(&o->lock);
    uint64_t count = staff < o->counts.count ? o->counts.items[staff] : 0;
    pthread_rwlock_unlock(&o->lock);
    return count;
}

size_t owner_members(struct brand *b, uint32_t staff, struct arena *arena, uint32_t **out)
{
    struct owner_map *o = map_of(b);
    size_t count = 0;
    pthread_rwlock_rdlock(&o->lock);
    size_t room = staff && staff < o->counts.count ? o->counts.items[staff] : 0;
    *out = arena_alloc_array(arena, room + 1, sizeof(**out));
    for (uint32_t m = 1; count < room && m < o->of.count; m++) {
        if (o->of.items[m] == staff) (*out)[count++] = m;
    }
    pthread_rwlock_unlock(&o->lock);
    return count;
}

size_t owner_loads(struct brand *b, struct arena *arena, struct owner_load **out)
{
    struct owner_map *o = map_of(b);
    size_t count = 0;
    pthread_rwlock_rdlock(&o->lock);
    *out = arena_alloc_array(arena, o->counts.count + 1, sizeof(**out));
    for (uint32_t s = 1; s < o->counts.count; s++) {
        if (o->counts.items[s]) (*out)[count++] = (struct owner_load){s, o->counts.items[s]};
    }
    pthread_rwlock_unlock(&o->lock);
    return count;
}

static bool is_among(const uint32_t *staff, size_t count, uint32_t one)
{
    for (size_t i = 0; i < count; i++) {
        if (staff[i] == one) return true;
    }
    return false;
}

void owner_gather(struct brand *b, const uint32_t *staff, size_t count, struct idset *out)
{
    struct owner_map *o = map_of(b);
    pthread_rwlock_rdlock(&o->lock);
    for (uint32_t m = 1; count && m < o->of.count; m++) {
        if (o->of.items[m] && is_among(staff, count, o->of.items[m])) idset_add(out, m);
    }
    pthread_rwlock_unlock(&o->lock);
}

/* ---- the rule ---- */

void owners_rule(struct people *p, struct fold_rules *rules)
{
    struct owner_map *o = p->owners;
    pthread_rwlock_rdlock(&o->lock);
    rules->owner = o->rule.rule;
    rules->owner_days = o->rule.days;
    pthread_rwlock_unlock(&o->lock);
}

struct owner_rule owner_get_rule(struct brand *b)
{
    struct owner_map *o = map_of(b);
    pthread_rwlock_rdlock(&o->lock);
    struct owner_rule rule = o->rule;
    pthread_rwlock_unlock(&o->lock);
    return rule;
}

enum err owners_unsettled(struct sql *db, bool *out)
{
    struct sql_stmt *s = sql_use(db, "SELECT 1 FROM owner_rule WHERE settled = 0");
    TRY(sql_step(s, out));
    if (*out) sql_reset(s);
    return ERR_OK;
}

void owners_take_rule(struct people *p, const struct owner_rule *rule)
{
    pthread_rwlock_wrlock(&p->owners->lock);
    p->owners->rule = *rule;
    pthread_rwlock_unlock(&p->owners->lock);
    owners_rule(p, &p->names.rules);
}
