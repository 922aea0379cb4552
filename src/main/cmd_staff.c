/* cmd_staff.c - wellfield staff, link, key and audit: accounts from the command line, for whoever
 * may read the data directory. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "account/accounts.h"
#include "account/scope_set.h"
#include "main/options.h"
#include "main/session.h"

#define LIST_MAX 1000

/* What the commands take. */
struct given {
    const char *data, *brand, *role, *name, *scopes, *kind, *days, *url, *key, *action;
    const char **rest;
    int rest_count;
};

static enum err parse(struct session *s, int argc, char *const *argv, struct given *g,
                      struct why *why)
{
    *g = (struct given){0};
    g->rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*g->rest));
    const struct option options[] = {
        {"data", &g->data, NULL},
        {"brand", &g->brand, NULL},
        {"role", &g->role, NULL},
        {"name", &g->name, NULL},
        {"kind", &g->kind, NULL},
        {"scopes", &g->scopes, NULL},
        {"expires", &g->days, NULL},
        {"url", &g->url, NULL},
        {"key", &g->key, NULL},
        {"action", &g->action, NULL},
        {0},
    };
    return options_parse(argc, argv, options, g->rest, &g->rest_count, why);
}

static enum err want(const struct given *g, int count, const char *what, struct why *why)
{
    if (g->rest_count == count) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_WANT_WORDS, "", "%s", what);
}

static enum err find(struct accounts *a, const char *name, struct person *out, struct why *why)
{
    if (staff_find(accounts_staff(a), str_of(name), out)) return ERR_OK;
    return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%.80s", name);
}

/* Of --brand, or every one. */
static enum err brand_or_all(struct session *s, const struct given *g, const char **out,
                             struct why *why)
{
    struct brand *b;
    *out = STAFF_EVERYWHERE;
    if (!g->brand) return ERR_OK;
    TRY(session_brand(s, g->brand, &b, why));
    *out = g->brand;
    return ERR_OK;
}

static enum err print_link(struct session *s, enum link_purpose purpose, uint32_t person,
                           const struct given *g, struct why *why)
{
    char token[TOKEN_CHARS + 1];
    TRY(link_make(s->data, purpose, person, token, NULL, why));
    fprintf(s->out, "%s/console/link#%s\n", g->url ? g->url : "", token);
    return ERR_OK;
}

/* ---- staff ---- */

static enum err role_given(const struct given *g, enum role *out, struct why *why)
{
    *out = ROLE_OWNER;
    if (!g->role || role_parse(str_of(g->role), out)) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_UNKNOWN_ROLE, "--role", NULL);
}

static enum err staff_command_add(struct session *s, struct accounts *a, const struct given *g,
                                  struct why *why)
{
    struct staff_new new = {.lang = s->lang, .password = ""};
    struct person known;
    uint32_t number;
    TRY(want(g, 2, "staff add NAME", why));
    TRY(role_given(g, &new.role, why));
    TRY(brand_or_all(s, g, &new.brand, why));
    if (staff_find(accounts_staff(a), str_of(g->rest[1]), &known)) {
        TRY(staff_set_role(accounts_staff(a), NULL, known.number, new.brand, new.role, why));
        TRY(session_end_all(accounts_sessions(a), known.number, 0, why));
        fprintf(s->out, "%s: %s\n", known.name, role_name(new.role));
        return ERR_OK;
    }
    new.name = str_of(g->rest[1]);
    TRY(staff_add(accounts_staff(a), NULL, &new, &number, why));
    return print_link(s, LINK_INVITE, number, g, why);
}

static void print_person(struct session *s, struct accounts *a, uint32_t number)
{
    static const char *const states[] = {"invited", "active", "disabled"};
    struct person p;
    enum role role;
    bool everywhere = false;
    if (!staff_get(accounts_staff(a), number, &p)) return;
    fprintf(s->out, "%-4" PRIu32 " %-24s %-8s", number, p.name, states[p.state]);
    if (staff_role(accounts_staff(a), number, STAFF_EVERYWHERE, &role, &everywhere)) {
        fprintf(s->out, " every brand: %s\n", role_name(role));
        return;
    }
    for (size_t i = 0; i < data_brand_count(s->data); i++) {
        struct brand_facts f = data_brand_facts(s->data, i);
        if (staff_role(accounts_staff(a), number, f.slug, &role, NULL))
            fprintf(s->out, " %s: %s", f.slug, role_name(role));
    }
    fprintf(s->out, "\n");
}

