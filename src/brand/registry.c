/* registry.c - names are kept in lists by number and found by a hash map.
 *
 * Invariant: the number of a name is its place in the list plus one, in memory and in the table.
 * The mark "names" says how many there are, so that the last ones cannot be lost unnoticed. */
#include "brand/registry.h"

#include <stdio.h>

#include "base/limits.h"
#include "brand/internal.h"

const struct migration registry_migrations[] = {
    {1, "CREATE TABLE registry (list {int} NOT NULL, number {int} NOT NULL, name {text} NOT NULL,"
        " label {text}, type {int} NOT NULL, PRIMARY KEY (list, number))"},
    {0, NULL},
};

void registry_init(struct registry *r)
{
    pthread_rwlock_init(&r->lock, NULL);
    r->arena = arena_create(0);
    for (int i = 0; i < REGISTRY_LISTS; i++)
        r->lists[i].index = map_create();
}

void registry_finish(struct registry *r)
{
    for (int i = 0; i < REGISTRY_LISTS; i++) {
        map_destroy(r->lists[i].index);
        VEC_FINISH(&r->lists[i].names);
    }
    arena_destroy(r->arena);
    pthread_rwlock_destroy(&r->lock);
}

/* The key of a name in its list's map; 'buffer' holds it when the type is part of it. */
static struct str key_of(int list, struct str name, enum prop_type type, char *buffer)
{
    if (list != REGISTRY_PROP) return name;
    buffer[0] = (char)('0' + (int)type);
    memcpy(buffer + 1, name.p, name.len);
    return (struct str){buffer, name.len + 1};
}

static void add(struct registry *r, int list, const struct registry_name *name)
{
    char buffer[LIMIT_PROP_NAME_BYTES + 1];
    struct registry_list *l = &r->lists[list];
    struct registry_name own = {arena_str(r->arena, name->text), {NULL, 0}, name->type};
    if (name->label.p) own.label = arena_str(r->arena, name->label);
    VEC_PUSH(&l->names, own);
    map_put(l->index, key_of(list, own.text, own.type, buffer), l->names.count);
}

enum err registry_load(struct registry *r, struct sql *db)
{
    uint64_t expected, found = 0;
    TRY(log_get_mark(db, "names", &expected));
    struct sql_stmt *s =
        sql_use(db, "SELECT list, name, label, type, number FROM registry ORDER BY list, number");
    for (;; found++) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) break;
        int64_t list = sql_int(s, 0);
        struct registry_name name = {sql_str(s, 1), {NULL, 0}, (enum prop_type)sql_int(s, 3)};
        if (!sql_is_null(s, 2)) name.label = sql_str(s, 2);
        if (list < 0 || list >= REGISTRY_LISTS) return ERR_CORRUPT;
        if (list == REGISTRY_PROP && name.text.len > LIMIT_PROP_NAME_BYTES) return ERR_CORRUPT;
        add(r, (int)list, &name);
        if ((uint64_t)sql_int(s, 4) != r->lists[list].names.count) return ERR_CORRUPT;
    }
    registry_saved(r);
    return found == expected ? ERR_OK : ERR_CORRUPT;
}

enum err registry_save(struct registry *r, struct sql *db)
{
    uint64_t total = 0, saved = 0;
    for (int list = 0; list < REGISTRY_LISTS; list++) {
        struct registry_list *l = &r->lists[list];
        for (size_t i = l->saved; i < l->names.count; i++) {
            struct sql_stmt *s =
                sql_use(db, "INSERT INTO registry (list, number, name, label, type)"
                            " VALUES ($1, $2, $3, $4, $5)");
            sql_bind_int(s, 1, list);
            sql_bind_int(s, 2, (int64_t)i + 1);
            sql_bind_str(s, 3, l->names.items[i].text);
            sql_bind_str(s, 4, l->names.items[i].label);
            sql_bind_int(s, 5, l->names.items[i].type);
            TRY(sql_run(s));
        }
        total += l->names.count;
        saved += l->saved;
    }
    return total > saved ? log_set_mark(db, "names", total) : ERR_OK;
}

