/* cmd_bench.c - wellfield bench: make events, load them, ask, print.
 *
 * The directory is opened without the rooms of the product: only the log is measured. What it holds
 * is kept in the name of its one brand, so that it can be asked again without loading; not so once
 * a tail was added to it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "main/bench_ask.h"
#include "main/bench_cold.h"
#include "main/bench_data.h"
#include "main/bench_history.h"
#include "main/bench_load.h"
#include "main/bench_probe.h"
#include "main/bench_tail.h"
#include "main/options.h"
#include "main/session.h"

#define SLUG "bench"
#define DEFAULT_EVENTS 1000000
#define DEFAULT_SHARE 100 /* events a member */
#define DEFAULT_DAYS 365
#define DEFAULT_RUNS 7

/* Each asks every question. */
enum pass {
    PASS_WARM,   /* the parts are in the system's cache */
    PASS_COLD,   /* they are not */
    PASS_TAIL,   /* events have come that are in no part, one of them right before the question */
    PASS_SEALED, /* they are in a part of their own */
    PASSES
};

struct bench {
    struct session *s;
    struct bench_size size;
    bool sized; /* a size was given on the command line */
    uint64_t threads, runs, parts;
    uint64_t tail;    /* events of PASS_TAIL; 0 = leave it out */
    bool cold;        /* PASS_COLD too */
    bool more;        /* all questions, not only those always asked */
    const char *only; /* the name of one question; NULL = all */
    const char *dir;  /* of the data */
    const char *csv;  /* where the file is kept; NULL = nowhere */
    const char *rows; /* where answers are written; NULL = nowhere */
    bool json;
    struct brand *brand;
    bool loaded; /* in this run */
    struct bench_load_result load;
    struct brand_stats stats; /* of the log before anything was added */
    double bytes_per_second;  /* that memory can be read with */
    double disk_per_second;   /* the same of the parts' files, when cold */
    struct bench_answer answers[PASSES][BENCH_QUESTIONS];
    struct bench_history history;
};

/* ---- options ---- */

static enum err number(const char *name, const char *text, uint64_t least, uint64_t most,
                       uint64_t *out, struct why *why)
{
    if (!text) return ERR_OK;
    if (str_to_u64(str_of(text), out) && *out >= least && *out <= most) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, name, "%.40s|%" PRIu64 "|%" PRIu64, text,
                    least, most);
}

static uint64_t default_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) return 1;
    return cores > LIMIT_QUERY_WORKERS ? LIMIT_QUERY_WORKERS : (uint64_t)cores;
}

static bool is_asked(const struct bench *b, int i)
{
    if (b->only) return strcmp(b->only, bench_question_name(i)) == 0;
    return b->more || i < BENCH_ALWAYS;
}

/* Beside the questions: one member's own events. */
static bool is_history_asked(const struct bench *b)
{
    return !b->only || strcmp(b->only, "history") == 0;
}

static enum err check_only(const struct bench *b, struct why *why)
{
    if (is_history_asked(b)) return ERR_OK;
    for (int i = 0; i < BENCH_QUESTIONS; i++) {
        if (is_asked(b, i)) return ERR_OK;
    }
    return why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "--only",
                    "%.40s|trend, dau, funnel, retention, segment, rfm, paths, lifecycle, "
                    "funnel20, month, history",
                    b->only);
}

