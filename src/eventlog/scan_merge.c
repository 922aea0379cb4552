/* scan_merge.c - find stretches first, copy them column by column after.
 *
 * The lane with the least head gives all its rows that come before the least head of the others,
 * found by galloping; where one lane lies alone for long, that is one stretch and a few
 * comparisons. Stretches are kept until SEGMENTS_MAX of them can be copied at once. */
#include "eventlog/scan_merge.h"

#define SEGMENTS_MAX 512

struct key {
    uint32_t persona;
    int64_t at;
};

static inline struct key key_at(const struct lane *lane, uint32_t row)
{
    return (struct key){sheet_personas(lane->sheet)[row], sheet_times(lane->sheet)[row]};
}

static inline bool key_less(struct key a, struct key b)
{
    return a.persona != b.persona ? a.persona < b.persona : a.at < b.at;
}

/* Whether 'row' of a lane comes before a key of another; on a tie 'first' decides. */
static inline bool before(const struct lane *lane, uint32_t row, struct key other, bool first)
{
    struct key key = key_at(lane, row);
    return first ? !key_less(other, key) : key_less(key, other);
}

/* First row that does not come before the key; the row at 'pos' does. */
static uint32_t stretch_end(const struct lane *lane, struct key other, bool first)
{
    uint32_t low = lane->pos, step = 1;
    while (step < lane->end - low && before(lane, low + step, other, first)) {
        low += step;
        step *= 2;
    }
    uint32_t high = step < lane->end - low ? low + step : lane->end;
    while (high - low > 1) { /* low comes before; high is the end or does not */
        uint32_t middle = low + (high - low) / 2;
        if (before(lane, middle, other, first)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static struct segment take(const struct texts *texts, struct lane *lane, uint32_t end)
{
    struct segment s = {.sheet = lane->sheet, .from = lane->pos, .count = end - lane->pos};
    if (lane->source != LANE_AS_IS) s.remaps = texts_remaps(texts, lane->source);
    lane->pos = end;
    return s;
}

/* The next stretch of rows in order; false when the lanes are empty. */
static bool next_stretch(const struct texts *texts, struct lane *lanes, size_t count,
                         struct segment *out)
{
    struct lane *least = NULL, *second = NULL;
    struct key least_key = {0}, second_key = {0};
    for (size_t i = 0; i < count; i++) {
        if (lanes[i].pos == lanes[i].end) continue;
        struct key key = key_at(&lanes[i], lanes[i].pos);
        if (!least || key_less(key, least_key)) {
            second = least;
            second_key = least_key;
            least = &lanes[i];
            least_key = key;
        } else if (!second || key_less(key, second_key)) {
            second = &lanes[i];
            second_key = key;
        }
    }
    if (!least) return false;
    uint32_t end = second ? stretch_end(least, second_key, least < second) : least->end;
    *out = take(texts, least, end);
    return true;
}

void lanes_merge(const struct layout *l, struct lane *lanes, size_t count, struct sheet *out,
                 struct texts *texts)
{
    struct segment segments[SEGMENTS_MAX];
    size_t n = 0;
    while (next_stretch(texts, lanes, count, &segments[n])) {
        if (++n < SEGMENTS_MAX) continue;
        sheet_copy(l, out, segments, n, texts);
        n = 0;
    }
    sheet_copy(l, out, segments, n, texts);
}
