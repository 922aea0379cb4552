/* routes_preference.c - the page where a member sees what they consented to, and changes it.
 *
 * Whoever has the link is the member: the link holds their number, when it ends, and a code that
 * only the brand's key makes. It needs no cookie, so no other page can use somebody's; the form
 * goes to the link itself. It is plain HTML without scripts. Nothing personal is on it, not even a
 * name.
 *
 * A box stands for a channel of a purpose, or for a list; what differs from the ledger's answer
 * becomes an entry. */
#include <inttypes.h>
#include <stdio.h>

#include "api/internal.h"
#include "api/page.h"
#include "api/preference_style.h"
#include "api/rate.h"
#include "base/hash.h"
#include "people/consent.h"

#define ENTRIES_MAX (LIMIT_CONSENT_PURPOSES * 8 + LIMIT_CONSENT_LISTS)

/* One showing of the page. */
struct showing {
    struct call *c;
    struct sql *db;
    enum lang lang;
    uint32_t member;
    struct consent_purpose *purposes;
    size_t purpose_count;
    struct consent_sub *lists;
    size_t list_count;
    struct consent_entry *entries; /* the ledger, newest first */
    size_t entry_count;
    bool child; /* something is denied for their age */
};

static const char *pick(const struct showing *s, const char *zh, const char *en)
{
    return s->lang == LANG_ZH ? zh : en;
}

static struct str pick_str(const struct showing *s, struct str zh, struct str en)
{
    return s->lang == LANG_ZH ? zh : en;
}

static const char *channel_name(const struct showing *s, struct str channel)
{
    static const struct {
        const char *key, *zh, *en;
    } names[] = {{"wecom", "企业微信", "WeCom"},      {"wechat", "微信", "WeChat"},
                 {"sms", "短信", "Text message"},     {"email", "电子邮件", "E-mail"},
                 {"call", "电话", "Phone call"},      {"push", "应用通知", "App notification"},
                 {"telegram", "Telegram", "Telegram"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_is(channel, names[i].key)) return pick(s, names[i].zh, names[i].en);
    }
    return "";
}

/* ---- the ledger ---- */

static enum err answer(struct showing *s, struct str purpose, struct str channel, struct str list,
                       struct consent_answer *out)
{
    const struct brand *b = s->c->brand;
    const struct consent_ask ask = {s->member, channel, purpose, list, env_now(brand_env(b))};
    TRY(consent_answer(s->c->brand, s->db, &ask, out));
    s->child |= out->reason == CONSENT_CHILD;
    return ERR_OK;
}

/* On a list unless they left it, whatever the purpose says. */
static bool is_on(const struct showing *s, const struct consent_sub *l)
{
    for (size_t i = 0; i < s->entry_count; i++) {
        const struct consent_entry *e = &s->entries[i];
        if (str_eq(e->list, l->list) && str_eq(e->purpose, l->purpose)) return e->granted;
    }
    return true;
}

static enum err read_ledger(struct showing *s, struct why *why)
{
    struct people_view view = {s->c->brand, s->db, s->c->arena};
    return consent_list(&view, s->member, &s->entries, &s->entry_count, why);
}

/* ---- the form ---- */

static bool form_has(struct str body, const char *name)
{
    struct str wanted = str_of(name);
    while (body.p && body.len) {
        struct str pair = str_cut(&body, '&');
        if (str_eq(str_cut(&pair, '='), wanted)) return true;
    }
    return false;
}

/* The version of the text that the form showed; 0 = not known. */
static uint32_t form_version(struct showing *s, struct str body, const struct consent_purpose *p)
{
    struct str wanted = str_of(arena_printf(s->c->arena, "version." STR_FMT, STR_ARG(p->purpose)));
    uint64_t version;
    while (body.p && body.len) {
        struct str pair = str_cut(&body, '&');
        if (!str_eq(str_cut(&pair, '='), wanted)) continue;
        return str_to_u64(pair, &version) && version <= p->version ? (uint32_t)version : 0;
    }
    return 0;
}

struct changes {
    struct consent_entry *items;
    size_t count;
};

