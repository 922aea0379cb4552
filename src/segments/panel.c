/* panel.c - expressions share a plan, and so one reading of a history and one fold.
 *
 * A scan brings at most 64 properties: expressions that together read more lie in several lenses,
 * each with a plan of its own, and a member's history is read once a lens. */
#include "segments/panel_internal.h"

#include <assert.h>
#include <roaring/roaring.h>

#include "base/hash.h"
#include "people/numbering.h"
#include "people/owner.h"
#include "scores/scores.h"
#include "segments/memory.h"
#include "segments/segments.h"

#define RHYTHM_FIELDS                                                                              \
    (UINT64_C(1) << FIELD_ACT_DAYS | UINT64_C(1) << FIELD_USUAL_DAYS | UINT64_C(1) << FIELD_PACE)

struct panel_member panel_member_of(const struct snapshot *s, uint32_t member, struct arena *arena)
{
    uint32_t *personas;
    size_t count = persona_map_of(s->personas, member, arena, &personas);
    return (struct panel_member){.id = member, .personas = personas, .persona_count = count};
}

/* ---- making one ---- */

static uint64_t count_codes(struct brand *b)
{
    uint64_t n = 0;
    for (int d = 0; d < DIM_COUNT; d++)
        n += registry_code_count(b, (enum dim)d);
    return n;
}

/* The answers hang on the brand's numbers where the fold is read, and on the run of scores where
 * one of these is; version 0 of either says nothing. */
static uint64_t basis_of(const struct panel *p, const struct expr *e, struct str text,
                         const struct fold_rules *rules)
{
    struct str name, saved;
    uint64_t h = hash_xxh3(text.p, text.len);
    if (who_needs_fold(e) || expr_names_derived(e)) h += p->numbers;
    if (scores_has_field(expr_fields(e))) h += p->scores << 20;
    for (size_t i = 0; expr_get_segment(e, i, &name, &saved); i++)
        h = h * 31 + hash_xxh3(saved.p, saved.len);
    /* by another rule the owners are others */
    if (expr_fields(e) >> FIELD_OWNER & 1)
        h = h * 31 + (uint64_t)rules->owner * 64 + (uint64_t)rules->owner_days;
    h &= INT64_MAX; /* it is stored as an integer */
    return h ? h : 1;
}

static struct lens *lens_create(struct panel *p)
{
    struct lens *l = arena_alloc(p->arena, sizeof(*l));
    plan_init(&l->plan, &p->in, p->arena);
    VEC_PUSH(&p->lenses, l);
    return l;
}

/* Let the plan bring what the expression reads; false, and the plan as before, if that is too much.
 */
static bool widen(struct lens *l, const struct expr *e)
{
    struct columns before = l->plan.columns;
    bool derived = l->plan.derived;
    struct why why;
    l->plan.who = e;
    l->plan.derived |= expr_names_derived(e);
    bool fits = plan_columns(&l->plan, l->fold || who_needs_fold(e), &why) == ERR_OK;
    l->plan.who = NULL;
    if (fits) {
        l->fold |= who_needs_fold(e);
        return true;
    }
    l->plan.columns = before;
    l->plan.derived = derived;
    return false;
}

/* Read one into the last lens that takes it. */
static void add(struct panel *p, struct str text, struct entry *out)
{
    struct why why;
    text = arena_str(p->arena, text);
    if (p->lenses.count == 0) (void)lens_create(p);
    for (int attempt = 0; attempt < 2; attempt++) {
        struct lens *l = p->lenses.items[p->lenses.count - 1];
        const struct expr *e;
        enum err err =
            expr_parse(p->arena, &l->plan.catalog, EXPR_MEMBER, text, "expression", &e, &why);
        if (err != ERR_OK) return;
        if (widen(l, e)) {
            out->expr = e;
            out->lens = p->lenses.count - 1;
            out->basis = basis_of(p, e, text, &p->names.rules);
            out->fields = expr_fields(e);
            l->fields |= out->fields != 0;
            l->consent |= out->fields >> FIELD_CONSENTED & 1;
            expr_get_reach_ever(e, p->arena, &out->reach);
            p->warned |= expr_warning_count(e) > 0;
            p->rhythm |= (out->fields & RHYTHM_FIELDS) != 0;
            return;
        }
        (void)lens_create(p);
    }
}

