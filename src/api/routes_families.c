/* routes_families.c - groups behind one entrance: where it leads now, and whether another group has
 * to be opened. */
#include <inttypes.h>
#include <math.h>

#include "api/groups.h"
#include "api/internal.h"
#include "api/put.h"
#include "groups/family.h"

static const char *const reasons[] = {NULL, "soon", "share", "full"};

/* All there is to tell of families: records and figures of all groups. */
struct families {
    struct call *call;
    struct sql *db;
    struct family_figures all;
};

static enum err begin(struct call *c, struct families *x, struct why *why)
{
    *x = (struct families){.call = c};
    TRY(call_reader(c, &x->db, why));
    return family_figures(c->brand, x->db, c->arena, &x->all, why);
}

/* ---- one family ---- */

static const char *id_text(const struct families *x, uint32_t code)
{
    return arena_printf(x->call->arena, "g%" PRIu32, code);
}

static void put_group(const struct families *x, struct json_writer *w, uint32_t code,
                      const struct family_group *g)
{
    json_begin_object(w);
    put_text(w, "id", id_text(x, code));
    put_str(w, "name",
            code <= x->all.record_count ? x->all.records[code - 1].name
                                        : registry_code_text(x->call->brand, DIM_GROUP, code));
    put_int(w, "members", (int64_t)g->members);
    put_int(w, "hand_over", (int64_t)g->hand_over);
    put_bool(w, "archived", g->archived);
    put_bool(w, "full", g->members >= g->hand_over);
    json_end_object(w);
}

static void put_family(const struct families *x, struct json_writer *w,
                       const struct group_family *f)
{
    const struct call *c = x->call;
    struct family_group *groups = arena_alloc_array(c->arena, f->group_count + 1, sizeof(*groups));
    for (size_t i = 0; i < f->group_count; i++)
        groups[i] = family_group_of(&x->all, f->groups[i], f->qr);
    struct family_state s = family_look(f, groups);
    json_begin_object(w);
    put_int(w, "id", f->id);
    put_str(w, "name", f->name);
    put_bool(w, "qr", f->qr);
    put_int(w, "hours", f->hours);
    put_int(w, "share", f->share);
    put_bool(w, "opens", f->opens);
    put_array(w, "groups");
    for (size_t i = 0; i < f->group_count; i++)
        put_group(x, w, f->groups[i], &groups[i]);
    json_end_array(w);
    put_text(w, "entrance", s.entrance == SIZE_MAX ? NULL : id_text(x, f->groups[s.entrance]));
    json_key(w, "full_in_hours");
    json_double(w, s.full_in_hours);
    put_bool(w, "next_wanted", s.wanted);
    put_str(w, "because", str_of(reasons[s.reason]));
    put_int(w, "version", (int64_t)f->version);
    put_time(c, w, "changed_at", f->changed_at);
    put_str(w, "changed_by", f->changed_by);
    json_end_object(w);
}

