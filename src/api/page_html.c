/* page_html.c - the overview as one HTML document.
 *
 * It holds aggregates only. Everything that comes from the brand's data is escaped by page_text().
 * A chart is drawn twice, for a laptop and for a phone, and the style sheet shows one of them. */
#include <inttypes.h>
#include <stdio.h>

#include "api/page.h"
#include "api/page_style.h"
#include "api/report.h"
#include "api/svg.h"

#define BAR_DAYS 90
#define GROUP_ROWS 50
#define KIND_ROWS 12
#define RETENTION_ROWS 12

void page_text(struct strbuf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        switch (s.p[i]) {
        case '<':
            strbuf_add_text(out, "&lt;");
            break;
        case '>':
            strbuf_add_text(out, "&gt;");
            break;
        case '&':
            strbuf_add_text(out, "&amp;");
            break;
        case '"':
            strbuf_add_text(out, "&quot;");
            break;
        default:
            strbuf_add_char(out, s.p[i]);
        }
    }
}

static const char *pick(enum lang lang, const char *zh, const char *en)
{
    return lang == LANG_ZH ? zh : en;
}

static const char *stage_label(int stage, enum lang lang)
{
    return lang == LANG_ZH ? stage_name_zh((enum stage)stage) : stage_name((enum stage)stage);
}

/* 1234567 as 1,234,567. */
static void grouped(struct strbuf *out, uint64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) strbuf_add_char(out, ',');
        strbuf_add_char(out, digits[i]);
    }
}

static void open_section(struct strbuf *out, const char *class, const char *title, const char *note)
{
    strbuf_addf(out, "<section class=\"%s\"><h2>%s<small>%s</small></h2>", class, title, note);
}

/* What is wider than a phone; the keyboard scrolls it too. */
static void open_scroll(struct strbuf *out, const char *label)
{
    strbuf_addf(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">",
                label);
}

static void figure(struct strbuf *out, uint64_t value, const char *label, const char *definition)
{
    strbuf_addf(out, "<section class=\"kpi\" title=\"%s\"><b>", definition);
    grouped(out, value);
    strbuf_addf(out, "</b><span>%s</span></section>", label);
}

/* ---- sections ---- */

static uint64_t events_on_last_day(const struct sections *s)
{
    const struct json *points = json_get(s->days, "points");
    return points && points->count
               ? (uint64_t)sections_int(&points->items[points->count - 1], "value")
               : 0;
}

static void figures(struct strbuf *out, const struct sections *s, enum lang lang)
{
    figure(out, s->members, pick(lang, "用户", "members"),
           pick(lang, "处于任一生命周期阶段的用户，访客除外",
                "members in any lifecycle stage; visitors are apart"));
    figure(
        out, s->active, pick(lang, "28 天内出现", "seen in 28 days"),
        pick(lang, "最近 28 天内有任何事件的用户", "members with any event in the last 28 days"));
    figure(out, events_on_last_day(s),
           s->ended ? pick(lang, "最后一天事件", "events on the last day")
                    : pick(lang, "今日事件", "events today"),
           pick(lang, "按品牌时区的今天", "today in the brand's time zone"));
    figure(out, s->group_count, pick(lang, "社群", "groups"),
           pick(lang, "有成员或消息的社群", "groups with members or messages"));
}

static void stages(struct strbuf *out, const struct sections *s, enum lang lang)
{
    const struct json *stock = json_get(s->lifecycle, "stock");
    const char *title = pick(lang, "各阶段用户", "Members per lifecycle stage");
    open_section(out, "w12", title, pick(lang, "每周末的存量", "stock at the end of each week"));
    svg_stages(out, stock, SVG_PAGE, title);
    svg_stages(out, stock, SVG_PHONE, title);
    strbuf_add_text(out, "<ul class=\"legend\">");
    for (int i = 0; i < STAGE_COUNT; i++) {
        strbuf_add_text(out, "<li>");
        svg_swatch(out, i);
        strbuf_addf(out, "%s<b>", stage_label(i, lang));
        grouped(out, (uint64_t)sections_int(s->now, stage_name((enum stage)i)));
        strbuf_add_text(out, "</b></li>");
    }
    strbuf_add_text(out, "</ul></section>");
}

