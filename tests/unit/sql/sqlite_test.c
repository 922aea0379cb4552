/* sqlite_test.c - the file: settings, checkpoints, copies, damage, a full disk, a killed process.
 */
#include "store.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/env.h"
#include "base/fs.h"

static struct str text_of(struct sql *db, const char *text, char *out, size_t size)
{
    bool row = false;
    struct sql_stmt *s = sql_use(db, text);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_true(row);
    snprintf(out, size, STR_FMT, STR_ARG(sql_str(s, 0)));
    sql_reset(s);
    return str_of(out);
}

static void a_writer_is_durable_and_checkpoints_only_when_told(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    char text[32];
    assert_str(text_of(db, "PRAGMA journal_mode", text, sizeof(text)), STR("wal"));
    assert_int_equal(number_of(db, "PRAGMA synchronous"), 2);
    assert_int_equal(number_of(db, "PRAGMA wal_autocheckpoint"), 0);
    assert_int_equal(number_of(db, "PRAGMA secure_delete"), 1);
    assert_int_equal(number_of(db, "PRAGMA trusted_schema"), 0);
    assert_int_equal(number_of(db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number_of(db, "PRAGMA mmap_size"), 0);
    assert_int_equal(sql_engine(db), SQL_SQLITE);
    sql_close(db);
}

static void files_are_for_their_owner_alone(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char path[128];
        struct stat sb;
        snprintf(path, sizeof(path), "%s%s", st->path, ends[i]);
        assert_int_equal(stat(path, &sb), 0);
        assert_int_equal(sb.st_mode & 0777, 0600);
    }
    sql_close(db);
}

static void checkpoints_wait_for_their_pages_and_begin_the_log_anew(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct stat sb;
    fill(db, 0, 8000);
    int pages = sql_wal_pages(db);
    assert_true(pages > 2000); /* SQLite's own checkpoint would have come at 1000 */
    assert_int_equal(stat(st->path, &sb), 0);
    off_t before = sb.st_size;
    assert_int_equal(sql_checkpoint(db, pages + 1), ERR_OK);
    assert_int_equal(stat(st->path, &sb), 0);
    assert_int_equal(sb.st_size, before);
    assert_int_equal(sql_checkpoint(db, pages), ERR_OK);
    assert_int_equal(stat(st->path, &sb), 0);
    assert_true(sb.st_size > before + 2000 * 4096);
    for (int i = 8000; i < 8300; i += 100) { /* and again, each time the log has grown enough */
        fill(db, i, 1);
        assert_true(sql_wal_pages(db) < 20);
        fill(db, i + 1, 99);
        assert_true(sql_wal_pages(db) >= 25);
        assert_int_equal(sql_checkpoint(db, 25), ERR_OK);
    }
    sql_close(db);
}

static bool file_has(const char *path, const char *text)
{
    struct strbuf bytes = {0};
    struct why why;
    assert_int_equal(fs_read_file(path, SIZE_MAX, &bytes, &why), ERR_OK);
    bool there = bytes.len && memmem(bytes.p, bytes.len, text, strlen(text));
    strbuf_finish(&bytes);
    return there;
}

static void what_was_deleted_is_in_no_file_once_the_log_is_emptied(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st), *reader;
    char wal[140];
    struct why why;
    snprintf(wal, sizeof(wal), "%s-wal", st->path);
    fill(db, 0, 100);
    assert_int_equal(sql_checkpoint(db, 1), ERR_OK);
    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(sql_run(sql_use(db, "DELETE FROM item")), ERR_OK);
    assert_int_equal(sql_commit(db), ERR_OK);
    assert_int_equal(sql_open("sqlite:", st->path, NULL, SQL_READER, &reader, &why), ERR_OK);
    assert_int_equal(sql_begin(reader), ERR_OK);
    assert_int_equal(number_of(reader, "SELECT COUNT(*) FROM item"), 0);
    assert_int_equal(sql_checkpoint(db, 0), ERR_BUSY);
    sql_rollback(reader);
    assert_true(file_has(wal, "nnnnnnnn") || file_has(st->path, "nnnnnnnn"));
    assert_int_equal(sql_checkpoint(db, 0), ERR_OK);
    assert_int_equal(sql_wal_pages(db), 0);
    assert_false(file_has(wal, "nnnnnnnn") || file_has(st->path, "nnnnnnnn"));
    fill(db, 0, 3); /* and on it goes */
    assert_int_equal(number_of(reader, "SELECT COUNT(*) FROM item"), 3);
    sql_close(reader);
    sql_close(db);
}

