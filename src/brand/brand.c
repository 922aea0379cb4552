/* brand.c - opening and closing one brand.
 *
 * Opening: database and tables, registries, log (parts, side files, blocks), rooms, then the events
 * that the projections' rows do not include yet are folded again, with emit off. Closing:
 * everything is written back, so that the next opening folds nothing. */
#include "brand/brand.h"

#include <stdio.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "brand/internal.h"
#include "eventlog/dedupe_file.h"

static const struct migration brand_migrations[] = {
    {1, "CREATE TABLE module_fold (module {text} PRIMARY KEY, version {int} NOT NULL)"},
    {0, NULL},
};

const char *brand_slug(const struct brand *b)
{
    return b->facts.slug;
}

const char *brand_name(const struct brand *b)
{
    return b->name;
}

struct hours brand_hours(const struct brand *b)
{
    uint32_t both = b->hours;
    return (struct hours){(int)(both >> 16), (int)(both & 0xffff)};
}

void brand_set(struct brand *b, const struct brand_change *change)
{
    VEC_PUSH(&b->names, mem_strdup(change->name));
    b->name = b->names.items[b->names.count - 1];
    b->hours = (uint32_t)change->hours.opens << 16 | (uint32_t)change->hours.closes;
}

const char *brand_currency(const struct brand *b)
{
    return b->facts.currency;
}

int brand_currency_digits(const struct brand *b)
{
    return b->currency_digits;
}

const struct zone *brand_zone(const struct brand *b)
{
    return b->zone;
}

const struct env *brand_env(const struct brand *b)
{
    return b->env;
}

const char *brand_dir(const struct brand *b)
{
    return b->dir;
}

struct data *brand_data(struct brand *b)
{
    return b->data;
}

const uint8_t *brand_key(const struct brand *b, const char context[8], uint8_t out[32])
{
    /* a subkey of the brand's own subkey: brands share no blind index */
    uint8_t own[32];
    struct hash128 h = hash_keyed(data_key(b->data), b->facts.slug, strlen(b->facts.slug));
    key_derive(own, data_key(b->data), h.lo, "wf_brand");
    key_derive(out, own, 1, context);
    return out;
}

void *brand_module_state(struct brand *b, const struct module *m)
{
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i] == m) return b->states[i];
    }
    return NULL;
}

const char *brand_preset(const struct brand *b)
{
    return b->facts.preset;
}

const char *brand_caps(const struct brand *b)
{
    return b->facts.caps;
}

bool brand_poisoned(struct brand *b)
{
    return b->poisoned;
}

enum err brand_reader(struct brand *b, struct sql **out, struct why *why)
{
    return sql_open(data_store(b->data), b->db_path, b->schema, SQL_READER, out, why);
}

struct brand_stats brand_stats(struct brand *b)
{
    struct brand_stats s = {
        .commits = b->counters.commits,
        .commands = b->counters.commands,
        .rolled_back = b->counters.rolled_back,
        .duplicates = b->counters.duplicates,
        .wal_pages = b->counters.wal_pages,
        .poisoned = b->poisoned,
    };
    pthread_mutex_lock(&b->queue.lock);
    s.queue = b->queue.count;
    pthread_mutex_unlock(&b->queue.lock);
    pthread_mutex_lock(&b->log.set_lock);
    s.seq = b->log.seq;
    s.folded_seq = b->log.folded_seq;
    s.parts = b->log.parts.count;
    for (size_t i = 0; i < b->log.parts.count; i++) {
        s.part_rows += part_get_info(b->log.parts.items[i].part)->rows;
        s.part_bytes += part_get_info(b->log.parts.items[i].part)->size_bytes;
    }
    s.tail_events = tail_count(b->log.tail);
    pthread_mutex_unlock(&b->log.set_lock);
    return s;
}

/* ISO 4217 minor units that are not 2. */
static int digits_of(const char *currency)
{
    static const char zero[] =
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
    if (strstr(zero, currency)) return 0;
    return strstr(three, currency) ? 3 : 2;
}

/* ---- opening ---- */

static enum err open_database(struct brand *b, struct why *why)
{
    TRY(sql_open(data_store(b->data), b->db_path, b->schema, SQL_WRITER, &b->db, why));
    TRY(sql_migrate(b->db, "brand", brand_migrations, why));
    TRY(sql_migrate(b->db, "registry", registry_migrations, why));
    TRY(sql_migrate(b->db, "log", log_migrations, why));
    TRY(sql_migrate(b->db, "timer", timer_migrations, why));
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->migrations)
            TRY(sql_migrate(b->db, b->modules[i]->name, b->modules[i]->migrations, why));
    }
    return ERR_OK;
}

