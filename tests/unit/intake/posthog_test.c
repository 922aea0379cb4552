/* posthog_test.c - tests of intake/posthog.c. */
#include "message_help.h"

#include "intake/posthog.h"

#define UUID "0194bd4c-7a1e-7b2d-9c3f-4e5d6c7b8a90"

static struct fact read_one(const char *json)
{
    struct fact f;
    struct why why;
    char text[400];
    if (posthog_message(arena, json_of(json), &source, &f, &why) == ERR_OK) return f;
    why_text(&why, LANG_EN, text, sizeof(text));
    fail_msg("%s: %s", json, text);
    return f;
}

static void refuse(const char *json, enum err err, const char *field)
{
    struct fact f;
    struct why why;
    assert_int_equal(posthog_message(arena, json_of(json), &source, &f, &why), err);
    if (strcmp(why.field, field) != 0) fail_msg("%s: field is %s", json, why.field);
}

static void an_event_keeps_the_brands_properties(void **state)
{
    (void)state;
    struct fact f = read_one(
        "{'event':'lesson finished','distinct_id':'u1','uuid':'" UUID "','library':'posthog-node',"
        "'timestamp':'2025-01-31T11:00:00.000Z','properties':{'course':'tea','nested':{'a':1},"
        "'$lib':'posthog-node','$lib_version':'5','$geoip_disable':true,'$current_url':'https://x/"
        "',"
        "'$browser':'Chrome','token':'wf_pub_x','list':[1]}}");
    assert_true(str_is(f.id, UUID));
    assert_true(str_is(f.kind, "lesson_finished"));
    assert_true(f.at == RECEIVED - TIME_HOUR);
    assert_int_equal(f.who_count, 1);
    expect_who(&f, 0, IDENTITY_USER, "u1");
    expect_prop(&f, "course", "tea");
    expect_number(f.props, f.prop_count, "nested_a", 1);
    expect_prop(&f, "current_url", "https://x/");
    expect_prop(&f, "browser", "Chrome");
    assert_int_equal(f.prop_count, 4);
    assert_int_equal(dropped, 4); /* $lib, $lib_version, $geoip_disable, list */
}

static void made_up_ids_are_anonymous(void **state)
{
    (void)state;
    struct fact f = read_one("{'event':'$pageview','distinct_id':'" UUID "'}");
    assert_true(str_is(f.kind, "page.viewed"));
    expect_who(&f, 0, IDENTITY_ANON, UUID);
    f = read_one("{'event':'x','properties':{'distinct_id':'" UUID "','$is_identified':true}}");
    expect_who(&f, 0, IDENTITY_USER, UUID);
    f = read_one("{'event':'x','distinct_id':'u7','properties':{'$is_identified':false}}");
    expect_who(&f, 0, IDENTITY_ANON, "u7");
    f = read_one("{'event':'x','distinct_id':'" UUID "','properties':{'$user_id':'u9'}}");
    assert_int_equal(f.who_count, 2);
    expect_who(&f, 1, IDENTITY_USER, "u9");
}

static void identify_joins_the_visitor_and_the_user(void **state)
{
    (void)state;
    struct fact f =
        read_one("{'event':'$identify','distinct_id':'u1','properties':{'$anon_distinct_id':'" UUID
                 "','$set':{'email':'a@b.cn','plan':'pro'},'$set_once':{'first':'x'}}}");
    assert_true(str_is(f.kind, "member.identified"));
    assert_true(f.alias);
    assert_int_equal(f.who_count, 3);
    expect_who(&f, 0, IDENTITY_USER, "u1");
    expect_who(&f, 1, IDENTITY_ANON, UUID);
    expect_who(&f, 2, IDENTITY_EMAIL, "a@b.cn");
    expect_trait(&f, "plan", "pro");
    expect_trait(&f, "first", "x");
    f = read_one("{'event':'$identify','distinct_id':'u1','$set':{'plan':'pro'}}");
    assert_false(f.alias);
    expect_trait(&f, "plan", "pro");
}

