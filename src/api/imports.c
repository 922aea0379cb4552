/* imports.c - see imports.h. */
#include "api/imports.h"

#include "api/sight.h"

/* What a file says is of anybody, so that a caller of narrow reach sees those of their own alone.
 */
static enum err check_seen(struct call *c, const struct upload *u, struct why *why)
{
    bool seen = sight_is_whole(c) || str_is(u->author, c->who->name);
    return seen ? ERR_OK : call_not_found(why);
}

enum err imports_get(struct call *c, uint32_t id, struct upload *out, struct why *why)
{
    struct upload_view view;
    struct sql *db;
    upload_view_take(c->api->uploads, c->brand, c->arena, &view);
    TRY(call_reader(c, &db, why));
    enum err err = upload_get(&view, db, id, out, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    return err == ERR_OK ? check_seen(c, out, why) : err;
}

enum err imports_now(struct call *c, uint32_t id, struct upload *out, struct why *why)
{
    struct upload_view view;
    struct sql *db;
    upload_view_take(c->api->uploads, c->brand, c->arena, &view);
    TRY(brand_reader(c->brand, &db, why));
    enum err err = upload_get(&view, db, id, out, why);
    sql_close(db);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    return err == ERR_OK ? check_seen(c, out, why) : err;
}

enum err imports_find(struct call *c, struct upload *out, struct why *why)
{
    uint32_t id = 0;
    TRY(call_number(c, "id", &id, why));
    return imports_now(c, id, out, why);
}

const char *imports_option(const struct call *c, const char *name)
{
    struct str text = call_str(c, name);
    return text.len ? arena_str(c->arena, text).p : NULL;
}

enum err imports_as_field(enum err err, struct why *why)
{
    if (err != ERR_OK && memcmp(why->field, "--", 2) == 0)
        memmove(why->field, why->field + 2, strlen(why->field + 2) + 1);
    return err;
}
