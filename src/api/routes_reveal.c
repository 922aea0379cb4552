/* routes_reveal.c - what is masked, in clear, for a reason that is written down first. */
#include <inttypes.h>
#include <stdio.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"

/* What was asked for: all, or fields such as "phone:0" and "trait:email". */
struct asked {
    bool all;
    const struct json *fields; /* a list of texts */
    uint64_t found;            /* a bit for each of the first 64 that names something */
};

static enum err read_asked(const struct call *c, struct asked *out, struct why *why)
{
    const struct json *fields = call_json(c, "fields");
    *out = (struct asked){.fields = fields};
    if (fields->type == JSON_STRING && str_is(fields->string, "all")) {
        out->all = true;
        return ERR_OK;
    }
    bool sound = fields->type == JSON_ARRAY && fields->count >= 1 && fields->count <= 64;
    for (size_t i = 0; sound && i < fields->count; i++)
        sound = fields->items[i].type == JSON_STRING;
    if (sound) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "fields", "%s",
                    "\"all\", [\"phone:0\", \"trait:email\"]");
}

static bool is_asked(struct asked *a, struct str name)
{
    bool asked = a->all;
    for (size_t i = 0; !a->all && i < a->fields->count; i++) {
        if (!str_eq(a->fields->items[i].string, name)) continue;
        a->found |= UINT64_C(1) << i;
        asked = true;
    }
    return asked;
}

/* "phone:0": the first of the member's phones. */
static struct str identity_field(const struct call *c, const struct look_profile *p, size_t i)
{
    unsigned before = 0;
    for (size_t k = 0; k < i; k++)
        before += p->identities[k].kind == p->identities[i].kind;
    return str_of(
        arena_printf(c->arena, "%s:%u", identity_kind_name(p->identities[i].kind), before));
}

static void put_value(struct json_writer *w, struct str field, const char *kind, struct str value)
{
    json_begin_object(w);
    put_str(w, "field", field);
    put_text(w, "kind", kind);
    put_str(w, "value", value);
    json_end_object(w);
}

static void put_clear(const struct call *c, struct json_writer *w, const struct look_profile *p,
                      struct asked *asked)
{
    json_begin_object(w);
    put_array(w, "identities");
    for (size_t i = 0; i < p->identity_count; i++) {
        struct str field = identity_field(c, p, i);
        if (is_asked(asked, field))
            put_value(w, field, identity_kind_name(p->identities[i].kind), p->identities[i].value);
    }
    json_end_array(w);
    put_array(w, "traits");
    for (size_t i = 0; i < p->trait_count; i++) {
        const struct look_trait *t = &p->traits[i];
        struct str field = str_of(arena_printf(c->arena, "trait:" STR_FMT, STR_ARG(t->name)));
        if (t->type != TYPE_TEXT || !is_asked(asked, field)) continue;
        json_begin_object(w);
        put_str(w, "field", field);
        put_str(w, "name", t->name);
        put_str(w, "value", t->text);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static enum err check_found(const struct asked *a, struct why *why)
{
    for (size_t i = 0; !a->all && i < a->fields->count; i++) {
        char path[32];
        if (a->found >> i & 1) continue;
        snprintf(path, sizeof(path), "fields[%zu]", i);
        return why_fail(why, ERR_INVALID, MSG_NO_SUCH_VALUE, path, NULL);
    }
    return ERR_OK;
}

/* The fields and the reason, never the values. */
static enum err write_down(const struct call *c, uint32_t member, struct why *why)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    json_key(&w, "fields");
    json_tree(&w, call_json(c, "fields"));
    put_str(&w, "reason", call_str(c, "reason"));
    json_end_object(&w);
    enum err err = members_tell(c, member, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

static enum err reveal(struct call *c, struct json_writer *w, struct why *why)
{
    struct asked asked;
    struct look look;
    struct look_profile profile;
    uint32_t member = 0;
    TRY(read_asked(c, &asked, why));
    TRY(members_look(c, &look, &member, why));
    enum err err = look_profile(&look, member, &profile, why);
    if (err == ERR_NOT_FOUND) err = call_not_found(why);
    if (err == ERR_OK) {
        put_clear(c, w, &profile, &asked);
        err = check_found(&asked, why);
    }
    if (err == ERR_OK) err = write_down(c, profile.id, why);
    look_end(&look);
    return err;
}

static const struct spec_field reveal_body[] = {
    {.name = "fields",
     .type = SPEC_ANY,
     .required = true,
     .doc = "\"all\", or a list: \"phone:0\" is the member's first phone, \"trait:email\" a trait"},
    {.name = "reason",
     .type = SPEC_TEXT,
     .required = true,
     .min = 2,
     .max = 500,
     .doc = "why; it is written down"},
    {0},
};

const struct spec reveal_specs[] = {
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/members/{id}/reveal",
     .scope = SCOPE_MEMBERS_REVEAL,
     .body = reveal_body,
     .body_max = 16384,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = reveal,
     .audit = "member.revealed",
     .summary = "Masked values of a member in clear; written down in the audit log",
     .reply = "{\"identities\":[{\"field\":\"phone:0\",\"kind\":\"phone\","
              "\"value\":\"+8613800138000\"}],\"traits\":[{\"field\":\"trait:email\","
              "\"name\":\"email\",\"value\":\"anna@example.com\"}]}"},
    {0},
};