static enum err read_options(struct bench *b, int argc, char *const *argv, struct why *why)
{
    const char *events = NULL, *members = NULL, *days = NULL, *seed = NULL, *threads = NULL,
               *runs = NULL, *parts = NULL, *tail = NULL, *format = "text";
    const char **rest = arena_alloc_array(b->s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {
        {"events", &events, NULL},   {"members", &members, NULL},
        {"days", &days, NULL},       {"seed", &seed, NULL},
        {"threads", &threads, NULL}, {"runs", &runs, NULL},
        {"parts", &parts, NULL},     {"only", &b->only, NULL},
        {"data", &b->dir, NULL},     {"csv", &b->csv, NULL},
        {"rows", &b->rows, NULL},    {"more", NULL, &b->more},
        {"tail", &tail, NULL},       {"cold", NULL, &b->cold},
        {"format", &format, NULL},   {0},
    };
    TRY(options_parse(argc, argv, options, rest, &rest_count, why));
    if (rest_count) return why_fail(why, ERR_INVALID, MSG_UNKNOWN_OPTION, rest[0], NULL);
    b->size = (struct bench_size){.events = DEFAULT_EVENTS, .days = DEFAULT_DAYS, .seed = 1};
    b->threads = default_threads();
    b->runs = DEFAULT_RUNS;
    b->parts = BENCH_PARTS;
    b->sized = events || members || days || seed || parts;
    TRY(number("--events", events, 1, BENCH_EVENTS_MAX, &b->size.events, why));
    b->size.members = b->size.events / DEFAULT_SHARE ? b->size.events / DEFAULT_SHARE : 1;
    TRY(number("--members", members, 1, BENCH_MEMBERS_MAX, &b->size.members, why));
    TRY(number("--days", days, BENCH_DAYS_MIN, BENCH_DAYS_MAX, &b->size.days, why));
    TRY(number("--seed", seed, 0, UINT64_MAX, &b->size.seed, why));
    TRY(number("--threads", threads, 1, LIMIT_QUERY_WORKERS, &b->threads, why));
    TRY(number("--runs", runs, 1, BENCH_RUNS_MAX, &b->runs, why));
    TRY(number("--parts", parts, 1, BENCH_PARTS, &b->parts, why));
    TRY(number("--tail", tail, 1, BENCH_TAIL_MAX, &b->tail, why));
    b->json = strcmp(format, "json") == 0;
    if (!b->json && strcmp(format, "text") != 0)
        return why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "--format", "%.40s|text, json",
                        format);
    if (b->size.events / b->size.days / BENCH_SHARE_MAX > b->size.members)
        return why_fail(why, ERR_INVALID, MSG_BENCH_SHARE, "--events", "%u", BENCH_SHARE_MAX);
    return b->only ? check_only(b, why) : ERR_OK;
}

/* ---- the directory ---- */

/* What the directory holds, as the name of its brand. */
static void name_of(const struct bench *b, char *out, size_t size)
{
    snprintf(out, size,
             "%" PRIu64 " events, %" PRIu64 " members, seed %" PRIu64 ", %" PRIu64
             " parts, %" PRIu64 " days",
             b->size.events, b->size.members, b->size.seed, b->parts, b->size.days);
}

/* Take the sizes over from what is there, or see that it is what was asked for. */
static enum err match(struct bench *b, const char *name, struct why *why)
{
    char wanted[256];
    struct bench there = *b;
    if (b->sized) {
        name_of(b, wanted, sizeof(wanted));
        if (strcmp(wanted, name) == 0) return ERR_OK;
        return why_fail(why, ERR_CONFLICT, MSG_BENCH_OTHER, "--data", "%.200s", name);
    }
    int found = sscanf(
        name,
        "%" SCNu64 " events, %" SCNu64 " members, seed %" SCNu64 ", %" SCNu64 " parts, %" SCNu64,
        &there.size.events, &there.size.members, &there.size.seed, &there.parts, &there.size.days);
    if (found < 4) return why_fail(why, ERR_CONFLICT, MSG_NOT_EMPTY, "--data", "%.200s", b->dir);
    *b = there;
    return ERR_OK;
}

static enum err find_brand(struct bench *b, struct data *d, struct why *why)
{
    struct brand_facts f = {.slug = SLUG, .zone = "UTC", .currency = "CNY"};
    if (data_brand_count(d) == 0) {
        name_of(b, f.name, sizeof(f.name));
        TRY(data_add_brand(d, &f, why));
    } else {
        f = data_brand_facts(d, 0);
        if (strcmp(f.slug, SLUG) != 0)
            return why_fail(why, ERR_CONFLICT, MSG_NOT_EMPTY, "--data", "%.200s", b->dir);
        TRY(match(b, f.name, why));
    }
    return data_brand(d, SLUG, &b->brand, why);
}

static void say(const struct bench *b, const char *what)
{
    fprintf(b->s->err, "wellfield bench: %s\n", what);
}

