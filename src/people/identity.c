/* identity.c - identities and the personas they belong to.
 *
 * An identity is found by a blind index: a keyed 128-bit hash of kind, scope and value. Outside
 * ids, phones and e-mails are stored sealed, the others plain. 64 bits of the index key the cache:
 * with a secret key they collide by chance only, once in 2^24 brands of a million members.
 *
 * Invariants: an identity's persona never changes; member_of holds exactly the personas of members
 * with more than one, roots included; a member's id is its lowest persona. Each entry of member_of
 * is the member and, in the high half, the next persona of that member: a ring, so that a member's
 * personas are found without looking at others'. */
#include <stdlib.h>

#include "people/internal.h"

#define CACHE_MAX 1000000

struct hash128 identity_key(const struct people *p, const struct identity *id, struct str scope)
{
    char bytes[1 + LIMIT_CODE_BYTES + 1 + LIMIT_IDENTITY_BYTES];
    size_t len = 0;
    bytes[len++] = (char)id->kind;
    if (id->kind == IDENTITY_NAME && scope.len <= LIMIT_CODE_BYTES) {
        if (scope.len) memcpy(bytes + len, scope.p, scope.len);
        len += scope.len;
    }
    bytes[len++] = '\0';
    memcpy(bytes + len, id->value.p, id->value.len);
    return hash_keyed(p->index_key, bytes, len + id->value.len);
}

static uint64_t cache_key(struct hash128 key)
{
    return key.lo == UINT64_MAX ? key.hi >> 1 : key.lo;
}

enum err identity_load_all(struct people *p, struct sql *db)
{
    if (p->identities_complete) return ERR_OK;
    struct sql_stmt *s = sql_use(db, "SELECT key, persona FROM identity");
    sql_stream(s);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) break;
        struct hash128 key;
        struct str bytes = sql_blob(s, 0);
        if (bytes.len != sizeof(key)) return ERR_CORRUPT;
        memcpy(&key, bytes.p, sizeof(key));
        intmap_put(p->identities, cache_key(key), (uint64_t)sql_int(s, 1));
    }
    p->identities_complete = true;
    return ERR_OK;
}

void identity_prefetch(const struct people *p, struct hash128 key)
{
    intmap_prefetch(p->identities, cache_key(key));
}

enum err identity_find(struct people *p, struct sql *db, struct hash128 key, uint32_t *persona)
{
    uint64_t found = 0;
    *persona = 0;
    if (intmap_get(p->identities, cache_key(key), &found)) {
        *persona = (uint32_t)found;
        return ERR_OK;
    }
    if (p->identities_complete) return ERR_OK;
    struct sql_stmt *s = sql_use(db, "SELECT persona FROM identity WHERE key = $1");
    sql_bind_blob(s, 1, &key, sizeof(key));
    bool row;
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    *persona = (uint32_t)sql_int(s, 0);
    sql_reset(s);
    if (intmap_count(p->identities) >= CACHE_MAX) intmap_reset(p->identities);
    intmap_put(p->identities, cache_key(key), *persona);
    return ERR_OK;
}

enum err identity_is_known(struct people *p, struct sql *db, uint32_t persona, bool *known)
{
    TRY(identity_rows_reach(p, db, persona));
    struct sql_stmt *s = sql_use(
        db, "SELECT 1 FROM identity WHERE persona = $1 AND kind <> $2 AND kind <> $3 LIMIT 1");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, IDENTITY_ANON);
    sql_bind_int(s, 3, IDENTITY_DEVICE);
    TRY(sql_step(s, known));
    if (*known) sql_reset(s);
    return ERR_OK;
}

/* As many nonces are fetched at a time as there is room for: each is a call of the system. */
void people_nonce(struct people *p, uint8_t out[NONCE_BYTES])
{
    if (p->nonces_left == 0) {
        env_random(brand_env(p->brand), p->nonces, sizeof(p->nonces));
        p->nonces_left = NONCES_AHEAD;
    }
    memcpy(out, p->nonces[--p->nonces_left], NONCE_BYTES);
    memset(p->nonces[p->nonces_left], 0, NONCE_BYTES);
}

enum err identity_insert(struct people *p, struct tx *tx, const struct identity_row *row)
{
    TRY(identity_rows_add(p, tx_sql(tx), row));
    if (row->identity->kind == IDENTITY_NAME) name_index_note(p, row->persona);
    if (!p->identities_complete && intmap_count(p->identities) >= CACHE_MAX)
        intmap_reset(p->identities);
    intmap_put(p->identities, cache_key(row->key), row->persona);
    return ERR_OK;
}

void identity_shed(struct people *p)
{
    if (intmap_count(p->identities) <= CACHE_MAX) return;
    intmap_destroy(p->identities);
    p->identities = intmap_create();
    p->identities_complete = false;
}

/* ---- personas and members ---- */

/* Where a persona belongs and which comes after it; one alone is its own member and ring. */
struct place {
    uint32_t member, next;
};

static struct place place_of(const struct people *p, uint32_t persona)
{
    uint64_t value;
    if (!intmap_get(p->member_of, persona, &value)) return (struct place){persona, persona};
    return (struct place){(uint32_t)value, (uint32_t)(value >> 32)};
}

