/* paths.c - the query "paths". */
#include <stdlib.h>

#include "insight/paths_kernel.h"
#include "insight/query.h"
#include "insight/sweep.h"

static const char *const directions[] = {"after", "before", NULL};

#define DEPTH_DEFAULT 3
#define TOP_DEFAULT 20

struct paths_plan {
    int direction; /* 1 = before */
    int64_t depth;
    int64_t within; /* INT64_MAX = null */
    bool fold;
    int64_t top;
};

static enum err parse_within(struct paths_plan *t, struct form *f)
{
    const struct json *within = form_take(f, "within");
    t->within = within && within->type == JSON_NULL ? INT64_MAX : TIME_DAY;
    if (t->within == INT64_MAX) return ERR_OK;
    return form_duration(f, "within", TIME_SECOND, &t->within);
}

static enum err parse(struct plan *p, struct form *f)
{
    struct paths_plan *t = arena_alloc(p->arena, sizeof(*t));
    struct json_writer *w = &p->echo;
    p->own = t;
    t->depth = DEPTH_DEFAULT;
    t->top = TOP_DEFAULT;
    TRY(plan_select_key(p, f, "anchor"));
    TRY(form_choice(f, "direction", directions, &t->direction));
    TRY(form_int(f, "depth", 1, LIMIT_PATH_DEPTH, &t->depth));
    TRY(parse_within(t, f));
    TRY(form_bool(f, "fold", &t->fold));
    TRY(form_int(f, "top", 1, LIMIT_QUERY_TOP, &t->top));
    json_key(w, "direction");
    json_text(w, directions[t->direction]);
    json_key(w, "depth");
    json_int(w, t->depth);
    if (t->within == INT64_MAX) {
        json_key(w, "within");
        json_null(w);
    } else {
        plan_echo_duration(p, "within", t->within);
    }
    json_key(w, "fold");
    json_bool(w, t->fold);
    json_key(w, "top");
    json_int(w, t->top);
    return ERR_OK;
}

static struct str kind_name(const struct plan *p, uint16_t kind)
{
    const struct expr_catalog *c = p->in->catalog;
    return c->kind_text ? c->kind_text(c->ctx, kind) : (struct str){NULL, 0};
}

/* By occurrences, then members. */
static int compare_figures(const void *a, const void *b)
{
    const struct path *x = a;
    const struct path *y = b;
    if (x->occurrences != y->occurrences) return x->occurrences > y->occurrences ? -1 : 1;
    if (x->members != y->members) return x->members > y->members ? -1 : 1;
    return 0;
}

/* Then by the kinds' names. */
static int compare(const void *a, const void *b, void *ctx)
{
    const struct path *x = a;
    const struct path *y = b;
    int figures = compare_figures(a, b);
    if (figures != 0) return figures;
    for (int i = 0; i < LIMIT_PATH_DEPTH; i++) {
        if (x->kinds[i] == y->kinds[i]) continue;
        if (x->kinds[i] == 0 || y->kinds[i] == 0) return x->kinds[i] == 0 ? -1 : 1;
        return str_cmp(kind_name(ctx, x->kinds[i]), kind_name(ctx, y->kinds[i]));
    }
    return 0;
}

/* The first 'top' paths in order. Most have figures in common with others and are never shown: only
 * those that may be are compared by name. */
static void sort_top(struct plan *p, struct paths *paths, size_t top)
{
    struct path *list = paths->list.items;
    size_t count = paths->list.count, n = top < count ? top : count;
    if (n == 0) return;
    qsort(list, count, sizeof(*list), compare_figures);
    while (n < count && compare_figures(&list[n], &list[n - 1]) == 0)
        n++;
    qsort_r(list, n, sizeof(*list), compare, p);
}

static void reply_path(struct plan *p, struct reply *r, const struct path *path, uint32_t depth)
{
    reply_row(r);
    reply_array(r, "kinds");
    for (uint32_t i = 0; i < depth; i++) {
        if (path->kinds[i] != 0) {
            reply_text(r, NULL, kind_name(p, path->kinds[i]));
        } else if (r->form == INSIGHT_CSV) {
            reply_null(r, NULL);
        }
    }
    reply_array_end(r);
    reply_count(r, "members", path->members);
    reply_count(r, "occurrences", path->occurrences);
    reply_row_end(r);
}

static void reply_paths(struct plan *p, struct reply *r, const struct paths *paths)
{
    const struct paths_plan *t = p->own;
    struct strbuf header = {0};
    for (int64_t i = 1; i <= t->depth; i++) {
        strbuf_addf(&header, "kind%d,", (int)i);
    }
    strbuf_add_text(&header, "members,occurrences");
    reply_list(r, "paths", header.p);
    for (size_t i = 0; i < paths->list.count && i < (size_t)t->top; i++) {
        reply_path(p, r, &paths->list.items[i], (uint32_t)t->depth);
    }
    reply_list_end(r);
    strbuf_finish(&header);
    reply_count(r, "occurrences", paths->occurrences);
    reply_count(r, "occurrences_ended", paths->ended);
    reply_rate(r, "ended", paths->ended, paths->occurrences);
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const struct paths_plan *t = p->own;
    struct paths paths;
    struct paths_settings settings = {
        .before = t->direction == 1,
        .depth = (uint32_t)t->depth,
        .within = t->within,
        .fold = t->fold,
    };
    struct sweep sweep = {
        .plan = p, .from = p->from, .to = p->to, .members_only = true, .every_kind = true};
    TRY(sweep_run(&sweep, &paths_kernel, &settings, &paths, why));
    sort_top(p, &paths, (size_t)t->top);
    reply_paths(p, r, &paths);
    paths_kernel.finish(&paths);
    return ERR_OK;
}

const struct query_type query_paths = {"paths", TAKES_ALL, false, parse, run};
