/* bench_load.c - two passes.
 *
 * Reading: each thread takes a run of lines, splits them (bench_line.h; what that leaves, with the
 * importer's reader of CSV), checks the cells and spills the rows by part and by range of members
 * (bench_spill.h). Writing: part after part, bucket after bucket, the rows are sorted by member,
 * stable, so that they stay in order of time, and go to the part's writer, which has the other
 * threads encode them. Memory is that of the buckets' last blocks, of one bucket and of a few
 * groups a thread, whatever the file's size.
 *
 * Invariant: bucket part * RANGES + range holds the rows of that part whose members are in the
 * range; ranges ascend. */
#include "main/bench_load.h"

#include <stdio.h>

#include "base/fs.h"
#include "base/vec.h"
#include "intake/csv.h"
#include "main/bench_line.h"
#include "main/bench_probe.h"
#include "main/bench_threads.h"

#define RANGES 256u
#define BUFFER_BYTES (1u << 20)
#define LINE_LIMIT 4096u /* more than any line can have */

/* From when on each part takes rows: the last two begin with October and December. */
static const uint32_t part_begins[BENCH_PARTS] = {
    0,
    BENCH_END - 92 * 86400u,
    BENCH_END - 31 * 86400u,
};

static const char *const kind_names[BENCH_KINDS] = {
    "content.viewed",  "message.sent",   "page.viewed",   "touchpoint.clicked", "message.reacted",
    "checkin.done",    "coupon.viewed",  "order.paid",    "content.shared",     "live.watched",
    "survey.answered", "search.done",    "video.played",  "file.opened",        "cart.changed",
    "group.opened",    "favorite.added", "form.returned", "call.made",          "game.played",
};

const char *bench_kind_name(uint32_t kind)
{
    return kind < BENCH_KINDS ? kind_names[kind] : NULL;
}

/* What the brand calls the numbers in the file. */
struct names {
    uint16_t kind[BENCH_KINDS];
    uint32_t channel[BENCH_CHANNELS];
    uint32_t campaign[BENCH_CAMPAIGNS + 1]; /* [0] = 0, none */
    uint32_t group[BENCH_GROUPS];
};

struct reader {
    const char *path;
    uint64_t from, to;         /* lines that begin in these bytes are its own */
    int parts;                 /* as asked for */
    uint64_t members;          /* of all, as asked for */
    unsigned range_shift;      /* a range has 2 to this power members */
    struct bench_spill *spill; /* its own */
    char *buffer; /* [BUFFER_BYTES + BENCH_LINE_PAD] a line end of ours behind the text */
    struct csv csv;
    struct arena *arena; /* of doubled quotes: never used by our rows */
    uint64_t rows;
    enum err err;
    struct why why;
};

struct load {
    const struct bench_load_options *options;
    struct brand *brand;
    struct names names;
    int reader_count;
    struct reader readers[BENCH_THREADS_MAX];
    struct {
        uint32_t file; /* 0: no row is in it */
        struct part_info info;
    } parts[BENCH_PARTS];
};

/* Writes parts, one after the other. */
struct writer {
    struct load *load;
    struct bench_row *rows, *sorted; /* of one bucket */
    size_t room;                     /* rows allocated in either */
    uint32_t *start;                 /* [members of a range + 1] where a member's rows go */
};

/* ---- names ---- */

static enum err name_codes(struct tx *tx, enum dim dim, const char *form, uint32_t count,
                           uint32_t *codes, struct why *why)
{
    char text[32];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(text, sizeof(text), "%s%u", form, i + 1);
        TRY(registry_code(tx, dim, str_of(text), &codes[i], why));
    }
    return ERR_OK;
}

static enum err run_names(struct tx *tx, void *arg, struct why *why)
{
    struct names *n = arg;
    for (uint32_t i = 0; i < BENCH_KINDS; i++)
        TRY(registry_kind(tx, str_of(kind_names[i]), (struct str){NULL, 0}, &n->kind[i], why));
    TRY(name_codes(tx, DIM_TOUCHPOINT, "channel-", BENCH_CHANNELS, n->channel, why));
    TRY(name_codes(tx, DIM_CAMPAIGN, "campaign-", BENCH_CAMPAIGNS, n->campaign + 1, why));
    return name_codes(tx, DIM_GROUP, "group-", BENCH_GROUPS, n->group, why);
}

/* ---- reading ---- */

