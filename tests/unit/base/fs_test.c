/* fs_test.c - files in a directory of their own, and system calls that fail on plan.
 *
 * The calls of fs.c are defined here, in the program, so the linker prefers them: each asks the
 * plan first and then goes to the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

/* Which call fails, how, and which succeed by a byte at a time. */
static struct {
    const char *call; /* NULL = every one */
    int countdown;    /* fail when it reaches 0; < 0 = no plan */
    int code;         /* errno of the failure */
    bool sticky;      /* all after it too */
    bool small;       /* reads and writes move one byte */
    int made;         /* calls since plan() */
} faults = {.countdown = -1};

static void plan(const char *call, int nth, int code, bool sticky)
{
    faults.call = call;
    faults.countdown = nth;
    faults.code = code;
    faults.sticky = sticky;
    faults.made = 0;
}

static void no_plan(void)
{
    plan(NULL, -1, 0, false);
    faults.small = false;
}

static bool fails(const char *call)
{
    if (faults.call && strcmp(faults.call, call) != 0) return false;
    faults.made++;
    if (faults.countdown < 0) return false;
    if (faults.countdown > 0 && --faults.countdown > 0) return false;
    if (!faults.sticky) faults.countdown = -1;
    errno = faults.code;
    return true;
}

ssize_t write(int fd, const void *p, size_t len)
{
    if (fd > 2 && fails("write")) return -1;
    return syscall(SYS_write, fd, p, fd > 2 && faults.small && len ? 1 : len);
}

ssize_t read(int fd, void *p, size_t len)
{
    if (fails("read")) return -1;
    return syscall(SYS_read, fd, p, faults.small && len ? 1 : len);
}

ssize_t pread(int fd, void *p, size_t len, off_t offset)
{
    if (fails("pread")) return -1;
    return syscall(SYS_pread64, fd, p, faults.small && len ? 1 : len, offset);
}

int fsync(int fd)
{
    return fails("fsync") ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    return fails("rename") ? -1 : (int)syscall(SYS_rename, from, to);
}

static char dir[64];
static char path_buffer[8][256];

/* A path in the test's directory; eight live at a time. */
static const char *in_dir(const char *name)
{
    static size_t turn;
    char *out = path_buffer[turn++ % 8];
    snprintf(out, sizeof(path_buffer[0]), "%s/%s", dir, name);
    return out;
}

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/wellfield-fs-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static bool remove_entry(void *ctx, const char *name)
{
    (void)ctx;
    const char *path = in_dir(name);
    if (remove(path) != 0) fail_msg("could not remove %s", path);
    return true;
}

static int drop_dir(void **state)
{
    (void)state;
    no_plan();
    if (fs_list(dir, remove_entry, NULL, NULL) != ERR_OK) return -1;
    return rmdir(dir);
}

