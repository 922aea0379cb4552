/* look_who.c - who somebody is: personas, identities, traits, and the name to show.
 *
 * The name is the newest trait "name" or "nickname", the first of the two that there is; else the
 * newest identity of kind name. */
#include "people/look_internal.h"

#include <stdlib.h>

#include "base/utf8.h"

void look_begin(struct look *l, struct brand *b, struct sql *db, struct arena *arena)
{
    *l = (struct look){.brand = b, .db = db, .arena = arena, .snapshot = brand_snapshot(b)};
}

void look_end(struct look *l)
{
    brand_snapshot_release(l->snapshot);
    l->snapshot = NULL;
}

/* ---- personas ---- */

uint32_t look_member_of(const struct look *l, uint32_t persona)
{
    return persona_map_member(l->snapshot->personas, persona);
}

size_t look_personas(const struct look *l, uint32_t member, uint32_t **out)
{
    return persona_map_of(l->snapshot->personas, member, l->arena, out);
}

/* ---- values ---- */

static struct str copy_of(const struct look *l, struct str s)
{
    return s.p ? arena_str(l->arena, s) : (struct str){NULL, 0};
}

/* A damaged one is empty; verify reports it. */
struct str look_unsealed(const struct look *l, struct str sealed)
{
    if (sealed.len < SEAL_OVERHEAD) return STR("");
    size_t len = sealed.len - SEAL_OVERHEAD;
    char *text = arena_alloc(l->arena, len + 1);
    bool sound = unseal(look_people(l)->seal_key, sealed, (uint8_t *)text);
    return sound ? (struct str){text, len} : STR("");
}

struct str look_mask(struct arena *arena, struct str value)
{
    size_t at = str_find_char(value, '@'), chars = utf8_count(value);
    if (at < value.len && at > 0) {
        struct str domain = {value.p + at, value.len - at};
        size_t first = 0;
        (void)utf8_next(value, &first);
        return str_of(arena_printf(arena, "%.*s***" STR_FMT, (int)first, value.p, STR_ARG(domain)));
    }
    bool phone = value.len == 14 && str_starts(value, STR("+861"));
    if (phone) return str_of(arena_printf(arena, "%.3s****%.4s", value.p + 3, value.p + 10));
    if (chars <= 4) return STR("****");
    size_t skip = 0;
    for (size_t i = 0; i < chars - 4; i++)
        (void)utf8_next(value, &skip);
    return str_of(arena_printf(arena, "****%.*s", (int)(value.len - skip), value.p + skip));
}

/* ---- identities ---- */

static enum err read_identities(const struct look *l, uint32_t persona, struct look_who *who,
                                size_t *room)
{
    struct sql_stmt *s =
        sql_use(l->db, "SELECT kind, value, sealed, verified, first_seen, source FROM identity"
                       " WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    for (bool row;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        if (who->identity_count == *room) {
            struct look_identity *old = who->identities;
            *room = *room ? *room * 2 : 4;
            who->identities = arena_alloc_array(l->arena, *room, sizeof(*old));
            if (old) memcpy(who->identities, old, who->identity_count * sizeof(*old));
        }
        int64_t kind = sql_int(s, 0);
        if (kind < 0 || kind >= IDENTITY_KIND_COUNT) return ERR_CORRUPT;
        bool sealed = !sql_is_null(s, 2);
        who->identities[who->identity_count++] = (struct look_identity){
            .kind = (enum identity_kind)kind,
            .value = sealed ? look_unsealed(l, sql_blob(s, 2)) : copy_of(l, sql_str(s, 1)),
            .personal = sealed,
            .verified = sql_int(s, 3) != 0,
            .persona = persona,
            .first_seen = sql_int(s, 4),
            .last_seen = TIME_NONE,
            .source = copy_of(l, sql_is_null(s, 5) ? (struct str){NULL, 0} : sql_str(s, 5)),
        };
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct look_identity *x = a, *y = b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    if (x->first_seen != y->first_seen) return x->first_seen < y->first_seen ? -1 : 1;
    return str_cmp(x->value, y->value);
}

/* The newest of the personas' names among the traits. */
static enum err read_name(const struct look *l, const char *text, struct look_who *who)
{
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < who->persona_count; i++) {
        bool row;
        struct sql_stmt *s = sql_use(l->db, text);
        sql_bind_int(s, 1, who->personas[i]);
        TRY(sql_step(s, &row));
        if (!row) continue;
        if (sql_int(s, 2) >= newest) {
            newest = sql_int(s, 2);
            who->name =
                sql_is_null(s, 0) ? copy_of(l, sql_str(s, 1)) : look_unsealed(l, sql_blob(s, 0));
        }
        sql_reset(s);
    }
    return ERR_OK;
}

