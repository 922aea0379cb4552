/* scan_plan.c - which groups a scan reads, and how they are shared out.
 *
 * A group is left out when its times or kinds cannot be asked for. The rest are laid side by side
 * in order of their first persona; a task ends before the persona at which enough rows have come
 * together, so tasks are about as large whatever the parts are like. Each worker has a stretch of
 * neighbouring tasks: the group that straddles two of them is then decoded once. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "eventlog/scan_work.h"

#define TASK_ROWS_MIN (2 * (uint64_t)SCAN_RUN_ROWS)
#define TASKS_A_WORKER 8

static void add_sources(struct scanner *sc, const struct snapshot *s)
{
    uint32_t most = 1;
    for (size_t i = 0; i < s->part_count; i++)
        most += part_level_count(s->parts[i]);
    sc->sources = mem_alloc_array(most, sizeof(sc->sources[0]));
    for (size_t i = 0; i < s->part_count; i++) {
        for (uint32_t level = 0; level < part_level_count(s->parts[i]); level++) {
            struct scan_source *source = &sc->sources[sc->source_count++];
            source->part = s->parts[i];
            source->level = level;
        }
    }
    if (s->tail) {
        struct scan_source *tail = &sc->sources[sc->source_count++];
        tail->tail = s->tail;
        tail->keys = tail_view_keys(s->tail, &tail->event_count);
    }
}

void scanner_init(struct scanner *sc, const struct snapshot *s, const struct scan *scan,
                  struct budget *budget)
{
    *sc = (struct scanner){.snapshot = s, .scan = scan, .budget = budget};
    sc->purse.budget = budget;
    if (s->personas) sc->map = *s->personas;
    pthread_mutex_init(&sc->lock, NULL);
    assert(!scan->kinds || !(scan->columns->mask & COLUMN_NO_KIND));
    assert(!scan->bounds || !scan->brief_before);
    layout_init(&sc->layout, scan->columns, scan->prop_types);
    sc->member_to = UINT64_MAX;
    if (scan->kinds) {
        sc->kinds = mem_alloc(sizeof(*sc->kinds));
        for (size_t i = 0; i < scan->kind_count; i++) {
            codeset_add(sc->kinds, scan->kinds[i]);
        }
    }
    add_sources(sc, s);
}

void scanner_finish(struct scanner *sc)
{
    for (uint32_t i = 0; i < sc->worker_count; i++) {
        scan_worker_finish(&sc->workers[i]);
    }
    for (uint32_t i = 0; i < sc->source_count; i++) {
        VEC_FINISH(&sc->sources[i].groups);
    }
    mem_free(sc->workers);
    mem_free(sc->sources);
    mem_free(sc->shares);
    mem_free(sc->kinds);
    VEC_FINISH(&sc->tasks);
    VEC_FINISH(&sc->pieces);
    VEC_FINISH(&sc->deliveries);
    purse_give_all(&sc->purse);
    pthread_mutex_destroy(&sc->lock);
}

bool scan_asks_kind(const struct scanner *sc, uint16_t kind)
{
    return !sc->kinds || codeset_has(sc->kinds, kind);
}

static bool has_kind(const struct scanner *sc, const struct part *p, uint32_t group)
{
    if (!sc->kinds) return true;
    for (size_t i = 0; i < sc->scan->kind_count; i++) {
        if (part_group_has_kind(p, group, sc->scan->kinds[i])) return true;
    }
    return false;
}

/* Whether a pass that only gathers has anything to find among these personas. */
static bool has_gathered(const struct scanner *sc, uint32_t persona_min, uint32_t persona_max)
{
    const struct persona_map *map = &sc->map;
    size_t i = gallop_u32(map->persona, 0, map->count, persona_min);
    for (; i < map->count && map->persona[i] <= persona_max; i++) {
        if (map->member[i] >= sc->member_from && map->member[i] < sc->member_to) return true;
    }
    return false;
}

static bool wants_group(const struct scanner *sc, uint32_t persona_min, uint32_t persona_max)
{
    if (persona_max == 0) return sc->stream && !sc->scan->members_only;
    return sc->stream || has_gathered(sc, persona_min, persona_max);
}

static void add_group(struct scan_source *source, struct scan_group group)
{
    VEC_PUSH(&source->groups, group);
}

static void plan_part(const struct scanner *sc, struct scan_source *source)
{
    const struct scan *scan = sc->scan;
    const struct part_info *info = part_get_info(source->part);
    if (info->at_max < scan->from || info->at_min >= scan->to) return;
    for (uint32_t i = 0; i < part_group_count(source->part); i++) {
        const struct part_group *g = part_get_group(source->part, i);
        if (g->level != source->level) continue;
        if (g->at_max < scan->from || g->at_min >= scan->to) continue;
        if (!wants_group(sc, g->persona_min, g->persona_max)) continue;
        if (!has_kind(sc, source->part, i)) continue;
        struct scan_group group = {i, g->rows, g->persona_min, g->persona_max};
        add_group(source, group);
    }
}

