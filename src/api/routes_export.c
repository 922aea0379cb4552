/* routes_export.c - members as a file.
 *
 * The list is read page by page, each in an arena that is given back, and on a connection of its
 * own without a transaction: the export may take longer than a transaction of a reader should. It
 * is written down before it is handed out; who exports without the right to reveal gets masked
 * values. */
#include <inttypes.h>
#include <math.h>

#include "api/internal.h"
#include "api/member_scores.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "api/table_file.h"
#include "people/owner.h"

#define PAGE LIMIT_PAGE_MEMBERS

enum column {
    COLUMN_ID,
    COLUMN_NAME,
    COLUMN_STAGE,
    COLUMN_TRUST,
    COLUMN_CREATED,
    COLUMN_LAST_SEEN,
    COLUMN_EVENTS,
    COLUMN_ORDERS,
    COLUMN_SPENT,
    COLUMN_OWNER,
    COLUMN_SCORE, /* and behind it one for each score */
    COLUMN_IDENTITY =
        COLUMN_SCORE + MEMBER_SCORES, /* and behind it a column for each kind of identity */
    COLUMN_COUNT = COLUMN_IDENTITY + IDENTITY_KIND_COUNT
};

static const char *column_name(int column)
{
    static const char *const names[COLUMN_SCORE] = {"id",      "name",      "stage",  "trust",
                                                    "created", "last_seen", "events", "orders",
                                                    "spent",   "owner"};
    if (column < COLUMN_SCORE) return names[column];
    if (column < COLUMN_IDENTITY) return member_score_names[column - COLUMN_SCORE];
    return column == COLUMN_IDENTITY + IDENTITY_NAME
               ? "nickname"
               : identity_kind_name((enum identity_kind)(column - COLUMN_IDENTITY));
}

struct export
{
    struct call *call;
    struct table_file file;
    int columns[COLUMN_COUNT];
    size_t column_count;
    bool clear;
    uint64_t members;
};

/* ---- columns ---- */

static bool add_column(struct export *e, struct str name)
{
    int column = 0;
    while (column < COLUMN_COUNT && !str_is(name, column_name(column)))
        column++;
    if (column == COLUMN_COUNT) return false;
    for (size_t i = 0; i < e->column_count; i++) {
        if (e->columns[i] == column) return false;
    }
    e->columns[e->column_count++] = column;
    return true;
}

static enum err read_columns(struct export *e, struct why *why)
{
    struct str list = call_str(e->call, "columns");
    while (list.p && list.len) {
        struct str name = str_trim(str_cut(&list, ','));
        if (add_column(e, name)) continue;
        struct strbuf known = {0};
        for (int i = 0; i < COLUMN_COUNT; i++)
            strbuf_addf(&known, "%s%s", i ? ", " : "", column_name(i));
        struct str shown = name.len > 64 ? (struct str){name.p, 64} : name;
        (void)why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "columns", STR_FMT "|%s",
                       STR_ARG(shown), known.p);
        strbuf_finish(&known);
        return ERR_INVALID;
    }
    return ERR_OK;
}

static const char *header(const struct export *e)
{
    const char *text = column_name(e->columns[0]);
    for (size_t i = 1; i < e->column_count; i++)
        text = arena_printf(e->call->arena, "%s,%s", text, column_name(e->columns[i]));
    return text;
}

/* ---- rows ---- */

/* Unknown is an empty cell. */
static void put_cell_score(struct export *e, uint32_t member, int score)
{
    double of[MEMBER_SCORES];
    bool known = member_scores(e->call->brand, member, of);
    table_file_double(&e->file, known ? of[score] : NAN);
}

/* Nobody is an empty cell. */
static void put_cell_owner(struct export *e, uint32_t member)
{
    uint32_t owner = owner_of(e->call->brand, member);
    table_file_text(&e->file,
                    owner ? registry_code_text(e->call->brand, DIM_STAFF, owner) : STR(""));
}

/* All values of a kind, parted by blanks. */
static void put_values(struct export *e, struct arena *arena, const struct look_row *row,
                       enum identity_kind kind)
{
    const char *text = "";
    for (size_t i = 0; i < row->identity_count; i++) {
        const struct look_identity *id = &row->identities[i];
        if (id->kind != kind) continue;
        struct str value = id->personal && !e->clear ? look_mask(arena, id->value) : id->value;
        text = arena_printf(arena, "%s%s" STR_FMT, text, *text ? " " : "", STR_ARG(value));
    }
    table_file_text(&e->file, str_of(text));
}

