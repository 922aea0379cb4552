/* numbering.c - rows of number_set, and the fold's rules by the newest of them.
 *
 * The writer's p->names and the copy for other threads change together, when the batch with the new
 * row is committed. Members in memory are then forgotten or, where they have changed, folded again;
 * rows of another version count as stale when they are loaded (member.c). */
#include "people/numbering.h"

#include <inttypes.h>

#include "people/internal.h"

static struct people *people_of(struct brand *b)
{
    return brand_module_state(b, &people_module);
}

/* ---- as text: "dormant_days=14 ..." ---- */

static struct str print(const struct numbers *n, struct arena *arena)
{
    struct strbuf out = {0};
    for (const struct number *of = numbers_table; of->name; of++)
        strbuf_addf(&out, "%s%s=%d", of == numbers_table ? "" : " ", of->name, numbers_get(n, of));
    struct str text = arena_str(arena, strbuf_str(&out));
    strbuf_finish(&out);
    return text;
}

static int int_of(struct str s)
{
    int64_t v = 0;
    for (size_t i = 0; i < s.len && v <= INT32_MAX; i++)
        v = v * 10 + (s.p[i] - '0');
    return v > INT32_MAX ? INT32_MAX : (int)v;
}

/* What is not named is as it is in 'out': numbers that came later have their defaults. */
static void parse(struct str text, struct numbers *out)
{
    while (text.len) {
        struct str item = str_cut(&text, ' '), name = str_cut(&item, '=');
        const struct number *of = numbers_find(name);
        if (of) numbers_set(out, of, int_of(item));
    }
}

/* ---- as of now ---- */

static enum err preset_of(struct brand *b, struct numbers *out)
{
    struct str preset = str_of(brand_preset(b));
    numbers_default(out);
    return preset.len && !numbers_preset(preset, out) ? ERR_INVALID : ERR_OK;
}

enum err numbering_open(struct people *p, struct tx *tx)
{
    bool row;
    struct why why;
    pthread_mutex_init(&p->numbering.lock, NULL);
    pthread_cond_init(&p->numbering.settled, NULL);
    TRY(preset_of(p->brand, &p->numbering.now.numbers));
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "SELECT version, body, applied FROM number_set ORDER BY version DESC LIMIT 1");
    TRY(sql_step(s, &row));
    if (row) {
        p->numbering.now.version = (uint64_t)sql_int(s, 0);
        parse(sql_str(s, 1), &p->numbering.now.numbers);
        p->numbering.now.rebuilding = sql_int(s, 2) == 0;
        if (numbers_check(&p->numbering.now.numbers, &why) != ERR_OK) return ERR_CORRUPT;
    }
    sql_reset(s);
    p->names.rules = p->numbering.now.numbers.rules;
    if (!p->numbering.now.rebuilding) return ERR_OK;
    return timer_set(tx, &people_module, TIMER_NUMBERS, 0, tx_now(tx));
}

void numbering_get(struct brand *b, struct numbering *out)
{
    struct people *p = people_of(b);
    pthread_mutex_lock(&p->numbering.lock);
    *out = p->numbering.now;
    pthread_mutex_unlock(&p->numbering.lock);
    out->previewing = atomic_load(&p->numbering.previewing);
    out->previewed = atomic_load(&p->numbering.previewed);
    out->preview_total = atomic_load(&p->numbering.preview_total);
}

uint64_t people_stamp(struct brand *b)
{
    return atomic_load(&people_of(b)->numbering.stamp);
}

void people_restamp(struct brand *b)
{
    atomic_fetch_add(&people_of(b)->numbering.stamp, 1);
}

/* ---- changing ---- */

struct changing {
    struct numbering_change *change;
    bool same;
};

static bool is_same(const struct numbers *a, const struct numbers *b)
{
    for (const struct number *of = numbers_table; of->name; of++) {
        if (numbers_get(a, of) != numbers_get(b, of)) return false;
    }
    return true;
}

static enum err insert(struct people *p, struct tx *tx, const struct numbering_change *c)
{
    struct str body = print(&c->numbers, tx_arena(tx));
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO number_set (version, at, who, body, applied)"
                            " VALUES ($1, $2, $3, $4, 0)");
    sql_bind_int(s, 1, (int64_t)p->numbering.now.version + 1);
    sql_bind_int(s, 2, tx_now(tx));
    sql_bind_str(s, 3, c->who);
    sql_bind_str(s, 4, body);
    return sql_run(s);
}

static enum err run_change(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = people_of(tx_brand(tx));
    struct changing *c = arg;
    const struct numbering *now = &p->numbering.now;
    if (c->change->version != now->version)
        return why_fail(why, ERR_PRECONDITION, MSG_CHANGED_MEANWHILE, "", NULL);
    c->same = is_same(&c->change->numbers, &now->numbers);
    if (c->same) return ERR_OK;
    TRY(tx_flush(tx, why));
    TRY(insert(p, tx, c->change));
    TRY(timer_set(tx, &people_module, TIMER_NUMBERS, 0, tx_now(tx) + 1)); /* for the next opening */
    p->numbering.staged = c->change->numbers;
    p->numbering.has_staged = true;
    return ERR_OK;
}

void numbering_commit(struct people *p)
{
    if (!p->numbering.has_staged) return;
    p->numbering.has_staged = false;
    p->numbering.wants_rebuild = true;
    pthread_mutex_lock(&p->numbering.lock);
    p->numbering.now = (struct numbering){.numbers = p->numbering.staged,
                                          .version = p->numbering.now.version + 1,
                                          .rebuilding = true};
    numbers_apply(&p->numbering.staged, &p->names.rules);
    p->shared_names.rules = p->names.rules;
    pthread_mutex_unlock(&p->numbering.lock);
    members_outdate(p);
    people_restamp(p->brand);
    brand_touch_past(p->brand);
}

void numbering_rollback(struct people *p)
{
    p->numbering.has_staged = false;
}

enum err numbering_change(struct brand *b, struct numbering_change *c, struct why *why)
{
    struct changing changing = {.change = c};
    TRY(numbers_check(&c->numbers, why));
    TRY(brand_call(b, run_change, &changing, true, why));
    if (!changing.same) c->version++;
    return ERR_OK;
}

/* ---- as they were ---- */

enum err numbering_history(struct brand *b, struct sql *db, struct arena *arena,
                           struct numbering_set **out, size_t *count, struct why *why)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT version, at, who, body FROM number_set ORDER BY version DESC LIMIT $1");
    struct numbering_set *list = arena_alloc_array(arena, LIMIT_NUMBER_SETS + 1, sizeof(*list));
    struct numbers preset;
    if (preset_of(b, &preset) != ERR_OK) return why_fail(why, ERR_CORRUPT, MSG_INTERNAL, "", NULL);
    sql_bind_int(s, 1, LIMIT_NUMBER_SETS);
    for (*count = 0;;) {
        bool row;
        if (sql_step(s, &row) != ERR_OK) return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
        if (!row) break;
        struct numbering_set *set = &list[(*count)++];
        *set = (struct numbering_set){.version = (uint64_t)sql_int(s, 0),
                                      .at = sql_int(s, 1),
                                      .who = arena_str(arena, sql_str(s, 2)),
                                      .numbers = preset};
        parse(sql_str(s, 3), &set->numbers);
    }
    if (*count < LIMIT_NUMBER_SETS)
        list[(*count)++] = (struct numbering_set){.at = TIME_NONE, .numbers = preset};
    *out = list;
    return ERR_OK;
}
