/* room.c - the room's seat at the writer's table: it judges what is said, in bounded time.
 *
 * The book and the sieve in use are swapped under 'lock'; the writer holds the ones it judges by
 * until it sees others. What it remembers of floods and copies is of this process alone, and
 * forgotten when a batch is rolled back, for its messages come again. */
#include "moderation/internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "groups/role.h"

enum { TIMER_PURGE = 1 };

/* ---- what is in use ---- */

struct book *room_book(struct room *r)
{
    pthread_mutex_lock(&r->lock);
    struct book *book = book_hold(r->book);
    pthread_mutex_unlock(&r->lock);
    return book;
}

struct learnt *room_learnt(struct room *r)
{
    pthread_mutex_lock(&r->lock);
    struct learnt *l = r->learnt;
    if (l) atomic_fetch_add(&l->holders, 1);
    pthread_mutex_unlock(&r->lock);
    return l;
}

void learnt_release(struct learnt *l)
{
    if (!l || atomic_fetch_sub(&l->holders, 1) > 1) return;
    sieve_destroy(l->sieve);
    mem_free(l);
}

static enum err make_book(struct room *r, struct sql *db, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct moderation_rule *rules = NULL;
    struct book *book = NULL;
    size_t count = 0, on = 0;
    enum err err = moderation_rules(db, true, arena, &rules, &count, why);
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        on += rules[i].on;
    if (err == ERR_OK && on) err = book_create(rules, count, &book, why);
    arena_destroy(arena);
    if (err != ERR_OK) return err;
    pthread_mutex_lock(&r->lock);
    struct book *former = r->book;
    r->book = book;
    pthread_mutex_unlock(&r->lock);
    book_release(former);
    return ERR_OK;
}

enum err room_make_book(struct room *r, struct sql *db, struct why *why)
{
    pthread_mutex_lock(&r->making);
    enum err err = make_book(r, db, why);
    pthread_mutex_unlock(&r->making);
    return err;
}

static enum err make_sieve(struct room *r, struct sql *db)
{
    struct arena *arena = arena_create(0);
    struct mark *marks;
    struct learnt *l = NULL;
    size_t count;
    enum err err = marks_read(db, arena, &marks, NULL, &count);
    if (err == ERR_OK && count) {
        l = mem_alloc(sizeof(*l));
        l->holders = 1;
        l->sieve = sieve_create(marks, count);
    }
    arena_destroy(arena);
    if (err != ERR_OK) return err;
    pthread_mutex_lock(&r->lock);
    struct learnt *former = r->learnt;
    r->learnt = l;
    pthread_mutex_unlock(&r->lock);
    learnt_release(former);
    return ERR_OK;
}

enum err room_make_sieve(struct room *r, struct sql *db, struct why *why)
{
    pthread_mutex_lock(&r->making);
    enum err err = make_sieve(r, db);
    pthread_mutex_unlock(&r->making);
    return err == ERR_OK ? ERR_OK : moderation_broken(err, why);
}

bool moderation_by_vectorscan(struct brand *b)
{
    struct book *book = room_book(room_of(b));
    bool is = book && book_by_vectorscan(book);
    book_release(book);
    return is;
}

/* ---- opening ---- */

static uint64_t stay_key(uint32_t group, uint32_t persona)
{
    return (uint64_t)group << 32 | persona;
}

static enum err read_joined(struct room *r, struct sql *db)
{
    struct sql_stmt *s = sql_use(db, "SELECT grp, persona, at FROM moderation_joined");
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        intmap_put(r->joined, stay_key((uint32_t)sql_int(s, 0), (uint32_t)sql_int(s, 1)),
                   (uint64_t)sql_int(s, 2));
    }
}

static enum err room_open(struct tx *tx, void **state, struct why *why)
{
    struct room *r = mem_alloc(sizeof(*r));
    *state = r;
    r->brand = tx_brand(tx);
    r->kind_joined = -1;
    r->joined = intmap_create();
    pthread_mutex_init(&r->making, NULL);
    pthread_mutex_init(&r->lock, NULL);
    TRY(read_joined(r, tx_sql(tx)));
    TRY(case_number(tx_sql(tx), &r->cases));
    TRY(room_make_sieve(r, tx_sql(tx), why));
    if (room_make_book(r, tx_sql(tx), why) != ERR_OK) /* what was saved was checked: a newer rule */
        log_error("moderation", "no_rules", "slug=%s", brand_slug(r->brand));
    return timer_set(tx, &moderation_module, TIMER_PURGE, 0, tx_now(tx) + TIME_DAY);
}