static void days(struct strbuf *out, const struct sections *s, enum lang lang)
{
    const struct json *points = json_get(s->days, "points");
    const char *title = pick(lang, "每日事件", "Events per day");
    open_section(out, "w7", title, pick(lang, "最近 90 天", "last 90 days"));
    svg_bars(out, points, BAR_DAYS, SVG_HALF, title);
    svg_bars(out, points, BAR_DAYS, SVG_PHONE, title);
    strbuf_add_text(out, "</section>");
}

static void kinds(struct strbuf *out, const struct sections *s, enum lang lang, struct arena *arena)
{
    struct report_kind *list;
    size_t count = report_kinds(s, arena, &list);
    open_section(out, "w5", pick(lang, "事件类型", "Top kinds"), "");
    strbuf_add_text(out, "<table class=\"list\">");
    for (size_t i = 0; i < count && i < KIND_ROWS; i++) {
        strbuf_add_text(out, "<tr><td>");
        page_text(out, report_kind_is_rest(list[i].kind)
                           ? str_of(pick(lang, "其余类型", "all other kinds"))
                           : list[i].kind);
        strbuf_add_text(out, "</td><td>");
        svg_meter(out, list[i].events, list[0].events);
        strbuf_add_text(out, "</td><td>");
        grouped(out, (uint64_t)list[i].events);
        strbuf_add_text(out, "</td></tr>");
    }
    strbuf_add_text(out, "</table></section>");
}

static int heat_of(double share)
{
    static const double steps[] = {0.05, 0.15, 0.3, 0.45, 0.6};
    int heat = 0;
    while (heat < 5 && share >= steps[heat])
        heat++;
    return heat;
}

static void cohort(struct strbuf *out, const struct json *c)
{
    const struct json *at = json_get(c, "at"), *returned = json_get(c, "returned");
    int64_t size = sections_int(c, "size");
    strbuf_addf(out, "<tr><td>%.10s</td><td>", at->string.p);
    grouped(out, (uint64_t)size);
    strbuf_add_text(out, "</td>");
    for (size_t k = 1; k < returned->count; k++) {
        if (returned->items[k].type == JSON_NULL) break;
        double share = size ? returned->items[k].number / (double)size : 0;
        strbuf_addf(out, "<td class=\"h%d\" title=\"%.0f / %" PRId64 "\">%.0f%%</td>",
                    heat_of(share), returned->items[k].number, size, 100 * share);
    }
    strbuf_add_text(out, "</tr>");
}

static void retention(struct strbuf *out, const struct sections *s, enum lang lang)
{
    const struct json *cohorts = json_get(s->retention, "cohorts");
    if (!cohorts || cohorts->count == 0) return;
    const char *title = pick(lang, "周留存", "Weekly retention");
    open_section(out, "w12", title,
                 pick(lang, "首次出现的那一周起，第 k 周仍有事件的比例",
                      "share with an event in week k after the week first seen"));
    open_scroll(out, title);
    strbuf_addf(out, "<table class=\"heat\"><tr><th>%s</th><th>%s</th>", pick(lang, "首周", "week"),
                pick(lang, "人数", "members"));
    for (int k = 1; k < 12; k++)
        strbuf_addf(out, "<th>%d</th>", k);
    strbuf_add_text(out, "</tr>");
    size_t from = cohorts->count > RETENTION_ROWS ? cohorts->count - RETENTION_ROWS : 0;
    for (size_t i = from; i < cohorts->count; i++)
        cohort(out, &cohorts->items[i]);
    strbuf_add_text(out, "</table></div></section>");
}

