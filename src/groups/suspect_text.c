/* suspect_text.c - which messages say the same.
 *
 * A text becomes the sorted set of its pairs of characters. If at least 80 % of X's pairs are in Y,
 * then of any 20 % + 1 of X's one must be: so only X's rarest are kept in an index, and all of Y's
 * are looked up in it. What meets is then compared whole. Of groups that say very much not all is
 * looked at: see the bounds below. */
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "groups/suspect.h"

enum { CHARACTERS_LEAST = 12, PHRASE_ACCOUNTS = 5, SAME_PERCENT = 80, MEETINGS_MAX = 200 };
/* Whatever people write, it ends: the newest texts are looked at; a pair that many of them keep
 * tells nothing; and so many are compared, not more. */
enum { TEXTS_MAX = 20000, KEEPERS_MAX = 64, COMPARED_MAX = 200000 };

/* A phrase of a text: what lies between marks. */
struct phrase {
    uint64_t hash;
    uint32_t account;
};
/* A kept pair of a message. */
struct place {
    uint64_t pair;
    uint32_t text; /* among the texts */
};
struct text {
    uint32_t message;
    uint32_t first, count; /* of its pairs */
};
struct comparing {
    const struct suspect_ask *ask;
    struct arena *arena;
    VEC(struct phrase) phrases; /* sorted, of those used by PHRASE_ACCOUNTS only the hash */
    VEC(uint64_t) pairs;        /* of the texts, each sorted */
    VEC(struct text) texts;
    VEC(struct place) index; /* by pair */
    VEC(uint64_t) all;       /* every pair of every text, sorted: how common it is */
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

static int by_phrase(const void *a, const void *b)
{
    const struct phrase *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return x->account < y->account ? -1 : x->account > y->account;
}

/* Keep those of at least five accounts. */
static void count_phrases(struct comparing *c)
{
    size_t kept = 0;
    if (c->phrases.count)
        qsort(c->phrases.items, c->phrases.count, sizeof(struct phrase), by_phrase);
    for (size_t i = 0, end; i < c->phrases.count; i = end) {
        uint32_t accounts = 0;
        for (end = i;
             end < c->phrases.count && c->phrases.items[end].hash == c->phrases.items[i].hash;
             end++)
            accounts +=
                end == i || c->phrases.items[end].account != c->phrases.items[end - 1].account;
        if (accounts >= PHRASE_ACCOUNTS) c->phrases.items[kept++].hash = c->phrases.items[i].hash;
    }
    c->phrases.count = kept;
}

static int by_hash(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool is_common(const struct comparing *c, struct str phrase)
{
    uint64_t hash = hash_xxh3(phrase.p, phrase.len);
    size_t low = 0, high = c->phrases.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->phrases.items[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < c->phrases.count && c->phrases.items[low].hash == hash;
}

static void add_text(struct comparing *c, uint32_t message)
{
    struct str s = text_of(c, message), phrase;
    size_t at = 0, first = c->pairs.count, kept = first, characters = 0;
    uint32_t before = 0;
    while ((phrase = next_phrase(s, &at)).p) {
        if (is_common(c, phrase)) continue;
        for (size_t i = 0; i < phrase.len; characters++) {
            uint32_t now = utf8_next(phrase, &i);
            if (characters) VEC_PUSH(&c->pairs, (uint64_t)before << 32 | now);
            before = now;
        }
    }
    if (characters < CHARACTERS_LEAST) {
        c->pairs.count = first;
        return;
    }
    uint64_t *p = c->pairs.items;
    qsort(p + first, c->pairs.count - first, sizeof(*p), by_hash);
    for (size_t i = first; i < c->pairs.count; i++) {
        if (kept == first || p[kept - 1] != p[i]) p[kept++] = p[i];
    }
    c->pairs.count = kept;
    struct text text = {message, (uint32_t)first, (uint32_t)(kept - first)};
    VEC_PUSH(&c->texts, text);
}

/* ---- what meets ---- */

static uint32_t how_common(const struct comparing *c, uint64_t pair)
{
    size_t ends[2];
    for (int i = 0; i < 2; i++) {
        size_t low = 0, high = c->all.count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (c->all.items[middle] < pair + (uint64_t)i) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        ends[i] = low;
    }
    return (uint32_t)(ends[1] - ends[0]);
}

struct ranked {
    uint32_t common;
    uint64_t pair;
};

static int rarest_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->common != y->common) return x->common < y->common ? -1 : 1;
    return x->pair < y->pair ? -1 : x->pair > y->pair;
}

static int by_pair(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->pair != y->pair) return x->pair < y->pair ? -1 : 1;
    return x->text < y->text ? -1 : x->text > y->text;
}