static void add_change(struct showing *s, struct changes *all, const struct consent_entry *like)
{
    struct consent_entry *e = &all->items[all->count++];
    *e = *like;
    e->member = s->member;
    e->at = TIME_NONE;
    e->way = STR("page");
    e->source = STR("member");
    e->evidence = STR("");
    if (!e->list.p) e->list = STR("");
}

static enum err read_purpose(struct showing *s, struct str body, const struct consent_purpose *p,
                             struct changes *all)
{
    struct str rest = p->channels, none = {NULL, 0};
    while (rest.p && rest.len) {
        struct consent_answer a;
        struct str channel = str_cut(&rest, ',');
        const char *box =
            arena_printf(s->c->arena, STR_FMT "." STR_FMT, STR_ARG(p->purpose), STR_ARG(channel));
        bool wanted = form_has(body, box);
        TRY(answer(s, p->purpose, channel, none, &a));
        if (wanted == a.allowed) continue;
        const struct consent_entry e = {.purpose = p->purpose,
                                        .channel = channel,
                                        .granted = wanted,
                                        .version = wanted ? form_version(s, body, p) : 0};
        add_change(s, all, &e);
    }
    return ERR_OK;
}

/* Everything is withdrawn where anything is allowed, on the page or not. */
static enum err stop_purpose(struct showing *s, const struct consent_purpose *p,
                             struct changes *all)
{
    struct str rest = STR(CONSENT_CHANNELS), none = {NULL, 0};
    const struct consent_entry e = {.purpose = p->purpose, .channel = STR("*")};
    while (rest.p) {
        struct consent_answer a;
        TRY(answer(s, p->purpose, str_cut(&rest, '|'), none, &a));
        if (!a.allowed) continue;
        add_change(s, all, &e);
        break;
    }
    return ERR_OK;
}

static void read_lists(struct showing *s, struct str body, struct changes *all)
{
    for (size_t i = 0; i < s->list_count; i++) {
        const struct consent_sub *l = &s->lists[i];
        const char *box = arena_printf(s->c->arena, "list." STR_FMT, STR_ARG(l->list));
        bool on = is_on(s, l);
        if (!l->shown || on == form_has(body, box)) continue;
        const struct consent_entry e = {
            .purpose = l->purpose, .channel = STR("*"), .list = l->list, .granted = !on};
        add_change(s, all, &e);
    }
}

static enum err read_form(struct showing *s, struct str body, struct changes *all)
{
    bool stop = form_has(body, "stop");
    all->items = arena_alloc_array(s->c->arena, ENTRIES_MAX, sizeof(*all->items));
    for (size_t i = 0; i < s->purpose_count; i++)
        TRY(stop ? stop_purpose(s, &s->purposes[i], all)
                 : read_purpose(s, body, &s->purposes[i], all));
    if (!stop) read_lists(s, body, all);
    return ERR_OK;
}

/* ---- the page ---- */

static void head(const struct showing *s, struct strbuf *out, const char *title)
{
    strbuf_addf(out, "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\">",
                pick(s, "zh-CN", "en"));
    strbuf_add_text(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                         "<meta name=\"robots\" content=\"noindex\"><title>");
    page_text(out, str_of(title));
    strbuf_addf(out, "</title><style>%s</style></head><body><main>", preference_style);
}

static void box(struct strbuf *out, const char *name, const char *title, bool on)
{
    strbuf_addf(out, "<label><input type=\"checkbox\" name=\"%s\" value=\"1\"%s><span>", name,
                on ? " checked" : "");
    page_text(out, str_of(title));
    strbuf_add_text(out, "</span></label>");
}

static const char *copy_of(const struct showing *s, struct str text)
{
    return arena_str(s->c->arena, text).p;
}

static void put_lists(struct showing *s, struct strbuf *out, struct str purpose)
{
    for (size_t i = 0; i < s->list_count; i++) {
        const struct consent_sub *l = &s->lists[i];
        if (!l->shown || !str_eq(l->purpose, purpose)) continue;
        const char *name = copy_of(s, pick_str(s, l->name_zh, l->name_en));
        box(out, arena_printf(s->c->arena, "list." STR_FMT, STR_ARG(l->list)),
            arena_printf(s->c->arena, "%s%s", pick(s, "订阅：", "Subscribed to "), name),
            is_on(s, l));
    }
}

