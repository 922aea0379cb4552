/* routes_tag_rules.c - tags that are given by a rule. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "segments/tag_rules.h"

static void put_rule(const struct call *c, struct json_writer *w, const struct tag_rule *r)
{
    json_begin_object(w);
    put_int(w, "tag", r->tag);
    put_str(w, "segment", r->segment);
    put_str(w, "expression", r->expr);
    put_bool(w, "keep", r->keep);
    put_time(c, w, "at", r->at);
    put_str(w, "source", r->source);
    json_end_object(w);
}

static enum err get_rules(struct call *c, struct json_writer *w, struct why *why)
{
    struct tag_rule *rules;
    struct sql *db;
    size_t count;
    TRY(call_reader(c, &db, why));
    TRY(tag_rules_list(db, c->arena, &rules, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        put_rule(c, w, &rules[i]);
    put_items_end(w);
    return ERR_OK;
}

static enum err tell(const struct call *c, uint32_t tag, struct str after, struct why *why)
{
    return call_audit(c, arena_printf(c->arena, "tag:%" PRIu32, tag), (struct str){NULL, 0}, after,
                      why);
}

static enum err set_rule(struct call *c, struct json_writer *w, struct why *why)
{
    struct tag_rule r = {.expr = call_str(c, "expression"),
                         .keep = call_bool(c, "keep"),
                         .at = env_now(brand_env(c->brand)),
                         .source = members_source(c)};
    size_t from = w->out->len;
    TRY(call_number(c, "tag", &r.tag, why));
    TRY(tag_rule_set(c->brand, &r, c->arena, why));
    put_rule(c, w, &r);
    struct str said = {w->out->p + from, w->out->len - from};
    return tell(c, r.tag, arena_str(c->arena, said), why);
}

static enum err remove_rule(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t tag;
    size_t taken = 0;
    TRY(call_number(c, "tag", &tag, why));
    TRY(tag_rule_remove(c->brand, tag, c->arena, &taken, why));
    json_begin_object(w);
    put_int(w, "taken", (int64_t)taken);
    json_end_object(w);
    return tell(c, tag, (struct str){NULL, 0}, why);
}

static const struct spec_field rule_body[] = {
    {.name = "expression",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "who has the tag; it asks for no tags and names no segments"},
    {.name = "keep",
     .type = SPEC_BOOL,
     .fallback = "false",
     .doc = "for whom it holds no longer keeps the tag"},
    {0},
};

#define RULE                                                                                       \
    "{\"tag\":7,\"segment\":\"tag-7\",\"expression\":\"orders >= 3\",\"keep\":false,"              \
    "\"at\":\"2025-03-01T08:00:00+08:00\",\"source\":\"staff:lily\"}"

const struct spec tag_rule_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/tags/rules",
     .scope = SCOPE_MEMBERS_READ,
     .handle = get_rules,
     .summary = "Tags that are given by a rule; its segment says who and why",
     .reply = "{\"items\":[" RULE "],\"next\":null}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/tags/{tag}/rule",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = rule_body,
     .body_max = 16384,
     .handle = set_rule,
     .audit = "tag.rule_set",
     .summary = "Give a tag to whom an expression holds for, and take it from who leaves",
     .reply = RULE},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/tags/{tag}/rule",
     .scope = SCOPE_MEMBERS_WRITE,
     .handle = remove_rule,
     .audit = "tag.rule_removed",
     .summary = "Remove a tag's rule, and every tag that it gave",
     .reply = "{\"taken\":214}"},
    {0},
};
