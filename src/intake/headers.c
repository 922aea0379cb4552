/* headers.c - headers that map themselves: exports of shops, customer lists, chats.
 *
 * The headers (header_words.h) say what kind of table it is and which role each column plays; the
 * steps below say what a role's column becomes. Where several columns play one role, a cell of the
 * one whose header stands first in the list counts, and the next where that is empty, or a phone
 * that is nobody's own. */
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/header_words.h"
#include "intake/table.h"
#include "intake/value.h"

size_t headers_known(const struct str *cells, size_t count)
{
    size_t n = 0;
    struct header h;
    for (size_t i = 0; i < count; i++)
        n += header_find(cells[i], &h);
    return n;
}

/* ---- from roles to entries ---- */

struct plan {
    struct mapping *map;
    struct seat {
        struct header header;
        struct str text; /* as it stands in the file */
        uint32_t column; /* from 1 */
    } seats[LIMIT_MAP_ENTRIES];
    size_t count;
    bool played[ROLE_COUNT];
    size_t votes[FAMILY_COUNT];
};

/* What a message may carry makes no table one of messages. */
static bool is_carried(enum role role)
{
    return role == ROLE_LINKS || role == ROLE_QR;
}

static void look(struct plan *plan, const struct str *headers, size_t count)
{
    for (size_t i = 0; i < count && plan->count < LIMIT_MAP_ENTRIES; i++) {
        struct header h;
        if (!header_find(headers[i], &h)) continue;
        plan->votes[h.family] += !is_carried(h.role);
        plan->played[h.role] = true;
        plan->seats[plan->count++] = (struct seat){h, value_unwrap(headers[i]), (uint32_t)i + 1};
    }
}

static bool has(const struct plan *plan, enum role role)
{
    return plan->played[role];
}

/* In the order of the list; columns of one header in that of the file. */
static const struct seat *next_seat(const struct plan *plan, enum role role,
                                    const struct seat *after)
{
    const struct seat *best = NULL;
    for (const struct seat *s = plan->seats; s < plan->seats + plan->count; s++) {
        bool behind = !after || s->header.place > after->header.place ||
                      (s->header.place == after->header.place && s->column > after->column);
        if (s->header.role != role || !behind) continue;
        if (!best || s->header.place < best->header.place) best = s;
    }
    return best;
}

/* Each of the columns, or, of what a row has one of, what the first says that has something. */
static void add_seats(struct plan *plan, enum role role, struct mapping_entry e, bool each)
{
    const struct seat *seat = next_seat(plan, role, NULL);
    for (; seat && plan->map->count < LIMIT_MAP_ENTRIES; seat = next_seat(plan, role, seat)) {
        e.column = seat->column;
        e.source = seat->text;
        plan->map->has_at |= e.target == TARGET_AT;
        plan->map->has_kind |= e.target == TARGET_KIND;
        plan->map->entries[plan->map->count++] = e;
        e.instead = !each;
    }
}

static void add(struct plan *plan, enum role role, struct mapping_entry e)
{
    add_seats(plan, role, e, false);
}

static void add_to(struct plan *plan, enum role role, enum target target, enum value_type type)
{
    add(plan, role, (struct mapping_entry){.target = target, .type = type});
}

/* The time in a column of its own name, or in the one that is just "at". */
static void add_at(struct plan *plan, enum role role)
{
    struct mapping_entry e = {.target = TARGET_AT, .type = VALUE_DATE};
    add(plan, role, e);
    e.instead = has(plan, role);
    add(plan, ROLE_AT, e);
}

static void add_kind(struct plan *plan, const char *kind)
{
    plan->map->has_kind = true;
    plan->map->entries[plan->map->count++] =
        (struct mapping_entry){.target = TARGET_KIND, .type = VALUE_CONST, .source = str_of(kind)};
}

/* 'owner': a column of owners says who it was with where no other does. */
static void add_codes(struct plan *plan, bool owner)
{
    struct mapping_entry e = {.target = TARGET_CODE, .type = VALUE_TEXT, .dim = DIM_STAFF};
    add(plan, ROLE_STAFF, e);
    e.instead = has(plan, ROLE_STAFF);
    if (owner) add(plan, ROLE_OWNER, e);
    e.instead = false;
    e.dim = DIM_GROUP;
    add(plan, ROLE_GROUP, e);
}

/* A role whose column becomes the same in every table that has it. */
struct step {
    enum role role;
    enum target target;
    enum value_type type;
    enum identity_kind identity; /* of VALUE_IDENTITY */
    const char *name;            /* of TARGET_PROP and TARGET_TRAIT */
    bool each;                   /* every column of the role counts, not just the best */
};

