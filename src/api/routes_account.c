/* routes_account.c - setup, signing in and out, one's own sessions and account.
 *
 * A session's token goes into a cookie and nowhere else. Whoever must wait is told for how long. */
#include "account/place.h"
#include "api/account_put.h"
#include "api/authorize.h"
#include "http/ip.h"

#define BODY_MAX 8192

/* ---- the cookie ---- */

/* By TLS the name begins with __Host-, which holds a browser to Secure, Path=/ and no Domain. */
static void set_cookie(struct call *c, const char *token)
{
    const char *secure = request_over_tls(c->req) ? "; Secure" : "";
    const char *ended = token[0] ? "" : "; Max-Age=0";
    reply_header(c->req, "Set-Cookie",
                 arena_printf(c->arena, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s",
                              authorize_cookie(c->req), token, secure, ended));
}

static struct account_caller caller_of(struct call *c)
{
    struct ip ip = request_address(c->req), network = ip_client(&ip);
    char text[IP_TEXT_MAX], wide[IP_TEXT_MAX];
    ip_format(&ip, text);
    ip_format(&network, wide);
    return (struct account_caller){.address = arena_str(c->arena, str_of(text)),
                                   .network = arena_str(c->arena, str_of(wide)),
                                   .agent = request_header(c->req, "User-Agent")};
}

/* The sentence's argument says how many seconds. */
static enum err refused(struct call *c, enum err err, const struct why *why)
{
    if (err == ERR_BUSY) reply_header(c->req, "Retry-After", why->args);
    return err;
}

/* ---- who is signed in ---- */

static void write_reach(struct call *c, struct json_writer *w, const char *brand, uint32_t person)
{
    struct principal who = {.reach = REACH_BRAND};
    (void)staff_principal(accounts_staff(c->api->accounts), person, brand, &who);
    put_text(w, "reach", reach_name(who.reach));
    put_str(w, "code", who.code[0] ? arena_str(c->arena, str_of(who.code)) : (struct str){NULL, 0});
}

static void write_brand(struct call *c, struct json_writer *w, const struct brand_facts *f,
                        uint32_t person)
{
    struct staff *staff = accounts_staff(c->api->accounts);
    enum role role;
    if (!staff_role(staff, person, f->slug, &role, NULL)) return;
    json_begin_object(w);
    put_text(w, "slug", f->slug);
    put_text(w, "name", f->name);
    put_text(w, "role", role_name(role));
    put_scopes(w, staff_scopes(staff, person, f->slug));
    write_reach(c, w, f->slug, person);
    put_text(w, "zone", f->zone);
    put_text(w, "currency", f->currency);
    json_end_object(w);
}

static enum err write_session(struct call *c, struct json_writer *w,
                              const struct session_info *session, struct why *why)
{
    struct person p;
    if (!staff_get(accounts_staff(c->api->accounts), session->person, &p))
        return why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", NULL);
    json_begin_object(w);
    json_key(w, "person");
    json_begin_object(w);
    put_int(w, "id", p.number);
    put_text(w, "name", p.name);
    put_text(w, "display", p.display);
    put_text(w, "lang", p.lang == LANG_EN ? "en" : "zh");
    put_bool(w, "has_password", p.state != STAFF_INVITED);
    json_end_object(w);
    json_key(w, "brands");
    json_begin_array(w);
    for (size_t i = 0; i < data_brand_count(c->data); i++) {
        struct brand_facts f = data_brand_facts(c->data, i);
        write_brand(c, w, &f, p.number);
    }
    json_end_array(w);
    put_time(c, w, "expires_at", session_expires_at(session));
    put_time(c, w, "idle_at", session_idle_at(session));
    put_time(c, w, "confirmed_until", session_confirmed_until(session));
    json_end_object(w);
    return ERR_OK;
}

/* Give the cookie of a session that has just begun, and say whose it is. */
static enum err begun(struct call *c, struct json_writer *w, const struct account_session *s,
                      struct why *why)
{
    struct session_info info;
    if (!session_find(accounts_sessions(c->api->accounts), str_of(s->token), &info))
        return why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", NULL);
    set_cookie(c, s->token);
    return write_session(c, w, &info, why);
}