static enum err put_purpose(struct showing *s, struct strbuf *out, const struct consent_purpose *p)
{
    struct str rest = p->channels, none = {NULL, 0};
    if (rest.len == 0) return ERR_OK;
    strbuf_add_text(out, "<section><h2>");
    page_text(out, pick_str(s, p->name_zh, p->name_en));
    strbuf_add_text(out, "</h2>");
    if (p->version) {
        strbuf_addf(out, "<details><summary>%s %" PRIu32 "</summary><p>",
                    pick(s, "同意文本，版本", "What you consent to, version"), p->version);
        page_text(out, pick_str(s, p->text_zh, p->text_en));
        strbuf_addf(out,
                    "</p></details><input type=\"hidden\" name=\"version." STR_FMT
                    "\" value=\"%" PRIu32 "\">",
                    STR_ARG(p->purpose), p->version);
    }
    while (rest.p && rest.len) {
        struct consent_answer a;
        struct str channel = str_cut(&rest, ',');
        TRY(answer(s, p->purpose, channel, none, &a));
        box(out,
            arena_printf(s->c->arena, STR_FMT "." STR_FMT, STR_ARG(p->purpose), STR_ARG(channel)),
            channel_name(s, channel), a.allowed);
    }
    put_lists(s, out, p->purpose);
    strbuf_add_text(out, "</section>");
    return ERR_OK;
}

static void put_top(const struct showing *s, struct strbuf *out, bool saved)
{
    head(s, out, pick(s, "消息偏好", "Your preferences"));
    strbuf_add_text(out, "<header><span class=\"soft\">");
    page_text(out, str_of(brand_name(s->c->brand)));
    strbuf_addf(out, "</span><a href=\"?lang=%s\">%s</a></header><h1>%s</h1><p>%s</p>",
                pick(s, "en", "zh"), pick(s, "English", "中文"),
                pick(s, "消息偏好", "Your preferences"),
                pick(s, "您可以随时选择我们以何种方式、因何联系您。修改立即生效。",
                     "Choose how and why we may contact you. Changes take effect at once."));
    if (saved)
        strbuf_addf(out, "<section class=\"done\" role=\"status\">%s</section>",
                    pick(s, "已保存。", "Saved."));
}

static enum err put_page(struct showing *s, struct strbuf *out, bool saved)
{
    put_top(s, out, saved);
    strbuf_addf(out, "<form method=\"post\" action=\"?lang=%s\">", pick(s, "zh", "en"));
    for (size_t i = 0; i < s->purpose_count; i++)
        TRY(put_purpose(s, out, &s->purposes[i]));
    if (s->child)
        strbuf_addf(out, "<p class=\"soft\">%s</p>",
                    pick(s, "未满 14 周岁：须由监护人同意。",
                         "Under 14: a parent or guardian has to consent."));
    strbuf_addf(out,
                "<button class=\"main\" name=\"save\" value=\"1\">%s</button>"
                "<button name=\"stop\" value=\"1\">%s</button></form></main></body></html>",
                pick(s, "保存", "Save"), pick(s, "全部撤回", "Withdraw everything"));
    return ERR_OK;
}

static void put_sentence(const struct showing *s, struct strbuf *out, const char *title,
                         const char *text)
{
    head(s, out, title);
    strbuf_addf(out, "<h1>%s</h1><p>%s</p></main></body></html>", title, text);
}

static void put_over(const struct showing *s, struct strbuf *out)
{
    put_sentence(s, out, pick(s, "链接已失效", "This link is over"),
                 pick(s, "请向我们索取新的链接。", "Please ask us for a new one."));
}

/* Nothing was changed, and it can be tried again. */
static void put_busy(const struct showing *s, struct strbuf *out)
{
    reply_header(s->c->req, "Retry-After", "1");
    s->c->status = 429;
    put_sentence(s, out, pick(s, "操作过于频繁", "Too many changes at once"),
                 pick(s, "这次修改没有保存。请稍等几秒，返回后再试。",
                      "This change was not saved. Wait a few seconds, go back and try again."));
}

/* ---- the calls ---- */

