/* backups_test.c - backups on a thread of the server's: where they may go, and what they leave.
 *
 * Backups are of SQLite's files; the last test says what PostgreSQL answers. */
#define PLACE_SPECS system_specs
#define PLACE_WORKERS 1
#define PLACE_WAITING 8
#include "api_place.h"

#include <sys/stat.h>
#include <time.h>

#include "account/upkeep.h"
#include "base/fs.h"
#include "brand/backup.h"

static const struct principal lily = {.kind = PRINCIPAL_PERSON, .number = 1, .name = "lily"};

static bool on_sqlite(void)
{
    return strcmp(data_store(world.data), "sqlite:") == 0;
}

static int64_t begin(struct backups *b)
{
    struct why why = {0};
    int64_t id = 0;
    assert_int_equal(backups_begin(b, &lily, &id, &why), ERR_OK);
    assert_true(id > 0);
    return id;
}

static struct backup_view wait_for_end(struct backups *b)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct backup_view at;
    for (backups_look(b, &at); at.state == BACKUP_RUNNING; backups_look(b, &at))
        nanosleep(&pause, NULL);
    return at;
}

static bool count_file(void *ctx, const char *name)
{
    int *count = ctx;
    if (name[0] != '.') (*count)++;
    return true;
}

/* Files in the folder where backups go. */
static int files(void)
{
    char folder[120];
    struct why why;
    int count = 0;
    snprintf(folder, sizeof(folder), "%s.backups", data_dir(world.data));
    if (fs_list(folder, count_file, &count, &why) != ERR_OK) return 0;
    return count;
}

static void a_backup_is_whole_and_remembered(void **state)
{
    struct why why = {0};
    struct upkeep_run run;
    struct backup_counts counts = {0};
    char restored[100];
    (void)state;
    if (!on_sqlite()) skip();
    assert_int_equal(upkeep_last(world.data, UPKEEP_BACKUP, &run, &why), ERR_OK);
    assert_true(run.began_at == TIME_NONE);
    int64_t id = begin(world.api->backups);
    struct backup_view at = wait_for_end(world.api->backups);
    assert_int_equal(at.state, BACKUP_DONE);
    assert_true(at.id == id && at.share == 1 && at.bytes > 0 && at.ended >= at.began);
    assert_int_equal(upkeep_last(world.data, UPKEEP_BACKUP, &run, &why), ERR_OK);
    assert_true(run.good && run.amount == at.bytes && run.ended_at == at.ended);
    snprintf(restored, sizeof(restored), "%s/restored", world.dir);
    assert_int_equal(backup_restore(at.path, restored, &counts, &why), ERR_OK);
    struct stat st;
    assert_int_equal(stat(at.path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    assert_int_equal((uint64_t)st.st_size, at.bytes);
    begin(world.api->backups); /* and another beside it */
    assert_int_equal(wait_for_end(world.api->backups).state, BACKUP_DONE);
    assert_int_equal(files(), 2);
}

static void one_that_is_cut_short_leaves_nothing(void **state)
{
    struct why why = {0};
    struct upkeep_run run = {.good = true};
    int whole = 0;
    (void)state;
    if (!on_sqlite()) skip();
    while (run.good && whole < 50) { /* those that were too quick to be cut */
        struct backups *b = backups_create(world.data);
        begin(b);
        backups_destroy(b);
        assert_int_equal(upkeep_last(world.data, UPKEEP_BACKUP, &run, &why), ERR_OK);
        whole += run.good;
    }
    assert_false(run.good);
    assert_int_equal(files(), whole);
}

static void what_a_killed_server_left_is_swept(void **state)
{
    char path[200];
    struct why why = {0};
    int fd;
    (void)state;
    if (!on_sqlite()) skip();
    snprintf(path, sizeof(path), "%s.backups", data_dir(world.data));
    assert_int_equal(fs_make_dir(path, &why), ERR_OK);
    snprintf(path, sizeof(path), "%s.backups/wellfield-20250101T000000.000Z.tar.zst.tmp",
             data_dir(world.data));
    assert_int_equal(fs_create(path, &fd, &why), ERR_OK);
    fs_close(fd);
    snprintf(path, sizeof(path), "%s.backups/notes.txt", data_dir(world.data));
    assert_int_equal(fs_create(path, &fd, &why), ERR_OK);
    fs_close(fd);
    begin(world.api->backups);
    assert_int_equal(wait_for_end(world.api->backups).state, BACKUP_DONE);
    assert_int_equal(files(), 2); /* the backup, and what is none of ours */
}

static void a_folder_in_the_data_directory_is_refused(void **state)
{
    struct why why = {0};
    char path[200], link[120];
    (void)state;
    const char *data = data_dir(world.data);
    assert_int_equal(backups_choose(world.api->backups, data, &why), ERR_INVALID);
    snprintf(path, sizeof(path), "%s/brands", data);
    assert_int_equal(backups_choose(world.api->backups, path, &why), ERR_INVALID);
    snprintf(path, sizeof(path), "%s/not-there-yet//", data);
    assert_int_equal(backups_choose(world.api->backups, path, &why), ERR_INVALID);
    snprintf(link, sizeof(link), "%s/way-in", world.dir);
    assert_int_equal(symlink(data, link), 0);
    snprintf(path, sizeof(path), "%s/backups", link);
    assert_int_equal(backups_choose(world.api->backups, path, &why), ERR_INVALID);
    snprintf(path, sizeof(path), "%s/no/such/place", world.dir);
    assert_int_equal(backups_choose(world.api->backups, path, &why), ERR_NOT_FOUND);
    snprintf(path, sizeof(path), "%s-of-another", data); /* only begins like it */
    assert_int_equal(backups_choose(world.api->backups, path, &why), ERR_OK);
}

static void one_is_made_at_a_time_and_its_failure_is_told(void **state)
{
    struct why why = {0};
    char path[200];
    int64_t id;
    int lock;
    (void)state;
    if (!on_sqlite()) skip();
    snprintf(path, sizeof(path), "%s.backups", data_dir(world.data));
    assert_int_equal(fs_make_dir(path, &why), ERR_OK);
    snprintf(path, sizeof(path), "%s.backups/.lock", data_dir(world.data));
    assert_int_equal(fs_lock(path, &lock, &why), ERR_OK); /* as another server would */
    begin(world.api->backups);
    struct backup_view at = wait_for_end(world.api->backups);
    assert_int_equal(at.state, BACKUP_FAILED);
    assert_int_equal(at.why.err, ERR_LOCKED);
    assert_int_equal(files(), 0);
    fs_close(lock);
    enum err second = ERR_OK;
    for (int i = 0; i < 50 && second == ERR_OK; i++) { /* where the first is done already: again */
        begin(world.api->backups);
        second = backups_begin(world.api->backups, &lily, &id, &why);
        assert_int_equal(wait_for_end(world.api->backups).state, BACKUP_DONE);
    }
    assert_int_equal(second, ERR_CONFLICT);
}

static void a_postgresql_store_is_backed_up_otherwise(void **state)
{
    struct why why = {0};
    int64_t id;
    (void)state;
    if (on_sqlite()) skip();
    assert_int_equal(backups_begin(world.api->backups, &lily, &id, &why), ERR_NOT_IMPLEMENTED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_backup_is_whole_and_remembered),
        TEST(one_that_is_cut_short_leaves_nothing),
        TEST(what_a_killed_server_left_is_swept),
        TEST(a_folder_in_the_data_directory_is_refused),
        TEST(one_is_made_at_a_time_and_its_failure_is_told),
        TEST(a_postgresql_store_is_backed_up_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
