/* cases.c - cases as rows: written as messages pass, changed by what staff say, forgotten in time.
 */
#include "moderation/internal.h"

#include "base/utf8.h"

#define COLUMNS                                                                                    \
    "id, seq, at, last_at, times, persona, grp, rule, rule_version, kind, action, mute_hours,"     \
    " what, quote, span_from, span_to, message, others, state, said_by, said_at, note, task,"      \
    " task_by, task_at"
#define QUOTE_BEFORE 200 /* bytes of it, at most */
#define DROPPED_AT_ONCE "1000"

const char *const case_state_names[CASE_STATES] = {"open", "confirmed", "dismissed", "appealed"};
const char *const case_task_names[CASE_TASKS] = {"none", "todo", "done", "lift", "lifted"};
const char *const case_verdict_names[CASE_VERDICTS] = {"confirm", "dismiss", "appeal", "done",
                                                       "lifted"};

/* ---- as messages pass ---- */

struct str case_quote(struct str text, struct span at, struct span *out)
{
    size_t from = at.from > QUOTE_BEFORE ? at.from - QUOTE_BEFORE : 0;
    while (from > 0 && ((unsigned char)text.p[from] & 0xC0) == 0x80)
        from--;
    struct str quote =
        utf8_cut((struct str){text.p + from, text.len - from}, MODERATION_QUOTE_BYTES);
    size_t to = at.to - from < quote.len ? at.to - from : quote.len;
    *out = (struct span){(uint32_t)(at.from - from), (uint32_t)to};
    return quote;
}

/* The open case of the same account, group and rule of a moment ago; 0 = none. */
static enum err recent(struct sql *db, const struct case_message *m, uint32_t rule, uint32_t *out)
{
    int64_t number;
    struct sql_stmt *s =
        sql_use(db, "SELECT id FROM moderation_case WHERE persona = $1 AND grp = $2 AND rule = $3"
                    " AND state = 0 AND last_at >= $4 ORDER BY id DESC LIMIT 1");
    sql_bind_int(s, 1, m->persona);
    sql_bind_int(s, 2, m->group);
    sql_bind_int(s, 3, rule);
    sql_bind_int(s, 4, m->at - MODERATION_AGAIN_MS);
    TRY(sql_number(s, 0, &number));
    *out = (uint32_t)number;
    return ERR_OK;
}

static enum err insert(struct sql *db, const struct case_message *m, const struct case_found *f)
{
    struct span span;
    struct str quote = case_quote(m->text, f->at, &span);
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO moderation_case (" COLUMNS ") VALUES"
            " ((SELECT COALESCE(MAX(id), 0) + 1 FROM moderation_case), $1, $2, $2, 1, $3, $4, $5,"
            " $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, '', NULL, '', $16, '', NULL)");
    sql_bind_int(s, 1, (int64_t)m->seq);
    sql_bind_int(s, 2, m->at);
    sql_bind_int(s, 3, m->persona);
    sql_bind_int(s, 4, m->group);
    sql_bind_int(s, 5, f->rule->id);
    sql_bind_int(s, 6, (int64_t)f->rule->version);
    sql_bind_int(s, 7, f->rule->kind);
    sql_bind_int(s, 8, f->rule->action);
    sql_bind_int(s, 9, f->rule->mute_hours);
    sql_bind_str(s, 10, f->what);
    sql_bind_str(s, 11, quote);
    sql_bind_int(s, 12, span.from);
    sql_bind_int(s, 13, span.to);
    sql_bind_str(s, 14, m->id.p ? m->id : STR(""));
    sql_bind_int(s, 15, f->others);
    sql_bind_int(s, 16, f->rule->action == ACTION_NOTE ? TASK_NONE : TASK_TODO);
    return sql_run(s);
}

enum err case_number(struct sql *db, uint64_t *out)
{
    int64_t count;
    struct sql_stmt *s = sql_use(db, "SELECT COUNT(*) FROM moderation_case");
    TRY(sql_number(s, 0, &count));
    *out = (uint64_t)count;
    return ERR_OK;
}

