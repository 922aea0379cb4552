/* look_merge.c - rows of merge_log and identity_conflict, and the preview of a merge. */
#include "people/look_merge.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/limits.h"
#include "people/look_internal.h"

static struct str text_of(const struct look *l, struct sql_stmt *s, int column)
{
    return sql_is_null(s, column) ? (struct str){NULL, 0} : arena_str(l->arena, sql_str(s, column));
}

static int64_t time_of(struct sql_stmt *s, int column)
{
    return sql_is_null(s, column) ? TIME_NONE : sql_int(s, column);
}

/* ---- merges ---- */

typedef VEC(struct look_merge) merge_list;

static bool is_listed(const merge_list *list, uint64_t id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].id == id) return true;
    }
    return false;
}

static enum err read_merges(const struct look *l, uint32_t persona, merge_list *list)
{
    struct sql_stmt *s =
        sql_use(l->db, "SELECT id, at, kept, away, moved, how, who, undone_at, undone_by FROM"
                       " merge_log WHERE a = $1 OR b = $2 ORDER BY id DESC LIMIT $3");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, persona);
    sql_bind_int(s, 3, LIMIT_MERGES_SHOWN);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct look_merge m = {
            .id = (uint64_t)sql_int(s, 0),
            .at = sql_int(s, 1),
            .kept = (uint32_t)sql_int(s, 2),
            .away = (uint32_t)sql_int(s, 3),
            .moved = text_of(l, s, 4),
            .how = (enum merge_how)sql_int(s, 5),
            .who = text_of(l, s, 6),
            .undone_at = time_of(s, 7),
            .undone_by = text_of(l, s, 8),
        };
        if (!is_listed(list, m.id)) VEC_PUSH(list, m);
    }
}

static int newest_first(const void *a, const void *b)
{
    const struct look_merge *x = a, *y = b;
    return (x->id < y->id) - (x->id > y->id);
}

enum err look_merges(const struct look *l, uint32_t member, struct look_merges *out,
                     struct why *why)
{
    merge_list list = {0};
    uint32_t *personas;
    size_t count = look_personas(l, look_member_of(l, member), &personas);
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = read_merges(l, personas[i], &list);
    if (list.count) qsort(list.items, list.count, sizeof(list.items[0]), newest_first);
    out->count = list.count < LIMIT_MERGES_SHOWN ? list.count : LIMIT_MERGES_SHOWN;
    out->items = arena_copy(l->arena, list.items, out->count * sizeof(out->items[0]));
    VEC_FINISH(&list);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* ---- the preview ---- */

static int ascending(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* As if the personas of both were one member's. */
static enum err fold_joined(const struct look *l, struct look_preview *p, struct why *why)
{
    const struct look_profile *a = &p->side[0], *b = &p->side[1];
    struct look_story story = {.id = a->id < b->id ? a->id : b->id,
                               .persona_count = a->persona_count + b->persona_count};
    story.personas = arena_alloc_array(l->arena, story.persona_count, sizeof(story.personas[0]));
    memcpy(story.personas, a->personas, a->persona_count * sizeof(a->personas[0]));
    memcpy(story.personas + a->persona_count, b->personas,
           b->persona_count * sizeof(b->personas[0]));
    qsort(story.personas, story.persona_count, sizeof(story.personas[0]), ascending);
    TRY(look_story_of(l, &story, why));
    fold_get_state(story.fold, &story.names, &p->joined);
    return ERR_OK;
}

enum err look_preview(const struct look *l, const uint32_t members[2], struct look_preview *out,
                      struct why *why)
{
    const struct people *p = look_people(l);
    *out = (struct look_preview){0};
    for (int i = 0; i < 2; i++) {
        struct look_profile *side = &out->side[i];
        TRY(look_profile(l, members[i], side, why));
        for (size_t k = 0; k < side->identity_count; k++)
            out->counts[i][side->identities[k].kind]++;
    }
    if (out->side[0].id == out->side[1].id)
        return why_fail(why, ERR_CONFLICT, MSG_ONE_ALREADY, "with", "m%" PRIu32, out->side[0].id);
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++)
        out->caps[k] = p->caps.of[k];
    return fold_joined(l, out, why);
}

/* ---- conflicts ---- */

typedef VEC(struct look_conflict) conflict_list;

#define CONFLICT_COLUMNS                                                                           \
    "SELECT c.id, c.state, c.cause, COALESCE(x.member, c.a), COALESCE(y.member, c.b), c.kind,"     \
    " i.value, i.sealed, i.verified, i.first_seen, i.source, c.source, c.first_seen, c.last_seen," \
    " c.times, c.judged_at, c.judged_by, c.merge_id FROM identity_conflict c"                      \
    " JOIN identity i ON i.key = c.key"                                                            \
    " LEFT JOIN persona_member x ON x.persona = c.a"                                               \
    " LEFT JOIN persona_member y ON y.persona = c.b"

static enum err read_conflict(const struct look *l, struct sql_stmt *s, struct look_conflict *out)
{
    int64_t kind = sql_int(s, 5);
    if (kind < 0 || kind >= IDENTITY_KIND_COUNT) return ERR_CORRUPT;
    bool sealed = !sql_is_null(s, 7);
    *out = (struct look_conflict){
        .id = (uint64_t)sql_int(s, 0),
        .state = (enum conflict_state)sql_int(s, 1),
        .cause = (enum conflict_cause)sql_int(s, 2),
        .member = {(uint32_t)sql_int(s, 3), (uint32_t)sql_int(s, 4)},
        .identity = {.kind = (enum identity_kind)kind,
                     .value = sealed ? look_unsealed(l, sql_blob(s, 7)) : text_of(l, s, 6),
                     .personal = sealed,
                     .verified = sql_int(s, 8) != 0,
                     .first_seen = sql_int(s, 9),
                     .source = text_of(l, s, 10)},
        .source = text_of(l, s, 11),
        .first_seen = sql_int(s, 12),
        .last_seen = sql_int(s, 13),
        .times = (uint64_t)sql_int(s, 14),
        .judged_at = time_of(s, 15),
        .judged_by = text_of(l, s, 16),
        .merge = sql_is_null(s, 17) ? 0 : (uint64_t)sql_int(s, 17),
    };
    return ERR_OK;
}

static bool are_of(const struct idset *only, uint32_t a, uint32_t b)
{
    return !only || (idset_has(only, a) && idset_has(only, b));
}

static enum err count_open(const struct look *l, const struct idset *only, uint64_t *out)
{
    struct sql_stmt *s = sql_use(
        l->db, "SELECT COALESCE(x.member, c.a), COALESCE(y.member, c.b) FROM identity_conflict c"
               " LEFT JOIN persona_member x ON x.persona = c.a"
               " LEFT JOIN persona_member y ON y.persona = c.b WHERE c.state = 0"
               " AND COALESCE(x.member, c.a) <> COALESCE(y.member, c.b)");
    for (*out = 0;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        *out += are_of(only, (uint32_t)sql_int(s, 0), (uint32_t)sql_int(s, 1));
    }
}

static enum err read_page(const struct look *l, const struct look_conflict_page *page,
                          struct look_conflicts *out)
{
    struct sql_stmt *s =
        sql_use(l->db, CONFLICT_COLUMNS
                " WHERE c.state = $1 AND c.id > $2 AND (c.state = 2 OR"
                " COALESCE(x.member, c.a) <> COALESCE(y.member, c.b)) ORDER BY c.id LIMIT $3");
    sql_bind_int(s, 1, page->state);
    sql_bind_int(s, 2, (int64_t)page->after);
    sql_bind_int(s, 3, page->only ? LIMIT_IDENTITY_CONFLICTS : (int64_t)page->limit + 1);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        if (!are_of(page->only, (uint32_t)sql_int(s, 3), (uint32_t)sql_int(s, 4))) continue;
        if (out->count == page->limit) {
            out->more = true;
            sql_reset(s);
            return ERR_OK;
        }
        TRY(read_conflict(l, s, &out->items[out->count]));
        out->count++;
    }
}

