/* look_place.h - a brand with facts or a random crowd in it, and one who looks. */
#pragma once

#include "brand_place.h"
#include "people/crowd.h"
#include "people/internal.h"
#include "people/look.h"
#include "people/place_loads.h"

#define FACTS 3000
#define PEOPLE 150
#define DAY TIME_DAY

static inline void send(struct place *p, const struct fact *facts, size_t count)
{
    struct why why = {0};
    send_live(p, facts, count);
    place_must(brand_flush(p->brand, &why), &why, "flush");
}

/* ---- looking ---- */

struct view {
    struct look look;
    struct arena *arena;
    struct sql *db;
};

static inline void view_open(struct view *v, struct place *p)
{
    v->arena = arena_create(0);
    v->db = place_reader(p);
    look_begin(&v->look, p->brand, v->db, v->arena);
}

static inline void view_close(struct view *v)
{
    look_end(&v->look);
    sql_close(v->db);
    arena_destroy(v->arena);
}

static inline struct look_rows list(struct view *v, const struct look_page *page)
{
    struct look_rows rows;
    struct why why = {0};
    place_must(look_list(&v->look, page, &rows, &why), &why, "list");
    return rows;
}

static inline struct look_found search(struct view *v, const char *text)
{
    struct look_found found;
    struct why why = {0};
    place_must(look_search(&v->look, str_of(text), 50, &found, &why), &why, text);
    return found;
}

static inline struct look_profile profile(struct view *v, uint32_t member)
{
    struct look_profile out;
    struct why why = {0};
    place_must(look_profile(&v->look, member, &out, &why), &why, "profile");
    return out;
}

static inline struct look_timeline timeline(struct view *v, uint32_t member,
                                            const struct look_span *span)
{
    struct look_timeline out;
    struct why why = {0};
    place_must(look_timeline(&v->look, member, span, &out, &why), &why, "timeline");
    return out;
}

/* ---- facts ---- */

static struct identity ids[16];
static size_t id_count;

static inline struct fact fact(const char *user, const char *kind, int64_t at)
{
    struct identity *id = &ids[id_count++ % 16];
    *id = (struct identity){IDENTITY_USER, str_of(user)};
    return (struct fact){
        .at = at, .kind = str_of(kind), .who = id, .who_count = 1, .amount = HISTORY_NO_AMOUNT};
}

static inline void crowd_in(struct place *p, bool bulk)
{
    struct crowd c;
    crowd_fill(&c, 11, FACTS, PEOPLE);
    if (bulk) {
        send_bulk(p, c.facts, c.count);
    } else {
        send(p, c.facts, c.count);
    }
    crowd_drop(&c);
}
