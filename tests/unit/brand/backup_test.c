/* backup_test.c - a copy made while the writer works, and archives that must not be believed.
 *
 * Backups are of SQLite's files; data_test.c says what PostgreSQL answers. */
#include "room.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/fs.h"
#include "brand/backup.h"

struct place {
    struct room room;
    char file[100], other[100]; /* the backup; where it is unpacked */
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    room_init(&p->room);
    snprintf(p->file, sizeof(p->file), "%s/out.tar.zst", p->room.top);
    snprintf(p->other, sizeof(p->other), "%s/other", p->room.top);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    room_finish(&p->room);
    free(p);
    return 0;
}

static void back_up(struct place *p)
{
    struct backup_counts counts = {0};
    struct why why = {0};
    must(backup_write(p->room.data, p->file, &counts, &why), &why);
    assert_true(counts.files >= 3 && counts.bytes > 0);
}

static enum err restore(struct place *p, struct why *why)
{
    struct backup_counts counts = {0};
    *why = (struct why){0};
    return backup_restore(p->file, p->other, &counts, why);
}

/* Open what was restored, with the key put beside it. */
static struct room opened(struct place *p)
{
    char command[300];
    struct room r = {.database = p->room.database};
    snprintf(command, sizeof(command), "cp '%s.key' '%s.key'", p->room.dir, p->other);
    assert_int_equal(system(command), 0);
    snprintf(r.dir, sizeof(r.dir), "%.79s", p->other);
    room_open(&r);
    return r;
}

struct busy {
    struct room *room;
    _Atomic bool stop;
    _Atomic int64_t next;
};

static void *keep_busy(void *arg)
{
    struct busy *b = arg;
    for (int i = 0; !b->stop; i++) {
        struct why why = {0};
        room_emit(b->room, b->next, 50);
        b->next += 50;
        if (i % 20 == 19) must(brand_compact(b->room->brand, &why), &why);
    }
    return NULL;
}

static void a_backup_made_while_writing_holds_all_that_was_before_it(void **state)
{
    struct place *p = *state;
    struct why why;
    struct busy busy = {.room = &p->room};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, keep_busy, &busy), 0);
    for (int i = 0; i < 4; i++) {
        usleep(50000);
        int64_t before = busy.next;
        back_up(p);
        int64_t after = busy.next + 50;
        must(restore(p, &why), &why);
        struct room r = opened(p);
        int64_t there = (int64_t)brand_stats(r.brand).seq;
        assert_true(there >= before && there <= after);
        expect_log(&r, (uint64_t)there);
        expect_rows(&r, there);
        if (there) assert_int_equal(room_emit(&r, 0, there), there);
        room_close(&r);
        char command[200];
        snprintf(command, sizeof(command), "rm -rf '%s'", p->other);
        assert_int_equal(system(command), 0);
    }
    busy.stop = true;
    pthread_join(thread, NULL);
    struct brand *b = p->room.brand;
    assert_int_equal(b->log.holds, 0);
}

static void a_directory_in_use_is_not_overwritten(void **state)
{
    struct place *p = *state;
    struct why why;
    char slash[120];
    struct backup_counts counts = {0};
    back_up(p);
    must(fs_make_dir(p->other, &why), &why);
    must(restore(p, &why), &why); /* an empty one is welcome */
    assert_int_equal(restore(p, &why), ERR_CONFLICT);
    snprintf(slash, sizeof(slash), "%s//", p->other);
    assert_int_equal(backup_restore(p->file, slash, &counts, &why), ERR_CONFLICT);
}

