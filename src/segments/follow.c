/* follow.c - what the keeper does with what has happened: whom to look at, who enters, who leaves,
 * and when to look again.
 *
 * 1. A member is evaluated on their whole history of the snapshot, by the expressions that the
 *    event's kind concerns; when the clock alone moves them, by all.
 * 2. r->due says of each member when one of the answers may change by the clock. An event never
 *    moves it later: it is found anew when it fires. So the heap has few entries beyond one a
 *    member.
 * 3. Many members at once are found by one pass over the log instead of history by history. */
#include "segments/internal.h"

#include <stdlib.h>

/* So few members are read one by one in any case; more, when one pass over the log would take
 * longer. A history takes about as long as so many rows of a pass (docs/bench.md "history"). */
#define FEW 100
/* So many moments are looked at one by one; what else is due is looked at as of now, and dated by
 * when it was due first: after a long stop, since otherwise there are few. */
#define MOMENTS 256
#define HISTORY_IN_ROWS 16384

/* ---- personas ---- */

uint32_t follow_member_of(const struct snapshot *s, uint32_t persona)
{
    return persona_map_member(s->personas, persona);
}

struct panel_member follow_personas(const struct snapshot *s, uint32_t member, struct arena *arena)
{
    uint32_t *personas;
    size_t count = persona_map_of(s->personas, member, arena, &personas);
    return (struct panel_member){.id = member, .personas = personas, .persona_count = count};
}

/* ---- moves ---- */

/* Under the lock. */
void follow_tell(struct room *r, const struct live *l, const struct segment_move *move)
{
    struct segment_move m = *move;
    m.number = r->moved + 1;
    m.segment = l->id;
    m.code = str_of(l->code);
    size_t place = r->moved % LIMIT_SEGMENT_MOVES;
    if (place == r->moves.count) {
        VEC_PUSH(&r->moves, m);
    } else {
        r->moves.items[place] = m;
    }
    r->moved++;
}

void follow_move(struct room *r, struct live *l, uint32_t member, bool in,
                 enum segment_reason reason, int64_t at)
{
    if (roaring_bitmap_contains(l->members, member) == in) return;
    const struct segment_move move = {.member = member, .entered = in, .reason = reason, .at = at};
    pthread_mutex_lock(&r->lock);
    if (in) {
        roaring_bitmap_add(l->members, member);
    } else {
        roaring_bitmap_remove(l->members, member);
    }
    roaring_bitmap_add(l->dirty, member >> CHUNK_BITS);
    l->moved_at = at;
    follow_tell(r, l, &move);
    pthread_mutex_unlock(&r->lock);
}

/* ---- looking at members ---- */

/* Members to be looked at, and by what. */
struct looking {
    struct room *room;
    const struct snapshot *snapshot;
    enum segment_reason reason;
    struct panel_view *view;
    struct arena *arena;
    uint8_t *which;         /* expressions to be asked: in step with what they follow */
    uint8_t *answers;       /* of one member */
    roaring_bitmap_t *seen; /* by a scan */
};

static void looking_begin(struct looking *w, struct room *r, const struct snapshot *s,
                          enum segment_reason reason)
{
    *w = (struct looking){.room = r, .snapshot = s, .reason = reason};
    w->view = panel_view_create(r->panel);
    w->arena = arena_create(0);
    w->which = mem_alloc(panel_count(r->panel) + 1);
    w->answers = mem_alloc(panel_count(r->panel) + 1);
}

static void looking_end(struct looking *w)
{
    panel_view_destroy(w->view);
    arena_destroy(w->arena);
    mem_free(w->which);
    mem_free(w->answers);
}

/* The moment that a change is said to be of: the timer's, or now. */
static int64_t moment_of(const struct looking *w, uint32_t member)
{
    int64_t due = due_of(w->room, member);
    return w->reason == REASON_CLOCK && due != TIME_NONE ? due : w->room->now;
}

/* Who was merged away is in no segment any more. */
static void clear_persona(struct room *r, uint32_t persona)
{
    for (size_t i = 0; i < r->lives.count; i++) {
        if (!r->lives.items[i]->list)
            follow_move(r, r->lives.items[i], persona, false, REASON_EVENT, r->now);
    }
    due_set(r, persona, TIME_NONE, true);
    if (r->build) roaring_bitmap_add(r->since, persona);
}

static bool follows(const struct live *l)
{
    return !l->list && !l->broken && !live_is_building(l);
}

static void take_answers(struct looking *w, uint32_t member, const uint8_t *which,
                         const uint8_t *answers)
{
    struct room *r = w->room;
    int64_t at = moment_of(w, member);
    for (size_t i = 0; i < r->lives.count; i++) {
        if (which[i] && follows(r->lives.items[i]))
            follow_move(r, r->lives.items[i], member, answers[i], w->reason, at);
    }
    if (r->build) roaring_bitmap_add(r->since, member);
}

