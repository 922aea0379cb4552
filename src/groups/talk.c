/* talk.c - of the rows that two passes over the log collect, who was there and what they did.
 *
 * The accounts among the rows are numbered, and rows become messages and acts, in order of (at,
 * account, order in the log), so that the answer does not depend on how the log is cut into parts.
 */
#include "groups/talk.h"

#include <stdlib.h>

#include "groups/talk_internal.h"
#include "people/fold.h"

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

static void count_accounts(const struct talk_rows *rows, struct arena *arena, struct census *c)
{
    struct talk_account *all = mem_alloc_array(rows->list.count + 1, sizeof(*all));
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < rows->list.count; i++) {
        const struct talk_row *r = &rows->list.items[i];
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
    const struct talk_row *x = a, *y = b;
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

static void move(struct filling *f, const struct talk_row *r, uint32_t account)
{
    struct talk_account *a = &f->census.items[account];
    a->in = r->joins;
    if (r->leaves) a->left = r->at;
    if (!r->joins) return;
    a->joined = r->at;
    a->inviter = find(&f->census, r->other, 0);
    if (r->touchpoint) a->touchpoint = r->touchpoint;
}

static void say(struct filling *f, const struct talk_row *r, uint32_t account)
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

static void do_row(struct filling *f, const struct talk_row *r)
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
static void place_staff(struct filling *f, struct talk_rows *rows, struct brand *b,
                        const struct talk_ask *ask)
{
    f->department = arena_alloc_array(rows->arena, f->census.count + 1, sizeof(*f->department));
    struct str *person = arena_alloc_array(rows->arena, f->census.count + 1, sizeof(*person));
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
            f->department[i] = talk_rows_department(rows, str_of(name));
    }
}

static void fill(struct filling *f, const struct talk_rows *rows, struct arena *arena)
{
    size_t count = rows->list.count, accounts = f->census.count;
    f->messages = arena_alloc_array(arena, count + 1, sizeof(*f->messages));
    f->acts = arena_alloc_array(arena, count + 1, sizeof(*f->acts));
    f->contents = arena_alloc_array(arena, count + 1, sizeof(*f->contents));
    size_t devices = 0;
    for (size_t i = 0; i < count; i++)
        devices += rows->list.items[i].device != 0;
    f->devices = arena_alloc_array(arena, devices + 1, sizeof(*f->devices));
    f->last = arena_alloc_array(arena, accounts + 1, sizeof(*f->last));
    f->checkin_day = arena_alloc_array(arena, accounts + 1, sizeof(*f->checkin_day));
    for (size_t i = 0; i < accounts; i++) {
        f->last[i] = TALK_NONE;
        f->checkin_day[i] = INT32_MIN;
    }
    if (count) qsort(rows->list.items, count, sizeof(rows->list.items[0]), by_time);
    for (size_t i = 0; i < count; i++)
        do_row(f, &rows->list.items[i]);
}

enum err talk_read(struct brand *b, const struct talk_ask *ask, struct arena *arena,
                   struct talk *out, struct why *why)
{
    struct talk_rows rows = {.arena = arena};
    struct filling f = {.zone = brand_zone(b)};
    enum err err = talk_rows_read(b, ask, &rows, why);
    if (err == ERR_OK) {
        count_accounts(&rows, arena, &f.census);
        for (size_t i = 0; i < ask->role_count; i++) {
            uint32_t at = find(&f.census, ask->roles[i].persona, 0);
            if (at != TALK_NONE) f.census.items[at].role = (uint8_t)ask->roles[i].role;
        }
        place_staff(&f, &rows, b, ask);
        err = read_members(&f.census, ask->db);
        fill(&f, &rows, arena);
    }
    talk_rows_finish(&rows);
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
