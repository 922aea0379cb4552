/* suspect_text.c - which messages say the same.
 *
 * A text becomes the sorted set of its pairs of characters. If at least 80 % of X's pairs are in Y,
 * then of any 20 % + 1 of X's one must be: so only X's rarest are kept in an index, and all of Y's
 * are looked up in it. What meets is then compared whole, unless marks of their pairs tell that too
 * few can be shared. Of groups that say very much not all is looked at: see the bounds below.
 *
 * Pairs are numbered in their order, so that a text is a list of small numbers, how common a pair
 * is and who keeps it lie at its number, and nothing but the numbers themselves is sorted. */
#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "groups/suspect.h"

enum { CHARACTERS_LEAST = 12, PHRASE_ACCOUNTS = 5, SAME_PERCENT = 80, MEETINGS_MAX = 200 };
/* Whatever people write, it ends: the newest texts are looked at; a pair that many of them keep
 * tells nothing; and so many are compared, not more. */
enum { TEXTS_MAX = 20000, KEEPERS_MAX = 64, COMPARED_MAX = 200000 };
enum { MARK_WORDS = 4, FEW = 48 /* are put in order by insertion */ };

/* A phrase of a text: what lies between marks. */
struct phrase {
    uint32_t accounts[PHRASE_ACCOUNTS]; /* the first who used it */
    uint32_t count;                     /* of them */
};
/* Two characters, one after the other. */
struct pair {
    uint64_t characters;
    uint32_t found; /* which it was of those found */
};
/* A pair that a text keeps. */
struct keeping {
    uint32_t pair, text;
};
struct text {
    uint32_t message;
    uint32_t first, count;      /* of its pairs */
    uint64_t marks[MARK_WORDS]; /* a bit for each of them, which some share */
};
struct comparing {
    const struct suspect_ask *ask;
    struct arena *arena;
    struct intmap *phrase_of; /* by hash */
    VEC(struct phrase) phrases;
    struct intmap *pair_of; /* by characters: which it was of those found */
    VEC(struct pair) pairs; /* those found; then in order */
    VEC(uint32_t) held;     /* the pairs of the texts, each sorted, by number */
    VEC(struct text) texts;
    VEC(uint32_t) last;       /* [pairs] the latest text it was found in */
    uint32_t tried;           /* texts so far, those too short among them */
    uint32_t *common;         /* [pairs] texts that hold it */
    VEC(struct keeping) kept; /* by text */
    uint32_t *start;          /* [pairs + 1] of 'keepers' */
    uint32_t *keepers;        /* texts, by the pair they keep */
};

/* ---- what is said, without what anybody may say ---- */

/* Behind a quote: WeChat's line of dashes, or WeCom's. A list of sign-ups is nothing. */
static struct str own_words(struct str s)
{
    static const char *const lists[] = {"#接龙", "#Group Note"};
    static const char *const rules[] = {"\n------\n", "\n- - - - - - - - - - - - - - -\n"};
    for (int i = 0; i < 2; i++) {
        if (str_starts(s, str_of(lists[i]))) return STR("");
    }
    for (int i = 0; i < 2; i++) {
        size_t at = str_find(s, str_of(rules[i]));
        size_t skip = at == SIZE_MAX ? 0 : at + strlen(rules[i]);
        s = (struct str){s.p + skip, s.len - skip};
    }
    return s;
}

static bool is_mark(uint32_t c)
{
    if (c < 0x80)
        return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    return (c >= 0x2000 && c <= 0x206f) || (c >= 0x3000 && c <= 0x303f) ||
           (c >= 0xff00 && c <= 0xff0f) || (c >= 0xff1a && c <= 0xff20);
}

/* The next phrase, from *at on; mentions are passed over. {NULL, 0} at the end. */
static struct str next_phrase(struct str s, size_t *at)
{
    size_t from = SIZE_MAX;
    bool mention = false;
    while (*at < s.len) {
        size_t before = *at;
        uint32_t c = utf8_next(s, at);
        bool mark = is_mark(c);
        if (mention && !mark) continue;
        mention = c == '@';
        if (!mark && from == SIZE_MAX) from = before;
        if (mark && from != SIZE_MAX) return (struct str){s.p + from, before - from};
    }
    return from == SIZE_MAX ? (struct str){NULL, 0} : (struct str){s.p + from, s.len - from};
}

