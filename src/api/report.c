/* report.c - the sections as JSON, as text for a terminal, or as the page. */
#include "api/report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/page.h"
#include "api/put.h"
#include "api/sections.h"

#define TEXT_KINDS 12
#define TEXT_WEEKS 8
#define BAR_WIDTH 28

bool report_kind_is_rest(struct str kind)
{
    return str_is(kind, "$rest");
}

/* Largest first, the rest of the kinds last. */
static int by_size(const void *a, const void *b)
{
    const struct report_kind *x = a, *y = b;
    bool rest_x = report_kind_is_rest(x->kind), rest_y = report_kind_is_rest(y->kind);
    if (rest_x != rest_y) return rest_x ? 1 : -1;
    if (x->events != y->events) return x->events > y->events ? -1 : 1;
    return str_cmp(x->kind, y->kind);
}

size_t report_kinds(const struct sections *s, struct arena *arena, struct report_kind **out)
{
    const struct json *points = json_get(s->kinds, "points");
    size_t count = 0, most = points ? points->count : 0;
    struct report_kind *sums = arena_alloc_array(arena, most + 1, sizeof(*sums));
    for (size_t i = 0; i < most; i++) {
        const struct json *key = json_get(&points->items[i], "key");
        struct str text = key && key->type == JSON_STRING ? key->string : STR("-");
        size_t at = 0;
        while (at < count && !str_eq(sums[at].kind, text))
            at++;
        if (at == count) sums[count++].kind = text;
        sums[at].events += sections_int(&points->items[i], "value");
    }
    qsort(sums, count, sizeof(sums[0]), by_size);
    *out = sums;
    return count;
}

/* ---- JSON ---- */

