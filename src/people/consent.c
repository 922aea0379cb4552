/* consent.c - the one answer, and who has consented for expressions.
 *
 * Two tracks are followed through a member's entries: 'own', which all entries move, and 'guarded',
 * which a no and a guardian's yes move. Who is under age is answered by the second. A track keeps
 * the latest entry by (at, number), so entries may come in any order and twice: the columns that
 * expressions read take each entry at once, and those read meanwhile take the batch's again.
 *
 * Columns are dropped when members have joined, and after a rollback. */
#include "people/consent.h"

#include <stdio.h>

#include "base/log.h"
#include "people/internal.h"

/* ---- tracks ---- */

struct track {
    int64_t at, id; /* of the entry that decided; id 0 = none */
    bool granted;
};
struct tracks {
    struct track own, guarded;
};

/* An entry as the answer sees it. */
struct mark {
    int64_t at, id;
    bool granted, guardian;
};

static void track_follow(struct track *t, const struct mark *m)
{
    if (t->id && (m->at < t->at || (m->at == t->at && m->id < t->id))) return;
    *t = (struct track){m->at, m->id, m->granted};
}

static void tracks_follow(struct tracks *t, const struct mark *m)
{
    track_follow(&t->own, m);
    if (!m->granted || m->guardian) track_follow(&t->guarded, m);
}

/* ---- age ---- */

/* "2012-05-01" of a child, as of a moment in the brand's zone. */
static bool is_child(struct brand *b, int32_t birthday, int64_t at)
{
    int year, month, day;
    int32_t born;
    struct civil now = zone_civil(brand_zone(b), at);
    civil_from_day(birthday, &born, &month, &day);
    year = born + CONSENT_AGE;
    if (now.year != year) return now.year < year;
    if (now.month != month) return now.month < month;
    return now.day < day;
}

/* When a child is none any more: the day begins, after a 29 February of no such year the next. */
static int64_t grown_at(struct brand *b, int32_t birthday)
{
    int month, day;
    int32_t born;
    civil_from_day(birthday, &born, &month, &day);
    return zone_day_start(brand_zone(b), civil_day(born + CONSENT_AGE, month, day));
}

static enum err read_birthday(struct sql *db, uint32_t member, bool *known, int32_t *out)
{
    int64_t at;
    struct sql_stmt *s =
        sql_use(db, "SELECT t.value FROM trait t WHERE t.name = 'birthday'"
                    " AND " OF_MEMBER("t.persona") " ORDER BY t.at DESC, t.persona DESC LIMIT 1");
    sql_bind_int(s, 1, member);
    TRY(sql_step(s, known));
    if (!*known) return ERR_OK;
    const struct zone *utc = zone_open("UTC");
    struct str text = sql_is_null(s, 0) ? STR("") : sql_str(s, 0); /* a number, or removed */
    *known = text.len == 10 && time_parse(utc, text, &at);
    if (*known) *out = zone_day(utc, at);
    sql_reset(s);
    return ERR_OK;
}

/* ---- the answer ---- */

const char *consent_reason_name(enum consent_reason reason)
{
    static const char *const names[] = {"granted", "withdrawn", "silent", "contract",
                                        "child",   "left",      "unknown"};
    return names[reason];
}

bool consent_channel_known(struct str channel)
{
    struct str rest = STR(CONSENT_CHANNELS);
    while (rest.p) {
        if (str_eq(str_cut(&rest, '|'), channel)) return channel.len > 0;
    }
    return false;
}

enum err consent_basis(struct sql *db, struct str purpose, bool *there, bool *contract)
{
    struct sql_stmt *s = sql_use(db, "SELECT basis FROM consent_purpose WHERE purpose = $1");
    sql_bind_str(s, 1, purpose);
    TRY(sql_step(s, there));
    if (!*there) return ERR_OK;
    *contract = str_is(sql_str(s, 0), "contract");
    sql_reset(s);
    return ERR_OK;
}

/* What a member's entries say of the purpose, and of the list. */
static enum err read_tracks(struct sql *db, const struct consent_ask *ask, struct tracks *purpose,
                            struct track *list)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT e.at, e.id, e.granted, e.guardian, e.list FROM consent_entry e"
                    " WHERE " OF_MEMBER("e.persona") " AND e.purpose = $2 AND e.at <= $3"
                                                     " AND (e.channel = $4 OR e.channel = '*')");
    sql_bind_int(s, 1, ask->member);
    sql_bind_str(s, 2, ask->purpose);
    sql_bind_int(s, 3, ask->at);
    sql_bind_str(s, 4, ask->channel);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        const struct mark m = {sql_int(s, 0), sql_int(s, 1), sql_int(s, 2) != 0,
                               sql_int(s, 3) != 0};
        struct str of = sql_str(s, 4);
        if (of.len == 0) tracks_follow(purpose, &m);
        if (of.len && str_eq(of, ask->list)) track_follow(list, &m);
    }
}

