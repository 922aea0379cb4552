/* list_file.c - the text is recoded whole, split row by row, and each row becomes identities. */
#include "intake/list_file.h"

#include <iconv.h>
#include <inttypes.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "intake/csv.h"
#include "intake/table.h"
#include "intake/value.h"
#include "intake/xlsx.h"

#define IDS_MAX 16 /* of one row */
#define PIECE ((size_t)1 << 16)

struct reader {
    struct arena *arena;
    enum identity_kind kind;
    struct table *table; /* of known headers; NULL = there are none */
    VEC(struct list_row) rows;
    uint64_t line;
};

/* ---- encoding ---- */

/* Four bytes of GB18030 are at most four of UTF-8, two at most three. */
static bool from_gb18030(struct str bytes, char *to, size_t room, size_t *len)
{
    iconv_t cd = iconv_open("UTF-8", "GB18030");
    if (cd == (iconv_t)-1) return false; /* NOLINT: the function's own sentinel */
    char *from = mem_copy(bytes.p, bytes.len), *in = from, *out = to;
    size_t in_left = bytes.len, out_left = room;
    bool sound = iconv(cd, &in, &in_left, &out, &out_left) != (size_t)-1;
    iconv_close(cd);
    mem_free(from);
    *len = room - out_left;
    return sound;
}

/* With a line end behind it, which the splitter wants. */
static enum err decode(struct str bytes, struct arena *arena, struct str *out, struct why *why)
{
    if (str_starts(bytes, STR("\xEF\xBB\xBF"))) bytes = (struct str){bytes.p + 3, bytes.len - 3};
    size_t room = bytes.len * 2 + 1, len = bytes.len;
    char *text = arena_alloc(arena, room + 1);
    if (utf8_valid(bytes)) {
        memcpy(text, bytes.p, bytes.len);
    } else if (!from_gb18030(bytes, text, room, &len)) {
        return why_fail(why, ERR_INVALID, MSG_LIST_ENCODING, "body", NULL);
    }
    text[len] = '\n';
    *out = (struct str){text, len};
    return ERR_OK;
}

/* ---- a workbook ---- */

static enum err read_sheet(struct xlsx *x, struct arena *arena, struct str *out, struct why *why)
{
    struct strbuf text = {0};
    char *piece = arena_alloc(arena, PIECE);
    enum err err = ERR_OK;
    for (size_t len = 1; err == ERR_OK && len > 0;) {
        err = xlsx_read(x, piece, PIECE, &len, why);
        if (err == ERR_OK) strbuf_add(&text, piece, len);
        if (err == ERR_OK && text.len > LIST_FILE_BYTES)
            err = why_fail(why, ERR_TOO_LARGE, MSG_IMPORT_UNPACKS, "body", "%zu", LIST_FILE_BYTES);
    }
    if (err == ERR_OK) {
        strbuf_add_char(&text, '\n'); /* as decode() leaves it */
        *out = arena_str(arena, strbuf_str(&text));
        out->len--;
    }
    strbuf_finish(&text);
    return err;
}

static void tell_sheets(const struct xlsx_sheets *s, struct arena *arena, struct list_file *to)
{
    to->sheet_count = s->count;
    to->sheets = arena_alloc_array(arena, s->count + 1, sizeof(*to->sheets));
    for (size_t i = 0; i < s->count; i++)
        to->sheets[i] = arena_str(arena, str_of(s->names[i]));
    to->sheet = to->sheets[s->read];
}

static enum err decode_sheet(struct str bytes, const char *sheet, struct arena *arena,
                             struct list_file *to, struct str *out, struct why *why)
{
    struct xlsx *x = NULL;
    int fd = -1;
    TRY(fs_memory(bytes.p, bytes.len, &fd, why));
    enum err err = xlsx_open(fd, sheet, &x, why);
    if (err == ERR_OK) err = read_sheet(x, arena, out, why);
    if (err == ERR_OK) tell_sheets(xlsx_get_sheets(x), arena, to);
    xlsx_close(x);
    fs_close(fd);
    if (err != ERR_OK && why && !why->field[0]) memcpy(why->field, "body", sizeof("body"));
    return err;
}

/* ---- rows ---- */

static void add_identity(struct reader *r, enum identity_kind kind, struct str cell,
                         struct identity *ids, size_t *count)
{
    struct why why;
    struct identity id;
    const char *text =
        arena_printf(r->arena, "%s:" STR_FMT, identity_kind_name(kind), STR_ARG(cell));
    if (cell.len == 0 || *count == IDS_MAX) return;
    if (fact_identity_parse(str_of(text), &id, r->arena, &why) == ERR_OK) ids[(*count)++] = id;
}

