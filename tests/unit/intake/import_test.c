/* import_test.c - files into a brand: once, again, with rows and options that are wrong. */
#include "import_place.h"

#include <fcntl.h>

static void a_second_run_adds_nothing(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    static const size_t sizes[] = {300, 5000}; /* one by one, and in bulk */
    uint64_t before = 0;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct strbuf rows = random_rows(i + 1, sizes[i], 100, 10);
        struct import_options o = options_of(IMPORT_CSV, ORDERS_MAP);
        char source[8];
        snprintf(source, sizeof(source), "s%zu", i);
        o.source = source;
        const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
        struct import_counts first = import_one(&p, &o, path);
        assert_int_equal(first.read, sizes[i]);
        assert_int_equal(first.stored + first.rejected + first.duplicate, sizes[i]);
        uint64_t seq = brand_stats(p.brand).seq;
        assert_true(seq >= before + first.stored);
        struct import_counts again = import_one(&p, &o, path);
        expect_counts(&again, sizes[i], 0, first.stored + first.duplicate, first.rejected);
        assert_int_equal(brand_stats(p.brand).seq, seq);
        before = seq;
        strbuf_finish(&rows);
    }
    place_reopen(&p);
    assert_int_equal(brand_stats(p.brand).seq, before);
    place_close(&p);
}

/* What was met once is not checked again: it must mean the same all the same. */
static void one_who_returns_is_who_they_were(void **state)
{
    static const char *const forms[] = {
        "\"user\":\"u1\"",
        "\"user\":\" u1 \"",
        "\"device\":\"u1\"",
        "\"phone\":\"138 0013 8000\"",
        "\"phone\":\"+8613800138000\"",
        "\"user\":\"null\"", /* nobody */
        "\"email\":\"a@EXAMPLE.com\"",
        "\"email\":\"a@example.com\"",
        "\"user\":\"a-long-identity-with-one-end-0001\"",
        "\"user\":\"a-long-identity-wath-one-end-0001\"",
        "\"user\":\"\xe4\xbd\xa0\xe5\xa5\xbd\"",
        "\"user\":\"\\u4f60\\u597d\"",
        "\"user\":\"both\",\"device\":\"u1\"",
        "\"user\":\"null\",\"phone\":\"13800138000\"",
    };
    (void)state;
    struct place p;
    begin(&p);
    struct strbuf rows = {0};
    for (size_t i = 0; i < 250 * COUNT(forms); i++)
        strbuf_addf(&rows, "{\"at\":%zu,\"kind\":\"page.viewed\",\"identities\":{%s}}\n", i,
                    forms[i % COUNT(forms)]);
    struct import_options o = options_of(IMPORT_JSONL, NULL);
    struct import_counts c = import_one(&p, &o, write_rows(&p, "who.jsonl", strbuf_str(&rows)));
    expect_counts(&c, 250 * COUNT(forms), 250 * COUNT(forms), 0, 0);
    assert_int_equal(c.dropped, 500);
    assert_int_equal(c.members_created, 7);
    expect_verified(&p, 7);
    strbuf_finish(&rows);
    place_close(&p);
}

static void content_map_and_group_make_another_import(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    static const char rows[] = "user,at\nu1,2024-01-05\nu2,2024-01-06\n";
    static const struct {
        const char *map, *as, *group, *text;
        uint64_t stored;
    } list[] = {
        {"member=user:user,at=date:at", NULL, NULL, rows, 2},
        {"member=user:user,at=date:at", NULL, NULL, rows, 0},
        {"member=user:user,at=date:at", NULL, "g", rows, 2},
        {"member=user:user,at=date:at", "a.b", "g", rows, 2},
        {"member=user:$1,at=date:at", NULL, NULL, rows, 2},
        {"member=user:user,at=date:at", NULL, NULL, "user,at\nu1,2024-01-05\nu2,2024-01-07\n", 2},
        {"member=user:user,at=date:at", NULL, "g", rows, 0},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct import_options o = options_of(IMPORT_CSV, list[i].map);
        o.as = list[i].as;
        o.group = list[i].group;
        const char *path = write_rows(&p, "rows.csv", str_of(list[i].text));
        struct import_counts c = import_one(&p, &o, path);
        expect_counts(&c, 2, list[i].stored, 2 - list[i].stored, 0);
    }
    place_close(&p);
}

