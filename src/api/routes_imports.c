/* routes_imports.c - files uploaded piece by piece, looked at, tried and imported.
 *
 * What an import has become is read from its row, what it is doing now from memory, the latter
 * first (see intake/upload.h). A change is answered with what is true after it, over a connection
 * of its own: the worker's shows one moment for as long as the call lasts. */
#include <inttypes.h>

#include "api/import_put.h"
#include "api/imports.h"
#include "api/internal.h"
#include "api/put.h"
#include "api/sight.h"
#include "base/fs.h"
#include "intake/preview.h"
#include "intake/upload.h"
#include "people/undo.h"

#define MIB (INT64_C(1) << 20)

/* ---- reading ---- */

static enum err list_imports(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload_view view;
    struct upload_list list;
    struct sql *db;
    size_t limit = (size_t)call_int(c, "limit");
    int64_t below = 0;
    struct str cursor = call_str(c, "cursor");
    if (cursor.len && (!str_to_i64(cursor, &below) || below < 1 || below > UINT32_MAX))
        return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    struct upload_page page = {.below = (uint32_t)below, .limit = limit + 1};
    if (!sight_is_whole(c)) page.author = str_of(c->who->name);
    upload_view_take(c->api->uploads, c->brand, c->arena, &view);
    TRY(call_reader(c, &db, why));
    TRY(upload_list(&view, db, &page, &list, why));
    bool more = list.count > limit;
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < (more ? limit : list.count); i++)
        put_import(c, w, &list.items[i]);
    json_end_array(w);
    json_key(w, "next");
    if (more) {
        json_text(w, arena_printf(c->arena, "%" PRIu32, list.items[limit - 1].id));
    } else {
        json_null(w);
    }
    json_end_object(w);
    return ERR_OK;
}

static enum err get_import(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    uint32_t id = 0;
    TRY(call_number(c, "id", &id, why));
    TRY(imports_get(c, id, &u, why));
    put_import(c, w, &u);
    return ERR_OK;
}

static enum err get_rejects(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    struct strbuf text = {0};
    char path[UPLOAD_PATH_SIZE];
    TRY(imports_find(c, &u, why));
    upload_path(c->brand, u.id, UPLOAD_REJECTS, path);
    enum err err = fs_read_file(path, (size_t)2 * LIMIT_UPLOAD_REJECTS_BYTES, &text, why);
    if (err == ERR_OK) {
        strbuf_add_text(w->out, "\xEF\xBB\xBF");
        if (text.len) strbuf_add_str(w->out, strbuf_str(&text));
    }
    strbuf_finish(&text);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    TRY(err);
    c->type = "text/csv; charset=utf-8";
    reply_header(
        c->req, "Content-Disposition",
        arena_printf(c->arena, "attachment; filename=\"import-%" PRIu32 "-rejects.csv\"", u.id));
    return ERR_OK;
}

/* ---- a file ---- */

static enum err add_import(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u = {.name = call_str(c, "name"), .bytes = (uint64_t)call_int(c, "bytes")};
    TRY(upload_add(c->api->uploads, c->brand, &u, c->who, why));
    TRY(imports_now(c, u.id, &u, why));
    put_import(c, w, &u);
    c->status = 201;
    return ERR_OK;
}

static enum err write_piece(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    struct str type = request_header(c->req, "Content-Type");
    struct upload_piece piece = {.bytes = request_body(c->req)};
    if (!str_eq_fold(str_trim(str_cut(&type, ';')), STR("application/octet-stream")))
        return why_fail(why, ERR_UNSUPPORTED, MSG_WANT_BYTES, "Content-Type", NULL);
    TRY(imports_find(c, &u, why));
    if (piece.bytes.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "body", NULL);
    piece.offset = (uint64_t)call_int(c, "offset");
    enum err err = upload_write(c->api->uploads, c->brand, &u, &piece, why);
    reply_header(c->req, "Upload-Offset", arena_printf(c->arena, "%" PRIu64, piece.received));
    TRY(err);
    json_begin_object(w);
    put_int(w, "received", (int64_t)piece.received);
    json_end_object(w);
    return ERR_OK;
}

static enum err remove_import(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    (void)w;
    TRY(imports_find(c, &u, why));
    return upload_remove(c->api->uploads, c->brand, &u, c->who, why);
}

/* ---- running ---- */

