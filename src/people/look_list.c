/* look_list.c - pages of members, each by one walk along an index from where the last one ended.
 *
 * The indexes member_seen (last_seen, id, stage) and member_stage (stage, id) hold all that a walk
 * reads, so a page costs its own members and no more; only a stage within an order of another kind,
 * and a set of members, make it pass over others. A set as small as FEW is sorted in memory
 * instead, and a set in order of id is its own order. "+stage" keeps the engine from taking all of
 * a stage and sorting it. */
#include "people/look_internal.h"

#include <assert.h>
#include <stdlib.h>

#define FEW 2000
#define MANY INT64_C(1000000000000) /* as a LIMIT: all */

/* $1 id, $2 limit, then the key and the stage where there is one. */
#define WALK(key, where, order)                                                                    \
    "SELECT id, " key " FROM member WHERE " where " ORDER BY " order " LIMIT $2"

static const char *const walks[3][2][2] = {
    /* sort, descending, of one stage */
    [LOOK_BY_ID] =
        {
            {WALK("0", "id > $1", "id"), WALK("0", "stage = $3 AND id > $1", "id")},
            {WALK("0", "id < $1", "id DESC"), WALK("0", "stage = $3 AND id < $1", "id DESC")},
        },
    [LOOK_BY_LAST_SEEN] =
        {
            {WALK("last_seen", "(last_seen, id) > ($3, $1)", "last_seen, id"),
             WALK("last_seen", "(last_seen, id) > ($3, $1) AND +stage = $4", "last_seen, id")},
            {WALK("last_seen", "(last_seen, id) < ($3, $1)", "last_seen DESC, id DESC"),
             WALK("last_seen", "(last_seen, id) < ($3, $1) AND +stage = $4",
                  "last_seen DESC, id DESC")},
        },
    [LOOK_BY_STAGE] =
        {
            {WALK("stage", "(stage, id) > ($3, $1)", "stage, id"), NULL},
            {WALK("stage", "(stage, id) < ($3, $1)", "stage DESC, id DESC"), NULL},
        },
};

/* Of a stage that few are in: take all of them and sort. */
static const char *const rare_walks[2] = {
    WALK("last_seen", "(last_seen, id) > ($3, $1) AND stage = $4", "last_seen, id"),
    WALK("last_seen", "(last_seen, id) < ($3, $1) AND stage = $4", "last_seen DESC, id DESC"),
};

/* The places of a page, one more than its limit when there are more. */
struct places {
    struct look_place *items;
    size_t count, limit;
};

static enum err is_rare(const struct look *l, int stage, bool *out)
{
    int64_t members;
    struct sql_stmt *s = sql_use(
        l->db, "SELECT COUNT(*) FROM (SELECT id FROM member WHERE stage = $1 LIMIT $2) AS those");
    sql_bind_int(s, 1, stage);
    sql_bind_int(s, 2, FEW);
    TRY(sql_number(s, 0, &members));
    *out = members < FEW;
    return ERR_OK;
}

static struct sql_stmt *walk(const struct look *l, const struct look_page *page, bool rare,
                             int64_t rows)
{
    /* within one stage that order is the order of ids */
    bool staged = page->stage != LOOK_ANY_STAGE;
    enum look_sort sort = staged && page->sort == LOOK_BY_STAGE ? LOOK_BY_ID : page->sort;
    struct look_place from = {page->descending ? INT64_MAX : INT64_MIN, 0};
    int64_t id = page->descending ? INT64_MAX : INT64_MIN;
    int n = 3;
    if (page->after) {
        from = *page->after;
        id = from.id;
    }
    struct sql_stmt *s =
        sql_use(l->db, rare ? rare_walks[page->descending] : walks[sort][page->descending][staged]);
    sql_bind_int(s, 1, id);
    sql_bind_int(s, 2, rows);
    if (sort != LOOK_BY_ID) sql_bind_int(s, n++, from.key);
    if (staged) sql_bind_int(s, n, page->stage);
    return s;
}

static enum err walk_index(const struct look *l, const struct look_page *page, struct places *out)
{
    int64_t rows = page->only ? MANY : (int64_t)out->limit;
    bool rare = false;
    if (page->sort == LOOK_BY_LAST_SEEN && page->stage != LOOK_ANY_STAGE)
        TRY(is_rare(l, page->stage, &rare));
    struct sql_stmt *s = walk(l, page, rare, rows);
    if (page->only) sql_stream(s);
    while (out->count < out->limit) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        uint32_t id = (uint32_t)sql_int(s, 0);
        if (page->only && !idset_has(page->only, id)) continue;
        out->items[out->count++] = (struct look_place){sql_int(s, 1), id};
    }
    sql_reset(s);
    return ERR_OK;
}

/* The members of the set behind the last page, in order of id. */
static void walk_set(const struct look_page *page, struct places *out)
{
    const struct idset *set = page->only;
    size_t words = set->words.count;
    uint64_t from = page->after ? page->after->id : page->descending ? UINT64_MAX : 0;
    for (size_t i = 0; i < words && out->count < out->limit; i++) {
        size_t w = page->descending ? words - 1 - i : i;
        uint64_t left = set->words.items[w];
        while (left && out->count < out->limit) {
            int bit = page->descending ? 63 - __builtin_clzll(left) : __builtin_ctzll(left);
            uint64_t id = w * 64 + (unsigned)bit;
            left &= ~(UINT64_C(1) << bit);
            if (page->descending ? id < from : id > from)
                out->items[out->count++] = (struct look_place){0, (uint32_t)id};
        }
    }
}

/* ---- a small set ---- */

