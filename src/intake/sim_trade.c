/* sim_trade.c - orders and what follows from them.
 *
 * A buyer has a rhythm and, after each order, a chance that it was the last: the story that BG/NBD
 * tells of repeat buying. */
#include <math.h>

#include "intake/sim.h"

/* A name behind the order: the account, and its phone, from the first order on. */
static void register_buyer(struct sim *s, uint32_t number, int64_t at)
{
    struct person *p = sim_person(s, number);
    uint16_t both = SIM_ID(USER) | SIM_ID(PHONE);
    if (p->phase == PHASE_OUTSIDE || (p->has & both) == both) return;
    struct deed d = sim_deed(DEED_IDENTIFIED, number, at);
    d.who = both | sim_face(p);
    d.flags = DEED_TRAITS;
    p->has |= both;
    sim_do(s, &d);
}

static uint16_t buyer_identity(const struct person *p)
{
    if (p->store && (p->has & SIM_ID(PHONE))) return SIM_ID(PHONE);
    if (p->has & SIM_ID(USER)) return SIM_ID(USER);
    return sim_face(p);
}

/* To a tenth of the currency's unit; never nothing. */
static int64_t price_of(struct sim *s, const struct person *p, struct deed *d)
{
    double price;
    d->product = (uint8_t)(1 + sim_pick(s, sim_product_count()));
    d->quantity = (uint8_t)(1 + sim_times(s, 0.4));
    sim_product(d->product, &price);
    double total = price * d->quantity * p->basket * exp(0.2 * sim_normal(s));
    if (s->today.buys >= 1.8) total *= 0.8;
    double units = floor(total * 10 + 0.5) / 10;
    return (int64_t)(fmax(units, 1) * (double)s->unit + 0.5);
}

static void refund(struct sim *s, const struct person *p, const struct deed *paid)
{
    double p_back = p->character == CHARACTER_REFUNDER ? 0.75 : 0.03;
    if (!sim_chance(s, p_back)) return;
    struct deed d = *paid;
    d.kind = DEED_ORDER_REFUNDED;
    d.at += TIME_DAY * (1 + sim_pick(s, 8)) + sim_pick(s, (uint32_t)TIME_HOUR * 6);
    if (sim_chance(s, 0.2)) d.amount = d.amount / 2 ? d.amount / 2 : 1;
    sim_do(s, &d);
}

static void praise(struct sim *s, const struct person *p, uint32_t number)
{
    if (p->phase != PHASE_JOINED || !sim_chance(s, 0.03) || sim_habits(p)->talks == 0) return;
    struct deed d = sim_deed(DEED_TESTIMONIAL, number, sim_moment(s) + 5 * TIME_DAY);
    sim_do(s, &d);
    d.kind = DEED_TESTIMONIAL_APPROVED;
    d.at += TIME_DAY;
    if (sim_chance(s, 0.7)) sim_do(s, &d);
}

static void tell_inviter(struct sim *s, const struct deed *paid, uint32_t inviter)
{
    struct deed d = sim_deed(DEED_INVITE_PAID, inviter, paid->at);
    d.other = paid->person;
    d.amount = paid->amount;
    sim_do(s, &d);
}

void sim_order(struct sim *s, uint32_t number)
{
    struct person *p = sim_person(s, number);
    int64_t at = sim_moment(s);
    struct deed d = sim_deed(DEED_ORDER_CREATED, number, at);
    p->order_day =
        sim_chance(s, sim_habits(p)->stops) ? SIM_NEVER : sim_days_after(s, p->gap * 0.9);
    register_buyer(s, number, at - 1 > s->today.start ? at - 1 : s->today.start);
    d.who = buyer_identity(p) | (p->phase == PHASE_OUTSIDE ? p->has & SIM_ID(ANON) : 0);
    d.order = ++s->orders;
    d.amount = price_of(s, p, &d);
    d.touchpoint = p->store ? p->touchpoint : 0;
    d.staff = p->in_contact ? p->staff : 0;
    if (p->store) d.flags |= DEED_OFFLINE;
    if (!p->store) sim_do(s, &d);
    if (!p->store && sim_chance(s, 0.05)) return; /* never paid */
    d.kind = DEED_ORDER_PAID;
    if (!p->store) d.at += 20 * TIME_SECOND + sim_pick(s, 5 * (uint32_t)TIME_MINUTE);
    sim_do(s, &d);
    if (p->orders == 0 && p->inviter) tell_inviter(s, &d, p->inviter);
    if (p->orders < UINT16_MAX) p->orders++;
    refund(s, p, &d);
    praise(s, p, number);
}