static void assert_content(const char *path, const char *expected)
{
    struct strbuf b = {0};
    assert_int_equal(fs_read_file(path, 1000000, &b, NULL), ERR_OK);
    assert_string_equal(b.p, expected);
    strbuf_finish(&b);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void written_bytes_are_read_back(void **state)
{
    (void)state;
    const char *path = in_dir("a");
    char out[5] = "";
    uint64_t size = 0;
    int fd = -1;
    assert_int_equal(fs_create(path, &fd, NULL), ERR_OK);
    assert_int_equal(fs_write(fd, "hello", 5, NULL), ERR_OK);
    assert_int_equal(fs_sync(fd, NULL), ERR_OK);
    fs_close(fd);
    assert_int_equal(fs_open_append(path, &fd, NULL), ERR_OK);
    assert_int_equal(fs_write(fd, " world", 6, NULL), ERR_OK);
    fs_close(fd);
    assert_int_equal(fs_open_read(path, &fd, NULL), ERR_OK);
    assert_int_equal(fs_size(fd, &size, NULL), ERR_OK);
    assert_int_equal(size, 11);
    assert_int_equal(fs_read_at(fd, out, 5, 6, NULL), ERR_OK);
    assert_memory_equal(out, "world", 5);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    fs_close(fd);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_content(path, "hello world");
    fs_close(-1);
}

static void reading_past_the_end_names_file_and_offset(void **state)
{
    (void)state;
    const char *path = in_dir("short");
    char out[8];
    char text[500];
    struct why why;
    int fd = -1;
    assert_int_equal(fs_publish(path, "12345", 5, NULL), ERR_OK);
    assert_int_equal(fs_open_read(path, &fd, NULL), ERR_OK);
    assert_int_equal(fs_read_at(fd, out, 8, 2, &why), ERR_CORRUPT);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_non_null(strstr(text, path));
    assert_non_null(strstr(text, "at byte 5"));
    assert_int_equal(fs_read_at(fd, out, 1, UINT64_MAX, &why), ERR_CORRUPT);
    assert_int_equal(fs_read_at(fd, out, 0, 5, &why), ERR_OK);
    fs_close(fd);
}

static void a_missing_file_is_told_apart(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct why why;
    char text[500];
    int fd = -42;
    assert_int_equal(fs_open_read(in_dir("none"), &fd, &why), ERR_NOT_FOUND);
    assert_int_equal(why.err, ERR_NOT_FOUND);
    assert_int_equal(fd, -42);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_non_null(strstr(text, "could not open \""));
    assert_non_null(strstr(text, "No such file or directory"));
    assert_int_equal(fs_read_file(in_dir("none"), 10, &b, &why), ERR_NOT_FOUND);
    assert_int_equal(fs_remove(in_dir("none"), &why), ERR_OK);
    assert_int_equal(fs_open_read(dir, &fd, NULL), ERR_OK);
    fs_close(fd);
    assert_int_equal(fs_read_file(dir, 10, &b, &why), ERR_IO);
    assert_int_equal(fs_create(in_dir("none/x"), &fd, &why), ERR_IO);
    strbuf_finish(&b);
}

static void a_file_over_its_limit_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    const char *path = in_dir("big");
    struct strbuf b = {0};
    struct why why;
    assert_int_equal(fs_publish(path, "1234567890", 10, NULL), ERR_OK);
    strbuf_add_text(&b, "kept");
    assert_int_equal(fs_read_file(path, 9, &b, &why), ERR_TOO_LARGE);
    assert_string_equal(b.p, "kept");
    assert_int_equal(b.len, 4);
    assert_int_equal(fs_read_file(path, 10, &b, &why), ERR_OK);
    assert_string_equal(b.p, "kept1234567890");
    strbuf_finish(&b);
}

static void directories_are_made_once_and_synced(void **state)
{
    (void)state;
    struct why why;
    const char *path = in_dir("sub");
    assert_int_equal(fs_make_dir(path, &why), ERR_OK);
    assert_int_equal(fs_make_dir(path, &why), ERR_OK);
    assert_int_equal(fs_sync_dir(path, &why), ERR_OK);
    assert_true(fs_exists(path));
    assert_int_equal(fs_publish(in_dir("file"), "", 0, &why), ERR_OK);
    assert_int_equal(fs_make_dir(in_dir("file"), &why), ERR_IO);
    assert_int_equal(fs_sync_dir(in_dir("file"), &why), ERR_IO);
    assert_int_equal(fs_make_dir(in_dir("no/deep"), &why), ERR_IO);
    assert_int_equal(fs_remove(path, &why), ERR_IO);
    assert_false(fs_exists(in_dir("no")));
}

static void a_tree_is_removed_and_what_it_links_to_is_not(void **state)
{
    (void)state;
    struct why why;
    char top[300];
    snprintf(top, sizeof(top), "%s", in_dir("top"));
    assert_int_equal(fs_publish(in_dir("kept"), "x", 1, &why), ERR_OK);
    assert_int_equal(fs_make_dir(top, &why), ERR_OK);
    assert_int_equal(fs_make_dir(in_dir("top/deep"), &why), ERR_OK);
    assert_int_equal(fs_publish(in_dir("top/deep/file"), "x", 1, &why), ERR_OK);
    assert_int_equal(symlink("../kept", in_dir("top/link")), 0);
    assert_int_equal(symlink("nothing", in_dir("top/broken")), 0);
    assert_int_equal(fs_remove_tree(top, &why), ERR_OK);
    assert_false(fs_exists(top));
    assert_true(fs_exists(in_dir("kept")));
    assert_int_equal(fs_remove_tree(top, &why), ERR_OK);
    assert_int_equal(fs_remove_tree(in_dir("kept"), &why), ERR_OK);
    assert_false(fs_exists(in_dir("kept")));
}

