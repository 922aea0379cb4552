/* funnel.c - the query "funnel". */
#include "insight/breakdown.h"
#include "insight/funnel_kernel.h"
#include "insight/order.h"
#include "insight/query.h"
#include "insight/sweep.h"

static const char *const modes[] = {"ordered", "strict", "any", NULL};

struct funnel_plan {
    int mode;       /* enum funnel_mode */
    int64_t window; /* ms */
    struct breakdown breakdown;
};

/* The result laid out for the reply: slot 0 is null (or everyone), then the keys shown, the rest.
 */
struct layout {
    const struct funnel *funnel;
    uint32_t top[BREAKDOWN_TOP]; /* keys shown */
    uint32_t shown;              /* of them */
    uint32_t slots;
    uint32_t *slot_of; /* [keys] */
    struct funnel_group groups[BREAKDOWN_SLOTS];
    int64_t *times;                                       /* by step, then slot */
    size_t off[LIMIT_FUNNEL_STEPS * BREAKDOWN_SLOTS + 1]; /* of step * slots + slot */
};

static enum err parse_steps(struct plan *p, struct form *f)
{
    const struct json *steps;
    TRY(form_need(f, "steps", &steps));
    if (steps->type != JSON_ARRAY) return form_fail(f, "steps", MSG_WRONG_TYPE, "a list");
    if (steps->count < 2 || steps->count > LIMIT_FUNNEL_STEPS) {
        return why_fail(f->why, ERR_INVALID, MSG_OUT_OF_RANGE, form_path(f, "steps"), "%zu|2|%d",
                        steps->count, LIMIT_FUNNEL_STEPS);
    }
    json_key(&p->echo, "steps");
    json_begin_array(&p->echo);
    for (size_t i = 0; i < steps->count; i++) {
        struct form step;
        TRY(form_open(&step, p->arena, &steps->items[i], form_item_path(f, "steps", i), f->why));
        json_begin_object(&p->echo);
        TRY(plan_select(p, &step, NULL, true));
        json_end_object(&p->echo);
        TRY(form_close(&step));
    }
    json_end_array(&p->echo);
    return ERR_OK;
}

static enum err parse(struct plan *p, struct form *f)
{
    struct funnel_plan *funnel = arena_alloc(p->arena, sizeof(*funnel));
    p->own = funnel;
    funnel->window = 7 * TIME_DAY;
    TRY(parse_steps(p, f));
    TRY(form_duration(f, "window", TIME_SECOND, &funnel->window));
    TRY(form_choice(f, "mode", modes, &funnel->mode));
    plan_echo_duration(p, "window", funnel->window);
    json_key(&p->echo, "mode");
    json_text(&p->echo, modes[funnel->mode]);
    return breakdown_parse(&funnel->breakdown, p, f);
}

static uint64_t members_at(const struct funnel_group *g, uint32_t step)
{
    uint64_t members = 0;
    for (uint32_t k = step; k < LIMIT_FUNNEL_STEPS; k++) {
        members += g->depth[k];
    }
    return members;
}

static void choose_slots(const struct plan *p, struct layout *l)
{
    const struct funnel_plan *plan = p->own;
    const struct funnel *f = l->funnel;
    uint32_t keys = keys_count(f->keys);
    wide *totals = mem_alloc_array(keys, sizeof(*totals));
    for (uint32_t id = 0; id < f->groups.count; id++) {
        totals[id] = (wide)members_at(&f->groups.items[id], 0);
    }
    l->shown = breakdown_top(&plan->breakdown, p, f->keys, totals, l->top);
    mem_free(totals);
    l->slots = plan->breakdown.name.p ? l->shown + 2 : 1;
    l->slot_of = mem_alloc_array(keys, sizeof(*l->slot_of));
    for (uint32_t id = 1; id < keys; id++) {
        l->slot_of[id] = l->slots - 1;
    }
    for (uint32_t i = 0; i < l->shown; i++) {
        l->slot_of[l->top[i]] = i + 1;
    }
}

static void lay_times(struct layout *l)
{
    const struct funnel *f = l->funnel;
    for (size_t i = 0; i < f->times.count; i++) {
        const struct funnel_time *t = &f->times.items[i];
        l->off[t->step * l->slots + l->slot_of[t->key] + 1]++;
    }
    size_t cells = (size_t)f->settings->steps * l->slots;
    for (size_t i = 0; i < cells; i++) {
        l->off[i + 1] += l->off[i];
    }
    size_t next[LIMIT_FUNNEL_STEPS * BREAKDOWN_SLOTS];
    memcpy(next, l->off, cells * sizeof(next[0]));
    l->times = mem_resize_array(NULL, f->times.count + 1, sizeof(*l->times));
    for (size_t i = 0; i < f->times.count; i++) {
        const struct funnel_time *t = &f->times.items[i];
        l->times[next[t->step * l->slots + l->slot_of[t->key]]++] = t->ms;
    }
}

static void layout_init(struct layout *l, const struct plan *p, const struct funnel *f)
{
    *l = (struct layout){.funnel = f};
    choose_slots(p, l);
    for (uint32_t id = 0; id < f->groups.count; id++) {
        for (int k = 0; k < LIMIT_FUNNEL_STEPS; k++) {
            l->groups[l->slot_of[id]].depth[k] += f->groups.items[id].depth[k];
        }
    }
    lay_times(l);
}

static void layout_finish(struct layout *l)
{
    mem_free(l->slot_of);
    mem_free(l->times);
}