/* Room for one more: the oldest settled ones go. */
static enum err make_room(struct sql *db, struct room *r)
{
    if (r->cases < LIMIT_MODERATION_CASES) return ERR_OK;
    TRY(sql_run(sql_use(db, "DELETE FROM moderation_case WHERE id IN (SELECT id FROM"
                            " moderation_case WHERE state IN (1, 2) AND task IN (0, 2, 4)"
                            " ORDER BY id LIMIT " DROPPED_AT_ONCE ")")));
    return case_number(db, &r->cases);
}

enum err case_add(struct tx *tx, struct room *r, const struct case_message *m,
                  const struct case_found *f)
{
    uint32_t id;
    struct sql *db = tx_sql(tx);
    TRY(recent(db, m, f->rule->id, &id));
    if (id) {
        struct sql_stmt *s =
            sql_use(db, "UPDATE moderation_case SET times = times + 1, last_at ="
                        " CASE WHEN last_at < $2 THEN $2 ELSE last_at END WHERE id = $1");
        sql_bind_int(s, 1, id);
        sql_bind_int(s, 2, m->at);
        return sql_run(s);
    }
    TRY(make_room(db, r));
    if (r->cases >= LIMIT_MODERATION_CASES) return ERR_OK; /* nobody looks: it is counted only */
    r->cases++;
    return insert(db, m, f);
}

enum err case_tally(struct tx *tx, uint32_t rule, bool acted)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO moderation_tally (day, rule, acted, counted) VALUES"
                            " ($1, $2, $3, $4) ON CONFLICT (rule, day) DO UPDATE SET"
                            " acted = moderation_tally.acted + excluded.acted,"
                            " counted = moderation_tally.counted + excluded.counted");
    sql_bind_int(s, 1, zone_day(brand_zone(tx_brand(tx)), tx_now(tx)));
    sql_bind_int(s, 2, rule);
    sql_bind_int(s, 3, acted);
    sql_bind_int(s, 4, !acted);
    return sql_run(s);
}

enum err case_purge(struct tx *tx, struct room *r)
{
    int64_t before = tx_now(tx) - MODERATION_KEEP_DAYS * TIME_DAY;
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM moderation_case WHERE last_at < $1");
    sql_bind_int(s, 1, before);
    TRY(sql_run(s));
    s = sql_use(tx_sql(tx), "DELETE FROM moderation_tally WHERE day < $1");
    sql_bind_int(s, 1, zone_day(brand_zone(tx_brand(tx)), before));
    TRY(sql_run(s));
    s = sql_use(tx_sql(tx), "DELETE FROM moderation_joined WHERE at < $1");
    sql_bind_int(s, 1, tx_now(tx) - MODERATION_NEWCOMER_HOURS * TIME_HOUR);
    TRY(sql_run(s));
    return case_number(tx_sql(tx), &r->cases);
}

/* ---- reading ---- */

static int64_t time_or_none(struct sql_stmt *s, int column)
{
    return sql_is_null(s, column) ? TIME_NONE : sql_int(s, column);
}

static struct moderation_case read_row(struct sql_stmt *s, struct arena *arena)
{
    return (struct moderation_case){
        .id = (uint32_t)sql_int(s, 0),
        .seq = (uint64_t)sql_int(s, 1),
        .at = sql_int(s, 2),
        .last_at = sql_int(s, 3),
        .times = (uint32_t)sql_int(s, 4),
        .persona = (uint32_t)sql_int(s, 5),
        .group = (uint32_t)sql_int(s, 6),
        .rule = (uint32_t)sql_int(s, 7),
        .rule_version = (uint64_t)sql_int(s, 8),
        .kind = (enum rule_kind)sql_int(s, 9),
        .action = (enum rule_action)sql_int(s, 10),
        .mute_hours = (int)sql_int(s, 11),
        .what = arena_str(arena, sql_str(s, 12)),
        .quote = arena_str(arena, sql_str(s, 13)),
        .span = {(uint32_t)sql_int(s, 14), (uint32_t)sql_int(s, 15)},
        .message = arena_str(arena, sql_str(s, 16)),
        .others = (uint32_t)sql_int(s, 17),
        .state = (enum case_state)sql_int(s, 18),
        .by = arena_str(arena, sql_str(s, 19)),
        .by_at = time_or_none(s, 20),
        .note = arena_str(arena, sql_str(s, 21)),
        .task = (enum case_task)sql_int(s, 22),
        .task_by = arena_str(arena, sql_str(s, 23)),
        .task_at = time_or_none(s, 24),
    };
}