/* Ask those of w->which about one member. */
static void look_at(struct looking *w, uint32_t member, bool whole)
{
    struct room *r = w->room;
    int64_t due;
    if (follow_member_of(w->snapshot, member) != member) {
        clear_persona(r, member); /* merged away: their root is looked at */
        return;
    }
    arena_reset(w->arena);
    struct panel_member m = follow_personas(w->snapshot, member, w->arena);
    for (size_t i = 1; i < m.persona_count; i++)
        clear_persona(r, m.personas[i]);
    enum err err = panel_ask(w->view, w->snapshot, &m, w->which, w->answers, &due);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        r->failed = true; /* a part cannot be read: whole scans tell */
        return;
    }
    take_answers(w, member, w->which, w->answers);
    due_set(r, member, due, whole);
}

static void look_in_scan(void *ctx, int worker, uint32_t member, const uint8_t *answers,
                         int64_t due)
{
    struct looking *w = ctx;
    (void)worker;
    roaring_bitmap_add(w->seen, member);
    arena_reset(w->arena);
    struct panel_member m = follow_personas(w->snapshot, member, w->arena);
    for (size_t i = 1; i < m.persona_count; i++)
        clear_persona(w->room, m.personas[i]);
    take_answers(w, member, w->which, answers);
    due_set(w->room, member, due, true);
}

static bool leave_all(uint32_t member, void *arg)
{
    struct looking *w = arg;
    memset(w->answers, 0, panel_count(w->room->panel));
    take_answers(w, member, w->which, w->answers);
    due_set(w->room, member, TIME_NONE, true);
    return true;
}

/* One pass over the log for all of them. Who is not seen has no events any more. */
static void look_by_scan(struct looking *w, const uint32_t *members, size_t count)
{
    struct room *r = w->room;
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    struct why why;
    roaring_bitmap_t *only = roaring_bitmap_of_ptr(count, members);
    const struct panel_scan scan = {.snapshot = w->snapshot,
                                    .only = only,
                                    .workers = 1,
                                    .budget = &budget,
                                    .fn = look_in_scan,
                                    .ctx = w};
    w->seen = roaring_bitmap_create();
    if (panel_scan(r->panel, &scan, &why) == ERR_OK) {
        roaring_bitmap_andnot_inplace(only, w->seen);
        roaring_iterate(only, leave_all, w);
    } else {
        r->failed = true;
    }
    roaring_bitmap_free(w->seen);
    roaring_bitmap_free(only);
}

static bool is_pass_shorter(const struct snapshot *s, size_t histories)
{
    uint64_t rows = s->tail ? tail_view_count(s->tail) : 0;
    for (size_t i = 0; i < s->part_count; i++)
        rows += part_get_info(s->parts[i])->rows;
    return histories > FEW && histories * HISTORY_IN_ROWS > rows;
}

static void which_all(struct looking *w)
{
    const struct room *r = w->room;
    for (size_t i = 0; i < r->lives.count; i++)
        w->which[i] = follows(r->lives.items[i]);
}

void follow_look(struct room *r, const struct snapshot *s, const uint32_t *members, size_t count,
                 enum segment_reason reason)
{
    struct looking w;
    VEC(uint32_t) live = {0};
    if (count == 0 || r->lives.count == 0) return;
    for (size_t i = 0; i < count; i++) {
        if (follow_member_of(s, members[i]) == members[i]) {
            VEC_PUSH(&live, members[i]);
        } else {
            clear_persona(r, members[i]);
        }
    }
    looking_begin(&w, r, s, reason);
    which_all(&w);
    /* by lens an answer of a scan may be one of several */
    if (panel_lenses(r->panel) == 1 && is_pass_shorter(s, live.count)) {
        look_by_scan(&w, live.items, live.count);
    } else {
        for (size_t i = 0; i < live.count; i++)
            look_at(&w, live.items[i], true);
    }
    looking_end(&w);
    VEC_FINISH(&live);
}

/* ---- events ---- */

static int by_persona(const void *a, const void *b)
{
    const struct touch *x = a, *y = b;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

/* Put members in the place of personas. */
static bool map_touches(struct room *r, const struct snapshot *s, struct touch *touches,
                        size_t count)
{
    bool shared = false;
    uint32_t cleared = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t persona = touches[i].persona, member = follow_member_of(s, persona);
        if (touches[i].kind == 0) shared = true;
        if (member == persona) continue;
        shared = true;
        touches[i].persona = member;
        if (cleared != persona) clear_persona(r, persona);
        cleared = persona;
    }
    return shared;
}

static size_t next_member(const struct touch *touches, size_t i, size_t count)
{
    size_t end = i;
    while (end < count && touches[end].persona == touches[i].persona)
        end++;
    return end;
}

/* Which expressions do these events concern? */
static bool which_of(struct looking *w, const struct touch *touches, size_t count)
{
    const struct room *r = w->room;
    bool any = false;
    for (size_t i = 0; i < r->lives.count; i++) {
        w->which[i] = 0;
        if (!follows(r->lives.items[i])) continue;
        for (size_t t = 0; t < count && !w->which[i]; t++) {
            if (t == 0 || touches[t].kind != touches[t - 1].kind)
                w->which[i] = panel_reads(r->panel, i, touches[t].kind);
        }
        any |= w->which[i];
    }
    return any;
}

