/* routes_import_look.c - what a file says before it is imported: its columns, its first rows, and
 * what a dry run would have done with them. */
#include "api/imports.h"
#include "api/put.h"
#include "intake/preview.h"

static enum err preview_import(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload u;
    char path[UPLOAD_PATH_SIZE];
    const char *tz = imports_option(c, "tz");
    struct preview_options o = {.path = path,
                                .as = imports_option(c, "as"),
                                .map = imports_option(c, "map"),
                                .group = imports_option(c, "group"),
                                .date = imports_option(c, "date"),
                                .sheet = imports_option(c, "sheet"),
                                .staff = accounts_staff(c->api->accounts),
                                .zone = tz ? zone_open(tz) : brand_zone(c->brand),
                                .guess = !call_has(c, "format"),
                                .lang = call_lang(c)};
    import_format_parse(call_str(c, "format"), &o.format);
    TRY(imports_find(c, &u, why));
    if (!o.zone) return why_fail(why, ERR_INVALID, MSG_BAD_ZONE, "tz", "%.60s", tz);
    TRY(upload_whole(&u, why));
    upload_path(c->brand, u.id, "", path);
    o.name = arena_str(c->arena, u.name).p;
    return imports_as_field(preview_write(c->brand, &o, w, why), why);
}

static enum err get_samples(struct call *c, struct json_writer *w, struct why *why)
{
    struct upload_view view;
    struct sql *db;
    uint32_t id = 0;
    TRY(call_number(c, "id", &id, why));
    upload_view_take(c->api->uploads, c->brand, c->arena, &view);
    TRY(call_reader(c, &db, why));
    enum err err = upload_samples_write(&view, db, id, w, why);
    return err == ERR_NOT_FOUND ? call_not_found(why) : err;
}

/* ---- the table ---- */

#define PREVIEW                                                                                    \
    "{\"format\":\"csv\",\"guessed\":true,\"encoding\":\"utf-8\",\"kind\":null,\"columns\":[{"     \
    "\"at\":1,"                                                                                    \
    "\"header\":\"手机号\",\"samples\":[\"13800138000\"],\"means\":\"phone\","                  \
    "\"target\":\"identity phone\",\"entry\":\"member=phone:手机号\"}],"                        \
    "\"rows\":[[\"13800138000\"]],\"events\":[{\"at\":\"2025-03-01T08:00:00+08:00\","              \
    "\"kind\":\"member.identified\",\"identities\":{\"phone\":[\"+8613800138000\"]}},"             \
    "{\"at\":\"2025-03-01T08:00:00+08:00\",\"kind\":\"member.identified\"}],"                      \
    "\"problems\":[{\"line\":7,\"column\":3,\"reason\":\"付款时间: …\"}],"                   \
    "\"sheets\":[],\"sheet\":null}"

#define SAMPLES_OF(name, rows, row, member)                                                        \
    "\"" name "\":{\"rows\":" rows ",\"first\":[{\"line\":2,\"row\":\"" row                        \
    "\",\"member\":" member "}]}"
#define SAMPLES_NEW SAMPLES_OF("new", "7", "A1,2025-01-05 09:03,12.50,13800138000", "null")
#define SAMPLES_UPDATED SAMPLES_OF("updated", "1", "A2,…", "\"m12\"")
#define SAMPLES_CONFLICT SAMPLES_OF("conflict", "1", "A3,…", "\"m12\"")
#define SAMPLES_STAFF SAMPLES_OF("unknown_staff", "1", "A5,…", "null")
#define SAMPLES_UNCHANGED SAMPLES_OF("unchanged", "1", "A4,…", "null")
/* What other forms a row's member may have. */
#define SAMPLES_FORM(name, member) "\"" name "\":{\"first\":[{\"member\":" member "}]},"
#define SAMPLES_FORMS                                                                              \
    "{" SAMPLES_FORM("updated", "null") SAMPLES_FORM("conflict", "null")                           \
        SAMPLES_FORM("unknown_staff", "\"m1\"")                                                    \
            SAMPLES_FORM("unchanged", "\"m1\"") "\"new\":{\"first\":[]}}"
#define SAMPLES                                                                                    \
    "{" SAMPLES_NEW "," SAMPLES_UPDATED "," SAMPLES_CONFLICT "," SAMPLES_STAFF                     \
    "," SAMPLES_UNCHANGED "}\n~" SAMPLES_FORMS

#define PREVIEW_FORMS                                                                              \
    "{\"kind\":\"order.paid\",\"columns\":[{\"header\":null,\"means\":null,\"target\":null,"       \
    "\"entry\":null}],\"events\":[{\"identities\":{},\"other\":{},\"group\":\"g1\","               \
    "\"touchpoint\":\"shop-1\",\"campaign\":\"may\",\"content\":\"post-7\",\"staff\":\"lily\","    \
    "\"amount\":12900,\"props\":{},\"traits\":{},\"tags\":[\"高端\"],"                           \
    "\"owner\":\"lily\",\"contacts\":[\"lily\"]}],"                                                \
    "\"sheets\":[\"订单\"],\"sheet\":\"订单\"}"

/* As long as the target of a request may be. */
static const struct spec_field preview_query[] = {
    {.name = "format",
     .type = SPEC_ENUM,
     .choices = FORMATS,
     .doc = "of the file; default: guessed"},
    AS_FIELD,
    MAP_FIELD,
    GROUP_FIELD,
    DATE_FIELD,
    TZ_FIELD,
    SHEET_FIELD,
    {0},
};

const struct spec import_look_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/imports/{id}/preview",
     .scope = SCOPE_IMPORTS_WRITE,
     .query = preview_query,
     .flags = SPEC_PERSONAL,
     .handle = preview_import,
     .summary = "The first rows of a file as an import would read them, and what its columns mean",
     .reply = PREVIEW "\n~" PREVIEW_FORMS},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/imports/{id}/samples",
     .scope = SCOPE_IMPORTS_WRITE,
     .flags = SPEC_PERSONAL,
     .handle = get_samples,
     .summary = "Rows of the last dry run, five for each thing that rows would do",
     .reply = SAMPLES},
    {0},
};