static bool find_own(const struct call *c, struct session_info *out)
{
    struct session_info *list;
    struct sessions *sessions = accounts_sessions(c->api->accounts);
    size_t count = session_list(sessions, c->who->number, c->arena, &list);
    for (size_t i = 0; i < count; i++) {
        if (list[i].number != c->who->session) continue;
        *out = list[i];
        return true;
    }
    return false;
}

static enum err show_session(struct call *c, struct json_writer *w, struct why *why)
{
    struct session_info info;
    if (!find_own(c, &info)) return why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", NULL);
    return write_session(c, w, &info, why);
}

/* ---- the ways in ---- */

static enum err show_setup(struct call *c, struct json_writer *w, struct why *why)
{
    (void)why;
    json_begin_object(w);
    put_bool(w, "needed", account_setup_needed(c->api->accounts));
    json_end_object(w);
    return ERR_OK;
}

static enum err set_up(struct call *c, struct json_writer *w, struct why *why)
{
    struct account_session session;
    const struct account_caller from = caller_of(c);
    const struct account_setup setup = {.code = call_str(c, "code"),
                                        .name = call_str(c, "name"),
                                        .display = call_str(c, "display"),
                                        .password = call_str(c, "password"),
                                        .lang = call_lang(c)};
    enum err err = account_setup(c->api->accounts, &setup, &from, &session, why);
    if (err != ERR_OK) return refused(c, err, why);
    c->status = 201;
    return begun(c, w, &session, why);
}

static enum err sign_in(struct call *c, struct json_writer *w, struct why *why)
{
    struct account_session session;
    const struct account_caller from = caller_of(c);
    enum err err = account_sign_in(c->api->accounts, call_str(c, "name"), call_str(c, "password"),
                                   &from, &session, why);
    return err == ERR_OK ? begun(c, w, &session, why) : refused(c, err, why);
}

static enum err use_link(struct call *c, struct json_writer *w, struct why *why)
{
    struct account_session session;
    const struct account_caller from = caller_of(c);
    enum err err = account_use_link(c->api->accounts, call_str(c, "token"), call_str(c, "password"),
                                    &from, &session, why);
    return err == ERR_OK ? begun(c, w, &session, why) : refused(c, err, why);
}

static enum err confirm(struct call *c, struct json_writer *w, struct why *why)
{
    (void)w;
    const struct account_caller from = caller_of(c);
    struct str token = request_cookie(c->req, authorize_cookie(c->req));
    return refused(
        c, account_confirm(c->api->accounts, c->who, token, call_str(c, "password"), &from, why),
        why);
}

static enum err tell(const struct call *c, const char *action, struct str after, struct why *why)
{
    const struct audit_entry e = {.who = c->who,
                                  .action = action,
                                  .subject = arena_printf(c->arena, "staff:%u", c->who->number),
                                  .after = after,
                                  .personal = true};
    return audit_add(c->data, &e, why);
}

static enum err sign_out(struct call *c, struct json_writer *w, struct why *why)
{
    (void)w;
    enum err err =
        session_end(accounts_sessions(c->api->accounts), c->who->number, c->who->session, why);
    if (err != ERR_OK && err != ERR_NOT_FOUND) return err;
    set_cookie(c, "");
    return tell(c, "session.ended", (struct str){NULL, 0}, why);
}

/* ---- one's own sessions and account ---- */

