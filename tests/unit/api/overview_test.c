/* overview_test.c - an overview is what the questions say, is given at once however long it takes,
 * and says how old it is. */
#include "api/story.h"

static int64_t at_once_ms; /* what takes longer is computed beside; simulated ones take 0 */
#define AT_ONCE_MS at_once_ms
#include "api/overview.c"

#include "api/api.h"

struct scene {
    struct story story;
    struct overview_cache *cache;
    struct arena *arena;
};

static void open_scene(struct scene *s, int64_t at_once)
{
    *s = (struct scene){0};
    at_once_ms = at_once;
    story_open(&s->story, 43);
    s->arena = arena_create(0);
    s->cache = overview_create();
    assert_non_null(s->cache);
}

static void close_scene(struct scene *s)
{
    overview_destroy(s->cache);
    arena_destroy(s->arena);
    story_close(&s->story);
}

static const struct json *look(struct scene *s)
{
    struct strbuf out = {0};
    struct why why = {0};
    const struct json *tree;
    place_must(overview_write(s->cache, s->story.place.brand, &out, &why), &why, "overview");
    place_must(json_parse(s->arena, arena_str(s->arena, strbuf_str(&out)), &tree, &why), &why,
               "json");
    strbuf_finish(&out);
    return tree;
}

static int64_t age(const struct json *overview)
{
    return sections_int(overview, "age_ms");
}

static bool is_true(const struct json *overview, const char *key)
{
    return json_get(overview, key)->boolean;
}

/* Until the thread has computed one after 'before'; it is told of by a cond. */
static void wait_for_next(struct scene *s, int64_t before)
{
    struct overview_cache *x = s->cache;
    pthread_mutex_lock(&x->lock);
    while (x->list->began_at <= before || x->list->computing)
        assert_true(wait_ms(&x->made, &x->lock, 60000));
    pthread_mutex_unlock(&x->lock);
}

static uint64_t asked(struct scene *s, const char *question, const char *list, const char *figure)
{
    const struct api_question q = {
        .query = str_of(question), .form = INSIGHT_JSON, .lang = LANG_EN};
    struct strbuf out = {0};
    struct why why = {0};
    const struct json *tree;
    place_must(api_ask(s->story.place.brand, &q, NULL, &out, &why), &why, question);
    place_must(json_parse(s->arena, arena_str(s->arena, strbuf_str(&out)), &tree, &why), &why,
               "json");
    strbuf_finish(&out);
    const struct json *items = json_get(tree, list);
    uint64_t sum = 0;
    for (size_t i = 0; i < items->count; i++)
        sum +=
            (uint64_t)(figure ? sections_int(&items->items[i], figure) : items->items[i].integer);
    return sum;
}

static uint64_t sum_of(const struct json *overview, const char *list, const char *figure)
{
    const struct json *items = json_get(overview, list);
    uint64_t sum = 0;
    for (size_t i = 0; i < items->count; i++)
        sum += (uint64_t)sections_int(&items->items[i], figure);
    return sum;
}

static void is_as_asked(struct scene *s)
{
    const struct json *o = look(s);
    assert_int_equal(age(o), 0);
    uint64_t events = asked(s, "{\"trend\":{\"kind\":\"*\",\"by\":\"day\"}}", "points", "value");
    assert_true(events > 0);
    assert_int_equal(sections_int(o, "events"), events);
    assert_int_equal(sum_of(o, "days", "value"), events);
    assert_int_equal(sum_of(o, "kinds", "events"), events);
    assert_int_equal(sections_int(o, "active"),
                     asked(s, "{\"stickiness\":{\"kind\":\"*\",\"days\":28}}", "histogram", NULL));
}

static void one_that_takes_no_time_is_computed_for_who_asks(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 0);
    is_as_asked(&s);
    int64_t events = sections_int(look(&s), "events");
    story_until(&s.story, BEGAN + OVERVIEW_AGE_MS - 1); /* not yet due */
    assert_int_equal(age(look(&s)), OVERVIEW_AGE_MS - 1);
    story_until(&s.story, BEGAN + 40 * TIME_DAY); /* after a pause, too */
    is_as_asked(&s);
    assert_true(sections_int(look(&s), "events") > events);
    close_scene(&s);
}

static void one_that_takes_long_is_computed_beside(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, -1);
    is_as_asked(&s); /* the first of all waits */
    int64_t events = sections_int(look(&s), "events");
    story_until(&s.story, BEGAN + TIME_DAY);
    const struct json *o = look(&s); /* what there is, and it says how old it is */
    assert_int_equal(sections_int(o, "events"), events);
    assert_int_equal(age(o), TIME_DAY);
    assert_true(is_true(o, "due"));
    wait_for_next(&s, BEGAN);
    is_as_asked(&s);
    assert_false(is_true(look(&s), "due"));
    close_scene(&s);
}

static void it_is_kept_for_those_who_asked_of_late(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, -1);
    (void)look(&s);
    struct overview *o = s.cache->list;
    pthread_mutex_lock(&s.cache->lock); /* the thread stays where it is */
    o->took = 1000;
    assert_int_equal(due_in(o), OVERVIEW_AGE_MS - 1000);
    s.story.place.env.now_ms += OVERVIEW_AGE_MS - 1000;
    assert_int_equal(due_in(o), 0);
    o->tried_at = o->began_at + 1; /* that one failed */
    assert_int_equal(due_in(o), 1001);
    o->tried_at = o->began_at;
    s.story.place.env.now_ms += OVERVIEW_KEPT_MS;
    assert_true(due_in(o) == INT64_MAX);
    o->asked_at = mono_ms(o);
    assert_int_equal(due_in(o), 0);
    o->took = at_once_ms;
    assert_true(due_in(o) == INT64_MAX); /* who asks computes it */
    pthread_mutex_unlock(&s.cache->lock);
    close_scene(&s);
}

static void what_members_are_by_is_never_that_of_before(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, -1);
    (void)look(&s);
    uint64_t stamp = s.cache->list->stamp;
    people_restamp(s.story.place.brand);
    (void)look(&s);
    assert_int_equal(s.cache->list->stamp, stamp + 1);
    close_scene(&s);
}

static void a_server_that_ends_gives_up_what_is_under_way(void **state)
{
    (void)state;
    struct scene s;
    struct strbuf out = {0};
    struct why why = {0};
    open_scene(&s, -1);
    place_must(overview_warm(s.cache, s.story.place.brand, &why), &why, "warm");
    assert_true(s.cache->list->text.len > 0); /* it takes long: it is there before one asks */
    overview_stop(s.cache);
    people_restamp(s.story.place.brand);
    assert_int_not_equal(overview_write(s.cache, s.story.place.brand, &out, &why), ERR_OK);
    assert_int_equal(out.len, 0);
    strbuf_finish(&out);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_takes_no_time_is_computed_for_who_asks),
        cmocka_unit_test(one_that_takes_long_is_computed_beside),
        cmocka_unit_test(it_is_kept_for_those_who_asked_of_late),
        cmocka_unit_test(what_members_are_by_is_never_that_of_before),
        cmocka_unit_test(a_server_that_ends_gives_up_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
