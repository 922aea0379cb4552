/* segment_test.c - tests of intake/segment.c and intake/message.c. */
#include "message_help.h"

#include <stdio.h>

#include "base/utf8.h"
#include "brand/said.h"
#include "intake/segment.h"

static struct fact read_one(const char *json)
{
    struct fact f;
    struct why why;
    char text[400];
    if (segment_message(arena, json_of(json), &source, &f, &why) == ERR_OK) return f;
    why_text(&why, LANG_EN, text, sizeof(text));
    fail_msg("%s: %s", json, text);
    return f;
}

static void refuse(const char *json, enum err err, const char *field)
{
    struct fact f;
    struct why why;
    assert_int_equal(segment_message(arena, json_of(json), &source, &f, &why), err);
    if (strcmp(why.field, field) != 0) fail_msg("%s: field is %s", json, why.field);
}

static void a_track_is_its_event(void **state)
{
    (void)state;
    struct fact f =
        read_one("{'type':'track','messageId':'m1','userId':'u1','anonymousId':'a1',"
                 "'event':'Lesson Finished','timestamp':'2025-01-31T08:00:00.5+08:00',"
                 "'properties':{'course':'tea','minutes':12.5,'paid':true,'none':null}}");
    assert_true(str_is(f.id, "m1"));
    assert_true(str_is(f.kind, "lesson_finished"));
    assert_true(str_is(f.label, "Lesson Finished"));
    assert_true(f.at == INT64_C(1738281600500));
    assert_int_equal(f.who_count, 2);
    expect_who(&f, 0, IDENTITY_USER, "u1");
    expect_who(&f, 1, IDENTITY_ANON, "a1");
    assert_int_equal(f.prop_count, 3);
    expect_prop(&f, "course", "tea");
    expect_number(f.props, f.prop_count, "minutes", 12.5);
    assert_int_equal(value_of(f.props, f.prop_count, "paid")->type, PROP_BOOL);
    assert_true(value_of(f.props, f.prop_count, "paid")->number == 1);
    assert_true(f.amount == HISTORY_NO_AMOUNT);
    assert_int_equal(dropped, 0);
}

static void ids_may_be_numbers(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'track','userId':42,'event':'x','messageId':7}");
    expect_who(&f, 0, IDENTITY_USER, "42");
    assert_true(str_is(f.id, "7"));
}

static void the_address_names_the_call(void **state)
{
    (void)state;
    source.type = STR("identify");
    struct fact f = read_one("{'userId':'u1','type':'track','event':'x'}");
    assert_true(str_is(f.kind, "member.identified"));
}

static void identify_brings_traits_and_identities(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'identify','userId':'u1','context':{'traits':{'plan':'pro'},"
                             "'device':{'id':'d1','type':'ios'}},"
                             "'traits':{'email':'a@b.cn','phone':'13800138000','name':'Li',"
                             "'age':30,'company':{'name':'Tea','size':5,'tags':['x'],'in':{'y':1}},"
                             "'address':{'city':'Wuhan'}}}");
    assert_true(str_is(f.kind, "member.identified"));
    assert_int_equal(f.who_count, 4);
    expect_who(&f, 0, IDENTITY_DEVICE, "d1");
    expect_who(&f, 1, IDENTITY_USER, "u1");
    expect_who(&f, 2, IDENTITY_EMAIL, "a@b.cn");
    expect_who(&f, 3, IDENTITY_PHONE, "13800138000");
    expect_trait(&f, "plan", "pro");
    expect_trait(&f, "name", "Li");
    expect_trait(&f, "company_name", "Tea");
    expect_number(f.traits, f.trait_count, "company_size", 5);
    assert_null(value_of(f.traits, f.trait_count, "address_city"));
    assert_int_equal(f.trait_count, 7);
    assert_int_equal(dropped, 3); /* tags, in, address */
    assert_int_equal(f.prop_count, 0);
}

static void traits_of_a_track_identify_nobody(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'track','userId':'u1','event':'x',"
                             "'context':{'traits':{'email':'a@b.cn'}}}");
    assert_int_equal(f.who_count, 1);
    expect_trait(&f, "email", "a@b.cn");
}

