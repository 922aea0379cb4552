/* moderation.c - how long judging a message takes, for bench/moderation.py.
 *
 *     moderation TERMS MESSAGES
 *
 * Both files have a line each. Prints a line of JSON a figure: what was measured, ns a message (the
 * best of ROUNDS rounds over all messages), and in how many messages something was found. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "moderation/book.h"

#define ROUNDS 7

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct str read_all(const char *path)
{
    struct strbuf text = {0};
    char piece[65536];
    FILE *f = fopen(path, "rb");
    size_t got;
    if (!f) {
        perror(path);
        exit(2);
    }
    while ((got = fread(piece, 1, sizeof(piece), f)) > 0)
        strbuf_add(&text, piece, got);
    fclose(f);
    return strbuf_str(&text);
}

struct messages {
    struct str *items;
    size_t count;
};

static struct messages split(struct str text)
{
    VEC(struct str) list = {0};
    while (text.len) {
        struct str line = str_cut(&text, '\n');
        if (line.len) VEC_PUSH(&list, line);
    }
    return (struct messages){list.items, list.count};
}

static void report(const char *what, double ns, size_t found)
{
    printf("{\"what\":\"%s\",\"ns\":%.1f,\"found\":%zu}\n", what, ns, found);
}

static void clean_alone(const struct messages *m)
{
    struct cleaner c = {0};
    double best = 0;
    size_t bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        for (size_t i = 0; i < m->count; i++)
            bytes += clean_text(&c, m->items[i]).len;
        double ns = (now_ns() - begin) / (double)m->count;
        if (!round || ns < best) best = ns;
    }
    report("clean", best, bytes > 0 ? m->count : 0);
    cleaner_finish(&c);
}

static void judge_all(const char *what, const struct moderation_rule *rules, size_t count,
                      const struct messages *m)
{
    struct book *book = NULL;
    struct judge *j = mem_alloc(sizeof(*j));
    struct floods floods = {0};
    struct copies copies = {0};
    double began = now_ns(), best = 0;
    size_t found = 0;
    if (book_create(rules, count, &book, NULL) != ERR_OK) exit(2);
    judge_use(j, book);
    book_release(book);
    if (!book_by_vectorscan(book)) fprintf(stderr, "without Vectorscan\n");
    double made = now_ns() - began;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        found = 0;
        for (size_t i = 0; i < m->count; i++) {
            struct found out[4];
            const struct judged one = {.text = m->items[i],
                                       .group_code = (uint32_t)i % 40,
                                       .persona = (uint32_t)i % 5000,
                                       .at = (int64_t)i * 1000,
                                       .joined = TIME_NONE,
                                       .floods = &floods,
                                       .copies = &copies};
            found += judge_ask(j, &one, out, 4) > 0;
        }
        double ns = (now_ns() - begin) / (double)m->count;
        if (!round || ns < best) best = ns;
    }
    report(what, best, found);
    printf("{\"what\":\"%s, made\",\"ns\":%.0f,\"found\":0}\n", what, made);
    judge_finish(j);
    mem_free(j);
    floods_finish(&floods);
    copies_finish(&copies);
}

static bool count_hit(void *ctx, const struct terms_hit *hit)
{
    (void)hit;
    *(bool *)ctx = true;
    return false;
}

/* By the automaton of our own, as where the processor lacks what Vectorscan needs. */
static void own_engine(struct str terms, const struct messages *m)
{
    struct messages words = split(terms);
    struct term *list = mem_alloc_array(words.count, sizeof(*list));
    struct terms *set = NULL;
    struct cleaner c = {0};
    size_t bad, found = 0;
    double best = 0;
    for (size_t i = 0; i < words.count; i++)
        list[i] = (struct term){.text = words.items[i], .whole = true};
    if (terms_create(list, words.count, TERMS_OWN, &set, &bad, NULL) != ERR_OK) exit(2);
    struct searcher *s = searcher_create(set);
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        found = 0;
        for (size_t i = 0; i < m->count; i++) {
            bool hit = false;
            terms_find(set, s, clean_text(&c, m->items[i]), count_hit, &hit);
            found += hit;
        }
        double ns = (now_ns() - begin) / (double)m->count;
        if (!round || ns < best) best = ns;
    }
    report("terms, our own engine", best, found);
    searcher_destroy(s);
    terms_destroy(set);
    cleaner_finish(&c);
    mem_free(list);
    mem_free(words.items);
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    struct str terms = read_all(argv[1]);
    struct messages m = split(read_all(argv[2]));
    const struct moderation_rule rules[] = {
        {.id = 1, .kind = RULE_TERMS, .on = true, .whole = true, .terms = terms},
        {.id = 2, .kind = RULE_LINKS, .on = true, .traces = 1u << TRACE_LINK},
        {.id = 3, .kind = RULE_CONTACTS, .on = true, .traces = 0x3C},
        {.id = 4, .kind = RULE_FLOOD, .on = true, .number = 8, .seconds = 30},
        {.id = 5, .kind = RULE_COPIES, .on = true, .number = 3, .seconds = 600},
    };
    clean_alone(&m);
    judge_all("terms", rules, 1, &m);
    own_engine(terms, &m);
    judge_all("terms, links, contacts", rules, 3, &m);
    judge_all("all of these, floods and copies", rules, 5, &m);
    return 0;
}