static void look_by_scan_touched(struct looking *w, const struct touch *touches, size_t count)
{
    VEC(uint32_t) members = {0};
    for (size_t i = 0; i < count; i = next_member(touches, i, count))
        VEC_PUSH(&members, touches[i].persona);
    which_all(w);
    look_by_scan(w, members.items, members.count);
    VEC_FINISH(&members);
}

void follow_touches(struct room *r, const struct snapshot *s, struct touch *touches, size_t count)
{
    struct looking w;
    size_t members = 0;
    if (count == 0 || r->lives.count == 0) return;
    qsort(touches, count, sizeof(*touches), by_persona);
    bool shared = map_touches(r, s, touches, count);
    if (shared) qsort(touches, count, sizeof(*touches), by_persona);
    looking_begin(&w, r, s, REASON_EVENT);
    for (size_t i = 0; i < count; i = next_member(touches, i, count))
        members += touches[i].persona != 0;
    if (panel_lenses(r->panel) == 1 && is_pass_shorter(s, members)) {
        look_by_scan_touched(&w, touches, count);
    } else {
        for (size_t i = 0, end; i < count; i = end) {
            end = next_member(touches, i, count);
            if (touches[i].persona && which_of(&w, touches + i, end - i))
                look_at(&w, touches[i].persona, false);
            if (r->build && touches[i].persona) roaring_bitmap_add(r->since, touches[i].persona);
        }
    }
    looking_end(&w);
    if (shared) follow_lists(r, s);
}

/* ---- the clock ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Look at who is due up to 'until', as of that moment. */
static void look_due(struct room *r, const struct snapshot *s, int64_t until)
{
    VEC(uint32_t) members = {0};
    for (int64_t due = due_next(r); due != TIME_NONE && due <= until; due = due_next(r)) {
        VEC_PUSH(&members, r->heap.items[0].member);
        due_pop(r);
    }
    qsort(members.items, members.count, sizeof(members.items[0]), by_number);
    size_t kept = 0;
    for (size_t i = 0; i < members.count; i++) {
        if (!kept || members.items[kept - 1] != members.items[i])
            members.items[kept++] = members.items[i];
    }
    panel_set_now(r->panel, until);
    follow_look(r, s, members.items, kept, REASON_CLOCK);
    VEC_FINISH(&members);
}

void follow_clock(struct room *r, const struct snapshot *s, int64_t now)
{
    int64_t due = due_next(r);
    for (int i = 0; i < MOMENTS && due != TIME_NONE && due <= now; i++) {
        look_due(r, s, due);
        due = due_next(r);
    }
    if (due != TIME_NONE && due <= now) look_due(r, s, now);
    panel_set_now(r->panel, now);
}

/* ---- static lists ---- */

struct mapping {
    const struct snapshot *snapshot;
    roaring_bitmap_t *out;
};

static bool map_member(uint32_t persona, void *arg)
{
    struct mapping *m = arg;
    roaring_bitmap_add(m->out, follow_member_of(m->snapshot, persona));
    return true;
}

struct changing {
    struct room *room;
    struct live *live;
    const roaring_bitmap_t *now;
    VEC(uint32_t) members; /* changed */
};

static bool move_listed(uint32_t member, void *arg)
{
    struct changing *c = arg;
    follow_move(c->room, c->live, member, roaring_bitmap_contains(c->now, member), REASON_EVENT,
                c->room->now);
    if (c->room->build) roaring_bitmap_add(c->room->since, member);
    VEC_PUSH(&c->members, member);
    return true;
}

/* Those whose answers may hang on the lists. */
static void look_listed(struct room *r, const struct snapshot *s, const struct changing *c)
{
    struct looking w;
    bool any = false;
    if (c->members.count == 0) return;
    looking_begin(&w, r, s, REASON_EVENT);
    for (size_t i = 0; i < r->lives.count; i++) {
        w.which[i] = follows(r->lives.items[i]) && panel_reads_lists(r->panel, i);
        any |= w.which[i];
    }
    for (size_t i = 0; any && i < c->members.count; i++)
        look_at(&w, c->members.items[i], false);
    looking_end(&w);
}

void follow_lists(struct room *r, const struct snapshot *s)
{
    struct changing c = {.room = r};
    room_tear(r, true);
    for (size_t i = 0; i < r->lives.count; i++) {
        struct live *l = r->lives.items[i];
        if (!l->list) continue;
        struct mapping m = {s, roaring_bitmap_create()};
        roaring_iterate(l->named, map_member, &m);
        roaring_bitmap_t *moved = roaring_bitmap_xor(m.out, l->members);
        c.live = l;
        c.now = m.out;
        roaring_iterate(moved, move_listed, &c);
        roaring_bitmap_free(moved);
        roaring_bitmap_free(m.out);
    }
    look_listed(r, s, &c);
    room_tear(r, false);
    VEC_FINISH(&c.members);
}
