/* message.c - reading values of any JSON type into plain lists, and the rules that both formats
 * share.
 *
 * Lists are collected first and understood last, in message_finish(), since what a property means
 * may depend on a key that comes after it. */
#include "intake/message.h"

#include <math.h>

#include "base/decimal.h"
#include "base/time.h"
#include "base/utf8.h"
#include "intake/kind_name.h"
#include "intake/spoken.h"
#include "people/kinds.h"

/* A clock that is off by less is right: the rest is the way of the request, and its retries. */
#define CLOCK_TOLERANCE (10 * TIME_SECOND)
#define EPOCH_SECONDS_MAX INT64_C(100000000000)

void message_init(struct message *m, struct arena *a, struct str json,
                  const struct message_source *source, struct why *why)
{
    memset(m, 0, offsetof(struct message, who));
    m->props.count = m->traits.count = 0;
    m->arena = a;
    m->source = source;
    m->why = why;
    m->at = TIME_NONE;
    m->sent_at = source->sent_at;
    json_reader_init(&m->reader, a, json);
}

/* ---- reading ---- */

enum err message_end(struct message *m)
{
    return json_reader_error(&m->reader, m->why);
}

enum err message_skip(struct message *m)
{
    return json_skip(&m->reader) ? ERR_OK : message_end(m);
}

static enum err wrong_type(struct message *m, const char *field, const char *wanted)
{
    return why_fail(m->why, ERR_INVALID, MSG_WRONG_TYPE, field, "%s", wanted);
}

static void read_number(struct json_reader *r, double *number, struct str *raw)
{
    enum json_type type;
    int64_t whole;
    (void)json_read_number(r, &type, &whole, number, raw); /* the reader keeps the error */
}

enum err message_text(struct message *m, const char *field, struct str *out)
{
    struct json_reader *r = &m->reader;
    struct str text = {NULL, 0};
    enum json_type type;
    double number;
    if (!json_peek(r, &type)) return message_end(m);
    switch (type) {
    case JSON_NULL:
        (void)json_read_null(r);
        break;
    case JSON_STRING:
        (void)json_read_string(r, &text);
        break;
    case JSON_INT:
    case JSON_DOUBLE:
        read_number(r, &number, &text);
        break;
    default:
        return wrong_type(m, field, "a text");
    }
    TRY(message_end(m));
    *out = text;
    return ERR_OK;
}

/* RFC 3339; what names no offset is UTC. */
static bool parse_time(struct message *m, struct str text, int64_t *out)
{
    if (time_parse_rfc3339(text, out)) return true;
    if (text.len > 40) return false;
    if (time_parse_rfc3339(str_of(arena_printf(m->arena, STR_FMT "Z", STR_ARG(text))), out))
        return true;
    return time_parse(zone_open("UTC"), text, out);
}

enum err message_time(struct message *m, const char *field, int64_t *out)
{
    struct json_reader *r = &m->reader;
    enum json_type type;
    struct str text;
    int64_t whole;
    double number;
    if (!json_peek(r, &type)) return message_end(m);
    if (type == JSON_NULL) return message_skip(m);
    if (type == JSON_INT) {
        if (!json_read_number(r, &type, &whole, &number, NULL)) return message_end(m);
        *out = whole > -EPOCH_SECONDS_MAX && whole < EPOCH_SECONDS_MAX ? whole * 1000 : whole;
        return ERR_OK;
    }
    if (type != JSON_STRING) return wrong_type(m, field, "a time");
    if (!json_read_string(r, &text)) return message_end(m);
    if (parse_time(m, text, out)) return ERR_OK;
    return why_fail(m->why, ERR_INVALID, MSG_BAD_TIME, field, STR_FMT, STR_ARG(utf8_cut(text, 64)));
}

