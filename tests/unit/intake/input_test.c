/* input_test.c - files as they come: packed, cut, in other encodings, on standard input. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/env.h"
#include "base/fs.h"
#include "base/mem.h"
#include "intake/input.h"
#include "intake/window.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/wf-input-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

static const char *write_file(const char *name, const void *p, size_t len)
{
    static char path[128];
    struct why why = {0};
    int fd;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(fs_create(path, &fd, &why), ERR_OK);
    assert_int_equal(fs_write(fd, p, len, &why), ERR_OK);
    fs_close(fd);
    return path;
}

static enum err open_it(const char *path, bool recode, int stdin_fd, struct input **out,
                        struct why *why)
{
    struct input_options o = {.stdin_fd = stdin_fd, .spool_dir = dir, .recode = recode};
    *why = (struct why){0};
    return input_open(path, &o, out, why);
}

/* Everything it gives, in pieces of 'piece' bytes. */
static struct strbuf drain(struct input *in, size_t piece)
{
    struct strbuf b = {0};
    struct why why = {0};
    char *p = mem_alloc(piece);
    for (size_t len = 1; len > 0;) {
        assert_int_equal(input_read(in, p, piece, &len, &why), ERR_OK);
        strbuf_add(&b, p, len);
    }
    mem_free(p);
    if (!b.p) strbuf_add_text(&b, "");
    return b;
}

static void expect_text(const char *path, bool recode, int stdin_fd, struct str want)
{
    static const size_t pieces[] = {64, 1000, 1 << 20};
    for (size_t i = 0; i < (stdin_fd < 0 ? COUNT(pieces) : 1); i++) {
        struct input *in;
        struct why why;
        assert_int_equal(open_it(path, recode, stdin_fd, &in, &why), ERR_OK);
        struct strbuf got = drain(in, pieces[i]);
        if (!str_eq(strbuf_str(&got), want))
            fail_msg("%s: got %zu bytes, want %zu", path, got.len, want.len);
        assert_true(input_progress(in) == 1);
        strbuf_finish(&got);
        input_close(in);
    }
}

static struct strbuf lines(size_t count)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&b, "row %zu, %zu\n", i, i * i);
    return b;
}

static void add_gzip(struct strbuf *out, struct str s)
{
    z_stream z = {0};
    uLong room = compressBound(s.len) + 64;
    unsigned char *p = mem_alloc(room);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)s.p;
    z.avail_in = (uInt)s.len;
    z.next_out = p;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    strbuf_add(out, p, room - z.avail_out);
    deflateEnd(&z);
    mem_free(p);
}

static void add_zstd(struct strbuf *out, struct str s)
{
    size_t room = ZSTD_compressBound(s.len);
    void *p = mem_alloc(room);
    size_t len = ZSTD_compress(p, room, s.p, s.len, 3);
    assert_false(ZSTD_isError(len));
    strbuf_add(out, p, len);
    mem_free(p);
}

static void lines_are_counted_wherever_they_end(void **state)
{
    (void)state;
    for (size_t len = 0; len < 20000; len += len < 100 ? 1 : 911) {
        struct strbuf b = {0};
        uint64_t ends = 0;
        for (size_t i = 0; i < len; i++) {
            bool end = len % 3 ? i * i % 7 == 3 : true;
            strbuf_add_char(&b, end ? '\n' : 'x');
            ends += end;
        }
        struct input *in;
        struct why why;
        const char *path = write_file("ends", b.p ? b.p : "", b.len);
        assert_int_equal(open_it(path, true, -1, &in, &why), ERR_OK);
        assert_int_equal(input_get_info(in)->lines, ends);
        input_close(in);
        strbuf_finish(&b);
    }
}

static void files_are_unpacked_by_their_first_bytes(void **state)
{
    (void)state;
    struct strbuf text = lines(100000);
    struct str s = strbuf_str(&text), half = {s.p, s.len / 2},
               rest = {s.p + s.len / 2, s.len - s.len / 2};
    struct sha256 sha = sha256_of(s.p, s.len);
    for (int packing = 0; packing < 5; packing++) {
        struct strbuf b = {0};
        if (packing == 0) strbuf_add_str(&b, s);
        if (packing == 1) add_gzip(&b, s);
        if (packing == 2) add_zstd(&b, s);
        if (packing == 3) add_gzip(&b, half), add_gzip(&b, rest);
        if (packing == 4) add_zstd(&b, half), add_zstd(&b, rest);
        const char *path = write_file("packed", b.p, b.len);
        expect_text(path, true, -1, s);
        struct input *in;
        struct why why;
        assert_int_equal(open_it(path, true, -1, &in, &why), ERR_OK);
        const struct input_info *info = input_get_info(in);
        assert_memory_equal(info->content.bytes, sha.bytes, 32);
        assert_int_equal(info->lines, 100000);
        assert_int_equal(info->bytes, s.len);
        input_close(in);
        strbuf_finish(&b);
    }
    strbuf_finish(&text);
}

