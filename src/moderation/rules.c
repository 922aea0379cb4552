/* rules.c - rules as rows, and what they were before: a change copies the row to the versions. */
#include <stdio.h>

#include "moderation/internal.h"

#include "base/utf8.h"
#include "moderation/pattern.h"

#define COLUMNS                                                                                    \
    "id, kind, action, is_on, whole, exempt, traces, newcomer_hours, number, seconds, mute_hours," \
    " name, in_groups, terms, allow, author, version, changed_at"
#define BARE_COLUMNS                                                                               \
    "id, kind, action, is_on, whole, exempt, traces, newcomer_hours, number, seconds, mute_hours," \
    "name, in_groups, '', allow, author, version, changed_at"
#define VERSIONS_KEPT 20

#define RULE_TABLE                                                                                 \
    "id {int} NOT NULL, kind {int} NOT NULL, action {int} NOT NULL, is_on {int} NOT NULL,"         \
    " whole {int} NOT NULL, exempt {int} NOT NULL, traces {int} NOT NULL,"                         \
    " newcomer_hours {int} NOT NULL, number {int} NOT NULL, seconds {int} NOT NULL,"               \
    " mute_hours {int} NOT NULL, name {text} NOT NULL, in_groups {text} NOT NULL,"                 \
    " terms {text} NOT NULL, allow {text} NOT NULL, author {text} NOT NULL,"                       \
    " version {int} NOT NULL, changed_at {int} NOT NULL,"

const struct migration moderation_migrations[] = {
    {1, "CREATE TABLE moderation_rule (" RULE_TABLE " PRIMARY KEY (id));"
        "CREATE TABLE moderation_rule_version (" RULE_TABLE " PRIMARY KEY (id, version));"
        "CREATE TABLE moderation_case (id {int} PRIMARY KEY, seq {int} NOT NULL, at {int} NOT NULL,"
        " last_at {int} NOT NULL, times {int} NOT NULL, persona {int} NOT NULL, grp {int} NOT NULL,"
        " rule {int} NOT NULL, rule_version {int} NOT NULL, kind {int} NOT NULL,"
        " action {int} NOT NULL, mute_hours {int} NOT NULL, what {text} NOT NULL,"
        " quote {text} NOT NULL, span_from {int} NOT NULL, span_to {int} NOT NULL,"
        " message {text} NOT NULL, others {int} NOT NULL, state {int} NOT NULL, said_by {text}"
        " NOT NULL, said_at {int}, note {text} NOT NULL, task {int} NOT NULL, task_by {text}"
        " NOT NULL, task_at {int});"
        "CREATE INDEX moderation_case_persona ON moderation_case (persona, grp, rule);"
        "CREATE INDEX moderation_case_state ON moderation_case (state, id);"
        "CREATE INDEX moderation_case_rule ON moderation_case (rule, state);"
        "CREATE INDEX moderation_case_task ON moderation_case (task, id);"
        "CREATE INDEX moderation_case_last ON moderation_case (last_at);"
        "CREATE TABLE moderation_tally (day {int} NOT NULL, rule {int} NOT NULL, acted {int}"
        " NOT NULL, counted {int} NOT NULL, PRIMARY KEY (rule, day));"
        "CREATE TABLE moderation_joined (grp {int} NOT NULL, persona {int} NOT NULL, at {int}"
        " NOT NULL, PRIMARY KEY (grp, persona));"
        "CREATE INDEX moderation_joined_persona ON moderation_joined (persona);"
        "CREATE TABLE moderation_mark (id {int} PRIMARY KEY, at {int} NOT NULL, persona {int}"
        " NOT NULL, ad {int} NOT NULL, grams {blob} NOT NULL, said {real}, author {text}"
        " NOT NULL);"
        "CREATE INDEX moderation_mark_persona ON moderation_mark (persona)"},
    {0, NULL},
};

const char *const rule_kind_names[RULE_KINDS] = {"terms", "links",  "contacts",
                                                 "flood", "copies", "ads"};
const char *const rule_action_names[ACTIONS] = {"note", "hide", "warn", "mute", "remove"};

