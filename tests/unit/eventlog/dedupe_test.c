/* dedupe_test.c - against a plain list as the model; damage to every kind of byte of a side file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "eventlog/dedupe.h"
#include "eventlog/dedupe_file.h"
#include "eventlog_test.h"

/* The calls of fs.c that change files are defined here, so the linker prefers them: the countdown
 * says which of them fails; below 0 none does. */
static int countdown = -1;

static bool fails(void)
{
    if (countdown < 0 || countdown-- > 0) return false;
    errno = EIO;
    return true;
}

ssize_t write(int fd, const void *p, size_t len)
{
    return fails() ? -1 : syscall(SYS_write, fd, p, len);
}

int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    return fails() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static struct hash128 random_id(struct rng *rng)
{
    return (struct hash128){rng_next(rng), rng_next(rng)};
}

static struct hash128 *random_ids(struct rng *rng, size_t count)
{
    struct hash128 *ids = mem_alloc_array(count + 1, sizeof(*ids));
    for (size_t i = 0; i < count; i++) {
        ids[i] = random_id(rng);
    }
    return ids;
}

static bool seen(struct dedupe *d, struct hash128 id)
{
    struct why why;
    bool yes = false;
    assert_int_equal(dedupe_seen(d, id, &yes, &why), ERR_OK);
    return yes;
}

static uint64_t write_file(const char *path, const struct hash128 *ids, size_t count)
{
    struct why why;
    uint64_t size;
    assert_int_equal(dedupe_write(path, ids, count, &size, &why), ERR_OK);
    struct strbuf bytes = {0};
    assert_int_equal(fs_read_file(path, SIZE_MAX / 2, &bytes, &why), ERR_OK);
    assert_int_equal(bytes.len, size);
    strbuf_finish(&bytes);
    return size;
}

static void an_empty_set_has_seen_nothing(void **state)
{
    (void)state;
    struct dedupe *d = dedupe_create();
    assert_false(seen(d, (struct hash128){1, 2}));
    dedupe_remove(d, (struct hash128){1, 2});
    dedupe_sealed(d, UINT64_MAX);
    assert_int_equal(dedupe_recent(d), 0);
    dedupe_destroy(d);
    dedupe_destroy(NULL);
}

static void no_id_is_never_seen(void **state)
{
    (void)state;
    struct dedupe *d = dedupe_create();
    dedupe_add(d, (struct hash128){0, 0}, 1);
    assert_false(seen(d, (struct hash128){0, 0}));
    assert_int_equal(dedupe_recent(d), 0);
    dedupe_remove(d, (struct hash128){0, 0});
    dedupe_destroy(d);
}

/* Ids are drawn from few homes, so that runs are long and wrap around the end of the table. */
static void recent_ids_equal_a_model(void **state)
{
    (void)state;
    enum { IDS = 600, STEPS = 60000 };
    struct rng rng;
    rng_init(&rng, test_seed(11));
    struct hash128 ids[IDS];
    uint64_t seq_of[IDS] = {0}; /* 0 = not in the set */
    for (size_t i = 0; i < IDS; i++) {
        ids[i] = (struct hash128){
            rng_below(&rng, 8) * UINT64_C(0x1fffffffffffff) + rng_below(&rng, 3), i + 1};
    }
    struct dedupe *d = dedupe_create();
    for (uint64_t step = 1; step <= STEPS; step++) {
        size_t i = (size_t)rng_below(&rng, IDS);
        uint64_t what = rng_below(&rng, 1000);
        if (what < 500) {
            dedupe_add(d, ids[i], step);
            seq_of[i] = step;
        } else if (what < 996) {
            dedupe_remove(d, ids[i]);
            seq_of[i] = 0;
        } else {
            uint64_t seq = step - rng_below(&rng, 700 < step ? 700 : step);
            dedupe_sealed(d, seq);
            for (size_t k = 0; k < IDS; k++) {
                if (seq_of[k] <= seq) seq_of[k] = 0;
            }
        }
        size_t k = (size_t)rng_below(&rng, IDS);
        assert_int_equal(seen(d, ids[k]), seq_of[k] != 0);
        if (step % 1000) continue;
        size_t count = 0;
        for (k = 0; k < IDS; k++) {
            assert_int_equal(seen(d, ids[k]), seq_of[k] != 0);
            count += seq_of[k] != 0;
        }
        assert_int_equal(dedupe_recent(d), count);
    }
    dedupe_destroy(d);
}

