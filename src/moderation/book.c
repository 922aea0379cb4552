/* book.c - one set of terms for all rules, whose owners are the rules; then what each kind of rule
 * looks for, if a rule of the kind applies to the message at all. */
#include "moderation/book.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>

#include "base/mem.h"

_Static_assert(LIMIT_MODERATION_RULES <= 64, "rules are bits of a word");

struct book {
    atomic_int holders;
    struct arena *arena;
    struct moderation_rule *rules;
    size_t rule_count;
    struct str *texts; /* of the terms, as they were written */
    struct terms *terms;
    uint64_t of_kind[RULE_KINDS]; /* a bit each rule */
};

/* ---- lists of terms ---- */

bool term_next(struct str *rest, struct term_line *out)
{
    while (rest->len) {
        struct str line = str_trim(str_cut(rest, '\n'));
        out->line++;
        if (!line.len || line.p[0] == '#') continue;
        out->pattern = line.len > 2 && line.p[0] == '/' && line.p[line.len - 1] == '/';
        if (out->pattern) line = (struct str){line.p + 1, line.len - 2};
        out->text = line;
        return true;
    }
    return false;
}

struct term_counts moderation_count_terms(struct str terms)
{
    struct term_counts out = {0};
    struct term_line line = {0};
    while (term_next(&terms, &line)) {
        if (line.pattern) {
            out.patterns++;
        } else {
            out.words++;
        }
    }
    return out;
}

/* ---- making ---- */

static struct moderation_rule copied(struct arena *a, const struct moderation_rule *r)
{
    struct moderation_rule out = *r;
    out.name = arena_str(a, r->name);
    out.groups = arena_str(a, r->groups);
    out.allow = arena_str(a, r->allow);
    out.author = arena_str(a, r->author);
    out.terms = STR("");
    return out;
}

static enum err compile(struct book *book, const struct moderation_rule *rules, struct why *why)
{
    VEC(struct term) terms = {0};
    VEC(struct str) texts = {0};
    size_t bad;
    for (size_t i = 0; i < book->rule_count; i++) {
        struct term_line line = {0};
        struct str rest = book->rules[i].kind == RULE_TERMS ? rules[i].terms : STR("");
        while (term_next(&rest, &line)) {
            struct str text = arena_str(book->arena, line.text);
            VEC_PUSH(&terms,
                     ((struct term){text, (uint32_t)i, line.pattern, book->rules[i].whole}));
            VEC_PUSH(&texts, text);
        }
    }
    enum err err = terms_create(terms.items, terms.count, TERMS_BEST, &book->terms, &bad, why);
    if (texts.count)
        book->texts = arena_copy(book->arena, texts.items, texts.count * sizeof(struct str));
    VEC_FINISH(&terms);
    VEC_FINISH(&texts);
    return err;
}

enum err book_create(const struct moderation_rule *rules, size_t count, struct book **out,
                     struct why *why)
{
    struct book *book = mem_alloc(sizeof(*book));
    struct moderation_rule used[LIMIT_MODERATION_RULES] = {0};
    assert(count <= LIMIT_MODERATION_RULES);
    book->holders = 1;
    book->arena = arena_create(0);
    book->rules = arena_alloc_array(book->arena, count + 1, sizeof(*book->rules));
    for (size_t i = 0; i < count; i++) {
        if (!rules[i].on) continue;
        book->of_kind[rules[i].kind] |= UINT64_C(1) << book->rule_count;
        used[book->rule_count] = rules[i];
        book->rules[book->rule_count++] = copied(book->arena, &rules[i]);
    }
    enum err err = compile(book, used, why);
    if (err == ERR_OK) {
        *out = book;
    } else {
        book_release(book);
    }
    return err;
}

struct book *book_hold(struct book *book)
{
    if (book) atomic_fetch_add(&book->holders, 1);
    return book;
}

void book_release(struct book *book)
{
    if (!book || atomic_fetch_sub(&book->holders, 1) > 1) return;
    terms_destroy(book->terms);
    arena_destroy(book->arena);
    mem_free(book);
}

