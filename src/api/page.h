/* page.h - the overview of a brand at `/`: server-rendered, self-contained, for a laptop and a
 * phone. */
#pragma once

#include "api/sections.h"
#include "brand/data.h"
#include "http/http.h"

/* Pages already computed, by brand and language; at most 10 s old. Any thread. */
struct page_cache;
struct page_cache *page_cache_create(void);
void page_cache_destroy(struct page_cache *c);

/* GET /?brand=SLUG&lang=zh|en. Refuses a Host that is not this machine's loopback (403): the page
 * needs no token, so a foreign name that resolves here must not read it. */
void page_handle(struct page_cache *c, struct data *d, struct request *req);
/* The page of one brand, whole: no other file is needed. */
void page_render(struct brand *b, const struct sections *s, enum lang lang, struct arena *arena,
                 struct strbuf *out);
/* 's' with the characters that mean something in HTML escaped, in text and in quoted values. */
void page_text(struct strbuf *out, struct str s);