/* From elsewhere, behind the messages; else NULL. */
static const struct suspect_elsewhere *elsewhere(const struct comparing *c, uint32_t message)
{
    uint32_t count = c->ask->talk->message_count;
    return message < count ? NULL : &c->ask->elsewhere[message - count];
}

static struct str text_of(const struct comparing *c, uint32_t message)
{
    const struct suspect_elsewhere *e = elsewhere(c, message);
    return own_words(e ? e->text : c->ask->text(c->ask->ctx, message));
}

/* Of two accounts, or one's own here and elsewhere; and by a candidate. */
static bool is_telling(const struct comparing *c, const bool *candidate, uint32_t a, uint32_t b)
{
    const struct suspect_elsewhere *x = elsewhere(c, a), *y = elsewhere(c, b);
    const struct talk_message *messages = c->ask->talk->messages;
    uint32_t one = x ? x->account : messages[a].account;
    uint32_t other = y ? y->account : messages[b].account;
    bool right = x || y ? !(x && y) && one == other : one != other;
    return right && (candidate[one] || candidate[other]);
}

static uint64_t phrase_hash(struct str phrase)
{
    return hash_xxh3(phrase.p, phrase.len) >> 1; /* any number is a key but the greatest */
}

static void use_phrase(struct comparing *c, struct str phrase, uint32_t account)
{
    uint64_t hash = phrase_hash(phrase), at;
    if (!intmap_get(c->phrase_of, hash, &at)) {
        at = c->phrases.count;
        intmap_put(c->phrase_of, hash, at);
        VEC_PUSH(&c->phrases, (struct phrase){.count = 0});
    }
    struct phrase *p = &c->phrases.items[at];
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->accounts[i] == account) return;
    }
    if (p->count < PHRASE_ACCOUNTS) p->accounts[p->count++] = account;
}

static bool is_common(const struct comparing *c, struct str phrase)
{
    uint64_t at;
    return intmap_get(c->phrase_of, phrase_hash(phrase), &at) &&
           c->phrases.items[at].count == PHRASE_ACCOUNTS;
}

static void find_pair(struct comparing *c, uint64_t characters)
{
    uint64_t at;
    if (!intmap_get(c->pair_of, characters, &at)) {
        at = c->pairs.count;
        intmap_put(c->pair_of, characters, at);
        VEC_PUSH(&c->pairs, ((struct pair){characters, (uint32_t)at}));
        VEC_PUSH(&c->last, 0);
    }
    if (c->last.items[at] == c->tried) return;
    c->last.items[at] = c->tried;
    VEC_PUSH(&c->held, (uint32_t)at);
}

static void add_text(struct comparing *c, uint32_t message)
{
    struct str s = text_of(c, message), phrase;
    size_t at = 0, first = c->held.count, characters = 0;
    uint32_t before = 0;
    c->tried++;
    while ((phrase = next_phrase(s, &at)).p) {
        if (is_common(c, phrase)) continue;
        for (size_t i = 0; i < phrase.len; characters++) {
            uint32_t now = utf8_next(phrase, &i);
            if (characters) find_pair(c, (uint64_t)before << 32 | now);
            before = now;
        }
    }
    if (characters < CHARACTERS_LEAST) {
        c->held.count = first;
        return;
    }
    struct text text = {message, (uint32_t)first, (uint32_t)(c->held.count - first), {0}};
    VEC_PUSH(&c->texts, text);
}

/* The first message from which on there are no more than TEXTS_MAX of members with words. */
static uint32_t first_looked_at(const struct comparing *c)
{
    const struct talk *t = c->ask->talk;
    uint32_t texts = 0, i = t->message_count;
    while (i > 0 && texts < TEXTS_MAX) {
        i--;
        bool counts = talk_is_member(t, t->messages[i].account);
        texts += counts && c->ask->text(c->ask->ctx, i).len >= CHARACTERS_LEAST;
    }
    return i;
}