static void make_index(struct comparing *c)
{
    VEC(struct ranked) ranked = {0};
    VEC_RESERVE(&c->all, c->pairs.count);
    if (c->pairs.count) memcpy(c->all.items, c->pairs.items, c->pairs.count * sizeof(uint64_t));
    c->all.count = c->pairs.count;
    if (c->all.count) qsort(c->all.items, c->all.count, sizeof(uint64_t), by_hash);
    for (size_t i = 0; i < c->texts.count; i++) {
        const struct text *t = &c->texts.items[i];
        size_t keep = t->count - (t->count * SAME_PERCENT + 99) / 100 + 1;
        VEC_RESET(&ranked);
        for (uint32_t k = 0; k < t->count; k++) {
            uint64_t pair = c->pairs.items[t->first + k];
            VEC_PUSH(&ranked, ((struct ranked){how_common(c, pair), pair}));
        }
        if (ranked.count) qsort(ranked.items, ranked.count, sizeof(struct ranked), rarest_first);
        for (size_t k = 0; k < keep && k < ranked.count; k++)
            VEC_PUSH(&c->index, ((struct place){ranked.items[k].pair, (uint32_t)i}));
    }
    if (c->index.count) qsort(c->index.items, c->index.count, sizeof(struct place), by_pair);
    VEC_FINISH(&ranked);
}

/* How many of the pairs of 'a' are in 'b', in percent of the shorter. */
static uint32_t shared(const struct comparing *c, const struct text *a, const struct text *b)
{
    const uint64_t *x = c->pairs.items + a->first, *y = c->pairs.items + b->first;
    uint32_t i = 0, k = 0, both = 0, least = a->count < b->count ? a->count : b->count;
    while (i < a->count && k < b->count) {
        both += x[i] == y[k];
        bool left = x[i] <= y[k], right = y[k] <= x[i];
        i += left;
        k += right;
    }
    return least ? both * 100 / least : 0;
}

static size_t first_of(const struct comparing *c, uint64_t pair)
{
    size_t low = 0, high = c->index.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->index.items[middle].pair < pair) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
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
        uint64_t pair = c->pairs.items[mine->first + k];
        size_t from = first_of(c, pair), to = first_of(c, pair + 1);
        for (size_t i = from; to - from <= KEEPERS_MAX && i < to && found < MEETINGS_MAX; i++) {
            const struct place *p = &c->index.items[i];
            if (p->text == text || m->met[p->text] == text + 1) continue;
            m->met[p->text] = text + 1;
            const struct text *other = &c->texts.items[p->text];
            if (!is_telling(c, m->candidate, mine->message, other->message)) continue;
            if (m->compared++ >= COMPARED_MAX) return;
            if (shared(c, mine, other) < SAME_PERCENT) continue;
            bool first = mine->message < other->message;
            struct same_text same = {first ? mine->message : other->message,
                                     first ? other->message : mine->message};
            if (m->count < m->capacity) m->items[m->count++] = same;
            found++;
        }
    }
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
    for (uint32_t i = first; i < t->message_count; i++) {
        size_t at = 0;
        struct str phrase, s = text_of(c, i);
        if (!talk_is_member(t, t->messages[i].account)) continue;
        while ((phrase = next_phrase(s, &at)).p) {
            struct phrase p = {hash_xxh3(phrase.p, phrase.len), t->messages[i].account};
            VEC_PUSH(&c->phrases, p);
        }
    }
    count_phrases(c);
    for (uint32_t i = first; i < t->message_count; i++) {
        if (talk_is_member(t, t->messages[i].account)) add_text(c, i);
    }
    for (uint32_t i = 0; i < c->ask->elsewhere_count; i++)
        add_text(c, t->message_count + i);
}

void same_texts(const struct suspect_ask *ask, const bool *candidate, struct arena *arena,
                struct same_text **out, uint32_t *count)
{
    struct comparing c = {.ask = ask, .arena = arena};
    if (ask->text) collect(&c);
    make_index(&c);
    struct meeting m = {.candidate = candidate, .capacity = 4096};
    m.items = arena_alloc_array(arena, m.capacity, sizeof(*m.items));
    m.met = arena_alloc_array(arena, c.texts.count + 1, sizeof(*m.met));
    for (uint32_t i = 0; i < c.texts.count; i++)
        meet(&c, &m, i);
    *out = m.items;
    *count = m.count;
    VEC_FINISH(&c.phrases);
    VEC_FINISH(&c.pairs);
    VEC_FINISH(&c.texts);
    VEC_FINISH(&c.index);
    VEC_FINISH(&c.all);
}
