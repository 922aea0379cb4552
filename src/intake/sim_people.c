/* sim_people.c - who arrives, joins, fades, leaves and comes back.
 *
 * The chance of being there on a day starts at a person's own vigour and halves with their half
 * life, which makes most of them dormant or gone in the end without anybody deciding it. */
#include <math.h>

#include "intake/sim.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct habits habits[CHARACTER_COUNT] = {
    /*                       share vigour half views talks checks buys gap stops leaves */
    [CHARACTER_FAN] = {0.045, 0.60, 900, 1.2, 0.55, 0.35, 1.00, 32, 0.02, 0.0001},
    [CHARACTER_REGULAR] = {0.170, 0.40, 450, 0.9, 0.40, 0.22, 0.95, 38, 0.04, 0.0004},
    [CHARACTER_CHATTER] = {0.080, 0.45, 90, 0.8, 0.60, 0.20, 0.20, 60, 0.30, 0.0018},
    [CHARACTER_SILENT] = {0.110, 0.12, 300, 0.8, 0.00, 0.00, 1.00, 45, 0.09, 0.0006},
    [CHARACTER_READER] = {0.130, 0.25, 70, 1.5, 0.00, 0.02, 0.12, 80, 0.40, 0.0020},
    [CHARACTER_HUNTER] = {0.105, 0.08, 120, 0.6, 0.25, 0.05, 0.60, 70, 0.40, 0.0032},
    [CHARACTER_FLEETING] = {0.190, 0.25, 8, 0.8, 0.12, 0.05, 0.06, 60, 0.70, 0.0095},
    [CHARACTER_RETURNER] = {0.040, 0.40, 500, 0.9, 0.45, 0.20, 0.60, 45, 0.05, 0.0001},
    [CHARACTER_REFUNDER] = {0.020, 0.15, 60, 0.7, 0.20, 0.00, 1.00, 50, 0.60, 0.0015},
    [CHARACTER_OUTSIDER] = {0.050, 0.10, 200, 0.6, 0.10, 0.02, 1.00, 55, 0.12, 0.0005},
    [CHARACTER_POTENTIAL] = {0.060, 0.02, 120, 0, 0, 0, 0, 0, 0, 0},
    [CHARACTER_VISITOR] = {0, 0.15, 15, 0, 0, 0, 0, 0, 0, 0},
};

const struct habits *sim_habits(const struct person *p)
{
    return &habits[p->character];
}

uint16_t sim_face(const struct person *p)
{
    static const enum identity_kind order[] = {IDENTITY_WECOM, IDENTITY_USER, IDENTITY_PHONE,
                                               IDENTITY_OPENID};
    for (size_t i = 0; i < COUNT(order); i++) {
        if (p->has & (1u << order[i])) return (uint16_t)(1u << order[i]);
    }
    return SIM_ID(ANON);
}

/* ---- joining ---- */

static uint32_t pick_inviter(struct sim *s)
{
    if (s->fans.count == 0) return 0;
    uint32_t number = s->fans.items[sim_pick(s, (uint32_t)s->fans.count)];
    return sim_person(s, number)->phase == PHASE_JOINED ? number : 0;
}

/* The invite counts a week later; the inviter gets a voucher in a group of theirs, and uses it or
 * not. */
static void reward(struct sim *s, const struct deed *accepted)
{
    struct deed d = *accepted;
    d.kind = DEED_INVITE_QUALIFIED;
    d.at += 7 * TIME_DAY;
    sim_do(s, &d);
    d.kind = DEED_REWARD_GRANTED;
    d.amount = 20 * s->unit;
    d.at += TIME_SECOND;
    sim_do(s, &d);
    const struct person *p = sim_person(s, d.person);
    d.kind = DEED_VOUCHER_ISSUED;
    d.at += TIME_SECOND;
    d.order = ++s->vouchers;
    d.group = p->group_count ? p->group[0] : 0;
    sim_do(s, &d);
    d.group = 0;
    d.kind = DEED_VOUCHER_REDEEMED;
    d.at += TIME_DAY * (1 + sim_pick(s, 12));
    if (sim_chance(s, 0.5)) sim_do(s, &d);
}

