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

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct kind {
    struct str name;
    enum kind_family family;
    uint32_t roles;
} kinds[] = {
    {NAME("touchpoint.seen"), FAMILY_TOUCHPOINT, 0},
    {NAME("touchpoint.clicked"), FAMILY_TOUCHPOINT, ROLE_LOOK | ROLE_TOUCH},
    {NAME("touchpoint.scanned"), FAMILY_TOUCHPOINT, ROLE_TOUCH},
    {NAME("page.viewed"), FAMILY_TOUCHPOINT, ROLE_LOOK | ROLE_TOUCH},
    {NAME("member.created"), FAMILY_IDENTITY, ROLE_KNOWN},
    {NAME("member.identified"), FAMILY_IDENTITY, ROLE_KNOWN},
    {NAME("member.merged"), FAMILY_IDENTITY, ROLE_BOOKKEEPING},
    {NAME("member.unmerged"), FAMILY_IDENTITY, ROLE_BOOKKEEPING},
    {NAME("member.consented"), FAMILY_IDENTITY, 0},
    {NAME("member.revoked"), FAMILY_IDENTITY, 0},
    {NAME("member.erased"), FAMILY_IDENTITY, 0},
    {NAME("member.tagged"), FAMILY_IDENTITY, ROLE_BOOKKEEPING},
    {NAME("member.untagged"), FAMILY_IDENTITY, ROLE_BOOKKEEPING},
    {NAME("member.assigned"), FAMILY_IDENTITY, ROLE_BOOKKEEPING | ROLE_ASSIGNED},
    {NAME("contact.added"), FAMILY_RELATION, ROLE_JOIN_CONTACT},
    {NAME("contact.deleted"), FAMILY_RELATION, ROLE_LEAVE_CONTACT},
    {NAME("group.joined"), FAMILY_RELATION, ROLE_JOIN_GROUP},
    {NAME("group.left"), FAMILY_RELATION, ROLE_LEAVE_GROUP},
    {NAME("message.sent"), FAMILY_TALK, INTERACTION | ROLE_MESSAGE},
    {NAME("message.edited"), FAMILY_TALK, 0},
    {NAME("message.recalled"), FAMILY_TALK, 0},
    {NAME("message.reacted"), FAMILY_TALK, INTERACTION},
    {NAME("dm.received"), FAMILY_TALK, INTERACTION | ROLE_DM_RECEIVED},
    {NAME("dm.sent"), FAMILY_TALK, ROLE_DM_SENT},
    {NAME("message.answered"), FAMILY_MIRROR, ROLE_EFFECTIVE | ROLE_ANSWERED},
    {NAME("share.clicked"), FAMILY_MIRROR, ROLE_SHARES},
    {NAME("invite.paid"), FAMILY_MIRROR, ROLE_INVITE_PAID},
    {NAME("content.sent"), FAMILY_CONTENT, 0},
    {NAME("content.viewed"), FAMILY_CONTENT, ROLE_LOOK | ROLE_CONTENT_VIEWED},
    {NAME("content.shared"), FAMILY_CONTENT, INTERACTION},
    {NAME("checkin.done"), FAMILY_PARTICIPATION, TAKES_PART},
    {NAME("survey.answered"), FAMILY_PARTICIPATION, TAKES_PART},
    {NAME("live.attended"), FAMILY_PARTICIPATION, ATTENDS},
    {NAME("class.attended"), FAMILY_PARTICIPATION, ATTENDS},
    {NAME("testimonial.submitted"), FAMILY_PARTICIPATION, TAKES_PART},
    {NAME("testimonial.approved"), FAMILY_PARTICIPATION, ROLE_SHARES},
    {NAME("sample.given"), FAMILY_TRADE, ROLE_INFORMED},
    {NAME("order.created"), FAMILY_TRADE, 0},
    {NAME("order.paid"), FAMILY_TRADE, ROLE_ACT | ROLE_ORDER_PAID},
    {NAME("order.refunded"), FAMILY_TRADE, ROLE_ORDER_REFUNDED},
    {NAME("campaign.joined"), FAMILY_CAMPAIGN, INTERACTION},
    {NAME("invite.accepted"), FAMILY_CAMPAIGN, INTERACTION | ROLE_INVITE_ACCEPTED},
    {NAME("invite.qualified"), FAMILY_CAMPAIGN, ROLE_INVITE_QUALIFIED},
    {NAME("invite.revoked"), FAMILY_CAMPAIGN, 0},
    {NAME("reward.granted"), FAMILY_CAMPAIGN, 0},
    {NAME("reward.revoked"), FAMILY_CAMPAIGN, 0},
    {NAME("voucher.issued"), FAMILY_VOUCHER, 0},
    {NAME("voucher.redeemed"), FAMILY_VOUCHER, ROLE_ACT | ROLE_EFFECTIVE},
    {NAME("voucher.expired"), FAMILY_VOUCHER, 0},
    {NAME("voucher.voided"), FAMILY_VOUCHER, 0},
    {NAME("playbook.entered"), FAMILY_TOUCH, 0},
    {NAME("playbook.stepped"), FAMILY_TOUCH, 0},
    {NAME("playbook.exited"), FAMILY_TOUCH, 0},
    {NAME("touch.sent"), FAMILY_TOUCH, 0},
    {NAME("touch.delivered"), FAMILY_TOUCH, 0},
    {NAME("touch.failed"), FAMILY_TOUCH, 0},
    {NAME("touch.opened"), FAMILY_TOUCH, ROLE_LOOK},
    {NAME("touch.clicked"), FAMILY_TOUCH, ROLE_LOOK},
    {NAME("touch.replied"), FAMILY_TOUCH, 0},
    {NAME("touch.suppressed"), FAMILY_TOUCH, 0},
    {NAME("touch.unsubscribed"), FAMILY_TOUCH, 0},
    {NAME("call.made"), FAMILY_FIELD, 0},
    {NAME("call.answered"), FAMILY_FIELD, 0},
    {NAME("moment.posted"), FAMILY_FIELD, 0},
    {NAME("moment.liked"), FAMILY_FIELD, 0},
    {NAME("moment.commented"), FAMILY_FIELD, 0},
    {NAME("conversation.opened"), FAMILY_SERVICE, 0},
    {NAME("conversation.assigned"), FAMILY_SERVICE, 0},
    {NAME("conversation.replied"), FAMILY_SERVICE, 0},
    {NAME("conversation.closed"), FAMILY_SERVICE, 0},
    {NAME("conversation.rated"), FAMILY_SERVICE, 0},
    {NAME("lifecycle.changed"), FAMILY_DERIVED, ROLE_DERIVED},
    {NAME("trust.changed"), FAMILY_DERIVED, ROLE_DERIVED},
    {NAME("circle.changed"), FAMILY_DERIVED, ROLE_DERIVED},
    {NAME("segment.entered"), FAMILY_DERIVED, ROLE_DERIVED},
    {NAME("segment.left"), FAMILY_DERIVED, ROLE_DERIVED},
};

static const struct kind *find(struct str name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (str_eq(name, kinds[i].name)) return &kinds[i];
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

/* Nearly all are small letters: those are told first. */
bool kind_valid(struct str kind)
{
    if (kind.len == 0 || kind.len > KIND_LENGTH_MAX) return false;
    bool after_dot = true;
    for (size_t i = 0; i < kind.len; i++) {
        unsigned char c = (unsigned char)kind.p[i];
        bool dot = c == '.';
        if ((unsigned char)(c - 'a') >= 26) {
            bool digit = c >= '0' && c <= '9';
            if (dot ? after_dot : i == 0 || !(digit || c == '_')) return false;
        }
        after_dot = dot;
    }
    return !after_dot;
}