static enum err make_and_load(struct bench *b, struct why *why)
{
    const char *csv = b->csv ? b->csv : arena_printf(b->s->arena, "%s/" SLUG ".csv", b->dir);
    const struct bench_load_options o = {
        .csv = csv,
        .members = b->size.members,
        .threads = (int)b->threads,
        .parts = (int)b->parts,
    };
    struct why ignored;
    say(b, "making events");
    enum err err = bench_data_write(&b->size, csv, why);
    if (err == ERR_OK) {
        say(b, "loading");
        err = bench_load(b->brand, &o, &b->load, why);
    }
    b->loaded = err == ERR_OK;
    if (!b->csv && fs_remove(csv, &ignored) != ERR_OK)
        say(b, "could not remove the file of events");
    return err;
}

/* ---- measuring ---- */

static enum err ask_all(struct bench *b, enum pass pass,
                        enum err (*before)(struct brand *b, struct why *why), struct why *why)
{
    const struct bench_ask_options o = {
        .threads = (int)b->threads,
        .runs = (int)b->runs,
        .dump = pass == PASS_WARM ? b->rows : NULL,
        .before = before,
    };
    for (int i = 0; i < BENCH_QUESTIONS; i++) {
        if (is_asked(b, i)) TRY(bench_ask(b->brand, i, &o, &b->answers[pass][i], why));
    }
    return ERR_OK;
}

static enum err ask_history(struct bench *b, struct why *why)
{
    if (!is_history_asked(b)) return ERR_OK;
    return bench_history(b->brand, b->size.members, b->size.seed, &b->history, why);
}

/* Where the events lie changes no answer. */
static enum err compare(const struct bench *b, enum pass one, enum pass other, struct why *why)
{
    for (int i = 0; i < BENCH_QUESTIONS; i++) {
        if (strcmp(b->answers[one][i].hash, b->answers[other][i].hash) != 0)
            return why_fail(why, ERR_INTERNAL, MSG_BENCH_DIFFERS, bench_question_name(i), NULL);
    }
    return ERR_OK;
}

static enum err ask_cold(struct bench *b, struct why *why)
{
    say(b, "asking, the cache empty");
    TRY(bench_cold_speed(b->brand, &b->disk_per_second, why));
    TRY(ask_all(b, PASS_COLD, bench_cold_forget, why));
    return compare(b, PASS_WARM, PASS_COLD, why);
}

static enum err ask_with_tail(struct bench *b, struct why *why)
{
    say(b, "asking, with a tail and with it sealed");
    TRY(bench_tail_fill(b->brand, b->tail, b->size.members, why));
    TRY(ask_all(b, PASS_TAIL, bench_tail_touch, why));
    TRY(bench_tail_seal(b->brand, why));
    TRY(ask_all(b, PASS_SEALED, NULL, why));
    return compare(b, PASS_TAIL, PASS_SEALED, why);
}

static enum err measure(struct bench *b, struct data *d, struct why *why)
{
    TRY(find_brand(b, d, why));
    if (brand_stats(b->brand).seq == 0) TRY(make_and_load(b, why));
    b->stats = brand_stats(b->brand);
    if (b->stats.seq != b->size.events)
        return why_fail(why, ERR_CONFLICT, MSG_NOT_EMPTY, "--data", "%.200s", b->dir);
    say(b, "asking");
    b->bytes_per_second = bench_probe_bandwidth(b->s->env, (int)b->threads);
    TRY(ask_all(b, PASS_WARM, NULL, why));
    TRY(ask_history(b, why));
    if (b->cold) TRY(ask_cold(b, why));
    return b->tail ? ask_with_tail(b, why) : ERR_OK;
}

static double bytes_per_event(const struct bench *b)
{
    return (double)b->stats.part_bytes / (double)b->stats.part_rows;
}

/* Share of what memory could have brought in that time. */
static double bandwidth_share(const struct bench *b, const struct bench_answer *a)
{
    double bytes = b->bytes_per_second * a->median_s;
    return bytes > 0 ? (double)a->bytes_touched / bytes : 0;
}

static bool was_made(const struct bench *b, int pass)
{
    return pass == PASS_WARM || (pass == PASS_COLD ? b->cold : b->tail > 0);
}

/* ---- printing ---- */