static void invited(struct sim *s, uint32_t number, uint16_t campaign, int64_t at)
{
    uint32_t inviter = sim_person(s, number)->inviter;
    struct deed d = sim_deed(DEED_SHARE_CLICKED, inviter, at);
    d.other = number;
    sim_do(s, &d);
    if (campaign == 0) return;
    d = sim_deed(DEED_CAMPAIGN_JOINED, number, at + 40 * TIME_SECOND);
    d.other = inviter;
    d.campaign = campaign;
    sim_do(s, &d);
    d.kind = DEED_INVITE_ACCEPTED;
    d.person = inviter;
    d.other = number;
    sim_do(s, &d);
    if (sim_chance(s, 0.6)) reward(s, &d);
}

static void greet(struct sim *s, uint32_t number, uint16_t group, int64_t at)
{
    struct deed d = sim_deed(DEED_MESSAGE, 0, at);
    d.other = number;
    d.group = group;
    d.staff = SIM_BOT;
    d.flags = DEED_TEMPLATE | DEED_BOT;
    d.length = 64;
    sim_do(s, &d);
}

void sim_add_group(struct sim *s, uint32_t number, enum group_use use, int64_t at)
{
    struct person *p = sim_person(s, number);
    struct deed d = sim_deed(DEED_GROUP_JOINED, number, at);
    d.group = p->group[p->group_count++] = sim_join_group(s, use);
    d.touchpoint = p->touchpoint;
    sim_do(s, &d);
    greet(s, number, d.group, at + 20 * TIME_SECOND);
}

static void first_days(struct sim *s, uint32_t number, int64_t at)
{
    struct person *p = sim_person(s, number);
    struct deed d = sim_deed(DEED_DM_SENT, 0, at + 15 * TIME_SECOND);
    d.other = number;
    d.staff = p->staff;
    d.flags = DEED_TEMPLATE;
    d.length = 80;
    if (p->in_contact) sim_do(s, &d);
    if (!sim_chance(s, 0.15)) return;
    d = sim_deed(DEED_SAMPLE, number, at + TIME_DAY * (1 + sim_pick(s, 6)));
    d.staff = p->staff;
    d.product = (uint8_t)(1 + sim_pick(s, sim_product_count()));
    d.quantity = 1;
    sim_do(s, &d);
}

/* The outside buyer's orders and the new contact turn out to be one person's. */
static void link_later(struct sim *s, uint32_t number, int64_t at)
{
    struct person *p = sim_person(s, number);
    struct deed d = sim_deed(DEED_IDENTIFIED, number, at + TIME_DAY * (1 + sim_pick(s, 6)));
    d.who = p->has;
    d.flags = DEED_TRAITS;
    sim_do(s, &d);
}

void sim_join(struct sim *s, uint32_t number, int64_t at)
{
    struct person *p = sim_person(s, number);
    bool outsider = p->phase == PHASE_OUTSIDE;
    uint16_t campaign = sim_running_campaign(s);
    p->phase = PHASE_JOINED;
    p->since = s->today.index;
    p->turn = SIM_NEVER;
    p->inviter = sim_chance(s, campaign ? 0.4 : 0.08) && !p->store ? pick_inviter(s) : 0;
    p->has |= SIM_ID(WECOM);
    struct deed d = sim_deed(DEED_TOUCH_SCANNED, number, at);
    d.who = p->has & (SIM_ID(WECOM) | SIM_ID(ANON));
    d.touchpoint = p->touchpoint;
    sim_do(s, &d);
    if (p->inviter) invited(s, number, campaign, at + TIME_SECOND);
    p->staff = (uint16_t)(1 + sim_pick(s, s->staff_count));
    p->in_contact = sim_chance(s, 0.85);
    d = sim_deed(DEED_CONTACT_ADDED, number, at + TIME_MINUTE);
    d.touchpoint = p->touchpoint;
    d.staff = p->staff;
    if (p->in_contact) sim_do(s, &d);
    d = sim_deed(DEED_IDENTIFIED, number, at + TIME_MINUTE + 1);
    d.flags = DEED_TRAITS;
    if (p->in_contact) sim_do(s, &d);
    if (!p->in_contact || sim_chance(s, 0.85)) {
        static const enum group_use first[] = {USE_SHARING, USE_SALES, USE_CONVERTING,
                                               USE_CONVERTING};
        sim_add_group(s, number, first[sim_pick(s, COUNT(first))], at + 3 * TIME_MINUTE);
    }
    first_days(s, number, at + 5 * TIME_MINUTE);
    if (outsider) link_later(s, number, at);
}

