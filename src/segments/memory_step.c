/* memory_step.c - members carried over to the newest panel one by one, when they are next looked
 * at.
 *
 *   panels    1 ──step──► 2 ──step──► 3        memos    of 1: take both; of 2: the last; of 3: none
 *
 * 1. A step waits for memos of the panel before it; it is kept while some have yet to take it or
 *    one before it. What comes of a member is added only when all are taken, so that columns,
 *    needs and slots that an older panel had not are in none of their rows.
 * 2. Nothing here looks at all members at once: a panel made anew does not keep others waiting. */
#include "segments/memory_internal.h"

#define STEPS_MAX 256

struct step *memory_make_step(const struct memory *m)
{
    struct step *step = mem_alloc(sizeof(*step));
    size_t count = m->columns.count;
    step->from = memory_shape(m);
    step->columns = mem_alloc_array(count + 1, sizeof(*step->columns));
    memcpy(step->columns, m->columns.items, count * sizeof(*step->columns));
    step->from.columns = step->columns;
    return step;
}

void memory_free_step(struct step *step)
{
    VEC_FINISH(&step->cells);
    VEC_FINISH(&step->older);
    VEC_FINISH(&step->asked);
    mem_free(step->columns);
    mem_free(step);
}

bool memory_push_step(struct memory *m, struct step *step)
{
    struct remembered *has = &m->has;
    step->memos = has->all.count - has->behind;
    if (has->all.count == 0 || has->steps.count == STEPS_MAX) {
        memory_free_step(step);
        return has->all.count == 0;
    }
    has->behind = has->all.count;
    VEC_PUSH(&has->steps, step);
    return true;
}

static struct step *next_step(const struct memory *m, const struct memo *o)
{
    return o->steps == memory_steps(m) ? NULL : m->has.steps.items[o->steps - m->has.steps_gone];
}

struct shape memory_shape_of(const struct memory *m, const struct memo *o)
{
    const struct step *step = next_step(m, o);
    return step ? step->from : memory_shape(m);
}

void memory_leave_step(struct memory *m, const struct memo *o)
{
    struct remembered *has = &m->has;
    struct step *step = next_step(m, o);
    size_t gone = 0;
    if (!step) return;
    step->memos--;
    has->behind--;
    while (gone < has->steps.count && has->steps.items[gone]->memos == 0)
        memory_free_step(has->steps.items[gone++]);
    if (gone == 0) return;
    has->steps.count -= gone;
    has->steps_gone += (uint32_t)gone;
    memmove(has->steps.items, has->steps.items + gone,
            has->steps.count * sizeof(has->steps.items[0]));
}

/* ---- one step ---- */

static bool cells_stay(const struct step *step, const struct shape *to)
{
    bool stay =
        step->from.column_count == to->column_count && step->from.row_bytes == to->row_bytes;
    for (size_t i = 0; i < step->cells.count && stay; i++)
        stay = step->cells.items[i] == i && step->columns[i].width == to->columns[i].width;
    return stay;
}

static void move_cells(struct memo *o, const struct memo *old, const struct step *step,
                       const struct shape *to)
{
    for (size_t i = 0; i < to->column_count; i++) {
        const struct column *c = &to->columns[i];
        char *cells = memory_cell(o, c, 0);
        if (step->cells.items[i] != ABSENT) {
            memcpy(cells, memory_cell(old, &step->columns[step->cells.items[i]], 0),
                   o->rows * c->width);
            continue;
        }
        for (uint32_t row = 0; row < o->rows; row++)
            memory_put_null(cells + row * c->width, c);
    }
}

struct memo *memory_take_step(struct memo *old, const struct step *step, const struct shape *to)
{
    struct memo *o = memory_alloc(to);
    uint32_t *older = o->older;
    *o = *old; /* but for what stands behind */
    o->older = older;
    o->steps++;
    for (size_t i = 0; i < to->needs; i++)
        o->older[i] = step->older.items[i] == ABSENT ? 0 : old->older[step->older.items[i]];
    for (size_t i = 0; i < to->slots; i++)
        o->digests[i] =
            step->asked.items[i] == ABSENT ? NEVER_ASKED : old->digests[step->asked.items[i]];
    if (!cells_stay(step, to)) {
        o->block = mem_alloc_array((size_t)o->room + 1, to->row_bytes);
        move_cells(o, old, step, to);
        mem_free(old->block);
    }
    if (!to->folds) {
        mem_free(o->fold);
        o->fold = NULL;
        o->fold_len = o->fold_room = 0;
    }
    mem_free(old);
    return o;
}

struct memo *memory_catch(struct memory *m, struct memo *o)
{
    struct remembered *has = &m->has;
    size_t at = o->steps - has->steps_gone, count = has->steps.count;
    if (at == count) return o;
    has->bytes -= memory_bytes_of(m, o);
    const struct memo waiting = *o;
    for (; at < count; at++) {
        const struct shape to = at + 1 < count ? has->steps.items[at + 1]->from : memory_shape(m);
        o = memory_take_step(o, has->steps.items[at], &to);
    }
    memory_leave_step(m, &waiting);
    has->all.items[o->place] = o;
    has->bytes += memory_bytes_of(m, o);
    return o;
}

/* ---- while there is nothing else to do ---- */

size_t memory_behind(const struct memory *m)
{
    return m ? m->has.behind : 0;
}

void memory_sweep(struct memory *m, size_t count)
{
    for (; count > 0 && m->has.behind; count--) {
        if (m->has.sweep >= m->has.all.count) m->has.sweep = 0;
        (void)memory_catch(m, m->has.all.items[m->has.sweep++]);
    }
}
