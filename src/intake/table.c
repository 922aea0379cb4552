/* table.c - one row: walk the map's entries, read each cell, fill the fact.
 *
 * What depends on more than one cell is settled after the walk (table_settle.c). The first cell at
 * fault rejects the row and names its column. */
#include "intake/table_builder.h"

#include <inttypes.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "intake/describe.h"
#include "intake/value.h"

#define SEVERAL 5 /* phones or addresses of one cell */

/* The field of an error is the header, or "$N". */
static const char *field_of(const struct builder *b, char out[96])
{
    struct str source = b->entry ? utf8_cut(b->entry->source, 90) : (struct str){NULL, 0};
    snprintf(out, 96, STR_FMT, STR_ARG(source));
    return out;
}

enum err builder_bad(struct builder *b, enum msg msg, struct str value)
{
    char field[96];
    return why_fail(&b->why, ERR_INVALID, msg, field_of(b, field), STR_FMT,
                    STR_ARG(utf8_cut(value, 80)));
}

enum err builder_too_precise(struct builder *b, struct str value)
{
    char field[96];
    return why_fail(&b->why, ERR_INVALID, MSG_TOO_PRECISE, field_of(b, field), "%s|" STR_FMT,
                    b->p->currency, STR_ARG(utf8_cut(value, 80)));
}

/* ---- single values ---- */

static enum err read_amount(struct builder *b, struct str s, struct amount *out)
{
    return value_amount(s, out) ? ERR_OK : builder_bad(b, MSG_NOT_MONEY, s);
}

static enum err read_minor(struct builder *b, struct str s, int64_t *out)
{
    struct amount a;
    TRY(read_amount(b, s, &a));
    return amount_minor(&a, b->p->currency_digits, out) ? ERR_OK : builder_too_precise(b, s);
}

static enum err read_integer(struct builder *b, struct str s, int64_t *out)
{
    struct amount a;
    if (str_to_i64(s, out)) return ERR_OK;
    if (value_amount(s, &a) && amount_minor(&a, 0, out)) return ERR_OK;
    return builder_bad(b, MSG_NOT_INTEGER, s);
}

static enum err read_number(struct builder *b, struct str s, double *out)
{
    struct amount a;
    if (str_to_double(s, out)) return ERR_OK;
    if (!value_amount(s, &a)) return builder_bad(b, MSG_NOT_NUMBER, s);
    *out = amount_double(&a);
    return ERR_OK;
}

static enum err read_date(struct builder *b, const struct mapping_entry *e, struct str s,
                          struct moment *out)
{
    if (date_read(&b->p->dates, &e->format, s, out)) return ERR_OK;
    return builder_bad(b, MSG_BAD_TIME, s);
}

/* A date as a property or trait: a day stays a day. */
static enum err date_text(struct builder *b, const struct mapping_entry *e, struct str s,
                          struct str *out)
{
    struct moment m;
    char text[48];
    size_t len;
    TRY(read_date(b, e, s, &m));
    if (m.has_time) {
        len = time_format(b->p->dates.zone, m.at, text, sizeof(text));
    } else {
        int32_t year;
        int month, day;
        civil_from_day(m.day, &year, &month, &day);
        len = (size_t)snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
    }
    *out = arena_str(parse_arena(b->p), (struct str){text, len});
    return ERR_OK;
}

static enum err read_value(struct builder *b, const struct mapping_entry *e, struct str s,
                           struct fact_value *v)
{
    int64_t whole = 0;
    enum err err = ERR_OK;
    v->type = PROP_NUMBER;
    switch (e->type) {
    case VALUE_INTEGER:
        err = read_integer(b, s, &whole);
        v->number = (double)whole;
        return err;
    case VALUE_DECIMAL:
        err = read_minor(b, s, &whole);
        v->number = (double)whole;
        return err;
    case VALUE_NUMBER:
        return read_number(b, s, &v->number);
    case VALUE_DATE:
        v->type = PROP_TEXT;
        return date_text(b, e, s, &v->text);
    default:
        v->type = PROP_TEXT;
        v->text = s;
        return ERR_OK;
    }
}

/* ---- filling the fact ---- */

/* Ids are text: what a spreadsheet took for a number has lost digits. */
static enum err check_id(struct builder *b, struct str s)
{
    return value_damaged(s) ? builder_bad(b, MSG_DAMAGED_BY_EXCEL, s) : ERR_OK;
}

