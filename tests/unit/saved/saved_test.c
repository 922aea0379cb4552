/* saved_test.c - saved things keep their ids, their versions, and their number. */
#define PLACE_MODULES &people_module, &saved_module
#include "people/people.h"
#include "saved/saved.h"

#include "brand_place.h"

static struct saved question(const char *name)
{
    return (struct saved){.kind = SAVED_QUESTION,
                          .name = str_of(name),
                          .body = STR("{\"query\":{}}"),
                          .author = STR("anna")};
}

static struct saved get(struct place *p, enum saved_kind kind, uint32_t id, struct arena *a)
{
    struct why why = {0};
    struct saved s;
    struct sql *db = place_reader(p);
    place_must(saved_get(db, kind, id, a, &s, &why), &why, "get");
    sql_close(db);
    return s;
}

static size_t count(struct place *p, enum saved_kind kind, struct arena *a)
{
    struct why why = {0};
    struct saved *list;
    size_t n;
    struct sql *db = place_reader(p);
    place_must(saved_list(db, kind, a, &list, &n, &why), &why, "list");
    for (size_t i = 1; i < n; i++)
        assert_true(list[i - 1].id < list[i].id);
    sql_close(db);
    return n;
}

static void a_change_wants_the_version_it_was_made_from(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    place_open(&p, "UTC");
    struct saved q = question("漏斗");
    place_must(saved_add(p.brand, &q, &why), &why, "add");
    assert_int_equal(q.version, 1);
    p.env.now_ms += 5000;
    struct saved mine = q, theirs = q;
    mine.name = STR("mine");
    place_must(saved_change(p.brand, &mine, &why), &why, "change");
    assert_int_equal(mine.version, 2);
    assert_int_equal(mine.created_at, q.created_at);
    assert_int_equal(mine.changed_at, q.created_at + 5000);
    theirs.name = STR("theirs");
    assert_int_equal(saved_change(p.brand, &theirs, &why), ERR_PRECONDITION);
    assert_int_equal(saved_remove(p.brand, &theirs, &why), ERR_PRECONDITION);
    place_reopen(&p);
    struct saved read = get(&p, SAVED_QUESTION, q.id, a);
    assert_true(str_is(read.name, "mine"));
    assert_true(str_is(read.author, "anna"));
    assert_true(str_is(read.body, "{\"query\":{}}"));
    arena_destroy(a);
    place_close(&p);
}

static void an_id_is_never_given_again(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct saved gone;
    place_open(&p, "UTC");
    struct saved one = question("one"), two = question("two"), board = question("board");
    board.kind = SAVED_BOARD;
    place_must(saved_add(p.brand, &one, &why), &why, "add");
    place_must(saved_remove(p.brand, &one, &why), &why, "remove");
    assert_int_equal(saved_remove(p.brand, &one, &why), ERR_NOT_FOUND);
    place_must(saved_add(p.brand, &two, &why), &why, "add");
    place_must(saved_add(p.brand, &board, &why), &why, "add");
    assert_true(two.id > one.id && board.id > two.id);
    assert_int_equal(count(&p, SAVED_QUESTION, a), 1);
    assert_int_equal(count(&p, SAVED_BOARD, a), 1);
    struct sql *db = place_reader(&p);
    assert_int_equal(saved_get(db, SAVED_BOARD, two.id, a, &gone, &why), ERR_NOT_FOUND);
    sql_close(db);
    arena_destroy(a);
    place_close(&p);
}

static void there_are_no_more_than_the_limit(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    place_open(&p, "UTC");
    for (int i = 0; i < LIMIT_SAVED_BOARDS; i++) {
        struct saved board = question("board");
        board.kind = SAVED_BOARD;
        place_must(saved_add(p.brand, &board, &why), &why, "add");
    }
    struct saved more = question("more");
    more.kind = SAVED_BOARD;
    assert_int_equal(saved_add(p.brand, &more, &why), ERR_TOO_LARGE);
    assert_int_equal(count(&p, SAVED_BOARD, a), LIMIT_SAVED_BOARDS);
    arena_destroy(a);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_wants_the_version_it_was_made_from),
        cmocka_unit_test(an_id_is_never_given_again),
        cmocka_unit_test(there_are_no_more_than_the_limit),
    };
    return engine_run(tests);
}
