/* signin.c - the ways in: setup, name and password, one-time links.
 *
 *   attempt ──throttle──► password (of nobody, where there is none) ──► session, audit
 *
 * A stranger learns nothing from which step refused: not from the answer, and not from its time,
 * since a password is compared in every case. */
#include <inttypes.h>
#include <stdio.h>

#include "account/internal.h"
#include "base/log.h"
#include "base/utf8.h"

#define NAME_BYTES_MAX 1024

static void describe(struct strbuf *out, const char *how, struct str address)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_key(&w, "by");
    json_text(&w, how);
    json_key(&w, "address");
    json_str(&w, address);
    json_end_object(&w);
}

/* Tell the audit log that somebody came in, and remember it. */
static enum err enter(struct accounts *a, uint32_t person, const char *how,
                      const struct account_caller *from, struct account_session *out,
                      struct why *why)
{
    struct principal who;
    struct strbuf after = {0};
    char token[TOKEN_CHARS + 1];
    if (!staff_principal(a->staff, person, NULL, &who))
        return why_fail(why, ERR_UNAUTHORIZED, MSG_SIGN_IN_WRONG, "", NULL);
    TRY(session_begin(a->sessions, person, from->address, from->agent, token, why));
    staff_seen(a->staff, person, env_now(data_env(a->data)));
    describe(&after, how, from->address);
    enum err err = audit_add(a->data,
                             &(struct audit_entry){.who = &who,
                                                   .action = "session.began",
                                                   .subject = "",
                                                   .after = strbuf_str(&after),
                                                   .personal = true},
                             why);
    strbuf_finish(&after);
    if (err != ERR_OK) return err;
    out->person = person;
    memcpy(out->token, token, sizeof(token));
    return ERR_OK;
}

/* ---- setup ---- */

bool account_setup_needed(struct accounts *a)
{
    return staff_count(a->staff) == 0;
}

enum err account_setup_code(struct accounts *a, char code[TOKEN_CHARS + 1], struct why *why)
{
    return link_make(a->data, LINK_SETUP, 0, code, NULL, why);
}

static enum err check_code(struct accounts *a, struct str code, struct why *why)
{
    enum link_purpose purpose;
    uint32_t person;
    if (!account_setup_needed(a)) return why_fail(why, ERR_CONFLICT, MSG_SETUP_DONE, "", NULL);
    TRY(link_look(a->data, code, &purpose, &person, why));
    if (purpose == LINK_SETUP) return ERR_OK;
    return why_fail(why, ERR_UNAUTHORIZED, MSG_LINK_VOID, "", NULL);
}

enum err account_setup(struct accounts *a, const struct account_setup *s,
                       const struct account_caller *from, struct account_session *out,
                       struct why *why)
{
    char stored[PASSWORD_STORED], name[STAFF_NAME_BYTES];
    uint32_t number;
    struct str code = str_trim(s->code);
    TRY(check_code(a, code, why));
    TRY(staff_name(s->name, "name", name, why));
    TRY(password_allowed(s->password, str_of(name), STR(""), "password", why));
    TRY(password_hash(a->gate, s->password, stored, why));
    TRY(link_use(a->data, code, why));
    const struct staff_new first = {.name = str_of(name),
                                    .display = s->display,
                                    .lang = s->lang,
                                    .brand = STAFF_EVERYWHERE,
                                    .role = ROLE_OWNER,
                                    .password = stored};
    TRY(staff_add_first(a->staff, &first, &number, why));
    TRY(enter(a, number, "setup", from, out, why));
    session_confirm(a->sessions, str_of(out->token));
    return ERR_OK;
}

/* ---- name and password ---- */

static enum err check_pace(struct accounts *a, struct str name, struct str network, struct why *why)
{
    int seconds = throttle_begin(a->throttle, name, network);
    return seconds ? why_fail(why, ERR_BUSY, MSG_SIGN_IN_PACE, "", "%d", seconds) : ERR_OK;
}

/* Who has this name and may sign in; 0 = nobody, and 'stored' is of nobody. */
static uint32_t candidate(struct accounts *a, struct str name, char stored[PASSWORD_STORED])
{
    struct person p;
    stored[0] = '\0';
    if (!staff_find(a->staff, name, &p) || p.state != STAFF_ACTIVE) return 0;
    staff_password(a->staff, p.number, stored);
    return p.number;
}

static enum err sign_in(struct accounts *a, struct str name, struct str password,
                        const struct account_caller *from, struct account_session *out,
                        struct why *why)
{
    char stored[PASSWORD_STORED];
    bool right = false;
    uint32_t person = candidate(a, name, stored);
    TRY(password_is(a->gate, password, stored, &right, why));
    if (!right || !staff_has_role(a->staff, person)) {
        refusals_tell(a->refusals, NULL, person, from->address);
        return why_fail(why, ERR_UNAUTHORIZED, MSG_SIGN_IN_WRONG, "", NULL);
    }
    throttle_right(a->throttle, name, from->network);
    TRY(enter(a, person, "password", from, out, why));
    session_confirm(a->sessions, str_of(out->token));
    return ERR_OK;
}

enum err account_sign_in(struct accounts *a, struct str name, struct str password,
                         const struct account_caller *from, struct account_session *out,
                         struct why *why)
{
    if (name.len > NAME_BYTES_MAX || !utf8_valid(name)) name = STR("");
    struct arena *arena = arena_create(0);
    struct str folded = utf8_fold(arena, str_trim(name));
    enum err err = check_pace(a, folded, from->network, why);
    if (err == ERR_OK) err = sign_in(a, folded, password, from, out, why);
    arena_destroy(arena);
    return err;
}

