/* routes_moderation_rules.c - rules of order in groups, and what they were before. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/put.h"
#include "moderation/moderation.h"

static const char *const roles[] = {"staff", "bot", "partner"}; /* by bit of EXEMPT_* */
enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

/* ---- showing ---- */

static void put_bits(struct json_writer *w, const char *key, const char *const *names, int count,
                     unsigned bits)
{
    put_array(w, key);
    for (int i = 0; i < count; i++) {
        if (bits >> i & 1) json_text(w, names[i]);
    }
    json_end_array(w);
}

/* Names a line each, as a list. */
static void put_lines(struct json_writer *w, const char *key, struct str lines)
{
    put_array(w, key);
    while (lines.len) {
        struct str line = str_trim(str_cut(&lines, '\n'));
        if (line.len) json_str(w, line);
    }
    json_end_array(w);
}

static void put_fields(const struct call *c, struct json_writer *w, const struct moderation_rule *r)
{
    put_int(w, "id", r->id);
    put_str(w, "name", r->name);
    put_text(w, "kind", rule_kind_names[r->kind]);
    put_text(w, "action", rule_action_names[r->action]);
    put_bool(w, "on", r->on);
    put_bool(w, "whole", r->whole);
    put_bits(w, "exempt", roles, ROLES, r->exempt);
    put_bits(w, "traces", trace_names, TRACE_COUNT, r->traces);
    put_int(w, "newcomer_hours", r->newcomer_hours);
    put_int(w, "number", r->number);
    put_int(w, "seconds", r->seconds);
    put_int(w, "mute_hours", r->mute_hours);
    put_lines(w, "groups", r->groups);
    put_lines(w, "allow", r->allow);
    put_str(w, "author", r->author);
    put_int(w, "version", (int64_t)r->version);
    put_time(c, w, "changed_at", r->changed_at);
}

static enum err put_rule(struct call *c, struct json_writer *w, const struct moderation_rule *r,
                         bool whole, struct why *why)
{
    struct sql *db;
    struct rule_result result;
    TRY(call_reader(c, &db, why));
    enum err err = moderation_result(db, r->id, &result);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    json_begin_object(w);
    put_fields(c, w, r);
    put_object(w, "result");
    put_int(w, "open", (int64_t)result.open);
    put_int(w, "confirmed", (int64_t)result.confirmed);
    put_int(w, "dismissed", (int64_t)result.dismissed);
    put_int(w, "counted", (int64_t)result.counted);
    json_end_object(w);
    if (whole) {
        struct term_counts n = moderation_count_terms(r->terms);
        put_str(w, "terms", r->terms.p ? r->terms : STR(""));
        put_int(w, "words", n.words);
        put_int(w, "patterns", n.patterns);
    }
    json_end_object(w);
    return ERR_OK;
}

