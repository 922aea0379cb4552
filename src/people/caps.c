/* caps.c - how many identities of a kind one member may have. */
#include "base/limits.h"
#include "people/fact.h"

#define CAP_USER 1
#define CAP_OTHERS 5
#define OTHERS IDENTITY_KIND_COUNT /* the place of "others" in the caps that a text names */

/* One "kind=number"; a cap that is named already stays as it is: false. */
static bool parse_one(struct str entry, uint32_t named[IDENTITY_KIND_COUNT + 1])
{
    enum identity_kind kind;
    uint64_t number;
    struct str name = str_cut(&entry, '=');
    uint32_t *cap = str_is(name, "others")             ? &named[OTHERS]
                    : identity_kind_parse(name, &kind) ? &named[kind]
                                                       : NULL;
    if (!cap || *cap || !str_to_u64(entry, &number)) return false;
    *cap = (uint32_t)number;
    return number >= 1 && number <= LIMIT_IDENTITY_CAP;
}

bool identity_caps_parse(struct str text, struct identity_caps *out)
{
    uint32_t named[IDENTITY_KIND_COUNT + 1] = {0};
    while (text.len) {
        bool more = str_find_char(text, ',') < text.len;
        if (!parse_one(str_cut(&text, ','), named)) return false;
        if (more && text.len == 0) return false; /* ends with a comma */
    }
    if (!named[IDENTITY_USER]) named[IDENTITY_USER] = CAP_USER;
    if (!named[OTHERS]) named[OTHERS] = CAP_OTHERS;
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++)
        out->of[k] = named[k] ? named[k] : named[OTHERS];
    return true;
}
