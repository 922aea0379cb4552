/* ward.c - one checkup a call; names are looked up as they are written. */
#include "api/ward.h"

#include <inttypes.h>

#include "account/accounts.h"
#include "account/place.h"
#include "api/internal.h"
#include "api/put.h"
#include "api/sight.h"

enum err ward_begin(struct call *c, struct ward *x, struct why *why)
{
    struct group_record record;
    int64_t at = call_int(c, "at");
    *x = (struct ward){.call = c, .now = env_now(brand_env(c->brand))};
    TRY(groups_find(c, &x->db, &record, why));
    x->group = record.code;
    if (at != TIME_NONE && at < x->now) x->now = at;
    x->places = (struct talk_places){staff_department, accounts_staff(c->api->accounts)};
    x->ask = (struct checkup_ask){c->brand, x->db, x->group, x->now, &x->places};
    x->arena = arena_create(0);
    TRY(checkup_make(&x->ask, x->arena, &x->up, why));
    look_begin(&x->look, c->brand, x->db, c->arena);
    return ERR_OK;
}

void ward_end(struct ward *x)
{
    if (x->look.snapshot) look_end(&x->look);
    arena_destroy(x->arena);
}

enum err ward_put_account(struct ward *x, struct json_writer *w, const char *key, uint32_t account,
                          struct why *why)
{
    struct call *c = x->call;
    const struct talk_account *a = &x->up.talk.accounts[account];
    struct str name = {NULL, 0}, id = {NULL, 0}, staff = {NULL, 0};
    if (a->persona && sight_has(c, a->persona)) {
        id = str_of(arena_printf(c->arena, "m%" PRIu32, a->persona));
        if (look_name(&x->look, a->persona, &name) != ERR_OK)
            return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    }
    if (a->staff) staff = registry_code_text(c->brand, DIM_STAFF, a->staff);
    put_object(w, key);
    put_str(w, "id", id);
    put_str(w, "name", name);
    put_str(w, "staff", staff);
    put_text(w, "role", account_role_names[a->role]);
    json_end_object(w);
    return ERR_OK;
}

enum err ward_put_text(struct ward *x, struct json_writer *w, uint32_t message, struct why *why)
{
    const struct talk_account *a = &x->up.talk.accounts[x->up.talk.messages[message].account];
    struct str text = {NULL, 0};
    if (!a->persona || sight_has(x->call, a->persona))
        TRY(checkup_text(&x->ask, &x->up, message, x->arena, &text, why));
    put_str(w, "text", text.len ? text : (struct str){NULL, 0});
    return ERR_OK;
}

enum err ward_put_message(struct ward *x, struct json_writer *w, uint32_t message, struct why *why)
{
    static const char *const types[] = {"text", "image", "voice", "video", "sticker",
                                        "file", "link",  "card",  "other"};
    static const char *const links[] = {NULL, "reply", "quote", "mention", "inferred", "reaction"};
    const struct talk_message *m = &x->up.talk.messages[message];
    json_begin_object(w);
    put_time(x->call, w, "at", m->at);
    TRY(ward_put_account(x, w, "account", m->account, why));
    put_text(w, "type", types[m->type]);
    put_str(w, "link", str_of(links[m->link]));
    put_int(w, "length", m->length);
    put_bool(w, "question", m->question);
    put_bool(w, "promotion", m->promotion);
    TRY(ward_put_text(x, w, message, why));
    json_end_object(w);
    return ERR_OK;
}

struct str ward_date(const struct call *c, int32_t day)
{
    int32_t year;
    int month, mday;
    civil_from_day(day, &year, &month, &mday);
    return str_of(arena_printf(c->arena, "%04" PRId32 "-%02d-%02d", year, month, mday));
}
