/* tag_sets.c - who has a tag, for expressions.
 *
 * They ask of members by the thousand: who has a tag is a set of members, read on first use and
 * kept. A change goes into the sets at once, so that who is asked inside the batch knows it, and is
 * remembered until the commit for sets that are read meanwhile; a batch rolled back, a merge and a
 * new definition drop them all. */
#include "base/log.h"
#include "people/internal.h"
#include "people/tag.h"

struct tag_set {
    struct str name; /* own copy */
    uint32_t tag;    /* 0 = there is none of that name */
    struct idset members;
    struct tag_set *next;
};

struct tag_change {
    uint32_t member, tag;
    bool has;
};

struct tag_cache {
    pthread_mutex_t lock;
    struct tag_set *sets;
    struct sql *db;                 /* reader, opened on first use */
    VEC(struct tag_change) changes; /* of the batch under way */
    bool redefined;                 /* in the batch under way */
};

static void set_has(struct tag_set *set, uint32_t member, bool has)
{
    if (has) {
        idset_add(&set->members, member);
    } else {
        idset_remove(&set->members, member);
    }
}

static void drop_sets(struct tag_cache *c)
{
    while (c->sets) {
        struct tag_set *set = c->sets;
        c->sets = set->next;
        idset_finish(&set->members);
        mem_free(set);
    }
}

void tag_sets_open(struct people *p)
{
    p->tags = mem_alloc(sizeof(*p->tags));
    pthread_mutex_init(&p->tags->lock, NULL);
}

void tag_sets_close(struct people *p)
{
    if (!p->tags) return;
    drop_sets(p->tags);
    sql_close(p->tags->db);
    VEC_FINISH(&p->tags->changes);
    pthread_mutex_destroy(&p->tags->lock);
    mem_free(p->tags);
}

void tag_sets_redefined(struct people *p)
{
    p->tags->redefined = true;
}

void tag_sets_commit(struct people *p)
{
    struct tag_cache *c = p->tags;
    if (!c->changes.count && !c->redefined) return;
    pthread_mutex_lock(&c->lock);
    VEC_RESET(&c->changes);
    if (c->redefined) drop_sets(c);
    c->redefined = false;
    pthread_mutex_unlock(&c->lock);
}

void tag_sets_forget(struct people *p)
{
    struct tag_cache *c = p->tags;
    pthread_mutex_lock(&c->lock);
    VEC_RESET(&c->changes);
    drop_sets(c);
    c->redefined = false;
    pthread_mutex_unlock(&c->lock);
}

void tag_sets_change(struct people *p, uint32_t member, uint32_t tag, bool has)
{
    struct tag_cache *c = p->tags;
    const struct tag_change change = {member, tag, has};
    pthread_mutex_lock(&c->lock);
    VEC_PUSH(&c->changes, change);
    for (struct tag_set *set = c->sets; set; set = set->next) {
        if (set->tag == tag) set_has(set, member, has);
    }
    pthread_mutex_unlock(&c->lock);
}

/* Rows come from the oldest to the newest: the last of a member's in the group says. */
static enum err read_exclusive(struct sql *db, struct tag_set *set, uint32_t group)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT COALESCE(pm.member, mt.persona), mt.tag FROM member_tag mt"
                    " JOIN tag t ON t.id = mt.tag"
                    " LEFT JOIN persona_member pm ON pm.persona = mt.persona"
                    " WHERE t.tag_group = $1 ORDER BY mt.at, mt.tag");
    sql_bind_int(s, 1, group);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        set_has(set, (uint32_t)sql_int(s, 0), (uint32_t)sql_int(s, 1) == set->tag);
    }
}

static enum err read_plain(struct sql *db, struct tag_set *set)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT COALESCE(pm.member, mt.persona) FROM member_tag mt"
                    " LEFT JOIN persona_member pm ON pm.persona = mt.persona WHERE mt.tag = $1");
    sql_bind_int(s, 1, set->tag);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        idset_add(&set->members, (uint32_t)sql_int(s, 0));
    }
}

static enum err read_set(struct sql *db, struct tag_set *set)
{
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT t.id, t.tag_group, COALESCE(g.exclusive, 0) FROM tag t"
                    " LEFT JOIN tag_group g ON g.id = t.tag_group WHERE t.name = $1");
    sql_bind_str(s, 1, set->name);
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    uint32_t group = (uint32_t)sql_int(s, 1);
    bool exclusive = sql_int(s, 2) != 0;
    set->tag = (uint32_t)sql_int(s, 0);
    sql_reset(s);
    return exclusive ? read_exclusive(db, set, group) : read_plain(db, set);
}

/* Under the lock. */
static struct tag_set *load_set(struct people *p, struct str name)
{
    struct tag_cache *c = p->tags;
    struct why why = {0};
    struct tag_set *set = mem_alloc(sizeof(*set) + name.len);
    if (name.len) memcpy(set + 1, name.p, name.len);
    set->name = (struct str){(const char *)(set + 1), name.len};
    set->next = c->sets;
    c->sets = set;
    if (!c->db && brand_reader(p->brand, &c->db, &why) != ERR_OK) return set;
    enum err err = read_set(c->db, set);
    if (err != ERR_OK) log_error("people", "tags_not_read", "error=%s", err_code(err));
    for (size_t i = 0; i < c->changes.count; i++) {
        const struct tag_change *change = &c->changes.items[i];
        if (change->tag == set->tag) set_has(set, change->member, change->has);
    }
    return set;
}

static struct tag_set *find_set(struct people *p, struct str name)
{
    struct tag_set *set = p->tags->sets;
    while (set && !str_eq(set->name, name))
        set = set->next;
    return set ? set : load_set(p, name);
}

bool tag_sets_has(struct people *p, uint32_t member, struct str name)
{
    pthread_mutex_lock(&p->tags->lock);
    bool has = idset_has(&find_set(p, name)->members, member);
    pthread_mutex_unlock(&p->tags->lock);
    return has;
}

static uint64_t count_in(const struct idset *set, const struct idset *only)
{
    uint64_t count = 0;
    if (!only) return set->count;
    for (size_t w = 0; w < set->words.count && w < only->words.count; w++)
        count += (uint64_t)__builtin_popcountll(set->words.items[w] & only->words.items[w]);
    return count;
}

enum err tag_count(struct brand *b, uint32_t tag, const struct idset *only, uint64_t *out,
                   struct why *why)
{
    struct people *p = brand_module_state(b, &people_module);
    struct arena *a = arena_create(0);
    struct sql *db;
    struct tag t;
    enum err err = brand_reader(b, &db, why);
    if (err == ERR_OK) {
        err = tag_get(db, tag, a, &t, why);
        sql_close(db);
    }
    if (err == ERR_OK) {
        pthread_mutex_lock(&p->tags->lock);
        *out = count_in(&find_set(p, t.name)->members, only);
        pthread_mutex_unlock(&p->tags->lock);
    }
    arena_destroy(a);
    return err;
}