struct panel *panel_create(struct brand *b, const struct str *texts, size_t count)
{
    struct panel *p = mem_alloc(sizeof(*p));
    p->brand = b;
    p->arena = arena_create(0);
    /* before anything is looked up: what comes meanwhile makes it old */
    p->kinds_known = registry_kind_count(b);
    p->props_known = registry_prop_count(b);
    p->codes_known = count_codes(b);
    p->created = registry_find_kind(b, STR("member.created"));
    p->budget.bytes_left = SIZE_MAX / 2;
    segments_catalog(b, &p->catalog);
    struct numbering numbering;
    numbering_get(b, &numbering); /* the older, should they change just now: it is made anew then */
    p->numbers = numbering.version;
    p->scores = scores_version(b);
    people_fold_names(b, p->arena, &p->names);
    p->in = (struct insight){
        .catalog = &p->catalog,
        .fold = &p->names,
        .zone = brand_zone(b),
        .env = brand_env(b),
        .now = env_now(brand_env(b)),
        .workers = 1,
        .budget = &p->budget,
        .get = segments_get_field,
        .get_ctx = b,
        .brand = b,
    };
    p->count = count;
    p->entries = arena_alloc_array(p->arena, count, sizeof(*p->entries));
    for (size_t i = 0; i < count; i++)
        add(p, texts[i], &p->entries[i]);
    return p;
}

void panel_destroy(struct panel *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->lenses.count; i++)
        plan_finish(&p->lenses.items[i]->plan);
    VEC_FINISH(&p->lenses);
    arena_destroy(p->arena);
    mem_free(p);
}

size_t panel_count(const struct panel *p)
{
    return p->count;
}

size_t panel_lenses(const struct panel *p)
{
    return p->lenses.count;
}

const struct expr *panel_expr(const struct panel *p, size_t i)
{
    return p->entries[i].expr;
}

/* Kinds and properties always count, since the fold reads them; codes where one was not known. */
bool panel_is_old(const struct panel *p)
{
    struct owner_rule rule = owner_get_rule(p->brand);
    return rule.rule != p->names.rules.owner || rule.days != p->names.rules.owner_days ||
           registry_kind_count(p->brand) != p->kinds_known ||
           registry_prop_count(p->brand) != p->props_known ||
           (p->warned && count_codes(p->brand) != p->codes_known);
}

uint64_t panel_basis(const struct panel *p, size_t i)
{
    return p->entries[i].basis;
}

void panel_set_now(struct panel *p, int64_t now)
{
    p->in.now = now;
}

bool panel_reads_lists(const struct panel *p, size_t i)
{
    return p->entries[i].fields >> FIELD_LIST & 1;
}

bool panel_reads(const struct panel *p, size_t i, uint16_t kind)
{
    const struct entry *e = &p->entries[i];
    if (!e->expr) return false;
    if (kind == 0 || e->fields || e->reach.every_kind || expr_names_derived(e->expr)) return true;
    if (kind == p->created && !e->reach.needed) return true; /* begins a history */
    for (size_t k = 0; k < e->reach.kind_count; k++) {
        if (e->reach.kinds[k] == kind) return true;
    }
    return false;
}

/* ---- views ---- */

struct panel_view *panel_view_create(struct panel *p)
{
    struct panel_view *v = mem_alloc(sizeof(*v));
    v->panel = p;
    v->arena = arena_create(0);
    v->persons = mem_alloc_array(p->lenses.count + 1, sizeof(struct person *));
    v->weavers = mem_alloc_array(p->lenses.count + 1, sizeof(struct weaver *));
    for (size_t i = 0; i < p->lenses.count; i++) {
        v->persons[i] = person_create(&p->lenses.items[i]->plan);
        if (p->lenses.items[i]->plan.derived)
            v->weavers[i] = weaver_create(&p->lenses.items[i]->plan);
    }
    return v;
}

void panel_view_destroy(struct panel_view *v)
{
    if (!v) return;
    for (size_t i = 0; i < v->panel->lenses.count; i++) {
        person_destroy(v->persons[i]);
        weaver_destroy(v->weavers[i]);
    }
    mem_free(v->persons);
    mem_free(v->weavers);
    arena_destroy(v->arena);
    mem_free(v);
}

/* When the first event after now happens, as a sender's clock may have made some. */
static int64_t first_after(const struct history *h, uint32_t index, int64_t now)
{
    uint32_t from = h->off[index], to = h->off[index + 1];
    if (from == to || h->at[to - 1] <= now) return TIME_NONE;
    return h->at[history_row_at(h->at, from, to, now + 1)];
}

