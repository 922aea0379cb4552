/* routes_family_tasks.c - families whose next group is wanted, as tasks of the day: of the staff
 * who own one of its groups or help in it.
 *
 * A task is done when the next group is open, or when somebody says "not now"; then it comes back
 * once there is no room at all, or when that group too fills up. A family that opens by itself is
 * no task. Of groups that nobody owns it is everybody's who sees the whole brand. */
#include <inttypes.h>

#include "api/groups.h"
#include "api/internal.h"
#include "api/put.h"
#include "api/sight.h"
#include "groups/family.h"

struct tasks {
    struct call *call;
    struct sql *db;
    struct str staff; /* whose tasks; empty = those of nobody alone */
    struct group_record *records;
    size_t record_count;
};

/* ---- whose ---- */

static bool is_helper(struct str helpers, struct str code)
{
    while (helpers.len) {
        if (str_eq(str_cut(&helpers, '\n'), code)) return true;
    }
    return false;
}

static bool is_theirs(const struct tasks *x, const struct group_family *f)
{
    bool owned = false;
    for (size_t i = 0; i < f->group_count; i++) {
        if (f->groups[i] > x->record_count) continue;
        const struct group_record *r = &x->records[f->groups[i] - 1];
        if (r->archived_at != TIME_NONE) continue;
        owned |= r->owner.len > 0 || r->helpers.len > 0;
        if (!x->staff.len) continue;
        if (str_eq(r->owner, x->staff) || is_helper(r->helpers, x->staff)) return true;
    }
    return !owned && sight_is_whole(x->call);
}

/* ---- what ---- */

static struct family_state look(const struct tasks *x, const struct family_figures *all,
                                const struct group_family *f, struct family_group *last)
{
    struct arena *arena = x->call->arena;
    struct family_group *groups = arena_alloc_array(arena, f->group_count + 1, sizeof(*groups));
    for (size_t i = 0; i < f->group_count; i++)
        groups[i] = family_group_of(all, f->groups[i], f->qr);
    if (f->group_count) *last = groups[f->group_count - 1];
    return family_look(f, groups);
}

static void put_task(const struct tasks *x, struct json_writer *w, const struct group_family *f,
                     const struct family_state *s, const struct family_group *last)
{
    static const char *const reasons[] = {NULL, "soon", "share", "full"};
    uint32_t code = f->groups[f->group_count - 1];
    const struct group_record *r = code <= x->record_count ? &x->records[code - 1] : NULL;
    json_begin_object(w);
    put_int(w, "id", f->id);
    put_str(w, "name", f->name);
    put_text(w, "because", reasons[s->reason]);
    put_int(w, "share", f->share);
    json_key(w, "full_in_hours");
    json_double(w, s->full_in_hours);
    put_object(w, "last");
    put_text(w, "id", arena_printf(x->call->arena, "g%" PRIu32, code));
    put_str(w, "name", r ? r->name : registry_code_text(x->call->brand, DIM_GROUP, code));
    put_int(w, "members", (int64_t)last->members);
    put_int(w, "hand_over", (int64_t)last->hand_over);
    put_str(w, "owner", r && r->owner.len ? r->owner : (struct str){NULL, 0});
    json_end_object(w);
    json_end_object(w);
}

static bool may_want(const struct tasks *x, const struct group_family *f)
{
    return !f->opens && f->group_count > 0 && f->group_count < LIMIT_FAMILY_GROUPS &&
           is_theirs(x, f);
}

/* Groups are counted only if there is a family that may be a task of the caller's. */
static enum err list_tasks(struct call *c, struct json_writer *w, struct why *why)
{
    struct tasks x = {.call = c};
    struct family_figures all = {0};
    struct group_family *list;
    size_t count;
    bool any = false;
    TRY(call_reader(c, &x.db, why));
    if (c->who->kind == PRINCIPAL_PERSON) x.staff = str_of(c->who->code);
    TRY(call_staff(c, &x.staff, why));
    TRY(family_list(x.db, c->arena, &list, &count, why));
    if (count) TRY(group_record_list(c->brand, x.db, c->arena, &x.records, &x.record_count, why));
    for (size_t i = 0; i < count; i++)
        any |= may_want(&x, &list[i]);
    if (any) TRY(family_figures(c->brand, x.db, c->arena, &all, why));
    put_items(w);
    for (size_t i = 0; any && i < count; i++) {
        struct family_group last = {0};
        if (!may_want(&x, &list[i])) continue;
        struct family_state s = look(&x, &all, &list[i], &last);
        if (s.wanted && !family_is_put_off(&list[i], &s)) put_task(&x, w, &list[i], &s, &last);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- not now ---- */

static enum err put_off(struct call *c, struct json_writer *w, struct why *why)
{
    struct tasks x = {.call = c};
    struct family_figures all = {0};
    struct family_group last = {0};
    struct group_family f = {.id = 0};
    uint32_t id;
    (void)w;
    TRY(call_reader(c, &x.db, why));
    TRY(call_number(c, "id", &id, why));
    enum err err = family_get(x.db, id, c->arena, &f, why);
    if (err != ERR_OK) return err == ERR_NOT_FOUND ? call_not_found(why) : err;
    TRY(family_figures(c->brand, x.db, c->arena, &all, why));
    struct family_state s = look(&x, &all, &f, &last);
    TRY(family_put_off(c->brand, id, s.reason == FAMILY_FULL, why));
    const struct str none = {NULL, 0};
    return call_audit(c, arena_printf(c->arena, "family:%" PRIu32, id), none, none, why);
}

/* ---- the table ---- */

static const struct spec_field tasks_query[] = {
    {.name = "staff",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_CODE_BYTES,
     .doc = "whose tasks; another's needs staff.manage"},
    {0},
};

const struct spec family_task_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/family-tasks",
     .scope = SCOPE_MEMBERS_READ,
     .query = tasks_query,
     .flags = SPEC_QUESTION | SPEC_ANY_REACH,
     .handle = list_tasks,
     .summary = "Families of the caller's groups whose next group is to be opened",
     .reply = "{\"items\":[{\"id\":1,\"name\":\"辣妈群\",\"because\":\"soon\",\"share\":90,"
              "\"full_in_hours\":30.5,\"last\":{\"id\":\"g3\",\"name\":\"辣妈一群\","
              "\"members\":180,\"hand_over\":195,\"owner\":\"rose\"}}],\"next\":null}\n"
              "~{\"items\":[{\"full_in_hours\":null,\"last\":{\"owner\":null}}]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/group-families/{id}/put-off",
     .scope = SCOPE_GROUPS_WRITE,
     .handle = put_off,
     .audit = "family.put_off",
     .summary = "Not now: no task until the family has another group, or no room at all",
     .reply = NULL},
    {0},
};