static enum err staff_command_list(struct session *s, struct accounts *a, const struct given *g,
                                   struct why *why)
{
    uint32_t *numbers;
    TRY(want(g, 1, "staff list", why));
    size_t count = staff_of_brand(accounts_staff(a), g->brand, s->arena, &numbers);
    for (size_t i = 0; i < count; i++)
        print_person(s, a, numbers[i]);
    return ERR_OK;
}

static enum err staff_command_reset(struct session *s, struct accounts *a, const struct given *g,
                                    struct why *why)
{
    struct person p;
    TRY(want(g, 2, "staff reset NAME", why));
    TRY(find(a, g->rest[1], &p, why));
    return print_link(s, p.state == STAFF_INVITED ? LINK_INVITE : LINK_RESET, p.number, g, why);
}

static enum err staff_command_remove(struct session *s, struct accounts *a, const struct given *g,
                                     struct why *why)
{
    struct person p;
    const char *brand;
    TRY(want(g, 2, "staff remove NAME", why));
    TRY(find(a, g->rest[1], &p, why));
    TRY(brand_or_all(s, g, &brand, why));
    TRY(staff_take_role(accounts_staff(a), NULL, p.number, brand, why));
    if (staff_has_role(accounts_staff(a), p.number)) return ERR_OK;
    return account_sign_out(a, p.number, why);
}

static enum err staff_command_disable(struct session *s, struct accounts *a, const struct given *g,
                                      struct why *why)
{
    struct person p;
    (void)s;
    bool disable = strcmp(g->rest[0], "disable") == 0;
    TRY(want(g, 2, "staff disable|enable NAME", why));
    TRY(find(a, g->rest[1], &p, why));
    TRY(staff_set_disabled(accounts_staff(a), NULL, p.number, disable, why));
    return disable ? account_sign_out(a, p.number, why) : ERR_OK;
}

/* ---- link ---- */

/* For who is asked for by name; made, with a role in every brand, when there is nobody of that
 * name. */
static enum err link_command(struct session *s, struct accounts *a, const struct given *g,
                             struct why *why)
{
    const char *name = g->name ? g->name : "owner";
    struct person p;
    uint32_t number;
    TRY(want(g, 0, "link [--name NAME]", why));
    if (staff_find(accounts_staff(a), str_of(name), &p)) {
        number = p.number;
    } else {
        const struct staff_new new = {.name = str_of(name),
                                      .lang = s->lang,
                                      .brand = STAFF_EVERYWHERE,
                                      .role = ROLE_OWNER,
                                      .password = ""};
        TRY(staff_add(accounts_staff(a), NULL, &new, &number, why));
    }
    return print_link(s, LINK_SIGN_IN, number, g, why);
}

/* ---- key ---- */

static enum err scopes_given(const struct given *g, uint64_t *out, struct why *why)
{
    struct str rest = str_of(g->scopes);
    *out = 0;
    while (rest.p) {
        struct str name = str_trim(str_cut(&rest, ','));
        uint64_t scope = scope_find(name);
        if (!scope) {
            return why_fail(why, ERR_INVALID, MSG_KEY_SCOPE, "--scopes", "%.*s",
                            name.len > 64 ? 64 : (int)name.len, name.p);
        }
        *out |= scope;
    }
    return ERR_OK;
}

static enum err key_command_add(struct session *s, struct accounts *a, const struct given *g,
                                struct why *why)
{
    struct brand *b;
    char text[KEY_TEXT_MAX];
    int64_t days;
    struct key_new new = {.expires_at = TIME_NONE, .name = str_of(g->name)};
    TRY(want(g, 1, "key add", why));
    TRY(session_brand(s, g->brand, &b, why));
    TRY(scopes_given(g, &new.scopes, why));
    if (g->kind && !key_kind_parse(str_of(g->kind), &new.kind)) {
        return why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "--kind",
                        "%.40s|token, public, secret", g->kind);
    }
    if (g->days) {
        if (!str_to_i64(str_of(g->days), &days) || days < 1 || days > 3650)
            return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, "--expires", "%.20s|1|3650",
                            g->days);
        new.expires_at = env_now(data_env(s->data)) + days *TIME_DAY;
    }
    new.brand = brand_slug(b);
    TRY(key_make(accounts_keys(a), NULL, &new, text, NULL, why));
    fprintf(s->out, "%s\n", text);
    return ERR_OK;
}