static enum err list_families(struct call *c, struct json_writer *w, struct why *why)
{
    struct families x;
    struct group_family *list;
    size_t count;
    TRY(begin(c, &x, why));
    TRY(family_list(x.db, c->arena, &list, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++)
        put_family(&x, w, &list[i]);
    put_items_end(w);
    return ERR_OK;
}

static enum err find(const struct families *x, struct group_family *out, struct why *why)
{
    uint32_t id;
    TRY(call_number(x->call, "id", &id, why));
    enum err err = family_get(x->db, id, x->call->arena, out, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

/* ---- changing ---- */

static enum err tell(const struct families *x, const struct group_family *f, struct why *why)
{
    const struct call *c = x->call;
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_str(&w, "name", f->name);
    put_bool(&w, "qr", f->qr);
    put_int(&w, "hours", f->hours);
    put_int(&w, "share", f->share);
    put_bool(&w, "opens", f->opens);
    put_array(&w, "groups");
    for (size_t i = 0; i < f->group_count; i++)
        json_text(&w, id_text(x, f->groups[i]));
    json_end_array(&w);
    json_end_object(&w);
    enum err err = call_audit(c, arena_printf(c->arena, "family:%" PRIu32, f->id),
                              (struct str){NULL, 0}, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

static enum err read_groups(const struct call *c, struct group_family *f, struct why *why)
{
    const struct json *list = call_json(c, "groups");
    if (!list) return ERR_OK;
    f->groups = arena_alloc_array(c->arena, list->count + 1, sizeof(f->groups[0]));
    f->group_count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        const struct json *j = &list->items[i];
        if (j->type == JSON_STRING && groups_parse(j->string, &f->groups[i])) continue;
        return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, arena_printf(c->arena, "groups[%zu]", i),
                        "%s", "\"g12\"");
    }
    return ERR_OK;
}

static enum err read_family(const struct call *c, struct group_family *f, struct why *why)
{
    if (call_has(c, "name")) f->name = str_trim(call_str(c, "name"));
    if (f->name.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "name", NULL);
    if (call_has(c, "qr")) f->qr = call_bool(c, "qr");
    if (call_has(c, "hours")) f->hours = (int)call_int(c, "hours");
    if (call_has(c, "share")) f->share = (int)call_int(c, "share");
    if (call_has(c, "opens")) f->opens = call_bool(c, "opens");
    f->changed_by = str_of(c->who->name);
    return read_groups(c, f, why);
}

static enum err save(struct call *c, struct group_family *f, struct json_writer *w, struct why *why)
{
    struct families x;
    TRY(read_family(c, f, why));
    TRY(family_save(c->brand, f, why));
    TRY(begin(c, &x, why));
    TRY(tell(&x, f, why));
    call_etag(c, f->version);
    put_family(&x, w, f);
    return ERR_OK;
}

static enum err add_family(struct call *c, struct json_writer *w, struct why *why)
{
    struct group_family f = {.hours = FAMILY_HOURS, .share = FAMILY_SHARE};
    c->status = 201;
    return save(c, &f, w, why);
}

static enum err change_family(struct call *c, struct json_writer *w, struct why *why)
{
    struct families x = {.call = c};
    struct group_family f = {.id = 0};
    TRY(call_reader(c, &x.db, why));
    TRY(find(&x, &f, why));
    TRY(call_if_match(c, f.version, why));
    return save(c, &f, w, why);
}

static enum err remove_family(struct call *c, struct json_writer *w, struct why *why)
{
    struct families x = {.call = c};
    struct group_family f = {.id = 0};
    (void)w;
    TRY(call_reader(c, &x.db, why));
    TRY(find(&x, &f, why));
    TRY(family_remove(c->brand, f.id, why));
    return tell(&x, &f, why);
}

static enum err open_next(struct call *c, struct json_writer *w, struct why *why)
{
    struct families x = {.call = c};
    struct group_family f = {.id = 0};
    struct group_record r = {.changed_by = str_of(c->who->name)};
    TRY(call_reader(c, &x.db, why));
    TRY(find(&x, &f, why));
    TRY(family_open_next(c->brand, f.id, &r, why));
    TRY(tell(&x, &f, why));
    c->status = 201;
    json_begin_object(w);
    put_text(w, "id", id_text(&x, r.code));
    put_str(w, "code", registry_code_text(c->brand, DIM_GROUP, r.code));
    json_end_object(w);
    return ERR_OK;
}

/* ---- the table ---- */

#define RULE_FIELDS                                                                                \
    {.name = "qr",                                                                                 \
     .type = SPEC_BOOL,                                                                            \
     .doc = "people come by a QR code: a group hands over at 195 at the latest"},                  \
        {.name = "hours",                                                                          \
         .type = SPEC_INT,                                                                         \
         .min = 1,                                                                                 \
         .max = 720,                                                                               \
         .doc = "the next is wanted when the last is full within so many; 48 unless given"},       \
        {.name = "share",                                                                          \
         .type = SPEC_INT,                                                                         \
         .min = 1,                                                                                 \
         .max = 100,                                                                               \
         .doc = "or filled to so many percent; 90 unless given"},                                  \
        {.name = "opens", .type = SPEC_BOOL, .doc = "then it is opened at once, without asking"},  \
    {                                                                                              \
        .name = "groups", .type = SPEC_LIST, .max = LIMIT_FAMILY_GROUPS,                           \
        .doc = "in the order in which they fill, such as \"g3\""                                   \
    }

static const struct spec_field add_body[] = {
    {.name = "name",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_CODE_BYTES,
     .doc = "what it is called"},
    RULE_FIELDS,
    {0},
};
static const struct spec_field change_body[] = {
    {.name = "name",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_CODE_BYTES,
     .doc = "what it is called"},
    RULE_FIELDS,
    {0},
};

#define FAMILY                                                                                      \
    "{\"id\":1,\"name\":\"辣妈群\",\"qr\":true,\"hours\":48,\"share\":90,\"opens\":false,"       \
    "\"groups\":[{"                                                                                 \
    "\"id\":\"g3\",\"name\":\"辣妈一群\",\"members\":195,\"hand_over\":195,\"archived\":false," \
    "\"full\":true}],\"entrance\":\"g4\",\"full_in_hours\":30.5,\"next_wanted\":true,"              \
    "\"because\":\"soon\",\"version\":1,\"changed_at\":\"2025-03-01T08:00:00+08:00\","              \
    "\"changed_by\":\"lily\"}"
#define FAMILY_OTHER "{\"entrance\":null,\"full_in_hours\":null,\"because\":null}"

const struct spec family_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/group-families",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_QUESTION | SPEC_ANY_REACH,
     .handle = list_families,
     .summary = "Groups behind one entrance: where it leads, and whether the next is wanted",
     .reply = "{\"items\":[" FAMILY "],\"next\":null}\n~{\"items\":[" FAMILY_OTHER "]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/group-families",
     .scope = SCOPE_GROUPS_WRITE,
     .body = add_body,
     .body_max = 16384,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_family,
     .audit = "family.added",
     .summary = "Put groups behind one entrance",
     .reply = FAMILY "\n~" FAMILY_OTHER},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/group-families/{id}",
     .scope = SCOPE_GROUPS_WRITE,
     .body = change_body,
     .body_max = 16384,
     .handle = change_family,
     .audit = "family.changed",
     .summary = "Change what is given; If-Match names the version meant",
     .reply = FAMILY "\n~" FAMILY_OTHER},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/group-families/{id}",
     .scope = SCOPE_GROUPS_WRITE,
     .handle = remove_family,
     .audit = "family.removed",
     .summary = "The groups have no common entrance any more",
     .reply = NULL},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/group-families/{id}/open",
     .scope = SCOPE_GROUPS_WRITE,
     .flags = SPEC_IDEMPOTENT,
     .handle = open_next,
     .audit = "family.opened",
     .summary = "Open the next group: a record like that of the last, counted on",
     .reply = "{\"id\":\"g5\",\"code\":\"mothers-3\"}"},
    {0},
};