static void ids_of_rows_are_known_across_files(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_JSONL, NULL);
    const char *path = write_rows(
        &p, "a.jsonl",
        STR("{\"id\":\"e1\",\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"u\"}}\n"
            "{\"id\":\"e1\",\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"u\"}}\n"));
    struct import_counts c = import_one(&p, &o, path);
    expect_counts(&c, 2, 1, 1, 0);
    path = write_rows(
        &p, "b.jsonl",
        STR("{\"id\":\"e1\",\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"v\"}}\n"
            "{\"id\":\"e2\",\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"v\"}}\n"));
    c = import_one(&p, &o, path);
    expect_counts(&c, 2, 1, 1, 0);
    place_close(&p);
}

static void rejects_are_written_with_their_place(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    char rejects[160];
    struct strbuf text = {0};
    struct why why = {0};
    struct import_options o = options_of(IMPORT_CSV, "member=user:u,at=date:t");
    snprintf(rejects, sizeof(rejects), "%s/rejects.csv", p.dir);
    o.rejects_path = rejects;
    const char *path =
        write_rows(&p, "rows.csv", STR("u,t\n1,2024-01-05\n=cmd,\"to\nday\"\n2,x\n"));
    struct import_counts c = import_one(&p, &o, path);
    expect_counts(&c, 3, 1, 0, 2);
    place_must(fs_read_file(rejects, 65536, &text, &why), &why, "rejects");
    assert_string_equal(
        text.p, "file,line,column,reason,row\r\n"
                "\"rows.csv\",3,2,\"t: \"\"to day\"\" is not a time\",\"'=cmd,\"\"to\nday\"\"\"\r\n"
                "\"rows.csv\",5,2,\"t: \"\"x\"\" is not a time\",\"2,x\"\r\n");
    strbuf_finish(&text);
    place_close(&p);
}

static void wrong_options_read_nothing(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options list[12];
    for (size_t i = 0; i < COUNT(list); i++)
        list[i] = options_of(IMPORT_CSV, "member=user:u");
    list[0].map = "member=nobody:u";
    list[1].as = "Not A Kind";
    list[2].as = "touch.sent";
    list[3].group = "";
    list[4].format = IMPORT_JSONL;
    list[5].format = IMPORT_IRC;
    list[6].format = IMPORT_COLUMNS;
    list[6].map = NULL;
    list[7].date = "2024-01-05";
    list[8] = options_of(IMPORT_IRC, NULL);
    list[8].date = "2024-13-05";
    list[9] = options_of(IMPORT_IRC, NULL);
    list[9].as = "a.b";
    list[10].map = "";
    list[11].map = "kind=const:member.created";
    const char *path = write_rows(&p, "rows.csv", STR("u\n1\n"));
    for (size_t i = 0; i < COUNT(list); i++) {
        struct import_counts c;
        struct why why = {0};
        enum err err = import_files(p.brand, &list[i], &path, 1, &c, &why);
        bool refused = err == ERR_INVALID || err == ERR_KIND_NOT_ALLOWED;
        if (i == 11) refused = err == ERR_OK && c.rejected == 1; /* told row by row */
        if (!refused) fail_msg("options %zu: %s", i, err_code(err));
        if (i != 11) assert_int_equal(c.read, 0);
    }
    assert_int_equal(brand_stats(p.brand).seq, 0);
    place_close(&p);
}

static void one_missing_file_stops_all_before_anything_is_stored(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_CSV, "member=user:u");
    struct import_counts c;
    struct why why = {0};
    const char *paths[] = {write_rows(&p, "rows.csv", STR("u\n1\n")), "/no/such/file"};
    assert_int_equal(import_files(p.brand, &o, paths, 2, &c, &why), ERR_NOT_FOUND);
    assert_int_equal(c.read, 0);
    assert_int_equal(brand_stats(p.brand).seq, 0);
    place_close(&p);
}

