/* import_put.c - an import as the API shows it.
 *
 * Figures that are JSON already are written as they are. */
#include "api/import_put.h"

#include "api/put.h"

static void put_raw(struct json_writer *w, const char *key, struct str json)
{
    json_key(w, key);
    if (json.len) {
        strbuf_add_str(w->out, json);
        w->comma = true;
    } else {
        json_null(w);
    }
}

static void put_double(struct json_writer *w, const char *key, double value)
{
    json_key(w, key);
    json_double(w, value);
}

/* Rows of the figures there are. */
static uint64_t rows_read(const struct call *c, const struct upload *u)
{
    const struct json *counts = NULL, *read = NULL;
    struct why why;
    if (u->progress.rows || !u->counts.len) return u->progress.rows;
    if (json_parse(c->arena, u->counts, &counts, &why) == ERR_OK) read = json_get(counts, "read");
    return read ? (uint64_t)read->integer : 0;
}

static void put_progress(const struct call *c, struct json_writer *w, const struct upload *u)
{
    const struct upload_progress *p = &u->progress;
    double share = u->state == UPLOAD_DONE ? 1 : p->share;
    bool going = p->share > 0.01 && p->seconds > 0;
    put_object(w, "progress");
    put_int(w, "rows", (int64_t)rows_read(c, u));
    put_known(w, "rows_total", (int64_t)p->lines);
    put_int(w, "bytes", (int64_t)((double)p->bytes * share));
    put_known(w, "bytes_total", (int64_t)p->bytes);
    put_double(w, "share", share);
    put_int(w, "rows_per_s", going ? (int64_t)((double)p->rows / p->seconds) : 0);
    json_key(w, "left_s");
    if (going) {
        json_int(w, (int64_t)(p->seconds * (1 - share) / share));
    } else {
        json_null(w);
    }
    json_end_object(w);
}

void put_import(const struct call *c, struct json_writer *w, const struct upload *u)
{
    json_begin_object(w);
    put_int(w, "id", u->id);
    put_str(w, "name", u->name);
    put_int(w, "bytes", (int64_t)u->bytes);
    put_int(w, "received", (int64_t)u->received);
    put_text(w, "state", upload_state_name(u->state));
    put_bool(w, "file", u->kept && u->received == u->bytes);
    put_bool(w, "dry_run", u->dry_run);
    put_raw(w, "options", u->options);
    put_progress(c, w, u);
    put_raw(w, "counts", u->counts);
    put_raw(w, "tried", u->tried);
    put_raw(w, "undone", u->undone);
    put_raw(w, "rejects", u->rejects.len ? u->rejects : STR("[]"));
    put_str(w, "reason", u->reason.len ? u->reason : (struct str){NULL, 0});
    put_str(w, "by", u->author);
    put_time(c, w, "created", u->created_at);
    put_time(c, w, "finished", u->finished_at);
    json_end_object(w);
}
