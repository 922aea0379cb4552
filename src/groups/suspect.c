/* suspect.c - who is a candidate, which signs they hold, and the rule.
 *
 * Only candidates (enough messages, most of them near promotions) are looked at closely. Signs are
 * found in turn; that of arriving together comes last, since it asks who holds another. */
#include "groups/suspect.h"

#include <stdlib.h>

#include "base/vec.h"
#include "groups/bucket.h"

#define NEAR_TIME (30 * TIME_MINUTE)
#define ARRIVAL_TIME TIME_HOUR
enum { MESSAGES_LEAST = 5, NEAR_PERCENT = 60, ORDER_TIMES = 3, ARRIVAL_OTHERS = 2 };
enum { LINKED_PERCENT = 50, SHARERS_MAX = 5 };
#define HARD_SIGNS ((1u << SIGN_HARD_COUNT) - 1)

static const char *const sign_names[SIGN_COUNT] = {"same_text",   "same_order",     "false_buy",
                                                   "device",      "arrival",        "staff_only",
                                                   "never_asked", "only_promotions"};

const char *suspect_sign_name(enum suspect_sign s)
{
    return sign_names[s];
}

struct finding {
    const struct suspect_ask *ask;
    const struct talk *talk;
    struct arena *arena;
    struct suspect *of;   /* [accounts] */
    bool *candidate;      /* [accounts] */
    bool *near;           /* [messages] within the time after a promotion */
    uint32_t *promotions; /* messages */
    uint32_t promotion_count;
};

static void add_proof(struct finding *f, uint32_t account, struct suspect_proof proof)
{
    struct suspect *s = &f->of[account];
    s->signs |= 1u << proof.sign;
    if (s->proof_count < SUSPECT_PROOFS) s->proofs[s->proof_count++] = proof;
}

/* ---- candidates ---- */

static void find_near(struct finding *f)
{
    const struct talk *t = f->talk;
    int64_t latest = INT64_MIN;
    f->near = arena_alloc_array(f->arena, t->message_count + 1, sizeof(bool));
    f->promotions = arena_alloc_array(f->arena, t->message_count + 1, sizeof(uint32_t));
    for (uint32_t i = 0; i < t->message_count; i++) {
        const struct talk_message *m = &t->messages[i];
        f->near[i] = latest != INT64_MIN && m->at - latest <= NEAR_TIME;
        if (!m->promotion) continue;
        latest = m->at;
        f->promotions[f->promotion_count++] = i;
    }
}

static bool says(const struct talk *t, uint32_t message)
{
    return t->messages[message].link != TALK_REACTION;
}

static void find_candidates(struct finding *f)
{
    const struct talk *t = f->talk;
    f->of = arena_alloc_array(f->arena, t->account_count + 1, sizeof(*f->of));
    f->candidate = arena_alloc_array(f->arena, t->account_count + 1, sizeof(bool));
    for (uint32_t i = 0; i < t->message_count; i++) {
        if (!says(t, i)) continue;
        f->of[t->messages[i].account].messages++;
        f->of[t->messages[i].account].near += f->near[i];
    }
    for (uint32_t i = 0; i < t->account_count; i++) {
        struct suspect *s = &f->of[i];
        s->account = i;
        f->candidate[i] = talk_is_member(t, i) && s->messages >= MESSAGES_LEAST &&
                          (uint64_t)s->near * 100 >= (uint64_t)s->messages * NEAR_PERCENT;
    }
}

/* ---- soft signs ---- */

static void find_soft(struct finding *f)
{
    const struct talk *t = f->talk;
    enum { ANSWERS = 1, ASKS = 2 };
    uint8_t *does = arena_alloc_array(f->arena, t->account_count + 1, sizeof(*does));
    for (uint32_t i = 0; i < t->message_count; i++) {
        const struct talk_message *m = &t->messages[i];
        bool to_other = m->to != TALK_NONE && m->link != TALK_REACTION && !talk_is_staff(t, m->to);
        does[m->account] |= (uint8_t)(to_other * ANSWERS | m->question * ASKS);
    }
    for (uint32_t i = 0; i < t->account_count; i++) {
        struct suspect *s = &f->of[i];
        if (!f->candidate[i]) continue;
        if (!(does[i] & ANSWERS)) s->signs |= 1u << SIGN_STAFF_ONLY;
        if (!(does[i] & ASKS)) s->signs |= 1u << SIGN_NEVER_ASKED;
        if (s->near == s->messages) s->signs |= 1u << SIGN_ONLY_PROMOTIONS;
    }
}

/* ---- the same order ---- */

/* Three who spoke one after another after a promotion: the first message of each. They are found
 * in order of promotions, and stay so. */
struct triple {
    uint32_t account[3], message[3];
};

