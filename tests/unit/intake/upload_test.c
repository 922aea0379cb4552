/* upload_test.c - files to import: in pieces, held by one at a time, gone when their time is over.
 */
#include "intake/upload.h"

#include "account/store.h"
#define PLACE_MODULES &people_module, &import_module
#define PLACE_SERVER_TABLES account_migrations

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <time.h>

#include "base/fs.h"
#include "brand_place.h"
#include "intake/preview.h"

#define DAY_MS INT64_C(86400000)
#define ROWS "手机号,昵称\n13800138000,小王\n"

static const struct principal who = {.kind = PRINCIPAL_KEY, .number = 3, .name = "key:3"};

struct here {
    struct place place;
    struct uploads *uploads;
    struct arena *arena;
};

static void begin(struct here *h)
{
    struct why why = {0};
    place_open(&h->place, "Asia/Shanghai");
    h->arena = arena_create(0);
    place_must(uploads_create(h->place.data, &h->uploads, &why), &why, "uploads_create");
}

static void finish(struct here *h)
{
    uploads_destroy(h->uploads);
    arena_destroy(h->arena);
    place_close(&h->place);
}

static struct upload get(struct here *h, uint32_t id)
{
    struct upload_view view;
    struct upload out = {0};
    struct why why = {0};
    upload_view_take(h->uploads, h->place.brand, h->arena, &view);
    struct sql *db = place_reader(&h->place);
    place_must(upload_get(&view, db, id, &out, &why), &why, "upload_get");
    sql_close(db);
    return out;
}

static uint32_t add(struct here *h, struct str text)
{
    struct why why = {0};
    struct upload u = {.name = STR("a.csv"), .bytes = text.len};
    struct upload_piece piece = {.bytes = text};
    place_must(upload_add(h->uploads, h->place.brand, &u, &who, &why), &why, "upload_add");
    uint32_t id = u.id;
    u = get(h, id);
    assert_int_equal(u.state, UPLOAD_UPLOADING);
    place_must(upload_write(h->uploads, h->place.brand, &u, &piece, &why), &why, "upload_write");
    assert_int_equal(piece.received, text.len);
    return id;
}

static struct upload run(struct here *h, uint32_t id)
{
    const struct upload_run wanted = {.format = IMPORT_CSV, .who = &who};
    const struct timespec pause = {.tv_nsec = 1000000};
    struct upload u = get(h, id);
    struct why why = {0};
    place_must(upload_start(h->uploads, h->place.brand, &u, &wanted, &why), &why, "upload_start");
    for (u = get(h, id); u.state == UPLOAD_QUEUED || u.state == UPLOAD_RUNNING; u = get(h, id))
        nanosleep(&pause, NULL);
    return u;
}

static bool is_there(struct here *h, uint32_t id, const char *suffix)
{
    char path[UPLOAD_PATH_SIZE];
    upload_path(h->place.brand, id, suffix, path);
    return fs_exists(path);
}

static void files_go_seven_days_after_their_import(void **state)
{
    struct here h;
    (void)state;
    begin(&h);
    uint32_t done = add(&h, STR(ROWS)), never = add(&h, STR("x"));
    assert_int_equal(run(&h, done).state, UPLOAD_DONE);
    assert_true(is_there(&h, done, "") && is_there(&h, done, UPLOAD_REJECTS));
    h.place.env.now_ms += LIMIT_UPLOAD_DAYS * DAY_MS - 1;
    uploads_sweep(h.uploads);
    assert_true(get(&h, done).kept && get(&h, never).kept && is_there(&h, done, ""));
    h.place.env.now_ms += 1;
    uploads_sweep(h.uploads);
    assert_false(is_there(&h, done, "") || is_there(&h, done, UPLOAD_REJECTS));
    assert_false(is_there(&h, never, ""));
    struct upload u = get(&h, done);
    const struct upload_run again = {.format = IMPORT_CSV, .who = &who};
    struct why why = {0};
    assert_false(u.kept);
    assert_int_equal(u.state, UPLOAD_DONE);
    assert_int_equal(upload_start(h.uploads, h.place.brand, &u, &again, &why), ERR_CONFLICT);
    finish(&h);
}

static void what_nobody_knows_is_removed_at_the_start(void **state)
{
    struct here h;
    struct why why = {0};
    char path[UPLOAD_PATH_SIZE];
    int fd;
    (void)state;
    begin(&h);
    uint32_t id = add(&h, STR(ROWS));
    upload_path(h.place.brand, id + 7, "", path);
    place_must(fs_create(path, &fd, &why), &why, "create");
    fs_close(fd);
    uploads_destroy(h.uploads);
    place_must(uploads_create(h.place.data, &h.uploads, &why), &why, "uploads_create");
    assert_false(fs_exists(path));
    assert_true(is_there(&h, id, ""));
    assert_int_equal(get(&h, id).state, UPLOAD_READY);
    finish(&h);
}

static void each_change_is_told_once_and_the_last_of_each_import(void **state)
{
    struct here h;
    struct upload_news news;
    (void)state;
    begin(&h);
    uint32_t id = add(&h, STR(ROWS));
    assert_int_equal(uploads_newest(h.uploads), 0);
    run(&h, id);
    uint64_t newest = uploads_newest(h.uploads);
    assert_true(newest > 0);
    assert_true(uploads_news(h.uploads, h.place.brand, 0, newest, &news));
    assert_int_equal(news.number, newest);
    assert_int_equal(news.state, UPLOAD_DONE);
    assert_false(uploads_news(h.uploads, h.place.brand, newest, newest, &news));
    finish(&h);
}

static void a_format_is_known_by_its_first_lines(void **state)
{
    (void)state;
    assert_int_equal(preview_guess(STR("")), IMPORT_CSV);
    assert_int_equal(preview_guess(STR("a,b\n1,2\n")), IMPORT_CSV);
    assert_int_equal(preview_guess(STR("手机号\n1\n")), IMPORT_CSV);
    assert_int_equal(preview_guess(STR("1 2 3\n4 5 6\n7")), IMPORT_COLUMNS);
    assert_int_equal(preview_guess(STR("{\n \"name\": \"Tea\",\n \"type\": \"private_group\",\n"
                                       " \"id\": 7,\n \"messages\": [\n")),
                     IMPORT_TELEGRAM);
    assert_int_equal(preview_guess(STR("{\"about\":\"x\",\"chats\":{\"about\":\"y\",\"list\":[")),
                     IMPORT_TELEGRAM);
    assert_int_equal(preview_guess(STR("{\"guild\":{\"id\":\"1\"},\"channel\":{\"id\":\"2\"}")),
                     IMPORT_DISCORD);
    assert_int_equal(preview_guess(STR("[{\"seq\":1,\"time\":\"2024-01-05\",\"content\":\"x\"}]")),
                     IMPORT_MESSAGES);
    assert_int_equal(preview_guess(STR("[09:14] <a> b\n=== x has joined\n")), IMPORT_IRC);
    assert_int_equal(preview_guess(STR("\n{\"kind\":\"x\",\"type\":1}\n")), IMPORT_JSONL);
    assert_int_equal(preview_guess(STR("{\"type\": \"track\"}")), IMPORT_SEGMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_go_seven_days_after_their_import),
        cmocka_unit_test(what_nobody_knows_is_removed_at_the_start),
        cmocka_unit_test(each_change_is_told_once_and_the_last_of_each_import),
        cmocka_unit_test(a_format_is_known_by_its_first_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
