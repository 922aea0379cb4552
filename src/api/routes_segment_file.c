/* routes_segment_file.c - a file that names members, put on a static list.
 *
 * Rows are looked up as they are: nobody is made, nothing of the file is kept. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/put.h"
#include "api/segment_call.h"
#include "base/vec.h"
#include "intake/list_file.h"
#include "people/idset.h"
#include "people/people.h"

#define SHOWN 20 /* rows that name nobody */
#define KINDS "user|unionid|wecom|openid|phone|email|telegram|device|name|anon"

struct found {
    struct idset set;
    VEC(uint32_t) members; /* each once */
    size_t matched;        /* rows */
    struct list_row missing[SHOWN];
    size_t missing_count; /* of them */
};

static enum err member_of_row(const struct call *c, struct sql *db, const struct list_row *row,
                              uint32_t *member)
{
    *member = 0;
    if (row->member) return people_root(db, row->member, member);
    for (size_t i = 0; i < row->id_count && !*member; i++)
        TRY(people_find_in(c->brand, db, &row->ids[i], call_str(c, "source"), member));
    return ERR_OK;
}

static enum err find_all(struct call *c, const struct list_file *file, struct found *f,
                         struct why *why)
{
    struct sql *db;
    TRY(call_reader(c, &db, why));
    for (size_t i = 0; i < file->count; i++) {
        uint32_t member;
        enum err err = member_of_row(c, db, &file->rows[i], &member);
        if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
        if (!member && f->missing_count < SHOWN) f->missing[f->missing_count++] = file->rows[i];
        if (!member) continue;
        f->matched++;
        if (idset_has(&f->set, member)) continue;
        idset_add(&f->set, member);
        VEC_PUSH(&f->members, member);
    }
    return ERR_OK;
}

static enum err enlist(struct call *c, const struct segment *s, const struct found *f,
                       uint64_t *size, struct why *why)
{
    for (size_t at = 0; at < f->members.count; at += LIMIT_SEGMENT_LIST_CHANGE) {
        size_t left = f->members.count - at;
        struct segment_listing l = {.code = s->code, .members = f->members.items + at};
        l.count = left < LIMIT_SEGMENT_LIST_CHANGE ? left : LIMIT_SEGMENT_LIST_CHANGE;
        TRY(segments_enlist(c->brand, &l, why));
        *size = l.size;
    }
    return ERR_OK;
}

static void put_found(struct json_writer *w, const struct list_file *file, const struct found *f)
{
    json_begin_object(w);
    put_int(w, "rows", (int64_t)file->count);
    put_int(w, "matched", (int64_t)f->matched);
    put_int(w, "members", (int64_t)f->members.count);
    put_int(w, "unmatched", (int64_t)(file->count - f->matched));
    put_array(w, "missing");
    for (size_t i = 0; i < f->missing_count; i++) {
        json_begin_object(w);
        put_int(w, "line", (int64_t)f->missing[i].line);
        put_str(w, "text", f->missing[i].text.p ? f->missing[i].text : STR(""));
        json_end_object(w);
    }
    json_end_array(w);
    put_array(w, "sheets");
    for (size_t i = 0; i < file->sheet_count; i++)
        json_str(w, file->sheets[i]);
    json_end_array(w);
    put_str(w, "sheet", file->sheet);
    json_end_object(w);
}

static enum err tell(struct call *c, const struct segment *s, const struct list_file *file,
                     const struct found *f, struct why *why)
{
    const char *counts =
        arena_printf(c->arena, "{\"rows\":%zu,\"members\":%zu}", file->count, f->members.count);
    return call_audit(c, arena_printf(c->arena, "segment:" STR_FMT, STR_ARG(s->code)),
                      (struct str){NULL, 0}, str_of(counts), why);
}

static enum err list_by_file(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    struct list_file file = {.count = 0};
    struct found f = {.matched = 0};
    uint64_t size = 0;
    struct list_options options = {.kind = IDENTITY_KIND_COUNT};
    struct str type = request_header(c->req, "Content-Type"), body = request_body(c->req);
    if (!str_eq_fold(str_trim(str_cut(&type, ';')), STR("application/octet-stream")))
        return why_fail(why, ERR_UNSUPPORTED, MSG_WANT_BYTES, "Content-Type", NULL);
    TRY(segment_of_path(c, &s, why));
    if (s.kind != SEGMENT_STATIC)
        return why_fail(why, ERR_CONFLICT, MSG_SEGMENT_IS_DYNAMIC, "", NULL);
    if (body.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "body", NULL);
    if (call_has(c, "kind")) identity_kind_parse(call_str(c, "kind"), &options.kind);
    if (call_has(c, "sheet")) options.sheet = arena_str(c->arena, call_str(c, "sheet")).p;
    TRY(list_file_read(body, &options, c->arena, &file, why));
    bool dry_run = call_bool(c, "dry_run");
    enum err err = find_all(c, &file, &f, why);
    if (err == ERR_OK && !dry_run) err = enlist(c, &s, &f, &size, why);
    if (err == ERR_OK && !dry_run) err = tell(c, &s, &file, &f, why);
    if (err == ERR_OK) put_found(w, &file, &f);
    idset_finish(&f.set);
    VEC_FINISH(&f.members);
    return err;
}

/* ---- the table ---- */

static const struct spec_field file_query[] = {
    {.name = "kind",
     .type = SPEC_ENUM,
     .choices = KINDS,
     .doc = "of the identities in the first column, where no header says it"},
    {.name = "source",
     .type = SPEC_TEXT,
     .max = LIMIT_CODE_BYTES,
     .doc = "within which names are unique; default: the brand"},
    {.name = "sheet",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_CODE_BYTES,
     .doc = "of a workbook, by its name; default: the first visible"},
    {.name = "dry_run", .type = SPEC_BOOL, .fallback = "false", .doc = "only say who it would be"},
    {0},
};

const struct spec segment_file_specs[] = {
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/segments/{code}/file",
     .scope = SCOPE_BOARDS_WRITE,
     .query = file_query,
     .body_max = LIMIT_UPLOAD_PIECE_BYTES,
     .flags = SPEC_RAW_BODY | SPEC_BYTES | SPEC_PERSONAL,
     .handle = list_by_file,
     .audit = "segment.listed",
     .summary =
         "Put the members that a CSV or XLSX file names on a static list: by identities or numbers",
     .reply = "{\"rows\":120,\"matched\":117,\"members\":115,\"unmatched\":3,"
              "\"missing\":[{\"line\":7,\"text\":\"13800138000\"}],\"sheets\":[\"客户\"],"
              "\"sheet\":\"客户\"}\n~{\"sheets\":[],\"sheet\":null}"},
    {0},
};