static void room_close(void *state)
{
    struct room *r = state;
    judge_finish(&r->judge);
    strbuf_finish(&r->words);
    floods_finish(&r->floods);
    copies_finish(&r->copies);
    intmap_destroy(r->joined);
    book_release(r->book);
    learnt_release(r->learnt);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->making);
    mem_free(r);
}

/* ---- as things happen ---- */

/* Who has just come, for rules about newcomers. */
static enum err note_join(struct tx *tx, struct room *r, const struct event *ev)
{
    uint32_t group = ev->dim[DIM_GROUP];
    if (!group || !ev->persona) return ERR_OK;
    if (tx_now(tx) - ev->at > MODERATION_NEWCOMER_HOURS * TIME_HOUR) return ERR_OK;
    intmap_put(r->joined, stay_key(group, ev->persona), (uint64_t)ev->at);
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO moderation_joined (grp, persona, at) VALUES ($1, $2, $3)"
                            " ON CONFLICT (grp, persona) DO UPDATE SET at = excluded.at");
    sql_bind_int(s, 1, group);
    sql_bind_int(s, 2, ev->persona);
    sql_bind_int(s, 3, ev->at);
    return sql_run(s);
}

/* A brand without rules pays nothing. */
static enum err room_on_event(struct tx *tx, void *state, const struct event *ev, uint64_t seq)
{
    struct room *r = state;
    (void)seq;
    if (tx_replaying(tx)) return ERR_OK;
    if (r->kind_joined < 0) r->kind_joined = registry_find_kind(r->brand, STR("group.joined"));
    if (ev->kind != r->kind_joined) return ERR_OK;
    pthread_mutex_lock(&r->lock);
    bool ruled = r->book != NULL;
    pthread_mutex_unlock(&r->lock);
    return ruled ? note_join(tx, r, ev) : ERR_OK;
}

/* Of what was found, the gravest; then the first rule. */
static const struct found *gravest(const struct book *book, const struct found *found, size_t count)
{
    const struct found *best = &found[0];
    for (size_t i = 1; i < count; i++) {
        enum rule_action a = book_rule(book, found[i].index, NULL)->action;
        enum rule_action b = book_rule(book, best->index, NULL)->action;
        if (a > b || (a == b && found[i].index < best->index)) best = &found[i];
    }
    return best;
}

/* What somebody has said that the account is. */
static enum err exempt_as(struct tx *tx, uint32_t group, uint32_t persona, unsigned *out)
{
    static const unsigned as[] = {0, EXEMPT_STAFF, EXEMPT_BOT, EXEMPT_PARTNER};
    struct group_role *roles;
    size_t count;
    *out = 0;
    TRY(groups_roles(tx_sql(tx), group, tx_arena(tx), &roles, &count));
    for (size_t i = 0; i < count; i++) {
        if (roles[i].persona != persona || !roles[i].confirmed) continue;
        *out = as[roles[i].role];
        break; /* the group's own come first */
    }
    return ERR_OK;
}

/* Leave out what rules found that do not judge such an account. Asked once something is found: few
 * messages are. */
static enum err leave_out(struct tx *tx, struct room *r, const struct event *ev,
                          struct found *found, size_t *count)
{
    unsigned role;
    size_t kept = 0;
    if (!*count || !ev->persona) return ERR_OK;
    TRY(exempt_as(tx, ev->dim[DIM_GROUP], ev->persona, &role));
    for (size_t i = 0; i < *count; i++) {
        if (!(book_rule(r->judge.book, found[i].index, NULL)->exempt & role))
            found[kept++] = found[i];
    }
    *count = kept;
    return ERR_OK;
}

/* Links that it carries are judged, and quoted, behind its words. */
static struct str words_of(struct room *r, const struct said *said)
{
    if (!said->links.len) return said->text;
    strbuf_reset(&r->words);
    strbuf_add_str(&r->words, said->text);
    if (said->text.len) strbuf_add_char(&r->words, '\n');
    strbuf_add_str(&r->words, said->links);
    return strbuf_str(&r->words);
}