enum err message_enter(struct message *m, const char *field, bool *entered)
{
    enum json_type type;
    *entered = false;
    if (!json_peek(&m->reader, &type)) return message_end(m);
    if (type == JSON_NULL) return message_skip(m);
    if (type != JSON_OBJECT) return wrong_type(m, field, "an object");
    *entered = json_enter_object(&m->reader);
    return message_end(m);
}

/* ---- lists of values ---- */

static void add(struct message *m, struct value_list *list, const struct fact_value *v)
{
    if (list->count == LIMIT_PROPS_PER_EVENT || v->name.len == 0) {
        m->dropped++;
        return;
    }
    list->items[list->count++] = *v;
}

void message_value(struct message *m, struct value_list *list, struct str name, struct str text)
{
    struct fact_value v = {.name = name, .type = PROP_TEXT, .text = text};
    if (text.len) add(m, list, &v);
}

static struct str join(struct message *m, struct str outer, struct str inner)
{
    if (!outer.p) return inner;
    outer = utf8_cut(outer, LIMIT_PROP_NAME_BYTES);
    inner = utf8_cut(inner, LIMIT_PROP_NAME_BYTES);
    return str_of(arena_printf(m->arena, STR_FMT "_" STR_FMT, STR_ARG(outer), STR_ARG(inner)));
}

/* A text, number or bool. */
static void read_scalar(struct message *m, enum json_type type, struct str name,
                        struct value_list *list)
{
    struct json_reader *r = &m->reader;
    struct fact_value v = {.name = name, .type = PROP_TEXT};
    bool yes = false;
    if (type == JSON_STRING) {
        (void)json_read_string(r, &v.text);
    } else if (type == JSON_BOOL) {
        v.type = PROP_BOOL;
        (void)json_read_bool(r, &yes);
        v.number = yes;
    } else {
        v.type = PROP_NUMBER;
        read_number(r, &v.number, NULL);
    }
    if (!r->error) add(m, list, &v);
}

static enum err read_object(struct message *m, struct str outer, struct value_list *list);

/* One value; 'outer' is the name of the object it lies in, if that lies in another. */
static enum err read_value(struct message *m, struct str outer, struct str name,
                           struct value_list *list)
{
    struct json_reader *r = &m->reader;
    struct str spelling;
    enum json_type type;
    if (!json_peek(r, &type)) return message_end(m);
    if (type == JSON_NULL) return message_skip(m);
    if (type != JSON_ARRAY && type != JSON_OBJECT) {
        read_scalar(m, type, join(m, outer, name), list);
        return message_end(m);
    }
    if (type == JSON_ARRAY || outer.p || fact_personal(name, &spelling)) {
        m->dropped++;
        return message_skip(m);
    }
    return json_enter_object(r) ? read_object(m, name, list) : message_end(m);
}

/* The rest of an object that was entered. */
static enum err read_object(struct message *m, struct str outer, struct value_list *list)
{
    struct str key;
    while (json_next_key(&m->reader, &key))
        TRY(read_value(m, outer, key, list));
    return message_end(m);
}

enum err message_one(struct message *m, struct str name, struct value_list *list)
{
    return read_value(m, (struct str){NULL, 0}, name, list);
}

enum err message_values(struct message *m, const char *field, struct value_list *list)
{
    bool entered;
    TRY(message_enter(m, field, &entered));
    return entered ? read_object(m, (struct str){NULL, 0}, list) : ERR_OK;
}

/* ---- who ---- */

enum identity_kind message_id_kind(struct str id)
{
    size_t dashes = 0;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.p[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex && c != '-') return IDENTITY_USER;
        dashes += c == '-';
    }
    return id.len >= 32 && dashes == 4 ? IDENTITY_ANON : IDENTITY_USER;
}

void message_who(struct message *m, enum identity_kind kind, struct str value)
{
    if (value.len == 0) return;
    if (m->who_count == LIMIT_IDENTITIES_PER_EVENT) {
        m->dropped++;
        return;
    }
    m->who[m->who_count++] = (struct identity){kind, value};
}

