/* routes_privacy.c - what a member may ask for: their data, and to be erased; and what is kept. */
#include <inttypes.h>

#include "api/handout.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "base/fs.h"
#include "people/erasure.h"
#include "people/holdings.h"

/* ---- the member's data ---- */

static enum err hand_out(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct handout_made made;
    struct strbuf after = {0};
    struct json_writer note = {.out = &after};
    uint32_t member = 0;
    (void)w;
    TRY(members_look(c, &look, &member, why));
    enum err err = handout_make(c, &look, member, &made, why);
    look_end(&look);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    if (err != ERR_OK) return err;
    json_begin_object(&note);
    put_int(&note, "events", (int64_t)made.events);
    json_end_object(&note);
    err = members_tell(c, member, strbuf_str(&after), why);
    strbuf_finish(&after);
    if (err != ERR_OK) fs_close(made.fd);
    if (err != ERR_OK) return err;
    reply_header(
        c->req, "Content-Disposition",
        arena_printf(c->arena, "attachment; filename=\"member-m%" PRIu32 ".zip\"", member));
    reply_from_file(c->req, "application/zip", made.fd, made.size);
    c->replied = true;
    return ERR_OK;
}

/* ---- erasing ---- */

static void put_receipt(const struct call *c, struct json_writer *w, const struct erase_receipt *r)
{
    json_begin_object(w);
    put_int(w, "receipt", (int64_t)r->id);
    put_time(c, w, "at", r->at);
    put_str(w, "by", r->who);
    put_str(w, "reason", r->reason);
    put_text(w, "member", arena_printf(c->arena, "m%" PRIu32, r->member));
    put_str(w, "text", r->body);
    put_str(w, "sum", r->sum);
    put_bool(w, "genuine", r->genuine);
    json_end_object(w);
}

/* Who types the wrong name is about to erase the wrong one. */
static enum err check_confirmed(struct call *c, uint32_t *member, struct why *why)
{
    struct look look;
    struct look_profile profile;
    struct str typed = str_trim(call_str(c, "confirm"));
    TRY(members_look(c, &look, member, why));
    enum err err = look_profile(&look, *member, &profile, why);
    look_end(&look);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    if (err != ERR_OK) return err;
    *member = profile.id;
    bool same = (profile.name.len && str_eq(typed, profile.name)) ||
                str_is(typed, arena_printf(c->arena, "m%" PRIu32, profile.id));
    return same ? ERR_OK : why_fail(why, ERR_INVALID, MSG_NOT_THE_MEMBER, "confirm", NULL);
}

/* On a connection of its own: the call's looks at a moment of before. */
static enum err read_receipt(struct call *c, uint64_t id, struct erase_receipt *out,
                             struct why *why)
{
    struct sql *db;
    TRY(brand_reader(c->brand, &db, why));
    enum err err = people_receipt(c->brand, db, id, c->arena, out, why);
    sql_close(db);
    return err;
}

static enum err erase(struct call *c, struct json_writer *w, struct why *why)
{
    struct erase_order order = {.who = str_of(c->who->name), .reason = call_str(c, "reason")};
    struct people_erased erased;
    struct erase_receipt receipt;
    struct strbuf after = {0};
    struct json_writer note = {.out = &after};
    uint64_t id = 0;
    TRY(check_confirmed(c, &order.member, why));
    enum err err = people_erase_for(c->brand, &order, &erased, &id, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    if (err != ERR_OK) return err;
    json_begin_object(&note);
    put_int(&note, "receipt", (int64_t)id);
    put_str(&note, "reason", order.reason);
    json_end_object(&note);
    err = members_tell(c, order.member, strbuf_str(&after), why);
    strbuf_finish(&after);
    if (err == ERR_OK) err = read_receipt(c, id, &receipt, why);
    if (err == ERR_OK) put_receipt(c, w, &receipt);
    return err;
}

/* ---- receipts ---- */

static enum err get_receipts(struct call *c, struct json_writer *w, struct why *why)
{
    struct erase_receipts found;
    struct sql *db;
    uint64_t below = 0;
    if (call_has(c, "cursor") && (!str_to_u64(call_str(c, "cursor"), &below) || below == 0))
        return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    TRY(call_reader(c, &db, why));
    enum err err =
        people_receipts(c->brand, db, below, (size_t)call_int(c, "limit"), c->arena, &found);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < found.count; i++)
        put_receipt(c, w, &found.items[i]);
    json_end_array(w);
    put_str(w, "next",
            found.more ? str_of(arena_printf(c->arena, "%" PRIu64, found.items[found.count - 1].id))
                       : (struct str){NULL, 0});
    json_end_object(w);
    return ERR_OK;
}

