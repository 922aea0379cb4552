/* scan_zip.c - what lanes have of a persona is told by counts, which may be 0, instead of branches
 * that nobody can guess: members differ in where they have rows, and in how many.
 *
 * 1. The counts of a batch of runs are found first, the columns are copied after.
 * 2. Rows are copied by CHUNK, at least one, whatever the count; what comes too many is overwritten
 *    by the next, and at last lies in the slack. */
#include "eventlog/scan_merge.h"

#include <string.h>

#define LANES_MAX 6
#define BATCH 128 /* runs */
#define SPARSE                                                                                     \
    6 /* where one lane has so many runs for each of the others', its stretches are long */
#define CHUNK SHEET_SLACK
#define LONG (8 * CHUNK) /* rows from which memcpy is quicker */

/* A lane that has runs. */
struct strand {
    struct lane *lane;
    const int64_t *at;
    uint32_t row; /* of its sheet, the next to be copied */
    uint32_t counts[BATCH];
};

struct zip {
    uint32_t strands, runs; /* runs: of the batch */
    struct strand strand[LANES_MAX];
};

/* Take the next persona's rows of every lane; false, and nothing is taken, when there are none or
 * they do not follow each other in time. */
static inline bool take_run(struct zip *z, struct sheet *out, uint32_t *rows)
{
    uint64_t persona = LANE_END;
    int64_t latest = INT64_MIN;
    bool in_order = true;
    for (uint32_t k = 0; k < z->strands; k++) {
        uint64_t head = z->strand[k].lane->head;
        persona = head < persona ? head : persona;
    }
    uint32_t sum = *rows;
    if (persona == LANE_END) return false;
    for (uint32_t k = 0; k < z->strands; k++) {
        struct strand *s = &z->strand[k];
        bool has = s->lane->head == persona;
        uint32_t from = s->lane->sheet->run_off[s->lane->pos];
        uint32_t to = s->lane->sheet->run_off[s->lane->pos + has];
        int64_t first = s->at[from], last = s->at[to - has];
        in_order &= !has | (first >= latest);
        latest = has ? last : latest;
        s->counts[z->runs] = to - from;
        sum += to - from;
    }
    if (!in_order) return false;
    for (uint32_t k = 0; k < z->strands; k++) {
        struct lane *lane = z->strand[k].lane;
        lane->pos += lane->head == persona;
        lane_find_head(lane);
    }
    sheet_end_run(out, (uint32_t)persona, sum);
    *rows = sum;
    z->runs++;
    return true;
}

/* 'width' is a constant at each call. */
static inline char *copy_rows(char *to, const char *from, uint32_t rows, size_t width)
{
    if (rows > LONG) {
        memcpy(to, from, rows * width);
        return to + rows * width;
    }
    uint32_t i = 0;
    do {
        memcpy(to + i * width, from + i * width, CHUNK * width);
        i += CHUNK;
    } while (i < rows);
    return to + rows * width;
}

static inline void copy_column(const struct zip *z, struct sheet *out, unsigned slot, size_t width)
{
    char *to = (char *)out->columns[slot] + out->count * width;
    const char *from[LANES_MAX];
    for (uint32_t k = 0; k < z->strands; k++) {
        const char *column = z->strand[k].lane->sheet->columns[slot];
        from[k] = column + z->strand[k].row * width;
    }
    for (uint32_t i = 0; i < z->runs; i++) {
        for (uint32_t k = 0; k < z->strands; k++) {
            uint32_t rows = z->strand[k].counts[i];
            to = copy_rows(to, from[k], rows, width);
            from[k] += rows * width;
        }
    }
}

static void copy_columns(const struct layout *l, const struct zip *z, struct sheet *out)
{
    for (uint32_t i = 0; i < l->slot_count; i++) {
        unsigned slot = l->slots[i];
        if (l->widths[slot] == sizeof(uint64_t)) {
            copy_column(z, out, slot, sizeof(uint64_t));
        } else if (l->widths[slot] == sizeof(uint32_t)) {
            copy_column(z, out, slot, sizeof(uint32_t));
        } else {
            copy_column(z, out, slot, sizeof(uint16_t));
        }
    }
}

static void copy_batch(const struct layout *l, struct zip *z, struct sheet *out)
{
    if (z->runs == 0) return;
    copy_columns(l, z, out);
    for (uint32_t k = 0; k < z->strands; k++)
        z->strand[k].row = z->strand[k].lane->sheet->run_off[z->strand[k].lane->pos];
    out->count = out->run_off[out->runs];
    z->runs = 0;
}

bool lanes_can_zip(const struct layout *l, const struct lane *lanes, size_t count)
{
    size_t strands = 0, runs = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t here = lanes[i].end - lanes[i].pos;
        strands += here > 0;
        runs += here;
        most = here > most ? here : most;
    }
    bool few = (runs - most) * SPARSE < most;
    return l->text_count == 0 && strands > 1 && strands <= LANES_MAX && !few;
}

void lanes_zip(const struct layout *l, struct lane *lanes, size_t count, struct sheet *out)
{
    struct zip z;
    uint32_t rows = out->count;
    z.strands = z.runs = 0;
    for (size_t i = 0; i < count; i++) {
        struct lane *lane = &lanes[i];
        if (lane->pos == lane->end) continue;
        struct strand *s = &z.strand[z.strands++];
        s->lane = lane;
        s->at = sheet_times(lane->sheet);
        s->row = lane->sheet->run_off[lane->pos];
    }
    while (take_run(&z, out, &rows)) {
        if (z.runs == BATCH) copy_batch(l, &z, out);
    }
    copy_batch(l, &z, out);
}
