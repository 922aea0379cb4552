/* sessions.c - a map from the hash of a token to its session.
 *
 * Invariant: what is in the map is in table staff_session. Entries come and go with the server
 * database locked and 'lock' held for writing; readers change seen_at and confirmed_at alone. */
#include "account/sessions.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "account/store.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/vec.h"

struct live {
    struct session_info info; /* seen_at, confirmed_at: as of its beginning */
    struct sha256 hash;       /* of the token */
    atomic_int_least64_t seen_at;
    atomic_int_least64_t confirmed_at;
    int64_t stored_at; /* seen_at as in the table */
};

struct sessions {
    struct data *data;
    pthread_rwlock_t lock; /* what follows */
    VEC(struct live *) list;
    struct map *by_hash; /* SHA-256 -> struct live * */
    uint32_t last;       /* highest number given */
};

struct sessions *sessions_create(struct data *d)
{
    struct sessions *s = mem_alloc(sizeof(*s));
    s->data = d;
    s->by_hash = map_create();
    pthread_rwlock_init(&s->lock, NULL);
    return s;
}

void sessions_destroy(struct sessions *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->list.count; i++)
        mem_free(s->list.items[i]);
    VEC_FINISH(&s->list);
    map_destroy(s->by_hash);
    pthread_rwlock_destroy(&s->lock);
    mem_free(s);
}

int64_t session_idle_at(const struct session_info *i)
{
    int64_t idle = i->seen_at + LIMIT_SESSION_IDLE_MINUTES * TIME_MINUTE;
    return idle < session_expires_at(i) ? idle : session_expires_at(i);
}

int64_t session_expires_at(const struct session_info *i)
{
    return i->began_at + LIMIT_SESSION_HOURS * TIME_HOUR;
}

int64_t session_confirmed_until(const struct session_info *i)
{
    if (i->confirmed_at == TIME_NONE) return TIME_NONE;
    return i->confirmed_at + LIMIT_CONFIRM_MINUTES * TIME_MINUTE;
}

static struct session_info info_of(const struct live *l)
{
    struct session_info info = l->info;
    info.seen_at = atomic_load(&l->seen_at);
    info.confirmed_at = atomic_load(&l->confirmed_at);
    return info;
}

static bool is_over(const struct sessions *s, const struct live *l)
{
    struct session_info info = info_of(l);
    return env_now(data_env(s->data)) >= session_idle_at(&info);
}

static struct str key_of(const struct sha256 *hash)
{
    return (struct str){(const char *)hash->bytes, sizeof(hash->bytes)};
}

static void enter(struct sessions *s, struct live *l)
{
    pthread_rwlock_wrlock(&s->lock);
    VEC_PUSH(&s->list, l);
    map_put(s->by_hash, key_of(&l->hash), (uint64_t)(uintptr_t)l);
    if (l->info.number > s->last) s->last = l->info.number;
    pthread_rwlock_unlock(&s->lock);
}

/* Under the lock for writing. */
static void drop(struct sessions *s, size_t index)
{
    struct live *l = s->list.items[index];
    map_remove(s->by_hash, key_of(&l->hash));
    s->list.items[index] = s->list.items[--s->list.count];
    mem_free(l);
}

/* ---- loading ---- */

static void load_one(struct sessions *s, struct sql_stmt *row)
{
    struct str hash = sql_blob(row, 1);
    struct live *l = mem_alloc(sizeof(*l));
    l->info.number = (uint32_t)sql_int(row, 0);
    l->info.person = (uint32_t)sql_int(row, 2);
    l->info.began_at = sql_int(row, 3);
    l->info.seen_at = l->stored_at = sql_int(row, 4);
    atomic_init(&l->seen_at, l->stored_at);
    atomic_init(&l->confirmed_at, TIME_NONE);
    store_text(row, 5, l->info.address, sizeof(l->info.address));
    store_text(row, 6, l->info.agent, sizeof(l->info.agent));
    if (hash.len == sizeof(l->hash.bytes)) memcpy(l->hash.bytes, hash.p, hash.len);
    enter(s, l);
}