static struct consent_answer decided(const struct track *t, bool allowed,
                                     enum consent_reason reason)
{
    return (struct consent_answer){allowed, reason, t->id, t->id ? t->at : TIME_NONE};
}

static struct consent_answer judge(const struct tracks *t, const struct track *list, bool contract,
                                   bool child)
{
    const struct track *track = child ? &t->guarded : &t->own;
    if (track->id && !track->granted) return decided(track, false, CONSENT_WITHDRAWN);
    if (!track->id && child) return decided(track, false, CONSENT_CHILD);
    if (!track->id && !contract) return decided(track, false, CONSENT_SILENT);
    if (list->id && !list->granted) return decided(list, false, CONSENT_LEFT);
    return decided(track, true, track->id ? CONSENT_GRANTED : CONSENT_CONTRACT);
}

enum err consent_answer(struct brand *b, struct sql *db, const struct consent_ask *ask,
                        struct consent_answer *out)
{
    struct tracks tracks = {{0}, {0}};
    struct track list = {0};
    bool there, contract = false, born;
    int32_t birthday = 0;
    TRY(consent_basis(db, ask->purpose, &there, &contract));
    if (!there || !consent_channel_known(ask->channel)) {
        *out = (struct consent_answer){false, CONSENT_UNKNOWN, 0, TIME_NONE};
        return ERR_OK;
    }
    TRY(read_birthday(db, ask->member, &born, &birthday));
    TRY(read_tracks(db, ask, &tracks, &list));
    *out = judge(&tracks, &list, contract, born && is_child(b, birthday, ask->at));
    return ERR_OK;
}

bool consent_allows(struct brand *b, struct sql *db, const struct consent_ask *ask)
{
    struct consent_answer answer;
    enum err err = consent_answer(b, db, ask, &answer);
    if (err != ERR_OK) log_error("people", "consent_not_read", "error=%s", err_code(err));
    return err == ERR_OK && answer.allowed;
}

/* ---- columns for expressions ---- */

struct consent_cell {
    uint32_t member;
    struct tracks tracks;
};

/* One channel and purpose of all members. */
struct consent_column {
    struct str name; /* "channel/purpose", own copy */
    struct str channel, purpose;
    bool known, contract;
    struct intmap *cell_of; /* member -> index */
    VEC(struct consent_cell) cells;
    struct consent_column *next;
};

/* An entry of the batch under way. */
struct fresh {
    uint32_t member;
    struct mark mark;
    char channel[16], purpose[40];
};

struct consent_cache {
    pthread_mutex_t lock;
    struct consent_column *columns;
    struct sql *db;
    VEC(struct fresh) fresh;
    bool redefined; /* purposes were, in the batch under way */
};

void consent_open(struct people *p)
{
    p->consents = mem_alloc(sizeof(*p->consents));
    pthread_mutex_init(&p->consents->lock, NULL);
}

static void drop_columns(struct consent_cache *c)
{
    while (c->columns) {
        struct consent_column *col = c->columns;
        c->columns = col->next;
        intmap_destroy(col->cell_of);
        VEC_FINISH(&col->cells);
        mem_free(col);
    }
}

void consent_close(struct people *p)
{
    if (!p->consents) return;
    drop_columns(p->consents);
    sql_close(p->consents->db);
    VEC_FINISH(&p->consents->fresh);
    pthread_mutex_destroy(&p->consents->lock);
    mem_free(p->consents);
}

void consent_forget(struct people *p)
{
    pthread_mutex_lock(&p->consents->lock);
    drop_columns(p->consents);
    VEC_RESET(&p->consents->fresh);
    p->consents->redefined = false;
    pthread_mutex_unlock(&p->consents->lock);
}

void consent_commit(struct people *p)
{
    if (!p->consents->fresh.count && !p->consents->redefined) return;
    pthread_mutex_lock(&p->consents->lock);
    if (p->consents->redefined) drop_columns(p->consents);
    p->consents->redefined = false;
    VEC_RESET(&p->consents->fresh);
    pthread_mutex_unlock(&p->consents->lock);
}

void consent_redefined(struct people *p)
{
    p->consents->redefined = true;
}

static void column_take(struct consent_column *col, uint32_t member, const struct mark *m)
{
    uint64_t index;
    if (!intmap_get(col->cell_of, member, &index)) {
        const struct consent_cell cell = {.member = member};
        index = col->cells.count;
        intmap_put(col->cell_of, member, index);
        VEC_PUSH(&col->cells, cell);
    }
    tracks_follow(&col->cells.items[index].tracks, m);
}