static void views_carry_their_name(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'page','anonymousId':'a1','name':'Home',"
                             "'properties':{'url':'https://x/','name':'Other'}}");
    assert_true(str_is(f.kind, "page.viewed"));
    expect_prop(&f, "page", "Home");
    expect_prop(&f, "url", "https://x/");
    assert_int_equal(f.prop_count, 2);
    f = read_one("{'type':'screen','anonymousId':'a1','properties':{'name':'Cart'}}");
    assert_true(str_is(f.kind, "page.viewed"));
    expect_prop(&f, "page", "Cart");
    f = read_one("{'type':'page','anonymousId':'a1'}");
    assert_int_equal(f.prop_count, 0);
}

static void a_group_is_traits(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'group','userId':'u1','groupId':'g7','traits':"
                             "{'name':'Tea Club','size':9},'context':{'traits':{'plan':'pro'}}}");
    assert_true(str_is(f.kind, "member.identified"));
    expect_trait(&f, "group_id", "g7");
    expect_trait(&f, "group_name", "Tea Club");
    expect_number(f.traits, f.trait_count, "group_size", 9);
    expect_trait(&f, "plan", "pro");
    assert_int_equal(f.trait_count, 4);
    assert_int_equal(f.who_count, 1);
}

static void an_alias_joins_two_ids(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'alias','userId':'u1','previousId':"
                             "'507f191e-810c-4729-8dec-0d8c1f2a3b4c','anonymousId':'zz'}");
    assert_true(f.alias);
    assert_true(str_is(f.kind, "member.identified"));
    assert_int_equal(f.who_count, 2);
    expect_who(&f, 0, IDENTITY_USER, "u1");
    expect_who(&f, 1, IDENTITY_ANON, "507f191e-810c-4729-8dec-0d8c1f2a3b4c");
    f = read_one("{'type':'alias','userId':'u2','previousId':'old'}");
    expect_who(&f, 1, IDENTITY_USER, "old");
    refuse("{'type':'alias','userId':'u2'}", ERR_INVALID, "previousId");
    refuse("{'type':'alias','previousId':'u2'}", ERR_INVALID, "userId");
}

static void ids_of_other_systems_identify(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'track','event':'x','context':{'externalIds':["
                             "{'id':'o1','type':'openid','collection':'users'},"
                             "{'type':'telegram','id':99},{'id':'q','type':'shoe_size'}]}}");
    assert_int_equal(f.who_count, 2);
    expect_who(&f, 0, IDENTITY_OPENID, "o1");
    expect_who(&f, 1, IDENTITY_TELEGRAM, "99");
    assert_int_equal(dropped, 1);
}

static void orders_have_amounts_in_minor_units(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'track','userId':'u1','event':'Order Completed','properties':"
                             "{'order_id':'A1','revenue':25,'total':27.5,'currency':'cny',"
                             "'products':[{'id':1}]}}");
    assert_true(str_is(f.kind, "order.paid"));
    assert_null(f.label.p);
    assert_true(f.amount == 2750);
    expect_prop(&f, "order", "A1");
    expect_number(f.props, f.prop_count, "revenue", 25);
    assert_int_equal(f.prop_count, 2);
    assert_int_equal(dropped, 1);
    f = read_one("{'type':'track','userId':'u1','event':'Order Refunded','properties':"
                 "{'order_id':17,'revenue':'19.99'}}");
    assert_true(str_is(f.kind, "order.refunded"));
    assert_true(f.amount == 1999);
    expect_prop(&f, "order", "17");
    source.digits = 0;
    f = read_one("{'type':'track','userId':'u1','event':'order.paid','properties':{'total':500}}");
    assert_true(f.amount == 500);
    refuse("{'type':'track','userId':'u1','event':'order.paid','properties':{'total':1e17}}",
           ERR_INVALID, "amount");
}

static void amounts_are_rounded_as_decimals_are(void **state)
{
    (void)state;
    for (int cents = 0; cents < 100000; cents++) {
        char json[160];
        struct fact f;
        struct why why;
        snprintf(json, sizeof(json),
                 "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"order.paid\",\"properties\":{"
                 "\"total\":%d.%02d}}",
                 cents / 100, cents % 100);
        assert_int_equal(segment_message(arena, str_of(json), &source, &f, &why), ERR_OK);
        assert_true(f.amount == cents);
        arena_reset(arena);
    }
}