static enum err list_sessions(struct call *c, struct json_writer *w, struct why *why)
{
    struct session_info *list;
    size_t count =
        session_list(accounts_sessions(c->api->accounts), c->who->number, c->arena, &list);
    (void)why;
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        put_int(w, "id", list[i].number);
        put_bool(w, "current", list[i].number == c->who->session);
        put_time(c, w, "began_at", list[i].began_at);
        put_time(c, w, "seen_at", list[i].seen_at);
        put_text(w, "address", list[i].address);
        put_text(w, "agent", list[i].agent);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

static enum err end_session(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t number;
    (void)w;
    TRY(call_number(c, "id", &number, why));
    if (session_end(accounts_sessions(c->api->accounts), c->who->number, number, why) == ERR_OK)
        return tell(c, "session.ended", (struct str){NULL, 0}, why);
    return why->err == ERR_NOT_FOUND ? call_not_found(why) : why->err;
}

static enum err change_password(struct call *c, const struct json *given,
                                struct account_session *out, struct why *why)
{
    const struct json *current = json_get(given, "current"), *new = json_get(given, "new");
    const struct account_caller from = caller_of(c);
    const struct account_change change = {current->string, new->string};
    return account_change_password(c->api->accounts, c->who, &change, &from, out, why);
}

/* What one changes of oneself; a password is told of where it is set. */
static enum err tell_change(struct call *c, struct why *why)
{
    static const char *const fields[] = {"display", "lang"};
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    for (size_t i = 0; i < 2; i++) {
        if (call_has(c, fields[i])) put_str(&w, fields[i], call_str(c, fields[i]));
    }
    json_end_object(&w);
    enum err err = tell(c, "staff.changed", strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

static enum err change_me(struct call *c, struct json_writer *w, struct why *why)
{
    struct staff *staff = accounts_staff(c->api->accounts);
    struct account_session session;
    const struct json *password = call_json(c, "password");
    enum lang lang = c->who->lang;
    if (call_has(c, "lang")) lang = str_is(call_str(c, "lang"), "en") ? LANG_EN : LANG_ZH;
    if (call_has(c, "display") || call_has(c, "lang")) {
        const char *display =
            call_has(c, "display") ? arena_str(c->arena, call_str(c, "display")).p : NULL;
        TRY(staff_set_me(staff, c->who->number, display, lang, why));
    }
    TRY(tell_change(c, why));
    if (!password || password->type != JSON_OBJECT) return show_session(c, w, why);
    enum err err = change_password(c, password, &session, why);
    return err == ERR_OK ? begun(c, w, &session, why) : refused(c, err, why);
}

/* ---- the table ---- */

#define NAME_FIELD                                                                                 \
    {                                                                                              \
        .name = "name", .type = SPEC_TEXT, .required = true, .max = 1024,                          \
        .doc = "sign-in name, 2 to 64 characters"                                                  \
    }
#define SESSION_EXAMPLE                                                                            \
    "{\"person\":{\"id\":1,\"name\":\"lily\",\"display\":\"Lily\",\"lang\":\"zh\","                \
    "\"has_password\":true},"                                                                      \
    "\"brands\":[{\"slug\":\"shop\",\"name\":\"Shop\",\"role\":\"owner\","                         \
    "\"scopes\":[\"overview.read\"],\"reach\":\"brand\",\"code\":null,"                            \
    "\"zone\":\"Asia/Shanghai\",\"currency\":\"CNY\"}],"                                           \
    "\"expires_at\":\"2025-01-31T20:00:00Z\",\"idle_at\":\"2025-01-31T08:30:00Z\","                \
    "\"confirmed_until\":\"2025-01-31T08:05:00Z\"}\n~{\"brands\":[{\"code\":\"rose\"}]}"

static const struct spec_field setup_fields[] = {
    {.name = "code",
     .type = SPEC_TEXT,
     .required = true,
     .max = 100,
     .doc = "printed by the server when nobody has an account yet"},
    NAME_FIELD,
    {.name = "display", .type = SPEC_TEXT, .max = 256, .doc = "name to show; default: name"},
    {.name = "password", .type = SPEC_TEXT, .required = true, .doc = "8 to 128 characters"},
    {0},
};
static const struct spec_field sign_in_fields[] = {
    NAME_FIELD,
    {.name = "password", .type = SPEC_TEXT, .required = true, .doc = "the person's password"},
    {0},
};
static const struct spec_field link_fields[] = {
    {.name = "token",
     .type = SPEC_TEXT,
     .required = true,
     .max = 100,
     .doc = "what stands behind # in the link"},
    {.name = "password",
     .type = SPEC_TEXT,
     .doc = "a new one; needed by links of invitations and resets"},
    {0},
};
static const struct spec_field confirm_fields[] = {
    {.name = "password", .type = SPEC_TEXT, .required = true, .doc = "the person's password"},
    {0},
};
static const struct spec_field password_fields[] = {
    {.name = "current",
     .type = SPEC_TEXT,
     .required = true,
     .doc = "the present password; empty when none was chosen yet"},
    {.name = "new", .type = SPEC_TEXT, .required = true, .doc = "8 to 128 characters"},
    {0},
};
static const struct spec_field me_fields[] = {
    {.name = "display", .type = SPEC_TEXT, .max = 256, .doc = "name to show"},
    {.name = "lang", .type = SPEC_ENUM, .choices = "en|zh", .doc = "language of the console"},
    {.name = "password",
     .type = SPEC_OBJECT,
     .fields = password_fields,
     .doc = "ends all other sessions of the person"},
    {0},
};

const struct spec account_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/setup",
     .flags = SPEC_SERVER | SPEC_INLINE,
     .handle = show_setup,
     .summary = "Does the server still need its first account?",
     .reply = "{\"needed\":false}"},
    {.method = HTTP_POST,
     .path = "/api/v1/setup",
     .body = setup_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_SERVER | SPEC_PERSONAL,
     .handle = set_up,
     .audit = "session.began",
     .summary = "Make the first account, an owner of every brand, and sign in",
     .reply = SESSION_EXAMPLE "\n~{\"confirmed_until\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/session",
     .body = sign_in_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_SERVER | SPEC_PERSONAL,
     .handle = sign_in,
     .audit = "session.began",
     .summary = "Sign in; sets a cookie",
     .reply = SESSION_EXAMPLE "\n~{\"confirmed_until\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/session/link",
     .body = link_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_SERVER | SPEC_PERSONAL,
     .handle = use_link,
     .audit = "session.began",
     .summary = "Sign in by a one-time link; sets a cookie",
     .reply = SESSION_EXAMPLE "\n~{\"confirmed_until\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/session/confirm",
     .scope = SCOPE_SIGNED_IN,
     .body = confirm_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_SERVER,
     .handle = confirm,
     .audit = "session.confirmed",
     .summary = "Give one's password again, for what answers 403 confirm_password without"},
    {.method = HTTP_GET,
     .path = "/api/v1/session",
     .scope = SCOPE_SIGNED_IN,
     .flags = SPEC_SERVER | SPEC_INLINE | SPEC_PERSONAL,
     .handle = show_session,
     .summary = "Who is signed in, and what they may do in which brand",
     .reply = SESSION_EXAMPLE "\n~{\"confirmed_until\":null}"},
    {.method = HTTP_DELETE,
     .path = "/api/v1/session",
     .scope = SCOPE_SIGNED_IN,
     .flags = SPEC_SERVER,
     .handle = sign_out,
     .audit = "session.ended",
     .summary = "Sign out"},
    {.method = HTTP_GET,
     .path = "/api/v1/sessions",
     .scope = SCOPE_SIGNED_IN,
     .flags = SPEC_SERVER | SPEC_INLINE | SPEC_PERSONAL,
     .handle = list_sessions,
     .summary = "One's own sessions, latest first",
     .reply = "{\"items\":[{\"id\":4,\"current\":true,\"began_at\":\"2025-01-31T08:00:00Z\","
              "\"seen_at\":\"2025-01-31T08:10:00Z\",\"address\":\"192.0.2.7\","
              "\"agent\":\"Mozilla/5.0\"}],\"next\":null}"},
    {.method = HTTP_DELETE,
     .path = "/api/v1/sessions/{id}",
     .scope = SCOPE_SIGNED_IN,
     .flags = SPEC_SERVER,
     .handle = end_session,
     .audit = "session.ended",
     .summary = "End one of one's own sessions"},
    {.method = HTTP_PUT,
     .path = "/api/v1/me",
     .scope = SCOPE_SIGNED_IN,
     .body = me_fields,
     .body_max = BODY_MAX,
     .flags = SPEC_SERVER | SPEC_PERSONAL,
     .handle = change_me,
     .audit = "staff.changed",
     .summary = "Change one's own name to show, language or password",
     .reply = SESSION_EXAMPLE "\n~{\"confirmed_until\":null}"},
    {0},
};