/* ---- arriving ---- */

static enum character draw_character(struct sim *s)
{
    double left = rng_unit(&s->rng);
    for (int c = 0; c < CHARACTER_VISITOR; c++) {
        if (left < habits[c].share) return (enum character)c;
        left -= habits[c].share;
    }
    return CHARACTER_FLEETING;
}

static void page_views(struct sim *s, uint32_t number)
{
    for (uint32_t n = 1 + sim_times(s, 0.8); n > 0; n--) {
        struct deed d = sim_deed(DEED_PAGE_VIEWED, number, sim_moment(s));
        d.who = SIM_ID(ANON);
        d.touchpoint = sim_person(s, number)->touchpoint;
        sim_do(s, &d);
    }
}

static void be_seen(struct sim *s, uint32_t number, uint16_t who)
{
    struct deed d = sim_deed(DEED_TOUCH_SCANNED, number, sim_moment(s));
    d.who = who;
    d.touchpoint = sim_person(s, number)->touchpoint;
    sim_do(s, &d);
}

static void make_buyer(struct sim *s, struct person *p)
{
    const struct habits *h = sim_habits(p);
    p->order_day = SIM_NEVER;
    p->gap = (float)(h->gap * exp(0.5 * sim_normal(s)));
    p->basket = (float)exp(0.35 * sim_normal(s));
    if (sim_chance(s, h->buys)) p->order_day = sim_days_after(s, p->gap * 0.5);
}

static void make_absence(struct sim *s, struct person *p)
{
    p->away_from = p->away_until = SIM_NEVER;
    if (p->character != CHARACTER_RETURNER) return;
    p->away_from = s->today.index + 10 + (int32_t)sim_pick(s, 60);
    p->away_until = p->away_from + 95 + (int32_t)sim_pick(s, 80);
}

static void newcomer(struct sim *s, uint32_t number)
{
    struct person *p = sim_person(s, number);
    p->character = number % 9 == 0 ? CHARACTER_VISITOR : (uint8_t)draw_character(s);
    const struct habits *h = sim_habits(p);
    p->store = sim_chance(s, 0.3) && p->character != CHARACTER_VISITOR;
    p->touchpoint = sim_pick_touchpoint(s, p->store);
    p->vigour = (float)fmin(h->vigour * exp(0.35 * sim_normal(s)), 0.95);
    p->half_life = (float)(h->half_life * exp(0.5 * sim_normal(s)));
    p->since = s->today.index;
    p->turn = SIM_NEVER;
    make_buyer(s, p);
    make_absence(s, p);
    if (p->character == CHARACTER_FAN) VEC_PUSH(&s->fans, number);
    if (p->character == CHARACTER_VISITOR || (!p->store && sim_chance(s, 0.2))) {
        p->has = SIM_ID(ANON);
        p->phase = PHASE_VISITOR;
        if (p->character != CHARACTER_VISITOR) p->turn = sim_days_after(s, 4);
        page_views(s, number);
        return;
    }
    p->turn = s->today.index; /* the next phase begins at once */
}

static void next_phase(struct sim *s, uint32_t number)
{
    struct person *p = sim_person(s, number);
    bool fresh = p->phase == PHASE_VISITOR;
    p->turn = SIM_NEVER;
    if (p->character == CHARACTER_POTENTIAL) {
        p->phase = PHASE_KNOWN;
        p->has |= SIM_ID(OPENID);
        be_seen(s, number, p->has);
    } else if (p->character == CHARACTER_OUTSIDER && fresh) {
        p->phase = PHASE_OUTSIDE;
        p->has |= p->store ? SIM_ID(PHONE) : SIM_ID(USER);
        p->order_day = s->today.index;
        if (sim_chance(s, 0.25)) p->turn = sim_days_after(s, 60);
    } else {
        sim_join(s, number, sim_moment(s));
    }
}

