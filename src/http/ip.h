/* ip.h - addresses of clients, and ranges of them that are trusted. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct sockaddr;

/* IPv6, or IPv4 as ::ffff:a.b.c.d. */
struct ip {
    uint8_t bytes[16];
};

/* "192.0.2.7", "2001:db8::1" or "[2001:db8::1]", also with a port behind it. */
bool ip_parse(struct str text, struct ip *out);
/* Neither family: false. */
bool ip_of_socket(const struct sockaddr *address, struct ip *out);
#define IP_TEXT_MAX 46
/* As ip_parse reads it, without a port. */
void ip_format(const struct ip *ip, char out[IP_TEXT_MAX]);
bool ip_is_loopback(const struct ip *ip);
/* What one client can move about in: a whole address of IPv4, the first 64 bits of IPv6. */
struct ip ip_client(const struct ip *ip);

/* Ranges such as "10.0.0.0/8,::1", at most IP_RANGES_MAX. */
#define IP_RANGES_MAX 16
struct ip_ranges {
    struct ip base[IP_RANGES_MAX];
    int bits[IP_RANGES_MAX]; /* of base that count, 0 to 128 */
    int count;
};
/* ERR_INVALID with the field 'what'. NULL or "" = none. */
MUST_CHECK enum err ip_ranges_parse(const char *text, const char *what, struct ip_ranges *out,
                                    struct why *why);
bool ip_in(const struct ip_ranges *ranges, const struct ip *ip);

/* The client behind trusted proxies: the last of "client, proxy1, proxy2" (X-Forwarded-For) that
 * is not trusted itself; 'peer' when there is none, or when 'peer' is not trusted. */
struct ip ip_behind(const struct ip_ranges *trusted, const struct ip *peer, struct str forwarded);
