/* fold_apply.c - what one event changes in the aggregates. Times only grow, so a latest time is the
 * event's own; nothing here looks at the clock or at a rule, but for which act days can still
 * matter. */
#include "people/fold_internal.h"

#include <string.h>

#include "base/mem.h"

void *fold_grow(void *items, uint32_t *capacity, uint32_t need, size_t size)
{
    if (need <= *capacity) return items;
    uint32_t room = *capacity ? *capacity * 2 : 2;
    if (room < need) room = need;
    *capacity = room;
    return mem_resize_array(items, room, size);
}

uint32_t fold_code_place(const struct fold_codes *c, uint32_t code)
{
    uint32_t low = 0, high = c->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->items[middle] < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void code_add(struct fold_codes *c, uint32_t code)
{
    uint32_t at = fold_code_place(c, code);
    if (at < c->count && c->items[at] == code) return;
    c->items = fold_grow(c->items, &c->capacity, c->count + 1, sizeof(c->items[0]));
    memmove(c->items + at + 1, c->items + at, (c->count - at) * sizeof(c->items[0]));
    c->items[at] = code;
    c->count++;
}

static bool code_remove(struct fold_codes *c, uint32_t code)
{
    uint32_t at = fold_code_place(c, code);
    if (at == c->count || c->items[at] != code) return false;
    c->count--;
    memmove(c->items + at, c->items + at + 1, (c->count - at) * sizeof(c->items[0]));
    return true;
}

static void join(struct fold *f, struct fold_codes *set, uint32_t code, int64_t at)
{
    code_add(set, code);
    f->last_join = at;
    f->left_at = TIME_NONE;
    if (f->joined == TIME_NONE) f->joined = at;
}

static void leave(struct fold *f, struct fold_codes *set, uint32_t code, int64_t at)
{
    if (!code_remove(set, code)) return;
    if (f->groups.count == 0 && f->contacts.count == 0) f->left_at = at;
}

/* Drop the days that have left both windows. */
static void days_prune(struct fold_days *d, int64_t since)
{
    uint32_t gone = 0;
    while (gone < d->count && fold_day_last(&d->items[gone]) <= since) {
        gone++;
    }
    if (gone == 0) return;
    d->count -= gone;
    memmove(d->items, d->items + gone, d->count * sizeof(d->items[0]));
}

static void add_act(struct fold *f, const struct fold_names *n, int64_t at)
{
    struct fold_days *d = &f->days;
    int32_t day = zone_day(n->zone, at);
    f->last_act = at;
    f->touched = true;
    if (f->joined == TIME_NONE) f->joined = at;
    /* A clock set back over midnight repeats the end of a day: that hour stays with the later day.
     */
    if (d->count && day <= d->items[d->count - 1].day) {
        struct fold_day *last = &d->items[d->count - 1];
        last->span_ms = (uint32_t)(at - last->first);
        return;
    }
    days_prune(d, at - fold_days_ms(n->rules.window_days) - fold_days_ms(n->rules.before_days));
    d->items = fold_grow(d->items, &d->capacity, d->count + 1, sizeof(d->items[0]));
    d->items[d->count++] = (struct fold_day){.first = at, .day = day};
}

static void add_content(struct fold *f, uint32_t content)
{
    if (content == 0 || f->content_count == 3) return;
    for (uint32_t i = 0; i < f->content_count; i++) {
        if (f->content[i] == content) return;
    }
    f->content[f->content_count++] = content;
}

static void add_exchange(struct fold *f, const struct zone *zone, int64_t at, bool staff)
{
    int32_t day = zone_day(zone, at);
    if (f->exchange_count < 3) f->exchange_count++;
    if (staff && f->exchange_staff < 2) f->exchange_staff++;
    if (f->exchange_days == 0) f->exchange_day = day;
    if (f->exchange_days == 0 || (f->exchange_days == 1 && day != f->exchange_day)) {
        f->exchange_days++;
    }
}

static void dm_settled(struct fold *f)
{
    f->dm_from = DM_NONE;
    f->dm_at = TIME_NONE;
    f->dm_staff = false;
}

/* A message answers the latest one of the other side if that is less than 24 h old, and then
 * neither waits any more; otherwise it waits itself. */
static void add_dm(struct fold *f, const struct zone *zone, const struct fold_row *row,
                   uint8_t from)
{
    bool other_side = f->dm_from != DM_NONE && f->dm_from != from;
    if (other_side && row->at - f->dm_at < FOLD_ANSWER_MS) {
        add_exchange(f, zone, row->at, f->dm_staff || row->staff);
        dm_settled(f);
        return;
    }
    f->dm_from = from;
    f->dm_at = row->at;
    f->dm_staff = row->staff != 0;
}

static void add_relation(struct fold *f, const struct fold_row *row)
{
    if (row->roles & ROLE_JOIN_CONTACT) {
        join(f, &f->contacts, row->staff, row->at);
        fold_tie_added(f, row->staff, row->at);
    }
    if (row->roles & ROLE_JOIN_GROUP) join(f, &f->groups, row->group, row->at);
    if (row->roles & ROLE_LEAVE_CONTACT) {
        leave(f, &f->contacts, row->staff, row->at);
        fold_tie_left(f, row->staff);
    }
    if (row->roles & ROLE_LEAVE_GROUP) leave(f, &f->groups, row->group, row->at);
}

static uint32_t said_place(const struct fold_saids *s, uint32_t group)
{
    uint32_t place = 0;
    while (place < s->count && s->items[place].group < group)
        place++;
    return place;
}

/* However old, it stays: what answers it may be learnt late. */
static void add_said(struct fold_saids *s, uint32_t group, int64_t at)
{
    uint32_t place = said_place(s, group);
    if (place == s->count || s->items[place].group != group) {
        s->items = fold_grow(s->items, &s->capacity, s->count + 1, sizeof(s->items[0]));
        memmove(&s->items[place + 1], &s->items[place], (s->count++ - place) * sizeof(s->items[0]));
    }
    s->items[place] = (struct fold_said){at, group};
}

static void drop_said(struct fold_saids *s, uint32_t group, int64_t before)
{
    uint32_t place = said_place(s, group);
    if (place == s->count || s->items[place].group != group || s->items[place].at >= before) return;
    memmove(&s->items[place], &s->items[place + 1], (--s->count - place) * sizeof(s->items[0]));
}

/* What came before the answer waits no more. What came in its very millisecond does, whichever of
 * the two the log has first. */
static void add_answer(struct fold *f, const struct fold_names *n, const struct fold_row *row)
{
    add_exchange(f, n->zone, row->at, row->staff != 0);
    if (row->group) drop_said(&f->saids, row->group, row->at);
    if (!row->group && f->dm_from == DM_FROM_MEMBER && f->dm_at < row->at) dm_settled(f);
}

static void add_talk(struct fold *f, const struct fold_names *n, const struct fold_row *row)
{
    if (row->roles & ROLE_MESSAGE) f->last_message = row->at;
    if (row->roles & ROLE_MESSAGE && row->group) add_said(&f->saids, row->group, row->at);
    bool by_member = row->roles & (ROLE_MESSAGE | ROLE_DM_RECEIVED);
    if (by_member && row->question) f->effective = true;
    bool talked = row->roles & ROLE_DM_RECEIVED ||
                  (row->human && row->roles & (ROLE_DM_SENT | ROLE_ANSWERED));
    if (talked && row->staff) fold_tie_talked(f, n->zone, row->staff, row->at);
    if (row->roles & ROLE_DM_RECEIVED) add_dm(f, n->zone, row, DM_FROM_MEMBER);
    if (!row->human) return;
    if (row->roles & ROLE_DM_SENT) add_dm(f, n->zone, row, DM_FROM_STAFF);
    if (row->roles & ROLE_ANSWERED) add_answer(f, n, row);
}

static void add_spread(struct fold *f, const struct fold_row *row)
{
    if (row->roles & (ROLE_SHARES | ROLE_INVITE_QUALIFIED)) f->shares = true;
    if (row->roles & (ROLE_INVITE_PAID | ROLE_INVITE_QUALIFIED)) f->last_spread = row->at;
    if (row->roles & ROLE_INVITE_ACCEPTED) f->invited++;
    if (row->roles & ROLE_INVITE_QUALIFIED) f->qualified++;
}

static void add_flags(struct fold *f, const struct fold_row *row)
{
    if (row->roles & (ROLE_TOUCH | ROLE_LOOK)) f->touched = true;
    if (row->roles & ROLE_LOOK) f->last_look = row->at;
    if (row->roles & ROLE_INTERACTION) f->last_interaction = row->at;
    if (row->roles & ROLE_EFFECTIVE) f->effective = true;
    if (row->roles & ROLE_INFORMED) f->informed = true;
    if (row->roles & ROLE_CONTENT_VIEWED) add_content(f, row->content);
    if (row->roles & ROLE_KNOWN && row->known) f->known = true;
}

void fold_apply(struct fold *f, const struct fold_names *n, const struct fold_row *row)
{
    enum {
        RELATION = ROLE_JOIN_CONTACT | ROLE_JOIN_GROUP | ROLE_LEAVE_CONTACT | ROLE_LEAVE_GROUP,
        TALK = ROLE_MESSAGE | ROLE_DM_RECEIVED | ROLE_DM_SENT | ROLE_ANSWERED,
        SPREAD = ROLE_SHARES | ROLE_INVITE_PAID | ROLE_INVITE_QUALIFIED | ROLE_INVITE_ACCEPTED,
    };
    f->events++;
    if (row->roles == 0) return;
    add_flags(f, row);
    if (row->roles & ROLE_ACT) add_act(f, n, row->at);
    if (row->roles & TALK) add_talk(f, n, row);
    if (row->roles & RELATION) add_relation(f, row);
    if (row->roles & SPREAD) add_spread(f, row);
    if (row->roles & ROLE_ORDER_PAID) fold_apply_paid(f, n, row);
    if (row->roles & ROLE_ORDER_REFUNDED) fold_apply_refund(f, row);
}