static void put_place(struct people *p, uint32_t persona, struct place place)
{
    p->any_shared = true;
    intmap_put(p->member_of, persona, (uint64_t)place.next << 32 | place.member);
}

uint32_t identity_member_of(const struct people *p, uint32_t persona)
{
    return place_of(p, persona).member;
}

size_t identity_personas(const struct people *p, uint32_t member, struct arena *arena,
                         uint32_t **out)
{
    size_t count = 0;
    uint32_t persona = member;
    do {
        count++;
        persona = place_of(p, persona).next;
    } while (persona != member);
    *out = arena_alloc_array(arena, count, sizeof(**out));
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = persona;
        persona = place_of(p, persona).next;
    }
    return count;
}

enum err identity_counts(struct people *p, struct sql *db, uint32_t member,
                         uint32_t counts[IDENTITY_KIND_COUNT])
{
    struct arena *a = arena_create(0);
    uint32_t *personas;
    size_t persona_count = identity_personas(p, member, a, &personas);
    enum err err = ERR_OK;
    memset(counts, 0, IDENTITY_KIND_COUNT * sizeof(counts[0]));
    for (size_t i = 0; i < persona_count && err == ERR_OK; i++)
        err = identity_rows_reach(p, db, personas[i]);
    for (size_t i = 0; i < persona_count && err == ERR_OK; i++) {
        struct sql_stmt *s =
            sql_use(db, "SELECT kind, COUNT(*) FROM identity WHERE persona = $1 GROUP BY kind");
        sql_bind_int(s, 1, personas[i]);
        for (bool row = true;;) {
            err = sql_step(s, &row);
            if (err != ERR_OK || !row) break;
            int64_t kind = sql_int(s, 0);
            if (kind >= 0 && kind < IDENTITY_KIND_COUNT) counts[kind] += (uint32_t)sql_int(s, 1);
        }
    }
    arena_destroy(a);
    return err;
}

static enum err save_member_of(struct tx *tx, uint32_t persona, uint32_t member)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO persona_member (persona, member, merged_at)"
                            " VALUES ($1, $2, $3) ON CONFLICT (persona) DO UPDATE"
                            " SET member = excluded.member, merged_at = excluded.merged_at");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, member);
    sql_bind_int(s, 3, tx_now(tx));
    return sql_run(s);
}

/* Two rings become one when a persona of each takes the other's next. */
static void join_rings(struct people *p, uint32_t a, uint32_t b)
{
    struct place x = place_of(p, a), y = place_of(p, b);
    put_place(p, a, (struct place){x.member, y.next});
    put_place(p, b, (struct place){y.member, x.next});
}

enum err identity_merge(struct people *p, struct tx *tx, struct merge_edge *e)
{
    uint32_t x = identity_member(p, e->a), y = identity_member(p, e->b), *personas;
    uint32_t root = x < y ? x : y, away = x < y ? y : x;
    e->kept = root;
    e->away = away;
    size_t count = identity_personas(p, away, tx_arena(tx), &personas);
    TRY(merge_note(p, tx, e, personas, count));
    for (size_t i = 0; i < count; i++) {
        TRY(save_member_of(tx, personas[i], root));
        put_place(p, personas[i], (struct place){root, place_of(p, personas[i]).next});
        VEC_PUSH(&p->joined, personas[i]);
    }
    VEC_PUSH(&p->joined, root);
    TRY(save_member_of(tx, root, root));
    join_rings(p, root, away);
    p->traits_changed = true; /* whose is whose */
    return member_erase(p, tx, away);
}

/* Alone, it is in no map; snapshots learn that it is its own. */
static enum err set_alone(struct people *p, struct tx *tx, uint32_t persona)
{
    intmap_remove(p->member_of, persona);
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM persona_member WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    return sql_run(s);
}

enum err identity_regroup(struct people *p, struct tx *tx, const struct persona_groups *g)
{
    p->traits_changed = true;
    for (size_t i = 0; i < g->count; i++) {
        size_t next = i;
        do {
            next = (next + 1) % g->count;
        } while (g->group[next] != g->group[i]);
        uint32_t member = g->personas[g->group[i]];
        VEC_PUSH(&p->joined, g->personas[i]);
        if (next == i) {
            TRY(set_alone(p, tx, g->personas[i]));
            continue;
        }
        put_place(p, g->personas[i], (struct place){member, g->personas[next]});
        TRY(save_member_of(tx, g->personas[i], member));
    }
    return ERR_OK;
}

