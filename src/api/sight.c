/* sight.c - from a caller's reach to owners, from owners to a set of members. */
#include "api/sight.h"

#include "account/place.h"
#include "api/internal.h"
#include "api/members.h"
#include "people/owner.h"

#define OF_A_MEMBER "/members/{id}"

bool sight_is_whole(const struct call *c)
{
    return c->who->reach == REACH_BRAND;
}

size_t sight_owners(struct call *c, uint32_t **out)
{
    struct str *codes;
    size_t kept = 0, count = staff_codes(accounts_staff(c->api->accounts), brand_slug(c->brand),
                                         c->who->reach, c->who->place, c->arena, &codes);
    *out = arena_alloc_array(c->arena, count + 1, sizeof(**out));
    for (size_t i = 0; i < count; i++) {
        uint32_t code = registry_find_code(c->brand, DIM_STAFF, codes[i]);
        if (code) (*out)[kept++] = code; /* else nobody is theirs */
    }
    return kept;
}

static void add_quoted(struct strbuf *out, struct str text)
{
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\') strbuf_add_char(out, '\\');
        strbuf_add_char(out, text.p[i]);
    }
    strbuf_add_char(out, '"');
}

struct str sight_expression(struct call *c)
{
    uint32_t *owners;
    struct strbuf text = {0};
    if (sight_is_whole(c)) return (struct str){NULL, 0};
    size_t count = sight_owners(c, &owners);
    strbuf_add_text(&text, count ? "owner in (" : "false");
    for (size_t i = 0; i < count; i++) {
        if (i) strbuf_add_text(&text, ", ");
        add_quoted(&text, registry_code_text(c->brand, DIM_STAFF, owners[i]));
    }
    if (count) strbuf_add_text(&text, ")");
    struct str out = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return out;
}

static void finish_set(void *set)
{
    idset_finish(set);
}

static struct idset *new_set(struct call *c)
{
    struct idset *set = arena_alloc(c->arena, sizeof(*set));
    arena_defer(c->arena, finish_set, set);
    return set;
}

const struct idset *sight_of(struct call *c)
{
    uint32_t *owners;
    if (sight_is_whole(c) || c->sight) return c->sight;
    struct idset *set = new_set(c);
    size_t count = sight_owners(c, &owners);
    owner_gather(c->brand, owners, count, set);
    c->sight = set;
    return set;
}

bool sight_has(struct call *c, uint32_t persona)
{
    uint32_t *owners;
    if (sight_is_whole(c)) return true;
    struct snapshot *s = brand_snapshot(c->brand);
    uint32_t owner = owner_of(c->brand, persona_map_member(s->personas, persona));
    brand_snapshot_release(s);
    size_t count = owner ? sight_owners(c, &owners) : 0;
    for (size_t i = 0; i < count; i++) {
        if (owners[i] == owner) return true;
    }
    return false;
}

const struct idset *sight_narrow(struct call *c, const struct idset *set)
{
    const struct idset *sight = sight_of(c);
    if (!sight || !set) return sight ? sight : set;
    struct idset *both = new_set(c);
    for (size_t w = 0; w < set->words.count && w < sight->words.count; w++) {
        uint64_t word = set->words.items[w] & sight->words.items[w];
        VEC_PUSH(&both->words, word);
        both->count += (size_t)__builtin_popcountll(word);
    }
    return both;
}

enum err sight_check(struct call *c, struct why *why)
{
    uint32_t member;
    const struct spec *spec = c->spec;
    bool open = (spec->flags & (SPEC_SERVER | SPEC_ANY_REACH)) || spec->scope == 0;
    if (open || sight_is_whole(c)) return ERR_OK;
    if (!(spec->flags & SPEC_SIGHT))
        return why_fail(why, ERR_FORBIDDEN, MSG_BEYOND_REACH, "", NULL);
    if (!strstr(spec->path, OF_A_MEMBER)) return ERR_OK;
    TRY(members_id(c, &member, why));
    return sight_has(c, member) ? ERR_OK : call_not_found(why);
}

enum err sight_list(struct call *c, const uint32_t **members, size_t *count, size_t *hidden,
                    struct why *why)
{
    const struct json *list = call_json(c, "members");
    uint32_t *seen = arena_alloc_array(c->arena, list->count + 1, sizeof(*seen));
    *count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct json *id = &list->items[i];
        uint32_t member;
        if (id->type != JSON_STRING || !members_parse(id->string, &member))
            return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE,
                            arena_printf(c->arena, "members[%zu]", i), "%s", "\"m12\"");
        if (sight_has(c, member)) seen[(*count)++] = member;
    }
    *members = seen;
    *hidden = list->count - *count;
    return ERR_OK;
}