const struct moderation_rule *book_rule(const struct book *book, size_t index, size_t *count)
{
    if (count) *count = book->rule_count;
    return &book->rules[index];
}

bool book_by_vectorscan(const struct book *book)
{
    return terms_by_vectorscan(book->terms);
}

void judge_use(struct judge *j, struct book *book)
{
    if (j->book == book) return;
    searcher_destroy(j->searcher);
    book_release(j->book);
    j->book = book_hold(book);
    j->searcher = book ? searcher_create(book->terms) : NULL;
}

void judge_finish(struct judge *j)
{
    judge_use(j, NULL);
    cleaner_finish(&j->cleaner);
}

/* ---- which rules apply ---- */

static bool line_in(struct str one, struct str list)
{
    while (list.len) {
        if (str_eq(str_trim(str_cut(&list, '\n')), one)) return true;
    }
    return false;
}

static bool applies(const struct moderation_rule *r, const struct judged *m)
{
    if (r->exempt & m->role) return false;
    if (r->groups.len && !m->any_group && !line_in(m->group, r->groups)) return false;
    if (!r->newcomer_hours) return true;
    return m->joined != TIME_NONE && m->at - m->joined < r->newcomer_hours * TIME_HOUR;
}

/* ---- asking ---- */

struct asking_book {
    const struct judge *judge;
    const struct judged *message;
    uint64_t apply; /* rules that apply */
    uint64_t hit;   /* and have found something */
    uint64_t links; /* of those that look for traces, the ones at hand */
    bool in_qr;     /* what QR codes say is looked at, not the text */
    struct found *out;
    size_t count, max;
};

static bool add(struct asking_book *a, size_t index, struct str what, struct span at, double sure)
{
    uint64_t bit = UINT64_C(1) << index;
    if (!(a->apply & bit) || (!a->message->all && (a->hit & bit))) return true;
    a->hit |= bit;
    a->out[a->count++] = (struct found){(uint32_t)index, what, at, sure, a->in_qr};
    return a->count < a->max;
}

static bool on_term(void *ctx, const struct terms_hit *hit)
{
    struct asking_book *a = ctx;
    const struct book *book = a->judge->book;
    uint64_t wanted = a->apply & book->of_kind[RULE_TERMS];
    if (!add(a, hit->owner, book->texts[hit->term], hit->at, 1)) return false;
    return a->message->all || (wanted & ~a->hit);
}

static bool on_trace(void *ctx, const struct trace_found *t)
{
    struct asking_book *a = ctx;
    const struct book *book = a->judge->book;
    for (uint64_t rest = a->apply & a->links; rest; rest &= rest - 1) {
        size_t i = (size_t)__builtin_ctzll(rest);
        const struct moderation_rule *r = &book->rules[i];
        if (!(r->traces >> t->what & 1)) continue;
        if (t->host.len && traces_host_in(t->host, r->allow)) continue;
        if (!add(a, i, str_of(trace_names[t->what]), t->at, 1)) return false;
    }
    return true;
}

/* ---- QR codes ---- */

/* Links of what a code says, and those of them that may be linked to. */
struct code {
    struct str allow;
    size_t links, allowed;
};

static bool on_code(void *ctx, const struct trace_found *t)
{
    struct code *code = ctx;
    if (!t->host.len) return true;
    code->links++;
    code->allowed += traces_host_in(t->host, code->allow);
    return true;
}

/* A code that holds no link leads out as well: to a payment, a card. */
static void look_at_codes(struct asking_book *a, struct cleaner *cleaner)
{
    for (uint64_t rest = a->apply & a->judge->book->of_kind[RULE_LINKS]; rest; rest &= rest - 1) {
        size_t i = (size_t)__builtin_ctzll(rest);
        const struct moderation_rule *r = &a->judge->book->rules[i];
        if (!(r->traces >> TRACE_QR & 1)) continue;
        for (struct str lines = a->message->qr; lines.len;) {
            struct str line = str_trim(str_cut(&lines, '\n'));
            struct code code = {.allow = r->allow};
            if (!line.len) continue;
            traces_find(clean_text(cleaner, line), on_code, &code);
            if (code.links && code.links == code.allowed) continue;
            if (!add(a, i, str_of(trace_names[TRACE_QR]), (struct span){0, 0}, 1)) return;
        }
    }
}

