/* eval_members.c - all members of a run at once, as far as counts of their rows decide; and what
 * rows a member expression reads at all.
 *
 * 1. A subtree is plain when it is made of constants and did() calls that only count rows of a kind
 *    within a time: those need no field, no cell and no scratch of a member. Saved segments are not
 *    looked into, since one may be named often and is to be asked once.
 * 2. Masks are bytes by member. A node is asked about the members whose byte is 1 and clears those
 *    for whom it does not hold.
 * 3. What holds of a member without any row in reach is found with three values: a field may be
 *    anything. */
#include <assert.h>

#include "expr/eval.h"

struct batch {
    const struct expr_context *context;
    const struct history *history;
};

static bool is_plain(const struct node *n)
{
    switch (n->type) {
    case NODE_CONST:
        return true;
    case NODE_DID:
        return n->u.did->counts_only && !n->u.did->where && !n->u.did->has_then;
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
        for (const struct node *part = n->u.child; part; part = part->next) {
            if (!is_plain(part)) return false;
        }
        return true;
    default:
        return false;
    }
}

static uint32_t count_rows(const struct history *h, uint32_t index, const struct did *did,
                           const struct span *span)
{
    uint32_t from = h->off[index], to = h->off[index + 1], count = 0;
    if (from < to && h->at[to - 1] > span->last)
        to = history_row_at(h->at, from, to, span->last + 1);
    if (from < to && h->at[from] < span->first) from = history_row_at(h->at, from, to, span->first);
    for (uint32_t row = from; row < to; row++) {
        count += h->kind[row] == did->kind.code;
    }
    return count;
}

static void did_members(const struct batch *b, const struct did *did, uint8_t *mask)
{
    struct span span = eval_did_span(b->context, did);
    for (uint32_t i = 0; i < b->history->member_count; i++) {
        if (!mask[i]) continue;
        uint32_t count = 0;
        if (span.first <= span.last) count = count_rows(b->history, i, did, &span);
        mask[i] = eval_did_counts(did, count);
    }
}

static uint8_t *copy_of(const struct batch *b, const uint8_t *mask)
{
    uint32_t count = b->history->member_count;
    uint8_t *copy = arena_alloc(b->context->scratch, count);
    if (count > 0) memcpy(copy, mask, count);
    return copy;
}

static void node_members(const struct batch *b, const struct node *n, uint8_t *mask);

/* Clear those for whom the node holds. */
static void clear_where(const struct batch *b, const struct node *n, uint8_t *mask)
{
    struct arena_mark mark = arena_mark(b->context->scratch);
    uint8_t *part = copy_of(b, mask);
    node_members(b, n, part);
    for (uint32_t i = 0; i < b->history->member_count; i++) {
        mask[i] &= !part[i];
    }
    arena_rewind(b->context->scratch, mark);
}

static void or_members(const struct batch *b, const struct node *n, uint8_t *mask)
{
    struct arena_mark mark = arena_mark(b->context->scratch);
    uint8_t *rest = copy_of(b, mask); /* for whom none holds yet */
    for (const struct node *part = n->u.child; part; part = part->next) {
        clear_where(b, part, rest);
    }
    for (uint32_t i = 0; i < b->history->member_count; i++) {
        mask[i] &= !rest[i];
    }
    arena_rewind(b->context->scratch, mark);
}

static void node_members(const struct batch *b, const struct node *n, uint8_t *mask)
{
    switch (n->type) {
    case NODE_CONST:
        if (!n->u.value) memset(mask, 0, b->history->member_count);
        return;
    case NODE_AND:
        for (const struct node *part = n->u.child; part; part = part->next) {
            node_members(b, part, mask);
        }
        return;
    case NODE_OR:
        or_members(b, n, mask);
        return;
    case NODE_NOT:
        clear_where(b, n->u.child, mask);
        return;
    default:
        assert(n->type == NODE_DID);
        did_members(b, n->u.did, mask);
        return;
    }
}

