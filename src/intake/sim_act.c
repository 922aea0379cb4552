/* sim_act.c - a day on which a member is there: reading, talking, checking in, attending.
 *
 * Each act is a line of a table where one chance decides; only reading and talking come in
 * numbers. */
#include "intake/sim.h"

static uint16_t some_group(struct sim *s, const struct person *p)
{
    return p->group_count ? p->group[sim_pick(s, p->group_count)] : 0;
}

static void view(struct sim *s, uint32_t number)
{
    struct deed d = sim_deed(DEED_CONTENT_VIEWED, number, sim_moment(s));
    d.group = some_group(s, sim_person(s, number));
    d.content = sim_recent_content(s);
    sim_do(s, &d);
}

/* A link of the brand's own, or its pages for those whose browser is known. */
static void visit(struct sim *s, uint32_t number)
{
    bool browser = sim_person(s, number)->has & SIM_ID(ANON);
    struct deed d =
        sim_deed(browser ? DEED_PAGE_VIEWED : DEED_TOUCH_CLICKED, number, sim_moment(s));
    d.who = browser ? SIM_ID(ANON) : 0;
    d.touchpoint = sim_pick_touchpoint(s, false);
    sim_do(s, &d);
}

/* Most of what is said falls into the group's hours. */
static void speak(struct sim *s, uint32_t number)
{
    uint16_t group = some_group(s, sim_person(s, number));
    if (group == 0) return;
    const struct group *g = &s->groups.items[group - 1];
    int64_t at = sim_moment(s);
    if (sim_chance(s, 0.75) && g->thread[0])
        at = g->thread[sim_pick(s, 3)] + (int64_t)sim_exponential(s, 6.0 * TIME_MINUTE);
    struct deed d = sim_deed(DEED_MESSAGE, number, at < s->today.end ? at : s->today.end - 1);
    d.group = group;
    d.length = (uint16_t)(2 + sim_times(s, 14));
    if (sim_chance(s, 0.16)) d.flags |= DEED_QUESTION;
    sim_do(s, &d);
}

/* Asks the advisor, who answers within the hour or so, and to whom the member then says thanks. */
static void ask_staff(struct sim *s, uint32_t number)
{
    const struct person *p = sim_person(s, number);
    if (!p->in_contact) return;
    struct deed d = sim_deed(DEED_DM_RECEIVED, number, sim_moment(s));
    d.staff = p->staff;
    d.length = (uint16_t)(4 + sim_times(s, 12));
    d.flags = DEED_QUESTION;
    sim_do(s, &d);
    if (!sim_chance(s, 0.93)) return;
    d.flags = 0;
    d.at += TIME_MINUTE + (int64_t)sim_exponential(s, 35.0 * TIME_MINUTE);
    d.kind = DEED_DM_SENT;
    d.person = 0;
    d.other = number;
    sim_do(s, &d);
}

static void share(struct sim *s, uint32_t number)
{
    struct deed d = sim_deed(DEED_CONTENT_SHARED, number, sim_moment(s));
    d.content = sim_recent_content(s);
    sim_do(s, &d);
    if (!sim_chance(s, 0.3)) return;
    uint32_t other = 1 + sim_pick(s, s->person_count);
    if (other == number || sim_person(s, other)->has == 0) return;
    d.kind = DEED_SHARE_CLICKED;
    d.at += 5 * TIME_MINUTE + (int64_t)sim_exponential(s, 5.0 * TIME_HOUR);
    d.other = other;
    sim_do(s, &d);
}

static void take_part(struct sim *s, uint32_t number, enum deed_kind kind, int64_t at)
{
    struct deed d = sim_deed(kind, number, at);
    d.group = some_group(s, sim_person(s, number));
    sim_do(s, &d);
}

/* Lives on Thursday at 20:00, classes on Saturday at 19:30. */
static void attend(struct sim *s, uint32_t number)
{
    int64_t late = sim_pick(s, 25 * (uint32_t)TIME_MINUTE);
    if (s->today.weekday == 4 && sim_chance(s, 0.3))
        take_part(s, number, DEED_LIVE, s->today.start + 20 * TIME_HOUR + late);
    if (s->today.weekday == 6 && sim_chance(s, 0.25))
        take_part(s, number, DEED_CLASS, s->today.start + 39 * TIME_HOUR / 2 + late);
}

static void enter_campaign(struct sim *s, uint32_t number)
{
    struct person *p = sim_person(s, number);
    uint16_t campaign = sim_running_campaign(s);
    if (campaign == 0 || campaign == p->campaign || !sim_chance(s, 0.25)) return;
    p->campaign = campaign;
    struct deed d = sim_deed(DEED_CAMPAIGN_JOINED, number, sim_moment(s));
    d.campaign = campaign;
    sim_do(s, &d);
}

static void participate(struct sim *s, uint32_t number)
{
    const struct habits *h = sim_habits(sim_person(s, number));
    int64_t morning = s->today.start + 7 * TIME_HOUR + sim_pick(s, 2 * (uint32_t)TIME_HOUR);
    if (sim_chance(s, h->checks)) take_part(s, number, DEED_CHECKIN, morning);
    if (h->talks == 0) return;
    attend(s, number);
    enter_campaign(s, number);
    bool asks = s->today.mday >= 20 && s->today.mday <= 22;
    if (asks && sim_chance(s, 0.15)) take_part(s, number, DEED_SURVEY, sim_moment(s));
    if (sim_chance(s, 0.12)) take_part(s, number, DEED_REACTED, sim_moment(s));
    if (sim_chance(s, 0.035)) ask_staff(s, number);
    if (sim_chance(s, h->checks * 0.15)) share(s, number);
}

void sim_act(struct sim *s, uint32_t number)
{
    struct person *p = sim_person(s, number);
    const struct habits *h = sim_habits(p);
    for (uint32_t n = sim_times(s, h->views); n > 0; n--)
        view(s, number);
    if (sim_chance(s, 0.08)) visit(s, number);
    /* nobody speaks in a group on the day they join it */
    if (p->group_count < 3 && sim_chance(s, p->group_count ? 0.02 : 0.1)) {
        enum group_use use = sim_chance(s, 0.5) ? USE_ENABLING : USE_CARING;
        sim_add_group(s, number, use, sim_moment(s));
        return;
    }
    participate(s, number);
    if (!sim_chance(s, h->talks)) return;
    for (uint32_t n = 1 + sim_times(s, 0.7); n > 0; n--)
        speak(s, number);
}