static void damaged_and_cut_files_are_refused_when_opened(void **state)
{
    (void)state;
    struct strbuf text = lines(50000);
    for (int packing = 0; packing < 2; packing++) {
        struct strbuf b = {0};
        if (packing == 0) add_gzip(&b, strbuf_str(&text));
        if (packing == 1) add_zstd(&b, strbuf_str(&text));
        static const double cuts[] = {0.1, 0.5, 0.99};
        for (size_t i = 0; i < COUNT(cuts); i++) {
            struct input *in;
            struct why why;
            const char *path = write_file("cut", b.p, (size_t)((double)b.len * cuts[i]));
            assert_int_equal(open_it(path, true, -1, &in, &why), ERR_CORRUPT);
            assert_int_equal(why.msg, MSG_IMPORT_UNPACK);
            assert_non_null(strstr(why.args, path));
        }
        struct input *in;
        struct why why;
        b.p[b.len / 2] ^= 0x55;
        b.p[b.len / 2 + 1] ^= 0x55;
        enum err err = open_it(write_file("bent", b.p, b.len), true, -1, &in, &why);
        if (packing == 0) assert_int_equal(err, ERR_CORRUPT);
        if (err == ERR_OK) input_close(in); /* zstd without a checksum may not notice */
        strbuf_finish(&b);
    }
    strbuf_finish(&text);
}

static void bytes_behind_a_packed_file_are_damage(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct input *in;
    struct why why;
    add_gzip(&b, STR("a\n"));
    strbuf_add_text(&b, "garbage");
    assert_int_equal(open_it(write_file("tail", b.p, b.len), true, -1, &in, &why), ERR_CORRUPT);
    strbuf_finish(&b);
}

static void a_missing_file_is_not_found(void **state)
{
    (void)state;
    struct input *in;
    struct why why;
    assert_int_equal(open_it("/no/such/file", true, -1, &in, &why), ERR_NOT_FOUND);
}

static void encodings_are_told_by_the_whole_file(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
        enum input_encoding encoding;
    } list[] = {
        {"a,\xE4\xB8\xAD\n", 6, "a,中\n", INPUT_UTF8},
        {"\xEF\xBB\xBF"
         "a,\xE4\xB8\xAD\n",
         9, "a,中\n", INPUT_UTF8},
        {"a,\xD6\xD0\xB9\xFA\n", 7, "a,中国\n", INPUT_GB18030},
        {"\x81\x30\x81\x30 \x95\x32\x82\x36\n", 10, "\xC2\x80 𠀀\n", INPUT_GB18030},
        {"\xFF\xFE"
         "a\0\t\0\x2D\x4E\n\0",
         10, "a\t中\n", INPUT_UTF16LE},
        {"\xFE\xFF\0a\0\t\x4E\x2D\0\n", 10, "a\t中\n", INPUT_UTF16BE},
        {"a\0,\0b\0\n\0", 8, "a,b\n", INPUT_UTF16LE},
        {"\x2D\x4E\xFD\x56,\0\x2D\x4E\n\0", 10, "中国,中\n", INPUT_UTF16LE},
        {"\x0A\x4E\xFD\x56\n\0", 6, "上国\n", INPUT_UTF16LE},
        {"\xFF\xFE\x3D\xD8\x00\xDE\n\0", 8, "😀\n", INPUT_UTF16LE},
        {"\xFF\xFE\x3D\xD8\n\0", 6, "\xEF\xBF\xBD\n", INPUT_UTF16LE},
        {"\xFF\xFE"
         "a\0b",
         5, "a\xEF\xBF\xBD", INPUT_UTF16LE},
        {"abc \xFF\xFF\n", 7, "abc \xFF\xFF\n", INPUT_UTF8},
        {"", 0, "", INPUT_UTF8},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        const char *path = write_file("encoded", list[i].bytes, list[i].len);
        struct input *in;
        struct why why;
        assert_int_equal(open_it(path, true, -1, &in, &why), ERR_OK);
        if (input_get_info(in)->encoding != list[i].encoding) fail_msg("case %zu", i);
        input_close(in);
        expect_text(path, true, -1, str_of(list[i].text));
    }
}

/* One byte that is not UTF-8 near the end decides for the whole; and nothing is lost where chunks
 * meet. */