/* Whose it is by now. */
#define MEMBER                                                                                     \
    "COALESCE((SELECT m.member FROM persona_member m WHERE m.persona = moderation_case.persona),"  \
    " persona)"

static bool is_of(const struct idset *only, struct sql_stmt *s, int column)
{
    return !only || idset_has(only, (uint32_t)sql_int(s, column));
}

enum err moderation_cases(struct sql *db, const struct case_filter *f, struct arena *arena,
                          struct moderation_case **out, size_t *count, struct why *why)
{
    struct moderation_case *items = arena_alloc_array(arena, f->limit, sizeof(*items));
    struct sql_stmt *s = sql_use(
        db, "SELECT " COLUMNS ", " MEMBER " FROM moderation_case WHERE ($1 < 0 OR state = $1) AND"
            " ($2 = 0 OR task IN (1, 3)) AND ($3 = 0 OR rule = $3) AND ($4 = 0 OR grp = $4) AND"
            " ($5 = 0 OR persona = $5 OR persona IN (SELECT o.persona FROM persona_member m JOIN"
            " persona_member o ON o.member = m.member WHERE m.persona = $5)) AND"
            " ($6 = 0 OR id < $6) ORDER BY id DESC");
    sql_bind_int(s, 1, f->state);
    sql_bind_int(s, 2, f->tasks);
    sql_bind_int(s, 3, f->rule);
    sql_bind_int(s, 4, f->group);
    sql_bind_int(s, 5, f->persona);
    sql_bind_int(s, 6, f->below);
    size_t n = 0;
    for (bool row = true; n < f->limit;) {
        enum err err = sql_step(s, &row);
        if (err != ERR_OK) return moderation_broken(err, why);
        if (!row) break;
        if (is_of(f->only, s, 25)) items[n++] = read_row(s, arena);
    }
    if (n == f->limit) sql_reset(s);
    *out = items;
    *count = n;
    return ERR_OK;
}

enum err moderation_case_get(struct sql *db, uint32_t id, struct arena *arena,
                             struct moderation_case *out, struct why *why)
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM moderation_case WHERE id = $1");
    sql_bind_int(s, 1, id);
    enum err err = sql_step(s, &row);
    if (err != ERR_OK) return moderation_broken(err, why);
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "case");
    *out = read_row(s, arena);
    sql_reset(s);
    return ERR_OK;
}

enum err moderation_count(struct sql *db, const struct idset *only, struct case_counts *out)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT CASE WHEN state = 0 THEN 1 ELSE 0 END, CASE WHEN state = 3 THEN 1"
                    " ELSE 0 END, CASE WHEN task IN (1, 3) THEN 1 ELSE 0 END, " MEMBER
                    " FROM moderation_case WHERE state IN (0, 3) OR task IN (1, 3)");
    *out = (struct case_counts){0};
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        if (!is_of(only, s, 3)) continue;
        out->open += (uint64_t)sql_int(s, 0);
        out->appealed += (uint64_t)sql_int(s, 1);
        out->tasks += (uint64_t)sql_int(s, 2);
    }
}

/* ---- what staff say ---- */

struct deciding {
    uint32_t id;
    enum case_verdict verdict;
    struct str by, note;
    double said; /* of the sieve, before it is taught; NAN */
    bool taught;
};

/* What becomes of a case; false = it is in no state for that. */
static bool decided(struct moderation_case *c, enum case_verdict v)
{
    bool settled = c->state == CASE_CONFIRMED || c->state == CASE_DISMISSED;
    if (v == CASE_VERDICT_CONFIRM) {
        if (c->state == CASE_CONFIRMED) return false;
        if (c->state == CASE_DISMISSED && c->action != ACTION_NOTE) {
            c->task = c->task == TASK_LIFT ? TASK_DONE : TASK_TODO;
        }
        c->state = CASE_CONFIRMED;
    } else if (v == CASE_VERDICT_DISMISS) {
        if (c->state == CASE_DISMISSED) return false;
        c->state = CASE_DISMISSED;
        c->task = c->task == TASK_DONE ? TASK_LIFT : TASK_NONE;
    } else if (v == CASE_VERDICT_APPEAL) {
        if (!settled || c->state == CASE_DISMISSED) return false;
        c->state = CASE_APPEALED;
    } else if (v == CASE_VERDICT_DONE) {
        if (c->task != TASK_TODO) return false;
        c->task = TASK_DONE;
        if (c->state == CASE_OPEN) c->state = CASE_CONFIRMED;
    } else {
        if (c->task != TASK_LIFT) return false;
        c->task = TASK_LIFTED;
    }
    return true;
}