static enum err fill_prop(struct builder *b, const struct mapping_entry *e, struct str s)
{
    struct fact_value v = {.name = e->name};
    if (e->type == VALUE_TEXT && str_is(e->name, "order")) TRY(check_id(b, s));
    TRY(read_value(b, e, s, &v));
    bool currency = v.type == PROP_TEXT && str_is(e->name, "currency");
    if (currency && !str_is(v.text, b->p->currency)) b->foreign = true;
    builder_add(b->fact.props, &b->fact.prop_count, v);
    return ERR_OK;
}

static enum err fill_trait(struct builder *b, const struct mapping_entry *e, struct str s)
{
    struct fact_value v = {.name = e->name};
    TRY(read_value(b, e, s, &v));
    builder_add(b->fact.traits, &b->fact.trait_count, v);
    return ERR_OK;
}

/* The brand's decimals are asked of an amount only once its currency is known. */
static enum err fill_amount(struct builder *b, const struct mapping_entry *e, struct str s)
{
    if (e->type == VALUE_INTEGER) {
        int64_t whole;
        TRY(read_integer(b, s, &whole));
        b->major = (struct amount){whole, 0};
        b->fact.amount = whole;
        return ERR_OK;
    }
    b->amount = e;
    b->amount_text = s;
    TRY(read_amount(b, s, &b->major));
    b->has_major = true;
    return ERR_OK;
}

/* Where one of several phones or addresses in a cell ends: signs that stand in none of them, or a
 * blank before a plus. '*gap' is how long that is. */
static size_t end_of_one(struct str s, size_t *gap)
{
    static const char *const wide[] = {"、", "；", "，"};
    for (size_t i = 0; i < s.len; i++) {
        struct str rest = {s.p + i, s.len - i};
        *gap = 1;
        if (strchr("/;,|\v", s.p[i]) && s.p[i]) return i;
        if (s.p[i] == ' ' && i + 1 < s.len && s.p[i + 1] == '+') return i;
        for (size_t k = 0; k < sizeof(wide) / sizeof(wide[0]); k++) {
            *gap = strlen(wide[k]);
            if (str_starts(rest, str_of(wide[k]))) return i;
        }
    }
    *gap = 0;
    return s.len;
}

/* Room for them all: a row has place for one of each column. */
static void fill_several(struct builder *b, const struct mapping_entry *e, struct str s)
{
    struct identity *who = arena_alloc_array(
        parse_arena(b->p), b->fact.who_count + SEVERAL + b->t->room.who, sizeof(*who));
    memcpy(who, b->fact.who, b->fact.who_count * sizeof(*who));
    b->fact.who = who;
    for (int i = 0; i < SEVERAL && s.len; i++) {
        size_t gap, end = end_of_one(s, &gap);
        struct str one = value_unwrap((struct str){s.p, end});
        if (one.len) who[b->fact.who_count++] = (struct identity){e->identity, one};
        s = (struct str){s.p + end + gap, s.len - end - gap};
    }
}

static enum err fill_identity(struct builder *b, const struct mapping_entry *e, struct str s)
{
    struct identity id = {e->identity, s};
    size_t gap;
    bool several = e->identity == IDENTITY_PHONE || e->identity == IDENTITY_EMAIL;
    if (several && e->target == TARGET_MEMBER && end_of_one(s, &gap) < s.len) {
        fill_several(b, e, s);
        return ERR_OK;
    }
    bool phone = e->identity == IDENTITY_PHONE;
    if (phone ? value_scientific(s) : value_damaged(s))
        return builder_bad(b, MSG_DAMAGED_BY_EXCEL, s);
    if (e->target == TARGET_MEMBER) b->fact.who[b->fact.who_count++] = id;
    if (e->target == TARGET_OTHER) b->fact.other[b->fact.other_count++] = id;
    return ERR_OK;
}

/* 农历 before or behind a birthday says that it is one of the lunar calendar. */
static enum err fill_birthday(struct builder *b, const struct mapping_entry *e, struct str s)
{
    static const struct str lunar = {"农历", 6};
    struct fact_value v = {.name = STR("birthday"), .type = PROP_TEXT};
    bool is_lunar = str_starts(s, lunar) || str_ends(s, lunar);
    if (str_starts(s, lunar)) s = (struct str){s.p + lunar.len, s.len - lunar.len};
    if (str_ends(s, lunar)) s.len -= lunar.len;
    TRY(date_text(b, e, value_unwrap(s), &v.text));
    v.text = utf8_cut(v.text, 10);
    builder_add(b->fact.traits, &b->fact.trait_count, v);
    if (is_lunar) {
        v = (struct fact_value){STR("birthday_lunar"), PROP_BOOL, 1, {NULL, 0}};
        builder_add(b->fact.traits, &b->fact.trait_count, v);
    }
    return ERR_OK;
}