/* Who may not hand members over by hand may not by a column either. */
static enum err may_set(struct call *c, const struct upload *u, const struct upload_run *run,
                        struct why *why)
{
    char path[UPLOAD_PATH_SIZE];
    bool sets;
    struct why unread;
    const struct zone *zone = run->tz ? zone_open(run->tz) : brand_zone(c->brand);
    if (c->who->scopes & SCOPE_MEMBERS_ASSIGN) return ERR_OK;
    if (!zone) return why_fail(why, ERR_INVALID, MSG_BAD_ZONE, "tz", "%.60s", run->tz);
    const struct preview_options o = {.path = path,
                                      .name = arena_str(c->arena, u->name).p,
                                      .as = run->as,
                                      .map = run->map,
                                      .group = run->group,
                                      .date = run->date,
                                      .sheet = run->sheet,
                                      .zone = zone,
                                      .staff = accounts_staff(c->api->accounts),
                                      .format = run->format,
                                      .lang = run->lang};
    TRY(upload_whole(u, why));
    upload_path(c->brand, u->id, "", path);
    /* what a look refuses, the run does before its first row */
    if (preview_sets_owner(c->brand, &o, &sets, &unread) != ERR_OK || !sets) return ERR_OK;
    return why_fail(why, ERR_FORBIDDEN, MSG_NO_SCOPE, "owner", "%s",
                    scope_name(SCOPE_MEMBERS_ASSIGN));
}

static enum err run_import(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    struct upload_run run = {.as = imports_option(c, "as"),
                             .map = imports_option(c, "map"),
                             .group = imports_option(c, "group"),
                             .source = imports_option(c, "source"),
                             .date = imports_option(c, "date"),
                             .tz = imports_option(c, "tz"),
                             .sheet = imports_option(c, "sheet"),
                             .dry_run = call_bool(c, "dry_run"),
                             .strict = call_bool(c, "strict"),
                             .lang = call_lang(c),
                             .who = c->who};
    import_format_parse(call_str(c, "format"), &run.format);
    TRY(imports_find(c, &u, why));
    TRY(imports_as_field(may_set(c, &u, &run, why), why));
    TRY(imports_as_field(upload_start(c->api->uploads, c->brand, &u, &run, why), why));
    TRY(imports_now(c, u.id, &u, why));
    put_import(c, w, &u);
    c->status = 202;
    return ERR_OK;
}

static enum err stop_import(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    TRY(imports_find(c, &u, why));
    TRY(upload_stop(c->api->uploads, c->brand, u.id, why));
    TRY(imports_now(c, u.id, &u, why));
    put_import(c, w, &u);
    c->status = 202;
    return ERR_OK;
}

static enum err preview_undo(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    struct undo_sums sums;
    TRY(imports_find(c, &u, why));
    TRY(upload_undo_preview(c->api->uploads, c->brand, &u, &sums, why));
    upload_undo_json(&sums, w->out);
    return ERR_OK;
}

static enum err undo_import(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    const struct upload_run run = {.lang = call_lang(c), .who = c->who};
    TRY(imports_find(c, &u, why));
    TRY(upload_undo(c->api->uploads, c->brand, &u, &run, why));
    TRY(imports_now(c, u.id, &u, why));
    put_import(c, w, &u);
    c->status = 202;
    return ERR_OK;
}

/* ---- the table ---- */

#define COUNTS                                                                                     \
    "{\"read\":6919,\"stored\":6919,\"duplicate\":0,\"rejected\":0,\"members_created\":2357,"      \
    "\"merged\":0,\"updated\":0,\"conflicts\":0,\"presence\":0,\"skipped\":0,\"dropped\":0,"       \
    "\"unknown_staff\":0}"
#define UNDO                                                                                       \
    "{\"events\":6919,\"members\":2357,\"staying\":12,\"identities\":2369,\"traits\":0,"           \
    "\"tags\":0,\"consents\":0,\"merges\":0}"
#define IMPORT                                                                                         \
    "{\"id\":3,\"name\":\"orders.csv\",\"bytes\":50312,\"received\":50312,\"state\":\"done\","         \
    "\"file\":true,\"dry_run\":false,\"options\":{\"format\":\"csv\",\"dry_run\":false,"               \
    "\"strict\":false},\"progress\":{\"rows\":6919,\"rows_total\":null,\"bytes\":0,"                   \
    "\"bytes_total\":null,\"share\":1,\"rows_per_s\":0,\"left_s\":null},\"counts\":" COUNTS            \
    ",\"tried\":null,\"undone\":null,\"rejects\":[{\"line\":7,\"column\":3,\"reason\":\"付款时间:" \
    " …\"}],"                                                                                        \
    "\"reason\":null,\"by\":\"anna\",\"created\":\"2025-03-01T08:00:00+08:00\","                       \
    "\"finished\":\"2025-03-01T08:00:09+08:00\"}"

#define OTHER_FORMS                                                                                \
    "\"options\":{},\"progress\":{\"rows_total\":6919,\"bytes_total\":50312,\"share\":0.5,"        \
    "\"left_s\":4},\"tried\":" COUNTS ",\"undone\":" UNDO ",\"reason\":\"…\"}"