static void collect(struct comparing *c)
{
    const struct talk *t = c->ask->talk;
    uint32_t first = first_looked_at(c);
    size_t some = (size_t)t->message_count - first + c->ask->elsewhere_count;
    VEC_RESERVE(&c->phrases, some);
    VEC_RESERVE(&c->pairs, some);
    VEC_RESERVE(&c->last, some);
    for (uint32_t i = first; i < t->message_count; i++) {
        size_t at = 0;
        struct str phrase, s = text_of(c, i);
        if (!talk_is_member(t, t->messages[i].account)) continue;
        while ((phrase = next_phrase(s, &at)).p)
            use_phrase(c, phrase, t->messages[i].account);
    }
    for (uint32_t i = first; i < t->message_count; i++) {
        if (talk_is_member(t, t->messages[i].account)) add_text(c, i);
    }
    for (uint32_t i = 0; i < c->ask->elsewhere_count; i++)
        add_text(c, t->message_count + i);
}

/* ---- numbers ---- */

static int by_characters(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->characters < y->characters ? -1 : x->characters > y->characters;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void put_in_order(uint64_t *p, size_t count)
{
    if (count > FEW) {
        qsort(p, count, sizeof(*p), by_size);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint64_t moved = p[i];
        size_t k = i;
        for (; k > 0 && p[k - 1] > moved; k--)
            p[k] = p[k - 1];
        p[k] = moved;
    }
}

/* Pairs get their place in the order for a number, texts sorted lists of them. */
static void number_pairs(struct comparing *c)
{
    VEC(uint64_t) sorted = {0};
    uint32_t *number = arena_alloc_raw(c->arena, (c->pairs.count + 1) * sizeof(*number));
    c->common = arena_alloc_array(c->arena, c->pairs.count + 1, sizeof(*c->common));
    if (c->pairs.count) qsort(c->pairs.items, c->pairs.count, sizeof(struct pair), by_characters);
    for (uint32_t i = 0; i < c->pairs.count; i++)
        number[c->pairs.items[i].found] = i;
    for (size_t i = 0; i < c->texts.count; i++) {
        struct text *t = &c->texts.items[i];
        uint32_t *held = c->held.items + t->first;
        VEC_RESET(&sorted);
        for (uint32_t k = 0; k < t->count; k++)
            VEC_PUSH(&sorted, number[held[k]]);
        put_in_order(sorted.items, t->count);
        for (uint32_t k = 0; k < t->count; k++) {
            held[k] = (uint32_t)sorted.items[k];
            uint32_t mark = (held[k] * UINT32_C(2654435761)) >> 24;
            t->marks[mark / 64 % MARK_WORDS] |= UINT64_C(1) << (mark % 64);
            c->common[held[k]]++;
        }
    }
    VEC_FINISH(&sorted);
}

/* Which texts keep a pair, in their order. */
static void make_index(struct comparing *c)
{
    uint32_t *fill = arena_alloc_raw(c->arena, (c->pairs.count + 1) * sizeof(*fill));
    c->start = arena_alloc_array(c->arena, c->pairs.count + 2, sizeof(*c->start));
    c->keepers = arena_alloc_raw(c->arena, (c->kept.count + 1) * sizeof(*c->keepers));
    for (size_t i = 0; i < c->kept.count; i++)
        c->start[c->kept.items[i].pair + 1]++;
    for (size_t i = 0; i < c->pairs.count; i++) {
        c->start[i + 1] += c->start[i];
        fill[i] = c->start[i];
    }
    for (size_t i = 0; i < c->kept.count; i++)
        c->keepers[fill[c->kept.items[i].pair]++] = c->kept.items[i].text;
}

/* Of each text the rarest of its pairs. */
static void keep_rarest(struct comparing *c)
{
    VEC(uint64_t) ranked = {0};
    for (size_t i = 0; i < c->texts.count; i++) {
        const struct text *t = &c->texts.items[i];
        size_t keep = t->count - (t->count * SAME_PERCENT + 99) / 100 + 1;
        VEC_RESET(&ranked);
        for (uint32_t k = 0; k < t->count; k++) {
            uint32_t pair = c->held.items[t->first + k];
            VEC_PUSH(&ranked, (uint64_t)c->common[pair] << 32 | pair);
        }
        put_in_order(ranked.items, ranked.count);
        for (size_t k = 0; k < keep && k < ranked.count; k++)
            VEC_PUSH(&c->kept, ((struct keeping){(uint32_t)ranked.items[k], (uint32_t)i}));
    }
    VEC_FINISH(&ranked);
}

/* ---- what meets ---- */

/* Pairs of 'a' that are not in 'b', as far as marks tell. */
static uint32_t surely_missing(const struct text *a, const struct text *b)
{
    uint32_t missing = 0;
    for (int i = 0; i < MARK_WORDS; i++)
        missing += (uint32_t)__builtin_popcountll(a->marks[i] & ~b->marks[i]);
    return missing;
}

/* Are so many pairs of the shorter in the other? */
static bool are_alike(const struct comparing *c, const struct text *a, const struct text *b)
{
    const uint32_t *x = c->held.items + a->first, *y = c->held.items + b->first;
    uint32_t least = a->count < b->count ? a->count : b->count, i = 0, k = 0, both = 0;
    uint32_t enough = (least * SAME_PERCENT + 99) / 100;
    if (least == 0) return false;
    if (a->count - surely_missing(a, b) < enough || b->count - surely_missing(b, a) < enough)
        return false;
    while (i < a->count && k < b->count) {
        both += x[i] == y[k];
        bool left = x[i] <= y[k], right = y[k] <= x[i];
        i += left;
        k += right;
    }
    return both >= enough;
}

struct meeting {
    const bool *candidate;
    struct same_text *items;
    uint32_t count, capacity;
    uint32_t compared;
    uint32_t *met; /* [texts] the text + 1 that they were last compared with */
};

static void meet(const struct comparing *c, struct meeting *m, uint32_t text)
{
    const struct text *mine = &c->texts.items[text];
    uint32_t found = 0;
    for (uint32_t k = 0; k < mine->count; k++) {
        uint32_t pair = c->held.items[mine->first + k];
        uint32_t from = c->start[pair], to = c->start[pair + 1];
        for (uint32_t i = from; to - from <= KEEPERS_MAX && i < to && found < MEETINGS_MAX; i++) {
            uint32_t keeper = c->keepers[i];
            if (keeper == text || m->met[keeper] == text + 1) continue;
            m->met[keeper] = text + 1;
            const struct text *other = &c->texts.items[keeper];
            if (!is_telling(c, m->candidate, mine->message, other->message)) continue;
            if (m->compared++ >= COMPARED_MAX) return;
            if (!are_alike(c, mine, other)) continue;
            bool first = mine->message < other->message;
            struct same_text same = {first ? mine->message : other->message,
                                     first ? other->message : mine->message};
            if (m->count < m->capacity) m->items[m->count++] = same;
            found++;
        }
    }
}

void same_texts(const struct suspect_ask *ask, const bool *candidate, struct arena *arena,
                struct same_text **out, uint32_t *count)
{
    struct comparing c = {
        .ask = ask, .arena = arena, .phrase_of = intmap_create(), .pair_of = intmap_create()};
    if (ask->text) collect(&c);
    number_pairs(&c);
    keep_rarest(&c);
    make_index(&c);
    struct meeting m = {.candidate = candidate, .capacity = 4096};
    m.items = arena_alloc_array(arena, m.capacity, sizeof(*m.items));
    m.met = arena_alloc_array(arena, c.texts.count + 1, sizeof(*m.met));
    for (uint32_t i = 0; i < c.texts.count; i++)
        meet(&c, &m, i);
    *out = m.items;
    *count = m.count;
    intmap_destroy(c.phrase_of);
    intmap_destroy(c.pair_of);
    VEC_FINISH(&c.phrases);
    VEC_FINISH(&c.pairs);
    VEC_FINISH(&c.held);
    VEC_FINISH(&c.texts);
    VEC_FINISH(&c.last);
    VEC_FINISH(&c.kept);
}