static uint32_t *by_accounts(const struct finding *f, const struct triple *list, uint32_t count)
{
    uint32_t *keys[3];
    for (int k = 0; k < 3; k++) {
        keys[k] = arena_alloc_raw(f->arena, ((size_t)count + 1) * sizeof(*keys[k]));
        for (uint32_t i = 0; i < count; i++)
            keys[k][i] = list[i].account[k];
    }
    const uint32_t *const in_turn[] = {keys[0], keys[1], keys[2]};
    return bucket_order(in_turn, 3, count, f->talk->account_count, f->arena);
}

static bool same_accounts(const struct triple *x, const struct triple *y)
{
    for (int i = 0; i < 3; i++) {
        if (x->account[i] != y->account[i]) return false;
    }
    return true;
}

static void add_order(struct finding *f, const struct triple *list, const uint32_t *places,
                      size_t count)
{
    if (count < ORDER_TIMES) return;
    for (size_t i = 0; i < count; i++) {
        const struct triple *x = &list[places[i]];
        for (int k = 0; k < 3; k++) {
            int next = (k + 1) % 3;
            struct suspect_proof proof = {SIGN_SAME_ORDER, x->message[k], x->account[next],
                                          x->message[next]};
            add_proof(f, x->account[k], proof);
        }
    }
}

static void find_order(struct finding *f)
{
    const struct talk *t = f->talk;
    VEC(struct triple) list = {0};
    VEC(uint32_t) first = {0}; /* messages, each account's first after the promotion */
    uint32_t *heard = arena_alloc_array(f->arena, t->account_count + 1, sizeof(*heard));
    for (uint32_t p = 0; p < f->promotion_count; p++) {
        uint32_t from = f->promotions[p];
        uint32_t to = p + 1 < f->promotion_count ? f->promotions[p + 1] : t->message_count;
        VEC_RESET(&first);
        for (uint32_t i = from + 1; i < to && f->near[i]; i++) {
            uint32_t account = t->messages[i].account;
            if (!says(t, i) || !talk_is_member(t, account) || heard[account] == p + 1) continue;
            heard[account] = p + 1;
            VEC_PUSH(&first, i);
        }
        for (size_t i = 2; i < first.count; i++) {
            struct triple x;
            for (size_t k = 0; k < 3; k++) {
                x.message[k] = first.items[i - 2 + k];
                x.account[k] = t->messages[x.message[k]].account;
            }
            VEC_PUSH(&list, x);
        }
    }
    const uint32_t *order = by_accounts(f, list.items, (uint32_t)list.count);
    for (size_t i = 0, end; i < list.count; i = end) {
        const struct triple *x = &list.items[order[i]];
        for (end = i + 1; end < list.count && same_accounts(x, &list.items[order[end]]);)
            end++;
        add_order(f, list.items, &order[i], end - i);
    }
    VEC_FINISH(&list);
    VEC_FINISH(&first);
}

/* ---- texts ---- */

static int by_messages(const void *a, const void *b)
{
    const struct same_text *x = a, *y = b;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

/* Two that hold each other are found from both ends. */
static void find_same_texts(struct finding *f)
{
    struct same_text *same;
    uint32_t count;
    bool any = false;
    for (uint32_t i = 0; i < f->talk->account_count; i++)
        any |= f->candidate[i];
    if (!any) return;
    same_texts(f->ask, f->candidate, f->arena, &same, &count);
    if (count) qsort(same, count, sizeof(*same), by_messages);
    for (uint32_t i = 0; i < count; i++) {
        if (i && by_messages(&same[i - 1], &same[i]) == 0) continue;
        uint32_t ends[] = {same[i].a, same[i].b};
        if (same[i].b >= f->talk->message_count) {
            add_proof(f, f->talk->messages[same[i].a].account,
                      (struct suspect_proof){SIGN_SAME_TEXT, same[i].a, TALK_NONE, same[i].b});
            continue;
        }
        for (int k = 0; k < 2; k++) {
            uint32_t account = f->talk->messages[ends[k]].account;
            uint32_t other = f->talk->messages[ends[!k]].account;
            add_proof(f, account, (struct suspect_proof){SIGN_SAME_TEXT, ends[k], other, ends[!k]});
        }
    }
}

static void find_false_buys(struct finding *f)
{
    static const char *const claims[] = {"买过", "回购", "拍了"};
    const struct talk *t = f->talk;
    uint32_t members = 0, linked = 0;
    if (!f->ask->text || !f->ask->buyer) return;
    for (uint32_t i = 0; i < t->account_count; i++) {
        bool is = t->accounts[i].in && talk_is_member(t, i);
        members += is;
        linked += is && f->ask->buyer[i];
    }
    if (members == 0 || linked * 100 < members * LINKED_PERCENT) return;
    for (uint32_t i = 0; i < t->message_count; i++) {
        uint32_t account = t->messages[i].account;
        if (!f->candidate[account] || f->ask->buyer[account]) continue;
        struct str text = f->ask->text(f->ask->ctx, i);
        bool claimed = false;
        for (int k = 0; k < 3; k++)
            claimed |= text.p && str_find(text, str_of(claims[k])) != SIZE_MAX;
        if (claimed)
            add_proof(f, account, (struct suspect_proof){SIGN_FALSE_BUY, i, TALK_NONE, TALK_NONE});
    }
}

/* ---- devices and arrivals ---- */

static int by_device(const void *a, const void *b)
{
    const struct talk_device *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->account > y->account) - (x->account < y->account);
}

