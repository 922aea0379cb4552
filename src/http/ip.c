/* ip.c - everything is compared as 128 bits. */
#include "http/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct ip *ip)
{
    return memcmp(ip->bytes, mapped, sizeof(mapped)) == 0;
}

bool ip_is_loopback(const struct ip *ip)
{
    static const struct ip own = {{[15] = 1}};
    return is_v4(ip) ? ip->bytes[12] == 127 : memcmp(ip, &own, sizeof(own)) == 0;
}

/* Without what stands behind it. */
static bool parse_bare(struct str text, struct ip *out)
{
    char copy[IP_TEXT_MAX];
    if (text.len == 0 || text.len >= sizeof(copy)) return false;
    memcpy(copy, text.p, text.len);
    copy[text.len] = '\0';
    struct ip ip = {{0}};
    memcpy(ip.bytes, mapped, sizeof(mapped));
    if (inet_pton(AF_INET, copy, ip.bytes + sizeof(mapped)) == 1 ||
        inet_pton(AF_INET6, copy, ip.bytes) == 1) {
        *out = ip;
        return true;
    }
    return false;
}

static bool is_port(struct str text)
{
    uint64_t port;
    return str_to_u64(text, &port) && port <= 65535;
}

bool ip_parse(struct str text, struct ip *out)
{
    if (text.len > 0 && text.p[0] == '[') {
        struct str rest = {text.p + 1, text.len - 1};
        struct str host = str_cut(&rest, ']');
        if (!rest.p || (rest.len > 0 && rest.p[0] != ':')) return false;
        if (rest.len > 0 && !is_port((struct str){rest.p + 1, rest.len - 1})) return false;
        return parse_bare(host, out);
    }
    struct str port = text;
    struct str host = str_cut(&port, ':');
    if (port.p && str_find_char(port, ':') == SIZE_MAX && is_port(port))
        return parse_bare(host, out);
    return parse_bare(text, out);
}

bool ip_of_socket(const struct sockaddr *address, struct ip *out)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        memcpy(out->bytes, mapped, sizeof(mapped));
        memcpy(out->bytes + sizeof(mapped), &v4.sin_addr, 4);
        return true;
    }
    if (address->sa_family != AF_INET6) return false;
    memcpy(&v6, address, sizeof(v6));
    memcpy(out->bytes, &v6.sin6_addr, 16);
    return true;
}

void ip_format(const struct ip *ip, char out[IP_TEXT_MAX])
{
    bool v4 = is_v4(ip);
    const void *bytes = v4 ? ip->bytes + sizeof(mapped) : ip->bytes;
    if (!inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, IP_TEXT_MAX)) out[0] = '\0';
}

struct ip ip_client(const struct ip *ip)
{
    struct ip client = *ip;
    if (!is_v4(ip)) memset(client.bytes + 8, 0, 8);
    return client;
}

static bool range_parse(struct str text, struct ip *base, int *bits)
{
    uint64_t given;
    struct str length = text;
    struct str host = str_cut(&length, '/');
    if (!parse_bare(host, base)) return false;
    int most = is_v4(base) ? 32 : 128;
    *bits = 128;
    if (!length.p) return true;
    if (!str_to_u64(length, &given) || given > (uint64_t)most) return false;
    *bits = 128 - most + (int)given;
    return true;
}

enum err ip_ranges_parse(const char *text, const char *what, struct ip_ranges *out, struct why *why)
{
    struct ip_ranges found = {.count = 0};
    struct str rest = str_of(text);
    while (rest.len > 0) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (found.count == IP_RANGES_MAX)
            return why_fail(why, ERR_INVALID, MSG_TOO_MANY, what, "%d", IP_RANGES_MAX);
        if (!range_parse(one, &found.base[found.count], &found.bits[found.count]))
            return why_fail(why, ERR_INVALID, MSG_HTTP_RANGE, what, STR_FMT, STR_ARG(one));
        found.count++;
    }
    *out = found;
    return ERR_OK;
}

static bool same_bits(const struct ip *a, const struct ip *b, int bits)
{
    size_t whole = (size_t)bits / 8;
    if (memcmp(a->bytes, b->bytes, whole) != 0) return false;
    unsigned rest = (unsigned)bits % 8;
    if (rest == 0) return true;
    return (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

bool ip_in(const struct ip_ranges *ranges, const struct ip *ip)
{
    for (int i = 0; i < ranges->count; i++) {
        if (same_bits(&ranges->base[i], ip, ranges->bits[i])) return true;
    }
    return false;
}

struct ip ip_behind(const struct ip_ranges *trusted, const struct ip *peer, struct str forwarded)
{
    struct ip client = *peer;
    while (ip_in(trusted, &client) && forwarded.len > 0) {
        size_t at = forwarded.len;
        while (at > 0 && forwarded.p[at - 1] != ',')
            at--;
        struct ip next;
        if (!ip_parse(str_trim((struct str){forwarded.p + at, forwarded.len - at}), &next)) break;
        client = next;
        forwarded.len = at > 0 ? at - 1 : 0;
    }
    return client;
}
