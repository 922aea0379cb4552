/* cmd_verify.c - wellfield verify, backup and restore: is what is stored still what was said? */
#include <inttypes.h>
#include <string.h>

#include "account/audit.h"
#include "account/upkeep.h"
#include "base/fs.h"
#include "base/log.h"
#include "brand/backup.h"
#include "brand/erasures.h"
#include "groups/messages.h"
#include "main/options.h"
#include "main/session.h"
#include "people/erasure.h"
#include "people/people.h"
#include "segments/segments.h"

struct findings {
    FILE *out;
    const char *slug;
    uint64_t count;
};

static void print_finding(void *ctx, const char *what)
{
    struct findings *f = ctx;
    f->count++;
    fprintf(f->out, "%s: %s\n", f->slug, what);
}

static enum err verify_brand(struct session *s, const char *slug, uint64_t *found, struct why *why)
{
    struct brand *b;
    struct findings f = {s->out, slug, 0};
    struct verify_report report = {.finding = print_finding, .ctx = &f};
    TRY(data_brand(s->data, slug, &b, why));
    TRY(brand_verify_files(b, print_finding, &f, why));
    if (f.count == 0) TRY(people_verify(b, &report, why)); /* damaged files cannot be folded */
    if (f.count == 0) TRY(segments_verify(b, &report, why));
    TRY(messages_verify(b, print_finding, &f, why));
    struct brand_stats stats = brand_stats(b);
    fprintf(s->out,
            "%s: %" PRIu64 " events, %" PRIu64 " members, %" PRIu64 " parts checked, %" PRIu64
            " findings\n",
            slug, stats.part_rows + stats.tail_events, report.members, stats.parts, f.count);
    *found += f.count;
    return ERR_OK;
}

static enum err verify_audit(struct session *s, uint64_t *found, struct why *why)
{
    struct findings f = {s->out, "server", 0};
    uint64_t rows;
    TRY(audit_verify(s->data, print_finding, &f, &rows, why));
    fprintf(s->out, "server: %" PRIu64 " rows of the audit log checked, %" PRIu64 " findings\n",
            rows, f.count);
    *found += f.count;
    return ERR_OK;
}

/* Remember the last time that all was looked at, for those who ask the server. */
static void note(struct session *s, enum upkeep what, int64_t began_at, bool good, uint64_t amount)
{
    struct why why;
    const struct upkeep_run run = {began_at, env_now(data_env(s->data)), good, amount};
    if (upkeep_note(s->data, what, &run, &why) != ERR_OK) log_warn("main", "not_noted", NULL);
}

int command_verify(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *slug = NULL, *key = NULL;
    struct why why = {0};
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {
        {"data", &data, NULL}, {"brand", &slug, NULL}, {"key", &key, NULL}, {0}};
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    uint64_t found = 0;
    int64_t began_at = env_now(data_env(s->data));
    if (err == ERR_OK && rest_count)
        err = why_fail(&why, ERR_INVALID, MSG_UNKNOWN_OPTION, rest[0], NULL);
    if (err == ERR_OK && slug) err = verify_brand(s, slug, &found, &why);
    for (size_t i = 0; err == ERR_OK && !slug && i < data_brand_count(s->data); i++) {
        struct brand_facts f = data_brand_facts(s->data, i);
        err = verify_brand(s, f.slug, &found, &why);
    }
    if (err == ERR_OK) err = verify_audit(s, &found, &why);
    if (!slug && (err == ERR_OK || err == ERR_CORRUPT))
        note(s, UPKEEP_VERIFY, began_at, err == ERR_OK && found == 0, found);
    if (err == ERR_CORRUPT) {
        session_fail(s, &why);
        return EXIT_FINDINGS;
    }
    if (err != ERR_OK) return session_fail(s, &why);
    return found ? EXIT_FINDINGS : EXIT_DONE;
}

