/* merge.c - merges by hand, the record of all merges, and taking them apart.
 *
 * merge_log holds an edge for each merge, between the personas that were the reason for it: of a
 * rule those of the two identities, by hand the members' first ones. Invariants:
 * 1. Of a member of n personas exactly n - 1 edges live (undone_at is null): a tree. A merge joins
 *    two trees by an edge, so there is never a circle, and an edge less makes two of one.
 * 2. The map of identity.c is what the living edges say.
 * Rows are folded again afterwards, as the events member.merged and member.unmerged ask for, also
 * at an opening after a crash. Those events are no part of what is folded, so that a member who is
 * taken apart is as before. */
#include "people/merge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "people/internal.h"

const char *merge_how_name(enum merge_how how)
{
    static const char *const names[] = {"rule", "hand", "conflict"};
    return names[how <= MERGE_CONFLICT ? how : MERGE_RULE];
}

enum err merge_open(struct people *p, struct sql *db)
{
    struct sql_stmt *s = sql_use(db, "SELECT MAX(id) FROM merge_log");
    int64_t last;
    TRY(sql_number(s, 0, &last));
    p->next_merge = (uint64_t)last + 1;
    return ERR_OK;
}

static int ascending(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

enum err merge_note(struct people *p, struct tx *tx, struct merge_edge *e, const uint32_t *moved,
                    size_t count)
{
    struct strbuf text = {0};
    uint32_t *sorted = arena_copy(tx_arena(tx), moved, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), ascending);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&text, "%sm%" PRIu32, i ? " " : "", sorted[i]);
    e->id = p->next_merge++;
    struct sql_stmt *s = sql_use(tx_sql(tx), "INSERT INTO merge_log (id, at, kept, away, a, b, how,"
                                             " moved, who, source) VALUES ($1, $2, $3, $4, $5, $6,"
                                             " $7, $8, $9, $10)");
    sql_bind_int(s, 1, (int64_t)e->id);
    sql_bind_int(s, 2, tx_now(tx));
    sql_bind_int(s, 3, e->kept);
    sql_bind_int(s, 4, e->away);
    sql_bind_int(s, 5, e->a);
    sql_bind_int(s, 6, e->b);
    sql_bind_int(s, 7, e->how);
    sql_bind_str(s, 8, strbuf_str(&text));
    if (e->who.p) {
        sql_bind_str(s, 9, e->who);
    } else {
        sql_bind_null(s, 9);
    }
    if (e->source.p) {
        sql_bind_str(s, 10, e->source);
    } else {
        sql_bind_null(s, 10);
    }
    enum err err = sql_run(s);
    strbuf_finish(&text);
    return err;
}

/* ---- by hand ---- */

static enum err is_known(struct tx *tx, uint32_t persona, bool *known)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    TRY(sql_step(s, known));
    sql_reset(s);
    return ERR_OK;
}

/* A member by its own id, not by that of a persona that was merged away. */
static enum err check_one(struct people *p, struct tx *tx, uint32_t id, const char *field,
                          struct why *why)
{
    bool known;
    TRY(is_known(tx, id, &known));
    if (!known) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, field, "m%" PRIu32, id);
    uint32_t member = identity_member(p, id);
    if (member == id) return ERR_OK;
    return why_fail(why, ERR_CONFLICT, MSG_MERGED_ALREADY, field, "m%" PRIu32 "|m%" PRIu32, id,
                    member);
}

static enum err check_caps(struct people *p, struct tx *tx, const struct people_merge *m,
                           struct why *why)
{
    uint32_t a[IDENTITY_KIND_COUNT], b[IDENTITY_KIND_COUNT];
    TRY(identity_counts(p, tx_sql(tx), m->a, a));
    TRY(identity_counts(p, tx_sql(tx), m->b, b));
    for (int k = 0; k < IDENTITY_KIND_COUNT && !m->over_caps; k++) {
        if (!a[k] || !b[k] || a[k] + b[k] <= p->caps.of[k]) continue;
        return why_fail(why, ERR_CONFLICT, MSG_OVER_CAP, "over_caps", "%" PRIu32 "|%s|%" PRIu32,
                        a[k] + b[k], identity_kind_name((enum identity_kind)k), p->caps.of[k]);
    }
    return ERR_OK;
}

