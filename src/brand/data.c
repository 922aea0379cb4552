/* data.c - one process has one data directory at a time, by flock on DIR/lock.
 *
 * The key is made once and never overwritten. Settings and brands are rows of server.db. */
#include "brand/data.h"

#include <assert.h>
#include <stdio.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "brand/internal.h"

struct data {
    struct data_options options;
    char dir[512];
    char key_path[520];
    char store[512];
    char erasures_copy[512]; /* "" = none */
    uint8_t key[32];
    int lock_fd; /* -1 = not held */
    struct sql *server;
    void *attached;                           /* of the account room; NULL = nothing yet */
    void (*destroy_attached)(void *attached); /* with it */
    pthread_mutex_t lock;                     /* server, attached, brands */
    VEC(struct brand_facts) facts;
    VEC(struct brand *) brands; /* beside facts; NULL = not open */
};

static const struct migration data_migrations[] = {
    {1, "CREATE TABLE brand (slug {text} PRIMARY KEY, place {int} NOT NULL, name {text} NOT NULL,"
        " zone {text} NOT NULL, currency {text} NOT NULL, preset {text} NOT NULL, created_at {int} "
        "NOT NULL)"},
    {2, "ALTER TABLE brand ADD COLUMN caps {text} NOT NULL DEFAULT ''"},
    {3, "ALTER TABLE brand ADD COLUMN hours {text} NOT NULL DEFAULT '" HOURS_DEFAULT "'"},
    {0, NULL},
};

const char *data_erasures_copy(const struct data *d)
{
    return d->erasures_copy[0] ? d->erasures_copy : NULL;
}

void data_set_erasures_copy(struct data *d, const char *path)
{
    snprintf(d->erasures_copy, sizeof(d->erasures_copy), "%s", path ? path : "");
}

const char *data_dir(const struct data *d)
{
    return d->dir;
}

const char *data_store(const struct data *d)
{
    return d->store;
}

const uint8_t *data_key(const struct data *d)
{
    return d->key;
}

const struct env *data_env(const struct data *d)
{
    return d->options.env;
}

const struct module *const *data_modules(const struct data *d)
{
    return d->options.modules;
}

struct sql *data_server_lock(struct data *d)
{
    pthread_mutex_lock(&d->lock);
    return d->server;
}

void data_server_unlock(struct data *d)
{
    pthread_mutex_unlock(&d->lock);
}

void data_attach(struct data *d, void *state, void (*destroy)(void *state))
{
    assert(!d->attached);
    d->attached = state;
    d->destroy_attached = destroy;
}

void *data_attached(const struct data *d)
{
    return d->attached;
}

/* ---- paths and key ---- */

static enum err set_paths(struct data *d, const struct data_options *o, struct why *why)
{
    size_t len = strlen(o->dir);
    while (len > 1 && o->dir[len - 1] == '/')
        len--;
    if (len == 0 || len > 300) return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "--data", "%d", 300);
    snprintf(d->dir, sizeof(d->dir), "%.*s", (int)len, o->dir);
    snprintf(d->key_path, sizeof(d->key_path), "%s%s", o->key_path ? o->key_path : d->dir,
             o->key_path ? "" : ".key");
    d->options = *o;
    return ERR_OK;
}

static enum err make_key(struct data *d, struct why *why)
{
    if (fs_exists(d->key_path)) return ERR_OK;
    uint8_t key[32];
    char hex[66];
    env_random(d->options.env, key, sizeof(key));
    hex_encode(key, sizeof(key), hex);
    hex[64] = '\n';
    return fs_publish(d->key_path, hex, 65, why);
}

static enum err load_key(struct data *d, struct why *why)
{
    struct strbuf text = {0};
    enum err err = fs_read_file(d->key_path, 1024, &text, why);
    if (err == ERR_OK && !hex_decode(str_trim(strbuf_str(&text)), d->key, sizeof(d->key))) {
        err = why_fail(why, ERR_INVALID, MSG_BAD_KEY, "--key", "%s", d->key_path);
    }
    strbuf_finish(&text);
    return err;
}

/* ---- opening ---- */

