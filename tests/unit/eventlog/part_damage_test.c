/* part_damage_test.c - damaged, cut and forged parts are refused with file and place, and no merge
 * takes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "eventlog/part_footer.h"
#include "eventlog_test.h"
#include "part_fixture.h"

/* Bytes of a whole file. */
static struct strbuf slurp(const char *path)
{
    struct strbuf bytes = {0};
    struct why why;
    assert_int_equal(fs_read_file(path, 1 << 30, &bytes, &why), ERR_OK);
    return bytes;
}

static void spill(const char *path, const struct strbuf *bytes)
{
    struct why why;
    int fd;
    assert_int_equal(fs_remove(path, &why), ERR_OK); /* truncating would wait for the disk */
    assert_int_equal(fs_create(path, &fd, &why), ERR_OK);
    assert_int_equal(fs_write(fd, bytes->p, bytes->len, &why), ERR_OK);
    fs_close(fd);
}

/* Open and verify; what is wrong with the file, if anything. */
static enum err examine(const char *path, struct why *why)
{
    struct part *p;
    enum err err = part_open(path, &p, why);
    if (err != ERR_OK) return err;
    err = part_verify(p, why);
    part_unref(p);
    return err;
}

static void every_flipped_byte_is_found_and_told_with_file_and_place(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "1.part");
    struct event_maker m;
    struct why why;
    maker_init(&m, test_seed(4));
    write_part(path, maker_events(&m, 300, 10, 1000), 300);
    struct strbuf bytes = slurp(path);
    for (size_t i = 0; i < bytes.len; i++) {
        char was = bytes.p[i];
        bytes.p[i] ^= (char)(1 << rng_below(&m.rng, 8));
        spill(path, &bytes);
        bytes.p[i] = was;
        why = (struct why){0};
        assert_int_equal(examine(path, &why), ERR_CORRUPT);
        assert_int_equal(why.msg, MSG_CORRUPT);
        assert_int_equal(strncmp(why.args, path, strlen(path)), 0);
        uint64_t place = strtoull(why.args + strlen(path) + 1, NULL, 10);
        assert_true(place <= bytes.len);
        /* a chunk is named by its first byte, and the head, footer and tail by the footer's */
        bool flags = i >= 12 && i < PART_HEAD_BYTES;
        assert_true(place <= i || flags);
    }
    spill(path, &bytes);
    assert_int_equal(examine(path, &why), ERR_OK);
    strbuf_finish(&bytes);
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void every_cut_and_every_addition_is_found(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "1.part");
    struct event_maker m;
    struct why why;
    maker_init(&m, test_seed(5));
    write_part(path, maker_events(&m, 40, 10, 1000), 40);
    struct strbuf bytes = slurp(path);
    size_t whole = bytes.len;
    for (bytes.len = 0; bytes.len < whole; bytes.len++) {
        spill(path, &bytes);
        assert_int_equal(examine(path, &why), ERR_CORRUPT);
    }
    bytes.len = whole;
    strbuf_add(&bytes, "\0", 1);
    spill(path, &bytes);
    assert_int_equal(examine(path, &why), ERR_CORRUPT);
    strbuf_finish(&bytes);
    maker_finish(&m);
    test_dir_remove(&dir);
}

static uint64_t footer_offset(const struct strbuf *bytes)
{
    uint64_t offset;
    memcpy(&offset, bytes->p + bytes->len - PART_TAIL_BYTES, sizeof(offset));
    return offset;
}

/* Make the checksum of the footer right again. */
static void resign(struct strbuf *bytes)
{
    struct strbuf all = {0};
    uint64_t offset = footer_offset(bytes);
    strbuf_add(&all, bytes->p, PART_HEAD_BYTES);
    strbuf_add(&all, bytes->p + offset, bytes->len - 16 - offset);
    uint64_t sum = hash_xxh3(all.p, all.len);
    memcpy(bytes->p + bytes->len - 16, &sum, sizeof(sum));
    strbuf_finish(&all);
}