static enum err list_rules(struct call *c, struct json_writer *w, struct why *why)
{
    struct moderation_rule *rules;
    struct sql *db;
    size_t count;
    TRY(call_reader(c, &db, why));
    TRY(moderation_rules(db, false, c->arena, &rules, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        TRY(put_rule(c, w, &rules[i], false, why));
    put_items_end(w);
    return ERR_OK;
}

static enum err find(struct call *c, struct moderation_rule *out, struct why *why)
{
    struct sql *db;
    uint32_t id;
    TRY(call_number(c, "id", &id, why));
    TRY(call_reader(c, &db, why));
    enum err err = moderation_rule_get(db, id, c->arena, out, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

static enum err get_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct moderation_rule r = {0};
    TRY(find(c, &r, why));
    call_etag(c, r.version);
    return put_rule(c, w, &r, true, why);
}

static enum err list_versions(struct call *c, struct json_writer *w, struct why *why)
{
    struct moderation_rule *rules;
    struct sql *db;
    uint32_t id;
    size_t count;
    TRY(call_number(c, "id", &id, why));
    TRY(call_reader(c, &db, why));
    TRY(moderation_rule_versions(db, id, c->arena, &rules, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        put_fields(c, w, &rules[i]);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- changing ---- */

static int place_in(const char *const *names, int count, struct str name)
{
    int i = 0;
    while (i < count && !str_is(name, names[i]))
        i++;
    return i;
}

static struct str text_at(const struct json *list, size_t i)
{
    const struct json *item = &list->items[i];
    return item->type == JSON_STRING ? item->string : STR("");
}

static enum err read_bits(const struct call *c, const char *field, const char *const *names,
                          int count, unsigned *out, struct why *why)
{
    const struct json *list = call_json(c, field);
    *out = 0;
    for (size_t i = 0; list && i < list->count; i++) {
        int place = place_in(names, count, text_at(list, i));
        if (place == count)
            return why_fail(why, ERR_INVALID, MSG_MODERATION_NAME, field, "%s %s %s ...", names[0],
                            names[1], names[2]);
        *out |= 1u << place;
    }
    return ERR_OK;
}

static struct str read_lines(const struct call *c, const char *field)
{
    const struct json *list = call_json(c, field);
    struct strbuf text = {0};
    for (size_t i = 0; list && i < list->count; i++) {
        struct str line = str_trim(text_at(list, i));
        if (!line.len || str_find_char(line, '\n') != SIZE_MAX) continue;
        strbuf_add_str(&text, line);
        strbuf_add_char(&text, '\n');
    }
    struct str out = text.len ? arena_str(c->arena, strbuf_str(&text)) : STR("");
    strbuf_finish(&text);
    return out;
}

/* The kind of a rule stays what it was made as. */
static enum err read_wanted(const struct call *c, struct moderation_rule *r, struct why *why)
{
    r->name = str_trim(call_str(c, "name"));
    r->action = (enum rule_action)place_in(rule_action_names, ACTIONS, call_str(c, "action"));
    r->on = call_bool(c, "on");
    r->whole = call_bool(c, "whole");
    r->newcomer_hours = (int)call_int(c, "newcomer_hours");
    r->number = (int)call_int(c, "number");
    r->seconds = (int)call_int(c, "seconds");
    r->mute_hours = (int)call_int(c, "mute_hours");
    r->groups = read_lines(c, "groups");
    r->allow = read_lines(c, "allow");
    if (call_has(c, "terms")) r->terms = call_str(c, "terms");
    r->author = str_of(c->who->name);
    TRY(read_bits(c, "exempt", roles, ROLES, &r->exempt, why));
    return read_bits(c, "traces", trace_names, TRACE_COUNT, &r->traces, why);
}

/* What the audit log is told: all but the terms, of which it is told how many. */
static struct str told(const struct call *c, const struct moderation_rule *r)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    struct term_counts n = moderation_count_terms(r->terms);
    json_begin_object(&w);
    put_str(&w, "name", r->name);
    put_text(&w, "action", rule_action_names[r->action]);
    put_bool(&w, "on", r->on);
    put_int(&w, "terms", n.words + n.patterns);
    json_end_object(&w);
    struct str out = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return out;
}

static enum err tell(const struct call *c, const struct moderation_rule *before,
                     const struct moderation_rule *after, struct why *why)
{
    const struct str none = {NULL, 0};
    return call_audit(c, arena_printf(c->arena, "rule:%" PRIu32, (after ? after : before)->id),
                      before ? told(c, before) : none, after ? told(c, after) : none, why);
}

static enum err add_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct moderation_rule r = {
        .kind = (enum rule_kind)place_in(rule_kind_names, RULE_KINDS, call_str(c, "kind"))};
    TRY(read_wanted(c, &r, why));
    TRY(moderation_rule_save(c->brand, &r, why));
    TRY(tell(c, NULL, &r, why));
    c->status = 201;
    call_etag(c, r.version);
    return put_rule(c, w, &r, true, why);
}

static enum err change_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct moderation_rule r = {0};
    TRY(find(c, &r, why));
    TRY(call_if_match(c, r.version, why));
    const struct moderation_rule before = r;
    TRY(read_wanted(c, &r, why));
    TRY(moderation_rule_save(c->brand, &r, why));
    TRY(tell(c, &before, &r, why));
    call_etag(c, r.version);
    return put_rule(c, w, &r, true, why);
}

static enum err remove_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct moderation_rule r = {0};
    (void)w;
    TRY(find(c, &r, why));
    TRY(call_if_match(c, r.version, why));
    TRY(moderation_rule_remove(c->brand, &r, why));
    return tell(c, &r, NULL, why);
}

static enum err get_starter(struct call *c, struct json_writer *w, struct why *why)
{
    (void)c;
    (void)why;
    json_begin_object(w);
    put_text(w, "terms", moderation_starter);
    json_end_object(w);
    return ERR_OK;
}

/* ---- what it would have found ---- */

static void put_sample(const struct call *c, struct json_writer *w, const struct past_sample *x)
{
    struct str q = x->quote;
    json_begin_object(w);
    put_time(c, w, "at", x->at);
    put_str(w, "group", registry_code_text(c->brand, DIM_GROUP, x->group));
    put_str(w, "member",
            x->persona ? str_of(arena_printf(c->arena, "m%" PRIu32, x->persona)) : str_of(NULL));
    put_str(w, "what", x->what);
    put_object(w, "text");
    put_str(w, "before", (struct str){q.p, x->span.from});
    put_str(w, "found", (struct str){q.p + x->span.from, x->span.to - x->span.from});
    put_str(w, "after", (struct str){q.p + x->span.to, q.len - x->span.to});
    json_end_object(w);
    json_end_object(w);
}

static enum err look_back(struct call *c, struct json_writer *w, struct why *why)
{
    struct moderation_rule r = {
        .kind = (enum rule_kind)place_in(rule_kind_names, RULE_KINDS, call_str(c, "kind"))};
    struct past past;
    int64_t now = env_now(brand_env(c->brand));
    const struct past_ask ask = {.from = now - call_int(c, "days") * TIME_DAY,
                                 .to = now + TIME_DAY,
                                 .budget = c->budget,
                                 .arena = c->arena};
    TRY(read_wanted(c, &r, why));
    TRY(moderation_past(c->brand, &r, &ask, &past, why));
    json_begin_object(w);
    put_int(w, "messages", (int64_t)past.messages);
    put_int(w, "found", (int64_t)past.found);
    put_bool(w, "more", past.more);
    put_array(w, "items");
    for (size_t i = 0; i < past.sample_count; i++)
        put_sample(c, w, &past.samples[i]);
    json_end_array(w);
    json_end_object(w);
    return ERR_OK;
}

/* ---- the table ---- */

#define RULE_FIELDS                                                                                \
    {.name = "name",                                                                               \
     .type = SPEC_TEXT,                                                                            \
     .required = true,                                                                             \
     .min = 1,                                                                                     \
     .max = LIMIT_NAME_BYTES,                                                                      \
     .doc = "what it is called"},                                                                  \
        {.name = "action",                                                                         \
         .type = SPEC_ENUM,                                                                        \
         .required = true,                                                                         \
         .choices = "note|hide|warn|mute|remove",                                                  \
         .doc = "what is asked for, in order of gravity"},                                         \
        {.name = "on", .type = SPEC_BOOL, .fallback = "true", .doc = "is it used?"},               \
        {.name = "terms",                                                                          \
         .type = SPEC_TEXT,                                                                        \
         .max = LIMIT_MODERATION_TERMS_BYTES,                                                      \
         .doc = "a line each; /.../ is a pattern, # begins a remark. Left out: as they were"},     \
        {.name = "whole",                                                                          \
         .type = SPEC_BOOL,                                                                        \
         .fallback = "true",                                                                       \
         .doc = "terms of letters stand alone: not within a word"},                                \
        {.name = "traces",                                                                         \
         .type = SPEC_LIST,                                                                        \
         .max = TRACE_COUNT,                                                                       \
         .doc = "of links: link, code, qr; of contacts: phone, mail, wechat, qq"},                 \
        {.name = "allow",                                                                          \
         .type = SPEC_LIST,                                                                        \
         .max = 1000,                                                                              \
         .doc = "hosts that may be linked to, with all below them"},                               \
        {.name = "number",                                                                         \
         .type = SPEC_INT,                                                                         \
         .min = 0,                                                                                 \
         .max = 64,                                                                                \
         .fallback = "0",                                                                          \
         .doc = "flood: messages of an account; copies: groups"},                                  \
        {.name = "seconds",                                                                        \
         .type = SPEC_INT,                                                                         \
         .min = 0,                                                                                 \
         .max = 86400,                                                                             \
         .fallback = "0",                                                                          \
         .doc = "within so many"},                                                                 \
        {.name = "newcomer_hours",                                                                 \
         .type = SPEC_INT,                                                                         \
         .min = 0,                                                                                 \
         .max = MODERATION_NEWCOMER_HOURS,                                                         \
         .fallback = "0",                                                                          \
         .doc = "only of accounts that joined the group so lately; 0 = of all"},                   \
        {.name = "mute_hours",                                                                     \
         .type = SPEC_INT,                                                                         \
         .min = 0,                                                                                 \
         .max = 720,                                                                               \
         .fallback = "0",                                                                          \
         .doc = "of mute"},                                                                        \
        {.name = "groups", .type = SPEC_LIST, .max = 1000, .doc = "only in these; default: all"},  \
    {                                                                                              \
        .name = "exempt", .type = SPEC_LIST, .max = 3, .doc = "staff, bot, partner"                \
    }

static const struct spec_field add_body[] = {
    {.name = "kind",
     .type = SPEC_ENUM,
     .required = true,
     .choices = "terms|links|contacts|flood|copies|ads",
     .doc = "what it looks for; never changes"},
    RULE_FIELDS,
    {0},
};
static const struct spec_field change_body[] = {RULE_FIELDS, {0}};
static const struct spec_field past_body[] = {
    {.name = "kind",
     .type = SPEC_ENUM,
     .required = true,
     .choices = "terms|links|contacts|flood|copies|ads",
     .doc = "of the rule; flood and copies cannot be asked"},
    {.name = "days", .type = SPEC_INT, .min = 1, .max = 90, .fallback = "30", .doc = "so many"},
    RULE_FIELDS,
    {0},
};

#define FIELDS                                                                                     \
    "\"id\":2,\"name\":\"广告词\",\"kind\":\"terms\",\"action\":\"warn\",\"on\":true,"          \
    "\"whole\":true,\"exempt\":[\"staff\"],\"traces\":[\"link\"],\"newcomer_hours\":0,"            \
    "\"number\":0,\"seconds\":0,\"mute_hours\":0,\"groups\":[\"g1\"],\"allow\":[\"a.example\"],"   \
    "\"author\":\"anna\",\"version\":2,\"changed_at\":\"2025-03-01T08:00:00+08:00\""
#define RESULT ",\"result\":{\"open\":1,\"confirmed\":4,\"dismissed\":1,\"counted\":12}"
#define RULE "{" FIELDS RESULT ",\"terms\":\"刷单\",\"words\":1,\"patterns\":0}"
const struct spec moderation_rule_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/moderation/rules",
     .scope = SCOPE_MEMBERS_READ,
     .handle = list_rules,
     .summary = "Rules of order in groups, terms left out, and what became of what they found",
     .reply = "{\"items\":[{" FIELDS RESULT "}],\"next\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/moderation/rules",
     .scope = SCOPE_GROUPS_WRITE,
     .body = add_body,
     .body_max = 2 * LIMIT_MODERATION_TERMS_BYTES,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_rule,
     .audit = "moderation.rule.added",
     .summary = "Add a rule; it is in use when this returns",
     .reply = RULE},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/moderation/rules/{id}",
     .scope = SCOPE_MEMBERS_READ,
     .handle = get_rule,
     .summary = "One, with its terms",
     .reply = RULE},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/moderation/rules/{id}",
     .scope = SCOPE_GROUPS_WRITE,
     .body = change_body,
     .body_max = 2 * LIMIT_MODERATION_TERMS_BYTES,
     .handle = change_rule,
     .audit = "moderation.rule.changed",
     .summary = "Change a rule; If-Match names the version meant",
     .reply = RULE},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/moderation/rules/{id}",
     .scope = SCOPE_GROUPS_WRITE,
     .handle = remove_rule,
     .audit = "moderation.rule.removed",
     .summary = "Remove a rule; its cases stay",
     .reply = NULL},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/moderation/rules/{id}/versions",
     .scope = SCOPE_MEMBERS_READ,
     .handle = list_versions,
     .summary = "What a rule was before, newest first, terms left out",
     .reply = "{\"items\":[{" FIELDS "}],\"next\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/moderation/past",
     .scope = SCOPE_MEMBERS_READ,
     .body = past_body,
     .body_max = 2 * LIMIT_MODERATION_TERMS_BYTES,
     .flags = SPEC_QUESTION | SPEC_PERSONAL,
     .handle = look_back,
     .summary = "What a rule would have found in messages that are kept; nothing comes of it",
     .reply = "{\"messages\":4120,\"found\":17,\"more\":false,\"items\":[{"
              "\"at\":\"2025-03-01T08:00:00+08:00\",\"group\":\"g1\",\"member\":\"m12\","
              "\"what\":\"刷单\",\"text\":{\"before\":\"招人\",\"found\":\"刷单\","
              "\"after\":\"\"}}]}\n~{\"items\":[{\"member\":null}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/moderation/starter",
     .scope = SCOPE_MEMBERS_READ,
     .handle = get_starter,
     .summary =
         "Terms of ads to begin with, for a rule of terms; nothing of it is in use by itself",
     .reply = "{\"terms\":\"刷单\"}"},
    {0},
};
