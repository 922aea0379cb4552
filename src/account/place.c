/* place.c - a table, and the same in memory beside the roles. */
#include "account/place.h"

#include <inttypes.h>
#include <stdio.h>

#include "account/staff_internal.h"
#include "base/json.h"

static const char *const reaches[] = {[REACH_BRAND] = "brand",
                                      [REACH_DEPARTMENT] = "department",
                                      [REACH_STORE] = "store",
                                      [REACH_OWN] = "own"};
#define REACH_COUNT (sizeof(reaches) / sizeof(reaches[0]))

const char *reach_name(enum reach reach)
{
    return reaches[reach];
}

bool reach_parse(struct str name, enum reach *out)
{
    for (size_t i = 0; i < REACH_COUNT; i++) {
        if (!str_is(name, reaches[i])) continue;
        *out = (enum reach)i;
        return true;
    }
    return false;
}

static struct placed *find(const struct staff_entry *e, const char *brand)
{
    for (size_t i = 0; i < e->places.count; i++) {
        if (strcmp(e->places.items[i].brand, brand) == 0) return &e->places.items[i];
    }
    return NULL;
}

static struct placed *find_or_add(struct staff_entry *e, const char *brand)
{
    struct placed *p = find(e, brand);
    if (p) return p;
    struct placed new = {.brand = ""};
    snprintf(new.brand, sizeof(new.brand), "%s", brand);
    VEC_PUSH(&e->places, new);
    return &e->places.items[e->places.count - 1];
}

/* A reach of a newer program is the narrowest here. */
enum err staff_load_places(struct staff *s, struct sql *db)
{
    struct sql_stmt *row = sql_use(db, "SELECT person, brand, reach, code, store, department,"
                                       " leaving FROM staff_place ORDER BY person, brand");
    for (;;) {
        bool more;
        char brand[LIMIT_SLUG_BYTES + 1];
        TRY(sql_step(row, &more));
        if (!more) return ERR_OK;
        struct staff_entry *e = staff_entry(s, (uint32_t)sql_int(row, 0));
        if (!e) continue;
        store_text(row, 1, brand, sizeof(brand));
        struct staff_place *p = &find_or_add(e, brand)->place;
        if (!reach_parse(sql_str(row, 2), &p->reach)) p->reach = REACH_OWN;
        store_text(row, 3, p->code, sizeof(p->code));
        store_text(row, 4, p->store, sizeof(p->store));
        store_text(row, 5, p->department, sizeof(p->department));
        p->leaving = sql_int(row, 6) != 0;
    }
}

/* ---- asking ---- */

void staff_get_place(struct staff *s, uint32_t number, const char *brand, struct staff_place *out)
{
    *out = (struct staff_place){.reach = REACH_BRAND};
    pthread_mutex_lock(&s->lock);
    const struct staff_entry *e = staff_entry(s, number);
    const struct placed *p = e ? find(e, brand) : NULL;
    if (p) *out = p->place;
    pthread_mutex_unlock(&s->lock);
}

/* Under the lock. An owner sees everything, whatever the place says. */
void staff_place_principal(const struct staff_entry *e, const char *brand, bool owner,
                           struct principal *out)
{
    const struct placed *p = brand ? find(e, brand) : NULL;
    if (!p) return;
    const struct staff_place *place = &p->place;
    memcpy(out->code, place->code, sizeof(out->code));
    out->reach = owner ? REACH_BRAND : place->reach;
    const char *where = out->reach == REACH_OWN          ? place->code
                        : out->reach == REACH_STORE      ? place->store
                        : out->reach == REACH_DEPARTMENT ? place->department
                                                         : "";
    snprintf(out->place, sizeof(out->place), "%s", where);
}

static bool covers(const struct staff_place *p, enum reach reach, const char *place)
{
    if (!place[0] || !p->code[0]) return false;
    if (reach == REACH_STORE) return strcmp(p->store, place) == 0;
    if (reach == REACH_DEPARTMENT) return strcmp(p->department, place) == 0;
    return reach == REACH_OWN && strcmp(p->code, place) == 0;
}

size_t staff_codes(struct staff *s, const char *brand, enum reach reach, const char *place,
                   struct arena *arena, struct str **out)
{
    size_t count = 0;
    pthread_mutex_lock(&s->lock);
    *out = arena_alloc_array(arena, s->people.count + 1, sizeof(**out));
    for (size_t i = 0; i < s->people.count; i++) {
        const struct placed *p = find(s->people.items[i], brand);
        if (p && covers(&p->place, reach, place))
            (*out)[count++] = arena_str(arena, str_of(p->place.code));
    }
    pthread_mutex_unlock(&s->lock);
    /* a key's own code may be nobody's account */
    if (count == 0 && reach == REACH_OWN && place[0])
        (*out)[count++] = arena_str(arena, str_of(place));
    return count;
}

