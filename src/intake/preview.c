/* preview.c - a parser is set to work on the beginning of a file, and watched.
 *
 * Its batch is the only one it gets: what it makes of the rows stays in that batch, and nobody
 * applies it. Texts that are shown are cut; the reply is bounded whatever the file holds. */
#include "intake/preview.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "intake/colleagues.h"
#include "intake/inferring.h"
#include "intake/input.h"
#include "intake/table.h"
#include "intake/upload.h"
#include "intake/value.h"
#include "intake/xlsx.h"

#define GUESS_BYTES ((size_t)65536)
#define SHOWN_BYTES 200 /* of a cell or a row */

struct row {
    struct str *cells;
    size_t count;
};

struct column {
    struct str header; /* {NULL, 0} = none */
    struct str samples[PREVIEW_SAMPLES];
    size_t sample_count;
};

struct preview {
    const struct preview_options *o;
    struct brand *brand;
    struct arena *arena; /* of all that is shown */
    struct import_options options;
    struct input *in;
    struct mapping map; /* of the options */
    struct table table; /* as bound to the file */
    bool bound;
    struct why unread; /* why it is not; .err = ERR_OK: it is, or is no table */
    struct column columns[PREVIEW_COLUMNS];
    size_t column_count;
    struct row rows[PREVIEW_ROWS_SHOWN];
    size_t row_count;
    bool is_table;
    struct parse parse;
    struct belt belt;
    struct batch *batch;
    struct colleagues *colleagues;
    enum err err; /* of the parser */
    struct why why;
};

static struct str shown(struct preview *p, struct str s)
{
    return arena_str(p->arena, utf8_cut(s, SHOWN_BYTES));
}

/* ---- what the parser shows ---- */

static void see_row(void *ctx, uint64_t line, struct str text)
{
    struct preview *p = ctx;
    (void)line;
    if (p->is_table || p->row_count == PREVIEW_ROWS_SHOWN) return;
    struct str *cell = arena_alloc(p->arena, sizeof(*cell));
    *cell = shown(p, text);
    p->rows[p->row_count++] = (struct row){cell, 1};
}

static void sample(struct preview *p, struct column *c, struct str cell)
{
    struct str s = utf8_cut(value_unwrap(cell), SHOWN_BYTES);
    if (s.len == 0 || c->sample_count == PREVIEW_SAMPLES) return;
    for (size_t i = 0; i < c->sample_count; i++) {
        if (str_eq(c->samples[i], s)) return;
    }
    c->samples[c->sample_count++] = arena_str(p->arena, s);
}

static size_t widen(struct preview *p, size_t count)
{
    if (count > PREVIEW_COLUMNS) count = PREVIEW_COLUMNS;
    if (count > p->column_count) p->column_count = count;
    return count;
}

static bool see_cells(void *ctx, const struct str *cells, size_t count)
{
    struct preview *p = ctx;
    count = widen(p, count);
    for (size_t i = 0; i < count; i++)
        sample(p, &p->columns[i], cells[i]);
    if (p->row_count == PREVIEW_ROWS_SHOWN) return p->bound;
    struct row *row = &p->rows[p->row_count++];
    *row = (struct row){arena_alloc_array(p->arena, count + 1, sizeof(*row->cells)), count};
    for (size_t i = 0; i < count; i++)
        row->cells[i] = shown(p, cells[i]);
    return p->bound;
}

static void see_headers(void *ctx, const struct str *headers, size_t count)
{
    struct preview *p = ctx;
    count = widen(p, count);
    for (size_t i = 0; i < count; i++)
        p->columns[i].header = shown(p, value_unwrap(headers[i]));
}

/* The map's texts lie with the parser's batch, which is kept as long as they are shown. */
static void see_bound(void *ctx, const struct table *table, const struct why *why)
{
    struct preview *p = ctx;
    p->table.map = table->map;
    p->bound = !why && table->map.count > 0;
    if (why) p->unread = *why;
}

/* ---- reading ---- */

static enum err open_input(struct preview *p, bool recode, uint64_t bytes, struct input **in,
                           struct why *why)
{
    const struct input_options o = {
        .stdin_fd = -1, .recode = recode, .name = p->o->name, .peek = bytes, .sheet = p->o->sheet};
    return input_open(p->o->path, &o, in, why);
}