static void foreign_money_stays_a_property(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'track','userId':'u1','event':'Order Completed','properties':"
                             "{'order_id':'A1','total':27.5,'currency':'USD'}}");
    assert_true(f.amount == HISTORY_NO_AMOUNT);
    expect_number(f.props, f.prop_count, "amount", 27.5);
    expect_prop(&f, "currency", "USD");
    assert_null(value_of(f.props, f.prop_count, "total"));
}

static void revenue_of_other_kinds_is_a_property(void **state)
{
    (void)state;
    struct fact f =
        read_one("{'type':'track','userId':'u1','event':'Cart Viewed','properties':{'total':5}}");
    assert_true(f.amount == HISTORY_NO_AMOUNT);
    expect_number(f.props, f.prop_count, "total", 5);
}

static void codes_go_to_their_columns(void **state)
{
    (void)state;
    struct fact f =
        read_one("{'type':'track','userId':'u1','event':'x','context':{'campaign':"
                 "{'name':'spring','source':'moments','medium':'qr'}},'properties':"
                 "{'group':'g1','touchpoint':'t1','content':12,'staff':'s1','other':1}}");
    assert_true(str_is(f.code[DIM_GROUP], "g1"));
    assert_true(str_is(f.code[DIM_TOUCHPOINT], "t1"));
    assert_true(str_is(f.code[DIM_CONTENT], "12"));
    assert_true(str_is(f.code[DIM_STAFF], "s1"));
    assert_true(str_is(f.code[DIM_CAMPAIGN], "spring"));
    expect_prop(&f, "utm_source", "moments");
    expect_prop(&f, "utm_medium", "qr");
    assert_int_equal(f.prop_count, 3);
    f = read_one("{'type':'track','userId':'u1','event':'x','properties':{'campaign':'own'},"
                 "'context':{'campaign':{'name':'spring'}}}");
    assert_true(str_is(f.code[DIM_CAMPAIGN], "own"));
}

static void personal_properties_are_left_out(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'track','userId':'u1','event':'Product Viewed','properties':"
                             "{'name':'Teapot','email':'a@b.cn','userAgent':'x','sku':'7'}}");
    assert_int_equal(f.prop_count, 1);
    assert_int_equal(f.trait_count, 0);
    assert_int_equal(dropped, 3);
}

static void what_a_fact_cannot_hold_is_left_out(void **state)
{
    (void)state;
    struct strbuf json = {0};
    struct fact f;
    struct why why;
    strbuf_add_text(&json, "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"x\",\"properties\":{");
    for (int i = 0; i < 70; i++)
        strbuf_addf(&json, "%s\"p%d\":%d", i ? "," : "", i, i);
    strbuf_add_text(&json, "}}");
    assert_int_equal(segment_message(arena, strbuf_str(&json), &source, &f, &why), ERR_OK);
    assert_int_equal(f.prop_count, LIMIT_PROPS_PER_EVENT);
    assert_int_equal(dropped, 6);
    strbuf_reset(&json);
    strbuf_add_text(&json,
                    "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"x\",\"properties\":{\"");
    for (int i = 0; i < 40; i++)
        strbuf_add_text(&json, "\xe7\xad\xbe");
    strbuf_add_text(&json, "\":\"");
    for (int i = 0; i < 500; i++)
        strbuf_add_text(&json, "\xe7\xad\xbe");
    strbuf_add_text(&json, "\",\"\":1}}");
    dropped = 0;
    assert_int_equal(segment_message(arena, strbuf_str(&json), &source, &f, &why), ERR_OK);
    assert_int_equal(f.prop_count, 1);
    assert_int_equal(f.props[0].name.len, 63);
    assert_int_equal(f.props[0].text.len, 1023);
    assert_true(utf8_valid(f.props[0].text));
    assert_int_equal(dropped, 2);
    strbuf_finish(&json);
}

/* ---- time ---- */

static int64_t at_of(const char *rest)
{
    return read_one(arena_printf(arena, "{'type':'track','userId':'u','event':'x'%s}", rest)).at;
}

