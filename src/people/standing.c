/* standing.c - one table of (member, group), group 0 being direct messages, and the number of the
 * reading that counts for each member: a merge reads the members' history again, and what was
 * written under a lower number is void.
 *
 * A word:  | reading: 15 bits | flag: 1 | at + 1 of the message that waits: 48, 0 = none |
 * The flag says of a group that the member is in it, of direct messages that the one that waits
 * came from the other side. The steps are those of fold_apply.c. */
#include "people/standing.h"

#define WAITS_BITS 48
#define READINGS_MAX ((UINT64_C(1) << 15) - 1)

static_assert(EVENT_AT_MAX < (INT64_C(1) << WAITS_BITS) - 1, "a time fits");

struct standing {
    struct intmap *words;    /* (member, group) -> word */
    struct intmap *readings; /* member -> the reading that counts */
    bool from_log;           /* rows may lag: read histories instead */
};

struct word {
    bool flag;
    int64_t waits; /* TIME_NONE = nothing */
};

struct standing *standing_create(void)
{
    struct standing *s = mem_alloc(sizeof(*s));
    s->words = intmap_create();
    s->readings = intmap_create();
    return s;
}

void standing_destroy(struct standing *s)
{
    if (!s) return;
    intmap_destroy(s->words);
    intmap_destroy(s->readings);
    mem_free(s);
}

void standing_forget(struct standing *s)
{
    intmap_reset(s->words);
    intmap_reset(s->readings);
    s->from_log = true;
}

void standing_meet(struct standing *s, uint32_t member)
{
    intmap_put(s->readings, member, 1);
}

static uint64_t key_of(uint32_t member, uint32_t group)
{
    return (uint64_t)member << 32 | group;
}

static struct word get_word(const struct standing *s, uint32_t member, uint32_t group,
                            uint64_t reading)
{
    uint64_t bits = 0, waits;
    intmap_get(s->words, key_of(member, group), &bits);
    if (bits >> (WAITS_BITS + 1) != reading) return (struct word){false, TIME_NONE};
    waits = bits & ((UINT64_C(1) << WAITS_BITS) - 1);
    return (struct word){bits >> WAITS_BITS & 1, waits ? (int64_t)waits - 1 : TIME_NONE};
}

static void put_word(struct standing *s, uint32_t member, uint32_t group, uint64_t reading,
                     struct word word)
{
    uint64_t waits = word.waits == TIME_NONE ? 0 : (uint64_t)word.waits + 1;
    uint64_t flag = word.flag ? UINT64_C(1) << WAITS_BITS : 0;
    intmap_put(s->words, key_of(member, group), reading << (WAITS_BITS + 1) | flag | waits);
}

/* ---- reading ---- */

static void put_all(struct standing *s, const struct fold_names *n, uint32_t member,
                    uint64_t reading, const struct fold *fold)
{
    struct fold_state state;
    struct fold_ask ask;
    assert(reading <= READINGS_MAX); /* caps of identities bound how often a member merges */
    intmap_put(s->readings, member, reading);
    fold_get_state(fold, n, &state);
    for (uint32_t i = 0; i < state.group_count; i++)
        put_word(s, member, state.groups[i], reading, (struct word){true, TIME_NONE});
    for (uint32_t i = 0; fold_get_ask(fold, i, &ask); i++) {
        struct word word = get_word(s, member, ask.group, reading);
        word.waits = ask.at;
        if (!ask.group) word.flag = ask.by_staff;
        put_word(s, member, ask.group, reading, word);
    }
}

static enum err read_history(struct standing *s, uint32_t member, uint64_t reading,
                             const struct implied *im)
{
    struct people *p = im->plan->p;
    TRY(refold_with(p, member, im->before, im->before_count, p->present));
    put_all(s, &p->names, member, reading, p->present);
    return ERR_OK;
}

static enum err load(struct standing *s, uint32_t member, const struct implied *im,
                     uint64_t *reading)
{
    struct people *p = im->plan->p;
    struct member *m;
    if (intmap_get(s->readings, member, reading)) return ERR_OK;
    *reading = 1;
    if (s->from_log) return read_history(s, member, 1, im);
    TRY(member_get(p, tx_sql(im->plan->tx), member, &m));
    put_all(s, &p->names, member, 1, m->fold);
    return ERR_OK;
}