/* ---- floods, copies, ads ---- */

static void look_at_flood(struct asking_book *a)
{
    const struct judged *m = a->message;
    uint64_t rules = a->apply & a->judge->book->of_kind[RULE_FLOOD];
    if (!m->floods || !rules) return;
    const struct flood_account *account = floods_add(m->floods, m->group_code, m->persona, m->at);
    for (; rules; rules &= rules - 1) {
        size_t i = (size_t)__builtin_ctzll(rules);
        const struct moderation_rule *r = &a->judge->book->rules[i];
        if (floods_over(account, (uint32_t)r->number, r->seconds * TIME_SECOND) &&
            !add(a, i, STR("flood"), (struct span){0, 0}, 1))
            return;
    }
}

static void look_at_copies(struct asking_book *a, struct str clean)
{
    const struct judged *m = a->message;
    uint64_t rules = a->apply & a->judge->book->of_kind[RULE_COPIES];
    if (!m->copies || !rules) return;
    const struct copy one = {copies_hash(clean), m->at, m->group_code, m->persona};
    for (; rules && one.hash; rules &= rules - 1) {
        size_t i = (size_t)__builtin_ctzll(rules);
        const struct moderation_rule *r = &a->judge->book->rules[i];
        uint32_t groups = copies_groups(m->copies, one, m->at - r->seconds * TIME_SECOND);
        if (groups >= (uint32_t)r->number && !add(a, i, STR("copies"), (struct span){0, 0}, 1))
            break;
    }
    copies_add(m->copies, one);
}

static void look_at_ads(struct asking_book *a, uint16_t *grams, struct str clean)
{
    const struct judged *m = a->message;
    uint64_t rules = a->apply & a->judge->book->of_kind[RULE_ADS];
    if (!m->sieve || !rules || !clean.len || !sieve_ready(m->sieve)) return;
    double sure = sieve_ask(m->sieve, grams, sieve_grams(clean, grams));
    for (; rules && sure >= SIEVE_SURE; rules &= rules - 1) {
        if (!add(a, (size_t)__builtin_ctzll(rules), STR("ad"), (struct span){0, 0}, sure)) return;
    }
}

size_t judge_ask(struct judge *j, const struct judged *m, struct found *out, size_t max)
{
    const struct book *book = j->book;
    struct asking_book a = {.judge = j, .message = m, .out = out, .max = max};
    if (!book) return 0;
    for (size_t i = 0; i < book->rule_count; i++)
        a.apply |= (uint64_t)applies(&book->rules[i], m) << i;
    if (!a.apply) return 0;
    a.in_qr = true;
    if (m->qr.len) look_at_codes(&a, &j->cleaner);
    a.in_qr = false;
    if (a.count == max) return a.count;
    struct str clean = clean_text(&j->cleaner, m->text); /* the last, for judge_place */
    if (a.apply & book->of_kind[RULE_TERMS])
        terms_find(book->terms, j->searcher, clean, on_term, &a);
    a.links = book->of_kind[RULE_LINKS] | book->of_kind[RULE_CONTACTS];
    if (a.count < max && (a.apply & a.links)) traces_find(clean, on_trace, &a);
    if (a.count < max) look_at_flood(&a);
    if (a.count < max) look_at_copies(&a, clean);
    if (a.count < max) look_at_ads(&a, j->grams, clean);
    return a.count;
}

struct span judge_place(struct judge *j, struct str text, struct span clean)
{
    if (clean.from == clean.to) return clean;
    return clean_span(&j->cleaner, text, clean);
}
