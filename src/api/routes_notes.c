/* routes_notes.c - notes on a member, and traits set by hand. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "base/utf8.h"
#include "people/note.h"

/* ---- notes ---- */

static struct str author_of(const struct call *c)
{
    bool person = c->who->kind == PRINCIPAL_PERSON;
    return str_of(arena_printf(c->arena, "%s:%" PRIu32, person ? "staff" : "key", c->who->number));
}

/* Whoever wrote it, or an owner. */
static bool may_change(const struct call *c, const struct note *n)
{
    bool writes = c->who->scopes & SCOPE_MEMBERS_WRITE;
    return writes && (str_eq(author_of(c), n->author) || (c->who->scopes & SCOPE_STAFF_MANAGE));
}

static void put_note(const struct call *c, struct json_writer *w, const struct note *n)
{
    json_begin_object(w);
    put_int(w, "id", n->id);
    put_str(w, "text", n->text);
    put_str(w, "author", n->author_name);
    put_time(c, w, "at", n->at);
    put_time(c, w, "changed_at", n->changed_at);
    put_bool(w, "mine", may_change(c, n));
    json_end_object(w);
}

static enum err get_notes(struct call *c, struct json_writer *w, struct why *why)
{
    struct people_view view = {c->brand, NULL, c->arena};
    struct note *notes;
    uint32_t member;
    size_t count;
    TRY(members_root(c, &view.db, &member, why));
    TRY(note_list(&view, member, &notes, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        put_note(c, w, &notes[i]);
    put_items_end(w);
    return ERR_OK;
}

static enum err read_text(const struct call *c, struct str *out, struct why *why)
{
    *out = str_trim(call_str(c, "text"));
    if (out->len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "text", NULL);
    if (utf8_count(*out) <= LIMIT_NOTE_CHARS) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_NOTE_LONG, "text", "%d", LIMIT_NOTE_CHARS);
}

static struct str say_note(const struct call *c, uint32_t id)
{
    return str_of(arena_printf(c->arena, "{\"note\":%" PRIu32 "}", id));
}

static enum err hide(enum err err, struct why *why)
{
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

static enum err add_note(struct call *c, struct json_writer *w, struct why *why)
{
    struct note n = {.author = author_of(c), .author_name = str_of(c->who->name)};
    TRY(members_id(c, &n.member, why));
    TRY(read_text(c, &n.text, why));
    TRY(hide(note_save(c->brand, &n, why), why));
    TRY(members_tell(c, n.member, say_note(c, n.id), why));
    c->status = 201;
    put_note(c, w, &n);
    return ERR_OK;
}

/* The note of the path, which the caller may change. */
static enum err find_note(struct call *c, struct note *n, struct why *why)
{
    struct people_view view = {c->brand, NULL, c->arena};
    uint32_t member, id;
    TRY(call_number(c, "note", &id, why));
    TRY(members_root(c, &view.db, &member, why));
    TRY(hide(note_get(&view, member, id, n, why), why));
    if (may_change(c, n)) return ERR_OK;
    return why_fail(why, ERR_FORBIDDEN, MSG_NOTE_OTHERS, "", NULL);
}

static enum err change_note(struct call *c, struct json_writer *w, struct why *why)
{
    struct note n;
    TRY(find_note(c, &n, why));
    TRY(read_text(c, &n.text, why));
    TRY(hide(note_save(c->brand, &n, why), why));
    TRY(members_tell(c, n.member, say_note(c, n.id), why));
    put_note(c, w, &n);
    return ERR_OK;
}

static enum err remove_note(struct call *c, struct json_writer *w, struct why *why)
{
    struct note n;
    (void)w;
    TRY(find_note(c, &n, why));
    TRY(hide(note_remove(c->brand, n.id, why), why));
    return members_tell(c, n.member, say_note(c, n.id), why);
}

/* ---- traits ---- */

static enum err read_value(const struct call *c, struct fact_value *out, struct why *why)
{
    const struct json *value = call_json(c, "value");
    out->name = call_param(c, "name");
    switch (value->type) {
    case JSON_STRING:
        out->type = PROP_TEXT;
        out->text = value->string;
        return ERR_OK;
    case JSON_BOOL:
        out->type = PROP_BOOL;
        out->number = value->boolean;
        return ERR_OK;
    case JSON_INT:
    case JSON_DOUBLE:
        out->type = PROP_NUMBER;
        out->number = value->number;
        return ERR_OK;
    default:
        return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "value", "%s",
                        "\"text\", 12, true, false");
    }
}

/* The name of the trait, never its value. */
static enum err set_trait(struct call *c, struct json_writer *w, struct why *why)
{
    struct fact_value value = {.type = PROP_TEXT};
    struct strbuf text = {0};
    struct json_writer said = {.out = &text};
    uint32_t member;
    (void)w;
    TRY(members_id(c, &member, why));
    TRY(read_value(c, &value, why));
    TRY(hide(people_set_trait(c->brand, member, &value, members_source(c), c->arena, why), why));
    json_begin_object(&said);
    put_str(&said, "trait", value.name);
    json_end_object(&said);
    enum err err = members_tell(c, member, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

static enum err remove_trait(struct call *c, struct json_writer *w, struct why *why)
{
    struct strbuf text = {0};
    struct json_writer said = {.out = &text};
    struct str name = call_param(c, "name");
    uint32_t member;
    (void)w;
    TRY(members_id(c, &member, why));
    TRY(hide(people_remove_trait(c->brand, member, name, members_source(c), why), why));
    json_begin_object(&said);
    put_str(&said, "trait", name);
    json_end_object(&said);
    enum err err = members_tell(c, member, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

/* ---- the table ---- */

static const struct spec_field note_body[] = {
    {.name = "text",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = 4 * LIMIT_NOTE_CHARS,
     .doc = "2,000 characters at most"},
    {0},
};

static const struct spec_field trait_body[] = {
    {.name = "value",
     .type = SPEC_ANY,
     .required = true,
     .doc = "a text, a number, true or false: of the type the trait has already"},
    {0},
};

#define NOTE                                                                                        \
    "{\"id\":4,\"text\":\"下午联系\",\"author\":\"lily\",\"at\":\"2025-03-01T08:00:00+08:00\"," \
    "\"changed_at\":\"2025-03-01T08:00:00+08:00\",\"mine\":true}"

const struct spec note_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/notes",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_notes,
     .summary = "Notes on a member, newest first",
     .reply = "{\"items\":[" NOTE "],\"next\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/members/{id}/notes",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = note_body,
     .body_max = 32768,
     .flags = SPEC_IDEMPOTENT | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = add_note,
     .audit = "note.added",
     .summary = "Write a note on a member",
     .reply = NOTE},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/members/{id}/notes/{note}",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = note_body,
     .body_max = 32768,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = change_note,
     .audit = "note.changed",
     .summary = "Write a note anew: one's own, or an owner any",
     .reply = NOTE},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/members/{id}/notes/{note}",
     .scope = SCOPE_MEMBERS_WRITE,
     .flags = SPEC_SIGHT,
     .handle = remove_note,
     .audit = "note.removed",
     .summary = "Remove a note: one's own, or an owner any"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/members/{id}/traits/{name}",
     .scope = SCOPE_MEMBERS_WRITE,
     .body = trait_body,
     .body_max = 8192,
     .flags = SPEC_SIGHT,
     .handle = set_trait,
     .audit = "trait.set",
     .summary = "Set a trait of a member by hand; it is the newest from now on"},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/members/{id}/traits/{name}",
     .scope = SCOPE_MEMBERS_WRITE,
     .flags = SPEC_SIGHT,
     .handle = remove_trait,
     .audit = "trait.removed",
     .summary = "Remove a trait of a member; what was said before does not come back"},
    {0},
};
