/* sections.c - each section is a question of query.md; the replies are parsed back. */
#include "api/sections.h"

#include "api/api.h"

/* After so long without an event the report and the page speak of the history's end, not of today.
 */
#define ENDED_DAYS 60
/* Who moved from which stage to which, over so many last days of the range. */
#define FLOW_DAYS 28

struct ask {
    struct brand *brand;
    struct arena *arena;
    struct why *why;
    const struct sections_range *range;
    char from[48], flow_from[48], to[48];
};

static enum err parse(struct ask *a, struct str text, const struct json **reply)
{
    return json_parse(a->arena, arena_str(a->arena, text), reply, a->why);
}

static enum err ask(struct ask *a, const struct json **reply, const char *question)
{
    struct strbuf out = {0};
    const struct api_question asked = {.query = str_of(question),
                                       .form = INSIGHT_JSON,
                                       .lang = LANG_EN,
                                       .within = a->range->within};
    enum err err = api_ask(a->brand, &asked, a->range->budget, &out, a->why);
    if (err == ERR_OK) err = parse(a, strbuf_str(&out), reply);
    strbuf_finish(&out);
    return err;
}

static enum err ask_stages(struct ask *a, struct sections *s)
{
    struct strbuf out = {0};
    if (!a->range->stages)
        return ask(a, &s->lifecycle,
                   arena_printf(a->arena,
                                "{\"lifecycle\":{\"by\":\"week\",\"flow_from\":\"%s\","
                                "\"from\":\"%s\",\"to\":\"%s\"}}",
                                a->flow_from, a->from, a->to));
    enum err err = a->range->stages(a->range->ctx, s, &out, a->why);
    if (err == ERR_OK) err = parse(a, strbuf_str(&out), &s->lifecycle);
    strbuf_finish(&out);
    return err;
}

int64_t sections_int(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    if (!v) return 0;
    return v->type == JSON_INT ? v->integer : v->type == JSON_DOUBLE ? (int64_t)v->number : 0;
}

/* Moments of the first and the last event; TIME_NONE when there are none. */
static void log_bounds(struct brand *b, int64_t *first, int64_t *last)
{
    struct snapshot *s = brand_snapshot(b);
    int64_t from, to;
    *first = *last = TIME_NONE;
    for (size_t i = 0; i < s->part_count; i++) {
        const struct part_info *info = part_get_info(s->parts[i]);
        if (*first == TIME_NONE || info->at_min < *first) *first = info->at_min;
        if (info->at_max > *last) *last = info->at_max;
    }
    if (tail_view_times(s->tail, &from, &to)) {
        if (*first == TIME_NONE || from < *first) *first = from;
        if (to > *last) *last = to;
    }
    brand_snapshot_release(s);
}

static uint64_t sum_points(const struct json *reply)
{
    uint64_t sum = 0;
    const struct json *points = json_get(reply, "points");
    for (size_t i = 0; points && i < points->count; i++)
        sum += (uint64_t)sections_int(&points->items[i], "value");
    return sum;
}

static const char *const stage_keys[] = {"potential", "new",     "effective", "active",
                                         "core",      "dormant", "churned"};

static uint64_t sum_stages(const struct json *bucket)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < 7; i++)
        sum += (uint64_t)sections_int(bucket, stage_keys[i]);
    return sum;
}

/* Fitting needs repeat buyers; without them the section is left out. */
static enum err ask_repeat(struct ask *a, struct sections *s)
{
    enum err err =
        ask(a, &s->repeat,
            arena_printf(a->arena, "{\"repeat\":{\"as_of\":\"%s\",\"unit\":\"week\"}}", a->to));
    if (err != ERR_INVALID) return err;
    s->repeat = NULL;
    *a->why = (struct why){0};
    return ERR_OK;
}

static enum err ask_all(struct ask *a, struct sections *s)
{
    const struct json *reply;
    const char *range = arena_printf(a->arena, "\"from\":\"%s\",\"to\":\"%s\"", a->from, a->to);
    TRY(ask_stages(a, s));
    TRY(ask(a, &s->days,
            arena_printf(a->arena, "{\"trend\":{\"kind\":\"*\",\"by\":\"day\",%s}}", range)));
    TRY(ask(a, &s->kinds,
            arena_printf(a->arena,
                         "{\"trend\":{\"kind\":\"*\",\"by\":\"month\",\"breakdown\":\"kind\",%s}}",
                         range)));
    TRY(ask(a, &s->retention,
            arena_printf(a->arena,
                         "{\"retention\":{\"birth\":{\"kind\":\"*\"},\"return\":{\"kind\":\"*\"},"
                         "\"by\":\"week\","
                         "\"periods\":12,%s}}",
                         range)));
    if (a->range->buying) {
        TRY(ask(a, &s->rfm, arena_printf(a->arena, "{\"rfm\":{\"as_of\":\"%s\"}}", a->to)));
        TRY(ask_repeat(a, s));
    }
    TRY(ask(a, &reply,
            arena_printf(a->arena, "{\"stickiness\":{\"kind\":\"*\",\"days\":28,\"to\":\"%s\"}}",
                         a->to)));
    const struct json *histogram = json_get(reply, "histogram");
    for (size_t i = 0; histogram && i < histogram->count; i++)
        s->active += (uint64_t)histogram->items[i].integer;
    return ERR_OK;
}

enum err sections_bound(struct brand *b, const struct sections_range *range, struct sections *out,
                        struct why *why)
{
    *out = (struct sections){0};
    log_bounds(b, &out->first_at, &out->last_at);
    int64_t now = env_now(brand_env(b));
    /* a history that ended long ago is shown as of its end */
    out->ended = out->last_at != TIME_NONE && out->last_at < now - ENDED_DAYS * TIME_DAY;
    out->to = range->to != TIME_NONE ? range->to : out->ended ? out->last_at + 1 : now + 1;
    out->from = range->from != TIME_NONE     ? range->from
                : out->first_at != TIME_NONE ? out->first_at
                                             : out->to - TIME_DAY;
    if (out->from >= out->to) return why_fail(why, ERR_INVALID, MSG_FROM_AFTER_TO, "--from", NULL);
    out->flow_from = out->to - FLOW_DAYS * TIME_DAY;
    if (out->flow_from < out->from) out->flow_from = out->from;
    return ERR_OK;
}

enum err sections_ask(struct brand *b, const struct sections_range *range, struct arena *arena,
                      struct sections *out, struct why *why)
{
    struct ask a = {.brand = b, .arena = arena, .why = why, .range = range};
    TRY(sections_bound(b, range, out, why));
    time_format(brand_zone(b), out->from, a.from, sizeof(a.from));
    time_format(brand_zone(b), out->flow_from, a.flow_from, sizeof(a.flow_from));
    time_format(brand_zone(b), out->to, a.to, sizeof(a.to));
    if (!range->within.p)
        TRY(groups_list(b, out->to - 1, arena, &out->groups, &out->group_count, why));
    if (out->first_at == TIME_NONE) return ERR_OK;
    TRY(ask_all(&a, out));
    out->events = sum_points(out->days);
    const struct json *stock = json_get(out->lifecycle, "stock");
    if (stock && stock->count) {
        out->now = &stock->items[stock->count - 1];
        out->members = sum_stages(out->now);
    }
    return ERR_OK;
}