bool expr_members(const struct expr *e, const struct expr_context *c, const struct history *h,
                  uint8_t *mask)
{
    struct batch b = {c, h};
    bool whole = is_plain(e->root);
    assert(e->about == EXPR_MEMBER && c->scratch);
    if (whole) {
        node_members(&b, e->root, mask);
    } else if (e->root->type == NODE_AND) {
        for (const struct node *part = e->root->u.child; part; part = part->next) {
            if (is_plain(part)) node_members(&b, part, mask);
        }
    }
    return whole;
}

/* --- reach --- */

/* What holds of a member without rows. */
enum answer { ANSWER_UNASKED, ANSWER_NO, ANSWER_YES, ANSWER_OPEN };

struct reach {
    const struct expr_context *context;
    struct expr_reach *out;
    bool ever;         /* whatever now is */
    uint8_t *segments; /* enum answer by number */
};

static void add_kind(struct expr_reach *r, int code)
{
    if (code < 0 || code > UINT16_MAX) return; /* no row is of it */
    for (size_t i = 0; i < r->kind_count; i++) {
        if (r->kinds[i] == code) return;
    }
    if (r->kind_count == EXPR_REACH_KINDS) {
        r->every_kind = true; /* saved segments have calls of their own */
        return;
    }
    r->kinds[r->kind_count++] = (uint16_t)code;
}

static void reach_did(const struct reach *r, const struct did *did)
{
    struct span span = {INT64_MIN, INT64_MAX - 1};
    struct expr_reach *out = r->out;
    if (!r->ever) span = eval_did_span(r->context, did);
    if (span.first > span.last) return;
    if (did->has_then && !r->ever) span.last = r->context->now;
    add_kind(out, did->kind.code);
    if (did->has_then) add_kind(out, did->then.code);
    if (span.first < out->from) out->from = span.first;
    if (span.last + 1 > out->to) out->to = span.last + 1;
}

static enum answer reach_node(const struct reach *r, const struct node *n);

static enum answer reach_segment(const struct reach *r, const struct segment *s)
{
    uint8_t *answer = &r->segments[s->number];
    if (*answer == ANSWER_UNASKED) *answer = (uint8_t)reach_node(r, s->root);
    return *answer;
}

static enum answer reach_parts(const struct reach *r, const struct node *n)
{
    enum answer all = ANSWER_YES, any = ANSWER_NO;
    for (const struct node *part = n->u.child; part; part = part->next) {
        enum answer a = reach_node(r, part);
        if (a == ANSWER_NO || (a == ANSWER_OPEN && all == ANSWER_YES)) all = a;
        if (a == ANSWER_YES || (a == ANSWER_OPEN && any == ANSWER_NO)) any = a;
    }
    if (n->type == NODE_AND) return all;
    if (n->type == NODE_OR || all == ANSWER_OPEN) return any;
    return all == ANSWER_NO ? ANSWER_YES : ANSWER_NO;
}

static enum answer reach_node(const struct reach *r, const struct node *n)
{
    switch (n->type) {
    case NODE_CONST:
        return n->u.value ? ANSWER_YES : ANSWER_NO;
    case NODE_DID:
        reach_did(r, n->u.did);
        return eval_did_none(n->u.did) ? ANSWER_YES : ANSWER_NO;
    case NODE_SEGMENT:
        return reach_segment(r, n->u.segment);
    case NODE_NOT:
    case NODE_AND:
    case NODE_OR:
        return reach_parts(r, n);
    default:
        return ANSWER_OPEN;
    }
}

static void get_reach(const struct expr *e, const struct expr_context *c, bool ever,
                      struct expr_reach *out)
{
    assert(e->about == EXPR_MEMBER && c->scratch);
    struct reach r = {c, out, ever, arena_alloc(c->scratch, e->segment_count)};
    *out = (struct expr_reach){.from = INT64_MAX, .to = INT64_MIN};
    out->needed = reach_node(&r, e->root) == ANSWER_NO;
}

void expr_get_reach(const struct expr *e, const struct expr_context *c, struct expr_reach *out)
{
    get_reach(e, c, false, out);
}

void expr_get_reach_ever(const struct expr *e, struct arena *scratch, struct expr_reach *out)
{
    const struct expr_context c = {.scratch = scratch};
    get_reach(e, &c, true, out);
}
