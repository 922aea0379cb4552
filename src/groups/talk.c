/* talk.c - two passes over the log: who came and went, ever; and what was done in the window.
 *
 * A pass collects rows as they come; then the accounts among them are numbered and rows become
 * messages and acts, in order of (at, account, order in the log), so that the answer does not
 * depend on how the log is cut into parts. */
#include "groups/talk.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/vec.h"
#include "people/fold.h"

/* What an event is to a group. */
enum deed {
    DEED_MESSAGE,
    DEED_REACTED,
    DEED_CLICKED,
    DEED_CHECKIN,
    DEED_ACT,
    DEED_LOOK,
    DEED_VIEW, /* a look at a content */
    DEED_CONTENT
};

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
static const struct {
    const char *name;
    enum prop_type type;
} props[PROP_KINDS] = {
    {"length", PROP_NUMBER}, {"question", PROP_BOOL}, {"promotion", PROP_BOOL},
    {"link", PROP_TEXT},     {"type", PROP_TEXT},     {"department", PROP_TEXT},
    {"device", PROP_TEXT},   {"to_staff", PROP_TEXT},
};

static const char *const link_names[] = {"", "reply", "quote", "mention", "inferred", "reaction"};
static const char *const type_names[] = {"text", "image", "voice", "video", "sticker",
                                         "file", "link",  "card",  "other"};

/* A row of either pass. */
struct row {
    int64_t at;
    uint32_t persona, staff; /* who did it */
    uint32_t other;          /* to whom */
    uint32_t to_staff;       /* or to staff, of whom only the code is known */
    uint32_t touchpoint;
    uint32_t content;
    uint64_t device;          /* 0 = none */
    uint32_t order;           /* within what came of one member: commit order of ties */
    struct talk_message said; /* of a message; accounts are not known yet */
    uint8_t deed;
    bool joins, leaves;
};

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
    VEC(struct row) rows;
    VEC(struct str) departments; /* by number, from 1 */
    struct arena *arena;         /* their names' */
    bool moves;                  /* the second pass: who came and went */
    bool full;                   /* over the limit */
};

/* ---- the pass ---- */

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