static void an_alias_joins_two_ids(void **state)
{
    (void)state;
    struct fact f =
        read_one("{'event':'$create_alias','distinct_id':'u1','properties':{'alias':'" UUID "'}}");
    assert_true(f.alias);
    assert_int_equal(f.who_count, 2);
    expect_who(&f, 0, IDENTITY_USER, "u1");
    expect_who(&f, 1, IDENTITY_ANON, UUID);
    refuse("{'event':'$create_alias','distinct_id':'u1'}", ERR_INVALID, "alias");
}

static void set_says_who_somebody_is(void **state)
{
    (void)state;
    struct fact f = read_one(
        "{'event':'$set','distinct_id':'u1','properties':{'$set':{'phone':'13800138000'}}}");
    assert_true(str_is(f.kind, "member.identified"));
    expect_who(&f, 1, IDENTITY_PHONE, "13800138000");
}

static void the_offset_says_when(void **state)
{
    (void)state;
    struct fact f = read_one("{'event':'x','distinct_id':'u1','offset':90000}");
    assert_true(f.at == RECEIVED - 90000);
    f = read_one("{'event':'x','distinct_id':'u1','offset':-5}");
    assert_true(f.at == RECEIVED);
    f = read_one("{'event':'x','distinct_id':'u1','offset':'soon'}");
    assert_true(f.at == RECEIVED);
    source.sent_at = RECEIVED - TIME_HOUR;
    f = read_one("{'event':'x','distinct_id':'u1','offset':90000}");
    assert_true(f.at == RECEIVED - 90000);
    f = read_one("{'event':'x','distinct_id':'u1','timestamp':'2025-01-31T10:59:50Z'}");
    assert_true(f.at == RECEIVED - 10000);
}

static void orders_have_amounts(void **state)
{
    (void)state;
    struct fact f = read_one("{'event':'Order Completed','distinct_id':'u1','properties':"
                             "{'order_id':'A1','total':9.9,'currency':'CNY'}}");
    assert_true(str_is(f.kind, "order.paid"));
    assert_true(f.amount == 990);
    expect_prop(&f, "order", "A1");
}

static void what_is_of_no_use_is_ignored(void **state)
{
    (void)state;
    assert_int_equal(read_one("{'event':'$groupidentify','distinct_id':'u1'}").kind.len, 0);
    assert_int_equal(read_one("{'event':'$snapshot'}").kind.len, 0);
}

static void a_refusal_names_the_field(void **state)
{
    (void)state;
    refuse("{'distinct_id':'u1'}", ERR_INVALID, "event");
    refuse("{'event':'','distinct_id':'u1'}", ERR_INVALID, "event");
    refuse("{'event':'x'}", ERR_INVALID, "distinct_id");
    refuse("{'event':'x','distinct_id':[]}", ERR_INVALID, "distinct_id");
    refuse("{'event':'x','distinct_id':'u1','properties':7}", ERR_INVALID, "properties");
    refuse("{'event':'x','distinct_id':'u1','properties':{'$set':[]}}", ERR_INVALID, "$set");
    refuse("{'event':'x','distinct_id':'u1','timestamp':'then'}", ERR_INVALID, "timestamp");
    refuse("[]", ERR_INVALID, "event");
    refuse("{'event':'x','distinct_id':'u1'", ERR_INVALID, "");
}

static void the_key_is_found_among_the_properties(void **state)
{
    (void)state;
    struct str found =
        posthog_token(arena, json_of("{'event':'x','properties':{'token':'wf_pub_1'}}"));
    assert_true(str_is(found, "wf_pub_1"));
    assert_null(posthog_token(arena, json_of("{'event':'x','properties':{}}")).p);
    assert_null(posthog_token(arena, json_of("{'event':'x','properties':{'token':[]}}")).p);
}

#define T(test) cmocka_unit_test_setup(test, begin_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_event_keeps_the_brands_properties),
        T(made_up_ids_are_anonymous),
        T(identify_joins_the_visitor_and_the_user),
        T(an_alias_joins_two_ids),
        T(set_says_who_somebody_is),
        T(the_offset_says_when),
        T(orders_have_amounts),
        T(what_is_of_no_use_is_ignored),
        T(a_refusal_names_the_field),
        T(the_key_is_found_among_the_properties),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