int command_backup(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *key = NULL;
    struct why why = {0};
    struct backup_counts counts = {0};
    int64_t began_at = env_now(data_env(s->data));
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {{"data", &data, NULL}, {"key", &key, NULL}, {0}};
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    if (err == ERR_OK && rest_count != 1) {
        err = why_fail(&why, ERR_INVALID, MSG_ONE_ARGUMENT, "OUT.tar.zst", "%d", rest_count);
    }
    if (err == ERR_OK) err = backup_write(s->data, session_path(s, rest[0]), &counts, &why);
    if (err != ERR_OK) return session_fail(s, &why);
    note(s, UPKEEP_BACKUP, began_at, true, counts.written);
    fprintf(s->out, "{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n", counts.files, counts.bytes);
    return EXIT_DONE;
}

/* Who is to be erased in what was restored, and with which key. */
struct erasing {
    const char *list, *key; /* absolute; list NULL = nobody */
    const char *dir;        /* as it will be called */
    struct erase_replay done;
};

/* The list goes on beside the new directory, for the next time. */
static enum err keep_list(const struct erasing *e, struct why *why)
{
    char path[600];
    struct strbuf text = {0};
    erasures_path(e->dir, path, sizeof(path));
    if (fs_exists(path)) return ERR_OK; /* it has one: that of before, or this very list */
    enum err err = fs_read_file(e->list, (size_t)1 << 30, &text, why);
    if (err == ERR_OK) err = fs_publish(path, text.p, text.len, why);
    strbuf_finish(&text);
    return err;
}

static enum err erase_unpacked(void *ctx, const char *unpacked, struct why *why)
{
    struct erasing *e = ctx;
    struct data_options o;
    struct data *d;
    if (!e->list) return ERR_OK;
    data_options_fill(&o, unpacked, e->key, NULL);
    TRY(data_open(&o, &d, why));
    enum err err = people_replay_erasures(d, e->list, &e->done, why);
    data_close(d);
    return err == ERR_OK ? keep_list(e, why) : err;
}

static enum err restore(struct session *s, const char *from, struct erasing *e,
                        const char *erasures, struct backup_counts *counts, struct why *why)
{
    char beside[600];
    const struct backup_restoring o = {from, e->dir, erase_unpacked, e};
    if (!erasures) return why_fail(why, ERR_INVALID, MSG_WANT_ERASURES, "--erasures", NULL);
    if (strcmp(erasures, "none") != 0) e->list = session_path(s, erasures);
    snprintf(beside, sizeof(beside), "%s.key", e->dir);
    if (!e->key) e->key = arena_str(s->arena, str_of(beside)).p;
    if (e->list && !fs_exists(e->key))
        return why_fail(why, ERR_INVALID, MSG_WANT_KEY, "--key", "%s", e->key);
    return backup_restore_with(&o, counts, why);
}

int command_restore(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *erasures = NULL, *key = NULL;
    struct why why = {0};
    struct backup_counts counts = {0};
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {
        {"data", &data, NULL}, {"erasures", &erasures, NULL}, {"key", &key, NULL}, {0}};
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    struct erasing e = {0};
    if (err == ERR_OK && !data) err = why_fail(&why, ERR_INVALID, MSG_MISSING, "--data", NULL);
    if (err == ERR_OK && rest_count != 1) {
        err = why_fail(&why, ERR_INVALID, MSG_ONE_ARGUMENT, "IN.tar.zst", "%d", rest_count);
    }
    if (err == ERR_OK) {
        e.dir = session_path(s, data);
        e.key = key ? session_path(s, key) : NULL;
        err = restore(s, session_path(s, rest[0]), &e, erasures, &counts, &why);
    }
    if (err != ERR_OK) return session_fail(s, &why);
    fprintf(s->out,
            "{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"erasures\":%" PRIu64
            ",\"personas_erased\":%" PRIu64 ",\"events_erased\":%" PRIu64 "}\n",
            counts.files, counts.bytes, e.done.lines, e.done.personas, e.done.events);
    if (!e.list)
        fprintf(s->err, "Nobody was erased: whoever was erased after this backup is back in it.\n");
    if (!fs_exists(e.key))
        fprintf(s->err, "Put the master key beside it, as %s.key, mode 0600.\n", data);
    return EXIT_DONE;
}
