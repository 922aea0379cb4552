/* room.c - the room's seat at the writer's table, and what readers ask of it.
 *
 * The scores are in memory once somebody has asked for one, or a run has brought them. A timer of
 * the brand begins a run each day; one that was missed is begun a while after the opening. */
#include <math.h>

#include "base/log.h"
#include "scores/internal.h"

#define MISSED_MS (10 * TIME_MINUTE)
#define DAILY 1

/* ---- the timer ---- */

/* The next SCORES_HOUR of the brand's clock after 'now'. */
static int64_t next_run(const struct brand *b, int64_t now)
{
    const struct zone *zone = brand_zone(b);
    int64_t at = zone_bucket_start(zone, UNIT_DAY, now) + SCORES_HOUR * TIME_HOUR;
    if (at > now) return at;
    return zone_bucket_next(zone, UNIT_DAY, now) + SCORES_HOUR * TIME_HOUR;
}

static enum err set_timer(struct room *r, struct tx *tx, int64_t at)
{
    pthread_mutex_lock(&r->lock);
    r->run.next_at = at;
    pthread_mutex_unlock(&r->lock);
    return timer_set(tx, &scores_module, TIMER_DAILY, DAILY, at);
}

static enum err arm(struct room *r, struct tx *tx)
{
    bool row;
    int64_t now = tx_now(tx), at = next_run(r->brand, now);
    struct sql_stmt *s =
        sql_use(tx_sql(tx),
                "SELECT due_at FROM timer WHERE module = 'scores' AND kind = 1 AND subject = 1");
    TRY(sql_step(s, &row));
    if (row) at = sql_int(s, 0) <= now ? now + MISSED_MS : sql_int(s, 0);
    sql_reset(s);
    return set_timer(r, tx, at);
}

static enum err room_on_timer(struct tx *tx, void *state, const struct timer *t)
{
    struct room *r = state;
    (void)t;
    enum err err = refresh_start(r, TIME_NONE);
    if (err != ERR_OK && err != ERR_CONFLICT)
        log_error("scores", "no_refresh", "slug=%s", brand_slug(r->brand));
    return set_timer(r, tx, next_run(r->brand, tx_now(tx)));
}

/* ---- the module ---- */

static enum err room_open(struct tx *tx, void **state, struct why *why)
{
    struct room *r = mem_alloc(sizeof(*r));
    (void)why;
    *state = r;
    r->brand = tx_brand(tx);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->settled, NULL);
    TRY(store_read_run(tx_sql(tx), &r->run));
    return arm(r, tx);
}

static void room_close(void *state)
{
    struct room *r = state;
    refresh_stop(r);
    table_finish(&r->table);
    pthread_cond_destroy(&r->settled);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

/* Under the lock. */
static void publish(struct room *r)
{
    r->staged.running = r->run.running;
    r->staged.next_at = r->run.next_at;
    r->run = r->staged;
    table_finish(&r->table);
    r->table = r->staged_table;
    r->loaded = true;
}

static void room_on_commit(void *state)
{
    struct room *r = state;
    if (!r->published && !r->erased) return;
    pthread_mutex_lock(&r->lock);
    if (r->published) publish(r);
    if (r->erased) {
        table_finish(&r->table); /* read again from the rows */
        r->loaded = false;
        r->again = r->run.running;
    }
    pthread_mutex_unlock(&r->lock);
    if (r->published) people_restamp(r->brand);
    r->published = r->erased = false;
}

static void room_on_rollback(void *state)
{
    struct room *r = state;
    r->published = r->erased = false;
}

static enum err room_on_erase(struct tx *tx, void *state, struct erasure *e)
{
    struct room *r = state;
    for (size_t i = 0; i < e->gone.count; i++)
        TRY(store_erase(tx_sql(tx), e->gone.ids[i]));
    r->erased = true;
    return ERR_OK;
}

const struct module scores_module = {
    .name = "scores",
    .migrations = scores_migrations,
    .fold_version = 1,
    .open = room_open,
    .close = room_close,
    .on_timer = room_on_timer,
    .on_commit = room_on_commit,
    .on_erase = room_on_erase,
    .on_rollback = room_on_rollback,
};

/* ---- what others ask ---- */

void scores_look(struct brand *b, struct scores_run *out)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    *out = r->run;
    pthread_mutex_unlock(&r->lock);
}

