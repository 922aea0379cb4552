/* past_test.c - the stages of a past that is kept are those that the question "lifecycle" gives,
 * whatever has come meanwhile. */
#include "api/story.h"

static int64_t at_once_ms; /* folds that take longer are done beside; simulated ones take 0 */
#define AT_ONCE_MS at_once_ms
#include "api/past.c"

#include "api/api.h"

struct scene {
    struct story story;
    struct past *past;
};

static void open_scene(struct scene *s)
{
    *s = (struct scene){0};
    story_open(&s->story, 41);
    s->past = past_create(s->story.place.brand);
}

static void close_scene(struct scene *s)
{
    past_destroy(s->past);
    story_close(&s->story);
}

static struct past_ask ask_at(const struct scene *s, int64_t now, bool ended)
{
    const struct zone *zone = brand_zone(s->story.place.brand);
    int64_t today = ended ? now : zone_bucket_start(zone, UNIT_DAY, now);
    return (struct past_ask){{CROWD_START, today - 28 * TIME_DAY, today}, now, ended};
}

/* The lists of the question's reply as text. */
static struct str question(const struct scene *s, const struct past_ask *ask, struct arena *a)
{
    const struct zone *zone = brand_zone(s->story.place.brand);
    char from[48], flow_from[48], to[48];
    struct strbuf reply = {0};
    struct why why = {0};
    time_format(zone, ask->range.from, from, sizeof(from));
    time_format(zone, ask->range.flow_from, flow_from, sizeof(flow_from));
    time_format(zone, ask->now, to, sizeof(to));
    const char *text_of = arena_printf(
        a, "{\"lifecycle\":{\"by\":\"week\",\"from\":\"%s\",\"flow_from\":\"%s\",\"to\":\"%s\"}}",
        from, flow_from, to);
    const struct api_question q = {.query = str_of(text_of), .form = INSIGHT_JSON, .lang = LANG_EN};
    place_must(api_ask(s->story.place.brand, &q, NULL, &reply, &why), &why, "lifecycle");
    struct str text = arena_str(a, strbuf_str(&reply));
    size_t begin = str_find(text, STR("\"stock\"")), end = str_find(text, STR(",\"rows_scanned\""));
    strbuf_finish(&reply);
    assert_true(begin != SIZE_MAX && end != SIZE_MAX);
    return (struct str){text.p + begin, end - begin};
}

static bool is_as_asked(struct scene *s, const struct past_ask *ask)
{
    struct arena *a = arena_create(0);
    struct strbuf out = {0};
    struct past_answer of;
    struct why why = {0};
    place_must(past_write(s->past, ask, &of, &out, &why), &why, "past_write");
    struct str lists = {out.p + 1, out.len - 2}; /* without its braces */
    assert_false(of.outdated);
    bool same = str_eq(lists, question(s, ask, a));
    strbuf_finish(&out);
    arena_destroy(a);
    return same;
}

static void the_past_is_that_of_the_question(void **state)
{
    (void)state;
    struct scene s;
    at_once_ms = 0;
    open_scene(&s);
    for (int day = 0; day < 40; day += 3) { /* merges and facts of each, over several weeks */
        int64_t now = BEGAN + day * TIME_DAY + day * TIME_HOUR;
        story_until(&s.story, now);
        const struct past_ask ask = ask_at(&s, now, false);
        assert_true(is_as_asked(&s, &ask));
        const struct stages *folded = s.past->stages;
        assert_true(is_as_asked(&s, &ask));
        assert_ptr_equal(s.past->stages, folded); /* not again */
    }
    const struct past_ask ended = ask_at(&s, BEGAN + 40 * TIME_DAY, true);
    assert_true(is_as_asked(&s, &ended));
    close_scene(&s);
}

static void what_comes_late_or_goes_is_folded_again(void **state)
{
    (void)state;
    struct scene s;
    struct why why = {0};
    struct people_erased erased;
    at_once_ms = 0;
    open_scene(&s);
    const struct past_ask ask = ask_at(&s, BEGAN, false);
    assert_true(is_as_asked(&s, &ask));
    assert_false(brand_past_changed(s.story.place.brand));
    struct identity who = {IDENTITY_USER, STR("late")};
    struct fact late = {.at = BEGAN - 100 * TIME_DAY,
                        .kind = STR("order.paid"),
                        .who = &who,
                        .who_count = 1,
                        .amount = 100};
    send(&s.story.place, &late, 1);
    assert_true(brand_past_changed(s.story.place.brand));
    assert_true(is_as_asked(&s, &ask));
    late.at = BEGAN - 50 * TIME_DAY;
    send_bulk(&s.story.place, &late, 1);
    assert_true(brand_past_changed(s.story.place.brand));
    assert_true(is_as_asked(&s, &ask));
    place_must(people_erase(s.story.place.brand, 3, &erased, &why), &why, "erase");
    assert_true(brand_past_changed(s.story.place.brand));
    assert_true(is_as_asked(&s, &ask));
    late.at = BEGAN - 1; /* of today */
    send(&s.story.place, &late, 1);
    assert_false(brand_past_changed(s.story.place.brand));
    assert_true(is_as_asked(&s, &ask));
    close_scene(&s);
}

static void what_takes_long_is_folded_beside(void **state)
{
    (void)state;
    struct scene s;
    struct why why = {0};
    at_once_ms = -1;
    open_scene(&s);
    const struct past_ask ask = ask_at(&s, BEGAN, false);
    assert_true(is_as_asked(&s, &ask)); /* the first one waits */
    const struct past_ask later = ask_at(&s, BEGAN + 9 * TIME_DAY, false);
    story_until(&s.story, later.now);
    struct strbuf out = {0};
    struct past_answer of;
    place_must(past_write(s.past, &later, &of, &out, &why), &why, "past_write");
    assert_true(of.outdated); /* and says so */
    assert_false(stages_range_same(&of.range, &later.range));
    strbuf_finish(&out);
    place_must(past_fold(s.past, &later.range, &why), &why, "past_fold"); /* waits for it */
    assert_true(s.past->threaded);
    assert_true(is_as_asked(&s, &later));
    past_stop(s.past);
    assert_int_equal(past_fold(s.past, &ask.range, &why), ERR_UNAVAILABLE);
    close_scene(&s);
}

static void a_day_with_everything_has_no_past(void **state)
{
    (void)state;
    struct scene s;
    at_once_ms = 0;
    open_scene(&s);
    struct past_ask ask = ask_at(&s, BEGAN, false);
    ask.range.from = ask.range.flow_from = ask.range.to + TIME_HOUR;
    struct strbuf out = {0};
    struct past_answer of;
    struct why why = {0};
    place_must(past_write(s.past, &ask, &of, &out, &why), &why, "past_write");
    assert_true(str_find(strbuf_str(&out), STR("\"flow\":[[0,0,0,0,0,0,0]")) != SIZE_MAX);
    assert_true(str_find(strbuf_str(&out), STR("\"arrived\":[0,0,0,0,0,0,0]")) == SIZE_MAX);
    strbuf_finish(&out);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_past_is_that_of_the_question),
        cmocka_unit_test(what_comes_late_or_goes_is_folded_again),
        cmocka_unit_test(what_takes_long_is_folded_beside),
        cmocka_unit_test(a_day_with_everything_has_no_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