static void no_backup_cut_short_or_changed_is_taken(void **state)
{
    struct place *p = *state;
    struct why why;
    struct strbuf whole = {0};
    int harmless = 0;
    char command[300];
    snprintf(command, sizeof(command), "rm -rf '%s.restoring' '%s'", p->other, p->other);
    room_emit(&p->room, 0, 500);
    back_up(p);
    must(fs_read_file(p->file, 1 << 24, &whole, &why), &why);
    for (size_t i = 0; i < 120; i++) {
        size_t at = i < 60 ? whole.len * i / 60 : whole.len * (i - 60) / 60;
        uint8_t mask = (uint8_t)(i < 60 ? 0 : 1 << i % 8);
        whole.p[at] = (char)(whole.p[at] ^ mask);
        must(fs_publish(p->file, whole.p, i < 60 ? at : whole.len, &why), &why);
        whole.p[at] = (char)(whole.p[at] ^ mask);
        enum err err = restore(p, &why);
        if (err == ERR_OK && mask) { /* a bit that stood for nothing, as in padding */
            struct room r = opened(p);
            expect_log(&r, 500);
            room_close(&r);
            harmless++;
        } else if (err != ERR_CORRUPT) {
            fail_msg("%s at %zu: %s", mask ? "bit" : "cut", at, err_code(err));
        } else {
            assert_false(fs_exists(p->other));
        }
        assert_int_equal(system(command), 0);
    }
    assert_true(harmless < 6);
    must(fs_publish(p->file, whole.p, whole.len, &why), &why);
    must(restore(p, &why), &why);
    strbuf_finish(&whole);
}

/* An archive of one entry, in the format of a backup. */
static void craft(struct place *p, const char *name, mode_t type)
{
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_set_format_pax_restricted(a);
    archive_write_add_filter_zstd(a);
    assert_int_equal(archive_write_open_filename(a, p->file), ARCHIVE_OK);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_size(entry, type == AE_IFREG ? 3 : 0);
    if (type == AE_IFLNK) archive_entry_set_symlink(entry, "/etc/passwd");
    archive_entry_set_perm(entry, 0600);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    if (type == AE_IFREG) assert_int_equal(archive_write_data(a, "abc", 3), 3);
    archive_entry_free(entry);
    archive_write_close(a);
    archive_write_free(a);
}

static void names_that_a_backup_never_has_are_refused(void **state)
{
    static const char *const names[] = {"../evil",
                                        "/tmp/evil",
                                        "brands/../../evil/brand.db",
                                        "brands/x/events/../../../evil",
                                        "brands/x/events/1.part/../2.ids",
                                        "brands//brand.db",
                                        "brands/X/brand.db",
                                        "lock",
                                        "data.key",
                                        "brands/shop/events/12345678901.part",
                                        "brands/shop/events/000001.exe",
                                        "brands/shop/brand.db/x",
                                        "sum",
                                        "store/",
                                        "server.db-wal"};
    struct place *p = *state;
    struct why why;
    char command[200];
    snprintf(command, sizeof(command), "rm -rf '%s.restoring'", p->other);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        craft(p, names[i], AE_IFREG);
        if (restore(p, &why) != ERR_CORRUPT) fail_msg("%s was taken", names[i]);
        assert_false(fs_exists(p->other));
        assert_int_equal(system(command), 0);
    }
    craft(p, "store", AE_IFLNK);
    assert_int_equal(restore(p, &why), ERR_CORRUPT);
    assert_int_equal(system(command), 0);
    craft(p, "brands", AE_IFDIR);
    assert_int_equal(restore(p, &why), ERR_CORRUPT);
    assert_int_equal(system(command), 0);
    craft(p, "store", AE_IFREG); /* sound, but for the end */
    assert_int_equal(restore(p, &why), ERR_CORRUPT);
}

#define ON_SQLITE(f)                                                                               \
    {                                                                                              \
#f " (sqlite)", f, setup, teardown, NULL                                                   \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SQLITE(a_backup_made_while_writing_holds_all_that_was_before_it),
        ON_SQLITE(a_directory_in_use_is_not_overwritten),
        ON_SQLITE(no_backup_cut_short_or_changed_is_taken),
        ON_SQLITE(names_that_a_backup_never_has_are_refused),
    };
    return engine_run(tests);
}
