/* call.c - a handler's view of what validate.c has read. */
#include "api/call.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "account/audit.h"
#include "api/pool.h"
#include "api/validate.h"

/* Asking for a name that the spec does not have is a bug. */
static const struct call_value *find(const struct call *c, const char *name)
{
    for (size_t i = 0; i < c->got_count; i++) {
        if (strcmp(c->got[i].field->name, name) == 0) return &c->got[i];
    }
    assert(!"no such parameter");
    return NULL;
}

struct str call_str(const struct call *c, const char *name)
{
    return find(c, name)->text;
}

int64_t call_int(const struct call *c, const char *name)
{
    return find(c, name)->integer;
}

bool call_bool(const struct call *c, const char *name)
{
    return find(c, name)->boolean;
}

bool call_has(const struct call *c, const char *name)
{
    return find(c, name)->given;
}

const struct json *call_json(const struct call *c, const char *name)
{
    return find(c, name)->json;
}

struct str call_param(const struct call *c, const char *name)
{
    return request_param(c->req, name);
}

enum err call_number(const struct call *c, const char *name, uint32_t *out, struct why *why)
{
    uint64_t number;
    struct str text = call_param(c, name);
    bool plain = text.len > 0 && text.p[0] >= '1' && text.p[0] <= '9'; /* one way to write it */
    if (!plain || !str_to_u64(text, &number) || number > UINT32_MAX) return call_not_found(why);
    *out = (uint32_t)number;
    return ERR_OK;
}

enum err call_staff(const struct call *c, struct str *staff, struct why *why)
{
    if (!call_has(c, "staff") || str_eq(call_str(c, "staff"), *staff)) return ERR_OK;
    if (!(c->who->scopes & SCOPE_STAFF_MANAGE))
        return why_fail(why, ERR_FORBIDDEN, MSG_NO_SCOPE, "staff", "%s",
                        scope_name(SCOPE_STAFF_MANAGE));
    *staff = call_str(c, "staff");
    return ERR_OK;
}

enum lang call_lang(const struct call *c)
{
    return request_lang(c->req);
}

enum err call_reader(struct call *c, struct sql **out, struct why *why)
{
    assert(c->worker && c->brand);
    return worker_reader(c->worker, c->brand, out, why);
}

void call_etag(struct call *c, uint64_t version)
{
    c->etag = arena_printf(c->arena, "\"%" PRIu64 "\"", version);
}

enum err call_if_match(const struct call *c, uint64_t version, struct why *why)
{
    char etag[32];
    struct str wanted = request_header(c->req, "If-Match");
    snprintf(etag, sizeof(etag), "\"%" PRIu64 "\"", version);
    if (!wanted.p || str_is(wanted, "*")) return ERR_OK;
    while (wanted.p) {
        if (str_is(str_trim(str_cut(&wanted, ',')), etag)) return ERR_OK;
    }
    return why_fail(why, ERR_PRECONDITION, MSG_CHANGED_MEANWHILE, "", NULL);
}

enum err call_audit(const struct call *c, const char *subject, struct str before, struct str after,
                    struct why *why)
{
    const struct audit_entry e = {.who = c->who,
                                  .brand = brand_slug(c->brand),
                                  .action = c->spec->audit,
                                  .subject = subject,
                                  .before = before,
                                  .after = after};
    return audit_add(c->data, &e, why);
}

enum err call_not_found(struct why *why)
{
    return why_fail(why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, "", NULL);
}

void call_write_time(const struct call *c, struct json_writer *w, int64_t at)
{
    char text[48];
    if (at == TIME_NONE) {
        json_null(w);
        return;
    }
    time_format(c->brand ? brand_zone(c->brand) : zone_open("UTC"), at, text, sizeof(text));
    json_text(w, text);
}