static enum err fill_time(struct builder *b, const struct mapping_entry *e, struct str s,
                          int64_t *at)
{
    struct moment m;
    TRY(read_date(b, e, s, &m));
    *at = m.at;
    return ERR_OK;
}

static enum err fill(struct builder *b, const struct mapping_entry *e, struct str s)
{
    switch (e->target) {
    case TARGET_ID:
        b->fact.id = s;
        return check_id(b, s);
    case TARGET_AT:
        b->paid = true;
        return fill_time(b, e, s, &b->fact.at);
    case TARGET_CREATED:
        return fill_time(b, e, s, &b->created);
    case TARGET_KIND:
        if (e->type == VALUE_STATUS) b->status = s;
        if (e->type == VALUE_STATUS) b->status_entry = e;
        if (e->type != VALUE_STATUS) b->fact.kind = parse_keep(b->p, s);
        return ERR_OK;
    case TARGET_AMOUNT:
        return fill_amount(b, e, s);
    case TARGET_MEMBER:
    case TARGET_OTHER:
        return fill_identity(b, e, s);
    case TARGET_CODE:
        table_code(b, e, s);
        return ERR_OK;
    case TARGET_OWNER:
        return table_owner(b, s);
    case TARGET_CONTACTS:
        return table_contacts(b, s);
    case TARGET_PROP:
        return fill_prop(b, e, s);
    case TARGET_TRAIT:
        return fill_trait(b, e, s);
    case TARGET_TAGS:
        b->fact.tags = value_tags(parse_arena(b->p), s);
        return ERR_OK;
    case TARGET_PERSON:
        b->person = s;
        return ERR_OK;
    case TARGET_REFUND:
        return read_minor(b, s, &b->refund);
    case TARGET_MESSAGE:
        b->text = s;
        return ERR_OK;
    case TARGET_MESSAGE_TYPE:
        b->text_type = s;
        return ERR_OK;
    case TARGET_MESSAGE_SUBTYPE:
        b->text_subtype = s;
        return ERR_OK;
    case TARGET_MESSAGE_ID:
        b->message = s;
        return ERR_OK;
    case TARGET_REPLY_TO:
        b->reply_to = s;
        return ERR_OK;
    case TARGET_LINKS:
        b->links = s;
        return ERR_OK;
    case TARGET_QR:
        b->qr = s;
        return ERR_OK;
    case TARGET_SPEAKER:
        b->speaker = s;
        return ERR_OK;
    case TARGET_BIRTHDAY:
        return fill_birthday(b, e, s);
    }
    return ERR_OK;
}

/* Exports write - or 无 where there is no time, amount or number. */
static bool is_none(const struct mapping_entry *e, struct str s)
{
    if (s.len == 0) return true;
    bool typed = e->type == VALUE_DATE || e->type == VALUE_DECIMAL || e->type == VALUE_NUMBER;
    return typed && value_none(s);
}

/* Does the cell leave room for the columns that may stand in for its own? */
static bool gives(struct builder *b, const struct mapping_entry *e)
{
    if (e->target != TARGET_MEMBER) return true;
    if (b->fact.who_count == 0) return false; /* a cell of signs */
    return fact_identity_usable(&b->fact.who[b->fact.who_count - 1], parse_arena(b->p));
}

static enum err walk(struct builder *b)
{
    const struct mapping *m = &b->t->map;
    bool given = false;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct mapping_entry *e = &m->entries[i];
        struct str s = e->source;
        b->can_decide |= e->target == TARGET_REFUND;
        if (e->instead && given) continue;
        given = false;
        if (e->type != VALUE_CONST) {
            if (e->column > b->count) continue;
            s = value_unwrap(b->cells[e->column - 1]);
        }
        if (is_none(e, s)) continue;
        b->entry = e;
        TRY(fill(b, e, s));
        bool more = i + 1 < m->count && m->entries[i + 1].instead;
        given = more && gives(b, e);
    }
    b->entry = NULL;
    return ERR_OK;
}

/* ---- rows ---- */