static void plan_tail(const struct scanner *sc, struct scan_source *source)
{
    for (size_t i = 0; i < source->event_count; i += SCAN_TAIL_ROWS) {
        size_t left = source->event_count - i;
        size_t rows = left < SCAN_TAIL_ROWS ? left : SCAN_TAIL_ROWS;
        struct scan_group group = {(uint32_t)i, (uint32_t)rows, source->keys[i].persona,
                                   source->keys[i + rows - 1].persona};
        if (!wants_group(sc, group.persona_min, group.persona_max)) continue;
        add_group(source, group);
    }
}

/* A place where a task may begin. */
struct cut {
    uint32_t persona; /* first of a group */
    uint32_t rows;    /* of the group */
};

static int by_persona(const void *a, const void *b)
{
    const struct cut *x = a, *y = b;
    return x->persona < y->persona ? -1 : x->persona > y->persona;
}

static void add_task(struct scanner *sc, struct scan_task task)
{
    VEC_PUSH(&sc->tasks, task);
}

static void add_span(struct scanner *sc, uint64_t from, uint64_t to)
{
    add_task(sc, (struct scan_task){.from = from, .to = to, .source = SCAN_NONE});
}

static void cut_spans(struct scanner *sc, struct cut *cuts, size_t count, uint64_t rows)
{
    uint64_t target = rows / (sc->worker_count * (uint64_t)TASKS_A_WORKER);
    if (target < TASK_ROWS_MIN) target = TASK_ROWS_MIN;
    if (count) qsort(cuts, count, sizeof(cuts[0]), by_persona);
    uint64_t from = 1, held = 0;
    for (size_t i = 0; i < count; i++) {
        if (held >= target && cuts[i].persona > from) {
            add_span(sc, from, cuts[i].persona);
            from = cuts[i].persona;
            held = 0;
        }
        held += cuts[i].rows;
    }
    if (held) add_span(sc, from, SCAN_PERSONA_END);
}

static void plan_spans(struct scanner *sc)
{
    size_t groups = 0, count = 0;
    uint64_t rows = 0;
    for (uint32_t s = 0; s < sc->source_count; s++) {
        groups += sc->sources[s].groups.count;
    }
    struct cut *cuts = mem_alloc_array(groups + 1, sizeof(*cuts));
    for (uint32_t s = 0; s < sc->source_count; s++) {
        for (size_t i = 0; i < sc->sources[s].groups.count; i++) {
            const struct scan_group *g = &sc->sources[s].groups.items[i];
            if (g->persona_max == 0) continue;
            cuts[count++] = (struct cut){g->persona_min, g->rows};
            rows += g->rows;
        }
    }
    cut_spans(sc, cuts, count, rows);
    mem_free(cuts);
}

static void plan_pieces(struct scanner *sc)
{
    for (uint32_t s = 0; s < sc->source_count; s++) {
        for (size_t i = 0; i < sc->sources[s].groups.count; i++)
            add_task(sc, (struct scan_task){.source = s, .group = (uint32_t)i});
    }
}

static void plan_memberless(struct scanner *sc)
{
    if (!sc->stream || sc->scan->members_only) return;
    for (uint32_t s = 0; s < sc->source_count; s++) {
        for (size_t i = 0; i < sc->sources[s].groups.count; i++) {
            if (sc->sources[s].groups.items[i].persona_min > 0) break;
            add_task(sc, (struct scan_task){.source = s, .group = (uint32_t)i});
        }
    }
}

/* What streaming takes, about: a decoded group of each source, a run and a straddling persona for
 * each worker. Most of what is left may be gathered. */
static void plan_memory(struct scanner *sc)
{
    uint64_t rows = 0, total = 0;
    for (uint32_t s = 0; s < sc->source_count; s++) {
        uint32_t largest = 0;
        for (size_t i = 0; i < sc->sources[s].groups.count; i++) {
            const struct scan_group *g = &sc->sources[s].groups.items[i];
            if (g->rows > largest) largest = g->rows;
            total += g->rows;
        }
        rows += largest;
    }
    uint64_t run = total < SCAN_RUN_ROWS ? total : SCAN_RUN_ROWS;
    uint64_t need = sc->worker_count * ((rows + 2 * run) * sc->layout.row_bytes + run * 8);
    uint64_t have = atomic_load(&sc->budget->bytes_left) + atomic_load(&sc->purse.taken);
    sc->side_max = have > need ? (have - need) / 4 * 3 : 0;
}

void scan_plan(struct scanner *sc)
{
    for (uint32_t s = 0; s < sc->source_count; s++) {
        VEC_RESET(&sc->sources[s].groups);
        if (sc->sources[s].part) {
            plan_part(sc, &sc->sources[s]);
        } else {
            plan_tail(sc, &sc->sources[s]);
        }
    }
    VEC_RESET(&sc->tasks);
    if (sc->scan->pieces) {
        plan_pieces(sc);
        return;
    }
    plan_spans(sc);
    plan_memberless(sc);
    plan_memory(sc);
}
