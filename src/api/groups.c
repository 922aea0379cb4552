/* groups.c - the group that a path names, and who changes it. */
#include "api/groups.h"

#include <inttypes.h>

#include "api/internal.h"

bool groups_parse(struct str text, uint32_t *out)
{
    uint64_t number;
    bool sound = text.len > 1 && text.p[0] == 'g' &&
                 str_to_u64((struct str){text.p + 1, text.len - 1}, &number) &&
                 number <= UINT32_MAX;
    if (sound) *out = (uint32_t)number;
    return sound;
}

enum err groups_id(const struct call *c, uint32_t *out, struct why *why)
{
    return groups_parse(call_param(c, "id"), out) ? ERR_OK : call_not_found(why);
}

enum err groups_find(struct call *c, struct sql **db, struct group_record *out, struct why *why)
{
    uint32_t code = 0;
    *db = NULL;
    TRY(groups_id(c, &code, why));
    TRY(call_reader(c, db, why));
    enum err err = group_record_get(c->brand, *db, code, c->arena, out, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

enum err groups_tell(const struct call *c, uint32_t group, struct str before, struct str after,
                     struct why *why)
{
    return call_audit(c, arena_printf(c->arena, "group:g%" PRIu32, group), before, after, why);
}
