/* segment.c - the query "segment": how many members an expression selects, and some of them.
 *
 * The sample is the members with the smallest hash of their id: fair, and the same every time. */
#include <stdlib.h>

#include "base/vec.h"
#include "insight/query.h"
#include "insight/sweep.h"
#include "insight/who.h"

struct segment_plan {
    int64_t sample; /* members to show */
};

struct sampled {
    uint64_t hash;
    uint32_t member;
};

struct segment {
    const struct segment_plan *settings;
    uint64_t members;
    VEC(struct sampled) sample; /* a heap, the largest hash first */
};

static uint64_t hash_of(uint32_t member)
{
    uint64_t x = member + UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static void sink(struct segment *s, size_t i)
{
    struct sampled *heap = s->sample.items;
    for (;;) {
        size_t largest = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < s->sample.count; child++) {
            if (heap[child].hash > heap[largest].hash) largest = child;
        }
        if (largest == i) return;
        struct sampled swap = heap[i];
        heap[i] = heap[largest];
        heap[largest] = swap;
        i = largest;
    }
}

static void rise(struct segment *s, size_t i)
{
    struct sampled *heap = s->sample.items;
    for (; i > 0 && heap[(i - 1) / 2].hash < heap[i].hash; i = (i - 1) / 2) {
        struct sampled swap = heap[i];
        heap[i] = heap[(i - 1) / 2];
        heap[(i - 1) / 2] = swap;
    }
}

static void offer(struct segment *s, struct sampled member)
{
    size_t want = (size_t)s->settings->sample;
    if (s->sample.count < want) {
        VEC_PUSH(&s->sample, member);
        rise(s, s->sample.count - 1);
    } else if (want > 0 && member.hash < s->sample.items[0].hash) {
        s->sample.items[0] = member;
        sink(s, 0);
    }
}

static void see(void *kernel, const struct sight *sight)
{
    struct segment *s = kernel;
    for (uint32_t m = 0; m < sight->h->member_count; m++) {
        uint32_t member = sight->h->member[m];
        if (!sight_keeps(sight, m) || member == 0) continue;
        s->members++;
        offer(s, (struct sampled){hash_of(member), member});
    }
}

static void init(void *kernel, const void *settings)
{
    *(struct segment *)kernel = (struct segment){.settings = settings};
}

static void finish(void *kernel)
{
    struct segment *s = kernel;
    VEC_FINISH(&s->sample);
}

static size_t bytes(const void *kernel)
{
    return ((const struct segment *)kernel)->sample.capacity * sizeof(struct sampled);
}

static void merge(void *to, void *from)
{
    struct segment *a = to;
    const struct segment *b = from;
    a->members += b->members;
    for (size_t i = 0; i < b->sample.count; i++) {
        offer(a, b->sample.items[i]);
    }
}

static const struct kernel_type segment_kernel = {
    sizeof(struct segment), init, finish, see, bytes, merge,
};

static enum err parse(struct plan *p, struct form *f)
{
    struct segment_plan *t = arena_alloc(p->arena, sizeof(*t));
    p->own = t;
    TRY(plan_expr(p, f, "expr", EXPR_MEMBER, &p->who));
    if (!p->who) return form_fail(f, "expr", MSG_MISSING, NULL);
    TRY(plan_within(p, f->why));
    TRY(form_int(f, "sample", 1, LIMIT_QUERY_SAMPLE, &t->sample));
    plan_echo_expr(p, "expr", p->who);
    if (t->sample == 0) return ERR_OK;
    json_key(&p->echo, "sample");
    json_int(&p->echo, t->sample);
    return ERR_OK;
}

static int by_member(const void *a, const void *b)
{
    const struct sampled *x = a;
    const struct sampled *y = b;
    return (x->member > y->member) - (x->member < y->member);
}

static void reply_count_only(struct reply *r, const struct segment *s)
{
    if (r->form == INSIGHT_JSON) {
        reply_count(r, "members", s->members);
        return;
    }
    reply_list(r, "members", "members");
    reply_row(r);
    reply_count(r, "members", s->members);
    reply_row_end(r);
    reply_list_end(r);
}

static void reply_sample(struct reply *r, struct segment *s)
{
    reply_count(r, "members", s->members);
    if (s->sample.count > 0) {
        qsort(s->sample.items, s->sample.count, sizeof(s->sample.items[0]), by_member);
    }
    reply_list(r, "sample", "member");
    for (size_t i = 0; i < s->sample.count; i++) {
        if (r->form == INSIGHT_CSV) reply_row(r);
        reply_member(r, NULL, s->sample.items[i].member);
        if (r->form == INSIGHT_CSV) reply_row_end(r);
    }
    reply_list_end(r);
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const struct segment_plan *t = p->own;
    struct sweep sweep = {.plan = p, .members_only = true, .who_only = true};
    struct segment segment;
    TRY(sweep_run(&sweep, &segment_kernel, t, &segment, why));
    if (t->sample > 0) {
        reply_sample(r, &segment);
    } else {
        reply_count_only(r, &segment);
    }
    segment_kernel.finish(&segment);
    return ERR_OK;
}

const struct query_type query_segment = {"segment", TAKES_EXPR, false, parse, run};