static int by_place(const void *a, const void *b)
{
    const struct look_place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The member's place, if it is one of the page's. */
static enum err place_of(const struct look *l, const struct look_page *page, uint32_t id,
                         struct look_place *out, bool *fits)
{
    struct sql_stmt *s = sql_use(l->db, "SELECT stage, last_seen FROM member WHERE id = $1");
    sql_bind_int(s, 1, id);
    TRY(sql_step(s, fits));
    if (!*fits) return ERR_OK;
    int64_t stage = sql_int(s, 0);
    int64_t key = page->sort == LOOK_BY_STAGE       ? stage
                  : page->sort == LOOK_BY_LAST_SEEN ? sql_int(s, 1)
                                                    : 0;
    sql_reset(s);
    *out = (struct look_place){key, id};
    if (page->stage != LOOK_ANY_STAGE && stage != page->stage) *fits = false;
    if (!page->after) return ERR_OK;
    int order = by_place(out, page->after);
    if (page->descending ? order >= 0 : order <= 0) *fits = false;
    return ERR_OK;
}

static enum err sort_few(const struct look *l, const struct look_page *page, struct places *out)
{
    const struct idset *set = page->only;
    struct look_place *all = arena_alloc_array(l->arena, set->count + 1, sizeof(*all));
    size_t count = 0;
    for (size_t w = 0; w < set->words.count; w++) {
        for (uint64_t left = set->words.items[w]; left; left &= left - 1) {
            bool fits;
            uint32_t id = (uint32_t)(w * 64 + (unsigned)__builtin_ctzll(left));
            TRY(place_of(l, page, id, &all[count], &fits));
            count += fits;
        }
    }
    if (count) qsort(all, count, sizeof(*all), by_place);
    for (size_t i = 0; i < count && out->count < out->limit; i++)
        out->items[out->count++] = all[page->descending ? count - 1 - i : i];
    return ERR_OK;
}

/* ---- rows ---- */

static enum err read_row(const struct look *l, uint32_t member, struct look_row *out, bool *found)
{
    struct sql_stmt *s =
        sql_use(l->db, "SELECT stage, trust, created_at, last_seen, events, orders, spent"
                       " FROM member WHERE id = $1");
    sql_bind_int(s, 1, member);
    TRY(sql_step(s, found));
    if (!*found) return ERR_OK;
    *out = (struct look_row){
        .id = member,
        .stage = (enum stage)sql_int(s, 0),
        .trust = (enum trust)sql_int(s, 1),
        .created = sql_int(s, 2),
        .last_seen = sql_int(s, 3),
        .events = (uint64_t)sql_int(s, 4),
        .orders = (uint32_t)sql_int(s, 5),
        .spent = sql_int(s, 6),
    };
    sql_reset(s);
    if ((unsigned)out->stage > STAGE_NONE || (unsigned)out->trust >= TRUST_COUNT)
        return ERR_CORRUPT;
    uint32_t *personas;
    struct look_who who = {.persona_count = look_personas(l, member, &personas)};
    who.personas = personas;
    TRY(look_who(l, &who));
    out->name = who.name;
    out->identities = who.identities;
    out->identity_count = who.identity_count;
    return ERR_OK;
}

enum err look_row(const struct look *l, uint32_t member, struct look_row *out, struct why *why)
{
    bool found;
    enum err err = read_row(l, member, out, &found);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (!found) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "member", "m%u", member);
    return ERR_OK;
}

/* One that was merged away since it was listed has none. */
static enum err read_rows(const struct look *l, const struct places *places, struct look_rows *out)
{
    size_t count = places->count < places->limit ? places->count : places->limit - 1;
    out->items = arena_alloc_array(l->arena, count + 1, sizeof(out->items[0]));
    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        bool found;
        TRY(read_row(l, places->items[i].id, &out->items[out->count], &found));
        out->count += found;
    }
    out->more = count < places->count;
    if (out->more) out->last = places->items[count - 1];
    return ERR_OK;
}

enum err look_list(const struct look *l, const struct look_page *page, struct look_rows *out,
                   struct why *why)
{
    assert(page->limit >= 1 && page->limit <= LIMIT_PAGE_MEMBERS);
    struct places places = {.limit = page->limit + 1};
    enum err err = ERR_OK;
    places.items = arena_alloc_array(l->arena, places.limit, sizeof(places.items[0]));
    if (page->only && page->sort == LOOK_BY_ID && page->stage == LOOK_ANY_STAGE) {
        walk_set(page, &places);
    } else if (page->only && page->only->count <= FEW) {
        err = sort_few(l, page, &places);
    } else {
        err = walk_index(l, page, &places);
    }
    if (err == ERR_OK) err = read_rows(l, &places, out);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* By stage, so that an index has all that is asked. */
enum err look_stages(struct sql *db, struct look_stages *out)
{
    struct sql_stmt *s = sql_use(db, "SELECT stage, id FROM member ORDER BY stage, id");
    VEC_RESET(&out->of);
    for (bool row;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        int64_t stage = sql_int(s, 0), id = sql_int(s, 1);
        if (stage < 0 || stage > STAGE_NONE || id < 0 || id > UINT32_MAX) continue;
        while (out->of.count <= (size_t)id)
            VEC_PUSH(&out->of, LOOK_NO_STAGE);
        out->of.items[id] = (uint8_t)stage;
    }
}

enum err look_count(struct sql *db, uint64_t counts[STAGE_COUNT + 1])
{
    struct sql_stmt *s = sql_use(db, "SELECT stage, COUNT(*) FROM member GROUP BY stage");
    memset(counts, 0, (STAGE_COUNT + 1) * sizeof(counts[0]));
    for (bool row;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        int64_t stage = sql_int(s, 0);
        if (stage >= 0 && stage <= STAGE_NONE) counts[stage] = (uint64_t)sql_int(s, 1);
    }
}
