/* rules.c - the rules there are: those that come with the product, with what a brand has changed of
 * them laid over, and its own. Only what differs is stored. */
#include "today/internal.h"

#define COLUMNS                                                                                    \
    "code, is_on, live, weight, again_days, expr, say_en, say_zh, number_n, number_a, number_b,"   \
    " author, version, changed_at"

const struct migration today_migrations[] = {
    {1, "CREATE TABLE today_rule (code {text} PRIMARY KEY, is_on {int} NOT NULL, live {int} NOT"
        " NULL, weight {int} NOT NULL, again_days {int} NOT NULL, expr {text} NOT NULL,"
        " say_en {text} NOT NULL, say_zh {text} NOT NULL, number_n {text} NOT NULL,"
        " number_a {text} NOT NULL, number_b {text} NOT NULL, author {text} NOT NULL,"
        " version {int} NOT NULL, changed_at {int} NOT NULL);"
        "CREATE TABLE today_setting (id {int} PRIMARY KEY, enabled {int} NOT NULL,"
        " hour {int} NOT NULL, per_day {int} NOT NULL);"
        "CREATE TABLE today_day (day {int} PRIMARY KEY, made_at {int} NOT NULL,"
        " held {int} NOT NULL);"
        "CREATE TABLE today_item (id {int} PRIMARY KEY, day {int} NOT NULL, made_at {int} NOT NULL,"
        " persona {int} NOT NULL, owner {text} NOT NULL, rule {text} NOT NULL,"
        " score {int} NOT NULL, number_n {int}, number_a {int}, number_b {int}, withheld {int} NOT "
        "NULL,"
        " state {int} NOT NULL, said_by {text} NOT NULL, state_at {int}, until {int} NOT NULL,"
        " because {int} NOT NULL, settled_at {int}, back {int});"
        "CREATE INDEX today_item_owner ON today_item (owner, day);"
        "CREATE INDEX today_item_persona ON today_item (persona);"
        "CREATE INDEX today_item_made ON today_item (made_at);"
        "CREATE INDEX today_item_day ON today_item (day)"},
    {0, NULL},
};

/* ---- reading ---- */

static struct today_rule read_row(struct sql_stmt *s, struct arena *arena)
{
    return (struct today_rule){
        .code = arena_str(arena, sql_str(s, 0)),
        .changed = true,
        .on = sql_int(s, 1),
        .live = sql_int(s, 2),
        .weight = (int)sql_int(s, 3),
        .again_days = (int)sql_int(s, 4),
        .expr = arena_str(arena, sql_str(s, 5)),
        .say = {arena_str(arena, sql_str(s, 6)), arena_str(arena, sql_str(s, 7))},
        .number = {arena_str(arena, sql_str(s, 8)), arena_str(arena, sql_str(s, 9)),
                   arena_str(arena, sql_str(s, 10))},
        .author = arena_str(arena, sql_str(s, 11)),
        .version = (uint64_t)sql_int(s, 12),
        .changed_at = sql_int(s, 13),
    };
}

static struct str number_of(const struct builtin *b, int which)
{
    return b->number[which] ? str_of(b->number[which]) : STR("");
}

static struct today_rule as_it_came(const struct builtin *b)
{
    return (struct today_rule){
        .code = str_of(b->code),
        .builtin = true,
        .on = true,
        .live = b->live,
        .weight = b->weight,
        .again_days = b->again_days,
        .expr = str_of(b->expr),
        .say = {str_of(b->say[0]), str_of(b->say[1])},
        .number = {number_of(b, TODAY_N), number_of(b, TODAY_A), number_of(b, TODAY_B)},
        .author = STR(""),
        .changed_at = TIME_NONE,
    };
}

static size_t place_of(const struct today_rule *rules, size_t count, struct str code)
{
    size_t i = 0;
    while (i < count && !str_eq(rules[i].code, code))
        i++;
    return i;
}

static enum err read_rules(struct sql *db, struct arena *arena, struct today_rule *rules,
                           size_t *count)
{
    *count = 0;
    for (const struct builtin *b = today_builtins; b->code; b++)
        rules[(*count)++] = as_it_came(b);
    size_t builtin = *count;
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM today_rule ORDER BY code LIMIT $1");
    sql_bind_int(s, 1, LIMIT_TODAY_RULES);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct today_rule rule = read_row(s, arena);
        size_t place = place_of(rules, builtin, rule.code);
        rule.builtin = place < builtin;
        rules[rule.builtin ? place : (*count)++] = rule;
    }
}