static struct data *create(void)
{
    struct data *d = mem_alloc(sizeof(*d));
    d->lock_fd = -1;
    pthread_mutex_init(&d->lock, NULL);
    return d;
}

static enum err take_lock(struct data *d, struct why *why)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/lock", d->dir);
    return fs_lock(path, &d->lock_fd, why);
}

/* The store is a line in DIR/store: it must be known before server.db, which may live in it, is
 * opened. */
static enum err load_store(struct data *d, struct why *why)
{
    char path[600];
    struct strbuf text = {0};
    snprintf(path, sizeof(path), "%s/store", d->dir);
    if (!fs_exists(path)) return why_fail(why, ERR_NOT_FOUND, MSG_NO_DATA, "--data", "%s", d->dir);
    enum err err = fs_read_file(path, sizeof(d->store) - 1, &text, why);
    if (err == ERR_OK) {
        struct str line = str_trim(strbuf_str(&text));
        snprintf(d->store, sizeof(d->store), STR_FMT, STR_ARG(line));
    }
    strbuf_finish(&text);
    if (err == ERR_OK && d->options.store && strcmp(d->options.store, d->store) != 0) {
        return why_fail(why, ERR_CONFLICT, MSG_OTHER_STORE, "--store", NULL);
    }
    return err;
}

static enum err make_store(struct data *d, struct why *why)
{
    char path[600], line[600];
    snprintf(path, sizeof(path), "%s/store", d->dir);
    if (fs_exists(path)) return ERR_OK;
    const char *store = d->options.store ? d->options.store : "sqlite:";
    if (!sql_url_valid(store) || strlen(store) > 500) {
        return why_fail(why, ERR_INVALID, MSG_BAD_STORE, "--store", NULL);
    }
    int len = snprintf(line, sizeof(line), "%s\n", store);
    return fs_publish(path, line, (size_t)len, why);
}

static enum err load_brands(struct data *d)
{
    struct sql_stmt *s =
        sql_use(d->server,
                "SELECT slug, name, zone, currency, preset, caps, hours FROM brand ORDER BY place");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct brand_facts f = {0};
        snprintf(f.slug, sizeof(f.slug), STR_FMT, STR_ARG(sql_str(s, 0)));
        snprintf(f.name, sizeof(f.name), STR_FMT, STR_ARG(sql_str(s, 1)));
        snprintf(f.zone, sizeof(f.zone), STR_FMT, STR_ARG(sql_str(s, 2)));
        snprintf(f.currency, sizeof(f.currency), STR_FMT, STR_ARG(sql_str(s, 3)));
        snprintf(f.preset, sizeof(f.preset), STR_FMT, STR_ARG(sql_str(s, 4)));
        snprintf(f.caps, sizeof(f.caps), STR_FMT, STR_ARG(sql_str(s, 5)));
        if (!hours_parse(sql_str(s, 6), &f.hours)) return ERR_CORRUPT;
        VEC_PUSH(&d->facts, f);
        VEC_PUSH(&d->brands, NULL);
    }
}

static enum err open_server(struct data *d, struct why *why)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/server.db", d->dir);
    TRY(sql_open(d->store, path, "wf_server", SQL_WRITER, &d->server, why));
    TRY(sql_migrate(d->server, "data", data_migrations, why));
    if (d->options.server_tables)
        TRY(sql_migrate(d->server, "account", d->options.server_tables, why));
    return load_brands(d);
}

/* An init that was cut off leaves no more than these. */
static bool is_foreign(void *ctx, const char *name)
{
    bool own = strcmp(name, "lock") == 0 || strncmp(name, "store", 5) == 0;
    *(bool *)ctx |= !own;
    return own;
}

/* The key is made with the directory only: a new one would read nothing of what an old one wrote.
 */
static enum err make_or_load_key(struct data *d, struct why *why)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/store", d->dir);
    return fs_exists(path) ? load_key(d, why) : make_key(d, why);
}

