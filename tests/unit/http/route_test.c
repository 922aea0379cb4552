/* route_test.c - finding a row of the routing table. */
#include "http/client.h"

#include "http/route.h"

static void nothing(struct request *req)
{
    (void)req;
}

static const struct route table[] = {
    {HTTP_GET, "/", ACCESS_PUBLIC, 0, nothing, ""},
    {HTTP_GET, "/api/v1/{brand}/members/new", ACCESS_API, 0, nothing, ""},
    {HTTP_GET, "/api/v1/{brand}/members/{id}", ACCESS_API, 0, nothing, ""},
    {HTTP_DELETE, "/api/v1/{brand}/members/{id}", ACCESS_API, 0, nothing, ""},
    {HTTP_POST, "/v1/track", ACCESS_INTAKE, 100, nothing, ""},
    {HTTP_GET, "/app/{path*}", ACCESS_PUBLIC, 0, nothing, ""},
    {0},
};

static int setup(void **state)
{
    *state = arena_create(0);
    return 0;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

static enum err find(struct arena *a, enum http_method method, const char *path,
                     struct route_match *m)
{
    struct why why;
    return route_find(table, method, str_of(path), a, m, &why);
}

static void segments_are_taken_and_decoded(void **state)
{
    struct route_match m;
    assert_int_equal(find(*state, HTTP_GET, "/api/v1/tea/members/%E7%BE%A4%2F1", &m), ERR_OK);
    assert_ptr_equal(m.route, &table[2]);
    assert_int_equal(m.param_count, 2);
    assert_true(str_is(m.params[0].name, "brand"));
    assert_true(str_is(m.params[0].value, "tea"));
    assert_true(str_is(m.params[1].name, "id"));
    assert_true(str_is(m.params[1].value, "群/1"));
}

static void a_star_takes_all_the_rest(void **state)
{
    struct route_match m;
    assert_int_equal(find(*state, HTTP_GET, "/app/a/b%20c/", &m), ERR_OK);
    assert_true(str_is(m.params[0].name, "path") && str_is(m.params[0].value, "a/b c/"));
    assert_int_equal(find(*state, HTTP_GET, "/app/", &m), ERR_OK);
    assert_int_equal(m.params[0].value.len, 0);
    assert_int_equal(find(*state, HTTP_GET, "/app", &m), ERR_NOT_FOUND);
    assert_int_equal(find(*state, HTTP_GET, "/app/%00", &m), ERR_INVALID);
}

static void earlier_rows_win(void **state)
{
    struct route_match m;
    assert_int_equal(find(*state, HTTP_GET, "/api/v1/tea/members/new", &m), ERR_OK);
    assert_ptr_equal(m.route, &table[1]);
    assert_int_equal(find(*state, HTTP_DELETE, "/api/v1/tea/members/new", &m), ERR_OK);
    assert_ptr_equal(m.route, &table[3]);
}

static void head_is_served_by_get(void **state)
{
    struct route_match m;
    assert_int_equal(find(*state, HTTP_HEAD, "/", &m), ERR_OK);
    assert_ptr_equal(m.route, &table[0]);
    assert_int_equal(find(*state, HTTP_HEAD, "/v1/track", &m), ERR_METHOD);
}

static void unknown_paths_are_not_found(void **state)
{
    static const char *const paths[] = {"",
                                        "//",
                                        "/x",
                                        "/api/v1/tea/members",
                                        "/api/v1/tea/members/",
                                        "/api/v1//members/1",
                                        "/api/v1/tea/members/1/",
                                        "/api/v1/a/b/members/1",
                                        "/v1/trac",
                                        "/v1/tracks",
                                        "/v1/%74rack",
                                        "/V1/track"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct route_match m;
        assert_int_equal(find(*state, HTTP_GET, paths[i], &m), ERR_NOT_FOUND);
        assert_int_equal(find(*state, HTTP_OPTIONS, paths[i], &m), ERR_NOT_FOUND);
    }
}

static void other_methods_are_named(void **state)
{
    struct route_match m;
    assert_int_equal(find(*state, HTTP_PUT, "/api/v1/tea/members/1", &m), ERR_METHOD);
    assert_string_equal(route_allow(*state, m.methods), "GET, HEAD, DELETE, OPTIONS");
    assert_int_equal(m.intake, 0);
    assert_int_equal(find(*state, HTTP_OPTIONS, "/v1/track", &m), ERR_OK);
    assert_null(m.route);
    assert_string_equal(route_allow(*state, m.intake), "POST, OPTIONS");
}

static void a_broken_segment_is_invalid(void **state)
{
    struct route_match m;
    assert_int_equal(find(*state, HTTP_GET, "/api/v1/%ff/members/1", &m), ERR_INVALID);
    assert_int_equal(find(*state, HTTP_GET, "/api/v1/tea/members/%", &m), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(segments_are_taken_and_decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(a_star_takes_all_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(earlier_rows_win, setup, teardown),
        cmocka_unit_test_setup_teardown(head_is_served_by_get, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_paths_are_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(other_methods_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_segment_is_invalid, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