#define TO(r, to, as)                                                                              \
    {                                                                                              \
        .role = (r), .target = (to), .type = (as)                                                  \
    }
#define PROP(r, text, as)                                                                          \
    {                                                                                              \
        .role = (r), .target = TARGET_PROP, .type = (as), .name = (text)                           \
    }
#define TRAIT(r, text, as)                                                                         \
    {                                                                                              \
        .role = (r), .target = TARGET_TRAIT, .type = (as), .name = (text)                          \
    }
#define WHO(r, kind, all)                                                                          \
    {                                                                                              \
        .role = (r), .target = TARGET_MEMBER, .type = VALUE_IDENTITY, .identity = (kind),          \
        .each = (all)                                                                              \
    }

static const struct step of_order[] = {
    TO(ROLE_CREATED_AT, TARGET_CREATED, VALUE_DATE),
    TO(ROLE_AMOUNT, TARGET_AMOUNT, VALUE_DECIMAL),
    TO(ROLE_REFUND, TARGET_REFUND, VALUE_DECIMAL),
    PROP(ROLE_ORDER, "order", VALUE_TEXT),
    PROP(ROLE_PRODUCT, "product", VALUE_TEXT),
    PROP(ROLE_SKU, "sku", VALUE_TEXT),
    PROP(ROLE_QTY, "qty", VALUE_NUMBER),
    PROP(ROLE_STORE, "store", VALUE_TEXT),
    PROP(ROLE_COST, "cost", VALUE_DECIMAL),
};

static const struct step of_person[] = {
    WHO(ROLE_UNIONID, IDENTITY_UNIONID, false), WHO(ROLE_WECOM, IDENTITY_WECOM, false),
    WHO(ROLE_OPENID, IDENTITY_OPENID, false),   WHO(ROLE_PHONE, IDENTITY_PHONE, false),
    WHO(ROLE_MORE_PHONE, IDENTITY_PHONE, true), WHO(ROLE_EMAIL, IDENTITY_EMAIL, false),
    WHO(ROLE_MORE_EMAIL, IDENTITY_EMAIL, true), WHO(ROLE_NUMBER, IDENTITY_NAME, false),
    TO(ROLE_NAME, TARGET_PERSON, VALUE_TEXT),   TRAIT(ROLE_NAME, "nickname", VALUE_TEXT),
    TRAIT(ROLE_REMARK, "remark", VALUE_TEXT),   TRAIT(ROLE_SOURCE, "source", VALUE_TEXT),
    TO(ROLE_TAGS, TARGET_TAGS, VALUE_TEXT),     TRAIT(ROLE_GENDER, "gender", VALUE_TEXT),
    TRAIT(ROLE_CITY, "city", VALUE_TEXT),       TO(ROLE_BIRTHDAY, TARGET_BIRTHDAY, VALUE_DATE),
    TRAIT(ROLE_LEVEL, "level", VALUE_TEXT),     TRAIT(ROLE_POINTS, "points", VALUE_NUMBER),
};

static const struct step of_message[] = {
    WHO(ROLE_SENDER, IDENTITY_NAME, false),
    TO(ROLE_SPEAKER, TARGET_SPEAKER, VALUE_TEXT),
    TO(ROLE_TEXT, TARGET_MESSAGE, VALUE_TEXT),
    TO(ROLE_TEXT_TYPE, TARGET_MESSAGE_TYPE, VALUE_TEXT),
    TO(ROLE_TEXT_SUBTYPE, TARGET_MESSAGE_SUBTYPE, VALUE_TEXT),
    TO(ROLE_TEXT_ID, TARGET_MESSAGE_ID, VALUE_TEXT),
    TO(ROLE_REPLY_TO, TARGET_REPLY_TO, VALUE_TEXT),
    TO(ROLE_LINKS, TARGET_LINKS, VALUE_TEXT),
    TO(ROLE_QR, TARGET_QR, VALUE_TEXT),
};

#undef TO
#undef PROP
#undef TRAIT
#undef WHO

static void add_steps(struct plan *plan, const struct step *steps, size_t count)
{
    for (const struct step *s = steps; s < steps + count; s++) {
        const struct mapping_entry e = {
            .target = s->target, .type = s->type, .identity = s->identity, .name = str_of(s->name)};
        add_seats(plan, s->role, e, s->each);
    }
}

