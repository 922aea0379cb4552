/* member_why.c - one sentence a rule; its figures stand in the order in which the sentence takes
 * them. */
#include "api/member_why.h"

#include <inttypes.h>

static const enum msg sentences[RULE_COUNT] = {
    [RULE_VISITOR] = MSG_WHY_VISITOR,
    [RULE_POTENTIAL] = MSG_WHY_POTENTIAL,
    [RULE_CHURNED_LEFT] = MSG_WHY_CHURNED_LEFT,
    [RULE_CHURNED_REFUNDED] = MSG_WHY_CHURNED_REFUNDED,
    [RULE_CHURNED_SILENT] = MSG_WHY_CHURNED_SILENT,
    [RULE_DORMANT_IDLE] = MSG_WHY_DORMANT_IDLE,
    [RULE_DORMANT_LESS] = MSG_WHY_DORMANT_LESS,
    [RULE_CORE] = MSG_WHY_CORE,
    [RULE_ACTIVE] = MSG_WHY_ACTIVE,
    [RULE_EFFECTIVE_DAYS] = MSG_WHY_EFFECTIVE_DAYS,
    [RULE_EFFECTIVE_ORDER] = MSG_WHY_EFFECTIVE_ORDER,
    [RULE_EFFECTIVE_RHYTHM] = MSG_WHY_EFFECTIVE_RHYTHM,
    [RULE_EFFECTIVE_ACT] = MSG_WHY_EFFECTIVE_ACT,
    [RULE_NEW] = MSG_WHY_NEW,
    [RULE_UNAWARE] = MSG_WHY_UNAWARE,
    [RULE_CURIOUS] = MSG_WHY_CURIOUS,
    [RULE_LAPSED] = MSG_WHY_LAPSED,
    [RULE_ACQUAINTED] = MSG_WHY_ACQUAINTED,
    [RULE_INFORMED_TOOK] = MSG_WHY_INFORMED_TOOK,
    [RULE_INFORMED_VIEWED] = MSG_WHY_INFORMED_VIEWED,
    [RULE_FAMILIAR] = MSG_WHY_FAMILIAR,
    [RULE_BOUGHT] = MSG_WHY_BOUGHT,
    [RULE_BOUGHT_LEFT] = MSG_WHY_BOUGHT_LEFT,
    [RULE_SHARES] = MSG_WHY_SHARES,
};

static void fill(struct why *why, const struct fold_reason *r, const char *day)
{
    enum msg msg = sentences[r->rule];
    switch (r->rule) {
    case RULE_CHURNED_LEFT:
    case RULE_CHURNED_REFUNDED:
    case RULE_BOUGHT_LEFT:
        (void)why_fail(why, ERR_OK, msg, "", "%s|%" PRId64, day, r->limit);
        break;
    case RULE_CHURNED_SILENT:
    case RULE_DORMANT_IDLE:
        (void)why_fail(why, ERR_OK, msg, "", "%s|%" PRId64 "|%" PRId64, day, r->count, r->limit);
        break;
    case RULE_DORMANT_LESS:
        (void)why_fail(why, ERR_OK, msg, "", "%" PRId64 "|%" PRId64 "|%" PRId64, r->count, r->limit,
                       r->before);
        break;
    case RULE_CORE:
        (void)why_fail(why, ERR_OK, msg, "", "%" PRId64 "|%s", r->limit, day);
        break;
    case RULE_ACTIVE:
    case RULE_EFFECTIVE_DAYS:
        (void)why_fail(why, ERR_OK, msg, "", "%" PRId64 "|%" PRId64, r->count, r->limit);
        break;
    case RULE_EFFECTIVE_ORDER:
    case RULE_BOUGHT:
        (void)why_fail(why, ERR_OK, msg, "", "%" PRId64, r->count);
        break;
    default: /* rules with a day, or with nothing */
        (void)why_fail(why, ERR_OK, msg, "", "%s", day);
        break;
    }
}

const char *member_why_text(const struct call *c, const struct fold_reason *r, enum lang lang)
{
    struct why why;
    char day[48] = "", text[400];
    if (r->at != TIME_NONE) time_format(brand_zone(c->brand), r->at, day, sizeof(day));
    day[10] = '\0'; /* of RFC 3339 the date */
    fill(&why, r, day);
    why_text(&why, lang, text, sizeof(text));
    return arena_printf(c->arena, "%s", text);
}