enum err look_who(const struct look *l, struct look_who *who)
{
    size_t room = 0;
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < who->persona_count; i++)
        TRY(read_identities(l, who->personas[i], who, &room));
    if (who->identity_count)
        qsort(who->identities, who->identity_count, sizeof(who->identities[0]), by_rank);
    who->name = (struct str){NULL, 0};
    TRY(read_name(l, "SELECT sealed, value, at FROM trait WHERE persona = $1 AND name = 'name'",
                  who));
    if (who->name.len) return ERR_OK;
    TRY(read_name(l, "SELECT sealed, value, at FROM trait WHERE persona = $1 AND name = 'nickname'",
                  who));
    if (who->name.len) return ERR_OK;
    for (size_t i = 0; i < who->identity_count; i++) {
        const struct look_identity *id = &who->identities[i];
        if (id->kind != IDENTITY_NAME || id->first_seen < newest) continue;
        newest = id->first_seen;
        who->name = id->value;
    }
    return ERR_OK;
}

enum err look_name(const struct look *l, uint32_t persona, struct str *out)
{
    uint32_t *personas;
    struct look_who who = {.persona_count =
                               look_personas(l, look_member_of(l, persona), &personas)};
    who.personas = personas;
    TRY(look_who(l, &who));
    *out = who.name;
    return ERR_OK;
}

/* ---- traits ---- */

static int by_name(const void *a, const void *b)
{
    const struct look_trait *x = a, *y = b;
    int order = str_cmp(x->name, y->name);
    return order ? order : (x->at < y->at) - (x->at > y->at); /* newest first */
}

static struct look_trait read_trait(const struct look *l, struct sql_stmt *s)
{
    struct look_trait t = {.name = copy_of(l, sql_str(s, 0)),
                           .type = (enum expr_type)sql_int(s, 1),
                           .at = sql_int(s, 5)};
    t.personal = !sql_is_null(s, 4);
    if (t.personal) {
        t.text = look_unsealed(l, sql_blob(s, 4));
    } else if (!sql_is_null(s, 3)) {
        t.text = copy_of(l, sql_str(s, 3));
    } else {
        t.number = sql_double(s, 2);
    }
    if (!sql_is_null(s, 6)) t.source = copy_of(l, sql_str(s, 6));
    return t;
}

/* Those that 'text' finds of each persona, by name and the newest first. */
static enum err read_traits(const struct look *l, const char *text, const uint32_t *personas,
                            size_t count, struct look_trait **out, size_t *out_count)
{
    VEC(struct look_trait) list = {0};
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct sql_stmt *s = sql_use(l->db, text);
        sql_bind_int(s, 1, personas[i]);
        for (bool row = true;;) {
            err = sql_step(s, &row);
            if (err != ERR_OK || !row) break;
            struct look_trait trait = read_trait(l, s);
            VEC_PUSH(&list, trait);
        }
    }
    if (list.count) qsort(list.items, list.count, sizeof(list.items[0]), by_name);
    *out = arena_copy(l->arena, list.items, list.count * sizeof(**out));
    *out_count = list.count;
    VEC_FINISH(&list);
    return err;
}

enum err look_traits(const struct look *l, const uint32_t *personas, size_t count,
                     struct look_trait **out, size_t *out_count)
{
    size_t kept = 0;
    TRY(read_traits(l,
                    "SELECT name, type, number, value, sealed, at, source FROM trait"
                    " WHERE persona = $1",
                    personas, count, out, out_count));
    struct str name = {NULL, 0};
    for (size_t i = 0; i < *out_count; i++) { /* of one name the newest, if that was not removed */
        bool older = name.p && str_eq(name, (*out)[i].name);
        name = (*out)[i].name;
        if (!older && (*out)[i].type != TYPE_NULL) (*out)[kept++] = (*out)[i];
    }
    *out_count = kept;
    return ERR_OK;
}

enum err look_overwritten(const struct look *l, const struct look_profile *of,
                          struct look_trait **out, size_t *count)
{
    return read_traits(l,
                       "SELECT name, type, number, value, sealed, at, source FROM trait_before"
                       " WHERE persona = $1",
                       of->personas, of->persona_count, out, count);
}