static bool is_of(const struct consent_column *col, struct str channel, struct str purpose)
{
    return str_eq(col->purpose, purpose) && (str_is(channel, "*") || str_eq(col->channel, channel));
}

static enum err read_column(struct sql *db, struct consent_column *col)
{
    TRY(consent_basis(db, col->purpose, &col->known, &col->contract));
    if (!col->known) return ERR_OK;
    struct sql_stmt *s =
        sql_use(db, "SELECT COALESCE(pm.member, e.persona), e.at, e.id, e.granted, e.guardian"
                    " FROM consent_entry e LEFT JOIN persona_member pm ON pm.persona = e.persona"
                    " WHERE e.purpose = $1 AND (e.channel = $2 OR e.channel = '*')"
                    " AND e.list = ''");
    sql_bind_str(s, 1, col->purpose);
    sql_bind_str(s, 2, col->channel);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        const struct mark m = {sql_int(s, 1), sql_int(s, 2), sql_int(s, 3) != 0,
                               sql_int(s, 4) != 0};
        column_take(col, (uint32_t)sql_int(s, 0), &m);
    }
}

/* Under the lock. */
static struct consent_column *load_column(struct people *p, struct str name)
{
    struct consent_cache *c = p->consents;
    struct why why = {0};
    struct consent_column *col = mem_alloc(sizeof(*col) + name.len);
    if (name.len) memcpy(col + 1, name.p, name.len);
    col->name = col->purpose = (struct str){(const char *)(col + 1), name.len};
    col->channel = str_cut(&col->purpose, '/');
    if (!col->purpose.p) col->purpose = STR("");
    col->cell_of = intmap_create();
    col->next = c->columns;
    c->columns = col;
    if (!consent_channel_known(col->channel)) return col;
    if (!c->db && brand_reader(p->brand, &c->db, &why) != ERR_OK) return col;
    enum err err = read_column(c->db, col);
    if (err != ERR_OK) log_error("people", "consents_not_read", "error=%s", err_code(err));
    for (size_t i = 0; i < c->fresh.count; i++) {
        const struct fresh *f = &c->fresh.items[i];
        if (is_of(col, str_of(f->channel), str_of(f->purpose)))
            column_take(col, f->member, &f->mark);
    }
    return col;
}

void consent_note(struct people *p, uint32_t member, const struct consent_entry *e)
{
    struct consent_cache *c = p->consents;
    struct fresh f = {.member = member, .mark = {e->at, e->id, e->granted, e->guardian}};
    if (e->list.len) return; /* columns are of purposes */
    snprintf(f.channel, sizeof(f.channel), STR_FMT, STR_ARG(e->channel));
    snprintf(f.purpose, sizeof(f.purpose), STR_FMT, STR_ARG(e->purpose));
    pthread_mutex_lock(&c->lock);
    VEC_PUSH(&c->fresh, f);
    for (struct consent_column *col = c->columns; col; col = col->next) {
        if (is_of(col, e->channel, e->purpose)) column_take(col, member, &f.mark);
    }
    pthread_mutex_unlock(&c->lock);
}

int64_t people_consent_due(struct brand *b, uint32_t member, int64_t now)
{
    struct expr_value birthday;
    const struct str none = {NULL, 0};
    people_get_field(b, member, FIELD_BIRTHDAY, none, &birthday);
    if (birthday.type != TYPE_DATE || !is_child(b, (int32_t)birthday.time, now)) return TIME_NONE;
    return grown_at(b, (int32_t)birthday.time);
}

bool consent_holds(struct people *p, uint32_t member, struct str name)
{
    struct consent_cache *c = p->consents;
    struct expr_value birthday;
    const struct str none = {NULL, 0};
    const struct track no_list = {0};
    struct tracks tracks = {{0}, {0}};
    uint64_t index;
    people_get_field(p->brand, member, FIELD_BIRTHDAY, none, &birthday);
    bool child = birthday.type == TYPE_DATE &&
                 is_child(p->brand, (int32_t)birthday.time, env_now(brand_env(p->brand)));
    pthread_mutex_lock(&c->lock);
    struct consent_column *col = c->columns;
    while (col && !str_eq(col->name, name))
        col = col->next;
    if (!col) col = load_column(p, name);
    if (intmap_get(col->cell_of, member, &index)) tracks = col->cells.items[index].tracks;
    bool known = col->known, contract = col->contract;
    pthread_mutex_unlock(&c->lock);
    return known && judge(&tracks, &no_list, contract, child).allowed;
}