void panel_ask_lens(struct panel_view *v, size_t lens, const struct expr_context *c,
                    const struct history *h, uint32_t index, const struct asking *a)
{
    const struct panel *p = v->panel;
    for (size_t i = 0; i < p->count; i++) {
        const struct entry *e = &p->entries[i];
        if (e->lens != lens || !e->expr || (a->which && !a->which[i])) continue;
        a->answers[i] = expr_member(e->expr, c, h, index);
        due_sooner(a->due, expr_next_change(e->expr, c, h, index));
    }
    /* of whoever is asked anything: a birthday that comes may change none of the answers before */
    const struct lens *l = p->lenses.items[lens];
    if (l->consent) due_sooner(a->due, people_consent_due(p->brand, h->member[index], c->now));
    if (l->fields || l->plan.derived) due_sooner(a->due, first_after(h, index, c->now));
    const struct fold_state *state = l->plan.derived
                                         ? person_state(v->persons[lens]) /* changes to come */
                                         : person_folded(v->persons[lens]);
    if (!state) return;
    due_sooner(a->due, state->due);
    if (p->rhythm) due_sooner(a->due, state->rhythm.due);
}

/* See member 'index' of a run of the log, and ask. */
static void ask_run(struct panel_view *v, size_t lens, const struct history *h, uint32_t index,
                    const struct asking *a)
{
    const struct expr_context *c =
        v->memory ? memory_learn(v->memory, v->persons[lens], h, index, v->snapshot)
                  : person_see(v->persons[lens], h, index);
    panel_ask_lens(v, lens, c, h, index, a);
    if (v->memory) memory_asked(v->memory, c, h->member[index]);
}

void panel_view_learn(struct panel_view *v, struct memory *m, const struct snapshot *s)
{
    v->memory = m;
    v->snapshot = s;
}

static struct scan scan_of(const struct lens *l)
{
    return (struct scan){
        .columns = &l->plan.columns,
        .prop_types = l->plan.types,
        .from = 0,
        .to = INT64_MAX,
        .members_only = true,
    };
}

static bool is_asked(const struct panel *p, size_t lens, const uint8_t *which)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->entries[i].lens == lens && p->entries[i].expr && which[i]) return true;
    }
    return false;
}

/* The member's history as the lens reads it; ERR_NOT_FOUND when there is none. */
static enum err read_history(struct panel_view *v, size_t lens, const struct snapshot *s,
                             const struct panel_member *m, struct history *store,
                             const struct history **out)
{
    struct why why;
    struct scan scan = scan_of(v->panel->lenses.items[lens]);
    TRY(eventlog_member(s, m->id, m->personas, m->persona_count, &scan, v->arena, store, &why));
    if (store->member_count == 0 || store->off[1] == store->off[0]) return ERR_NOT_FOUND;
    *out = v->weavers[lens] ? weaver_weave(v->weavers[lens], store) : store;
    return ERR_OK;
}

enum err panel_ask(struct panel_view *v, const struct snapshot *s, const struct panel_member *m,
                   const uint8_t *which, uint8_t *answers, int64_t *due)
{
    const struct panel *p = v->panel;
    const struct asking a = {which, answers, due};
    enum err err = ERR_OK;
    memset(answers, 0, p->count);
    *due = TIME_NONE;
    for (size_t l = 0; l < p->lenses.count && err == ERR_OK; l++) {
        struct history store;
        const struct history *h;
        if (!is_asked(p, l, which)) continue;
        err = read_history(v, l, s, m, &store, &h);
        if (err == ERR_OK) ask_run(v, l, h, 0, &a);
        arena_reset(v->arena);
    }
    return err;
}

enum err panel_explain(struct panel_view *v, const struct snapshot *s, const struct panel_member *m,
                       size_t i, struct arena *arena, struct expr_clauses *out)
{
    const struct entry *e = &v->panel->entries[i];
    struct history store;
    const struct history *h;
    assert(e->expr);
    TRY(read_history(v, e->lens, s, m, &store, &h));
    const struct expr_context *c = person_see(v->persons[e->lens], h, 0);
    expr_explain(e->expr, c, h, 0, arena, out);
    return ERR_OK;
}

/* ---- everybody ---- */

struct scanner {
    const struct panel_scan *scan;
    struct panel_view *view;
    size_t lens;
    int number;
    uint8_t *answers;
};

static bool scan_run(void *worker, const struct history *run)
{
    struct scanner *w = worker;
    struct panel_view *v = w->view;
    const struct panel_scan *scan = w->scan;
    const struct history *h = v->weavers[w->lens] ? weaver_weave(v->weavers[w->lens], run) : run;
    for (uint32_t i = 0; i < h->member_count; i++) {
        int64_t due = TIME_NONE;
        uint32_t member = h->member[i];
        if (member == 0 || (scan->only && !roaring_bitmap_contains(scan->only, member))) continue;
        ask_run(v, w->lens, h, i, &(struct asking){NULL, w->answers, &due});
        scan->fn(scan->ctx, w->number, member, w->answers, due);
    }
    return true;
}