static void print_history(FILE *out, const struct bench_history *h)
{
    fprintf(out,
            "\nhistory    of one member: median %.3f ms, p99 %.3f ms; cpu %.3f ms, p99 %.3f ms;"
            " %" PRIu64 " members, %.0f events each\n",
            h->median_s * 1e3, h->p99_s * 1e3, h->cpu_median_s * 1e3, h->cpu_p99_s * 1e3,
            h->histories, (double)h->rows / (double)h->histories);
}

static void print_text(const struct bench *b)
{
    FILE *out = b->s->out;
    fprintf(out,
            "%" PRIu64 " events, %" PRIu64 " members, %" PRIu64 " days, seed %" PRIu64 ", %" PRIu64
            " threads\n",
            b->size.events, b->size.members, b->size.days, b->size.seed, b->threads);
    if (b->loaded) {
        double seconds = (double)b->load.ns / 1e9;
        fprintf(out, "load      %.2f s, %.2f M rows/s, %.0f MB of CSV/s, %.2f s of CPU\n", seconds,
                (double)b->load.rows / seconds / 1e6, (double)b->load.csv_bytes / seconds / 1e6,
                (double)b->load.cpu_ns / 1e9);
    }
    fprintf(out, "log       %" PRIu64 " parts, %.2f bytes an event\nmemory    %.1f GB/s read\n\n",
            b->stats.parts, bytes_per_event(b), b->bytes_per_second / 1e9);
    if (b->cold) fprintf(out, "disk      %.2f GB/s read\n\n", b->disk_per_second / 1e9);
    fprintf(out, "%-10s %9s %9s %9s %9s %11s %7s %9s %6s  %-16s", "query", "median s", "min s",
            "cpu s", "M ev/s", "MB touched", "of mem", "peak MB", "rows", "answer");
    fprintf(out, "%s%s\n", b->cold ? "    cold s" : "", b->tail ? "    tail s  sealed s" : "");
    for (int i = 0; i < BENCH_QUESTIONS; i++) {
        const struct bench_answer *a = &b->answers[PASS_WARM][i];
        if (!is_asked(b, i)) continue;
        fprintf(out, "%-10s %9.4f %9.4f %9.4f %9.1f %11.1f %6.1f%% %9.1f %6" PRIu64 "  %s",
                bench_question_name(i), a->median_s, a->min_s, a->cpu_s,
                (double)b->size.events / a->median_s / 1e6, (double)a->bytes_touched / 1e6,
                100 * bandwidth_share(b, a), (double)a->peak_bytes / 1e6, a->rows, a->hash);
        for (int pass = PASS_COLD; pass < PASSES; pass++) {
            if (was_made(b, pass)) fprintf(out, " %9.4f", b->answers[pass][i].median_s);
        }
        fputc('\n', out);
    }
    if (is_history_asked(b)) print_history(out, &b->history);
}

static void key_uint(struct json_writer *w, const char *key, uint64_t value)
{
    json_key(w, key);
    json_uint(w, value);
}

static void key_double(struct json_writer *w, const char *key, double value)
{
    json_key(w, key);
    json_double(w, value);
}

static void key_text(struct json_writer *w, const char *key, const char *value)
{
    json_key(w, key);
    json_text(w, value);
}

static void put_load(struct json_writer *w, const struct bench *b)
{
    double seconds = (double)b->load.ns / 1e9;
    json_key(w, "load");
    if (!b->loaded) {
        json_null(w);
        return;
    }
    json_begin_object(w);
    key_double(w, "seconds", seconds);
    key_double(w, "rows_per_s", (double)b->load.rows / seconds);
    key_double(w, "cpu_s", (double)b->load.cpu_ns / 1e9);
    key_uint(w, "csv_bytes", b->load.csv_bytes);
    json_end_object(w);
}