static uint32_t holder_of(const struct staff *s, const char *brand, struct str code)
{
    for (size_t i = 0; code.len && i < s->people.count; i++) {
        const struct placed *p = find(s->people.items[i], brand);
        if (p && str_is(code, p->place.code)) return s->people.items[i]->person.number;
    }
    return 0;
}

uint32_t staff_of_code(struct staff *s, const char *brand, struct str code)
{
    pthread_mutex_lock(&s->lock);
    uint32_t number = holder_of(s, brand, code);
    pthread_mutex_unlock(&s->lock);
    return number;
}

/* ---- changing ---- */

static void describe(struct strbuf *out, const struct staff_place *p)
{
    struct json_writer w = {.out = out};
    const char *const fields[][2] = {{"reach", reach_name(p->reach)},
                                     {"code", p->code},
                                     {"store", p->store},
                                     {"department", p->department}};
    json_begin_object(&w);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        json_key(&w, fields[i][0]);
        json_text(&w, fields[i][1]);
    }
    json_key(&w, "leaving");
    json_bool(&w, p->leaving);
    json_end_object(&w);
}

struct placing {
    const struct principal *by;
    uint32_t number;
    const char *brand;
    const struct staff_place *place;
};

static enum err tell(struct staff *s, struct sql *db, const struct placing *w)
{
    struct strbuf before = {0}, after = {0};
    char subject[32];
    const struct placed *old = find(staff_entry(s, w->number), w->brand);
    snprintf(subject, sizeof(subject), "staff:%" PRIu32, w->number);
    if (old) describe(&before, &old->place);
    describe(&after, w->place);
    const struct audit_entry e = {.who = w->by,
                                  .brand = w->brand,
                                  .action = "staff.place_set",
                                  .subject = subject,
                                  .before = strbuf_str(&before),
                                  .after = strbuf_str(&after)};
    enum err err = audit_append(s->data, db, &e);
    strbuf_finish(&before);
    strbuf_finish(&after);
    return err;
}

static enum err check(struct staff *s, const struct placing *w, struct why *why)
{
    enum role role = ROLE_CLERK;
    const struct staff_place *p = w->place;
    if (!staff_entry(s, w->number)) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "staff");
    uint32_t other = holder_of(s, w->brand, str_of(p->code));
    if (other && other != w->number)
        return why_fail(why, ERR_CONFLICT, MSG_EXISTS, "code", "%s", p->code);
    bool there = staff_role(s, w->number, w->brand, &role, NULL);
    if (there && role == ROLE_OWNER && p->reach != REACH_BRAND)
        return why_fail(why, ERR_INVALID, MSG_OWNER_REACH, "reach", NULL);
    const char *field = p->reach == REACH_OWN     ? "code"
                        : p->reach == REACH_STORE ? "store"
                                                  : "department";
    const char *value = p->reach == REACH_OWN     ? p->code
                        : p->reach == REACH_STORE ? p->store
                                                  : p->department;
    if (p->reach != REACH_BRAND && !value[0])
        return why_fail(why, ERR_INVALID, MSG_REACH_EMPTY, field, NULL);
    return ERR_OK;
}

static enum err write(struct staff *s, struct sql *db, const struct placing *w, struct why *why)
{
    TRY(check(s, w, why));
    struct sql_stmt *i = sql_use(
        db, "INSERT INTO staff_place (person, brand, reach, code, store, department, leaving)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (person, brand) DO UPDATE SET"
            " reach = excluded.reach, code = excluded.code, store = excluded.store,"
            " department = excluded.department, leaving = excluded.leaving");
    sql_bind_int(i, 1, w->number);
    sql_bind_text(i, 2, w->brand);
    sql_bind_text(i, 3, reach_name(w->place->reach));
    sql_bind_text(i, 4, w->place->code);
    sql_bind_text(i, 5, w->place->store);
    sql_bind_text(i, 6, w->place->department);
    sql_bind_int(i, 7, w->place->leaving);
    TRY(sql_run(i));
    return tell(s, db, w);
}

enum err staff_set_place(struct staff *s, const struct principal *by, uint32_t number,
                         const char *brand, const struct staff_place *place, struct why *why)
{
    struct sql *db;
    const struct placing w = {by, number, brand, place};
    TRY(store_begin(s->data, &db, why));
    enum err err = store_commit(db, write(s, db, &w, why), why);
    if (err == ERR_OK) {
        pthread_mutex_lock(&s->lock);
        find_or_add(staff_entry(s, number), brand)->place = *place;
        pthread_mutex_unlock(&s->lock);
    }
    data_server_unlock(s->data);
    return err;
}

bool staff_department(void *staff, struct brand *b, struct str code,
                      char out[TALK_DEPARTMENT_BYTES])
{
    struct staff_place place;
    uint32_t number = staff_of_code(staff, brand_slug(b), code);
    if (!number) return false;
    staff_get_place(staff, number, brand_slug(b), &place);
    snprintf(out, TALK_DEPARTMENT_BYTES, "%s", place.department);
    return out[0] != '\0';
}