static enum err save_fold_version(struct brand *b, const struct module *m)
{
    struct sql_stmt *s =
        sql_use(b->db, "INSERT INTO module_fold (module, version) VALUES ($1, $2)"
                       " ON CONFLICT (module) DO UPDATE SET version = excluded.version");
    sql_bind_text(s, 1, m->name);
    sql_bind_int(s, 2, m->fold_version);
    return sql_run(s);
}

static enum err fold_version_is(struct brand *b, const struct module *m, bool *same, bool *fresh)
{
    struct sql_stmt *s = sql_use(b->db, "SELECT version FROM module_fold WHERE module = $1");
    sql_bind_text(s, 1, m->name);
    bool row;
    TRY(sql_step(s, &row));
    *fresh = !row && b->log.seq == 0;
    *same = row && sql_int(s, 0) == m->fold_version;
    sql_reset(s);
    return ERR_OK;
}

static enum err run_rebuild(struct tx *tx, struct why *why)
{
    struct brand *b = tx->brand;
    for (int i = 0; i < b->module_count; i++) {
        bool same, fresh;
        TRY(fold_version_is(b, b->modules[i], &same, &fresh));
        if (same &&
            !(b->modules[i]->wants_rebuild && b->modules[i]->wants_rebuild(tx, b->states[i])))
            continue;
        if (!fresh && b->modules[i]->rebuild) {
            log_info("brand", "rebuilding", "module=%s", b->modules[i]->name);
            TRY(b->modules[i]->rebuild(tx, b->states[i], why));
        }
        TRY(save_fold_version(b, b->modules[i]));
    }
    return ERR_OK;
}

/* The rooms skip what a row has already. */
enum err brand_refold(struct tx *tx)
{
    struct brand *b = tx->brand;
    struct tail_view *view = tail_view(b->log.tail);
    size_t count;
    uint64_t first_seq;
    enum err err = ERR_OK;
    const struct event *const *events = tail_view_commits(view, &count, &first_seq);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        if (first_seq + i <= b->log.folded_seq) continue;
        for (int m = 0; m < b->module_count && err == ERR_OK; m++) {
            if (b->modules[m]->on_event)
                err = b->modules[m]->on_event(tx, b->states[m], events[i], first_seq + i);
        }
    }
    tail_view_unref(view);
    return err;
}

static enum err open_rooms(struct tx *tx, struct why *why)
{
    struct brand *b = tx->brand;
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->open) TRY(b->modules[i]->open(tx, &b->states[i], why));
    }
    TRY(run_rebuild(tx, why));
    TRY(brand_refold(tx));
    return registry_save(&b->registry, b->db);
}

static enum err recover(struct brand *b, struct why *why)
{
    struct tx *tx = &b->tx;
    tx->now = env_now(b->env);
    tx->replaying = true;
    TRY(sql_begin(b->db));
    enum err err = open_rooms(tx, why);
    if (err == ERR_OK) err = sql_commit(b->db);
    if (err != ERR_OK) sql_rollback(b->db);
    if (err == ERR_OK) registry_saved(&b->registry);
    tx->replaying = false;
    arena_reset(tx->arena);
    if (b->log.seq > b->log.folded_seq) b->dirty_since = tx->now;
    return err;
}

static enum err open_parts_of(struct brand *b, struct why *why)
{
    const struct module *const *modules = data_modules(b->data);
    for (; modules[b->module_count]; b->module_count++)
        b->modules[b->module_count] = modules[b->module_count];
    TRY(open_database(b, why));
    TRY(registry_load(&b->registry, b->db));
    TRY(log_open(b, why));
    TRY(recover(b, why));
    return writer_start(b, why);
}