static void prepare(struct builder *b)
{
    const struct table_room *room = &b->t->room;
    struct arena *a = parse_arena(b->p);
    size_t ids = room->who + room->other, values = room->props + room->traits;
    char *p = arena_alloc(a, ids * sizeof(struct identity) + values * sizeof(struct fact_value));
    b->fact.who = (struct identity *)(void *)p;
    b->fact.other = b->fact.who + room->who;
    b->fact.props = (struct fact_value *)(void *)(b->fact.who + ids);
    b->fact.traits = b->fact.props + room->props;
}

static void measure(struct table *t)
{
    struct table_room *room = &t->room;
    *room = (struct table_room){.traits = t->people};
    for (uint32_t i = 0; i < t->map.count; i++) {
        switch (t->map.entries[i].target) {
        case TARGET_MEMBER:
        case TARGET_PERSON:
            room->who++;
            break;
        case TARGET_OTHER:
            room->other++;
            break;
        case TARGET_PROP:
        case TARGET_REFUND:
            room->props++;
            break;
        case TARGET_MESSAGE:
        case TARGET_MESSAGE_TYPE:
            room->props += DESCRIBE_PROPS + 1; /* to_staff */
            room->other++;
            break;
        case TARGET_REPLY_TO:
            t->carries = true;
            break;
        case TARGET_SPEAKER:
            room->who++;
            room->traits++;
            break;
        case TARGET_TRAIT:
            room->traits++;
            break;
        case TARGET_BIRTHDAY:
            room->traits += 2;
            break;
        default:
            break;
        }
    }
}

void table_row(struct parse *p, struct table *t, const struct str *cells, size_t count)
{
    struct builder b;
    if (p->look && !p->look->cells(p->look->ctx, cells, count)) return;
    memset(&b, 0, offsetof(struct builder, why)); /* which is large, and seldom wanted */
    b.p = p;
    b.t = t;
    b.cells = cells;
    b.count = count;
    b.created = TIME_NONE;
    b.fact.at = TIME_NONE;
    b.fact.amount = HISTORY_NO_AMOUNT;
    prepare(&b);
    enum err err = walk(&b);
    if (err == ERR_OK) err = table_settle(&b);
    if (err != ERR_OK) {
        parse_reject(p, b.entry ? b.entry->column : 0, &b.why);
    } else if (b.notice && table_chat_notice(&b)) {
        return;
    } else if (b.notice) {
        p->batch->counts.read--;
        p->batch->counts.skipped++;
    } else {
        parse_fact(p, &b.fact);
    }
}

/* What the entries make of the table where its headers did not say it. */
static void judge(struct table *t)
{
    bool person = false, trade = false, message = false;
    if (t->known) return;
    for (uint32_t i = 0; i < t->map.count; i++) {
        const struct mapping_entry *e = &t->map.entries[i];
        person |= e->target == TARGET_PERSON;
        trade |= e->target == TARGET_AMOUNT || e->target == TARGET_REFUND ||
                 (e->target == TARGET_KIND && e->type != VALUE_CONST);
        message |= e->target == TARGET_MESSAGE || e->target == TARGET_SPEAKER;
    }
    t->messages = message;
    t->people = person && !trade && !message;
}

static enum err bind(struct mapping *m, const struct str *headers, size_t count, struct why *why)
{
    for (uint32_t i = 0; i < m->count; i++) {
        struct mapping_entry *e = &m->entries[i];
        if (e->type == VALUE_CONST || (e->column && (!count || e->column <= count))) continue;
        e->column = 0;
        for (size_t h = 0; h < count && !e->column; h++) {
            if (str_eq(value_unwrap(headers[h]), e->source)) e->column = (uint32_t)h + 1;
        }
        if (!e->column) {
            return why_fail(why, ERR_INVALID, MSG_MAP_COLUMN, "--map", STR_FMT,
                            STR_ARG(utf8_cut(e->source, 100)));
        }
    }
    return ERR_OK;
}

void table_begin(struct table *t)
{
    t->names = map_create();
    t->sayings = recent_create();
    t->signups = recent_create();
    t->authors = recent_create();
}

void table_end(struct table *t)
{
    map_destroy(t->names);
    recent_destroy(t->sayings);
    recent_destroy(t->signups);
    recent_destroy(t->authors);
}

enum err table_bind(struct table *t, const struct str *headers, size_t count, struct why *why)
{
    TRY(bind(&t->map, headers, count, why));
    judge(t);
    measure(t);
    return ERR_OK;
}
