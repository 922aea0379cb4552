/* staff.c - loading, and telling who somebody is. */
#include <stdio.h>

#include "account/staff_internal.h"
#include "base/utf8.h"

struct staff *staff_create(struct data *d)
{
    struct staff *s = mem_alloc(sizeof(*s));
    s->data = d;
    s->by_name = map_create();
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void staff_destroy(struct staff *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->people.count; i++) {
        VEC_FINISH(&s->people.items[i]->grants);
        VEC_FINISH(&s->people.items[i]->places);
        mem_free(s->people.items[i]);
    }
    VEC_FINISH(&s->people);
    map_destroy(s->by_name);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

struct staff_entry *staff_entry(const struct staff *s, uint32_t number)
{
    return number >= 1 && number <= s->people.count ? s->people.items[number - 1] : NULL;
}

struct staff_grant *staff_grant(struct staff_entry *e, const char *brand)
{
    for (size_t i = 0; i < e->grants.count; i++) {
        if (strcmp(e->grants.items[i].brand, brand) == 0) return &e->grants.items[i];
    }
    return NULL;
}

void staff_enter(struct staff *s, struct staff_entry *e)
{
    struct arena *a = arena_create(0);
    VEC_PUSH(&s->people, e);
    map_put(s->by_name, utf8_fold(a, str_of(e->person.name)), e->person.number);
    arena_destroy(a);
}

/* ---- loading ---- */

static void load_person(struct staff *s, struct sql_stmt *row)
{
    struct staff_entry *e = mem_alloc(sizeof(*e));
    e->person.number = (uint32_t)sql_int(row, 0);
    store_text(row, 1, e->person.name, sizeof(e->person.name));
    store_text(row, 2, e->person.display, sizeof(e->person.display));
    e->person.lang = str_is(sql_str(row, 3), "en") ? LANG_EN : LANG_ZH;
    store_text(row, 4, e->password, sizeof(e->password));
    e->person.state = sql_int(row, 5)  ? STAFF_DISABLED
                      : e->password[0] ? STAFF_ACTIVE
                                       : STAFF_INVITED;
    e->person.seen_at = sql_int(row, 6) ? sql_int(row, 6) : TIME_NONE;
    staff_enter(s, e);
}

static enum err load_people(struct staff *s, struct sql *db)
{
    struct sql_stmt *row = sql_use(db, "SELECT number, name, display, lang, password, disabled, "
                                       "seen_at FROM staff ORDER BY number");
    for (;;) {
        bool more;
        TRY(sql_step(row, &more));
        if (!more) return ERR_OK;
        if (sql_int(row, 0) != (int64_t)s->people.count + 1) return ERR_CORRUPT;
        load_person(s, row);
    }
}

/* A role of a newer program is none in this one. */
static enum err load_roles(struct staff *s, struct sql *db)
{
    struct sql_stmt *row =
        sql_use(db, "SELECT person, brand, role FROM staff_role ORDER BY person, brand");
    for (;;) {
        bool more;
        TRY(sql_step(row, &more));
        if (!more) return ERR_OK;
        struct staff_entry *e = staff_entry(s, (uint32_t)sql_int(row, 0));
        struct staff_grant grant;
        store_text(row, 1, grant.brand, sizeof(grant.brand));
        if (e && role_parse(sql_str(row, 2), &grant.role)) VEC_PUSH(&e->grants, grant);
    }
}

enum err staff_load(struct staff *s, struct sql *db)
{
    TRY(load_people(s, db));
    TRY(load_roles(s, db));
    return staff_load_places(s, db);
}

/* ---- looking up ---- */

size_t staff_count(struct staff *s)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->people.count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

bool staff_find(struct staff *s, struct str name, struct person *out)
{
    uint64_t number;
    if (name.len >= STAFF_NAME_BYTES || !utf8_valid(name)) return false;
    struct arena *a = arena_create(0);
    struct str folded = utf8_fold(a, str_trim(name));
    pthread_mutex_lock(&s->lock);
    bool found = map_get(s->by_name, folded, &number);
    if (found) *out = staff_entry(s, (uint32_t)number)->person;
    pthread_mutex_unlock(&s->lock);
    arena_destroy(a);
    return found;
}

bool staff_get(struct staff *s, uint32_t number, struct person *out)
{
    pthread_mutex_lock(&s->lock);
    const struct staff_entry *e = staff_entry(s, number);
    if (e) *out = e->person;
    pthread_mutex_unlock(&s->lock);
    return e != NULL;
}

void staff_password(struct staff *s, uint32_t number, char out[PASSWORD_STORED])
{
    out[0] = '\0';
    pthread_mutex_lock(&s->lock);
    const struct staff_entry *e = staff_entry(s, number);
    if (e) memcpy(out, e->password, sizeof(e->password));
    pthread_mutex_unlock(&s->lock);
}

static const struct staff_grant *grant_in(struct staff_entry *e, const char *brand)
{
    const struct staff_grant *all = staff_grant(e, STAFF_EVERYWHERE);
    return all ? all : staff_grant(e, brand);
}

bool staff_role(struct staff *s, uint32_t number, const char *brand, enum role *out,
                bool *everywhere)
{
    pthread_mutex_lock(&s->lock);
    struct staff_entry *e = staff_entry(s, number);
    const struct staff_grant *grant = e ? grant_in(e, brand) : NULL;
    if (grant) *out = grant->role;
    if (grant && everywhere) *everywhere = strcmp(grant->brand, STAFF_EVERYWHERE) == 0;
    pthread_mutex_unlock(&s->lock);
    return grant != NULL;
}

bool staff_has_role(struct staff *s, uint32_t number)
{
    pthread_mutex_lock(&s->lock);
    const struct staff_entry *e = staff_entry(s, number);
    bool has = e && e->grants.count > 0;
    pthread_mutex_unlock(&s->lock);
    return has;
}

static uint64_t scopes_of(struct staff_entry *e, const char *brand)
{
    uint64_t scopes = 0;
    if (e->person.state == STAFF_DISABLED) return 0;
    if (brand) {
        const struct staff_grant *grant = grant_in(e, brand);
        return grant ? role_scopes(grant->role) : 0;
    }
    for (size_t i = 0; i < e->grants.count; i++)
        scopes |= role_scopes(e->grants.items[i].role);
    return scopes;
}

uint64_t staff_scopes(struct staff *s, uint32_t number, const char *brand)
{
    pthread_mutex_lock(&s->lock);
    struct staff_entry *e = staff_entry(s, number);
    uint64_t scopes = e ? scopes_of(e, brand) : 0;
    pthread_mutex_unlock(&s->lock);
    return scopes;
}

bool staff_principal(struct staff *s, uint32_t number, const char *brand, struct principal *out)
{
    pthread_mutex_lock(&s->lock);
    struct staff_entry *e = staff_entry(s, number);
    bool there = e && e->person.state != STAFF_DISABLED && (!brand || grant_in(e, brand));
    if (there) {
        *out = (struct principal){.kind = PRINCIPAL_PERSON,
                                  .number = number,
                                  .scopes = scopes_of(e, brand),
                                  .lang = e->person.lang};
        struct str name = utf8_cut(str_of(e->person.name), sizeof(out->name) - 1);
        memcpy(out->name, name.p, name.len);
        const struct staff_grant *grant = brand ? grant_in(e, brand) : NULL;
        staff_place_principal(e, brand, grant && grant->role == ROLE_OWNER, out);
    }
    pthread_mutex_unlock(&s->lock);
    return there;
}

size_t staff_of_brand(struct staff *s, const char *brand, struct arena *arena, uint32_t **out)
{
    size_t count = 0;
    pthread_mutex_lock(&s->lock);
    *out = arena_alloc_array(arena, s->people.count + 1, sizeof(**out));
    for (size_t i = 0; i < s->people.count; i++) {
        struct staff_entry *e = s->people.items[i];
        if (!brand || grant_in(e, brand)) (*out)[count++] = e->person.number;
    }
    pthread_mutex_unlock(&s->lock);
    return count;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t c = utf8_next(s, &i);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) return true;
    }
    return false;
}