/* 0 = it has no name, or there are too many. */
static uint8_t number_department(struct pass *p, struct str name)
{
    if (!name.len) return 0;
    for (size_t i = 0; i < p->departments.count; i++) {
        if (str_eq(p->departments.items[i], name)) return (uint8_t)(i + 1);
    }
    if (p->departments.count == UINT8_MAX) return 0;
    VEC_PUSH(&p->departments, arena_str(p->arena, name));
    return (uint8_t)p->departments.count;
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

static void read_message(struct pass *p, const struct history *h, uint32_t r, struct row *row)
{
    struct talk_message *m = &row->said;
    double length = number_of(p, h, PROP_LENGTH, r);
    int link = word_of(p, h, PROP_LINK, r, link_names, TALK_REACTION + 1);
    int type = word_of(p, h, PROP_TYPE, r, type_names, TALK_OTHER + 1);
    m->length = length > 0 && length < 1e9 ? (uint32_t)length : 0;
    m->question = number_of(p, h, PROP_QUESTION, r) != 0;
    m->promotion = number_of(p, h, PROP_PROMOTION, r) != 0;
    m->department = number_department(p, text_of(p, h, PROP_DEPARTMENT, r));
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
    struct row row = {.at = h->at[r],
                      .persona = member,
                      .other = h->other[r],
                      .touchpoint = h->dim[DIM_TOUCHPOINT][r],
                      .content = h->dim[DIM_CONTENT][r],
                      .order = r,
                      .joins = kind == p->kind_joined,
                      .leaves = kind == p->kind_left};
    int deed = (uint32_t)kind <= p->kind_count ? p->deed_of[kind] : -1;
    if (row.joins || row.leaves ? !member : deed < 0 || h->at[r] < p->from) return;
    if (p->rows.count >= LIMIT_TALK_MESSAGES) {
        p->full = true;
        return;
    }
    if (!member) row.staff = h->dim[DIM_STAFF][r];
    if (!row.joins && !row.leaves) row.deed = (uint8_t)deed;
    if (!row.joins && !row.leaves && deed <= DEED_REACTED) read_message(p, h, r, &row);
    if (!row.joins && !row.leaves && member) row.device = read_device(p, h, r);
    bool unnamed = deed == DEED_MESSAGE || deed == DEED_CONTENT; /* by nobody in particular */
    if (member || row.staff || unnamed) VEC_PUSH(&p->rows, row);
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

/* Ask for the properties that the brand knows, in order of id. */
static void choose_columns(struct brand *b, struct pass *p)
{
    uint32_t ids[PROP_KINDS];
    p->columns.mask = COLUMN_DIM0 << DIM_GROUP | COLUMN_DIM0 << DIM_STAFF |
                      COLUMN_DIM0 << DIM_TOUCHPOINT | COLUMN_DIM0 << DIM_CONTENT | COLUMN_OTHER;
    for (int i = 0; i < PROP_KINDS; i++) {
        ids[i] = registry_find_prop(b, str_of(props[i].name), props[i].type);
        p->column_of[i] = -1;
    }
    for (;;) {
        int next = -1;
        for (int i = 0; i < PROP_KINDS; i++) {
            if (ids[i] && p->column_of[i] < 0 && (next < 0 || ids[i] < ids[next])) next = i;
        }
        if (next < 0) return;
        p->column_of[next] = (int)p->columns.prop_count;
        p->types[p->columns.prop_count] = props[next].type;
        p->columns.props[p->columns.prop_count++] = ids[next];
    }
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

static enum err read_rows(struct brand *b, struct pass *p, struct arena *arena, struct why *why)
{
    uint16_t kinds[DEED_KINDS];
    p->kind_count = registry_kind_count(b);
    p->deed_of = arena_alloc_array(arena, p->kind_count + 1, sizeof(p->deed_of[0]));
    p->kind_joined = p->kind_left = -1;
    choose_columns(b, p);
    struct snapshot *snapshot = brand_snapshot(b);
    enum err err = scan(snapshot, p, kinds, choose_kinds(b, p, kinds), p->from, why);
    p->moves = true;
    p->columns.prop_count = 0;
    if (err == ERR_OK) err = scan(snapshot, p, kinds, choose_kinds(b, p, kinds), 0, why);
    brand_snapshot_release(snapshot);
    return err;
}

/* ---- accounts ---- */

struct census {
    struct talk_account *items;
    uint32_t count;
};

static int by_account(const void *a, const void *b)
{
    const struct talk_account *x = a, *y = b;
    if (!x->persona != !y->persona) return x->persona ? -1 : 1;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    return x->staff < y->staff ? -1 : x->staff > y->staff;
}

static uint32_t find(const struct census *c, uint32_t persona, uint32_t staff)
{
    struct talk_account wanted = {.persona = persona, .staff = persona ? 0 : staff};
    if (!persona && !staff) return TALK_NONE;
    if (c->count == 0) return TALK_NONE;
    const struct talk_account *a =
        bsearch(&wanted, c->items, c->count, sizeof(c->items[0]), by_account);
    return a ? (uint32_t)(a - c->items) : TALK_NONE;
}

static void count_accounts(const struct pass *p, struct arena *arena, struct census *c)
{
    struct talk_account *all = mem_alloc_array(p->rows.count + 1, sizeof(*all));
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < p->rows.count; i++) {
        const struct row *r = &p->rows.items[i];
        if (r->persona || r->staff)
            all[count++] = (struct talk_account){.persona = r->persona, .staff = r->staff};
    }
    qsort(all, count, sizeof(*all), by_account);
    for (size_t i = 0; i < count; i++) {
        if (kept && by_account(&all[kept - 1], &all[i]) == 0) continue;
        all[kept++] = all[i];
    }
    c->items = arena_alloc_array(arena, kept + 1, sizeof(*c->items));
    memcpy(c->items, all, kept * sizeof(*all));
    c->count = (uint32_t)kept;
    mem_free(all);
    for (uint32_t i = 0; i < c->count; i++) {
        struct talk_account *a = &c->items[i];
        a->joined = a->left = TIME_NONE;
        a->inviter = TALK_NONE;
        if (a->staff) a->role = ACCOUNT_STAFF;
    }
}

static enum err read_members(struct census *c, struct sql *db)
{
    for (uint32_t i = 0; db && i < c->count; i++) {
        bool row;
        if (!c->items[i].persona) continue;
        struct sql_stmt *s = sql_use(db, "SELECT trust, orders FROM member WHERE id = $1");
        sql_bind_int(s, 1, c->items[i].persona);
        TRY(sql_step(s, &row));
        if (!row) continue;
        c->items[i].trusted = sql_int(s, 0) >= TRUST_BOUGHT;
        c->items[i].buyer = sql_int(s, 1) > 0;
        sql_reset(s);
    }
    return ERR_OK;
}

/* ---- what they did ---- */

static int by_time(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if ((x->deed == DEED_CONTENT) != (y->deed == DEED_CONTENT))
        return x->deed == DEED_CONTENT ? -1 : 1;
    if (!x->persona != !y->persona) return x->persona ? -1 : 1;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    if (x->staff != y->staff) return x->staff < y->staff ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* The arrays as they fill. */
struct filling {
    struct census census;
    const struct zone *zone;
    struct talk_message *messages;
    uint32_t message_count;
    struct talk_act *acts;
    uint32_t act_count;
    struct talk_content *contents;
    uint32_t content_count;
    struct talk_device *devices;
    uint32_t device_count;
    uint32_t *last;       /* [accounts] index of their latest message; TALK_NONE */
    int32_t *checkin_day; /* [accounts] day of the latest check-in */
    uint8_t *department;  /* [accounts] where they work; 0 = unknown */
};

static void move(struct filling *f, const struct row *r, uint32_t account)
{
    struct talk_account *a = &f->census.items[account];
    a->in = r->joins;
    if (r->leaves) a->left = r->at;
    if (!r->joins) return;
    a->joined = r->at;
    a->inviter = find(&f->census, r->other, 0);
    if (r->touchpoint) a->touchpoint = r->touchpoint;
}

static void say(struct filling *f, const struct row *r, uint32_t account)
{
    struct talk_message m = r->said;
    m.at = r->at;
    m.account = account;
    if (!m.department) m.department = f->department[account];
    m.to = find(&f->census, r->other, r->to_staff);
    m.target = m.to == TALK_NONE ? TALK_NONE : f->last[m.to];
    if (m.to == TALK_NONE && m.link != TALK_REACTION) m.link = TALK_ALONE;
    if (m.link != TALK_REACTION) f->last[account] = f->message_count;
    f->messages[f->message_count++] = m;
}

static void do_row(struct filling *f, const struct row *r)
{
    uint32_t account = find(&f->census, r->persona, r->staff);
    if (r->content && (r->deed == DEED_CONTENT || (r->deed == DEED_VIEW && account != TALK_NONE))) {
        uint32_t viewer = r->deed == DEED_VIEW ? account : TALK_NONE;
        f->contents[f->content_count++] = (struct talk_content){r->at, r->content, viewer};
    }
    if (account == TALK_NONE || r->deed == DEED_CONTENT) return;
    if (r->joins || r->leaves) {
        move(f, r, account);
        return;
    }
    struct talk_account *a = &f->census.items[account];
    if (r->device) f->devices[f->device_count++] = (struct talk_device){account, r->device};
    if (r->deed == DEED_CHECKIN) {
        int32_t day = zone_day(f->zone, r->at);
        a->checkin_days += day != f->checkin_day[account];
        f->checkin_day[account] = day;
    }
    if (r->deed <= DEED_REACTED) say(f, r, account);
    if (r->deed == DEED_CLICKED) {
        a->clicks++;
    } else {
        f->acts[f->act_count++] = (struct talk_act){r->at, account, r->deed >= DEED_LOOK};
    }
}

/* Of staff who are known to work somewhere. */
static void place_staff(struct filling *f, struct pass *p, struct brand *b,
                        const struct talk_ask *ask)
{
    f->department = arena_alloc_array(p->arena, f->census.count + 1, sizeof(*f->department));
    struct str *person = arena_alloc_array(p->arena, f->census.count + 1, sizeof(*person));
    for (size_t i = 0; i < ask->role_count; i++) {
        uint32_t at = find(&f->census, ask->roles[i].persona, 0);
        if (at != TALK_NONE) person[at] = ask->roles[i].person;
    }
    for (uint32_t i = 0; ask->places && i < f->census.count; i++) {
        const struct talk_account *a = &f->census.items[i];
        char name[TALK_DEPARTMENT_BYTES];
        if (a->role != ACCOUNT_STAFF) continue;
        if (a->staff) person[i] = registry_code_text(b, DIM_STAFF, a->staff);
        if (person[i].len && ask->places->department(ask->places->ctx, b, person[i], name))
            f->department[i] = number_department(p, str_of(name));
    }
}

static void fill(struct filling *f, const struct pass *p, struct arena *arena)
{
    size_t rows = p->rows.count, accounts = f->census.count;
    f->messages = arena_alloc_array(arena, rows + 1, sizeof(*f->messages));
    f->acts = arena_alloc_array(arena, rows + 1, sizeof(*f->acts));
    f->contents = arena_alloc_array(arena, rows + 1, sizeof(*f->contents));
    size_t devices = 0;
    for (size_t i = 0; i < rows; i++)
        devices += p->rows.items[i].device != 0;
    f->devices = arena_alloc_array(arena, devices + 1, sizeof(*f->devices));
    f->last = arena_alloc_array(arena, accounts + 1, sizeof(*f->last));
    f->checkin_day = arena_alloc_array(arena, accounts + 1, sizeof(*f->checkin_day));
    for (size_t i = 0; i < accounts; i++) {
        f->last[i] = TALK_NONE;
        f->checkin_day[i] = INT32_MIN;
    }
    if (rows) qsort(p->rows.items, rows, sizeof(p->rows.items[0]), by_time);
    for (size_t i = 0; i < rows; i++)
        do_row(f, &p->rows.items[i]);
}

enum err talk_read(struct brand *b, const struct talk_ask *ask, struct arena *arena,
                   struct talk *out, struct why *why)
{
    struct pass p = {
        .brand = b, .group = ask->group, .from = ask->from, .to = ask->to, .arena = arena};
    struct filling f = {.zone = brand_zone(b)};
    enum err err = read_rows(b, &p, arena, why);
    if (err == ERR_OK) {
        count_accounts(&p, arena, &f.census);
        for (size_t i = 0; i < ask->role_count; i++) {
            uint32_t at = find(&f.census, ask->roles[i].persona, 0);
            if (at != TALK_NONE) f.census.items[at].role = (uint8_t)ask->roles[i].role;
        }
        place_staff(&f, &p, b, ask);
        err = read_members(&f.census, ask->db);
        fill(&f, &p, arena);
    }
    VEC_FINISH(&p.rows);
    VEC_FINISH(&p.departments);
    if (err != ERR_OK) return err;
    *out = (struct talk){.from = ask->from,
                         .to = ask->to,
                         .zone = brand_zone(b),
                         .hours = brand_hours(b),
                         .messages = f.messages,
                         .message_count = f.message_count,
                         .accounts = f.census.items,
                         .account_count = f.census.count,
                         .acts = f.acts,
                         .act_count = f.act_count,
                         .contents = f.contents,
                         .content_count = f.content_count,
                         .devices = f.devices,
                         .device_count = f.device_count};
    return ERR_OK;
}