/* ---- reading ---- */

static struct moderation_rule read_row(struct sql_stmt *s, struct arena *arena)
{
    return (struct moderation_rule){
        .id = (uint32_t)sql_int(s, 0),
        .kind = (enum rule_kind)sql_int(s, 1),
        .action = (enum rule_action)sql_int(s, 2),
        .on = sql_int(s, 3),
        .whole = sql_int(s, 4),
        .exempt = (unsigned)sql_int(s, 5),
        .traces = (unsigned)sql_int(s, 6),
        .newcomer_hours = (int)sql_int(s, 7),
        .number = (int)sql_int(s, 8),
        .seconds = (int)sql_int(s, 9),
        .mute_hours = (int)sql_int(s, 10),
        .name = arena_str(arena, sql_str(s, 11)),
        .groups = arena_str(arena, sql_str(s, 12)),
        .terms = arena_str(arena, sql_str(s, 13)),
        .allow = arena_str(arena, sql_str(s, 14)),
        .author = arena_str(arena, sql_str(s, 15)),
        .version = (uint64_t)sql_int(s, 16),
        .changed_at = sql_int(s, 17),
    };
}

static enum err read_rows(struct sql_stmt *s, size_t max, struct arena *arena,
                          struct moderation_rule **out, size_t *count)
{
    struct moderation_rule *rules = arena_alloc_array(arena, max, sizeof(*rules));
    size_t n = 0;
    for (bool row = true; n < max;) {
        TRY(sql_step(s, &row));
        if (!row) break;
        rules[n++] = read_row(s, arena);
    }
    if (n == max) sql_reset(s);
    *out = rules;
    *count = n;
    return ERR_OK;
}

enum err moderation_rules(struct sql *db, bool whole, struct arena *arena,
                          struct moderation_rule **out, size_t *count, struct why *why)
{
    struct sql_stmt *s =
        whole ? sql_use(db, "SELECT " COLUMNS " FROM moderation_rule ORDER BY id")
              : sql_use(db, "SELECT " BARE_COLUMNS " FROM moderation_rule ORDER BY id");
    enum err err = read_rows(s, LIMIT_MODERATION_RULES, arena, out, count);
    return err == ERR_OK ? ERR_OK : moderation_broken(err, why);
}

enum err moderation_rule_get(struct sql *db, uint32_t id, struct arena *arena,
                             struct moderation_rule *out, struct why *why)
{
    struct moderation_rule *rules;
    size_t count;
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM moderation_rule WHERE id = $1");
    sql_bind_int(s, 1, id);
    enum err err = read_rows(s, 1, arena, &rules, &count);
    if (err != ERR_OK) return moderation_broken(err, why);
    if (!count) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "rule");
    *out = rules[0];
    return ERR_OK;
}

enum err moderation_rule_versions(struct sql *db, uint32_t id, struct arena *arena,
                                  struct moderation_rule **out, size_t *count, struct why *why)
{
    struct sql_stmt *s = sql_use(db, "SELECT " BARE_COLUMNS " FROM moderation_rule_version"
                                     " WHERE id = $1 ORDER BY version DESC");
    sql_bind_int(s, 1, id);
    enum err err = read_rows(s, VERSIONS_KEPT, arena, out, count);
    return err == ERR_OK ? ERR_OK : moderation_broken(err, why);
}

/* ---- checking ---- */

static enum err check_terms(const struct moderation_rule *r, struct why *why)
{
    struct term_counts counts = moderation_count_terms(r->terms);
    struct term_line line = {0};
    struct str rest = r->terms;
    struct pattern pattern;
    if (r->terms.len > LIMIT_MODERATION_TERMS_BYTES)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "terms", "%d",
                        LIMIT_MODERATION_TERMS_BYTES);
    if (counts.words + counts.patterns > LIMIT_MODERATION_TERMS)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "terms", "%d", LIMIT_MODERATION_TERMS);
    if (counts.patterns > LIMIT_MODERATION_PATTERNS)
        return why_fail(why, ERR_TOO_LARGE, MSG_MODERATION_PATTERNS, "terms", "%d",
                        LIMIT_MODERATION_PATTERNS);
    while (term_next(&rest, &line)) {
        char field[32];
        (void)snprintf(field, sizeof(field), "terms, line %u", line.line);
        if (line.text.len > LIMIT_CODE_BYTES)
            return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, field, "%d", LIMIT_CODE_BYTES);
        if (line.pattern) TRY(pattern_parse(line.text, &pattern, NULL, field, why));
    }
    return ERR_OK;
}

