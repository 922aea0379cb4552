/* moderation.c - fuzz target: terms and a text.
 *
 * Before the first NUL stands a list of terms, the rest is the text. The clean text is what folding
 * gives, both engines find the same in it, and every place lies in the text. */
#include <assert.h>

#include "base/utf8.h"
#include "moderation/book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TERMS 8

struct found_all {
    uint64_t sum;
    struct str clean;
};

static bool note(void *ctx, const struct terms_hit *hit)
{
    struct found_all *f = ctx;
    assert(hit->at.from < hit->at.to && hit->at.to <= f->clean.len);
    f->sum += ((uint64_t)hit->term << 48 | (uint64_t)hit->at.from << 24 | hit->at.to) * 0x9E3779B1u;
    return true;
}

static uint64_t find(const struct term *list, size_t count, enum terms_engine engine,
                     struct str clean)
{
    struct terms *t = NULL;
    struct why why;
    size_t bad;
    struct found_all f = {0, clean};
    if (terms_create(list, count, engine, &t, &bad, &why) != ERR_OK) return 0;
    struct searcher *s = searcher_create(t);
    terms_find(t, s, clean, note, &f);
    searcher_destroy(s);
    terms_destroy(t);
    return f.sum;
}

static bool on_trace(void *ctx, const struct trace_found *found)
{
    const struct str *clean = ctx;
    assert(found->at.from < found->at.to && found->at.to <= clean->len);
    (void)traces_host_in(found->host, STR("a.com\nb.org"));
    return true;
}

static void judge_text(struct str text)
{
    struct cleaner c = {0}, places = {0};
    struct arena *arena = arena_create(0);
    uint16_t grams[SIEVE_GRAMS];
    struct str clean = clean_text(&c, text);
    assert(str_eq(clean, utf8_fold(arena, text)));
    for (uint32_t i = 0; i < clean.len && i < 64; i++) {
        struct span s = clean_span(&places, text, (struct span){i, i + 1});
        assert(s.from < s.to && s.to <= text.len);
    }
    traces_find(clean, on_trace, &clean);
    (void)copies_hash(clean);
    (void)sieve_grams(clean, grams);
    cleaner_finish(&c);
    cleaner_finish(&places);
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size}, list = {(const char *)data, 0};
    size_t nul = str_find_char(text, '\0');
    struct term terms[TERMS];
    struct term_line line = {0};
    struct cleaner c = {0};
    size_t count = 0;
    if (nul != SIZE_MAX) {
        list.len = nul;
        text = (struct str){text.p + nul + 1, size - nul - 1};
    }
    if (!utf8_valid(text) || !utf8_valid(list)) return 0;
    judge_text(text);
    while (count < TERMS && term_next(&list, &line)) {
        terms[count] = (struct term){line.text, (uint32_t)count, line.pattern, size & 1};
        count++;
    }
    struct str clean = clean_text(&c, text);
    if (count)
        assert(find(terms, count, TERMS_BEST, clean) == find(terms, count, TERMS_OWN, clean));
    cleaner_finish(&c);
    return 0;
}