static void reply_kind(struct reply *r, const struct selector *s)
{
    struct strbuf text = {0};
    if (s->all) {
        reply_text(r, "kind", STR("*"));
    } else if (s->name_count == 1) {
        reply_text(r, "kind", s->names[0]);
    } else if (r->form == INSIGHT_JSON) {
        reply_array(r, "kind");
        for (size_t i = 0; i < s->name_count; i++) {
            reply_text(r, NULL, s->names[i]);
        }
        reply_array_end(r);
    } else {
        for (size_t i = 0; i < s->name_count; i++) {
            strbuf_addf(&text, "%s" STR_FMT, i > 0 ? " " : "", STR_ARG(s->names[i]));
        }
        reply_text(r, "kind", strbuf_str(&text));
    }
    strbuf_finish(&text);
}

static void reply_quartiles(struct reply *r, int64_t *times, size_t count)
{
    static const char *const names[] = {"p25_ms", "p50_ms", "p75_ms"};
    order_sort(times, count);
    for (int i = 0; i < 3; i++) {
        if (count == 0) {
            reply_null(r, names[i]);
        } else {
            reply_int(r, names[i], order_quantile(times, count, 0.25 * (i + 1)));
        }
    }
}

/* Step 'k' of the slots from .. to-1 taken together. */
static void reply_step(const struct plan *p, struct reply *r, struct layout *l, uint32_t k,
                       const uint32_t slots[2])
{
    uint64_t first = 0;
    uint64_t before = 0;
    uint64_t members = 0;
    for (uint32_t slot = slots[0]; slot < slots[1]; slot++) {
        first += members_at(&l->groups[slot], 0);
        members += members_at(&l->groups[slot], k);
        if (k > 0) before += members_at(&l->groups[slot], k - 1);
    }
    size_t begin = l->off[k * l->slots + slots[0]];
    size_t end = l->off[k * l->slots + slots[1]];
    reply_kind(r, &p->selectors[k]);
    reply_count(r, "members", members);
    reply_rate(r, "rate_from_first", members, first);
    reply_rate(r, "rate_from_previous", members, before);
    reply_quartiles(r, l->times + begin, end - begin);
}

#define STEP_COLUMNS "kind,members,rate_from_first,rate_from_previous,p25_ms,p50_ms,p75_ms"

static void reply_group(const struct plan *p, struct reply *r, struct layout *l, uint32_t slot)
{
    const struct funnel_plan *plan = p->own;
    uint32_t slots[2] = {slot, slot + 1};
    uint32_t key = slot == 0 ? 0 : slot <= l->shown ? l->top[slot - 1] : KEYS_REST;
    bool json = r->form == INSIGHT_JSON;
    if (members_at(&l->groups[slot], 0) == 0) return;
    if (json) {
        reply_row(r);
        breakdown_reply(&plan->breakdown, p, r, l->funnel->keys, key);
        reply_array(r, "steps");
    }
    for (uint32_t k = 0; k < l->funnel->settings->steps; k++) {
        reply_row(r);
        if (!json) breakdown_reply(&plan->breakdown, p, r, l->funnel->keys, key);
        reply_step(p, r, l, k, slots);
        reply_row_end(r);
    }
    if (!json) return;
    reply_array_end(r);
    reply_row_end(r);
}

/* By size, then the rest, then null. */
static void reply_groups(const struct plan *p, struct reply *r, struct layout *l)
{
    reply_list(r, "groups", "key," STEP_COLUMNS);
    for (uint32_t slot = 1; slot < l->slots; slot++) {
        reply_group(p, r, l, slot);
    }
    reply_group(p, r, l, 0);
    reply_list_end(r);
}

static void reply_steps(const struct plan *p, struct reply *r, struct layout *l)
{
    uint32_t all[2] = {0, l->slots};
    reply_list(r, "steps", STEP_COLUMNS);
    for (uint32_t k = 0; k < l->funnel->settings->steps; k++) {
        reply_row(r);
        reply_step(p, r, l, k, all);
        reply_row_end(r);
    }
    reply_list_end(r);
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    struct funnel_plan *plan = p->own;
    struct funnel funnel;
    struct layout layout;
    breakdown_place(&plan->breakdown, p);
    struct funnel_settings settings = {
        .mode = (enum funnel_mode)plan->mode,
        .steps = p->selector_count,
        .window = plan->window,
        .field = &plan->breakdown.field,
    };
    struct sweep sweep = {
        .plan = p,
        .from = p->from,
        .to = p->to,
        .members_only = true,
        .every_kind = plan->mode == FUNNEL_STRICT,
    };
    TRY(sweep_run(&sweep, &funnel_kernel, &settings, &funnel, why));
    enum err err = plan_need(p, funnel.times.count, 3 * sizeof(int64_t), why);
    if (err != ERR_OK) {
        funnel_kernel.finish(&funnel);
        return err;
    }
    layout_init(&layout, p, &funnel);
    bool grouped = plan->breakdown.name.p != NULL;
    /* The steps of all come last: they sort the times of the groups into one another. */
    if (grouped) reply_groups(p, r, &layout);
    if (!grouped || r->form == INSIGHT_JSON) reply_steps(p, r, &layout);
    layout_finish(&layout);
    funnel_kernel.finish(&funnel);
    return ERR_OK;
}

const struct query_type query_funnel = {"funnel", TAKES_ALL, false, parse, run};
