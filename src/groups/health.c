/* health.c - the features, each one walk along messages, posts or threads.
 *
 * Each marks the messages it was counted over, and those that hit, so that a figure can be shown
 * with what is behind it: of a post or a thread its first message. */
#include "groups/health.h"

#include <math.h>

#include "groups/asking.h"

#define ANSWER_TIME (30 * TIME_MINUTE)
#define DAY_SLOTS 96 /* quarters of an hour */
enum { ECHO_MEMBERS = 2, LIVE_PEOPLE = 2, TIMETABLE_DAYS = 5, QUESTIONS_FULL = 20 };
enum { VOICES_LEAST = 5, STAGING_PRIOR = 5, DEPARTMENTS_MAX = 256 };

struct making {
    const struct talk *talk;
    const struct health_ask *ask;
    struct arena *arena;
    struct health *health;
    struct posts posts;
};

static const char *const feature_names[FEATURE_COUNT] = {
    "staff",   "echo",    "led",       "unprompted",  "dialogue",
    "breadth", "ignored", "timetable", "departments", "staging"};

const char *feature_name(enum feature f)
{
    return feature_names[f];
}

static bool is_suspect(const struct making *m, uint32_t account)
{
    return m->ask->suspect && m->ask->suspect[account];
}

static bool is_voice(const struct making *m, uint32_t account)
{
    return talk_is_member(m->talk, account) && !is_suspect(m, account);
}

/* Something counted: does it hit? */
static void count(const struct making *m, enum feature f, uint32_t message, bool hit)
{
    struct health *h = m->health;
    h->counted[message] |= (uint16_t)(1u << f);
    if (hit) h->hit[message] |= (uint16_t)(1u << f);
    h->features[f].of++;
    h->features[f].hits += hit;
}

static void share(struct making *m, enum feature f)
{
    struct health_feature *x = &m->health->features[f];
    x->value = x->of > 0 ? x->hits / x->of : 0;
    x->known = x->of > 0;
}

/* ---- posts and threads ---- */

static void look_at_posts(struct making *m)
{
    const struct posts *p = &m->posts;
    for (uint32_t i = 0; i < p->post_count; i++) {
        const struct post *post = &p->posts[i];
        bool by_staff = talk_is_staff(m->talk, post->account);
        count(m, FEATURE_STAFF, post->first, by_staff);
        bool own = by_staff && m->talk->messages[post->first].to == TALK_NONE;
        m->health->own_posts += own;
        m->health->promotions += own && post->promotion;
        if (!is_voice(m, post->account)) continue;
        count(m, FEATURE_LED, post->first,
              talk_is_staff(m->talk, p->threads[post->thread].account));
    }
    for (uint32_t i = 0; i < p->thread_count; i++) {
        const struct thread *t = &p->threads[i];
        uint32_t first = p->posts[t->first].first;
        bool by_staff = talk_is_staff(m->talk, t->account);
        if (by_staff) count(m, FEATURE_ECHO, first, t->members >= ECHO_MEMBERS);
        m->health->staff_threads += by_staff;
        if (by_staff || t->people >= LIVE_PEOPLE) count(m, FEATURE_UNPROMPTED, first, !by_staff);
    }
    share(m, FEATURE_STAFF);
    share(m, FEATURE_LED);
    share(m, FEATURE_ECHO);
    share(m, FEATURE_UNPROMPTED);
    m->health->posts = p->post_count;
    m->health->threads = p->thread_count;
}

/* exp of the Shannon entropy of counts: how many there seem to be. */
static double seeming(const uint32_t *counts, uint32_t n)
{
    double sum = 0, entropy = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += counts[i];
    for (uint32_t i = 0; i < n; i++) {
        if (counts[i]) entropy -= counts[i] / sum * log(counts[i] / sum);
    }
    return sum > 0 ? exp(entropy) : 0;
}

