/* rejects.c - cells are always quoted; one that a spreadsheet would take for a formula gets a '. */
#include "intake/rejects.h"

#include <inttypes.h>

#include "base/fs.h"
#include "insight/reply.h"

#define TOLD_MAX 20
#define HELD_MAX 65536

enum err rejects_open(struct rejects *r, const struct import_options *o, struct why *why)
{
    *r = (struct rejects){.out = o->progress, .lang = o->lang, .fd = -1, .watch = o->watch};
    r->left = o->rejects_max ? o->rejects_max : UINT64_MAX;
    if (!o->rejects_path) return ERR_OK;
    TRY(fs_create(o->rejects_path, &r->fd, why));
    strbuf_add_text(&r->buffer, "file,line,column,reason,row\r\n");
    return ERR_OK;
}

static void add_cell(struct strbuf *b, struct str s, char end)
{
    strbuf_add_char(b, '"');
    if (reply_formula(s)) strbuf_add_char(b, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == '"') strbuf_add_char(b, '"');
        strbuf_add_char(b, s.p[i]);
    }
    strbuf_add_char(b, '"');
    strbuf_add_char(b, end);
}

static enum err flush(struct rejects *r, struct why *why)
{
    if (r->fd < 0 || r->buffer.len == 0) return ERR_OK;
    enum err err = fs_write(r->fd, r->buffer.p, r->buffer.len, why);
    strbuf_reset(&r->buffer);
    return err;
}

static void tell(struct rejects *r, const char *file, const struct reject *reject,
                 const char *reason)
{
    r->told++;
    if (!r->out || r->told > TOLD_MAX + 1) return;
    if (r->told > TOLD_MAX) {
        fprintf(r->out, "more rows are rejected; --rejects FILE keeps them all\n");
    } else if (reject->column) {
        fprintf(r->out, "%s:%" PRIu64 ":%" PRIu32 ": %s\n", file, reject->line, reject->column,
                reason);
    } else {
        fprintf(r->out, "%s:%" PRIu64 ": %s\n", file, reject->line, reason);
    }
}

enum err rejects_add(struct rejects *r, const char *file, const struct reject *reject,
                     struct why *why)
{
    char reason[512];
    why_text(&reject->why, r->lang, reason, sizeof(reason));
    tell(r, file, reject, reason);
    if (r->watch && r->watch->rejected)
        r->watch->rejected(r->watch->ctx, reject->line, reject->column, reason);
    if (r->fd < 0 || r->left == 0) return ERR_OK;
    size_t before = r->buffer.len;
    add_cell(&r->buffer, str_of(file), ',');
    strbuf_addf(&r->buffer, "%" PRIu64 ",%" PRIu32 ",", reject->line, reject->column);
    add_cell(&r->buffer, str_of(reason), ',');
    add_cell(&r->buffer, reject->row, '\r');
    strbuf_add_char(&r->buffer, '\n');
    size_t added = r->buffer.len - before;
    r->left -= added < r->left ? added : r->left;
    return r->buffer.len >= HELD_MAX ? flush(r, why) : ERR_OK;
}

enum err rejects_close(struct rejects *r, struct why *why)
{
    enum err err = flush(r, why);
    fs_close(r->fd);
    r->fd = -1;
    strbuf_finish(&r->buffer);
    return err;
}