static enum err key_command_list(struct session *s, struct accounts *a, const struct given *g,
                                 struct why *why)
{
    struct brand *b;
    struct key_row *rows;
    size_t count;
    char scopes[SCOPE_SET_TEXT];
    TRY(want(g, 1, "key list", why));
    TRY(session_brand(s, g->brand, &b, why));
    TRY(key_list(accounts_keys(a), brand_slug(b), s->arena, &rows, &count, why));
    for (size_t i = 0; i < count; i++) {
        scope_set_print(rows[i].scopes, scopes);
        fprintf(
            s->out, "%-4" PRIu32 " %-7s %-13s %-8s " STR_FMT " %s\n", rows[i].number,
            key_kind_name(rows[i].kind), arena_printf(s->arena, STR_FMT, STR_ARG(rows[i].prefix)),
            rows[i].revoked_at != TIME_NONE ? "revoked" : "live", STR_ARG(rows[i].name), scopes);
    }
    return ERR_OK;
}

static enum err key_command_revoke(struct session *s, struct accounts *a, const struct given *g,
                                   struct why *why)
{
    struct brand *b;
    uint64_t number;
    TRY(want(g, 2, "key revoke NUMBER", why));
    TRY(session_brand(s, g->brand, &b, why));
    if (!str_to_u64(str_of(g->rest[1]), &number) || number > UINT32_MAX)
        return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "key");
    return key_revoke(accounts_keys(a), NULL, brand_slug(b), (uint32_t)number, why);
}

/* ---- audit ---- */

/* The whole log, oldest page last as it is read newest first. */
static enum err audit_command(struct session *s, struct accounts *a, const struct given *g,
                              struct why *why)
{
    struct audit_filter filter = {
        .brand = g->brand, .action = str_of(g->action), .limit = LIST_MAX};
    struct strbuf line = {0};
    enum err err = want(g, 0, "audit", why);
    size_t count = LIST_MAX;
    (void)a;
    while (err == ERR_OK && count == LIST_MAX) {
        struct audit_row *rows;
        struct arena_mark mark = arena_mark(s->arena);
        err = audit_read(s->data, &filter, s->arena, &rows, &count, why);
        for (size_t i = 0; err == ERR_OK && i < count; i++) {
            struct json_writer w = {.out = &line};
            strbuf_reset(&line);
            audit_write(&rows[i], zone_open("UTC"), &w);
            fprintf(s->out, "%s\n", line.p);
            filter.below = rows[i].number;
        }
        arena_rewind(s->arena, mark);
    }
    strbuf_finish(&line);
    return err;
}

/* ---- which ---- */

struct verb {
    const char *name; /* NULL = the command has none */
    enum err (*run)(struct session *s, struct accounts *a, const struct given *g, struct why *why);
};

static int run(struct session *s, int argc, char *const *argv, const struct verb *verbs)
{
    struct given g;
    struct accounts *a = NULL;
    struct why why = {0};
    const struct verb *verb = verbs;
    enum err err = parse(s, argc, argv, &g, &why);
    if (err == ERR_OK) err = accounts_open(s->data, &a, &why);
    if (err != ERR_OK) return session_fail(s, &why);
    while (verb->run && verb->name && (g.rest_count == 0 || strcmp(verb->name, g.rest[0]) != 0))
        verb++;
    err = verb->run ? verb->run(s, a, &g, &why)
                    : why_fail(&why, ERR_INVALID, MSG_WANT_WORDS, "", "%s", "see --help");
    return err == ERR_OK ? EXIT_DONE : session_fail(s, &why);
}

int command_staff(struct session *s, int argc, char *const *argv)
{
    static const struct verb verbs[] = {
        {"add", staff_command_add},
        {"list", staff_command_list},
        {"reset", staff_command_reset},
        {"remove", staff_command_remove},
        {"disable", staff_command_disable},
        {"enable", staff_command_disable},
        {NULL, NULL},
    };
    return run(s, argc, argv, verbs);
}

int command_link(struct session *s, int argc, char *const *argv)
{
    static const struct verb verbs[] = {{NULL, link_command}, {NULL, NULL}};
    return run(s, argc, argv, verbs);
}

int command_key(struct session *s, int argc, char *const *argv)
{
    static const struct verb verbs[] = {{"add", key_command_add},
                                        {"list", key_command_list},
                                        {"revoke", key_command_revoke},
                                        {NULL, NULL}};
    return run(s, argc, argv, verbs);
}

int command_audit(struct session *s, int argc, char *const *argv)
{
    static const struct verb verbs[] = {{NULL, audit_command}, {NULL, NULL}};
    return run(s, argc, argv, verbs);
}