enum err moderation_rule_check(const struct moderation_rule *r, struct why *why)
{
    bool counts = r->kind == RULE_FLOOD || r->kind == RULE_COPIES;
    int most = r->kind == RULE_FLOOD ? FLOOD_MESSAGES : COPIES_GROUPS;
    if (!r->name.len) return why_fail(why, ERR_INVALID, MSG_MISSING, "name", NULL);
    if (r->kind == RULE_TERMS) TRY(check_terms(r, why));
    if ((r->kind == RULE_LINKS || r->kind == RULE_CONTACTS) && !r->traces)
        return why_fail(why, ERR_INVALID, MSG_MISSING, "traces", NULL);
    if (counts && (r->number < 2 || r->number > most))
        return why_fail(why, ERR_INVALID, MSG_MODERATION_NUMBER, "number", "2|%d", most);
    if (counts && (r->seconds < 1 || r->seconds > TIME_DAY / TIME_SECOND))
        return why_fail(why, ERR_INVALID, MSG_MODERATION_NUMBER, "seconds", "1|%d",
                        (int)(TIME_DAY / TIME_SECOND));
    return ERR_OK;
}

/* ---- changing, on the writer ---- */

static enum err check_version(struct sql *db, const struct moderation_rule *r, struct why *why)
{
    int64_t version;
    struct sql_stmt *s = sql_use(db, "SELECT version FROM moderation_rule WHERE id = $1");
    sql_bind_int(s, 1, r->id);
    TRY(sql_number(s, 0, &version));
    if (!version) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "rule");
    if ((uint64_t)version == r->version) return ERR_OK;
    return why_fail(why, ERR_PRECONDITION, MSG_CHANGED_MEANWHILE, "", NULL);
}

static enum err keep_version(struct sql *db, const struct moderation_rule *r)
{
    struct sql_stmt *s = sql_use(db, "INSERT INTO moderation_rule_version (" COLUMNS ")"
                                     " SELECT " COLUMNS " FROM moderation_rule WHERE id = $1");
    sql_bind_int(s, 1, r->id);
    TRY(sql_run(s));
    s = sql_use(db, "DELETE FROM moderation_rule_version WHERE id = $1 AND version <= $2");
    sql_bind_int(s, 1, r->id);
    sql_bind_int(s, 2, (int64_t)r->version - VERSIONS_KEPT);
    return sql_run(s);
}

static enum err write_row(struct sql *db, const struct moderation_rule *r)
{
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO moderation_rule (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7,"
            " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (id) DO"
            " UPDATE SET kind = excluded.kind, action = excluded.action,"
            " is_on = excluded.is_on, whole = excluded.whole, exempt = excluded.exempt,"
            " traces = excluded.traces, newcomer_hours = excluded.newcomer_hours,"
            " number = excluded.number, seconds = excluded.seconds,"
            " mute_hours = excluded.mute_hours, name = excluded.name,"
            " in_groups = excluded.in_groups, terms = excluded.terms, allow = excluded.allow,"
            " author = excluded.author, version = excluded.version,"
            " changed_at = excluded.changed_at");
    const int64_t numbers[] = {r->id,     r->kind,    r->action,    r->on,
                               r->whole,  r->exempt,  r->traces,    r->newcomer_hours,
                               r->number, r->seconds, r->mute_hours};
    const struct str texts[] = {r->name, r->groups, r->terms, r->allow, r->author};
    for (int i = 0; i < 11; i++)
        sql_bind_int(s, 1 + i, numbers[i]);
    for (int i = 0; i < 5; i++)
        sql_bind_str(s, 12 + i, texts[i].p ? texts[i] : STR(""));
    sql_bind_int(s, 17, (int64_t)r->version);
    sql_bind_int(s, 18, r->changed_at);
    return sql_run(s);
}

