/* authorize.c - a credential becomes a principal; the principal's scopes are held against the
 * route's.
 *
 * What a stranger learns is one answer, 401, whatever they asked for. A brand that is not the
 * caller's is answered like one that is not there. */
#include "api/authorize.h"

#include <stdio.h>

#include "api/internal.h"

static struct str bearer(const struct request *req)
{
    struct str h = request_header(req, "Authorization");
    if (h.len < 7 || !str_eq_fold((struct str){h.p, 7}, STR("Bearer ")))
        return (struct str){NULL, 0};
    return str_trim((struct str){h.p + 7, h.len - 7});
}

const struct key *authorize_key(struct api *a, const struct request *req)
{
    const struct key *key = keyring_find(accounts_keys(a->accounts), bearer(req));
    return key && key->kind == KEY_TOKEN ? key : NULL;
}

/* A token may ask of one brand. */
static enum err by_key(struct call *c, struct principal *who, struct why *why)
{
    const struct key *key = authorize_key(c->api, c->req);
    if (!key) return why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", NULL);
    *who = (struct principal){
        .kind = PRINCIPAL_KEY, .number = key->number, .scopes = key->scopes, .lang = call_lang(c)};
    snprintf(who->name, sizeof(who->name), "key:%u", key->number);
    who->reach = key->reach;
    memcpy(who->place, key->place, sizeof(who->place));
    c->home = key->brand;
    return ERR_OK;
}

/* ---- cookies ---- */

const char *authorize_cookie(const struct request *req)
{
    return request_over_tls(req) ? "__Host-wf_session" : "wf_session";
}

/* A person may ask of the brands in which they have a role. */
static enum err by_session(struct call *c, struct principal *who, struct why *why)
{
    struct session_info session = {0};
    struct str token = request_cookie(c->req, authorize_cookie(c->req));
    struct str brand = arena_str(c->arena, call_param(c, "brand"));
    bool server = c->spec->flags & SPEC_SERVER;
    if (account_principal(c->api->accounts, token, server ? NULL : brand.p, who, &session))
        return ERR_OK;
    if (session.number) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "brand");
    return why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", NULL);
}

/* ---- pages of other sites ---- */

/* "https://shop.example" and "shop.example" name the same host. */
static bool is_own_origin(const struct request *req, struct str origin)
{
    size_t at = str_find(origin, STR("://"));
    struct str host = request_header(req, "Host");
    if (at == SIZE_MAX || host.len == 0) return false;
    return str_eq_fold((struct str){origin.p + at + 3, origin.len - at - 3}, host);
}

/* A browser says where a request came from; a program says nothing, and has no cookie. */
static bool is_cross_site(const struct request *req, bool cookie)
{
    struct str site = request_header(req, "Sec-Fetch-Site");
    struct str origin = request_header(req, "Origin");
    if (site.p) return !str_is(site, "same-origin") && !str_is(site, "none");
    return origin.p ? !is_own_origin(req, origin) : cookie;
}

static bool is_json(const struct request *req)
{
    struct str rest = request_header(req, "Content-Type");
    return str_eq_fold(str_trim(str_cut(&rest, ';')), STR("application/json"));
}

/* A change that needs no credential but a cookie, or none: it must not come from a page elsewhere,
 * nor in a form that a page elsewhere could send without asking. */
static enum err check_origin(const struct call *c, bool cookie, struct why *why)
{
    if (c->spec->method == HTTP_GET) return ERR_OK;
    if (is_cross_site(c->req, cookie))
        return why_fail(why, ERR_FORBIDDEN, MSG_CROSS_SITE, "", NULL);
    if (c->spec->body_max > 0 && !(c->spec->flags & SPEC_RAW_BODY) && !is_json(c->req))
        return why_fail(why, ERR_UNSUPPORTED, MSG_WANT_JSON, "Content-Type", NULL);
    return ERR_OK;
}

static bool owns_all(const struct call *c)
{
    enum role role;
    struct staff *staff = accounts_staff(c->api->accounts);
    for (size_t i = 0; i < data_brand_count(c->data); i++) {
        struct brand_facts f = data_brand_facts(c->data, i);
        if (!staff_role(staff, c->who->number, f.slug, &role, NULL) || role != ROLE_OWNER)
            return false;
    }
    return true;
}

static enum err has_scope(const struct call *c, struct why *why)
{
    uint64_t scope = c->spec->scope;
    if (scope == SCOPE_SIGNED_IN) {
        if (c->who->kind == PRINCIPAL_PERSON) return ERR_OK;
        return why_fail(why, ERR_FORBIDDEN, MSG_NEEDS_PERSON, "", NULL);
    }
    if ((c->who->scopes & scope) != scope)
        return why_fail(why, ERR_FORBIDDEN, MSG_NO_SCOPE, "", "%s", scope_name(scope));
    if (!(c->spec->flags & SPEC_OWNER)) return ERR_OK;
    if (c->who->kind == PRINCIPAL_PERSON && owns_all(c)) return ERR_OK;
    return why_fail(why, ERR_FORBIDDEN, MSG_OWNERS_ONLY, "", NULL);
}

/* Whoever sits down at another's open console shall not get away with what opens more doors. */
static enum err is_confirmed(const struct call *c, struct why *why)
{
    if (!(c->spec->flags & SPEC_CONFIRM)) return ERR_OK;
    struct str token = request_cookie(c->req, authorize_cookie(c->req));
    if (account_confirmed(c->api->accounts, c->who, token)) return ERR_OK;
    return why_fail(why, ERR_CONFIRM, MSG_CONFIRM_PASSWORD, "", NULL);
}

/* The header wins over the cookie: what a program says of itself is never a browser's doing. */
static enum err find_caller(struct call *c, struct principal *who, struct why *why)
{
    if (request_header(c->req, "Authorization").p) return by_key(c, who, why);
    TRY(by_session(c, who, why));
    return check_origin(c, true, why);
}

enum err authorize_call(struct call *c, struct why *why)
{
    struct principal *who = arena_alloc(c->arena, sizeof(*who));
    c->who = who; /* nobody: arena_alloc returns zeroed memory */
    if (c->spec->scope == 0) return check_origin(c, false, why);
    TRY(find_caller(c, who, why));
    if (!(c->spec->flags & SPEC_SERVER)) {
        struct str asked = arena_str(c->arena, call_param(c, "brand"));
        if (c->home && !str_is(asked, c->home))
            return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "brand");
        enum err err = data_brand(c->data, asked.p, &c->brand, why);
        if (err == ERR_NOT_FOUND) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "brand");
        TRY(err);
    }
    TRY(has_scope(c, why));
    return is_confirmed(c, why);
}

uint64_t authorize_scopes(const struct call *c, const char *brand)
{
    if (c->who->kind == PRINCIPAL_PERSON)
        return staff_scopes(accounts_staff(c->api->accounts), c->who->number, brand);
    return c->home && strcmp(c->home, brand) == 0 ? c->who->scopes : 0;
}
