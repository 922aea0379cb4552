/* routes_moderation_learn.c - a box to try rules of order in, and the sieve for ads that people
 * teach. */
#include <math.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "moderation/moderation.h"

static const char *const roles[] = {"staff", "bot", "partner"}; /* by bit of EXEMPT_* */
enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

static unsigned role_of(struct str name)
{
    for (int i = 0; i < ROLES; i++) {
        if (str_is(name, roles[i])) return 1u << i;
    }
    return 0;
}

/* ---- trying ---- */

static void put_finding(const struct call *c, struct json_writer *w, const struct finding *f)
{
    struct str text = call_str(c, "text");
    json_begin_object(w);
    put_int(w, "rule", f->rule);
    put_text(w, "kind", rule_kind_names[f->kind]);
    put_text(w, "action", rule_action_names[f->action]);
    put_str(w, "what", f->what);
    put_object(w, "text");
    put_str(w, "before", (struct str){text.p, f->at.from});
    put_str(w, "found", (struct str){text.p + f->at.from, f->at.to - f->at.from});
    json_end_object(w);
    json_end_object(w);
}

static enum err try_text(struct call *c, struct json_writer *w, struct why *why)
{
    struct tried t;
    const struct trial trial = {.text = call_str(c, "text"),
                                .qr = call_has(c, "qr") ? call_str(c, "qr") : STR(""),
                                .group = call_has(c, "group") ? call_str(c, "group") : STR(""),
                                .role = role_of(call_str(c, "role")),
                                .newcomer = call_bool(c, "newcomer")};
    (void)why;
    moderation_try(c->brand, &trial, c->arena, &t);
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < t.count; i++)
        put_finding(c, w, &t.items[i]);
    json_end_array(w);
    put_str(w, "action", str_of(t.count ? rule_action_names[t.items[0].action] : NULL));
    put_real_or_null(w, "ad", t.sure, !isnan(t.sure));
    put_bool(w, "vectorscan", moderation_by_vectorscan(c->brand));
    json_end_object(w);
    return ERR_OK;
}

/* ---- the sieve ---- */

static void put_trial(struct json_writer *w, const char *key, const struct sieve_trial *t)
{
    uint32_t said = t->found + t->wrong, ads = t->found + t->missed;
    put_object(w, key);
    put_int(w, "found", t->found);
    put_int(w, "missed", t->missed);
    put_int(w, "wrong", t->wrong);
    put_int(w, "cleared", t->cleared);
    put_real_or_null(w, "precision", (double)t->found / said, said);
    put_real_or_null(w, "recall", (double)t->found / ads, ads);
    json_end_object(w);
}

static enum err put_lesson(struct call *c, struct json_writer *w, struct why *why)
{
    struct lesson l;
    struct sql *db;
    TRY(call_reader(c, &db, why));
    TRY(moderation_lesson(c->brand, db, &l, why));
    json_begin_object(w);
    put_int(w, "ads", l.ads);
    put_int(w, "others", l.others);
    put_int(w, "enough", SIEVE_ENOUGH);
    put_bool(w, "ready", l.ready);
    put_trial(w, "trial", &l.trial);
    put_trial(w, "since", &l.since);
    json_end_object(w);
    return ERR_OK;
}

static enum err tell_lesson(const struct call *c, const char *after, struct why *why)
{
    return call_audit(c, "lesson", (struct str){NULL, 0}, str_of(after), why);
}