#define OTHER_NULLS "\"options\":null,\"counts\":null,\"finished\":null}"
#define IMPORT_REPLY IMPORT "\n~{" OTHER_FORMS "\n~{" OTHER_NULLS
static const struct spec_field list_query[] = {
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = 200,
     .fallback = "50",
     .doc = "imports at most"},
    {.name = "cursor", .type = SPEC_TEXT, .max = 20, .doc = "next of the page before"},
    {0},
};

static const struct spec_field add_body[] = {
    {.name = "name",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_NAME_BYTES,
     .doc = "the file's, without a path"},
    {.name = "bytes",
     .type = SPEC_INT,
     .required = true,
     .min = 1,
     .max = LIMIT_UPLOAD_MIB * MIB,
     .doc = "the file has"},
    {0},
};

static const struct spec_field piece_query[] = {
    {.name = "offset",
     .type = SPEC_INT,
     .required = true,
     .min = 0,
     .max = LIMIT_UPLOAD_MIB * MIB,
     .doc = "bytes of the file before this piece: as many as were received"},
    {0},
};

static const struct spec_field run_body[] = {
    {.name = "format",
     .type = SPEC_ENUM,
     .required = true,
     .choices = FORMATS,
     .doc = "of the file"},
    AS_FIELD,
    MAP_FIELD,
    GROUP_FIELD,
    {.name = "source",
     .type = SPEC_TEXT,
     .max = LIMIT_CODE_BYTES,
     .doc = "within which names are unique; default: the brand"},
    DATE_FIELD,
    TZ_FIELD,
    SHEET_FIELD,
    {.name = "dry_run", .type = SPEC_BOOL, .fallback = "false", .doc = "change nothing, count"},
    {.name = "strict", .type = SPEC_BOOL, .fallback = "false", .doc = "end at the first bad row"},
    {0},
};

const struct spec import_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/imports",
     .scope = SCOPE_IMPORTS_WRITE,
     .query = list_query,
     .flags = SPEC_SIGHT,
     .handle = list_imports,
     .summary = "Uploaded files and their imports, newest first",
     .reply = "{\"items\":[" IMPORT "],\"next\":null}\n"
              "~{\"items\":[{" OTHER_FORMS ",{" OTHER_NULLS "],\"next\":\"3\"}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/imports",
     .scope = SCOPE_IMPORTS_WRITE,
     .body = add_body,
     .body_max = 4096,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_import,
     .summary = "Announce a file to be uploaded",
     .reply = IMPORT_REPLY},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/imports/{id}",
     .scope = SCOPE_IMPORTS_WRITE,
     .flags = SPEC_SIGHT,
     .handle = get_import,
     .summary = "An import: how far it is, or what became of it",
     .reply = IMPORT_REPLY},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/imports/{id}",
     .scope = SCOPE_IMPORTS_WRITE,
     .handle = remove_import,
     .audit = "import.removed",
     .summary = "Remove an import's file and its rejects; what was stored of it stays",
     .reply = NULL},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/imports/{id}/content",
     .scope = SCOPE_IMPORTS_WRITE,
     .query = piece_query,
     .body_max = LIMIT_UPLOAD_PIECE_BYTES,
     .flags = SPEC_RAW_BODY | SPEC_BYTES,
     .handle = write_piece,
     .summary = "The next piece of a file",
     .reply = "{\"received\":4194304}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/imports/{id}/run",
     .scope = SCOPE_IMPORTS_WRITE,
     .body = run_body,
     .body_max = MAP_BYTES + 8192,
     .handle = run_import,
     .audit = "import.started",
     .summary = "Import a file, or try to, in its turn",
     .reply = IMPORT_REPLY},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/imports/{id}/stop",
     .scope = SCOPE_IMPORTS_WRITE,
     .handle = stop_import,
     .summary = "End an import; what is committed stays, and run again goes on from there",
     .reply = IMPORT_REPLY},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/imports/{id}/undo",
     .scope = SCOPE_IMPORTS_WRITE,
     .handle = preview_undo,
     .summary = "What undoing an import would take back, and how many members would stay",
     .reply = UNDO},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/imports/{id}/undo",
     .scope = SCOPE_IMPORTS_WRITE,
     .handle = undo_import,
     .audit = "import.undone",
     .summary = "Take back what an import has stored, in its turn; what others brought stays",
     .reply = IMPORT_REPLY},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/imports/{id}/rejects",
     .scope = SCOPE_IMPORTS_WRITE,
     .flags = SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_rejects,
     .summary = "Rows of the last run that were rejected, as CSV for a spreadsheet",
     .reply_types = "text/csv"},
    {0},
};