enum err today_rules(struct sql *db, struct arena *arena, struct today_rule **out, size_t *count,
                     struct why *why)
{
    /* not more rows than the limit, beside the built-in ones */
    struct today_rule *rules = arena_alloc_array(arena, 2 * LIMIT_TODAY_RULES, sizeof(*rules));
    *out = rules;
    enum err err = read_rules(db, arena, rules, count);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err today_rule_get(struct sql *db, struct str code, struct arena *arena,
                        struct today_rule *out, struct why *why)
{
    struct today_rule *rules = NULL;
    size_t count = 0;
    TRY(today_rules(db, arena, &rules, &count, why));
    size_t place = place_of(rules, count, code);
    if (place == count) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "rule");
    *out = rules[place];
    return ERR_OK;
}

enum today_trouble today_rule_trouble(struct brand *b, const struct today_rule *r)
{
    struct arena *arena = arena_create(0);
    struct expr_catalog catalog;
    const struct expr *e;
    struct why why;
    enum today_trouble trouble = TODAY_FINE;
    segments_catalog(b, &catalog);
    if (expr_parse(arena, &catalog, EXPR_MEMBER, r->expr, "expression", &e, &why) != ERR_OK) {
        trouble = TODAY_UNREADABLE;
    } else if (expr_warning_count(e) > 0) {
        trouble = TODAY_UNKNOWN;
    }
    arena_destroy(arena);
    return trouble;
}

/* ---- changing, on the writer ---- */

/* What a command is given and gives back; a batch may run again, so each run begins anew. */
struct change {
    const struct today_rule *rule; /* the caller's */
    uint64_t version;              /* as it is then */
    int64_t changed_at;
};

static enum err write_rule(struct sql *db, const struct today_rule *r)
{
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO today_rule (" COLUMNS
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
            " ON CONFLICT (code) DO UPDATE SET is_on = excluded.is_on, live = excluded.live,"
            " weight = excluded.weight, again_days = excluded.again_days, expr = excluded.expr,"
            " say_en = excluded.say_en, say_zh = excluded.say_zh, number_n = excluded.number_n,"
            " number_a = excluded.number_a, number_b = excluded.number_b,"
            " author = excluded.author, version = excluded.version,"
            " changed_at = excluded.changed_at");
    sql_bind_str(s, 1, r->code);
    sql_bind_int(s, 2, r->on);
    sql_bind_int(s, 3, r->live);
    sql_bind_int(s, 4, r->weight);
    sql_bind_int(s, 5, r->again_days);
    sql_bind_str(s, 6, r->expr);
    for (int i = 0; i < TODAY_LANGS; i++)
        sql_bind_str(s, 7 + i, r->say[i]);
    for (int i = 0; i < TODAY_NUMBERS; i++)
        sql_bind_str(s, 9 + i, r->number[i]);
    sql_bind_str(s, 12, r->author);
    sql_bind_int(s, 13, (int64_t)r->version);
    sql_bind_int(s, 14, r->changed_at);
    return sql_run(s);
}

static enum err check_version(struct tx *tx, const struct today_rule *r, bool may_be_new,
                              struct why *why)
{
    struct today_rule *rules = NULL;
    size_t count = 0;
    TRY(today_rules(tx_sql(tx), tx_arena(tx), &rules, &count, why));
    size_t place = place_of(rules, count, r->code);
    if (place < count && rules[place].version == r->version) return ERR_OK;
    if (place < count) return why_fail(why, ERR_PRECONDITION, MSG_CHANGED_MEANWHILE, "", NULL);
    if (!may_be_new || r->version)
        return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "rule");
    if (count < LIMIT_TODAY_RULES) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_TODAY_RULES);
}

static void wake(struct tx *tx)
{
    room_of(tx_brand(tx))->woken = true;
}

static enum err run_save(struct tx *tx, void *arg, struct why *why)
{
    struct change *c = arg;
    struct today_rule r = *c->rule;
    TRY(check_version(tx, &r, true, why));
    c->version = r.version = r.version + 1;
    c->changed_at = r.changed_at = tx_now(tx);
    wake(tx);
    return write_rule(tx_sql(tx), &r);
}

