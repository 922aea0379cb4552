/* staff_change.c - each change: checked against what is in memory, which nobody else can change
 * while the server database is locked; written with its row of the audit log; then done in memory.
 */
#include <inttypes.h>
#include <stdio.h>

#include "account/staff_internal.h"
#include "base/utf8.h"

/* ---- the audit log ---- */

/* "{"name":"lily","role":"analyst"}"; either may be NULL. */
static void describe(struct strbuf *out, const char *name, const char *role)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    if (name) {
        json_key(&w, "name");
        json_text(&w, name);
    }
    if (role) {
        json_key(&w, "role");
        json_text(&w, role);
    }
    json_end_object(&w);
}

/* What is told of one change. */
struct told {
    const struct principal *by;
    const char *action;
    const char *brand;                    /* NULL or "*" = the whole server */
    const char *name;                     /* of the person, when it is new; NULL = not told */
    const char *role_before, *role_after; /* NULL = none */
};

static enum err tell(struct staff *s, struct sql *db, uint32_t number, const struct told *told)
{
    struct strbuf before = {0}, after = {0};
    char subject[32];
    bool everywhere = told->brand && strcmp(told->brand, STAFF_EVERYWHERE) == 0;
    snprintf(subject, sizeof(subject), "staff:%" PRIu32, number);
    if (told->role_before) describe(&before, NULL, told->role_before);
    if (told->role_after || told->name) describe(&after, told->name, told->role_after);
    struct audit_entry e = {
        .who = told->by,
        .brand = everywhere ? NULL : told->brand,
        .action = told->action,
        .subject = subject,
        .before = strbuf_str(&before),
        .after = strbuf_str(&after),
        .personal = told->name != NULL,
    };
    enum err err = audit_append(s->data, db, &e);
    strbuf_finish(&before);
    strbuf_finish(&after);
    return err;
}

/* ---- adding ---- */

static enum err insert_person(struct staff *s, struct sql *db, const struct staff_entry *e)
{
    struct arena *a = arena_create(0);
    struct sql_stmt *i =
        sql_use(db, "INSERT INTO staff (number, name, folded, display, lang, password, disabled, "
                    "created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0)");
    sql_bind_int(i, 1, e->person.number);
    sql_bind_text(i, 2, e->person.name);
    sql_bind_str(i, 3, utf8_fold(a, str_of(e->person.name)));
    sql_bind_text(i, 4, e->person.display);
    sql_bind_text(i, 5, e->person.lang == LANG_EN ? "en" : "zh");
    sql_bind_text(i, 6, e->password);
    sql_bind_int(i, 7, env_now(data_env(s->data)));
    enum err err = sql_run(i);
    arena_destroy(a);
    return err;
}

static enum err write_role(struct staff *s, struct sql *db, uint32_t number,
                           const struct staff_grant *g)
{
    struct sql_stmt *i =
        sql_use(db, "INSERT INTO staff_role (person, brand, role, since) VALUES ($1, $2, $3, $4) "
                    "ON CONFLICT (person, brand) DO UPDATE SET role = excluded.role, "
                    "since = excluded.since");
    sql_bind_int(i, 1, number);
    sql_bind_text(i, 2, g->brand);
    sql_bind_text(i, 3, role_name(g->role));
    sql_bind_int(i, 4, env_now(data_env(s->data)));
    return sql_run(i);
}

static enum err make_entry(const struct staff_new *new, struct staff_entry *e, struct why *why)
{
    struct staff_grant grant = {.role = new->role};
    TRY(staff_name(new->name, "name", e->person.name, why));
    TRY(staff_name(new->display.len ? new->display : new->name, "display", e->person.display, why));
    e->person.lang = new->lang;
    e->person.seen_at = TIME_NONE;
    e->person.state = new->password[0] ? STAFF_ACTIVE : STAFF_INVITED;
    snprintf(e->password, sizeof(e->password), "%s", new->password);
    snprintf(grant.brand, sizeof(grant.brand), "%s", new->brand);
    VEC_PUSH(&e->grants, grant);
    return ERR_OK;
}

static bool name_taken(struct staff *s, const char *name)
{
    struct person other;
    return staff_find(s, str_of(name), &other);
}

/* With the server database locked and a transaction open. */
static enum err add(struct staff *s, struct sql *db, const struct principal *by,
                    struct staff_entry *e, struct why *why)
{
    if (name_taken(s, e->person.name))
        return why_fail(why, ERR_CONFLICT, MSG_EXISTS, "name", "%s", e->person.name);
    if (s->people.count >= LIMIT_STAFF)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "name", "%d", LIMIT_STAFF);
    e->person.number = (uint32_t)s->people.count + 1;
    const struct staff_grant *g = &e->grants.items[0];
    const struct told told = {.by = by,
                              .action = "staff.added",
                              .brand = g->brand,
                              .name = e->person.name,
                              .role_after = role_name(g->role)};
    TRY(insert_person(s, db, e));
    TRY(write_role(s, db, e->person.number, g));
    return tell(s, db, e->person.number, &told);
}