static void renames_follow_members_and_never_merge(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_IRC, NULL);
    o.group = "g";
    const char *path = write_rows(&p, "2024-01-05.log",
                                  STR("=== lurker is now known as lurker2\n"
                                      "[09:00] <a> hi\n[09:01] <x> hi\n"
                                      "=== a is now known as b\n[09:02] <b> me again\n"
                                      "=== b is now known as x\n[09:03] <x> I am x\n"
                                      "=== b is now known as c\n=== c is now known as d\n"
                                      "=== d is now known as e\n=== e is now known as f\n"
                                      "=== f is now known as h\n[09:04] <h> seventh name\n"));
    struct import_counts c = import_one(&p, &o, path);
    /* the lurker's rename stores nothing; b to x is a conflict */
    assert_int_equal(c.read, 13);
    assert_int_equal(c.skipped, 1);
    assert_int_equal(c.stored, 12);
    assert_int_equal(c.members_created, 2);
    assert_int_equal(c.conflicts, 1);
    assert_int_equal(c.merged, 0);
    static const char *const names[][2] = {{"a", "h"}, {"a", "b"}, {"a", "d"}};
    uint32_t first, second;
    struct why why = {0};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct identity one = {IDENTITY_NAME, str_of(names[i][0])};
        struct identity two = {IDENTITY_NAME, str_of(names[i][1])};
        place_must(people_find(p.brand, &one, STR(""), &first, &why), &why, "find");
        place_must(people_find(p.brand, &two, STR(""), &second, &why), &why, "find");
        assert_true(first != 0);
        assert_int_equal(first, second);
    }
    struct identity x = {IDENTITY_NAME, STR("x")}, lurker = {IDENTITY_NAME, STR("lurker2")};
    place_must(people_find(p.brand, &x, STR(""), &second, &why), &why, "find");
    assert_true(second != 0 && second != first);
    place_must(people_find(p.brand, &lurker, STR(""), &second, &why), &why, "find");
    assert_int_equal(second, 0);
    expect_verified(&p, 2);
    place_close(&p);
}

static void names_are_of_their_source(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_CSV, "member=name:n,at=date:t");
    const char *path = write_rows(&p, "rows.csv", STR("n,t\nwang,2024-01-05\n"));
    struct import_counts c = import_one(&p, &o, path);
    assert_int_equal(c.members_created, 1);
    o.source = "shop2";
    c = import_one(&p, &o, path);
    assert_int_equal(c.members_created, 1);
    place_close(&p);
}

static void standard_input_is_imported(void **state)
{
    (void)state;
    struct place p;
    begin(&p);
    struct import_options o = options_of(IMPORT_CSV, "member=user:u,at=date:t");
    const char *path = write_rows(&p, "rows.csv", STR("u,t\n1,2024-01-05\n"));
    o.stdin_fd = open(path, O_RDONLY);
    struct import_counts c = import_one(&p, &o, "-");
    expect_counts(&c, 1, 1, 0, 0);
    close(o.stdin_fd);
    c = import_one(&p, &o, path); /* the same content */
    expect_counts(&c, 1, 0, 1, 0);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_run_adds_nothing),
        cmocka_unit_test(one_who_returns_is_who_they_were),
        cmocka_unit_test(content_map_and_group_make_another_import),
        cmocka_unit_test(ids_of_rows_are_known_across_files),
        cmocka_unit_test(rejects_are_written_with_their_place),
        cmocka_unit_test(wrong_options_read_nothing),
        cmocka_unit_test(one_missing_file_stops_all_before_anything_is_stored),
        cmocka_unit_test(renames_follow_members_and_never_merge),
        cmocka_unit_test(names_are_of_their_source),
        cmocka_unit_test(standard_input_is_imported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