enum err staff_name(struct str text, const char *field, char out[STAFF_NAME_BYTES], struct why *why)
{
    struct arena *a = arena_create(0);
    bool valid = utf8_valid(text);
    struct str name = valid ? utf8_nfc(a, str_trim(text)) : STR("");
    size_t chars = utf8_count(name);
    /* what folds to nothing cannot be told from another such name */
    bool fits = valid && chars >= 2 && chars <= LIMIT_STAFF_NAME_CHARS && !has_control(name) &&
                utf8_fold(a, name).len > 0;
    if (fits) {
        memcpy(out, name.p, name.len);
        out[name.len] = '\0';
    }
    arena_destroy(a);
    if (fits) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_STAFF_NAME, field, "%d", LIMIT_STAFF_NAME_CHARS);
}

void staff_seen(struct staff *s, uint32_t number, int64_t at)
{
    pthread_mutex_lock(&s->lock);
    struct staff_entry *e = staff_entry(s, number);
    if (e && (e->person.seen_at == TIME_NONE || at - e->person.seen_at >= TIME_MINUTE)) {
        e->person.seen_at = at;
        e->seen = true;
    }
    pthread_mutex_unlock(&s->lock);
}

/* With the server database locked: nobody changes the list meanwhile. */
enum err staff_flush(struct staff *s, struct sql *db)
{
    for (size_t i = 0; i < s->people.count; i++) {
        struct staff_entry *e = s->people.items[i];
        pthread_mutex_lock(&s->lock);
        bool seen = e->seen;
        int64_t at = e->person.seen_at;
        e->seen = false;
        pthread_mutex_unlock(&s->lock);
        if (!seen) continue;
        struct sql_stmt *u = sql_use(db, "UPDATE staff SET seen_at = $1 WHERE number = $2");
        sql_bind_int(u, 1, at);
        sql_bind_int(u, 2, e->person.number);
        TRY(sql_run(u));
    }
    return ERR_OK;
}