enum err sessions_load(struct sessions *s, struct sql *db)
{
    struct sql_stmt *row = sql_use(db, "SELECT number, hash, person, began_at, seen_at, address, "
                                       "agent FROM staff_session ORDER BY number");
    for (;;) {
        bool more;
        TRY(sql_step(row, &more));
        if (!more) return ERR_OK;
        load_one(s, row);
    }
}

/* ---- beginning and finding ---- */

static enum err insert(struct sql *db, const struct live *l)
{
    struct sql_stmt *i =
        sql_use(db, "INSERT INTO staff_session (number, hash, person, began_at, seen_at, address, "
                    "agent) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    sql_bind_int(i, 1, l->info.number);
    sql_bind_blob(i, 2, l->hash.bytes, sizeof(l->hash.bytes));
    sql_bind_int(i, 3, l->info.person);
    sql_bind_int(i, 4, l->info.began_at);
    sql_bind_int(i, 5, l->info.seen_at);
    sql_bind_text(i, 6, l->info.address);
    sql_bind_text(i, 7, l->info.agent);
    return sql_run(i);
}

static void keep(char *out, size_t size, struct str text)
{
    if (!utf8_valid(text)) text = STR("");
    text = utf8_cut(text, size - 1);
    if (text.len) memcpy(out, text.p, text.len);
    out[text.len] = '\0';
}

/* The one to end before another of the person's begins; 0 = none. */
static uint32_t one_too_many(struct sessions *s, uint32_t person)
{
    struct arena *a = arena_create(0);
    struct session_info *list;
    size_t count = session_list(s, person, a, &list);
    uint32_t oldest = count >= LIMIT_SESSIONS ? list[count - 1].number : 0;
    arena_destroy(a);
    return oldest;
}

enum err session_begin(struct sessions *s, uint32_t person, struct str address, struct str agent,
                       char token[TOKEN_CHARS + 1], struct why *why)
{
    struct sql *db;
    uint32_t oldest = one_too_many(s, person);
    if (oldest) {
        enum err ended = session_end(s, person, oldest, why);
        if (ended != ERR_OK && ended != ERR_NOT_FOUND) return ended;
    }
    TRY(store_begin(s->data, &db, why));
    struct live *l = mem_alloc(sizeof(*l));
    char text[TOKEN_CHARS + 1];
    token_make(data_env(s->data), text);
    l->hash = token_hash(str_of(text));
    l->info = (struct session_info){.number = s->last + 1, .person = person};
    l->info.began_at = l->info.seen_at = l->stored_at = env_now(data_env(s->data));
    atomic_init(&l->seen_at, l->stored_at);
    atomic_init(&l->confirmed_at, TIME_NONE);
    keep(l->info.address, sizeof(l->info.address), address);
    keep(l->info.agent, sizeof(l->info.agent), agent);
    enum err err = store_commit(db, insert(db, l), why);
    if (err == ERR_OK) {
        enter(s, l);
        memcpy(token, text, sizeof(text));
    } else {
        mem_free(l);
    }
    data_server_unlock(s->data);
    return err;
}

/* Under the lock; NULL when there is none, or it is over. */
static struct live *find(const struct sessions *s, struct str token)
{
    uint64_t at;
    if (token.len != TOKEN_CHARS) return NULL;
    struct sha256 hash = token_hash(token);
    if (!map_get(s->by_hash, key_of(&hash), &at)) return NULL;
    struct live *l = (struct live *)(uintptr_t)at;
    return is_over(s, l) ? NULL : l;
}

bool session_find(struct sessions *s, struct str token, struct session_info *out)
{
    pthread_rwlock_rdlock(&s->lock);
    struct live *l = find(s, token);
    if (l) {
        atomic_store(&l->seen_at, env_now(data_env(s->data)));
        *out = info_of(l);
    }
    pthread_rwlock_unlock(&s->lock);
    return l != NULL;
}

void session_confirm(struct sessions *s, struct str token)
{
    pthread_rwlock_rdlock(&s->lock);
    struct live *l = find(s, token);
    if (l) atomic_store(&l->confirmed_at, env_now(data_env(s->data)));
    pthread_rwlock_unlock(&s->lock);
}

static int later_first(const void *a, const void *b)
{
    const struct session_info *x = a, *y = b;
    if (x->began_at != y->began_at) return x->began_at < y->began_at ? 1 : -1;
    return x->number < y->number ? 1 : -1;
}

size_t session_list(struct sessions *s, uint32_t person, struct arena *arena,
                    struct session_info **out)
{
    size_t count = 0;
    pthread_rwlock_rdlock(&s->lock);
    *out = arena_alloc_array(arena, s->list.count + 1, sizeof(**out));
    for (size_t i = 0; i < s->list.count; i++) {
        const struct live *l = s->list.items[i];
        if (l->info.person == person && !is_over(s, l)) (*out)[count++] = info_of(l);
    }
    pthread_rwlock_unlock(&s->lock);
    qsort(*out, count, sizeof(**out), later_first);
    return count;
}

/* ---- ending ---- */

static enum err delete_row(struct sql *db, uint32_t number)
{
    struct sql_stmt *u = sql_use(db, "DELETE FROM staff_session WHERE number = $1");
    sql_bind_int(u, 1, number);
    return sql_run(u);
}

/* What is to be ended. */
struct ending {
    uint32_t person; /* 0 = those that are over */
    uint32_t number; /* 0 = all of the person's */
    uint32_t but;    /* this one stays; 0 = none */
};

static bool ends(const struct sessions *s, const struct live *l, const struct ending *e)
{
    if (!e->person) return is_over(s, l);
    if (l->info.person != e->person || l->info.number == e->but) return false;
    return !e->number || l->info.number == e->number;
}

/* With the server database locked: nobody adds any meanwhile. */
static enum err delete_rows(struct sessions *s, struct sql *db, const struct ending *e,
                            size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < s->list.count; i++) {
        if (!ends(s, s->list.items[i], e)) continue;
        TRY(delete_row(db, s->list.items[i]->info.number));
        (*count)++;
    }
    return ERR_OK;
}

