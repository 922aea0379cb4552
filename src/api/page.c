/* page.c - the door of the page, and the pages kept behind it.
 *
 * A page is rendered once for all callers and kept for PAGE_AGE_MS. The style sheet is inline and
 * allowed by its hash. */
#include "api/page.h"

#include <pthread.h>
#include <stdio.h>

#include "api/page_style.h"
#include "base/hash.h"
#include "base/mem.h"

#define PAGE_AGE_MS 10000

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
    const struct sections_range range = {.from = TIME_NONE, .to = TIME_NONE};
    enum err err = sections_ask(b, &range, arena, &s, why);
    if (err == ERR_OK) {
        strbuf_reset(&p->html);
        page_render(b, &s, p->lang, arena, &p->html);
        p->at = env_now(brand_env(b));
    }
    arena_destroy(arena);
    return err;
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
static void add_brands(struct data *d, const struct cached *shown, struct strbuf *out)
{
    static const char mark[] = "<!--brands-->";
    struct str html = strbuf_str(&shown->html);
    size_t at = str_find(html, str_of(mark));
    if (data_brand_count(d) < 2 || at == SIZE_MAX) {
        strbuf_add_str(out, html);
        return;
    }
    strbuf_add(out, html.p, at);
    for (size_t i = 0; i < data_brand_count(d); i++) {
        struct brand_facts f = data_brand_facts(d, i);
        bool current = strcmp(f.slug, shown->brand) == 0;
        strbuf_addf(out, "<a href=\"?brand=%s&amp;lang=%s\"%s>", f.slug,
                    shown->lang == LANG_ZH ? "zh" : "en", current ? " aria-current=\"page\"" : "");
        page_text(out, str_of(f.name));
        strbuf_add_text(out, "</a>");
    }
    strbuf_add(out, html.p + at, html.len - at);
}

void page_handle(struct page_cache *c, struct data *d, struct request *req)
{
    struct why why = {0};
    struct brand *b = NULL;
    enum err err = ERR_OK;
    if (!request_is_local(req)) err = why_fail(&why, ERR_FORBIDDEN, MSG_LOCAL_ONLY, "Host", NULL);
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
    if (err == ERR_OK) add_brands(d, p, &html);
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
