/* ip_test.c - addresses as text, ranges, and who is behind a chain of proxies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/ip.h"

static void text_is(const struct ip *ip, const char *expected)
{
    char text[IP_TEXT_MAX];
    ip_format(ip, text);
    assert_string_equal(text, expected);
}

static void addresses_are_read_with_and_without_a_port(void **state)
{
    static const char *const sound[][2] = {{"192.0.2.7", "192.0.2.7"},
                                           {"192.0.2.7:443", "192.0.2.7"},
                                           {"2001:db8::1", "2001:db8::1"},
                                           {"[2001:db8::1]", "2001:db8::1"},
                                           {"[2001:DB8::1]:80", "2001:db8::1"},
                                           {"::ffff:192.0.2.7", "192.0.2.7"},
                                           {"::1", "::1"}};
    static const char *const wrong[] = {"",          "unknown",       "1.2.3",    "1.2.3.4.5",
                                        "1.2.3.4:x", "[::1",          "[::1]x",   "[::1]:-1",
                                        "::1::2",    "1.2.3.4:70000", " 1.2.3.4", "010.1.1.1"};
    struct ip ip;
    (void)state;
    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
        assert_true(ip_parse(str_of(sound[i][0]), &ip));
        text_is(&ip, sound[i][1]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(ip_parse(str_of(wrong[i]), &ip));
}

static bool within(const char *ranges, const char *address)
{
    struct ip_ranges r;
    struct ip ip;
    struct why why;
    assert_int_equal(ip_ranges_parse(ranges, "--trust-proxy", &r, &why), ERR_OK);
    assert_true(ip_parse(str_of(address), &ip));
    return ip_in(&r, &ip);
}

static void a_range_holds_what_begins_alike(void **state)
{
    (void)state;
    assert_true(within("10.0.0.0/8", "10.255.0.1"));
    assert_false(within("10.0.0.0/8", "11.0.0.1"));
    assert_true(within("192.0.2.128/25", "192.0.2.200"));
    assert_false(within("192.0.2.128/25", "192.0.2.127"));
    assert_true(within("127.0.0.1, ::1", "::1"));
    assert_false(within("127.0.0.1", "127.0.0.2"));
    assert_true(within("0.0.0.0/0", "203.0.113.9"));
    assert_false(within("0.0.0.0/0", "2001:db8::1"));
    assert_true(within("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(within("2001:db8::/33", "2001:db8:8000::1"));
    assert_false(within("", "127.0.0.1"));
}

static void a_range_that_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {"x",
                                        "10.0.0.0/33",
                                        "10.0.0.0/-1",
                                        "::/129",
                                        "10.0.0.0/",
                                        "1.2.3.4:80",
                                        ",",
                                        "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
                                        "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
                                        "1.1.1.1,1.1.1.1,1.1.1.1"};
    struct ip_ranges r;
    struct why why;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(ip_ranges_parse(wrong[i], "--trust-proxy", &r, &why), ERR_INVALID);
        assert_string_equal(why.field, "--trust-proxy");
    }
}

static void client_is(const char *peer, const char *forwarded, const char *expected)
{
    struct ip_ranges trusted;
    struct ip ip;
    struct why why;
    assert_int_equal(ip_ranges_parse("127.0.0.0/8,10.0.0.0/8", "x", &trusted, &why), ERR_OK);
    assert_true(ip_parse(str_of(peer), &ip));
    struct ip client = ip_behind(&trusted, &ip, str_of(forwarded));
    text_is(&client, expected);
}

static void loopback_is_known_in_both_families(void **state)
{
    static const char *const own[] = {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"};
    static const char *const others[] = {
        "128.0.0.1", "0.0.0.0", "::", "::2", "::127.0.0.1", "2001:db8::1"};
    struct ip ip;
    (void)state;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        assert_true(ip_parse(str_of(own[i]), &ip) && ip_is_loopback(&ip));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(ip_parse(str_of(others[i]), &ip) && !ip_is_loopback(&ip));
}

static void only_trusted_proxies_say_who_is_behind_them(void **state)
{
    (void)state;
    client_is("127.0.0.1", NULL, "127.0.0.1");
    client_is("127.0.0.1", "203.0.113.9", "203.0.113.9");
    client_is("127.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9");
    client_is("127.0.0.1", "6.6.6.6, 203.0.113.9 , 10.0.0.3", "203.0.113.9");
    client_is("127.0.0.1", "6.6.6.6, garbage, 10.0.0.3", "10.0.0.3");
    client_is("127.0.0.1", "10.0.0.2,10.0.0.3", "10.0.0.2");
    client_is("203.0.113.9", "6.6.6.6", "203.0.113.9");
    client_is("127.0.0.1", "2001:db8::9", "2001:db8::9");
}

static void a_client_of_ipv6_has_a_whole_network(void **state)
{
    struct ip ip;
    (void)state;
    assert_true(ip_parse(STR("2001:db8:1:2:3:4:5:6"), &ip));
    ip = ip_client(&ip);
    text_is(&ip, "2001:db8:1:2::");
    assert_true(ip_parse(STR("192.0.2.7"), &ip));
    ip = ip_client(&ip);
    text_is(&ip, "192.0.2.7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_with_and_without_a_port),
        cmocka_unit_test(a_range_holds_what_begins_alike),
        cmocka_unit_test(a_range_that_is_none_is_refused),
        cmocka_unit_test(loopback_is_known_in_both_families),
        cmocka_unit_test(only_trusted_proxies_say_who_is_behind_them),
        cmocka_unit_test(a_client_of_ipv6_has_a_whole_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