static void drop_all(struct sessions *s, const struct ending *e)
{
    pthread_rwlock_wrlock(&s->lock);
    for (size_t i = s->list.count; i > 0; i--) {
        if (ends(s, s->list.items[i - 1], e)) drop(s, i - 1);
    }
    pthread_rwlock_unlock(&s->lock);
}

static enum err end(struct sessions *s, const struct ending *e, size_t *count, struct why *why)
{
    struct sql *db;
    TRY(store_begin(s->data, &db, why));
    enum err err = store_commit(db, delete_rows(s, db, e, count), why);
    if (err == ERR_OK) drop_all(s, e);
    data_server_unlock(s->data);
    return err;
}

enum err session_end(struct sessions *s, uint32_t person, uint32_t number, struct why *why)
{
    const struct ending e = {.person = person, .number = number};
    size_t count;
    TRY(end(s, &e, &count, why));
    return count ? ERR_OK : why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "session");
}

enum err session_end_all(struct sessions *s, uint32_t person, uint32_t but, struct why *why)
{
    const struct ending e = {.person = person, .but = but};
    size_t count;
    return end(s, &e, &count, why);
}

/* What is over stays so: only session_find moves seen_at, and not of one that is over. */
enum err sessions_flush(struct sessions *s, struct sql *db)
{
    for (size_t i = s->list.count; i > 0; i--) {
        struct live *l = s->list.items[i - 1];
        int64_t seen_at = atomic_load(&l->seen_at);
        if (is_over(s, l)) {
            TRY(delete_row(db, l->info.number));
            pthread_rwlock_wrlock(&s->lock);
            drop(s, i - 1);
            pthread_rwlock_unlock(&s->lock);
        } else if (seen_at != l->stored_at) {
            struct sql_stmt *u =
                sql_use(db, "UPDATE staff_session SET seen_at = $1 WHERE number = $2");
            sql_bind_int(u, 1, seen_at);
            sql_bind_int(u, 2, l->info.number);
            TRY(sql_run(u));
            l->stored_at = seen_at;
        }
    }
    return ERR_OK;
}
