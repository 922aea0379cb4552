/* twin_test.c - a copy of a brand: all of it, apart from it, and gone without a trace. */
#include "room.h"

#include "base/fs.h"

static bool count_trials(void *ctx, const char *name)
{
    *(int *)ctx += strncmp(name, "trial-", 6) == 0;
    return true;
}

static int trials(struct room *r)
{
    int count = 0;
    struct why why = {0};
    must(fs_list(r->brand->dir, count_trials, &count, &why), &why);
    return count;
}

/* False on an engine that has no twins. */
static bool open_twin(struct room *r, struct brand **twin)
{
    struct why why = {0};
    enum err err = brand_twin_open(r->brand, twin, &why);
    if (strcmp(data_store(r->data), "sqlite:") != 0) {
        assert_int_equal(err, ERR_NOT_IMPLEMENTED);
        return false;
    }
    must(err, &why);
    return true;
}

static void a_twin_has_all_and_keeps_what_is_done_to_it(void **state)
{
    struct room *r = *state;
    struct brand *own = r->brand, *twin;
    struct why why = {0};
    for (int i = 0; i < 14; i++)
        room_emit(r, i * 10000, 10000);
    must(brand_compact(r->brand, &why), &why); /* a part and a file of ids */
    room_emit(r, 140000, 500);                 /* and a tail */
    if (!open_twin(r, &twin)) return;
    r->brand = twin;
    expect_log(r, 140500);
    assert_int_equal(room_emit(r, 139900, 700), 600);
    expect_log(r, 140600);
    r->brand = own;
    expect_log(r, 140500);
    assert_int_equal(room_emit(r, 140500, 50), 0);
    brand_twin_close(twin);
    assert_int_equal(trials(r), 0);
    expect_log(r, 140550);
    room_close(r);
    room_open(r);
    expect_log(r, 140550);
}

#define FILES 16
/* The part files of a brand, whose removal is to be held back: it may merge them meanwhile. */
static size_t part_files(struct brand *b, uint32_t out[FILES])
{
    pthread_mutex_lock(&b->log.set_lock);
    size_t count = b->log.parts.count;
    assert_in_range(count, 1, FILES);
    for (size_t i = 0; i < count; i++)
        out[i] = b->log.parts.items[i].file;
    pthread_mutex_unlock(&b->log.set_lock);
    return count;
}

static void a_twin_outlives_the_files_it_was_made_of(void **state)
{
    struct room *r = *state;
    struct brand *own = r->brand, *twin;
    struct why why = {0};
    uint32_t files[FILES];
    for (int i = 0; i < 14; i++)
        room_emit(r, i * 10000, 10000);
    must(brand_compact(r->brand, &why), &why);
    if (!open_twin(r, &twin)) return;
    assert_int_equal(trials(r), 1);
    log_hold(own);
    size_t count = part_files(own, files);
    for (size_t i = 0; i < count; i++) {
        char path[600];
        log_path(own, files[i], "part", path);
        must(fs_remove(path, &why), &why);
        snprintf(path, sizeof(path), "%.500s/events/%06u.part", twin->dir, files[i]);
        r->brand = twin;
        expect_log(r, 140000);
        r->brand = own;
        char back[600];
        log_path(own, files[i], "part", back);
        must(fs_link(path, back, &why), &why);
    }
    log_release(own);
    brand_twin_close(twin);
    expect_log(r, 140000);
}

static void what_a_killed_process_left_is_removed(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    char dir[600], events[700], file[800];
    snprintf(dir, sizeof(dir), "%s/trial-0123456789abcdef", r->brand->dir);
    snprintf(events, sizeof(events), "%s/events", dir);
    snprintf(file, sizeof(file), "%s/000001.part", events);
    must(fs_make_dir(dir, &why), &why);
    must(fs_make_dir(events, &why), &why);
    must(fs_publish(file, "x", 1, &why), &why);
    room_emit(r, 0, 10);
    assert_int_equal(trials(r), 1);
    room_close(r);
    room_open(r);
    assert_int_equal(trials(r), 0);
    expect_log(r, 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_twin_has_all_and_keeps_what_is_done_to_it),
        TEST(a_twin_outlives_the_files_it_was_made_of),
        TEST(what_a_killed_process_left_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