void registry_saved(struct registry *r)
{
    for (int i = 0; i < REGISTRY_LISTS; i++)
        r->lists[i].saved = r->lists[i].names.count;
}

/* Without the lock: for the writer, since only it changes the lists, and under the read lock. */
static uint32_t find_own(const struct registry *r, int list, struct str name, enum prop_type type)
{
    char buffer[LIMIT_PROP_NAME_BYTES + 1];
    uint64_t number = 0;
    if (list == REGISTRY_PROP && name.len > LIMIT_PROP_NAME_BYTES) return 0;
    map_get(r->lists[list].index, key_of(list, name, type, buffer), &number);
    return (uint32_t)number;
}

void registry_forget(struct registry *r)
{
    char buffer[LIMIT_PROP_NAME_BYTES + 1];
    pthread_rwlock_wrlock(&r->lock);
    for (int list = 0; list < REGISTRY_LISTS; list++) {
        struct registry_list *l = &r->lists[list];
        memset(l->recent, 0, sizeof(l->recent));
        while (l->names.count > l->saved) {
            const struct registry_name *name = &l->names.items[--l->names.count];
            map_remove(l->index, key_of(list, name->text, name->type, buffer));
        }
    }
    pthread_rwlock_unlock(&r->lock);
}

static uint32_t find(struct registry *r, int list, struct str name, enum prop_type type)
{
    pthread_rwlock_rdlock(&r->lock);
    uint32_t number = find_own(r, list, name, type);
    pthread_rwlock_unlock(&r->lock);
    return number;
}

static bool is_name(const struct registry_list *l, uint32_t number,
                    const struct registry_name *name)
{
    if (number == 0) return false;
    const struct registry_name *known = &l->names.items[number - 1];
    return known->type == name->type && str_eq(known->text, name->text);
}

/* 'most' names at most. Events name the same few again and again, so those come first. */
static enum err find_or_add(struct tx *tx, int list, const struct registry_name *name, size_t most,
                            uint32_t *number)
{
    struct registry *r = &tx->brand->registry;
    struct registry_list *l = &r->lists[list];
    uint32_t *recent = &l->recent[hash_ends(name->text) >> (64 - REGISTRY_RECENT_BITS)];
    if (is_name(l, *recent, name)) {
        *number = *recent;
        return ERR_OK;
    }
    *number = find_own(r, list, name->text, name->type);
    if (*number == 0) {
        if (l->names.count >= most) return ERR_TOO_LARGE;
        pthread_rwlock_wrlock(&r->lock);
        add(r, list, name);
        *number = (uint32_t)l->names.count;
        pthread_rwlock_unlock(&r->lock);
    }
    *recent = *number;
    return ERR_OK;
}

static size_t count_of(struct brand *b, int list)
{
    struct registry *r = &b->registry;
    pthread_rwlock_rdlock(&r->lock);
    size_t count = r->lists[list].names.count;
    pthread_rwlock_unlock(&r->lock);
    return count;
}

static bool name_at(struct brand *b, int list, uint32_t number, struct registry_name *out)
{
    struct registry *r = &b->registry;
    pthread_rwlock_rdlock(&r->lock);
    bool known = number >= 1 && number <= r->lists[list].names.count;
    if (known) *out = r->lists[list].names.items[number - 1];
    pthread_rwlock_unlock(&r->lock);
    return known;
}

enum err registry_kind(struct tx *tx, struct str name, struct str label, uint16_t *code,
                       struct why *why)
{
    struct registry_name entry = {name, label, PROP_TEXT};
    uint32_t number;
    if (find_or_add(tx, REGISTRY_KIND, &entry, LIMIT_KINDS, &number) != ERR_OK) {
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "kind", "%d", LIMIT_KINDS);
    }
    *code = (uint16_t)number;
    return ERR_OK;
}