static void set_headers(struct call *c)
{
    char hash[4 * 11 + 1];
    struct sha256 sum = sha256_of(preference_style, sizeof(preference_style) - 1);
    base64_encode(sum.bytes, sizeof(sum.bytes), hash);
    c->type = "text/html; charset=utf-8";
    reply_header(c->req, "Content-Security-Policy",
                 arena_printf(c->arena,
                              "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
                              "form-action 'self'; frame-ancestors 'none'",
                              hash));
    /* the address is the key; and a browser that sends no referrer sends no origin either */
    reply_header(c->req, "Referrer-Policy", "same-origin");
    reply_header(c->req, "X-Robots-Tag", "noindex");
}

static enum lang wanted_lang(const struct call *c)
{
    struct str lang = call_str(c, "lang");
    if (lang.p) return str_is(lang, "zh") ? LANG_ZH : LANG_EN;
    return request_header(c->req, "Accept-Language").len ? call_lang(c) : LANG_ZH;
}

/* Whose page it is; false when the link is none, or over, or its member is gone. */
static bool find_member(struct showing *s)
{
    struct call *c = s->c;
    struct why why;
    uint32_t persona;
    struct str slug = arena_str(c->arena, call_param(c, "brand"));
    if (slug.len > LIMIT_SLUG_BYTES || data_brand(c->data, slug.p, &c->brand, &why) != ERR_OK)
        return false;
    int64_t now = env_now(brand_env(c->brand));
    if (brand_reader(c->brand, &s->db, &why) != ERR_OK) return false;
    if (consent_token_read(c->brand, s->db, call_param(c, "token"), now, &persona) != ERR_OK)
        return false;
    return people_root(s->db, persona, &s->member) == ERR_OK && s->member != 0;
}

static bool may_change(const struct showing *s)
{
    struct hash128 id;
    struct str token = call_param(s->c, "token");
    struct sha256 sum = sha256_of(token.p, token.len);
    memcpy(&id, sum.bytes, sizeof(id));
    return rates_take(s->c->api->by_link, id);
}

static enum err change(struct showing *s, struct why *why)
{
    struct changes all = {NULL, 0};
    enum err err = read_form(s, request_body(s->c->req), &all);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    return all.count ? consent_record(s->c->brand, all.items, all.count, why) : ERR_OK;
}

static enum err show(struct showing *s, struct json_writer *w, struct why *why)
{
    bool post = s->c->spec->method == HTTP_POST;
    struct arena *a = s->c->arena;
    TRY(consent_purposes(s->db, a, &s->purposes, &s->purpose_count, why));
    TRY(consent_lists(s->db, a, &s->lists, &s->list_count, why));
    TRY(read_ledger(s, why));
    if (post) TRY(change(s, why));
    if (post) TRY(read_ledger(s, why));
    s->child = false;
    enum err err = put_page(s, w->out, post);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static enum err preferences(struct call *c, struct json_writer *w, struct why *why)
{
    struct showing s = {.c = c, .lang = wanted_lang(c)};
    enum err err = ERR_OK;
    set_headers(c);
    if (find_member(&s) && c->spec->method == HTTP_POST && !may_change(&s)) {
        put_busy(&s, w->out);
    } else if (s.member) {
        err = show(&s, w, why);
    } else {
        c->status = 404;
        put_over(&s, w->out);
    }
    sql_close(s.db);
    return err;
}

/* ---- the table ---- */

static const struct spec_field lang_query[] = {
    {.name = "lang", .type = SPEC_ENUM, .choices = "zh|en", .doc = "default: as the browser asks"},
    {0},
};

const struct spec preference_specs[] = {
    {.method = HTTP_GET,
     .path = "/p/{brand}/{token}",
     .query = lang_query,
     .flags = SPEC_SERVER,
     .handle = preferences,
     .summary = "The page where a member sees and changes what they consent to",
     .reply_types = "text/html"},
    {.method = HTTP_POST,
     .path = "/p/{brand}/{token}",
     .query = lang_query,
     .body_max = 16384,
     .flags = SPEC_SERVER | SPEC_RAW_BODY,
     .handle = preferences,
     .summary = "The form of that page, by a browser: boxes as name=1, or stop=1",
     .reply_types = "text/html"},
    {0},
};
