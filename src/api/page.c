/* page.c - the overview as one HTML document, and its door.
 *
 * A page is rendered once for all callers and kept for PAGE_AGE_MS. It holds aggregates only.
 * Everything that comes from the brand's data is escaped by text(); the style sheet is inline and
 * allowed by its hash. */
#include "api/page.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "api/page_style.h"
#include "api/svg.h"
#include "base/hash.h"
#include "base/mem.h"

#define PAGE_AGE_MS 10000
#define BAR_DAYS 90
#define GROUP_ROWS 50
#define KIND_ROWS 12
#define RETENTION_ROWS 12

static void text(struct strbuf *out, struct str s)
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
    open_section(out, "w12", pick(lang, "各阶段用户", "Members per lifecycle stage"),
                 pick(lang, "每周末的存量", "stock at the end of each week"));
    svg_stages(out, stock);
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
    open_section(out, "w7", pick(lang, "每日事件", "Events per day"),
                 pick(lang, "最近 90 天", "last 90 days"));
    svg_bars(out, json_get(s->days, "points"), BAR_DAYS);
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
        text(out, list[i].kind);
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
    static const double steps[] = {0.05, 0.12, 0.22, 0.35, 0.5};
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
    open_section(out, "w12", pick(lang, "周留存", "Weekly retention"),
                 pick(lang, "首次出现的那一周起，第 k 周仍有事件的比例",
                      "share with an event in week k after the week first seen"));
    strbuf_addf(out, "<div class=\"scroll\"><table class=\"heat\"><tr><th>%s</th><th>%s</th>",
                pick(lang, "首周", "week"), pick(lang, "人数", "members"));
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
    const struct json *rows = json_get(s->flow, "flow");
    open_section(out, "w12", pick(lang, "最近 28 天的流转", "Flow of the last 28 days"),
                 pick(lang, "行：期初，列：期末", "from rows to columns"));
    strbuf_add_text(out, "<div class=\"scroll\"><table><tr><th></th>");
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
        out, "<table><tr><th></th><th>F1</th><th>F2</th><th>F3</th><th>F4</th><th>F5</th></tr>");
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
    if (s->repeat) {
        report_repeat_line(b, s, lang, out);
    } else {
        strbuf_addf(out, "<p class=\"empty\">%s</p>",
                    pick(lang, "复购订单太少，暂无法估计。", "Too few repeat orders to estimate."));
    }
    strbuf_add_text(out, "</section>");
}

