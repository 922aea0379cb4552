/* look_story.c - one member's history from the log, folded up to now.
 *
 * The fold reports the changes of a moment once it is given an event after it, so that a change
 * stands behind all rows of its own millisecond (as in a query, insight/derive.c). Events of the
 * future, which a sender's clock may have made, are in the history but not folded. */
#include "people/look_internal.h"

struct telling {
    struct look_story *story;
    size_t room;
};

static void add_change(void *ctx, const struct fold_change *change)
{
    struct telling *t = ctx;
    struct look_story *story = t->story;
    bool trust = change->what == FOLD_TRUST;
    if (story->event_count == t->room) return; /* room is for two a moment: cannot be */
    story->events[story->event_count++] = (struct look_event){
        .at = change->at,
        .kind = trust ? story->names.kind_trust : story->names.kind_lifecycle,
        .row = UINT32_MAX,
        .from = change->from,
        .to = change->to,
        .of = trust ? LOOK_TRUST : LOOK_STAGE,
    };
}

static void finish_fold(void *fold)
{
    fold_destroy(fold);
}

/* What the fold leaves out does not move its clock: changes dated before such a row are reported
 * behind it. */
static void put_in_order(struct look_story *s)
{
    for (size_t i = 1; i < s->event_count; i++) {
        struct look_event change = s->events[i];
        size_t to = i;
        if (change.row != UINT32_MAX) continue;
        for (; to > 0 && s->events[to - 1].at > change.at; to--)
            s->events[to] = s->events[to - 1];
        s->events[to] = change;
    }
}

/* Changes are counted first, so that there is room for them all. */
static void count_change(void *ctx, const struct fold_change *change)
{
    size_t *count = ctx;
    (void)change;
    ++*count;
}

static void fold_rows(struct look_story *s, int64_t now, struct telling *t, size_t *changes)
{
    struct fold_row row;
    void *ctx = t ? (void *)t : (void *)changes;
    fold_change_fn *fn = t ? add_change : count_change;
    fold_reset(s->fold);
    for (uint32_t r = 0; r < s->rows; r++) {
        fold_row_of_history(&s->names, &s->reading.columns, &s->h, r, &row);
        fold_event(s->fold, &s->names, &row, fn, ctx);
        if (!t) continue;
        s->events[s->event_count++] =
            (struct look_event){.at = s->h.at[r], .kind = s->h.kind[r], .row = r};
    }
    fold_advance(s->fold, &s->names, now, fn, ctx);
}

/* Behind the rest; to be put in order. */
static void add_circles(struct look_story *s, const struct circle_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i].at > s->now) continue;
        s->events[s->event_count++] = (struct look_event){.at = changes[i].at,
                                                          .kind = s->names.kind_circle,
                                                          .row = UINT32_MAX,
                                                          .of = LOOK_CIRCLE,
                                                          .from = changes[i].from,
                                                          .to = changes[i].to,
                                                          .group = changes[i].group};
    }
}

enum err look_story(const struct look *l, uint32_t member, struct look_story *out, struct why *why)
{
    uint32_t *personas, id = look_member_of(l, member);
    if (l->kept && l->kept->id == id) {
        *out = *l->kept;
        return ERR_OK;
    }
    size_t count = look_personas(l, id, &personas);
    *out = (struct look_story){.id = id, .personas = personas, .persona_count = count};
    return look_story_of(l, out, why);
}

enum err look_keep(struct look *l, uint32_t member, struct why *why)
{
    struct look_story *story = arena_alloc(l->arena, sizeof(*story));
    TRY(look_story(l, member, story, why));
    l->kept = story;
    return ERR_OK;
}

enum err look_story_of(const struct look *l, struct look_story *out, struct why *why)
{
    int64_t now = env_now(brand_env(l->brand));
    size_t changes = 0;
    out->now = now;
    people_fold_names(l->brand, l->arena, &out->names);
    out->reading = refold_reading(l->brand, &out->names);
    struct scan scan = refold_scan_of(&out->reading);
    TRY(eventlog_member(l->snapshot, out->id, out->personas, out->persona_count, &scan, l->arena,
                        &out->h, why));
    uint32_t rows = out->h.member_count ? out->h.off[1] : 0;
    out->rows = history_row_at(out->h.at, 0, rows, now + 1);
    if (out->rows == 0)
        return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "member", "m%u", out->id);
    out->fold = fold_create();
    arena_defer(l->arena, finish_fold, out->fold);
    fold_rows(out, now, NULL, &changes);
    struct circle_change *circles;
    size_t circle_count;
    enum err err =
        circle_changes(l->db, out->personas, out->persona_count, l->arena, &circles, &circle_count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    struct telling telling = {out, out->rows + changes};
    out->events = arena_alloc_array(l->arena, telling.room + circle_count, sizeof(out->events[0]));
    fold_rows(out, now, &telling, NULL);
    add_circles(out, circles, circle_count);
    put_in_order(out);
    return ERR_OK;
}