enum err look_conflicts(const struct look *l, const struct look_conflict_page *page,
                        struct look_conflicts *out, struct why *why)
{
    *out = (struct look_conflicts){
        .items = arena_alloc_array(l->arena, page->limit, sizeof(out->items[0]))};
    enum err err = read_page(l, page, out);
    if (err == ERR_OK) err = count_open(l, page->only, &out->open);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err look_conflict(const struct look *l, uint64_t id, struct look_conflict *out,
                       struct why *why)
{
    struct sql_stmt *s = sql_use(l->db, CONFLICT_COLUMNS " WHERE c.id = $1");
    bool row = false;
    sql_bind_int(s, 1, (int64_t)id);
    enum err err = sql_step(s, &row);
    if (err == ERR_OK && row) {
        err = read_conflict(l, s, out);
        sql_reset(s);
    }
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (row) return ERR_OK;
    return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "conflict", "%" PRIu64, id);
}

/* Those of one persona; the list's own memory. */
static enum err add_of_persona(const struct look *l, uint32_t persona, conflict_list *list)
{
    struct sql_stmt *s = sql_use(l->db, CONFLICT_COLUMNS " WHERE c.a = $1 OR c.b = $2"
                                                         " ORDER BY c.id");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, persona);
    for (;;) {
        bool row;
        struct look_conflict conflict;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        TRY(read_conflict(l, s, &conflict));
        VEC_PUSH(list, conflict);
    }
}

enum err look_conflicts_of(const struct look *l, uint32_t member, struct look_conflicts *out,
                           struct why *why)
{
    conflict_list list = {0};
    uint32_t *personas;
    size_t count = look_personas(l, look_member_of(l, member), &personas);
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = add_of_persona(l, personas[i], &list);
    *out = (struct look_conflicts){.count = list.count};
    out->items = arena_copy(l->arena, list.items, list.count * sizeof(out->items[0]));
    VEC_FINISH(&list);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}