static enum err not_ours(struct reader *r)
{
    return why_fail(&r->why, ERR_CORRUPT, MSG_CORRUPT, "", "%s|%llu|not a row of the bench",
                    r->path, (unsigned long long)r->from);
}

static size_t part_of(const struct reader *r, uint32_t second)
{
    size_t part = (size_t)r->parts;
    while (part > 1 && second < part_begins[part - 1])
        part--;
    return part - 1;
}

static bool is_sound(const struct reader *r, const struct bench_line *line)
{
    return line->member >= 1 && line->member <= r->members && line->second < BENCH_END &&
           line->second >= BENCH_END - BENCH_DAYS_MAX * 86400u && line->kind < BENCH_KINDS &&
           line->channel < BENCH_CHANNELS && line->campaign <= BENCH_CAMPAIGNS &&
           line->group < BENCH_GROUPS;
}

/* Field by field into its place: a row that is copied whole right after would wait for them. */
static enum err take_line(struct reader *r, const struct bench_line *line)
{
    struct bench_row *row;
    if (!is_sound(r, line)) return not_ours(r);
    size_t bucket = part_of(r, line->second) * RANGES + (line->member >> r->range_shift);
    TRY(bench_spill_add(r->spill, bucket, &row, &r->why));
    row->member = line->member;
    row->second = line->second;
    row->amount = line->amount;
    row->group = (uint16_t)line->group;
    row->codes = bench_codes(line->kind, line->channel, line->campaign);
    r->rows++;
    return ERR_OK;
}

/* The line at the start of 'text', whatever form it has; its bytes in *used. ERR_NOT_FOUND: its end
 * is not there. */
static enum err split_line(struct reader *r, struct str text, bool ended, struct bench_line *line,
                           size_t *used)
{
    uint64_t cells[BENCH_COLUMNS];
    enum msg fault;
    enum csv_result result = csv_split(&r->csv, text, ended, r->arena, used, &fault);
    if (result == CSV_MORE) return ERR_NOT_FOUND;
    if (result != CSV_ROW || r->csv.count != BENCH_COLUMNS) return not_ours(r);
    for (size_t i = 0; i < BENCH_COLUMNS; i++) {
        if (!str_to_u64(r->csv.cells[i], &cells[i]) || cells[i] > UINT32_MAX) return not_ours(r);
    }
    *line = (struct bench_line){
        .member = (uint32_t)cells[0],
        .second = (uint32_t)cells[1],
        .kind = (uint32_t)cells[2],
        .channel = (uint32_t)cells[3],
        .campaign = (uint32_t)cells[4],
        .group = (uint32_t)cells[5],
        .amount = (uint32_t)cells[6],
    };
    return ERR_OK;
}

/* The rows in 'text' that begin before r->to; moves r->from behind the last whole one. */
static enum err take_lines(struct reader *r, struct str text, bool ended)
{
    const char *p = text.p, *end = text.p + text.len;
    struct bench_line line;
    while (p < end && r->from < r->to) {
        size_t left = (size_t)(end - p), used = bench_line_read(p, &line);
        if (used == 0 || used > left) {
            enum err err = split_line(r, (struct str){p, left}, ended, &line, &used);
            if (err == ERR_NOT_FOUND && p > text.p) return ERR_OK;
            if (err != ERR_OK || used > LINE_LIMIT) return not_ours(r);
        }
        TRY(take_line(r, &line));
        p += used;
        r->from += used;
    }
    return ERR_OK;
}

/* The first line that begins at or behind r->from: one that begins before it is another's. */
static enum err find_line(struct reader *r, int fd, uint64_t size)
{
    if (r->from == 0) return ERR_OK;
    size_t len = size - r->from + 1 < LINE_LIMIT ? (size_t)(size - r->from + 1) : LINE_LIMIT;
    TRY(fs_read_at(fd, r->buffer, len, r->from - 1, &r->why));
    const char *end = memchr(r->buffer, '\n', len);
    if (!end) return not_ours(r);
    r->from += (uint64_t)(end - r->buffer);
    return ERR_OK;
}