static void what_a_newer_version_wrote_is_told_from_damage(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "1.part");
    struct event ev = {.kind = 1, .amount = HISTORY_NO_AMOUNT};
    write_part(path, &ev, 1);
    struct strbuf bytes = slurp(path);
    /* in the one group of the footer: first chunk's id, space, codec, reserved; group's reserved */
    size_t chunk = footer_offset(&bytes) + 48 + 40;
    const size_t places[] = {8,         12,        bytes.len - 20, chunk,
                             chunk + 4, chunk + 5, chunk + 6,      chunk - 28};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct why why = {0};
        char was = bytes.p[places[i]];
        bytes.p[places[i]] = 99;
        resign(&bytes);
        spill(path, &bytes);
        bytes.p[places[i]] = was;
        assert_int_equal(examine(path, &why), ERR_CORRUPT);
        assert_int_equal(why.msg, MSG_NEWER);
        char text[300];
        why_text(&why, LANG_EN, text, sizeof(text));
        assert_non_null(strstr(text, "written by a newer version"));
    }
    strbuf_finish(&bytes);
    test_dir_remove(&dir);
}

/* Each chunk's checksum made right too, so that only the decoders stand in the way. */
static void forged_parts_are_refused_or_read_as_sound_events(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    const char *path = test_path(&dir, "1.part");
    struct event_maker m;
    size_t refused = 0;
    maker_init(&m, test_seed(6));
    write_part(path, maker_events(&m, 200, 10, 1000), 200);
    struct strbuf bytes = slurp(path);
    for (unsigned trial = 0; trial < 3000; trial++) {
        struct strbuf forged = {0};
        struct part *p;
        struct why why;
        strbuf_add_str(&forged, strbuf_str(&bytes));
        uint64_t footer = footer_offset(&bytes);
        size_t place = trial % 2 ? rng_below(&m.rng, footer) : footer + rng_below(&m.rng, 600);
        forged.p[place] = (char)rng_next(&m.rng);
        for (size_t at = footer + 48; at + 48 < bytes.len; at++) {
            uint64_t start;
            uint32_t len;
            memcpy(&start, forged.p + at + 8, sizeof(start));
            memcpy(&len, forged.p + at + 16, sizeof(len));
            if (start < 16 || start > footer || len > footer - start || place < start ||
                place >= start + len || trial % 2 == 0) {
                continue;
            }
            uint64_t sum = hash_xxh3(forged.p + start, len);
            memcpy(forged.p + at + 24, &sum, sizeof(sum));
            break;
        }
        resign(&forged);
        spill(path, &forged);
        if (part_open(path, &p, &why) == ERR_OK) {
            struct part_cursor *c;
            const struct event *ev;
            enum err err = part_cursor_open(p, &c, &why);
            while (err == ERR_OK) {
                err = part_cursor_next(c, &ev, &why);
                if (err == ERR_OK) assert_sound(ev);
            }
            assert_true(err == ERR_NOT_FOUND || err == ERR_CORRUPT);
            part_cursor_close(c);
            refused += part_verify(p, &why) != ERR_OK;
            part_unref(p);
        } else {
            refused++;
        }
        strbuf_finish(&forged);
    }
    assert_in_range(refused, 1000, 3000);
    strbuf_finish(&bytes);
    maker_finish(&m);
    test_dir_remove(&dir);
}

static void a_damaged_source_stops_the_merge_and_leaves_no_file(void **state)
{
    (void)state;
    struct test_dir dir = test_dir_create();
    struct event_maker m;
    maker_init(&m, test_seed(9));
    struct event *events = maker_events(&m, 66000, 100, 1000);
    write_part(test_path(&dir, "0.part"), events, 66000);
    write_part(test_path(&dir, "1.part"), events, 66000);
    struct strbuf bytes = slurp(test_path(&dir, "1.part"));
    bytes.p[footer_offset(&bytes) - 100] ^= 1; /* in the last group, or the strings */
    spill(test_path(&dir, "1.part"), &bytes);
    struct part *list[2] = {open_part(test_path(&dir, "0.part")),
                            open_part(test_path(&dir, "1.part"))};
    struct part_info info;
    struct why why = {0};
    const char *all = test_path(&dir, "all.part");
    struct part_sources from = {.parts = list, .part_count = 2};
    assert_int_equal(part_merge(&from, all, NULL, &info, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.args, "1.part"));
    assert_false(fs_exists(test_path(&dir, "all.part")));
    assert_false(fs_exists(test_path(&dir, "all.part.tmp")));
    part_unref(list[0]);
    part_unref(list[1]);
    strbuf_finish(&bytes);
    maker_finish(&m);
    test_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_byte_is_found_and_told_with_file_and_place),
        cmocka_unit_test(every_cut_and_every_addition_is_found),
        cmocka_unit_test(what_a_newer_version_wrote_is_told_from_damage),
        cmocka_unit_test(forged_parts_are_refused_or_read_as_sound_events),
        cmocka_unit_test(a_damaged_source_stops_the_merge_and_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
