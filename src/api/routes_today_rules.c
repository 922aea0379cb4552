/* routes_today_rules.c - the reasons of the list of the day: what they are, for how many they hold,
 * and what they have been worth. */
#include "api/asking.h"
#include "api/internal.h"
#include "api/put.h"
#include "segments/segments.h"
#include "today/today.h"

static const char *const troubles[] = {NULL, "unreadable", "unknown"};

static void put_result(struct json_writer *w, const struct today_result *r, int weight)
{
    struct today_lift l = today_lift(r, weight);
    put_object(w, "result");
    put_int(w, "shown", (int64_t)r->shown);
    put_int(w, "shown_back", (int64_t)r->shown_back);
    put_int(w, "withheld", (int64_t)r->withheld);
    put_int(w, "withheld_back", (int64_t)r->withheld_back);
    put_int(w, "waiting", (int64_t)r->waiting);
    put_int(w, "done", (int64_t)r->done);
    put_int(w, "snoozed", (int64_t)r->snoozed);
    put_int(w, "useless", (int64_t)r->useless);
    put_real_or_null(w, "lift", l.lift, l.known);
    put_real_or_null(w, "low", l.low, l.known);
    put_real_or_null(w, "high", l.high, l.known);
    put_real(w, "learnt", l.learnt);
    put_real(w, "useful", l.useful);
    put_real(w, "score", l.score);
    json_end_object(w);
}

static enum err put_rule(struct call *c, struct json_writer *w, const struct today_rule *r,
                         struct why *why)
{
    struct sql *db;
    struct today_result result;
    TRY(call_reader(c, &db, why));
    enum err err = today_results(db, r->code, env_now(brand_env(c->brand)), &result);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    json_begin_object(w);
    put_str(w, "code", r->code);
    put_bool(w, "builtin", r->builtin);
    put_bool(w, "changed", r->changed);
    put_bool(w, "on", r->on);
    put_bool(w, "live", r->live);
    put_int(w, "weight", r->weight);
    put_int(w, "again_days", r->again_days);
    put_str(w, "expression", r->expr);
    put_str(w, "say_en", r->say[LANG_EN]);
    put_str(w, "say_zh", r->say[LANG_ZH]);
    put_str(w, "n", r->number[TODAY_N]);
    put_str(w, "a", r->number[TODAY_A]);
    put_str(w, "b", r->number[TODAY_B]);
    put_str(w, "trouble", str_of(troubles[today_rule_trouble(c->brand, r)]));
    put_str(w, "author", r->author.len ? r->author : str_of(NULL));
    put_int(w, "version", (int64_t)r->version);
    put_time(c, w, "changed_at", r->changed_at);
    put_result(w, &result, r->weight);
    json_end_object(w);
    return ERR_OK;
}

static enum err read_rules(struct call *c, struct today_rule **out, size_t *count, struct why *why)
{
    struct sql *db;
    TRY(call_reader(c, &db, why));
    return today_rules(db, c->arena, out, count, why);
}

static enum err list_rules(struct call *c, struct json_writer *w, struct why *why)
{
    struct today_rule *rules;
    size_t count;
    TRY(read_rules(c, &rules, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        TRY(put_rule(c, w, &rules[i], why));
    put_items_end(w);
    return ERR_OK;
}

static enum err find(struct call *c, struct today_rule *out, struct why *why)
{
    struct sql *db;
    TRY(call_reader(c, &db, why));
    enum err err = today_rule_get(db, call_param(c, "code"), c->arena, out, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

/* ---- changing ---- */

/* {"on", "weight", "expression"}, into the arena. */
static struct str told(const struct call *c, const struct today_rule *r)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_bool(&w, "on", r->on);
    put_int(&w, "weight", r->weight);
    put_str(&w, "expression", r->expr);
    json_end_object(&w);
    struct str out = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return out;
}

static enum err tell(const struct call *c, const struct today_rule *before,
                     const struct today_rule *after, struct why *why)
{
    const struct str none = {NULL, 0};
    const struct today_rule *any = after ? after : before;
    return call_audit(c, arena_printf(c->arena, "rule:" STR_FMT, STR_ARG(any->code)),
                      before ? told(c, before) : none, after ? told(c, after) : none, why);
}

/* A sentence stands for itself in the other language. */
static enum err read_wanted(const struct call *c, struct today_rule *r, struct why *why)
{
    static const char *const says[] = {"say_en", "say_zh"};
    static const char *const numbers[] = {"n", "a", "b"};
    r->on = call_bool(c, "on");
    r->live = call_bool(c, "live");
    r->weight = (int)call_int(c, "weight");
    r->again_days = (int)call_int(c, "again_days");
    r->expr = call_str(c, "expression");
    for (int i = 0; i < TODAY_LANGS; i++)
        r->say[i] = call_has(c, says[i]) ? str_trim(call_str(c, says[i])) : STR("");
    for (int i = 0; i < TODAY_NUMBERS; i++)
        r->number[i] = call_has(c, numbers[i]) ? str_trim(call_str(c, numbers[i])) : STR("");
    if (!r->say[0].len && !r->say[1].len)
        return why_fail(why, ERR_INVALID, MSG_MISSING, "say_zh", NULL);
    if (!r->say[0].len) r->say[0] = r->say[1];
    if (!r->say[1].len) r->say[1] = r->say[0];
    r->author = str_of(c->who->name);
    return ERR_OK;
}

static enum err add_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct today_rule r = {.code = call_str(c, "code")}, old;
    struct sql *db;
    TRY(read_wanted(c, &r, why));
    TRY(call_reader(c, &db, why));
    if (today_rule_get(db, r.code, c->arena, &old, why) == ERR_OK)
        return why_fail(why, ERR_CONFLICT, MSG_TODAY_RULE_TAKEN, "code", STR_FMT, STR_ARG(r.code));
    TRY(today_rule_save(c->brand, &r, c->arena, why));
    TRY(tell(c, NULL, &r, why));
    c->status = 201;
    call_etag(c, r.version);
    return put_rule(c, w, &r, why);
}

static enum err change_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct today_rule r;
    TRY(find(c, &r, why));
    TRY(call_if_match(c, r.version, why));
    const struct today_rule before = r;
    TRY(read_wanted(c, &r, why));
    TRY(today_rule_save(c->brand, &r, c->arena, why));
    TRY(tell(c, &before, &r, why));
    call_etag(c, r.version);
    return put_rule(c, w, &r, why);
}

static enum err reset_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct today_rule r;
    (void)w;
    TRY(find(c, &r, why));
    TRY(call_if_match(c, r.version, why));
    TRY(today_rule_reset(c->brand, &r, why));
    return tell(c, &r, NULL, why);
}