static void a_side_file_holds_its_ids_and_no_others(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 254, 255, 256, 510, 511, 4080, 4081, 20000};
    struct rng rng;
    rng_init(&rng, test_seed(12));
    struct test_dir dir = test_dir_create();
    for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
        size_t count = counts[n];
        struct hash128 *ids = random_ids(&rng, count);
        const char *path = test_path(&dir, "a.ids");
        write_file(path, ids, count);
        struct why why;
        assert_int_equal(dedupe_verify(path, &why), ERR_OK);
        struct dedupe *d = dedupe_create();
        assert_int_equal(dedupe_attach(d, path, &why), ERR_OK);
        for (size_t i = 0; i < count; i++) {
            assert_true(seen(d, ids[i]));
            assert_false(seen(d, (struct hash128){ids[i].lo + 1, ids[i].hi}));
            assert_false(seen(d, random_id(&rng)));
        }
        assert_false(seen(d, (struct hash128){0, 0}));
        dedupe_detach(d, path);
        if (count) assert_false(seen(d, ids[0]));
        dedupe_destroy(d);
        mem_free(ids);
    }
    test_dir_remove(&dir);
}

/* All ids of several pages share hi: the index alone cannot tell the pages apart. */
static void ids_with_one_hi_over_several_pages_are_found(void **state)
{
    (void)state;
    enum { COUNT = 1500 };
    struct hash128 ids[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = (struct hash128){(i * 7919 % COUNT) * 2, i % 3 ? 77 : i};
    }
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "a.ids");
    write_file(path, ids, COUNT);
    struct why why;
    assert_int_equal(dedupe_verify(path, &why), ERR_OK);
    struct dedupe_file *f;
    assert_int_equal(dedupe_file_open(path, &f, &why), ERR_OK);
    for (size_t i = 0; i < COUNT; i++) {
        bool has = false;
        assert_int_equal(dedupe_file_has(f, ids[i], &has, &why), ERR_OK);
        assert_true(has);
        struct hash128 other = {ids[i].lo + 1, ids[i].hi};
        assert_int_equal(dedupe_file_has(f, other, &has, &why), ERR_OK);
        assert_false(has);
    }
    dedupe_file_close(f);
    test_dir_remove(&dir);
}

static void repeated_ids_are_stored_once(void **state)
{
    (void)state;
    struct hash128 ids[900];
    for (size_t i = 0; i < 900; i++) {
        ids[i] = (struct hash128){i % 300, i % 300 * 5};
    }
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "a.ids");
    write_file(path, ids, 900);
    struct why why;
    struct dedupe_file *f;
    assert_int_equal(dedupe_file_open(path, &f, &why), ERR_OK);
    assert_int_equal(dedupe_file_count(f), 300); /* 0,0 is written too: the caller leaves it out */
    dedupe_file_close(f);
    test_dir_remove(&dir);
}

static void the_filter_is_small_and_seldom_wrong(void **state)
{
    (void)state;
    enum { COUNT = 100000, TRIALS = 200000 };
    struct rng rng;
    rng_init(&rng, test_seed(13));
    struct hash128 *ids = random_ids(&rng, COUNT);
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "a.ids");
    uint64_t size = write_file(path, ids, COUNT);
    uint64_t pages = (COUNT + DEDUPE_PAGE_IDS - 1) / DEDUPE_PAGE_IDS;
    double bits = 8.0 * (double)(size - pages * DEDUPE_PAGE_BYTES) / COUNT;
    struct why why;
    struct dedupe_file *f;
    assert_int_equal(dedupe_file_open(path, &f, &why), ERR_OK);
    size_t wrong = 0;
    for (size_t i = 0; i < TRIALS; i++) {
        wrong += dedupe_file_may_have(f, random_id(&rng));
    }
    print_message("%.2f bits an id, %.3f %% wrong\n", bits, 100.0 * (double)wrong / TRIALS);
    assert_true(bits <= 12);
    assert_true(wrong < TRIALS / 100);
    dedupe_file_close(f);
    mem_free(ids);
    test_dir_remove(&dir);
}