static bool is_number(struct str cell, uint32_t *member)
{
    uint64_t n;
    if (cell.len < 2 || cell.p[0] != 'm') return false;
    if (!str_to_u64((struct str){cell.p + 1, cell.len - 1}, &n) || n == 0 || n > UINT32_MAX)
        return false;
    *member = (uint32_t)n;
    return true;
}

static void read_bare(struct reader *r, struct str cell, struct list_row *row, struct identity *ids)
{
    struct why why;
    row->text = arena_str(r->arena, utf8_cut(cell, 80));
    if (is_number(cell, &row->member)) return;
    if (r->kind < IDENTITY_KIND_COUNT) {
        add_identity(r, r->kind, cell, ids, &row->id_count);
    } else if (fact_identity_parse(cell, &ids[0], r->arena, &why) == ERR_OK) {
        row->id_count = 1;
    }
}

static void read_cells(struct reader *r, const struct csv *c, struct list_row *row,
                       struct identity *ids)
{
    for (uint32_t i = 0; i < r->table->map.count; i++) {
        const struct mapping_entry *e = &r->table->map.entries[i];
        bool person = e->target == TARGET_PERSON;
        if ((e->target != TARGET_MEMBER && !person) || e->column > c->count) continue;
        struct str cell = value_unwrap(c->cells[e->column - 1]);
        if (cell.len && !row->text.len) row->text = arena_str(r->arena, utf8_cut(cell, 80));
        add_identity(r, person ? IDENTITY_NAME : e->identity, cell, ids, &row->id_count);
    }
}

static bool is_blank(const struct csv *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (value_unwrap(c->cells[i]).len) return false;
    }
    return true;
}

/* Do the headers say where the identities are? */
static bool is_header(struct reader *r, const struct csv *c)
{
    struct table *t = arena_alloc(r->arena, sizeof(*t));
    if (headers_known(c->cells, c->count) == 0) return false;
    headers_map(c->cells, c->count, false, t);
    for (uint32_t i = 0; i < t->map.count; i++) {
        enum target target = t->map.entries[i].target;
        if (target != TARGET_MEMBER && target != TARGET_PERSON) continue;
        r->table = t;
        return true;
    }
    return false;
}

static enum err take(struct reader *r, const struct csv *c, struct why *why)
{
    struct list_row row = {.line = r->line};
    bool first = r->rows.count == 0 && !r->table;
    if (is_blank(c) || (first && is_header(r, c))) return ERR_OK;
    if (r->rows.count == LIMIT_SEGMENT_LIST)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "body", "%d", LIMIT_SEGMENT_LIST);
    struct identity ids[IDS_MAX];
    if (r->table) read_cells(r, c, &row, ids);
    if (!r->table) read_bare(r, value_unwrap(c->cells[0]), &row, ids);
    row.ids = arena_copy(r->arena, ids, row.id_count * sizeof(ids[0]));
    VEC_PUSH(&r->rows, row);
    return ERR_OK;
}

static enum err split(struct reader *r, struct str text, char delimiter, struct why *why)
{
    struct csv c;
    enum err err = ERR_OK;
    csv_init(&c);
    c.delimiter = delimiter;
    while (text.len && err == ERR_OK) {
        size_t used = 0;
        enum msg fault = MSG_NONE;
        if (csv_split(&c, text, true, r->arena, &used, &fault) != CSV_ROW) {
            err = why_fail(why, ERR_INVALID, fault, "body", NULL);
            break;
        }
        r->line++;
        err = take(r, &c, why);
        text =
            used < text.len ? (struct str){text.p + used, text.len - used} : (struct str){NULL, 0};
    }
    csv_finish(&c);
    return err;
}

enum err list_file_read(struct str bytes, const struct list_options *o, struct arena *arena,
                        struct list_file *out, struct why *why)
{
    struct reader r = {.arena = arena, .kind = o->kind};
    struct str text = {NULL, 0};
    bool book = xlsx_is_zip(bytes);
    if (!book && o->sheet) return why_fail(why, ERR_INVALID, MSG_SHEET_WANTS_BOOK, "sheet", NULL);
    struct list_file file = {.count = 0};
    TRY(book ? decode_sheet(bytes, o->sheet, arena, &file, &text, why)
             : decode(bytes, arena, &text, why));
    enum err err = split(&r, text, book ? ',' : csv_guess_delimiter(text), why);
    file.rows = arena_copy(arena, r.rows.items, r.rows.count * sizeof(r.rows.items[0]));
    file.count = r.rows.count;
    if (err == ERR_OK) *out = file;
    VEC_FINISH(&r.rows);
    return err;
}