void message_who_of_traits(struct message *m)
{
    for (uint32_t i = 0; i < m->traits.count; i++) {
        const struct fact_value *v = &m->traits.items[i];
        if (v->type != PROP_TEXT) continue;
        if (str_is(v->name, "email")) message_who(m, IDENTITY_EMAIL, v->text);
        if (str_is(v->name, "phone")) message_who(m, IDENTITY_PHONE, v->text);
    }
}

/* ---- the fact ---- */

/* When it happened by the server's clock. A sender whose clock is off is corrected by as much as
 * its sentAt is, unless that makes no sense: it sent before it happened, or the result lies in the
 * future or before 1970. */
static int64_t choose_time(const struct message *m)
{
    const struct message_source *s = m->source;
    if (m->at == TIME_NONE) return s->received_at;
    if (!s->live || m->corrected || m->sent_at == TIME_NONE) return m->at;
    int64_t skew, at;
    if (__builtin_sub_overflow(s->received_at, m->sent_at, &skew)) return m->at;
    if (skew >= -CLOCK_TOLERANCE && skew <= CLOCK_TOLERANCE) return m->at;
    if (__builtin_add_overflow(m->at, skew, &at)) return m->at;
    bool sensible = at >= 0 && at <= s->received_at + CLOCK_TOLERANCE;
    return sensible ? at : m->at;
}

static struct fact_value *find(struct value_list *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (str_is(list->items[i].name, name)) return &list->items[i];
    }
    return NULL;
}

static void take_out(struct value_list *list, struct fact_value *v)
{
    size_t at = (size_t)(v - list->items);
    list->count--;
    memmove(v, v + 1, (list->count - at) * sizeof(*v));
}

static struct str as_text(struct message *m, const struct fact_value *v)
{
    char digits[DECIMAL_SIZE];
    if (v->type == PROP_TEXT) return v->text;
    return arena_str(m->arena, (struct str){digits, decimal_print(v->number, digits)});
}

/* An amount in major units, which shops also send as text. */
static bool is_amount(const struct fact_value *v, double *out)
{
    *out = v->number;
    if (v->type == PROP_TEXT) return str_to_double(str_trim(v->text), out) && isfinite(*out);
    return v->type == PROP_NUMBER;
}

static struct fact_value *find_amount(struct value_list *list, double *out)
{
    static const char *const names[] = {"total", "revenue", "amount"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct fact_value *v = find(list, names[i]);
        if (v && is_amount(v, out)) return v;
    }
    return NULL;
}

static enum err to_minor(struct message *m, double major, int64_t *out)
{
    double minor = round(major * pow(10, m->source->digits));
    if (fabs(minor) > (double)FACT_AMOUNT_MAX) {
        return why_fail(m->why, ERR_INVALID, MSG_OUT_OF_RANGE, "amount", "%g|-1e15|1e15", minor);
    }
    *out = (int64_t)minor;
    return ERR_OK;
}

/* Money of the brand's currency becomes the amount; of another it stays a property. */
static enum err take_amount(struct message *m, struct fact *f)
{
    double major;
    struct fact_value *currency = find(&m->props, "currency");
    bool foreign = currency && currency->type == PROP_TEXT && currency->text.len &&
                   !str_eq_fold(currency->text, m->source->currency);
    if (currency && !foreign) take_out(&m->props, currency);
    struct fact_value *v = find_amount(&m->props, &major);
    if (!v) return ERR_OK;
    if (foreign) {
        *v = (struct fact_value){.name = STR("amount"), .type = PROP_NUMBER, .number = major};
        return ERR_OK;
    }
    TRY(to_minor(m, major, &f->amount));
    take_out(&m->props, v);
    return ERR_OK;
}

static void take_order(struct message *m)
{
    static const char *const names[] = {"order", "order_id", "orderId"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct fact_value *v = find(&m->props, names[i]);
        if (!v || v->type == PROP_BOOL) continue;
        *v = (struct fact_value){.name = STR("order"), .type = PROP_TEXT, .text = as_text(m, v)};
        return;
    }
}

