/* saved_call.c - questions, boards and mappings differ in their bodies alone. */
#include "api/saved_call.h"

#include <inttypes.h>

#include "api/put.h"

static const char *const kind_names[] = {
    [SAVED_QUESTION] = "question", [SAVED_BOARD] = "board", [SAVED_MAPPING] = "mapping"};

enum err saved_of_path(struct call *c, enum saved_kind kind, struct saved *out, struct why *why)
{
    struct sql *db;
    uint32_t id = 0;
    TRY(call_number(c, "id", &id, why));
    TRY(call_reader(c, &db, why));
    enum err err = saved_get(db, kind, id, c->arena, out, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

/* {"name": ...}, into the arena; nothing of a name that was not there. */
static struct str named(const struct call *c, struct str name)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    if (!name.p) return name;
    json_begin_object(&w);
    put_str(&w, "name", name);
    json_end_object(&w);
    struct str out = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return out;
}

static enum err tell(const struct call *c, const struct saved *s, struct str before,
                     struct str after, struct why *why)
{
    return call_audit(c, arena_printf(c->arena, "%s:%" PRIu32, kind_names[s->kind], s->id),
                      named(c, before), named(c, after), why);
}

enum err saved_call_add(struct call *c, struct saved *s, struct why *why)
{
    s->author = str_of(c->who->name);
    TRY(saved_add(c->brand, s, why));
    c->status = 201;
    return tell(c, s, (struct str){NULL, 0}, s->name, why);
}

enum err saved_call_change(struct call *c, struct saved *s, struct str before, struct why *why)
{
    TRY(saved_change(c->brand, s, why));
    return tell(c, s, before, s->name, why);
}

enum err saved_call_remove(struct call *c, enum saved_kind kind, struct why *why)
{
    struct saved s;
    TRY(saved_of_path(c, kind, &s, why));
    TRY(call_if_match(c, s.version, why));
    TRY(saved_remove(c->brand, &s, why));
    return tell(c, &s, s.name, (struct str){NULL, 0}, why);
}