enum err brand_open_in(struct data *d, const struct brand_facts *facts, const char *dir,
                       struct brand **out, struct why *why)
{
    struct brand *b = mem_alloc(sizeof(*b));
    b->data = d;
    b->facts = *facts;
    brand_set(b, &(struct brand_change){facts->name, facts->hours});
    b->env = data_env(d);
    b->zone = zone_open(facts->zone);
    b->currency_digits = digits_of(facts->currency);
    b->next_due = TIME_NONE;
    b->wal_due = true; /* a process that was killed may have left some there */
    b->tx.brand = b;
    b->tx.arena = arena_create(0);
    registry_init(&b->registry);
    pthread_mutex_init(&b->queue.lock, NULL);
    pthread_cond_init(&b->queue.wake, NULL);
    compactor_init(b);
    brand_key(b, "dedupeid", b->dedupe_key);
    snprintf(b->dir, sizeof(b->dir), "%s", dir);
    snprintf(b->db_path, sizeof(b->db_path), "%s/brand.db", dir);
    snprintf(b->schema, sizeof(b->schema), "wf_%s", facts->slug);
    snprintf(b->log.dir, sizeof(b->log.dir), "%s/events", dir);
    enum err err = b->zone ? fs_make_dir(dir, why)
                           : why_fail(why, ERR_INVALID, MSG_BAD_ZONE, "tz", "%s", facts->zone);
    if (err == ERR_OK) err = fs_make_dir(b->log.dir, why);
    if (err == ERR_OK) err = open_parts_of(b, why);
    if (err != ERR_OK) {
        if (why && why->err == ERR_OK && err == ERR_CORRUPT) {
            why_fail(why, err, MSG_CORRUPT, "", "%s|0|a row is not sound", b->db_path);
        } else if (why && why->err == ERR_OK) {
            why_fail(why, err, MSG_INTERNAL, "", NULL);
        }
        brand_close(b);
        return err;
    }
    *out = b;
    return ERR_OK;
}

enum err brand_open(struct data *d, const struct brand_facts *facts, struct brand **out,
                    struct why *why)
{
    char dir[BRAND_DIR_SIZE];
    struct brand *b;
    snprintf(dir, sizeof(dir), "%.300s/brands/%s", data_dir(d), facts->slug);
    TRY(brand_open_in(d, facts, dir, &b, why));
    enum err err = twin_sweep(dir, why);
    if (err == ERR_OK) err = compactor_start(b, why);
    if (err == ERR_OK) {
        *out = b;
    } else {
        brand_close(b);
    }
    return err;
}

void brand_close(struct brand *b)
{
    if (!b) return;
    compactor_stop(b);
    writer_stop(b);
    for (int i = b->module_count - 1; i >= 0; i--) {
        if (b->modules[i]->close && b->states[i]) b->modules[i]->close(b->states[i]);
    }
    if (b->log.tail) log_close(b);
    sql_close(b->db);
    registry_finish(&b->registry);
    VEC_FINISH(&b->tx.events);
    VEC_FINISH(&b->tx.ids);
    VEC_FINISH(&b->tx.change.added);
    VEC_FINISH(&b->tx.change.removed);
    VEC_FINISH(&b->tx.change.ids_added);
    VEC_FINISH(&b->tx.change.ids_removed);
    VEC_FINISH(&b->tx.change.written);
    arena_destroy(b->tx.arena);
    for (size_t i = 0; i < b->names.count; i++)
        mem_free(b->names.items[i]);
    VEC_FINISH(&b->names);
    mem_free(b);
}

/* ---- checking files ---- */

struct finder {
    void (*finding)(void *ctx, const char *what);
    void *ctx;
};

static void report(const struct finder *f, enum err err, const struct why *why)
{
    char text[420];
    if (err == ERR_OK) return;
    why_text(why, LANG_EN, text, sizeof(text));
    f->finding(f->ctx, text);
}

static enum err check_ids_file(const char *path, uint64_t count, struct why *why)
{
    struct dedupe_file *f;
    TRY(dedupe_file_open(path, &f, why));
    bool same = dedupe_file_count(f) == count;
    dedupe_file_close(f);
    if (!same) {
        return why_fail(why, ERR_CORRUPT, MSG_CORRUPT, "",
                        "%s|0|it is not the file the manifest names", path);
    }
    return dedupe_verify(path, why);
}

static enum err check_ids_files(struct brand *b, struct sql *reader, const struct finder *f)
{
    struct sql_stmt *s = sql_use(reader, "SELECT file, count FROM ids_file ORDER BY file");
    for (bool row = true;;) {
        char path[600];
        struct why found = {0};
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        log_path(b, (uint32_t)sql_int(s, 0), "ids", path);
        report(f, check_ids_file(path, (uint64_t)sql_int(s, 1), &found), &found);
    }
}

enum err brand_verify_files(struct brand *b, void (*finding)(void *ctx, const char *what),
                            void *ctx, struct why *why)
{
    const struct finder f = {finding, ctx};
    struct snapshot *s = brand_snapshot(b);
    for (size_t i = 0; i < s->part_count; i++) {
        struct why found = {0};
        report(&f, part_verify(s->parts[i], &found), &found);
    }
    brand_snapshot_release(s);
    struct sql *reader;
    TRY(brand_reader(b, &reader, why));
    struct why found = {0};
    report(&f, sql_verify(reader, &found), &found);
    log_hold(b); /* a file named now is still there when it is read */
    enum err err = check_ids_files(b, reader, &f);
    log_release(b);
    sql_close(reader);
    return err;
}