static void drop_entry(struct staff_entry *e)
{
    VEC_FINISH(&e->grants);
    mem_free(e);
}

static enum err add_person(struct staff *s, const struct principal *by, const struct staff_new *new,
                           bool first, uint32_t *number, struct why *why)
{
    struct sql *db;
    struct staff_entry *e = mem_alloc(sizeof(*e));
    enum err err = make_entry(new, e, why);
    if (err == ERR_OK) err = store_begin(s->data, &db, why);
    if (err != ERR_OK) {
        drop_entry(e);
        return err;
    }
    err = first && s->people.count > 0 ? why_fail(why, ERR_CONFLICT, MSG_SETUP_DONE, "", NULL)
                                       : add(s, db, by, e, why);
    err = store_commit(db, err, why);
    if (err == ERR_OK) {
        pthread_mutex_lock(&s->lock);
        staff_enter(s, e);
        pthread_mutex_unlock(&s->lock);
        *number = e->person.number;
    } else {
        drop_entry(e);
    }
    data_server_unlock(s->data);
    return err;
}

enum err staff_add(struct staff *s, const struct principal *by, const struct staff_new *new,
                   uint32_t *number, struct why *why)
{
    return add_person(s, by, new, false, number, why);
}

enum err staff_add_first(struct staff *s, const struct staff_new *new, uint32_t *number,
                         struct why *why)
{
    return add_person(s, NULL, new, true, number, why);
}

/* ---- roles ---- */

static bool owns(struct staff_entry *e, const char *brand)
{
    const struct staff_grant *g = staff_grant(e, STAFF_EVERYWHERE);
    if (!g) g = staff_grant(e, brand);
    return g && g->role == ROLE_OWNER && e->person.state != STAFF_DISABLED;
}

/* Is somebody else an owner of it too? Where they own every brand, of every brand. */
static bool owned_without(const struct staff *s, uint32_t number, const char *brand)
{
    for (size_t i = 0; i < s->people.count; i++) {
        struct staff_entry *e = s->people.items[i];
        if (e->person.number != number && owns(e, brand)) return true;
    }
    return false;
}

/* May this grant be changed to another role, or go? */
static enum err check_change(struct staff *s, uint32_t number, const char *brand, bool stays_owner,
                             struct why *why)
{
    struct staff_entry *e = staff_entry(s, number);
    if (!e) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "staff");
    if (strcmp(brand, STAFF_EVERYWHERE) != 0 && staff_grant(e, STAFF_EVERYWHERE))
        return why_fail(why, ERR_CONFLICT, MSG_STAFF_EVERYWHERE, "", NULL);
    if (owns(e, brand) && !stays_owner && !owned_without(s, number, brand))
        return why_fail(why, ERR_CONFLICT, MSG_LAST_OWNER, "", NULL);
    return ERR_OK;
}

static const char *role_before(struct staff *s, uint32_t number, const char *brand)
{
    const struct staff_grant *g = staff_grant(staff_entry(s, number), brand);
    return g ? role_name(g->role) : NULL;
}

static enum err write_set_role(struct staff *s, struct sql *db, const struct principal *by,
                               uint32_t number, const struct staff_grant *g, struct why *why)
{
    TRY(check_change(s, number, g->brand, g->role == ROLE_OWNER, why));
    const struct told told = {.by = by,
                              .action = "staff.role_set",
                              .brand = g->brand,
                              .role_before = role_before(s, number, g->brand),
                              .role_after = role_name(g->role)};
    TRY(write_role(s, db, number, g));
    return tell(s, db, number, &told);
}

enum err staff_set_role(struct staff *s, const struct principal *by, uint32_t number,
                        const char *brand, enum role role, struct why *why)
{
    struct sql *db;
    struct staff_grant grant = {.role = role};
    snprintf(grant.brand, sizeof(grant.brand), "%s", brand);
    TRY(store_begin(s->data, &db, why));
    enum err err = store_commit(db, write_set_role(s, db, by, number, &grant, why), why);
    if (err == ERR_OK) {
        pthread_mutex_lock(&s->lock);
        struct staff_entry *e = staff_entry(s, number);
        struct staff_grant *g = staff_grant(e, grant.brand);
        if (g) {
            g->role = role;
        } else {
            VEC_PUSH(&e->grants, grant);
        }
        pthread_mutex_unlock(&s->lock);
    }
    data_server_unlock(s->data);
    return err;
}

static enum err write_take_role(struct staff *s, struct sql *db, const struct principal *by,
                                uint32_t number, const char *brand, struct why *why)
{
    TRY(check_change(s, number, brand, false, why));
    const struct told told = {.by = by,
                              .action = "staff.removed",
                              .brand = brand,
                              .role_before = role_before(s, number, brand)};
    if (!told.role_before) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "staff");
    struct sql_stmt *i = sql_use(db, "DELETE FROM staff_role WHERE person = $1 AND brand = $2");
    sql_bind_int(i, 1, number);
    sql_bind_text(i, 2, brand);
    TRY(sql_run(i));
    return tell(s, db, number, &told);
}