static enum err write_decision(struct tx *tx, const struct moderation_case *c,
                               const struct deciding *d, bool of_task)
{
    struct sql_stmt *s =
        of_task ? sql_use(tx_sql(tx), "UPDATE moderation_case SET state = $2, task = $3,"
                                      " task_by = $4, task_at = $5, note = CASE WHEN $6 = ''"
                                      " THEN note ELSE $6 END WHERE id = $1")
                : sql_use(tx_sql(tx), "UPDATE moderation_case SET state = $2, task = $3,"
                                      " said_by = $4, said_at = $5, note = CASE WHEN $6 = ''"
                                      " THEN note ELSE $6 END WHERE id = $1");
    sql_bind_int(s, 1, c->id);
    sql_bind_int(s, 2, c->state);
    sql_bind_int(s, 3, c->task);
    sql_bind_str(s, 4, d->by);
    sql_bind_int(s, 5, tx_now(tx));
    sql_bind_str(s, 6, d->note.p ? d->note : STR(""));
    return sql_run(s);
}

static enum err run_decide(struct tx *tx, void *arg, struct why *why)
{
    struct deciding *d = arg;
    struct moderation_case c = {0};
    TRY(moderation_case_get(tx_sql(tx), d->id, tx_arena(tx), &c, why));
    enum case_state was = c.state;
    if (!decided(&c, d->verdict))
        return why_fail(why, ERR_CONFLICT, MSG_MODERATION_STATE, "verdict", "%s|%s",
                        case_state_names[c.state], case_task_names[c.task]);
    TRY(write_decision(tx, &c, d, d->verdict >= CASE_VERDICT_DONE));
    if (d->verdict == CASE_VERDICT_DONE && was == CASE_OPEN) TRY(write_decision(tx, &c, d, false));
    d->taught = c.kind == RULE_ADS && c.state != was && d->verdict != CASE_VERDICT_APPEAL;
    if (!d->taught) return ERR_OK;
    const struct teaching t = {c.quote, c.state == CASE_CONFIRMED, c.persona, d->by, d->said};
    return mark_add(tx, &t);
}

static enum err learn(struct brand *b, struct why *why)
{
    struct sql *db = NULL;
    TRY(brand_reader(b, &db, why));
    enum err err = room_make_sieve(room_of(b), db, why);
    sql_close(db);
    return err;
}

enum err moderation_decide(struct brand *b, uint32_t id, enum case_verdict verdict, struct str by,
                           struct str note, struct why *why)
{
    /* a case of the sieve was made because it was sure */
    struct deciding d = {id, verdict, by, note, SIEVE_SURE, false};
    TRY(brand_call(b, run_decide, &d, false, why));
    return d.taught ? learn(b, why) : ERR_OK;
}

/* ---- teaching by hand ---- */

static enum err run_teach(struct tx *tx, void *arg, struct why *why)
{
    (void)why;
    return mark_add(tx, arg);
}

enum err moderation_teach(struct brand *b, struct str text, bool ad, uint32_t persona,
                          struct str by, struct why *why)
{
    struct teaching t = {text, ad, persona, by, mark_said(room_of(b), text)};
    TRY(brand_call(b, run_teach, &t, false, why));
    return learn(b, why);
}

static enum err run_unlearn(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    (void)why;
    return sql_run(sql_use(tx_sql(tx), "DELETE FROM moderation_mark"));
}

enum err moderation_unlearn(struct brand *b, struct why *why)
{
    TRY(brand_call(b, run_unlearn, NULL, false, why));
    return learn(b, why);
}
