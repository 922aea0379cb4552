/* group_look.c - the roster, the roles and the names of one group, read together. */
#include "api/group_look.h"

#include <inttypes.h>

#include "api/asking.h"
#include "api/groups.h"
#include "api/put.h"
#include "api/sight.h"

enum err group_look_begin(struct call *c, struct group_look *x, struct why *why)
{
    struct sql *db;
    *x = (struct group_look){.call = c};
    TRY(groups_find(c, &db, &x->record, why));
    const struct roster_ask ask = {.brand = c->brand,
                                   .group = x->record.code,
                                   .now = env_now(brand_env(c->brand)),
                                   .from_day = 1,
                                   .budget = c->budget,
                                   .arena = c->arena};
    asking_fill(c->brand, c->budget);
    TRY(roster_read(&ask, &x->roster, why));
    enum err err = groups_roles(db, x->record.code, c->arena, &x->roles, &x->role_count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    look_begin(&x->look, c->brand, db, c->arena);
    return ERR_OK;
}

void group_look_end(struct group_look *x)
{
    if (x->look.snapshot) look_end(&x->look);
}

uint32_t group_look_member(const struct group_look *x, uint32_t persona)
{
    return persona_map_member(x->look.snapshot->personas, persona);
}

const struct group_role *group_look_role(const struct group_look *x, uint32_t member)
{
    for (size_t i = 0; i < x->role_count; i++) {
        if (group_look_member(x, x->roles[i].persona) == member) return &x->roles[i];
    }
    return NULL;
}

enum err group_look_put(struct group_look *x, struct json_writer *w, const char *key,
                        uint32_t member, struct why *why)
{
    struct call *c = x->call;
    struct str name = {NULL, 0};
    json_key(w, key);
    if (!member || !sight_has(c, member)) {
        json_null(w);
        return ERR_OK;
    }
    if (look_name(&x->look, member, &name) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    json_begin_object(w);
    put_text(w, "id", arena_printf(c->arena, "m%" PRIu32, member));
    put_str(w, "name", name);
    json_end_object(w);
    return ERR_OK;
}