static void look_at_voices(struct making *m)
{
    const struct posts *p = &m->posts;
    uint32_t *posts = arena_alloc_array(m->arena, m->talk->account_count + 1, sizeof(*posts));
    struct health_feature *x = &m->health->features[FEATURE_BREADTH];
    for (uint32_t i = 0; i < p->post_count; i++) {
        if (!is_voice(m, p->posts[i].account)) continue;
        m->health->speakers += posts[p->posts[i].account]++ == 0;
        m->health->counted[p->posts[i].first] |= 1u << FEATURE_BREADTH;
        m->health->hit[p->posts[i].first] |= 1u << FEATURE_BREADTH;
    }
    x->hits = seeming(posts, m->talk->account_count);
    x->of = fmax(VOICES_LEAST, m->health->members / 10.0);
    x->value = fmin(1, x->hits / x->of);
    x->known = true;
}

/* ---- replies ---- */

static void look_at_replies(struct making *m)
{
    const struct talk *t = m->talk;
    struct health *h = m->health;
    for (uint32_t i = 0; i < t->message_count; i++) {
        const struct talk_message *x = &t->messages[i];
        bool by_member = talk_is_member(t, x->account);
        if (x->link == TALK_REACTION) h->reactions += by_member;
        if (!talk_is_reply(x) || t->accounts[x->account].role == ACCOUNT_BOT) continue;
        if (t->accounts[x->to].role == ACCOUNT_BOT) continue;
        count(m, FEATURE_DIALOGUE, i, by_member && talk_is_member(t, x->to));
        uint32_t post = x->target == TALK_NONE ? TALK_NONE : m->posts.post_of[x->target];
        if (by_member && post != TALK_NONE && m->posts.posts[post].promotion)
            count(m, FEATURE_STAGING, i, is_suspect(m, x->account));
    }
    share(m, FEATURE_DIALOGUE);
    h->replies = (uint32_t)h->features[FEATURE_DIALOGUE].of;
    h->member_replies = (uint32_t)h->features[FEATURE_DIALOGUE].hits;
    struct health_feature *g = &h->features[FEATURE_STAGING];
    g->known = g->of > 0;
    g->value = g->hits / (g->of + STAGING_PRIOR);
}

/* ---- questions ---- */

/* Does message 'i' answer the question 'q' whose clock started at 'clock'? */
static bool answers(const struct talk *t, uint32_t q, uint32_t i, int64_t clock)
{
    const struct talk_message *x = &t->messages[i];
    uint32_t asker = t->messages[q].account;
    if (x->account == asker || t->accounts[x->account].role == ACCOUNT_BOT) return false;
    if (x->link == TALK_REACTION) return false;
    if (x->to == asker) return true;
    return talk_is_staff(t, x->account) && !x->promotion && x->at <= clock + ASKING_STAFF_MS;
}

static void look_at_questions(struct making *m)
{
    const struct talk *t = m->talk;
    struct health *h = m->health;
    const struct asking_place place = {.zone = t->zone, .hours = t->hours};
    for (uint32_t q = 0; q < t->message_count; q++) {
        if (!t->messages[q].question || !talk_is_member(t, t->messages[q].account)) continue;
        int64_t clock = asking_clock(&place, t->messages[q].at);
        bool answered = false;
        for (uint32_t i = q + 1; i < t->message_count && !answered; i++) {
            if (t->messages[i].at > clock + ANSWER_TIME) break;
            answered = answers(t, q, i, clock);
        }
        if (!answered && clock + ANSWER_TIME >= t->to) continue; /* it may still be */
        count(m, FEATURE_IGNORED, q, !answered);
    }
    struct health_feature *x = &h->features[FEATURE_IGNORED];
    h->questions = (uint32_t)x->of;
    h->unanswered = (uint32_t)x->hits;
    x->known = x->of > 0;
    x->value = x->of > 0 ? (x->hits + 0.5) / (x->of + 2) * fmin(1, x->of / QUESTIONS_FULL) : 0;
}

/* ---- the timetable, and who asks for posts ---- */

/* Which quarter of its day it is. */
static int slot_of(const struct talk *t, int64_t at)
{
    int64_t local = at + zone_offset(t->zone, at) * TIME_SECOND;
    return (int)(((local % TIME_DAY) + TIME_DAY) % TIME_DAY / (15 * TIME_MINUTE));
}