enum err staff_take_role(struct staff *s, const struct principal *by, uint32_t number,
                         const char *brand, struct why *why)
{
    struct sql *db;
    TRY(store_begin(s->data, &db, why));
    enum err err = store_commit(db, write_take_role(s, db, by, number, brand, why), why);
    if (err == ERR_OK) {
        pthread_mutex_lock(&s->lock);
        struct staff_entry *e = staff_entry(s, number);
        *staff_grant(e, brand) = e->grants.items[e->grants.count - 1];
        e->grants.count--;
        pthread_mutex_unlock(&s->lock);
    }
    data_server_unlock(s->data);
    return err;
}

/* ---- the rest ---- */

static enum err write_password(struct staff *s, struct sql *db, const struct principal *by,
                               uint32_t number, const char *stored)
{
    const struct told told = {.by = by, .action = "staff.password_set"};
    struct sql_stmt *u = sql_use(db, "UPDATE staff SET password = $1 WHERE number = $2");
    sql_bind_text(u, 1, stored);
    sql_bind_int(u, 2, number);
    TRY(sql_run(u));
    return tell(s, db, number, &told);
}

enum err staff_set_password(struct staff *s, const struct principal *by, uint32_t number,
                            const char *stored, struct why *why)
{
    struct sql *db;
    TRY(store_begin(s->data, &db, why));
    enum err err = staff_entry(s, number)
                       ? write_password(s, db, by, number, stored)
                       : why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "staff");
    err = store_commit(db, err, why);
    if (err == ERR_OK) {
        pthread_mutex_lock(&s->lock);
        struct staff_entry *e = staff_entry(s, number);
        snprintf(e->password, sizeof(e->password), "%s", stored);
        if (e->person.state == STAFF_INVITED) e->person.state = STAFF_ACTIVE;
        pthread_mutex_unlock(&s->lock);
    }
    data_server_unlock(s->data);
    return err;
}

static enum err write_disabled(struct staff *s, struct sql *db, const struct principal *by,
                               uint32_t number, bool disabled)
{
    const struct told told = {.by = by, .action = disabled ? "staff.disabled" : "staff.enabled"};
    struct sql_stmt *u = sql_use(db, "UPDATE staff SET disabled = $1 WHERE number = $2");
    sql_bind_int(u, 1, disabled);
    sql_bind_int(u, 2, number);
    TRY(sql_run(u));
    return tell(s, db, number, &told);
}

/* Nobody may be disabled who alone owns something. */
static enum err check_disable(struct staff *s, uint32_t number, bool disabled, struct why *why)
{
    struct staff_entry *e = staff_entry(s, number);
    if (!e) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "staff");
    for (size_t i = 0; disabled && i < e->grants.count; i++) {
        const struct staff_grant *g = &e->grants.items[i];
        if (g->role == ROLE_OWNER && !owned_without(s, number, g->brand))
            return why_fail(why, ERR_CONFLICT, MSG_LAST_OWNER, "", NULL);
    }
    return ERR_OK;
}

enum err staff_set_disabled(struct staff *s, const struct principal *by, uint32_t number,
                            bool disabled, struct why *why)
{
    struct sql *db;
    TRY(store_begin(s->data, &db, why));
    enum err err = check_disable(s, number, disabled, why);
    if (err == ERR_OK) err = write_disabled(s, db, by, number, disabled);
    err = store_commit(db, err, why);
    if (err == ERR_OK) {
        pthread_mutex_lock(&s->lock);
        struct staff_entry *e = staff_entry(s, number);
        e->person.state = disabled ? STAFF_DISABLED : e->password[0] ? STAFF_ACTIVE : STAFF_INVITED;
        pthread_mutex_unlock(&s->lock);
    }
    data_server_unlock(s->data);
    return err;
}

enum err staff_set_me(struct staff *s, uint32_t number, const char *display, enum lang lang,
                      struct why *why)
{
    struct sql *db;
    struct person now;
    if (!staff_get(s, number, &now))
        return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "staff");
    if (display) TRY(staff_name(str_of(display), "display", now.display, why));
    TRY(store_begin(s->data, &db, why));
    struct sql_stmt *u = sql_use(db, "UPDATE staff SET display = $1, lang = $2 WHERE number = $3");
    sql_bind_text(u, 1, now.display);
    sql_bind_text(u, 2, lang == LANG_EN ? "en" : "zh");
    sql_bind_int(u, 3, number);
    enum err err = store_commit(db, sql_run(u), why);
    if (err == ERR_OK) {
        pthread_mutex_lock(&s->lock);
        struct staff_entry *e = staff_entry(s, number);
        memcpy(e->person.display, now.display, sizeof(now.display));
        e->person.lang = lang;
        pthread_mutex_unlock(&s->lock);
    }
    data_server_unlock(s->data);
    return err;
}