/* The numbers of rules that were are not given again: cases speak of them. */
static enum err next_id(struct sql *db, uint32_t *out, struct why *why)
{
    int64_t count, highest, former;
    TRY(sql_number(sql_use(db, "SELECT COUNT(*) FROM moderation_rule"), 0, &count));
    TRY(sql_number(sql_use(db, "SELECT COALESCE(MAX(id), 0) FROM moderation_rule"), 0, &highest));
    TRY(sql_number(sql_use(db, "SELECT COALESCE(MAX(id), 0) FROM moderation_rule_version"), 0,
                   &former));
    if (count >= LIMIT_MODERATION_RULES)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_MODERATION_RULES);
    *out = (uint32_t)(highest > former ? highest : former) + 1;
    return ERR_OK;
}

struct change {
    const struct moderation_rule *rule; /* the caller's */
    uint32_t id;                        /* as they are then */
    uint64_t version;
    int64_t changed_at;
};

static enum err run_save(struct tx *tx, void *arg, struct why *why)
{
    struct change *c = arg;
    struct moderation_rule r = *c->rule;
    if (r.id) {
        TRY(check_version(tx_sql(tx), &r, why));
        TRY(keep_version(tx_sql(tx), &r));
    } else {
        TRY(next_id(tx_sql(tx), &r.id, why));
        r.version = 0;
    }
    c->id = r.id;
    c->version = ++r.version;
    c->changed_at = r.changed_at = tx_now(tx);
    return write_row(tx_sql(tx), &r);
}

static enum err run_remove(struct tx *tx, void *arg, struct why *why)
{
    const struct moderation_rule *r = ((struct change *)arg)->rule;
    TRY(check_version(tx_sql(tx), r, why));
    TRY(keep_version(tx_sql(tx), r));
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM moderation_rule WHERE id = $1");
    sql_bind_int(s, 1, r->id);
    return sql_run(s);
}

/* From here on messages are judged by the rules that are stored. */
static enum err bring_into_use(struct brand *b, struct why *why)
{
    struct sql *db = NULL;
    TRY(brand_reader(b, &db, why));
    enum err err = room_make_book(room_of(b), db, why);
    sql_close(db);
    return err;
}

enum err moderation_rule_save(struct brand *b, struct moderation_rule *r, struct why *why)
{
    struct change c = {.rule = r};
    TRY(moderation_rule_check(r, why));
    TRY(brand_call(b, run_save, &c, false, why));
    r->id = c.id;
    r->version = c.version;
    r->changed_at = c.changed_at;
    return bring_into_use(b, why);
}

enum err moderation_rule_remove(struct brand *b, const struct moderation_rule *r, struct why *why)
{
    struct change c = {.rule = r};
    TRY(brand_call(b, run_remove, &c, false, why));
    return bring_into_use(b, why);
}

enum err moderation_result(struct sql *db, uint32_t rule, struct rule_result *out)
{
    int64_t counted;
    *out = (struct rule_result){0};
    struct sql_stmt *s =
        sql_use(db, "SELECT state, COUNT(*) FROM moderation_case WHERE rule = $1 GROUP BY state");
    sql_bind_int(s, 1, rule);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) break;
        uint64_t n = (uint64_t)sql_int(s, 1);
        int64_t state = sql_int(s, 0);
        if (state == CASE_OPEN) out->open += n;
        if (state == CASE_CONFIRMED || state == CASE_APPEALED) out->confirmed += n;
        if (state == CASE_DISMISSED) out->dismissed += n;
    }
    s = sql_use(db, "SELECT COALESCE(SUM(counted), 0) FROM moderation_tally WHERE rule = $1");
    sql_bind_int(s, 1, rule);
    TRY(sql_number(s, 0, &counted));
    out->counted = (uint64_t)counted;
    return ERR_OK;
}