static void merged_files_hold_the_union(void **state)
{
    (void)state;
    enum { FILES = 7, EACH = 3000 };
    struct rng rng;
    rng_init(&rng, test_seed(14));
    struct test_dir dir = test_dir_create();
    struct hash128 *ids = random_ids(&rng, FILES * EACH);
    const char *paths[FILES];
    char names[FILES][160];
    for (size_t i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%zu.ids", i);
        snprintf(names[i], sizeof(names[i]), "%s", test_path(&dir, name));
        paths[i] = names[i];
        /* each begins with the last 100 of the one before; the third is empty */
        size_t from = i ? i * EACH - 100 : 0;
        write_file(paths[i], ids + from, i == 2 ? 0 : (i + 1) * EACH - from);
    }
    struct why why;
    uint64_t count, size;
    const char *path = test_path(&dir, "all.ids");
    assert_int_equal(dedupe_merge(paths, FILES, path, &count, &size, &why), ERR_OK);
    assert_int_equal(count, (FILES - 1) * EACH + 100);
    assert_int_equal(dedupe_verify(path, &why), ERR_OK);
    struct dedupe *d = dedupe_create();
    assert_int_equal(dedupe_attach(d, path, &why), ERR_OK);
    for (size_t i = 0; i < FILES * EACH; i++) {
        bool in_third = i >= 2 * EACH && i < 3 * EACH - 100;
        assert_int_equal(seen(d, ids[i]), !in_third);
    }
    dedupe_destroy(d);
    mem_free(ids);
    test_dir_remove(&dir);
}

/* Whatever is flipped, verify says ERR_CORRUPT; a look-up never answers wrongly without saying so.
 */
static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    struct rng rng;
    rng_init(&rng, test_seed(15));
    struct hash128 *ids = random_ids(&rng, COUNT);
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "a.ids");
    write_file(path, ids, COUNT);
    struct strbuf bytes = {0};
    struct why why;
    assert_int_equal(fs_read_file(path, SIZE_MAX / 2, &bytes, &why), ERR_OK);
    for (size_t at = 0; at < bytes.len; at += at < 8000 ? 37 : 1) {
        bytes.p[at] = (char)(bytes.p[at] ^ 1 << rng_below(&rng, 8));
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(bytes.p, 1, bytes.len, out), bytes.len);
        fclose(out);
        assert_int_equal(dedupe_verify(path, &why), ERR_CORRUPT);
        struct dedupe *d = dedupe_create();
        if (dedupe_attach(d, path, &why) == ERR_OK) {
            for (size_t i = 0; i < COUNT; i++) {
                bool yes = true;
                enum err err = dedupe_seen(d, ids[i], &yes, &why);
                assert_true(err == ERR_CORRUPT || (err == ERR_OK && yes));
            }
        }
        dedupe_destroy(d);
        write_file(path, ids, COUNT);
        strbuf_reset(&bytes);
        assert_int_equal(fs_read_file(path, SIZE_MAX / 2, &bytes, &why), ERR_OK);
    }
    strbuf_finish(&bytes);
    mem_free(ids);
    test_dir_remove(&dir);
}

static void a_shortened_file_is_refused(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, test_seed(16));
    struct hash128 *ids = random_ids(&rng, 600);
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "a.ids");
    uint64_t size = write_file(path, ids, 600);
    struct why why;
    struct dedupe *d = dedupe_create();
    for (uint64_t keep = size; keep-- > 0;) {
        if (keep > 200 && keep < size - 200 && keep % 97) continue;
        assert_int_equal(truncate(path, (off_t)keep), 0);
        assert_int_equal(dedupe_attach(d, path, &why), ERR_CORRUPT);
        assert_int_equal(dedupe_verify(path, &why), ERR_CORRUPT);
    }
    assert_int_equal(dedupe_attach(d, test_path(&dir, "none.ids"), &why), ERR_NOT_FOUND);
    dedupe_destroy(d);
    mem_free(ids);
    test_dir_remove(&dir);
}