static void json_groups(struct json_writer *w, const struct brand *b, const struct sections *s)
{
    put_array(w, "groups");
    for (size_t i = 0; i < s->group_count; i++) {
        const struct group_row *g = &s->groups[i];
        json_begin_object(w);
        put_str(w, "group", g->name);
        put_int(w, "members", (int64_t)g->members);
        put_int(w, "speakers_28d", (int64_t)g->speakers);
        put_int(w, "messages", (int64_t)g->messages);
        put_int(w, "messages_28d", (int64_t)g->recent_messages);
        put_instant(w, "last_message_at", brand_zone(b), g->last_message_at);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_json(struct brand *b, const struct sections *s, struct arena *arena,
                       struct strbuf *out)
{
    struct json_writer w = {out, false};
    struct report_kind *kinds;
    size_t kind_count = report_kinds(s, arena, &kinds);
    json_begin_object(&w);
    put_text(&w, "brand", brand_slug(b));
    put_instant(&w, "from", brand_zone(b), s->from);
    put_instant(&w, "to", brand_zone(b), s->to);
    put_tree(&w, "stages", json_get(s->lifecycle, "stock"));
    put_tree(&w, "flow", json_get(s->lifecycle, "flow"));
    put_tree(&w, "events_per_day", json_get(s->days, "points"));
    put_array(&w, "top_kinds");
    for (size_t i = 0; i < kind_count && i < 20; i++) {
        json_begin_object(&w);
        put_str(&w, "kind", kinds[i].kind);
        put_int(&w, "events", kinds[i].events);
        json_end_object(&w);
    }
    json_end_array(&w);
    put_tree(&w, "retention", json_get(s->retention, "cohorts"));
    put_tree(&w, "rfm", json_get(s->rfm, "cells"));
    put_tree(&w, "repeat", s->repeat);
    json_groups(&w, b, s);
    json_end_object(&w);
    strbuf_add_char(out, '\n');
}

/* ---- text ---- */

static void bar(struct strbuf *out, uint64_t value, uint64_t most)
{
    uint64_t cells = most ? (value * BAR_WIDTH + most - 1) / most : 0;
    for (uint64_t i = 0; i < cells; i++)
        strbuf_add_text(out, "█");
}

static void heading(struct strbuf *out, enum lang lang, const char *en, const char *zh)
{
    strbuf_addf(out, "\n%s\n", lang == LANG_ZH ? zh : en);
}

static void text_stages(const struct sections *s, enum lang lang, struct strbuf *out)
{
    heading(out, lang, "Members per stage", "各阶段用户");
    uint64_t most = 1;
    for (int i = 0; i < STAGE_COUNT; i++) {
        uint64_t n = (uint64_t)sections_int(s->now, stage_name((enum stage)i));
        most = n > most ? n : most;
    }
    for (int i = 0; i < STAGE_COUNT; i++) {
        uint64_t n = (uint64_t)sections_int(s->now, stage_name((enum stage)i));
        strbuf_addf(out, "  %-10s %s %8" PRIu64 "  ", stage_name((enum stage)i),
                    stage_name_zh((enum stage)i), n);
        bar(out, n, most);
        strbuf_add_char(out, '\n');
    }
    strbuf_addf(out, "  %-10s %s %8" PRId64 "\n", "visitors", "访客",
                sections_int(s->now, "visitors"));
}

static void text_flow(const struct sections *s, enum lang lang, struct strbuf *out)
{
    const struct json *flow = json_get(s->lifecycle, "flow");
    if (!flow || flow->count != STAGE_COUNT) return;
    heading(out, lang, "Flow of the last 28 days, from (rows) to (columns)",
            "最近 28 天的流转（行：期初，列：期末）");
    strbuf_addf(out, "  %-10s", "");
    for (int i = 0; i < STAGE_COUNT; i++)
        strbuf_addf(out, " %9s", stage_name((enum stage)i));
    for (size_t r = 0; r < STAGE_COUNT; r++) {
        strbuf_addf(out, "\n  %-10s", stage_name((enum stage)r));
        for (size_t c = 0; c < flow->items[r].count; c++) {
            strbuf_addf(out, " %9" PRId64, flow->items[r].items[c].integer);
        }
    }
    strbuf_add_char(out, '\n');
}

static void text_kinds(const struct sections *s, enum lang lang, struct arena *arena,
                       struct strbuf *out)
{
    struct report_kind *kinds;
    size_t count = report_kinds(s, arena, &kinds);
    heading(out, lang, "Events by kind", "各类事件");
    for (size_t i = 0; i < count && i < TEXT_KINDS; i++) {
        strbuf_addf(out, "  %-28.*s %10" PRId64 "  ", STR_ARG(kinds[i].kind), kinds[i].events);
        bar(out, (uint64_t)kinds[i].events, (uint64_t)kinds[0].events);
        strbuf_add_char(out, '\n');
    }
}

static void text_days(const struct sections *s, enum lang lang, struct strbuf *out)
{
    const struct json *points = json_get(s->days, "points");
    if (!points || points->count == 0) return;
    heading(out, lang, "Events per day, last 14", "每日事件（最近 14 天）");
    size_t from = points->count > 14 ? points->count - 14 : 0;
    uint64_t most = 1;
    for (size_t i = from; i < points->count; i++) {
        uint64_t n = (uint64_t)sections_int(&points->items[i], "value");
        most = n > most ? n : most;
    }
    for (size_t i = from; i < points->count; i++) {
        const struct json *at = json_get(&points->items[i], "at");
        uint64_t n = (uint64_t)sections_int(&points->items[i], "value");
        strbuf_addf(out, "  %.10s %8" PRIu64 "  ", at->string.p, n);
        bar(out, n, most);
        strbuf_add_char(out, '\n');
    }
}

static void text_retention(const struct sections *s, enum lang lang, struct strbuf *out)
{
    const struct json *cohorts = json_get(s->retention, "cohorts");
    if (!cohorts || cohorts->count == 0) return;
    heading(out, lang, "Weekly retention, % of the cohort", "周留存（占该周新增 %）");
    size_t from = cohorts->count > TEXT_WEEKS ? cohorts->count - TEXT_WEEKS : 0;
    for (size_t i = from; i < cohorts->count; i++) {
        const struct json *c = &cohorts->items[i], *returned = json_get(c, "returned");
        int64_t size = sections_int(c, "size");
        strbuf_addf(out, "  %.10s %7" PRId64 " ", json_get(c, "at")->string.p, size);
        for (size_t k = 1; returned && k < returned->count; k++) {
            if (returned->items[k].type == JSON_NULL) break;
            strbuf_addf(out, " %4.0f",
                        size ? 100.0 * returned->items[k].number / (double)size : 0.0);
        }
        strbuf_add_char(out, '\n');
    }
}

bool report_rfm(const struct sections *s, struct report_grid *out)
{
    const struct json *cells = json_get(s->rfm, "cells");
    bool any = false;
    *out = (struct report_grid){0};
    for (size_t i = 0; cells && i < cells->count; i++) {
        int64_t r = sections_int(&cells->items[i], "r"), f = sections_int(&cells->items[i], "f");
        if (r < 1 || r > 5 || f < 1 || f > 5) continue;
        out->members[r][f] += (uint64_t)sections_int(&cells->items[i], "members");
        any = true;
    }
    return any;
}

static void text_rfm(const struct sections *s, enum lang lang, struct strbuf *out)
{
    struct report_grid grid;
    if (!report_rfm(s, &grid)) return;
    heading(out, lang, "RFM, members by recency (rows, 5 = latest) and frequency",
            "RFM：最近一次（行，5 为最近）× 频次");
    strbuf_add_text(out, "        f1       f2       f3       f4       f5\n");
    for (int r = 5; r >= 1; r--) {
        strbuf_addf(out, "  r%d", r);
        for (int f = 1; f <= 5; f++)
            strbuf_addf(out, " %8" PRIu64, grid.members[r][f]);
        strbuf_add_char(out, '\n');
    }
}

static bool is_number(const struct json *j)
{
    return j && (j->type == JSON_INT || j->type == JSON_DOUBLE);
}

static void repeat_revenue(const struct brand *b, const struct sections *s, enum lang lang,
                           struct strbuf *out)
{
    const struct json *revenue = json_get(s->repeat, "expected_revenue");
    double minor = 1;
    if (!is_number(revenue)) return;
    for (int i = 0; i < brand_currency_digits(b); i++)
        minor *= 10;
    strbuf_addf(out, lang == LANG_ZH ? "，预计金额 %.2f %s" : ", expected revenue %.2f %s",
                revenue->number / minor, brand_currency(b));
}

/* A model may not fit, or fit and yet foretell nothing: what is null is left out. */
void report_repeat_line(const struct brand *b, const struct sections *s, enum lang lang,
                        struct strbuf *out)
{
    const struct json *alive = json_get(s->repeat, "members_alive"),
                      *orders = json_get(s->repeat, "expected_orders");
    if (!is_number(alive)) {
        strbuf_add_text(out, lang == LANG_ZH ? "复购订单太少，暂无法估计。"
                                             : "Too few repeat orders to estimate.");
        return;
    }
    strbuf_addf(out, lang == LANG_ZH ? "在购用户 %.0f" : "members alive %.0f", alive->number);
    if (is_number(orders))
        strbuf_addf(out, lang == LANG_ZH ? "，预计订单 %.0f" : ", expected orders %.0f",
                    orders->number);
    repeat_revenue(b, s, lang, out);
}

static void text_repeat(const struct brand *b, const struct sections *s, enum lang lang,
                        struct strbuf *out)
{
    heading(out, lang, "Repeat buying, next 90 days", "复购预测（未来 90 天）");
    strbuf_add_text(out, "  ");
    report_repeat_line(b, s, lang, out);
    strbuf_add_char(out, '\n');
}

static void text_groups(const struct sections *s, enum lang lang, struct strbuf *out)
{
    if (s->group_count == 0) return;
    heading(out, lang, "Groups: members, messages in 28 days", "社群：人数、28 天消息数");
    for (size_t i = 0; i < s->group_count && i < 30; i++) {
        strbuf_addf(out, "  %8" PRIu64 " %8" PRIu64 "  " STR_FMT "\n", s->groups[i].members,
                    s->groups[i].recent_messages, STR_ARG(s->groups[i].name));
    }
}

static void write_text(struct brand *b, const struct sections *s, enum lang lang,
                       struct arena *arena, struct strbuf *out)
{
    char from[48], to[48];
    time_format(brand_zone(b), s->from, from, sizeof(from));
    time_format(brand_zone(b), s->to, to, sizeof(to));
    strbuf_addf(out, "%s  %.10s – %.10s\n", brand_name(b), from, to);
    if (s->first_at == TIME_NONE) {
        strbuf_add_text(
            out, lang == LANG_ZH
                     ? "还没有事件。用 wellfield import 导入历史，或把 SDK 指向 /v1/track。\n"
                     : "No events yet: import a history with wellfield import, or point an SDK at "
                       "/v1/track.\n");
        return;
    }
    strbuf_addf(out,
                lang == LANG_ZH ? "用户 %" PRIu64 "，28 天内活跃 %" PRIu64 "，事件 %" PRIu64 "\n"
                                : "%" PRIu64 " members, %" PRIu64 " seen in 28 days, %" PRIu64
                                  " events\n",
                s->members, s->active, s->events);
    text_stages(s, lang, out);
    text_flow(s, lang, out);
    text_days(s, lang, out);
    text_kinds(s, lang, arena, out);
    text_retention(s, lang, out);
    text_rfm(s, lang, out);
    text_repeat(b, s, lang, out);
    text_groups(s, lang, out);
}

enum err report_write(struct brand *b, const struct report_options *o, struct strbuf *out,
                      struct why *why)
{
    struct arena *arena = arena_create(0);
    struct sections s;
    const struct sections_range range = {.from = o->from, .to = o->to, .buying = true};
    enum err err = sections_ask(b, &range, arena, &s, why);
    if (err == ERR_OK) {
        switch (o->form) {
        case REPORT_JSON:
            write_json(b, &s, arena, out);
            break;
        case REPORT_TEXT:
            write_text(b, &s, o->lang, arena, out);
            break;
        case REPORT_HTML:
            page_render(b, &s, o->lang, arena, out);
            break;
        }
    }
    arena_destroy(arena);
    return err;
}
