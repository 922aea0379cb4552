/* scan_span.c - a range of personas, from its first row to its last.
 *
 * Every source has one group loaded. What lies before the first persona of any group that follows
 * is whole: those rows make a run, straight from the decoded buffers when one source alone has
 * rows, merged otherwise. When the least persona at hand is itself the first of a group that
 * follows, it straddles two groups; its rows are gathered from all sources, group after group, and
 * come alone.
 *
 * 1. Runs before a lane's pos are done; a lane's pos is at its sheet's last when another group must
 * be loaded or the source is at its end.
 * 2. A run has at most SCAN_RUN_ROWS rows or one member.
 * 3. Personas of the map go to the side (scan_gather.c) and never into a run here.
 * 4. Where that is enough, what is whole is handed over as it lies, a run of each source. */
#include "base/mem.h"
#include "eventlog/scan_work.h"

#define SPAN_SHARE 16 /* members of a span for each of its rows, at most */
#define TEXTS_BYTES_MAX ((uint64_t)16 * 1024 * 1024) /* then the table of a run starts anew */

/* --- delivery --- */

/* Offsets from 0 on. */
static enum err shift_offsets(struct scan_worker *w, const uint32_t *off, uint32_t members)
{
    if (members >= w->off_max) {
        uint32_t room = members + 1 < 2 * w->off_max ? 2 * w->off_max : members + 1;
        TRY(purse_take(&w->scanner->purse, (room - w->off_max) * sizeof(w->off[0]), &w->why));
        w->off = mem_resize_array(w->off, room, sizeof(w->off[0]));
        w->off_max = room;
    }
    for (uint32_t i = 0; i <= members; i++)
        w->off[i] = off[i] - off[0];
    return ERR_OK;
}

enum err scan_deliver(struct scan_worker *w, const struct sheet *s, uint32_t from, uint32_t to,
                      const struct strings *strings)
{
    struct scanner *sc = w->scanner;
    struct history run = {.span = w->span, .member_count = to - from};
    if (from == to) return ERR_OK;
    TRY(scan_check(w));
    uint32_t first = s->run_off[from];
    if (first) TRY(shift_offsets(w, s->run_off + from, to - from));
    run.member = s->run_persona + from;
    run.off = first ? w->off : s->run_off + from;
    sheet_history(&sc->layout, s, first, strings, w->props, &run);
    atomic_fetch_add_explicit(&sc->budget->rows, s->run_off[to] - first, memory_order_relaxed);
    if (sc->fn(w->ctx, &run)) return ERR_OK;
    return why_fail(&w->why, ERR_CANCELLED, MSG_QUERY_CANCELLED, "", NULL);
}

/* --- runs within the loaded groups --- */

static uint32_t lane_rows(const struct lane *lane)
{
    if (lane->pos == lane->end) return 0;
    return lane->sheet->run_off[lane->end] - lane->sheet->run_off[lane->pos];
}

/* Let every lane end before persona 'bound'; the sum of their rows. */
static uint64_t set_ends(struct scan_worker *w, uint64_t bound)
{
    uint64_t rows = 0;
    for (uint32_t s = 0; s < w->scanner->source_count; s++) {
        struct lane *lane = &w->lanes[s];
        const struct sheet *sheet = lane->sheet;
        lane->end = (uint32_t)gallop_u32(sheet->run_persona, lane->pos, sheet->runs, bound);
        rows += lane_rows(lane);
    }
    return rows;
}

/* A lower bound, above 'head': the highest persona of the longest lane with SCAN_RUN_ROWS rows or
 * less before it; its first, if the other lanes alone have more. */