static void a_reader_that_looks_on_does_not_stop_the_writer_or_its_checkpoints(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    fill(db, 0, 100);
    struct sql *reader = store_open(st, SQL_READER);
    assert_int_equal(sql_begin(reader), ERR_OK);
    int last = 0;
    for (int i = 1; i <= 5; i++) {
        fill(db, i * 100, 100);
        assert_int_equal(sql_checkpoint(db, 10), ERR_OK);
        assert_true(sql_wal_pages(db) > last);
        last = sql_wal_pages(db);
    }
    assert_int_equal(number_of(reader, COUNT_ITEMS), 100);
    assert_int_equal(sql_commit(reader), ERR_OK);
    assert_int_equal(number_of(reader, COUNT_ITEMS), 600);
    assert_int_equal(sql_checkpoint(db, 10), ERR_OK);
    fill(db, 600, 1);
    assert_true(sql_wal_pages(db) < last);
    assert_int_equal(sql_checkpoint(reader, 0), ERR_OK);
    sql_close(reader);
    sql_close(db);
}

static void a_reader_can_neither_set_nor_attach(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct sql *reader = store_open(st, SQL_READER);
    char attach[160];
    snprintf(attach, sizeof(attach), "ATTACH '%s/b.db' AS b", st->dir);
    assert_int_equal(sql_exec(reader, "PRAGMA query_only=OFF"), ERR_STORE);
    assert_int_equal(sql_exec(reader, "PRAGMA wal_checkpoint"), ERR_STORE);
    assert_int_equal(sql_exec(reader, attach), ERR_STORE);
    assert_int_equal(sql_exec(reader, "CREATE TEMP TABLE t (x)"), ERR_STORE);
    assert_int_equal(sql_exec(reader, "UPDATE sqlite_master SET sql = ''"), ERR_STORE);
    assert_int_equal(sql_verify(reader, NULL), ERR_OK);
    sql_close(reader);
    sql_close(db);
}

static void a_reader_can_search_full_text(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    assert_int_equal(sql_exec(db, "CREATE VIRTUAL TABLE said USING fts5 (words);"
                                  "INSERT INTO said (words) VALUES ('a well in the yard'), ('no')"),
                     ERR_OK);
    struct sql *reader = store_open(st, SQL_READER);
    struct sql_stmt *s = sql_use(reader, "SELECT count(*) FROM said WHERE said MATCH $1");
    bool row = false;
    sql_bind_text(s, 1, "well");
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_int_equal(sql_int(s, 0), 1);
    assert_int_equal(sql_exec(reader, "INSERT INTO said (words) VALUES ('x')"), ERR_STORE);
    sql_close(reader);
    sql_close(db);
}

static void a_second_writer_waits_and_then_is_told(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct sql *second = store_open(st, SQL_WRITER);
    assert_int_equal(sql_exec(second, "PRAGMA busy_timeout=20"), ERR_OK);
    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(sql_begin(second), ERR_LOCKED);
    assert_int_equal(sql_commit(db), ERR_OK);
    assert_int_equal(sql_begin(second), ERR_OK);
    sql_rollback(second);
    sql_close(second);
    sql_close(db);
}

static void places_that_are_no_database_are_refused_with_the_reason(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = NULL;
    struct why why = {0};
    char path[160];
    char text[256];
    assert_int_equal(sql_open(st->url, st->path, NULL, SQL_READER, &db, &why), ERR_NOT_FOUND);
    snprintf(path, sizeof(path), "%s/no/such/folder", st->dir);
    assert_int_equal(sql_open(st->url, path, NULL, SQL_WRITER, &db, &why), ERR_IO);
    assert_int_equal(sql_open(st->url, "", NULL, SQL_WRITER, &db, &why), ERR_INVALID);
    assert_int_equal(sql_open(st->url, NULL, NULL, SQL_WRITER, &db, &why), ERR_INVALID);
    assert_int_not_equal(sql_open(st->url, st->dir, NULL, SQL_WRITER, &db, &why), ERR_OK);
    snprintf(path, sizeof(path), "%s/letter", st->dir);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 1000; i++) {
        fputs("this is a letter, not a database\n", f);
    }
    fclose(f);
    for (int role = SQL_WRITER; role <= SQL_READER; role++) {
        why = (struct why){0};
        assert_int_equal(sql_open(st->url, path, NULL, (enum sql_role)role, &db, &why),
                         ERR_CORRUPT);
        why_text(&why, LANG_EN, text, sizeof(text));
        assert_non_null(strstr(text, path));
    }
    assert_null(db);
}

static void a_path_that_looks_like_a_url_is_a_path(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = NULL;
    char old[256];
    assert_non_null(getcwd(old, sizeof(old)));
    assert_int_equal(chdir(st->dir), 0);
    assert_int_equal(sql_open(st->url, "file:x?mode=memory", NULL, SQL_WRITER, &db, NULL), ERR_OK);
    sql_close(db);
    assert_int_equal(access("file:x?mode=memory", F_OK), 0);
    assert_int_equal(chdir(old), 0);
}

