/* look_timeline.c - a page of one member's history.
 *
 * The story says which rows and changes the page holds; then the columns of just that stretch of
 * time are read, properties 64 at a time, since that is as many as one reading brings. A stretch of
 * time holds the same rows in the same order in both readings: row i of the stretch is row
 * first + i of the story. */
#include <assert.h>

#include "people/look_internal.h"

#define PROPS_AT_ONCE 64
#define PIECE_EVENTS 10000 /* of a whole history, read at once */

struct page {
    const struct look *l;
    const struct look_story *story;
    struct look_timeline *out;
    struct look_event *events; /* beside out->items */
    int64_t from, to;          /* the stretch [from, to) */
    uint32_t first;            /* row of the story that begins it */
};

static bool is_wanted(const struct look *l, const struct look_span *span, int kind)
{
    if (span->kind_count == 0) return true;
    struct str name = registry_kind_name(l->brand, kind);
    for (size_t i = 0; i < span->kind_count; i++) {
        if (str_eq(span->kinds[i], name)) return true;
    }
    return false;
}

/* How many events of the same millisecond stand before this one. */
static uint32_t index_of(const struct look_story *s, size_t event)
{
    uint32_t n = 0;
    while (event > 0 && s->events[event - 1].at == s->events[event].at) {
        event--;
        n++;
    }
    return n;
}

/* How many events are older than where the last page ended. */
static size_t end_of(const struct look_story *s, const struct look_moment *before)
{
    size_t low = 0, high = s->event_count;
    if (!before) return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->events[middle].at < before->at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (uint32_t i = 0;
         i < before->index && low < s->event_count && s->events[low].at == before->at; i++)
        low++;
    return low;
}

static void choose(struct page *p, const struct look_span *span)
{
    const struct look_story *s = p->story;
    struct look_timeline *out = p->out;
    for (size_t i = end_of(s, span->before); i > 0; i--) {
        const struct look_event *ev = &s->events[i - 1];
        if (!is_wanted(p->l, span, ev->kind)) continue;
        if (out->count == span->limit) {
            out->more = true;
            return;
        }
        out->last = (struct look_moment){ev->at, index_of(s, i - 1)};
        p->events[out->count] = *ev;
        out->items[out->count++] =
            (struct look_entry){.at = ev->at, .kind = ev->kind, .amount = HISTORY_NO_AMOUNT};
    }
}

/* The stretch of time that the rows of the page lie in; false when it has none. */
static bool find_stretch(struct page *p)
{
    uint32_t newest = UINT32_MAX, oldest = UINT32_MAX;
    for (size_t i = 0; i < p->out->count; i++) {
        uint32_t row = p->events[i].row;
        if (row == UINT32_MAX) continue;
        if (newest == UINT32_MAX || row > newest) newest = row;
        if (oldest == UINT32_MAX || row < oldest) oldest = row;
    }
    if (newest == UINT32_MAX) return false;
    p->from = p->story->h.at[oldest];
    p->to = p->story->h.at[newest] + 1;
    p->first = history_row_at(p->story->h.at, 0, p->story->rows, p->from);
    return true;
}

/* The stretch as the log has it with these columns; '*first' is the row that begins it. */
static enum err read_stretch(const struct page *p, const struct columns *columns,
                             const enum prop_type *types, struct history *h, uint32_t *first,
                             struct why *why)
{
    struct scan scan = {.columns = columns,
                        .prop_types = types,
                        .from = p->from,
                        .to = p->to,
                        .members_only = true};
    TRY(eventlog_member(p->l->snapshot, p->story->id, p->story->personas, p->story->persona_count,
                        &scan, p->l->arena, h, why));
    uint32_t rows = h->member_count ? h->off[1] : 0;
    *first = history_row_at(h->at, 0, rows, p->from);
    uint32_t end = history_row_at(h->at, *first, rows, p->to);
    uint32_t told = history_row_at(p->story->h.at, p->first, p->story->rows, p->to);
    if (end - *first != told - p->first) return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    return ERR_OK;
}

static enum err fill_columns(const struct page *p, struct why *why)
{
    struct columns columns = {.mask = COLUMN_OTHER | COLUMN_AMOUNT};
    struct history h;
    uint32_t first;
    for (int d = 0; d < DIM_COUNT; d++)
        columns.mask |= (uint32_t)COLUMN_DIM0 << d;
    TRY(read_stretch(p, &columns, NULL, &h, &first, why));
    for (size_t i = 0; i < p->out->count; i++) {
        struct look_entry *e = &p->out->items[i];
        if (p->events[i].row == UINT32_MAX) continue;
        uint32_t row = first + p->events[i].row - p->first;
        for (int d = 0; d < DIM_COUNT; d++)
            e->dim[d] = h.dim[d][row];
        e->other = h.other[row];
        e->amount = h.amount[row];
    }
    return ERR_OK;
}

static void add_prop(const struct page *p, struct look_entry *e, const struct look_prop *prop)
{
    struct look_prop *props = arena_alloc_array(p->l->arena, e->prop_count + 1, sizeof(props[0]));
    if (e->prop_count) memcpy(props, e->props, e->prop_count * sizeof(props[0]));
    props[e->prop_count++] = *prop;
    e->props = props;
}

