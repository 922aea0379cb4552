/* routes_system.c - what the server is and how it does. */
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/authorize.h"
#include "api/internal.h"
#include "base/fs.h"
#include "base/version.h"

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

static void write_disk(struct json_writer *w, const char *dir)
{
    struct statvfs fs;
    json_key(w, "disk");
    json_begin_object(w);
    if (statvfs(dir, &fs) == 0) {
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

static enum err show_system(struct call *c, struct json_writer *w, struct why *why)
{
    uint64_t now = env_mono_ns(data_env(c->data));
    (void)why;
    json_begin_object(w);
    json_key(w, "version");
    json_text(w, WELLFIELD_VERSION);
    member(w, "uptime_s", (now - c->api->started_ns) / 1000000000);
    member(w, "rss_bytes", resident_bytes());
    write_disk(w, data_dir(c->data));
    write_brands(c, w);
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
     .reply = "{\"version\":\"0.1.0\",\"uptime_s\":3600,\"rss_bytes\":104857600,"
              "\"disk\":{\"free_bytes\":5000000000,\"size_bytes\":20000000000},"
              "\"brands\":[{\"slug\":\"shop\",\"events\":120000,\"parts\":3,"
              "\"part_bytes\":900000,\"tail_events\":12,\"writer_queue\":0}]}"},
    {0},
};
