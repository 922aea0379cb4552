/* look_why.c - the events that make a rule hold: looked up in the member's own history by what
 * their kinds mean to the fold. */
#include <stdlib.h>

#include "people/fold_internal.h"
#include "people/look_internal.h"

struct search {
    const struct look_story *story;
    struct look_why *out;
};

static uint32_t roles_of(const struct search *s, uint32_t row)
{
    uint16_t kind = s->story->h.kind[row];
    return kind < s->story->names.kind_count ? s->story->names.roles[kind] : 0;
}

static void add(struct search *s, uint32_t row)
{
    struct look_why *w = s->out;
    if (w->event_count == LOOK_EVIDENCE) return;
    w->events[w->event_count].at = s->story->h.at[row];
    w->events[w->event_count].kind = s->story->h.kind[row];
    w->event_count++;
}

/* The last row of any of the roles; UINT32_MAX = none. */
static uint32_t last_of(const struct search *s, uint32_t roles)
{
    for (uint32_t r = s->story->rows; r > 0; r--) {
        if (roles_of(s, r - 1) & roles) return r - 1;
    }
    return UINT32_MAX;
}

static void add_last(struct search *s, uint32_t roles)
{
    uint32_t row = last_of(s, roles);
    if (row != UINT32_MAX) add(s, row);
}

static void add_first(struct search *s, uint32_t roles)
{
    for (uint32_t r = 0; r < s->story->rows; r++) {
        if (!(roles_of(s, r) & roles)) continue;
        add(s, r);
        return;
    }
}

/* What happened at that moment. */
static void add_at(struct search *s, uint32_t roles, int64_t at)
{
    for (uint32_t r = s->story->rows; r > 0; r--) {
        if (s->story->h.at[r - 1] != at || !(roles_of(s, r - 1) & roles)) continue;
        add(s, r - 1);
        return;
    }
}

/* The latest of each day. */
static void add_days(struct search *s, uint32_t roles)
{
    int32_t last = INT32_MAX;
    for (uint32_t r = s->story->rows; r > 0 && s->out->event_count < LOOK_EVIDENCE; r--) {
        int32_t day = zone_day(s->story->names.zone, s->story->h.at[r - 1]);
        if (day == last || !(roles_of(s, r - 1) & roles)) continue;
        last = day;
        add(s, r - 1);
    }
}

/* Payments that stand: those of the moments that the fold keeps. */
static void add_orders(struct search *s, int count)
{
    const int64_t *standing = s->story->fold->standing;
    for (int i = 0; i < count; i++) {
        if (standing[i] != TIME_NONE) add_at(s, ROLE_ORDER_PAID, standing[i]);
    }
}

static void explain_lifecycle(struct search *s, const struct fold_reason *r)
{
    enum { JOIN = ROLE_JOIN_CONTACT | ROLE_JOIN_GROUP };
    switch (r->rule) {
    case RULE_CHURNED_LEFT:
        add_at(s, ROLE_LEAVE_CONTACT | ROLE_LEAVE_GROUP, r->at);
        break;
    case RULE_CHURNED_REFUNDED:
        add_last(s, ROLE_ORDER_REFUNDED);
        add_last(s, ROLE_ORDER_PAID);
        break;
    case RULE_CHURNED_SILENT:
        add_at(s, ROLE_ACT | ROLE_LOOK | JOIN, r->at);
        break;
    case RULE_DORMANT_IDLE:
        add_at(s, ROLE_ACT | JOIN, r->at);
        break;
    case RULE_CORE:
        add_at(s, ROLE_INVITE_PAID | ROLE_INVITE_QUALIFIED, r->at);
        add_orders(s, 1);
        break;
    case RULE_ACTIVE:
        add_orders(s, 2);
        add_last(s, ROLE_INTERACTION);
        break;
    case RULE_DORMANT_LESS:
    case RULE_EFFECTIVE_DAYS:
        add_days(s, ROLE_ACT);
        break;
    case RULE_EFFECTIVE_ORDER:
        add_orders(s, 2);
        break;
    case RULE_EFFECTIVE_RHYTHM:
        add_days(s, ROLE_ORDER_PAID);
        break;
    case RULE_EFFECTIVE_ACT:
        add_last(s, ROLE_EFFECTIVE);
        break;
    case RULE_NEW:
        add_at(s, ROLE_ACT | JOIN, r->at);
        break;
    default:
        add(s, 0);
        break;
    }
}

static void explain_trust(struct search *s, const struct fold_reason *r)
{
    switch (r->rule) {
    case RULE_CURIOUS:
        add_first(s, ROLE_TOUCH | ROLE_LOOK | ROLE_ACT);
        break;
    case RULE_LAPSED:
        add_at(s, ROLE_LEAVE_CONTACT | ROLE_LEAVE_GROUP, r->at);
        break;
    case RULE_ACQUAINTED:
        add_last(s, ROLE_JOIN_CONTACT | ROLE_JOIN_GROUP);
        break;
    case RULE_INFORMED_TOOK:
        add_last(s, ROLE_INFORMED);
        break;
    case RULE_INFORMED_VIEWED:
        add_last(s, ROLE_CONTENT_VIEWED);
        break;
    case RULE_FAMILIAR:
        add_days(s, ROLE_ANSWERED | ROLE_DM_RECEIVED | ROLE_DM_SENT);
        break;
    case RULE_BOUGHT:
        add_orders(s, 2);
        break;
    case RULE_BOUGHT_LEFT:
        add_orders(s, 1);
        add_at(s, ROLE_LEAVE_CONTACT | ROLE_LEAVE_GROUP, r->at);
        break;
    case RULE_SHARES:
        add_last(s, ROLE_SHARES | ROLE_INVITE_QUALIFIED);
        break;
    default:
        break;
    }
}

static int latest_first(const void *a, const void *b)
{
    const int64_t *x = a, *y = b; /* 'at' comes first */
    return (*x < *y) - (*x > *y);
}

void look_explain(const struct look_story *story, struct look_why out[2])
{
    memset(out, 0, 2 * sizeof(*out));
    fold_get_reasons(story->fold, &story->names, story->now, &out[0].reason, &out[1].reason);
    struct search lifecycle = {story, &out[0]}, trust = {story, &out[1]};
    explain_lifecycle(&lifecycle, &out[0].reason);
    explain_trust(&trust, &out[1].reason);
    for (int i = 0; i < 2; i++)
        qsort(out[i].events, out[i].event_count, sizeof(out[i].events[0]), latest_first);
}
