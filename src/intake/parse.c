/* parse.c - filling batches.
 *
 * A batch is handed over between rows, once the next one is there to be filled. Rows that an
 * earlier run applied are parsed again, for what the parser learns from them, and counted as
 * duplicates.
 *
 * When the first batch is full and its rows are not in order of time, neither may be what follows:
 * then no fact is applied before the last row is read, and batches carry rejects and counts only.
 * Rows that are applied are counted in order of time from there on, also by a run that resumes. */
#include "intake/parse.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "intake/samples.h"
#include "people/kinds.h"
#include "people/people.h"

#define STOP_ROWS 1024 /* between two looks whether to stop */
#define BATCH_REJECTS 4096
#define ROW_SHOWN 4096 /* bytes of a rejected row that are kept */
#define KEPT_BYTES 64  /* of a text that is looked for among those before it */
#define KEPT_WORTH 8   /* at most */

struct arena *parse_arena(struct parse *p)
{
    return p->batch->arena;
}

static inline bool is_same(struct text_ends a, struct str x, struct text_ends b, struct str y)
{
    return a.head == b.head && a.tail == b.tail && x.len == y.len &&
           (x.len <= ENDS_WHOLE || memcmp(x.p, y.p, x.len) == 0);
}

/* A text that came again is not driven out by those that come once, such as numbers of orders. */
struct str parse_keep(struct parse *p, struct str text)
{
    if (text.len > KEPT_BYTES) return arena_str(p->batch->arena, text);
    if (text.len == 0) return STR("");
    if (!p->kept)
        p->kept = arena_alloc_array(p->arena, (size_t)1 << PARSE_KEPT_BITS, sizeof(*p->kept));
    struct text_ends ends = ends_of(text);
    struct kept_text *k = &p->kept[hash_ends(text) >> (64 - PARSE_KEPT_BITS)];
    if (is_same(k->ends, k->text, ends, text)) {
        k->worth = KEPT_WORTH;
        return k->text;
    }
    struct str copy = {arena_copy(p->batch->arena, text.p, text.len), text.len};
    if (k->worth) {
        k->worth--;
        return copy;
    }
    k->ends = ends;
    k->text = copy;
    return copy;
}

/* Rows of one member come close to each other: an identity that was met has been checked, and what
 * finds it is known. Else it is copied, and the place returned is to be given its key. */
static struct met_who *meet(struct parse *p, struct fact *f)
{
    if (!p->met) p->met = arena_alloc_array(p->arena, (size_t)1 << PARSE_MET_BITS, sizeof(*p->met));
    struct identity id = f->who[0];
    struct text_ends ends = ends_of(id.value);
    uint64_t hash = hash_ends(id.value) + id.kind * UINT64_C(0x9E3779B97F4A7C15);
    struct met_who *m = &p->met[hash >> (64 - PARSE_MET_BITS)];
    if ((m->key.lo | m->key.hi) && m->kind == id.kind &&
        is_same(m->ends, m->value, ends, id.value)) {
        f->who = m->who;
        f->who_key = m->key;
        return NULL;
    }
    id.value = arena_str(p->batch->arena, id.value);
    f->who = arena_copy(p->batch->arena, &id, sizeof(id));
    *m = (struct met_who){ends, id.value, f->who, {0, 0}, id.kind};
    return m;
}

/* The next batch to fill; NULL when stopped. Its facts need not move while they become as many as
 * the file has lines. */
static struct batch *take_batch(struct parse *p)
{
    struct batch *b = belt_take_empty(p->belt);
    uint64_t lines = p->in ? input_get_info(p->in)->lines + 1 : 0;
    if (!b) return NULL;
    if (p->kept) memset(p->kept, 0, sizeof(*p->kept) << PARSE_KEPT_BITS);
    if (p->met) memset(p->met, 0, sizeof(*p->met) << PARSE_MET_BITS);
    size_t rows = lines < p->batch_rows ? (size_t)lines : p->batch_rows;
    VEC_RESERVE(&b->facts, rows);
    VEC_RESERVE(&b->rows, rows);
    return b;
}