/* ---- the password of who is signed in ---- */

static bool has_password(struct accounts *a, uint32_t person)
{
    char stored[PASSWORD_STORED];
    staff_password(a->staff, person, stored);
    return stored[0];
}

/* Is it really them? 'given' as 'field'. */
static enum err check_current(struct accounts *a, const struct principal *who, struct str given,
                              const char *field, const struct account_caller *from, struct why *why)
{
    char stored[PASSWORD_STORED];
    bool right = false;
    struct str name = str_of(who->name);
    staff_password(a->staff, who->number, stored);
    TRY(check_pace(a, name, from->network, why));
    TRY(password_is(a->gate, given, stored, &right, why));
    if (!right) {
        refusals_tell(a->refusals, who, who->number, from->address);
        return why_fail(why, ERR_INVALID, MSG_PASSWORD_WRONG, field, NULL);
    }
    throttle_right(a->throttle, name, from->network);
    return ERR_OK;
}

enum err account_confirm(struct accounts *a, const struct principal *who, struct str token,
                         struct str password, const struct account_caller *from, struct why *why)
{
    if (!has_password(a, who->number))
        return why_fail(why, ERR_CONFLICT, MSG_NO_PASSWORD, "", NULL);
    TRY(check_current(a, who, password, "password", from, why));
    TRY(audit_add(a->data,
                  &(struct audit_entry){.who = who, .action = "session.confirmed", .subject = ""},
                  why));
    session_confirm(a->sessions, token);
    return ERR_OK;
}

bool account_confirmed(struct accounts *a, const struct principal *who, struct str token)
{
    struct session_info info;
    if (who->kind != PRINCIPAL_PERSON || !has_password(a, who->number)) return true;
    if (!session_find(a->sessions, token, &info)) return false;
    int64_t until = session_confirmed_until(&info);
    return until != TIME_NONE && env_now(data_env(a->data)) < until;
}

enum err account_change_password(struct accounts *a, const struct principal *who,
                                 const struct account_change *change,
                                 const struct account_caller *from, struct account_session *out,
                                 struct why *why)
{
    char stored[PASSWORD_STORED];
    TRY(password_allowed(change->new, str_of(who->name), STR(""), "password.new", why));
    if (has_password(a, who->number))
        TRY(check_current(a, who, change->current, "password.current", from, why));
    TRY(password_hash(a->gate, change->new, stored, why));
    TRY(staff_set_password(a->staff, who, who->number, stored, why));
    TRY(session_end_all(a->sessions, who->number, 0, why));
    TRY(link_drop(a->data, who->number, why));
    out->person = who->number;
    TRY(session_begin(a->sessions, who->number, from->address, from->agent, out->token, why));
    session_confirm(a->sessions, str_of(out->token));
    return ERR_OK;
}

/* ---- links ---- */

/* What is to be stored for a password that may be this person's. */
static enum err check_password(struct accounts *a, uint32_t person, struct str password,
                               char stored[PASSWORD_STORED], struct why *why)
{
    struct person p;
    if (!staff_get(a->staff, person, &p))
        return why_fail(why, ERR_UNAUTHORIZED, MSG_LINK_VOID, "", NULL);
    if (!password.p) return why_fail(why, ERR_INVALID, MSG_MISSING, "password", NULL);
    TRY(password_allowed(password, str_of(p.name), STR(""), "password", why));
    return password_hash(a->gate, password, stored, why);
}

static enum err set_password(struct accounts *a, uint32_t person, const char *stored,
                             struct why *why)
{
    struct principal who;
    if (!staff_principal(a->staff, person, NULL, &who))
        return why_fail(why, ERR_UNAUTHORIZED, MSG_LINK_VOID, "", NULL);
    TRY(staff_set_password(a->staff, &who, person, stored, why));
    return session_end_all(a->sessions, person, 0, why);
}

/* A password that may not be one leaves the link good for another try. Of two who use a link at
 * once, whoever is first to take it sets the password. */
enum err account_use_link(struct accounts *a, struct str token, struct str password,
                          const struct account_caller *from, struct account_session *out,
                          struct why *why)
{
    enum link_purpose purpose;
    uint32_t person;
    char stored[PASSWORD_STORED];
    TRY(link_look(a->data, token, &purpose, &person, why));
    if (purpose == LINK_SETUP || !staff_has_role(a->staff, person))
        return why_fail(why, ERR_UNAUTHORIZED, MSG_LINK_VOID, "", NULL);
    if (purpose != LINK_SIGN_IN) TRY(check_password(a, person, password, stored, why));
    TRY(link_use(a->data, token, why));
    if (purpose != LINK_SIGN_IN) TRY(set_password(a, person, stored, why));
    TRY(enter(a, person, "link", from, out, why));
    if (purpose != LINK_SIGN_IN) session_confirm(a->sessions, str_of(out->token));
    return ERR_OK;
}

enum err account_sign_out(struct accounts *a, uint32_t person, struct why *why)
{
    TRY(link_drop(a->data, person, why));
    return session_end_all(a->sessions, person, 0, why);
}

bool account_principal(struct accounts *a, struct str token, const char *brand,
                       struct principal *out, struct session_info *info)
{
    struct session_info session;
    if (!session_find(a->sessions, token, &session)) return false;
    if (info) *info = session;
    if (!staff_principal(a->staff, session.person, brand, out)) return false;
    out->session = session.number;
    staff_seen(a->staff, session.person, session.seen_at);
    return true;
}
