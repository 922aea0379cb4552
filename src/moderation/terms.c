/* terms.c - words in one engine, patterns in another.
 *
 * Vectorscan says which words end where, and of patterns only which are there: where one lies is
 * asked of pattern.c, and without Vectorscan that is asked of all. What Vectorscan refuses to
 * compile is looked for by our own means. */
#include "moderation/terms.h"

#include <hs.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "moderation/automaton.h"
#include "moderation/pattern.h"

struct word {
    uint32_t term, owner;
    uint32_t len; /* bytes, clean */
    bool whole_left, whole_right;
};

struct spelt {
    struct pattern pattern;
    uint32_t term, owner;
};

struct terms {
    VEC(struct word) words;
    VEC(struct str) texts; /* of the words, clean; while it is being made */
    VEC(struct spelt) patterns;
    VEC(char *) pcre; /* of the patterns; while it is being made */
    struct arena *arena;
    hs_database_t *word_base, *pattern_base; /* NULL = by our own means */
    struct automaton *automaton;             /* NULL = there is word_base, or no word */
};

struct searcher {
    hs_scratch_t *scratch; /* NULL = nothing needs one */
};

/* ---- making ---- */

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static void add_word(struct terms *t, const struct term *term, uint32_t number, struct cleaner *c)
{
    struct str text = str_trim(clean_text(c, term->text));
    if (!text.len) return;
    struct word w = {.term = number, .owner = term->owner, .len = (uint32_t)text.len};
    w.whole_left = term->whole && is_word_byte(text.p[0]);
    w.whole_right = term->whole && is_word_byte(text.p[text.len - 1]);
    VEC_PUSH(&t->words, w);
    VEC_PUSH(&t->texts, arena_str(t->arena, text));
}

static enum err add_pattern(struct terms *t, const struct term *term, uint32_t number,
                            struct why *why)
{
    struct strbuf pcre = {0};
    VEC_RESERVE(&t->patterns, 1);
    struct spelt *s = &t->patterns.items[t->patterns.count];
    enum err err = pattern_parse(term->text, &s->pattern, &pcre, "terms", why);
    if (err == ERR_OK) {
        s->term = number;
        s->owner = term->owner;
        t->patterns.count++;
        VEC_PUSH(&t->pcre, arena_printf(t->arena, "%s", pcre.p));
    }
    strbuf_finish(&pcre);
    return err;
}

static hs_database_t *compiled(hs_error_t answer, hs_database_t *base, hs_compile_error_t *error)
{
    if (answer == HS_SUCCESS) return base;
    log_error("moderation", "not_compiled", "reason=%s", error ? error->message : "unknown");
    hs_free_compile_error(error);
    return NULL;
}

static void compile_words(struct terms *t)
{
    size_t count = t->words.count;
    const char **texts = mem_alloc_array(count, sizeof(*texts));
    size_t *lens = mem_alloc_array(count, sizeof(*lens));
    unsigned *flags = mem_alloc_array(count, sizeof(*flags));
    unsigned *ids = mem_alloc_array(count, sizeof(*ids));
    hs_database_t *base = NULL;
    hs_compile_error_t *error = NULL;
    for (size_t i = 0; i < count; i++) {
        texts[i] = t->texts.items[i].p;
        lens[i] = t->texts.items[i].len;
        ids[i] = (unsigned)i;
    }
    hs_error_t answer = hs_compile_lit_multi(texts, flags, ids, lens, (unsigned)count,
                                             HS_MODE_BLOCK, NULL, &base, &error);
    t->word_base = compiled(answer, base, error);
    mem_free(texts);
    mem_free(lens);
    mem_free(flags);
    mem_free(ids);
}

static void compile_patterns(struct terms *t)
{
    size_t count = t->patterns.count;
    unsigned *flags = mem_alloc_array(count, sizeof(*flags));
    unsigned *ids = mem_alloc_array(count, sizeof(*ids));
    hs_database_t *base = NULL;
    hs_compile_error_t *error = NULL;
    for (size_t i = 0; i < count; i++) {
        flags[i] = HS_FLAG_UTF8 | HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL;
        ids[i] = (unsigned)i;
    }
    hs_error_t answer = hs_compile_multi((const char *const *)t->pcre.items, flags, ids,
                                         (unsigned)count, HS_MODE_BLOCK, NULL, &base, &error);
    t->pattern_base = compiled(answer, base, error);
    mem_free(flags);
    mem_free(ids);
}