static enum err guess(struct preview *p, enum import_format *out, struct why *why)
{
    struct input *in;
    size_t len = 0, more = 1;
    TRY(open_input(p, true, GUESS_BYTES, &in, why));
    bool sheet = input_get_info(in)->sheets != NULL, bundle = input_get_info(in)->bundle;
    char *text = mem_alloc(2 * GUESS_BYTES);
    enum err err = ERR_OK;
    while (err == ERR_OK && more > 0 && len < GUESS_BYTES) {
        err = input_read(in, text + len, 2 * GUESS_BYTES - len, &more, why);
        if (err == ERR_OK) len += more;
    }
    input_close(in);
    if (err == ERR_OK)
        *out = sheet ? IMPORT_XLSX : bundle ? IMPORT_SLACK : preview_guess((struct str){text, len});
    mem_free(text);
    return err;
}

/* The map may be missing still, and be no reason to refuse a look. */
static enum err read_options(struct preview *p, struct why *why)
{
    struct import_options *o = &p->options;
    bool columns = o->format == IMPORT_COLUMNS;
    p->is_table = columns || import_is_csv(o->format);
    if (columns && !o->map) return ERR_OK;
    TRY(import_check(o, why));
    return o->map ? mapping_parse(p->arena, str_of(o->map), o->as, &p->map, why) : ERR_OK;
}

static void read_rows(struct preview *p)
{
    const struct parse_look look = {PREVIEW_ROWS, see_row, see_cells, see_headers, see_bound, p};
    struct parse *parse = &p->parse;
    belt_init(&p->belt);
    *parse = (struct parse){
        .options = &p->options,
        .path = p->o->name,
        .currency = brand_currency(p->brand),
        .currency_digits = brand_currency_digits(p->brand),
        .now = env_now(brand_env(p->brand)),
        .in = p->in,
        .arena = p->arena,
        .inferring = inferring_create(),
        .colleagues = p->colleagues,
        .map = p->options.map || p->options.format == IMPORT_COLUMNS ? &p->map : NULL,
        .belt = &p->belt,
        .batch_rows = LIMIT_IMPORT_ROWS,
        .look = &look,
    };
    dates_init(&parse->dates, p->options.zone);
    if (!parse_begin(parse)) return;
    p->batch = parse->batch;
    belt_stop(&p->belt); /* it gets no other */
    p->err = parse_format(parse, &p->why);
    inferring_destroy(parse->inferring);
    parse->inferring = NULL;
}

/* ---- columns ---- */

static void put_text(struct json_writer *w, const char *key, const char *text)
{
    json_key(w, key);
    if (text) {
        json_text(w, text);
    } else {
        json_null(w);
    }
}

/* What a column becomes; it may be read for several things. */
static void put_meaning(struct preview *p, struct json_writer *w, size_t at)
{
    const char *target = NULL, *means = NULL, *entry = NULL;
    for (uint32_t i = 0; p->bound && i < p->table.map.count; i++) {
        const struct mapping_entry *e = &p->table.map.entries[i];
        const char *own;
        if (e->column != at || e->type == VALUE_CONST) continue;
        const char *text = mapping_means(p->arena, e, &own), *same = mapping_text(p->arena, e);
        if (!means) means = own;
        target = target ? arena_printf(p->arena, "%s, %s", target, text) : text;
        if (same) entry = entry ? arena_printf(p->arena, "%s,%s", entry, same) : same;
    }
    put_text(w, "means", means);
    put_text(w, "target", target);
    put_text(w, "entry", entry);
}

static void put_columns(struct preview *p, struct json_writer *w)
{
    json_key(w, "columns");
    json_begin_array(w);
    for (size_t i = 0; i < p->column_count; i++) {
        const struct column *c = &p->columns[i];
        json_begin_object(w);
        json_key(w, "at");
        json_uint(w, i + 1);
        put_text(w, "header", c->header.p);
        json_key(w, "samples");
        json_begin_array(w);
        for (size_t k = 0; k < c->sample_count; k++)
            json_str(w, c->samples[k]);
        json_end_array(w);
        put_meaning(p, w, i + 1);
        json_end_object(w);
    }
    json_end_array(w);
}

