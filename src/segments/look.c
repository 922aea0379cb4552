/* look.c - one member, or many, asked which segments they are in.
 *
 * 1. A member is evaluated on their whole history of the snapshot, or on what is remembered of it
 *    (memory.h), by the expressions that what happened concerns; when the clock alone moves them,
 *    by all.
 * 2. Nobody is remembered by a look that leaves out expressions on fields.
 * 3. Many members at once are found by one pass over the log instead of history by history.
 * 4. A member's timer is set once, behind all moves: rows may be written in between (store.c 3). */
#include "segments/look.h"

/* So few members are read one by one in any case; more, when one pass over the log would take
 * longer. A history takes about as long as so many rows of a pass (docs/bench.md "history"). */
#define FEW 100
#define HISTORY_IN_ROWS 16384

void looking_begin(struct looking *w, struct room *r, const struct snapshot *s,
                   enum segment_reason reason)
{
    *w = (struct looking){.room = r, .snapshot = s, .reason = reason};
    w->view = panel_view_create(r->panel);
    panel_view_learn(w->view, r->memory, s);
    w->arena = arena_create(0);
    w->which = mem_alloc(panel_count(r->panel) + 1);
    w->rest = mem_alloc(panel_count(r->panel) + 1);
    w->answers = mem_alloc(panel_count(r->panel) + 1);
}

void looking_end(struct looking *w)
{
    panel_view_destroy(w->view);
    arena_destroy(w->arena);
    mem_free(w->which);
    mem_free(w->rest);
    mem_free(w->answers);
}

/* The moment that a change is said to be of: the timer's, or now. */
static int64_t moment_of(const struct looking *w, uint32_t member)
{
    int64_t due = due_of(w->room, member);
    return w->reason == REASON_CLOCK && due != TIME_NONE ? due : w->room->now;
}

static bool follows(const struct live *l)
{
    return !l->list && !l->broken && !live_is_building(l);
}

static void take_answers(struct looking *w, uint32_t member, int64_t at, const uint8_t *which,
                         const uint8_t *answers)
{
    struct room *r = w->room;
    for (size_t i = 0; i < r->lives.count; i++) {
        if (which[i] && follows(r->lives.items[i]))
            follow_move(r, r->lives.items[i], member, answers[i], w->reason, at);
    }
    if (room_notes(r)) roaring_bitmap_add(r->since, member);
}

/* Ask those of w->which about one member, by their history. */
static void look_at_history(struct looking *w, const struct panel_member *m, bool whole)
{
    struct room *r = w->room;
    int64_t due;
    memory_forget(r->memory, m->id);
    r->histories++;
    enum err err = panel_ask(w->view, w->snapshot, m, w->which, w->answers, &due);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        r->failed = true; /* a part cannot be read: whole scans tell */
        return;
    }
    take_answers(w, m->id, moment_of(w, m->id), w->which, w->answers);
    due_set(r, m->id, due, whole);
}

/* Those of w->rest, which what is remembered does not answer, and when one of them may change; 'at'
 * is the moment of what moves. */
static int64_t look_at_rest(struct looking *w, const struct panel_member *m, int64_t at)
{
    int64_t due;
    w->room->histories++;
    panel_view_learn(w->view, NULL, NULL);
    enum err err = panel_ask(w->view, w->snapshot, m, w->rest, w->answers, &due);
    panel_view_learn(w->view, w->room->memory, w->snapshot);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        w->room->failed = true;
        return TIME_NONE;
    }
    take_answers(w, m->id, at, w->rest, w->answers);
    return due;
}

/* Ask those of w->which about who is remembered, and those that read fields which have changed;
 * 'whole': w->which has all. */
static void look_at_memory(struct looking *w, const struct panel_member *m, bool whole)
{
    struct room *r = w->room;
    bool rest = false;
    int64_t due, at = moment_of(w, m->id); /* before the timer is set anew */
    for (size_t i = 0; i < r->lives.count; i++) {
        w->rest[i] = w->which[i] && !memory_may_ask(r->memory, i);
        w->which[i] &= !w->rest[i];
        rest |= w->rest[i];
    }
    memory_ask(r->memory, w->view, m->id,
               &(struct memory_question){!whole, w->which, w->answers, &due});
    take_answers(w, m->id, at, w->which, w->answers);
    if (rest) due_sooner(&due, look_at_rest(w, m, at));
    due_set(r, m->id, due, whole);
}

/* NULL: it is in a part by now, or more has happened than an event. */
static const struct event *event_of(const struct snapshot *s, const struct touch *t)
{
    const struct event *ev = s->tail && t->kind ? tail_view_seq(s->tail, t->seq) : NULL;
    bool same = ev && ev->kind == t->kind && follow_member_of(s, ev->persona) == t->persona;
    return same ? ev : NULL;
}

/* Add new events to what is remembered; false: nothing is, any more. */
static bool recall(const struct looking *w, const struct panel_member *m,
                   const struct touch *touches, size_t count)
{
    struct memory *memory = w->room->memory;
    if (!memory_knows(memory, m)) return false;
    for (size_t i = 0; i < count; i++) {
        const struct event *ev = event_of(w->snapshot, &touches[i]);
        if (!ev || !memory_add(memory, m->id, ev, touches[i].seq)) return false;
    }
    return true;
}

/* The member as a snapshot's personas; false: there is none any more. */
static bool begin_look(struct looking *w, uint32_t member, struct panel_member *out)
{
    if (follow_member_of(w->snapshot, member) != member) {
        follow_clear(w->room, member); /* merged away: their root is looked at */
        return false;
    }
    arena_reset(w->arena);
    *out = panel_member_of(w->snapshot, member, w->arena);
    for (size_t i = 1; i < out->persona_count; i++)
        follow_clear(w->room, out->personas[i]);
    return true;
}