#define ADD_STEPS(plan, steps) add_steps(plan, steps, sizeof(steps) / sizeof((steps)[0]))

static bool plan_orders(struct plan *plan)
{
    if (has(plan, ROLE_STATUS)) add_to(plan, ROLE_STATUS, TARGET_KIND, VALUE_STATUS);
    if (!has(plan, ROLE_STATUS)) add_kind(plan, "order.paid");
    add_at(plan, ROLE_PAID_AT);
    ADD_STEPS(plan, of_order);
    add_codes(plan, true);
    ADD_STEPS(plan, of_person);
    return plan->map->has_at || has(plan, ROLE_CREATED_AT);
}

static bool plan_people(struct plan *plan, bool group)
{
    bool contact = has(plan, ROLE_CONTACT_AT);
    bool joined = has(plan, ROLE_JOINED_AT) && (group || has(plan, ROLE_GROUP));
    if (joined && (group || !contact)) {
        add_kind(plan, "group.joined");
        add_to(plan, ROLE_JOINED_AT, TARGET_AT, VALUE_DATE);
    } else if (contact) {
        add_kind(plan, "contact.added");
        add_to(plan, ROLE_CONTACT_AT, TARGET_AT, VALUE_DATE);
    } else {
        add_kind(plan, "member.identified");
        add_at(plan, ROLE_JOINED_AT);
    }
    /* whose contact list it is: its owner column says on whose they are */
    bool whose = contact && !(joined && group) && !has(plan, ROLE_STAFF);
    add_codes(plan, whose);
    if (!whose) add_to(plan, ROLE_OWNER, TARGET_OWNER, VALUE_TEXT);
    add_to(plan, ROLE_CONTACTS, TARGET_CONTACTS, VALUE_TEXT);
    ADD_STEPS(plan, of_person);
    for (enum role role = ROLE_UNIONID; role <= ROLE_NAME; role++) {
        if (has(plan, role)) return true;
    }
    return has(plan, ROLE_PHONE) || has(plan, ROLE_MORE_PHONE);
}

/* Seconds since 1970 are the same in every zone, so they win over a local time. */
static void add_sent_at(struct plan *plan)
{
    struct mapping_entry e = {.target = TARGET_AT, .type = VALUE_DATE};
    if (has(plan, ROLE_SENT_EPOCH)) {
        e.format.style = DATE_EPOCH;
        add(plan, ROLE_SENT_EPOCH, e);
    } else {
        add_at(plan, ROLE_SENT_AT);
    }
}

static bool plan_messages(struct plan *plan)
{
    add_kind(plan, "message.sent");
    add_sent_at(plan);
    ADD_STEPS(plan, of_message);
    add_codes(plan, true);
    return plan->map->has_at && (has(plan, ROLE_SPEAKER) || has(plan, ROLE_SENDER));
}

bool headers_map(const struct str *headers, size_t count, bool group, struct table *out)
{
    struct plan plan = {.map = &out->map};
    out->map = (struct mapping){.count = 0};
    out->people = false;
    out->known = true;
    look(&plan, headers, count);
    out->messages = plan.votes[MESSAGES] >= 2;
    if (out->messages) return plan_messages(&plan);
    if (has(&plan, ROLE_PAID_AT) || has(&plan, ROLE_ORDER) || has(&plan, ROLE_AMOUNT))
        return plan_orders(&plan);
    out->people = true;
    return plan.votes[PEOPLE] > 0 && plan_people(&plan, group);
}

static bool is_read(const struct table *t, size_t column)
{
    for (uint32_t i = 0; i < t->map.count; i++) {
        if (t->map.entries[i].column == column + 1) return true;
    }
    return false;
}

void headers_unused(const struct table *t, const struct str *headers, size_t count, struct why *out)
{
    struct strbuf list = {0};
    for (size_t i = 0; i < count && list.len < sizeof(out->args); i++) {
        struct str text = value_unwrap(headers[i]);
        struct header h;
        if (text.len == 0 || is_read(t, i)) continue;
        if (header_find(headers[i], &h) && h.role == ROLE_NOTED) continue;
        if (list.len) strbuf_add_text(&list, ", ");
        strbuf_add_str(&list, utf8_cut(text, 60));
    }
    if (list.len) {
        struct str shown = utf8_cut(strbuf_str(&list), sizeof(out->args) - 1);
        (void)why_fail(out, ERR_OK, MSG_IMPORT_UNUSED, "", STR_FMT, STR_ARG(shown));
    }
    strbuf_finish(&list);
}