enum err registry_code(struct tx *tx, enum dim dim, struct str text, uint32_t *code,
                       struct why *why)
{
    struct registry_name entry = {text, {NULL, 0}, PROP_TEXT};
    if (find_or_add(tx, REGISTRY_DIM0 + (int)dim, &entry, UINT32_MAX, code) == ERR_OK)
        return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "code", "%u", UINT32_MAX);
}

enum err registry_prop(struct tx *tx, struct str name, enum prop_type type, uint32_t *id,
                       struct why *why)
{
    struct registry_name entry = {name, {NULL, 0}, type};
    if (find_or_add(tx, REGISTRY_PROP, &entry, LIMIT_PROP_NAMES, id) == ERR_OK) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "props", "%d", LIMIT_PROP_NAMES);
}

int registry_find_kind(struct brand *b, struct str name)
{
    uint32_t number = find(&b->registry, REGISTRY_KIND, name, PROP_TEXT);
    return number ? (int)number : -1;
}

uint32_t registry_find_code(struct brand *b, enum dim dim, struct str text)
{
    return find(&b->registry, REGISTRY_DIM0 + (int)dim, text, PROP_TEXT);
}

uint32_t registry_find_prop(struct brand *b, struct str name, enum prop_type type)
{
    return find(&b->registry, REGISTRY_PROP, name, type);
}

struct str registry_kind_name(struct brand *b, int code)
{
    struct registry_name name = {{NULL, 0}, {NULL, 0}, PROP_TEXT};
    if (code > 0) name_at(b, REGISTRY_KIND, (uint32_t)code, &name);
    return name.text;
}

struct str registry_code_text(struct brand *b, enum dim dim, uint32_t code)
{
    struct registry_name name = {{NULL, 0}, {NULL, 0}, PROP_TEXT};
    name_at(b, REGISTRY_DIM0 + (int)dim, code, &name);
    return name.text;
}

struct str registry_prop_name(struct brand *b, uint32_t id, enum prop_type *type)
{
    struct registry_name name = {{NULL, 0}, {NULL, 0}, PROP_TEXT};
    name_at(b, REGISTRY_PROP, id, &name);
    *type = name.type;
    return name.text;
}

struct str registry_kind_label(struct brand *b, int code)
{
    struct registry_name name = {{NULL, 0}, {NULL, 0}, PROP_TEXT};
    if (code > 0) name_at(b, REGISTRY_KIND, (uint32_t)code, &name);
    return name.label;
}

uint32_t registry_prop_count(struct brand *b)
{
    return (uint32_t)count_of(b, REGISTRY_PROP);
}

uint32_t registry_kind_count(struct brand *b)
{
    return (uint32_t)count_of(b, REGISTRY_KIND);
}

uint32_t registry_code_count(struct brand *b, enum dim dim)
{
    return (uint32_t)count_of(b, REGISTRY_DIM0 + (int)dim);
}

static int catalog_kind(void *ctx, struct str name)
{
    return registry_find_kind(ctx, name);
}

static uint32_t catalog_code(void *ctx, enum dim dim, struct str text)
{
    return registry_find_code(ctx, dim, text);
}

static struct str catalog_code_text(void *ctx, enum dim dim, uint32_t code)
{
    return registry_code_text(ctx, dim, code);
}

static struct str catalog_kind_text(void *ctx, int kind)
{
    return registry_kind_name(ctx, kind);
}

static uint32_t catalog_prop(void *ctx, struct str name, enum prop_type type)
{
    return registry_find_prop(ctx, name, type);
}

void brand_catalog(struct brand *b, struct expr_catalog *out)
{
    *out = (struct expr_catalog){
        .ctx = b,
        .zone = b->zone,
        .currency_digits = b->currency_digits,
        .kind = catalog_kind,
        .code = catalog_code,
        .code_text = catalog_code_text,
        .kind_text = catalog_kind_text,
        .prop = catalog_prop,
    };
}