enum err terms_create(const struct term *terms, size_t count, enum terms_engine engine,
                      struct terms **out, size_t *bad, struct why *why)
{
    struct terms *t = mem_alloc(sizeof(*t));
    struct cleaner cleaner = {0};
    enum err err = ERR_OK;
    t->arena = arena_create(0);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        *bad = i;
        if (terms[i].pattern) {
            err = add_pattern(t, &terms[i], (uint32_t)i, why);
        } else {
            add_word(t, &terms[i], (uint32_t)i, &cleaner);
        }
    }
    cleaner_finish(&cleaner);
    if (err != ERR_OK) {
        terms_destroy(t);
        return err;
    }
    bool vectorscan = engine == TERMS_BEST && hs_valid_platform() == HS_SUCCESS;
    if (vectorscan && t->words.count) compile_words(t);
    if (vectorscan && t->patterns.count) compile_patterns(t);
    if (!t->word_base && t->words.count)
        t->automaton = automaton_create(t->texts.items, t->texts.count);
    VEC_FINISH(&t->texts);
    VEC_FINISH(&t->pcre);
    arena_destroy(t->arena);
    t->arena = NULL;
    *out = t;
    return ERR_OK;
}

void terms_destroy(struct terms *t)
{
    if (!t) return;
    hs_free_database(t->word_base);
    hs_free_database(t->pattern_base);
    automaton_destroy(t->automaton);
    arena_destroy(t->arena);
    VEC_FINISH(&t->words);
    VEC_FINISH(&t->texts);
    VEC_FINISH(&t->patterns);
    VEC_FINISH(&t->pcre);
    mem_free(t);
}

bool terms_by_vectorscan(const struct terms *t)
{
    return t->word_base || t->pattern_base;
}

struct searcher *searcher_create(const struct terms *t)
{
    struct searcher *s = mem_alloc(sizeof(*s));
    const hs_database_t *const bases[] = {t->word_base, t->pattern_base};
    for (int i = 0; i < 2; i++) {
        if (bases[i] && hs_alloc_scratch(bases[i], &s->scratch) != HS_SUCCESS)
            mem_abort("hs_alloc_scratch");
    }
    return s;
}

void searcher_destroy(struct searcher *s)
{
    if (!s) return;
    hs_free_scratch(s->scratch);
    mem_free(s);
}

/* ---- finding ---- */

struct search {
    const struct terms *terms;
    struct str clean;
    bool (*fn)(void *ctx, const struct terms_hit *hit);
    void *ctx;
    bool stop;
};

static bool found_word(void *ctx, uint32_t number, size_t to)
{
    struct search *s = ctx;
    const struct word *w = &s->terms->words.items[number];
    size_t from = to - w->len;
    if (w->whole_left && from > 0 && is_word_byte(s->clean.p[from - 1])) return true;
    if (w->whole_right && to < s->clean.len && is_word_byte(s->clean.p[to])) return true;
    const struct terms_hit hit = {w->term, w->owner, {(uint32_t)from, (uint32_t)to}};
    s->stop = !s->fn(s->ctx, &hit);
    return !s->stop;
}

/* Of hs_scan: 0 = go on. */
static int on_word(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                   void *ctx)
{
    (void)from;
    (void)flags;
    return !found_word(ctx, id, (size_t)to);
}

static bool found_pattern(struct search *s, size_t number)
{
    const struct spelt *p = &s->terms->patterns.items[number];
    struct terms_hit hit = {p->term, p->owner, {0, 0}};
    struct str head = utf8_cut(s->clean, LIMIT_MODERATION_PATTERN_TEXT);
    if (!pattern_find(&p->pattern, head, &hit.at)) return true;
    s->stop = !s->fn(s->ctx, &hit);
    return !s->stop;
}

static int on_pattern(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void *ctx)
{
    (void)from;
    (void)to;
    (void)flags;
    return !found_pattern(ctx, id);
}

static void find_patterns(struct search *s, struct searcher *searcher)
{
    struct str head = utf8_cut(s->clean, LIMIT_MODERATION_PATTERN_TEXT);
    if (s->terms->pattern_base) {
        (void)hs_scan(s->terms->pattern_base, head.p, (unsigned)head.len, 0, searcher->scratch,
                      on_pattern, s);
        return;
    }
    for (size_t i = 0; i < s->terms->patterns.count && found_pattern(s, i); i++) {
    }
}

void terms_find(const struct terms *t, struct searcher *searcher, struct str clean,
                bool (*fn)(void *ctx, const struct terms_hit *hit), void *ctx)
{
    struct search s = {t, clean, fn, ctx, false};
    if (!clean.len) return;
    if (t->word_base) {
        (void)hs_scan(t->word_base, clean.p, (unsigned)clean.len, 0, searcher->scratch, on_word,
                      &s);
    } else if (t->automaton) {
        automaton_scan(t->automaton, clean, found_word, &s);
    }
    if (!s.stop && t->patterns.count) find_patterns(&s, searcher);
}