/* Which rows a scan needs. */
struct extent {
    int64_t from;
    VEC(uint16_t) kinds;
};

static void widen_extent(void *ctx, const struct expr_need *need)
{
    struct extent *x = ctx;
    /* their number alone is asked for, of all times */
    int64_t from = need->last == 0 && need->from == INT64_MAX ? INT64_MIN : need->from;
    if (from < x->from) x->from = from;
    VEC_PUSH(&x->kinds, need->kind);
}

/* Where every expression of a lens holds of nobody without rows of its calls, and reads nothing
 * else, only those rows are asked for: nobody else is in, now or later, as far as the clock goes.
 * What is after now is among them. */
static bool find_extent(const struct panel *p, size_t lens, struct extent *out)
{
    const struct lens *l = p->lenses.items[lens];
    const struct expr_context c = {.zone = p->in.zone, .now = p->in.now, .scratch = p->arena};
    bool bounded = !l->fields && !l->plan.derived;
    *out = (struct extent){.from = INT64_MAX};
    for (size_t i = 0; i < p->count && bounded; i++) {
        const struct entry *e = &p->entries[i];
        if (e->lens != lens || !e->expr) continue;
        expr_each_need(e->expr, &c, widen_extent, out);
        bounded = e->reach.needed;
    }
    return bounded && out->kinds.count > 0;
}

static enum err scan_lens(struct panel *p, size_t lens, const struct panel_scan *scan,
                          struct scanner *scanners, struct why *why)
{
    void *pointers[LIMIT_QUERY_WORKERS];
    struct scan read = scan_of(p->lenses.items[lens]);
    struct extent extent;
    if (find_extent(p, lens, &extent)) {
        read.from = extent.from;
        read.kinds = extent.kinds.items;
        read.kind_count = extent.kinds.count;
    }
    for (int i = 0; i < scan->workers; i++) {
        scanners[i].lens = lens;
        memset(scanners[i].answers, 0, p->count);
        pointers[i] = &scanners[i];
    }
    enum err err =
        eventlog_scan(scan->snapshot, &read, pointers, scan->workers, scan_run, scan->budget, why);
    VEC_FINISH(&extent.kinds);
    return err;
}

struct learner {
    struct panel_view *view;
    struct memory *memory;
};

static bool learn_run(void *worker, const struct history *run)
{
    struct learner *w = worker;
    struct panel_view *v = w->view;
    const struct history *h = v->weavers[0] ? weaver_weave(v->weavers[0], run) : run;
    for (uint32_t i = 0; i < h->member_count && !memory_is_full(w->memory); i++) {
        if (!h->member[i]) continue;
        (void)memory_learn(w->memory, v->persons[0], h, i, v->snapshot);
        memory_asked(w->memory, NULL, h->member[i]);
    }
    return !memory_is_full(w->memory);
}

enum err panel_learn(struct panel *p, struct memory *m, const struct snapshot *s,
                     struct budget *budget, struct why *why)
{
    struct learner learner = {panel_view_create(p), m};
    void *pointer = &learner;
    const struct scan scan = scan_of(p->lenses.items[0]);
    panel_view_learn(learner.view, m, s);
    enum err err = eventlog_scan(s, &scan, &pointer, 1, learn_run, budget, why);
    panel_view_destroy(learner.view);
    return memory_is_full(m) ? ERR_OK : err;
}

enum err panel_scan(struct panel *p, const struct panel_scan *scan, struct why *why)
{
    struct scanner scanners[LIMIT_QUERY_WORKERS];
    enum err err = ERR_OK;
    assert(scan->workers >= 1 && scan->workers <= LIMIT_QUERY_WORKERS);
    for (int i = 0; i < scan->workers; i++) {
        scanners[i] = (struct scanner){.scan = scan, .view = panel_view_create(p), .number = i};
        if (scan->workers == 1) panel_view_learn(scanners[i].view, scan->memory, scan->snapshot);
        scanners[i].answers = mem_alloc(p->count + 1);
    }
    for (size_t l = 0; l < p->lenses.count && err == ERR_OK; l++)
        err = scan_lens(p, l, scan, scanners, why);
    for (int i = 0; i < scan->workers; i++) {
        panel_view_destroy(scanners[i].view);
        mem_free(scanners[i].answers);
    }
    return err;
}