static void put_answer(struct json_writer *w, const struct bench *b, int i)
{
    static const char *const keys[] = {"median_s", "cold_s", "tail_s", "sealed_s"};
    static const char *const cpu_keys[] = {"cpu_s", "cold_cpu_s", "tail_cpu_s", "sealed_cpu_s"};
    const struct bench_answer *a = &b->answers[PASS_WARM][i];
    json_begin_object(w);
    key_text(w, "name", bench_question_name(i));
    for (int pass = 0; pass < PASSES; pass++) {
        if (!was_made(b, pass)) continue;
        key_double(w, keys[pass], b->answers[pass][i].median_s);
        key_double(w, cpu_keys[pass], b->answers[pass][i].cpu_s);
    }
    key_double(w, "min_s", a->min_s);
    key_text(w, "result_hash", a->hash);
    key_uint(w, "rows", a->rows);
    key_double(w, "events_per_s", (double)b->size.events / a->median_s);
    key_uint(w, "rows_touched", a->rows_touched);
    key_uint(w, "bytes_touched", a->bytes_touched);
    key_double(w, "bandwidth_share", bandwidth_share(b, a));
    key_uint(w, "peak_private_bytes", a->peak_bytes);
    key_text(w, "query", bench_question_json(i));
    json_end_object(w);
}

static void put_history(struct json_writer *w, const struct bench *b)
{
    const struct bench_history *h = &b->history;
    json_key(w, "history");
    if (!is_history_asked(b)) {
        json_null(w);
        return;
    }
    json_begin_object(w);
    key_uint(w, "histories", h->histories);
    key_uint(w, "events", h->rows);
    key_double(w, "median_s", h->median_s);
    key_double(w, "p99_s", h->p99_s);
    key_double(w, "cpu_median_s", h->cpu_median_s);
    key_double(w, "cpu_p99_s", h->cpu_p99_s);
    json_end_object(w);
}

static void print_json(const struct bench *b)
{
    struct strbuf out = {0};
    struct json_writer w = {&out, false};
    json_begin_object(&w);
    key_uint(&w, "events", b->size.events);
    key_uint(&w, "members", b->size.members);
    key_uint(&w, "days", b->size.days);
    key_uint(&w, "seed", b->size.seed);
    key_uint(&w, "threads", b->threads);
    key_uint(&w, "runs", b->runs);
    put_load(&w, b);
    key_uint(&w, "parts", b->stats.parts);
    key_double(&w, "bytes_per_event", bytes_per_event(b));
    key_double(&w, "bandwidth_bytes_per_s", b->bytes_per_second);
    if (b->cold) key_double(&w, "disk_bytes_per_s", b->disk_per_second);
    json_key(&w, "queries");
    json_begin_array(&w);
    for (int i = 0; i < BENCH_QUESTIONS; i++) {
        if (is_asked(b, i)) put_answer(&w, b, i);
    }
    json_end_array(&w);
    put_history(&w, b);
    json_end_object(&w);
    fprintf(b->s->out, "%s\n", out.p);
    strbuf_finish(&out);
}

/* ---- the command ---- */

static enum err run(struct bench *b, struct why *why)
{
    static const struct module *const no_modules[] = {NULL};
    struct data_options o;
    struct data *d;
    data_options_fill(&o, b->dir, NULL, NULL);
    o.modules = no_modules;
    TRY(data_init(&o, why));
    TRY(data_open(&o, &d, why));
    enum err err = measure(b, d, why);
    if (err == ERR_OK) (b->json ? print_json : print_text)(b);
    data_close(d);
    return err;
}

/* A directory of the run's own, with the key beside the data in it. */
static enum err run_in_passing(struct bench *b, struct why *why)
{
    const char *place = getenv("TMPDIR");
    uint64_t tag;
    env_random(b->s->env, &tag, sizeof(tag));
    const char *top = arena_printf(b->s->arena, "%s/wellfield-bench-%016" PRIx64,
                                   place && *place ? place : "/tmp", tag);
    struct why ignored;
    TRY(fs_make_dir(top, why));
    b->dir = arena_printf(b->s->arena, "%s/data", top);
    enum err err = run(b, why);
    if (fs_remove_tree(top, &ignored) != ERR_OK)
        say(b, "could not remove the data made for the run");
    return err;
}

int command_bench(struct session *s, int argc, char *const *argv)
{
    struct bench b = {.s = s};
    struct why why = {0};
    enum err err = read_options(&b, argc, argv, &why);
    if (err == ERR_OK) err = b.dir ? run(&b, &why) : run_in_passing(&b, &why);
    return err == ERR_OK ? EXIT_DONE : session_fail(s, &why);
}