static void long_files_are_recoded_without_seams(void **state)
{
    (void)state;
    struct strbuf gb = {0}, utf8 = {0};
    for (int i = 0; i < 200000; i++) {
        strbuf_add_text(&gb, i % 7 ? "\xD6\xD0" : "a");
        strbuf_add_text(&utf8, i % 7 ? "中" : "a");
    }
    expect_text(write_file("long", gb.p, gb.len), true, -1, strbuf_str(&utf8));
    expect_text(write_file("long8", utf8.p, utf8.len), true, -1, strbuf_str(&utf8));
    expect_text(write_file("asis", gb.p, gb.len), false, -1, strbuf_str(&gb));
    strbuf_finish(&gb);
    strbuf_finish(&utf8);
}

static void standard_input_leaves_no_file_behind(void **state)
{
    (void)state;
    struct strbuf text = lines(30000);
    struct strbuf packed = {0};
    add_gzip(&packed, strbuf_str(&text));
    const char *path = write_file("stdin", packed.p, packed.len);
    int fd = open(path, O_RDONLY);
    unlink(path);
    expect_text("-", true, fd, strbuf_str(&text));
    close(fd);
    strbuf_finish(&text);
    strbuf_finish(&packed);
    char command[128];
    snprintf(command, sizeof(command), "test -z \"$(ls %s | grep spool)\"", dir);
    assert_int_equal(system(command), 0);
}

/* ---- lines over chunks ---- */

static void lines_come_whole_whatever_their_length(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    struct strbuf text = {0};
    size_t lengths[600];
    for (size_t i = 0; i < COUNT(lengths); i++) {
        lengths[i] = rng_below(&rng, i % 50 == 0 ? 700000 : 5000);
        for (size_t k = 0; k < lengths[i]; k++)
            strbuf_add_char(&text, (char)('a' + (i + k) % 26));
        strbuf_add_text(&text, i % 3 ? "\n" : "\r\n");
    }
    struct input *in;
    struct why why;
    assert_int_equal(open_it(write_file("lines", text.p, text.len), true, -1, &in, &why), ERR_OK);
    struct arena *a = arena_create(0), *b = arena_create(0);
    struct window w;
    window_init(&w, in, a);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct line line;
        bool more;
        if (i % 100 == 99) window_move(&w, i % 200 == 199 ? a : b);
        assert_int_equal(window_line(&w, &line, &more, &why), ERR_OK);
        assert_true(more);
        assert_int_equal(line.number, i + 1);
        assert_int_equal(line.text.len, lengths[i]);
        for (size_t k = 0; k < lengths[i]; k += 997)
            assert_int_equal(line.text.p[k], 'a' + (int)((i + k) % 26));
    }
    struct line line;
    bool more;
    assert_int_equal(window_line(&w, &line, &more, &why), ERR_OK);
    assert_false(more);
    input_close(in);
    arena_destroy(a);
    arena_destroy(b);
    strbuf_finish(&text);
}

/* The end of the first chunk that is read cuts no pair of \r and \n in two. */
static void line_ends_are_told_by_the_first_of_them(void **state)
{
    (void)state;
    static const char *const ends[] = {"\r", "\n", "\r\n"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct strbuf text = {0};
        struct input *in;
        struct why why;
        for (int line = 0; line < 100000; line++)
            strbuf_addf(&text, "line %d%s", line, ends[i]);
        assert_int_equal(open_it(write_file("ends", text.p, text.len), true, -1, &in, &why),
                         ERR_OK);
        struct arena *a = arena_create(0);
        struct window w;
        struct line line;
        bool more;
        window_init(&w, in, a);
        for (int n = 0; n < 100000; n++) {
            char want[32];
            assert_int_equal(window_line(&w, &line, &more, &why), ERR_OK);
            snprintf(want, sizeof(want), "line %d", n);
            assert_true(more && str_is(line.text, want));
        }
        assert_int_equal(window_line(&w, &line, &more, &why), ERR_OK);
        assert_false(more);
        input_close(in);
        arena_destroy(a);
        strbuf_finish(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends_are_told_by_the_first_of_them),
        cmocka_unit_test(lines_are_counted_wherever_they_end),
        cmocka_unit_test(files_are_unpacked_by_their_first_bytes),
        cmocka_unit_test(damaged_and_cut_files_are_refused_when_opened),
        cmocka_unit_test(bytes_behind_a_packed_file_are_damage),
        cmocka_unit_test(a_missing_file_is_not_found),
        cmocka_unit_test(encodings_are_told_by_the_whole_file),
        cmocka_unit_test(long_files_are_recoded_without_seams),
        cmocka_unit_test(standard_input_leaves_no_file_behind),
        cmocka_unit_test(lines_come_whole_whatever_their_length),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