static bool read_prop(const struct prop_column *c, uint32_t row, struct look_prop *out)
{
    if (c->type == PROP_TEXT) {
        out->text = c->strings[c->text[row]];
        return c->text[row] != 0;
    }
    out->number = c->number[row];
    return out->number == out->number; /* not NaN */
}

/* Of the properties ids[0 .. count). */
static enum err fill_some(const struct page *p, const struct columns *columns,
                          const enum prop_type *types, struct why *why)
{
    struct history h;
    uint32_t first;
    TRY(read_stretch(p, columns, types, &h, &first, why));
    for (size_t i = 0; i < p->out->count; i++) {
        if (p->events[i].row == UINT32_MAX) continue;
        for (uint32_t k = 0; k < h.prop_count; k++) {
            struct look_prop prop;
            prop.name = registry_prop_name(p->l->brand, h.props[k].id, &prop.type);
            prop.number = 0;
            prop.text = (struct str){NULL, 0};
            if (read_prop(&h.props[k], first + p->events[i].row - p->first, &prop))
                add_prop(p, &p->out->items[i], &prop);
        }
    }
    return ERR_OK;
}

static enum err fill_props(const struct page *p, struct why *why)
{
    struct columns columns = {0};
    enum prop_type types[PROPS_AT_ONCE];
    uint32_t count = registry_prop_count(p->l->brand);
    for (uint32_t id = 1; id <= count; id++) {
        (void)registry_prop_name(p->l->brand, id, &types[columns.prop_count]);
        columns.props[columns.prop_count++] = id;
        if (columns.prop_count < PROPS_AT_ONCE && id < count) continue;
        TRY(fill_some(p, &columns, types, why));
        columns.prop_count = 0;
    }
    return ERR_OK;
}

static const char *change_name(enum look_change of, int number)
{
    if (number < 0) return NULL;
    if (of == LOOK_CIRCLE) return circle_name((enum circle)number);
    return of == LOOK_TRUST ? trust_name((enum trust)number) : stage_name((enum stage)number);
}

/* "from" and "to" of a change, as the derived kinds have them. */
static void fill_change(const struct page *p, const struct look_event *ev, struct look_entry *e)
{
    const char *from = change_name(ev->of, ev->from), *to = change_name(ev->of, ev->to);
    struct look_prop prop = {.name = STR("from"), .type = PROP_TEXT, .text = str_of(from)};
    if (from) add_prop(p, e, &prop);
    prop.name = STR("to");
    prop.text = str_of(to);
    if (to) add_prop(p, e, &prop);
    e->dim[DIM_GROUP] = ev->group;
}

static enum err fill(struct page *p, struct why *why)
{
    for (size_t i = 0; i < p->out->count; i++) {
        if (p->events[i].row == UINT32_MAX) fill_change(p, &p->events[i], &p->out->items[i]);
    }
    if (!find_stretch(p)) return ERR_OK;
    TRY(fill_columns(p, why));
    return fill_props(p, why);
}

enum err look_timeline(const struct look *l, uint32_t member, const struct look_span *span,
                       struct look_timeline *out, struct why *why)
{
    struct look_story story;
    assert(span->limit >= 1 && span->limit <= LIMIT_PAGE_EVENTS);
    TRY(look_story(l, member, &story, why));
    struct page p = {.l = l, .story = &story, .out = out};
    *out = (struct look_timeline){
        .items = arena_alloc_array(l->arena, span->limit, sizeof(out->items[0]))};
    p.events = arena_alloc_array(l->arena, span->limit, sizeof(p.events[0]));
    choose(&p, span);
    return fill(&p, why);
}

/* Events 'from' .. from + count of the story, in an arena of their own. */
static enum err read_piece(const struct look *l, const struct look_story *story, size_t from,
                           struct look_timeline *out, struct why *why)
{
    struct page p = {.l = l, .story = story, .out = out};
    out->items = arena_alloc_array(l->arena, out->count, sizeof(out->items[0]));
    p.events = arena_copy(l->arena, story->events + from, out->count * sizeof(p.events[0]));
    for (size_t i = 0; i < out->count; i++)
        out->items[i] = (struct look_entry){
            .at = p.events[i].at, .kind = p.events[i].kind, .amount = HISTORY_NO_AMOUNT};
    return fill(&p, why);
}

enum err look_history(const struct look *l, uint32_t member, look_piece_fn *fn, void *ctx,
                      struct why *why)
{
    struct look_story story;
    struct look piece = *l;
    TRY(look_story(l, member, &story, why));
    piece.arena = arena_create(0);
    enum err err = ERR_OK;
    for (size_t from = 0; from < story.event_count && err == ERR_OK; from += PIECE_EVENTS) {
        struct look_timeline t = {.count = story.event_count - from};
        if (t.count > PIECE_EVENTS) t.count = PIECE_EVENTS;
        err = read_piece(&piece, &story, from, &t, why);
        if (err == ERR_OK) err = fn(ctx, t.items, t.count, why);
        arena_reset(piece.arena);
    }
    arena_destroy(piece.arena);
    return err;
}
