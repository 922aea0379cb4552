/* talk_rows.c - two passes over the log: what was done in the window; and who came and went, ever.
 */
#include "groups/talk_internal.h"

#include <math.h>

#include "base/hash.h"
#include "base/limits.h"
#include "groups/wanted.h"

static const struct {
    const char *kind;
    enum deed deed;
} deeds[] = {
    {"message.sent", DEED_MESSAGE},      {"message.reacted", DEED_REACTED},
    {"share.clicked", DEED_CLICKED},     {"checkin.done", DEED_CHECKIN},
    {"content.shared", DEED_ACT},        {"survey.answered", DEED_ACT},
    {"live.attended", DEED_ACT},         {"class.attended", DEED_ACT},
    {"testimonial.submitted", DEED_ACT}, {"campaign.joined", DEED_ACT},
    {"invite.accepted", DEED_ACT},       {"order.paid", DEED_ACT},
    {"voucher.redeemed", DEED_ACT},      {"content.viewed", DEED_VIEW},
    {"touch.opened", DEED_LOOK},         {"touch.clicked", DEED_LOOK},
    {"touchpoint.clicked", DEED_LOOK},   {"page.viewed", DEED_LOOK},
    {"content.sent", DEED_CONTENT},
};
enum { DEED_KINDS = sizeof(deeds) / sizeof(deeds[0]) };

/* The properties of a message, in the order of their columns' ids. */
enum prop {
    PROP_LENGTH,
    PROP_QUESTION,
    PROP_PROMOTION,
    PROP_LINK,
    PROP_TYPE,
    PROP_DEPARTMENT,
    PROP_DEVICE,
    PROP_TO_STAFF,
    PROP_KINDS
};
static const struct wanted_prop props[PROP_KINDS] = {
    {"length", PROP_NUMBER}, {"question", PROP_BOOL}, {"promotion", PROP_BOOL},
    {"link", PROP_TEXT},     {"type", PROP_TEXT},     {"department", PROP_TEXT},
    {"device", PROP_TEXT},   {"to_staff", PROP_TEXT},
};

static const char *const link_names[] = {"", "reply", "quote", "mention", "inferred", "reaction"};
static const char *const type_names[] = {"text", "image", "voice", "video", "sticker",
                                         "file", "link",  "card",  "other"};

struct pass {
    struct brand *brand;
    uint32_t group;
    int64_t from, to;
    int kind_joined, kind_left;
    int16_t *deed_of; /* [kind_count + 1] by kind; -1 = none */
    uint32_t kind_count;
    struct columns columns;
    enum prop_type types[PROP_KINDS];
    int column_of[PROP_KINDS]; /* place among the run's properties; -1 = no such property */
    struct talk_rows *out;
    bool moves; /* the second pass: who came and went */
    bool full;  /* over the limit */
};

uint8_t talk_rows_department(struct talk_rows *rows, struct str name)
{
    if (!name.len) return 0;
    for (size_t i = 0; i < rows->departments.count; i++) {
        if (str_eq(rows->departments.items[i], name)) return (uint8_t)(i + 1);
    }
    if (rows->departments.count == UINT8_MAX) return 0;
    VEC_PUSH(&rows->departments, arena_str(rows->arena, name));
    return (uint8_t)rows->departments.count;
}

static double number_of(const struct pass *p, const struct history *h, enum prop prop, uint32_t r)
{
    int at = p->column_of[prop];
    if (at < 0) return 0;
    double n = h->props[at].number[r];
    return isnan(n) ? 0 : n;
}

/* Empty = none. */
static struct str text_of(const struct pass *p, const struct history *h, enum prop prop, uint32_t r)
{
    int at = p->column_of[prop];
    return at < 0 || h->props[at].text[r] == 0 ? STR("")
                                               : h->props[at].strings[h->props[at].text[r]];
}

static int word_of(const struct pass *p, const struct history *h, enum prop prop, uint32_t r,
                   const char *const *words, int count)
{
    struct str text = text_of(p, h, prop, r);
    for (int i = 0; i < count; i++) {
        if (str_is(text, words[i])) return i;
    }
    return -1;
}

static uint64_t read_device(const struct pass *p, const struct history *h, uint32_t r)
{
    struct str text = text_of(p, h, PROP_DEVICE, r);
    return text.len < TALK_DEVICE_LEAST ? 0 : hash_xxh3(text.p, text.len) | 1;
}

static uint32_t read_staff(const struct pass *p, const struct history *h, uint32_t r)
{
    struct str code = text_of(p, h, PROP_TO_STAFF, r);
    return code.len ? registry_find_code(p->brand, DIM_STAFF, code) : 0;
}

static void read_message(struct pass *p, const struct history *h, uint32_t r, struct talk_row *row)
{
    struct talk_message *m = &row->said;
    double length = number_of(p, h, PROP_LENGTH, r);
    int link = word_of(p, h, PROP_LINK, r, link_names, TALK_REACTION + 1);
    int type = word_of(p, h, PROP_TYPE, r, type_names, TALK_OTHER + 1);
    m->length = length > 0 && length < 1e9 ? (uint32_t)length : 0;
    m->question = number_of(p, h, PROP_QUESTION, r) != 0;
    m->promotion = number_of(p, h, PROP_PROMOTION, r) != 0;
    m->department = talk_rows_department(p->out, text_of(p, h, PROP_DEPARTMENT, r));
    m->type = type < 0 ? TALK_TEXT : (uint8_t)type;
    if (!row->other) row->to_staff = read_staff(p, h, r);
    bool said_to = row->other || row->to_staff;
    m->link = said_to ? link > 0 ? (uint8_t)link : TALK_REPLY : TALK_ALONE;
    if (row->deed == DEED_REACTED) m->link = TALK_REACTION;
}