bool parse_begin(struct parse *p)
{
    p->batch = take_batch(p);
    if (!p->batch) return false;
    window_init(&p->rows, p->in, p->batch->arena);
    return true;
}

bool parse_full(const struct parse *p)
{
    const struct batch *b = p->batch;
    return b->facts.count >= p->batch_rows || b->rejects.count >= BATCH_REJECTS ||
           arena_used(b->arena) >= BATCH_BYTES;
}

static void hand_over(struct parse *p)
{
    p->batch->row_end = p->sorted ? p->sorted_row : p->row;
    p->batch->by_time = p->merging;
    p->batch->part = p->in ? input_progress(p->in) : 1;
    p->handed = true;
    belt_put_full(p->belt, p->batch);
}

void parse_finish(struct parse *p)
{
    if (!p->batch) return;
    p->batch->last = true;
    hand_over(p);
    p->batch = NULL;
}

static void drop_facts(struct batch *b)
{
    VEC_RESET(&b->facts);
    VEC_RESET(&b->rows);
}

static bool in_order(const struct batch *b)
{
    for (size_t i = 1; i < b->facts.count; i++) {
        if (b->facts.items[i].at < b->facts.items[i - 1].at) return false;
    }
    return true;
}

/* The facts of a full batch go to wait, if it is known or seen now that they must. */
static enum err set_aside(struct parse *p, struct why *why)
{
    struct batch *b = p->batch;
    bool free = p->spool_dir && !p->handed && p->skip == 0; /* nothing is applied yet */
    if (p->merging || (!p->sorted && (!free || in_order(b)))) return ERR_OK;
    if (!p->sorted) TRY(by_time_create(p->spool_dir, p->spool_tag, &p->sorted, why));
    TRY(by_time_add(p->sorted, b->facts.items, b->rows.items, b->facts.count, why));
    drop_facts(b);
    return ERR_OK;
}

/* The current row, with its text where it may be shown. */
static struct file_row row_of(const struct parse *p)
{
    struct file_row row = {.line = p->line, .unknown_staff = p->staff_row == p->row};
    if (p->options->dry_run)
        row.text = arena_str(p->batch->arena, utf8_cut(p->text, SAMPLE_ROW_BYTES));
    return row;
}

/* A row that an earlier run has applied. */
static void skip_row(struct parse *p, struct file_row row)
{
    struct batch *b = p->batch;
    b->counts.duplicate++;
    if (row.text.p && b->known.count < SAMPLES_MAX) VEC_PUSH(&b->known, row);
}

bool parse_room(struct parse *p)
{
    if (p->look && p->row >= p->look->rows_max) p->stopped = true;
    if (p->stopped) return false;
    const atomic_bool *stop = p->options->stop;
    if (p->row % STOP_ROWS == 0 && stop && atomic_load(stop)) {
        (void)why_fail(&p->failed, ERR_CANCELLED, MSG_IMPORT_STOPPED, "", NULL);
        p->stopped = true;
        return false;
    }
    if (!parse_full(p)) return true;
    if (set_aside(p, &p->failed) != ERR_OK) {
        p->stopped = true;
        return false;
    }
    struct batch *next = take_batch(p);
    if (next) window_move(&p->rows, next->arena); /* from memory that goes with the full batch */
    hand_over(p);
    p->batch = next;
    p->stopped = !next;
    return !p->stopped;
}

enum err parse_merge(struct parse *p, struct why *why)
{
    if (!p->sorted) return ERR_OK;
    if (p->stopped) {
        if (p->batch) drop_facts(p->batch);
        return ERR_OK;
    }
    TRY(set_aside(p, why));
    p->merging = true;
    while (parse_room(p)) {
        struct batch *b = p->batch;
        struct fact f;
        struct file_row row;
        bool more;
        TRY(by_time_next(p->sorted, b->arena, &f, &row, &more, why));
        if (!more) break;
        if (++p->sorted_row <= p->sorted_skip) {
            skip_row(p, row);
            continue;
        }
        if (p->brand) people_key(p->brand, str_of(p->options->source), &f);
        VEC_PUSH(&b->facts, f);
        VEC_PUSH(&b->rows, row);
    }
    return ERR_OK;
}

