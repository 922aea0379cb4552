/* routes_system.c - what the server is and how it does, and its backups. */
#include <sys/statvfs.h>
#include <unistd.h>

#include "account/upkeep.h"
#include "api/authorize.h"
#include "api/internal.h"
#include "api/put.h"
#include "base/fs.h"
#include "base/version.h"
#include "brand/backup.h"

/* Memory held by the process; 0 where the system does not say. */
static uint64_t resident_bytes(void)
{
    struct strbuf text = {0};
    uint64_t pages = 0;
    if (fs_read_file("/proc/self/statm", 256, &text, NULL) == ERR_OK) {
        struct str rest = strbuf_str(&text);
        (void)str_cut(&rest, ' ');
        if (!str_to_u64(str_cut(&rest, ' '), &pages)) pages = 0;
    }
    strbuf_finish(&text);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void member(struct json_writer *w, const char *key, uint64_t value)
{
    json_key(w, key);
    json_uint(w, value);
}

static void write_disk(struct json_writer *w, struct data *d)
{
    struct statvfs fs;
    json_key(w, "disk");
    json_begin_object(w);
    member(w, "data_bytes", backup_size(d));
    if (statvfs(data_dir(d), &fs) == 0) {
        member(w, "free_bytes", (uint64_t)fs.f_bavail * fs.f_frsize);
        member(w, "size_bytes", (uint64_t)fs.f_blocks * fs.f_frsize);
    }
    json_end_object(w);
}

static void write_brand(struct json_writer *w, struct brand *b)
{
    struct brand_stats s = brand_stats(b);
    json_begin_object(w);
    json_key(w, "slug");
    json_text(w, brand_slug(b));
    member(w, "events", s.seq);
    member(w, "parts", s.parts);
    member(w, "part_bytes", s.part_bytes);
    member(w, "tail_events", s.tail_events);
    member(w, "writer_queue", s.queue);
    json_end_object(w);
}

/* Brands the caller may know of. */
static void write_brands(const struct call *c, struct json_writer *w)
{
    json_key(w, "brands");
    json_begin_array(w);
    for (size_t i = 0; i < data_brand_count(c->data); i++) {
        struct brand *b = data_brand_if_open(c->data, i);
        if (b && (authorize_scopes(c, brand_slug(b)) & SCOPE_SYSTEM_READ)) write_brand(w, b);
    }
    json_end_array(w);
}

/* {"began", "ended", "good", amount} of the last one, or null. */
static enum err write_upkeep(const struct call *c, struct json_writer *w, enum upkeep what,
                             struct why *why)
{
    struct upkeep_run run;
    TRY(upkeep_last(c->data, what, &run, why));
    json_key(w, what == UPKEEP_BACKUP ? "last_backup" : "last_verify");
    if (run.began_at == TIME_NONE) {
        json_null(w);
        return ERR_OK;
    }
    json_begin_object(w);
    put_time(c, w, "began", run.began_at);
    put_time(c, w, "finished", run.ended_at);
    put_bool(w, "good", run.good);
    member(w, what == UPKEEP_BACKUP ? "bytes" : "findings", run.amount);
    json_end_object(w);
    return ERR_OK;
}

static enum err show_system(struct call *c, struct json_writer *w, struct why *why)
{
    uint64_t now = env_mono_ns(data_env(c->data));
    json_begin_object(w);
    json_key(w, "version");
    json_text(w, WELLFIELD_VERSION);
    member(w, "uptime_s", (now - c->api->started_ns) / 1000000000);
    member(w, "rss_bytes", resident_bytes());
    write_disk(w, c->data);
    write_brands(c, w);
    TRY(write_upkeep(c, w, UPKEEP_BACKUP, why));
    TRY(write_upkeep(c, w, UPKEEP_VERIFY, why));
    json_end_object(w);
    return ERR_OK;
}

/* ---- backups ---- */

static enum err begin_backup(struct call *c, struct json_writer *w, struct why *why)
{
    int64_t id;
    TRY(backups_begin(c->api->backups, c->who, &id, why));
    c->status = 202;
    json_begin_object(w);
    put_int(w, "id", id);
    json_end_object(w);
    return ERR_OK;
}

static void put_reason(const struct call *c, struct json_writer *w, const struct backup_view *at)
{
    char text[1024];
    json_key(w, "reason");
    if (at->state != BACKUP_FAILED) {
        json_null(w);
        return;
    }
    why_text(&at->why, call_lang(c), text, sizeof(text));
    json_text(w, text);
}

static enum err show_backup(struct call *c, struct json_writer *w, struct why *why)
{
    static const char *const states[] = {"none", "running", "done", "failed"};
    struct backup_view at;
    (void)why;
    backups_look(c->api->backups, &at);
    json_begin_object(w);
    put_text(w, "state", states[at.state]);
    put_int(w, "id", at.id);
    put_time(c, w, "began", at.began);
    put_time(c, w, "finished", at.ended);
    member(w, "bytes", at.bytes);
    json_key(w, "share");
    json_double(w, at.share);
    put_str(w, "path", at.path[0] ? str_of(at.path) : (struct str){NULL, 0});
    put_reason(c, w, &at);
    json_end_object(w);
    return ERR_OK;
}

const struct spec system_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/system",
     .scope = SCOPE_SYSTEM_READ,
     .flags = SPEC_SERVER,
     .handle = show_system,
     .summary = "The server: version, memory, disk, and what waits for each brand's writer",
     .reply =
         "{\"version\":\"0.1.0\",\"uptime_s\":3600,\"rss_bytes\":104857600,"
         "\"disk\":{\"data_bytes\":1000000,\"free_bytes\":5000000000,\"size_bytes\":20000000000},"
         "\"brands\":[{\"slug\":\"shop\",\"events\":120000,\"parts\":3,"
         "\"part_bytes\":900000,\"tail_events\":12,\"writer_queue\":0}],"
         "\"last_backup\":{\"began\":\"2025-01-31T08:00:00Z\","
         "\"finished\":\"2025-01-31T08:01:00Z\",\"good\":true,\"bytes\":500000},"
         "\"last_verify\":{\"began\":\"2025-01-31T08:00:00Z\","
         "\"finished\":\"2025-01-31T08:01:00Z\",\"good\":true,\"findings\":0}}\n"
         "~{\"last_backup\":null,\"last_verify\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/system/backup",
     .scope = SCOPE_SYSTEM_READ,
     .flags = SPEC_SERVER | SPEC_OWNER,
     .handle = begin_backup,
     .audit = "backup.began",
     .summary = "Begin a backup of the whole data directory; one at a time",
     .reply = "{\"id\":1738281600000}"},
    {.method = HTTP_GET,
     .path = "/api/v1/system/backup",
     .scope = SCOPE_SYSTEM_READ,
     .flags = SPEC_SERVER | SPEC_OWNER | SPEC_INLINE,
     .handle = show_backup,
     .summary = "The last backup begun this way since the server started, and how far it is",
     .reply = "{\"state\":\"done\",\"id\":1738281600000,\"began\":\"2025-01-31T08:00:00Z\","
              "\"finished\":\"2025-01-31T08:01:00Z\",\"bytes\":500000,\"share\":1.0,"
              "\"path\":\"/srv/wellfield/data.backups/wellfield-20250131T080000.000Z.tar.zst\","
              "\"reason\":null}\n"
              "~{\"began\":null,\"finished\":null,\"path\":null,\"reason\":\"the disk is full\"}"},
    {0},
};