/* The text of a case, or one that is given. */
static enum err teach(struct call *c, struct json_writer *w, struct why *why)
{
    struct str text = call_str(c, "text");
    uint32_t persona = 0;
    bool ad = call_bool(c, "ad");
    (void)w;
    if (call_has(c, "case")) {
        struct moderation_case m = {0};
        struct sql *db;
        TRY(call_reader(c, &db, why));
        enum err err = moderation_case_get(db, (uint32_t)call_int(c, "case"), c->arena, &m, why);
        if (err == ERR_NOT_FOUND) return why_fail(why, err, MSG_NOT_FOUND, "case", "%s", "case");
        if (err != ERR_OK) return err;
        text = m.quote;
        persona = m.persona;
    }
    if (!str_trim(text).len) return why_fail(why, ERR_INVALID, MSG_MISSING, "text", NULL);
    TRY(moderation_teach(c->brand, text, ad, persona, members_source(c), why));
    return tell_lesson(c, ad ? "{\"ad\":true}" : "{\"ad\":false}", why);
}

static enum err unlearn(struct call *c, struct json_writer *w, struct why *why)
{
    (void)w;
    TRY(moderation_unlearn(c->brand, why));
    return tell_lesson(c, NULL, why);
}

/* ---- the table ---- */

static const struct spec_field try_body[] = {
    {.name = "text",
     .type = SPEC_TEXT,
     .required = true,
     .max = LIMIT_MESSAGE_TEXT,
     .doc = "a message; empty where it is a picture alone"},
    {.name = "qr",
     .type = SPEC_TEXT,
     .max = LIMIT_MESSAGE_CARRIED,
     .doc = "what QR codes in it say, a line each"},
    {.name = "group", .type = SPEC_TEXT, .max = LIMIT_CODE_BYTES, .doc = "in which; default: any"},
    {.name = "role",
     .type = SPEC_ENUM,
     .choices = "member|staff|bot|partner",
     .fallback = "member",
     .doc = "who writes it"},
    {.name = "newcomer", .type = SPEC_BOOL, .fallback = "false", .doc = "who has just come?"},
    {0},
};

static const struct spec_field teach_body[] = {
    {.name = "ad", .type = SPEC_BOOL, .required = true, .doc = "is it an ad?"},
    {.name = "text", .type = SPEC_TEXT, .max = LIMIT_MESSAGE_TEXT, .doc = "the message"},
    {.name = "case", .type = SPEC_INT, .min = 1, .max = INT32_MAX, .doc = "or that of a case"},
    {0},
};

#define TRIAL                                                                                      \
    "{\"found\":30,\"missed\":4,\"wrong\":1,\"cleared\":40,\"precision\":0.968,\"recall\":0.882}"

const struct spec moderation_learn_specs[] = {
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/moderation/try",
     .scope = SCOPE_MEMBERS_READ,
     .body = try_body,
     .body_max = 4 * LIMIT_MESSAGE_TEXT,
     .handle = try_text,
     .summary = "What the rules in use would find in a text, and what they would ask for",
     .reply = "{\"items\":[{\"rule\":2,\"kind\":\"terms\",\"action\":\"warn\",\"what\":\"刷单\","
              "\"text\":{\"before\":\"招人\",\"found\":\"刷单\"}}],\"action\":\"warn\",\"ad\":0.93,"
              "\"vectorscan\":true}\n~{\"action\":null,\"ad\":null}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/moderation/lesson",
     .scope = SCOPE_MEMBERS_READ,
     .handle = put_lesson,
     .summary = "What the sieve for ads has learnt, and how often it is right of marks it has not"
                " seen",
     .reply = "{\"ads\":34,\"others\":41,\"enough\":20,\"ready\":true,\"trial\":" TRIAL
              ",\"since\":" TRIAL "}\n~{\"trial\":{\"precision\":null,\"recall\":null},"
              "\"since\":{\"precision\":null,\"recall\":null}}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/moderation/lesson",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = teach_body,
     .body_max = 4 * LIMIT_MESSAGE_TEXT,
     .handle = teach,
     .audit = "moderation.taught",
     .summary = "Teach it that a text is an ad, or is not; its words are not kept",
     .reply = NULL},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/moderation/lesson",
     .scope = SCOPE_GROUPS_WRITE,
     .handle = unlearn,
     .audit = "moderation.unlearnt",
     .summary = "Have it forget all it was taught",
     .reply = NULL},
    {0},
};
