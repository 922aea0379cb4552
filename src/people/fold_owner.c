/* fold_owner.c - who answers for a member: what is kept of each member of staff, and the rule that
 * chooses among the contacts.
 *
 * 1. A tie is kept while the member is on the contact list, or talked with that person in the last
 *    FOLD_OWNER_DAYS_MAX days before the latest talk with anybody of the staff: direct messages of
 *    either side that a person wrote, and answers.
 * 2. The window of the rule ends with that latest day, not with the clock: time alone never moves
 *    an owner.
 * 3. All of it is a function of the events in order of time; where times are equal, the text of the
 *    code decides, since numbers are given in order of arrival. */
#include <string.h>

#include "people/fold_internal.h"

#define DAYS_MASK ((UINT64_C(1) << FOLD_OWNER_DAYS_MAX) - 1)

const char *fold_owner_rule_name(enum fold_owner_rule rule)
{
    static const char *const names[FOLD_OWNER_RULES] = {"first", "last", "active"};
    return names[rule];
}

static uint32_t place_of(const struct fold_ties *t, uint32_t staff)
{
    uint32_t i = 0;
    while (i < t->count && t->items[i].staff < staff)
        i++;
    return i;
}

static bool has(const struct fold_ties *t, uint32_t place, uint32_t staff)
{
    return place < t->count && t->items[place].staff == staff;
}

static struct fold_tie *get_or_add(struct fold_ties *t, uint32_t staff)
{
    uint32_t i = place_of(t, staff);
    if (has(t, i, staff)) return &t->items[i];
    t->items = fold_grow(t->items, &t->capacity, t->count + 1, sizeof(t->items[0]));
    memmove(t->items + i + 1, t->items + i, (t->count - i) * sizeof(t->items[0]));
    t->items[i] = (struct fold_tie){.staff = staff, .added = TIME_NONE, .talked = TIME_NONE};
    t->count++;
    return &t->items[i];
}

void fold_tie_added(struct fold *f, uint32_t staff, int64_t at)
{
    struct fold_tie *t = get_or_add(&f->ties, staff);
    if (t->added == TIME_NONE) t->added = at;
}

static void drop_empty(struct fold_ties *t)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->items[i].added != TIME_NONE || t->items[i].days) t->items[kept++] = t->items[i];
    }
    t->count = kept;
}

void fold_tie_left(struct fold *f, uint32_t staff)
{
    uint32_t i = place_of(&f->ties, staff);
    if (!has(&f->ties, i, staff)) return;
    f->ties.items[i].added = TIME_NONE;
    drop_empty(&f->ties);
}

/* A new latest day: all others are so much longer ago. */
static void shift(struct fold_ties *t, int64_t by)
{
    for (uint32_t i = 0; i < t->count; i++) {
        struct fold_tie *tie = &t->items[i];
        tie->days = by < FOLD_OWNER_DAYS_MAX ? tie->days << by & DAYS_MASK : 0;
        if (tie->days == 0) tie->talked = TIME_NONE;
    }
}

/* A clock set back over midnight stays with the later day. */
void fold_tie_talked(struct fold *f, const struct zone *zone, uint32_t staff, int64_t at)
{
    int32_t day = zone_day(zone, at);
    if (day > f->talk_day) {
        shift(&f->ties, (int64_t)day - f->talk_day);
        f->talk_day = day;
    }
    struct fold_tie *t = get_or_add(&f->ties, staff);
    t->days |= 1;
    t->talked = at;
    drop_empty(&f->ties);
}

/* ---- the rule ---- */

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int active_days(const struct fold_tie *t, int window)
{
    return __builtin_popcountll(t->days & ((UINT64_C(1) << window) - 1));
}

static int by_text(const struct fold_names *n, const struct fold_tie *a, const struct fold_tie *b)
{
    if (!n->staff_text) return order(b->staff, a->staff);
    return str_cmp(n->staff_text(n->staff_ctx, b->staff), n->staff_text(n->staff_ctx, a->staff));
}

/* More than 0: 'a' comes before 'b'. */
static int prefer(const struct fold_names *n, const struct fold_tie *a, const struct fold_tie *b)
{
    int by = 0;
    if (n->rules.owner == FOLD_OWNER_LAST) by = order(a->added, b->added);
    if (n->rules.owner == FOLD_OWNER_ACTIVE) {
        int days = active_days(a, n->rules.owner_days);
        by = order(days, active_days(b, n->rules.owner_days));
        if (by == 0 && days) by = order(a->talked, b->talked);
    }
    if (by == 0) by = order(b->added, a->added);
    return by ? by : by_text(n, a, b);
}

void fold_find_owner(const struct fold *f, const struct fold_names *n, struct fold_state *out)
{
    const struct fold_tie *best = NULL;
    out->owner = f->hand_staff;
    out->owner_by = f->hand_staff ? FOLD_OWNER_BY_HAND : FOLD_OWNER_NOBODY;
    out->owner_since = f->hand_at;
    if (f->hand_staff) return;
    for (uint32_t i = 0; i < f->ties.count; i++) {
        const struct fold_tie *t = &f->ties.items[i];
        if (t->staff == 0 || t->added == TIME_NONE) continue;
        if (!best || prefer(n, t, best) > 0) best = t;
    }
    if (!best) return;
    out->owner = best->staff;
    out->owner_by = FOLD_OWNER_BY_RULE;
    out->owner_since = best->added;
}

uint32_t fold_owner(const struct fold *f, const struct fold_names *n)
{
    struct fold_state state;
    fold_find_owner(f, n, &state);
    return state.owner;
}