/* The code column a property belongs to; DIM_COUNT = none. */
static int code_column(struct str name)
{
    static const struct str names[] = {
        [DIM_GROUP] = {"group", 5},       [DIM_TOUCHPOINT] = {"touchpoint", 10},
        [DIM_CAMPAIGN] = {"campaign", 8}, [DIM_CONTENT] = {"content", 7},
        [DIM_STAFF] = {"staff", 5},
    };
    for (int d = 0; d < DIM_ORIGIN; d++) {
        if (str_eq(name, names[d])) return d;
    }
    return DIM_COUNT;
}

/* Cut to the limits; but a message's words, which are no property. */
static void fit(struct message *m, struct fact_value *v, bool talk)
{
    v->name = utf8_cut(v->name, LIMIT_PROP_NAME_BYTES);
    if (talk && (str_is(v->name, "text") || str_is(v->name, "links") || str_is(v->name, "qr")))
        return;
    if (v->type == PROP_TEXT && v->text.len > LIMIT_PROP_VALUE_BYTES) {
        v->text = utf8_cut(v->text, LIMIT_PROP_VALUE_BYTES);
        m->dropped++;
    }
}

static void sort_props(struct message *m, struct fact *f)
{
    uint32_t kept = 0;
    struct str spelling;
    bool talk = kind_family(f->kind) == FAMILY_TALK;
    for (uint32_t i = 0; i < m->props.count; i++) {
        struct fact_value *v = &m->props.items[i];
        int column = v->type == PROP_BOOL ? DIM_COUNT : code_column(v->name);
        if (column != DIM_COUNT) {
            f->code[column] = as_text(m, v);
        } else if (fact_personal(v->name, &spelling)) {
            m->dropped++;
        } else {
            fit(m, v, talk);
            m->props.items[kept++] = *v;
        }
    }
    m->props.count = kept;
}

static struct fact_value *copy_list(struct message *m, struct value_list *list)
{
    if (list->count == 0) return NULL;
    return arena_copy(m->arena, list->items, list->count * sizeof(list->items[0]));
}

/* A view's own name is no person's. */
static void name_page(struct message *m)
{
    struct fact_value *v = find(&m->props, "name");
    if (v && m->page.len) {
        take_out(&m->props, v);
    } else if (v) {
        v->name = STR("page");
    }
    message_value(m, &m->props, STR("page"), m->page);
}

enum err message_finish(struct message *m, struct fact *out)
{
    struct fact f = {.id = m->id, .kind = m->kind, .amount = HISTORY_NO_AMOUNT, .alias = m->alias};
    if (m->kind.len == 0 && m->name.len == 0)
        return why_fail(m->why, ERR_INVALID, MSG_MISSING, "event", NULL);
    if (m->kind.len == 0) kind_name(m->arena, m->name, &f.kind, &f.label);
    if (m->page.p) name_page(m);
    f.at = choose_time(m);
    f.code[DIM_CAMPAIGN] = m->campaign;
    sort_props(m, &f);
    if (kind_family(f.kind) == FAMILY_TRADE) {
        TRY(take_amount(m, &f));
        take_order(m);
    }
    for (uint32_t i = 0; i < m->traits.count; i++)
        fit(m, &m->traits.items[i], false);
    f.props = copy_list(m, &m->props);
    f.prop_count = m->props.count;
    spoken_take(&f, m->arena);
    f.traits = copy_list(m, &m->traits);
    f.trait_count = m->traits.count;
    if (m->who_count) f.who = arena_copy(m->arena, m->who, m->who_count * sizeof(m->who[0]));
    f.who_count = m->who_count;
    if (m->source->dropped) *m->source->dropped += m->dropped;
    *out = f;
    return ERR_OK;
}