/* ---- for how many ---- */

static enum err preview(struct call *c, struct json_writer *w, struct why *why)
{
    struct today_rule *rules;
    size_t count;
    struct asking asking;
    TRY(read_rules(c, &rules, &count, why));
    if (call_has(c, "expression")) {
        struct expr_catalog catalog;
        const struct expr *e;
        rules[0] = (struct today_rule){.code = STR(""), .expr = call_str(c, "expression")};
        count = 1;
        segments_catalog(c->brand, &catalog);
        TRY(expr_parse(c->arena, &catalog, EXPR_MEMBER, rules[0].expr, "expression", &e, why));
    }
    uint64_t *counts = arena_alloc_array(c->arena, count, sizeof(*counts));
    asking_begin(&asking, c->brand, call_lang(c), c->budget);
    enum err err = today_count(c->brand, rules, count, asking.in.budget, counts, why);
    asking_end(&asking);
    TRY(err);
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        put_str(w, "code", rules[i].code);
        put_int(w, "members", (int64_t)counts[i]);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- settings ---- */

static enum err put_settings(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct today_settings s;
    TRY(call_reader(c, &db, why));
    enum err err = today_get_settings(db, &s);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    json_begin_object(w);
    put_bool(w, "enabled", s.enabled);
    put_int(w, "hour", s.hour);
    put_int(w, "per_day", s.per_day);
    json_end_object(w);
    return ERR_OK;
}

static enum err set_settings(struct call *c, struct json_writer *w, struct why *why)
{
    const struct today_settings s = {.hour = (int)call_int(c, "hour"),
                                     .per_day = (int)call_int(c, "per_day"),
                                     .enabled = call_bool(c, "enabled")};
    (void)w;
    TRY(today_set_settings(c->brand, &s, why));
    const char *after = arena_printf(c->arena, "{\"enabled\":%s,\"hour\":%d,\"per_day\":%d}",
                                     s.enabled ? "true" : "false", s.hour, s.per_day);
    return call_audit(c, "today", (struct str){NULL, 0}, str_of(after), why);
}

/* ---- the table ---- */

#define RULE_FIELDS                                                                                \
    {.name = "expression",                                                                         \
     .type = SPEC_TEXT,                                                                            \
     .required = true,                                                                             \
     .min = 1,                                                                                     \
     .max = LIMIT_EXPR_BYTES,                                                                      \
     .doc = "for whom it holds (docs/expressions.md)"},                                            \
        {.name = "weight",                                                                         \
         .type = SPEC_INT,                                                                         \
         .required = true,                                                                         \
         .min = 0,                                                                                 \
         .max = 100,                                                                               \
         .doc = "what it is thought to be worth: tenths of a point of retention"},                 \
        {.name = "on", .type = SPEC_BOOL, .fallback = "true", .doc = "is it used?"},               \
        {.name = "live",                                                                           \
         .type = SPEC_BOOL,                                                                        \
         .fallback = "false",                                                                      \
         .doc = "is it looked at as things happen, or once a day?"},                               \
        {.name = "again_days",                                                                     \
         .type = SPEC_INT,                                                                         \
         .min = TODAY_AGAIN_DAYS,                                                                  \
         .max = TODAY_KEEP_DAYS,                                                                   \
         .fallback = "30",                                                                         \
         .doc = "days before it is given again for the same member"},                              \
        {.name = "say_en",                                                                         \
         .type = SPEC_TEXT,                                                                        \
         .max = LIMIT_TODAY_SENTENCE_BYTES,                                                        \
         .doc = "the sentence; {n}, {a} and {b} stand for numbers. One of the two is needed"},     \
        {.name = "say_zh",                                                                         \
         .type = SPEC_TEXT,                                                                        \
         .max = LIMIT_TODAY_SENTENCE_BYTES,                                                        \
         .doc = "the sentence in Chinese"},                                                        \
        {.name = "n",                                                                              \
         .type = SPEC_TEXT,                                                                        \
         .max = 400,                                                                               \
         .doc = "what {n} is, such as \"days last_order\" (docs/today.md)"},                       \
        {.name = "a", .type = SPEC_TEXT, .max = 400, .doc = "what {a} is"},                        \
    {                                                                                              \
        .name = "b", .type = SPEC_TEXT, .max = 400, .doc = "what {b} is"                           \
    }

static const struct spec_field add_body[] = {
    {.name = "code",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_SEGMENT_CODE_BYTES,
     .doc = "a-z, 0-9, - and _; never changes"},
    RULE_FIELDS,
    {0},
};

static const struct spec_field change_body[] = {RULE_FIELDS, {0}};

static const struct spec_field preview_body[] = {
    {.name = "expression",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "of this one alone; without it, of all rules"},
    {0},
};

static const struct spec_field settings_body[] = {
    {.name = "enabled", .type = SPEC_BOOL, .required = true, .doc = "are lists made?"},
    {.name = "hour",
     .type = SPEC_INT,
     .required = true,
     .min = 0,
     .max = 23,
     .doc = "at which the day's lists are made, in the brand's zone"},
    {.name = "per_day",
     .type = SPEC_INT,
     .required = true,
     .min = 1,
     .max = LIMIT_TODAY_A_DAY,
     .doc = "members on one person's list"},
    {0},
};

#define RULE                                                                                       \
    "{\"code\":\"due\",\"builtin\":true,\"changed\":false,\"on\":true,\"live\":false,"             \
    "\"weight\":55,\"again_days\":30,\"expression\":\"order_due between now - 14d and now\","      \
    "\"say_en\":\"order due: every {a} days\",\"say_zh\":\"该复购了：平均 {a} 天一单\"," \
    "\"n\":\"\",\"a\":\"order_gap\",\"b\":\"days last_order\",\"trouble\":\"unreadable\","         \
    "\"author\":\"anna\",\"version\":2,\"changed_at\":\"2025-03-01T08:00:00+08:00\","              \
    "\"result\":{\"shown\":410,\"shown_back\":205,\"withheld\":44,\"withheld_back\":17,"           \
    "\"waiting\":60,\"done\":300,\"snoozed\":20,\"useless\":12,\"lift\":0.114,\"low\":-0.043,"     \
    "\"high\":0.256,\"learnt\":0.305,\"useful\":0.962,\"score\":0.07}}"
#define BARE                                                                                       \
    "{\"trouble\":null,\"author\":null,\"changed_at\":null,"                                       \
    "\"result\":{\"lift\":null,\"low\":null,\"high\":null}}"

const struct spec today_rule_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/today/rules",
     .scope = SCOPE_INSIGHT_READ,
     .handle = list_rules,
     .summary = "The reasons for suggestions, and what each has been worth",
     .reply = "{\"items\":[" RULE "],\"next\":null}\n~{\"items\":[" BARE "]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/today/rules",
     .scope = SCOPE_BOARDS_WRITE,
     .body = add_body,
     .body_max = 16384,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_rule,
     .audit = "today.rule.added",
     .summary = "Add a reason of the brand's own",
     .reply = RULE "\n~" BARE},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/today/rules/{code}",
     .scope = SCOPE_BOARDS_WRITE,
     .body = change_body,
     .body_max = 16384,
     .handle = change_rule,
     .audit = "today.rule.changed",
     .summary = "Change a reason; If-Match names the version meant",
     .reply = RULE "\n~" BARE},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/today/rules/{code}",
     .scope = SCOPE_BOARDS_WRITE,
     .handle = reset_rule,
     .audit = "today.rule.removed",
     .summary = "Remove a reason of the brand's own, or have a built-in one as it came",
     .reply = NULL},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/today/preview",
     .scope = SCOPE_INSIGHT_READ,
     .body = preview_body,
     .body_max = 8192,
     .flags = SPEC_QUESTION,
     .handle = preview,
     .summary = "For how many members each reason holds now, or one expression",
     .reply = "{\"items\":[{\"code\":\"due\",\"members\":214}],\"next\":null}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/today/settings",
     .scope = SCOPE_SETTINGS_READ,
     .handle = put_settings,
     .summary = "When the lists of the day are made, and how long they are",
     .reply = "{\"enabled\":true,\"hour\":7,\"per_day\":15}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/today/settings",
     .scope = SCOPE_SETTINGS_WRITE,
     .body = settings_body,
     .body_max = 1024,
     .handle = set_settings,
     .audit = "today.settings",
     .summary = "Change when the lists of the day are made, and how long they are",
     .reply = NULL},
    {0},
};
