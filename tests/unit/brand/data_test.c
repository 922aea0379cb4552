/* data_test.c - the directory: its lock, key, store and brands. */
#include "room.h"

#include <sys/wait.h>

#include "base/fs.h"
#include "brand/backup.h"

static void a_second_process_is_locked_out(void **state)
{
    struct room *r = *state;
    int status;
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct data *second = NULL;
        struct data_options o = room_options(r);
        struct why why = {0};
        _exit(data_open(&o, &second, &why) == ERR_LOCKED && !second ? 0 : 1);
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    room_close(r);
    room_open(r); /* the lock went with its holder */
}

static void making_a_directory_again_changes_nothing(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    struct data_options o = room_options(r);
    uint8_t key[32];
    room_emit(r, 0, 10);
    memcpy(key, data_key(r->data), sizeof(key));
    room_close(r);
    must(data_init(&o, &why), &why);
    room_open(r);
    assert_memory_equal(data_key(r->data), key, sizeof(key));
    expect_log(r, 10);
    o.store = "postgresql://nowhere/x";
    room_close(r);
    assert_int_equal(data_init(&o, &why), ERR_CONFLICT);
}

static void a_lost_key_is_not_replaced(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    struct data_options o = room_options(r);
    char path[100];
    room_close(r);
    snprintf(path, sizeof(path), "%s.key", r->dir);
    must(fs_remove(path, &why), &why);
    assert_int_equal(data_init(&o, &why), ERR_NOT_FOUND);
    assert_int_equal(data_open(&o, &r->data, &why), ERR_NOT_FOUND);
    assert_false(fs_exists(path));
    must(fs_publish(path, "no key\n", 7, &why), &why);
    assert_int_equal(data_open(&o, &r->data, &why), ERR_INVALID);
}

static void a_directory_of_something_else_is_left_alone(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    struct data_options o = room_options(r);
    char dir[90], path[120], key[120];
    snprintf(dir, sizeof(dir), "%s/home", r->top);
    snprintf(path, sizeof(path), "%s/letter", dir);
    snprintf(key, sizeof(key), "%s.key", dir);
    must(fs_make_dir(dir, &why), &why);
    must(fs_publish(path, "dear", 4, &why), &why);
    o.dir = dir;
    assert_int_equal(data_init(&o, &why), ERR_INVALID);
    assert_false(fs_exists(key));
    struct data *d = NULL;
    assert_int_equal(data_open(&o, &d, &why), ERR_NOT_FOUND);
}

static void brands_have_sound_facts_and_one_name_each(void **state)
{
    static const struct brand_facts bad[] = {
        {.slug = "", .zone = "UTC", .currency = "CNY"},
        {.slug = "../x", .zone = "UTC", .currency = "CNY"},
        {.slug = "-x", .zone = "UTC", .currency = "CNY"},
        {.slug = "Shop", .zone = "UTC", .currency = "CNY"},
        {.slug = "server", .zone = "UTC", .currency = "CNY"},
        {.slug = "a", .zone = "Mars/Base", .currency = "CNY"},
        {.slug = "a", .zone = "UTC", .currency = "cny"},
        {.slug = "a", .zone = "UTC", .currency = "CN"},
    };
    struct room *r = *state;
    struct why why = {0};
    struct brand *b = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(data_add_brand(r->data, &bad[i], &why), ERR_INVALID);
    struct brand_facts same = data_brand_facts(r->data, 0);
    assert_int_equal(data_add_brand(r->data, &same, &why), ERR_CONFLICT);
    assert_int_equal(data_brand(r->data, "none", &b, &why), ERR_NOT_FOUND);
    assert_int_equal(data_brand_count(r->data), 1);
}

/* ---- names ---- */

struct names {
    int count;
    enum err fail;
    uint16_t codes[50];
};

static enum err give_names(struct tx *tx, void *arg, struct why *why)
{
    struct names *n = arg;
    for (int i = 0; i < n->count; i++) {
        char text[20];
        uint32_t id;
        int len = snprintf(text, sizeof(text), "kind.n%d", i);
        struct str name = {text, (size_t)len};
        TRY(registry_kind(tx, name, name, &n->codes[i], why));
        TRY(registry_prop(tx, name, i % 2 ? PROP_TEXT : PROP_NUMBER, &id, why));
    }
    return n->fail;
}

static void numbers_of_names_never_change(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    struct names failed = {.count = 20, .fail = ERR_STORE}, more = {.count = 50};
    enum prop_type type;
    assert_int_equal(brand_call(r->brand, give_names, &failed, false, &why), ERR_STORE);
    must(brand_call(r->brand, give_names, &more, false, &why), &why);
    assert_memory_equal(failed.codes, more.codes, 20 * sizeof(failed.codes[0]));
    room_close(r);
    room_open(r);
    for (int i = 0; i < 50; i++) {
        char text[20];
        snprintf(text, sizeof(text), "kind.n%d", i);
        assert_int_equal(registry_find_kind(r->brand, str_of(text)), more.codes[i]);
        assert_true(str_is(registry_kind_name(r->brand, more.codes[i]), text));
    }
    assert_int_equal(registry_kind_count(r->brand), 50);
    assert_int_equal(registry_find_kind(r->brand, STR("never")), -1);
    uint32_t prop = registry_find_prop(r->brand, STR("kind.n3"), PROP_TEXT);
    assert_true(prop && !registry_find_prop(r->brand, STR("kind.n3"), PROP_NUMBER));
    assert_true(str_is(registry_prop_name(r->brand, prop, &type), "kind.n3"));
    assert_int_equal(type, PROP_TEXT);
}

static void nothing_backs_up_what_is_on_a_server(void **state)
{
    struct room *r = *state;
    struct backup_counts counts;
    struct why why = {0};
    char path[100];
    snprintf(path, sizeof(path), "%s/backup", r->top);
    assert_int_equal(backup_write(r->data, path, &counts, &why), ERR_NOT_IMPLEMENTED);
    assert_false(fs_exists(path));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_second_process_is_locked_out),
        TEST(making_a_directory_again_changes_nothing),
        TEST(a_lost_key_is_not_replaced),
        TEST(a_directory_of_something_else_is_left_alone),
        TEST(brands_have_sound_facts_and_one_name_each),
        TEST(numbers_of_names_never_change),
        {"nothing_backs_up_what_is_on_a_server (postgresql)", nothing_backs_up_what_is_on_a_server,
         room_setup, room_teardown, NULL},
    };
    return engine_run(tests);
}