/* On how many days each quarter of the day, or the next, was used. */
static uint32_t count_slots(const struct making *m, uint32_t used[DAY_SLOTS])
{
    const struct posts *p = &m->posts;
    uint32_t days = 0;
    int32_t last_day = INT32_MIN, slot_day[DAY_SLOTS];
    for (int i = 0; i < DAY_SLOTS; i++)
        slot_day[i] = INT32_MIN;
    for (uint32_t i = 0; i < p->post_count; i++) {
        if (!talk_is_staff(m->talk, p->posts[i].account)) continue;
        int64_t at = m->talk->messages[p->posts[i].first].at;
        int32_t day = zone_day(m->talk->zone, at);
        int slot = slot_of(m->talk, at);
        days += day != last_day;
        last_day = day;
        for (int k = slot; k >= slot - 1 && k >= 0; k--) {
            used[k] += slot_day[k] != day;
            slot_day[k] = day;
        }
    }
    return days;
}

static void look_at_timetable(struct making *m)
{
    const struct posts *p = &m->posts;
    uint32_t used[DAY_SLOTS] = {0};
    uint32_t days = count_slots(m, used);
    struct health_feature *x = &m->health->features[FEATURE_TIMETABLE];
    for (uint32_t i = 0; i < p->post_count; i++) {
        if (!talk_is_staff(m->talk, p->posts[i].account)) continue;
        int64_t at = m->talk->messages[p->posts[i].first].at;
        int slot = slot_of(m->talk, at);
        bool regular = 2 * used[slot] >= days || (slot && 2 * used[slot - 1] >= days);
        count(m, FEATURE_TIMETABLE, p->posts[i].first, regular);
    }
    x->known = days >= TIMETABLE_DAYS;
    x->value = x->known ? x->hits / x->of : 0;
}

static void look_at_departments(struct making *m)
{
    uint32_t posts[DEPARTMENTS_MAX] = {0};
    struct health_feature *x = &m->health->features[FEATURE_DEPARTMENTS];
    x->value = 1;
    for (uint32_t i = 0; i < m->posts.post_count; i++) {
        uint32_t first = m->posts.posts[i].first;
        if (!talk_is_staff(m->talk, m->posts.posts[i].account)) continue;
        uint8_t department = m->talk->messages[first].department;
        count(m, FEATURE_DEPARTMENTS, first, department != 0);
        posts[department] += department != 0;
    }
    x->known = x->hits > 0;
    if (x->known) x->value = seeming(posts, DEPARTMENTS_MAX);
}

void health_make(const struct health_ask *ask, struct arena *arena, struct health *out)
{
    struct making m = {.talk = ask->talk, .ask = ask, .arena = arena, .health = out};
    *out = (struct health){.members = talk_members(ask->talk), .rows = ask->talk->message_count};
    out->counted = arena_alloc_array(arena, ask->talk->message_count + 1, sizeof(uint16_t));
    out->hit = arena_alloc_array(arena, ask->talk->message_count + 1, sizeof(uint16_t));
    posts_make(ask->talk, ask->suspect, arena, &m.posts);
    for (uint32_t i = 0; i < ask->talk->message_count; i++)
        out->messages += ask->talk->messages[i].link != TALK_REACTION;
    for (uint32_t i = 0; i < ask->talk->account_count; i++)
        out->staff += talk_is_staff(ask->talk, i);
    look_at_posts(&m);
    look_at_voices(&m);
    look_at_replies(&m);
    look_at_questions(&m);
    look_at_timetable(&m);
    look_at_departments(&m);
    archetype_judge(out);
}

uint32_t health_evidence(const struct health *h, enum feature feature, bool hit, uint32_t *out,
                         uint32_t max)
{
    uint32_t found = 0;
    for (uint32_t i = h->rows; i-- > 0 && found < max;) {
        bool counted = h->counted[i] >> feature & 1, hits = h->hit[i] >> feature & 1;
        if (counted && hits == hit) out[found++] = i;
    }
    return found;
}
