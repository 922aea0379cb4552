/* health_store.c - rows of days and of verdicts. */
#include "base/vec.h"
#include "groups/health_internal.h"
#include "people/people.h"

#define COLUMNS                                                                                    \
    "of_group, day, made_at, archetype, unclear, confidence, monologue, staged, self_centred,"     \
    " self_driven, led_score, staff, echo, led, unprompted, dialogue, breadth, ignored, "          \
    "timetable,"                                                                                   \
    " departments, staging, members, messages, posts, questions, unanswered, suspects, core,"      \
    " influence, periphery"

const struct migration health_migrations[] = {
    {1, "CREATE TABLE group_health (of_group {int} NOT NULL, day {int} NOT NULL,"
        " made_at {int} NOT NULL, archetype {int} NOT NULL, unclear {int} NOT NULL,"
        " confidence {real} NOT NULL, monologue {real} NOT NULL, staged {real} NOT NULL,"
        " self_centred {real} NOT NULL, self_driven {real} NOT NULL, led_score {real} NOT NULL,"
        " staff {real} NOT NULL, echo {real} NOT NULL, led {real} NOT NULL,"
        " unprompted {real} NOT NULL, dialogue {real} NOT NULL, breadth {real} NOT NULL,"
        " ignored {real} NOT NULL, timetable {real} NOT NULL, departments {real} NOT NULL,"
        " staging {real} NOT NULL, members {int} NOT NULL, messages {int} NOT NULL,"
        " posts {int} NOT NULL, questions {int} NOT NULL, unanswered {int} NOT NULL,"
        " suspects {int} NOT NULL, core {int} NOT NULL, influence {int} NOT NULL,"
        " periphery {int} NOT NULL, PRIMARY KEY (of_group, day));"
        "CREATE TABLE group_suspect (of_group {int} NOT NULL, persona {int} NOT NULL,"
        " verdict {int} NOT NULL, note {text} NOT NULL, said_by {text} NOT NULL,"
        " at {int} NOT NULL, PRIMARY KEY (of_group, persona))"},
    {0, NULL},
};

/* ---- days ---- */

struct health_day health_day_of(const struct checkup *c, uint32_t group, int32_t day, int64_t at)
{
    const struct health *h = &c->health;
    struct health_day d = {.group = group,
                           .day = day,
                           .made_at = at,
                           .archetype = h->archetype,
                           .unclear = h->unclear,
                           .confidence = h->confidence,
                           .members = h->members,
                           .messages = h->messages,
                           .posts = h->posts,
                           .questions = h->questions,
                           .unanswered = h->unanswered};
    for (int i = 0; i < ARCHETYPE_SCORES; i++)
        d.scores[i] = h->scores[i];
    for (int i = 0; i < FEATURE_COUNT; i++)
        d.features[i] = h->features[i].value;
    for (int i = 0; i < CIRCLE_COUNT; i++)
        d.circles[i] = c->graph.circle_size[i];
    for (uint32_t i = 0; i < c->suspects.count; i++)
        d.suspects += c->suspects.items[i].flagged;
    return d;
}

static enum err run_save(struct tx *tx, void *arg, struct why *why)
{
    const struct health_day *d = arg;
    int at = 1;
    (void)why;
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "DELETE FROM group_health WHERE of_group = $1 AND (day = $2 OR day < $3)");
    sql_bind_int(s, 1, d->group);
    sql_bind_int(s, 2, d->day);
    sql_bind_int(s, 3, d->day - HEALTH_KEEP_DAYS);
    TRY(sql_run(s));
    s = sql_use(tx_sql(tx),
                "INSERT INTO group_health (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
                " $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,"
                " $26, $27, $28, $29, $30)");
    sql_bind_int(s, at++, d->group);
    sql_bind_int(s, at++, d->day);
    sql_bind_int(s, at++, d->made_at);
    sql_bind_int(s, at++, d->archetype);
    sql_bind_int(s, at++, d->unclear);
    sql_bind_double(s, at++, d->confidence);
    for (int i = 0; i < ARCHETYPE_SCORES; i++)
        sql_bind_double(s, at++, d->scores[i]);
    for (int i = 0; i < FEATURE_COUNT; i++)
        sql_bind_double(s, at++, d->features[i]);
    const uint32_t counts[] = {d->members,    d->messages,   d->posts,
                               d->questions,  d->unanswered, d->suspects,
                               d->circles[0], d->circles[1], d->circles[2]};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        sql_bind_int(s, at++, counts[i]);
    return sql_run(s);
}

enum err health_save(struct brand *b, const struct health_day *d, struct why *why)
{
    struct health_day copy = *d;
    return brand_call(b, run_save, &copy, false, why);
}

struct forgetting {
    uint32_t group;
    int32_t before;
};

static enum err run_forget(struct tx *tx, void *arg, struct why *why)
{
    const struct forgetting *f = arg;
    (void)why;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "DELETE FROM group_health WHERE of_group = $1 AND day < $2");
    sql_bind_int(s, 1, f->group);
    sql_bind_int(s, 2, f->before);
    return sql_run(s);
}

