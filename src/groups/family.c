/* family.c - which group takes who comes, and when there has to be another. Pure. */
#include "groups/family.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define WEEK_DAYS 7
#define DAY_HOURS 24

uint64_t family_hand_over(const struct group_record *r, bool qr)
{
    int most = r->capacity;
    if (r->hard_limit && r->hard_limit < most) most = r->hard_limit;
    if (qr && most > FAMILY_QR_LIMIT) most = FAMILY_QR_LIMIT;
    return (uint64_t)most;
}

static bool has_room(const struct family_group *g)
{
    return !g->archived && g->members < g->hand_over;
}

/* Of the family: who comes goes to whichever takes them. */
static double joins_an_hour(const struct group_family *f, const struct family_group *groups)
{
    uint64_t day = 0, week = 0;
    for (size_t i = 0; i < f->group_count; i++) {
        day += groups[i].joined_day;
        week += groups[i].joined_week;
    }
    double mean = (double)week / WEEK_DAYS;
    return ((double)day > mean ? (double)day : mean) / DAY_HOURS;
}

struct family_state family_look(const struct group_family *f, const struct family_group *groups)
{
    struct family_state s = {.entrance = SIZE_MAX, .full_in_hours = NAN};
    uint64_t room = 0;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < f->group_count; i++) {
        if (!has_room(&groups[i])) continue;
        if (s.entrance == SIZE_MAX) s.entrance = i;
        room += groups[i].hand_over - groups[i].members;
        last = i;
    }
    if (last == SIZE_MAX) {
        s.wanted = true;
        s.reason = FAMILY_FULL;
        return s;
    }
    const struct family_group *g = &groups[last];
    double rate = joins_an_hour(f, groups);
    if (rate > 0) s.full_in_hours = (double)room / rate;
    bool shared = g->members * 100 >= g->hand_over * (uint64_t)f->share;
    bool soon = rate > 0 && s.full_in_hours <= f->hours;
    s.wanted = shared || soon;
    if (shared) s.reason = FAMILY_SHARED;
    if (soon) s.reason = FAMILY_SOON;
    return s;
}

bool family_is_put_off(const struct group_family *f, const struct family_state *s)
{
    if (f->put_off_groups == 0 || f->put_off_groups != f->group_count) return false;
    return s->reason != FAMILY_FULL || f->put_off_full;
}

/* ---- names ---- */

static const char *const numerals[] = {"零", "一", "二", "三", "四", "五",
                                       "六", "七", "八", "九", "十", "十一"};
#define NUMERAL_BYTES 3

/* The last Chinese numeral up to ten: its offset; SIZE_MAX = there is none that counts on by one
 * character, or by one more. */
static size_t last_numeral(struct str name, int *value)
{
    for (size_t at = name.len; at >= NUMERAL_BYTES; at--) {
        for (int n = 1; n <= 10; n++) {
            const char *found = name.p + at - NUMERAL_BYTES;
            if (memcmp(found, numerals[n], NUMERAL_BYTES) != 0) continue;
            bool teen = at >= 2 * NUMERAL_BYTES &&
                        memcmp(found - NUMERAL_BYTES, numerals[10], NUMERAL_BYTES) == 0;
            *value = n;
            return teen && n >= 9 ? SIZE_MAX : at - NUMERAL_BYTES;
        }
    }
    return SIZE_MAX;
}

/* The last run of digits: from there to '*end'; SIZE_MAX = there is none. */
static size_t last_digits(struct str name, size_t *end)
{
    size_t at = name.len;
    while (at > 0 && (name.p[at - 1] < '0' || name.p[at - 1] > '9'))
        at--;
    *end = at;
    while (at > 0 && name.p[at - 1] >= '0' && name.p[at - 1] <= '9')
        at--;
    return *end ? at : SIZE_MAX;
}

struct str family_next_name(struct arena *arena, struct str name)
{
    size_t end;
    size_t from = last_digits(name, &end);
    uint64_t number;
    int value;
    if (from != SIZE_MAX && str_to_u64((struct str){name.p + from, end - from}, &number) &&
        number < INT64_MAX)
        return str_of(arena_printf(arena, "%.*s%" PRIu64 "%.*s", (int)from, name.p, number + 1,
                                   (int)(name.len - end), name.p + end));
    from = last_numeral(name, &value);
    if (from != SIZE_MAX) {
        size_t rest = from + NUMERAL_BYTES;
        return str_of(arena_printf(arena, "%.*s%s%.*s", (int)from, name.p, numerals[value + 1],
                                   (int)(name.len - rest), name.p + rest));
    }
    return str_of(arena_printf(arena, STR_FMT "-2", STR_ARG(name)));
}