static enum err get_receipt(struct call *c, struct json_writer *w, struct why *why)
{
    struct erase_receipt receipt;
    struct sql *db;
    uint32_t id;
    TRY(call_number(c, "id", &id, why));
    TRY(call_reader(c, &db, why));
    enum err err = people_receipt(c->brand, db, id, c->arena, &receipt, why);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    if (err != ERR_OK) return err;
    put_receipt(c, w, &receipt);
    return ERR_OK;
}

/* ---- what is kept ---- */

static void put_words(struct json_writer *w, const char *key, const char *words)
{
    struct str rest = str_of(words);
    put_array(w, key);
    while (rest.p && rest.len)
        json_str(w, str_cut(&rest, ' '));
    json_end_array(w);
}

static enum err get_inventory(struct call *c, struct json_writer *w, struct why *why)
{
    (void)c;
    (void)why;
    put_items(w);
    for (const struct holding *h = holdings; h->table; h++) {
        json_begin_object(w);
        put_text(w, "table", h->table);
        put_words(w, "columns", h->columns);
        put_words(w, "members", h->members);
        put_words(w, "personal", h->personal);
        put_text(w, "purpose", h->purpose);
        put_text(w, "retention", h->retention);
        put_str(w, "exported", str_of(h->exported));
        put_str(w, "erased", str_of(h->erased));
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- the table ---- */

static const struct spec_field erase_body[] = {
    {.name = "confirm",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_IDENTITY_BYTES,
     .doc = "the member's name or id, once more"},
    {.name = "reason",
     .type = SPEC_ENUM,
     .required = true,
     .choices = ERASE_REASONS,
     .doc = "why; no free text, since it would be kept"},
    {0},
};

static const struct spec_field receipts_query[] = {
    {.name = "cursor", .type = SPEC_TEXT, .max = 32, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PAGE_CONFLICTS,
     .fallback = "50",
     .doc = "receipts of a page"},
    {0},
};

#define RECEIPT                                                                                    \
    "{\"receipt\":1,\"at\":\"2025-03-01T09:30:00+08:00\",\"by\":\"lily\",\"reason\":\"asked\","    \
    "\"member\":\"m12\",\"text\":\"{\\\"receipt\\\":1}\","                                         \
    "\"sum\":\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\","                \
    "\"genuine\":true}"

const struct spec privacy_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/export",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .flags = SPEC_PERSONAL | SPEC_CONFIRM,
     .handle = hand_out,
     .audit = "member.exported",
     .summary = "All that is kept of a member, in clear, as a ZIP of JSON and CSV for them",
     .reply_types = "application/zip"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/members/{id}/erase",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .body = erase_body,
     .body_max = 4096,
     .flags = SPEC_CONFIRM,
     .handle = erase,
     .audit = "member.erased",
     .summary = "Erase a member for good; the reply is the receipt",
     .reply = RECEIPT},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/privacy/erasures",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .query = receipts_query,
     .handle = get_receipts,
     .summary = "Receipts of erasures, newest first",
     .reply = "{\"items\":[" RECEIPT "],\"next\":null}\n~{\"next\":\"1\"}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/privacy/erasures/{id}",
     .scope = SCOPE_MEMBERS_PRIVACY,
     .handle = get_receipt,
     .summary = "One receipt: what was erased where, and whether it is as it was written",
     .reply = RECEIPT},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/privacy/inventory",
     .scope = SCOPE_SETTINGS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_inventory,
     .summary = "What is kept, table by table: what for, how long, whose, and what erasing does",
     .reply = "{\"items\":[{\"table\":\"trait\",\"columns\":[\"persona\",\"name\"],"
              "\"members\":[\"persona\"],\"personal\":[\"value\"],"
              "\"purpose\":\"what is said of a member\","
              "\"retention\":\"until the member is erased\",\"exported\":\"traits\","
              "\"erased\":\"deleted\"}],\"next\":null}\n"
              "~{\"items\":[{\"exported\":null,\"erased\":null}]}"},
    {0},
};