static void a_file_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    struct why why;
    uint64_t size = 42, count = 42;
    struct hash128 id = {1, 2};
    assert_int_equal(dedupe_write("/nonexistent/a.ids", &id, 1, &size, &why), ERR_IO);
    struct test_dir dir = test_dir_create();
    const char *paths[] = {test_path(&dir, "a.ids"), test_path(&dir, "b.ids")};
    write_file(paths[0], &id, 1);
    assert_int_equal(dedupe_merge(paths, 2, test_path(&dir, "c.ids"), &count, &size, &why),
                     ERR_NOT_FOUND);
    assert_int_equal(size, 42);
    assert_int_equal(count, 42);
    assert_false(fs_exists(test_path(&dir, "c.ids")));
    assert_false(fs_exists(test_path(&dir, "c.ids.tmp")));
    test_dir_remove(&dir);
}

static void whichever_call_fails_no_file_is_left(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, test_seed(18));
    struct hash128 *ids = random_ids(&rng, 9000); /* more pages than are written at once */
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "a.ids");
    const char *draft = test_path(&dir, "a.ids.tmp");
    enum err err = ERR_IO;
    int n = 0;
    for (; err != ERR_OK; n++) {
        struct why why;
        uint64_t size = 42;
        countdown = n;
        err = dedupe_write(path, ids, 9000, &size, &why);
        bool failed = countdown < 0;
        countdown = -1;
        assert_int_equal(err, failed ? ERR_IO : ERR_OK);
        assert_int_equal(fs_exists(path), !failed);
        assert_false(fs_exists(draft));
        if (failed) assert_int_equal(size, 42);
    }
    assert_true(n > 7); /* three writes of pages, filter, index, trailer, two syncs, the rename */
    mem_free(ids);
    test_dir_remove(&dir);
}

static void a_million_ids_are_written_fast(void **state)
{
    (void)state;
    enum { COUNT = 1000000 };
    struct rng rng;
    rng_init(&rng, test_seed(17));
    struct hash128 *ids = random_ids(&rng, COUNT);
    struct test_dir dir = test_dir_create();
    double start = test_seconds();
    write_file(test_path(&dir, "a.ids"), ids, COUNT);
    print_message("%d ids written in %.3f s\n", COUNT, test_seconds() - start);
    struct why why;
    assert_int_equal(dedupe_verify(test_path(&dir, "a.ids"), &why), ERR_OK);
    struct dedupe *d = dedupe_create();
    start = test_seconds();
    for (size_t i = 0; i < COUNT; i++) {
        dedupe_add(d, ids[i], i);
    }
    double added = test_seconds();
    dedupe_sealed(d, COUNT / 2);
    print_message("added at %.0f ns each, sealed in %.3f s\n", (added - start) / COUNT * 1e9,
                  test_seconds() - added);
    assert_int_equal(dedupe_recent(d), COUNT - COUNT / 2 - 1);
    dedupe_destroy(d);
    mem_free(ids);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_seen_nothing),
        cmocka_unit_test(no_id_is_never_seen),
        cmocka_unit_test(recent_ids_equal_a_model),
        cmocka_unit_test(a_side_file_holds_its_ids_and_no_others),
        cmocka_unit_test(ids_with_one_hi_over_several_pages_are_found),
        cmocka_unit_test(repeated_ids_are_stored_once),
        cmocka_unit_test(the_filter_is_small_and_seldom_wrong),
        cmocka_unit_test(merged_files_hold_the_union),
        cmocka_unit_test(every_flipped_byte_is_found),
        cmocka_unit_test(a_shortened_file_is_refused),
        cmocka_unit_test(a_file_that_cannot_be_written_leaves_nothing),
        cmocka_unit_test(whichever_call_fails_no_file_is_left),
        cmocka_unit_test(a_million_ids_are_written_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