static void which_all(struct looking *w)
{
    const struct room *r = w->room;
    for (size_t i = 0; i < r->lives.count; i++)
        w->which[i] = follows(r->lives.items[i]);
}

static void look_in_scan(void *ctx, int worker, uint32_t member, const uint8_t *answers,
                         int64_t due)
{
    struct looking *w = ctx;
    (void)worker;
    roaring_bitmap_add(w->seen, member);
    arena_reset(w->arena);
    struct panel_member m = panel_member_of(w->snapshot, member, w->arena);
    for (size_t i = 1; i < m.persona_count; i++)
        follow_clear(w->room, m.personas[i]);
    take_answers(w, member, moment_of(w, member), w->which, answers);
    due_set(w->room, member, due, true);
}

static bool leave_all(uint32_t member, void *arg)
{
    struct looking *w = arg;
    memset(w->answers, 0, panel_count(w->room->panel));
    memory_forget(w->room->memory, member);
    take_answers(w, member, moment_of(w, member), w->which, w->answers);
    due_set(w->room, member, TIME_NONE, true);
    return true;
}

void look_by_pass(struct looking *w, const uint32_t *members, size_t count)
{
    struct room *r = w->room;
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    struct why why;
    roaring_bitmap_t *only = roaring_bitmap_of_ptr(count, members);
    const struct panel_scan scan = {.snapshot = w->snapshot,
                                    .only = only,
                                    .workers = 1,
                                    .memory = r->memory,
                                    .budget = &budget,
                                    .fn = look_in_scan,
                                    .ctx = w};
    w->seen = roaring_bitmap_create();
    which_all(w);
    if (panel_scan(r->panel, &scan, &why) == ERR_OK) {
        roaring_bitmap_andnot_inplace(only, w->seen);
        roaring_iterate(only, leave_all, w);
    } else {
        r->failed = true;
        memory_forget_all(r->memory);
    }
    roaring_bitmap_free(w->seen);
    roaring_bitmap_free(only);
}

bool look_pass_is_shorter(const struct looking *w, size_t members)
{
    const struct snapshot *s = w->snapshot;
    uint64_t rows = s->tail ? tail_view_count(s->tail) : 0;
    for (size_t i = 0; i < s->part_count; i++)
        rows += part_get_info(s->parts[i])->rows;
    /* by lens an answer of a pass may be one of several */
    return panel_lenses(w->room->panel) == 1 && members > FEW && members * HISTORY_IN_ROWS > rows;
}

/* Ask all about one member. */
static void look_at(struct looking *w, uint32_t member)
{
    struct panel_member m;
    if (!begin_look(w, member, &m)) return;
    which_all(w);
    look_at_history(w, &m, true);
}

/* The same of who is remembered; false: they are not, or not as the snapshot has them. */
static bool look_back(struct looking *w, uint32_t member)
{
    struct panel_member m;
    if (!w->room->abreast || !begin_look(w, member, &m) || !memory_knows(w->room->memory, &m))
        return false;
    which_all(w);
    look_at_memory(w, &m, true);
    return true;
}

void look_all(struct looking *w, const uint32_t *members, size_t count)
{
    VEC(uint32_t) unknown = {0};
    for (size_t i = 0; i < count; i++) {
        if (!look_back(w, members[i])) VEC_PUSH(&unknown, members[i]);
    }
    if (look_pass_is_shorter(w, unknown.count)) {
        look_by_pass(w, unknown.items, unknown.count);
    } else {
        for (size_t i = 0; i < unknown.count; i++)
            look_at(w, unknown.items[i]);
    }
    VEC_FINISH(&unknown);
}

void look_listed(struct looking *w, uint32_t member)
{
    struct panel_member m;
    const struct room *r = w->room;
    for (size_t i = 0; i < r->lives.count; i++)
        w->which[i] = follows(r->lives.items[i]) && panel_reads_lists(r->panel, i);
    panel_view_learn(w->view, NULL, NULL);
    if (begin_look(w, member, &m)) look_at_history(w, &m, false);
    panel_view_learn(w->view, r->memory, w->snapshot);
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

/* The same of who is remembered: fields are looked at beside. */
static void which_of_memory(struct looking *w, const struct touch *touches, size_t count)
{
    const struct room *r = w->room;
    memset(w->which, 0, panel_count(r->panel));
    for (size_t t = 0; t < count; t++) {
        if (t > 0 && touches[t].kind == touches[t - 1].kind) continue;
        memory_concerns(r->memory, touches[t].kind, w->which);
        for (size_t i = 0; i < r->lives.count; i++) {
            if (!memory_may_ask(r->memory, i) && follows(r->lives.items[i]))
                w->which[i] |= panel_reads(r->panel, i, touches[t].kind);
        }
    }
}

bool look_recall(struct looking *w, const struct touch *touches, size_t count)
{
    struct panel_member m;
    if (!begin_look(w, touches[0].persona, &m) || !recall(w, &m, touches, count)) return false;
    which_of_memory(w, touches, count);
    look_at_memory(w, &m, false);
    return true;
}

void look_touched(struct looking *w, const struct touch *touches, size_t count)
{
    struct panel_member m;
    if (!begin_look(w, touches[0].persona, &m)) return;
    if (which_of(w, touches, count)) {
        look_at_history(w, &m, false);
    } else {
        memory_forget(w->room->memory, m.id);
    }
}