enum err health_forget(struct brand *b, uint32_t group, int32_t before, struct why *why)
{
    struct forgetting f = {group, before};
    return brand_call(b, run_forget, &f, false, why);
}

static struct health_day read_day(struct sql_stmt *s)
{
    int at = 6;
    struct health_day d = {.group = (uint32_t)sql_int(s, 0),
                           .day = (int32_t)sql_int(s, 1),
                           .made_at = sql_int(s, 2),
                           .archetype = (enum archetype)sql_int(s, 3),
                           .unclear = (enum unclear)sql_int(s, 4),
                           .confidence = sql_double(s, 5)};
    uint32_t *counts[] = {&d.members,  &d.messages,   &d.posts,      &d.questions, &d.unanswered,
                          &d.suspects, &d.circles[0], &d.circles[1], &d.circles[2]};
    for (int i = 0; i < ARCHETYPE_SCORES; i++)
        d.scores[i] = sql_double(s, at++);
    for (int i = 0; i < FEATURE_COUNT; i++)
        d.features[i] = sql_double(s, at++);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        *counts[i] = (uint32_t)sql_int(s, at++);
    return d;
}

static enum err read_days(struct sql_stmt *s, struct arena *arena, struct health_day **out,
                          size_t *count)
{
    VEC(struct health_day) list = {0};
    enum err err;
    for (bool row;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        VEC_PUSH(&list, read_day(s));
    }
    *out = arena_copy(arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err;
}

enum err health_history(struct sql *db, uint32_t group, int32_t since, struct arena *arena,
                        struct health_day **out, size_t *count)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT " COLUMNS " FROM group_health WHERE (of_group = $1 OR $1 = 0) AND"
                    " day >= $2 ORDER BY of_group, day");
    sql_bind_int(s, 1, group);
    sql_bind_int(s, 2, since);
    return read_days(s, arena, out, count);
}

enum err health_latest(struct sql *db, struct arena *arena, struct health_day **out, size_t *count)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT " COLUMNS " FROM group_health h WHERE day = (SELECT MAX(day) FROM"
                    " group_health o WHERE o.of_group = h.of_group) ORDER BY of_group");
    return read_days(s, arena, out, count);
}

/* ---- verdicts ---- */

static enum err run_verdict(struct tx *tx, void *arg, struct why *why)
{
    struct verdict *v = arg;
    uint32_t member;
    TRY(people_root(tx_sql(tx), v->persona, &member));
    if (!member) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "member");
    v->at = tx_now(tx);
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "DELETE FROM group_suspect WHERE of_group = $1 AND persona = $2");
    sql_bind_int(s, 1, v->group);
    sql_bind_int(s, 2, v->persona);
    TRY(sql_run(s));
    if (v->verdict == VERDICT_NONE) return ERR_OK;
    s = sql_use(tx_sql(tx), "INSERT INTO group_suspect (of_group, persona, verdict, note, said_by,"
                            " at) VALUES ($1, $2, $3, $4, $5, $6)");
    sql_bind_int(s, 1, v->group);
    sql_bind_int(s, 2, v->persona);
    sql_bind_int(s, 3, v->verdict);
    sql_bind_str(s, 4, v->note);
    sql_bind_str(s, 5, v->said_by);
    sql_bind_int(s, 6, v->at);
    return sql_run(s);
}

enum err verdict_set(struct brand *b, struct verdict *v, struct why *why)
{
    return brand_call(b, run_verdict, v, false, why);
}

/* Rows of a statement whose columns are as selected below. */
static enum err read_verdicts(struct sql_stmt *s, struct arena *arena, struct verdict **out,
                              size_t *count)
{
    VEC(struct verdict) list = {0};
    enum err err;
    for (bool row;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        struct verdict v = {.group = (uint32_t)sql_int(s, 0),
                            .persona = (uint32_t)sql_int(s, 1),
                            .verdict = (enum suspect_verdict)sql_int(s, 2),
                            .note = arena_str(arena, sql_str(s, 3)),
                            .said_by = arena_str(arena, sql_str(s, 4)),
                            .at = sql_int(s, 5)};
        VEC_PUSH(&list, v);
    }
    *out = arena_copy(arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err;
}

enum err verdict_list(struct sql *db, uint32_t group, struct arena *arena, struct verdict **out,
                      size_t *count)
{
    struct sql_stmt *s = sql_use(db, "SELECT of_group, persona, verdict, note, said_by, at FROM"
                                     " group_suspect WHERE of_group = $1 ORDER BY persona");
    sql_bind_int(s, 1, group);
    return read_verdicts(s, arena, out, count);
}

enum err verdicts_of(struct sql *db, uint32_t member, struct arena *arena, struct verdict **out,
                     size_t *count)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT of_group, persona, verdict, note, said_by, at FROM group_suspect WHERE"
                    " persona = $1 OR persona IN (SELECT p.persona FROM persona_member p WHERE"
                    " p.member = $1) ORDER BY at, of_group");
    sql_bind_int(s, 1, member);
    return read_verdicts(s, arena, out, count);
}

enum err verdict_erase(struct tx *tx, struct erasure *e)
{
    return erasure_take(tx, e, "group_suspect",
                        "DELETE FROM group_suspect WHERE persona = $1 RETURNING 1");
}
