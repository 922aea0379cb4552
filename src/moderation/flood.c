/* flood.c - a table of sets of eight accounts; in a full set whoever was silent longest goes. */
#include "moderation/flood.h"

#include <string.h>

#include "base/mem.h"

#define WAYS 8
#define SETS (FLOOD_ACCOUNTS / WAYS)

struct flood_account {
    uint32_t group, persona;
    uint64_t count;                /* ever noted; 0 = nobody's row */
    int64_t times[FLOOD_MESSAGES]; /* message i at i % FLOOD_MESSAGES */
};

void floods_finish(struct floods *f)
{
    mem_free(f->accounts);
    f->accounts = NULL;
}

void floods_reset(struct floods *f)
{
    if (f->accounts) memset(f->accounts, 0, FLOOD_ACCOUNTS * sizeof(*f->accounts));
}

static int64_t latest(const struct flood_account *a)
{
    return a->count ? a->times[(a->count - 1) % FLOOD_MESSAGES] : INT64_MIN;
}

const struct flood_account *floods_add(struct floods *f, uint32_t group, uint32_t persona,
                                       int64_t at)
{
    if (!f->accounts) f->accounts = mem_alloc_array(FLOOD_ACCOUNTS, sizeof(*f->accounts));
    uint64_t mixed = ((uint64_t)group << 32 | persona) * UINT64_C(0x9E3779B97F4A7C15);
    struct flood_account *set = f->accounts + (mixed >> 40) % SETS * WAYS, *mine = set;
    for (int i = 0; i < WAYS; i++) {
        struct flood_account *a = &set[i];
        if (a->count && a->group == group && a->persona == persona) {
            mine = a;
            break;
        }
        if (latest(a) < latest(mine)) mine = a;
    }
    if (!mine->count || mine->group != group || mine->persona != persona)
        *mine = (struct flood_account){.group = group, .persona = persona};
    mine->times[mine->count++ % FLOOD_MESSAGES] = at;
    return mine;
}

int floods_over(const struct flood_account *a, uint32_t count, int64_t span_ms)
{
    if (a->count < count) return 0;
    int64_t first = a->times[(a->count - count) % FLOOD_MESSAGES];
    return latest(a) - first <= span_ms;
}