static void put_cell(struct export *e, struct arena *arena, const struct look_row *row, int column)
{
    switch (column) {
    case COLUMN_ID:
        table_file_text(&e->file, str_of(arena_printf(arena, "m%" PRIu32, row->id)));
        break;
    case COLUMN_NAME:
        table_file_text(&e->file, row->name.p ? row->name : STR(""));
        break;
    case COLUMN_STAGE:
        table_file_text(&e->file, str_of(stage_name(row->stage)));
        break;
    case COLUMN_TRUST:
        table_file_text(&e->file, str_of(trust_name(row->trust)));
        break;
    case COLUMN_CREATED:
        table_file_time(&e->file, row->created);
        break;
    case COLUMN_LAST_SEEN:
        table_file_time(&e->file, row->last_seen);
        break;
    case COLUMN_EVENTS:
        table_file_number(&e->file, (int64_t)row->events);
        break;
    case COLUMN_ORDERS:
        table_file_number(&e->file, (int64_t)row->orders);
        break;
    case COLUMN_SPENT:
        table_file_number(&e->file, row->spent);
        break;
    case COLUMN_OWNER:
        put_cell_owner(e, row->id);
        break;
    default:
        if (column < COLUMN_IDENTITY) {
            put_cell_score(e, row->id, column - COLUMN_SCORE);
            break;
        }
        put_values(e, arena, row, (enum identity_kind)(column - COLUMN_IDENTITY));
        break;
    }
}

static enum err put_page(struct export *e, struct look *l, const struct look_page *page,
                         struct look_rows *rows, struct why *why)
{
    TRY(look_list(l, page, rows, why));
    for (size_t i = 0; i < rows->count; i++) {
        table_file_row(&e->file);
        for (size_t k = 0; k < e->column_count; k++)
            put_cell(e, l->arena, &rows->items[i], e->columns[k]);
        table_file_row_end(&e->file);
    }
    e->members += rows->count;
    if (e->members > LIMIT_EXPORT_MEMBERS)
        return why_fail(why, ERR_TOO_LARGE, MSG_EXPORT_TOO_MANY, "filter", "%d",
                        LIMIT_EXPORT_MEMBERS);
    return ERR_OK;
}

static enum err put_pages(struct export *e, struct sql *db, const struct idset *only,
                          struct why *why)
{
    struct look_page page = {
        .stage = members_stage(call_str(e->call, "stage")), .only = only, .limit = PAGE};
    struct look_rows rows = {.more = true};
    struct look_place after;
    struct arena *arena = arena_create(0);
    struct look look;
    enum err err = ERR_OK;
    look_begin(&look, e->call->brand, db, arena);
    while (err == ERR_OK && rows.more) {
        err = put_page(e, &look, &page, &rows, why);
        after = rows.last;
        page.after = &after;
        arena_reset(arena);
    }
    look_end(&look);
    arena_destroy(arena);
    return err;
}

/* ---- the route ---- */

static enum err write_down(const struct export *e, struct why *why)
{
    const struct call *c = e->call;
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_int(&w, "members", (int64_t)e->members);
    put_bool(&w, "clear", e->clear);
    put_str(&w, "columns", str_of(header(e)));
    put_str(&w, "filter", call_str(c, "filter"));
    put_str(&w, "stage", call_str(c, "stage"));
    json_end_object(&w);
    enum err err = call_audit(c, "members", (struct str){NULL, 0}, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

static enum err put_members(struct export *e, const struct idset *only, struct why *why)
{
    struct sql *db;
    TRY(brand_reader(e->call->brand, &db, why));
    enum err err = put_pages(e, db, only, why);
    sql_close(db);
    return err;
}

static enum err put_file(struct export *e, struct strbuf *out, const struct idset *only,
                         struct why *why)
{
    enum err err = table_file_begin(&e->file, e->call, header(e), out, why);
    if (err == ERR_OK) err = put_members(e, only, why);
    if (err == ERR_OK) err = table_file_end(&e->file, "members", why);
    table_file_finish(&e->file);
    return err;
}

static enum err export_members(struct call *c, struct json_writer *w, struct why *why)
{
    struct export e = {.call = c, .clear = (c->who->scopes & SCOPE_MEMBERS_REVEAL) != 0};
    const struct idset *only = NULL;
    uint64_t seq;
    TRY(read_columns(&e, why));
    if (call_has(c, "filter")) TRY(chosen_get(c, call_str(c, "filter"), 0, &only, &seq, why));
    only = sight_narrow(c, only);
    TRY(put_file(&e, w->out, only, why));
    return write_down(&e, why);
}

static const struct spec_field export_query[] = {
    {.name = "filter",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "only those for whom the expression holds"},
    {.name = "stage", .type = SPEC_ENUM, .choices = MEMBERS_STAGES, .doc = "only of this stage"},
    {.name = "format",
     .type = SPEC_ENUM,
     .choices = TABLE_FILE_FORMATS,
     .fallback = "csv",
     .doc = "form of the file"},
    {.name = "columns",
     .type = SPEC_LIST,
     .min = 1,
     .max = COLUMN_COUNT,
     .fallback = "id,name,stage,trust,created,last_seen,events,orders,spent,phone,email",
     .doc = "id, name, stage, trust, created, last_seen, events, orders, spent, owner, rfm_r, "
            "rfm_f, rfm_m, p_alive, p_alive_drop, expected_orders, expected_value, and kinds of "
            "identities (names as nickname)"},
    {0},
};

const struct spec export_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/export",
     .scope = SCOPE_MEMBERS_EXPORT,
     .query = export_query,
     .flags = SPEC_FILTERED | SPEC_PERSONAL | SPEC_CONFIRM | SPEC_SIGHT,
     .handle = export_members,
     .audit = "members.exported",
     .summary = "Members as a file for a spreadsheet; written down in the audit log",
     .reply_types = TABLE_FILE_TYPES},
    {0},
};