static enum err run_reset(struct tx *tx, void *arg, struct why *why)
{
    const struct today_rule *r = ((struct change *)arg)->rule;
    TRY(check_version(tx, r, false, why));
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM today_rule WHERE code = $1");
    sql_bind_str(s, 1, r->code);
    wake(tx);
    return sql_run(s);
}

static enum err check(struct brand *b, struct today_rule *r, struct arena *arena, struct why *why)
{
    static const char *const fields[] = {"n", "a", "b"};
    struct expr_catalog catalog;
    const struct expr *e;
    struct strbuf text = {0};
    segments_catalog(b, &catalog);
    TRY(expr_parse(arena, &catalog, EXPR_MEMBER, r->expr, "expression", &e, why));
    for (int i = 0; i < TODAY_NUMBERS; i++)
        TRY(fill_check(b, r->number[i], fields[i], arena, why));
    expr_print(e, &text);
    r->expr = arena_str(arena, strbuf_str(&text));
    strbuf_finish(&text);
    return ERR_OK;
}

enum err today_rule_save(struct brand *b, struct today_rule *r, struct arena *arena,
                         struct why *why)
{
    struct change c = {.rule = r};
    if (!segment_code_valid(r->code))
        return why_fail(why, ERR_INVALID, MSG_SEGMENT_CODE, "code", "%d", LIMIT_SEGMENT_CODE_BYTES);
    TRY(check(b, r, arena, why));
    TRY(brand_call(b, run_save, &c, false, why));
    r->version = c.version;
    r->changed_at = c.changed_at;
    r->changed = true;
    return ERR_OK;
}

enum err today_rule_reset(struct brand *b, const struct today_rule *r, struct why *why)
{
    struct change c = {.rule = r};
    return brand_call(b, run_reset, &c, false, why);
}

/* ---- counting ---- */

struct counting {
    size_t count;
    size_t waiting_rule;       /* the place of the one that TODAY_WAITING is; 'count' = none */
    roaring_bitmap_t *waiting; /* for whom it may hold; NULL = nobody */
    uint64_t *found[LIMIT_QUERY_WORKERS];
};

static void count_one(void *ctx, int worker, uint32_t member, const uint8_t *answers, int64_t due)
{
    struct counting *c = ctx;
    (void)due;
    for (size_t i = 0; i < c->count; i++) {
        if (i == c->waiting_rule && !(c->waiting && roaring_bitmap_contains(c->waiting, member)))
            continue;
        c->found[worker][i] += answers[i];
    }
}

/* Who waits for an answer, if a rule is about them. */
static enum err read_waiting(struct brand *b, const struct today_rule *rules, struct counting *c,
                             struct budget *budget, struct why *why)
{
    struct sql *db;
    for (c->waiting_rule = 0; c->waiting_rule < c->count; c->waiting_rule++) {
        if (str_is(rules[c->waiting_rule].code, TODAY_WAITING)) break;
    }
    if (c->waiting_rule == c->count) return ERR_OK;
    TRY(brand_reader(b, &db, why));
    enum err err = waiting_members(b, db, env_now(brand_env(b)), budget, &c->waiting, why);
    sql_close(db);
    return err;
}

enum err today_count(struct brand *b, const struct today_rule *rules, size_t count,
                     struct budget *budget, uint64_t *counts, struct why *why)
{
    struct counting c = {.count = count};
    TRY(read_waiting(b, rules, &c, budget, why));
    struct str texts[2 * LIMIT_TODAY_RULES];
    struct snapshot *snapshot = brand_snapshot(b);
    const int workers = 2;
    for (size_t i = 0; i < count; i++)
        texts[i] = rules[i].expr;
    struct panel *panel = panel_create(b, texts, count);
    const struct panel_scan scan = {
        .snapshot = snapshot, .workers = workers, .budget = budget, .fn = count_one, .ctx = &c};
    for (int w = 0; w < workers; w++)
        c.found[w] = mem_alloc_array(count + 1, sizeof(uint64_t));
    enum err err = panel_scan(panel, &scan, why);
    for (size_t i = 0; i < count; i++)
        counts[i] = c.found[0][i] + c.found[1][i];
    for (int w = 0; w < workers; w++)
        mem_free(c.found[w]);
    if (c.waiting) roaring_bitmap_free(c.waiting);
    panel_destroy(panel);
    brand_snapshot_release(snapshot);
    return err;
}
