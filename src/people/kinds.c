/* kinds.c - one table, one row a kind, searched from the start: it is asked once per kind of a
 * brand, and for each fact that comes in.
 *
 * The roles give definitions.md its words: an interaction is an act, and so are order.paid and
 * voucher.redeemed; EFFECTIVE are the events one of which makes a member effective for good. */
#include "people/kinds.h"

#include "people/fold.h"

enum {
    INTERACTION = ROLE_ACT | ROLE_INTERACTION,
    TAKES_PART = INTERACTION | ROLE_EFFECTIVE,
    ATTENDS = TAKES_PART | ROLE_INFORMED,
};

static const struct kind {
    const char *name;
    enum kind_family family;
    uint32_t roles;
} kinds[] = {
    {"touchpoint.seen", FAMILY_TOUCHPOINT, 0},
    {"touchpoint.clicked", FAMILY_TOUCHPOINT, ROLE_LOOK | ROLE_TOUCH},
    {"touchpoint.scanned", FAMILY_TOUCHPOINT, ROLE_TOUCH},
    {"page.viewed", FAMILY_TOUCHPOINT, ROLE_LOOK | ROLE_TOUCH},
    {"member.created", FAMILY_IDENTITY, ROLE_KNOWN},
    {"member.identified", FAMILY_IDENTITY, ROLE_KNOWN},
    {"member.merged", FAMILY_IDENTITY, 0},
    {"member.unmerged", FAMILY_IDENTITY, 0},
    {"member.consented", FAMILY_IDENTITY, 0},
    {"member.revoked", FAMILY_IDENTITY, 0},
    {"member.erased", FAMILY_IDENTITY, 0},
    {"member.tagged", FAMILY_IDENTITY, 0},
    {"member.untagged", FAMILY_IDENTITY, 0},
    {"contact.added", FAMILY_RELATION, ROLE_JOIN_CONTACT},
    {"contact.deleted", FAMILY_RELATION, ROLE_LEAVE_CONTACT},
    {"group.joined", FAMILY_RELATION, ROLE_JOIN_GROUP},
    {"group.left", FAMILY_RELATION, ROLE_LEAVE_GROUP},
    {"message.sent", FAMILY_TALK, INTERACTION | ROLE_MESSAGE},
    {"message.edited", FAMILY_TALK, 0},
    {"message.recalled", FAMILY_TALK, 0},
    {"message.reacted", FAMILY_TALK, INTERACTION},
    {"dm.received", FAMILY_TALK, INTERACTION | ROLE_DM_RECEIVED},
    {"dm.sent", FAMILY_TALK, ROLE_DM_SENT},
    {"message.answered", FAMILY_MIRROR, ROLE_EFFECTIVE | ROLE_ANSWERED},
    {"share.clicked", FAMILY_MIRROR, ROLE_SHARES},
    {"invite.paid", FAMILY_MIRROR, ROLE_INVITE_PAID},
    {"content.sent", FAMILY_CONTENT, 0},
    {"content.viewed", FAMILY_CONTENT, ROLE_LOOK | ROLE_CONTENT_VIEWED},
    {"content.shared", FAMILY_CONTENT, INTERACTION},
    {"checkin.done", FAMILY_PARTICIPATION, TAKES_PART},
    {"survey.answered", FAMILY_PARTICIPATION, TAKES_PART},
    {"live.attended", FAMILY_PARTICIPATION, ATTENDS},
    {"class.attended", FAMILY_PARTICIPATION, ATTENDS},
    {"testimonial.submitted", FAMILY_PARTICIPATION, TAKES_PART},
    {"testimonial.approved", FAMILY_PARTICIPATION, ROLE_SHARES},
    {"sample.given", FAMILY_TRADE, ROLE_INFORMED},
    {"order.created", FAMILY_TRADE, 0},
    {"order.paid", FAMILY_TRADE, ROLE_ACT | ROLE_ORDER_PAID},
    {"order.refunded", FAMILY_TRADE, ROLE_ORDER_REFUNDED},
    {"campaign.joined", FAMILY_CAMPAIGN, INTERACTION},
    {"invite.accepted", FAMILY_CAMPAIGN, INTERACTION | ROLE_INVITE_ACCEPTED},
    {"invite.qualified", FAMILY_CAMPAIGN, ROLE_INVITE_QUALIFIED},
    {"invite.revoked", FAMILY_CAMPAIGN, 0},
    {"reward.granted", FAMILY_CAMPAIGN, 0},
    {"reward.revoked", FAMILY_CAMPAIGN, 0},
    {"voucher.issued", FAMILY_VOUCHER, 0},
    {"voucher.redeemed", FAMILY_VOUCHER, ROLE_ACT | ROLE_EFFECTIVE},
    {"voucher.expired", FAMILY_VOUCHER, 0},
    {"voucher.voided", FAMILY_VOUCHER, 0},
    {"playbook.entered", FAMILY_TOUCH, 0},
    {"playbook.stepped", FAMILY_TOUCH, 0},
    {"playbook.exited", FAMILY_TOUCH, 0},
    {"touch.sent", FAMILY_TOUCH, 0},
    {"touch.delivered", FAMILY_TOUCH, 0},
    {"touch.failed", FAMILY_TOUCH, 0},
    {"touch.opened", FAMILY_TOUCH, ROLE_LOOK},
    {"touch.clicked", FAMILY_TOUCH, ROLE_LOOK},
    {"touch.replied", FAMILY_TOUCH, 0},
    {"touch.suppressed", FAMILY_TOUCH, 0},
    {"touch.unsubscribed", FAMILY_TOUCH, 0},
    {"call.made", FAMILY_FIELD, 0},
    {"call.answered", FAMILY_FIELD, 0},
    {"moment.posted", FAMILY_FIELD, 0},
    {"moment.liked", FAMILY_FIELD, 0},
    {"moment.commented", FAMILY_FIELD, 0},
    {"conversation.opened", FAMILY_SERVICE, 0},
    {"conversation.assigned", FAMILY_SERVICE, 0},
    {"conversation.replied", FAMILY_SERVICE, 0},
    {"conversation.closed", FAMILY_SERVICE, 0},
    {"conversation.rated", FAMILY_SERVICE, 0},
    {"lifecycle.changed", FAMILY_DERIVED, ROLE_DERIVED},
    {"trust.changed", FAMILY_DERIVED, ROLE_DERIVED},
    {"circle.changed", FAMILY_DERIVED, ROLE_DERIVED},
    {"segment.entered", FAMILY_DERIVED, ROLE_DERIVED},
    {"segment.left", FAMILY_DERIVED, ROLE_DERIVED},
};

static const struct kind *find(struct str name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (str_is(name, kinds[i].name)) return &kinds[i];
    }
    return NULL;
}

enum kind_family kind_family(struct str kind)
{
    const struct kind *k = find(kind);
    return k ? k->family : FAMILY_OWN;
}

uint32_t fold_kind_roles(struct str kind)
{
    const struct kind *k = find(kind);
    return k ? k->roles : 0;
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool kind_valid(struct str kind)
{
    if (kind.len == 0 || kind.len > KIND_LENGTH_MAX) return false;
    if (kind.p[0] < 'a' || kind.p[0] > 'z') return false;
    for (size_t i = 1; i < kind.len; i++) {
        bool dot = kind.p[i] == '.' && kind.p[i - 1] != '.' && i + 1 < kind.len;
        if (!dot && !word_char(kind.p[i])) return false;
    }
    return true;
}