static enum err read_lines(struct reader *r)
{
    int fd = -1;
    uint64_t size = 0;
    TRY(fs_open_read(r->path, &fd, &r->why));
    enum err err = fs_size(fd, &size, &r->why);
    if (err == ERR_OK) err = find_line(r, fd, size);
    while (err == ERR_OK && r->from < r->to) {
        size_t len = size - r->from < BUFFER_BYTES ? (size_t)(size - r->from) : BUFFER_BYTES;
        err = fs_read_at(fd, r->buffer, len, r->from, &r->why);
        if (err != ERR_OK) break;
        r->buffer[len] = '\n';
        err = take_lines(r, (struct str){r->buffer, len}, r->from + len == size);
    }
    fs_close(fd);
    return err;
}

static void reader_run(void *arg)
{
    struct reader *r = arg;
    r->err = read_lines(r);
}

static enum err reader_init(struct load *l, struct reader *r, int i, uint64_t size, struct why *why)
{
    char path[600];
    uint64_t count = (uint64_t)l->reader_count;
    csv_init(&r->csv);
    r->arena = arena_create(0);
    r->buffer = mem_alloc(BUFFER_BYTES + BENCH_LINE_PAD);
    r->path = l->options->csv;
    r->from = size / count * (uint64_t)i;
    r->to = i + 1 == l->reader_count ? size : size / count * (uint64_t)(i + 1);
    r->parts = l->options->parts;
    r->members = l->options->members;
    while (r->members >> r->range_shift >= RANGES)
        r->range_shift++;
    snprintf(path, sizeof(path), "%.500s.%d.spill", l->options->csv, i);
    return bench_spill_create(path, (size_t)r->parts * RANGES, &r->spill, why);
}

static enum err read_all(struct load *l, uint64_t size, struct why *why)
{
    for (int i = 0; i < l->reader_count; i++)
        TRY(reader_init(l, &l->readers[i], i, size, why));
    bench_threads_run(reader_run, l->readers, sizeof(l->readers[0]), l->reader_count);
    for (int i = 0; i < l->reader_count; i++) {
        if (l->readers[i].err == ERR_OK) continue;
        *why = l->readers[i].why;
        return l->readers[i].err;
    }
    return ERR_OK;
}

/* ---- writing ---- */

static enum err read_bucket(struct writer *w, size_t bucket, size_t *count, struct why *why)
{
    const struct load *l = w->load;
    uint64_t rows = 0;
    for (int i = 0; i < l->reader_count; i++)
        rows += bench_spill_rows(l->readers[i].spill, bucket);
    if (rows > w->room) {
        w->room = (size_t)rows + (size_t)rows / 4;
        w->rows = mem_resize_array(w->rows, w->room, sizeof(*w->rows));
        w->sorted = mem_resize_array(w->sorted, w->room, sizeof(*w->sorted));
    }
    *count = 0;
    for (int i = 0; i < l->reader_count; i++) {
        struct bench_spill *spill = l->readers[i].spill;
        TRY(bench_spill_read(spill, bucket, w->rows + *count, why));
        *count += (size_t)bench_spill_rows(spill, bucket);
    }
    return ERR_OK;
}

/* Stable, by member; 'first' is the lowest of the bucket. */
static void sort_bucket(struct writer *w, size_t count, uint32_t first, uint32_t members)
{
    uint32_t *start = w->start;
    memset(start, 0, (members + 1) * sizeof(*start));
    for (size_t i = 0; i < count; i++)
        start[w->rows[i].member - first + 1]++;
    for (uint32_t m = 0; m < members; m++)
        start[m + 1] += start[m];
    for (size_t i = 0; i < count; i++)
        w->sorted[start[w->rows[i].member - first]++] = w->rows[i];
}

static struct event event_of(const struct names *n, const struct bench_row *row)
{
    struct event ev = {
        .at = (int64_t)row->second * 1000,
        .received_at = (int64_t)row->second * 1000,
        .persona = row->member,
        .amount = row->amount ? (int64_t)row->amount : HISTORY_NO_AMOUNT,
        .kind = n->kind[bench_kind(row)],
    };
    ev.dim[DIM_TOUCHPOINT] = n->channel[bench_channel(row)];
    ev.dim[DIM_CAMPAIGN] = n->campaign[bench_campaign(row)];
    ev.dim[DIM_GROUP] = n->group[row->group];
    return ev;
}

static enum err write_bucket(struct writer *w, size_t count, struct part_writer *part,
                             struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        const struct bench_row *row = &w->sorted[i];
        if (i && row[-1].member == row->member && row[-1].second > row->second) {
            return why_fail(why, ERR_CORRUPT, MSG_CORRUPT, "", "%s|0|not in order of time",
                            w->load->options->csv);
        }
        struct event ev = event_of(&w->load->names, row);
        TRY(part_add(part, &ev, why));
    }
    return ERR_OK;
}