static void a_full_disk_is_told_and_survived(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    fill(db, 0, 100);
    assert_int_equal(sql_exec(db, "PRAGMA max_page_count=60"), ERR_OK);
    assert_int_equal(sql_begin(db), ERR_OK);
    enum err err = ERR_OK;
    for (int i = 100; i < 1000 && err == ERR_OK; i++) {
        struct sql_stmt *s = sql_use(db, "INSERT INTO item (id, data) VALUES ($1, $2)");
        char data[1000] = {0};
        sql_bind_int(s, 1, i);
        sql_bind_blob(s, 2, data, sizeof(data));
        err = sql_run(s);
    }
    assert_int_equal(err, ERR_NO_SPACE);
    assert_int_equal(put_item(db, 5000, "more"), ERR_STORE);
    assert_int_equal(sql_commit(db), ERR_STORE);
    assert_int_equal(number_of(db, COUNT_ITEMS), 100);
    assert_int_equal(sql_exec(db, "PRAGMA max_page_count=1000000"), ERR_OK);
    fill(db, 100, 100);
    assert_int_equal(number_of(db, COUNT_ITEMS), 200);
    sql_close(db);
}

/* ---- damage ---- */

static void flip(const char *path, long offset)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    fputc(c ^ 0xff, f);
    fclose(f);
}

static void damage_is_found_and_the_file_named(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct why why = {0};
    char text[400];
    fill(db, 0, 200);
    assert_int_equal(sql_verify(db, &why), ERR_OK);
    sql_close(db);
    flip(st->path, 5 * 4096); /* the kind of a page of the tree */
    db = store_open(st, SQL_WRITER);
    assert_int_equal(sql_verify(db, &why), ERR_CORRUPT);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_non_null(strstr(text, st->path));
    assert_int_equal(sql_run(sql_use(db, "SELECT max(length(name)) FROM item")), ERR_CORRUPT);
    sql_close(db);
}

/* ---- copies ---- */

struct busy {
    struct sql *db;     /* the writer */
    atomic_bool stop;   /* set by the test */
    atomic_int commits; /* done so far */
};

/* Two rows a commit, so that a copy with one of them is wrong. */
static void *keep_writing(void *arg)
{
    struct busy *b = arg;
    for (int i = 0; !atomic_load(&b->stop); i++) {
        enum err err = sql_begin(b->db);
        if (err == ERR_OK) err = put_item(b->db, 1000000 + 2 * i, "pair");
        if (err == ERR_OK) err = put_item(b->db, 1000001 + 2 * i, "pair");
        if (err == ERR_OK) err = sql_commit(b->db);
        if (err == ERR_OK) err = sql_checkpoint_beside(b->db, 50);
        if (err != ERR_OK) return b;
        atomic_fetch_add(&b->commits, 1);
    }
    return NULL;
}

static void a_copy_made_while_the_writer_works_is_whole(void **state)
{
    struct store *st = store_of(state);
    struct busy busy = {.db = store_with_table(st)};
    pthread_t thread;
    void *complaint = NULL;
    char path[128];
    snprintf(path, sizeof(path), "%s/copy.db", st->dir);
    fill(busy.db, 0, 20000); /* so that the writer commits many times meanwhile */
    assert_int_equal(pthread_create(&thread, NULL, keep_writing, &busy), 0);
    while (atomic_load(&busy.commits) < 5) {
        usleep(1000);
    }
    int before = atomic_load(&busy.commits);
    enum err err = sql_backup(st->path, path, NULL);
    int after = atomic_load(&busy.commits);
    while (atomic_load(&busy.commits) < after + 5) {
        usleep(1000);
    }
    atomic_store(&busy.stop, true);
    pthread_join(thread, &complaint);
    assert_null(complaint);
    assert_int_equal(err, ERR_OK);

    struct sql *copy = NULL;
    struct why why = {0};
    assert_int_equal(sql_open("sqlite:", path, NULL, SQL_WRITER, &copy, &why), ERR_OK);
    assert_int_equal(sql_verify(copy, NULL), ERR_OK);
    int64_t rows = number_of(copy, COUNT_ITEMS);
    assert_true(rows >= 20010 && rows % 2 == 0);
    /* the view of the beginning: what was committed during most of the copy is not in it */
    assert_true(((rows - 20000) / 2 - before) * 2 < after - before);
    sql_close(copy);
    assert_int_equal(sql_backup(st->path, path, &why), ERR_CONFLICT);
    assert_int_equal(why.msg, MSG_SQL_EXISTS);
    sql_close(busy.db);
}