/* Of two members one: neither's standing is that of both. */
static enum err merge(struct standing *s, uint32_t member, const struct implied *im)
{
    uint64_t reading = 0;
    intmap_get(s->readings, member, &reading);
    return read_history(s, member, reading + 1, im);
}

/* ---- following ---- */

/* A direct message answers the one that waits of the other side, or waits itself. */
static struct word step_direct(struct word w, int64_t at, bool by_staff)
{
    bool other_side = w.waits != TIME_NONE && w.flag != by_staff;
    if (other_side && at - w.waits < FOLD_ANSWER_MS) return (struct word){false, TIME_NONE};
    return (struct word){by_staff, at};
}

enum { GROUP_ROLES = ROLE_MESSAGE | ROLE_JOIN_GROUP | ROLE_LEAVE_GROUP };

static struct word step(struct word w, const struct event *ev, uint32_t roles, uint32_t group)
{
    if (group == 0 && (roles & ROLE_DM_RECEIVED)) return step_direct(w, ev->at, false);
    if (group == 0 && (roles & ROLE_DM_SENT)) return step_direct(w, ev->at, true);
    if (roles & ROLE_ANSWERED) {
        if ((group || !w.flag) && w.waits < ev->at) w.waits = TIME_NONE;
        return w;
    }
    if (roles & ROLE_MESSAGE) w.waits = ev->at;
    if (roles & GROUP_ROLES) w.flag = !(roles & ROLE_LEAVE_GROUP);
    return w;
}

/* The member's own standing after the event. */
static enum err follow_own(struct standing *s, const struct event *ev, struct implied *im)
{
    const struct people *p = im->plan->p;
    uint32_t roles = ev->kind < p->role_count ? p->roles[ev->kind] : 0;
    bool direct = roles & (ROLE_DM_RECEIVED | ROLE_DM_SENT);
    uint32_t member = identity_member(p, ev->persona), group = direct ? 0 : ev->dim[DIM_GROUP];
    if (!ev->persona || !(roles & (GROUP_ROLES | ROLE_DM_RECEIVED | ROLE_DM_SENT | ROLE_ANSWERED)))
        return ERR_OK;
    if (!group && (roles & GROUP_ROLES)) return ERR_OK;
    if ((roles & (ROLE_DM_SENT | ROLE_ANSWERED)) && fold_is_template(&p->names, ev)) return ERR_OK;
    uint64_t reading;
    TRY(load(s, member, im, &reading));
    struct word w = get_word(s, member, group, reading);
    if (plan_implies_join(p, ev) && !w.flag)
        im->events[im->count++] = plan_join(p, ev, im->plan->arena);
    put_word(s, member, group, reading, step(w, ev, roles, group));
    return ERR_OK;
}

static enum err follow_answer(struct standing *s, const struct event *ev, struct implied *im)
{
    const struct people *p = im->plan->p;
    uint32_t group, asker = identity_member(p, ev->other);
    uint64_t reading;
    if (!plan_may_answer(p, ev, &group)) return ERR_OK;
    TRY(load(s, asker, im, &reading));
    struct word w = get_word(s, asker, group, reading);
    bool awaited = w.waits != TIME_NONE && ev->at > w.waits && (group || !w.flag);
    if (!awaited || ev->at - w.waits >= FOLD_ANSWER_MS) return ERR_OK;
    im->events[im->count++] = plan_answer(p, ev, group);
    w.waits = TIME_NONE;
    put_word(s, asker, group, reading, w);
    return ERR_OK;
}

enum err standing_follow(struct standing *s, const struct event *ev, struct implied *implied)
{
    implied->count = 0;
    if (ev->kind == implied->plan->p->kind_merged)
        return merge(s, identity_member(implied->plan->p, ev->persona), implied);
    TRY(follow_own(s, ev, implied));
    return follow_answer(s, ev, implied);
}