/* The kind of every row, where no column says it. */
static void put_kind(struct preview *p, struct json_writer *w)
{
    json_key(w, "kind");
    for (uint32_t i = 0; p->bound && i < p->table.map.count; i++) {
        const struct mapping_entry *e = &p->table.map.entries[i];
        if (e->target != TARGET_KIND || e->type != VALUE_CONST) continue;
        json_str(w, e->source);
        return;
    }
    json_null(w);
}

/* ---- rows and events ---- */

static void put_rows(struct preview *p, struct json_writer *w)
{
    json_key(w, "rows");
    json_begin_array(w);
    for (size_t i = 0; i < p->row_count; i++) {
        json_begin_array(w);
        for (size_t k = 0; k < p->rows[i].count; k++)
            json_str(w, p->rows[i].cells[k]);
        json_end_array(w);
    }
    json_end_array(w);
}

static void put_values(struct json_writer *w, const char *key, const struct fact_value *values,
                       uint32_t count)
{
    if (count == 0) return;
    json_key(w, key);
    json_begin_object(w);
    for (uint32_t i = 0; i < count; i++) {
        const struct fact_value *v = &values[i];
        json_key_str(w, v->name);
        if (v->type == PROP_TEXT) {
            json_str(w, utf8_cut(v->text, SHOWN_BYTES));
        } else if (v->type == PROP_BOOL) {
            json_bool(w, v->number != 0);
        } else {
            json_double(w, v->number);
        }
    }
    json_end_object(w);
}

static void put_identities(struct json_writer *w, const char *key, const struct identity *ids,
                           uint32_t count)
{
    if (count == 0) return;
    json_key(w, key);
    json_begin_object(w);
    for (int kind = 0; kind < IDENTITY_KIND_COUNT; kind++) {
        bool any = false;
        for (uint32_t i = 0; i < count; i++) {
            if ((int)ids[i].kind != kind) continue;
            if (!any) json_key(w, identity_kind_name((enum identity_kind)kind));
            if (!any) json_begin_array(w);
            any = true;
            json_str(w, utf8_cut(ids[i].value, SHOWN_BYTES));
        }
        if (any) json_end_array(w);
    }
    json_end_object(w);
}

/* Parted by line ends. */
static void put_list(struct json_writer *w, const char *key, struct str list)
{
    if (list.len == 0) return;
    json_key(w, key);
    json_begin_array(w);
    while (list.len)
        json_str(w, str_cut(&list, '\n'));
    json_end_array(w);
}

static void put_event(struct preview *p, struct json_writer *w, const struct fact *f)
{
    char at[48];
    time_format(brand_zone(p->brand), f->at == TIME_NONE ? p->parse.now : f->at, at, sizeof(at));
    json_begin_object(w);
    put_text(w, "at", at);
    json_key(w, "kind");
    json_str(w, f->kind);
    put_identities(w, "identities", f->who, f->who_count);
    put_identities(w, "other", f->other, f->other_count);
    for (int d = 0; d < DIM_ORIGIN; d++) {
        if (f->code[d].len == 0) continue;
        json_key(w, mapping_dim_name((enum dim)d));
        json_str(w, utf8_cut(f->code[d], SHOWN_BYTES));
    }
    if (f->amount != HISTORY_NO_AMOUNT) {
        json_key(w, "amount");
        json_int(w, f->amount);
    }
    put_values(w, "props", f->props, f->prop_count);
    put_values(w, "traits", f->traits, f->trait_count);
    put_list(w, "tags", f->tags);
    if (f->owner.len) {
        json_key(w, "owner");
        json_str(w, f->owner);
    }
    put_list(w, "contacts", f->contacts);
    json_end_object(w);
}

static void put_events(struct preview *p, struct json_writer *w)
{
    json_key(w, "events");
    json_begin_array(w);
    for (size_t i = 0; p->batch && i < p->batch->facts.count && i < PREVIEW_EVENTS; i++)
        put_event(p, w, &p->batch->facts.items[i]);
    json_end_array(w);
}

/* ---- problems ---- */