static void add_sharers(struct finding *f, const uint32_t *accounts, uint32_t count)
{
    for (uint32_t a = 0; a < count; a++) {
        for (uint32_t b = 0; b < count; b++) {
            if (a == b) continue;
            add_proof(f, accounts[a],
                      (struct suspect_proof){SIGN_DEVICE, TALK_NONE, accounts[b], TALK_NONE});
        }
    }
}

/* What more than five have is no device: a shop's, or the name of a model. */
static void find_devices(struct finding *f)
{
    uint32_t n = f->ask->device_count;
    struct talk_device *list = arena_copy(f->arena, f->ask->devices, n * sizeof(*list));
    if (n) qsort(list, n, sizeof(*list), by_device);
    for (uint32_t i = 0; i < n;) {
        uint32_t accounts[SHARERS_MAX], count = 0, from = i;
        for (; i < n && list[i].hash == list[from].hash; i++) {
            if (i > from && list[i].account == list[i - 1].account) continue;
            if (count < SHARERS_MAX) accounts[count] = list[i].account;
            count++;
        }
        if (count <= SHARERS_MAX) add_sharers(f, accounts, count);
    }
}

static void find_arrivals(struct finding *f)
{
    const struct talk *t = f->talk;
    uint32_t *others = arena_alloc_array(f->arena, t->account_count + 1, sizeof(*others));
    bool *hard = arena_alloc_array(f->arena, t->account_count + 1, sizeof(*hard));
    for (uint32_t i = 0; i < t->account_count; i++)
        hard[i] = f->candidate[i] && f->of[i].signs & HARD_SIGNS;
    for (uint32_t a = 0; a < t->account_count; a++) {
        const struct talk_account *x = &t->accounts[a];
        uint32_t count = 0;
        if (!f->candidate[a] || x->joined == TIME_NONE || !x->touchpoint) continue;
        for (uint32_t b = 0; b < t->account_count; b++) {
            const struct talk_account *y = &t->accounts[b];
            bool together = b != a && y->joined != TIME_NONE && y->touchpoint == x->touchpoint &&
                            llabs(y->joined - x->joined) <= ARRIVAL_TIME;
            if (together && hard[b]) others[count++] = b;
        }
        if (count < ARRIVAL_OTHERS) continue;
        for (uint32_t i = 0; i < count; i++)
            add_proof(f, a, (struct suspect_proof){SIGN_ARRIVAL, TALK_NONE, others[i], TALK_NONE});
    }
}

/* ---- the rule ---- */

bool *suspect_candidates(const struct talk *t, struct arena *arena)
{
    struct finding f = {.talk = t, .arena = arena};
    find_near(&f);
    find_candidates(&f);
    return f.candidate;
}

void suspects_find(const struct suspect_ask *ask, struct arena *arena, struct suspects *out)
{
    struct finding f = {.ask = ask, .talk = ask->talk, .arena = arena};
    uint32_t n = ask->talk->account_count;
    find_near(&f);
    find_candidates(&f);
    find_soft(&f);
    find_order(&f);
    find_same_texts(&f);
    find_false_buys(&f);
    find_devices(&f);
    find_arrivals(&f);
    *out = (struct suspects){.items = arena_alloc_array(arena, n + 1, sizeof(*out->items)),
                             .flagged = arena_alloc_array(arena, n + 1, sizeof(bool))};
    for (uint32_t i = 0; i < n; i++) {
        struct suspect *s = &f.of[i];
        uint8_t verdict = ask->verdict ? ask->verdict[i] : VERDICT_NONE;
        bool named = f.candidate[i] && s->signs & HARD_SIGNS && s->signs & ~HARD_SIGNS;
        if (!named && verdict == VERDICT_NONE) continue;
        s->verdict = verdict;
        s->flagged = verdict == VERDICT_CONFIRMED || (named && verdict != VERDICT_CLEARED);
        out->flagged[i] = s->flagged;
        out->items[out->count++] = *s;
    }
}
