/* story.h - a brand to which the facts of a random crowd come as its clock goes on. */
#pragma once

#include "people/look_place.h"

#define BEGAN (CROWD_START + 200 * TIME_DAY)

struct story {
    struct place place;
    struct crowd crowd;
    size_t sent;
};

/* Everything up to the brand's now, then the clock's own changes. */
static inline void story_until(struct story *s, int64_t now)
{
    struct why why = {0};
    size_t from = s->sent;
    s->place.env.now_ms = now;
    while (s->sent < s->crowd.count && s->crowd.facts[s->sent].at < now)
        s->sent++;
    send(&s->place, s->crowd.facts + from, s->sent - from);
    for (int batch = 0; batch < 20; batch++)
        place_must(brand_flush(s->place.brand, &why), &why, "flush");
}

static inline void story_open(struct story *s, uint64_t seed)
{
    *s = (struct story){0};
    place_open(&s->place, "Asia/Shanghai");
    crowd_fill(&s->crowd, seed, FACTS, PEOPLE);
    story_until(s, BEGAN);
}

static inline void story_close(struct story *s)
{
    crowd_drop(&s->crowd);
    place_close(&s->place);
}