/* Copy where no file may grow beyond 'bytes'; what sql_backup answered. */
static int copy_with_little_room(const struct store *st, const char *path, rlim_t bytes)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {bytes, bytes};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(99);
        _exit((int)sql_backup(st->path, path, NULL));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_copy_that_fails_leaves_no_file(void **state)
{
    struct store *st = store_of(state);
    char path[128];
    struct why why = {0};
    snprintf(path, sizeof(path), "%s/copy.db", st->dir);
    assert_int_equal(sql_backup(st->path, path, &why), ERR_NOT_FOUND);
    assert_int_not_equal(access(path, F_OK), 0);
    struct sql *db = store_with_table(st);
    fill(db, 0, 200);
    sql_close(db);
    assert_int_equal(copy_with_little_room(st, path, 100000), ERR_IO);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(copy_with_little_room(st, path, 10000000), ERR_OK);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(remove(path), 0);
    assert_int_equal(truncate(st->path, 4096 * 10 + 100), 0);
    assert_int_equal(sql_backup(st->path, path, &why), ERR_CORRUPT);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* ---- a killed process ---- */

/* Commit pairs of rows for ever, telling the number of each after its commit. */
static void write_until_killed(const struct store *st, int pipe_fd, int first)
{
    struct sql *db = NULL;
    if (sql_open(st->url, st->path, NULL, SQL_WRITER, &db, NULL) != ERR_OK) _exit(2);
    for (int i = first;; i++) {
        if (sql_begin(db) != ERR_OK) _exit(3);
        if (put_item(db, 2 * i, "pair") != ERR_OK) _exit(4);
        if (put_item(db, 2 * i + 1, "pair") != ERR_OK) _exit(4);
        if (sql_commit(db) != ERR_OK) _exit(5);
        if (write(pipe_fd, &i, sizeof(i)) != sizeof(i)) _exit(6);
        if (sql_checkpoint_beside(db, 30) != ERR_OK) _exit(7);
    }
}

/* Run a writer, kill it after 'acks' commits were told and 'more_us' have passed; the last told. */
static int run_and_kill(const struct store *st, int first, int acks, unsigned more_us)
{
    int fds[2];
    int last = first - 1;
    int status = 0;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        write_until_killed(st, fds[1], first);
    }
    close(fds[1]);
    while (acks-- > 0 && read(fds[0], &last, sizeof(last)) == sizeof(last)) {
    }
    usleep(more_us);
    kill(pid, SIGKILL);
    while (read(fds[0], &last, sizeof(last)) == sizeof(last)) {
    }
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return last;
}

static void what_was_committed_survives_a_killed_process(void **state)
{
    struct store *st = store_of(state);
    struct rng rng;
    uint64_t seed = (uint64_t)getpid();
    const char *wanted = getenv("WF_SEED");
    if (wanted) assert_true(str_to_u64(str_of(wanted), &seed));
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    sql_close(store_with_table(st));
    int64_t next = 0;
    for (int round = 0; round < 15; round++) {
        int64_t told =
            run_and_kill(st, (int)next, (int)rng_below(&rng, 40), (unsigned)rng_below(&rng, 3000));
        struct sql *db = store_open(st, SQL_WRITER);
        assert_int_equal(sql_verify(db, NULL), ERR_OK);
        int64_t rows = number_of(db, COUNT_ITEMS);
        assert_int_equal(rows, number_of(db, "SELECT coalesce(max(id), -1) + 1 FROM item"));
        assert_int_equal(rows % 2, 0);
        assert_in_range(rows / 2, told + 1, told + 2); /* one commit may not have been told yet */
        sql_close(db);
        next = rows / 2;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SQLITE(a_writer_is_durable_and_checkpoints_only_when_told),
        ON_SQLITE(files_are_for_their_owner_alone),
        ON_SQLITE(checkpoints_wait_for_their_pages_and_begin_the_log_anew),
        ON_SQLITE(what_was_deleted_is_in_no_file_once_the_log_is_emptied),
        ON_SQLITE(a_reader_that_looks_on_does_not_stop_the_writer_or_its_checkpoints),
        ON_SQLITE(a_reader_can_neither_set_nor_attach),
        ON_SQLITE(a_reader_can_search_full_text),
        ON_SQLITE(a_second_writer_waits_and_then_is_told),
        ON_SQLITE(places_that_are_no_database_are_refused_with_the_reason),
        ON_SQLITE(a_path_that_looks_like_a_url_is_a_path),
        ON_SQLITE(a_full_disk_is_told_and_survived),
        ON_SQLITE(damage_is_found_and_the_file_named),
        ON_SQLITE(a_copy_made_while_the_writer_works_is_whole),
        ON_SQLITE(a_copy_that_fails_leaves_no_file),
        ON_SQLITE(what_was_committed_survives_a_killed_process),
    };
    return engine_run(tests);
}
