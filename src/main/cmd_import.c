/* cmd_import.c - wellfield import and wellfield simulate: histories from files and from a seed. */
#include <string.h>

#include "account/accounts.h"
#include "base/fs.h"
#include "base/json.h"
#include "intake/import.h"
#include "intake/simulate.h"
#include "main/options.h"
#include "main/session.h"

#define MAP_BYTES 65536

static void print_counts(struct session *s, const struct import_counts *c)
{
    struct strbuf out = {0};
    struct json_writer w = {&out, false};
    const struct {
        const char *name;
        uint64_t value;
        bool always;
    } list[] = {
        {"read", c->read, true},
        {"stored", c->stored, true},
        {"duplicate", c->duplicate, true},
        {"rejected", c->rejected, true},
        {"members_created", c->members_created, true},
        {"merged", c->merged, true},
        {"identities_dropped", c->dropped, false},
        {"conflicts", c->conflicts, false},
        {"presence", c->presence, false},
        {"skipped", c->skipped, false},
        {"unknown_staff", c->unknown_staff, false},
    };
    json_begin_object(&w);
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (!list[i].always && list[i].value == 0) continue;
        json_key(&w, list[i].name);
        json_uint(&w, list[i].value);
    }
    json_end_object(&w);
    fprintf(s->out, "%s\n", out.p);
    strbuf_finish(&out);
}

/* --map is the list itself when it holds '=', else a file with an entry a line. */
static enum err load_map(struct session *s, const char **map, struct why *why)
{
    struct strbuf text = {0};
    if (!*map || strchr(*map, '=')) return ERR_OK;
    enum err err = fs_read_file(session_path(s, *map), MAP_BYTES, &text, why);
    if (err == ERR_OK) *map = arena_str(s->arena, text.p ? strbuf_str(&text) : STR("")).p;
    strbuf_finish(&text);
    return err;
}

static enum err import_zone(const struct brand *b, const char *tz, const struct zone **out,
                            struct why *why)
{
    *out = tz ? zone_open(tz) : brand_zone(b);
    return *out ? ERR_OK : why_fail(why, ERR_INVALID, MSG_BAD_ZONE, "--tz", "%.60s", tz);
}

int command_import(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *slug = NULL, *format = NULL, *tz = NULL, *key = NULL;
    struct import_options o = {.stdin_fd = s->in_fd, .progress = s->err, .lang = s->lang};
    struct import_counts counts = {0};
    struct why why = {0};
    struct brand *b = NULL;
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {
        {"data", &data, NULL},
        {"brand", &slug, NULL},
        {"format", &format, NULL},
        {"as", &o.as, NULL},
        {"map", &o.map, NULL},
        {"group", &o.group, NULL},
        {"source", &o.source, NULL},
        {"date", &o.date, NULL},
        {"tz", &tz, NULL},
        {"dry-run", NULL, &o.dry_run},
        {"strict", NULL, &o.strict},
        {"rejects", &o.rejects_path, NULL},
        {"key", &key, NULL},
        {"sheet", &o.sheet, NULL},
        {0},
    };
    struct accounts *accounts;
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    if (err == ERR_OK && !format) err = why_fail(&why, ERR_INVALID, MSG_MISSING, "--format", NULL);
    if (err == ERR_OK && !import_format_parse(str_of(format), &o.format)) {
        err = why_fail(&why, ERR_INVALID, MSG_UNKNOWN_VALUE, "--format", "%.40s|%s", format,
                       import_format_names());
    }
    if (err == ERR_OK && rest_count == 0)
        err = why_fail(&why, ERR_INVALID, MSG_MISSING, "FILE", NULL);
    if (err == ERR_OK) err = load_map(s, &o.map, &why);
    if (err == ERR_OK) err = session_brand(s, slug, &b, &why);
    if (err == ERR_OK) err = import_zone(b, tz, &o.zone, &why);
    if (err == ERR_OK) err = accounts_open(s->data, &accounts, &why);
    if (err == ERR_OK) o.staff = accounts_staff(accounts);
    if (err != ERR_OK) return session_fail(s, &why);
    for (int i = 0; i < rest_count; i++)
        rest[i] = session_path(s, rest[i]);
    if (o.rejects_path) o.rejects_path = session_path(s, o.rejects_path);
    err = import_files(b, &o, rest, (size_t)rest_count, &counts, &why);
    int code = err == ERR_OK ? EXIT_DONE : session_fail(s, &why);
    if (err == ERR_OK || counts.read) print_counts(s, &counts);
    return o.strict && counts.rejected ? EXIT_FINDINGS : code;
}

/* ---- simulate ---- */

static enum err number_option(const char *name, const char *text, uint64_t least, uint64_t most,
                              uint64_t *out, struct why *why)
{
    if (!text) return ERR_OK;
    if (str_to_u64(str_of(text), out) && *out >= least && *out <= most) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, name, "%.40s|%llu|%llu", text,
                    (unsigned long long)least, (unsigned long long)most);
}

int command_simulate(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *slug = NULL, *members = NULL, *days = NULL, *seed = NULL,
               *start = NULL, *key = NULL, *groups = NULL;
    uint64_t group_count = 0;
    struct simulate_options o = {.members = 1000, .days = 90, .seed = 1, .start = TIME_NONE};
    struct import_counts counts = {0};
    struct why why = {0};
    struct brand *b = NULL;
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {
        {"data", &data, NULL},     {"brand", &slug, NULL}, {"members", &members, NULL},
        {"days", &days, NULL},     {"seed", &seed, NULL},  {"start", &start, NULL},
        {"groups", &groups, NULL}, {"key", &key, NULL},    {0}};
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    if (err == ERR_OK && rest_count)
        err = why_fail(&why, ERR_INVALID, MSG_UNKNOWN_OPTION, rest[0], NULL);
    if (err == ERR_OK)
        err = number_option("--groups", groups, 1, SIMULATE_GROUPS_MAX, &group_count, &why);
    if (err == ERR_OK) err = number_option("--members", members, 1, 10000000, &o.members, &why);
    if (err == ERR_OK) err = number_option("--days", days, 1, 3650, &o.days, &why);
    if (err == ERR_OK) err = number_option("--seed", seed, 0, UINT64_MAX, &o.seed, &why);
    if (err == ERR_OK) err = session_brand(s, slug, &b, &why);
    if (err == ERR_OK && start && !time_parse(brand_zone(b), str_of(start), &o.start)) {
        err = why_fail(&why, ERR_INVALID, MSG_BAD_TIME, "--start", "%.40s", start);
    }
    if (err == ERR_OK && group_count) {
        err = simulate_groups(b, group_count, o.seed, &counts, &why);
    } else if (err == ERR_OK) {
        err = simulate_run(b, &o, s->err, &counts, &why);
    }
    if (err != ERR_OK) return session_fail(s, &why);
    print_counts(s, &counts);
    return EXIT_DONE;
}