static void a_wrong_clock_is_corrected(void **state)
{
    (void)state;
    /* one hour behind; the event came 5 s before it was sent */
    assert_true(at_of(",'timestamp':'2025-01-31T10:59:55Z','sentAt':'2025-01-31T11:00:00Z'") ==
                RECEIVED - 5000);
    assert_true(
        at_of(",'originalTimestamp':'2031-01-31T10:59:55Z','sentAt':'2031-01-31T11:00:00Z'") ==
        RECEIVED - 5000);
    source.sent_at = RECEIVED + TIME_DAY;
    assert_true(at_of(",'timestamp':'2025-02-01T11:00:00Z'") == RECEIVED - TIME_HOUR);
}

static void a_right_clock_is_left_alone(void **state)
{
    (void)state;
    int64_t then = RECEIVED - TIME_DAY;
    assert_true(at_of(",'timestamp':'2025-01-30T12:00:00Z'") == then);
    assert_true(at_of(",'timestamp':'2025-01-30T12:00:00Z','sentAt':'2025-01-31T11:59:58Z'") ==
                then);
    assert_true(at_of("") == RECEIVED);
    assert_true(at_of(",'timestamp':null,'sentAt':'2020-01-31T11:59:58Z'") == RECEIVED);
}

static void a_correction_without_sense_is_not_made(void **state)
{
    (void)state;
    int64_t then = RECEIVED - TIME_HOUR;
    /* it was sent before it happened; it would have happened before 1970 */
    assert_true(at_of(",'timestamp':'2025-01-31T11:00:00Z','sentAt':'2025-01-30T11:00:00Z'") ==
                then);
    assert_true(at_of(",'timestamp':'1971-01-01T00:00:00Z','sentAt':'2090-01-31T11:00:00Z'") ==
                365 * TIME_DAY);
    source.live = false;
    assert_true(at_of(",'timestamp':'2025-01-31T11:00:00Z','sentAt':'2025-01-31T11:30:00Z'") ==
                then);
    source.live = true;
    assert_true(at_of(",'timestamp':'2025-01-31T11:00:00Z','sentAt':'2025-01-31T11:30:00Z',"
                      "'receivedAt':'2025-01-31T11:30:01Z'") == then);
}

static void times_come_in_several_forms(void **state)
{
    (void)state;
    assert_true(at_of(",'timestamp':1738324800000") == RECEIVED);
    assert_true(at_of(",'timestamp':1738324800") == RECEIVED);
    assert_true(at_of(",'timestamp':'2025-01-31T12:00:00.000000'") == RECEIVED);
    assert_true(at_of(",'timestamp':'2025-01-31'") == RECEIVED - 12 * TIME_HOUR);
    refuse("{'type':'track','userId':'u','event':'x','timestamp':'yesterday'}", ERR_INVALID,
           "timestamp");
    refuse("{'type':'track','userId':'u','event':'x','timestamp':[]}", ERR_INVALID, "timestamp");
    refuse("{'type':'track','userId':'u','event':'x','timestamp':1.5}", ERR_INVALID, "timestamp");
}

/* ---- refusals ---- */

static void a_refusal_names_the_field(void **state)
{
    (void)state;
    refuse("{'userId':'u','event':'x'}", ERR_INVALID, "type");
    refuse("{'type':'dance','userId':'u'}", ERR_INVALID, "type");
    refuse("{'type':'track','event':'x'}", ERR_INVALID, "userId");
    refuse("{'type':'track','event':'x','userId':''}", ERR_INVALID, "userId");
    refuse("{'type':'track','userId':'u'}", ERR_INVALID, "event");
    refuse("{'type':'track','userId':'u','event':''}", ERR_INVALID, "event");
    refuse("{'type':'track','userId':{},'event':'x'}", ERR_INVALID, "userId");
    refuse("{'type':'track','userId':'u','event':true}", ERR_INVALID, "event");
    refuse("{'type':'track','userId':'u','event':'x','properties':[]}", ERR_INVALID, "properties");
    refuse("{'type':'track','userId':'u','event':'x','context':1}", ERR_INVALID, "context");
    refuse("{'type':'track','userId':'u','event':'x','context':{'device':1}}", ERR_INVALID,
           "context.device");
    refuse("null", ERR_INVALID, "message");
    refuse("[]", ERR_INVALID, "message");
    refuse("", ERR_INVALID, "");
    refuse("{'type':'track','userId':'u','event':'x'", ERR_INVALID, "");
    refuse("{'type':'track','userId':'u','event':'x'} x", ERR_INVALID, "");
    refuse("{'type':'track','userId':'u','event':'x','properties':{'n':1e999}}", ERR_INVALID, "");
}