static enum err act(struct tx *tx, struct room *r, const struct case_message *m,
                    const struct found *found, size_t count)
{
    const struct book *book = r->judge.book;
    bool fresh = tx_now(tx) - m->at <= MODERATION_FRESH_MS;
    for (size_t i = 0; i < count; i++)
        TRY(case_tally(tx, book_rule(book, found[i].index, NULL)->id, fresh));
    if (!fresh) return ERR_OK;
    const struct found *best = gravest(book, found, count);
    struct case_message quoted = *m;
    if (best->in_qr) quoted.text = m->qr;
    const struct case_found f = {.rule = book_rule(book, best->index, NULL),
                                 .what = best->what,
                                 .at = judge_place(&r->judge, m->text, best->at),
                                 .others = (uint32_t)count - 1};
    return case_add(tx, r, &quoted, &f);
}

static enum err room_on_said(struct tx *tx, void *state, const struct event *ev, uint64_t seq,
                             const struct said *said)
{
    struct room *r = state;
    uint32_t group = ev->dim[DIM_GROUP];
    struct found found[LIMIT_MODERATION_RULES];
    uint64_t joined;
    struct str text = words_of(r, said);
    if ((!text.len && !said->qr.len) || said->recalled || !group) return ERR_OK;
    struct book *book = room_book(r);
    judge_use(&r->judge, book);
    book_release(book);
    if (!book) return ERR_OK;
    bool fresh = tx_now(tx) - ev->at <= MODERATION_FRESH_MS;
    bool known = intmap_get(r->joined, stay_key(group, ev->persona), &joined);
    struct learnt *learnt = room_learnt(r);
    const struct judged m = {
        .text = text,
        .qr = said->qr,
        .group = registry_code_text(r->brand, DIM_GROUP, group),
        .group_code = group,
        .persona = ev->persona,
        .role = ev->dim[DIM_STAFF] ? EXEMPT_STAFF : 0,
        .at = ev->at,
        .joined = known ? (int64_t)joined : TIME_NONE,
        .floods = fresh ? &r->floods : NULL,
        .copies = fresh ? &r->copies : NULL,
        .sieve = learnt ? learnt->sieve : NULL,
    };
    size_t count = judge_ask(&r->judge, &m, found, LIMIT_MODERATION_RULES);
    learnt_release(learnt);
    TRY(leave_out(tx, r, ev, found, &count));
    if (!count) return ERR_OK;
    const struct case_message message = {seq,  ev->at,   ev->persona,  group,
                                         text, said->qr, said->message};
    return act(tx, r, &message, found, count);
}

static enum err room_on_timer(struct tx *tx, void *state, const struct timer *t)
{
    (void)t;
    TRY(case_purge(tx, state));
    return timer_set(tx, &moderation_module, TIMER_PURGE, 0, tx_now(tx) + TIME_DAY);
}

static void room_on_rollback(void *state)
{
    struct room *r = state;
    floods_reset(&r->floods);
    copies_reset(&r->copies);
    r->kind_joined = -1;
    r->unlearnt = false;
}

static enum err room_on_erase(struct tx *tx, void *state, struct erasure *e)
{
    struct room *r = state;
    TRY(erasure_take(tx, e, "moderation_case",
                     "DELETE FROM moderation_case WHERE persona = $1 RETURNING 1"));
    TRY(erasure_take(tx, e, "moderation_joined",
                     "DELETE FROM moderation_joined WHERE persona = $1 RETURNING 1"));
    TRY(erasure_take(tx, e, "moderation_mark",
                     "DELETE FROM moderation_mark WHERE persona = $1 RETURNING 1"));
    r->unlearnt = e->gone.count > 0;
    return case_number(tx_sql(tx), &r->cases);
}

/* What the sieve learnt of who is erased it forgets. */
static void room_on_visible(void *state)
{
    struct room *r = state;
    struct sql *db = NULL;
    struct why why;
    if (!r->unlearnt) return;
    r->unlearnt = false;
    enum err err = brand_reader(r->brand, &db, &why);
    if (err == ERR_OK) err = room_make_sieve(r, db, &why);
    sql_close(db);
    if (err != ERR_OK) log_error("moderation", "not_unlearnt", "slug=%s", brand_slug(r->brand));
}

const struct module moderation_module = {
    .name = "moderation",
    .migrations = moderation_migrations,
    .open = room_open,
    .close = room_close,
    .on_event = room_on_event,
    .on_said = room_on_said,
    .on_timer = room_on_timer,
    .on_visible = room_on_visible,
    .on_erase = room_on_erase,
    .on_rollback = room_on_rollback,
};