static bool collect(void *ctx, const char *name)
{
    strbuf_addf(ctx, "%s ", name);
    return true;
}

static bool collect_two(void *ctx, const char *name)
{
    struct strbuf *b = ctx;
    strbuf_addf(b, "%s ", name);
    return b->len < 4;
}

static void names_are_listed_in_order(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct why why;
    assert_int_equal(fs_list(dir, collect, &b, &why), ERR_OK);
    assert_int_equal(b.len, 0);
    static const char *const names[] = {"c", "a", "b", "B", "10", "9"};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(fs_publish(in_dir(names[i]), "", 0, &why), ERR_OK);
    }
    assert_int_equal(fs_list(dir, collect, &b, &why), ERR_OK);
    assert_string_equal(b.p, "10 9 B a b c ");
    strbuf_reset(&b);
    assert_int_equal(fs_list(dir, collect_two, &b, &why), ERR_OK);
    assert_string_equal(b.p, "10 9 ");
    assert_int_equal(fs_list(in_dir("none"), collect, &b, &why), ERR_IO);
    strbuf_finish(&b);
}

static void a_lock_is_held_until_closed(void **state)
{
    (void)state;
    const char *path = in_dir("LOCK");
    struct why why;
    char text[500];
    int fd = -1;
    int second = -42;
    assert_int_equal(fs_lock(path, &fd, &why), ERR_OK);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int mine = -1;
        _exit(fs_lock(path, &mine, NULL) == ERR_LOCKED ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    int before = open_descriptors();
    assert_int_equal(fs_lock(path, &second, &why), ERR_LOCKED);
    assert_int_equal(second, -42);
    assert_int_equal(open_descriptors(), before);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_non_null(strstr(text, "is in use by another process"));
    fs_close(fd);
    assert_int_equal(fs_lock(path, &second, &why), ERR_OK);
    fs_close(second);
}

static void short_counts_and_interruptions_are_finished(void **state)
{
    (void)state;
    static const char *const calls[] = {"write", "read", "pread", "fsync"};
    char out[10];
    for (size_t i = 0; i < 4; i++) {
        for (int nth = 1; nth <= 10; nth++) {
            int fd = -1;
            plan(calls[i], nth, EINTR, false);
            faults.small = true;
            assert_int_equal(fs_publish(in_dir("x"), "0123456789", 10, NULL), ERR_OK);
            assert_content(in_dir("x"), "0123456789");
            assert_int_equal(fs_open_read(in_dir("x"), &fd, NULL), ERR_OK);
            assert_int_equal(fs_read_at(fd, out, 10, 0, NULL), ERR_OK);
            assert_memory_equal(out, "0123456789", 10);
            fs_close(fd);
        }
    }
    no_plan();
}

static void a_full_disk_is_no_space_and_any_other_fault_io(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum err err;
    } faulty[] = {{ENOSPC, ERR_NO_SPACE}, {EDQUOT, ERR_NO_SPACE}, {EIO, ERR_IO}, {EROFS, ERR_IO}};
    int fd = -1;
    assert_int_equal(fs_create(in_dir("x"), &fd, NULL), ERR_OK);
    for (size_t i = 0; i < 4; i++) {
        struct why why;
        plan("write", 1, faulty[i].code, false);
        assert_int_equal(fs_write(fd, "a", 1, &why), faulty[i].err);
        assert_int_equal(why.err, faulty[i].err);
        plan("fsync", 1, faulty[i].code, false);
        assert_int_equal(fs_sync(fd, &why), ERR_IO);
        assert_int_equal(why.err, ERR_IO);
    }
    no_plan();
    fs_close(fd);
}

/* One whole life of a published file, under the plan. */
static enum err publish_again(void)
{
    TRY(fs_publish(in_dir("x"), "new content", 11, NULL));
    return ERR_OK;
}

