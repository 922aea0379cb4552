/* handout.c - the file of a member's export. Rows go into a buffer that is handed to the archive
 * whenever it is full. */
#include "api/handout_internal.h"

#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/fs.h"

#define SPILL_BYTES 65536

static enum err failed(const struct handout *h, struct why *why)
{
    const char *text = archive_error_string(h->archive);
    return why_fail(why, ERR_IO, MSG_IO, "", "write|export|%s", text ? text : "unknown");
}

/* ---- rows ---- */

static enum err spill(struct handout *h, size_t most, struct why *why)
{
    struct str s = strbuf_str(&h->piece);
    if (s.len <= most) return ERR_OK;
    if (archive_write_data(h->archive, s.p, s.len) != (la_ssize_t)s.len) return failed(h, why);
    strbuf_reset(&h->piece);
    return ERR_OK;
}

void handout_text(struct handout *h, const char *key, struct str text)
{
    if (text.p) {
        reply_text(&h->reply, key, text);
    } else if (h->reply.form == INSIGHT_JSON) {
        reply_null(&h->reply, key);
    } else {
        reply_text(&h->reply, key, STR(""));
    }
}

void handout_time(struct handout *h, const char *key, int64_t at)
{
    if (at == TIME_NONE) {
        handout_text(h, key, (struct str){NULL, 0});
    } else {
        reply_time(&h->reply, key, at);
    }
}

void handout_row_begin(struct handout *h)
{
    reply_row(&h->reply);
}

enum err handout_row_end(struct handout *h, struct why *why)
{
    reply_row_end(&h->reply);
    return spill(h, SPILL_BYTES, why);
}

/* ---- the file ---- */

static enum err begin_entry(struct handout *h, const char *name, struct why *why)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_mtime(entry, env_now(brand_env(h->call->brand)) / 1000, 0);
    bool good = archive_write_header(h->archive, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    strbuf_reset(&h->piece);
    return good ? ERR_OK : failed(h, why);
}

static enum err write_json(struct handout *h, struct why *why)
{
    h->reply = (struct reply){.form = INSIGHT_JSON,
                              .zone = brand_zone(h->call->brand),
                              .json = {.out = &h->piece},
                              .out = &h->piece};
    TRY(begin_entry(h, "data.json", why));
    json_begin_object(&h->reply.json);
    reply_text(&h->reply, "brand", str_of(brand_slug(h->call->brand)));
    reply_time(&h->reply, "made_at", env_now(brand_env(h->call->brand)));
    for (const struct handout_section *s = handout_sections; s->name; s++) {
        reply_list(&h->reply, s->name, s->header);
        TRY(s->write(h, why));
        reply_list_end(&h->reply);
    }
    json_end_object(&h->reply.json);
    return spill(h, 0, why);
}

static enum err write_csv(struct handout *h, const struct handout_section *s, struct why *why)
{
    char name[64];
    snprintf(name, sizeof(name), "%s.csv", s->name);
    h->reply =
        (struct reply){.form = INSIGHT_CSV, .zone = brand_zone(h->call->brand), .out = &h->piece};
    TRY(begin_entry(h, name, why));
    reply_list(&h->reply, s->name, s->header);
    TRY(s->write(h, why));
    reply_list_end(&h->reply);
    return spill(h, 0, why);
}

static enum err write_all(struct handout *h, int fd, struct why *why)
{
    h->archive = archive_write_new();
    archive_write_set_format_zip(h->archive);
    archive_write_set_options(h->archive, "zip:compression-level=3");
    enum err err =
        archive_write_open_fd(h->archive, fd) == ARCHIVE_OK ? write_json(h, why) : failed(h, why);
    for (const struct handout_section *s = handout_sections; s->name && err == ERR_OK; s++)
        err = write_csv(h, s, why);
    if (archive_write_close(h->archive) != ARCHIVE_OK && err == ERR_OK) err = failed(h, why);
    archive_write_free(h->archive);
    return err;
}

enum err handout_make(struct call *c, const struct look *l, uint32_t member,
                      struct handout_made *out, struct why *why)
{
    char path[640];
    uint64_t tag;
    int write_fd, read_fd;
    struct look_profile profile;
    struct look once = *l;
    TRY(look_keep(&once, member, why));
    TRY(look_profile(&once, member, &profile, why));
    struct handout h = {.call = c, .look = &once, .profile = &profile};
    env_random(data_env(c->data), &tag, sizeof(tag));
    snprintf(path, sizeof(path), "%.560s/export-%016" PRIx64 ".zip", data_dir(c->data), tag);
    TRY(fs_scratch(path, &write_fd, &read_fd, why));
    enum err err = write_all(&h, write_fd, why);
    if (err == ERR_OK) err = fs_size(read_fd, &h.made.size, why);
    h.made.fd = read_fd;
    fs_close(write_fd);
    if (err != ERR_OK) fs_close(read_fd);
    strbuf_finish(&h.piece);
    if (err == ERR_OK) *out = h.made;
    return err;
}