static enum err make_dir(struct data *d, struct why *why)
{
    char path[600];
    bool foreign = false;
    snprintf(path, sizeof(path), "%s/store", d->dir);
    TRY(fs_make_dir(d->dir, why));
    if (fs_exists(path)) return ERR_OK;
    TRY(fs_list(d->dir, is_foreign, &foreign, why));
    return foreign ? why_fail(why, ERR_INVALID, MSG_NOT_EMPTY, "--data", "%s", d->dir) : ERR_OK;
}

enum err data_init(const struct data_options *o, struct why *why)
{
    struct data *d = create();
    char path[600];
    enum err err = set_paths(d, o, why);
    if (err == ERR_OK) err = make_dir(d, why);
    if (err == ERR_OK) err = take_lock(d, why);
    if (err == ERR_OK) err = make_or_load_key(d, why);
    if (err == ERR_OK) err = make_store(d, why);
    if (err == ERR_OK) err = load_store(d, why);
    snprintf(path, sizeof(path), "%s/brands", d->dir);
    if (err == ERR_OK) err = fs_make_dir(path, why);
    if (err == ERR_OK) err = open_server(d, why);
    data_close(d);
    return err;
}

enum err data_open(const struct data_options *o, struct data **out, struct why *why)
{
    struct data *d = create();
    char path[600];
    enum err err = set_paths(d, o, why);
    snprintf(path, sizeof(path), "%s/store", d->dir);
    if (err == ERR_OK && !fs_exists(path))
        err = why_fail(why, ERR_NOT_FOUND, MSG_NO_DATA, "--data", "%s", d->dir);
    if (err == ERR_OK) err = take_lock(d, why);
    if (err == ERR_OK) err = load_store(d, why);
    if (err == ERR_OK) err = load_key(d, why);
    if (err == ERR_OK) err = open_server(d, why);
    if (err != ERR_OK) {
        if (why && why->err == ERR_OK) why_fail(why, err, MSG_INTERNAL, "", NULL);
        data_close(d);
        return err;
    }
    *out = d;
    return ERR_OK;
}

void data_close(struct data *d)
{
    if (!d) return;
    if (d->attached) d->destroy_attached(d->attached);
    for (size_t i = 0; i < d->brands.count; i++)
        brand_close(d->brands.items[i]);
    VEC_FINISH(&d->brands);
    VEC_FINISH(&d->facts);
    sql_close(d->server);
    if (d->lock_fd >= 0) fs_close(d->lock_fd);
    pthread_mutex_destroy(&d->lock);
    mem_free(d);
}

/* ---- brands ---- */

static bool slug_valid(const char *slug)
{
    size_t len = strlen(slug);
    if (len == 0 || len > LIMIT_SLUG_BYTES || slug[0] == '-' || slug[0] == '_') return false;
    return strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len &&
           strcmp(slug, "server") != 0;
}