static void a_fault_anywhere_in_publishing_leaves_old_or_new(void **state)
{
    (void)state;
    static const int codes[] = {EIO, ENOSPC};
    int before = open_descriptors();
    for (size_t k = 0; k < 4; k++) {
        enum err err = ERR_IO;
        for (int nth = 1; err != ERR_OK; nth++) {
            assert_true(nth < 20);
            no_plan();
            assert_int_equal(fs_publish(in_dir("x"), "old", 3, NULL), ERR_OK);
            plan(NULL, nth, codes[k % 2], k >= 2);
            err = publish_again();
            no_plan();
            struct strbuf b = {0};
            assert_int_equal(fs_read_file(in_dir("x"), 100, &b, NULL), ERR_OK);
            bool is_new = str_is(strbuf_str(&b), "new content");
            assert_true(is_new || (str_is(strbuf_str(&b), "old") && err != ERR_OK));
            assert_false(fs_exists(in_dir("x.tmp")));
            strbuf_finish(&b);
        }
    }
    assert_int_equal(open_descriptors(), before);
}

static void publishing_syncs_the_file_and_then_the_directory(void **state)
{
    (void)state;
    plan("fsync", -1, 0, false);
    assert_int_equal(fs_publish(in_dir("x"), "1", 1, NULL), ERR_OK);
    assert_int_equal(faults.made, 2);
    no_plan();
}

static void a_link_is_a_second_name_for_the_same_bytes(void **state)
{
    (void)state;
    struct why why = {0};
    struct strbuf text = {0};
    const char *inner = in_dir("inner");
    char to[300];
    snprintf(to, sizeof(to), "%s/b", inner);
    assert_int_equal(fs_publish(in_dir("a"), "one", 3, &why), ERR_OK);
    assert_int_equal(fs_make_dir(inner, &why), ERR_OK);
    assert_int_equal(fs_link(in_dir("a"), to, &why), ERR_OK);
    assert_int_equal(fs_link(in_dir("a"), to, &why), ERR_IO); /* the name is taken */
    assert_int_equal(fs_link(in_dir("none"), in_dir("c"), &why), ERR_IO);
    assert_int_equal(fs_remove(in_dir("a"), &why), ERR_OK);
    assert_int_equal(fs_read_file(to, 100, &text, &why), ERR_OK);
    assert_string_equal(text.p, "one");
    assert_int_equal(fs_remove_tree(inner, &why), ERR_OK);
    strbuf_finish(&text);
}

static void a_scratch_file_has_no_name_and_leaves_none_when_it_fails(void **state)
{
    (void)state;
    struct why why;
    int write_fd, read_fd;
    char text[4] = "";
    assert_int_equal(fs_scratch(in_dir("scratch"), &write_fd, &read_fd, &why), ERR_OK);
    assert_false(fs_exists(in_dir("scratch")));
    assert_int_equal(fs_write(write_fd, "abc", 3, &why), ERR_OK);
    assert_int_equal(fs_read_at(read_fd, text, 3, 0, &why), ERR_OK);
    assert_string_equal(text, "abc");
    fs_close(write_fd);
    fs_close(read_fd);
    assert_int_not_equal(fs_scratch(in_dir("none/scratch"), &write_fd, &read_fd, &why), ERR_OK);
    assert_int_equal(write_fd, -1);
    assert_int_equal(read_fd, -1);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        IN_DIR(written_bytes_are_read_back),
        IN_DIR(a_link_is_a_second_name_for_the_same_bytes),
        IN_DIR(a_scratch_file_has_no_name_and_leaves_none_when_it_fails),
        IN_DIR(reading_past_the_end_names_file_and_offset),
        IN_DIR(a_missing_file_is_told_apart),
        IN_DIR(a_file_over_its_limit_leaves_the_buffer_as_it_was),
        IN_DIR(directories_are_made_once_and_synced),
        IN_DIR(a_tree_is_removed_and_what_it_links_to_is_not),
        IN_DIR(names_are_listed_in_order),
        IN_DIR(a_lock_is_held_until_closed),
        IN_DIR(short_counts_and_interruptions_are_finished),
        IN_DIR(a_full_disk_is_no_space_and_any_other_fault_io),
        IN_DIR(a_fault_anywhere_in_publishing_leaves_old_or_new),
        IN_DIR(publishing_syncs_the_file_and_then_the_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