static void an_unknown_type_is_shown_before_the_known(void **state)
{
    (void)state;
    struct fact f;
    struct why why;
    char text[400];
    const char *json = "{'type':'dance|x','userId':'u'}";
    assert_int_equal(segment_message(arena, json_of(json), &source, &f, &why), ERR_INVALID);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_string_equal(
        text, "type: \"dance\" is not one of track, identify, page, screen, group, alias");
}

static void null_is_absence(void **state)
{
    (void)state;
    struct fact f = read_one("{'type':'track','userId':'u','anonymousId':null,'event':'x',"
                             "'messageId':null,'properties':null,'context':null,'traits':null}");
    assert_int_equal(f.who_count, 1);
    assert_null(f.id.p);
}

/* Words go beside the event, whatever their length; what they show is a property of it. */
static void the_words_of_a_message_are_no_property(void **state)
{
    (void)state;
    struct strbuf text = {0};
    strbuf_add_text(&text, "{'type':'track','userId':'u','event':'message.sent','properties':{"
                           "'group':'g','message':17,'reply_to':'a-16','n':1,'question':false,"
                           "'text':'");
    for (int i = 0; i < 700; i++)
        strbuf_add_text(&text, "好的");
    strbuf_add_text(&text, "吗'}}");
    struct fact f = read_one(text.p);
    strbuf_finish(&text);
    assert_true(str_is(f.kind, "message.sent"));
    assert_int_equal(f.said->text.len, 4203);
    assert_true(str_is(f.said->message, "17"));
    assert_true(str_is(f.said->reply_to, "a-16"));
    assert_null(value_of(f.props, f.prop_count, "text"));
    assert_null(value_of(f.props, f.prop_count, "message"));
    assert_null(value_of(f.props, f.prop_count, "reply_to"));
    assert_true(value_of(f.props, f.prop_count, "n")->number == 1);
    assert_true(value_of(f.props, f.prop_count, "length")->number == 1401);
    assert_true(value_of(f.props, f.prop_count, "question")->number == 0); /* as it was sent */
    assert_true(str_is(value_of(f.props, f.prop_count, "lang")->text, "zh"));
    assert_int_equal(dropped, 0);

    f = read_one("{'type':'track','userId':'u','event':'message.recalled','properties':{"
                 "'group':'g','message':'17'}}");
    assert_true(f.said->recalled);
    assert_int_equal(f.prop_count, 0);
    f = read_one("{'type':'track','userId':'u','event':'complaint.made','properties':{"
                 "'text':'a','message':'b'}}");
    assert_null(f.said); /* no talk: properties like others */
    assert_int_equal(f.prop_count, 2);
}

#define T(test) cmocka_unit_test_setup(test, begin_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_track_is_its_event),
        T(ids_may_be_numbers),
        T(the_address_names_the_call),
        T(identify_brings_traits_and_identities),
        T(traits_of_a_track_identify_nobody),
        T(views_carry_their_name),
        T(a_group_is_traits),
        T(an_alias_joins_two_ids),
        T(ids_of_other_systems_identify),
        T(orders_have_amounts_in_minor_units),
        T(amounts_are_rounded_as_decimals_are),
        T(foreign_money_stays_a_property),
        T(revenue_of_other_kinds_is_a_property),
        T(codes_go_to_their_columns),
        T(personal_properties_are_left_out),
        T(what_a_fact_cannot_hold_is_left_out),
        T(a_wrong_clock_is_corrected),
        T(a_right_clock_is_left_alone),
        T(a_correction_without_sense_is_not_made),
        T(times_come_in_several_forms),
        T(a_refusal_names_the_field),
        T(an_unknown_type_is_shown_before_the_known),
        T(null_is_absence),
        T(the_words_of_a_message_are_no_property),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