static void group_line(struct strbuf *out, const struct brand *b, const struct group_row *g)
{
    char at[48] = "";
    if (g->last_message_at != TIME_NONE)
        time_format(brand_zone(b), g->last_message_at, at, sizeof(at));
    strbuf_add_text(out, "<tr><td>");
    text(out, g->name);
    strbuf_add_text(out, "</td><td>");
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
    strbuf_addf(
        out, "<table class=\"list\"><tr><th>%s</th><th>%s</th><th></th><th>%s</th><th>%s</th></tr>",
        pick(lang, "社群", "group"), pick(lang, "人数", "members"), pick(lang, "消息", "messages"),
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

void page_render(struct brand *b, const struct sections *s, enum lang lang, struct arena *arena,
                 struct strbuf *out)
{
    char from[48], to[48];
    time_format(brand_zone(b), s->from, from, sizeof(from));
    time_format(brand_zone(b), s->to, to, sizeof(to));
    strbuf_addf(out, "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\"><title>",
                pick(lang, "zh-CN", "en"));
    text(out, str_of(brand_name(b)));
    strbuf_addf(out,
                " · Wellfield</title><meta name=\"viewport\" "
                "content=\"width=device-width,initial-scale=1\">"
                "<style>%s</style><body><main><header><h1>",
                PAGE_STYLE);
    text(out, str_of(brand_name(b)));
    strbuf_addf(out,
                "</h1><p>%.10s – %.10s</p><nav><!--brands--><a "
                "href=\"?brand=%s&amp;lang=%s\">%s</a></nav></header>",
                from, to, brand_slug(b), pick(lang, "en", "zh"), pick(lang, "English", "中文"));
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
    strbuf_addf(out, "<footer>%s %.19s</footer></main></body></html>\n",
                pick(lang, "截至", "as of"), to);
}

/* ---- the door ---- */

struct cached {
    char brand[LIMIT_SLUG_BYTES + 1];
    enum lang lang;
    int64_t at;
    struct strbuf html;
    struct cached *next;
};

struct page_cache {
    pthread_mutex_t
        lock; /* held while a page is computed: the others wait for it instead of computing too */
    struct cached *list;
    char policy[160]; /* the Content-Security-Policy */
};

struct page_cache *page_cache_create(void)
{
    struct page_cache *c = mem_alloc(sizeof(*c));
    char hash[48];
    struct sha256 sha = sha256_of(PAGE_STYLE, sizeof(PAGE_STYLE) - 1);
    base64_encode(sha.bytes, sizeof(sha.bytes), hash);
    snprintf(c->policy, sizeof(c->policy),
             "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
             hash);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void page_cache_destroy(struct page_cache *c)
{
    if (!c) return;
    while (c->list) {
        struct cached *next = c->list->next;
        strbuf_finish(&c->list->html);
        mem_free(c->list);
        c->list = next;
    }
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

static struct cached *find(struct page_cache *c, const char *slug, enum lang lang)
{
    struct cached *p = c->list;
    while (p && (p->lang != lang || strcmp(p->brand, slug) != 0))
        p = p->next;
    if (p) return p;
    p = mem_alloc(sizeof(*p));
    snprintf(p->brand, sizeof(p->brand), "%s", slug);
    p->lang = lang;
    p->at = TIME_NONE;
    p->next = c->list;
    c->list = p;
    return p;
}

static enum err compute(struct cached *p, struct brand *b, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct sections s;
    const struct sections_range range = {TIME_NONE, TIME_NONE, false};
    enum err err = sections_ask(b, &range, arena, &s, why);
    if (err == ERR_OK) {
        strbuf_reset(&p->html);
        page_render(b, &s, p->lang, arena, &p->html);
        p->at = env_now(brand_env(b));
    }
    arena_destroy(arena);
    return err;
}

/* Only names of this machine's own loopback: a page on the web must not reach in through a name of
 * its own. */
static bool host_is_local(struct str host)
{
    size_t colon = host.len;
    while (colon > 0 && host.p[colon - 1] != ':' && host.p[colon - 1] != ']')
        colon--;
    if (colon > 0 && host.p[colon - 1] == ':') host.len = colon - 1;
    return str_is(host, "127.0.0.1") || str_is(host, "localhost") || str_is(host, "[::1]");
}

static enum lang wanted_lang(const struct request *req)
{
    struct str lang = request_query(req, "lang");
    if (str_is(lang, "zh")) return LANG_ZH;
    if (str_is(lang, "en")) return LANG_EN;
    struct str accept = request_header(req, "Accept-Language");
    return accept.len ? request_lang(req) : LANG_ZH;
}

static enum err wanted_brand(struct data *d, struct request *req, struct brand **b, struct why *why)
{
    struct str slug = request_query(req, "brand");
    if (slug.len == 0) {
        if (data_brand_count(d) == 0)
            return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "brand");
        struct brand_facts f = data_brand_facts(d, 0);
        return data_brand(d, f.slug, b, why);
    }
    return data_brand(d, arena_str(request_arena(req), slug).p, b, why);
}

/* Links to the other brands go where page_render left a mark. */
static void add_brands(struct data *d, const struct brand *shown, struct str html,
                       struct strbuf *out)
{
    static const char mark[] = "<!--brands-->";
    size_t at = str_find(html, str_of(mark));
    if (data_brand_count(d) < 2 || at == SIZE_MAX) {
        strbuf_add_str(out, html);
        return;
    }
    strbuf_add(out, html.p, at);
    for (size_t i = 0; i < data_brand_count(d); i++) {
        struct brand_facts f = data_brand_facts(d, i);
        bool current = strcmp(f.slug, brand_slug(shown)) == 0;
        strbuf_addf(out, "<a href=\"?brand=%s\"%s>", f.slug,
                    current ? " aria-current=\"page\"" : "");
        text(out, str_of(f.name));
        strbuf_add_text(out, "</a>");
    }
    strbuf_add(out, html.p + at, html.len - at);
}

void page_handle(struct page_cache *c, struct data *d, struct request *req)
{
    struct why why = {0};
    struct brand *b = NULL;
    enum err err = ERR_OK;
    if (!host_is_local(request_header(req, "Host")))
        err = why_fail(&why, ERR_FORBIDDEN, MSG_LOCAL_ONLY, "Host", NULL);
    if (err == ERR_OK) err = wanted_brand(d, req, &b, &why);
    if (err != ERR_OK) {
        reply_problem(req, &why);
        return;
    }
    struct strbuf html = {0};
    pthread_mutex_lock(&c->lock);
    struct cached *p = find(c, brand_slug(b), wanted_lang(req));
    if (p->at == TIME_NONE || env_now(brand_env(b)) - p->at > PAGE_AGE_MS)
        err = compute(p, b, &why);
    if (err == ERR_OK) add_brands(d, b, strbuf_str(&p->html), &html);
    pthread_mutex_unlock(&c->lock);
    if (err == ERR_OK) {
        reply_header(req, "Content-Security-Policy", c->policy);
        reply_header(req, "Referrer-Policy", "no-referrer");
        reply(req, 200, "text/html; charset=utf-8", strbuf_str(&html));
    } else {
        reply_problem(req, &why);
    }
    strbuf_finish(&html);
}