void sim_arrive(struct sim *s)
{
    s->arrival_done += s->today.arrivals;
    double share = s->arrival_done / s->arrival_total;
    uint32_t until = (uint32_t)(share * s->persons_total + 0.5);
    if (s->today.index == s->days - 1 || until > s->persons_total) until = s->persons_total;
    while (s->person_count < until) {
        uint32_t number = ++s->person_count;
        newcomer(s, number);
        if (sim_person(s, number)->turn == s->today.index) next_phase(s, number);
    }
}

/* ---- the days after ---- */

static void leave_group(struct sim *s, uint32_t number, int64_t at)
{
    struct person *p = sim_person(s, number);
    struct deed d = sim_deed(DEED_GROUP_LEFT, number, at);
    d.group = p->group[--p->group_count];
    sim_do(s, &d);
}

/* All of it, or one group only. */
static void leave(struct sim *s, uint32_t number)
{
    struct person *p = sim_person(s, number);
    int64_t at = sim_moment(s);
    bool all = sim_chance(s, 0.7) || p->group_count == 0;
    while (p->group_count) {
        leave_group(s, number, at);
        if (!all) return;
    }
    if (p->in_contact) {
        struct deed d = sim_deed(DEED_CONTACT_DELETED, number, at);
        d.staff = p->staff;
        sim_do(s, &d);
    }
    p->in_contact = false;
    p->phase = PHASE_LEFT;
    p->order_day = SIM_NEVER;
    if (sim_chance(s, 0.08)) p->turn = sim_days_after(s, 60);
}

static bool is_there(struct sim *s, const struct person *p)
{
    double age = s->today.index - p->since;
    double pull = p->character == CHARACTER_HUNTER ? s->today.buys : s->today.visits;
    return sim_chance(s, p->vigour * exp2(-age / p->half_life) * pull);
}

/* A sale brings forward what was due within weeks; the feast puts it off. */
static bool is_order_day(struct sim *s, struct person *p)
{
    int32_t today = s->today.index;
    if (p->order_day == SIM_NEVER) return false;
    if (p->order_day <= today && s->today.holiday && sim_chance(s, 0.65)) {
        p->order_day = sim_days_after(s, 6);
        return false;
    }
    if (p->order_day <= today) return true;
    return s->today.buys >= 1.3 && p->order_day - today <= 25 &&
           sim_chance(s, 0.012 * s->today.buys * s->today.buys);
}

static void live_joined(struct sim *s, uint32_t number)
{
    struct person *p = sim_person(s, number);
    int32_t today = s->today.index;
    if (today >= p->away_from && today < p->away_until) return;
    if (today == p->away_until) p->since = today;
    if (today == p->since && p->away_until != today) return; /* the day of joining is told */
    if (sim_chance(s, sim_habits(p)->leaves)) {
        leave(s, number);
        return;
    }
    if (is_order_day(s, p)) sim_order(s, number);
    if (is_there(s, p)) sim_act(s, number);
}

static void live_one(struct sim *s, uint32_t number)
{
    struct person *p = sim_person(s, number);
    if (p->turn == s->today.index && p->since != s->today.index) {
        next_phase(s, number);
        return;
    }
    switch (p->phase) {
    case PHASE_VISITOR:
        if (is_there(s, p)) page_views(s, number);
        break;
    case PHASE_KNOWN:
        if (is_there(s, p)) be_seen(s, number, SIM_ID(OPENID));
        break;
    case PHASE_OUTSIDE:
        if (is_order_day(s, p)) sim_order(s, number);
        break;
    case PHASE_JOINED:
        live_joined(s, number);
        break;
    default:
        break;
    }
}

void sim_live(struct sim *s)
{
    for (uint32_t number = 1; number <= s->person_count; number++)
        live_one(s, number);
}