static int by_persona(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* First place in p->shared whose persona is not below. */
static size_t shared_place(const struct people *p, uint32_t persona)
{
    size_t low = 0, high = p->shared.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->shared.items[middle] < persona) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Set the members of those that are there, and leave the others in p->joined, each once. */
static void update_shared(struct people *p)
{
    uint32_t *joined = p->joined.items, last = 0;
    size_t fresh = 0;
    if (p->joined.count) qsort(joined, p->joined.count, sizeof(joined[0]), by_persona);
    for (size_t i = 0; i < p->joined.count; i++) {
        uint32_t persona = joined[i];
        if (persona == last) continue;
        last = persona;
        size_t at = shared_place(p, persona);
        if (at < p->shared.count && p->shared.items[at] == persona) {
            p->shared_of.items[at] = identity_member(p, persona);
        } else {
            joined[fresh++] = persona;
        }
    }
    p->joined.count = fresh;
}

/* Put those in p->joined to their places, the last first. */
static void insert_shared(struct people *p)
{
    size_t fresh = p->joined.count, i = p->shared.count;
    VEC_RESERVE(&p->shared, fresh);
    VEC_RESERVE(&p->shared_of, fresh);
    p->shared.count = p->shared_of.count = i + fresh;
    while (fresh) {
        size_t to = i + fresh - 1;
        uint32_t persona = p->joined.items[fresh - 1];
        if (i && p->shared.items[i - 1] > persona) {
            p->shared.items[to] = p->shared.items[i - 1];
            p->shared_of.items[to] = p->shared_of.items[--i];
        } else {
            p->shared.items[to] = persona;
            p->shared_of.items[to] = identity_member(p, persona);
            fresh--;
        }
    }
}

void identity_publish(struct people *p)
{
    update_shared(p);
    insert_shared(p);
    VEC_RESET(&p->joined);
    brand_set_personas(p->brand, p->shared.items, p->shared_of.items, p->shared.count);
}

static void publish_all(struct people *p)
{
    uint64_t key, value;
    VEC_RESET(&p->shared);
    VEC_RESET(&p->shared_of);
    VEC_RESET(&p->joined);
    for (size_t c = 0; intmap_next(p->member_of, &c, &key, &value);)
        VEC_PUSH(&p->joined, (uint32_t)key);
    identity_publish(p);
}

/* ---- erasing ---- */

/* The cache forgets what the table is about to. */
static enum err uncache(struct people *p, struct sql *db, uint32_t persona)
{
    struct sql_stmt *s = sql_use(db, "SELECT key FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct hash128 key;
        struct str bytes = sql_blob(s, 0);
        if (bytes.len != sizeof(key)) return ERR_CORRUPT;
        memcpy(&key, bytes.p, sizeof(key));
        intmap_remove(p->identities, cache_key(key));
    }
}

static enum err delete_of(struct sql *db, const char *text, uint32_t persona)
{
    struct sql_stmt *s = sql_use(db, text);
    sql_bind_int(s, 1, persona);
    return sql_run(s);
}

enum err identity_erase(struct people *p, struct tx *tx, uint32_t persona)
{
    struct sql *db = tx_sql(tx);
    TRY(uncache(p, db, persona));
    name_index_note(p, persona);
    TRY(delete_of(db, "DELETE FROM identity WHERE persona = $1", persona));
    TRY(delete_of(db, "DELETE FROM persona_member WHERE persona = $1", persona));
    /* the map that snapshots have may name it until the next opening: it has no rows */
    intmap_remove(p->member_of, persona);
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO erased (persona, at) VALUES ($1, $2) ON CONFLICT (persona) DO NOTHING");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, tx_now(tx));
    return sql_run(s);
}

/* ---- loading ---- */

static enum err load_shared(struct people *p, struct sql *db)
{
    intmap_reset(p->member_of);
    p->any_shared = false;
    struct sql_stmt *s = sql_use(db, "SELECT persona, member FROM persona_member");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        uint32_t persona = (uint32_t)sql_int(s, 0), member = (uint32_t)sql_int(s, 1);
        struct place alone = {member, place_of(p, persona).next};
        put_place(p, persona, alone);
        if (persona != member) join_rings(p, member, persona);
    }
}

/* Numbers are never given again, not even those of the erased. */
static enum err load_next_persona(struct people *p, struct sql *db)
{
    struct sql_stmt *s = sql_use(db, "SELECT MAX(persona) FROM (SELECT persona FROM identity"
                                     " UNION ALL SELECT persona FROM erased) AS given");
    int64_t last;
    TRY(sql_number(s, 0, &last));
    p->next_persona = (uint32_t)last + 1;
    return ERR_OK;
}

enum err identity_open(struct people *p, struct sql *db)
{
    p->identities = intmap_create();
    p->member_of = intmap_create();
    TRY(load_next_persona(p, db));
    TRY(load_shared(p, db));
    TRY(merge_open(p, db));
    TRY(conflict_open(p, db));
    p->identities_complete = p->next_persona == 1;
    publish_all(p);
    return tail_fill(p, db);
}

/* What a rolled-back batch put into memory is read again from the database. */
void identity_forget(struct people *p)
{
    struct sql *db;
    struct why why = {0};
    intmap_reset(p->identities);
    p->identities_complete = false;
    if (brand_reader(p->brand, &db, &why) != ERR_OK) return;
    enum err err = load_next_persona(p, db);
    if (err == ERR_OK) err = load_shared(p, db);
    if (err == ERR_OK) err = merge_open(p, db);
    if (err == ERR_OK) err = conflict_open(p, db);
    sql_close(db);
    if (err == ERR_OK) publish_all(p);
}
