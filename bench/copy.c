/* copy.c - the peer of durable intake: PostgreSQL with the same rows, a transaction a batch.
 *
 *     copy URL CONNECTIONS ROWS BATCH key|plain|talk
 *
 * Each connection is a thread that copies its share in batches of BATCH rows into one table, made
 * anew; a BATCH of 1 is a prepared INSERT a row. 'key' gives the table a primary key on the
 * message's id, which is what refusing a repeated message needs. 'talk' are messages with text
 * (talk.h), ids unique and their words in a GIN index, each Chinese character being a word; not
 * with a BATCH of 1. Prints one line of JSON. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rows.h"
#include "talk.h"

#define CONNECTIONS_MAX 64
#define LINE_MAX_BYTES (3 * TALK_TEXT_SIZE + 256)

struct worker {
    pthread_t thread;
    const char *url;
    uint64_t from, to; /* rows */
    uint64_t batch;
    bool talk;
};

static void die(PGconn *c, const char *what)
{
    fprintf(stderr, "copy: %s: %s\n", what, PQerrorMessage(c));
    exit(1);
}

static void run(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) die(c, sql);
    PQclear(r);
}

/* A blank around each character of several bytes. */
static size_t print_words(const char *text, char *out)
{
    size_t len = 0;
    for (const char *p = text; *p; p++) {
        bool first = ((unsigned char)*p & 0xC0) == 0xC0;
        if (first) out[len++] = ' ';
        out[len++] = *p;
        if ((unsigned char)*p >= 0x80 && ((unsigned char)p[1] & 0xC0) != 0x80) out[len++] = ' ';
    }
    out[len] = '\0';
    return len;
}

static int print_message(char *out, size_t size, uint64_t i)
{
    char words[2 * TALK_TEXT_SIZE];
    struct talk t = talk_of(i);
    print_words(t.text, words);
    return snprintf(out, size, "talk-%012llx\tu%06u\t2025-06-01 08:00:00+00\tg%03u\t%llx\t%s\t%s\n",
                    (unsigned long long)t.id, t.user, t.group, (unsigned long long)t.answers,
                    t.text, words);
}

static int print_row(char *out, size_t size, uint64_t i)
{
    struct row row = row_of(i);
    return snprintf(out, size, "bench-%012llx\tu%06u\t2025-06-01 08:00:00+00\t%s\t%s\t%u\tios\n",
                    (unsigned long long)row.id, row.user, row.kind, row.channel, row.length);
}

static void copy_batch(PGconn *c, const struct worker *w, uint64_t from, char *text, size_t size)
{
    uint64_t to = from + w->batch < w->to ? from + w->batch : w->to;
    size_t len = 0;
    PGresult *r = PQexec(c, "COPY bench_event FROM STDIN");
    if (PQresultStatus(r) != PGRES_COPY_IN) die(c, "COPY");
    PQclear(r);
    for (uint64_t i = from; i < to; i++) {
        len += (size_t)(w->talk ? print_message : print_row)(text + len, size - len, i);
        if (size - len > LINE_MAX_BYTES && i + 1 < to) continue;
        if (PQputCopyData(c, text, (int)len) != 1) die(c, "data");
        len = 0;
    }
    if (PQputCopyEnd(c, NULL) != 1) die(c, "end");
    r = PQgetResult(c);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) die(c, "COPY");
    PQclear(r);
    while ((r = PQgetResult(c)))
        PQclear(r);
}

static void prepare_insert(PGconn *c)
{
    PGresult *r = PQprepare(c, "one",
                            "INSERT INTO bench_event VALUES ($1, $2, '2025-06-01 08:00:00+00', $3, "
                            "$4, $5, 'ios')",
                            5, NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) die(c, "prepare");
    PQclear(r);
}

static void insert_row(PGconn *c, uint64_t i)
{
    char id[32], user[16], length[16];
    struct row row = row_of(i);
    const char *const values[] = {id, user, row.kind, row.channel, length};
    snprintf(id, sizeof(id), "bench-%012llx", (unsigned long long)row.id);
    snprintf(user, sizeof(user), "u%06u", row.user);
    snprintf(length, sizeof(length), "%u", row.length);
    PGresult *r = PQexecPrepared(c, "one", 5, values, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) die(c, "INSERT");
    PQclear(r);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    size_t size = 65536;
    char *text = malloc(size);
    PGconn *c = PQconnectdb(w->url);
    if (!text || PQstatus(c) != CONNECTION_OK) die(c, "connect");
    run(c, "SET synchronous_commit = on");
    if (w->batch == 1) prepare_insert(c);
    for (uint64_t i = w->from; i < w->to; i += w->batch) {
        if (w->batch == 1)
            insert_row(c, i);
        else
            copy_batch(c, w, i, text, size);
    }
    PQfinish(c);
    free(text);
    return NULL;
}

/* Is the server really durable? A bench against one that is not would mean nothing. */
static void check_durable(PGconn *c)
{
    static const char *const settings[] = {"fsync", "full_page_writes"};
    for (size_t i = 0; i < 2; i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "SHOW %s", settings[i]);
        PGresult *r = PQexec(c, sql);
        if (PQresultStatus(r) != PGRES_TUPLES_OK || strcmp(PQgetvalue(r, 0, 0), "on") != 0) {
            fprintf(stderr, "copy: %s is off\n", settings[i]);
            exit(1);
        }
        PQclear(r);
    }
}

static void prepare(const char *url, bool key, bool talk)
{
    PGconn *c = PQconnectdb(url);
    if (PQstatus(c) != CONNECTION_OK) die(c, "connect");
    check_durable(c);
    run(c, "SET client_min_messages = error");
    run(c, "DROP TABLE IF EXISTS bench_event");
    run(c, talk ? "CREATE TABLE bench_event (id text NOT NULL, member text NOT NULL, at timestamptz"
                  " NOT NULL, grp text NOT NULL, answers text, text text, words text)"
                : "CREATE TABLE bench_event (id text NOT NULL, member text NOT NULL, at timestamptz"
                  " NOT NULL, kind text NOT NULL, channel text, length int, device text)");
    if (talk) run(c, "CREATE INDEX ON bench_event USING gin (to_tsvector('simple', words))");
    if (key) run(c, "ALTER TABLE bench_event ADD PRIMARY KEY (id)");
    run(c, "CHECKPOINT");
    PQfinish(c);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct worker workers[CONNECTIONS_MAX];
    uint64_t count = argc == 6 ? strtoull(argv[2], NULL, 10) : 0;
    uint64_t rows = argc == 6 ? strtoull(argv[3], NULL, 10) : 0;
    uint64_t batch = argc == 6 ? strtoull(argv[4], NULL, 10) : 0;
    bool talk = argc == 6 && strcmp(argv[5], "talk") == 0;
    if (count < 1 || count > CONNECTIONS_MAX || rows < count || batch < (talk ? 2 : 1)) {
        fprintf(stderr, "usage: copy URL CONNECTIONS ROWS BATCH key|plain|talk\n");
        return 2;
    }
    prepare(argv[1], talk || strcmp(argv[5], "key") == 0, talk);
    double began = now();
    for (uint64_t i = 0; i < count; i++) {
        workers[i] = (struct worker){.url = argv[1],
                                     .from = rows * i / count,
                                     .to = rows * (i + 1) / count,
                                     .batch = batch,
                                     .talk = talk};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) return 1;
    }
    for (uint64_t i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    double seconds = now() - began;
    printf("{\"rows\":%llu,\"seconds\":%.3f,\"rate\":%.0f}\n", (unsigned long long)rows, seconds,
           (double)rows / seconds);
    return 0;
}