/* ---- for the report alone ---- */

static void flow(struct strbuf *out, const struct sections *s, enum lang lang)
{
    const struct json *rows = json_get(s->lifecycle, "flow");
    const char *title = pick(lang, "最近 28 天的流转", "Flow of the last 28 days");
    open_section(out, "w12", title, pick(lang, "行：期初，列：期末", "from rows to columns"));
    open_scroll(out, title);
    strbuf_addf(out, "<table><tr><th>%s</th>", pick(lang, "期初", "from"));
    for (int i = 0; i < STAGE_COUNT; i++)
        strbuf_addf(out, "<th>%s</th>", stage_label(i, lang));
    for (size_t r = 0; rows && r < rows->count; r++) {
        strbuf_addf(out, "</tr><tr><td>%s</td>", stage_label((int)r, lang));
        for (size_t c = 0; c < rows->items[r].count; c++) {
            strbuf_addf(out, "<td>%" PRId64 "</td>", rows->items[r].items[c].integer);
        }
    }
    strbuf_add_text(out, "</tr></table></div></section>");
}

static void rfm(struct strbuf *out, const struct sections *s, enum lang lang)
{
    struct report_grid grid;
    report_rfm(s, &grid);
    open_section(out, "w7", "RFM",
                 pick(lang, "用户数：最近一次（行，5 为最近）× 频次",
                      "members by recency (rows, 5 = latest) and frequency"));
    strbuf_add_text(
        out, "<table><tr><th>R</th><th>F1</th><th>F2</th><th>F3</th><th>F4</th><th>F5</th></tr>");
    for (int r = 5; r >= 1; r--) {
        strbuf_addf(out, "<tr><td>R%d</td>", r);
        for (int f = 1; f <= 5; f++)
            strbuf_addf(out, "<td>%" PRIu64 "</td>", grid.members[r][f]);
        strbuf_add_text(out, "</tr>");
    }
    strbuf_add_text(out, "</table></section>");
}

static void repeat(struct strbuf *out, const struct brand *b, const struct sections *s,
                   enum lang lang)
{
    open_section(out, "w5", pick(lang, "复购预测", "Repeat buying"),
                 pick(lang, "未来 90 天", "next 90 days"));
    strbuf_add_text(out, "<p>");
    report_repeat_line(b, s, lang, out);
    strbuf_add_text(out, "</p></section>");
}

static void group_line(struct strbuf *out, const struct brand *b, const struct group_row *g)
{
    char at[48] = "";
    if (g->last_message_at != TIME_NONE)
        time_format(brand_zone(b), g->last_message_at, at, sizeof(at));
    strbuf_add_text(out, "<tr><td title=\"");
    page_text(out, g->name);
    strbuf_add_text(out, "\"><span>");
    page_text(out, g->name);
    strbuf_add_text(out, "</span></td><td>");
    grouped(out, g->members);
    strbuf_add_text(out, "</td><td>");
    svg_spark(out, g->daily, GROUP_RECENT_DAYS);
    strbuf_add_text(out, "</td><td>");
    grouped(out, g->recent_messages);
    strbuf_addf(out, "</td><td>%.10s</td></tr>", at[0] ? at : "–");
}

static void groups(struct strbuf *out, const struct brand *b, const struct sections *s,
                   enum lang lang)
{
    open_section(out, "w12", pick(lang, "社群", "Groups"),
                 pick(lang, "28 天消息数", "messages in 28 days"));
    if (s->group_count == 0) {
        strbuf_addf(
            out, "<p class=\"empty\">%s</p></section>",
            pick(lang, "还没有社群。导入聊天记录：wellfield import --format irc --group 群名 FILE",
                 "No groups yet. Import a chat log: wellfield import --format irc --group NAME "
                 "FILE"));
        return;
    }
    strbuf_addf(out,
                "<table class=\"list "
                "groups\"><tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th></tr>",
                pick(lang, "社群", "group"), pick(lang, "人数", "members"),
                pick(lang, "走势", "by day"), pick(lang, "消息", "messages"),
                pick(lang, "最近", "last"));
    for (size_t i = 0; i < s->group_count && i < GROUP_ROWS; i++)
        group_line(out, b, &s->groups[i]);
    strbuf_add_text(out, "</table>");
    if (s->group_count > GROUP_ROWS) {
        strbuf_addf(out, "<p class=\"empty\">… +%zu</p>", s->group_count - GROUP_ROWS);
    }
    strbuf_add_text(out, "</section>");
}