static void put_problem(struct preview *p, struct json_writer *w, uint64_t line, uint32_t column,
                        const struct why *why)
{
    char text[512];
    struct why own = *why;
    if (memcmp(own.field, "--", 2) == 0)
        memmove(own.field, own.field + 2, strlen(own.field + 2) + 1);
    why_text(&own, p->o->lang, text, sizeof(text));
    json_begin_object(w);
    json_key(w, "line");
    json_uint(w, line);
    json_key(w, "column");
    json_uint(w, column);
    put_text(w, "reason", text);
    json_end_object(w);
}

static void put_problems(struct preview *p, struct json_writer *w)
{
    json_key(w, "problems");
    json_begin_array(w);
    if (p->unread.err != ERR_OK) put_problem(p, w, 1, 0, &p->unread);
    if (p->err != ERR_OK) put_problem(p, w, 1, 0, &p->why);
    for (size_t i = 0; p->batch && i < p->batch->rejects.count && i < PREVIEW_ROWS_SHOWN; i++) {
        const struct reject *r = &p->batch->rejects.items[i];
        put_problem(p, w, r->line, r->column, &r->why);
    }
    json_end_array(w);
}

/* ---- the whole ---- */

/* Of a workbook: what it has to choose from. */
static void put_sheets(const struct preview *p, struct json_writer *w)
{
    const struct xlsx_sheets *sheets = input_get_info(p->in)->sheets;
    json_key(w, "sheets");
    json_begin_array(w);
    for (size_t i = 0; sheets && i < sheets->count; i++)
        json_text(w, sheets->names[i]);
    json_end_array(w);
    json_key(w, "sheet");
    if (sheets) {
        json_text(w, sheets->names[sheets->read]);
    } else {
        json_null(w);
    }
}

static enum err read_file(struct preview *p, struct why *why)
{
    enum import_format *format = &p->options.format;
    if (p->o->guess) TRY(guess(p, format, why));
    TRY(read_options(p, why));
    bool recode = !import_keeps_bytes(*format);
    TRY(open_input(p, recode, PREVIEW_BYTES, &p->in, why));
    TRY(import_fits(*format, input_get_info(p->in), why));
    read_rows(p);
    return ERR_OK;
}

static void put_all(struct preview *p, struct json_writer *w)
{
    static const char *const encodings[] = {"utf-8", "gb18030", "utf-16", "utf-16",
                                            "utf-8 + gb18030"};
    json_begin_object(w);
    put_text(w, "format", import_format_name(p->options.format));
    json_key(w, "guessed");
    json_bool(w, p->o->guess);
    put_text(w, "encoding", encodings[input_get_info(p->in)->encoding]);
    put_kind(p, w);
    put_columns(p, w);
    put_rows(p, w);
    put_events(p, w);
    put_problems(p, w);
    put_sheets(p, w);
    json_end_object(w);
}

static struct preview *begin(struct brand *b, const struct preview_options *o)
{
    struct preview *p = mem_alloc(sizeof(*p));
    p->o = o;
    p->brand = b;
    p->arena = arena_create(0);
    p->options = (struct import_options){.format = o->format,
                                         .as = o->as,
                                         .map = o->map,
                                         .group = o->group,
                                         .date = o->date,
                                         .sheet = o->sheet,
                                         .zone = o->zone,
                                         .lang = o->lang,
                                         .stdin_fd = -1};
    p->colleagues = colleagues_create(b, o->staff);
    return p;
}

static void end(struct preview *p)
{
    input_close(p->in);
    colleagues_destroy(p->colleagues);
    if (p->batch) belt_finish(&p->belt);
    arena_destroy(p->arena);
    mem_free(p);
}

enum err preview_write(struct brand *b, const struct preview_options *o, struct json_writer *w,
                       struct why *why)
{
    struct preview *p = begin(b, o);
    enum err err = read_file(p, why);
    if (err == ERR_OK) put_all(p, w);
    end(p);
    return err;
}

enum err preview_sets_owner(struct brand *b, const struct preview_options *o, bool *out,
                            struct why *why)
{
    struct preview *p = begin(b, o);
    enum err err = read_file(p, why);
    /* rows so long that the headers lie beyond what is looked at may name anything */
    bool sets = p->is_table && p->row_count && !p->bound && p->unread.err == ERR_OK;
    for (uint32_t i = 0; p->bound && i < p->table.map.count; i++)
        sets |= p->table.map.entries[i].target == TARGET_OWNER;
    end(p);
    if (err == ERR_OK) *out = sets;
    return err;
}
