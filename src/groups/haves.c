/* haves.c - counts over threads, acts and contents of one group's 28 days. */
#include "groups/haves.h"

#define WEEKS 4
#define EVERY_WEEK ((1 << WEEKS) - 1)
#define VIEW_TIME (48 * TIME_HOUR)
#define TOTAL_OF 3 /* so many are to be known for a total */
#define LIVELY 3   /* people of a thread */

static const char *const names[HAVE_COUNT] = {"fun", "useful", "benefits", "talk"};

const char *have_name(enum have h)
{
    return names[h];
}

static bool counts(const struct talk *t, uint32_t account)
{
    return t->accounts[account].in && talk_is_member(t, account);
}

static double ratio(struct share s)
{
    return s.of > 0 ? s.hits / s.of : 0;
}

/* ---- talk among members ---- */

/* Breadth times what members gave each other for what they posted. */
static void find_fun(const struct talk *t, const struct health *h, const struct posts *p,
                     struct haves *out)
{
    struct share *fun = &out->items[HAVE_FUN];
    fun->hits = h->member_replies;
    for (uint32_t i = 0; i < t->message_count; i++) {
        const struct talk_message *m = &t->messages[i];
        fun->hits += m->link == TALK_REACTION && talk_is_member(t, m->account);
    }
    for (uint32_t i = 0; i < p->post_count; i++)
        fun->of += talk_is_member(t, p->posts[i].account);
    fun->known = t->message_count > 0;
    double given = ratio(*fun);
    out->values[HAVE_FUN] = 100 * h->features[FEATURE_BREADTH].value * (given < 1 ? given : 1);
}

/* Days on which members began something that three people spoke in. */
static void find_talk(const struct talk *t, const struct posts *p, struct haves *out)
{
    struct share *talk = &out->items[HAVE_TALK];
    int32_t last = INT32_MIN;
    for (uint32_t i = 0; i < p->thread_count; i++) {
        const struct thread *thread = &p->threads[i];
        int32_t day = zone_day(t->zone, t->messages[p->posts[thread->first].first].at);
        if (thread->people < LIVELY || !talk_is_member(t, thread->account) || day == last) continue;
        talk->hits++;
        last = day;
    }
    talk->of = TALK_DAYS;
    talk->known = t->message_count > 0;
    out->values[HAVE_TALK] = 100 * ratio(*talk);
}

/* ---- what was sent ---- */

/* Members who viewed what was sent as i, in time; each once. */
static uint32_t viewers(const struct talk *t, uint32_t i, uint32_t *seen)
{
    const struct talk_content *sent = &t->contents[i];
    uint32_t count = 0;
    for (uint32_t k = i + 1; k < t->content_count; k++) {
        const struct talk_content *c = &t->contents[k];
        if (c->at > sent->at + VIEW_TIME) break;
        if (c->account == TALK_NONE || c->content != sent->content) continue;
        if (!counts(t, c->account) || seen[c->account] == i + 1) continue;
        seen[c->account] = i + 1;
        count++;
    }
    return count;
}

/* Of contents whose time to be viewed is over. */
static void find_useful(const struct talk *t, uint32_t members, struct arena *arena,
                        struct haves *out)
{
    struct share *useful = &out->items[HAVE_USEFUL];
    uint32_t *seen = arena_alloc_array(arena, t->account_count + 1, sizeof(*seen));
    for (uint32_t i = 0; i < t->content_count; i++) {
        const struct talk_content *c = &t->contents[i];
        if (c->account != TALK_NONE || c->at + VIEW_TIME > t->to) continue;
        useful->hits += viewers(t, i, seen);
        useful->of += members;
    }
    useful->known = useful->of > 0;
    out->values[HAVE_USEFUL] = 100 * ratio(*useful);
}

/* ---- who opens it, who does something ---- */

static void find_habit(const struct talk *t, uint32_t members, struct arena *arena,
                       struct haves *out)
{
    uint8_t *weeks = arena_alloc_array(arena, t->account_count + 1, sizeof(*weeks));
    bool *acted = arena_alloc_array(arena, t->account_count + 1, sizeof(*acted));
    int64_t first = t->to - WEEKS * 7 * TIME_DAY;
    for (uint32_t i = 0; i < t->act_count; i++) {
        const struct talk_act *a = &t->acts[i];
        if (a->at < first || a->at >= t->to) continue;
        weeks[a->account] |= (uint8_t)(1 << (a->at - first) / (7 * TIME_DAY));
        acted[a->account] |= !a->look;
    }
    for (uint32_t i = 0; i < t->account_count; i++) {
        out->habit.hits += counts(t, i) && weeks[i] == EVERY_WEEK;
        out->activity.hits += counts(t, i) && acted[i];
    }
    out->habit.of = out->activity.of = members;
    out->habit.known = out->activity.known = members > 0;
}

void haves_make(const struct haves_ask *ask, struct arena *arena, struct haves *out)
{
    const struct talk *t = ask->talk;
    struct posts posts;
    uint32_t members = 0;
    int known = 0;
    *out = (struct haves){0};
    for (uint32_t i = 0; i < t->account_count; i++)
        members += counts(t, i);
    posts_make(t, ask->suspect, arena, &posts);
    find_fun(t, ask->health, &posts, out);
    find_useful(t, members, arena, out);
    find_talk(t, &posts, out);
    out->items[HAVE_BENEFITS] = ask->benefits;
    out->values[HAVE_BENEFITS] = 100 * ratio(ask->benefits);
    find_habit(t, members, arena, out);
    for (int i = 0; i < HAVE_COUNT; i++) {
        known += out->items[i].known;
        out->total += out->items[i].known ? out->values[i] : 0;
    }
    out->total_known = known >= TOTAL_OF;
    if (known) out->total /= known;
}