static uint64_t shrink(struct scan_worker *w, uint64_t head)
{
    const struct lane *longest = &w->lanes[0];
    for (uint32_t s = 1; s < w->scanner->source_count; s++) {
        const struct lane *lane = &w->lanes[s];
        if (lane_rows(lane) > lane_rows(longest)) longest = lane;
    }
    const uint32_t *personas = longest->sheet->run_persona;
    uint32_t low = longest->pos, high = longest->end;
    while (high - low > 1) { /* before personas[low] rows are few, or it is the first */
        uint32_t middle = low + (high - low) / 2;
        if (set_ends(w, personas[middle]) <= SCAN_RUN_ROWS) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return personas[low] > head ? personas[low] : head + 1;
}

static void skip_lanes(struct scan_worker *w)
{
    for (uint32_t s = 0; s < w->scanner->source_count; s++) {
        w->lanes[s].pos = w->lanes[s].end;
    }
}

/* Make ready to turn the text codes of the lanes that have rows. */
static void bind_lanes(struct scan_worker *w, struct texts *texts)
{
    for (uint32_t s = 0; s < w->scanner->source_count; s++) {
        if (w->lanes[s].pos == w->lanes[s].end) continue;
        texts_bind(texts, s, w->cursors[s].strings);
    }
}

/* Rows of a persona of the map, to the side. */
static void divert(struct scan_worker *w, uint32_t persona, uint32_t member)
{
    uint64_t rows = set_ends(w, (uint64_t)persona + 1);
    if (rows == 0) return;
    struct sheet *side = scan_gather_room(w, member, rows);
    if (!side) {
        skip_lanes(w);
        return;
    }
    bind_lanes(w, &w->side.texts);
    uint32_t from = side->count;
    lanes_merge(&w->scanner->layout, w->lanes, w->scanner->source_count, w->scratch, side,
                &w->side.texts);
    scan_gather_done(w, persona, member, side, from);
}

/* Rows before persona 'bound', to the run. */
static void merge_before(struct scan_worker *w, uint64_t bound)
{
    set_ends(w, bound);
    if (!w->scanner->stream) {
        skip_lanes(w);
        return;
    }
    lanes_merge(&w->scanner->layout, w->lanes, w->scanner->source_count, w->scratch, &w->out,
                &w->texts);
}

static enum err begin_out(struct scan_worker *w, uint64_t rows)
{
    struct scanner *sc = w->scanner;
    if (w->texts.bytes > TEXTS_BYTES_MAX) texts_reset(&w->texts);
    sheet_reset(&w->out);
    return sheet_reserve(&sc->layout, &w->out, rows, &sc->purse, &w->why);
}

static enum err deliver_out(struct scan_worker *w)
{
    TRY(texts_pay(&w->texts, &w->why));
    texts_strings(&w->texts, w->strings);
    return scan_deliver(w, &w->out, 0, w->out.runs, w->strings);
}

static enum err merged_run(struct scan_worker *w, uint64_t rows, uint64_t bound)
{
    const struct persona_map *map = &w->scanner->map;
    TRY(begin_out(w, w->scanner->stream ? rows : 0));
    if (w->scanner->stream) bind_lanes(w, &w->texts);
    for (; w->mapped < map->count && map->persona[w->mapped] < bound; w->mapped++) {
        merge_before(w, map->persona[w->mapped]);
        divert(w, map->persona[w->mapped], map->member[w->mapped]);
    }
    merge_before(w, bound);
    return deliver_out(w);
}

/* Nothing is merged of a span. Its members are to be dense, as who takes it has a place for each;
 * those of the map are not. The bound of one that begins with 'head'; 0 when there is none. */
static uint64_t span_bound(struct scan_worker *w, uint64_t head, uint64_t bound)
{
    struct scanner *sc = w->scanner;
    if (!sc->scan->spans || !sc->stream) return 0;
    if (bound - head > SCAN_SPAN_MAX) bound = head + SCAN_SPAN_MAX;
    w->mapped = gallop_u32(sc->map.persona, w->mapped, sc->map.count, head);
    if (w->mapped < sc->map.count && sc->map.persona[w->mapped] < bound) return 0;
    uint64_t rows = set_ends(w, bound), end = head;
    for (uint32_t s = 0; s < sc->source_count; s++) {
        const struct lane *lane = &w->lanes[s];
        if (lane->pos == lane->end) continue;
        uint64_t last = lane->sheet->run_persona[lane->end - 1];
        if (last >= end) end = last + 1;
    }
    return end - head <= SPAN_SHARE * rows ? end : 0;
}

/* All rows of the personas from 'head' to before 'bound', source by source. */
static enum err take_span(struct scan_worker *w, uint64_t head, uint64_t bound)
{
    uint32_t left = 0;
    (void)set_ends(w, bound);
    for (uint32_t s = 0; s < w->scanner->source_count; s++)
        left += w->lanes[s].pos < w->lanes[s].end;
    enum err err = ERR_OK;
    for (uint32_t s = 0; s < w->scanner->source_count && err == ERR_OK; s++) {
        struct lane *lane = &w->lanes[s];
        uint32_t from = lane->pos;
        if (from == lane->end) continue;
        w->span = (struct member_span){(uint32_t)head, (uint32_t)(bound - head), --left > 0};
        lane->pos = lane->end;
        err = scan_deliver(w, lane->sheet, from, lane->end, w->cursors[s].strings);
    }
    w->span = (struct member_span){0};
    return err;
}

/* A run of personas from 'head' to before 'bound', all whole within the loaded groups. */
static enum err take_run(struct scan_worker *w, uint64_t head, uint64_t bound)
{
    struct scanner *sc = w->scanner;
    uint64_t end = span_bound(w, head, bound);
    if (end > 0) return take_span(w, head, end);
    uint64_t rows = set_ends(w, bound);
    while (rows > SCAN_RUN_ROWS && bound > head + 1) {
        bound = shrink(w, head);
        rows = set_ends(w, bound);
    }
    uint32_t lanes = 0, only = 0;
    for (uint32_t s = 0; s < sc->source_count; s++) {
        if (w->lanes[s].pos == w->lanes[s].end) continue;
        lanes++;
        only = s;
    }
    w->mapped = gallop_u32(sc->map.persona, w->mapped, sc->map.count, head);
    bool mapped = w->mapped < sc->map.count && sc->map.persona[w->mapped] < bound;
    if (lanes > 1 || mapped) return merged_run(w, rows, bound);
    struct lane *lane = &w->lanes[only];
    uint32_t from = lane->pos;
    lane->pos = lane->end;
    if (!sc->stream) return ERR_OK;
    return scan_deliver(w, lane->sheet, from, lane->end, w->cursors[only].strings);
}

/* --- personas that straddle groups --- */

static const struct scan_group *following(const struct scan_cursor *c, uint64_t to)
{
    if (c->next >= c->source->groups.count) return NULL;
    const struct scan_group *g = &c->source->groups.items[c->next];
    return g->persona_min < to ? g : NULL;
}

/* The rows of one run. */
static enum err append(struct scan_worker *w, uint32_t source, uint32_t run, struct texts *texts)
{
    struct scanner *sc = w->scanner;
    const uint32_t *off = w->cursors[source].sheet.run_off + run;
    uint32_t rows = off[1] - off[0];
    TRY(sheet_reserve(&sc->layout, &w->gathered, (size_t)w->gathered.count + rows, &sc->purse,
                      &w->why));
    texts_bind(texts, source, w->cursors[source].strings);
    struct segment segment = {&w->cursors[source].sheet, texts_remaps(texts, source), off[0], rows};
    sheet_copy(&sc->layout, &w->gathered, &segment, 1, texts);
    return ERR_OK;
}

/* A row that stands for those of a whole group may lie behind its persona's rows in the next one:
 * those come under its time. So do rows under a time of their group that lies before their own. */
static void straighten(struct sheet *s, uint32_t from)
{
    int64_t *at = s->columns[SLOT_AT];
    for (uint32_t i = from + 1; i < s->count; i++) {
        if (at[i] < at[i - 1]) at[i] = at[i - 1];
    }
}

/* Move a source past all rows of 'persona', appending them to w->gathered when 'texts' is given. */
static enum err gather_source(struct scan_worker *w, uint32_t source, uint32_t persona,
                              struct texts *texts)
{
    struct scan_cursor *c = &w->cursors[source];
    struct lane *lane = &w->lanes[source];
    uint32_t start = w->gathered.count;
    for (;;) {
        bool has = lane->pos < c->sheet.runs && c->sheet.run_persona[lane->pos] == persona;
        if (has && texts) TRY(append(w, source, lane->pos, texts));
        lane->end = lane->pos += has;
        if (lane->pos < c->sheet.runs || !following(c, (uint64_t)persona + 1)) break;
        TRY(scan_load(w, source, c->next));
    }
    if (w->gathered.count == start) return ERR_OK;
    if (w->scanner->scan->brief_before || w->scanner->scan->bounds) straighten(&w->gathered, start);
    struct stretch stretch = {&w->gathered, start, w->gathered.count, LANE_AS_IS};
    VEC_PUSH(&w->stretches, stretch);
    return ERR_OK;
}

static enum err gather_sources(struct scan_worker *w, uint32_t persona, struct texts *texts)
{
    VEC_RESET(&w->stretches);
    sheet_reset(&w->gathered);
    for (uint32_t s = 0; s < w->scanner->source_count; s++) {
        TRY(gather_source(w, s, persona, texts));
    }
    return ERR_OK;
}

static enum err divert_straddler(struct scan_worker *w, uint32_t persona, uint32_t member)
{
    bool wanted = scan_gather_wants(w, member);
    TRY(gather_sources(w, persona, wanted ? &w->side.texts : NULL));
    if (w->gathered.count == 0) return ERR_OK;
    struct sheet *side = scan_gather_room(w, member, w->gathered.count);
    if (!side) return ERR_OK;
    uint32_t from = side->count;
    stretches_merge(&w->scanner->layout, w->stretches.items, w->stretches.count, member, side,
                    &w->side.texts);
    scan_gather_done(w, persona, member, side, from);
    return ERR_OK;
}

static enum err take_straddler(struct scan_worker *w, uint32_t persona)
{
    const struct persona_map *map = &w->scanner->map;
    w->mapped = gallop_u32(map->persona, w->mapped, map->count, persona);
    if (w->mapped < map->count && map->persona[w->mapped] == persona) {
        return divert_straddler(w, persona, map->member[w->mapped]);
    }
    if (!w->scanner->stream) return gather_sources(w, persona, NULL);
    TRY(begin_out(w, 0));
    TRY(gather_sources(w, persona, &w->texts));
    if (w->stretches.count > 1) {
        TRY(sheet_reserve(&w->scanner->layout, &w->out, w->gathered.count, &w->scanner->purse,
                          &w->why));
        stretches_merge(&w->scanner->layout, w->stretches.items, w->stretches.count, persona,
                        &w->out, &w->texts);
        return deliver_out(w);
    }
    TRY(texts_pay(&w->texts, &w->why));
    texts_strings(&w->texts, w->strings);
    if (w->gathered.count == 0) return ERR_OK;
    sheet_end_run(&w->gathered, persona, w->gathered.count);
    return scan_deliver(w, &w->gathered, 0, 1, w->strings);
}

/* --- the span --- */

static void seek(struct scan_worker *w, uint32_t source, uint64_t from)
{
    struct scan_cursor *c = &w->cursors[source];
    size_t low = 0, high = c->source->groups.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->source->groups.items[middle].persona_max < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    c->next = (uint32_t)low;
    w->lanes[source].pos = w->lanes[source].end = c->sheet.runs;
}

/* Load what follows wherever a source has no row left. */
static enum err refill(struct scan_worker *w, uint64_t from, uint64_t to)
{
    for (uint32_t s = 0; s < w->scanner->source_count; s++) {
        struct scan_cursor *c = &w->cursors[s];
        struct lane *lane = &w->lanes[s];
        while (lane->pos == c->sheet.runs && following(c, to)) {
            TRY(scan_load(w, s, c->next));
            lane->pos = (uint32_t)gallop_u32(c->sheet.run_persona, 0, c->sheet.runs, from);
            lane->end = lane->pos;
        }
    }
    return ERR_OK;
}

enum err scan_span(struct scan_worker *w, uint64_t from, uint64_t to)
{
    uint32_t sources = w->scanner->source_count;
    w->mapped = 0;
    for (uint32_t s = 0; s < sources; s++) {
        seek(w, s, from);
    }
    for (;;) {
        TRY(refill(w, from, to));
        uint64_t head = to, bound = to;
        for (uint32_t s = 0; s < sources; s++) {
            const struct lane *lane = &w->lanes[s];
            const struct scan_group *next = following(&w->cursors[s], to);
            if (next && next->persona_min < bound) bound = next->persona_min;
            if (lane->pos == lane->sheet->runs) continue;
            uint32_t persona = lane->sheet->run_persona[lane->pos];
            if (persona < head) head = persona;
        }
        if (head == to) return ERR_OK;
        TRY(head < bound ? take_run(w, head, bound) : take_straddler(w, (uint32_t)head));
    }
}

enum err scan_memberless(struct scan_worker *w, uint32_t source, uint32_t group)
{
    TRY(scan_load(w, source, group));
    const struct scan_cursor *c = &w->cursors[source];
    bool any = c->sheet.runs && c->sheet.run_persona[0] == 0;
    return scan_deliver(w, &c->sheet, 0, any, c->strings);
}

/* Turn the personas of a sheet into members. No other task reads the group, so they may stay so. */
static void turn_personas(struct scan_worker *w, const struct sheet *s)
{
    const struct persona_map *map = &w->scanner->map;
    size_t at = gallop_u32(map->persona, 0, map->count, s->runs ? s->run_persona[0] : 0);
    for (uint32_t run = 0; run < s->runs && at < map->count; run++) {
        uint32_t persona = s->run_persona[run];
        at = gallop_u32(map->persona, at, map->count, persona);
        if (at < map->count && map->persona[at] == persona) s->run_persona[run] = map->member[at];
    }
}

enum err scan_piece(struct scan_worker *w, uint32_t source, uint32_t group)
{
    TRY(scan_load(w, source, group));
    const struct scan_cursor *c = &w->cursors[source];
    bool memberless = c->sheet.runs && c->sheet.run_persona[0] == 0;
    turn_personas(w, &c->sheet);
    return scan_deliver(w, &c->sheet, memberless && w->scanner->scan->members_only, c->sheet.runs,
                        c->strings);
}