static void teach(struct strbuf *out, const struct brand *b, enum lang lang)
{
    open_section(out, "w12", pick(lang, "还没有事件", "No events yet"), "");
    strbuf_addf(out,
                "<div class=\"empty\"><p>%s</p><pre>wellfield import --data DIR --brand %s "
                "--format csv orders.csv</pre>",
                pick(lang, "把历史导进来：订单、聊天记录，或一年的演示数据。",
                     "Bring in a history: orders, a chat log, or a simulated year."),
                brand_slug(b));
    strbuf_addf(out,
                "<pre>wellfield simulate --data DIR --brand %s --members 2000 --days 365</pre>",
                brand_slug(b));
    strbuf_addf(
        out,
        "<p>%s</p><pre>curl -u WRITE_KEY: http://127.0.0.1:8080/v1/track -H 'Content-Type: "
        "application/json' \\\n"
        "  -d "
        "'{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"page.viewed\"}'</pre></div></section>",
        pick(lang, "或者发一个事件：", "Or send one event:"));
}

static void head(struct strbuf *out, struct brand *b, const struct sections *s, enum lang lang)
{
    char from[48], to[48];
    time_format(brand_zone(b), s->from, from, sizeof(from));
    time_format(brand_zone(b), s->to, to, sizeof(to));
    strbuf_addf(out, "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\"><title>",
                pick(lang, "zh-CN", "en"));
    page_text(out, str_of(brand_name(b)));
    strbuf_addf(out,
                " · Wellfield</title><meta name=\"viewport\" "
                "content=\"width=device-width,initial-scale=1\">"
                "<style>%s</style><body><main><header><h1>",
                PAGE_STYLE);
    page_text(out, str_of(brand_name(b)));
    strbuf_add_text(out, "</h1>");
    if (s->first_at != TIME_NONE) strbuf_addf(out, "<p>%.10s – %.10s</p>", from, to);
    strbuf_addf(out,
                "<nav aria-label=\"%s\"><!--brands--><a href=\"?brand=%s&amp;lang=%s\" "
                "lang=\"%s\">%s</a></nav></header>",
                pick(lang, "品牌与语言", "brand and language"), brand_slug(b),
                pick(lang, "en", "zh"), pick(lang, "en", "zh-CN"), pick(lang, "English", "中文"));
}

void page_render(struct brand *b, const struct sections *s, enum lang lang, struct arena *arena,
                 struct strbuf *out)
{
    char to[48];
    time_format(brand_zone(b), s->to, to, sizeof(to));
    head(out, b, s, lang);
    if (s->first_at == TIME_NONE) {
        teach(out, b, lang);
    } else {
        figures(out, s, lang);
        stages(out, s, lang);
        days(out, s, lang);
        kinds(out, s, lang, arena);
        retention(out, s, lang);
        groups(out, b, s, lang);
        if (s->rfm) {
            flow(out, s, lang);
            rfm(out, s, lang);
            repeat(out, b, s, lang);
        }
    }
    strbuf_addf(out, "<footer>%s %.10s %.5s · %s</footer></main></body></html>\n",
                pick(lang, "截至", "as of"), to, to + sizeof("2026-01-01T") - 1,
                zone_name(brand_zone(b)));
}
