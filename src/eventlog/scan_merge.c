/* scan_merge.c - find segments first, copy them column by column after.
 *
 * Lanes are walked run by run: runs of which no other lane has the persona are one segment however
 * many they are. Rows of one persona in several lanes are merged by at: the stretch with the least
 * head gives all its rows that come before the least head of the others, found by galloping, so
 * that stretches of different times are a segment each. Of levels and of parts of different times,
 * which is what there is most, scan_zip.c takes what it can. Segments are kept until SEGMENTS_MAX
 * of them can be copied at once; 'rows' runs ahead of out->count by what they hold. */
#include "eventlog/scan_merge.h"

#define SEGMENTS_MAX 512

struct batch {
    const struct layout *layout;
    struct sheet *out;
    struct texts *texts;
    struct stretch *scratch; /* of lanes_merge; a stretch a lane */
    uint32_t rows;           /* of 'out', with all segments */
    uint32_t count;
    struct segment segments[SEGMENTS_MAX];
};

static void flush(struct batch *b)
{
    sheet_copy(b->layout, b->out, b->segments, b->count, b->texts);
    b->count = 0;
}

static void add_rows(struct batch *b, const struct sheet *sheet, uint32_t source, uint32_t from,
                     uint32_t to)
{
    struct segment *last = b->count ? &b->segments[b->count - 1] : NULL;
    b->rows += to - from;
    if (last && last->sheet == sheet && last->from + last->count == from) {
        last->count += to - from;
        return;
    }
    if (b->count == SEGMENTS_MAX) flush(b);
    struct segment s = {.sheet = sheet, .from = from, .count = to - from};
    if (source != LANE_AS_IS) s.remaps = texts_remaps(b->texts, source);
    b->segments[b->count++] = s;
}

/* --- rows of one persona --- */

static inline int64_t head_of(const struct stretch *s)
{
    return sheet_times(s->sheet)[s->from];
}

/* First row that does not come before time 'at'; the first of the stretch does. */
static uint32_t rows_before(const struct stretch *s, int64_t at, bool first)
{
    const int64_t *times = sheet_times(s->sheet);
    int64_t bound = first ? at : at - 1; /* times up to this come before */
    uint32_t low = s->from, step = 1;
    if (times[s->to - 1] <= bound) return s->to;
    while (times[low + step] <= bound) {
        low += step;
        step = step < (s->to - 1 - low) / 2 ? step * 2 : 1;
    }
    uint32_t high = low + step;
    while (high - low > 1) { /* low comes before, high does not */
        uint32_t middle = low + (high - low) / 2;
        if (times[middle] <= bound) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

/* Take the next segment; false when the stretches are empty. */
static bool merge_next(struct batch *b, struct stretch *stretches, size_t count)
{
    struct stretch *least = NULL, *second = NULL;
    for (size_t i = 0; i < count; i++) {
        struct stretch *s = &stretches[i];
        if (s->from == s->to) continue;
        if (!least || head_of(s) < head_of(least)) {
            second = least;
            least = s;
        } else if (!second || head_of(s) < head_of(second)) {
            second = s;
        }
    }
    if (!least) return false;
    uint32_t end = second ? rows_before(least, head_of(second), least < second) : least->to;
    add_rows(b, least->sheet, least->source, least->from, end);
    least->from = end;
    return true;
}

/* Whether none has a row that comes before one of a stretch before it: so it is with levels. */
static bool are_in_order(const struct stretch *stretches, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct stretch *s = &stretches[i - 1];
        if (s->from == s->to || s[1].from == s[1].to) return false;
        if (sheet_times(s->sheet)[s->to - 1] > head_of(s + 1)) return false;
    }
    return true;
}

static void merge_stretches(struct batch *b, struct stretch *stretches, size_t count,
                            uint32_t persona)
{
    uint32_t before = b->rows;
    bool in_order = are_in_order(stretches, count);
    for (size_t i = 0; in_order && i < count; i++) {
        struct stretch *s = &stretches[i];
        add_rows(b, s->sheet, s->source, s->from, s->to);
        s->from = s->to;
    }
    while (!in_order && merge_next(b, stretches, count)) {
    }
    if (b->rows > before) sheet_end_run(b->out, persona, b->rows);
}

void stretches_merge(const struct layout *l, struct stretch *stretches, size_t count,
                     uint32_t persona, struct sheet *out, struct texts *texts)
{
    struct batch b;
    b.layout = l;
    b.out = out;
    b.texts = texts;
    b.rows = out->count;
    b.count = 0;
    merge_stretches(&b, stretches, count, persona);
    flush(&b);
}

/* --- lanes --- */

/* The runs of a lane before persona 'bound', as they are. */
static void take_runs(struct batch *b, struct lane *lane, uint64_t bound)
{
    const struct sheet *s = lane->sheet;
    uint32_t first = lane->pos, rows = b->rows;
    lane->pos = (uint32_t)gallop_u32(s->run_persona, first, lane->end, bound);
    add_rows(b, s, lane->source, s->run_off[first], s->run_off[lane->pos]);
    for (uint32_t i = first; i < lane->pos; i++) {
        sheet_end_run(b->out, s->run_persona[i], rows + s->run_off[i + 1] - s->run_off[first]);
    }
    lane_find_head(lane);
}

/* The run of 'persona' of every lane that has it. */
static void take_shared(struct batch *b, struct lane *lanes, size_t count, uint64_t persona)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        struct lane *lane = &lanes[i];
        if (lane->head != persona) continue;
        const uint32_t *off = lane->sheet->run_off + lane->pos++;
        b->scratch[n++] = (struct stretch){lane->sheet, off[0], off[1], lane->source};
        lane_find_head(lane);
    }
    merge_stretches(b, b->scratch, n, (uint32_t)persona);
}

/* The next runs in order; false when the lanes are empty. */
static bool take_next(struct batch *b, struct lane *lanes, size_t count)
{
    uint64_t least = LANE_END, second = LANE_END;
    struct lane *holder = NULL;
    for (size_t i = 0; i < count; i++) {
        uint64_t persona = lanes[i].head;
        if (persona < least) {
            second = least;
            least = persona;
            holder = &lanes[i];
        } else if (persona < second) {
            second = persona;
        }
    }
    if (!holder) return false;
    if (second > least) {
        take_runs(b, holder, second);
    } else {
        take_shared(b, lanes, count, least);
    }
    return true;
}

void lanes_merge(const struct layout *l, struct lane *lanes, size_t count, struct stretch *scratch,
                 struct sheet *out, struct texts *texts)
{
    struct batch b;
    b.layout = l;
    b.out = out;
    b.texts = texts;
    b.scratch = scratch;
    b.rows = out->count;
    b.count = 0;
    for (size_t i = 0; i < count; i++)
        lane_find_head(&lanes[i]);
    bool zips = lanes_can_zip(l, lanes, count);
    do {
        if (zips) {
            flush(&b);
            lanes_zip(l, lanes, count, out);
            b.rows = out->count;
        }
    } while (take_next(&b, lanes, count));
    flush(&b);
}
