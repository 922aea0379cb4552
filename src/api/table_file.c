/* table_file.c - a cell goes to the spreadsheet if there is one, else to the reply. */
#include "api/table_file.h"

#include <math.h>

#include "api/internal.h"

static bool is_sheet(const struct call *c)
{
    return str_is(call_str(c, "format"), "xlsx");
}

enum err table_file_begin(struct table_file *t, struct call *c, const char *headers,
                          struct strbuf *out, struct why *why)
{
    *t = (struct table_file){
        .call = c, .reply = {.form = INSIGHT_CSV, .zone = brand_zone(c->brand), .out = out}};
    if (!is_sheet(c)) {
        c->type = "text/csv; charset=utf-8";
        reply_list(&t->reply, NULL, headers);
        return ERR_OK;
    }
    struct spreadsheet_options o = {
        .dir = data_dir(c->data), .headers = headers, .rows_max = SPREADSHEET_ROWS};
    env_random(data_env(c->data), &o.tag, sizeof(o.tag));
    c->type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    return spreadsheet_create(&o, &t->sheet, why);
}

void table_file_row(struct table_file *t)
{
    if (t->sheet) {
        spreadsheet_row(t->sheet);
    } else {
        reply_row(&t->reply);
    }
}

void table_file_text(struct table_file *t, struct str text)
{
    if (t->sheet) {
        spreadsheet_text(t->sheet, text);
    } else {
        reply_text(&t->reply, NULL, text);
    }
}

void table_file_number(struct table_file *t, int64_t number)
{
    if (t->sheet) {
        spreadsheet_number(t->sheet, (double)number);
    } else {
        reply_int(&t->reply, NULL, number);
    }
}

void table_file_double(struct table_file *t, double number)
{
    if (isnan(number)) {
        table_file_text(t, STR(""));
    } else if (t->sheet) {
        spreadsheet_number(t->sheet, number);
    } else {
        reply_double(&t->reply, NULL, number);
    }
}

void table_file_time(struct table_file *t, int64_t at)
{
    char text[64];
    size_t len = at == TIME_NONE ? 0 : time_format(t->reply.zone, at, text, sizeof(text));
    table_file_text(t, (struct str){text, len});
}

void table_file_row_end(struct table_file *t)
{
    if (!t->sheet) reply_row_end(&t->reply);
}

enum err table_file_end(struct table_file *t, const char *name, struct why *why)
{
    const char *ending = t->sheet ? "xlsx" : "csv";
    if (t->sheet) {
        TRY(spreadsheet_finish(t->sheet, t->reply.out, why));
    } else {
        reply_list_end(&t->reply);
    }
    reply_header(t->call->req, "Content-Disposition",
                 arena_printf(t->call->arena, "attachment; filename=\"%s.%s\"", name, ending));
    return ERR_OK;
}

void table_file_finish(struct table_file *t)
{
    spreadsheet_destroy(t->sheet);
    t->sheet = NULL;
}