uint64_t scores_version(struct brand *b)
{
    struct room *r = room_of(b);
    if (!r) return 0;
    pthread_mutex_lock(&r->lock);
    uint64_t id = r->run.id;
    pthread_mutex_unlock(&r->lock);
    return id;
}

enum err scores_refresh(struct brand *b, int64_t as_of, struct why *why)
{
    enum err err = refresh_start(room_of(b), as_of);
    if (err == ERR_OK) return ERR_OK;
    return why_fail(why, err, err == ERR_CONFLICT ? MSG_SCORES_RUNNING : MSG_STOPPING, "", NULL);
}

void scores_settle(struct brand *b)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    while (r->run.running)
        pthread_cond_wait(&r->settled, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

/* Under the lock. What cannot be read is not there. */
static void load(struct room *r)
{
    struct sql *db;
    struct why why;
    r->loaded = true;
    if (r->run.id == 0) return;
    enum err err = brand_reader(r->brand, &db, &why);
    if (err == ERR_OK) {
        err = store_read_table(db, r->run.id, &r->table);
        sql_close(db);
    }
    if (err != ERR_OK)
        log_warn("scores", "not_read", "slug=%s error=%s", brand_slug(r->brand), err_code(err));
}

static const struct score *find(const struct table *t, uint32_t member)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->items[middle].member < member) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < t->count && t->items[low].member == member ? &t->items[low] : NULL;
}

bool scores_get(struct brand *b, uint32_t member, struct score *out)
{
    struct room *r = room_of(b);
    if (!r) return false;
    pthread_mutex_lock(&r->lock);
    if (!r->loaded) load(r);
    const struct score *s = find(&r->table, member);
    if (s) *out = *s;
    pthread_mutex_unlock(&r->lock);
    return s != NULL;
}

static struct expr_value number_or_null(double number)
{
    return (struct expr_value){.type = isnan(number) ? TYPE_NULL : TYPE_NUMBER, .number = number};
}

bool scores_has_field(uint64_t fields)
{
    uint64_t own = (uint64_t)1 << FIELD_P_ALIVE | (uint64_t)1 << FIELD_P_ALIVE_DROP |
                   (uint64_t)1 << FIELD_EXPECTED_ORDERS | (uint64_t)1 << FIELD_EXPECTED_VALUE |
                   (uint64_t)1 << FIELD_RFM_R | (uint64_t)1 << FIELD_RFM_F |
                   (uint64_t)1 << FIELD_RFM_M;
    return (fields & own) != 0;
}

bool scores_get_field(struct brand *b, uint32_t member, enum expr_field field,
                      struct expr_value *out)
{
    struct score s;
    if (!scores_has_field((uint64_t)1 << field)) return false;
    *out = (struct expr_value){.type = TYPE_NULL};
    if (!scores_get(b, member, &s)) return true;
    if (field == FIELD_P_ALIVE) *out = number_or_null((double)s.alive);
    if (field == FIELD_P_ALIVE_DROP) *out = number_or_null((double)s.drop);
    if (field == FIELD_EXPECTED_ORDERS) *out = number_or_null((double)s.orders);
    if (field == FIELD_EXPECTED_VALUE) *out = number_or_null(s.revenue);
    if (field >= FIELD_RFM_R && field <= FIELD_RFM_M && s.rfm[0])
        *out = number_or_null(s.rfm[field - FIELD_RFM_R]);
    return true;
}