static void add_row(struct pass *p, const struct history *h, uint32_t member, uint32_t r)
{
    int kind = h->kind[r];
    if (h->dim[DIM_GROUP][r] != p->group || h->at[r] >= p->to) return;
    struct talk_row row = {.at = h->at[r],
                           .persona = member,
                           .other = h->other[r],
                           .touchpoint = h->dim[DIM_TOUCHPOINT][r],
                           .content = h->dim[DIM_CONTENT][r],
                           .order = r,
                           .joins = kind == p->kind_joined,
                           .leaves = kind == p->kind_left};
    int deed = (uint32_t)kind <= p->kind_count ? p->deed_of[kind] : -1;
    if (row.joins || row.leaves ? !member : deed < 0 || h->at[r] < p->from) return;
    if (p->out->list.count >= LIMIT_TALK_MESSAGES) {
        p->full = true;
        return;
    }
    if (!member) row.staff = h->dim[DIM_STAFF][r];
    if (!row.joins && !row.leaves) row.deed = (uint8_t)deed;
    if (!row.joins && !row.leaves && deed <= DEED_REACTED) read_message(p, h, r, &row);
    if (!row.joins && !row.leaves && member) row.device = read_device(p, h, r);
    bool unnamed = deed == DEED_MESSAGE || deed == DEED_CONTENT; /* by nobody in particular */
    if (member || row.staff || unnamed) VEC_PUSH(&p->out->list, row);
}

static bool add_run(void *worker, const struct history *h)
{
    struct pass *p = worker;
    for (uint32_t i = 0; i < h->member_count; i++) {
        for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++)
            add_row(p, h, h->member[i], r);
    }
    return !p->full;
}

static enum err scan(struct snapshot *snapshot, struct pass *p, const uint16_t *kinds, size_t count,
                     int64_t from, struct why *why)
{
    struct scan s = {.columns = &p->columns,
                     .prop_types = p->types,
                     .from = from,
                     .to = p->to,
                     .kinds = kinds,
                     .kind_count = count};
    struct budget budget = {.bytes_left = LIMIT_QUERY_MEMORY};
    void *worker = p;
    if (count == 0) return ERR_OK;
    enum err err = eventlog_scan(snapshot, &s, &worker, 1, add_run, &budget, why);
    if (!p->full) return err;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "messages", "%d", LIMIT_TALK_MESSAGES);
}

/* Which kinds of the brand's are asked for in this pass. */
static size_t choose_kinds(struct brand *b, struct pass *p, uint16_t *out)
{
    size_t count = 0;
    for (uint32_t i = 0; i <= p->kind_count; i++)
        p->deed_of[i] = -1;
    for (int i = 0; i < DEED_KINDS && !p->moves; i++) {
        int kind = registry_find_kind(b, str_of(deeds[i].kind));
        if (kind <= 0 || (uint32_t)kind > p->kind_count) continue;
        p->deed_of[kind] = (int16_t)deeds[i].deed;
        out[count++] = (uint16_t)kind;
    }
    if (!p->moves) return count;
    p->kind_joined = registry_find_kind(b, STR("group.joined"));
    p->kind_left = registry_find_kind(b, STR("group.left"));
    if (p->kind_joined > 0) out[count++] = (uint16_t)p->kind_joined;
    if (p->kind_left > 0) out[count++] = (uint16_t)p->kind_left;
    return count;
}

enum err talk_rows_read(struct brand *b, const struct talk_ask *ask, struct talk_rows *rows,
                        struct why *why)
{
    uint16_t kinds[DEED_KINDS];
    struct pass p = {.brand = b,
                     .group = ask->group,
                     .from = ask->from,
                     .to = ask->to,
                     .kind_joined = -1,
                     .kind_left = -1,
                     .kind_count = registry_kind_count(b),
                     .out = rows};
    p.deed_of = arena_alloc_array(rows->arena, p.kind_count + 1, sizeof(p.deed_of[0]));
    p.columns.mask = COLUMN_DIM0 << DIM_GROUP | COLUMN_DIM0 << DIM_STAFF |
                     COLUMN_DIM0 << DIM_TOUCHPOINT | COLUMN_DIM0 << DIM_CONTENT | COLUMN_OTHER;
    wanted_props(b, props, PROP_KINDS, &p.columns, p.types, p.column_of);
    struct snapshot *snapshot = brand_snapshot(b);
    enum err err = scan(snapshot, &p, kinds, choose_kinds(b, &p, kinds), p.from, why);
    p.moves = true;
    p.columns.prop_count = 0;
    if (err == ERR_OK) err = scan(snapshot, &p, kinds, choose_kinds(b, &p, kinds), 0, why);
    brand_snapshot_release(snapshot);
    return err;
}

void talk_rows_finish(struct talk_rows *rows)
{
    VEC_FINISH(&rows->list);
    VEC_FINISH(&rows->departments);
}