static enum err check_facts(const struct brand_facts *f, struct why *why)
{
    if (!slug_valid(f->slug))
        return why_fail(why, ERR_INVALID, MSG_BAD_SLUG, "--brand", "%d", LIMIT_SLUG_BYTES);
    if (!zone_open(f->zone)) return why_fail(why, ERR_INVALID, MSG_BAD_ZONE, "--tz", "%s", f->zone);
    if (strlen(f->currency) != 3 || strspn(f->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3) {
        return why_fail(why, ERR_INVALID, MSG_BAD_CURRENCY, "--currency", "%s", f->currency);
    }
    return ERR_OK;
}

static size_t find_brand(const struct data *d, const char *slug)
{
    for (size_t i = 0; i < d->facts.count; i++) {
        if (strcmp(d->facts.items[i].slug, slug) == 0) return i;
    }
    return SIZE_MAX;
}

static enum err insert_brand(struct data *d, const struct brand_facts *f)
{
    struct sql_stmt *s = sql_use(
        d->server, "INSERT INTO brand (slug, place, name, zone, currency, preset, caps, created_at)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    sql_bind_text(s, 1, f->slug);
    sql_bind_int(s, 2, (int64_t)d->facts.count);
    sql_bind_text(s, 3, f->name);
    sql_bind_text(s, 4, f->zone);
    sql_bind_text(s, 5, f->currency);
    sql_bind_text(s, 6, f->preset);
    sql_bind_text(s, 7, f->caps);
    sql_bind_int(s, 8, env_now(d->options.env));
    return sql_run(s);
}

enum err data_add_brand(struct data *d, const struct brand_facts *f, struct why *why)
{
    TRY(check_facts(f, why));
    enum err err;
    pthread_mutex_lock(&d->lock);
    if (find_brand(d, f->slug) != SIZE_MAX) {
        err = why_fail(why, ERR_CONFLICT, MSG_EXISTS, "--brand", "%s", f->slug);
    } else if (d->facts.count >= LIMIT_BRANDS) {
        err = why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "--brand", "%d", LIMIT_BRANDS);
    } else {
        err = insert_brand(d, f);
    }
    if (err == ERR_OK) {
        struct brand_facts stored = *f;
        hours_parse(STR(HOURS_DEFAULT), &stored.hours); /* the column's */
        VEC_PUSH(&d->facts, stored);
        VEC_PUSH(&d->brands, NULL);
    }
    pthread_mutex_unlock(&d->lock);
    return err;
}

static enum err update_brand(struct data *d, const char *slug, const struct brand_change *change)
{
    char hours[HOURS_TEXT_SIZE];
    struct sql_stmt *s =
        sql_use(d->server, "UPDATE brand SET name = $1, hours = $2 WHERE slug = $3");
    hours_print(change->hours, hours);
    sql_bind_text(s, 1, change->name);
    sql_bind_text(s, 2, hours);
    sql_bind_text(s, 3, slug);
    return sql_run(s);
}

enum err data_change_brand(struct data *d, const char *slug, const struct brand_change *change,
                           struct why *why)
{
    enum err err = ERR_OK;
    const char *name = change->name;
    pthread_mutex_lock(&d->lock);
    size_t i = find_brand(d, slug);
    if (i == SIZE_MAX) {
        err = why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "brand", "%.64s", slug);
    } else if (strlen(name) >= sizeof(d->facts.items[i].name)) {
        err = why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "name", "%d",
                       (int)sizeof(d->facts.items[i].name) - 1);
    } else {
        err = update_brand(d, slug, change);
        if (err != ERR_OK) err = why_fail(why, err, MSG_INTERNAL, "", NULL);
    }
    if (err == ERR_OK) {
        snprintf(d->facts.items[i].name, sizeof(d->facts.items[i].name), "%s", name);
        d->facts.items[i].hours = change->hours;
        if (d->brands.items[i]) brand_set(d->brands.items[i], change);
    }
    pthread_mutex_unlock(&d->lock);
    return err;
}

enum err data_brand(struct data *d, const char *slug, struct brand **out, struct why *why)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&d->lock);
    size_t i = find_brand(d, slug);
    if (i == SIZE_MAX) {
        err = why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "brand", "%.64s", slug);
    } else if (!d->brands.items[i]) {
        err = brand_open(d, &d->facts.items[i], &d->brands.items[i], why);
    }
    if (err == ERR_OK) *out = d->brands.items[i];
    pthread_mutex_unlock(&d->lock);
    return err;
}

size_t data_brand_count(struct data *d)
{
    pthread_mutex_lock(&d->lock);
    size_t count = d->facts.count;
    pthread_mutex_unlock(&d->lock);
    return count;
}

struct brand_facts data_brand_facts(struct data *d, size_t i)
{
    pthread_mutex_lock(&d->lock);
    struct brand_facts f = d->facts.items[i];
    pthread_mutex_unlock(&d->lock);
    return f;
}

struct brand *data_brand_if_open(struct data *d, size_t i)
{
    pthread_mutex_lock(&d->lock);
    struct brand *b = i < d->brands.count ? d->brands.items[i] : NULL;
    pthread_mutex_unlock(&d->lock);
    return b;
}

bool data_poisoned(struct data *d)
{
    for (size_t i = 0; i < data_brand_count(d); i++) {
        struct brand *b = data_brand_if_open(d, i);
        if (b && brand_poisoned(b)) return true;
    }
    return false;
}