static uint32_t range_members(const struct load *l)
{
    return (uint32_t)1 << l->readers[0].range_shift;
}

static enum err write_buckets(struct writer *w, size_t part, struct part_writer *out,
                              struct why *why)
{
    uint32_t members = range_members(w->load);
    for (uint32_t range = 0; range < RANGES; range++) {
        size_t count;
        TRY(read_bucket(w, part * RANGES + range, &count, why));
        sort_bucket(w, count, range * members, members);
        TRY(write_bucket(w, count, out, why));
    }
    return ERR_OK;
}

static bool part_is_empty(const struct load *l, size_t part)
{
    for (size_t range = 0; range < RANGES; range++) {
        for (int i = 0; i < l->reader_count; i++) {
            if (bench_spill_rows(l->readers[i].spill, part * RANGES + range)) return false;
        }
    }
    return true;
}

static enum err write_part(struct writer *w, size_t part, struct why *why)
{
    struct load *l = w->load;
    struct part_writer *out;
    uint32_t file;
    if (part_is_empty(l, part)) return ERR_OK;
    TRY(brand_part_create(l->brand, &file, &out, why));
    part_spread(out, (unsigned)l->options->threads);
    enum err err = write_buckets(w, part, out, why);
    if (err != ERR_OK) {
        part_abandon(out);
        return err;
    }
    TRY(part_finish(out, &l->parts[part].info, why));
    l->parts[part].file = file;
    return ERR_OK;
}

static enum err write_parts(struct load *l, struct why *why)
{
    struct writer w = {.load = l};
    enum err err = ERR_OK;
    w.start = mem_alloc_array((size_t)range_members(l) + 1, sizeof(*w.start));
    for (size_t part = 0; part < (size_t)l->options->parts && err == ERR_OK; part++)
        err = write_part(&w, part, why);
    mem_free(w.rows);
    mem_free(w.sorted);
    mem_free(w.start);
    return err;
}

/* ---- both ---- */

static enum err run_enter(struct tx *tx, void *arg, struct why *why)
{
    const struct load *l = arg;
    TRY(tx_bulk_begin(tx, why));
    for (int i = 0; i < l->options->parts; i++) {
        if (l->parts[i].file) TRY(tx_bulk_file(tx, l->parts[i].file, &l->parts[i].info, why));
    }
    return ERR_OK;
}

static enum err load_all(struct load *l, uint64_t size, struct why *why)
{
    TRY(brand_call(l->brand, run_names, &l->names, true, why));
    TRY(read_all(l, size, why));
    TRY(write_parts(l, why));
    return brand_call(l->brand, run_enter, l, true, why);
}

static void load_finish(struct load *l)
{
    for (int i = 0; i < l->reader_count; i++) {
        struct reader *r = &l->readers[i];
        bench_spill_destroy(r->spill);
        csv_finish(&r->csv);
        arena_destroy(r->arena);
        mem_free(r->buffer);
    }
    mem_trim();
}

static enum err file_size(const char *path, uint64_t *size, struct why *why)
{
    int fd = -1;
    TRY(fs_open_read(path, &fd, why));
    enum err err = fs_size(fd, size, why);
    fs_close(fd);
    return err;
}

enum err bench_load(struct brand *b, const struct bench_load_options *o,
                    struct bench_load_result *result, struct why *why)
{
    const struct env *env = brand_env(b);
    uint64_t began = env_mono_ns(env), used = bench_probe_cpu_ns(), size;
    struct load *l = mem_alloc(sizeof(*l));
    l->options = o;
    l->brand = b;
    l->reader_count = o->threads < BENCH_THREADS_MAX ? o->threads : BENCH_THREADS_MAX;
    enum err err = file_size(o->csv, &size, why);
    if (err == ERR_OK) err = load_all(l, size, why);
    if (err == ERR_OK) {
        *result = (struct bench_load_result){.csv_bytes = size};
        for (int i = 0; i < l->reader_count; i++)
            result->rows += l->readers[i].rows;
        result->ns = env_mono_ns(env) - began;
        result->cpu_ns = bench_probe_cpu_ns() - used;
    }
    load_finish(l);
    mem_free(l);
    return err;
}