enum err parse_format(struct parse *p, struct why *why)
{
    switch (p->options->format) {
    case IMPORT_CSV:
    case IMPORT_XLSX:
        return csv_parse(p, why);
    case IMPORT_COLUMNS:
        return columns_parse(p, why);
    case IMPORT_JSONL:
        return jsonl_parse(p, why);
    case IMPORT_IRC:
        return irc_parse(p, why);
    case IMPORT_TELEGRAM:
        return telegram_parse(p, why);
    case IMPORT_DISCORD:
        return discord_parse(p, why);
    case IMPORT_SLACK:
        return slack_parse(p, why);
    case IMPORT_MESSAGES:
        return flat_parse(p, why);
    case IMPORT_MBOX:
        return mbox_parse(p, why);
    default:
        return segment_parse(p, why);
    }
}

void parse_row(struct parse *p, uint64_t line, struct str text)
{
    p->row++;
    p->line = line;
    p->text = text;
    p->batch->counts.read++;
    if (p->look) p->look->row(p->look->ctx, line, text);
}

void parse_reject(struct parse *p, uint32_t column, const struct why *why)
{
    struct batch *b = p->batch;
    struct str shown = utf8_cut(p->text, ROW_SHOWN);
    struct reject r = {p->line, column, *why, arena_str(b->arena, shown)};
    VEC_PUSH(&b->rejects, r);
    b->counts.rejected++;
    if (p->options->strict) p->stopped = true;
}

/* A file has few kinds: those that may be imported are remembered. */
static enum err check_kind(struct parse *p, struct fact *f, struct why *why)
{
    const struct sender sender = {.level = SENDER_IMPORT};
    struct str kind = f->kind;
    if (kind.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "kind", NULL);
    struct str *slot = &p->kinds[hash_ends(kind) >> (64 - PARSE_KINDS_BITS)];
    f->valid = str_eq(*slot, kind);
    if (f->valid) return ERR_OK;
    TRY(fact_kind_allowed(&sender, kind, why));
    if (!slot->p && kind_valid(kind)) *slot = arena_str(p->arena, kind);
    return ERR_OK;
}

struct fact *parse_fact(struct parse *p, struct fact *f)
{
    struct batch *b = p->batch;
    struct why why;
    uint32_t junk = 0;
    if (f->code[DIM_GROUP].len == 0 && p->options->group) {
        f->code[DIM_GROUP] = str_of(p->options->group);
        f->plain = false;
    }
    struct met_who *met = f->who_count == 1 ? meet(p, f) : NULL;
    enum err err = check_kind(p, f, &why);
    if (err == ERR_OK) err = fact_check(f, p->now, b->arena, &junk, &why);
    if (err != ERR_OK) {
        parse_reject(p, 0, &why);
        return NULL;
    }
    b->counts.dropped += junk;
    if (p->row <= p->skip) {
        skip_row(p, row_of(p));
        return NULL;
    }
    if (p->brand && !fact_keyed(f)) people_key(p->brand, str_of(p->options->source), f);
    if (met && f->who_count == 1) met->key = f->who_key;
    VEC_PUSH(&b->facts, *f);
    VEC_PUSH(&b->rows, row_of(p));
    return &b->facts.items[b->facts.count - 1];
}

void parse_foreign_amount(struct parse *p, struct fact *f, double amount)
{
    struct fact_value *props =
        arena_alloc_array(p->batch->arena, (size_t)f->prop_count + 1, sizeof(*props));
    if (f->prop_count) memcpy(props, f->props, f->prop_count * sizeof(*props));
    props[f->prop_count] = (struct fact_value){STR("amount"), PROP_NUMBER, amount, {NULL, 0}};
    f->props = props;
    f->prop_count++;
    f->amount = HISTORY_NO_AMOUNT;
}
