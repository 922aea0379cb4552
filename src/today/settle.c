/* settle.c - what became of those who were suggested a fortnight ago. */
#include <stdio.h>

#include "today/internal.h"

/* Did they act between the moment they were suggested and 14 days later? Asked as of then, so it
 * does not matter when. */
static void judge(struct brand *b, const struct snapshot *s, const struct unsettled *u)
{
    char text[64], at[48];
    int64_t due;
    uint8_t which = 1, answer = 0;
    time_format(zone_open("UTC"), u->made_at, at, sizeof(at));
    snprintf(text, sizeof(text), "last_act > %s", at);
    const struct str expr = str_of(text);
    struct panel *panel = panel_create(b, &expr, 1);
    panel_set_now(panel, u->made_at + TODAY_SETTLE_DAYS * TIME_DAY);
    struct panel_view *view = panel_view_create(panel);
    struct arena *arena = arena_create(0);
    for (size_t i = 0; i < u->count; i++) {
        uint32_t member = persona_map_member(s->personas, u->members[i]);
        struct panel_member m = panel_member_of(s, member, arena);
        answer = 0;
        u->back[i] = panel_ask(view, s, &m, &which, &answer, &due) == ERR_OK && answer;
        arena_reset(arena);
    }
    arena_destroy(arena);
    panel_view_destroy(view);
    panel_destroy(panel);
}

static enum err settle_one(struct room *r, struct sql *db, int64_t now, bool *more, struct why *why)
{
    struct unsettled u;
    struct arena *arena = arena_create(0);
    enum err err = store_unsettled(db, now, arena, &u);
    *more = err == ERR_OK && u.count > 0;
    if (*more) {
        struct snapshot *s = brand_snapshot(r->brand);
        judge(r->brand, s, &u);
        brand_snapshot_release(s);
        err = store_settle(r->brand, &u, now, why);
    }
    arena_destroy(arena);
    return err;
}

enum err settle_old(struct room *r, int64_t now, struct why *why)
{
    struct sql *db;
    enum err err = ERR_OK;
    TRY(brand_reader(r->brand, &db, why));
    for (bool more = true; more && err == ERR_OK && !atomic_load(&r->budget.cancel);)
        err = settle_one(r, db, now, &more, why);
    sql_close(db);
    return err;
}