/* member.merged and member.unmerged, in the history of the one that stays. */
static enum err emit(struct tx *tx, int kind, uint32_t member, uint32_t other, struct why *why)
{
    struct event ev = {.at = tx_now(tx),
                       .received_at = tx_now(tx),
                       .persona = member,
                       .other = other,
                       .amount = HISTORY_NO_AMOUNT,
                       .kind = (uint16_t)kind};
    TRY(registry_code(tx, DIM_ORIGIN, STR("console"), &ev.dim[DIM_ORIGIN], why));
    return tx_emit(tx, &ev, why);
}

enum err merge_by_hand(struct people *p, struct tx *tx, struct people_merge *m, struct why *why)
{
    if (m->a == m->b) return why_fail(why, ERR_INVALID, MSG_MERGE_ITSELF, "with", NULL);
    TRY(check_one(p, tx, m->a, "member", why));
    TRY(check_one(p, tx, m->b, "with", why));
    TRY(check_caps(p, tx, m, why));
    struct merge_edge edge = {.a = m->a, .b = m->b, .how = m->how, .who = m->who};
    TRY(identity_merge(p, tx, &edge));
    bulk_forget(p); /* a load under way knows the two apart */
    m->id = edge.id;
    m->kept = edge.kept;
    m->away = edge.away;
    return emit(tx, p->kind_merged, edge.kept, edge.away, why);
}

static enum err run_merge(struct tx *tx, void *arg, struct why *why)
{
    return merge_by_hand(brand_module_state(tx_brand(tx), &people_module), tx, arg, why);
}

enum err people_merge(struct brand *b, struct people_merge *m, struct why *why)
{
    TRY(brand_call(b, run_merge, m, false, why));
    return brand_flush(b, why);
}

/* ---- taking apart ---- */

static size_t place_in(const struct persona_groups *g, uint32_t persona)
{
    size_t i = 0;
    while (i < g->count && g->personas[i] != persona)
        i++;
    return i;
}

/* All of the higher group become of the lower. */
static void join_groups(uint32_t *group, size_t count, size_t x, size_t y)
{
    uint32_t low = group[x] < group[y] ? group[x] : group[y];
    uint32_t high = group[x] < group[y] ? group[y] : group[x];
    for (size_t i = 0; i < count; i++) {
        if (group[i] == high) group[i] = low;
    }
}

/* Follow the living edges of one persona; those that lead out of the list are not followed. */
static enum err follow(struct tx *tx, const struct persona_groups *g, uint32_t *group, size_t i)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT b FROM merge_log WHERE a = $1 AND undone_at IS NULL");
    sql_bind_int(s, 1, g->personas[i]);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        size_t to = place_in(g, (uint32_t)sql_int(s, 0));
        if (to < g->count) join_groups(group, g->count, i, to);
    }
}

/* Members of 'personas', ascending, as the living edges have it. */
static enum err regroup(struct people *p, struct tx *tx, const uint32_t *personas, size_t count)
{
    uint32_t *group = arena_alloc_array(tx_arena(tx), count, sizeof(*group));
    struct persona_groups g = {personas, group, count};
    for (size_t i = 0; i < count; i++)
        group[i] = (uint32_t)i;
    for (size_t i = 0; i < count; i++)
        TRY(follow(tx, &g, group, i));
    return identity_regroup(p, tx, &g);
}

static size_t sorted_personas(struct people *p, struct tx *tx, uint32_t persona, uint32_t **out)
{
    size_t count = identity_personas(p, identity_member(p, persona), tx_arena(tx), out);
    qsort(*out, count, sizeof((*out)[0]), ascending);
    return count;
}

static enum err end_edge(struct tx *tx, const struct people_unmerge *u)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE merge_log SET undone_at = $1, undone_by = $2 WHERE id = $3");
    sql_bind_int(s, 1, tx_now(tx));
    sql_bind_str(s, 2, u->who);
    sql_bind_int(s, 3, (int64_t)u->id);
    return sql_run(s);
}

