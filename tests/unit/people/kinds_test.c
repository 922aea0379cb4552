/* kinds_test.c - the reserved kinds and the grammar of names. */
#include "fold_help.h"

#include "people/kinds.h"

static void kinds_are_known_by_their_family(void **unused)
{
    (void)unused;
    static const struct {
        const char *kind;
        enum kind_family family;
    } some[] = {
        {"page.viewed", FAMILY_TOUCHPOINT},
        {"member.merged", FAMILY_IDENTITY},
        {"group.left", FAMILY_RELATION},
        {"dm.sent", FAMILY_TALK},
        {"invite.paid", FAMILY_MIRROR},
        {"invite.accepted", FAMILY_CAMPAIGN},
        {"content.shared", FAMILY_CONTENT},
        {"testimonial.approved", FAMILY_PARTICIPATION},
        {"order.created", FAMILY_TRADE},
        {"voucher.voided", FAMILY_VOUCHER},
        {"touch.unsubscribed", FAMILY_TOUCH},
        {"moment.liked", FAMILY_FIELD},
        {"conversation.rated", FAMILY_SERVICE},
        {"segment.left", FAMILY_DERIVED},
        {"order.packed", FAMILY_OWN},
        {"order", FAMILY_OWN},
        {"order.paid2", FAMILY_OWN},
        {"", FAMILY_OWN},
    };
    for (size_t i = 0; i < COUNT(some); i++) {
        assert_int_equal(kind_family(str_of(some[i].kind)), some[i].family);
    }
}

static void interactions_are_acts(void **unused)
{
    (void)unused;
    static const char *const interactions[] = {
        "message.sent",    "message.reacted", "dm.received",          "content.shared",
        "checkin.done",    "survey.answered", "live.attended",        "class.attended",
        "campaign.joined", "invite.accepted", "testimonial.submitted"};
    for (size_t i = 0; i < COUNT(interactions); i++) {
        uint32_t roles = fold_kind_roles(str_of(interactions[i]));
        assert_true(roles & ROLE_ACT && roles & ROLE_INTERACTION);
    }
    assert_int_equal(fold_kind_roles(STR("order.paid")), ROLE_ACT | ROLE_ORDER_PAID);
    assert_int_equal(fold_kind_roles(STR("voucher.redeemed")), ROLE_ACT | ROLE_EFFECTIVE);
    assert_int_equal(fold_kind_roles(STR("message.edited")), 0);
    assert_int_equal(fold_kind_roles(STR("shop.visited")), 0);
}

static void looks_are_five(void **unused)
{
    (void)unused;
    static const char *const looks[] = {"content.viewed", "touch.opened", "touch.clicked",
                                        "touchpoint.clicked", "page.viewed"};
    for (size_t i = 0; i < COUNT(looks); i++) {
        assert_true(fold_kind_roles(str_of(looks[i])) & ROLE_LOOK);
    }
    assert_false(fold_kind_roles(STR("touchpoint.scanned")) & ROLE_LOOK);
}

static void names_follow_the_grammar(void **unused)
{
    (void)unused;
    static const char *const good[] = {"a", "a1_", "order.paid", "a.1", "a._", "a.b.c"};
    static const char *const bad[] = {"",       ".",   "a.",   ".a",   "a..b", "1a",
                                      "_a",     "A",   "a-b",  "a b",  "a.B",  "é",
                                      "a.\xff", "a\n", "a.b.", "a/..", "中文"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(kind_valid(str_of(good[i])));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(kind_valid(str_of(bad[i])));
    }
    assert_false(kind_valid((struct str){"a\0b", 3}));
}

static void names_have_64_bytes_at_most(void **unused)
{
    (void)unused;
    char name[66];
    memset(name, 'x', sizeof(name));
    assert_true(kind_valid((struct str){name, 64}));
    assert_false(kind_valid((struct str){name, 65}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_known_by_their_family),
        cmocka_unit_test(interactions_are_acts),
        cmocka_unit_test(looks_are_five),
        cmocka_unit_test(names_follow_the_grammar),
        cmocka_unit_test(names_have_64_bytes_at_most),
    };
    return cmocka_run_group_tests_name("kinds", tests, NULL, NULL);
}
