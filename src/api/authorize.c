/* authorize.c - a credential becomes a principal; the principal's scopes are held against the
 * route's.
 *
 * What a stranger learns is one answer, 401, whatever they asked for. A brand that is not the
 * caller's is answered like one that is not there. */
#include "api/authorize.h"

#include <stdio.h>

#include "account/key.h"
#include "api/internal.h"

static struct str bearer(const struct request *req)
{
    struct str h = request_header(req, "Authorization");
    if (h.len < 7 || !str_eq_fold((struct str){h.p, 7}, STR("Bearer ")))
        return (struct str){NULL, 0};
    return str_trim((struct str){h.p + 7, h.len - 7});
}

/* A token may ask of one brand. */
static enum err by_key(struct call *c, struct principal *who, struct why *why)
{
    const struct key *key = keyring_find(c->api->keys, bearer(c->req));
    if (!key || key->kind != KEY_TOKEN)
        return why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", NULL);
    *who = (struct principal){.kind = PRINCIPAL_KEY,
                              .number = key->number,
                              .scopes = SCOPES_OF_OLD_TOKENS,
                              .lang = call_lang(c)};
    snprintf(who->name, sizeof(who->name), "key:%u", key->number);
    c->home = key->brand;
    return ERR_OK;
}

static enum err has_scope(const struct call *c, struct why *why)
{
    uint64_t scope = c->spec->scope;
    if (scope == SCOPE_SIGNED_IN) {
        if (c->who->kind == PRINCIPAL_PERSON) return ERR_OK;
        return why_fail(why, ERR_FORBIDDEN, MSG_NEEDS_PERSON, "", NULL);
    }
    if ((c->who->scopes & scope) == scope) return ERR_OK;
    return why_fail(why, ERR_FORBIDDEN, MSG_NO_SCOPE, "", "%s", scope_name(scope));
}

enum err authorize_call(struct call *c, struct why *why)
{
    struct principal *who = arena_alloc(c->arena, sizeof(*who));
    c->who = who; /* nobody: arena_alloc returns zeroed memory */
    if (c->spec->scope == 0) return ERR_OK;
    TRY(by_key(c, who, why));
    if (!(c->spec->flags & SPEC_SERVER)) {
        struct str asked = arena_str(c->arena, call_param(c, "brand"));
        if (!str_is(asked, c->home))
            return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "brand");
        TRY(data_brand(c->data, asked.p, &c->brand, why));
    }
    return has_scope(c, why);
}

uint64_t authorize_scopes(const struct call *c, const char *brand)
{
    return c->home && strcmp(c->home, brand) == 0 ? c->who->scopes : 0;
}