static enum err find_edge(struct tx *tx, uint64_t id, struct merge_edge *out, struct why *why)
{
    bool row;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT a, b, undone_at FROM merge_log WHERE id = $1");
    sql_bind_int(s, 1, (int64_t)id);
    TRY(sql_step(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "merge", "%" PRIu64, id);
    *out = (struct merge_edge){.a = (uint32_t)sql_int(s, 0), .b = (uint32_t)sql_int(s, 1)};
    bool undone = !sql_is_null(s, 2);
    sql_reset(s);
    return undone ? why_fail(why, ERR_CONFLICT, MSG_UNDONE_ALREADY, "merge", NULL) : ERR_OK;
}

static enum err run_unmerge(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct people_unmerge *u = arg;
    struct merge_edge edge = {0};
    uint32_t *personas;
    TRY(find_edge(tx, u->id, &edge, why));
    size_t count = sorted_personas(p, tx, edge.a, &personas);
    TRY(end_edge(tx, u));
    TRY(regroup(p, tx, personas, count));
    TRY(conflict_reopen(tx, u->id));
    bulk_forget(p); /* a load under way knows them together */
    uint32_t x = identity_member(p, edge.a), y = identity_member(p, edge.b);
    u->kept = x < y ? x : y;
    u->taken = x < y ? y : x;
    return emit(tx, p->kind_unmerged, u->kept, u->taken, why);
}

enum err people_unmerge(struct brand *b, struct people_unmerge *u, struct why *why)
{
    TRY(brand_call(b, run_unmerge, u, false, why));
    return brand_flush(b, why);
}

/* ---- erasing ---- */

static enum err delete_edges(struct tx *tx, uint32_t persona)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM merge_log WHERE a = $1 OR b = $2");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, persona);
    return sql_run(s);
}

/* Who was one member with one that goes, and stays: their rows are folded again. */
static enum err keep_rest(struct people *p, struct tx *tx, uint32_t *rest, size_t count)
{
    if (count == 0) return ERR_OK;
    TRY(regroup(p, tx, rest, count));
    for (size_t i = 0; i < count; i++) {
        uint32_t member = identity_member(p, rest[i]);
        p->numbering.voided++; /* of no seq of its own */
        if (member == rest[i]) TRY(member_mark_stale(p, tx_sql(tx), member, tx_seq(tx)));
    }
    return ERR_OK;
}

static bool has(const uint32_t *list, size_t count, uint32_t id)
{
    return bsearch(&id, list, count, sizeof(list[0]), ascending) != NULL;
}

enum err merge_erase(struct people *p, struct tx *tx, const uint32_t *personas, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(delete_edges(tx, personas[i]));
    for (size_t i = 0; i < count; i++) {
        uint32_t *all;
        size_t rest = 0, of_member = sorted_personas(p, tx, personas[i], &all);
        for (size_t k = 0; k < of_member; k++) {
            if (!has(personas, count, all[k])) all[rest++] = all[k];
        }
        if (rest == 0) continue;
        TRY(member_erase(p, tx, identity_member(p, personas[i])));
        const struct persona_groups alone = {&personas[i], &(uint32_t){0}, 1};
        TRY(identity_regroup(p, tx, &alone)); /* out of the ring */
        TRY(keep_rest(p, tx, all, rest));
    }
    return ERR_OK;
}

/* ---- taking back what a source was the reason of ---- */

/* Members of whom a living edge goes. */
static enum err see_edges(struct people *p, struct tx *tx, struct str source, struct idset *members)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT a FROM merge_log WHERE source = $1 AND undone_at IS NULL");
    sql_bind_str(s, 1, source);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        idset_add(members, identity_member(p, (uint32_t)sql_int(s, 0)));
    }
}

static enum err take_apart(struct people *p, struct tx *tx, uint32_t member,
                           const struct persona_set *gone, struct idset *parted)
{
    uint32_t *all;
    size_t rest = 0, count = sorted_personas(p, tx, member, &all);
    TRY(member_erase(p, tx, member));
    for (size_t i = 0; i < count; i++) {
        if (!persona_set_has(gone, all[i])) {
            idset_add(parted, all[i]);
            all[rest++] = all[i];
            continue;
        }
        const struct persona_groups alone = {&all[i], &(uint32_t){0}, 1};
        TRY(identity_regroup(p, tx, &alone)); /* out of the ring */
    }
    return rest ? regroup(p, tx, all, rest) : ERR_OK;
}

enum err merge_undo(struct people *p, struct tx *tx, struct str source,
                    const struct persona_set *gone, struct idset *parted)
{
    struct idset members = {0};
    enum err err = see_edges(p, tx, source, &members);
    for (size_t i = 0; p->any_shared && i < gone->count; i++) {
        uint64_t place;
        if (!intmap_get(p->member_of, gone->ids[i], &place)) continue;
        idset_add(&members, identity_member(p, gone->ids[i]));
    }
    if (err == ERR_OK) {
        struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM merge_log WHERE source = $1");
        sql_bind_str(s, 1, source);
        err = sql_run(s);
    }
    for (uint32_t id = 1; id < p->next_persona && members.count && err == ERR_OK; id++) {
        if (idset_has(&members, id)) err = take_apart(p, tx, id, gone, parted);
    }
    idset_finish(&members);
    return err;
}
